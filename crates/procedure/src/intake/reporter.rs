//! 为举报人保密. Who may read the sealed identity of a reporter (art. 24 paragraph 1, reading 24-1).
//!
//! The core never sees the identity; it says who may have the office open it.

use crate::{
    check::{Check, refusals},
    dossier::{self, At, Dossier},
    law::clause,
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    value::{LongText, SealedId, StaffId},
};
use jiff::civil::Date;

use super::leads::LeadId;

/// 授权查阅举报人信息.
pub const GRANT: Step = Step::of::<Grant>(
    "grant_reporter",
    "授权查阅举报人信息",
    &[clause(24).paragraph(1)],
    &[Relation::Head],
)
.decision();

refusals! {
    SOMETHING_SEALED = "reporter.something_sealed", [clause(24).paragraph(1)], at "lead",
        "该线索没有密封的举报人信息",
        "选择有举报人信息的线索",
        "该线索有密封的举报人信息";
    GRANTED_FOR_A_TIME = "reporter.granted_for_a_time", [clause(24).paragraph(1)], by SEALED_READERS, at "until",
        "授权截止日期早于今日",
        "填写今日以后的日期",
        "授权有截止日期";
    READER_SERVES_HERE = "reporter.reader_serves_here", [clause(24).paragraph(1)], by SEALED_READERS, at "staff",
        "被授权的人员不在承办部门任职，或者已经回避",
        "选择承办部门的人员",
        "被授权的人员在承办部门任职且没有回避";
}

form! {
    /// 授权查阅举报人信息. A head lets somebody read it, for a reason and a time.
    Grant / GrantDraft {
        lead: LeadId = "线索";
        staff: StaffId = "授权查阅的人员";
        reason: LongText = "理由";
        until: Date = "截止日期";
    }
}

impl Rule for Grant {
    fn judge(draft: GrantDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let leads = &at.dossier.intake.leads;
        let lead = draft.lead.as_ref().map(|id| leads.get(id.index()));
        let sealed = lead.map(|lead| lead.is_some_and(|lead| lead.form.reporter.is_some()));
        check.that(sealed, &SOMETHING_SEALED);
        check.that(draft.until.map(|until| until >= at.today()), &GRANTED_FOR_A_TIME);
        let serves = draft.staff.as_ref().map(|staff| serves(at.dossier, at.setting, staff));
        check.that(serves, &READER_SERVES_HERE);
        Some(super::Event::ReporterGranted(Self::complete(draft)?).into())
    }
}

/// Whether somebody serves in the department that owns the dossier, and does not stand back.
fn serves(dossier: &Dossier, setting: &Setting, who: &StaffId) -> bool {
    let staff = setting.directory.staff(who).filter(|staff| !staff.roles.is_empty());
    let ours = staff.is_some_and(|staff| Some(&staff.department) == dossier.department());
    ours && !dossier.general.stands_back(who, setting.today())
}

/// The leads whose sealed reporter somebody may read: the clerk who registered it, those granted it, and after a transfer those whom the sender named.
pub fn readable<'a>(
    dossier: &'a Dossier,
    setting: &'a Setting,
    who: &'a StaffId,
) -> impl Iterator<Item = (LeadId, &'a SealedId)> {
    let named = dossier.jurisdiction.sealed_readers().contains(who);
    let leads = dossier.intake.leads.iter().zip(1..).filter(move |(lead, id)| {
        let granted = dossier.intake.grants.iter().any(|(grant, _)| {
            grant.lead == LeadId(*id) && grant.staff == *who && setting.today() <= grant.until
        });
        // Who registered it for another department serves no longer where the dossier is.
        serves(dossier, setting, who) && (lead.stamp.by == *who || granted || named)
    });
    leads.filter_map(|(lead, id)| Some((LeadId(id), lead.form.reporter.as_ref()?)))
}
