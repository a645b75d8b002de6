//! 泄密隐患. Units must act on hazards at once and rectify by a day; what is unsafe is ordered out of use (art. 48).

use super::{Event, must_be_in_case};
use crate::{
    check::{Check, refusals},
    deadline::{self, Desk, Duty, Running},
    dossier::{self, At, Stamp},
    law::clause,
    number::Series,
    setting::Setting,
    step::{Form, Relation, Rule, Step, form, row},
    value::{LongText, Several, Text, UnitId, choice, numbered, titles},
};
use jiff::civil::Date;

const HANDLER: &[Relation] = &[Relation::Handler];

/// 要求采取措施、限期整改.
pub const REQUIRE: Step = Step::of::<RequireMeasures>(
    "require_hazard_measures",
    "要求采取措施、限期整改隐患",
    &[clause(48)],
    HANDLER,
)
.on_day("要求日期")
.numbered(Series::HazardNotice);

/// 记录隐患整改情况.
pub const REPORT: Step =
    Step::of::<ReportHazard>("report_hazard", "记录隐患整改情况", &[clause(48)], HANDLER)
        .on_day("整改完成日期")
        .correctable()
        .after_end();

/// 责令停止使用.
pub const STOP: Step =
    Step::of::<OrderStopUse>("order_stop_use", "责令停止使用", &[clause(48)], HANDLER)
        .on_day("责令日期")
        .numbered(Series::StopUse);

/// 解除停止使用.
pub const LIFT: Step =
    Step::of::<LiftStopUse>("lift_stop_use", "解除停止使用", &[clause(48)], HANDLER)
        .on_day("解除日期")
        .after_end();

refusals! {
    DUE_AFTER_NOTICE = "hazards.due_after_notice", [clause(48)], at "due",
        "整改期限早于要求日期",
        "核对日期",
        "整改期限不早于要求日期";
    NOT_REPORTED_TWICE = "hazards.not_reported_twice", [clause(48)], at "notice",
        "该项隐患的整改情况已经记录",
        "记录有误的，更正",
        "该项隐患的整改情况尚未记录";
    NOT_LIFTED_TWICE = "hazards.not_lifted_twice", [clause(48)], at "order",
        "该项停止使用已经解除",
        "选择尚未解除的",
        "该项停止使用尚未解除";
    SAFE_AGAIN = "hazards.safe_again", [clause(48)], at "safe",
        "泄密隐患没有消除，不能解除停止使用",
        "整改并查验后再解除",
        "泄密隐患已经消除";
}

numbered! {
    /// 限期整改要求.
    HazardId = "hazard", "限期整改要求", |dossier| {
        titles(dossier.investigation.hazards.notices.iter().map(|notice| notice.form.hazard.as_str()))
    };
    /// 停止使用的责令.
    StopUseId = "stop_use", "停止使用的责令", |dossier| {
        titles(dossier.investigation.hazards.stops.iter().map(|stop| stop.form.hazard.as_str()))
    };
}

form! {
    /// 要求采取措施、限期整改隐患.
    RequireMeasures / RequireMeasuresDraft {
        unit: UnitId = "机关、单位";
        hazard: LongText = "泄密隐患";
        measures: LongText = "要求立即采取的措施和整改要求";
        due: Date = "整改期限";
    }
}

impl Rule for RequireMeasures {
    fn judge(
        draft: RequireMeasuresDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_in_case(at, check);
        check.that(draft.due.zip(at.occurred).map(|(due, day)| day <= due), &DUE_AFTER_NOTICE);
        Some(Event::HazardNoticed(Self::complete(draft)?).into())
    }
}

form! {
    /// 记录隐患整改情况.
    ReportHazard / ReportHazardDraft {
        notice: HazardId = "限期整改要求";
        result: LongText = "采取的措施和整改情况";
        paper: Option<Text> = "来文文号";
    }
}

impl Rule for ReportHazard {
    fn judge(
        draft: ReportHazardDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let notices = &at.dossier.investigation.hazards.notices;
        let notice = draft.notice.as_ref().and_then(|id| notices.get(id.index()));
        check.that(notice.map(|notice| notice.reported.is_none()), &NOT_REPORTED_TWICE);
        at.follows(notice.map(|notice| notice.stamp.occurred), check);
        Some(Event::HazardReported(Self::complete(draft)?).into())
    }
}

choice! {
    /// 停止使用的对象 (art. 48).
    StoppedKind {
        Facility = "facility", "设施";
        Equipment = "equipment", "设备";
        Place = "place", "场所";
    }
}

row! {
    /// 停止使用的一项.
    Stopped {
        kind: StoppedKind = "对象";
        name: Text = "名称";
        location: Text = "所在地点";
    }
}

form! {
    /// 责令停止使用. Facilities, equipment and places with hazards are ordered out of use by law.
    OrderStopUse / OrderStopUseDraft {
        unit: UnitId = "机关、单位";
        objects: Several<Stopped> = "停止使用的设施、设备、场所";
        hazard: LongText = "泄密隐患";
        basis: LongText = "法律依据";
    }
}

impl Rule for OrderStopUse {
    fn judge(
        draft: OrderStopUseDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_in_case(at, check);
        Some(Event::UseStopped(Self::complete(draft)?).into())
    }
}

form! {
    /// 解除停止使用.
    LiftStopUse / LiftStopUseDraft {
        order: StopUseId = "停止使用的责令";
        safe: super::interview::Done = "泄密隐患是否已经消除";
        detail: LongText = "查验情况";
    }
}

impl Rule for LiftStopUse {
    fn judge(
        draft: LiftStopUseDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let stops = &at.dossier.investigation.hazards.stops;
        let stop = draft.order.as_ref().and_then(|id| stops.get(id.index()));
        check.that(stop.map(|stop| stop.lifted.is_none()), &NOT_LIFTED_TWICE);
        let safe = draft.safe.map(|safe| safe == super::interview::Done::Yes);
        check.that(safe, &SAFE_AGAIN);
        at.follows(stop.map(|stop| stop.stamp.occurred), check);
        Some(Event::StopUseLifted(Self::complete(draft)?).into())
    }
}

/// 限期整改要求. One hazard and what was done about it.
#[derive(Clone, Debug)]
pub struct Hazard {
    /// What was demanded.
    pub form: RequireMeasures,
    /// Who and when.
    pub stamp: Stamp,
    /// 整改情况.
    pub reported: Option<(ReportHazard, Stamp)>,
}

/// 停止使用的责令. One order, in force until it is lifted.
#[derive(Clone, Debug)]
pub struct StopUse {
    /// What was ordered.
    pub form: OrderStopUse,
    /// Who and when.
    pub stamp: Stamp,
    /// 解除.
    pub lifted: Option<(LiftStopUse, Stamp)>,
}

/// What is known of hazards.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 限期整改要求.
    pub notices: Vec<Hazard>,
    /// 停止使用的责令.
    pub stops: Vec<StopUse>,
}

pub(super) fn report(state: &mut State, form: &ReportHazard, stamp: Stamp) {
    if let Some(hazard) = state.notices.get_mut(form.notice.index()) {
        hazard.reported = Some((form.clone(), stamp));
    }
}

pub(super) fn lift(state: &mut State, form: &LiftStopUse, stamp: Stamp) {
    if let Some(stop) = state.stops.get_mut(form.order.index()) {
        stop.lifted = Some((form.clone(), stamp));
    }
}

pub(super) fn limits(state: &State, setting: &Setting, limits: &mut Vec<Running>) {
    limits.extend(state.notices.iter().map(|hazard| Running {
        id: "hazard",
        name: "隐患整改期限",
        basis: clause(48),
        deadline: deadline::to_date(hazard.stamp.occurred, hazard.form.due, setting),
        met: hazard.reported.as_ref().map(|(_, stamp)| stamp.occurred),
        extended: false,
    }));
}

/// A hazard stays one after the case has ended.
pub(super) fn duties(state: &State, duties: &mut Vec<Duty>) {
    let mut open = |name: String, due, step| {
        duties.push(Duty { name, basis: clause(48), due, step, desk: Desk::Owner });
    };
    for (hazard, i) in state.notices.iter().zip(1..).filter(|(h, _)| h.reported.is_none()) {
        let what = dossier::titled(i, hazard.form.hazard.as_str());
        open(format!("隐患待整改：{what}"), Some(hazard.form.due), REPORT.id);
    }
    for (stop, i) in state.stops.iter().zip(1..).filter(|(stop, _)| stop.lifted.is_none()) {
        let what = dossier::titled(i, stop.form.hazard.as_str());
        open(format!("停止使用待解除：{what}"), None, LIFT.id);
    }
}
