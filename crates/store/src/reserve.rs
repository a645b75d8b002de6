//! The reserve: room on the disk that only the log of views may use once the disk is full.
//!
//! Nothing is shown without its entry in the log. A full disk must not therefore stop reading, so
//! a file of this size is given up when there is no other room for entries, and acts are answered
//! as on a full disk until it can be made again.
//! A disk too small for it goes without.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// The write-ahead log at its usual longest, and a few thousand views.
const SIZE: usize = 6 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// The file is there.
    Held,
    /// It was given up.
    Spent,
    /// It could never be made.
    Without,
}

impl Reserve {
    pub(crate) fn open(path: PathBuf) -> Reserve {
        let held = make(&path).is_ok();
        let state = Mutex::new(if held { State::Held } else { State::Without });
        Reserve { path, state }
    }

    /// Whether acts may be written: not while the reserve is given up and cannot be made again.
    pub(crate) fn admits(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *state == State::Spent && make(&self.path).is_ok() {
            *state = State::Held;
        }
        *state != State::Spent
    }

    /// Gives the reserve up; answers whether there was anything to give.
    pub(crate) fn spend(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *state != State::Held || fs::remove_file(&self.path).is_err() {
            return false;
        }
        *state = State::Spent;
        true
    }
}

/// Makes the file, with blocks of its own, or leaves nothing.
fn make(path: &Path) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|file| file.len() == SIZE as u64) {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    // Bytes of one value might be kept without blocks somewhere; that costs readers, not the record.
    let made = file.and_then(|mut file| {
        let block = [0x5a; 64 * 1024];
        (0..SIZE / block.len()).try_for_each(|_| file.write_all(&block))?;
        file.sync_all()
    });
    if made.is_err() {
        // What cannot even be removed is no worse than a disk that is full anyway.
        let _ = fs::remove_file(path);
    }
    made
}
