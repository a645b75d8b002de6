//! The settings: their manual is current, their order of precedence holds, and every mistake is named with its place.

use std::{collections::BTreeMap, process::Command};

use server::config::{manual, read};

#[test]
fn the_manual_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, manual()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), manual(), "UPDATE=1 writes it");
}

fn one(name: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_owned(), value.to_owned())])
}

#[test]
fn command_line_comes_before_environment_before_file_before_default() {
    let (given, variables) = (one("body_kib", "101"), one("CHACHU_BODY_KIB", "102"));
    let file = Some(("f", "body_kib = 103\n"));
    let none = BTreeMap::new();
    let value = |given, variables, file| read(given, variables, file).unwrap().body_kib.unwrap().0;
    assert_eq!(value(&given, &variables, file), 101);
    assert_eq!(value(&none, &variables, file), 102);
    assert_eq!(value(&none, &none, file), 103);
    assert_eq!(value(&none, &none, None), 2048);
}

#[test]
fn a_mistake_is_named_with_file_line_setting_and_what_is_allowed() {
    let wrong = |text| read(&BTreeMap::new(), &BTreeMap::new(), Some(("f", text))).unwrap_err();
    for (text, parts) in [
        ("\nbodykib = 1\n", ["「f」第2行", "「bodykib」", "body_kib"]),
        ("\n\nbody_kib = 1\n", ["「f」第3行", "「body_kib」", "64至65536的整数"]),
        ("body_kib = [1]\n", ["「f」第1行", "类型不对", "64至65536的整数"]),
        ("listen = 5\n", ["「f」第1行", "「listen」", "127.0.0.1:8460"]),
        ("node = \"1\"\nnode = \"2\"\n", ["「f」第2行", "TOML", "只写一次"]),
    ] {
        let message = wrong(text);
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
    let message = read(&BTreeMap::new(), &one("CHACHU_BODI", "1"), None).unwrap_err();
    assert!(message.contains("CHACHU_BODI"), "{message}");
}

#[test]
fn a_secret_is_shown_nowhere() {
    let canary = "mima-4711";
    for url in [format!("postgres://u:{canary}@h/d"), format!("mysql://u:{canary}@h/d")] {
        let output = Command::new(env!("CARGO_BIN_EXE_chachu"))
            .arg("config")
            .env("CHACHU_DATABASE", &url)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("database") && !said.contains(canary), "{said}");
    }
    let config = read(&one("database", "postgres://u:mima-4711@h/d"), &BTreeMap::new(), None);
    assert!(!format!("{config:?}").contains(canary));
}
