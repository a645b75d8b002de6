//! The writer: one thread that gathers concurrent acts into one durable commit.
//!
//! Acts are planned in memory; other changes run in a savepoint each, so that one that fails
//! leaves the others alone.
//! Nobody gets an answer before the commit, since even a refusal may rest on what another act of
//! the batch wrote.

use std::{
    iter,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender, SyncSender},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use rusqlite::Connection;

use super::{append, log::Log};
use crate::{
    Fault, observe,
    plan::{Batch, Job, wanted},
    seal::Keys,
    vault::Directory,
};

/// Acts in one commit at most, so that the first of them does not wait long.
const BATCH: usize = 256;

/// The writing half of a store.
pub(super) struct Writer {
    acts: Option<Sender<Act>>,
    thread: Option<JoinHandle<()>>,
}

/// Something to be written.
enum Act {
    /// An act on the record.
    Job(Box<dyn Job>),
    /// A change of what is not record.
    Change(Box<dyn Change>),
}

trait Change: Send {
    /// Writes; answers whether that is to be kept.
    fn run(&mut self, connection: &Connection) -> bool;

    /// The fault it ended in, if it did.
    fn fault(&self) -> Option<Fault>;

    /// Tells the waiting caller how it ended.
    fn answer(self: Box<Self>, fate: Result<(), Fault>);
}

struct Pending<F, T> {
    work: Option<F>,
    result: Option<Result<T, Fault>>,
    caller: SyncSender<Result<T, Fault>>,
}

impl<F, T> Change for Pending<F, T>
where
    F: FnOnce(&Connection) -> Result<T, Fault> + Send,
    T: Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else { return false };
        // The savepoint undoes whatever a panicking change had written.
        self.result = catch_unwind(AssertUnwindSafe(|| work(connection))).ok();
        matches!(self.result, Some(Ok(_)))
    }

    fn fault(&self) -> Option<Fault> {
        self.result.as_ref()?.as_ref().err().cloned()
    }

    fn answer(self: Box<Self>, fate: Result<(), Fault>) {
        let Pending { result, caller, .. } = *self;
        // A caller that went away does not want to know.
        let _ = caller.send(fate.and_then(|()| result.unwrap_or(Err(Fault::Panicked))));
    }
}

/// What the writer's thread works with.
struct Desk {
    connection: Connection,
    /// None in memory.
    log: Option<Log>,
    keys: Arc<Keys>,
    directory: Option<Directory>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        log: Option<Log>,
        keys: Arc<Keys>,
        directory: Option<Directory>,
    ) -> Result<Writer, Fault> {
        let (acts, queue) = mpsc::channel();
        let mut desk = Desk { connection, log, keys, directory };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || desk.serve(&queue))
            .map_err(Fault::io("start the writer"))?;
        Ok(Writer { acts: Some(acts), thread: Some(thread) })
    }

    /// Hands an act over; dropping it tells its caller that the store is closed.
    pub(super) fn submit(&self, job: Box<dyn Job>) {
        self.send(Act::Job(job));
    }

    /// Runs `work` in the writer's transaction; when this returns, what it wrote is durable, or
    /// undone if it answered an error.
    pub(super) fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (caller, answer) = mpsc::sync_channel(1);
        self.send(Act::Change(Box::new(Pending { work: Some(work), result: None, caller })));
        answer.recv().unwrap_or(Err(Fault::Closed))
    }

    fn send(&self, act: Act) {
        if let Some(acts) = &self.acts {
            // What cannot be sent is dropped, and its caller hears of it.
            let _ = acts.send(act);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.acts = None;
        // An act may hold the store's last clone; the writer cannot wait for itself.
        if let Some(thread) =
            self.thread.take().filter(|it| it.thread().id() != thread::current().id())
        {
            let _ = thread.join();
        }
    }
}

impl Desk {
    fn serve(&mut self, queue: &Receiver<Act>) {
        while let Ok(first) = queue.recv() {
            let (mut jobs, mut changes) = (Vec::new(), Vec::new());
            for act in iter::once(first).chain(queue.try_iter()).take(BATCH) {
                match act {
                    Act::Job(job) => jobs.push(job),
                    Act::Change(change) => changes.push(change),
                }
            }
            let began = Instant::now();
            let fate = self.commit(&mut jobs, &mut changes);
            if fate.is_ok() {
                observe::committed(jobs.len() + changes.len(), began.elapsed());
            }
            if fate.is_err() && !self.connection.is_autocommit() {
                // If even this fails, the next BEGIN does, and says so to its callers.
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            jobs.into_iter().for_each(|job| job.answer(fate.clone()));
            changes.into_iter().for_each(|change| change.answer(fate.clone()));
            if let Some(log) = &mut self.log {
                log.after_commit();
            }
        }
    }

    fn commit(
        &self,
        jobs: &mut [Box<dyn Job>],
        changes: &mut [Box<dyn Change>],
    ) -> Result<(), Fault> {
        let connection = &self.connection;
        execute(connection, "BEGIN IMMEDIATE").map_err(Fault::before_commit)?;
        if !jobs.is_empty() {
            self.record(jobs).map_err(Fault::before_commit)?;
        }
        for change in changes {
            execute(connection, "SAVEPOINT act")?;
            let keep = change.run(connection);
            if connection.is_autocommit() {
                // SQLite gives the whole transaction up when space, memory or the disk fails.
                let given_up = || Fault::Database("the transaction was given up".to_owned());
                return Err(change.fault().unwrap_or_else(given_up));
            }
            if !keep {
                execute(connection, "ROLLBACK TO act")?;
            }
            execute(connection, "RELEASE act")?;
        }
        execute(connection, "COMMIT")
    }

    fn record(&self, jobs: &mut [Box<dyn Job>]) -> Result<(), Fault> {
        let wanted = wanted(&*jobs);
        let loaded = append::load(&self.connection, &wanted)?;
        let mut batch = Batch::new(loaded, &wanted, &self.keys);
        let mut holds = |blob: &_| append::holds(&self.connection, self.directory.as_ref(), blob);
        jobs.iter_mut().for_each(|job| job.plan(&mut batch, &mut holds));
        let (rows, loaded) = batch.into_rows();
        append::write(&self.connection, &rows, &loaded)
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<(), Fault> {
    connection.prepare_cached(sql)?.execute(())?;
    Ok(())
}
