//! Verifying a database: everything is read again and compared with what the headers say.
//!
//! Columns are compared as raw bytes, since damaged ones need not be text any more.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, types::ValueRef};

use super::{append, blobs_of};
use crate::{
    Blob, Fault, Hash, Header, Store, Stream,
    checkpoint::Checkpoint,
    event::{NO_PREDECESSOR, content_hash, sm3},
    tree::{Growing, Node},
    verify::{Bad, Report},
};

/// Why verifying ends: something is wrong, or cannot be read at all.
enum Stop {
    Bad(Bad),
    Fault(Fault),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        match Fault::from(error) {
            Fault::Database(what) => Stop::Bad(Bad { stream: None, version: None, what }),
            fault => Stop::Fault(fault),
        }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Fault(fault)
    }
}

pub(super) fn verify(
    connection: &Connection,
    store: &Store,
    kept: Option<&Checkpoint>,
    progress: &dyn Fn(u64, u64),
) -> Result<Report, Fault> {
    // One moment of the store, while others go on writing.
    let snapshot = connection.unchecked_transaction()?;
    let mut report = Report::default();
    match check(&snapshot, store, kept, &mut report, progress) {
        Ok(()) => {}
        Err(Stop::Bad(bad)) => report.bad = Some(bad),
        Err(Stop::Fault(fault)) => return Err(fault),
    }
    Ok(report)
}

fn check(
    connection: &Connection,
    store: &Store,
    kept: Option<&Checkpoint>,
    report: &mut Report,
    progress: &dyn Fn(u64, u64),
) -> Result<(), Stop> {
    streams(connection, report, progress)?;
    let mut roots = Roots::read(connection, store, kept)?;
    leaves(connection, &mut roots, report)?;
    blobs(connection, store, report)?;
    inline_blobs(connection)?;
    sealed(connection, store, report)?;
    access(connection)?;
    engine(connection)
}

fn bad(stream: &Stream, version: u64, what: impl Into<String>) -> Stop {
    Stop::Bad(Bad { stream: Some(stream.clone()), version: Some(version), what: what.into() })
}

fn bad_place(what: String) -> Stop {
    Stop::Bad(Bad { stream: None, version: None, what })
}

/// The stream being followed.
struct Chain {
    id: i64,
    stream: Stream,
    version: u64,
    head: Hash,
}

/// Follows every chain and compares every event with its header.
fn streams(
    connection: &Connection,
    report: &mut Report,
    progress: &dyn Fn(u64, u64),
) -> Result<(), Stop> {
    let events = connection.query_row("SELECT count(*) FROM event", (), |row| row.get::<_, i64>(0));
    let events = events? as u64;
    let mut statement = connection.prepare(
        "SELECT stream, version, kind, who, entered, recorded, header, salt, payload
        FROM event ORDER BY stream, version",
    )?;
    let mut rows = statement.query(())?;
    let mut chain: Option<Chain> = None;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let mut current = match chain.take() {
            Some(current) if current.id == id => current,
            former => {
                close(connection, former.as_ref(), report)?;
                let header = Header::from_bytes(row.get_ref(6)?.as_blob().unwrap_or_default());
                let stream = stream_named(connection, id, header.as_ref())?;
                Chain { id, stream, version: 0, head: NO_PREDECESSOR }
            }
        };
        event(connection, row, &mut current, report)?;
        chain = Some(current);
        report.events += 1;
        progress(report.events, events);
    }
    close(connection, chain.as_ref(), report)?;
    let streams =
        connection.query_row("SELECT count(*) FROM stream", (), |row| row.get::<_, i64>(0));
    if streams? as u64 != report.streams {
        return Err(bad_place("a stream has no events".to_owned()));
    }
    Ok(())
}

/// The name of a stream, taken from the table and, where that is damaged, from a header.
fn stream_named(connection: &Connection, id: i64, header: Option<&Header>) -> Result<Stream, Stop> {
    let mut statement = connection.prepare_cached("SELECT name FROM stream WHERE id = ?1")?;
    let mut rows = statement.query((id,))?;
    let name = match rows.next()? {
        Some(row) => row.get_ref(0)?.as_bytes().unwrap_or_default().to_vec(),
        None => Vec::new(),
    };
    let written = header.map(|header| &header.stream);
    match (String::from_utf8(name), written) {
        (Ok(name), _) if written.is_none_or(|stream| stream.as_str() == name) => {
            Ok(Stream::named(name))
        }
        (_, Some(stream)) => Err(bad(stream, 1, format!("stream {id} has another name"))),
        (name, None) => {
            let stream = Stream::named(name.unwrap_or_default());
            Err(bad(&stream, 1, "neither name nor header can be read"))
        }
    }
}

/// Checks one event and moves the chain on.
fn event(
    connection: &Connection,
    row: &Row<'_>,
    chain: &mut Chain,
    report: &mut Report,
) -> Result<(), Stop> {
    let version = chain.version + 1;
    let wrong = |what: &str| bad(&chain.stream, version, what);
    if row.get_ref(1)? != ValueRef::Integer(version as i64) {
        return Err(wrong("the event is missing, or its column version is not the header's"));
    }
    let bytes = row.get_ref(6)?.as_blob().map_err(|_| wrong("the header is not bytes"))?;
    let header = Header::from_bytes(bytes).ok_or_else(|| wrong("the header cannot be read"))?;
    if header.stream != chain.stream || header.version != version {
        return Err(wrong("the header is another event's"));
    }
    if header.predecessor != chain.head {
        return Err(wrong("the header does not follow from the one before it"));
    }
    let columns = [
        (2, "kind", ValueRef::Text(header.kind.as_bytes())),
        (3, "who", ValueRef::Text(header.who.as_bytes())),
        (4, "entered", ValueRef::Text(header.entered.as_bytes())),
        (5, "recorded", ValueRef::Integer(header.recorded)),
    ];
    for (column, name, expected) in columns {
        if row.get_ref(column)? != expected {
            return Err(wrong(&format!("the column {name} is not the header's")));
        }
    }
    let blobs = blobs_of(connection, chain.id, version..=version);
    let blobs = blobs.map_err(|_| wrong("its objects cannot be read"))?;
    let blobs = blobs.into_values().flatten().collect::<Vec<_>>();
    match (row.get_ref(7)?, row.get_ref(8)?) {
        (ValueRef::Null, ValueRef::Null) => {
            report.destroyed.push((chain.stream.clone(), version));
        }
        (ValueRef::Blob(salt), ValueRef::Blob(payload))
            if salt.len() == 32 && content_hash(salt, &blobs, payload) == header.content => {}
        _ => return Err(wrong("payload or objects are not those that were recorded")),
    }
    let hash = sm3(bytes);
    chain.version = version;
    chain.head = hash;
    Ok(())
}

/// Compares the end of a chain with what the stream's row says.
fn close(connection: &Connection, chain: Option<&Chain>, report: &mut Report) -> Result<(), Stop> {
    let Some(chain) = chain else { return Ok(()) };
    let mut statement =
        connection.prepare_cached("SELECT version, head FROM stream WHERE id = ?1")?;
    let mut rows = statement.query((chain.id,))?;
    let ends = match rows.next()? {
        Some(row) => {
            row.get_ref(0)? == ValueRef::Integer(chain.version as i64)
                && row.get_ref(1)? == ValueRef::Blob(&chain.head)
        }
        None => false,
    };
    if !ends {
        return Err(bad(&chain.stream, chain.version, "the stream does not end with this event"));
    }
    report.streams += 1;
    Ok(())
}

/// Compares the leaves with the events: dense places, one for each.
fn leaves(connection: &Connection, roots: &mut Roots, report: &mut Report) -> Result<(), Stop> {
    let mut statement = connection.prepare(
        "SELECT l.place, l.stream, l.version, l.hash, e.header
        FROM leaf l LEFT JOIN event e ON e.stream = l.stream AND e.version = l.version
        ORDER BY l.place",
    )?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let place = report.leaves;
        if row.get_ref(0)? != ValueRef::Integer(place as i64) {
            return Err(bad_place(format!("leaf {place} is missing")));
        }
        let header = row.get_ref(4)?.as_blob();
        let header = header.map_err(|_| bad_place(format!("leaf {place} has no event")))?;
        let hash = sm3(header);
        if row.get_ref(3)? != ValueRef::Blob(&hash) {
            let what = format!("leaf {place} is not this event's");
            return Err(match Header::from_bytes(header) {
                Some(header) => bad(&header.stream, header.version, what),
                None => bad_place(what),
            });
        }
        report.leaves += 1;
        roots.grow(connection, &hash)?;
    }
    if report.leaves != report.events {
        return Err(bad_place(format!("leaf {} is missing", report.leaves)));
    }
    roots.finish(connection, report)
}

/// The tree as it grows from the leaves, and what it must be at each checkpoint.
struct Roots {
    tree: Growing,
    /// Subtrees that were found as they should be.
    full: u64,
    checkpoints: BTreeMap<u64, Vec<Node>>,
}

impl Roots {
    /// Reads the signed checkpoints, and takes the one that was kept elsewhere with them.
    fn read(
        connection: &Connection,
        store: &Store,
        kept: Option<&Checkpoint>,
    ) -> Result<Roots, Stop> {
        let mut checkpoints = BTreeMap::<u64, Vec<Node>>::new();
        let mut statement = connection.prepare("SELECT size, note FROM checkpoint")?;
        let mut rows = statement.query(())?;
        let origin = store.origin()?;
        while let Some(row) = rows.next()? {
            let size = row.get_ref(0)?.as_i64().unwrap_or_default() as u64;
            let note = row.get_ref(1)?.as_bytes().unwrap_or_default();
            let opened = Checkpoint::open(note, &origin, &store.keys().verifiers(&origin));
            match opened {
                Ok((checkpoint, signed)) if checkpoint.size == size && signed.len() == 2 => {
                    checkpoints.entry(size).or_default().push(checkpoint.root);
                }
                _ => return Err(bad_place(format!("checkpoint {size} is not what was signed"))),
            }
        }
        if let Some(kept) = kept {
            checkpoints.entry(kept.size).or_default().push(kept.root);
        }
        Ok(Roots { tree: Growing::default(), full: 0, checkpoints })
    }

    fn grow(&mut self, connection: &Connection, entry: &Hash) -> Result<(), Stop> {
        for full in self.tree.push(entry) {
            let sql = "SELECT sha256, sm3 FROM tree WHERE level = ?1 AND place = ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query((full.level, full.place as i64))?;
            let same = match rows.next()? {
                Some(row) => {
                    row.get_ref(0)? == ValueRef::Blob(&full.node.sha256)
                        && row.get_ref(1)? == ValueRef::Blob(&full.node.sm3)
                }
                None => false,
            };
            if !same {
                let (level, place) = (full.level, full.place);
                return Err(bad_place(format!(
                    "subtree {place} of level {level} is not its leaves'"
                )));
            }
            self.full += 1;
        }
        let size = self.tree.size();
        let Some(roots) = self.checkpoints.remove(&size) else { return Ok(()) };
        let root = self.tree.root();
        if roots.iter().any(|expected| *expected != root) {
            return Err(bad_place(format!("checkpoint {size} has another root")));
        }
        Ok(())
    }

    /// Nothing may stand beyond the leaves.
    fn finish(&mut self, connection: &Connection, report: &Report) -> Result<(), Stop> {
        self.checkpoints.remove(&0);
        if let Some(size) = self.checkpoints.keys().next() {
            let what = format!("checkpoint {size} is beyond the last leaf {}", report.leaves);
            return Err(bad_place(what));
        }
        let stored =
            connection.query_row("SELECT count(*) FROM tree", (), |row| row.get::<_, i64>(0));
        if stored? as u64 != self.full {
            return Err(bad_place("a subtree stands beyond the leaves".to_owned()));
        }
        Ok(())
    }
}

/// Reads every object that an event names, and computes both hashes.
fn blobs(connection: &Connection, store: &Store, report: &mut Report) -> Result<(), Stop> {
    let mut statement = connection.prepare(
        "SELECT b.sm3, b.sha256, b.size, b.version, s.name,
            EXISTS (SELECT 1 FROM event e WHERE e.stream = b.stream AND e.version = b.version)
        FROM blob b LEFT JOIN stream s ON s.id = b.stream ORDER BY b.sm3",
    )?;
    let mut rows = statement.query(())?;
    let mut measured: Option<Blob> = None;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_blob().map(hex::encode).unwrap_or_default();
        let (stream, known): (Option<String>, bool) = (row.get(4)?, row.get(5)?);
        let stream = stream.filter(|_| known).map(Stream::named);
        let Some(stream) = stream else {
            return Err(bad_place(format!("object {name} is named by an event that is missing")));
        };
        let version = row.get::<_, i64>(3)? as u64;
        let wrong = |what: &str| bad(&stream, version, format!("object {name} {what}"));
        let sm3: Hash = row.get(0).map_err(|_| wrong("is not named by a hash"))?;
        let blob = match measured.filter(|blob| blob.sm3 == sm3) {
            Some(blob) => blob,
            None => {
                let reader = store.vault().open(&sm3)?.ok_or_else(|| wrong("is missing"))?;
                let blob = reader.measure().map_err(|_| wrong("cannot be read"))?;
                if blob.sm3 != sm3 {
                    return Err(wrong("is damaged"));
                }
                blob
            }
        };
        if row.get_ref(1)? != ValueRef::Blob(&blob.sha256)
            || row.get_ref(2)? != ValueRef::Integer(blob.size as i64)
        {
            return Err(wrong("has another SHA-256 or size"));
        }
        measured = Some(blob);
        report.blobs += 1;
    }
    Ok(())
}

/// Objects in the database that no event names yet must be whole too.
fn inline_blobs(connection: &Connection) -> Result<(), Stop> {
    let mut statement = connection.prepare("SELECT sm3, bytes FROM blob_bytes")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_blob().unwrap_or_default();
        if name != sm3(row.get_ref(1)?.as_blob().unwrap_or_default()) {
            return Err(bad_place(format!("object {} is damaged", hex::encode(name))));
        }
    }
    Ok(())
}

/// Opens every sealed part; the seal holds its id and dossier too.
fn sealed(connection: &Connection, store: &Store, report: &mut Report) -> Result<(), Stop> {
    let mut statement =
        connection.prepare("SELECT id, dossier, bytes FROM sealed ORDER BY rowid")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let (id, dossier): (String, String) = (row.get(0)?, row.get(1)?);
        let bytes = row.get_ref(2)?.as_blob().unwrap_or_default();
        if store.keys().identity.decrypt(bytes, &[&id, &dossier]).is_err() {
            let stream = Some(Stream::dossier(&dossier));
            let what = format!("sealed part {id} does not open");
            return Err(Stop::Bad(Bad { stream, version: None, what }));
        }
        report.sealed += 1;
    }
    Ok(())
}

/// Compares what lists are read from with the rows of the dossiers, which whoever understands the
/// payloads compares with the events.
fn access(connection: &Connection) -> Result<(), Stop> {
    let unlike = "SELECT d.id FROM access a LEFT JOIN dossier d ON d.nr = a.dossier
        WHERE (a.ended, a.due, a.received, a.changed, a.number)
            IS NOT (d.ended, coalesce(d.due_latest, ?1), d.received, d.changed, d.number)
            OR NOT EXISTS (SELECT 1 FROM json_each(d.principals) p WHERE p.value = a.principal)
        LIMIT 1";
    let missing = "SELECT d.id FROM dossier d WHERE json_array_length(d.principals)
            <> (SELECT count(*) FROM access a WHERE a.dossier = d.nr)
        LIMIT 1";
    let id = |row: &Row<'_>| row.get::<_, Option<String>>(0);
    let unlike = connection.query_row(unlike, (append::NEVER,), id).optional()?;
    let missing = connection.query_row(missing, (), id).optional()?;
    let Some(id) = unlike.or(missing) else { return Ok(()) };
    let what = "the access rows are not those of the dossier".to_owned();
    Err(Stop::Bad(Bad { stream: id.map(|id| Stream::dossier(&id)), version: None, what }))
}

/// Lets SQLite compare its tables with their indexes.
fn engine(connection: &Connection) -> Result<(), Stop> {
    let answer: String = connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
    if answer == "ok" { Ok(()) } else { Err(bad_place(answer)) }
}
