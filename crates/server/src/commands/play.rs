//! `chachu play`: plays scenario files, and says where what came is not what is written.

use std::{io::Write, path::PathBuf};

use scenario::{Scenario, language::Statement, play, player::Line};
use store::Store;

use super::{Ended, Wrong, open::Place, read_text};
use crate::{clock::Clock, no::No, office::Office, world::OfficeWorld};

const EXAMPLES: &str = "\
示例：
  chachu play scenarios/cases/01-bank-messenger.txt
  chachu play --data 样例库 scenarios/demo/*.txt

每行列出日期、人员、步骤和结果；与文件所写不符的，另行说明。情景的写法见docs/scenarios.md。
退出码：0 全部相符，1 有不符，2 文件无法读取。";

/// 情景. Which files, and whether to keep what they make.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PlayArgs {
    /// 情景文件
    #[arg(value_name = "文件", required = true)]
    files: Vec<PathBuf>,
    /// 把结果保存在设置所指的案卷库；分支只在内存中演示。给出--data或者--database的，不必再写
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    place: Place,
    /// 相对日期（如T-15）从这一天起算，默认为今天
    #[arg(long, value_name = "日期")]
    today: Option<String>,
}

pub(super) fn run(args: &PlayArgs, out: &mut dyn Write) -> Ended {
    let today = match &args.today {
        Some(day) => procedure::value::read_date(day).map_err(Wrong::Unreadable)?,
        None => Clock::default().now().date(),
    };
    let mut scenarios = Vec::new();
    for path in &args.files {
        let name = path.display();
        let text = read_text(path)?;
        let scenario = scenario::parse(&text, today)
            .map_err(|error| Wrong::Unreadable(format!("「{name}」{error}")))?;
        scenarios.push((path, scenario));
    }
    let kept = if args.keep || !args.place.given().is_empty() {
        let site = args.place.site()?;
        Some(Office::open_as(site.make()?, Clock::default(), site.node())?)
    } else {
        None
    };
    let (mut passed, mut failed) = (0, 0);
    for (path, scenario) in &scenarios {
        writeln!(out, "{}　{}", path.display(), scenario.title)?;
        let mut report = |line: &Line| match show(line, out) {
            true => passed += 1,
            false => failed += 1,
        };
        play_all(scenario, kept.as_ref(), &mut report).map_err(Wrong::Refused)?;
    }
    writeln!(out, "{passed} passed, {failed} failed")?;
    Ok(u8::from(failed > 0))
}

/// Plays the trunk where its result is kept, and every fork in memory.
fn play_all(
    scenario: &Scenario,
    kept: Option<&Office>,
    report: &mut dyn FnMut(&Line),
) -> Result<(), String> {
    let mut trunk = kept;
    let world = || match trunk.take() {
        Some(office) => Ok(OfficeWorld::new(office.clone())),
        None => in_memory().map(OfficeWorld::new).map_err(|_| "内存中的案卷库无法建立".to_owned()),
    };
    play(scenario, world, report)
}

fn in_memory() -> Result<Office, No> {
    Office::open(Store::in_memory()?, Clock::default())
}

/// Prints a line; answers whether it came as written.
fn show(line: &Line, out: &mut dyn Write) -> bool {
    let fork = if line.fork.is_empty() { String::new() } else { format!("［{}］", line.fork) };
    let (mark, failure) = match &line.failure {
        None => ("✓", String::new()),
        Some(failure) => ("✗", format!("　{failure}")),
    };
    // A reader that went away still wants the exit code.
    let _ = writeln!(out, "{mark} 第{}行 {fork}{} → {}{failure}", line.line, line.what, line.came);
    line.failure.is_none()
}

/// The trunk of a scenario alone.
pub(super) fn trunk(scenario: Scenario) -> Scenario {
    let lines = scenario.lines.into_iter();
    let lines = lines.filter(|line| !matches!(line, Statement::Fork { .. })).collect();
    Scenario { lines, ..scenario }
}
