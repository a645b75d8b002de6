//! 第六章: who investigates and how, what units are asked for, what is found, and how fact-finding ends.
//!
//! Deliberately absent: how facts are gathered, which `collecting` says, and what follows from them, which `outcomes` says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use procedure::directory::Role;

use super::{
    Row, Says, Scene, Told,
    collecting::{FILED, in_order, is_filed, is_party, never_yet, not_before},
    common::{handler, head},
    demand, evidence,
    general::USABLE,
    text,
};

/// What the chapter adds to the table.
pub static ROWS: &[Row] = &[
    Row {
        step: "assign_handlers",
        who: head,
        demands: &[
            demand(&[33], |s| is_filed(s, s.today()).into()),
            demand(&[33], |s| {
                let mut handlers = case_handlers(s, s.today());
                let named = s.answers("handlers");
                handlers.extend(&named);
                (!named.is_empty()).then_some(handlers.len() >= 2).into()
            }),
            // 办案人员 of the department that has it, whom nothing keeps from it.
            demand(&[33], |s| {
                let fit = |who: &&str| is_handler(s, who) && !s.stands_back(who, s.today());
                s.answers("handlers").iter().all(fit).into()
            }),
            // Who joins later joins what is decided; another mode is another decision.
            demand(&[33], |s| match mode(s, s.today()) {
                Some(mode) => s.answer("mode").map(|answer| answer == mode).into(),
                None => Says::Yes,
            }),
        ],
    },
    Row {
        step: "release_handlers",
        who: head,
        demands: &[
            demand(&[33], |s| {
                let assigned = s.assigned_on(s.today());
                s.answers("handlers").iter().all(|who| assigned.contains(who)).into()
            }),
            demand(&[33], |s| two_are_left(s, true)),
            demand(&[27], |s| two_are_left(s, false)).by("27-1"),
        ],
    },
    Row {
        step: "switch_mode",
        who: head,
        demands: &[
            FILED,
            demand(&[33], |s| mode(s, s.today()).is_some().into()),
            demand(&[33], |s| {
                s.answer("mode").map(|answer| mode(s, s.today()) != Some(answer)).into()
            }),
        ],
    },
    Row {
        step: "commission_unit",
        who: handler,
        demands: &[
            FILED,
            demand(&[33], |s| {
                (mode(s, s.happened().unwrap_or(s.today())) == Some("organised")).into()
            }),
            demand(&[33], |s| in_order(s.happened(), s.date("report_by"))),
        ],
    },
    Row {
        step: "receive_unit_report",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "task", "commission_unit")),
            demand(&[33], |s| never_yet(s, "task", &["receive_unit_report"])),
        ],
    },
    Row {
        step: "submit_task_force",
        who: handler,
        demands: &[
            FILED,
            demand(&[33], |s| s.is_major().into()),
            demand(&[33], |s| s.answer("leader").map(|leader| may_lead(s, leader)).into()),
            demand(&[33], |s| {
                let bodies = s.answers("bodies");
                let members = s.rows("members");
                let mut sent = members.iter().filter_map(|row| text(row, "body"));
                (!bodies.is_empty()).then(|| sent.all(|body| bodies.contains(&body))).into()
            }),
            demand(&[], |s| s.waiting("submit_task_force").is_none().into()),
        ],
    },
    Row {
        step: "demand_evidence",
        who: handler,
        demands: &[FILED, demand(&[36], |s| in_order(s.happened(), s.date("due")))],
    },
    Row {
        step: "record_provision",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "demand", "demand_evidence")),
            demand(&[36], |s| never_yet(s, "demand", &["record_provision"])),
        ],
    },
    Row {
        step: "tell_travel_review",
        who: handler,
        demands: &[
            FILED,
            demand(&[36], |s| s.answers("persons").iter().all(|who| is_party(s, who)).into()),
        ],
    },
    Row {
        step: "record_travel_review",
        who: handler,
        demands: &[demand(&[], |s| not_before(s, "notice", "tell_travel_review"))],
    },
    Row {
        step: "find_fact",
        who: handler,
        demands: &[
            FILED,
            demand(&[34], |s| {
                let (Some(content), Some(none)) = (s.answer("content"), s.answer("none")) else {
                    return Says::Unasked;
                };
                (!NEEDED.contains(&content) || none == "found").into()
            }),
            demand(&[34], |s| {
                let needed = s.answer("content").map(|content| NEEDED.contains(&content));
                needed.map(|needed| !needed || !s.answers("evidence").is_empty()).into()
            })
            .by("34-1"),
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
    Row {
        step: "find_nobody_responsible",
        who: handler,
        demands: &[
            FILED,
            demand(&[53], |s| {
                let leak = s.done("find_leak").next_back();
                leak.is_none_or(|leak| leak.answers("responsible").is_empty()).into()
            })
            .by("53-2"),
        ],
    },
    Row {
        step: "end_fact_finding",
        who: handler,
        demands: &[
            FILED,
            demand(&[51], |s| (!s.has("end_fact_finding")).into()),
            demand(&[51], |s| s.has("find_leak").into()),
            demand(&[34], |s| all_is_found(s).into()),
            demand(&[42], |s| every_party_was_heard(s).into()),
            demand(&[42], |s| every_plea_is_verified(s).into()).by("42-1"),
            demand(&[47], |s| all_is_appraised(s).into()).by("47-1"),
        ],
    },
];

/// 第一至三项: contents that must be found, and proved.
const NEEDED: &[&str] = &["party", "violation", "circumstances"];

/// 五项调查内容.
const CONTENTS: &[&str] = &["party", "violation", "circumstances", "statutory", "other"];

/// Everybody who was assigned to the case and not released, by the department that has it.
fn assigned<'a>(s: Scene<'a>, day: Date) -> BTreeSet<&'a str> {
    let mut assigned = BTreeSet::new();
    for told in s.story.told.iter().filter(|told| told.happened <= day) {
        match told.step {
            "assign_handlers" => assigned.extend(told.answers("handlers")),
            "release_handlers" => {
                let released = told.answers("handlers");
                assigned.retain(|who| !released.contains(who));
            }
            "receive_transfer" => assigned.clear(),
            _ => {}
        }
    }
    assigned
}

/// Those of them who have not stood back.
fn case_handlers<'a>(s: Scene<'a>, day: Date) -> BTreeSet<&'a str> {
    let mut handlers = assigned(s, day);
    handlers.retain(|who| !s.stands_back(who, day));
    handlers
}

/// Whether at least two go on with the case, or with the review, when some are released.
fn two_are_left(s: Scene<'_>, filed: bool) -> Says {
    let released = s.answers("handlers");
    let mut left = s.assigned_on(s.today());
    left.retain(|who| !released.contains(who) && !s.stands_back(who, s.today()));
    let concerned = s.filed().is_some() == filed;
    (!released.is_empty()).then_some(!concerned || left.len() >= 2).into()
}

/// Whether somebody is one of the department's 办案人员.
fn is_handler(s: Scene<'_>, who: &str) -> bool {
    s.has_role(who, Role::Handler) && s.serves_in(who) == s.owner()
}

/// 办理方式 on a day: as the department that has the case decided last.
fn mode<'a>(s: Scene<'a>, day: Date) -> Option<&'a str> {
    let arrived = s.arrivals().next_back().map_or(0, |told| told.number);
    let decided = s.story.told.iter().filter(|told| told.number > arrived);
    let mut decided = decided.filter(|told| told.happened <= day);
    decided
        .rfind(|told| matches!(told.step, "assign_handlers" | "switch_mode"))
        .and_then(|told| told.answer("mode"))
}

/// 组长: one who handles the case, or a head.
fn may_lead(s: Scene<'_>, leader: &str) -> bool {
    let here = s.serves_in(leader) == s.owner();
    let may = s.handles(leader, s.today()) || here && s.is_chief(leader);
    may && !s.stands_back(leader, s.today())
}

/// Whether all of these items may still be used.
fn is_usable(s: Scene<'_>, told: &Told) -> bool {
    let items = told.answers("evidence");
    let mut items = items.iter().filter_map(|item| item.parse().ok());
    items.all(|item| evidence::is_usable(s.story, item))
}

/// Whether all five contents are found, on evidence that may still be used, and the leak as well.
pub fn all_is_found(s: Scene<'_>) -> bool {
    let mut found: BTreeMap<&str, &Told> = BTreeMap::new();
    for told in s.done("find_fact") {
        found.extend(told.answer("content").map(|content| (content, told)));
    }
    let leak = s.done("find_leak").next_back();
    leak.is_none_or(|leak| is_usable(s, leak))
        && CONTENTS.iter().all(|content| found.get(content).is_some_and(|told| is_usable(s, told)))
}

/// Whether every party was heard.
pub fn every_party_was_heard(s: Scene<'_>) -> bool {
    let heard: BTreeSet<&str> =
        s.done("hear_party").filter_map(|told| told.answer("party")).collect();
    let persons = s.persons();
    let mut parties = (1..).zip(persons).filter(|(_, person)| person.standing == "party");
    parties.all(|(number, _)| heard.contains(number.to_string().as_str()))
}

/// Whether every point of a defence was verified.
pub fn every_plea_is_verified(s: Scene<'_>) -> bool {
    let pleas: usize = s.done("hear_party").map(|told| told.answers("points").len()).sum();
    let verified: BTreeSet<&str> =
        s.done("verify_plea").filter_map(|told| told.answer("plea")).collect();
    verified.len() >= pleas
}

/// Whether every appraisal on which the leak turns has its result.
pub fn all_is_appraised(s: Scene<'_>) -> bool {
    let results: Vec<&Told> =
        ["record_appraisal", "issue_appraisal"].iter().flat_map(|step| s.done(step)).collect();
    (1..).zip(s.done("request_appraisal")).all(|(number, asked): (usize, _)| {
        let number = number.to_string();
        let answered = results.iter().any(|told| told.answer("appraisal") == Some(&number));
        answered || asked.answer("weight") != Some("decisive")
    })
}
