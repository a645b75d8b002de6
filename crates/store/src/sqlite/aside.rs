//! Tables that are not record, and the small objects of the vault.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Params};

use super::Sqlite;
use crate::{Credential, Fault, Hash, Session, vault::Directory};

impl Sqlite {
    pub(crate) fn put_session(&self, session: Session) -> Result<(), Fault> {
        self.change(
            "INSERT OR REPLACE INTO session (token, staff, made, seen, expires)
            VALUES (?1, ?2, ?3, ?4, ?5)",
            (session.token, session.staff, session.made, session.seen, session.expires),
        )
    }

    pub(crate) fn session(&self, token: &Hash) -> Result<Option<Session>, Fault> {
        let reader = self.reader()?;
        let sql = "SELECT token, staff, made, seen, expires FROM session WHERE token = ?1";
        let mut statement = reader.prepare_cached(sql)?;
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

    pub(crate) fn delete_session(&self, token: Hash) -> Result<(), Fault> {
        self.change("DELETE FROM session WHERE token = ?1", (token,))
    }

    pub(crate) fn delete_sessions_of(&self, staff: String) -> Result<(), Fault> {
        self.change("DELETE FROM session WHERE staff = ?1", (staff,))
    }

    pub(crate) fn delete_expired_sessions(&self, now: i64) -> Result<(), Fault> {
        self.change("DELETE FROM session WHERE expires < ?1", (now,))
    }

    pub(crate) fn put_credential(&self, credential: Credential) -> Result<(), Fault> {
        self.writer.write(move |connection| put_credential(connection, &credential))
    }

    pub(crate) fn credential(&self, staff: &str) -> Result<Option<Credential>, Fault> {
        credential(&*self.reader()?, staff)
    }

    pub(crate) fn change_credential(
        &self,
        staff: String,
        change: impl FnOnce(&mut Credential) + Send + 'static,
    ) -> Result<Option<Credential>, Fault> {
        self.writer.write(move |connection| {
            let Some(mut credential) = credential(connection, &staff)? else { return Ok(None) };
            change(&mut credential);
            put_credential(connection, &credential)?;
            Ok(Some(credential))
        })
    }

    pub(crate) fn put_draft(
        &self,
        staff: String,
        form: String,
        bytes: Vec<u8>,
        made: i64,
    ) -> Result<(), Fault> {
        self.change(
            "INSERT OR REPLACE INTO draft (staff, form, bytes, made) VALUES (?1, ?2, ?3, ?4)",
            (staff, form, bytes, made),
        )
    }

    pub(crate) fn draft(&self, staff: &str, form: &str) -> Result<Option<(Vec<u8>, i64)>, Fault> {
        let reader = self.reader()?;
        let sql = "SELECT bytes, made FROM draft WHERE staff = ?1 AND form = ?2";
        let mut statement = reader.prepare_cached(sql)?;
        let draft = statement.query_row((staff, form), |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(draft.optional()?)
    }

    pub(crate) fn delete_draft(&self, staff: String, form: String) -> Result<(), Fault> {
        self.change("DELETE FROM draft WHERE staff = ?1 AND form = ?2", (staff, form))
    }

    pub(crate) fn put_setting(&self, name: String, value: String) -> Result<(), Fault> {
        self.change("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)", (name, value))
    }

    pub(crate) fn setting(&self, name: &str) -> Result<Option<String>, Fault> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
        Ok(statement.query_row((name,), |row| row.get(0)).optional()?)
    }

    pub(crate) fn put_blob_bytes(&self, sm3: Hash, bytes: Vec<u8>) -> Result<(), Fault> {
        // The new bytes are known to be right; those that are there may have been damaged.
        self.change("INSERT OR REPLACE INTO blob_bytes (sm3, bytes) VALUES (?1, ?2)", (sm3, bytes))
    }

    pub(crate) fn blob_bytes(&self, sm3: &Hash) -> Result<Option<Vec<u8>>, Fault> {
        let reader = self.reader()?;
        let mut statement = reader.prepare_cached("SELECT bytes FROM blob_bytes WHERE sm3 = ?1")?;
        Ok(statement.query_row((sm3,), |row| row.get(0)).optional()?)
    }

    /// Runs on the writer's thread, so that no act can name an object while it is removed.
    pub(crate) fn gc(
        &self,
        keep: BTreeSet<Hash>,
        directory: Option<Directory>,
    ) -> Result<u64, Fault> {
        self.writer.write(move |connection| {
            let mut named = connection.prepare_cached("SELECT 1 FROM blob WHERE sm3 = ?1")?;
            let mut keep = |sm3: &Hash| Ok(keep.contains(sm3) || named.exists((sm3,))?);
            let mut statement = connection.prepare_cached("SELECT sm3 FROM blob_bytes")?;
            let inline: Vec<Hash> =
                statement.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut removed = 0;
            for sm3 in inline {
                if !keep(&sm3)? {
                    connection
                        .prepare_cached("DELETE FROM blob_bytes WHERE sm3 = ?1")?
                        .execute((sm3,))?;
                    removed += 1;
                }
            }
            let swept = directory.map_or(Ok(0), |directory| directory.sweep(keep))?;
            Ok(removed + swept)
        })
    }

    /// Runs one statement on the writer's thread.
    fn change(&self, sql: &'static str, params: impl Params + Send + 'static) -> Result<(), Fault> {
        self.writer.write(move |connection| {
            connection.prepare_cached(sql)?.execute(params)?;
            Ok(())
        })
    }
}

fn credential(connection: &Connection, staff: &str) -> Result<Option<Credential>, Fault> {
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

fn put_credential(connection: &Connection, credential: &Credential) -> Result<(), Fault> {
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
