//! Lists, as far as they do not depend on the engine: the order of rows, and the merging of ranges.
//!
//! The rows of a page are among the first rows of each range, so that no range is read further
//! than a page, however many dossiers there are.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, btree_map::Entry},
};

use crate::{Cursor, Fault, ListQuery, Listed, Order, Scope, Sort, Total};

/// Counting stops after so many dossiers.
pub(crate) const COUNTED: usize = 1_000;
/// As many are fetched and put in order at once rather than looked for along the order.
pub(crate) const FEW: usize = 2_000;
/// So far a filter is looked for along the order at first: what lets much through is found there.
pub(crate) const NEAR: usize = 500;
/// So far it is looked for where it lets through more than this; at last all that it lets through
/// is put in order.
pub(crate) const FAR: usize = 20_000;

/// Merges the beginnings of all ranges into the rows of a page, with where the next one begins.
pub(crate) fn merge(
    query: &ListQuery,
    mut range: impl FnMut(&str, bool) -> Result<Vec<(Found, Listed)>, Fault>,
) -> Result<(Vec<Listed>, Option<Cursor>), Fault> {
    let mut found: BTreeMap<Found, Listed> = BTreeMap::new();
    for principal in &query.principals {
        for ended in ended(query.scope) {
            for (place, row) in range(principal, ended)? {
                // Principals come best first, so the first one to find a dossier stays.
                if let Entry::Vacant(entry) = found.entry(place) {
                    entry.insert(row);
                }
            }
        }
    }
    let more = found.len() > query.size;
    let mut next = None;
    let mut rows = Vec::new();
    for (place, row) in found.into_iter().take(query.size) {
        next = more.then_some(Cursor { dossier: place.dossier, sorted_by: place.text() });
        rows.push(row);
    }
    Ok((rows, next))
}

/// What a count that stopped after [`COUNTED`] says.
pub(crate) fn counted(count: usize) -> Total {
    if count > COUNTED { Total::MoreThan(COUNTED) } else { Total::Exactly(count) }
}

/// A dossier's place in the order asked for.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Number(i64),
    Text(String),
}

#[derive(PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) order: Order,
    pub(crate) key: Key,
    pub(crate) dossier: i64,
}

impl Found {
    fn text(&self) -> String {
        match &self.key {
            Key::Number(number) => number.to_string(),
            Key::Text(text) => text.clone(),
        }
    }
}

impl Ord for Found {
    fn cmp(&self, other: &Found) -> Ordering {
        let ascending = (&self.key, self.dossier).cmp(&(&other.key, other.dossier));
        match self.order {
            Order::Ascending => ascending,
            Order::Descending => ascending.reverse(),
        }
    }
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Found) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

pub(crate) fn ended(scope: Scope) -> impl Iterator<Item = bool> {
    let ended = match scope {
        Scope::Open => [Some(false), None],
        Scope::Ended => [None, Some(true)],
        Scope::All => [Some(false), Some(true)],
    };
    ended.into_iter().flatten()
}

pub(crate) fn column(sort: Sort) -> &'static str {
    match sort {
        Sort::Due => "due",
        Sort::Received => "received",
        Sort::Changed => "changed",
        Sort::Number => "number",
    }
}
