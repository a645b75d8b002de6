//! The clock: the only place that reads the system's.
//!
//! The core knows civil time in China (UTC+8, without daylight saving since 1991); the record also keeps the instant.
//! A demonstration or a test may set the civil time; instants always stay true.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::Offset};

const CHINA: Offset = Offset::constant(8);

/// The clock of one office.
#[derive(Debug, Default)]
pub struct Clock {
    reading: Mutex<Reading>,
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
                let civil = true_civil();
                let moved = civil.checked_add(moved).unwrap_or(civil);
                moved.with().subsec_nanosecond(0).build().unwrap_or(moved)
            }
            Reading::Standing(now) => now,
        }
    }

    /// The true instant, in milliseconds since 1970-01-01T00:00:00Z.
    pub fn instant(&self) -> i64 {
        timestamp().as_millisecond()
    }

    /// Sets the civil time, which runs on from there.
    pub fn set(&self, now: DateTime) {
        self.read(Reading::Running(true_civil().duration_until(now)));
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

fn true_civil() -> DateTime {
    CHINA.to_datetime(timestamp())
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
