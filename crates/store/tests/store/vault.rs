//! Objects: small ones, large ones, broken off, damaged, orphaned.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};
use store::{AppendError, Blob, Fault, Hash, PutError, Store, Stream};

use crate::support::{Place, act, event, fresh, verify, write};

fn read(store: &Store, blob: &Blob) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    store.vault().open(&blob.sm3).unwrap().unwrap().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn name(
    store: &Store,
    blob: Blob,
) -> Result<store::Appended, AppendError<std::convert::Infallible>> {
    let mut named = event("扫描件");
    named.blobs.push(blob);
    store.append(act(write(&Stream::dossier("1"), 0, vec![named])))
}

#[test]
fn what_was_put_is_read_whatever_its_size() {
    let place = Place::new();
    for store in [place.open(), fresh()] {
        for size in [0, 1, 65_536, 65_537, 1_000_000] {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            let blob = store.vault().put(bytes.as_slice(), size).unwrap();
            assert_eq!(blob.size, size);
            assert_eq!(blob.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
            assert_eq!(read(&store, &blob).unwrap(), bytes);
            assert_eq!(store.vault().put(bytes.as_slice(), size).unwrap(), blob);
        }
        assert!(store.vault().open(&[9; 32]).unwrap().is_none());
    }
    let files = fs::read_dir(place.root.path().join("data/vault")).unwrap().count();
    assert_eq!(files, 2, "objects over 64 KiB are files, smaller ones are not");
}

#[test]
fn what_is_too_long_or_breaks_off_leaves_nothing() {
    struct Breaking;
    impl Read for Breaking {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let place = Place::new();
    let store = place.open();
    for (size, limit) in [(11, 10), (100_000, 99_999), (100_000, 10)] {
        let put = store.vault().put(vec![1; size].as_slice(), limit);
        assert!(matches!(put, Err(PutError::TooLong { limit: at }) if at == limit), "{put:?}");
    }
    for start in [10, 100_000] {
        let put = store.vault().put(vec![1; start].chain(Breaking), 1_000_000);
        assert!(matches!(put, Err(PutError::Source(_))), "{put:?}");
    }
    assert_eq!(fs::read_dir(place.root.path().join("data/vault")).unwrap().count(), 0);
    assert_eq!(sweep(&store, BTreeSet::new()), 0);
}

#[test]
fn a_damaged_object_fails_at_its_end() {
    let place = Place::new();
    let store = place.open();
    let blob = store.vault().put(vec![1; 70_000].as_slice(), 70_000).unwrap();
    let name = hex::encode(blob.sm3);
    let file = place.root.path().join("data/vault").join(&name[..2]).join(&name[2..]);
    let mut bytes = fs::read(&file).unwrap();
    bytes[69_999] ^= 1;
    fs::write(&file, bytes).unwrap();
    assert_eq!(read(&store, &blob).unwrap_err().kind(), io::ErrorKind::InvalidData);
    // Putting the right bytes again mends it.
    store.vault().put(vec![1; 70_000].as_slice(), 70_000).unwrap();
    assert_eq!(read(&store, &blob).unwrap(), vec![1; 70_000]);
}

#[test]
fn an_event_names_only_what_is_there() {
    let store = fresh();
    let blob = Blob { sm3: [1; 32], sha256: [2; 32], size: 3 };
    let error = name(&store, blob).unwrap_err();
    assert!(matches!(error, AppendError::Fault(Fault::Misuse(_))), "{error:?}");
    assert_eq!(store.version(&Stream::dossier("1")).unwrap(), 0);
}

/// Removes whatever no event names, however young, except what is to be kept.
fn sweep(store: &Store, keep: BTreeSet<Hash>) -> u64 {
    let orphans = store.vault().orphans().unwrap();
    let later = SystemTime::UNIX_EPOCH + Duration::from_secs(u32::MAX.into());
    store.vault().discard(orphans.difference(&keep).copied().collect(), later).unwrap()
}

#[test]
fn orphans_go_and_named_or_kept_objects_stay() {
    let place = Place::new();
    let store = place.open();
    for size in [100, 100_000] {
        let put = |byte| store.vault().put(vec![byte; size].as_slice(), 100_000).unwrap();
        let (named, kept, orphan) = (put(1), put(2), put(3));
        if size == 100 {
            name(&store, named).unwrap();
        }
        let keep = BTreeSet::from([kept.sm3]).into_iter().chain((size > 100).then_some(named.sm3));
        assert_eq!(sweep(&store, keep.collect()), if size == 100 { 1 } else { 2 });
        assert!(store.vault().open(&orphan.sm3).unwrap().is_none());
        assert!(store.vault().open(&named.sm3).unwrap().is_some());
        assert!(store.vault().open(&kept.sm3).unwrap().is_some());
    }
    assert_eq!(verify(&store).blobs, 1);
    // What an earlier run left unfinished goes too; a file of somebody else's does not.
    let vault = place.root.path().join("data/vault");
    fs::write(vault.join("unfinished-0000000000000000-0"), "half").unwrap();
    let shelf = fs::read_dir(&vault).unwrap().map(|it| it.unwrap().path()).find(|it| it.is_dir());
    let foreign = shelf.unwrap().join("readme");
    fs::write(&foreign, "note").unwrap();
    sweep(&store, BTreeSet::new());
    assert!(!vault.join("unfinished-0000000000000000-0").exists());
    assert!(foreign.exists());
}
