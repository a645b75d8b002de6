//! `chachu staff`: adds people to an office, and gives them a first password again.

use std::io::Write;

use clap::Subcommand;
use procedure::{
    directory::Event,
    value::{DepartmentId, StaffId},
};

use super::{Ended, Wrong, founding, open::Place};
use crate::accounts::give_first_password;

const EXAMPLES: &str = "\
示例：
  chachu staff add --data /var/lib/chachu \"yi3:乙三:办案人员\"
  chachu staff password --data /var/lib/chachu yi3";

/// 工作人员. What to do about whom.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct StaffArgs {
    #[command(subcommand)]
    command: StaffCommand,
}

#[derive(Debug, Subcommand)]
enum StaffCommand {
    /// 增加一名工作人员，并发给初始密码
    Add {
        #[command(flatten)]
        place: Place,
        /// 部门名称；只有一个部门有工作人员时可以不写
        #[arg(long, value_name = "名称")]
        department: Option<String>,
        /// 写作“登录名:姓名:岗位,岗位”
        #[arg(value_name = "人员")]
        staff: String,
    },
    /// 重发初始密码，原密码作废
    Password {
        #[command(flatten)]
        place: Place,
        /// 登录名
        #[arg(value_name = "登录名")]
        login: String,
    },
}

pub(super) fn run(args: StaffArgs, out: &mut dyn Write) -> Ended {
    match args.command {
        StaffCommand::Add { place, department, staff } => {
            let office = place.office()?;
            let directory = office.directory();
            let mut staffed: Vec<_> =
                directory.all_staff().map(|staff| staff.department.clone()).collect();
            staffed.dedup();
            let department = match (department, staffed.as_slice()) {
                (Some(name), _) => DepartmentId(name),
                (None, [only]) => only.clone(),
                (None, _) => return Err(Wrong::unreadable("请用--department指明部门")),
            };
            let staff = founding::staff(&staff, &department).map_err(Wrong::Unreadable)?;
            if directory.staff(&staff.id).is_some() {
                let message = format!("已有登录名「{}」", staff.id);
                return Err(Wrong::Refused(message));
            }
            office.found(vec![Event::Appointed(staff.clone())])?;
            let password = give_first_password(office.store(), &staff.id)?;
            writeln!(out, "{}（{}）的初始密码：{password}", staff.id, staff.name)?;
        }
        StaffCommand::Password { place, login } => {
            let office = place.office()?;
            let id = StaffId(login);
            if office.directory().staff(&id).is_none_or(|staff| staff.roles.is_empty()) {
                return Err(Wrong::Refused(format!("没有登录名「{id}」")));
            }
            let password = give_first_password(office.store(), &id)?;
            office.store().delete_sessions_of(&id.0)?;
            writeln!(out, "{id}的初始密码：{password}")?;
        }
    }
    Ok(0)
}
