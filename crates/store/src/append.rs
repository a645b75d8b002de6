//! What an act hands to the store and what it gets back.

use crate::{DossierRows, Fault, Key, NewEvent, SealedPart, Stream};

/// The function that decides what to write, run inside the transaction on the writer's thread.
///
/// It must not call the store: the writer would wait for itself.
/// What it writes and draws from must have been declared, so that it is locked.
pub type Decide<R> = Box<dyn FnOnce(&mut Numbers<'_>) -> Result<Writes, R> + Send>;

/// One act: what it was decided on, and what it writes.
pub struct Append<R> {
    /// The versions of the streams the act was decided on.
    pub reads: Vec<(Stream, u64)>,
    /// The streams it may write, and those of the dossiers whose index rows it may change.
    pub writes: Vec<Stream>,
    /// The series from which it may draw numbers.
    pub series: Vec<String>,
    /// A repeated key with the same request gets the first outcome and writes nothing.
    pub key: Option<Key>,
    /// The instant of recording, in milliseconds since 1970-01-01T00:00:00Z.
    pub recorded: i64,
    /// Decides what to write; an `Err` is passed back as [`AppendError::Refused`].
    pub write: Decide<R>,
}

/// Everything one act writes, in one transaction.
#[derive(Default)]
pub struct Writes {
    /// Events, at most one entry for a stream.
    pub streams: Vec<Write>,
    /// Index rows of the dossiers that changed.
    pub rows: Vec<DossierRows>,
    /// Identities to be sealed.
    pub sealed: Vec<SealedPart>,
    /// The answer that is kept for a repetition of the key.
    pub response: Vec<u8>,
}

/// Events for one stream.
pub struct Write {
    /// The stream they are appended to.
    pub stream: Stream,
    /// The version the stream must have now.
    pub version: u64,
    /// The events, in order.
    pub events: Vec<NewEvent>,
    /// Versions and hashes of the setting they were decided with.
    pub setting: String,
}

/// What an act came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Whether this is the first outcome of a repeated key.
    pub replayed: bool,
    /// The streams written, with their versions after the act.
    pub versions: Vec<(Stream, u64)>,
    /// The answer stored by the first caller.
    pub response: Vec<u8>,
}

/// Why an act was not recorded; nothing of it was.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError<R> {
    /// Somebody was quicker.
    #[error("{stream} has version {found}, not {expected}")]
    Conflict {
        /// The stream that has moved on.
        stream: Stream,
        /// The version the act was decided on.
        expected: u64,
        /// The version it has.
        found: u64,
    },
    /// The idempotency key belongs to another request.
    #[error("the key was used for another request")]
    KeyReused,
    /// There is no space left.
    #[error("no space left")]
    Full,
    /// The act itself declined.
    #[error("refused")]
    Refused(R),
    /// The store failed.
    #[error(transparent)]
    Fault(Fault),
}

impl<R> From<Fault> for AppendError<R> {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Full => AppendError::Full,
            fault => AppendError::Fault(fault),
        }
    }
}

/// Gap-free series of numbers; what an act draws is given back when the act fails.
pub struct Numbers<'a> {
    draw: &'a mut dyn FnMut(&str) -> Result<u64, Fault>,
    fault: Option<Fault>,
}

impl<'a> Numbers<'a> {
    pub(crate) fn new(draw: &'a mut dyn FnMut(&str) -> Result<u64, Fault>) -> Numbers<'a> {
        Numbers { draw, fault: None }
    }

    /// The next number of a series, beginning with 1.
    ///
    /// When drawing fails, this answers 0 and the whole act ends in that fault.
    pub fn next(&mut self, series: &str) -> u64 {
        (self.draw)(series).unwrap_or_else(|fault| {
            self.fault.get_or_insert(fault);
            0
        })
    }

    pub(crate) fn check(self) -> Result<(), Fault> {
        self.fault.map_or(Ok(()), Err)
    }
}
