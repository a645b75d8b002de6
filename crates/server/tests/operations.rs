//! How the served office is run: what it logs, counts, limits, and how it stops.

#![expect(
    clippy::unwrap_used,
    unreachable_pub,
    dead_code,
    reason = "a test fails by panicking; its support is shared"
)]

mod support;

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use server::{clock::Clock, office::Office};
use store::Store;
use support::{PASSWORD, found, step};
use tempfile::TempDir;
use testkit::Client;

/// The real program, serving.
struct Serving {
    child: Child,
    base: String,
    metrics: String,
    root: TempDir,
}

impl Serving {
    fn start(settings: &[(&str, &str)]) -> Serving {
        let root = tempfile::tempdir().unwrap();
        let (data, keys) = (root.path().join("data"), root.path().join("data.keys"));
        found(&Office::open(Store::open(&data, &keys).unwrap(), Clock::default()).unwrap());
        let mut child = Command::new(env!("CARGO_BIN_EXE_chachu"))
            .args(["serve", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("CHACHU_LOG_LEVEL", "debug")
            .env("CHACHU_LOG_FORMAT", "json")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(File::create(root.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = |name| {
            let line = lines.next().unwrap().unwrap();
            line.strip_prefix(name).unwrap().trim_end_matches('/').to_owned()
        };
        let (base, metrics) = (address("地址："), address("指标："));
        Serving { child, base, metrics, root }
    }

    fn client(&self) -> Client {
        Client::sign_in(&self.base, "甲一", PASSWORD).unwrap()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.root.path().join("log")).unwrap()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.base.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    fn send(&self, bytes: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A server that closes in the middle of what we send resets the connection.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    fn ended(&mut self) -> (Option<i32>, Duration) {
        let started = Instant::now();
        (self.child.wait().unwrap().code(), started.elapsed())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(url: &str) -> String {
    ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap()
}

#[test]
fn the_log_says_what_was_done_and_nothing_of_what_it_was_about() {
    let serving = Serving::start(&[]);
    let client = serving.client();
    let canary = "jinsique7";
    let mut lead = support::lead(&format!("样例{canary}"));
    lead["answers"]["content"] = json!(format!("内容{canary}"));
    let done = client.post("/api/acts", &lead, Some(&format!("key-{canary}"))).unwrap();
    assert_eq!(done.status, 201, "{}", done.body);
    let dossier = done.body["dossier"].as_str().unwrap();
    client.post_bytes(&format!("/api/files?name={canary}.txt"), canary.as_bytes()).unwrap();
    client.get(&format!("/api/dossiers?text={canary}")).unwrap();
    client.get(&format!("/api/dossiers/{dossier}")).unwrap();
    client.get(&format!("/api/dossiers/{canary}")).unwrap();
    client.get(&format!("/{canary}?{canary}")).unwrap();
    client.post("/api/acts", &step(dossier, canary, None, json!({})), None).unwrap();
    assert!(Client::sign_in(&serving.base, canary, canary).is_err());
    let log = serving.log();
    let lines: Vec<Value> = log.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let requests: Vec<_> = lines.iter().filter(|line| line["message"] == "request").collect();
    assert_eq!(requests.len(), 9, "{log}");
    for request in requests {
        assert_eq!(request["operation"].as_str().unwrap().len(), 12);
        assert!(request["status"].is_u64() && request["ms"].is_u64(), "{request}");
    }
    for secret in [canary, dossier, "样例", "甲一", PASSWORD] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
    let metrics = text(&serving.metrics);
    for secret in [canary, dossier, "甲一"] {
        assert!(!metrics.contains(secret), "{secret} is in the figures:\n{metrics}");
    }
    for line in [
        r#"chachu_acts_total{step="register",outcome="done"} 1"#,
        r#"chachu_acts_total{step="-",outcome="denied"} 1"#,
        "chachu_sessions_open 1",
        "chachu_audit_failures_total 0",
        "chachu_clock_warnings_total 0",
        "chachu_append_seconds_count",
        r#"route="/api/dossiers/{id}""#,
        "chachu_build_info{version=",
    ] {
        assert!(metrics.contains(line), "{line} is not among the figures:\n{metrics}");
    }
}

#[test]
fn too_much_or_too_slow_is_answered_in_chinese() {
    let serving =
        Serving::start(&[("CHACHU_REQUEST_SECONDS", "2"), ("CHACHU_HEADER_SECONDS", "2")]);
    let long = "a".repeat(40 * 1024);
    let answer = serving.send(&format!(
        "GET /api/law HTTP/1.1\r\nHost: a\r\nX: {long}\r\nConnection: close\r\n\r\n"
    ));
    assert!(answer.starts_with("HTTP/1.1 431") && answer.contains("请求头"), "{answer}");
    let large = "a".repeat(3 * 1024 * 1024);
    let answered = serving.client().post("/api/acts", &json!({ "step": large }), None).unwrap();
    assert_eq!(answered.status, 413, "{}", answered.body);
    let answer =
        serving.send("POST /api/session HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{");
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("规定时间"), "{answer}");
    // A head that never ends is cut off.
    let started = Instant::now();
    serving.send("GET / HTTP/1.1\r\nHost: ");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn slow_connections_beyond_the_limit_wait_and_the_rest_is_served() {
    let serving = Serving::start(&[("CHACHU_CONNECTIONS", "8"), ("CHACHU_HEADER_SECONDS", "1")]);
    let slow: Vec<_> = (0..20).map(|_| serving.connect()).collect();
    assert_eq!(text(&format!("{}/healthz", serving.base)), "正常\n");
    drop(slow);
}

#[test]
fn told_to_stop_it_is_not_ready_ends_what_it_began_and_a_second_time_ends_at_once() {
    let mut serving = Serving::start(&[]);
    assert_eq!(text(&format!("{}/readyz", serving.base)), "就绪\n");
    serving.signal("-TERM");
    let (code, took) = serving.ended();
    assert!(code == Some(0) && took < Duration::from_secs(5), "{code:?} {took:?}");

    let mut serving = Serving::start(&[]);
    let mut slow = serving.connect();
    slow.write_all(b"POST /api/session HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{").unwrap();
    // Kept open, so that it can still be asked while it stops.
    let mut asking = serving.connect();
    asking.write_all(b"GET /readyz HTTP/1.1\r\nHost: a\r\n").unwrap();
    thread::sleep(Duration::from_millis(300));
    serving.signal("-TERM");
    thread::sleep(Duration::from_millis(300));
    asking.write_all(b"\r\n").unwrap();
    let mut answer = String::new();
    asking.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("未就绪"), "{answer}");
    assert!(serving.child.try_wait().unwrap().is_none(), "it does not wait for what it began");
    serving.signal("-TERM");
    let (code, took) = serving.ended();
    assert!(code == Some(0) && took < Duration::from_secs(2), "{code:?} {took:?}");
}
