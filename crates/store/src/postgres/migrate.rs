//! The schema: made and brought up by the owner, looked at by the role that serves.
//!
//! Migrations go forward only and add only what the version before does not mind, so that it may
//! go on serving while they run.

use postgres::Config;

use super::link::{Link, count, get};
use crate::{
    Fault,
    checkpoint::{ORIGIN_SETTING, new_origin},
    keys::Keys,
};

/// The newest schema that this program knows.
pub(super) const SCHEMA: i64 = 1;
/// What each schema added to the one before.
const SCHEMA_SQL: [&str; SCHEMA as usize] = [include_str!("schema.sql")];
const GRANTS: &str = include_str!("grants.sql");

/// The role that serves; those who log in to serve are its members.
pub const SERVING_ROLE: &str = "chachu_serve";

/// What a migration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The schema that was found; 0 if there was none.
    pub from: i64,
    /// The schema that is there now.
    pub to: i64,
    /// Whether the role that serves had to be made.
    pub made_role: bool,
}

/// Brings the schema to what this program knows, in one transaction, as its owner.
pub(crate) fn migrate(config: &Config) -> Result<Migrated, Fault> {
    let link = &mut Link::open(config)?;
    // One at a time; the others find nothing left to do.
    link.query("SELECT pg_advisory_lock(hashtext('chachu migrate'))", &[])?;
    let from = schema(link)?.unwrap_or(0);
    if from > SCHEMA {
        return Err(Fault::Newer { found: from, known: SCHEMA });
    }
    let made_role = make_role(link)?;
    link.batch("BEGIN")?;
    for (sql, version) in SCHEMA_SQL.iter().zip(1..).filter(|(_, version)| *version > from) {
        link.batch(sql)?;
        let sql = "INSERT INTO schema_version (product, version) VALUES ('chachu', $1)";
        link.execute(sql, &[&version])?;
    }
    if from == 0 {
        let sql = "INSERT INTO setting (name, value) VALUES ($1, $2)";
        link.execute(sql, &[&ORIGIN_SETTING, &new_origin()?])?;
    }
    link.batch(GRANTS)?;
    link.batch("COMMIT")?;
    Ok(Migrated { from, to: SCHEMA, made_role })
}

/// Makes the role that serves, if it is not there; it belongs to the whole cluster.
fn make_role(link: &mut Link) -> Result<bool, Fault> {
    let there = "SELECT 1 FROM pg_roles WHERE rolname = $1";
    if link.query_opt(there, &[&SERVING_ROLE])?.is_some() {
        return Ok(false);
    }
    let made = link.batch(&format!("CREATE ROLE {SERVING_ROLE} NOLOGIN"));
    let there = link.query_opt(there, &[&SERVING_ROLE])?.is_some();
    match made {
        Ok(()) => Ok(true),
        // Another database of the cluster was quicker.
        Err(_) if there => Ok(false),
        Err(_) => Err(Fault::Rights(format!("the role {SERVING_ROLE} is missing"))),
    }
}

/// The version of the schema; none in an empty database.
fn schema(link: &mut Link) -> Result<Option<i64>, Fault> {
    let tables = "SELECT c.relname = 'schema_version' FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY 1 DESC LIMIT 1";
    match link.query_opt(tables, &[])?.map(|row| get::<bool>(&row, 0)).transpose()? {
        None => return Ok(None),
        Some(false) => return Err(Fault::Foreign("its tables are not ours".to_owned())),
        Some(true) => {}
    }
    let version = "SELECT max(version) FROM schema_version HAVING bool_and(product = 'chachu')";
    // A table of this name with other columns is another product's.
    let row = link.query_opt(version, &[]).ok().flatten();
    match row.and_then(|row| get(&row, 0).ok()) {
        Some(version) => Ok(Some(version)),
        None => Err(Fault::Foreign("its table of versions is not ours".to_owned())),
    }
}

/// Refuses a database that is not exactly what the role that serves may work on.
pub(super) fn check(link: &mut Link, keys: &Keys) -> Result<(), Fault> {
    match schema(link)? {
        Some(found) if found > SCHEMA => return Err(Fault::Newer { found, known: SCHEMA }),
        Some(SCHEMA) => {}
        found => return Err(Fault::Older { found: found.unwrap_or(0), known: SCHEMA }),
    }
    rights(link)?;
    triggers(link)?;
    check_keys(link, keys)
}

/// The tables of which rows are only added.
const LOG: [&str; 6] = ["event", "leaf", "blob", "tree", "checkpoint", "sealed"];

/// Refuses a role that could change the log.
fn rights(link: &mut Link) -> Result<(), Fault> {
    let row = link.query_one(
        "SELECT r.rolsuper, r.rolbypassrls, r.rolcreaterole,
            EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'public' AND pg_has_role(c.relowner, 'MEMBER'))
        FROM pg_roles r WHERE r.rolname = current_user",
        &[],
    )?;
    let reasons = ["is a superuser", "bypasses row security", "makes roles", "owns tables"];
    for (column, reason) in reasons.into_iter().enumerate() {
        if get(&row, column)? {
            return Err(Fault::Rights(format!("the serving role {reason}")));
        }
    }
    // The parts of a table have rights of their own.
    let sql = "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
            AND (c.relname = ANY ($1) OR c.relname LIKE 'event\\_%')
            AND (has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
                OR has_any_column_privilege(c.oid, 'UPDATE'))
        ORDER BY 1 LIMIT 1";
    if let Some(row) = link.query_opt(sql, &[&LOG.as_slice()])? {
        let table: &str = get(&row, 0)?;
        return Err(Fault::Rights(format!("the serving role may change {table}")));
    }
    Ok(())
}

/// Refuses a database whose guards were taken away.
fn triggers(link: &mut Link) -> Result<(), Fault> {
    let sql = "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE n.nspname = 'public' AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
            AND p.proname IN ('record_stays', 'event_is_fixed')";
    let found = count(&link.query_one(sql, &[])?, 0)?;
    if found != TRIGGERS {
        return Err(Fault::Foreign(format!("{found} of {TRIGGERS} guards of the log are there")));
    }
    Ok(())
}

/// Three of `event` with two in each of its sixteen parts by inheritance and one of their own,
/// two of four tables each, one of `sealed`.
const TRIGGERS: u64 = 3 + 16 * 3 + 4 * 2 + 1;

/// Compares this node's keys with those of the record; the first node tells which they are.
fn check_keys(link: &mut Link, keys: &Keys) -> Result<(), Fault> {
    for key in keys.all() {
        let put = "INSERT INTO key_check (name, hash) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        link.execute(put, &[&key.name(), &key.check.as_slice()])?;
        let sql = "SELECT hash FROM key_check WHERE name = $1";
        let row = link.query_one(sql, &[&key.name()])?;
        if get::<&[u8]>(&row, 0)? != key.check {
            let what = "is not the key this store was made with".to_owned();
            return Err(Fault::Key { name: key.name(), what });
        }
    }
    Ok(())
}
