//! Killed at any moment, the store has lost nothing that it acknowledged.
//!
//! The program starts itself as a child that writes from eight threads and prints a line for every
//! act that was acknowledged. The parent kills it at a random moment, opens the store and looks
//! for every line. It does so 20 times in the same store, 500 times with `CHACHU_LONG=1`, or as
//! often as `STORE_KILLS` says.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that is its own harness")]

use std::{
    collections::BTreeMap,
    convert::Infallible,
    env,
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use store::{Append, Blob, Key, NewEvent, SealedPart, Secret, Store, Stream, Write, Writes};

const THREADS: u64 = 8;
const DIRECTORY: &str = "STORE_KILL_DIRECTORY";

fn main() {
    match env::var_os(DIRECTORY) {
        Some(directory) => write_for_ever(Path::new(&directory)),
        None => kill_again_and_again(),
    }
}

fn open(directory: &Path) -> Store {
    Store::open(&directory.join("data"), &directory.join("keys")).unwrap()
}

/// Each thread has a dossier of its own, and all draw from one series and write one audit stream.
fn write_for_ever(directory: &Path) {
    let store = open(directory);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                let stream = Stream::dossier(&thread.to_string());
                let mut version = store.version(&stream).unwrap();
                loop {
                    let blob = version.is_multiple_of(10).then(|| upload(store, thread, version));
                    store.append(act(&stream, version, blob)).unwrap();
                    version += 1;
                    acknowledge(&stream, version);
                    if version.is_multiple_of(5) {
                        let audit = Stream::audit("node1", "2026-03-02");
                        let seen = store.audit(&audit, 0, event(format!("看{version}").into()));
                        acknowledge(&audit, seen.unwrap());
                    }
                }
            });
        }
    });
}

/// Small objects go to the database, every second one to a file.
fn upload(store: &Store, thread: u64, version: u64) -> Blob {
    let size = if version.is_multiple_of(20) { 100 } else { 20_000 };
    let bytes = format!("{thread}-{version};").repeat(size);
    store.vault().put(bytes.as_bytes(), 10_000_000).unwrap()
}

fn event(payload: Vec<u8>) -> NewEvent {
    NewEvent { kind: "noted".to_owned(), payload, ..NewEvent::default() }
}

fn act(stream: &Stream, version: u64, blob: Option<Blob>) -> Append<Infallible> {
    let stream = stream.clone();
    let name = format!("{stream}-{version}");
    Append {
        reads: vec![(stream.clone(), version)],
        writes: vec![stream.clone()],
        series: vec!["线索编号".to_owned()],
        key: Some(Key { key: name.clone(), request: [1; 32] }),
        recorded: 0,
        write: Box::new(move |numbers| {
            let mut event = event(numbers.next("线索编号").to_string().into());
            event.blobs.extend(blob);
            let sealed = SealedPart {
                id: name,
                dossier: stream.to_string(),
                plaintext: Secret::new(b"identity".to_vec()),
            };
            let write = Write { stream, version, events: vec![event], setting: String::new() };
            Ok(Writes { streams: vec![write], sealed: vec![sealed], ..Writes::default() })
        }),
    }
}

/// One write call for a line, so that a killed child leaves no half of one before others.
fn acknowledge(stream: &Stream, version: u64) {
    let line = format!("{stream} {version}\n");
    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
}

fn kill_again_and_again() {
    let usual = if env::var_os("CHACHU_LONG").is_some() { 500 } else { 20 };
    let kills = env::var("STORE_KILLS").map_or(usual, |kills| kills.parse().unwrap());
    let root = tempfile::tempdir().unwrap();
    let mut acknowledged: BTreeMap<Stream, u64> = BTreeMap::new();
    for _ in 0..kills {
        for (stream, version) in killed_child(root.path()) {
            let highest = acknowledged.entry(stream).or_default();
            *highest = version.max(*highest);
        }
        let store = open(root.path());
        check(&store, &acknowledged);
        repeat(&store, &acknowledged);
    }
    let acts: u64 = acknowledged.values().sum();
    assert!(acts > 10 * kills, "only {acts} acts in {kills} runs");
    println!("{kills} kills, {acts} acknowledged, none lost");
}

/// Lets a child write for a while; answers what it acknowledged before it was killed.
fn killed_child(directory: &Path) -> Vec<(Stream, u64)> {
    let mut child = Command::new(env::current_exe().unwrap())
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    let reader = thread::spawn(move || lines.split(b'\n').map(Result::unwrap).collect::<Vec<_>>());
    let mut random = [0; 1];
    getrandom::fill(&mut random).unwrap();
    thread::sleep(Duration::from_millis(30 + u64::from(random[0])));
    child.kill().unwrap();
    child.wait().unwrap();
    let parse = |line: Vec<u8>| {
        let line = String::from_utf8(line).unwrap();
        let (stream, version) = line.split_once(' ').unwrap();
        (Stream::named(stream), version.parse().unwrap())
    };
    reader.join().unwrap().into_iter().map(parse).collect()
}

/// Whoever did not hear the answer asks again, and gets the first one.
fn repeat(store: &Store, acknowledged: &BTreeMap<Stream, u64>) {
    let dossiers = acknowledged.iter().filter(|(stream, _)| stream.as_str().starts_with("dossier"));
    for (stream, version) in dossiers {
        let appended = store.append(act(stream, version - 1, None)).unwrap();
        assert!(appended.replayed, "{stream} {version}");
        assert_eq!(appended.versions, [(stream.clone(), *version)]);
    }
}

fn check(store: &Store, acknowledged: &BTreeMap<Stream, u64>) {
    for (stream, version) in acknowledged {
        let found = store.version(stream).unwrap();
        assert!(found >= *version, "{stream} has {found}, {version} was acknowledged");
    }
    let report = store.verify(None, &|_, _| ()).unwrap();
    assert!(report.is_clean(), "{report:?}");
    let mut numbers: Vec<u64> = store
        .streams("dossier/")
        .unwrap()
        .iter()
        .flat_map(|stream| store.load(stream).unwrap())
        .map(|event| String::from_utf8(event.payload.unwrap()).unwrap().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(report.sealed, numbers.len() as u64);
    let gapless: Vec<u64> = (1..=numbers.len() as u64).collect();
    assert_eq!(numbers, gapless);
}
