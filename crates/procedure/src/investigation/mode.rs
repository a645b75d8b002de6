//! 办理方式. Handlers investigate a case themselves, or guide and urge the units concerned to investigate it (art. 33 ¶1).

use super::Event;
use crate::{
    check::{Check, refusals},
    deadline::{self, Desk, Duty, Running},
    dossier::{self, Assignment, At, Stamp},
    law::clause,
    limit,
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    value::{File, LongText, Several, StaffId, Text, UnitId, choice, numbered, titles},
};
use jiff::civil::Date;

const HANDLER: &[Relation] = &[Relation::Handler];
const HEAD: &[Relation] = &[Relation::Head];

/// 指派办案人员.
pub const ASSIGN: Step =
    Step::of::<AssignHandlers>("assign_handlers", "指派办案人员", &[clause(33).paragraph(1)], HEAD)
        .decision();

/// 变更办理方式.
pub const SWITCH: Step =
    Step::of::<SwitchMode>("switch_mode", "变更办理方式", &[clause(33).paragraph(1)], HEAD)
        .decision();

/// 指导、督促机关、单位进行调查.
pub const COMMISSION: Step = Step::of::<CommissionUnit>(
    "commission_unit",
    "指导、督促机关、单位进行调查",
    &[clause(7).paragraph(2), clause(33).paragraph(1)],
    HANDLER,
)
.on_day("指导、督促日期");

/// 接收机关、单位调查情况.
pub const RECEIVE_REPORT: Step = Step::of::<ReceiveUnitReport>(
    "receive_unit_report",
    "接收机关、单位调查情况",
    &[clause(7).paragraph(2), clause(33).paragraph(1)],
    HANDLER,
)
.on_day("收到日期")
.correctable();

refusals! {
    HANDLERS_ARE_HANDLERS = "investigation.handlers_are_handlers", [clause(33).paragraph(1)], at "handlers",
        "指派的人员没有办案人员岗位，或者已经回避",
        "从办案人员中指派",
        "指派的人员有办案人员岗位，且没有回避";
    TWO_HANDLERS = "investigation.two_handlers", [clause(33).paragraph(1)], at "handlers",
        "办案人员少于2名",
        "指派2名以上办案人员",
        "办案人员不少于2名";
    MODE_AS_DECIDED = "mode.as_decided", [clause(33).paragraph(1)], at "mode",
        "与现行的办理方式不一致",
        "先变更办理方式，写明理由",
        "与现行的办理方式一致";
    MODE_CHANGES = "mode.changes", [clause(33).paragraph(1)], at "mode",
        "现行的办理方式就是这一种",
        "无需变更",
        "与现行的办理方式不同";
    UNITS_INVESTIGATE = "mode.units_investigate", [clause(33).paragraph(1)],
        "办理方式不是指导、督促机关、单位调查",
        "由负责人变更办理方式",
        "办理方式是指导、督促机关、单位调查";
    REPORT_BY_LATER = "mode.report_by_later", [clause(33).paragraph(1)], at "report_by",
        "报送调查情况的日期早于指导、督促日期",
        "核对日期",
        "报送调查情况的日期不早于指导、督促日期";
    NOT_REPORTED_TWICE = "mode.not_reported_twice", [clause(33).paragraph(1)], at "task",
        "该机关、单位的调查情况已经接收",
        "需要补充的，再行指导、督促",
        "该机关、单位的调查情况尚未接收";
}

numbered! {
    /// 指导、督促事项.
    UnitTaskId = "unit_task", "指导、督促事项", |dossier| {
        titles(dossier.investigation.unit_tasks.iter().map(|task| task.form.requirements.as_str()))
    };
}

choice! {
    /// 办理方式. How the department handles the case.
    Mode {
        Direct = "direct", "直接调查";
        Organised = "organised", "指导、督促机关、单位调查";
    }
}

form! {
    /// 指派办案人员.
    AssignHandlers / AssignHandlersDraft {
        mode: Mode = "办理方式";
        handlers: Several<StaffId> = "办案人员", "2名以上";
    }
}

impl Rule for AssignHandlers {
    fn judge(
        draft: AssignHandlersDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        check.that(at.dossier.filing.case.is_some(), &super::CASE_FILED);
        let investigation = &at.dossier.investigation;
        let now = investigation.mode_on(at.today());
        let same = draft.mode.map(|mode| now.is_none_or(|now| now == mode));
        check.that(same, &MODE_AS_DECIDED);
        let handlers = draft.handlers.as_deref();
        let already = investigation.handlers.iter().filter(|a| a.until.is_none());
        let already = already.map(|assignment| &assignment.staff);
        let effective = handlers.map(|new| {
            let all: std::collections::BTreeSet<_> = new.iter().chain(already).collect();
            all.into_iter().filter(|s| !at.dossier.general.stands_back(s, at.today())).count()
        });
        check.that(effective.map(|count| count >= limit::MIN_HANDLERS), &TWO_HANDLERS);
        check.that(handlers.map(|new| super::may_handle(at, new)), &HANDLERS_ARE_HANDLERS);
        Some(Event::HandlersAssigned(Self::complete(draft)?).into())
    }
}

form! {
    /// 变更办理方式. The department takes the investigation over, or leaves it to the units under its guidance.
    SwitchMode / SwitchModeDraft {
        mode: Mode = "办理方式";
        reason: LongText = "变更理由";
    }
}

impl Rule for SwitchMode {
    fn judge(draft: SwitchModeDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        super::must_be_in_case(at, check);
        let now = at.dossier.investigation.mode_on(at.today());
        check.that(draft.mode.map(|mode| now != Some(mode)), &MODE_CHANGES);
        Some(Event::ModeSwitched(Self::complete(draft)?).into())
    }
}

form! {
    /// 指导、督促机关、单位调查. A unit is told what to find out, and by when to report.
    CommissionUnit / CommissionUnitDraft {
        unit: UnitId = "机关、单位";
        requirements: LongText = "调查事项和要求";
        report_by: Date = "报送调查情况的日期";
    }
}

impl Rule for CommissionUnit {
    fn judge(
        draft: CommissionUnitDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        super::must_be_in_case(at, check);
        let day = at.occurred.unwrap_or(at.today());
        let organised = at.dossier.investigation.mode_on(day) == Some(Mode::Organised);
        check.that(organised, &UNITS_INVESTIGATE);
        let in_order = draft.report_by.zip(at.occurred).map(|(by, day)| day <= by);
        check.that(in_order, &REPORT_BY_LATER);
        Some(Event::UnitCommissioned(Self::complete(draft)?).into())
    }
}

form! {
    /// 接收机关、单位调查情况. What the unit's own staff did and found; art. 35 does not apply to their acts (reading 33-2).
    ReceiveUnitReport / ReceiveUnitReportDraft {
        task: UnitTaskId = "指导、督促事项";
        investigators: Text = "机关、单位的调查人员";
        report: LongText = "调查经过和结果";
        paper: Option<Text> = "来文文号";
        file: Option<File> = "调查情况报告";
    }
}

impl Rule for ReceiveUnitReport {
    fn judge(
        draft: ReceiveUnitReportDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let tasks = &at.dossier.investigation.unit_tasks;
        let task = draft.task.as_ref().and_then(|id| tasks.get(id.index()));
        check.that(task.map(|task| task.reported.is_none()), &NOT_REPORTED_TWICE);
        at.follows(task.map(|task| task.stamp.occurred), check);
        Some(Event::UnitReported(Self::complete(draft)?).into())
    }
}

/// 指导、督促事项. What a unit was told to investigate, and what it reported.
#[derive(Clone, Debug)]
pub struct UnitTask {
    /// What was demanded.
    pub form: CommissionUnit,
    /// Who and when.
    pub stamp: Stamp,
    /// 调查情况.
    pub reported: Option<(ReceiveUnitReport, Stamp)>,
}

pub(super) fn assign(state: &mut super::State, form: &AssignHandlers, since: Date) {
    state.modes.push((form.mode, since));
    let assigned = form.handlers.iter().map(|staff| Assignment::new(staff.clone(), since));
    state.handlers.extend(assigned);
}

pub(super) fn report(tasks: &mut [UnitTask], form: &ReceiveUnitReport, stamp: Stamp) {
    if let Some(task) = tasks.get_mut(form.task.index()) {
        task.reported = Some((form.clone(), stamp));
    }
}

pub(super) fn limits(tasks: &[UnitTask], setting: &Setting, limits: &mut Vec<Running>) {
    limits.extend(tasks.iter().map(|task| Running {
        id: "unit_report",
        name: "机关、单位调查情况报送时限",
        basis: clause(33).paragraph(1),
        deadline: deadline::to_date(task.stamp.occurred, task.form.report_by, setting),
        met: task.reported.as_ref().map(|(_, stamp)| stamp.occurred),
        extended: false,
    }));
}

pub(super) fn duties(tasks: &[UnitTask], duties: &mut Vec<Duty>) {
    for (task, i) in tasks.iter().zip(1..).filter(|(task, _)| task.reported.is_none()) {
        duties.push(Duty {
            name: format!(
                "机关、单位调查情况待报送：{}",
                dossier::titled(i, task.form.requirements.as_str())
            ),
            basis: clause(33).paragraph(1),
            due: Some(task.form.report_by),
            step: RECEIVE_REPORT.id,
            desk: Desk::Owner,
        });
    }
}
