//! The record: an append-only, hash-chained log of events with its index rows, and the vault for
//! bytes.
//!
//! The store decides nothing and does not know the regulation; payloads are opaque to it.
//! It reads no clock: every instant is an argument.
//! Everything blocks; callers that must not block use a thread.
//! Engines are a closed set: SQLite for one machine, PostgreSQL for many nodes.
//! The stored bytes, and what is not record, are described in `docs/record.md`.

mod append;
mod aside;
pub mod checkpoint;
mod engine;
mod event;
mod fault;
mod index;
mod keys;
mod list;
mod load;
mod observe;
mod plan;
mod postgres;
mod reserve;
mod seal;
mod search;
mod sqlite;
mod stream;
pub mod tree;
mod vault;
mod verify;
mod words;

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, mpsc::sync_channel},
};

pub use append::{Append, AppendError, Appended, Decide, Numbers, Write, Writes};
pub use aside::{Credential, Draft, Session};
pub use event::{Hash, Header, Key, NewEvent, StoredEvent};
pub use fault::Fault;
pub use index::{
    Articles, Cursor, DossierRow, DossierRows, LimitRow, ListQuery, Listed, NotACursor, Order,
    Page, Scope, Sort, Standing, Total,
};
pub use keys::Keys;
pub use observe::on_commit;
pub use postgres::{Migrated, SERVING_ROLE};
pub use seal::{SealedPart, Secret};
pub use search::{Searchable, Unsearched};
pub use stream::Stream;
pub use vault::{Blob, BlobReader, PutError, Vault};
pub use verify::{Bad, Report};

use checkpoint::{Checkpoint, Rejected, Verifier};
use engine::Engine;
use plan::{Audit, Pending};
use reserve::Reserve;
use tree::{Node, Nodes, Tree};
use vault::Directory;

/// What a database that nodes share tells of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Its program's version.
    pub version: String,
    /// The role under which it is used.
    pub role: String,
    /// How many connections it takes.
    pub connections: i64,
    /// How many there are.
    pub connected: i64,
    /// How many locks it has room for, for each connection.
    pub locks_per_transaction: i64,
    /// Whether a commit survives a loss of power.
    pub durable: bool,
    /// What its clock said, in milliseconds since 1970-01-01T00:00:00Z.
    pub clock: i64,
    /// How many events wait for their places in the tree.
    pub unsealed: i64,
}

/// Where a record lies.
pub struct At<'a> {
    /// The data directory.
    pub data: &'a Path,
    /// The directory of the keys, outside that of the data.
    pub keys: &'a Path,
    /// Where large objects lie; in the data directory where nothing is said.
    pub vault: Option<&'a Path>,
    /// What the key files are under, if they are under anything.
    pub passphrase: Option<&'a Secret>,
}

impl At<'_> {
    fn vault(&self) -> PathBuf {
        self.vault.map_or_else(|| self.data.join("vault"), Path::to_owned)
    }

    /// Opens the keys, which must lie where a copy of the data or of the vault does not take them.
    fn keys(&self) -> Result<Keys, Fault> {
        vault::make_directory(self.keys).map_err(Fault::io("make the key directory"))?;
        let full = |path: &Path| path.canonicalize().map_err(Fault::io("find a directory"));
        let keys = full(self.keys)?;
        for open in [Some(self.data), self.vault].into_iter().flatten().filter(|it| it.exists()) {
            if keys.starts_with(full(open)?) {
                return Err(Fault::Misuse("the keys must lie outside the data".to_owned()));
            }
        }
        Keys::open(self.keys, self.passphrase)
    }
}

/// The record, opened. Clones share it; the last one to go closes it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Box<dyn Engine>,
    keys: Arc<Keys>,
    /// Where large objects lie; a store in memory keeps all of them in its database.
    directory: Option<Directory>,
    /// Room for the log of views when there is no other; none in memory.
    reserve: Option<Reserve>,
}

impl Store {
    /// Opens the store in `directory`, making it if it is not there.
    ///
    /// The sealing keys lie in `keys`, which must be outside `directory` so that a copy of the
    /// data does not open what is sealed.
    pub fn open(directory: &Path, keys: &Path) -> Result<Store, Fault> {
        Store::open_at(&At { data: directory, keys, vault: None, passphrase: None })
    }

    /// The same, with everything said about where the record lies.
    pub fn open_at(at: &At<'_>) -> Result<Store, Fault> {
        let directory = at.data;
        vault::make_directory(directory).map_err(Fault::io("make the data directory"))?;
        let keys = Arc::new(at.keys()?);
        let vault = Directory::open(at.vault())?;
        let at = sqlite::Place::File(directory.join("record.db"));
        let engine = sqlite::Sqlite::start(at, keys.clone(), Some(vault.clone()))?;
        vault::sync(directory).map_err(Fault::io("make the data directory durable"))?;
        let reserve = Reserve::open(directory.join("reserve"));
        Ok(Store::new(Box::new(engine), keys, Some(vault), Some(reserve)))
    }

    /// A store that lives as long as its last clone.
    pub fn in_memory() -> Result<Store, Fault> {
        let keys = Arc::new(Keys::passing()?);
        let engine = sqlite::Sqlite::start(sqlite::Place::memory()?, keys.clone(), None)?;
        Ok(Store::new(Box::new(engine), keys, None, None))
    }

    /// Joins the store in a PostgreSQL database, as the role that serves.
    ///
    /// `url` is `postgres://…` or `host=… dbname=…`; its schema was made by [`migrate`].
    /// Large objects lie in `vault`, a directory that all nodes share, and the keys in `keys`.
    pub fn connect(url: &str, vault: &Path, keys: &Path) -> Result<Store, Fault> {
        // Nothing but the vault lies in a data directory then.
        Store::connect_at(url, &At { data: vault, keys, vault: Some(vault), passphrase: None })
    }

    /// The same, with everything said about where what is not in the database lies.
    pub fn connect_at(url: &str, at: &At<'_>) -> Result<Store, Fault> {
        let keys = Arc::new(at.keys()?);
        let vault = Directory::open(at.vault())?;
        let engine = postgres::Postgres::start(url, keys.clone(), Some(vault.clone()))?;
        // A full disk of the database is its own; what lies here are large objects.
        Ok(Store::new(Box::new(engine), keys, Some(vault), None))
    }

    fn new(
        engine: Box<dyn Engine>,
        keys: Arc<Keys>,
        directory: Option<Directory>,
        reserve: Option<Reserve>,
    ) -> Store {
        Store { inner: Arc::new(Inner { engine, keys, directory, reserve }) }
    }

    /// Records one act, wholly or not at all; when this returns, it is durable.
    ///
    /// All versions are checked before anything is written.
    pub fn append<R: Send + 'static>(&self, act: Append<R>) -> Result<Appended, AppendError<R>> {
        if !self.admits() {
            return Err(AppendError::Full);
        }
        let (caller, answer) = sync_channel(1);
        self.engine().submit(Box::new(Pending::new(act, caller)));
        answer.recv().unwrap_or_else(|_| Err(Fault::Closed.into()))
    }

    /// Records a view or a denial as the next event of an audit stream; when this returns, it is
    /// durable. Answers the event's version.
    pub fn audit(&self, stream: &Stream, recorded: i64, entry: NewEvent) -> Result<u64, Fault> {
        match self.audit_once(stream, recorded, entry.clone()) {
            // What may be looked at must not depend on how full the disk is.
            Err(Fault::Full) if self.inner.reserve.as_ref().is_some_and(Reserve::spend) => {
                self.audit_once(stream, recorded, entry)
            }
            audited => audited,
        }
    }

    /// Whether there is room for more than the log of views.
    pub(crate) fn admits(&self) -> bool {
        self.inner.reserve.as_ref().is_none_or(Reserve::admits)
    }

    fn audit_once(&self, stream: &Stream, recorded: i64, entry: NewEvent) -> Result<u64, Fault> {
        let (caller, answer) = sync_channel(1);
        let (stream, entry) = (stream.clone(), Some(entry));
        self.engine().submit(Box::new(Audit { stream, recorded, entry, result: None, caller }));
        answer.recv().unwrap_or(Err(Fault::Closed))
    }

    /// The events of a stream, their chain and payloads checked.
    pub fn load(&self, stream: &Stream) -> Result<Vec<StoredEvent>, Fault> {
        self.load_after(stream, 0)
    }

    /// The events of a stream after a version, checked against that version's event.
    pub fn load_after(&self, stream: &Stream, version: u64) -> Result<Vec<StoredEvent>, Fault> {
        match self.engine().raw(stream, version)? {
            Some(raw) => load::check(stream, version, raw),
            None => Ok(Vec::new()),
        }
    }

    /// The version of a stream's last event; 0 if there is none.
    pub fn version(&self, stream: &Stream) -> Result<u64, Fault> {
        self.engine().version(stream)
    }

    /// What the database that nodes share tells of itself; `None` where there is no such database.
    pub fn database(&self) -> Result<Option<Database>, Fault> {
        self.engine().database()
    }

    /// The streams whose names begin with `prefix`, in order of name.
    pub fn streams(&self, prefix: &str) -> Result<Vec<Stream>, Fault> {
        self.engine().streams(prefix)
    }

    /// The streams whose names begin with `prefix`, in order of name, each with its version.
    pub fn versions(&self, prefix: &str) -> Result<Vec<(Stream, u64)>, Fault> {
        self.engine().versions(prefix)
    }

    /// The last number drawn of one series; 0 if none was.
    pub fn drawn(&self, series: &str) -> Result<u64, Fault> {
        self.engine().drawn(series)
    }

    /// The last number drawn of each series.
    pub fn series(&self) -> Result<Vec<(String, u64)>, Fault> {
        self.engine().series()
    }

    /// A page of dossiers.
    pub fn list(&self, query: &ListQuery) -> Result<Page, Fault> {
        self.engine().list(query)
    }

    /// The dossiers that bear this number.
    pub fn numbered(&self, number: &str) -> Result<Vec<String>, Fault> {
        self.engine().numbered(number)
    }

    /// Some of the dossiers that changed since they were last taken into the search, in order of
    /// [`Unsearched::place`]; `after` is the place of the last one before them.
    pub fn unsearched(&self, after: i64, size: usize) -> Result<Vec<Unsearched>, Fault> {
        self.engine().unsearched(after, size)
    }

    /// Takes dossiers into the search, unless they changed again; answers how many it took.
    ///
    /// Only one caller at a time does it on one record; another one takes none.
    pub fn make_searchable(&self, dossiers: Vec<Searchable>) -> Result<usize, Fault> {
        self.engine().make_searchable(dossiers)
    }

    /// Does a part of what makes the search fast after much was taken into it; answers whether
    /// there is more to do.
    pub fn tidy_search(&self) -> Result<bool, Fault> {
        self.engine().tidy_search()
    }

    /// The index rows of a dossier as they stand, to be compared with its events.
    pub fn rows(&self, dossier: &str) -> Result<Option<DossierRows>, Fault> {
        self.engine().rows(dossier)
    }

    /// How many dossiers of these departments rest on each article; where none does, it is absent.
    pub fn standing(&self, departments: &[&str]) -> Result<BTreeMap<u8, Standing>, Fault> {
        self.engine().standing(departments)
    }

    /// Some of the dossiers whose articles were never derived, since an earlier version made
    /// their rows; none once all were.
    pub fn without_articles(&self) -> Result<Vec<String>, Fault> {
        self.engine().without_articles()
    }

    /// Opens a sealed part; `None` if there is none of this id.
    pub fn open_sealed(&self, id: &str) -> Result<Option<Secret>, Fault> {
        let Some((dossier, bytes)) = self.engine().sealed(id)? else { return Ok(None) };
        self.keys().identity.decrypt(&bytes, &[id, &dossier]).map(Some)
    }

    /// What the database's own clock says, in milliseconds; `None` where there is no other clock
    /// than this machine's. Nodes of one record compare theirs with it.
    pub fn database_clock(&self) -> Result<Option<i64>, Fault> {
        self.engine().database_clock()
    }

    /// The vault.
    pub fn vault(&self) -> Vault<'_> {
        Vault { store: self }
    }

    /// Checks the whole record: chains, payloads, columns, leaves, objects and sealed parts.
    ///
    /// A checkpoint that was `kept` elsewhere is compared with the leaves too: only that shows a
    /// record that was set back as a whole. `progress` hears of events done and events in all, from
    /// several threads.
    pub fn verify(
        &self,
        kept: Option<&Checkpoint>,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Report, Fault> {
        let extent = verify::Extent::All;
        self.engine().verify(&verify::Request { store: self, kept, extent, progress })
    }

    /// Checks chains and tree alone, as [`Store::verify`] does: for measuring.
    pub fn verify_log(&self, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Report, Fault> {
        let extent = verify::Extent::Log;
        self.engine().verify(&verify::Request { store: self, kept: None, extent, progress })
    }

    /// 检查点. Signs the tree as it stands and keeps the note; answers it, to be kept elsewhere.
    pub fn checkpoint(&self) -> Result<String, Fault> {
        let size = self.engine().leaves()?;
        if let Some((last, note)) = self.engine().last_checkpoint()?
            && last == size
        {
            return Ok(note);
        }
        let root = self.tree().root(size)?;
        let note = Checkpoint { origin: self.origin()?, size, root }.sign(self.keys())?;
        self.engine().put_checkpoint(size, note.clone())?;
        Ok(note)
    }

    /// The last checkpoint that was signed.
    pub fn last_checkpoint(&self) -> Result<Option<String>, Fault> {
        Ok(self.engine().last_checkpoint()?.map(|(_, note)| note))
    }

    /// Reads a checkpoint of this record, its signatures checked.
    pub fn open_checkpoint(&self, note: &[u8]) -> Result<Result<Checkpoint, Rejected>, Fault> {
        let origin = self.origin()?;
        let opened = Checkpoint::open(note, &origin, &self.keys().verifiers(&origin));
        Ok(opened.map(|(checkpoint, _)| checkpoint))
    }

    /// The keys with which others check this record's checkpoints.
    pub fn verifiers(&self) -> Result<[Verifier; 2], Fault> {
        Ok(self.keys().verifiers(&self.origin()?))
    }

    /// The tree over all leaves, for roots and proofs.
    pub fn tree(&self) -> Tree<impl Nodes + '_> {
        Tree::new(Stored(self.engine()))
    }

    /// Where the leaf of an event stands in the tree.
    pub fn place(&self, stream: &Stream, version: u64) -> Result<Option<u64>, Fault> {
        self.engine().place(stream, version)
    }

    /// What checkpoints of this record call it.
    pub(crate) fn origin(&self) -> Result<String, Fault> {
        let lost = || Fault::Database("the record's name for checkpoints is missing".to_owned());
        self.setting(checkpoint::ORIGIN_SETTING)?.ok_or_else(lost)
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        &*self.inner.engine
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub(crate) fn directory(&self) -> Option<&Directory> {
        self.inner.directory.as_ref()
    }
}

/// Brings the schema of a PostgreSQL database to what this program knows, as the database's owner.
///
/// Forward only, in one transaction; nodes of the version before may go on serving meanwhile.
pub fn migrate(url: &str) -> Result<Migrated, Fault> {
    postgres::migrate(url)
}

/// The tree's hashes, read from an engine.
struct Stored<'a>(&'a dyn Engine);

impl Nodes for Stored<'_> {
    fn leaves(&self, places: Range<u64>) -> Result<Vec<Hash>, Fault> {
        self.0.entries(places)
    }

    fn full(&self, level: u8, places: Range<u64>) -> Result<Vec<Node>, Fault> {
        self.0.full(level, places)
    }
}
