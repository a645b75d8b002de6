//! `chachu init`: founds a real office. There are no accounts but those that are named here.

use std::io::{self, BufRead, Write};

use procedure::directory::{Event, Role};

use super::{Ended, Wrong, founding, open::Place};
use crate::{accounts::give_first_password, clock::Clock, office::Office};

const EXAMPLES: &str = "\
示例：
  chachu init --data /var/lib/chachu --department 示例市保密局 --sign 示市保 \\
    --level 市 --region 示例市 --superior 示例省保密局:省:示例省:示省保 \\
    --staff \"jia1:甲一:受理人员\" --staff \"yi1:乙一:办案人员\" \\
    --staff \"yi2:乙二:办案人员,副职负责人\" --staff \"bing1:丙一:负责人\"

没有给出的内容在终端上询问。初始密码随机生成，只显示一次，首次登录时必须更改。
退出码：0 已设立，1 已有办公室，2 参数无法读取。";

/// 设立办公室. Whom to found.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct InitArgs {
    #[command(flatten)]
    place: Place,
    /// 部门名称
    #[arg(long, value_name = "名称")]
    department: Option<String>,
    /// 发文字号代字
    #[arg(long, value_name = "代字")]
    sign: Option<String>,
    /// 级别：国家、省、市、县
    #[arg(long, value_name = "级别")]
    level: Option<String>,
    /// 行政区域
    #[arg(long, value_name = "区域")]
    region: Option<String>,
    /// 上级部门，写作“名称:级别:行政区域:代字”；有多级的从最高一级起依次给出
    #[arg(long, value_name = "部门")]
    superior: Vec<String>,
    /// 工作人员，写作“登录名:姓名:岗位,岗位”；岗位为受理人员、办案人员、负责人、副职负责人
    #[arg(long, value_name = "人员")]
    staff: Vec<String>,
}

pub(super) fn run(args: InitArgs, out: &mut dyn Write) -> Ended {
    let events = founded(&args).map_err(Wrong::Unreadable)?;
    let site = args.place.site()?;
    let office = Office::open_as(site.make()?, Clock::default(), site.node())?;
    if office.directory().departments().next().is_some() {
        return Err(Wrong::Refused("这里已经设立办公室；增加人员请用chachu staff add".to_owned()));
    }
    office.found(events.clone())?;
    writeln!(out, "办公室已设立。初始密码只显示这一次，首次登录时必须更改：")?;
    for event in &events {
        if let Event::Appointed(staff) = event {
            let password = give_first_password(office.store(), &staff.id)?;
            writeln!(out, "  {}（{}） {password}", staff.id, staff.name)?;
        }
    }
    match site.is_in_database() {
        true => writeln!(out, "启动服务：以同样的设置运行chachu serve")?,
        false => writeln!(out, "启动服务：chachu serve --data {}", site.data.display())?,
    }
    Ok(0)
}

fn founded(args: &InitArgs) -> Result<Vec<Event>, String> {
    let mut events = Vec::new();
    let mut superior = None;
    for text in &args.superior {
        let department = founding::department(text, superior.take())?;
        superior = Some(department.id.clone());
        events.push(Event::Founded(department));
    }
    let department = founding::named_department(
        &given(&args.department, "部门名称")?,
        &given(&args.level, "级别（国家、省、市、县）")?,
        &given(&args.region, "行政区域")?,
        &given(&args.sign, "发文字号代字")?,
        superior,
    )?;
    let id = department.id.clone();
    events.push(Event::Founded(department));
    let mut texts = args.staff.clone();
    while texts.is_empty() || texts.last().is_some_and(|text| text.is_empty()) {
        texts.pop();
        match ask("工作人员（登录名:姓名:岗位,岗位；直接回车结束）")? {
            text if text.is_empty() && !texts.is_empty() => break,
            text if text.is_empty() => return Err("至少要有一名工作人员".to_owned()),
            // The empty text at the end asks for another.
            text => texts.extend([text, String::new()]),
        }
    }
    let staff = texts.iter().map(|text| founding::staff(text, &id));
    let staff = staff.collect::<Result<Vec<_>, _>>()?;
    if !staff.iter().any(|staff| staff.roles.contains(&Role::Head)) {
        return Err("至少要有一名负责人".to_owned());
    }
    events.extend(staff.into_iter().map(Event::Appointed));
    Ok(events)
}

fn given(argument: &Option<String>, label: &str) -> Result<String, String> {
    argument.clone().map_or_else(|| ask(label), Ok)
}

/// Asks on the terminal; where nobody can answer, the argument is missing.
fn ask(label: &str) -> Result<String, String> {
    let mut line = String::new();
    let mut err = io::stderr();
    let asked = write!(err, "{label}：").and_then(|()| err.flush());
    match asked.and_then(|()| io::stdin().lock().read_line(&mut line)) {
        Ok(read) if read > 0 => Ok(line.trim().to_owned()),
        _ => Err(format!("没有给出{label}")),
    }
}
