//! The served office, killed at any moment under load: nothing that was acknowledged is lost.
//!
//! Ten rounds, or a hundred with `CHACHU_LONG=1`, on the same record.
//! What was sent and not acknowledged is sent again after the restart, under the same key, and happens once.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "a test fails by panicking and says what it measured; its support is shared"
)]

mod support;

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use server::{clock::Clock, office::Office};
use store::{Store, Stream};
use testkit::Client;

use support::{PASSWORD, found, step};

const THREADS: u32 = 4;

/// The real program, serving.
struct Serving {
    child: Child,
    base: String,
}

impl Serving {
    fn start(data: &Path) -> Serving {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chachu"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().trim_start_matches("地址：").trim_end_matches('/').to_owned();
        Serving { child, base }
    }

    /// SIGKILL: no farewell.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

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

fn verify(data: &Path) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_chachu")).args(["verify", "--data"]).arg(data).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
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

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let rounds = if std::env::var_os("CHACHU_LONG").is_some() { 100 } else { 10 };
    let root = tempfile::tempdir().unwrap();
    let (data, keys) = (root.path().join("data"), root.path().join("data.keys"));
    found(&Office::open(Store::open(&data, &keys).unwrap(), Clock::default()).unwrap());
    let tally = Mutex::new(Tally::default());
    let (started, mut looked, mut resent) = (Instant::now(), 0, 0);
    for round in 0..rounds {
        let serving = Serving::start(&data);
        let client = Client::sign_in(&serving.base, "甲一", PASSWORD).unwrap();
        let pending = std::mem::take(&mut tally.lock().unwrap().pending);
        resent += pending.len();
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
        looked += look_for(&mut tally.lock().unwrap(), &data, &keys);
    }
    let replayed = tally.lock().unwrap().replayed;
    println!(
        "{rounds} kills in {:?}: {looked} acknowledged acts, all there; {resent} sent again, of which {replayed} had been recorded",
        started.elapsed()
    );
    assert!(looked > rounds as usize);
}
