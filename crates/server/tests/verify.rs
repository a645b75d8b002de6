//! `chachu verify` names what was changed behind the product's back.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "a test fails by panicking; it shares its support with other tests"
)]

mod support;

use std::{fs, path::Path, process::Command};

use store::Store;
use support::{Server, lead};

/// A record with one lead; answers its dossier.
fn record(root: &Path) -> String {
    let store = Store::open(&root.join("data"), &root.join("data.keys")).unwrap();
    let server = Server::on(store);
    let mut body = lead("样例线索");
    body["answers"]["content"] = "只在记录中的内容".into();
    body["answers"]["source"] = "公民举报".into();
    body["answers"]["secrecy"] = "不愿意公开".into();
    body["answers"]["reporter"] = "举报人样例者，电话样例号".into();
    let answered = server.client("甲一").post("/api/acts", &body, None).unwrap();
    answered.body["dossier"].as_str().unwrap().to_owned()
}

fn verify(root: &Path) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_chachu"))
        .args(["verify", "--data"])
        .arg(root.join("data"))
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_byte_that_was_changed_is_named_by_stream_and_version() {
    let root = tempfile::tempdir().unwrap();
    let id = record(root.path());
    assert_eq!(verify(root.path()).0, 0);
    let path = root.path().join("data/record.db");
    let mut bytes = fs::read(&path).unwrap();
    let content = "只在记录中的内容".as_bytes();
    let places: Vec<_> =
        (0..bytes.len() - content.len()).filter(|i| bytes[*i..].starts_with(content)).collect();
    assert_eq!(places.len(), 1);
    bytes[places[0] + 2] ^= 1;
    fs::write(&path, bytes).unwrap();
    let (code, said) = verify(root.path());
    assert_eq!(code, 1);
    let expected = format!("「dossier/{id}」第1条，内容与记录时的校验值不符");
    assert!(said.contains(&expected), "{said}");
}

fn change(root: &Path, sql: &str) -> (i32, String) {
    let database = rusqlite::Connection::open(root.join("data/record.db")).unwrap();
    assert_eq!(database.execute(sql, ()).unwrap(), 1, "{sql}");
    drop(database);
    verify(root)
}

#[test]
fn an_index_row_or_a_number_that_was_changed_is_named() {
    let root = tempfile::tempdir().unwrap();
    let id = record(root.path());
    let (code, said) = change(root.path(), "UPDATE dossier SET title = '样例线案'");
    assert_eq!(code, 1);
    assert!(said.contains(&format!("「dossier/{id}」，列表索引与记录不一致")), "{said}");
    let (code, said) = change(root.path(), "UPDATE dossier SET title = '样例线索'");
    assert_eq!(code, 0, "{said}");
    let counted = "(SELECT min(article) FROM article_count)";
    let sql = |n| format!("UPDATE article_count SET dossiers = {n} WHERE article = {counted}");
    let (code, said) = change(root.path(), &sql(2));
    assert_eq!(code, 1);
    assert!(said.contains("依据各条的卷宗数与记录不一致"), "{said}");
    let (code, said) = change(root.path(), &sql(1));
    assert_eq!(code, 0, "{said}");
    let sql = |by, which| format!("UPDATE series SET last = last + {by} WHERE name {which}");
    let (code, said) = change(root.path(), &sql(1, "= 'directory'"));
    assert_eq!(code, 1);
    assert!(said.contains("机构变更的末号与记录不一致"), "{said}");
    let (code, said) = change(root.path(), &sql(-1, "= 'directory'"));
    assert_eq!(code, 0, "{said}");
    let (code, said) = change(root.path(), &sql(1, "<> 'directory'"));
    assert_eq!(code, 1);
    assert!(said.contains("的末号与记录不一致"), "{said}");
}

/// No trigger forbids these: lists follow the acts, and sealed parts may have to be destroyed by law.
#[test]
fn t4_a_sealed_part_that_is_gone_and_a_reader_let_in_are_named() {
    let root = tempfile::tempdir().unwrap();
    let id = record(root.path());
    assert_eq!(verify(root.path()).0, 0);
    let let_in =
        "INSERT INTO access SELECT dossier, 'staff:nobody', ended, due, received, changed, number,
        stage FROM access LIMIT 1";
    let (code, said) = change(root.path(), let_in);
    assert_eq!(code, 1);
    assert!(said.contains(&format!("「dossier/{id}」，列表索引与记录不一致")), "{said}");
    let (code, said) = change(root.path(), "DELETE FROM access WHERE principal = 'staff:nobody'");
    assert_eq!(code, 0, "{said}");
    let (code, said) = change(root.path(), "DELETE FROM sealed");
    assert_eq!(code, 1);
    assert!(said.contains(&format!("「dossier/{id}」，举报人的密封部分缺失")), "{said}");
}
