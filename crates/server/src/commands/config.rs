//! `chachu config`: every setting, its value in force, and where it came from.

use std::{collections::BTreeMap, io::Write, path::PathBuf};

use super::{Ended, Wrong, read_text};
use crate::config::{self, Config, SETTINGS};

/// 配置. Which file to read.
#[derive(Debug, clap::Args)]
pub(super) struct ConfigArgs {
    /// 配置文件，TOML格式；也可以用环境变量CHACHU_CONFIG指明
    #[arg(long, value_name = "文件")]
    pub(super) config: Option<PathBuf>,
}

impl ConfigArgs {
    /// The file that is read, if any.
    pub(super) fn file(&self) -> Option<PathBuf> {
        self.config.clone().or_else(|| std::env::var_os("CHACHU_CONFIG").map(PathBuf::from))
    }

    /// The settings in force, with those that the command line gives.
    pub(super) fn read(&self, given: &BTreeMap<String, String>) -> Result<Config, Wrong> {
        let file = self.file();
        let text = file.as_deref().map(read_text).transpose()?;
        let name = file.as_deref().map(|path| path.display().to_string());
        let ours = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| name.starts_with("CHACHU_"))?;
            // What is not UTF-8 is no value of any setting but a path, which is then found not to exist.
            Some((name, value.to_string_lossy().into_owned()))
        });
        config::read(given, &ours.collect(), name.as_deref().zip(text.as_deref()))
            .map_err(Wrong::Unreadable)
    }
}

pub(super) fn run(args: &ConfigArgs, out: &mut dyn Write) -> Ended {
    let config = args.read(&BTreeMap::new())?;
    for setting in SETTINGS {
        let given = config.sources.get(setting.name);
        let value = match given {
            Some(_) if setting.secret => "（已设置，不显示）",
            Some(given) => given.text.as_str(),
            None => "（未设置）",
        };
        let source = given.map_or("默认", |given| given.source.as_str());
        let default = if setting.default.is_empty() { "无" } else { setting.default };
        writeln!(out, "{} = {value}", setting.name)?;
        writeln!(out, "  来源：{source}；默认：{default}；可用：{}", setting.allowed())?;
        writeln!(out, "  {}", setting.meaning.trim())?;
    }
    Ok(0)
}
