//! T6: while the record takes no entry, nothing is done and nothing is shown: every request that
//! would change something, and every view that must be recorded, is answered with one code, and
//! the whole database is as it was. The alarm is an error in the log and a figure that counts; when
//! the cause is gone, the same requests are served without a restart.
//!
//! Control: a database that swallows the entries, so that acts are done and views shown without
//! them, is found out by the same comparison.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    io,
    path::PathBuf,
    sync::{Mutex, OnceLock},
};

use metrics_exporter_prometheus::PrometheusHandle;
use rusqlite::Connection;
use serde_json::{Value, json};
use server::{
    accounts::{find, give_known_password},
    office::files,
};
use store::{At, Store, Stream};
use tempfile::TempDir;
use testkit::Cluster;
use ureq::Agent;

use crate::{
    DAY, HANDOVER, found, is_long,
    log::{End, Sent, agent, events, requests, routes},
    office, open, play_to,
    support::{PASSWORD, Server, lead},
};

/// What shows something of a dossier or of evidence, and so must be on record before it is answered.
const RECORDED: [&str; 9] = [
    "/",
    "/api/dossiers",
    "/api/dossiers/{id}",
    "/api/dossiers/{id}/next",
    "/dossiers",
    "/dossiers/{id}",
    "/dossiers/{id}/entries/{entry}/correct",
    "/dossiers/{id}/files/{sm3}",
    "/dossiers/{id}/steps/{step}",
];

/// Whether an answer shows something of a dossier: its number, or what is in its file.
fn is_telling(text: &str) -> bool {
    text.contains("〔2026〕") || text == "样例"
}

/// What was logged as an error in this process.
static ERRORS: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn alarm() -> &'static PrometheusHandle {
    static ALARM: OnceLock<PrometheusHandle> = OnceLock::new();
    ALARM.get_or_init(|| {
        struct Errors;
        impl io::Write for Errors {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                ERRORS.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let subscriber = tracing_subscriber::fmt().json().flatten_event(true);
        let subscriber = subscriber.with_max_level(tracing::Level::ERROR);
        subscriber.with_writer(|| Errors).init();
        server::metrics::start().unwrap()
    })
}

/// How many alarms were raised: lines of the log, and the figure.
fn alarms() -> (usize, u64) {
    let figures = alarm().render();
    let figure = figures.lines().find_map(|it| it.strip_prefix("chachu_audit_failures_total "));
    let errors = String::from_utf8(ERRORS.lock().unwrap().clone()).unwrap();
    let lines = errors.lines().map(|it| serde_json::from_str::<Value>(it).unwrap());
    let lines = lines.filter(|line| line["message"] == "the record cannot be written");
    (lines.count(), figure.unwrap().parse().unwrap())
}

/// How the record is kept from taking entries, past the program.
enum Database {
    Sqlite(PathBuf),
    Postgres(Box<Cluster>, String),
}

impl Database {
    fn run(&self, sqlite: &str, postgres: &str) {
        match self {
            Database::Sqlite(path) => {
                Connection::open(path).unwrap().execute_batch(sqlite).unwrap();
            }
            Database::Postgres(cluster, database) => {
                let owner = postgres::Client::connect(&cluster.as_owner(database), postgres::NoTls);
                owner.unwrap().batch_execute(postgres).unwrap();
            }
        }
    }

    fn refuse_entries(&self) {
        self.run(
            "CREATE TRIGGER no_log BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'no'); END",
            "REVOKE INSERT ON event FROM chachu_serve",
        );
    }

    fn take_entries(&self) {
        self.run("DROP TRIGGER no_log", "GRANT INSERT ON event TO chachu_serve");
    }

    /// Acts are committed, and their entries are nowhere.
    fn swallow_entries(&self) {
        self.run(
            "CREATE TRIGGER no_log BEFORE INSERT ON event BEGIN SELECT RAISE(IGNORE); END",
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN RETURN NULL; END';
            CREATE TRIGGER no_log BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION swallow()",
        );
    }

    /// Every row there is, by its table.
    ///
    /// Not among them: how often somebody was wrong about a password, which counts whatever else
    /// fails; bytes that no act names, which go after a day; whether the node was ready; and what
    /// PostgreSQL's sealer and the search derive after a commit.
    fn rows(&self) -> BTreeMap<String, Vec<String>> {
        let columns = |table: &str| match table {
            "credential" => "staff || password || must_change".to_owned(),
            _ => format!("{table}::text"),
        };
        match self {
            Database::Sqlite(path) => sqlite_rows(&Connection::open(path).unwrap()),
            Database::Postgres(cluster, database) => {
                let mut admin = cluster.admin(database);
                let sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'
                    AND tablename !~ '^event_[0-9]+$' AND tablename NOT IN
                    ('setting', 'leaf', 'tree', 'unsealed', 'unsearched', 'search')";
                let tables = admin.query(sql, &[]).unwrap();
                let mut rows = |table: String| {
                    let named = "WHERE sm3 IN (SELECT sm3 FROM blob)";
                    let named = if table == "blob_bytes" { named } else { "" };
                    let sql = format!("SELECT {} FROM {table} {named} ORDER BY 1", columns(&table));
                    let all = admin.query(&sql, &[]).unwrap();
                    (table, all.iter().map(|row| row.get(0)).collect())
                };
                tables.iter().map(|row| rows(row.get(0))).collect()
            }
        }
    }
}

fn sqlite_rows(raw: &Connection) -> BTreeMap<String, Vec<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'
        AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%search%' AND name <> 'setting'";
    let mut tables = raw.prepare(sql).unwrap();
    let tables = tables.query_map((), |row| row.get::<_, String>(0)).unwrap();
    let rows = |table: String| {
        let what = match table.as_str() {
            "credential" => "staff, password, must_change FROM credential".to_owned(),
            "blob_bytes" => "* FROM blob_bytes WHERE sm3 IN (SELECT sm3 FROM blob)".to_owned(),
            _ => format!("* FROM {table}"),
        };
        let mut all = raw.prepare(&format!("SELECT {what}")).unwrap();
        let columns = all.column_count();
        let all = all.query_map((), |row| {
            let values = (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at));
            values.collect::<Result<Vec<_>, _>>()
        });
        let mut all: Vec<_> = all.unwrap().map(|row| format!("{:?}", row.unwrap())).collect();
        all.sort();
        (table, all)
    };
    tables.map(|table| rows(table.unwrap())).collect()
}

/// An office of the story on a record that can be kept from taking entries.
struct Ground {
    server: Server,
    database: Database,
    /// A dossier with a piece of evidence, and the file in it.
    dossier: String,
    sm3: String,
    rounds: Cell<usize>,
    _root: TempDir,
}

impl Ground {
    fn on(database: Database, store: Store, root: TempDir) -> Ground {
        let office = office(store);
        found(&office);
        let dossier = play_to(&office, HANDOVER);
        let entries = office.store().load(&Stream::dossier(&dossier)).unwrap();
        let entries = entries.iter().map(|event| event.payload.as_deref().unwrap());
        let named = entries.flat_map(|entry| files(&serde_json::from_slice(entry).unwrap()));
        let sm3 = named.last().unwrap().sm3;
        let (server, rounds) = (Server::serving(office), Cell::new(0));
        Ground { server, database, dossier, sm3, rounds, _root: root }
    }

    fn sqlite() -> Ground {
        let root = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(root.path().join("data/record.db"));
        let store = open(root.path());
        Ground::on(database, store, root)
    }

    fn postgres() -> Ground {
        let (cluster, root) = (Cluster::fast(), tempfile::tempdir().unwrap());
        let database = cluster.empty();
        store::migrate(&cluster.as_owner(&database)).unwrap();
        let path = |name: &str| root.path().join(name);
        let (data, keys, vault) = (path("data"), path("keys"), path("vault"));
        let at = At { data: &data, keys: &keys, vault: Some(&vault), passphrase: None };
        let store = Store::connect_at(&cluster.as_server(&database), &at).unwrap();
        Ground::on(Database::Postgres(Box::new(cluster), database), store, root)
    }

    /// Everything that an act could have changed, in the database and in memory.
    fn state(&self) -> (BTreeMap<String, Vec<String>>, String) {
        let office = &self.server.office;
        (self.database.rows(), format!("{:?}{:?}", office.now(), office.directory()))
    }

    /// Whoever changed theirs, or was wrong too often, begins anew.
    fn forget_passwords(&self) {
        let directory = self.server.office.directory();
        let staff = ["甲一", "乙二"].map(|name| find(&directory, name).unwrap().id.clone());
        give_known_password(self.server.office.store(), &staff, PASSWORD).unwrap();
    }

    fn agent(&self, who: &str) -> Agent {
        agent(&self.server.base, who, PASSWORD)
    }

    /// A dossier with a reporter, made by its clerk.
    fn dossier(&self, clerk: &Agent) -> String {
        let mut first = lead("样例");
        first["answers"]["source"] = json!("公民举报");
        first["answers"]["reporter"] = json!("样例人，电话13900000000");
        first["answers"]["secrecy"] = json!("不愿意公开");
        let url = format!("{}/api/acts", self.server.base);
        let mut answered = clerk.post(url).send_json(&first).unwrap();
        let body: Value = answered.body_mut().read_json().unwrap();
        body["dossier"].as_str().unwrap().to_owned()
    }

    /// Where an address with places leads in this office.
    fn filled(&self, route: &str) -> String {
        let id = if route.starts_with("/law") { "27-1" } else { &self.dossier };
        let places = [
            ("{id}", id),
            ("{entry}", "1"),
            ("{sm3}", &self.sm3),
            ("{step}", "identify_person"),
            ("{article}", "27"),
            ("{*name}", "act/names"),
            ("{name}", "chachu.css"),
        ];
        places.iter().fold(route.to_owned(), |path, (place, with)| path.replace(place, with))
    }

    fn send(&self, agent: &Agent, method: &str, sent: &Sent) -> Answer {
        let url = format!("{}{}", self.server.base, sent.path);
        let answered = match method {
            "GET" => agent.get(url).call(),
            "POST" => agent.post(url).header("content-type", sent.kind).send(&sent.body[..]),
            "PUT" => agent.put(url).header("content-type", sent.kind).send(&sent.body[..]),
            _ => agent.delete(url).call(),
        };
        let mut answered = answered.unwrap();
        let text = answered.body_mut().read_to_vec().unwrap();
        Answer {
            status: answered.status().as_u16(),
            cookie: answered.headers().contains_key("set-cookie"),
            text: String::from_utf8_lossy(&text).into_owned(),
        }
    }

    /// What is wrong with how a request is answered while something stands between it and its
    /// entry: it must say so, and nothing may have been done or shown.
    fn without_entry(&self, agent: &Agent, method: &str, sent: &Sent) -> Vec<String> {
        let before = self.state();
        let answer = self.send(agent, method, sent);
        let after = self.state();
        let mut wrong = Vec::new();
        if answer.status != 503 {
            wrong.push(format!("answered {}", answer.status));
        }
        let words = ["记录无法写入，没有办理，也没有保存任何内容"];
        if !words.iter().all(|words| answer.text.contains(words)) {
            wrong.push(format!("does not say why: {}", answer.text));
        }
        let code = serde_json::from_str::<Value>(&answer.text).unwrap_or_default();
        if sent.path.starts_with("/api/") && code["type"] != "unrecorded" {
            wrong.push(format!("has the code {}", code["type"]));
        }
        if answer.cookie || is_telling(&answer.text) {
            wrong.push("gives something away".to_owned());
        }
        for (table, rows) in &after.0 {
            if before.0[table] != *rows {
                wrong.push(format!("something was kept in {table}"));
            }
        }
        if before.1 != after.1 {
            wrong.push("something is otherwise in memory".to_owned());
        }
        wrong.iter().map(|what| format!("{method} {} {:?}: {what}", sent.path, sent.end)).collect()
    }

    /// The same request, once the record takes entries again.
    fn with_entry(&self, agent: &Agent, method: &str, sent: &Sent) -> Option<String> {
        let known = events(self.server.office.store()).len();
        let answer = self.send(agent, method, sent);
        let entries = events(self.server.office.store()).len() - known;
        let ends = if sent.end == End::Done { answer.status < 400 } else { answer.status < 500 };
        (!ends || entries != 1).then(|| {
            format!("{method} {}: {} and {entries} entries afterwards", sent.path, answer.status)
        })
    }

    /// One failing append for each request; answers what was wrong, and how many there were.
    fn round(&self, mut chosen: impl FnMut(&[Sent]) -> usize) -> (Vec<String>, usize) {
        let (mut wrong, mut count) = (Vec::new(), 0);
        let mut one = |agent: &Agent, method: &str, sent: &Sent| {
            // Whoever set it left it running.
            self.server.office.clock().stand(DAY.at(9, 0, 0, 0));
            self.database.refuse_entries();
            wrong.extend(self.without_entry(agent, method, sent));
            self.database.take_entries();
            wrong.extend(self.with_entry(agent, method, sent));
            count += 1;
        };
        self.forget_passwords();
        let clerk = self.agent("甲一");
        for (method, route) in routes(&self.server.office, &["post", "put", "delete", "patch"]) {
            let mut requests = requests(&method, &route, &self.dossier(&clerk));
            // What is done under a name or a key is done once.
            requests.iter_mut().for_each(|sent| sent.again(self.rounds.get()));
            let upto = chosen(&requests);
            for sent in &requests[..upto] {
                let signs_in = route.ends_with("session") || route == "/sign-in";
                let before = if signs_in && method == "POST" { "" } else { sent.who };
                one(&self.agent(before), &method, sent);
            }
        }
        self.rounds.set(self.rounds.get() + 1);
        let handler = self.agent("乙一");
        for route in RECORDED {
            one(&handler, "GET", &view(self.filled(route)));
        }
        (wrong, count)
    }
}

/// How a request was answered.
struct Answer {
    status: u16,
    cookie: bool,
    text: String,
}

fn view(path: String) -> Sent {
    Sent { end: End::Done, who: "乙一", kind: "", path, body: Vec::new() }
}

/// The views that have an entry are those that are named above; no other shows anything of a dossier.
fn views_are_recorded(ground: &Ground) {
    let [handler, head] = ["乙一", "丙一"].map(|who| ground.agent(who));
    let mut recorded = BTreeSet::new();
    for (_, route) in routes(&ground.server.office, &["get"]) {
        let known = events(ground.server.office.store()).len();
        let agent = if route.starts_with("/law/readings") { &head } else { &handler };
        let answer = ground.send(agent, "GET", &view(ground.filled(&route)));
        assert!(answer.status < 400, "{route}: {} {}", answer.status, answer.text);
        if events(ground.server.office.store()).len() > known {
            recorded.insert(route);
        } else if !route.starts_with("/law") {
            assert!(!is_telling(&answer.text), "{route} shows something without an entry");
        }
    }
    assert_eq!(recorded, RECORDED.map(str::to_owned).into());
}

fn control(ground: &Ground) {
    ground.database.swallow_entries();
    let clerk = ground.agent("甲一");
    let body = lead("样例").to_string().into_bytes();
    let path = "/api/acts".to_owned();
    let act = Sent { end: End::Done, who: "甲一", kind: "application/json", path, body };
    let wrong = ground.without_entry(&clerk, "POST", &act);
    let finds = |part: &str| wrong.iter().any(|it| it.contains(part));
    assert!(
        finds("answered 201") && finds("kept in stream") && finds("kept in dossier"),
        "{wrong:?}"
    );
    let shown = ground.without_entry(&clerk, "GET", &view("/api/dossiers".to_owned()));
    assert!(shown.iter().any(|it| it.contains("answered 200")), "{shown:?}");
    assert!(shown.iter().any(|it| it.contains("gives something away")), "{shown:?}");
}

/// So many failing appends, each with its alarm.
fn fail(ground: &Ground, at_least: usize, chosen: impl Fn(&[Sent]) -> usize) -> usize {
    let before = (alarm(), alarms()).1;
    let mut all = 0;
    while all < at_least {
        let (wrong, count) = ground.round(&chosen);
        assert!(wrong.is_empty(), "{wrong:#?}");
        all += count;
    }
    let after = alarms();
    assert!(after.0 - before.0 >= all, "{all} appends failed, {before:?} {after:?}");
    assert!(after.1 - before.1 >= all as u64, "{all} appends failed, {before:?} {after:?}");
    all
}

#[test]
fn t6_without_its_entry_nothing_is_done_over_http() {
    let ground = Ground::sqlite();
    views_are_recorded(&ground);
    let all = fail(&ground, if is_long() { 500 } else { 1 }, <[Sent]>::len);
    println!("{all} failing appends, nothing done, nothing shown");
    control(&ground);
}

#[test]
fn t6_without_its_entry_nothing_is_done_on_postgresql() {
    let ground = Ground::postgres();
    let all = match is_long() {
        true => fail(&ground, 500, <[Sent]>::len),
        // What comes of a request is the same code on both; in the fast form one of each address.
        false => fail(&ground, 1, |requests| requests.len().min(1)),
    };
    println!("{all} failing appends, nothing done, nothing shown");
    control(&ground);
}
