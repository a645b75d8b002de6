//! The chains: every event follows from the one before it and is what its header says.
//!
//! A part may begin and end within a stream. It takes over from the last event before it, which
//! the part before has checked, and closes a chain only when it sees another one begin.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    Report, Stop, bad, bad_place,
    evidence::{At, Cell, EventRow, Evidence, Named, Part, StreamRow},
    share::{Done, First, share},
    tally::{Keyed, Tally},
};
use crate::{
    Blob, Hash, Stream,
    event::{Fields, NO_PREDECESSOR, content_hash, sm3},
};

/// Events in a part, about: enough to make its own queries cheap, few enough to be held by none.
const PART: u64 = 4096;
/// Between two words about the progress.
const STEP: u64 = 256;

/// Checks all chains; answers what the leaves must agree with.
pub(super) fn check<E: Evidence>(
    readers: &mut [E],
    keyed: &Keyed,
    report: &mut Report,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Tally, Stop> {
    let Some(reader) = readers.first_mut() else { return Ok(Tally::default()) };
    let all = reader.events_in_all()?;
    let parts = divide(reader, all);
    let heard = Heard { done: AtomicU64::new(0), all, progress };
    let (done, ended) = share(readers, parts.len(), First::Early, |reader, part| {
        let mut found = Found::default();
        let Some(part) = parts.get(part) else { return (found, Ok(())) };
        let ended = follow(reader, *part, &mut found, keyed, &heard);
        (found, ended) as Done<Found>
    });
    let mut tally = Tally::default();
    for mut found in done {
        report.streams += found.streams;
        report.events += found.events;
        report.hashed += found.hashed;
        report.destroyed.append(&mut found.destroyed);
        tally.join(&found.tally);
    }
    ended?;
    let Some(reader) = readers.first_mut() else { return Ok(tally) };
    if reader.streams_in_all()? != report.streams {
        return Err(bad_place("a stream has no events".to_owned()));
    }
    Ok(tally)
}

/// Divides the events into parts of about the same size, as far as the streams tell theirs.
/// Whatever they tell, the parts are all events.
fn divide(reader: &mut impl Evidence, all: u64) -> Vec<Part> {
    let mut cuts: Vec<At> = Vec::new();
    let (mut held, mut left) = (0, all);
    // A table that cannot be read divides nothing; what is wrong with it is found later.
    let _ = reader.sizes(&mut |id, version| {
        // A stream cannot have more events than there are, whatever its damaged row says.
        let size = u64::try_from(version).unwrap_or(0).min(left);
        left -= size;
        let mut upto = 0;
        while held + (size - upto) >= PART {
            upto += PART - held;
            held = 0;
            cuts.push((id, upto as i64));
        }
        held += size - upto;
    });
    let after = std::iter::once(None).chain(cuts.iter().copied().map(Some));
    let until = cuts.iter().copied().map(Some).chain([None]);
    after.zip(until).map(|(after, until)| Part { after, until }).collect()
}

/// How far all threads together are.
struct Heard<'a> {
    done: AtomicU64,
    all: u64,
    progress: &'a (dyn Fn(u64, u64) + Sync),
}

impl Heard<'_> {
    fn tell(&self, more: u64) {
        (self.progress)(self.done.fetch_add(more, Ordering::Relaxed) + more, self.all);
    }
}

/// What a part came to.
#[derive(Default)]
struct Found {
    streams: u64,
    events: u64,
    hashed: u64,
    destroyed: Vec<(Stream, u64)>,
    tally: Tally,
}

/// The stream being followed.
struct Chain {
    id: i64,
    stream: Stream,
    version: u64,
    head: Hash,
}

fn follow(
    reader: &mut impl Evidence,
    part: Part,
    found: &mut Found,
    keyed: &Keyed,
    heard: &Heard<'_>,
) -> Result<(), Stop> {
    let before = part.after.map(|at| reader.last_until(at)).transpose()?.flatten();
    let first = before.as_ref().map(|((id, _), _)| *id).or(part.after.map(|(id, _)| id));
    let rows = reader.streams(first, part.until.map(|(id, _)| id))?;
    let rows: Rows = rows.into_iter().map(|row| (row.id, row)).collect();
    let named = reader.named(part)?;
    let mut named = named.as_slice();
    let mut chain = before.map(|before| resume(&rows, before)).transpose()?;
    reader.events(part, &mut |row| {
        let mut current = match chain.take() {
            Some(current) if current.id == row.stream => current,
            former => {
                close(&rows, former.as_ref(), found)?;
                let header = Fields::read(row.header.bytes().unwrap_or_default());
                let stream = stream_named(&rows, row.stream, header.as_ref())?;
                Chain { id: row.stream, stream, version: 0, head: NO_PREDECESSOR }
            }
        };
        event(&row, &mut current, &mut named, found)?;
        found.tally.add(keyed, (row.stream, current.version as i64), &current.head);
        chain = Some(current);
        found.events += 1;
        if found.events.is_multiple_of(STEP) {
            heard.tell(STEP);
        }
        Ok(())
    })?;
    heard.tell(found.events % STEP);
    if part.until.is_none() { close(&rows, chain.as_ref(), found) } else { Ok(()) }
}

type Rows = BTreeMap<i64, StreamRow>;

/// Takes a chain over from its last event before a part.
fn resume(rows: &Rows, ((id, version), header): (At, Vec<u8>)) -> Result<Chain, Stop> {
    let stream = stream_named(rows, id, Fields::read(&header).as_ref())?;
    Ok(Chain { id, stream, version: version as u64, head: sm3(&header) })
}

/// The name of a stream, taken from the table and, where that is damaged, from a header.
fn stream_named(rows: &Rows, id: i64, header: Option<&Fields<'_>>) -> Result<Stream, Stop> {
    let name = rows.get(&id).map(|row| row.name.clone()).unwrap_or_default();
    let written = header.map(|header| header.stream);
    match (String::from_utf8(name), written) {
        (Ok(name), _) if written.is_none_or(|stream| stream == name) => Ok(Stream::named(name)),
        (_, Some(stream)) => {
            let what = format!("stream {id} has another name");
            Err(bad(&Stream::named(stream.to_owned()), 1, what))
        }
        (name, None) => {
            let stream = Stream::named(name.unwrap_or_default());
            Err(bad(&stream, 1, "neither name nor header can be read"))
        }
    }
}

/// Checks one event and moves the chain on.
fn event(
    row: &EventRow<'_>,
    chain: &mut Chain,
    named: &mut &[Named],
    found: &mut Found,
) -> Result<(), Stop> {
    let version = chain.version + 1;
    let wrong = |what: &str| bad(&chain.stream, version, what);
    if row.version != Cell::Integer(version as i64) {
        return Err(wrong("the event is missing, or its column version is not the header's"));
    }
    let bytes = row.header.bytes().ok_or_else(|| wrong("the header is not bytes"))?;
    let header = Fields::read(bytes).ok_or_else(|| wrong("the header cannot be read"))?;
    if header.stream != chain.stream.as_str() || header.version != version {
        return Err(wrong("the header is another event's"));
    }
    if header.predecessor != chain.head {
        return Err(wrong("the header does not follow from the one before it"));
    }
    let columns = [
        ("kind", row.kind, Cell::Text(header.kind.as_bytes())),
        ("who", row.who, Cell::Text(header.who.as_bytes())),
        ("entered", row.entered, Cell::Text(header.entered.as_bytes())),
        ("recorded", row.recorded, Cell::Integer(header.recorded)),
    ];
    for (name, present, expected) in columns {
        if present != expected {
            return Err(wrong(&format!("the column {name} is not the header's")));
        }
    }
    let blobs = blobs_of(named, (chain.id, version as i64));
    let blobs = blobs.ok_or_else(|| wrong("its objects cannot be read"))?;
    match (row.salt, row.payload) {
        (Cell::Null, Cell::Null) => found.destroyed.push((chain.stream.clone(), version)),
        (Cell::Bytes(salt), Cell::Bytes(payload))
            if salt.len() == 32 && content_hash(salt, &blobs, payload) == header.content =>
        {
            found.hashed += (salt.len() + 4 + blobs.len() * 72 + payload.len()) as u64;
        }
        _ => return Err(wrong("payload or objects are not those that were recorded")),
    }
    found.hashed += bytes.len() as u64;
    chain.version = version;
    chain.head = sm3(bytes);
    Ok(())
}

/// The objects that an event names; `None` if one of the rows cannot be read.
fn blobs_of(named: &mut &[Named], at: At) -> Option<Vec<Blob>> {
    let before = named.iter().take_while(|one| one.at < at).count();
    let rest = named.get(before..)?;
    let (own, rest) = rest.split_at_checked(rest.iter().take_while(|one| one.at == at).count())?;
    *named = rest;
    own.iter().map(|one| one.blob).collect()
}

/// Compares the end of a chain with what the stream's row says.
fn close(rows: &Rows, chain: Option<&Chain>, found: &mut Found) -> Result<(), Stop> {
    let Some(chain) = chain else { return Ok(()) };
    let ends = rows.get(&chain.id).is_some_and(|row| {
        row.version == Some(chain.version as i64) && row.head.as_deref() == Some(&chain.head)
    });
    if !ends {
        return Err(bad(&chain.stream, chain.version, "the stream does not end with this event"));
    }
    found.streams += 1;
    Ok(())
}
