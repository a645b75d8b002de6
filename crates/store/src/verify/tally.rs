//! Whether two multisets of hashes are the same, without keeping either.
//!
//! Events are read in order of stream and leaves in order of place, and each must have the other.
//! Sums of a keyed hash of each are compared instead of the rows: the keys are drawn anew for each
//! verification, so that nobody could have prepared rows whose sums agree by more than chance.
//! Both keys are drawn together and may be related, so no more than 2^-64 is claimed.

use std::hash::{BuildHasher, RandomState};

use super::evidence::At;
use crate::Hash;

/// The keys of one verification.
#[derive(Default)]
pub(super) struct Keyed(RandomState, RandomState);

/// What was added, in any order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally(u64, u64);

impl Tally {
    pub(super) fn add(&mut self, Keyed(first, second): &Keyed, at: At, hash: &Hash) {
        let one = (at, hash);
        self.join(&Tally(first.hash_one(one), second.hash_one(one)));
    }

    pub(super) fn join(&mut self, other: &Tally) {
        self.0 = self.0.wrapping_add(other.0);
        self.1 = self.1.wrapping_add(other.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_rows_make_the_same_tally() {
        let keyed = Keyed::default();
        let tally = |rows: &[(At, u8)]| {
            let mut tally = Tally::default();
            rows.iter().for_each(|(at, hash)| tally.add(&keyed, *at, &[*hash; 32]));
            tally
        };
        let rows = [((1, 1), 1), ((1, 2), 2), ((2, 1), 3)];
        let turned = [((2, 1), 3), ((1, 1), 1), ((1, 2), 2)];
        assert_eq!(tally(&rows), tally(&turned));
        for other in [
            &[((1, 1), 1), ((1, 2), 2)][..],
            &[((1, 1), 1), ((1, 2), 2), ((2, 1), 4)],
            &[((1, 1), 2), ((1, 2), 1), ((2, 1), 3)],
            &[((1, 1), 1), ((1, 1), 1), ((2, 1), 3)],
        ] {
            assert_ne!(tally(&rows), tally(other), "{other:?}");
        }
    }
}
