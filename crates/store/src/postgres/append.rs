//! Locking and loading what a batch rests on, and writing what it planned.
//!
//! Each table is read and written with one statement a batch, whose parameters are arrays.

use std::collections::{BTreeMap, BTreeSet};

use postgres::{Row, types::ToSql};

use super::{
    articles,
    link::{Link, count, get, hash},
    search,
};
use crate::{
    Articles, Blob, DossierRow, DossierRows, Fault, LimitRow, Stream,
    event::sm3,
    plan::{EventRow, Head, Loaded, Outcome, Rows, Wanted},
    vault::Directory,
};

/// Stands for the due day of a dossier without an open limit: after every day.
pub(super) const NEVER: &str = "9999-12-31";

/// The number under which PostgreSQL locks something that it has no row for.
///
/// Two names with the same number wait for each other without need, and no more.
pub(super) fn lock_number(kind: &str, name: &str) -> i64 {
    let hash = sm3(format!("chachu lock\n{kind}\n{name}").as_bytes());
    i64::from_be_bytes(hash.first_chunk().copied().unwrap_or_default())
}

/// What is locked while objects are removed, and every batch shares, since it may name one.
pub(super) fn objects_lock() -> i64 {
    lock_number("objects", "")
}

/// Begins a transaction with the locks of a batch: all nodes take theirs in the same order, so
/// that none waits in a circle.
pub(super) fn begin(link: &mut Link, wanted: &Wanted) -> Result<(), Fault> {
    let stream = |stream: &Stream| lock_number("stream", stream.as_str());
    let mut exclusive: BTreeMap<i64, bool> = BTreeMap::new();
    exclusive.insert(objects_lock(), false);
    exclusive.extend(wanted.read.iter().map(|it| (stream(it), false)));
    exclusive.extend(wanted.written.iter().map(|it| (stream(it), true)));
    exclusive.extend(wanted.series.iter().map(|it| (lock_number("series", it), true)));
    exclusive.extend(wanted.keys.iter().map(|it| (lock_number("key", it), true)));
    let list = |texts: Vec<String>| texts.join(",");
    let numbers = list(exclusive.keys().map(i64::to_string).collect());
    let exclusive = list(exclusive.values().map(bool::to_string).collect());
    // Written out, so that both go in one round trip.
    let sql = format!("BEGIN; SELECT lock_in_order('{{{numbers}}}', '{{{exclusive}}}')");
    Ok(link.batch(&sql)?)
}

/// Loads what a batch wants.
pub(super) fn load(link: &mut Link, wanted: &Wanted) -> Result<Loaded, Fault> {
    let mut loaded = Loaded::default();
    let names: Vec<_> = wanted.read.iter().chain(&wanted.written).map(Stream::as_str).collect();
    let sql = "SELECT name, id, version, head FROM stream WHERE name = ANY ($1)";
    for row in link.query(sql, &[&names])? {
        let head = Head { id: get(&row, 1)?, version: count(&row, 2)?, hash: hash(&row, 3)? };
        loaded.heads.insert(Stream::named(get::<String>(&row, 0)?), head);
    }
    if !wanted.series.is_empty() {
        let names: Vec<_> = wanted.series.iter().collect();
        let sql = "SELECT name, last FROM series WHERE name = ANY ($1)";
        for row in link.query(sql, &[&names])? {
            loaded.series.insert(get(&row, 0)?, count(&row, 1)?);
        }
    }
    if !wanted.keys.is_empty() {
        let keys: Vec<_> = wanted.keys.iter().collect();
        let sql = "SELECT key, request, versions, response FROM outcome WHERE key = ANY ($1)";
        for row in link.query(sql, &[&keys])? {
            let (request, versions, response) = (hash(&row, 1)?, get(&row, 2)?, get(&row, 3)?);
            loaded.outcomes.insert(get(&row, 0)?, Outcome { request, versions, response });
        }
    }
    let dossiers: Vec<_> = wanted.dossiers().collect();
    if !dossiers.is_empty() {
        loaded.rows = rows(link, &dossiers)?;
    }
    Ok(loaded)
}

/// Whether an object is in the vault.
pub(super) fn holds(
    link: &mut Link,
    directory: Option<&Directory>,
    blob: &Blob,
) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM blob_bytes WHERE sm3 = $1 AND length(bytes) = $2";
    let size = i32::try_from(blob.size).unwrap_or(i32::MAX);
    Ok(link.query_opt(sql, &[&blob.sm3.as_slice(), &size])?.is_some()
        || directory.is_some_and(|directory| directory.holds(blob)))
}

/// The columns of a dossier that [`read_dossier`] reads.
pub(super) const DOSSIER_COLUMNS: &str = "d.id, d.department, d.number, d.case_number, d.title,
    d.unit, d.stage, d.ended, d.received, d.changed, d.grade, d.due_nominal, d.due_latest,
    d.due_kind, d.provisional";

pub(super) fn read_dossier(row: &Row) -> Result<DossierRow, Fault> {
    Ok(DossierRow {
        id: get(row, 0)?,
        department: get(row, 1)?,
        number: get(row, 2)?,
        case_number: get(row, 3)?,
        title: get(row, 4)?,
        unit: get(row, 5)?,
        stage: get(row, 6)?,
        ended: get(row, 7)?,
        received: get(row, 8)?,
        changed: get(row, 9)?,
        grade: get(row, 10)?,
        due_nominal: get(row, 11)?,
        due_latest: get(row, 12)?,
        due_kind: get(row, 13)?,
        provisional: get(row, 14)?,
    })
}

/// The rows of dossiers with the numbers by which they are linked.
pub(super) fn rows(
    link: &mut Link,
    ids: &[&str],
) -> Result<BTreeMap<String, (i64, DossierRows)>, Fault> {
    let sql = format!(
        "SELECT {DOSSIER_COLUMNS}, d.nr, d.limits, d.principals, d.articles
        FROM dossier d WHERE d.id = ANY ($1)"
    );
    let mut found = BTreeMap::new();
    for row in link.query(&sql, &[&ids])? {
        let dossier = read_dossier(&row)?;
        let limits = LimitRow::from_json(get(&row, 16)?);
        let access = serde_json::from_str(get(&row, 17)?).ok();
        let (Some(limits), Some(access)) = (limits, access) else {
            return Err(Fault::Database("the index row of a dossier cannot be read".to_owned()));
        };
        let articles = get::<Option<i64>>(&row, 18)?.map(Articles::from_column);
        let articles = articles.unwrap_or_default();
        let id = dossier.id.clone();
        found.insert(id, (get(&row, 15)?, DossierRows { dossier, limits, access, articles }));
    }
    Ok(found)
}

/// Writes what a batch planned: streams and events, then what is derived.
pub(super) fn write(link: &mut Link, rows: &Rows, loaded: &Loaded) -> Result<(), Fault> {
    let ids = streams(link, rows)?;
    events(link, rows, &ids)?;
    if !rows.series.is_empty() {
        let (names, last): (Vec<_>, Vec<_>) =
            rows.series.iter().map(|(name, last)| (name, *last as i64)).unzip();
        link.execute(
            "INSERT INTO series (name, last) SELECT * FROM unnest($1::text[], $2::bigint[])
            ON CONFLICT (name) DO UPDATE SET last = excluded.last",
            &[&names, &last],
        )?;
    }
    if !rows.rows.is_empty() {
        derived(link, rows, loaded)?;
    }
    sealed(link, rows)?;
    outcomes(link, rows)
}

/// Brings the rows of streams to their new heads; answers their numbers.
fn streams<'a>(link: &mut Link, rows: &'a Rows) -> Result<BTreeMap<&'a str, i64>, Fault> {
    let mut ids = BTreeMap::new();
    let heads = |new: bool| rows.heads.iter().filter(move |(_, head)| head.id.is_none() == new);
    let columns = |new: bool| -> (Vec<i64>, Vec<&[u8]>) {
        heads(new).map(|(_, head)| (head.version as i64, head.hash.as_slice())).unzip()
    };
    let names: Vec<&str> = heads(true).map(|(stream, _)| stream.as_str()).collect();
    if !names.is_empty() {
        let (versions, hashes) = columns(true);
        let added = link.query(
            "INSERT INTO stream (name, version, head)
            SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[]) RETURNING name, id",
            &[&names, &versions, &hashes],
        )?;
        for row in added {
            let name: &str = get(&row, 0)?;
            let stream = heads(true).find(|(stream, _)| stream.as_str() == name);
            ids.extend(
                stream
                    .map(|(stream, _)| Ok::<_, Fault>((stream.as_str(), get(&row, 1)?)))
                    .transpose()?,
            );
        }
    }
    let numbers: Vec<i64> = heads(false).filter_map(|(_, head)| head.id).collect();
    if !numbers.is_empty() {
        let (versions, hashes) = columns(false);
        link.execute(
            "UPDATE stream s SET version = u.version, head = u.head
            FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) u (id, version, head)
            WHERE s.id = u.id",
            &[&numbers, &versions, &hashes],
        )?;
        ids.extend(heads(false).filter_map(|(stream, head)| Some((stream.as_str(), head.id?))));
    }
    Ok(ids)
}

fn events(link: &mut Link, rows: &Rows, ids: &BTreeMap<&str, i64>) -> Result<(), Fault> {
    if rows.events.is_empty() {
        return Ok(());
    }
    let stream = |event: &EventRow| {
        let id = ids.get(event.header.stream.as_str()).copied();
        id.ok_or_else(|| Fault::Misuse(format!("{} has no row", event.header.stream)))
    };
    let streams = rows.events.iter().map(stream).collect::<Result<Vec<_>, _>>()?;
    let each = || rows.events.iter();
    let versions: Vec<_> = each().map(|event| event.header.version as i64).collect();
    let kinds: Vec<_> = each().map(|event| event.header.kind.as_str()).collect();
    let who: Vec<_> = each().map(|event| event.header.who.as_str()).collect();
    let entered: Vec<_> = each().map(|event| event.header.entered.as_str()).collect();
    let recorded: Vec<_> = each().map(|event| event.header.recorded).collect();
    let headers: Vec<_> = each().map(|event| event.bytes.as_slice()).collect();
    let salts: Vec<_> = each().map(|event| event.salt.as_slice()).collect();
    let payloads: Vec<_> = each().map(|event| event.payload.as_slice()).collect();
    let hashes: Vec<_> = each().map(|event| event.hash.as_slice()).collect();
    let params: [&(dyn ToSql + Sync); 10] = [
        &streams, &versions, &kinds, &who, &entered, &recorded, &headers, &salts, &payloads,
        &hashes,
    ];
    link.execute(
        "WITH added AS (INSERT INTO event
                (stream, version, kind, who, entered, recorded, header, salt, payload)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[],
                $6::bigint[], $7::bytea[], $8::bytea[], $9::bytea[]))
        INSERT INTO unsealed (stream, version, hash)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $10::bytea[])",
        &params,
    )?;
    let blobs = || {
        let named = streams.iter().zip(each());
        named.flat_map(|(stream, event)| event.blobs.iter().map(move |blob| (stream, event, blob)))
    };
    if blobs().next().is_none() {
        return Ok(());
    }
    let streams: Vec<_> = blobs().map(|(stream, _, _)| *stream).collect();
    let versions: Vec<_> = blobs().map(|(_, event, _)| event.header.version as i64).collect();
    let sm3: Vec<_> = blobs().map(|(_, _, blob)| blob.sm3.as_slice()).collect();
    let sha256: Vec<_> = blobs().map(|(_, _, blob)| blob.sha256.as_slice()).collect();
    let sizes: Vec<_> = blobs().map(|(_, _, blob)| blob.size as i64).collect();
    link.execute(
        "INSERT INTO blob (stream, version, sm3, sha256, size)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bigint[])",
        &[&streams, &versions, &sm3, &sha256, &sizes],
    )?;
    Ok(())
}

fn sealed(link: &mut Link, rows: &Rows) -> Result<(), Fault> {
    for part in &rows.sealed {
        let sql = "INSERT INTO sealed (id, dossier, bytes) VALUES ($1, $2, $3)";
        link.execute(sql, &[&part.id, &part.dossier, &part.bytes])?;
    }
    Ok(())
}

fn outcomes(link: &mut Link, rows: &Rows) -> Result<(), Fault> {
    if rows.outcomes.is_empty() {
        return Ok(());
    }
    let each = || rows.outcomes.iter();
    let keys: Vec<_> = each().map(|(key, _)| key).collect();
    let requests: Vec<_> = each().map(|(_, outcome)| outcome.request.as_slice()).collect();
    let versions: Vec<_> = each().map(|(_, outcome)| &outcome.versions).collect();
    let responses: Vec<_> = each().map(|(_, outcome)| &outcome.response).collect();
    link.execute(
        "INSERT INTO outcome (key, request, versions, response)
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[], $4::bytea[])",
        &[&keys, &requests, &versions, &responses],
    )?;
    Ok(())
}

/// Brings the rows of dossiers to what they should be, touching only what differs.
fn derived(link: &mut Link, rows: &Rows, loaded: &Loaded) -> Result<(), Fault> {
    let numbers = dossiers(link, rows)?;
    let nothing = DossierRows::default();
    let changed = rows.rows.iter().filter_map(|(id, new)| {
        let old = loaded.rows.get(id).map_or(&nothing, |(_, old)| old);
        Some((*numbers.get(id)?, old, new))
    });
    let changed: Vec<_> = changed.collect();
    access(link, &changed)?;
    search::queue(link, &changed.iter().map(|(nr, ..)| *nr).collect::<Vec<_>>())?;
    articles::replace(link, &changed)
}

fn dossiers(link: &mut Link, rows: &Rows) -> Result<BTreeMap<String, i64>, Fault> {
    let each = || rows.rows.values();
    macro_rules! column {
        ($of:expr) => {
            each().map($of).collect::<Vec<_>>()
        };
    }
    let limits = column!(|rows| LimitRow::to_json(&rows.limits));
    let principals = column!(|rows| serde_json::Value::from(rows.access.as_slice()).to_string());
    let params: [&(dyn ToSql + Sync); 18] = [
        &column!(|rows| &rows.dossier.id),
        &column!(|rows| &rows.dossier.department),
        &column!(|rows| &rows.dossier.number),
        &column!(|rows| &rows.dossier.case_number),
        &column!(|rows| &rows.dossier.title),
        &column!(|rows| &rows.dossier.unit),
        &column!(|rows| &rows.dossier.stage),
        &column!(|rows| rows.dossier.ended),
        &column!(|rows| &rows.dossier.received),
        &column!(|rows| rows.dossier.changed),
        &column!(|rows| &rows.dossier.grade),
        &column!(|rows| &rows.dossier.due_nominal),
        &column!(|rows| &rows.dossier.due_latest),
        &column!(|rows| &rows.dossier.due_kind),
        &column!(|rows| rows.dossier.provisional),
        &limits,
        &principals,
        &column!(|rows| rows.articles.to_column()),
    ];
    let written = link.query(
        "INSERT INTO dossier AS d (id, department, number, case_number, title, unit, stage, ended,
            received, changed, grade, due_nominal, due_latest, due_kind, provisional, limits,
            principals, articles)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],
            $6::text[], $7::text[], $8::boolean[], $9::text[], $10::bigint[], $11::text[],
            $12::text[], $13::text[], $14::text[], $15::boolean[], $16::text[], $17::text[],
            $18::bigint[])
        ON CONFLICT (id) DO UPDATE SET department = excluded.department,
            number = excluded.number, case_number = excluded.case_number, title = excluded.title,
            unit = excluded.unit, stage = excluded.stage, ended = excluded.ended,
            received = excluded.received, changed = excluded.changed, grade = excluded.grade,
            due_nominal = excluded.due_nominal, due_latest = excluded.due_latest,
            due_kind = excluded.due_kind, provisional = excluded.provisional,
            limits = excluded.limits, principals = excluded.principals,
            articles = excluded.articles
        RETURNING d.id, d.nr",
        &params,
    )?;
    written.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?))).collect()
}

/// A dossier's number with its rows as they were and as they will be.
pub(super) type Change<'a> = (i64, &'a DossierRows, &'a DossierRows);

/// What lists are ordered by, of one dossier.
type Order<'a> = (bool, &'a str, &'a str, i64, &'a str, &'a str);

fn order(row: &DossierRow) -> Order<'_> {
    let due = row.due_latest.as_deref().unwrap_or(NEVER);
    (row.ended, due, &row.received, row.changed, &row.number, &row.stage)
}

fn access(link: &mut Link, changed: &[Change<'_>]) -> Result<(), Fault> {
    let mut gone: (Vec<i64>, Vec<&str>) = Default::default();
    let mut moved: Vec<&Change<'_>> = Vec::new();
    let mut added: Vec<(i64, &str, &DossierRow)> = Vec::new();
    for change @ (nr, old, new) in changed {
        let (had, has): (BTreeSet<_>, BTreeSet<_>) =
            (old.access.iter().collect(), new.access.iter().collect());
        for principal in had.difference(&has) {
            gone.0.push(*nr);
            gone.1.push(principal);
        }
        if order(&old.dossier) != order(&new.dossier) && had.intersection(&has).next().is_some() {
            moved.push(change);
        }
        added.extend(has.difference(&had).map(|it| (*nr, it.as_str(), &new.dossier)));
    }
    if !gone.0.is_empty() {
        link.execute(
            "DELETE FROM access a USING unnest($1::bigint[], $2::text[]) u (dossier, principal)
            WHERE a.dossier = u.dossier AND a.principal = u.principal",
            &[&gone.0, &gone.1],
        )?;
    }
    if !moved.is_empty() {
        let each = || moved.iter().map(|(nr, _, new)| (*nr, order(&new.dossier)));
        let sql = "UPDATE access a SET ended = u.ended, due = u.due, received = u.received,
                changed = u.changed, number = u.number, stage = u.stage
            FROM unnest($1::bigint[], $2::boolean[], $3::text[], $4::text[], $5::bigint[],
                $6::text[], $7::text[]) u (dossier, ended, due, received, changed, number, stage)
            WHERE a.dossier = u.dossier";
        let columns = Columns::of(each());
        link.execute(sql, &columns.params())?;
    }
    if !added.is_empty() {
        let principals: Vec<_> = added.iter().map(|(_, principal, _)| *principal).collect();
        let columns = Columns::of(added.iter().map(|(nr, _, row)| (*nr, order(row))));
        let mut params = columns.params().to_vec();
        params.push(&principals);
        link.execute(
            "INSERT INTO access
                (dossier, ended, due, received, changed, number, stage, principal)
            SELECT * FROM unnest($1::bigint[], $2::boolean[], $3::text[], $4::text[],
                $5::bigint[], $6::text[], $7::text[], $8::text[])
            ON CONFLICT DO NOTHING",
            &params,
        )?;
    }
    Ok(())
}

/// What lists are ordered by, of many dossiers, as arrays.
#[derive(Default)]
struct Columns<'a> {
    dossier: Vec<i64>,
    ended: Vec<bool>,
    due: Vec<&'a str>,
    received: Vec<&'a str>,
    changed: Vec<i64>,
    number: Vec<&'a str>,
    stage: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(rows: impl Iterator<Item = (i64, Order<'a>)>) -> Self {
        let mut columns = Columns::default();
        for (dossier, (ended, due, received, changed, number, stage)) in rows {
            columns.dossier.push(dossier);
            columns.ended.push(ended);
            columns.due.push(due);
            columns.received.push(received);
            columns.changed.push(changed);
            columns.number.push(number);
            columns.stage.push(stage);
        }
        columns
    }

    fn params(&self) -> [&(dyn ToSql + Sync); 7] {
        let Columns { dossier, ended, due, received, changed, number, stage } = self;
        [dossier, ended, due, received, changed, number, stage]
    }
}
