//! 施行前接到的线索. Received before the regulation was in force and still open: entered with a note, its limits start where a head sets them (art. 64, reading 64-1).

use super::RegisterDraft;
use crate::{
    act::IN_FORCE,
    check::{Check, refusals},
    deadline::{Desk, Duty},
    dossier::{self, At, Dossier},
    law::clause,
    step::{Form, Relation, Rule, Step, form},
    value::LongText,
};
use jiff::civil::Date;

/// 确定期限起算日.
pub const SET_START: Step =
    Step::of::<SetStart>("set_start", "确定期限起算日", &[clause(64)], &[Relation::Head])
        .decision();

refusals! {
    EARLIER_IS_BEFORE = "earlier.is_before", [clause(64)], at "earlier",
        "施行前接到线索日期不在2018年1月1日以前",
        "施行以后接到的，只填写接到线索日期",
        "施行前接到线索日期在2018年1月1日以前";
    NOTE_NEEDED = "earlier.note_needed", [clause(64)], by EARLIER_LEAD, at "note",
        "施行前接到的线索没有注明办理情况",
        "填写施行前办理情况说明",
        "施行前接到的线索注明了办理情况";
    EARLIER_LEAD_ONLY = "earlier.lead_only", [clause(64)], by EARLIER_LEAD,
        "本卷宗的线索不是施行前接到的",
        "时限自接到线索之日起计算",
        "本卷宗有施行前接到的线索";
    STARTS_IN_FORCE = "earlier.starts_in_force", [clause(64)], at "start",
        "起算日早于本办法施行之日，或者晚于今日",
        "填写2018年1月1日以后、今日以前的日期",
        "起算日在本办法施行以后，不晚于今日";
}

/// What a lead received before the regulation was in force needs.
pub(super) fn judge(draft: &RegisterDraft, check: &mut Check<'_>) {
    let Some(Some(earlier)) = draft.earlier else { return };
    check.that(earlier < IN_FORCE, &EARLIER_IS_BEFORE);
    check.that(draft.note.as_ref().map(Option::is_some), &NOTE_NEEDED);
}

form! {
    /// 确定期限起算日. From which day the limits of an earlier lead run.
    SetStart / SetStartDraft {
        start: Date = "起算日";
        reason: LongText = "理由";
    }
}

impl Rule for SetStart {
    fn judge(draft: SetStartDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        check.that(is_earlier(at.dossier), &EARLIER_LEAD_ONLY);
        let fits = draft.start.map(|start| (IN_FORCE..=at.today()).contains(&start));
        check.that(fits, &STARTS_IN_FORCE);
        Some(super::Event::StartSet(Self::complete(draft)?).into())
    }
}

/// Whether a lead of the dossier was received before the regulation was in force.
fn is_earlier(dossier: &Dossier) -> bool {
    dossier.intake.leads.iter().any(|lead| lead.form.earlier.is_some())
}

/// The day from which the limits of the review run, as far as there is one.
pub(crate) fn start(dossier: &Dossier) -> Option<Date> {
    if is_earlier(dossier) {
        return dossier.intake.start.as_ref().map(|(form, _)| form.start);
    }
    dossier.intake.received()
}

/// A head has still to set the start.
pub(super) fn duties(dossier: &Dossier, duties: &mut Vec<Duty>) {
    if is_earlier(dossier) && dossier.intake.start.is_none() && !dossier.has_ended() {
        duties.push(Duty {
            name: "施行前接到的线索待确定期限起算日".to_owned(),
            basis: clause(64),
            due: None,
            step: SET_START.id,
            desk: Desk::Owner,
        });
    }
}
