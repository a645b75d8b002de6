//! 第八章 配合机制. Who works together: central organs directly from the province up, organs of the same level, the military.
//!
//! A request is a letter and stays open until it is answered; a question put to another organ never bars a referral elsewhere (reading 57-1).
//! The organs themselves stand in the directory of units.
//!
#![doc = include_str!("law.md")]

use jiff::civil::Date;

use crate::{
    answered::LegalRule,
    check::{Check, refusals},
    deadline::{Desk, Duty},
    directory::{Level, UnitCategory},
    dossier::{self, At, Dossier, Entry, Stamp},
    law::clause,
    number::Series,
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    value::{DepartmentId, LongText, Text, UnitId, choice, numbered, titles},
};

const OWNER: &[Relation] = &[Relation::Handler, Relation::Head];

/// The steps of this chapter.
pub static STEPS: &[Step] = &[
    Step::of::<RequestCooperation>(
        "request_cooperation",
        "发出协作函",
        &[clause(56).paragraph(1), clause(57), clause(58)],
        OWNER,
    )
    .on_day("发函日期")
    .numbered(Series::Cooperation),
    Step::of::<RecordReply>(
        "record_cooperation_reply",
        "记录协作答复",
        &[clause(56).paragraph(1), clause(57), clause(58)],
        OWNER,
    )
    .on_day("答复日期")
    .correctable(),
    Step::of::<RequestCoordination>(
        "request_coordination",
        "报请省级协调",
        &[clause(56).paragraph(2)],
        OWNER,
    )
    .on_day("报请日期")
    .numbered(Series::Cooperation),
    Step::of::<AnswerCoordination>(
        "answer_coordination",
        "答复报请协调的事项",
        &[clause(56).paragraph(2)],
        &[Relation::Superior, Relation::Handler, Relation::Head],
    )
    .on_day("答复日期"),
];

refusals! {
    THROUGH_THE_PROVINCE = "cooperation.through_the_province", [clause(56).paragraph(2)], at "unit",
        "设区的市、自治州一级及以下部门不能直接请中央和国家机关保密工作机构配合",
        "报请所属省级保密行政管理部门协调",
        "承办部门是省级以上部门，或者协作的机关不是中央和国家机关";
    CENTRAL_ORGAN_NAMED = "cooperation.central_organ_named", [clause(56).paragraph(1)], at "unit",
        "不是中央和国家机关",
        "选择中央和国家机关，或者改选机关的类别",
        "是中央和国家机关";
    REPLIED_ONCE = "cooperation.replied_once", [clause(56).paragraph(1), clause(57), clause(58)], at "letter",
        "该协作函的答复已经记录",
        "记录有误的，更正；另有请求的，另行发函",
        "该协作函的答复尚未记录";
    BELOW_THE_PROVINCE = "cooperation.below_the_province", [clause(56).paragraph(2)],
        "承办部门是省级以上部门，无须报请协调",
        "直接发出协作函",
        "承办部门是设区的市、自治州一级及以下部门";
    COORDINATED_ONCE = "cooperation.coordinated_once", [clause(56).paragraph(2)], at "request",
        "该报请事项已经答复",
        "选择尚未答复的事项",
        "该报请事项尚未答复";
    BY_THE_PROVINCE = "cooperation.by_the_province", [clause(56).paragraph(2)],
        "答复的不是承办部门所属的省级保密行政管理部门",
        "由所属省级保密行政管理部门负责人答复",
        "答复的是承办部门所属的省级保密行政管理部门";
    PAPER_OF_THE_PROVINCE = "cooperation.paper_of_the_province", [clause(56).paragraph(2)], by PROVINCE_BY_PAPER, at "paper",
        "没有写明省级来文文号",
        "由省级负责人办理，或者据其来文记录并填写文号",
        "由省级负责人办理，或者写明了来文文号";
}

/// Every refusal of this chapter, by module.
pub static REFUSALS_BY_MODULE: &[&[&crate::check::Refusal]] = &[REFUSALS];

/// Rules of this chapter that are not steps.
pub static RULES: &[LegalRule] = &[
    LegalRule {
        id: "routing_by_level",
        name: "请中央和国家机关配合的层级",
        basis: &[clause(56).paragraph(1), clause(56).paragraph(2)],
        about: "省级以上直接联系；市级及以下报请所属省级协调，报请后列为省级的待办",
    },
    LegalRule {
        id: "cooperation_open",
        name: "协作待答复",
        basis: &[clause(57), clause(58)],
        about: "协作函至答复前始终列为待办；征询意见不影响向其他机关移送",
    },
];

numbered! {
    /// 协作函.
    LetterId = "cooperation_letter", "协作函", |dossier| {
        titles(dossier.cooperation.letters.iter().map(|letter| letter.form.content.as_str()))
    };
    /// 报请协调的事项.
    CoordinationId = "coordination", "报请协调的事项", |dossier| {
        titles(dossier.cooperation.coordinations.iter().map(|c| c.form.content.as_str()))
    };
}

choice! {
    /// 协作的机关的类别 (arts. 56 to 58).
    Partner {
        Central = "central", "中央和国家机关保密工作机构";
        Supervision = "supervision", "纪检监察机关";
        Cyberspace = "cyberspace", "网信部门";
        Court = "court", "审判机关";
        Procuratorate = "procuratorate", "检察机关";
        Police = "police", "公安机关";
        StateSecurity = "state_security", "国家安全机关";
        Military = "military", "军队保密工作部门";
        Other = "other", "其他有关机关";
    }
}

choice! {
    /// 发函的目的.
    Purpose {
        Assistance = "assistance", "请求配合";
        Question = "question", "征询意见";
    }
}

form! {
    /// 发出协作函. Another organ is asked to help, or asked a question.
    RequestCooperation / RequestCooperationDraft {
        partner: Partner = "机关的类别";
        unit: UnitId = "协作的机关", "没有列入的，先登记单位";
        purpose: Purpose = "发函的目的";
        content: LongText = "请求配合或者征询的事项";
        reply_by: Option<Date> = "请答复的日期";
    }
}

impl Rule for RequestCooperation {
    fn judge(
        draft: RequestCooperationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let unit = draft.unit.as_ref().and_then(|id| at.setting.directory.unit(id));
        let central = unit.map(|unit| unit.category == UnitCategory::CentralOrgan);
        check
            .that(central.map(|central| !central || !is_below_province(at)), &THROUGH_THE_PROVINCE);
        if draft.partner == Some(Partner::Central) {
            check.that(central, &CENTRAL_ORGAN_NAMED);
        }
        Some(Event::CooperationRequested(Self::complete(draft)?).into())
    }
}

/// Whether the owner is a municipal or a county department.
fn is_below_province(at: &At<'_>) -> bool {
    let owner = at.dossier.department().unwrap_or(&at.setting.department);
    let level = at.setting.directory.department(owner).map(|department| department.level);
    matches!(level, Some(Level::Municipal | Level::County))
}

choice! {
    /// 答复.
    Reply {
        Cooperates = "cooperates", "予以配合";
        Declines = "declines", "不能配合";
        Answers = "answers", "答复意见";
    }
}

form! {
    /// 记录协作答复.
    RecordReply / RecordReplyDraft {
        letter: LetterId = "协作函";
        reply: Reply = "答复";
        content: LongText = "答复内容";
        paper: Option<Text> = "来文文号";
    }
}

impl Rule for RecordReply {
    fn judge(
        draft: RecordReplyDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let letter =
            draft.letter.as_ref().and_then(|id| at.dossier.cooperation.letters.get(id.index()));
        check.that(letter.map(|letter| letter.reply.is_none()), &REPLIED_ONCE);
        at.follows(letter.map(|letter| letter.stamp.occurred), check);
        Some(Event::CooperationReplied(Self::complete(draft)?).into())
    }
}

form! {
    /// 报请省级协调. A municipal or county department needs a central organ's secrecy body.
    RequestCoordination / RequestCoordinationDraft {
        unit: UnitId = "需要配合的中央和国家机关";
        content: LongText = "需要配合的事项和理由";
        reply_by: Option<Date> = "请答复的日期";
    }
}

impl Rule for RequestCoordination {
    fn judge(
        draft: RequestCoordinationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        check.that(is_below_province(at), &BELOW_THE_PROVINCE);
        let unit = draft.unit.as_ref().and_then(|id| at.setting.directory.unit(id));
        let central = unit.map(|unit| unit.category == UnitCategory::CentralOrgan);
        check.that(central, &CENTRAL_ORGAN_NAMED);
        Some(Event::CoordinationRequested(Self::complete(draft)?).into())
    }
}

form! {
    /// 答复报请协调的事项. What came of it, told by the province.
    AnswerCoordination / AnswerCoordinationDraft {
        request: CoordinationId = "报请协调的事项";
        reply: Reply = "协调结果";
        content: LongText = "协调情况";
        paper: Option<Text> = "省级来文文号", "承办部门据来文记录的填写";
    }
}

impl Rule for AnswerCoordination {
    fn judge(
        draft: AnswerCoordinationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let requests = &at.dossier.cooperation.coordinations;
        let request = draft.request.as_ref().and_then(|id| requests.get(id.index()));
        check.that(request.map(|request| request.answer.is_none()), &COORDINATED_ONCE);
        at.follows(request.map(|request| request.stamp.occurred), check);
        if at.dossier.department() == Some(at.desk()) {
            check.that(draft.paper.as_ref().map(Option::is_some), &PAPER_OF_THE_PROVINCE);
        } else {
            let province = province(at.dossier, at.setting);
            check.that(province.as_ref() == Some(at.desk()), &BY_THE_PROVINCE);
        }
        Some(Event::CoordinationAnswered(Self::complete(draft)?).into())
    }
}

/// 所属省级保密行政管理部门. The provincial department above the owner.
fn province(dossier: &Dossier, setting: &Setting) -> Option<DepartmentId> {
    let above = setting.directory.superiors(dossier.department()?);
    above.iter().find(|above| above.level == Level::Provincial).map(|province| province.id.clone())
}

dossier::events! {
    /// What was recorded under this chapter.
    Event {
        /// 协作函已发出.
        CooperationRequested(RequestCooperation),
        /// 协作答复已记录.
        CooperationReplied(RecordReply),
        /// 已报请省级协调.
        CoordinationRequested(RequestCoordination),
        /// 报请协调的事项已答复.
        CoordinationAnswered(AnswerCoordination),
    }
}

/// 协作函. One letter and its reply.
#[derive(Clone, Debug)]
pub struct Letter {
    /// What was asked, of whom.
    pub form: RequestCooperation,
    /// Who and when.
    pub stamp: Stamp,
    /// 答复.
    pub reply: Option<(RecordReply, Stamp)>,
}

/// 报请协调的事项. One request to the province and its answer.
#[derive(Clone, Debug)]
pub struct Coordination {
    /// What is needed, of which central organ.
    pub form: RequestCoordination,
    /// Who and when.
    pub stamp: Stamp,
    /// 答复.
    pub answer: Option<(AnswerCoordination, Stamp)>,
}

/// What this chapter knows of a dossier.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 协作函.
    pub letters: Vec<Letter>,
    /// 报请协调的事项.
    pub coordinations: Vec<Coordination>,
}

pub(crate) fn apply(dossier: &mut Dossier, event: &Event, entry: &Entry) {
    let stamp = entry.stamp();
    let State { letters, coordinations } = &mut dossier.cooperation;
    match event {
        Event::CooperationRequested(form) => {
            letters.push(Letter { form: form.clone(), stamp, reply: None });
        }
        Event::CooperationReplied(form) => {
            if let Some(letter) = letters.get_mut(form.letter.index()) {
                letter.reply = Some((form.clone(), stamp));
            }
        }
        Event::CoordinationRequested(form) => {
            coordinations.push(Coordination { form: form.clone(), stamp, answer: None });
        }
        Event::CoordinationAnswered(form) => {
            if let Some(coordination) = coordinations.get_mut(form.request.index()) {
                coordination.answer = Some((form.clone(), stamp));
            }
        }
    }
}

/// Duties of this chapter that are open: what was asked and not answered.
pub(crate) fn duties(dossier: &Dossier, setting: &Setting, duties: &mut Vec<Duty>) {
    if dossier.has_ended() {
        return;
    }
    let State { letters, coordinations } = &dossier.cooperation;
    for (letter, i) in letters.iter().zip(1..).filter(|(letter, _)| letter.reply.is_none()) {
        duties.push(Duty {
            name: format!("协作待答复：{}", dossier::titled(i, letter.form.content.as_str())),
            basis: match letter.form.partner {
                Partner::Central => clause(56).paragraph(1),
                Partner::Military => clause(58),
                _ => clause(57),
            },
            due: letter.form.reply_by,
            step: "record_cooperation_reply",
            desk: Desk::Owner,
        });
    }
    for (request, i) in
        coordinations.iter().zip(1..).filter(|(request, _)| request.answer.is_none())
    {
        duties.push(Duty {
            name: format!(
                "待协调中央和国家机关：{}",
                dossier::titled(i, request.form.content.as_str())
            ),
            basis: clause(56).paragraph(2),
            due: request.form.reply_by,
            step: "answer_coordination",
            desk: province(dossier, setting).map_or(Desk::Owner, Desk::Department),
        });
    }
}
