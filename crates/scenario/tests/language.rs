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

/// What is wrong begins so, at this place; the cast above takes two lines.
#[track_caller]
fn is_wrong(lines: &str, line: usize, column: usize, begins: &str) {
    let found = wrong(lines);
    assert_eq!((found.0, found.1), (line, column), "{lines}: {}", found.2);
    assert!(found.2.starts_with(begins), "{lines}: {}", found.2);
}

#[test]
fn unknown_words_are_named_where_they_stand_with_what_was_expected() {
    let act = "2022-02-08 甲一";
    is_wrong("登记 甲一", 3, 1, "应为日期、案例、部门、人员、单位、解读、卷宗、分支或者==");
    is_wrong(&format!("{act} 登记案件"), 3, 15, "没有「登记案件」这一步骤，是否指「");
    is_wrong(&format!("{act} 随便"), 3, 15, "没有「随便」这一步骤");
    is_wrong("2022-02-08 乙一 立案", 3, 12, "人员中没有「乙一」");
    is_wrong(
        &format!("{act} 登记线索 大概: 案由=样例"),
        3,
        20,
        "「大概」应为如实记录、更正，或者冒号",
    );
    is_wrong(&format!("{act} 登记线索\n  → 可能"), 4, 3, "→之后应为通过、编号、拒绝");
    is_wrong(&format!("{act} 登记线索\n  → 拒绝 第九十条"), 4, 8, "本办法没有「第九十条」");
    is_wrong(
        &format!("{act} 登记线索\n  → 拒绝 三十条"),
        4,
        8,
        "「三十条」不是条款，应写作第三十五条",
    );
    is_wrong(&format!("{act} 登记线索\n  → 拒绝 解读99-1"), 4, 8, "没有编号为「99-1」的解读");
    is_wrong("人员 乙一: 岗位=侦查员", 3, 11, "没有「侦查员」这一岗位，应为受理人员、");
    is_wrong(
        "人员 乙一: 岗位=办案人员；年龄=30",
        3,
        16,
        "没有「年龄」这一项，应为部门、岗位、证件",
    );
    is_wrong("部门 乙局: 级别=镇；区域=乙；代字=乙", 3, 11, "级别「镇」应为国家、省、市、县");
    is_wrong("单位 乙厂:\n  类别: 工厂\n  区域: 甲市", 4, 7, "类别「工厂」应为");
    is_wrong("解读 99-1: 采用=否", 3, 4, "没有编号为「99-1」的解读");
    is_wrong("解读 31-1: 采用=不", 3, 13, "采用：应为是或者否");
}

#[test]
fn wrong_dates_are_named_where_they_stand() {
    for date in ["2022-13-01", "2022-02-30", "22-2-8", "2022年2月", "T-x", "T+99999999"] {
        is_wrong(&format!("{date} 甲一 登记线索"), 3, 1, "应为日期、案例");
    }
    let act = "2022-02-08 甲一 登记线索\n";
    is_wrong(&format!("{act}== 期限 初查 2022-04-31"), 4, 10, "");
    is_wrong("== 阶段 初查", 3, 1, "之前没有任何日期");
    is_wrong("2022-02-08 25:00 甲一 登记线索", 3, 12, "人员中没有「25:00」");
}

#[test]
fn what_is_missing_is_named_where_it_belongs() {
    is_wrong("部门 乙局: 级别=市；代字=乙", 3, 1, "缺少“区域”");
    is_wrong("部门 乙局:\n  级别: 市\n  区域: 乙市", 3, 1, "缺少“代字”");
    is_wrong("单位 乙厂: 区域=甲市", 3, 1, "缺少“类别”");
    is_wrong("人员 乙一:", 3, 1, "缺少“岗位”");
    is_wrong("解读 31-1:", 3, 1, "缺少“采用”");
    is_wrong("2022-02-08 甲一 登记线索: 案由", 3, 21, "同一行内应写作“字段=内容；字段=内容”");
    let after = "2022-02-08 甲一 登记线索\n  → 通过\n  案由: 样例";
    is_wrong(after, 5, 3, "这一行缩进了，但前面没有它所属的步骤");
    is_wrong("2022-02-08 甲一 登记线索\n  - 名称: 样例", 4, 3, "“- ”一行之前没有它所属的字段");
    is_wrong("2022-02-08\n", 3, 1, "日期之后应为办理人和步骤，或者==");
    is_wrong("2022-02-08 甲一\n", 3, 1, "办理人之后应为步骤");
    is_wrong("分支 甲\n2022-02-08 甲一 登记线索", 4, 1, "分支没有以“分支完”结束");
    is_wrong("2022-02-08 == 缺 第五十二条", 3, 17, "应为第五十三条第一项至第四项");
    is_wrong("2022-02-08 == 任务 第六条第一项 做完", 3, 18, "应写作“任务 第六条第一项 完成”");
    is_wrong("2022-02-08 == 甲一 能 登记线索", 3, 18, "人员之后应为可以或者不可以");
    is_wrong("2022-02-08 == 甲一 可以 随便", 3, 21, "没有「随便」这一步骤");
    is_wrong("2022-02-08 == 证据 样例", 3, 1, "应写作“证据 名称 可以使用”");
}
