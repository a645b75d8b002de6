//! 检查. Places and objects are inspected with the person concerned or an attesting witness present (arts. 35, 44).

use jiff::civil::{Date, Time};

use super::{
    Event,
    interview::Done,
    powers::{is_filed_by, must_be_assigned, must_be_two, must_be_under_way},
};
use crate::{
    check::{Check, refusals},
    dossier::{self, At},
    law::clause,
    setting::Engagement,
    step::{Form, Relation, Rule, Step, form},
    value::{LongText, Several, StaffId, Text, choice},
};

/// 安排检查.
pub const ARRANGE: Step = Step::of::<ArrangeInspection>(
    "arrange_inspection",
    "安排检查",
    &[clause(35), clause(44).paragraph(1)],
    &[Relation::Handler],
);

refusals! {
    DAY_NOT_PAST = "inspection.day_not_past", [clause(44)], at "day",
        "安排的日期早于今天",
        "已经进行的检查，直接记录",
        "安排的日期不早于今天";
    PLANNED_WITH_SOMEBODY = "inspection.planned_with_somebody", [clause(44).paragraph(1)], by SOMEBODY_INVITED, at "attendance",
        "没有安排被检查人或者见证人到场",
        "请被检查人或者见证人到场",
        "安排被检查人或者见证人到场";
    CONSENT_GIVEN = "inspection.consent_given", [clause(27), clause(44)], by POWERS_IN_REVIEW, at "consent",
        "立案前没有经被检查人同意",
        "取得同意并写明，或者立案后检查；已经进行的，如实记录",
        "立案前的检查经被检查人同意";
    AT_LEAST_TWO_HANDLERS = "inspection.at_least_two_handlers", [clause(35)], at "handlers",
        "检查的办案人员少于2人",
        "由2名以上办案人员检查；已经进行的，如实记录",
        "检查的办案人员不少于2人";
    HANDLERS_ASSIGNED = "inspection.handlers_assigned", [clause(35)], at "handlers",
        "检查人当日不是本案办案人员，或者已经回避",
        "由本案办案人员检查；已经进行的，如实记录",
        "检查人当日均为本案办案人员，且没有回避";
    CREDENTIALS_SHOWN = "inspection.credentials_shown", [clause(35)], at "credentials",
        "检查时没有出示证件、表明身份",
        "检查前出示证件；已经进行的，如实记录",
        "检查时出示证件，表明身份";
    SOMEBODY_PRESENT = "inspection.somebody_present", [clause(44).paragraph(1)], at "attendance",
        "被检查人和见证人都不在场",
        "请被检查人或者见证人到场；已经进行的，如实记录",
        "检查时被检查人或者见证人在场";
    ATTENDANT_NAMED = "inspection.attendant_named", [clause(44).paragraph(1)], at "attendant",
        "没有写明在场的被检查人或者见证人",
        "写明姓名",
        "写明在场的被检查人或者见证人";
    NOT_TWO_PLACES = "inspection.not_two_places", [clause(35)], by ONE_PLACE_AT_A_TIME, at "handlers",
        "同一时间已在另一处调查、检查",
        "错开时间，或者由其他办案人员进行；时间记录有误的，改正",
        "检查人同一时间不在另一处调查、检查";
    ENDS_AFTER_START = "inspection.ends_after_start", [clause(44).paragraph(2)], at "to",
        "结束时间不晚于开始时间",
        "核对时间",
        "结束时间晚于开始时间";
    IS_OVER = "inspection.is_over", [clause(44)], at "to",
        "检查尚未结束",
        "结束后再记录",
        "检查已经结束";
    ABSENCE_NOTED = "inspection.absence_noted", [clause(44).paragraph(2)], at "note",
        "被检查人或者见证人不在场、拒绝签名的，没有在检查笔录中注明",
        "填写注明",
        "被检查人或者见证人不在场、拒绝签名的，已在检查笔录中注明";
}

choice! {
    /// 检查种类 (arts. 17-6, 44).
    InspectionKind {
        Inspection = "inspection", "检查";
        Survey = "survey", "勘验";
    }
}

choice! {
    /// 在场情况 (art. 44 ¶1).
    Attendance {
        Inspected = "inspected", "被检查人在场";
        Witness = "witness", "见证人在场";
        Nobody = "nobody", "均不在场";
    }
}

choice! {
    /// 检查笔录的签名 (art. 44 ¶2).
    RecordSignature {
        Signed = "signed", "办案人员、被检查人或者见证人均已签名";
        Noted = "noted", "办案人员已签名，被检查人或者见证人不在场、拒绝签名";
        None = "none", "没有制作检查笔录";
    }
}

form! {
    /// 检查场所、物品.
    Inspect / InspectDraft {
        object: Text = "检查的场所、物品";
        kind: Option<InspectionKind> = "检查种类", "不填的，为检查";
        place: Text = "检查地点";
        from: Time = "开始时间";
        to: Time = "结束时间";
        handlers: Several<StaffId> = "检查的办案人员", "2人以上";
        credentials: Done = "是否出示证件、表明身份";
        consent: Option<Text> = "被检查人的同意", "立案前检查的填写";
        attendance: Attendance = "在场情况";
        attendant: Option<Text> = "在场的被检查人或者见证人";
        result: LongText = "检查情况";
        signature: RecordSignature = "检查笔录";
        note: Option<LongText> = "不在场、拒绝签名的注明";
    }
}

impl Inspect {
    /// 名称. What was inspected, and how.
    pub(crate) fn title(&self) -> String {
        let kind = self.kind.unwrap_or(InspectionKind::Inspection);
        format!("{kind}：{}", self.object)
    }

    /// A record was made and signed, or what is missing in it noted.
    pub(crate) fn is_recorded(&self) -> bool {
        match self.signature {
            RecordSignature::Signed => true,
            RecordSignature::Noted => self.note.is_some(),
            RecordSignature::None => false,
        }
    }

    pub(crate) fn engagements(&self, date: Date) -> impl Iterator<Item = Engagement> {
        self.handlers.iter().map(move |staff| Engagement {
            staff: staff.clone(),
            date,
            from: self.from,
            to: self.to,
            place: self.place.to_string(),
        })
    }
}

impl Rule for Inspect {
    fn judge(draft: InspectDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        must_be_under_way(at, check);
        check.that(draft.from.zip(draft.to).map(|(from, to)| from < to), &ENDS_AFTER_START);
        check.that(at.is_over(draft.to), &IS_OVER);
        let handlers = draft.handlers.as_deref();
        must_be_two(handlers, at.occurred, &AT_LEAST_TWO_HANDLERS, at, check);
        must_be_assigned(handlers, at.occurred, &HANDLERS_ASSIGNED, at, check);
        let filed = at.occurred.map(|day| is_filed_by(at.dossier, day));
        let agreed = draft.consent.as_ref().map(Option::is_some);
        let consent = filed.zip(agreed).map(|(filed, agreed)| filed || agreed);
        check.conduct(consent, &CONSENT_GIVEN);
        check.conduct(draft.credentials.map(|shown| shown == Done::Yes), &CREDENTIALS_SHOWN);
        let attended = draft.attendance.map(|attendance| attendance != Attendance::Nobody);
        check.conduct(attended, &SOMEBODY_PRESENT);
        let named = draft.attendant.as_ref().map(Option::is_some);
        check.that(
            attended.zip(named).map(|(attended, named)| !attended || named),
            &ATTENDANT_NAMED,
        );
        let unsigned = draft.signature.zip(draft.attendance).map(|(signature, attendance)| {
            let absent = attendance == Attendance::Nobody && signature != RecordSignature::None;
            signature == RecordSignature::Noted || absent
        });
        let noted = draft.note.as_ref().map(Option::is_some);
        check.that(unsigned.zip(noted).map(|(unsigned, noted)| !unsigned || noted), &ABSENCE_NOTED);
        let place = draft.place.as_ref();
        let engagements = engaged(handlers, at.occurred, draft.from.zip(draft.to), place);
        must_be_free(&engagements.unwrap_or_default(), at, check);
        Some(Event::Inspected(Self::complete(draft)?).into())
    }
}

/// Where everybody is and when, once that is said.
fn engaged(
    handlers: Option<&[StaffId]>,
    date: Option<Date>,
    span: Option<(Time, Time)>,
    place: Option<&Text>,
) -> Option<Vec<Engagement>> {
    let (date, (from, to), place) = (date?, span?, place?.to_string());
    let engaged =
        |staff: &StaffId| Engagement { staff: staff.clone(), date, from, to, place: place.clone() };
    Some(handlers?.iter().map(engaged).collect())
}

/// Nobody is at two places at once; several things at one place are inspected together.
fn must_be_free(engagements: &[Engagement], at: &At<'_>, check: &mut Check<'_>) {
    let here: Vec<_> = at.dossier.investigation.engagements().collect();
    for mine in engagements {
        let mut elsewhere = here.iter().chain(&at.setting.engagements);
        let free = !elsewhere.any(|other| {
            mine.overlaps(other) && mine.staff == other.staff && mine.place != other.place
        });
        check.of(at.setting.directory.staff_name(&mine.staff)).that(free, &NOT_TWO_PLACES);
    }
}

form! {
    /// 安排检查. An inspection is planned; what is not lawful is refused before it happens.
    ArrangeInspection / ArrangeInspectionDraft {
        object: Text = "检查的场所、物品";
        place: Text = "检查地点";
        day: Date = "检查日期";
        from: Time = "开始时间";
        to: Time = "预计结束时间";
        handlers: Several<StaffId> = "检查的办案人员", "2人以上";
        attendance: Attendance = "到场人员";
        consent: Option<Text> = "被检查人的同意", "立案前检查的填写";
    }
}

impl Rule for ArrangeInspection {
    fn judge(
        draft: ArrangeInspectionDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_under_way(at, check);
        check.that(draft.day.map(|day| day >= at.today()), &DAY_NOT_PAST);
        check.that(draft.from.zip(draft.to).map(|(from, to)| from < to), &ENDS_AFTER_START);
        let handlers = draft.handlers.as_deref();
        must_be_two(handlers, draft.day, &AT_LEAST_TWO_HANDLERS, at, check);
        must_be_assigned(handlers, draft.day, &HANDLERS_ASSIGNED, at, check);
        let invited = draft.attendance.map(|attendance| attendance != Attendance::Nobody);
        check.that(invited, &PLANNED_WITH_SOMEBODY);
        let filed = at.dossier.filing.case.is_some();
        let agreed = draft.consent.as_ref().map(Option::is_some);
        check.conduct(agreed.map(|agreed| filed || agreed), &CONSENT_GIVEN);
        let place = draft.place.as_ref();
        let engagements = engaged(handlers, draft.day, draft.from.zip(draft.to), place);
        must_be_free(&engagements.unwrap_or_default(), at, check);
        Some(Event::InspectionArranged(Self::complete(draft)?).into())
    }
}
