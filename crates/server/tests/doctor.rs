//! O1: each weakness of an installation, of a record and of a database is made, and seen by the one
//! check that is for it, so that none can be switched off unnoticed; a sound installation has no
//! warning, and an open one is not served.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
    process::Command,
};

use jiff::civil::date;
use server::{
    clock::Clock,
    doctor::{Check, State, Subject, checks},
    office::Office,
};
use store::{NewEvent, Store, Stream};
use tempfile::TempDir;
use testkit::{Cluster, SmallDisk};

/// A sound installation, run by an account of its own.
struct Installed {
    root: TempDir,
    subject: Subject,
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn install() -> Installed {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    drop(Store::open(&at("data"), &at("data.keys")).unwrap());
    fs::write(at("chachu.toml"), "node = \"1\"\n").unwrap();
    mode(&at("chachu.toml"), 0o600);
    fs::create_dir(at("bin")).unwrap();
    fs::write(at("bin/chachu"), "").unwrap();
    for path in ["bin", "bin/chachu"] {
        mode(&at(path), 0o555);
    }
    let mut account = fs::metadata(at("data")).unwrap().uid();
    if account == 0 {
        account = 4711;
        let keys = fs::read_dir(at("data.keys")).unwrap().map(|entry| entry.unwrap().path());
        let record = fs::read_dir(at("data")).unwrap().map(|entry| entry.unwrap().path());
        let ours = [at("data"), at("data.keys"), at("chachu.toml")];
        keys.chain(record).chain(ours).for_each(|it| chown(it, Some(account), None).unwrap());
    }
    let subject = Subject {
        data: at("data"),
        vault: None,
        in_database: false,
        keys: at("data.keys"),
        config: Some(at("chachu.toml")),
        passphrase: None,
        program: Some(at("bin/chachu")),
        account,
        today: date(2026, 3, 16),
    };
    Installed { root, subject }
}

fn seen(subject: &Subject) -> Vec<Check> {
    checks(subject).into_iter().filter(|check| check.state != State::Good).collect()
}

#[test]
fn o1_a_sound_installation_has_no_warning() {
    let installed = install();
    let seen = seen(&installed.subject);
    let seen: Vec<_> = seen.iter().filter(|check| check.code != "disk").collect();
    assert!(seen.is_empty(), "{seen:?}");
}

/// Makes an installation unsafe; the disk that it needs for that is given back.
type Weaken = fn(&Path, &mut Subject) -> Option<SmallDisk>;

/// What makes an installation unsafe, the check that sees it, and how that ends. No other check
/// sees it: with this one switched off, the installation would be called sound.
const ALONE: [(&str, State, Weaken); 24] = [
    ("account", State::Warning, |root, subject| {
        subject.account = 0;
        give(root, "", 0)
    }),
    ("data", State::Bad, |root, _| {
        open(root, "data/record.db", 0o600);
        open(root, "data", 0o701)
    }),
    ("data", State::Warning, |root, _| {
        open(root, "data/record.db", 0o600);
        open(root, "data", 0o710)
    }),
    ("data", State::Bad, |root, _| give(root, "data", 4712)),
    ("database", State::Bad, |root, _| remove(root, "data/record.db")),
    ("database", State::Bad, |root, _| give(root, "data/record.db", 4712)),
    ("vault", State::Bad, |root, subject| vault(root, subject, 0o701)),
    ("vault", State::Warning, |root, subject| vault(root, subject, 0o750)),
    ("keys", State::Bad, |root, _| open(root, "data.keys", 0o705)),
    ("keys", State::Warning, |root, _| open(root, "data.keys", 0o750)),
    ("key_files", State::Bad, |root, _| open(root, IDENTITY, 0o604)),
    ("key_files", State::Warning, |root, _| open(root, IDENTITY, 0o640)),
    ("key_files", State::Bad, |root, _| give(root, IDENTITY, 4712)),
    ("key_files", State::Bad, |root, _| {
        fs::write(root.join(IDENTITY), "short").unwrap();
        None
    }),
    ("key_files", State::Bad, |root, _| remove(root, IDENTITY)),
    ("config", State::Bad, |root, _| open(root, "chachu.toml", 0o644)),
    ("config", State::Bad, |root, _| remove(root, "chachu.toml")),
    ("passphrase", State::Bad, |root, subject| {
        fs::write(root.join("phrase"), "a phrase that nobody guesses\n").unwrap();
        subject.passphrase = Some(root.join("phrase"));
        give(root, "phrase", subject.account);
        open(root, "phrase", 0o604)
    }),
    ("program", State::Bad, |root, _| open(root, "bin", 0o777)),
    ("program", State::Warning, |root, _| open(root, "bin/chachu", 0o575)),
    ("program", State::Warning, |root, subject| {
        give(root, "bin/chachu", subject.account);
        open(root, "bin/chachu", 0o755)
    }),
    ("disk", State::Warning, |root, subject| {
        let disk = SmallDisk::mount(root.join("disk")).unwrap();
        give(root, "disk", subject.account);
        (subject.in_database, subject.vault) = (true, Some(disk.path().to_owned()));
        Some(disk)
    }),
    ("date", State::Bad, |_, subject| {
        subject.today = date(2023, 6, 1);
        None
    }),
    ("holidays", State::Warning, |_, subject| {
        subject.today = date(2060, 1, 1);
        None
    }),
];

const IDENTITY: &str = "data.keys/identity.key";

fn open(root: &Path, name: &str, bits: u32) -> Option<SmallDisk> {
    mode(&root.join(name), bits);
    None
}

fn remove(root: &Path, name: &str) -> Option<SmallDisk> {
    fs::remove_file(root.join(name)).unwrap();
    None
}

/// Gives something to an account, with all that is in the whole place where no name is said.
fn give(root: &Path, name: &str, account: u32) -> Option<SmallDisk> {
    let mut chown = Command::new("chown");
    // A directory is given without what is in it.
    chown.args(name.is_empty().then_some("-R")).arg(account.to_string()).arg(root.join(name));
    assert!(chown.status().unwrap().success(), "only root can give files away");
    None
}

fn vault(root: &Path, subject: &mut Subject, bits: u32) -> Option<SmallDisk> {
    fs::create_dir(root.join("vault")).unwrap();
    subject.vault = Some(root.join("vault"));
    give(root, "vault", subject.account);
    open(root, "vault", bits)
}

#[test]
fn o1_each_check_alone_sees_its_weakness() {
    let mut alone = BTreeSet::new();
    for (code, state, weaken) in ALONE {
        let Installed { root, mut subject } = install();
        let disk = weaken(root.path(), &mut subject);
        let mut seen = seen(&subject);
        // The machine on which this runs may be short of space itself.
        seen.retain(|check| check.code != "disk" || disk.is_some());
        let ends: Vec<_> = seen.iter().map(|check| (check.code, check.state)).collect();
        assert_eq!(ends, [(code, state)], "{seen:?}");
        assert!(seen.iter().all(|check| !check.advice.is_empty()), "{seen:?}");
        alone.insert(code);
    }
    let all = checks(&install().subject).into_iter().map(|check| check.code);
    assert_eq!(alone, all.collect(), "each check has a weakness that only it sees");
}

/// Several weaknesses at once are each seen by their own check.
#[test]
fn o1_what_is_weak_in_several_ways_is_seen_in_each() {
    let Installed { root, mut subject } = install();
    open(root.path(), "data", 0o755);
    open(root.path(), "data/record.db", 0o644);
    open(root.path(), "data.keys", 0o755);
    subject.account += 1;
    subject.today = date(1970, 1, 1);
    let seen = seen(&subject).into_iter().filter(|check| check.state == State::Bad);
    let codes: Vec<_> = seen.map(|check| check.code).collect();
    assert_eq!(codes, ["data", "database", "keys", "key_files", "config", "date"]);
}

/// The checks that look into an opened record.
const OF_RECORD: [&str; 9] = [
    "open",
    "integrity",
    "clock",
    "server",
    "connections",
    "locks",
    "durable",
    "database_clock",
    "sealer",
];

/// A check and how it ended, as it is said.
type Ends = (&'static str, &'static str);

/// Those of them that are not good, by what the real program says.
fn of_record(settings: &[(&str, &Path)]) -> Vec<(String, String)> {
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_chachu"));
    doctor.args(["doctor", "--json"]).envs(settings.iter().copied());
    let output = doctor.output().unwrap();
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = said.get("checks").unwrap().as_array().unwrap().iter();
    let text = |check: &serde_json::Value, name| {
        check.get(name).and_then(serde_json::Value::as_str).unwrap().to_owned()
    };
    let ends = checks.map(|check| (text(check, "code"), text(check, "state")));
    ends.filter(|(code, state)| OF_RECORD.contains(&code.as_str()) && state != "正常").collect()
}

#[test]
fn o1_each_weakness_of_a_record_is_seen_by_one_check() {
    fn past(root: &Path, sql: &str) {
        let raw = rusqlite::Connection::open(root.join("data/record.db")).unwrap();
        let guard = "SELECT sql FROM sqlite_schema WHERE name = 'event_is_fixed'";
        let guard: String = raw.query_row(guard, (), |row| row.get(0)).unwrap();
        let sql = format!("DROP TRIGGER event_is_fixed; {sql}; {guard}");
        raw.execute_batch(&sql).unwrap();
    }
    fn view(store: &Store, recorded: i64) {
        let entry = NewEvent {
            kind: "viewed".to_owned(),
            who: "甲一".to_owned(),
            entered: "2026-03-16T09:00:00".to_owned(),
            payload: b"{}".to_vec(),
            blobs: Vec::new(),
        };
        store.audit(&Stream::audit("1", "2026-03-16"), recorded, entry).unwrap();
    }
    type Weaken = fn(&Path);
    let weaknesses: [(&[Ends], Weaken); 4] = [
        (&[], |_| {}),
        (&[("open", "故障")], |root| past(root, "PRAGMA application_id = 7")),
        (&[("integrity", "故障")], |root| {
            past(root, "UPDATE event SET payload = x'5b5d' WHERE kind = 'viewed' AND version = 1");
        }),
        (&[("clock", "警告")], |root| {
            let store = Store::open(&root.join("data"), &root.join("data.keys")).unwrap();
            view(&store, 4_000_000_000_000);
        }),
    ];
    for (expected, weaken) in weaknesses {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("data");
        let store = Store::open(&data, &root.path().join("data.keys")).unwrap();
        let cast = scenario::parse(CAST, date(2026, 3, 16)).unwrap().cast;
        Office::open(store.clone(), Clock::default()).unwrap().found(cast).unwrap();
        (1..=3).for_each(|recorded| view(&store, recorded));
        drop(store);
        weaken(root.path());
        let seen = of_record(&[("CHACHU_DATA", &data)]);
        let seen: Vec<_> = seen.iter().map(|(code, end)| (code.as_str(), end.as_str())).collect();
        assert_eq!(seen, expected);
    }
}

const CAST: &str = "案例 样例机构

部门 示例市局: 级别=市；区域=示例市；代字=示市保
";

#[test]
fn o1_each_weakness_of_a_database_is_seen_by_one_check() {
    // Few connections with many locks each, and as many connections as usual with few locks.
    type Settings = &'static [&'static str];
    let weaknesses: [(Settings, &str, &[Ends]); 4] = [
        (&["synchronous_commit=off"], "", &[]),
        (
            &["max_connections=60", "max_locks_per_transaction=200", "fsync=off"],
            "",
            &[("connections", "警告"), ("durable", "故障")],
        ),
        (&["max_locks_per_transaction=16"], "", &[("locks", "警告")]),
        (
            &["full_page_writes=off"],
            "SET session_replication_role = replica; INSERT INTO unsealed (stream, version, hash)
                SELECT 1, n, sha256(n::text::bytea) FROM generate_series(1, 10001) n",
            &[("durable", "故障"), ("sealer", "警告")],
        ),
    ];
    for (settings, sql, expected) in weaknesses {
        let cluster = Cluster::start(settings);
        let (database, root) = (cluster.empty(), tempfile::tempdir().unwrap());
        store::migrate(&cluster.as_owner(&database)).unwrap();
        cluster.admin(&database).batch_execute(sql).unwrap();
        let url = cluster.as_server(&database);
        let path = |name: &str| root.path().join(name);
        let (keys, vault, data) = (path("keys"), path("vault"), path("data"));
        drop(Store::connect(&url, &vault, &keys).unwrap());
        let seen = of_record(&[
            ("CHACHU_DATABASE", Path::new(&url)),
            ("CHACHU_DATA", &data),
            ("CHACHU_KEYS", &keys),
            ("CHACHU_VAULT", &vault),
        ]);
        let seen: Vec<_> = seen.iter().map(|(code, end)| (code.as_str(), end.as_str())).collect();
        assert_eq!(seen, expected);
    }
}

#[test]
fn o1_an_open_record_is_not_served_and_the_doctor_says_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    drop(Store::open(&data, &root.path().join("data.keys")).unwrap());
    let run = |args: &[&str]| {
        let program = env!("CARGO_BIN_EXE_chachu");
        let output = Command::new(program).args(args).arg("--data").arg(&data).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = run(&["doctor", "--full"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("正常  完整性：全部核对"), "{said}");
    mode(&data, 0o755);
    let (code, said) = run(&["serve"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("启动检查没有通过") && said.contains("0755"), "{said}");
    let (code, said) = run(&["doctor", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, json.get("state").unwrap()), (Some(1), &"故障".into()), "{said}");
}
