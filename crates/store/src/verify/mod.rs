//! Verifying a record: everything is read again and compared with what the headers say.
//!
//! What is checked stands here and knows no SQL; an engine shows its rows through [`Evidence`], on
//! as many readers of one moment as there are cores.
//! However the work is divided, what is named is the first thing wrong in the order of streams and
//! versions, then of leaves, then of the rest, so that any other verifier names the same.

mod chains;
pub(crate) mod evidence;
mod leaves;
mod rest;
mod share;
mod tally;

use crate::{Fault, Store, Stream, checkpoint::Checkpoint};
use evidence::Evidence;
use tally::Keyed;

/// How much of a record is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Chains and tree.
    Log,
    /// Objects, sealed parts, access rows and the engine's own structures too.
    All,
}

/// What is verified, against what, and who hears of it.
pub(crate) struct Request<'a> {
    pub(crate) store: &'a Store,
    pub(crate) kept: Option<&'a Checkpoint>,
    pub(crate) extent: Extent,
    pub(crate) progress: &'a (dyn Fn(u64, u64) + Sync),
}

/// What was looked at, and the first thing that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Streams whose chains were followed.
    pub streams: u64,
    /// Events whose header, columns and payload were checked.
    pub events: u64,
    /// Leaves that were compared with their events.
    pub leaves: u64,
    /// Events whose leaves wait for their places, which is no error.
    pub unsealed: u64,
    /// Objects of the vault whose two hashes were computed.
    pub blobs: u64,
    /// Sealed parts that were opened.
    pub sealed: u64,
    /// Bytes that were hashed with SM3 for chains and tree.
    pub hashed: u64,
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

/// Why verifying ends: something is wrong, or cannot be read at all.
#[derive(Debug)]
pub(crate) enum Stop {
    Bad(Bad),
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Fault(fault)
    }
}

/// Verifies what the readers, all of one moment, show.
pub(crate) fn verify<E: Evidence>(
    readers: &mut [E],
    request: &Request<'_>,
) -> Result<Report, Fault> {
    let mut report = Report::default();
    match check(readers, request, &mut report) {
        Ok(()) => {}
        Err(Stop::Bad(bad)) => report.bad = Some(bad),
        Err(Stop::Fault(fault)) => return Err(fault),
    }
    Ok(report)
}

fn check<E: Evidence>(
    readers: &mut [E],
    request: &Request<'_>,
    report: &mut Report,
) -> Result<(), Stop> {
    let keyed = Keyed::default();
    let events = chains::check(readers, &keyed, report, request.progress)?;
    leaves::check(readers, (request.store, request.kept), (&keyed, &events), report)?;
    match request.extent {
        Extent::Log => Ok(()),
        Extent::All => rest::check(readers, request.store, report),
    }
}

fn bad(stream: &Stream, version: u64, what: impl Into<String>) -> Stop {
    Stop::Bad(Bad { stream: Some(stream.clone()), version: Some(version), what: what.into() })
}

fn bad_place(what: String) -> Stop {
    Stop::Bad(Bad { stream: None, version: None, what })
}
