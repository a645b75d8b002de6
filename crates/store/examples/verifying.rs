//! Measures how fast chains and tree are verified, with SM3 of as many bytes from memory beside it.
//!
//! `cargo run --release -p store --example verifying [EVENTS [DIRECTORY]]`

use std::{convert::Infallible, env, hint::black_box, thread, time::Instant};

use sm3::{Digest, Sm3};
use store::{Append, NewEvent, Store, Stream, Write, Writes};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Events of a dossier, and dossiers that are filled side by side.
const EVENTS: u64 = 20;
const BESIDE: u64 = 500;

fn main() -> Outcome {
    let mut arguments = env::args().skip(1);
    let events = arguments.next().map_or(Ok(200_000), |events| events.parse())?;
    let root = match arguments.next() {
        Some(directory) => tempfile::tempdir_in(directory)?,
        None => tempfile::tempdir()?,
    };
    let store = Store::open(&root.path().join("data"), &root.path().join("keys"))?;
    fill(&store, events)?;
    for _ in 0..3 {
        let begun = Instant::now();
        let found = store.verify_log(&|_, _| ())?;
        let verified = begun.elapsed().as_secs_f64();
        if !found.is_clean() {
            return Err(format!("{:?}", found.bad).into());
        }
        // A header and a content for each event; a leaf and, but for the first, a node above it.
        let messages = 2 * (found.events + found.leaves) - 1;
        let hashed = hash(messages, found.hashed / messages);
        let streamed = hash(1, found.hashed);
        let mib = |seconds: f64| found.hashed as f64 / 1_048_576.0 / seconds;
        report("verified events/s", found.events as f64 / verified);
        report("verified MiB/s", mib(verified));
        report("SM3 from memory on all cores MiB/s", mib(hashed));
        report("the same as one message", mib(streamed));
        report("verifying to hashing, %", 100.0 * hashed / verified);
        report("verifying to hashing one message, %", 100.0 * streamed / verified);
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn report(what: &str, figure: f64) {
    println!("{what:40} {figure:>10.0}");
}

/// Seconds for SM3 of so many messages of a length, all divided between all cores.
fn hash(messages: u64, length: u64) -> f64 {
    let cores = thread::available_parallelism().map_or(1, usize::from) as u64;
    let each = messages.div_ceil(cores);
    let message = vec![7_u8; (length * messages / cores / each) as usize];
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                for _ in 0..each {
                    black_box(Sm3::digest(black_box(&message)));
                }
            });
        }
    });
    begun.elapsed().as_secs_f64()
}

fn fill(store: &Store, events: u64) -> Outcome {
    for nth in 0..events / EVENTS / BESIDE {
        for version in 0..EVENTS {
            let streams = (0..BESIDE).map(|id| Stream::dossier(&(nth * BESIDE + id).to_string()));
            let streams: Vec<Stream> = streams.collect();
            let writes = Writes {
                streams: streams.iter().map(|stream| write(stream, version)).collect(),
                ..Writes::default()
            };
            store.append(Append::<Infallible> {
                reads: Vec::new(),
                writes: streams,
                series: Vec::new(),
                key: None,
                recorded: 1_772_413_200_000,
                write: Box::new(move |_| Ok(writes)),
            })?;
        }
    }
    Ok(())
}

fn write(stream: &Stream, version: u64) -> Write {
    let event = NewEvent {
        kind: "evidence.registered".to_owned(),
        who: "staff/7".to_owned(),
        entered: "2026-03-02T09:00".to_owned(),
        payload: format!(r#"{{"round":{version},"text":"{}"}}"#, "证".repeat(200)).into(),
        blobs: Vec::new(),
    };
    let setting = "law 2026-02-01 holidays 2026 readings 1".to_owned();
    Write { stream: stream.clone(), version, events: vec![event], setting }
}
