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

/// Removes the objects that neither an event nor `keep` names; answers how many.
pub(super) fn gc(
    connection: &Connection,
    keep: &BTreeSet<Hash>,
    directory: Option<Directory>,
) -> Result<u64, Fault> {
    let mut named = connection.prepare_cached("SELECT 1 FROM blob WHERE sm3 = ?1")?;
    let mut keep = |sm3: &Hash| Ok(keep.contains(sm3) || named.exists((sm3,))?);
    let mut statement = connection.prepare_cached("SELECT sm3 FROM blob_bytes")?;
    let inline: Vec<Hash> = statement.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut removed = 0;
    for sm3 in inline {
        if !keep(&sm3)? {
            let sql = "DELETE FROM blob_bytes WHERE sm3 = ?1";
            connection.prepare_cached(sql)?.execute((sm3,))?;
            removed += 1;
        }
    }
    let swept = directory.map_or(Ok(0), |directory| directory.sweep(keep))?;
    Ok(removed + swept)
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
