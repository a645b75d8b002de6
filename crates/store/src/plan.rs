//! Planning: what a batch of acts writes, worked out in memory, the same for every engine.
//!
//! An engine takes the locks that a batch wants, loads what it rests on, lets each act plan, and
//! writes the rows of all of them in one transaction.
//! An act that declines or panics leaves nothing behind in the plan, so that it cannot harm the others.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::SyncSender,
};

use crate::{
    Append, AppendError, Appended, Blob, DossierRows, Fault, Hash, Header, Key, NewEvent, Numbers,
    SealedPart, Stream, Write, Writes,
    event::{NO_PREDECESSOR, content_hash, random, sm3},
    seal::Keys,
};

/// What a batch must lock and load, in the order in which it is locked.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Streams that are only read; those that are written too stand in `written` alone.
    pub(crate) read: BTreeSet<Stream>,
    /// Streams that may be written; of dossiers the index rows too.
    pub(crate) written: BTreeSet<Stream>,
    /// Series from which numbers may be drawn.
    pub(crate) series: BTreeSet<String>,
    /// Idempotency keys.
    pub(crate) keys: BTreeSet<String>,
}

impl Wanted {
    /// The dossiers whose index rows may change.
    pub(crate) fn dossiers(&self) -> impl Iterator<Item = &str> {
        self.written.iter().filter_map(Stream::dossier_id)
    }
}

/// Where a stream stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    /// The number by which rows are linked; none as long as the stream has no row.
    pub(crate) id: Option<i64>,
    pub(crate) version: u64,
    pub(crate) hash: Hash,
}

const NO_HEAD: Head = Head { id: None, version: 0, hash: NO_PREDECESSOR };

/// The first outcome of an idempotency key, as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) request: Hash,
    /// JSON: a list of name and version.
    pub(crate) versions: String,
    pub(crate) response: Vec<u8>,
}

/// What an engine loaded of what was wanted; what is absent does not exist.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) heads: BTreeMap<Stream, Head>,
    pub(crate) series: BTreeMap<String, u64>,
    pub(crate) outcomes: BTreeMap<String, Outcome>,
    /// Index rows by the dossier's id, with the number by which they are linked.
    pub(crate) rows: BTreeMap<String, (i64, DossierRows)>,
}

/// An event, ready to be inserted.
#[derive(Debug)]
pub(crate) struct EventRow {
    pub(crate) header: Header,
    pub(crate) bytes: Vec<u8>,
    /// SM3 of `bytes`, which is the event's leaf.
    pub(crate) hash: Hash,
    pub(crate) salt: Hash,
    pub(crate) payload: Vec<u8>,
    pub(crate) blobs: Vec<Blob>,
}

/// A sealed part, encrypted.
#[derive(Debug)]
pub(crate) struct SealedRow {
    pub(crate) id: String,
    pub(crate) dossier: String,
    pub(crate) bytes: Vec<u8>,
}

/// What a batch writes: events in order, and the last state of everything else.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) events: Vec<EventRow>,
    pub(crate) heads: BTreeMap<Stream, Head>,
    pub(crate) series: BTreeMap<String, u64>,
    pub(crate) outcomes: BTreeMap<String, Outcome>,
    pub(crate) rows: BTreeMap<String, DossierRows>,
    pub(crate) sealed: Vec<SealedRow>,
}

impl Rows {
    fn add(&mut self, other: Rows) {
        self.events.extend(other.events);
        self.heads.extend(other.heads);
        self.series.extend(other.series);
        self.outcomes.extend(other.outcomes);
        self.rows.extend(other.rows);
        self.sealed.extend(other.sealed);
    }
}

/// Whether an object is in the vault, asked inside the transaction.
pub(crate) type Holds<'a> = dyn FnMut(&Blob) -> Result<bool, Fault> + 'a;

/// The acts of one transaction.
pub(crate) struct Batch<'a> {
    loaded: Loaded,
    rows: Rows,
    wanted: &'a Wanted,
    keys: &'a Keys,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(loaded: Loaded, wanted: &'a Wanted, keys: &'a Keys) -> Batch<'a> {
        Batch { loaded, rows: Rows::default(), wanted, keys }
    }

    /// What is to be written, with what was loaded.
    pub(crate) fn into_rows(self) -> (Rows, Loaded) {
        (self.rows, self.loaded)
    }

    fn head(&self, stream: &Stream) -> Head {
        let head = self.rows.heads.get(stream).or_else(|| self.loaded.heads.get(stream));
        head.copied().unwrap_or(NO_HEAD)
    }

    fn check_version<R>(&self, stream: &Stream, expected: u64) -> Result<(), AppendError<R>> {
        let found = self.head(stream).version;
        if found == expected {
            return Ok(());
        }
        Err(AppendError::Conflict { stream: stream.clone(), expected, found })
    }

    fn append<R>(
        &mut self,
        act: Append<R>,
        holds: &mut Holds<'_>,
    ) -> Result<Appended, AppendError<R>> {
        if let Some(key) = &act.key
            && let Some(outcome) = self.outcome(key)?
        {
            return outcome.ok_or(AppendError::KeyReused);
        }
        for (stream, version) in &act.reads {
            self.check_version(stream, *version)?;
        }
        let mut series = BTreeMap::new();
        let mut draw = |name: &str| self.draw(&mut series, name);
        let mut numbers = Numbers::new(&mut draw);
        let writes = (act.write)(&mut numbers).map_err(AppendError::Refused)?;
        numbers.check()?;
        check_texts(&writes, act.key.as_ref())?;
        let mut streams = BTreeSet::new();
        for write in &writes.streams {
            self.check_version(&write.stream, write.version)?;
            self.check_declared(&write.stream)?;
            if !streams.insert(&write.stream) {
                return Err(Fault::Misuse(format!("{} written twice", write.stream)).into());
            }
        }
        let mut rows = Rows { series, ..Rows::default() };
        let mut versions = Vec::new();
        for write in writes.streams {
            for blob in write.events.iter().flat_map(|event| &event.blobs) {
                check_present(blob, holds)?;
            }
            versions.push((write.stream.clone(), write.version + write.events.len() as u64));
            self.events(write, act.recorded, act.key.as_ref(), &mut rows)?;
        }
        let appended = Appended { replayed: false, versions, response: writes.response };
        self.derived(writes.rows, &mut rows)?;
        self.sealed(writes.sealed, &mut rows)?;
        if let Some(key) = act.key {
            keep_outcome(key, &appended, &mut rows)?;
        }
        self.rows.add(rows);
        Ok(appended)
    }

    fn derived(&self, new: Vec<DossierRows>, rows: &mut Rows) -> Result<(), Fault> {
        for new in new {
            self.check_declared(&Stream::dossier(&new.dossier.id))?;
            rows.rows.insert(new.dossier.id.clone(), new);
        }
        Ok(())
    }

    fn sealed(&self, parts: Vec<SealedPart>, rows: &mut Rows) -> Result<(), Fault> {
        for part in parts {
            let bytes = self.keys.identity.encrypt(&part.plaintext, &[&part.id, &part.dossier])?;
            rows.sealed.push(SealedRow { id: part.id, dossier: part.dossier, bytes });
        }
        Ok(())
    }

    fn audit(&mut self, stream: &Stream, recorded: i64, entry: NewEvent) -> Result<u64, Fault> {
        let version = self.head(stream).version;
        if [&entry.kind, &entry.who, &entry.entered].iter().any(|text| text.contains('\0')) {
            return Err(Fault::Misuse("a text holds NUL".to_owned()));
        }
        let write =
            Write { stream: stream.clone(), version, events: vec![entry], setting: String::new() };
        let mut rows = Rows::default();
        self.events(write, recorded, None, &mut rows)?;
        self.rows.add(rows);
        Ok(version + 1)
    }

    /// What is not locked must not be written: another node might write it in the same moment.
    fn check_declared(&self, stream: &Stream) -> Result<(), Fault> {
        if self.wanted.written.contains(stream) {
            return Ok(());
        }
        Err(Fault::Misuse(format!("{stream} is written but was not declared")))
    }

    fn draw(&self, drawn: &mut BTreeMap<String, u64>, series: &str) -> Result<u64, Fault> {
        if !self.wanted.series.contains(series) {
            return Err(Fault::Misuse(format!("series {series} is drawn but was not declared")));
        }
        let last = drawn
            .get(series)
            .or_else(|| self.rows.series.get(series))
            .or_else(|| self.loaded.series.get(series))
            .copied()
            .unwrap_or(0);
        let next = last.checked_add(1).filter(|next| i64::try_from(*next).is_ok());
        let next = next.ok_or_else(|| Fault::Database(format!("series {series} has ended")))?;
        drawn.insert(series.to_owned(), next);
        Ok(next)
    }

    /// The first outcome of a key; `Some(None)` if the key was another request's.
    fn outcome(&self, key: &Key) -> Result<Option<Option<Appended>>, Fault> {
        let kept = self.rows.outcomes.get(&key.key);
        let Some(kept) = kept.or_else(|| self.loaded.outcomes.get(&key.key)) else {
            return Ok(None);
        };
        if kept.request != key.request {
            return Ok(Some(None));
        }
        let versions: Vec<(String, u64)> = serde_json::from_str(&kept.versions)
            .map_err(|_| Fault::Database("the outcome of a key cannot be read".to_owned()))?;
        let versions = versions.into_iter().map(|(name, version)| (Stream::named(name), version));
        let response = kept.response.clone();
        Ok(Some(Some(Appended { replayed: true, versions: versions.collect(), response })))
    }

    /// The events of one stream whose version was checked.
    fn events(
        &self,
        write: Write,
        recorded: i64,
        key: Option<&Key>,
        rows: &mut Rows,
    ) -> Result<(), Fault> {
        if write.events.is_empty() {
            return Ok(());
        }
        let mut head = self.head(&write.stream);
        for event in write.events {
            let salt: Hash = random()?;
            let blobs: Vec<Blob> =
                event.blobs.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
            let header = Header {
                stream: write.stream.clone(),
                version: head.version + 1,
                kind: event.kind,
                who: event.who,
                entered: event.entered,
                recorded,
                setting: write.setting.clone(),
                key: key.cloned(),
                content: content_hash(&salt, &blobs, &event.payload),
                predecessor: head.hash,
            };
            let bytes = header.to_bytes();
            let hash = sm3(&bytes);
            head = Head { version: header.version, hash, ..head };
            let payload = event.payload;
            rows.events.push(EventRow { header, bytes, hash, salt, payload, blobs });
        }
        rows.heads.insert(write.stream, head);
        Ok(())
    }
}

fn keep_outcome(key: Key, appended: &Appended, rows: &mut Rows) -> Result<(), Fault> {
    let versions: Vec<_> =
        appended.versions.iter().map(|(stream, version)| (stream.as_str(), *version)).collect();
    let versions = serde_json::to_string(&versions)
        .map_err(|_| Fault::Misuse("the outcome cannot be written".to_owned()))?;
    let response = appended.response.clone();
    rows.outcomes.insert(key.key, Outcome { request: key.request, versions, response });
    Ok(())
}

/// No engine may keep what another cannot: a text column of PostgreSQL holds no NUL.
fn check_texts(writes: &Writes, key: Option<&Key>) -> Result<(), Fault> {
    let events = writes.streams.iter().flat_map(|write| &write.events);
    let events = events.flat_map(|event| [&event.kind, &event.who, &event.entered]);
    let streams = writes.streams.iter().map(|write| write.stream.as_str());
    let rows = writes.rows.iter().flat_map(DossierRows::texts);
    let keys = key.iter().map(|key| key.key.as_str());
    let mut texts = events.map(String::as_str).chain(streams).chain(rows).chain(keys);
    if texts.any(|text| text.contains('\0')) {
        return Err(Fault::Misuse("a text holds NUL".to_owned()));
    }
    Ok(())
}

fn check_present(blob: &Blob, holds: &mut Holds<'_>) -> Result<(), Fault> {
    if holds(blob)? {
        return Ok(());
    }
    let name = hex::encode(blob.sm3);
    Err(Fault::Misuse(format!("object {name} is named but not in the vault")))
}

/// An act on its way through a writer.
pub(crate) trait Job: Send {
    /// Says what it must have locked and loaded.
    fn want(&self, wanted: &mut Wanted);

    /// Plans what it writes. A panic leaves nothing in the batch.
    fn plan(&mut self, batch: &mut Batch<'_>, holds: &mut Holds<'_>);

    /// Tells the waiting caller how it ended; `fate` is the transaction's.
    fn answer(self: Box<Self>, fate: Result<(), Fault>);
}

/// An act of a caller who waits for the answer.
pub(crate) struct Pending<R> {
    act: Option<Append<R>>,
    result: Option<Result<Appended, AppendError<R>>>,
    caller: SyncSender<Result<Appended, AppendError<R>>>,
}

impl<R> Pending<R> {
    pub(crate) fn new(
        act: Append<R>,
        caller: SyncSender<Result<Appended, AppendError<R>>>,
    ) -> Pending<R> {
        Pending { act: Some(act), result: None, caller }
    }
}

impl<R: Send + 'static> Job for Pending<R> {
    fn want(&self, wanted: &mut Wanted) {
        let Some(act) = &self.act else { return };
        wanted.read.extend(act.reads.iter().map(|(stream, _)| stream.clone()));
        wanted.written.extend(act.writes.iter().cloned());
        wanted.series.extend(act.series.iter().cloned());
        wanted.keys.extend(act.key.iter().map(|key| key.key.clone()));
    }

    fn plan(&mut self, batch: &mut Batch<'_>, holds: &mut Holds<'_>) {
        let Some(act) = self.act.take() else { return };
        // Rows join the batch only when the whole act is planned.
        self.result = catch_unwind(AssertUnwindSafe(|| batch.append(act, holds))).ok();
    }

    fn answer(self: Box<Self>, fate: Result<(), Fault>) {
        let result = match fate {
            Ok(()) => self.result.unwrap_or_else(|| Err(Fault::Panicked.into())),
            Err(fault) => Err(fault.into()),
        };
        // A caller that went away does not want to know.
        let _ = self.caller.send(result);
    }
}

/// A view or a denial, to be put on an audit stream.
pub(crate) struct Audit {
    pub(crate) stream: Stream,
    pub(crate) recorded: i64,
    pub(crate) entry: Option<NewEvent>,
    pub(crate) result: Option<Result<u64, Fault>>,
    pub(crate) caller: SyncSender<Result<u64, Fault>>,
}

impl Job for Audit {
    fn want(&self, wanted: &mut Wanted) {
        wanted.written.insert(self.stream.clone());
    }

    fn plan(&mut self, batch: &mut Batch<'_>, _: &mut Holds<'_>) {
        self.result = self.entry.take().map(|it| batch.audit(&self.stream, self.recorded, it));
    }

    fn answer(self: Box<Self>, fate: Result<(), Fault>) {
        let Audit { result, caller, .. } = *self;
        let _ = caller.send(fate.and_then(|()| result.unwrap_or(Err(Fault::Panicked))));
    }
}

/// What all jobs want; what is written is not only read.
pub(crate) fn wanted<'a>(jobs: impl IntoIterator<Item = &'a Box<dyn Job>>) -> Wanted {
    let mut wanted = Wanted::default();
    jobs.into_iter().for_each(|job| job.want(&mut wanted));
    let Wanted { read, written, .. } = &mut wanted;
    read.retain(|stream| !written.contains(stream));
    wanted
}
