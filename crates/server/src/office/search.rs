//! 检索. What of a dossier can be found by words, and keeping that up to date.
//!
//! A worker takes what changed into the search after it was recorded, and a question first takes
//! what little is left, so that somebody finds what they have just recorded.
//! Absent from it: whatever is sealed, drafts, and days and quantities, which are no words.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use procedure::{
    Dossier, Entry, Event,
    directory::Directory,
    number::{Number, Series},
    step::Field,
    value::{Answer, Answers, DepartmentId, Kind, StaffId, Target, UnitId},
};
use store::{Searchable, Stream, Unsearched};

use super::{Office, replayed, rows};
use crate::no::{No, Operation};

/// So many are taken into the search by the question itself.
const LEFT: usize = 32;
/// So many at a time while others work, so that their acts do not wait long.
const FEW: usize = 16;
/// So many at a time while nobody does.
const MANY: usize = 1_000;
/// After so many the index is tidied, which writes all of it anew.
const MUCH: u64 = 5_000;
/// Acts in one turn of the worker that count as others working.
const BUSY: u64 = 4;
/// How long the worker looks away while there is nothing to do.
const REST: Duration = Duration::from_millis(250);
/// Threads that read dossiers: one writes what the other reads.
const READERS: usize = 2;

/// What can be read of a dossier, line by line: its outline, and what stands in it besides.
fn texts(dossier: &Dossier, directory: &Directory) -> [String; 2] {
    let mut outline = Lines::default();
    let numbers = || dossier.history.iter().filter_map(Entry::number);
    for series in [Series::Lead, Series::Case] {
        let first = numbers().find(|number| number.series == series);
        first.into_iter().for_each(|number| outline.line(&number.to_string()));
    }
    let units = dossier.units();
    units.into_iter().for_each(|unit| outline.line(directory.unit_name(unit)));
    outline.line(dossier.stage().label());
    if let Some(department) = dossier.department() {
        outline.line(&department_name(department, directory));
    }
    let mut contents = Lines::default();
    contents.line(dossier.title());
    contents.line(rows::marking(dossier));
    for entry in &dossier.history {
        contents.entry(entry, directory);
    }
    [outline.0, contents.0]
}

/// Texts, each on lines of its own so that no phrase goes across two of them.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn entry(&mut self, entry: &Entry, directory: &Directory) {
        let Some(step) = procedure::step(&entry.step) else { return };
        self.line(step.name);
        self.line(directory.staff_name(&entry.by));
        entry.number().into_iter().for_each(|number: &Number| self.line(&number.to_string()));
        self.answers(step.fields, &entry.event.answers(), directory);
        if let Event::Corrected { reason: Some(reason), .. } = &entry.event {
            self.line(reason.as_str());
        }
        entry.circumstances.iter().for_each(|circumstances| self.line(circumstances.as_str()));
    }

    fn answers(&mut self, fields: &[Field], answers: &Answers, directory: &Directory) {
        for field in fields {
            if let Some(answer) = answers.get(field.id) {
                self.answer(field.kind, answer, directory);
            }
        }
    }

    fn answer(&mut self, kind: Kind, answer: &Answer, directory: &Directory) {
        match (kind, answer) {
            (Kind::Sealed | Kind::Date | Kind::Time | Kind::Number, _) => {}
            (Kind::Rows(columns), Answer::Many(rows)) => {
                let rows = rows.iter().filter_map(|row| match row {
                    Answer::Group(row) => Some(row),
                    _ => None,
                });
                rows.for_each(|row| self.answers(columns, row, directory));
            }
            (Kind::List(kind), Answer::Many(list)) => {
                list.iter().for_each(|one| self.answer(*kind, one, directory));
            }
            (Kind::File, Answer::Group(file)) => {
                file.get("name").and_then(Answer::text).into_iter().for_each(|it| self.line(it));
            }
            (Kind::Choice(choices), Answer::One(id)) => {
                let choice = choices.iter().find(|choice| choice.id == id);
                choice.into_iter().for_each(|choice| self.line(choice.label));
            }
            (Kind::Target(target), Answer::One(id)) => {
                named(target, id, directory).into_iter().for_each(|name| self.line(&name));
            }
            (Kind::Text | Kind::LongText | Kind::Fact, answer) => self.words(answer),
            // Nothing else was ever answered.
            _ => {}
        }
    }

    fn words(&mut self, answer: &Answer) {
        match answer {
            Answer::One(text) => self.line(text),
            Answer::Many(list) => list.iter().for_each(|one| self.words(one)),
            Answer::Group(group) => group.values().for_each(|one| self.words(one)),
        }
    }
}

/// The name of somebody outside the dossier; what is in it has its own words there.
fn named(target: &Target, id: &str, directory: &Directory) -> Option<String> {
    if target == StaffId::TARGET {
        Some(directory.staff_name(&StaffId(id.to_owned())).to_owned())
    } else if target == UnitId::TARGET {
        Some(directory.unit_name(&UnitId(id.to_owned())).to_owned())
    } else if target == DepartmentId::TARGET {
        Some(department_name(&DepartmentId(id.to_owned()), directory))
    } else {
        None
    }
}

fn department_name(id: &DepartmentId, directory: &Directory) -> String {
    let department = directory.department(id);
    department.map_or_else(|| id.to_string(), |department| department.name.to_string())
}

impl Office {
    /// Takes into the search what little changed lately; left to the worker if it is more.
    pub(super) fn search_knows_the_latest(&self) {
        let few = self.inner.store.unsearched(0, LEFT + 1);
        let few = few.unwrap_or_default();
        if (1..=LEFT).contains(&few.len()) {
            // A question is answered from what is there, whatever hinders this.
            let _ = self.take_into_search(few, &mut Vec::new());
        }
    }

    /// Takes everything into the search that is not in it; `progress` hears of how many it took.
    pub(crate) fn take_all_into_search(&self, progress: &dyn Fn(u64)) -> Result<(), No> {
        let (mut place, mut taken) = (0, 0);
        let mut left = Vec::new();
        loop {
            let queued = self.inner.store.unsearched(place, MANY)?;
            let Some(last) = queued.last() else { break };
            place = last.place;
            taken += self.take_into_search(queued, &mut left)? as u64;
            progress(taken);
        }
        while taken >= MUCH && self.inner.store.tidy_search()? {}
        Ok(())
    }

    /// Takes these into the search; what cannot be read is left.
    fn take_into_search(
        &self,
        queued: Vec<Unsearched>,
        left: &mut Vec<Unsearched>,
    ) -> Result<usize, No> {
        left.clear();
        let share = queued.len().div_ceil(READERS).max(1);
        let read = |share: &[Unsearched]| {
            share
                .iter()
                .map(|one| self.searchable(one).ok_or_else(|| one.clone()))
                .collect::<Vec<_>>()
        };
        let ready = if queued.len() < FEW {
            read(&queued)
        } else {
            thread::scope(|scope| {
                let shares: Vec<_> =
                    queued.chunks(share).map(|it| scope.spawn(|| read(it))).collect();
                // Whose reading panicked has none ready.
                shares.into_iter().filter_map(|it| it.join().ok()).flatten().collect()
            })
        };
        let mut dossiers = Vec::new();
        for one in ready {
            match one {
                Ok(searchable) => dossiers.push(searchable),
                Err(unreadable) => left.push(unreadable),
            }
        }
        Ok(self.inner.store.make_searchable(dossiers)?)
    }

    /// Nothing if the dossier cannot be read, which whoever opens it is told.
    fn searchable(&self, unsearched: &Unsearched) -> Option<Searchable> {
        let id = &unsearched.dossier;
        // Those that are not being worked on are not kept in memory for it.
        let dossier = match self.inner.dossiers.kept(&self.inner.store, &Stream::dossier(id)) {
            Some(dossier) => dossier,
            None => Arc::new(self.read_dossier(id).ok()?),
        };
        let [outline, contents] = texts(&dossier, &self.directory());
        let sees_outline = rows::sees_outline;
        Some(Searchable::new(unsearched, &outline, &contents, sees_outline))
    }

    /// The dossier as recorded, without keeping it.
    fn read_dossier(&self, id: &str) -> Result<Dossier, No> {
        let mut dossier = Dossier::new(id);
        for event in self.inner.store.load(&Stream::dossier(id))? {
            dossier.apply(replayed::read(&event)?);
        }
        Ok(dossier)
    }
}

/// Starts taking what changes into the search, first what an earlier run left.
pub fn start(office: &Office) -> Result<(), No> {
    let worker = Worker { office: office.clone(), unreadable: Vec::new(), taken: 0 };
    thread::Builder::new()
        .name("search".to_owned())
        .spawn(move || worker.work())
        .map_err(|error| No::Fault(Operation::log(&error)))?;
    Ok(())
}

struct Worker {
    office: Office,
    /// As they were when they could not be read; nothing is tried twice.
    unreadable: Vec<Unsearched>,
    /// How many were taken in since the index was tidied.
    taken: u64,
}

impl Worker {
    fn work(mut self) {
        loop {
            match self.pass() {
                Ok(()) => thread::sleep(REST),
                // It is logged where it arises; a full disk, for example, is tried again later.
                Err(_) => thread::sleep(REST * 20),
            }
        }
    }

    /// Goes once through what is queued.
    fn pass(&mut self) -> Result<(), No> {
        let (mut place, mut size) = (0, FEW);
        loop {
            let (began, acts) = (Instant::now(), self.acts());
            let mut queued = self.office.inner.store.unsearched(place, size)?;
            let Some(last) = queued.last() else { return self.tidy() };
            place = last.place;
            queued.retain(|one| !self.unreadable.contains(one));
            let mut left = Vec::new();
            self.taken += self.office.take_into_search(queued, &mut left)? as u64;
            self.unreadable.extend(left);
            size = MANY;
            if self.acts() > acts + BUSY {
                // Others work: they get the greater part of the time.
                size = FEW;
                thread::sleep(began.elapsed() * 4);
            }
        }
    }

    fn tidy(&mut self) -> Result<(), No> {
        while self.taken >= MUCH {
            let acts = self.acts();
            if !self.office.inner.store.tidy_search()? {
                self.taken = 0;
            }
            if self.acts() > acts {
                return Ok(());
            }
        }
        Ok(())
    }

    fn acts(&self) -> u64 {
        self.office.inner.acts.load(Ordering::Relaxed)
    }
}
