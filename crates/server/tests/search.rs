//! 检索 through a real listener: who finds what, and that the worker leaves nothing.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test fails by panicking; what its modules share is public to nobody else"
)]

mod support;

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use server::office::search;
use testkit::Client;

use support::{Server, lead, step};

fn register(client: &Client, body: &Value) -> String {
    let answered = client.post("/api/acts", body, None).unwrap();
    assert_eq!(answered.status, 201, "{}", answered.body);
    answered.body["dossier"].as_str().unwrap().to_owned()
}

/// How many the question finds.
fn found(client: &Client, question: &str) -> u64 {
    found_among(client, question, "")
}

fn found_among(client: &Client, question: &str, filters: &str) -> u64 {
    let path = format!("/api/dossiers?scope=all&text={}{filters}", encoded(question));
    let answered = client.get(&path).unwrap();
    let rows = answered.body["dossiers"].as_array().unwrap().len() as u64;
    assert_eq!(answered.body["total"], rows, "{question}");
    rows
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn what_was_just_recorded_is_found_by_those_who_may_see_it() {
    let server = Server::start();
    let (clerk, head) = (server.client("甲一"), server.client("丙一"));
    let (above, other) = (server.client("丁一"), server.client("乙三"));
    let mut body = lead("擅自携带外出统计报表");
    body["answers"]["content"] = json!("文印员赵六误认为已经解密，以U盘拷出（共3份）");
    let id = register(&clerk, &body);
    let number = "示市保线〔2026〕1号";
    for text in ["统计报表", "携带外出 赵六", "u盘", "共3份", "登记线索", "甲一", "样例银行"]
    {
        assert_eq!(found(&clerk, text), 1, "{text}");
        assert_eq!(found(&head, text), 1, "{text}");
        assert_eq!(found(&other, text), 0, "{text}");
    }
    for text in [number, "〔2026〕1号", "(2026)1号", "【２０２６】１号", "市保线2026", "1号"]
    {
        assert_eq!(found(&above, text), 1, "{text}");
    }
    // From above only the outline is looked at.
    for (text, finds) in [("样例银行", 1), ("已登记", 1), ("示例市局", 1)] {
        assert_eq!(found(&above, text), finds, "{text}");
    }
    for text in ["统计报表", "赵六", "登记线索", "甲一", "样例银行 赵六"] {
        assert_eq!(found(&above, text), 0, "{text}");
    }
    let handlers = json!({ "handlers": ["乙一", "乙三"] });
    let assigned = step(&id, "assign_reviewers", Some(1), handlers);
    assert_eq!(head.post("/api/acts", &assigned, None).unwrap().status, 201);
    assert_eq!(found(&other, "赵六 乙一"), 1);
    // A clerk's dossier is theirs until the review begins.
    assert_eq!(found(&clerk, "赵六"), 0);
    for (filters, finds) in [
        ("&stage=%E5%88%9D%E6%9F%A5", 1),
        ("&stage=%E8%B0%83%E6%9F%A5", 0),
        ("&due_before=2026-05-19", 1),
        ("&due_before=2026-05-18", 0),
        ("&scope=ended", 0),
        ("&department=%E7%A4%BA%E4%BE%8B%E5%B8%82%E5%B1%80", 1),
        ("&department=%E7%A4%BA%E4%BE%8B%E7%9C%81%E5%B1%80", 0),
    ] {
        if filters == "&scope=ended" {
            let path = format!("/api/dossiers?text={}{filters}", encoded("赵六"));
            assert_eq!(head.get(&path).unwrap().body["total"], finds, "{filters}");
        } else {
            assert_eq!(found_among(&head, "赵六", filters), finds, "{filters}");
        }
    }
    // The list of a department is the same without words.
    let list = |filter: &str| {
        let path = format!("/api/dossiers?department={}", encoded(filter));
        above.get(&path).unwrap().body["total"].clone()
    };
    assert_eq!([list("示例市局"), list("示例省局")], [1, 0]);
}

#[test]
fn a_reporter_is_found_by_nobody() {
    let server = Server::start();
    let clerk = server.client("甲一");
    let mut body = lead("样例线索");
    body["answers"]["source"] = json!("公民举报");
    body["answers"]["secrecy"] = json!("不愿意公开");
    body["answers"]["reporter"] = json!("举报人钱七，电话13800000000");
    register(&clerk, &body);
    assert_eq!(found(&clerk, "样例线索"), 1);
    for text in ["钱七", "举报人钱七", "13800000000"] {
        assert_eq!(found(&clerk, text), 0, "{text}");
        assert_eq!(found(&server.client("丙一"), text), 0, "{text}");
    }
}

#[test]
fn the_worker_leaves_nothing_and_begins_with_what_was_left() {
    let server = Server::start();
    let clerk = server.client("甲一");
    // More than a question takes in by itself.
    for n in 0..60 {
        register(&clerk, &lead(&format!("样例线索 第{n}件")));
    }
    let store = server.office.store();
    assert_eq!(store.unsearched(0, 100).unwrap().len(), 60);
    assert_eq!(found(&clerk, "第59件"), 0);
    search::start(&server.office).unwrap();
    let began = Instant::now();
    let is_left = || !store.unsearched(0, 1).unwrap().is_empty();
    while is_left() {
        assert!(began.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(found(&clerk, "第59件"), 1);
    register(&clerk, &lead("又一线索"));
    // At rest it is at most a second late; a loaded machine gets some more.
    let began = Instant::now();
    while is_left() {
        assert!(began.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn whoever_stands_back_does_not_find_it_and_is_not_told_how_many_there_are() {
    let server = Server::start();
    let (clerk, head) = (server.client("甲一"), server.client("丙一"));
    let id = register(&clerk, &lead("涉及孙八"));
    assert_eq!(found(&head, "孙八"), 1);
    let recuse = step(&id, "recuse", Some(1), json!({ "reason": "近亲属" }));
    assert_eq!(head.post("/api/acts", &recuse, None).unwrap().status, 201);
    assert_eq!(found(&head, "孙八"), 0);
    assert_eq!(head.get("/api/dossiers?scope=all").unwrap().body["total"], 0);
}
