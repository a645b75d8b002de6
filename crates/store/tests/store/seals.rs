//! Sealed identities: nowhere to be found in the bytes on disk, opened only with the key.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use store::{Fault, SealedPart, Secret, Store, Stream};

use crate::support::{Place, act, append, event, verify, write};

const CANARY: &str = "canary-举报人-5f2c91";

fn sealing(stream: &Stream) -> store::Append<std::convert::Infallible> {
    let mut writes = write(stream, 0, vec![event("举报")]);
    writes.sealed.push(SealedPart {
        id: "s1".to_owned(),
        dossier: "1".to_owned(),
        plaintext: Secret::new(CANARY.into()),
    });
    act(writes)
}

/// Whether any file below a directory holds the canary in any of several encodings.
fn is_found(directory: &Path) -> bool {
    let utf16 = |bytes: fn(u16) -> [u8; 2]| CANARY.encode_utf16().flat_map(bytes).collect();
    let forms: [Vec<u8>; 5] = [
        CANARY.into(),
        CANARY.bytes().rev().collect(),
        hex::encode(CANARY).into(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ];
    fs::read_dir(directory).unwrap().map(Result::unwrap).any(|entry| {
        if entry.file_type().unwrap().is_dir() {
            return is_found(&entry.path());
        }
        let bytes = fs::read(entry.path()).unwrap();
        forms.iter().any(|form| bytes.windows(form.len()).any(|window| window == form))
    })
}

#[test]
fn a_sealed_identity_is_in_no_byte_on_disk() {
    let place = Place::new();
    let store = place.open();
    store.append(sealing(&Stream::dossier("1"))).unwrap();
    let draft = Secret::new(CANARY.into());
    store.put_draft("jia1", "register", &draft, 0).unwrap();
    assert!(place.root.path().join("data/record.db-wal").exists());
    assert!(!is_found(place.root.path()));
    assert_eq!(store.open_sealed("s1").unwrap().unwrap().expose(), CANARY.as_bytes());
    let kept = store.draft("jia1", "register").unwrap().unwrap();
    assert_eq!(kept.content.expose(), CANARY.as_bytes());
    assert_eq!(verify(&store).sealed, 1);
    drop(store);
    assert!(!is_found(place.root.path()));
    assert_eq!(place.open().open_sealed("s1").unwrap().unwrap().expose(), CANARY.as_bytes());
    assert!(place.open().open_sealed("s2").unwrap().is_none());
}

/// Negative control: the search does find what is not sealed, in the log and in the vault.
#[test]
fn an_unsealed_canary_is_found() {
    let place = Place::new();
    append(&place.open(), &Stream::dossier("1"), 0, CANARY).unwrap();
    assert!(is_found(place.root.path()));
    let place = Place::new();
    place.open().vault().put(CANARY.repeat(5_000).as_bytes(), 1_000_000).unwrap();
    assert!(is_found(&place.root.path().join("data/vault")));
}

#[test]
fn a_secret_has_no_text_form() {
    let part = SealedPart {
        id: "s1".to_owned(),
        dossier: "1".to_owned(),
        plaintext: Secret::new(CANARY.into()),
    };
    assert_eq!(format!("{part:?}"), r#"SealedPart { id: "s1", dossier: "1", plaintext: Secret }"#);
}

#[test]
fn a_sealed_part_fits_only_its_own_place() {
    let place = Place::new();
    let store = place.open();
    store.append(sealing(&Stream::dossier("1"))).unwrap();
    place.past("DROP TRIGGER sealed_is_fixed; UPDATE sealed SET dossier = '2'");
    let fault = store.open_sealed("s1").unwrap_err();
    assert_eq!(fault.to_string(), "key identity: does not open s1 2");
}

#[test]
fn keys_lie_closed_outside_the_data_and_are_the_right_ones() {
    let place = Place::new();
    let (data, keys) = (place.root.path().join("data"), place.root.path().join("keys"));
    drop(place.open());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let key = keys.join("identity.key");
    assert_eq!((mode(&keys), mode(&key), mode(&data)), (0o700, 0o600, 0o700));
    assert_eq!(mode(&data.join("vault")), 0o700);

    let inside = Store::open(&data, &data.join("keys")).err();
    assert!(matches!(inside, Some(Fault::Misuse(_))), "{inside:?}");
    let refusal = || match Store::open(&data, &keys).err() {
        Some(Fault::Key { name: "identity", what }) => what,
        other => panic!("{other:?}"),
    };
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(refusal(), "file and directory must be readable by their owner only");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let right = fs::read(&key).unwrap();
    fs::write(&key, b"short").unwrap();
    assert_eq!(refusal(), "must be exactly 16 bytes");
    fs::write(&key, [right.as_slice(), &[0]].concat()).unwrap();
    assert_eq!(refusal(), "must be exactly 16 bytes");
    fs::remove_file(&key).unwrap();
    assert_eq!(refusal(), "the file is missing");
    fs::write(&key, [7; 16]).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(refusal(), "is not the key this store was made with");
    fs::write(&key, right).unwrap();
    place.open();
}
