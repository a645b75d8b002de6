//! The record on SQLite: one writer thread, any number of readers.
//!
//! Nothing is remembered between transactions, so several processes may have the same store open.

mod append;
mod articles;
mod aside;
mod list;
mod verify;
mod writer;

use std::{
    collections::BTreeMap,
    ops::{Deref, RangeInclusive},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, ffi,
};

use crate::{
    AppendError, Blob, Fault, Hash, Header, Store, StoredEvent, Stream,
    event::{NO_PREDECESSOR, content_hash, random, sm3},
    seal::Keys,
    verify::Report,
};
use writer::Writer;

/// "chac", so that `file` and this program know the database for what it is.
const APPLICATION: i64 = 0x6368_6163;
const SCHEMA: i64 = 2;
/// What each schema added to the one before.
const SCHEMA_SQL: [&str; SCHEMA as usize] =
    [include_str!("schema.sql"), include_str!("schema_2.sql")];

/// How long to wait for another process.
const PATIENCE: Duration = Duration::from_secs(10);
/// More idle readers than this are closed.
const IDLE_READERS: usize = 16;

/// A store on SQLite.
pub(crate) struct Sqlite {
    place: Place,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
}

/// Where the database is.
enum Place {
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

impl<R> From<rusqlite::Error> for AppendError<R> {
    fn from(error: rusqlite::Error) -> Self {
        Fault::from(error).into()
    }
}

impl Sqlite {
    pub(crate) fn open(path: &Path, keys: &Keys) -> Result<Sqlite, Fault> {
        Sqlite::start(Place::File(path.to_owned()), keys)
    }

    pub(crate) fn in_memory(keys: &Keys) -> Result<Sqlite, Fault> {
        let name = hex::encode(random::<16>()?);
        Sqlite::start(Place::Memory(format!("file:/{name}?vfs=memdb")), keys)
    }

    fn start(place: Place, keys: &Keys) -> Result<Sqlite, Fault> {
        let mut connection = place.connect()?;
        found(&mut connection, keys)?;
        connection.pragma_update(None, "secure_delete", true)?;
        match place {
            Place::File(_) => {
                connection.pragma_update(None, "journal_mode", "wal")?;
                connection.pragma_update(None, "synchronous", "full")?;
            }
            Place::Memory(_) => connection.pragma_update(None, "journal_mode", "memory")?,
        }
        let writer = Writer::start(connection)?;
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

    fn idle_readers(&self) -> MutexGuard<'_, Vec<Connection>> {
        // A list of connections is whole at every moment, whoever panicked while holding it.
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn load_after(
        &self,
        stream: &Stream,
        version: u64,
    ) -> Result<Vec<StoredEvent>, Fault> {
        load_after(&*self.reader()?, stream, version)
    }

    pub(crate) fn version(&self, stream: &Stream) -> Result<u64, Fault> {
        Ok(head(&*self.reader()?, stream)?.map_or(0, |head| head.version))
    }

    pub(crate) fn streams(&self, prefix: &str) -> Result<Vec<Stream>, Fault> {
        let reader = self.reader()?;
        let sql = "SELECT name FROM stream WHERE name >= ?1 AND name < ?2 ORDER BY name";
        let mut statement = reader.prepare_cached(sql)?;
        // No character is greater than this one, and bytes of UTF-8 order like characters.
        let end = format!("{prefix}\u{10FFFF}");
        let names = statement.query_map((prefix, end), |row| row.get::<_, String>(0))?;
        names.map(|name| Ok(Stream::named(name?))).collect()
    }

    pub(crate) fn series(&self) -> Result<Vec<(String, u64)>, Fault> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached("SELECT name, last FROM series ORDER BY name")?;
        let series = statement.query_map((), |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
        series
            .map(|series| series.map(|(name, last)| (name, last as u64)))
            .collect::<Result<_, _>>()
            .map_err(Fault::from)
    }

    pub(crate) fn sealed(&self, id: &str) -> Result<Option<(String, Vec<u8>)>, Fault> {
        let reader = self.reader()?;
        let mut statement =
            reader.prepare_cached("SELECT dossier, bytes FROM sealed WHERE id = ?1")?;
        Ok(statement.query_row((id,), |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    pub(crate) fn verify(
        &self,
        store: &Store,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Report, Fault> {
        verify::verify(&*self.reader()?, store, progress)
    }
}

impl Place {
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
        transaction.commit()?;
    }
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
    // Statistics that SQLite keeps for itself are no part of the schema.
    let sql =
        "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name";
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

/// Where a stream stands.
struct Head {
    id: i64,
    version: u64,
    hash: Hash,
}

fn head(connection: &Connection, stream: &Stream) -> Result<Option<Head>, Fault> {
    let sql = "SELECT id, version, head FROM stream WHERE name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let head = statement.query_row((stream.as_str(),), |row| {
        Ok(Head { id: row.get(0)?, version: row.get::<_, i64>(1)? as u64, hash: row.get(2)? })
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

/// Reads a stream from a version on and checks it: events are only added, so what is read up to
/// the head's version belongs together even while others append.
fn load_after(
    connection: &Connection,
    stream: &Stream,
    after: u64,
) -> Result<Vec<StoredEvent>, Fault> {
    let Some(head) = head(connection, stream)? else { return Ok(Vec::new()) };
    let mut blobs = blobs_of(connection, head.id, after..=head.version)?;
    let sql = "SELECT header, salt, payload FROM event
        WHERE stream = ?1 AND version BETWEEN ?2 AND ?3 ORDER BY version";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((head.id, after as i64, head.version as i64))?;
    let mut events: Vec<StoredEvent> = Vec::new();
    // The event at `after` itself is read too, for the hash that the next one must name.
    let mut expected = after.max(1);
    let mut predecessor = (after == 0).then_some(NO_PREDECESSOR);
    while let Some(row) = rows.next()? {
        let damaged = |what: &str| Fault::Damaged {
            stream: stream.clone(),
            version: expected,
            what: what.to_owned(),
        };
        let bytes: Vec<u8> = row.get(0)?;
        let (salt, payload): (Option<Hash>, Option<Vec<u8>>) = (row.get(1)?, row.get(2)?);
        let header = Header::from_bytes(&bytes).ok_or_else(|| damaged("the header"))?;
        if header.stream != *stream || header.version != expected {
            return Err(damaged("it stands in another event's place"));
        }
        if predecessor.is_some_and(|hash| hash != header.predecessor) {
            return Err(damaged("it does not follow from the event before it"));
        }
        let blobs = blobs.remove(&expected).unwrap_or_default();
        if let (Some(salt), Some(payload)) = (&salt, &payload)
            && content_hash(salt, &blobs, payload) != header.content
        {
            return Err(damaged("the payload"));
        }
        let hash = sm3(&bytes);
        predecessor = Some(hash);
        if expected > after {
            events.push(StoredEvent { header, hash, payload, blobs });
        }
        expected += 1;
    }
    if after <= head.version && (expected != head.version + 1 || predecessor != Some(head.hash)) {
        return Err(Fault::Damaged {
            stream: stream.clone(),
            version: expected.min(head.version),
            what: "the stream does not end where it should".to_owned(),
        });
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, sync::Arc};

    use super::*;
    use crate::{Append, NewEvent, Write, Writes};

    /// The limit belongs to the writer's connection, which no test outside can reach.
    #[test]
    fn a_database_that_may_not_grow_answers_full_and_goes_on_when_it_may() {
        let directory = tempfile::tempdir().unwrap();
        let keys = Arc::new(Keys::passing().unwrap());
        let sqlite = Sqlite::open(&directory.path().join("record.db"), &keys).unwrap();
        let stream = Stream::dossier("1");
        let append = |version, size| {
            let event = NewEvent { payload: vec![7; size], ..NewEvent::default() };
            let write = Write {
                stream: stream.clone(),
                version,
                events: vec![event],
                setting: String::new(),
            };
            let writes = Writes { streams: vec![write], ..Writes::default() };
            let write = Box::new(|_: &mut crate::Numbers<'_>| Ok::<_, Infallible>(writes));
            let act = Append { reads: Vec::new(), key: None, recorded: 0, write };
            sqlite.append(act, keys.clone(), None)
        };
        let limit = |pages: i64| {
            sqlite.writer.write(move |connection| -> Result<(), Fault> {
                Ok(connection.pragma_update(None, "max_page_count", pages)?)
            })
        };
        append(0, 10).unwrap();
        limit(1).unwrap();
        for _ in 0..3 {
            assert_eq!(append(1, 100_000), Err(AppendError::Full));
        }
        assert_eq!(sqlite.load_after(&stream, 0).unwrap().len(), 1);
        limit(1_000_000).unwrap();
        append(1, 100_000).unwrap();
        assert_eq!(sqlite.load_after(&stream, 0).unwrap().len(), 2);
    }

    #[test]
    fn a_commit_that_fails_is_rolled_back_and_the_next_one_works() {
        let keys = Keys::passing().unwrap();
        let sqlite = Sqlite::in_memory(&keys).unwrap();
        let patience = |patience| {
            sqlite.writer.write(move |connection| -> Result<(), Fault> {
                Ok(connection.busy_timeout(patience)?)
            })
        };
        patience(Duration::ZERO).unwrap();
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
