//! 第四章: leads, materials, containment, verification, education.

use jiff::civil::{DateTime, Time};
use procedure::directory::{Level, Role};

use super::{
    Demand, Fact, Row, Says, Scene, Story, Tale, Told,
    common::{IN_FORCE, clerk, handler, head, superior},
    demand,
    questions::nth,
};

/// What the chapter adds to the table.
pub static ROWS: &[Row] = &[
    Row { step: "register", who: clerk, demands: LEAD },
    Row {
        step: "receive_material",
        who: |s| clerk(s) || handler(s),
        // Where a reporter is kept secret, nobody is named who handed something in.
        demands: &[demand(&[24], |s| {
            let secret =
                s.leads().iter().any(|lead| lead.told.answer("secrecy") == Some("keep_secret"));
            (!secret || s.answer("giver").is_none()).into()
        })],
    },
    Row {
        step: "order_containment",
        who: |s| clerk(s) || handler(s) || head(s),
        demands: &[demand(&[26], |s| {
            (!s.answers("units").is_empty() || !s.answers("persons").is_empty()).into()
        })],
    },
    Row {
        step: "report_containment",
        who: |s| clerk(s) || handler(s) || head(s),
        demands: &[
            demand(&[26], |s| {
                let order = s.answer("containment").and_then(|n| containment(s, n));
                order.map(|order| s.happened().is_none_or(|day| day >= order.happened)).into()
            }),
            demand(&[26], |s| s.answer("containment").map(|n| !is_contained(s, n)).into()),
        ],
    },
    Row {
        step: "verify_lead",
        who: |s| clerk(s) || handler(s),
        demands: &[demand(&[25], |s| s.filed().is_none().into())],
    },
    Row {
        step: "assign_reviewers",
        who: head,
        demands: &[
            demand(&[25], |s| s.filed().is_none().into()),
            // 办案人员 of the department that has it, whom nothing keeps from it.
            demand(&[27], |s| {
                let fit = |who: &&str| {
                    s.has_role(who, Role::Handler)
                        && s.serves_in(who) == s.owner().or(s.office())
                        && !s.stands_back(who, s.today())
                };
                s.answers("handlers").iter().all(fit).into()
            }),
            demand(&[27], |s| {
                let mut all = s.assigned_on(s.today());
                all.extend(s.answers("handlers"));
                all.retain(|who| !s.stands_back(who, s.today()));
                match s.answers("handlers").is_empty() {
                    true => Says::Unasked,
                    false => (all.len() >= 2).into(),
                }
            })
            .by("27-1"),
        ],
    },
    Row {
        step: "order_education",
        who: head,
        demands: &[
            demand(&[25], |s| s.filed().is_none().into()),
            demand(&[25], |s| verified(s, "violation")).by("25-1"),
            demand(&[25], |s| verified(s, "minor")).by("25-1"),
            demand(&[25], |s| not(verified(s, "harm"))).by("25-1"),
            // Nothing that was reviewed may be a leak: this ends the whole.
            demand(&[25], no_leak_found),
        ],
    },
    Row {
        step: "report_education",
        who: |s| clerk(s) || handler(s) || head(s),
        demands: &[demand(&[25], |s| match s.done("order_education").next() {
            None => Says::No,
            Some(order) => s.happened().map(|day| day >= order.happened).into(),
        })],
    },
    Row { step: "add_lead", who: |s| clerk(s) || handler(s) || head(s), demands: LEAD },
    Row {
        step: "join_dossier",
        who: head,
        demands: &[
            demand(&[2], |s| s.filed().is_none().into()),
            demand(&[2], |s| (!s.submissions().iter().any(|submission| submission.waits())).into()),
        ],
    },
    Row { step: "split_dossier", who: head, demands: &[] },
    Row {
        step: "grant_reporter",
        who: head,
        demands: &[
            demand(&[24], |s| {
                let leads = s.leads();
                let lead = s.answer("lead").and_then(|lead| nth(&leads, lead));
                lead.map(|lead| lead.told.answer("reporter").is_some()).into()
            }),
            demand(&[24], |s| s.date("until").map(|until| until >= s.today()).into()).by("24-1"),
            demand(&[24], |s| {
                s.answer("staff").map(|staff| !s.stands_back(staff, s.today())).into()
            })
            .by("24-1"),
        ],
    },
    Row {
        step: "set_start",
        who: head,
        demands: &[
            demand(&[64], |s| {
                s.leads().iter().any(|lead| lead.told.answer("earlier").is_some()).into()
            })
            .by("64-1"),
            demand(&[64], |s| {
                s.date("start").map(|start| start >= IN_FORCE && start <= s.today()).into()
            }),
        ],
    },
    Row {
        step: "pass_up",
        who: |s| clerk(s) || handler(s) || head(s) || superior(s),
        demands: &[
            // 全程一个时限: it runs where the hour of the receipt was registered, until the nation knows.
            demand(&[23], |s| chain(s).is_some().into()).by("邻-1"),
            demand(&[23], |s| {
                let last = chain(s).map(|(_, last)| last);
                last.and_then(|last| Some(reported_at(s)? >= last)).into()
            })
            .by("邻-1"),
            demand(&[23], |s| reported_at(s).map(|moment| moment <= s.attempt.at).into()),
            // 逐级: by the department that the report has reached, and not beyond the nation.
            demand(&[23], |s| {
                let reached = chain(s).and_then(|(reached, _)| reached);
                chain(s).map(|_| reached.is_some() && reached == s.office()).into()
            })
            .by("邻-1"),
        ],
    },
];

/// The moment at which it was passed up.
fn reported_at(s: Scene<'_>) -> Option<DateTime> {
    Some(DateTime::from_parts(s.happened()?, time(s.answer("time"))?))
}

/// How far the report came and when: the department that it has reached, none above the nation.
fn chain<'a>(s: Scene<'a>) -> Option<(Option<&'a str>, DateTime)> {
    let receipt =
        |told: &Told| Some(DateTime::from_parts(told.happened, time(told.answer("time"))?));
    let first = s.leads().iter().filter_map(|lead| receipt(lead.told)).min()?;
    let mut reached = s.story.told.first().map(|told| told.office.as_str());
    let mut last = first;
    for told in s.done("pass_up") {
        reached = s.above(&told.office);
        last = receipt(told).unwrap_or(last);
    }
    let below = reached.filter(|reached| s.level(reached) != Some(Level::National));
    Some((below, last))
}

/// What is demanded of every lead.
const LEAD: &[Demand] = &[
    demand(&[23], |s| {
        let days = s.date("discovered").zip(s.happened());
        days.map(|(discovered, received)| discovered <= received).into()
    }),
    demand(&[24], |s| {
        s.answer("source")
            .map(|source| source != "citizen_report" || s.answer("secrecy").is_some())
            .into()
    }),
    demand(&[24], |s| {
        s.answer("source")
            .map(|source| source == "citizen_report" || s.answer("reporter").is_none())
            .into()
    }),
    demand(&[64], |s| s.date("earlier").map(|earlier| earlier < IN_FORCE).into()),
    demand(&[64], |s| s.date("earlier").map(|_| s.answer("note").is_some()).into()).by("64-1"),
];

/// The time answered.
pub fn time(answer: Option<&str>) -> Option<Time> {
    let (hour, minute) = answer?.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// Whether the review, where there was one, found no leak in any part.
fn no_leak_found(s: Scene<'_>) -> Says {
    let mut last = std::collections::BTreeMap::new();
    for told in s.done("answer_review").filter(|told| told.number > s.began()) {
        last.insert(told.answer("part"), told.fact("leak"));
    }
    let said = |fact: Option<Fact>| not(fact.map_or(Says::Unknown, Says::from));
    last.into_values().map(said).max().unwrap_or(Says::Yes)
}

/// The opposite of what is established.
pub fn not(says: Says) -> Says {
    match says {
        Says::Yes => Says::No,
        Says::No => Says::Yes,
        says => says,
    }
}

/// What the last verification of the lead says.
pub fn verified(s: Scene<'_>, field: &str) -> Says {
    let last = s.done("verify_lead").next_back();
    last.and_then(|told| told.fact(field)).map_or(Says::Unknown, Says::from)
}

/// The order to contain with this number.
pub fn containment<'a>(s: Scene<'a>, number: &str) -> Option<&'a Told> {
    let orders: Vec<&Told> = s.done("order_containment").collect();
    nth(&orders, number).copied()
}

/// Whether it was reported as done.
pub fn is_contained(s: Scene<'_>, number: &str) -> bool {
    s.done("report_containment").any(|told| told.answer("containment") == Some(number))
}

/// 未办结的其他卷宗: the other dossiers of the same department that have not ended.
pub fn others<'a>(s: Scene<'a>) -> impl Iterator<Item = Tale<'a>> {
    s.world.stories.values().map(Story::tale).filter(move |other| {
        let there = Scene { story: *other, ..s };
        other.id != s.story.id && there.owner() == s.owner() && there.end().is_none()
    })
}
