//! 解除指派. A handler leaves a dossier, and two remain (art. 33).

use std::collections::BTreeSet;

use crate::{
    check::{Check, refusals},
    dossier::{self, At, Dossier},
    intake,
    law::clause,
    limit,
    step::{Form, Relation, Rule, Step, form},
    value::{LongText, Several, StaffId},
};
use jiff::civil::Date;

/// 解除办案人员的指派.
pub const RELEASE_HANDLERS: Step = Step::of::<ReleaseHandlers>(
    "release_handlers",
    "解除办案人员的指派",
    &[clause(33).paragraph(1)],
    &[Relation::Head],
)
.decision()
.warning("解除后即不再办理本案，也不能查阅卷宗");

refusals! {
    IS_ASSIGNED = "release.is_assigned", [clause(33).paragraph(1)], at "handlers",
        "解除指派的人员现在不是本案办案人员",
        "选择本案办案人员",
        "解除指派的人员是本案办案人员";
    TWO_REMAIN = "release.two_remain", [clause(33).paragraph(1)], at "handlers",
        "解除后办案人员少于2名",
        "先指派接替的办案人员",
        "解除后办案人员不少于2名";
}

form! {
    /// 解除办案人员的指派. From the day of the release they are no longer handlers.
    ReleaseHandlers / ReleaseHandlersDraft {
        handlers: Several<StaffId> = "解除指派的办案人员";
        reason: LongText = "解除的理由";
    }
}

impl Rule for ReleaseHandlers {
    fn judge(
        draft: ReleaseHandlersDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let assigned = at.dossier.assigned_on(at.today());
        let released = draft.handlers.as_deref();
        let known = released.map(|released| released.iter().all(|s| assigned.contains(&s)));
        check.that(known, &IS_ASSIGNED);
        let enough = released.map(|released| {
            let released: BTreeSet<_> = released.iter().collect();
            let remaining = assigned.iter().filter(|staff| !released.contains(**staff));
            let able = remaining.filter(|s| !at.dossier.general.stands_back(s, at.today()));
            able.count() >= limit::MIN_HANDLERS
        });
        // The review by two is a reading that a department may switch off.
        let refusal = match at.dossier.filing.case {
            Some(_) => &TWO_REMAIN,
            None => &intake::TWO_REVIEWERS,
        };
        check.that(enough, refusal);
        Some(super::Event::HandlersReleased(Self::complete(draft)?).into())
    }
}

pub(super) fn release(dossier: &mut Dossier, form: &ReleaseHandlers, on: Date) {
    let assigned = dossier.investigation.handlers.iter_mut().chain(&mut dossier.filing.reviewers);
    for assignment in assigned.filter(|a| a.until.is_none()) {
        if form.handlers.contains(&assignment.staff) {
            assignment.until = Some(on);
        }
    }
}
