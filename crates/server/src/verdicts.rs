//! What programs and people are told of a verdict.

use procedure::{Entry, Outcome, Verdict, check::Refusal, law::Clause};

/// A step's standing, as one stable word.
pub(crate) fn word(verdict: &Verdict) -> &'static str {
    match verdict.outcome() {
        Outcome::Allowed | Outcome::Incomplete => "allowed",
        Outcome::Undetermined => "undetermined",
        Outcome::Refused => "refused",
    }
}

/// What an act recorded as it happened breached, each with the clauses it rests on.
pub(crate) fn breached(
    entry: &Entry,
) -> impl Iterator<Item = (&'static Refusal, &'static [Clause])> {
    let of_step = procedure::step(&entry.step).map_or(&[][..], |step| step.basis);
    let breached = procedure::refusals().filter(|r| entry.breaches.iter().any(|b| b == r.code));
    breached.map(move |refusal| {
        (refusal, if refusal.basis.is_empty() { of_step } else { refusal.basis })
    })
}
