//! D5: a file, the row that names it and its entry in the log are one unit.

use std::{
    thread,
    time::{Duration, Instant},
};

use store::Stream;

use crate::{
    EVIDENCE,
    child::{ACKNOWLEDGED, Waiting, bytes},
    found, is_long, office, open, play_to, story, take, wrong,
};

#[test]
fn d5_killed_at_any_moment_a_file_its_row_and_its_entry_are_one() {
    let kills = if is_long() { 300 } else { 20 };
    let root = tempfile::tempdir().unwrap();
    let (mut recorded, mut orphans) = (0, 0);
    let mut dossiers = Vec::new();
    {
        let office = office(open(root.path()));
        found(&office);
        for _ in 0..=kills {
            dossiers.push(play_to(&office, EVIDENCE));
        }
    }
    // How long the act takes here, when nobody kills it.
    let spare = dossiers.pop().unwrap();
    let mut waiting = Waiting::start(root.path(), &spare, EVIDENCE);
    let began = Instant::now();
    waiting.begin();
    assert_eq!(waiting.child.wait().unwrap().code(), Some(ACKNOWLEDGED));
    let longest = began.elapsed().as_micros() as u64 * 5 / 4;
    for dossier in &dossiers {
        let mut waiting = Waiting::start(root.path(), dossier, EVIDENCE);
        waiting.begin();
        thread::sleep(Duration::from_micros(random(longest)));
        waiting.child.kill().unwrap();
        waiting.child.wait().unwrap();
        let store = open(root.path());
        let events = store.load(&Stream::dossier(dossier)).unwrap();
        let files = events.iter().map(|event| event.blobs.len()).sum::<usize>();
        // Seven acts came before; the eighth is there with its file, or neither is.
        assert_eq!(files, events.len() - EVIDENCE, "{dossier}");
        recorded += files;
        orphans = orphans.max(store.vault().orphans().unwrap().len());
    }
    assert_eq!(wrong(root.path()), None);
    println!("{kills} kills: {recorded} acts recorded with their file; orphans at once: {orphans}");
    assert!(
        recorded > 0 && recorded < kills,
        "{recorded} of {kills}: the kills came at one moment"
    );
    // The negative control: a file that is gone is missed.
    {
        let shelf = std::fs::read_dir(root.path().join("data/vault")).unwrap();
        let shelf = shelf.map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
        std::fs::remove_dir_all(shelf).unwrap();
        assert!(wrong(root.path()).is_some());
    }
}

fn random(below: u64) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes) % below
}

#[test]
fn d5_a_file_that_no_act_names_is_removed_after_a_day() {
    use std::sync::{Arc, atomic::Ordering};

    use server::{
        clock::{Clock, Given},
        office::Office,
    };
    let root = tempfile::tempdir().unwrap();
    let given = Arc::new(Given::default());
    let hour = 60 * 60 * 1000;
    let at = |hours: i64| {
        given.monotonic.store(hours * hour, Ordering::SeqCst);
        given.wall.store(1_773_000_000_000 + hours * hour, Ordering::SeqCst);
    };
    at(0);
    let start = || Office::open(open(root.path()), Clock::given(given.clone())).unwrap();
    let office = start();
    found(&office);
    let orphans = |office: &Office| office.store().vault().orphans().unwrap().len();
    // One in the database, one in a file; and what a broken upload leaves.
    office.vault_put("小.txt", b"small".as_slice()).unwrap();
    office.vault_put("大.txt", bytes().as_slice()).unwrap();
    let broken = root.path().join("data/vault/unfinished-0000-1");
    std::fs::write(&broken, b"broken").unwrap();
    assert_eq!((orphans(&office), office.discard_orphans().unwrap()), (2, 0));
    drop(office);
    // After a restart nobody keeps them in mind, but they are still young.
    let office = start();
    at(23);
    assert_eq!((office.discard_orphans().unwrap(), orphans(&office)), (0, 2));
    // What is uploaded again is kept, for it may be named at any moment.
    office.vault_put("小.txt", b"small".as_slice()).unwrap();
    at(25);
    assert_eq!((office.discard_orphans().unwrap(), orphans(&office)), (1, 1));
    drop(office);
    let office = start();
    at(50);
    assert_eq!((office.discard_orphans().unwrap(), orphans(&office)), (1, 0));
    // The file of the broken upload is as old as this test, by the clock of the disk.
    at(24 * 3650);
    office.discard_orphans().unwrap();
    assert!(!broken.exists());
    assert_eq!(wrong(root.path()), None);
}

#[test]
fn d5_a_file_that_an_act_names_stays() {
    let root = tempfile::tempdir().unwrap();
    let office = office(open(root.path()));
    found(&office);
    let dossier = play_to(&office, EVIDENCE);
    let (act, bytes) = (&story()[EVIDENCE], bytes());
    take(&office, act, (Some(&dossier), None), Some(&bytes)).unwrap();
    let orphans = office.store().vault().orphans().unwrap();
    assert!(orphans.is_empty());
    let events = office.store().load(&Stream::dossier(&dossier)).unwrap();
    let named = events.iter().flat_map(|event| event.blobs.iter().map(|blob| blob.sm3)).collect();
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    assert_eq!(office.store().vault().discard(named, long_ago).unwrap(), 0);
    drop(office);
    assert_eq!(wrong(root.path()), None);
}
