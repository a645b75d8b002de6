//! Every limit from every start date of thirteen years, against an independent calculator.
//!
//! `python3 crates/procedure/tests/limits_oracle.py` regenerates the fixtures, which is needed when
//! `data/holidays.csv` changes; with `--all` it prints every row it hashed.

use std::fmt::Write;

use jiff::civil::Date;
use procedure::holidays::Holidays;
use procedure::time::{Deadline, LastDay, Length, date, deadline};
use sm3::{Digest, Sm3};

fn row(start: Date, unit: &str, n: &str) -> Option<String> {
    let number = n.parse().ok()?;
    let length = match unit {
        "months" => Length::Months(number),
        "working_days" => Length::WorkingDays(number),
        "days" => Length::Days(number),
        _ => return None,
    };
    let limit = deadline(start, length, LastDay::MovedToWorkingDay, Holidays::built_in())?;
    let Deadline { nominal, latest, provisional, .. } = limit;
    Some(format!("{start},{unit},{n},{nominal},{latest},{provisional}"))
}

#[test]
fn the_sample_agrees() {
    let sample = include_str!("fixtures/limits.csv");
    let mut seen = 0;
    for expected in sample.lines().skip(1) {
        let fields: Vec<&str> = expected.split(',').collect();
        assert_eq!(row(date(fields[0]).unwrap(), fields[1], fields[2]).as_deref(), Some(expected));
        seen += 1;
    }
    assert!(seen > 500, "only {seen} rows in the sample");
}

#[test]
fn every_start_date_agrees() {
    let mut seen = 0;
    for line in include_str!("fixtures/limits.sm3").lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [digest, unit, n, year, count] = fields[..] else { panic!("five fields: {line}") };
        let first = date(&format!("{year}-01-01")).unwrap();
        let mut rows = String::new();
        let days = first.series(jiff::Span::new().days(1));
        for start in days.take_while(|day| day.year() == first.year()) {
            writeln!(rows, "{}", row(start, unit, n).unwrap()).unwrap();
        }
        let actual: String = Sm3::digest(&rows).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(rows.lines().count().to_string(), count, "{unit} {n} {year}");
        assert_eq!(
            actual, digest,
            "{unit} {n} from {year} differs: compare with limits_oracle.py --all"
        );
        seen += rows.lines().count();
    }
    assert_eq!(seen, 8 * 4748, "eight lengths from every day of 2018 to 2030");
}
