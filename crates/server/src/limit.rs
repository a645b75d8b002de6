//! `chachu limit`: counts a limit on the command line, or a file of them.
//!
//! The counting is [`procedure::time`]; here are only the reading of arguments and the words.
//! A file is answered whole or not at all, so that nobody works on with half of an answer.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::civil::{Date, Weekday};
use procedure::holidays::{Holidays, Kind};
use procedure::time::{Deadline, LastDay, Length, date, deadline};
use serde_json::json;

const EXAMPLES: &str = "\
示例：
  chachu limit --start 2025-12-29 --months 2        初查时限（第三十条第一款）
  chachu limit --start 2020-01-20 --working-days 7  移送时限（第十六条第一款）
  chachu limit --start 2024-03-01 --days 60 --json  秘密级载体查找期限（第五条第一项）
  chachu limit --batch 期限.csv                     每行一个期限：start,unit,n

批量文件的unit为months、working_days或者days；结果依原顺序写到标准输出，
列为start,unit,n,nominal,latest,provisional。
退出码：0 已算出，2 参数或者文件无法读取。";

/// 期限计算. What to count.
#[derive(Debug, Default, clap::Args)]
#[command(about = "计算期限的名义届满日和最迟日", after_help = EXAMPLES)]
pub struct LimitArgs {
    /// 起算日（当日不计入），如2025-12-29
    #[arg(long, value_name = "日期")]
    start: Option<String>,
    /// 期限为若干个月；末日是休息日的，顺延至下一个工作日
    #[arg(long, value_name = "个数", allow_negative_numbers = true)]
    months: Option<String>,
    /// 期限为若干个工作日
    #[arg(long, value_name = "个数", allow_negative_numbers = true)]
    working_days: Option<String>,
    /// 期限为若干日（自然日），不顺延
    #[arg(long, value_name = "个数", allow_negative_numbers = true)]
    days: Option<String>,
    /// 以JSON输出
    #[arg(long)]
    json: bool,
    /// 批量计算CSV文件中的期限
    #[arg(long, value_name = "文件")]
    batch: Option<PathBuf>,
}

/// Counts, writes the answer or a Chinese error, and returns the exit code: 0, or 2 for what
/// cannot be read.
pub fn run(args: &LimitArgs, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let written = answer(args)
        .and_then(|text| out.write_all(text.as_bytes()).map_err(|e| format!("结果无法写出：{e}")));
    match written {
        Ok(()) => 0,
        Err(message) => {
            // With the error stream gone too, the exit code has to say it.
            let _ = writeln!(err, "错误：{message}");
            2
        }
    }
}

fn answer(args: &LimitArgs) -> Result<String, String> {
    let lengths =
        [("months", &args.months), ("working_days", &args.working_days), ("days", &args.days)];
    let mut given = lengths.iter().filter_map(|(unit, n)| n.as_ref().map(|n| (*unit, n)));
    let (length, further) = (given.next(), given.next());
    if let Some(path) = &args.batch {
        if args.start.is_some() || length.is_some() || args.json {
            return Err("--batch不能与其他参数同用".to_owned());
        }
        return batch(&read(path)?);
    }
    let start = args.start.as_ref().ok_or("缺少起算日，请用--start给出")?;
    let (unit, n) = match (length, further) {
        (Some(length), None) => length,
        _ => return Err("请用--months、--working-days、--days之一给出期限".to_owned()),
    };
    let limit = count(start, unit, n)?;
    Ok(if args.json { as_json(&limit) } else { in_words(&limit) })
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("没有文件「{}」", path.display()),
        _ => format!("文件「{}」无法读取：{error}", path.display()),
    })
}

/// Counts each line `start,unit,n`; a header of these words and empty lines are skipped.
///
/// Read without a CSV library: none of the three columns can need quotes, and the line that an
/// error names must be the line that an editor shows, whatever the line endings.
fn batch(input: &[u8]) -> Result<String, String> {
    let input = input.strip_prefix("\u{feff}".as_bytes()).unwrap_or(input);
    let mut answers = String::from("start,unit,n,nominal,latest,provisional\n");
    for (line, number) in input.split(|byte| *byte == b'\n').zip(1_u64..) {
        let at_line = |message| format!("第{number}行：{message}");
        let line = str::from_utf8(line).map_err(|_| at_line("不是UTF-8文本".to_owned()))?.trim();
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        if line.is_empty() || (number == 1 && fields == ["start", "unit", "n"]) {
            continue;
        }
        let &[start, unit, n] = fields.as_slice() else {
            let message = format!("应当有3列（start,unit,n），实有{}列", fields.len());
            return Err(at_line(message));
        };
        let Deadline { nominal, latest, provisional, .. } =
            count(start, unit, n).map_err(at_line)?;
        answers.push_str(&format!("{start},{unit},{n},{nominal},{latest},{provisional}\n"));
    }
    Ok(answers)
}

fn count(start: &str, unit: &str, n: &str) -> Result<Deadline, String> {
    let start = date(start)
        .ok_or_else(|| format!("「{start}」不是日期，应当写作2025-12-29，且日历上确有其日"))?;
    let unit = match unit {
        "months" => Length::Months,
        "working_days" => Length::WorkingDays,
        "days" => Length::Days,
        _ => return Err(format!("「{unit}」不是months、working_days或者days")),
    };
    let n: u16 = n
        .parse()
        .ok()
        .filter(|number: &u16| *number > 0 && number.to_string() == n)
        .ok_or_else(|| format!("「{n}」不是1至{}的整数", u16::MAX))?;
    deadline(start, unit(n), LastDay::MovedToWorkingDay, Holidays::built_in())
        .ok_or_else(|| "期限超出日历（9999年）".to_owned())
}

fn as_json(limit: &Deadline) -> String {
    let holidays = Holidays::built_in();
    let Deadline { start, length, nominal, latest, provisional } = *limit;
    let (unit, n) = match length {
        Length::Months(n) => ("months", n),
        Length::WorkingDays(n) => ("working_days", n),
        Length::Days(n) => ("days", n),
    };
    let answer = json!({
        "start": start,
        "unit": unit,
        "n": n,
        "length": length.to_string(),
        "nominal": nominal,
        "latest": latest,
        "moved": limit.is_moved(),
        "provisional": provisional,
        "holidays": {
            "name": holidays.name(),
            "horizon": holidays.horizon(),
            "fingerprint": holidays.fingerprint(),
        },
    });
    format!("{answer:#}\n")
}

fn in_words(limit: &Deadline) -> String {
    let holidays = Holidays::built_in();
    let Deadline { start, length, nominal, latest, provisional } = *limit;
    let moved = match length {
        _ if limit.is_moved() => {
            format!("是，{}，顺延至下一个工作日", why(nominal, holidays))
        }
        Length::Months(_) => format!("否，{}", why(nominal, holidays)),
        Length::WorkingDays(_) => "否，按工作日计算的，末日总是工作日".to_owned(),
        Length::Days(_) => "否，按日计算的，不顺延".to_owned(),
    };
    let provisional = match provisional {
        true if latest.year() > holidays.horizon() => {
            format!("是，节假日表只到{}年，其后按周末推算", holidays.horizon())
        }
        true => "是，节假日表没有当年的安排，按周末推算".to_owned(),
        false => "否".to_owned(),
    };
    format!(
        "起算日：{}（当日不计入）\n期限：{length}\n名义届满日：{}\n最迟日：{}\n顺延：{moved}\n\
         暂定：{provisional}\n节假日表：{}\n",
        with_weekday(start),
        with_weekday(nominal),
        with_weekday(latest),
        holidays.name(),
    )
}

/// What makes the last day a working day or a day off.
fn why(last: Date, holidays: &Holidays) -> String {
    match holidays.day(last) {
        Some(day) if day.kind == Kind::Off => format!("名义届满日是{}放假", day.name),
        Some(day) => format!("名义届满日因{}调休上班", day.name),
        None if holidays.is_working_day(last) => "名义届满日是工作日".to_owned(),
        None => "名义届满日是周末".to_owned(),
    }
}

fn with_weekday(date: Date) -> String {
    let weekday = match date.weekday() {
        Weekday::Monday => "一",
        Weekday::Tuesday => "二",
        Weekday::Wednesday => "三",
        Weekday::Thursday => "四",
        Weekday::Friday => "五",
        Weekday::Saturday => "六",
        Weekday::Sunday => "日",
    };
    format!("{date} 星期{weekday}")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        limit: LimitArgs,
    }

    /// What the command prints, and its exit code.
    fn limit(args: &str) -> (String, u8) {
        let args = Cli::try_parse_from(std::iter::once("limit").chain(args.split(' '))).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(&args.limit, &mut out, &mut err);
        assert!(out.is_empty() || err.is_empty(), "an answer or an error, never both");
        (String::from_utf8([out, err].concat()).unwrap(), code)
    }

    fn words(args: &str) -> String {
        let (text, code) = limit(args);
        assert_eq!(code, 0, "{text}");
        text
    }

    #[test]
    fn an_answer_says_whether_and_why_the_last_day_was_moved() {
        assert_eq!(
            words("--start 2023-08-01 --months 2"),
            "起算日：2023-08-01 星期二（当日不计入）\n期限：2个月\n名义届满日：2023-10-01 星期日\n\
             最迟日：2023-10-07 星期六\n顺延：是，名义届满日是中秋节、国庆节放假，顺延至下一个工作日\n\
             暂定：否\n节假日表：国务院节假日安排（2004—2026年）\n"
        );
        let moved = |args| {
            let text = words(args);
            text.lines().find_map(|line| line.strip_prefix("顺延：")).unwrap().to_owned()
        };
        assert_eq!(
            moved("--start 2022-01-12 --months 1"),
            "是，名义届满日是周末，顺延至下一个工作日"
        );
        assert_eq!(moved("--start 2025-12-29 --months 2"), "否，名义届满日因春节调休上班");
        assert_eq!(moved("--start 2022-01-15 --months 2"), "否，名义届满日是工作日");
        assert_eq!(
            moved("--start 2020-01-20 --working-days 7"),
            "否，按工作日计算的，末日总是工作日"
        );
        assert_eq!(moved("--start 2024-03-01 --days 60"), "否，按日计算的，不顺延");
    }

    #[test]
    fn a_limit_beyond_the_table_is_provisional() {
        let beyond = words("--start 2026-12-20 --months 2");
        assert!(beyond.contains("\n暂定：是，节假日表只到2026年，其后按周末推算\n"), "{beyond}");
        let before = words("--start 2001-01-01 --months 2");
        assert!(before.contains("\n暂定：是，节假日表没有当年的安排，按周末推算\n"), "{before}");
    }

    #[test]
    fn json_has_the_dates_and_the_table() {
        let text = words("--start 2026-11-02 --months 2 --json");
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            json,
            json!({
                "start": "2026-11-02", "unit": "months", "n": 2, "length": "2个月",
                "nominal": "2027-01-02", "latest": "2027-01-04",
                "moved": true, "provisional": true,
                "holidays": {
                    "name": Holidays::built_in().name(),
                    "horizon": 2026,
                    "fingerprint": Holidays::built_in().fingerprint(),
                },
            })
        );
    }

    #[test]
    fn arguments_that_cannot_be_read_are_explained() {
        let cases = [
            ("--months 2", "缺少起算日，请用--start给出"),
            ("--start 2025-12-29", "请用--months、--working-days、--days之一给出期限"),
            (
                "--start 2025-12-29 --months 2 --days 3",
                "请用--months、--working-days、--days之一给出期限",
            ),
            (
                "--start 2026-02-30 --months 2",
                "「2026-02-30」不是日期，应当写作2025-12-29，且日历上确有其日",
            ),
            ("--start 2025-12-29 --days 0", "「0」不是1至65535的整数"),
            ("--start 2025-12-29 --days 07", "「07」不是1至65535的整数"),
            ("--start 2025-12-29 --days -7", "「-7」不是1至65535的整数"),
            ("--start 2025-12-29 --days 二", "「二」不是1至65535的整数"),
            ("--start 9999-12-31 --days 1", "期限超出日历（9999年）"),
            ("--batch a.csv --json", "--batch不能与其他参数同用"),
            ("--batch no/such/file.csv", "没有文件「no/such/file.csv」"),
        ];
        for (args, message) in cases {
            assert_eq!(limit(args), (format!("错误：{message}\n"), 2), "{args}");
        }
    }

    const ANSWERS: &str = "start,unit,n,nominal,latest,provisional\n\
        2022-02-12,months,12,2023-02-12,2023-02-13,false\n\
        2020-10-14,working_days,7,2020-10-23,2020-10-23,false\n\
        2026-12-31,days,1,2027-01-01,2027-01-01,false\n\
        2026-12-31,working_days,1,2027-01-01,2027-01-01,true\n";

    #[test]
    fn a_file_is_answered_in_its_order() {
        let rows = "2022-02-12,months,12\n2020-10-14,working_days,7\n2026-12-31,days,1\n\
                    2026-12-31,working_days,1\n";
        let with_header = format!("start,unit,n\n{rows}");
        let spreadsheet = format!("\u{feff}{}", with_header.replace('\n', "\r\n"));
        let with_gap = with_header.replacen('\n', "\n\n", 3);
        for input in [rows, &with_header, &spreadsheet, &with_gap] {
            assert_eq!(batch(input.as_bytes()).as_deref(), Ok(ANSWERS), "{input:?}");
        }
    }

    #[test]
    fn a_bad_line_is_named_and_nothing_is_answered() {
        let cases: [(&[u8], &str); 6] = [
            (
                b"2022-02-31,months,1",
                "第3行：「2022-02-31」不是日期，应当写作2025-12-29，且日历上确有其日",
            ),
            (b"2022-02-12,weeks,1", "第3行：「weeks」不是months、working_days或者days"),
            (b"2022-02-12,months,-1", "第3行：「-1」不是1至65535的整数"),
            (b"2022-02-12,months", "第3行：应当有3列（start,unit,n），实有2列"),
            (b"start,unit,n", "第3行：「start」不是日期，应当写作2025-12-29，且日历上确有其日"),
            (b"2022-02-12,\xd4\xc2,1", "第3行：不是UTF-8文本"),
        ];
        for (line, message) in cases {
            for end in ["\n", "\r\n"] {
                let good = format!("start,unit,n{end}2022-02-12,months,1{end}");
                let input = [good.as_bytes(), line, end.as_bytes()].concat();
                assert_eq!(batch(&input), Err(message.to_owned()));
            }
        }
    }

    #[test]
    fn a_file_is_read_from_its_path() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "2022-02-12,months,12\n2022-02-12,months,x\n").unwrap();
        assert_eq!(
            limit(&format!("--batch {}", file.path().display())),
            ("错误：第2行：「x」不是1至65535的整数\n".to_owned(), 2)
        );
    }
}
