//! 移送. A dossier goes to another department, which owns it from the day it arrives (arts. 11 ¶2, 15 ¶2, 16, 29-2).

use super::{Event, State};
use crate::{
    check::{Check, refusals},
    dossier::{self, At, Dossier, Stamp},
    law::clause,
    number::Series,
    step::{Form, Relation, Rule, Step, form},
    value::{DepartmentId, LongText, Several, Text, UnitId, choice},
};

const ANYONE: &[Relation] = &[Relation::Clerk, Relation::Handler, Relation::Head];

/// 移送案件.
pub const SEND: Step = Step::of::<SendTransfer>(
    "send_transfer",
    "移送有管辖权的保密行政管理部门",
    &[clause(16).paragraph(1), clause(11), clause(15).paragraph(2), clause(29).item(2)],
    &[Relation::Head],
)
.on_day("移送日期")
.decision()
.numbered(Series::Transfer)
.warning("移送后，在接收部门收到以前只能采取补救措施或者取回");

/// 取回移送.
pub const TAKE_BACK: Step = Step::of::<TakeBackTransfer>(
    "take_back_transfer",
    "取回移送",
    &[clause(16).paragraph(1)],
    &[Relation::Head],
)
.decision()
.in_transit();

/// 接收移送.
pub const RECEIVE: Step = Step::of::<ReceiveTransfer>(
    "receive_transfer",
    "接收移送",
    &[clause(16).paragraph(2), clause(30).paragraph(2)],
    &[Relation::Receiver],
)
.on_day("收到日期")
.decision()
.numbered(Series::Lead)
.in_transit();

/// 记录移送的回执.
pub const RECORD_RECEIPT: Step = Step::of::<RecordReceipt>(
    "record_receipt",
    "记录移送的回执",
    &[clause(16).paragraph(2)],
    &[Relation::Clerk, Relation::Head],
)
.on_day("对方收到日期")
.decision()
.in_transit()
.warning("记录后，本卷宗即归接收部门");

/// 管辖变更告知.
pub const TELL_UNITS: Step = Step::of::<TellUnits>(
    "tell_units_of_transfer",
    "书面通知有关机关、单位管辖变更",
    &[clause(15).paragraph(2)],
    ANYONE,
)
.on_day("通知日期")
.numbered(Series::JurisdictionNotice)
.in_transit();

refusals! {
    TO_ANOTHER = "transfer.to_another", [clause(16).paragraph(1)], at "department",
        "移送的对象是本部门",
        "选择其他有管辖权的部门";
    FOUND_FIRST = "transfer.found_first", [clause(16).paragraph(1)], at "ground",
        "没有记录发现不属于本部门管辖",
        "先记录发现不属于本部门管辖的日期和理由";
    TO_UNITS_PLACE = "transfer.to_units_place", [clause(11).paragraph(1)], at "department",
        "接收部门不在有关机关、单位所在地，也不在案件当事人居住地",
        "核对管辖事实中的单位所在地、居住地";
    EASIER_BECAUSE = "transfer.easier_because", [clause(11).paragraph(1)], by EASIER_REASON, at "reason",
        "没有写明更便于查处工作开展的理由",
        "填写理由";
    EVIDENCE_FIRST = "transfer.evidence_first", [clause(11).paragraph(2)], by EVIDENCE_BEFORE_HAND_OVER, at "no_evidence",
        "移交前没有收集证据，也没有写明理由",
        "先及时收集证据；没有可以收集的，写明理由";
    REVIEW_SHOWS_LEAK = "transfer.review_shows_leak", [clause(29).item(2)], at "ground",
        "初查没有查明确有泄露国家秘密事实且尚未达到刑事立案标准",
        "先呈报初查情况报告；发现不属于本部门管辖的，按第十六条移送";
    NOT_SENT_ON = "transfer.not_sent_on", [clause(16).paragraph(2)], at "department",
        "接受移送的部门不得再自行移送",
        "对管辖权有异议的，报请上一级保密行政管理部门指定管辖";
    TO_THE_DESIGNATED = "transfer.to_the_designated", [clause(15).paragraph(2)], at "department",
        "上级已经指定管辖，接收部门不是被指定的部门",
        "移送被指定管辖的保密行政管理部门";
    DESIGNATION_BINDS = "transfer.designation_binds", [clause(15).paragraph(2)], by DESIGNATION_BINDING, at "department",
        "被指定管辖的部门不得再移送",
        "按指定管辖决定办理；情况有变的，报请作出决定的部门";
    DESIGNATED_BEFORE = "transfer.designated_before", [clause(15).paragraph(2)], at "ground",
        "没有指定管辖的决定",
        "选择相应的移送依据";
    IS_ON_ITS_WAY = "transfer.is_on_its_way", [clause(16).paragraph(1)],
        "案件不在移送途中",
        "先移送";
    RECEIVED_AFTER_SENT = "transfer.received_after_sent", [clause(16).paragraph(1)], at "occurred",
        "收到日期早于移送日期",
        "核对日期";
}

choice! {
    /// 移送的依据.
    Ground {
        NotCompetent = "not_competent", "不属于本部门管辖（第十六条）";
        Review = "review", "经初查不具有管辖权（第二十九条第二项）";
        Easier = "easier", "由单位所在地或者居住地管辖更便于查处（第十一条）";
        Designated = "designated", "上级指定管辖（第十五条）";
    }
}

form! {
    /// 移送案件. The papers are sent; until they arrive the dossier is on its way.
    SendTransfer / SendTransferDraft {
        department: DepartmentId = "接收的保密行政管理部门";
        ground: Ground = "移送的依据";
        reason: LongText = "移送的理由和案卷材料";
        no_evidence: Option<LongText> = "没有收集证据的理由", "按第十一条移交而没有收集证据的填写";
    }
}

impl Rule for SendTransfer {
    fn judge(
        draft: SendTransferDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let state = &at.dossier.jurisdiction;
        let to = draft.department.as_ref();
        check.that(to.map(|to| Some(to) != at.dossier.department()), &TO_ANOTHER);
        match state.designated() {
            Some(designated) => {
                let here = Some(designated) == at.dossier.department();
                check.that(!here, &DESIGNATION_BINDS);
                check.that(to.map(|to| here || to == designated), &TO_THE_DESIGNATED);
            }
            None => {
                check.that(!state.was_received(), &NOT_SENT_ON);
                let designated = draft.ground.map(|ground| ground == Ground::Designated);
                check.that(designated.map(|designated| !designated), &DESIGNATED_BEFORE);
            }
        }
        match draft.ground {
            Some(Ground::NotCompetent) => {
                check.that(state.not_competent.is_some(), &FOUND_FIRST);
                at.follows(super::facts::found_on(at.dossier), check);
            }
            Some(Ground::Review) => judge_review(at, check),
            Some(Ground::Easier) => judge_hand_over(&draft, at, check),
            Some(Ground::Designated) => {
                at.follows(state.designation().map(|decision| decision.noticed), check);
            }
            None => {}
        }
        Some(Event::TransferSent(Self::complete(draft)?).into())
    }
}

/// Art. 29-2: the review showed a leak that is no crime.
fn judge_review(at: &At<'_>, check: &mut Check<'_>) {
    let filing = &at.dossier.filing;
    let answers = filing.answers.as_ref().filter(|_| filing.report.is_some());
    let shows = answers.is_some_and(|answers| {
        answers.leak.known() == Some(true) && answers.criminal.known() == Some(false)
    });
    check.that(shows, &REVIEW_SHOWS_LEAK);
}

/// Art. 11: the place of a unit or of a residence, where that is easier; evidence is collected first.
fn judge_hand_over(draft: &SendTransferDraft, at: &At<'_>, check: &mut Check<'_>) {
    let directory = &at.setting.directory;
    let stated = at.dossier.jurisdiction.facts.as_ref().map(|(form, _)| form);
    let facts = super::facts::facts(at.dossier, directory, stated);
    let department = draft.department.as_ref().and_then(|id| directory.department(id));
    let there = department.map(|department| {
        let region = department.region.as_str();
        let unit = facts.units.iter().any(|unit| unit.region == region);
        unit || facts.residences.iter().any(|residence| residence == region)
    });
    check.that(there, &TO_UNITS_PLACE);
    let easier = stated.is_some_and(|form| form.easier.is_some());
    check.that(easier, &EASIER_BECAUSE);
    let collected =
        !at.dossier.evidence.items.is_empty() || !at.dossier.intake.materials.is_empty();
    let explained = draft.no_evidence.as_ref().map(Option::is_some);
    check.that(explained.map(|explained| explained || collected), &EVIDENCE_FIRST);
}

form! {
    /// 取回移送. What was sent and has not arrived is taken back.
    TakeBackTransfer / TakeBackTransferDraft {
        reason: LongText = "取回的理由";
    }
}

impl Rule for TakeBackTransfer {
    fn judge(
        draft: TakeBackTransferDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        check.that(at.dossier.jurisdiction.transit.is_some(), &IS_ON_ITS_WAY);
        Some(Event::TransferTakenBack(Self::complete(draft)?).into())
    }
}

form! {
    /// 接收移送. The receiver takes the papers in; its own limits run from this day.
    ReceiveTransfer / ReceiveTransferDraft {
        papers: LongText = "收到的案卷材料";
    }
}

impl Rule for ReceiveTransfer {
    fn judge(
        draft: ReceiveTransferDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        judge_receipt(at, check);
        Some(Event::TransferReceived(Self::complete(draft)?).into())
    }
}

form! {
    /// 记录移送的回执. The sender records that a department outside this system received the papers.
    RecordReceipt / RecordReceiptDraft {
        paper: Text = "回执文号";
    }
}

impl Rule for RecordReceipt {
    fn judge(
        draft: RecordReceiptDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        judge_receipt(at, check);
        Some(Event::ReceiptRecorded(Self::complete(draft)?).into())
    }
}

fn judge_receipt(at: &At<'_>, check: &mut Check<'_>) {
    let transit = at.dossier.jurisdiction.transit.as_ref();
    check.that(transit.is_some(), &IS_ON_ITS_WAY);
    let in_order = transit.zip(at.occurred).map(|(sent, day)| sent.stamp.occurred <= day);
    check.that(in_order, &RECEIVED_AFTER_SENT);
}

form! {
    /// 管辖变更告知. The units concerned are told in writing who handles from now on.
    TellUnits / TellUnitsDraft {
        units: Several<UnitId> = "有关机关、单位";
        content: LongText = "通知内容";
    }
}

impl Rule for TellUnits {
    fn judge(draft: TellUnitsDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let decision = at.dossier.jurisdiction.designation();
        check.that(decision.is_some(), &DESIGNATED_BEFORE);
        at.follows(decision.map(|decision| decision.noticed), check);
        Some(Event::UnitsTold(Self::complete(draft)?).into())
    }
}

/// 移送途中. What was sent and has not arrived.
#[derive(Clone, Debug)]
pub struct Transit {
    /// What was sent.
    pub form: SendTransfer,
    /// Who and when.
    pub stamp: Stamp,
}

/// 移送. One transfer that arrived.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// What was sent.
    pub form: SendTransfer,
    /// From whom.
    pub from: DepartmentId,
    /// Who sent it and when.
    pub sent: Stamp,
    /// Who recorded its arrival; `occurred` is the day of it.
    pub received: Stamp,
}

/// The dossier now belongs to the receiver, who assigns people of its own.
pub(super) fn receive(dossier: &mut Dossier, stamp: Stamp) {
    let State { owner, transit, transfers, not_competent, .. } = &mut dossier.jurisdiction;
    let (Some(sent), Some(from)) = (transit.take(), owner.take()) else { return };
    *owner = Some(sent.form.department.clone());
    *not_competent = None;
    transfers.push(Transfer { form: sent.form, from, sent: sent.stamp, received: stamp });
    dossier.filing.reviewers.clear();
    dossier.filing.extensions.clear();
    dossier.investigation.handlers.clear();
}
