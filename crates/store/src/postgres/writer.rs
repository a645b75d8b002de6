//! The writer of one node: one thread that gathers concurrent acts into few commits.
//!
//! Other nodes write at the same time. What a batch rests on is locked before it is read, so that
//! versions and numbers come out as if one batch came after the other.
//! A commit whose answer was lost is looked up under the same locks, never guessed.

use std::{
    iter,
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender, SyncSender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use postgres::Config;

use super::{
    append,
    link::{Link, get},
};
use crate::{
    Fault, observe,
    plan::{Batch, Job, Rows, Wanted, wanted},
    seal::Keys,
    vault::Directory,
};

/// Acts in one commit at most: each holds a handful of locks, of which a cluster has thousands.
const BATCH: usize = 64;
/// How long the fate of a commit is looked for. Longer than a session cut off may keep its locks.
const LOOKING: Duration = Duration::from_secs(40);
/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(250);

/// The writing half of a node's store.
pub(super) struct Writer {
    jobs: Option<Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(
        config: Config,
        keys: Arc<Keys>,
        directory: Option<Directory>,
        written: SyncSender<()>,
    ) -> Result<Writer, Fault> {
        let (jobs, queue) = mpsc::channel();
        let mut desk = Desk { config, keys, directory, written, link: None };
        let thread = thread::Builder::new().name("store-writer".to_owned());
        let thread = thread.spawn(move || desk.serve(&queue));
        let thread = Some(thread.map_err(Fault::io("start the writer"))?);
        Ok(Writer { jobs: Some(jobs), thread })
    }

    pub(super) fn submit(&self, job: Box<dyn Job>) {
        if let Some(jobs) = &self.jobs {
            // What cannot be sent is dropped, and its caller hears of it.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        // An act may hold the store's last clone; the writer cannot wait for itself.
        let other = |it: &JoinHandle<()>| it.thread().id() != thread::current().id();
        if let Some(thread) = self.thread.take().filter(other) {
            let _ = thread.join();
        }
    }
}

/// The thread's own side.
struct Desk {
    config: Config,
    keys: Arc<Keys>,
    directory: Option<Directory>,
    /// Tells the sealer that there is something to seal.
    written: SyncSender<()>,
    link: Option<Link>,
}

impl Desk {
    fn serve(&mut self, queue: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = queue.recv() {
            let mut jobs: Vec<_> = iter::once(first).chain(queue.try_iter()).take(BATCH).collect();
            let began = Instant::now();
            let fate = self.commit(&mut jobs);
            if fate.is_ok() {
                observe::committed(jobs.len(), began.elapsed());
            }
            // A sealer that has been told already need not be told twice.
            let _ = self.written.try_send(());
            jobs.into_iter().for_each(|job| job.answer(fate.clone()));
        }
    }

    fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Fault> {
        let mut link = match self.link.take().filter(|link| !link.is_closed()) {
            Some(link) => link,
            None => Link::open(&self.config).map_err(Fault::before_commit)?,
        };
        let wanted = wanted(&*jobs);
        let rows = match self.prepare(&mut link, jobs, &wanted) {
            Ok(rows) => rows,
            Err(fault) => {
                // COMMIT was never sent: whatever was written is undone by PostgreSQL itself.
                self.link = link.batch("ROLLBACK").is_ok().then_some(link);
                return Err(fault.before_commit());
            }
        };
        match link.batch("COMMIT") {
            Ok(()) => {
                self.link = Some(link);
                Ok(())
            }
            Err(_) => {
                drop(link);
                self.look_up(&wanted, &rows)
            }
        }
    }

    /// Does everything but the commit.
    fn prepare(
        &self,
        link: &mut Link,
        jobs: &mut [Box<dyn Job>],
        wanted: &Wanted,
    ) -> Result<Rows, Fault> {
        append::begin(link, wanted)?;
        let loaded = append::load(link, wanted)?;
        let mut batch = Batch::new(loaded, wanted, &self.keys);
        let mut holds = |blob: &_| append::holds(link, self.directory.as_ref(), blob);
        jobs.iter_mut().for_each(|job| job.plan(&mut batch, &mut holds));
        let (rows, loaded) = batch.into_rows();
        append::write(link, &rows, &loaded)?;
        Ok(rows)
    }

    /// Finds out what became of a commit whose answer was lost.
    fn look_up(&mut self, wanted: &Wanted, rows: &Rows) -> Result<(), Fault> {
        let until = Instant::now() + LOOKING;
        loop {
            let found = Link::open(&self.config).and_then(|mut link| {
                let found = committed(&mut link, wanted, rows)?;
                self.link = Some(link);
                Ok(found)
            });
            match found {
                Ok(Some(true)) => return Ok(()),
                Ok(Some(false)) => {
                    return Err(Fault::Unavailable("the commit did not happen".to_owned()));
                }
                Ok(None) => return Err(Fault::Unresolved),
                Err(_) if Instant::now() < until => thread::sleep(PAUSE),
                Err(_) => return Err(Fault::Unresolved),
            }
        }
    }
}

/// Whether a batch is there; `None` if it wrote nothing by which it could be told.
///
/// Under its locks no older session can still be committing it, so absence is final. The salt of
/// an event is random, so that nobody else's event can be taken for it.
fn committed(link: &mut Link, wanted: &Wanted, rows: &Rows) -> Result<Option<bool>, Fault> {
    append::begin(link, wanted)?;
    let found = if let Some(event) = rows.events.first() {
        let sql = "SELECT e.header = $3 FROM event e JOIN stream s ON s.id = e.stream
            WHERE s.name = $1 AND e.version = $2";
        let version = event.header.version as i64;
        let row = link.query_opt(sql, &[&event.header.stream.as_str(), &version, &event.bytes])?;
        Some(row.map_or(Ok(false), |row| get(&row, 0))?)
    } else if let Some((key, _)) = rows.outcomes.first_key_value() {
        // The key was free under the same locks, so that only this batch can have used it.
        let sql = "SELECT 1 FROM outcome WHERE key = $1";
        Some(link.query_opt(sql, &[key])?.is_some())
    } else {
        None
    };
    link.batch("COMMIT")?;
    Ok(found)
}
