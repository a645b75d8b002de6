//! 管辖事实. What competence is judged on in a dossier, and what follows where the department is not competent (arts. 11–14, 16, 29-2).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    Event,
    competence::{self, Facts, Magnitude, Tree, Unit},
};
use crate::{
    check::{Check, Refusal, refusals},
    directory::{Directory, Level},
    dossier::{self, At, Dossier},
    law::{Clause, clause},
    step::{Form, Relation, Rule, Step, form},
    value::{DepartmentId, LongText, Text},
};

const ANYONE: &[Relation] = &[Relation::Clerk, Relation::Handler, Relation::Head];

/// 认定管辖事实.
pub const STATE_FACTS: Step = Step::of::<StateFacts>(
    "state_jurisdiction_facts",
    "认定管辖事实",
    &[clause(11).paragraph(1), clause(12), clause(13)],
    ANYONE,
)
.decision();

/// 发现不属于本部门管辖.
pub const FIND_NOT_COMPETENT: Step = Step::of::<FindNotCompetent>(
    "find_not_competent",
    "发现不属于本部门管辖",
    &[clause(16).paragraph(1)],
    ANYONE,
)
.on_day("发现日期")
.decision();

refusals! {
    REGIONS_KNOWN = "jurisdiction.regions_known", [clause(11).paragraph(1)],
        "所列地区、单位无从判断管辖",
        "核对地区名称和单位的上级主管部门",
        "所列地区、单位足以判断管辖";
    IS_NOT_COMPETENT = "jurisdiction.is_not_competent", [clause(16).paragraph(1)],
        "按认定的管辖事实，本部门有管辖权",
        "管辖事实有误的，重新认定；有争议的，报请指定管辖",
        "按认定的管辖事实，本部门没有管辖权";
    FOUND_ONCE = "jurisdiction.found_once", [clause(16).paragraph(1)],
        "已经记录发现不属于本部门管辖",
        "移送有管辖权的部门",
        "没有记录过发现不属于本部门管辖";
    NOT_OF_CENTRAL_ORGANS = "jurisdiction.not_of_central_organs", [clause(29).item(2), clause(12).item(1)],
        "中央和国家机关发生的案件，由国家保密行政管理部门管辖",
        "移送国家保密行政管理部门；由其书面组织本部门查处的，记录后办理",
        "不是中央和国家机关发生的案件，或者已由国家保密行政管理部门书面组织本部门查处";
    NOT_OF_SEVERAL_PROVINCES = "jurisdiction.not_of_several_provinces", [clause(29).item(2), clause(12).item(2)],
        "涉及多个省（自治区、直辖市）的案件，由国家保密行政管理部门管辖",
        "移送国家保密行政管理部门；由其书面组织本部门查处的，记录后办理",
        "案件不涉及多个省（自治区、直辖市），或者已由国家保密行政管理部门书面组织本部门查处";
    NOT_MAJOR_NATIONWIDE = "jurisdiction.not_major_nationwide", [clause(29).item(2), clause(12).item(3)],
        "全国范围内重大、复杂案件，由国家保密行政管理部门管辖",
        "移送国家保密行政管理部门；由其书面组织本部门查处的，记录后办理",
        "不是全国范围内重大、复杂案件，或者已由国家保密行政管理部门书面组织本部门查处";
    NOT_OF_PROVINCIAL_ORGANS = "jurisdiction.not_of_provincial_organs", [clause(29).item(2), clause(13).item(1)],
        "省级机关及省（自治区、直辖市）直属机关发生的案件，由省级保密行政管理部门管辖",
        "移送省级保密行政管理部门；由其书面组织本部门查处的，记录后办理",
        "不是省级机关及省（自治区、直辖市）直属机关发生的案件，或者已由省级保密行政管理部门书面组织本部门查处";
    NOT_OF_SEVERAL_CITIES = "jurisdiction.not_of_several_cities", [clause(29).item(2), clause(13).item(2)],
        "涉及本省多个市（地、州、盟）或者部门的案件，由省级保密行政管理部门管辖",
        "移送省级保密行政管理部门；由其书面组织本部门查处的，记录后办理",
        "案件不涉及本省多个市（地、州、盟）或者部门，或者已由省级保密行政管理部门书面组织本部门查处";
    NOT_OF_CENTRAL_BRANCHES = "jurisdiction.not_of_central_branches", [clause(29).item(2), clause(13).item(3)],
        "中央和国家机关设在省的直属机构发生的案件，由省级保密行政管理部门管辖",
        "移送省级保密行政管理部门；由其书面组织本部门查处的，记录后办理",
        "不是中央和国家机关设在省的直属机构发生的案件，或者已由省级保密行政管理部门书面组织本部门查处";
    NOT_MAJOR_IN_PROVINCE = "jurisdiction.not_major_in_province", [clause(29).item(2), clause(13).item(4)],
        "省内重大、复杂案件，由省级保密行政管理部门管辖",
        "移送省级保密行政管理部门；由其书面组织本部门查处的，记录后办理",
        "不是省内重大、复杂案件，或者已由省级保密行政管理部门书面组织本部门查处";
    PLACE_IS_HERE = "jurisdiction.place_is_here", [clause(29).item(2), clause(11).paragraph(1)],
        "泄密行为发生地不在本行政区域，也没有由本部门管辖更便于查处的理由",
        "移送泄密行为发生地保密行政管理部门；更便于查处的，在管辖事实中写明理由",
        "泄密行为发生地在本行政区域，或者由本部门管辖更便于查处，写明了理由";
    NOT_RESERVED_BY_NATION = "jurisdiction.not_reserved_by_nation", [clause(29).item(2), clause(14)],
        "国家保密行政管理部门已经决定由其他部门查处",
        "移送决定的部门",
        "国家保密行政管理部门没有决定由其他部门查处";
    NOT_DESIGNATED_AWAY = "jurisdiction.not_designated_away", [clause(29).item(2), clause(15).paragraph(2)],
        "上级已经指定由其他部门管辖",
        "立即将案卷材料移送被指定管辖的部门",
        "上级没有指定由其他部门管辖";
}

form! {
    /// 认定管辖事实. Where it happened, who is concerned, how grave it is; a later statement replaces an earlier one.
    StateFacts / StateFactsDraft {
        places: Vec<Text> = "泄密行为发生地", "行政区域名称，与部门的行政区域一致";
        residences: Vec<Text> = "案件当事人居住地", "行政区域名称";
        magnitude: Option<Magnitude> = "重大、复杂的范围", "不属于重大、复杂的不选";
        bodies: Option<LongText> = "涉及本省多个部门的情形", "没有的不填";
        easier: Option<LongText> = "由单位所在地或者居住地管辖更便于查处的理由", "由泄密行为发生地管辖的不填";
    }
}

impl Rule for StateFacts {
    fn judge(draft: StateFactsDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let form = Self::complete(draft);
        let facts = form.as_ref().map(|form| facts(at.dossier, &at.setting.directory, Some(form)));
        let judged = facts.map(|facts| {
            let tree = tree(&at.setting.directory, &facts);
            tree.and_then(|tree| competence::competent(&tree, &facts))
        });
        match judged {
            Some(Err(wrong)) => check.of(wrong).that(false, &REGIONS_KNOWN),
            judged => check.that(judged.map(|judged| judged.is_ok()), &REGIONS_KNOWN),
        }
        Some(Event::FactsStated(form?).into())
    }
}

form! {
    /// 发现不属于本部门管辖. From that day on the case is to be transferred within 7 working days.
    FindNotCompetent / FindNotCompetentDraft {
        reason: LongText = "不属于本部门管辖的理由";
        department: Option<DepartmentId> = "有管辖权的保密行政管理部门", "应由其他部门处理的，写在理由中";
    }
}

impl Rule for FindNotCompetent {
    fn judge(
        draft: FindNotCompetentDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let state = &at.dossier.jurisdiction;
        check.that(!state.is_bound(), &super::transfer::DESIGNATION_BINDS);
        check.that(state.open_finding().is_none(), &FOUND_ONCE);
        // Only stated facts can show that the department is competent after all.
        let stated = state.facts.is_some();
        let competent = stated && against_owner(at.dossier, &at.setting.directory).is_empty();
        check.that(!competent, &IS_NOT_COMPETENT);
        Some(Event::NotCompetent(Self::complete(draft)?).into())
    }
}

/// The part of the tree of departments that facts speak of: with thousands of departments, the rest would only cost time.
pub fn tree(directory: &Directory, facts: &Facts) -> Result<Tree, String> {
    let regions = facts.units.iter().map(|unit| &unit.region);
    let regions: BTreeSet<&str> =
        facts.places.iter().chain(&facts.residences).chain(regions).map(String::as_str).collect();
    let named = facts.organised.iter().chain(&facts.special).chain(&facts.designated);
    let named = named.chain(&facts.holder).chain(&facts.disputed_with);
    let named: BTreeSet<&str> = named.map(String::as_str).collect();
    let concerned = directory.departments().filter(|department| {
        regions.contains(department.region.as_str())
            || named.contains(department.name.as_str())
            || department.level == Level::National
    });
    let mut departments = BTreeMap::new();
    for department in concerned {
        let chain = std::iter::once(department).chain(directory.superiors(&department.id));
        departments.extend(chain.map(|department| (&department.id, department)));
    }
    let name = |id: &DepartmentId| directory.department(id).map(|d| d.name.to_string());
    let departments = departments.values().map(|department| competence::Department {
        name: department.name.to_string(),
        level: department.level,
        region: department.region.to_string(),
        superior: department.superior.as_ref().and_then(name),
    });
    Tree::new(departments.collect())
}

/// The facts of a dossier, as stated or as a new statement would have them.
pub fn facts(dossier: &Dossier, directory: &Directory, stated: Option<&StateFacts>) -> Facts {
    let state = &dossier.jurisdiction;
    let words = |list: &[Text]| list.iter().map(Text::to_string).collect();
    let name = |id: &DepartmentId| directory.department(id).map(|d| d.name.to_string());
    let units = dossier.units().into_iter().filter_map(|id| directory.unit(id)).map(|unit| Unit {
        name: unit.name.to_string(),
        category: unit.category,
        region: unit.region.to_string(),
        superior: unit.superior.as_ref().map(Text::to_string),
    });
    Facts {
        places: stated.map(|form| words(&form.places)).unwrap_or_default(),
        units: units.collect(),
        residences: stated.map(|form| words(&form.residences)).unwrap_or_default(),
        magnitude: stated.and_then(|form| form.magnitude),
        several_bodies: stated.is_some_and(|form| form.bodies.is_some()),
        easier: stated.and_then(|form| form.easier.as_ref()).map(LongText::to_string),
        special: state.special.as_ref().and_then(name),
        designated: state.designated().and_then(name),
        organised: state.organised.iter().filter_map(name).collect(),
        ..Facts::default()
    }
}

/// Whether a department above is the one that arts. 12 and 13 make competent, or is above it in turn; any, where they name none.
pub(super) fn is_competent_superior(by: &DepartmentId, at: &At<'_>) -> bool {
    let directory = &at.setting.directory;
    let facts = presumed(at.dossier, directory);
    let grounds = tree(directory, &facts).and_then(|tree| competence::higher(&tree, &facts));
    let Some(ground) = grounds.ok().and_then(|grounds| grounds.into_iter().next()) else {
        return true;
    };
    let named = |name: &Text| name.as_str() == ground.department;
    let below = directory.departments().find(|department| named(&department.name));
    below.is_some_and(|competent| {
        competent.id == *by || directory.superiors(&competent.id).iter().any(|d| d.id == *by)
    })
}

/// The facts of a dossier; where none are stated, a lead is received where the act happened (reading 11-2).
fn presumed(dossier: &Dossier, directory: &Directory) -> Facts {
    let stated = dossier.jurisdiction.facts.as_ref().map(|(form, _)| form);
    let mut facts = facts(dossier, directory, stated);
    let owner = dossier.department().and_then(|id| directory.department(id));
    if stated.is_none() {
        facts.places = owner.map(|owner| owner.region.to_string()).into_iter().collect();
    }
    // It is asked about even where nothing that happened touches it.
    facts.holder = owner.map(|owner| owner.name.to_string());
    facts
}

/// The clauses that stand against the owner's competence; without stated facts only those that the units concerned give.
fn against_owner(dossier: &Dossier, directory: &Directory) -> Vec<(Clause, String)> {
    let mut facts = presumed(dossier, directory);
    let owner = dossier.department().and_then(|id| directory.department(id));
    // Whoever has the case is spoken of, even where nothing of it lies in its region.
    facts.holder = owner.map(|owner| owner.name.to_string());
    let (Ok(tree), Some(owner)) = (tree(directory, &facts), owner) else { return Vec::new() };
    let Ok(opinions) = competence::competent(&tree, &facts) else { return Vec::new() };
    let of_owner = opinions.into_iter().filter(|o| o.department == owner.name.as_str());
    of_owner.flat_map(|opinion| opinion.against).map(|r| (r.basis, r.text)).collect()
}

const COMPETENCE: [(Clause, &Refusal); 10] = [
    (clause(12).item(1), &NOT_OF_CENTRAL_ORGANS),
    (clause(12).item(2), &NOT_OF_SEVERAL_PROVINCES),
    (clause(12).item(3), &NOT_MAJOR_NATIONWIDE),
    (clause(13).item(1), &NOT_OF_PROVINCIAL_ORGANS),
    (clause(13).item(2), &NOT_OF_SEVERAL_CITIES),
    (clause(13).item(3), &NOT_OF_CENTRAL_BRANCHES),
    (clause(13).item(4), &NOT_MAJOR_IN_PROVINCE),
    (clause(11).paragraph(1), &PLACE_IS_HERE),
    (clause(14), &NOT_RESERVED_BY_NATION),
    (clause(15).paragraph(2), &NOT_DESIGNATED_AWAY),
];

/// Arts. 11–15 and 29-2: a case is filed by a department that is competent.
pub(crate) fn must_be_competent(at: &At<'_>, check: &mut Check<'_>) {
    let against = against_owner(at.dossier, &at.setting.directory);
    for (basis, refusal) in COMPETENCE {
        match against.iter().find(|(clause, _)| *clause == basis) {
            Some((_, text)) => check.of(text).that(false, refusal),
            None => check.that(true, refusal),
        }
    }
}

/// The day on which the department found that it is not competent.
pub(crate) fn found_on(dossier: &Dossier) -> Option<Date> {
    dossier.jurisdiction.open_finding().map(|finding| finding.stamp.occurred)
}
