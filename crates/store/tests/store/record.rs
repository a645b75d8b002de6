//! Streams, versions, keys, numbers, and the bytes they become.

use std::{
    convert::Infallible,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use store::{Append, AppendError, Fault, Header, Key, Stream, Writes};

use crate::support::{Place, act, append, event, fresh, key, verify, write};

#[test]
fn what_was_appended_is_loaded_after_reopening() {
    let place = Place::new();
    let stream = Stream::dossier("1");
    let store = place.open();
    append(&store, &stream, 0, "一").unwrap();
    store.append(act(write(&stream, 1, vec![event("二"), event("三")]))).unwrap();
    drop(store);

    let store = place.open();
    let events = store.load(&stream).unwrap();
    let payloads: Vec<_> = events.iter().map(|event| event.payload.clone().unwrap()).collect();
    assert_eq!(payloads, ["一", "二", "三"].map(|text| text.as_bytes().to_vec()));
    assert_eq!(events[0].header.predecessor, [0; 32]);
    assert_eq!(events[2].header.predecessor, events[1].hash);
    assert_eq!(events[2].header.version, 3);
    assert_eq!(store.version(&stream).unwrap(), 3);
    assert_eq!(store.load_after(&stream, 1).unwrap(), events[1..]);
    assert_eq!(store.load_after(&stream, 3).unwrap(), []);
    assert_eq!(store.load(&Stream::dossier("2")).unwrap(), []);
    let report = verify(&store);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.streams, report.events, report.leaves), (1, 3, 3));
}

#[test]
fn header_bytes_are_golden() {
    let header = Header {
        stream: Stream::dossier("A1"),
        version: 2,
        kind: "accepted".to_owned(),
        who: "甲一".to_owned(),
        entered: "2026-03-02T09:30".to_owned(),
        recorded: 1_772_415_000_000,
        setting: "law 1".to_owned(),
        key: Some(Key { key: "k1".to_owned(), request: [0x11; 32] }),
        content: [0x22; 32],
        predecessor: [0x33; 32],
    };
    let golden = [
        "6368616368752d6576656e742d310a",           // "chachu-event-1\n"
        "0000000a646f73736965722f4131",             // stream
        "0000000000000002",                         // version
        "000000086163636570746564",                 // kind
        "00000006e794b2e4b880",                     // who
        "00000010323032362d30332d30325430393a3330", // entered
        "0000019cac2a9dc0",                         // recorded
        "000000056c61772031",                       // setting
        "01000000026b31",                           // key
        &"11".repeat(32),                           // request
        &"22".repeat(32),                           // content
        &"33".repeat(32),                           // predecessor
    ]
    .concat();
    assert_eq!(hex::encode(header.to_bytes()), golden);
    assert_eq!(Header::from_bytes(&header.to_bytes()), Some(header.clone()));

    let without_key = Header { key: None, ..header };
    let golden = golden.replace(&format!("01000000026b31{}", "11".repeat(32)), "00");
    assert_eq!(hex::encode(without_key.to_bytes()), golden);
    assert_eq!(Header::from_bytes(&without_key.to_bytes()), Some(without_key.clone()));
    let longer = [without_key.to_bytes(), vec![0]].concat();
    assert_eq!(Header::from_bytes(&longer), None);
    assert_eq!(Header::from_bytes(&longer[..longer.len() - 2]), None);
}

#[test]
fn of_two_writers_one_was_quicker() {
    let place = Place::new();
    // Two stores stand for two processes: nothing is remembered outside the database.
    let (first, second) = (place.open(), place.open());
    let stream = Stream::dossier("1");
    append(&first, &stream, 0, "一").unwrap();
    append(&second, &stream, 1, "二").unwrap();
    let error = append(&first, &stream, 1, "二").unwrap_err();
    assert_eq!(error, AppendError::Conflict { stream: stream.clone(), expected: 1, found: 2 });
    assert_eq!(first.load(&stream).unwrap().len(), 2);
}

#[test]
fn a_read_that_moved_on_stops_the_act_before_it_decides() {
    let store = fresh();
    let (nation, dossier) = (Stream::nation(), Stream::dossier("1"));
    append(&store, &nation, 0, "节假日").unwrap();
    let reading = |version| Append {
        reads: vec![(nation.clone(), version)],
        ..act(write(&dossier, 0, vec![event("一")]))
    };
    let error = store.append(reading(0)).unwrap_err();
    assert_eq!(error, AppendError::Conflict { stream: nation.clone(), expected: 0, found: 1 });
    assert_eq!(store.version(&dossier).unwrap(), 0);
    store.append(reading(1)).unwrap();
    assert_eq!(store.version(&dossier).unwrap(), 1);
}

#[test]
fn a_conflict_in_one_stream_leaves_the_other_unwritten() {
    let store = fresh();
    let (left, right) = (Stream::dossier("1"), Stream::dossier("2"));
    let mut writes = write(&left, 0, vec![event("一")]);
    writes.streams.extend(write(&right, 7, vec![event("一")]).streams);
    let error = store.append(act(writes)).unwrap_err();
    assert_eq!(error, AppendError::Conflict { stream: right, expected: 7, found: 0 });
    assert_eq!(store.version(&left).unwrap(), 0);
    assert_eq!(verify(&store).events, 0);
}

#[test]
fn a_repeated_key_gets_the_first_outcome() {
    let store = fresh();
    let stream = Stream::dossier("1");
    let keyed = |request, response: &str| Append {
        key: key("k", request),
        ..act(Writes { response: response.into(), ..write(&stream, 0, vec![event("一")]) })
    };
    let first = store.append(keyed(1, "第一次")).unwrap();
    assert!(!first.replayed);
    let again = store.append(keyed(1, "第二次")).unwrap();
    assert!(again.replayed);
    assert_eq!(again.versions, [(stream.clone(), 1)]);
    assert_eq!(again.response, "第一次".as_bytes());
    assert_eq!(store.append(keyed(2, "第三次")).unwrap_err(), AppendError::KeyReused);
    let events = store.load(&stream).unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].header.key, key("k", 1));
}

#[test]
fn a_failed_act_leaves_its_key_free() {
    let store = fresh();
    let stream = Stream::dossier("1");
    let keyed =
        |version| Append { key: key("k", 1), ..act(write(&stream, version, vec![event("一")])) };
    store.append(keyed(5)).unwrap_err();
    assert!(!store.append(keyed(0)).unwrap().replayed);
}

#[test]
fn a_refusal_gives_its_numbers_back_and_comes_back_whole() {
    let store = fresh();
    let refused = Append {
        reads: Vec::new(),
        writes: Vec::new(),
        series: vec!["线索编号".to_owned()],
        key: None,
        recorded: 0,
        write: Box::new(|numbers| Err(numbers.next("线索编号"))),
    };
    assert_eq!(store.append(refused).unwrap_err(), AppendError::Refused(1));
    assert_eq!(store.series().unwrap(), []);
}

#[test]
fn a_number_that_cannot_be_drawn_ends_the_act() {
    let place = Place::new();
    let store = place.open();
    let drawing = || Append {
        writes: vec![Stream::dossier("1")],
        series: vec!["线索编号".to_owned()],
        write: Box::new(|numbers| {
            let payload = numbers.next("线索编号").to_string();
            Ok::<_, Infallible>(write(&Stream::dossier("1"), 0, vec![event(&payload)]))
        }),
        ..act(Writes::default())
    };
    let last = "INSERT INTO series (name, last) VALUES ('线索编号', 9223372036854775807)";
    place.past(last);
    let error = store.append(drawing()).unwrap_err();
    assert!(matches!(error, AppendError::Fault(Fault::Database(_))), "{error:?}");
    assert_eq!(store.version(&Stream::dossier("1")).unwrap(), 0);
}

#[test]
fn equal_payloads_have_different_hashes() {
    let store = fresh();
    let stream = Stream::dossier("1");
    append(&store, &stream, 0, "是").unwrap();
    append(&store, &stream, 1, "是").unwrap();
    let events = store.load(&stream).unwrap();
    assert_ne!(events[0].header.content, events[1].header.content);
}

#[test]
fn a_panicking_act_is_undone_and_the_next_one_goes_on() {
    let store = fresh();
    let stream = Stream::dossier("1");
    let panicking: Append<()> = Append {
        reads: Vec::new(),
        writes: Vec::new(),
        series: vec!["线索编号".to_owned()],
        key: None,
        recorded: 0,
        write: Box::new(|numbers| {
            numbers.next("线索编号");
            panic!("on purpose")
        }),
    };
    assert_eq!(store.append(panicking).unwrap_err(), AppendError::Fault(Fault::Panicked));
    append(&store, &stream, 0, "一").unwrap();
    assert_eq!(store.series().unwrap(), []);
}

#[test]
fn a_stream_is_written_once_in_an_act() {
    let store = fresh();
    let stream = Stream::dossier("1");
    let mut writes = write(&stream, 0, vec![event("一")]);
    writes.streams.extend(write(&stream, 0, vec![event("二")]).streams);
    let error = store.append(act(writes)).unwrap_err();
    assert!(matches!(error, AppendError::Fault(Fault::Misuse(_))), "{error:?}");
    assert_eq!(store.version(&stream).unwrap(), 0);
}

/// Sixteen threads draw numbers; every third act fails after drawing.
#[test]
fn numbers_have_no_gaps_whatever_fails() {
    const THREADS: u64 = 16;
    const ACTS: u64 = 30;
    let place = Place::new();
    let store = place.open();
    let start = Arc::new(Barrier::new(THREADS as usize));
    let kept = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (store, start, kept) = (store.clone(), start.clone(), kept.clone());
            thread::spawn(move || {
                start.wait();
                for number in 0..ACTS {
                    let stream = Stream::dossier(&format!("{thread}-{number}"));
                    // A wrong version fails after the number was drawn; a refusal does too.
                    let (version, refuse) = match (thread + number) % 3 {
                        0 => (1, false),
                        1 => (0, number % 2 == 0),
                        _ => (0, false),
                    };
                    let outcome = store.append(Append {
                        reads: Vec::new(),
                        writes: vec![stream.clone()],
                        series: vec!["线索编号".to_owned()],
                        key: None,
                        recorded: 0,
                        write: Box::new(move |numbers| {
                            let payload = numbers.next("线索编号").to_string();
                            if refuse {
                                Err(())
                            } else {
                                Ok(write(&stream, version, vec![event(&payload)]))
                            }
                        }),
                    });
                    assert_eq!(outcome.is_ok(), version == 0 && !refuse, "{outcome:?}");
                    kept.fetch_add(outcome.is_ok().into(), Ordering::Relaxed);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());

    let mut numbers: Vec<u64> = store
        .streams("dossier/")
        .unwrap()
        .iter()
        .flat_map(|stream| store.load(stream).unwrap())
        .map(|event| String::from_utf8(event.payload.unwrap()).unwrap().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=kept.load(Ordering::Relaxed)).collect::<Vec<_>>());
    assert_eq!(numbers.len(), 240);
    assert!(verify(&store).is_clean());
}

#[test]
fn audit_entries_queue_up_by_themselves() {
    let store = fresh();
    let stream = Stream::audit("node1", "2026-03-02");
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (store, stream) = (store.clone(), stream.clone());
            thread::spawn(move || store.audit(&stream, 5, event("看")).unwrap())
        })
        .collect();
    let mut versions: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=8).collect::<Vec<_>>());
    assert_eq!(store.load(&stream).unwrap().len(), 8);
    assert_eq!(verify(&store).events, 8);
}

#[test]
fn a_store_is_read_while_it_is_written() {
    let store = fresh();
    thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            let stream = Stream::dossier(&thread.to_string());
            scope.spawn(move || {
                for version in 0..50 {
                    append(store, &stream, version, "一").unwrap();
                    assert_eq!(store.load(&stream).unwrap().len() as u64, version + 1);
                }
            });
        }
    });
    assert_eq!(verify(&store).events, 200);
}

#[test]
fn streams_are_found_by_their_beginning() {
    let store = fresh();
    for name in ["dossier/2", "dossier/𬭎", "dossier", "dossierx", "person/1", "dossier/1"] {
        append(&store, &Stream::named(name), 0, "一").unwrap();
    }
    let names = ["dossier/1", "dossier/2", "dossier/𬭎"].map(Stream::named);
    assert_eq!(store.streams("dossier/").unwrap(), names);
}

#[test]
fn a_payload_destroyed_by_law_leaves_the_chain_valid() {
    let place = Place::new();
    let store = place.open();
    let stream = Stream::dossier("1");
    for version in 0..3 {
        append(&store, &stream, version, "内容").unwrap();
    }
    let destroy = "UPDATE event SET salt = NULL, payload = NULL WHERE version = 2";
    place.past(destroy);
    let events = store.load(&stream).unwrap();
    assert_eq!(events[1].payload, None);
    assert_eq!(events[2].header.predecessor, events[1].hash);
    let report = verify(&store);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.destroyed, [(stream, 2)]);
}
