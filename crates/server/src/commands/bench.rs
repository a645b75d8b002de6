//! `chachu bench`: how fast the product is on this machine, with the bare engine beside it.
//!
//! A temporary office on a real disk is filled by lawful acts and then used over HTTP.
//! Clients, server and database share one process, so the clients' work is part of every figure.

mod cases;
mod gauge;
mod http;
mod load;
mod raw;

use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
    slice, thread,
    time::Duration,
};

use serde_json::json;
use store::Store;

use self::{
    cases::Case,
    gauge::{Figures, gauge},
    http::{Client, Serving},
    raw::Raw,
};
use super::{Ended, Wrong};
use crate::{clock::Clock, office::Office};

const EXAMPLES: &str = "\
示例：
  chachu bench
  chachu bench --data /mnt/disk --json

建立临时的样例办公室，装入10000件卷宗，由16个客户端在本机经HTTP办理和查看，约4分钟；
临时数据在结束时删除。客户端与服务在同一进程，所列CPU时间包括客户端的开销。
退出码：0 已测量，1 未能测量。";

/// 性能测量. Where to, and how to show it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct BenchArgs {
    /// 以JSON输出
    #[arg(long)]
    json: bool,
    /// 在这个目录下建立临时数据，应在要测量的磁盘上；默认是程序所在的目录
    #[arg(long, value_name = "目录")]
    data: Option<PathBuf>,
}

/// How much is measured, and how long.
struct Scale {
    dossiers: usize,
    clients: usize,
    rounds: usize,
    warm_up: Duration,
    measured: Duration,
}

const FULL: Scale = Scale {
    dossiers: 10_000,
    clients: 16,
    rounds: 3,
    warm_up: Duration::from_secs(2),
    measured: Duration::from_secs(10),
};

pub(super) fn run(args: &BenchArgs, out: &mut dyn Write) -> Ended {
    let beside = || Some(env::current_exe().ok()?.parent()?.to_owned());
    let place = args.data.clone().or_else(beside).unwrap_or_default();
    let report = measure(&place, &FULL)?;
    if args.json {
        writeln!(out, "{}", report.as_json())?;
    } else {
        write!(out, "{}", report.as_table())?;
    }
    Ok(0)
}

/// Everything that was measured.
struct Report {
    dossiers: usize,
    clients: usize,
    acts_loaded: usize,
    acts: Figures,
    list: Figures,
    raw_commits: Figures,
    procedures: Figures,
}

fn measure(place: &Path, scale: &Scale) -> Result<Report, Wrong> {
    let directory = tempfile::Builder::new().prefix("chachu-bench-").tempdir_in(place)?;
    let data = directory.path().join("data");
    let record = data.join("record.db");
    let store = Store::open(&data, &directory.path().join("keys"))?;
    let office = Office::open(store, Clock::default())?;
    let mut teams = load::found(&office, scale.clients)?;
    let kinds: Vec<_> =
        teams.first().into_iter().flat_map(|team| &team.acts).map(|act| act.step.id).collect();
    let acts_loaded = load::load(&office, &mut teams, scale.dossiers, &|done, total| {
        say(&format!("装入卷宗：已办理{done}／{total}项"));
    })?;
    let serving = Serving::start(&office)?;
    let mut clients =
        teams.into_iter().map(|team| Client::new(&serving, team)).collect::<Result<Vec<_>, _>>()?;
    let case = Case::prepare()?;
    let mut raw: Option<Raw> = None;
    let (mut acts, mut list) = (Vec::new(), Vec::new());
    let (mut raw_commits, mut procedures) = (Vec::new(), Vec::new());
    // The measurements take turns, so that a slower minute of the machine hits all of them.
    for round in 1..=scale.rounds {
        say(&format!("测量：第{round}／{}轮", scale.rounds));
        acts.push(gauge(&mut clients, scale, Client::act)?);
        let raw = match &mut raw {
            Some(raw) => raw,
            none => none.insert(Raw::copy(&record, &directory.path().join("raw.db"), &kinds)?),
        };
        raw_commits.push(gauge(slice::from_mut(raw), scale, Raw::commit)?);
        list.push(gauge(&mut clients, scale, Client::look)?);
        procedures.push(gauge(&mut [()], scale, |()| case.play())?);
    }
    let median = |rounds| Figures::median(rounds).ok_or_else(|| Wrong::unreadable("没有测量"));
    Ok(Report {
        dossiers: scale.dossiers,
        clients: scale.clients,
        acts_loaded,
        acts: median(acts)?,
        list: median(list)?,
        raw_commits: median(raw_commits)?,
        procedures: median(procedures)?,
    })
}

impl Report {
    fn as_json(&self) -> serde_json::Value {
        json!({
            "dossiers": self.dossiers,
            "acts_loaded": self.acts_loaded,
            "clients": self.clients,
            "acts_per_s": self.acts.per_second,
            "acts_p50_ms": self.acts.p50_ms,
            "acts_p99_ms": self.acts.p99_ms,
            "acts_cpu_ms": self.acts.cpu_ms,
            "list_per_s": self.list.per_second,
            "list_p50_ms": self.list.p50_ms,
            "list_p99_ms": self.list.p99_ms,
            "list_cpu_ms": self.list.cpu_ms,
            "raw_commits_per_s": self.raw_commits.per_second,
            "raw_commits_p50_ms": self.raw_commits.p50_ms,
            "raw_commits_p99_ms": self.raw_commits.p99_ms,
            "raw_commits_cpu_ms": self.raw_commits.cpu_ms,
            "acts_to_raw_commits": self.acts.per_second / self.raw_commits.per_second,
            "procedures_per_s": self.procedures.per_second,
            "procedures_p50_ms": self.procedures.p50_ms,
            "procedures_p99_ms": self.procedures.p99_ms,
            "procedures_cpu_ms": self.procedures.cpu_ms,
        })
    }

    fn as_table(&self) -> String {
        let raw = self.raw_commits.per_second;
        let rows = [
            ("经HTTP办理，落盘后答复", &self.acts, Some(self.acts.per_second / raw)),
            ("待办页，20件，留查阅记录", &self.list, Some(self.list.per_second / raw)),
            ("裸数据库提交同样的行，一次一件", &self.raw_commits, None),
            ("案例一全程，仅规则，单核", &self.procedures, None),
        ];
        let mut table = format!(
            "卷宗{}件，装入时办理{}项；客户端{}个；中位轮次，时间以毫秒计，CPU含客户端\n\n",
            self.dossiers, self.acts_loaded, self.clients
        );
        table.push_str(&row(
            "",
            ["每秒", "p50", "p99", "CPU/次", "与裸数据库之比"].map(str::to_owned),
        ));
        for (name, figures, ratio) in rows {
            let ms = |ms: f64| format!("{ms:.2}");
            table.push_str(&row(
                name,
                [
                    format!("{:.0}", figures.per_second),
                    ms(figures.p50_ms),
                    ms(figures.p99_ms),
                    ms(figures.cpu_ms),
                    ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
                ],
            ));
        }
        table
    }
}

fn row(name: &str, cells: [String; 5]) -> String {
    let mut row = format!("{name}{}", " ".repeat(32_usize.saturating_sub(width(name))));
    for (cell, column) in cells.iter().zip([9, 9, 9, 9, 16]) {
        row.push_str(&" ".repeat(column - width(cell).min(column)));
        row.push_str(cell);
    }
    row + "\n"
}

/// Columns on a terminal, where a Chinese character takes two.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// Progress goes to the error stream, so that the figures can be piped.
fn say(progress: &str) {
    // Without anybody to hear it the measurement goes on.
    let _ = writeln!(io::stderr(), "{progress}");
}

/// What a thread answered.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, Result<T, Wrong>>) -> Result<T, Wrong> {
    thread.join().unwrap_or_else(|_| Err(Wrong::Refused("测量中断".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: Scale = Scale {
        dossiers: 80,
        clients: 2,
        rounds: 1,
        warm_up: Duration::from_millis(50),
        measured: Duration::from_millis(500),
    };

    #[test]
    fn every_figure_is_measured() {
        let directory = tempfile::tempdir().unwrap();
        let report = measure(directory.path(), &TINY).unwrap_or_else(|wrong| match wrong {
            Wrong::Refused(message) | Wrong::Unreadable(message) => panic!("{message}"),
        });
        let json = report.as_json();
        for key in [
            "acts_per_s",
            "acts_p50_ms",
            "acts_p99_ms",
            "acts_cpu_ms",
            "list_per_s",
            "list_p99_ms",
            "raw_commits_per_s",
            "procedures_per_s",
        ] {
            assert!(json[key].as_f64().is_some_and(|figure| figure > 0.0), "{key}: {json}");
        }
        // No request over HTTP takes less than ten microseconds.
        for key in ["acts_p50_ms", "acts_p99_ms", "list_p99_ms"] {
            assert!(json[key].as_f64().is_some_and(|ms| ms > 0.01), "{key}: {json}");
        }
        assert_eq!(report.as_table().lines().count(), 7);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left");
    }
}
