//! 下一步. What the regulation says to every step, in words.

use procedure::{Outcome, Verdict};

/// A step's standing, as one stable word.
pub(crate) fn word(verdict: &Verdict) -> &'static str {
    match verdict.outcome() {
        Outcome::Allowed | Outcome::Incomplete => "allowed",
        Outcome::Undetermined => "undetermined",
        Outcome::Refused => "refused",
    }
}
