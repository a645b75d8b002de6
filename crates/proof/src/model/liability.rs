//! 第九章: hindrance, what is proposed about it, and what became of that.

use procedure::directory::UnitCategory;

use super::{
    Row, Says, Scene, Told,
    collecting::not_before,
    common::handler,
    demand,
    general::{USABLE, unit},
    questions::nth,
};

/// What the chapter adds to the table.
pub static ROWS: &[Row] = &[
    Row {
        step: "record_hindrance",
        who: handler,
        demands: &[
            // 企事业单位…协助机关、单位.
            demand(&[59], |s| {
                assisting(s, |s| {
                    let unit = s.answer("unit").and_then(|id| unit(s, id));
                    let kinds = [UnitCategory::Enterprise, UnitCategory::Institution];
                    unit.map(|unit| kinds.contains(&unit.category)).into()
                })
            }),
            demand(&[59], |s| assisting(s, |s| s.answer("assisted").is_some().into())),
            demand(&[59], |s| {
                assisting(s, |s| {
                    let both = s.answer("assisted").zip(s.answer("unit"));
                    both.map(|(assisted, unit)| assisted != unit).into()
                })
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
    Row {
        step: "propose_sanction",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "incident", "record_hindrance")),
            demand(&[59], |s| {
                incident(s).map(|told| told.answer("part") == Some("concerned")).into()
            }),
            // 直接负责的主管人员和其他直接责任人员 of that unit.
            demand(&[59], |s| {
                let Some(incident) = incident(s) else { return Says::Unasked };
                let theirs = |number: &&str| {
                    let unit = s.person(number).and_then(|person| person.unit);
                    unit.is_some() && unit == incident.answer("unit")
                };
                s.answers("persons").iter().all(theirs).into()
            }),
        ],
    },
    Row {
        step: "refer_for_penalty",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "incident", "record_hindrance")),
            demand(&[59], |s| {
                incident(s).map(|told| told.answer("part") == Some("assisting")).into()
            }),
        ],
    },
    Row {
        step: "record_liability",
        who: handler,
        demands: &[
            demand(&[59], |s| match answered(s) {
                None => s.answer("incident").map(|_| false).into(),
                Some(told) => s.happened().map(|day| day >= told.happened).into(),
            }),
            demand(&[59], |s| {
                let number = s.answer("incident");
                let known = |told: &Told| told.answer("incident") == number;
                number.map(|_| !s.done("record_liability").any(known)).into()
            }),
        ],
    },
];

fn assisting(s: Scene<'_>, met: impl Fn(Scene<'_>) -> Says) -> Says {
    match s.answer("part") {
        None => Says::Unasked,
        Some("assisting") => met(s),
        Some(_) => Says::Yes,
    }
}

/// The incident that is spoken of.
fn incident<'a>(s: Scene<'a>) -> Option<&'a Told> {
    let incidents: Vec<&Told> = s.done("record_hindrance").collect();
    nth(&incidents, s.answer("incident")?).copied()
}

/// What was proposed or asked about the incident.
fn answered<'a>(s: Scene<'a>) -> Option<&'a Told> {
    let number = s.answer("incident")?;
    let mut told = s.done("propose_sanction").chain(s.done("refer_for_penalty"));
    told.find(|told| told.answer("incident") == Some(number))
}
