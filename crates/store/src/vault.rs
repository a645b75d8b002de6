//! The vault: bytes of files, found by their SM3.
//!
//! Objects up to 64 KiB stand in the database, larger ones in a directory.
//! An object is put first and named by an event afterwards; one that no event names is an orphan.

use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Cursor, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use sha2::Sha256;
use sm3::{Digest, Sm3};

use crate::{Fault, Hash, Store, event::random};

/// An object in the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blob {
    /// Its SM3, by which it is found.
    pub sm3: Hash,
    /// Its SHA-256.
    pub sha256: Hash,
    /// Its length in bytes.
    pub size: u64,
}

/// Why an object was not put into the vault.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// It is longer than the caller allows.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// What was allowed.
        limit: u64,
    },
    /// Its source broke off.
    #[error("the source broke off: {0}")]
    Source(io::Error),
    /// There is no space left.
    #[error("no space left")]
    Full,
    /// The store failed.
    #[error(transparent)]
    Fault(Fault),
}

impl From<Fault> for PutError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Full => PutError::Full,
            fault => PutError::Fault(fault),
        }
    }
}

/// The vault of a store.
#[derive(Clone, Copy)]
pub struct Vault<'a> {
    pub(crate) store: &'a Store,
}

/// Up to this size an object stands in the database.
const INLINE: u64 = 64 * 1024;

impl Vault<'_> {
    /// Takes an object of at most `limit` bytes; when this returns, it is durable.
    pub fn put(&self, source: impl Read, limit: u64) -> Result<Blob, PutError> {
        if !self.store.admits() {
            return Err(PutError::Full);
        }
        let mut source = Hashing::new(source.take(limit.saturating_add(1)));
        let mut start = Vec::new();
        let inline = if self.store.directory().is_some() { INLINE } else { u64::MAX - 1 };
        (&mut source).take(inline + 1).read_to_end(&mut start).map_err(PutError::Source)?;
        let blob = source.blob();
        if blob.size > limit {
            return Err(PutError::TooLong { limit });
        }
        match self.store.directory() {
            Some(directory) if blob.size > inline => directory.put(&start, source, limit),
            _ => {
                self.store.engine().put_blob_bytes(blob.sm3, start)?;
                Ok(blob)
            }
        }
    }

    /// Opens an object; `None` if the vault does not have it.
    pub fn open(&self, sm3: &Hash) -> Result<Option<BlobReader>, Fault> {
        if let Some(bytes) = self.store.engine().blob_bytes(sm3)? {
            return Ok(Some(BlobReader::new(*sm3, Bytes::Inline(Cursor::new(bytes)))));
        }
        let Some(directory) = self.store.directory() else { return Ok(None) };
        match File::open(directory.path(sm3)) {
            Ok(file) => Ok(Some(BlobReader::new(*sm3, Bytes::File(file)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Fault::io("open an object")(error)),
        }
    }

    /// The objects that no event names: uploads that no act has named yet, or never will.
    pub fn orphans(&self) -> Result<BTreeSet<Hash>, Fault> {
        let directory = self.store.directory();
        let on_disk = directory.map_or(Ok(BTreeSet::new()), Directory::objects)?;
        self.store.engine().orphans(on_disk)
    }

    /// Removes those of `old` that no event names, and what broken uploads left behind before
    /// an instant. Answers how many objects went.
    pub fn discard(&self, old: BTreeSet<Hash>, before: SystemTime) -> Result<u64, Fault> {
        if let Some(directory) = self.store.directory() {
            directory.discard_unfinished(before)?;
        }
        self.store.engine().discard(old, self.store.directory().cloned())
    }
}

/// An object being read.
///
/// The last read fails if the bytes were not those that were put: what was read before it must
/// not be used then.
pub struct BlobReader {
    expected: Hash,
    source: Hashing<Bytes>,
}

enum Bytes {
    Inline(Cursor<Vec<u8>>),
    File(File),
}

impl BlobReader {
    fn new(expected: Hash, bytes: Bytes) -> BlobReader {
        BlobReader { expected, source: Hashing::new(bytes) }
    }

    /// Reads to the end and answers what the object really is, whatever it should be.
    pub(crate) fn measure(mut self) -> io::Result<Blob> {
        io::copy(&mut self.source, &mut io::sink())?;
        Ok(self.source.blob())
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.source.blob().sm3 != self.expected {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the object is damaged"));
        }
        Ok(read)
    }
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Bytes::Inline(bytes) => bytes.read(buffer),
            Bytes::File(file) => file.read(buffer),
        }
    }
}

/// Hashes what is read through it.
struct Hashing<R> {
    source: R,
    sm3: Sm3,
    sha256: Sha256,
    size: u64,
}

impl<R> Hashing<R> {
    fn new(source: R) -> Hashing<R> {
        Hashing { source, sm3: Sm3::new(), sha256: Sha256::new(), size: 0 }
    }

    fn blob(&self) -> Blob {
        Blob {
            sm3: self.sm3.clone().finalize().into(),
            sha256: self.sha256.clone().finalize().into(),
            size: self.size,
        }
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        self.sm3.update(bytes);
        self.sha256.update(bytes);
        self.size += read as u64;
        Ok(read)
    }
}

/// The directory for objects that are too large for the database.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    root: PathBuf,
    /// Tells the unfinished files of this run from those that earlier runs left behind.
    run: String,
}

static UNFINISHED: AtomicU64 = AtomicU64::new(0);

impl Directory {
    pub(crate) fn open(root: PathBuf) -> Result<Directory, Fault> {
        make_directory(&root).map_err(Fault::io("make the vault"))?;
        Ok(Directory { root, run: hex::encode(random::<8>()?) })
    }

    fn path(&self, sm3: &Hash) -> PathBuf {
        let name = hex::encode(sm3);
        let (shelf, rest) = name.split_at(2);
        self.root.join(shelf).join(rest)
    }

    /// Whether an object of this size stands here; its hashes are checked by `verify`.
    pub(crate) fn holds(&self, blob: &Blob) -> bool {
        fs::metadata(self.path(&blob.sm3)).is_ok_and(|file| file.len() == blob.size)
    }

    fn put<R: Read>(
        &self,
        start: &[u8],
        mut source: Hashing<R>,
        limit: u64,
    ) -> Result<Blob, PutError> {
        let io = |error| PutError::from(Fault::io("write an object")(error));
        let number = UNFINISHED.fetch_add(1, Ordering::Relaxed);
        let unfinished = Unfinished(self.root.join(format!("unfinished-{}-{number}", self.run)));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished.0)
            .map_err(io)?;
        file.write_all(start).map_err(io)?;
        let mut buffer = vec![0; 128 * 1024];
        loop {
            let read = source.read(&mut buffer).map_err(PutError::Source)?;
            let bytes = buffer.get(..read).filter(|bytes| !bytes.is_empty());
            let Some(bytes) = bytes else { break };
            file.write_all(bytes).map_err(io)?;
        }
        let blob = source.blob();
        if blob.size > limit {
            return Err(PutError::TooLong { limit });
        }
        file.sync_all().map_err(io)?;
        let path = self.path(&blob.sm3);
        let shelf = path.parent().unwrap_or(&self.root);
        make_directory(shelf).map_err(io)?;
        // Renamed even if the object is there already: the new bytes are known to be right.
        fs::rename(&unfinished.0, &path).map_err(io)?;
        sync(shelf).and_then(|()| sync(&self.root)).map_err(io)?;
        Ok(blob)
    }

    /// Every object that stands here.
    fn objects(&self) -> Result<BTreeSet<Hash>, Fault> {
        let mut objects = BTreeSet::new();
        for entry in self.entries()? {
            if is_unfinished(&entry) || !entry.is_dir() {
                continue;
            }
            for file in fs::read_dir(&entry).map_err(Fault::io("look into the vault"))? {
                let file = file.map_err(Fault::io("look into the vault"))?.file_name();
                let shelf = entry.file_name().unwrap_or_default().to_string_lossy();
                let mut sm3 = Hash::default();
                let name = format!("{shelf}{}", file.to_string_lossy());
                // A file that is not named like an object is not ours.
                if hex::decode_to_slice(name, &mut sm3).is_ok() {
                    objects.insert(sm3);
                }
            }
        }
        Ok(objects)
    }

    fn entries(&self) -> Result<Vec<PathBuf>, Fault> {
        let io = || Fault::io("look into the vault");
        let entries = fs::read_dir(&self.root).map_err(io())?;
        entries.map(|entry| Ok(entry.map_err(io())?.path())).collect()
    }

    /// Removes an object; answers whether it stood here.
    pub(crate) fn remove(&self, sm3: &Hash) -> Result<bool, Fault> {
        match fs::remove_file(self.path(sm3)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Fault::io("remove an object")(error)),
        }
    }

    /// Removes what was last written before an instant and never became an object.
    fn discard_unfinished(&self, before: SystemTime) -> Result<(), Fault> {
        for entry in self.entries()?.into_iter().filter(|entry| is_unfinished(entry)) {
            // What is gone meanwhile was finished or given up by its own upload.
            let written = fs::metadata(&entry).and_then(|file| file.modified());
            if written.is_ok_and(|written| written < before) {
                let _ = fs::remove_file(&entry);
            }
        }
        Ok(())
    }
}

fn is_unfinished(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("unfinished-"))
}

/// A file that is removed again unless it was renamed.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the rename there is nothing to remove, and nobody to tell if it fails.
        let _ = fs::remove_file(&self.0);
    }
}

/// Makes a directory that only its owner can enter, durably.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    path.parent().map_or(Ok(()), sync)
}

pub(crate) fn sync(directory: &Path) -> io::Result<()> {
    // The parent of a bare name is the empty path, which stands for the current directory.
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    File::open(directory)?.sync_all()
}
