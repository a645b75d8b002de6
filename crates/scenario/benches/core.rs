//! How fast the core is: one act, all next steps, replay and a whole case, on a dossier of 300 entries.
//!
//! Each figure stands beside the time it takes to hash the same dossier's bytes with SM3, measured in the same run.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::{collections::BTreeMap, hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jiff::civil::{DateTime, date};
use procedure::{Act, Dossier, Entry, Setting, value::Answer};
use scenario::{
    Scenario, World,
    core::{Core, manner},
    language::{Manner, Move, Statement},
};
use sm3::Digest as _;

const CASE_1: &str = include_str!("../../../scenarios/cases/01-bank-messenger.txt");
const ENTRIES: usize = 300;

fn case_1() -> Scenario {
    scenario::parse(CASE_1, date(2026, 3, 16)).unwrap()
}

/// The acts of the trunk, without corrections: those are judged on a replay of their own.
fn acts(scenario: &Scenario) -> Vec<Move> {
    let act = |statement: &Statement| match statement {
        Statement::Act(act, _) => Some((**act).clone()),
        _ => None,
    };
    let is_regular = |act: &Move| !matches!(act.manner, Manner::Correcting(_));
    scenario.lines.iter().filter_map(act).filter(is_regular).collect()
}

/// Case 1 until its fact-finding ends, with so many items of evidence that it has 300 entries.
struct Long {
    core: Core,
    id: String,
    acts: Vec<Move>,
    at: DateTime,
}

impl Long {
    fn new() -> Long {
        let scenario = case_1();
        let acts = acts(&scenario);
        let mut core = Core::default();
        core.found(&scenario.cast).unwrap();
        let mut id = None;
        let mut collected = None;
        for act in acts.iter().take_while(|act| act.step.id != "end_fact_finding") {
            let reply = core.act(id.as_deref(), act, None).unwrap();
            id = id.or(reply.dossier);
            if act.step.id == "collect_evidence" && reply.version.is_some() {
                collected = Some(act.clone());
            }
        }
        let (id, mut more) = (id.unwrap(), collected.unwrap());
        more.at = acts.last().unwrap().at;
        for i in 0.. {
            if core.dossier(&id).unwrap().history.len() >= ENTRIES {
                break;
            }
            more.answers.insert("name".to_owned(), Answer::One(format!("样例材料{i}")));
            assert!(core.act(Some(&id), &more, None).unwrap().version.is_some());
        }
        Long { core, id, at: more.at, acts }
    }

    fn dossier(&self) -> &Dossier {
        self.core.dossier(&self.id).unwrap()
    }

    fn setting(&self) -> Setting {
        self.core.setting(self.dossier().department().unwrap(), self.at, &self.id)
    }
}

fn core(c: &mut Criterion) {
    let long = Long::new();
    let (dossier, setting) = (long.dossier(), long.setting());
    let bytes: Vec<Vec<u8>> =
        dossier.history.iter().map(|entry| serde_json::to_vec(entry).unwrap()).collect();

    let mut group = c.benchmark_group("300_entries");
    group.sample_size(20).measurement_time(Duration::from_secs(1));
    group.warm_up_time(Duration::from_millis(300));
    group.bench_function("sm3_of_its_bytes", |b| {
        b.iter(|| {
            bytes.iter().map(sm3::Sm3::digest).for_each(|hash| {
                black_box(hash);
            })
        });
    });
    group.bench_function("replay_parsed", |b| {
        let entries = || dossier.history.clone();
        b.iter_batched(entries, |entries| Dossier::replay("a", entries), BatchSize::LargeInput);
    });
    group.bench_function("replay_from_bytes", |b| {
        let parse = |bytes: &Vec<u8>| -> Entry { serde_json::from_slice(bytes).unwrap() };
        b.iter(|| Dossier::replay("a", bytes.iter().map(parse)));
    });
    let handler = &dossier.history.last().unwrap().by;
    group.bench_function("next_steps", |b| {
        b.iter(|| procedure::next_steps(dossier, &setting, handler));
    });
    // The last act of each step, lawful or not: all of its checks are judged either way.
    let acts: BTreeMap<_, _> = long.acts.iter().map(|act| (act.step.id, act)).collect();
    for (step, act) in acts {
        let act = Act {
            step: act.step,
            who: act.who.clone(),
            manner: manner(&act.manner, None).unwrap(),
            answers: act.answers.clone(),
        };
        group.bench_function(format!("decide/{step}"), |b| {
            b.iter(|| procedure::decide(dossier, &setting, &act));
        });
    }
    group.finish();
}

/// From the lead to the closed case: every act decided, numbered and applied.
fn case(c: &mut Criterion) {
    let scenario = case_1();
    let mut core = Core::default();
    core.found(&scenario.cast).unwrap();
    let mut id: Option<String> = None;
    let mut prepared = Vec::new();
    for act in acts(&scenario) {
        let reply = core.act(id.as_deref(), &act, None).unwrap();
        id = id.or(reply.dossier);
        // What is refused before there is a dossier is no part of the case.
        let Some(dossier) = id.as_deref().and_then(|id| core.dossier(id)) else { continue };
        let setting = core.setting(dossier.department().unwrap(), act.at, &dossier.id);
        let answers = core.answers(&act);
        let manner = manner(&act.manner, None).unwrap();
        prepared.push((setting, Act { step: act.step, who: act.who, manner, answers }));
    }
    let mut group = c.benchmark_group("case_1");
    group.sample_size(20).measurement_time(Duration::from_secs(2));
    group.bench_function("whole", |b| {
        b.iter(|| {
            let mut dossier = Dossier::new("a");
            for (setting, act) in &prepared {
                let verdict = procedure::decide(&dossier, setting, act);
                if let Some(mut entry) = procedure::entry(&dossier, setting, act, &verdict) {
                    procedure::number::fill(&mut entry, |_| 1);
                    dossier.apply(entry);
                }
            }
            assert!(dossier.has_ended());
            dossier
        });
    });
    group.finish();
}

criterion_group!(benches, core, case);
criterion_main!(benches);
