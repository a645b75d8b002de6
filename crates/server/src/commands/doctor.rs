//! `chachu doctor`: whether the office is run safely, and what to do where it is not.

use std::io::Write;

use jiff::civil::Date;
use store::Store;

use super::{
    Ended, Wrong,
    config::ConfigArgs,
    open::{Place, Site, is_record},
    verify,
};
use crate::{
    clock::{Clock, compare_with_database},
    config::Config,
    doctor::{Check, State, Subject, checks},
    office::Office,
};

const EXAMPLES: &str = "\
示例：
  chachu doctor --data /var/lib/chachu
  chachu doctor --config /etc/chachu.toml --json
  chachu doctor --data /var/lib/chachu --full

退出码：0 没有故障（可以有警告），1 有故障，2 参数或者配置无法读取。";

/// 体检. Of which office.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    place: Place,
    /// 以JSON输出
    #[arg(long)]
    json: bool,
    /// 并且核对全部记录（同chachu verify）
    #[arg(long)]
    full: bool,
}

/// What is looked at, by the settings in force.
pub(super) fn subject(config: &Config, site: &Site, file: &ConfigArgs, today: Date) -> Subject {
    Subject {
        data: site.data.clone(),
        keys: site.keys.clone(),
        vault: config.vault.clone(),
        in_database: site.is_in_database(),
        config: file.file(),
        passphrase: config.passphrase_file.clone(),
        program: std::env::current_exe().ok(),
        account: rustix::process::geteuid().as_raw(),
        today,
    }
}

pub(super) fn run(args: &DoctorArgs, out: &mut dyn Write) -> Ended {
    let config = args.place.config.read(&args.place.given())?;
    let site = Site::of(&config)?;
    let clock = Clock::default();
    let subject = subject(&config, &site, &args.place.config, clock.now().date());
    let mut done = checks(&subject);
    let sound = |code: &str| done.iter().all(|it| it.code != code || it.state != State::Bad);
    // Opening a store makes what is missing; a doctor must not.
    let is_there = site.is_in_database() || is_record(&site.data);
    if is_there && sound("keys") && sound("key_files") && sound("database") {
        done.extend(record(&site, clock, args.full));
    }
    let worst = done.iter().map(|check| check.state).max().unwrap_or(State::Good);
    if args.json {
        let json = serde_json::json!({ "state": worst, "checks": done });
        writeln!(out, "{json:#}")?;
    } else {
        done.iter().try_for_each(|check| writeln!(out, "{}", line(check)))?;
    }
    Ok(u8::from(worst == State::Bad))
}

/// A check in one line, or two where something is to be done.
pub(super) fn line(check: &Check) -> String {
    let advice = match check.advice.as_str() {
        "" => String::new(),
        advice => format!("\n      处理：{advice}"),
    };
    format!("{}  {}：{}{advice}", check.state.label(), check.name, check.found)
}

/// What only the opened record tells.
fn record(site: &Site, clock: Clock, full: bool) -> Vec<Check> {
    let bad = |code, name, found: String, advice: &str| {
        vec![Check { code, name, state: State::Bad, found, advice: advice.to_owned() }]
    };
    let advice = "停止服务，保全现场，用备份核对；详见docs/operations.md";
    let words = |wrong| match wrong {
        Wrong::Refused(words) | Wrong::Unreadable(words) => words,
    };
    let opened = site.open().and_then(|store| {
        let office = Office::open_as(store.clone(), clock, site.node())?;
        Ok((store, office))
    });
    let (store, office) = match opened {
        Ok(opened) => opened,
        Err(wrong) => return bad("open", "打开案卷库", words(wrong), advice),
    };
    let mut done = match look(&store, full) {
        Err(wrong) => bad("integrity", "完整性", words(wrong), advice),
        Ok(Some(first)) => bad("integrity", "完整性", format!("第一处问题：{first}"), advice),
        Ok(None) => vec![Check {
            code: "integrity",
            name: "完整性",
            state: State::Good,
            found: if full { "全部核对" } else { "机构和最新的审计记录" }.to_owned(),
            advice: String::new(),
        }],
    };
    done.extend(database(&store, office.clock()));
    let late = office.clock().warnings() > 0;
    done.push(Check {
        code: "clock",
        name: "时钟与记录",
        state: if late { State::Warning } else { State::Good },
        found: if late { "系统时钟比最新的记录晚" } else { "不早于最新的记录" }.to_owned(),
        advice: if late { "校准系统时钟" } else { "" }.to_owned(),
    });
    done
}

/// What stands about the database that many nodes share.
fn database(store: &Store, clock: &Clock) -> Vec<Check> {
    let check = |code, name, state, found: String, advice: &str| {
        let advice = if state == State::Good { String::new() } else { advice.to_owned() };
        Check { code, name, state, found, advice }
    };
    let began = clock.instant();
    let told = match store.database() {
        Ok(None) => return Vec::new(),
        Ok(Some(told)) => told,
        Err(fault) => {
            let found = match Wrong::from(fault) {
                Wrong::Refused(words) | Wrong::Unreadable(words) => words,
            };
            let advice = "核对数据库是否在运行";
            return vec![check("server", "数据库", State::Bad, found, advice)];
        }
    };
    let warn = |wrong: bool| if wrong { State::Warning } else { State::Good };
    let ours = began + (clock.instant() - began) / 2;
    let ahead = told.clock - ours;
    // One commit of every node holds some hundred locks; a node has about twenty connections.
    let locks = told.locks_per_transaction * told.connections;
    vec![
        check(
            "server",
            "数据库",
            State::Good,
            format!("PostgreSQL {}，账号「{}」", told.version, told.role),
            "",
        ),
        check(
            "connections",
            "数据库连接",
            warn(told.connections < 100),
            format!("max_connections为{}，现用{}", told.connections, told.connected),
            "每个节点最多用20个连接；不少于100，或者按节点数增加",
        ),
        check(
            "locks",
            "数据库锁",
            warn(locks < 6_400),
            format!("max_locks_per_transaction为{}", told.locks_per_transaction),
            "不少于64；与max_connections之积不少于6400",
        ),
        check(
            "durable",
            "持久写入",
            if told.durable { State::Good } else { State::Bad },
            if told.durable { "已开启" } else { "fsync或者full_page_writes已关闭" }.to_owned(),
            "在postgresql.conf中开启fsync和full_page_writes，否则断电会丢失记录",
        ),
        check(
            "database_clock",
            "数据库时钟",
            warn(compare_with_database(ours, told.clock).is_some()),
            format!("比本机快{:.1}秒", ahead as f64 / 1000.0),
            "校准本机和数据库所在机器的时钟",
        ),
        check(
            "sealer",
            "总目录",
            warn(told.unsealed > 10_000),
            format!("{}条记录尚未编入", told.unsealed),
            "有节点在服务时几秒内编入；一直增加的，查看节点日志",
        ),
    ]
}

/// The first thing that is wrong with the record.
fn look(store: &Store, full: bool) -> Result<Option<String>, Wrong> {
    if full {
        return verify::first_wrong(store, &|_, _| {});
    }
    // Each load checks the stream's chain and payloads.
    for prefix in ["nation", "department/"] {
        for stream in store.streams(prefix)? {
            store.load(&stream)?;
        }
    }
    if let Some(newest) = store.streams("audit/")?.last() {
        store.load(newest)?;
    }
    Ok(None)
}
