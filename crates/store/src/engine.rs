//! What an engine does for the store. Engines are a closed set: SQLite and PostgreSQL.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use crate::{
    Credential, DossierRows, Fault, Hash, ListQuery, Page, Report, Session, Standing, Store,
    Stream, checkpoint::Checkpoint, load::Raw, plan::Job, tree::Node, vault::Directory,
};

/// Changes a credential.
pub(crate) type ChangeCredential = Box<dyn FnOnce(&mut Credential) + Send>;

/// A database that keeps the record. Everything blocks.
pub(crate) trait Engine: Send + Sync {
    /// Hands a job to the writer, which answers it once its transaction has ended.
    fn submit(&self, job: Box<dyn Job>);

    /// The rows of a stream's events from version `from` on, unchecked, and where it ends.
    fn raw(&self, stream: &Stream, from: u64) -> Result<Option<Raw>, Fault>;

    fn version(&self, stream: &Stream) -> Result<u64, Fault>;
    fn streams(&self, prefix: &str) -> Result<Vec<Stream>, Fault>;
    fn series(&self) -> Result<Vec<(String, u64)>, Fault>;
    fn list(&self, query: &ListQuery) -> Result<Page, Fault>;
    fn rows(&self, dossier: &str) -> Result<Option<DossierRows>, Fault>;
    fn standing(&self, departments: &[&str]) -> Result<BTreeMap<u8, Standing>, Fault>;
    fn without_articles(&self) -> Result<Vec<String>, Fault>;
    /// A sealed part's dossier and bytes.
    fn sealed(&self, id: &str) -> Result<Option<(String, Vec<u8>)>, Fault>;
    /// How many leaves have their places.
    fn leaves(&self) -> Result<u64, Fault>;
    /// Where the leaf of an event stands; `None` if there is no such leaf.
    fn place(&self, stream: &Stream, version: u64) -> Result<Option<u64>, Fault>;
    /// The hashes of leaves, in order of place.
    fn entries(&self, places: Range<u64>) -> Result<Vec<Hash>, Fault>;
    /// Stored full subtrees of a level, in order of place.
    fn full(&self, level: u8, places: Range<u64>) -> Result<Vec<Node>, Fault>;
    /// Keeps a checkpoint, unless there is one of this size.
    fn put_checkpoint(&self, size: u64, note: String) -> Result<(), Fault>;
    /// The checkpoint of the greatest size.
    fn last_checkpoint(&self) -> Result<Option<(u64, String)>, Fault>;
    fn verify(
        &self,
        store: &Store,
        kept: Option<&Checkpoint>,
        progress: &dyn Fn(u64, u64),
    ) -> Result<Report, Fault>;

    fn blob_bytes(&self, sm3: &Hash) -> Result<Option<Vec<u8>>, Fault>;
    fn put_blob_bytes(&self, sm3: Hash, bytes: Vec<u8>) -> Result<(), Fault>;
    /// Removes what no event names, while no act can name it.
    fn gc(&self, keep: BTreeSet<Hash>, directory: Option<Directory>) -> Result<u64, Fault>;

    fn put_session(&self, session: Session) -> Result<(), Fault>;
    fn session(&self, token: &Hash) -> Result<Option<Session>, Fault>;
    fn delete_session(&self, token: Hash) -> Result<(), Fault>;
    fn delete_sessions_of(&self, staff: String) -> Result<(), Fault>;
    fn delete_expired_sessions(&self, now: i64) -> Result<(), Fault>;
    fn put_credential(&self, credential: Credential) -> Result<(), Fault>;
    fn credential(&self, staff: &str) -> Result<Option<Credential>, Fault>;
    fn change_credential(
        &self,
        staff: String,
        change: ChangeCredential,
    ) -> Result<Option<Credential>, Fault>;
    fn put_draft(
        &self,
        staff: String,
        form: String,
        bytes: Vec<u8>,
        made: i64,
    ) -> Result<(), Fault>;
    fn draft(&self, staff: &str, form: &str) -> Result<Option<(Vec<u8>, i64)>, Fault>;
    fn delete_draft(&self, staff: String, form: String) -> Result<(), Fault>;
    fn put_setting(&self, name: String, value: String) -> Result<(), Fault>;
    fn setting(&self, name: &str) -> Result<Option<String>, Fault>;
}
