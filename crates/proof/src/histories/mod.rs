//! 随机经过. Guided random histories: mostly lawful, so that they get deep, with frequent violations.
//!
//! Each scenario's runs are played once; before each line histories part from them, which go on with the lines that follow, some of them changed, and with steps drawn at random.
//! A history is the same for the same seed, run, line and number, whatever else is played.
//! Deliberately absent: any judgement; whoever watches is a [`Witness`].

pub mod changes;
pub mod course;
pub mod coverage;
pub mod drawn;
pub mod pool;
pub mod runs;
pub mod words;

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use fastrand::Rng;
use procedure::Dossier;
use scenario::core::Core;

pub use course::{Course, How, Judged, Line, Try, Witness};
pub use pool::Pool;
pub use runs::Run;

use changes::{change, of_the_cast};
use drawn::chance;
use runs::Step;

/// How many histories, and which.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In all.
    pub histories: usize,
    /// What chance begins with.
    pub seed: u64,
    /// The core that they are played on, before anything happened.
    pub core: Core,
    /// How many at once.
    pub threads: usize,
    /// How far each goes at most after it parted: a failure is sought in a shorter one.
    pub most: usize,
}

/// Where a history parts from which run, and which of those that part there it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The run.
    pub run: String,
    /// How many of its lines are played unchanged.
    pub cut: usize,
    /// From 0.
    pub nth: usize,
}

impl Address {
    /// Chance for this history.
    fn rng(&self, seed: u64) -> Rng {
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let name = self.run.bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
        let numbers = [seed, self.cut as u64, self.nth as u64];
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        Rng::with_seed(bytes.fold(name, fnv))
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.run, self.cut, self.nth)
    }
}

/// Plays histories from every run; what was reported, by run.
pub fn perform<W: Witness + Sync>(runs: &[Run], plan: &Plan, witness: &W) -> Vec<W::Report> {
    let pool = Pool::of(runs);
    let shares = shares(runs, plan.histories);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..plan.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some((run, share)) = runs.get(i).zip(shares.get(i)) else { break };
                    let mut report = W::Report::default();
                    play_run(run, share, plan, &pool, witness, &mut report);
                    if let Ok(mut done) = done.lock() {
                        done.push((i, report));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, report)| report).collect()
}

/// How many lines before the first of its own a fork is left at the earliest.
const LEAD: usize = 5;

/// How many histories part from each run, before each of its lines: the same everywhere, as far as that is possible.
fn shares(runs: &[Run], histories: usize) -> Vec<Vec<usize>> {
    let is_cut = |run: &Run, line: usize| line + LEAD >= run.before;
    let cuts = |run: &Run| (0..=run.lines.len()).filter(|line| is_cut(run, *line)).count();
    let all: usize = runs.iter().map(cuts).sum();
    let upto = |cut: usize| cut * histories / all.max(1);
    let mut cut = 0;
    let share = |run: &Run| {
        let mut shares = Vec::new();
        for line in 0..=run.lines.len() {
            let here = usize::from(is_cut(run, line));
            shares.push(upto(cut + here) - upto(cut));
            cut += here;
        }
        shares
    };
    runs.iter().map(share).collect()
}

fn play_run<W: Witness>(
    run: &Run,
    shares: &[usize],
    plan: &Plan,
    pool: &Pool,
    witness: &W,
    report: &mut W::Report,
) {
    let Ok(mut course) = beginning(run, plan, witness) else { return };
    for (cut, share) in shares.iter().enumerate() {
        for nth in 0..*share {
            let address = Address { run: run.name.clone(), cut, nth };
            history(course.clone(), run, &address, plan, pool, report);
        }
        if let Some(line) = run.lines.get(cut) {
            play(&mut course, &line.step, report);
        }
    }
}

/// Nothing has happened yet; it is the day on which the run begins.
fn beginning<W: Witness>(run: &Run, plan: &Plan, witness: &W) -> Result<Course<W>, String> {
    let mut course = Course::new(plan.core.clone(), witness.clone(), &run.cast)?;
    if let Some(Step::Try(first)) = run.lines.first().map(|line| &line.step) {
        course.now = first.at;
    }
    Ok(course)
}

/// Plays only the history with this address.
pub fn perform_one<W: Witness>(
    runs: &[Run],
    pool: &Pool,
    plan: &Plan,
    address: &Address,
    witness: &W,
) -> Result<(Course<W>, W::Report), String> {
    let run = runs.iter().find(|run| run.name == address.run).ok_or("no such run")?;
    let mut report = W::Report::default();
    let mut course = beginning(run, plan, witness)?;
    for line in run.lines.iter().take(address.cut) {
        play(&mut course, &line.step, &mut report);
    }
    let course = history(course, run, address, plan, pool, &mut report);
    Ok((course, report))
}

fn play<W: Witness>(course: &mut Course<W>, step: &Step, report: &mut W::Report) {
    match step {
        Step::Try(tried) => drop(course.play(tried, report)),
        Step::Turn(number) => course.turn(number),
    }
}

/// One history, from where it parts.
fn history<W: Witness>(
    mut course: Course<W>,
    run: &Run,
    address: &Address,
    plan: &Plan,
    pool: &Pool,
    report: &mut W::Report,
) -> Course<W> {
    let _named = Named(address);
    let rng = &mut address.rng(plan.seed);
    course.begin(address, report);
    if chance(rng, 8) {
        let setting = course.setting(&procedure::value::StaffId::system(), course.now);
        of_the_cast(&setting, rng).into_iter().for_each(|event| course.change(event));
    }
    let mut next = address.cut;
    let steps = 3 + rng.usize(..7);
    for _ in 0..steps.min(plan.most) {
        match run.lines.get(next) {
            Some(line) if chance(rng, 75) => {
                next += 1;
                deviate(&mut course, &line.step, run.lines.get(next).map(|l| &l.step), rng, report);
            }
            _ => wander(&mut course, pool, rng, report),
        }
    }
    course
}

/// A line of the run, mostly as it stands.
fn deviate<W: Witness>(
    course: &mut Course<W>,
    step: &Step,
    following: Option<&Step>,
    rng: &mut Rng,
    report: &mut W::Report,
) {
    let Step::Try(tried) = step else { return play(course, step, report) };
    match rng.u8(..100) {
        // Left out.
        0..4 => {}
        // Twice.
        4..8 => {
            course.play(tried, report);
            course.play(tried, report);
        }
        // After what follows.
        8..10 => {
            following.into_iter().for_each(|step| play(course, step, report));
            course.play(tried, report);
        }
        // Changed; where that is refused, mostly done as it should be after all.
        10..35 => {
            let changed = changed(course, tried, rng);
            if !course.play(&changed, report) {
                in_spite_of_it(course, tried, changed, rng, report);
            }
        }
        // As it stands, and then corrected.
        35..39 if tried.step.correctable => {
            course.play(tried, report);
            let reason = rng.bool().then(|| "笔误".to_owned());
            let how = How::Correcting { entry: None, reason };
            course.play(&Try { how, ..changed(course, tried, rng) }, report);
        }
        _ => drop(course.play(tried, report)),
    }
}

/// The same with one thing changed, or two.
fn changed<W: Witness>(course: &Course<W>, tried: &Try, rng: &mut Rng) -> Try {
    let mut changed = tried.clone();
    let empty = Dossier::default();
    for _ in 0..1 + usize::from(chance(rng, 25)) {
        let setting = course.setting(&changed.who, changed.at);
        change(&mut changed, course.current().unwrap_or(&empty), &setting, rng);
    }
    changed
}

/// What was refused took place all the same, or was mostly done as it should be after all.
fn in_spite_of_it<W: Witness>(
    course: &mut Course<W>,
    tried: &Try,
    refused: Try,
    rng: &mut Rng,
    report: &mut W::Report,
) {
    if refused.step.recordable_as_happened && chance(rng, 50) {
        let how = How::AsItHappened("样例情况".to_owned());
        course.play(&Try { how, ..refused }, report);
    } else if chance(rng, 80) {
        course.play(tried, report);
    }
}

/// A step drawn at random, mostly one that somebody may take.
fn wander<W: Witness>(course: &mut Course<W>, pool: &Pool, rng: &mut Rng, report: &mut W::Report) {
    if chance(rng, 5) {
        let all: Vec<_> = course.core.dossiers().map(|dossier| dossier.id.clone()).collect();
        course.dossier = drawn::one_of(rng, &all).cloned();
    }
    if let Some(tried) = pool.draw(course, rng) {
        course.play(&tried, report);
    }
}

/// Says which history it was, should it panic.
struct Named<'a>(&'a Address);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("panicked in the history {}", self.0);
        }
    }
}
