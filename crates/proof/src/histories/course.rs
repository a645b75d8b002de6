//! 经过. One history as far as it is played: the core, whoever watches it, and the lines that led there.
//!
//! Deliberately absent: what happens next, which `changes` and `drawn` say.

use std::sync::Arc;

use jiff::civil::DateTime;
use procedure::{
    Act, Dossier, Manner, Outcome, Setting, Verdict,
    act::IN_FORCE,
    directory,
    dossier::Event,
    step::Step,
    value::{Answer, Answers, Kind, LongText, Place, StaffId},
};
use scenario::core::Core;

use super::Address;

/// Something that somebody tries.
#[derive(Clone, Debug)]
pub struct Try {
    /// When, unless it is later by then.
    pub at: DateTime,
    /// Who.
    pub who: StaffId,
    /// The step.
    pub step: &'static Step,
    /// How it is put on the record.
    pub how: How,
    /// What is filled in.
    pub answers: Answers,
}

/// How something is put on the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// As planned or lawfully done.
    Regularly,
    /// As it happened, in these circumstances.
    AsItHappened(String),
    /// As a correction of this entry, or of the last one of the same step.
    Correcting {
        /// The entry.
        entry: Option<u64>,
        /// Why, if that is said.
        reason: Option<String>,
    },
}

/// Whoever watches histories, and goes with them where they part.
pub trait Witness: Clone {
    /// What they report of many histories.
    type Report: Default + Send;

    /// A history parts from its run here.
    fn begins(&mut self, address: &Address, report: &mut Self::Report);

    /// Something was tried and judged, and is recorded next if it may be.
    fn judged(&mut self, judged: &Judged<'_>, lines: &[Line], report: &mut Self::Report);

    /// What was tried was recorded in these dossiers, its own first.
    fn recorded(
        &mut self,
        core: &Core,
        dossiers: &[String],
        tried: &Try,
        report: &mut Self::Report,
    );

    /// The cast changed.
    fn cast(&mut self, event: &directory::Event);
}

/// A try as the core saw and judged it.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The dossier's id; none where one is to be opened.
    pub id: Option<&'a str>,
    /// What was recorded before.
    pub dossier: &'a Dossier,
    /// All else that the core looked at.
    pub setting: &'a Setting,
    /// What was tried, by the ids of things.
    pub tried: &'a Try,
    /// The same, as the core takes it.
    pub act: &'a Act,
    /// What the core says.
    pub verdict: &'a Verdict,
}

/// What was tried, and what the core said to it.
#[derive(Clone, Debug)]
pub enum Line {
    /// Somebody tried something.
    Tried {
        /// In which dossier.
        dossier: String,
        /// What.
        tried: Arc<Try>,
        /// What came of it.
        outcome: Outcome,
        /// The checks that said no, or did not know.
        codes: Vec<&'static str>,
    },
    /// The cast changed.
    Cast(directory::Event),
}

/// One history as far as it is played.
#[derive(Clone, Debug)]
pub struct Course<W> {
    /// The core.
    pub core: Core,
    /// Who watches.
    pub witness: W,
    /// What happened so far.
    pub lines: Vec<Line>,
    /// The moment of the last line; time does not go back.
    pub now: DateTime,
    /// The dossier that the lines are about.
    pub dossier: Option<String>,
}

impl<W: Witness> Course<W> {
    /// The beginning, with this cast.
    pub fn new(mut core: Core, mut witness: W, cast: &[directory::Event]) -> Result<Self, String> {
        scenario::World::found(&mut core, cast)?;
        cast.iter().for_each(|event| witness.cast(event));
        let now = IN_FORCE.at(9, 0, 0, 0);
        Ok(Course { core, witness, lines: Vec::new(), now, dossier: None })
    }

    /// The history with this address parts here.
    pub fn begin(&mut self, address: &Address, report: &mut W::Report) {
        self.witness.begins(address, report);
    }

    /// The dossier that the lines are about, if there is one.
    pub fn current(&self) -> Option<&Dossier> {
        self.core.dossier(self.dossier.as_deref()?)
    }

    /// What somebody would be judged in now.
    pub fn setting(&self, who: &StaffId, at: DateTime) -> Setting {
        let department = self.core.department_of(who);
        self.core.setting(&department, at.max(self.now), self.dossier.as_deref().unwrap_or(""))
    }

    /// Turns to the dossier that was opened with this number, if there is one.
    pub fn turn(&mut self, number: &str) {
        let opened = |dossier: &&Dossier| {
            let lead = dossier.intake.leads.first();
            lead.is_some_and(|lead| lead.number.to_string() == number)
        };
        if let Some(found) = self.core.dossiers().find(opened) {
            self.dossier = Some(found.id.clone());
        }
    }

    /// Changes the cast, if it may be changed so.
    pub fn change(&mut self, event: directory::Event) {
        if scenario::World::found(&mut self.core, std::slice::from_ref(&event)).is_ok() {
            self.witness.cast(&event);
            self.lines.push(Line::Cast(event));
        }
    }

    /// Plays one line; whether it was recorded.
    pub fn play(&mut self, tried: &Try, report: &mut W::Report) -> bool {
        let is_correction = matches!(tried.how, How::Correcting { .. });
        let opens = tried.step.id == procedure::intake::REGISTER && !is_correction;
        self.now = self.now.max(tried.at);
        let known = self.dossier.clone().filter(|_| !opens);
        let department = self.core.department_of(&tried.who);
        let setting = self.core.setting(&department, self.now, known.as_deref().unwrap_or(""));
        let id = known.clone().unwrap_or_else(|| setting.fresh.clone());
        let empty = Dossier::new(id.clone());
        let dossier = self.core.dossier(&id).unwrap_or(&empty);
        let (at, answers) = (self.now, by_id(tried, setting.place(dossier)));
        let how = named(&tried.how, tried.step, dossier);
        let tried = Try { at, answers, how, ..tried.clone() };
        let act = act(&tried);
        let verdict = procedure::decide(dossier, &setting, &act);
        let judged = Judged {
            id: known.as_deref(),
            dossier,
            setting: &setting,
            tried: &tried,
            act: &act,
            verdict: &verdict,
        };
        self.witness.judged(&judged, &self.lines, report);
        let entry = procedure::entry(dossier, &setting, &act, &verdict);
        let was_recorded = entry.is_some();
        let tried = Arc::new(tried);
        self.lines.push(line(&id, tried.clone(), &verdict));
        if let Some(entry) = entry {
            let dossiers = self.core.record(&id, entry);
            self.witness.recorded(&self.core, &dossiers, &tried, report);
            self.dossier = Some(id);
        }
        was_recorded
    }
}

fn line(dossier: &str, tried: Arc<Try>, verdict: &Verdict) -> Line {
    let outcome = verdict.outcome();
    let against: Vec<_> = match outcome {
        Outcome::Undetermined => verdict.unknown().collect(),
        _ => verdict.refusals().collect(),
    };
    let codes = against.iter().map(|finding| finding.refusal.code).collect();
    Line::Tried { dossier: dossier.to_owned(), tried, outcome, codes }
}

/// A correction names the entry that it corrects.
fn named(how: &How, step: &Step, dossier: &Dossier) -> How {
    let How::Correcting { entry: None, reason } = how else { return how.clone() };
    let same = dossier
        .history
        .iter()
        .rev()
        .find(|entry| entry.step == step.id && !matches!(entry.event, Event::Corrected { .. }));
    How::Correcting { entry: Some(same.map_or(0, |entry| entry.version)), reason: reason.clone() }
}

fn act(tried: &Try) -> Act {
    let words = |text: &str| LongText::new(text).ok();
    let manner = match &tried.how {
        How::Regularly => Manner::Regular,
        How::AsItHappened(text) => words(text)
            .map_or(Manner::Regular, |circumstances| Manner::AsHappened { circumstances }),
        How::Correcting { entry, reason } => Manner::Correcting {
            entry: entry.unwrap_or_default(),
            reason: reason.as_deref().and_then(words),
        },
    };
    Act { step: tried.step, who: tried.who.clone(), manner, answers: tried.answers.clone() }
}

/// The answers with the id of each thing and of each choice that is named by its label.
fn by_id(tried: &Try, place: Place<'_>) -> Answers {
    let fields: Vec<_> = tried.step.all_fields().collect();
    let by_id = |(id, answer): (&String, &Answer)| {
        let field = fields.iter().find(|field| field.id == id);
        let answer = field.map_or(answer.clone(), |field| answer_by_id(answer, &field.kind, place));
        (id.clone(), answer)
    };
    tried.answers.iter().map(by_id).collect()
}

/// An answer with the ids of what it names by label.
pub fn answer_by_id(answer: &Answer, kind: &Kind, place: Place<'_>) -> Answer {
    match (kind, answer) {
        (Kind::List(kind), Answer::Many(list)) => {
            Answer::Many(list.iter().map(|one| answer_by_id(one, kind, place)).collect())
        }
        (Kind::List(kind), one) => answer_by_id(one, kind, place),
        (Kind::Rows(fields), Answer::Many(rows)) => {
            Answer::Many(rows.iter().map(|row| row_by_id(row, fields, place)).collect())
        }
        (Kind::Rows(fields), row) => row_by_id(row, fields, place),
        (Kind::Choice(choices), Answer::One(text)) => {
            let named = choices.iter().find(|choice| choice.label == text.trim());
            named.map_or_else(|| answer.clone(), |choice| choice.id.into())
        }
        (Kind::Target(target), Answer::One(text)) => {
            let candidates = target.candidates(place);
            if candidates.iter().any(|candidate| candidate.id == text.trim()) {
                return answer.clone();
            }
            let mut named = candidates.iter().filter(|candidate| candidate.label == text.trim());
            match (named.next(), named.next()) {
                (Some(one), None) => Answer::One(one.id.clone()),
                _ => answer.clone(),
            }
        }
        _ => answer.clone(),
    }
}

fn row_by_id(row: &Answer, fields: &[procedure::step::Field], place: Place<'_>) -> Answer {
    let Answer::Group(cells) = row else { return row.clone() };
    let cell = |(id, answer): (&String, &Answer)| {
        let field = fields.iter().find(|field| field.id == id);
        let answer = field.map_or(answer.clone(), |field| answer_by_id(answer, &field.kind, place));
        (id.clone(), answer)
    };
    Answer::Group(cells.iter().map(cell).collect())
}
