//! What is changed past the program is named, whichever thread sees it; what waits for its place
//! is no error.

use std::{
    thread,
    time::{Duration, Instant},
};

use store::{NewEvent, SealedPart, Secret, Store, Stream};

use crate::{
    place::Place,
    support::{act, append, event, verify, write},
};

/// More events than one thread takes at once, most of them in one stream.
fn filled(place: &Place) -> Store {
    let store = place.open();
    for (id, count) in [("1", 10), ("2", 6_000), ("3", 2_000)] {
        let mut events: Vec<_> = (0..count).map(|n| event(&format!("线索{n}"))).collect();
        events[4].blobs = vec![store.vault().put(id.as_bytes(), 100).unwrap()];
        let mut writes = write(&Stream::dossier(id), 0, events);
        let plaintext = Secret::new(b"identity".to_vec());
        writes.sealed.push(SealedPart { id: format!("s{id}"), dossier: id.to_owned(), plaintext });
        store.append(act(writes)).unwrap();
    }
    let named = NewEvent {
        blobs: vec![store.vault().put(vec![7; 70_000].as_slice(), 1 << 20).unwrap()],
        ..event("附件")
    };
    store.append(act(write(&Stream::dossier("4"), 0, vec![named]))).unwrap();
    sealed(&store, 8_011);
    store.checkpoint().unwrap();
    store
}

/// Waits until so many events have their places.
fn sealed(store: &Store, events: u64) {
    let patience = Instant::now() + Duration::from_secs(30);
    while verify(store).leaves < events {
        assert!(Instant::now() < patience, "the events have no places");
        thread::sleep(Duration::from_millis(50));
    }
}

/// An edit past all triggers.
fn past(place: &Place, sql: &str) {
    place.past(&format!("SET session_replication_role = replica; {sql}"));
}

fn of(id: &str, version: u64) -> Option<(Option<Stream>, Option<u64>)> {
    Some((Some(Stream::dossier(id)), Some(version)))
}

#[test]
fn t1_a_flip_anywhere_on_postgres_is_named() {
    let place = Place::new();
    let store = filled(&place);
    let whole = verify(&store);
    assert!(whole.is_clean(), "{whole:?}");
    assert_eq!((whole.streams, whole.events, whole.leaves), (4, 8_011, 8_011));
    assert_eq!((whole.blobs, whole.sealed, whole.unsealed), (4, 3, 0));
    let flip = |table: &str, column: &str, row: &str| {
        let flipped = format!("set_byte({column}, 9, get_byte({column}, 9) # 4)");
        format!("UPDATE {table} SET {column} = {flipped} WHERE {row}")
    };
    let none = Some((None, None));
    let id = |nr: &str| format!("stream = (SELECT id FROM stream WHERE name = 'dossier/{nr}')");
    for (table, column, row, named) in [
        ("event", "header", format!("{} AND version = 5999", id("2")), of("2", 5_999)),
        ("event", "payload", format!("{} AND version = 4100", id("2")), of("2", 4_100)),
        ("event", "salt", format!("{} AND version = 2000", id("3")), of("3", 2_000)),
        ("leaf", "hash", format!("{} AND version = 1999", id("3")), of("3", 1_999)),
        ("stream", "head", "name = 'dossier/2'".to_owned(), of("2", 6_000)),
        ("blob", "sha256", format!("{} AND version = 5", id("2")), of("2", 5)),
        ("blob_bytes", "sm3", "bytes = '1'".to_owned(), of("1", 5)),
        ("tree", "sha256", "level = 1 AND place = 30".to_owned(), none.clone()),
        ("tree", "sm3", "level = 1 AND place = 0".to_owned(), none),
        ("sealed", "bytes", "id = 's3'".to_owned(), Some((Some(Stream::dossier("3")), None))),
    ] {
        let sql = flip(table, column, &row);
        past(&place, &sql);
        let bad = verify(&store).bad.map(|bad| (bad.stream, bad.version));
        assert_eq!(bad, named, "{sql}");
        // Of two, the first in order is named.
        past(&place, &flip("sealed", "bytes", "id = 's1'"));
        let bad = verify(&store).bad.map(|bad| (bad.stream, bad.version));
        if table != "sealed" {
            assert_eq!(bad, named, "{sql}");
        }
        past(&place, &flip("sealed", "bytes", "id = 's1'"));
        past(&place, &sql);
        assert!(verify(&store).is_clean(), "{sql}");
    }
}

#[test]
fn t2_rows_that_are_gone_or_added_on_postgres_are_found() {
    let place = Place::new();
    let store = filled(&place);
    let second = "(SELECT id FROM stream WHERE name = 'dossier/2')";
    for (table, row, named) in [
        ("event", format!("stream = {second} AND version = 4097"), of("2", 4_097)),
        ("event", format!("stream = {second} AND version > 5000"), of("2", 5_000)),
        ("leaf", "place = 4096".to_owned(), Some((None, None))),
        ("leaf", "place = 8010".to_owned(), Some((None, None))),
        ("blob", format!("stream = {second}"), of("2", 5)),
        ("tree", "level = 1 AND place = 30".to_owned(), Some((None, None))),
    ] {
        past(&place, &format!("CREATE TABLE gone AS SELECT * FROM {table} WHERE {row}"));
        past(&place, &format!("DELETE FROM {table} WHERE {row}"));
        let bad = verify(&store).bad.map(|bad| (bad.stream, bad.version));
        assert_eq!(bad, named, "{table}: {row}");
        past(&place, &format!("INSERT INTO {table} SELECT * FROM gone; DROP TABLE gone"));
        assert!(verify(&store).is_clean(), "{table}: {row}");
    }
}

/// While the sealer cannot work, its queue stands for the leaves, and is compared like them.
#[test]
fn t2_what_waits_for_its_place_is_no_error_unless_it_is_another() {
    let place = Place::new();
    let store = filled(&place);
    // Whoever holds the last place in another transaction stops the sealer.
    past(&place, "ALTER TABLE leaf ADD CONSTRAINT full_up CHECK (place < 8011)");
    append(&store, &Stream::dossier("1"), 10, "以后").unwrap();
    append(&store, &Stream::dossier("9"), 0, "以后").unwrap();
    let report = verify(&store);
    assert_eq!((report.bad, report.leaves, report.unsealed), (None, 8_011, 2));
    let flip =
        "UPDATE unsealed SET hash = set_byte(hash, 9, get_byte(hash, 9) # 4) WHERE version = 11";
    past(&place, flip);
    let bad = verify(&store).bad.map(|bad| (bad.stream, bad.version));
    assert_eq!(bad, of("1", 11));
    past(&place, flip);
    past(&place, "CREATE TABLE gone AS SELECT * FROM unsealed WHERE version = 1");
    past(&place, "DELETE FROM unsealed WHERE version = 1");
    assert!(!verify(&store).is_clean(), "an event without a leaf was not noticed");
    past(&place, "INSERT INTO unsealed SELECT * FROM gone");
    past(&place, "ALTER TABLE leaf DROP CONSTRAINT full_up");
    sealed(&store, 8_013);
    assert_eq!(verify(&store).unsealed, 0);
}

/// Readers see one moment, though a node writes all the time.
#[test]
fn t1_a_record_that_grows_meanwhile_is_whole() {
    let place = Place::new();
    let store = filled(&place);
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for version in 0..60 {
                append(&store, &Stream::dossier("7"), version, "以后").unwrap();
            }
        });
        while !writing.is_finished() {
            let report = verify(&store);
            assert!(report.is_clean(), "{report:?}");
        }
    });
}
