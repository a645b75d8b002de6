//! Checkpoints: what was signed is held against the record, and a record that was set back is found.

use std::fs;

use store::{Store, Stream, checkpoint::Rejected, tree::verify_inclusion};

use crate::support::{Place, act, append, event, verify, write};

/// More leaves than one full subtree holds, and a checkpoint of them.
fn filled(place: &Place) -> Store {
    let store = place.open();
    let events = (0..300).map(|n| event(&n.to_string())).collect();
    store.append(act(write(&Stream::dossier("1"), 0, events))).unwrap();
    store.checkpoint().unwrap();
    append(&store, &Stream::dossier("1"), 300, "续").unwrap();
    store
}

fn kept(store: &Store, note: &str) -> store::checkpoint::Checkpoint {
    store.open_checkpoint(note.as_bytes()).unwrap().unwrap()
}

#[test]
fn a_checkpoint_is_made_once_for_a_size_and_agrees_with_the_record() {
    let place = Place::new();
    let store = filled(&place);
    let note = store.checkpoint().unwrap();
    assert_eq!(store.checkpoint().unwrap(), note);
    assert_eq!(store.last_checkpoint().unwrap(), Some(note.clone()));
    let kept = kept(&store, &note);
    assert_eq!(kept.size, 301);
    assert!(store.verify(Some(&kept), &|_, _| ()).unwrap().is_clean());
    let place = store.place(&Stream::dossier("1"), 7).unwrap().unwrap();
    let proof = store.tree().inclusion(place, kept.size).unwrap();
    let leaf = store.load(&Stream::dossier("1")).unwrap()[6].hash;
    assert!(verify_inclusion(&leaf, place, kept.size, &proof, &kept.root));
}

#[test]
fn a_checkpoint_of_another_record_is_not_believed() {
    let (here, there) = (Place::new(), Place::new());
    let note = filled(&there).checkpoint().unwrap();
    let rejected = filled(&here).open_checkpoint(note.as_bytes()).unwrap().unwrap_err();
    assert!(matches!(rejected, Rejected::OtherOrigin(_)), "{rejected}");
}

/// T2: the whole record is put back to each of its earlier states; without a checkpoint that was
/// kept elsewhere nothing shows it, with one it is found each time.
#[test]
fn t2_a_record_that_was_set_back_is_found_with_a_checkpoint_kept_elsewhere() {
    let place = Place::new();
    let data = place.root.path().join("data");
    let stream = Stream::dossier("1");
    let mut states = Vec::new();
    for version in 0..20 {
        let store = place.open();
        append(&store, &stream, version, "线索").unwrap();
        store.checkpoint().unwrap();
        drop(store);
        states.push(fs::read(data.join("record.db")).unwrap());
    }
    let store = place.open();
    append(&store, &stream, 20, "线索").unwrap();
    let note = store.checkpoint().unwrap();
    drop(store);
    for state in states {
        fs::write(data.join("record.db"), state).unwrap();
        let store = place.open();
        assert!(verify(&store).is_clean(), "the state is whole in itself");
        let kept = kept(&store, &note);
        let bad = store.verify(Some(&kept), &|_, _| ()).unwrap().bad.unwrap();
        assert!(bad.what.starts_with("checkpoint 21 is beyond"), "{bad:?}");
    }
}

/// T1: every byte of every stored subtree and checkpoint, in another bit each time.
#[test]
fn t1_a_flip_in_the_tree_or_in_a_checkpoint_is_named() {
    let place = Place::new();
    drop(filled(&place));
    let raw = place.raw();
    raw.execute_batch("DROP TRIGGER tree_is_fixed; DROP TRIGGER checkpoint_is_fixed").unwrap();
    let triggers = [
        "CREATE TRIGGER tree_is_fixed BEFORE UPDATE ON tree
BEGIN SELECT RAISE(ABORT, 'subtrees are never changed'); END",
        "CREATE TRIGGER checkpoint_is_fixed BEFORE UPDATE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END",
    ];
    for (table, column, word) in [
        ("tree", "sha256", "subtree 0 of level 1"),
        ("tree", "sm3", "subtree 0 of level 1"),
        ("checkpoint", "note", "checkpoint 300 is not"),
    ] {
        let whole: Vec<u8> = raw
            .query_row(&format!("SELECT CAST({column} AS BLOB) FROM {table}"), (), |row| row.get(0))
            .unwrap();
        let text = column == "note";
        let put = |bytes: Vec<u8>| {
            let cast = if text { "CAST(?1 AS TEXT)" } else { "?1" };
            raw.execute(&format!("UPDATE {table} SET {column} = {cast}"), (bytes,)).unwrap();
        };
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 7);
            put(bytes);
            triggers.iter().for_each(|sql| raw.execute_batch(sql).unwrap());
            let bad = verify(&place.open()).bad;
            raw.execute_batch("DROP TRIGGER tree_is_fixed; DROP TRIGGER checkpoint_is_fixed")
                .unwrap();
            let bad = bad.unwrap_or_else(|| panic!("{table}.{column} byte {at} was not noticed"));
            assert!(bad.what.starts_with(word), "{bad:?}");
        }
        put(whole);
    }
    triggers.iter().for_each(|sql| raw.execute_batch(sql).unwrap());
    assert!(verify(&place.open()).is_clean());
}
