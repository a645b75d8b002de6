//! 第六章: how facts are gathered, from persons, papers, places and things, and what is done about hazards found on the way.
//!
//! Deliberately absent: who is assigned and what is found, which `handling` says, and what evidence is worth, which `evidence` says.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use procedure::{directory::Level, value::Answers};

use super::{
    Demand, Row, Says, Scene, Tale, Told,
    common::{handler, head, superior},
    conduct, demand, evidence,
    questions::nth,
    text, texts,
};

/// What the chapter adds to the table.
pub static ROWS: &[Row] = &[
    Row { step: "tell_rights", who: handler, demands: &[POWER, APPOINTED] },
    Row {
        step: "arrange_interview",
        who: handler,
        demands: &[
            POWER,
            APPOINTED,
            TWO_AFTER_FILING,
            TWO_IN_REVIEW,
            ON_DUTY,
            ONE_PERSON,
            demand(&[38], |s| s.date("day").map(|day| day >= s.today()).into()),
            demand(&[40], begins_before_it_ends),
            ONE_PLACE,
            demand(&[38], one_room).by("38-1"),
        ],
    },
    Row {
        step: "record_interview",
        who: handler,
        demands: &[
            POWER,
            APPOINTED,
            TWO_AFTER_FILING,
            TWO_IN_REVIEW,
            ON_DUTY,
            CREDENTIALS,
            ONE_PERSON,
            RIGHTS_FIRST,
            demand(&[40], begins_before_it_ends),
            demand(&[40], has_ended),
            ONE_PLACE,
            conduct(&[38], one_room).by("38-1"),
            conduct(&[39], five_contents).by("39-1"),
            conduct(&[40], |s| (!s.rows("dialogue").is_empty()).into()),
            conduct(&[40], |s| (s.answer("recorded") != Some("partial")).into()),
        ],
    },
    Row {
        step: "sign_record",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "interview", "record_interview")),
            demand(&[40], |s| never_yet(s, "interview", &["sign_record"])),
            demand(&[40], |s| if_then(s, "signature", "refused", "refusal_note")),
        ],
    },
    Row {
        step: "answer_statement_request",
        who: handler,
        demands: &[
            POWER,
            APPOINTED,
            // Whoever is asked to write is permitted as well.
            demand(&[41], |s| is(s, "answer", "granted")),
            demand(&[41], |s| if_then(s, "initiative", "demanded", "necessity")),
        ],
    },
    Row {
        step: "receive_statement",
        who: handler,
        demands: &[POWER, APPOINTED, demand(&[41], |s| is(s, "receipt_noted", "yes"))],
    },
    Row {
        step: "hear_party",
        who: handler,
        demands: &[
            FILED,
            demand(&[42], |s| s.answer("party").map(|party| is_party(s, party)).into()),
        ],
    },
    Row {
        step: "verify_plea",
        who: handler,
        demands: &[
            FILED,
            demand(&[], |s| {
                let heard = number(s, "plea").and_then(|plea| plea_of(s.story, plea));
                in_order(heard.map(|told| told.happened), s.happened())
            }),
            demand(&[42], |s| never_yet(s, "plea", &["verify_plea"])),
        ],
    },
    Row {
        step: "consult",
        who: handler,
        demands: &[
            POWER,
            APPOINTED,
            TWO_AFTER_FILING,
            TWO_IN_REVIEW,
            ON_DUTY,
            CREDENTIALS,
            demand(&[20], |s| {
                let rows = s.rows("materials");
                let copied = rows.iter().any(|row| text(row, "copying") == Some("copied"));
                (!copied || s.answer("reason").is_some()).into()
            }),
        ],
    },
    Row {
        step: "arrange_inspection",
        who: handler,
        demands: &[
            POWER,
            APPOINTED,
            TWO_AFTER_FILING,
            TWO_IN_REVIEW,
            ON_DUTY,
            CONSENT,
            demand(&[44], somebody_there).by("44-2"),
            demand(&[44], |s| s.date("day").map(|day| day >= s.today()).into()),
            demand(&[44], begins_before_it_ends),
            ONE_PLACE,
        ],
    },
    Row {
        step: "inspect",
        who: handler,
        demands: &[
            POWER,
            APPOINTED,
            TWO_AFTER_FILING,
            TWO_IN_REVIEW,
            ON_DUTY,
            CREDENTIALS,
            CONSENT,
            conduct(&[44], somebody_there),
            demand(&[44], named_if_there),
            demand(&[44], absence_noted),
            demand(&[44], begins_before_it_ends),
            demand(&[44], has_ended),
            ONE_PLACE,
        ],
    },
    Row {
        step: "submit_preservation",
        who: handler,
        demands: &[
            demand(&[45], |s| (is_filed(s, s.today()) || s.answer("other_basis").is_some()).into())
                .by("45-1"),
            demand(&[], not_asked_already),
            demand(&[45], |s| match number(s, "urgent") {
                Some(urgent) => may_be_approved_later(s, urgent).into(),
                None => Says::Yes,
            }),
        ],
    },
    Row {
        step: "preserve",
        who: handler,
        demands: &[
            POWER,
            APPOINTED,
            AFTER_FILING_OR_BY_OTHER_LAW,
            TWO_AFTER_FILING,
            TWO_IN_REVIEW,
            ON_DUTY,
            CREDENTIALS,
            APPROVED_OR_URGENT,
            demand(&[], approved_before),
            demand(&[45], |s| {
                both(s.happened(), time(s, "time"))
                    .map(|(day, time)| day.to_datetime(time) <= s.attempt.at)
                    .into()
            }),
            conduct(&[45], |s| is(s, "told", "yes")).by("45-3"),
            conduct(&[45], |s| is(s, "heard", "yes")).by("45-3"),
            conduct(&[45], |s| is(s, "record", "yes")).by("45-3"),
            conduct(&[45], somebody_there),
            demand(&[45], named_if_there),
            conduct(&[45], |s| is(s, "copies", "yes")),
            conduct(&[45], |s| s.answer("signature").map(|signature| signature != "none").into()),
            conduct(&[45], |s| if_then(s, "signature", "noted", "note")),
            conduct(&[45], |s| {
                let rows = s.rows("objects");
                let left = |row: &&&Answers| text(row, "keeping") == Some("left_in_unit");
                rows.iter().filter(left).all(|row| text(row, "measures").is_some()).into()
            })
            .by("45-4"),
        ],
    },
    Row {
        step: "release_preservation",
        who: handler,
        demands: &[
            demand(&[], |s| {
                each(s, "objects", |object| {
                    preserved(s.story, object).is_some_and(|told| told.happened <= day(s))
                })
            }),
            demand(&[45], |s| each(s, "objects", |object| !is_released(s, object))),
        ],
    },
    Row {
        step: "entrust_technical",
        who: handler,
        demands: &[
            POWER,
            APPOINTED,
            demand(&[46], |s| s.answer("function").is_some().into()),
            demand(&[], |s| {
                let there = |number: usize| {
                    evidence::item(s.story, number).is_some_and(|item| item.from.happened <= day(s))
                };
                each(s, "evidence", there)
            }),
        ],
    },
    Row {
        step: "record_technical_report",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "request", "entrust_technical")),
            demand(&[46], |s| never_yet(s, "request", &["record_technical_report"])),
        ],
    },
    Row {
        step: "request_appraisal",
        who: handler,
        demands: &[
            POWER,
            APPOINTED,
            demand(&[47], |s| {
                let asked = s.answer("department").and_then(|id| s.department(id));
                asked.map(|asked| matches!(asked.level, Level::National | Level::Provincial)).into()
            })
            .by("47-1"),
        ],
    },
    Row {
        step: "record_appraisal",
        who: handler,
        demands: &[
            demand(&[47], |s| not_before(s, "appraisal", "request_appraisal")),
            NOT_APPRAISED_YET,
            ONLY_WHAT_WAS_ASKED,
        ],
    },
    Row {
        step: "issue_appraisal",
        who: head_or_superior,
        demands: &[BY_WHOM_WAS_ASKED, NOT_APPRAISED_YET, ONLY_WHAT_WAS_ASKED],
    },
    Row {
        step: "extend_appraisal",
        who: head_or_superior,
        demands: &[
            BY_WHOM_WAS_ASKED,
            NOT_APPRAISED_YET,
            demand(&[47], |s| never_yet(s, "appraisal", &["extend_appraisal"])).by("邻-3"),
        ],
    },
    Row {
        step: "require_hazard_measures",
        who: handler,
        demands: &[FILED, demand(&[48], |s| in_order(s.happened(), s.date("due")))],
    },
    Row {
        step: "report_hazard",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "notice", "require_hazard_measures")),
            demand(&[48], |s| never_yet(s, "notice", &["report_hazard"])),
        ],
    },
    Row { step: "order_stop_use", who: handler, demands: &[FILED] },
    Row {
        step: "lift_stop_use",
        who: handler,
        demands: &[
            demand(&[], |s| not_before(s, "order", "order_stop_use")),
            demand(&[48], |s| never_yet(s, "order", &["lift_stop_use"])),
            demand(&[48], |s| is(s, "safe", "yes")),
        ],
    },
];

/// Before the filing people may enquire, consult, inspect by consent, ask for appraisal and technical checks.
pub const POWER: Demand =
    demand(&[27, 33], |s| (is_reviewed(s, today(s)) || is_filed(s, today(s))).into());

/// A case is investigated by those who were assigned to it; on the day of its filing those who reviewed may still act.
pub const APPOINTED: Demand = demand(&[33], |s| {
    let filed_before = s.filed().is_some_and(|approval| approval.happened < today(s));
    (!filed_before || is_appointed(s, today(s))).into()
});

/// The rest is investigation, which follows the filing and is done by those who were assigned to the case.
pub const FILED: Demand =
    demand(&[33], |s| (is_filed(s, today(s)) && is_appointed(s, today(s))).into());

/// Whether anybody was assigned to the case by a day.
fn is_appointed(s: Scene<'_>, day: Date) -> bool {
    let arrived = s.arrivals().next_back().map_or(0, |told| told.number);
    s.done("assign_handlers").any(|told| told.number > arrived && told.happened <= day)
}

/// The day of the act; while it is not said, today.
fn today(s: Scene<'_>) -> Date {
    s.happened().unwrap_or(s.today())
}

/// The day for which the act is planned, or that of the act.
fn day(s: Scene<'_>) -> Date {
    s.date("day").unwrap_or(today(s))
}

/// Who investigates on a day: once the case is filed, those assigned to it; before, those who review.
fn on_duty<'a>(s: Scene<'a>, day: Date) -> BTreeSet<&'a str> {
    let mut on_duty = s.assigned_on(day);
    on_duty.retain(|who| !s.stands_back(who, day));
    if s.filed().is_some_and(|approval| approval.happened < day) {
        let told = s.done("assign_handlers").filter(|told| told.happened <= day);
        let assigned: BTreeSet<&str> = told.flat_map(|told| told.answers("handlers")).collect();
        on_duty.retain(|who| assigned.contains(who));
    }
    on_duty
}

/// At least two handlers investigate.
pub const TWO_AFTER_FILING: Demand = conduct(&[35], |s| two(s, true));

/// At least two people review.
pub const TWO_IN_REVIEW: Demand = conduct(&[27], |s| two(s, false)).by("27-1");

fn two(s: Scene<'_>, filed: bool) -> Says {
    let there: BTreeSet<&str> = s.answers("handlers").into_iter().collect();
    if there.is_empty() {
        return Says::Unasked;
    }
    (is_filed(s, day(s)) != filed || there.len() >= 2).into()
}

/// Whoever investigates is assigned to the case and has not stood back.
pub fn all_on_duty(s: Scene<'_>) -> Says {
    let there = s.answers("handlers");
    let planned = s.attempt.step.fields.iter().any(|field| field.id == "day");
    let day = if planned { s.date("day") } else { s.happened() };
    let Some(day) = day.filter(|_| !there.is_empty()) else {
        return Says::Unasked;
    };
    let on_duty = on_duty(s, day);
    there.iter().all(|who| on_duty.contains(who)).into()
}

const ON_DUTY: Demand = conduct(&[35], all_on_duty);

/// They show their credentials.
const CREDENTIALS: Demand = conduct(&[35], |s| is(s, "credentials", "yes"));

/// Each is interviewed alone.
const ONE_PERSON: Demand = conduct(&[38], |s| match s.answers("persons").len() {
    0 => Says::Unasked,
    persons => (persons == 1).into(),
});

/// A party first learns of duties and rights.
const RIGHTS_FIRST: Demand = conduct(&[37], |s| {
    let Some(day) = s.happened() else { return Says::Unasked };
    let told = |person: &str| {
        s.done("tell_rights")
            .any(|told| told.happened <= day && told.answers("persons").contains(&person))
    };
    let persons = s.answers("persons");
    persons.iter().all(|person| !is_party(s, person) || told(person)).into()
})
.by("37-1");

/// Nobody investigates in two places at once.
const ONE_PLACE: Demand = demand(&[35], |s| {
    let Some(session) = Session::tried(s) else { return Says::Unasked };
    // One is asked at a time; about a place or what is there people may be asked while it is inspected.
    let elsewhere = |other: &Session<'_>| {
        session.overlaps(other)
            && (session.place != other.place || session.asks() && other.asks())
            && session.handlers.iter().any(|who| other.handlers.contains(who))
    };
    (!sessions(s).iter().any(elsewhere)).into()
})
.by("35-1");

fn one_room(s: Scene<'_>) -> Says {
    let Some(session) = Session::tried(s) else { return Says::Unasked };
    let beside = |other: &Session<'_>| {
        session.overlaps(other) && session.place == other.place && other.step == "record_interview"
    };
    (!sessions(s).iter().any(beside)).into()
}

/// 询问、检查. Where handlers were from when to when.
struct Session<'a> {
    step: &'static str,
    day: Date,
    from: Time,
    to: Time,
    place: &'a str,
    handlers: Vec<&'a str>,
}

impl<'a> Session<'a> {
    fn of(step: &'static str, day: Date, answers: &'a Answers) -> Option<Session<'a>> {
        Some(Session {
            step,
            day,
            from: text(answers, "from")?.parse().ok()?,
            to: text(answers, "to")?.parse().ok()?,
            place: text(answers, "place")?,
            handlers: texts(answers, "handlers"),
        })
    }

    fn tried(s: Scene<'a>) -> Option<Session<'a>> {
        let day = s.date("day").or(s.happened())?;
        let session = Session::of(s.attempt.step.id, day, &s.attempt.answers)?;
        (!session.handlers.is_empty()).then_some(session)
    }

    /// Whether it is an interview, held or planned.
    fn asks(&self) -> bool {
        matches!(self.step, "record_interview" | "arrange_interview")
    }

    fn overlaps(&self, other: &Session<'_>) -> bool {
        self.day == other.day && self.from < other.to && other.from < self.to
    }
}

/// Those that were held.
fn sessions(s: Scene<'_>) -> Vec<Session<'_>> {
    let told = s.story.told.iter();
    told.filter(|told| matches!(told.step, "record_interview" | "inspect"))
        .filter_map(|told| Session::of(told.step, told.happened, &told.answers))
        .collect()
}

fn five_contents(s: Scene<'_>) -> Says {
    let answered = [s.answers("covered"), s.answers("not_applicable")].concat();
    ["basics", "relation", "responsibility", "circumstances", "other"]
        .iter()
        .all(|content| answered.contains(content))
        .into()
}

fn begins_before_it_ends(s: Scene<'_>) -> Says {
    both(time(s, "from"), time(s, "to")).map(|(from, to)| from < to).into()
}

fn has_ended(s: Scene<'_>) -> Says {
    both(s.happened(), time(s, "to")).map(|(day, to)| day.to_datetime(to) <= s.attempt.at).into()
}

/// Before the filing, an inspection is one that was consented to.
const CONSENT: Demand = conduct(&[27, 44], |s| {
    s.happened().map(|day| s.answer("consent").is_some() || is_filed(s, day)).into()
})
.by("27-3");

fn somebody_there(s: Scene<'_>) -> Says {
    s.answer("attendance").map(|attendance| attendance != "nobody").into()
}

/// Where a record was made, it notes that nobody was there, or that the signature was refused.
fn absence_noted(s: Scene<'_>) -> Says {
    let noted = s.answer("note").is_some();
    let there = both(s.answer("signature"), s.answer("attendance"));
    there
        .map(|(signature, attendance)| {
            let absent = attendance == "nobody" && signature != "none";
            noted || signature != "noted" && !absent
        })
        .into()
}

fn named_if_there(s: Scene<'_>) -> Says {
    let named = s.answer("attendant").is_some();
    s.answer("attendance").map(|attendance| attendance == "nobody" || named).into()
}

/// Things are preserved in a case, or by another law that the approval names.
const AFTER_FILING_OR_BY_OTHER_LAW: Demand = conduct(&[45], |s| {
    let other = approval(s).is_some_and(|(asked, _)| asked.answer("other_basis").is_some());
    s.happened().map(|day| other || is_filed(s, day)).into()
})
.by("45-1");

/// A head approves beforehand, unless there is no time to ask.
const APPROVED_OR_URGENT: Demand =
    conduct(&[45], |s| (s.answer("approval").is_some() || s.answer("urgency").is_some()).into())
        .by("45-2");

fn approved_before(s: Scene<'_>) -> Says {
    match (number(s, "approval"), s.happened()) {
        (None, _) => Says::Yes,
        (_, None) => Says::Unasked,
        (_, day) => approval(s).is_some_and(|(_, told)| Some(told.happened) <= day).into(),
    }
}

/// The approval that is relied on: what was submitted, and its approval.
fn approval<'a>(s: Scene<'a>) -> Option<(&'a Told, &'a Told)> {
    nth(&s.approved("submit_preservation"), s.answer("approval")?).copied()
}

/// Whether a preservation was urgent and nobody asked for its approval since.
fn may_be_approved_later(s: Scene<'_>, urgent: usize) -> bool {
    let done: Vec<&Told> = s.done("preserve").collect();
    let meant = urgent.checked_sub(1).and_then(|at| done.get(at));
    let asked = s.submissions().into_iter().any(|asked| {
        let open = asked.waits() || asked.approval().is_some();
        open && asked.told.step == "submit_preservation" && points_at(asked.told, "urgent", urgent)
    });
    meant.is_some_and(|told| told.answer("approval").is_none()) && !asked
}

/// What waits for a head is not asked for once more.
fn not_asked_already(s: Scene<'_>) -> Says {
    let mut waiting = s.submissions().into_iter().filter(|asked| asked.waits());
    let same = |told: &Told| {
        told.step == "submit_preservation"
            && told.answer("objects") == s.answer("objects")
            && told.answer("urgent") == s.answer("urgent")
    };
    (!waiting.any(|asked| same(asked.told))).into()
}

/// What preserved the thing with this number.
fn preserved(story: Tale<'_>, object: usize) -> Option<&Told> {
    let preserved = story.told.iter().filter(|told| told.step == "preserve");
    let mut each = preserved.flat_map(|told| told.rows("objects").into_iter().map(move |_| told));
    each.nth(object.checked_sub(1)?)
}

fn is_released(s: Scene<'_>, object: usize) -> bool {
    let object = object.to_string();
    s.done("release_preservation").any(|told| told.answers("objects").contains(&object.as_str()))
}

/// The hearing in which the plea with this number was made.
fn plea_of(story: Tale<'_>, plea: usize) -> Option<&Told> {
    let heard = story.told.iter().filter(|told| told.step == "hear_party");
    let mut each = heard.flat_map(|told| told.answers("points").into_iter().map(move |_| told));
    each.nth(plea.checked_sub(1)?)
}

const BY_WHOM_WAS_ASKED: Demand =
    demand(&[47], |s| asked(s).map(|asked| asked.answer("department") == s.office()).into());

const NOT_APPRAISED_YET: Demand =
    demand(&[47], |s| never_yet(s, "appraisal", &["record_appraisal", "issue_appraisal"]));

const ONLY_WHAT_WAS_ASKED: Demand = demand(&[47], |s| {
    let Some(asked) = asked(s) else { return Says::Unasked };
    let items = asked.answers("items");
    let results = s.rows("results");
    let answered = results.iter().filter_map(|row| text(row, "item"));
    (!results.is_empty()).then(|| answered.into_iter().all(|item| items.contains(&item))).into()
});

/// The request for appraisal that is answered.
fn asked<'a>(s: Scene<'a>) -> Option<&'a Told> {
    let asked: Vec<&Told> = s.done("request_appraisal").collect();
    nth(&asked, s.answer("appraisal")?).copied()
}

fn head_or_superior(s: Scene<'_>) -> bool {
    head(s) || superior(s)
}

/// Whether an entry is an interview whose record is signed: it never changes (art. 40).
pub fn is_signed(story: Tale<'_>, number: u64) -> bool {
    let interviews: Vec<&Told> =
        story.told.iter().filter(|told| told.step == "record_interview").collect();
    story.told.iter().filter(|told| told.step == "sign_record").any(|signed| {
        let which = signed.answer("interview").unwrap_or_default();
        nth(&interviews, which).is_some_and(|interview| interview.number == number)
    })
}

/// Whether the filing was approved by a day.
pub fn is_filed(s: Scene<'_>, day: Date) -> bool {
    s.filed().is_some_and(|approval| approval.happened <= day)
}

/// Whether the review was begun by a day.
fn is_reviewed(s: Scene<'_>, day: Date) -> bool {
    s.review().is_some_and(|begun| begun.happened <= day)
}

/// Whether the person with this number is a party.
pub fn is_party(s: Scene<'_>, person: &str) -> bool {
    s.person(person).is_some_and(|person| person.standing == "party")
}

/// The number answered to a field.
pub fn number(s: Scene<'_>, field: &str) -> Option<usize> {
    s.answer(field)?.parse().ok()
}

/// Whether a field points at the thing with this number.
pub fn points_at(told: &Told, field: &str, number: usize) -> bool {
    told.answer(field).and_then(|text| text.parse().ok()) == Some(number)
}

/// Both, where both are there.
pub fn both<T, U>(one: Option<T>, other: Option<U>) -> Option<(T, U)> {
    one.zip(other)
}

/// Whether one day is not after another.
pub fn in_order(first: Option<Date>, then: Option<Date>) -> Says {
    both(first, then).map(|(first, then)| first <= then).into()
}

/// Whether the act is not before that to which a field points: the one of this step with this number.
pub fn not_before(s: Scene<'_>, field: &str, step: &'static str) -> Says {
    let done: Vec<&Told> = s.done(step).collect();
    let meant = s.answer(field).and_then(|number| nth(&done, number));
    in_order(meant.map(|told| told.happened), s.happened())
}

/// Whether none of these steps was done yet about the thing to which a field points.
pub fn never_yet(s: Scene<'_>, field: &str, steps: &[&'static str]) -> Says {
    let done = |number| {
        let mut told = steps.iter().flat_map(|step| s.done(step));
        told.any(|told| points_at(told, field, number))
    };
    number(s, field).map(|number| !done(number)).into()
}

/// Whether a field is answered with this.
pub fn is(s: Scene<'_>, field: &str, wanted: &str) -> Says {
    s.answer(field).map(|answer| answer == wanted).into()
}

/// Whether one field is filled in where another is answered with this.
pub fn if_then(s: Scene<'_>, field: &str, wanted: &str, filled: &str) -> Says {
    let there = s.answer(filled).is_some();
    s.answer(field).map(|answer| answer != wanted || there).into()
}

/// Whether something holds of each thing to which a field points.
pub fn each(s: Scene<'_>, field: &str, holds: impl Fn(usize) -> bool) -> Says {
    s.answers(field).iter().filter_map(|number| number.parse().ok()).all(holds).into()
}

/// The time answered to a field.
fn time(s: Scene<'_>, field: &str) -> Option<Time> {
    s.answer(field)?.parse().ok()
}
