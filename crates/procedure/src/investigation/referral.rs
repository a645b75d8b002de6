//! 涉嫌犯罪移送. Whose conduct is thought to be a crime is referred with the case materials (art. 50).
//!
//! The thought and the referral are two steps, so that what is thought and not yet referred lies open.
//! A referral stands for handling that person (art. 53 item 3); rectification and closing go on (reading 50-1).

use super::{Event, State, must_be_in_case};
use crate::{
    check::{Check, refusals},
    deadline::{Desk, Duty},
    dossier::{self, At, Dossier, Stamp},
    law::clause,
    number::Series,
    step::{Form, Relation, Rule, Step, form},
    value::{LongText, PersonId, Several, Text, choice, numbered, titles},
};

numbered! {
    /// 涉嫌犯罪移送.
    CrimeReferralId = "crime_referral", "涉嫌犯罪移送", |dossier| {
        titles(dossier.investigation.referrals.iter().map(|r| r.form.name.as_str()))
    };
}

/// 认为涉嫌构成犯罪.
pub const SUSPECT_CRIME: Step = Step::of::<SuspectCrime>(
    "suspect_crime",
    "认为涉嫌构成犯罪",
    &[clause(50)],
    &[Relation::Handler],
)
.decision();

/// 移送涉嫌犯罪案件.
pub const REFER_CRIME: Step =
    Step::of::<ReferCrime>("refer_crime", "移送涉嫌犯罪案件", &[clause(50)], &[Relation::Handler])
        .on_day("移送日期")
        .decision()
        .numbered(Series::CrimeReferral);

/// 记录移送后的处理情况.
pub const ANSWER_REFERRAL: Step = Step::of::<AnswerReferral>(
    "answer_referral",
    "记录涉嫌犯罪移送的答复",
    &[clause(50), clause(53).item(3)],
    &[Relation::Handler],
)
.on_day("答复日期")
.correctable()
.after_end();

refusals! {
    SUSPECT_IS_PARTY = "referral.suspect_is_party", [clause(50)], at "persons",
        "不是案件当事人",
        "先登记为案件当事人",
        "是案件当事人";
    SUSPECTED_FIRST = "referral.suspected_first", [clause(50)], at "persons",
        "没有认为其涉嫌构成犯罪",
        "先记录认为涉嫌构成犯罪的事实和理由",
        "已经认为其涉嫌构成犯罪";
    MATERIALS_ATTACHED = "referral.materials_attached", [clause(50)], at "materials",
        "没有连同案件材料移送",
        "逐项填写移送的案件材料",
        "连同案件材料移送";
    NOT_ANSWERED_TWICE = "referral.not_answered_twice", [clause(50)], at "referral",
        "该次移送的答复已经记录",
        "记录有误的，更正",
        "该次移送的答复尚未记录";
}

choice! {
    /// 涉嫌的罪名.
    Crime {
        ForForeigners = "111", "为境外窃取、刺探、收买、非法提供国家秘密、情报罪（刑法第一百一十一条）";
        Possession = "282", "非法获取国家秘密罪，非法持有国家绝密、机密文件、资料、物品罪（刑法第二百八十二条）";
        Disclosure = "398", "故意泄露国家秘密罪，过失泄露国家秘密罪（刑法第三百九十八条）";
        Other = "other", "其他犯罪";
    }
}

choice! {
    /// 移送的机关.
    Authority {
        StateSecurity = "state_security", "国家安全机关";
        Police = "police", "公安机关";
        Supervision = "supervision", "监察机关";
        Procuratorate = "procuratorate", "检察机关";
        Other = "other", "其他有关部门";
    }
}

form! {
    /// 认为涉嫌构成犯罪. What the department holds of a party's conduct.
    SuspectCrime / SuspectCrimeDraft {
        persons: Several<PersonId> = "涉嫌犯罪的案件当事人";
        crime: Crime = "涉嫌的罪名";
        reason: LongText = "涉嫌犯罪的事实和理由";
    }
}

impl Rule for SuspectCrime {
    fn judge(
        draft: SuspectCrimeDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_in_case(at, check);
        for person in draft.persons.as_deref().unwrap_or_default() {
            let party = at.dossier.general.parties().any(|(id, _)| id == *person);
            check.of(at.dossier.general.person_name(person)).that(party, &SUSPECT_IS_PARTY);
        }
        Some(Event::CrimeSuspected(Self::complete(draft)?).into())
    }
}

form! {
    /// 移送涉嫌犯罪案件, together with the case materials.
    ReferCrime / ReferCrimeDraft {
        persons: Several<PersonId> = "移送的案件当事人";
        authority: Authority = "移送的机关", "刑法第一百一十一条的犯罪，一般由国家安全机关管辖；第二百八十二条的，一般由公安机关管辖；第三百九十八条的，公职人员一般由监察机关管辖，其他人员由公安机关管辖；供参考，不作限制";
        name: Text = "移送的机关名称";
        materials: Vec<Text> = "移送的案件材料", "逐项填写";
    }
}

impl Rule for ReferCrime {
    fn judge(draft: ReferCrimeDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        must_be_in_case(at, check);
        for person in draft.persons.as_deref().unwrap_or_default() {
            let suspicion = at.dossier.investigation.first_suspicion(person);
            let name = at.dossier.general.person_name(person);
            check.of(name).that(suspicion.is_some(), &SUSPECTED_FIRST);
            at.follows(suspicion.map(|stamp| stamp.occurred), check);
        }
        let attached = draft.materials.as_ref().map(|materials| !materials.is_empty());
        check.that(attached, &MATERIALS_ATTACHED);
        Some(Event::CrimeReferred(Self::complete(draft)?).into())
    }
}

choice! {
    /// 移送的答复.
    Reply {
        Taken = "taken", "已经受理或者立案";
        Declined = "declined", "不予受理、不予立案或者退回";
        Decided = "decided", "已经作出处理";
    }
}

form! {
    /// 记录涉嫌犯罪移送的答复. What the authority said or did.
    AnswerReferral / AnswerReferralDraft {
        referral: CrimeReferralId = "涉嫌犯罪移送";
        reply: Reply = "答复";
        detail: LongText = "答复内容";
        paper: Option<Text> = "来文文号";
    }
}

impl Rule for AnswerReferral {
    fn judge(
        draft: AnswerReferralDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let referrals = &at.dossier.investigation.referrals;
        let referral = draft.referral.as_ref().and_then(|id| referrals.get(id.index()));
        check.that(referral.map(Referral::may_be_answered), &NOT_ANSWERED_TWICE);
        at.follows(referral.map(|referral| referral.stamp.occurred), check);
        Some(Event::ReferralAnswered(Self::complete(draft)?).into())
    }
}

/// 涉嫌犯罪移送. One referral and what the authority answered.
#[derive(Clone, Debug)]
pub struct Referral {
    /// What was referred, to whom.
    pub form: ReferCrime,
    /// Who and when.
    pub stamp: Stamp,
    /// 答复. The last one counts: an authority that took the case may decide it later.
    pub reply: Option<(AnswerReferral, Stamp)>,
}

impl Referral {
    fn may_be_answered(&self) -> bool {
        self.reply.as_ref().is_none_or(|(form, _)| form.reply == Reply::Taken)
    }

    /// Whether it stands: the authority has not sent it back.
    fn stands(&self) -> bool {
        self.reply.as_ref().is_none_or(|(form, _)| form.reply != Reply::Declined)
    }
}

impl State {
    /// The last time somebody's conduct was thought to be a crime.
    fn suspicion(&self, person: &PersonId) -> Option<&Stamp> {
        let about = self.suspicions.iter().rev().find(|(form, _)| form.persons.contains(person));
        about.map(|(_, stamp)| stamp)
    }

    /// The first time somebody's conduct was thought to be a crime; from then on it may be referred.
    fn first_suspicion(&self, person: &PersonId) -> Option<&Stamp> {
        let about = self.suspicions.iter().find(|(form, _)| form.persons.contains(person));
        about.map(|(_, stamp)| stamp)
    }

    /// The last referral of a person.
    fn referral(&self, person: &PersonId) -> Option<&Referral> {
        self.referrals.iter().rev().find(|referral| referral.form.persons.contains(person))
    }

    /// Whether a person was referred and the authority has not sent the case back (reading 50-2).
    pub fn is_referred(&self, person: &PersonId) -> bool {
        self.referral(person).is_some_and(Referral::stands)
    }

    /// 涉嫌犯罪待移送. Persons whose conduct is thought to be a crime, not referred since.
    pub fn to_be_referred(&self) -> impl Iterator<Item = &PersonId> {
        let persons: std::collections::BTreeSet<_> =
            self.suspicions.iter().flat_map(|(form, _)| &form.persons).collect();
        persons.into_iter().filter(|person| {
            let referred = self.referral(person).map(|referral| referral.stamp.version);
            self.suspicion(person).map(|stamp| stamp.version) > referred
        })
    }
}

pub(super) fn answer(state: &mut State, form: &AnswerReferral, stamp: Stamp) {
    if let Some(referral) = state.referrals.get_mut(form.referral.index()) {
        referral.reply = Some((form.clone(), stamp));
    }
}

pub(super) fn duties(dossier: &Dossier, duties: &mut Vec<Duty>) {
    for person in dossier.investigation.to_be_referred() {
        duties.push(Duty {
            name: format!("涉嫌犯罪待移送：{}", dossier.general.person_name(person)),
            basis: clause(50),
            due: None,
            step: REFER_CRIME.id,
            desk: Desk::Owner,
        });
    }
}
