//! The clock: the only place that reads the system's.
//!
//! The core knows civil time in China (UTC+8, without daylight saving since 1991); the record also keeps the instant.
//! A demonstration or a test may set the civil time; instants always stay true.
//! A clock of the system that jumps is noticed, told and never corrected: what is recorded is what the clock said, and order is by version.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Instant,
};

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::Offset};

const CHINA: Offset = Offset::constant(8);

/// The instant of a civil time in China, in milliseconds: for a simulation, whose record has its own past.
pub(crate) fn instant(civil: DateTime) -> i64 {
    CHINA.to_timestamp(civil).map_or(0, |instant| instant.as_millisecond())
}

/// The clock of one office.
#[derive(Debug, Default)]
pub struct Clock {
    reading: Mutex<Reading>,
    source: Source,
    watch: Mutex<Watch>,
    jumps: AtomicU64,
}

/// Where true time comes from.
#[derive(Debug, Default)]
enum Source {
    #[default]
    System,
    Given(Arc<Given>),
}

/// A time that a test moves: wall clock and monotonic clock, in milliseconds.
#[derive(Debug, Default)]
pub struct Given {
    /// Since 1970-01-01T00:00:00Z.
    pub wall: AtomicI64,
    /// Since any moment.
    pub monotonic: AtomicI64,
}

/// What the clocks said when they were last looked at.
#[derive(Debug, Default)]
struct Watch {
    last: Option<(i64, i64)>,
    /// The newest instant that was recorded or told.
    newest: i64,
    off: bool,
}

/// 时钟跳变. What was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The wall clock moved by so many milliseconds more than time did.
    Jumped(i64),
    /// It stands so many milliseconds before the newest instant recorded.
    Behind(i64),
    /// Another node's clock is so many milliseconds ahead of ours.
    Apart(i64),
    /// The database's clock is so many milliseconds ahead of ours.
    FromDatabase(i64),
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = |ms: &i64| ms.unsigned_abs() / 1000;
        match self {
            Warning::Jumped(ms) if *ms < 0 => write!(f, "系统时钟向后跳了{}秒", seconds(ms)),
            Warning::Jumped(ms) => write!(f, "系统时钟向前跳了{}秒", seconds(ms)),
            Warning::Behind(ms) => write!(f, "系统时钟比最新的记录晚{}秒", seconds(ms)),
            Warning::FromDatabase(ms) => {
                let way = if *ms < 0 { "快" } else { "慢" };
                write!(f, "本节点的时钟比数据库的{way}{:.1}秒", ms.unsigned_abs() as f64 / 1000.0)
            }
            Warning::Apart(ms) => write!(f, "两个节点的时钟相差{}秒", seconds(ms)),
        }
    }
}

/// How far clocks may differ, in milliseconds.
pub const TOLERANCE: i64 = 2000;

/// Compares the instant of this node with that of another; more than two seconds are a warning.
pub fn compare(local: i64, remote: i64) -> Option<Warning> {
    let apart = remote.saturating_sub(local);
    (apart.saturating_abs() > TOLERANCE).then_some(Warning::Apart(apart))
}

/// How far a node's clock may be from the database's, in milliseconds: half of what two nodes may
/// be apart, so that of two that are further apart than that at least one is told.
pub const DATABASE_TOLERANCE: i64 = TOLERANCE / 2;

/// Compares the instant of this node with that of the database.
pub fn compare_with_database(local: i64, database: i64) -> Option<Warning> {
    let apart = database.saturating_sub(local);
    (apart.saturating_abs() > DATABASE_TOLERANCE).then_some(Warning::FromDatabase(apart))
}

/// How the civil time is told.
#[derive(Clone, Copy, Debug)]
enum Reading {
    /// The true time, moved by this much.
    Running(SignedDuration),
    /// Always this time.
    Standing(DateTime),
}

impl Default for Reading {
    fn default() -> Self {
        Reading::Running(SignedDuration::ZERO)
    }
}

impl Clock {
    /// The civil date and time in China, to the second.
    pub fn now(&self) -> DateTime {
        match *self.reading.lock().unwrap_or_else(PoisonError::into_inner) {
            Reading::Running(moved) => {
                let civil = self.true_civil();
                let moved = civil.checked_add(moved).unwrap_or(civil);
                moved.with().subsec_nanosecond(0).build().unwrap_or(moved)
            }
            Reading::Standing(now) => now,
        }
    }

    /// The true instant, in milliseconds since 1970-01-01T00:00:00Z; a jump of the clock is noticed here.
    pub fn instant(&self) -> i64 {
        let warning = self.look();
        if let Some(warning) = warning {
            self.jumps.fetch_add(1, Ordering::Relaxed);
            ::metrics::counter!("chachu_clock_warnings_total").increment(1);
            tracing::warn!(%warning, "the clock jumped");
        }
        self.wall()
    }

    /// A clock that a test moves.
    pub fn given(given: Arc<Given>) -> Clock {
        Clock { source: Source::Given(given), ..Clock::default() }
    }

    /// How many warnings there were since the start.
    pub fn warnings(&self) -> u64 {
        self.jumps.load(Ordering::Relaxed)
    }

    /// Says what the newest instant in the record is; a clock behind it is a warning at the next look.
    pub fn recorded(&self, instant: i64) {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        watch.newest = watch.newest.max(instant);
    }

    /// Looks no more for jumps: the negative control of the test that they are noticed.
    pub fn ignore_jumps(&self) {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).off = true;
    }

    /// Compares the wall clock with the monotonic one and with the newest instant; each jump is told once.
    fn look(&self) -> Option<Warning> {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        // Read inside the lock: another thread's later look must not make this one seem to go back.
        let (wall, monotonic) = (self.wall(), self.monotonic());
        let last = watch.last.replace((wall, monotonic));
        let newest = watch.newest;
        watch.newest = newest.max(wall);
        if watch.off {
            return None;
        }
        let Some((last_wall, last_monotonic)) = last else {
            let behind = newest.saturating_sub(wall);
            return (behind > TOLERANCE).then_some(Warning::Behind(behind));
        };
        let passed = monotonic.saturating_sub(last_monotonic);
        let jumped = wall.saturating_sub(last_wall).saturating_sub(passed);
        // A clock that is being set right runs a little fast or slow, at most one in a thousand.
        let is_jump = jumped.saturating_abs() > TOLERANCE + passed / 1000;
        is_jump.then_some(Warning::Jumped(jumped))
    }

    fn wall(&self) -> i64 {
        match &self.source {
            Source::System => timestamp().as_millisecond(),
            Source::Given(given) => given.wall.load(Ordering::SeqCst),
        }
    }

    fn monotonic(&self) -> i64 {
        static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        match &self.source {
            Source::System => i64::try_from(START.elapsed().as_millis()).unwrap_or(i64::MAX),
            Source::Given(given) => given.monotonic.load(Ordering::SeqCst),
        }
    }

    fn true_civil(&self) -> DateTime {
        let told = Timestamp::from_millisecond(self.wall());
        CHINA.to_datetime(told.unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// Sets the civil time, which runs on from there.
    pub fn set(&self, now: DateTime) {
        self.read(Reading::Running(self.true_civil().duration_until(now)));
    }

    /// Sets the civil time and stops it there.
    pub fn stand(&self, now: DateTime) {
        self.read(Reading::Standing(now));
    }

    /// Tells the true time again.
    pub fn reset(&self) {
        self.read(Reading::default());
    }

    fn read(&self, reading: Reading) {
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = reading;
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one clock")]
fn timestamp() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn china_is_eight_hours_ahead() {
        let midnight = Timestamp::from_second(1_644_249_600).unwrap();
        assert_eq!(CHINA.to_datetime(midnight).to_string(), "2022-02-08T00:00:00");
    }

    #[test]
    fn a_clock_that_was_set_runs_on_and_a_standing_one_does_not() {
        let clock = Clock::default();
        let then: DateTime = "2022-02-08T09:00:00".parse().unwrap();
        clock.set(then);
        let told = clock.now();
        assert!(told == then || told == then.checked_add(SignedDuration::from_secs(1)).unwrap());
        clock.stand(then);
        assert_eq!(clock.now(), then);
        clock.reset();
        assert!(clock.now() > then);
    }
}
