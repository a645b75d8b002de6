//! 上限. How much is taken at once: set once at the start, the same for the whole process.

use std::{
    sync::{LazyLock, OnceLock},
    time::Duration,
};

use tokio::sync::Semaphore;

use crate::config::Config;

/// The limits in force.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest head of a request, in bytes.
    pub header: usize,
    /// The longest body but a file, in bytes.
    pub body: usize,
    /// The largest file, in bytes.
    pub upload: u64,
    /// Connections at once.
    pub connections: usize,
    /// Blocking work at once.
    pub work: usize,
    /// How long the head of a request may take.
    pub header_patience: Duration,
    /// How long a request may take.
    pub patience: Duration,
    /// How long requests may still take when the server is told to stop.
    pub farewell: Duration,
    /// Sessions of this node at once.
    pub sessions: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            header: 32 * 1024,
            body: 2 * 1024 * 1024,
            upload: 200 * 1024 * 1024,
            connections: 1024,
            work: 128,
            header_patience: Duration::from_secs(15),
            patience: Duration::from_secs(120),
            farewell: Duration::from_secs(10),
            sessions: 20_000,
        }
    }
}

static LIMITS: OnceLock<Limits> = OnceLock::new();
static WORK: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(get().work));

/// The limits in force.
pub fn get() -> &'static Limits {
    LIMITS.get_or_init(Limits::default)
}

/// Takes the limits of a configuration; later calls change nothing.
pub fn set(config: &Config) {
    let usual = Limits::default();
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let seconds = Duration::from_secs;
    let limits = Limits {
        header: config.header_kib.map_or(usual.header, |it| size(it.0 * 1024)),
        body: config.body_kib.map_or(usual.body, |it| size(it.0 * 1024)),
        upload: config.upload_mib.map_or(usual.upload, |it| it.0 * 1024 * 1024),
        connections: config.connections.map_or(usual.connections, |it| size(it.0)),
        work: config.work.map_or(usual.work, |it| size(it.0)),
        header_patience: config.header_seconds.map_or(usual.header_patience, |it| seconds(it.0)),
        patience: config.request_seconds.map_or(usual.patience, |it| seconds(it.0)),
        farewell: config.farewell_seconds.map_or(usual.farewell, |it| seconds(it.0)),
        sessions: config.sessions.map_or(usual.sessions, |it| size(it.0)),
    };
    let _ = LIMITS.set(limits);
}

/// The places for blocking work.
pub(crate) fn work() -> &'static Semaphore {
    &WORK
}
