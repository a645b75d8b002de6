//! The bare SQLite: a copy of the same database.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{Place, Sample, order, rests_on};
use crate::{commands::Wrong, office::random_id};

/// A copy of the record, with the rows to be committed.
pub(in crate::commands::bench) struct Raw {
    connection: Connection,
    /// What opens a dossier, then what is added to dossiers.
    samples: Vec<Sample>,
    /// The dossiers that are added to.
    dossiers: Vec<Place>,
    turn: usize,
    place: i64,
    now: i64,
}

/// The newest act of a kind; the outcome of any act is as long as that of another.
const SAMPLE: &str = "SELECT kind, who, entered, header, salt, payload, request, versions, response
    FROM event CROSS JOIN outcome WHERE event.kind = ?1
    ORDER BY event.rowid DESC, outcome.rowid DESC LIMIT 1";

const DOSSIERS: &str = "SELECT d.nr, s.id, s.version, d.articles
    FROM dossier d JOIN stream s ON s.name = 'dossier/' || d.id
    WHERE EXISTS (SELECT 1 FROM event e WHERE e.stream = s.id AND e.kind = 'assign_reviewers')
    ORDER BY d.id";

impl Raw {
    /// Copies the record after acts of these kinds were taken; the first of them opens a dossier.
    pub(in crate::commands::bench) fn copy(
        record: &Path,
        to: &Path,
        kinds: &[&str],
    ) -> Result<Raw, Wrong> {
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
            let (nr, stream, version) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Place { nr, stream, version, articles: row.get(3)? })
        })?;
        let found = found.collect::<Result<_, _>>()?;
        drop(dossiers);
        let number = |sql| connection.query_row(sql, (), |row| row.get(0));
        let place = number("SELECT max(place) FROM leaf")?;
        let now = number("SELECT max(changed) FROM dossier")?;
        Ok(Raw { samples, dossiers: found, turn: 0, place, now, connection })
    }

    /// Commits the rows of the next act.
    pub(in crate::commands::bench) fn commit(&mut self) -> Result<(), Wrong> {
        let id = random_id()?;
        let turn = self.turn;
        self.turn += 1;
        self.place += 1;
        self.now += 1;
        self.write(turn, &id).map_err(wrong)
    }

    fn write(&mut self, turn: usize, id: &str) -> rusqlite::Result<()> {
        let (kind, dossier) = order(turn, self.samples.len(), self.dossiers.len());
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
        self.event(connection.last_insert_rowid(), 1)?;
        let sql = "INSERT INTO dossier (id, department, number, case_number, title, unit, stage,
                ended, received, changed, grade, due_nominal, due_latest, due_kind, provisional,
                limits, principals, articles)
            SELECT ?1, department, number, case_number, title, unit, stage,
                ended, received, ?2, grade, due_nominal, due_latest, due_kind, provisional,
                limits, principals, 0
            FROM dossier ORDER BY nr DESC LIMIT 1";
        execute(connection, sql, (id, now))?;
        let nr = connection.last_insert_rowid();
        let sql = "INSERT INTO access
                (dossier, principal, ended, due, received, changed, number, stage)
            SELECT ?1, principal, ended, due, received, ?2, number, stage FROM access
            WHERE dossier = ?1 - 1";
        execute(connection, sql, (nr, now))?;
        self.queue(nr)?;
        self.rest_on(nr, 0)
    }

    /// The rows of an act that adds to a dossier.
    fn add(&self, dossier: &mut Place) -> rusqlite::Result<()> {
        let Act { connection, now, .. } = self;
        self.event(dossier.stream, dossier.version)?;
        let sql = "UPDATE dossier SET changed = ?2 WHERE nr = ?1";
        execute(connection, sql, (dossier.nr, now))?;
        let sql = "UPDATE access SET changed = ?2 WHERE dossier = ?1";
        execute(connection, sql, (dossier.nr, now))?;
        self.queue(dossier.nr)?;
        self.rest_on(dossier.nr, dossier.articles)?;
        dossier.articles |= self.sample.articles;
        Ok(())
    }

    /// That the dossier is to be taken into the search again.
    fn queue(&self, nr: i64) -> rusqlite::Result<()> {
        let sql = "INSERT INTO unsearched (dossier, turn) VALUES (?1, random())
            ON CONFLICT (dossier) DO UPDATE SET turn = random()";
        execute(self.connection, sql, (nr,))
    }

    /// The articles that a dossier has not rested on before, and how many dossiers now do.
    fn rest_on(&self, nr: i64, before: i64) -> rusqlite::Result<()> {
        let articles = self.sample.articles;
        if articles & !before == 0 {
            return Ok(());
        }
        let sql = "UPDATE dossier SET articles = ?2 WHERE nr = ?1";
        execute(self.connection, sql, (nr, before | articles))?;
        let sql = "INSERT INTO article_count (department, article, ended, dossiers)
            SELECT department, ?2, ended, 1 FROM dossier WHERE nr = ?1
            ON CONFLICT (department, article, ended) DO UPDATE SET dossiers = dossiers + 1";
        let is_new = |article: &i64| (articles & !before) >> (article - 1) & 1 == 1;
        (1..=64).filter(is_new).try_for_each(|article| execute(self.connection, sql, (nr, article)))
    }

    /// The event, its leaf, the head of its stream and the number drawn.
    fn event(&self, stream: i64, version: i64) -> rusqlite::Result<()> {
        let Act { connection, sample, place, now, .. } = self;
        let Sample { kind, who, entered, header, salt, payload, series, .. } = sample;
        let sql = "INSERT INTO event
                (stream, version, kind, who, entered, recorded, header, salt, payload)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let row = (stream, version, kind, who, entered, now, header, salt, payload);
        execute(connection, sql, row)?;
        let sql = "INSERT INTO leaf (place, stream, version, hash) VALUES (?1, ?2, ?3, ?4)";
        execute(connection, sql, (place, stream, version, salt))?;
        let sql = "UPDATE stream SET version = ?2, head = ?3 WHERE id = ?1";
        execute(connection, sql, (stream, version, salt))?;
        let sql = "UPDATE series SET last = last + 1 WHERE name = ?1";
        series.iter().try_for_each(|series| execute(connection, sql, (series,)))
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
    let (series, articles) = rests_on(&payload);
    Ok(Sample {
        series,
        articles,
        kind: row.get(0)?,
        who: row.get(1)?,
        entered: row.get(2)?,
        header: row.get(3)?,
        salt: row.get(4)?,
        payload,
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

    use procedure::{Manner, value::Answer};
    use rusqlite::types::Value;
    use store::Store;

    use super::*;
    use crate::{
        clock::Clock,
        commands::bench::load,
        office::{Office, Submitted},
    };

    const TABLES: [&str; 10] = [
        "stream",
        "event",
        "leaf",
        "blob",
        "series",
        "dossier",
        "access",
        "unsearched",
        "article_count",
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
        let take = |i: usize, dossier: &str, key: String| {
            let act = &team.acts[i];
            let mut answers = act.answers.clone();
            for answer in answers.values_mut() {
                if let Answer::One(text) = answer {
                    *text = text.replace("{turn}", &key);
                }
            }
            let done = office.execute(Submitted {
                step: act.step.id.to_owned(),
                who: act.who.clone(),
                dossier: (i > 0).then(|| dossier.to_owned()),
                seen: None,
                key: Some(key),
                manner: Manner::Regular,
                answers,
            });
            done.unwrap();
        };
        // The engine adds to one dossier after the other; all of them rest on the same articles then.
        for dossier in &team.assigned {
            (1..team.acts.len()).for_each(|i| take(i, dossier, format!("{i}{dossier}")));
        }
        let mut by_acts = Vec::new();
        for i in 0..team.acts.len() {
            let before = rows(&reader);
            take(i, &team.assigned[0], i.to_string());
            by_acts.push(touched(&before, &rows(&reader)));
        }

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
        assert!(by_acts[0].iter().any(|(table, ..)| *table == "article_count"), "{by_acts:?}");
    }
}
