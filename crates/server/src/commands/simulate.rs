//! `chachu simulate`: a record of a nation's size, made through the law in the bulk.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    Ended, Wrong,
    open::{Place, is_empty},
};
use crate::{
    accounts::give_known_password,
    clock::Clock,
    office::Office,
    simulate::{self, Made, Plan},
};

const EXAMPLES: &str = "\
示例：
  chachu simulate --data 模拟库 --departments 40 --dossiers 20000 --years 5
  chachu simulate --data 模拟库 --departments 3200 --dossiers 1000000 --years 20 --seed 1 --password 模拟用的口令字

每个卷宗的每一步都经本办法的规则判断。同一天、同一种子得到同样的卷宗。
本办法自2018年1月1日起施行，模拟的卷宗不早于这一天。文书只有占位文件，没有排版。
数据目录须是空的或者尚不存在；开始之前核对磁盘空间。
退出码：0 已建立，1 空间不足、目录不空或者有步骤被规则拒绝，2 参数无法读取。";

/// 模拟. How much, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SimulateArgs {
    #[command(flatten)]
    place: Place,
    /// 部门数：1个国家级，其余为省、市、县级
    #[arg(long, value_name = "个数", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=9_000))]
    departments: u32,
    /// 卷宗数
    #[arg(long, value_name = "件数", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    dossiers: u32,
    /// 年数，至今天为止
    #[arg(long, value_name = "年数", default_value_t = 5, value_parser = clap::value_parser!(i16).range(1..=100))]
    years: i16,
    /// 种子
    #[arg(long, value_name = "整数", default_value_t = 1)]
    seed: u64,
    /// 使前100名工作人员能以这一密码登录；不给出的，无人能够登录
    #[arg(long, value_name = "密码")]
    password: Option<String>,
}

/// How many people get the password; hashed once, each is one small write.
const ACCOUNTS: usize = 100;

pub(super) fn run(args: &SimulateArgs, out: &mut dyn Write) -> Ended {
    let clock = Clock::default();
    let plan = Plan {
        departments: args.departments as usize,
        dossiers: args.dossiers as usize,
        years: args.years,
        seed: args.seed,
        today: clock.now().date(),
    };
    let site = args.place.site()?;
    if !site.is_in_database() {
        check_empty(&site.data)?;
        check_space(&site.data, &plan, out)?;
    }
    let office = Office::open_as(site.make()?, clock, site.node())?;
    if office.directory().departments().next().is_some() {
        return Err(Wrong::Refused("案卷库不是空的，模拟须在空的案卷库中进行".to_owned()));
    }
    let bar = progress_bar("模拟", plan.dossiers as u64);
    let made = simulate::run(&office, &plan, &|done| bar.set_position(done))?;
    bar.finish_and_clear();
    let bar = progress_bar("建立检索", made.dossiers);
    office.take_all_into_search(&|done| bar.set_position(done))?;
    bar.finish_and_clear();
    if let Some(password) = &args.password {
        let people = simulate::people(&plan, ACCOUNTS)?;
        give_known_password(office.store(), &people, password)?;
        let some: Vec<_> = people.iter().take(8).map(ToString::to_string).collect();
        writeln!(out, "可以登录的账号{}个，如{}", people.len(), some.join("、"))?;
    }
    report(&made, out)
}

/// Nothing is added to a record that is there.
fn check_empty(data: &Path) -> Result<(), Wrong> {
    if !is_empty(data)? {
        let message = format!("「{}」不是空目录，模拟须在空的数据目录中进行", data.display());
        return Err(Wrong::Refused(message));
    }
    Ok(())
}

fn check_space(data: &Path, plan: &Plan, out: &mut dyn Write) -> Result<(), Wrong> {
    let mut existing = data.to_owned();
    while !existing.exists() && existing.pop() {}
    let here = Path::new(".");
    let existing = if existing.as_os_str().is_empty() { here } else { &existing };
    let disk = rustix::fs::statvfs(existing).map_err(io::Error::from)?;
    let (free, needed) = (disk.f_bavail * disk.f_frsize, plan.bytes());
    let (needs, has) = (size(needed), size(free));
    writeln!(
        out,
        "将自{}起模拟{}个部门、{}件卷宗，约需磁盘{needs}，现有{has}",
        plan.first_day(),
        plan.departments,
        plan.dossiers
    )?;
    out.flush()?;
    if free < needed {
        return Err(Wrong::Refused(format!("磁盘空间不足：约需{needs}，现有{has}")));
    }
    Ok(())
}

fn size(bytes: u64) -> String {
    match bytes / 1_000_000 {
        mega @ 0..10_000 => format!("{mega} MB"),
        mega => format!("{} GB", mega / 1000),
    }
}

fn progress_bar(what: &str, all: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = format!("{what} {{bar:40}} {{pos}}/{{len}}，每秒{{per_sec:.0}}，还需{{eta}}");
    let style = ProgressStyle::with_template(&template);
    ProgressBar::new(all).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn report(made: &Made, out: &mut dyn Write) -> Ended {
    writeln!(out, "卷宗{}件，记录{}条", made.dossiers, made.events)?;
    for (stage, count) in &made.stages {
        let share = *count as f64 * 100.0 / made.dossiers.max(1) as f64;
        writeln!(out, "  {stage}　{count}件　{share:.1}%")?;
    }
    if made.refused.is_empty() {
        return Ok(0);
    }
    writeln!(out, "有{}步被规则拒绝，第一处：", made.refused.len())?;
    for refused in made.refused.iter().take(20) {
        writeln!(out, "  {refused}")?;
    }
    Ok(1)
}
