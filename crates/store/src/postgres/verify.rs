//! What PostgreSQL shows to the verifier.
//!
//! All readers share one exported snapshot, and no table is ever held in memory.
//! Absent: the engine's own structures, which only the owner can have checked (`pg_amcheck`).

use std::{error::Error, fmt::Write, ops::Range, thread};

use postgres::{
    Row,
    fallible_iterator::FallibleIterator,
    types::{FromSql, ToSql, Type},
};

use super::{
    append,
    link::{Link, Pool, count, get, hash},
};
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

/// A reader waits for its turn within its transaction, for as long as the others take.
const BEGIN: &str = "SET idle_in_transaction_session_timeout = 0;
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

impl From<postgres::Error> for Stop {
    fn from(error: postgres::Error) -> Self {
        seen(Fault::from(error))
    }
}

/// What was answered, but cannot be read, is damage.
fn seen(fault: Fault) -> Stop {
    match fault {
        Fault::Database(what) => Stop::Bad(Bad { stream: None, version: None, what }),
        fault => Stop::Fault(fault),
    }
}

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *kind {
            Type::TEXT => Cell::Text(raw),
            Type::BYTEA => Cell::Bytes(raw),
            Type::INT8 => Cell::Integer(i64::from_sql(kind, raw)?),
            _ => Cell::Other,
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Cell::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

pub(super) fn verify(pool: &Pool, request: &Request<'_>) -> Result<Report, Fault> {
    let many = thread::available_parallelism().map_or(1, usize::from);
    let mut first = pool.open()?;
    first.batch(BEGIN)?;
    let moment: String = get(&first.query_one("SELECT pg_export_snapshot()", &[])?, 0)?;
    let mut readers = vec![Snapshot(first)];
    for _ in 1..many {
        let mut link = pool.open()?;
        link.batch(&format!("{BEGIN}; SET TRANSACTION SNAPSHOT '{moment}'"))?;
        readers.push(Snapshot(link));
    }
    verify::verify(&mut readers, request)
}

/// A connection within a transaction that only reads; what it sees does not change.
struct Snapshot(Link);

type Params = Vec<Box<dyn ToSql + Sync>>;

impl Snapshot {
    fn count(&mut self, table: &str) -> Result<u64, Stop> {
        let row = self.0.query_one(&format!("SELECT count(*) FROM {table}"), &[])?;
        count(&row, 0).map_err(seen)
    }

    /// Shows the rows of a statement one after another.
    fn each(
        &mut self,
        sql: &str,
        params: &Params,
        mut visit: impl FnMut(&Row) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let params: Vec<_> = params.iter().map(|one| &**one).collect();
        let mut rows = self.0.rows(sql, &params)?;
        while let Some(row) = rows.next()? {
            visit(&row)?;
        }
        Ok(())
    }
}

fn cell(row: &Row, column: usize) -> Result<Cell<'_>, Stop> {
    Ok(row.try_get(column)?)
}

fn number(row: &Row, column: usize) -> Result<i64, Stop> {
    Ok(row.try_get(column)?)
}

fn owned(row: &Row, column: usize) -> Result<Option<Vec<u8>>, Stop> {
    Ok(cell(row, column)?.bytes().map(<[u8]>::to_vec))
}

/// The condition that (stream, version) lies in a part, and its parameters.
fn within(part: Part) -> (String, Params) {
    let (mut sql, mut params) = (String::from("TRUE"), Params::new());
    for (sign, bound) in [(">", part.after), ("<=", part.until)] {
        if let Some((stream, version)) = bound {
            let (first, second) = (params.len() + 1, params.len() + 2);
            // Writing into a string never fails.
            let _ = write!(sql, " AND (stream, version) {sign} (${first}, ${second})");
            params.extend([stream, version].map(|it| Box::new(it) as Box<dyn ToSql + Sync>));
        }
    }
    (sql, params)
}

/// The condition that a hash lies in a share: it begins with any byte as often as with another.
fn hashes(column: &str, share: Share) -> (String, Params) {
    let (mut sql, mut params) = (String::from("TRUE"), Params::new());
    let bound = |nth: usize| Box::new(vec![(nth * 256 / share.of) as u8]);
    if share.nth > 0 {
        params.push(bound(share.nth));
        let _ = write!(sql, " AND {column} >= ${}", params.len());
    }
    if share.nth + 1 < share.of {
        params.push(bound(share.nth + 1));
        let _ = write!(sql, " AND {column} < ${}", params.len());
    }
    (sql, params)
}

fn range(places: Range<u64>) -> Params {
    vec![Box::new(places.start as i64), Box::new(places.end as i64)]
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
        self.each("SELECT id, version FROM stream ORDER BY id", &Params::new(), |row| {
            visit(number(row, 0)?, number(row, 1)?);
            Ok(())
        })
    }

    fn last_until(&mut self, (stream, version): At) -> Result<Option<(At, Vec<u8>)>, Stop> {
        let sql = "SELECT stream, version, header FROM event
            WHERE (stream, version) <= ($1, $2) ORDER BY stream DESC, version DESC LIMIT 1";
        let Some(row) = self.0.query_opt(sql, &[&stream, &version])? else { return Ok(None) };
        let header = owned(&row, 2)?.unwrap_or_default();
        Ok(Some(((number(&row, 0)?, number(&row, 1)?), header)))
    }

    fn streams(&mut self, from: Option<i64>, to: Option<i64>) -> Result<Vec<StreamRow>, Stop> {
        let (from, to) = (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX));
        let sql = "SELECT id, name, version, head FROM stream WHERE id BETWEEN $1 AND $2";
        let mut streams = Vec::new();
        let params: Params = vec![Box::new(from), Box::new(to)];
        self.each(sql, &params, |row| {
            streams.push(StreamRow {
                id: number(row, 0)?,
                name: cell(row, 1)?.raw().to_vec(),
                version: Some(number(row, 2)?),
                head: owned(row, 3)?,
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
        self.each(&sql, &params, |row| {
            let blob = || -> Result<Blob, Fault> {
                let size = get::<i64>(row, 4)? as u64;
                Ok(Blob { sm3: hash(row, 2)?, sha256: hash(row, 3)?, size })
            };
            named.push(Named { at: (number(row, 0)?, number(row, 1)?), blob: blob().ok() });
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
        self.each(&sql, &params, |row| {
            visit(EventRow {
                stream: number(row, 0)?,
                version: cell(row, 1)?,
                kind: cell(row, 2)?,
                who: cell(row, 3)?,
                entered: cell(row, 4)?,
                recorded: cell(row, 5)?,
                header: cell(row, 6)?,
                salt: cell(row, 7)?,
                payload: cell(row, 8)?,
            })
        })
    }

    fn leaves(&mut self, places: Range<u64>, visit: OnLeaf<'_>) -> Result<(), Stop> {
        let sql = "SELECT place, stream, version, hash FROM leaf
            WHERE place >= $1 AND place < $2 ORDER BY place";
        self.each(sql, &range(places), |row| {
            visit(LeafRow {
                place: number(row, 0)?,
                stream: cell(row, 1)?,
                version: cell(row, 2)?,
                hash: cell(row, 3)?,
            })
        })
    }

    fn unsealed(&mut self, visit: OnWaiting<'_>) -> Result<(), Stop> {
        let sql = "SELECT u.stream, u.version, u.hash, e.header FROM unsealed u
            LEFT JOIN event e ON e.stream = u.stream AND e.version = u.version
            ORDER BY u.stream, u.version";
        self.each(sql, &Params::new(), |row| {
            visit((number(row, 0)?, number(row, 1)?), cell(row, 2)?, cell(row, 3)?)
        })
    }

    fn leaves_after(&mut self, place: Option<i64>) -> Result<Vec<LeafOf>, Stop> {
        // None can stand before the first number there is.
        let (sign, place) = place.map_or((">=", i64::MIN), |place| (">", place));
        let sql = format!(
            "SELECT l.place, l.hash, e.header
            FROM leaf l LEFT JOIN event e ON e.stream = l.stream AND e.version = l.version
            WHERE l.place {sign} $1 ORDER BY l.place LIMIT $2"
        );
        let mut leaves = Vec::new();
        let params: Params = vec![Box::new(place), Box::new(LEAVES)];
        self.each(&sql, &params, |row| {
            let (hash, header) = (owned(row, 1)?, owned(row, 2)?);
            leaves.push(LeafOf { place: number(row, 0)?, hash, header });
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
            WHERE place >= $1 AND place < $2 AND level = $3 ORDER BY place";
        let mut params = range(places);
        params.push(Box::new(i64::from(level)));
        self.each(sql, &params, |row| visit(number(row, 0)?, cell(row, 1)?, cell(row, 2)?))
    }

    fn checkpoints(&mut self, visit: OnTwo<'_>) -> Result<(), Stop> {
        self.each("SELECT size, note FROM checkpoint ORDER BY size", &Params::new(), |row| {
            visit(cell(row, 0)?, cell(row, 1)?)
        })
    }

    fn objects(&mut self, share: Share, visit: OnObject<'_>) -> Result<(), Stop> {
        let (within, params) = hashes("b.sm3", share);
        let sql = format!(
            "SELECT b.sm3, b.sha256, b.size, b.version, s.name,
                EXISTS (SELECT 1 FROM event e WHERE e.stream = b.stream AND e.version = b.version)
            FROM blob b LEFT JOIN stream s ON s.id = b.stream WHERE {within} ORDER BY b.sm3"
        );
        self.each(&sql, &params, |row| {
            let (stream, known): (Option<String>, bool) = (row.try_get(4)?, row.try_get(5)?);
            visit(ObjectRow {
                sm3: cell(row, 0)?,
                sha256: cell(row, 1)?,
                size: cell(row, 2)?,
                version: number(row, 3)?,
                stream: stream.filter(|_| known),
            })
        })
    }

    fn unnamed(&mut self, share: Share, visit: OnTwo<'_>) -> Result<(), Stop> {
        let (within, params) = hashes("o.sm3", share);
        let sql = format!(
            "SELECT o.sm3, o.bytes FROM blob_bytes o WHERE {within}
            AND NOT EXISTS (SELECT 1 FROM blob b WHERE b.sm3 = o.sm3) ORDER BY o.sm3"
        );
        self.each(&sql, &params, |row| visit(cell(row, 0)?, cell(row, 1)?))
    }

    fn sealed(&mut self, share: Share, visit: OnSealed<'_>) -> Result<(), Stop> {
        // Ids say nothing by which they could be divided evenly.
        if share.nth > 0 {
            return Ok(());
        }
        let sql = "SELECT id, dossier, bytes FROM sealed ORDER BY id";
        self.each(sql, &Params::new(), |row| {
            let (id, dossier): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
            visit(id, dossier, cell(row, 2)?)
        })
    }

    fn access(&mut self) -> Result<Option<Option<String>>, Stop> {
        let unlike = "SELECT d.id FROM access a LEFT JOIN dossier d ON d.nr = a.dossier
            WHERE (a.ended, a.due, a.received, a.changed, a.number, a.stage) IS DISTINCT FROM
                (d.ended, coalesce(d.due_latest, $1), d.received, d.changed, d.number, d.stage)
                OR NOT d.principals::jsonb ? a.principal
            LIMIT 1";
        let missing = "SELECT d.id FROM dossier d WHERE jsonb_array_length(d.principals::jsonb)
                <> (SELECT count(*) FROM access a WHERE a.dossier = d.nr)
            LIMIT 1";
        let found = match self.0.query_opt(unlike, &[&append::NEVER])? {
            Some(row) => Some(row),
            None => self.0.query_opt(missing, &[])?,
        };
        Ok(found.map(|row| row.try_get(0)).transpose()?)
    }

    fn engine(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}
