//! `chachu serve`: serves an office, or a demonstration of one.

use std::{
    io::{IsTerminal, Write},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
};

use jiff::civil::Date;
use procedure::directory::{self, Role};
use scenario::{Scenario, language::Statement, play};
use store::Store;
use tracing_subscriber::EnvFilter;

use super::{
    Ended, Wrong,
    open::{Place, is_record, keys},
    play::trunk,
};
use crate::{
    accounts::{Accounts, give_known_password},
    clock::Clock,
    office::Office,
    papers, samples,
    serve::{AppState, Demonstration, listen, serve},
    world::OfficeWorld,
};

const EXAMPLES: &str = "\
示例：
  chachu serve --data /var/lib/chachu
  chachu serve --data /var/lib/chachu --listen 127.0.0.1:9000
  chachu serve --demo --today 2026-03-02

未写--listen的，使用127.0.0.1:8460；该端口已被占用的，另选空闲端口并显示地址。
按Ctrl-C停止，正在办理的请求先办完。";

/// The password of every sample account.
const KNOWN_PASSWORD: &str = "yanshi-8460";

/// 启动服务. Of which office, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ServeArgs {
    /// 数据目录；演示时可以不写，结束后即删除
    #[arg(long, value_name = "目录", required_unless_present = "demo")]
    data: Option<PathBuf>,
    /// 密钥目录，默认是数据目录名加“.keys”
    #[arg(long, value_name = "目录", requires = "data")]
    keys: Option<PathBuf>,
    /// 监听地址，如127.0.0.1:8460
    #[arg(long, value_name = "地址")]
    listen: Option<SocketAddr>,
    /// 演示：样例人员和各阶段的样例卷宗，时钟可以调整
    #[arg(long)]
    demo: bool,
    /// 演示中的今天
    #[arg(long, value_name = "日期", requires = "demo")]
    today: Option<String>,
}

pub(super) fn run(args: ServeArgs, out: &mut dyn Write) -> Ended {
    log();
    let today = args.today.as_deref().map(procedure::value::read_date);
    let today = today.transpose().map_err(Wrong::Unreadable)?;
    let passing = match &args.data {
        None => Some(tempfile::Builder::new().prefix("chachu-demo-").tempdir()?),
        Some(_) => None,
    };
    let data = match (&args.data, &passing) {
        (Some(data), _) => data.clone(),
        (None, Some(passing)) => passing.path().join("data"),
        (None, None) => return Err(Wrong::unreadable("没有给出数据目录")),
    };
    let place = Place { keys: Some(keys(&data, args.keys.as_deref())), data };
    let fresh = !is_record(&place.data);
    let store = if args.demo { place.make()? } else { place.open()? };
    let clock = Clock::default();
    if let Some(today) = today {
        clock.set(today.at(9, 0, 0, 0));
    }
    let demonstration = match (args.demo, fresh) {
        (true, false) => return Err(Wrong::Refused("演示须使用空的数据目录".to_owned())),
        (true, true) => Some(demonstrate(&store, clock.now().date())?),
        (false, _) => None,
    };
    let office = Office::open(store, clock)?;
    papers::start(&office, &place.data)?;
    let accounts = Accounts::new(office.clone())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let listener = listen(args.listen).await?;
        let address = listener.local_addr()?;
        writeln!(out, "地址：http://{address}/")?;
        if let Some(demonstration) = &demonstration {
            announce(demonstration, out)?;
        }
        out.flush()?;
        let state = AppState { office, accounts, demonstration: demonstration.map(Arc::new) };
        serve(listener, state).await
    });
    runtime.shutdown_background();
    served?;
    Ok(0)
}

/// The log goes to the error stream; a panic tells its place, never what it was about.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    // A second subscriber is refused, and the first goes on.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%place, "a panic");
    }));
}

/// Plays the samples into an empty record, and opens the accounts of their cast.
fn demonstrate(store: &Store, today: Date) -> Result<Demonstration, Wrong> {
    if let Some((name, error)) = samples::unreadable(today) {
        return Err(Wrong::Unreadable(format!("样例「{name}」{error}")));
    }
    let office = Office::open(store.clone(), Clock::default())?;
    let samples = samples::scenarios(today);
    let named = |folder| {
        let samples = samples.iter().filter(move |(name, _)| name.starts_with(folder));
        samples.map(|(_, scenario)| trunk(scenario.clone()))
    };
    let mut shown: Vec<Scenario> = named("demo/").collect();
    // A case among other departments than those of the demonstration is not at home in its office.
    let home: Vec<_> = shown.iter().flat_map(departments).cloned().collect();
    let is_at_home = |case: &Scenario| departments(case).all(|founded| home.contains(founded));
    shown.extend(named("cases/").filter(is_at_home));
    // Numbers are given in the order of time.
    shown.sort_by_key(|scenario| scenario.lines.iter().find_map(first_entered));
    for scenario in &shown {
        let mut failed = None;
        let world = || Ok(OfficeWorld::new(office.clone()));
        play(scenario, world, &mut |line| {
            let failure = line.failure.as_ref();
            failed =
                failed.take().or(failure.map(|failure| format!("第{}行：{failure}", line.line)));
        })
        .map_err(Wrong::Refused)?;
        if let Some(failure) = failed {
            return Err(Wrong::Refused(format!("样例「{}」{failure}", scenario.title)));
        }
    }
    let directory = office.directory();
    let staff: Vec<_> = directory.all_staff().map(|staff| staff.id.clone()).collect();
    give_known_password(store, &staff, KNOWN_PASSWORD)?;
    let accounts = directory.all_staff().map(|staff| {
        let roles: Vec<_> = staff.roles.iter().copied().map(Role::label).collect();
        let department = directory.department(&staff.department);
        let department = department.map_or("", |department| department.name.as_str());
        (staff.name.to_string(), format!("{department}　{}", roles.join("、")))
    });
    Ok(Demonstration { accounts: accounts.collect(), password: KNOWN_PASSWORD.to_owned() })
}

fn departments(scenario: &Scenario) -> impl Iterator<Item = &directory::Event> {
    scenario.cast.iter().filter(|event| matches!(event, directory::Event::Founded(_)))
}

fn first_entered(line: &Statement) -> Option<jiff::civil::DateTime> {
    match line {
        Statement::Act(act, _) => Some(act.at),
        _ => None,
    }
}

fn announce(demonstration: &Demonstration, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "演示：人员、单位和卷宗均为样例。账号的密码都是{}：", demonstration.password)?;
    for (name, about) in &demonstration.accounts {
        writeln!(out, "  {name}　{about}")?;
    }
    Ok(())
}
