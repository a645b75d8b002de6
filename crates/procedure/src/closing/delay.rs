//! 未按期结案. What is not closed in time is explained to the next higher department, which inspects and urges where the explanation fails (art. 55 ¶2).
//!
//! The next higher department acts in the product, or the owner records its paper: departments may be isolated from each other.
//! For the national department there is none, so its own head keeps an internal record (reading 55-4).

use jiff::civil::Date;

use super::{CASE_FILED, Event, handling_deadline};
use crate::{
    act,
    check::{Check, refusals},
    deadline::{Desk, Duty},
    directory::Level,
    dossier::{self, At, Dossier, Stamp},
    law::clause,
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    value::{LongText, Text, choice, numbered, titles},
};

const ABOVE: &[Relation] = &[Relation::NextHigher, Relation::Handler];

/// 向上一级说明未按期结案的原因.
pub const EXPLAIN_DELAY: Step = Step::of::<ExplainDelay>(
    "explain_delay",
    "向上一级说明未按期结案的原因",
    &[clause(55).paragraph(2)],
    &[Relation::Handler],
)
.on_day("说明日期");

/// 审查未按期结案的原因.
pub const JUDGE_EXPLANATION: Step = Step::of::<JudgeExplanation>(
    "judge_explanation",
    "审查未按期结案的原因",
    &[clause(55).paragraph(2)],
    ABOVE,
)
.on_day("审查日期")
.decision();

/// 检查、督促.
pub const INSPECT_AND_URGE: Step =
    Step::of::<InspectAndUrge>("inspect_and_urge", "检查、督促", &[clause(55).paragraph(2)], ABOVE)
        .on_day("检查、督促日期");

numbered! {
    /// 未按期结案的原因说明.
    ExplanationId = "explanation", "未按期结案的原因说明", |dossier| {
        titles(dossier.closing.explained.iter().map(|(form, _)| form.reason.as_str()))
    };
}

refusals! {
    EXTENDED_FIRST = "closing.extended_first", [clause(55).paragraph(2)],
        "办案时限尚未延长",
        "未能在3个月内查结的，先呈报办案延期",
        "办案时限已经延长过1个月";
    JUDGED_ONCE = "closing.judged_once", [clause(55).paragraph(2)], at "explanation",
        "该项说明已经审查",
        "承办部门再次说明的，审查新的说明",
        "该项说明尚未审查";
    URGING_CALLED_FOR = "closing.urging_called_for", [clause(55).paragraph(2)],
        "没有逾期未说明原因、理由不充分或者超过3个月未延期的情形，或者已经检查、督促",
        "其他情形的监督，按第八条办理",
        "有逾期未说明原因、理由不充分或者超过3个月未延期的情形";
    PAPER_OF_THE_HIGHER = "closing.paper_of_the_higher", [clause(55).paragraph(2)], by HIGHER_BY_PAPER, at "paper",
        "没有写明上一级来文文号",
        "由上一级负责人办理，或者据其来文记录并填写文号",
        "由上一级负责人办理，或者写明了上一级来文文号";
}

form! {
    /// 向上一级说明未按期结案的原因.
    ExplainDelay / ExplainDelayDraft {
        reason: LongText = "在延长期内仍不能查结的原因";
    }
}

impl Rule for ExplainDelay {
    fn judge(
        draft: ExplainDelayDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        check.that(at.dossier.filing.case.is_some(), &CASE_FILED);
        check.that(at.dossier.closing.extended.is_some(), &EXTENDED_FIRST);
        at.follows(at.dossier.closing.extended.as_ref().map(|stamp| stamp.occurred), check);
        Some(Event::DelayExplained(Self::complete(draft)?).into())
    }
}

choice! {
    /// 审查意见.
    Sufficiency {
        Sufficient = "sufficient", "理由充分";
        Insufficient = "insufficient", "理由不充分";
    }
}

form! {
    /// 审查未按期结案的原因. The next higher department judges the reasons.
    JudgeExplanation / JudgeExplanationDraft {
        explanation: ExplanationId = "未按期结案的原因说明";
        judgement: Sufficiency = "审查意见";
        opinion: LongText = "具体意见";
        paper: Option<Text> = "上一级来文文号", "承办部门据来文记录的填写";
    }
}

impl Rule for JudgeExplanation {
    fn judge(
        draft: JudgeExplanationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let state = &at.dossier.closing;
        let explained =
            draft.explanation.as_ref().and_then(|id| Some((id, state.explained.get(id.index())?)));
        check.that(explained.map(|(id, _)| !state.is_judged(id)), &JUDGED_ONCE);
        at.follows(explained.map(|(_, (_, stamp))| stamp.occurred), check);
        must_come_from_above(&draft.paper, at, check);
        Some(Event::ExplanationJudged(Self::complete(draft)?).into())
    }
}

form! {
    /// 检查、督促. The next higher department inspects the handling and urges it.
    InspectAndUrge / InspectAndUrgeDraft {
        inspection: LongText = "检查情况";
        demand: LongText = "督促要求";
        due: Option<Date> = "要求完成日期";
        paper: Option<Text> = "上一级来文文号", "承办部门据来文记录的填写";
    }
}

impl Rule for InspectAndUrge {
    fn judge(
        draft: InspectAndUrgeDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let day = at.occurred.unwrap_or(at.today());
        check.that(cause_on(day, at.dossier, at.setting).is_some(), &URGING_CALLED_FOR);
        must_come_from_above(&draft.paper, at, check);
        Some(Event::Urged(Self::complete(draft)?).into())
    }
}

/// A head of the next higher department acts; whoever else records it, records its paper. The nation has none above that could write one (reading 55-4).
fn must_come_from_above(paper: &Option<Option<Text>>, at: &At<'_>, check: &mut Check<'_>) {
    let above = act::holds(Relation::NextHigher, at);
    let owner = at.dossier.department().and_then(|id| at.setting.directory.department(id));
    let nation = owner.is_some_and(|owner| owner.level == Level::National);
    let written = |paper: &Option<Text>| paper.is_some() && !nation;
    check.that(paper.as_ref().map(|paper| above || written(paper)), &PAPER_OF_THE_HIGHER);
}

/// 检查、督促的情形. Why the next higher department must inspect and urge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Beyond three months, and not extended.
    NotExtended,
    /// Beyond the extension, and no explanation came in it.
    NotExplained,
    /// The reasons are not sufficient.
    Insufficient,
}

impl Cause {
    /// 名称.
    pub fn label(self) -> &'static str {
        match self {
            Cause::NotExtended => "超过3个月未结案，也未延期",
            Cause::NotExplained => "在延长期内未结案，逾期未说明原因",
            Cause::Insufficient => "未按期结案的理由不充分",
        }
    }
}

/// Why the case must be inspected and urged, as long as that was not done since.
pub fn cause(dossier: &Dossier, setting: &Setting) -> Option<Cause> {
    cause_on(setting.today(), dossier, setting)
}

fn cause_on(day: Date, dossier: &Dossier, setting: &Setting) -> Option<Cause> {
    let deadline = handling_deadline(dossier, setting)?;
    let state = &dossier.closing;
    let insufficient = state.judged.iter().rev().find_map(|(form, stamp)| {
        (form.judgement == Sufficiency::Insufficient).then_some(stamp.version)
    });
    if insufficient.is_some_and(|judged| state.urged.iter().all(|(_, s)| s.version < judged)) {
        return Some(Cause::Insufficient);
    }
    let urged = state.urged.iter().any(|(_, stamp)| stamp.occurred > deadline.latest);
    if urged || day <= deadline.latest {
        return None;
    }
    if state.extended.is_none() {
        return Some(Cause::NotExtended);
    }
    let in_time = state.explained.iter().any(|(_, stamp)| stamp.occurred <= deadline.latest);
    (!in_time).then_some(Cause::NotExplained)
}

impl super::State {
    fn is_judged(&self, id: &ExplanationId) -> bool {
        self.judged.iter().any(|(form, _)| form.explanation == *id)
    }

    /// Explanations that the next higher department has not judged.
    fn unjudged(&self) -> impl Iterator<Item = (u32, &(ExplainDelay, Stamp))> {
        let numbered = (1..).zip(&self.explained);
        numbered.filter(|(id, _)| !self.is_judged(&ExplanationId(*id)))
    }
}

pub(super) fn duties(dossier: &Dossier, setting: &Setting, duties: &mut Vec<Duty>) {
    let Some(deadline) = handling_deadline(dossier, setting) else { return };
    let state = &dossier.closing;
    let basis = clause(55).paragraph(2);
    if state.extended.is_some() && state.explained.is_empty() {
        duties.push(Duty {
            name: "延长期内仍不能查结的，向上一级说明原因".to_owned(),
            basis,
            due: Some(deadline.nominal),
            step: EXPLAIN_DELAY.id,
            desk: Desk::Owner,
        });
    }
    for (id, (form, _)) in state.unjudged() {
        duties.push(Duty {
            name: format!("未按期结案的原因待审查：{}", dossier::titled(id, form.reason.as_str())),
            basis,
            due: None,
            step: JUDGE_EXPLANATION.id,
            desk: next_higher(dossier, setting),
        });
    }
    if let Some(cause) = cause(dossier, setting) {
        duties.push(Duty {
            name: format!("待检查、督促：{}", cause.label()),
            basis,
            due: None,
            step: INSPECT_AND_URGE.id,
            desk: next_higher(dossier, setting),
        });
    }
}

fn next_higher(dossier: &Dossier, setting: &Setting) -> Desk {
    let above = dossier.department().map(|owner| setting.directory.superiors(owner));
    let next = above.and_then(|above| above.first().map(|next| next.id.clone()));
    next.map_or(Desk::Owner, Desk::Department)
}
