//! The stored parts of the tree, and the checkpoints that were made of it.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension};

use crate::{
    Fault, Hash, Stream,
    tree::{self, Node, Nodes},
};

/// The tree's hashes, read on a connection.
pub(super) struct Stored<'a>(pub(super) &'a Connection);

impl Nodes for Stored<'_> {
    fn leaves(&self, places: Range<u64>) -> Result<Vec<Hash>, Fault> {
        let sql = "SELECT hash FROM leaf WHERE place >= ?1 AND place < ?2 ORDER BY place";
        let mut statement = self.0.prepare_cached(sql)?;
        let rows =
            statement.query_map((places.start as i64, places.end as i64), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn full(&self, level: u8, places: Range<u64>) -> Result<Vec<Node>, Fault> {
        let sql = "SELECT sha256, sm3 FROM tree
            WHERE level = ?1 AND place >= ?2 AND place < ?3 ORDER BY place";
        let mut statement = self.0.prepare_cached(sql)?;
        let range = (level, places.start as i64, places.end as i64);
        let rows =
            statement.query_map(range, |row| Ok(Node { sha256: row.get(0)?, sm3: row.get(1)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// How many leaves there are.
pub(super) fn size(connection: &Connection) -> Result<u64, Fault> {
    let sql = "SELECT coalesce(max(place) + 1, 0) FROM leaf";
    Ok(connection.prepare_cached(sql)?.query_row((), |row| row.get::<_, i64>(0))? as u64)
}

/// Where the leaf of an event stands.
pub(super) fn place(
    connection: &Connection,
    stream: &Stream,
    version: u64,
) -> Result<Option<u64>, Fault> {
    let sql = "SELECT l.place FROM leaf l JOIN stream s ON s.id = l.stream
        WHERE s.name = ?1 AND l.version = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let place = statement.query_row((stream.as_str(), version as i64), |row| row.get::<_, i64>(0));
    Ok(place.optional()?.map(|place| place as u64))
}

/// Keeps the subtrees that became full when these leaves came after the first `size`.
pub(super) fn grow(connection: &Connection, size: u64, added: &[Hash]) -> Result<(), Fault> {
    let sql = "INSERT INTO tree (level, place, sha256, sm3) VALUES (?1, ?2, ?3, ?4)";
    let mut insert = connection.prepare_cached(sql)?;
    for full in tree::grow(&Stored(connection), size, added)? {
        insert.execute((full.level, full.place as i64, full.node.sha256, full.node.sm3))?;
    }
    Ok(())
}

/// Builds the tree over leaves that an earlier schema kept without one.
pub(super) fn plant(connection: &Connection) -> Result<(), Fault> {
    const AT_ONCE: u64 = 1 << 16;
    let size = size(connection)?;
    let mut planted = 0;
    while planted < size {
        let end = size.min(planted + AT_ONCE);
        let added = Stored(connection).leaves(planted..end)?;
        grow(connection, planted, &added)?;
        planted = end;
    }
    Ok(())
}
