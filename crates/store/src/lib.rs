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
mod engine;
mod event;
mod fault;
mod index;
mod keys;
mod load;
mod plan;
mod seal;
mod sqlite;
mod stream;
pub mod tree;
mod vault;
mod verify;

use std::{
    collections::BTreeMap,
    ops::Range,
    path::Path,
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
pub use seal::{SealedPart, Secret};
pub use stream::Stream;
pub use vault::{Blob, BlobReader, PutError, Vault};
pub use verify::{Bad, Report};

use checkpoint::{Checkpoint, Rejected, Verifier};
use engine::Engine;
use plan::{Audit, Pending};
use tree::{Node, Nodes, Tree};
use vault::Directory;

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
        let keys = Arc::new(Keys::open(keys, None)?);
        let vault = Directory::open(directory.join("vault"))?;
        let at = sqlite::Place::File(directory.join("record.db"));
        let engine = sqlite::Sqlite::start(at, keys.clone(), Some(vault.clone()))?;
        vault::sync(directory).map_err(Fault::io("make the data directory durable"))?;
        Ok(Store::new(Box::new(engine), keys, Some(vault)))
    }

    /// A store that lives as long as its last clone.
    pub fn in_memory() -> Result<Store, Fault> {
        let keys = Arc::new(Keys::passing()?);
        let engine = sqlite::Sqlite::start(sqlite::Place::memory()?, keys.clone(), None)?;
        Ok(Store::new(Box::new(engine), keys, None))
    }

    fn new(engine: Box<dyn Engine>, keys: Arc<Keys>, directory: Option<Directory>) -> Store {
        Store { inner: Arc::new(Inner { engine, keys, directory }) }
    }

    /// Records one act, wholly or not at all; when this returns, it is durable.
    ///
    /// All versions are checked before anything is written.
    pub fn append<R: Send + 'static>(&self, act: Append<R>) -> Result<Appended, AppendError<R>> {
        let (caller, answer) = sync_channel(1);
        self.engine().submit(Box::new(Pending::new(act, caller)));
        answer.recv().unwrap_or_else(|_| Err(Fault::Closed.into()))
    }

    /// Records a view or a denial as the next event of an audit stream; when this returns, it is
    /// durable. Answers the event's version.
    pub fn audit(&self, stream: &Stream, recorded: i64, entry: NewEvent) -> Result<u64, Fault> {
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

    /// The streams whose names begin with `prefix`, in order of name.
    pub fn streams(&self, prefix: &str) -> Result<Vec<Stream>, Fault> {
        self.engine().streams(prefix)
    }

    /// The last number drawn of each series.
    pub fn series(&self) -> Result<Vec<(String, u64)>, Fault> {
        self.engine().series()
    }

    /// A page of dossiers.
    pub fn list(&self, query: &ListQuery) -> Result<Page, Fault> {
        self.engine().list(query)
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

    /// The vault.
    pub fn vault(&self) -> Vault<'_> {
        Vault { store: self }
    }

    /// Checks the whole record: chains, payloads, columns, leaves, objects and sealed parts.
    ///
    /// A checkpoint that was `kept` elsewhere is compared with the leaves too: only that shows a
    /// record that was set back as a whole. `progress` hears of events done and events in all.
    pub fn verify(
        &self,
        kept: Option<&Checkpoint>,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Report, Fault> {
        self.engine().verify(self, kept, progress)
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
