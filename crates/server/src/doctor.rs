//! 体检. What makes running an office unsafe: looked at on demand, and before anything is served.
//!
//! Nothing is changed or made here; a check that cannot be done says so.
//! Contents of the record are not read; `--full` leaves that to `verify`.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use procedure::holidays::Holidays;
use serde::Serialize;
use store::Keys;

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Subject {
    /// 数据目录.
    pub data: PathBuf,
    /// 附件目录, where it is not in the data directory.
    pub vault: Option<PathBuf>,
    /// Whether the record lies in a PostgreSQL database and not in the data directory.
    pub in_database: bool,
    /// 密钥目录.
    pub keys: PathBuf,
    /// 配置文件.
    pub config: Option<PathBuf>,
    /// 口令文件.
    pub passphrase: Option<PathBuf>,
    /// The program itself.
    pub program: Option<PathBuf>,
    /// The account that the program runs as.
    pub account: u32,
    /// Today in China.
    pub today: Date,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum State {
    /// 正常.
    #[serde(rename = "正常")]
    Good,
    /// 警告.
    #[serde(rename = "警告")]
    Warning,
    /// 故障: nothing is served with it.
    #[serde(rename = "故障")]
    Bad,
}

impl State {
    /// In Chinese.
    pub fn label(self) -> &'static str {
        match self {
            State::Good => "正常",
            State::Warning => "警告",
            State::Bad => "故障",
        }
    }
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// A stable identifier.
    pub code: &'static str,
    /// What was looked at, in Chinese.
    pub name: &'static str,
    /// How it ended.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do; empty where nothing is to be done.
    pub advice: String,
}

type Found = (State, String, &'static str);

fn good(found: impl Into<String>) -> Found {
    (State::Good, found.into(), "")
}

/// Everything that is looked at before the record is opened.
pub fn checks(subject: &Subject) -> Vec<Check> {
    let check = |code, name, (state, found, advice): Found| Check {
        code,
        name,
        state,
        found,
        advice: advice.to_owned(),
    };
    let database = match subject.in_database {
        true => good("使用PostgreSQL"),
        false => inside(&subject.data.join("record.db"), &subject.data, subject),
    };
    vec![
        check("account", "运行账号", account(subject)),
        check("data", "数据目录", data(subject)),
        check("database", "案卷库文件", database),
        check("vault", "附件目录", vault(subject)),
        check("keys", "密钥目录", open_to_others(&subject.keys, subject)),
        check("key_files", "密钥文件", key_files(subject)),
        check("config", "配置文件", own_file(subject.config.as_deref(), subject)),
        check("passphrase", "口令文件", own_file(subject.passphrase.as_deref(), subject)),
        check("program", "程序", program(subject)),
        check("disk", "磁盘空间", disk(subject)),
        check("date", "系统日期", date(subject.today)),
        check("holidays", "节假日表", holidays(subject.today)),
    ]
}

fn account(subject: &Subject) -> Found {
    if subject.account == 0 {
        let advice = "建立专用账号（如chachu），以该账号运行";
        return (State::Warning, "以root身份运行".to_owned(), advice);
    }
    good("不是root")
}

/// What is wrong with who may do what: nobody but the account, or root before it, reads or writes.
fn wrong_mode(path: &Path, subject: &Subject) -> io::Result<Option<Found>> {
    let metadata = fs::metadata(path)?;
    let (mode, owner) = (metadata.permissions().mode() & 0o777, metadata.uid());
    let found = |why: String| format!("「{}」{why}", path.display());
    if owner != subject.account {
        let why = found(format!("属于{owner}号账号，程序以{}号账号运行", subject.account));
        let state = if subject.account == 0 { State::Warning } else { State::Bad };
        return Ok(Some((state, why, "用chown改为运行账号所有")));
    }
    let advice = "用chmod去掉本组和其他账号的权限（目录0700，文件0600）";
    Ok(match mode {
        mode if mode & 0o007 != 0 => {
            Some((State::Bad, found(format!("对其他账号开放（{mode:04o}）")), advice))
        }
        mode if mode & 0o070 != 0 => {
            Some((State::Warning, found(format!("对本组账号开放（{mode:04o}）")), advice))
        }
        _ => None,
    })
}

fn open_to_others(path: &Path, subject: &Subject) -> Found {
    match wrong_mode(path, subject) {
        Ok(Some(wrong)) => wrong,
        Ok(None) => good("只有运行账号可以进入"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            (State::Bad, format!("「{}」不存在", path.display()), "先运行chachu init，或者核对路径")
        }
        Err(_) => (State::Bad, format!("「{}」无法查看", path.display()), "核对路径和权限"),
    }
}

/// With a database there need be nothing in it.
fn data(subject: &Subject) -> Found {
    match subject.in_database && !subject.data.exists() {
        true => good("没有建立，也没有使用"),
        false => open_to_others(&subject.data, subject),
    }
}

/// Other nodes write there too, by the same account.
fn vault(subject: &Subject) -> Found {
    match &subject.vault {
        None => good("在数据目录之内"),
        Some(path) if !path.exists() => good("尚未建立"),
        Some(path) => open_to_others(path, subject),
    }
}

/// A file in a directory that is closed is closed too, whatever its own mode.
fn inside(path: &Path, directory: &Path, subject: &Subject) -> Found {
    let is_closed = |mode: u32| mode & 0o077 == 0;
    let closed = fs::metadata(directory).is_ok_and(|it| is_closed(it.permissions().mode()));
    match open_to_others(path, subject) {
        (state, found, _) if closed && state != State::Good && found.contains("开放") => {
            good("所在目录只有运行账号可以进入")
        }
        found => found,
    }
}

/// The shortest key, in bytes.
const SHORTEST_KEY: u64 = 16;

fn key_files(subject: &Subject) -> Found {
    let Ok(entries) = fs::read_dir(&subject.keys) else {
        return (State::Bad, "无法列出密钥目录".to_owned(), "核对路径和权限");
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let keys: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "key")).collect();
    let missing = Keys::irreplaceable().into_iter().find(|name| !subject.keys.join(name).exists());
    if let Some(missing) = missing {
        let advice = "把密钥备份放回密钥目录；没有密钥，密封的内容无法读取";
        return (State::Bad, format!("没有密钥「{missing}」"), advice);
    }
    for key in &keys {
        if fs::metadata(key).is_ok_and(|metadata| metadata.len() < SHORTEST_KEY) {
            let found = format!("密钥「{}」过短", key.display());
            return (State::Bad, found, "从备份恢复这个密钥");
        }
    }
    let worst = keys.iter().filter_map(|key| wrong_mode(key, subject).ok().flatten());
    worst.max_by_key(|found| found.0).unwrap_or_else(|| good(format!("{}个", keys.len())))
}

fn own_file(path: Option<&Path>, subject: &Subject) -> Found {
    path.map_or_else(|| good("没有使用"), |path| open_to_others(path, subject))
}

fn program(subject: &Subject) -> Found {
    let Some(program) = &subject.program else { return good("不在文件中运行") };
    let directory = program.parent().unwrap_or(Path::new("/"));
    for path in [directory, program] {
        let Ok(metadata) = fs::metadata(path) else {
            return (State::Warning, "无法查看程序文件".to_owned(), "核对程序的安装位置");
        };
        let mode = metadata.permissions().mode() & 0o777;
        let found = |who: &str| format!("「{}」可由{who}改写", path.display());
        let advice = "程序和所在目录改为root所有，权限0755";
        if mode & 0o002 != 0 {
            return (State::Bad, found("任何账号"), advice);
        }
        if mode & 0o020 != 0 {
            return (State::Warning, found("本组账号"), advice);
        }
        if subject.account != 0 && metadata.uid() == subject.account && mode & 0o200 != 0 {
            return (State::Warning, found("运行账号自己"), advice);
        }
    }
    good("运行账号不能改写")
}

/// Below this something must be done soon, in MiB.
const SCARCE: u64 = 1024;

fn disk(subject: &Subject) -> Found {
    let path = match &subject.vault {
        Some(vault) if subject.in_database => vault,
        _ => &subject.data,
    };
    if subject.in_database && !path.exists() {
        return good("附件目录尚未建立");
    }
    match free(path) {
        Ok(free) => {
            let free = free / (1024 * 1024);
            let found = format!("剩余{free} MiB");
            let advice = "清理磁盘或者扩容；磁盘满时不保存任何内容，可以查阅";
            if free < SCARCE { (State::Warning, found, advice) } else { good(found) }
        }
        Err(_) => (State::Warning, "无法查看数据目录所在的磁盘".to_owned(), "核对路径"),
    }
}

/// Free bytes on the disk of a path.
pub fn free(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn date(today: Date) -> Found {
    // The measures came into force in 2024; nobody can act before that.
    if (2024..2100).contains(&today.year()) {
        return good(today.to_string());
    }
    (State::Bad, format!("系统日期是{today}"), "校准系统时钟")
}

fn holidays(today: Date) -> Found {
    let table = Holidays::built_in();
    let (this, next) = (today.year(), today.year() + 1);
    let advice = "更新程序；在此之前，遇到该年的期限显示为暂定";
    let knows = |year| Date::new(year, 6, 1).is_ok_and(|day| table.knows(day));
    match (knows(this), knows(next)) {
        (false, _) => (State::Warning, format!("没有{this}年的安排"), advice),
        // Until December the notice of the next year need not be out.
        (true, false) if today.month() == 12 => {
            (State::Warning, format!("没有{next}年的安排"), advice)
        }
        (true, false) => good(format!("有{this}年的安排，{next}年的尚未收入")),
        (true, true) => good(format!("有{this}年、{next}年的安排")),
    }
}
