//! What `verify` reports.

use crate::Stream;

/// What was looked at, and the first thing that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Streams whose chains were followed.
    pub streams: u64,
    /// Events whose header, columns and payload were checked.
    pub events: u64,
    /// Leaves that were compared with their events.
    pub leaves: u64,
    /// Objects of the vault whose two hashes were computed.
    pub blobs: u64,
    /// Sealed parts that were opened.
    pub sealed: u64,
    /// Events whose payload is gone; each needs a decision that ordered it.
    pub destroyed: Vec<(Stream, u64)>,
    /// The first thing that is wrong.
    pub bad: Option<Bad>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// The stream, as far as it is known.
    pub stream: Option<Stream>,
    /// The version in that stream.
    pub version: Option<u64>,
    /// What is wrong.
    pub what: String,
}

impl Report {
    /// Whether nothing was found wrong.
    pub fn is_clean(&self) -> bool {
        self.bad.is_none()
    }
}
