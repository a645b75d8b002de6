//! Slice 5: who stands back, who decides it and who takes their place, and what superiors do meanwhile (arts. 8, 9, 33).

use jiff::civil::{Date, date};
use procedure::{Dossier, Entry};

use super::{Key, Slice, alone, ground::name, interview::recusals};

/// One day: nothing here has a limit.
const DAYS: &[Date] = &[date(2022, 2, 17)];

pub(super) static SLICE: Slice = Slice {
    name: "回避与监督",
    text: include_str!("recusal.txt"),
    days: DAYS,
    constant: &[
        "已经立案，直接调查，乙一、乙二办案，乙三可以加入；负责人丙一、副职丙二，上一级负责人丁一",
        "至多两次回避；上级意见与呈报撤销至多其一，指定代行与解除指派至多其一",
        "同一日",
    ],
    others: alone,
    key,
    within,
};

fn key(dossier: &Dossier, key: &mut Key) {
    let (state, general) = (&dossier.investigation, &dossier.general);
    recusals(dossier, key);
    key.number(state.handlers.len());
    for handler in &state.handlers {
        key.word(name(&handler.staff)).flag(handler.until.is_some());
    }
    key.words(general.acting_heads.iter().map(|named| name(&named.staff)));
    let opened = general.supervisors.first().map(|(_, stamp)| stamp.version);
    key.flag(opened.is_some()).number(general.directions.len());
    for direction in &general.directions {
        key.word(direction.kind.label()).flag(direction.answer.is_some());
        key.flag(Some(direction.stamp.version) > opened);
    }
    key.number(dossier.approval.all_pending().count());
    for pending in dossier.approval.all_pending() {
        key.word(name(&pending.stamp.by));
    }
    key.number(dossier.approval.submissions.len());
}

fn within(dossier: &Dossier, _: &Entry) -> bool {
    let released = dossier.investigation.handlers.iter().filter(|h| h.until.is_some()).count();
    let general = &dossier.general;
    // The filing was submitted before.
    let submitted = dossier.approval.submissions.len() - 1;
    general.recusals.len() <= 2
        && general.directions.len() + submitted <= 1
        && general.acting_heads.len() + released <= 1
        && dossier.investigation.handlers.len() <= 3
}
