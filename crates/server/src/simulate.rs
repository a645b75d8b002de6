//! 模拟. A nation's dossiers, made through the law: as many departments, dossiers and years as asked for.
//!
//! The same seed makes the same dossiers on the same day. Deliberately absent: sealed identities of
//! reporters, files other than one placeholder, and audit notes, since nobody looked at anything.

mod bulk;
mod cast;
mod course;
mod random;
mod stories;
mod words;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use jiff::{
    Span,
    civil::{Date, DateTime},
};
use procedure::{
    Dossier,
    act::IN_FORCE,
    directory::Level,
    holidays::Holidays,
    value::{File, StaffId},
};
use store::Stream;

use self::{
    bulk::Versions,
    cast::{Bureau, Cast, Family},
    course::{Course, Desk, Stop},
    random::Random,
    words::Matter,
};
use crate::{
    clock::instant,
    no::{No, Operation},
    office::Office,
};

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many departments.
    pub departments: usize,
    /// How many matters; a few of them have a second dossier, which is joined to the first.
    pub dossiers: usize,
    /// Over how many years.
    pub years: i16,
    /// From which everything else follows.
    pub seed: u64,
    /// The day on which it ends.
    pub today: Date,
}

/// What was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Dossiers.
    pub dossiers: u64,
    /// Their events.
    pub events: u64,
    /// How many stand at which stage.
    pub stages: BTreeMap<&'static str, u64>,
    /// Acts that the law refused; each is a mistake of a story.
    pub refused: Vec<String>,
}

/// Bytes on disk that a matter takes: 15,300 measured over 20,000 of them, and a little more.
const DOSSIER_BYTES: u64 = 16_500;
/// Bytes on disk that a department with its people and units takes: 7,200 measured over 3,200.
const DEPARTMENT_BYTES: u64 = 8_000;
/// Bytes for the write-ahead log and what else is there for a while.
const HEADROOM: u64 = 256_000_000;

/// Families that are made at once: enough that many wait for one durable commit.
const THREADS: usize = 32;
/// Events of the directory in one append.
const CHUNK: usize = 2_000;

const PAPER: &[u8] = "模拟案卷：此处是文书的占位，没有排版；内容见卷宗的记录。\n".as_bytes();

impl Plan {
    /// The first day: the regulation is in force since 2018, and nothing before it goes by it (art. 64).
    pub fn first_day(&self) -> Date {
        self.today.saturating_sub(Span::new().years(self.years)).max(IN_FORCE)
    }

    /// How many bytes of disk it will need.
    pub fn bytes(&self) -> u64 {
        self.dossiers as u64 * DOSSIER_BYTES + self.departments as u64 * DEPARTMENT_BYTES + HEADROOM
    }
}

/// Some of the people, from the first departments: for those who want to sign in.
pub fn people(plan: &Plan, count: usize) -> Result<Vec<StaffId>, No> {
    Ok(Cast::of(plan.departments)?.staff().take(count).cloned().collect())
}

/// Makes it all in an office whose record is empty; `progress` is told of each dossier.
pub fn run(office: &Office, plan: &Plan, progress: &(dyn Fn(u64) + Sync)) -> Result<Made, No> {
    let cast = Cast::of(plan.departments)?;
    found(office, plan, &cast)?;
    let paper = office.vault_put("文书占位.txt", PAPER)?;
    let directory = versions(office)?;
    let shares = shares(&cast, plan.dossiers);
    let queue = shares.into_iter().zip(&cast.families).enumerate();
    let queue: Mutex<VecDeque<_>> = Mutex::new(queue.collect());
    let done = AtomicU64::new(0);
    let work = || -> Result<Made, No> {
        let mut made = Made::default();
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some((number, (matters, family))) = next else { return Ok(made) };
            let job = Job { office, plan, family, matters, paper: &paper, directory: &directory };
            made.add(job.run(number as u64, &|| {
                progress(done.fetch_add(1, Ordering::Relaxed) + 1);
            })?);
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        let mut made = Made::default();
        for thread in threads {
            let ended = thread.join();
            made.add(ended.map_err(|_| No::Fault(Operation::log(&"a story panicked")))??);
        }
        Ok(made)
    })
}

impl Made {
    fn add(&mut self, other: Made) {
        self.dossiers += other.dossiers;
        self.events += other.events;
        self.refused.extend(other.refused);
        for (stage, count) in other.stages {
            *self.stages.entry(stage).or_default() += count;
        }
    }

    fn count(&mut self, dossier: &Dossier) {
        self.dossiers += 1;
        self.events += dossier.history.len() as u64;
        *self.stages.entry(dossier.stage().label()).or_default() += 1;
    }
}

/// Records everybody before the first day, in chunks.
fn found(office: &Office, plan: &Plan, cast: &Cast) -> Result<(), No> {
    let day = plan.first_day().to_datetime(jiff::civil::Time::midnight());
    let events: Vec<_> = cast.events().cloned().collect();
    for chunk in events.chunks(CHUNK) {
        office.found_at(chunk.to_vec(), day, instant(day))?;
    }
    Ok(())
}

fn versions(office: &Office) -> Result<BTreeMap<Stream, u64>, No> {
    let mut streams = vec![Stream::nation()];
    streams.extend(office.store().streams("department/")?);
    let versions = streams.into_iter().map(|stream| {
        let version = office.store().version(&stream)?;
        Ok((stream, version))
    });
    versions.collect()
}

/// How many matters each family gets: a province and a municipality more than a county.
fn shares(cast: &Cast, dossiers: usize) -> Vec<Vec<usize>> {
    let bureaus = || cast.families.iter().flat_map(|family| &family.bureaus);
    let all: usize = bureaus().map(weight).sum();
    let (mut weighed, mut given) = (0, 0);
    let mut share = |bureau: &Bureau| {
        weighed += weight(bureau);
        let until = dossiers * weighed / all.max(1);
        let share = until - given;
        given = until;
        share
    };
    cast.families.iter().map(|family| family.bureaus.iter().map(&mut share).collect()).collect()
}

fn weight(bureau: &Bureau) -> usize {
    match bureau.level {
        Level::National => 4,
        Level::Provincial => 6,
        Level::Municipal => 4,
        Level::County => 2,
    }
}

/// One family's dossiers.
struct Job<'a> {
    office: &'a Office,
    plan: &'a Plan,
    family: &'a Family,
    /// How many matters each of its departments gets.
    matters: Vec<usize>,
    paper: &'a File,
    directory: &'a BTreeMap<Stream, u64>,
}

impl Job<'_> {
    fn run(&self, number: u64, progress: &dyn Fn()) -> Result<Made, No> {
        let mut random = Random::of(self.plan.seed, number);
        let holidays = holidays();
        let until = self.plan.today.to_datetime(jiff::civil::Time::midnight());
        let mut desk = Desk {
            family: self.family,
            holidays,
            numbers: BTreeMap::new(),
            engagements: BTreeMap::new(),
            paper: self.paper.clone(),
            until,
        };
        let mut versions = Versions { directory: self.directory.clone(), ..Versions::default() };
        let mut made = Made::default();
        for (begins, place) in self.beginnings(&desk, &mut random) {
            let mut dossiers = Vec::new();
            match tell(&mut desk, &mut random, begins, place, &mut dossiers) {
                Ok(()) | Err(Stop::Over) => {}
                Err(Stop::Refused(why)) => made.refused.push(why),
            }
            dossiers.retain(|dossier| dossier.version() > 0);
            bulk::append(self.office, &mut desk, &mut versions, &dossiers)?;
            dossiers.iter().for_each(|dossier| made.count(dossier));
            progress();
        }
        Ok(made)
    }

    /// When and where each matter begins, in order of time, so that the numbers are too.
    fn beginnings(&self, desk: &Desk<'_>, random: &mut Random) -> Vec<(DateTime, usize)> {
        let first = self.plan.first_day();
        let days = first.until(self.plan.today).map_or(1, |span| span.get_days().max(1));
        let days = usize::try_from(days).unwrap_or(1);
        let mut beginnings = Vec::new();
        for (place, matters) in self.matters.iter().enumerate() {
            for _ in 0..*matters {
                let day = i64::try_from(random.below(days)).unwrap_or(0);
                let mut date = first.saturating_add(Span::new().days(day));
                if !desk.holidays.is_working_day(date) {
                    date = course::next_working_day(&desk.holidays, date);
                }
                let date = date.min(self.plan.today.yesterday().unwrap_or(first));
                let minutes = i64::try_from(random.below(9 * 60)).unwrap_or(0);
                let opens = date.at(8, 30, 0, 0);
                beginnings.push((opens.saturating_add(Span::new().minutes(minutes)), place));
            }
        }
        beginnings.sort_unstable();
        beginnings
    }
}

fn tell(
    desk: &mut Desk<'_>,
    random: &mut Random,
    begins: DateTime,
    place: usize,
    dossiers: &mut Vec<Dossier>,
) -> Result<(), Stop> {
    let id = format!("{:016x}{:016x}", random.next(), random.next());
    let mut own = Random::of(random.next(), 0);
    let matter = Matter::of(&mut own);
    // A few lie for ever, at whatever stage.
    let abandoned = own.chance(2).then(|| own.between(1, 25));
    let mut course = Course {
        desk,
        random: own,
        matter,
        dossiers: vec![Dossier::new(&id)],
        at: 0,
        now: begins,
        abandoned,
        place,
        handlers: Vec::new(),
    };
    let told = course.tell();
    *dossiers = course.dossiers;
    told
}

fn holidays() -> Arc<Holidays> {
    Arc::new(Holidays::built_in().clone())
}

#[cfg(test)]
mod tests;
