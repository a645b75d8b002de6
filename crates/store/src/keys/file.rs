//! Key files: bare bytes, or the same bytes under a passphrase. `docs/record.md` has the layout.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use crate::{
    Fault, Secret,
    event::{random, sm3},
    seal::SealKey,
};

/// What a file under a passphrase begins with.
const MAGIC: &[u8] = b"chachu-key-1\n";
/// Memory in KiB, passes and lanes of argon2id for new files; the file says its own.
const COST: [u32; 3] = [64 * 1024, 3, 1];
/// A file may not ask for more than this.
const MOST: [u32; 3] = [1024 * 1024, 64, 16];
/// Longer files are not read further.
const LONGEST: u64 = 1024;

type Bytes = Zeroizing<Vec<u8>>;

fn fault(name: &'static str, what: impl Into<String>) -> Fault {
    Fault::Key { name, what: what.into() }
}

fn path(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.key"))
}

/// Makes the directory for keys, closed to others.
pub(super) fn make_directory(directory: &Path) -> Result<(), Fault> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(Fault::io("make the key directory"))
}

/// Whether any key of a set is there.
pub(super) fn is_any_there(directory: &Path, set: &[(&'static str, usize)]) -> bool {
    set.iter().any(|(name, _)| path(directory, name).exists())
}

/// Makes a set of keys that is not there, wholly or, after a crash, its rest.
///
/// Files get their names only when all of the set are durable, so a missing one whose unfinished
/// file is there was not lost.
pub(super) fn settle(
    directory: &Path,
    set: &[(&'static str, usize)],
    passphrase: Option<&Secret>,
) -> Result<(), Fault> {
    if !is_any_there(directory, set) {
        for (name, length) in set {
            let key = fresh(name, *length)?;
            write_unfinished(directory, name, &key, passphrase)?;
        }
    }
    for (name, _) in set {
        let path = path(directory, name);
        if path.exists() {
            continue;
        }
        match fs::rename(path.with_extension("new"), &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(fault(name, "the file is missing"));
            }
            renamed => renamed.map_err(Fault::io("make a key file"))?,
        }
    }
    sync(directory)
}

/// New bytes for a key.
pub(super) fn fresh(name: &str, length: usize) -> Result<Bytes, Fault> {
    loop {
        let mut key = Zeroizing::new(random::<32>()?.to_vec());
        key.truncate(length);
        // Not every number is a key of SM2, though it takes 2^32 tries to meet one that is not.
        if name != "checkpoint-sm2" || super::sm2_key(&key).is_ok() {
            return Ok(key);
        }
    }
}

/// Reads a key of a length.
pub(super) fn read(
    directory: &Path,
    name: &'static str,
    length: usize,
    passphrase: Option<&Secret>,
) -> Result<Bytes, Fault> {
    let path = path(directory, name);
    let file = File::open(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => fault(name, "the file is missing"),
        _ => Fault::io("open a key file")(error),
    })?;
    for path in [directory, &path] {
        let metadata = fs::metadata(path).map_err(Fault::io("look at a key file"))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            let what = "file and directory must be readable by their owner only";
            return Err(fault(name, what));
        }
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST as usize));
    let read = file.take(LONGEST).read_to_end(&mut bytes);
    read.map_err(Fault::io("read a key file"))?;
    let key = match (bytes.strip_prefix(MAGIC), passphrase) {
        (None, None) => bytes,
        (None, Some(_)) if bytes.len() == length => {
            return Err(fault(name, "the file is not under a passphrase"));
        }
        (None, Some(_)) => return Err(fault(name, "the file is damaged")),
        (Some(_), None) => return Err(fault(name, "the file needs a passphrase")),
        (Some(_), Some(passphrase)) => unwrap(name, &bytes, passphrase)?,
    };
    if key.len() != length {
        return Err(fault(name, format!("must be exactly {length} bytes")));
    }
    Ok(key)
}

/// Puts one key file under a passphrase, unless it is under that one already.
pub(super) fn protect(
    directory: &Path,
    name: &'static str,
    length: usize,
    passphrase: &Secret,
) -> Result<(), Fault> {
    match read(directory, name, length, None) {
        Ok(key) => replace(directory, name, &key, Some(passphrase)),
        Err(_) => read(directory, name, length, Some(passphrase)).map(drop),
    }
}

/// Takes one key file out from under its passphrase, unless it is bare already.
pub(super) fn unprotect(
    directory: &Path,
    name: &'static str,
    length: usize,
    passphrase: &Secret,
) -> Result<(), Fault> {
    match read(directory, name, length, Some(passphrase)) {
        Ok(key) => replace(directory, name, &key, None),
        Err(wrong) => read(directory, name, length, None).map(drop).map_err(|_| wrong),
    }
}

/// Whether a key file is under a passphrase; `None` if it cannot be read.
pub(super) fn is_protected(directory: &Path, name: &str) -> Option<bool> {
    let mut start = [0; MAGIC.len()];
    let mut file = File::open(path(directory, name)).ok()?;
    // A bare key may be as long or shorter; it does not begin like this but by chance of 2^-104.
    Some(file.read_exact(&mut start).is_ok() && start == *MAGIC)
}

fn replace(
    directory: &Path,
    name: &'static str,
    key: &Bytes,
    passphrase: Option<&Secret>,
) -> Result<(), Fault> {
    write_unfinished(directory, name, key, passphrase)?;
    let path = path(directory, name);
    let renamed = fs::rename(path.with_extension("new"), path);
    renamed.map_err(Fault::io("make a key file"))?;
    sync(directory)
}

fn write_unfinished(
    directory: &Path,
    name: &'static str,
    key: &Bytes,
    passphrase: Option<&Secret>,
) -> Result<(), Fault> {
    let bytes = match passphrase {
        Some(passphrase) => Zeroizing::new(wrap(name, key, passphrase, COST)?),
        None => key.clone(),
    };
    let write = || {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(path(directory, name).with_extension("new"))?;
        file.write_all(&bytes)?;
        file.sync_all()
    };
    write().map_err(Fault::io("make a key file"))
}

fn sync(directory: &Path) -> Result<(), Fault> {
    let synced = File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(Fault::io("make a key file"))
}

/// The file of a key under a passphrase.
fn wrap(
    name: &'static str,
    key: &[u8],
    passphrase: &Secret,
    cost: [u32; 3],
) -> Result<Vec<u8>, Fault> {
    let salt = random::<16>()?;
    let wrapping = wrapping_key(name, passphrase, cost, &salt)?;
    let place = place(cost, &salt);
    let sealed = wrapping.encrypt(&Secret::new(key.to_vec()), &[name, &place])?;
    let mut file = MAGIC.to_vec();
    file.extend(cost.iter().flat_map(|number| number.to_be_bytes()));
    file.extend(salt);
    file.extend(sealed);
    file.extend(sm3(&file));
    Ok(file)
}

/// The key in a file that [`wrap`] made. What is damaged is told from what is the wrong passphrase
/// by the hash at the end.
fn unwrap(name: &'static str, file: &[u8], passphrase: &Secret) -> Result<Bytes, Fault> {
    let damaged = || fault(name, "the file is damaged");
    let (file, hash) = file.split_last_chunk::<32>().ok_or_else(damaged)?;
    if sm3(file) != *hash {
        return Err(damaged());
    }
    let rest = file.strip_prefix(MAGIC).ok_or_else(damaged)?;
    let (cost, rest) = rest.split_first_chunk::<12>().ok_or_else(damaged)?;
    let (salt, sealed) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
    let mut numbers = cost.as_chunks::<4>().0.iter().map(|number| u32::from_be_bytes(*number));
    let cost = [(); 3].map(|()| numbers.next().unwrap_or(0));
    if cost.iter().zip(MOST).any(|(number, most)| *number > most) {
        return Err(damaged());
    }
    let wrapping = wrapping_key(name, passphrase, cost, salt)?;
    let key = wrapping.decrypt(sealed, &[name, &place(cost, salt)]);
    let key = key.map_err(|_| fault(name, "the passphrase is wrong"))?;
    Ok(Zeroizing::new(key.expose().to_vec()))
}

/// What a wrapped key is bound to beside its name.
fn place([memory, passes, lanes]: [u32; 3], salt: &[u8; 16]) -> String {
    format!("{memory} {passes} {lanes} {}", hex::encode(salt))
}

fn wrapping_key(
    name: &'static str,
    passphrase: &Secret,
    [memory, passes, lanes]: [u32; 3],
    salt: &[u8; 16],
) -> Result<SealKey, Fault> {
    let mut key = Zeroizing::new([0; 16]);
    let params = Params::new(memory, passes, lanes, Some(16));
    params
        .and_then(|params| {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon2.hash_password_into(passphrase.expose(), salt, key.as_mut_slice())
        })
        .map_err(|_| fault(name, "no key can be made from the passphrase"))?;
    Ok(SealKey::new(name, &key))
}

#[cfg(test)]
mod tests {
    use super::super::{Keys, SEALING, SIGNING};
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.into())
    }

    fn refusal(directory: &Path, passphrase: Option<&str>) -> String {
        let passphrase = passphrase.map(secret);
        Keys::open(directory, passphrase.as_ref()).err().unwrap().to_string()
    }

    fn lines(keys: &Keys) -> Vec<String> {
        keys.verifiers("chachu/a").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn keys_of_earlier_versions_still_open_and_get_signing_keys() {
        let root = tempfile::tempdir().unwrap();
        make_directory(root.path()).unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o700)).unwrap();
        for (name, byte) in [("identity", 1), ("draft", 2)] {
            fs::write(path(root.path(), name), [byte; 16]).unwrap();
            let closed = fs::Permissions::from_mode(0o600);
            fs::set_permissions(path(root.path(), name), closed).unwrap();
        }
        let keys = Keys::open(root.path(), None).unwrap();
        let old = SealKey::new("identity", &Zeroizing::new([1; 16]));
        assert_eq!(keys.identity.check, old.check);
        for (name, _) in SEALING.into_iter().chain(SIGNING) {
            let mode = fs::metadata(path(root.path(), name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert_eq!(lines(&keys), lines(&Keys::open(root.path(), None).unwrap()));
    }

    #[test]
    fn a_missing_key_is_not_made_anew() {
        for (name, _) in SEALING.into_iter().chain(SIGNING) {
            let root = tempfile::tempdir().unwrap();
            let directory = root.path().join("keys");
            Keys::open(&directory, None).unwrap();
            fs::rename(path(&directory, name), root.path().join("away")).unwrap();
            assert_eq!(refusal(&directory, None), format!("key {name}: the file is missing"));
            // Where a crash left its unfinished file, the first start is gone on with.
            fs::rename(root.path().join("away"), path(&directory, name).with_extension("new"))
                .unwrap();
            Keys::open(&directory, None).unwrap();
        }
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("keys");
        Keys::open(&directory, None).unwrap();
        for (name, _) in SEALING {
            fs::remove_file(path(&directory, name)).unwrap();
        }
        assert_eq!(refusal(&directory, None), "key identity: the file is missing");
    }

    #[test]
    fn a_passphrase_opens_what_it_closed_and_nothing_else_does() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("keys");
        let keys = Keys::open(&directory, None).unwrap();
        let under = "key identity: the file is not under a passphrase";
        assert_eq!(refusal(&directory, Some("一二三")), under);
        Keys::protect(&directory, &secret("一二三")).unwrap();
        Keys::protect(&directory, &secret("一二三")).unwrap();
        let opened = Keys::open(&directory, Some(&secret("一二三"))).unwrap();
        assert_eq!(lines(&opened), lines(&keys));
        assert_eq!(opened.identity.check, keys.identity.check);
        assert_eq!(refusal(&directory, None), "key identity: the file needs a passphrase");
        let wrong = "key identity: the passphrase is wrong";
        assert_eq!(refusal(&directory, Some("一二四")), wrong);
        assert_eq!(Keys::is_protected(&directory), Some(true));
        assert!(Keys::unprotect(&directory, &secret("一二四")).is_err());
        Keys::unprotect(&directory, &secret("一二三")).unwrap();
        assert_eq!(Keys::is_protected(&directory), Some(false));
        assert_eq!(lines(&Keys::open(&directory, None).unwrap()), lines(&keys));
        // Half done, it is neither, and is gone on with.
        protect(&directory, "draft", 16, &secret("一二三")).unwrap();
        assert_eq!(Keys::is_protected(&directory), None);
        Keys::unprotect(&directory, &secret("一二三")).unwrap();
        Keys::protect(&directory, &secret("一二三")).unwrap();
        // A file fits its own name only.
        fs::copy(path(&directory, "draft"), path(&directory, "identity")).unwrap();
        assert_eq!(refusal(&directory, Some("一二三")), wrong);
        let other = root.path().join("other");
        let made = Keys::open(&other, Some(&secret("p"))).unwrap();
        assert_eq!(lines(&made), lines(&Keys::open(&other, Some(&secret("p"))).unwrap()));
    }

    #[test]
    fn every_damaged_byte_of_a_wrapped_key_is_noticed() {
        let file = wrap("draft", &[7; 16], &secret("p"), [64, 1, 1]).unwrap();
        assert_eq!(unwrap("draft", &file, &secret("p")).unwrap().as_slice(), [7; 16]);
        for place in 0..file.len() {
            let mut damaged = file.clone();
            damaged[place] ^= 1;
            let fault = unwrap("draft", &damaged, &secret("p")).unwrap_err();
            assert_eq!(fault.to_string(), "key draft: the file is damaged", "byte {place}");
            assert!(unwrap("draft", &file[..place], &secret("p")).is_err());
        }
    }
}
