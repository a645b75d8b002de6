//! What is recorded: old entries parse for ever, replay gives the same state, a refusal writes nothing, nothing panics.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::{cell::RefCell, collections::BTreeMap, path::Path, rc::Rc};

use common::scenarios;
use jiff::civil::DateTime;
use procedure::{
    Dossier, Entry, directory,
    summary::Summary,
    value::{Answer, StaffId},
};
use proptest::{prelude::*, sample::Index};
use scenario::{
    Reply, World,
    core::Core,
    language::{Move, Scenario, Statement},
    play,
};

/// A core whose dossiers can still be looked at when the player has gone.
#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Core>>);

impl World for Kept {
    fn found(&mut self, cast: &[directory::Event]) -> Result<(), String> {
        self.0.borrow_mut().found(cast)
    }

    fn act(
        &mut self,
        id: Option<&str>,
        act: &Move,
        corrects: Option<u64>,
    ) -> Result<Reply, String> {
        self.0.borrow_mut().act(id, act, corrects)
    }

    fn summary(&mut self, dossier: &str, at: DateTime) -> Result<Summary, String> {
        self.0.borrow_mut().summary(dossier, at)
    }

    fn may(&mut self, id: &str, at: DateTime, who: &StaffId, step: &str) -> Result<bool, String> {
        self.0.borrow_mut().may(id, at, who, step)
    }
}

/// Every dossier that the scenarios make, in all of their forks.
fn dossiers() -> Vec<Dossier> {
    let mut dossiers = Vec::new();
    for (_, scenario) in scenarios() {
        let worlds = RefCell::new(Vec::new());
        let world = || {
            let kept = Kept::default();
            worlds.borrow_mut().push(kept.clone());
            Ok(kept)
        };
        play(&scenario, world, &mut |_| ()).unwrap();
        for world in worlds.into_inner() {
            dossiers.extend(world.0.borrow().dossiers().cloned());
        }
    }
    dossiers
}

/// One entry of each step; a file that exists is never rewritten, because old entries parse for ever.
#[test]
fn every_kind_of_entry_has_a_golden_file_that_parses() {
    let directory = Path::new("tests/golden");
    let mut first: BTreeMap<String, Entry> = BTreeMap::new();
    for dossier in dossiers() {
        for entry in dossier.history {
            first.entry(entry.step.clone()).or_insert(entry);
        }
    }
    for step in procedure::steps() {
        let path = directory.join(format!("{}.json", step.id));
        if std::env::var_os("UPDATE").is_some() && !path.exists() {
            let Some(entry) = first.get(step.id) else { continue };
            std::fs::write(&path, serde_json::to_string_pretty(entry).unwrap() + "\n").unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_else(|_| {
            panic!("no golden entry of step {}: let a scenario take it, then UPDATE=1", step.id)
        });
        let entry: Entry = serde_json::from_str(&golden).unwrap_or_else(|wrong| {
            panic!("an old entry of {} no longer parses: {wrong}", step.id)
        });
        let again: serde_json::Value = serde_json::to_value(&entry).unwrap();
        let old: serde_json::Value = serde_json::from_str(&golden).unwrap();
        // A field that came later reads as absent, and that is all that may differ.
        let (again, old) = (without_blanks(again), without_blanks(old));
        assert_eq!(again, old, "an old entry of {} reads as something else", step.id);
    }
}

fn without_blanks(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(members) => {
            let members = members
                .into_iter()
                .filter(|(_, value)| !value.is_null() && *value != Value::Array(vec![]));
            Value::Object(members.map(|(name, value)| (name, without_blanks(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(without_blanks).collect()),
        other => other,
    }
}

#[test]
fn replay_gives_the_same_state() {
    for dossier in dossiers() {
        let bytes = serde_json::to_vec(&dossier.history).unwrap();
        let entries: Vec<Entry> = serde_json::from_slice(&bytes).unwrap();
        let replayed = Dossier::replay(dossier.id.clone(), entries);
        assert_eq!(format!("{replayed:?}"), format!("{dossier:?}"));
    }
}

fn acts(statements: &[Statement], found: &mut Vec<Move>) {
    for statement in statements {
        match statement {
            Statement::Act(act, _) => found.push((**act).clone()),
            Statement::Fork { lines, .. } => acts(lines, found),
            Statement::Assert(_) | Statement::Turn { .. } => {}
        }
    }
}

fn case_1() -> (Scenario, Vec<Move>) {
    let text = include_str!("../../../scenarios/cases/01-bank-messenger.txt");
    let scenario = scenario::parse(text, common::TODAY).unwrap();
    let mut found = Vec::new();
    acts(&scenario.lines, &mut found);
    (scenario, found)
}

/// What a person could get wrong in one field.
fn spoil(answer: &mut Answer, how: u8) {
    *answer = match how % 6 {
        0 => Answer::from(""),
        1 => Answer::from("2026-02-30"),
        2 => Answer::Many(vec![Answer::from("1"), Answer::from("1")]),
        3 => Answer::Group(BTreeMap::from([("x".to_owned(), Answer::from("喆堃䶮😀"))])),
        4 => Answer::One("字".repeat(30_000)),
        _ => Answer::from("a\u{202E}\u{0}b"),
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Acts of case 1 in any order, some of them spoilt: no panic, and a dossier changes exactly when an act is recorded.
    #[test]
    fn nothing_panics_and_a_refusal_writes_nothing(
        picks in prop::collection::vec((any::<Index>(), prop::option::of((any::<Index>(), any::<u8>()))), 1..120),
        start in 0_usize..40,
    ) {
        let (scenario, acts) = case_1();
        let mut core = Core::default();
        core.found(&scenario.cast).unwrap();
        let mut dossier: Option<String> = None;
        let picked = picks.into_iter().map(|(pick, spoilt)| (pick.get(&acts).clone(), spoilt));
        let beginning = acts.iter().take(start).cloned().map(|act| (act, None));
        for (mut act, spoilt) in beginning.chain(picked) {
            if let Some((which, how)) = spoilt {
                let fields: Vec<_> = act.answers.keys().cloned().collect();
                if !fields.is_empty() {
                    spoil(act.answers.get_mut(which.get(&fields)).unwrap(), how);
                }
            }
            let before = dossier.as_deref().and_then(|id| core.dossier(id)).map_or(0, Dossier::version);
            let Ok(reply) = core.act(dossier.as_deref(), &act, None) else { continue };
            if dossier.is_none() {
                dossier.clone_from(&reply.dossier);
            }
            let after = dossier.as_deref().and_then(|id| core.dossier(id)).map_or(0, Dossier::version);
            prop_assert_eq!(after, before + u64::from(reply.version.is_some()));
        }
    }
}
