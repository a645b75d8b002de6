//! 第二章: who is competent, transfer and its receipt, objection, designation, and cases of a special kind.
//!
//! Deliberately absent: for which of several competent departments the case is better; the first to accept it keeps it.

use std::collections::BTreeSet;

use procedure::directory::{Level, Unit, UnitCategory};

use super::{
    Demand, Row, Says, Scene, Told,
    collecting::{in_order, number},
    common::{former, handler, head, receiver, superior},
    demand,
    filing::shows_leak,
    general::{covers, everybody, involved, unit},
    questions::nth,
};

/// What the chapter adds to the table.
pub static ROWS: &[Row] = &[
    Row {
        step: "state_jurisdiction_facts",
        who: everybody,
        demands: &[
            // Without a place there is nothing to decide on.
            demand(&[11], |s| {
                let named = [s.answers("places"), s.answers("residences")].concat();
                (!named.is_empty() || !involved(s).is_empty()).into()
            }),
            demand(&[11], |s| {
                let named = [s.answers("places"), s.answers("residences")].concat();
                named.iter().all(|region| is_region(s, region)).into()
            }),
        ],
    },
    Row {
        step: "find_not_competent",
        who: everybody,
        demands: &[
            demand(&[16], |s| found_not_competent(s).is_none().into()),
            demand(&[15], |s| (!is_bound(s)).into()).by("15-2"),
            demand(&[16], |s| {
                let known = s.has("state_jurisdiction_facts");
                (!known || !against(s).is_empty()).into()
            }),
        ],
    },
    Row {
        step: "send_transfer",
        who: head,
        demands: &[
            demand(&[16], |s| s.answer("department").map(|id| Some(id) != s.owner()).into()),
            // 不属于本部门管辖: found first.
            demand(&[16], |s| {
                if s.answer("ground") != Some("not_competent") {
                    return Says::Yes;
                }
                found_not_competent(s).is_some().into()
            }),
            demand(&[], |s| {
                on(s, &["not_competent"], |s| {
                    let found = found_not_competent(s);
                    found.map_or(Says::Yes, |found| in_order(Some(found.happened), s.happened()))
                })
            }),
            // 移送具有管辖权的保密行政管理部门.
            demand(&[16], |s| {
                let known = s.has("state_jurisdiction_facts");
                on(s, &["not_competent", "review"], |s| {
                    s.answer("department").map(|id| !known || is_competent(s, id)).into()
                })
            }),
            // 接受移送的…不得再自行移送, but where a superior designates or the nation decided.
            demand(&[16], |s| {
                let special = s.done("decide_special").next_back();
                let special = special.and_then(|told| told.answer("department"));
                let decided = match s.answer("department") {
                    None => special.is_some(),
                    to => special == to,
                };
                (!was_received(s) || designation(s).is_some() || decided).into()
            }),
            demand(&[29], |s| on(s, &["review"], |s| s.reported().is_some().into())),
            demand(&[29], |s| on(s, &["review"], shows_leak)),
            demand(&[11], |s| on(s, &["easier"], is_unit_or_home)),
            demand(&[11], |s| {
                on(s, &["easier"], |s| {
                    facts(s).is_some_and(|told| told.answer("easier").is_some()).into()
                })
            })
            .by("11-1"),
            // 在移交前应当及时收集证据.
            demand(&[11], |s| {
                on(s, &["easier"], |s| {
                    (s.answer("no_evidence").is_some() || has_evidence(s)).into()
                })
            })
            .by("11-3"),
            demand(&[15], |s| on(s, &["designated"], |s| designation(s).is_some().into())),
            // 应当…移送被指定管辖的部门, on whatever ground.
            demand(&[15], |s| {
                let to = designation(s).and_then(|told| told.answer("department"));
                let free = to.is_none() || is_bound(s);
                s.answer("department").map(|id| free || to == Some(id)).into()
            }),
            demand(&[], |s| {
                let designated = designation(s);
                on(s, &["designated"], |s| {
                    designated.map_or(Says::Yes, |told| in_order(Some(told.happened), s.happened()))
                })
            }),
            // 指定管辖的决定具有约束力.
            demand(&[15], |s| (!is_bound(s)).into()).by("15-2"),
            // 报请指定以后，等待上级决定.
            demand(&[15], |s| (designation(s).is_some() || pending(s).is_empty()).into()),
        ],
    },
    Row {
        step: "take_back_transfer",
        who: head,
        demands: &[demand(&[16], |s| s.on_its_way().is_some().into())],
    },
    Row {
        step: "receive_transfer",
        who: receiver,
        demands: &[
            demand(&[16], |s| {
                s.on_its_way().map_or(Says::No, |sent| in_order(Some(sent.happened), s.happened()))
            }),
            demand(&[24], |s| {
                let there = |who: &&str| s.serves_in(who) == s.receiver();
                let sent = s.on_its_way().is_some();
                (!sent || s.answers("sealed_readers").iter().all(there)).into()
            }),
            // 经立案的部门: the filing is adopted.
            demand(&[54], |s| (s.filed().is_none() || s.answer("filing") != Some("anew")).into())
                .by("54-1"),
        ],
    },
    Row {
        step: "record_receipt",
        who: |s| super::common::clerk(s) || head(s),
        demands: &[demand(&[16], |s| {
            s.on_its_way().map_or(Says::No, |sent| in_order(Some(sent.happened), s.happened()))
        })],
    },
    Row {
        step: "tell_units_of_transfer",
        who: |s| everybody(s) || former(s),
        demands: &[
            // 收到上级…书面通知后.
            demand(&[15], |s| designation(s).is_some().into()),
            demand(&[], |s| in_order(designation(s).map(|told| told.happened), s.happened())),
        ],
    },
    Row {
        step: "assist_receiver",
        who: |s| handler(s) || former(s),
        demands: &[
            demand(&[11], |s| first_sent(s).is_some().into()),
            // Before the hand-over it was the department's own work.
            demand(&[], |s| in_order(first_sent(s).map(|told| told.happened), s.happened())),
        ],
    },
    Row {
        step: "object_to_jurisdiction",
        who: head,
        demands: &[
            // 接受移送的; who was designated to have it was not merely sent it.
            demand(&[16], |s| (was_received(s) && !is_bound(s)).into()),
        ],
    },
    Row {
        step: "request_designation",
        who: head,
        demands: &[
            demand(&[15], |s| pending(s).is_empty().into()),
            demand(&[15], |s| {
                for_ground(s, "special", |s| {
                    s.answer("department").map(|id| s.above(here(s)) == Some(id)).into()
                })
            }),
            demand(&[15], |s| for_ground(s, "dispute", is_rival)),
            demand(&[15], |s| {
                for_ground(s, "dispute", |s| s.answer("consultation").is_some().into())
            })
            .by("15-1"),
            demand(&[15], |s| for_ground(s, "dispute", is_common_superior)),
            demand(&[16], |s| for_ground(s, "objection", |s| objection(s).is_some().into())),
            demand(&[16], |s| {
                for_ground(s, "objection", |s| {
                    s.answer("department").map(|id| s.above(here(s)) == Some(id)).into()
                })
            }),
            demand(&[], |s| {
                let Some(received) = s.date("received") else { return Says::Yes };
                s.happened().map(|day| day <= received && received <= s.today()).into()
            }),
        ],
    },
    Row {
        step: "designate",
        who: superior,
        demands: &[
            OF_AN_OPEN_REQUEST,
            // The one that was asked decides.
            demand(&[15], |s| {
                request(s).map(|asked| asked.answer("department") == s.office()).into()
            }),
            OF_ITS_OWN_MOTION,
            demand(&[15], |s| {
                let named = s.answer("department").zip(s.office());
                named.map(|(id, by)| is_or_is_below(s, id, by)).into()
            }),
        ],
    },
    Row {
        step: "record_designation",
        who: everybody,
        demands: &[
            OF_AN_OPEN_REQUEST,
            demand(&[15], |s| {
                let by = s.answer("by").filter(|_| s.answer("request").is_some());
                by.and_then(|by| Some(request(s)?.answer("department") == Some(by))).into()
            }),
            OF_ITS_OWN_MOTION,
            demand(&[15], |s| s.answer("by").map(|by| is_above_owner(s, by)).into()),
            demand(&[15], |s| {
                let named = s.answer("department").zip(s.answer("by"));
                named.map(|(id, by)| is_or_is_below(s, id, by)).into()
            }),
            demand(&[15], |s| in_order(s.date("decided"), s.happened())),
        ],
    },
    Row {
        step: "organise_lower",
        who: |s| superior(s) || head(s),
        demands: &[
            // 由上级书面组织: it does so itself, or its paper is recorded.
            demand(&[12, 13], |s| is_above_owner(s, decider(s).unwrap_or_default()).into())
                .by("12-1"),
            demand(&[12, 13], |s| may_organise(s).into()).by("12-1"),
        ],
    },
    Row {
        step: "decide_special",
        who: |s| superior(s) || head(s),
        demands: &[
            // 由国家保密行政管理部门决定.
            demand(&[14], |s| {
                let nation =
                    |by: Option<&str>| by.is_some_and(|by| s.level(by) == Some(Level::National));
                let recorded = s.answer("by").filter(|_| s.answer("paper").is_some());
                (nation(s.office()) || nation(recorded)).into()
            }),
            // 中央和国家机关…提交.
            demand(&[14], |s| s.answer("organ").map(|name| is_central(s, name)).into()),
            demand(&[14], |s| in_order(s.date("submitted"), s.happened())),
        ],
    },
];

/// A request that is answered is an open one.
const OF_AN_OPEN_REQUEST: Demand =
    demand(&[15], |s| number(s, "request").map(|number| pending(s).contains(&number)).into());

/// 对于重大、复杂的泄密案件，上级可以指定管辖, unasked.
const OF_ITS_OWN_MOTION: Demand = demand(&[15], |s| {
    let stated = facts(s).is_some_and(|told| told.answer("magnitude").is_some());
    (s.answer("request").is_some() || s.has("declare_major") || stated).into()
});

fn on(s: Scene<'_>, grounds: &[&str], met: impl Fn(Scene<'_>) -> Says) -> Says {
    match s.answer("ground") {
        None => Says::Unasked,
        Some(ground) if grounds.contains(&ground) => met(s),
        Some(_) => Says::Yes,
    }
}

fn for_ground(s: Scene<'_>, ground: &str, met: impl Fn(Scene<'_>) -> Says) -> Says {
    on(s, &[ground], met)
}

/// Whether a department has this region.
fn is_region(s: Scene<'_>, region: &str) -> bool {
    s.world.cast.departments().any(|department| department.region.as_str() == region)
}

/// The facts on which competence turns, as they were last stated.
pub fn facts<'a>(s: Scene<'a>) -> Option<&'a Told> {
    s.done("state_jurisdiction_facts").next_back()
}

/// 泄密行为发生地: as stated, or the region where the lead was registered.
fn places<'a>(s: Scene<'a>) -> Vec<&'a str> {
    if let Some(stated) = facts(s) {
        return stated.answers("places");
    }
    // Nothing says where: it is presumed to be here.
    s.department(here(s)).map(|here| here.region.as_str()).into_iter().collect()
}

/// The department of this level above a region, or of it.
fn of_level<'a>(s: Scene<'a>, region: &str, level: Level) -> Option<&'a str> {
    let mut all = s.world.cast.departments().map(|department| department.id.0.as_str());
    all.find(|id| s.level(id) == Some(level) && covers(s, id, region))
}

/// 涉及多个: acts in several, or units in several.
fn across(s: Scene<'_>, level: Level) -> bool {
    let several = |regions: Vec<&str>| {
        let of: BTreeSet<&str> =
            regions.iter().filter_map(|region| of_level(s, region, level)).collect();
        of.len() > 1
    };
    several(places(s)) || several(homes_of_units(s))
}

fn homes_of_units(s: Scene<'_>) -> Vec<&str> {
    involved(s).iter().filter_map(|id| Some(unit(s, id)?.region.as_str())).collect()
}

fn of_category(s: Scene<'_>, categories: &[UnitCategory]) -> bool {
    involved(s).iter().filter_map(|id| unit(s, id)).any(|unit| categories.contains(&unit.category))
}

/// Whether art. 12 and whether art. 13 speaks of it.
fn matters(s: Scene<'_>) -> (bool, bool) {
    let magnitude = facts(s).and_then(|told| told.answer("magnitude"));
    let nation = of_category(s, &[UnitCategory::CentralOrgan])
        || across(s, Level::Provincial)
        || magnitude == Some("nationwide");
    let province = of_category(s, PROVINCIAL)
        || across(s, Level::Municipal)
        || facts(s).is_some_and(|told| told.answer("bodies").is_some())
        || magnitude == Some("province");
    (nation, province)
}

/// 省级机关、省直属机关、中央和国家机关设在省的直属机构.
const PROVINCIAL: &[UnitCategory] =
    &[UnitCategory::ProvincialOrgan, UnitCategory::ProvincialBranch, UnitCategory::CentralBranch];

/// The designation that holds: the last.
fn designation<'a>(s: Scene<'a>) -> Option<&'a Told> {
    let mut told = s.story.told.iter();
    told.rfind(|told| matches!(told.step, "designate" | "record_designation"))
}

/// 被指定管辖的部门 has it.
fn is_bound(s: Scene<'_>) -> bool {
    let to = designation(s).and_then(|told| told.answer("department"));
    to.is_some() && to == s.owner()
}

/// Whether a department is competent, as far as what is known says; the nation only for what is its own.
fn is_competent(s: Scene<'_>, department: &str) -> bool {
    let decided = designation(s).is_some() || s.has("decide_special");
    let not_its_own =
        s.level(department) == Some(Level::National) && higher(s) != Some(12) && !decided;
    against_department(s, department).is_empty() && (is_unclear(s) || !not_its_own)
}

/// 泄密行为发生地.
fn is_at(s: Scene<'_>, department: &str) -> bool {
    places(s).iter().any(|region| covers(s, department, region))
}

/// 有关机关、单位所在地或者案件当事人居住地.
fn is_at_unit_or_home(s: Scene<'_>, department: &str) -> bool {
    let homes = facts(s).map(|told| told.answers("residences")).unwrap_or_default();
    [homes, homes_of_units(s)].concat().iter().any(|region| covers(s, department, region))
}

/// The department of that very region, not one that merely lies above it: the case is not handed up by art. 11.
fn is_unit_or_home(s: Scene<'_>) -> Says {
    let homes = facts(s).map(|told| told.answers("residences")).unwrap_or_default();
    let regions = [homes, homes_of_units(s)].concat();
    let department = s.answer("department").and_then(|id| s.department(id));
    department.map(|department| regions.contains(&department.region.as_str())).into()
}

/// 发现不属于本部门管辖: said so, or decided so by the nation; a transfer or a designation is the answer to it.
fn found_not_competent<'a>(s: Scene<'a>) -> Option<&'a Told> {
    let mut found: Option<&Told> = None;
    for told in s.story.told {
        match told.step {
            "find_not_competent" => found = Some(told),
            "decide_special" if told.answer("department") != s.owner() => {
                found = found.or(Some(told));
            }
            "designate" | "record_designation" | "receive_transfer" | "record_receipt" => {
                found = None;
            }
            _ => {}
        }
    }
    found.filter(|_| s.on_its_way().is_none())
}

/// 接受移送: it came from another department.
fn was_received(s: Scene<'_>) -> bool {
    s.has("receive_transfer") || s.has("record_receipt")
}

/// The first sending that arrived, or is on its way.
fn first_sent<'a>(s: Scene<'a>) -> Option<&'a Told> {
    let mut way = None;
    for told in s.story.told {
        match told.step {
            "send_transfer" => way = Some(told),
            "take_back_transfer" => way = None,
            "receive_transfer" | "record_receipt" => return way,
            _ => {}
        }
    }
    way
}

/// 及时收集证据: evidence, or what was handed in.
fn has_evidence(s: Scene<'_>) -> bool {
    super::evidence::exists(s) || s.has("receive_material")
}

/// Requests for designation that nobody decided, by their numbers.
fn pending(s: Scene<'_>) -> Vec<usize> {
    let answered = |number: usize| {
        let number = number.to_string();
        let mut decisions = s.done("designate").chain(s.done("record_designation"));
        decisions.any(|told| told.answer("request") == Some(number.as_str()))
    };
    let requests = s.done("request_designation").count();
    (1..=requests).filter(|number| !answered(*number)).collect()
}

fn request<'a>(s: Scene<'a>) -> Option<&'a Told> {
    let requests: Vec<&Told> = s.done("request_designation").collect();
    nth(&requests, s.answer("request")?).copied()
}

/// The objection of the department that has it.
fn objection<'a>(s: Scene<'a>) -> Option<&'a Told> {
    s.done("object_to_jurisdiction").rfind(|told| told.number > s.began())
}

/// 同级: another department of the same level.
fn is_rival(s: Scene<'_>) -> Says {
    let owner = here(s);
    let rival = s.answer("other");
    rival.is_some_and(|other| other != owner && s.level(other) == s.level(owner)).into()
}

/// 共同的上级: any that is above both.
fn is_common_superior(s: Scene<'_>) -> Says {
    let (Some(asked), Some(other)) = (s.answer("department"), s.answer("other")) else {
        return Says::Unasked;
    };
    let theirs = s.all_above(other);
    let ours = s.all_above(here(s));
    (ours.contains(&asked) && theirs.contains(&asked)).into()
}

/// 提级管辖 is open to the superior: it may name itself.
fn is_or_is_below(s: Scene<'_>, department: &str, superior: &str) -> bool {
    department == superior || s.all_above(department).contains(&superior)
}

fn is_above_owner(s: Scene<'_>, department: &str) -> bool {
    s.all_above(here(s)).contains(&department)
}

/// Who decided: the office of the superior that enters it, or the one whose paper is recorded.
fn decider<'a>(s: Scene<'a>) -> Option<&'a str> {
    match superior(s) {
        true => s.office(),
        false => s.answer("by").filter(|_| s.answer("paper").is_some()),
    }
}

/// The department that has it; before anything is registered, the one that tries.
fn here<'a>(s: Scene<'a>) -> &'a str {
    s.owner().or(s.office()).unwrap_or_default()
}

/// The organiser is one whose matter it is, or one above it.
fn may_organise(s: Scene<'_>) -> bool {
    let level = decider(s).and_then(|by| s.level(by));
    match higher(s) {
        Some(12) => level == Some(Level::National),
        Some(13) => matches!(level, Some(Level::National | Level::Provincial)),
        _ => true,
    }
}

/// 中央和国家机关: a unit of that category with this name.
fn is_central(s: Scene<'_>, name: &str) -> bool {
    let mut units = s.world.cast.units();
    units.any(|unit| unit.name.as_str() == name && unit.category == UnitCategory::CentralOrgan)
}

/// The articles by which the department that has it may not file the case; none where what is known does not say.
pub fn against(s: Scene<'_>) -> BTreeSet<u8> {
    against_department(s, here(s))
}

/// The articles by which a department may not.
fn against_department(s: Scene<'_>, department: &str) -> BTreeSet<u8> {
    // What a superior or the nation decided goes before all else.
    let special = s.done("decide_special").next_back().map(|told| (told, 14));
    if let Some((decided, article)) = designation(s).map(|told| (told, 15)).or(special) {
        let another = decided.answer("department") != Some(department);
        return another.then_some(article).into_iter().collect();
    }
    let level = s.level(department);
    if is_unclear(s) || level == Some(Level::National) {
        return BTreeSet::new();
    }
    let higher = higher(s);
    let own = higher == Some(13) && level == Some(Level::Provincial);
    let organised = s.has("organise_lower") && s.owner() == Some(department) && higher.is_some();
    let (at, near) = (is_at(s, department), is_at_unit_or_home(s, department));
    let easier = facts(s).is_some_and(|told| told.answer("easier").is_some());
    if organised || own && (at || near) {
        return BTreeSet::new();
    }
    // Where it only has the unit or a party, it must say why that is easier; where it has nothing, it has no part in it.
    let place = match (at, near) {
        (true, _) => false,
        (false, true) => !easier,
        (false, false) => higher.is_none(),
    };
    higher.into_iter().chain(place.then_some(11)).collect()
}

/// The article that makes it a matter of the nation or of a province, as far as they are known here.
fn higher(s: Scene<'_>) -> Option<u8> {
    let nation = s.world.cast.departments().any(|d| d.level == Level::National);
    let regions = [places(s), homes_of_units(s)].concat();
    let province = regions.iter().any(|region| of_level(s, region, Level::Provincial).is_some());
    match matters(s) {
        (true, _) if nation => Some(12),
        (_, true) if province => Some(13),
        _ => None,
    }
}

/// Whether somewhere is named where no department is known, or a branch of an organ that is not.
fn is_unclear(s: Scene<'_>) -> bool {
    let homes = facts(s).map(|told| told.answers("residences")).unwrap_or_default();
    let regions = [places(s), homes, homes_of_units(s)].concat();
    let provincial = |unit: &&Unit| {
        of_level(s, unit.region.as_str(), Level::Provincial).is_some()
            && (unit.category != UnitCategory::CentralBranch || unit.superior.is_some())
    };
    let units = involved(s);
    let mut provincials = units
        .iter()
        .filter_map(|id| unit(s, id))
        .filter(|unit| PROVINCIAL.contains(&unit.category));
    !regions.iter().all(|region| is_region(s, region)) || !provincials.all(|unit| provincial(&unit))
}
