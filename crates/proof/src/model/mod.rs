//! A second, deliberately naive implementation of the regulation, written from its text without a look at the core.
//!
//! It keeps nothing but what was told, in order, and reads the whole story again for every question.
//! What may be done is a table: for each step who takes it, and what the regulation demands of it, each demand with its articles.
//! Of the core it takes data only: the cast, the holiday table, and how a step's form is declared.
//! Deliberately absent: speed, state that is computed once, and any word that the core would say.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};
use procedure::{
    directory::Directory,
    step::Step,
    value::{Answer, Answers},
};

/// What a demand comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Says {
    /// It is met.
    Yes,
    /// It speaks of an answer that was not given.
    Unasked,
    /// It turns on a fact that nobody has established.
    Unknown,
    /// It is not met.
    No,
}

impl From<bool> for Says {
    fn from(met: bool) -> Self {
        if met { Says::Yes } else { Says::No }
    }
}

/// `None` stands for an answer that was not given.
impl From<Option<bool>> for Says {
    fn from(met: Option<bool>) -> Self {
        met.map_or(Says::Unasked, Says::from)
    }
}

/// How an act is put on the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// As planned or lawfully done.
    Regularly,
    /// As it happened, in breach.
    AsItHappened,
    /// To mend what was mistyped in the entry with this number; whether a reason is given.
    Correcting(u64, bool),
}

/// Something that somebody tries.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The step, as it is declared: its fields, its articles, whether it is dated by its actor.
    pub step: &'static Step,
    /// Who tries.
    pub who: String,
    /// When.
    pub at: DateTime,
    /// How.
    pub how: How,
    /// What was filled in, without what cannot be read.
    pub answers: Answers,
}

/// Something that was done.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its number in the story, from 1.
    pub number: u64,
    /// The step.
    pub step: &'static str,
    /// Who entered it.
    pub by: String,
    /// In which department's office.
    pub office: String,
    /// When it was entered.
    pub entered: DateTime,
    /// On which day it happened.
    pub happened: Date,
    /// What was filled in; after a correction, what should have been.
    pub answers: Answers,
    /// Whether it was told as it happened, in breach.
    pub in_breach: bool,
}

/// Everything that was told about one dossier.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// The dossier's id.
    pub id: String,
    /// What was done, in order; corrections stand in what they correct and once more, by themselves, as `correct`.
    pub told: Vec<Told>,
}

/// All stories, and the people in them.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Departments, staff, units and readings, as data.
    pub cast: Directory,
    /// By the dossier's id.
    pub stories: BTreeMap<String, Story>,
}

/// What a demand looks at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// All stories.
    pub world: &'a World,
    /// The story that the attempt is about; empty before a lead is registered.
    pub story: &'a Story,
    /// What is tried.
    pub attempt: &'a Attempt,
}

/// What the regulation demands of a step.
pub struct Demand {
    /// The articles that demand it; where there are none, those of the step.
    pub articles: &'static [u8],
    /// The reading without which it is not demanded.
    pub reading: Option<&'static str>,
    /// Whether it is about how an act outside the office was done, so that a breach can be told as it happened.
    pub conduct: bool,
    /// Whether it is met.
    pub met: fn(Scene<'_>) -> Says,
}

/// One step in the table.
pub struct Row {
    /// The step's id.
    pub step: &'static str,
    /// Whether the person's relation to the dossier is one to which the step is given.
    pub who: fn(Scene<'_>) -> bool,
    /// What is demanded of it.
    pub demands: &'static [Demand],
}

/// What the model says to an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    /// The worst of what its demands come to.
    pub says: Says,
    /// The articles of the demands that come to it, where they come to `No` or `Unknown`.
    pub articles: BTreeSet<u8>,
}

/// A demand of the text itself.
pub const fn demand(articles: &'static [u8], met: fn(Scene<'_>) -> Says) -> Demand {
    Demand { articles, reading: None, conduct: false, met }
}

/// A demand about how an act outside the office was done.
pub const fn conduct(articles: &'static [u8], met: fn(Scene<'_>) -> Says) -> Demand {
    Demand { articles, reading: None, conduct: true, met }
}

impl Demand {
    /// The same, resting on a reading.
    pub const fn by(mut self, reading: &'static str) -> Demand {
        self.reading = Some(reading);
        self
    }
}

impl<'a> Scene<'a> {
    /// The day on which the attempt is entered.
    pub fn today(&self) -> Date {
        self.attempt.at.date()
    }

    /// The text answered to a field.
    pub fn answer(&self, field: &str) -> Option<&'a str> {
        text(&self.attempt.answers, field)
    }

    /// The texts answered to a field with several answers; empty where nothing was answered.
    pub fn answers(&self, field: &str) -> Vec<&'a str> {
        texts(&self.attempt.answers, field)
    }

    /// The date answered to a field.
    pub fn date(&self, field: &str) -> Option<Date> {
        self.answer(field)?.parse().ok()
    }

    /// What was done of one step, in order.
    pub fn done(&self, step: &'static str) -> impl DoubleEndedIterator<Item = &'a Told> {
        self.story.told.iter().filter(move |told| told.step == step)
    }

    /// Whether a step was ever done.
    pub fn has(&self, step: &'static str) -> bool {
        self.done(step).next().is_some()
    }
}

impl Told {
    /// The text answered to a field.
    pub fn answer(&self, field: &str) -> Option<&str> {
        text(&self.answers, field)
    }

    /// The texts answered to a field.
    pub fn answers(&self, field: &str) -> Vec<&str> {
        texts(&self.answers, field)
    }

    /// The date answered to a field.
    pub fn date(&self, field: &str) -> Option<Date> {
        self.answer(field)?.parse().ok()
    }
}

/// The text answered to a field; none where it is blank.
pub fn text<'a>(answers: &'a Answers, field: &str) -> Option<&'a str> {
    answers.get(field).and_then(Answer::text).map(str::trim).filter(|text| !text.is_empty())
}

/// The texts answered to a field with several answers.
pub fn texts<'a>(answers: &'a Answers, field: &str) -> Vec<&'a str> {
    match answers.get(field) {
        Some(Answer::Many(list)) => list.iter().filter_map(Answer::text).collect(),
        Some(Answer::One(one)) if !one.trim().is_empty() => vec![one.trim()],
        _ => Vec::new(),
    }
}
