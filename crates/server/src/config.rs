//! 配置. Every setting, declared once: the command line, the environment, the file, the manual and `chachu config` come from here.
//!
//! A setting is given on the command line, else by the environment, else by the file, else it has its default.
//! The value of a secret has no text form outside the place that uses it.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use serde::Deserialize as _;
use store::Secret;
use toml::{Spanned, Value};

/// What can be written as the value of a setting.
pub trait Readable: Sized {
    /// Reads it; an error says nothing, since [`Readable::allowed`] says what is.
    fn read(text: &str) -> Option<Self>;
    /// What is allowed, in Chinese.
    fn allowed() -> String;
    /// Whether the value must not be shown.
    const SECRET: bool = false;
}

/// A whole number between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Within<const MIN: u64, const MAX: u64>(pub u64);

impl<const MIN: u64, const MAX: u64> Readable for Within<MIN, MAX> {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|it| (MIN..=MAX).contains(it)).map(Within)
    }
    fn allowed() -> String {
        format!("{MIN}至{MAX}的整数")
    }
}

impl Readable for PathBuf {
    fn read(text: &str) -> Option<Self> {
        Some(PathBuf::from(text)).filter(|path| !path.as_os_str().is_empty())
    }
    fn allowed() -> String {
        "路径".to_owned()
    }
}

impl Readable for SocketAddr {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn allowed() -> String {
        "地址和端口，如127.0.0.1:8460".to_owned()
    }
}

/// 节点名称. The name of this process among those that write one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node(pub String);

impl Readable for Node {
    fn read(text: &str) -> Option<Self> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then(|| Node(text.to_owned()))
    }
    fn allowed() -> String {
        "1至32个字母、数字或者连字符".to_owned()
    }
}

/// 日志级别.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(pub tracing::Level);

impl Readable for Level {
    fn read(text: &str) -> Option<Self> {
        let known = ["error", "warn", "info", "debug"].contains(&text);
        text.parse().ok().filter(|_| known).map(Level)
    }
    fn allowed() -> String {
        "error、warn、info、debug之一".to_owned()
    }
}

/// 日志格式.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs, one object a line.
    Json,
}

impl Readable for Format {
    fn read(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Format::Text),
            "json" => Some(Format::Json),
            _ => None,
        }
    }
    fn allowed() -> String {
        "text或者json".to_owned()
    }
}

/// 数据库地址. It may carry a password.
#[derive(Debug)]
pub struct Url(pub Secret);

impl Readable for Url {
    fn read(text: &str) -> Option<Self> {
        let known = ["postgres://", "postgresql://"].iter().any(|kind| text.starts_with(kind));
        known.then(|| Url(Secret::new(text.as_bytes().to_vec())))
    }
    fn allowed() -> String {
        "postgres://开头的地址".to_owned()
    }
    const SECRET: bool = true;
}

/// One setting, as it is described.
pub struct Setting {
    /// Its name in the file and, with hyphens, on the command line.
    pub name: &'static str,
    /// What it means, in Chinese.
    pub meaning: &'static str,
    /// Its default; empty where there is none.
    pub default: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
    allowed: fn() -> String,
    is_right: fn(&str) -> bool,
}

impl Setting {
    /// The variable of the environment.
    pub fn variable(&self) -> String {
        format!("CHACHU_{}", self.name.to_uppercase())
    }

    /// What is allowed, in Chinese.
    pub fn allowed(&self) -> String {
        (self.allowed)()
    }
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ty = $default:literal,)+) => {
        /// 配置. The values in force; `None` where nothing was given and there is no default.
        #[derive(Debug)]
        pub struct Config {
            $($(#[doc = $doc])+ pub $name: Option<$kind>,)+
            /// Where each value came from.
            pub sources: BTreeMap<&'static str, Given>,
        }

        /// Every setting, in the order of the manual.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            name: stringify!($name),
            meaning: concat!($($doc),+),
            default: $default,
            secret: <$kind as Readable>::SECRET,
            allowed: <$kind as Readable>::allowed,
            is_right: |text| <$kind as Readable>::read(text).is_some(),
        }),+];

        impl Config {
            fn of(sources: BTreeMap<&'static str, Given>) -> Config {
                let text = |name: &str| sources.get(name).map_or("", |given| given.text.as_str());
                Config { $($name: <$kind as Readable>::read(text(stringify!($name))),)+ sources }
            }
        }
    };
}

settings! {
    /// 数据目录
    data: PathBuf = "",
    /// 密钥目录，须在数据目录之外；未写的，是数据目录名加“.keys”
    keys: PathBuf = "",
    /// 附件目录；未写的，在数据目录之内
    vault: PathBuf = "",
    /// PostgreSQL数据库的地址；未写的，使用数据目录中的SQLite。值不显示，也不写入日志
    database: Url = "",
    /// 密钥口令所在的文件，只能由运行账号读取
    passphrase_file: PathBuf = "",
    /// 监听地址；未写的，使用127.0.0.1:8460，被占用的另选空闲端口
    listen: SocketAddr = "",
    /// 指标的监听地址；未写的，不提供指标。非本机地址的，启动时警告
    metrics: SocketAddr = "",
    /// 本节点在共用一个数据库的各节点中的名称，互不相同
    node: Node = "1",
    /// 日志级别
    log_level: Level = "warn",
    /// 日志格式
    log_format: Format = "text",
    /// 请求头的总长，单位KiB
    header_kib: Within<4, 256> = "32",
    /// 除文件外请求内容的总长，单位KiB
    body_kib: Within<64, 65536> = "2048",
    /// 单个文件的大小，单位MiB
    upload_mib: Within<1, 4096> = "200",
    /// 同时打开的连接
    connections: Within<8, 65536> = "1024",
    /// 同时进行的读写工作；超出的等候，等候过久的答复繁忙
    work: Within<2, 448> = "128",
    /// 收完请求头的时间，单位秒
    header_seconds: Within<1, 600> = "15",
    /// 一个请求（含上传）的时间，单位秒
    request_seconds: Within<1, 3600> = "120",
    /// 停止时等待正在办理的请求的时间，单位秒
    farewell_seconds: Within<1, 600> = "10",
    /// 本节点同时在用的登录
    sessions: Within<1, 1000000> = "20000",
    /// 签署检查点的间隔，单位秒
    checkpoint_seconds: Within<10, 604800> = "3600",
}

/// A value with its source.
pub struct Given {
    /// The value as written.
    pub text: String,
    /// 来源, in Chinese.
    pub source: String,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The text may be a secret.
        f.write_str(&self.source)
    }
}

/// Reads the settings; `given` are those of the command line, by name, and `variable` reads the environment.
pub fn read(
    given: &BTreeMap<String, String>,
    variables: &BTreeMap<String, String>,
    file: Option<(&str, &str)>,
) -> Result<Config, String> {
    let file = file.map(|(name, text)| of_file(name, text)).transpose()?.unwrap_or_default();
    let unknown = variables.keys().find(|name| {
        let known = SETTINGS.iter().any(|setting| setting.variable() == **name);
        !known && !["CHACHU_CONFIG", "CHACHU_LONG"].contains(&name.as_str())
    });
    if let Some(unknown) = unknown {
        return Err(format!("环境变量{unknown}不是本系统的设置；可用的设置见chachu config"));
    }
    let mut sources = BTreeMap::new();
    for setting in SETTINGS {
        let name = setting.name;
        let variable = setting.variable();
        let found = given
            .get(name)
            .map(|text| (text.clone(), format!("命令行--{}", name.replace('_', "-"))))
            .or_else(|| Some((variables.get(&variable)?.clone(), format!("环境变量{variable}"))))
            .or_else(|| file.get(name).cloned());
        let (text, source) = match found {
            Some(found) => found,
            None if setting.default.is_empty() => continue,
            None => (setting.default.to_owned(), "默认".to_owned()),
        };
        if !(setting.is_right)(&text) {
            // A secret is not repeated, not even a wrong one.
            let shown =
                if setting.secret { "的值".to_owned() } else { format!("的值「{text}」") };
            return Err(format!(
                "{source}：设置「{name}」{shown}不可用，应为{}",
                setting.allowed()
            ));
        }
        sources.insert(name, Given { text, source });
    }
    Ok(Config::of(sources))
}

/// The settings of a file, each as text with its place.
fn of_file(name: &str, text: &str) -> Result<BTreeMap<String, (String, String)>, String> {
    let line = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let place = |at: usize| format!("配置文件「{name}」第{}行", line(at));
    let document = toml::Deserializer::new(text);
    let read = BTreeMap::<String, Spanned<Value>>::deserialize(document).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        format!(
            "{}：不是正确的TOML，应写作“名称 = 值”，文字加英文引号，同一设置只写一次",
            place(at)
        )
    })?;
    let mut settings = BTreeMap::new();
    for (key, value) in read {
        let place = place(value.span().start);
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == key) else {
            let names: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
            return Err(format!("{place}：没有「{key}」这一设置；可用的有{}", names.join("、")));
        };
        let text = match value.into_inner() {
            Value::String(text) => text,
            Value::Integer(number) => number.to_string(),
            _ => {
                return Err(format!("{place}：设置「{key}」的类型不对，应为{}", setting.allowed()));
            }
        };
        settings.insert(key, (text, place));
    }
    Ok(settings)
}

/// The manual of the settings, in Markdown.
pub fn manual() -> String {
    let mut text = "# 配置\n\n本文由程序生成（`UPDATE=1 cargo test -p server --test config`）。\n\n\
        设置依次取自命令行、环境变量、配置文件（`--config`或者`CHACHU_CONFIG`指明，TOML格式）、默认值，先者优先。\n\
        `chachu config`列出每项设置现在的值和来源；秘密的值不显示。\n\n\
        | 设置 | 环境变量 | 含义 | 可用的值 | 默认 |\n| --- | --- | --- | --- | --- |\n"
        .to_owned();
    for setting in SETTINGS {
        let default = if setting.default.is_empty() { "无" } else { setting.default };
        text.push_str(&format!(
            "| `{}` | `{}` | {} | {} | {default} |\n",
            setting.name,
            setting.variable(),
            setting.meaning.trim(),
            setting.allowed()
        ));
    }
    text
}
