//! Loading what a batch rests on and writing what it planned.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row};

use super::{articles, head, search, tree};
use crate::{
    Articles, Blob, DossierRow, DossierRows, Fault, Hash, LimitRow, Stream,
    plan::{EventRow, Head, Loaded, Outcome, Rows, Wanted},
    vault::Directory,
};

/// Loads what a batch wants; SQLite's one writer has everything locked.
pub(super) fn load(connection: &Connection, wanted: &Wanted) -> Result<Loaded, Fault> {
    let mut loaded = Loaded::default();
    for stream in wanted.read.iter().chain(&wanted.written) {
        if let Some(head) = head(connection, stream)? {
            loaded.heads.insert(stream.clone(), head);
        }
    }
    for series in &wanted.series {
        let sql = "SELECT last FROM series WHERE name = ?1";
        let mut statement = connection.prepare_cached(sql)?;
        let last = statement.query_row((series,), |row| row.get::<_, i64>(0)).optional()?;
        loaded.series.extend(last.map(|last| (series.clone(), last as u64)));
    }
    for key in &wanted.keys {
        let sql = "SELECT request, versions, response FROM outcome WHERE key = ?1";
        let mut statement = connection.prepare_cached(sql)?;
        let outcome = statement.query_row((key,), |row| {
            Ok(Outcome { request: row.get(0)?, versions: row.get(1)?, response: row.get(2)? })
        });
        loaded.outcomes.extend(outcome.optional()?.map(|outcome| (key.clone(), outcome)));
    }
    for id in wanted.dossiers() {
        loaded.rows.extend(rows(connection, id)?.map(|found| (id.to_owned(), found)));
    }
    Ok(loaded)
}

/// Whether an object is in the vault.
pub(super) fn holds(
    connection: &Connection,
    directory: Option<&Directory>,
    blob: &Blob,
) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM blob_bytes WHERE sm3 = ?1 AND length(bytes) = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.exists((blob.sm3, blob.size as i64))?
        || directory.is_some_and(|directory| directory.holds(blob)))
}

/// Writes what a batch planned: streams, events and leaves, then what is derived.
pub(super) fn write(connection: &Connection, rows: &Rows, loaded: &Loaded) -> Result<(), Fault> {
    let ids = streams(connection, rows)?;
    for event in &rows.events {
        let Some(id) = ids.get(&event.header.stream) else {
            return Err(Fault::Misuse(format!("{} has no row", event.header.stream)));
        };
        insert_event(connection, *id, event)?;
    }
    leaves(connection, rows, &ids)?;
    for (series, last) in &rows.series {
        let sql = "INSERT INTO series (name, last) VALUES (?1, ?2)
            ON CONFLICT (name) DO UPDATE SET last = ?2";
        connection.prepare_cached(sql)?.execute((series, *last as i64))?;
    }
    for (id, new) in &rows.rows {
        replace_rows(connection, loaded.rows.get(id), new)?;
    }
    for part in &rows.sealed {
        let sql = "INSERT INTO sealed (id, dossier, bytes) VALUES (?1, ?2, ?3)";
        connection.prepare_cached(sql)?.execute((&part.id, &part.dossier, &part.bytes))?;
    }
    for (key, Outcome { request, versions, response }) in &rows.outcomes {
        let sql = "INSERT INTO outcome (key, request, versions, response) VALUES (?1, ?2, ?3, ?4)";
        connection.prepare_cached(sql)?.execute((key, request, versions, response))?;
    }
    Ok(())
}

/// Brings the rows of streams to their new heads; answers their numbers.
fn streams<'a>(
    connection: &Connection,
    rows: &'a Rows,
) -> Result<BTreeMap<&'a Stream, i64>, Fault> {
    let mut ids = BTreeMap::new();
    for (stream, Head { id, version, hash }) in &rows.heads {
        let id = match id {
            Some(id) => {
                let sql = "UPDATE stream SET version = ?2, head = ?3 WHERE id = ?1";
                connection.prepare_cached(sql)?.execute((id, *version as i64, hash))?;
                *id
            }
            None => {
                let sql = "INSERT INTO stream (name, version, head) VALUES (?1, ?2, ?3)";
                let row = (stream.as_str(), *version as i64, hash);
                connection.prepare_cached(sql)?.execute(row)?;
                connection.last_insert_rowid()
            }
        };
        ids.insert(stream, id);
    }
    Ok(ids)
}

fn insert_event(connection: &Connection, stream: i64, event: &EventRow) -> Result<(), Fault> {
    let header = &event.header;
    let version = header.version as i64;
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
            &event.bytes,
            event.salt,
            &event.payload,
        ))?;
    for blob in &event.blobs {
        let sql =
            "INSERT INTO blob (stream, version, sm3, sha256, size) VALUES (?1, ?2, ?3, ?4, ?5)";
        let row = (stream, version, blob.sm3, blob.sha256, blob.size as i64);
        connection.prepare_cached(sql)?.execute(row)?;
    }
    Ok(())
}

/// Gives the events their places in the tree, and keeps the subtrees that become full.
fn leaves(connection: &Connection, rows: &Rows, ids: &BTreeMap<&Stream, i64>) -> Result<(), Fault> {
    if rows.events.is_empty() {
        return Ok(());
    }
    let size = tree::size(connection)?;
    let sql = "INSERT INTO leaf (place, stream, version, hash) VALUES (?1, ?2, ?3, ?4)";
    let mut insert = connection.prepare_cached(sql)?;
    for (place, event) in (size as i64..).zip(&rows.events) {
        let stream = ids.get(&event.header.stream);
        insert.execute((place, stream, event.header.version as i64, event.hash))?;
    }
    let added: Vec<Hash> = rows.events.iter().map(|event| event.hash).collect();
    tree::grow(connection, size, &added)
}

/// The columns of a dossier that [`read_dossier`] reads.
pub(super) const DOSSIER_COLUMNS: &str = "d.id, d.department, d.number, d.case_number, d.title,
    d.unit, d.stage, d.ended, d.received, d.changed, d.grade, d.due_nominal, d.due_latest,
    d.due_kind, d.provisional";

pub(super) fn read_dossier(row: &Row<'_>) -> rusqlite::Result<DossierRow> {
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
pub(super) fn rows(connection: &Connection, id: &str) -> Result<Option<(i64, DossierRows)>, Fault> {
    let sql = format!(
        "SELECT {DOSSIER_COLUMNS}, d.nr, d.limits, d.principals, d.articles
        FROM dossier d WHERE d.id = ?1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_row((id,), |row| {
        let (limits, access): (String, String) = (row.get(16)?, row.get(17)?);
        let articles = row.get::<_, Option<i64>>(18)?;
        Ok((row.get(15)?, read_dossier(row)?, limits, access, articles))
    });
    let Some((nr, dossier, limits, access, articles)) = found.optional()? else { return Ok(None) };
    let limits = LimitRow::from_json(&limits);
    let access = serde_json::from_str(&access).ok();
    let (Some(limits), Some(access)) = (limits, access) else {
        return Err(Fault::Database("the index row of a dossier cannot be read".to_owned()));
    };
    let articles = articles.map(Articles::from_column).unwrap_or_default();
    Ok(Some((nr, DossierRows { dossier, limits, access, articles })))
}

/// Brings the rows of a dossier to what they should be, touching only what differs.
fn replace_rows(
    connection: &Connection,
    old: Option<&(i64, DossierRows)>,
    new: &DossierRows,
) -> Result<(), Fault> {
    let nothing = DossierRows::default();
    let (nr, old) = match old {
        Some((nr, old)) => (*nr, old),
        None => {
            connection
                .prepare_cached(
                    "INSERT INTO dossier (id, department, number, title, unit, stage, ended,
                        received, changed, grade, provisional)
                    VALUES (?1, '', '', '', '', '', 0, '', 0, '', 0)",
                )?
                .execute((&new.dossier.id,))?;
            (connection.last_insert_rowid(), &nothing)
        }
    };
    update_dossier(connection, nr, new)?;
    replace_access(connection, nr, old, new)?;
    search::queue(connection, nr)?;
    articles::replace(connection, old, new)
}

fn update_dossier(connection: &Connection, nr: i64, new: &DossierRows) -> Result<(), Fault> {
    let row = &new.dossier;
    let params = rusqlite::params![
        nr,
        row.department,
        row.number,
        row.case_number,
        row.title,
        row.unit,
        row.stage,
        row.ended,
        row.received,
        row.changed,
        row.grade,
        row.due_nominal,
        row.due_latest,
        row.due_kind,
        row.provisional,
        LimitRow::to_json(&new.limits),
        serde_json::Value::from(new.access.as_slice()).to_string(),
        new.articles.to_column(),
    ];
    connection
        .prepare_cached(
            "UPDATE dossier SET department = ?2, number = ?3, case_number = ?4, title = ?5,
                unit = ?6, stage = ?7, ended = ?8, received = ?9, changed = ?10, grade = ?11,
                due_nominal = ?12, due_latest = ?13, due_kind = ?14, provisional = ?15,
                limits = ?16, principals = ?17, articles = ?18
            WHERE nr = ?1",
        )?
        .execute(params)?;
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
    // Most acts only change the instant; the other indexes are then left alone.
    let moved = |row: &DossierRow| {
        let order = (row.due_latest.clone(), row.received.clone(), row.number.clone());
        (row.ended, row.stage.clone(), order)
    };
    if moved(&old.dossier) != moved(row) {
        connection
            .prepare_cached(
                "UPDATE access SET ended = ?2, due = ?3, received = ?4, changed = ?5, number = ?6,
                    stage = ?7
                WHERE dossier = ?1",
            )?
            .execute((nr, row.ended, due, &row.received, row.changed, &row.number, &row.stage))?;
    } else if old.dossier.changed != row.changed {
        connection
            .prepare_cached("UPDATE access SET changed = ?2 WHERE dossier = ?1")?
            .execute((nr, row.changed))?;
    }
    for principal in new.access.iter().filter(|principal| !old.access.contains(principal)) {
        connection
            .prepare_cached(
                "INSERT INTO access
                    (dossier, principal, ended, due, received, changed, number, stage)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
            )?
            .execute((
                nr,
                principal,
                row.ended,
                due,
                &row.received,
                row.changed,
                &row.number,
                &row.stage,
            ))?;
    }
    Ok(())
}

/// Stands for the due day of a dossier without an open limit: after every day.
pub(super) const NEVER: &str = "9999-12-31";
