//! The bare engines: the rows that one act writes, committed one act at a time.
//!
//! The rows are those of acts that were just measured; deliberately absent is everything that leads to them: no law, no hashes, no reading, no HTTP.

mod postgres;
mod sqlite;

use procedure::{Entry, answered, number::series_key};

pub(super) use self::{postgres::Raw as RawPostgres, sqlite::Raw as RawSqlite};

/// One act as it stands in the record.
#[derive(Clone)]
struct Sample {
    kind: String,
    who: String,
    entered: String,
    header: Vec<u8>,
    salt: Vec<u8>,
    payload: Vec<u8>,
    /// The hash of a request, the versions and the answer that were kept with the act's key.
    outcome: (Vec<u8>, String, Vec<u8>),
    /// The series of which it draws a number, where it does.
    series: Option<String>,
    /// The articles that it adds to a dossier which does not rest on them yet: article n is bit n - 1.
    articles: i64,
}

/// A dossier, where its stream stands, and the articles it rests on.
#[derive(Clone)]
struct Place {
    nr: i64,
    stream: i64,
    version: i64,
    articles: i64,
}

impl Place {
    /// The articles of an act on which the dossier does not rest yet.
    fn new_articles(&self, sample: &Sample) -> impl Iterator<Item = i64> + use<> {
        let new = sample.articles & !self.articles;
        (1..=64).filter(move |article| new >> (article - 1) & 1 == 1)
    }
}

/// What the payload of an act says of its series and articles.
fn rests_on(payload: &[u8]) -> (Option<String>, i64) {
    let entry: Option<Entry> = serde_json::from_slice(payload).ok();
    let rests_on = entry.iter().flat_map(answered::rests_on);
    let number = entry.iter().find_map(|entry| Some((&entry.department.0, entry.number()?)));
    let series = number.map(|(department, number)| series_key(department, number));
    (series, rests_on.fold(0, |articles, article| articles | 1 << (article - 1)))
}

/// Which act comes at a turn, and on which of so many dossiers; the first act of all opens one.
fn order(turn: usize, acts: usize, dossiers: usize) -> (usize, usize) {
    let additions = turn.saturating_sub(turn / acts.max(1) + 1);
    (turn % acts.max(1), additions % dossiers.max(1))
}
