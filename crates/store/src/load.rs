//! Reading a stream: whatever an engine found is checked before anybody sees it.

use std::collections::BTreeMap;

use crate::{
    Blob, Fault, Hash, Header, StoredEvent, Stream,
    event::{NO_PREDECESSOR, content_hash, sm3},
};

/// The rows of a stream's events, unchecked.
pub(crate) struct Raw {
    /// The version of its last event.
    pub(crate) version: u64,
    /// The hash of that event's header.
    pub(crate) head: Hash,
    /// The events in order of version, none beyond `version`.
    pub(crate) events: Vec<RawEvent>,
    /// The objects that they name, by version and in order of SM3.
    pub(crate) blobs: BTreeMap<u64, Vec<Blob>>,
}

pub(crate) struct RawEvent {
    pub(crate) header: Vec<u8>,
    pub(crate) salt: Option<Vec<u8>>,
    pub(crate) payload: Option<Vec<u8>>,
}

/// Checks the events after a version.
///
/// The rows must begin with the event at that version itself, for the hash that the next one must
/// name.
pub(crate) fn check(stream: &Stream, after: u64, mut raw: Raw) -> Result<Vec<StoredEvent>, Fault> {
    let mut events: Vec<StoredEvent> = Vec::new();
    let mut expected = after.max(1);
    let mut predecessor = (after == 0).then_some(NO_PREDECESSOR);
    for RawEvent { header: bytes, salt, payload } in raw.events {
        let damaged = |what: &str| Fault::Damaged {
            stream: stream.clone(),
            version: expected,
            what: what.to_owned(),
        };
        let header = Header::from_bytes(&bytes).ok_or_else(|| damaged("the header"))?;
        if header.stream != *stream || header.version != expected {
            return Err(damaged("it stands in another event's place"));
        }
        if predecessor.is_some_and(|hash| hash != header.predecessor) {
            return Err(damaged("it does not follow from the event before it"));
        }
        let blobs = raw.blobs.remove(&expected).unwrap_or_default();
        if let (Some(salt), Some(payload)) = (&salt, &payload)
            && content_hash(salt, &blobs, payload) != header.content
        {
            return Err(damaged("the payload"));
        }
        let hash = sm3(&bytes);
        predecessor = Some(hash);
        if expected > after {
            events.push(StoredEvent { header, hash, payload, blobs });
        }
        expected += 1;
    }
    if after <= raw.version && (expected != raw.version + 1 || predecessor != Some(raw.head)) {
        return Err(Fault::Damaged {
            stream: stream.clone(),
            version: expected.min(raw.version),
            what: "the stream does not end where it should".to_owned(),
        });
    }
    Ok(events)
}
