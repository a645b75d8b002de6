//! Appending: versions, numbers, events, leaves, objects, index rows, in this order.

use std::{collections::BTreeSet, sync::Arc};

use rusqlite::{Connection, OptionalExtension};

use super::{Sqlite, articles, head};
use crate::{
    Append, AppendError, Appended, Blob, DossierRow, DossierRows, Fault, Hash, Header, Key,
    LimitRow, NewEvent, Numbers, Stream, Write, Writes,
    event::{NO_PREDECESSOR, content_hash, random, sm3},
    seal::Keys,
    vault::Directory,
};

impl Sqlite {
    pub(crate) fn append<R: Send + 'static>(
        &self,
        act: Append<R>,
        keys: Arc<Keys>,
        directory: Option<Directory>,
    ) -> Result<Appended, AppendError<R>> {
        self.writer.write(move |connection| {
            let inside = Inside { connection, keys: &keys, directory: directory.as_ref() };
            inside.append(act)
        })
    }

    pub(crate) fn audit(
        &self,
        stream: Stream,
        recorded: i64,
        entry: NewEvent,
    ) -> Result<u64, Fault> {
        self.writer.write(move |connection| {
            let version = head(connection, &stream)?.map_or(0, |head| head.version);
            let write = Write { stream, version, events: vec![entry], setting: String::new() };
            insert_events(connection, &write, recorded, None)
        })
    }

    pub(crate) fn rows(&self, dossier: &str) -> Result<Option<DossierRows>, Fault> {
        Ok(rows(&*self.reader()?, dossier)?.map(|(_, rows)| rows))
    }
}

/// What an act has at hand inside the transaction.
struct Inside<'a> {
    connection: &'a Connection,
    keys: &'a Keys,
    directory: Option<&'a Directory>,
}

impl Inside<'_> {
    fn append<R>(&self, act: Append<R>) -> Result<Appended, AppendError<R>> {
        if let Some(key) = &act.key
            && let Some(outcome) = self.outcome(key)?
        {
            return outcome.ok_or(AppendError::KeyReused);
        }
        for (stream, version) in &act.reads {
            self.check_version(stream, *version)?;
        }
        let mut draw = |series: &str| self.draw(series);
        let mut numbers = Numbers::new(&mut draw);
        let writes = (act.write)(&mut numbers).map_err(AppendError::Refused)?;
        numbers.check()?;
        let mut streams = BTreeSet::new();
        for write in &writes.streams {
            self.check_version(&write.stream, write.version)?;
            if !streams.insert(&write.stream) {
                return Err(Fault::Misuse(format!("{} written twice", write.stream)).into());
            }
        }
        self.insert(&writes, act.recorded, act.key.as_ref())?;
        let versions = writes
            .streams
            .iter()
            .map(|write| (write.stream.clone(), write.version + write.events.len() as u64));
        let appended =
            Appended { replayed: false, versions: versions.collect(), response: writes.response };
        if let Some(key) = &act.key {
            self.keep_outcome(key, &appended)?;
        }
        Ok(appended)
    }

    fn insert(&self, writes: &Writes, recorded: i64, key: Option<&Key>) -> Result<(), Fault> {
        for write in &writes.streams {
            for blob in write.events.iter().flat_map(|event| &event.blobs) {
                self.check_present(blob)?;
            }
            insert_events(self.connection, write, recorded, key)?;
        }
        for rows in &writes.rows {
            replace_rows(self.connection, rows)?;
        }
        for part in &writes.sealed {
            let bytes = self.keys.identity.encrypt(&part.plaintext, &[&part.id, &part.dossier])?;
            self.connection
                .prepare_cached("INSERT INTO sealed (id, dossier, bytes) VALUES (?1, ?2, ?3)")?
                .execute((&part.id, &part.dossier, bytes))?;
        }
        Ok(())
    }

    /// The first outcome of a key; `Some(None)` if the key was another request's.
    fn outcome(&self, key: &Key) -> Result<Option<Option<Appended>>, Fault> {
        let sql = "SELECT request, versions, response FROM outcome WHERE key = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let outcome = statement.query_row((&key.key,), |row| {
            Ok((row.get::<_, Hash>(0)?, row.get::<_, String>(1)?, row.get(2)?))
        });
        let Some((request, versions, response)) = outcome.optional()? else { return Ok(None) };
        if request != key.request {
            return Ok(Some(None));
        }
        let versions: Vec<(String, u64)> = serde_json::from_str(&versions)
            .map_err(|_| Fault::Database("the outcome of a key cannot be read".to_owned()))?;
        let versions = versions.into_iter().map(|(name, version)| (Stream::named(name), version));
        Ok(Some(Some(Appended { replayed: true, versions: versions.collect(), response })))
    }

    fn keep_outcome(&self, key: &Key, appended: &Appended) -> Result<(), Fault> {
        let versions: Vec<(&str, u64)> =
            appended.versions.iter().map(|(stream, version)| (stream.as_str(), *version)).collect();
        let versions = serde_json::to_string(&versions)
            .map_err(|_| Fault::Misuse("the outcome cannot be written".to_owned()))?;
        self.connection
            .prepare_cached(
                "INSERT INTO outcome (key, request, versions, response) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((&key.key, key.request, versions, &appended.response))?;
        Ok(())
    }

    fn check_version<R>(&self, stream: &Stream, expected: u64) -> Result<(), AppendError<R>> {
        let found = head(self.connection, stream)?.map_or(0, |head| head.version);
        if found == expected {
            return Ok(());
        }
        Err(AppendError::Conflict { stream: stream.clone(), expected, found })
    }

    fn draw(&self, series: &str) -> Result<u64, Fault> {
        let sql = "INSERT INTO series (name, last) VALUES (?1, 1)
            ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row((series,), |row| row.get::<_, i64>(0))? as u64)
    }

    fn check_present(&self, blob: &Blob) -> Result<(), Fault> {
        let sql = "SELECT 1 FROM blob_bytes WHERE sm3 = ?1 AND length(bytes) = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        if statement.exists((blob.sm3, blob.size as i64))?
            || self.directory.is_some_and(|directory| directory.holds(blob))
        {
            return Ok(());
        }
        let name = hex::encode(blob.sm3);
        Err(Fault::Misuse(format!("object {name} is named but not in the vault")))
    }
}

/// Appends events to a stream whose version was checked; answers its new version.
fn insert_events(
    connection: &Connection,
    write: &Write,
    recorded: i64,
    key: Option<&Key>,
) -> Result<u64, Fault> {
    if write.events.is_empty() {
        return Ok(write.version);
    }
    let (id, mut predecessor) = match head(connection, &write.stream)? {
        Some(head) => (head.id, head.hash),
        None => {
            connection
                .prepare_cached("INSERT INTO stream (name, version, head) VALUES (?1, 0, ?2)")?
                .execute((write.stream.as_str(), NO_PREDECESSOR))?;
            (connection.last_insert_rowid(), NO_PREDECESSOR)
        }
    };
    let mut version = write.version;
    for event in &write.events {
        version += 1;
        let salt: Hash = random()?;
        let blobs: Vec<Blob> =
            event.blobs.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let header = Header {
            stream: write.stream.clone(),
            version,
            kind: event.kind.clone(),
            who: event.who.clone(),
            entered: event.entered.clone(),
            recorded,
            setting: write.setting.clone(),
            key: key.cloned(),
            content: content_hash(&salt, &blobs, &event.payload),
            predecessor,
        };
        predecessor = insert_event(connection, id, &header, &salt, &event.payload)?;
        insert_blobs(connection, id, version, &blobs)?;
    }
    connection
        .prepare_cached("UPDATE stream SET version = ?2, head = ?3 WHERE id = ?1")?
        .execute((id, version as i64, predecessor))?;
    Ok(version)
}

/// Inserts one event with its leaf; answers its header's hash.
fn insert_event(
    connection: &Connection,
    stream: i64,
    header: &Header,
    salt: &Hash,
    payload: &[u8],
) -> Result<Hash, Fault> {
    let version = header.version as i64;
    let bytes = header.to_bytes();
    let hash = sm3(&bytes);
    connection
        .prepare_cached(
            "INSERT INTO event
                (stream, version, kind, who, entered, recorded, header, salt, payload)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            stream,
            version,
            &header.kind,
            &header.who,
            &header.entered,
            header.recorded,
            bytes,
            salt,
            payload,
        ))?;
    connection
        .prepare_cached(
            "INSERT INTO leaf (place, stream, version, hash)
            VALUES (coalesce((SELECT max(place) + 1 FROM leaf), 0), ?1, ?2, ?3)",
        )?
        .execute((stream, version, hash))?;
    Ok(hash)
}

fn insert_blobs(
    connection: &Connection,
    stream: i64,
    version: u64,
    blobs: &[Blob],
) -> Result<(), Fault> {
    for blob in blobs {
        connection
            .prepare_cached(
                "INSERT INTO blob (stream, version, sm3, sha256, size) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((stream, version as i64, blob.sm3, blob.sha256, blob.size as i64))?;
    }
    Ok(())
}

/// The columns of a dossier that [`read_dossier`] reads.
pub(super) const DOSSIER_COLUMNS: &str = "d.id, d.department, d.number, d.case_number, d.title,
    d.unit, d.stage, d.ended, d.received, d.changed, d.grade, d.due_nominal, d.due_latest,
    d.due_kind, d.provisional";

pub(super) fn read_dossier(row: &rusqlite::Row<'_>) -> rusqlite::Result<DossierRow> {
    Ok(DossierRow {
        id: row.get(0)?,
        department: row.get(1)?,
        number: row.get(2)?,
        case_number: row.get(3)?,
        title: row.get(4)?,
        unit: row.get(5)?,
        stage: row.get(6)?,
        ended: row.get(7)?,
        received: row.get(8)?,
        changed: row.get(9)?,
        grade: row.get(10)?,
        due_nominal: row.get(11)?,
        due_latest: row.get(12)?,
        due_kind: row.get(13)?,
        provisional: row.get(14)?,
    })
}

/// The rows of a dossier with the number by which they are linked.
fn rows(connection: &Connection, id: &str) -> Result<Option<(i64, DossierRows)>, Fault> {
    let sql = format!("SELECT {DOSSIER_COLUMNS}, d.nr FROM dossier d WHERE d.id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_row((id,), |row| Ok((row.get(15)?, read_dossier(row)?)));
    let Some((nr, dossier)) = found.optional()? else { return Ok(None) };
    let sql = "SELECT kind, nominal, latest, open FROM dossier_limit
        WHERE dossier = ?1 ORDER BY place";
    let mut statement = connection.prepare_cached(sql)?;
    let limits = statement.query_map((nr,), |row| {
        Ok(LimitRow {
            kind: row.get(0)?,
            nominal: row.get(1)?,
            latest: row.get(2)?,
            open: row.get(3)?,
        })
    })?;
    let limits = limits.collect::<Result<_, _>>()?;
    let sql = "SELECT principal FROM access WHERE dossier = ?1 ORDER BY principal";
    let mut statement = connection.prepare_cached(sql)?;
    let access = statement.query_map((nr,), |row| row.get(0))?.collect::<Result<_, _>>()?;
    let articles = articles::of(connection, nr)?.unwrap_or_default();
    Ok(Some((nr, DossierRows { dossier, limits, access, articles })))
}

/// Brings the rows of a dossier to what they should be, touching only what differs.
fn replace_rows(connection: &Connection, new: &DossierRows) -> Result<(), Fault> {
    let (nr, old) = match rows(connection, &new.dossier.id)? {
        Some((nr, old)) => (nr, old),
        None => {
            connection
                .prepare_cached(
                    "INSERT INTO dossier (id, department, number, title, unit, stage, ended,
                        received, changed, grade, provisional)
                    VALUES (?1, '', '', '', '', '', 0, '', 0, '', 0)",
                )?
                .execute((&new.dossier.id,))?;
            (connection.last_insert_rowid(), DossierRows::default())
        }
    };
    if old.dossier != new.dossier {
        update_dossier(connection, nr, &new.dossier)?;
    }
    if old.limits != new.limits {
        connection
            .prepare_cached("DELETE FROM dossier_limit WHERE dossier = ?1")?
            .execute((nr,))?;
        let sql = "INSERT INTO dossier_limit (dossier, place, kind, nominal, latest, open)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut insert = connection.prepare_cached(sql)?;
        for (place, limit) in new.limits.iter().enumerate() {
            insert.execute((
                nr,
                place as i64,
                &limit.kind,
                &limit.nominal,
                &limit.latest,
                limit.open,
            ))?;
        }
    }
    replace_access(connection, nr, &old, new)?;
    articles::replace(connection, nr, &old, new)
}

fn update_dossier(connection: &Connection, nr: i64, row: &DossierRow) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "UPDATE dossier SET department = ?2, number = ?3, case_number = ?4, title = ?5,
                unit = ?6, stage = ?7, ended = ?8, received = ?9, changed = ?10, grade = ?11,
                due_nominal = ?12, due_latest = ?13, due_kind = ?14, provisional = ?15
            WHERE nr = ?1",
        )?
        .execute((
            nr,
            &row.department,
            &row.number,
            &row.case_number,
            &row.title,
            &row.unit,
            &row.stage,
            row.ended,
            &row.received,
            row.changed,
            &row.grade,
            &row.due_nominal,
            &row.due_latest,
            &row.due_kind,
            row.provisional,
        ))?;
    Ok(())
}

fn replace_access(
    connection: &Connection,
    nr: i64,
    old: &DossierRows,
    new: &DossierRows,
) -> Result<(), Fault> {
    for principal in old.access.iter().filter(|principal| !new.access.contains(principal)) {
        connection
            .prepare_cached("DELETE FROM access WHERE dossier = ?1 AND principal = ?2")?
            .execute((nr, principal))?;
    }
    let row = &new.dossier;
    let due = row.due_latest.as_deref().unwrap_or(NEVER);
    // Most acts only change the instant; the other three indexes are then left alone.
    let moved = |row: &DossierRow| {
        (row.ended, row.due_latest.clone(), row.received.clone(), row.number.clone())
    };
    if moved(&old.dossier) != moved(row) {
        connection
            .prepare_cached(
                "UPDATE access SET ended = ?2, due = ?3, received = ?4, changed = ?5, number = ?6
                WHERE dossier = ?1",
            )?
            .execute((nr, row.ended, due, &row.received, row.changed, &row.number))?;
    } else if old.dossier.changed != row.changed {
        connection
            .prepare_cached("UPDATE access SET changed = ?2 WHERE dossier = ?1")?
            .execute((nr, row.changed))?;
    }
    for principal in new.access.iter().filter(|principal| !old.access.contains(principal)) {
        connection
            .prepare_cached(
                "INSERT INTO access (dossier, principal, ended, due, received, changed, number)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            )?
            .execute((nr, principal, row.ended, due, &row.received, row.changed, &row.number))?;
    }
    Ok(())
}

/// Stands for the due day of a dossier without an open limit: after every day.
const NEVER: &str = "9999-12-31";
