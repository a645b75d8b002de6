//! 情景. Procedures written down as text that a lawyer can read, and their player.
//!
//! A file names a cast, then one step after another with what came of it.
//! The same files are tests of the core, tests of the server, sample data, and the form in which old paper cases come in.
//! Deliberately absent: HTTP and databases; a [`World`] is whatever takes acts.

pub mod core;
pub mod language;
pub mod manual;
pub mod player;
pub mod rules;

pub use language::{ParseError, Scenario, parse};
pub use player::{Line, Reply, World, play};
