//! What can go wrong inside the store.
//!
//! A fault is ours: it names an operation and, for damaged data, the stream and version.
//! It never carries the content of an event, a sealed part or a parameter.

use crate::Stream;

/// A fault of the store or of the machine below it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no space left; reading goes on, and writing does once there is space again.
    #[error("no space left")]
    Full,
    /// Stored data contradict themselves.
    #[error("{stream} is damaged at version {version}: {what}")]
    Damaged {
        /// The stream that cannot be trusted.
        stream: Stream,
        /// The first version that cannot be trusted.
        version: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The database belongs to another program, or its schema has been altered.
    #[error("not a store of this product: {0}")]
    Foreign(String),
    /// The database was written by a newer version of the product.
    #[error("the store has schema {found}, this program knows {known}")]
    Newer {
        /// The schema's version in the database.
        found: i64,
        /// The newest version this program can read.
        known: i64,
    },
    /// The database has an older schema, which its owner has to bring up first.
    #[error("the store has schema {found}, this program needs {known}")]
    Older {
        /// The schema's version in the database; 0 if it is empty.
        found: i64,
        /// The version this program works on.
        known: i64,
    },
    /// The role in the database may do more, or less, than it should.
    #[error("rights in the database: {0}")]
    Rights(String),
    /// A key is missing, is not the one the store was made with, or lies open.
    #[error("key {name}: {what}")]
    Key {
        /// The key's name.
        name: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// The database refused an operation.
    #[error("database: {0}")]
    Database(String),
    /// The file system refused an operation.
    #[error("{operation}: {kind}")]
    Io {
        /// What was attempted.
        operation: &'static str,
        /// How the operating system called the reason.
        kind: std::io::ErrorKind,
    },
    /// The database cannot be reached; nothing of what was asked for was done.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// The answer to a commit was lost, and what became of it could not be found out.
    ///
    /// The same idempotency key tells.
    #[error("it is not known whether the commit happened")]
    Unresolved,
    /// The record refused what was to be written before it was committed; nothing of it was kept.
    #[error("the record cannot be written: {0}")]
    Unwritten(String),
    /// The caller broke a rule of this interface.
    #[error("misuse: {0}")]
    Misuse(String),
    /// An act panicked; nothing of it was kept.
    #[error("an act panicked")]
    Panicked,
    /// The writer has ended.
    #[error("the store is closed")]
    Closed,
}

impl Fault {
    /// The same, where it came before the commit, so that nothing can have been kept.
    pub(crate) fn before_commit(self) -> Fault {
        match self {
            Fault::Database(what) => Fault::Unwritten(what),
            Fault::Io { .. } => Fault::Unwritten(self.to_string()),
            fault => fault,
        }
    }

    pub(crate) fn io(operation: &'static str) -> impl Fn(std::io::Error) -> Fault {
        move |error| match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Fault::Full,
            kind => Fault::Io { operation, kind },
        }
    }
}
