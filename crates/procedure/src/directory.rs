//! The departments, their staff and the units they know: who there is.
//!
//! A directory is, like a dossier, the list of what was recorded about it.
//! Deliberately absent: passwords and sessions, which are the server's and not part of the record.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    readings::{self, Switches},
    supplementary::forms::{self, LocalForm},
    value::{DepartmentId, StaffId, Text, UnitId, choice},
};

choice! {
    /// 级别. The level of a department (art. 7).
    Level {
        National = "national", "国家";
        Provincial = "provincial", "省";
        Municipal = "municipal", "市";
        County = "county", "县";
    }
}

choice! {
    /// 岗位. What a member of staff may be asked to do.
    Role {
        Clerk = "clerk", "受理人员";
        Handler = "handler", "办案人员";
        Head = "head", "负责人";
        Deputy = "deputy", "副职负责人";
    }
}

choice! {
    /// 单位类别.
    UnitCategory {
        CentralOrgan = "central_organ", "中央和国家机关";
        ProvincialOrgan = "provincial_organ", "省级机关";
        ProvincialBranch = "provincial_branch", "省（自治区、直辖市）直属机关";
        CentralBranch = "central_branch", "中央和国家机关设在地方的直属机构";
        Organ = "organ", "机关";
        Enterprise = "enterprise", "企业";
        Institution = "institution", "事业单位";
        Other = "other", "其他组织";
    }
}

/// 保密行政管理部门.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    /// Identifier.
    pub id: DepartmentId,
    /// 名称.
    pub name: Text,
    /// 发文字号代字.
    pub sign: Text,
    /// 级别.
    pub level: Level,
    /// 上一级部门.
    pub superior: Option<DepartmentId>,
    /// 行政区域.
    pub region: Text,
}

/// 工作人员.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// Identifier.
    pub id: StaffId,
    /// 姓名.
    pub name: Text,
    /// 所属部门.
    pub department: DepartmentId,
    /// 岗位.
    pub roles: BTreeSet<Role>,
    /// 执法证件号.
    #[serde(default)]
    pub credential: Option<Text>,
}

impl Staff {
    /// 负责人. A head or a deputy head.
    pub fn is_head(&self) -> bool {
        self.roles.contains(&Role::Head) || self.roles.contains(&Role::Deputy)
    }
}

/// 机关、单位.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Identifier.
    pub id: UnitId,
    /// 名称.
    pub name: Text,
    /// 类别.
    pub category: UnitCategory,
    /// 所在地.
    pub region: Text,
    /// 上级主管部门.
    #[serde(default)]
    pub superior: Option<Text>,
}

/// What was recorded about the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// 设立. A department exists.
    Founded(Department),
    /// 任职. Somebody serves in a department with these roles; a later event about the same person replaces the roles.
    Appointed(Staff),
    /// 离职. Somebody no longer serves.
    Left(StaffId),
    /// 登记单位. A unit is known.
    UnitListed(Unit),
    /// 采用或者停用解读. A department switches a reading.
    ReadingSwitched {
        /// Whose choice.
        department: DepartmentId,
        /// The reading.
        reading: String,
        /// Whether it holds.
        holds: bool,
    },
    /// 制定式样. The nation, or a province where the nation has fixed none, adds a form.
    FormAdded(LocalForm),
}

/// All departments, staff and units known.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    departments: BTreeMap<DepartmentId, Department>,
    staff: BTreeMap<StaffId, Staff>,
    units: BTreeMap<UnitId, Unit>,
    switches: BTreeMap<DepartmentId, Switches>,
    forms: Vec<LocalForm>,
}

impl Directory {
    /// Says in Chinese why an event cannot be recorded.
    pub fn check(&self, event: &Event) -> Result<(), String> {
        match event {
            Event::Founded(department) => self.check_founded(department),
            Event::Appointed(staff) => {
                let homonym =
                    self.staff_of(&staff.department).find(|other| other.name == staff.name);
                if !self.departments.contains_key(&staff.department) {
                    Err(format!("没有编号为「{}」的部门", staff.department))
                } else if homonym.is_some_and(|other| other.id != staff.id) {
                    Err(format!("本部门已有「{}」，同名的请加以区别", staff.name))
                } else if staff.roles.is_empty() {
                    Err(format!("「{}」至少要有一个岗位", staff.name))
                } else {
                    Ok(())
                }
            }
            Event::Left(id) => match self.staff.contains_key(id) {
                true => Ok(()),
                false => Err("没有这名工作人员".to_owned()),
            },
            Event::UnitListed(unit) => {
                let homonym = self.units.values().find(|other| other.name == unit.name);
                match homonym.filter(|other| other.id != unit.id) {
                    Some(_) => Err(format!("已登记过「{}」", unit.name)),
                    None => Ok(()),
                }
            }
            Event::ReadingSwitched { reading, .. } => match readings::find(reading) {
                None => Err(format!("没有编号为「{reading}」的解读")),
                Some(reading) if !reading.switchable => {
                    Err(format!("解读「{}」不能由部门停用", reading.id))
                }
                Some(_) => Ok(()),
            },
            Event::FormAdded(form) => forms::may_be_added(form, self),
        }
    }

    fn check_founded(&self, department: &Department) -> Result<(), String> {
        let name = &department.name;
        if self.departments.contains_key(&department.id) {
            return Err(format!("已有编号为「{}」的部门", department.id));
        }
        // A superior must exist first and be of a higher level, so the tree cannot have a cycle.
        let Some(superior) = &department.superior else { return Ok(()) };
        match self.departments.get(superior) {
            None => Err(format!("「{name}」的上一级部门「{superior}」不存在")),
            Some(superior) if superior.level >= department.level => {
                Err(format!("「{name}」的上一级部门「{}」级别不高于它", superior.name))
            }
            Some(_) => Ok(()),
        }
    }

    /// Takes over what was recorded.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Founded(department) => {
                self.departments.insert(department.id.clone(), department);
            }
            Event::Appointed(staff) => {
                self.staff.insert(staff.id.clone(), staff);
            }
            Event::Left(id) => {
                // The name is still needed to read old records.
                if let Some(staff) = self.staff.get_mut(&id) {
                    staff.roles.clear();
                }
            }
            Event::UnitListed(unit) => {
                self.units.insert(unit.id.clone(), unit);
            }
            Event::ReadingSwitched { department, reading, holds } => {
                self.switches.entry(department).or_default().switch(&reading, holds);
            }
            Event::FormAdded(form) => self.forms.push(form),
        }
    }

    /// The department with this id.
    pub fn department(&self, id: &DepartmentId) -> Option<&Department> {
        self.departments.get(id)
    }

    /// Every department.
    pub fn departments(&self) -> impl Iterator<Item = &Department> {
        self.departments.values()
    }

    /// The member of staff with this id.
    pub fn staff(&self, id: &StaffId) -> Option<&Staff> {
        self.staff.get(id)
    }

    /// Everybody who serves in a department.
    pub fn staff_of(&self, department: &DepartmentId) -> impl Iterator<Item = &Staff> {
        self.staff.values().filter(move |s| &s.department == department && !s.roles.is_empty())
    }

    /// Everybody who serves or has served anywhere.
    pub fn all_staff(&self) -> impl Iterator<Item = &Staff> {
        self.staff.values()
    }

    /// The unit with this id.
    pub fn unit(&self, id: &UnitId) -> Option<&Unit> {
        self.units.get(id)
    }

    /// Every unit.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        self.units.values()
    }

    /// 地方式样. Every form that was added, in the order in which they were.
    pub fn forms(&self) -> impl Iterator<Item = &LocalForm> {
        self.forms.iter()
    }

    /// Which readings a department has switched.
    pub fn switches(&self, department: &DepartmentId) -> Switches {
        self.switches.get(department).cloned().unwrap_or_default()
    }

    /// The departments above this one, the next higher first.
    pub fn superiors(&self, department: &DepartmentId) -> Vec<&Department> {
        let above = |below: &Department| self.departments.get(below.superior.as_ref()?);
        let first = self.departments.get(department).and_then(above);
        std::iter::successors(first, |department| above(department)).collect()
    }

    /// 姓名. The name of a member of staff, for display.
    pub fn staff_name(&self, id: &StaffId) -> &str {
        match self.staff.get(id) {
            Some(staff) => staff.name.as_str(),
            None if *id == StaffId::system() => "系统",
            None => "（不详）",
        }
    }

    /// 单位名称, for display.
    pub fn unit_name(&self, id: &UnitId) -> &str {
        self.units.get(id).map_or("（不详）", |unit| unit.name.as_str())
    }
}
