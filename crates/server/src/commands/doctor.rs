//! `chachu doctor`: whether the office is run safely, and what to do where it is not.

use std::{collections::BTreeMap, io::Write, path::Path};

use jiff::civil::Date;
use store::Store;

use super::{
    Ended, Wrong,
    config::ConfigArgs,
    open::{Place, is_record, keys},
    verify,
};
use crate::{
    clock::Clock,
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
    config: ConfigArgs,
    /// 数据目录
    #[arg(long, value_name = "目录")]
    data: Option<String>,
    /// 密钥目录
    #[arg(long, value_name = "目录")]
    keys: Option<String>,
    /// 以JSON输出
    #[arg(long)]
    json: bool,
    /// 并且核对全部记录（同chachu verify）
    #[arg(long)]
    full: bool,
}

/// What is looked at, by the settings in force.
pub(super) fn subject(config: &Config, data: &Path, file: &ConfigArgs, today: Date) -> Subject {
    Subject {
        data: data.to_owned(),
        keys: keys(data, config.keys.as_deref()),
        config: file.file(),
        passphrase: config.passphrase_file.clone(),
        program: std::env::current_exe().ok(),
        account: rustix::process::geteuid().as_raw(),
        today,
    }
}

pub(super) fn run(args: &DoctorArgs, out: &mut dyn Write) -> Ended {
    let named = [("data", &args.data), ("keys", &args.keys)];
    let given = named.into_iter().filter_map(|(name, it)| Some((name.to_owned(), it.clone()?)));
    let config = args.config.read(&given.collect::<BTreeMap<_, _>>())?;
    let data = config.data.clone().ok_or_else(|| Wrong::unreadable("没有给出数据目录"))?;
    let clock = Clock::default();
    let subject = subject(&config, &data, &args.config, clock.now().date());
    let mut done = checks(&subject);
    let sound = |code: &str| done.iter().all(|it| it.code != code || it.state != State::Bad);
    // Opening a store makes what is missing; a doctor must not.
    if is_record(&data) && sound("keys") && sound("key_files") && sound("database") {
        done.extend(record(&Place { data, keys: Some(subject.keys) }, clock, args.full));
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
fn record(place: &Place, clock: Clock, full: bool) -> Vec<Check> {
    let bad = |code, name, found: String, advice: &str| {
        vec![Check { code, name, state: State::Bad, found, advice: advice.to_owned() }]
    };
    let advice = "停止服务，保全现场，用备份核对；详见docs/operations.md";
    let words = |wrong| match wrong {
        Wrong::Refused(words) | Wrong::Unreadable(words) => words,
    };
    let opened = place.open().and_then(|store| {
        let office = Office::open(store.clone(), clock)?;
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
