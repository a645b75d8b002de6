//! Every limit from every start date of thirteen years, against an independent calculator.
//!
//! `python3 crates/procedure/tests/limits_oracle.py` regenerates the fixtures, which is needed when
//! `data/holidays.csv` changes; with `--all` it prints every row it hashed.

use std::fmt::Write;

use jiff::civil::Date;
use procedure::holidays::Holidays;
use procedure::time::{LastDay, Length, date, deadline};
use sm3::{Digest, Sm3};

fn length(unit: &str, n: &str) -> Length {
    let n = n.parse().unwrap();
    match unit {
        "months" => Length::Months(n),
        "working_days" => Length::WorkingDays(n),
        "days" => Length::Days(n),
        _ => panic!("no unit {unit}"),
    }
}

fn row(start: Date, unit: &str, n: &str) -> String {
    let length = length(unit, n);
    let limit = deadline(start, length, LastDay::MovedToWorkingDay, Holidays::built_in()).unwrap();
    format!("{start},{unit},{n},{},{},{}", limit.nominal, limit.latest, limit.provisional)
}

#[test]
fn the_sample_agrees() {
    let sample = include_str!("fixtures/limits.csv");
    let mut seen = 0;
    for expected in sample.lines().skip(1) {
        let fields: Vec<&str> = expected.split(',').collect();
        assert_eq!(row(date(fields[0]).unwrap(), fields[1], fields[2]), expected);
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
        for start in first
            .series(jiff::Span::new().days(1))
            .take(usize::from(first.days_in_year().unsigned_abs()))
        {
            writeln!(rows, "{}", row(start, unit, n)).unwrap();
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
