//! The directory as it was last read, with the versions of the streams it was read from.
//!
//! Whoever changes the directory, on whichever node, draws a number from one series.
//! So one small query tells whether anything changed, and only what moved is read then.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use procedure::directory::Directory;
use serde::{Deserialize, Serialize};
use store::{Store, StoredEvent, Stream};

use super::replayed;
use crate::no::No;

/// The series from which every change of the directory draws.
pub(crate) const SERIES: &str = "directory";

type Versions = BTreeMap<Stream, u64>;

/// What an event of the directory notes of its change: where it stands among all of them.
#[derive(Serialize, Deserialize)]
pub(crate) struct Change {
    change: u64,
}

/// The directory, replaced when something was recorded about it.
pub(super) struct Known {
    current: RwLock<Snapshot>,
}

/// The directory at one moment.
#[derive(Clone, Default)]
pub(super) struct Snapshot {
    /// Who there is.
    pub(super) directory: Arc<Directory>,
    /// The versions of the streams it was read from.
    pub(super) versions: Arc<Versions>,
    /// How many changes there had been when it was read; it may hold later ones too.
    pub(super) changes: u64,
}

impl Known {
    /// Reads the streams of the nation and of every department.
    pub(super) fn load(store: &Store) -> Result<Known, No> {
        Ok(Known { current: RwLock::new(read(store, &Snapshot::default())?) })
    }

    pub(super) fn directory(&self) -> Arc<Directory> {
        self.snapshot().directory
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over what was recorded since, if anything was.
    pub(super) fn refresh(&self, store: &Store) -> Result<(), No> {
        let drawn = store.drawn(SERIES)?;
        if self.current.read().unwrap_or_else(PoisonError::into_inner).changes >= drawn {
            return Ok(());
        }
        // Held while reading, so that two of them cannot overwrite newer with older.
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.changes < drawn {
            *current = read(store, &current)?;
        }
        Ok(())
    }
}

fn read(store: &Store, before: &Snapshot) -> Result<Snapshot, No> {
    // Asked first: what is recorded while the streams are read is read again, and never missed.
    let changes = store.drawn(SERIES)?;
    let mut moved = store.versions(Stream::nation().as_str())?;
    moved.extend(store.versions("department/")?);
    moved.retain(|(stream, version)| before.versions.get(stream) != Some(version));
    let mut events = Vec::new();
    let mut versions = (*before.versions).clone();
    for (stream, _) in moved {
        let from = versions.get(&stream).copied().unwrap_or(0);
        let mut newest = Place::default();
        for event in store.load_after(&stream, from)? {
            versions.insert(stream.clone(), event.header.version);
            // Within its stream nothing comes before what stands before it.
            newest = newest.max(Place::of(&event));
            events.push((newest, event));
        }
    }
    events.sort_by_key(|(place, _)| *place);
    let mut directory = (*before.directory).clone();
    for (_, event) in events {
        directory.apply(replayed::read(&event)?);
    }
    Ok(Snapshot { directory: Arc::new(directory), versions: Arc::new(versions), changes })
}

/// Where an event stands among those of all streams; by time, where it was recorded before changes were counted.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    change: u64,
    recorded: i64,
}

impl Place {
    fn of(event: &StoredEvent) -> Place {
        match change(event) {
            0 => Place { change: 0, recorded: event.header.recorded },
            change => Place { change, recorded: 0 },
        }
    }
}

/// The number of the change that an event belongs to; 0 where it has none.
pub(crate) fn change(event: &StoredEvent) -> u64 {
    serde_json::from_str(&event.header.setting).map_or(0, |Change { change }| change)
}

/// What an event of a change notes of it.
pub(super) fn noted(change: u64) -> String {
    serde_json::json!({ "change": change }).to_string()
}
