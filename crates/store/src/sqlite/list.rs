//! Lists: one range of one index for each principal, merged.
//!
//! The rows of a page are among the first rows of each range, so that no range is read further
//! than a page, however many dossiers there are. Filters on other columns than the order's read
//! on until the page is full.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, btree_map::Entry},
};

use rusqlite::{Connection, params_from_iter, types::Value};

use super::append::{DOSSIER_COLUMNS, read_dossier};
use crate::{Cursor, Fault, ListQuery, Listed, Order, Page, Scope, Sort, Total};

/// Counting stops after so many dossiers.
const COUNTED: usize = 1_000;

pub(super) fn list(connection: &Connection, query: &ListQuery) -> Result<Page, Fault> {
    // Rows and total are of the same moment.
    let transaction = connection.unchecked_transaction()?;
    let mut found: BTreeMap<Found, Listed> = BTreeMap::new();
    for principal in &query.principals {
        for ended in ended(query.scope) {
            for (place, row) in range(&transaction, query, principal, ended)? {
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
    Ok(Page { rows, next, total: total(&transaction, query)? })
}

/// A dossier's place in the order asked for.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(String),
}

#[derive(PartialEq, Eq)]
struct Found {
    order: Order,
    key: Key,
    dossier: i64,
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

fn ended(scope: Scope) -> impl Iterator<Item = bool> {
    let ended = match scope {
        Scope::Open => [Some(false), None],
        Scope::Ended => [None, Some(true)],
        Scope::All => [Some(false), Some(true)],
    };
    ended.into_iter().flatten()
}

fn column(sort: Sort) -> &'static str {
    match sort {
        Sort::Due => "due",
        Sort::Received => "received",
        Sort::Changed => "changed",
        Sort::Number => "number",
    }
}

/// The beginning of the part of the order that one principal sees.
fn range(
    connection: &Connection,
    query: &ListQuery,
    principal: &str,
    ended: bool,
) -> Result<Vec<(Found, Listed)>, Fault> {
    let column = column(query.sort);
    let (beyond, direction) = match query.order {
        Order::Ascending => (">", "ASC"),
        Order::Descending => ("<", "DESC"),
    };
    let mut filter = Filter::new(query, principal, ended);
    if let Some(Cursor { dossier, sorted_by }) = &query.after {
        let key = match query.sort {
            Sort::Changed => Value::Integer(sorted_by.parse().unwrap_or_default()),
            Sort::Due | Sort::Received | Sort::Number => Value::Text(sorted_by.clone()),
        };
        filter.and(
            &format!("(a.{column}, a.dossier) {beyond} (?, ?)"),
            [key, Value::Integer(*dossier)],
        );
    }
    let sql = format!(
        "SELECT {DOSSIER_COLUMNS}, a.dossier, a.{column}
        FROM access a INDEXED BY access_{column} CROSS JOIN dossier d ON d.nr = a.dossier
        WHERE {} ORDER BY a.{column} {direction}, a.dossier {direction} LIMIT {}",
        filter.sql,
        query.size.saturating_add(1),
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(filter.values), |row| {
        let key = match query.sort {
            Sort::Changed => Key::Number(row.get(16)?),
            Sort::Due | Sort::Received | Sort::Number => Key::Text(row.get(16)?),
        };
        let place = Found { order: query.order, key, dossier: row.get(15)? };
        Ok((place, Listed { dossier: read_dossier(row)?, seen_by: principal.to_owned() }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn total(connection: &Connection, query: &ListQuery) -> Result<Total, Fault> {
    let mut ranges = Vec::new();
    let mut values = Vec::new();
    for principal in &query.principals {
        for ended in ended(query.scope) {
            let filter = Filter::new(query, principal, ended);
            let join = if filter.looks_at_dossier {
                "CROSS JOIN dossier d ON d.nr = a.dossier"
            } else {
                ""
            };
            ranges.push(format!(
                "SELECT * FROM (SELECT a.dossier FROM access a INDEXED BY access_due {join}
                WHERE {} LIMIT {})",
                filter.sql,
                COUNTED + 1,
            ));
            values.extend(filter.values);
        }
    }
    if ranges.is_empty() {
        return Ok(Total::Exactly(0));
    }
    let sql = format!("SELECT count(*) FROM ({})", ranges.join(" UNION "));
    let mut statement = connection.prepare_cached(&sql)?;
    let count = statement.query_row(params_from_iter(values), |row| row.get::<_, i64>(0))? as usize;
    Ok(if count > COUNTED { Total::MoreThan(COUNTED) } else { Total::Exactly(count) })
}

/// The part of a query that is the same for rows and total.
struct Filter {
    sql: String,
    values: Vec<Value>,
    looks_at_dossier: bool,
}

impl Filter {
    fn new(query: &ListQuery, principal: &str, ended: bool) -> Filter {
        let mut filter = Filter {
            sql: "a.principal = ? AND a.ended = ?".to_owned(),
            values: vec![Value::Text(principal.to_owned()), Value::Integer(ended.into())],
            looks_at_dossier: false,
        };
        if let Some(date) = &query.due_before {
            filter.and("a.due < ?", [Value::Text(date.clone())]);
        }
        if let Some(stage) = &query.stage {
            filter.and_dossier("d.stage = ?", [Value::Text(stage.clone())]);
        }
        if let Some(department) = &query.department {
            filter.and_dossier("d.department = ?", [Value::Text(department.clone())]);
        }
        if let Some(text) = &query.text {
            let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
            let pattern = Value::Text(format!("%{escaped}%"));
            let columns = ["d.title", "d.number", "d.case_number", "d.unit"];
            let likes = columns.map(|column| format!(r"{column} LIKE ? ESCAPE '\'"));
            filter.and_dossier(
                &format!("({})", likes.join(" OR ")),
                columns.map(|_| pattern.clone()),
            );
        }
        filter
    }

    fn and<const N: usize>(&mut self, sql: &str, values: [Value; N]) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self.values.extend(values);
    }

    fn and_dossier<const N: usize>(&mut self, sql: &str, values: [Value; N]) {
        self.looks_at_dossier = true;
        self.and(sql, values);
    }
}
