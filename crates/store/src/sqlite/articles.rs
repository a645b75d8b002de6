//! Articles: on which ones dossiers rest, and how many on each.
//!
//! Counts follow each change of a dossier's rows inside its append, so that nobody ever counts dossiers.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::{DossierRows, Fault, Standing};

/// How many dossiers are named at once to a caller who derives their articles.
const BATCH: usize = 500;

pub(super) fn standing(
    connection: &Connection,
    departments: &[&str],
) -> Result<BTreeMap<u8, Standing>, Fault> {
    // Counts are of one moment.
    let transaction = connection.unchecked_transaction()?;
    let sql = "SELECT article, ended, dossiers FROM article_count
        WHERE department = ?1 AND dossiers > 0";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut standing = BTreeMap::<u8, Standing>::new();
    for department in departments {
        let mut rows = statement.query((department,))?;
        while let Some(row) = rows.next()? {
            let of = standing.entry(row.get(0)?).or_default();
            let dossiers = row.get::<_, i64>(2)? as u64;
            match row.get(1)? {
                true => of.ended += dossiers,
                false => of.open += dossiers,
            }
        }
    }
    Ok(standing)
}

/// Some of the dossiers whose articles were never derived.
pub(super) fn without(connection: &Connection) -> Result<Vec<String>, Fault> {
    let sql = "SELECT id FROM dossier WHERE articles IS NULL ORDER BY nr LIMIT ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let ids = statement.query_map((BATCH as i64,), |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Brings the counts to what they should be.
pub(super) fn replace(
    connection: &Connection,
    old: &DossierRows,
    new: &DossierRows,
) -> Result<(), Fault> {
    let key = |rows: &DossierRows| (rows.dossier.ended, rows.articles);
    if key(old) == key(new) && old.dossier.department == new.dossier.department {
        return Ok(());
    }
    let (old, new) = (counted(old), counted(new));
    let down = "UPDATE article_count SET dossiers = dossiers - 1
        WHERE department = ?1 AND article = ?2 AND ended = ?3";
    for key in old.difference(&new) {
        connection.prepare_cached(down)?.execute(*key)?;
    }
    let up = "INSERT INTO article_count (department, article, ended, dossiers)
        VALUES (?1, ?2, ?3, 1)
        ON CONFLICT (department, article, ended) DO UPDATE SET dossiers = dossiers + 1";
    for key in new.difference(&old) {
        connection.prepare_cached(up)?.execute(*key)?;
    }
    Ok(())
}

/// Under what a dossier is counted.
fn counted(rows: &DossierRows) -> BTreeSet<(&str, u8, bool)> {
    let row = &rows.dossier;
    rows.articles.iter().map(|article| (row.department.as_str(), article, row.ended)).collect()
}
