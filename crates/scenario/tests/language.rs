//! What a scenario file may say, and where the reader says what is wrong with it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use procedure::value::Answer;
use scenario::{
    Scenario,
    language::{ParseError, Statement},
};

fn read(lines: &str) -> Result<Scenario, ParseError> {
    let cast = "部门 甲局: 级别=市；区域=甲市；代字=甲保\n人员 甲一: 岗位=受理人员\n";
    scenario::parse(&format!("{cast}{lines}"), jiff::civil::date(2026, 3, 16))
}

/// Line, column and message of what is wrong.
fn wrong(lines: &str) -> (usize, usize, String) {
    let ParseError { line, column, message } = read(lines).unwrap_err();
    (line, column, message)
}

#[test]
fn deeper_lines_are_text_of_the_field_above() {
    let lines = "2022-02-08 甲一 登记线索\n  线索内容: 样例单位报告：\n    时间：上午\n    没有其他\n  案由:\n    样例\n";
    let scenario = read(lines).unwrap();
    let [Statement::Act(act, _)] = scenario.lines.as_slice() else { unreachable!() };
    let content = "样例单位报告：\n时间：上午\n没有其他";
    assert_eq!(act.answers.get("content"), Some(&Answer::from(content)));
    assert_eq!(act.answers.get("title"), Some(&Answer::from("样例")));
    assert_eq!(act.answers.len(), 2);
}

#[test]
fn what_would_be_lost_is_an_error() {
    let twice = "「姓名」写了两次".to_owned();
    assert_eq!(wrong("2022-02-08 甲一 登记案件相关人员: 姓名=丁一；姓名=丁二"), (3, 25, twice));
    let twice = "「区域」写了两次".to_owned();
    assert_eq!(wrong("单位 乙厂: 类别=企业；区域=甲市；区域=乙市"), (3, 14, twice));
    let bare = "应为“字段: 内容”".to_owned();
    assert_eq!(wrong("2022-02-08 甲一 登记线索\n  案由: 样例\n  样例\n"), (5, 3, bare));
}

#[test]
fn time_does_not_run_backwards() {
    let act = "甲一 登记案件相关人员: 姓名=丁一";
    let earlier = format!("2022-02-08 15:00 {act}\n2022-02-08 10:00 {act}");
    let message = "时刻早于前一行的15:00，应按先后顺序书写".to_owned();
    assert_eq!(wrong(&earlier), (4, 1, message));
    let earlier = format!("2022-02-08 {act}\n2022-02-07 {act}");
    let message = "日期早于前一行的2022-02-08，应按先后顺序书写".to_owned();
    assert_eq!(wrong(&earlier), (4, 1, message));
    // Where no time is written, the day goes on.
    assert!(read(&format!("2022-02-08 15:00 {act}\n2022-02-08 {act}")).is_ok());
}
