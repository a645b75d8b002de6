//! `chachu serve`: serves an office, or a demonstration of one.

use std::{collections::BTreeMap, io::Write, sync::Arc, time::Duration};

use jiff::civil::Date;
use procedure::directory::{self, Role};
use scenario::{Scenario, language::Statement, play};
use store::Store;
use tokio::net::TcpListener;

use super::{
    Ended, Wrong,
    doctor::{line, subject},
    open::{Place, Site, is_record},
    play::trunk,
};
use crate::{
    accounts::{Accounts, give_known_password},
    clock::Clock,
    config::Config,
    doctor::{State, checks},
    limits, log,
    office::{Office, search},
    papers, samples,
    serve::{AppState, Demonstration, blocking, listen, serve},
    watch,
    world::OfficeWorld,
};

const EXAMPLES: &str = "\
示例：
  chachu serve --data /var/lib/chachu
  chachu serve --data /var/lib/chachu --listen 127.0.0.1:9000
  chachu serve --demo --today 2026-03-02
  chachu serve --config /etc/chachu.toml --node 2

未写--listen的，使用127.0.0.1:8460；该端口已被占用的，另选空闲端口并显示地址。
按Ctrl-C停止，正在办理的请求先办完。";

/// The password of every sample account.
const KNOWN_PASSWORD: &str = "yanshi-8460";

/// 启动服务. Of which office, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    place: Place,
    /// 监听地址，如127.0.0.1:8460
    #[arg(long, value_name = "地址")]
    listen: Option<String>,
    /// 本节点在共用一个数据库的各节点中的名称
    #[arg(long, value_name = "名称")]
    node: Option<String>,
    /// 指标的监听地址；未写的，不提供指标
    #[arg(long, value_name = "地址")]
    metrics: Option<String>,
    /// 演示：样例人员和各阶段的样例卷宗，时钟可以调整
    #[arg(long)]
    demo: bool,
    /// 演示中的今天
    #[arg(long, value_name = "日期", requires = "demo")]
    today: Option<String>,
}

impl ServeArgs {
    /// The settings that the command line gives.
    fn given(&self) -> BTreeMap<String, String> {
        let named = [("listen", &self.listen), ("node", &self.node), ("metrics", &self.metrics)];
        let named = named.into_iter().filter_map(|(name, it)| Some((name.to_owned(), it.clone()?)));
        named.chain(self.place.given()).collect()
    }
}

/// Refuses to serve an office that lies open; what is merely unwise is told.
fn safe_start(config: &Config, site: &Site, args: &ServeArgs) -> Result<(), Wrong> {
    let today = Clock::default().now().date();
    let looked = checks(&subject(config, site, &args.place.config, today));
    for check in looked.iter().filter(|check| check.state == State::Warning) {
        tracing::warn!(code = check.code, "启动检查：{}：{}", check.name, check.found);
    }
    let bad = looked.iter().filter(|check| check.state == State::Bad);
    let bad: Vec<_> = bad.map(line).collect();
    if bad.is_empty() {
        return Ok(());
    }
    Err(Wrong::Refused(format!("启动检查没有通过，没有启动\n{}", bad.join("\n"))))
}

pub(super) fn run(args: ServeArgs, out: &mut dyn Write) -> Ended {
    let config = args.place.config.read(&args.given())?;
    limits::set(&config);
    log::start(config.log_level, config.log_format);
    if args.demo && config.database.is_some() {
        return Err(Wrong::unreadable("演示不使用数据库，请去掉设置「database」"));
    }
    let today = args.today.as_deref().map(procedure::value::read_date);
    let today = today.transpose().map_err(Wrong::Unreadable)?;
    let passing = match &config.data {
        None if !args.demo => return Err(Wrong::unreadable("没有给出数据目录")),
        None => Some(tempfile::Builder::new().prefix("chachu-demo-").tempdir()?),
        Some(_) => None,
    };
    let data = match (&config.data, &passing) {
        (Some(data), _) => data.clone(),
        (None, Some(passing)) => passing.path().join("data"),
        (None, None) => return Err(Wrong::unreadable("没有给出数据目录")),
    };
    let site = Site::in_directory(data, &config);
    let fresh = !is_record(&site.data);
    let is_there = site.is_in_database() && site.keys.is_dir() || !fresh;
    if !args.demo && is_there {
        safe_start(&config, &site, &args)?;
    }
    let store = if args.demo { site.make()? } else { site.open()? };
    let clock = Clock::default();
    if let Some(today) = today {
        clock.set(today.at(9, 0, 0, 0));
    }
    let demonstration = match (args.demo, fresh) {
        (true, false) => return Err(Wrong::Refused("演示须使用空的数据目录".to_owned())),
        (true, true) => Some(demonstrate(&store, clock.now().date())?),
        (false, _) => None,
    };
    let counting = config.metrics.map(|_| crate::metrics::start()).transpose()?;
    store::on_commit(crate::metrics::committed);
    let office = Office::open_as(store, clock, site.node())?;
    papers::start(&office, &site.data)?;
    search::start(&office)?;
    let accounts = Accounts::new(office.clone())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let listener = listen(config.listen).await?;
        let address = listener.local_addr()?;
        writeln!(out, "地址：http://{address}/")?;
        if let Some(demonstration) = &demonstration {
            announce(demonstration, out)?;
        }
        out.flush()?;
        if let (Some(address), Some(handle)) = (config.metrics, counting) {
            if !address.ip().is_loopback() {
                tracing::warn!(%address, "启动检查：指标的监听地址不是本机地址");
            }
            let metrics = TcpListener::bind(address).await?;
            writeln!(out, "指标：http://{}/metrics", metrics.local_addr()?)?;
            tokio::spawn(crate::metrics::serve(metrics, handle, accounts.counted()));
        }
        if let Some(seconds) = config.checkpoint_seconds {
            tokio::spawn(sign_checkpoints(office.clone(), seconds.0));
        }
        tokio::spawn(watch::watch(office.clone()));
        tokio::spawn(discard_orphans(office.clone()));
        let state = AppState { office, accounts, demonstration: demonstration.map(Arc::new) };
        serve(listener, state).await
    });
    runtime.shutdown_background();
    served?;
    Ok(0)
}

/// Signs the record as it grows; whatever stops one checkpoint, the next is tried again.
async fn sign_checkpoints(office: Office, seconds: u64) {
    let mut turns = tokio::time::interval(Duration::from_secs(seconds));
    loop {
        turns.tick().await;
        let office = office.clone();
        let signed = blocking(move || {
            office.store().checkpoint()?;
            crate::metrics::checkpointed(office.clock().instant());
            Ok(())
        });
        if signed.await.is_err() {
            tracing::warn!("no checkpoint was signed");
        }
    }
}

/// Removes files that no act came to name, at the start and every hour.
async fn discard_orphans(office: Office) {
    let mut turns = tokio::time::interval(Duration::from_secs(60 * 60));
    loop {
        turns.tick().await;
        let office = office.clone();
        match blocking(move || office.discard_orphans()).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "files that no act names were removed"),
            Err(_) => tracing::warn!("files that no act names were not looked for"),
        }
    }
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
