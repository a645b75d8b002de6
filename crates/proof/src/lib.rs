//! What is proved of the core beyond its scenarios, for tests only: nothing of the product depends on this crate.
//!
//! `model` is a second, naive implementation of who may do what and when; `histories` are random procedures on which it and the core must agree.

pub mod histories;
pub mod model;
