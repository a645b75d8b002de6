//! 调查权限. From when on acts of investigation may be done, and by how many: in a case (arts. 33, 35), and in a review with the same safeguards (reading 27-3).

use jiff::civil::Date;

use super::HANDLERS_APPOINTED;
use crate::{
    check::{Check, Refusal, refusals},
    dossier::{At, Dossier},
    law::clause,
    limit,
    value::StaffId,
};

refusals! {
    UNDER_WAY = "powers.under_way", [clause(27), clause(33).paragraph(1)], by POWERS_IN_REVIEW,
        "当日既没有进行初查，也没有立案",
        "由负责人进行初查并指派初查人员，或者立案后办理",
        "当日已经进行初查或者已经立案";
    TWO_REVIEWERS = "powers.two_reviewers", [clause(27)], by REVIEW_BY_TWO, at "handlers",
        "初查中办理的人员少于2人",
        "由2名以上初查人员办理；已经进行的，如实记录",
        "初查中办理的人员不少于2人";
}

/// The act must fall into the review or into the case; after filing, handlers must be appointed.
pub(crate) fn must_be_under_way(at: &At<'_>, check: &mut Check<'_>) {
    let day = at.occurred.unwrap_or(at.today());
    let reviewed = at.dossier.filing.reviewers.iter().any(|reviewer| reviewer.since <= day);
    let under_way = reviewed || is_filed_by(at.dossier, day);
    check.that(under_way, &UNDER_WAY);
    // On the day of filing itself the reviewers may still have acted.
    if at.dossier.filing.case.as_ref().is_some_and(|case| case.stamp.occurred < day) {
        check.that(at.dossier.investigation.is_appointed_on(day), &HANDLERS_APPOINTED);
    }
}

/// Two or more act together: in a case by `in_case`, before it by the reading that a review is done by two.
pub(crate) fn must_be_two(
    handlers: Option<&[StaffId]>,
    day: Option<Date>,
    in_case: &'static Refusal,
    at: &At<'_>,
    check: &mut Check<'_>,
) {
    let distinct = handlers.map(|h| h.iter().collect::<std::collections::BTreeSet<_>>().len());
    let enough = distinct.map(|count| count >= limit::MIN_HANDLERS);
    let filed = is_filed_by(at.dossier, day.unwrap_or(at.today()));
    check.conduct(enough, if filed { in_case } else { &TWO_REVIEWERS });
}

/// Everybody who acts is assigned on that day and does not stand back.
pub(crate) fn must_be_assigned(
    handlers: Option<&[StaffId]>,
    day: Option<Date>,
    refusal: &'static Refusal,
    at: &At<'_>,
    check: &mut Check<'_>,
) {
    let assigned = handlers.zip(day).map(|(handlers, day)| {
        handlers.iter().all(|staff| at.dossier.is_investigator_on(staff, day))
    });
    check.conduct(assigned, refusal);
}

/// Whether the case was filed on this day or before.
pub(crate) fn is_filed_by(dossier: &Dossier, day: Date) -> bool {
    dossier.filing.case.as_ref().is_some_and(|case| case.stamp.occurred <= day)
}
