//! Where a record lies, and opening it.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use store::Store;

use super::Wrong;
use crate::{clock::Clock, office::Office};

/// Where a record and its keys lie.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// 数据目录
    #[arg(long, value_name = "目录")]
    pub(super) data: PathBuf,
    /// 密钥目录，须在数据目录之外；默认是数据目录名加“.keys”
    #[arg(long, value_name = "目录")]
    pub(super) keys: Option<PathBuf>,
}

impl Place {
    /// Opens the record that is there.
    pub(super) fn open(&self) -> Result<Store, Wrong> {
        if !is_record(&self.data) {
            let message = format!("「{}」中没有案卷库，请先运行chachu init", self.data.display());
            return Err(Wrong::Unreadable(message));
        }
        self.make()
    }

    /// Opens the record, making it if it is not there.
    pub(super) fn make(&self) -> Result<Store, Wrong> {
        Ok(Store::open(&self.data, &keys(&self.data, self.keys.as_deref()))?)
    }

    /// Opens the office that works on the record.
    pub(super) fn office(&self) -> Result<Office, Wrong> {
        Ok(Office::open(self.open()?, Clock::default())?)
    }
}

/// Whether a record lies in this directory.
pub(super) fn is_record(data: &Path) -> bool {
    data.join("record.db").is_file()
}

/// Where the keys lie when nothing is said: beside the data, never in it.
pub(super) fn keys(data: &Path, keys: Option<&Path>) -> PathBuf {
    let beside = || {
        let mut name = data.file_name().map_or_else(|| OsString::from("data"), OsString::from);
        name.push(".keys");
        data.with_file_name(name)
    };
    keys.map_or_else(beside, Path::to_owned)
}
