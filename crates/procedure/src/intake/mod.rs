//! 第四章 受理. Leads are received, recorded and sent on their way; their reporters are kept secret.
//!
#![doc = include_str!("law.md")]

pub mod earlier;
pub mod leads;
pub mod reporter;

use crate::{
    answered::LegalRule,
    check::{Check, refusals},
    deadline::{Desk, Duty, Running},
    dossier::{self, Assignment, At, Dossier, Entry, Stage, Stamp},
    general,
    law::clause,
    neighbours,
    number::{Number, Series},
    setting::Setting,
    step::{Form, Relation, Rule, Step, form, row},
    value::{
        ContainmentId, DossierId, Fact, File, LongText, PersonId, SealedId, Several, StaffId, Text,
        UnitId, choice,
    },
};
use jiff::civil::{Date, Time};

/// The step that opens a dossier.
pub const REGISTER: &str = "register";

const CLERK: &[Relation] = &[Relation::Clerk];
const ANYONE: &[Relation] = &[Relation::Clerk, Relation::Handler, Relation::Head];
const CLERK_OR_HANDLER: &[Relation] = &[Relation::Clerk, Relation::Handler];

/// The steps of this chapter.
pub static STEPS: &[Step] = &[
    Step::of::<Register>(REGISTER, "登记线索", &[clause(23), clause(24).paragraph(1)], CLERK)
        .on_day("接到线索日期")
        .correctable(),
    Step::of::<ReceiveMaterial>(
        "receive_material",
        "接收证据材料、物品",
        &[clause(24).paragraph(2)],
        CLERK_OR_HANDLER,
    )
    .on_day("接收日期")
    .numbered(Series::Receipt)
    .correctable(),
    Step::of::<OrderContainment>("order_containment", "责令采取补救措施", &[clause(26)], ANYONE)
        .in_transit()
        .on_day("责令日期")
        .correctable(),
    Step::of::<ReportContainment>(
        "report_containment",
        "补救措施已落实",
        &[clause(26), clause(53).item(2)],
        ANYONE,
    )
    .in_transit()
    .on_day("落实日期")
    .correctable(),
    Step::of::<VerifyLead>("verify_lead", "核实线索", &[clause(25)], CLERK_OR_HANDLER)
        .on_day("核实日期")
        .correctable(),
    Step::of::<AssignReviewers>(
        "assign_reviewers",
        "进行初查并指派初查人员",
        &[clause(25).item(1), clause(27)],
        &[Relation::Head],
    )
    .decision(),
    Step::of::<OrderEducation>(
        "order_education",
        "责成批评教育",
        &[clause(25).item(2)],
        &[Relation::Head],
    )
    .decision()
    .warning("责成批评教育后，本线索即告办结"),
    Step::of::<ReportEducation>(
        "report_education",
        "记录批评教育情况",
        &[clause(25).item(2)],
        ANYONE,
    )
    .on_day("报告日期")
    .correctable()
    .after_end(),
    leads::ADD_LEAD,
    leads::JOIN,
    leads::SPLIT,
    reporter::GRANT,
    earlier::SET_START,
    neighbours::PASS_UP,
];

refusals! {
    WISH_MUST_BE_NOTED = "intake.wish_must_be_noted", [clause(24).paragraph(1)], at "secrecy",
        "公民举报的，须注明举报人是否愿意公开个人或者单位信息",
        "询问举报人后选择",
        "公民举报的，注明举报人是否愿意公开个人或者单位信息";
    REPORTER_IS_A_CITIZEN = "intake.reporter_is_a_citizen", [clause(24).paragraph(1)], at "reporter",
        "只有公民举报的线索才填写举报人信息",
        "报告、移送单位填入线索内容",
        "只对公民举报的线索填写举报人信息";
    DISCOVERED_BEFORE_RECEIVED = "intake.discovered_before_received", [clause(23)], at "discovered",
        "单位发现日期晚于接到线索之日",
        "核对两个日期",
        "单位发现日期不晚于接到线索之日";
    ADDRESSEE_NEEDED = "intake.addressee_needed", [clause(26)], at "units",
        "没有写明责令的对象",
        "至少选择一个机关、单位或者一名人员",
        "写明责令的对象";
    DONE_AFTER_ORDER = "intake.done_after_order", [clause(26)], at "occurred",
        "落实日期早于责令日期",
        "核对落实日期",
        "落实日期不早于责令日期";
    NOT_DONE_TWICE = "intake.not_done_twice", [clause(26)], at "containment",
        "该项补救措施已经落实",
        "记录有误的，更正",
        "该项补救措施尚未落实";
    GIVER_KEPT_SECRET = "intake.giver_kept_secret", [clause(24).paragraph(1)], at "giver",
        "举报人不愿意公开信息，接收清单不写提交人",
        "不填写提交人",
        "举报人不愿意公开信息的，没有写提交人";
    EDUCATION_ORDERED = "intake.education_ordered", [clause(25).item(2)],
        "没有责成批评教育",
        "由负责人责成有关机关、单位批评教育",
        "已经责成批评教育";
    NOT_YET_FILED = "intake.not_yet_filed", [clause(25)],
        "案件已经立案，不再适用受理阶段的处理",
        "按调查与处理的规定办理",
        "尚未立案";
    TWO_REVIEWERS = "intake.two_reviewers", [clause(27)], by REVIEW_BY_TWO, at "handlers",
        "初查人员少于2人",
        "指派2名以上人员",
        "初查人员不少于2人";
    REVIEWERS_ARE_HANDLERS = "intake.reviewers_are_handlers", [clause(27)], at "handlers",
        "指派的人员没有办案人员岗位，或者已经回避",
        "从办案人员中指派",
        "指派的人员有办案人员岗位，且没有回避";
    VIOLATION_VERIFIED = "intake.violation_verified", [clause(25).item(2)], by EDUCATION_MUST_BE_VERIFIED,
        "尚未查明存在违反保密法律法规行为",
        "先核实线索；不存在违反行为的，按不予处理办理",
        "已经核实存在违反保密法律法规行为";
    REVIEW_AGREES = "intake.review_agrees", [clause(25).item(2)],
        "初查没有查明未造成国家秘密泄露",
        "按初查情况处理",
        "初查查明未造成国家秘密泄露";
    CLEARLY_MINOR = "intake.clearly_minor", [clause(25).item(2)], by EDUCATION_MUST_BE_VERIFIED,
        "尚未查明情节显著轻微",
        "先核实线索；情节并非显著轻微的，进行初查",
        "已经核实情节显著轻微";
    NO_HARM = "intake.no_harm", [clause(25).item(2)], by EDUCATION_MUST_BE_VERIFIED,
        "尚未查明没有造成危害后果",
        "先核实线索；造成危害后果的，进行初查",
        "已经核实没有造成危害后果";
}

/// Every refusal of this chapter, by module.
pub static REFUSALS_BY_MODULE: &[&[&crate::check::Refusal]] =
    &[REFUSALS, leads::REFUSALS, reporter::REFUSALS, earlier::REFUSALS, neighbours::REFUSALS];

/// Rules of this chapter that are not steps.
pub static RULES: &[LegalRule] = &[
    LegalRule {
        id: "sealed_reporter",
        name: "举报人信息密封",
        basis: &[clause(24).paragraph(1)],
        about: "举报人信息不进入卷宗记录，由系统单独加密封存，卷宗只记其编号",
    },
    LegalRule {
        id: "several_leads",
        name: "并案的线索",
        basis: &[clause(2)],
        about: "同一事实的几条线索在一个卷宗，各有来源和编号，时限自最先接到的一条起算；并入、分出的线索载明原卷宗",
    },
    LegalRule {
        id: "sealed_readers",
        name: "查阅举报人信息",
        basis: &[clause(24).paragraph(1)],
        about: "密封的举报人信息只有登记的受理人员、经负责人授权的人员在授权期内可以查阅；移送后只有接收部门列明和授权的人员可以查阅；每次查阅留有记录",
    },
    LegalRule {
        id: "verified_to_review",
        name: "核实后进行初查",
        basis: &[clause(25).item(1)],
        about: "核实存在违反保密法律法规行为，情节并非显著轻微或者造成危害后果的，列为待初查",
    },
    LegalRule {
        id: "containment_open",
        name: "补救措施待落实",
        basis: &[clause(26)],
        about: "责令补救自登记线索起的任何阶段都可以办理，未落实的始终列出",
    },
];

choice! {
    /// 线索来源 (art. 2).
    Source {
        CitizenReport = "citizen_report", "公民举报";
        UnitReport = "unit_report", "机关和单位报告";
        Inspection = "inspection", "保密检查发现";
        Referral = "referral", "有关部门移送";
    }
}

choice! {
    /// 举报人意愿 (art. 24).
    Secrecy {
        KeepSecret = "keep_secret", "不愿意公开";
        MayBeKnown = "may_be_known", "愿意公开";
    }
}

form! {
    /// 登记线索. A lead is received and recorded; this opens the dossier.
    Register / RegisterDraft {
        source: Source = "线索来源";
        title: Text = "案由", "一句话写明涉嫌泄密的情形，不写举报人";
        content: LongText = "线索内容", "不得写入举报人的姓名、联系方式等信息";
        units: Vec<UnitId> = "涉及的机关、单位";
        discovered: Option<Date> = "单位发现日期", "机关和单位报告的填写";
        label: Option<general::Label> = "信息标注", "线索中信息的最高密级或者类别";
        secrecy: Option<Secrecy> = "举报人是否愿意公开个人或者单位信息", "公民举报的必填";
        reporter: Option<SealedId> = "举报人信息", "密封保存，不进入卷宗、列表、检索和文书";
        time: Option<Time> = "接到时刻", "填写的，自此计算24小时内逐级上报的时限";
        discovered_at: Option<Time> = "单位发现时刻", "机关和单位报告的填写";
        earlier: Option<Date> = "施行前接到线索日期", "2018年1月1日以前接到、尚未办结的线索填写；接到线索日期填写录入卷宗的日期";
        note: Option<LongText> = "施行前办理情况说明", "施行前接到的线索必填";
    }
}

impl Rule for Register {
    fn judge(draft: RegisterDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        judge_lead(&draft, at, check);
        let number = at.number(Series::Lead);
        let form = Self::complete(draft)?;
        Some(Event::Registered { form, number }.into())
    }
}

/// What every lead needs, whether it opens a dossier or joins one.
fn judge_lead(draft: &RegisterDraft, at: &At<'_>, check: &mut Check<'_>) {
    let citizen = draft.source.map(|source| source == Source::CitizenReport);
    let noted = draft.secrecy.map(|secrecy| secrecy.is_some());
    check.that(citizen.zip(noted).map(|(citizen, noted)| !citizen || noted), &WISH_MUST_BE_NOTED);
    let named = draft.reporter.as_ref().map(Option::is_some);
    check
        .that(citizen.zip(named).map(|(citizen, named)| citizen || !named), &REPORTER_IS_A_CITIZEN);
    let in_order = draft.discovered.map(|discovered| match (discovered, at.occurred) {
        (Some(discovered), Some(received)) => discovered <= received,
        _ => true,
    });
    check.that(in_order, &DISCOVERED_BEFORE_RECEIVED);
    earlier::judge(draft, check);
}

form! {
    /// 接收证据材料、物品. What a reporter hands in is registered, and a receipt list issued.
    ReceiveMaterial / ReceiveMaterialDraft {
        items: Several<MaterialRow> = "接收清单";
        kept: Text = "保管地点";
        giver: Option<Text> = "提交人", "举报人不愿意公开信息的不填";
        recording: Option<File> = "照片、录音或者录像", "必要时拍照、录音或者录像";
    }
}

row! {
    /// 接收清单中的一项.
    MaterialRow {
        name: Text = "名称";
        quantity: u32 = "数量";
        features: Option<Text> = "特征";
    }
}

impl Rule for ReceiveMaterial {
    fn judge(
        draft: ReceiveMaterialDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let mut leads = at.dossier.intake.leads.iter();
        let secret = leads.any(|lead| lead.form.secrecy == Some(Secrecy::KeepSecret));
        let named = draft.giver.as_ref().map(Option::is_some);
        check.that(named.map(|named| !(named && secret)), &GIVER_KEPT_SECRET);
        Some(Event::MaterialReceived(Self::complete(draft)?).into())
    }
}

form! {
    /// 责令采取补救措施. Units and persons are ordered to stop and to contain the leak.
    OrderContainment / OrderContainmentDraft {
        units: Vec<UnitId> = "责令的机关、单位";
        persons: Vec<PersonId> = "责令的人员";
        measures: LongText = "停止的违法行为和采取的措施";
        due: Option<Date> = "要求完成日期";
    }
}

impl Rule for OrderContainment {
    fn judge(
        draft: OrderContainmentDraft,
        _: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let addressed = draft.units.as_ref().zip(draft.persons.as_ref());
        check.that(
            addressed.map(|(units, persons)| !units.is_empty() || !persons.is_empty()),
            &ADDRESSEE_NEEDED,
        );
        Some(Event::ContainmentOrdered(Self::complete(draft)?).into())
    }
}

form! {
    /// 补救措施已落实.
    ReportContainment / ReportContainmentDraft {
        containment: ContainmentId = "责令补救事项";
        result: LongText = "落实情况";
    }
}

impl Rule for ReportContainment {
    fn judge(
        draft: ReportContainmentDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let ordered = draft.containment.as_ref().and_then(|id| at.dossier.intake.containment(id));
        let in_order = ordered.zip(at.occurred).map(|(ordered, day)| ordered.stamp.occurred <= day);
        check.that(in_order, &DONE_AFTER_ORDER);
        check.that(ordered.map(|ordered| ordered.result.is_none()), &NOT_DONE_TWICE);
        Some(Event::ContainmentReported(Self::complete(draft)?).into())
    }
}

form! {
    /// 核实线索. What is found out before a lead is disposed of without a review.
    VerifyLead / VerifyLeadDraft {
        means: LongText = "核实方式";
        truth: Fact = "线索反映的问题是否属实";
        violation: Fact = "是否存在违反保密法律法规行为";
        minor: Fact = "情节是否显著轻微";
        harm: Fact = "是否造成危害后果";
    }
}

impl Rule for VerifyLead {
    fn judge(draft: VerifyLeadDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        check.that(at.dossier.filing.case.is_none(), &NOT_YET_FILED);
        Some(Event::Verified(Self::complete(draft)?).into())
    }
}

form! {
    /// 进行初查并指派初查人员. A leak happened or may have: the lead is reviewed.
    AssignReviewers / AssignReviewersDraft {
        handlers: Several<StaffId> = "初查人员", "2名以上办案人员";
    }
}

impl Rule for AssignReviewers {
    fn judge(
        draft: AssignReviewersDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        check.that(at.dossier.filing.case.is_none(), &NOT_YET_FILED);
        let handlers = draft.handlers.as_deref();
        let day = at.today();
        let already = at.dossier.filing.reviewers.iter().filter(|a| a.until.is_none());
        let already = already.map(|assignment| &assignment.staff);
        let effective = handlers.map(|new| {
            let all: std::collections::BTreeSet<_> = new.iter().chain(already).collect();
            all.into_iter().filter(|staff| !at.dossier.general.stands_back(staff, day)).count()
        });
        check.that(effective.map(|count| count >= crate::limit::MIN_HANDLERS), &TWO_REVIEWERS);
        check.that(
            handlers.map(|new| crate::investigation::may_handle(at, new)),
            &REVIEWERS_ARE_HANDLERS,
        );
        Some(Event::ReviewersAssigned(Self::complete(draft)?).into())
    }
}

form! {
    /// 责成批评教育. A clearly minor violation without harm: the unit criticises and educates.
    OrderEducation / OrderEducationDraft {
        units: Several<UnitId> = "责成的机关、单位";
        content: LongText = "批评教育的对象和要求";
    }
}

impl Rule for OrderEducation {
    fn judge(
        draft: OrderEducationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        check.that(at.dossier.filing.case.is_none(), &NOT_YET_FILED);
        let verified = at.dossier.intake.verified.as_ref();
        check.that(verified.map(|form| &form.violation), &VIOLATION_VERIFIED);
        check.that(verified.map(|form| &form.minor), &CLEARLY_MINOR);
        let harmless = verified.and_then(|form| form.harm.known()).map(|harm| !harm);
        check.that(crate::check::known(harmless), &NO_HARM);
        // Education ends the whole dossier: a leak in any part of what was reviewed stands against it.
        let filing = &at.dossier.filing;
        for answers in filing.answers.iter().chain(&filing.disposition.parts) {
            check.that(crate::check::known(answers.leak.known().map(|leak| !leak)), &REVIEW_AGREES);
        }
        Some(Event::EducationOrdered(Self::complete(draft)?).into())
    }
}

form! {
    /// 批评教育情况. What the unit reported back.
    ReportEducation / ReportEducationDraft {
        result: LongText = "批评教育情况";
    }
}

impl Rule for ReportEducation {
    fn judge(
        draft: ReportEducationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let ordered = at.dossier.intake.education.as_ref();
        check.that(ordered.is_some(), &EDUCATION_ORDERED);
        at.follows(ordered.map(|(_, stamp)| stamp.occurred), check);
        Some(Event::EducationReported(Self::complete(draft)?).into())
    }
}

dossier::events! {
    /// What was recorded under this chapter.
    Event {
        /// 证据材料、物品已接收.
        MaterialReceived(ReceiveMaterial),
        /// 已责令补救.
        ContainmentOrdered(OrderContainment),
        /// 补救措施已落实.
        ContainmentReported(ReportContainment),
        /// 线索已核实.
        Verified(VerifyLead),
        /// 已指派初查人员.
        ReviewersAssigned(AssignReviewers),
        /// 已责成批评教育.
        EducationOrdered(OrderEducation),
        /// 批评教育情况已记录.
        EducationReported(ReportEducation),
        /// 已授权查阅举报人信息.
        ReporterGranted(reporter::Grant),
        /// 期限起算日已确定.
        StartSet(earlier::SetStart),
        /// 已逐级上报.
        PassedUp(neighbours::PassUp),
    }
    with {
        /// 线索已登记.
        Registered {
            /// 登记内容.
            form: Register,
            /// 线索编号.
            number: Number,
        },
        /// 并案线索已登记.
        LeadAdded {
            /// 登记内容.
            form: leads::AddLead,
            /// 线索编号.
            number: Number,
        },
        /// 已并入其他卷宗.
        Joined {
            /// 并入内容.
            form: leads::Join,
            /// This dossier.
            origin: DossierId,
            /// 线索.
            leads: Vec<leads::Carried>,
        },
        /// 其他卷宗已并入, recorded here by the same act.
        TakenIn {
            /// 并入内容.
            form: leads::Join,
            /// The dossier that ended.
            origin: DossierId,
            /// 线索.
            leads: Vec<leads::Carried>,
        },
        /// 已分案.
        Split {
            /// 分案内容.
            form: leads::Split,
            /// 新卷宗的线索编号.
            number: Number,
            /// The new dossier.
            to: DossierId,
            /// How it begins.
            begun: leads::Begun,
        },
        /// 由分案而来, recorded in the new dossier by the same act.
        SplitOff {
            /// 分案内容.
            form: leads::Split,
            /// 线索编号.
            number: Number,
            /// How it begins.
            begun: leads::Begun,
        },
    }
}

/// What the same act records in another dossier.
pub(crate) fn companion(event: &Event) -> Option<(DossierId, dossier::Event)> {
    leads::companion(event).map(|(dossier, event)| (dossier, event.into()))
}

/// 线索. One lead.
#[derive(Clone, Debug)]
pub struct Lead {
    /// 登记内容.
    pub form: Register,
    /// 线索编号.
    pub number: Number,
    /// Who and when; `occurred` is the day on which it was received.
    pub stamp: Stamp,
    /// The dossier from which it came, where it was first another's.
    pub origin: Option<DossierId>,
}

/// 责令补救. One order, and what came of it.
#[derive(Clone, Debug)]
pub struct Containment {
    /// 责令内容.
    pub form: OrderContainment,
    /// Who and when.
    pub stamp: Stamp,
    /// 落实情况 and the day of it.
    pub result: Option<(LongText, Date)>,
}

/// What this chapter knows of a dossier.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 线索, the first received first.
    pub leads: Vec<Lead>,
    /// 接收清单.
    pub materials: Vec<(ReceiveMaterial, Stamp)>,
    /// 责令补救.
    pub containments: Vec<Containment>,
    /// The last verification of the lead.
    pub verified: Option<VerifyLead>,
    /// 责成批评教育, which ends the dossier.
    pub education: Option<(OrderEducation, Stamp)>,
    /// 批评教育情况.
    pub education_reports: Vec<(ReportEducation, Stamp)>,
    /// 授权查阅举报人信息.
    pub grants: Vec<(reporter::Grant, Stamp)>,
    /// 期限起算日, where a lead was received before the regulation was in force.
    pub start: Option<(earlier::SetStart, Stamp)>,
    /// 逐级上报: each level that passed the report on.
    pub passed_up: Vec<neighbours::Passed>,
}

impl State {
    /// 接到案件线索之日. The day on which the first lead was received.
    pub fn received(&self) -> Option<Date> {
        self.leads.iter().map(|lead| lead.stamp.occurred).min()
    }

    /// The order with this number.
    pub fn containment(&self, id: &ContainmentId) -> Option<&Containment> {
        self.containments.get((id.0 as usize).checked_sub(1)?)
    }
}

pub(crate) fn apply(dossier: &mut Dossier, event: &Event, entry: &Entry) {
    let state = &mut dossier.intake;
    let stamp = entry.stamp();
    match event {
        Event::Registered { form, number } => {
            let (form, number) = (form.clone(), number.clone());
            state.leads.push(Lead { form, number, stamp, origin: None });
        }
        Event::LeadAdded { form, number } => {
            let (form, number) = (form.0.clone(), number.clone());
            state.leads.push(Lead { form, number, stamp, origin: None });
        }
        Event::Joined { .. } => dossier.end_in(Stage::Joined, stamp),
        Event::TakenIn { origin, leads, .. } => leads::take_in(dossier, origin, leads, &stamp),
        Event::Split { .. } => {}
        Event::SplitOff { form, number, begun } => {
            leads::begin(dossier, form, number, begun, stamp);
        }
        Event::EducationReported(form) => state.education_reports.push((form.clone(), stamp)),
        Event::ReporterGranted(form) => state.grants.push((form.clone(), stamp)),
        Event::StartSet(form) => state.start = Some((form.clone(), stamp)),
        Event::PassedUp(form) => {
            let by = entry.department.clone();
            state.passed_up.push(neighbours::Passed { form: form.clone(), by, stamp });
        }
        Event::MaterialReceived(form) => state.materials.push((form.clone(), stamp)),
        Event::ContainmentOrdered(form) => {
            state.containments.push(Containment { form: form.clone(), stamp, result: None });
        }
        Event::ContainmentReported(form) => {
            let index = (form.containment.0 as usize).wrapping_sub(1);
            if let Some(containment) = state.containments.get_mut(index) {
                containment.result = Some((form.result.clone(), entry.occurred));
            }
        }
        Event::Verified(form) => state.verified = Some(form.clone()),
        Event::ReviewersAssigned(form) => {
            let since = entry.occurred;
            let assigned = form.handlers.iter().map(|staff| Assignment::new(staff.clone(), since));
            dossier.filing.reviewers.extend(assigned);
        }
        Event::EducationOrdered(form) => {
            state.education = Some((form.clone(), stamp.clone()));
            dossier.end_in(Stage::Education, stamp);
        }
    }
}

/// A verified violation that is not minor, or did harm, goes to review (reading 25-3).
fn needs_review(dossier: &Dossier) -> bool {
    let waits = dossier.filing.reviewers.is_empty() && dossier.filing.case.is_none();
    dossier.intake.verified.as_ref().filter(|_| waits).is_some_and(|form| {
        let grave = form.minor.known() == Some(false) || form.harm.known() == Some(true);
        form.violation.known() == Some(true) && grave
    })
}

/// Duties of this chapter that are open.
pub(crate) fn duties(dossier: &Dossier, setting: &Setting, duties: &mut Vec<Duty>) {
    neighbours::duties(dossier, setting, duties);
    earlier::duties(dossier, duties);
    if dossier.has_ended() {
        return;
    }
    if needs_review(dossier) {
        duties.push(Duty {
            name: "核实存在违反保密法律法规行为，待初查".to_owned(),
            basis: clause(25).item(1),
            due: None,
            step: "assign_reviewers",
            desk: Desk::Owner,
        });
    }
    for (containment, i) in dossier.intake.containments.iter().zip(1..) {
        let unneeded = dossier.closing.is_unneeded(&ContainmentId(i));
        if containment.result.is_none() && !unneeded {
            let what = dossier::titled(i, containment.form.measures.as_str());
            duties.push(Duty {
                name: format!("补救措施待落实：{what}"),
                basis: clause(26),
                due: containment.form.due,
                step: "report_containment",
                desk: Desk::Owner,
            });
        }
    }
}

/// The limits of this chapter.
pub(crate) fn limits(_: &Dossier, _: &Setting, _: &mut Vec<Running>) {}
