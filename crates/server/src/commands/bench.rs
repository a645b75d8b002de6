//! `chachu bench`: how fast the product is on this machine, with the bare engine beside it.
//!
//! A temporary office on a real disk is filled by lawful acts and then used over HTTP.
//! Clients, server and database share one process, so the clients' work is part of every figure.

mod cases;
mod gauge;
mod http;
mod load;
mod raw;
mod record;
mod started;
mod verified;

use std::{
    env, fs,
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
    raw::{RawPostgres, RawSqlite},
    verified::Verified,
};
use super::{Ended, Wrong, config::ConfigArgs, open::Site};
use crate::{clock::Clock, office::Office};

const EXAMPLES: &str = "\
示例：
  chachu bench
  chachu bench --data /mnt/disk --json
  chachu bench --database postgres://chachu@db.example/ceshi
  chachu bench --record 模拟库

建立临时的样例办公室，装入10000件卷宗，由16个客户端在本机经HTTP办理和查看，约4分钟；
临时数据在结束时删除。客户端与服务在同一进程，所列CPU时间包括客户端的开销。
退出码：0 已测量，1 未能测量。";

/// 性能测量. Where to, and how to show it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct BenchArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// 以JSON输出
    #[arg(long)]
    json: bool,
    /// 在这个目录下建立临时数据，应在要测量的磁盘上；默认是程序所在的目录
    #[arg(long, value_name = "目录")]
    data: Option<PathBuf>,
    /// 测量PostgreSQL：以服务角色连接的地址。没有--record的，须是刚迁移好的空库，测量后请删除该库
    #[arg(long, value_name = "地址")]
    database: Option<String>,
    /// 改为测量这个数据目录中的案卷库：列表和检索。每次查看都留下记录，只用于模拟的案卷库
    #[arg(long, value_name = "目录", conflicts_with = "data")]
    record: Option<PathBuf>,
    /// 该案卷库的密钥目录，默认是数据目录名加“.keys”
    #[arg(long, value_name = "目录", requires = "record")]
    keys: Option<PathBuf>,
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

/// On a record that is there; nothing is loaded.
const LOOKING: Scale = Scale {
    dossiers: 0,
    clients: 16,
    rounds: 3,
    warm_up: Duration::from_secs(1),
    measured: Duration::from_secs(4),
};

pub(super) fn run(args: &BenchArgs, out: &mut dyn Write) -> Ended {
    if let Some(data) = &args.record {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let keys = args.keys.as_deref().map(|keys| ("keys".to_owned(), text(keys)));
        let database = args.database.clone().map(|url| ("database".to_owned(), url));
        let data = ("data".to_owned(), text(data));
        let given = [Some(data), keys, database].into_iter().flatten().collect();
        let site = Site::of(&args.config.read(&given)?)?;
        say("测量：启动");
        let started = started::measure(&given)?;
        let measured = record::measure(&site.office()?, &LOOKING)?;
        match args.json {
            true => writeln!(out, "{}", json!([started.as_json(), measured.as_json()]))?,
            false => write!(out, "{}{}", measured.as_table(), started.as_line())?,
        }
        return Ok(0);
    }
    let beside = || Some(env::current_exe().ok()?.parent()?.to_owned());
    let place = args.data.clone().or_else(beside).unwrap_or_default();
    let report = measure(&place, args.database.as_deref(), &FULL)?;
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
    measured: Vec<(&'static Kind, Figures)>,
    verified: Verified,
}

/// A kind of work that is measured.
struct Kind {
    id: &'static str,
    name: &'static str,
    /// Whether it writes, so that it is compared with the bare engine.
    writes: bool,
}

/// In the order in which they are measured.
const KINDS: [Kind; 6] = [
    Kind { id: "acts", name: "经HTTP办理，落盘后答复", writes: true },
    Kind { id: "list", name: "待办页，20件，留查阅记录", writes: true },
    Kind { id: "dossier", name: "卷宗页，留查阅记录", writes: true },
    Kind { id: "read", name: "读卷宗，不经HTTP，不留记录", writes: false },
    Kind { id: RAW, name: "裸数据库提交同样的行，一次一件", writes: false },
    Kind { id: "procedures", name: "案例一全程，仅规则，单核", writes: false },
];

const RAW: &str = "raw_commits";

fn measure(place: &Path, database: Option<&str>, scale: &Scale) -> Result<Report, Wrong> {
    fs::create_dir_all(place)?;
    let directory = tempfile::Builder::new().prefix("chachu-bench-").tempdir_in(place)?;
    let (data, keys) = (directory.path().join("data"), directory.path().join("keys"));
    let record = data.join("record.db");
    let store = match database {
        None => Store::open(&data, &keys)?,
        Some(url) => Store::connect(url, &data.join("vault"), &keys)?,
    };
    if !store.streams("")?.is_empty() {
        return Err(Wrong::unreadable("测量用的数据库不是空库"));
    }
    let office = Office::open(store, Clock::default())?;
    let mut teams = load::found(&office, scale.clients)?;
    let acts: Vec<_> =
        teams.first().into_iter().flat_map(|team| &team.acts).map(|act| act.step.id).collect();
    let acts_loaded = load::load(&office, &mut teams, scale.dossiers, &|done, total| {
        say(&format!("装入卷宗：已办理{done}／{total}项"));
    })?;
    let serving = Serving::start(&office)?;
    let mut clients =
        teams.into_iter().map(|team| Client::new(&serving, team)).collect::<Result<Vec<_>, _>>()?;
    let case = Case::prepare()?;
    let mut bare = None;
    // What the bare PostgreSQL commits to the same database is no record: verifying comes before.
    say("测量：核对");
    let verified = (0..scale.rounds).map(|_| Verified::measure(office.store()));
    let verified = Verified::median(verified.collect::<Result<_, _>>()?);
    let mut rounds: Vec<[Figures; KINDS.len()]> = Vec::new();
    // The measurements take turns, so that a slower minute of the machine hits all of them.
    for round in 1..=scale.rounds {
        say(&format!("测量：第{round}／{}轮", scale.rounds));
        let acted = gauge(&mut clients, scale, Client::act)?;
        let bare = match &mut bare {
            Some(bare) => bare,
            none => none.insert(match database {
                None => Bare::copy(&record, &directory.path().join("raw.db"), &acts)?,
                Some(url) => Bare::connect(url, &acts, &clients)?,
            }),
        };
        rounds.push([
            acted,
            gauge(&mut clients, scale, Client::look)?,
            gauge(&mut clients, scale, Client::open)?,
            gauge(&mut clients, scale, |client| client.read(&office))?,
            bare.gauge(scale)?,
            gauge(&mut [()], scale, |()| case.play())?,
        ]);
    }
    let mut measured = Vec::new();
    for (place, kind) in KINDS.iter().enumerate() {
        let rounds = rounds.iter().filter_map(|round| round.get(place).copied()).collect();
        let figures = Figures::median(rounds).ok_or_else(|| Wrong::unreadable("没有测量"))?;
        measured.push((kind, figures));
    }
    let verified = verified.ok_or_else(|| Wrong::unreadable("没有测量"))?;
    let Scale { dossiers, clients, .. } = *scale;
    Ok(Report { dossiers, clients, acts_loaded, measured, verified })
}

/// The engine without the product: SQLite has one writer, PostgreSQL as many as there are clients.
enum Bare {
    Sqlite(RawSqlite),
    Postgres(Vec<RawPostgres>),
}

impl Bare {
    fn copy(record: &Path, to: &Path, kinds: &[&str]) -> Result<Bare, Wrong> {
        Ok(Bare::Sqlite(RawSqlite::copy(record, to, kinds)?))
    }

    fn connect(url: &str, kinds: &[&str], clients: &[Client]) -> Result<Bare, Wrong> {
        Ok(Bare::Postgres(RawPostgres::connect(url, kinds, clients)?))
    }

    fn gauge(&mut self, scale: &Scale) -> Result<Figures, Wrong> {
        match self {
            Bare::Sqlite(raw) => gauge(slice::from_mut(raw), scale, RawSqlite::commit),
            Bare::Postgres(raw) => gauge(raw, scale, RawPostgres::commit),
        }
    }
}

impl Report {
    /// How often a second the bare engine commits.
    fn raw(&self) -> f64 {
        let raw = self.measured.iter().find(|(kind, _)| kind.id == RAW);
        raw.map_or(f64::NAN, |(_, figures)| figures.per_second)
    }

    fn as_json(&self) -> serde_json::Value {
        let measured = self.measured.iter().map(|(kind, figures)| {
            let ratio = kind.writes.then(|| figures.per_second / self.raw());
            (kind.id.to_owned(), figures.as_json(ratio))
        });
        json!({
            "dossiers": self.dossiers,
            "acts_loaded": self.acts_loaded,
            "clients": self.clients,
            "measured": measured.collect::<serde_json::Map<_, _>>(),
            "verified_events_per_s": self.verified.events_per_s,
            "verified_mib_per_s": self.verified.mib_per_s,
            "hashing_mib_per_s": self.verified.hashing_mib_per_s,
            "verified_to_hashing": self.verified.to_hashing(),
        })
    }

    fn as_table(&self) -> String {
        let mut table = format!(
            "卷宗{}件，装入时办理{}项；客户端{}个；中位轮次，时间以毫秒计，CPU含客户端\n\n",
            self.dossiers, self.acts_loaded, self.clients
        );
        table.push_str(&row("", [&Figures::HEADS[..], &["比裸数据库"]].concat()));
        for (kind, figures) in &self.measured {
            let ratio = figures.per_second / self.raw();
            let ratio = if kind.writes { format!("{ratio:.2}") } else { String::new() };
            table.push_str(&row(kind.name, figures.cells().into_iter().chain([ratio])));
        }
        let Verified { events_per_s, mib_per_s, hashing_mib_per_s } = self.verified;
        let percent = 100.0 * self.verified.to_hashing();
        table.push_str(&format!(
            "\n核对校验链和总目录：每秒{events_per_s:.0}条、{mib_per_s:.0} MiB，\
            为各核在内存中计算同样校验值（每秒{hashing_mib_per_s:.0} MiB）的{percent:.0}%\n"
        ));
        table
    }
}

/// A line of a table: a name, and cells that stand to the right of their columns.
fn row(name: &str, cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut row = format!("{name}{}", " ".repeat(32_usize.saturating_sub(width(name))));
    for cell in cells {
        let cell = cell.as_ref();
        row.push_str(&" ".repeat(14_usize.saturating_sub(width(cell))));
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
    fn lists_and_search_of_a_record_are_measured() {
        let office = Office::open(Store::in_memory().unwrap(), Clock::default()).unwrap();
        let today = jiff::civil::date(2026, 11, 24);
        let plan =
            crate::simulate::Plan { departments: 24, dossiers: 300, years: 4, seed: 1, today };
        crate::simulate::run(&office, &plan, &|_| {}).unwrap();
        let people = crate::simulate::people(&plan, 200).unwrap();
        crate::accounts::give_known_password(office.store(), &people, load::PASSWORD).unwrap();
        let measured = record::measure(&office, &TINY).unwrap_or_else(|wrong| match wrong {
            Wrong::Refused(message) | Wrong::Unreadable(message) => panic!("{message}"),
        });
        let json = measured.as_json();
        for case in ["work", "stage", "number", "unit", "title", "several", "none", "frequent"] {
            let per_second = json["cases"][case]["per_s"].as_f64();
            assert!(per_second.is_some_and(|figure| figure > 0.0), "{case}: {json}");
        }
        assert_eq!(measured.as_table().lines().count(), 14);
    }

    #[test]
    fn every_figure_is_measured() {
        let directory = tempfile::tempdir().unwrap();
        let report = measure(directory.path(), None, &TINY).unwrap_or_else(|wrong| match wrong {
            Wrong::Refused(message) | Wrong::Unreadable(message) => panic!("{message}"),
        });
        let json = report.as_json();
        for kind in &KINDS {
            let figure = json["measured"][kind.id]["per_s"].as_f64();
            assert!(figure.is_some_and(|figure| figure > 0.0), "{}: {json}", kind.id);
        }
        for key in ["verified_events_per_s", "verified_to_hashing"] {
            assert!(json[key].as_f64().is_some_and(|figure| figure > 0.0), "{key}: {json}");
        }
        // No request over HTTP takes less than ten microseconds.
        for kind in ["acts", "list", "dossier"] {
            let quickest = json["measured"][kind]["p50_ms"].as_f64();
            assert!(quickest.is_some_and(|ms| ms > 0.01), "{kind}: {json}");
            let ratio = json["measured"][kind]["to_raw"].as_f64();
            assert!(ratio.is_some_and(|ratio| ratio > 0.0), "{kind}: {json}");
        }
        assert_eq!(report.as_table().lines().count(), 11);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left");
    }
}
