//! 状态校验值. One hash over what an office has come to: dossiers, directory and numbers.
//!
//! A record and its faithful copy have the same, whatever was merely viewed; every act changes it.
//! It hashes what this version of the program makes of the entries, so that only hashes of one
//! version are compared. Deliberately absent: sealed parts and files, which `verify` compares.

use std::collections::BTreeMap;

use procedure::{Dossier, Entry};
use sm3::{Digest, Sm3};
use store::{DossierRows, Store, Stream};

use super::{Office, replayed};
use crate::no::No;

/// 状态. What a record has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// How many dossiers there are.
    pub dossiers: u64,
    /// The hash over each dossier, by its id.
    pub each: BTreeMap<String, String>,
    /// The hash over everything.
    pub hash: String,
}

/// The state that the entries of a record make when they are replayed.
pub fn replayed(store: &Store) -> Result<State, No> {
    state(store, |id| {
        let mut dossier = Dossier::new(id);
        for event in store.load(&Stream::dossier(id))? {
            let entry: Entry = replayed::read(&event)?;
            dossier.apply(entry);
        }
        Ok(dossier)
    })
}

impl Office {
    /// The state as this office holds it, without replaying what it has in memory.
    pub fn state(&self) -> Result<State, No> {
        state(self.store(), |id| Ok((*self.load(id)?).clone()))
    }
}

fn state(store: &Store, dossier: impl Fn(&str) -> Result<Dossier, No>) -> Result<State, No> {
    let mut each = BTreeMap::new();
    for stream in store.streams("dossier/")? {
        let Some(id) = stream.dossier_id() else { continue };
        let hash = of_dossier(&dossier(id)?, store.rows(id)?);
        each.insert(id.to_owned(), hash);
    }
    let mut all = Sm3::new();
    for (id, hash) in &each {
        line(&mut all, &["dossier", id, hash]);
    }
    let departments = store.streams("department/")?;
    for stream in std::iter::once(Stream::nation()).chain(departments) {
        for event in store.load(&stream)? {
            let payload = event.payload.as_deref().map(String::from_utf8_lossy);
            line(&mut all, &["directory", stream.as_str(), &payload.unwrap_or_default()]);
        }
    }
    for (series, last) in store.series()? {
        line(&mut all, &["number", &series, &last.to_string()]);
    }
    Ok(State { dossiers: each.len() as u64, each, hash: hex::encode(all.finalize()) })
}

/// The hash over a dossier and its rows in the index.
pub fn of_dossier(dossier: &Dossier, rows: Option<DossierRows>) -> String {
    let mut hash = Sm3::new();
    // Everything replaying makes stands in the text that is made for looking at values.
    line(&mut hash, &["replayed", &format!("{dossier:?}")]);
    // The order of rows means nothing.
    let rows = rows.map(|mut rows| {
        rows.access.sort();
        rows.limits.sort_by(|a, b| (&a.kind, &a.nominal).cmp(&(&b.kind, &b.nominal)));
        rows
    });
    line(&mut hash, &["rows", &format!("{rows:?}")]);
    hex::encode(hash.finalize())
}

/// Lengths stand before the parts, so that no two lists of parts are the same bytes.
fn line(hash: &mut Sm3, parts: &[&str]) {
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
}
