//! 第二章 管辖. Which department a dossier belongs to, and how it gets there.
//!
#![doc = include_str!("law.md")]

pub mod competence;
pub mod designation;
pub mod facts;
pub mod transfer;

use jiff::civil::Date;

use crate::{
    answered::LegalRule,
    check::Refusal,
    deadline::{self, Desk, Duty, Running},
    dossier::{self, Dossier, Entry, Stamp},
    law::{Clause, clause},
    limit,
    setting::Setting,
    step::Step,
    value::{DepartmentId, LongText, StaffId},
};

/// The steps of this chapter.
pub static STEPS: &[Step] = &[
    facts::STATE_FACTS,
    facts::FIND_NOT_COMPETENT,
    transfer::SEND,
    transfer::TAKE_BACK,
    transfer::RECEIVE,
    transfer::RECORD_RECEIPT,
    transfer::TELL_UNITS,
    transfer::ASSIST,
    designation::OBJECT,
    designation::REQUEST,
    designation::DESIGNATE,
    designation::RECORD_DESIGNATION,
    designation::ORGANISE,
    designation::DECIDE_SPECIAL,
];

/// Every refusal of this chapter, by module.
pub static REFUSALS_BY_MODULE: &[&[&Refusal]] =
    &[facts::REFUSALS, transfer::REFUSALS, designation::REFUSALS];

/// Rules of this chapter that are not steps.
pub static RULES: &[LegalRule] = &[
    LegalRule {
        id: "one_owner",
        name: "承办部门",
        basis: &[clause(7).paragraph(1)],
        about: "一个卷宗在任何时候属于且只属于一个部门；移送的，自接收之日起属于接收部门",
    },
    LegalRule {
        id: "competence",
        name: "管辖的判断",
        basis: &[clause(11).paragraph(1), clause(12), clause(13), clause(14), clause(15)],
        about: "由管辖事实计算哪些部门有管辖权、依据哪一项，以及其他部门没有管辖权的理由",
    },
    LegalRule {
        id: "transfer_limit",
        name: "移送时限",
        basis: &[clause(16).paragraph(1)],
        about: "自发现不属于本部门管辖之日起7个工作日内移送",
    },
    LegalRule {
        id: "designation_limit",
        name: "指定管辖时限",
        basis: &[clause(15).paragraph(2)],
        about: "上级自接到指定管辖申请之日起7个工作日内决定；原部门收到通知的当日移送案卷材料并书面通知有关机关、单位",
    },
];

dossier::events! {
    /// What was recorded under this chapter.
    Event {
        /// 管辖事实已认定.
        FactsStated(facts::StateFacts),
        /// 已发现不属于本部门管辖.
        NotCompetent(facts::FindNotCompetent),
        /// 已移送.
        TransferSent(transfer::SendTransfer),
        /// 已取回移送.
        TransferTakenBack(transfer::TakeBackTransfer),
        /// 已接收移送.
        TransferReceived(transfer::ReceiveTransfer),
        /// 移送的回执已记录.
        ReceiptRecorded(transfer::RecordReceipt),
        /// 有关机关、单位已告知.
        UnitsTold(transfer::TellUnits),
        /// 移送部门已配合调查取证.
        Assisted(transfer::Assist),
        /// 已提出异议.
        Objected(designation::ObjectToTransfer),
        /// 已报请指定管辖.
        DesignationRequested(designation::RequestDesignation),
        /// 已指定管辖.
        Designated(designation::Designate),
        /// 上级的指定管辖决定已记录.
        DesignationRecorded(designation::RecordDesignation),
        /// 上级已书面组织查处.
        Organised(designation::Organise),
        /// 特殊情况已决定.
        SpecialDecided(designation::DecideSpecial),
    }
}

/// What this chapter knows of a dossier.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 承办部门. Whose the dossier is, from the first entry on.
    pub owner: Option<DepartmentId>,
    /// 管辖事实; the last statement counts.
    pub facts: Option<(facts::StateFacts, Stamp)>,
    /// 发现不属于本部门管辖, by whichever department had the dossier.
    pub findings: Vec<transfer::Finding>,
    /// 移送途中.
    pub transit: Option<transfer::Transit>,
    /// 移送, those that arrived.
    pub transfers: Vec<transfer::Transfer>,
    /// 管辖变更告知.
    pub told: Vec<(transfer::TellUnits, Stamp)>,
    /// 移送部门配合调查取证.
    pub assistance: Vec<(transfer::Assist, Stamp)>,
    /// 异议, by the present owner.
    pub objection: Option<(designation::ObjectToTransfer, Stamp)>,
    /// 指定管辖申请.
    pub requests: Vec<designation::Request>,
    /// 指定管辖决定; the last one counts.
    pub decisions: Vec<designation::Decision>,
    /// Departments that a superior organised to act.
    pub organised: Vec<DepartmentId>,
    /// The department named by the national one under art. 14.
    pub special: Option<DepartmentId>,
}

impl State {
    /// The department to which the dossier is on its way.
    pub fn receiver(&self) -> Option<&DepartmentId> {
        self.transit.as_ref().map(|transit| &transit.form.department)
    }

    /// The last designation.
    pub fn designation(&self) -> Option<&designation::Decision> {
        self.decisions.last()
    }

    /// The department designated last.
    pub fn designated(&self) -> Option<&DepartmentId> {
        self.designation().map(|decision| &decision.department)
    }

    /// The designation that is still to be carried out: the dossier is not yet where it belongs.
    pub fn outstanding(&self) -> Option<&designation::Decision> {
        self.designation().filter(|decision| self.owner.as_ref() != Some(&decision.department))
    }

    /// Whether the present owner has the dossier by designation, which binds it.
    pub fn is_bound(&self) -> bool {
        self.designated().is_some() && self.designated() == self.owner.as_ref()
    }

    /// The designation that gave the dossier to another department without the units having been told.
    pub fn untold(&self) -> Option<&designation::Decision> {
        let changed = self.designation().filter(|decision| decision.department != decision.from)?;
        let told = self.told.iter().any(|(_, stamp)| stamp.version > changed.stamp.version);
        (!told).then_some(changed)
    }

    /// Whether the present owner objected and has not asked since.
    fn has_objected(&self) -> bool {
        let asked = self.requests.last().map(|request| request.stamp.version);
        let objected = self.objection.as_ref().map(|(_, stamp)| stamp.version);
        objected > asked
    }

    /// Whether a superior was asked to designate and has not decided.
    pub fn awaits_designation(&self) -> bool {
        self.requests.iter().any(|request| !request.decided)
    }

    /// The finding that the dossier is another department's, until the papers are sent.
    pub fn open_finding(&self) -> Option<&transfer::Finding> {
        self.findings.last().filter(|finding| finding.met.is_none())
    }

    /// 移送部门. Every department that had the dossier before.
    pub fn formers(&self) -> impl Iterator<Item = &DepartmentId> {
        let from = self.transfers.iter().map(|transfer| &transfer.from);
        from.filter(|from| self.owner.as_ref() != Some(*from))
    }

    /// 可以查阅举报人信息的人员, where the dossier came by a transfer.
    pub fn sealed_readers(&self) -> &[StaffId] {
        self.transfers.last().map_or(&[], |transfer| &transfer.sealed_readers)
    }

    fn withdraw_requests(&mut self, day: Date) {
        for request in self.requests.iter_mut().filter(|request| !request.decided) {
            request.decided = true;
            request.decided_on = Some(day);
        }
    }

    fn find(&mut self, reason: LongText, stamp: Stamp) {
        self.findings.push(transfer::Finding { reason, stamp, met: None });
    }

    /// Whether the present owner got the dossier by a transfer.
    pub fn was_received(&self) -> bool {
        !self.transfers.is_empty()
    }

    /// The day on which the present owner received the dossier by a transfer.
    pub fn received(&self) -> Option<Date> {
        self.transfers.last().map(|transfer| transfer.received.occurred)
    }
}

pub(crate) fn apply(dossier: &mut Dossier, event: &Event, entry: &Entry) {
    let stamp = entry.stamp();
    let state = &mut dossier.jurisdiction;
    match event {
        Event::FactsStated(form) => state.facts = Some((form.clone(), stamp)),
        Event::NotCompetent(form) => state.find(form.reason.clone(), stamp),
        Event::TransferSent(form) => transfer::send(dossier, form, stamp),
        Event::TransferTakenBack(_) => transfer::take_back(dossier),
        Event::TransferReceived(form) => transfer::receive(dossier, Some(form), stamp),
        Event::ReceiptRecorded(_) => transfer::receive(dossier, None, stamp),
        Event::Assisted(form) => state.assistance.push((form.clone(), stamp)),
        Event::UnitsTold(form) => state.told.push((form.clone(), stamp)),
        Event::Objected(form) => state.objection = Some((form.clone(), stamp)),
        Event::DesignationRequested(form) => state.requests.push(designation::Request {
            form: form.clone(),
            received: form.received.unwrap_or(stamp.occurred),
            stamp,
            decided: false,
            decided_on: None,
        }),
        Event::Designated(form) => {
            let (request, day) = (form.request.as_ref(), stamp.occurred);
            designation::designate(dossier, request, &form.department, day, stamp);
        }
        Event::DesignationRecorded(form) => {
            let request = form.request.as_ref();
            designation::designate(dossier, request, &form.department, form.decided, stamp);
        }
        Event::Organised(_) => state.organised.extend(state.owner.clone()),
        Event::SpecialDecided(form) => {
            state.special = Some(form.department.clone());
            // From the decision on the case is another department's, which is as good as found out.
            if state.special != state.owner && state.open_finding().is_none() {
                state.find(form.reasons.clone(), stamp);
            }
        }
    }
}

/// The limits of this chapter: 7 working days for a transfer and for a designation, and the day of its notice.
pub(crate) fn limits(dossier: &Dossier, setting: &Setting, limits: &mut Vec<Running>) {
    let state = &dossier.jurisdiction;
    for finding in &state.findings {
        let met = finding.met.or(dossier.ended_on());
        limits.extend(running(&limit::TRANSFER, finding.stamp.occurred, met, setting));
    }
    for request in &state.requests {
        let met = request.decided_on.or(dossier.ended_on());
        limits.extend(running(&limit::DESIGNATION, request.received, met, setting));
    }
    for decision in state.decisions.iter().filter(|d| d.department != d.from) {
        limits.push(Running {
            id: "hand_over",
            name: "移送案卷材料",
            basis: clause(15).paragraph(2),
            deadline: deadline::to_date(decision.noticed, decision.noticed, setting),
            met: decision.moved.or(dossier.ended_on()),
            extended: false,
        });
    }
}

fn running(
    limit: &limit::Limit,
    start: Date,
    met: Option<Date>,
    setting: &Setting,
) -> Option<Running> {
    let deadline = deadline::of(start, limit.length, setting)?;
    Some(Running {
        id: limit.id,
        name: limit.name,
        basis: limit.basis,
        deadline,
        met,
        extended: false,
    })
}

/// Duties of this chapter that are open.
pub(crate) fn duties(dossier: &Dossier, setting: &Setting, duties: &mut Vec<Duty>) {
    if dossier.has_ended() {
        return;
    }
    let state = &dossier.jurisdiction;
    let mut open = |name: &str, basis, due, step, desk| {
        duties.push(Duty { name: name.to_owned(), basis, due, step, desk });
    };
    if let Some(receiver) = state.receiver() {
        let desk = Desk::Department(receiver.clone());
        let basis = clause(16).paragraph(2);
        open("移送的案件待接收", basis, None, transfer::RECEIVE.id, desk);
    } else if let Some(decision) = state.outstanding() {
        let basis = clause(15).paragraph(2);
        let due = Some(decision.noticed);
        open("案卷材料待移送被指定管辖的部门", basis, due, transfer::SEND.id, Desk::Owner);
    } else if let Some((name, basis, due, step)) = left_to_do(state, setting) {
        open(name, basis, due, step, Desk::Owner);
    }
    if let Some(decision) = state.untold().filter(|_| !dossier.units().is_empty()) {
        let (name, basis) = ("管辖变更待书面通知有关机关、单位", clause(15).paragraph(2));
        let desk = match dossier.department() == Some(&decision.from) {
            true => Desk::Owner,
            false => Desk::Department(decision.from.clone()),
        };
        open(name, basis, Some(decision.noticed), transfer::TELL_UNITS.id, desk);
    }
    for request in state.requests.iter().filter(|request| !request.decided) {
        let limit = deadline::of(request.received, limit::DESIGNATION.length, setting);
        let desk = Desk::Department(request.form.department.clone());
        let (basis, step) = (limit::DESIGNATION.basis, designation::DESIGNATE.id);
        open("指定管辖申请待决定", basis, limit.map(|d| d.nominal), step, desk);
    }
}

/// What the owner must do about a case that it holds not to be its own (art. 16): object and ask, where it came by a transfer; send it, where it did not.
fn left_to_do(
    state: &State,
    setting: &Setting,
) -> Option<(&'static str, Clause, Option<Date>, &'static str)> {
    if state.awaits_designation() {
        return None;
    }
    if state.has_objected() {
        let basis = clause(16).paragraph(2);
        return Some(("对移送有异议，待报请上一级指定管辖", basis, None, designation::REQUEST.id));
    }
    let finding = state.open_finding()?;
    if state.was_received() && state.special.is_none() {
        let basis = clause(16).paragraph(2);
        return Some(("不属于本部门管辖，待提出异议", basis, None, designation::OBJECT.id));
    }
    let limit = deadline::of(finding.stamp.occurred, limit::TRANSFER.length, setting);
    let due = limit.map(|deadline| deadline.nominal);
    Some(("不属于本部门管辖，待移送", limit::TRANSFER.basis, due, transfer::SEND.id))
}
