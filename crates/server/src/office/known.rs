//! The directory as it was last read, with the versions of the streams it was read from.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use procedure::directory::Directory;
use store::{Store, Stream};

use super::replayed;
use crate::no::No;

type Versions = BTreeMap<Stream, u64>;

/// The directory, replaced when something was recorded about it.
pub(super) struct Known {
    current: RwLock<(Arc<Directory>, Arc<Versions>)>,
}

impl Known {
    /// Reads the streams of the nation and of every department.
    pub(super) fn load(store: &Store) -> Result<Known, No> {
        Ok(Known { current: RwLock::new(read(store, Directory::default(), Versions::new())?) })
    }

    pub(super) fn directory(&self) -> Arc<Directory> {
        self.snapshot().0
    }

    pub(super) fn snapshot(&self) -> (Arc<Directory>, Arc<Versions>) {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over what was recorded since.
    pub(super) fn refresh(&self, store: &Store) -> Result<(), No> {
        // Held while reading, so that two of them cannot overwrite newer with older.
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let (directory, versions) = &*current;
        *current = read(store, (**directory).clone(), (**versions).clone())?;
        Ok(())
    }
}

fn read(
    store: &Store,
    mut directory: Directory,
    mut versions: Versions,
) -> Result<(Arc<Directory>, Arc<Versions>), No> {
    let mut streams = vec![Stream::nation()];
    streams.extend(store.streams("department/")?);
    for stream in streams {
        let version = versions.get(&stream).copied().unwrap_or(0);
        if store.version(&stream)? == version {
            continue;
        }
        for event in store.load_after(&stream, version)? {
            directory.apply(replayed::read(&event)?);
            versions.insert(stream.clone(), event.header.version);
        }
    }
    Ok((Arc::new(directory), Arc::new(versions)))
}
