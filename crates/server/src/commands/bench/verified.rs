//! How fast chains and tree are verified, beside SM3 of the same bytes from memory on all cores.
//!
//! From memory they are hashed as as many messages of equal length: a header or a node of the tree
//! is short, and the last block of each message costs as much as any other.

use std::{hint::black_box, thread, time::Instant};

use sm3::{Digest, Sm3};
use store::Store;

use crate::commands::Wrong;

/// One verification with the hashing that was measured right after it.
#[derive(Clone, Copy)]
pub(super) struct Verified {
    pub(super) events_per_s: f64,
    pub(super) mib_per_s: f64,
    pub(super) hashing_mib_per_s: f64,
}

impl Verified {
    pub(super) fn measure(store: &Store) -> Result<Verified, Wrong> {
        let begun = Instant::now();
        let found = store.verify_log(&|_, _| ())?;
        let verifying = begun.elapsed().as_secs_f64();
        if !found.is_clean() {
            return Err(Wrong::unreadable("测量用的记录有问题"));
        }
        // A header and a content for each event; a leaf and, but for the first, a node above it.
        let messages = (2 * (found.events + found.leaves)).saturating_sub(1);
        let mib = found.hashed as f64 / f64::from(1 << 20);
        Ok(Verified {
            events_per_s: found.events as f64 / verifying,
            mib_per_s: mib / verifying,
            hashing_mib_per_s: mib / hash(messages, found.hashed / messages.max(1)),
        })
    }

    /// The round with the median ratio.
    pub(super) fn median(mut rounds: Vec<Verified>) -> Option<Verified> {
        rounds.sort_by(|a, b| a.to_hashing().total_cmp(&b.to_hashing()));
        rounds.get(rounds.len() / 2).copied()
    }

    /// Verifying against hashing alone; 1 would be that reading costs nothing.
    pub(super) fn to_hashing(self) -> f64 {
        self.mib_per_s / self.hashing_mib_per_s
    }
}

/// Seconds for hashing so many messages of a length, divided between all cores.
fn hash(messages: u64, length: u64) -> f64 {
    let cores = thread::available_parallelism().map_or(1, usize::from) as u64;
    let message = vec![7_u8; length as usize];
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                for _ in 0..messages / cores {
                    black_box(Sm3::digest(black_box(&message)));
                }
            });
        }
    });
    begun.elapsed().as_secs_f64()
}
