//! 登记保存. Carriers, facilities, equipment and papers are listed and preserved on the spot (art. 45, and with it 行政强制法 arts. 18 and 19).

use jiff::civil::{Date, Time};

use super::{
    Event,
    interview::Done,
    powers::{is_filed_by, must_be_assigned, must_be_two, must_be_under_way},
};
use crate::{
    approval::{self, Matter, MatterKind, Submittable},
    check::{Check, refusals},
    deadline::{self, Desk, Duty, Running},
    dossier::{self, At, Dossier, Stamp},
    law::{Clause, clause},
    number::Number,
    setting::Setting,
    step::{Form, Relation, Rule, Step, form, row},
    value::{LongText, Several, StaffId, Text, choice, names, numbered, titles},
};

const HANDLER: &[Relation] = &[Relation::Handler];

/// 呈报登记保存.
pub const SUBMIT: Step = Step::of::<SubmitPreservation>(
    "submit_preservation",
    "呈报登记保存",
    &[clause(45).paragraph(1)],
    HANDLER,
)
.decision();

/// 登记保存.
pub const PRESERVE: Step =
    Step::of::<Preserve>("preserve", "登记保存", &[clause(35), clause(45)], HANDLER)
        .on_day("登记保存日期")
        .as_happened();

/// 解除登记保存.
pub const RELEASE: Step =
    Step::of::<Release>("release_preservation", "解除登记保存", &[clause(45)], HANDLER)
        .on_day("解除日期")
        .after_end();

refusals! {
    FILED_OR_OTHER_BASIS = "preservation.filed_or_other_basis", [clause(45).paragraph(1)], by PRESERVE_AFTER_FILING,
        "尚未立案，也没有写明登记保存的其他法律依据",
        "立案后登记保存；另有法律依据的，呈报时写明",
        "已经立案，或者写明登记保存的其他法律依据";
    NOT_APPROVED_TWICE = "preservation.not_approved_twice", [clause(45).paragraph(1)], at "urgent",
        "该次登记保存已经批准",
        "选择尚未补办批准的登记保存",
        "该次登记保存尚未批准";
    APPROVED_BEFORE = "preservation.approved_before", [clause(45).paragraph(1)], by PRESERVE_APPROVED, at "approval",
        "登记保存前没有经负责人批准，也没有写明紧急情况",
        "先呈报登记保存；情况紧急的写明，并在24小时内补办批准手续",
        "登记保存前经负责人批准，或者写明紧急情况";
    AT_LEAST_TWO_HANDLERS = "preservation.at_least_two_handlers", [clause(35)], at "handlers",
        "登记保存的办案人员少于2人",
        "由2名以上办案人员登记保存；已经进行的，如实记录",
        "登记保存的办案人员不少于2人";
    HANDLERS_ASSIGNED = "preservation.handlers_assigned", [clause(35)], at "handlers",
        "登记保存的人员当日不是本案办案人员，或者已经回避",
        "由本案办案人员登记保存；已经进行的，如实记录",
        "登记保存的人员当日均为本案办案人员，且没有回避";
    CREDENTIALS_SHOWN = "preservation.credentials_shown", [clause(35)], at "credentials",
        "登记保存时没有出示证件、表明身份",
        "登记保存前出示证件；已经进行的，如实记录",
        "登记保存时出示证件，表明身份";
    IS_OVER = "preservation.is_over", [clause(45).paragraph(1)], at "time",
        "登记保存的时间晚于现在",
        "登记保存后再记录",
        "登记保存已经进行";
    SOMEBODY_PRESENT = "preservation.somebody_present", [clause(45).paragraph(1)], at "attendance",
        "持有人和见证人都不在场",
        "会同持有人或者见证人查点清楚；已经进行的，如实记录",
        "会同持有人或者见证人查点";
    ATTENDANT_NAMED = "preservation.attendant_named", [clause(45).paragraph(1)], at "attendant",
        "没有写明在场的持有人或者见证人",
        "写明姓名",
        "写明在场的持有人或者见证人";
    REASONS_TOLD = "preservation.reasons_told", [clause(45).paragraph(1)], by PRESERVE_PROCEDURE, at "told",
        "没有当场告知理由、依据以及权利、救济途径",
        "当场告知；已经进行的，如实记录",
        "当场告知理由、依据以及权利、救济途径";
    STATEMENT_HEARD = "preservation.statement_heard", [clause(45).paragraph(1)], by PRESERVE_PROCEDURE, at "heard",
        "没有听取当事人的陈述和申辩",
        "听取陈述和申辩；已经进行的，如实记录",
        "听取当事人的陈述和申辩";
    RECORD_MADE = "preservation.record_made", [clause(45).paragraph(1)], by PRESERVE_PROCEDURE, at "record",
        "没有制作现场笔录",
        "制作现场笔录；已经进行的，如实记录",
        "制作现场笔录";
    LIST_IN_TWO = "preservation.list_in_two", [clause(45).paragraph(1)], at "copies",
        "没有当场开列清单一式二份、各执一份",
        "当场开列清单一式二份，各执一份；已经进行的，如实记录",
        "当场开列清单一式二份，各执一份";
    LIST_SIGNED = "preservation.list_signed", [clause(45).paragraph(1)], at "signature",
        "登记保存清单没有签名，也没有注明",
        "由办案人员和持有人或者见证人签名；拒绝签名的予以注明",
        "登记保存清单已经签名，或者注明拒绝签名";
    MEASURES_STATED = "preservation.measures_stated", [clause(45).paragraph(2)], by LOSS_PREVENTED, at "objects",
        "登记保存在有关机关、单位，没有写明防止证据灭失或者转移的措施",
        "采取并写明措施",
        "登记保存在有关机关、单位的，写明防止证据灭失或者转移的措施";
    NOT_RELEASED_TWICE = "preservation.not_released_twice", [clause(45).paragraph(1)], at "objects",
        "已经解除登记保存",
        "选择尚未解除的",
        "尚未解除登记保存";
    ALL_RELEASED = "preservation.all_released", [clause(45)], by PRESERVED_SETTLED,
        "登记保存尚未解除，没有处理结果",
        "先解除登记保存，记录处理结果",
        "登记保存均已解除，有处理结果";
}

numbered! {
    /// 登记保存的批准.
    PreservationApprovalId = "preservation_approval", "登记保存的批准", |dossier| {
        let approved = dossier.investigation.preservation.approved.iter();
        titles(approved.map(|(form, _)| form.objects.as_str()))
    };
    /// 登记保存.
    PreservationId = "preservation", "登记保存", |dossier| {
        let preserved = dossier.investigation.preservation.preserved.iter();
        titles(preserved.map(|preserved| preserved.title.as_str()))
    };
    /// 登记保存的物品.
    PreservedObjectId = "preserved_object", "登记保存的物品", |dossier| {
        names(dossier.investigation.preservation.objects.iter().map(|o| o.row.name.as_str()))
    };
}

form! {
    /// 呈报登记保存. For a head's approval beforehand; in an urgent case, within 24 hours afterwards.
    SubmitPreservation / SubmitPreservationDraft {
        objects: LongText = "登记保存的对象";
        reason: LongText = "登记保存的理由";
        other_basis: Option<LongText> = "其他法律依据", "尚未立案的填写";
        urgent: Option<PreservationId> = "补办批准的登记保存", "情况紧急、当场登记保存的选择";
    }
}

impl SubmitPreservation {
    /// Whether another request is about the same preservation, or else about the same things.
    pub(crate) fn is_about(&self, other: &SubmitPreservation) -> bool {
        self.urgent == other.urgent && (self.urgent.is_some() || self.objects == other.objects)
    }
}

impl Rule for SubmitPreservation {
    fn judge(
        draft: SubmitPreservationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let based = draft.other_basis.as_ref().map(Option::is_some);
        may_be_approved(based, draft.urgent.as_ref().and_then(Option::as_ref), at, check);
        let matter = Self::complete(draft).map(Matter::Preservation);
        approval::submit(matter, MatterKind::Preservation, at, check)
    }
}

impl Submittable for SubmitPreservation {
    const BASIS: Clause = clause(45).paragraph(1);
    const NEEDS_OTHER_APPROVER: bool = false;

    fn judge(&self, at: &At<'_>, check: &mut Check<'_>) {
        may_be_approved(Some(self.other_basis.is_some()), self.urgent.as_ref(), at, check);
    }

    fn take_effect(&self, dossier: &mut Dossier, _: Option<Number>, stamp: Stamp) {
        let state = &mut dossier.investigation.preservation;
        let urgent = self.urgent.as_ref().and_then(|id| state.preserved.get_mut(id.index()));
        match urgent {
            Some(preserved) => preserved.approved = Some(stamp.occurred),
            None => state.approved.push((self.clone(), stamp)),
        }
    }
}

/// What a head's approval needs: a case or another basis, and nothing approved twice.
fn may_be_approved(
    based: Option<bool>,
    urgent: Option<&PreservationId>,
    at: &At<'_>,
    check: &mut Check<'_>,
) {
    let filed = at.dossier.filing.case.is_some();
    check.that(based.map(|based| filed || based), &FILED_OR_OTHER_BASIS);
    let preserved = urgent.and_then(|id| at.dossier.investigation.preservation.get(id));
    let waits = preserved.map(|preserved| preserved.approved.is_none());
    check.that(waits.or(Some(true)), &NOT_APPROVED_TWICE);
}

choice! {
    /// 在场情况 (art. 45 ¶1).
    Attendance {
        Holder = "holder", "持有人在场";
        Witness = "witness", "见证人在场";
        Nobody = "nobody", "均不在场";
    }
}

choice! {
    /// 清单的签名 (art. 45 ¶1).
    ListSignature {
        Signed = "signed", "办案人员和持有人或者见证人均已签名";
        Noted = "noted", "办案人员已签名，持有人或者见证人拒绝签名";
        None = "none", "没有签名";
    }
}

choice! {
    /// 保存方式.
    Keeping {
        Department = "department", "由本部门保存";
        LeftInUnit = "left_in_unit", "留在有关机关、单位";
    }
}

row! {
    /// 登记保存清单中的一项.
    PreservedRow {
        name: Text = "名称";
        specification: Text = "规格";
        quantity: u32 = "数量";
        features: Text = "特征";
        place: Text = "登记保存地点";
        keeping: Keeping = "保存方式";
        measures: Option<Text> = "防止灭失、转移的措施", "留在有关机关、单位的填写";
    }
}

form! {
    /// 登记保存. What was done on the spot, and the list that was made of it.
    Preserve / PreserveDraft {
        time: Time = "登记保存时间";
        approval: Option<PreservationApprovalId> = "登记保存的批准", "事先经负责人批准的选择";
        urgency: Option<LongText> = "紧急情况", "情况紧急、当场登记保存的填写";
        handlers: Several<StaffId> = "登记保存的办案人员", "2人以上";
        credentials: Done = "是否出示证件、表明身份";
        told: Done = "是否当场告知理由、依据以及权利、救济途径";
        heard: Done = "是否听取当事人的陈述和申辩";
        statement: Option<LongText> = "陈述和申辩的内容";
        record: Done = "是否制作现场笔录";
        attendance: Attendance = "在场情况";
        attendant: Option<Text> = "在场的持有人或者见证人";
        objects: Several<PreservedRow> = "登记保存清单";
        copies: Done = "是否当场开列清单一式二份、各执一份";
        signature: ListSignature = "清单的签名";
        note: Option<LongText> = "拒绝签名的注明";
    }
}

impl Rule for Preserve {
    fn judge(draft: PreserveDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        must_be_under_way(at, check);
        check.that(at.is_over(draft.time), &IS_OVER);
        judge_authority(&draft, at, check);
        let handlers = draft.handlers.as_deref();
        must_be_two(handlers, at.occurred, &AT_LEAST_TWO_HANDLERS, at, check);
        must_be_assigned(handlers, at.occurred, &HANDLERS_ASSIGNED, at, check);
        let done = |done: Option<Done>| done.map(|done| done == Done::Yes);
        check.conduct(done(draft.credentials), &CREDENTIALS_SHOWN);
        check.conduct(done(draft.told), &REASONS_TOLD);
        check.conduct(done(draft.heard), &STATEMENT_HEARD);
        check.conduct(done(draft.record), &RECORD_MADE);
        check.conduct(done(draft.copies), &LIST_IN_TWO);
        let attended = draft.attendance.map(|attendance| attendance != Attendance::Nobody);
        check.conduct(attended, &SOMEBODY_PRESENT);
        let named = draft.attendant.as_ref().map(Option::is_some);
        let named = attended.zip(named).map(|(attended, named)| !attended || named);
        check.that(named, &ATTENDANT_NAMED);
        let noted = draft.note.as_ref().map(Option::is_some);
        let signed = draft.signature.zip(noted).map(|(signature, noted)| match signature {
            ListSignature::Signed => true,
            ListSignature::Noted => noted,
            ListSignature::None => false,
        });
        check.conduct(signed, &LIST_SIGNED);
        for row in draft.objects.as_deref().unwrap_or_default() {
            let safe = row.keeping == Keeping::Department || row.measures.is_some();
            check.of(row.name.as_str()).conduct(safe, &MEASURES_STATED);
        }
        Some(Event::Preserved(Self::complete(draft)?).into())
    }
}

/// Approved beforehand, or urgent; and in a case, or on another basis that was approved.
fn judge_authority(draft: &PreserveDraft, at: &At<'_>, check: &mut Check<'_>) {
    let approvals = &at.dossier.investigation.preservation.approved;
    let named = draft.approval.as_ref();
    let approval = named.and_then(Option::as_ref).and_then(|id| approvals.get(id.index()));
    at.follows(approval.map(|(_, stamp)| stamp.occurred), check);
    let urgent = draft.urgency.as_ref().map(Option::is_some);
    let authorised = named.zip(urgent).map(|(approval, urgent)| approval.is_some() || urgent);
    check.conduct(authorised, &APPROVED_BEFORE);
    let filed = at.occurred.map(|day| is_filed_by(at.dossier, day));
    let other = approval.is_some_and(|(form, _)| form.other_basis.is_some());
    check.conduct(filed.map(|filed| filed || other), &FILED_OR_OTHER_BASIS);
}

choice! {
    /// 处理结果. What becomes of a preserved object.
    ReleaseOutcome {
        Returned = "returned", "退还";
        AsEvidence = "as_evidence", "作为证据收存";
        Confiscated = "confiscated", "依法收缴";
        HandedOver = "handed_over", "随案移送";
    }
}

form! {
    /// 解除登记保存. Every preserved object has an outcome.
    Release / ReleaseDraft {
        objects: Several<PreservedObjectId> = "登记保存的物品";
        outcome: ReleaseOutcome = "处理结果";
        recipient: Text = "接收人";
        detail: LongText = "理由和处理情况";
    }
}

impl Rule for Release {
    fn judge(draft: ReleaseDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let preserved = &at.dossier.investigation.preservation.objects;
        for object in draft.objects.iter().flat_map(|ids| ids.iter()) {
            let Some(object) = preserved.get(object.index()) else { continue };
            check.of(object.row.name.as_str()).that(!object.is_released(), &NOT_RELEASED_TWICE);
            at.follows(Some(object.since), check);
        }
        Some(Event::PreservationReleased(Self::complete(draft)?).into())
    }
}

/// 登记保存. What was preserved at one time.
#[derive(Clone, Debug)]
pub struct Preserved {
    /// The objects by name.
    pub title: String,
    /// 现场情况 and the list.
    pub form: Preserve,
    /// Who and when.
    pub stamp: Stamp,
    /// 批准, or its addition afterwards.
    pub approved: Option<Date>,
}

/// 登记保存的物品.
#[derive(Clone, Debug)]
pub struct PreservedObject {
    /// The line of the list.
    pub row: PreservedRow,
    /// From when on.
    pub since: Date,
    /// 处理结果.
    pub released: Option<(Release, Stamp)>,
}

impl PreservedObject {
    fn is_released(&self) -> bool {
        self.released.is_some()
    }
}

/// What is known of preservation.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 批准, beforehand.
    pub approved: Vec<(SubmitPreservation, Stamp)>,
    /// 登记保存.
    pub preserved: Vec<Preserved>,
    /// 登记保存的物品, all of them.
    pub objects: Vec<PreservedObject>,
}

impl State {
    fn get(&self, id: &PreservationId) -> Option<&Preserved> {
        self.preserved.get(id.index())
    }
}

pub(super) fn preserve(state: &mut State, form: &Preserve, stamp: Stamp) {
    let names: Vec<_> = form.objects.iter().map(|row| row.name.as_str()).collect();
    let approval = form.approval.as_ref().and_then(|id| state.approved.get(id.index()));
    state.preserved.push(Preserved {
        title: names.join("、"),
        form: form.clone(),
        stamp: stamp.clone(),
        approved: approval.map(|(_, stamp)| stamp.occurred),
    });
    state.objects.extend(form.objects.iter().map(|row| PreservedObject {
        row: row.clone(),
        since: stamp.occurred,
        released: None,
    }));
}

pub(super) fn release(state: &mut State, form: &Release, stamp: Stamp) {
    for id in &form.objects {
        if let Some(object) = state.objects.get_mut(id.index()) {
            object.released = Some((form.clone(), stamp.clone()));
        }
    }
}

/// Every preserved object has an outcome before the case is closed.
pub(crate) fn must_be_released(dossier: &Dossier, check: &mut Check<'_>) {
    for object in &dossier.investigation.preservation.objects {
        check.of(object.row.name.as_str()).that(object.is_released(), &ALL_RELEASED);
    }
}

/// Urgent preservations are approved within 24 hours, which end on the day after (行政强制法 art. 19).
pub(super) fn limits(state: &State, setting: &Setting, limits: &mut Vec<Running>) {
    for preserved in state.preserved.iter().filter(|p| p.form.urgency.is_some()) {
        let day = preserved.stamp.occurred;
        limits.push(Running {
            id: "preservation_approval",
            name: "紧急登记保存补办批准时限",
            basis: clause(45).paragraph(1),
            deadline: deadline::to_date(day, approval_due(day), setting),
            met: preserved.approved,
            extended: false,
        });
    }
}

fn approval_due(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

/// Objects without an outcome lie there even after the case was cancelled.
pub(super) fn duties(dossier: &Dossier, duties: &mut Vec<Duty>) {
    let state = &dossier.investigation.preservation;
    let mut open = |name: String, due, step| {
        let basis = clause(45).paragraph(1);
        duties.push(Duty { name, basis, due, step, desk: Desk::Owner });
    };
    let waits = |number: usize| {
        dossier.approval.all_pending().any(|submission| {
            let Matter::Preservation(form) = &submission.matter else { return false };
            form.urgent.as_ref().is_some_and(|urgent| urgent.index() == number)
        })
    };
    let unapproved =
        state.preserved.iter().enumerate().filter(|(_, preserved)| preserved.approved.is_none());
    for (_, preserved) in unapproved.filter(|(i, _)| !dossier.has_ended() && !waits(*i)) {
        let due = approval_due(preserved.stamp.occurred);
        open(format!("登记保存待补办批准：{}", preserved.title), Some(due), SUBMIT.id);
    }
    for object in state.objects.iter().filter(|object| !object.is_released()) {
        open(format!("登记保存待处理：{}", object.row.name), None, RELEASE.id);
    }
}
