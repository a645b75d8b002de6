//! Lists: one range of one index for each principal, merged.
//!
//! The rows of a page are among the first rows of each range, so that no range is read further
//! than a page, however many dossiers there are. With a filter the range of the filter's own index
//! is read instead where it is short, and the order's for some way where it is long.

use std::collections::BTreeSet;

use rusqlite::{Connection, params_from_iter, types::Value};

use super::{
    append::{DOSSIER_COLUMNS, read_dossier},
    search,
};
use crate::{
    Cursor, Fault, ListQuery, Listed, Order, Page, Sort, Total,
    list::{COUNTED, FAR, FEW, Found, Key, NEAR, column, counted, ended, merge},
};

pub(super) fn list(connection: &Connection, query: &ListQuery) -> Result<Page, Fault> {
    // Rows and total are of the same moment.
    let transaction = connection.unchecked_transaction()?;
    let query = &without_nobody(&transaction, query)?;
    if let Some(question) = &query.text {
        return search::find(&transaction, query, question);
    }
    let (rows, next) =
        merge(query, |principal, ended| range(&transaction, query, principal, ended))?;
    Ok(Page { rows, next, total: total(&transaction, query)? })
}

/// The same question; that somebody finds nothing need not be asked of every row.
fn without_nobody(connection: &Connection, query: &ListQuery) -> Result<ListQuery, Fault> {
    let mut query = query.clone();
    if let Some(without) = &query.without {
        let sql = "SELECT 1 FROM access WHERE principal = ?1 AND ended IN (0, 1)";
        if !connection.prepare_cached(sql)?.exists((without,))? {
            query.without = None;
        }
    }
    Ok(query)
}

/// How a range is read.
#[derive(Clone, Copy)]
enum Way {
    /// Along the order's index.
    Order,
    /// The same, but no further than so many rows.
    OrderFor(usize),
    /// Along the filter's index, all of it.
    Filter,
}

/// The beginning of the part of the order that one principal sees.
fn range(
    connection: &Connection,
    query: &ListQuery,
    principal: &str,
    ended: bool,
) -> Result<Vec<(Found, Listed)>, Fault> {
    let filter = Filter::new(query, principal, ended);
    let is_filtered = query.stage.is_some() || query.due_before.is_some();
    if !is_filtered || query.within.is_some() {
        return read(connection, query, filter, Way::Order);
    }
    // The filter's index is in the order of the days.
    if query.sort == Sort::Due || filter.count(connection, FEW + 1)? <= FEW {
        return read(connection, query, filter, Way::Filter);
    }
    for far in [NEAR, FAR] {
        if far == FAR && filter.count(connection, FAR + 1)? <= FAR {
            break;
        }
        let found = read(connection, query, filter.clone(), Way::OrderFor(far))?;
        if found.len() > query.size {
            return Ok(found);
        }
    }
    read(connection, query, filter, Way::Filter)
}

fn read(
    connection: &Connection,
    query: &ListQuery,
    mut filter: Filter,
    way: Way,
) -> Result<Vec<(Found, Listed)>, Fault> {
    let column = column(query.sort);
    let (beyond, direction) = match query.order {
        Order::Ascending => (">", "ASC"),
        Order::Descending => ("<", "DESC"),
    };
    let mut beginning = Vec::new();
    if let Some(Cursor { dossier, sorted_by }) = &query.after {
        let key = match query.sort {
            Sort::Changed => Value::Integer(sorted_by.parse().unwrap_or_default()),
            Sort::Due | Sort::Received | Sort::Number => Value::Text(sorted_by.clone()),
        };
        beginning = vec![key, Value::Integer(*dossier)];
    }
    let after = format!("(a.{column}, a.dossier) {beyond} (?, ?)");
    let order = format!("a.{column} {direction}, a.dossier {direction}");
    let rows = match way {
        Way::OrderFor(far) => {
            let some_way = filter.along(column, beginning, &after, &order, far);
            format!("({some_way}) a")
        }
        Way::Order | Way::Filter => {
            if !beginning.is_empty() {
                filter.and(&after, beginning);
            }
            let index = match way {
                Way::Filter => filter.index,
                _ => index(query.sort),
            };
            format!("access a INDEXED BY {index}")
        }
    };
    // Only the rows of the page are looked up in the wide table.
    let sql = format!(
        "SELECT {DOSSIER_COLUMNS}, a.dossier, a.key
        FROM (SELECT a.dossier, a.{column} AS key FROM {rows} {} WHERE {}
            ORDER BY {order} LIMIT {}) a
        CROSS JOIN dossier d ON d.nr = a.dossier",
        filter.joined,
        filter.sql,
        query.size.saturating_add(1),
    );
    let values = filter.values();
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), |row| {
        let key = match query.sort {
            Sort::Changed => Key::Number(row.get(16)?),
            Sort::Due | Sort::Received | Sort::Number => Key::Text(row.get(16)?),
        };
        let place = Found { order: query.order, key, dossier: row.get(15)? };
        let seen_by = filter.principal.clone();
        Ok((place, Listed { dossier: read_dossier(row)?, seen_by }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn index(sort: Sort) -> &'static str {
    match sort {
        Sort::Due => "access_due",
        Sort::Received => "access_received",
        Sort::Changed => "access_changed",
        Sort::Number => "access_number",
    }
}

fn total(connection: &Connection, query: &ListQuery) -> Result<Total, Fault> {
    let mut ranges = Vec::new();
    let mut values = Vec::new();
    for principal in &query.principals {
        for ended in ended(query.scope) {
            let filter = Filter::new(query, principal, ended);
            ranges.push(format!("SELECT * FROM ({})", filter.dossiers(COUNTED + 1)));
            values.extend(filter.values());
        }
    }
    if ranges.is_empty() {
        return Ok(Total::Exactly(0));
    }
    let sql = format!("SELECT count(*) FROM ({})", ranges.join(" UNION "));
    let mut statement = connection.prepare_cached(&sql)?;
    let count = statement.query_row(params_from_iter(values), |row| row.get::<_, i64>(0))? as usize;
    Ok(counted(count))
}

/// The numbers of what is due before a day for the asking principals, in order, if they are few.
pub(super) fn few_due(
    connection: &Connection,
    query: &ListQuery,
    day: &str,
) -> Result<Option<Vec<i64>>, Fault> {
    let due = ListQuery { due_before: Some(day.to_owned()), ..ListQuery::default() };
    let mut found = BTreeSet::new();
    for principal in &query.principals {
        for ended in ended(query.scope) {
            let filter = Filter::new(&due, principal, ended);
            let mut statement = connection.prepare_cached(&filter.dossiers(FEW + 1))?;
            let dossiers = statement
                .query_map(params_from_iter(filter.values()), |row| row.get::<_, i64>(0))?;
            for dossier in dossiers {
                found.insert(dossier?);
            }
            if found.len() > FEW {
                return Ok(None);
            }
        }
    }
    Ok(Some(found.into_iter().collect()))
}

/// The part of a query that is the same for rows and total: `a` is the access row that is walked
/// over, which is that of `within` where it is given.
#[derive(Clone)]
struct Filter {
    principal: String,
    /// The rows of other tables that are looked at for each.
    joined: String,
    joined_values: Vec<Value>,
    sql: String,
    values: Vec<Value>,
    /// The index in which what is let through is one range.
    index: &'static str,
}

impl Filter {
    fn new(query: &ListQuery, principal: &str, ended: bool) -> Filter {
        let walked = query.within.as_deref().unwrap_or(principal);
        let mut filter = Filter {
            principal: principal.to_owned(),
            joined: String::new(),
            joined_values: Vec::new(),
            sql: "a.principal = ? AND a.ended = ?".to_owned(),
            values: vec![Value::Text(walked.to_owned()), Value::Integer(ended.into())],
            index: if query.stage.is_some() { "access_stage" } else { "access_due" },
        };
        if let Some(stage) = &query.stage {
            filter.and("a.stage = ?", vec![Value::Text(stage.clone())]);
        }
        if let Some(date) = &query.due_before {
            filter.and("a.due < ?", vec![Value::Text(date.clone())]);
        }
        if query.within.is_some() {
            filter.joined =
                "CROSS JOIN access p ON p.dossier = a.dossier AND p.principal = ?".to_owned();
            filter.joined_values.push(Value::Text(principal.to_owned()));
        }
        if let Some(department) = &query.department {
            filter.and(
                "(SELECT o.department FROM dossier o WHERE o.nr = a.dossier) = ?",
                vec![Value::Text(department.clone())],
            );
        }
        if let Some(without) = &query.without {
            filter.and(
                "NOT EXISTS (SELECT 1 FROM access n WHERE n.dossier = a.dossier
                    AND n.principal = ?)",
                vec![Value::Text(without.clone())],
            );
        }
        filter
    }

    fn and(&mut self, sql: &str, values: Vec<Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self.values.extend(values);
    }

    /// The values of [`Filter::joined`] and [`Filter::sql`], which follow on each other.
    fn values(&self) -> Vec<Value> {
        self.joined_values.iter().chain(&self.values).cloned().collect()
    }

    /// The numbers of the dossiers it lets through, so many at most.
    fn dossiers(&self, limit: usize) -> String {
        let Filter { joined, sql, index, .. } = self;
        format!(
            "SELECT a.dossier FROM access a INDEXED BY {index} {joined} WHERE {sql} LIMIT {limit}"
        )
    }

    fn count(&self, connection: &Connection, limit: usize) -> Result<usize, Fault> {
        let sql = format!("SELECT count(*) FROM ({})", self.dossiers(limit));
        let mut statement = connection.prepare_cached(&sql)?;
        let count =
            statement.query_row(params_from_iter(self.values()), |row| row.get::<_, i64>(0));
        Ok(count? as usize)
    }

    /// The rows along the order's index, as many as are looked at; the filter is left to be asked
    /// of them.
    fn along(
        &mut self,
        column: &str,
        beginning: Vec<Value>,
        after: &str,
        order: &str,
        far: usize,
    ) -> String {
        let walked = "a.principal = ? AND a.ended = ?";
        let mut values: Vec<_> = self.values.iter().take(2).cloned().collect();
        let after = if beginning.is_empty() { String::new() } else { format!(" AND {after}") };
        values.extend(beginning);
        values.append(&mut self.joined_values);
        self.joined_values = values;
        format!(
            "SELECT * FROM access a INDEXED BY access_{column} WHERE {walked}{after}
            ORDER BY {order} LIMIT {far}"
        )
    }
}
