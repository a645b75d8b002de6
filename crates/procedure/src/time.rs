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
    let kept = |last, asked_from| (last, last, asked_from);
    let (nominal, latest, asked_from) = match (length, last_day) {
        (Length::Months(n), LastDay::MovedToWorkingDay) => {
            let nominal = months_after(start, n)?;
            (nominal, working_days_from(nominal, holidays).next()?, Some(nominal))
        }
        (Length::Months(n), LastDay::Kept) => kept(months_after(start, n)?, None),
        (Length::Days(n), _) => kept(days_after(start, n)?, None),
        (Length::WorkingDays(0), _) => kept(start, None),
        (Length::WorkingDays(n), _) => {
            let first = start.tomorrow().ok()?;
            let last = working_days_from(first, holidays).nth(usize::from(n) - 1)?;
            kept(last, Some(first))
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

fn days_after(start: Date, days: u16) -> Option<Date> {
    start.checked_add(Span::new().try_days(days).ok()?).ok()
}

fn working_days_from(first: Date, holidays: &Holidays) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.tomorrow().ok())
        .filter(|day| holidays.is_working_day(*day))
}

fn days_between(earlier: Date, later: Date) -> i64 {
    later.duration_since(earlier).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Date {
        date(text).unwrap()
    }

    /// `nominal`, with `→ latest` where it was moved and `?` where it is provisional.
    fn count(start: &str, length: Length) -> String {
        shown(start, length, LastDay::MovedToWorkingDay)
    }

    fn shown(start: &str, length: Length, last_day: LastDay) -> String {
        let limit = deadline(day(start), length, last_day, Holidays::built_in()).unwrap();
        let moved = if limit.is_moved() { format!(" → {}", limit.latest) } else { String::new() };
        format!("{}{moved}{}", limit.nominal, if limit.provisional { "?" } else { "" })
    }

    #[test]
    fn months_end_on_the_same_day_number_or_the_last_of_the_month() {
        assert_eq!(count("2022-01-15", Length::Months(2)), "2022-03-15");
        assert_eq!(count("2025-12-31", Length::Months(2)), "2026-02-28");
        assert_eq!(count("2025-12-31", Length::Months(3)), "2026-03-31");
        assert_eq!(count("2023-12-29", Length::Months(2)), "2024-02-29");
        assert_eq!(count("2023-12-30", Length::Months(2)), "2024-02-29");
    }

    #[test]
    fn an_extension_lengthens_the_total() {
        let total = Length::Months(2).extended_by(Length::Months(1)).unwrap();
        assert_eq!(count("2025-12-31", total), "2026-03-31");
        let days = Length::WorkingDays(7).extended_by(Length::WorkingDays(3));
        assert_eq!(days, Some(Length::WorkingDays(10)));
        assert_eq!(Length::Months(2).extended_by(Length::Days(1)), None);
        assert_eq!(Length::Days(u16::MAX).extended_by(Length::Days(1)), None);
    }

    #[test]
    fn a_length_is_written_as_the_regulation_writes_it() {
        let lengths = [Length::Months(2), Length::WorkingDays(7), Length::Days(10)];
        assert_eq!(lengths.map(|length| length.to_string()), ["2个月", "7个工作日", "10日"]);
    }

    #[test]
    fn months_that_end_on_a_day_off_are_moved_unless_switched_off() {
        // A Saturday; the whole of National Day; a Saturday on which people work.
        assert_eq!(count("2022-01-12", Length::Months(1)), "2022-02-12 → 2022-02-14");
        assert_eq!(count("2023-08-01", Length::Months(2)), "2023-10-01 → 2023-10-07");
        assert_eq!(count("2025-12-29", Length::Months(2)), "2026-02-28");
        assert_eq!(shown("2022-01-12", Length::Months(1), LastDay::Kept), "2022-02-12");
    }

    #[test]
    fn working_days_begin_after_the_event_and_leap_over_holidays() {
        // 21, 22, 23 January, the festival extended to 2 February, then 3, 4, 5, 6 February.
        assert_eq!(count("2020-01-20", Length::WorkingDays(7)), "2020-02-06");
        // Saturday 28 and Sunday 29 September: the one off, the other made up for.
        assert_eq!(count("2019-09-27", Length::WorkingDays(2)), "2019-09-30");
        assert_eq!(count("2020-10-14", Length::WorkingDays(7)), "2020-10-23");
        assert_eq!(count("2019-03-13", Length::WorkingDays(5)), "2019-03-20");
        // An event on a day off: day 1 is still the first working day after it.
        assert_eq!(count("2019-03-16", Length::WorkingDays(1)), "2019-03-18");
        assert_eq!(count("2019-03-16", Length::WorkingDays(0)), "2019-03-16");
    }

    #[test]
    fn calendar_days_are_never_moved() {
        assert_eq!(count("2024-09-21", Length::Days(10)), "2024-10-01");
        assert_eq!(count("2024-01-01", Length::Days(60)), "2024-03-01");
    }

    #[test]
    fn a_limit_is_provisional_when_the_table_was_asked_about_an_unknown_day() {
        assert_eq!(count("2026-11-02", Length::Months(2)), "2027-01-02 → 2027-01-04?");
        assert_eq!(count("2026-12-28", Length::WorkingDays(7)), "2027-01-06?");
        assert_eq!(count("2026-12-24", Length::WorkingDays(5)), "2026-12-31");
        assert_eq!(count("2026-12-24", Length::WorkingDays(6)), "2027-01-01?");
        // Nobody asks whether these days are working days.
        assert_eq!(count("2026-12-24", Length::Days(10)), "2027-01-03");
        assert_eq!(shown("2026-11-02", Length::Months(2), LastDay::Kept), "2027-01-02");
        // Before the table begins; an early start does not matter if the last day is known.
        assert_eq!(count("2003-09-30", Length::Months(3)), "2003-12-30?");
        assert_eq!(count("2003-10-30", Length::Months(3)), "2004-01-30");
        assert_eq!(count("2003-12-30", Length::WorkingDays(2)), "2004-01-02?");
        assert_eq!(count("2003-12-31", Length::WorkingDays(1)), "2004-01-02");
    }

    #[test]
    fn a_new_year_of_holidays_makes_a_limit_final() {
        let notice = "year,date,kind,name,notice_year\n2027,2027-01-04,off,元旦,2027\n";
        let holidays = Holidays::built_in().with(notice, "2027").unwrap();
        let limit =
            deadline(day("2026-11-02"), Length::Months(2), LastDay::MovedToWorkingDay, &holidays)
                .unwrap();
        assert_eq!(limit.latest, day("2027-01-05"));
        assert!(!limit.provisional);
    }

    #[test]
    fn the_calendar_ends() {
        let holidays = Holidays::built_in();
        for length in [Length::Months(1), Length::WorkingDays(1), Length::Days(1)] {
            let limit = deadline(Date::MAX, length, LastDay::MovedToWorkingDay, holidays);
            assert_eq!(limit, None, "{length}");
        }
        let longest = Length::Months(u16::MAX);
        assert!(deadline(day("2020-01-01"), longest, LastDay::Kept, holidays).is_some());
    }

    #[test]
    fn standing_counts_to_the_nominal_and_from_the_latest_day() {
        let limit = deadline(
            day("2023-08-01"),
            Length::Months(2),
            LastDay::MovedToWorkingDay,
            Holidays::built_in(),
        )
        .unwrap();
        let on = |text| limit.standing(day(text));
        assert_eq!(on("2023-08-01"), Standing::InTime { days_left: 61 });
        assert_eq!(on("2023-09-30"), Standing::InTime { days_left: 1 });
        assert_eq!(on("2023-10-01"), Standing::InTime { days_left: 0 });
        assert_eq!(on("2023-10-02"), Standing::InTimeOnlyBecauseLastDayWasOff);
        assert_eq!(on("2023-10-07"), Standing::InTimeOnlyBecauseLastDayWasOff);
        assert_eq!(on("2023-10-08"), Standing::Late { days: 1 });
        assert_eq!(on("2024-10-07"), Standing::Late { days: 366 });
    }

    #[test]
    fn a_deadline_is_stored_in_plain_words() {
        let limit = deadline(
            day("2026-11-02"),
            Length::Months(2),
            LastDay::MovedToWorkingDay,
            Holidays::built_in(),
        )
        .unwrap();
        let json = serde_json::to_string(&limit).unwrap();
        assert_eq!(
            json,
            r#"{"start":"2026-11-02","length":{"months":2},"nominal":"2027-01-02","latest":"2027-01-04","provisional":true}"#
        );
        assert_eq!(serde_json::from_str::<Deadline>(&json).unwrap(), limit);
    }

    #[test]
    fn only_plain_dates_are_read() {
        assert_eq!(date("2024-02-29"), Some(Date::constant(2024, 2, 29)));
        for text in ["2026-02-30", "20260228", "2026-2-28", "2026-02-28T00:00", " 2026-02-28", ""] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    fn starts() -> impl Strategy<Value = Date> {
        (0..12_000_i64)
            .prop_map(|days| day("2000-01-01").checked_add(Span::new().days(days)).unwrap())
    }

    fn lengths() -> impl Strategy<Value = (Length, Length)> {
        (0..100_u16).prop_flat_map(|n| {
            prop_oneof![
                Just((Length::Months(n), Length::Months(n + 1))),
                Just((Length::WorkingDays(n), Length::WorkingDays(n + 1))),
                Just((Length::Days(n), Length::Days(n + 1))),
            ]
        })
    }

    fn last_days() -> impl Strategy<Value = LastDay> {
        prop_oneof![Just(LastDay::MovedToWorkingDay), Just(LastDay::Kept)]
    }

    proptest! {
        #[test]
        fn a_later_start_and_a_longer_length_never_end_earlier(
            start in starts(),
            (shorter, longer) in lengths(),
            last_day in last_days(),
        ) {
            let end = |start, length| {
                deadline(start, length, last_day, Holidays::built_in())
                    .map(|limit| (limit.nominal, limit.latest))
                    .unwrap()
            };
            let (nominal, latest) = end(start, shorter);
            let (later_nominal, later_latest) = end(start.tomorrow().unwrap(), shorter);
            prop_assert!(nominal <= later_nominal && latest <= later_latest);
            let (longer_nominal, longer_latest) = end(start, longer);
            prop_assert!(nominal < longer_nominal && latest <= longer_latest);
        }

        #[test]
        fn the_latest_day_is_the_first_working_day_from_the_nominal_if_moved(
            start in starts(),
            (length, _) in lengths(),
            last_day in last_days(),
        ) {
            let holidays = Holidays::built_in();
            let limit = deadline(start, length, last_day, holidays).unwrap();
            prop_assert!(start <= limit.nominal && limit.nominal <= limit.latest);
            if limit.is_moved() {
                prop_assert!(matches!(length, Length::Months(_)));
                prop_assert_eq!(last_day, LastDay::MovedToWorkingDay);
                prop_assert!(!holidays.is_working_day(limit.nominal));
                prop_assert!(holidays.is_working_day(limit.latest));
                let first = working_days_from(limit.nominal, holidays).next();
                prop_assert_eq!(first, Some(limit.latest));
            }
        }
    }
}
