//! A full disk: every write says so, reading goes on, and with space again everything does.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use store::{AppendError, Fault, PutError, Store, Stream};

use crate::support::{act, append, event, verify, write};

/// A file system of a few megabytes; only root can make one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(path: &Path) -> Option<SmallDisk> {
        fs::create_dir(path).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs"])
            .arg(path)
            .output()
            .ok()?;
        mount.status.success().then(|| SmallDisk(path.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().unwrap();
    }
}

/// Where no file system can be made, `sqlite::tests` limits the database itself instead.
#[test]
fn a_full_disk_is_answered_and_survived() {
    let root = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&root.path().join("disk")) else { return };
    let filler = disk.0.join("filler");
    let store = Store::open(&disk.0.join("data"), &root.path().join("keys")).unwrap();
    let stream = Stream::dossier("1");
    append(&store, &stream, 0, "一").unwrap();
    fs::write(&filler, vec![0; 512 * 1024]).unwrap();

    let large = "长".repeat(20_000);
    let mut version = 1;
    let error = loop {
        match append(&store, &stream, version, &large) {
            Ok(_) => version += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, AppendError::Full);
    assert!(version > 5, "{version}");
    for _ in 0..5 {
        let events = vec![event(&large), event(&large)];
        let error = store.append(act(write(&stream, version, events))).unwrap_err();
        assert_eq!(error, AppendError::Full);
    }
    // Acts that wait for the same commit are answered alike.
    thread::scope(|scope| {
        for thread in 0..8 {
            let (store, large) = (&store, &large);
            scope.spawn(move || {
                let stream = Stream::person(&thread.to_string());
                let events = vec![event(large), event(large)];
                let error = store.append(act(write(&stream, 0, events))).unwrap_err();
                assert_eq!(error, AppendError::Full);
            });
        }
    });
    assert_eq!(store.streams("person/").unwrap(), []);
    // Whatever room is left in the log's file goes to small writes first.
    let audit = Stream::audit("node1", "2026-03-02");
    let fault = (0..1_000).find_map(|_| store.audit(&audit, 0, event(&large)).err());
    assert_eq!(fault, Some(Fault::Full));
    let put = store.vault().put(vec![1; 2_000_000].as_slice(), 3_000_000);
    assert!(matches!(put, Err(PutError::Full)), "{put:?}");

    assert_eq!(store.load(&stream).unwrap().len() as u64, version);
    assert!(verify(&store).is_clean());

    fs::remove_file(&filler).unwrap();
    append(&store, &stream, version, "有空间了").unwrap();
    assert_eq!(store.load(&stream).unwrap().len() as u64, version + 1);
    store.put_setting("name", "甲").unwrap();
    let report = verify(&store);
    assert!(report.is_clean(), "{report:?}");
    drop(store);
    let store = Store::open(&disk.0.join("data"), &root.path().join("keys")).unwrap();
    assert_eq!(store.version(&stream).unwrap(), version + 1);
}
