//! A second, deliberately naive implementation of the regulation, written from its text without a look at the core.
//!
//! It keeps nothing but what was told, in order, and reads the whole story again for every question.
//! What may be done is a table: for each step who takes it, and what the regulation demands of it, each demand with its articles.
//! Of the core it takes data only: the cast, the holiday table, and how a step's form is declared.
//! Deliberately absent: speed, state that is computed once, and any word that the core would say.

pub mod approval;
pub mod closing;
pub mod collecting;
pub mod common;
pub mod cooperation;
pub mod counting;
pub mod evidence;
pub mod filing;
pub mod general;
pub mod handling;
pub mod intake;
pub mod jurisdiction;
pub mod liability;
pub mod outcomes;
pub mod questions;
pub mod supplementary;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};
use procedure::{
    directory::{Department, Directory, Staff},
    step::{OCCURRED, Occurs, Step},
    value::{Answer, Answers, DepartmentId, Kind, StaffId},
};

/// Every chapter's part of the table.
static CHAPTERS: &[&[Row]] = &[
    intake::ROWS,
    filing::ROWS,
    approval::ROWS,
    general::ROWS,
    jurisdiction::ROWS,
    handling::ROWS,
    outcomes::ROWS,
    collecting::ROWS,
    evidence::ROWS,
    closing::ROWS,
    cooperation::ROWS,
    liability::ROWS,
    supplementary::ROWS,
];

/// The row of a step, once its chapter is written.
pub fn row(step: &str) -> Option<&'static Row> {
    CHAPTERS.iter().flat_map(|rows| rows.iter()).find(|row| row.step == step)
}

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
    /// Whether it was told as it happened, and did happen in breach.
    pub in_breach: bool,
    /// The number that the act was given, which people cite.
    pub paper: Option<String>,
    /// What was filled in before each correction, with the number of the correction.
    pub mended: Vec<(u64, Date, Answers)>,
}

/// Everything that was told about one dossier.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// The dossier's id.
    pub id: String,
    /// What was done, in order; corrections stand in what they correct and once more, by themselves, as `correct`.
    pub told: Vec<Told>,
}

/// A story, or its beginning.
#[derive(Clone, Copy, Debug)]
pub struct Tale<'a> {
    /// The dossier's id.
    pub id: &'a str,
    /// What was done, in order.
    pub told: &'a [Told],
}

impl Story {
    /// The whole of it.
    pub fn tale(&self) -> Tale<'_> {
        Tale { id: &self.id, told: &self.told }
    }
}

impl<'a> Tale<'a> {
    /// What was told before an entry, with later corrections in it.
    pub fn before(self, number: u64) -> Tale<'a> {
        let end = self.told.iter().position(|told| told.number >= number);
        let told = self.told.get(..end.unwrap_or(self.told.len())).unwrap_or(self.told);
        Tale { told, ..self }
    }
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
    /// What was told about the dossier; empty before a lead is registered.
    pub story: Tale<'a>,
    /// What is tried.
    pub attempt: &'a Attempt,
}

/// What the regulation demands of a step.
#[derive(Clone, Copy)]
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

impl World {
    /// What the regulation says to an attempt on a dossier; nothing while its chapter is not written.
    pub fn judge(&self, dossier: Option<&str>, attempt: &Attempt) -> Option<Saying> {
        let row = row(attempt.step.id)?;
        let story = dossier.and_then(|id| self.stories.get(id)).map(Story::tale);
        let story = story.unwrap_or(Tale { id: "", told: &[] });
        let attempt = readable(attempt);
        let scene = Scene { world: self, story, attempt: &attempt };
        let mut sayings = common::about_the_actor(scene, row);
        if let How::Correcting(number, reasoned) = attempt.how {
            sayings.extend(common::about_the_correction(scene, number, reasoned));
            // What is corrected is judged as it would have been, had it been told right.
            let corrected = story.told.iter().find(|told| told.number == number);
            let how = match corrected.is_some_and(|told| told.in_breach) {
                true => How::AsItHappened,
                false => How::Regularly,
            };
            let at = corrected.map_or(attempt.at, |told| told.entered);
            let attempt = Attempt { at, how, ..attempt.clone() };
            let scene = Scene { world: self, story: story.before(number), attempt: &attempt };
            sayings.extend(about_the_act(scene, row));
        } else {
            sayings.extend(about_the_act(scene, row));
        }
        Some(conclude(scene, &sayings))
    }

    /// Takes down what was done: in which entry, under which number, and which dossier it opened.
    pub fn tell(
        &mut self,
        dossier: &str,
        attempt: &Attempt,
        version: u64,
        paper: Option<&str>,
        opened: Option<&str>,
    ) {
        let attempt = readable(attempt);
        let story = self.stories.get(dossier).map(Story::tale);
        let story = story.unwrap_or(Tale { id: dossier, told: &[] });
        let scene = Scene { world: self, story, attempt: &attempt };
        let mut told = Told {
            number: version,
            step: attempt.step.id,
            by: attempt.who.clone(),
            office: scene.office().unwrap_or_default().to_owned(),
            entered: attempt.at,
            happened: scene.happened().unwrap_or(attempt.at.date()),
            answers: attempt.answers.clone(),
            in_breach: attempt.how == How::AsItHappened && is_in_breach(scene),
            paper: paper.map(str::to_owned),
            mended: Vec::new(),
        };
        for (other, beside) in beside(dossier, &told, opened) {
            let story = self.story(&other);
            let number = story.told.last().map_or(0, |last| last.number) + 1;
            story.told.push(Told { number, ..beside });
        }
        let story = self.story(dossier);
        if let How::Correcting(number, _) = attempt.how {
            if let Some(corrected) = story.told.iter_mut().find(|told| told.number == number) {
                let before = std::mem::replace(&mut corrected.answers, told.answers.clone());
                corrected.mended.push((version, corrected.happened, before));
                if matches!(attempt.step.occurs, Occurs::OnDay(_)) {
                    corrected.happened = told.happened;
                }
            }
            told.step = "correct";
            told.happened = told.entered.date();
            told.answers = Answers::from([("entry".to_owned(), Answer::One(number.to_string()))]);
        }
        story.told.push(told);
    }

    fn story(&mut self, id: &str) -> &mut Story {
        let story = self.stories.entry(id.to_owned()).or_default();
        story.id = id.to_owned();
        story
    }
}

/// Whether something is demanded of how an act was done that it does not meet; a later correction does not take that back.
fn is_in_breach(scene: Scene<'_>) -> bool {
    let demands = row(scene.attempt.step.id).map(|row| row.demands).unwrap_or_default();
    demands.iter().filter(|demand| demand.conduct).any(|demand| {
        demand.reading.is_none_or(|reading| scene.holds(reading)) && (demand.met)(scene) == Says::No
    })
}

/// What an act tells of other dossiers: one that is split off, one that takes this one in.
fn beside(dossier: &str, told: &Told, opened: Option<&str>) -> Vec<(String, Told)> {
    let mut there = told.clone();
    there.answers.insert("from".to_owned(), Answer::from(dossier));
    let number = told.number.to_string();
    there.answers.insert("from_number".to_owned(), Answer::One(number));
    let (other, step) = match told.step {
        "split_dossier" => (opened, "split_off"),
        "join_dossier" => (told.answer("into"), "taken_in"),
        _ => (None, ""),
    };
    there.step = step;
    other.map(|other| (other.to_owned(), there)).into_iter().collect()
}

/// What one demand comes to, with its articles.
pub type Came = (Says, BTreeSet<u8>);

fn about_the_act(scene: Scene<'_>, row: &Row) -> Vec<Came> {
    let mut sayings = common::about_the_act(scene);
    for demand in row.demands {
        if demand.reading.is_some_and(|reading| !scene.holds(reading)) {
            continue;
        }
        let says = (demand.met)(scene);
        let told_so = demand.conduct
            && says == Says::No
            && scene.attempt.how == How::AsItHappened
            && scene.attempt.step.recordable_as_happened;
        if !told_so {
            sayings.push((says, scene.articles(demand.articles)));
        }
    }
    sayings
}

fn conclude(scene: Scene<'_>, sayings: &[Came]) -> Saying {
    let worst = sayings.iter().map(|(says, _)| *says).max().unwrap_or(Says::Yes);
    if worst < Says::Unknown {
        let answered =
            |id: &str| scene.attempt.answers.get(id).is_some_and(|answer| !answer.is_blank());
        let all = scene.attempt.step.all_fields().filter(|field| field.required);
        let complete = all.into_iter().all(|field| answered(field.id));
        let says = if complete { Says::Yes } else { Says::Unasked };
        return Saying { says, articles: BTreeSet::new() };
    }
    let saying = sayings.iter().filter(|(says, _)| *says == worst);
    Saying { says: worst, articles: saying.flat_map(|(_, articles)| articles.clone()).collect() }
}

/// The attempt with every choice by its id, however it was written.
fn readable(attempt: &Attempt) -> Attempt {
    let mut attempt = attempt.clone();
    for field in attempt.step.fields {
        if let Some(answer) = attempt.answers.get_mut(field.id) {
            read_choices(answer, &field.kind);
        }
    }
    attempt
}

fn read_choices(answer: &mut Answer, kind: &Kind) {
    match (answer, kind) {
        (Answer::One(text), Kind::Choice(choices)) => {
            let choice = choices.iter().find(|choice| choice.label == text.trim());
            if let Some(choice) = choice {
                *text = choice.id.to_owned();
            }
        }
        (Answer::Many(list), Kind::List(one)) => {
            list.iter_mut().for_each(|answer| read_choices(answer, one));
        }
        (answer, Kind::List(one)) => read_choices(answer, one),
        (Answer::Many(list), kind) => {
            list.iter_mut().for_each(|answer| read_choices(answer, kind));
        }
        (Answer::Group(group), Kind::Rows(fields)) => {
            for field in fields.iter() {
                if let Some(answer) = group.get_mut(field.id) {
                    read_choices(answer, &field.kind);
                }
            }
        }
        _ => {}
    }
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
    pub fn done(&self, step: &'static str) -> impl DoubleEndedIterator<Item = &'a Told> + use<'a> {
        self.story.told.iter().filter(move |told| told.step == step)
    }

    /// The day on which the act happened: the day that was answered, or today; none where it must be answered and is not.
    pub fn happened(&self) -> Option<Date> {
        match self.attempt.step.occurs {
            Occurs::WhenEntered => Some(self.today()),
            Occurs::OnDay(_) => self.date(OCCURRED),
        }
    }

    /// The fact answered to a field.
    pub fn fact(&self, field: &str) -> Option<Fact> {
        self.answer(field).map(fact)
    }

    /// The rows answered to a field.
    pub fn rows(&self, field: &str) -> Vec<&'a Answers> {
        rows(&self.attempt.answers, field)
    }

    /// The person who tries.
    pub fn me(&self) -> Option<&'a Staff> {
        self.world.cast.staff(&StaffId(self.attempt.who.clone()))
    }

    /// The department in which that person serves.
    pub fn office(&self) -> Option<&'a str> {
        self.me().map(|staff| staff.department.0.as_str())
    }

    /// The department with this id.
    pub fn department(&self, id: &str) -> Option<&'a Department> {
        self.world.cast.department(&DepartmentId(id.to_owned()))
    }

    /// Whether a reading holds in the office where the attempt is entered.
    pub fn holds(&self, reading: &str) -> bool {
        let switches =
            self.office().map(|office| self.world.cast.switches(&DepartmentId(office.to_owned())));
        procedure::readings::find(reading)
            .is_none_or(|reading| switches.unwrap_or_default().holds(reading))
    }

    /// These articles, or those of the step.
    pub fn articles(&self, articles: &[u8]) -> BTreeSet<u8> {
        match articles {
            [] => self.attempt.step.basis.iter().map(|clause| clause.article).collect(),
            _ => articles.iter().copied().collect(),
        }
    }

    /// Whether a step was ever done.
    pub fn has(&self, step: &'static str) -> bool {
        self.done(step).next().is_some()
    }
}

impl Told {
    /// The day and the answers as they stood when a later entry was made.
    pub fn as_of(&self, number: u64) -> (Date, &Answers) {
        let mended = self.mended.iter().find(|(correction, ..)| *correction > number);
        mended.map_or((self.happened, &self.answers), |(_, day, answers)| (*day, answers))
    }

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

impl Told {
    /// The fact answered to a field.
    pub fn fact(&self, field: &str) -> Option<Fact> {
        self.answer(field).map(fact)
    }

    /// The rows answered to a field.
    pub fn rows(&self, field: &str) -> Vec<&Answers> {
        rows(&self.answers, field)
    }
}

/// A fact that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// 是.
    Yes,
    /// 否.
    No,
    /// 未查明.
    Open,
    /// 不适用.
    Idle,
}

fn fact(text: &str) -> Fact {
    match text.trim() {
        "是" => Fact::Yes,
        "否" => Fact::No,
        text if text.starts_with("不适用") => Fact::Idle,
        _ => Fact::Open,
    }
}

impl From<Fact> for Says {
    /// Whether it is so; what is not established is not a no.
    fn from(fact: Fact) -> Self {
        match fact {
            Fact::Yes => Says::Yes,
            Fact::No => Says::No,
            Fact::Open | Fact::Idle => Says::Unknown,
        }
    }
}

/// The rows answered to a field.
pub fn rows<'a>(answers: &'a Answers, field: &str) -> Vec<&'a Answers> {
    let row = |answer: &'a Answer| match answer {
        Answer::Group(group) => Some(group),
        _ => None,
    };
    match answers.get(field) {
        Some(Answer::Many(list)) => list.iter().filter_map(row).collect(),
        Some(answer) => row(answer).into_iter().collect(),
        None => Vec::new(),
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
