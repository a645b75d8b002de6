//! 第六章: what follows from an investigation for the persons, for the units, and for the case itself.
//!
//! Deliberately absent: whether that suffices for closing, which `closing` says.

use std::collections::BTreeSet;

use super::{
    Demand, Row, Says, Scene, Told,
    collecting::{FILED, in_order, is_party, never_yet, not_before, number, points_at},
    common::{handler, head},
    demand,
    questions::nth,
    text,
};

/// What the chapter adds to the table.
pub static ROWS: &[Row] = &[
    Row {
        step: "propose_handling",
        who: handler,
        demands: &[
            demand(&[51], |s| match s.done("end_fact_finding").next_back() {
                None => Says::No,
                Some(end) => in_order(Some(end.happened), s.happened()),
            }),
            demand(&[51], |s| {
                let leak = s.done("find_leak").next_back();
                let responsible = leak.map(|leak| leak.answers("responsible")).unwrap_or_default();
                s.answers("persons").iter().all(|person| responsible.contains(person)).into()
            }),
        ],
    },
    Row {
        step: "record_outcome",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "proposal", "propose_handling")),
            demand(&[51], |s| {
                let proposal = meant(s, "proposal", "propose_handling");
                only_about(s, proposal.map(|told| told.answers("persons")))
            }),
            PASSED_ON,
            PASSED_ON_IN_ORDER,
        ],
    },
    Row {
        step: "propose_correction",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "proposal", "propose_handling")),
            demand(&[51], |s| {
                let proposal = meant(s, "proposal", "propose_handling");
                let proposed = proposal.map(|told| told.answers("persons"));
                let persons = s.answers("persons");
                let proposed = proposed.filter(|_| !persons.is_empty());
                proposed
                    .map(|proposed| persons.iter().all(|person| proposed.contains(person)))
                    .into()
            }),
            demand(&[51], told_or_silent).by("51-2"),
        ],
    },
    Row {
        step: "answer_correction",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "correction", "propose_correction")),
            demand(&[51], |s| never_yet(s, "correction", &["answer_correction"])),
            // 已经纠正: everybody of whom it was asked.
            demand(&[51], |s| {
                let correction = meant(s, "correction", "propose_correction");
                let (Some(correction), Some(answer)) = (correction, s.answer("answer")) else {
                    return Says::Unasked;
                };
                let rows = s.rows("outcomes");
                let told: Vec<_> = rows.iter().filter_map(|row| text(row, "person")).collect();
                let asked = correction.answers("persons");
                (answer != "corrected" || asked.iter().all(|who| told.contains(who))).into()
            }),
            demand(&[51], |s| {
                let correction = meant(s, "correction", "propose_correction");
                only_about(s, correction.map(|told| told.answers("persons")))
            }),
            PASSED_ON,
            PASSED_ON_IN_ORDER,
        ],
    },
    Row {
        step: "request_dealing",
        who: handler,
        demands: &[
            demand(&[51], |s| {
                let Some(correction) = number(s, "correction") else {
                    // Where nobody refused anything there is nothing to choose.
                    return if refused(s).is_empty() { Says::No } else { Says::Unasked };
                };
                match refusal(s, correction) {
                    None => Says::No,
                    Some(refused) => in_order(Some(refused.happened), s.happened()),
                }
            }),
            demand(&[51], |s| {
                let corrections = match meant(s, "correction", "propose_correction") {
                    Some(correction) => vec![correction],
                    None => refused(s),
                };
                let proposals = corrections.iter().filter_map(|told| proposed_by(s, told));
                let units: BTreeSet<&str> =
                    proposals.filter_map(|told| told.answer("unit")).collect();
                let of_unit = |who: &&str| {
                    s.person(who).and_then(|who| who.unit).is_some_and(|unit| units.contains(unit))
                };
                s.answers("persons").iter().all(of_unit).into()
            }),
        ],
    },
    Row {
        step: "record_dealing",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "request", "request_dealing")),
            demand(&[51], |s| never_yet(s, "request", &["record_dealing"])),
            demand(&[51], |s| {
                let request = meant(s, "request", "request_dealing");
                let persons = request.map(|request| {
                    let corrections: Vec<&Told> = s.done("propose_correction").collect();
                    let correction =
                        request.answer("correction").and_then(|n| nth(&corrections, n));
                    let mut persons = request.answers("persons");
                    persons
                        .extend(correction.map(|told| told.answers("persons")).unwrap_or_default());
                    persons
                });
                only_about(s, persons)
            }),
            PASSED_ON,
            PASSED_ON_IN_ORDER,
        ],
    },
    Row {
        step: "urge_rectification",
        who: handler,
        demands: &[FILED, demand(&[52], |s| in_order(s.happened(), s.date("due")))],
    },
    Row {
        step: "report_rectification",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "rectification", "urge_rectification")),
            demand(&[52], |s| never_yet(s, "rectification", &["report_rectification"])),
        ],
    },
    Row {
        step: "recheck_rectification",
        who: handler,
        demands: &[demand(&[52], |s| {
            let Some(urged) = number(s, "rectification") else { return Says::Unasked };
            let mut reports = s.done("report_rectification");
            match reports.find(|told| points_at(told, "rectification", urged)) {
                None => Says::No,
                Some(report) => in_order(Some(report.happened), s.happened()),
            }
        })],
    },
    Row {
        step: "suspect_crime",
        who: handler,
        demands: &[
            FILED,
            demand(&[50], |s| s.answers("persons").iter().all(|who| is_party(s, who)).into()),
        ],
    },
    Row {
        step: "refer_crime",
        who: handler,
        demands: &[
            FILED,
            // 认为涉嫌构成犯罪的: by the day on which they are referred.
            demand(&[50], |s| {
                let day = s.happened().unwrap_or(s.today());
                let suspected: BTreeSet<&str> = s
                    .done("suspect_crime")
                    .filter(|told| told.happened <= day)
                    .flat_map(|told| told.answers("persons"))
                    .collect();
                s.answers("persons").iter().all(|person| suspected.contains(person)).into()
            }),
            demand(&[50], |s| (!s.answers("materials").is_empty()).into()),
        ],
    },
    Row {
        step: "answer_referral",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "referral", "refer_crime")),
            // Who took the case may decide it later; what was decided or sent back has its answer.
            demand(&[50], |s| {
                let Some(referral) = number(s, "referral") else { return Says::Unasked };
                let replies = s.done("answer_referral");
                let mut replies = replies.filter(|told| points_at(told, "referral", referral));
                replies.all(|told| told.answer("reply") == Some("taken")).into()
            }),
        ],
    },
    Row {
        step: "submit_cancellation",
        who: handler,
        demands: &[
            FILED,
            demand(&[49], |s| (!s.has("find_leak")).into()),
            demand(&[], |s| s.waiting("submit_cancellation").is_none().into()),
        ],
    },
    Row {
        step: "notify_cancellation",
        // 保密行政管理部门 tells the units: where nobody handles the case any more, its head.
        who: |s| handler(s) || head(s),
        demands: &[demand(&[49], |s| match s.approved("submit_cancellation").last() {
            None => Says::No,
            Some((_, approval)) => in_order(Some(approval.happened), s.happened()),
        })],
    },
];

/// The act of a step to which a field points.
fn meant<'a>(s: Scene<'a>, field: &str, step: &'static str) -> Option<&'a Told> {
    let done: Vec<&Told> = s.done(step).collect();
    s.answer(field).and_then(|number| nth(&done, number)).copied()
}

/// Whether results are told only of those of whom they were asked.
fn only_about(s: Scene<'_>, asked: Option<Vec<&str>>) -> Says {
    let Some(asked) = asked else { return Says::Unasked };
    let rows = s.rows("outcomes");
    let mut persons = rows.iter().filter_map(|row| text(row, "person"));
    persons.all(|person| asked.contains(&person)).into()
}

/// 同级保密行政管理部门: where another department is told, it passes the result on.
const PASSED_ON: Demand = demand(&[51], |s| {
    let elsewhere = s.answer("told_to").is_some_and(|told_to| s.owner() != Some(told_to));
    (!elsewhere || s.answer("passed_on").is_some()).into()
})
.by("51-1");

/// A result is passed on after it was told, and before it can be recorded here.
const PASSED_ON_IN_ORDER: Demand = demand(&[51], |s| {
    let Some(passed_on) = s.date("passed_on") else { return Says::Unasked };
    s.happened().map(|day| day <= passed_on && passed_on <= s.today()).into()
});

/// The proposal on which a correction was asked for.
fn proposed_by<'a>(s: Scene<'a>, correction: &Told) -> Option<&'a Told> {
    let proposals: Vec<&Told> = s.done("propose_handling").collect();
    correction.answer("proposal").and_then(|number| nth(&proposals, number)).copied()
}

/// 拒不纠正: the answer that refuses a correction.
fn refusal<'a>(s: Scene<'a>, correction: usize) -> Option<&'a Told> {
    let answers = s.done("answer_correction");
    let mut answers = answers.filter(|told| points_at(told, "correction", correction));
    answers.next_back().filter(|told| told.answer("answer") == Some("refused"))
}

/// The corrections that were refused.
fn refused<'a>(s: Scene<'a>) -> Vec<&'a Told> {
    let corrections = (1..).zip(s.done("propose_correction"));
    corrections.filter(|(number, _)| refusal(s, *number).is_some()).map(|(_, told)| told).collect()
}

/// 不依法给予处分: of each person a result was told, or none was told by the day that was set.
fn told_or_silent(s: Scene<'_>) -> Says {
    let persons = s.answers("persons");
    let Some(proposal) = number(s, "proposal") else { return Says::Unasked };
    let day = s.happened().unwrap_or(s.today());
    let overdue = meant(s, "proposal", "propose_handling")
        .and_then(|told| told.date("reply_by"))
        .is_some_and(|reply_by| day > reply_by);
    let told = |person: &&str| {
        s.done("record_outcome").any(|told| {
            let rows = told.rows("outcomes");
            let named = rows.iter().any(|row| text(row, "person") == Some(person));
            named && told.happened <= day && points_at(told, "proposal", proposal)
        })
    };
    (!persons.is_empty()).then(|| overdue || persons.iter().all(told)).into()
}
