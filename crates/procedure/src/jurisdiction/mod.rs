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
    law::clause,
    limit,
    setting::Setting,
    step::Step,
    value::DepartmentId,
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
    /// 发现不属于本部门管辖.
    pub not_competent: Option<(facts::FindNotCompetent, Stamp)>,
    /// 移送途中.
    pub transit: Option<transfer::Transit>,
    /// 移送, those that arrived.
    pub transfers: Vec<transfer::Transfer>,
    /// 管辖变更告知.
    pub told: Vec<(transfer::TellUnits, Stamp)>,
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
        Event::NotCompetent(form) => state.not_competent = Some((form.clone(), stamp)),
        Event::TransferSent(form) => {
            state.transit = Some(transfer::Transit { form: form.clone(), stamp });
        }
        Event::TransferTakenBack(_) => state.transit = None,
        Event::TransferReceived(_) | Event::ReceiptRecorded(_) => transfer::receive(dossier, stamp),
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
        Event::SpecialDecided(form) => state.special = Some(form.department.clone()),
    }
}

/// The limits of this chapter: 7 working days for a transfer and for a designation, and the day of its notice.
pub(crate) fn limits(dossier: &Dossier, setting: &Setting, limits: &mut Vec<Running>) {
    let state = &dossier.jurisdiction;
    let sent = state.transit.as_ref().map(|transit| transit.stamp.occurred);
    if let Some(found) = facts::found_on(dossier) {
        let met = sent.or(dossier.ended_on());
        limits.extend(running(&limit::TRANSFER, found, met, setting));
    }
    for request in &state.requests {
        let met = request.decided_on.or(dossier.ended_on());
        limits.extend(running(&limit::DESIGNATION, request.received, met, setting));
    }
    if let Some(decision) = state.designation().filter(|decision| must_move(dossier, decision)) {
        limits.push(Running {
            id: "hand_over",
            name: "移送案卷材料",
            basis: clause(15).paragraph(2),
            deadline: deadline::to_date(decision.noticed, decision.noticed, setting),
            met: sent.or(dossier.ended_on()),
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

/// Whether the dossier is still where a designation found it.
fn must_move(dossier: &Dossier, decision: &designation::Decision) -> bool {
    dossier.department().is_some_and(|owner| *owner != decision.department)
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
    } else if let Some(decision) = state.designation().filter(|d| must_move(dossier, d)) {
        let basis = clause(15).paragraph(2);
        let due = Some(decision.noticed);
        open("案卷材料待移送被指定管辖的部门", basis, due, transfer::SEND.id, Desk::Owner);
    } else if let Some(found) = facts::found_on(dossier) {
        let basis = limit::TRANSFER.basis;
        let due = deadline::of(found, limit::TRANSFER.length, setting).map(|d| d.nominal);
        open("不属于本部门管辖，待移送", basis, due, transfer::SEND.id, Desk::Owner);
    }
    if let Some(decision) = state.designation().filter(|d| must_move(dossier, d)) {
        if !state.told.iter().any(|(_, stamp)| stamp.version > decision.stamp.version) {
            let (name, basis) = ("管辖变更待书面通知有关机关、单位", clause(15).paragraph(2));
            open(name, basis, Some(decision.noticed), transfer::TELL_UNITS.id, Desk::Owner);
        }
    }
    for request in state.requests.iter().filter(|request| !request.decided) {
        let limit = deadline::of(request.received, limit::DESIGNATION.length, setting);
        let desk = Desk::Department(request.form.department.clone());
        let (basis, step) = (limit::DESIGNATION.basis, designation::DESIGNATE.id);
        open("指定管辖申请待决定", basis, limit.map(|d| d.nominal), step, desk);
    }
    let asked = state.requests.last().map(|request| request.stamp.version);
    let objected = state.objection.as_ref().map(|(_, stamp)| stamp.version);
    if objected > asked && state.transit.is_none() {
        let (basis, step) = (clause(16).paragraph(2), designation::REQUEST.id);
        open("对移送有异议，待报请上一级指定管辖", basis, None, step, Desk::Owner);
    }
}
