//! The office: the one way in which a dossier is seen and changed.
//!
//! `execute` loads, asks the core, and appends; pages, the API and the command line all call it.
//! Views and denials are written to the audit stream before they are answered.
//! Everything here blocks, since the store does; async callers use a blocking thread.

pub(crate) mod engagements;
mod execute;
pub(crate) mod known;
mod others;
mod replayed;
pub mod rows;
pub mod search;
mod staffing;
pub mod state;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    sync::{Arc, Mutex, OnceLock, PoisonError, atomic::AtomicU64, mpsc::Sender},
    time::{Duration, SystemTime},
};

use jiff::civil::DateTime;
use procedure::{
    Access, Dossier, Entry, Setting, access,
    directory::{self, Directory},
    general::access::{Principal, classes},
    holidays::Holidays,
    intake::reporter,
    value::{DepartmentId, File, StaffId, Text},
};
use serde_json::{Value, json};
use store::{
    Append, AppendError, Blob, BlobReader, ListQuery, NewEvent, Page, PutError, Secret, Standing,
    Store, Stream, Writes,
};

pub(crate) use execute::bulk_event;
pub use execute::{Done, Submitted};

use crate::{
    clock::Clock,
    no::{Denied, No, Operation},
    trail,
};
use known::Known;
use replayed::Replayed;

/// 办公. The record, the clock, and what is kept of them in memory. Clones share it.
#[derive(Clone)]
pub struct Office {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Clock,
    /// The name of this process among those that write audit streams of one record.
    node: String,
    holidays: Arc<Holidays>,
    known: Known,
    dossiers: Replayed<Dossier>,
    engagements: Replayed<engagements::Diary>,
    /// Files taken into the vault lately, by SM3.
    uploads: Mutex<BTreeMap<String, File>>,
    /// Where dossiers with papers to be made are announced.
    papers_due: OnceLock<Sender<String>>,
    /// Acts since the start, by which background work knows that others are working.
    acts: AtomicU64,
    /// Keeps the hash of a request from telling what was in it.
    request_salt: String,
}

/// 改变解读. One switch of a reading, as it was recorded.
pub struct ReadingSwitch {
    /// When.
    pub entered: DateTime,
    /// By whom.
    pub who: StaffId,
    /// Which.
    pub reading: String,
    /// Whether it holds since.
    pub holds: bool,
}

/// How many uploads are kept in mind.
const UPLOADS_KEPT: usize = 10_000;

/// So long, in milliseconds, a file waits for an act that names it.
const ORPHANED: i64 = 24 * 60 * 60 * 1000;

/// Under this name stands since when each object has been nobody's.
const ORPHANS: &str = "orphans";

const REQUEST_SALT: &str = "request_salt";

impl Office {
    /// Opens the office that works on this record, as the only one that does.
    pub fn open(store: Store, clock: Clock) -> Result<Office, No> {
        Office::open_as(store, clock, ONLY_NODE)
    }

    /// Opens the office that works on this record, under a name of its own among others that do.
    pub fn open_as(store: Store, clock: Clock, node: &str) -> Result<Office, No> {
        let request_salt = match store.setting(REQUEST_SALT)? {
            Some(salt) => salt,
            // All nodes must take the same request for the same.
            None => store.settle_setting(REQUEST_SALT, &random_id()?)?,
        };
        let known = Known::load(&store)?;
        let inner = Inner {
            store,
            clock,
            node: node.to_owned(),
            holidays: Arc::new(Holidays::built_in().clone()),
            known,
            dossiers: Replayed::holding(4096),
            engagements: Replayed::holding(4096),
            uploads: Mutex::default(),
            papers_due: OnceLock::new(),
            acts: AtomicU64::new(0),
            request_salt,
        };
        let office = Office { inner: Arc::new(inner) };
        office.derive_articles()?;
        office.look_at_newest()?;
        Ok(office)
    }

    /// Tells the clock the newest instant in the record, as far as views and denials say.
    fn look_at_newest(&self) -> Result<(), No> {
        let store = &self.inner.store;
        let streams = store.streams("audit/")?;
        let of_node =
            |stream: &Stream| stream.as_str().rsplit_once('/').map(|(node, _)| node.to_owned());
        // By name the last of a node is its newest; another node may have gone on for longer.
        for stream in streams.chunk_by(|a, b| of_node(a) == of_node(b)).filter_map(<[_]>::last) {
            let before = store.version(stream)?.saturating_sub(1);
            if let Some(event) = store.load_after(stream, before)?.last() {
                self.inner.clock.recorded(event.header.recorded);
            }
        }
        // Only looked at: a clock behind the record is told at once.
        self.inner.clock.instant();
        Ok(())
    }

    /// Derives the articles of dossiers whose rows an earlier version made; done once for each.
    fn derive_articles(&self) -> Result<(), No> {
        loop {
            let ids = self.inner.store.without_articles()?;
            if ids.is_empty() {
                return Ok(());
            }
            for id in ids {
                let dossier = self.load(&id)?;
                let Some(mut rows) = self.inner.store.rows(&id)? else { continue };
                rows.articles = rows::articles(&dossier);
                let act = Append {
                    reads: vec![(Stream::dossier(&id), dossier.version())],
                    writes: vec![Stream::dossier(&id)],
                    series: Vec::new(),
                    key: None,
                    recorded: 0,
                    write: Box::new(move |_| {
                        Ok::<_, No>(Writes { rows: vec![rows], ..Writes::default() })
                    }),
                };
                match self.inner.store.append(act) {
                    // Whoever was quicker has derived them.
                    Ok(_) | Err(AppendError::Conflict { .. }) => {}
                    Err(error) => return Err(append_no(error)),
                }
            }
        }
    }

    /// 依据某条的卷宗. How many dossiers of a department, and how many of those below it, rest on each article.
    pub fn standing(&self, department: &DepartmentId) -> Result<[BTreeMap<u8, Standing>; 2], No> {
        let directory = self.directory();
        let below = directory.departments().filter(|other| {
            directory.superiors(&other.id).iter().any(|above| above.id == *department)
        });
        let below: Vec<_> = below.map(|other| other.id.0.as_str()).collect();
        let store = &self.inner.store;
        Ok([store.standing(&[&department.0])?, store.standing(&below)?])
    }

    /// The record.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// The name of this process among those that work on the record.
    pub fn node(&self) -> &str {
        &self.inner.node
    }

    /// The civil date and time in China.
    pub fn now(&self) -> DateTime {
        self.inner.clock.now()
    }

    /// The departments, staff and units known.
    pub fn directory(&self) -> Arc<Directory> {
        self.inner.known.directory()
    }

    /// Takes over what other processes recorded about the directory.
    pub fn refresh(&self) -> Result<(), No> {
        self.inner.known.refresh(&self.inner.store)
    }

    /// Everything outside a dossier that a decision in this department's office depends on.
    pub fn setting(&self, department: &DepartmentId) -> Setting {
        let directory = self.directory();
        Setting {
            now: self.now(),
            department: department.clone(),
            readings: directory.switches(department),
            directory,
            holidays: self.inner.holidays.clone(),
            engagements: Vec::new(),
            others: Vec::new(),
            fresh: String::new(),
        }
    }

    /// A dossier, and how much of it the person may see; the view is on record before it is answered.
    pub fn view(&self, who: &StaffId, dossier: &str) -> Result<(Arc<Dossier>, Access), No> {
        let (found, access) = self.visible(who, dossier)?;
        if trail::is_told() {
            // What is done on the way to an act is told with it.
            trail::about("dossier", dossier);
        } else {
            self.audit(who, "viewed", &json!({ "dossier": dossier }))?;
        }
        Ok((found, access))
    }

    /// A page of the dossiers that the person may see; the view is on record before it is answered.
    ///
    /// The principals of the query can only narrow those that the person stands for.
    pub fn list(&self, who: &StaffId, query: ListQuery) -> Result<Page, No> {
        let mut classes = classes(who, &self.directory());
        // Each row is shown as whoever sees the most of it.
        classes.sort_by_key(|class| std::cmp::Reverse(class.access()));
        let mut principals: Vec<_> = classes.iter().map(Principal::key).collect();
        if !query.principals.is_empty() {
            principals.retain(|key| query.principals.contains(key));
        }
        if query.text.is_some() {
            self.search_knows_the_latest();
        }
        let department = query.department.clone().map(DepartmentId);
        let mut page = self.inner.store.list(&ListQuery {
            outline: principals.iter().filter(|key| rows::sees_outline(key)).cloned().collect(),
            principals,
            // What a department owns, its heads see.
            within: department.map(|it| Principal::HeadsOf(it).key()),
            // A head who stands back sees nothing of the dossier, though the class of heads does.
            without: Some(rows::standing_back(who)),
            ..query
        })?;
        for row in page.rows.iter_mut().filter(|row| rows::sees_outline(&row.seen_by)) {
            // From above only number, units, stage and limits are seen.
            row.dossier.title.clear();
            row.dossier.grade.clear();
        }
        let shown: Vec<_> = page.rows.iter().map(|row| &row.dossier.id).collect();
        self.audit(who, "listed", &json!({ "dossiers": shown }))?;
        Ok(page)
    }

    /// Who switched which readings of a department, in order of time.
    pub fn reading_switches(&self, department: &DepartmentId) -> Result<Vec<ReadingSwitch>, No> {
        let mut switches = Vec::new();
        for event in self.inner.store.load(&Stream::department(&department.0))? {
            let directory::Event::ReadingSwitched { reading, holds, .. } = replayed::read(&event)?
            else {
                continue;
            };
            let entered = event.header.entered.parse();
            let entered = entered.map_err(|_| replayed::damaged(&event, "no time"))?;
            let who = StaffId(event.header.who);
            switches.push(ReadingSwitch { entered, who, reading, holds });
        }
        Ok(switches)
    }

    /// Takes a file into the vault, before an act names it.
    pub fn vault_put(&self, name: &str, source: impl Read) -> Result<File, No> {
        let name = Text::new(name).map_err(|wrong| Denied::Malformed(format!("文件名{wrong}")))?;
        let blob =
            self.inner.store.vault().put(source, crate::limits::get().upload).map_err(|error| {
                match error {
                    PutError::TooLong { .. } => No::Denied(Denied::TooLarge),
                    PutError::Source(_) => No::Denied(Denied::Malformed("文件没有传完".to_owned())),
                    PutError::Full => No::Denied(Denied::Full),
                    PutError::Fault(fault) => fault.into(),
                }
            })?;
        let file = describe(name, &blob);
        let mut uploads = self.inner.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        if uploads.len() >= UPLOADS_KEPT {
            uploads.clear();
        }
        uploads.insert(file.sm3.clone(), file.clone());
        Ok(file)
    }

    /// Removes what was uploaded a day ago or more and that no act names; answers how many files.
    ///
    /// Since when an object is nobody's is kept beside the record, so that it outlives a restart.
    pub fn discard_orphans(&self) -> Result<u64, No> {
        let (store, now) = (&self.inner.store, self.inner.clock.instant());
        let kept = store.setting(ORPHANS)?.unwrap_or_default();
        let since: BTreeMap<String, i64> = serde_json::from_str(&kept).unwrap_or_default();
        let uploads = self.inner.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        let recent: BTreeSet<_> = uploads.keys().cloned().collect();
        drop(uploads);
        let (mut old, mut young) = (BTreeSet::new(), BTreeMap::new());
        for sm3 in store.vault().orphans()? {
            let name = hex::encode(sm3);
            // After the clock went back an object waits anew.
            let first = since.get(&name).copied().filter(|first| *first <= now).unwrap_or(now);
            if now - first >= ORPHANED && !recent.contains(&name) {
                old.insert(sm3);
            } else if young.len() < UPLOADS_KEPT {
                young.insert(name, first);
            }
        }
        if young != since {
            store.put_setting(ORPHANS, &json!(young).to_string())?;
        }
        let before = u64::try_from(now - ORPHANED).unwrap_or(0);
        let before = SystemTime::UNIX_EPOCH + Duration::from_millis(before);
        Ok(store.vault().discard(old, before)?)
    }

    /// Whether a file is in the vault and is what its description says.
    fn is_uploaded(&self, file: &File) -> Result<bool, No> {
        let same = |known: &File| (known.size, &known.sha256) == (file.size, &file.sha256);
        let uploads = self.inner.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = uploads.get(&file.sm3) {
            return Ok(same(known));
        }
        drop(uploads);
        let Some(blob) = blob(file) else { return Ok(false) };
        let Some(reader) = self.inner.store.vault().open(&blob.sm3)? else { return Ok(false) };
        // Only reading it again tells; that is rare, since uploads are kept in mind.
        Ok(same(&self.vault_put(file.name.as_str(), reader)?))
    }

    /// A file of a dossier, found by its SM3; the view is on record before it is answered.
    pub fn file(&self, who: &StaffId, dossier: &str, sm3: &str) -> Result<(File, BlobReader), No> {
        let (found, access) = self.visible(who, dossier)?;
        let file = found.history.iter().flat_map(files).find(|f| f.sm3 == sm3);
        let Some(file) = file.filter(|_| access == Access::Contents) else {
            return Err(self.deny(who, dossier));
        };
        let blob =
            blob(&file).and_then(|blob| self.inner.store.vault().open(&blob.sm3).transpose());
        let Some(reader) = blob.transpose()? else {
            return Err(No::Fault(Operation::log(
                &"a file that an event names is not in the vault",
            )));
        };
        self.audit(who, "file_viewed", &json!({ "dossier": dossier, "sm3": sm3 }))?;
        Ok((file, reader))
    }

    /// A dossier for whoever runs the product on this machine; the view is on record like any other.
    pub fn inspect(&self, dossier: &str) -> Result<Arc<Dossier>, No> {
        let found = self.load(dossier)?;
        if found.version() == 0 {
            return Err(Denied::NotFound.into());
        }
        self.audit(&StaffId::system(), "viewed", &json!({ "dossier": dossier }))?;
        Ok(found)
    }

    /// Changes who there is. Heads change their own department; others may only list units.
    pub fn change_directory(&self, who: &StaffId, event: directory::Event) -> Result<(), No> {
        staffing::may_change(&self.directory(), who, &event)?;
        self.record_in_directory(who, vec![event])
    }

    /// Records who there is, all of it or nothing: for whoever runs the product on this machine.
    pub fn found(&self, events: Vec<directory::Event>) -> Result<(), No> {
        self.record_in_directory(&StaffId::system(), events)
    }

    /// The same at a moment in the past, for a simulation: what is recorded later must find it there.
    pub(crate) fn found_at(
        &self,
        events: Vec<directory::Event>,
        entered: DateTime,
        recorded: i64,
    ) -> Result<(), No> {
        self.record_in_directory_at(&StaffId::system(), events, (entered, recorded))
    }

    /// The dossier, if the person may see anything of it; a denial is on record.
    pub(crate) fn visible(
        &self,
        who: &StaffId,
        dossier: &str,
    ) -> Result<(Arc<Dossier>, Access), No> {
        let found = self.load(dossier)?;
        let access = match found.department() {
            Some(department) => access(&found, &self.setting(department), who),
            None => Access::None,
        };
        if access == Access::None {
            return Err(self.deny(who, dossier));
        }
        Ok((found, access))
    }

    /// 举报人信息. The sealed identity of a lead's reporter, for who may read it; the reading is on record before it is answered.
    pub fn reporter(&self, who: &StaffId, dossier: &str, lead: u32) -> Result<Secret, No> {
        let (found, access) = self.visible(who, dossier)?;
        let setting = found.department().map(|department| self.setting(department));
        let sealed = setting.filter(|_| access == Access::Contents).and_then(|setting| {
            let mut readable = reporter::readable(&found, &setting, who);
            readable.find(|(id, _)| id.0 == lead).map(|(_, sealed)| sealed.clone())
        });
        let Some(sealed) = sealed else { return Err(self.deny(who, dossier)) };
        self.tell(who, "reporter_read", &json!({ "dossier": dossier, "lead": lead }))?;
        let secret = self.inner.store.open_sealed(sealed.as_str())?;
        secret.ok_or_else(|| No::Fault(Operation::log(&"a sealed part is not there")))
    }

    /// The dossier as recorded; one without entries if there is none of this id.
    pub(crate) fn load(&self, id: &str) -> Result<Arc<Dossier>, No> {
        let new = || Dossier::new(id);
        self.inner.dossiers.load(&self.inner.store, &Stream::dossier(id), new, |dossier, event| {
            let entry: Entry = replayed::read(event)?;
            if entry.version != event.header.version {
                return Err(replayed::damaged(event, "the entry has another version"));
            }
            dossier.apply(entry);
            Ok(())
        })
    }

    /// Says where dossiers with papers to be made are to be announced.
    pub(crate) fn announce_papers_to(&self, worker: Sender<String>) {
        // Only the first worker of a process is told.
        let _ = self.inner.papers_due.set(worker);
    }

    fn papers_are_due(&self, dossier: &str) {
        if let Some(worker) = self.inner.papers_due.get() {
            // Without a worker the papers are made at the next start.
            if worker.send(dossier.to_owned()).is_ok() {
                ::metrics::gauge!("chachu_papers_pending").increment(1.0);
            }
        }
    }

    /// Puts a denial on record, and answers as if there were nothing.
    fn deny(&self, who: &StaffId, dossier: &str) -> No {
        let dossier: String = dossier.chars().take(64).collect();
        match self.tell(who, "denied", &json!({ "dossier": dossier })) {
            Ok(()) => Denied::NotFound.into(),
            Err(no) => no,
        }
    }

    /// Sets the clock of a demonstration; that it is set is on record before it is.
    pub(crate) fn set_clock(&self, who: &StaffId, now: DateTime) -> Result<(), No> {
        self.tell_done(who)?;
        self.inner.clock.set(now);
        Ok(())
    }

    /// Puts on record that the request that is being worked on is done, before it is.
    pub(crate) fn tell_done(&self, who: &StaffId) -> Result<(), No> {
        self.tell(who, "request_done", &json!({}))
    }

    /// Puts on record how the request that is being worked on ends.
    pub(crate) fn tell(&self, who: &StaffId, kind: &str, what: &Value) -> Result<(), No> {
        self.audit(who, kind, what)?;
        trail::recorded();
        Ok(())
    }

    fn audit(&self, who: &StaffId, kind: &str, what: &Value) -> Result<(), No> {
        let mut what = what.clone();
        trail::place(&mut what);
        let now = self.now();
        let entry = NewEvent {
            kind: kind.to_owned(),
            who: who.to_string(),
            entered: now.to_string(),
            payload: what.to_string().into_bytes(),
            blobs: Vec::new(),
        };
        let stream = Stream::audit(&self.inner.node, &now.date().to_string());
        let audit = |entry| self.inner.store.audit(&stream, self.inner.clock.instant(), entry);
        let audited = match audit(entry.clone()) {
            // The connection may have died while nobody used it.
            Err(store::Fault::Unavailable(_)) => audit(entry),
            audited => audited,
        };
        if audited.is_err() {
            ::metrics::counter!("chachu_audit_failures_total").increment(1);
        }
        audited?;
        Ok(())
    }
}

/// The name of a process that is the only one.
const ONLY_NODE: &str = "1";

/// How often an act is judged again because somebody else was quicker.
const ATTEMPTS: usize = 16;

fn append_no(error: AppendError<No>) -> No {
    match error {
        AppendError::Conflict { .. } => Denied::Busy.into(),
        AppendError::KeyReused => Denied::KeyReused.into(),
        AppendError::Full => Denied::Full.into(),
        AppendError::Refused(no) => no,
        AppendError::Fault(fault) => fault.into(),
    }
}

/// Random, unguessable and without meaning: 32 hexadecimal digits.
pub(crate) fn random_id() -> Result<String, No> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| No::Fault(Operation::log(&error)))?;
    Ok(hex::encode(bytes))
}

/// The files that an entry names.
pub fn files(entry: &Entry) -> Vec<File> {
    fn find(value: &serde_json::Value, files: &mut Vec<File>) {
        match value {
            serde_json::Value::Array(list) => list.iter().for_each(|value| find(value, files)),
            serde_json::Value::Object(object) => match serde_json::from_value(value.clone()) {
                Ok(file) => files.push(file),
                Err(_) => object.values().for_each(|value| find(value, files)),
            },
            _ => {}
        }
    }
    let mut files = Vec::new();
    // What cannot be written as JSON was never recorded.
    find(&serde_json::to_value(&entry.event).unwrap_or_default(), &mut files);
    files
}

fn describe(name: Text, blob: &Blob) -> File {
    File { name, size: blob.size, sm3: hex::encode(blob.sm3), sha256: hex::encode(blob.sha256) }
}

fn blob(file: &File) -> Option<Blob> {
    let hash = |text: &str| {
        let mut hash = store::Hash::default();
        hex::decode_to_slice(text, &mut hash).is_ok().then_some(hash)
    };
    Some(Blob { sm3: hash(&file.sm3)?, sha256: hash(&file.sha256)?, size: file.size })
}
