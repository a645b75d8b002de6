//! Tables that are not record, and the small objects of the vault.

use std::{cell::Cell, collections::BTreeSet};

use super::{
    append::objects_lock,
    link::{Link, get, hash},
};
use crate::{Credential, Fault, Hash, Session, engine::ChangeCredential, vault::Directory};

pub(super) fn session(link: &mut Link, token: &Hash) -> Result<Option<Session>, Fault> {
    let sql = "SELECT staff, made, seen, expires FROM session WHERE token = $1";
    let Some(row) = link.query_opt(sql, &[&token.as_slice()])? else { return Ok(None) };
    let (staff, made, seen, expires) = (get(&row, 0)?, get(&row, 1)?, get(&row, 2)?, get(&row, 3)?);
    Ok(Some(Session { token: *token, staff, made, seen, expires }))
}

/// The objects, kept here or on disk, that no event names.
pub(super) fn orphans(link: &mut Link, on_disk: &BTreeSet<Hash>) -> Result<BTreeSet<Hash>, Fault> {
    let on_disk: Vec<_> = on_disk.iter().map(Hash::as_slice).collect();
    let sql =
        "SELECT o.sm3 FROM (SELECT sm3 FROM blob_bytes UNION SELECT unnest($1::bytea[])) o (sm3)
        WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.sm3 = o.sm3)";
    link.query(sql, &[&on_disk])?.iter().map(|row| hash(row, 0)).collect()
}

/// Removes those of `old` that no event names; answers how many.
pub(super) fn discard(
    link: &mut Link,
    old: &BTreeSet<Hash>,
    directory: Option<&Directory>,
) -> Result<u64, Fault> {
    link.batch("BEGIN")?;
    let removed = discard_unnamed(link, old, directory);
    link.batch(if removed.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    removed
}

fn discard_unnamed(
    link: &mut Link,
    old: &BTreeSet<Hash>,
    directory: Option<&Directory>,
) -> Result<u64, Fault> {
    // Every batch of every node shares this lock, so that no act can name an object meanwhile.
    link.query("SELECT pg_advisory_xact_lock($1)", &[&objects_lock()])?;
    let mut removed = 0;
    for sm3 in old {
        let named = "SELECT 1 FROM blob WHERE sm3 = $1 LIMIT 1";
        if link.query_opt(named, &[&sm3.as_slice()])?.is_some() {
            continue;
        }
        let inline = link.execute("DELETE FROM blob_bytes WHERE sm3 = $1", &[&sm3.as_slice()])?;
        let on_disk = directory.map_or(Ok(false), |directory| directory.remove(sm3))?;
        removed += u64::from(inline > 0 || on_disk);
    }
    Ok(removed)
}

const CREDENTIAL: &str = "SELECT staff, password, must_change, failures, locked_until
    FROM credential WHERE staff = $1";

/// A credential, locked for whoever says so.
pub(super) fn credential(
    link: &mut Link,
    staff: &str,
    locking: &str,
) -> Result<Option<Credential>, Fault> {
    let Some(row) = link.query_opt(&format!("{CREDENTIAL} {locking}"), &[&staff])? else {
        return Ok(None);
    };
    Ok(Some(Credential {
        staff: get(&row, 0)?,
        password: get(&row, 1)?,
        must_change: get(&row, 2)?,
        failures: u32::try_from(get::<i64>(&row, 3)?).unwrap_or(u32::MAX),
        locked_until: get(&row, 4)?,
    }))
}

pub(super) fn put_credential(link: &mut Link, credential: &Credential) -> Result<(), Fault> {
    let Credential { staff, password, must_change, failures, locked_until } = credential;
    link.execute(
        "INSERT INTO credential (staff, password, must_change, failures, locked_until)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (staff) DO UPDATE SET
            password = excluded.password, must_change = excluded.must_change,
            failures = excluded.failures, locked_until = excluded.locked_until",
        &[staff, password, must_change, &i64::from(*failures), locked_until],
    )?;
    Ok(())
}

pub(super) fn change_credential(
    link: &mut Link,
    staff: &str,
    change: &Cell<Option<ChangeCredential>>,
) -> Result<Option<Credential>, Fault> {
    link.batch("BEGIN")?;
    let changed = credential(link, staff, "FOR UPDATE").and_then(|found| {
        let Some(mut credential) = found else { return Ok(None) };
        let lost = || Fault::Unavailable("the connection was lost".to_owned());
        change.take().ok_or_else(lost)?(&mut credential);
        put_credential(link, &credential)?;
        Ok(Some(credential))
    });
    link.batch(if changed.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    changed
}
