//! What must hold of the core on every history: nothing panics, a refusal writes nothing and says why, replay gives the same, stages move along the arrows, limits only grow, and no open duty is out of everybody's sight.
//!
//! A failing history is shrunk to an earlier run, an earlier parting and fewer steps; its story is printed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, path::Path, sync::OnceLock};

use jiff::civil::Date;
use procedure::{
    Act, Dossier, Entry, Outcome, Setting, Stage, ask,
    check::Finding,
    closing,
    deadline::{self, Desk, Duty},
    decide,
    directory::{self, Staff},
    dossier::Event,
    explain::explain,
    holidays::Holidays,
    next_steps,
    step::{OCCURRED, Relation, Step},
    summary::summary,
    time::{LastDay, Length, deadline},
    value::{Answer, DepartmentId, StaffId},
};
use proof::histories::{
    Address, Course, Judged, Line, Plan, Pool, Run, Try, Witness, perform_one, runs, words::story,
};
use proptest::{prelude::*, sample::Index, test_runner::RngAlgorithm};
use scenario::core::Core;

/// Notes whatever does not hold while a history is played.
#[derive(Clone, Debug, Default)]
struct Watching;

impl Witness for Watching {
    type Report = Vec<String>;

    fn begins(&mut self, _: &Address, _: &mut Vec<String>) {}

    fn judged(&mut self, judged: &Judged<'_>, _: &[Line], wrong: &mut Vec<String>) {
        a_verdict_is_sound(judged, wrong);
        what_was_asked_still_holds(judged, wrong);
        an_event_keeps_what_was_answered(judged, wrong);
        an_entry_moves_lawfully(judged, wrong);
    }

    fn recorded(&mut self, _: &Core, _: &[String], _: &Try, _: &mut Vec<String>) {}

    fn cast(&mut self, _: &directory::Event) {}
}

/// Something is recorded exactly when it is allowed, and whatever says no has a clause.
fn a_verdict_is_sound(judged: &Judged<'_>, wrong: &mut Vec<String>) {
    let verdict = judged.verdict;
    let allowed = verdict.outcome() == Outcome::Allowed;
    let entry = procedure::entry(judged.dossier, judged.setting, judged.act, verdict);
    if verdict.event.is_some() != allowed || entry.is_some() != allowed {
        wrong.push(format!("{:?}, but event {:?}", verdict.outcome(), verdict.event));
    }
    for finding in &verdict.findings {
        let clauses = verdict.basis(finding);
        if clauses.is_empty() || clauses.iter().any(|clause| clause.text().is_none()) {
            wrong.push(format!("{} rests on {clauses:?}", finding.refusal.code));
        }
    }
}

/// A step that is not open before anything is filled in is not allowed once it is; what happened on an earlier day is judged on that day, which is not known when it is asked.
fn what_was_asked_still_holds(judged: &Judged<'_>, wrong: &mut Vec<String>) {
    let Act { step, who, manner, .. } = judged.act;
    let today = Answer::One(judged.setting.today().to_string());
    let is_earlier = judged.act.answers.get(OCCURRED).is_some_and(|day| *day != today);
    if *manner != procedure::Manner::Regular || is_earlier {
        return;
    }
    let asked = ask(judged.dossier, judged.setting, step, who);
    if !asked.is_open() && judged.verdict.outcome() == Outcome::Allowed {
        let codes: Vec<_> = asked.refusals().map(|finding| finding.refusal.code).collect();
        wrong.push(format!("{codes:?} stood against it before it was filled in"));
    }
}

/// The answers of an event make the same event again.
fn an_event_keeps_what_was_answered(judged: &Judged<'_>, wrong: &mut Vec<String>) {
    let Some(event) = &judged.verdict.event else { return };
    let mut act = judged.act.clone();
    let occurred = act.answers.remove(OCCURRED);
    act.answers = event.answers();
    act.answers.extend(occurred.map(|day| (OCCURRED.to_owned(), day)));
    let again = decide(judged.dossier, judged.setting, &act).event;
    if again.as_ref() != Some(event) {
        wrong.push(format!("{event:?} becomes {again:?}"));
    }
}

/// What an entry does to the stage and to the limits.
fn an_entry_moves_lawfully(judged: &Judged<'_>, wrong: &mut Vec<String>) {
    let Judged { dossier, setting, act, verdict, .. } = judged;
    let Some(entry) = procedure::entry(dossier, setting, act, verdict) else { return };
    let is_correction = matches!(entry.event, Event::Corrected { .. });
    let mut after = (*dossier).clone();
    after.apply(entry);
    let (from, to) = (dossier.stage(), after.stage());
    if from != to && !ARROWS.contains(&(from, to)) {
        wrong.push(format!("{} moves from {from} to {to}", act.step.id));
    }
    let (before, after) = (deadline::limits(dossier, setting), deadline::limits(&after, setting));
    for limit in before.iter().chain(&after) {
        if limit.deadline.nominal > limit.deadline.latest {
            wrong.push(format!("{} ends before it ends: {:?}", limit.id, limit.deadline));
        }
    }
    if !is_correction {
        limits_are_not_shortened(&before, &after, wrong);
    }
}

/// Where a dossier goes from where it stands.
const ARROWS: &[(Stage, Stage)] = &[
    (Stage::Registered, Stage::Review),
    (Stage::Review, Stage::FilingPending),
    (Stage::FilingPending, Stage::Review),
    (Stage::FilingPending, Stage::Investigation),
    (Stage::Investigation, Stage::Handling),
    (Stage::Handling, Stage::ClosingPending),
    (Stage::ClosingPending, Stage::Handling),
    (Stage::ClosingPending, Stage::Closed),
    // Another department begins anew, where it does not adopt the filing (art. 54).
    (Stage::Review, Stage::Registered),
    (Stage::FilingPending, Stage::Registered),
    (Stage::Investigation, Stage::Registered),
    // Before a case is filed (arts. 2, 25, 29).
    (Stage::Registered, Stage::Education),
    (Stage::Registered, Stage::NotHandled),
    (Stage::Registered, Stage::Joined),
    (Stage::Registered, Stage::Referred),
    (Stage::Review, Stage::Education),
    (Stage::Review, Stage::NotHandled),
    (Stage::Review, Stage::Joined),
    (Stage::Review, Stage::Referred),
    (Stage::Review, Stage::Dealt),
    (Stage::Review, Stage::OnFile),
    (Stage::FilingPending, Stage::OnFile),
    (Stage::FilingPending, Stage::Referred),
    // What was kept on file is opened again by what was asked for (art. 29).
    (Stage::OnFile, Stage::Review),
    // Of a case (arts. 49, 50).
    (Stage::Investigation, Stage::Cancelled),
    (Stage::Investigation, Stage::Referred),
    (Stage::Handling, Stage::Referred),
];

/// No limit that began on the same day ends earlier than before.
fn limits_are_not_shortened(
    before: &[deadline::Running],
    after: &[deadline::Running],
    wrong: &mut Vec<String>,
) {
    let of = |id: &str, list: &[deadline::Running]| {
        list.iter().filter(|limit| limit.id == id).map(|limit| limit.deadline).collect::<Vec<_>>()
    };
    for id in before.iter().map(|limit| limit.id).collect::<BTreeSet<_>>() {
        for (old, new) in of(id, before).iter().zip(of(id, after)) {
            if old.start == new.start && old.latest > new.latest {
                wrong.push(format!("{id} is shortened: {old:?} to {new:?}"));
            }
        }
    }
}

/// What must hold of every dossier when a history is over.
fn the_end_is_sound(course: &Course<Watching>) -> Vec<String> {
    let mut wrong = Vec::new();
    for dossier in course.core.dossiers() {
        let bytes = serde_json::to_vec(&dossier.history).unwrap();
        let entries: Vec<Entry> = serde_json::from_slice(&bytes).unwrap();
        let replayed = Dossier::replay(dossier.id.clone(), entries);
        if format!("{replayed:?}") != format!("{dossier:?}") {
            wrong.push(format!("{} is another after replay", dossier.id));
        }
        let owner = dossier.department().cloned().unwrap_or(DepartmentId(String::new()));
        let setting = course.core.setting(&owner, course.now, &dossier.id);
        same_at_any_desk(dossier, &replayed, &setting, &mut wrong);
        for who in who_acted_last(course) {
            let setting = of(course, who, dossier);
            let says = |dossier: &Dossier| {
                next_steps(dossier, &setting, who).iter().map(explain).collect::<Vec<_>>()
            };
            if says(dossier) != says(&replayed) {
                wrong.push(format!("{who} is told something else after replay"));
            }
        }
        for duty in deadline::duties(dossier, &setting) {
            if !is_in_sight(course, dossier, &duty) {
                wrong.push(format!("nobody can do {}: {} {}", duty.step, duty.basis, duty.name));
            }
        }
    }
    wrong
}

/// The last two who tried something.
fn who_acted_last(course: &Course<Watching>) -> BTreeSet<&StaffId> {
    let tries = course.lines.iter().rev().filter_map(|line| match line {
        Line::Tried { tried, .. } => Some(&tried.who),
        Line::Cast(_) => None,
    });
    tries.take(2).collect()
}

fn of(course: &Course<Watching>, who: &StaffId, dossier: &Dossier) -> Setting {
    course.core.setting(&course.core.department_of(who), course.now, &dossier.id)
}

fn same_at_any_desk(
    dossier: &Dossier,
    replayed: &Dossier,
    setting: &Setting,
    wrong: &mut Vec<String>,
) {
    let told = |what: &dyn Fn(&Dossier) -> String| (what(dossier), what(replayed));
    let views = [
        ("summary", told(&|dossier| format!("{:?}", summary(dossier, setting)))),
        ("duties", told(&|dossier| format!("{:?}", deadline::duties(dossier, setting)))),
        ("limits", told(&|dossier| format!("{:?}", deadline::limits(dossier, setting)))),
        ("conditions", told(&|dossier| format!("{:?}", closing::conditions(dossier, setting)))),
    ];
    let other = views.iter().filter(|(_, (before, after))| before != after);
    wrong.extend(other.map(|(what, _)| format!("{what} of {} after replay", dossier.id)));
}

/// Whether somebody has the step that discharges a duty open before them: at its desk or, by paper, elsewhere.
fn is_in_sight(course: &Course<Watching>, dossier: &Dossier, duty: &Duty) -> bool {
    let desk = match &duty.desk {
        Desk::Owner => dossier.department(),
        Desk::Department(department) => Some(department),
    };
    let (Some(desk), Some(step)) = (desk, procedure::step(duty.step)) else { return false };
    let directory = course.core.directory();
    let said = |step: &'static Step, staff: &Staff| {
        ask(dossier, &of(course, &staff.id, dossier), step, &staff.id)
    };
    // What waits for a decision is decided by a refusal of it too; what waits for handlers, once they are assigned.
    let instead: &[&str] = match step.who.contains(&Relation::Handler) {
        true => &["assign_reviewers", "assign_handlers"],
        false if step.id == "approve" => &["return"],
        false => &[],
    };
    let instead = || instead.iter().filter_map(|id| procedure::step(id));
    let is_open = |staff: &Staff| {
        let verdict = said(step, staff);
        // What must be listed first is said at the step itself.
        let waits = |finding: &Finding| finding.refusal.code == "act.nothing_to_choose";
        verdict.is_open()
            || verdict.refusals().all(waits) && verdict.unknown().next().is_none()
            || instead().any(|instead| said(instead, staff).is_open())
    };
    // Chance may have left a department without anybody who heads it; that is no matter of the law.
    let heads = |staff: &Staff| staff.is_head() && !stands_back(course, dossier, staff);
    directory.all_staff().any(is_open) || !directory.staff_of(desk).any(heads)
}

fn stands_back(course: &Course<Watching>, dossier: &Dossier, staff: &Staff) -> bool {
    dossier.general.stands_back(&staff.id, course.now.date())
}

fn scenes() -> &'static (Vec<Run>, Pool) {
    static SCENES: OnceLock<(Vec<Run>, Pool)> = OnceLock::new();
    SCENES.get_or_init(|| {
        let runs = runs::read(Path::new("../../scenarios")).unwrap();
        let pool = Pool::of(&runs);
        (runs, pool)
    })
}

/// Chance for the histories; `SEED` chooses others.
fn seed() -> u64 {
    std::env::var("SEED").map_or(2, |seed| seed.parse().unwrap())
}

/// The same histories every time: a test that fails once fails again.
fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").map_or(cases, |cases| cases.parse().unwrap());
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn histories_are_sound(run in any::<Index>(), cut in any::<Index>(), nth in 0_usize..1000, most in 0_usize..12) {
        let (runs, pool) = scenes();
        let run = run.get(runs);
        let address = Address { run: run.name.clone(), cut: cut.index(run.lines.len() + 1), nth };
        let plan = Plan { histories: 1, seed: seed(), core: Core::default(), threads: 1, most };
        let (course, mut wrong) = perform_one(runs, pool, &plan, &address, &Watching).unwrap();
        wrong.extend(the_end_is_sound(&course));
        prop_assert!(wrong.is_empty(), "{}\n{}\n{}", address, story(&course.lines), wrong.join("\n"));
    }
}

fn length() -> impl Strategy<Value = (fn(u16) -> Length, u16, u16)> {
    let units: [fn(u16) -> Length; 3] = [Length::Months, Length::WorkingDays, Length::Days];
    (prop::sample::select(units.to_vec()), 0_u16..200, 0_u16..200)
}

proptest! {
    #![proptest_config(config(20_000))]

    /// A longer limit does not end earlier, nor one that begins later; none ends before it ends.
    #[test]
    fn limits_only_grow(
        (unit, short, more) in length(),
        start in 0_i32..5000,
        later in 0_i32..500,
        kept in any::<bool>(),
    ) {
        let day = |days: i32| Date::constant(2018, 1, 1).saturating_add(jiff::Span::new().days(days));
        let last_day = if kept { LastDay::Kept } else { LastDay::MovedToWorkingDay };
        let limit = |days, n| deadline(day(days), unit(n), last_day, Holidays::built_in()).unwrap();
        let first = limit(start, short);
        prop_assert!(first.start <= first.nominal && first.nominal <= first.latest);
        for other in [limit(start, short + more), limit(start + later, short)] {
            prop_assert!(first.nominal <= other.nominal && first.latest <= other.latest);
        }
    }
}
