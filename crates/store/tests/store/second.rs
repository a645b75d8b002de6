//! The second verifier, `scripts/verify.py`, sees what the first one sees.

use std::{env, fs, path::Path, process::Command};

use store::{Bad, Blob, Keys, Stream, checkpoint::Checkpoint, tree::Growing};

use crate::support::{Place, act, append, event, verify, write};

/// Its answer: one line and an exit code.
fn second(place: &Place, kept: bool) -> (String, Option<i32>) {
    let root = place.root.path();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/verify.py");
    let mut command = Command::new("python3");
    command.args(["-B"]).arg(script).arg(root.join("data"));
    if kept {
        command.arg(root.join("kept")).arg(root.join("verifiers"));
    }
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).unwrap().trim_end().to_owned(), output.status.code())
}

/// A few streams with objects of both kinds, and a checkpoint of all but the last event.
fn filled() -> Place {
    let place = Place::new();
    let store = place.open();
    for (id, count) in [("1", 5), ("2", 3)] {
        for version in 0..count {
            append(&store, &Stream::dossier(id), version, &format!("线索{id}-{version}")).unwrap();
        }
    }
    let put = |size| store.vault().put([7; 100_000].as_slice().split_at(size).0, 1 << 20).unwrap();
    let blobs: Vec<Blob> = vec![put(10), put(100_000)];
    let with = store::NewEvent { blobs, ..event("附件") };
    store.append(act(write(&Stream::dossier("3"), 0, vec![with]))).unwrap();
    keep(&place);
    append(&store, &Stream::dossier("2"), 3, "以后").unwrap();
    drop(store);
    place
}

/// Signs a checkpoint over the leaves as they are and keeps it with its keys.
fn keep(place: &Place) {
    let raw = place.raw();
    let mut leaves = raw.prepare("SELECT hash FROM leaf ORDER BY place").unwrap();
    let mut tree = Growing::default();
    for hash in leaves.query_map((), |row| row.get(0)).unwrap() {
        tree.push(&hash.unwrap());
    }
    let keys = Keys::open(&place.root.path().join("keys"), None).unwrap();
    let origin = "chachu/a".to_owned();
    let note = Checkpoint { origin, size: tree.size(), root: tree.root() }.sign(&keys).unwrap();
    fs::write(place.root.path().join("kept"), note).unwrap();
    let lines = keys.verifiers("chachu/a").map(|verifier| format!("{verifier}\n")).concat();
    fs::write(place.root.path().join("verifiers"), lines).unwrap();
}

#[test]
fn t3_a_second_verifier_agrees_on_a_whole_record() {
    let place = filled();
    let said = "未发现问题：10条记录，与9条的检查点一致，核对2个签名";
    assert_eq!(second(&place, true), (said.to_owned(), Some(0)));
    assert_eq!(second(&place, false), ("未发现问题：10条记录".to_owned(), Some(0)));
    fs::write(place.root.path().join("kept"), "不是检查点").unwrap();
    let said = "无法读取：检查点文件或者公钥文件的格式不对".to_owned();
    assert_eq!(second(&place, true), (said, Some(2)));
    for (missing, kept) in [("verifiers", true), ("kept", true), ("data/record.db", false)] {
        let path = place.root.path().join(missing);
        fs::remove_file(&path).unwrap();
        let said = format!("无法读取「{}」：没有这个文件", path.display());
        assert_eq!(second(&place, kept), (said, Some(2)));
    }
}

#[test]
fn t3_a_second_verifier_names_the_first_bad_place() {
    for (sql, said) in [
        (
            "UPDATE event SET payload = x'00' WHERE stream = 1 AND version = 3",
            "「dossier/1」第3条，内容与记录时的校验值不符",
        ),
        (
            "UPDATE event SET who = 'yi1' WHERE stream = 2 AND version = 2",
            "「dossier/2」第2条，检索列与记录不符",
        ),
        (
            "UPDATE event SET header = x'00' WHERE stream = 1 AND version = 2",
            "「dossier/1」第2条，记录头与校验链不符",
        ),
        (
            "UPDATE leaf SET hash = zeroblob(32) WHERE place = 6",
            "「dossier/2」第2条，总目录与记录不符",
        ),
        ("UPDATE stream SET version = 4 WHERE id = 1", "「dossier/1」第5条，记录流不完整"),
        ("DELETE FROM leaf WHERE place = 6", "总目录与记录不符"),
        (
            "UPDATE blob_bytes SET bytes = x'01'",
            "「dossier/3」第1条，文件缺失，或者与记录时的校验值不符",
        ),
        // The whole end set back: only the checkpoint kept elsewhere shows it.
        (
            "DELETE FROM event WHERE stream = 3; DELETE FROM stream WHERE id = 3;
            DELETE FROM event WHERE stream = 2 AND version = 4; DELETE FROM blob;
            DELETE FROM leaf WHERE place > 7; UPDATE stream SET version = 3,
            head = (SELECT hash FROM leaf WHERE place = 7) WHERE id = 2",
            "检查点有9条，记录只有8条：记录流不完整",
        ),
    ] {
        let place = filled();
        // Opened before, since a store without its triggers is refused.
        let store = place.open();
        let raw = place.raw();
        let triggers =
            ["event_stays", "event_is_fixed", "leaf_stays", "leaf_is_fixed", "blob_stays"];
        for trigger in triggers {
            raw.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
        }
        raw.execute_batch(sql).unwrap();
        assert_eq!(second(&place, true), (format!("发现问题，第一处：{said}"), Some(1)), "{sql}");
        let first = match verify(&store).bad {
            Some(Bad { stream: Some(stream), version: Some(version), .. }) => {
                format!("「{stream}」第{version}条，")
            }
            Some(bad) => bad.stream.map_or(String::new(), |stream| format!("「{stream}」，")),
            None => "检查点".to_owned(),
        };
        let named = said.split_inclusive('，').next().filter(|_| said.starts_with('「'));
        let named = named.unwrap_or(if said.starts_with("检查点") { "检查点" } else { "" });
        assert_eq!(named, first, "{sql}");
    }
}

#[test]
fn t3_a_second_verifier_checks_roots_and_signatures() {
    let place = filled();
    let kept = place.root.path().join("kept");
    let note = fs::read_to_string(&kept).unwrap();
    let said = |note: &str| {
        fs::write(&kept, note).unwrap();
        second(&place, true).0
    };
    let signature = said(&note.replacen("chachu/a\n", "chachu/b\n", 1));
    assert_eq!(signature, "发现问题，第一处：检查点没有已知密钥的签名");
    assert_eq!(said(&note.replacen("\n9\n", "\n8\n", 1)), "发现问题，第一处：检查点的根与记录不符");
    // Each signature with one byte of its end changed.
    for line in note.lines().filter(|line| line.starts_with('—')) {
        let changed = line.char_indices().rev().nth(9).map(|(at, c)| {
            let other = if c == 'A' { "B" } else { "A" };
            format!("{}{other}{}", &line[..at], &line[at + 1..])
        });
        let wrong = said(&note.replacen(line, &changed.unwrap(), 1));
        assert_eq!(wrong, "发现问题，第一处：检查点的签名不符");
    }
    assert!(said(&note).starts_with("未发现问题"));
}
