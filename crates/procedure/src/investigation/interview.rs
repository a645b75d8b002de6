//! 询问. Rights are told, people are asked one by one, their words are recorded and signed (arts. 35, 37–41).

use jiff::civil::{Date, Time};

use super::{
    Event, State,
    powers::{must_be_assigned, must_be_two, must_be_under_way},
    testimony,
};
use crate::{
    check::{Check, Judgement, refusals},
    dossier::{self, At, Dossier, Stamp},
    evidence,
    general::Standing,
    law::clause,
    setting::Engagement,
    step::{Form, Rule, form, row},
    value::{File, InterviewId, LongText, PersonId, Several, StaffId, Text, choice},
};

refusals! {
    DAY_NOT_PAST = "interview.day_not_past", [clause(38)], at "day",
        "安排的日期早于今天",
        "已经进行的询问，直接记录",
        "安排的日期不早于今天";
    ENDS_AFTER_START = "interview.ends_after_start", [clause(40).paragraph(1)], at "to",
        "结束时间不晚于开始时间",
        "核对时间",
        "结束时间晚于开始时间";
    AT_LEAST_TWO_HANDLERS = "interview.at_least_two_handlers", [clause(35)], at "handlers",
        "询问的办案人员少于2人",
        "由2名以上办案人员询问；已经进行的，如实记录",
        "询问的办案人员不少于2人";
    HANDLERS_ASSIGNED = "interview.handlers_assigned", [clause(35)], at "handlers",
        "询问人当日不是本案办案人员，或者已经回避",
        "由本案办案人员询问；已经进行的，如实记录",
        "询问人当日均为本案办案人员，且没有回避";
    CREDENTIALS_SHOWN = "interview.credentials_shown", [clause(35)], at "credentials",
        "询问时没有出示证件、表明身份",
        "询问前出示证件；已经进行的，如实记录",
        "询问时出示证件，表明身份";
    ONE_BY_ONE = "interview.one_by_one", [clause(38)], at "persons",
        "同时询问两人以上，询问应当个别进行",
        "分别询问；已经进行的，如实记录",
        "询问个别进行";
    ONE_ROOM_ONE_INTERVIEW = "interview.one_room_one_interview", [clause(38)], by ONE_ROOM, at "place",
        "同一时间在同一场所另有一次询问",
        "错开时间或者场所；已经进行的，如实记录",
        "同一时间在同一场所没有另一次询问";
    NOT_TWO_PLACES = "interview.not_two_places", [clause(35)], by ONE_PLACE_AT_A_TIME, at "handlers",
        "同一时间已在另一处调查、检查",
        "错开时间，或者由其他办案人员进行；时间记录有误的，改正",
        "询问人同一时间不在另一处调查、检查";
    RIGHTS_TOLD = "interview.rights_told", [clause(37)], by RIGHTS_FIRST, at "persons",
        "首次询问前没有告知权利义务",
        "先告知权利义务并记录；已经进行的，如实记录",
        "首次询问前已经告知权利义务";
    CONTENTS_COVERED = "interview.contents_covered", [clause(39)], by CONTENTS_ANSWERED, at "covered",
        "询问内容没有逐项记录",
        "逐项询问；没有的注明不适用",
        "询问内容逐项记录";
    QUESTIONS_AND_ANSWERS = "interview.questions_and_answers", [clause(40).paragraph(1)], at "dialogue",
        "询问笔录没有采取问答式",
        "逐问逐答填写；已经进行的，如实记录",
        "询问笔录采取问答式";
    RECORDING_COMPLETE = "interview.recording_complete", [clause(40).paragraph(3)], at "recorded",
        "录音、录像不完整",
        "全程录音、录像并保持完整；已经进行的，如实记录",
        "没有录音、录像，或者录音、录像完整";
    NOT_SIGNED_YET = "interview.not_signed_yet", [clause(40).paragraph(2)], at "interview",
        "该询问笔录已经核对签名",
        "签名后的笔录不再更改；需要补充的，另行询问",
        "该询问笔录尚未核对签名";
    SIGNED_AFTER_INTERVIEW = "interview.signed_after_interview", [clause(40).paragraph(2)], at "occurred",
        "签名日期早于询问之日",
        "核对签名日期",
        "签名日期不早于询问之日";
    IS_OVER = "interview.is_over", [clause(40).paragraph(1)], at "to",
        "询问尚未结束",
        "结束后再记录",
        "询问已经结束";
    REFUSAL_NOTED = "interview.refusal_noted", [clause(40).paragraph(2)], at "refusal_note",
        "拒绝签名的，没有在询问笔录中注明",
        "填写拒绝签名的注明",
        "拒绝签名的，已在询问笔录中注明";
    REQUEST_IS_GRANTED = "statement.request_is_granted", [clause(41).paragraph(1)], at "answer",
        "请求自行提供书面材料的，应当准许",
        "准许自行提供",
        "准许自行提供书面材料的请求";
    DEMANDED_IF_NECESSARY = "statement.demanded_if_necessary", [clause(41).paragraph(1)], at "necessity",
        "办案人员要求自行书写的，没有写明必要性",
        "写明必要性",
        "要求自行书写的，写明必要性";
    RECEIPT_NOTED = "statement.receipt_noted", [clause(41).paragraph(2)], at "receipt_noted",
        "没有在首页注明收到日期并签名",
        "办案人员在首页注明收到日期，并签名",
        "办案人员在首页注明收到日期并签名";
}

form! {
    /// 告知权利义务. The party's duties (art. 37) and rights (arts. 9, 42) are told before the first interview.
    TellRights / TellRightsDraft {
        persons: Several<PersonId> = "被告知人";
        means: Means = "告知方式";
        acknowledged: Text = "签收情况", "签名，或者注明拒绝签名";
    }
}

choice! {
    /// 告知方式.
    Means {
        Written = "written", "书面";
        Oral = "oral", "口头";
    }
}

impl Rule for TellRights {
    fn judge(draft: TellRightsDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        must_be_under_way(at, check);
        Some(Event::RightsTold(Self::complete(draft)?).into())
    }
}

/// What an interview must be, planned or held.
struct Session<'a> {
    persons: Option<&'a [PersonId]>,
    handlers: Option<&'a [StaffId]>,
    day: Option<Date>,
    from: Option<Time>,
    to: Option<Time>,
    place: Option<&'a Text>,
}

impl Session<'_> {
    /// Arts. 35 and 38: two handlers or more, one person at a time, nobody at two places.
    fn judge(&self, at: &At<'_>, check: &mut Check<'_>) {
        must_be_under_way(at, check);
        check.that(self.from.zip(self.to).map(|(from, to)| from < to), &ENDS_AFTER_START);
        must_be_two(self.handlers, self.day, &AT_LEAST_TWO_HANDLERS, at, check);
        must_be_assigned(self.handlers, self.day, &HANDLERS_ASSIGNED, at, check);
        check.conduct(self.persons.map(|persons| persons.len() <= 1), &ONE_BY_ONE);
        self.judge_overlaps(at, check);
    }

    fn judge_overlaps(&self, at: &At<'_>, check: &mut Check<'_>) {
        let Some(engagements) = self.engagements() else {
            check.conduct(Judgement::Unasked, &ONE_ROOM_ONE_INTERVIEW);
            check.that(Judgement::Unasked, &NOT_TWO_PLACES);
            return;
        };
        let investigation = &at.dossier.investigation;
        let interviews: Vec<_> =
            investigation.interviews.iter().flat_map(Interview::engagements).collect();
        let same_room = |mine: &Engagement| {
            interviews.iter().any(|other| mine.overlaps(other) && mine.place == other.place)
        };
        check.conduct(!engagements.iter().any(same_room), &ONE_ROOM_ONE_INTERVIEW);
        for mine in &engagements {
            let busy = |other: &Engagement| mine.overlaps(other) && mine.staff == other.staff;
            // People may be interviewed where something is inspected; two interviews are never one.
            let inspects = |other: Engagement| busy(&other) && mine.place != other.place;
            let free = !investigation.engagements().any(inspects)
                && !interviews.iter().chain(&at.setting.engagements).any(busy);
            let name = at.setting.directory.staff_name(&mine.staff);
            check.of(name).that(free, &NOT_TWO_PLACES);
        }
    }

    fn engagements(&self) -> Option<Vec<Engagement>> {
        let (date, from, to) = (self.day?, self.from?, self.to?);
        let place = self.place?.to_string();
        let engaged = |staff: &StaffId| Engagement {
            staff: staff.clone(),
            date,
            from,
            to,
            place: place.clone(),
        };
        Some(self.handlers?.iter().map(engaged).collect())
    }
}

form! {
    /// 安排询问. An interview is planned; what is not lawful is refused before it happens.
    ArrangeInterview / ArrangeInterviewDraft {
        persons: Several<PersonId> = "被询问人", "应当个别进行，只选一人";
        day: Date = "询问日期";
        from: Time = "开始时间";
        to: Time = "预计结束时间";
        place: Text = "询问地点";
        handlers: Several<StaffId> = "询问的办案人员", "2人以上";
    }
}

impl Rule for ArrangeInterview {
    fn judge(
        draft: ArrangeInterviewDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        check.that(draft.day.map(|day| day >= at.today()), &DAY_NOT_PAST);
        let session = Session {
            persons: draft.persons.as_deref(),
            handlers: draft.handlers.as_deref(),
            day: draft.day,
            from: draft.from,
            to: draft.to,
            place: draft.place.as_ref(),
        };
        session.judge(at, check);
        Some(Event::InterviewArranged(Self::complete(draft)?).into())
    }
}

choice! {
    /// 询问内容 (art. 39).
    InterviewTopic {
        Basics = "basics", "被询问人的基本情况";
        Relation = "relation", "被询问人与案件当事人或者与案件的联系";
        Responsibility = "responsibility", "证明案件当事人是否负有责任以及责任轻重的事实";
        Circumstances = "circumstances", "所证明的事实发生的原因、时间、地点、手段、情节等";
        Other = "other", "其他与案件有关的内容";
    }
}

choice! {
    /// 是否. A plain yes or no about what was done.
    Done {
        Yes = "yes", "是";
        No = "no", "否";
    }
}

choice! {
    /// 录音、录像 (art. 40 ¶3).
    Recording {
        Complete = "complete", "全程录音、录像，资料完整";
        Partial = "partial", "录音、录像不完整";
    }
}

row! {
    /// 一问一答.
    QuestionAnswer {
        question: LongText = "问";
        answer: LongText = "答";
    }
}

form! {
    /// 询问并制作笔录. An interview that was held, and what was said.
    RecordInterview / RecordInterviewDraft {
        persons: Several<PersonId> = "被询问人", "应当个别进行，只选一人";
        from: Time = "开始时间";
        to: Time = "结束时间";
        place: Text = "询问地点";
        handlers: Several<StaffId> = "询问的办案人员", "2人以上";
        recorder: Option<StaffId> = "记录人";
        credentials: Done = "是否出示证件、表明身份";
        present: Option<Text> = "在场的翻译人员、监护人";
        covered: Vec<InterviewTopic> = "已询问的内容";
        not_applicable: Vec<InterviewTopic> = "不适用的内容";
        dialogue: Vec<QuestionAnswer> = "问答", "如实记录提问和回答；被询问人声明记忆不清的情节，如实反映";
        unclear: Option<LongText> = "被询问人声明记忆不清的情节";
        recorded: Option<Recording> = "是否全程录音、录像", "录音、录像的填写";
        recording: Option<File> = "录音、录像";
    }
}

impl Rule for RecordInterview {
    fn judge(
        draft: RecordInterviewDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let session = Session {
            persons: draft.persons.as_deref(),
            handlers: draft.handlers.as_deref(),
            day: at.occurred,
            from: draft.from,
            to: draft.to,
            place: draft.place.as_ref(),
        };
        session.judge(at, check);
        check.that(at.is_over(draft.to), &IS_OVER);
        check.conduct(draft.credentials.map(|shown| shown == Done::Yes), &CREDENTIALS_SHOWN);
        for person in draft.persons.as_deref().unwrap_or_default() {
            judge_rights(person, at, check);
        }
        let topics = draft.covered.as_ref().zip(draft.not_applicable.as_ref());
        let all = topics.map(|(covered, not)| {
            InterviewTopic::ALL.iter().all(|topic| covered.contains(topic) || not.contains(topic))
        });
        check.conduct(all, &CONTENTS_COVERED);
        let asked = draft.dialogue.as_ref().map(|dialogue| !dialogue.is_empty());
        check.conduct(asked, &QUESTIONS_AND_ANSWERS);
        let complete = draft.recorded.map(|recorded| recorded != Some(Recording::Partial));
        check.conduct(complete, &RECORDING_COMPLETE);
        Some(Event::Interviewed(Self::complete(draft)?).into())
    }
}

/// Art. 37: a party is told of duties and rights before the first interview.
fn judge_rights(person: &PersonId, at: &At<'_>, check: &mut Check<'_>) {
    let general = &at.dossier.general;
    if general.person(person).is_none_or(|form| form.standing != Standing::Party) {
        return;
    }
    let told = at.dossier.investigation.rights.iter().any(|(form, stamp)| {
        form.persons.contains(person) && at.occurred.is_none_or(|day| stamp.occurred <= day)
    });
    check.of(general.person_name(person)).conduct(told, &RIGHTS_TOLD);
}

choice! {
    /// 签名情况 (art. 40 ¶2).
    Signature {
        EveryPage = "every_page", "逐页签名";
        Refused = "refused", "拒绝签名";
    }
}

choice! {
    /// 核对方式 (art. 40 ¶2).
    Reading {
        Read = "read", "本人阅读核对";
        ReadOut = "read_out", "向其宣读";
    }
}

form! {
    /// 询问笔录核对签名. The person checks the record, corrects it, and signs every page or refuses to.
    SignRecord / SignRecordDraft {
        interview: InterviewId = "询问";
        reading: Reading = "核对方式";
        corrections: Vec<LongText> = "更正和补充", "逐条写明原文和更正、补充的内容";
        signature: Signature = "签名情况";
        refusal_note: Option<LongText> = "拒绝签名的注明", "拒绝签名的填写";
        scan: Option<File> = "签名后的笔录扫描件";
    }
}

impl SignRecord {
    /// Signed, or the refusal to sign noted.
    pub(crate) fn is_settled(&self) -> bool {
        self.signature == Signature::EveryPage || self.refusal_note.is_some()
    }
}

impl Rule for SignRecord {
    fn judge(draft: SignRecordDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let interview =
            draft.interview.as_ref().and_then(|id| at.dossier.investigation.interview(id));
        check.that(interview.map(|interview| interview.signed.is_none()), &NOT_SIGNED_YET);
        let in_order = interview.zip(at.occurred).map(|(i, day)| i.stamp.occurred <= day);
        check.that(in_order, &SIGNED_AFTER_INTERVIEW);
        let refused = draft.signature.map(|signature| signature == Signature::Refused);
        let noted = draft.refusal_note.as_ref().map(Option::is_some);
        check.that(refused.zip(noted).map(|(refused, noted)| !refused || noted), &REFUSAL_NOTED);
        Some(Event::RecordSigned(Self::complete(draft)?).into())
    }
}

choice! {
    /// 由谁提出 (art. 41 ¶1).
    Initiative {
        Requested = "requested", "本人请求";
        Demanded = "demanded", "办案人员要求";
    }
}

choice! {
    /// 是否准许.
    Permission {
        Granted = "granted", "准许";
        Refused = "refused", "不予准许";
    }
}

form! {
    /// 自行提供书面材料的请求. A request to write oneself must be granted; handlers may demand it where necessary.
    AnswerStatementRequest / AnswerStatementRequestDraft {
        person: PersonId = "提供人";
        initiative: Initiative = "由谁提出";
        answer: Permission = "是否准许";
        necessity: Option<LongText> = "要求书写的必要性", "办案人员要求的填写";
    }
}

impl Rule for AnswerStatementRequest {
    fn judge(
        draft: AnswerStatementRequestDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_under_way(at, check);
        check.that(draft.answer.map(|answer| answer == Permission::Granted), &REQUEST_IS_GRANTED);
        let demanded = draft.initiative.map(|initiative| initiative == Initiative::Demanded);
        let necessary = draft.necessity.as_ref().map(Option::is_some);
        let explained = demanded.zip(necessary).map(|(demanded, necessary)| !demanded || necessary);
        check.that(explained, &DEMANDED_IF_NECESSARY);
        Some(Event::StatementRequestAnswered(Self::complete(draft)?).into())
    }
}

choice! {
    /// 书写方式 (art. 41 ¶2).
    Writing {
        Handwritten = "handwritten", "手写";
        Printed = "printed", "打印";
    }
}

choice! {
    /// 书面材料的签名 (art. 41 ¶2).
    StatementSignature {
        AtEnd = "at_end", "结尾处签名";
        EveryPage = "every_page", "逐页签名";
        None = "none", "没有签名";
    }
}

form! {
    /// 接收书面材料. A written statement is received, with date of receipt and signature on its first page.
    ReceiveStatement / ReceiveStatementDraft {
        person: PersonId = "提供人";
        writing: Writing = "书写方式";
        signature: StatementSignature = "签名情况", "打印的书面材料应当逐页签名";
        receipt_noted: Done = "首页是否注明收到日期并签名";
        content: LongText = "内容";
        scan: Option<File> = "扫描件";
    }
}

impl ReceiveStatement {
    /// Signed at the end, and on every page where it is printed.
    pub(crate) fn is_signed(&self) -> bool {
        match self.writing {
            Writing::Handwritten => self.signature != StatementSignature::None,
            Writing::Printed => self.signature == StatementSignature::EveryPage,
        }
    }
}

impl Rule for ReceiveStatement {
    fn judge(
        draft: ReceiveStatementDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_under_way(at, check);
        check.that(draft.receipt_noted.map(|noted| noted == Done::Yes), &RECEIPT_NOTED);
        Some(Event::StatementReceived(Self::complete(draft)?).into())
    }
}

/// 询问. One interview that was held.
#[derive(Clone, Debug)]
pub struct Interview {
    /// What was recorded.
    pub form: RecordInterview,
    /// Who entered it; `occurred` is the day of the interview.
    pub stamp: Stamp,
    /// 核对签名.
    pub signed: Option<(SignRecord, Stamp)>,
}

impl Interview {
    /// 被询问人, for display.
    pub fn persons(&self, dossier: &Dossier) -> String {
        let names = self.form.persons.iter().map(|person| dossier.general.person_name(person));
        names.collect::<Vec<_>>().join("、")
    }

    pub(crate) fn engagements(&self) -> impl Iterator<Item = Engagement> {
        let RecordInterview { from, to, place, .. } = &self.form;
        let date = self.stamp.occurred;
        self.form.handlers.iter().map(move |staff| Engagement {
            staff: staff.clone(),
            date,
            from: *from,
            to: *to,
            place: place.to_string(),
        })
    }
}

pub(super) fn apply(dossier: &mut Dossier, form: &RecordInterview, stamp: Stamp) {
    let state = &mut dossier.investigation;
    state.interviews.push(Interview { form: form.clone(), stamp: stamp.clone(), signed: None });
    let id = InterviewId(state.interviews.len() as u32);
    let Some(first) = form.persons.first() else { return };
    let kind = testimony(dossier, first);
    let names = form.persons.iter().map(|person| dossier.general.person_name(person));
    let name = format!("询问笔录：{}（{}）", names.collect::<Vec<_>>().join("、"), stamp.occurred);
    dossier.evidence.add(name, kind, evidence::Origin::Interview(id), stamp);
}

pub(super) fn sign(state: &mut State, form: &SignRecord, stamp: Stamp) {
    let index = (form.interview.0 as usize).wrapping_sub(1);
    if let Some(interview) = state.interviews.get_mut(index) {
        interview.signed = Some((form.clone(), stamp));
    }
}
