//! The record: an append-only, hash-chained log of events with its index rows, and the vault for
//! bytes.
//!
//! The store decides nothing and does not know the regulation; payloads are opaque to it.
//! It reads no clock: every instant is an argument.
//! Everything blocks; callers that must not block use a thread.
//! Engines are a closed set, and only SQLite is in it so far.
//! The stored bytes, and what is not record, are described in `docs/record.md`.

mod append;
mod aside;
pub mod checkpoint;
mod event;
mod fault;
mod index;
mod keys;
mod seal;
mod sqlite;
mod stream;
pub mod tree;
mod vault;
mod verify;

use std::{collections::BTreeMap, path::Path, sync::Arc};

pub use append::{Append, AppendError, Appended, Decide, Numbers, Write, Writes};
pub use aside::{Credential, Draft, Session};
pub use event::{Hash, Header, Key, NewEvent, StoredEvent};
pub use fault::Fault;
pub use index::{
    Articles, Cursor, DossierRow, DossierRows, LimitRow, ListQuery, Listed, NotACursor, Order,
    Page, Scope, Sort, Standing, Total,
};
pub use keys::Keys;
pub use seal::{SealedPart, Secret};
pub use stream::Stream;
pub use vault::{Blob, BlobReader, PutError, Vault};
pub use verify::{Bad, Report};

use vault::Directory;

/// The record, opened. Clones share it; the last one to go closes it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    keys: Arc<Keys>,
    /// Where large objects lie; a store in memory keeps all of them in its database.
    directory: Option<Directory>,
}

/// The engines.
pub(crate) enum Engine {
    Sqlite(sqlite::Sqlite),
}

impl Store {
    /// Opens the store in `directory`, making it if it is not there.
    ///
    /// The sealing keys lie in `keys`, which must be outside `directory` so that a copy of the
    /// data does not open what is sealed.
    pub fn open(directory: &Path, keys: &Path) -> Result<Store, Fault> {
        vault::make_directory(directory).map_err(Fault::io("make the data directory"))?;
        vault::make_directory(keys).map_err(Fault::io("make the key directory"))?;
        let full = |path: &Path| path.canonicalize().map_err(Fault::io("find a directory"));
        if full(keys)?.starts_with(full(directory)?) {
            return Err(Fault::Misuse("the keys must lie outside the data".to_owned()));
        }
        let keys = Keys::open(keys, None)?;
        let engine = sqlite::Sqlite::open(&directory.join("record.db"), &keys)?;
        vault::sync(directory).map_err(Fault::io("make the data directory durable"))?;
        let directory = Some(Directory::open(directory.join("vault"))?);
        Ok(Store::new(engine, keys, directory))
    }

    /// A store that lives as long as its last clone.
    pub fn in_memory() -> Result<Store, Fault> {
        let keys = Keys::passing()?;
        let engine = sqlite::Sqlite::in_memory(&keys)?;
        Ok(Store::new(engine, keys, None))
    }

    fn new(engine: sqlite::Sqlite, keys: Keys, directory: Option<Directory>) -> Store {
        let keys = Arc::new(keys);
        Store { inner: Arc::new(Inner { engine: Engine::Sqlite(engine), keys, directory }) }
    }

    /// Records one act, wholly or not at all; when this returns, it is durable.
    ///
    /// All versions are checked before anything is written.
    pub fn append<R: Send + 'static>(&self, act: Append<R>) -> Result<Appended, AppendError<R>> {
        let Engine::Sqlite(sqlite) = self.engine();
        sqlite.append(act, self.inner.keys.clone(), self.inner.directory.clone())
    }

    /// Records a view or a denial as the next event of an audit stream; when this returns, it is
    /// durable. Answers the event's version.
    pub fn audit(&self, stream: &Stream, recorded: i64, entry: NewEvent) -> Result<u64, Fault> {
        let Engine::Sqlite(sqlite) = self.engine();
        sqlite.audit(stream.clone(), recorded, entry)
    }

    /// The events of a stream, their chain and payloads checked.
    pub fn load(&self, stream: &Stream) -> Result<Vec<StoredEvent>, Fault> {
        self.load_after(stream, 0)
    }

    /// The events of a stream after a version, checked against that version's event.
    pub fn load_after(&self, stream: &Stream, version: u64) -> Result<Vec<StoredEvent>, Fault> {
        let Engine::Sqlite(sqlite) = self.engine();
        sqlite.load_after(stream, version)
    }

    /// The version of a stream's last event; 0 if there is none.
    pub fn version(&self, stream: &Stream) -> Result<u64, Fault> {
        let Engine::Sqlite(sqlite) = self.engine();
        sqlite.version(stream)
    }

    /// The streams whose names begin with `prefix`, in order of name.
    pub fn streams(&self, prefix: &str) -> Result<Vec<Stream>, Fault> {
        let Engine::Sqlite(sqlite) = self.engine();
        sqlite.streams(prefix)
    }

    /// The last number drawn of each series.
    pub fn series(&self) -> Result<Vec<(String, u64)>, Fault> {
        let Engine::Sqlite(sqlite) = self.engine();
        sqlite.series()
    }

    /// A page of dossiers.
    pub fn list(&self, query: &ListQuery) -> Result<Page, Fault> {
        let Engine::Sqlite(sqlite) = self.engine();
        sqlite.list(query)
    }

    /// The index rows of a dossier as they stand, to be compared with its events.
    pub fn rows(&self, dossier: &str) -> Result<Option<DossierRows>, Fault> {
        let Engine::Sqlite(sqlite) = self.engine();
        sqlite.rows(dossier)
    }

    /// How many dossiers of these departments rest on each article; where none does, it is absent.
    pub fn standing(&self, departments: &[&str]) -> Result<BTreeMap<u8, Standing>, Fault> {
        let Engine::Sqlite(sqlite) = self.engine();
        sqlite.standing(departments)
    }

    /// Some of the dossiers whose articles were never derived, since an earlier version made
    /// their rows; none once all were.
    pub fn without_articles(&self) -> Result<Vec<String>, Fault> {
        let Engine::Sqlite(sqlite) = self.engine();
        sqlite.without_articles()
    }

    /// Opens a sealed part; `None` if there is none of this id.
    pub fn open_sealed(&self, id: &str) -> Result<Option<Secret>, Fault> {
        let Engine::Sqlite(sqlite) = self.engine();
        let Some((dossier, bytes)) = sqlite.sealed(id)? else { return Ok(None) };
        self.keys().identity.decrypt(&bytes, &[id, &dossier]).map(Some)
    }

    /// The vault.
    pub fn vault(&self) -> Vault<'_> {
        Vault { store: self }
    }

    /// Checks the whole record: chains, payloads, columns, leaves, objects and sealed parts.
    ///
    /// `progress` hears of events done and events in all.
    pub fn verify(&self, progress: &dyn Fn(u64, u64)) -> Result<Report, Fault> {
        let Engine::Sqlite(sqlite) = self.engine();
        sqlite.verify(self, progress)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub(crate) fn directory(&self) -> Option<&Directory> {
        self.inner.directory.as_ref()
    }
}
