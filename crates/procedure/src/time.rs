//! Statutory time: how a limit is counted, and how a day stands to it.
//!
//! The regulation has no rule on counting; this follows the civil rules (民法典 arts. 201–203).
//! A limit is a start and a total length, never a chain of sums, so that an extension lengthens
//! the total. It yields two dates: the *nominal* last day, of which reminders speak, and the
//! *latest*, which days off may have moved. Today is always an argument.

use std::fmt;

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::holidays::Holidays;

/// 期限长度. The total length of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// 月. Ends on the day of the same number, or on the last day of a month that has none.
    Months(u16),
    /// 工作日. Day 1 is the first working day after the start.
    WorkingDays(u16),
    /// 日. Calendar days; the start is not counted.
    Days(u16),
}

/// What becomes of a limit in months whose last day is a day off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastDay {
    /// The next working day is the last (民法典 art. 203).
    MovedToWorkingDay,
    /// The day stands.
    Kept,
}

/// 期限. A limit that has begun to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Deadline {
    /// 起算日. The day of the event, which is not counted.
    pub start: Date,
    /// The total length, extensions included.
    pub length: Length,
    /// 名义届满日. The last day, not moved.
    pub nominal: Date,
    /// 最迟日. The last day, moved past days off.
    pub latest: Date,
    /// 暂定. The holiday table had to be asked about a day it does not know.
    pub provisional: bool,
}

/// How a day stands to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// 期限内. On or before the nominal last day.
    InTime {
        /// Days until the nominal last day; none are left on that day itself.
        days_left: i64,
    },
    /// 因末日为休息日顺延. After the nominal last day, not after the latest.
    InTimeOnlyBecauseLastDayWasOff,
    /// 逾期. After the latest day.
    Late {
        /// Days since the latest day.
        days: i64,
    },
}

/// Counts a limit; `None` only where the calendar ends.
///
/// The result is provisional if a day that the table was asked about is not known to it: for
/// working days every day counted, for months only the last day and those it is moved past, for
/// calendar days and kept last days none.
pub fn deadline(
    start: Date,
    length: Length,
    last_day: LastDay,
    holidays: &Holidays,
) -> Option<Deadline> {
    let unmoved = |nominal| (nominal, nominal);
    let ((nominal, latest), asked_from) = match (length, last_day) {
        (Length::Months(n), LastDay::MovedToWorkingDay) => {
            let nominal = months_after(start, n)?;
            let latest = days_from(nominal).find(|day| holidays.is_working_day(*day))?;
            ((nominal, latest), Some(nominal))
        }
        (Length::Months(n), LastDay::Kept) => (unmoved(months_after(start, n)?), None),
        (Length::Days(n), _) => {
            (unmoved(start.checked_add(Span::new().try_days(n).ok()?).ok()?), None)
        }
        (Length::WorkingDays(0), _) => (unmoved(start), None),
        (Length::WorkingDays(n), _) => {
            let first = start.tomorrow().ok()?;
            let mut working = days_from(first).filter(|day| holidays.is_working_day(*day));
            (unmoved(working.nth(usize::from(n) - 1)?), Some(first))
        }
    };
    // The known years have no gap: if both ends are known, so is every day between.
    let provisional =
        asked_from.is_some_and(|first| !(holidays.knows(first) && holidays.knows(latest)));
    Some(Deadline { start, length, nominal, latest, provisional })
}

/// Reads a date written `2026-02-28`, and nothing else that a date library might accept.
pub fn date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|date: &Date| date.to_string() == text)
}

impl Length {
    /// The total of a length and its extension; `None` if their units differ.
    pub fn extended_by(self, extension: Length) -> Option<Length> {
        match (self, extension) {
            (Length::Months(a), Length::Months(b)) => a.checked_add(b).map(Length::Months),
            (Length::WorkingDays(a), Length::WorkingDays(b)) => {
                a.checked_add(b).map(Length::WorkingDays)
            }
            (Length::Days(a), Length::Days(b)) => a.checked_add(b).map(Length::Days),
            _ => None,
        }
    }
}

/// The regulation's own way to write a length.
impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Length::Months(n) => write!(f, "{n}个月"),
            Length::WorkingDays(n) => write!(f, "{n}个工作日"),
            Length::Days(n) => write!(f, "{n}日"),
        }
    }
}

impl Deadline {
    /// Whether the last day was moved because it was a day off.
    pub fn is_moved(&self) -> bool {
        self.latest != self.nominal
    }

    /// How a day, usually today or the day of an act, stands to the limit.
    pub fn standing(&self, on: Date) -> Standing {
        if on <= self.nominal {
            Standing::InTime { days_left: days_between(on, self.nominal) }
        } else if on <= self.latest {
            Standing::InTimeOnlyBecauseLastDayWasOff
        } else {
            Standing::Late { days: days_between(self.latest, on) }
        }
    }
}

fn months_after(start: Date, months: u16) -> Option<Date> {
    start.checked_add(Span::new().try_months(months).ok()?).ok()
}

fn days_from(first: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.tomorrow().ok())
}

fn days_between(earlier: Date, later: Date) -> i64 {
    later.duration_since(earlier).as_hours() / 24
}
