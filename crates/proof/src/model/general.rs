//! 第一章: persons, secrets, lost carriers, the leak that is found, recusal, guidance and supervision.
//!
//! Deliberately absent: who stands back on a day and who acts as a head, which every chapter asks.

use std::collections::BTreeSet;

use jiff::civil::Date;
use procedure::{
    directory::{Level, Unit},
    value::UnitId,
};

use super::{
    Demand, Fact, Row, Says, Scene, Told,
    collecting::{if_then, in_order, never_yet, not_before, number},
    common::{clerk, handler, head, next_higher, superior},
    counting::days_after,
    demand, evidence,
    questions::{Recusal, nth},
    text,
};

/// What the chapter adds to the table.
pub static ROWS: &[Row] = &[
    Row {
        step: "identify_person",
        who: clerk_or_handler,
        demands: &[
            // 主体身份: later acts must be able to say who is meant.
            demand(&[27], |s| {
                let taken = |name| s.persons().iter().any(|person| person.name == name);
                s.answer("name").map(|name| !taken(name)).into()
            }),
        ],
    },
    Row { step: "list_secret_item", who: clerk_or_handler, demands: &[] },
    Row { step: "label_information", who: everybody, demands: &[] },
    Row {
        step: "report_missing",
        who: clerk_or_handler,
        demands: &[demand(&[5], |s| {
            let missed = |name| carriers(s).iter().any(|told| told.answer("name") == Some(name));
            s.answer("name").map(|name| !missed(name)).into()
        })],
    },
    Row {
        step: "find_carrier",
        who: clerk_or_handler,
        demands: &[
            demand(&[], |s| not_before(s, "carrier", "report_missing")),
            demand(&[5], |s| never_yet(s, "carrier", &["find_carrier"])),
        ],
    },
    Row {
        step: "find_leak",
        who: handler,
        demands: &[
            // 调查内容 are found after the filing.
            demand(&[34], |s| s.filed().is_some().into()),
            demand(&[4], |s| ground(s, "4-1", |s| s.answer("known_by").is_some().into())),
            demand(&[4], |s| ground(s, "4-2", |s| s.answer("circle").is_some().into())),
            demand(&[5], |s| ground(s, "5-1", |s| (!s.answers("lost").is_empty()).into())),
            demand(&[5], |s| ground(s, "5-1", all_lost)).by("5-1"),
            demand(&[5], |s| ground(s, "5-2", |s| s.answer("channel").is_some().into())),
            demand(&[5], |s| ground(s, "5-2", |s| established(s, "unprotected"))),
            demand(&[5], |s| ground(s, "5-3", |s| established(s, "connected"))),
            demand(&[5], |s| ground(s, "5-3", |s| established(s, "controlled"))),
            // 责任人员 are parties, who have been heard.
            demand(&[42], |s| {
                let is_party = |number: &&str| {
                    s.person(number).is_some_and(|person| person.standing == "party")
                };
                s.answers("responsible").iter().all(is_party).into()
            }),
            // 是否属于国家秘密 is settled by the appraisal.
            demand(&[47], |s| {
                let items = s.answers("items");
                (!items.iter().any(|item| is_appraised_away(s, item))).into()
            }),
            USABLE[0],
            USABLE[1],
            USABLE[2],
            USABLE[3],
            USABLE[4],
            USABLE[5],
            USABLE[6],
            USABLE[7],
        ],
    },
    Row { step: "recuse", who: |s| handler(s) || head(s), demands: &[] },
    Row {
        step: "request_recusal",
        who: everybody,
        demands: &[
            // 案件当事人有权要求: nobody else.
            demand(&[9], |s| {
                let person = s.answer("party").and_then(|number| s.person(number));
                person.map(|person| person.standing == "party").into()
            }),
            demand(&[9], |s| {
                let whom = s.answer("handler");
                // The form names nobody but the staff of the departments concerned.
                let leads = |whom| s.is_chief(whom) || s.acts_as_head(whom, s.today());
                whom.map(|whom| s.handles(whom, s.today()) || leads(whom)).into()
            }),
        ],
    },
    Row {
        step: "decide_recusal",
        who: |s| everybody(s) || next_higher(s),
        demands: &[
            demand(&[9], |s| s.recusals().iter().any(|recusal| recusal.decided.is_none()).into()),
            demand(&[9], |s| recusal(s).map(|recusal| recusal.decided.is_none()).into()),
            // As long as none is named: one of those that wait.
            demand(&[9], |s| match recusal(s) {
                Some(recusal) => is_decider(s, &recusal).into(),
                None => {
                    let all = s.recusals();
                    let mut waiting = all.iter().filter(|recusal| recusal.decided.is_none());
                    waiting.any(|recusal| is_decider(s, recusal)).into()
                }
            }),
            // 申请回避涉及的本人不得作出决定.
            demand(&[9], |s| recusal(s).map(|recusal| recusal.whom != s.attempt.who).into())
                .by("9-1"),
            demand(&[9], |s| {
                let waiting = || s.recusals().into_iter().find(|r| r.decided.is_none());
                let asked = recusal(s).or_else(waiting).map(|recusal| recusal.told.happened);
                s.date("decided").map_or(Says::Yes, |day| in_order(asked, Some(day)))
            }),
            demand(&[9], |s| s.date("decided").is_none_or(|day| day <= s.today()).into()),
        ],
    },
    Row {
        step: "name_acting_head",
        who: |s| everybody(s) || next_higher(s),
        demands: &[
            // Without a head who stands back there is nobody to act for.
            demand(&[9], |s| {
                let heads = s.recusals();
                let back = |recusal: &&Recusal<'_>| {
                    s.is_chief(recusal.whom) && s.stands_back(recusal.whom, s.today())
                };
                heads.iter().any(|recusal| back(&recusal)).into()
            })
            .by("9-4"),
            demand(&[9], |s| from_above(s).into()).by("9-4"),
            demand(&[9], |s| {
                let staff = s.answer("staff");
                staff.map(|who| s.serves_in(who) == s.owner() && !s.handles(who, s.today())).into()
            })
            .by("9-4"),
            demand(&[9], |s| {
                let from = s.date("from").unwrap_or(s.today());
                let back = |who| s.stands_back(who, s.today()) || s.stands_back(who, from);
                s.answer("staff").map(|who| !back(who)).into()
            })
            .by("9-4"),
            demand(&[9], |s| {
                s.date("until").map_or(Says::Yes, |until| in_order(s.date("from"), Some(until)))
            })
            .by("9-4"),
        ],
    },
    Row {
        step: "open_supervision",
        who: superior,
        demands: &[demand(&[8], |s| opened(s).is_none().into())],
    },
    Row {
        step: "close_supervision",
        who: superior,
        demands: &[
            demand(&[8], |s| opened(s).is_some().into()),
            demand(&[8], |s| match s.fact("improper") {
                None => Says::No,
                Some(Fact::Yes) => opened(s).is_none_or(|opened| is_corrected(s, opened)).into(),
                Some(_) => Says::Yes,
            }),
        ],
    },
    Row { step: "direct_handling", who: superior, demands: &[SAYS_WHAT_IS_IMPROPER] },
    Row {
        step: "record_direction",
        who: everybody,
        demands: &[
            SAYS_WHAT_IS_IMPROPER,
            demand(&[8], |s| {
                s.answer("by")
                    .map(|by| {
                        s.all_above(s.owner().or(s.office()).unwrap_or_default()).contains(&by)
                    })
                    .into()
            }),
            demand(&[8], |s| {
                s.date("dated").map_or(Says::Yes, |dated| in_order(Some(dated), s.happened()))
            }),
        ],
    },
    Row {
        step: "answer_direction",
        who: handler_or_head,
        demands: &[
            demand(&[8], |s| {
                let directions: Vec<&Told> = s
                    .story
                    .told
                    .iter()
                    .filter(|told| matches!(told.step, "direct_handling" | "record_direction"))
                    .collect();
                let meant = s.answer("direction").and_then(|number| nth(&directions, number));
                in_order(meant.map(|told| told.happened), s.happened())
            }),
            demand(&[8], |s| never_yet(s, "direction", &["answer_direction"])),
        ],
    },
    Row {
        step: "direct_unit",
        who: handler_or_head,
        demands: &[
            SAYS_WHAT_IS_IMPROPER,
            // 有关机关、单位.
            demand(&[8], |s| s.answer("unit").map(|unit| involved(s).contains(unit)).into()),
            // 本行政区域内.
            demand(&[8], |s| {
                let unit = s.answer("unit").and_then(|id| unit(s, id));
                let owner = s.owner().unwrap_or_default();
                unit.map(|unit| covers(s, owner, unit.region.as_str())).into()
            }),
        ],
    },
    Row {
        step: "record_unit_answer",
        who: handler_or_head,
        demands: &[
            demand(&[], |s| not_before(s, "direction", "direct_unit")),
            demand(&[8], |s| never_yet(s, "direction", &["record_unit_answer"])),
        ],
    },
];

/// 发现查处不当的，应当予以纠正: a correction says what is improper.
const SAYS_WHAT_IS_IMPROPER: Demand =
    demand(&[8], |s| if_then(s, "kind", "correction", "improper"));

/// What is found rests on evidence that may be used: one demand for each article that can stand against an item.
pub const USABLE: [Demand; 8] = [
    demand(&[18], |s| nothing_against(s, 18)),
    demand(&[19], |s| nothing_against(s, 19)),
    demand(&[20], |s| nothing_against(s, 20)),
    demand(&[21], |s| nothing_against(s, 21)),
    demand(&[22], |s| nothing_against(s, 22)),
    demand(&[40], |s| nothing_against(s, 40)),
    demand(&[41], |s| nothing_against(s, 41)),
    demand(&[44], |s| nothing_against(s, 44)),
];

fn nothing_against(s: Scene<'_>, article: u8) -> Says {
    let numbers = s.answers("evidence");
    let against = |number: &&str| {
        number.parse().is_ok_and(|n: usize| evidence::against(s.story, n).contains(&article))
    };
    (!numbers.is_empty()).then(|| !numbers.iter().any(against)).into()
}

/// 受理人员、办案人员.
fn clerk_or_handler(s: Scene<'_>) -> bool {
    clerk(s) || handler(s)
}

/// 办案人员、负责人.
pub fn handler_or_head(s: Scene<'_>) -> bool {
    handler(s) || head(s)
}

/// 受理人员、办案人员、负责人.
pub fn everybody(s: Scene<'_>) -> bool {
    clerk(s) || handler(s) || head(s)
}

/// What is demanded only where a ground is among those that are found.
fn ground(s: Scene<'_>, ground: &str, met: impl Fn(Scene<'_>) -> Says) -> Says {
    if s.answers("grounds").contains(&ground) { met(s) } else { Says::Yes }
}

/// Whether a fact that is asked for is a yes; what is left out is not.
fn established(s: Scene<'_>, field: &str) -> Says {
    s.fact(field).map_or(Says::No, Says::from)
}

/// Carriers that were missed and not found.
fn carriers(s: Scene<'_>) -> Vec<&Told> {
    let missed = s.done("report_missing").enumerate();
    let found = |number: usize| {
        let number = number.to_string();
        s.done("find_carrier").any(|told| told.answer("carrier") == Some(number.as_str()))
    };
    missed.filter(|(i, _)| !found(i + 1)).map(|(_, told)| told).collect()
}

/// 绝密级10日内，机密级、秘密级60日内查无下落的: the last day is over, and it was not found by then.
fn all_lost(s: Scene<'_>) -> Says {
    let missed: Vec<&Told> = s.done("report_missing").collect();
    let is_lost = |number: &&str| {
        let Some(carrier) = nth(&missed, number) else { return false };
        let days = if carrier.answer("grade") == Some("top_secret") { 10 } else { 60 };
        let last = days_after(carrier.happened, days);
        let found = s
            .done("find_carrier")
            .any(|told| told.answer("carrier") == Some(number) && told.happened <= last);
        s.today() > last && !found
    };
    s.answers("lost").iter().all(is_lost).into()
}

/// Whether an appraisal says that an item is no state secret.
fn is_appraised_away(s: Scene<'_>, item: &str) -> bool {
    let appraised = s.story.told.iter();
    let mut results = appraised
        .filter(|told| matches!(told.step, "record_appraisal" | "issue_appraisal"))
        .flat_map(|told| told.rows("results"))
        .filter(|row| text(row, "item") == Some(item));
    results.next_back().is_some_and(|row| text(row, "result") == Some("not_a_secret"))
}

/// The recusal that is to be decided.
fn recusal<'a>(s: Scene<'a>) -> Option<Recusal<'a>> {
    let number = number(s, "recusal")?;
    s.recusals().into_iter().find(|recusal| recusal.number == number)
}

/// 负责人 of the department that has it, or who acts as one.
fn leads(s: Scene<'_>, who: &str, day: Date) -> bool {
    (s.serves_in(who) == s.owner() && s.is_chief(who)) || s.acts_as_head(who, day)
}

/// 办案人员的回避，由其所属部门决定；负责人的回避，由上一级决定.
fn is_decider(s: Scene<'_>, recusal: &Recusal<'_>) -> bool {
    match leads(s, recusal.whom, s.today()) {
        true => from_above(s),
        false => head(s),
    }
}

/// The next higher department's act: its head's own, or recorded from its paper; the nation's is its own.
fn from_above(s: Scene<'_>) -> bool {
    let owner = s.owner().unwrap_or_default();
    let itself = match s.level(owner) {
        Some(Level::National) => head(s),
        _ => s.above(owner).is_some() && next_higher(s),
    };
    itself || s.answer("superior_paper").is_some()
}

/// The supervision that this department opened and did not close.
fn opened<'a>(s: Scene<'a>) -> Option<&'a Told> {
    let mut opened = None;
    for told in s.story.told.iter().filter(|told| Some(told.office.as_str()) == s.office()) {
        match told.step {
            "open_supervision" => opened = Some(told),
            "close_supervision" => opened = None,
            _ => {}
        }
    }
    opened
}

/// Whether the department that opened a supervision corrected since.
fn is_corrected(s: Scene<'_>, opened: &Told) -> bool {
    s.done("direct_handling").any(|told| {
        told.number > opened.number
            && told.office == opened.office
            && told.answer("kind") == Some("correction")
    })
}

/// 有关机关、单位: those that the leads name.
pub fn involved(s: Scene<'_>) -> BTreeSet<&str> {
    s.leads().iter().flat_map(|lead| lead.told.answers("units")).collect()
}

/// The unit with this id.
pub fn unit<'a>(s: Scene<'a>, id: &str) -> Option<&'a Unit> {
    s.world.cast.unit(&UnitId(id.to_owned()))
}

/// Whether a region lies in that of a department: it is that region, or that of a department below; the nation has all.
pub fn covers(s: Scene<'_>, department: &str, region: &str) -> bool {
    let here = |id: &str| s.department(id).is_some_and(|there| there.region.as_str() == region);
    let mut below = s.world.cast.departments().map(|below| below.id.0.as_str());
    s.level(department) == Some(Level::National)
        || here(department)
        || below.any(|below| here(below) && s.all_above(below).contains(&department))
}
