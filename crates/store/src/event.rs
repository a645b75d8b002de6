//! Events as exact bytes: header, payload, and the hashes that bind them.
//!
//! The layout is a contract, described for other implementations in `docs/record.md` and held by
//! a golden test. The payload is opaque here.

use sm3::{Digest, Sm3};

use crate::{Blob, Fault, Stream};

/// A 256-bit hash.
pub type Hash = [u8; 32];

/// The idempotency key of an act, with the hash of the request that brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Chosen by the client, unique for ever.
    pub key: String,
    /// The same key with another request is a mistake of the client.
    pub request: Hash,
}

/// An event to be appended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewEvent {
    /// The name of the event's variant.
    pub kind: String,
    /// Whose act it is.
    pub who: String,
    /// When it was entered: civil date and time in China, as text.
    pub entered: String,
    /// What happened, as bytes that only the caller understands.
    pub payload: Vec<u8>,
    /// Objects in the vault that the payload names; they must have been put there before.
    pub blobs: Vec<Blob>,
}

/// The hashed part of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The stream it belongs to.
    pub stream: Stream,
    /// Its place in the stream; the first event has version 1.
    pub version: u64,
    /// The name of the event's variant.
    pub kind: String,
    /// Whose act it is.
    pub who: String,
    /// When it was entered: civil date and time in China, as text.
    pub entered: String,
    /// The instant of recording, in milliseconds since 1970-01-01T00:00:00Z.
    pub recorded: i64,
    /// Versions and hashes of the setting the act was decided with.
    pub setting: String,
    /// The idempotency key of the act, if it had one.
    pub key: Option<Key>,
    /// SM3 of salt, named objects and payload.
    pub content: Hash,
    /// SM3 of the predecessor's header; zeros for version 1.
    pub predecessor: Hash,
}

/// An event as it was read, its chain checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The hashed part.
    pub header: Header,
    /// SM3 of the header's bytes.
    pub hash: Hash,
    /// The exact bytes that were appended; `None` once they were destroyed by law.
    pub payload: Option<Vec<u8>>,
    /// The objects in the vault that it names, in order of SM3.
    pub blobs: Vec<Blob>,
}

/// What an empty stream has in place of a last header's hash.
pub(crate) const NO_PREDECESSOR: Hash = [0; 32];

const MAGIC: &[u8] = b"chachu-event-1\n";

impl Header {
    /// The bytes that are hashed and stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        put_text(&mut bytes, self.stream.as_str());
        bytes.extend(self.version.to_be_bytes());
        put_text(&mut bytes, &self.kind);
        put_text(&mut bytes, &self.who);
        put_text(&mut bytes, &self.entered);
        bytes.extend(self.recorded.to_be_bytes());
        put_text(&mut bytes, &self.setting);
        match &self.key {
            None => bytes.push(0),
            Some(Key { key, request }) => {
                bytes.push(1);
                put_text(&mut bytes, key);
                bytes.extend(request);
            }
        }
        bytes.extend(self.content);
        bytes.extend(self.predecessor);
        bytes
    }

    /// Reads a header; `None` unless the bytes are exactly what [`Header::to_bytes`] writes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Header> {
        let fields = Fields::read(bytes)?;
        Some(Header {
            stream: Stream::named(fields.stream.to_owned()),
            version: fields.version,
            kind: fields.kind.to_owned(),
            who: fields.who.to_owned(),
            entered: fields.entered.to_owned(),
            recorded: fields.recorded,
            setting: fields.setting.to_owned(),
            key: fields.key.map(|(key, request)| Key { key: key.to_owned(), request }),
            content: fields.content,
            predecessor: fields.predecessor,
        })
    }
}

/// A header as it lies in its bytes, for whoever reads millions of them.
pub(crate) struct Fields<'a> {
    pub(crate) stream: &'a str,
    pub(crate) version: u64,
    pub(crate) kind: &'a str,
    pub(crate) who: &'a str,
    pub(crate) entered: &'a str,
    pub(crate) recorded: i64,
    setting: &'a str,
    key: Option<(&'a str, Hash)>,
    pub(crate) content: Hash,
    pub(crate) predecessor: Hash,
}

impl Fields<'_> {
    pub(crate) fn read(bytes: &[u8]) -> Option<Fields<'_>> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let fields = Fields {
            stream: take_text(&mut rest)?,
            version: u64::from_be_bytes(take(&mut rest)?),
            kind: take_text(&mut rest)?,
            who: take_text(&mut rest)?,
            entered: take_text(&mut rest)?,
            recorded: i64::from_be_bytes(take(&mut rest)?),
            setting: take_text(&mut rest)?,
            key: match take(&mut rest)? {
                [0] => None,
                [1] => Some((take_text(&mut rest)?, take(&mut rest)?)),
                _ => return None,
            },
            content: take(&mut rest)?,
            predecessor: take(&mut rest)?,
        };
        rest.is_empty().then_some(fields)
    }
}

/// SM3 of `bytes`.
pub(crate) fn sm3(bytes: &[u8]) -> Hash {
    Sm3::digest(bytes).into()
}

/// SM3 of salt, named objects and payload. The objects must be in order of SM3.
pub(crate) fn content_hash(salt: &[u8], blobs: &[Blob], payload: &[u8]) -> Hash {
    let mut hash = Sm3::new().chain_update(salt).chain_update((blobs.len() as u32).to_be_bytes());
    for Blob { sm3, sha256, size } in blobs {
        hash = hash.chain_update(sm3).chain_update(sha256).chain_update(size.to_be_bytes());
    }
    hash.chain_update(payload).finalize().into()
}

/// Fresh random bytes, for salts, keys and nonces.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Fault::Io {
        operation: "read random bytes",
        kind: std::io::ErrorKind::Other,
    })?;
    Ok(bytes)
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    // Longer texts than 4 GiB cannot be stored at all, so the length is never cut.
    bytes.extend((text.len() as u32).to_be_bytes());
    bytes.extend(text.as_bytes());
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = u32::from_be_bytes(take(rest)?);
    let (text, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    str::from_utf8(text).ok()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The other half of the golden header: the layout of what its content hash covers.
    #[test]
    fn content_is_hashed_as_described() {
        let blob = Blob { sm3: [2; 32], sha256: [3; 32], size: 0x0102 };
        let bytes = [
            &[1; 32][..],
            &[0, 0, 0, 1],
            &[2; 32],
            &[3; 32],
            &[0, 0, 0, 0, 0, 0, 1, 2],
            "线索".as_bytes(),
        ]
        .concat();
        assert_eq!(content_hash(&[1; 32], &[blob], "线索".as_bytes()), sm3(&bytes));
    }

    /// GB/T 32905, example 1.
    #[test]
    fn sm3_is_the_standard_one() {
        let hash = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
        assert_eq!(hex::encode(sm3(b"abc")), hash);
    }
}
