//! Articles: on which ones dossiers rest, and how many on each.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    append::Change,
    link::{Link, count, get},
};
use crate::{DossierRows, Fault, Standing};

/// How many dossiers are named at once to a caller who derives their articles.
const BATCH: i64 = 500;

pub(super) fn standing(
    link: &mut Link,
    departments: &[&str],
) -> Result<BTreeMap<u8, Standing>, Fault> {
    let sql = "SELECT article, ended, sum(dossiers)::bigint FROM article_count
        WHERE department = ANY ($1) AND dossiers > 0 GROUP BY article, ended";
    let mut standing = BTreeMap::<u8, Standing>::new();
    for row in link.query(sql, &[&departments])? {
        let article: i64 = get(&row, 0)?;
        let of = standing.entry(article as u8).or_default();
        match get(&row, 1)? {
            true => of.ended = count(&row, 2)?,
            false => of.open = count(&row, 2)?,
        }
    }
    Ok(standing)
}

/// Some of the dossiers whose articles were never derived.
pub(super) fn without(link: &mut Link) -> Result<Vec<String>, Fault> {
    let sql = "SELECT id FROM dossier WHERE articles IS NULL ORDER BY nr LIMIT $1";
    link.query(sql, &[&BATCH])?.iter().map(|row| get(row, 0)).collect()
}

/// Brings the counts to what they should be, in order, so that no two nodes wait in a circle.
pub(super) fn replace(link: &mut Link, changed: &[Change<'_>]) -> Result<(), Fault> {
    let mut counts: BTreeMap<(&str, u8, bool), i64> = BTreeMap::new();
    for (_, old, new) in changed {
        let (old, new) = (counted(old), counted(new));
        old.difference(&new).for_each(|key| *counts.entry(*key).or_default() -= 1);
        new.difference(&old).for_each(|key| *counts.entry(*key).or_default() += 1);
    }
    counts.retain(|_, count| *count != 0);
    if counts.is_empty() {
        return Ok(());
    }
    let departments: Vec<_> = counts.keys().map(|(department, _, _)| *department).collect();
    let articles: Vec<_> = counts.keys().map(|(_, article, _)| i64::from(*article)).collect();
    let ended: Vec<_> = counts.keys().map(|(_, _, ended)| *ended).collect();
    let by: Vec<_> = counts.values().copied().collect();
    link.execute(
        "INSERT INTO article_count AS c (department, article, ended, dossiers)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::boolean[], $4::bigint[])
        ON CONFLICT (department, article, ended)
        DO UPDATE SET dossiers = c.dossiers + excluded.dossiers",
        &[&departments, &articles, &ended, &by],
    )?;
    Ok(())
}

/// Under what a dossier is counted.
fn counted(rows: &DossierRows) -> BTreeSet<(&str, u8, bool)> {
    let row = &rows.dossier;
    rows.articles.iter().map(|article| (row.department.as_str(), article, row.ended)).collect()
}
