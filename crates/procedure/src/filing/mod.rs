//! 第五章 初查与立案. A lead is reviewed, reported on, and filed as a case or put aside.
//!
//! Of the outcomes of 第二十九条 this module has filing (item 2) and not handling (item 6), which a head decides on submission; [`disposition`] has the others.
//!
#![doc = include_str!("law.md")]

pub mod disposition;

use crate::{
    answered::LegalRule,
    approval::{self, Matter, MatterKind, Submittable},
    check::{Check, known, refusals},
    deadline::{self, Desk, Duty, Running},
    dossier::{self, Assignment, At, Dossier, Entry, Stamp},
    intake, jurisdiction,
    law::{Clause, clause},
    limit,
    number::{Number, Series},
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    time::Deadline,
    value::{Fact, LongText, Text, UnitId, choice},
};
use disposition::PartId;
use jiff::civil::Date;

const HANDLER: &[Relation] = &[Relation::Handler];

/// The steps of this chapter.
pub static STEPS: &[Step] = &[
    Step::of::<AnswerReview>("answer_review", "记录初查情况", &[clause(27)], HANDLER)
        .on_day("初查日期")
        .correctable(),
    Step::of::<DeclareMajor>(
        "declare_major",
        "认定重大、复杂",
        &[clause(30), clause(33).paragraph(2)],
        &[Relation::Head],
    )
    .decision(),
    Step::of::<SubmitReviewExtension>(
        "submit_review_extension",
        "呈报初查延期",
        &[clause(30)],
        HANDLER,
    )
    .decision(),
    Step::of::<ReportReview>("report_review", "呈报初查情况报告", &[clause(28)], HANDLER)
        .decision()
        .correctable(),
    Step::of::<SubmitFiling>(
        "submit_filing",
        "填报立案表",
        &[clause(31), clause(29).item(2)],
        HANDLER,
    )
    .decision(),
    Step::of::<SubmitNotHandled>(
        "submit_not_handled",
        "呈报不予处理",
        &[clause(25).item(3), clause(29).item(6)],
        &[Relation::Handler, Relation::Clerk],
    )
    .decision(),
    Step::of::<NotifyFiling>("notify_filing", "立案通知", &[clause(32)], HANDLER)
        .on_day("通知日期"),
    disposition::REFER,
    disposition::NOTIFY_SUPPLEMENT,
    disposition::RECEIVE_SUPPLEMENT,
    disposition::PUT_ON_FILE,
    disposition::SUPERVISE,
    disposition::RECORD_VIOLATION,
    disposition::EXPLAIN,
];

refusals! {
    REVIEW_MUST_HAVE_BEGUN = "filing.review_must_have_begun", [clause(27)],
        "尚未进行初查",
        "由负责人进行初查并指派初查人员",
        "已经进行初查";
    REVIEW_NOT_REPORTED = "filing.review_not_reported", [clause(28)],
        "初查情况报告已经呈报",
        "需要改正的，更正原报告",
        "初查情况报告尚未呈报";
    REVIEWED_AFTER_BEGUN = "filing.reviewed_after_begun", [clause(27)], at "occurred",
        "初查日期早于指派初查人员之日",
        "核对初查日期",
        "初查日期不早于指派初查人员之日";
    EVERY_CONTENT_ANSWERED = "filing.every_content_answered", [clause(27)], by REVIEW_ANSWERED,
        "初查的各项内容尚未全部有结果",
        "先记录初查情况；查不清的写明未查明及原因",
        "初查的各项内容均有结果";
    MUST_BE_REPORTED = "filing.must_be_reported", [clause(31)],
        "尚未形成初查情况报告",
        "先呈报初查情况报告",
        "已经形成初查情况报告";
    LEAD_ATTACHED = "filing.lead_attached", [clause(31)], at "attachments",
        "立案表没有附案件线索材料",
        "在附件中勾选案件线索材料",
        "立案表附有案件线索材料";
    REPORT_ATTACHED = "filing.report_attached", [clause(31)], at "attachments",
        "立案表没有附初查情况报告",
        "在附件中勾选初查情况报告",
        "立案表附有初查情况报告";
    LEAK_ESTABLISHED = "filing.leak_established", [clause(29).item(2)],
        "初查没有查明确有泄露国家秘密事实",
        "确有泄密事实的，更正初查情况后再呈报；没有的，按其他情形处理",
        "初查查明确有泄露国家秘密事实";
    NOT_CRIMINAL = "filing.not_criminal", [clause(29).item(2)],
        "初查没有查明尚未达到刑事立案标准",
        "已经达到刑事立案标准的，移送有关部门查处；未查明的，先查明",
        "初查查明尚未达到刑事立案标准";
    NOT_FILED_TWICE = "filing.not_filed_twice", [clause(31)],
        "本案已经立案",
        "按调查与处理的规定办理",
        "本案尚未立案";
    REPORTED_BEFORE = "filing.reported_before", [clause(28), clause(29).item(6)],
        "尚未形成初查情况报告，不能以失实为由不予处理",
        "先呈报初查情况报告",
        "以失实为由不予处理的，已经形成初查情况报告";
    LEAD_UNTRUE = "filing.lead_untrue", [clause(29).item(6)], at "ground",
        "初查没有查明案件线索反映的情况失实",
        "选择与初查、核实结果相符的情形",
        "初查查明案件线索反映的情况失实";
    NO_LEAK_VERIFIED = "filing.no_leak_verified", [clause(25).item(3)], at "ground",
        "没有核实不存在泄密事实",
        "先核实线索",
        "经核实没有泄密事实";
    UNVERIFIABLE = "filing.unverifiable", [clause(25).item(3)], at "ground",
        "没有关于案件线索无法核实的记录",
        "先核实线索，写明未查明及原因",
        "记有案件线索无法核实及其原因";
    EXTENDED_BEFORE_REPORT = "filing.extended_before_report", [clause(30).paragraph(2)],
        "初查情况报告已经呈报，初查时限已经终止",
        "无需延期",
        "初查情况报告尚未呈报";
    FIRST_BY_ONE_MONTH = "filing.first_by_one_month", [clause(30).paragraph(1)], at "until",
        "第一次延期为1个月，不另定日期",
        "不填写延长至的日期",
        "第一次延期为1个月，没有另定日期";
    FURTHER_ONLY_IF_MAJOR = "filing.further_only_if_major", [clause(30).paragraph(1)],
        "再次延期限于重大、复杂的案件线索",
        "确属重大、复杂的，由负责人先作出认定",
        "再次延期的，已经认定为重大、复杂的案件线索";
    FURTHER_TO_A_DATE = "filing.further_to_a_date", [clause(30).paragraph(1)], at "until",
        "再次延期没有写明晚于现有时限的日期",
        "填写延长至的日期",
        "再次延期的，写明晚于现有时限的日期";
    EXTENSION_IN_TIME = "filing.extension_in_time", [clause(30)], by LATE_EXTENSION_REFUSED,
        "时限已经届满，不能再延期",
        "在届满前呈报并批准延期",
        "延期在时限届满前";
    MUST_BE_FILED = "filing.must_be_filed", [clause(32)],
        "尚未立案",
        "先填报立案表并经负责人批准",
        "已经立案";
    NOTIFIED_AFTER_FILING = "filing.notified_after_filing", [clause(32)], at "occurred",
        "通知日期早于立案之日",
        "核对通知日期",
        "通知日期不早于立案之日";
    UNITS_NAMED = "filing.units_named", [clause(32)], at "units",
        "没有写明通知的机关、单位",
        "选择通知的机关、单位",
        "写明通知的机关、单位";
    SUPERIOR_NAMED = "filing.superior_named", [clause(32)], at "superior",
        "没有写明上级主管部门",
        "填写上级主管部门的名称",
        "写明上级主管部门";
    REASON_FOR_SUPERIOR = "filing.reason_for_superior", [clause(32)], by NOTICE_REASON, at "reason",
        "没有写明通知立案可能影响案件查处工作的理由",
        "填写理由，或者改为通知有关机关、单位",
        "写明通知立案可能影响案件查处工作的理由";
}

/// Every refusal of this chapter, by module.
pub static REFUSALS_BY_MODULE: &[&[&crate::check::Refusal]] = &[REFUSALS, disposition::REFUSALS];

/// Rules of this chapter that are not steps.
pub static RULES: &[LegalRule] = &[
    LegalRule {
        id: "review_limit",
        name: "初查时限",
        basis: &[clause(30).paragraph(1), clause(30).paragraph(2)],
        about: "自接到案件线索之日起2个月，可以延长1个月；重大、复杂的经批准可以再延至指定日期；至呈报初查情况报告之日止",
    },
    LegalRule {
        id: "review_restarted",
        name: "补充后重新初查",
        basis: &[clause(29).item(3)],
        about: "暂不立案存查的线索得到补充的，重新初查，初查时限自收到补充之日起重新计算；立案前得到补充的，可以重新记录和呈报初查情况",
    },
    LegalRule {
        id: "disposed_separately",
        name: "分别处理",
        basis: &[clause(29)],
        about: "初查情况可以按人员或者事实分别记录、分别处理；没有立案的，最后一项处理作出后办结",
    },
    LegalRule {
        id: "filing_notice_due",
        name: "立案通知待发",
        basis: &[clause(32)],
        about: "立案后至通知前，始终列为待办",
    },
];

form! {
    /// 记录初查情况. What the review found on each of the contents; a later record replaces an earlier one.
    AnswerReview / AnswerReviewDraft {
        means: LongText = "初查方式和经过";
        persons: Fact = "涉及人员的主体身份及基本情况是否查清";
        truth: Fact = "案件线索所反映的问题是否属实";
        leak: Fact = "是否造成国家秘密泄露";
        violation: Fact = "是否违反保密法律法规";
        criminal: Fact = "是否达到刑事立案标准";
        other: Option<Fact> = "是否存在其他涉嫌违法或者违纪事实";
        part: Option<Text> = "记录的人员或者事实", "分别处理的，写明是哪些人员或者事实；不分的不填";
    }
}

impl Rule for AnswerReview {
    fn judge(
        draft: AnswerReviewDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let filing = &at.dossier.filing;
        check.that(!filing.reviewers.is_empty(), &REVIEW_MUST_HAVE_BEGUN);
        check.that(is_review_open(at.dossier), &REVIEW_NOT_REPORTED);
        let begun = filing.reviewers.iter().map(|assignment| assignment.since).min();
        let in_order = at.occurred.map(|day| begun.is_none_or(|begun| begun <= day));
        check.that(in_order, &REVIEWED_AFTER_BEGUN);
        Some(Event::ReviewAnswered(Self::complete(draft)?).into())
    }
}

form! {
    /// 认定重大、复杂.
    DeclareMajor / DeclareMajorDraft {
        reason: LongText = "认定理由";
    }
}

impl Rule for DeclareMajor {
    fn judge(draft: DeclareMajorDraft, _: &At<'_>, _: &mut Check<'_>) -> Option<dossier::Event> {
        Some(Event::DeclaredMajor(Self::complete(draft)?).into())
    }
}

form! {
    /// 呈报初查延期. The first time by one month; further only for a major or complex lead, to a date.
    SubmitReviewExtension / SubmitReviewExtensionDraft {
        reason: LongText = "延期理由";
        until: Option<Date> = "延长至", "仅再次延期时填写";
    }
}

impl Rule for SubmitReviewExtension {
    fn judge(
        draft: SubmitReviewExtensionDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        review_may_be_extended(draft.until, at, check);
        let matter = Self::complete(draft).map(Matter::ReviewExtension);
        approval::submit(matter, MatterKind::ReviewExtension, at, check)
    }
}

/// Art. 30 ¶1: what an extension of the review needs.
fn review_may_be_extended(until: Option<Option<Date>>, at: &At<'_>, check: &mut Check<'_>) {
    let filing = &at.dossier.filing;
    check.that(!filing.reviewers.is_empty(), &REVIEW_MUST_HAVE_BEGUN);
    check.that(filing.report.is_none(), &EXTENDED_BEFORE_REPORT);
    let deadline = review_deadline(at.dossier, at.setting);
    if filing.extensions.is_empty() {
        check.that(until.map(|until| until.is_none()), &FIRST_BY_ONE_MONTH);
    } else {
        check.that(filing.major.is_some(), &FURTHER_ONLY_IF_MAJOR);
        let later = |until: Option<Date>| until.zip(deadline).is_some_and(|(u, d)| u > d.latest);
        check.that(until.map(later), &FURTHER_TO_A_DATE);
    }
    let in_time = deadline.is_none_or(|deadline| at.today() <= deadline.latest);
    check.that(in_time, &EXTENSION_IN_TIME);
}

impl Submittable for SubmitReviewExtension {
    const BASIS: Clause = clause(30).paragraph(1);
    const NEEDS_OTHER_APPROVER: bool = false;

    fn judge(&self, at: &At<'_>, check: &mut Check<'_>) {
        review_may_be_extended(Some(self.until), at, check);
    }

    fn deadline(&self, dossier: &Dossier, setting: &Setting) -> Option<Deadline> {
        review_deadline(dossier, setting)
    }

    fn take_effect(&self, dossier: &mut Dossier, _: Option<Number>, stamp: Stamp) {
        dossier.filing.extensions.push((self.until, stamp));
    }
}

form! {
    /// 呈报初查情况报告. The report that ends the review.
    ReportReview / ReportReviewDraft {
        lead: LongText = "案件线索情况";
        review: LongText = "初查情况";
        proposal: LongText = "处理建议";
    }
}

impl Rule for ReportReview {
    fn judge(
        draft: ReportReviewDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let filing = &at.dossier.filing;
        check.that(!filing.reviewers.is_empty(), &REVIEW_MUST_HAVE_BEGUN);
        check.that(filing.is_answered(), &EVERY_CONTENT_ANSWERED);
        check.that(is_review_open(at.dossier), &REVIEW_NOT_REPORTED);
        Some(Event::ReviewReported(Self::complete(draft)?).into())
    }
}

choice! {
    /// 立案表附件 (art. 31).
    Attachment {
        Lead = "lead", "案件线索材料";
        Report = "report", "初查情况报告";
    }
}

form! {
    /// 填报立案表. The filing form with its attachments, for a head to decide.
    SubmitFiling / SubmitFilingDraft {
        facts: LongText = "立案事实和理由";
        basis: LongText = "立案依据";
        attachments: Vec<Attachment> = "附件";
        part: Option<PartId> = "立案的人员或者事实", "初查分别记录的，选择其中之一；不选的，全部立案";
    }
}

impl Rule for SubmitFiling {
    fn judge(
        draft: SubmitFilingDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        may_be_filed(&draft.part, at, check);
        let attached = |what| draft.attachments.as_ref().map(|list| list.contains(&what));
        check.that(attached(Attachment::Lead), &LEAD_ATTACHED);
        check.that(attached(Attachment::Report), &REPORT_ATTACHED);
        let matter = Self::complete(draft).map(Matter::Filing);
        approval::submit(matter, MatterKind::Filing, at, check)
    }
}

/// The review is open until it is reported on, and again when a head returned what came of it or its source added something.
fn is_review_open(dossier: &Dossier) -> bool {
    let Some((_, reported)) = &dossier.filing.report else { return true };
    let returned = dossier.approval.last_returned();
    let supplemented = dossier.filing.disposition.supplements.last().map(|(_, s)| s.version);
    let again = returned.max(supplemented);
    dossier.filing.case.is_none() && again.is_some_and(|version| version > reported.version)
}

/// Arts. 29-2 and 31: what filing needs.
fn may_be_filed(part: &Option<Option<PartId>>, at: &At<'_>, check: &mut Check<'_>) {
    let filing = &at.dossier.filing;
    check.that(filing.report.is_some(), &MUST_BE_REPORTED);
    check.that(filing.case.is_none(), &NOT_FILED_TWICE);
    disposition::once(part, at, check);
    jurisdiction::facts::must_be_competent(at, check);
    // Without a report the answers are still open, and only that is worth saying.
    if let Some(answers) = disposition::found(at.dossier, part) {
        check.that(answers.map(|form| &form.leak), &LEAK_ESTABLISHED);
        let criminal = answers.and_then(|form| form.criminal.known());
        check.that(known(criminal.map(|met| !met)), &NOT_CRIMINAL);
    }
}

impl Submittable for SubmitFiling {
    const BASIS: Clause = clause(31);

    fn judge(&self, at: &At<'_>, check: &mut Check<'_>) {
        may_be_filed(&Some(self.part.clone()), at, check);
    }

    fn foundation(&self, dossier: &Dossier) -> serde_json::Value {
        lead_and_report(dossier)
    }

    fn series(&self) -> Option<Series> {
        Some(Series::Case)
    }

    fn take_effect(&self, dossier: &mut Dossier, number: Option<Number>, stamp: Stamp) {
        dossier.filing.case = number.map(|number| Case { number, stamp: stamp.clone() });
        disposition::conclude(dossier, self.part.clone(), disposition::Way::Filed, stamp);
    }
}

/// The lead and the review report are attached to the form (art. 31).
fn lead_and_report(dossier: &Dossier) -> serde_json::Value {
    let leads: Vec<_> = dossier.intake.leads.iter().map(|lead| &lead.form).collect();
    let report = dossier.filing.report.as_ref().map(|(form, _)| form);
    let filing = &dossier.filing;
    // Old submissions were hashed before anything was recorded apart.
    match filing.disposition.parts.as_slice() {
        [] => serde_json::json!([leads, dossier.intake.verified, filing.answers, report]),
        parts => serde_json::json!([leads, dossier.intake.verified, filing.answers, report, parts]),
    }
}

choice! {
    /// 不予处理的情形.
    NotHandledGround {
        NoLeak = "no_leak", "没有泄密事实";
        Unverifiable = "unverifiable", "案件线索无法核实";
        Untrue = "untrue", "案件线索反映的情况失实";
    }
}

form! {
    /// 呈报不予处理.
    SubmitNotHandled / SubmitNotHandledDraft {
        ground: NotHandledGround = "不予处理的情形";
        reason: LongText = "理由";
        part: Option<PartId> = "不予处理的人员或者事实", "初查分别记录的，选择其中之一；不选的，全部不予处理";
    }
}

impl Rule for SubmitNotHandled {
    fn judge(
        draft: SubmitNotHandledDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        may_not_be_handled(draft.ground, &draft.part, at, check);
        let matter = Self::complete(draft).map(Matter::NotHandled);
        approval::submit(matter, MatterKind::NotHandled, at, check)
    }
}

impl Submittable for SubmitNotHandled {
    const BASIS: Clause = clause(25).item(3);

    fn judge(&self, at: &At<'_>, check: &mut Check<'_>) {
        may_not_be_handled(Some(self.ground), &Some(self.part.clone()), at, check);
    }

    fn foundation(&self, dossier: &Dossier) -> serde_json::Value {
        lead_and_report(dossier)
    }

    fn take_effect(&self, dossier: &mut Dossier, _: Option<Number>, stamp: Stamp) {
        disposition::conclude(dossier, self.part.clone(), disposition::Way::NotHandled, stamp);
    }
}

/// Arts. 25-3 and 29-6: what it needs not to handle a lead.
fn may_not_be_handled(
    ground: Option<NotHandledGround>,
    part: &Option<Option<PartId>>,
    at: &At<'_>,
    check: &mut Check<'_>,
) {
    let named = part.as_ref().and_then(Option::as_ref);
    // A case is handled to its end; facts that were not filed may still be put aside.
    check.that(at.dossier.filing.case.is_none() || named.is_some(), &NOT_FILED_TWICE);
    disposition::once(part, at, check);
    disposition::not_supervised(part, at, check);
    let verified = at.dossier.intake.verified.as_ref();
    let answers = at.dossier.filing.answers_left(named);
    match ground {
        Some(NotHandledGround::NoLeak) => {
            // What the review found counts for more than what was verified before it.
            let none = match answers.is_empty() {
                false => all(answers.iter().map(|form| both_no(&form.leak, &form.violation))),
                true => verified.and_then(|form| both_no(&form.violation, &form.violation)),
            };
            check.that(known(none), &NO_LEAK_VERIFIED);
        }
        Some(NotHandledGround::Unverifiable) => {
            let mut truths: Vec<_> = answers.iter().map(|form| &form.truth).collect();
            if truths.is_empty() {
                truths.extend(verified.map(|form| &form.truth));
            }
            let open = truths.iter().all(|truth| matches!(truth, Fact::Unestablished(_)));
            check.that(open && !truths.is_empty(), &UNVERIFIABLE);
        }
        Some(NotHandledGround::Untrue) => {
            check.that(at.dossier.filing.report.is_some(), &REPORTED_BEFORE);
            let untrue = all(answers.iter().map(|form| form.truth.known().map(|truth| !truth)));
            check.that(known(untrue.filter(|_| !answers.is_empty())), &LEAD_UNTRUE);
        }
        None => {}
    }
}

/// Whether all are so; not where one is known not to be.
fn all(mut facts: impl Iterator<Item = Option<bool>> + Clone) -> Option<bool> {
    if facts.clone().any(|fact| fact == Some(false)) {
        return Some(false);
    }
    facts.all(|fact| fact.is_some()).then_some(true)
}

fn both_no(one: &Fact, other: &Fact) -> Option<bool> {
    all([one, other].into_iter().map(|fact| fact.known().map(|yes| !yes)))
}

choice! {
    /// 通知对象 (art. 32).
    Addressee {
        Unit = "unit", "有关机关、单位";
        Superior = "superior", "上级主管部门";
    }
}

form! {
    /// 立案通知. The units are told that a case was filed, or their superior authority instead.
    NotifyFiling / NotifyFilingDraft {
        addressee: Addressee = "通知对象";
        units: Vec<UnitId> = "通知的机关、单位", "通知有关机关、单位的填写";
        superior: Option<Text> = "上级主管部门", "通知上级主管部门的填写";
        reason: Option<LongText> = "可能影响案件查处工作的理由", "通知上级主管部门的填写";
        contact: Text = "联系人和联系方式";
    }
}

impl Rule for NotifyFiling {
    fn judge(
        draft: NotifyFilingDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let case = at.dossier.filing.case.as_ref();
        check.that(case.is_some(), &MUST_BE_FILED);
        let in_order = case.zip(at.occurred).map(|(case, day)| case.stamp.occurred <= day);
        check.that(in_order, &NOTIFIED_AFTER_FILING);
        match draft.addressee {
            Some(Addressee::Unit) => {
                check.that(draft.units.as_ref().map(|units| !units.is_empty()), &UNITS_NAMED);
            }
            Some(Addressee::Superior) => {
                check.that(draft.superior.as_ref().map(Option::is_some), &SUPERIOR_NAMED);
                check.that(draft.reason.as_ref().map(Option::is_some), &REASON_FOR_SUPERIOR);
            }
            None => {}
        }
        let number = at.number(Series::FilingNotice);
        Some(Event::FilingNotified { form: Self::complete(draft)?, number }.into())
    }
}

dossier::events! {
    /// What was recorded under this chapter, approvals apart.
    Event {
        /// 初查情况已记录.
        ReviewAnswered(AnswerReview),
        /// 已认定重大、复杂.
        DeclaredMajor(DeclareMajor),
        /// 初查情况报告已呈报.
        ReviewReported(ReportReview),
        /// 已移送有关部门.
        Referred(disposition::Refer),
        /// 已通知补充.
        SupplementRequested(disposition::NotifySupplement),
        /// 已收到补充材料.
        Supplemented(disposition::ReceiveSupplement),
        /// 暂不予以立案.
        PutOnFile(disposition::PutOnFile),
        /// 已督促、指导调查处理或者直接调查.
        Supervised(disposition::Supervise),
        /// 调查处理结果已记录.
        ViolationRecorded(disposition::RecordViolation),
        /// 已说明情况.
        Explained(disposition::Explain),
    }
    with {
        /// 已通知立案.
        FilingNotified {
            /// 通知内容.
            form: NotifyFiling,
            /// 文号.
            number: Number,
        },
    }
}

/// 案件. What a lead becomes when it is filed.
#[derive(Clone, Debug)]
pub struct Case {
    /// 案号.
    pub number: Number,
    /// Who approved the filing and when; `occurred` is 立案之日.
    pub stamp: Stamp,
}

/// What this chapter knows of a dossier.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 初查人员.
    pub reviewers: Vec<Assignment>,
    /// 重大、复杂, with the reason.
    pub major: Option<(DeclareMajor, Stamp)>,
    /// The last answers to the contents of 第二十七条, on the whole.
    pub answers: Option<AnswerReview>,
    /// 初查延期: the date set, if one was, and the approval.
    pub extensions: Vec<(Option<Date>, Stamp)>,
    /// 初查情况报告.
    pub report: Option<(ReportReview, Stamp)>,
    /// 案件.
    pub case: Option<Case>,
    /// 立案通知.
    pub notices: Vec<(NotifyFiling, Number, Stamp)>,
    /// The day from which the review counts anew, where what was put on file was supplemented.
    pub restarted: Option<Date>,
    /// 分别处理.
    pub disposition: disposition::State,
}

impl State {
    /// What the review found on these persons or facts, or on the whole.
    pub fn answers_on(&self, part: Option<&PartId>) -> Option<&AnswerReview> {
        match part {
            Some(id) => self.disposition.parts.get(id.index()),
            None => self.answers.as_ref(),
        }
    }

    /// What the review found on these persons or facts; on the whole, everything of which nothing became yet.
    fn answers_left(&self, part: Option<&PartId>) -> Vec<&AnswerReview> {
        match part {
            Some(_) => self.answers_on(part).into_iter().collect(),
            None => self.answers.iter().chain(self.disposition.left()).collect(),
        }
    }

    fn is_answered(&self) -> bool {
        self.answers.is_some() || !self.disposition.parts.is_empty()
    }
}

pub(crate) fn apply(dossier: &mut Dossier, event: &Event, entry: &Entry) {
    let state = &mut dossier.filing;
    let stamp = entry.stamp();
    match event {
        Event::ReviewAnswered(form) if form.part.is_some() => state.disposition.record(form),
        Event::ReviewAnswered(form) => state.answers = Some(form.clone()),
        Event::DeclaredMajor(form) => state.major = Some((form.clone(), stamp)),
        Event::ReviewReported(form) => state.report = Some((form.clone(), stamp)),
        Event::FilingNotified { form, number } => {
            state.notices.push((form.clone(), number.clone(), stamp));
        }
        Event::Referred(form) => disposition::refer(dossier, form, stamp),
        Event::SupplementRequested(form) => disposition::request(dossier, form, stamp),
        Event::Supplemented(form) => disposition::supplement(dossier, form, stamp),
        Event::PutOnFile(form) => {
            disposition::conclude(dossier, form.part.clone(), disposition::Way::OnFile, stamp);
        }
        Event::Supervised(form) => disposition::supervise(dossier, form, stamp),
        Event::ViolationRecorded(form) => disposition::record_violation(dossier, form, stamp),
        Event::Explained(form) => {
            state.disposition.explanations.push((form.clone(), stamp));
        }
    }
}

/// The review's limit as it stands: two months, with a first extension three, then to the date set (art. 30).
pub fn review_deadline(dossier: &Dossier, setting: &Setting) -> Option<Deadline> {
    // A receiver's own limit runs from the day it received the dossier (reading 30-3); a case that came filed was reviewed elsewhere.
    let received = dossier.jurisdiction.transfers.last().map(|transfer| &transfer.received);
    let report = dossier.filing.report.as_ref().map(|(_, stamp)| stamp.version);
    let own = received.filter(|stamp| report.is_none_or(|report| report > stamp.version));
    // What was put on file counts anew from its supplement.
    let anew = own.map(|stamp| stamp.occurred).max(dossier.filing.restarted);
    let start = anew.or(intake::earlier::start(dossier))?;
    let extensions = &dossier.filing.extensions;
    match extensions.last() {
        Some((Some(until), _)) => Some(deadline::to_date(start, *until, setting)),
        Some((None, _)) => {
            let total = limit::REVIEW.length.extended_by(limit::REVIEW_EXTENSION.length)?;
            deadline::of(start, total, setting)
        }
        None => deadline::of(start, limit::REVIEW.length, setting),
    }
}

/// The limits of this chapter that run or have run for a dossier.
pub(crate) fn limits(dossier: &Dossier, setting: &Setting, limits: &mut Vec<Running>) {
    let reported = dossier.filing.report.as_ref().map(|(_, stamp)| stamp.occurred);
    let Some(deadline) = review_deadline(dossier, setting) else { return };
    limits.push(Running {
        id: limit::REVIEW.id,
        name: limit::REVIEW.name,
        basis: clause(30),
        deadline,
        met: reported.or(dossier.ended_on()),
        extended: !dossier.filing.extensions.is_empty(),
    });
}

/// Duties of this chapter that are open: what must still be done.
pub(crate) fn duties(dossier: &Dossier, _: &Setting, duties: &mut Vec<Duty>) {
    if dossier.filing.case.is_some() && dossier.filing.notices.is_empty() && !dossier.has_ended() {
        duties.push(Duty {
            name: "立案通知待发".to_owned(),
            basis: clause(32),
            due: None,
            step: "notify_filing",
            desk: Desk::Owner,
        });
    }
    disposition::duties(dossier, duties);
}
