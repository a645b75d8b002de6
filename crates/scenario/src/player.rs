//! The player: takes each act of a scenario to a world and compares what came of it with what is written.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use procedure::{
    directory,
    law::{Clause, clause},
    step::Step,
    summary::Summary,
    value::StaffId,
};
use serde::{Deserialize, Serialize};

use crate::language::{
    Assertion, Basis, Claim, Expected, Manner, Move, Outcome, Scenario, Statement,
};

/// Whatever takes acts: the core in memory, an office, or a server over HTTP.
pub trait World {
    /// Founds the office of a cast; what is already so is left as it is.
    fn found(&mut self, cast: &[directory::Event]) -> Result<(), String>;

    /// Takes an act on a dossier, or one that opens a dossier; `corrects` is the entry that a correction names.
    fn act(
        &mut self,
        dossier: Option<&str>,
        act: &Move,
        corrects: Option<u64>,
    ) -> Result<Reply, String>;

    /// What a dossier comes to at a moment.
    fn summary(&mut self, dossier: &str, at: DateTime) -> Result<Summary, String>;

    /// Whether nothing stands against a step that somebody would take at a moment.
    fn may(
        &mut self,
        dossier: &str,
        at: DateTime,
        who: &StaffId,
        step: &str,
    ) -> Result<bool, String>;
}

impl<W: World> World for &mut W {
    fn found(&mut self, cast: &[directory::Event]) -> Result<(), String> {
        (**self).found(cast)
    }

    fn act(
        &mut self,
        id: Option<&str>,
        act: &Move,
        corrects: Option<u64>,
    ) -> Result<Reply, String> {
        (**self).act(id, act, corrects)
    }

    fn summary(&mut self, dossier: &str, at: DateTime) -> Result<Summary, String> {
        (**self).summary(dossier, at)
    }

    fn may(&mut self, id: &str, at: DateTime, who: &StaffId, step: &str) -> Result<bool, String> {
        (**self).may(id, at, who, step)
    }
}

/// What came of an act.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// What came of it.
    pub outcome: Outcome,
    /// Refused without a reason, because for this person the dossier does not exist.
    pub hidden: bool,
    /// The dossier it was about, where it was recorded.
    pub dossier: Option<String>,
    /// The version of its entry, where it was recorded.
    pub version: Option<u64>,
    /// The number that was given.
    pub number: Option<String>,
    /// The other dossier that the act opened.
    pub opened: Option<String>,
    /// Checks that do not hold, or wait for a fact; breaches of an act recorded as it happened.
    pub checks: Vec<Named>,
    /// Fields that are missing or malformed.
    pub fields: Vec<String>,
}

/// A check, by what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// Its code.
    pub code: String,
    /// Its clauses.
    pub clauses: Vec<Clause>,
    /// Its reading.
    pub reading: Option<String>,
    /// What is wrong.
    pub message: String,
}

impl Named {
    fn rests_on(&self, basis: &Basis) -> bool {
        match basis {
            Basis::Reading(id) => self.reading.as_deref() == Some(id),
            Basis::Clause(wanted) => self.clauses.iter().any(|clause| covers(*wanted, *clause)),
        }
    }

    fn basis(&self) -> String {
        let clauses: Vec<_> = self.clauses.iter().map(Clause::to_string).collect();
        let reading = self.reading.as_ref().map(|id| format!("（解读{id}）")).unwrap_or_default();
        format!("{}{reading}{}", clauses.join("、"), self.message)
    }
}

/// A whole article covers its paragraphs and items, a paragraph its items.
fn covers(wanted: Clause, given: Clause) -> bool {
    let same = |wanted: u8, given: u8| wanted == 0 || wanted == given;
    wanted.article == given.article
        && same(wanted.paragraph, given.paragraph)
        && same(wanted.item, given.item)
}

/// One line, played.
#[derive(Clone, Debug)]
pub struct Line {
    /// The line of the file.
    pub line: usize,
    /// The forks it stands in.
    pub fork: String,
    /// The step that was tried, if it is one, and what came of it.
    pub step: Option<(&'static Step, Outcome)>,
    /// What was tried.
    pub what: String,
    /// What came of it, in Chinese.
    pub came: String,
    /// Why that is not what is written, if it is not.
    pub failure: Option<String>,
    /// The codes of the checks that said no.
    pub codes: Vec<String>,
}

/// Plays a scenario; each of its forks is played in a world of its own, from the beginning.
pub fn play<W: World>(
    scenario: &Scenario,
    mut world: impl FnMut() -> Result<W, String>,
    report: &mut dyn FnMut(&Line),
) -> Result<(), String> {
    let mut forks = vec![(String::new(), Vec::new())];
    flatten(&scenario.lines, String::new(), &[], &mut forks);
    for (i, (fork, prefix)) in forks.iter().enumerate() {
        let mut player = Player {
            world: world()?,
            fork,
            dossier: None,
            taken: Vec::new(),
            known: BTreeMap::new(),
        };
        player.world.found(&scenario.cast)?;
        // Lines before a fork were reported with the trunk; here they only lead to it.
        for (statement, is_new) in prefix {
            let line = player.play(statement);
            if *is_new || i == 0 {
                report(&line);
            }
        }
    }
    Ok(())
}

/// A run of the player: the path of its forks, and its statements with whether they are new in it.
type Run<'a> = (String, Vec<(&'a Statement, bool)>);

/// One run for the trunk and one for each fork, with everything that leads to it.
fn flatten<'a>(
    statements: &'a [Statement],
    path: String,
    before: &[&'a Statement],
    runs: &mut Vec<Run<'a>>,
) {
    let mine = runs.len() - 1;
    let mut done: Vec<&'a Statement> = before.to_vec();
    for statement in statements {
        match statement {
            Statement::Fork { name, lines, .. } => {
                let path = if path.is_empty() { name.clone() } else { format!("{path}／{name}") };
                runs.push((
                    path.clone(),
                    done.iter().map(|statement| (*statement, false)).collect(),
                ));
                flatten(lines, path, &done, runs);
            }
            _ => {
                done.push(statement);
                if let Some((_, run)) = runs.get_mut(mine) {
                    run.push((statement, true));
                }
            }
        }
    }
}

/// What was recorded in a dossier: the step, and the version of its entry.
type Taken = Vec<(&'static str, u64)>;

struct Player<'a, W> {
    world: W,
    fork: &'a str,
    /// The dossier that the lines are about.
    dossier: Option<String>,
    /// What was recorded in it, for corrections.
    taken: Taken,
    /// Dossiers by the number of their lead, with what was recorded in them.
    known: BTreeMap<String, (String, Taken)>,
}

impl<W: World> Player<'_, W> {
    fn play(&mut self, statement: &Statement) -> Line {
        let (line, played) = match statement {
            Statement::Act(act, expected) => (act.line, self.act(act, expected)),
            Statement::Assert(assertion) => (assertion.line, self.assert(assertion)),
            Statement::Turn { line, number } => (*line, self.turn(*line, number)),
            Statement::Fork { line, .. } => (*line, Err("分支没有展开".to_owned())),
        };
        // What the world cannot answer at all fails that line, not the rest of the file.
        played.unwrap_or_else(|wrong| Line {
            line,
            fork: self.fork.to_owned(),
            step: None,
            what: String::new(),
            came: String::new(),
            failure: Some(wrong),
            codes: Vec::new(),
        })
    }

    fn act(&mut self, act: &Move, expected: &Expected) -> Result<Line, String> {
        let is_correction = matches!(act.manner, Manner::Correcting(_));
        let opens = act.step.id == procedure::intake::REGISTER && !is_correction;
        let dossier = self.dossier.clone().filter(|_| !opens);
        let corrects =
            self.taken.iter().rev().find(|(step, _)| *step == act.step.id).map(|(_, v)| *v);
        let reply = self.world.act(dossier.as_deref(), act, corrects)?;
        if opens && let Some(opened) = &reply.dossier {
            self.enter(Some(opened.clone()), Vec::new());
        }
        let opened = reply.opened.clone().or(reply.dossier.clone().filter(|_| opens));
        if let (Some(opened), Some(number)) = (opened, reply.number.clone()) {
            self.known.insert(number, (opened, Vec::new()));
        }
        // What is corrected is always the entry itself, never an earlier correction of it.
        if let Some(version) = reply.version.filter(|_| !is_correction) {
            self.taken.push((act.step.id, version));
        }
        let name = act.who.0.split('@').next().unwrap_or_default();
        Ok(Line {
            line: act.line,
            fork: self.fork.to_owned(),
            step: Some((act.step, reply.outcome)),
            what: format!("{} {name} {}", act.at.date(), act.step.name),
            came: describe(&reply),
            failure: compare(&reply, expected),
            codes: reply.checks.iter().map(|check| check.code.clone()).collect(),
        })
    }

    /// The lines that follow are about another dossier; what was recorded in this one is kept.
    fn enter(&mut self, dossier: Option<String>, taken: Taken) {
        let left = std::mem::replace(&mut self.dossier, dossier);
        let taken = std::mem::replace(&mut self.taken, taken);
        if let Some((_, kept)) = self.known.values_mut().find(|(id, _)| Some(id) == left.as_ref()) {
            *kept = taken;
        }
    }

    fn turn(&mut self, line: usize, number: &str) -> Result<Line, String> {
        let known = self.known.get(number).cloned();
        let (dossier, taken) = known.ok_or_else(|| format!("之前没有编号为{number}的卷宗"))?;
        self.enter(Some(dossier), taken);
        Ok(Line {
            line,
            fork: self.fork.to_owned(),
            step: None,
            what: format!("卷宗 {number}"),
            came: String::new(),
            failure: None,
            codes: Vec::new(),
        })
    }

    fn assert(&mut self, assertion: &Assertion) -> Result<Line, String> {
        let dossier = self
            .dossier
            .clone()
            .ok_or_else(|| format!("第{}行：之前没有登记线索，无从断言", assertion.line))?;
        let (what, came, holds) = match &assertion.what {
            Claim::May { who, step, allowed } => {
                let may = self.world.may(&dossier, assertion.at, who, step.id)?;
                let word = |may: bool| if may { "可以" } else { "不可以" };
                let name = who.0.split('@').next().unwrap_or_default();
                (
                    format!("{name} {} {}", word(*allowed), step.name),
                    word(may).to_owned(),
                    may == *allowed,
                )
            }
            claim => {
                let summary = self.world.summary(&dossier, assertion.at)?;
                check(claim, &summary)
            }
        };
        let failure = (!holds).then(|| format!("应为：{what}；实为：{came}"));
        Ok(Line {
            line: assertion.line,
            fork: self.fork.to_owned(),
            step: None,
            what: format!("{} == {what}", assertion.at.date()),
            came,
            failure,
            codes: Vec::new(),
        })
    }
}

fn describe(reply: &Reply) -> String {
    let mut text = reply.outcome.label().to_owned();
    if let Some(number) = &reply.number {
        text = format!("{text} {number}");
    }
    if !reply.checks.is_empty() {
        let bases: Vec<_> = reply.checks.iter().map(Named::basis).collect();
        text = format!("{text} {}", bases.join("；"));
    }
    if !reply.fields.is_empty() {
        text = format!("{text} 字段：{}", reply.fields.join("、"));
    }
    text
}

fn compare(reply: &Reply, expected: &Expected) -> Option<String> {
    if reply.outcome != expected.outcome {
        return Some(format!("应为{}", expected.outcome.label()));
    }
    if reply.hidden {
        return None;
    }
    if expected.number.is_some() && expected.number != reply.number {
        return Some(format!("编号应为{}", expected.number.as_deref().unwrap_or_default()));
    }
    let unmet = expected.bases.iter().find(|basis| !reply.checks.iter().any(|c| c.rests_on(basis)));
    if let Some(basis) = unmet {
        return Some(format!("应有{basis}"));
    }
    let other = |check: &&Named| !expected.bases.iter().any(|basis| check.rests_on(basis));
    if let Some(check) = reply.checks.iter().find(other).filter(|_| expected.exactly) {
        return Some(format!("不应有{}", check.basis()));
    }
    let field =
        expected.fields.iter().find(|field| !field.is_empty() && !reply.fields.contains(field));
    field.map(|field| format!("应指出「{field}」有误"))
}

/// What is claimed, what is so, and whether they agree.
fn check(claim: &Claim, summary: &Summary) -> (String, String, bool) {
    match claim {
        Claim::Stage(stage) => {
            (format!("阶段 {stage}"), summary.stage.clone(), *stage == summary.stage)
        }
        Claim::Limit { name, nominal, latest, standing } => {
            let limit = summary.limits.iter().rev().find(|limit| limit.name == *name);
            let came = limit.map_or_else(
                || "没有这一期限".to_owned(),
                |l| format!("{} 至 {}，{}", l.nominal, l.latest, l.standing),
            );
            let holds = limit.is_some_and(|limit| {
                nominal.is_none_or(|day| day == limit.nominal)
                    && latest.is_none_or(|day| day == limit.latest)
                    && standing.as_ref().is_none_or(|standing| *standing == limit.standing)
            });
            let day = |day: &Option<jiff::civil::Date>| {
                day.map(|day| day.to_string()).unwrap_or_default()
            };
            let wanted =
                standing.clone().unwrap_or_else(|| format!("{} {}", day(nominal), day(latest)));
            (format!("期限 {name} {wanted}"), came, holds)
        }
        Claim::Duty(name, open) => {
            let found = summary.duties.iter().any(|duty| duty.name.starts_with(name.as_str()));
            let duties: Vec<_> = summary.duties.iter().map(|duty| duty.name.as_str()).collect();
            let word = if *open { "待办" } else { "无待办" };
            (format!("{word} {name}"), duties.join("；"), found == *open)
        }
        Claim::Lacks(item, lacks) => {
            let missing = summary.conditions.get(usize::from(*item).wrapping_sub(1));
            let missing = missing.cloned().unwrap_or_default();
            let word = if *lacks { "缺" } else { "不缺" };
            let came = if missing.is_empty() { "具备".to_owned() } else { missing.join("；") };
            (format!("{word} {}", clause(53).item(*item)), came, missing.is_empty() != *lacks)
        }
        Claim::LateReport(number, late) => {
            let word = |late| if late { "逾期报告" } else { "未逾期报告" };
            let is_late = summary.late_reports.contains(number);
            (format!("{} {number}", word(*late)), word(is_late).to_owned(), is_late == *late)
        }
        Claim::Task(item, done) => {
            let word = |done| if done { "完成" } else { "未完成" };
            let basis = clause(6).item(*item).to_string();
            let task = summary.tasks.iter().find(|task| task.basis == basis);
            let came = task.map_or("没有这一任务", |task| word(task.done)).to_owned();
            (format!("任务 {basis} {}", word(*done)), came, task.is_some_and(|t| t.done == *done))
        }
        Claim::Marking(label) => {
            let came = summary.marking.clone().unwrap_or_else(|| "没有标注".to_owned());
            let holds = came == *label;
            (format!("标注 {label}"), came, holds)
        }
        Claim::Evidence(name, usability) => {
            let item = summary.evidence.iter().find(|item| item.name == *name);
            let came = item.map_or_else(
                || "没有这件证据".to_owned(),
                |item| format!("{} {}", item.usability, item.reasons.join("；")),
            );
            let holds = item.is_some_and(|item| item.usability == *usability);
            (format!("证据 {name} {usability}"), came, holds)
        }
        Claim::May { .. } => (String::new(), String::new(), false),
    }
}
