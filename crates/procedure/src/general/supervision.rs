//! 指导、监督. A superior guides, urges and corrects a department below, a department the units of its region; each is answered (arts. 7 ¶2, 8).

use jiff::civil::Date;

use crate::{
    check::{Check, refusals},
    deadline::{Desk, Duty},
    directory::Department,
    dossier::{self, At, Dossier, Stamp},
    law::clause,
    number::Series,
    step::{Form, Relation, Rule, Step, form},
    value::{DepartmentId, Fact, LongText, Text, UnitId, choice, numbered},
};

const OWNER: &[Relation] = &[Relation::Head, Relation::Handler];

/// 开启督办.
pub const OPEN: Step = Step::of::<OpenSupervision>(
    "open_supervision",
    "开启对下级办理的监督",
    &[clause(8), clause(10)],
    &[Relation::Superior],
)
.decision()
.after_end()
.in_transit()
.warning("开启后，本部门负责人可以查阅卷宗内容，开启的理由记录在案");

/// 结束督办.
pub const CLOSE: Step = Step::of::<CloseSupervision>(
    "close_supervision",
    "结束对下级办理的监督",
    &[clause(8), clause(10)],
    &[Relation::Superior],
)
.decision()
.after_end()
.in_transit();

/// 指导、督办、纠正.
pub const DIRECT: Step = Step::of::<DirectHandling>(
    "direct_handling",
    "指导、督办或者纠正下级的查处工作",
    &[clause(8), clause(55).paragraph(2)],
    &[Relation::Superior],
)
.decision()
.numbered(Series::Supervision)
.after_end()
.in_transit();

/// 记录上级的指导、督办、纠正.
pub const RECORD: Step = Step::of::<RecordDirection>(
    "record_direction",
    "记录上级的指导、督办或者纠正意见",
    &[clause(8)],
    &[Relation::Head, Relation::Handler, Relation::Clerk],
)
.on_day("收到日期")
.after_end()
.in_transit();

/// 答复上级.
pub const ANSWER: Step = Step::of::<AnswerDirection>(
    "answer_direction",
    "答复上级的指导、督办或者纠正意见",
    &[clause(8)],
    OWNER,
)
.on_day("答复日期")
.after_end()
.in_transit();

/// 指导、督促机关、单位.
pub const DIRECT_UNIT: Step = Step::of::<DirectUnit>(
    "direct_unit",
    "指导、督促机关、单位查处",
    &[clause(7).paragraph(2), clause(8)],
    OWNER,
)
.on_day("日期")
.numbered(Series::UnitDirection);

/// 机关、单位的回复.
pub const RECORD_UNIT_ANSWER: Step = Step::of::<RecordUnitAnswer>(
    "record_unit_answer",
    "记录机关、单位对指导、督促的回复",
    &[clause(7).paragraph(2), clause(8)],
    OWNER,
)
.on_day("回复日期");

refusals! {
    NOT_OPEN_YET = "supervision.not_open_yet", [clause(8)],
        "本部门已经开启监督",
        "在卷宗中查阅即可",
        "本部门尚未开启监督";
    IS_OPEN = "supervision.is_open", [clause(8)],
        "本部门没有开启监督",
        "先开启监督",
        "本部门已经开启监督";
    IMPROPER_OR_NOT = "supervision.improper_or_not", [clause(8)], at "improper",
        "没有写明是否发现查处不当",
        "据实填写",
        "写明了是否发现查处不当";
    CORRECTED_FIRST = "supervision.corrected_first", [clause(8)], at "improper",
        "发现查处不当，尚未予以纠正",
        "先提出纠正意见，再结束监督",
        "没有发现查处不当，或者已经予以纠正";
    IMPROPER_NAMED = "supervision.improper_named", [clause(8)], at "improper",
        "没有写明查处不当之处",
        "纠正的，写明何处不当",
        "纠正的，写明了不当之处";
    DIRECTED_FROM_ABOVE = "supervision.directed_from_above", [clause(8)], at "by",
        "来文的部门不是承办部门的上级",
        "选择承办部门的上级",
        "来文的部门是承办部门的上级";
    UNANSWERED = "supervision.unanswered", [clause(8)], at "direction",
        "该意见已经答复",
        "选择尚未答复的意见",
        "该意见尚未答复";
    UNIT_CONCERNED = "supervision.unit_concerned", [clause(8)], at "unit",
        "该机关、单位与本案无关",
        "选择本案涉及的机关、单位",
        "该机关、单位与本案有关";
    UNIT_IN_THE_REGION = "supervision.unit_in_the_region", [clause(8)], at "unit",
        "该机关、单位不在本行政区域内",
        "由其所在地保密行政管理部门指导、监督，或者商请配合",
        "该机关、单位在本行政区域内";
}

choice! {
    /// 意见的种类 (art. 8).
    DirectionKind {
        Guidance = "guidance", "指导";
        Urging = "urging", "督办";
        Correction = "correction", "纠正";
    }
}

numbered! {
    /// 上级的意见.
    DirectionId = "direction", "上级的意见", |dossier| {
        crate::value::titles(dossier.general.directions.iter().map(|d| d.content.as_str()))
    };
    /// 对机关、单位的意见.
    UnitDirectionId = "unit_direction", "对机关、单位的意见", |dossier| {
        let directions = dossier.general.unit_directions.iter();
        crate::value::titles(directions.map(|direction| direction.form.content.as_str()))
    };
}

form! {
    /// 开启对下级办理的监督. Only then do the heads above see the contents, with a reason on record (reading 10-2).
    OpenSupervision / OpenSupervisionDraft {
        reason: LongText = "开启的理由";
    }
}

impl Rule for OpenSupervision {
    fn judge(
        draft: OpenSupervisionDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        check.that(!at.dossier.general.is_supervised_by(at.desk()), &NOT_OPEN_YET);
        let form = Self::complete(draft)?;
        Some(super::Event::SupervisionOpened { form, department: at.desk().clone() }.into())
    }
}

form! {
    /// 结束对下级办理的监督.
    CloseSupervision / CloseSupervisionDraft {
        result: LongText = "监督的结果";
        improper: Option<Fact> = "是否发现查处不当", "发现查处不当的，应当及时予以纠正";
    }
}

impl Rule for CloseSupervision {
    fn judge(
        draft: CloseSupervisionDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        check.that(at.dossier.general.is_supervised_by(at.desk()), &IS_OPEN);
        check.that(draft.improper.as_ref().map(Option::is_some), &IMPROPER_OR_NOT);
        if let Some(Some(Fact::Yes)) = draft.improper {
            check.that(at.dossier.general.is_corrected_by(at.desk()), &CORRECTED_FIRST);
        }
        let form = Self::complete(draft)?;
        Some(super::Event::SupervisionClosed { form, department: at.desk().clone() }.into())
    }
}

form! {
    /// 指导、督办或者纠正下级的查处工作.
    DirectHandling / DirectHandlingDraft {
        kind: DirectionKind = "种类";
        content: LongText = "意见和要求";
        improper: Option<LongText> = "查处不当之处", "纠正的填写";
        due: Option<Date> = "要求答复的日期";
    }
}

impl Rule for DirectHandling {
    fn judge(
        draft: DirectHandlingDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let improper = draft.improper.as_ref().map(Option::is_some);
        judge_kind(draft.kind, improper, check);
        let form = Self::complete(draft)?;
        Some(super::Event::HandlingDirected { form, department: at.desk().clone() }.into())
    }
}

/// A correction says what is improper.
fn judge_kind(kind: Option<DirectionKind>, named: Option<bool>, check: &mut Check<'_>) {
    if kind == Some(DirectionKind::Correction) {
        check.that(named, &IMPROPER_NAMED);
    }
}

form! {
    /// 记录上级的指导、督办或者纠正意见. It arrived on paper.
    RecordDirection / RecordDirectionDraft {
        by: DepartmentId = "来文的上级部门";
        paper: Text = "文号";
        dated: Option<Date> = "来文日期";
        kind: DirectionKind = "种类";
        content: LongText = "意见和要求";
        improper: Option<LongText> = "查处不当之处", "纠正的填写";
        due: Option<Date> = "要求答复的日期";
    }
}

impl Rule for RecordDirection {
    fn judge(
        draft: RecordDirectionDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let owner = at.dossier.department().unwrap_or(&at.setting.department);
        let above = at.setting.directory.superiors(owner);
        let by = draft.by.as_ref().map(|by| above.iter().any(|superior| superior.id == *by));
        check.that(by, &DIRECTED_FROM_ABOVE);
        at.follows(draft.dated.flatten(), check);
        judge_kind(draft.kind, draft.improper.as_ref().map(Option::is_some), check);
        Some(super::Event::DirectionRecorded(Self::complete(draft)?).into())
    }
}

form! {
    /// 答复上级的指导、督办或者纠正意见.
    AnswerDirection / AnswerDirectionDraft {
        direction: DirectionId = "上级的意见";
        content: LongText = "落实和改正情况";
    }
}

impl Rule for AnswerDirection {
    fn judge(
        draft: AnswerDirectionDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let directions = &at.dossier.general.directions;
        let found = draft.direction.as_ref().and_then(|id| directions.get(id.index()));
        check.that(found.map(|direction| direction.answer.is_none()), &UNANSWERED);
        at.follows(found.map(|direction| direction.stamp.occurred), check);
        Some(super::Event::DirectionAnswered(Self::complete(draft)?).into())
    }
}

form! {
    /// 指导、督促机关、单位查处.
    DirectUnit / DirectUnitDraft {
        unit: UnitId = "机关、单位";
        kind: DirectionKind = "种类";
        content: LongText = "意见和要求";
        improper: Option<LongText> = "查处不当之处", "纠正的填写";
        due: Option<Date> = "要求回复的日期";
    }
}

impl Rule for DirectUnit {
    fn judge(draft: DirectUnitDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let concerned = draft.unit.as_ref().map(|unit| at.dossier.units().contains(&unit));
        check.that(concerned, &UNIT_CONCERNED);
        check.that(draft.unit.as_ref().map(|unit| !is_elsewhere(unit, at)), &UNIT_IN_THE_REGION);
        judge_kind(draft.kind, draft.improper.as_ref().map(Option::is_some), check);
        Some(super::Event::UnitDirected(Self::complete(draft)?).into())
    }
}

/// Whether a unit lies in the region of another department that is not below the owner.
fn is_elsewhere(unit: &UnitId, at: &At<'_>) -> bool {
    let directory = &at.setting.directory;
    let Some(unit) = directory.unit(unit) else { return false };
    let mut local = directory.departments().filter(|d| d.region == unit.region).peekable();
    let is_below = |department: &Department| {
        let mut chain = directory.superiors(&department.id).into_iter();
        department.id == *at.owner() || chain.any(|above| above.id == *at.owner())
    };
    local.peek().is_some() && !local.any(is_below)
}

form! {
    /// 记录机关、单位对指导、督促的回复.
    RecordUnitAnswer / RecordUnitAnswerDraft {
        direction: UnitDirectionId = "对机关、单位的意见";
        content: LongText = "回复内容";
        paper: Option<Text> = "来文文号";
    }
}

impl Rule for RecordUnitAnswer {
    fn judge(
        draft: RecordUnitAnswerDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let directions = &at.dossier.general.unit_directions;
        let found = draft.direction.as_ref().and_then(|id| directions.get(id.index()));
        check.that(found.map(|direction| direction.answer.is_none()), &UNANSWERED);
        at.follows(found.map(|direction| direction.stamp.occurred), check);
        Some(super::Event::UnitAnswered(Self::complete(draft)?).into())
    }
}

/// 上级的意见. Guidance, urging or correction, and its answer.
#[derive(Clone, Debug)]
pub struct Direction {
    /// The department above.
    pub department: DepartmentId,
    /// 种类.
    pub kind: DirectionKind,
    /// 意见和要求.
    pub content: LongText,
    /// 要求答复的日期.
    pub due: Option<Date>,
    /// Who recorded it and when.
    pub stamp: Stamp,
    /// 答复.
    pub answer: Option<(AnswerDirection, Stamp)>,
}

impl Direction {
    pub(super) fn given(form: &DirectHandling, department: &DepartmentId, stamp: Stamp) -> Self {
        let (kind, content, due) = (form.kind, form.content.clone(), form.due);
        Direction { department: department.clone(), kind, content, due, stamp, answer: None }
    }

    pub(super) fn arrived(form: &RecordDirection, stamp: Stamp) -> Self {
        let (kind, content, due) = (form.kind, form.content.clone(), form.due);
        Direction { department: form.by.clone(), kind, content, due, stamp, answer: None }
    }
}

/// 对机关、单位的意见, and its answer.
#[derive(Clone, Debug)]
pub struct UnitDirection {
    /// What was demanded.
    pub form: DirectUnit,
    /// Who and when.
    pub stamp: Stamp,
    /// 回复.
    pub answer: Option<(RecordUnitAnswer, Stamp)>,
}

pub(super) fn duties(dossier: &Dossier, duties: &mut Vec<Duty>) {
    let basis = clause(8);
    let open = dossier.general.directions.iter().zip(1..).filter(|(d, _)| d.answer.is_none());
    for (direction, i) in open {
        let what = dossier::titled(i, direction.content.as_str());
        let name = format!("上级{}意见待答复：{what}", direction.kind);
        let step = ANSWER.id;
        duties.push(Duty { name, basis, due: direction.due, step, desk: Desk::Owner });
    }
    if dossier.has_ended() {
        return;
    }
    let open = dossier.general.unit_directions.iter().zip(1..).filter(|(d, _)| d.answer.is_none());
    for (direction, i) in open {
        let what = dossier::titled(i, direction.form.content.as_str());
        let name = format!("机关、单位待回复：{what}");
        let (due, step) = (direction.form.due, RECORD_UNIT_ANSWER.id);
        duties.push(Duty { name, basis, due, step, desk: Desk::Owner });
    }
}
