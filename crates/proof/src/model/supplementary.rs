//! 第十章: other violations by reference, and papers that are fixed.

use jiff::civil::{Date, date};

use super::{Row, Says, Scene, common::system, demand, general::handler_or_head};

/// What the chapter adds to the table.
pub static ROWS: &[Row] = &[
    Row {
        step: "apply_by_reference",
        who: handler_or_head,
        demands: &[
            // 机关、单位工作人员.
            demand(&[61], |s| {
                let of_unit =
                    |number: &&str| s.person(number).is_some_and(|person| person.unit.is_some());
                let persons = s.answers("persons");
                (!persons.is_empty()).then(|| persons.iter().all(of_unit)).into()
            }),
            demand(&[61], |s| s.date("conduct").map(|day| day <= s.today()).into()),
            demand(&[61], |s| {
                let both = s.date("conduct").zip(s.answer("provision"));
                both.map(|(day, provision)| is_in_force(provision, day)).into()
            })
            .by("61-1"),
        ],
    },
    Row {
        step: "fix_paper",
        who: system,
        demands: &[
            demand(&[62], |s| {
                let issued = match s.answer("paper") {
                    Some("P14") => "notify_filing",
                    Some("P20") => "record_interview",
                    _ => return Says::Unasked,
                };
                let Some(entry) = entry(s) else { return Says::Unasked };
                s.done(issued).any(|told| told.number == entry).into()
            }),
            // Once fixed it never changes.
            demand(&[62], |s| {
                let (Some(paper), Some(meant)) = (s.answer("paper"), entry(s)) else {
                    return Says::Unasked;
                };
                let same = |told: &super::Told| {
                    told.answer("paper") == Some(paper)
                        && told.answer("entry").and_then(|text| text.parse().ok()) == Some(meant)
                };
                (!s.done("fix_paper").any(same)).into()
            }),
        ],
    },
];

fn entry(s: Scene<'_>) -> Option<u64> {
    s.answer("entry")?.parse().ok()
}

/// The law of 2010 was in force from 1 October 2010, that of 2024 from 1 May 2024.
fn is_in_force(provision: &str, day: Date) -> bool {
    let (old, new) = (date(2010, 10, 1), date(2024, 5, 1));
    match provision {
        "2010-48" => (old..new).contains(&day),
        _ => day >= new,
    }
}
