//! What an engine shows to the verifier: rows as they lie there, nothing believed.
//!
//! Damaged values need not have the type of their column any more, hence [`Cell`].

use std::ops::Range;

use super::Stop;
use crate::Blob;

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    Null,
    Integer(i64),
    /// Text as its bytes, which may be none.
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    /// Something that no column of the record holds.
    Other,
}

impl<'a> Cell<'a> {
    /// The bytes of a column of bytes.
    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        if let Cell::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// The bytes of text or bytes; none for anything else.
    pub(crate) fn raw(self) -> &'a [u8] {
        if let Cell::Text(bytes) | Cell::Bytes(bytes) = self { bytes } else { &[] }
    }
}

/// A stream's number and a version: the order in which events are checked.
pub(crate) type At = (i64, i64);

/// The events after one place up to another; no bound is no end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Part {
    pub(crate) after: Option<At>,
    pub(crate) until: Option<At>,
}

/// A row of `event`.
pub(crate) struct EventRow<'a> {
    pub(crate) stream: i64,
    pub(crate) version: Cell<'a>,
    pub(crate) kind: Cell<'a>,
    pub(crate) who: Cell<'a>,
    pub(crate) entered: Cell<'a>,
    pub(crate) recorded: Cell<'a>,
    pub(crate) header: Cell<'a>,
    pub(crate) salt: Cell<'a>,
    pub(crate) payload: Cell<'a>,
}

/// A row of `stream`; `None` is what has not the column's type.
pub(crate) struct StreamRow {
    pub(crate) id: i64,
    pub(crate) name: Vec<u8>,
    pub(crate) version: Option<i64>,
    pub(crate) head: Option<Vec<u8>>,
}

/// A row of `blob` beside the event that names the object.
pub(crate) struct Named {
    pub(crate) at: At,
    /// `None` if a value cannot be read.
    pub(crate) blob: Option<Blob>,
}

/// A row of `leaf`.
pub(crate) struct LeafRow<'a> {
    pub(crate) place: i64,
    pub(crate) stream: Cell<'a>,
    pub(crate) version: Cell<'a>,
    pub(crate) hash: Cell<'a>,
}

/// A leaf with the header of its event, if there is one.
pub(crate) struct LeafOf {
    pub(crate) place: i64,
    pub(crate) hash: Option<Vec<u8>>,
    pub(crate) header: Option<Vec<u8>>,
}

/// A row of `blob` beside the name of the stream that names the object.
pub(crate) struct ObjectRow<'a> {
    pub(crate) sm3: Cell<'a>,
    pub(crate) sha256: Cell<'a>,
    pub(crate) size: Cell<'a>,
    pub(crate) version: i64,
    /// `None` if the event that names it is missing.
    pub(crate) stream: Option<String>,
}

/// One of several shares of a table's rows; shares in order are the table in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    pub(crate) nth: usize,
    pub(crate) of: usize,
}

// These hear of rows one after another, and may end it.
pub(crate) type OnEvent<'a> = &'a mut dyn FnMut(EventRow<'_>) -> Result<(), Stop>;
pub(crate) type OnLeaf<'a> = &'a mut dyn FnMut(LeafRow<'_>) -> Result<(), Stop>;
pub(crate) type OnObject<'a> = &'a mut dyn FnMut(ObjectRow<'_>) -> Result<(), Stop>;
pub(crate) type OnTwo<'a> = &'a mut dyn FnMut(Cell<'_>, Cell<'_>) -> Result<(), Stop>;
pub(crate) type OnSubtree<'a> = &'a mut dyn FnMut(i64, Cell<'_>, Cell<'_>) -> Result<(), Stop>;
pub(crate) type OnWaiting<'a> = &'a mut dyn FnMut(At, Cell<'_>, Cell<'_>) -> Result<(), Stop>;
pub(crate) type OnSealed<'a> = &'a mut dyn FnMut(&str, &str, Cell<'_>) -> Result<(), Stop>;

/// A reader of one moment of a store. Several of the same moment are read at once.
///
/// What cannot be read although the database answers is [`Stop::Bad`].
pub(crate) trait Evidence: Send {
    /// How many rows `event` has.
    fn events_in_all(&mut self) -> Result<u64, Stop>;
    /// How many rows `stream` has.
    fn streams_in_all(&mut self) -> Result<u64, Stop>;
    /// How many rows `tree` has.
    fn subtrees_in_all(&mut self) -> Result<u64, Stop>;
    /// How many rows `leaf` has.
    fn leaves_in_all(&mut self) -> Result<u64, Stop>;
    /// Each stream's number and version, in order of number.
    fn sizes(&mut self, visit: &mut dyn FnMut(i64, i64)) -> Result<(), Stop>;
    /// The last event up to a place, with its header.
    fn last_until(&mut self, at: At) -> Result<Option<(At, Vec<u8>)>, Stop>;
    /// Rows of `stream` from a number to another, both included, in order.
    fn streams(&mut self, from: Option<i64>, to: Option<i64>) -> Result<Vec<StreamRow>, Stop>;
    /// The objects that events of a part name, in order of event and SM3.
    fn named(&mut self, part: Part) -> Result<Vec<Named>, Stop>;
    /// The events of a part in order.
    fn events(&mut self, part: Part, visit: OnEvent<'_>) -> Result<(), Stop>;
    /// The leaves in these places in order.
    fn leaves(&mut self, places: Range<u64>, visit: OnLeaf<'_>) -> Result<(), Stop>;
    /// Leaves that wait for their places: stream and version, hash, and the event's header.
    fn unsealed(&mut self, visit: OnWaiting<'_>) -> Result<(), Stop>;
    /// Some of the leaves after a place in order; none when there are no more.
    fn leaves_after(&mut self, place: Option<i64>) -> Result<Vec<LeafOf>, Stop>;
    /// Stored subtrees of a level in these places, in order: place, SHA-256, SM3.
    fn subtrees(&mut self, level: u8, places: Range<u64>, visit: OnSubtree<'_>)
    -> Result<(), Stop>;
    /// The signed checkpoints: size and note.
    fn checkpoints(&mut self, visit: OnTwo<'_>) -> Result<(), Stop>;
    /// Named objects in order of SM3.
    fn objects(&mut self, share: Share, visit: OnObject<'_>) -> Result<(), Stop>;
    /// Objects in the database that no event names: name and bytes.
    fn unnamed(&mut self, share: Share, visit: OnTwo<'_>) -> Result<(), Stop>;
    /// Sealed parts: id, dossier and bytes.
    fn sealed(&mut self, share: Share, visit: OnSealed<'_>) -> Result<(), Stop>;
    /// Whether access rows are not those that the dossier's own row tells; its id, if it has one.
    fn access(&mut self) -> Result<Option<Option<String>>, Stop>;
    /// What the engine finds wrong with itself.
    fn engine(&mut self) -> Result<(), Stop>;
}
