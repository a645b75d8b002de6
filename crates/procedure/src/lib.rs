//! 《泄密案件查处办法》 as a pure state machine.
//!
//! The chapters of the regulation are the modules, in its order; beside them stands what all chapters share.
//! Deliberately absent: disks, networks, clocks, randomness, async, panics.
//! What a decision needs, it is given as a [`setting::Setting`].

pub mod general;
pub mod jurisdiction {
    //! 第二章 管辖. Its rules are later work; its text is here.
    //!
    #![doc = include_str!("jurisdiction/law.md")]
}
pub mod closing;
pub mod evidence;
pub mod filing;
pub mod intake;
pub mod investigation;
pub mod cooperation {
    //! 第八章 配合机制. Its rules are later work; its text is here.
    //!
    #![doc = include_str!("cooperation/law.md")]
}
pub mod liability {
    //! 第九章 法律责任. Its rules are later work; its text is here.
    //!
    #![doc = include_str!("liability/law.md")]
}
pub mod supplementary;

pub mod approval;

pub mod act;
pub mod answered;
pub mod check;
pub mod deadline;
pub mod directory;
pub mod dossier;
pub mod holidays;
pub mod law;
pub mod limit;
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
pub use dossier::{Dossier, Entry, Event, Stage};
pub use general::access::{Access, access, principals};
pub use setting::Setting;

/// Every step, in the order of the regulation.
pub fn steps() -> impl Iterator<Item = &'static step::Step> {
    intake::STEPS
        .iter()
        .chain(&filing::STEPS)
        .chain(&approval::STEPS)
        .chain(&general::STEPS)
        .chain(&investigation::STEPS)
        .chain(&evidence::STEPS)
        .chain(&closing::STEPS)
        .chain(&supplementary::STEPS)
}

/// The step with this id or this name.
pub fn step(id: &str) -> Option<&'static step::Step> {
    steps().find(|step| step.id == id || step.name == id)
}

/// Every refusal, in the order of the regulation.
pub fn refusals() -> impl Iterator<Item = &'static check::Refusal> {
    let lists = [
        act::REFUSALS,
        general::leak::REFUSALS,
        general::recusal::REFUSALS,
        evidence::REFUSALS,
        intake::REFUSALS,
        filing::REFUSALS,
        closing::REFUSALS,
        approval::REFUSALS,
        supplementary::REFUSALS,
    ];
    lists.into_iter().chain(investigation::REFUSALS_BY_MODULE).flatten().copied()
}

/// Every rule that is not a step, in the order of the regulation.
pub fn rules() -> impl Iterator<Item = &'static answered::LegalRule> {
    general::RULES
        .iter()
        .chain(&evidence::RULES)
        .chain(&intake::RULES)
        .chain(&filing::RULES)
        .chain(&investigation::RULES)
        .chain(&closing::RULES)
        .chain(&supplementary::RULES)
}
