//! Any changed byte of the record is found, and named.

use rusqlite::{Connection, types::Value};
use sm3::{Digest, Sm3};
use store::{DossierRow, DossierRows, Fault, Header, SealedPart, Secret, Store, Stream};

use crate::support::{Place, act, append, event, key, verify, write};

/// A small store with something in every table of the record.
fn small_store(place: &Place) -> Store {
    let store = place.open();
    let stream = Stream::dossier("1");
    append(&store, &Stream::nation(), 0, "节假日").unwrap();
    let mut named = event("线索");
    named.blobs.push(store.vault().put(&b"scan"[..], 100).unwrap());
    named.blobs.push(store.vault().put(vec![7; 70_000].as_slice(), 100_000).unwrap());
    store.vault().put(&b"orphan"[..], 100).unwrap();
    let mut writes = write(&stream, 0, vec![named, event("受理")]);
    writes.sealed.push(SealedPart {
        id: "s1".to_owned(),
        dossier: "1".to_owned(),
        plaintext: Secret::new(b"identity".to_vec()),
    });
    let dossier = DossierRow { id: "1".to_owned(), ..DossierRow::default() };
    writes.rows.push(DossierRows { dossier, ..DossierRows::default() });
    store.append(store::Append { key: key("k", 1), ..act(writes) }).unwrap();
    append(&store, &stream, 2, "立案").unwrap();
    store.audit(&Stream::audit("node1", "2026-03-02"), 0, event("看")).unwrap();
    store
}

/// All single changes of one value that are tried: every byte in turn, in another bit each time.
fn changed(value: &Value) -> Vec<Value> {
    let flip = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let flipped = |at: usize| {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= 1 << (at % 8);
            bytes
        };
        (0..bytes.len()).map(flipped).collect()
    };
    match value {
        Value::Integer(number) => (0..63).map(|bit| Value::Integer(number ^ (1 << bit))).collect(),
        Value::Text(text) => {
            let texts =
                flip(text.as_bytes()).into_iter().filter_map(|it| String::from_utf8(it).ok());
            texts.map(Value::Text).collect()
        }
        Value::Blob(bytes) => flip(bytes).into_iter().map(Value::Blob).collect(),
        Value::Null | Value::Real(_) => Vec::new(),
    }
}

fn columns(raw: &Connection, table: &str) -> Vec<String> {
    let sql = format!("SELECT name FROM pragma_table_info('{table}')");
    let mut statement = raw.prepare(&sql).unwrap();
    statement.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

pub(crate) fn drop_triggers(raw: &Connection) {
    let sql = "SELECT 'DROP TRIGGER ' || name FROM sqlite_schema WHERE type = 'trigger'";
    let mut statement = raw.prepare(sql).unwrap();
    let drops: Vec<String> =
        statement.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for drop in drops {
        raw.execute(&drop, ()).unwrap();
    }
}

/// Which row of a table is which.
fn identity(table: &str) -> &'static str {
    match table {
        "stream" => "id",
        "leaf" => "place",
        "blob" => "sm3",
        _ => "rowid",
    }
}

#[test]
fn every_flip_in_every_column_is_found() {
    let place = Place::new();
    let store = small_store(&place);
    assert!(verify(&store).is_clean());
    let raw = place.raw();
    drop_triggers(&raw);
    let mut flips = 0;
    for table in ["stream", "event", "leaf", "blob", "blob_bytes", "sealed"] {
        let identity = identity(table);
        let sql = format!("SELECT {identity} FROM {table}");
        let mut statement = raw.prepare(&sql).unwrap();
        let rows: Vec<Value> =
            statement.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert!(!rows.is_empty(), "{table} is empty");
        for (column, row) in
            columns(&raw, table).iter().flat_map(|column| rows.iter().map(move |row| (column, row)))
        {
            let sql = format!("SELECT {column} FROM {table} WHERE {identity} = ?1");
            let value: Value = raw.query_row(&sql, (row,), |row| row.get(0)).unwrap();
            let set = format!("UPDATE {table} SET {column} = ?2 WHERE {identity} = ?1");
            for other in changed(&value) {
                // A flip that makes two rows equal is refused by the table itself.
                if raw.execute(&set, (row, &other)).is_err() {
                    continue;
                }
                flips += 1;
                let bad = verify(&store).bad;
                assert!(bad.is_some(), "{table}.{column} of {row:?}: {value:?} to {other:?}");
                let now = if identity == column { &other } else { row };
                raw.execute(&set, (now, &value)).unwrap();
            }
        }
    }
    assert!(flips > 3_000, "only {flips} flips");
    assert!(verify(&store).is_clean());
}

#[test]
fn a_flip_in_an_event_is_named_and_not_loaded() {
    let place = Place::new();
    let store = small_store(&place);
    let raw = place.raw();
    drop_triggers(&raw);
    let stream = Stream::dossier("1");
    for (column, loadable) in [
        ("header", false),
        ("payload", false),
        ("salt", false),
        ("kind", true),
        ("who", true),
        ("entered", true),
        ("recorded", true),
    ] {
        let of = "FROM event WHERE version = 2";
        let value: Value =
            raw.query_row(&format!("SELECT {column} {of}"), (), |row| row.get(0)).unwrap();
        let set = format!("UPDATE event SET {column} = ?1 WHERE version = 2");
        raw.execute(&set, (&changed(&value)[0],)).unwrap();
        let bad = verify(&store).bad.unwrap();
        assert_eq!((bad.stream, bad.version), (Some(stream.clone()), Some(2)), "{column}");
        let loaded = store.load(&stream);
        // Loading trusts the header alone, so a false column beside it does no harm there.
        assert_eq!(loaded.is_ok(), loadable, "{column}: {loaded:?}");
        if let Err(fault) = loaded {
            assert!(fault.to_string().starts_with("dossier/1 is damaged at version 2"), "{fault}");
        }
        raw.execute(&set, (&value,)).unwrap();
    }
    assert!(verify(&store).is_clean());
}

/// Removing, doubling or exchanging rows is found as well as changing them.
#[test]
fn deleted_and_exchanged_rows_are_found() {
    for sql in [
        "DELETE FROM event WHERE stream = 2 AND version = 1",
        "DELETE FROM event WHERE stream = 2 AND version = 3",
        "DELETE FROM event WHERE stream = 1",
        "DELETE FROM stream WHERE id = 2",
        "DELETE FROM leaf WHERE place = 0",
        "DELETE FROM leaf WHERE place = (SELECT max(place) FROM leaf)",
        "DELETE FROM blob_bytes WHERE length(bytes) = 4",
        "DELETE FROM blob WHERE size = 4",
        "UPDATE leaf SET version = version + 10 WHERE stream = 2",
        "UPDATE event SET payload = (SELECT payload FROM event WHERE stream = 1) WHERE version = 2",
        "INSERT INTO leaf (place, stream, version, hash) VALUES (5, 9, 1, x'00')",
        "INSERT INTO event SELECT stream, 4, kind, who, entered, recorded, header, salt, payload
            FROM event WHERE stream = 2 AND version = 3",
        "INSERT INTO stream (name, version, head) VALUES ('dossier/9', 0, zeroblob(32))",
    ] {
        let place = Place::new();
        let store = small_store(&place);
        let raw = place.raw();
        drop_triggers(&raw);
        assert!(raw.execute(sql, ()).unwrap() > 0, "{sql}");
        assert!(!verify(&store).is_clean(), "{sql}");
    }
}

/// Rewrites the header of an event in dossier 1, and its leaf, as an insider who knows the format.
fn rewrite(raw: &Connection, version: u64, change: impl Fn(&mut Header)) -> [u8; 32] {
    let at = "WHERE version = ?1 AND stream = (SELECT id FROM stream WHERE name = 'dossier/1')";
    let select = format!("SELECT header FROM event {at}");
    let bytes: Vec<u8> = raw.query_row(&select, (version as i64,), |row| row.get(0)).unwrap();
    let mut header = Header::from_bytes(&bytes).unwrap();
    change(&mut header);
    let bytes = header.to_bytes();
    let hash: [u8; 32] = Sm3::digest(&bytes).into();
    raw.execute(
        &format!("UPDATE event SET header = ?2, who = ?3 {at}"),
        (version as i64, bytes, header.who),
    )
    .unwrap();
    raw.execute(&format!("UPDATE leaf SET hash = ?2 {at}"), (version as i64, hash)).unwrap();
    hash
}

fn damaged_at(fault: Fault) -> (Stream, u64) {
    match fault {
        Fault::Damaged { stream, version, .. } => (stream, version),
        other => panic!("{other}"),
    }
}

#[test]
fn a_rewritten_event_breaks_the_chain_at_the_next_one() {
    let place = Place::new();
    let store = small_store(&place);
    let raw = place.raw();
    drop_triggers(&raw);
    rewrite(&raw, 2, |header| header.who = "yi2".to_owned());
    let bad = verify(&store).bad.unwrap();
    assert_eq!((bad.stream, bad.version), (Some(Stream::dossier("1")), Some(3)));
    let expected = (Stream::dossier("1"), 3);
    assert_eq!(damaged_at(store.load(&Stream::dossier("1")).unwrap_err()), expected);
    assert_eq!(damaged_at(store.load_after(&Stream::dossier("1"), 2).unwrap_err()), expected);
}

#[test]
fn a_header_in_another_place_is_found_though_all_hashes_agree() {
    let place = Place::new();
    let store = small_store(&place);
    let raw = place.raw();
    drop_triggers(&raw);
    let wrongs: [fn(&mut Header); 2] =
        [|header| header.version = 4, |header| header.stream = Stream::dossier("2")];
    for wrong in wrongs {
        let head = rewrite(&raw, 3, wrong);
        raw.execute("UPDATE stream SET head = ?1 WHERE name = 'dossier/1'", (head,)).unwrap();
        let bad = verify(&store).bad.unwrap();
        assert_eq!((bad.stream, bad.version), (Some(Stream::dossier("1")), Some(3)));
        let fault = store.load(&Stream::dossier("1")).unwrap_err();
        assert_eq!(damaged_at(fault), (Stream::dossier("1"), 3));
        rewrite(&raw, 3, |header| {
            header.version = 3;
            header.stream = Stream::dossier("1");
        });
    }
}

#[test]
fn a_stream_that_lost_its_end_is_not_loaded() {
    let place = Place::new();
    let store = small_store(&place);
    let raw = place.raw();
    drop_triggers(&raw);
    let stream = Stream::dossier("1");
    let sql = "DELETE FROM event WHERE version = 3";
    assert_eq!(raw.execute(sql, ()).unwrap(), 1);
    assert_eq!(damaged_at(store.load(&stream).unwrap_err()), (stream.clone(), 3));
    raw.execute("UPDATE stream SET version = 2 WHERE name = 'dossier/1'", ()).unwrap();
    assert_eq!(damaged_at(store.load(&stream).unwrap_err()), (stream, 2));
}

#[test]
fn what_sqlite_itself_finds_wrong_is_reported() {
    let place = Place::new();
    drop(small_store(&place));
    place
        .raw()
        .execute_batch(
            "PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET rootpage =
                (SELECT rootpage FROM sqlite_schema WHERE name = 'session_staff')
            WHERE name = 'blob_sm3'",
        )
        .unwrap();
    let bad = verify(&place.open()).bad.unwrap();
    assert!(bad.what.contains("reference to page"), "{}", bad.what);
}

#[test]
fn a_flip_in_a_file_of_the_vault_is_named() {
    let place = Place::new();
    let store = small_store(&place);
    let vault = place.root.path().join("data/vault");
    let shelf = std::fs::read_dir(vault).unwrap().next().unwrap().unwrap().path();
    let file = std::fs::read_dir(shelf).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::read(&file).unwrap();
    for at in [0, 35_000, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&file, bytes).unwrap();
        let bad = verify(&store).bad.unwrap();
        assert_eq!((bad.stream, bad.version), (Some(Stream::dossier("1")), Some(1)));
        assert!(bad.what.ends_with("is damaged"), "{}", bad.what);
    }
    std::fs::remove_file(&file).unwrap();
    assert!(verify(&store).bad.unwrap().what.ends_with("is missing"));
    std::fs::write(&file, whole).unwrap();
    assert!(verify(&store).is_clean());
}
