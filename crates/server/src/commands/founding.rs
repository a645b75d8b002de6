//! Reading who there is from the command line: departments and staff.

use procedure::{
    directory::{Department, Level, Role, Staff},
    value::{DepartmentId, StaffId, Text},
};

/// 登录名:姓名:岗位，岗位
pub(super) fn staff(text: &str, department: &DepartmentId) -> Result<Staff, String> {
    let parts: Vec<_> = text.split([':', '：']).map(str::trim).collect();
    let &[login, name, roles] = parts.as_slice() else {
        return Err(format!("「{text}」应写作“登录名:姓名:岗位，岗位”"));
    };
    let roles = roles.split([',', '，', '、']).map(|role| {
        let role = role.trim();
        let found = Role::ALL.iter().find(|known| known.label() == role);
        let all: Vec<_> = Role::ALL.iter().map(|role| role.label()).collect();
        found.copied().ok_or_else(|| format!("没有「{role}」这一岗位，可选：{}", all.join("、")))
    });
    Ok(Staff {
        id: StaffId(name_of(login, "登录名")?),
        name: Text::new(name).map_err(|wrong| format!("姓名{wrong}"))?,
        department: department.clone(),
        roles: roles.collect::<Result<_, _>>()?,
        credential: None,
    })
}

/// 名称:级别:行政区域:代字
pub(super) fn department(text: &str, superior: Option<DepartmentId>) -> Result<Department, String> {
    let parts: Vec<_> = text.split([':', '：']).map(str::trim).collect();
    let &[name, level, region, sign] = parts.as_slice() else {
        return Err(format!("「{text}」应写作“名称:级别:行政区域:代字”"));
    };
    named_department(name, level, region, sign, superior)
}

/// A department whose id is its name.
pub(super) fn named_department(
    name: &str,
    level: &str,
    region: &str,
    sign: &str,
    superior: Option<DepartmentId>,
) -> Result<Department, String> {
    let text = |label: &str, text: &str| Text::new(text).map_err(|wrong| format!("{label}{wrong}"));
    let found = Level::ALL.iter().find(|known| known.label() == level.trim());
    Ok(Department {
        id: DepartmentId(name_of(name, "部门名称")?),
        name: text("部门名称", name)?,
        sign: text("发文字号代字", sign)?,
        level: *found.ok_or_else(|| format!("没有「{level}」这一级别，可选：国家、省、市、县"))?,
        superior,
        region: text("行政区域", region)?,
    })
}

/// A name that becomes an id: it stands in the names of streams and keys.
fn name_of(text: &str, label: &str) -> Result<String, String> {
    let text = Text::new(text).map_err(|wrong| format!("{label}{wrong}"))?.to_string();
    let fits = text.chars().count() <= 40
        && !text.chars().any(|c| c.is_whitespace() || matches!(c, '/' | ':' | '"'))
        && text != StaffId::system().0;
    if fits { Ok(text) } else { Err(format!("{label}「{text}」不能使用")) }
}
