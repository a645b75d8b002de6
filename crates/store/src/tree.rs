//! The Merkle tree over all leaves, in the form of RFC 9162 §2.1, with two hash functions at once.
//!
//! A leaf's entry is the 32-byte hash that table `leaf` holds; both trees are over the same entries.
//! Full subtrees of 256, 65536, … leaves are stored as they fill, so that a root or a proof at any
//! size is computed from at most 255 hashes a level.
//! Nothing here knows where leaves and subtrees are kept: that is behind [`Nodes`].

use std::{collections::BTreeMap, ops::Range};

use sha2::Sha256;
use sm3::{Digest, Sm3};

use crate::{Fault, Hash};

/// The hashes of one subtree, one under each function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// In the tree of SHA-256.
    pub sha256: Hash,
    /// In the tree of SM3.
    pub sm3: Hash,
}

/// A stored subtree: the `place`-th of 256^`level` leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full {
    /// 1 for 256 leaves, 2 for 65536, and so on.
    pub level: u8,
    /// How many full subtrees of this level stand before it.
    pub place: u64,
    /// Its hashes.
    pub node: Node,
}

/// Where leaves and stored subtrees are read.
pub trait Nodes {
    /// The entries of the leaves in these places, in order.
    fn leaves(&self, places: Range<u64>) -> Result<Vec<Hash>, Fault>;
    /// The stored subtrees of a level in these places, in order; the level is never 0.
    fn full(&self, level: u8, places: Range<u64>) -> Result<Vec<Node>, Fault>;
}

/// How many leaves, or subtrees, the next stored subtree is made of.
const WIDTH: u64 = 256;
/// Its binary logarithm.
const WIDTH_BITS: u32 = 8;

impl Node {
    /// The root of a tree without leaves.
    pub fn empty() -> Node {
        Node { sha256: Sha256::digest([]).into(), sm3: Sm3::digest([]).into() }
    }

    /// A tree of one leaf.
    pub fn leaf(entry: &Hash) -> Node {
        Node::hashed(&[&[0], entry], &[&[0], entry])
    }

    /// A tree of two subtrees.
    pub fn parent(left: &Node, right: &Node) -> Node {
        Node::hashed(&[&[1], &left.sha256, &right.sha256], &[&[1], &left.sm3, &right.sm3])
    }

    fn hashed(sha256: &[&[u8]], sm3: &[&[u8]]) -> Node {
        let (mut first, mut second) = (Sha256::new(), Sm3::new());
        sha256.iter().for_each(|part| first.update(part));
        sm3.iter().for_each(|part| second.update(part));
        Node { sha256: first.finalize().into(), sm3: second.finalize().into() }
    }
}

/// The subtrees that become full when leaves are added to a tree of `size`: new rows of `tree`,
/// for the same commit. Earlier leaves are read only when one becomes full.
pub fn grow(nodes: &impl Nodes, size: u64, added: &[Hash]) -> Result<Vec<Full>, Fault> {
    let mut grown = Vec::new();
    let mut before = size;
    let mut fresh: Vec<Node> = Vec::new();
    for level in 0..Level::MAX {
        let many = if level == 0 { added.len() } else { fresh.len() } as u64;
        let (first, last) = (before / WIDTH, (before + many) / WIDTH);
        if first == last {
            break;
        }
        let mut row = Level(level).read(nodes, first * WIDTH..before)?;
        match level {
            0 => row.extend(added.iter().map(Node::leaf)),
            _ => row.append(&mut fresh),
        }
        // What remains of the last chunk is not full yet.
        let full = row.chunks_exact(WIDTH as usize).filter_map(fold);
        fresh = full.collect();
        let rows = (first..).zip(&fresh);
        grown.extend(rows.map(|(place, node)| Full { level: level + 1, place, node: *node }));
        before = first;
    }
    Ok(grown)
}

/// The hash of a full subtree, from its 2^n parts.
fn fold(parts: &[Node]) -> Option<Node> {
    let mut row = parts.to_vec();
    while row.len() > 1 {
        row = pairs(&row);
    }
    row.pop()
}

/// The parents of a row; one without a sibling has none.
fn pairs(row: &[Node]) -> Vec<Node> {
    let (pairs, _) = row.as_chunks::<2>();
    pairs.iter().map(|[left, right]| Node::parent(left, right)).collect()
}

/// Leaves for level 0, stored subtrees for the others.
struct Level(u8);

impl Level {
    /// Above this no subtree of a tree with 64-bit places is full.
    const MAX: u8 = 7;

    fn read(&self, nodes: &impl Nodes, places: Range<u64>) -> Result<Vec<Node>, Fault> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let read = match self.0 {
            0 => nodes.leaves(places.clone())?.iter().map(Node::leaf).collect(),
            level => nodes.full(level, places.clone())?,
        };
        if read.len() as u64 != places.end - places.start {
            let (level, Range { start, end }) = (self.0, places);
            return Err(Fault::Database(format!("level {level} of the tree lacks {start}..{end}")));
        }
        Ok(read)
    }
}

/// A tree that is read for roots and proofs; what it has read it remembers.
///
/// The sizes asked for may be any up to that of the tree behind it.
pub struct Tree<N> {
    nodes: N,
    tiles: BTreeMap<(u8, u64), Tile>,
}

/// 256 neighbouring nodes of a level, and what they make: row n holds subtrees of 2^n of them.
type Tile = Vec<Vec<Node>>;

impl<N: Nodes> Tree<N> {
    /// A tree of which nothing has been read.
    pub fn new(nodes: N) -> Tree<N> {
        Tree { nodes, tiles: BTreeMap::new() }
    }

    /// The root of the first `size` leaves.
    pub fn root(&mut self, size: u64) -> Result<Node, Fault> {
        if size == 0 { Ok(Node::empty()) } else { self.subtree(0..size, size) }
    }

    /// Shows that a leaf is in the tree of a size; the nearest sibling first.
    pub fn inclusion(&mut self, leaf: u64, size: u64) -> Result<Vec<Node>, Fault> {
        if leaf >= size {
            return Err(Fault::Misuse(format!("leaf {leaf} of a tree of {size}")));
        }
        let mut proof = Vec::new();
        let mut range = 0..size;
        while range.end - range.start > 1 {
            let middle = range.start + left_part(range.end - range.start);
            if leaf < middle {
                proof.push(self.subtree(middle..range.end, size)?);
                range.end = middle;
            } else {
                proof.push(self.subtree(range.start..middle, size)?);
                range.start = middle;
            }
        }
        proof.reverse();
        Ok(proof)
    }

    /// Shows that the tree of size `old` is the beginning of that of size `new`.
    pub fn consistency(&mut self, old: u64, new: u64) -> Result<Vec<Node>, Fault> {
        if old > new {
            return Err(Fault::Misuse(format!("a tree of {old} in one of {new}")));
        }
        let mut proof = Vec::new();
        if old == 0 {
            return Ok(proof);
        }
        let mut range = 0..new;
        while old != range.end {
            let middle = range.start + left_part(range.end - range.start);
            if old <= middle {
                proof.push(self.subtree(middle..range.end, new)?);
                range.end = middle;
            } else {
                proof.push(self.subtree(range.start..middle, new)?);
                range.start = middle;
            }
        }
        if range.start > 0 {
            // The old root is not among what the verifier computes with, so this part is told.
            proof.push(self.subtree(range, new)?);
        }
        proof.reverse();
        Ok(proof)
    }

    /// The hash over a range that is a subtree of some tree: its left part begins at a multiple
    /// of its length. Tiles are read as far as a tree of `size` has them.
    fn subtree(&mut self, range: Range<u64>, size: u64) -> Result<Node, Fault> {
        let mut parts = Vec::new();
        let mut start = range.start;
        while start < range.end {
            let length = range.end - start;
            let length = if length.is_power_of_two() { length } else { left_part(length) };
            parts.push(self.perfect(start, length.trailing_zeros(), size)?);
            start += length;
        }
        let whole = parts.into_iter().rev().reduce(|right, left| Node::parent(&left, &right));
        whole.ok_or_else(|| Fault::Misuse("a subtree without leaves".to_owned()))
    }

    /// The subtree of 2^`height` leaves from `start`. No leaf from `size` on is looked at.
    fn perfect(&mut self, start: u64, height: u32, size: u64) -> Result<Node, Fault> {
        let (level, row) = (height / WIDTH_BITS, (height % WIDTH_BITS) as usize);
        let first = start >> (level * WIDTH_BITS);
        let (tile, slot) = (first / WIDTH, ((first % WIDTH) >> row) as usize);
        let find = |tile: Option<&Tile>| tile?.get(row)?.get(slot).copied();
        let place = (level as u8, tile);
        if let Some(node) = find(self.tiles.get(&place)) {
            return Ok(node);
        }
        let end = ((tile + 1) * WIDTH).min(size >> (level * WIDTH_BITS));
        let mut rows = vec![Level(place.0).read(&self.nodes, tile * WIDTH..end)?];
        while let Some(last) = rows.last().filter(|row| row.len() > 1) {
            rows.push(pairs(last));
        }
        self.tiles.insert(place, rows);
        find(self.tiles.get(&place))
            .ok_or_else(|| Fault::Misuse(format!("2^{height} leaves from {start} of {size}")))
    }
}

/// The largest power of two smaller than a length of at least 2.
fn left_part(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

/// A tree that is built leaf by leaf without a store: for checking one from its beginning.
#[derive(Debug, Clone, Default)]
pub struct Growing {
    size: u64,
    /// At height h the subtree of 2^h leaves that still lacks its right sibling.
    edge: Vec<Option<Node>>,
}

impl Growing {
    /// Adds a leaf and answers the subtrees that became full with it.
    pub fn push(&mut self, entry: &Hash) -> Vec<Full> {
        self.join(0, Node::leaf(entry))
    }

    /// Adds a subtree of 2^`height` leaves to a tree whose size is a multiple of that; answers the
    /// greater ones that became full with it.
    pub(crate) fn join(&mut self, height: u32, node: Node) -> Vec<Full> {
        self.size += 1 << height;
        let (mut node, mut height, mut grown) = (node, height, Vec::new());
        loop {
            if self.edge.len() <= height as usize {
                self.edge.resize(height as usize + 1, None);
            }
            let Some(slot) = self.edge.get_mut(height as usize) else { break };
            let Some(left) = slot.take() else {
                *slot = Some(node);
                break;
            };
            node = Node::parent(&left, &node);
            height += 1;
            if height.is_multiple_of(WIDTH_BITS) {
                let level = (height / WIDTH_BITS) as u8;
                grown.push(Full { level, place: (self.size >> height) - 1, node });
            }
        }
        grown
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all of them.
    pub fn root(&self) -> Node {
        self.root_before(None).unwrap_or_else(Node::empty)
    }

    /// The root when these leaves, a multiple of 256, are followed by a tail of fewer.
    pub(crate) fn root_before(&self, tail: Option<Node>) -> Option<Node> {
        rooted(&self.edge, tail)
    }

    /// The root over the leaves alone that no stored subtree holds yet.
    pub(crate) fn tail(&self) -> Option<Node> {
        rooted(self.edge.get(..WIDTH_BITS as usize).unwrap_or(&self.edge), None)
    }
}

/// The root over an edge and what stands to the right of it.
fn rooted(edge: &[Option<Node>], right: Option<Node>) -> Option<Node> {
    edge.iter()
        .flatten()
        .fold(right, |right, left| Some(right.map_or(*left, |right| Node::parent(left, &right))))
}

/// Whether a proof shows that the leaf in `place` of the tree with this root has this entry.
/// RFC 9162 §2.1.3.2.
pub fn verify_inclusion(entry: &Hash, place: u64, size: u64, proof: &[Node], root: &Node) -> bool {
    if place >= size {
        return false;
    }
    let mut walk = Walk { node: place, last: size - 1 };
    let mut computed = Node::leaf(entry);
    for sibling in proof {
        let Some(side) = walk.step() else { return false };
        computed = match side {
            Side::Left => Node::parent(sibling, &computed),
            Side::Right => Node::parent(&computed, sibling),
        };
    }
    walk.last == 0 && computed == *root
}

/// Whether a proof shows that the tree of `old` leaves is the beginning of that of `new` leaves.
/// RFC 9162 §2.1.4.2, and where that is silent: nothing is the beginning of everything, and a tree
/// is the beginning of itself, both without a proof.
pub fn verify_consistency(
    (old, old_root): (u64, &Node),
    (new, new_root): (u64, &Node),
    proof: &[Node],
) -> bool {
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 || old > new {
        return old == 0 && proof.is_empty() && *old_root == Node::empty();
    }
    let mut path = proof.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(first) = first else { return false };
    let full = (old - 1).trailing_ones();
    let mut walk = Walk { node: (old - 1) >> full, last: (new - 1) >> full };
    let (mut older, mut newer) = (*first, *first);
    for sibling in path {
        let Some(side) = walk.step() else { return false };
        if let Side::Left = side {
            older = Node::parent(sibling, &older);
            newer = Node::parent(sibling, &newer);
        } else {
            newer = Node::parent(&newer, sibling);
        }
    }
    walk.last == 0 && older == *old_root && newer == *new_root
}

/// On which side of the way up a sibling stands.
enum Side {
    Left,
    Right,
}

/// The way from a node to the root; `last` is the last node of the same height.
struct Walk {
    node: u64,
    last: u64,
}

impl Walk {
    /// Goes up past the next sibling; `None` if there can be none.
    fn step(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let mut up = 1;
        let side = if self.node & 1 == 1 || self.node == self.last {
            if self.node & 1 == 0 {
                // The last of its height has no sibling there: it rises alone until it has one.
                up += self.node.trailing_zeros();
            }
            Side::Left
        } else {
            Side::Right
        };
        self.node = self.node.checked_shr(up).unwrap_or(0);
        self.last = self.last.checked_shr(up).unwrap_or(0);
        Some(side)
    }
}
