//! Every state of the core, in slices.
//!
//! A slice has a cast, a starting dossier, a finite alphabet of concrete acts and an abstraction: a small key that says everything about a dossier that its verdicts depend on.
//! From the start, breadth first, every act is tried in every state; the edges are what the core's own `decide` lets through, applied.
//! That the abstraction loses nothing is not believed but compared: where a state is reached again by another path, that other dossier must get the same verdicts and lead to the same states.
//! Properties, each with its article, are judged on every act and in every state, from what the record says, not by the core's own predicates.
//! Deliberately absent: corrections (更正), which compute a dossier anew, and everything that several dossiers at once would need; random histories are for those.

pub mod explore;
pub mod ground;
pub mod properties;
pub mod record;

mod evidence;
mod filing;
mod handling;
mod interview;
mod jurisdiction;
mod recusal;

use jiff::civil::Date;
use procedure::{Dossier, Entry, setting::Other};

/// The six slices, in the order of the regulation.
pub static SLICES: [&Slice; 6] = [
    &jurisdiction::SLICE,
    &filing::SLICE,
    &interview::SLICE,
    &evidence::SLICE,
    &recusal::SLICE,
    &handling::SLICE,
];

/// A part of the procedure that is enumerated by itself.
pub struct Slice {
    /// Its name.
    pub name: &'static str,
    /// Cast and prefix in the language of scenarios; then, below `==== 动作`, the alphabet, and below `==== 试探`, acts that are judged everywhere and never followed.
    pub text: &'static str,
    /// The days on which acts are tried, ascending; going on to the next is an edge of its own.
    pub days: &'static [Date],
    /// What it holds constant, in words.
    pub constant: &'static [&'static str],
    /// Other dossiers that the office has.
    pub others: fn() -> Vec<Other>,
    /// The abstraction: everything about a dossier that the slice's verdicts depend on.
    pub key: fn(&Dossier, &mut Key),
    /// Where the slice ends: what an act leads to beyond is not followed.
    pub within: fn(&Dossier, &Entry) -> bool,
}

/// An abstract state, as it is built up.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Vec<u8>);

impl Key {
    /// A number; all above 255 count as one.
    pub fn number(&mut self, number: usize) -> &mut Self {
        self.0.push(u8::try_from(number).unwrap_or(u8::MAX));
        self
    }

    /// A yes or no.
    pub fn flag(&mut self, flag: bool) -> &mut Self {
        self.number(usize::from(flag))
    }

    /// A word.
    pub fn word(&mut self, word: &str) -> &mut Self {
        self.0.extend_from_slice(word.as_bytes());
        self.number(0)
    }

    /// A day.
    pub fn day(&mut self, day: Date) -> &mut Self {
        self.number(usize::from(day.day_of_year().unsigned_abs() / 256));
        self.number(usize::from(day.day_of_year().unsigned_abs() % 256))
    }

    /// As many flags as there are items, with their number.
    pub fn flags(&mut self, flags: impl Iterator<Item = bool>) -> &mut Self {
        let flags: Vec<bool> = flags.collect();
        self.number(flags.len());
        for flag in flags {
            self.flag(flag);
        }
        self
    }

    /// Words in alphabetical order, each once.
    pub fn words<'a>(&mut self, words: impl Iterator<Item = &'a str>) -> &mut Self {
        let words: std::collections::BTreeSet<&str> = words.collect();
        self.number(words.len());
        for word in words {
            self.word(word);
        }
        self
    }
}

/// An office without other dossiers.
fn alone() -> Vec<Other> {
    Vec::new()
}
