//! 第六章 调查与处理. A filed case is investigated, its facts are found, and what follows from them is seen through.
//!
#![doc = include_str!("law.md")]

pub mod appraisal;
pub mod consultation;
pub mod defence;
pub mod finding;
pub mod handling;
pub mod hazards;
pub mod inspection;
pub mod interview;
pub mod ladder;
pub mod mode;
pub mod powers;
pub mod preservation;
pub mod referral;
pub mod release;
pub mod task_force;
pub mod technical;
pub mod units;

use self::{
    defence::{HearParty, VerifyPlea},
    finding::{
        Content, EndFactFinding, FindFact, FindNobodyResponsible, RecordAppraisal, RequestAppraisal,
    },
    handling::{
        NotifyCancellation, Proposal, ProposeHandling, RecheckRectification, RecordOutcome,
        Rectification, ReportRectification, SubmitCancellation, UrgeRectification,
    },
    inspection::Inspect,
    interview::{
        AnswerStatementRequest, ArrangeInterview, Interview, ReceiveStatement, RecordInterview,
        SignRecord, TellRights,
    },
    ladder::{
        AnswerCorrection, Correction, Dealing, ProposeCorrection, RecordDealing, RequestDealing,
    },
    referral::{AnswerReferral, ReferCrime, Referral, SuspectCrime},
};
use crate::{
    answered::LegalRule,
    check::{Check, refusals},
    deadline::{Desk, Duty, Running},
    dossier::{self, Assignment, At, Dossier, Entry, Stamp},
    evidence,
    general::Standing,
    law::{Clause, clause},
    limit, neighbours,
    setting::{Engagement, Setting},
    step::{Relation, Step},
    value::{InterviewId, LongText, PersonId, PleaId, SecretItemId, StaffId},
};
use jiff::civil::Date;

const HANDLER: &[Relation] = &[Relation::Handler];

/// The steps of this chapter.
pub static STEPS: &[Step] = &[
    mode::ASSIGN,
    release::RELEASE_HANDLERS,
    mode::SWITCH,
    mode::COMMISSION,
    mode::RECEIVE_REPORT,
    task_force::SUBMIT,
    units::DEMAND,
    units::RECORD_PROVISION,
    units::TELL_TRAVEL,
    units::RECORD_TRAVEL,
    Step::of::<TellRights>(
        "tell_rights",
        "告知权利义务",
        &[clause(9), clause(37), clause(42)],
        HANDLER,
    )
    .on_day("告知日期")
    .correctable(),
    Step::of::<ArrangeInterview>(
        "arrange_interview",
        "安排询问",
        &[clause(35), clause(38)],
        HANDLER,
    ),
    Step::of::<RecordInterview>(
        "record_interview",
        "询问并制作笔录",
        &[clause(35), clause(38), clause(39), clause(40)],
        HANDLER,
    )
    .on_day("询问日期")
    .as_happened()
    .correctable(),
    Step::of::<SignRecord>("sign_record", "询问笔录核对签名", &[clause(40).paragraph(2)], HANDLER)
        .on_day("签名日期"),
    Step::of::<AnswerStatementRequest>(
        "answer_statement_request",
        "自行提供书面材料的请求",
        &[clause(41).paragraph(1)],
        HANDLER,
    )
    .on_day("请求或者要求日期"),
    Step::of::<ReceiveStatement>("receive_statement", "接收书面材料", &[clause(41)], HANDLER)
        .on_day("收到日期")
        .correctable(),
    Step::of::<HearParty>("hear_party", "听取陈述和申辩", &[clause(42)], HANDLER)
        .on_day("听取日期"),
    Step::of::<VerifyPlea>("verify_plea", "核查申辩", &[clause(42)], HANDLER).on_day("核查日期"),
    consultation::CONSULT,
    inspection::ARRANGE,
    Step::of::<Inspect>("inspect", "检查场所、物品", &[clause(35), clause(44)], HANDLER)
        .on_day("检查日期")
        .as_happened()
        .correctable(),
    preservation::SUBMIT,
    preservation::PRESERVE,
    preservation::RELEASE,
    technical::ENTRUST,
    technical::RECORD,
    Step::of::<RequestAppraisal>("request_appraisal", "提请密级鉴定", &[clause(47)], HANDLER)
        .on_day("提请日期"),
    Step::of::<RecordAppraisal>(
        "record_appraisal",
        "记录密级鉴定结果",
        &[clause(17).item(7), clause(47)],
        HANDLER,
    )
    .on_day("鉴定书日期")
    .correctable(),
    appraisal::ISSUE,
    appraisal::EXTEND,
    hazards::REQUIRE,
    hazards::REPORT,
    hazards::STOP,
    hazards::LIFT,
    Step::of::<FindFact>("find_fact", "认定调查内容", &[clause(34)], HANDLER).decision(),
    Step::of::<FindNobodyResponsible>(
        "find_nobody_responsible",
        "认定没有需要追究责任的人员",
        &[clause(51).paragraph(1), clause(53).item(3)],
        HANDLER,
    )
    .decision(),
    Step::of::<EndFactFinding>("end_fact_finding", "调查结束", &[clause(51).paragraph(1)], HANDLER)
        .decision()
        .warning("调查结束后进入处理与整改"),
    Step::of::<ProposeHandling>(
        "propose_handling",
        "提出人员处理建议",
        &[clause(51).paragraph(1)],
        HANDLER,
    )
    .on_day("提出日期"),
    Step::of::<RecordOutcome>(
        "record_outcome",
        "记录处理结果",
        &[clause(51).paragraph(1)],
        HANDLER,
    )
    .on_day("书面告知日期")
    .correctable(),
    ladder::PROPOSE_CORRECTION,
    ladder::ANSWER_CORRECTION,
    ladder::REQUEST_DEALING,
    ladder::RECORD_DEALING,
    Step::of::<UrgeRectification>(
        "urge_rectification",
        "督促整改",
        &[clause(52).paragraph(1)],
        HANDLER,
    )
    .on_day("督促日期"),
    Step::of::<ReportRectification>(
        "report_rectification",
        "记录整改情况报告",
        &[clause(52).paragraph(2)],
        HANDLER,
    )
    .on_day("书面报送日期")
    .correctable(),
    Step::of::<RecheckRectification>(
        "recheck_rectification",
        "复查整改情况",
        &[clause(52).paragraph(2)],
        HANDLER,
    )
    .on_day("复查日期"),
    referral::SUSPECT_CRIME,
    referral::REFER_CRIME,
    referral::ANSWER_REFERRAL,
    Step::of::<SubmitCancellation>("submit_cancellation", "呈报撤销案件", &[clause(49)], HANDLER)
        .decision(),
    // After the end nobody is assigned any more, and the units must still be told where no handler is left.
    Step::of::<NotifyCancellation>(
        "notify_cancellation",
        "撤销案件通知",
        &[clause(49)],
        &[Relation::Handler, Relation::Head],
    )
    .on_day("通知日期")
    .after_end(),
];

refusals! {
    CASE_FILED = "investigation.case_filed", [clause(33).paragraph(1)],
        "尚未立案",
        "先填报立案表并经负责人批准",
        "已经立案";
    AFTER_FILING = "investigation.after_filing", [clause(33).paragraph(1)], at "occurred",
        "发生日期早于立案之日",
        "核对发生日期",
        "发生日期不早于立案之日";
    HANDLERS_APPOINTED = "investigation.handlers_appointed", [clause(33).paragraph(1)],
        "立案后尚未指派办案人员",
        "由负责人指派2名以上办案人员",
        "立案后已经指派办案人员";
}

/// Every refusal of this chapter, by module.
pub static REFUSALS_BY_MODULE: &[&[&crate::check::Refusal]] = &[
    REFUSALS,
    mode::REFUSALS,
    release::REFUSALS,
    task_force::REFUSALS,
    powers::REFUSALS,
    units::REFUSALS,
    interview::REFUSALS,
    defence::REFUSALS,
    consultation::REFUSALS,
    inspection::REFUSALS,
    preservation::REFUSALS,
    technical::REFUSALS,
    appraisal::REFUSALS,
    hazards::REFUSALS,
    finding::REFUSALS,
    handling::REFUSALS,
    referral::REFUSALS,
    ladder::REFUSALS,
];

/// Rules of this chapter that are not steps.
pub static RULES: &[LegalRule] = &[
    LegalRule {
        id: "handlers_on_the_day",
        name: "办案人员以行为当日为准",
        basis: &[clause(33).paragraph(1), clause(35)],
        about: "调查行为是否由2名以上未回避的办案人员进行，以行为发生当日的指派和回避为准",
    },
    LegalRule {
        id: "modes",
        name: "办理方式",
        basis: &[clause(7).paragraph(2), clause(33).paragraph(1)],
        about: "直接调查，或者指导、督促机关、单位调查；后者的调查情况和材料自机关、单位接收，其工作人员的行为不适用第三十五条；办案人员仍可直接调查，并遵守第三十五条",
    },
    LegalRule {
        id: "powers_in_review",
        name: "初查中的调查权限",
        basis: &[
            clause(27),
            clause(35),
            clause(38),
            clause(43),
            clause(44),
            clause(46),
            clause(47),
        ],
        about: "初查中可以询问了解、查阅、复制，经同意进行检查，提请密级鉴定，组织、委托技术核查取证，程序保障与立案后相同；登记保存在立案后进行",
    },
    LegalRule {
        id: "urgent_preservation",
        name: "紧急登记保存",
        basis: &[clause(45).paragraph(1)],
        about: "情况紧急、当场登记保存的，24小时内补办批准手续（行政强制法第十九条），补办前列为待办",
    },
    LegalRule {
        id: "record_never_changes",
        name: "笔录签名后不变",
        basis: &[clause(40).paragraph(2)],
        about: "询问笔录签名后不能更正；更正和补充在签名时记入，并保留原文",
    },
    LegalRule {
        id: "rectification_limit",
        name: "整改时限",
        basis: &[clause(52).paragraph(2)],
        about: "机关、单位在规定时限内书面报送整改情况，逾期未报的列为逾期",
    },
    LegalRule {
        id: "crime_to_be_referred",
        name: "涉嫌犯罪待移送",
        basis: &[clause(50)],
        about: "认为涉嫌构成犯罪的，至连同案件材料移送前逐人列为待办；整改、结案照常进行",
    },
    LegalRule {
        id: "correction_before_dealing",
        name: "建议纠正在前，提请处理在后",
        basis: &[clause(51).paragraph(2)],
        about: "不依法给予处分的，先建议纠正；拒不纠正的，再提请其上一级机关或者监察机关处理；没有走完的一步始终列为待办",
    },
    LegalRule {
        id: "duties_of_the_party",
        name: "当事人的义务",
        basis: &[clause(37)],
        about: "权利义务告知的内容",
    },
];

/// Whether everybody named serves as a handler and does not stand back from this case.
pub(crate) fn may_handle(at: &At<'_>, staff: &[StaffId]) -> bool {
    staff.iter().all(|id| {
        let serves = at.setting.directory.staff(id).is_some_and(|staff| {
            staff.department == at.setting.department
                && staff.roles.contains(&crate::directory::Role::Handler)
        });
        serves && !at.dossier.general.stands_back(id, at.today())
    })
}

/// The case must be filed, and the act must not precede its filing.
pub(crate) fn must_be_in_case(at: &At<'_>, check: &mut Check<'_>) {
    let case = at.dossier.filing.case.as_ref();
    check.that(case.is_some(), &CASE_FILED);
    let in_order = case.zip(at.occurred).map(|(case, day)| case.stamp.occurred <= day);
    check.that(in_order, &AFTER_FILING);
    let day = at.occurred.unwrap_or(at.today());
    // What precedes the filing is told that, and not besides that nobody was assigned by then.
    if case.is_some_and(|case| case.stamp.occurred <= day) {
        check.that(at.dossier.investigation.is_appointed_on(day), &HANDLERS_APPOINTED);
    }
}

dossier::events! {
    /// What was recorded under this chapter.
    Event {
        /// 办案人员已指派.
        HandlersAssigned(mode::AssignHandlers),
        /// 办案人员的指派已解除.
        HandlersReleased(release::ReleaseHandlers),
        /// 办理方式已变更.
        ModeSwitched(mode::SwitchMode),
        /// 已指导、督促机关、单位调查.
        UnitCommissioned(mode::CommissionUnit),
        /// 机关、单位调查情况已接收.
        UnitReported(mode::ReceiveUnitReport),
        /// 已要求提供证据.
        EvidenceDemanded(units::DemandEvidence),
        /// 提供证据情况已记录.
        ProvisionRecorded(units::RecordProvision),
        /// 出国（境）审查已告知.
        TravelReviewTold(units::TellTravelReview),
        /// 出国（境）审查情况已记录.
        TravelReviewRecorded(units::RecordTravelReview),
        /// 材料已查阅、复制.
        Consulted(consultation::Consult),
        /// 已登记保存.
        Preserved(preservation::Preserve),
        /// 登记保存已解除.
        PreservationReleased(preservation::Release),
        /// 技术核查取证已组织、委托.
        TechnicalEntrusted(technical::EntrustTechnical),
        /// 技术核查报告已接收.
        TechnicalReported(technical::RecordTechnicalReport),
        /// 已要求限期整改隐患.
        HazardNoticed(hazards::RequireMeasures),
        /// 隐患整改情况已记录.
        HazardReported(hazards::ReportHazard),
        /// 已责令停止使用.
        UseStopped(hazards::OrderStopUse),
        /// 停止使用已解除.
        StopUseLifted(hazards::LiftStopUse),
        /// 权利义务已告知.
        RightsTold(TellRights),
        /// 询问已安排.
        InterviewArranged(ArrangeInterview),
        /// 已询问.
        Interviewed(RecordInterview),
        /// 询问笔录已核对签名.
        RecordSigned(SignRecord),
        /// 书面材料的请求已答复.
        StatementRequestAnswered(AnswerStatementRequest),
        /// 书面材料已接收.
        StatementReceived(ReceiveStatement),
        /// 陈述和申辩已听取.
        PartyHeard(HearParty),
        /// 申辩已核查.
        PleaVerified(VerifyPlea),
        /// 检查已安排.
        InspectionArranged(inspection::ArrangeInspection),
        /// 已检查.
        Inspected(Inspect),
        /// 密级鉴定已提请.
        AppraisalRequested(RequestAppraisal),
        /// 密级鉴定已作出.
        AppraisalIssued(appraisal::IssueAppraisal),
        /// 密级鉴定时限已延长.
        AppraisalExtended(appraisal::ExtendAppraisal),
        /// 密级鉴定结果已记录.
        AppraisalRecorded(RecordAppraisal),
        /// 调查内容已认定.
        FactFound(FindFact),
        /// 已认定没有需要追究责任的人员.
        NobodyResponsible(FindNobodyResponsible),
        /// 调查已结束.
        FactFindingEnded(EndFactFinding),
        /// 人员处理建议已提出.
        HandlingProposed(ProposeHandling),
        /// 处理结果已记录.
        OutcomeRecorded(RecordOutcome),
        /// 已认为涉嫌构成犯罪.
        CrimeSuspected(SuspectCrime),
        /// 涉嫌犯罪案件已移送.
        CrimeReferred(ReferCrime),
        /// 涉嫌犯罪移送已答复.
        ReferralAnswered(AnswerReferral),
        /// 已建议纠正.
        CorrectionProposed(ProposeCorrection),
        /// 纠正建议已答复.
        CorrectionAnswered(AnswerCorrection),
        /// 已提请处理.
        DealingRequested(RequestDealing),
        /// 提请处理的结果已记录.
        DealingRecorded(RecordDealing),
        /// 已督促整改.
        RectificationUrged(UrgeRectification),
        /// 整改情况已报送.
        RectificationReported(ReportRectification),
        /// 整改情况已复查.
        RectificationRechecked(RecheckRectification),
        /// 撤销案件已通知.
        CancellationNotified(NotifyCancellation),
    }
}

/// 申辩事项. One point that a party raised.
#[derive(Clone, Debug)]
pub struct Plea {
    /// The party.
    pub party: PersonId,
    /// What was raised.
    pub content: LongText,
    /// On which day.
    pub heard: Date,
    /// 核查结果.
    pub verified: Option<(VerifyPlea, Stamp)>,
}

/// 密级鉴定. One request and its result.
#[derive(Clone, Debug)]
pub struct Appraisal {
    /// 提请内容.
    pub form: RequestAppraisal,
    /// Who and when.
    pub stamp: Stamp,
    /// 鉴定结果.
    pub result: Option<(RecordAppraisal, Stamp)>,
    /// 已延长时限.
    pub extended: Option<Stamp>,
}

/// What this chapter knows of a dossier.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 办案人员.
    pub handlers: Vec<Assignment>,
    /// 办理方式, each with the day since which it is so.
    pub modes: Vec<(mode::Mode, Date)>,
    /// 指导、督促事项.
    pub unit_tasks: Vec<mode::UnitTask>,
    /// 专案组, approved.
    pub task_force: Option<(task_force::SubmitTaskForce, Stamp)>,
    /// 机关、单位的配合.
    pub units: units::State,
    /// 查阅、复制.
    pub consultations: Vec<(consultation::Consult, Stamp)>,
    /// 登记保存.
    pub preservation: preservation::State,
    /// 技术核查取证.
    pub technical: Vec<technical::TechnicalRequest>,
    /// 泄密隐患.
    pub hazards: hazards::State,
    /// 权利义务告知.
    pub rights: Vec<(TellRights, Stamp)>,
    /// 询问安排.
    pub arranged: Vec<(ArrangeInterview, Stamp)>,
    /// 询问.
    pub interviews: Vec<Interview>,
    /// 书面材料的请求.
    pub statement_requests: Vec<(AnswerStatementRequest, Stamp)>,
    /// 听取陈述和申辩.
    pub hearings: Vec<(HearParty, Stamp)>,
    /// 申辩事项.
    pub pleas: Vec<Plea>,
    /// 检查安排.
    pub inspections_arranged: Vec<(inspection::ArrangeInspection, Stamp)>,
    /// 检查.
    pub inspections: Vec<(Inspect, Stamp)>,
    /// 密级鉴定.
    pub appraisals: Vec<Appraisal>,
    /// 认定的调查内容; for each content the last one counts.
    pub facts: Vec<(FindFact, Stamp)>,
    /// 没有需要追究责任的人员.
    pub nobody_responsible: Option<(FindNobodyResponsible, Stamp)>,
    /// 调查结束.
    pub fact_finding_ended: Option<(EndFactFinding, Stamp)>,
    /// 人员处理建议.
    pub proposals: Vec<Proposal>,
    /// 认为涉嫌构成犯罪.
    pub suspicions: Vec<(SuspectCrime, Stamp)>,
    /// 涉嫌犯罪移送.
    pub referrals: Vec<Referral>,
    /// 纠正建议.
    pub corrections: Vec<Correction>,
    /// 提请处理.
    pub dealings: Vec<Dealing>,
    /// 整改要求.
    pub rectifications: Vec<Rectification>,
    /// 撤销案件通知.
    pub cancellation_notices: Vec<(NotifyCancellation, Stamp)>,
}

impl State {
    /// The interview with this number.
    pub fn interview(&self, id: &InterviewId) -> Option<&Interview> {
        self.interviews.get((id.0 as usize).checked_sub(1)?)
    }

    /// The plea with this number.
    pub fn plea(&self, id: &PleaId) -> Option<&Plea> {
        self.pleas.get((id.0 as usize).checked_sub(1)?)
    }

    /// Whether an appraisal says that the item is no state secret; the last one counts.
    pub fn is_appraised_away(&self, item: &SecretItemId) -> bool {
        let results = self.appraisals.iter().filter_map(|appraisal| appraisal.result.as_ref());
        let mut items = results.flat_map(|(form, _)| &form.results);
        let last = items.rfind(|appraised| appraised.item == *item);
        last.is_some_and(|appraised| appraised.result == finding::Appraised::NotASecret)
    }

    /// The last finding on one of the five contents.
    pub fn fact(&self, content: Content) -> Option<&FindFact> {
        self.facts.iter().rev().map(|(form, _)| form).find(|form| form.content == content)
    }

    /// 办理方式 on a day, once handlers are assigned.
    pub fn mode_on(&self, day: Date) -> Option<mode::Mode> {
        self.modes.iter().rfind(|(_, since)| *since <= day).map(|(mode, _)| *mode)
    }

    /// Whether anybody was assigned to the case by this day.
    pub(crate) fn is_appointed_on(&self, day: Date) -> bool {
        self.handlers.iter().any(|handler| handler.since <= day)
    }

    /// Where the department's staff was for this case, from when to when.
    pub fn engagements(&self) -> impl Iterator<Item = Engagement> {
        let interviews = self.interviews.iter().flat_map(Interview::engagements);
        interviews.chain(
            self.inspections.iter().flat_map(|(form, stamp)| form.engagements(stamp.occurred)),
        )
    }
}

pub(crate) fn apply(dossier: &mut Dossier, event: &Event, entry: &Entry) {
    let stamp = entry.stamp();
    let state = &mut dossier.investigation;
    match event {
        Event::HandlersAssigned(form) => mode::assign(state, form, entry.occurred),
        Event::HandlersReleased(form) => release::release(dossier, form, entry.occurred),
        Event::ModeSwitched(form) => state.modes.push((form.mode, entry.occurred)),
        Event::UnitCommissioned(form) => {
            state.unit_tasks.push(mode::UnitTask { form: form.clone(), stamp, reported: None });
        }
        Event::UnitReported(form) => mode::report(&mut state.unit_tasks, form, stamp),
        Event::EvidenceDemanded(form) => {
            let demand = units::Demand { form: form.clone(), stamp, answer: None };
            state.units.demands.push(demand);
        }
        Event::ProvisionRecorded(form) => units::provide(&mut state.units, form, stamp),
        Event::TravelReviewTold(form) => {
            let notice = units::TravelNotice { form: form.clone(), stamp, answers: Vec::new() };
            state.units.travel.push(notice);
        }
        Event::TravelReviewRecorded(form) => units::answer(&mut state.units, form, stamp),
        Event::Consulted(form) => consultation::apply(dossier, form, stamp),
        Event::Preserved(form) => preservation::preserve(&mut state.preservation, form, stamp),
        Event::PreservationReleased(form) => {
            preservation::release(&mut state.preservation, form, stamp);
        }
        Event::TechnicalEntrusted(form) => {
            let request = technical::TechnicalRequest { form: form.clone(), stamp, report: None };
            state.technical.push(request);
        }
        Event::TechnicalReported(form) => technical::report(dossier, form, stamp),
        Event::HazardNoticed(form) => {
            let hazard = hazards::Hazard { form: form.clone(), stamp, reported: None };
            state.hazards.notices.push(hazard);
        }
        Event::HazardReported(form) => hazards::report(&mut state.hazards, form, stamp),
        Event::UseStopped(form) => {
            let stop = hazards::StopUse { form: form.clone(), stamp, lifted: None };
            state.hazards.stops.push(stop);
        }
        Event::StopUseLifted(form) => hazards::lift(&mut state.hazards, form, stamp),
        Event::RightsTold(form) => state.rights.push((form.clone(), stamp)),
        Event::InterviewArranged(form) => state.arranged.push((form.clone(), stamp)),
        Event::Interviewed(form) => interview::apply(dossier, form, stamp),
        Event::RecordSigned(form) => interview::sign(state, form, stamp),
        Event::StatementRequestAnswered(form) => {
            state.statement_requests.push((form.clone(), stamp))
        }
        Event::StatementReceived(form) => {
            let kind = testimony(dossier, &form.person);
            let name = format!("{}的书面材料", dossier.general.person_name(&form.person));
            let origin = evidence::Origin::Statement(form.clone());
            dossier.evidence.add(name, kind, origin, stamp);
        }
        Event::PartyHeard(form) => defence::hear(state, form, stamp),
        Event::PleaVerified(form) => defence::verify(state, form, stamp),
        Event::InspectionArranged(form) => {
            state.inspections_arranged.push((form.clone(), stamp));
        }
        Event::Inspected(form) => {
            state.inspections.push((form.clone(), stamp.clone()));
            let origin = evidence::Origin::Inspection(form.clone());
            dossier.evidence.add(form.title(), evidence::Kind::Record, origin, stamp);
        }
        Event::AppraisalRequested(form) => {
            state.appraisals.push(Appraisal {
                form: form.clone(),
                stamp,
                result: None,
                extended: None,
            });
        }
        Event::AppraisalIssued(form) => appraisal::issue(dossier, form, entry),
        Event::AppraisalExtended(form) => appraisal::extend(dossier, form, stamp),
        Event::AppraisalRecorded(form) => finding::appraise(dossier, form, stamp),
        Event::FactFound(form) => state.facts.push((form.clone(), stamp)),
        Event::NobodyResponsible(form) => state.nobody_responsible = Some((form.clone(), stamp)),
        Event::FactFindingEnded(form) => state.fact_finding_ended = Some((form.clone(), stamp)),
        Event::HandlingProposed(form) => {
            state.proposals.push(Proposal::new(form.clone(), stamp));
        }
        Event::OutcomeRecorded(form) => handling::record(state, form, stamp),
        Event::CrimeSuspected(form) => state.suspicions.push((form.clone(), stamp)),
        Event::CrimeReferred(form) => {
            state.referrals.push(Referral { form: form.clone(), stamp, reply: None });
        }
        Event::ReferralAnswered(form) => referral::answer(state, form, stamp),
        Event::CorrectionProposed(form) => {
            state.corrections.push(Correction { form: form.clone(), stamp, answer: None });
        }
        Event::CorrectionAnswered(form) => ladder::answer(state, form, stamp),
        Event::DealingRequested(form) => {
            state.dealings.push(Dealing { form: form.clone(), stamp, result: None });
        }
        Event::DealingRecorded(form) => ladder::deal(state, form, stamp),
        Event::RectificationUrged(form) => {
            let (reported, rechecked) = (None, Vec::new());
            state.rectifications.push(Rectification {
                form: form.clone(),
                stamp,
                reported,
                rechecked,
            });
        }
        Event::RectificationReported(form) => handling::report(state, form, stamp),
        Event::RectificationRechecked(form) => handling::recheck(state, form, stamp),
        Event::CancellationNotified(form) => state.cancellation_notices.push((form.clone(), stamp)),
    }
}

/// What a person says is a party's statement or a witness's testimony (art. 17).
fn testimony(dossier: &Dossier, person: &PersonId) -> evidence::Kind {
    match dossier.general.person(person).map(|person| person.standing) {
        Some(Standing::Party) => evidence::Kind::PartyStatement,
        _ => evidence::Kind::Testimony,
    }
}

/// The limits of this chapter, each by the day set.
pub(crate) fn limits(dossier: &Dossier, setting: &Setting, limits: &mut Vec<Running>) {
    let state = &dossier.investigation;
    mode::limits(&state.unit_tasks, setting, limits);
    units::limits(&state.units, setting, limits);
    preservation::limits(&state.preservation, setting, limits);
    let appraisals = state.appraisals.iter();
    limits.extend(appraisals.filter_map(|a| neighbours::appraisal_limit(a, setting)));
    hazards::limits(&state.hazards, setting, limits);
    handling::limits(state, setting, limits);
}

/// Duties of this chapter that are open.
pub(crate) fn duties(dossier: &Dossier, setting: &Setting, duties: &mut Vec<Duty>) {
    preservation::duties(dossier, duties);
    hazards::duties(&dossier.investigation.hazards, duties);
    if !dossier.has_ended() {
        mode::duties(&dossier.investigation.unit_tasks, duties);
        units::duties(dossier, duties);
        technical::duties(&dossier.investigation.technical, duties);
    }
    let mut open = |name: String, basis: Clause, due, step| {
        duties.push(Duty { name, basis, due, step, desk: Desk::Owner });
    };
    let state = &dossier.investigation;
    let cancelled = dossier.stage() == dossier::Stage::Cancelled;
    if cancelled && state.cancellation_notices.is_empty() {
        open("撤销案件通知待发".to_owned(), clause(49), None, "notify_cancellation");
    }
    if dossier.has_ended() {
        return;
    }
    if dossier.filing.case.is_some() {
        let on = setting.today();
        let able = dossier.assigned_on(on).into_iter().filter(|s| dossier.is_handler_on(s, on));
        // What follows fact-finding needs no two, but somebody.
        let needed = if state.fact_finding_ended.is_some() { 1 } else { limit::MIN_HANDLERS };
        let lacking = match able.count() {
            _ if state.handlers.is_empty() => Some("办案人员待指派".to_owned()),
            able if able < needed => Some(format!("办案人员仅{able}名，待指派")),
            _ => None,
        };
        if let Some(lacking) = lacking {
            open(lacking, clause(33).paragraph(1), None, "assign_handlers");
        }
    }
    for interview in state.interviews.iter().filter(|interview| interview.signed.is_none()) {
        let name = format!("询问笔录待核对签名：{}", interview.persons(dossier));
        open(name, clause(40).paragraph(2), None, "sign_record");
    }
    for (plea, i) in state.pleas.iter().zip(1..).filter(|(plea, _)| plea.verified.is_none()) {
        let name = format!("申辩待核查：{}", dossier::titled(i, plea.content.as_str()));
        open(name, clause(42), None, "verify_plea");
    }
    for (appraisal, i) in state.appraisals.iter().zip(1..).filter(|(a, _)| a.result.is_none()) {
        let what = dossier::titled(i, appraisal.form.questions.as_str());
        open(format!("密级鉴定结果待收：{what}"), clause(47), None, "record_appraisal");
    }
    for (proposal, i) in state.proposals.iter().zip(1..).filter(|(p, _)| state.awaits(p)) {
        let what = dossier::titled(i, proposal.form.suggestion.as_str());
        let due = proposal.form.reply_by;
        let name = format!("处理结果待告知：{what}");
        open(name, clause(51).paragraph(1), due, "record_outcome");
    }
    for (rectification, i) in state.rectifications.iter().zip(1..) {
        let what = dossier::titled(i, rectification.form.problems.as_str());
        if rectification.reported.is_none() {
            let due = Some(rectification.form.due);
            let basis = clause(52).paragraph(2);
            open(format!("整改情况待报送：{what}"), basis, due, "report_rectification");
        }
    }
    referral::duties(dossier, duties);
    ladder::duties(dossier, duties);
}
