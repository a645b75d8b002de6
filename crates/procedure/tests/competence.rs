//! Competence for sets of facts that cover each item of arts. 11–16, with the reasons as they were read and found right against the text.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use procedure::jurisdiction::competence::{Department, Facts, Tree, answer};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    departments: Vec<Department>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    title: String,
    facts: Facts,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("fixtures/competence.json")).unwrap()
}

/// The title of every set of facts with the answer to it.
fn answers() -> String {
    let Fixture { departments, cases } = fixture();
    let tree = Tree::new(departments).unwrap();
    let told = |case: &Case| {
        let answer = answer(&tree, &case.facts).unwrap();
        format!("# {}\n{answer}\n", case.title)
    };
    cases.iter().map(told).collect()
}

/// The golden file is reviewed by eye: `UPDATE=1` writes it, the diff is read against the text.
#[test]
fn the_reasons_are_those_that_were_reviewed() {
    let path = Path::new("tests/fixtures/competence.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, answers()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), answers());
}

#[test]
fn every_item_of_the_chapter_is_covered() {
    let answers = answers();
    let items = [
        "第十一条第一款",
        "第十一条第二款",
        "第十二条第一项",
        "第十二条第二项",
        "第十二条第三项",
        "第十三条第一项",
        "第十三条第二项",
        "第十三条第三项",
        "第十三条第四项",
        "第十四条",
        "第十五条第一款",
        "第十五条第二款",
        "第十六条第一款",
        "第十六条第二款",
    ];
    for item in items {
        let given = answers.lines().any(|line| line.starts_with(&format!("　　{item}　")));
        assert!(given, "no reason rests on {item}");
    }
    assert!(fixture().cases.len() >= 30);
}

fn department(name: &str, level: &str, superior: Option<&str>) -> Department {
    let department = serde_json::json!({
        "name": name, "level": level, "region": format!("{name}地"), "superior": superior,
    });
    serde_json::from_value(department).unwrap()
}

#[test]
fn a_tree_that_is_none_is_refused_in_chinese() {
    let cycle = ["甲", "乙"].map(|name| {
        let other = if name == "甲" { "乙" } else { "甲" };
        department(name, if name == "甲" { "municipal" } else { "county" }, Some(other))
    });
    let cases = [
        (cycle.to_vec(), "「甲」的上级关系成环，无从判断"),
        (vec![department("甲", "county", Some("乙"))], "「甲」的上一级部门「乙」没有列出"),
        (vec![department("甲", "county", None); 2], "部门「甲」列了两次"),
        (
            vec![department("甲", "county", Some("乙")), department("乙", "county", None)],
            "「甲」的上一级部门「乙」级别不高于它",
        ),
    ];
    for (departments, wrong) in cases {
        assert_eq!(Tree::new(departments).unwrap_err(), wrong);
    }
    let mut twins = vec![department("甲", "county", None), department("乙", "county", None)];
    twins[1].region = twins[0].region.clone();
    assert_eq!(Tree::new(twins).unwrap_err(), "「甲地」有两个同级部门");
}

#[test]
fn facts_from_which_nothing_can_be_judged_are_refused_in_chinese() {
    let tree = Tree::new(fixture().departments).unwrap();
    let cases = [
        (r#"{}"#, "没有写明泄密行为发生地、有关机关、单位或者案件当事人居住地"),
        (r#"{"places":["午县"]}"#, "没有负责「午县」的部门，请核对地区"),
        (r#"{"residences":["午县"]}"#, "没有负责「午县」的部门，请核对地区"),
        (r#"{"places":["子县"],"designated":"午县局"}"#, "没有「午县局」这一部门"),
        (r#"{"places":["子县"],"holder":"午县局"}"#, "没有「午县局」这一部门"),
        (
            r#"{"units":[{"name":"某海关","category":"central_branch","region":"子县"}]}"#,
            "「某海关」是中央和国家机关的直属机构，须写明其上级",
        ),
        (
            r#"{"units":[{"name":"某厅","category":"provincial_organ","region":"全国"}]}"#,
            "「某厅」是省级机关，但其所在地没有省级部门，无从判断",
        ),
        (
            r#"{"places":["子县"],"holder":"子县局","disputed_with":["甲一市局"]}"#,
            "「甲一市局」不是与「子县局」同级的其他部门，不发生管辖权争议",
        ),
    ];
    for (facts, wrong) in cases {
        let facts: Facts = serde_json::from_str(facts).unwrap();
        assert_eq!(answer(&tree, &facts).unwrap_err(), wrong);
    }
}
