//! Articles: on which ones dossiers rest, and how many on each.
//!
//! Counts follow each change of a dossier's rows inside its append, so that nobody ever counts dossiers.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension};

use super::Sqlite;
use crate::{Articles, DossierRows, Fault, Standing};

/// How many dossiers are named at once to a caller who derives their articles.
const BATCH: usize = 500;

impl Sqlite {
    pub(crate) fn standing(&self, departments: &[&str]) -> Result<BTreeMap<u8, Standing>, Fault> {
        let reader = self.reader()?;
        // Counts are of one moment.
        let transaction = reader.unchecked_transaction()?;
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

    pub(crate) fn without_articles(&self) -> Result<Vec<String>, Fault> {
        let reader = self.reader()?;
        let sql = "SELECT id FROM dossier WHERE nr NOT IN (SELECT dossier FROM dossier_articles)
            ORDER BY nr LIMIT ?1";
        let mut statement = reader.prepare_cached(sql)?;
        let ids = statement.query_map((BATCH as i64,), |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }
}

/// The articles of a dossier; `None` if they were never derived.
pub(super) fn of(connection: &Connection, nr: i64) -> Result<Option<Articles>, Fault> {
    let sql = "SELECT articles FROM dossier_articles WHERE dossier = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row((nr,), |row| row.get(0)).optional()?.map(Articles::from_column))
}

/// Brings the articles of a dossier and the counts to what they should be.
pub(super) fn replace(
    connection: &Connection,
    nr: i64,
    old: &DossierRows,
    new: &DossierRows,
) -> Result<(), Fault> {
    if old.articles != new.articles || new.articles == Articles::default() {
        let sql = "INSERT INTO dossier_articles (dossier, articles) VALUES (?1, ?2)
            ON CONFLICT (dossier) DO UPDATE SET articles = ?2 WHERE articles <> ?2";
        connection.prepare_cached(sql)?.execute((nr, new.articles.to_column()))?;
    }
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
