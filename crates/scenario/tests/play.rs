//! Every scenario file on the core: each line comes out as written, every refusal is shown, and every check is missed when it is switched off.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeSet;

use common::scenarios;
use scenario::{Scenario, core::Core, language::Outcome, play};

/// Codes of the checks that said no, and lines that did not come out as written.
fn run(scenario: &Scenario, core: impl Fn() -> Core) -> (BTreeSet<String>, Vec<String>, usize) {
    let (mut codes, mut failed, mut lines) = (BTreeSet::new(), Vec::new(), 0);
    play(scenario, || Ok(core()), &mut |line| {
        lines += 1;
        codes.extend(line.codes.iter().cloned());
        if let Some(failure) = &line.failure {
            failed.push(format!("{} {} → {} | {failure}", line.line, line.what, line.came));
        }
    })
    .unwrap();
    (codes, failed, lines)
}

#[test]
fn every_scenario_comes_out_as_written() {
    let (mut failed, mut lines) = (Vec::new(), 0);
    for (name, scenario) in scenarios() {
        let (_, wrong, count) = run(&scenario, Core::default);
        lines += count;
        failed.extend(wrong.into_iter().map(|wrong| format!("{name}:{wrong}")));
    }
    assert!(failed.is_empty(), "{lines} lines, {} failed\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn every_refusal_is_shown_by_a_scenario() {
    let shown: BTreeSet<_> =
        scenarios().iter().flat_map(|(_, scenario)| run(scenario, Core::default).0).collect();
    let unshown: Vec<_> = procedure::refusals().filter(|r| !shown.contains(r.code)).collect();
    let codes: Vec<_> = unshown.iter().map(|refusal| refusal.code).collect();
    assert!(codes.is_empty(), "{} refusals no scenario shows:\n{}", codes.len(), codes.join("\n"));
}

/// Steps that no scenario shows refused, each with the reason.
const NEVER_REFUSED: &[(&str, &str)] = &[];

/// Each rule is shown from both sides: the lawful act is taken, the unlawful one is not.
#[test]
fn every_step_is_shown_taken_and_refused() {
    let (mut taken, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for (_, scenario) in scenarios() {
        play(&scenario, || Ok(Core::default()), &mut |line| match line.step {
            Some((step, Outcome::Done | Outcome::Defective)) => drop(taken.insert(step.id)),
            Some((step, Outcome::Refused | Outcome::Undetermined)) => drop(refused.insert(step.id)),
            Some((_, Outcome::Malformed)) | None => {}
        })
        .unwrap();
    }
    let people =
        || procedure::steps().filter(|step| step.who != [procedure::step::Relation::System]);
    let untaken: Vec<_> = people().filter(|s| !taken.contains(s.id)).map(|s| s.name).collect();
    assert!(untaken.is_empty(), "steps no scenario takes: {}", untaken.join("、"));
    let excepted: BTreeSet<_> = NEVER_REFUSED.iter().map(|(step, _)| *step).collect();
    let unrefused = people().filter(|s| !refused.contains(s.id) && !excepted.contains(s.id));
    let unrefused: Vec<_> = unrefused.map(|step| step.name).collect();
    assert!(unrefused.is_empty(), "steps no scenario shows refused: {}", unrefused.join("、"));
    let idle: Vec<_> = excepted.intersection(&refused).collect();
    assert!(idle.is_empty(), "steps that are refused after all: {idle:?}");
}

/// A check that nobody misses is a hole in the scenarios, or dead.
#[test]
fn every_check_is_missed_when_it_is_switched_off() {
    let scenarios = scenarios();
    let codes: Vec<&'static str> = procedure::refusals().map(|refusal| refusal.code).collect();
    // Only scenarios that show a refusal can miss its check.
    let shown: Vec<_> =
        scenarios.iter().map(|(_, scenario)| run(scenario, Core::default).0).collect();
    let missed = |code: &&'static str| {
        let showing = scenarios.iter().zip(&shown).filter(|(_, shown)| shown.contains(*code));
        showing
            .into_iter()
            .any(|((_, scenario), _)| !run(scenario, || Core::without(code)).1.is_empty())
    };
    let unmissed: Vec<_> = codes.iter().filter(|code| !missed(code)).copied().collect();
    println!(
        "{} of {} checks are missed when switched off",
        codes.len() - unmissed.len(),
        codes.len()
    );
    assert!(unmissed.is_empty(), "nobody misses:\n{}", unmissed.join("\n"));
}
