//! What SQLite shows to the verifier.
//!
//! All readers begin while the write lock is held for a moment, and so see the same one.

use std::{fmt::Write, ops::Range, thread};

use rusqlite::{
    Connection, OptionalExtension, Row, params_from_iter,
    types::{Value, ValueRef},
};

use super::{Place, Sqlite, append};
use crate::{
    Blob, Fault, Report,
    verify::{
        self, Bad, Request, Stop,
        evidence::{
            At, Cell, EventRow, Evidence, LeafOf, LeafRow, Named, ObjectRow, OnEvent, OnLeaf,
            OnObject, OnSealed, OnSubtree, OnTwo, OnWaiting, Part, Share, StreamRow,
        },
    },
};

/// Leaves with their headers that are held at once.
const LEAVES: i64 = 1024;

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        match Fault::from(error) {
            Fault::Database(what) => Stop::Bad(Bad { stream: None, version: None, what }),
            fault => Stop::Fault(fault),
        }
    }
}

impl<'a> From<ValueRef<'a>> for Cell<'a> {
    fn from(value: ValueRef<'a>) -> Self {
        match value {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(number) => Cell::Integer(number),
            ValueRef::Text(bytes) => Cell::Text(bytes),
            ValueRef::Blob(bytes) => Cell::Bytes(bytes),
            ValueRef::Real(_) => Cell::Other,
        }
    }
}

pub(super) fn verify(sqlite: &Sqlite, request: &Request<'_>) -> Result<Report, Fault> {
    verify::verify(&mut snapshot(sqlite)?, request)
}

/// Readers of one moment of the store, while others go on writing.
fn snapshot(sqlite: &Sqlite) -> Result<Vec<Snapshot>, Fault> {
    let many = match sqlite.place {
        Place::File(_) => thread::available_parallelism().map_or(1, usize::from),
        // There a reader stops the commit under which the others would begin.
        Place::Memory(_) => 1,
    };
    let open = || sqlite.place.connect().map(Snapshot);
    let readers = (0..many).map(|_| open()).collect::<Result<Vec<_>, _>>()?;
    if many > 1 {
        let begun = sqlite.writer.write(move |_| {
            readers.iter().try_for_each(Snapshot::begin)?;
            Ok(readers)
        });
        if let Ok(readers) = begun {
            return Ok(readers);
        }
    }
    // Where nothing can be written, one reader is at one moment by itself.
    let alone = open()?;
    alone.begin()?;
    Ok(vec![alone])
}

/// A connection within a transaction that only reads; what it sees does not change.
struct Snapshot(Connection);

impl Snapshot {
    fn begin(&self) -> Result<(), Fault> {
        // A transaction sees the moment of its first reading.
        self.0.execute_batch(
            "PRAGMA query_only = ON; PRAGMA cache_size = -16384;
            BEGIN; SELECT count(*) FROM setting",
        )?;
        Ok(())
    }

    fn count(&self, table: &str) -> Result<u64, Stop> {
        let sql = format!("SELECT count(*) FROM {table}");
        Ok(self.0.query_row(&sql, (), |row| row.get::<_, i64>(0))? as u64)
    }

    /// Shows the rows of a statement one after another.
    fn each(
        &self,
        sql: &str,
        params: Vec<Value>,
        mut visit: impl FnMut(&Row<'_>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            visit(row)?;
        }
        Ok(())
    }
}

/// The condition that (stream, version) lies in a part, and its parameters.
fn within(part: Part) -> (String, Vec<Value>) {
    let (mut sql, mut params) = (String::from("TRUE"), Vec::new());
    for (sign, bound) in [(">", part.after), ("<=", part.until)] {
        if let Some((stream, version)) = bound {
            // Writing into a string never fails.
            let _ = write!(sql, " AND (stream, version) {sign} (?, ?)");
            params.extend([Value::Integer(stream), Value::Integer(version)]);
        }
    }
    (sql, params)
}

fn range(places: Range<u64>) -> Vec<Value> {
    vec![Value::Integer(places.start as i64), Value::Integer(places.end as i64)]
}

/// A share of the row numbers of a table, of which the greatest is `last`.
fn numbers(share: Share, last: i64) -> Vec<Value> {
    let cut = |nth: usize| (i128::from(last.max(0)) * nth as i128 / share.of as i128) as i64;
    let from = if share.nth == 0 { i64::MIN } else { cut(share.nth) + 1 };
    let to = if share.nth + 1 == share.of { i64::MAX } else { cut(share.nth + 1) };
    vec![Value::Integer(from), Value::Integer(to)]
}

impl Evidence for Snapshot {
    fn events_in_all(&mut self) -> Result<u64, Stop> {
        self.count("event")
    }

    fn streams_in_all(&mut self) -> Result<u64, Stop> {
        self.count("stream")
    }

    fn subtrees_in_all(&mut self) -> Result<u64, Stop> {
        self.count("tree")
    }

    fn leaves_in_all(&mut self) -> Result<u64, Stop> {
        self.count("leaf")
    }

    fn sizes(&mut self, visit: &mut dyn FnMut(i64, i64)) -> Result<(), Stop> {
        self.each("SELECT id, version FROM stream ORDER BY id", Vec::new(), |row| {
            visit(row.get(0)?, row.get_ref(1)?.as_i64().unwrap_or(0));
            Ok(())
        })
    }

    fn last_until(&mut self, (stream, version): At) -> Result<Option<(At, Vec<u8>)>, Stop> {
        let sql = "SELECT stream, version, header FROM event
            WHERE (stream, version) <= (?1, ?2) ORDER BY stream DESC, version DESC LIMIT 1";
        let mut statement = self.0.prepare_cached(sql)?;
        let last = statement.query_row((stream, version), |row| {
            let header = row.get_ref(2)?.as_blob().unwrap_or_default().to_vec();
            Ok(((row.get(0)?, row.get_ref(1)?.as_i64().unwrap_or(0)), header))
        });
        Ok(last.optional()?)
    }

    fn streams(&mut self, from: Option<i64>, to: Option<i64>) -> Result<Vec<StreamRow>, Stop> {
        let (from, to) = (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX));
        let sql = "SELECT id, name, version, head FROM stream WHERE id BETWEEN ? AND ?";
        let mut streams = Vec::new();
        self.each(sql, vec![Value::Integer(from), Value::Integer(to)], |row| {
            streams.push(StreamRow {
                id: row.get(0)?,
                name: row.get_ref(1)?.as_bytes().unwrap_or_default().to_vec(),
                version: row.get_ref(2)?.as_i64().ok(),
                head: row.get_ref(3)?.as_blob().ok().map(<[u8]>::to_vec),
            });
            Ok(())
        })?;
        Ok(streams)
    }

    fn named(&mut self, part: Part) -> Result<Vec<Named>, Stop> {
        let (within, params) = within(part);
        let sql = format!(
            "SELECT stream, version, sm3, sha256, size FROM blob WHERE {within}
            ORDER BY stream, version, sm3"
        );
        let mut named = Vec::new();
        self.each(&sql, params, |row| {
            let blob = || -> rusqlite::Result<Blob> {
                let size = row.get::<_, i64>(4)? as u64;
                Ok(Blob { sm3: row.get(2)?, sha256: row.get(3)?, size })
            };
            named.push(Named { at: (row.get(0)?, row.get(1)?), blob: blob().ok() });
            Ok(())
        })?;
        Ok(named)
    }

    fn events(&mut self, part: Part, visit: OnEvent<'_>) -> Result<(), Stop> {
        let (within, params) = within(part);
        let sql = format!(
            "SELECT stream, version, kind, who, entered, recorded, header, salt, payload
            FROM event WHERE {within} ORDER BY stream, version"
        );
        self.each(&sql, params, |row| {
            visit(EventRow {
                stream: row.get(0)?,
                version: row.get_ref(1)?.into(),
                kind: row.get_ref(2)?.into(),
                who: row.get_ref(3)?.into(),
                entered: row.get_ref(4)?.into(),
                recorded: row.get_ref(5)?.into(),
                header: row.get_ref(6)?.into(),
                salt: row.get_ref(7)?.into(),
                payload: row.get_ref(8)?.into(),
            })
        })
    }

    fn leaves(&mut self, places: Range<u64>, visit: OnLeaf<'_>) -> Result<(), Stop> {
        let sql = "SELECT place, stream, version, hash FROM leaf
            WHERE place >= ? AND place < ? ORDER BY place";
        self.each(sql, range(places), |row| {
            visit(LeafRow {
                place: row.get(0)?,
                stream: row.get_ref(1)?.into(),
                version: row.get_ref(2)?.into(),
                hash: row.get_ref(3)?.into(),
            })
        })
    }

    /// Here every event gets its place with its commit.
    fn unsealed(&mut self, _: OnWaiting<'_>) -> Result<(), Stop> {
        Ok(())
    }

    fn leaves_after(&mut self, place: Option<i64>) -> Result<Vec<LeafOf>, Stop> {
        // None can stand before the first number there is.
        let (sign, place) = place.map_or((">=", i64::MIN), |place| (">", place));
        let sql = format!(
            "SELECT l.place, l.hash, e.header
            FROM leaf l LEFT JOIN event e ON e.stream = l.stream AND e.version = l.version
            WHERE l.place {sign} ? ORDER BY l.place LIMIT ?"
        );
        let mut leaves = Vec::new();
        self.each(&sql, vec![Value::Integer(place), Value::Integer(LEAVES)], |row| {
            let bytes = |at| -> rusqlite::Result<Option<Vec<u8>>> {
                Ok(row.get_ref(at)?.as_blob().ok().map(<[u8]>::to_vec))
            };
            leaves.push(LeafOf { place: row.get(0)?, hash: bytes(1)?, header: bytes(2)? });
            Ok(())
        })?;
        Ok(leaves)
    }

    fn subtrees(
        &mut self,
        level: u8,
        places: Range<u64>,
        visit: OnSubtree<'_>,
    ) -> Result<(), Stop> {
        let sql = "SELECT place, sha256, sm3 FROM tree
            WHERE place >= ? AND place < ? AND level = ? ORDER BY place";
        let mut params = range(places);
        params.push(Value::Integer(level.into()));
        self.each(sql, params, |row| {
            visit(row.get(0)?, row.get_ref(1)?.into(), row.get_ref(2)?.into())
        })
    }

    fn checkpoints(&mut self, visit: OnTwo<'_>) -> Result<(), Stop> {
        self.each("SELECT size, note FROM checkpoint", Vec::new(), |row| {
            visit(row.get_ref(0)?.into(), row.get_ref(1)?.into())
        })
    }

    fn objects(&mut self, share: Share, visit: OnObject<'_>) -> Result<(), Stop> {
        // A hash begins with any byte as often as with any other.
        let bound = |nth: usize| vec![(nth * 256 / share.of) as u8];
        let (mut within, mut params) = (String::from("TRUE"), Vec::new());
        if share.nth > 0 {
            within.push_str(" AND b.sm3 >= ?");
            params.push(Value::Blob(bound(share.nth)));
        }
        if share.nth + 1 < share.of {
            within.push_str(" AND b.sm3 < ?");
            params.push(Value::Blob(bound(share.nth + 1)));
        }
        let sql = format!(
            "SELECT b.sm3, b.sha256, b.size, b.version, s.name,
                EXISTS (SELECT 1 FROM event e WHERE e.stream = b.stream AND e.version = b.version)
            FROM blob b LEFT JOIN stream s ON s.id = b.stream WHERE {within} ORDER BY b.sm3"
        );
        self.each(&sql, params, |row| {
            let (stream, known): (Option<String>, bool) = (row.get(4)?, row.get(5)?);
            visit(ObjectRow {
                sm3: row.get_ref(0)?.into(),
                sha256: row.get_ref(1)?.into(),
                size: row.get_ref(2)?.into(),
                version: row.get(3)?,
                stream: stream.filter(|_| known),
            })
        })
    }

    fn unnamed(&mut self, share: Share, visit: OnTwo<'_>) -> Result<(), Stop> {
        let last = last(&self.0, "blob_bytes")?;
        let sql = "SELECT sm3, bytes FROM blob_bytes AS o WHERE rowid BETWEEN ? AND ?
            AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.sm3 = o.sm3) ORDER BY rowid";
        self.each(sql, numbers(share, last), |row| {
            visit(row.get_ref(0)?.into(), row.get_ref(1)?.into())
        })
    }

    fn sealed(&mut self, share: Share, visit: OnSealed<'_>) -> Result<(), Stop> {
        let last = last(&self.0, "sealed")?;
        let sql = "SELECT id, dossier, bytes FROM sealed WHERE rowid BETWEEN ? AND ?
            ORDER BY rowid";
        self.each(sql, numbers(share, last), |row| {
            let (id, dossier): (String, String) = (row.get(0)?, row.get(1)?);
            visit(&id, &dossier, row.get_ref(2)?.into())
        })
    }

    fn access(&mut self) -> Result<Option<Option<String>>, Stop> {
        let unlike = "SELECT d.id FROM access a LEFT JOIN dossier d ON d.nr = a.dossier
            WHERE (a.ended, a.due, a.received, a.changed, a.number, a.stage)
                IS NOT (d.ended, coalesce(d.due_latest, ?1), d.received, d.changed, d.number,
                    d.stage)
                OR NOT EXISTS (SELECT 1 FROM json_each(d.principals) p WHERE p.value = a.principal)
            LIMIT 1";
        let missing = "SELECT d.id FROM dossier d WHERE json_array_length(d.principals)
                <> (SELECT count(*) FROM access a WHERE a.dossier = d.nr)
            LIMIT 1";
        let id = |row: &Row<'_>| row.get::<_, Option<String>>(0);
        let unlike = self.0.query_row(unlike, (append::NEVER,), id).optional()?;
        let missing = self.0.query_row(missing, (), id).optional()?;
        Ok(unlike.or(missing))
    }

    /// Lets SQLite compare its tables with their indexes.
    fn engine(&mut self) -> Result<(), Stop> {
        let sql = "PRAGMA integrity_check(1)";
        let answer: String = self.0.query_row(sql, (), |row| row.get(0))?;
        if answer == "ok" {
            return Ok(());
        }
        Err(Stop::Bad(Bad { stream: None, version: None, what: answer }))
    }
}

/// The greatest row number of a table.
fn last(connection: &Connection, table: &str) -> Result<i64, Stop> {
    let sql = format!("SELECT coalesce(max(rowid), 0) FROM {table}");
    Ok(connection.query_row(&sql, (), |row| row.get(0))?)
}
