//! The store through its front door.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail like tests do"
)]

mod articles;
mod aside;
mod checkpoints;
mod damage;
mod flips;
mod full;
mod guards;
mod insider;
mod lists;
mod older;
mod place;
mod record;
mod seals;
mod search;
mod second;
mod support;
mod tree;
mod vault;
