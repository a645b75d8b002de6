//! 手册. The manual of the language, generated from the declarations of the steps.

use std::fmt::Write as _;

use procedure::{
    step::{Field, Occurs, Step},
    value::Kind,
};

const HEAD: &str = include_str!("manual_head.md");

/// The whole manual, as Markdown.
pub fn manual() -> String {
    let mut text = HEAD.to_owned();
    for step in procedure::steps() {
        describe(&mut text, step);
    }
    text
}

fn describe(text: &mut String, step: &Step) {
    let articles: Vec<_> = step.basis.iter().map(ToString::to_string).collect();
    let who: Vec<_> = step.who.iter().map(|relation| relation.label()).collect();
    let mut marks = Vec::new();
    if step.recordable_as_happened {
        marks.push("可以“如实记录”");
    }
    if step.correctable {
        marks.push("可以“更正”");
    }
    if step.after_end {
        marks.push("办结后仍可办理");
    }
    let marks = if marks.is_empty() { String::new() } else { format!("；{}", marks.join("；")) };
    let _ = write!(
        text,
        "\n### {}\n\n{}；由{}办理{marks}。\n\n| 字段 | 种类 | 必填 | 说明 |\n| --- | --- | --- | --- |\n",
        step.name,
        articles.join("、"),
        who.join("、")
    );
    for field in step.all_fields() {
        let help = match (&step.occurs, field.id == procedure::step::OCCURRED) {
            (Occurs::OnDay(_), true) => field.help.to_owned(),
            _ => field.help.replace('|', "／"),
        };
        let required = if field.required { "是" } else { "" };
        let _ = writeln!(text, "| {} | {} | {required} | {help} |", field.label, kind(field.kind));
    }
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Text => "一行文字".to_owned(),
        Kind::LongText => "文字，可以多行".to_owned(),
        Kind::Date => "日期".to_owned(),
        Kind::Time => "时刻".to_owned(),
        Kind::Number => "整数".to_owned(),
        Kind::Choice(choices) => {
            let labels: Vec<_> = choices.iter().map(|choice| choice.label).collect();
            format!("选择：{}", labels.join("／"))
        }
        Kind::Fact => "是／否／未查明：原因／不适用：原因".to_owned(),
        Kind::File => "文件：名称 \\| 内容".to_owned(),
        Kind::Sealed => "密封的文字".to_owned(),
        Kind::Target(target) => format!("{}，写名称或者编号", target.label),
        Kind::List(Kind::LongText) => "每项一行，以“- ”开头".to_owned(),
        Kind::List(item) => format!("以“、”分开；{}", self::kind(*item)),
        Kind::Rows(columns) => {
            let labels: Vec<_> = columns.iter().map(|column: &Field| column.label).collect();
            format!("表格，每行写作“- {}: …”", labels.join(": … \\| "))
        }
    }
}
