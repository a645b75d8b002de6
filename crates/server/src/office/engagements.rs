//! Where each person was for which dossier: nobody conducts two interviews at once (art. 35).
//!
//! Every person has a stream of notes. A note says where the person was for one dossier, in place of
//! what the last note about that dossier said; dossiers and notes are appended together, so that two
//! dossiers cannot both claim the same hour.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use procedure::{
    Dossier,
    act::Act,
    setting::Engagement,
    value::{Answer, Kind, Place, StaffId},
};
use serde::{Deserialize, Serialize};
use store::{NewEvent, Stream, Write};

use super::{Office, replayed};
use crate::no::{No, Operation};

/// One person's engagements by dossier, as they stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Diary {
    version: u64,
    by_dossier: BTreeMap<String, Vec<Engagement>>,
}

/// Where a person was for one dossier.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Note {
    /// The dossier.
    pub(crate) dossier: String,
    /// Where and when.
    pub(crate) engagements: Vec<Engagement>,
}

/// The diaries an act depends on.
pub(super) type Diaries = BTreeMap<StaffId, Arc<Diary>>;

impl Office {
    /// The diaries of everybody whom the answers name.
    pub(super) fn diaries_named(&self, act: &Act, place: Place<'_>) -> Result<Diaries, No> {
        let mut diaries = Diaries::new();
        for staff in named(act, place) {
            diaries.insert(staff.clone(), self.diary(&staff)?);
        }
        Ok(diaries)
    }

    /// The notes that an act makes necessary, and the diaries they rest on.
    pub(super) fn notes(
        &self,
        before: &Dossier,
        after: &Dossier,
        new: impl Fn(Vec<u8>) -> NewEvent,
        diaries: &mut Diaries,
    ) -> Result<Vec<Write>, No> {
        let (was, is) = (by_staff(before), by_staff(after));
        let staff: BTreeSet<_> = was.keys().chain(is.keys()).collect();
        let mut writes = Vec::new();
        for staff in staff.into_iter().filter(|staff| was.get(staff) != is.get(staff)) {
            let diary = match diaries.get(staff) {
                Some(diary) => diary.clone(),
                None => self.diary(staff)?,
            };
            let engagements = is.get(staff).cloned().unwrap_or_default();
            let note = Note { dossier: after.id.clone(), engagements };
            let payload =
                serde_json::to_vec(&note).map_err(|error| No::Fault(Operation::log(&error)))?;
            writes.push(Write {
                stream: Stream::person(&staff.0),
                version: diary.version,
                events: vec![new(payload)],
                setting: String::new(),
            });
            diaries.insert(staff.clone(), diary);
        }
        Ok(writes)
    }

    fn diary(&self, staff: &StaffId) -> Result<Arc<Diary>, No> {
        let stream = Stream::person(&staff.0);
        self.inner.engagements.load(&self.inner.store, &stream, Diary::default, |diary, event| {
            let note: Note = replayed::read(event)?;
            diary.version = event.header.version;
            diary.by_dossier.insert(note.dossier, note.engagements);
            Ok(())
        })
    }
}

/// What these people are engaged in, in other dossiers.
pub(super) fn elsewhere(diaries: &Diaries, dossier: &str) -> Vec<Engagement> {
    let others = diaries.values().flat_map(|diary| &diary.by_dossier);
    let others = others.filter(|(id, _)| id.as_str() != dossier);
    others.flat_map(|(_, engagements)| engagements).cloned().collect()
}

/// The streams that were read, at the versions they were read at.
pub(super) fn reads(diaries: &Diaries) -> impl Iterator<Item = (Stream, u64)> {
    diaries.iter().map(|(staff, diary)| (Stream::person(&staff.0), diary.version))
}

/// Each person's engagements in one dossier.
pub(crate) fn by_staff(dossier: &Dossier) -> BTreeMap<StaffId, Vec<Engagement>> {
    let mut by_staff = BTreeMap::<_, Vec<_>>::new();
    for engagement in dossier.investigation.engagements() {
        by_staff.entry(engagement.staff.clone()).or_default().push(engagement);
    }
    by_staff
}

/// The staff whom the answers name, by id or by name.
fn named(act: &Act, place: Place<'_>) -> BTreeSet<StaffId> {
    let names_staff = |kind: &Kind| matches!(kind, Kind::Target(target) | Kind::List(Kind::Target(target)) if *target == StaffId::TARGET);
    let fields = act.step.fields.iter().filter(|field| names_staff(&field.kind));
    let mut texts = BTreeSet::new();
    for answer in fields.filter_map(|field| act.answers.get(field.id)) {
        match answer {
            Answer::Many(list) => texts.extend(list.iter().filter_map(Answer::text)),
            answer => texts.extend(answer.text()),
        }
    }
    if texts.is_empty() {
        return BTreeSet::new();
    }
    let candidates = StaffId::TARGET.candidates(place).into_iter();
    candidates
        .filter(|c| texts.iter().any(|text| [&c.id, &c.label].contains(&&text.trim().to_owned())))
        .map(|candidate| StaffId(candidate.id))
        .collect()
}
