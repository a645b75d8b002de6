//! 第七章: containment that is not needed, the limit of the case, its closing report.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use procedure::directory::Level;

use super::{
    Row, Says, Scene, Told,
    common::{handler, next_higher},
    counting::{months_after, moved},
    demand,
    evidence::is_usable,
    handling::{all_is_appraised, all_is_found, every_party_was_heard, every_plea_is_verified},
    intake::is_contained,
    questions::nth,
    text,
};

/// What the chapter adds to the table.
pub static ROWS: &[Row] = &[
    Row {
        step: "find_containment_unneeded",
        who: handler,
        demands: &[
            demand(&[53], |s| s.filed().is_some().into()),
            demand(&[53], |s| match s.answer("containment") {
                Some(number) => (!is_contained(s, number) && !is_unneeded(s, number)).into(),
                None => (!s.has("order_containment")).into(),
            })
            .by("53-1"),
        ],
    },
    Row {
        step: "submit_handling_extension",
        who: handler,
        demands: &[
            demand(&[55], |s| s.filed().is_some().into()),
            demand(&[55], |s| extension(s).is_none().into()),
            demand(&[], |s| s.waiting("submit_handling_extension").is_none().into()),
            demand(&[55], |s| case_ends(s).map(|(_, latest)| s.today() <= latest).into())
                .by("30-2"),
        ],
    },
    Row {
        step: "explain_delay",
        who: handler,
        demands: &[
            demand(&[55], |s| s.filed().is_some().into()),
            // In the extension, and not before it was granted.
            demand(&[55], |s| extension(s).is_some().into()),
            demand(&[55], |s| {
                let days = s.happened().zip(extension(s));
                days.map(|(day, granted)| day >= granted.happened).into()
            }),
        ],
    },
    Row {
        step: "judge_explanation",
        who: |s| next_higher(s) || handler(s),
        demands: &[
            demand(&[55], |s| {
                let explanation = s.answer("explanation").and_then(|n| explanation(s, n));
                explanation.zip(s.happened()).map(|(told, day)| day >= told.happened).into()
            }),
            demand(&[55], |s| {
                s.answer("explanation").map(|number| judgement(s, number).is_none()).into()
            }),
            demand(&[55], by_whom).by("55-5"),
        ],
    },
    Row {
        step: "inspect_and_urge",
        who: |s| next_higher(s) || handler(s),
        demands: &[
            demand(&[55], |s| is_to_be_urged(s, s.happened().unwrap_or(s.today())).into()),
            demand(&[55], by_whom).by("55-5"),
        ],
    },
    Row {
        step: "submit_closing",
        who: handler,
        demands: &[
            demand(&[], |s| s.filed().is_some().into()),
            demand(&[], |s| s.waiting("submit_closing").is_none().into()),
            demand(&[53], |s| closing_lacks(s).is_empty().into()),
            demand(&[9], |s| s.recusals().iter().all(|recusal| recusal.decided.is_some()).into())
                .by("9-3"),
            demand(&[45], |s| all_released(s).into()).by("45-5"),
        ],
    },
];

/// 上一级's business is done by its head, or recorded from its paper; the nation has no paper from above.
fn by_whom(s: Scene<'_>) -> Says {
    let nation = s.owner().and_then(|owner| s.level(owner)) == Some(Level::National);
    (next_higher(s) || (!nation && s.answer("paper").is_some())).into()
}

/// The extension of the case that was approved: the approval.
fn extension(s: Scene<'_>) -> Option<&Told> {
    let filed = s.filed()?.number;
    let approved = s.approved("submit_handling_extension").into_iter();
    approved.map(|(_, approval)| approval).find(|approval| approval.number > filed)
}

/// The nominal and the latest last day of the case.
pub fn case_ends(s: Scene<'_>) -> Option<(Date, Date)> {
    let months = if extension(s).is_some() { 4 } else { 3 };
    let nominal = months_after(s.filed()?.happened, months);
    let latest = if s.holds("计时-1") { moved(nominal) } else { nominal };
    Some((nominal, latest))
}

fn explanation<'a>(s: Scene<'a>, number: &str) -> Option<&'a Told> {
    let explanations: Vec<&Told> = s.done("explain_delay").collect();
    nth(&explanations, number).copied()
}

fn judgement<'a>(s: Scene<'a>, number: &str) -> Option<&'a Told> {
    s.done("judge_explanation").find(|told| told.answer("explanation") == Some(number))
}

/// Whether the next higher department must inspect and urge on a day, for a cause that it did not urge for yet.
fn is_to_be_urged(s: Scene<'_>, day: Date) -> bool {
    let Some((_, latest)) = case_ends(s) else { return false };
    let last = s.done("inspect_and_urge").next_back();
    let since = |number: u64| last.is_none_or(|last| last.number < number);
    let insufficient = s
        .done("judge_explanation")
        .any(|told| told.answer("judgement") == Some("insufficient") && since(told.number));
    let in_time = s.done("explain_delay").any(|told| told.happened <= latest);
    let silent = day > latest && !(extension(s).is_some() && in_time);
    let told_of_it = last.is_some_and(|last| last.happened > latest);
    insufficient || (silent && !told_of_it)
}

/// Which of the four conditions of art. 53 is not met.
pub fn closing_lacks(s: Scene<'_>) -> BTreeSet<u8> {
    let met = [
        (1, s.has("end_fact_finding") && s.has("find_leak") && facts_hold(s)),
        (2, contained(s)),
        (3, persons_settled(s)),
        (4, rectified(s)),
    ];
    met.into_iter().filter(|(_, met)| !met).map(|(item, _)| item).collect()
}

/// Whether what was found clear when fact-finding ended is still so.
fn facts_hold(s: Scene<'_>) -> bool {
    all_is_found(s)
        && nothing_is_undone(s)
        && every_party_was_heard(s)
        && every_plea_is_verified(s)
        && all_is_appraised(s)
}

/// Whether no evidence that a finding cites may no longer be used (arts. 18 to 22).
fn nothing_is_undone(s: Scene<'_>) -> bool {
    let mut last = BTreeMap::new();
    for told in s.done("find_fact").chain(s.done("find_leak")) {
        last.insert((told.step, told.answer("content")), told);
    }
    let mut cited = last.into_values().flat_map(|told| told.answers("evidence"));
    cited.all(|item| item.parse().is_ok_and(|item| is_usable(s.story, item)))
}

fn is_unneeded(s: Scene<'_>, number: &str) -> bool {
    s.done("find_containment_unneeded").any(|told| told.answer("containment") == Some(number))
}

/// 已经采取必要的补救措施: all that was ordered, or there was nothing to order.
fn contained(s: Scene<'_>) -> bool {
    let orders = s.done("order_containment").count();
    let done = |number: usize| {
        let number = number.to_string();
        is_contained(s, &number) || is_unneeded(s, &number)
    };
    (1..=orders).all(done) && (orders > 0 || s.has("find_containment_unneeded"))
}

/// 已经对案件相关责任人员作出处理，或者移送有关部门查处; or there is nobody to pursue.
fn persons_settled(s: Scene<'_>) -> bool {
    let suspected: BTreeSet<&str> =
        s.done("suspect_crime").flat_map(|told| told.answers("persons")).collect();
    if suspected.iter().any(|person| is_still_suspected(s, person)) {
        return false;
    }
    let Some(leak) = s.done("find_leak").next_back() else { return false };
    let proposals = s.done("propose_handling").count();
    let corrections = s.done("propose_correction").count();
    if (1..=proposals).any(|n| is_awaited(s, n))
        || (1..=corrections).any(|n| is_on_the_ladder(s, n))
    {
        return false;
    }
    let responsible = leak.answers("responsible");
    let nobody = responsible.is_empty() && s.has("find_nobody_responsible");
    nobody || (!responsible.is_empty() && responsible.iter().all(|person| is_settled(s, person)))
}

/// Whether what became of somebody is still to be told to whom a proposal was made.
fn is_awaited(s: Scene<'_>, number: usize) -> bool {
    let number = number.to_string();
    let proposals: Vec<&Told> = s.done("propose_handling").collect();
    let persons = nth(&proposals, &number).map(|told| told.answers("persons")).unwrap_or_default();
    persons.iter().any(|person| {
        let of = |told: &&Told| told.answer("proposal") == Some(&number);
        let told = s.done("record_outcome").filter(of).any(|told| names(told, person));
        let corrected = s.done("propose_correction").filter(of);
        let corrected = corrected.into_iter().any(|told| told.answers("persons").contains(person));
        !told && !corrected && !is_referred(s, person)
    })
}

/// Whether a correction that was proposed has no result yet.
fn is_on_the_ladder(s: Scene<'_>, number: usize) -> bool {
    let number = number.to_string();
    let of = |told: &&Told| told.answer("correction") == Some(&number);
    let corrected = s.done("answer_correction").filter(of);
    let corrected = corrected.into_iter().any(|told| told.answer("answer") == Some("corrected"));
    let requests = s.done("request_dealing").enumerate().filter(|(_, told)| of(told));
    let mut dealt = requests.map(|(i, _)| (i + 1).to_string()).filter(|request| {
        s.done("record_dealing").any(|told| told.answer("request") == Some(request))
    });
    !corrected && dealt.next().is_none()
}

fn names(told: &Told, person: &str) -> bool {
    told.rows("outcomes").iter().any(|row| text(row, "person") == Some(person))
}

/// Whether somebody is held to be a criminal and was not referred since.
fn is_still_suspected(s: Scene<'_>, person: &str) -> bool {
    let last = |step| {
        let named = s.done(step).filter(|told| told.answers("persons").contains(&person));
        named.map(|told| told.number).max()
    };
    last("refer_crime") < last("suspect_crime")
}

/// Whether somebody is in the hands of others, who did not decline.
fn is_referred(s: Scene<'_>, person: &str) -> bool {
    let referrals: Vec<&Told> = s.done("refer_crime").collect();
    referrals.iter().enumerate().any(|(i, told)| {
        let number = (i + 1).to_string();
        let mut replies = s.done("answer_referral");
        let last = replies.rfind(|told| told.answer("referral") == Some(&number));
        told.answers("persons").contains(&person)
            && last.is_none_or(|last| last.answer("reply") != Some("declined"))
    })
}

/// Whether somebody was dealt with, or referred.
fn is_settled(s: Scene<'_>, person: &str) -> bool {
    let mut settled = is_referred(s, person);
    for told in s.story.told {
        let results = ["record_outcome", "answer_correction", "record_dealing"];
        settled |= results.contains(&told.step) && names(told, person);
    }
    settled
}

/// 有关机关、单位已经采取整改措施: each was urged to, and reported in writing.
fn rectified(s: Scene<'_>) -> bool {
    let urged = s.done("urge_rectification").count();
    let reported = |number: usize| {
        let number = number.to_string();
        s.done("report_rectification")
            .any(|told| told.answer("rectification") == Some(number.as_str()))
    };
    urged > 0 && (1..=urged).all(reported)
}

/// Every preserved object has an outcome.
pub fn all_released(s: Scene<'_>) -> bool {
    let objects: usize = s.done("preserve").map(|told| told.rows("objects").len()).sum();
    let released: BTreeSet<&str> =
        s.done("release_preservation").flat_map(|told| told.answers("objects")).collect();
    released.len() >= objects
}
