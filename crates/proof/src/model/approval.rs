//! 第三十一条等: what waits for a head, and what a head may say to it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use procedure::{step::OCCURRED, value::Answers};

use super::{
    Attempt, Demand, Row, Says, Scene, Told,
    closing::{case_ends, closing_lacks},
    common::head,
    demand,
    filing::{found_about, review_ends},
    intake::not,
    jurisdiction::against,
    questions::Submission,
    row,
};

/// What the chapter adds to the table.
pub static ROWS: &[Row] = &[
    Row { step: "approve", who: head, demands: APPROVE },
    Row { step: "return", who: head, demands: &[] },
];

const APPROVE: &[Demand] = &[
    // 审批人不是本案办案人员.
    demand(&[31], |s| about(s, OWN_WORK, |told| (!judges_own_work(s, told)).into())).by("31-1"),
    demand(&[31], |s| about(s, ON_THE_LEAD, |told| is_unchanged(s, told, on_the_lead).into())),
    demand(&[31], |s| about(s, CLOSING, |told| is_unchanged(s, told, on_the_case).into())),
    // What was submitted must still be so.
    demand(&[25], |s| about(s, &["submit_not_handled"], |told| again(s, told, &[25]))),
    demand(&[29], |s| about(s, &["submit_not_handled"], |told| again(s, told, &[29]))),
    demand(&[49], |s| about(s, &["submit_cancellation"], |told| again(s, told, &[49]))),
    demand(&[31], |s| about(s, FILING, |_| s.filed().is_none().into())),
    demand(&[29], |s| about(s, FILING, |told| found_about(s, told.answer("part"), "leak"))),
    demand(&[29], |s| {
        about(s, FILING, |told| not(found_about(s, told.answer("part"), "criminal")))
    }),
    demand(&[11, 29], |s| about(s, FILING, |_| is_competent(s, 11).into())),
    demand(&[12, 29], |s| about(s, FILING, |_| is_competent(s, 12).into())),
    demand(&[13, 29], |s| about(s, FILING, |_| is_competent(s, 13).into())),
    demand(&[14, 29], |s| about(s, FILING, |_| is_competent(s, 14).into())),
    demand(&[15, 29], |s| about(s, FILING, |_| is_competent(s, 15).into())),
    // 至呈报初查情况报告之日止: there is nothing left to extend.
    demand(&[30], |s| about(s, &["submit_review_extension"], |_| s.reported().is_none().into())),
    demand(&[30], |s| {
        about(s, &["submit_review_extension"], |_| {
            review_ends(s).map(|(_, latest)| s.today() <= latest).into()
        })
    })
    .by("30-2"),
    demand(&[55], |s| {
        about(s, &["submit_handling_extension"], |_| {
            case_ends(s).map(|(_, latest)| s.today() <= latest).into()
        })
    })
    .by("30-2"),
    demand(&[53], |s| about(s, CLOSING, |_| closing_lacks(s).is_empty().into())),
    demand(&[9], |s| {
        about(s, CLOSING, |_| s.recusals().iter().all(|recusal| recusal.decided.is_some()).into())
    })
    .by("9-3"),
    demand(&[45], |s| about(s, CLOSING, |_| super::closing::all_released(s).into())).by("45-5"),
];

const FILING: &[&str] = &["submit_filing"];
const CLOSING: &[&str] = &["submit_closing"];

/// What nobody approves of their own.
const OWN_WORK: &[&str] =
    &["submit_filing", "submit_cancellation", "submit_closing", "submit_not_handled"];

/// What is submitted with the lead and what was found about it.
const ON_THE_LEAD: &[&str] = &["submit_filing", "submit_not_handled"];

/// What is demanded only where the matter is one of these: the one that is named or, where none is, the only one that waits.
fn about(s: Scene<'_>, steps: &[&str], met: impl Fn(&Told) -> Says) -> Says {
    let named = s.answer("submission");
    let waiting: Vec<_> = s.submissions().into_iter().filter(Submission::waits).collect();
    let meant = match (named, waiting.as_slice()) {
        (Some(named), all) => all.iter().find(|one| one.number.to_string() == named),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let meant = meant.filter(|one| steps.contains(&one.told.step));
    meant.map_or(Says::Unasked, |one| met(one.told))
}

/// Whether who decides handles the dossier or put the matter forward, though another head could decide.
fn judges_own_work(s: Scene<'_>, submitted: &Told) -> bool {
    let me = s.attempt.who.as_str();
    let day = s.today();
    let others = s.staff_of(s.owner().unwrap_or_default());
    let free = |who: &&str| {
        *who != me
            && (s.is_chief(who) || s.acts_as_head(who, day))
            && !s.stands_back(who, day)
            && !s.handles(who, day)
    };
    (s.handles(me, day) || submitted.by == me) && others.iter().any(free)
}

/// What the demands of the submission, with these articles, come to now.
fn again(s: Scene<'_>, submitted: &Told, articles: &[u8]) -> Says {
    let attempt = Attempt { answers: submitted.answers.clone(), ..s.attempt.clone() };
    let then = Scene { attempt: &attempt, ..s };
    let demands = row(submitted.step).map(|row| row.demands).unwrap_or_default();
    let meant = demands.iter().filter(|demand| demand.articles == articles);
    meant.map(|demand| (demand.met)(then)).max().unwrap_or(Says::Unasked)
}

/// What something rests on, as it stood when an entry was made.
type Foundation = BTreeMap<String, (Option<Date>, Answers)>;

/// Whether what was submitted still rests on what it rested on then.
fn is_unchanged<'a>(
    s: Scene<'a>,
    submitted: &Told,
    rests_on: fn(Scene<'a>, u64) -> Foundation,
) -> bool {
    rests_on(s, submitted.number) == rests_on(s, u64::MAX)
}

/// 泄露国家秘密的事实、处理结果、移送和整改情况: of what is found anew only the last.
fn on_the_case(s: Scene<'_>, number: u64) -> Foundation {
    let mut all = BTreeMap::new();
    for told in s.story.before(number).told {
        let which = match told.step {
            "find_leak" => told.step.to_owned(),
            "find_fact" => format!("fact {}", told.answer("content").unwrap_or_default()),
            "record_outcome"
            | "answer_correction"
            | "record_dealing"
            | "refer_crime"
            | "report_rectification" => told.number.to_string(),
            _ => continue,
        };
        all.insert(which, (None, without_the_day(told.as_of(number).1)));
    }
    all
}

fn without_the_day(answers: &Answers) -> Answers {
    let mut answers = answers.clone();
    answers.remove(OCCURRED);
    answers
}

/// 案件线索材料、初查情况报告, and what they rest on, as they stood when an entry was made: of what is told anew only the last.
fn on_the_lead(s: Scene<'_>, number: u64) -> Foundation {
    let mut all = BTreeMap::new();
    for told in s.story.before(number).told {
        let which = match told.step {
            "register" | "add_lead" | "taken_in" | "split_off" => told.number.to_string(),
            "verify_lead" | "report_review" => told.step.to_owned(),
            "answer_review" => format!("answer {}", told.answer("part").unwrap_or_default()),
            _ => continue,
        };
        let (day, answers) = told.as_of(number);
        // On which day something was found out is not what was found.
        let received = matches!(told.step, "register" | "add_lead").then_some(day);
        all.insert(which, (received, without_the_day(answers)));
    }
    all
}

/// Whether the department that has it is not kept from it by this article.
pub fn is_competent(s: Scene<'_>, article: u8) -> bool {
    !against(s).contains(&article)
}
