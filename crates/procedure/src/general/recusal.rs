//! 回避. Who has an interest in the case, or another relation that may affect its fair handling, stands back from it (art. 9).

use jiff::civil::Date;

use crate::{
    check::{Check, refusals},
    deadline::{Desk, Duty},
    directory::Level,
    dossier::{self, At, Dossier, Stamp},
    law::clause,
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    value::{DepartmentId, LongText, PersonId, RecusalId, StaffId, Text, choice},
};

/// Who decides or, where the next higher department decided on paper, records it: the only head may be the one who stands back.
const DECIDERS: &[Relation] =
    &[Relation::Head, Relation::NextHigher, Relation::Handler, Relation::Clerk];

/// 自行回避.
pub const RECUSE: Step = Step::of::<Recuse>(
    "recuse",
    "自行回避",
    &[clause(9).paragraph(1)],
    &[Relation::Handler, Relation::Head],
)
.decision()
.warning("提出后即停止办理本案，等待决定");

/// 申请回避.
pub const REQUEST_RECUSAL: Step = Step::of::<RequestRecusal>(
    "request_recusal",
    "记录当事人的回避申请",
    &[clause(9).paragraph(1)],
    &[Relation::Handler, Relation::Clerk, Relation::Head],
)
.on_day("申请日期");

/// 决定回避.
pub const DECIDE_RECUSAL: Step =
    Step::of::<DecideRecusal>("decide_recusal", "决定回避", &[clause(9).paragraph(2)], DECIDERS)
        .decision();

/// 指定代行负责人职责.
pub const NAME_ACTING_HEAD: Step = Step::of::<NameActingHead>(
    "name_acting_head",
    "指定代行负责人职责的人员",
    &[clause(9).paragraph(2)],
    DECIDERS,
)
.decision();

refusals! {
    NAMED_ONCE = "general.named_once", [clause(27).item(1)], at "name",
        "已登记过同名的人员",
        "确系不同的人，在姓名后加以区别",
        "没有登记过同名的人员";
    IS_A_HANDLER = "recusal.is_a_handler", [clause(9).paragraph(1)], at "handler",
        "申请回避的对象不是本案办案人员，也不是承办部门负责人",
        "选择本案办案人员或者承办部门负责人",
        "申请回避的对象是本案办案人员或者承办部门负责人";
    BY_A_PARTY = "recusal.by_a_party", [clause(9).paragraph(1)], at "party",
        "申请人不是案件当事人",
        "只有案件当事人有权要求回避",
        "申请人是案件当事人";
    IS_UNDECIDED = "recusal.is_undecided", [clause(9).paragraph(2)], at "recusal",
        "没有待决定的回避",
        "由办案人员自行回避或者当事人申请后再决定",
        "有待决定的回避";
    HEADS_BY_SUPERIOR = "recusal.heads_by_superior", [clause(9).paragraph(2)], at "superior_paper",
        "负责人的回避没有上一级保密行政管理部门的决定",
        "报请上一级保密行政管理部门决定；已经决定的，填写其决定的文号",
        "负责人的回避由上一级保密行政管理部门决定";
    HANDLERS_BY_DEPARTMENT = "recusal.handlers_by_department", [clause(9).paragraph(2)], at "recusal",
        "办案人员的回避由其所属保密行政管理部门决定",
        "由承办部门负责人决定",
        "办案人员的回避由其所属部门决定";
    HEAD_STANDS_BACK = "recusal.head_stands_back", [clause(9).paragraph(2)], by HEAD_REPLACED,
        "没有负责人回避",
        "负责人回避后，再指定代行职责的人员",
        "有负责人回避";
    NAMED_BY_SUPERIOR = "recusal.named_by_superior", [clause(9).paragraph(2)], by HEAD_REPLACED, at "superior_paper",
        "代行负责人职责的人员没有上一级保密行政管理部门的指定",
        "由副职负责人代行；另行指定的，填写上一级的文号",
        "代行负责人职责的人员由上一级指定";
    ACTING_IS_FREE = "recusal.acting_is_free", [clause(9).paragraph(2)], by HEAD_REPLACED, at "staff",
        "该人员已经回避，或者是本案办案人员",
        "指定其他人员",
        "该人员没有回避，也不是本案办案人员";
    TERM_IN_ORDER = "recusal.term_in_order", [clause(9).paragraph(2)], by HEAD_REPLACED, at "until",
        "代行职责的截止日期早于起始日期",
        "核对日期",
        "代行职责的截止日期不早于起始日期";
    DECIDED_IN_ORDER = "recusal.decided_in_order", [clause(9).paragraph(2)], at "decided",
        "上一级决定的日期早于申请日期，或者晚于录入日期",
        "核对日期",
        "上一级决定的日期在申请以后、录入以前";
    NOT_ONES_OWN = "recusal.not_ones_own", [clause(9).paragraph(2)], by RECUSAL_BY_HEAD, at "recusal",
        "本人的回避不能由本人决定",
        "由其他负责人决定",
        "决定人不是被决定回避的本人";
}

choice! {
    /// 回避决定.
    Decision {
        Granted = "granted", "予以回避";
        Refused = "refused", "驳回申请";
    }
}

choice! {
    /// 回避的关系 (art. 9 ¶1).
    Tie {
        Interest = "interest", "与案件有利害关系";
        Other = "other", "其他关系可能影响案件公正处理";
    }
}

form! {
    /// 自行回避. A handler or a head stands back of their own accord, and stops at once.
    Recuse / RecuseDraft {
        tie: Option<Tie> = "回避的关系";
        reason: LongText = "利害关系或者其他关系";
    }
}

impl Rule for Recuse {
    fn judge(draft: RecuseDraft, _: &At<'_>, _: &mut Check<'_>) -> Option<dossier::Event> {
        Some(super::Event::Recused(Self::complete(draft)?).into())
    }
}

form! {
    /// 申请回避. A party asks that a handler or a head stand back; the work goes on until it is decided.
    RequestRecusal / RequestRecusalDraft {
        party: PersonId = "申请人";
        handler: StaffId = "申请回避的办案人员", "也可以是承办部门负责人";
        tie: Option<Tie> = "回避的关系";
        reason: LongText = "理由";
    }
}

impl Rule for RequestRecusal {
    fn judge(
        draft: RequestRecusalDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let party =
            draft.party.as_ref().map(|id| at.dossier.general.parties().any(|(p, _)| p == *id));
        check.that(party, &BY_A_PARTY);
        let assigned = draft.handler.as_ref().map(|staff| {
            at.dossier.is_handler_on(staff, at.today()) || is_head(staff, at.dossier, at.setting)
        });
        check.that(assigned, &IS_A_HANDLER);
        Some(super::Event::RecusalRequested(Self::complete(draft)?).into())
    }
}

form! {
    /// 决定回避.
    DecideRecusal / DecideRecusalDraft {
        recusal: RecusalId = "回避申请";
        decision: Decision = "决定";
        reason: LongText = "理由";
        superior_paper: Option<Text> = "上一级决定的文号", "记录上一级来文的填写";
        decided: Option<Date> = "上一级决定的日期", "记录上一级来文的填写";
    }
}

impl Rule for DecideRecusal {
    fn judge(
        draft: DecideRecusalDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let mut open = at.dossier.general.recusals.iter().filter(|r| r.decision.is_none());
        let recusal = match &draft.recusal {
            Some(id) => open.find(|recusal| recusal.id == id.0),
            // Before one is chosen, it is asked whether there is one for this desk.
            None => open.clone().find(|r| decides(&r.staff, at)).or_else(|| open.next()),
        };
        check.that(recusal.is_some(), &IS_UNDECIDED);
        if let Some(recusal) = recusal {
            check.that(recusal.staff != *at.who(), &NOT_ONES_OWN);
            let itself = decides(&recusal.staff, at);
            if is_head(&recusal.staff, at.dossier, at.setting) {
                let on_paper = draft.superior_paper.as_ref().map(Option::is_some);
                check.that(if itself { Some(true) } else { on_paper }, &HEADS_BY_SUPERIOR);
            } else {
                check.that(itself, &HANDLERS_BY_DEPARTMENT);
            }
            let day = draft.decided.flatten();
            let in_order = day.map(|day| recusal.stamp.occurred <= day && day <= at.today());
            check.that(in_order, &DECIDED_IN_ORDER);
        }
        Some(super::Event::RecusalDecided(Self::complete(draft)?).into())
    }
}

/// 负责人. Whether somebody heads a department, as a deputy or for the time being too.
fn is_head(staff: &StaffId, dossier: &Dossier, setting: &Setting) -> bool {
    let serves = setting.directory.staff(staff).is_some_and(|staff| staff.is_head());
    serves || dossier.general.acts_as_head(staff, setting.today())
}

/// The next higher department; the national one is its own (reading 9-5), and one may be unknown here.
fn next_higher<'a>(owner: &'a DepartmentId, setting: &'a Setting) -> Option<&'a DepartmentId> {
    let directory = &setting.directory;
    let national = || directory.department(owner).is_some_and(|d| d.level == Level::National);
    let above = directory.superiors(owner).first().map(|next| &next.id);
    above.or_else(|| national().then_some(owner))
}

/// Whose decision a recusal is: for a head that of the next higher department, otherwise the owner's.
fn authority<'a>(
    staff: &StaffId,
    dossier: &'a Dossier,
    setting: &'a Setting,
) -> Option<&'a DepartmentId> {
    let owner = dossier.department()?;
    match is_head(staff, dossier, setting) {
        true => next_higher(owner, setting),
        false => Some(owner),
    }
}

/// Whether the decision is the actor's own, and not one that arrived on paper.
fn decides(staff: &StaffId, at: &At<'_>) -> bool {
    let desk = authority(staff, at.dossier, at.setting) == Some(at.desk());
    desk && is_head(at.who(), at.dossier, at.setting)
}

form! {
    /// 指定代行负责人职责的人员. Who acts in place of a head who stands back, where no deputy does.
    NameActingHead / NameActingHeadDraft {
        staff: StaffId = "代行职责的人员";
        from: Date = "自";
        until: Option<Date> = "至", "不定期限的不填";
        superior_paper: Option<Text> = "上一级指定的文号", "记录上一级来文的填写";
    }
}

impl Rule for NameActingHead {
    fn judge(
        draft: NameActingHeadDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let today = at.today();
        let recusals = &at.dossier.general.recusals;
        let mut heads = recusals.iter().filter(|r| is_head(&r.staff, at.dossier, at.setting));
        let back = heads.find(|r| at.dossier.general.stands_back(&r.staff, today));
        check.that(back.is_some(), &HEAD_STANDS_BACK);
        if back.is_some_and(|recusal| !decides(&recusal.staff, at)) {
            check.that(draft.superior_paper.as_ref().map(Option::is_some), &NAMED_BY_SUPERIOR);
        }
        let in_order = draft.from.zip(draft.until.flatten()).map(|(from, until)| from <= until);
        check.that(in_order, &TERM_IN_ORDER);
        let free = draft.staff.as_ref().map(|staff| {
            !at.dossier.is_handler_on(staff, today) && !at.dossier.general.stands_back(staff, today)
        });
        check.that(free, &ACTING_IS_FREE);
        Some(super::Event::ActingHeadNamed(Self::complete(draft)?).into())
    }
}

/// A recusal waits for its decision, a head's at the next higher department; and a case whose heads all stand back waits for somebody who acts.
pub(super) fn duties(dossier: &Dossier, setting: &Setting, duties: &mut Vec<Duty>) {
    let mut open = |name: &str, step, staff| {
        let desk = match authority(staff, dossier, setting) {
            Some(decider) if dossier.department() != Some(decider) => {
                Desk::Department(decider.clone())
            }
            _ => Desk::Owner,
        };
        let (name, basis) = (name.to_owned(), clause(9).paragraph(2));
        duties.push(Duty { name, basis, due: None, step, desk });
    };
    for recusal in dossier.general.recusals.iter().filter(|recusal| recusal.decision.is_none()) {
        open("回避申请待决定", DECIDE_RECUSAL.id, &recusal.staff);
    }
    let Some(owner) = dossier.department() else { return };
    let staff = setting.directory.staff_of(owner).map(|staff| &staff.id);
    let heads: Vec<_> = staff.filter(|staff| is_head(staff, dossier, setting)).collect();
    let all_stand_back =
        heads.iter().all(|head| dossier.general.stands_back(head, setting.today()));
    if let Some(head) = heads.first().filter(|_| all_stand_back) {
        open("负责人均已回避，待指定代行职责的人员", NAME_ACTING_HEAD.id, head);
    }
}

/// 回避. One recusal, of one's own accord or at a party's request.
#[derive(Clone, Debug)]
pub struct Recusal {
    /// Number within the dossier.
    pub id: u32,
    /// Whose.
    pub staff: StaffId,
    /// The party who asked for it; nobody where the handler stands back of their own accord.
    pub party: Option<PersonId>,
    /// 理由.
    pub reason: LongText,
    /// Who entered it and when.
    pub stamp: Stamp,
    /// The decision, and who made it when.
    pub decision: Option<(DecideRecusal, Stamp)>,
}

/// Who recuses themself stands back at once, and comes back on the day on which that is refused; at a party's request, only when it is granted (reading 9-2).
pub(super) fn stands_back(recusals: &[Recusal], staff: &StaffId, on: Date) -> bool {
    recusals.iter().filter(|recusal| recusal.staff == *staff).any(|recusal| {
        let of_own_accord = |on: Date| recusal.party.is_none() && recusal.stamp.occurred <= on;
        match &recusal.decision {
            Some((form, stamp)) => {
                // The day above is that of a paper from above; without one, it was decided here.
                let above = form.superior_paper.as_ref().and(form.decided);
                let decided = above.unwrap_or(stamp.occurred) <= on;
                match form.decision {
                    Decision::Granted => decided || of_own_accord(on),
                    Decision::Refused => !decided && of_own_accord(on),
                }
            }
            None => of_own_accord(on),
        }
    })
}

pub(super) fn recuse(recusals: &mut Vec<Recusal>, form: &Recuse, stamp: Stamp) {
    let id = recusals.len() as u32 + 1;
    let (staff, reason) = (stamp.by.clone(), form.reason.clone());
    recusals.push(Recusal { id, staff, party: None, reason, stamp, decision: None });
}

pub(super) fn request(recusals: &mut Vec<Recusal>, form: &RequestRecusal, stamp: Stamp) {
    let id = recusals.len() as u32 + 1;
    let (staff, reason) = (form.handler.clone(), form.reason.clone());
    recusals.push(Recusal {
        id,
        staff,
        party: Some(form.party.clone()),
        reason,
        stamp,
        decision: None,
    });
}

pub(super) fn decide(recusals: &mut [Recusal], form: &DecideRecusal, stamp: Stamp) {
    if let Some(recusal) = recusals.iter_mut().find(|recusal| recusal.id == form.recusal.0) {
        recusal.decision = Some((form.clone(), stamp));
    }
}
