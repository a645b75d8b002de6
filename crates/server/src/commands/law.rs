//! `chachu law`: which article is carried out by what, and how the regulation is read.

use std::io::{self, Write};

use procedure::{answered::Answered, readings::READINGS};
use scenario::rules::{Article, Rules};

use super::{Ended, Wrong};

const EXAMPLES: &str = "\
示例：
  chachu law             逐条列出步骤、规则、条件、解读和情景的数目
  chachu law 35          一条的原文、步骤、条件、解读和情景
  chachu law --readings  逐项列出解读
  chachu law --json      供程序读取；与--readings同用，只有解读
退出码：0 各条都已落实，1 有尚未落实的条文或者没有情景演示的条件，2 没有这一条。";

/// 条文落实. How to show it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct LawArgs {
    /// 条号，如35、第三十五条
    #[arg(value_name = "条号", conflicts_with_all = ["json", "readings"])]
    article: Option<String>,
    /// 列出解读：编号、条文、内容、默认是否采用、部门能否改变
    #[arg(long)]
    readings: bool,
    /// 以JSON输出
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &LawArgs, out: &mut dyn Write) -> Ended {
    let rules = Rules::built_in();
    match args {
        LawArgs { readings: true, json: true, .. } => {
            writeln!(out, "{:#}", crate::law::readings())?;
            return Ok(0);
        }
        LawArgs { readings: true, .. } => {
            readings(out)?;
            return Ok(0);
        }
        LawArgs { json: true, .. } => writeln!(out, "{:#}", crate::law::answered())?,
        LawArgs { article: Some(asked), .. } => {
            let found = number(asked).and_then(|number| {
                rules.articles.iter().find(|article| article.answered.article == number)
            });
            let wrong = || Wrong::Unreadable(format!("没有「{asked}」，条号为1至64"));
            one(found.ok_or_else(wrong)?, out)?;
            return Ok(0);
        }
        LawArgs { .. } => all(rules, out)?,
    }
    let counts = rules.counts();
    let complete = counts.answered == counts.articles && counts.pending == 0;
    Ok(u8::from(!complete || counts.refusals_without_scenario > 0))
}

fn number(asked: &str) -> Option<u8> {
    let clause: procedure::law::Clause = asked.parse().ok()?;
    clause.text().map(|_| clause.article)
}

fn all(rules: &Rules, out: &mut dyn Write) -> io::Result<()> {
    for article in &rules.articles {
        let Answered { article: number, steps, rules, reason, pending, .. } = &article.answered;
        let steps = steps.iter().map(|step| step.name);
        let names: Vec<_> = steps.chain(rules.iter().map(|rule| rule.name)).collect();
        let mut parts: Vec<_> =
            Some(names.join("、")).filter(|it| !it.is_empty()).into_iter().collect();
        parts.extend(reason.map(|reason| format!("不设规则：{reason}")));
        parts.extend(pending.map(|pending| format!("待办：{pending}")));
        let (checks, scenarios) = (article.checks.len(), article.scenarios.len());
        if checks > 0 {
            parts.push(format!("条件{checks}项"));
        }
        if scenarios > 0 {
            parts.push(format!("情景{scenarios}个"));
        }
        let clause = procedure::law::clause(*number);
        writeln!(out, "{clause}　{}", parts.join("；"))?;
        for reading in &article.answered.readings {
            writeln!(out, "　　解读{}　{}", reading.id, reading.text)?;
        }
    }
    let counts = rules.counts();
    writeln!(
        out,
        "共{}条，已落实{}条，待办{}条；步骤{}个，规则{}项，条件{}项（没有情景演示的{}项），时限{}项，解读{}项（部门可以改变{}项），情景{}个",
        counts.articles,
        counts.answered,
        counts.pending,
        counts.steps,
        counts.rules,
        counts.checks,
        counts.refusals_without_scenario,
        counts.limits,
        counts.readings,
        counts.switchable_readings,
        counts.scenarios
    )
}

fn one(article: &Article, out: &mut dyn Write) -> io::Result<()> {
    let Answered { article: number, steps, rules, limits, readings, reason, pending, .. } =
        &article.answered;
    let clause = procedure::law::clause(*number);
    writeln!(out, "{clause}")?;
    let text = clause.text().unwrap_or_default();
    for line in text.lines().filter(|line| !line.is_empty()) {
        writeln!(out, "　　{line}")?;
    }
    for step in steps {
        let who: Vec<_> = step.who.iter().map(|relation| relation.label()).collect();
        writeln!(out, "步骤　{}（由{}办理）", step.name, who.join("、"))?;
    }
    for rule in rules {
        writeln!(out, "规则　{}：{}", rule.name, rule.about)?;
    }
    for limit in limits {
        writeln!(out, "时限　{}{}", limit.name, limit.length)?;
    }
    for check in &article.checks {
        let names: Vec<_> = check.scenarios.iter().map(String::as_str).collect();
        let refusal = check.refusal;
        writeln!(out, "条件　{}", refusal.rule)?;
        writeln!(out, "　　不符合时：{}；{}", refusal.message, refusal.hint)?;
        writeln!(out, "　　情景：{}", names.join("、"))?;
    }
    for reading in readings {
        writeln!(out, "解读{}　{}", reading.id, reading.text)?;
    }
    if let Some(reason) = reason {
        writeln!(out, "不设规则：{reason}")?;
    }
    if let Some(pending) = pending {
        writeln!(out, "待办：{pending}")?;
    }
    writeln!(out, "情景：{}", article.scenarios.join("、"))
}

fn readings(out: &mut dyn Write) -> io::Result<()> {
    for reading in READINGS {
        let default = if reading.default { "默认采用" } else { "默认不采用" };
        let switch = if reading.switchable { "，部门可以改变" } else { "" };
        writeln!(out, "解读{}　{}　{default}{switch}", reading.id, reading.basis)?;
        writeln!(out, "　　{}", reading.text)?;
    }
    let switchable = READINGS.iter().filter(|reading| reading.switchable).count();
    writeln!(out, "共{}项，部门可以改变{switchable}项", READINGS.len())
}
