//! 用情景的语言. A history in the words in which scenarios are written, so that it can be read and played again.

use std::fmt::Write as _;

use procedure::{
    Outcome, directory,
    step::Field,
    value::{Answer, Kind},
};

use super::{How, Line, Try, runs::SEALED};

/// The lines of a history, each as a scenario has it.
pub fn story(lines: &[Line]) -> String {
    let mut text = String::new();
    let mut about = "";
    for line in lines {
        match line {
            Line::Tried { dossier, tried, outcome, codes } => {
                if dossier != about && !about.is_empty() {
                    let _ = writeln!(text, "# {dossier}");
                }
                about = dossier;
                text.push_str(&written(tried));
                let came = match outcome {
                    Outcome::Allowed => continue,
                    Outcome::Incomplete => "有误",
                    Outcome::Undetermined => "未定",
                    Outcome::Refused => "拒绝",
                };
                let _ = writeln!(text, "  # → {came} {}", codes.join("、"));
            }
            Line::Cast(event) => {
                let _ = writeln!(text, "{}", cast(event));
            }
        }
    }
    text
}

/// A change of the cast; a scenario has it in its head, so here it is a comment too where it has no words for it.
fn cast(event: &directory::Event) -> String {
    match event {
        directory::Event::ReadingSwitched { department, reading, holds } => {
            let word = if *holds { "是" } else { "否" };
            format!("解读 {reading}: 部门={department}；采用={word}")
        }
        other => format!("# {other:?}"),
    }
}

/// One try.
pub fn written(tried: &Try) -> String {
    let at = tried.at.strftime("%Y-%m-%d %H:%M");
    let manner = match &tried.how {
        How::Regularly => String::new(),
        How::AsItHappened(text) => format!(" 如实记录 {text}"),
        How::Correcting { entry, reason } => {
            let entry = entry.map(|entry| format!("（第{entry}条记录）")).unwrap_or_default();
            format!(" 更正 {}{entry}", reason.as_deref().unwrap_or_default())
        }
    };
    let mut text = format!("{at} {} {}{}\n", tried.who, tried.step.name, manner.trim_end());
    for field in tried.step.all_fields() {
        if let Some(answer) = tried.answers.get(field.id) {
            write_field(&mut text, &field, answer);
        }
    }
    text
}

fn write_field(text: &mut String, field: &Field, answer: &Answer) {
    if let (Kind::Rows(columns), Answer::Many(rows)) = (field.kind, answer) {
        let _ = writeln!(text, "  {}:", field.label);
        for row in rows {
            let Answer::Group(cells) = row else { continue };
            let cell = |column: &Field| {
                Some(format!("{}: {}", column.label, value(&column.kind, cells.get(column.id)?)))
            };
            let cells: Vec<_> = columns.iter().filter_map(cell).collect();
            let _ = writeln!(text, "  - {}", cells.join(" | "));
        }
        return;
    }
    let _ = writeln!(text, "  {}: {}", field.label, value(&field.kind, answer).replace('\n', " "));
}

fn value(kind: &Kind, answer: &Answer) -> String {
    match (kind, answer) {
        (Kind::List(kind), Answer::Many(list)) => {
            list.iter().map(|one| value(kind, one)).collect::<Vec<_>>().join("、")
        }
        (Kind::Choice(choices), Answer::One(text)) => {
            let chosen = choices.iter().find(|choice| choice.id == text);
            chosen.map_or(text.clone(), |choice| choice.label.to_owned())
        }
        (Kind::Sealed, Answer::One(text)) if text == SEALED => "（密封）".to_owned(),
        (_, Answer::One(text)) => text.clone(),
        (Kind::File, Answer::Group(parts)) => {
            parts.get("name").and_then(Answer::text).unwrap_or_default().to_owned()
        }
        (_, other) => format!("{other:?}"),
    }
}
