//! Connections to PostgreSQL: how they are made, lent, and what their failures mean.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use postgres::{
    Client, Config, NoTls, Row, RowIter, Statement,
    error::{DbError, SqlState},
    types::{FromSql, ToSql},
};

use crate::{Fault, Hash};

/// How long one attempt to connect may take.
const CONNECT: Duration = Duration::from_secs(5);
/// Readers of one process at once; more wait for their turn.
const READERS: usize = 16;

/// What every session is told: that a commit is on disk before it is acknowledged, and that a
/// session that was cut off in the middle of a transaction gives its locks back soon.
const SESSION: &str = "
    SET search_path = public;
    SET synchronous_commit = on;
    SET idle_in_transaction_session_timeout = '15s';
    SET lock_timeout = '30s';
    SET client_min_messages = warning";

impl From<postgres::Error> for Fault {
    fn from(error: postgres::Error) -> Fault {
        // What the database says may hold what was sent to it; codes and names do not.
        let Some(error) = error.as_db_error() else {
            return match error.is_closed() || is_lost(&error) {
                true => Fault::Unavailable("the connection was lost".to_owned()),
                false => Fault::Database("an answer cannot be read".to_owned()),
            };
        };
        let code = error.code();
        if *code == SqlState::DISK_FULL {
            return Fault::Full;
        }
        match is_passing(code) {
            true => Fault::Unavailable(code.code().to_owned()),
            false => Fault::Database(described(error)),
        }
    }
}

fn described(error: &DbError) -> String {
    let names = [error.table(), error.column(), error.constraint(), error.routine()];
    let names: Vec<_> = names.into_iter().flatten().collect();
    format!("{} {}", error.code().code(), names.join(" "))
}

/// Whether the connection went, rather than an answer being refused.
fn is_lost(error: &postgres::Error) -> bool {
    error.source().is_some_and(|source| source.is::<std::io::Error>())
}

/// What goes by itself: the transaction was given up, and the same may succeed a moment later.
fn is_passing(code: &SqlState) -> bool {
    let code = code.code();
    // Connection; transaction rollback; out of resources; shutdown or start; not the primary.
    ["08", "40", "53", "57P"].iter().any(|class| code.starts_with(class))
        || ["25006", "25P03", "55P03"].contains(&code)
}

/// A connection with the statements prepared on it.
pub(super) struct Link {
    client: Client,
    prepared: BTreeMap<String, Statement>,
}

impl Link {
    pub(super) fn open(config: &Config) -> Result<Link, Fault> {
        let mut client = config.connect(NoTls).map_err(|error| match error.as_db_error() {
            // Who may not come in is told so; everything else may pass.
            Some(refused) if !is_passing(refused.code()) => Fault::Database(described(refused)),
            Some(refused) => Fault::Unavailable(refused.code().code().to_owned()),
            None => Fault::Unavailable("no connection".to_owned()),
        })?;
        client.batch_execute(SESSION)?;
        Ok(Link { client, prepared: BTreeMap::new() })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(super) fn query(
        &mut self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, postgres::Error> {
        let statement = self.prepare(sql)?;
        self.client.query(&statement, params)
    }

    pub(super) fn query_opt(
        &mut self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, postgres::Error> {
        let statement = self.prepare(sql)?;
        self.client.query_opt(&statement, params)
    }

    pub(super) fn query_one(
        &mut self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, postgres::Error> {
        let statement = self.prepare(sql)?;
        self.client.query_one(&statement, params)
    }

    pub(super) fn execute(
        &mut self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, postgres::Error> {
        let statement = self.prepare(sql)?;
        self.client.execute(&statement, params)
    }

    /// Statements without parameters or answers, in one round trip.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), postgres::Error> {
        self.client.batch_execute(sql)
    }

    /// Rows one after another, so that no table is ever held in memory.
    pub(super) fn rows(
        &mut self,
        sql: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<RowIter<'_>, postgres::Error> {
        let statement = self.prepare(sql)?;
        self.client.query_raw(&statement, params.iter().copied())
    }
}

/// A value of a row.
pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, Fault> {
    Ok(row.try_get(column)?)
}

/// A number that is never negative.
pub(super) fn count(row: &Row, column: usize) -> Result<u64, Fault> {
    let number: i64 = get(row, column)?;
    u64::try_from(number).map_err(|_| Fault::Database("a count is below zero".to_owned()))
}

/// A hash, which has 32 bytes.
pub(super) fn hash(row: &Row, column: usize) -> Result<Hash, Fault> {
    let bytes: &[u8] = get(row, column)?;
    bytes.try_into().map_err(|_| Fault::Database("a hash has not 32 bytes".to_owned()))
}

/// Connections for reading and for what is not record.
pub(super) struct Pool {
    config: Config,
    idle: Mutex<Idle>,
    given_back: Condvar,
}

#[derive(Default)]
struct Idle {
    links: Vec<Link>,
    lent: usize,
}

impl Pool {
    pub(super) fn new(config: Config) -> Pool {
        Pool { config, idle: Mutex::default(), given_back: Condvar::new() }
    }

    /// Runs `work` on a connection, and once more on a fresh one if an idle one had died.
    pub(super) fn run<T>(&self, work: impl Fn(&mut Link) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut lent = self.lend();
        if let Some(link) = &mut lent.link {
            let result = work(link);
            if !link.is_closed() {
                return result;
            }
            lent.link = None;
            // The others died with it.
            self.idle().links.clear();
        }
        let link = lent.link.insert(Link::open(&self.config)?);
        work(link)
    }

    /// A connection beside those that are lent.
    pub(super) fn open(&self) -> Result<Link, Fault> {
        Link::open(&self.config)
    }

    fn lend(&self) -> Lent<'_> {
        let full = |idle: &mut Idle| idle.lent >= READERS;
        let waited = self.given_back.wait_while(self.idle(), full);
        let mut idle = waited.unwrap_or_else(PoisonError::into_inner);
        idle.lent += 1;
        Lent { pool: self, link: idle.links.pop() }
    }

    /// The connections that nobody uses, taken out.
    pub(super) fn take(&self) -> Vec<Link> {
        std::mem::take(&mut self.idle().links)
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        // The list is whole at every moment, whoever panicked while holding it.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the readers, with its connection once it has one.
struct Lent<'a> {
    pool: &'a Pool,
    link: Option<Link>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut idle = self.pool.idle();
        idle.lent -= 1;
        idle.links.extend(self.link.take().filter(|link| !link.is_closed()));
        drop(idle);
        self.pool.given_back.notify_one();
    }
}

/// Reads an address, of which no part is repeated in an error: it may hold a password.
pub(super) fn config(url: &str) -> Result<Config, Fault> {
    let config = url.parse::<Config>();
    let mut config =
        config.map_err(|_| Fault::Misuse("the database's address cannot be read".to_owned()))?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_application_name().is_none() {
        config.application_name("chachu");
    }
    config.keepalives_idle(Duration::from_secs(10));
    config.tcp_user_timeout(Duration::from_secs(20));
    Ok(config)
}
