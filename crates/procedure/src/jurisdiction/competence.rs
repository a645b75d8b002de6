//! 管辖的判断. Which departments are competent for given facts, on which ground, and why the others are not (arts. 11–16).
//!
//! A function from facts and the tree of departments to reasons; it decides nothing about a dossier.
//! What the department that has the case does next is said beside it, by article.

use std::collections::{BTreeMap, BTreeSet};

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
    /// 承办部门: the department that has the case and asks what to do.
    #[serde(default)]
    pub holder: Option<String>,
    /// Whether it has the case by a transfer.
    #[serde(default)]
    pub received: bool,
    /// The departments of the same level with which it disputes.
    #[serde(default)]
    pub disputed_with: Vec<String>,
    /// Why it cannot handle the case though it is competent.
    #[serde(default)]
    pub cannot: Option<String>,
    /// Why a central organ holds a unit of its system to be unsuitable for local handling.
    #[serde(default)]
    pub unsuitable: Option<String>,
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
    by_name: BTreeMap<String, usize>,
    by_region: BTreeMap<String, usize>,
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

/// What the facts come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// What is said of every department that the facts touch, the lowest first.
    pub opinions: Vec<Opinion>,
    /// What the department that has the case does next.
    pub advice: Vec<Reason>,
}

impl Tree {
    /// The tree of these departments, or what is wrong with it, in Chinese.
    pub fn new(departments: Vec<Department>) -> Result<Tree, String> {
        let (mut by_name, mut by_region) = (BTreeMap::new(), BTreeMap::new());
        let mut levels = BTreeSet::new();
        for (department, i) in departments.iter().zip(0..) {
            if by_name.insert(department.name.clone(), i).is_some() {
                return Err(format!("部门「{}」列了两次", department.name));
            }
            if !levels.insert((&department.region, department.level)) {
                return Err(format!("「{}」有两个同级部门", department.region));
            }
            by_region.entry(department.region.clone()).or_insert(i);
        }
        let tree = Tree { departments, by_name, by_region };
        tree.departments.iter().try_for_each(|department| tree.check_ends(department))?;
        tree.departments.iter().try_for_each(|department| tree.check_level(department))?;
        Ok(tree)
    }

    fn check_ends(&self, department: &Department) -> Result<(), String> {
        let mut seen = BTreeSet::from([&department.name]);
        let mut at = department;
        while let Some(name) = &at.superior {
            let superior = self
                .department(name)
                .ok_or_else(|| format!("「{}」的上一级部门「{name}」没有列出", at.name))?;
            if !seen.insert(&superior.name) {
                return Err(format!("「{}」的上级关系成环，无从判断", department.name));
            }
            at = superior;
        }
        Ok(())
    }

    fn check_level(&self, department: &Department) -> Result<(), String> {
        let superior = department.superior.as_ref().and_then(|name| self.department(name));
        match superior.filter(|superior| superior.level >= department.level) {
            None => Ok(()),
            Some(superior) => {
                let (name, superior) = (&department.name, &superior.name);
                Err(format!("「{name}」的上一级部门「{superior}」级别不高于它"))
            }
        }
    }

    /// The department with this name.
    pub fn department(&self, name: &str) -> Option<&Department> {
        self.departments.get(*self.by_name.get(name)?)
    }

    fn named(&self, name: &str) -> Result<&Department, String> {
        self.department(name).ok_or_else(|| format!("没有「{name}」这一部门"))
    }

    /// The department of a region.
    fn of_region(&self, region: &str) -> Result<&Department, String> {
        let found = self.by_region.get(region).and_then(|i| self.departments.get(*i));
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
        if let Some(provinces) = several(tree, facts, Level::Provincial, |_| true)? {
            add(2, format!("涉及{provinces}个省（自治区、直辖市）"));
        }
        if facts.magnitude == Some(Magnitude::Nationwide) {
            add(3, "属于全国范围内重大、复杂案件".to_owned());
        }
    }
    grounds.extend(provincial(tree, facts)?);
    Ok(grounds)
}

/// How many departments of a level the acts or the units are spread over, if over several of those counted.
///
/// That an act happened elsewhere than the unit is, is what art. 11 is about, and makes no case of several regions (reading 12-2).
fn several<'a>(
    tree: &'a Tree,
    facts: &Facts,
    level: Level,
    counts: impl Fn(&'a Department) -> bool,
) -> Result<Option<usize>, String> {
    let places: Vec<_> = facts.places.iter().map(String::as_str).collect();
    let units: Vec<_> = facts.units.iter().map(|unit| unit.region.as_str()).collect();
    let count = |regions| -> Result<usize, String> {
        let names = spread(tree, regions, level)?.into_iter();
        Ok(names.filter_map(|name| tree.department(name)).filter(|d| counts(d)).count())
    };
    let most = count(&places)?.max(count(&units)?);
    Ok(Some(most).filter(|most| *most > 1))
}

fn provincial(tree: &Tree, facts: &Facts) -> Result<Vec<Higher>, String> {
    let mut grounds = Vec::new();
    let mut add = |item, province: &Department, text| {
        let basis = clause(13).item(item);
        grounds.push(Higher { basis, department: province.name.clone(), text });
    };
    for unit in facts.units.iter().filter(|unit| is_provincial(unit.category)) {
        let Unit { name, category, region, superior } = unit;
        let province = tree
            .at_level(region, Level::Provincial)?
            .ok_or_else(|| format!("「{name}」是{category}，但其所在地没有省级部门，无从判断"))?;
        match (category, superior) {
            (UnitCategory::CentralBranch, Some(superior)) => {
                add(3, province, format!("「{name}」是{superior}设在本省的直属机构"));
            }
            (UnitCategory::CentralBranch, None) => {
                return Err(format!("「{name}」是中央和国家机关的直属机构，须写明其上级"));
            }
            _ => add(1, province, format!("「{name}」是{category}")),
        }
    }
    let units: Vec<_> = facts.units.iter().map(|unit| unit.region.as_str()).collect();
    let places: Vec<_> = facts.places.iter().map(String::as_str).collect();
    let happened = if places.is_empty() { &units } else { &places };
    let regions: Vec<_> = places.iter().chain(&units).copied().collect();
    for name in spread(tree, &regions, Level::Provincial)? {
        let Some(province) = tree.department(name) else { continue };
        let here = |city: &Department| tree.chain(city).contains(&province);
        if let Some(cities) = several(tree, facts, Level::Municipal, here)? {
            add(2, province, format!("涉及本行政区域内{cities}个市（地、州、盟）"));
        }
    }
    for name in spread(tree, happened, Level::Provincial)? {
        let Some(province) = tree.department(name) else { continue };
        if facts.several_bodies {
            add(2, province, "涉及本行政区域内多个部门".to_owned());
        }
        if facts.magnitude == Some(Magnitude::Province) {
            add(4, province, "属于本辖区内重大、复杂案件".to_owned());
        }
    }
    Ok(grounds)
}

/// Whether art. 13 speaks of units of this category.
fn is_provincial(category: UnitCategory) -> bool {
    use UnitCategory::{CentralBranch, ProvincialBranch, ProvincialOrgan};
    matches!(category, ProvincialOrgan | ProvincialBranch | CentralBranch)
}

/// Which departments are competent, and what the one that has the case does next.
pub fn answer(tree: &Tree, facts: &Facts) -> Result<Answer, String> {
    let opinions = competent(tree, facts)?;
    let advice = advice(tree, facts, &opinions)?;
    Ok(Answer { opinions, advice })
}

/// What is to be said of every department that the facts touch, the lowest first.
pub fn competent(tree: &Tree, facts: &Facts) -> Result<Vec<Opinion>, String> {
    if facts.places.is_empty() && facts.units.is_empty() && facts.residences.is_empty() {
        return Err("没有写明泄密行为发生地、有关机关、单位或者案件当事人居住地".to_owned());
    }
    let named = || facts.designated.iter().chain(&facts.special).chain(&facts.organised);
    let others = || named().chain(&facts.holder).chain(&facts.disputed_with);
    for name in others() {
        tree.named(name)?;
    }
    let higher = higher(tree, facts)?;
    let mut touched = Vec::new();
    let units = facts.units.iter().map(|unit| &unit.region);
    for region in facts.places.iter().chain(units).chain(&facts.residences) {
        touched.extend(tree.chain(tree.of_region(region)?));
    }
    touched.extend(others().filter_map(|name| tree.department(name)));
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
        by_rank(tree, facts, higher, department, &mut grounds, &mut against);
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
            let mut text = format!("{}，但没有更便于查处工作开展的理由", elsewhere.join("，"));
            if facts.places.is_empty() {
                text.push_str("；泄密行为发生地没有写明");
            }
            against.push(Reason { basis, text });
        }
        None => {}
    }
    Ok(())
}

/// Arts. 12 and 13: what belongs to a higher department, and what that leaves to the others.
fn by_rank(
    tree: &Tree,
    facts: &Facts,
    higher: &[Higher],
    department: &Department,
    grounds: &mut Vec<Reason>,
    against: &mut Vec<Reason>,
) {
    let name = &department.name;
    let own: Vec<_> = higher.iter().filter(|ground| ground.department == *name).collect();
    let organised = facts.organised.contains(name);
    let first = higher.first().filter(|_| own.is_empty() || department.level != Level::Provincial);
    let first = first.or(higher.first().filter(|first| first.basis.article == 12));
    let below = |first: &Higher| {
        tree.chain(department).iter().skip(1).any(|above| above.name == first.department)
    };
    // The highest ground decides; what lies above the department that it names is not meant.
    let first = first.filter(|first| first.department != *name);
    if let Some(first) = first.filter(|_| department.level != Level::National) {
        let (by, why) = (&first.department, &first.text);
        let text = if organised {
            against.clear();
            format!("「{by}」书面组织本部门查处：{why}")
        } else if below(first) {
            format!("由「{by}」依法调查或者组织、督促查处：{why}；没有其书面组织，本部门不能立案")
        } else {
            format!("由「{by}」依法调查或者组织、督促查处：{why}")
        };
        let reason = Reason { basis: first.basis, text };
        if organised {
            grounds.push(reason)
        } else {
            against.push(reason)
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

/// What the department that has the case does next (arts. 11 ¶2, 14, 15 and 16).
fn advice(tree: &Tree, facts: &Facts, opinions: &[Opinion]) -> Result<Vec<Reason>, String> {
    let Some(holder) = facts.holder.as_deref().map(|name| tree.named(name)).transpose()? else {
        return Ok(Vec::new());
    };
    let mut advice = Vec::new();
    let mut add = |basis: Clause, text: String| advice.push(Reason { basis, text });
    let competent: Vec<_> = opinions.iter().filter(|opinion| opinion.competent).collect();
    let others: Vec<_> =
        competent.iter().filter(|o| o.department != holder.name).map(|o| &o.department).collect();
    let is_competent = competent.iter().any(|opinion| opinion.department == holder.name);
    let next = tree.chain(holder).get(1).map(|next| next.name.clone());
    match (&facts.designated, is_competent) {
        (Some(_), true) => {
            add(clause(15).paragraph(2), "由本部门查处，不得再移送".to_owned());
        }
        (Some(designated), false) => {
            let text = format!(
                "收到书面通知的当日将案卷材料移送「{designated}」，并书面通知有关机关、单位"
            );
            add(clause(15).paragraph(2), text);
        }
        (None, true) => keep(tree, facts, holder, &competent, &mut add),
        (None, false) if facts.special.is_some() => {
            let to = facts.special.as_deref().unwrap_or_default();
            let text = format!("国家保密行政管理部门已经决定，自决定之日起7个工作日内移送「{to}」");
            add(clause(16).paragraph(1), text);
        }
        (None, false) if others.is_empty() && facts.places.is_empty() => {
            let text = "泄密行为发生地没有写明，查明后再判断管辖".to_owned();
            add(clause(11).paragraph(1), text);
        }
        (None, false) if facts.received => {
            let text = match &next {
                Some(next) => format!("有异议的，报请上一级「{next}」指定管辖，不得再自行移送"),
                None => "有异议的，由本部门在下级部门中指定管辖，不得再自行移送".to_owned(),
            };
            add(clause(16).paragraph(2), text);
        }
        (None, false) => {
            let to: Vec<_> = others.iter().map(|name| format!("「{name}」")).collect();
            let text = format!("自发现之日起7个工作日内移送{}", to.join("或者"));
            add(clause(16).paragraph(1), text);
        }
    }
    if facts.designated.is_none() {
        dispute(tree, facts, holder, &mut add)?;
        let is_reserved = facts.special.is_some();
        if let Some(reason) = facts.unsuitable.as_ref().filter(|_| !is_reserved) {
            let text = format!(
                "中央和国家机关认为不宜由地方查处（{reason}）的，可以向国家保密行政管理部门提交书面材料说明理由，由其决定；决定以前，管辖不变"
            );
            add(clause(14), text);
        }
        if facts.magnitude.is_some() && next.is_some() {
            let text = "重大、复杂的泄密案件，上级保密行政管理部门可以指定管辖".to_owned();
            add(clause(15).paragraph(1), text);
        }
        if let Some((reason, next)) = facts.cannot.as_ref().zip(next).filter(|_| is_competent) {
            let text = format!("因{reason}不能查处，可以报请上一级「{next}」指定管辖");
            add(clause(15).paragraph(1), text);
        }
    }
    Ok(advice)
}

/// A competent department keeps the case; it may hand it over where that is easier.
fn keep(
    tree: &Tree,
    facts: &Facts,
    holder: &Department,
    competent: &[&Opinion],
    add: &mut impl FnMut(Clause, String),
) {
    let mine = competent.iter().find(|opinion| opinion.department == holder.name);
    let ground = mine.and_then(|opinion| opinion.grounds.last());
    let basis = ground.map_or(clause(11).paragraph(1), |ground| ground.basis);
    let others = competent.iter().filter(|opinion| opinion.department != holder.name);
    let others: Vec<_> = others.map(|opinion| format!("「{}」", opinion.department)).collect();
    // Who is competent by arts. 12 to 14, or organised to act, shares that with nobody.
    let also = match others.is_empty() || basis.article != 11 {
        true => String::new(),
        false => format!("；{}也有管辖权，由先受理的部门管辖", others.join("、")),
    };
    add(basis, format!("由本部门办理{also}"));
    let is_here = |region: &String| {
        tree.of_region(region).is_ok_and(|department| tree.chain(department).contains(&holder))
    };
    let act_is_here = facts.places.iter().any(is_here);
    let elsewhere = facts.units.iter().map(|unit| &unit.region).chain(&facts.residences);
    let to: BTreeSet<_> = elsewhere
        .filter(|region| !is_here(region))
        .filter_map(|region| tree.of_region(region).ok())
        .filter(|there| competent.iter().any(|opinion| opinion.department == there.name))
        .map(|there| format!("「{}」", there.name))
        .collect();
    if act_is_here && facts.easier.is_some() && !to.is_empty() {
        let to: Vec<_> = to.into_iter().collect();
        let text = format!(
            "可以移交{}；移交前应当及时收集证据，移交后配合开展调查取证工作",
            to.join("或者")
        );
        add(clause(11).paragraph(2), text);
    }
}

/// Departments of one level that dispute consult, then ask a superior of all of them.
fn dispute(
    tree: &Tree,
    facts: &Facts,
    holder: &Department,
    add: &mut impl FnMut(Clause, String),
) -> Result<(), String> {
    if facts.disputed_with.is_empty() {
        return Ok(());
    }
    let mut common = tree.chain(holder);
    for name in &facts.disputed_with {
        let other = tree.named(name)?;
        if other.level != holder.level || other == holder {
            return Err(format!(
                "「{name}」不是与「{}」同级的其他部门，不发生管辖权争议",
                holder.name
            ));
        }
        let chain = tree.chain(other);
        common.retain(|superior| chain.contains(superior));
    }
    let with: Vec<_> = facts.disputed_with.iter().map(|name| format!("「{name}」")).collect();
    let Some(common) = common.first() else {
        return Err(format!("「{}」与{}没有共同的上级", holder.name, with.join("、")));
    };
    let text = format!(
        "与{}本着有利于开展查处工作的原则协商解决，必要时报请共同的上级「{}」指定管辖",
        with.join("、"),
        common.name
    );
    add(clause(15).paragraph(1), text);
    Ok(())
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for opinion in &self.opinions {
            let word = if opinion.competent { "有管辖权" } else { "没有管辖权" };
            writeln!(f, "{}：{word}", opinion.department)?;
            let reasons = if opinion.competent { &opinion.grounds } else { &opinion.against };
            reasons.iter().try_for_each(|reason| writeln!(f, "　　{reason}"))?;
        }
        if !self.advice.is_empty() {
            writeln!(f, "承办部门：")?;
        }
        self.advice.iter().try_for_each(|reason| writeln!(f, "　　{reason}"))
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}　{}", self.basis, self.text)
    }
}
