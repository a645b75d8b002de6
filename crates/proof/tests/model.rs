//! Core and model agree on a hundred thousand guided random histories, which meet everything often enough.
//!
//! `HISTORIES` says how many, `SEED` with which seed, `RUNS` from which scenarios, `STEPS` of which steps differences are shown, `SHOW` how many are told in full; `HISTORY` plays one, by its address.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, path::Path, time::Instant};

use proof::{
    agreement::{About, Comparing, Report},
    histories::{
        Address, Plan, Pool, Run, coverage::Coverage, perform, perform_one, runs, words::story,
    },
};
use scenario::core::Core;

/// How many histories are played where nothing else is said.
const HISTORIES: usize = 100_000;

/// How often every step is taken in so many, and every refusal met.
const TAKEN: usize = 100;
const REFUSED: usize = 20;

fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn number(name: &str, otherwise: usize) -> usize {
    var(name).map_or(otherwise, |value| value.parse().unwrap())
}

/// The runs of the scenarios whose name contains one of the words.
fn chosen_runs() -> Vec<Run> {
    let all = runs::read(Path::new("../../scenarios")).unwrap();
    let Some(words) = var("RUNS") else { return all };
    all.into_iter().filter(|run| words.split(',').any(|word| run.name.contains(word))).collect()
}

/// Whether differences about a step are shown: by a part of its id or its name, or by the chapter of its first article, as `ch4`.
fn is_shown(about: &About) -> bool {
    let Some(words) = var("STEPS") else { return true };
    let step = procedure::step(about.step).unwrap();
    let article = step.basis.first().map_or(0, |clause| clause.article);
    let chapter = procedure::law::CHAPTERS.iter().find(|c| (c.first..=c.last).contains(&article));
    let chapter = chapter.map(|chapter| format!("ch{}", chapter.number));
    words.split(',').any(|word| {
        step.id.contains(word) || step.name.contains(word) || chapter.as_deref() == Some(word)
    })
}

fn plan(core: Core, histories: usize) -> Plan {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let seed = number("SEED", 1) as u64;
    let most = number("MOST", usize::MAX);
    Plan { histories, seed, core, threads: number("THREADS", threads), most }
}

#[test]
fn core_and_model_agree() {
    let runs = chosen_runs();
    if let Some(address) = var("HISTORY") {
        let (told, report) = one(&runs, &address);
        println!("{told}");
        let differences = report.told(usize::MAX, is_shown);
        return assert!(differences.is_empty(), "{differences}");
    }
    let plan = plan(Core::default(), number("HISTORIES", HISTORIES));
    let start = Instant::now();
    let report = Report::all(perform(&runs, &plan, &Comparing::default()));
    println!(
        "{} histories from {} runs in {:.1} s: {} tries, {} compared, {} not readable, \
         {} recorded in breach, {} corrected",
        report.histories,
        runs.len(),
        start.elapsed().as_secs_f64(),
        report.coverage.tried,
        report.compared,
        report.unreadable,
        report.coverage.in_breach,
        report.coverage.corrected,
    );
    println!("{}", table(&report.coverage));
    let differences = report.told(number("SHOW", 12), is_shown);
    let count: usize =
        report.differences.iter().filter(|(about, _)| is_shown(about)).map(|(_, d)| d.count).sum();
    assert!(differences.is_empty(), "core and model differ {count} times:\n{differences}");
    assert!(report.skipped.is_empty(), "steps the model does not know: {:?}", report.skipped);
    if var("RUNS").is_none() && plan.histories >= HISTORIES {
        everything_is_met(&report.coverage);
    }
}

/// One history, told, and what came of it.
fn one(runs: &[Run], address: &str) -> (String, Report) {
    let mut parts = address.rsplitn(3, ':');
    let mut part = || parts.next().unwrap();
    let (nth, cut) = (part().parse().unwrap(), part().parse().unwrap());
    let address = Address { run: part().to_owned(), cut, nth };
    let plan = plan(Core::default(), 0);
    let (course, report) =
        perform_one(runs, &Pool::of(runs), &plan, &address, &Comparing::default()).unwrap();
    (story(&course.lines), report)
}

/// The rarest of both.
fn table(coverage: &Coverage) -> String {
    let list = |rarest: Vec<(&str, usize)>, most: usize| {
        let rarest = rarest.into_iter().take(most);
        rarest.map(|(name, count)| format!("{count:>8}  {name}\n")).collect::<String>()
    };
    let most = number("RAREST", 15);
    format!(
        "rarest steps taken:\n{}rarest refusals met:\n{}",
        list(coverage.steps(), most),
        list(coverage.refusals(), most)
    )
}

fn everything_is_met(coverage: &Coverage) {
    let rare = |list: Vec<(&'static str, usize)>, least: usize| {
        list.into_iter().filter(|(_, count)| *count < least).collect::<Vec<_>>()
    };
    let (steps, refusals) = (rare(coverage.steps(), TAKEN), rare(coverage.refusals(), REFUSED));
    assert!(steps.is_empty(), "taken fewer than {TAKEN} times: {steps:?}");
    assert!(refusals.is_empty(), "met fewer than {REFUSED} times: {refusals:?}");
}

/// From how many runs that meet a check, and how many histories from each, its absence must be found: most soon, some of them late.
const WITHIN: [(usize, usize); 2] = [(4, 100), (12, 1500)];

/// The comparison can fail: with any one check of the core switched off, it finds that something is allowed, or refused on fewer articles.
#[test]
fn every_check_that_is_switched_off_is_found() {
    let runs = chosen_runs();
    let reports = perform(&runs, &plan(Core::default(), 5000), &Comparing::default());
    let found = |code: &'static str| {
        let met = |report: &Report| report.coverage.refused.get(code).copied().unwrap_or_default();
        let mut meeting: Vec<_> = reports.iter().zip(&runs).collect();
        meeting.retain(|(report, _)| met(report) > 0);
        meeting.sort_by_key(|(report, run)| (std::cmp::Reverse(met(report)), run.lines.len()));
        WITHIN.iter().any(|(runs, histories)| {
            meeting.iter().take(*runs).any(|(_, run)| differs_without(code, run, *histories))
        })
    };
    let codes: Vec<_> = procedure::refusals().map(|refusal| refusal.code).collect();
    let unseen: Vec<_> = codes.iter().copied().filter(|code| !found(code)).collect();
    println!(
        "{} of {} checks are missed when switched off",
        codes.len() - unseen.len(),
        codes.len()
    );
    assert!(unseen.is_empty(), "nobody misses:\n{}", unseen.join("\n"));
}

/// Whether histories from this run differ in something that they agree on with the check.
fn differs_without(code: &'static str, run: &Run, histories: usize) -> bool {
    let kinds = |core: Core| {
        let runs = std::slice::from_ref(run);
        let report = Report::all(perform(runs, &plan(core, histories), &Comparing::default()));
        report.differences.into_keys().collect::<BTreeSet<_>>()
    };
    kinds(Core::without(code)) != kinds(Core::default())
}
