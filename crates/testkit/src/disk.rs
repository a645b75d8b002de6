//! A disk that is soon full.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// A disk of 32 MiB in memory, given back when this is dropped; only root can make one.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one on a directory that is made for it.
    pub fn mount(path: PathBuf) -> io::Result<SmallDisk> {
        fs::create_dir(&path)?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=32m,mode=700", "tmpfs"]).arg(&path);
        if mount.status()?.success() {
            return Ok(SmallDisk(path));
        }
        Err(io::Error::other("this test must be able to mount a tmpfs"))
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
