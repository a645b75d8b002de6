//! 建议纠正、提请处理. Where a unit gives no lawful sanction: first it is proposed to correct that, and only if it refuses, others are asked to deal with its leaders (art. 51 ¶2).

use jiff::civil::Date;

use super::{Event, State, handling::Outcome};
use crate::{
    check::{Check, refusals},
    deadline::{Desk, Duty},
    dossier::{self, At, Dossier, Stamp},
    law::clause,
    number::Series,
    step::{Form, Relation, Rule, Step, form},
    value::{
        DepartmentId, LongText, PersonId, ProposalId, Several, Text, choice, numbered, titles,
    },
};

numbered! {
    /// 纠正建议.
    CorrectionId = "correction", "纠正建议", |dossier| {
        titles(dossier.investigation.corrections.iter().map(|c| c.form.reason.as_str()))
    };
    /// 提请处理事项.
    DealingId = "dealing", "提请处理事项", |dossier| {
        titles(dossier.investigation.dealings.iter().map(|d| d.form.reason.as_str()))
    };
}

/// 建议纠正.
pub const PROPOSE_CORRECTION: Step = Step::of::<ProposeCorrection>(
    "propose_correction",
    "建议纠正",
    &[clause(51).paragraph(2)],
    &[Relation::Handler],
)
.on_day("建议日期")
.decision()
.numbered(Series::CorrectionProposal);

/// 记录纠正建议的答复.
pub const ANSWER_CORRECTION: Step = Step::of::<AnswerCorrection>(
    "answer_correction",
    "记录纠正建议的答复",
    &[clause(51).paragraph(2)],
    &[Relation::Handler],
)
.on_day("答复日期")
.correctable();

/// 提请处理.
pub const REQUEST_DEALING: Step = Step::of::<RequestDealing>(
    "request_dealing",
    "提请处理",
    &[clause(51).paragraph(2)],
    &[Relation::Handler],
)
.on_day("提请日期")
.decision()
.numbered(Series::DealingRequest);

/// 记录提请处理的结果.
pub const RECORD_DEALING: Step = Step::of::<RecordDealing>(
    "record_dealing",
    "记录提请处理的结果",
    &[clause(51)],
    &[Relation::Handler],
)
.on_day("书面告知日期")
.correctable();

refusals! {
    CORRECTION_OF_PROPOSED = "ladder.correction_of_proposed", [clause(51).paragraph(2)], at "persons",
        "不在该项处理建议之内",
        "只对建议处理的人员建议纠正",
        "在该项处理建议之内";
    OUTCOME_WAITED_FOR = "ladder.outcome_waited_for", [clause(51).paragraph(2)], by SILENCE_IS_NO_SANCTION, at "persons",
        "处理结果尚未告知，请告知结果的日期也没有届满",
        "记录处理结果，或者待请告知结果的日期届满",
        "处理结果已经告知，或者请告知结果的日期已经届满";
    CORRECTION_ANSWERED_ONCE = "ladder.correction_answered_once", [clause(51).paragraph(2)], at "correction",
        "该项纠正建议的答复已经记录",
        "记录有误的，更正",
        "该项纠正建议尚未答复";
    CORRECTED_OUTCOMES = "ladder.corrected_outcomes", [clause(51).paragraph(2)], at "outcomes",
        "没有写明每名人员纠正后的处理结果",
        "逐人填写处理结果；没有纠正的，选择拒不纠正",
        "写明了每名人员纠正后的处理结果";
    OUTCOMES_OF_CORRECTED = "ladder.outcomes_of_corrected", [clause(51).paragraph(2)], at "outcomes",
        "处理结果中有不在纠正建议之内的人员",
        "只填写建议纠正的人员；其他人员的处理结果，另行记录",
        "处理结果只涉及建议纠正的人员";
    CORRECTION_REFUSED = "ladder.correction_refused", [clause(51).paragraph(2)], at "correction",
        "没有拒不纠正的记录，不能提请处理",
        "先建议纠正，并记录拒不纠正的答复",
        "有关机关、单位拒不纠正";
    OF_THAT_UNIT = "ladder.of_that_unit", [clause(51).paragraph(2)], at "persons",
        "不是该机关、单位的人员",
        "选择该机关、单位负有责任的领导人员和直接责任人员；所在单位没有登记的，更正登记",
        "是该机关、单位的人员";
    DEALT_WITH_ONCE = "ladder.dealt_with_once", [clause(51).paragraph(2)], at "request",
        "该次提请的处理结果已经记录",
        "记录有误的，更正",
        "该次提请的处理结果尚未记录";
    DEALING_OF_CONCERNED = "ladder.dealing_of_concerned", [clause(51).paragraph(2)], at "outcomes",
        "处理结果涉及提请处理、建议处理之外的人员",
        "只填写提请处理和建议处理的人员",
        "处理结果限于提请处理和建议处理的人员";
    PASSED_ON = "ladder.passed_on", [clause(51).paragraph(1)], by OUTCOME_PASSED_ON, at "passed_on",
        "处理结果告知的不是承办部门，没有写明转告日期",
        "填写同级保密行政管理部门转告承办部门的日期",
        "处理结果告知承办部门，或者写明了转告日期";
    PASSED_ON_IN_ORDER = "ladder.passed_on_in_order", [clause(51).paragraph(1)], at "passed_on",
        "转告日期早于书面告知日期，或者晚于录入日期",
        "核对转告日期",
        "转告日期不早于书面告知日期，也不晚于录入日期";
}

/// Art. 51 ¶1: the unit tells the department of its own level; where another handles the case, that department passes it on (reading 51-1).
pub(super) fn must_have_reached_us(
    told_to: &Option<Option<DepartmentId>>,
    passed_on: Option<Option<Date>>,
    at: &At<'_>,
    check: &mut Check<'_>,
) {
    let elsewhere = told_to.as_ref().map(|told| {
        told.as_ref().is_some_and(|told| at.dossier.department().is_some_and(|us| us != told))
    });
    let passed = elsewhere.zip(passed_on).map(|(elsewhere, day)| !elsewhere || day.is_some());
    check.that(passed, &PASSED_ON);
    if let Some((day, told)) = passed_on.flatten().zip(at.occurred) {
        check.that(told <= day && day <= at.today(), &PASSED_ON_IN_ORDER);
    }
}

form! {
    /// 建议纠正. The unit is proposed to correct that it gave no lawful sanction.
    ProposeCorrection / ProposeCorrectionDraft {
        proposal: ProposalId = "人员处理建议";
        persons: Several<PersonId> = "未依法给予处分的人员";
        reason: LongText = "未依法给予处分的情形和纠正建议";
        reply_by: Option<Date> = "请答复的日期";
    }
}

impl Rule for ProposeCorrection {
    fn judge(
        draft: ProposeCorrectionDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let proposals = &at.dossier.investigation.proposals;
        let proposal = draft.proposal.as_ref().and_then(|id| proposals.get(id.index()));
        at.follows(proposal.map(|proposal| proposal.stamp.occurred), check);
        let persons = draft.persons.as_deref().unwrap_or_default();
        for (person, proposal) in persons.iter().filter_map(|person| Some((person, proposal?))) {
            let name = at.dossier.general.person_name(person);
            check.of(name).that(proposal.form.persons.contains(person), &CORRECTION_OF_PROPOSED);
            let overdue = proposal.form.reply_by.zip(at.occurred).is_some_and(|(by, day)| by < day);
            let day = at.occurred.unwrap_or(at.today());
            let told = proposal.told.get(person).is_some_and(|told| *told <= day);
            check.of(name).that(told || overdue, &OUTCOME_WAITED_FOR);
        }
        Some(Event::CorrectionProposed(Self::complete(draft)?).into())
    }
}

choice! {
    /// 纠正建议的答复.
    Answer {
        Corrected = "corrected", "已经纠正";
        Refused = "refused", "拒不纠正";
    }
}

form! {
    /// 记录纠正建议的答复.
    AnswerCorrection / AnswerCorrectionDraft {
        correction: CorrectionId = "纠正建议";
        answer: Answer = "答复";
        outcomes: Vec<Outcome> = "纠正后的处理结果", "已经纠正的填写";
        detail: LongText = "答复内容", "没有答复而视为拒不纠正的，写明催告的情况";
        paper: Option<Text> = "来文文号";
        told_to: Option<DepartmentId> = "书面告知的保密行政管理部门", "有关机关、单位的同级保密行政管理部门，不填的为承办部门";
        passed_on: Option<Date> = "转告承办部门的日期", "告知的不是承办部门的填写";
    }
}

impl Rule for AnswerCorrection {
    fn judge(
        draft: AnswerCorrectionDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let state = &at.dossier.investigation;
        let correction = draft.correction.as_ref().and_then(|id| state.corrections.get(id.index()));
        check.that(
            correction.map(|correction| correction.answer.is_none()),
            &CORRECTION_ANSWERED_ONCE,
        );
        at.follows(correction.map(|correction| correction.stamp.occurred), check);
        let named: Option<Vec<_>> = draft
            .outcomes
            .as_deref()
            .map(|outcomes| outcomes.iter().map(|outcome| &outcome.person).collect());
        let persons = correction.map(|correction| &correction.form.persons);
        if draft.answer == Some(Answer::Corrected) {
            let everybody = persons
                .zip(named.as_ref())
                .map(|(persons, named)| persons.iter().all(|person| named.contains(&person)));
            check.that(everybody, &CORRECTED_OUTCOMES);
        }
        // Whoever is named counts as dealt with, whatever the answer.
        let within = persons
            .zip(named.as_ref())
            .map(|(persons, named)| named.iter().all(|person| persons.contains(person)));
        check.that(within, &OUTCOMES_OF_CORRECTED);
        must_have_reached_us(&draft.told_to, draft.passed_on, at, check);
        Some(Event::CorrectionAnswered(Self::complete(draft)?).into())
    }
}

choice! {
    /// 提请的机关.
    DealingAuthority {
        Superior = "superior", "其上一级机关";
        Supervision = "supervision", "监察机关";
    }
}

form! {
    /// 提请处理. Its superior organ or the supervisory organ is asked to deal with the unit's own responsible people.
    RequestDealing / RequestDealingDraft {
        correction: CorrectionId = "拒不纠正的纠正建议";
        authority: DealingAuthority = "提请的机关";
        name: Text = "提请的机关名称";
        persons: Several<PersonId> = "该机关、单位负有责任的领导人员和直接责任人员";
        reason: LongText = "拒不纠正的情况和提请处理的理由";
        reply_by: Option<Date> = "请告知结果的日期";
    }
}

impl Rule for RequestDealing {
    fn judge(
        draft: RequestDealingDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let state = &at.dossier.investigation;
        let correction = match &draft.correction {
            Some(id) => state.corrections.get(id.index()),
            None => state.corrections.iter().find(|correction| correction.is_refused()),
        };
        let refused = correction.is_some_and(Correction::is_refused);
        check.that(refused, &CORRECTION_REFUSED);
        let answer = correction.and_then(|correction| correction.answer.as_ref());
        at.follows(answer.map(|(_, stamp)| stamp.occurred), check);
        let proposal =
            correction.and_then(|correction| state.proposals.get(correction.form.proposal.index()));
        for person in draft.persons.as_deref().unwrap_or_default() {
            let unit = at.dossier.general.person(person).and_then(|form| form.unit.as_ref());
            let theirs = unit.is_some() && unit == proposal.map(|proposal| &proposal.form.unit);
            check.of(at.dossier.general.person_name(person)).that(theirs, &OF_THAT_UNIT);
        }
        Some(Event::DealingRequested(Self::complete(draft)?).into())
    }
}

form! {
    /// 记录提请处理的结果. What became of the unit's leaders, and of the persons it would not sanction.
    RecordDealing / RecordDealingDraft {
        request: DealingId = "提请处理事项";
        outcomes: Several<Outcome> = "处理结果";
        paper: Option<Text> = "来文文号";
        told_to: Option<DepartmentId> = "书面告知的保密行政管理部门", "有关机关、单位的同级保密行政管理部门，不填的为承办部门";
        passed_on: Option<Date> = "转告承办部门的日期", "告知的不是承办部门的填写";
    }
}

impl Rule for RecordDealing {
    fn judge(
        draft: RecordDealingDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let state = &at.dossier.investigation;
        let request = draft.request.as_ref().and_then(|id| state.dealings.get(id.index()));
        check.that(request.map(|request| request.result.is_none()), &DEALT_WITH_ONCE);
        at.follows(request.map(|request| request.stamp.occurred), check);
        let correction =
            request.and_then(|request| state.corrections.get(request.form.correction.index()));
        let concerned: Vec<_> = request.iter().flat_map(|r| &r.form.persons).collect();
        let unsanctioned: Vec<_> = correction.iter().flat_map(|c| &c.form.persons).collect();
        let within = request.zip(draft.outcomes.as_deref()).map(|(_, outcomes)| {
            let mut persons = outcomes.iter().map(|outcome| &outcome.person);
            persons.all(|person| concerned.contains(&person) || unsanctioned.contains(&person))
        });
        check.that(within, &DEALING_OF_CONCERNED);
        must_have_reached_us(&draft.told_to, draft.passed_on, at, check);
        Some(Event::DealingRecorded(Self::complete(draft)?).into())
    }
}

/// 纠正建议. One proposal to correct, and the answer.
#[derive(Clone, Debug)]
pub struct Correction {
    /// What was proposed.
    pub form: ProposeCorrection,
    /// Who and when.
    pub stamp: Stamp,
    /// 答复.
    pub answer: Option<(AnswerCorrection, Stamp)>,
}

impl Correction {
    fn is_refused(&self) -> bool {
        self.answer.as_ref().is_some_and(|(form, _)| form.answer == Answer::Refused)
    }
}

/// 提请处理. One request and its result.
#[derive(Clone, Debug)]
pub struct Dealing {
    /// What was requested, of whom.
    pub form: RequestDealing,
    /// Who and when.
    pub stamp: Stamp,
    /// 处理结果.
    pub result: Option<(RecordDealing, Stamp)>,
}

/// 待完成的一步. What a correction still waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// The unit has not answered.
    Answer,
    /// It refused, and nobody was asked yet to deal with it.
    Request,
    /// Somebody was asked and has not told the result.
    Result,
}

impl Rung {
    /// What is waited for.
    pub fn label(self) -> &'static str {
        match self {
            Rung::Answer => "纠正建议待答复",
            Rung::Request => "拒不纠正，待提请处理",
            Rung::Result => "提请处理结果待告知",
        }
    }
}

impl State {
    /// Every correction that still waits for something, with what.
    pub fn open_corrections(&self) -> impl Iterator<Item = (u32, &Correction, Rung)> {
        self.corrections.iter().zip(1..).filter_map(|(correction, id)| {
            let mut requests = self.dealings.iter().filter(move |d| d.form.correction.0 == id);
            let rung = if correction.answer.is_none() {
                Rung::Answer
            } else if !correction.is_refused() {
                return None;
            } else {
                match requests.next_back() {
                    None => Rung::Request,
                    Some(request) if request.result.is_none() => Rung::Result,
                    Some(_) => return None,
                }
            };
            Some((id, correction, rung))
        })
    }

    /// 处理结果. Every result told of anybody: by the unit, after a correction, or by whoever was asked to deal with it.
    pub fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        let told = self.proposals.iter().flat_map(|proposal| &proposal.outcomes);
        let answers = self.corrections.iter().filter_map(|correction| correction.answer.as_ref());
        let dealings = self.dealings.iter().filter_map(|dealing| dealing.result.as_ref());
        told.chain(answers.flat_map(|(form, _)| &form.outcomes))
            .chain(dealings.flat_map(|(form, _)| &form.outcomes))
    }
}

pub(super) fn answer(state: &mut State, form: &AnswerCorrection, stamp: Stamp) {
    if let Some(correction) = state.corrections.get_mut(form.correction.index()) {
        correction.answer = Some((form.clone(), stamp));
    }
}

pub(super) fn deal(state: &mut State, form: &RecordDealing, stamp: Stamp) {
    if let Some(dealing) = state.dealings.get_mut(form.request.index()) {
        dealing.result = Some((form.clone(), stamp));
    }
}

pub(super) fn duties(dossier: &Dossier, duties: &mut Vec<Duty>) {
    let state = &dossier.investigation;
    for (id, correction, rung) in state.open_corrections() {
        let request = state.dealings.iter().rfind(|dealing| dealing.form.correction.0 == id);
        let (step, due) = match rung {
            Rung::Answer => (ANSWER_CORRECTION.id, correction.form.reply_by),
            Rung::Request => (REQUEST_DEALING.id, None),
            Rung::Result => (RECORD_DEALING.id, request.and_then(|r| r.form.reply_by)),
        };
        duties.push(Duty {
            name: format!(
                "{}：{}",
                rung.label(),
                dossier::titled(id, correction.form.reason.as_str())
            ),
            basis: clause(51).paragraph(2),
            due,
            step,
            desk: Desk::Owner,
        });
    }
}
