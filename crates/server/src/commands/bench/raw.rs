//! The bare engine: the rows that one act writes, committed one act at a time into a copy of the same database.
//!
//! The rows are those of acts that were just measured; deliberately absent is everything that leads to them: no law, no hashes, no reading, no HTTP.

use std::path::Path;

use procedure::{Entry, number::series_key};
use rusqlite::{Connection, OpenFlags};

use crate::{commands::Wrong, office::random_id};

/// A copy of the record, with the rows to be committed.
pub(super) struct Raw {
    connection: Connection,
    /// What opens a dossier, then what is added to dossiers.
    samples: Vec<Sample>,
    /// The dossiers that are added to.
    dossiers: Vec<Place>,
    turn: usize,
    place: i64,
    now: i64,
}

/// One act as it stands in the record.
struct Sample {
    kind: String,
    who: String,
    entered: String,
    header: Vec<u8>,
    salt: Vec<u8>,
    payload: Vec<u8>,
    /// The series that gives it its number, where it has one.
    series: Option<String>,
    /// The hash of a request, the versions and the answer that were kept with the act's key.
    outcome: (Vec<u8>, String, Vec<u8>),
}

/// A dossier and where its stream stands.
struct Place {
    nr: i64,
    stream: i64,
    version: i64,
}

/// The newest act of a kind; the outcome of any act is as long as that of another.
const SAMPLE: &str = "SELECT kind, who, entered, header, salt, payload, request, versions, response
    FROM event CROSS JOIN outcome WHERE event.kind = ?1
    ORDER BY event.rowid DESC, outcome.rowid DESC LIMIT 1";

const DOSSIERS: &str = "SELECT d.nr, s.id, s.version
    FROM dossier d JOIN stream s ON s.name = 'dossier/' || d.id
    WHERE EXISTS (SELECT 1 FROM event e WHERE e.stream = s.id AND e.kind = 'assign_reviewers')
    ORDER BY d.id";

impl Raw {
    /// Copies the record after acts of these kinds were taken; the first of them opens a dossier.
    pub(super) fn copy(record: &Path, to: &Path, kinds: &[&str]) -> Result<Raw, Wrong> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let original = Connection::open_with_flags(record, flags).map_err(wrong)?;
        original.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map_err(wrong)?;
        Raw::open(to, kinds).map_err(wrong)
    }

    fn open(path: &Path, kinds: &[&str]) -> rusqlite::Result<Raw> {
        let connection = Connection::open(path)?;
        // As the store's writer has it.
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.set_prepared_statement_cache_capacity(128);
        let sample = |kind: &&str| connection.query_row(SAMPLE, [kind], sample);
        let samples = kinds.iter().map(sample).collect::<Result<_, _>>()?;
        let mut dossiers = connection.prepare(DOSSIERS)?;
        let found = dossiers.query_map((), |row| {
            Ok(Place { nr: row.get(0)?, stream: row.get(1)?, version: row.get(2)? })
        })?;
        let found = found.collect::<Result<_, _>>()?;
        drop(dossiers);
        let number = |sql| connection.query_row(sql, (), |row| row.get(0));
        let place = number("SELECT max(place) FROM leaf")?;
        let now = number("SELECT max(changed) FROM dossier")?;
        Ok(Raw { samples, dossiers: found, turn: 0, place, now, connection })
    }

    /// Commits the rows of the next act.
    pub(super) fn commit(&mut self) -> Result<(), Wrong> {
        let id = random_id()?;
        let turn = self.turn;
        self.turn += 1;
        self.place += 1;
        self.now += 1;
        self.write(turn, &id).map_err(wrong)
    }

    fn write(&mut self, turn: usize, id: &str) -> rusqlite::Result<()> {
        let kind = turn % self.samples.len().max(1);
        let additions = turn.saturating_sub(turn / self.samples.len().max(1) + 1);
        let dossier = additions % self.dossiers.len().max(1);
        let Raw { connection, samples, dossiers, place, now, .. } = self;
        let (Some(sample), Some(dossier)) = (samples.get(kind), dossiers.get_mut(dossier)) else {
            return Err(rusqlite::Error::QueryReturnedNoRows);
        };
        let act = Act { connection, sample, id, place: *place, now: *now };
        execute(connection, "BEGIN IMMEDIATE", ())?;
        if kind == 0 {
            act.open()?;
        } else {
            dossier.version += 1;
            act.add(dossier)?;
        }
        act.draw()?;
        act.keep_outcome()?;
        execute(connection, "COMMIT", ())
    }
}

/// The rows of one act, to be written.
struct Act<'a> {
    connection: &'a Connection,
    sample: &'a Sample,
    /// What is random about it.
    id: &'a str,
    place: i64,
    now: i64,
}

impl Act<'_> {
    /// The rows of a new dossier, like those of the one registered last.
    fn open(&self) -> rusqlite::Result<()> {
        let Act { connection, id, now, .. } = self;
        let stream = format!("dossier/{id}");
        let head = [0_u8; 32];
        let sql = "INSERT INTO stream (name, version, head) VALUES (?1, 0, ?2)";
        execute(connection, sql, (stream, head))?;
        self.event(&Place { nr: 0, stream: connection.last_insert_rowid(), version: 1 })?;
        let sql = "INSERT INTO dossier (id, department, number, case_number, title, unit, stage,
                ended, received, changed, grade, due_nominal, due_latest, due_kind, provisional)
            SELECT ?1, department, number, case_number, title, unit, stage,
                ended, received, ?2, grade, due_nominal, due_latest, due_kind, provisional
            FROM dossier ORDER BY nr DESC LIMIT 1";
        execute(connection, sql, (id, now))?;
        let nr = connection.last_insert_rowid();
        let sql = "INSERT INTO dossier_limit (dossier, place, kind, nominal, latest, open)
            SELECT ?1, place, kind, nominal, latest, open FROM dossier_limit
            WHERE dossier = ?1 - 1";
        execute(connection, sql, [nr])?;
        let sql = "INSERT INTO access (dossier, principal, ended, due, received, changed, number)
            SELECT ?1, principal, ended, due, received, ?2, number FROM access
            WHERE dossier = ?1 - 1";
        execute(connection, sql, (nr, now))
    }

    /// The rows of an act that adds to a dossier.
    fn add(&self, dossier: &Place) -> rusqlite::Result<()> {
        let Act { connection, now, .. } = self;
        self.event(dossier)?;
        let sql = "UPDATE dossier SET changed = ?2 WHERE nr = ?1";
        execute(connection, sql, (dossier.nr, now))?;
        let sql = "UPDATE access SET changed = ?2 WHERE dossier = ?1";
        execute(connection, sql, (dossier.nr, now))
    }

    /// The event, its leaf and the head of its stream.
    fn event(&self, Place { stream, version, .. }: &Place) -> rusqlite::Result<()> {
        let Act { connection, sample, place, now, .. } = self;
        let Sample { kind, who, entered, header, salt, payload, .. } = sample;
        let sql = "INSERT INTO event
                (stream, version, kind, who, entered, recorded, header, salt, payload)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let row = (stream, version, kind, who, entered, now, header, salt, payload);
        execute(connection, sql, row)?;
        let sql = "INSERT INTO leaf (place, stream, version, hash) VALUES (?1, ?2, ?3, ?4)";
        execute(connection, sql, (place, stream, version, salt))?;
        let sql = "UPDATE stream SET version = ?2, head = ?3 WHERE id = ?1";
        execute(connection, sql, (stream, version, salt))
    }

    fn draw(&self) -> rusqlite::Result<()> {
        let Some(series) = &self.sample.series else { return Ok(()) };
        execute(self.connection, "UPDATE series SET last = last + 1 WHERE name = ?1", [series])
    }

    fn keep_outcome(&self) -> rusqlite::Result<()> {
        let (request, versions, response) = &self.sample.outcome;
        let sql = "INSERT INTO outcome (key, request, versions, response)
            VALUES (?1, ?2, ?3, ?4)";
        let key = format!("{}/{}", self.sample.who, self.id);
        execute(self.connection, sql, (key, request, versions, response))
    }
}

fn sample(row: &rusqlite::Row<'_>) -> rusqlite::Result<Sample> {
    let payload: Vec<u8> = row.get(5)?;
    let series = serde_json::from_slice(&payload).ok().and_then(|entry: Entry| {
        entry.number().map(|number| series_key(&entry.department.0, number))
    });
    Ok(Sample {
        kind: row.get(0)?,
        who: row.get(1)?,
        entered: row.get(2)?,
        header: row.get(3)?,
        salt: row.get(4)?,
        payload,
        series,
        outcome: (row.get(6)?, row.get(7)?, row.get(8)?),
    })
}

fn execute(connection: &Connection, sql: &str, row: impl rusqlite::Params) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute(row).map(drop)
}

fn wrong(error: rusqlite::Error) -> Wrong {
    Wrong::Refused(format!("裸数据库出错：{error}"))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use procedure::Manner;
    use rusqlite::types::Value;
    use scenario::language::Move;
    use store::Store;

    use super::*;
    use crate::{
        clock::Clock,
        commands::bench::load,
        office::{Office, Submitted},
    };

    const TABLES: [&str; 9] = [
        "stream",
        "event",
        "leaf",
        "blob",
        "series",
        "dossier",
        "dossier_limit",
        "access",
        "outcome",
    ];

    type Rows = BTreeMap<&'static str, BTreeSet<String>>;

    fn rows(connection: &Connection) -> Rows {
        let of = |table| {
            let mut all = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = all.column_count();
            let row = all.query_map((), |row| {
                let cells = (0..columns).map(|column| row.get::<_, Value>(column));
                Ok(format!("{:?}", cells.collect::<Result<Vec<_>, _>>()?))
            });
            row.unwrap().collect::<Result<_, _>>().unwrap()
        };
        TABLES.map(|table| (table, of(table))).into()
    }

    /// How many rows came, and how many went or were replaced, by table.
    fn touched(before: &Rows, after: &Rows) -> Vec<(&'static str, usize, usize)> {
        let difference = |a: &Rows, b: &Rows, table| a[table].difference(&b[table]).count();
        let touched =
            TABLES.map(|it| (it, difference(after, before, it), difference(before, after, it)));
        touched.into_iter().filter(|(_, came, went)| came + went > 0).collect()
    }

    #[test]
    fn the_bare_engine_touches_the_same_rows_as_an_act() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let store = Store::open(&data, &directory.path().join("keys")).unwrap();
        let office = Office::open(store, Clock::default()).unwrap();
        let mut teams = load::found(&office, 1).unwrap_or_else(|_| panic!());
        load::load(&office, &mut teams, 7, &|_, _| {}).unwrap_or_else(|_| panic!());
        let team = &teams[0];

        let record = data.join("record.db");
        let reader = Connection::open(&record).unwrap();
        let take = |i: usize, act: &Move, round: &str| {
            let before = rows(&reader);
            let done = office.execute(Submitted {
                step: act.step.id.to_owned(),
                who: act.who.clone(),
                dossier: (i > 0).then(|| team.assigned[0].clone()),
                seen: None,
                key: Some(format!("{round}{i}")),
                manner: Manner::Regular,
                answers: act.answers.clone(),
            });
            done.unwrap();
            touched(&before, &rows(&reader))
        };
        // The first of a series makes its row; what is measured adds to it.
        let numbered = team.acts.iter().enumerate().filter(|(_, act)| act.step.series.is_some());
        numbered.for_each(|(i, act)| drop(take(i, act, "first")));
        let acts = team.acts.iter().enumerate();
        let by_acts: Vec<_> = acts.map(|(i, act)| take(i, act, "measured")).collect();

        let kinds: Vec<_> = team.acts.iter().map(|act| act.step.id).collect();
        let mut raw = Raw::copy(&record, &directory.path().join("raw.db"), &kinds)
            .unwrap_or_else(|_| panic!());
        let mut by_engine = Vec::new();
        for _ in &team.acts {
            let before = rows(&raw.connection);
            raw.commit().unwrap_or_else(|_| panic!());
            by_engine.push(touched(&before, &rows(&raw.connection)));
        }
        assert_eq!(by_engine, by_acts);
        assert!(by_acts.iter().all(|tables| tables.len() >= 5), "{by_acts:?}");
    }
}
