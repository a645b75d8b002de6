//! The simulator: what it promises of its record, and that chance plays no part in it.

use std::collections::BTreeSet;

use jiff::civil::date;
use sm3::{Digest, Sm3};
use store::Store;

use super::*;
use crate::{clock::Clock, commands::disagreement};

/// More threads than families must change nothing, so there are several families.
fn plan(seed: u64) -> Plan {
    Plan { departments: 24, dossiers: 700, years: 4, seed, today: date(2026, 11, 24) }
}

fn simulated(plan: &Plan) -> (Office, Made) {
    let office = Office::open(Store::in_memory().unwrap(), Clock::default()).unwrap();
    let made = run(&office, plan, &|_| {}).unwrap();
    (office, made)
}

/// What was recorded, apart from its salts.
fn state(office: &Office) -> String {
    let mut hash = Sm3::new();
    for stream in office.store().streams("").unwrap() {
        for event in office.store().load(&stream).unwrap() {
            let header = &event.header;
            let head = (stream.as_str(), header.version, &header.entered, header.recorded);
            hash.update(format!("{head:?}"));
            hash.update(event.payload.unwrap());
        }
    }
    hex::encode(hash.finalize())
}

#[test]
fn a_seed_says_what_is_made_and_another_says_something_else() {
    let (first, made) = simulated(&plan(1));
    let (again, made_again) = simulated(&plan(1));
    let (other, _) = simulated(&plan(2));
    assert_eq!(made.stages, made_again.stages);
    assert_eq!(state(&first), state(&again));
    assert_ne!(state(&first), state(&other));
}

#[test]
fn the_law_refuses_nothing_and_verify_agrees() {
    let (office, made) = simulated(&plan(3));
    assert_eq!(made.refused, Vec::<String>::new());
    assert_eq!(office.store().verify(None, &|_, _| {}).unwrap().bad, None);
    assert_eq!(disagreement(office.store()), None);
}

#[test]
fn every_outcome_occurs_and_most_end_early() {
    let (office, made) = simulated(&plan(4));
    let stages = [
        "不予处理",
        "批评教育",
        "并入",
        "移送其他机关",
        "暂不立案存查",
        "已结案",
        "撤销",
        "已登记",
        "初查",
        "调查",
    ];
    for stage in stages {
        assert!(made.stages.get(stage).is_some_and(|count| *count > 0), "{stage}: {made:?}");
    }
    let mean = made.events as f64 / made.dossiers as f64;
    assert!((10.0..14.0).contains(&mean), "{mean}");
    let dossiers = dossiers(&office);
    let short = dossiers.iter().filter(|dossier| dossier.version() <= 10).count();
    assert!(short * 2 > dossiers.len(), "most end early");
    let steps: BTreeSet<_> =
        dossiers.iter().flat_map(|d| &d.history).map(|entry| entry.step.as_str()).collect();
    for name in ["呈报初查延期", "呈报办案延期", "接收移送", "移送涉嫌犯罪案件", "固定文书"]
    {
        assert!(steps.contains(procedure::step(name).unwrap().id), "{name}");
    }
}

#[test]
fn no_paper_waits_to_be_made() {
    let (office, _) = simulated(&plan(5));
    let due =
        dossiers(&office).iter().flat_map(|d| procedure::supplementary::papers_due(d)).count();
    assert_eq!(due, 0);
}

#[test]
fn lead_numbers_follow_the_order_of_time() {
    let (office, _) = simulated(&plan(6));
    let mut leads: Vec<_> = dossiers(&office)
        .iter()
        .filter(|dossier| dossier.jurisdiction.transfers.is_empty())
        .filter(|dossier| dossier.history.len() < 5 && dossier.stage().label() != "并入")
        .filter_map(|dossier| {
            let first = dossier.history.first()?;
            let number = first.number()?.clone();
            Some((first.department.0.clone(), number.year, number.ordinal?, first.entered))
        })
        .collect();
    leads.sort();
    for pair in leads.windows(2) {
        let [(department, year, _, earlier), (next, then, _, later)] = pair else { continue };
        assert!((department, year) != (next, then) || earlier <= later, "{pair:?}");
    }
}

fn dossiers(office: &Office) -> Vec<Arc<Dossier>> {
    let streams = office.store().streams("dossier/").unwrap().into_iter();
    let ids = streams.map(|stream| stream.as_str().trim_start_matches("dossier/").to_owned());
    ids.map(|id| office.load(&id).unwrap()).collect()
}

#[test]
fn some_are_late_and_some_extended() {
    let (office, _) = simulated(&plan(7));
    let dossiers = dossiers(&office);
    let limits: Vec<_> = dossiers
        .iter()
        .flat_map(|dossier| {
            let setting = office.setting(dossier.department().unwrap());
            procedure::deadline::limits(dossier, &setting)
        })
        .collect();
    let late = |limit: &&procedure::deadline::Running| limit.met > Some(limit.deadline.latest);
    assert!(limits.iter().filter(late).count() > 5, "some were late");
    assert!(limits.iter().filter(|limit| limit.extended).count() > 5, "some were extended");
}

#[test]
fn the_office_goes_on_from_where_the_simulation_ends() {
    let (office, _) = simulated(&plan(8));
    office.clock().stand(date(2026, 11, 25).at(9, 0, 0, 0));
    let text = |text: &str| procedure::value::Answer::from(text);
    let answers = [
        ("occurred", text("2026-11-25")),
        ("source", text("保密检查发现")),
        ("title", text("样例")),
        ("content", text("样例")),
    ];
    let clerk = StaffId("p01-jia1".to_owned());
    let last = |key: &str| {
        let series = office.store().series().unwrap();
        series.into_iter().find(|(name, _)| name == key).map_or(0, |(_, last)| last)
    };
    let before = last("p01/2026/线");
    let done = office.execute(crate::office::Submitted {
        step: procedure::intake::REGISTER.to_owned(),
        who: clerk,
        dossier: None,
        seen: None,
        key: None,
        manner: procedure::Manner::Regular,
        answers: answers.map(|(field, answer)| (field.to_owned(), answer)).into(),
    });
    assert!(done.is_ok());
    assert_eq!(last("p01/2026/线"), before + 1);
    assert_eq!(disagreement(office.store()), None);
}

#[test]
fn the_first_day_is_not_before_the_regulation() {
    let long = Plan { years: 20, ..plan(1) };
    assert_eq!(long.first_day(), IN_FORCE);
    assert_eq!(plan(1).first_day(), date(2022, 11, 24));
}

#[test]
fn departments_are_as_many_as_asked_for() {
    for departments in [1, 2, 3, 24, 101, 3_200] {
        let cast = Cast::of(departments).unwrap();
        let bureaus: Vec<_> = cast.families.iter().flat_map(|f| &f.bureaus).collect();
        assert_eq!(bureaus.len(), departments);
        let ids: BTreeSet<_> = bureaus.iter().map(|bureau| &bureau.id).collect();
        let names: BTreeSet<_> = bureaus.iter().map(|bureau| &bureau.name).collect();
        assert_eq!((ids.len(), names.len()), (departments, departments));
        let shared: usize = shares(&cast, 1_000).iter().flatten().sum();
        assert_eq!(shared, 1_000);
    }
}
