//! The sealer: gives events their places in the tree, one node at a time.
//!
//! Acts of many nodes cannot agree on dense places without waiting for each other, so they only
//! queue their events. Until an event has its place, its chain alone protects it.

use std::{
    cell::RefCell,
    ops::Range,
    sync::mpsc::{Receiver, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::Duration,
};

use postgres::Config;

use super::{
    append::lock_number,
    link::{Link, count, get, hash},
};
use crate::{
    Fault, Hash,
    tree::{self, Node, Nodes},
};

/// At least this often somebody looks into the queue.
const TURN: Duration = Duration::from_millis(500);
/// So long events gather after the first was told of.
const GATHERING: Duration = Duration::from_millis(100);
/// Events in one transaction at most.
const BATCH: i64 = 4_096;

/// Starts the sealer, which ends when nobody can tell it of events any more.
pub(super) fn start(config: Config, written: Receiver<()>) -> Result<JoinHandle<()>, Fault> {
    let thread = thread::Builder::new().name("store-sealer".to_owned());
    let thread = thread.spawn(move || {
        let mut link = None;
        loop {
            match written.recv_timeout(TURN) {
                Ok(()) => thread::sleep(GATHERING),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // Whatever fails now is tried again at the next turn, on a new connection.
            link = turn(&config, link.take()).ok();
        }
    });
    thread.map_err(Fault::io("start the sealer"))
}

/// Seals what is in the queue.
fn turn(config: &Config, link: Option<Link>) -> Result<Link, Fault> {
    let mut link = link.map_or_else(|| Link::open(config), Ok)?;
    while seal(&mut link)? {}
    Ok(link)
}

/// Seals one batch; answers whether there may be more.
pub(super) fn seal(link: &mut Link) -> Result<bool, Fault> {
    link.batch("BEGIN")?;
    let sealed = place(link);
    link.batch(if sealed.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    sealed
}

fn place(link: &mut Link) -> Result<bool, Fault> {
    let lock = "SELECT pg_try_advisory_xact_lock($1)";
    if !get::<bool>(&link.query_one(lock, &[&lock_number("sealer", "")])?, 0)? {
        return Ok(false);
    }
    let sql = "SELECT stream, version, hash FROM unsealed ORDER BY stream, version LIMIT $1";
    let rows = link.query(sql, &[&BATCH])?;
    if rows.is_empty() {
        return Ok(false);
    }
    let size = size(link)?;
    let streams = rows.iter().map(|row| get(row, 0)).collect::<Result<Vec<i64>, _>>()?;
    let versions = rows.iter().map(|row| get(row, 1)).collect::<Result<Vec<i64>, _>>()?;
    let added = rows.iter().map(|row| hash(row, 2)).collect::<Result<Vec<Hash>, _>>()?;
    let hashes: Vec<_> = added.iter().map(Hash::as_slice).collect();
    link.execute(
        "INSERT INTO leaf (place, stream, version, hash)
        SELECT $1 + u.nr - 1, u.stream, u.version, u.hash
        FROM unnest($2::bigint[], $3::bigint[], $4::bytea[])
            WITH ORDINALITY u (stream, version, hash, nr)",
        &[&(size as i64), &streams, &versions, &hashes],
    )?;
    grow(link, size, &added)?;
    link.execute(
        "DELETE FROM unsealed q USING unnest($1::bigint[], $2::bigint[]) u (stream, version)
        WHERE q.stream = u.stream AND q.version = u.version",
        &[&streams, &versions],
    )?;
    Ok(rows.len() as i64 == BATCH)
}

/// How many leaves have their places.
pub(super) fn size(link: &mut Link) -> Result<u64, Fault> {
    count(&link.query_one("SELECT coalesce(max(place) + 1, 0) FROM leaf", &[])?, 0)
}

/// Keeps the subtrees that became full when these leaves came after the first `size`.
fn grow(link: &mut Link, size: u64, added: &[Hash]) -> Result<(), Fault> {
    let fulls = tree::grow(&Stored(RefCell::new(link)), size, added)?;
    if fulls.is_empty() {
        return Ok(());
    }
    let levels: Vec<_> = fulls.iter().map(|full| i64::from(full.level)).collect();
    let places: Vec<_> = fulls.iter().map(|full| full.place as i64).collect();
    let sha256: Vec<_> = fulls.iter().map(|full| full.node.sha256.as_slice()).collect();
    let sm3: Vec<_> = fulls.iter().map(|full| full.node.sm3.as_slice()).collect();
    link.execute(
        "INSERT INTO tree (level, place, sha256, sm3)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[])",
        &[&levels, &places, &sha256, &sm3],
    )?;
    Ok(())
}

/// The tree's hashes, read on a connection.
struct Stored<'a>(RefCell<&'a mut Link>);

impl Nodes for Stored<'_> {
    fn leaves(&self, places: Range<u64>) -> Result<Vec<Hash>, Fault> {
        leaves(&mut self.0.borrow_mut(), places)
    }

    fn full(&self, level: u8, places: Range<u64>) -> Result<Vec<Node>, Fault> {
        full(&mut self.0.borrow_mut(), level, places)
    }
}

/// The hashes of leaves, in order of place.
pub(super) fn leaves(link: &mut Link, places: Range<u64>) -> Result<Vec<Hash>, Fault> {
    let sql = "SELECT hash FROM leaf WHERE place >= $1 AND place < $2 ORDER BY place";
    let rows = link.query(sql, &[&(places.start as i64), &(places.end as i64)])?;
    rows.iter().map(|row| hash(row, 0)).collect()
}

/// Stored full subtrees of a level, in order of place.
pub(super) fn full(link: &mut Link, level: u8, places: Range<u64>) -> Result<Vec<Node>, Fault> {
    let sql = "SELECT sha256, sm3 FROM tree
        WHERE level = $1 AND place >= $2 AND place < $3 ORDER BY place";
    let (start, end) = (places.start as i64, places.end as i64);
    let rows = link.query(sql, &[&i64::from(level), &start, &end])?;
    rows.iter().map(|row| Ok(Node { sha256: hash(row, 0)?, sm3: hash(row, 1)? })).collect()
}
