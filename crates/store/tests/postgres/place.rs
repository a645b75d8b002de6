//! Where the tests' stores are: each in a database of its own, in one cluster for the process.

use std::sync::{
    LazyLock,
    atomic::{AtomicU32, Ordering},
};

use store::{Fault, Store, migrate};
use tempfile::TempDir;
use testkit::Cluster;

/// The cluster, with a database that every test's one is copied from.
pub(crate) static CLUSTER: LazyLock<(Cluster, String)> = LazyLock::new(|| {
    let cluster = Cluster::fast();
    let template = cluster.empty();
    migrate(&cluster.as_owner(&template)).unwrap();
    (cluster, template)
});

/// A database with the directories of one node, which go when it is dropped.
pub(crate) struct Place {
    pub(crate) root: TempDir,
    pub(crate) database: String,
}

impl Place {
    pub(crate) fn new() -> Place {
        let (cluster, template) = &*CLUSTER;
        Place { root: tempfile::tempdir().unwrap(), database: cluster.database(template) }
    }

    pub(crate) fn open(&self) -> Store {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<Store, Fault> {
        let root = self.root.path();
        let url = CLUSTER.0.as_server(&self.database);
        Store::connect(&url, &root.join("data/vault"), &root.join("keys"))
    }

    /// Changes the database past the store.
    pub(crate) fn past(&self, sql: &str) {
        CLUSTER.0.admin(&self.database).batch_execute(sql).unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        CLUSTER.0.drop_database(&self.database);
    }
}

/// A store whose database goes with the cluster.
pub(crate) fn fresh() -> Store {
    static STORES: AtomicU32 = AtomicU32::new(0);
    let (cluster, template) = &*CLUSTER;
    let root = cluster.socket().join(format!("store-{}", STORES.fetch_add(1, Ordering::Relaxed)));
    let url = cluster.as_server(&cluster.database(template));
    Store::connect(&url, &root.join("vault"), &root.join("keys")).unwrap()
}
