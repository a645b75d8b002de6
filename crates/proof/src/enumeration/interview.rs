//! Slice 3: interviews, inspections and registered preservation, and who may do them (arts. 9, 33, 35, 38–40, 43–45).

use jiff::civil::{Date, date};
use procedure::{Dossier, Entry};

use super::{Key, Slice, alone, ground::name};

/// Two days: nobody is at two places on either, and an urgent preservation is to be approved by the second.
const DAYS: &[Date] = &[date(2022, 2, 17), date(2022, 2, 21)];

pub(super) static SLICE: Slice = Slice {
    name: "询问、检查、登记保存",
    text: include_str!("interview.txt"),
    days: DAYS,
    constant: &[
        "已经立案，直接调查；一名当事人、一名证人，没有指派的乙三可以加入，乙二可以回避一次、解除指派一次",
        "询问、检查、登记保存及其呈报合计至多两次，后二者各至多一次",
        "安排和查阅、复制没有后果，可以任意次数",
        "两个日期：紧急登记保存补办批准的时限届满以前和以后",
    ],
    others: alone,
    key,
    within,
};

fn key(dossier: &Dossier, key: &mut Key) {
    let state = &dossier.investigation;
    key.number(state.handlers.len());
    for handler in &state.handlers {
        key.word(name(&handler.staff)).flag(handler.until.is_some());
    }
    recusals(dossier, key);
    key.flag(state.rights.is_empty()).number(state.interviews.len());
    for interview in &state.interviews {
        let form = &interview.form;
        key.words(form.handlers.iter().map(name)).number(form.persons.len());
        key.number(usize::from(form.from.hour().unsigned_abs()));
        key.word(form.place.as_str()).day(interview.stamp.occurred);
        key.flag(interview.signed.is_some());
    }
    key.number(state.inspections.len());
    for (form, stamp) in &state.inspections {
        key.words(form.handlers.iter().map(name)).day(stamp.occurred);
    }
    let preservation = &state.preservation;
    key.number(preservation.approved.len());
    key.flags(preservation.preserved.iter().map(|preserved| preserved.approved.is_some()));
    key.flags(preservation.preserved.iter().map(|preserved| preserved.form.urgency.is_some()));
    key.flags(preservation.objects.iter().map(|object| object.released.is_some()));
    key.number(dossier.approval.all_pending().count());
    for pending in dossier.approval.all_pending() {
        key.word(&pending.digest);
    }
    key.number(dossier.approval.submissions.len());
}

/// Who recused themself, at whose request, and what was decided.
pub(super) fn recusals(dossier: &Dossier, key: &mut Key) {
    key.number(dossier.general.recusals.len());
    for recusal in &dossier.general.recusals {
        key.word(name(&recusal.staff)).flag(recusal.party.is_some());
        key.word(recusal.decision.as_ref().map_or("", |(form, _)| form.decision.label()));
    }
}

fn within(dossier: &Dossier, _: &Entry) -> bool {
    let state = &dossier.investigation;
    let released = state.handlers.iter().filter(|handler| handler.until.is_some());
    // The filing was submitted before.
    let submitted = dossier.approval.submissions.len() - 1;
    let preserved = state.preservation.preserved.len();
    state.interviews.len() + state.inspections.len() + preserved + submitted <= 2
        && preserved <= 1
        && submitted <= 1
        && dossier.general.recusals.len() <= 1
        && state.handlers.len() <= 3
        && released.count() <= 1
}
