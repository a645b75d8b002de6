//! 第五章: the preliminary review, its dispositions, filing and its notice.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{
    Fact, Row, Says, Scene, Told,
    approval::is_competent,
    common::{clerk, handler, head},
    counting::{months_after, moved},
    demand,
    intake::{not, verified},
    questions::{End, nth},
};

/// What the chapter adds to the table.
pub static ROWS: &[Row] = &[
    Row {
        step: "answer_review",
        who: handler,
        demands: &[
            demand(&[27], |s| s.review().is_some().into()),
            demand(&[27], |s| {
                let days = s.happened().zip(s.review());
                days.map(|(day, review)| day >= review.happened).into()
            }),
            demand(&[28], |s| may_report(s).into()),
        ],
    },
    Row { step: "declare_major", who: head, demands: &[] },
    Row {
        step: "submit_review_extension",
        who: handler,
        demands: &[
            demand(&[27], |s| s.review().is_some().into()),
            demand(&[30], |s| may_report(s).into()),
            demand(&[], |s| s.waiting("submit_review_extension").is_none().into()),
            // 第一次延长1个月，不另定日期.
            demand(&[30], |s| (extensions(s).is_empty() == s.answer("until").is_none()).into()),
            demand(&[30], |s| (extensions(s).is_empty() || s.is_major()).into()),
            demand(&[30], |s| {
                let days =
                    s.date("until").zip(review_ends(s)).filter(|_| !extensions(s).is_empty());
                days.map(|(until, (_, latest))| until > latest).into()
            }),
            demand(&[30], |s| review_ends(s).map(|(_, latest)| s.today() <= latest).into())
                .by("30-2"),
        ],
    },
    Row {
        step: "report_review",
        who: handler,
        demands: &[
            demand(&[27], |s| s.review().is_some().into()),
            demand(&[27], |s| is_answered(s).into()).by("27-2"),
            demand(&[28], |s| may_report(s).into()),
        ],
    },
    Row {
        step: "submit_filing",
        who: handler,
        demands: &[
            demand(&[31], |s| s.filed().is_none().into()),
            demand(&[], |s| s.waiting("submit_filing").is_none().into()),
            demand(&[31], |s| s.reported().is_some().into()),
            demand(&[31], |s| s.answers("attachments").contains(&"lead").into()),
            demand(&[31], |s| s.answers("attachments").contains(&"report").into()),
            // By the report; without one it is not said yet.
            demand(&[29], |s| s.reported().map_or(Says::Unasked, |_| found(s, "leak"))),
            demand(&[29], |s| s.reported().map_or(Says::Unasked, |_| not(found(s, "criminal")))),
            demand(&[29], is_free).by("29-1"),
            demand(&[11, 29], |s| may_file(s, 11)),
            demand(&[12, 29], |s| may_file(s, 12)),
            demand(&[13, 29], |s| may_file(s, 13)),
            demand(&[14, 29], |s| may_file(s, 14)),
            demand(&[15, 29], |s| may_file(s, 15)),
        ],
    },
    Row {
        step: "submit_not_handled",
        who: |s| handler(s) || clerk(s),
        demands: &[
            demand(&[31], |s| (s.filed().is_none() || s.answer("part").is_some()).into()),
            demand(&[], |s| s.waiting("submit_not_handled").is_none().into()),
            demand(&[25], |s| match s.answer("ground") {
                Some("no_leak") => no_leak(s),
                Some("unverifiable") => cannot_be_verified(s).into(),
                _ => Says::Unasked,
            }),
            demand(&[28, 29], |s| match s.answer("ground") {
                Some("untrue") => s.reported().is_some().into(),
                _ => Says::Unasked,
            }),
            demand(&[29], |s| match s.answer("ground") {
                Some("untrue") => untrue(s),
                _ => Says::Unasked,
            }),
            demand(&[29], is_free).by("29-1"),
        ],
    },
    Row {
        step: "notify_filing",
        who: handler,
        demands: &[
            demand(&[32], |s| s.filed().is_some().into()),
            demand(&[32], |s| {
                let days = s.happened().zip(s.filed());
                days.map(|(day, filed)| day >= filed.happened).into()
            }),
            demand(&[32], |s| match s.answer("addressee") {
                Some("unit") => (!s.answers("units").is_empty()).into(),
                Some("superior") => s.answer("superior").is_some().into(),
                _ => Says::Unasked,
            }),
            demand(&[32], |s| match s.answer("addressee") {
                Some("superior") => s.answer("reason").is_some().into(),
                _ => Says::Unasked,
            })
            .by("32-1"),
        ],
    },
    Row {
        step: "refer",
        who: head,
        demands: &[
            demand(&[28, 29], |s| match s.answer("ground") {
                Some("crime" | "other_conduct") => s.reported().is_some().into(),
                _ => Says::Unasked,
            }),
            demand(&[29], |s| match s.answer("ground") {
                Some("crime" | "other_conduct") => {
                    (s.filed().is_none() || s.answer("part").is_some()).into()
                }
                _ => Says::Unasked,
            }),
            demand(&[29], |s| match s.answer("ground") {
                Some("crime") => found(s, "leak").max(found(s, "criminal")),
                Some("other_conduct") => not(found(s, "violation")).max(found(s, "other")),
                _ => Says::Unasked,
            }),
            demand(&[29], |s| s.answer("ground").map_or(Says::Unasked, |_| is_free(s))).by("29-1"),
        ],
    },
    Row {
        step: "notify_supplement",
        who: |s| handler(s) || head(s),
        demands: &[
            demand(&[28, 29], |s| s.reported().is_some().into()),
            demand(&[], |s| {
                let days = s.happened().zip(s.reported());
                days.map(|(day, reported)| day >= reported.happened).into()
            }),
            demand(&[29], |s| s.filed().is_none().into()),
            demand(&[29], |s| found(s, "leak")),
            demand(&[29], is_source),
            demand(&[29], |s| match s.answer("addressee") {
                Some("nobody") => s.answer("reason").is_some().into(),
                Some(_) => s.answer("due").is_some().into(),
                None => Says::Unasked,
            })
            .by("29-2"),
            demand(&[29], |s| {
                let days = s.date("due").zip(s.happened());
                days.map(|(due, day)| due >= day).into()
            }),
            demand(&[29], is_free).by("29-1"),
        ],
    },
    Row {
        step: "receive_supplement",
        who: |s| handler(s) || head(s),
        demands: &[
            // What was asked for and did not come, or what was kept on file.
            demand(&[29], |s| match s.answer("request") {
                Some(number) => open_requests(s).any(|(n, _)| n.to_string() == number).into(),
                None => (s.end() == Some(End::OnFile) || s.has("notify_supplement")).into(),
            }),
            demand(&[29], |s| s.filed().is_none().into()),
            demand(&[29], |s| s.end().is_none_or(|end| end == End::OnFile).into()),
            demand(&[29], |s| {
                let asked = match s.answer("request") {
                    Some(number) => request(s, number),
                    None => s.done("notify_supplement").next(),
                };
                asked.zip(s.happened()).map(|(told, day)| day >= told.happened).into()
            }),
            demand(&[29], |s| {
                let kept = s.done("put_on_file").next_back();
                let kept = kept.filter(|_| s.end() == Some(End::OnFile));
                kept.zip(s.happened()).map(|(told, day)| day >= told.happened).into()
            }),
        ],
    },
    Row {
        step: "put_on_file",
        who: head,
        demands: &[
            demand(&[28, 29], |s| s.reported().is_some().into()),
            demand(&[29], |s| (s.filed().is_none() || s.answer("part").is_some()).into()),
            demand(&[29], |s| found(s, "leak")),
            demand(&[29], |s| (!requests(s).is_empty()).into()),
            demand(&[29], |s| {
                requests(s)
                    .iter()
                    .all(|(number, told)| {
                        let over = told.date("due").is_some_and(|due| s.today() > due);
                        told.answer("addressee") == Some("nobody")
                            || over
                            || is_supplemented(s, &number.to_string())
                    })
                    .into()
            })
            .by("29-2"),
            demand(&[29], is_free).by("29-1"),
        ],
    },
    Row {
        step: "supervise_violation",
        who: head,
        demands: &[
            demand(&[28, 29], |s| s.reported().is_some().into()),
            demand(&[29], |s| {
                let whole = s.filed().is_some() && s.answer("part").is_none();
                (!whole || s.end() == Some(End::Cancelled)).into()
            }),
            demand(&[29], |s| match s.end() {
                Some(End::Cancelled) => Says::Yes,
                Some(_) => Says::No,
                None => not(found(s, "leak")).max(found(s, "violation")),
            }),
            demand(&[29], |s| {
                (s.answer("handling") != Some("direct") || s.answer("necessity").is_some()).into()
            }),
            demand(&[29], is_free).by("29-1"),
        ],
    },
    Row {
        step: "record_violation_result",
        who: |s| handler(s) || head(s),
        demands: &[
            demand(&[29], |s| {
                let violations: Vec<&Told> = s.done("supervise_violation").collect();
                let violation = s.answer("violation").and_then(|n| nth(&violations, n));
                violation.zip(s.happened()).map(|(told, day)| day >= told.happened).into()
            }),
            demand(&[29], |s| s.answer("violation").map(|number| !is_dealt_with(s, number)).into()),
        ],
    },
    Row {
        step: "explain_untrue",
        who: |s| handler(s) || head(s),
        demands: &[
            demand(&[29], |s| {
                let untrue = s.approved("submit_not_handled");
                let mut untrue =
                    untrue.iter().filter(|(told, _)| told.answer("ground") == Some("untrue"));
                match untrue.next() {
                    None => Says::No,
                    Some((_, approval)) => s.happened().map(|day| day >= approval.happened).into(),
                }
            }),
            demand(&[29], |s| {
                (!s.answers("units").is_empty() || !s.answers("persons").is_empty()).into()
            }),
        ],
    },
];

/// Whether the review may be answered and reported: it was not yet, or since then what was asked for came in, or a head returned what was proposed.
fn may_report(s: Scene<'_>) -> bool {
    s.filed().is_none()
        && s.reported().is_none_or(|reported| {
            let since = |told: &Told| told.number > reported.number;
            s.done("receive_supplement").any(since) || s.done("return").any(since)
        })
}

/// Whether all contents of art. 27 have an answer.
fn is_answered(s: Scene<'_>) -> bool {
    answers(s).next().is_some()
}

/// What the department that has it found in its review.
fn answers(s: Scene<'_>) -> impl DoubleEndedIterator<Item = &Told> {
    s.done("answer_review").filter(move |told| told.number > s.began())
}

/// The parts into which the review was divided; none stands for the whole.
fn parts(s: Scene<'_>) -> Vec<Option<&str>> {
    let mut parts = Vec::new();
    for told in answers(s) {
        let part = told.answer("part");
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
}

/// 确有泄露国家秘密事实，尚未达到刑事立案标准: of the whole or of one of the parts.
pub fn shows_leak(s: Scene<'_>) -> Says {
    let of_part = |part: Option<&str>| {
        let last = answers(s).rfind(|told| told.answer("part") == part);
        let fact = |field| last.and_then(|told| told.fact(field));
        let leak = fact("leak").map_or(Says::Unknown, Says::from);
        leak.max(not(fact("criminal").map_or(Says::Unknown, Says::from)))
    };
    parts(s).into_iter().map(of_part).min().unwrap_or(Says::No)
}

/// The part that an answer names: by its number, in the order in which they were first recorded.
fn part<'a>(s: Scene<'a>, answer: Option<&str>) -> Option<&'a str> {
    let named: Vec<&str> = parts(s).into_iter().flatten().collect();
    answer.and_then(|number| nth(&named, number).copied())
}

/// What the review found about the part that is spoken of.
fn found(s: Scene<'_>, field: &str) -> Says {
    found_about(s, s.answer("part"), field)
}

/// What the review found about a part; about the whole where none is named.
pub fn found_about(s: Scene<'_>, named: Option<&str>, field: &str) -> Says {
    let part = part(s, named);
    let last = answers(s).rfind(|told| told.answer("part") == part);
    last.and_then(|told| told.fact(field)).map_or(Says::Unknown, Says::from)
}

/// 案件线索无法核实: by the review of what is spoken of, or by the verification before it.
fn cannot_be_verified(s: Scene<'_>) -> bool {
    let reviewed = left(s, part(s, s.answer("part")));
    let all: Vec<&Told> = match reviewed.is_empty() {
        true => s.done("verify_lead").next_back().into_iter().collect(),
        false => reviewed,
    };
    let open = all.iter().all(|told| told.fact("truth") == Some(Fact::Open));
    !all.is_empty() && open
}

/// Whether everything that is spoken of was found untrue.
fn untrue(s: Scene<'_>) -> Says {
    let said = left(s, part(s, s.answer("part"))).into_iter();
    said.map(|told| none_of(&[told.fact("truth")])).max().unwrap_or(Says::Unknown)
}

/// 没有泄密事实: by the review, or by the verification before it.
fn no_leak(s: Scene<'_>) -> Says {
    let meant = part(s, s.answer("part"));
    // A violation without a leak is dealt with under art. 29, item 4, not left alone.
    let neither = |told: &Told| none_of(&[told.fact("leak"), told.fact("violation")]);
    let said = left(s, meant).into_iter().map(neither).max();
    said.unwrap_or_else(|| not(verified(s, "violation")))
}

/// Whether none of what was asked is so.
fn none_of(facts: &[Option<Fact>]) -> Says {
    let said = facts.iter().map(|fact| not(fact.map_or(Says::Unknown, Says::from)));
    said.max().unwrap_or(Says::Unknown)
}

/// What the review says of a part; of the whole, everything about which nothing was decided.
fn left<'a>(s: Scene<'a>, meant: Option<&str>) -> Vec<&'a Told> {
    let decided: Vec<Option<&str>> = dispositions(s)
        .into_iter()
        .filter(|(_, told)| told.step != "supervise_violation" || is_settled(s, told))
        .map(|(part, _)| part)
        .collect();
    let named = parts(s).into_iter().filter(|part| match meant {
        Some(_) => *part == meant,
        None => part.is_none() || !decided.contains(part),
    });
    named.filter_map(|part| answers(s).rfind(|told| told.answer("part") == part)).collect()
}

/// 具有管辖权的: asked where there is a lead.
fn may_file(s: Scene<'_>, article: u8) -> Says {
    match s.story.told.is_empty() {
        true => Says::Unasked,
        false => is_competent(s, article).into(),
    }
}

/// What was decided about parts: which part, by what.
fn dispositions(s: Scene<'_>) -> Vec<(Option<&str>, &Told)> {
    let mut list = Vec::new();
    for told in s.story.told.iter().filter(|told| told.number > s.began()) {
        match told.step {
            "refer" | "put_on_file" | "supervise_violation" => list.push(told),
            "receive_supplement" => list.retain(|told| told.step != "put_on_file"),
            _ => {}
        }
    }
    for step in ["submit_filing", "submit_not_handled"] {
        let approved = s.approved(step).into_iter().map(|(submitted, _)| submitted);
        list.extend(approved.filter(|told| told.number > s.began()));
    }
    list.into_iter().map(|told| (part(s, told.answer("part")), told)).collect()
}

/// Whether nothing was decided about the part yet (reading 29-1).
fn is_free(s: Scene<'_>) -> Says {
    let meant = part(s, s.answer("part"));
    let mut others = dispositions(s);
    // That the whole was filed stands against the whole by another demand.
    others.retain(|(_, told)| told.step != "submit_filing" || meant.is_some());
    // 督促、指导, then where necessary 直接调查: item 4 may take more than one act; and at any stage it may turn out not to be ours.
    let goes_on =
        s.attempt.step.id == "supervise_violation" || s.answer("ground") == Some("not_ours");
    others
        .retain(|(_, told)| told.step != "supervise_violation" || is_settled(s, told) || !goes_on);
    let same = |part: &Option<&str>, told: &Told| {
        // 不予处理 of everything puts aside what is still supervised too.
        let puts_aside = ["submit_not_handled", "approve"].contains(&s.attempt.step.id);
        let open = told.step == "supervise_violation" && !is_settled(s, told);
        let all = meant.is_none() && puts_aside && open;
        // What else was decided about the whole has ended it.
        let whole = ["submit_filing", "supervise_violation"].contains(&told.step);
        all || if part.is_some() { *part == meant } else { whole }
    };
    (!others.iter().any(|(part, told)| same(part, told))).into()
}

/// Whether the violation that was left to the unit or investigated has a result.
fn is_settled(s: Scene<'_>, violation: &Told) -> bool {
    let violations: Vec<&Told> = s.done("supervise_violation").collect();
    s.done("record_violation_result").any(|told| {
        let which = told.answer("violation").and_then(|number| nth(&violations, number));
        which.is_some_and(|which| which.number == violation.number)
    })
}

/// Whether the one who is asked to supplement is the source of a lead.
fn is_source(s: Scene<'_>) -> Says {
    let source = match s.answer("addressee") {
        Some("referring_body") => "referral",
        Some("reporter") => "citizen_report",
        Some("reporting_unit") => "unit_report",
        Some(_) => return Says::Yes,
        None => return Says::Unasked,
    };
    s.leads().iter().any(|lead| lead.told.answer("source") == Some(source)).into()
}

/// The request to supplement with this number.
fn request<'a>(s: Scene<'a>, number: &str) -> Option<&'a Told> {
    let requests: Vec<&Told> = s.done("notify_supplement").collect();
    nth(&requests, number).copied()
}

/// The requests that were made of somebody and not answered.
fn open_requests(s: Scene<'_>) -> impl Iterator<Item = (usize, &Told)> {
    let requests = s.done("notify_supplement").enumerate().map(|(i, told)| (i + 1, told));
    requests.filter(move |(number, told)| {
        told.answer("addressee") != Some("nobody") && !is_supplemented(s, &number.to_string())
    })
}

fn is_supplemented(s: Scene<'_>, number: &str) -> bool {
    s.done("receive_supplement").any(|told| told.answer("request") == Some(number))
}

/// The requests about the part that is spoken of, with their numbers.
fn requests(s: Scene<'_>) -> Vec<(usize, &Told)> {
    let meant = part(s, s.answer("part"));
    let requests = s.done("notify_supplement").enumerate().map(|(i, told)| (i + 1, told));
    requests.filter(|(_, told)| part(s, told.answer("part")) == meant).collect()
}

fn is_dealt_with(s: Scene<'_>, number: &str) -> bool {
    s.done("record_violation_result").any(|told| told.answer("violation") == Some(number))
}

/// The extensions of the review that were approved in this round.
fn extensions(s: Scene<'_>) -> Vec<&Told> {
    let began = s.reopenings().last().map_or(s.began(), |told| told.number.max(s.began()));
    let approved = s.approved("submit_review_extension").into_iter();
    approved.filter(|(_, approval)| approval.number > began).map(|(told, _)| told).collect()
}

/// 初查时限自…之日算: the day from which it runs.
fn review_starts(s: Scene<'_>) -> Option<Date> {
    let reopened = s.reopenings().last().map(|told| (told.number, told.happened));
    let received = s.done("receive_transfer").next_back().map(|told| (told.number, told.happened));
    let mut set = s.done("set_start").filter_map(|told| Some((told.number, told.date("start")?)));
    let latest = reopened.into_iter().chain(received).chain(set.next_back()).max();
    latest.map(|(_, day)| day).or(s.received())
}

/// The nominal and the latest last day of the review.
pub fn review_ends(s: Scene<'_>) -> Option<(Date, Date)> {
    let start = review_starts(s)?;
    let extensions = extensions(s);
    let set = extensions.iter().filter_map(|told| told.date("until")).max();
    let months = if extensions.is_empty() { 2 } else { 3 };
    let nominal = set.unwrap_or(months_after(start, months));
    let latest = if s.holds("计时-1") { moved(nominal) } else { nominal };
    Some((nominal, latest))
}

/// How the last thing that was told ended a dossier that was not filed, if it did: everything was decided about.
pub fn ends(s: Scene<'_>, last: &Told) -> Option<End> {
    let decides =
        ["refer", "put_on_file", "supervise_violation", "approve", "record_violation_result"];
    if !decides.contains(&last.step) {
        return None;
    }
    if last.step == "refer"
        && last.answer("ground") == Some("not_ours")
        && last.answer("part").is_none()
    {
        return Some(End::Referred);
    }
    if s.filed().is_some() {
        return None;
    }
    let decided = dispositions(s);
    let open =
        |part: &Option<&str>| !decided.iter().any(|(which, _)| which.is_none() || which == part);
    let dealt: BTreeSet<Option<&str>> = {
        let violations: Vec<&Told> = s.done("supervise_violation").collect();
        let results = s.done("record_violation_result").filter_map(|told| told.answer("violation"));
        let dealt = results.filter_map(|number| nth(&violations, number));
        dealt.map(|told| part(s, told.answer("part"))).collect()
    };
    let awaited = decided
        .iter()
        .any(|(part, told)| told.step == "supervise_violation" && !dealt.contains(part));
    let last_decided = decided.iter().map(|(_, told)| *told).max_by_key(|told| told.number)?;
    if parts(s).iter().any(open) || awaited {
        return None;
    }
    Some(match (last.step, last_decided.step) {
        ("record_violation_result", _) => End::ViolationHandled,
        (_, "refer") => End::Referred,
        (_, "put_on_file") => End::OnFile,
        (_, "submit_not_handled") => End::NotHandled,
        _ => return None,
    })
}
