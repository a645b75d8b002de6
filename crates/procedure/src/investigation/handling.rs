//! 处理. Proposals on persons, rectification by units, and the cancellation of a case that does not hold (arts. 49, 51, 52).

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Event, State, ladder, must_be_in_case};
use crate::{
    approval::{self, Matter, MatterKind, Submittable},
    check::{Check, refusals},
    deadline::{self, Running},
    dossier::{self, At, Dossier, Stage, Stamp},
    law::{Clause, clause},
    number::Number,
    setting::Setting,
    step::{Form, Rule, form, row},
    value::{
        DepartmentId, LongText, PersonId, ProposalId, RectificationId, Several, Text, UnitId,
        choice,
    },
};

refusals! {
    FACT_FINDING_ENDED = "handling.fact_finding_ended", [clause(51).paragraph(1)],
        "调查尚未结束",
        "调查结束后再提出人员处理建议",
        "调查已经结束";
    PERSONS_RESPONSIBLE = "handling.persons_responsible", [clause(51).paragraph(1)], at "persons",
        "建议处理的人员不在认定的责任人员之内",
        "只对认定的责任人员提出处理建议",
        "建议处理的人员均为认定的责任人员";
    OUTCOME_OF_PROPOSED = "handling.outcome_of_proposed", [clause(51).paragraph(1)], at "outcomes",
        "处理结果涉及建议之外的人员",
        "只填写建议处理的人员",
        "处理结果只涉及建议处理的人员";
    OUTCOME_AFTER_PROPOSAL = "handling.outcome_after_proposal", [clause(51).paragraph(1)], at "occurred",
        "处理结果的日期早于处理建议",
        "核对日期",
        "处理结果的日期不早于处理建议";
    DUE_AFTER_URGED = "rectification.due_after_urged", [clause(52).paragraph(2)], at "due",
        "规定时限早于督促日期",
        "核对时限",
        "规定时限不早于督促日期";
    NOT_REPORTED_TWICE = "rectification.not_reported_twice", [clause(52).paragraph(2)], at "rectification",
        "该项整改情况已经报送",
        "选择尚未报送的整改要求",
        "该项整改情况尚未报送";
    REPORT_AFTER_URGED = "rectification.report_after_urged", [clause(52).paragraph(2)], at "occurred",
        "报送日期早于督促日期",
        "核对日期",
        "报送日期不早于督促日期";
    RECHECKED_AFTER_REPORT = "rectification.rechecked_after_report", [clause(52).paragraph(2)], at "rectification",
        "整改情况尚未报送，不能复查",
        "收到整改情况报告后再复查",
        "整改情况已经报送";
    NO_LEAK_FOUND = "cancellation.no_leak_found", [clause(49)],
        "已经认定泄露国家秘密，不能撤销案件",
        "按处理与整改、结案的规定办理",
        "没有认定泄露国家秘密";
    IS_CANCELLED = "cancellation.is_cancelled", [clause(49)],
        "案件没有撤销",
        "呈报撤销案件并经负责人批准",
        "案件已经撤销";
}

form! {
    /// 提出人员处理建议.
    ProposeHandling / ProposeHandlingDraft {
        unit: UnitId = "有关机关、单位", "对责任人员有处理权的机关、单位";
        persons: Several<PersonId> = "建议处理的人员";
        suggestion: LongText = "处理建议和依据";
        reply_by: Option<Date> = "请告知结果的日期";
    }
}

impl Rule for ProposeHandling {
    fn judge(
        draft: ProposeHandlingDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        check.that(at.dossier.investigation.fact_finding_ended.is_some(), &FACT_FINDING_ENDED);
        let persons = draft.persons.as_ref();
        let responsible =
            at.dossier.general.leak.as_ref().map(|(leak, _)| leak.responsible.as_slice());
        let within = persons.map(|persons| {
            persons.iter().all(|person| responsible.unwrap_or_default().contains(person))
        });
        check.that(within, &PERSONS_RESPONSIBLE);
        let ended = at.dossier.investigation.fact_finding_ended.as_ref();
        at.follows(ended.map(|(_, stamp)| stamp.occurred), check);
        Some(Event::HandlingProposed(Self::complete(draft)?).into())
    }
}

row! {
    /// 一人的处理结果.
    Outcome {
        person: PersonId = "人员";
        result: Text = "处理结果";
    }
}

form! {
    /// 记录处理结果. The unit tells the result in writing, to the department of its own level.
    RecordOutcome / RecordOutcomeDraft {
        proposal: ProposalId = "人员处理建议";
        outcomes: Several<Outcome> = "处理结果";
        paper: Option<Text> = "来文文号";
        told_to: Option<DepartmentId> = "书面告知的保密行政管理部门", "有关机关、单位的同级保密行政管理部门，不填的为承办部门";
        passed_on: Option<Date> = "转告承办部门的日期", "告知的不是承办部门的填写";
    }
}

impl Rule for RecordOutcome {
    fn judge(
        draft: RecordOutcomeDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let proposals = &at.dossier.investigation.proposals;
        let proposal =
            draft.proposal.as_ref().and_then(|id| proposals.get((id.0 as usize).checked_sub(1)?));
        let in_order =
            proposal.zip(at.occurred).map(|(proposal, day)| proposal.stamp.occurred <= day);
        check.that(in_order, &OUTCOME_AFTER_PROPOSAL);
        let outcomes = draft.outcomes.as_ref();
        let within = proposal.zip(outcomes).map(|(proposal, outcomes)| {
            outcomes.iter().all(|outcome| proposal.form.persons.contains(&outcome.person))
        });
        check.that(within, &OUTCOME_OF_PROPOSED);
        ladder::must_have_reached_us(&draft.told_to, draft.passed_on, at, check);
        Some(Event::OutcomeRecorded(Self::complete(draft)?).into())
    }
}

/// 人员处理建议. One proposal and what came of it.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// What was proposed.
    pub form: ProposeHandling,
    /// Who and when.
    pub stamp: Stamp,
    /// 处理结果.
    pub outcomes: Vec<Outcome>,
    /// 书面告知之日, the first for each person.
    pub told: BTreeMap<PersonId, Date>,
}

impl Proposal {
    pub(super) fn new(form: ProposeHandling, stamp: Stamp) -> Proposal {
        Proposal { form, stamp, outcomes: Vec::new(), told: BTreeMap::new() }
    }
}

impl State {
    /// Whether a result is still waited for: somebody named has none and was not referred (art. 50).
    pub fn awaits(&self, proposal: &Proposal) -> bool {
        let told =
            |person: &PersonId| proposal.outcomes.iter().any(|outcome| outcome.person == *person);
        proposal.form.persons.iter().any(|person| !told(person) && !self.is_referred(person))
    }
}

pub(super) fn record(state: &mut State, form: &RecordOutcome, stamp: Stamp) {
    let index = (form.proposal.0 as usize).wrapping_sub(1);
    if let Some(proposal) = state.proposals.get_mut(index) {
        proposal.outcomes.extend(form.outcomes.iter().cloned());
        for outcome in form.outcomes.iter() {
            let told = proposal.told.entry(outcome.person.clone()).or_insert(stamp.occurred);
            *told = stamp.occurred.min(*told);
        }
    }
}

form! {
    /// 督促整改. A unit is urged to rectify, and to report by a day.
    UrgeRectification / UrgeRectificationDraft {
        unit: UnitId = "有关机关、单位";
        problems: LongText = "案件暴露出的问题和整改要求";
        due: Date = "书面报送整改情况的时限";
    }
}

impl Rule for UrgeRectification {
    fn judge(
        draft: UrgeRectificationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_in_case(at, check);
        check.that(draft.due.zip(at.occurred).map(|(due, day)| day <= due), &DUE_AFTER_URGED);
        Some(Event::RectificationUrged(Self::complete(draft)?).into())
    }
}

form! {
    /// 记录整改情况报告.
    ReportRectification / ReportRectificationDraft {
        rectification: RectificationId = "整改要求";
        measures: LongText = "已经采取的整改措施";
        paper: Option<Text> = "来文文号";
    }
}

impl Rule for ReportRectification {
    fn judge(
        draft: ReportRectificationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let urged = urged(&draft.rectification, at);
        check.that(urged.map(|urged| urged.reported.is_none()), &NOT_REPORTED_TWICE);
        let in_order = urged.zip(at.occurred).map(|(urged, day)| urged.stamp.occurred <= day);
        check.that(in_order, &REPORT_AFTER_URGED);
        Some(Event::RectificationReported(Self::complete(draft)?).into())
    }
}

choice! {
    /// 复查结果.
    Recheck {
        Satisfied = "satisfied", "整改到位";
        Unsatisfied = "unsatisfied", "整改不到位";
    }
}

form! {
    /// 复查整改情况.
    RecheckRectification / RecheckRectificationDraft {
        rectification: RectificationId = "整改要求";
        result: Recheck = "复查结果";
        detail: LongText = "复查情况";
    }
}

impl Rule for RecheckRectification {
    fn judge(
        draft: RecheckRectificationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let reported = urged(&draft.rectification, at).map(|urged| urged.reported.is_some());
        check.that(reported, &RECHECKED_AFTER_REPORT);
        let report = urged(&draft.rectification, at).and_then(|urged| urged.reported.as_ref());
        at.follows(report.map(|(_, stamp)| stamp.occurred), check);
        Some(Event::RectificationRechecked(Self::complete(draft)?).into())
    }
}

fn urged<'a>(id: &Option<RectificationId>, at: &At<'a>) -> Option<&'a Rectification> {
    let index = (id.as_ref()?.0 as usize).checked_sub(1)?;
    at.dossier.investigation.rectifications.get(index)
}

/// 整改. What a unit was urged to mend, and what it reported.
#[derive(Clone, Debug)]
pub struct Rectification {
    /// What was demanded.
    pub form: UrgeRectification,
    /// Who and when.
    pub stamp: Stamp,
    /// 整改情况.
    pub reported: Option<(ReportRectification, Stamp)>,
    /// 复查.
    pub rechecked: Vec<(RecheckRectification, Stamp)>,
}

pub(super) fn report(state: &mut State, form: &ReportRectification, stamp: Stamp) {
    let index = (form.rectification.0 as usize).wrapping_sub(1);
    if let Some(rectification) = state.rectifications.get_mut(index) {
        rectification.reported = Some((form.clone(), stamp));
    }
}

pub(super) fn recheck(state: &mut State, form: &RecheckRectification, stamp: Stamp) {
    let index = (form.rectification.0 as usize).wrapping_sub(1);
    if let Some(rectification) = state.rectifications.get_mut(index) {
        rectification.rechecked.push((form.clone(), stamp));
    }
}

pub(super) fn limits(state: &State, setting: &Setting, limits: &mut Vec<Running>) {
    limits.extend(state.rectifications.iter().map(|rectification| Running {
        id: "rectification",
        name: "整改情况报送时限",
        basis: clause(52).paragraph(2),
        deadline: deadline::to_date(rectification.stamp.occurred, rectification.form.due, setting),
        met: rectification.reported.as_ref().map(|(_, stamp)| stamp.occurred),
        extended: false,
    }));
}

choice! {
    /// 撤销案件的情形.
    CancellationGround {
        Insufficient = "insufficient", "证据不足，无法认定存在泄密事实";
        NoLeak = "no_leak", "查明没有泄密事实";
    }
}

form! {
    /// 呈报撤销案件.
    SubmitCancellation / SubmitCancellationDraft {
        ground: CancellationGround = "撤销案件的情形";
        reason: LongText = "调查情况和理由";
    }
}

impl Rule for SubmitCancellation {
    fn judge(
        draft: SubmitCancellationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        may_be_cancelled(at, check);
        let matter = Self::complete(draft).map(Matter::Cancellation);
        approval::submit(matter, MatterKind::Cancellation, at, check)
    }
}

impl Submittable for SubmitCancellation {
    const BASIS: Clause = clause(49);

    fn judge(&self, at: &At<'_>, check: &mut Check<'_>) {
        may_be_cancelled(at, check);
    }

    fn take_effect(&self, dossier: &mut Dossier, _: Option<Number>, stamp: Stamp) {
        dossier.end_in(Stage::Cancelled, stamp);
    }
}

/// Art. 49: a case may be cancelled as long as no leak has been found.
fn may_be_cancelled(at: &At<'_>, check: &mut Check<'_>) {
    must_be_in_case(at, check);
    check.that(at.dossier.general.leak.is_none(), &NO_LEAK_FOUND);
}

form! {
    /// 撤销案件通知.
    NotifyCancellation / NotifyCancellationDraft {
        units: Several<UnitId> = "通知的机关、单位";
        content: LongText = "通知内容";
    }
}

impl Rule for NotifyCancellation {
    fn judge(
        draft: NotifyCancellationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        check.that(at.dossier.stage() == Stage::Cancelled, &IS_CANCELLED);
        at.follows(at.dossier.ended_on(), check);
        Some(Event::CancellationNotified(Self::complete(draft)?).into())
    }
}
