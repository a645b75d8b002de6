//! Slice 1: whose a dossier is and where it goes (arts. 7, 11–16).

use jiff::civil::{Date, date};
use procedure::{Dossier, Entry};

use super::{Key, Slice, alone, ground::name};

/// Received on the first, past the seven working days of arts. 15 and 16 on the second.
const DAYS: &[Date] = &[date(2022, 2, 9), date(2022, 3, 1)];

pub(super) static SLICE: Slice = Slice {
    name: "管辖",
    text: include_str!("jurisdiction.txt"),
    days: DAYS,
    constant: &[
        "一条线索，由示例县局登记；同一市内的两个县局、它们的市局、省局、国家局",
        "至多收到两次移送、报请一次、决定一次（指定管辖，或者第十四条的决定）",
        "书面组织、指派初查人员只试不办（见第二片）",
        "两个日期：移送、指定的7个工作日届满以前和以后",
    ],
    others: alone,
    key,
    within,
};

fn key(dossier: &Dossier, key: &mut Key) {
    let state = &dossier.jurisdiction;
    let id = |department: Option<&procedure::value::DepartmentId>| {
        department.map_or(String::new(), |department| department.0.clone())
    };
    key.word(&id(dossier.department()));
    key.word(&id(state.receiver()));
    let ground = state.transit.as_ref().map(|transit| transit.form.ground.label());
    key.word(ground.unwrap_or_default());
    key.flag(state.transit.is_some()).flag(state.open_finding().is_some());
    key.flag(state.findings.is_empty()).flag(state.facts.is_some());
    key.number(state.transfers.len());
    key.word(state.transfers.last().map_or("", |transfer| transfer.form.ground.label()));
    key.words(state.formers().map(|former| former.0.as_str()));
    key.word(state.transfers.last().map_or("", |transfer| name(&transfer.received.by)));
    key.flag(state.untold().is_some()).flag(state.objection.is_some());
    key.flag(!state.told.is_empty());
    let asked = state.requests.last().map(|request| request.stamp.version);
    let objected = state.objection.as_ref().map(|(_, stamp)| stamp.version);
    key.flag(objected > asked);
    key.number(state.requests.len());
    for request in &state.requests {
        key.word(&request.form.department.0).flag(request.decided);
    }
    key.number(state.decisions.len());
    key.word(&id(state.designated()));
    key.flag(state.outstanding().is_some_and(|decision| decision.moved.is_some()));
    key.words(state.organised.iter().map(|department| department.0.as_str()));
    key.word(&id(state.special.as_ref()));
    key.flag(dossier.is_major()).flag(dossier.filing.reviewers.is_empty());
}

fn within(dossier: &Dossier, _: &Entry) -> bool {
    let state = &dossier.jurisdiction;
    let decided = state.decisions.len() + usize::from(state.special.is_some());
    state.transfers.len() <= 2 && state.requests.len() <= 1 && decided <= 1
}
