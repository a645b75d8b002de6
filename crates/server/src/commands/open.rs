//! Where a record lies, and opening it: by the settings, for every command alike.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use store::{At, Secret, Store};

use super::{Wrong, config::ConfigArgs};
use crate::{
    clock::Clock,
    config::{Config, Url},
    office::Office,
};

/// What the command line says of where a record and its keys lie; the rest is said by the settings.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    #[command(flatten)]
    pub(super) config: ConfigArgs,
    /// 数据目录
    #[arg(long, value_name = "目录")]
    data: Option<String>,
    /// 密钥目录，须在数据目录之外；默认是数据目录名加“.keys”
    #[arg(long, value_name = "目录")]
    keys: Option<String>,
    /// 附件目录；默认在数据目录之内
    #[arg(long, value_name = "目录")]
    vault: Option<String>,
    /// PostgreSQL数据库的地址；默认使用数据目录中的SQLite。有密码的，写在配置文件或者环境变量中
    #[arg(long, value_name = "地址")]
    database: Option<String>,
    /// 密钥口令所在的文件
    #[arg(long, value_name = "文件")]
    passphrase_file: Option<String>,
}

/// Where a record lies, all settings taken together.
#[derive(Debug)]
pub(super) struct Site {
    /// 数据目录.
    pub(super) data: PathBuf,
    /// 密钥目录.
    pub(super) keys: PathBuf,
    vault: Option<PathBuf>,
    database: Option<Url>,
    passphrase_file: Option<PathBuf>,
    node: String,
}

impl Place {
    /// The settings that the command line gives.
    pub(super) fn given(&self) -> BTreeMap<String, String> {
        let named = [
            ("data", &self.data),
            ("keys", &self.keys),
            ("vault", &self.vault),
            ("database", &self.database),
            ("passphrase_file", &self.passphrase_file),
        ];
        named.into_iter().filter_map(|(name, it)| Some((name.to_owned(), it.clone()?))).collect()
    }

    /// Where the record lies.
    pub(super) fn site(&self) -> Result<Site, Wrong> {
        Site::of(&self.config.read(&self.given())?)
    }

    /// Opens the record that is there.
    pub(super) fn open(&self) -> Result<Store, Wrong> {
        self.site()?.open()
    }

    /// Opens the office that works on the record.
    pub(super) fn office(&self) -> Result<Office, Wrong> {
        self.site()?.office()
    }
}

impl Site {
    /// Where the record of these settings lies.
    pub(super) fn of(config: &Config) -> Result<Site, Wrong> {
        let data = config.data.clone().ok_or_else(|| Wrong::unreadable("没有给出数据目录"))?;
        Ok(Site::in_directory(data, config))
    }

    /// The same in a directory that the settings do not name.
    pub(super) fn in_directory(data: PathBuf, config: &Config) -> Site {
        let text = |url: &Url| Url(Secret::new(url.0.expose().to_vec()));
        Site {
            keys: keys(&data, config.keys.as_deref()),
            data,
            vault: config.vault.clone(),
            database: config.database.as_ref().map(text),
            passphrase_file: config.passphrase_file.clone(),
            node: config.node.as_ref().map_or_else(|| "1".to_owned(), |node| node.0.clone()),
        }
    }

    /// Opens the record that is there.
    pub(super) fn open(&self) -> Result<Store, Wrong> {
        if self.is_in_database() {
            // A node that made keys of its own could open nothing with them.
            if !self.keys.join("identity.key").exists() {
                let message = format!(
                    "「{}」中没有密钥：第一个节点请先运行chachu init；其他节点请先从已有的节点复制密钥目录",
                    self.keys.display()
                );
                return Err(Wrong::Refused(message));
            }
        } else if !is_record(&self.data) {
            let message = format!("「{}」中没有案卷库，请先运行chachu init", self.data.display());
            return Err(Wrong::Unreadable(message));
        }
        self.make()
    }

    /// Opens the record, making it if it is not there; in a database only its keys are made.
    pub(super) fn make(&self) -> Result<Store, Wrong> {
        let passphrase = self.passphrase_file.as_deref().map(read_passphrase).transpose()?;
        let at = At {
            data: &self.data,
            keys: &self.keys,
            vault: self.vault.as_deref(),
            passphrase: passphrase.as_ref(),
        };
        match &self.database {
            Some(url) => Ok(Store::connect_at(text_of(url)?, &at)?),
            None => Ok(Store::open_at(&at)?),
        }
    }

    /// Opens the office that works on the record.
    pub(super) fn office(&self) -> Result<Office, Wrong> {
        Ok(Office::open_as(self.open()?, Clock::default(), &self.node)?)
    }

    /// Whether the record lies in a PostgreSQL database.
    pub(super) fn is_in_database(&self) -> bool {
        self.database.is_some()
    }

    /// The name of this process among those that work on the record.
    pub(super) fn node(&self) -> &str {
        &self.node
    }
}

/// The address of a database, to be handed to nothing but the store.
pub(super) fn text_of(url: &Url) -> Result<&str, Wrong> {
    std::str::from_utf8(url.0.expose()).map_err(|_| Wrong::unreadable("数据库地址不是文字"))
}

/// The longest file of a passphrase, in bytes.
const LONGEST_PASSPHRASE: u64 = 1024;

/// The passphrase in a file, without the end of its line.
pub(super) fn read_passphrase(path: &Path) -> Result<Secret, Wrong> {
    let wrong = |why: &str| Wrong::Refused(format!("口令文件「{}」{why}", path.display()));
    let read = || {
        let file = File::open(path)?;
        let mode = file.metadata()?.permissions().mode();
        let mut bytes = Vec::new();
        file.take(LONGEST_PASSPHRASE + 1).read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>((mode, Secret::new(bytes)))
    };
    let (mode, bytes) = read().map_err(|error| wrong(&format!("无法读取（{}）", error.kind())))?;
    if mode & 0o077 != 0 {
        return Err(wrong("他人可以读取，请改为只有运行账号可以读取（chmod 0600）"));
    }
    let text = bytes.expose();
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.is_empty() || bytes.expose().len() as u64 > LONGEST_PASSPHRASE {
        return Err(wrong("应当有一行口令，不超过1000个字节"));
    }
    Ok(Secret::new(text.to_vec()))
}

/// Whether a record lies in this directory.
pub(super) fn is_record(data: &Path) -> bool {
    data.join("record.db").is_file()
}

/// Whether there is nothing in a directory, or no directory.
pub(super) fn is_empty(directory: &Path) -> Result<bool, Wrong> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error.into()),
    }
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
