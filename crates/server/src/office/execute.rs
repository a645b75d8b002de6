//! 办理. One act: loaded, judged, appended.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock, atomic::Ordering},
    time::Instant,
};

use procedure::{
    Access, Dossier, Entry, Manner, Setting, access,
    act::{self, Act},
    decide,
    dossier::companions,
    entry,
    intake::REGISTER,
    number,
    step::{Step, Weight},
    supplementary::papers_due,
    value::{Answer, Answers, DepartmentId, DossierId, Kind, LongText, StaffId, excerpt},
};
use serde::{Deserialize, Serialize};
use sm3::{Digest, Sm3};
use store::{Append, AppendError, Key, NewEvent, SealedPart, Secret, Stream, Write, Writes};

use super::{
    ATTEMPTS, Office, append_no, blob,
    engagements::{self, Diaries},
    files,
    known::Snapshot,
    random_id, rows,
};
use crate::{
    metrics,
    no::{Denied, No, Operation},
    trail,
};

/// An act as it was handed in.
///
/// Answers to sealed fields are plain text here; `execute` takes them out before anything else and seals them apart.
pub struct Submitted {
    /// The step's id or name.
    pub step: String,
    /// Who takes it.
    pub who: StaffId,
    /// The dossier; none where the step opens one.
    pub dossier: Option<String>,
    /// The version that the person saw; decisions need it.
    pub seen: Option<u64>,
    /// The idempotency key, unique for the person.
    pub key: Option<String>,
    /// How it is put on the record.
    pub manner: Manner,
    /// What was filled in.
    pub answers: Answers,
}

/// What an act came to.
#[derive(Clone, Debug)]
pub struct Done {
    /// The dossier.
    pub dossier: String,
    /// Its version with this act.
    pub version: u64,
    /// What was recorded.
    pub entry: Entry,
    /// The other dossier that it opened.
    pub opened: Option<String>,
    /// Whether this is the outcome of an earlier request with the same key.
    pub replayed: bool,
}

/// An act, ready to be judged as often as somebody else is quicker.
struct Prepared {
    act: Act,
    dossier: String,
    /// Whether the act opens the dossier.
    opens: bool,
    seen: Option<u64>,
    key: Option<Key>,
    sealed: Vec<(String, Secret)>,
}

/// Streams, each with the version at which it was read.
type Versions = Vec<(Stream, u64)>;

/// What is kept for a repetition of the key.
#[derive(Serialize, Deserialize)]
struct Outcome {
    dossier: String,
    version: u64,
    #[serde(default)]
    opened: Option<String>,
}

impl Office {
    /// Takes a step, or says why not. The same key with the same request is one act.
    pub fn execute(&self, submitted: Submitted) -> Result<Done, No> {
        let step = submitted.step.clone();
        let outcome = self.execute_uncounted(submitted);
        metrics::act(&step, &outcome);
        self.inner.acts.fetch_add(1, Ordering::Relaxed);
        if outcome.is_ok() {
            trail::recorded();
        }
        outcome
    }

    fn execute_uncounted(&self, submitted: Submitted) -> Result<Done, No> {
        submitted.dossier.iter().for_each(|dossier| trail::about("dossier", dossier));
        let prepared = self.prepare(submitted)?;
        match self.attempt(&prepared) {
            // A database that is away cannot be asked about anything else.
            Err(No::Denied(away)) if away.is_away() => Err(away.into()),
            // What stands against a repetition may be its own first outcome.
            Err(no) if !matches!(no, No::Fault(_)) => self.first_outcome(&prepared)?.ok_or(no),
            outcome => outcome,
        }
    }

    fn prepare(&self, submitted: Submitted) -> Result<Prepared, No> {
        let Submitted { step, who, dossier, seen, key, manner, mut answers } = submitted;
        let Some(step) = procedure::step(&step) else {
            let message = format!("没有「{}」这一步骤", excerpt(&step));
            return Err(Denied::Malformed(message).into());
        };
        let opens = step.id == REGISTER && !matches!(manner, Manner::Correcting { .. });
        let dossier = match (dossier, opens) {
            (Some(dossier), false) => dossier,
            (None, true) => random_id()?,
            (Some(_), true) => {
                return Err(Denied::Malformed("登记线索即建立新的卷宗，不能指明卷宗".into()).into());
            }
            (None, false) => return Err(Denied::Malformed("没有指明卷宗".into()).into()),
        };
        // A dossier that is only being opened has another id each time.
        let named = (!opens).then_some(&dossier);
        let key = match key {
            None => None,
            Some(key) => Some(self.key(&who, &key, step, &(named, &seen, &manner, &answers))?),
        };
        let kept = self.sealed_already(&dossier, &manner)?;
        let sealed = seal(step, &mut answers, &kept)?;
        check_unnamed(step, &answers, &sealed)?;
        let act = Act { step, who, manner, answers };
        Ok(Prepared { act, dossier, opens, seen, key, sealed })
    }

    /// The key, unique for the person, with the hash of everything in the request.
    fn key(
        &self,
        who: &StaffId,
        key: &str,
        step: &Step,
        content: &impl Serialize,
    ) -> Result<Key, No> {
        if key.is_empty() || key.len() > 128 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "请求编号应为1至128个字母、数字或者符号".to_owned();
            return Err(Denied::Malformed(message).into());
        }
        let content = serde_json::to_vec(&(step.id, content)).map_err(|error| fault(&error))?;
        let salt = &self.inner.request_salt;
        let request = Sm3::new().chain_update(salt).chain_update(&content).finalize().into();
        Ok(Key { key: format!("{who}/{key}"), request })
    }

    /// The ids of sealed parts in the entry that is corrected, which may stay as they are.
    fn sealed_already(&self, dossier: &str, manner: &Manner) -> Result<String, No> {
        let Manner::Correcting { entry, .. } = manner else { return Ok(String::new()) };
        let dossier = self.load(dossier)?;
        let event = dossier.entry(*entry).map(|entry| dossier.corrected(entry).0);
        serde_json::to_string(&event).map_err(|error| fault(&error))
    }

    fn attempt(&self, prepared: &Prepared) -> Result<Done, No> {
        let mut away = 0;
        for _ in 0..ATTEMPTS {
            match self.attempt_once(prepared) {
                Ok(Some(done)) => return Ok(done),
                Ok(None) => {
                    ::metrics::counter!("chachu_conflicts_retried_total").increment(1);
                    self.refresh()?;
                }
                // Nothing was done. The connection may have died while nobody used it, or one transaction
                // was given up for the sake of others: that is over at once, or will take longer.
                Err(No::Denied(Denied::Unavailable)) if away == 0 => away += 1,
                Err(no) => return Err(no),
            }
        }
        Err(Denied::Busy.into())
    }

    /// Judges and appends; `None` if somebody else was quicker.
    fn attempt_once(&self, prepared: &Prepared) -> Result<Option<Done>, No> {
        let Prepared { act, .. } = prepared;
        let Snapshot { directory, versions, .. } = self.inner.known.snapshot();
        let dossier = if prepared.opens {
            Arc::new(Dossier::new(&prepared.dossier))
        } else {
            self.load(&prepared.dossier)?
        };
        let Some(department) = self.department(prepared, &dossier) else {
            return Err(self.deny(&act.who, &prepared.dossier));
        };
        let mut setting = Setting { directory, ..self.setting(&department) };
        self.check_access(prepared, &dossier, &setting)?;
        check_seen(prepared, &dossier, &setting)?;
        setting.others = self.others_named(&act.who, act.step, &act.answers)?;
        setting.fresh = random_id()?;
        let diaries = self.diaries_named(act, setting.place(&dossier))?;
        setting.engagements = engagements::elsewhere(&diaries, &dossier.id);
        let verdict = decide(&dossier, &setting, act);
        let Some(entry) = entry(&dossier, &setting, act, &verdict) else {
            return Err(No::Refused(Box::new(verdict)));
        };
        self.check_files(&entry, &dossier)?;
        let (streams, mut reads) = self.notes_of(&dossier, &entry, diaries)?;
        let beside = self.beside(&entry, &setting)?;
        for stream in [Stream::nation(), Stream::department(&department.0)] {
            let version = versions.get(&stream).copied().unwrap_or(0);
            reads.push((stream, version));
        }
        let provenance = provenance(&entry, &reads);
        let recording = Recording { dossier, entry, setting, streams, beside, provenance };
        self.append(reads, prepared, recording)
    }

    /// The notes on people that an act writes beside the dossier, and the versions of what it read of them.
    fn notes_of(
        &self,
        dossier: &Dossier,
        entry: &Entry,
        mut diaries: Diaries,
    ) -> Result<(Vec<Write>, Versions), No> {
        let mut notes = Vec::new();
        if !diaries.is_empty() {
            let mut after = dossier.clone();
            after.apply(entry.clone());
            let note = |payload| new_event("engaged", entry, payload);
            notes = self.notes(dossier, &after, note, &mut diaries)?;
        }
        Ok((notes, engagements::reads(&diaries).collect()))
    }

    /// The other dossiers in which the same act records something.
    fn beside(&self, entry: &Entry, setting: &Setting) -> Result<Vec<Arc<Dossier>>, No> {
        let others = companions(entry).into_iter().map(|(DossierId(id), _)| match &setting.fresh {
            fresh if *fresh == id => Ok(Arc::new(Dossier::new(id))),
            _ => self.load(&id),
        });
        others.collect()
    }
}

fn new_event(kind: &str, entry: &Entry, payload: Vec<u8>) -> NewEvent {
    NewEvent {
        kind: kind.to_owned(),
        who: entry.by.to_string(),
        entered: entry.entered.to_string(),
        payload,
        blobs: Vec::new(),
    }
}

/// The event of an entry, with the files that it names.
fn event_of(entry: &Entry, payload: Vec<u8>) -> NewEvent {
    let blobs = files(entry).iter().filter_map(blob).collect();
    NewEvent { blobs, ..new_event(&entry.step, entry, payload) }
}

/// The event of a simulated entry; only the system's papers name a file there, so others are not searched.
pub(crate) fn bulk_event(entry: &Entry, payload: Vec<u8>) -> NewEvent {
    match entry.step.as_str() {
        "fix_paper" => event_of(entry, payload),
        _ => new_event(&entry.step, entry, payload),
    }
}

/// Everything one act writes, but for the number that it gets inside the append.
struct Recording {
    dossier: Arc<Dossier>,
    entry: Entry,
    setting: Setting,
    /// Notes on people.
    streams: Vec<Write>,
    /// The other dossiers in which the same act records something.
    beside: Vec<Arc<Dossier>>,
    /// What it was decided with.
    provenance: String,
}

/// The dossiers as they stand with the act; the one it is about is the last.
type After = Arc<OnceLock<Vec<Arc<Dossier>>>>;

/// A dossier as it stands with one more entry, and what is written for it.
fn recorded(
    dossier: Arc<Dossier>,
    entry: Entry,
    provenance: &str,
) -> Result<(Write, Arc<Dossier>), No> {
    let payload = serde_json::to_vec(&entry).map_err(|error| fault(&error))?;
    let write = Write {
        stream: Stream::dossier(&dossier.id),
        version: dossier.version(),
        events: vec![event_of(&entry, payload)],
        setting: provenance.to_owned(),
    };
    let mut dossier = Arc::unwrap_or_clone(dossier);
    dossier.apply(entry);
    Ok((write, Arc::new(dossier)))
}

/// The other dossier that an act opened.
fn opened(dossiers: &[Arc<Dossier>]) -> Option<String> {
    let (_, others) = dossiers.split_last()?;
    others.iter().find(|other| other.version() == 1).map(|other| other.id.clone())
}

impl Recording {
    /// The dossiers and the notes on people that the act writes.
    fn streams_written(&self) -> Vec<Stream> {
        let dossiers = self.beside.iter().chain([&self.dossier]);
        let dossiers = dossiers.map(|dossier| Stream::dossier(&dossier.id));
        self.streams.iter().map(|write| write.stream.clone()).chain(dossiers).collect()
    }

    /// The series that its number is drawn from, if it gets one.
    fn series(&self) -> Vec<String> {
        number::to_fill(&self.entry).into_iter().collect()
    }

    fn writes(
        mut self,
        numbers: &mut store::Numbers<'_>,
        recorded_at: i64,
        sealed: Vec<SealedPart>,
        after: &After,
    ) -> Result<Writes, No> {
        number::fill(&mut self.entry, |series| {
            u32::try_from(numbers.next(series)).unwrap_or(u32::MAX)
        });
        // Derived once the number is there, so that both dossiers speak of the same.
        let others = self.beside.into_iter().zip(companions(&self.entry));
        let others = others.map(|(dossier, (_, event))| {
            let entry = self.entry.beside(&dossier, event);
            (dossier, entry)
        });
        let mut acts: Vec<_> = others.collect();
        acts.push((self.dossier, self.entry));
        let mut dossiers = Vec::new();
        for (dossier, entry) in acts {
            let (write, dossier) = recorded(dossier, entry, &self.provenance)?;
            self.streams.push(write);
            dossiers.push(dossier);
        }
        let outcome = dossiers.last().map(|dossier| Outcome {
            dossier: dossier.id.clone(),
            version: dossier.version(),
            opened: opened(&dossiers),
        });
        let response = serde_json::to_vec(&outcome).map_err(|error| fault(&error))?;
        let rows = dossiers.iter().map(|dossier| rows::of(dossier, &self.setting, recorded_at));
        let rows = rows.collect();
        // It runs once for each append, so nothing is there yet.
        let _ = after.set(dossiers);
        Ok(Writes { streams: self.streams, rows, sealed, response })
    }
}

impl Office {
    fn append(
        &self,
        reads: Versions,
        prepared: &Prepared,
        mut recording: Recording,
    ) -> Result<Option<Done>, No> {
        let provenance = &recording.provenance;
        recording.streams.iter_mut().for_each(|write| write.setting.clone_from(provenance));
        let sealed = prepared.sealed.iter().map(|(id, secret)| SealedPart {
            id: id.clone(),
            dossier: prepared.dossier.clone(),
            plaintext: Secret::new(secret.expose().to_vec()),
        });
        let sealed: Vec<_> = sealed.collect();
        let recorded = self.inner.clock.instant();
        let after = After::default();
        let within = after.clone();
        let act = Append {
            reads,
            writes: recording.streams_written(),
            series: recording.series(),
            key: prepared.key.clone(),
            recorded,
            write: Box::new(move |numbers| recording.writes(numbers, recorded, sealed, &within)),
        };
        let began = Instant::now();
        let appended = self.inner.store.append(act);
        metrics::append(began.elapsed());
        let appended = match appended {
            Ok(appended) => appended,
            Err(AppendError::Conflict { .. }) => return Ok(None),
            Err(error) => return Err(append_no(error)),
        };
        let after = after.get().filter(|_| !appended.replayed);
        let Some((dossier, dossiers)) = after.and_then(|all| Some((all.last()?, all))) else {
            return self.outcome(&appended.response).map(Some);
        };
        for dossier in dossiers {
            let stream = Stream::dossier(&dossier.id);
            self.inner.dossiers.keep(&stream, dossier.version(), dossier.clone());
        }
        let version = dossier.version();
        if !papers_due(dossier).is_empty() {
            self.papers_are_due(&dossier.id);
        }
        let entry = dossier.entry(version).cloned().ok_or_else(|| fault(&"no entry was made"))?;
        let opened = opened(dossiers);
        Ok(Some(Done { dossier: dossier.id.clone(), version, entry, opened, replayed: false }))
    }

    /// What the first request with this key came to, if there was one.
    fn first_outcome(&self, prepared: &Prepared) -> Result<Option<Done>, No> {
        let Some(key) = prepared.key.clone() else { return Ok(None) };
        let act = Append {
            reads: Vec::new(),
            writes: Vec::new(),
            series: Vec::new(),
            key: Some(key),
            recorded: 0,
            write: Box::new(|_| Err(())),
        };
        match self.inner.store.append(act) {
            Ok(appended) => self.outcome(&appended.response).map(Some),
            Err(AppendError::KeyReused) => Err(Denied::KeyReused.into()),
            Err(AppendError::Fault(fault)) => Err(fault.into()),
            Err(_) => Ok(None),
        }
    }

    fn outcome(&self, response: &[u8]) -> Result<Done, No> {
        let Outcome { dossier, version, opened } =
            serde_json::from_slice(response).map_err(|error| fault(&error))?;
        let entry = self.load(&dossier)?.entry(version).cloned();
        let entry = entry.ok_or_else(|| fault(&"the entry of a kept outcome is not there"))?;
        Ok(Done { dossier, version, entry, opened, replayed: true })
    }

    /// The department in whose office the act is entered, under whose readings it is judged: where the person serves; for the system, the owner's.
    fn department(&self, prepared: &Prepared, dossier: &Dossier) -> Option<DepartmentId> {
        let owner = dossier.department();
        if owner.is_none() && !prepared.opens {
            return None;
        }
        let directory = self.directory();
        let staff = directory.staff(&prepared.act.who).map(|staff| &staff.department);
        staff.or(owner).cloned()
    }

    fn check_access(
        &self,
        prepared: &Prepared,
        dossier: &Dossier,
        setting: &Setting,
    ) -> Result<(), No> {
        let who = &prepared.act.who;
        if prepared.opens || *who == StaffId::system() {
            return Ok(());
        }
        match access(dossier, setting, who) {
            Access::None => Err(self.deny(who, &dossier.id)),
            Access::Contents => Ok(()),
            Access::Outline if prepared.act.step.is_taken_from_outside() => Ok(()),
            Access::Outline => {
                // The refusal must not tell more of the dossier than its outline.
                let mut verdict = decide(dossier, setting, &prepared.act);
                let personal = [act::NOT_ONE_OF_US.code, act::NOT_YOURS.code];
                verdict.findings.retain(|finding| personal.contains(&finding.refusal.code));
                verdict.malformed.clear();
                verdict.missing.clear();
                verdict.event = None;
                Err(No::Refused(Box::new(verdict)))
            }
        }
    }

    /// Every file that an entry adds must be in the vault, and be what the entry says.
    fn check_files(&self, entry: &Entry, dossier: &Dossier) -> Result<(), No> {
        let known: Vec<_> = dossier.history.iter().flat_map(files).collect();
        for file in files(entry) {
            let same = |known: &procedure::value::File| {
                (known.size, &known.sm3, &known.sha256) == (file.size, &file.sm3, &file.sha256)
            };
            if !known.iter().any(same) && !self.is_uploaded(&file)? {
                let message = format!("文件「{}」没有上传，或者与上传的不一致", file.name);
                return Err(Denied::Malformed(message).into());
            }
        }
        Ok(())
    }
}

/// A decision rests on what the person saw; only the system's own entries may have come since.
fn check_seen(prepared: &Prepared, dossier: &Dossier, setting: &Setting) -> Result<(), Denied> {
    let decides = prepared.act.step.weight == Weight::Decision && !prepared.opens;
    if !decides || prepared.act.who == StaffId::system() {
        return Ok(());
    }
    let Some(seen) = prepared.seen.filter(|seen| *seen <= dossier.version()) else {
        let message = format!("「{}」须注明办理时所见的卷宗版本", prepared.act.step.name);
        return Err(Denied::Malformed(message));
    };
    let later = dossier.history.iter().rev().take_while(|entry| entry.version > seen);
    let quicker = later.filter(|entry| entry.by != StaffId::system()).last();
    quicker.map_or(Ok(()), |entry| {
        Err(Denied::Quicker {
            by: setting.directory.staff_name(&entry.by).to_owned(),
            version: dossier.version(),
        })
    })
}

/// Takes the plain text out of sealed fields and puts random ids in its place.
///
/// An id stays only where `kept`, the entry that is corrected, has it already.
fn seal(step: &Step, answers: &mut Answers, kept: &str) -> Result<Vec<(String, Secret)>, No> {
    let mut sealed = Vec::new();
    for field in step.fields.iter().filter(|field| field.kind == Kind::Sealed) {
        let Some(Answer::One(text)) = answers.get_mut(field.id) else {
            // Anything but one text cannot be sealed, and must not go on as it is.
            answers.remove(field.id);
            continue;
        };
        if text.trim().is_empty() || kept.contains(&format!("\"{text}\"")) {
            continue;
        }
        // The core never sees it, so what no text may hold is looked for here.
        LongText::new(text)
            .map_err(|wrong| Denied::Malformed(format!("「{}」{wrong}", field.label)))?;
        let id = random_id()?;
        let plain = std::mem::replace(text, id.clone());
        sealed.push((id, Secret::new(plain.into_bytes())));
    }
    Ok(sealed)
}

/// Who is sealed must not stand in the clear beside it (第二十四条); the core never sees the name, so this is checked here.
fn check_unnamed(
    step: &Step,
    answers: &Answers,
    sealed: &[(String, Secret)],
) -> Result<(), Denied> {
    for (_, secret) in sealed {
        let secret = String::from_utf8_lossy(secret.expose());
        let telling = telling(&secret);
        for field in step.fields.iter().filter(|field| field.kind != Kind::Sealed) {
            let text = answers.get(field.id).and_then(Answer::text).unwrap_or_default();
            if telling.iter().any(|words| text.contains(words)) {
                // The message must not repeat what it found.
                let label = field.label;
                let message = format!("「{label}」中写有密封的举报人姓名或者号码，请删去后再提交");
                return Err(Denied::Malformed(message));
            }
        }
    }
    Ok(())
}

/// What would tell who a sealed text speaks of: its first words, as a name is written, and every long number.
fn telling(secret: &str) -> Vec<&str> {
    let words = secret.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let labels = ["姓名", "举报人", "单位", "名称", "举报单位"];
    let name = words.clone().find(|word| !labels.contains(word));
    let is_number =
        |word: &&str| word.len() >= 7 && word.bytes().all(|b| b.is_ascii_alphanumeric());
    let name = name.filter(|name| name.chars().count() >= 2);
    name.into_iter().chain(words.filter(is_number)).collect()
}

/// The versions and hashes of the setting an act was decided with.
fn provenance(entry: &Entry, reads: &[(Stream, u64)]) -> String {
    let reads = reads.iter().map(|(stream, version)| (stream.as_str(), *version));
    let reads: BTreeMap<_, _> = reads.collect();
    serde_json::json!({ "holidays": entry.holidays, "reads": reads }).to_string()
}

fn fault(error: &dyn std::fmt::Display) -> No {
    No::Fault(Operation::log(error))
}
