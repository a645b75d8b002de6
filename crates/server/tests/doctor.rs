//! O1: each weakness of an installation is made and seen; a sound one has no warning, and an open one is not served.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
    process::Command,
};

use jiff::civil::date;
use server::doctor::{Check, State, Subject, checks};
use store::Store;
use tempfile::TempDir;

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

#[test]
fn o1_each_weakness_is_seen() {
    type Weaken = fn(&Path, &mut Subject);
    let weaknesses: [(&str, State, Weaken); 13] = [
        ("data", State::Bad, |root, _| mode(&root.join("data"), 0o705)),
        ("data", State::Warning, |root, _| mode(&root.join("data"), 0o750)),
        ("data", State::Bad, |_, subject| subject.account += 1),
        ("database", State::Bad, |root, _| {
            mode(&root.join("data"), 0o755);
            mode(&root.join("data/record.db"), 0o644);
        }),
        ("keys", State::Bad, |root, _| mode(&root.join("data.keys"), 0o755)),
        ("key_files", State::Bad, |root, _| mode(&root.join("data.keys/identity.key"), 0o604)),
        ("key_files", State::Bad, |root, _| {
            fs::write(root.join("data.keys/identity.key"), "short").unwrap();
        }),
        ("key_files", State::Bad, |root, _| {
            fs::remove_file(root.join("data.keys/identity.key")).unwrap();
            fs::remove_file(root.join("data.keys/draft.key")).unwrap();
        }),
        ("config", State::Bad, |root, _| mode(&root.join("chachu.toml"), 0o644)),
        ("program", State::Bad, |root, _| mode(&root.join("bin"), 0o777)),
        ("account", State::Warning, |_, subject| subject.account = 0),
        ("date", State::Bad, |_, subject| subject.today = date(1970, 1, 1)),
        ("holidays", State::Warning, |_, subject| subject.today = date(2060, 1, 1)),
    ];
    for (code, state, weaken) in weaknesses {
        let Installed { root, mut subject } = install();
        weaken(root.path(), &mut subject);
        let seen = seen(&subject);
        let found = seen.iter().find(|check| check.code == code);
        assert_eq!(found.map(|check| check.state), Some(state), "{code}: {seen:?}");
        assert!(found.is_some_and(|check| !check.advice.is_empty()), "{seen:?}");
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
