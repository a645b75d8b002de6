//! Measuring: how often a second something is done, how long it takes, and what it costs.

use std::{
    fs,
    sync::atomic::{AtomicU8, Ordering},
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::{Scale, joined};
use crate::commands::Wrong;

/// What was measured of one kind of work.
#[derive(Clone, Copy)]
pub(super) struct Figures {
    /// How often a second.
    pub(super) per_second: f64,
    /// The same in the slowest and in the quickest round.
    pub(super) spread: (f64, f64),
    /// Half of them took no longer, in milliseconds.
    pub(super) p50_ms: f64,
    /// All but one in a hundred took no longer, in milliseconds.
    pub(super) p99_ms: f64,
    /// Processor time of the whole process for each, in milliseconds.
    pub(super) cpu_ms: f64,
}

impl Figures {
    /// What stands above [`Figures::cells`].
    pub(super) const HEADS: [&str; 5] = ["每秒", "最慢～最快轮", "p50", "p99", "CPU/次"];

    /// The round with the median rate.
    pub(super) fn median(mut rounds: Vec<Figures>) -> Option<Figures> {
        rounds.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
        let spread = (rounds.first()?.per_second, rounds.last()?.per_second);
        Some(Figures { spread, ..*rounds.get(rounds.len() / 2)? })
    }

    /// With how often that is for each commit of the bare engine, where that says something.
    pub(super) fn as_json(&self, to_raw: Option<f64>) -> Value {
        json!({
            "per_s": self.per_second,
            "slowest_per_s": self.spread.0,
            "quickest_per_s": self.spread.1,
            "p50_ms": self.p50_ms,
            "p99_ms": self.p99_ms,
            "cpu_ms": self.cpu_ms,
            "to_raw": to_raw,
        })
    }

    pub(super) fn cells(&self) -> [String; 5] {
        let (slowest, quickest) = self.spread;
        [
            format!("{:.0}", self.per_second),
            format!("{slowest:.0}～{quickest:.0}"),
            format!("{:.2}", self.p50_ms),
            format!("{:.2}", self.p99_ms),
            format!("{:.2}", self.cpu_ms),
        ]
    }
}

const WARMING_UP: u8 = 0;
const MEASURING: u8 = 1;
const OVER: u8 = 2;

/// Lets every worker do its work again and again, each on a thread of its own.
pub(super) fn gauge<W: Send>(
    workers: &mut [W],
    scale: &Scale,
    work: impl Fn(&mut W) -> Result<(), Wrong> + Sync,
) -> Result<Figures, Wrong> {
    let phase = AtomicU8::new(WARMING_UP);
    let (phase, work) = (&phase, &work);
    thread::scope(|scope| {
        let threads: Vec<_> = workers
            .iter_mut()
            .map(|worker| scope.spawn(move || repeat(|| work(worker), phase)))
            .collect();
        thread::sleep(scale.warm_up);
        // Both are looked at before the threads are told to stop, so that no error leaves them running.
        let before = cpu();
        let begun = Instant::now();
        phase.store(MEASURING, Ordering::Relaxed);
        thread::sleep(scale.measured);
        phase.store(OVER, Ordering::Relaxed);
        let (seconds, after) = (begun.elapsed().as_secs_f64(), cpu());
        let mut times = histogram()?;
        for thread in threads {
            times.add(joined(thread)?).map_err(wrong)?;
        }
        let ms = |quantile| times.value_at_quantile(quantile) as f64 / 1e6;
        let spent = after? - before?;
        let per_second = times.len() as f64 / seconds;
        Ok(Figures {
            per_second,
            spread: (per_second, per_second),
            p50_ms: ms(0.5),
            p99_ms: ms(0.99),
            cpu_ms: spent.as_secs_f64() * 1e3 / times.len().max(1) as f64,
        })
    })
}

fn repeat(
    mut work: impl FnMut() -> Result<(), Wrong>,
    phase: &AtomicU8,
) -> Result<Histogram<u64>, Wrong> {
    let mut times = histogram()?;
    loop {
        let begun = Instant::now();
        work()?;
        match phase.load(Ordering::Relaxed) {
            WARMING_UP => {}
            MEASURING => times.saturating_record(begun.elapsed().as_nanos() as u64),
            _ => return Ok(times),
        }
    }
}

/// The longest time that is told apart, in nanoseconds: a minute.
const LONGEST: u64 = 60_000_000_000;

/// Bounded, since one that grows by itself would cut every time to its first size.
fn histogram() -> Result<Histogram<u64>, Wrong> {
    Histogram::new_with_bounds(1, LONGEST, 3).map_err(wrong)
}

fn wrong(error: impl std::fmt::Display) -> Wrong {
    Wrong::Refused(format!("无法统计：{error}"))
}

/// Linux tells processor time in hundredths of a second, whatever the kernel's own ticks.
const TICK: Duration = Duration::from_millis(10);

/// The processor time that this process has used.
fn cpu() -> Result<Duration, Wrong> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The program's name is in parentheses and may contain blanks; user and system time are the 14th and 15th field.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2);
    let ticks: u32 = ticks.filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
    Ok(TICK * ticks)
}
