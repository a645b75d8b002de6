//! Who there is in a simulated nation: departments in families, their people and units.
//!
//! A family is a municipality with its counties, or a province or the nation alone. Dossiers move
//! only within a family, so families are made independently of one another.

use std::sync::Arc;

use procedure::{
    directory::{Department, Directory, Event, Level, Role, Staff, Unit, UnitCategory},
    value::{DepartmentId, StaffId, Text, UnitId},
};

use crate::no::{Denied, No};

/// A department with its people and units.
#[derive(Clone, Debug)]
pub(super) struct Bureau {
    pub(super) id: DepartmentId,
    pub(super) name: String,
    pub(super) level: Level,
    pub(super) clerks: Vec<StaffId>,
    pub(super) handlers: Vec<StaffId>,
    pub(super) heads: Vec<StaffId>,
    /// Units of its region, by id and name.
    pub(super) units: Vec<(UnitId, String)>,
    events: Vec<Event>,
}

/// Departments among which dossiers move.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub(super) bureaus: Vec<Bureau>,
    /// The family, and the departments above it, as the directory has them.
    pub(super) directory: Arc<Directory>,
}

/// The whole nation.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) families: Vec<Family>,
}

/// Municipalities to a province, and counties to a municipality, about as they are.
const CITIES: usize = 11;
const COUNTIES: usize = 8;

const KINDS: &[(&str, UnitCategory)] = &[
    ("统计局", UnitCategory::Organ),
    ("装备厂", UnitCategory::Enterprise),
    ("规划院", UnitCategory::Institution),
    ("档案馆", UnitCategory::Institution),
    ("水利局", UnitCategory::Organ),
    ("银行", UnitCategory::Enterprise),
    ("教育局", UnitCategory::Organ),
    ("测绘院", UnitCategory::Institution),
    ("交通运输局", UnitCategory::Organ),
    ("研究所", UnitCategory::Institution),
    ("民政局", UnitCategory::Organ),
    ("电子公司", UnitCategory::Enterprise),
];

/// How many units a department knows.
const UNITS: usize = 5;

impl Cast {
    /// So many departments: one national, the rest provinces, municipalities and counties.
    pub(super) fn of(departments: usize) -> Result<Cast, No> {
        let departments = departments.max(1);
        let whole = 1 + CITIES * (1 + COUNTIES);
        let provinces = (departments - 1).div_ceil(whole);
        let nation = bureau("gj", "示例国", "示国", Level::National, None)?;
        let mut left = departments - 1;
        let mut families = vec![vec![nation.clone()]];
        let mut above = vec![Vec::new()];
        for p in 1..=provinces {
            // The last province may be incomplete.
            let mut share = left.min(whole);
            left -= share;
            let region = format!("示例{}省", numeral(p));
            let sign = format!("示{}", numeral(p));
            let id = format!("p{p:02}");
            let province = bureau(&id, &region, &sign, Level::Provincial, Some(&nation.id))?;
            share -= 1;
            families.push(vec![province.clone()]);
            above.push(vec![nation.clone()]);
            let mut c = 0;
            while share > 0 {
                c += 1;
                let members = share.min(1 + COUNTIES);
                share -= members;
                families.push(family(&id, (&region, &sign), c, members, &province)?);
                above.push(vec![nation.clone(), province.clone()]);
            }
        }
        let families = families.into_iter().zip(above).map(|(bureaus, above)| {
            let mut directory = Directory::default();
            let founded = above.iter().filter_map(|bureau| bureau.events.first());
            let own = bureaus.iter().flat_map(|bureau| &bureau.events);
            founded.chain(own).for_each(|event| directory.apply(event.clone()));
            Family { bureaus, directory: Arc::new(directory) }
        });
        Ok(Cast { families: families.collect() })
    }

    /// Everything to be recorded about it, superiors first.
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        let bureaus = || self.families.iter().flat_map(|family| &family.bureaus);
        let founded = bureaus().filter_map(|bureau| bureau.events.first());
        founded.chain(bureaus().flat_map(|bureau| bureau.events.iter().skip(1)))
    }

    pub(super) fn staff(&self) -> impl Iterator<Item = &StaffId> {
        let bureaus = self.families.iter().flat_map(|family| &family.bureaus);
        bureaus.flat_map(|bureau| bureau.heads.iter().chain(&bureau.clerks).chain(&bureau.handlers))
    }
}

fn family(
    province: &str,
    (region, sign): (&str, &str),
    c: usize,
    members: usize,
    above: &Bureau,
) -> Result<Vec<Bureau>, No> {
    let id = format!("{province}c{c:02}");
    let region = format!("{region}{}市", numeral(c));
    let sign = format!("{sign}省{}", numeral(c));
    let city = bureau(&id, &region, &sign, Level::Municipal, Some(&above.id))?;
    let counties = (1..members).map(|x| {
        let region = format!("{region}{}县", numeral(x));
        let sign = format!("{sign}市{}", numeral(x));
        bureau(&format!("{id}x{x:02}"), &region, &sign, Level::County, Some(&city.id))
    });
    let counties = counties.collect::<Result<Vec<_>, _>>()?;
    Ok([vec![city], counties].concat())
}

fn bureau(
    id: &str,
    region: &str,
    sign: &str,
    level: Level,
    superior: Option<&DepartmentId>,
) -> Result<Bureau, No> {
    let department = DepartmentId(id.to_owned());
    let name = format!("{region}保密局");
    let mut events = vec![Event::Founded(Department {
        id: department.clone(),
        name: text(&name)?,
        sign: text(&format!("{sign}{}保", level.label()))?,
        level,
        superior: superior.cloned(),
        region: text(region)?,
    })];
    let people: &[(&str, &str, &[Role])] = &[
        ("bing1", "丙一", &[Role::Head]),
        ("bing2", "丙二", &[Role::Deputy]),
        ("jia1", "甲一", &[Role::Clerk]),
        ("jia2", "甲二", &[Role::Clerk]),
        ("yi1", "乙一", &[Role::Handler]),
        ("yi2", "乙二", &[Role::Handler]),
        ("yi3", "乙三", &[Role::Handler]),
        ("yi4", "乙四", &[Role::Handler]),
    ];
    for (login, name, roles) in people {
        let handles = roles.contains(&Role::Handler);
        events.push(Event::Appointed(Staff {
            id: StaffId(format!("{id}-{login}")),
            name: text(name)?,
            department: department.clone(),
            roles: roles.iter().copied().collect(),
            credential: handles.then(|| text(&format!("示{id}{login}"))).transpose()?,
        }));
    }
    let of = |role: Role| {
        let has = people.iter().filter(move |(_, _, roles)| roles.contains(&role));
        has.map(|(login, ..)| StaffId(format!("{id}-{login}"))).collect::<Vec<_>>()
    };
    let units = units(id, region, level)?;
    let named = units.iter().map(|unit| (unit.id.clone(), unit.name.to_string())).collect();
    events.extend(units.into_iter().map(Event::UnitListed));
    Ok(Bureau {
        clerks: of(Role::Clerk),
        handlers: of(Role::Handler),
        heads: of(Role::Head),
        id: department,
        name,
        level,
        units: named,
        events,
    })
}

/// The units of a region; which kinds there are differs from region to region.
fn units(id: &str, region: &str, level: Level) -> Result<Vec<Unit>, No> {
    let start: usize = id.bytes().map(usize::from).sum();
    let kinds = KINDS.iter().cycle().skip(start % KINDS.len()).take(UNITS);
    let unit = |(n, (kind, category)): (usize, &(&str, UnitCategory))| {
        let category = match level {
            Level::National => UnitCategory::CentralOrgan,
            Level::Provincial => UnitCategory::ProvincialOrgan,
            Level::Municipal | Level::County => *category,
        };
        Ok(Unit {
            id: UnitId(format!("{id}-u{n}")),
            name: text(&format!("{region}样例{kind}"))?,
            category,
            region: text(region)?,
            superior: None,
        })
    };
    kinds.enumerate().map(unit).collect()
}

fn text(text: &str) -> Result<Text, No> {
    Text::new(text).map_err(|wrong| Denied::Malformed(format!("「{text}」{wrong}")).into())
}

/// A number from 1 to 99 in Chinese.
pub(super) fn numeral(number: usize) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |n: usize| DIGITS.get(n % 10).copied().unwrap_or_default();
    match (number / 10, number % 10) {
        (0, ones) => digit(ones).to_owned(),
        (1, ones) => format!("十{}", digit(ones)),
        (tens, ones) => format!("{}十{}", digit(tens), digit(ones)),
    }
}
