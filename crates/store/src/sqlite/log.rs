//! The write-ahead log, moved into the database beside the writer.
//!
//! By itself SQLite would do it within the commit that makes the log long, while all acts wait.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender, SyncSender},
    },
    thread::{self, JoinHandle},
};

use rusqlite::Connection;

use crate::Fault;

/// Pages of new log after which it is moved: 16 MiB, so that a page that many acts change is
/// moved for all of them at once.
const LONG: usize = 4_000;
/// Pages of log after which the writer waits, so that it can begin anew: 64 MiB.
const TOO_LONG: usize = 16_000;

/// The log of a writer's connection.
pub(super) struct Log {
    /// Pages in the log after the last commit.
    pages: Arc<AtomicUsize>,
    /// Pages in it when it was last asked to be moved.
    moved: usize,
    asked: Option<Sender<Asked>>,
    thread: Option<JoinHandle<()>>,
}

/// To move the log, and to say when that is done.
type Asked = SyncSender<()>;

impl Log {
    /// Takes over the log of `writer`; `mover` is another connection to the same database.
    pub(super) fn of(writer: &mut Connection, mover: Connection) -> Result<Log, Fault> {
        let pages = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&pages);
        // This takes the place of SQLite's own way of moving it.
        writer.wal_hook(Some(move |_: &mut _, pages: i32| {
            counted.store(usize::try_from(pages).unwrap_or_default(), Ordering::Relaxed);
            Ok(())
        }))?;
        let (asked, queue) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("store-log".to_owned())
            .spawn(move || move_when_asked(&mover, &queue))
            .map_err(Fault::io("start moving the log"))?;
        Ok(Log { pages, moved: 0, asked: Some(asked), thread: Some(thread) })
    }

    /// Has the log moved if the last commit made it long, and waits if it is too long.
    pub(super) fn after_commit(&mut self) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.moved {
            self.moved = 0;
        }
        if pages < self.moved + LONG {
            return;
        }
        self.moved = pages;
        let (done, wait) = mpsc::sync_channel(1);
        let is_asked = self.asked.as_ref().is_some_and(|asked| asked.send(done).is_ok());
        if is_asked && pages >= TOO_LONG {
            // The log begins anew once all of it is moved and nobody reads it.
            let _ = wait.recv();
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.asked = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn move_when_asked(connection: &Connection, queue: &Receiver<Asked>) {
    while let Ok(done) = queue.recv() {
        // What cannot be moved now, for a full disk or an old reader, is moved after a later commit.
        let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()));
        let _ = done.send(());
    }
}
