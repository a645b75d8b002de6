//! The record on SQLite: one writer thread, any number of readers.
//!
//! Nothing is remembered between transactions, so several processes may have the same store open.

mod append;
mod articles;
mod aside;
mod list;
mod log;
mod search;
mod tree;
mod verify;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Deref, Range, RangeInclusive},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Params, Transaction, TransactionBehavior,
    ffi,
};

use crate::{
    Blob, Credential, Database, DossierRows, Fault, Hash, ListQuery, Page, Report, Searchable,
    Session, Standing, Stream, Unsearched,
    checkpoint::{ORIGIN_SETTING, new_origin},
    engine::{ChangeCredential, Engine},
    event::random,
    keys::Keys,
    load::{Raw, RawEvent},
    plan::{Head, Job},
    tree::{Node, Nodes},
    vault::Directory,
    verify::Request,
};
use log::Log;
use writer::Writer;

/// "chac", so that `file` and this program know the database for what it is.
const APPLICATION: i64 = 0x6368_6163;
const SCHEMA: i64 = 5;
/// Earlier schemas kept leaves without a tree.
const FIRST_WITH_TREE: i64 = 3;
/// What each schema added to the one before.
const SCHEMA_SQL: [&str; SCHEMA as usize] = [
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
];

/// How long to wait for another process.
const PATIENCE: Duration = Duration::from_secs(10);
/// KiB of pages that the writer keeps: at a million dossiers each act touches some ten places of
/// indexes that lie far apart, and with SQLite's own 2 MiB hardly any would still be there.
const WRITER_CACHE: i64 = 32 * 1024;
/// More idle readers than this are closed.
const IDLE_READERS: usize = 16;

/// A store on SQLite.
pub(crate) struct Sqlite {
    place: Place,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
}

/// Where the database is.
pub(crate) enum Place {
    File(PathBuf),
    /// The name of a database in memory that all connections share.
    Memory(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error().map(|error| (error.code, error.extended_code));
        match code {
            // On a full file system the shared memory of the write-ahead log cannot grow either.
            Some((ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE)) => Fault::Full,
            _ => Fault::Database(error.to_string()),
        }
    }
}

impl Sqlite {
    pub(crate) fn start(
        place: Place,
        keys: Arc<Keys>,
        directory: Option<Directory>,
    ) -> Result<Sqlite, Fault> {
        let mut connection = place.connect()?;
        found(&mut connection, &keys)?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE)?;
        let log = match place {
            Place::File(_) => {
                connection.pragma_update(None, "journal_mode", "wal")?;
                connection.pragma_update(None, "synchronous", "full")?;
                Some(Log::of(&mut connection, place.connect()?)?)
            }
            Place::Memory(_) => {
                connection.pragma_update(None, "journal_mode", "memory")?;
                None
            }
        };
        let writer = Writer::start(connection, log, keys, directory)?;
        Ok(Sqlite { place, writer, readers: Mutex::default() })
    }

    /// A connection for reading, given back when it is dropped.
    fn reader(&self) -> Result<Reader<'_>, Fault> {
        let idle = self.idle_readers().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let connection = self.place.connect()?;
                connection.pragma_update(None, "query_only", true)?;
                connection
            }
        };
        Ok(Reader { sqlite: self, connection: Some(connection) })
    }

    /// Runs one statement on the writer's thread.
    fn change(&self, sql: &'static str, params: impl Params + Send + 'static) -> Result<(), Fault> {
        self.writer.write(move |connection| {
            connection.prepare_cached(sql)?.execute(params)?;
            Ok(())
        })
    }

    fn idle_readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        // A list of connections is whole at every moment, whoever panicked while holding it.
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Sqlite {
    fn submit(&self, job: Box<dyn Job>) {
        self.writer.submit(job);
    }

    fn raw(&self, stream: &Stream, from: u64) -> Result<Option<Raw>, Fault> {
        raw(&*self.reader()?, stream, from)
    }

    fn database(&self) -> Result<Option<Database>, Fault> {
        Ok(None)
    }

    fn database_clock(&self) -> Result<Option<i64>, Fault> {
        Ok(None)
    }

    fn version(&self, stream: &Stream) -> Result<u64, Fault> {
        Ok(head(&*self.reader()?, stream)?.map_or(0, |head| head.version))
    }

    fn streams(&self, prefix: &str) -> Result<Vec<Stream>, Fault> {
        let reader = self.reader()?;
        let sql = "SELECT name FROM stream WHERE name >= ?1 AND name < ?2 ORDER BY name";
        let mut statement = reader.prepare_cached(sql)?;
        // No character is greater than this one, and bytes of UTF-8 order like characters.
        let end = format!("{prefix}\u{10FFFF}");
        let names = statement.query_map((prefix, end), |row| row.get::<_, String>(0))?;
        names.map(|name| Ok(Stream::named(name?))).collect()
    }

    fn versions(&self, prefix: &str) -> Result<Vec<(Stream, u64)>, Fault> {
        let reader = self.reader()?;
        let sql = "SELECT name, version FROM stream WHERE name >= ?1 AND name < ?2 ORDER BY name";
        let mut statement = reader.prepare_cached(sql)?;
        let end = format!("{prefix}\u{10FFFF}");
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
        let heads = statement.query_map((prefix, end), read)?;
        heads
            .map(|head| head.map(|(name, version)| (Stream::named(name), version as u64)))
            .map(|head| head.map_err(Fault::from))
            .collect()
    }

    fn drawn(&self, series: &str) -> Result<u64, Fault> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached("SELECT last FROM series WHERE name = ?1")?;
        let last = statement.query_row((series,), |row| row.get::<_, i64>(0)).optional()?;
        Ok(last.map_or(0, |last| last as u64))
    }

    fn series(&self) -> Result<Vec<(String, u64)>, Fault> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached("SELECT name, last FROM series ORDER BY name")?;
        let series = statement.query_map((), |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
        series
            .map(|series| series.map(|(name, last)| (name, last as u64)).map_err(Fault::from))
            .collect()
    }

    fn list(&self, query: &ListQuery) -> Result<Page, Fault> {
        list::list(&*self.reader()?, query)
    }

    fn numbered(&self, number: &str) -> Result<Vec<String>, Fault> {
        let reader = self.reader()?;
        let sql = "SELECT id FROM dossier WHERE number = ?1 OR case_number = ?1";
        let mut statement = reader.prepare_cached(sql)?;
        let ids = statement.query_map((number,), |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    fn unsearched(&self, after: i64, size: usize) -> Result<Vec<Unsearched>, Fault> {
        search::queued(&*self.reader()?, after, size)
    }

    fn make_searchable(&self, dossiers: Vec<Searchable>) -> Result<usize, Fault> {
        self.writer.write(move |connection| search::replace(connection, &dossiers))
    }

    fn tidy_search(&self) -> Result<bool, Fault> {
        self.writer.write(search::tidy)
    }

    fn rows(&self, dossier: &str) -> Result<Option<DossierRows>, Fault> {
        Ok(append::rows(&*self.reader()?, dossier)?.map(|(_, rows)| rows))
    }

    fn standing(&self, departments: &[&str]) -> Result<BTreeMap<u8, Standing>, Fault> {
        articles::standing(&*self.reader()?, departments)
    }

    fn without_articles(&self) -> Result<Vec<String>, Fault> {
        articles::without(&*self.reader()?)
    }

    fn sealed(&self, id: &str) -> Result<Option<(String, Vec<u8>)>, Fault> {
        let reader = self.reader()?;
        let mut statement =
            reader.prepare_cached("SELECT dossier, bytes FROM sealed WHERE id = ?1")?;
        Ok(statement.query_row((id,), |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    fn leaves(&self) -> Result<u64, Fault> {
        tree::size(&*self.reader()?)
    }

    fn place(&self, stream: &Stream, version: u64) -> Result<Option<u64>, Fault> {
        tree::place(&*self.reader()?, stream, version)
    }

    fn entries(&self, places: Range<u64>) -> Result<Vec<Hash>, Fault> {
        tree::Stored(&*self.reader()?).leaves(places)
    }

    fn full(&self, level: u8, places: Range<u64>) -> Result<Vec<Node>, Fault> {
        tree::Stored(&*self.reader()?).full(level, places)
    }

    fn put_checkpoint(&self, size: u64, note: String) -> Result<(), Fault> {
        let sql = "INSERT INTO checkpoint (size, note) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        self.change(sql, (size as i64, note))
    }

    fn last_checkpoint(&self) -> Result<Option<(u64, String)>, Fault> {
        let reader = self.reader()?;
        let sql = "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1";
        let mut statement = reader.prepare_cached(sql)?;
        let last = statement.query_row((), |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)));
        Ok(last.optional()?)
    }

    fn verify(&self, request: &Request<'_>) -> Result<Report, Fault> {
        verify::verify(self, request)
    }

    fn blob_bytes(&self, sm3: &Hash) -> Result<Option<Vec<u8>>, Fault> {
        aside::blob_bytes(&*self.reader()?, sm3)
    }

    fn put_blob_bytes(&self, sm3: Hash, bytes: Vec<u8>) -> Result<(), Fault> {
        // The new bytes are known to be right; those that are there may have been damaged.
        self.change("INSERT OR REPLACE INTO blob_bytes (sm3, bytes) VALUES (?1, ?2)", (sm3, bytes))
    }

    fn orphans(&self, on_disk: BTreeSet<Hash>) -> Result<BTreeSet<Hash>, Fault> {
        aside::orphans(&*self.reader()?, on_disk)
    }

    fn discard(&self, old: BTreeSet<Hash>, directory: Option<Directory>) -> Result<u64, Fault> {
        // On the writer's thread no act can name an object while it is removed.
        self.writer.write(move |connection| aside::discard(connection, &old, directory.as_ref()))
    }

    fn put_session(&self, session: Session) -> Result<(), Fault> {
        self.change(
            "INSERT OR REPLACE INTO session (token, staff, made, seen, expires)
            VALUES (?1, ?2, ?3, ?4, ?5)",
            (session.token, session.staff, session.made, session.seen, session.expires),
        )
    }

    fn renew_session(&self, session: Session) -> Result<bool, Fault> {
        let Session { token, made, seen, expires, .. } = session;
        self.writer.write(move |connection| {
            let sql = "UPDATE session SET made = ?2, seen = ?3, expires = ?4 WHERE token = ?1";
            let renewed = connection.prepare_cached(sql)?.execute((token, made, seen, expires))?;
            Ok(renewed > 0)
        })
    }

    fn session(&self, token: &Hash) -> Result<Option<Session>, Fault> {
        aside::session(&*self.reader()?, token)
    }

    fn delete_session(&self, token: Hash) -> Result<(), Fault> {
        self.change("DELETE FROM session WHERE token = ?1", (token,))
    }

    fn delete_sessions_of(&self, staff: String) -> Result<(), Fault> {
        self.change("DELETE FROM session WHERE staff = ?1", (staff,))
    }

    fn delete_expired_sessions(&self, now: i64) -> Result<(), Fault> {
        self.change("DELETE FROM session WHERE expires < ?1", (now,))
    }

    fn put_credential(&self, credential: Credential) -> Result<(), Fault> {
        self.writer.write(move |connection| aside::put_credential(connection, &credential))
    }

    fn credential(&self, staff: &str) -> Result<Option<Credential>, Fault> {
        aside::credential(&*self.reader()?, staff)
    }

    fn change_credential(
        &self,
        staff: String,
        change: ChangeCredential,
    ) -> Result<Option<Credential>, Fault> {
        self.writer.write(move |connection| {
            let credential = aside::credential(connection, &staff)?;
            let Some(mut credential) = credential else { return Ok(None) };
            change(&mut credential);
            aside::put_credential(connection, &credential)?;
            Ok(Some(credential))
        })
    }

    fn put_draft(
        &self,
        staff: String,
        form: String,
        bytes: Vec<u8>,
        made: i64,
    ) -> Result<(), Fault> {
        self.change(
            "INSERT OR REPLACE INTO draft (staff, form, bytes, made) VALUES (?1, ?2, ?3, ?4)",
            (staff, form, bytes, made),
        )
    }

    fn draft(&self, staff: &str, form: &str) -> Result<Option<(Vec<u8>, i64)>, Fault> {
        let reader = self.reader()?;
        let sql = "SELECT bytes, made FROM draft WHERE staff = ?1 AND form = ?2";
        let mut statement = reader.prepare_cached(sql)?;
        let draft = statement.query_row((staff, form), |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(draft.optional()?)
    }

    fn delete_draft(&self, staff: String, form: String) -> Result<(), Fault> {
        self.change("DELETE FROM draft WHERE staff = ?1 AND form = ?2", (staff, form))
    }

    fn put_setting(&self, name: String, value: String) -> Result<(), Fault> {
        self.change("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)", (name, value))
    }

    fn settle_setting(&self, name: String, value: String) -> Result<String, Fault> {
        self.writer.write(move |connection| {
            let put = "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            connection.prepare_cached(put)?.execute((&name, value))?;
            let mut statement =
                connection.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
            Ok(statement.query_row((name,), |row| row.get(0))?)
        })
    }

    fn setting(&self, name: &str) -> Result<Option<String>, Fault> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
        Ok(statement.query_row((name,), |row| row.get(0)).optional()?)
    }
}

impl Place {
    /// A database in memory that goes with its last connection.
    pub(crate) fn memory() -> Result<Place, Fault> {
        let name = hex::encode(random::<16>()?);
        Ok(Place::Memory(format!("file:/{name}?vfs=memdb")))
    }

    fn connect(&self) -> Result<Connection, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match self {
            Place::File(path) => Connection::open_with_flags(path, flags)?,
            Place::Memory(name) => {
                Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_URI)?
            }
        };
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(128);
        Ok(connection)
    }
}

/// Makes the schema in an empty database, and refuses one that is not exactly ours.
fn found(connection: &mut Connection, keys: &Keys) -> Result<(), Fault> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let number = |pragma| transaction.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let (application, schema) = (number("application_id")?, number("user_version")?);
    let present = schema_of(&transaction)?;
    if application == 0 && schema == 0 && present.is_empty() {
        create(&transaction, 0, SCHEMA)?;
        name(&transaction)?;
        for key in keys.all() {
            let row = (key.name(), key.check);
            transaction.execute("INSERT INTO key_check (name, hash) VALUES (?1, ?2)", row)?;
        }
        return Ok(transaction.commit()?);
    }
    if application != APPLICATION {
        return Err(Fault::Foreign(format!("application id {application:#010x}")));
    }
    if schema > SCHEMA {
        return Err(Fault::Newer { found: schema, known: SCHEMA });
    }
    let blank = Connection::open_in_memory()?;
    create(&blank, 0, schema)?;
    if let Some((name, _)) = first_difference(&present, &schema_of(&blank)?) {
        return Err(Fault::Foreign(format!("{name} is not as this program made it")));
    }
    for key in keys.all() {
        let sql = "SELECT hash FROM key_check WHERE name = ?1";
        let check = transaction.query_row(sql, (key.name(),), |row| row.get::<_, Hash>(0));
        if check.optional()? != Some(key.check) {
            let what = "is not the key this store was made with".to_owned();
            return Err(Fault::Key { name: key.name(), what });
        }
    }
    if schema < SCHEMA {
        create(&transaction, schema, SCHEMA)?;
        if schema < FIRST_WITH_TREE {
            tree::plant(&transaction)?;
            name(&transaction)?;
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Gives the record the name under which its checkpoints are signed.
fn name(connection: &Connection) -> Result<(), Fault> {
    let sql = "INSERT INTO setting (name, value) VALUES (?1, ?2)";
    connection.execute(sql, (ORIGIN_SETTING, new_origin()?))?;
    Ok(())
}

/// Adds what the schemas after `from`, up to `to`, have.
fn create(connection: &Connection, from: i64, to: i64) -> Result<(), Fault> {
    for (sql, schema) in SCHEMA_SQL.iter().zip(1..) {
        if (from + 1..=to).contains(&schema) {
            connection.execute_batch(sql)?;
        }
    }
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", to)?;
    Ok(())
}

type Schema = Vec<(String, Option<String>)>;

/// Tables, indexes and triggers with the text that made them.
fn schema_of(connection: &Connection) -> Result<Schema, Fault> {
    // What SQLite keeps for itself, statistics and the tables under a full-text index, is no part
    // of the schema: another version of it may write them differently.
    let sql = "SELECT name, sql FROM sqlite_schema
        WHERE name NOT LIKE 'sqlite_stat%' AND NOT (type = 'table' AND name IN
            ('search_data', 'search_idx', 'search_docsize', 'search_config'))
        ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn first_difference<'a>(
    present: &'a Schema,
    expected: &'a Schema,
) -> Option<&'a (String, Option<String>)> {
    let missing = expected.iter().find(|entry| !present.contains(entry));
    missing.or_else(|| present.iter().find(|entry| !expected.contains(entry)))
}

/// A reading connection on loan.
struct Reader<'a> {
    sqlite: &'a Sqlite,
    connection: Option<Connection>,
}

impl Deref for Reader<'_> {
    type Target = Connection;

    #[expect(clippy::expect_used, reason = "only drop takes the connection out")]
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("the connection is there until drop")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut idle = self.sqlite.idle_readers();
        if idle.len() < IDLE_READERS {
            idle.extend(self.connection.take());
        }
    }
}

fn head(connection: &Connection, stream: &Stream) -> Result<Option<Head>, Fault> {
    let sql = "SELECT id, version, head FROM stream WHERE name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let head = statement.query_row((stream.as_str(),), |row| {
        let version = row.get::<_, i64>(1)? as u64;
        Ok(Head { id: row.get(0)?, version, hash: row.get(2)? })
    });
    Ok(head.optional()?)
}

/// The objects that events of a stream name, by version and in order of SM3.
fn blobs_of(
    connection: &Connection,
    stream: i64,
    versions: RangeInclusive<u64>,
) -> rusqlite::Result<BTreeMap<u64, Vec<Blob>>> {
    let sql = "SELECT sm3, sha256, size, version FROM blob
        WHERE stream = ?1 AND version BETWEEN ?2 AND ?3 ORDER BY version, sm3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((stream, *versions.start() as i64, *versions.end() as i64))?;
    let mut blobs: BTreeMap<u64, Vec<Blob>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let size = row.get::<_, i64>(2)? as u64;
        let blob = Blob { sm3: row.get(0)?, sha256: row.get(1)?, size };
        blobs.entry(row.get::<_, i64>(3)? as u64).or_default().push(blob);
    }
    Ok(blobs)
}

/// The rows of a stream from a version on: events are only added, so what is read up to the
/// head's version belongs together even while others append.
fn raw(connection: &Connection, stream: &Stream, from: u64) -> Result<Option<Raw>, Fault> {
    let Some(Head { id: Some(id), version, hash }) = head(connection, stream)? else {
        return Ok(None);
    };
    let blobs = blobs_of(connection, id, from..=version)?;
    let sql = "SELECT header, salt, payload FROM event
        WHERE stream = ?1 AND version BETWEEN ?2 AND ?3 ORDER BY version";
    let mut statement = connection.prepare_cached(sql)?;
    let events = statement.query_map((id, from as i64, version as i64), |row| {
        Ok(RawEvent { header: row.get(0)?, salt: row.get(1)?, payload: row.get(2)? })
    })?;
    let events = events.collect::<Result<_, _>>()?;
    Ok(Some(Raw { version, head: hash, events, blobs }))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::{
        Append, AppendError, Appended, NewEvent, Write, Writes, load::check, plan::Pending,
    };

    fn start(place: Place) -> Sqlite {
        Sqlite::start(place, Arc::new(Keys::passing().unwrap()), None).unwrap()
    }

    fn append(
        sqlite: &Sqlite,
        version: u64,
        size: usize,
    ) -> Result<Appended, AppendError<Infallible>> {
        let stream = Stream::dossier("1");
        let event = NewEvent { payload: vec![7; size], ..NewEvent::default() };
        let write =
            Write { stream: stream.clone(), version, events: vec![event], setting: String::new() };
        let writes = Writes { streams: vec![write], ..Writes::default() };
        let act = Append {
            reads: Vec::new(),
            writes: vec![stream],
            series: Vec::new(),
            key: None,
            recorded: 0,
            write: Box::new(|_| Ok::<_, Infallible>(writes)),
        };
        let (caller, answer) = std::sync::mpsc::sync_channel(1);
        sqlite.submit(Box::new(Pending::new(act, caller)));
        answer.recv().unwrap()
    }

    fn events(sqlite: &Sqlite) -> usize {
        let stream = Stream::dossier("1");
        check(&stream, 0, sqlite.raw(&stream, 0).unwrap().unwrap()).unwrap().len()
    }

    /// The limit belongs to the writer's connection, which no test outside can reach.
    #[test]
    fn a_database_that_may_not_grow_answers_full_and_goes_on_when_it_may() {
        let directory = tempfile::tempdir().unwrap();
        let sqlite = start(Place::File(directory.path().join("record.db")));
        let limit = |pages: i64| {
            sqlite.writer.write(move |connection| {
                Ok(connection.pragma_update(None, "max_page_count", pages)?)
            })
        };
        append(&sqlite, 0, 10).unwrap();
        limit(1).unwrap();
        for _ in 0..3 {
            assert_eq!(append(&sqlite, 1, 100_000), Err(AppendError::Full));
        }
        assert_eq!(events(&sqlite), 1);
        limit(1_000_000).unwrap();
        append(&sqlite, 1, 100_000).unwrap();
        assert_eq!(events(&sqlite), 2);
    }

    #[test]
    fn a_commit_that_fails_is_rolled_back_and_the_next_one_works() {
        let sqlite = start(Place::memory().unwrap());
        sqlite.writer.write(|connection| Ok(connection.busy_timeout(Duration::ZERO)?)).unwrap();
        let put = |value: &str| sqlite.put_setting("name".to_owned(), value.to_owned());
        put("甲").unwrap();
        let reader = sqlite.reader().unwrap();
        // In memory there is no write-ahead log, so that this reader stops the commit.
        reader.execute_batch("BEGIN; SELECT count(*) FROM setting").unwrap();
        assert!(matches!(put("乙"), Err(Fault::Database(_))));
        reader.execute_batch("COMMIT").unwrap();
        drop(reader);
        assert_eq!(sqlite.setting("name").unwrap().as_deref(), Some("甲"));
        put("丙").unwrap();
        assert_eq!(sqlite.setting("name").unwrap().as_deref(), Some("丙"));
    }
}
