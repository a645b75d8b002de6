//! 第七章 结案. A case is closed when its four conditions are met, within its limit.
//!
#![doc = include_str!("law.md")]

pub mod delay;

use self::delay::{ExplainDelay, InspectAndUrge, JudgeExplanation};
use crate::{
    answered::LegalRule,
    approval::{self, Matter, MatterKind, Submittable},
    check::{Check, Finding, refusals},
    deadline::{self, Duty, Running},
    dossier::{self, At, Dossier, Entry, Stage, Stamp},
    investigation::{finding, preservation},
    law::{Clause, clause},
    limit,
    number::Number,
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    time::Deadline,
    value::{ContainmentId, LongText, PersonId},
};

const HANDLER: &[Relation] = &[Relation::Handler];

/// The steps of this chapter.
pub static STEPS: &[Step] = &[
    Step::of::<FindContainmentUnneeded>(
        "find_containment_unneeded",
        "认定没有需要采取的补救措施",
        &[clause(53).item(2)],
        HANDLER,
    )
    .decision(),
    Step::of::<SubmitHandlingExtension>(
        "submit_handling_extension",
        "呈报办案延期",
        &[clause(55).paragraph(1)],
        HANDLER,
    )
    .decision(),
    delay::EXPLAIN_DELAY,
    delay::JUDGE_EXPLANATION,
    delay::INSPECT_AND_URGE,
    Step::of::<SubmitClosing>("submit_closing", "提交结案报告", &[clause(53), clause(54)], HANDLER)
        .decision(),
];

refusals! {
    CASE_FILED = "closing.case_filed", [],
        "尚未立案",
        "先填报立案表并经负责人批准",
        "已经立案";
    FACTS_ESTABLISHED = "closing.facts_established", [clause(53).item(1)],
        "泄露国家秘密的事实尚未调查清楚",
        "认定泄密和各项调查内容，结束调查",
        "泄露国家秘密的事实已经调查清楚";
    CONTAINMENT_TAKEN = "closing.containment_taken", [clause(53).item(2)],
        "必要的补救措施尚未落实",
        "落实补救措施；没有需要采取的，作出认定",
        "已经采取必要的补救措施";
    PERSONS_DEALT_WITH = "closing.persons_dealt_with", [clause(53).item(3)],
        "案件相关责任人员尚未全部处理",
        "提出处理建议并记录处理结果；没有需要追究责任的，作出认定",
        "已经对案件相关责任人员作出处理，或者移送有关部门查处";
    RECTIFICATION_TAKEN = "closing.rectification_taken", [clause(53).item(4)],
        "有关机关、单位尚未采取整改措施",
        "督促整改并记录整改情况报告",
        "有关机关、单位已经采取整改措施";
    RECUSALS_DECIDED = "closing.recusals_decided", [clause(9).paragraph(2)], by RECUSAL_BLOCKS_CLOSING,
        "回避申请尚未作出决定",
        "先决定回避",
        "没有尚未决定的回避申请";
    CONTAINMENT_ORDERED = "closing.containment_ordered", [clause(53).item(2)], by CONTAINMENT_UNNEEDED,
        "已经责令采取补救措施",
        "记录补救措施的落实情况；其中不再需要的，逐项作出认定",
        "没有责令采取补救措施";
    CONTAINMENT_OPEN = "closing.containment_open", [clause(53).item(2)], by CONTAINMENT_UNNEEDED, at "containment",
        "该项补救措施已经落实，或者已经认定不需要",
        "选择尚未落实的责令补救事项",
        "该项补救措施尚未落实，也没有认定不需要";
    EXTENDED_ONCE = "closing.extended_once", [clause(55).paragraph(1)],
        "办案时限已经延长过1个月，不能再次延长",
        "在延长期内仍不能查结的，向上一级保密行政管理部门说明原因",
        "办案时限尚未延长过";
    EXTENSION_IN_TIME = "closing.extension_in_time", [clause(55).paragraph(1)], by LATE_EXTENSION_REFUSED,
        "时限已经届满，不能再延期",
        "在届满前呈报并批准延期",
        "延期在时限届满前";
}

/// Every refusal of this chapter, by module.
pub static REFUSALS_BY_MODULE: &[&[&crate::check::Refusal]] = &[REFUSALS, delay::REFUSALS];

/// Rules of this chapter that are not steps.
pub static RULES: &[LegalRule] = &[
    LegalRule {
        id: "closing_conditions",
        name: "结案条件",
        basis: &[clause(53)],
        about: "四项条件逐项由记录计算，缺什么始终列出",
    },
    LegalRule {
        id: "handling_limit",
        name: "查处时限",
        basis: &[clause(55).paragraph(1), clause(55).paragraph(2)],
        about: "自立案之日起3个月，经批准可延长1个月；仍不能查结的，在延长期最后一日之前向上一级说明原因",
    },
    LegalRule {
        id: "inspected_and_urged",
        name: "上一级检查、督促",
        basis: &[clause(55).paragraph(2)],
        about: "逾期未说明原因、理由不充分的，以及超过3个月未延期的，自动列为上一级的待办；国家保密行政管理部门在内部记录",
    },
];

form! {
    /// 认定没有需要采取的补救措施: none at all, or one that was ordered and proved unnecessary.
    FindContainmentUnneeded / FindContainmentUnneededDraft {
        reason: LongText = "理由";
        containment: Option<ContainmentId> = "责令补救事项", "已经责令而后不再需要的填写";
    }
}

impl Rule for FindContainmentUnneeded {
    fn judge(
        draft: FindContainmentUnneededDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        check.that(at.dossier.filing.case.is_some(), &CASE_FILED);
        let ordered = &at.dossier.intake.containments;
        match &draft.containment {
            Some(None) => check.that(ordered.is_empty(), &CONTAINMENT_ORDERED),
            Some(Some(id)) => {
                let done = ordered.get(id.index()).is_some_and(|ordered| ordered.result.is_some());
                let open = !done && !at.dossier.closing.is_unneeded(id);
                check.that(open, &CONTAINMENT_OPEN);
            }
            None => {}
        }
        Some(Event::ContainmentUnneeded(Self::complete(draft)?).into())
    }
}

form! {
    /// 呈报办案延期. Once, by one month.
    SubmitHandlingExtension / SubmitHandlingExtensionDraft {
        reason: LongText = "未能查结的原因和延期理由";
    }
}

impl Rule for SubmitHandlingExtension {
    fn judge(
        draft: SubmitHandlingExtensionDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        handling_may_be_extended(at, check);
        let matter = Self::complete(draft).map(Matter::HandlingExtension);
        approval::submit(matter, MatterKind::HandlingExtension, at, check)
    }
}

impl Submittable for SubmitHandlingExtension {
    const BASIS: Clause = clause(55).paragraph(1);
    const NEEDS_OTHER_APPROVER: bool = false;

    fn judge(&self, at: &At<'_>, check: &mut Check<'_>) {
        handling_may_be_extended(at, check);
    }

    fn deadline(&self, dossier: &Dossier, setting: &Setting) -> Option<Deadline> {
        handling_deadline(dossier, setting)
    }

    fn take_effect(&self, dossier: &mut Dossier, _: Option<Number>, stamp: Stamp) {
        dossier.closing.extended = Some(stamp);
    }
}

/// Art. 55 ¶1: what an extension of the handling needs.
fn handling_may_be_extended(at: &At<'_>, check: &mut Check<'_>) {
    check.that(at.dossier.filing.case.is_some(), &CASE_FILED);
    check.that(at.dossier.closing.extended.is_none(), &EXTENDED_ONCE);
    let deadline = handling_deadline(at.dossier, at.setting);
    check.that(deadline.is_none_or(|deadline| at.today() <= deadline.latest), &EXTENSION_IN_TIME);
}

form! {
    /// 提交结案报告. The eight parts of the closing report.
    SubmitClosing / SubmitClosingDraft {
        course: LongText = "泄密案件的发生、发现经过";
        secrets: LongText = "案件涉及国家秘密的密级、数量、载体形式以及概要内容";
        harm: LongText = "泄密案件已经或者可能造成的危害";
        causes: LongText = "案件发生的主要原因";
        containment: LongText = "已经采取的补救措施";
        persons: LongText = "责任人员处理情况";
        rectification: LongText = "有关机关、单位整改情况";
        other: LongText = "其他需要说明的情况", "没有的，写“无”";
    }
}

impl Rule for SubmitClosing {
    fn judge(
        draft: SubmitClosingDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        may_be_closed(at, check);
        let matter = Self::complete(draft).map(Matter::Closing);
        approval::submit(matter, MatterKind::Closing, at, check)
    }
}

impl Submittable for SubmitClosing {
    const BASIS: Clause = clause(54);

    fn judge(&self, at: &At<'_>, check: &mut Check<'_>) {
        may_be_closed(at, check);
    }

    /// The report is on what was found and on what came of it (art. 54).
    fn foundation(&self, dossier: &Dossier) -> serde_json::Value {
        let state = &dossier.investigation;
        let leak = dossier.general.leak.as_ref().map(|(form, _)| form);
        let facts: Vec<_> = state.facts.iter().map(|(form, _)| form).collect();
        let outcomes: Vec<_> = state.outcomes().collect();
        let referred: Vec<_> = state.referrals.iter().map(|referral| &referral.form).collect();
        let reported = state.rectifications.iter().filter_map(|r| r.reported.as_ref());
        let reported: Vec<_> = reported.map(|(form, _)| form).collect();
        serde_json::json!([leak, facts, outcomes, referred, reported])
    }

    fn take_effect(&self, dossier: &mut Dossier, _: Option<Number>, stamp: Stamp) {
        dossier.end_in(Stage::Closed, stamp);
    }
}

/// Arts. 53 and 54: what closing needs.
fn may_be_closed(at: &At<'_>, check: &mut Check<'_>) {
    check.that(at.dossier.filing.case.is_some(), &CASE_FILED);
    let conditions = conditions(at.dossier, at.setting);
    let refusals =
        [&FACTS_ESTABLISHED, &CONTAINMENT_TAKEN, &PERSONS_DEALT_WITH, &RECTIFICATION_TAKEN];
    for (condition, refusal) in conditions.iter().zip(refusals) {
        check.that(condition.missing.is_empty(), refusal);
    }
    let open = at.dossier.general.recusals.iter().any(|recusal| recusal.decision.is_none());
    check.that(!open, &RECUSALS_DECIDED);
    preservation::must_be_released(at.dossier, check);
}

/// 调查终结的条件. One of the four of art. 53, and what it still lacks.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The item of art. 53, from 1.
    pub item: u8,
    /// What it lacks; met where this is empty.
    pub missing: Vec<String>,
}

/// The four conditions of art. 53 as the record stands.
pub fn conditions(dossier: &Dossier, setting: &Setting) -> [Condition; 4] {
    let missing = [
        missing_facts(dossier, setting),
        missing_containment(dossier),
        missing_outcomes(dossier),
        missing_rectification(dossier),
    ];
    let mut item = 0;
    missing.map(|missing| {
        item += 1;
        Condition { item, missing }
    })
}

/// Facts once found may come undone: evidence is excluded, a plea is raised.
fn missing_facts(dossier: &Dossier, setting: &Setting) -> Vec<String> {
    if dossier.investigation.fact_finding_ended.is_none() {
        return vec!["调查尚未结束".to_owned()];
    }
    let mut check = Check::new(setting);
    finding::facts_are_found(dossier, setting, &mut check);
    check.failing().map(Finding::message).collect()
}

fn missing_containment(dossier: &Dossier) -> Vec<String> {
    let ordered = &dossier.intake.containments;
    if ordered.is_empty() && dossier.closing.containment_unneeded.is_empty() {
        return vec!["没有责令补救，也没有认定不需要补救".to_owned()];
    }
    let unneeded = |i| dossier.closing.is_unneeded(&ContainmentId(i));
    let open = ordered.iter().zip(1..).filter(|(c, i)| c.result.is_none() && !unneeded(*i));
    open.map(|(containment, i)| {
        format!("未落实：{}", dossier::titled(i, containment.form.measures.as_str()))
    })
    .collect()
}

/// Everybody responsible was dealt with or referred, and nothing that was begun about anybody is open.
fn missing_outcomes(dossier: &Dossier) -> Vec<String> {
    let Some((leak, _)) = &dossier.general.leak else {
        return vec!["尚未认定责任人员".to_owned()];
    };
    let state = &dossier.investigation;
    let name = |person: &PersonId| dossier.general.person_name(person).to_owned();
    let suspected =
        state.to_be_referred().map(|person| format!("涉嫌犯罪未移送：{}", name(person)));
    let waiting = state.proposals.iter().zip(1..).filter(|(proposal, _)| state.awaits(proposal));
    let waiting = waiting.map(|(proposal, i)| {
        format!("处理结果未告知：{}", dossier::titled(i, proposal.form.suggestion.as_str()))
    });
    let ladder = state.open_corrections().map(|(i, correction, rung)| {
        let what = dossier::titled(i, correction.form.reason.as_str());
        format!("{}：{what}", rung.label())
    });
    let open: Vec<_> = suspected.chain(waiting).chain(ladder).collect();
    if !open.is_empty() {
        return open;
    }
    if leak.responsible.is_empty() {
        return match state.nobody_responsible {
            Some(_) => Vec::new(),
            None => vec!["没有列出责任人员，也没有认定无需追究责任".to_owned()],
        };
    }
    let dealt_with = |person: &PersonId| {
        state.is_referred(person) || state.outcomes().any(|outcome| outcome.person == *person)
    };
    let open = leak.responsible.iter().filter(|person| !dealt_with(person));
    open.map(|person| format!("未处理：{}", name(person))).collect()
}

fn missing_rectification(dossier: &Dossier) -> Vec<String> {
    let urged = &dossier.investigation.rectifications;
    if urged.is_empty() {
        return vec!["尚未督促整改".to_owned()];
    }
    let open = urged.iter().zip(1..).filter(|(rectification, _)| rectification.reported.is_none());
    open.map(|(rectification, i)| {
        format!("未报送：{}", dossier::titled(i, rectification.form.problems.as_str()))
    })
    .collect()
}

dossier::events! {
    /// What was recorded under this chapter, approvals apart.
    Event {
        /// 已认定没有需要采取的补救措施.
        ContainmentUnneeded(FindContainmentUnneeded),
        /// 已说明未按期结案的原因.
        DelayExplained(ExplainDelay),
        /// 未按期结案的原因已审查.
        ExplanationJudged(JudgeExplanation),
        /// 已检查、督促.
        Urged(InspectAndUrge),
    }
}

/// What this chapter knows of a dossier.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 没有需要采取的补救措施, at all or of those ordered.
    pub containment_unneeded: Vec<(FindContainmentUnneeded, Stamp)>,
    /// 办案延期, approved.
    pub extended: Option<Stamp>,
    /// 说明原因.
    pub explained: Vec<(ExplainDelay, Stamp)>,
    /// 对说明的审查.
    pub judged: Vec<(JudgeExplanation, Stamp)>,
    /// 检查、督促.
    pub urged: Vec<(InspectAndUrge, Stamp)>,
}

impl State {
    /// Whether a containment that was ordered was found to be unnecessary.
    pub fn is_unneeded(&self, containment: &ContainmentId) -> bool {
        self.containment_unneeded.iter().any(|(f, _)| f.containment.as_ref() == Some(containment))
    }
}

pub(crate) fn apply(dossier: &mut Dossier, event: &Event, entry: &Entry) {
    let state = &mut dossier.closing;
    match event {
        Event::ContainmentUnneeded(form) => {
            state.containment_unneeded.push((form.clone(), entry.stamp()));
        }
        Event::DelayExplained(form) => state.explained.push((form.clone(), entry.stamp())),
        Event::ExplanationJudged(form) => state.judged.push((form.clone(), entry.stamp())),
        Event::Urged(form) => state.urged.push((form.clone(), entry.stamp())),
    }
}

/// The limit for handling as it stands: three months from filing, with the extension four (art. 55 ¶1).
pub fn handling_deadline(dossier: &Dossier, setting: &Setting) -> Option<Deadline> {
    let start = dossier.filing.case.as_ref()?.stamp.occurred;
    let length = match dossier.closing.extended {
        Some(_) => limit::HANDLING.length.extended_by(limit::HANDLING_EXTENSION.length)?,
        None => limit::HANDLING.length,
    };
    deadline::of(start, length, setting)
}

/// The limit of this chapter.
pub(crate) fn limits(dossier: &Dossier, setting: &Setting, limits: &mut Vec<Running>) {
    let Some(deadline) = handling_deadline(dossier, setting) else { return };
    limits.push(Running {
        id: limit::HANDLING.id,
        name: limit::HANDLING.name,
        basis: clause(55).paragraph(1),
        deadline,
        met: dossier.ended_on(),
        extended: dossier.closing.extended.is_some(),
    });
}

/// Duties of this chapter that are open.
pub(crate) fn duties(dossier: &Dossier, setting: &Setting, duties: &mut Vec<Duty>) {
    if !dossier.has_ended() {
        delay::duties(dossier, setting, duties);
    }
}
