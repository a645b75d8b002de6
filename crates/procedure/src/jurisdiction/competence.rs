//! 管辖的判断. Which departments are competent for given facts, on which ground, and why the others are not (arts. 11–16).
//!
//! A function from facts and the tree of departments to reasons; it decides nothing about a dossier.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    directory::{Level, UnitCategory},
    law::{Clause, clause},
    value::choice,
};

choice! {
    /// 重大、复杂的范围.
    Magnitude {
        Nationwide = "nationwide", "全国范围内重大、复杂";
        Province = "province", "本辖区内重大、复杂";
    }
}

/// 管辖事实. What competence is judged on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// 泄密行为发生地: regions.
    #[serde(default)]
    pub places: Vec<String>,
    /// 有关机关、单位.
    #[serde(default)]
    pub units: Vec<Unit>,
    /// 案件当事人居住地: regions.
    #[serde(default)]
    pub residences: Vec<String>,
    /// 重大、复杂的范围.
    #[serde(default)]
    pub magnitude: Option<Magnitude>,
    /// Whether several bodies of one province are concerned.
    #[serde(default)]
    pub several_bodies: bool,
    /// Why handling at the place of a unit or of a party's residence is easier.
    #[serde(default)]
    pub easier: Option<String>,
    /// 国家保密行政管理部门根据第十四条的决定: the department that handles.
    #[serde(default)]
    pub special: Option<String>,
    /// 指定管辖: the department designated.
    #[serde(default)]
    pub designated: Option<String>,
    /// Lower departments that the competent superior organises to act, in writing.
    #[serde(default)]
    pub organised: Vec<String>,
}

/// A unit concerned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// 名称.
    pub name: String,
    /// 类别.
    pub category: UnitCategory,
    /// 所在地.
    pub region: String,
    /// 上级主管部门.
    #[serde(default)]
    pub superior: Option<String>,
}

/// A department as competence sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// 名称, by which it is referred to.
    pub name: String,
    /// 级别.
    pub level: Level,
    /// 行政区域.
    pub region: String,
    /// 上一级部门.
    #[serde(default)]
    pub superior: Option<String>,
}

/// 部门层级. The tree of departments, whose regions lie in those of their superiors.
#[derive(Debug)]
pub struct Tree {
    departments: Vec<Department>,
}

/// What is said of one department.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Opinion {
    /// The department.
    pub department: String,
    /// Whether it is competent.
    pub competent: bool,
    /// What speaks for it.
    pub grounds: Vec<Reason>,
    /// What speaks against it.
    pub against: Vec<Reason>,
}

/// One reason, with its clause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reason {
    /// The clause.
    pub basis: Clause,
    /// In Chinese.
    pub text: String,
}

impl Tree {
    /// The tree of these departments, or what is wrong with it, in Chinese.
    pub fn new(departments: Vec<Department>) -> Result<Tree, String> {
        let mut names = BTreeSet::new();
        let mut regions = BTreeSet::new();
        for department in &departments {
            if !names.insert(&department.name) {
                return Err(format!("部门「{}」列了两次", department.name));
            }
            if !regions.insert((&department.region, department.level)) {
                return Err(format!("「{}」有两个同级部门", department.region));
            }
        }
        let tree = Tree { departments };
        for department in &tree.departments {
            tree.check(department)?;
        }
        Ok(tree)
    }

    fn check(&self, department: &Department) -> Result<(), String> {
        let mut seen = BTreeSet::from([&department.name]);
        let mut at = department;
        while let Some(name) = &at.superior {
            let superior = self
                .department(name)
                .ok_or_else(|| format!("「{}」的上一级部门「{name}」没有列出", at.name))?;
            if !seen.insert(&superior.name) {
                return Err(format!("「{}」的上级关系成环，无从判断", department.name));
            }
            if superior.level >= at.level {
                return Err(format!("「{}」的上一级部门「{name}」级别不高于它", at.name));
            }
            at = superior;
        }
        Ok(())
    }

    fn department(&self, name: &str) -> Option<&Department> {
        self.departments.iter().find(|department| department.name == name)
    }

    /// The department of a region.
    fn of_region(&self, region: &str) -> Result<&Department, String> {
        let found = self.departments.iter().find(|department| department.region == region);
        found.ok_or_else(|| format!("没有负责「{region}」的部门，请核对地区"))
    }

    /// A department and all above it.
    fn chain<'a>(&'a self, department: &'a Department) -> Vec<&'a Department> {
        let above = |below: &&'a Department| self.department(below.superior.as_ref()?);
        std::iter::successors(Some(department), above).collect()
    }

    fn at_level<'a>(
        &'a self,
        region: &str,
        level: Level,
    ) -> Result<Option<&'a Department>, String> {
        let chain = self.chain(self.of_region(region)?);
        Ok(chain.into_iter().find(|department| department.level == level))
    }
}

/// Where several things lie, by the departments of one level.
fn spread<'a>(tree: &'a Tree, regions: &[&str], level: Level) -> Result<BTreeSet<&'a str>, String> {
    let mut names = BTreeSet::new();
    for region in regions {
        names.extend(tree.at_level(region, level)?.map(|department| department.name.as_str()));
    }
    Ok(names)
}

/// A ground on which a higher department is competent (arts. 12 and 13).
#[derive(Clone, Debug, PartialEq)]
pub struct Higher {
    /// 第十二条 or 第十三条, with the item.
    pub basis: Clause,
    /// The department.
    pub department: String,
    /// In Chinese.
    pub text: String,
}

/// Every ground of arts. 12 and 13 that the facts give, those of the national department first.
pub fn higher(tree: &Tree, facts: &Facts) -> Result<Vec<Higher>, String> {
    let units = facts.units.iter().map(|unit| unit.region.as_str());
    let regions: Vec<_> = facts.places.iter().map(String::as_str).chain(units).collect();
    let mut grounds = Vec::new();
    let national = tree.departments.iter().find(|department| department.level == Level::National);
    if let Some(national) = national {
        let mut add = |item, text| {
            let basis = clause(12).item(item);
            grounds.push(Higher { basis, department: national.name.clone(), text });
        };
        for unit in facts.units.iter().filter(|unit| unit.category == UnitCategory::CentralOrgan) {
            add(1, format!("「{}」是中央和国家机关", unit.name));
        }
        let provinces = spread(tree, &regions, Level::Provincial)?;
        if provinces.len() > 1 {
            add(2, format!("涉及{}个省（自治区、直辖市）", provinces.len()));
        }
        if facts.magnitude == Some(Magnitude::Nationwide) {
            add(3, "属于全国范围内重大、复杂案件".to_owned());
        }
    }
    grounds.extend(provincial(tree, facts, &regions)?);
    Ok(grounds)
}

fn provincial(tree: &Tree, facts: &Facts, regions: &[&str]) -> Result<Vec<Higher>, String> {
    let mut grounds = Vec::new();
    for province in spread(tree, regions, Level::Provincial)? {
        let mut add = |item, text| {
            let basis = clause(13).item(item);
            grounds.push(Higher { basis, department: province.to_owned(), text });
        };
        for unit in &facts.units {
            let here = tree.at_level(&unit.region, Level::Provincial)?;
            if here.is_none_or(|here| here.name != province) {
                continue;
            }
            match unit.category {
                UnitCategory::ProvincialOrgan => add(1, format!("「{}」是省级机关", unit.name)),
                UnitCategory::ProvincialBranch => {
                    add(1, format!("「{}」是省（自治区、直辖市）直属机关", unit.name));
                }
                UnitCategory::CentralBranch => {
                    let superior = unit.superior.as_deref().ok_or_else(|| {
                        format!("「{}」是中央和国家机关的直属机构，须写明其上级", unit.name)
                    })?;
                    add(3, format!("「{}」是{superior}设在本省的直属机构", unit.name));
                }
                _ => {}
            }
        }
        let mut cities = BTreeSet::new();
        for region in regions {
            if tree.at_level(region, Level::Provincial)?.is_some_and(|p| p.name == province) {
                let city = tree.at_level(region, Level::Municipal)?;
                cities.extend(city.map(|city| city.name.as_str()));
            }
        }
        if cities.len() > 1 {
            add(2, format!("涉及本行政区域内{}个市（地、州、盟）", cities.len()));
        } else if facts.several_bodies {
            add(2, "涉及本行政区域内多个部门".to_owned());
        }
        if facts.magnitude == Some(Magnitude::Province) {
            add(4, "属于本辖区内重大、复杂案件".to_owned());
        }
    }
    Ok(grounds)
}

/// What is to be said of every department that the facts touch, the lowest first.
pub fn competent(tree: &Tree, facts: &Facts) -> Result<Vec<Opinion>, String> {
    if facts.places.is_empty() && facts.units.is_empty() && facts.residences.is_empty() {
        return Err("没有写明泄密行为发生地、有关机关、单位或者案件当事人居住地".to_owned());
    }
    for name in facts.designated.iter().chain(&facts.special).chain(&facts.organised) {
        tree.department(name).ok_or_else(|| format!("没有「{name}」这一部门"))?;
    }
    let higher = higher(tree, facts)?;
    let mut touched = Vec::new();
    let units = facts.units.iter().map(|unit| &unit.region);
    for region in facts.places.iter().chain(units).chain(&facts.residences) {
        touched.extend(tree.chain(tree.of_region(region)?));
    }
    let named = facts.designated.iter().chain(&facts.special).chain(&facts.organised);
    touched.extend(named.filter_map(|name| tree.department(name)));
    touched.extend(higher.iter().filter_map(|ground| tree.department(&ground.department)));
    touched.sort_by(|one, other| other.level.cmp(&one.level).then(one.name.cmp(&other.name)));
    touched.dedup();
    touched.into_iter().map(|department| opinion(tree, facts, &higher, department)).collect()
}

fn opinion(
    tree: &Tree,
    facts: &Facts,
    higher: &[Higher],
    department: &Department,
) -> Result<Opinion, String> {
    let mut grounds = Vec::new();
    let mut against = Vec::new();
    let name = &department.name;
    if let Some(designated) = &facts.designated {
        let basis = clause(15).paragraph(2);
        match designated == name {
            true => {
                grounds.push(Reason { basis, text: "上级已指定由本部门管辖".to_owned() })
            }
            false => against
                .push(Reason {
                    basis, text: format!("上级已指定由「{designated}」管辖")
                }),
        }
    } else if let Some(special) = &facts.special {
        let basis = clause(14);
        match special == name {
            true => {
                let text = "国家保密行政管理部门决定由本部门查处".to_owned();
                grounds.push(Reason { basis, text });
            }
            false => {
                let text = format!("国家保密行政管理部门决定由「{special}」查处");
                against.push(Reason { basis, text });
            }
        }
    } else {
        by_place(tree, facts, department, &mut grounds, &mut against)?;
        by_rank(facts, higher, department, &mut grounds, &mut against);
    }
    Ok(Opinion { department: name.clone(), competent: against.is_empty(), grounds, against })
}

/// Art. 11: the place of the act, or where that is easier the place of a unit or of a residence.
fn by_place(
    tree: &Tree,
    facts: &Facts,
    department: &Department,
    grounds: &mut Vec<Reason>,
    against: &mut Vec<Reason>,
) -> Result<(), String> {
    let basis = clause(11).paragraph(1);
    let within = |region: &String| -> Result<bool, String> {
        Ok(tree.chain(tree.of_region(region)?).contains(&department))
    };
    if department.level == Level::National {
        return Ok(());
    }
    for place in &facts.places {
        if within(place)? {
            grounds.push(Reason {
                basis, text: format!("泄密行为发生地「{place}」在本行政区域")
            });
        }
    }
    let mut elsewhere = Vec::new();
    for unit in &facts.units {
        if within(&unit.region)? {
            elsewhere.push(format!("「{}」所在地「{}」在本行政区域", unit.name, unit.region));
        }
    }
    for residence in &facts.residences {
        if within(residence)? {
            elsewhere.push(format!("案件当事人居住地「{residence}」在本行政区域"));
        }
    }
    match &facts.easier {
        Some(reason) => {
            let easier = |text| Reason {
                basis,
                text: format!("{text}，由本部门管辖更便于查处：{reason}"),
            };
            grounds.extend(elsewhere.into_iter().map(easier));
        }
        None if grounds.is_empty() && !elsewhere.is_empty() => {
            let text = format!("{}，但没有更便于查处工作开展的理由", elsewhere.join("，"));
            against.push(Reason { basis, text });
        }
        None => {}
    }
    Ok(())
}

/// Arts. 12 and 13: what belongs to a higher department, and what that leaves to the others.
fn by_rank(
    facts: &Facts,
    higher: &[Higher],
    department: &Department,
    grounds: &mut Vec<Reason>,
    against: &mut Vec<Reason>,
) {
    let own: Vec<_> = higher.iter().filter(|ground| ground.department == department.name).collect();
    let organised = facts.organised.contains(&department.name);
    // The highest ground decides; several provinces with grounds of their own are the nation's.
    if let Some(first) = higher.first().filter(|first| first.department != department.name) {
        let reason = Reason {
            basis: first.basis,
            text: match organised {
                true => format!("由「{}」书面组织本部门查处（{}）", first.department, first.text),
                false => format!("由「{}」管辖：{}", first.department, first.text),
            },
        };
        if organised {
            against.clear();
            grounds.push(reason);
        } else {
            against.push(reason);
        }
        return;
    }
    if !own.is_empty() {
        against.clear();
    }
    grounds.extend(own.iter().map(|g| Reason { basis: g.basis, text: g.text.clone() }));
    if grounds.is_empty() && against.is_empty() {
        let national = department.level == Level::National;
        let (basis, text) = match national {
            true => (clause(12), "不属于国家保密行政管理部门依法调查或者组织、督促查处的案件"),
            false => (
                clause(11).paragraph(1),
                "泄密行为发生地、有关机关、单位所在地、案件当事人居住地都不在本行政区域",
            ),
        };
        against.push(Reason { basis, text: text.to_owned() });
    }
}
