//! A store in a directory of its own, and acts short enough to read.

use std::convert::Infallible;

use store::{Append, AppendError, Appended, Key, NewEvent, Report, Store, Stream, Write, Writes};

pub(crate) use crate::place::{Place, fresh};

pub(crate) fn event(payload: &str) -> NewEvent {
    NewEvent {
        kind: "received".to_owned(),
        who: "jia1".to_owned(),
        entered: "2026-03-02T09:00".to_owned(),
        payload: payload.into(),
        blobs: Vec::new(),
    }
}

pub(crate) fn write(stream: &Stream, version: u64, events: Vec<NewEvent>) -> Writes {
    let write = Write { stream: stream.clone(), version, events, setting: "law 1".to_owned() };
    Writes { streams: vec![write], ..Writes::default() }
}

pub(crate) fn act(writes: Writes) -> Append<Infallible> {
    Append {
        reads: Vec::new(),
        writes: declared(&writes),
        series: Vec::new(),
        key: None,
        recorded: 1_772_413_200_000,
        write: Box::new(move |_| Ok(writes)),
    }
}

/// The streams that these writes touch.
pub(crate) fn declared(writes: &Writes) -> Vec<Stream> {
    let rows = writes.rows.iter().map(|rows| Stream::dossier(&rows.dossier.id));
    writes.streams.iter().map(|write| write.stream.clone()).chain(rows).collect()
}

pub(crate) fn key(name: &str, request: u8) -> Option<Key> {
    Some(Key { key: name.to_owned(), request: [request; 32] })
}

/// Appends one event to a stream.
pub(crate) fn append(
    store: &Store,
    stream: &Stream,
    version: u64,
    payload: &str,
) -> Result<Appended, AppendError<Infallible>> {
    store.append(act(write(stream, version, vec![event(payload)])))
}

pub(crate) fn verify(store: &Store) -> Report {
    store.verify(None, &|_, _| ()).unwrap()
}
