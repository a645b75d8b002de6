//! 分别处理. What becomes of each person or set of part when the review was reported (art. 29).
//!
//! A disposition speaks of the whole dossier, or of persons or part on which the review was recorded apart; several may stand side by side.
//! Filing (item 2) and not handling (item 6) are submitted to a head and stand in the chapter itself; transfers to another department stand under jurisdiction.
//! A dossier without a case ends with the last of its dispositions.

use super::AnswerReview;
use crate::{
    act,
    approval::Matter,
    check::{Check, Judgement, known, refusals},
    deadline::{Desk, Duty},
    dossier::{self, At, Dossier, Stage, Stamp},
    intake::Source,
    law::{Clause, clause},
    number::Series,
    step::{Form, Relation, Rule, Step, form},
    value::{Fact, LongText, PersonId, Several, Text, UnitId, choice, names, numbered, titles},
};
use jiff::civil::Date;

numbered! {
    /// 人员或者事实. What the review was recorded on apart from the rest.
    PartId = "part", "分别记录的人员或者事实", |dossier| {
        let parts = dossier.filing.disposition.parts.iter();
        names(parts.map(|form| dossier::text(&form.part)))
    };
    /// 通知补充.
    SupplementId = "supplement", "通知补充事项", |dossier| {
        let requests = dossier.filing.disposition.requests.iter();
        titles(requests.map(|request| request.form.lacking.as_str()))
    };
    /// 未造成泄密的违法行为.
    ViolationId = "violation", "督促、指导或者直接调查的违法行为", |dossier| {
        let violations = dossier.filing.disposition.violations.iter();
        titles(violations.map(|violation| violation.form.requirement.as_str()))
    };
}

const HEAD: &[Relation] = &[Relation::Head];
const HANDLER_OR_HEAD: &[Relation] = &[Relation::Handler, Relation::Head];

/// 移送有关部门.
pub const REFER: Step = Step::of::<Refer>(
    "refer",
    "移送有关部门",
    &[clause(29).item(1), clause(29).item(5), clause(16).paragraph(1)],
    HEAD,
)
.decision()
.numbered(Series::Transfer)
.warning("移送后，移送的人员或者事实由接受移送的部门查处");

/// 通知补充.
pub const NOTIFY_SUPPLEMENT: Step = Step::of::<NotifySupplement>(
    "notify_supplement",
    "通知补充",
    &[clause(29).item(3)],
    HANDLER_OR_HEAD,
)
.on_day("通知日期")
.numbered(Series::Supplement);

/// 补充材料. Also when the lead was not filed for now: it is reviewed again.
pub const RECEIVE_SUPPLEMENT: Step = Step::of::<ReceiveSupplement>(
    "receive_supplement",
    "收到补充材料",
    &[clause(29).item(3)],
    HANDLER_OR_HEAD,
)
.on_day("收到日期")
.after_end();

/// 暂不予以立案.
pub const PUT_ON_FILE: Step =
    Step::of::<PutOnFile>("put_on_file", "暂不予以立案", &[clause(29).item(3)], HEAD).decision();

/// 督促、指导调查处理.
pub const SUPERVISE: Step = Step::of::<Supervise>(
    "supervise_violation",
    "督促、指导调查处理或者直接调查",
    &[clause(29).item(4)],
    HEAD,
)
.decision()
.numbered(Series::Violation)
.after_end();

/// 调查处理结果.
pub const RECORD_VIOLATION: Step = Step::of::<RecordViolation>(
    "record_violation_result",
    "记录违法行为调查处理结果",
    &[clause(29).item(4)],
    HANDLER_OR_HEAD,
)
.on_day("取得结果日期")
.correctable()
.after_end();

/// 说明情况.
pub const EXPLAIN: Step =
    Step::of::<Explain>("explain_untrue", "说明情况", &[clause(29).item(6)], HANDLER_OR_HEAD)
        .on_day("说明日期")
        .numbered(Series::Explanation)
        .after_end();

refusals! {
    REPORTED_FIRST = "disposition.reported_first", [clause(28), clause(29)],
        "尚未形成初查情况报告，不能作出处理",
        "先呈报初查情况报告",
        "已经形成初查情况报告";
    ONLY_ONCE = "disposition.only_once", [clause(29)], by DISPOSED_SEPARATELY, at "part",
        "已经作出处理",
        "选择尚未处理的人员或者事实；确有新的情况的，补充后重新初查",
        "尚未作出处理";
    NOT_AFTER_FILING = "disposition.not_after_filing", [clause(29)], at "part",
        "案件已经立案，不再按初查情况处理全案",
        "选择未立案的人员或者事实；涉嫌犯罪的，按立案后的规定移送",
        "案件尚未立案，或者只处理未立案的人员或者事实";
    LEAK_FOUND = "disposition.leak_found", [clause(29).item(1)],
        "初查没有查明确有泄露国家秘密事实",
        "选择与初查情况相符的情形",
        "初查查明确有泄露国家秘密事实";
    CRIMINAL_STANDARD_MET = "disposition.criminal_standard_met", [clause(29).item(1)],
        "初查没有查明已经达到刑事立案标准",
        "尚未达到的，具有管辖权的予以立案",
        "初查查明已经达到刑事立案标准";
    NO_SECRECY_VIOLATION = "disposition.no_secrecy_violation", [clause(29).item(5)],
        "初查没有查明未违反保密法律法规",
        "违反保密法律法规的，按其他情形处理",
        "初查查明未违反保密法律法规";
    OTHER_CONDUCT_FOUND = "disposition.other_conduct_found", [clause(29).item(5)],
        "初查没有查明存在其他涉嫌违法或者违纪事实",
        "先记录初查情况，写明是否存在其他涉嫌违法或者违纪事实",
        "初查查明存在其他涉嫌违法或者违纪事实";
    LEAK_TO_SUPPLEMENT = "disposition.leak_to_supplement", [clause(29).item(3)],
        "初查没有查明确有泄露国家秘密事实，不适用通知补充",
        "选择与初查情况相符的处理",
        "初查查明确有泄露国家秘密事实";
    ASKS_A_SOURCE = "disposition.asks_a_source", [clause(29).item(3)], at "addressee",
        "本案线索没有这样的来源",
        "通知案件线索移送部门、举报人或者报告人；没有可以通知的，如实选择",
        "通知的是案件线索的来源";
    DATE_OR_REASON = "disposition.date_or_reason", [clause(29).item(3)], by WAY_OPEN, at "due",
        "通知补充的没有写明期限，或者没有可以通知的没有写明原因",
        "通知补充的填写补充期限，没有可以通知的填写原因",
        "写明补充期限，或者没有可以通知的原因";
    DUE_AFTER_NOTICE = "disposition.due_after_notice", [clause(29).item(3)], at "due",
        "补充期限早于通知日期",
        "核对补充期限",
        "补充期限不早于通知日期";
    ANSWERED_ONCE = "disposition.answered_once", [clause(29).item(3)], at "request",
        "该项通知已经得到补充，或者没有可以通知的",
        "不选择通知事项",
        "该项通知尚待补充";
    STILL_OPEN_OR_ON_FILE = "disposition.still_open_or_on_file", [clause(29).item(3)],
        "本案已经办结，且不是暂不立案存查",
        "另行登记线索",
        "本案尚未办结，或者暂不立案存查";
    BEFORE_FILING = "disposition.before_filing", [clause(29).item(3)],
        "案件已经立案",
        "作为证据收集",
        "案件尚未立案";
    ASKED_FOR_SUPPLEMENT = "disposition.asked_for_supplement", [clause(29).item(3)],
        "没有通知补充",
        "先通知补充；没有可以通知的，在通知补充中如实记录",
        "已经通知补充，或者记明没有可以通知的";
    SUPPLEMENT_AWAITED = "disposition.supplement_awaited", [clause(29).item(3)], by WAY_OPEN,
        "尚在等待补充",
        "待补充或者期限届满后办理",
        "已经得到补充，或者没有可以通知的，或者届期无人补充";
    NO_LEAK_FOUND = "disposition.no_leak_found", [clause(29).item(4)],
        "初查没有查明未造成国家秘密泄露",
        "选择与初查情况相符的处理",
        "初查查明未造成国家秘密泄露";
    VIOLATION_FOUND = "disposition.violation_found", [clause(29).item(4)],
        "初查没有查明违反保密法律法规",
        "选择与初查情况相符的处理",
        "初查查明违反保密法律法规";
    NECESSITY_STATED = "disposition.necessity_stated", [clause(29).item(4)], at "necessity",
        "没有写明直接调查的必要",
        "填写直接调查的必要，或者改为督促、指导",
        "写明直接调查的必要";
    RESULT_ONCE = "disposition.result_once", [clause(29).item(4)], at "violation",
        "调查处理结果已经记录",
        "记录有误的，更正",
        "调查处理结果尚未记录";
    FOUND_UNTRUE = "disposition.found_untrue", [clause(29).item(6)],
        "没有以失实为由不予处理",
        "不予处理经批准后说明情况",
        "已经以失实为由不予处理";
    EXPLAINED_TO_SOMEBODY = "disposition.explained_to_somebody", [clause(29).item(6)], at "units",
        "没有写明向谁说明情况",
        "选择有关机关、单位或者案件当事人",
        "写明说明情况的对象";
}

choice! {
    /// 移送情形.
    ReferralGround {
        Crime = "crime", "确有泄密事实且达到刑事立案标准（第二十九条第一项）";
        OtherConduct = "other_conduct", "其他涉嫌违法或者违纪事实（第二十九条第五项）";
        NotOurs = "not_ours", "不属于保密行政管理部门管辖（第十六条第一款）";
    }
}

form! {
    /// 移送有关部门. Another body deals with it; which one is offered as help, not imposed.
    Refer / ReferDraft {
        ground: ReferralGround = "移送的情形";
        part: Option<PartId> = "移送的人员或者事实", "初查分别记录的，选择其中之一；不选的，移送全部";
        authority: crate::neighbours::Authority = "移送的机关", "刑法第一百一十一条的犯罪，一般由国家安全机关管辖；第二百八十二条的，一般由公安机关管辖；第三百九十八条的，公职人员一般由监察机关管辖，其他人员由公安机关管辖；供参考，不作限制";
        name: Text = "移送的机关名称";
        reason: LongText = "移送理由";
        materials: Option<LongText> = "随案移送的材料";
    }
}

impl Rule for Refer {
    fn judge(draft: ReferDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let found = found(at.dossier, &draft.part);
        match draft.ground {
            Some(ReferralGround::Crime) => {
                dispose(&draft.part, at, check);
                check.that(answer(found, |form| form.leak.known()), &LEAK_FOUND);
                check.that(answer(found, |form| form.criminal.known()), &CRIMINAL_STANDARD_MET);
            }
            Some(ReferralGround::OtherConduct) => {
                dispose(&draft.part, at, check);
                check.that(answer(found, |form| no(&form.violation)), &NO_SECRECY_VIOLATION);
                let other = |form: &AnswerReview| form.other.as_ref().and_then(Fact::known);
                check.that(answer(found, other), &OTHER_CONDUCT_FOUND);
            }
            // Found at any stage, and needs no report (art. 16 paragraph 1).
            Some(ReferralGround::NotOurs) => once(&draft.part, at, check),
            None => {}
        }
        Some(super::Event::Referred(Self::complete(draft)?).into())
    }
}

choice! {
    /// 通知补充的对象 (art. 29-3).
    Addressee {
        ReferringBody = "referring_body", "案件线索移送部门";
        Reporter = "reporter", "举报人";
        ReportingUnit = "reporting_unit", "报告人";
        Nobody = "nobody", "没有可以通知的";
    }
}

impl Addressee {
    fn source(self) -> Option<Source> {
        match self {
            Addressee::ReferringBody => Some(Source::Referral),
            Addressee::Reporter => Some(Source::CitizenReport),
            Addressee::ReportingUnit => Some(Source::UnitReport),
            Addressee::Nobody => None,
        }
    }
}

form! {
    /// 通知补充. The contents of a lead are incomplete or wrong: its source is asked, by a date.
    NotifySupplement / NotifySupplementDraft {
        part: Option<PartId> = "涉及的人员或者事实", "初查分别记录的，选择其中之一";
        addressee: Addressee = "通知的对象", "举报人不写姓名";
        lacking: LongText = "不全或者有误的内容和补充要求";
        due: Option<Date> = "补充期限", "通知补充的必填";
        reason: Option<LongText> = "没有可以通知的原因", "没有可以通知的必填";
    }
}

impl Rule for NotifySupplement {
    fn judge(
        draft: NotifySupplementDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        dispose(&draft.part, at, check);
        let found = found(at.dossier, &draft.part);
        check.that(answer(found, |form| form.leak.known()), &LEAK_TO_SUPPLEMENT);
        let leads = &at.dossier.intake.leads;
        let from = |source| leads.iter().any(|lead| lead.form.source == source);
        let asks = draft.addressee.map(|addressee| addressee.source().is_none_or(from));
        check.that(asks, &ASKS_A_SOURCE);
        let said = draft.addressee.map(|addressee| match addressee {
            Addressee::Nobody => draft.reason.as_ref().is_some_and(Option::is_some),
            _ => draft.due.is_some_and(|due| due.is_some()),
        });
        check.that(said, &DATE_OR_REASON);
        let due = draft.due.flatten().zip(at.occurred);
        check.that(due.map(|(due, notified)| notified <= due), &DUE_AFTER_NOTICE);
        let reported = at.dossier.filing.report.as_ref();
        at.follows(reported.map(|(_, stamp)| stamp.occurred), check);
        Some(super::Event::SupplementRequested(Self::complete(draft)?).into())
    }
}

form! {
    /// 收到补充材料. What the source added; the review is open again.
    ReceiveSupplement / ReceiveSupplementDraft {
        request: Option<SupplementId> = "答复的通知";
        content: LongText = "补充的内容";
    }
}

impl Rule for ReceiveSupplement {
    fn judge(
        draft: ReceiveSupplementDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let Dossier { filing, end, .. } = at.dossier;
        check.that(filing.case.is_none(), &BEFORE_FILING);
        let on_file = end.as_ref().is_none_or(|end| end.stage == Stage::OnFile);
        check.that(on_file, &STILL_OPEN_OR_ON_FILE);
        // Without a request it is only news where the lead had been reviewed to its end; where there is none, none can be named.
        let named = draft.request.as_ref().and_then(Option::as_ref);
        if named.is_none() && end.is_none() {
            let asked = filing.disposition.requests.first();
            check.that(asked.is_some(), &ASKED_FOR_SUPPLEMENT);
            at.follows(asked.map(|request| request.stamp.occurred), check);
        }
        if let Some(id) = named {
            let request = filing.disposition.requests.get(id.index());
            check.that(request.map(Request::is_open), &ANSWERED_ONCE);
            at.follows(request.map(|request| request.stamp.occurred), check);
        }
        if let Some(end) = end {
            at.follows(Some(end.stamp.occurred), check);
        }
        Some(super::Event::Supplemented(Self::complete(draft)?).into())
    }
}

form! {
    /// 暂不予以立案. Still not enough: not filed for now, the materials are kept on file.
    PutOnFile / PutOnFileDraft {
        part: Option<PartId> = "涉及的人员或者事实", "初查分别记录的，选择其中之一";
        reason: LongText = "仍不具备查处条件的理由";
    }
}

impl Rule for PutOnFile {
    fn judge(draft: PutOnFileDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        dispose(&draft.part, at, check);
        let found = found(at.dossier, &draft.part);
        check.that(answer(found, |form| form.leak.known()), &LEAK_TO_SUPPLEMENT);
        let requests = &at.dossier.filing.disposition.requests;
        let about =
            |request: &&Request| draft.part.as_ref().is_none_or(|f| *f == request.form.part);
        let requests: Vec<_> = requests.iter().filter(about).collect();
        check.that(!requests.is_empty(), &ASKED_FOR_SUPPLEMENT);
        if !requests.is_empty() {
            // Whoever was asked may still answer, whatever was asked of somebody else since.
            let over = |request: &Request| request.form.due.is_some_and(|due| due < at.today());
            let awaited = requests.iter().any(|request| request.is_open() && !over(request));
            check.that(!awaited, &SUPPLEMENT_AWAITED);
        }
        Some(super::Event::PutOnFile(Self::complete(draft)?).into())
    }
}

choice! {
    /// 调查处理方式 (art. 29-4).
    Handling {
        Unit = "unit", "督促、指导有关机关、单位调查处理";
        Direct = "direct", "保密行政管理部门直接调查";
    }
}

form! {
    /// 督促、指导调查处理. No leak but a violation: the unit deals with it, or the department where necessary.
    Supervise / SuperviseDraft {
        part: Option<PartId> = "涉及的人员或者事实", "初查分别记录的，选择其中之一";
        handling: Handling = "调查处理方式";
        units: Several<UnitId> = "有关机关、单位";
        requirement: LongText = "违反保密法律法规的事实和调查处理要求";
        necessity: Option<LongText> = "直接调查的必要", "直接调查的必填";
        due: Option<Date> = "要求报送结果日期";
    }
}

impl Rule for Supervise {
    fn judge(draft: SuperviseDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        // Of a cancelled case the violation is left over, whatever the review had found.
        if at.dossier.stage() != Stage::Cancelled {
            check.that(!at.dossier.has_ended(), &act::HAS_ENDED);
            dispose(&draft.part, at, check);
            let found = found(at.dossier, &draft.part);
            check.that(answer(found, |form| no(&form.leak)), &NO_LEAK_FOUND);
            check.that(answer(found, |form| form.violation.known()), &VIOLATION_FOUND);
        }
        if draft.handling == Some(Handling::Direct) {
            check.that(draft.necessity.as_ref().map(Option::is_some), &NECESSITY_STATED);
        }
        Some(super::Event::Supervised(Self::complete(draft)?).into())
    }
}

form! {
    /// 调查处理结果. What the unit reported, or what the department found itself.
    RecordViolation / RecordViolationDraft {
        violation: ViolationId = "违法行为";
        result: LongText = "调查处理结果";
    }
}

impl Rule for RecordViolation {
    fn judge(
        draft: RecordViolationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let violations = &at.dossier.filing.disposition.violations;
        let violation = draft.violation.as_ref().and_then(|id| violations.get(id.index()));
        check.that(violation.map(|violation| violation.result.is_none()), &RESULT_ONCE);
        at.follows(violation.map(|violation| violation.stamp.occurred), check);
        Some(super::Event::ViolationRecorded(Self::complete(draft)?).into())
    }
}

form! {
    /// 说明情况. A lead was untrue: units and parties may be told so.
    Explain / ExplainDraft {
        units: Vec<UnitId> = "有关机关、单位";
        persons: Vec<PersonId> = "案件当事人";
        content: LongText = "说明的情况", "不得写入举报人的信息";
    }
}

impl Rule for Explain {
    fn judge(draft: ExplainDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let untrue = at.dossier.approval.approved().find_map(|(submission, stamp)| {
            let ground = match &submission.matter {
                Matter::NotHandled(form) => form.ground,
                _ => return None,
            };
            (ground == super::NotHandledGround::Untrue).then_some(stamp.occurred)
        });
        check.that(untrue.is_some(), &FOUND_UNTRUE);
        at.follows(untrue, check);
        let told = draft.units.as_ref().zip(draft.persons.as_ref());
        let told = told.map(|(units, persons)| !units.is_empty() || !persons.is_empty());
        check.that(told, &EXPLAINED_TO_SOMEBODY);
        Some(super::Event::Explained(Self::complete(draft)?).into())
    }
}

/// What the review found on the persons or part that a draft names; nothing where they were not asked for yet, or nothing was reported.
pub(super) fn found<'a>(
    dossier: &'a Dossier,
    part: &Option<Option<PartId>>,
) -> Option<Option<&'a AnswerReview>> {
    let filing = &dossier.filing;
    let asked = part.is_some() || filing.disposition.parts.is_empty();
    let named = part.as_ref().and_then(Option::as_ref);
    (asked && filing.report.is_some()).then(|| filing.answers_on(named))
}

/// One answer of the review, which must be known to be so.
fn answer(
    found: Option<Option<&AnswerReview>>,
    so: impl Fn(&AnswerReview) -> Option<bool>,
) -> Judgement {
    found.map_or(Judgement::Unasked, |form| known(form.and_then(so)))
}

fn no(fact: &Fact) -> Option<bool> {
    fact.known().map(|yes| !yes)
}

/// What every disposition of art. 29 needs.
fn dispose(part: &Option<Option<PartId>>, at: &At<'_>, check: &mut Check<'_>) {
    let filing = &at.dossier.filing;
    check.that(filing.report.is_some(), &REPORTED_FIRST);
    let whole = part.as_ref().map(Option::is_none);
    let filed = filing.case.is_some();
    check.that(whole.map(|whole| !(whole && filed)), &NOT_AFTER_FILING);
    once(part, at, check);
}

/// The same persons or part are disposed of once.
pub(super) fn once(part: &Option<Option<PartId>>, at: &At<'_>, check: &mut Check<'_>) {
    if let Some(Some(id)) = part {
        let state = &at.dossier.filing.disposition;
        let name = state.parts.get(id.index()).map_or("", |form| dossier::text(&form.part));
        check.of(name).that(!state.is_disposed(id), &ONLY_ONCE);
    }
}

/// What is left to the unit or investigated is not put aside before there is a result.
pub(super) fn not_supervised(part: &Option<Option<PartId>>, at: &At<'_>, check: &mut Check<'_>) {
    let Some(part) = part else { return };
    let open = at.dossier.filing.disposition.violations.iter().filter(|v| v.result.is_none());
    let same = |other: &Option<PartId>| part.is_none() || other.is_none() || other == part;
    let mut supervised = open.filter(|violation| same(&violation.form.part));
    check.that(supervised.next().is_none(), &ONLY_ONCE);
}

/// 通知补充. One request, and what came of it.
#[derive(Clone, Debug)]
pub struct Request {
    /// 通知内容.
    pub form: NotifySupplement,
    /// Who and when.
    pub stamp: Stamp,
    /// What was added, and when.
    pub answer: Option<(ReceiveSupplement, Stamp)>,
}

impl Request {
    fn is_open(&self) -> bool {
        self.answer.is_none() && self.form.addressee != Addressee::Nobody
    }
}

/// 督促、指导调查处理. One violation left to the unit, or investigated.
#[derive(Clone, Debug)]
pub struct Violation {
    /// 督促、指导的内容.
    pub form: Supervise,
    /// Who and when.
    pub stamp: Stamp,
    /// 调查处理结果.
    pub result: Option<(RecordViolation, Stamp)>,
}

choice! {
    /// 处理 (art. 29).
    Way {
        Filed = "filed", "予以立案";
        Referred = "referred", "移送有关部门";
        OnFile = "on_file", "暂不予以立案";
        Dealt = "dealt", "督促、指导调查处理或者直接调查";
        NotHandled = "not_handled", "不予处理";
    }
}

impl Way {
    /// The stage in which a dossier ends with it.
    fn stage(self) -> Option<Stage> {
        match self {
            Way::Filed => None,
            Way::Referred => Some(Stage::Referred),
            Way::OnFile => Some(Stage::OnFile),
            Way::Dealt => Some(Stage::Dealt),
            Way::NotHandled => Some(Stage::NotHandled),
        }
    }

    /// The clause under which it is done.
    pub const fn basis(self) -> Clause {
        match self {
            Way::Referred => clause(29).item(1),
            Way::Filed => clause(29).item(2),
            Way::OnFile => clause(29).item(3),
            Way::Dealt => clause(29).item(4),
            Way::NotHandled => clause(29).item(6),
        }
    }
}

/// 处理. What became of persons or part, or of the whole where none are named.
#[derive(Clone, Debug)]
pub struct Disposition {
    /// The persons or part.
    pub part: Option<PartId>,
    /// What became of them.
    pub way: Way,
    /// Who and when.
    pub stamp: Stamp,
}

/// Everything about dispositions.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 分别记录的初查情况, by persons or part; a later record on the same replaces an earlier one.
    pub parts: Vec<AnswerReview>,
    /// 处理.
    pub dispositions: Vec<Disposition>,
    /// 移送有关部门.
    pub referrals: Vec<(Refer, Stamp)>,
    /// 通知补充.
    pub requests: Vec<Request>,
    /// 补充材料.
    pub supplements: Vec<(ReceiveSupplement, Stamp)>,
    /// 督促、指导调查处理.
    pub violations: Vec<Violation>,
    /// 说明情况.
    pub explanations: Vec<(Explain, Stamp)>,
}

impl State {
    fn is_disposed(&self, part: &PartId) -> bool {
        self.dispositions.iter().any(|d| d.part.as_ref() == Some(part))
    }

    /// What was recorded on the persons and facts of which nothing became yet.
    pub(super) fn left(&self) -> impl Iterator<Item = &AnswerReview> {
        let parts = (1..).zip(&self.parts);
        parts.filter(|(id, _)| !self.is_disposed(&PartId(*id))).map(|(_, form)| form)
    }

    /// The persons and part of which nothing became yet; `None` is the whole.
    fn remaining(&self) -> Vec<Option<PartId>> {
        if self.dispositions.iter().any(|disposition| disposition.part.is_none()) {
            return Vec::new();
        }
        if self.parts.is_empty() {
            return vec![None];
        }
        let parts = self.parts.iter().zip(1..).map(|(_, i)| PartId(i));
        parts.filter(|id| !self.is_disposed(id)).map(Some).collect()
    }

    /// Takes over what the review recorded on persons or part apart.
    pub(super) fn record(&mut self, form: &AnswerReview) {
        match self.parts.iter_mut().find(|part| part.part == form.part) {
            Some(part) => *part = form.clone(),
            None => self.parts.push(form.clone()),
        }
    }
}

/// Persons or part are disposed of; a dossier without a case ends with the last of them.
pub(super) fn conclude(dossier: &mut Dossier, part: Option<PartId>, way: Way, stamp: Stamp) {
    let state = &mut dossier.filing.disposition;
    state.dispositions.push(Disposition { part, way, stamp: stamp.clone() });
    let nothing_left = dossier.filing.case.is_none() && state.remaining().is_empty();
    if let Some(stage) = way.stage().filter(|_| nothing_left) {
        dossier.end_in(stage, stamp);
    }
}

pub(super) fn refer(dossier: &mut Dossier, form: &Refer, stamp: Stamp) {
    dossier.filing.disposition.referrals.push((form.clone(), stamp.clone()));
    conclude(dossier, form.part.clone(), Way::Referred, stamp.clone());
    // Whose business the whole never was, has no case to go on with.
    if form.ground == ReferralGround::NotOurs && form.part.is_none() {
        dossier.end_in(Stage::Referred, stamp);
    }
}

pub(super) fn request(dossier: &mut Dossier, form: &NotifySupplement, stamp: Stamp) {
    let request = Request { form: form.clone(), stamp, answer: None };
    dossier.filing.disposition.requests.push(request);
}

/// What was added opens the review again, and with it what had been put on file; where everything had, there is a new limit (reading 29-3).
pub(super) fn supplement(dossier: &mut Dossier, form: &ReceiveSupplement, stamp: Stamp) {
    let filing = &mut dossier.filing;
    let state = &mut filing.disposition;
    if let Some(request) = form.request.as_ref().and_then(|id| state.requests.get_mut(id.index())) {
        request.answer = Some((form.clone(), stamp.clone()));
    }
    state.supplements.push((form.clone(), stamp.clone()));
    state.dispositions.retain(|disposition| disposition.way != Way::OnFile);
    if dossier.end.take().is_some() {
        filing.report = None;
        filing.extensions.clear();
        filing.restarted = Some(stamp.occurred);
    }
}

pub(super) fn supervise(dossier: &mut Dossier, form: &Supervise, stamp: Stamp) {
    let violation = Violation { form: form.clone(), stamp, result: None };
    dossier.filing.disposition.violations.push(violation);
}

pub(super) fn record_violation(dossier: &mut Dossier, form: &RecordViolation, stamp: Stamp) {
    let violations = &mut dossier.filing.disposition.violations;
    let Some(violation) = violations.get_mut(form.violation.index()) else { return };
    violation.result = Some((form.clone(), stamp.clone()));
    let part = violation.form.part.clone();
    conclude(dossier, part, Way::Dealt, stamp);
}

/// The duties of dispositions that are open.
pub(super) fn duties(dossier: &Dossier, duties: &mut Vec<Duty>) {
    let state = &dossier.filing.disposition;
    let mut owe = |name: String, basis, due, step: &Step| {
        duties.push(Duty { name, basis, due, step: step.id, desk: Desk::Owner });
    };
    // A violation left over by a cancelled case is still to be dealt with.
    for (violation, i) in state.violations.iter().zip(1..) {
        if violation.result.is_none() {
            let what = dossier::titled(i, violation.form.requirement.as_str());
            let due = violation.form.due;
            owe(format!("调查处理结果待取得：{what}"), clause(29).item(4), due, &RECORD_VIOLATION);
        }
    }
    if dossier.has_ended() || dossier.filing.case.is_some() {
        return;
    }
    for (request, i) in state.requests.iter().zip(1..).filter(|(request, _)| request.is_open()) {
        let what = dossier::titled(i, request.form.lacking.as_str());
        let due = request.form.due;
        owe(format!("补充材料待收：{what}"), clause(29).item(3), due, &RECEIVE_SUPPLEMENT);
    }
}
