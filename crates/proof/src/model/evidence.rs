//! 第三章: how evidence is collected, examined, kept and given back, and whether an item is usable as far as told.
//!
//! An item has a number, by the order in which the story told of it.
//! Deliberately absent: what evidence is worth, which is judged by people and recorded.

use std::collections::BTreeSet;

use jiff::civil::Date;
use procedure::value::Answers;

use super::{
    Demand, Fact, Row, Says, Scene, Tale, Told,
    collecting::{
        APPOINTED, POWER, TWO_AFTER_FILING, TWO_IN_REVIEW, all_on_duty, both, if_then, in_order,
        is_signed, number, points_at,
    },
    common::{handler, head},
    conduct, demand, text,
};

/// What the chapter adds to the table.
pub static ROWS: &[Row] = &[
    Row {
        step: "collect_evidence",
        who: handler,
        demands: &[
            POWER,
            APPOINTED,
            TWO_AFTER_FILING,
            TWO_IN_REVIEW,
            conduct(&[18], all_on_duty),
            OBJECT_ITSELF,
            DOCUMENT_ITSELF,
            MEDIUM_ITSELF,
        ],
    },
    Row {
        step: "receive_provided",
        who: handler,
        demands: &[
            POWER,
            APPOINTED,
            OBJECT_ITSELF,
            DOCUMENT_ITSELF,
            MEDIUM_ITSELF,
            // The unit had it before it gave it.
            demand(&[18], |s| in_order(s.date("collected"), s.happened())),
        ],
    },
    Row {
        step: "verify_evidence",
        who: handler,
        demands: &[
            AFTER_COLLECTION,
            demand(&[19, 20], |s| of_item(s, |item| !item.is_original())),
            demand(&[20], |s| {
                let examined = s.answer("verification").map(|way| way == "by_examination");
                examined.map_or(Says::Unasked, |examined| {
                    of_item(s, |item| item.kind() != "document" || !examined)
                })
            }),
            demand(&[19], |s| if_then(s, "verification", "by_examination", "examiner")),
        ],
    },
    Row {
        step: "note_original",
        who: handler,
        demands: &[demand(&[22], |s| of_item(s, |item| !item.is_original()))],
    },
    Row {
        step: "note_alteration",
        who: handler,
        demands: &[demand(&[20], |s| of_item(s, |item| item.kind() == "document"))],
    },
    Row {
        step: "recheck_hash",
        who: handler,
        demands: &[
            AFTER_COLLECTION,
            demand(&[21], |s| of_item(s, |item| item.from.answer("hash").is_some())),
        ],
    },
    Row {
        step: "hand_over_evidence",
        who: handler_or_head,
        demands: &[
            AFTER_LAST_KEPT,
            conduct(&[18], |s| of_keeping(s, |kept| kept.keeper == Some(&s.attempt.who)))
                .by("18-1"),
            demand(&[18], |s| s.answer("receiver").map(|to| to != s.attempt.who).into()).by("18-1"),
            demand(&[18], |s| s.answer("receiver").map(|to| may_keep(s, to)).into()).by("18-1"),
        ],
    },
    Row {
        step: "confirm_evidence",
        who: handler_or_head,
        demands: &[
            demand(&[], |s| {
                let kept = number(s, "evidence").and_then(|number| custody(s.story, number));
                in_order(kept.map(|kept| kept.handed.unwrap_or(kept.since)), s.happened())
            }),
            demand(&[18], |s| of_keeping(s, |kept| kept.awaited == Some(s.attempt.who.as_str())))
                .by("18-1"),
        ],
    },
    Row {
        step: "return_evidence",
        who: handler_or_head,
        demands: &[
            AFTER_LAST_KEPT,
            demand(&[18], |s| {
                of_keeping(s, |kept| kept.keeper == Some(&s.attempt.who) && kept.awaited.is_none())
            })
            .by("18-1"),
        ],
    },
    Row { step: "examine_evidence", who: handler, demands: &[AFTER_COLLECTION] },
];

fn handler_or_head(s: Scene<'_>) -> bool {
    handler(s) || head(s)
}

/// An object is collected itself, or shown in pictures for a stated reason.
const OBJECT_ITSELF: Demand = demand(&[19], |s| itself(s, "object", &["picture"]));

/// A document is collected itself, or copied for a stated reason.
const DOCUMENT_ITSELF: Demand = demand(&[20], |s| itself(s, "document", &["copy"]));

/// The medium is collected itself, or copied for a stated reason.
const MEDIUM_ITSELF: Demand =
    demand(&[21], |s| itself(s, "electronic", &["copy", "image"])).by("21-2");

fn itself(s: Scene<'_>, kind: &str, instead: &[&str]) -> Says {
    let Some((of, shape)) = both(s.answer("kind"), s.answer("shape")) else {
        return Says::Unasked;
    };
    let excused = instead.contains(&shape) && s.answer("reason").is_some();
    (of != kind || shape == "original" || excused).into()
}

/// Nothing happens to an item before it is collected.
const AFTER_COLLECTION: Demand = demand(&[], |s| {
    let item = number(s, "evidence").and_then(|number| item(s.story, number));
    in_order(item.map(|item| item.from.happened), s.happened())
});

/// Hand-overs are told in their order.
const AFTER_LAST_KEPT: Demand = demand(&[], |s| {
    let kept = number(s, "evidence").and_then(|number| custody(s.story, number));
    in_order(kept.map(|kept| kept.since), s.happened())
});

fn of_item(s: Scene<'_>, holds: impl Fn(Item<'_>) -> bool) -> Says {
    number(s, "evidence").and_then(|number| item(s.story, number)).map(holds).into()
}

fn of_keeping(s: Scene<'_>, holds: impl Fn(Custody<'_>) -> bool) -> Says {
    number(s, "evidence").and_then(|number| custody(s.story, number)).map(holds).into()
}

/// 接收人. Another handler, or a head of the department that has the dossier.
fn may_keep(s: Scene<'_>, who: &str) -> bool {
    let day = s.happened().unwrap_or(s.today());
    let here = s.serves_in(who) == s.owner() && s.is_chief(who);
    !s.stands_back(who, day) && (s.assigned_on(day).contains(who) || here)
}

/// 证据. One item, as it was told.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// Where it was told of.
    pub from: &'a Told,
    /// Its own row, where several came at once.
    row: Option<&'a Answers>,
}

impl<'a> Item<'a> {
    /// Its kind (art. 17), where it was named.
    fn kind(&self) -> &'a str {
        match self.from.step {
            "consult" => "document",
            "collect_evidence" | "receive_provided" => self.from.answer("kind").unwrap_or_default(),
            _ => "",
        }
    }

    /// Whether it is the thing itself.
    fn is_original(&self) -> bool {
        match self.from.step {
            "consult" => false,
            "collect_evidence" | "receive_provided" => {
                self.from.answer("shape") == Some("original")
            }
            _ => true,
        }
    }

    /// Where the original is, as far as told at once.
    fn original_place(&self) -> Option<&'a str> {
        match self.row {
            Some(row) => text(row, "original_place"),
            None => self.from.answer("original_place"),
        }
    }
}

/// Every item, in the order of their numbers.
pub fn items(story: Tale<'_>) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    for told in story.told {
        match told.step {
            "collect_evidence"
            | "receive_provided"
            | "record_interview"
            | "receive_statement"
            | "inspect"
            | "record_technical_report"
            | "record_appraisal"
            | "issue_appraisal" => {
                items.push(Item { from: told, row: None });
            }
            // What was only looked at has not become evidence (art. 43).
            "consult" => {
                let rows = told.rows("materials").into_iter();
                let copied = rows.filter(|row| text(row, "copying") == Some("copied"));
                items.extend(copied.map(|row| Item { from: told, row: Some(row) }));
            }
            _ => {}
        }
    }
    items
}

/// The item with this number.
pub fn item(story: Tale<'_>, number: usize) -> Option<Item<'_>> {
    items(story).get(number.checked_sub(1)?).copied()
}

/// Whether there is any evidence.
pub fn exists(s: Scene<'_>) -> bool {
    !items(s.story).is_empty()
}

/// Whether an item is usable, as far as told.
pub fn is_usable(story: Tale<'_>, number: usize) -> bool {
    against(story, number).is_empty()
}

/// The articles that stand against the use of an item, as far as told.
pub fn against(story: Tale<'_>, number: usize) -> BTreeSet<u8> {
    let (Some(item), Some(kept)) = (item(story, number), custody(story, number)) else {
        return BTreeSet::new();
    };
    let checked = about(story, "verify_evidence", number).last().copied();
    let agrees = checked.map(|told| told.answer("agreement") == Some("agrees"));
    let signature = item.from.answer("signature");
    let fine = [
        (18, !item.from.in_breach),
        (18, !kept.broken && kept.awaited.is_none()),
        (19, item.kind() != "object" || item.is_original() || agrees == Some(true)),
        (20, item.kind() != "document" || item.is_original() || agrees == Some(true)),
        (20, item.kind() == "object" || agrees != Some(false)),
        (20, !is_altered(story, number)),
        (21, !hash_changed(story, number)),
        (22, item.is_original() || original_place(story, number).is_some()),
        (40, item.from.step != "record_interview" || is_signed_interview(story, item.from)),
        (41, item.from.step != "receive_statement" || is_signed_statement(item.from)),
        (44, item.from.step != "inspect" || signature != Some("none")),
    ];
    fine.into_iter().filter(|(_, fine)| !fine).map(|(article, _)| article).collect()
}

/// What was told of an item in one kind of step.
fn about<'a>(story: Tale<'a>, step: &str, number: usize) -> Vec<&'a Told> {
    let told = story.told.iter().filter(|told| told.step == step);
    told.filter(|told| points_at(told, "evidence", number)).collect()
}

/// Where the original is, from the item or the last note (art. 22).
fn original_place(story: Tale<'_>, number: usize) -> Option<&str> {
    let noted = about(story, "note_original", number);
    let noted = noted.last().and_then(|told| told.answer("place"));
    noted.or_else(|| item(story, number)?.original_place())
}

/// Whether it shows an alteration that nobody could explain (art. 20).
fn is_altered(story: Tale<'_>, number: usize) -> bool {
    let noted = about(story, "note_alteration", number);
    noted.last().is_some_and(|told| told.fact("explained") != Some(Fact::Yes))
}

/// Whether a later hash differs from that of its collection (art. 21).
fn hash_changed(story: Tale<'_>, number: usize) -> bool {
    let first = item(story, number).and_then(|item| item.from.answer("hash"));
    let last = about(story, "recheck_hash", number).last().copied();
    last.is_some_and(|told| told.answer("hash") != first)
}

/// Whether the record was checked, and signed or its refusal noted (art. 40).
fn is_signed_interview(story: Tale<'_>, interview: &Told) -> bool {
    is_signed(story, interview.number)
}

/// Whether a written statement is signed as its writing asks (art. 41).
fn is_signed_statement(told: &Told) -> bool {
    match told.answer("writing") {
        Some("printed") => told.answer("signature") == Some("every_page"),
        _ => told.answer("signature") != Some("none"),
    }
}

/// 保管. Who keeps an item, by what was told of it in order (art. 18).
struct Custody<'a> {
    /// Nobody here, once it was given back.
    keeper: Option<&'a str>,
    /// To whom it was handed, who has not confirmed.
    awaited: Option<&'a str>,
    broken: bool,
    /// The day on which the keeper last had it for certain.
    since: Date,
    /// The day on which it was handed to who has not confirmed.
    handed: Option<Date>,
}

fn custody(story: Tale<'_>, number: usize) -> Option<Custody<'_>> {
    let from = item(story, number)?.from;
    let mut kept = Custody {
        keeper: Some(&from.by),
        awaited: None,
        broken: false,
        since: from.happened,
        handed: None,
    };
    for told in story.told.iter().filter(|told| points_at(told, "evidence", number)) {
        match told.step {
            "hand_over_evidence" => {
                kept.awaited = told.answer("receiver");
                kept.handed = Some(told.happened);
                kept.broken |= told.in_breach;
            }
            "confirm_evidence" => {
                let condition = told.answer("condition");
                let receiver = kept.awaited.take().filter(|_| condition != Some("missing"));
                kept.keeper = receiver.or(kept.keeper);
                kept.since = told.happened;
                kept.handed = None;
                kept.broken |= condition != Some("intact");
            }
            "return_evidence" => kept.keeper = None,
            _ => {}
        }
    }
    Some(kept)
}
