//! `chachu proof`: what is proved can be checked with public keys alone, by two programs that share no code.

#![expect(
    clippy::unwrap_used,
    unreachable_pub,
    dead_code,
    reason = "a test fails by panicking; it shares its support with other tests"
)]

mod support;

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use store::Store;
use support::{Server, lead, step};

/// What a program ended with, and said.
fn run(program: &str, root: &Path, args: &[&str]) -> (i32, String) {
    let output = Command::new(program).args(args).current_dir(root).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn chachu(root: &Path, args: &[&str]) -> (i32, String) {
    run(env!("CARGO_BIN_EXE_chachu"), root, args)
}

/// What both checkers say of a proof: the same exit code, and that.
fn checked(root: &Path, kept: Option<&str>) -> i32 {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/check_proof.py");
    let mut ours = vec!["proof", "--check", "proof.json", "--verifiers", "keys.txt"];
    let mut second = vec![script.to_str().unwrap(), "proof.json", "keys.txt"];
    if let Some(kept) = kept {
        ours.extend(["--checkpoint", kept]);
        second.push(kept);
    }
    let (ours, second) = (chachu(root, &ours), run("python3", root, &second));
    assert_eq!(ours.0, second.0, "{} / {}", ours.1, second.1);
    ours.0
}

#[test]
fn t3_a_dossier_is_proved_to_whoever_has_the_public_keys() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let id = {
        let store = Store::open(&root.join("data"), &root.join("data.keys")).unwrap();
        let server = Server::on(store);
        let client = server.client("甲一");
        let mut id = String::new();
        for turn in 0..30 {
            let answered = client.post("/api/acts", &lead(&format!("样例{turn}")), None).unwrap();
            id = answered.body["dossier"].as_str().unwrap().to_owned();
        }
        let keys = ["checkpoint", "--data", "data", "--verifiers", "keys.txt"];
        fs::write(root.join("kept.txt"), chachu(root, &keys).1).unwrap();
        for turn in 0..10 {
            let answers = serde_json::json!({ "name": format!("样例{turn}"), "standing": "证人" });
            client.post("/api/acts", &step(&id, "identify_person", None, answers), None).unwrap();
        }
        id
    };
    let prove = ["proof", "--data", "data", &id, "--checkpoint", "kept.txt", "--out", "proof.json"];
    let (code, said) = chachu(root, &prove);
    assert!(code == 0 && said.contains("11条"), "{said}");
    assert_eq!(chachu(root, &prove).0, 1, "an old file is not written over");
    assert_eq!(checked(root, None), 0);
    assert_eq!(checked(root, Some("kept.txt")), 0);
    let text = fs::read_to_string(root.join("proof.json")).unwrap();
    assert!(!text.contains("样例") && !text.contains(&hex::encode("样例1")), "no contents");
    // Every hexadecimal text, changed in one digit, is no proof any more.
    let proof: Value = serde_json::from_str(&text).unwrap();
    let mut texts = Vec::new();
    collect(&proof, String::new(), &mut texts);
    assert!(texts.len() > 100, "{}", texts.len());
    for place in texts.iter().step_by(7) {
        let mut changed = proof.clone();
        let value = changed.pointer_mut(place).unwrap();
        let text = value.as_str().unwrap();
        let middle = text.len() / 2;
        let digit = if text.as_bytes()[middle] == b'0' { "1" } else { "0" };
        *value = format!("{}{digit}{}", &text[..middle], &text[middle + 1..]).into();
        fs::write(root.join("proof.json"), changed.to_string()).unwrap();
        assert_eq!(checked(root, Some("kept.txt")), 1, "{place}");
    }
    // Left out, swapped, or of another dossier.
    type Change = fn(&mut Value);
    let changes: [Change; 4] = [
        |proof| drop(proof["events"].as_array_mut().unwrap().remove(3)),
        |proof| proof["events"].as_array_mut().unwrap().swap(2, 3),
        |proof| proof["dossier"] = "0".repeat(32).into(),
        |proof| proof["consistency"] = Value::Null,
    ];
    for change in changes {
        let mut changed = proof.clone();
        change(&mut changed);
        fs::write(root.join("proof.json"), changed.to_string()).unwrap();
        assert_eq!(checked(root, Some("kept.txt")), 1);
    }
    // Keys of another record.
    drop(Store::open(&root.join("other"), &root.join("other.keys")).unwrap());
    fs::remove_file(root.join("keys.txt")).unwrap();
    chachu(root, &["checkpoint", "--data", "other", "--verifiers", "keys.txt"]);
    fs::write(root.join("proof.json"), text).unwrap();
    assert_eq!(checked(root, None), 1);
}

/// Where the texts of headers and paths stand.
fn collect(value: &Value, place: String, texts: &mut Vec<String>) {
    match value {
        Value::Array(list) => {
            for (i, value) in list.iter().enumerate() {
                collect(value, format!("{place}/{i}"), texts);
            }
        }
        Value::Object(object) => {
            let members = object
                .iter()
                .filter(|(name, _)| !["format", "dossier", "checkpoint"].contains(&name.as_str()));
            for (name, value) in members {
                collect(value, format!("{place}/{name}"), texts);
            }
        }
        Value::String(_) => texts.push(place),
        _ => {}
    }
}

#[test]
fn keys_go_under_a_passphrase_and_come_out_again() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    use std::os::unix::fs::PermissionsExt;
    let put = |name: &str, text: &str, mode: u32| {
        fs::write(root.join(name), text).unwrap();
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    put("right", "一句足够长的口令用来保护密钥\n", 0o600);
    put("wrong", "另一句足够长的口令用来保护密钥\n", 0o600);
    put("open", "一句足够长的口令用来保护密钥\n", 0o644);
    put("short", "短口令\n", 0o600);
    let said = |args: &[&str], expected: i32, part: &str| {
        let (code, said) = chachu(root, args);
        assert!(code == expected && said.contains(part), "{args:?}: {code} {said}");
    };
    let init =
        ["init", "--data", "data", "--department", "示例市局", "--sign", "示市保", "--level"];
    let init = [&init[..], &["市", "--region", "示例市", "--staff", "jia1:甲一:负责人"]].concat();
    said(&[&init[..], &["--passphrase-file", "right"]].concat(), 0, "办公室已设立");
    said(&["keys", "state", "--data", "data"], 0, "设有口令");
    said(&["verify", "--data", "data"], 1, "passphrase_file");
    said(&["verify", "--data", "data", "--passphrase-file", "right"], 0, "未发现问题");
    said(&["verify", "--data", "data", "--passphrase-file", "wrong"], 1, "口令不正确");
    said(&["verify", "--data", "data", "--passphrase-file", "open"], 1, "他人可以读取");
    said(&["serve", "--data", "data", "--passphrase-file", "wrong"], 1, "口令不正确");
    said(&["doctor", "--data", "data", "--passphrase-file", "open"], 1, "对其他账号开放");
    said(&["keys", "unprotect", "--data", "data", "--passphrase-file", "wrong"], 1, "不正确");
    said(&["keys", "unprotect", "--data", "data", "--passphrase-file", "right"], 0, "已去掉");
    said(&["keys", "state", "--data", "data"], 0, "没有设口令");
    said(&["verify", "--data", "data"], 0, "未发现问题");
    said(&["verify", "--data", "data", "--passphrase-file", "right"], 1, "没有设口令");
    said(&["keys", "protect", "--data", "data", "--passphrase-file", "short"], 1, "不足12");
    said(&["keys", "protect", "--data", "data", "--passphrase-file", "right"], 0, "已设口令");
    said(&["checkpoint", "--data", "data", "--passphrase-file", "right"], 0, "sm3 ");
}
