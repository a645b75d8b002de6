//! What was replayed from streams, kept in memory and brought up to date before each use.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde::de::DeserializeOwned;
use store::{Fault, Store, StoredEvent, Stream};

use crate::no::No;

/// States by stream, each with the version it stands for; the least used go first.
///
/// Two generations serve as the order of use: when the young one is full it becomes the old one, and what the old one still held is forgotten.
pub(super) struct Replayed<T> {
    generations: Mutex<Generations<T>>,
    capacity: usize,
}

type States<T> = BTreeMap<Stream, (u64, Arc<T>)>;

struct Generations<T> {
    young: States<T>,
    old: States<T>,
}

impl<T: Clone> Replayed<T> {
    /// Keeps up to twice this many states.
    pub(super) fn holding(capacity: usize) -> Self {
        let generations = Generations { young: BTreeMap::new(), old: BTreeMap::new() };
        Replayed { generations: Mutex::new(generations), capacity }
    }

    /// The newest state of a stream.
    pub(super) fn load(
        &self,
        store: &Store,
        stream: &Stream,
        new: impl FnOnce() -> T,
        apply: impl Fn(&mut T, &StoredEvent) -> Result<(), Fault>,
    ) -> Result<Arc<T>, No> {
        let kept = self.get(stream);
        let version = kept.as_ref().map_or(0, |(version, _)| *version);
        let newest = store.version(stream)?;
        if let Some((_, state)) = kept.as_ref().filter(|_| version == newest) {
            return Ok(state.clone());
        }
        let mut state = kept.map_or_else(new, |(_, state)| Arc::unwrap_or_clone(state));
        let events = store.load_after(stream, version)?;
        for event in &events {
            apply(&mut state, event)?;
        }
        let version = events.last().map_or(version, |event| event.header.version);
        let state = Arc::new(state);
        if version > 0 {
            self.keep(stream, version, state.clone());
        }
        Ok(state)
    }

    /// The newest state of a stream, if it is kept.
    pub(super) fn kept(&self, store: &Store, stream: &Stream) -> Option<Arc<T>> {
        let (version, state) = self.get(stream)?;
        (store.version(stream).ok()? == version).then_some(state)
    }

    fn get(&self, stream: &Stream) -> Option<(u64, Arc<T>)> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = generations.young.get(stream) {
            return Some(kept.clone());
        }
        let (version, state) = generations.old.remove(stream)?;
        generations.insert(stream, version, state.clone(), self.capacity);
        Some((version, state))
    }

    /// Keeps a state, unless a newer one is there already.
    pub(super) fn keep(&self, stream: &Stream, version: u64, state: Arc<T>) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.get(stream).is_none_or(|(kept, _)| *kept < version) {
            generations.insert(stream, version, state, self.capacity);
        }
    }
}

impl<T> Generations<T> {
    fn insert(&mut self, stream: &Stream, version: u64, state: Arc<T>, capacity: usize) {
        if self.young.len() >= capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(stream.clone(), (version, state));
    }
}

/// The payload of an event.
pub(super) fn read<T: DeserializeOwned>(event: &StoredEvent) -> Result<T, Fault> {
    let payload = event.payload.as_deref().ok_or_else(|| damaged(event, "its payload is gone"))?;
    serde_json::from_slice(payload).map_err(|_| damaged(event, "its payload cannot be read"))
}

/// The fault of an event that does not say what it should.
pub(super) fn damaged(event: &StoredEvent, what: &str) -> Fault {
    Fault::Damaged {
        stream: event.header.stream.clone(),
        version: event.header.version,
        what: what.to_owned(),
    }
}
