//! Many nodes on one database, and a database that goes away in the middle of it.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use store::{Append, AppendError, Appended, Fault, Store, Stream, Writes, migrate};
use testkit::Cluster;

use crate::{
    place::{CLUSTER, Place},
    support::{act, append, event, key, write},
};

const SERIES: &str = "线索编号";

/// Begins a dossier whose only event says which number it drew.
fn numbered(name: &str) -> Append<Infallible> {
    let stream = Stream::dossier(name);
    Append {
        writes: vec![stream.clone()],
        series: vec![SERIES.to_owned()],
        key: key(name, 1),
        write: Box::new(move |numbers| {
            let number = numbers.next(SERIES).to_string();
            Ok(Writes {
                response: number.clone().into(),
                ..write(&stream, 0, vec![event(&number)])
            })
        }),
        ..act(Writes::default())
    }
}

/// Whether the numbers in the dossiers are 1, 2, 3 …, each once.
fn assert_gap_free(store: &Store) {
    let streams = store.streams("dossier/").unwrap();
    let number = |stream: &Stream| -> u64 {
        let events = store.load(stream).unwrap();
        assert_eq!(events.len(), 1, "{stream}");
        String::from_utf8(events[0].payload.clone().unwrap()).unwrap().parse().unwrap()
    };
    let mut numbers: Vec<_> = streams.iter().map(number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let series = store.series().unwrap();
    assert_eq!(series, [(SERIES.to_owned(), numbers.len() as u64)]);
}

fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < patience, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn d6_numbers_of_many_nodes_have_no_gap() {
    let place = Place::new();
    let nodes = [place.open(), place.open(), place.open()];
    thread::scope(|scope| {
        for (node, store) in nodes.iter().enumerate() {
            for client in 0..6 {
                scope.spawn(move || {
                    for turn in 0..20 {
                        store.append(numbered(&format!("{node}-{client}-{turn}"))).unwrap();
                    }
                });
            }
        }
    });
    assert_eq!(nodes[0].streams("dossier/").unwrap().len(), 360);
    assert_gap_free(&nodes[0]);
}

#[test]
fn d6_of_two_nodes_one_was_quicker() {
    let place = Place::new();
    let nodes = [place.open(), place.open()];
    let stream = Stream::dossier("1");
    for version in 0..50 {
        let results: Vec<_> = thread::scope(|scope| {
            let stream = &stream;
            let runs = nodes
                .each_ref()
                .map(|node| scope.spawn(move || append(node, stream, version, "一")));
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        let won = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(won, 1, "{results:?}");
        let conflict = results.iter().find_map(|result| result.as_ref().err());
        assert!(matches!(conflict, Some(AppendError::Conflict { .. })), "{conflict:?}");
    }
    assert_eq!(nodes[0].load(&stream).unwrap().len(), 50);
}

#[test]
fn d8_a_key_sent_to_two_nodes_has_one_effect() {
    let place = Place::new();
    let nodes = [place.open(), place.open()];
    for turn in 0..40 {
        let name = turn.to_string();
        let results: Vec<Appended> = thread::scope(|scope| {
            let name = &name;
            let runs = nodes
                .each_ref()
                .map(|node| scope.spawn(move || node.append(numbered(name)).unwrap()));
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert_eq!(results[0].response, results[1].response);
        assert_eq!(results.iter().filter(|done| done.replayed).count(), 1);
    }
    assert_gap_free(&nodes[0]);
}

/// What is read by an act must not move on another node either.
#[test]
fn d6_a_read_that_moved_on_another_node_stops_the_act() {
    let place = Place::new();
    let (one, other) = (place.open(), place.open());
    let (read, written) = (Stream::department("d"), Stream::dossier("1"));
    append(&one, &read, 0, "一").unwrap();
    append(&other, &read, 1, "二").unwrap();
    let reading = |version| Append {
        reads: vec![(read.clone(), version)],
        ..act(write(&written, 0, vec![event("一")]))
    };
    let stopped = one.append(reading(1)).unwrap_err();
    let conflict = AppendError::Conflict { stream: read.clone(), expected: 1, found: 2 };
    assert_eq!(stopped, conflict);
    one.append(reading(2)).unwrap();
}

#[test]
fn places_are_dense_and_the_tree_is_theirs_whoever_seals() {
    let place = Place::new();
    let nodes = [place.open(), place.open(), place.open()];
    thread::scope(|scope| {
        for (node, store) in nodes.iter().enumerate() {
            scope.spawn(move || {
                for version in 0..120 {
                    append(store, &Stream::dossier(&node.to_string()), version, "一").unwrap();
                }
            });
        }
    });
    // Each node may be the last to be sealed.
    let last = |node: usize| Stream::dossier(&node.to_string());
    let sealed = |store: &Store| {
        (0..nodes.len()).all(|node| store.place(&last(node), 120).unwrap().is_some())
    };
    wait("the last event was not sealed", || nodes.iter().all(sealed));
    let sql = "SELECT count(*), max(place) + 1, (SELECT count(*) FROM tree),
        (SELECT count(*) FROM unsealed) FROM leaf";
    let row = CLUSTER.0.admin(&place.database).query_one(sql, &[]).unwrap();
    let numbers: [i64; 4] = [row.get(0), row.get::<_, i64>(1), row.get(2), row.get(3)];
    assert_eq!(numbers, [360, 360, 1, 0]);
    let note = nodes[1].checkpoint().unwrap();
    let opened = nodes[2].open_checkpoint(note.as_bytes()).unwrap().unwrap();
    assert_eq!(opened.size, 360);
    assert_eq!(opened.root, nodes[0].tree().root(360).unwrap());
}

/// Acts from several threads against something that breaks connections; answers what became of each.
fn under_attack(
    nodes: &[Store],
    acts: usize,
    attack: impl FnOnce(),
) -> BTreeMap<String, Result<Appended, AppendError<Infallible>>> {
    let over = &AtomicBool::new(false);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|client| {
                let node = &nodes[client % nodes.len()];
                scope.spawn(move || {
                    let mut outcomes = BTreeMap::new();
                    for turn in 0.. {
                        if turn >= acts && over.load(Ordering::Relaxed) {
                            break;
                        }
                        let name = format!("{client}-{turn}");
                        let outcome = node.append(numbered(&name));
                        if outcome.is_err() {
                            thread::sleep(Duration::from_millis(5));
                        }
                        outcomes.insert(name, outcome);
                    }
                    outcomes
                })
            })
            .collect();
        attack();
        over.store(true, Ordering::Relaxed);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

/// Each act is there or not, as its answer says; sent again, each has one effect.
fn assert_answers_were_true(
    store: &Store,
    outcomes: &BTreeMap<String, Result<Appended, AppendError<Infallible>>>,
) -> [usize; 3] {
    let mut counts = [0; 3];
    for (name, outcome) in outcomes {
        let there = store.version(&Stream::dossier(name)).unwrap() == 1;
        match outcome {
            Ok(_) => {
                assert!(there, "{name} was acknowledged and is lost");
                counts[0] += 1;
            }
            Err(AppendError::Fault(Fault::Unavailable(_))) => {
                assert!(!there, "{name} was said not to be done and is there");
                counts[1] += 1;
            }
            Err(AppendError::Fault(Fault::Unresolved)) => counts[2] += 1,
            Err(other) => panic!("{name}: {other:?}"),
        }
    }
    assert_gap_free(store);
    for (name, outcome) in outcomes {
        let there = store.version(&Stream::dossier(name)).unwrap() == 1;
        let again = store.append(numbered(name)).unwrap();
        assert_eq!(again.replayed, there, "{name}");
        if let Ok(first) = outcome {
            assert_eq!(again.response, first.response, "{name}");
        }
    }
    assert_gap_free(store);
    counts
}

/// Connections are cut at random moments, in the middle of commits too.
#[test]
fn d8_a_connection_that_is_lost_never_makes_an_answer_untrue() {
    let place = Place::new();
    let nodes = [place.open(), place.open()];
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5";
    let cuts = if std::env::var_os("CHACHU_LONG").is_some() { 1_000 } else { 60 };
    let outcomes = under_attack(&nodes, 20, || {
        let mut admin = CLUSTER.0.admin(&place.database);
        for _ in 0..cuts {
            thread::sleep(Duration::from_micros(fastrand::u64(0..30_000)));
            admin.query_one(cut, &[]).unwrap();
        }
    });
    let [done, not_done, unresolved] = assert_answers_were_true(&nodes[0], &outcomes);
    println!("{cuts} cuts: {done} done, {not_done} not done, {unresolved} not known");
    assert!(done > 0 && not_done > 0, "nothing was cut: {done}, {not_done}");
    assert_eq!(unresolved, 0);
}

/// D1: PostgreSQL itself is killed and started again.
#[test]
fn d1_what_was_acknowledged_survives_the_database() {
    let mut cluster = Cluster::durable();
    let database = cluster.empty();
    migrate(&cluster.as_owner(&database)).unwrap();
    let root = tempfile::tempdir().unwrap();
    let (vault, keys) = (root.path().join("vault"), root.path().join("keys"));
    let url = cluster.as_server(&database);
    let nodes = [(); 2].map(|()| Store::connect(&url, &vault, &keys).unwrap());
    let kills = if std::env::var_os("CHACHU_LONG").is_some() { 20 } else { 2 };
    let outcomes = under_attack(&nodes, 20, || {
        for _ in 0..kills {
            thread::sleep(Duration::from_millis(fastrand::u64(200..600)));
            cluster.kill();
            cluster.go_on();
        }
        thread::sleep(Duration::from_millis(300));
    });
    let [done, not_done, unresolved] = assert_answers_were_true(&nodes[0], &outcomes);
    println!("{kills} kills: {done} done, {not_done} not done, {unresolved} not known");
    assert!(done > 0 && not_done > 0, "nothing was interrupted: {done}, {not_done}");
    drop(nodes);
}
