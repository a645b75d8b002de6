//! Where the tests' stores are: on SQLite, in a directory or in memory.

use store::{Fault, Store};
use tempfile::TempDir;

/// A store on disk that goes when it is dropped.
pub(crate) struct Place {
    pub(crate) root: TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { root: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn open(&self) -> Store {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<Store, Fault> {
        Store::open(&self.root.path().join("data"), &self.root.path().join("keys"))
    }

    /// Changes the database past the store.
    pub(crate) fn past(&self, sql: &str) {
        self.raw().execute_batch(sql).unwrap();
    }

    /// The database, past the store.
    pub(crate) fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.root.path().join("data/record.db")).unwrap()
    }
}

/// A store that goes with the test.
pub(crate) fn fresh() -> Store {
    Store::in_memory().unwrap()
}
