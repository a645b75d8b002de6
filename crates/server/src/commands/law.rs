//! `chachu law`: which article is answered by what.

use std::io::Write;

use procedure::answered;

use super::Ended;

const EXAMPLES: &str = "\
示例：
  chachu law          逐条列出
  chachu law --json   供程序读取";

/// 条文落实. How to show it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct LawArgs {
    /// 以JSON输出
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &LawArgs, out: &mut dyn Write) -> Ended {
    if args.json {
        writeln!(out, "{:#}", crate::law::answered())?;
        return Ok(0);
    }
    for article in answered::articles() {
        let steps = article.steps.iter().map(|step| step.name);
        let names: Vec<_> = steps.chain(article.rules.iter().map(|rule| rule.name)).collect();
        let mut parts = Vec::new();
        if !names.is_empty() {
            parts.push(names.join("、"));
        }
        if let Some(reason) = article.reason {
            parts.push(format!("不设规则：{reason}"));
        }
        if let Some(pending) = article.pending {
            parts.push(format!("待办：{pending}"));
        }
        let clause = procedure::law::clause(article.article);
        writeln!(out, "{clause}　{}", parts.join("；"))?;
        for reading in answered::readings_of(article.article) {
            writeln!(out, "　　解读{}　{}", reading.id, reading.text)?;
        }
    }
    Ok(0)
}
