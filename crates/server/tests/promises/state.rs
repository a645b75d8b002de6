//! A5: the state hash is the same for a record and its copy, and for what is replayed, held in
//! memory and stands in the index; every act changes it.

use std::process::Command;

use scenario::play;
use server::{
    clock::Clock,
    office::{Office, state},
    samples,
    world::OfficeWorld,
};

use crate::{DAY, EVIDENCE, PERSON, copy, found, office, open, play_to, story, take};

#[test]
fn a5_replayed_and_live_state_have_the_same_hash() {
    let mut dossiers = 0;
    let mut hashes = std::collections::BTreeSet::new();
    for (name, scenario) in samples::scenarios(DAY) {
        let office = Office::open(store::Store::in_memory().unwrap(), Clock::default()).unwrap();
        let world = || Ok(OfficeWorld::new(office.clone()));
        play(&scenario, world, &mut |_| ()).unwrap();
        let live = office.state().unwrap();
        assert_eq!(live, state::replayed(office.store()).unwrap(), "{name}");
        // A second office, which has nothing in memory yet, makes the same of it.
        let second = Office::open(office.store().clone(), Clock::default()).unwrap();
        assert_eq!(live, second.state().unwrap(), "{name}");
        dossiers += live.dossiers;
        assert!(hashes.insert(live.hash), "{name}: another office has the same state");
    }
    println!("{dossiers} dossiers, replayed and live alike");
    assert!(dossiers > 10);
}

#[test]
fn a5_a_copy_has_the_same_hash_and_any_act_another() {
    let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let office = office(open(root.path()));
    found(&office);
    let dossier = play_to(&office, EVIDENCE);
    let print = |root: &std::path::Path| {
        let mut state = Command::new(env!("CARGO_BIN_EXE_chachu"));
        let output = state.args(["state", "--data"]).arg(root.join("data")).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let before = print(root.path());
    assert!(before.contains("1个卷宗"), "{before}");
    office.view(&story()[PERSON].who, &dossier).unwrap();
    assert_eq!(print(root.path()), before, "looking changes nothing");
    drop(office);
    copy(root.path(), other.path());
    assert_eq!(print(other.path()), before);
    let office = crate::office(open(other.path()));
    let mut seen = std::collections::BTreeSet::from([before]);
    for act in [&story()[PERSON], &story()[EVIDENCE]] {
        take(&office, act, (Some(&dossier), None), None).unwrap();
        assert!(seen.insert(print(other.path())), "an act that changes no hash");
    }
    // The negative control: a row of the index that was changed past the program is seen.
    let raw = rusqlite::Connection::open(other.path().join("data/record.db")).unwrap();
    raw.execute("UPDATE dossier SET title = '改'", ()).unwrap();
    assert!(seen.insert(print(other.path())));
}
