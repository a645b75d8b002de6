//! `chachu checkpoint`: signs the record as it stands, to be kept elsewhere.
//!
//! The same note is signed by a running service from time to time; whoever keeps copies outside
//! this machine can later show that nothing before them was changed or taken away.

use std::{io::Write, path::PathBuf};

use super::{Ended, Wrong, open::Place};

const EXAMPLES: &str = "\
示例：
  chachu checkpoint --data /var/lib/chachu > /media/usb/检查点.txt
  chachu checkpoint --data /var/lib/chachu --verifiers /media/usb/验证公钥.txt

检查点是对全部记录的签名（SM2和Ed25519），应当保存在本机以外的介质上；
以后用chachu verify --checkpoint核对，或者用scripts/verify.py另行核对。";

/// 检查点. Of which record.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CheckpointArgs {
    #[command(flatten)]
    place: Place,
    /// 同时把验证公钥写入这个新文件
    #[arg(long, value_name = "文件")]
    verifiers: Option<PathBuf>,
}

pub(super) fn run(args: &CheckpointArgs, out: &mut dyn Write) -> Ended {
    let store = args.place.open()?;
    if let Some(path) = &args.verifiers {
        let lines = store.verifiers()?.map(|verifier| format!("{verifier}\n")).concat();
        let mut file = std::fs::File::create_new(path).map_err(|error| {
            Wrong::Refused(format!("不能写入「{}」（{}）", path.display(), error.kind()))
        })?;
        file.write_all(lines.as_bytes())?;
    }
    out.write_all(store.checkpoint()?.as_bytes())?;
    Ok(0)
}
