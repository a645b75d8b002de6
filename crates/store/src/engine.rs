//! What an engine does for the store. Engines are a closed set: SQLite and PostgreSQL.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use crate::{
    Credential, Database, DossierRows, Fault, Hash, ListQuery, Page, Report, Searchable, Session,
    Standing, Stream, Unsearched, load::Raw, plan::Job, tree::Node, vault::Directory,
    verify::Request,
};

/// Changes a credential.
pub(crate) type ChangeCredential = Box<dyn FnOnce(&mut Credential) + Send>;

/// A database that keeps the record. Everything blocks.
pub(crate) trait Engine: Send + Sync {
    /// Hands a job to the writer, which answers it once its transaction has ended.
    fn submit(&self, job: Box<dyn Job>);

    /// The rows of a stream's events from version `from` on, unchecked, and where it ends.
    fn raw(&self, stream: &Stream, from: u64) -> Result<Option<Raw>, Fault>;

    /// What the database tells of itself, where nodes share one.
    fn database(&self) -> Result<Option<Database>, Fault>;
    /// What its clock says, in milliseconds, where nodes share one.
    fn database_clock(&self) -> Result<Option<i64>, Fault>;
    fn version(&self, stream: &Stream) -> Result<u64, Fault>;
    fn streams(&self, prefix: &str) -> Result<Vec<Stream>, Fault>;
    /// The streams of a prefix, in order of name, each with where it ends: one query.
    fn versions(&self, prefix: &str) -> Result<Vec<(Stream, u64)>, Fault>;
    fn series(&self) -> Result<Vec<(String, u64)>, Fault>;
    /// The last number drawn of one series; 0 if none was.
    fn drawn(&self, series: &str) -> Result<u64, Fault>;
    fn list(&self, query: &ListQuery) -> Result<Page, Fault>;
    fn numbered(&self, number: &str) -> Result<Vec<String>, Fault>;
    fn unsearched(&self, after: i64, size: usize) -> Result<Vec<Unsearched>, Fault>;
    fn make_searchable(&self, dossiers: Vec<Searchable>) -> Result<usize, Fault>;
    /// Does a part of what makes the search fast again; answers whether there is more to do.
    fn tidy_search(&self) -> Result<bool, Fault>;
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
    /// Verifies one moment of the record, on as many readers of it as are worth it.
    fn verify(&self, request: &Request<'_>) -> Result<Report, Fault>;

    fn blob_bytes(&self, sm3: &Hash) -> Result<Option<Vec<u8>>, Fault>;
    fn put_blob_bytes(&self, sm3: Hash, bytes: Vec<u8>) -> Result<(), Fault>;
    /// What no event names of the objects kept here and of those `on_disk`.
    fn orphans(&self, on_disk: BTreeSet<Hash>) -> Result<BTreeSet<Hash>, Fault>;
    /// Removes those of `old` that no event names, while no act can name them.
    fn discard(&self, old: BTreeSet<Hash>, directory: Option<Directory>) -> Result<u64, Fault>;

    fn put_session(&self, session: Session) -> Result<(), Fault>;
    /// Changes a session, unless it has ended meanwhile; answers whether it goes on.
    fn renew_session(&self, session: Session) -> Result<bool, Fault>;
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
    /// Keeps a setting where there is none of this name yet; answers the one that holds.
    fn settle_setting(&self, name: String, value: String) -> Result<String, Fault>;
    fn setting(&self, name: &str) -> Result<Option<String>, Fault>;
}
