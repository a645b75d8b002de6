//! Search: one row of tokens for each dossier, who may find it among them.
//!
//! Words that are in many dossiers are found by walking back from the newest one, others through
//! the index of tokens, which answers in no order. Whoever is shown a row is looked up in `access`.

use super::{
    append::{DOSSIER_COLUMNS, read_dossier},
    link::{Link, count, get},
    list::few_due,
};
use crate::{
    Cursor, Fault, ListQuery, Listed, Page, Scope, Searchable, Total, Unsearched,
    list::{COUNTED, counted},
    search::Language,
    words,
};

/// That of `tsquery`.
const LANGUAGE: Language = Language { and: " & ", or: " | ", but_not: " & !", quote: '\'' };
/// Only one node at a time takes dossiers into the search.
const TURN: &str = "SELECT pg_try_advisory_xact_lock(1667785059, 1)";
/// So many of the newest dossiers are looked at to know whether words are in many.
const NEWEST: i64 = 100;
/// As many of them having the words make it worth while to walk.
const MANY: u64 = 5;
/// More late dossiers than these are not told apart when counting.
const LATE: u64 = 5_000;

/// Says that dossiers are to be taken into the search again; they are in order.
pub(super) fn queue(link: &mut Link, dossiers: &[i64]) -> Result<(), Fault> {
    let mut dossiers = dossiers.to_vec();
    dossiers.sort_unstable();
    let sql = "INSERT INTO unsearched (dossier, turn)
        SELECT nr, floor(random() * 9007199254740992)::bigint
        FROM unnest($1::bigint[]) nr ORDER BY nr
        ON CONFLICT (dossier) DO UPDATE SET turn = excluded.turn";
    link.execute(sql, &[&dossiers])?;
    Ok(())
}

pub(super) fn queued(link: &mut Link, after: i64, size: usize) -> Result<Vec<Unsearched>, Fault> {
    let sql = "SELECT u.dossier, u.turn, d.id, d.principals, d.stage, d.department, d.ended
        FROM unsearched u JOIN dossier d ON d.nr = u.dossier
        WHERE u.dossier > $1 ORDER BY u.dossier LIMIT $2";
    let rows = link.query(sql, &[&after, &(size as i64)])?;
    let queued = rows.iter().map(|row| {
        let access = serde_json::from_str(get(row, 3)?);
        let damaged = |_| Fault::Database("the index row of a dossier cannot be read".to_owned());
        Ok(Unsearched {
            place: get(row, 0)?,
            turn: get(row, 1)?,
            dossier: get(row, 2)?,
            access: access.map_err(damaged)?,
            stage: get(row, 4)?,
            department: get(row, 5)?,
            ended: get(row, 6)?,
        })
    });
    queued.collect()
}

/// Replaces the rows of dossiers that did not change again since they were read.
pub(super) fn replace(link: &mut Link, dossiers: &[Searchable]) -> Result<usize, Fault> {
    link.batch("BEGIN")?;
    let taken = replace_in_turn(link, dossiers);
    link.batch(if taken.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    taken
}

fn replace_in_turn(link: &mut Link, dossiers: &[Searchable]) -> Result<usize, Fault> {
    if !get::<bool>(&link.query_one(TURN, &[])?, 0)? {
        return Ok(0);
    }
    let places: Vec<_> = dossiers.iter().map(|row| row.place).collect();
    let turns: Vec<_> = dossiers.iter().map(|row| row.turn).collect();
    let words: Vec<_> = dossiers.iter().map(|row| row.tokens.as_str()).collect();
    // What an act is just changing is passed over: it comes back with another turn.
    let sql = "WITH given AS (
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[]) g (dossier, turn, words)
        ), unchanged AS (
            SELECT u.dossier FROM unsearched u JOIN given g USING (dossier, turn)
            ORDER BY u.dossier FOR UPDATE OF u SKIP LOCKED
        ), done AS (
            DELETE FROM unsearched u USING unchanged c WHERE u.dossier = c.dossier
            RETURNING u.dossier
        )
        INSERT INTO search (dossier, words)
        SELECT dossier, array_to_tsvector(string_to_array(g.words, ' '))
        FROM done JOIN given g USING (dossier) ORDER BY dossier
        ON CONFLICT (dossier) DO UPDATE SET words = excluded.words";
    Ok(link.execute(sql, &[&places, &turns, &words])? as usize)
}

/// The dossiers in whose texts all the words of the question are, newest first.
pub(super) fn find(link: &mut Link, query: &ListQuery, question: &str) -> Result<Page, Fault> {
    let words = words::required(question);
    if words.is_empty() || query.principals.is_empty() {
        return Ok(Page { rows: Vec::new(), next: None, total: Total::Exactly(0) });
    }
    // No table here is read from its beginning to its end, whatever the statistics say.
    link.batch("SET LOCAL enable_seqscan = off")?;
    let matching = LANGUAGE.matching(query, &words);
    let outline = LANGUAGE.in_outline(&words);
    let way = Way::of(link, query, &matching)?;
    let mut search = Search { link, query, matching, outline, way };
    let mut below = query.after.as_ref().map_or(i64::MAX, |cursor| cursor.dossier);
    let mut found = Vec::new();
    let wanted = query.size.saturating_add(1);
    loop {
        let hits = search.hits(below, wanted)?;
        found.extend(search.seen(&hits)?);
        match hits.last() {
            Some(last) if hits.len() == wanted && found.len() < wanted => below = *last,
            _ => break,
        }
    }
    let mut next = None;
    if found.len() > query.size {
        found.truncate(query.size);
        let last = found.last().map(|(nr, _)| *nr);
        next = last.map(|dossier| Cursor { dossier, sorted_by: String::new() });
    }
    let rows = found.into_iter().map(|(_, listed)| listed).collect();
    Ok(Page { rows, next, total: search.total()? })
}

/// How hits are looked for.
enum Way {
    /// Back from the newest dossier.
    Walk,
    /// Through the index of tokens.
    Index,
    /// Among these.
    Among(Vec<i64>),
}

impl Way {
    fn of(link: &mut Link, query: &ListQuery, matching: &str) -> Result<Way, Fault> {
        if let Some(day) = &query.due_before
            && let Some(few) = few_due(link, query, day)?
        {
            return Ok(Way::Among(few));
        }
        let sql = format!(
            "SELECT count(*) FROM (SELECT words FROM search ORDER BY dossier DESC LIMIT {NEWEST}) n
            WHERE ts_match_vq(words, $1::text::tsquery)"
        );
        let newest = count(&link.query_one(&sql, &[&matching])?, 0)?;
        Ok(if newest >= MANY { Way::Walk } else { Way::Index })
    }
}

struct Search<'a> {
    link: &'a mut Link,
    query: &'a ListQuery,
    /// In the language of the index.
    matching: String,
    /// The words alone, in the outline.
    outline: String,
    way: Way,
}

impl Search<'_> {
    /// So many hits below a number, the newest first.
    fn hits(&mut self, below: i64, size: usize) -> Result<Vec<i64>, Fault> {
        let (matching, size) = (&self.matching, size as i64);
        let rows = match &self.way {
            // The function is no operator, so that it is asked of each row on the way.
            Way::Walk => self.link.query(
                "SELECT dossier FROM search
                WHERE dossier < $2 AND ts_match_vq(words, $1::text::tsquery)
                ORDER BY dossier DESC LIMIT $3",
                &[matching, &below, &size],
            ),
            Way::Index => self.link.query(
                "WITH hit AS MATERIALIZED
                    (SELECT dossier FROM search WHERE words @@ $1::text::tsquery)
                SELECT dossier FROM hit WHERE dossier < $2 ORDER BY dossier DESC LIMIT $3",
                &[matching, &below, &size],
            ),
            Way::Among(few) => self.link.query(
                "SELECT dossier FROM search
                WHERE dossier = ANY ($4) AND dossier < $2
                    AND ts_match_vq(words, $1::text::tsquery)
                ORDER BY dossier DESC LIMIT $3",
                &[matching, &below, &size, few],
            ),
        };
        rows?.iter().map(|row| get(row, 0)).collect()
    }

    /// The rows of those hits that one of the asking principals may see now.
    fn seen(&mut self, hits: &[i64]) -> Result<Vec<(i64, Listed)>, Fault> {
        if hits.is_empty() {
            return Ok(Vec::new());
        }
        let query = self.query;
        let ended = match query.scope {
            Scope::Open => Some(false),
            Scope::Ended => Some(true),
            Scope::All => None,
        };
        // What is late may have been somebody's contents and be their outline now.
        let sql = format!(
            "SELECT {DOSSIER_COLUMNS}, d.nr, s.principal FROM dossier d
            CROSS JOIN LATERAL (
                SELECT p.principal FROM unnest($2::text[]) WITH ORDINALITY p (principal, place)
                JOIN access a ON a.dossier = d.nr AND a.principal = p.principal
                ORDER BY p.place LIMIT 1
            ) s
            WHERE d.nr = ANY ($1)
                AND ($3::text IS NULL OR EXISTS
                    (SELECT 1 FROM access a WHERE a.dossier = d.nr AND a.principal = $3))
                AND ($4::text IS NULL OR NOT EXISTS
                    (SELECT 1 FROM access a WHERE a.dossier = d.nr AND a.principal = $4))
                AND ($5::text IS NULL OR d.stage = $5)
                AND ($6::text IS NULL OR d.department = $6)
                AND ($7::boolean IS NULL OR d.ended = $7)
                AND ($8::text IS NULL OR d.due_latest COLLATE \"C\" < $8)
                AND (s.principal <> ALL ($9::text[])
                    OR NOT EXISTS (SELECT 1 FROM unsearched u WHERE u.dossier = d.nr)
                    OR EXISTS (SELECT 1 FROM search f WHERE f.dossier = d.nr
                        AND ts_match_vq(f.words, $10::text::tsquery)))
            ORDER BY d.nr DESC"
        );
        let rows = self.link.query(
            &sql,
            &[
                &hits,
                &query.principals,
                &query.within,
                &query.without,
                &query.stage,
                &query.department,
                &ended,
                &query.due_before,
                &query.outline,
                &self.outline,
            ],
        )?;
        let listed = rows.iter().map(|row| {
            Ok((get(row, 15)?, Listed { dossier: read_dossier(row)?, seen_by: get(row, 16)? }))
        });
        listed.collect()
    }

    fn total(&mut self) -> Result<Total, Fault> {
        let count = match self.query.due_before {
            Some(_) => self.count_one_by_one()?,
            None => self.count_at_once()?,
        };
        Ok(counted(count))
    }

    fn count_one_by_one(&mut self) -> Result<usize, Fault> {
        let (mut counted, mut below) = (0, i64::MAX);
        loop {
            let hits = self.hits(below, COUNTED + 1)?;
            counted += self.seen(&hits)?.len();
            match hits.last() {
                Some(last) if hits.len() > COUNTED && counted <= COUNTED => below = *last,
                _ => return Ok(counted),
            }
        }
    }

    /// The index knows who finds what, except of what is late.
    fn count_at_once(&mut self) -> Result<usize, Fault> {
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM unsearched LIMIT {LATE}) u");
        let late = count(&self.link.query_one(&sql, &[])?, 0)? as usize;
        let sql = "SELECT dossier, EXISTS (SELECT 1 FROM unsearched u WHERE u.dossier = h.dossier)
            FROM (SELECT dossier FROM search WHERE words @@ $1::text::tsquery LIMIT $2) h";
        let limit = (COUNTED + 1 + late) as i64;
        let rows = self.link.query(sql, &[&self.matching, &limit])?;
        let mut late = Vec::new();
        for row in &rows {
            if get(row, 1)? {
                late.push(get(row, 0)?);
            }
        }
        Ok(rows.len() - late.len() + self.seen(&late)?.len())
    }
}
