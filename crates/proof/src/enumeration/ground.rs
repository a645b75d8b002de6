//! What a slice stands on: its cast, its starting dossier and its acts, read from its text in the language of scenarios.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{ToSpan, civil::Date};
use procedure::{
    Dossier, Setting,
    act::Act,
    directory::{self, Directory},
    holidays::Holidays,
    readings::Switches,
    value::{DepartmentId, StaffId},
};
use scenario::{
    World, core,
    core::Core,
    language::{Outcome, Scenario, Statement, parse},
};

use super::Slice;

/// What a slice stands on.
pub struct Ground {
    /// The cast.
    pub directory: Arc<Directory>,
    /// The lines of the cast and of the way to the starting dossier.
    pub prefix: Vec<String>,
    /// The starting dossier.
    pub start: Dossier,
    /// The days, each with its acts.
    pub days: Vec<Day>,
}

/// One day of a slice.
pub struct Day {
    /// Its date.
    pub date: Date,
    /// The offices on that day.
    pub settings: BTreeMap<DepartmentId, Setting>,
    /// The acts, as they would be done on that day.
    pub deeds: Vec<Deed>,
}

/// One act of the alphabet.
pub struct Deed {
    /// As the core takes it.
    pub act: Act,
    /// As it is written, on one line.
    pub text: String,
    /// Whether it is judged everywhere and never followed.
    pub probe: bool,
}

impl Ground {
    /// Reads a slice; `off` is the check of the core that is switched off.
    pub fn of(slice: &Slice, off: Option<&'static str>) -> Result<Ground, String> {
        let (cast, rest) = slice.text.split_once("==== 起点").ok_or("没有“==== 起点”")?;
        let (prefix, rest) = rest.split_once("==== 动作").ok_or("没有“==== 动作”")?;
        let (acts, probes) = rest.split_once("==== 试探").unwrap_or((rest, ""));
        let first = *slice.days.first().ok_or("没有日期")?;
        let scenario = read(&format!("{cast}\n{prefix}"), first)?;
        let directory = Arc::new(directory_of(&scenario)?);
        let days = slice.days.iter().map(|date| {
            let mut all = deeds(cast, acts, *date, Follow::Yes)?;
            all.extend(deeds(cast, probes, *date, Follow::No)?);
            Ok(Day { date: *date, settings: settings(slice, &directory, *date, off), deeds: all })
        });
        let days = days.collect::<Result<_, String>>()?;
        let start = start(&scenario)?;
        let prefix = lines(prefix).into_iter().map(|line| joined(&line)).collect();
        Ok(Ground { directory, prefix, start, days })
    }
}

/// Whether what an act leads to is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follow {
    Yes,
    No,
}

fn read(text: &str, today: Date) -> Result<Scenario, String> {
    parse(text, today).map_err(|wrong| wrong.to_string())
}

fn directory_of(scenario: &Scenario) -> Result<Directory, String> {
    let mut directory = Directory::default();
    for event in &scenario.cast {
        directory.check(event)?;
        directory.apply(directory::Event::clone(event));
    }
    Ok(directory)
}

/// The dossier that the prefix makes, line by line through the core.
fn start(scenario: &Scenario) -> Result<Dossier, String> {
    let mut core = Core::default();
    core.found(&scenario.cast)?;
    let mut id: Option<String> = None;
    for statement in &scenario.lines {
        let Statement::Act(act, _) = statement else { return Err("起点只写办理".to_owned()) };
        let reply = core.act(id.as_deref(), act, None)?;
        if reply.outcome != Outcome::Done {
            let why: Vec<_> = reply.checks.iter().map(|check| check.message.as_str()).collect();
            let (line, name) = (act.line, act.step.name);
            return Err(format!("第{line}行 {name}: {}{:?}", why.join("；"), reply.fields));
        }
        id = reply.dossier;
    }
    let found = core.dossier(id.as_deref().unwrap_or_default()).cloned();
    found.ok_or_else(|| "起点没有卷宗".to_owned())
}

/// Each act with the lines that belong to it; blank lines and remarks are left out.
fn lines(text: &str) -> Vec<Vec<&str>> {
    let mut acts: Vec<Vec<&str>> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        match acts.last_mut().filter(|_| line.starts_with(' ')) {
            Some(act) => act.push(line),
            None => acts.push(vec![line]),
        }
    }
    acts
}

/// An act on one line: its fields behind a colon.
fn joined(lines: &[impl AsRef<str>]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| line.as_ref().trim()).collect();
    match lines.split_first() {
        Some((head, [])) => (*head).to_owned(),
        Some((head, fields)) => format!("{head}: {}", fields.join("；")),
        None => String::new(),
    }
}

/// The acts of a text as they are done on a day: 今天 and 明天 are that day and the next.
fn deeds(cast: &str, text: &str, date: Date, follow: Follow) -> Result<Vec<Deed>, String> {
    let tomorrow = date.checked_add(1.day()).map_err(|wrong| wrong.to_string())?.to_string();
    let today = date.to_string();
    let on_day = |line: &&str| line.replace("今天", &today).replace("明天", &tomorrow);
    let acts = lines(text);
    let written: Vec<Vec<String>> =
        acts.iter().map(|act| act.iter().map(on_day).collect()).collect();
    let dated = written.iter().map(|act| format!("{today} {}", act.join("\n")));
    let scenario = read(&format!("{cast}\n{}", dated.collect::<Vec<_>>().join("\n")), date)?;
    let mut core = Core::default();
    let acts = scenario.lines.iter().zip(&written).map(|(statement, written)| {
        let Statement::Act(act, _) = statement else { return Err("动作只写办理".to_owned()) };
        let manner = core::manner(&act.manner, None)?;
        let answers = core.answers(act);
        let act = Act { step: act.step, who: act.who.clone(), manner, answers };
        Ok(Deed { act, text: format!("{today} {}", joined(written)), probe: follow == Follow::No })
    });
    let acts: Vec<Deed> = acts.collect::<Result<_, String>>()?;
    if acts.len() == written.len() { Ok(acts) } else { Err("动作数目不符".to_owned()) }
}

/// The offices of every department on a day.
fn settings(
    slice: &Slice,
    directory: &Arc<Directory>,
    date: Date,
    off: Option<&'static str>,
) -> BTreeMap<DepartmentId, Setting> {
    let holidays = Arc::new(Holidays::built_in().clone());
    let office = |department: &DepartmentId| Setting {
        now: date.at(18, 0, 0, 0),
        department: department.clone(),
        directory: directory.clone(),
        holidays: holidays.clone(),
        readings: switched(directory.switches(department), off),
        engagements: Vec::new(),
        others: (slice.others)(),
        fresh: "卷2".to_owned(),
    };
    directory.departments().map(|d| (d.id.clone(), office(&d.id))).collect()
}

#[cfg(feature = "knock-out")]
fn switched(switches: Switches, off: Option<&'static str>) -> Switches {
    match off {
        Some(code) => switches.without(code),
        None => switches,
    }
}

/// Without the feature no check can be switched off.
#[cfg(not(feature = "knock-out"))]
fn switched(switches: Switches, _: Option<&'static str>) -> Switches {
    switches
}

/// 姓名. The name of a member of staff: ids carry the department behind it.
pub fn name(staff: &StaffId) -> &str {
    bare(&staff.0)
}

/// The same of an answer.
pub fn bare(id: &str) -> &str {
    id.split_once('@').map_or(id, |(name, _)| name)
}
