//! What is told of each commit to whoever runs the process: how many acts it held, how long it took.

use std::{sync::OnceLock, time::Duration};

/// Hears of a commit.
type Told = fn(usize, Duration);

static TOLD: OnceLock<Told> = OnceLock::new();

/// Says who is to hear of every commit of this process; only the first who asks is.
pub fn on_commit(told: Told) {
    let _ = TOLD.set(told);
}

/// Tells of a commit.
pub(crate) fn committed(acts: usize, took: Duration) {
    if let Some(told) = TOLD.get() {
        told(acts, took);
    }
}
