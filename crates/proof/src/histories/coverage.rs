//! 覆盖. How often each step was taken and each refusal met.

use std::collections::BTreeMap;

use procedure::{Outcome, Verdict, dossier::Event};

/// What was met.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// How often something was tried.
    pub tried: usize,
    /// How often something was recorded as it happened, in breach.
    pub in_breach: usize,
    /// How often something was corrected.
    pub corrected: usize,
    /// How often each step was taken.
    pub taken: BTreeMap<&'static str, usize>,
    /// How often each refusal was met.
    pub refused: BTreeMap<&'static str, usize>,
}

impl Coverage {
    /// One more.
    pub fn add(&mut self, verdict: &Verdict) {
        self.tried += 1;
        if verdict.outcome() == Outcome::Allowed {
            *self.taken.entry(verdict.step.id).or_default() += 1;
        }
        self.in_breach += usize::from(verdict.event.is_some() && !verdict.breaches.is_empty());
        self.corrected += usize::from(matches!(verdict.event, Some(Event::Corrected { .. })));
        let mut codes: Vec<_> = verdict.refusals().map(|finding| finding.refusal.code).collect();
        codes.dedup();
        for code in codes {
            *self.refused.entry(code).or_default() += 1;
        }
    }

    /// Everything that another met besides.
    pub fn merge(&mut self, other: &Coverage) {
        self.tried += other.tried;
        self.in_breach += other.in_breach;
        self.corrected += other.corrected;
        for (step, count) in &other.taken {
            *self.taken.entry(step).or_default() += count;
        }
        for (code, count) in &other.refused {
            *self.refused.entry(code).or_default() += count;
        }
    }

    /// Every step with how often it was taken, the rarest first.
    pub fn steps(&self) -> Vec<(&'static str, usize)> {
        let count = |step: &procedure::step::Step| {
            (step.id, self.taken.get(step.id).copied().unwrap_or_default())
        };
        rarest_first(procedure::steps().map(count).collect())
    }

    /// Every refusal with how often it was met, the rarest first.
    pub fn refusals(&self) -> Vec<(&'static str, usize)> {
        let count = |refusal: &procedure::check::Refusal| {
            (refusal.code, self.refused.get(refusal.code).copied().unwrap_or_default())
        };
        rarest_first(procedure::refusals().map(count).collect())
    }
}

fn rarest_first(mut list: Vec<(&'static str, usize)>) -> Vec<(&'static str, usize)> {
    list.sort_by_key(|(name, count)| (*count, *name));
    list
}
