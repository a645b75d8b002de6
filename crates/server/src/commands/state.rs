//! `chachu state`: one hash over what the record has come to, for comparing it with a copy.

use std::io::Write;

use super::{Ended, open::Place};
use crate::office::state;

const EXAMPLES: &str = "\
示例：
  chachu state --data /var/lib/chachu

状态校验值涵盖全部卷宗（由记录重现的状态和列表索引）、机构人员和各编号序列的末号。
案卷库与其完整的副本校验值相同，办理任何一步之后校验值不同；查看不改变校验值。
只比较同一版本的程序得出的校验值。记录本身是否被改动，用chachu verify核对。";

/// 状态校验值. Of which record.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct StateArgs {
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(args: &StateArgs, out: &mut dyn Write) -> Ended {
    let state = state::replayed(&args.place.open()?)?;
    writeln!(out, "{}　{}个卷宗", state.hash, state.dossiers)?;
    Ok(0)
}
