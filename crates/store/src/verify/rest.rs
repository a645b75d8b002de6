//! What is neither chain nor tree: objects, sealed parts, access rows, and the engine itself.

use super::{
    Bad, Report, Stop, bad, bad_place,
    evidence::{Cell, Evidence, ObjectRow, Share},
    share::{First, share},
};
use crate::{Blob, Hash, Store, Stream, event::sm3};

/// Into how many parts each table is divided.
const PARTS: usize = 64;

/// What a part came to.
#[derive(Default)]
struct Found {
    blobs: u64,
    sealed: u64,
}

/// Checks all of it; the first thing wrong is named in this order.
pub(super) fn check<E: Evidence>(
    readers: &mut [E],
    store: &Store,
    report: &mut Report,
) -> Result<(), Stop> {
    // The engine reads everything, so that no other part takes as long.
    let (done, ended) = share(readers, PARTS * 3 + 2, First::Late, |reader, part| {
        let mut found = Found::default();
        let share = Share { nth: part % PARTS, of: PARTS };
        let ended = match (part / PARTS, part % PARTS) {
            (0, _) => objects(reader, share, store, &mut found),
            (1, _) => unnamed(reader, share),
            (2, _) => sealed(reader, share, store, &mut found),
            (_, 0) => access(reader),
            _ => reader.engine(),
        };
        (found, ended)
    });
    for found in done {
        report.blobs += found.blobs;
        report.sealed += found.sealed;
    }
    ended
}

/// Reads every object that an event names, and computes both hashes.
fn objects(
    reader: &mut impl Evidence,
    share: Share,
    store: &Store,
    found: &mut Found,
) -> Result<(), Stop> {
    let mut measured: Option<Blob> = None;
    reader.objects(share, &mut |row| {
        measured = Some(object(&row, measured, store)?);
        found.blobs += 1;
        Ok(())
    })
}

fn object(row: &ObjectRow<'_>, measured: Option<Blob>, store: &Store) -> Result<Blob, Stop> {
    let name = row.sm3.bytes().map(hex::encode).unwrap_or_default();
    let stream =
        row.stream.clone().map(Stream::named).ok_or_else(|| {
            bad_place(format!("object {name} is named by an event that is missing"))
        })?;
    let wrong = |what: &str| bad(&stream, row.version as u64, format!("object {name} {what}"));
    let sm3: Option<Hash> = row.sm3.bytes().and_then(|bytes| bytes.try_into().ok());
    let sm3 = sm3.ok_or_else(|| wrong("is not named by a hash"))?;
    let blob = match measured.filter(|blob| blob.sm3 == sm3) {
        Some(blob) => blob,
        None => {
            let reader = store.vault().open(&sm3)?.ok_or_else(|| wrong("is missing"))?;
            reader.measure().map_err(|_| wrong("cannot be read"))?
        }
    };
    if blob.sm3 != sm3 {
        return Err(wrong("is damaged"));
    }
    if row.sha256 != Cell::Bytes(&blob.sha256) || row.size != Cell::Integer(blob.size as i64) {
        return Err(wrong("has another SHA-256 or size"));
    }
    Ok(blob)
}

/// Objects in the database that no event names yet must be whole too.
fn unnamed(reader: &mut impl Evidence, share: Share) -> Result<(), Stop> {
    reader.unnamed(share, &mut |name, bytes| {
        let name = name.bytes().unwrap_or_default();
        if name != sm3(bytes.bytes().unwrap_or_default()) {
            return Err(bad_place(format!("object {} is damaged", hex::encode(name))));
        }
        Ok(())
    })
}

/// Opens every sealed part; the seal holds its id and dossier too.
fn sealed(
    reader: &mut impl Evidence,
    share: Share,
    store: &Store,
    found: &mut Found,
) -> Result<(), Stop> {
    reader.sealed(share, &mut |id, dossier, bytes| {
        let bytes = bytes.bytes().unwrap_or_default();
        if store.keys().identity.decrypt(bytes, &[id, dossier]).is_err() {
            let stream = Some(Stream::dossier(dossier));
            let what = format!("sealed part {id} does not open");
            return Err(Stop::Bad(Bad { stream, version: None, what }));
        }
        found.sealed += 1;
        Ok(())
    })
}

/// Compares what lists are read from with the rows of the dossiers, which whoever understands the
/// payloads compares with the events.
fn access(reader: &mut impl Evidence) -> Result<(), Stop> {
    let Some(id) = reader.access()? else { return Ok(()) };
    let what = "the access rows are not those of the dossier".to_owned();
    Err(Stop::Bad(Bad { stream: id.map(|id| Stream::dossier(&id)), version: None, what }))
}
