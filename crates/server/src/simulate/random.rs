//! Chance that is the same for the same seed, on every machine and with any number of threads.
//!
//! SplitMix64; nothing secret is drawn from it.

/// A sequence of draws.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The sequence of one part of a simulation.
    pub(super) fn of(seed: u64, part: u64) -> Random {
        let mut random = Random(seed ^ part.wrapping_mul(0xd1b5_4a32_d192_ed03));
        random.next();
        random
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where there is none.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let drawn = u128::from(self.next()) * (bound as u128);
        usize::try_from(drawn >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`.
    pub(super) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several; `or` where there is none.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T], or: &'a T) -> &'a T {
        let drawn = self.below(from.len());
        from.get(drawn).copied().unwrap_or(or)
    }

    /// One of the words.
    pub(super) fn word(&mut self, from: &[&'static str]) -> &'static str {
        self.pick(from, "")
    }
}
