//! The bulk path: a matter is appended at once, all its events in one transaction with its index rows.
//!
//! What an act writes one by one is written here for many acts together, so every invariant of the
//! record holds: chains, gap-free numbers, notes on people, index rows computed from the entries.

use std::collections::{BTreeMap, BTreeSet};

use procedure::{
    Dossier, Entry, Setting,
    number::series_key,
    setting::Engagement,
    value::{DepartmentId, StaffId},
};
use serde_json::json;
use store::{Append, AppendError, NewEvent, Stream, Write, Writes};

use super::course::Desk;
use crate::{
    clock::instant,
    no::{No, Operation},
    office::{Office, bulk_event, engagements, rows},
};

/// The versions of the directory's streams that the acts were judged with, and of people's streams.
#[derive(Debug, Default)]
pub(super) struct Versions {
    pub(super) directory: BTreeMap<Stream, u64>,
    pub(super) people: BTreeMap<StaffId, u64>,
}

/// Appends the dossiers of one matter; the engagements they make are taken over by the desk.
pub(super) fn append(
    office: &Office,
    desk: &mut Desk<'_>,
    versions: &mut Versions,
    dossiers: &[Dossier],
) -> Result<(), No> {
    let last = dossiers.iter().filter_map(|dossier| dossier.history.last());
    let Some(last) = last.max_by_key(|entry| entry.entered) else { return Ok(()) };
    let recorded = instant(last.entered);
    let reads = reads(versions, dossiers);
    let read: BTreeMap<_, _> = reads.iter().map(|(stream, v)| (stream.as_str(), *v)).collect();
    let provenance = json!({ "holidays": last.holidays, "reads": read }).to_string();
    let writes = writes(desk, versions, dossiers, recorded, &provenance)?;
    let numbers: Vec<_> = dossiers.iter().flat_map(drawn).collect();
    let declared = writes.streams.iter().map(|write| write.stream.clone()).collect();
    let series = numbers.iter().map(|(series, _)| series.clone()).collect();
    let write = move |series_of: &mut store::Numbers<'_>| {
        for (series, ordinal) in &numbers {
            if series_of.next(series) != u64::from(*ordinal) {
                return Err(fault(&"somebody else draws from a simulated series"));
            }
        }
        Ok(writes)
    };
    let act =
        Append { reads, writes: declared, series, key: None, recorded, write: Box::new(write) };
    office.store().append(act).map(|_| ()).map_err(|error| match error {
        AppendError::Refused(no) => no,
        AppendError::Fault(fault) => fault.into(),
        AppendError::Full => crate::no::Denied::Full.into(),
        error => fault(&error),
    })
}

/// The events, the notes on people and the index rows of a matter's dossiers.
fn writes(
    desk: &mut Desk<'_>,
    versions: &mut Versions,
    dossiers: &[Dossier],
    recorded: i64,
    provenance: &str,
) -> Result<Writes, No> {
    let mut writes = Writes::default();
    for dossier in dossiers {
        let events = dossier.history.iter().map(|entry| Ok(bulk_event(entry, payload(entry)?)));
        writes.streams.push(Write {
            stream: Stream::dossier(&dossier.id),
            version: 0,
            events: events.collect::<Result<_, No>>()?,
            setting: provenance.to_owned(),
        });
        writes.rows.push(rows::of(dossier, &setting(desk, dossier), recorded));
        for (staff, held) in engagements::by_staff(dossier) {
            let version = versions.people.entry(staff.clone()).or_default();
            writes.streams.push(note(&staff, *version, dossier, &held, provenance)?);
            *version += 1;
            desk.engagements.entry(staff).or_default().extend(held);
        }
    }
    Ok(writes)
}

/// The numbers that the entries of a dossier have drawn, each once.
///
/// They were given out in order while the story was told; here they are drawn in the same order.
fn drawn(dossier: &Dossier) -> Vec<(String, u32)> {
    let numbers = dossier.history.iter().filter_map(|entry| {
        let number = entry.number()?;
        Some((series_key(&entry.department.0, number), number.ordinal?))
    });
    numbers.collect()
}

/// What the matter was judged with: the nation, and the departments in which its acts were entered.
fn reads(versions: &Versions, dossiers: &[Dossier]) -> Vec<(Stream, u64)> {
    let entries = dossiers.iter().flat_map(|dossier| &dossier.history);
    let departments: BTreeSet<&DepartmentId> = entries.map(|entry| &entry.department).collect();
    let departments = departments.into_iter().map(|department| Stream::department(&department.0));
    let streams = std::iter::once(Stream::nation()).chain(departments);
    let read = |stream: Stream| {
        let version = versions.directory.get(&stream).copied().unwrap_or(0);
        (stream, version)
    };
    streams.map(read).collect()
}

/// The setting in which the index rows of a dossier are computed, as `verify` does it.
fn setting(desk: &Desk<'_>, dossier: &Dossier) -> Setting {
    let department = dossier.department().cloned().unwrap_or_else(|| DepartmentId(String::new()));
    let directory = desk.family.directory.clone();
    Setting {
        now: dossier.history.last().map_or(desk.until, |entry| entry.entered),
        readings: directory.switches(&department),
        department,
        directory,
        holidays: desk.holidays.clone(),
        engagements: Vec::new(),
        others: Vec::new(),
        fresh: String::new(),
    }
}

fn note(
    staff: &StaffId,
    version: u64,
    dossier: &Dossier,
    held: &[Engagement],
    provenance: &str,
) -> Result<Write, No> {
    let last = dossier.history.last().ok_or_else(|| fault(&"a note on nothing"))?;
    let note = engagements::Note { dossier: dossier.id.clone(), engagements: held.to_vec() };
    let payload = serde_json::to_vec(&note).map_err(|error| fault(&error))?;
    Ok(Write {
        stream: Stream::person(&staff.0),
        version,
        events: vec![NewEvent {
            kind: "engaged".to_owned(),
            who: last.by.to_string(),
            entered: last.entered.to_string(),
            payload,
            blobs: Vec::new(),
        }],
        setting: provenance.to_owned(),
    })
}

fn payload(entry: &Entry) -> Result<Vec<u8>, No> {
    serde_json::to_vec(entry).map_err(|error| fault(&error))
}

fn fault(error: &dyn std::fmt::Display) -> No {
    No::Fault(Operation::log(error))
}
