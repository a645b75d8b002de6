//! Tables that are not record, and the small objects of the vault.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};

use crate::{Credential, Fault, Hash, Session, vault::Directory};

pub(super) fn session(connection: &Connection, token: &Hash) -> Result<Option<Session>, Fault> {
    let sql = "SELECT token, staff, made, seen, expires FROM session WHERE token = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let session = statement.query_row((token,), |row| {
        Ok(Session {
            token: row.get(0)?,
            staff: row.get(1)?,
            made: row.get(2)?,
            seen: row.get(3)?,
            expires: row.get(4)?,
        })
    });
    Ok(session.optional()?)
}

pub(super) fn blob_bytes(connection: &Connection, sm3: &Hash) -> Result<Option<Vec<u8>>, Fault> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM blob_bytes WHERE sm3 = ?1")?;
    Ok(statement.query_row((sm3,), |row| row.get(0)).optional()?)
}

/// The objects, kept here or on disk, that no event names.
pub(super) fn orphans(
    connection: &Connection,
    on_disk: BTreeSet<Hash>,
) -> Result<BTreeSet<Hash>, Fault> {
    let mut all = on_disk;
    let mut statement = connection.prepare_cached("SELECT sm3 FROM blob_bytes")?;
    for sm3 in statement.query_map((), |row| row.get(0))? {
        all.insert(sm3?);
    }
    let mut orphans = BTreeSet::new();
    for sm3 in all {
        if !is_named(connection, &sm3)? {
            orphans.insert(sm3);
        }
    }
    Ok(orphans)
}

fn is_named(connection: &Connection, sm3: &Hash) -> Result<bool, Fault> {
    Ok(connection.prepare_cached("SELECT 1 FROM blob WHERE sm3 = ?1")?.exists((sm3,))?)
}

/// Removes those of `old` that no event names; answers how many.
pub(super) fn discard(
    connection: &Connection,
    old: &BTreeSet<Hash>,
    directory: Option<&Directory>,
) -> Result<u64, Fault> {
    let mut removed = 0;
    for sm3 in old {
        if is_named(connection, sm3)? {
            continue;
        }
        let sql = "DELETE FROM blob_bytes WHERE sm3 = ?1";
        let inline = connection.prepare_cached(sql)?.execute((sm3,))? > 0;
        let on_disk = directory.map_or(Ok(false), |directory| directory.remove(sm3))?;
        removed += u64::from(inline || on_disk);
    }
    Ok(removed)
}

pub(super) fn credential(
    connection: &Connection,
    staff: &str,
) -> Result<Option<Credential>, Fault> {
    let sql = "SELECT staff, password, must_change, failures, locked_until FROM credential
        WHERE staff = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let credential = statement.query_row((staff,), |row| {
        Ok(Credential {
            staff: row.get(0)?,
            password: row.get(1)?,
            must_change: row.get(2)?,
            failures: row.get(3)?,
            locked_until: row.get(4)?,
        })
    });
    Ok(credential.optional()?)
}

pub(super) fn put_credential(
    connection: &Connection,
    credential: &Credential,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO credential
                (staff, password, must_change, failures, locked_until)
            VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            &credential.staff,
            &credential.password,
            credential.must_change,
            credential.failures,
            credential.locked_until,
        ))?;
    Ok(())
}
