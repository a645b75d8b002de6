//! 机构人员. Departments, their staff and the units they know.

use askama::Template;
use procedure::{
    directory::{Department, Directory, UnitCategory},
    value::DepartmentId,
};

use super::frame::Frame;

/// The page of one department.
#[derive(Template)]
#[template(path = "directory.html")]
pub(super) struct DirectoryPage {
    pub(super) frame: Frame,
    tree: Vec<Node>,
    department: Option<Facts>,
    staff: Vec<Person>,
    units: Vec<Unit>,
    /// Whether the person may list units.
    may_list: bool,
    categories: &'static [UnitCategory],
    pub(super) new_unit: NewUnit,
    pub(super) notice: Option<String>,
}

/// One department in the tree.
struct Node {
    id: String,
    name: String,
    /// The departments above it, so that it is indented.
    depth: usize,
    current: bool,
}

struct Facts {
    name: String,
    level: &'static str,
    region: String,
    sign: String,
    superior: String,
}

struct Person {
    name: String,
    account: String,
    roles: Vec<&'static str>,
}

struct Unit {
    name: String,
    category: &'static str,
    superior: String,
    region: String,
}

/// The form for a unit that is not yet known, as it was filled in.
#[derive(Default)]
pub(super) struct NewUnit {
    pub(super) name: String,
    pub(super) category: String,
    pub(super) region: String,
    pub(super) superior: String,
    pub(super) error: Option<String>,
}

impl DirectoryPage {
    /// The page of a department, as its staff see it.
    pub(super) fn new(
        frame: Frame,
        directory: &Directory,
        shown: &DepartmentId,
        may_list: bool,
    ) -> DirectoryPage {
        let staff = directory.staff_of(shown).map(|staff| Person {
            name: staff.name.to_string(),
            account: staff.id.to_string(),
            roles: staff.roles.iter().map(|role| role.label()).collect(),
        });
        let units = directory.units().map(|unit| Unit {
            name: unit.name.to_string(),
            category: unit.category.label(),
            superior: unit.superior.as_ref().map(ToString::to_string).unwrap_or_default(),
            region: unit.region.to_string(),
        });
        let mut tree = Vec::new();
        grow(directory, None, shown, &mut tree);
        DirectoryPage {
            tree,
            department: directory.department(shown).map(|found| facts(directory, found)),
            staff: staff.collect(),
            units: units.collect(),
            may_list,
            categories: UnitCategory::ALL,
            new_unit: NewUnit::default(),
            notice: None,
            frame,
        }
    }
}

fn facts(directory: &Directory, department: &Department) -> Facts {
    let superior = department.superior.as_ref().and_then(|id| directory.department(id));
    Facts {
        name: department.name.to_string(),
        level: department.level.label(),
        region: department.region.to_string(),
        sign: department.sign.to_string(),
        superior: superior.map(|superior| superior.name.to_string()).unwrap_or_default(),
    }
}

/// The departments below one, each followed by those below it.
fn grow(
    directory: &Directory,
    above: Option<&Department>,
    shown: &DepartmentId,
    tree: &mut Vec<Node>,
) {
    let below = directory.departments().filter(|d| d.superior.as_ref() == above.map(|a| &a.id));
    for department in below {
        tree.push(Node {
            id: department.id.to_string(),
            name: department.name.to_string(),
            depth: directory.superiors(&department.id).len(),
            current: department.id == *shown,
        });
        grow(directory, Some(department), shown, tree);
    }
}
