//! T1 and T9 in numbers: bits of a log, places in a large log, bytes of many objects.
//!
//! Little of it runs with every test, all of it with `CHACHU_LONG`.

use std::{env, fs, io::Read, path::PathBuf, thread};

use rusqlite::{Connection, types::Value};
use store::{Bad, Blob, NewEvent, Report, SealedPart, Secret, Store, Stream};

use crate::{
    flips::drop_triggers,
    support::{Place, act, append, event, verify, write},
};

fn long() -> bool {
    env::var_os("CHACHU_LONG").is_some()
}

/// The columns of the record, and whether they hold text.
const COLUMNS: [(&str, &str, bool); 33] = [
    ("stream", "id", false),
    ("stream", "name", true),
    ("stream", "version", false),
    ("stream", "head", false),
    ("event", "stream", false),
    ("event", "version", false),
    ("event", "kind", true),
    ("event", "who", true),
    ("event", "entered", true),
    ("event", "recorded", false),
    ("event", "header", false),
    ("event", "salt", false),
    ("event", "payload", false),
    ("leaf", "place", false),
    ("leaf", "stream", false),
    ("leaf", "version", false),
    ("leaf", "hash", false),
    ("blob", "stream", false),
    ("blob", "version", false),
    ("blob", "sm3", false),
    ("blob", "sha256", false),
    ("blob", "size", false),
    ("blob_bytes", "sm3", false),
    ("blob_bytes", "bytes", false),
    ("sealed", "id", true),
    ("sealed", "dossier", true),
    ("sealed", "bytes", false),
    ("tree", "level", false),
    ("tree", "place", false),
    ("tree", "sha256", false),
    ("tree", "sm3", false),
    ("checkpoint", "size", false),
    ("checkpoint", "note", true),
];

/// A log of so many entries in streams of 50, with something in every table of the record.
fn log(place: &Place, entries: usize) -> Store {
    let store = place.open();
    for nth in 0..entries / 50 {
        let id = nth.to_string();
        let mut events: Vec<_> = (0..50).map(|n| event(&format!("线索{n}"))).collect();
        if nth < 2 {
            events[7].blobs = vec![store.vault().put(id.as_bytes(), 100).unwrap()];
        }
        let mut writes = write(&Stream::dossier(&id), 0, events);
        if nth < 2 {
            let plaintext = Secret::new(b"identity".to_vec());
            writes.sealed.push(SealedPart { id: format!("s{id}"), dossier: id, plaintext });
        }
        store.append(act(writes)).unwrap();
    }
    store.checkpoint().unwrap();
    store
}

/// The database past the store, without triggers, and not waiting for the disk.
fn past(place: &Place) -> Connection {
    let raw = place.raw();
    drop_triggers(&raw);
    raw.pragma_update(None, "synchronous", "off").unwrap();
    raw
}

/// One value of the record that bits are flipped in.
struct Spot<'a> {
    raw: &'a Connection,
    table: &'static str,
    column: &'static str,
    is_text: bool,
    row: i64,
    value: Value,
}

impl Spot<'_> {
    fn at(raw: &Connection, nth: usize, row: i64) -> Spot<'_> {
        let (table, column, is_text) = COLUMNS[nth];
        let chosen = Self::chosen(table, "?1");
        let read = if is_text { format!("CAST({column} AS BLOB)") } else { column.to_owned() };
        let sql = format!("SELECT {read} FROM {table} WHERE {chosen}");
        let value = raw.prepare_cached(&sql).unwrap().query_row((row,), |row| row.get(0));
        Spot { raw, table, column, is_text, row, value: value.unwrap() }
    }

    /// How a row is found; tables without row numbers are small here.
    fn chosen(table: &str, row: &str) -> String {
        match table {
            "blob" => format!(
                "(stream, version, sm3) =
                    (SELECT stream, version, sm3 FROM blob LIMIT 1 OFFSET {row} - 1)"
            ),
            "tree" => {
                format!("(level, place) = (SELECT level, place FROM tree LIMIT 1 OFFSET {row} - 1)")
            }
            _ => format!("rowid = {row}"),
        }
    }

    fn bits(&self) -> usize {
        match &self.value {
            Value::Integer(_) => 64,
            Value::Blob(bytes) => bytes.len() * 8,
            _ => 0,
        }
    }

    /// Flips a bit and puts it back after `seen`; not if the table itself refuses it.
    fn flip(&self, bit: usize, seen: impl FnOnce()) -> bool {
        let value = match &self.value {
            Value::Integer(number) => Value::Integer(number ^ (1 << bit)),
            Value::Blob(bytes) => {
                let mut bytes = bytes.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                Value::Blob(bytes)
            }
            _ => return false,
        };
        // Kept under its number, since the row may be found by what is changed.
        let keep = match (self.table, self.column) {
            ("blob" | "tree", _) => return self.flip_kept(&value, seen),
            ("stream", "id") | ("leaf", "place") | ("checkpoint", "size") => match value {
                Value::Integer(number) => number,
                _ => self.row,
            },
            _ => self.row,
        };
        let cast = if self.is_text { "CAST(?2 AS TEXT)" } else { "?2" };
        let (table, column) = (self.table, self.column);
        let set = format!("UPDATE {table} SET {column} = {cast} WHERE rowid = ?1");
        let set = |row: i64, value: &Value| {
            self.raw.prepare_cached(&set).unwrap().execute((row, value)).is_ok()
        };
        if !set(self.row, &value) {
            return false;
        }
        seen();
        assert!(set(keep, &self.value));
        true
    }

    /// The same for tables without row numbers: the whole table is put back.
    fn flip_kept(&self, value: &Value, seen: impl FnOnce()) -> bool {
        let (table, column) = (self.table, self.column);
        let kept = format!("CREATE TEMP TABLE kept AS SELECT * FROM main.{table}");
        self.raw.execute_batch(&kept).unwrap();
        let chosen = Self::chosen(table, "?1");
        let set = format!("UPDATE main.{table} SET {column} = ?2 WHERE {chosen}");
        let flipped = self.raw.execute(&set, (self.row, value)).is_ok();
        if flipped {
            seen();
        }
        let back = format!(
            "BEGIN; DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM kept;
            DROP TABLE kept; COMMIT"
        );
        self.raw.execute_batch(&back).unwrap();
        flipped
    }

    /// Where the flip must be named, if this says it: events by their own row.
    fn named(&self) -> Option<(Stream, u64)> {
        if !matches!(self.table, "event" | "leaf")
            || ["stream", "version", "place"].contains(&self.column)
        {
            return None;
        }
        let sql = format!(
            "SELECT s.name, t.version FROM {} t JOIN stream s ON s.id = t.stream
            WHERE t.rowid = ?1",
            self.table
        );
        let named =
            self.raw.prepare_cached(&sql).unwrap().query_row((self.row,), |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
            });
        let (name, version) = named.unwrap();
        Some((Stream::dossier(name.strip_prefix("dossier/").unwrap()), version as u64))
    }
}

/// Row numbers of a table; for one without them, the places of its rows.
fn rows(raw: &Connection, table: &str) -> Vec<i64> {
    let sql = match table {
        "blob" | "tree" => format!("SELECT row_number() OVER () FROM {table}"),
        _ => format!("SELECT rowid FROM {table}"),
    };
    let mut statement = raw.prepare(&sql).unwrap();
    statement.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn assert_named(report: &Report, spot: &Spot<'_>, bit: usize) {
    let what = format!("{}.{} of row {}, bit {bit}", spot.table, spot.column, spot.row);
    let Some(Bad { stream, version, .. }) = &report.bad else { panic!("{what}: not found") };
    let Some((expected, at)) = spot.named() else { return };
    // What only the next event vouches for is missed there; a first header may lose its name.
    let (late, lost) = if spot.column == "header" { (1, at == 1) } else { (0, false) };
    assert!(version.is_some_and(|it| (at..=at + late).contains(&it)), "{what}: {version:?}");
    assert!(lost || stream.as_ref() == Some(&expected), "{what}: {stream:?}");
}

/// Each bit of each column of each row of a log of 200 entries; without `CHACHU_LONG` one bit in
/// a few hundred, in turn.
#[test]
fn t1_each_bit_of_a_log_is_found_when_it_flips() {
    let place = Place::new();
    let store = log(&place, 200);
    // A leaf for each of them, and one full subtree, need more than 200.
    let more = (0..80).map(|n| event(&format!("线索{n}"))).collect();
    store.append(act(write(&Stream::dossier("more"), 0, more))).unwrap();
    assert!(verify(&store).is_clean());
    let raw = past(&place);
    let step = if long() { 1 } else { 397 };
    let (mut bits, mut flips) = (0, 0);
    for (nth, (table, ..)) in COLUMNS.iter().enumerate() {
        for row in rows(&raw, table) {
            let spot = Spot::at(&raw, nth, row);
            for bit in 0..spot.bits() {
                bits += 1;
                let due = bits % step == 0;
                if due && spot.flip(bit, || assert_named(&verify(&store), &spot, bit)) {
                    flips += 1;
                }
            }
        }
    }
    assert!(flips * step > bits / 2, "{flips} of {bits} bits");
    assert!(verify(&store).is_clean());
}

/// Each bit of a file in the vault; without `CHACHU_LONG` one in some thousands.
#[test]
fn t1_each_bit_of_a_file_is_found_when_it_flips() {
    let place = Place::new();
    let store = place.open();
    let bytes: Vec<u8> = (0..65_537_u32).map(|at| (at % 251) as u8).collect();
    let blobs = vec![store.vault().put(bytes.as_slice(), 1 << 20).unwrap()];
    let named = NewEvent { blobs: blobs.clone(), ..event("附件") };
    store.append(act(write(&Stream::dossier("1"), 0, vec![named]))).unwrap();
    let file = file_of(&place, &blobs[0]);
    let step = if long() { 1 } else { 9_973 };
    for bit in (0..bytes.len() * 8).step_by(step) {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&file, flipped).unwrap();
        let bad = verify(&store).bad.unwrap();
        assert_eq!((bad.stream, bad.version), (Some(Stream::dossier("1")), Some(1)), "bit {bit}");
    }
    fs::write(&file, bytes).unwrap();
    assert!(verify(&store).is_clean());
}

/// Random bits in a log that is divided between threads: each found, and named where it is.
#[test]
fn t1_random_flips_in_a_large_log_are_named() {
    let (entries, count) = if long() { (100_000, 5_000) } else { (10_000, 20) };
    let place = Place::new();
    let store = log(&place, entries);
    assert_eq!(verify(&store).events, entries as u64);
    let raw = past(&place);
    let mut random = fastrand::Rng::with_seed(1);
    let mut flips = 0;
    while flips < count {
        // Mostly in the events, as they are most of the bytes.
        let nth =
            if random.u8(0..4) == 0 { random.usize(0..COLUMNS.len()) } else { random.usize(4..13) };
        let (table, ..) = COLUMNS[nth];
        if table == "checkpoint" {
            continue;
        }
        let rows = if matches!(table, "event" | "leaf") { entries as i64 } else { 2 };
        let spot = Spot::at(&raw, nth, random.i64(0..rows) + i64::from(table != "leaf"));
        let bit = random.usize(0..spot.bits());
        if spot.flip(bit, || assert_named(&verify(&store), &spot, bit)) {
            flips += 1;
        }
    }
    assert!(verify(&store).is_clean());
}

fn file_of(place: &Place, blob: &Blob) -> PathBuf {
    let name = hex(&blob.sm3);
    place.root.path().join("data/vault").join(&name[..2]).join(&name[2..])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// T9: one byte in each of many objects, small ones and files: found by verifying, with the event
/// that names it, and by whoever reads the object to its end.
#[test]
fn t9_a_damaged_object_is_found_by_verifying_and_by_reading() {
    let count = if long() { 1_000 } else { 50 };
    let place = Place::new();
    let store = place.open();
    let stream = Stream::dossier("1");
    let mut random = fastrand::Rng::with_seed(9);
    let objects: Vec<(Blob, Vec<u8>)> = (0..count)
        .map(|nth| {
            let length =
                if nth % 10 == 0 { 65_537 + random.usize(0..9) } else { random.usize(9..999) };
            let bytes: Vec<u8> = (0..length).map(|_| random.u8(..)).collect();
            (store.vault().put(bytes.as_slice(), 1 << 20).unwrap(), bytes)
        })
        .collect();
    let named = |(blob, _): &(Blob, _)| NewEvent { blobs: vec![*blob], ..event("附件") };
    let events = objects.iter().map(named).collect();
    store.append(act(write(&stream, 0, events))).unwrap();
    let raw = past(&place);
    let read = |blob: &Blob| -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        store.vault().open(&blob.sm3).unwrap().unwrap().read_to_end(&mut bytes).map(|_| bytes)
    };
    for ((blob, bytes), version) in objects.iter().zip(1..) {
        assert_eq!(read(blob).unwrap(), *bytes);
        let mut damaged = bytes.clone();
        damaged[random.usize(0..bytes.len())] ^= 1 << random.u8(0..8);
        let file = file_of(&place, blob);
        let put = |bytes: &[u8]| {
            if file.exists() {
                return fs::write(&file, bytes).unwrap();
            }
            let sql = "UPDATE blob_bytes SET bytes = ?2 WHERE sm3 = ?1";
            assert_eq!(raw.execute(sql, (blob.sm3, bytes)).unwrap(), 1);
        };
        put(&damaged);
        let bad = verify(&store).bad.unwrap();
        assert_eq!(
            (bad.stream, bad.version),
            (Some(stream.clone()), Some(version)),
            "{}",
            bad.what
        );
        assert!(bad.what.ends_with("is damaged"), "{}", bad.what);
        assert!(read(blob).is_err(), "a damaged object was read to its end");
        put(bytes);
    }
    assert!(verify(&store).is_clean());
}

/// All readers see one moment, though somebody writes all the time.
#[test]
fn t1_a_record_that_grows_meanwhile_is_whole() {
    let place = Place::new();
    let store = log(&place, 10_000);
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for version in 0..300 {
                append(&store, &Stream::dossier("more"), version, "以后").unwrap();
            }
        });
        while !writing.is_finished() {
            let report = verify(&store);
            assert!(report.is_clean(), "{report:?}");
        }
    });
    assert_eq!(verify(&store).events, 10_300);
}
