//! 回避. Who has an interest in the case stands back from it (art. 9), as far as handlers are concerned.

use jiff::civil::Date;

use crate::{
    check::{Check, refusals},
    dossier::{self, At, Stamp},
    law::clause,
    step::{Form, Relation, Rule, Step, form},
    value::{LongText, PersonId, RecusalId, StaffId, Text, choice},
};

/// 自行回避.
pub const RECUSE: Step =
    Step::of::<Recuse>("recuse", "自行回避", &[clause(9).paragraph(1)], &[Relation::Handler])
        .decision()
        .warning("提出后即停止办理本案，由负责人作出决定");

/// 申请回避.
pub const REQUEST_RECUSAL: Step = Step::of::<RequestRecusal>(
    "request_recusal",
    "记录当事人的回避申请",
    &[clause(9).paragraph(1)],
    &[Relation::Handler, Relation::Clerk, Relation::Head],
)
.on_day("申请日期");

/// 决定回避.
pub const DECIDE_RECUSAL: Step = Step::of::<DecideRecusal>(
    "decide_recusal",
    "决定回避",
    &[clause(9).paragraph(2)],
    &[Relation::Head],
)
.decision();

refusals! {
    NAMED_ONCE = "general.named_once", [clause(27).item(1)], at "name",
        "已登记过同名的人员",
        "确系不同的人，在姓名后加以区别",
        "没有登记过同名的人员";
    IS_A_HANDLER = "recusal.is_a_handler", [clause(9).paragraph(1)], at "handler",
        "申请回避的对象不是本案办案人员",
        "选择本案办案人员",
        "申请回避的对象是本案办案人员";
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
        "报请上一级保密行政管理部门决定，填写其决定的文号",
        "负责人的回避有上一级保密行政管理部门的决定";
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

form! {
    /// 自行回避. A handler stands back of their own accord, and stops at once.
    Recuse / RecuseDraft {
        reason: LongText = "利害关系或者其他关系";
    }
}

impl Rule for Recuse {
    fn judge(draft: RecuseDraft, _: &At<'_>, _: &mut Check<'_>) -> Option<dossier::Event> {
        Some(super::Event::Recused(Self::complete(draft)?).into())
    }
}

form! {
    /// 申请回避. A party asks that a handler stand back; the work goes on until it is decided.
    RequestRecusal / RequestRecusalDraft {
        party: PersonId = "申请人";
        handler: StaffId = "申请回避的办案人员";
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
        let assigned =
            draft.handler.as_ref().map(|staff| at.dossier.is_handler_on(staff, at.today()));
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
        superior_paper: Option<Text> = "上一级决定的文号", "负责人（含副职）回避的填写";
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
            None => open.next(),
        };
        check.that(recusal.is_some(), &IS_UNDECIDED);
        check.that(recusal.is_none_or(|recusal| recusal.staff != *at.who()), &NOT_ONES_OWN);
        let staff = recusal.and_then(|recusal| at.setting.directory.staff(&recusal.staff));
        let is_head = staff.is_some_and(|staff| staff.is_head());
        let decided = draft.superior_paper.as_ref().map(Option::is_some);
        check.that(decided.map(|decided| !is_head || decided), &HEADS_BY_SUPERIOR);
        Some(super::Event::RecusalDecided(Self::complete(draft)?).into())
    }
}

/// 回避. One recusal, of a handler's own accord or at a party's request.
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

/// Who recuses themself stands back at once, and comes back only if that is refused; at a party's request, only when it is granted (reading 9-2).
pub(super) fn stands_back(recusals: &[Recusal], staff: &StaffId, on: Date) -> bool {
    recusals.iter().filter(|recusal| recusal.staff == *staff).any(|recusal| {
        match &recusal.decision {
            Some((form, stamp)) => match form.decision {
                Decision::Granted if recusal.party.is_none() => recusal.stamp.occurred <= on,
                Decision::Granted => stamp.occurred <= on,
                Decision::Refused => false,
            },
            None => recusal.party.is_none() && recusal.stamp.occurred <= on,
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
