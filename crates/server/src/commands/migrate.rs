//! `chachu migrate`: makes or brings up the schema of a PostgreSQL database, as its owner.

use std::{collections::BTreeMap, io::Write};

use super::{Ended, Wrong, config::ConfigArgs, open::text_of};

const EXAMPLES: &str = "\
示例：
  chachu migrate --database postgres://chachu_owner@db.example/chachu
  CHACHU_DATABASE=postgres://chachu_owner:密码@db.example/chachu chachu migrate

以数据库所有者的账号运行；serve和其他命令以另一账号（角色chachu_serve的成员）运行。
只向前升级，在一个事务中完成；旧版本的节点可以继续服务，升级后再逐个更换程序。
退出码：0 已是所需的结构，1 被拒绝，2 参数无法读取。";

/// 升级数据库. Which one.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// 数据库地址，账号为数据库所有者。有密码的，写在配置文件或者环境变量中
    #[arg(long, value_name = "地址")]
    database: Option<String>,
}

pub(super) fn run(args: &MigrateArgs, out: &mut dyn Write) -> Ended {
    let given = args.database.clone().map(|url| ("database".to_owned(), url));
    let config = args.config.read(&given.into_iter().collect::<BTreeMap<_, _>>())?;
    let url = config.database.ok_or_else(|| Wrong::unreadable("没有给出数据库地址"))?;
    let migrated = store::migrate(text_of(&url)?)?;
    match (migrated.from, migrated.to) {
        (from, to) if from == to => writeln!(out, "结构已是第{to}版，没有改动；权限已核对")?,
        (0, to) => writeln!(out, "已建立第{to}版结构")?,
        (from, to) => writeln!(out, "结构已由第{from}版升至第{to}版")?,
    }
    let role = store::SERVING_ROLE;
    if migrated.made_role {
        writeln!(out, "已建立角色{role}，它只能增加记录，不能改动和删除")?;
    }
    writeln!(out, "提供服务的账号须是{role}的成员，不得是所有者，如由数据库管理员执行：")?;
    writeln!(out, "  CREATE ROLE chachu_server LOGIN PASSWORD '…' IN ROLE {role};")?;
    Ok(0)
}
