//! 保管. Evidence passes from keeper to keeper; each hand-over is confirmed by who receives it, so that the chain is unbroken (art. 18, reading 18-1).

use super::{Event, Item};
use crate::{
    check::{Check, refusals},
    deadline::{Desk, Duty},
    dossier::{self, At, Dossier, Stamp},
    law::clause,
    step::{Form, Relation, Rule, Step, form},
    value::{EvidenceId, LongText, StaffId, Text, choice},
};
use jiff::civil::Time;

/// 移交证据.
pub const HAND_OVER: Step =
    Step::of::<HandOver>("hand_over_evidence", "移交证据", &[clause(18)], KEEPERS)
        .on_day("移交日期")
        .as_happened();

/// 确认接收证据.
pub const CONFIRM: Step =
    Step::of::<Confirm>("confirm_evidence", "确认接收证据", &[clause(18)], KEEPERS)
        .on_day("接收日期");

/// 退还证据.
pub const RETURN: Step =
    Step::of::<ReturnItem>("return_evidence", "退还证据", &[clause(18), clause(19)], KEEPERS)
        .on_day("退还日期")
        .after_end();

const KEEPERS: &[Relation] = &[Relation::Handler, Relation::Head];

refusals! {
    GIVER_KEEPS = "custody.giver_keeps", [clause(18)], by UNBROKEN_CUSTODY, at "evidence",
        "该证据不由移交人保管",
        "由现在的保管人移交；已经移交的，如实记录",
        "该证据由移交人保管";
    GIVEN_TO_ANOTHER = "custody.given_to_another", [clause(18)], by UNBROKEN_CUSTODY, at "receiver",
        "接收人不是另一名本案办案人员或者本部门负责人",
        "移交给另一名本案办案人员或者本部门负责人",
        "接收人是另一名本案办案人员或者本部门负责人";
    NOT_ON_ITS_WAY = "custody.not_on_its_way", [clause(18)], by UNBROKEN_CUSTODY, at "evidence",
        "该证据已经移交，接收人尚未确认",
        "由接收人确认后再办理",
        "该证据没有尚未确认的移交";
    RECEIVER_CONFIRMS = "custody.receiver_confirms", [clause(18)], by UNBROKEN_CUSTODY, at "evidence",
        "该证据没有移交给确认人，或者已经确认",
        "由移交时写明的接收人确认",
        "该证据移交给确认人，尚未确认";
    CUSTODY_CONFIRMED = "custody.confirmed", [clause(18)], by UNBROKEN_CUSTODY,
        "证据已经移交，接收人尚未确认",
        "由接收人确认",
        "每次移交均经接收人确认";
    CUSTODY_UNBROKEN = "custody.unbroken", [clause(18)], by UNBROKEN_CUSTODY,
        "保管链条中断",
        "查明原因，重新收集",
        "保管链条没有中断";
}

form! {
    /// 移交证据. From the present keeper to another.
    HandOver / HandOverDraft {
        evidence: EvidenceId = "证据";
        time: Time = "移交时间";
        receiver: StaffId = "接收人";
        reason: LongText = "移交原因";
    }
}

impl Rule for HandOver {
    fn judge(draft: HandOverDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let item = item(&draft.evidence, at);
        check.conduct(item.map(|item| item.keeper() == Some(at.who())), &GIVER_KEEPS);
        let day = at.occurred.unwrap_or(at.today());
        let another = draft.receiver.as_ref().map(|staff| {
            let head = at.setting.directory.staff(staff).is_some_and(|staff| {
                staff.is_head() && Some(&staff.department) == at.dossier.department()
            });
            let handler = at.dossier.is_handler_on(staff, day);
            let recused = at.dossier.general.stands_back(staff, day);
            staff != at.who() && !recused && (head || handler)
        });
        check.that(another, &GIVEN_TO_ANOTHER);
        at.follows(item.map(|item| item.last_moved()), check);
        Some(Event::HandedOver(Self::complete(draft)?).into())
    }
}

choice! {
    /// 接收时的状况.
    Condition {
        Intact = "intact", "收到，完好";
        Changed = "changed", "收到，与移交时不符";
        Missing = "missing", "没有收到";
    }
}

form! {
    /// 确认接收证据. The receiver says what arrived, and in which condition.
    Confirm / ConfirmDraft {
        evidence: EvidenceId = "证据";
        time: Time = "接收时间";
        condition: Condition = "接收时的状况";
        note: Option<LongText> = "说明";
    }
}

impl Rule for Confirm {
    fn judge(draft: ConfirmDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let given = item(&draft.evidence, at).map(Item::on_its_way);
        let mine = given.map(|given| given.is_some_and(|given| given.form.receiver == *at.who()));
        check.that(mine, &RECEIVER_CONFIRMS);
        at.follows(given.flatten().map(|given| given.stamp.occurred), check);
        Some(Event::ReceiptConfirmed(Self::complete(draft)?).into())
    }
}

form! {
    /// 退还证据. An object goes back to whom it belongs to.
    ReturnItem / ReturnItemDraft {
        evidence: EvidenceId = "证据";
        recipient: Text = "领取人";
        reason: LongText = "退还原因";
    }
}

impl Rule for ReturnItem {
    fn judge(draft: ReturnItemDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let item = item(&draft.evidence, at);
        check.that(item.map(|item| item.keeper() == Some(at.who())), &GIVER_KEEPS);
        check.that(item.map(|item| item.on_its_way().is_none()), &NOT_ON_ITS_WAY);
        at.follows(item.map(|item| item.last_moved()), check);
        Some(Event::ItemReturned(Self::complete(draft)?).into())
    }
}

fn item<'a>(id: &Option<EvidenceId>, at: &At<'a>) -> Option<&'a Item> {
    at.dossier.evidence.item(id.as_ref()?)
}

/// 移交. One hand-over, and what its receiver confirmed.
#[derive(Clone, Debug)]
pub struct Passage {
    /// What the giver recorded.
    pub form: HandOver,
    /// The giver and when.
    pub stamp: Stamp,
    /// 接收确认.
    pub confirmed: Option<(Confirm, Stamp)>,
}

/// 保管. How an item came to where it is.
#[derive(Clone, Debug, Default)]
pub struct Custody {
    /// 移交, in their order.
    pub passages: Vec<Passage>,
    /// 退还.
    pub returned: Option<(ReturnItem, Stamp)>,
}

impl Item {
    /// 保管人. Who entered it on the record, then whoever received it; nobody once it was returned.
    pub fn keeper(&self) -> Option<&StaffId> {
        if self.custody.returned.is_some() {
            return None;
        }
        let received = |passage: &&Passage| {
            let condition = passage.confirmed.as_ref().map(|(form, _)| form.condition);
            matches!(condition, Some(Condition::Intact | Condition::Changed))
        };
        let last = self.custody.passages.iter().rev().find(received);
        Some(last.map_or(&self.stamp.by, |passage| &passage.form.receiver))
    }

    /// The hand-over that waits for its receiver.
    pub fn on_its_way(&self) -> Option<&Passage> {
        self.custody.passages.last().filter(|passage| passage.confirmed.is_none())
    }

    fn last_moved(&self) -> jiff::civil::Date {
        let mut confirmed = self.custody.passages.iter().filter_map(|p| p.confirmed.as_ref());
        confirmed.next_back().map_or(self.stamp.occurred, |(_, stamp)| stamp.occurred)
    }

    fn is_unbroken(&self) -> bool {
        self.custody.passages.iter().all(|passage| {
            let condition = passage.confirmed.as_ref().map(|(form, _)| form.condition);
            !passage.stamp.in_breach && condition.is_none_or(|c| c == Condition::Intact)
        })
    }
}

pub(super) fn hand_over(item: &mut Item, form: &HandOver, stamp: Stamp) {
    item.custody.passages.push(Passage { form: form.clone(), stamp, confirmed: None });
}

pub(super) fn confirm(item: &mut Item, form: &Confirm, stamp: Stamp) {
    if let Some(passage) = item.custody.passages.last_mut() {
        passage.confirmed = Some((form.clone(), stamp));
    }
}

pub(super) fn judge(item: &Item, excluding: &mut Check<'_>, completing: &mut Check<'_>) {
    excluding.that(item.is_unbroken(), &CUSTODY_UNBROKEN);
    completing.that(item.on_its_way().is_none(), &CUSTODY_CONFIRMED);
}

/// Receipts that wait to be confirmed.
pub(super) fn duties(dossier: &Dossier, duties: &mut Vec<Duty>) {
    for item in dossier.evidence.items.iter().filter(|item| item.on_its_way().is_some()) {
        duties.push(Duty {
            name: format!("证据待确认接收：{}", item.name),
            basis: clause(18),
            due: None,
            step: CONFIRM.id,
            desk: Desk::Owner,
        });
    }
}
