//! Which days are working days in China: plain weekends, corrected by the State Council's yearly
//! notices.
//!
//! The table is data. The one that is compiled in knows the years since 2004; a new year, or an
//! amendment of a known one, is laid over it with [`Holidays::with`]. A year is known when its
//! notice is in the table. Nothing is guessed about other years: they have plain weekends, and
//! [`Holidays::knows`] says so, so that whatever rests on them can be marked provisional.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use sm3::{Digest, Sm3};

const HEADER: &str = "year,date,kind,name,notice_year";

/// 节假日表. The days on which the State Council's notices depart from Monday to Friday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holidays {
    name: String,
    days: BTreeMap<Date, Day>,
    first: i16,
    horizon: i16,
    fingerprint: String,
}

/// A day that a notice names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Off, or made up for.
    pub kind: Kind,
    /// The holiday it belongs to, such as 春节.
    pub name: String,
    /// The year whose notice names the day; that of 2019 also moved the last days of 2018.
    pub notice_year: i16,
}

/// What a notice says of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 放假. A day off, whatever the weekday.
    Off,
    /// 调休上班. A working day, whatever the weekday.
    Work,
}

/// A table that cannot be read: the line, counted from one, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Line of the file, counted from one.
    pub line: usize,
    /// What is wrong, in Chinese.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "节假日表第{}行：{}", self.line, self.message)
    }
}

impl std::error::Error for Error {}

impl Holidays {
    /// The table that is compiled in.
    pub fn built_in() -> &'static Holidays {
        static BUILT_IN: LazyLock<Holidays> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "compiled-in data, which a test reads")]
            Holidays::parse(include_str!("../data/holidays.csv"), "国务院节假日安排（2004—2026年）")
                .expect("the compiled-in table can be read")
        });
        &BUILT_IN
    }

    /// Reads a table: a header, then one day a line in order of date.
    pub fn parse(csv: &str, name: &str) -> Result<Holidays, Error> {
        Holidays::of(name, rows(csv)?)
    }

    /// This table with another laid over it, which must continue or amend it, under a new name.
    ///
    /// Where both name a day, the other decides: a revoked holiday is a `work` row, a revoked
    /// make-up day an `off` row.
    pub fn with(&self, csv: &str, name: &str) -> Result<Holidays, Error> {
        let mut days = self.days.clone();
        days.extend(rows(csv)?);
        Holidays::of(name, days)
    }

    fn of(name: &str, days: BTreeMap<Date, Day>) -> Result<Holidays, Error> {
        let mut years: Vec<i16> = days.values().map(|day| day.notice_year).collect();
        years.sort_unstable();
        years.dedup();
        let (Some(&first), Some(&horizon)) = (years.first(), years.last()) else {
            return Err(Error { line: 1, message: "表中没有任何日期".to_owned() });
        };
        if let Some(missing) = (first..=horizon).find(|year| years.binary_search(year).is_err()) {
            return Err(Error { line: 1, message: format!("缺少{missing}年的安排") });
        }
        let fingerprint = sm3_hex(&canonical(&days));
        Ok(Holidays { name: name.to_owned(), days, first, horizon, fingerprint })
    }

    /// 工作日. Whether people work on this day; outside the known years, by plain weekends.
    pub fn is_working_day(&self, date: Date) -> bool {
        match self.days.get(&date) {
            Some(day) => day.kind == Kind::Work,
            None => !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday),
        }
    }

    /// What a notice says of the day, if one names it.
    pub fn day(&self, date: Date) -> Option<&Day> {
        self.days.get(&date)
    }

    /// The last year the table knows.
    pub fn horizon(&self) -> i16 {
        self.horizon
    }

    /// Whether the notice for the year of this date is in the table.
    ///
    /// The notice of the next year has now and then moved the last days of December; until it is
    /// out nobody can know, and it is then an amendment like any other.
    pub fn knows(&self, date: Date) -> bool {
        (self.first..=self.horizon).contains(&date.year())
    }

    /// The name under which decisions cite the table.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SM3 of the table's canonical content, in hexadecimal; the name is not part of it.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

fn rows(csv: &str) -> Result<BTreeMap<Date, Day>, Error> {
    // Spreadsheets put a byte order mark before the header.
    let mut lines = csv.strip_prefix('\u{feff}').unwrap_or(csv).lines().zip(1..);
    if lines.next().is_none_or(|(header, _)| header != HEADER) {
        return Err(Error { line: 1, message: format!("表头应当是「{HEADER}」") });
    }
    let mut days: BTreeMap<Date, Day> = BTreeMap::new();
    for (text, line) in lines {
        let wrong = |message| Error { line, message };
        let (date, day) = row(text).map_err(wrong)?;
        match days.last_key_value() {
            Some((last, _)) if *last == date => return Err(wrong(format!("日期{date}重复"))),
            Some((last, _)) if *last > date => {
                return Err(wrong(format!("日期{date}早于上一行的{last}，应当按日期排列")));
            }
            _ => days.insert(date, day),
        };
    }
    Ok(days)
}

fn row(text: &str) -> Result<(Date, Day), String> {
    let fields: Vec<&str> = text.split(',').collect();
    let &[year, date, kind, name, notice_year] = fields.as_slice() else {
        return Err(format!("应当有5列，实有{}列", fields.len()));
    };
    let date = crate::time::date(date).ok_or_else(|| format!("「{date}」不是日期"))?;
    if year != date.year().to_string() {
        return Err(format!("年份「{year}」与日期{date}不符"));
    }
    let kind = match kind {
        "off" => Kind::Off,
        "work" => Kind::Work,
        _ => return Err(format!("「{kind}」不是off或者work")),
    };
    let notice_year = [date.year(), date.year() + 1]
        .into_iter()
        .find(|year| notice_year == year.to_string())
        .ok_or_else(|| format!("通知年份「{notice_year}」应当是日期的当年或者下一年"))?;
    Ok((date, Day { kind, name: name.to_owned(), notice_year }))
}

fn canonical(days: &BTreeMap<Date, Day>) -> String {
    let mut text = format!("{HEADER}\n");
    for (date, Day { kind, name, notice_year }) in days {
        let kind = match kind {
            Kind::Off => "off",
            Kind::Work => "work",
        };
        text.push_str(&format!("{},{date},{kind},{name},{notice_year}\n", date.year()));
    }
    text
}

pub(crate) fn sm3_hex(text: &str) -> String {
    Sm3::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        crate::time::date(text).unwrap()
    }

    fn works(text: &str) -> bool {
        Holidays::built_in().is_working_day(day(text))
    }

    fn error(rows: &str) -> String {
        Holidays::parse(&format!("{HEADER}\n{rows}"), "表").unwrap_err().to_string()
    }

    #[test]
    fn notices_correct_plain_weekends() {
        assert!(works("2019-03-13"));
        assert!(!works("2019-03-16") && !works("2019-03-17"));
        assert!(!works("2020-01-31"), "the festival of 2020 was extended");
        assert!(works("2020-01-19"), "a Sunday made up for");
        assert!(works("2018-12-29"), "a Saturday made up for by the notice of 2019");
    }

    #[test]
    fn only_years_with_a_notice_are_known() {
        let holidays = Holidays::built_in();
        assert_eq!(holidays.horizon(), 2026);
        assert!(holidays.knows(day("2004-01-01")) && holidays.knows(day("2026-12-31")));
        assert!(!holidays.knows(day("2003-12-31")) && !holidays.knows(day("2027-01-01")));
        // The notice of 2013 moves a day of 2012, whose own notice is not here.
        let holidays = Holidays::parse(&format!("{HEADER}\n2012,2012-12-31,off,元旦,2013\n"), "表");
        assert!(!holidays.unwrap().knows(day("2012-12-31")));
    }

    #[test]
    fn the_compiled_in_table_is_canonical() {
        let text = include_str!("../data/holidays.csv");
        assert_eq!(canonical(&Holidays::built_in().days), text);
        assert_eq!(Holidays::built_in().fingerprint(), sm3_hex(text));
        // GM/T 0004, example 1.
        assert!(sm3_hex("abc").starts_with("66c7f0f462eeedd9"));
    }

    #[test]
    fn a_table_may_come_from_a_spreadsheet() {
        let text = include_str!("../data/holidays.csv").replace('\n', "\r\n");
        let holidays = Holidays::parse(&format!("\u{feff}{text}"), "表").unwrap();
        assert_eq!(holidays.fingerprint(), Holidays::built_in().fingerprint());
        assert_eq!(holidays.name(), "表");
    }

    #[test]
    fn a_table_laid_over_another_continues_and_amends_it() {
        let notices = format!(
            "{HEADER}\n2026,2026-05-04,work,劳动节,2026\n2026,2026-05-09,off,劳动节,2026\n\
             2026,2026-12-31,off,元旦,2027\n2027,2027-01-01,off,元旦,2027\n"
        );
        let holidays = Holidays::built_in().with(&notices, "2027年安排").unwrap();
        assert_eq!((holidays.horizon(), holidays.name()), (2027, "2027年安排"));
        assert!(holidays.is_working_day(day("2026-05-04")));
        assert!(!holidays.is_working_day(day("2026-05-09")));
        assert!(!holidays.is_working_day(day("2026-12-31")));
        assert!(!holidays.is_working_day(day("2026-05-01")), "what is not amended stands");
        assert_eq!(holidays.day(day("2026-12-31")).unwrap().name, "元旦");
        assert_ne!(holidays.fingerprint(), Holidays::built_in().fingerprint());

        let gap = format!("{HEADER}\n2028,2028-01-03,off,元旦,2028\n");
        let error = Holidays::built_in().with(&gap, "表").unwrap_err();
        assert_eq!(error.to_string(), "节假日表第1行：缺少2027年的安排");
    }

    #[test]
    fn errors_name_the_line() {
        let first = "2026,2026-01-01,off,元旦,2026\n";
        let cases = [
            ("", "节假日表第1行：表中没有任何日期"),
            ("2026,2026-01-01,off,元旦\n", "节假日表第2行：应当有5列，实有4列"),
            ("\n", "节假日表第2行：应当有5列，实有1列"),
            ("2026,2026-02-30,off,春节,2026\n", "节假日表第2行：「2026-02-30」不是日期"),
            ("2025,2026-01-01,off,元旦,2026\n", "节假日表第2行：年份「2025」与日期2026-01-01不符"),
            ("2026,2026-01-01,free,元旦,2026\n", "节假日表第2行：「free」不是off或者work"),
            (
                "2026,2026-01-01,off,元旦,2025\n",
                "节假日表第2行：通知年份「2025」应当是日期的当年或者下一年",
            ),
        ];
        for (rows, message) in cases {
            assert_eq!(error(rows), message);
        }
        assert_eq!(error(&first.repeat(2)), "节假日表第3行：日期2026-01-01重复");
        assert_eq!(
            error(&format!("2026,2026-01-02,off,元旦,2026\n{first}")),
            "节假日表第3行：日期2026-01-01早于上一行的2026-01-02，应当按日期排列"
        );
        assert_eq!(
            Holidays::parse(first, "表").unwrap_err().to_string(),
            format!("节假日表第1行：表头应当是「{HEADER}」")
        );
    }
}
