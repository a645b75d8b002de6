//! T5: every request that would change something has exactly one entry with who, when, where, what
//! and how it ended; so has every reading of what is sealed and of evidence.
//!
//! The list of requests is the router's own. An address that no line below speaks of fails the test.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use server::{
    accounts::Accounts,
    office::Office,
    serve::{AppState, app},
};
use store::{Store, StoredEvent};
use ureq::Agent;

use crate::support::{PASSWORD, Server, lead};

/// What is answered to these methods, as the router has it: method and address.
pub(crate) fn routes(office: &Office, wanted: &[&str]) -> BTreeSet<(String, String)> {
    let accounts = Accounts::new(office.clone()).unwrap();
    let state = AppState { office: office.clone(), accounts, demonstration: None };
    // The router tells its routes to nobody but whoever looks at it.
    let router = format!("{:?}", app(state));
    let router = router.split("fallback_router").next().unwrap();
    let (mut paths, mut methods) = (Vec::new(), Vec::new());
    for part in router.split("RouteId(").skip(1) {
        let (id, rest) = part.split_once("): ").unwrap();
        if let Some(path) = rest.strip_prefix('"') {
            paths.push((id, path.split('"').next().unwrap()));
            continue;
        }
        for method in wanted {
            let endpoint = rest.split(&format!(" {method}: ")).nth(1).unwrap();
            if !endpoint.starts_with("None") {
                methods.push((id, method.to_uppercase()));
            }
        }
    }
    assert!(paths.len() > 20, "the router looks otherwise: {router}");
    let of = |id| paths.iter().find(|(other, _)| *other == id).unwrap().1.to_owned();
    methods.into_iter().map(|(id, method)| (method, of(id))).collect()
}

/// How a request is meant to end.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum End {
    Done,
    Denied,
    Invalid,
}

/// A request, and who sends it: nobody where it is empty.
pub(crate) struct Sent {
    pub(crate) end: End,
    pub(crate) who: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

impl Sent {
    /// The same for another time, under another name and key.
    pub(crate) fn again(&mut self, time: usize) {
        if let Ok(body) = std::str::from_utf8(&self.body).map(str::to_owned) {
            let body = body.replace("_key=k1", &format!("_key=k1.{time}"));
            let body = body.replace(
                "name=%E6%A0%B7%E4%BE%8B%E5%8E%82",
                &format!("name=%E6%A0%B7%E4%BE%8B%E5%8E%82{time}"),
            );
            self.body = body.into_bytes();
        }
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fn sent(end: End, who: &'static str, kind: &'static str, path: &str, body: &str) -> Sent {
    Sent { end, who, kind, path: path.to_owned(), body: body.as_bytes().to_vec() }
}

/// One request of each kind for an address; an empty list says that no line speaks of it.
pub(crate) fn requests(method: &str, route: &str, dossier: &str) -> Vec<Sent> {
    use End::{Denied, Done, Invalid};
    let account =
        |name: &str, password: &str| json!({ "name": name, "password": password }).to_string();
    let wrong_json = |path: &str, who| sent(Invalid, who, JSON, path, "{");
    let reporter = format!("/api/dossiers/{dossier}/reporters/1");
    let page = format!("/dossiers/{dossier}/reporters/1");
    let step = format!("/dossiers/{dossier}/steps/identify_person");
    let correct = format!("/dossiers/{dossier}/entries/1/correct");
    let person = "name=%E6%A0%B7%E4%BE%8B&standing=%E8%AF%81%E4%BA%BA&_key=k1&_seen=1";
    let new = "another-pass-7";
    match (method, route) {
        ("POST", "/api/session") => vec![
            sent(Done, "甲一", JSON, route, &account("甲一", PASSWORD)),
            sent(Denied, "甲一", JSON, route, &account("甲一", "wrong-password")),
            wrong_json(route, ""),
        ],
        ("DELETE", "/api/session") => vec![sent(Done, "乙三", JSON, route, "")],
        ("PUT", "/api/password") => vec![
            sent(Done, "乙二", JSON, route, &json!({ "old": PASSWORD, "new": new }).to_string()),
            sent(Denied, "", JSON, route, &json!({ "old": "a", "new": "b" }).to_string()),
            wrong_json(route, "甲一"),
        ],
        ("POST", "/api/acts") => vec![
            sent(Done, "甲一", JSON, route, &lead("样例").to_string()),
            sent(Denied, "乙一", JSON, route, &lead("样例").to_string()),
            wrong_json(route, "甲一"),
        ],
        ("POST", "/api/dossiers/{id}/reporters/{lead}") => vec![
            sent(Done, "甲一", JSON, &reporter, ""),
            sent(Denied, "乙三", JSON, &reporter, ""),
            sent(Invalid, "甲一", JSON, &format!("{reporter}x"), ""),
        ],
        ("POST", "/api/demo/clock") => vec![
            sent(Done, "", JSON, route, &json!({ "now": "2026-03-16T09:00" }).to_string()),
            wrong_json(route, ""),
        ],
        ("POST", "/api/files") => vec![
            sent(Done, "甲一", JSON, "/api/files?name=a.txt", "样例"),
            sent(Denied, "", JSON, "/api/files?name=a.txt", "样例"),
            sent(Invalid, "甲一", JSON, "/api/files", "样例"),
        ],
        ("POST", "/register") => vec![
            sent(Denied, "", FORM, route, "title=a"),
            sent(Denied, "乙一", FORM, route, "title=a"),
            sent(Invalid, "甲一", "text/plain", route, "title"),
        ],
        ("POST", "/dossiers/{id}/steps/{step}") => vec![
            sent(Done, "甲一", FORM, &step, person),
            sent(Denied, "乙三", FORM, &step, person),
            sent(Invalid, "甲一", "text/plain", &step, "name"),
        ],
        ("POST", "/dossiers/{id}/entries/{entry}/correct") => vec![
            sent(Denied, "乙三", FORM, &correct, "reason=a"),
            sent(Invalid, "甲一", "text/plain", &correct, "reason"),
        ],
        ("POST", "/dossiers/{id}/reporters/{lead}") => vec![
            sent(Done, "甲一", FORM, &page, ""),
            sent(Denied, "乙三", FORM, &page, ""),
            sent(Invalid, "甲一", FORM, &format!("{page}x"), ""),
        ],
        ("POST", "/directory/units") => vec![
            sent(
                Done,
                "甲一",
                FORM,
                route,
                "name=%E6%A0%B7%E4%BE%8B%E5%8E%82&category=%E4%BC%81%E4%B8%9A&region=%E7%A4%BA%E4%BE%8B%E5%B8%82",
            ),
            sent(Denied, "", FORM, route, "name=a"),
            sent(Invalid, "甲一", FORM, route, "name=&category=x"),
        ],
        ("POST", "/competence") => vec![
            sent(Invalid, "甲一", FORM, route, "unit="),
            sent(Denied, "", FORM, route, "unit="),
            sent(Invalid, "甲一", "text/plain", route, "unit"),
        ],
        ("POST", "/sign-in") => vec![
            sent(
                Done,
                "甲一",
                FORM,
                route,
                &format!("account=%E7%94%B2%E4%B8%80&password={PASSWORD}"),
            ),
            sent(Denied, "甲一", FORM, route, "account=%E7%94%B2%E4%B8%80&password=wrong-password"),
            sent(Invalid, "", "text/plain", route, "account"),
        ],
        ("POST", "/law/readings") => vec![
            sent(Denied, "", FORM, route, "reading=27-1"),
            sent(Denied, "甲一", FORM, route, "reading=27-1"),
            sent(Invalid, "丙一", "text/plain", route, "reading"),
        ],
        ("POST", "/sign-out") => vec![sent(Done, "丙一", FORM, route, "")],
        ("POST", "/password") => vec![
            sent(Denied, "", FORM, route, "old=a&fresh=b&again=b"),
            sent(Invalid, "甲一", FORM, route, "old=a&fresh=b&again=c"),
        ],
        ("POST", "/demo/clock") => vec![
            sent(Done, "甲一", FORM, route, "clock=today"),
            sent(Denied, "", FORM, route, "clock=today"),
        ],
        _ => Vec::new(),
    }
}

/// Every event there is, by its stream and version.
pub(crate) fn events(store: &Store) -> BTreeMap<(String, u64), StoredEvent> {
    let mut events = BTreeMap::new();
    for stream in store.streams("").unwrap() {
        for event in store.load(&stream).unwrap() {
            events.insert((stream.to_string(), event.header.version), event);
        }
    }
    events
}

pub(crate) fn agent(base: &str, who: &str, password: &str) -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
    let agent: Agent = config.build().into();
    if !who.is_empty() {
        let body = json!({ "name": who, "password": password });
        let answered = agent.post(format!("{base}/api/session")).send_json(body).unwrap();
        assert_eq!(answered.status(), 200, "{who}");
    }
    agent
}

fn send(agent: &Agent, base: &str, method: &str, sent: &Sent) -> u16 {
    let url = format!("{base}{}", sent.path);
    let answered = match method {
        "POST" => agent.post(url).header("content-type", sent.kind).send(&sent.body[..]),
        "PUT" => agent.put(url).header("content-type", sent.kind).send(&sent.body[..]),
        _ => agent.delete(url).call(),
    };
    answered.unwrap().status().as_u16()
}

/// What is wrong with the one entry that is new: who, when, where, what and how it ended.
fn wrong(entry: &StoredEvent, route: &str, sent: &Sent) -> Option<String> {
    let header = &entry.header;
    let payload = String::from_utf8_lossy(entry.payload.as_deref().unwrap()).into_owned();
    let (kind, who) = (header.kind.as_str(), header.who.split('@').next());
    let ends = match kind {
        "request_invalid" => sent.end == End::Invalid,
        // What is refused by law, and what is filled in wrongly, are both answered with 422.
        "request_denied" | "denied" => sent.end != End::Done,
        "request_failed" => false,
        _ => sent.end == End::Done,
    };
    let dated = header.entered.starts_with("2026-03-16T09:00") && header.recorded > 0;
    let secrets = [PASSWORD, "wrong-password", "another-pass-7"];
    let tells = secrets.iter().any(|secret| payload.contains(secret));
    // What is done in a dossier or in the directory is its own entry.
    let own = ["register", "identify_person", "unit_listed"].contains(&kind);
    let what: Value = serde_json::from_str(&payload).unwrap();
    let placed = own || what["request"].as_str().is_some_and(|request| request.ends_with(route));
    let right = ends && dated && !tells && placed && who == Some(sent.who);
    (!right).then(|| format!("{route} {:?} of {}: {kind} of {who:?} {payload}", sent.end, sent.who))
}

#[test]
fn t5_every_request_that_would_change_something_has_one_entry() {
    let server = Server::start();
    let (base, store) = (server.base.clone(), server.office.store());
    let routes = routes(&server.office, &["post", "put", "delete", "patch"]);
    let mut count = 0;
    let mut silent = Vec::new();
    for (method, route) in &routes {
        let mut first = lead("样例");
        first["answers"]["source"] = json!("公民举报");
        first["answers"]["reporter"] = json!("样例人，电话13900000000");
        first["answers"]["secrecy"] = json!("不愿意公开");
        let clerk = agent(&base, "甲一", PASSWORD);
        let mut answered = clerk.post(format!("{base}/api/acts")).send_json(&first).unwrap();
        assert_eq!(answered.status(), 201, "{}", answered.body_mut().read_to_string().unwrap());
        let body: Value = answered.body_mut().read_json().unwrap();
        let dossier = body["dossier"].as_str().unwrap();
        let requests = requests(method, route, dossier);
        if requests.is_empty() {
            silent.push(format!("no line speaks of {method} {route}"));
        }
        for sent in requests {
            // Who signs in is nobody before; and each has the session to begin with.
            let signs_in = route.ends_with("session") || route == "/sign-in";
            let before = if signs_in && method == "POST" { "" } else { sent.who };
            let agent = agent(&base, before, PASSWORD);
            let known = events(store);
            let status = send(&agent, &base, method, &sent);
            let after = events(store);
            if after.len() != known.len() + 1 {
                silent.push(format!(
                    "{method} {route} {:?}: {status}, {} entries",
                    sent.end,
                    after.len() - known.len()
                ));
                continue;
            }
            let new = after.into_iter().find(|(place, _)| !known.contains_key(place));
            let newest = &new.unwrap().1;
            silent.extend(wrong(newest, route, &sent));
            count += 1;
        }
    }
    assert!(silent.is_empty(), "not one entry each: {silent:#?}");
    println!("{} addresses, {count} requests, one entry each", routes.len());
    assert!(count > 40);
}
