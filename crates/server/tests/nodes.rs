//! Many nodes on one PostgreSQL: what is changed on one holds on all, and whatever ends in the
//! middle, a node, a connection or the database, nothing acknowledged is lost and nothing is twice.
//!
//! Fast by default; `CHACHU_LONG=1` for many more rounds, and for a cut at every byte.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    dead_code,
    reason = "a test fails by panicking and says what it measured; its support is shared"
)]

#[path = "support/serving.rs"]
mod serving;
mod support;
mod wire;

use std::{
    collections::BTreeMap,
    fs::File,
    path::PathBuf,
    process::Command,
    sync::{
        Mutex, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use procedure::{
    Manner,
    directory::{Event, Role},
    value::{Answer, StaffId},
};
use serde_json::{Value, json};
use server::{
    clock::Clock,
    no::{Denied, No},
    office::{Office, Submitted},
};
use store::{At, Store, Stream};
use tempfile::TempDir;
use testkit::{Client, Cluster};

use serving::Serving;
use support::{PASSWORD, Server, found, step};
use wire::{COMMIT, Wire};

fn long() -> bool {
    std::env::var_os("CHACHU_LONG").is_some()
}

/// A database on a cluster of its own, and the directories that its nodes share.
struct Ground {
    cluster: Cluster,
    database: String,
    root: TempDir,
}

impl Ground {
    fn new(cluster: Cluster) -> Ground {
        let database = cluster.empty();
        store::migrate(&cluster.as_owner(&database)).unwrap();
        Ground { cluster, database, root: tempfile::tempdir().unwrap() }
    }

    fn url(&self) -> String {
        self.cluster.as_server(&self.database)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A node's store, by this address.
    fn store(&self, url: &str) -> Store {
        let (data, keys, vault) = (self.path("data"), self.path("keys"), self.path("vault"));
        let at = At { data: &data, keys: &keys, vault: Some(&vault), passphrase: None };
        Store::connect_at(url, &at).unwrap()
    }

    /// The settings of a command on this record.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chachu"));
        command.arg(name).env("CHACHU_DATABASE", self.url());
        for (setting, path) in [("--data", "data"), ("--keys", "keys"), ("--vault", "vault")] {
            command.arg(setting).arg(self.path(path));
        }
        command
    }
}

/// Another node of the same record, in this process, under this name.
fn beside(store: Store, node: &str) -> Server {
    let office = Office::open_as(store, Clock::default(), node).unwrap();
    office.clock().stand(jiff::civil::date(2026, 3, 16).at(9, 0, 0, 0));
    Server::serving(office)
}

/// The real program, serving as one of many.
fn node(ground: &Ground, name: &str) -> Serving {
    let log = File::options().create(true).append(true).open(ground.path("log")).unwrap();
    let mut command = ground.command("serve");
    command.args(["--node", name]);
    let serving = Serving::run(command, log.into());
    let log = || std::fs::read_to_string(ground.path("log")).unwrap();
    assert!(serving.base.starts_with("http"), "{}", log());
    serving
}

/// Where clients find the nodes; none while a node is down.
#[derive(Default)]
struct Doors([RwLock<Option<Client>>; 2]);

impl Doors {
    fn open(&self, node: usize, serving: &Serving) {
        let client = Client::sign_in(&serving.base, "甲一", PASSWORD).unwrap();
        *self.0[node].write().unwrap() = Some(client);
    }

    fn close(&self, node: usize) {
        *self.0[node].write().unwrap() = None;
    }
}

#[derive(Default)]
struct Tally {
    /// By key: the dossier and its version.
    acknowledged: Mutex<BTreeMap<String, (String, u64)>>,
    retried: AtomicUsize,
    replayed: AtomicUsize,
    /// The longest that an act took from its first sending to its acknowledgement.
    longest: Mutex<Duration>,
}

/// Sends an act under its key, to whichever node answers, until it is acknowledged.
fn send(doors: &Doors, first: usize, key: &str, body: &Value, tally: &Tally) -> String {
    let began = Instant::now();
    for attempt in 0.. {
        assert!(began.elapsed() < Duration::from_secs(90), "{key} is never acknowledged");
        let door = doors.0[(first + attempt) % 2].read().unwrap();
        let Some(client) = &*door else {
            drop(door);
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        match client.post("/api/acts", body, Some(key)) {
            Ok(answered) if answered.status == 201 => {
                let dossier = answered.body["dossier"].as_str().unwrap().to_owned();
                let version = answered.body["version"].as_u64().unwrap();
                tally
                    .replayed
                    .fetch_add(usize::from(answered.body["replayed"] == true), Ordering::Relaxed);
                let known = tally
                    .acknowledged
                    .lock()
                    .unwrap()
                    .insert(key.to_owned(), (dossier.clone(), version));
                assert_eq!(known, None, "{key}");
                let mut longest = tally.longest.lock().unwrap();
                *longest = began.elapsed().max(*longest);
                return dossier;
            }
            Ok(answered) => {
                assert_eq!(answered.status, 503, "{}", answered.body);
                let kind = answered.body["type"].as_str().unwrap();
                assert!(["unavailable", "unresolved", "busy"].contains(&kind), "{kind}");
            }
            Err(_) => {}
        }
        drop(door);
        tally.retried.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(20));
    }
    unreachable!()
}

/// A text that only the act with this key has.
fn mark(key: &str) -> String {
    format!("样例{key}；")
}

/// Registers leads and identifies persons until told to stop.
fn load(doors: &Doors, name: &str, first: usize, stop: &AtomicBool, tally: &Tally) {
    for i in 0.. {
        let key = format!("{name}n{i}");
        let dossier = send(doors, first, &key, &support::lead(&mark(&key)), tally);
        for person in 0..3 {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let key = format!("{key}p{person}");
            let answers = json!({ "name": mark(&key), "standing": "证人" });
            let body = step(&dossier, "identify_person", None, answers);
            send(doors, first + person, &key, &body, tally);
        }
    }
}

/// Everything acknowledged is there, nothing else is, and nothing twice.
fn look(ground: &Ground, tally: &Tally) -> usize {
    let store = ground.store(&ground.url());
    let acknowledged = tally.acknowledged.lock().unwrap();
    let mut expected = BTreeMap::<&str, BTreeMap<u64, &str>>::new();
    for (key, (dossier, version)) in &*acknowledged {
        let twice = expected.entry(dossier).or_default().insert(*version, key);
        assert_eq!(twice, None, "{key}");
    }
    let streams = store.versions("dossier/").unwrap();
    assert_eq!(streams.len(), expected.len());
    for (stream, version) in streams {
        let keys = &expected[stream.dossier_id().unwrap()];
        let events = store.load(&stream).unwrap();
        assert_eq!((events.len(), keys.len()), (version as usize, version as usize), "{stream}");
        for (event, key) in events.iter().zip(keys.values()) {
            let payload = String::from_utf8_lossy(event.payload.as_deref().unwrap());
            assert!(payload.contains(&mark(key)), "{key} is lost");
        }
    }
    // Every act of a register drew one number.
    let series = store.series().unwrap();
    let drawn: u64 = series.iter().filter(|(name, _)| name != "directory").map(|it| it.1).sum();
    assert_eq!(drawn, expected.len() as u64, "{series:?}");
    acknowledged.len()
}

fn verify(ground: &Ground) {
    let output = ground.command("verify").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn d1_a_node_and_then_the_database_are_killed_under_load_and_nothing_acknowledged_is_lost() {
    let mut ground = Ground::new(Cluster::durable());
    found(&Office::open(ground.store(&ground.url()), Clock::default()).unwrap());
    let mut nodes = ["1", "2"].map(|name| Some(node(&ground, name)));
    let (doors, tally, began) = (Doors::default(), Tally::default(), Instant::now());
    let rounds = if long() { 20 } else { 2 };
    for round in 0..rounds {
        let stop = AtomicBool::new(false);
        for (node, serving) in nodes.iter().enumerate() {
            doors.open(node, serving.as_ref().unwrap());
        }
        thread::scope(|scope| {
            for client in 0..4 {
                let (doors, stop, tally) = (&doors, &stop, &tally);
                scope
                    .spawn(move || load(doors, &format!("r{round}t{client}"), client, stop, tally));
            }
            thread::sleep(Duration::from_millis(1000));
            let victim = round % 2;
            nodes[victim].take().unwrap().kill();
            doors.close(victim);
            thread::sleep(Duration::from_millis(1000));
            nodes[victim] = Some(node(&ground, ["1", "2"][victim]));
            doors.open(victim, nodes[victim].as_ref().unwrap());
            thread::sleep(Duration::from_millis(500));
            ground.cluster.kill();
            thread::sleep(Duration::from_millis(300));
            ground.cluster.go_on();
            thread::sleep(Duration::from_millis(1500));
            stop.store(true, Ordering::Relaxed);
        });
    }
    let looked = look(&ground, &tally);
    println!(
        "{rounds} kills of a node and as many of the database in {:?}: {looked} acknowledged acts, all there, none twice; {} sent again, {} of which had been recorded; the longest wait {:?}",
        began.elapsed(),
        tally.retried.load(Ordering::Relaxed),
        tally.replayed.load(Ordering::Relaxed),
        tally.longest.lock().unwrap(),
    );
    assert!(looked > 20 * rounds);
    drop(nodes);
    verify(&ground);
}

/// A lead, handed in to an office without HTTP.
fn submitted(key: &str) -> Submitted {
    let text = |text: &str| Answer::One(text.to_owned());
    let answers = [
        ("occurred", text("2026-03-16")),
        ("source", text("机关和单位报告")),
        ("title", text(&mark(key))),
        ("content", text("样例银行报告")),
        ("units", Answer::Many(vec![text("样例银行")])),
    ];
    Submitted {
        step: "register".to_owned(),
        who: StaffId("甲一".to_owned()),
        dossier: None,
        seen: None,
        key: Some(key.to_owned()),
        manner: Manner::Regular,
        answers: answers.map(|(field, answer)| (field.to_owned(), answer)).into(),
    }
}

#[test]
fn d8_a_connection_cut_at_any_byte_leaves_the_act_absent_or_whole_and_the_answer_true() {
    let ground = Ground::new(Cluster::fast());
    let office = Office::open(ground.store(&ground.url()), Clock::default()).unwrap();
    office.clock().stand(jiff::civil::date(2026, 3, 16).at(9, 0, 0, 0));
    found(&office);
    let wire = Wire::to(&ground.cluster.socket().join(".s.PGSQL.5432"));
    let cut =
        Office::open_as(ground.store(&wire.url(&ground.url())), Clock::default(), "2").unwrap();
    cut.clock().stand(office.now());
    let who = StaffId("甲一".to_owned());
    let mut who_acts = submitted("warm");
    who_acts.who =
        server::accounts::find(&office.directory(), "甲一").map_or(who, |it| it.id.clone());
    let who = who_acts.who.clone();
    cut.execute(who_acts).unwrap();
    // How much one act says and hears.
    wire.count();
    cut.execute(Submitted { who: who.clone(), ..submitted("counted") }).unwrap();
    let all = wire.counted();
    let cuts = if long() { usize::MAX } else { 60 };
    let mut watch =
        Watch { office: &office, cut: &cut, wire: &wire, who, done: 2, came: BTreeMap::new() };
    let began = Instant::now();
    for (way, length) in all.into_iter().enumerate() {
        for (turn, after) in (0..=length).step_by((length / cuts).max(1)).enumerate() {
            // Where the node gets through again at once, it tries once more by itself.
            let outage = Duration::from_millis(if turn % 2 == 0 { 0 } else { 100 });
            wire.cut(way, after, outage);
            watch.act(&format!("way{way}byte{after}"));
        }
    }
    // The sealer commits too, so each place is tried more than once.
    for (turn, after) in (0..=COMMIT.len()).cycle().take(4 * COMMIT.len()).enumerate() {
        wire.cut_in_commit(after);
        watch.act(&format!("commit{turn}"));
    }
    let came = &watch.came;
    println!(
        "cut after each of {all:?} bytes, stepwise, and in COMMIT, in {:?}: {came:?}",
        began.elapsed()
    );
    assert!(wire.cuts() > 100, "{}", wire.cuts());
}

/// What comes of acts whose connection is cut, seen by a node whose connection is not.
struct Watch<'a> {
    office: &'a Office,
    cut: &'a Office,
    wire: &'a Wire,
    who: StaffId,
    done: usize,
    came: BTreeMap<String, usize>,
}

impl Watch<'_> {
    fn there(&self) -> usize {
        self.office.store().streams("dossier/").unwrap().len()
    }

    /// Sends an act, looks whether its answer is true, and sends it again.
    fn act(&mut self, key: &str) {
        let act = || Submitted { who: self.who.clone(), ..submitted(key) };
        let first = self.cut.execute(act());
        self.wire.mend();
        let there = self.there() - self.done;
        let (outcome, possible) = match &first {
            Ok(_) => ("recorded", 1..=1),
            Err(No::Denied(Denied::Unavailable)) => ("unavailable", 0..=0),
            Err(No::Denied(Denied::Unresolved)) => ("unresolved", 0..=1),
            Err(no) => panic!("{key}: {no:?}"),
        };
        *self.came.entry(format!("{outcome}, {there} there")).or_default() += 1;
        assert!(possible.contains(&there), "{key}: {outcome}, {there} there");
        let again = self.cut.execute(act()).unwrap();
        assert_eq!(again.replayed, there == 1, "{key}");
        self.done += 1;
        assert_eq!(self.there(), self.done, "{key}");
    }
}

#[test]
fn z4_what_is_changed_on_one_node_holds_on_the_other_when_the_change_returns() {
    let ground = Ground::new(Cluster::fast());
    let one = Server::on(ground.store(&ground.url()));
    let other = beside(ground.store(&ground.url()), "2");
    let directory = one.office.directory();
    let handler = server::accounts::find(&directory, "乙一").unwrap().clone();
    let head = server::accounts::find(&directory, "丙一").unwrap().id.clone();
    let clerk = other.client("甲一");
    let registered = clerk.post("/api/acts", &support::lead("样例"), None).unwrap();
    assert_eq!(registered.status, 201);
    let rounds = if long() { 200 } else { 20 };
    let (mut asked, mut refused) = (0, 0);
    for _ in 0..rounds {
        let client = other.client("乙一");
        let stop = AtomicBool::new(false);
        let gone = Mutex::new(None::<Instant>);
        let late = thread::scope(|scope| {
            let asking = scope.spawn(|| {
                let mut answers = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    let status = client.get("/api/dossiers").unwrap().status;
                    answers.push((began, status));
                }
                answers
            });
            thread::sleep(Duration::from_millis(30));
            one.office.change_directory(&head, Event::Left(handler.id.clone())).unwrap();
            *gone.lock().unwrap() = Some(Instant::now());
            thread::sleep(Duration::from_millis(30));
            stop.store(true, Ordering::Relaxed);
            let gone = gone.lock().unwrap().unwrap();
            let answers = asking.join().unwrap();
            assert!(answers.iter().any(|(began, status)| *began < gone && *status == 200));
            asked += answers.len();
            answers.into_iter().filter(|(began, _)| *began > gone).collect::<Vec<_>>()
        });
        assert!(!late.is_empty());
        refused += late.len();
        assert!(late.iter().all(|(_, status)| *status == 401), "{late:?}");
        assert_eq!(other.office.directory().staff(&handler.id).map(|it| it.roles.len()), Some(0));
        one.office.change_directory(&head, Event::Appointed(handler.clone())).unwrap();
        assert!(handler.roles.contains(&Role::Handler));
    }
    println!(
        "{rounds} people left while {asked} requests were made: {refused} after it, none allowed"
    );
}

#[test]
fn n3_a_session_that_ends_on_one_node_has_ended_on_the_other() {
    let ground = Ground::new(Cluster::fast());
    let one = Server::on(ground.store(&ground.url()));
    let other = beside(ground.store(&ground.url()), "2");
    let client = one.client("甲一");
    let elsewhere = client.at(&other.base);
    assert_eq!(elsewhere.get("/api/dossiers").unwrap().status, 200);
    assert_eq!(client.delete("/api/session").unwrap().status, 204);
    assert_eq!(elsewhere.get("/api/dossiers").unwrap().status, 401);
    // A password that is changed on one ends what was begun on the other.
    let (client, elsewhere) = (one.client("甲一"), other.client("甲一"));
    let body = json!({ "old": PASSWORD, "new": "another-scenario-word" });
    assert_eq!(client.put("/api/password", &body).unwrap().status, 204);
    assert_eq!(elsewhere.get("/api/dossiers").unwrap().status, 401);
    assert_eq!(client.get("/api/dossiers").unwrap().status, 200);
    assert!(Client::sign_in(&other.base, "甲一", PASSWORD).is_err());
}

#[test]
fn d8_the_same_key_sent_to_both_nodes_has_one_effect() {
    let ground = Ground::new(Cluster::fast());
    let one = Server::on(ground.store(&ground.url()));
    let other = beside(ground.store(&ground.url()), "2");
    let clients = [one.client("甲一"), other.client("甲一")];
    let rounds = if long() { 500 } else { 40 };
    for round in 0..rounds {
        let (key, body) = (format!("k{round}"), support::lead(&mark(&round.to_string())));
        let answers = thread::scope(|scope| {
            let runs = clients.each_ref().map(|client| {
                let (key, body) = (&key, &body);
                scope.spawn(move || client.post("/api/acts", body, Some(key)).unwrap())
            });
            runs.map(|run| run.join().unwrap())
        });
        assert!(answers.iter().all(|it| it.status == 201), "{answers:?}");
        assert_eq!(answers[0].body["dossier"], answers[1].body["dossier"]);
        let replayed = answers.iter().filter(|it| it.body["replayed"] == true).count();
        assert_eq!(replayed, 1, "{answers:?}");
        // Another request under the same key is told so on either node.
        let wrong =
            clients[round % 2].post("/api/acts", &support::lead("别的"), Some(&key)).unwrap();
        assert_eq!((wrong.status, &wrong.body["type"]), (409, &json!("key_reused")));
    }
    assert_eq!(one.office.store().streams("dossier/").unwrap().len(), rounds);
    let audit = one.office.store().streams("audit/").unwrap();
    let node = |stream: &Stream| stream.as_str().split('/').nth(1).unwrap().to_owned();
    assert_eq!(one.office.node(), "1");
    assert!(audit.iter().all(|stream| ["1", "2"].contains(&node(stream).as_str())), "{audit:?}");
}

#[test]
fn a_database_that_is_away_is_said_so_and_forms_come_back_with_what_was_filled_in() {
    let mut ground = Ground::new(Cluster::fast());
    let server = Server::on(ground.store(&ground.url()));
    let client = server.client("甲一");
    let form =
        [("_key", "k-1"), ("_seen", "0"), ("title", "样例<线索>\n第二行"), ("content", "内容")];
    ground.cluster.kill();
    let answered = client.post("/api/acts", &support::lead("样例"), Some("k")).unwrap();
    assert_eq!((answered.status, &answered.body["type"]), (503, &json!("unavailable")));
    assert!(answered.body["detail"].as_str().unwrap().contains("只会生效一次"), "{answered:?}");
    assert_eq!(answered.header("retry-after"), Some("5"));
    let page = client.post_form("/register", &form).unwrap();
    assert_eq!((page.status, page.header("retry-after")), (503, Some("5")));
    for part in [
        "id=\"resend\"",
        "没有办理",
        "value=\"k-1\"",
        "样例&#60;线索&#62;\n第二行",
        "action=\"/register\"",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    ground.cluster.go_on();
    let began = Instant::now();
    while client.post("/api/acts", &support::lead("样例"), Some("k")).unwrap().status != 201 {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not go on");
    }
    assert_eq!(server.office.store().streams("dossier/").unwrap().len(), 1);
}

#[test]
fn the_commands_work_on_a_database_and_tell_what_is_wrong() {
    let cluster = Cluster::fast();
    let (database, root) = (cluster.empty(), tempfile::tempdir().unwrap());
    let run = |url: &str, args: &[&str], also: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chachu"));
        command.args(args).env("CHACHU_DATABASE", url).args(also);
        let output = command.current_dir(root.path()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout) + &text(output.stderr))
    };
    let (owner, server) = (cluster.as_owner(&database), cluster.as_server(&database));
    let place = ["--data", "data"];
    let init = ["init", "--department", "示例市局", "--sign", "示市保", "--level", "市"];
    let init = [&init[..], &["--region", "示例市", "--staff", "jia1:甲一:负责人"]].concat();
    let said = |(code, text): (i32, String), expected: i32, part: &str| {
        assert!(code == expected && text.contains(part), "{code} {text}");
    };
    said(run(&server, &init, &place), 1, "chachu migrate");
    said(run(&owner, &["migrate"], &[]), 0, "已建立第1版结构");
    said(run(&owner, &["migrate"], &[]), 0, "没有改动");
    said(run(&owner, &init, &place), 1, "只是chachu_serve成员的账号");
    said(run(&cluster.address("postgres", &database), &init, &place), 1, "是超级用户");
    said(run(&server, &["serve"], &["--data", "elsewhere"]), 1, "复制密钥目录");
    said(run(&server, &init, &place), 0, "办公室已设立");
    said(run(&server, &init, &place), 1, "已经设立");
    said(run(&owner, &["serve"], &place), 1, "只是chachu_serve成员的账号");
    said(
        run(&server, &["staff", "add"], &[&place[..], &["yi1:乙一:办案人员"]].concat()),
        0,
        "初始密码",
    );
    said(run(&server, &["checkpoint"], &place), 0, "sm3 ");
    let doctor = run(&server, &["doctor"], &place).1;
    for part in ["chachu_server", "max_connections为200", "数据库时钟", "0条记录尚未编入", "fsync"]
    {
        assert!(doctor.contains(part), "{part}: {doctor}");
    }
    // Other keys than those of the record, and a password that is never repeated.
    said(run(&server, &["verify"], &["--data", "other", "--keys", "other.keys"]), 1, "没有密钥");
    said(run(&server, &init, &["--data", "other"]), 1, "不是建立这个案卷库时的密钥");
    let closed = "postgres://chachu_server:geheimwort@127.0.0.1:1/none";
    let (code, text) = run(closed, &["verify"], &place);
    assert!(code == 1 && text.contains("无法连接数据库") && !text.contains("geheim"), "{text}");
    let (code, text) = run(&server, &["serve", closed], &place);
    assert!(code == 2 && !text.contains("geheim"), "{text}");
    let shown = run(closed, &["config"], &[]).1;
    assert!(!shown.contains("geheim"), "{shown}");
}

#[test]
fn d7_nodes_more_than_two_seconds_apart_always_warn() {
    use server::clock::{DATABASE_TOLERANCE, TOLERANCE, compare_with_database};
    for database in [-900, 0, 123_456] {
        for one in (-3000..=3000).step_by(100) {
            for other in (-3000..=3000).step_by(100) {
                let told = [one, other].map(|it| compare_with_database(database + it, database));
                let apart = (one - other).abs() > TOLERANCE;
                assert!(!apart || told.iter().any(Option::is_some), "{one} {other}");
            }
        }
    }
    assert_eq!(DATABASE_TOLERANCE * 2, TOLERANCE);
    let ground = Ground::new(Cluster::fast());
    let store = ground.store(&ground.url());
    let (before, told) = (Clock::default().instant(), store.database_clock().unwrap().unwrap());
    assert_eq!(compare_with_database(before, told), None);
}
