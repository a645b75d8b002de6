//! 机关、单位的配合. Units are asked for evidence, and told to review a party's travel abroad (art. 36).

use super::{Event, must_be_in_case};
use crate::{
    check::{Check, refusals},
    deadline::{self, Desk, Duty, Running},
    dossier::{self, At, Stamp},
    law::clause,
    number::Series,
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    value::{LongText, PersonId, Several, Text, UnitId, choice, names, numbered, titles},
};
use jiff::civil::Date;

const HANDLER: &[Relation] = &[Relation::Handler];

/// 要求提供证据.
pub const DEMAND: Step = Step::of::<DemandEvidence>(
    "demand_evidence",
    "要求机关、单位提供证据",
    &[clause(36).paragraph(1)],
    HANDLER,
)
.on_day("要求日期");

/// 记录提供证据情况.
pub const RECORD_PROVISION: Step = Step::of::<RecordProvision>(
    "record_provision",
    "记录机关、单位提供证据情况",
    &[clause(36).paragraph(1)],
    HANDLER,
)
.on_day("答复日期")
.correctable();

/// 告知出国（境）审查.
pub const TELL_TRAVEL: Step = Step::of::<TellTravelReview>(
    "tell_travel_review",
    "告知对当事人出国（境）进行审查",
    &[clause(36).paragraph(2)],
    HANDLER,
)
.on_day("告知日期")
.numbered(Series::TravelReview);

/// 记录出国（境）审查情况.
pub const RECORD_TRAVEL: Step = Step::of::<RecordTravelReview>(
    "record_travel_review",
    "记录出国（境）审查情况",
    &[clause(36).paragraph(2)],
    HANDLER,
)
.on_day("答复日期")
.correctable();

refusals! {
    DUE_AFTER_DEMAND = "units.due_after_demand", [clause(36).paragraph(1)], at "due",
        "提供证据的日期早于要求日期",
        "核对日期",
        "提供证据的日期不早于要求日期";
    NOT_ANSWERED_TWICE = "units.not_answered_twice", [clause(36).paragraph(1)], at "demand",
        "该项要求已经答复",
        "记录有误的，更正；需要补充的，另行要求",
        "该项要求尚未答复";
    OF_PARTIES = "units.of_parties", [clause(36).paragraph(2)], at "persons",
        "不是案件当事人，不在出国（境）审查的范围内",
        "只选择案件当事人",
        "是案件当事人";
}

numbered! {
    /// 提供证据的要求.
    DemandId = "demand", "提供证据的要求", |dossier| {
        titles(dossier.investigation.units.demands.iter().map(|demand| demand.form.content.as_str()))
    };
    /// 出国（境）审查告知.
    TravelNoticeId = "travel_notice", "出国（境）审查告知", |dossier| {
        let notices = dossier.investigation.units.travel.iter();
        names(notices.zip(1..).map(|(notice, i)| notice.title(i, dossier)))
    };
}

form! {
    /// 要求机关、单位提供证据.
    DemandEvidence / DemandEvidenceDraft {
        unit: UnitId = "机关、单位";
        content: LongText = "要求提供的证据";
        due: Date = "提供的日期";
    }
}

impl Rule for DemandEvidence {
    fn judge(
        draft: DemandEvidenceDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_in_case(at, check);
        check.that(draft.due.zip(at.occurred).map(|(due, day)| day <= due), &DUE_AFTER_DEMAND);
        Some(Event::EvidenceDemanded(Self::complete(draft)?).into())
    }
}

choice! {
    /// 提供情况.
    Provision {
        Complete = "complete", "已经提供";
        Partial = "partial", "部分提供";
        None = "none", "没有提供";
    }
}

form! {
    /// 记录机关、单位提供证据情况. What came of a demand; that a unit refuses is dealt with under art. 59.
    RecordProvision / RecordProvisionDraft {
        demand: DemandId = "提供证据的要求";
        provision: Provision = "提供情况";
        detail: LongText = "具体情况", "没有提供的，写明单位说明的理由";
    }
}

impl Rule for RecordProvision {
    fn judge(
        draft: RecordProvisionDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let demands = &at.dossier.investigation.units.demands;
        let demand = draft.demand.as_ref().and_then(|id| demands.get(id.index()));
        check.that(demand.map(|demand| demand.answer.is_none()), &NOT_ANSWERED_TWICE);
        at.follows(demand.map(|demand| demand.stamp.occurred), check);
        Some(Event::ProvisionRecorded(Self::complete(draft)?).into())
    }
}

form! {
    /// 告知对当事人出国（境）进行审查. The unit must review it, and must not approve it where it may affect the handling.
    TellTravelReview / TellTravelReviewDraft {
        unit: UnitId = "机关、单位";
        persons: Several<PersonId> = "案件当事人";
    }
}

impl Rule for TellTravelReview {
    fn judge(
        draft: TellTravelReviewDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_in_case(at, check);
        for person in draft.persons.as_deref().unwrap_or_default() {
            let party = at.dossier.general.parties().any(|(id, _)| id == *person);
            check.of(at.dossier.general.person_name(person)).that(party, &OF_PARTIES);
        }
        Some(Event::TravelReviewTold(Self::complete(draft)?).into())
    }
}

choice! {
    /// 审查结果 (art. 36 ¶2).
    TravelDecision {
        NoRequest = "no_request", "没有申请出国（境）";
        NotApproved = "not_approved", "可能影响案件查处，不批准";
        Approved = "approved", "不影响案件查处，批准";
    }
}

form! {
    /// 记录出国（境）审查情况. A unit may answer again when a party applies later.
    RecordTravelReview / RecordTravelReviewDraft {
        notice: TravelNoticeId = "出国（境）审查告知";
        decision: TravelDecision = "审查结果";
        detail: LongText = "答复内容";
        paper: Option<Text> = "来文文号";
    }
}

impl Rule for RecordTravelReview {
    fn judge(
        draft: RecordTravelReviewDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let notices = &at.dossier.investigation.units.travel;
        let notice = draft.notice.as_ref().and_then(|id| notices.get(id.index()));
        at.follows(notice.map(|notice| notice.stamp.occurred), check);
        Some(Event::TravelReviewRecorded(Self::complete(draft)?).into())
    }
}

/// 提供证据的要求. One demand and what came of it.
#[derive(Clone, Debug)]
pub struct Demand {
    /// What was demanded.
    pub form: DemandEvidence,
    /// Who and when.
    pub stamp: Stamp,
    /// 提供情况.
    pub answer: Option<(RecordProvision, Stamp)>,
}

/// 出国（境）审查告知. One notice and the unit's answers.
#[derive(Clone, Debug)]
pub struct TravelNotice {
    /// Who was told about whom.
    pub form: TellTravelReview,
    /// Who and when.
    pub stamp: Stamp,
    /// 审查情况.
    pub answers: Vec<(RecordTravelReview, Stamp)>,
}

impl TravelNotice {
    fn title(&self, number: u32, dossier: &dossier::Dossier) -> String {
        let names = self.form.persons.iter().map(|person| dossier.general.person_name(person));
        dossier::titled(number, &names.collect::<Vec<_>>().join("、"))
    }
}

/// What is known of the units' cooperation.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 提供证据的要求.
    pub demands: Vec<Demand>,
    /// 出国（境）审查告知.
    pub travel: Vec<TravelNotice>,
}

pub(super) fn provide(state: &mut State, form: &RecordProvision, stamp: Stamp) {
    if let Some(demand) = state.demands.get_mut(form.demand.index()) {
        demand.answer = Some((form.clone(), stamp));
    }
}

pub(super) fn answer(state: &mut State, form: &RecordTravelReview, stamp: Stamp) {
    if let Some(notice) = state.travel.get_mut(form.notice.index()) {
        notice.answers.push((form.clone(), stamp));
    }
}

pub(super) fn limits(state: &State, setting: &Setting, limits: &mut Vec<Running>) {
    limits.extend(state.demands.iter().map(|demand| Running {
        id: "provision",
        name: "机关、单位提供证据时限",
        basis: clause(36).paragraph(1),
        deadline: deadline::to_date(demand.stamp.occurred, demand.form.due, setting),
        met: demand.answer.as_ref().map(|(_, stamp)| stamp.occurred),
        extended: false,
    }));
}

pub(super) fn duties(dossier: &dossier::Dossier, duties: &mut Vec<Duty>) {
    let state = &dossier.investigation.units;
    let mut open = |name: String, basis, due, step| {
        duties.push(Duty { name, basis, due, step, desk: Desk::Owner });
    };
    for (demand, i) in state.demands.iter().zip(1..).filter(|(d, _)| d.answer.is_none()) {
        let what = dossier::titled(i, demand.form.content.as_str());
        let (basis, due) = (clause(36).paragraph(1), Some(demand.form.due));
        open(format!("机关、单位提供的证据待收：{what}"), basis, due, RECORD_PROVISION.id);
    }
    for (notice, i) in state.travel.iter().zip(1..).filter(|(n, _)| n.answers.is_empty()) {
        let name = format!("出国（境）审查情况待答复：{}", notice.title(i, dossier));
        open(name, clause(36).paragraph(2), None, RECORD_TRAVEL.id);
    }
}
