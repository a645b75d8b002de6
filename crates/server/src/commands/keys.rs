//! `chachu keys`: puts the key files under a passphrase, or takes them out from under it.
//!
//! The passphrase is read from a file, never from the command line, which others can see.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use store::Keys;

use super::{
    Ended, Wrong,
    config::ConfigArgs,
    open::{keys, read_passphrase},
};

const EXAMPLES: &str = "\
示例：
  chachu keys state --data /var/lib/chachu
  chachu keys protect --data /var/lib/chachu --passphrase-file /etc/chachu/passphrase
  chachu keys unprotect --data /var/lib/chachu --passphrase-file /etc/chachu/passphrase

先停止服务。口令文件只有一行，只能由运行账号读取（0600）；之后各命令都要以passphrase_file指明它。
忘记口令，密封的内容无法读取。改口令：先unprotect，再以新口令protect。
中途中断的，以同一口令再运行一次。";

/// The shortest passphrase that keys are put under, in characters.
const SHORTEST: usize = 12;

/// 密钥. What to do with which.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// 密钥是否设有口令
    State(Where),
    /// 给密钥设口令
    Protect(Where),
    /// 去掉密钥的口令
    Unprotect(Where),
}

#[derive(Debug, clap::Args)]
struct Where {
    #[command(flatten)]
    config: ConfigArgs,
    /// 数据目录
    #[arg(long, value_name = "目录")]
    data: Option<String>,
    /// 密钥目录，默认是数据目录名加“.keys”
    #[arg(long, value_name = "目录")]
    keys: Option<String>,
    /// 密钥口令所在的文件
    #[arg(long, value_name = "文件")]
    passphrase_file: Option<String>,
}

impl Where {
    /// The directory of the keys, and the file of the passphrase.
    fn find(&self) -> Result<(PathBuf, Option<PathBuf>), Wrong> {
        let named = [
            ("data", &self.data),
            ("keys", &self.keys),
            ("passphrase_file", &self.passphrase_file),
        ];
        let given = named.into_iter().filter_map(|(name, it)| Some((name.to_owned(), it.clone()?)));
        let config = self.config.read(&given.collect::<BTreeMap<_, _>>())?;
        let directory = match (&config.data, &config.keys) {
            (_, Some(keys)) => keys.clone(),
            (Some(data), None) => keys(data, None),
            (None, None) => return Err(Wrong::unreadable("没有给出数据目录或者密钥目录")),
        };
        if !directory.is_dir() {
            return Err(Wrong::unreadable(format!("没有密钥目录「{}」", directory.display())));
        }
        Ok((directory, config.passphrase_file))
    }

    fn with_passphrase(&self) -> Result<(PathBuf, store::Secret), Wrong> {
        let (directory, file) = self.find()?;
        let file = file.ok_or_else(|| Wrong::unreadable("没有给出口令文件"))?;
        Ok((directory, read_passphrase(&file)?))
    }
}

pub(super) fn run(args: &KeysArgs, out: &mut dyn Write) -> Ended {
    match &args.command {
        KeysCommand::State(place) => writeln!(out, "{}", state(&place.find()?.0))?,
        KeysCommand::Protect(place) => {
            let (directory, passphrase) = place.with_passphrase()?;
            let length = String::from_utf8_lossy(passphrase.expose()).chars().count();
            if length < SHORTEST {
                return Err(Wrong::Refused(format!("口令不足{SHORTEST}个字符")));
            }
            Keys::protect(&directory, &passphrase)?;
            writeln!(out, "密钥已设口令；之后各命令都要以passphrase_file指明口令文件")?;
        }
        KeysCommand::Unprotect(place) => {
            let (directory, passphrase) = place.with_passphrase()?;
            Keys::unprotect(&directory, &passphrase)?;
            writeln!(out, "密钥的口令已去掉；之后不得再给出passphrase_file")?;
        }
    }
    Ok(0)
}

fn state(directory: &Path) -> &'static str {
    match Keys::is_protected(directory) {
        Some(true) => "密钥设有口令",
        Some(false) => "密钥没有设口令",
        None => "密钥缺失，或者只有一部分设有口令：请以同一口令再运行一次protect或者unprotect",
    }
}
