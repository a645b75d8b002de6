//! The record on PostgreSQL: any number of nodes, each with one writer and a pool of readers.
//!
//! A node remembers nothing between transactions.

mod append;
mod articles;
mod aside;
mod link;
mod list;
mod migrate;
mod sealer;
mod search;
mod verify;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use crate::{
    Blob, Credential, Database, DossierRows, Fault, Hash, ListQuery, Page, Report, Searchable,
    Session, Standing, Stream, Unsearched,
    engine::{ChangeCredential, Engine},
    keys::Keys,
    load::{Raw, RawEvent},
    plan::Job,
    tree::Node,
    vault::Directory,
    verify::Request,
};
use link::{Link, Pool, count, get, hash};
use writer::Writer;

pub use migrate::{Migrated, SERVING_ROLE};

/// A store on PostgreSQL.
pub(crate) struct Postgres {
    pool: Pool,
    writer: Option<Writer>,
    sealer: Option<JoinHandle<()>>,
}

/// Brings the schema of a database to what this program knows.
pub(crate) fn migrate(url: &str) -> Result<Migrated, Fault> {
    migrate::migrate(&link::config(url)?)
}

impl Postgres {
    pub(crate) fn start(
        url: &str,
        keys: Arc<Keys>,
        directory: Option<Directory>,
    ) -> Result<Postgres, Fault> {
        let config = link::config(url)?;
        migrate::check(&mut Link::open(&config)?, &keys)?;
        // One word is enough: the sealer takes all there is.
        let (written, told) = mpsc::sync_channel(1);
        let sealer = Some(sealer::start(config.clone(), told)?);
        let writer = Some(Writer::start(config.clone(), keys, directory, written)?);
        Ok(Postgres { pool: Pool::new(config), writer, sealer })
    }

    /// One statement in a transaction of its own.
    fn change(
        &self,
        sql: &str,
        params: &[&(dyn postgres::types::ToSql + Sync)],
    ) -> Result<(), Fault> {
        self.pool.run(|link| {
            link.execute(sql, params)?;
            Ok(())
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Closing a connection waits for it, which a thread that drives a server's tasks must not.
        let links = self.pool.take();
        let closing = std::thread::spawn(move || drop(links));
        let _ = closing.join();
        // The sealer ends when the writer has gone.
        self.writer = None;
        let other = |it: &JoinHandle<()>| it.thread().id() != std::thread::current().id();
        if let Some(sealer) = self.sealer.take().filter(other) {
            let _ = sealer.join();
        }
    }
}

impl Engine for Postgres {
    fn submit(&self, job: Box<dyn Job>) {
        if let Some(writer) = &self.writer {
            writer.submit(job);
        }
    }

    fn raw(&self, stream: &Stream, from: u64) -> Result<Option<Raw>, Fault> {
        self.pool.run(|link| raw(link, stream, from))
    }

    fn database(&self) -> Result<Option<Database>, Fault> {
        let sql = "SELECT current_setting('server_version'), current_user::text,
            current_setting('max_connections')::bigint,
            (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
            current_setting('max_locks_per_transaction')::bigint,
            current_setting('fsync')::boolean AND current_setting('full_page_writes')::boolean,
            (SELECT count(*) FROM unsealed)";
        let clock = self.database_clock()?.unwrap_or_default();
        self.pool.run(|link| {
            let row = link.query_one(sql, &[])?;
            Ok(Some(Database {
                version: get(&row, 0)?,
                role: get(&row, 1)?,
                connections: get(&row, 2)?,
                connected: get(&row, 3)?,
                locks_per_transaction: get(&row, 4)?,
                durable: get(&row, 5)?,
                clock,
                unsealed: get(&row, 6)?,
            }))
        })
    }

    fn database_clock(&self) -> Result<Option<i64>, Fault> {
        let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        self.pool.run(|link| Ok(Some(get(&link.query_one(sql, &[])?, 0)?)))
    }

    fn version(&self, stream: &Stream) -> Result<u64, Fault> {
        let sql = "SELECT version FROM stream WHERE name = $1";
        self.pool.run(|link| {
            let row = link.query_opt(sql, &[&stream.as_str()])?;
            row.map_or(Ok(0), |row| count(&row, 0))
        })
    }

    fn streams(&self, prefix: &str) -> Result<Vec<Stream>, Fault> {
        let sql = "SELECT name FROM stream WHERE name >= $1 AND name < $2 ORDER BY name";
        // No character is greater than this one, and bytes of UTF-8 order like characters.
        let end = format!("{prefix}\u{10FFFF}");
        self.pool.run(|link| {
            let rows = link.query(sql, &[&prefix, &end])?;
            rows.iter().map(|row| Ok(Stream::named(get::<String>(row, 0)?))).collect()
        })
    }

    fn versions(&self, prefix: &str) -> Result<Vec<(Stream, u64)>, Fault> {
        let sql = "SELECT name, version FROM stream WHERE name >= $1 AND name < $2 ORDER BY name";
        let end = format!("{prefix}\u{10FFFF}");
        self.pool.run(|link| {
            let rows = link.query(sql, &[&prefix, &end])?;
            let head = |row| Ok((Stream::named(get::<String>(row, 0)?), count(row, 1)?));
            rows.iter().map(head).collect()
        })
    }

    fn drawn(&self, series: &str) -> Result<u64, Fault> {
        self.pool.run(|link| {
            let row = link.query_opt("SELECT last FROM series WHERE name = $1", &[&series])?;
            row.map_or(Ok(0), |row| count(&row, 0))
        })
    }

    fn series(&self) -> Result<Vec<(String, u64)>, Fault> {
        self.pool.run(|link| {
            let rows = link.query("SELECT name, last FROM series ORDER BY name", &[])?;
            rows.iter().map(|row| Ok((get(row, 0)?, count(row, 1)?))).collect()
        })
    }

    fn list(&self, query: &ListQuery) -> Result<Page, Fault> {
        self.pool.run(|link| list::list(link, query))
    }

    fn numbered(&self, number: &str) -> Result<Vec<String>, Fault> {
        let sql = "SELECT id FROM dossier WHERE number = $1
            UNION SELECT id FROM dossier WHERE case_number = $1 ORDER BY 1";
        self.pool.run(|link| link.query(sql, &[&number])?.iter().map(|row| get(row, 0)).collect())
    }

    fn unsearched(&self, after: i64, size: usize) -> Result<Vec<Unsearched>, Fault> {
        self.pool.run(|link| search::queued(link, after, size))
    }

    fn make_searchable(&self, dossiers: Vec<Searchable>) -> Result<usize, Fault> {
        self.pool.run(|link| search::replace(link, &dossiers))
    }

    fn tidy_search(&self) -> Result<bool, Fault> {
        // The index is one whole at every moment; what waits beside it is taken in by autovacuum.
        Ok(false)
    }

    fn rows(&self, dossier: &str) -> Result<Option<DossierRows>, Fault> {
        self.pool.run(|link| {
            let found = append::rows(link, &[dossier])?.remove(dossier);
            Ok(found.map(|(_, rows)| rows))
        })
    }

    fn standing(&self, departments: &[&str]) -> Result<BTreeMap<u8, Standing>, Fault> {
        self.pool.run(|link| articles::standing(link, departments))
    }

    fn without_articles(&self) -> Result<Vec<String>, Fault> {
        self.pool.run(articles::without)
    }

    fn sealed(&self, id: &str) -> Result<Option<(String, Vec<u8>)>, Fault> {
        let sql = "SELECT dossier, bytes FROM sealed WHERE id = $1";
        self.pool.run(|link| {
            let row = link.query_opt(sql, &[&id])?;
            row.map(|row| Ok((get(&row, 0)?, get(&row, 1)?))).transpose()
        })
    }

    fn leaves(&self) -> Result<u64, Fault> {
        self.pool.run(sealer::size)
    }

    fn place(&self, stream: &Stream, version: u64) -> Result<Option<u64>, Fault> {
        let sql = "SELECT l.place FROM leaf l JOIN stream s ON s.id = l.stream
            WHERE s.name = $1 AND l.version = $2";
        self.pool.run(|link| {
            let row = link.query_opt(sql, &[&stream.as_str(), &(version as i64)])?;
            row.map(|row| count(&row, 0)).transpose()
        })
    }

    fn entries(&self, places: Range<u64>) -> Result<Vec<Hash>, Fault> {
        self.pool.run(|link| sealer::leaves(link, places.clone()))
    }

    fn full(&self, level: u8, places: Range<u64>) -> Result<Vec<Node>, Fault> {
        self.pool.run(|link| sealer::full(link, level, places.clone()))
    }

    fn put_checkpoint(&self, size: u64, note: String) -> Result<(), Fault> {
        let sql = "INSERT INTO checkpoint (size, note) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.change(sql, &[&(size as i64), &note])
    }

    fn last_checkpoint(&self) -> Result<Option<(u64, String)>, Fault> {
        let sql = "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1";
        self.pool.run(|link| {
            let row = link.query_opt(sql, &[])?;
            row.map(|row| Ok((count(&row, 0)?, get(&row, 1)?))).transpose()
        })
    }

    fn verify(&self, request: &Request<'_>) -> Result<Report, Fault> {
        verify::verify(&self.pool, request)
    }

    fn blob_bytes(&self, sm3: &Hash) -> Result<Option<Vec<u8>>, Fault> {
        let sql = "SELECT bytes FROM blob_bytes WHERE sm3 = $1";
        self.pool.run(|link| {
            let row = link.query_opt(sql, &[&sm3.as_slice()])?;
            row.map(|row| get(&row, 0)).transpose()
        })
    }

    fn put_blob_bytes(&self, sm3: Hash, bytes: Vec<u8>) -> Result<(), Fault> {
        // The new bytes are known to be right; those that are there may have been damaged.
        let sql = "INSERT INTO blob_bytes (sm3, bytes) VALUES ($1, $2)
            ON CONFLICT (sm3) DO UPDATE SET bytes = excluded.bytes";
        self.change(sql, &[&sm3.as_slice(), &bytes])
    }

    fn orphans(&self, on_disk: BTreeSet<Hash>) -> Result<BTreeSet<Hash>, Fault> {
        self.pool.run(|link| aside::orphans(link, &on_disk))
    }

    fn discard(&self, old: BTreeSet<Hash>, directory: Option<Directory>) -> Result<u64, Fault> {
        self.pool.run(|link| aside::discard(link, &old, directory.as_ref()))
    }

    fn put_session(&self, session: Session) -> Result<(), Fault> {
        let Session { token, staff, made, seen, expires } = session;
        let sql = "INSERT INTO session (token, staff, made, seen, expires)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (token) DO UPDATE SET staff = excluded.staff,
                made = excluded.made, seen = excluded.seen, expires = excluded.expires";
        self.change(sql, &[&token.as_slice(), &staff, &made, &seen, &expires])
    }

    fn renew_session(&self, session: Session) -> Result<bool, Fault> {
        let Session { token, made, seen, expires, .. } = session;
        let sql = "UPDATE session SET made = $2, seen = $3, expires = $4 WHERE token = $1";
        self.pool
            .run(|link| Ok(link.execute(sql, &[&token.as_slice(), &made, &seen, &expires])? > 0))
    }

    fn session(&self, token: &Hash) -> Result<Option<Session>, Fault> {
        self.pool.run(|link| aside::session(link, token))
    }

    fn delete_session(&self, token: Hash) -> Result<(), Fault> {
        self.change("DELETE FROM session WHERE token = $1", &[&token.as_slice()])
    }

    fn delete_sessions_of(&self, staff: String) -> Result<(), Fault> {
        self.change("DELETE FROM session WHERE staff = $1", &[&staff])
    }

    fn delete_expired_sessions(&self, now: i64) -> Result<(), Fault> {
        self.change("DELETE FROM session WHERE expires < $1", &[&now])
    }

    fn put_credential(&self, credential: Credential) -> Result<(), Fault> {
        self.pool.run(|link| aside::put_credential(link, &credential))
    }

    fn credential(&self, staff: &str) -> Result<Option<Credential>, Fault> {
        self.pool.run(|link| aside::credential(link, staff, ""))
    }

    fn change_credential(
        &self,
        staff: String,
        change: ChangeCredential,
    ) -> Result<Option<Credential>, Fault> {
        // Only the attempt that finds the credential uses it up.
        let change = std::cell::Cell::new(Some(change));
        self.pool.run(|link| aside::change_credential(link, &staff, &change))
    }

    fn put_draft(
        &self,
        staff: String,
        form: String,
        bytes: Vec<u8>,
        made: i64,
    ) -> Result<(), Fault> {
        let sql = "INSERT INTO draft (staff, form, bytes, made) VALUES ($1, $2, $3, $4)
            ON CONFLICT (staff, form) DO UPDATE SET bytes = excluded.bytes, made = excluded.made";
        self.change(sql, &[&staff, &form, &bytes, &made])
    }

    fn draft(&self, staff: &str, form: &str) -> Result<Option<(Vec<u8>, i64)>, Fault> {
        let sql = "SELECT bytes, made FROM draft WHERE staff = $1 AND form = $2";
        self.pool.run(|link| {
            let row = link.query_opt(sql, &[&staff, &form])?;
            row.map(|row| Ok((get(&row, 0)?, get(&row, 1)?))).transpose()
        })
    }

    fn delete_draft(&self, staff: String, form: String) -> Result<(), Fault> {
        self.change("DELETE FROM draft WHERE staff = $1 AND form = $2", &[&staff, &form])
    }

    fn put_setting(&self, name: String, value: String) -> Result<(), Fault> {
        let sql = "INSERT INTO setting (name, value) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.change(sql, &[&name, &value])
    }

    fn settle_setting(&self, name: String, value: String) -> Result<String, Fault> {
        self.pool.run(|link| {
            let put = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            link.execute(put, &[&name, &value])?;
            get(&link.query_one("SELECT value FROM setting WHERE name = $1", &[&name])?, 0)
        })
    }

    fn setting(&self, name: &str) -> Result<Option<String>, Fault> {
        self.pool.run(|link| {
            let row = link.query_opt("SELECT value FROM setting WHERE name = $1", &[&name])?;
            row.map(|row| get(&row, 0)).transpose()
        })
    }
}

/// The rows of a stream from a version on: events are only added, so what is read up to the
/// head's version belongs together even while others append.
fn raw(link: &mut Link, stream: &Stream, from: u64) -> Result<Option<Raw>, Fault> {
    let sql = "SELECT id, version, head FROM stream WHERE name = $1";
    let Some(row) = link.query_opt(sql, &[&stream.as_str()])? else { return Ok(None) };
    let (id, version, head): (i64, _, _) = (get(&row, 0)?, count(&row, 1)?, hash(&row, 2)?);
    let (from, to) = (from as i64, version as i64);
    let sql = "SELECT header, salt, payload FROM event
        WHERE stream = $1 AND version BETWEEN $2 AND $3 ORDER BY version";
    let events = link.query(sql, &[&id, &from, &to])?;
    let events = events.iter().map(|row| {
        Ok(RawEvent { header: get(row, 0)?, salt: get(row, 1)?, payload: get(row, 2)? })
    });
    let events = events.collect::<Result<_, Fault>>()?;
    let sql = "SELECT sm3, sha256, size, version FROM blob
        WHERE stream = $1 AND version BETWEEN $2 AND $3 ORDER BY version, sm3";
    let mut blobs: BTreeMap<u64, Vec<Blob>> = BTreeMap::new();
    for row in link.query(sql, &[&id, &from, &to])? {
        let blob = Blob { sm3: hash(&row, 0)?, sha256: hash(&row, 1)?, size: count(&row, 2)? };
        blobs.entry(count(&row, 3)?).or_default().push(blob);
    }
    Ok(Some(Raw { version, head, events, blobs }))
}
