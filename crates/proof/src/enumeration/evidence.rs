//! Slice 4: what may be used as evidence, what is found on it, and how fact-finding ends (arts. 17–22, 34, 42, 47, 49, 51).

use jiff::civil::{Date, date};
use procedure::{
    Dossier, Entry,
    evidence::{CollectEvidence, Item, Origin},
    investigation::finding::Content,
};

use super::{
    Key, Slice, alone,
    record::{Record, column},
};
use crate::model::Told;

/// One day: nothing here has a limit that takes anything away.
const DAYS: &[Date] = &[date(2022, 2, 18)];

pub(super) static SLICE: Slice = Slice {
    name: "证据与认定",
    text: include_str!("evidence.txt"),
    days: DAYS,
    constant: &[
        "已经立案，直接调查，乙一、乙二办案，乙二兼副职负责人；一名当事人，一项国家秘密",
        "当事人的询问笔录可以使用；除是否违法以外的四项调查内容已经据以认定；密级鉴定已经提请，认定泄密以它为依据",
        "另收集一件证据、移交一次，或者呈报撤销一次，二者不并存；申辩一项；同一日",
    ],
    others: alone,
    key,
    within,
};

fn key(dossier: &Dossier, key: &mut Key) {
    let state = &dossier.investigation;
    key.number(dossier.evidence.items.len());
    for item in dossier.evidence.items.iter().skip(1) {
        key.word(item.kind.label()).flag(item.stamp.in_breach);
        key.word(collected(item).map_or("", |form| form.shape.label()));
        key.flag(item.original_place.is_some());
        key.word(item.verified.as_ref().map_or("", |form| form.agreement.label()));
        let explained = item.alterations.last().and_then(|form| form.explained.known());
        key.word(explained.map_or("", |yes| if yes { "是" } else { "否" }));
        key.word(item.rechecked.as_ref().map_or("", |hash| hash.as_str()));
        key.number(item.custody.passages.len());
        for passage in &item.custody.passages {
            let confirmed = passage.confirmed.as_ref();
            key.word(confirmed.map_or("途中", |(form, _)| form.condition.label()));
        }
    }
    let found = state.fact(Content::Violation);
    for rests_on in [
        found.map(|form| form.evidence.as_slice()),
        dossier.general.leak.as_ref().map(|(form, _)| &*form.evidence),
    ] {
        key.flag(rests_on.is_some()).number(rests_on.map_or(0, <[_]>::len));
        for evidence in rests_on.into_iter().flatten() {
            let item = dossier.evidence.item(evidence);
            key.word(item.map_or("", |item| if item.id == 1 { "笔录" } else { "样例件" }));
        }
    }
    key.flag(state.hearings.is_empty());
    key.flags(state.pleas.iter().map(|plea| plea.verified.is_some()));
    key.flags(state.appraisals.iter().map(|appraisal| appraisal.result.is_some()));
    key.flag(state.fact_finding_ended.is_some());
    key.number(dossier.approval.submissions.len());
    key.number(dossier.approval.all_pending().count());
    key.flag(state.cancellation_notices.is_empty());
}

fn collected(item: &Item) -> Option<&CollectEvidence> {
    match &item.origin {
        Origin::Collected(form) => Some(form),
        _ => None,
    }
}

fn within(dossier: &Dossier, _: &Entry) -> bool {
    let items = &dossier.evidence.items;
    // The filing was submitted before.
    let submitted = dossier.approval.submissions.len() - 1;
    items.iter().filter(|item| collected(item).is_some()).count() + submitted <= 1
        && items.iter().all(|item| item.custody.passages.len() <= 1)
        && dossier.investigation.pleas.len() <= 1
}

/// Whether an item can be used, as the record says: its number, or its name.
pub(super) fn is_usable(record: &Record<'_>, item: &str, today: Date) -> bool {
    const ADD: &[&str] = &[
        "record_interview",
        "receive_statement",
        "consult",
        "inspect",
        "collect_evidence",
        "receive_provided",
        "record_technical_report",
        "record_appraisal",
        "issue_appraisal",
    ];
    let added = record.told.iter().filter(|told| ADD.contains(&told.step));
    let added: Vec<&Told> = added
        .flat_map(|told| {
            let copies = column(told, "materials", "name").len();
            std::iter::repeat_n(told, if told.step == "consult" { copies } else { 1 })
        })
        .collect();
    let named = |told: &&Told| told.answer("name") == Some(item);
    let index = item.parse::<usize>().ok().or_else(|| Some(1 + added.iter().position(named)?));
    let Some((id, told)) = index.and_then(|id| Some((id, *added.get(id.checked_sub(1)?)?))) else {
        return false;
    };
    let id = id.to_string();
    let of = |step| {
        let about = |told: &&Told| told.answer("evidence") == Some(id.as_str());
        record.done(step).filter(about).collect::<Vec<_>>()
    };
    !told.in_breach && told.happened <= today && has_what_it_needs(told, record, of)
}

/// Arts. 19 to 22 and 40: what an item needs to be used, and what stands against it.
fn has_what_it_needs<'a>(
    told: &Told,
    record: &Record<'a>,
    of: impl Fn(&'static str) -> Vec<&'a Told>,
) -> bool {
    let last = |step, field| of(step).last().and_then(|told: &&Told| told.answer(field));
    let altered = last("note_alteration", "explained").is_some_and(|explained| explained != "是");
    let differs = last("verify_evidence", "agreement") == Some("differs");
    let hash = told.answer("hash");
    let changed =
        hash.is_some() && last("recheck_hash", "hash").is_some_and(|now| Some(now) != hash);
    // A chain of custody that breaks off stands against the item (reading 18-1).
    let received = last("confirm_evidence", "condition") == Some("intact");
    let broken = !of("hand_over_evidence").is_empty() && !received;
    if altered || differs || changed || broken {
        return false;
    }
    match told.step {
        "record_interview" => {
            let nth = record.done("record_interview").take_while(|t| t.number <= told.number);
            let id = nth.count().to_string();
            let mut signed = record.done("sign_record");
            signed.any(|told| {
                let settled = told.answer("signature") == Some("every_page")
                    || told.answer("refusal_note").is_some();
                told.answer("interview") == Some(id.as_str()) && settled
            })
        }
        "collect_evidence" | "receive_provided" => {
            let original = told.answer("shape") == Some("original");
            let noted = told.answer("original_place").is_some() || !of("note_original").is_empty();
            let compares = matches!(told.answer("kind"), Some("object" | "document"));
            let verified = last("verify_evidence", "agreement") == Some("agrees");
            original || (noted && (verified || !compares))
        }
        _ => true,
    }
}
