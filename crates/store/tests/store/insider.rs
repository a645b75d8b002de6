//! T2, T4, T6 and T8: somebody writes to the database past the program, stops its log, or writes
//! texts that look like something else.
//!
//! Each edit is made on a copy of the same record with all triggers gone, as somebody would who owns
//! the file, and the triggers are put back so that the schema looks untouched.

use std::fs;

use rusqlite::{Connection, types::Value};
use store::{
    Append, AppendError, DossierRow, DossierRows, Fault, NewEvent, SealedPart, Secret, Store,
    Stream, Writes,
};

use crate::support::{Place, act, append, event, key, verify, write};

/// Tables that are record, each with its columns, and the one by which people find dossiers. What
/// else there is, is derived or not record.
const RECORD: [(&str, &[&str]); 9] = [
    ("stream", &["id", "name", "version", "head"]),
    (
        "event",
        &["stream", "version", "kind", "who", "entered", "recorded", "header", "salt", "payload"],
    ),
    ("leaf", &["place", "stream", "version", "hash"]),
    ("blob", &["stream", "version", "sm3", "sha256", "size"]),
    ("blob_bytes", &["sm3", "bytes"]),
    ("tree", &["level", "place", "sha256", "sm3"]),
    ("sealed", &["id", "dossier", "bytes"]),
    ("checkpoint", &["size", "note"]),
    ("access", &["dossier", "principal", "ended", "due", "received", "changed", "number", "stage"]),
];

fn long() -> bool {
    std::env::var_os("CHACHU_LONG").is_some()
}

fn count() -> usize {
    if long() { 1_000 } else { 150 }
}

/// 200 events in the log of several streams, more than one full subtree of leaves in all.
fn filled() -> Place {
    let place = Place::new();
    let store = place.open();
    for id in 0..5 {
        let stream = Stream::dossier(&id.to_string());
        let events = (0..50).map(|n| event(&format!("线索{id}-{n}"))).collect();
        let dossier = DossierRow { id: id.to_string(), ..DossierRow::default() };
        let access = vec!["head:east".to_owned(), format!("staff:{id}")];
        let rows = vec![DossierRows { dossier, access, ..DossierRows::default() }];
        store.append(act(Writes { rows, ..write(&stream, 0, events) })).unwrap();
    }
    for (version, bytes) in [(50, b"scan".as_slice()), (51, b"photo")] {
        let blobs = vec![store.vault().put(bytes, 100).unwrap()];
        let stream = Stream::dossier("1");
        let mut writes = write(&stream, version, vec![NewEvent { blobs, ..event("附件") }]);
        writes.sealed.push(SealedPart {
            id: format!("s{version}"),
            dossier: "1".to_owned(),
            plaintext: Secret::new(b"identity".to_vec()),
        });
        store.append(act(writes)).unwrap();
        store.checkpoint().unwrap();
    }
    for _ in 0..8 {
        store.audit(&Stream::audit("1", "2026-03-02"), 0, event("看")).unwrap();
    }
    drop(store);
    place
}

/// A record, as it was before each edit.
struct Copied {
    place: Place,
    bytes: Vec<u8>,
}

impl Copied {
    fn new(place: Place) -> Copied {
        let bytes = fs::read(place.root.path().join("data/record.db")).unwrap();
        Copied { place, bytes }
    }

    /// Edits a fresh copy; `None` if the database did not let it, or nothing changed.
    fn edited(&self, edit: &dyn Fn(&Connection) -> rusqlite::Result<usize>) -> Option<Store> {
        let data = self.place.root.path().join("data");
        for side in ["record.db-wal", "record.db-shm"] {
            let _ = fs::remove_file(data.join(side));
        }
        fs::write(data.join("record.db"), &self.bytes).unwrap();
        let raw = self.place.raw();
        let triggers: Vec<(String, String)> = raw
            .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
            .unwrap()
            .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        for (name, _) in &triggers {
            raw.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
        }
        let changed = edit(&raw).unwrap_or(0);
        for (_, sql) in &triggers {
            raw.execute_batch(sql).unwrap();
        }
        drop(raw);
        (changed > 0).then(|| self.place.open())
    }
}

/// Another value of the same kind.
fn other(value: Value, random: &mut fastrand::Rng) -> Value {
    match value {
        Value::Integer(number) => Value::Integer(number ^ (1 << random.u8(0..40))),
        Value::Text(text) if text.is_empty() || random.bool() => Value::Text(text + "."),
        Value::Text(mut text) => {
            text.pop();
            Value::Text(text)
        }
        Value::Blob(mut bytes) => {
            let at = random.usize(0..bytes.len().max(1));
            match bytes.get_mut(at) {
                Some(byte) if random.bool() => *byte ^= 1 << random.u8(0..8),
                Some(_) => bytes.truncate(at),
                None => bytes.push(0),
            }
            Value::Blob(bytes)
        }
        other => other,
    }
}

/// By which columns one row of a table is found.
fn key_of(table: &str) -> &'static str {
    match table {
        "blob" => "(stream, version, sm3)",
        "tree" => "(level, place)",
        "access" => "(dossier, principal)",
        _ => "rowid",
    }
}

#[test]
fn t4_any_update_or_delete_in_the_record_is_found() {
    let copied = Copied::new(filled());
    for _ in 0..10 {
        let store = copied.edited(&|_| Ok(1)).unwrap();
        assert!(verify(&store).is_clean(), "no false alarm");
    }
    let mut random = fastrand::Rng::with_seed(4);
    let mut tried = 0;
    while tried < if long() { 500 } else { 150 } {
        let (table, columns) = RECORD[random.usize(0..RECORD.len())];
        let column = columns[random.usize(0..columns.len())];
        let delete = random.u8(0..4) == 0;
        // A sealed part is missed by whoever understands payloads; a checkpoint is a copy to be
        // kept elsewhere, and nothing is lost with it.
        if delete && matches!(table, "sealed" | "checkpoint") {
            continue;
        }
        let seed = random.u64(..);
        let store = copied.edited(&|raw| {
            let mut random = fastrand::Rng::with_seed(seed);
            let rows: i64 =
                raw.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0))?;
            let skip = random.i64(0..rows);
            let key = key_of(table);
            let chosen = format!(
                "{key} = (SELECT {} FROM {table} LIMIT 1 OFFSET {skip})",
                key.trim_matches(['(', ')'])
            );
            if delete {
                return raw.execute(&format!("DELETE FROM {table} WHERE {chosen}"), ());
            }
            let old: Value = raw.query_row(
                &format!("SELECT {column} FROM {table} WHERE {chosen}"),
                (),
                |row| row.get(0),
            )?;
            let new = other(old, &mut random);
            raw.execute(&format!("UPDATE {table} SET {column} = ?1 WHERE {chosen}"), (new,))
        });
        let Some(store) = store else { continue };
        let report = verify(&store);
        let what = if delete { "a deletion" } else { column };
        assert!(!report.is_clean(), "{table}: {what} (seed {seed}) was not noticed");
        tried += 1;
    }
}

/// T2: events deleted, swapped, doubled under another version, and streams cut short with their
/// heads and leaves: whatever is consistent in the tables is not in the tree and its checkpoints.
#[test]
fn t2_deleted_swapped_doubled_and_truncated_events_are_found() {
    let copied = Copied::new(filled());
    let mut random = fastrand::Rng::with_seed(2);
    let each = if long() { 1_000 } else { 20 };
    let mut noticed = [0; 4];
    while let Some(how) = noticed.iter().position(|tried| *tried < each) {
        let (stream, version) = (random.i64(1..=5), random.i64(1..50));
        let edit = |raw: &Connection| {
            let both = |sql: &str| -> rusqlite::Result<usize> {
                let mut changed = 0;
                for table in ["event", "leaf"] {
                    changed += raw.execute(&sql.replace("{}", table), (stream, version))?;
                }
                Ok(changed)
            };
            match how {
                0 => both("DELETE FROM {} WHERE stream = ?1 AND version = ?2"),
                1 => {
                    both("UPDATE {} SET version = 1000 WHERE stream = ?1 AND version = ?2")?;
                    both("UPDATE {} SET version = ?2 WHERE stream = ?1 AND version = ?2 + 1")?;
                    both("UPDATE {} SET version = ?2 + 1 WHERE stream = ?1 AND version = 1000")
                }
                2 => raw.execute(
                    "INSERT INTO event SELECT stream, 51, kind, who, entered, recorded, header, salt, payload
                    FROM event WHERE stream = ?1 AND version = ?2",
                    (stream, version),
                ),
                _ => {
                    both("DELETE FROM {} WHERE stream = ?1 AND version > ?2")?;
                    raw.execute(
                        "UPDATE stream SET version = ?2, head =
                            (SELECT hash FROM leaf WHERE stream = ?1 AND version = ?2) WHERE id = ?1",
                        (stream, version),
                    )
                }
            }
        };
        let Some(store) = copied.edited(&edit) else { continue };
        let bad = verify(&store).bad;
        assert!(bad.is_some(), "way {how} at {stream}/{version} was not noticed");
        noticed[how] += 1;
    }
}

/// T8: texts that look like ends of lines, of fields or of texts stay one event, byte for byte.
#[test]
fn t8_no_text_can_forge_an_entry() {
    let place = Place::new();
    let store = place.open();
    let stream = Stream::dossier("1");
    let long = "长".repeat(350_000);
    let texts = [
        "甲\r\n2026-03-02 admin approved",
        "\u{1b}[2K\u{1b}[1A已批准",
        "\u{202e}准批未\u{202c}",
        "\0\0\0\u{1}approved",
        "chachu-event-1\n",
        "'); DELETE FROM event; --",
        "\u{fffd}\u{d7ff}\u{e000}",
        &long,
    ];
    let mut version = 0;
    for text in texts {
        for field in 0..4 {
            let mut new = event("一");
            match field {
                0 => new.kind = text.to_owned(),
                1 => new.who = text.to_owned(),
                2 => new.entered = text.to_owned(),
                _ => new.payload = text.into(),
            }
            let appended = store.append(act(write(&stream, version, vec![new.clone()])));
            if field < 3 && text.contains('\0') {
                // No engine keeps what another could not; nothing of the act is there.
                let refused = Err(AppendError::Fault(Fault::Misuse("a text holds NUL".to_owned())));
                assert_eq!(appended, refused);
                assert_eq!(store.version(&stream).unwrap(), version);
                continue;
            }
            appended.unwrap();
            version += 1;
            let events = store.load(&stream).unwrap();
            assert_eq!(events.len() as u64, version);
            let last = events.last().unwrap();
            let header = &last.header;
            assert_eq!(
                (&header.kind, &header.who, &header.entered, last.payload.as_ref()),
                (&new.kind, &new.who, &new.entered, Some(&new.payload))
            );
        }
    }
    append(&store, &stream, version, "末").unwrap();
    let report = verify(&store);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.events, version + 1);
}

/// T6: while no event can be written, nothing else of an act is kept either, and its caller is told.
#[test]
fn t6_without_its_event_nothing_of_an_act_is_kept() {
    let place = Place::new();
    let store = place.open();
    let stream = Stream::dossier("1");
    append(&store, &stream, 0, "登记").unwrap();
    let raw = place.raw();
    let tables = ["stream", "event", "leaf", "series", "dossier", "access", "sealed", "outcome"];
    let state = || {
        tables.map(|table| {
            let mut all = raw.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = all.column_count();
            let rows = all.query_map((), |row| {
                (0..columns)
                    .map(|column| row.get::<_, Value>(column))
                    .collect::<Result<Vec<_>, _>>()
            });
            rows.unwrap().map(|row| format!("{row:?}")).collect::<Vec<_>>()
        })
    };
    let whole = |n: usize| {
        let mut writes = write(&stream, 1, vec![event("审查")]);
        let dossier = DossierRow { id: "1".to_owned(), ..DossierRow::default() };
        let access = vec!["head:east".to_owned()];
        writes.rows.push(DossierRows { dossier, access, ..DossierRows::default() });
        writes.sealed.push(SealedPart {
            id: format!("s{n}"),
            dossier: "1".to_owned(),
            plaintext: Secret::new(b"identity".to_vec()),
        });
        let declared = act(writes);
        let (reads, writes, write) = (declared.reads, declared.writes, declared.write);
        Append {
            reads,
            writes,
            series: vec!["线索编号".to_owned()],
            key: key(&n.to_string(), 1),
            recorded: 0,
            write: Box::new(move |numbers| {
                numbers.next("线索编号");
                write(numbers)
            }),
        }
    };
    raw.execute_batch(
        "CREATE TRIGGER no_log BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    .unwrap();
    let before = state();
    for n in 0..count() / 3 {
        let error = store.append(whole(n)).unwrap_err();
        assert!(matches!(error, AppendError::Fault(Fault::Unwritten(_))), "{error:?}");
        let audit = store.audit(&Stream::audit("1", "2026-03-02"), 0, event("看"));
        assert!(matches!(audit, Err(Fault::Unwritten(_))), "{audit:?}");
    }
    assert!(before == state(), "something was kept without its event");
    raw.execute_batch("DROP TRIGGER no_log").unwrap();
    store.append(whole(0)).unwrap();
    assert!(before != state());
    assert!(verify(&store).is_clean());
}
