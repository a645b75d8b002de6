//! The JSON API through a real listener: what it records, and every kind of no.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test fails by panicking; what its modules share is public to nobody else"
)]

mod support;

use std::{fs, process::Command, thread};

use serde_json::{Value, json};
use store::Store;
use testkit::{Client, client::Answered};

use support::{PASSWORD, Server, lead, step};

fn register(client: &Client, title: &str) -> String {
    let answered = client.post("/api/acts", &lead(title), None).unwrap();
    assert_eq!(answered.status, 201, "{}", answered.body);
    answered.body["dossier"].as_str().unwrap().to_owned()
}

fn take(client: &Client, body: &Value) -> Answered {
    client.post("/api/acts", body, None).unwrap()
}

fn review(dossier: &str, seen: u64) -> Value {
    step(dossier, "assign_reviewers", Some(seen), json!({ "handlers": ["乙一", "乙二"] }))
}

/// Every member of the body, however deep, that is a text.
fn texts(body: &Value) -> String {
    body.to_string()
}

#[test]
fn a_lead_becomes_a_dossier_that_its_people_see() {
    let server = Server::start();
    let (clerk, head) = (server.client("甲一"), server.client("丙一"));
    let answered = take(&clerk, &lead("样例线索"));
    assert_eq!(answered.status, 201);
    assert_eq!(answered.body["number"], "示市保线〔2026〕1号");
    assert_eq!(answered.body["version"], 1);
    let id = answered.body["dossier"].as_str().unwrap();

    let seen = head.get(&format!("/api/dossiers/{id}")).unwrap();
    assert_eq!((seen.status, seen.body["stage"].as_str()), (200, Some("已登记")));
    assert_eq!(seen.body["limits"][0]["nominal"], "2026-05-16");
    assert_eq!(seen.body["limits"][0]["latest"], "2026-05-18");

    assert_eq!(take(&head, &review(id, 1)).status, 201);
    let list = server.client("乙一").get("/api/dossiers").unwrap();
    assert_eq!(list.body["dossiers"][0]["title"], "样例线索");
    assert_eq!(list.body["dossiers"][0]["stage"], "初查");
    assert_eq!(server.client("乙三").get("/api/dossiers").unwrap().body["total"], 0);
}

#[test]
fn a_refusal_names_its_article_and_what_to_do() {
    let server = Server::start();
    let id = register(&server.client("甲一"), "样例线索");
    let head = server.client("丙一");
    let one = step(&id, "assign_reviewers", Some(1), json!({ "handlers": ["乙一"] }));
    let refused = take(&head, &one);
    assert_eq!((refused.status, refused.body["type"].as_str()), (422, Some("refused")));
    let refusal = &refused.body["refusals"][0];
    assert_eq!(refusal["code"], "intake.two_reviewers");
    assert_eq!(refusal["articles"], json!(["第二十七条"]));
    assert_eq!(refusal["field"], "handlers");
    assert_eq!(refusal["hint"], "指派2名以上人员");
    // Nothing was recorded.
    assert_eq!(head.get(&format!("/api/dossiers/{id}")).unwrap().body["version"], 1);

    let next = head.get(&format!("/api/dossiers/{id}/next")).unwrap();
    let steps = next.body["steps"].as_array().unwrap();
    let find = |id: &str| steps.iter().find(|step| step["step"] == id).unwrap();
    assert_eq!(find("assign_reviewers")["outcome"], "allowed");
    assert_eq!(find("assign_handlers")["outcome"], "refused");
    assert_eq!(find("assign_handlers")["against"][0]["articles"], json!(["第三十三条第一款"]));
}

#[test]
fn the_same_request_twice_is_one_act() {
    let server = Server::start();
    let clerk = server.client("甲一");
    let first = clerk.post("/api/acts", &lead("样例线索"), Some("键-1")).unwrap();
    assert_eq!(first.status, 400, "a key is plain text");
    let first = clerk.post("/api/acts", &lead("样例线索"), Some("key-1")).unwrap();
    let again = clerk.post("/api/acts", &lead("样例线索"), Some("key-1")).unwrap();
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body["dossier"], again.body["dossier"]);
    assert_eq!((&first.body["replayed"], &again.body["replayed"]), (&json!(false), &json!(true)));
    let other = clerk.post("/api/acts", &lead("另一线索"), Some("key-1")).unwrap();
    assert_eq!((other.status, other.body["type"].as_str()), (409, Some("key_reused")));
    // A decision that was repeated is not "quicker" than itself.
    let (id, head) = (first.body["dossier"].as_str().unwrap(), server.client("丙一"));
    for replayed in [false, true] {
        let answered = head.post("/api/acts", &review(id, 1), Some("key-1")).unwrap();
        assert_eq!((answered.status, &answered.body["version"]), (201, &json!(2)));
        assert_eq!(answered.body["replayed"], replayed);
    }
    assert_eq!(clerk.get("/api/dossiers?scope=all").unwrap().body["total"], 0);
    assert_eq!(head.get("/api/dossiers?scope=all").unwrap().body["total"], 1);
    // The same words about another dossier are another request.
    let elsewhere = register(&clerk, "另一线索");
    let answered = head.post("/api/acts", &review(&elsewhere, 1), Some("key-1")).unwrap();
    assert_eq!((answered.status, answered.body["type"].as_str()), (409, Some("key_reused")));
}

#[test]
fn a_form_posted_twice_at_once_is_one_act() {
    let server = Server::start();
    let clerk = &server.client("甲一");
    let post = || clerk.post("/api/acts", &lead("样例线索"), Some("twice")).unwrap();
    let answers = thread::scope(|scope| {
        let both: Vec<_> = (0..8).map(|_| scope.spawn(post)).collect();
        both.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(answers.iter().all(|answered| answered.status == 201), "{answers:?}");
    assert!(answers.iter().all(|answered| answered.body["dossier"] == answers[0].body["dossier"]));
    assert_eq!(server.office.store().streams("dossier/").unwrap().len(), 1);
}

#[test]
fn whoever_decides_on_what_is_no_longer_so_is_told_who_was_quicker() {
    let server = Server::start();
    let clerk = server.client("甲一");
    let id = register(&clerk, "样例线索");
    let head = &server.client("丙一");
    let outcomes = thread::scope(|scope| {
        let both = ["乙二", "乙三"].map(|second| {
            let answers = json!({ "handlers": ["乙一", second] });
            let body = step(&id, "assign_reviewers", Some(1), answers);
            scope.spawn(move || take(head, &body))
        });
        both.map(|one| one.join().unwrap())
    });
    let mut statuses = outcomes.each_ref().map(|answered| answered.status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let late = outcomes.iter().find(|answered| answered.status == 409).unwrap();
    assert_eq!(late.body["type"], "quicker");
    assert_eq!(late.body["title"], "「丙一」在您办理期间已经录入新的内容");
    assert_eq!(late.body["version"], 2);
    let unseen = step(&id, "assign_reviewers", None, json!({ "handlers": ["乙一", "乙三"] }));
    assert_eq!(take(head, &unseen).status, 400);
}

#[test]
fn what_adds_to_the_record_is_judged_again_and_nobody_is_turned_away() {
    let server = Server::start();
    let id = register(&server.client("甲一"), "样例线索");
    assert_eq!(take(&server.client("丙一"), &review(&id, 1)).status, 201);
    let handlers = [server.client("乙一"), server.client("乙二")];
    let outcomes: Vec<Answered> = thread::scope(|scope| {
        let one = |(i, client): (usize, &Client)| {
            let answers =
                json!({ "name": format!("样例人{i}"), "standing": "证人", "unit": "样例银行" });
            take(client, &step(&id, "identify_person", None, answers))
        };
        let all: Vec<_> = (0..12)
            .map(|i| (i, &handlers[i % 2]))
            .map(|pair| scope.spawn(move || one(pair)))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(outcomes.iter().all(|answered| answered.status == 201), "{outcomes:?}");
    let seen = handlers[0].get(&format!("/api/dossiers/{id}")).unwrap();
    assert_eq!(seen.body["version"], 14);
}

#[test]
fn what_one_may_not_see_is_answered_like_what_does_not_exist() {
    let server = Server::start();
    let id = register(&server.client("甲一"), "样例线索");
    let stranger = server.client("乙三");
    let mut bodies = Vec::new();
    for id in [id.as_str(), "00000000000000000000000000000000", "无", "%00"] {
        for path in [format!("/api/dossiers/{id}"), format!("/api/dossiers/{id}/next")] {
            let answered = stranger.get(&path).unwrap();
            assert_eq!(answered.status, 404);
            bodies.push(texts(&answered.body));
        }
    }
    for id in [id.as_str(), "无"] {
        let answered = take(&stranger, &step(id, "verify_lead", None, json!({})));
        assert_eq!(answered.status, 404);
        bodies.push(texts(&answered.body));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    // Views and denials are on record.
    let store = server.office.store();
    let audit = store.streams("audit/").unwrap();
    let mut denied = store.load(&audit[0]).unwrap();
    // So are those who signed in.
    denied.retain(|event| event.header.kind != "request_done");
    assert!(denied.iter().all(|event| event.header.kind == "denied"));
    assert_eq!(denied.len(), 10);
}

#[test]
fn from_above_only_the_outline_is_seen() {
    let server = Server::start();
    let id = register(&server.client("甲一"), "样例线索");
    let above = server.client("丁一");
    let seen = above.get(&format!("/api/dossiers/{id}")).unwrap();
    assert_eq!((seen.status, seen.body["access"].as_str()), (200, Some("outline")));
    assert_eq!(seen.body["number"], "示市保线〔2026〕1号");
    let list = above.get("/api/dossiers").unwrap();
    assert_eq!(list.body["dossiers"][0]["number"], "示市保线〔2026〕1号");
    let refused = take(&above, &step(&id, "verify_lead", None, json!({ "way": "x" })));
    assert_eq!(refused.status, 422);
    assert_eq!(refused.body["refusals"][0]["code"], "act.not_one_of_us");
    for body in [&seen.body, &list.body, &refused.body] {
        assert!(!texts(body).contains("样例线索"), "{body}");
    }
}

#[test]
fn a_sealed_name_may_not_stand_in_the_clear_beside_it() {
    let server = Server::start();
    let clerk = server.client("甲一");
    for (sealed, title, status) in [
        ("姓名：样例举报人，电话13800000000", "样例举报人反映的线索", 400),
        ("样例举报人 13800000000", "联系13800000000", 400),
        ("样例举报人 13800000000", "样例线索", 201),
    ] {
        let mut body = lead(title);
        body["answers"]["source"] = json!("citizen_report");
        body["answers"]["secrecy"] = json!("keep_secret");
        body["answers"]["reporter"] = json!(sealed);
        let answered = take(&clerk, &body);
        assert_eq!(answered.status, status, "{}", answered.body);
        let told = texts(&answered.body);
        assert!(!told.contains("样例举报人") && !told.contains("13800000000"), "{told}");
    }
}

#[test]
fn a_reporter_is_sealed_apart_and_stands_nowhere_else() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::on(Store::open(&data, &directory.path().join("keys")).unwrap());
    let clerk = server.client("甲一");
    let mut body = lead("样例举报");
    body["answers"]["source"] = json!("公民举报");
    body["answers"]["secrecy"] = json!("不愿意公开");
    body["answers"]["reporter"] = json!("举报人样例者，电话样例号");
    let answered = clerk.post("/api/acts", &body, Some("sealed")).unwrap();
    assert_eq!(answered.status, 201, "{}", answered.body);
    let id = answered.body["dossier"].as_str().unwrap();
    let lead = server.office.inspect(id).unwrap().intake.leads[0].form.clone();
    let sealed = lead.reporter.unwrap();
    let secret = server.office.store().open_sealed(sealed.as_str()).unwrap().unwrap();
    assert_eq!(secret.expose(), "举报人样例者，电话样例号".as_bytes());
    for file in fs::read_dir(&data).unwrap() {
        let Ok(bytes) = fs::read(file.unwrap().path()) else { continue };
        let plain = "举报人样例者".as_bytes();
        assert!(!bytes.windows(plain.len()).any(|window| window == plain));
    }
    // An id of somebody else's secret is a text like any other, and is sealed itself.
    body["answers"]["reporter"] = json!(sealed.as_str());
    let answered = take(&clerk, &body);
    let id = answered.body["dossier"].as_str().unwrap();
    let lead = server.office.inspect(id).unwrap().intake.leads[0].form.clone();
    assert_ne!(lead.reporter.unwrap(), sealed);
}

#[test]
fn a_sealed_reporter_is_read_by_whom_the_law_names_and_every_reading_is_on_record() {
    let server = Server::start();
    let (clerk, head, handler) =
        (server.client("甲一"), server.client("丙一"), server.client("乙一"));
    let mut body = lead("样例举报");
    body["answers"]["source"] = json!("公民举报");
    body["answers"]["secrecy"] = json!("不愿意公开");
    body["answers"]["reporter"] = json!("举报人样例者");
    let id = take(&clerk, &body).body["dossier"].as_str().unwrap().to_owned();
    let read = |who: &Client, lead| {
        let answered = who.post(&format!("/api/dossiers/{id}/reporters/{lead}"), &json!({}), None);
        let answered = answered.unwrap();
        (answered.status, answered.body["reporter"].as_str().map(str::to_owned))
    };
    let told = (200, Some("举报人样例者".to_owned()));
    assert_eq!(read(&clerk, 1), told);
    assert_eq!(read(&clerk, 2), (404, None));
    assert_eq!(read(&head, 1), (404, None));
    let assign = step(&id, "assign_reviewers", Some(1), json!({ "handlers": ["乙一", "乙二"] }));
    assert_eq!(take(&head, &assign).status, 201);
    assert_eq!(read(&handler, 1), (404, None));
    let grant =
        json!({ "lead": "1", "staff": "乙一", "reason": "核对线索", "until": "2026-03-20" });
    let granted = take(&head, &step(&id, "grant_reporter", Some(2), grant));
    assert_eq!(granted.status, 201, "{}", granted.body);
    assert_eq!(read(&handler, 1), told);
    assert_eq!(read(&head, 1), (404, None));
    let audit = server.office.store().streams("audit").unwrap();
    let audit = audit.iter().flat_map(|stream| server.office.store().load(stream).unwrap());
    let readings: Vec<_> = audit.filter(|event| event.header.kind == "reporter_read").collect();
    assert_eq!(readings.len(), 2);
    let told =
        readings.iter().map(|event| String::from_utf8_lossy(event.payload.as_ref().unwrap()));
    assert!(told.into_iter().all(|text| text.contains(&id) && !text.contains("样例")));
}

#[test]
fn one_act_in_two_dossiers_is_in_both_or_in_neither() {
    let server = Server::start();
    let (clerk, head) = (server.client("甲一"), server.client("丙一"));
    let open = |title| take(&clerk, &lead(title)).body["dossier"].as_str().unwrap().to_owned();
    let (first, second) = (open("样例一"), open("样例二"));
    let version =
        |id: &str| head.get(&format!("/api/dossiers/{id}")).unwrap().body["version"].clone();
    let join = |into: &str, key| {
        let answers = json!({ "into": into, "reason": "同一事实" });
        head.post("/api/acts", &step(&second, "join_dossier", Some(1), answers), key).unwrap()
    };
    assert_eq!(join("示市保线〔2026〕9号", None).status, 422);
    assert_eq!((version(&first), version(&second)), (json!(1), json!(1)));
    assert_eq!(join("示市保线〔2026〕1号", Some("join")).status, 201);
    assert_eq!((version(&first), version(&second)), (json!(2), json!(2)));
    assert_eq!(join("示市保线〔2026〕1号", Some("join")).body["replayed"], true);
    assert_eq!((version(&first), version(&second)), (json!(2), json!(2)));
    assert_eq!(server.office.inspect(&first).unwrap().intake.leads.len(), 2);

    let answers = json!({ "title": "样例三", "content": "样例", "reason": "不宜一并办理" });
    let split = |key| {
        let body = step(&first, "split_dossier", Some(2), answers.clone());
        head.post("/api/acts", &body, Some(key)).unwrap().body
    };
    let (done, again) = (split("split"), split("split"));
    let opened = done["opened"].as_str().unwrap();
    assert_eq!(
        (done["number"].as_str(), &again["opened"]),
        (Some("示市保线〔2026〕3号"), &done["opened"])
    );
    let seen = head.get(&format!("/api/dossiers/{opened}")).unwrap().body;
    assert_eq!((&seen["number"], &seen["version"]), (&done["number"], &json!(1)));
    // The lists are told of every dossier that an act changed.
    let listed = head.get("/api/dossiers").unwrap().body["dossiers"].as_array().unwrap().len();
    assert_eq!(listed, 2);
}

#[test]
fn bad_input_is_answered_in_chinese_and_changes_nothing() {
    let server = Server::start();
    let clerk = server.client("甲一");
    let with = |field: &str, value: Value| {
        let mut body = lead("样例线索");
        body["answers"][field] = value;
        take(&clerk, &body)
    };
    let message = |answered: &Answered| {
        assert_eq!(answered.status, 422, "{}", answered.body);
        answered.body["fields"][0]["message"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(message(&with("occurred", json!("2026-02-30"))), "「2026-02-30」在日历中不存在");
    assert_eq!(message(&with("titel", json!("样例"))), "没有「titel」这一项");
    assert_eq!(message(&with("title", json!("样\u{0}例"))), "含有不能使用的控制字符（U+0000）");
    assert_eq!(message(&with("title", json!("样\u{202E}例"))), "含有不能使用的控制字符（U+202E）");
    assert_eq!(message(&with("title", json!("长".repeat(300_000)))), "内容过长，最多200字");
    assert_eq!(message(&with("title", json!({ "甲": "乙" }))), "应为一段文字");
    assert_eq!(message(&with("units", json!(["没有的单位"]))), "没有「没有的单位」这一机关、单位");
    assert_eq!(with("title", json!("长".repeat(4_000_000))).status, 413);
    let missing = take(&clerk, &json!({ "step": "register", "answers": {} }));
    assert_eq!((missing.status, &missing.body["type"]), (422, &json!("incomplete")));
    assert_eq!(missing.body["missing"][0]["label"], "接到线索日期");

    let step = |body: Value| {
        let answered = take(&clerk, &body);
        (answered.status, answered.body["title"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(step(json!({ "step": "没有" })), (400, "没有「没有」这一步骤".to_owned()));
    assert_eq!(step(json!({ "step": 1 })), (400, "「step」应为文字".to_owned()));
    assert_eq!(step(json!({ "setp": "register" })), (400, "缺少「step」".to_owned()));
    assert_eq!(step(json!({ "step": "verify_lead" })), (400, "没有指明卷宗".to_owned()));
    let mut unknown = lead("样例线索");
    unknown["comment"] = json!("");
    assert_eq!(step(unknown), (400, "没有「comment」这一项".to_owned()));
    let mut seen = lead("样例线索");
    seen["seen"] = json!(-1);
    assert_eq!(step(seen), (400, "「seen」应为非负整数".to_owned()));
    assert_eq!(clerk.get("/api/dossiers?colour=red").unwrap().status, 400);
    assert_eq!(clerk.get("/api/dossiers?size=1000000").unwrap().status, 400);
    assert_eq!(clerk.get("/api/acts").unwrap().body["type"], "wrong_method");
    assert_eq!(server.office.store().streams("dossier/").unwrap(), []);
}

#[test]
fn rare_characters_survive() {
    let server = Server::start();
    let clerk = server.client("甲一");
    let id = register(&clerk, "喆堃䶮与𠮷、🀄");
    let seen = clerk.get(&format!("/api/dossiers/{id}")).unwrap();
    assert_eq!(seen.body["title"], "喆堃䶮与𠮷、🀄");
    let found = clerk.get("/api/dossiers?text=%E4%B6%AE").unwrap();
    assert_eq!(found.body["total"], 1);
}

#[test]
fn a_file_is_what_was_uploaded_or_it_is_not_taken() {
    let server = Server::start();
    let id = register(&server.client("甲一"), "样例线索");
    assert_eq!(take(&server.client("丙一"), &review(&id, 1)).status, 201);
    let handler = server.client("乙一");
    let uploaded = handler.post_bytes("/api/files?name=%E6%A0%B7%E4%BE%8B.txt", b"abc").unwrap();
    assert_eq!((uploaded.status, &uploaded.body["size"]), (201, &json!("3")));
    let sm3 = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
    assert_eq!(uploaded.body["sm3"], sm3, "the example of GB/T 32905");
    let collect = |file: &Value| {
        let answers = json!({
            "occurred": "2026-03-16",
            "name": "样例证据",
            "kind": "书证",
            "shape": "原物、原件、原始载体",
            "source": "样例银行",
            "place": "样例银行办公室",
            "method": "调取",
            "handlers": ["乙一", "乙二"],
            "file": file,
        });
        take(&handler, &step(&id, "collect_evidence", None, answers))
    };
    let mut forged = uploaded.body.clone();
    forged["sha256"] = json!("0".repeat(64));
    let never = json!({
        "name": "样例", "size": "1", "sm3": "1".repeat(64), "sha256": "1".repeat(64),
    });
    for file in [forged, never] {
        let denied = collect(&file);
        assert_eq!((denied.status, denied.body["type"].as_str()), (400, Some("malformed")));
    }
    let taken = collect(&uploaded.body);
    assert_eq!(taken.status, 201, "{}", taken.body);
    assert_eq!(server.office.store().verify(None, &|_, _| {}).unwrap().blobs, 1);
}

#[test]
fn only_our_own_pages_may_change_anything() {
    let server = Server::start();
    let post = |header: &str, value: &str| {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let agent: ureq::Agent = config.into();
        let body = json!({ "name": "甲一", "password": PASSWORD });
        let request = agent.post(format!("{}/api/session", server.base)).header(header, value);
        request.send_json(&body).unwrap().status().as_u16()
    };
    assert_eq!(post("Origin", &server.base), 200);
    assert_eq!(post("Origin", "http://example.org"), 403);
    assert_eq!(post("Origin", "null"), 403);
    assert_eq!(post("Sec-Fetch-Site", "same-origin"), 200);
    assert_eq!(post("Sec-Fetch-Site", "cross-site"), 403);
}

#[test]
fn every_answer_forbids_framing_guessing_and_keeping() {
    let server = Server::start();
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    for path in ["/api/law", "/api/nothing", "/api/dossiers", "/nothing"] {
        let answer = agent.get(format!("{}{path}", server.base)).call().unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "same-origin");
    }
}

#[test]
fn guessing_costs_time_and_tells_nothing() {
    let server = Server::start();
    let client = Client::anonymous(&server.base);
    let guess = |name: &str| {
        let body = json!({ "name": name, "password": "wrong-password" });
        client.post("/api/session", &body, None).unwrap()
    };
    for _ in 0..3 {
        let (known, unknown) = (guess("甲一"), guess("没有此人"));
        assert_eq!((known.status, unknown.status), (401, 401));
        assert_eq!(known.body, unknown.body);
    }
    let (known, unknown) = (guess("甲一"), guess("没有此人"));
    assert_eq!((known.status, unknown.status), (429, 429));
    // Even the right password waits.
    assert!(Client::sign_in(&server.base, "甲一", PASSWORD).is_err());
}

#[test]
fn a_first_password_must_be_changed_before_anything_else() {
    let server = Server::start();
    let staff = procedure::value::StaffId("甲一@示例市局".to_owned());
    let first = server::accounts::give_first_password(server.office.store(), &staff).unwrap();
    let client = Client::sign_in(&server.base, "甲一", &first).unwrap();
    let denied = take(&client, &lead("样例线索"));
    assert_eq!((denied.status, denied.body["type"].as_str()), (403, Some("must_change_password")));
    let change = |new: &str| {
        let body = json!({ "old": first, "new": new });
        client.put("/api/password", &body).unwrap()
    };
    assert_eq!(change("password123").body["title"], "密码过于常见，容易被猜出");
    assert_eq!(change("short").body["title"], "密码不足10个字符");
    assert_eq!(change("甲一的密码很长很长很长").body["title"], "密码不能含有账号或者姓名");
    assert_eq!(change("ba1-ro2-ke3").status, 204);
    assert_eq!(take(&client, &lead("样例线索")).status, 201);
    assert!(Client::sign_in(&server.base, "甲一", &first).is_err());
}

#[test]
fn whoever_left_is_signed_out() {
    let server = Server::start();
    let handler = server.client("乙一");
    assert_eq!(handler.get("/api/dossiers").unwrap().status, 200);
    let staff = procedure::value::StaffId("乙一@示例市局".to_owned());
    server.office.found(vec![procedure::directory::Event::Left(staff)]).unwrap();
    assert_eq!(handler.get("/api/dossiers").unwrap().status, 401);
}

/// Where no file system can be made, the store's own tests limit the database instead.
#[test]
fn a_full_disk_is_said_and_nothing_is_half_written() {
    let root = tempfile::tempdir().unwrap();
    let disk = root.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs"])
        .arg(&disk)
        .output();
    if !mount.is_ok_and(|mount| mount.status.success()) {
        return;
    }
    let server = Server::on(Store::open(&disk.join("data"), &root.path().join("keys")).unwrap());
    let clerk = server.client("甲一");
    let mut full = (0..1000).map(|i| {
        let mut body = lead(&format!("样例{i}"));
        body["answers"]["content"] = json!("长".repeat(15_000));
        take(&clerk, &body)
    });
    let full = full.find(|answered| answered.status != 201).unwrap();
    assert_eq!((full.status, full.body["type"].as_str()), (507, Some("full")), "{}", full.body);
    assert_eq!(full.body["title"], "磁盘已满，未保存任何内容");
    let report = server.office.store().verify(None, &|_, _| {}).unwrap();
    assert_eq!(report.bad, None);
    drop(server);
    Command::new("umount").arg("-l").arg(&disk).status().unwrap();
}
