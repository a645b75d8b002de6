//! The writer: one thread that gathers concurrent acts into one durable commit.
//!
//! Each act runs in its own savepoint, so that one that fails leaves the others alone.
//! Nobody gets an answer before the commit, since even a refusal may rest on what another act of
//! the batch wrote.

use std::{
    iter,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{self, Receiver, Sender, SyncSender},
    thread::{self, JoinHandle},
};

use rusqlite::Connection;

use crate::{AppendError, Fault};

/// Acts in one commit at most, so that the first of them does not wait long.
const BATCH: usize = 256;

/// The writing half of a store.
pub(super) struct Writer {
    acts: Option<Sender<Box<dyn Act>>>,
    thread: Option<JoinHandle<()>>,
}

/// Something to be written.
trait Act: Send {
    /// Writes; answers whether that is to be kept.
    fn run(&mut self, connection: &Connection) -> bool;

    /// The fault it ended in, if it did.
    fn fault(&self) -> Option<Fault>;

    /// Tells the waiting caller how it ended.
    fn answer(self: Box<Self>, fate: Result<(), Fault>);
}

/// An error that may be a fault, so that one that ends the whole transaction can be told to all.
pub(super) trait Failure: From<Fault> + Send + 'static {
    fn fault(&self) -> Option<Fault>;
}

impl Failure for Fault {
    fn fault(&self) -> Option<Fault> {
        Some(self.clone())
    }
}

impl<R: Send + 'static> Failure for AppendError<R> {
    fn fault(&self) -> Option<Fault> {
        match self {
            AppendError::Full => Some(Fault::Full),
            AppendError::Fault(fault) => Some(fault.clone()),
            AppendError::Conflict { .. } | AppendError::KeyReused | AppendError::Refused(_) => None,
        }
    }
}

struct Pending<F, T, E> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    caller: SyncSender<Result<T, E>>,
}

impl<F, T, E> Act for Pending<F, T, E>
where
    F: FnOnce(&Connection) -> Result<T, E> + Send,
    T: Send,
    E: Failure,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else { return false };
        // The savepoint undoes whatever a panicking act had written.
        self.result = catch_unwind(AssertUnwindSafe(|| work(connection))).ok();
        matches!(self.result, Some(Ok(_)))
    }

    fn fault(&self) -> Option<Fault> {
        self.result.as_ref()?.as_ref().err()?.fault()
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

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Writer, Fault> {
        let (acts, queue) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || serve(&connection, &queue))
            .map_err(Fault::io("start the writer"))?;
        Ok(Writer { acts: Some(acts), thread: Some(thread) })
    }

    /// Runs `work` in the writer's transaction; when this returns, what it wrote is durable, or
    /// undone if it answered an error.
    pub(super) fn write<T, E>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
    {
        let (caller, answer) = mpsc::sync_channel(1);
        let act = Box::new(Pending { work: Some(work), result: None, caller });
        let sent = self.acts.as_ref().is_some_and(|acts| acts.send(act).is_ok());
        match answer.recv() {
            Ok(result) if sent => result,
            _ => Err(Fault::Closed.into()),
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

fn serve(connection: &Connection, queue: &Receiver<Box<dyn Act>>) {
    while let Ok(first) = queue.recv() {
        let mut batch = Vec::new();
        let acts = iter::once(first).chain(queue.try_iter()).take(BATCH);
        let fate = commit(connection, acts, &mut batch);
        if fate.is_err() && !connection.is_autocommit() {
            // If even this fails, the next BEGIN does, and says so to its callers.
            let _ = connection.execute_batch("ROLLBACK");
        }
        for act in batch {
            act.answer(fate.clone());
        }
    }
}

/// Runs acts in one transaction. Those that were taken from the queue are in `batch` afterwards.
fn commit(
    connection: &Connection,
    acts: impl Iterator<Item = Box<dyn Act>>,
    batch: &mut Vec<Box<dyn Act>>,
) -> Result<(), Fault> {
    let mut begun = false;
    for act in acts {
        batch.push(act);
        let Some(act) = batch.last_mut() else { continue };
        if !begun {
            execute(connection, "BEGIN IMMEDIATE")?;
            begun = true;
        }
        execute(connection, "SAVEPOINT act")?;
        let keep = act.run(connection);
        if connection.is_autocommit() {
            // SQLite gives the whole transaction up when space, memory or the disk fails inside it.
            let given_up = || Fault::Database("the transaction was given up".to_owned());
            return Err(act.fault().unwrap_or_else(given_up));
        }
        if !keep {
            execute(connection, "ROLLBACK TO act")?;
        }
        execute(connection, "RELEASE act")?;
    }
    execute(connection, "COMMIT")
}

fn execute(connection: &Connection, sql: &str) -> Result<(), Fault> {
    connection.prepare_cached(sql)?.execute(())?;
    Ok(())
}
