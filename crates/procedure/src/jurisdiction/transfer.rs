//! 移送. A dossier goes to another department, which owns it from the day it arrives (arts. 11 ¶2, 15 ¶2, 16, 29-2).

use super::{Event, competence, facts};
use crate::{
    check::{Check, known, refusals},
    dossier::{self, At, Dossier, Stamp},
    law::clause,
    number::Series,
    step::{Form, Relation, Rule, Step, form},
    value::{DepartmentId, LongText, Several, StaffId, Text, UnitId, choice},
};
use jiff::civil::Date;

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
    &[Relation::Clerk, Relation::Handler, Relation::Head, Relation::Former],
)
.on_day("通知日期")
.numbered(Series::JurisdictionNotice)
.in_transit();

/// 配合调查取证.
pub const ASSIST: Step = Step::of::<Assist>(
    "assist_receiver",
    "移送部门配合调查取证",
    &[clause(11).paragraph(2)],
    &[Relation::Handler, Relation::Former],
)
.on_day("配合日期")
.in_transit();

refusals! {
    TO_ANOTHER = "transfer.to_another", [clause(16).paragraph(1)], at "department",
        "移送的对象是本部门",
        "选择其他有管辖权的部门",
        "移送的对象是其他部门";
    FOUND_FIRST = "transfer.found_first", [clause(16).paragraph(1)], at "ground",
        "没有记录发现不属于本部门管辖",
        "先记录发现不属于本部门管辖的日期和理由",
        "已经记录发现不属于本部门管辖";
    TO_THE_COMPETENT = "transfer.to_the_competent", [clause(16).paragraph(1)], at "department",
        "按认定的管辖事实，接收部门没有管辖权",
        "移送有管辖权的部门；管辖事实有误的，重新认定",
        "按认定的管辖事实，接收部门有管辖权";
    TO_UNITS_PLACE = "transfer.to_units_place", [clause(11).paragraph(1)], at "department",
        "接收部门不在有关机关、单位所在地，也不在案件当事人居住地",
        "核对管辖事实中的单位所在地、居住地",
        "接收部门在有关机关、单位所在地，或者在案件当事人居住地";
    EASIER_BECAUSE = "transfer.easier_because", [clause(11).paragraph(1)], by EASIER_REASON, at "reason",
        "没有写明更便于查处工作开展的理由",
        "填写理由",
        "写明了更便于查处工作开展的理由";
    EVIDENCE_FIRST = "transfer.evidence_first", [clause(11).paragraph(2)], by EVIDENCE_BEFORE_HAND_OVER, at "no_evidence",
        "移交前没有收集证据，也没有写明理由",
        "先及时收集证据；没有可以收集的，写明理由",
        "移交前收集了证据，或者写明了没有收集的理由";
    REVIEW_SHOWS_LEAK = "transfer.review_shows_leak", [clause(29).item(2)], at "ground",
        "初查没有查明确有泄露国家秘密事实且尚未达到刑事立案标准",
        "先呈报初查情况报告；发现不属于本部门管辖的，按第十六条移送",
        "初查查明确有泄露国家秘密事实且尚未达到刑事立案标准";
    NOT_SENT_ON = "transfer.not_sent_on", [clause(16).paragraph(2)], at "department",
        "接受移送的部门不得再自行移送",
        "对管辖权有异议的，报请上一级保密行政管理部门指定管辖",
        "本案不是接受移送而来，或者已经另行指定管辖";
    TO_THE_DESIGNATED = "transfer.to_the_designated", [clause(15).paragraph(2)], at "department",
        "上级已经指定管辖，接收部门不是被指定的部门",
        "移送被指定管辖的保密行政管理部门",
        "接收部门是上级指定的部门，或者上级没有指定管辖";
    DESIGNATION_BINDS = "transfer.designation_binds", [clause(15).paragraph(2)], by DESIGNATION_BINDING, at "department",
        "被指定管辖的部门不得再移送",
        "按指定管辖决定办理；情况有变的，报请作出决定的部门",
        "本部门不是被指定管辖的部门";
    DESIGNATED_BEFORE = "transfer.designated_before", [clause(15).paragraph(2)], at "ground",
        "没有指定管辖的决定",
        "选择相应的移送依据",
        "有指定管辖的决定";
    WAITS_FOR_DESIGNATION = "transfer.waits_for_designation", [clause(15)],
        "已经报请指定管辖，上级尚未决定",
        "等待上级的指定管辖决定",
        "没有等待上级决定的指定管辖申请";
    ADOPTS_FILING = "transfer.adopts_filing", [clause(54)], by FILING_ADOPTED, at "filing",
        "本案已经立案，接收部门收到即采纳原立案",
        "选择采纳原立案，或者不选",
        "接收部门采纳原立案";
    CAME_BY_TRANSFER = "transfer.came_by_transfer", [clause(11).paragraph(2)],
        "本案没有移送过",
        "本部门收集的证据，按收集证据记录",
        "本案由其他部门移送而来";
    IS_ON_ITS_WAY = "transfer.is_on_its_way", [clause(16).paragraph(1)],
        "案件不在移送途中",
        "先移送",
        "案件正在移送途中";
    RECEIVED_AFTER_SENT = "transfer.received_after_sent", [clause(16).paragraph(1)], at "occurred",
        "收到日期早于移送日期",
        "核对日期",
        "收到日期不早于移送日期";
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
                // What the national department decided under art. 14 is no transfer of one's own motion.
                let by_nation = state.special.as_ref();
                let own = to.map(|to| state.was_received() && by_nation != Some(to));
                let own = own.unwrap_or(state.was_received() && by_nation.is_none());
                check.that(!own, &NOT_SENT_ON);
                check.that(!state.awaits_designation(), &WAITS_FOR_DESIGNATION);
                let designated = draft.ground.map(|ground| ground == Ground::Designated);
                check.that(designated.map(|designated| !designated), &DESIGNATED_BEFORE);
            }
        }
        match draft.ground {
            Some(Ground::NotCompetent) => {
                check.that(state.open_finding().is_some(), &FOUND_FIRST);
                at.follows(facts::found_on(at.dossier), check);
                judge_receiver(to, at, check);
            }
            Some(Ground::Review) => {
                judge_review(at, check);
                judge_receiver(to, at, check);
            }
            Some(Ground::Easier) => judge_hand_over(&draft, at, check),
            Some(Ground::Designated) => {
                at.follows(state.designation().map(|decision| decision.noticed), check);
            }
            None => {}
        }
        Some(Event::TransferSent(Self::complete(draft)?).into())
    }
}

/// Art. 16 ¶1: on stated facts the receiver is competent; without them that is for people to judge.
fn judge_receiver(to: Option<&DepartmentId>, at: &At<'_>, check: &mut Check<'_>) {
    let directory = &at.setting.directory;
    let stated = at.dossier.jurisdiction.facts.as_ref().map(|(form, _)| form);
    let (Some(stated), Some(to)) = (stated, to.and_then(|id| directory.department(id))) else {
        return;
    };
    let facts = facts::facts(at.dossier, directory, Some(stated));
    let opinions =
        facts::tree(directory, &facts).and_then(|tree| competence::competent(&tree, &facts));
    // Facts that no longer fit the tree of departments say nothing.
    let Ok(opinions) = opinions else { return };
    let name = to.name.as_str();
    let competent = opinions.iter().any(|opinion| opinion.department == name && opinion.competent);
    check.that(competent, &TO_THE_COMPETENT);
}

/// Art. 29-2: the review showed a leak that is no crime, of the whole or of one part (reading 29-1).
fn judge_review(at: &At<'_>, check: &mut Check<'_>) {
    let filing = &at.dossier.filing;
    let reported = filing.answers.iter().chain(&filing.disposition.parts);
    let mut shown = reported.filter(|_| filing.report.is_some()).map(|answers| {
        // What the review could not establish is not a no.
        match (answers.leak.known(), answers.criminal.known()) {
            (Some(false), _) | (_, Some(true)) => Some(false),
            (Some(true), Some(false)) => Some(true),
            _ => None,
        }
    });
    let first = shown.next().unwrap_or(Some(false));
    let shows = shown.fold(first, |one, other| match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (None, _) | (_, None) => None,
        (Some(false), Some(false)) => Some(false),
    });
    check.that(known(shows), &REVIEW_SHOWS_LEAK);
}

/// Art. 11: the place of a unit or of a residence, where that is easier; evidence is collected first.
fn judge_hand_over(draft: &SendTransferDraft, at: &At<'_>, check: &mut Check<'_>) {
    let directory = &at.setting.directory;
    let stated = at.dossier.jurisdiction.facts.as_ref().map(|(form, _)| form);
    let facts = facts::facts(at.dossier, directory, stated);
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

choice! {
    /// 对原立案的处理.
    FilingOnReceipt {
        Adopted = "adopted", "采纳原立案";
        Anew = "anew", "重新初查、立案";
    }
}

form! {
    /// 接收移送. The receiver takes the papers in; its own limits run from this day.
    ReceiveTransfer / ReceiveTransferDraft {
        papers: LongText = "收到的案卷材料";
        sealed_readers: Option<Several<StaffId>> = "可以查阅举报人信息的人员", "只有列明的人员可以查阅密封的举报人信息";
        filing: Option<FilingOnReceipt> = "对原立案的处理", "不选的，采纳原立案";
    }
}

impl Rule for ReceiveTransfer {
    fn judge(
        draft: ReceiveTransferDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        judge_receipt(at, check);
        let anew = draft.filing.map(|filing| filing == Some(FilingOnReceipt::Anew));
        let filed = at.dossier.filing.case.is_some();
        check.that(anew.map(|anew| !(anew && filed)), &ADOPTS_FILING);
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

form! {
    /// 配合调查取证. The department that handed the case over helps with the evidence afterwards.
    Assist / AssistDraft {
        content: LongText = "配合调查取证的情况";
    }
}

impl Rule for Assist {
    fn judge(draft: AssistDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let state = &at.dossier.jurisdiction;
        check.that(state.was_received() || state.transit.is_some(), &CAME_BY_TRANSFER);
        // What was done before the hand-over was the department's own work.
        let first = state.transfers.first().map(|transfer| &transfer.sent);
        let sent = first.or(state.transit.as_ref().map(|transit| &transit.stamp));
        at.follows(sent.map(|sent| sent.occurred), check);
        Some(Event::Assisted(Self::complete(draft)?).into())
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
    /// Who at the receiver may read the sealed part.
    pub sealed_readers: Vec<StaffId>,
}

/// The papers are sent: that meets a finding, and the designation that it carries out.
pub(super) fn send(dossier: &mut Dossier, form: &SendTransfer, stamp: Stamp) {
    let state = &mut dossier.jurisdiction;
    let day = stamp.occurred;
    if let Some(finding) = state.findings.last_mut() {
        finding.met.get_or_insert(day);
    }
    if let Some(decision) = state.decisions.last_mut() {
        decision.moved.get_or_insert(day);
    }
    state.transit = Some(Transit { form: form.clone(), stamp });
}

/// What is taken back has met nothing; a finding that a designation answered stays answered.
pub(super) fn take_back(dossier: &mut Dossier) {
    let state = &mut dossier.jurisdiction;
    state.transit = None;
    if state.outstanding().is_some() {
        if let Some(decision) = state.decisions.last_mut() {
            decision.moved = None;
        }
    } else if let Some(finding) = state.findings.last_mut() {
        finding.met = None;
    }
}

/// The dossier now belongs to the receiver, who assigns people of its own and, unless the case is filed, reviews it itself.
pub(super) fn receive(dossier: &mut Dossier, form: Option<&ReceiveTransfer>, stamp: Stamp) {
    let state = &mut dossier.jurisdiction;
    let (Some(sent), Some(from)) = (state.transit.take(), state.owner.take()) else { return };
    state.owner = Some(sent.form.department.clone());
    state.objection = None;
    state.withdraw_requests(stamp.occurred);
    let readers = form.and_then(|form| form.sealed_readers.as_ref());
    state.transfers.push(Transfer {
        form: sent.form,
        from,
        sent: sent.stamp,
        received: stamp.clone(),
        sealed_readers: readers.map(|readers| readers.to_vec()).unwrap_or_default(),
    });
    dossier.approval.lapse("案件已经移送，由接收部门重新呈报", &stamp);
    dossier.filing.reviewers.clear();
    dossier.investigation.handlers.clear();
    dossier.investigation.modes.clear();
    if form.is_some_and(|form| form.filing == Some(FilingOnReceipt::Anew)) {
        dossier.filing.case = None;
        dossier.investigation.fact_finding_ended = None;
    }
    if dossier.filing.case.is_none() {
        dossier.filing.answers = None;
        dossier.filing.report = None;
        dossier.filing.extensions.clear();
    }
}

/// 发现不属于本部门管辖. Since when, and when the papers were sent.
#[derive(Clone, Debug)]
pub struct Finding {
    /// 不属于本部门管辖的理由.
    pub reason: LongText,
    /// Who and when; `occurred` is 发现之日.
    pub stamp: Stamp,
    /// The day on which the papers were sent, or a designation answered the question.
    pub met: Option<Date>,
}
