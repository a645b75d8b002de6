//! 《泄密案件查处办法》 as a pure state machine.
//!
//! The chapters of the regulation are the modules, in its order; beside them stands what all chapters share.
//! Deliberately absent: disks, networks, clocks, randomness, async, panics.
//! What a decision needs, it is given as a [`setting::Setting`].

pub mod closing;
pub mod cooperation;
pub mod evidence;
pub mod filing;
pub mod general;
pub mod intake;
pub mod investigation;
pub mod jurisdiction;
pub mod liability;
pub mod supplementary;

pub mod approval;

pub mod act;
pub mod answered;
pub mod check;
pub mod deadline;
pub mod directory;
pub mod dossier;
pub mod explain;
pub mod holidays;
pub mod law;
pub mod limit;
pub mod neighbours;
pub mod number;
pub mod readings;
pub mod setting;
pub mod step;
pub mod summary;
mod target;
pub mod time;
pub mod value;

pub use act::{Act, Manner, ask, decide, entry, next_steps};
pub use check::{Outcome, Verdict};
pub use dossier::{Dossier, End, Entry, Event, Stage, companions};
pub use general::access::{Access, access, principals};
pub use setting::Setting;

/// What a chapter, or what all chapters share, adds to the lists below.
struct Part {
    steps: &'static [step::Step],
    refusals: &'static [&'static [&'static check::Refusal]],
    rules: &'static [answered::LegalRule],
}

macro_rules! parts {
    ($($module:ident),+) => {
        [$(Part { steps: $module::STEPS, refusals: $module::REFUSALS_BY_MODULE, rules: $module::RULES }),+]
    };
}

/// In the order in which people come to them.
static PARTS: [Part; 12] = parts![
    act,
    intake,
    filing,
    approval,
    general,
    jurisdiction,
    investigation,
    evidence,
    closing,
    cooperation,
    liability,
    supplementary
];

/// Every step, as the chapters list them.
pub fn steps() -> impl Iterator<Item = &'static step::Step> {
    PARTS.iter().flat_map(|part| part.steps)
}

/// The step with this id or this name.
pub fn step(id: &str) -> Option<&'static step::Step> {
    steps().find(|step| step.id == id || step.name == id)
}

/// Every refusal.
pub fn refusals() -> impl Iterator<Item = &'static check::Refusal> {
    PARTS.iter().flat_map(|part| part.refusals).copied().flatten().copied()
}

/// Every rule that is not a step.
pub fn rules() -> impl Iterator<Item = &'static answered::LegalRule> {
    PARTS.iter().flat_map(|part| part.rules)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn whatever_is_declared_has_its_own_name() {
        let names = |list: Vec<&'static str>| {
            let mut seen = BTreeSet::new();
            let doubled: Vec<_> = list.into_iter().filter(|name| !seen.insert(*name)).collect();
            assert!(doubled.is_empty(), "declared twice: {doubled:?}");
        };
        names(super::steps().map(|step| step.id).collect());
        names(super::steps().map(|step| step.name).collect());
        names(super::refusals().map(|refusal| refusal.code).collect());
        names(super::rules().map(|rule| rule.id).collect());
    }
}
