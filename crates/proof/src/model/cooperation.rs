//! 第八章: letters to those who cooperate, and the province that coordinates with central organs.
//!
//! Deliberately absent: any bar to a referral elsewhere; cooperation stops nothing.

use procedure::directory::{Level, UnitCategory};

use super::{
    Row, Says, Scene,
    collecting::{never_yet, not_before},
    common::superior,
    demand,
    general::{handler_or_head, unit},
};

/// What the chapter adds to the table.
pub static ROWS: &[Row] = &[
    Row {
        step: "request_cooperation",
        who: handler_or_head,
        demands: &[
            // 省…与中央和国家机关保密工作机构.
            demand(&[56], |s| central(s, is_central_organ)),
            // 设区的市、自治州一级及以下…应当报请所属省.
            demand(&[56], |s| central(s, |s| (!is_below_province(s)).into())),
        ],
    },
    Row {
        step: "record_cooperation_reply",
        who: handler_or_head,
        demands: &[
            demand(&[], |s| not_before(s, "letter", "request_cooperation")),
            demand(&[], |s| never_yet(s, "letter", &["record_cooperation_reply"])),
        ],
    },
    Row {
        step: "request_coordination",
        who: handler_or_head,
        demands: &[demand(&[56], is_central_organ), demand(&[56], |s| is_below_province(s).into())],
    },
    Row {
        step: "answer_coordination",
        who: |s| superior(s) || handler_or_head(s),
        demands: &[
            demand(&[], |s| not_before(s, "request", "request_coordination")),
            demand(&[56], |s| never_yet(s, "request", &["answer_coordination"])),
            // 由所属省协调; its paper may be recorded.
            demand(&[56], |s| {
                let province = s.office().is_some_and(|id| s.level(id) == Some(Level::Provincial));
                let by_province = superior(s) && province;
                let recorded = handler_or_head(s) && s.answer("paper").is_some();
                (by_province || recorded).into()
            })
            .by("56-1"),
        ],
    },
];

/// What is demanded only where the partner is the secrecy body of a central organ.
fn central(s: Scene<'_>, met: impl Fn(Scene<'_>) -> Says) -> Says {
    match s.answer("partner") {
        None => Says::Unasked,
        Some(_) if s.answer("unit").is_none() => Says::Unasked,
        Some("central") => met(s),
        // However it is called.
        Some(_) if is_central_organ(s) == Says::Yes => met(s),
        Some(_) => Says::Yes,
    }
}

fn is_central_organ(s: Scene<'_>) -> Says {
    let unit = s.answer("unit").and_then(|id| unit(s, id));
    unit.map(|unit| unit.category == UnitCategory::CentralOrgan).into()
}

fn is_below_province(s: Scene<'_>) -> bool {
    let level = s.owner().or(s.office()).and_then(|department| s.level(department));
    matches!(level, Some(Level::Municipal | Level::County))
}
