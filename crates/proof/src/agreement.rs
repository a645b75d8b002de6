//! 相符. Whether core and model say the same to everything that is tried in histories.
//!
//! Both must come to the same, and by the same articles of the checks that say no, or do not know.
//! Differences are kept by step and by the articles that differ, each with the shortest story that led there.

use std::collections::{BTreeMap, BTreeSet};

use procedure::{Outcome, Verdict, directory, value::Answers};
use scenario::core::Core;

use crate::{
    histories::{
        Address, How, Judged, Line, Try, Witness,
        coverage::Coverage,
        words::{story, written},
    },
    model::{self, Attempt, Says, World},
};

/// Tells the model what happens, and compares what it says.
#[derive(Clone, Debug, Default)]
pub struct Comparing {
    model: World,
    address: Option<Address>,
}

/// What a difference is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct About {
    /// The step.
    pub step: &'static str,
    /// What the core comes to.
    pub core: &'static str,
    /// What the model comes to.
    pub model: &'static str,
    /// The articles that only the core gives.
    pub only_core: BTreeSet<u8>,
    /// The articles that only the model gives.
    pub only_model: BTreeSet<u8>,
}

/// Differences of one kind.
#[derive(Clone, Debug)]
pub struct Difference {
    /// How many there are.
    pub count: usize,
    /// How many lines led to the shortest.
    pub length: usize,
    /// The shortest, told.
    pub told: String,
}

/// What many histories come to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was met.
    pub coverage: Coverage,
    /// How many histories there were.
    pub histories: usize,
    /// How many tries were compared.
    pub compared: usize,
    /// Tries of steps that the model does not know yet.
    pub skipped: BTreeMap<&'static str, usize>,
    /// Tries with an answer that cannot be read where none is needed: what follows from it is not defined.
    pub unreadable: usize,
    /// Where core and model differ.
    pub differences: BTreeMap<About, Difference>,
}

impl Witness for Comparing {
    type Report = Report;

    fn begins(&mut self, address: &Address, report: &mut Report) {
        report.histories += 1;
        self.address = Some(address.clone());
    }

    fn judged(&mut self, judged: &Judged<'_>, lines: &[Line], report: &mut Report) {
        report.coverage.add(judged.verdict);
        let Some(saying) = self.model.judge(judged.id, &attempt(judged)) else {
            *report.skipped.entry(judged.act.step.id).or_default() += 1;
            return;
        };
        if is_unreadable(judged.verdict) {
            report.unreadable += 1;
            return;
        }
        report.compared += 1;
        let core = core_saying(judged.verdict);
        if core.says == saying.says && core.articles == saying.articles {
            return;
        }
        let about = About {
            step: judged.act.step.id,
            core: word(core.says),
            model: word(saying.says),
            only_core: core.articles.difference(&saying.articles).copied().collect(),
            only_model: saying.articles.difference(&core.articles).copied().collect(),
        };
        let known = report.differences.get(&about);
        let length = known.map_or(usize::MAX, |known| known.length).min(lines.len());
        let told = match known {
            Some(known) if known.length <= lines.len() => known.told.clone(),
            _ => self.tell(judged, lines, &saying),
        };
        let count = known.map_or(0, |known| known.count) + 1;
        report.differences.insert(about, Difference { count, length, told });
    }

    fn recorded(&mut self, core: &Core, dossiers: &[String], tried: &Try, _: &mut Report) {
        let Some((own, others)) = dossiers.split_first() else { return };
        let Some(entry) = core.dossier(own).and_then(|dossier| dossier.history.last()) else {
            return;
        };
        let opened = |id: &&String| core.dossier(id).is_some_and(|other| other.version() == 1);
        let opened = others.iter().find(opened).map(String::as_str);
        let paper = entry.number().map(ToString::to_string);
        let attempt = as_attempt(tried, tried.answers.clone());
        self.model.tell(own, &attempt, entry.version, paper.as_deref(), opened);
    }

    fn cast(&mut self, event: &directory::Event) {
        self.model.cast.apply(event.clone());
    }
}

impl Comparing {
    fn tell(&self, judged: &Judged<'_>, lines: &[Line], saying: &model::Saying) -> String {
        let address = self.address.as_ref().map(ToString::to_string).unwrap_or_default();
        let articles = |articles: &BTreeSet<u8>| {
            articles.iter().map(ToString::to_string).collect::<Vec<_>>().join("、")
        };
        let core = core_saying(judged.verdict);
        let checks: String = against(judged.verdict)
            .map(|finding| {
                let clauses = judged.verdict.basis(finding).iter().map(ToString::to_string);
                let clauses: Vec<_> = clauses.collect();
                let (code, message) = (finding.refusal.code, finding.message());
                format!("      {} {message} ({code})\n", clauses.join("、"))
            })
            .collect();
        format!(
            "HISTORY={address}\n{}▶ 在{}\n{}  core:  {} {}\n{checks}  model: {} {}\n",
            story(lines),
            judged.id.unwrap_or("新卷宗"),
            written(judged.tried),
            word(core.says),
            articles(&core.articles),
            word(saying.says),
            articles(&saying.articles),
        )
    }
}

/// What the core says, as the model would put it.
fn core_saying(verdict: &Verdict) -> model::Saying {
    let says = match verdict.outcome() {
        Outcome::Allowed => Says::Yes,
        Outcome::Incomplete => Says::Unasked,
        Outcome::Undetermined => Says::Unknown,
        Outcome::Refused => Says::No,
    };
    let clauses = against(verdict).flat_map(|finding| verdict.basis(finding));
    model::Saying { says, articles: clauses.map(|clause| clause.article).collect() }
}

/// The checks that stand against an act; a breach that is recorded as it happened does not.
fn against(verdict: &Verdict) -> impl Iterator<Item = &procedure::check::Finding> {
    let outcome = verdict.outcome();
    verdict.findings.iter().filter(move |finding| {
        let breached = finding.conduct
            && verdict.breaches.iter().any(|breach| breach.code == finding.refusal.code);
        match outcome {
            Outcome::Refused => {
                finding.judgement == procedure::check::Judgement::Fails && !breached
            }
            Outcome::Undetermined => finding.judgement == procedure::check::Judgement::Unknown,
            Outcome::Allowed | Outcome::Incomplete => false,
        }
    })
}

/// Whether an answer that need not be given cannot be read, or is to nothing that was asked.
fn is_unreadable(verdict: &Verdict) -> bool {
    let is_required = |id: &str| verdict.step.all_fields().any(|f| f.required && f.id == id);
    verdict.malformed.iter().any(|wrong| !is_required(&wrong.field))
}

/// What cannot be read was not answered.
fn attempt(judged: &Judged<'_>) -> Attempt {
    let mut answers = judged.tried.answers.clone();
    for wrong in &judged.verdict.malformed {
        answers.remove(&wrong.field);
    }
    as_attempt(judged.tried, answers)
}

fn as_attempt(tried: &Try, answers: Answers) -> Attempt {
    let how = match &tried.how {
        How::Regularly => model::How::Regularly,
        How::AsItHappened(_) => model::How::AsItHappened,
        How::Correcting { entry, reason } => {
            model::How::Correcting(entry.unwrap_or_default(), reason.is_some())
        }
    };
    Attempt { step: tried.step, who: tried.who.0.clone(), at: tried.at, how, answers }
}

fn word(says: Says) -> &'static str {
    match says {
        Says::Yes => "可以",
        Says::Unasked => "待填写",
        Says::Unknown => "未定",
        Says::No => "拒绝",
    }
}

impl Report {
    /// One report of all.
    pub fn all(reports: Vec<Report>) -> Report {
        let mut all = Report::default();
        reports.into_iter().for_each(|report| all.merge(report));
        all
    }

    fn merge(&mut self, other: Report) {
        self.coverage.merge(&other.coverage);
        self.histories += other.histories;
        self.compared += other.compared;
        self.unreadable += other.unreadable;
        for (step, count) in other.skipped {
            *self.skipped.entry(step).or_default() += count;
        }
        for (about, difference) in other.differences {
            match self.differences.get_mut(&about) {
                None => drop(self.differences.insert(about, difference)),
                Some(known) => {
                    let count = known.count + difference.count;
                    if difference.length < known.length {
                        *known = difference;
                    }
                    known.count = count;
                }
            }
        }
    }

    /// The differences, the most frequent first: all counted, the first few told.
    pub fn told(&self, stories: usize, of: impl Fn(&About) -> bool) -> String {
        let mut list: Vec<_> = self.differences.iter().filter(|(about, _)| of(about)).collect();
        list.sort_by_key(|(_, difference)| std::cmp::Reverse(difference.count));
        let mut text = String::new();
        for (i, (about, difference)) in list.iter().enumerate() {
            text.push_str(&format!("{:>7}  {about}\n", difference.count));
            if i < stories {
                let told = difference.told.lines().map(|line| format!("         | {line}\n"));
                text.extend(told);
            }
        }
        text
    }
}

impl std::fmt::Display for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let only = |who: &str, articles: &BTreeSet<u8>| match articles.is_empty() {
            true => String::new(),
            false => {
                let list: Vec<_> = articles.iter().map(ToString::to_string).collect();
                format!("，仅{who}：第{}条", list.join("、"))
            }
        };
        let name = procedure::step(self.step).map_or("", |step| step.name);
        write!(f, "{} {name}: core {} model {}", self.step, self.core, self.model)?;
        f.write_str(&only("core", &self.only_core))?;
        f.write_str(&only("model", &self.only_model))
    }
}
