//! The served office, killed at any moment under load: nothing that was acknowledged is lost.
//!
//! Ten kills, or five hundred with `CHACHU_LONG=1`, twenty at most on the same record.
//! What was sent and not acknowledged is sent again after the restart, under the same key, and happens once.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "a test fails by panicking and says what it measured; its support is shared"
)]

#[path = "support/serving.rs"]
mod serving;
mod support;

use std::{
    path::Path,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use server::{clock::Clock, office::Office};
use store::{Store, Stream};
use testkit::Client;

use serving::{Serving, verify};
use support::{PASSWORD, found, step};

const THREADS: u32 = 4;

/// An act, and the key under which it is sent as often as it takes.
#[derive(Clone)]
struct Sent {
    key: String,
    body: Value,
}

/// What the server said it had recorded.
struct Acknowledged {
    dossier: String,
    version: u64,
    key: String,
}

#[derive(Default)]
struct Tally {
    acknowledged: Vec<Acknowledged>,
    pending: Vec<Sent>,
    replayed: usize,
}

/// Sends one act; answers its dossier if it was acknowledged.
fn send(client: &Client, sent: &Sent, tally: &Mutex<Tally>) -> Option<String> {
    let Ok(answered) = client.post("/api/acts", &sent.body, Some(&sent.key)) else {
        tally.lock().unwrap().pending.push(sent.clone());
        return None;
    };
    assert_eq!(answered.status, 201, "{}", answered.body);
    let dossier = answered.body["dossier"].as_str().unwrap().to_owned();
    let version = answered.body["version"].as_u64().unwrap();
    let mut tally = tally.lock().unwrap();
    tally.replayed += usize::from(answered.body["replayed"] == true);
    tally.acknowledged.push(Acknowledged {
        dossier: dossier.clone(),
        version,
        key: sent.key.clone(),
    });
    Some(dossier)
}

/// A text that only the act with this key has.
fn mark(key: &str) -> String {
    format!("样例{key}；")
}

/// Registers leads and identifies persons until the server is gone.
fn load(client: &Client, round: u32, number: u32, tally: &Mutex<Tally>) {
    for i in 0.. {
        let key = format!("r{round}t{number}n{i}");
        let body = support::lead(&mark(&key));
        let Some(dossier) = send(client, &Sent { key: key.clone(), body }, tally) else { return };
        for person in 0..3 {
            let key = format!("{key}p{person}");
            let answers = json!({ "name": mark(&key), "standing": "证人" });
            let body = step(&dossier, "identify_person", None, answers);
            if send(client, &Sent { key, body }, tally).is_none() {
                return;
            }
        }
    }
}

fn pause() -> Duration {
    let mut byte = [0];
    getrandom::fill(&mut byte).unwrap();
    Duration::from_millis(20 + 2 * u64::from(byte[0]))
}

/// Looks for every act that was acknowledged since the last look.
fn look_for(tally: &mut Tally, data: &Path, keys: &Path) -> usize {
    let store = Store::open(data, keys).unwrap();
    let looked = tally.acknowledged.len();
    for acknowledged in tally.acknowledged.drain(..) {
        let events = store.load(&Stream::dossier(&acknowledged.dossier)).unwrap();
        let event = events.iter().find(|event| event.header.version == acknowledged.version);
        let payload = event.unwrap().payload.as_deref().unwrap();
        let mark = mark(&acknowledged.key);
        assert!(String::from_utf8_lossy(payload).contains(&mark), "{mark} is lost");
    }
    looked
}

/// How often one record is killed before the next is made, so that looking through it stays short.
const ROUNDS: u32 = 20;

#[derive(Default)]
struct Counted {
    looked: usize,
    resent: usize,
    replayed: usize,
}

/// Kills the server again and again on a record of its own.
fn kill_on_one_record(rounds: u32) -> Counted {
    let root = tempfile::tempdir().unwrap();
    let (data, keys) = (root.path().join("data"), root.path().join("data.keys"));
    found(&Office::open(Store::open(&data, &keys).unwrap(), Clock::default()).unwrap());
    let tally = Mutex::new(Tally::default());
    let mut counted = Counted::default();
    for round in 0..rounds {
        let serving = Serving::start(&data);
        let client = Client::sign_in(&serving.base, "甲一", PASSWORD).unwrap();
        let pending = std::mem::take(&mut tally.lock().unwrap().pending);
        counted.resent += pending.len();
        assert!(pending.iter().all(|sent| send(&client, sent, &tally).is_some()));
        thread::scope(|scope| {
            let (client, tally) = (&client, &tally);
            for number in 0..THREADS {
                scope.spawn(move || load(client, round, number, tally));
            }
            thread::sleep(pause());
            serving.kill();
        });
        verify(&data);
        counted.looked += look_for(&mut tally.lock().unwrap(), &data, &keys);
    }
    counted.replayed = tally.lock().unwrap().replayed;
    counted
}

#[test]
fn d1_killed_at_any_moment_nothing_acknowledged_is_lost() {
    let kills = if std::env::var_os("CHACHU_LONG").is_some() { 500 } else { 10 };
    let started = Instant::now();
    let mut all = Counted::default();
    for first in (0..kills).step_by(ROUNDS as usize) {
        let counted = kill_on_one_record(ROUNDS.min(kills - first));
        all.looked += counted.looked;
        all.resent += counted.resent;
        all.replayed += counted.replayed;
    }
    let Counted { looked, resent, replayed } = all;
    println!(
        "{kills} kills in {:?}: {looked} acknowledged acts, all there; {resent} sent again, of which {replayed} had been recorded",
        started.elapsed()
    );
    assert!(looked > kills as usize);
}
