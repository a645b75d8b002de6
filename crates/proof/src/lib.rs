//! What is proved of the core beyond its scenarios, for tests only: nothing of the product depends on this crate.
//!
//! `model` is a second, naive implementation of who may do what and when; `histories` are random procedures, and `agreement` says where it and the core differ on them; `enumeration` goes through the states of the core in slices.

pub mod agreement;
pub mod enumeration;
pub mod histories;
pub mod model;
