//! `chachu next`: what the regulation says to every step of a dossier.

use std::io::Write;

use procedure::{
    Dossier, Setting, Verdict, act,
    check::Finding,
    law,
    step::{Relation, Step},
    value::StaffId,
};

use super::{Ended, Wrong, open::Place};
use crate::{accounts::find, office::Office, verdicts::word};

const EXAMPLES: &str = "\
示例：
  chachu next 示市保线〔2022〕1号 --data /var/lib/chachu
  chachu next 示市保案〔2022〕1号 --data /var/lib/chachu --as 乙一

不写--as的，逐步骤由本部门最适合的人员判断。
退出码：0 已列出，2 没有这一卷宗或者无法读取。";

/// 下一步. Of which dossier, and in whose eyes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct NextArgs {
    /// 线索编号、案号或者卷宗编号
    #[arg(value_name = "卷宗")]
    dossier: String,
    #[command(flatten)]
    place: Place,
    /// 由谁办理：登录名或者姓名
    #[arg(long = "as", value_name = "人员")]
    staff: Option<String>,
}

pub(super) fn run(args: &NextArgs, out: &mut dyn Write) -> Ended {
    let office = args.place.office()?;
    let id = resolve(&office, &args.dossier)?;
    let dossier = office.inspect(&id)?;
    let department = dossier.department().ok_or_else(|| Wrong::unreadable("卷宗没有内容"))?;
    let setting = office.setting(department);
    let directory = office.directory();
    let staff: Vec<_> = match &args.staff {
        Some(name) => {
            let found = find(&directory, name);
            let found =
                found.ok_or_else(|| Wrong::Unreadable(format!("没有「{name}」这一人员")))?;
            vec![found.id.clone()]
        }
        None => directory.staff_of(department).map(|staff| staff.id.clone()).collect(),
    };
    writeln!(out, "{}　{}", dossier.title(), dossier.stage())?;
    let mut chapter = "";
    for step in procedure::steps().filter(|step| is_taken_by_people(step)) {
        let title = chapter_of(step);
        if title != chapter {
            writeln!(out, "\n{title}")?;
            chapter = title;
        }
        if let Some((who, verdict)) = best(&dossier, &setting, step, &staff) {
            show(&verdict, directory.staff_name(who), out)?;
        }
    }
    Ok(0)
}

fn is_taken_by_people(step: &Step) -> bool {
    step.who != [Relation::System] && step.id != procedure::intake::REGISTER
}

fn chapter_of(step: &Step) -> &'static str {
    let article = step.basis.first().and_then(|clause| law::article(clause.article));
    article.map_or("其他", |article| article.chapter.title)
}

/// The verdict for whoever may take the step, or else for whoever has the least against them.
fn best<'a>(
    dossier: &Dossier,
    setting: &Setting,
    step: &'static Step,
    staff: &'a [StaffId],
) -> Option<(&'a StaffId, Verdict)> {
    let verdicts = staff.iter().map(|who| (who, act::ask(dossier, setting, step, who)));
    verdicts.min_by_key(|(_, verdict)| (!verdict.is_open(), verdict.refusals().count()))
}

fn show(verdict: &Verdict, who: &str, out: &mut dyn Write) -> Result<(), Wrong> {
    let articles: Vec<_> = verdict.step.basis.iter().map(ToString::to_string).collect();
    let word = match word(verdict) {
        "allowed" => format!("可以办理（{who}）"),
        "undetermined" => "尚不能判断".to_owned(),
        _ => "不能办理".to_owned(),
    };
    writeln!(out, "  {}　{word}　{}", verdict.step.name, articles.join("、"))?;
    if verdict.is_open() {
        return Ok(());
    }
    let mut against: Vec<&Finding> = verdict.refusals().collect();
    if against.is_empty() {
        against.extend(verdict.unknown());
    }
    for finding in against {
        let articles: Vec<_> = verdict.basis(finding).iter().map(ToString::to_string).collect();
        let (message, hint) = (finding.message(), finding.refusal.hint);
        writeln!(out, "    {message}（{}）；{hint}", articles.join("、"))?;
    }
    Ok(())
}

/// The id of a dossier that is named by its id or by a number that people cite.
pub(super) fn resolve(office: &Office, name: &str) -> Result<String, Wrong> {
    if !office.load(name)?.history.is_empty() {
        return Ok(name.to_owned());
    }
    let cited = office.store().numbered(name)?.into_iter().next();
    cited.ok_or_else(|| Wrong::Unreadable(format!("没有卷宗「{name}」")))
}
