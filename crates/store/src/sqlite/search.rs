//! Search: a full-text index whose rows hold who may find a dossier beside the words in it, so that
//! a word in every dossier costs no more for somebody who sees few of them.
//!
//! Whoever is shown a row is looked up in `access` once more, since the index may be late.

use rusqlite::{Connection, OptionalExtension};

use super::{
    append::{DOSSIER_COLUMNS, read_dossier},
    list::few_due,
};
use crate::{
    Cursor, Fault, ListQuery, Listed, Page, Scope, Searchable, Total, Unsearched,
    list::{COUNTED, counted},
    search::Language,
    words,
};

/// Pages of the index that are written anew at once, so that acts do not wait long for it.
const TIDIED: usize = 500;

/// FTS5's own.
const LANGUAGE: Language = Language { and: " AND ", or: " OR ", but_not: " NOT ", quote: '"' };

/// Says that a dossier is to be taken into the search again.
pub(super) fn queue(connection: &Connection, nr: i64) -> Result<(), Fault> {
    let sql = "INSERT INTO unsearched (dossier, turn) VALUES (?1, random())
        ON CONFLICT (dossier) DO UPDATE SET turn = random()";
    connection.prepare_cached(sql)?.execute((nr,))?;
    Ok(())
}

pub(super) fn queued(
    connection: &Connection,
    after: i64,
    size: usize,
) -> Result<Vec<Unsearched>, Fault> {
    let sql = "SELECT u.dossier, u.turn, d.id, d.principals, d.stage, d.department, d.ended
        FROM unsearched u JOIN dossier d ON d.nr = u.dossier
        WHERE u.dossier > ?1 ORDER BY u.dossier LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((after, size as i64))?;
    let mut queued = Vec::new();
    while let Some(row) = rows.next()? {
        let access = serde_json::from_str(&row.get::<_, String>(3)?);
        let damaged = |_| Fault::Database("the index row of a dossier cannot be read".to_owned());
        queued.push(Unsearched {
            place: row.get(0)?,
            turn: row.get(1)?,
            dossier: row.get(2)?,
            access: access.map_err(damaged)?,
            stage: row.get(4)?,
            department: row.get(5)?,
            ended: row.get(6)?,
        });
    }
    Ok(queued)
}

/// Replaces the rows of dossiers that did not change again since they were read.
pub(super) fn replace(connection: &Connection, dossiers: &[Searchable]) -> Result<usize, Fault> {
    let mut done =
        connection.prepare_cached("DELETE FROM unsearched WHERE dossier = ?1 AND turn = ?2")?;
    let mut replace = connection
        .prepare_cached("INSERT OR REPLACE INTO search (rowid, tokens) VALUES (?1, ?2)")?;
    let mut taken = 0;
    for row in dossiers {
        if done.execute((row.place, row.turn))? == 1 {
            replace.execute((row.place, &row.tokens))?;
            taken += 1;
        }
    }
    Ok(taken)
}

/// Brings the parts of the index nearer to being one; answers whether there is more to do.
///
/// What was taken in little by little stands in several, each of which a question looks into.
pub(super) fn tidy(connection: &Connection) -> Result<bool, Fault> {
    let sql = format!("INSERT INTO search (search, rank) VALUES ('merge', -{TIDIED})");
    let before = connection.total_changes();
    connection.prepare_cached(&sql)?.execute(())?;
    // The statement itself counts as one.
    Ok(connection.total_changes() - before >= 2)
}

/// The dossiers in whose texts all the words of the question are, newest first.
pub(super) fn find(
    connection: &Connection,
    query: &ListQuery,
    question: &str,
) -> Result<Page, Fault> {
    let words = words::required(question);
    if words.is_empty() || query.principals.is_empty() {
        return Ok(Page { rows: Vec::new(), next: None, total: Total::Exactly(0) });
    }
    let any_late = "SELECT 1 FROM unsearched LIMIT 1";
    let any_late = connection.prepare_cached(any_late)?.exists(())?;
    let matching = LANGUAGE.matching(query, &words);
    let outline = LANGUAGE.in_outline(&words);
    let search = Search { connection, query, matching, outline, any_late };
    let below = query.after.as_ref().map_or(i64::MAX, |cursor| cursor.dossier);
    let (mut found, mut hits) = (Vec::new(), 0);
    // From the beginning one walk gives the page and the total.
    let most = if query.after.is_none() && query.size < COUNTED { COUNTED } else { 0 };
    search.walk(below, &mut |nr| {
        if found.len() <= query.size {
            let seen = search.seen(nr)?;
            hits += usize::from(seen.is_some());
            found.extend(seen.map(|listed| (nr, listed)));
        } else {
            hits += usize::from(search.is_sure(nr)? || search.seen(nr)?.is_some());
        }
        Ok(found.len() <= query.size || hits <= most && most > 0)
    })?;
    let total = if most > 0 { counted(hits) } else { search.total()? };
    let mut next = None;
    if found.len() > query.size {
        found.truncate(query.size);
        let last = found.last().map(|(nr, _)| *nr);
        next = last.map(|dossier| Cursor { dossier, sorted_by: String::new() });
    }
    let rows = found.into_iter().map(|(_, listed)| listed).collect();
    Ok(Page { rows, next, total })
}

struct Search<'a> {
    connection: &'a Connection,
    query: &'a ListQuery,
    /// In the language of the index.
    matching: String,
    /// The words alone, in the outline.
    outline: String,
    /// Whether any dossier changed since it was taken into the search.
    any_late: bool,
}

impl Search<'_> {
    /// Hears of the hits below a number, the newest first, until `hear` answers no.
    fn walk(
        &self,
        below: i64,
        hear: &mut dyn FnMut(i64) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        if let Some(day) = &self.query.due_before
            && let Some(few) = few_due(self.connection, self.query, day)?
        {
            // Looking each of them up is less than walking over all that have the words.
            let sql = "SELECT 1 FROM search WHERE search MATCH ?1 AND rowid = ?2";
            let mut statement = self.connection.prepare_cached(sql)?;
            for nr in few.into_iter().rev().filter(|nr| *nr < below) {
                if statement.exists((&self.matching, nr))? && !hear(nr)? {
                    break;
                }
            }
            return Ok(());
        }
        let sql = "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid < ?2
            ORDER BY rowid DESC";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query((&self.matching, below))?;
        while let Some(row) = rows.next()? {
            if !hear(row.get(0)?)? {
                break;
            }
        }
        Ok(())
    }

    /// The row of a hit, if one of the asking principals may see it now.
    fn seen(&self, nr: i64) -> Result<Option<Listed>, Fault> {
        let query = self.query;
        let Some(seen_by) = self.seen_by(nr)? else { return Ok(None) };
        if query.outline.contains(&seen_by) && self.is_late(nr)? && !self.is_in_outline(nr)? {
            return Ok(None);
        }
        let sql = format!("SELECT {DOSSIER_COLUMNS} FROM dossier d WHERE d.nr = ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let dossier = statement.query_row((nr,), read_dossier).optional()?;
        let is_asked = |row: &crate::DossierRow| {
            query.stage.as_ref().is_none_or(|stage| row.stage == *stage)
                && query.department.as_ref().is_none_or(|it| row.department == *it)
                && match query.scope {
                    Scope::Open => !row.ended,
                    Scope::Ended => row.ended,
                    Scope::All => true,
                }
                && query
                    .due_before
                    .as_ref()
                    .is_none_or(|day| row.due_latest.as_ref().is_some_and(|due| due < day))
        };
        Ok(dossier.filter(is_asked).map(|dossier| Listed { dossier, seen_by }))
    }

    /// The first of the asking principals that finds a dossier now.
    fn seen_by(&self, nr: i64) -> Result<Option<String>, Fault> {
        let sql = "SELECT 1 FROM access WHERE dossier = ?1 AND principal = ?2";
        let mut finds = self.connection.prepare_cached(sql)?;
        let query = self.query;
        if let Some(without) = &query.without
            && finds.exists((nr, without))?
        {
            return Ok(None);
        }
        if let Some(within) = &query.within
            && !finds.exists((nr, within))?
        {
            return Ok(None);
        }
        for principal in &query.principals {
            if finds.exists((nr, principal))? {
                return Ok(Some(principal.clone()));
            }
        }
        Ok(None)
    }

    /// Whether a dossier changed since it was taken into the search.
    fn is_late(&self, nr: i64) -> Result<bool, Fault> {
        let sql = "SELECT 1 FROM unsearched WHERE dossier = ?1";
        Ok(self.connection.prepare_cached(sql)?.exists((nr,))?)
    }

    fn is_in_outline(&self, nr: i64) -> Result<bool, Fault> {
        let sql = "SELECT 1 FROM search WHERE search MATCH ?1 AND rowid = ?2";
        Ok(self.connection.prepare_cached(sql)?.exists((&self.outline, nr))?)
    }

    /// Whether a hit is one without looking: the index knows who finds what is not late.
    fn is_sure(&self, nr: i64) -> Result<bool, Fault> {
        Ok(self.query.due_before.is_none() && !(self.any_late && self.is_late(nr)?))
    }

    fn total(&self) -> Result<Total, Fault> {
        let mut count = 0;
        self.walk(i64::MAX, &mut |nr| {
            count += usize::from(self.is_sure(nr)? || self.seen(nr)?.is_some());
            Ok(count <= COUNTED)
        })?;
        Ok(counted(count))
    }
}
