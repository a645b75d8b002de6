//! The recorder of checks, and the verdict that it becomes.
//!
//! A rule is a column of checks: *holds*, *does not hold* or *unknown*, each under a [`Refusal`] that names the clause, what is wrong and what would make the step lawful.
//! All of them are judged, so that a person sees everything at once.
//! Refusals, missing facts and explanations are views of that one list.

use crate::{
    dossier::Event,
    law::Clause,
    readings::Reading,
    setting::Setting,
    step::{Malformed, Step},
    value::Fact,
};

/// What the law says no with: one check of the core.
#[derive(Debug)]
pub struct Refusal {
    /// Stable identifier: chapter and rule.
    pub code: &'static str,
    /// The clauses it rests on; where there are none, those of the step.
    pub basis: &'static [Clause],
    /// The reading it rests on, where the text is silent or open; it is not judged where that is switched off.
    pub reading: Option<&'static Reading>,
    /// What is wrong, in one clause.
    pub message: &'static str,
    /// What would make the step lawful.
    pub hint: &'static str,
    /// What is so where it holds, for explanations.
    pub rule: &'static str,
    /// The field it speaks of, if it is one.
    pub field: Option<&'static str>,
}

/// Declares refusals in order of precedence, and the list of them: what is wrong, what would make it lawful, what is so where it holds.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, [$($basis:expr),*]
        $(, by $reading:ident)? $(, at $field:literal)?, $message:literal, $hint:literal, $rule:literal;)+) => {
        $($(#[$doc])* #[doc = $message] pub static $name: $crate::check::Refusal = $crate::check::Refusal {
            code: $code,
            basis: &[$($basis),*],
            reading: $crate::check::first(&[$(&$crate::readings::$reading)?]),
            message: $message,
            hint: $hint,
            rule: $rule,
            field: $crate::check::first(&[$($field)?]),
        };)+

        /// Every refusal of this module, in order of precedence.
        pub static REFUSALS: &[&$crate::check::Refusal] = &[$(&$name),+];
    };
}
pub(crate) use refusals;

/// The first of none or one.
pub(crate) const fn first<T: Copy>(list: &[T]) -> Option<T> {
    match list {
        [first, ..] => Some(*first),
        [] => None,
    }
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judgement {
    /// It holds.
    Holds,
    /// It speaks of an answer that was not given.
    Unasked,
    /// It speaks of a fact that the record does not know.
    Unknown,
    /// It does not hold.
    Fails,
}

impl From<bool> for Judgement {
    fn from(holds: bool) -> Self {
        if holds { Judgement::Holds } else { Judgement::Fails }
    }
}

/// `None` stands for an answer that was not given.
impl From<Option<bool>> for Judgement {
    fn from(holds: Option<bool>) -> Self {
        holds.map_or(Judgement::Unasked, Judgement::from)
    }
}

/// A fact of the record must be known to be true; one that is not established is never taken as "no".
impl From<Option<&Fact>> for Judgement {
    fn from(fact: Option<&Fact>) -> Self {
        fact.and_then(Fact::known).map_or(Judgement::Unknown, Judgement::from)
    }
}

/// One check, judged.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The check.
    pub refusal: &'static Refusal,
    /// How it came out.
    pub judgement: Judgement,
    /// What it speaks of, where there are several.
    pub subject: Option<String>,
    /// Whether it judges how an act outside the product was done, rather than whether it may be recorded.
    pub conduct: bool,
}

impl Finding {
    /// What is wrong, with its subject.
    pub fn message(&self) -> String {
        match &self.subject {
            Some(subject) => format!("「{subject}」{}", self.refusal.message),
            None => self.refusal.message.to_owned(),
        }
    }
}

/// The recorder that a rule writes its checks on.
pub struct Check<'a> {
    setting: &'a Setting,
    asking: bool,
    subject: Option<String>,
    findings: Vec<Finding>,
    malformed: Vec<Malformed>,
}

impl<'a> Check<'a> {
    /// A recorder for answers that were given.
    pub fn new(setting: &'a Setting) -> Self {
        // As many checks as most steps judge, so that the list does not grow one by one.
        let findings = Vec::with_capacity(32);
        Check { setting, asking: false, subject: None, findings, malformed: Vec::new() }
    }

    /// A recorder for the question whether a step is possible, without answers.
    pub fn asking(setting: &'a Setting) -> Self {
        Check { asking: true, ..Check::new(setting) }
    }

    /// Whether no answers were given because only the possibility is asked for.
    pub fn is_asking(&self) -> bool {
        self.asking
    }

    /// What is wrong with the answers themselves.
    pub fn malformed(&mut self) -> &mut Vec<Malformed> {
        &mut self.malformed
    }

    /// The next check speaks of this subject.
    pub fn of(&mut self, subject: impl Into<String>) -> &mut Self {
        self.subject = Some(subject.into());
        self
    }

    /// Judges whether the act may be recorded.
    pub fn that(&mut self, judgement: impl Into<Judgement>, refusal: &'static Refusal) {
        self.record(judgement.into(), refusal, Conduct::No);
    }

    /// Judges how an act outside the product was done; a breach can be recorded as it happened.
    pub fn conduct(&mut self, judgement: impl Into<Judgement>, refusal: &'static Refusal) {
        self.record(judgement.into(), refusal, Conduct::Yes);
    }

    fn record(&mut self, judgement: Judgement, refusal: &'static Refusal, conduct: Conduct) {
        let subject = self.subject.take();
        let switched_off =
            refusal.reading.is_some_and(|reading| !self.setting.readings.holds(reading));
        if switched_off || self.setting.readings.is_knocked_out(refusal.code) {
            return;
        }
        let conduct = conduct == Conduct::Yes;
        self.findings.push(Finding { refusal, judgement, subject, conduct });
    }

    /// The checks that do not hold.
    pub fn failing(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.judgement == Judgement::Fails)
    }

    /// Takes over the checks judged about one subject.
    pub(crate) fn absorb(&mut self, subject: &str, other: Check<'_>) {
        let about = |finding| Finding { subject: Some(subject.to_owned()), ..finding };
        self.findings.extend(other.findings.into_iter().map(about));
    }

    pub(crate) fn finish(self) -> (Vec<Finding>, Vec<Malformed>) {
        (self.findings, self.malformed)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Conduct {
    Yes,
    No,
}

/// What the regulation says to an act.
#[derive(Debug)]
pub struct Verdict {
    /// The step.
    pub step: &'static Step,
    /// Every check, in order of precedence.
    pub findings: Vec<Finding>,
    /// What is wrong with the answers themselves.
    pub malformed: Vec<Malformed>,
    /// Fields that must be answered and are not.
    pub missing: Vec<&'static str>,
    /// What is recorded, if the act is lawful (or was recorded as it happened) and complete.
    pub event: Option<Event>,
    /// The breaches of an act that is recorded as it happened.
    pub breaches: Vec<&'static Refusal>,
}

/// What a verdict comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The act is lawful and complete.
    Allowed,
    /// Nothing stands against it, but answers are missing or malformed.
    Incomplete,
    /// A fact is missing from the record.
    Undetermined,
    /// At least one check does not hold.
    Refused,
}

impl Verdict {
    /// What it comes to.
    pub fn outcome(&self) -> Outcome {
        let breached = |finding: &Finding| {
            !(finding.conduct && self.breaches.iter().any(|b| b.code == finding.refusal.code))
        };
        let worst = self.findings.iter().filter(|f| breached(f)).map(|f| f.judgement).max();
        match worst {
            Some(Judgement::Fails) => Outcome::Refused,
            Some(Judgement::Unknown) => Outcome::Undetermined,
            _ if !self.malformed.is_empty() || !self.missing.is_empty() => Outcome::Incomplete,
            _ => Outcome::Allowed,
        }
    }

    /// The checks that do not hold.
    pub fn refusals(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.judgement == Judgement::Fails)
    }

    /// The checks that wait for a fact the record does not know.
    pub fn unknown(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.judgement == Judgement::Unknown)
    }

    /// Whether nothing but the step's own answers stands between it and being taken.
    pub fn is_open(&self) -> bool {
        matches!(self.outcome(), Outcome::Allowed | Outcome::Incomplete)
    }

    /// The readings under which checks were judged, each once.
    pub fn readings(&self) -> Vec<String> {
        let used = self.findings.iter().filter_map(|finding| finding.refusal.reading);
        let used: std::collections::BTreeSet<_> = used.map(|reading| reading.id).collect();
        used.into_iter().map(str::to_owned).collect()
    }

    /// The clauses a finding of this verdict rests on.
    pub fn basis(&self, finding: &Finding) -> &'static [Clause] {
        if finding.refusal.basis.is_empty() { self.step.basis } else { finding.refusal.basis }
    }
}

/// A fact computed from the record: unknown where it is `None`.
pub fn known(fact: Option<bool>) -> Judgement {
    fact.map_or(Judgement::Unknown, Judgement::from)
}
