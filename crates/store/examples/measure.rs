//! Measures durable appends, audit entries and list pages, with raw SQLite commits beside them.
//!
//! `cargo run --release -p store --example measure [DIRECTORY]`

use std::{
    convert::Infallible,
    env, thread,
    time::{Duration, Instant},
};

use store::{
    Append, DossierRow, DossierRows, Key, LimitRow, ListQuery, NewEvent, Order, Sort, Store,
    Stream, Write, Writes,
};

const DOSSIERS: u64 = 10_000;
const MEASURED: Duration = Duration::from_secs(5);

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome {
    let root = match env::args_os().nth(1) {
        Some(directory) => tempfile::tempdir_in(directory)?,
        None => tempfile::tempdir()?,
    };
    let store = Store::open(&root.path().join("data"), &root.path().join("keys"))?;
    let begun = Instant::now();
    load(&store)?;
    report("loading, acts/s", DOSSIERS as f64 / begun.elapsed().as_secs_f64());

    for threads in [1, 16] {
        report(
            &format!("durable acts/s, {threads} threads"),
            measure(threads, |thread, round| {
                let id = thread * 600 + round % 600;
                let stream = Stream::dossier(&id.to_string());
                store.append(act(id, store.version(&stream)?, round))?;
                Ok(())
            })?,
        );
    }
    for threads in [1, 16] {
        report(
            &format!("acts with loading/s, {threads} threads"),
            measure(threads, |thread, round| {
                let id = thread * 600 + round % 600;
                let version = store.load(&Stream::dossier(&id.to_string()))?.len() as u64;
                store.append(act(id, version, round))?;
                Ok(())
            })?,
        );
    }
    for threads in [1, 16] {
        report(
            &format!("audit entries/s, {threads} threads"),
            measure(threads, |_, _| {
                store.audit(&Stream::audit("node1", "2026-03-02"), 0, event(1))?;
                Ok(())
            })?,
        );
    }
    for (name, principals) in [
        ("handler's", vec!["staff:7".to_owned()]),
        ("handler's and head's", vec!["staff:7".to_owned(), "head:3".to_owned()]),
        ("superior's", vec!["outline:nation".to_owned()]),
    ] {
        for threads in [1, 16] {
            let pages = measure(threads, |thread, round| {
                let sort = if round % 2 == 0 { Sort::Due } else { Sort::Changed };
                let order = if thread % 2 == 0 { Order::Ascending } else { Order::Descending };
                let query = ListQuery {
                    principals: principals.clone(),
                    sort,
                    order,
                    size: 20,
                    ..ListQuery::default()
                };
                let page = store.list(&query)?;
                if page.rows.len() == 20 { Ok(()) } else { Err("not a full page".into()) }
            })?;
            report(&format!("{name} list pages/s, {threads} threads"), pages);
        }
    }
    let begun = Instant::now();
    let found = store.verify(None, &|_, _| ())?;
    report("verified events/s", found.events as f64 / begun.elapsed().as_secs_f64());
    raw_commits(root.path())
}

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn report(what: &str, per_second: f64) {
    println!("{what:40} {per_second:>10.0}");
}

fn event(round: u64) -> NewEvent {
    NewEvent {
        kind: "evidence.registered".to_owned(),
        who: "staff/7".to_owned(),
        entered: "2026-03-02T09:00".to_owned(),
        payload: format!(r#"{{"round":{round},"text":"{}"}}"#, "证".repeat(100)).into(),
        blobs: Vec::new(),
    }
}

fn act(id: u64, version: u64, round: u64) -> Append<Infallible> {
    let stream = Stream::dossier(&id.to_string());
    let date = |day: u64| format!("2026-{:02}-{:02}", 1 + day / 28 % 12, 1 + day % 28);
    let dossier = DossierRow {
        id: id.to_string(),
        department: (id % 50).to_string(),
        number: format!("2026-{id:06}"),
        title: format!("样例事项{id}"),
        unit: "样例银行".to_owned(),
        stage: "调查".to_owned(),
        received: date(id),
        changed: (version * 1_000 + id) as i64,
        due_nominal: Some(date(id * 7)),
        due_latest: Some(date(id * 7)),
        due_kind: Some("调查".to_owned()),
        ..DossierRow::default()
    };
    let limits = vec![LimitRow {
        kind: "调查".to_owned(),
        nominal: date(id * 7),
        latest: date(id * 7),
        open: true,
    }];
    let access = vec![
        format!("staff:{}", id % 100),
        format!("staff:{}", (id + 1) % 100),
        format!("head:{}", id % 50),
        "outline:nation".to_owned(),
    ];
    let key = Key { key: format!("{stream}-{version}"), request: [1; 32] };
    Append {
        reads: vec![(stream.clone(), version)],
        writes: vec![stream.clone()],
        series: Vec::new(),
        key: Some(key),
        recorded: round as i64,
        write: Box::new(move |_| {
            let setting = "law 2026-02-01 holidays 2026 readings 1".to_owned();
            let write = Write { stream, version, events: vec![event(round)], setting };
            let rows = vec![DossierRows { dossier, limits, access, ..DossierRows::default() }];
            Ok(Writes { streams: vec![write], rows, ..Writes::default() })
        }),
    }
}

/// Sixteen threads, so that the writer has something to gather.
fn load(store: &Store) -> Outcome {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|thread| {
                scope.spawn(move || -> Outcome {
                    for id in (thread..DOSSIERS).step_by(16) {
                        store.append(act(id, 0, 0))?;
                    }
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(joined)
    })
}

fn joined<T>(
    thread: thread::ScopedJoinHandle<'_, Result<T, Box<dyn std::error::Error + Send + Sync>>>,
) -> Result<T, Box<dyn std::error::Error + Send + Sync>> {
    thread.join().unwrap_or_else(|_| Err("a thread panicked".into()))
}

/// How often a second `work` is done by so many threads.
fn measure(
    threads: u64,
    work: impl Fn(u64, u64) -> Outcome + Sync,
) -> Result<f64, Box<dyn std::error::Error + Send + Sync>> {
    let begun = Instant::now();
    let work = &work;
    let done = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || {
                    let mut round = 0;
                    while begun.elapsed() < MEASURED {
                        work(thread, round)?;
                        round += 1;
                    }
                    Ok(round)
                })
            })
            .collect();
        threads.into_iter().map(joined).sum::<Result<u64, _>>()
    })?;
    Ok(done as f64 / begun.elapsed().as_secs_f64())
}

/// Commits of the same rows by the bare engine: event, leaf and head, one act a commit.
fn raw_commits(directory: &std::path::Path) -> Outcome {
    for batch in [1, 16] {
        let connection = rusqlite::Connection::open(directory.join(format!("raw{batch}.db")))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute_batch(include_str!("../src/sqlite/schema.sql"))?;
        let payload = event(1).payload;
        let header = vec![7_u8; 300];
        let begun = Instant::now();
        let mut version = 0_i64;
        while begun.elapsed() < MEASURED {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            for _ in 0..batch {
                version += 1;
                connection
                    .prepare_cached(
                        "INSERT INTO event VALUES (1, ?1, 'k', 'w', 'e', 0, ?2, ?3, ?4)",
                    )?
                    .execute((version, &header, [1_u8; 32], &payload))?;
                connection
                    .prepare_cached("INSERT INTO leaf VALUES (?1, 1, ?1, ?2)")?
                    .execute((version, [1_u8; 32]))?;
                connection
                    .prepare_cached("INSERT OR REPLACE INTO stream VALUES (1, 's', ?1, ?2)")?
                    .execute((version, [1_u8; 32]))?;
            }
            connection.execute_batch("COMMIT")?;
        }
        let per_second = version as f64 / begun.elapsed().as_secs_f64();
        report(&format!("raw acts/s, {batch} a commit"), per_second);
    }
    Ok(())
}
