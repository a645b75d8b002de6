//! D4: on a full disk every act is answered with one code, reading goes on, and with space again
//! everything does, without a restart.

use std::fs;

use serde_json::json;
use testkit::{Client, SmallDisk};

use crate::{
    found, office,
    serving::Serving,
    support::{PASSWORD, lead},
    wrong,
};
use store::Store;

#[test]
fn d4_a_full_disk_is_answered_and_survived() {
    let root = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(root.path().join("disk")).unwrap();
    let (data, keys) = (disk.path().join("data"), disk.path().join("data.keys"));
    let store = Store::open(&data, &keys).unwrap();
    found(&office(store));
    let serving = Serving::start(&data);
    let client = Client::sign_in(&serving.base, "甲一", PASSWORD).unwrap();
    let today = client.get("/api/law").unwrap();
    assert_eq!(today.status, 200);
    fs::write(disk.path().join("filler"), vec![0; 24 * 1024 * 1024]).unwrap();
    let mut body = lead("样例");
    body["answers"]["occurred"] = json!("2026-03-16");
    body["answers"]["content"] = json!("样例".repeat(5000));
    let mut dossier = String::new();
    let mut acknowledged = 0;
    let full = (0..2000).find_map(|number| {
        let key = format!("key-{number}");
        let answered = client.post("/api/acts", &body, Some(&key)).unwrap();
        if answered.status == 201 {
            dossier = answered.body["dossier"].as_str().unwrap().to_owned();
            acknowledged += 1;
            return None;
        }
        Some((answered, key))
    });
    let (answered, key) = full.unwrap();
    assert_eq!((answered.status, answered.body["type"].as_str()), (507, Some("full")));
    assert!(acknowledged > 5, "{acknowledged}");
    // Reading goes on, each view with its entry in the log.
    let path = format!("/api/dossiers/{dossier}");
    for round in 0..200 {
        let read = client.get(&path).unwrap();
        assert_eq!(read.status, 200, "reading {round}: {}", read.body);
        let answered = client.post("/api/acts", &body, Some(&key)).unwrap();
        assert_eq!((answered.status, answered.body["type"].as_str()), (507, Some("full")));
        let put = client.post_bytes("/api/files?name=a", &[7; 200_000]).unwrap();
        assert_eq!((put.status, put.body["type"].as_str()), (507, Some("full")));
    }
    fs::remove_file(disk.path().join("filler")).unwrap();
    let again = client.post("/api/acts", &body, Some(&key)).unwrap();
    assert_eq!((again.status, &again.body["replayed"]), (201, &json!(false)), "{}", again.body);
    drop(serving);
    assert_eq!(wrong(disk.path()), None);
    println!("{acknowledged} acts until the disk was full");
}
