//! How days are counted: by hand, from the holiday notices as data.

use jiff::{ToSpan as _, civil::Date};
use procedure::holidays::{Holidays, Kind};

/// The day of the same number so many months later; where that month has none, its last day.
pub fn months_after(start: Date, months: i32) -> Date {
    let month = i32::from(start.year()) * 12 + i32::from(start.month()) - 1 + months;
    let year = i16::try_from(month.div_euclid(12)).unwrap_or(start.year());
    let of_year = i8::try_from(month.rem_euclid(12) + 1).unwrap_or(1);
    (1..=start.day()).rev().find_map(|day| Date::new(year, of_year, day).ok()).unwrap_or(start)
}

/// Whether people work on a day: Monday to Friday, but for what a notice names.
pub fn works(day: Date) -> bool {
    match Holidays::built_in().day(day) {
        Some(named) => named.kind == Kind::Work,
        None => day.weekday().to_monday_one_offset() <= 5,
    }
}

/// The day after.
pub fn next(day: Date) -> Date {
    day.checked_add(1.day()).unwrap_or(day)
}

/// A last day, moved to the next working day where it is a day off.
pub fn moved(mut day: Date) -> Date {
    while !works(day) {
        day = next(day);
    }
    day
}

/// So many days later; the first day is not counted.
pub fn days_after(start: Date, days: i32) -> Date {
    (0..days).fold(start, |day, _| next(day))
}

/// So many working days later; the first day is not counted.
pub fn working_days_after(start: Date, days: u32) -> Date {
    (0..days).fold(start, |day, _| moved(next(day)))
}
