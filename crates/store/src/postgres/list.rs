//! Lists: one range of one index for each principal, merged.
//!
//! With a filter the range of the filter's own index is read instead where it is short, and the
//! order's for some way where it is long; statements are written so that the planner has no choice.

use std::collections::BTreeSet;

use postgres::types::ToSql;

use super::{
    append::{DOSSIER_COLUMNS, read_dossier},
    link::{Link, count, get},
    search,
};
use crate::{
    Cursor, Fault, ListQuery, Listed, Order, Page, Sort, Total,
    list::{COUNTED, FAR, FEW, Found, Key, NEAR, column, counted, ended, merge},
};

pub(super) fn list(link: &mut Link, query: &ListQuery) -> Result<Page, Fault> {
    // Rows and total are of the same moment.
    link.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    let page = without_nobody(link, query).and_then(|query| match &query.text {
        Some(question) => search::find(link, &query, question),
        None => page(link, &query),
    });
    link.batch("COMMIT")?;
    page
}

fn page(link: &mut Link, query: &ListQuery) -> Result<Page, Fault> {
    let (rows, next) = merge(query, |principal, ended| range(link, query, principal, ended))?;
    Ok(Page { rows, next, total: total(link, query)? })
}

/// The same question; that somebody finds nothing need not be asked of every row.
fn without_nobody(link: &mut Link, query: &ListQuery) -> Result<ListQuery, Fault> {
    let mut query = query.clone();
    if let Some(without) = &query.without {
        let sql = "SELECT 1 FROM access WHERE principal = $1 AND ended IN (false, true) LIMIT 1";
        if link.query_opt(sql, &[without])?.is_none() {
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
    /// What the filter lets through, all of it, put in order.
    Filter,
}

/// The beginning of the part of the order that one principal sees.
fn range(
    link: &mut Link,
    query: &ListQuery,
    principal: &str,
    ended: bool,
) -> Result<Vec<(Found, Listed)>, Fault> {
    let is_filtered = query.stage.is_some() || query.due_before.is_some();
    if !is_filtered || query.within.is_some() {
        return read(link, query, principal, ended, Way::Order);
    }
    let mut filter = Filter::default();
    filter.begin(query, principal, ended);
    let lets_through = |link: &mut Link, limit| -> Result<usize, Fault> {
        let sql = format!("SELECT count(*) FROM ({}) f", filter.dossiers(limit));
        Ok(count(&link.query_one(&sql, &filter.params())?, 0)? as usize)
    };
    if lets_through(link, FEW + 1)? <= FEW {
        return read(link, query, principal, ended, Way::Filter);
    }
    // In the order of the days the filter's index is the order's.
    if query.sort == Sort::Due {
        return read(link, query, principal, ended, Way::Order);
    }
    for far in [NEAR, FAR] {
        if far == FAR && lets_through(link, FAR + 1)? <= FAR {
            break;
        }
        let found = read(link, query, principal, ended, Way::OrderFor(far))?;
        if found.len() > query.size {
            return Ok(found);
        }
    }
    read(link, query, principal, ended, Way::Filter)
}

fn read(
    link: &mut Link,
    query: &ListQuery,
    principal: &str,
    ended: bool,
    way: Way,
) -> Result<Vec<(Found, Listed)>, Fault> {
    let column = column(query.sort);
    let (beyond, direction) = match query.order {
        Order::Ascending => (">", "ASC"),
        Order::Descending => ("<", "DESC"),
    };
    let mut filter = Filter::default();
    filter.begin(query, principal, ended);
    let mut after = String::new();
    if let Some(Cursor { dossier, sorted_by }) = &query.after {
        let key: Value = match query.sort {
            Sort::Changed => Box::new(sorted_by.parse::<i64>().unwrap_or_default()),
            Sort::Due | Sort::Received | Sort::Number => Box::new(sorted_by.clone()),
        };
        let key = filter.value(key);
        let dossier = filter.value(Box::new(*dossier));
        after = format!(" AND (a.{column}, a.dossier) {beyond} ({key}, {dossier})");
    }
    let order = format!("a.{column} {direction}, a.dossier {direction}");
    let size = query.size.saturating_add(1);
    let Filter { walked, joined, sql, .. } = &filter;
    let rows = match way {
        Way::Order => format!(
            "SELECT a.* FROM access a {joined} WHERE {sql}{after} ORDER BY {order} LIMIT {size}"
        ),
        Way::OrderFor(far) => format!(
            "SELECT a.* FROM (SELECT * FROM access a WHERE {walked}{after}
                ORDER BY {order} LIMIT {far}) a {joined}
            WHERE {sql} ORDER BY {order} LIMIT {size}"
        ),
        Way::Filter => format!(
            "SELECT a.* FROM (SELECT a.* FROM access a {joined} WHERE {sql}{after} OFFSET 0) a
            ORDER BY {order} LIMIT {size}"
        ),
    };
    let sql = format!(
        "SELECT {DOSSIER_COLUMNS}, a.dossier, a.{column}
        FROM ({rows}) a JOIN dossier d ON d.nr = a.dossier ORDER BY {order}"
    );
    let rows = link.query(&sql, &filter.params())?;
    let rows = rows.iter().map(|row| {
        let key = match query.sort {
            Sort::Changed => Key::Number(get(row, 16)?),
            Sort::Due | Sort::Received | Sort::Number => Key::Text(get(row, 16)?),
        };
        let place = Found { order: query.order, key, dossier: get(row, 15)? };
        Ok((place, Listed { dossier: read_dossier(row)?, seen_by: principal.to_owned() }))
    });
    rows.collect()
}

fn total(link: &mut Link, query: &ListQuery) -> Result<Total, Fault> {
    let mut filter = Filter::default();
    let mut ranges = Vec::new();
    for principal in &query.principals {
        for ended in ended(query.scope) {
            filter.begin(query, principal, ended);
            ranges.push(format!("({})", filter.dossiers(COUNTED + 1)));
        }
    }
    if ranges.is_empty() {
        return Ok(Total::Exactly(0));
    }
    let sql = format!("SELECT count(*) FROM ({}) f", ranges.join(" UNION "));
    let count = count(&link.query_one(&sql, &filter.params())?, 0)? as usize;
    Ok(counted(count))
}

/// The numbers of what is due before a day for the asking principals, in order, if they are few.
pub(super) fn few_due(
    link: &mut Link,
    query: &ListQuery,
    day: &str,
) -> Result<Option<Vec<i64>>, Fault> {
    let due = ListQuery { due_before: Some(day.to_owned()), ..ListQuery::default() };
    let mut found = BTreeSet::new();
    for principal in &query.principals {
        for ended in ended(query.scope) {
            let mut filter = Filter::default();
            filter.begin(&due, principal, ended);
            for row in link.query(&filter.dossiers(FEW + 1), &filter.params())? {
                found.insert(get::<i64>(&row, 0)?);
            }
            if found.len() > FEW {
                return Ok(None);
            }
        }
    }
    Ok(Some(found.into_iter().collect()))
}

type Value = Box<dyn ToSql + Sync>;

/// The part of a query that is the same for rows and total: `a` is the access row that is walked
/// over, which is that of `within` where it is given.
#[derive(Default)]
struct Filter {
    /// Which range is walked over.
    walked: String,
    /// The rows of other tables that are looked at for each.
    joined: String,
    sql: String,
    values: Vec<Value>,
}

impl Filter {
    /// Begins the condition of one range; the values of earlier ones stay.
    fn begin(&mut self, query: &ListQuery, principal: &str, ended: bool) {
        let of = query.within.as_deref().unwrap_or(principal).to_owned();
        let of = self.value(Box::new(of));
        self.walked = format!("a.principal = {of} AND a.ended = {ended}");
        self.sql.clone_from(&self.walked);
        self.joined.clear();
        if query.within.is_some() {
            let principal = self.value(Box::new(principal.to_owned()));
            self.joined =
                format!("JOIN access p ON p.dossier = a.dossier AND p.principal = {principal}");
        }
        if let Some(stage) = &query.stage {
            let stage = self.value(Box::new(stage.clone()));
            self.and(&format!("a.stage = {stage}"));
        }
        if let Some(date) = &query.due_before {
            let date = self.value(Box::new(date.clone()));
            self.and(&format!("a.due < {date}"));
        }
        if let Some(department) = &query.department {
            let department = self.value(Box::new(department.clone()));
            self.and(&format!(
                "(SELECT o.department FROM dossier o WHERE o.nr = a.dossier) = {department}"
            ));
        }
        if let Some(without) = &query.without {
            let without = self.value(Box::new(without.clone()));
            self.and(&format!(
                "NOT EXISTS (SELECT 1 FROM access n WHERE n.dossier = a.dossier
                    AND n.principal = {without})"
            ));
        }
    }

    /// The numbers of the dossiers it lets through, so many at most.
    fn dossiers(&self, limit: usize) -> String {
        let Filter { joined, sql, .. } = self;
        format!("SELECT a.dossier FROM access a {joined} WHERE {sql} LIMIT {limit}")
    }

    /// Adds a value; answers how the statement names it.
    fn value(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn and(&mut self, sql: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
    }

    fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect()
    }
}
