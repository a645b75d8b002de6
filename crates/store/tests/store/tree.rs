//! T3: proofs of the tree are right, and nothing else passes for one.

use std::{collections::BTreeMap, env, ops::Range};

use store::{
    Fault, Hash,
    tree::{Full, Growing, Node, Nodes, Tree, grow, verify_consistency, verify_inclusion},
};

/// Sizes up to this one are compared with the definition, each with each.
const ALL: u64 = 300;

/// Leaves and stored subtrees in memory.
#[derive(Default)]
struct Memory {
    entries: Vec<Hash>,
    full: BTreeMap<(u8, u64), Node>,
}

impl Memory {
    /// `size` leaves, added in batches of `batch`.
    fn of(size: u64, batch: usize) -> Memory {
        let mut memory = Memory::default();
        let entries = (0..size).map(entry).collect::<Vec<_>>();
        for added in entries.chunks(batch) {
            let full = grow(&&memory, memory.entries.len() as u64, added).unwrap();
            for Full { level, place, node } in full {
                assert!(memory.full.insert((level, place), node).is_none());
            }
            memory.entries.extend(added);
        }
        memory
    }
}

impl Nodes for &Memory {
    fn leaves(&self, places: Range<u64>) -> Result<Vec<Hash>, Fault> {
        Ok(self.entries[places.start as usize..places.end as usize].to_vec())
    }

    fn full(&self, level: u8, places: Range<u64>) -> Result<Vec<Node>, Fault> {
        Ok(places.filter_map(|place| self.full.get(&(level, place)).copied()).collect())
    }
}

fn entry(place: u64) -> Hash {
    let mut entry = [0x5a; 32];
    entry[..8].copy_from_slice(&place.to_be_bytes());
    entry
}

/// RFC 9162 §2.1, as it is written.
struct Definition {
    hashes: BTreeMap<(u64, u64), Node>,
}

impl Definition {
    fn new() -> Definition {
        Definition { hashes: BTreeMap::new() }
    }

    /// The largest power of two smaller than n.
    fn split(n: u64) -> u64 {
        let mut k = 1;
        while 2 * k < n {
            k *= 2;
        }
        k
    }

    /// MTH(D[start:end])
    fn hash(&mut self, start: u64, end: u64) -> Node {
        if let Some(known) = self.hashes.get(&(start, end)) {
            return *known;
        }
        let node = match end - start {
            0 => Node::empty(),
            1 => Node::leaf(&entry(start)),
            n => {
                let middle = start + Definition::split(n);
                let (left, right) = (self.hash(start, middle), self.hash(middle, end));
                Node::parent(&left, &right)
            }
        };
        self.hashes.insert((start, end), node);
        node
    }

    /// PATH(m, D[start:end]), m counted from the first leaf of all.
    fn path(&mut self, m: u64, start: u64, end: u64) -> Vec<Node> {
        if end - start == 1 {
            return Vec::new();
        }
        let middle = start + Definition::split(end - start);
        if m < middle {
            let mut path = self.path(m, start, middle);
            path.push(self.hash(middle, end));
            path
        } else {
            let mut path = self.path(m, middle, end);
            path.push(self.hash(start, middle));
            path
        }
    }

    /// SUBPROOF(m, D[start:end], whole), m counted from the first leaf of all.
    fn subproof(&mut self, m: u64, start: u64, end: u64, whole: bool) -> Vec<Node> {
        if m == end {
            return if whole { Vec::new() } else { vec![self.hash(start, end)] };
        }
        let middle = start + Definition::split(end - start);
        if m <= middle {
            let mut proof = self.subproof(m, start, middle, whole);
            proof.push(self.hash(middle, end));
            proof
        } else {
            let mut proof = self.subproof(m, middle, end, false);
            proof.push(self.hash(start, middle));
            proof
        }
    }
}

/// The eight entries that implementations of RFC 6962 share as vectors have other lengths than 32
/// bytes, so the published hashes that can be met here are those of an empty tree and of nodes.
#[test]
fn t3_hashes_are_the_published_ones() {
    let empty = Node::empty();
    let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(hex::encode(empty.sha256), sha256);
    let sm3 = "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b";
    assert_eq!(hex::encode(empty.sm3), sm3);
    let node = |sha256: &str| Node {
        sha256: hex::decode(sha256).unwrap().try_into().unwrap(),
        sm3: [0; 32],
    };
    // The first two leaves of those vectors, "" and "\0", and the roots of their trees of 2 to 8.
    let leaves = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
        "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
    ]
    .map(node);
    let roots = [
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    fn hash(leaves: &[Node]) -> Node {
        match leaves {
            [one] => *one,
            more => {
                let (left, right) = more.split_at(Definition::split(more.len() as u64) as usize);
                Node::parent(&hash(left), &hash(right))
            }
        }
    }
    for (size, root) in (2..).zip(roots) {
        assert_eq!(hex::encode(hash(&leaves[..size]).sha256), root, "of {size}");
    }
    let entry = [0; 32];
    let leaf = Node::leaf(&entry);
    let (sha256, sm3): (Hash, Hash) = {
        use sm3::Digest;
        let bytes = [0; 33];
        (sha2::Sha256::digest(bytes).into(), sm3::Sm3::digest(bytes).into())
    };
    assert_eq!((leaf.sha256, leaf.sm3), (sha256, sm3));
}

#[test]
fn t3_every_inclusion_up_to_300_is_proved_as_defined() {
    let memory = Memory::of(ALL, 7);
    let mut tree = Tree::new(&memory);
    let mut definition = Definition::new();
    for size in 1..=ALL {
        let root = tree.root(size).unwrap();
        assert_eq!(root, definition.hash(0, size), "of {size}");
        for leaf in 0..size {
            let proof = tree.inclusion(leaf, size).unwrap();
            assert_eq!(proof, definition.path(leaf, 0, size), "of {leaf} in {size}");
            assert!(verify_inclusion(&entry(leaf), leaf, size, &proof, &root), "{leaf} in {size}");
        }
    }
    assert!(tree.inclusion(7, 7).is_err());
}

#[test]
fn t3_every_consistency_up_to_300_is_proved_as_defined() {
    let memory = Memory::of(ALL, 300);
    let mut tree = Tree::new(&memory);
    let mut definition = Definition::new();
    let roots = (0..=ALL).map(|size| tree.root(size).unwrap()).collect::<Vec<_>>();
    assert_eq!(roots[0], Node::empty());
    for (new, new_root) in (0..).zip(&roots) {
        for (old, old_root) in (0..=new).zip(&roots) {
            let proof = tree.consistency(old, new).unwrap();
            if old > 0 {
                assert_eq!(proof, definition.subproof(old, 0, new, true), "of {old} in {new}");
            }
            let proved = verify_consistency((old, old_root), (new, new_root), &proof);
            assert!(proved, "{old} in {new}");
        }
    }
    assert!(tree.consistency(8, 7).is_err());
}

/// However leaves come in, the same subtrees are stored, and each level is read from them.
#[test]
fn t3_stored_subtrees_do_not_depend_on_batches() {
    const SIZE: u64 = 256 * 256 + 700;
    let memory = Memory::of(SIZE, 997);
    assert_eq!(memory.full.len(), 259);
    assert_eq!(Memory::of(1_100, 1).full, Memory::of(1_100, 1_100).full);
    let mut growing = Growing::default();
    let mut full = BTreeMap::new();
    let mut roots = BTreeMap::new();
    for place in 0..SIZE {
        if place % 500 == 0 {
            roots.insert(place, growing.root());
        }
        let rows = growing.push(&entry(place)).into_iter();
        full.extend(rows.map(|Full { level, place, node }| ((level, place), node)));
    }
    roots.insert(growing.size(), growing.root());
    assert_eq!(full, memory.full);
    let mut definition = Definition::new();
    for (size, root) in roots {
        assert_eq!(root, definition.hash(0, size), "of {size}");
        assert_eq!(Tree::new(&memory).root(size).unwrap(), root, "of {size}");
    }
    for leaf in [0, 255, 256, 65_535, 65_536, SIZE - 1] {
        let proof = Tree::new(&memory).inclusion(leaf, SIZE).unwrap();
        assert_eq!(proof, definition.path(leaf, 0, SIZE));
    }
    for old in [1, 256, 300, 65_535, 65_536, 65_537, SIZE - 1] {
        let proof = Tree::new(&memory).consistency(old, SIZE).unwrap();
        assert_eq!(proof, definition.subproof(old, 0, SIZE, true));
    }
}

/// Answers any place with something, and counts.
struct Counting(std::cell::Cell<(u64, u64)>);

impl Counting {
    fn count(&self, places: &Range<u64>) {
        let (queries, hashes) = self.0.get();
        self.0.set((queries + 1, hashes + places.end - places.start));
    }
}

impl Nodes for &Counting {
    fn leaves(&self, places: Range<u64>) -> Result<Vec<Hash>, Fault> {
        self.count(&places);
        Ok(places.map(entry).collect())
    }

    fn full(&self, _: u8, places: Range<u64>) -> Result<Vec<Node>, Fault> {
        self.count(&places);
        Ok(places.map(|place| Node::leaf(&entry(place))).collect())
    }
}

#[test]
fn t3_a_root_of_twelve_million_leaves_needs_few_hashes() {
    let counting = Counting(std::cell::Cell::new((0, 0)));
    let size = 12_345_678;
    Tree::new(&counting).root(size).unwrap();
    let (queries, hashes) = counting.0.take();
    assert!(queries <= 3 && hashes <= 3 * 255, "{queries} queries for {hashes} hashes");
    Tree::new(&counting).inclusion(7_654_321, size).unwrap();
    let (queries, hashes) = counting.0.take();
    assert!(queries <= 6 && hashes <= 6 * 256, "{queries} queries for {hashes} hashes");
    Tree::new(&counting).consistency(7_654_321, size).unwrap();
    let (queries, hashes) = counting.0.take();
    assert!(queries <= 9 && hashes <= 9 * 256, "{queries} queries for {hashes} hashes");
    grow(&&counting, size, &[entry(0)]).unwrap();
    assert_eq!(counting.0.take(), (0, 0), "nothing becomes full with the next leaf");
}

#[test]
fn t3_a_missing_subtree_is_said() {
    let mut memory = Memory::of(1_000, 1_000);
    memory.full.remove(&(1, 2));
    let fault = Tree::new(&memory).root(1_000).unwrap_err();
    assert_eq!(fault.to_string(), "database: level 1 of the tree lacks 0..3");
}

/// What a proof is about, and the proof.
#[derive(Clone, PartialEq)]
enum Claim {
    Inclusion { entry: Hash, place: u64, size: u64, root: Node, proof: Vec<Node> },
    Consistency { old: (u64, Node), new: (u64, Node), proof: Vec<Node> },
}

impl Claim {
    fn is_accepted(&self) -> bool {
        match self {
            Claim::Inclusion { entry, place, size, root, proof } => {
                verify_inclusion(entry, *place, *size, proof, root)
            }
            Claim::Consistency { old, new, proof } => {
                verify_consistency((old.0, &old.1), (new.0, &new.1), proof)
            }
        }
    }

    fn proof(&mut self) -> &mut Vec<Node> {
        match self {
            Claim::Inclusion { proof, .. } | Claim::Consistency { proof, .. } => proof,
        }
    }
}

fn flip(random: &mut fastrand::Rng, node: &mut Node) {
    let hash = if random.bool() { &mut node.sha256 } else { &mut node.sm3 };
    hash[random.usize(..32)] ^= 1 << random.u8(..8);
}

/// Changes one thing of a claim.
fn mutate(random: &mut fastrand::Rng, claim: &mut Claim) {
    let length = claim.proof().len();
    match random.u8(..8) {
        0 if length > 0 => {
            let place = random.usize(..length);
            flip(random, &mut claim.proof()[place]);
        }
        1 if length > 0 => drop(claim.proof().remove(random.usize(..length))),
        2 if length > 1 => {
            let place = random.usize(1..length);
            claim.proof().swap(place - 1, place);
        }
        3 => {
            let place = random.usize(..=length);
            let node = claim.proof().get(place / 2).copied().unwrap_or_else(Node::empty);
            claim.proof().insert(place, node);
        }
        4 => match claim {
            Claim::Inclusion { entry, .. } => entry[random.usize(..32)] ^= 1 << random.u8(..8),
            Claim::Consistency { old, .. } => flip(random, &mut old.1),
        },
        5 => match claim {
            Claim::Inclusion { root, .. } => flip(random, root),
            Claim::Consistency { new, .. } => flip(random, &mut new.1),
        },
        6 => match claim {
            Claim::Inclusion { place, size, .. } => *place = random.u64(..*size + 3),
            Claim::Consistency { old, new, .. } => old.0 = random.u64(..new.0 + 3),
        },
        _ => match claim {
            Claim::Inclusion { entry, place, .. } => *entry = self::entry(*place + 1),
            Claim::Consistency { old, new, .. } => std::mem::swap(old, new),
        },
    }
}

#[test]
fn t3_no_mutated_proof_is_accepted() {
    let long = env::var_os("CHACHU_LONG").is_some();
    let count = if long { 1_000_000 } else { 20_000 };
    let memory = Memory::of(ALL, 64);
    let mut tree = Tree::new(&memory);
    let mut random = fastrand::Rng::with_seed(3);
    let mut tried = 0;
    while tried < count {
        let size = random.u64(1..=ALL);
        let other = random.u64(..size);
        let root = tree.root(size).unwrap();
        // That nothing is the beginning of everything says nothing about the new root.
        let right = if other == 0 || random.bool() {
            let proof = tree.inclusion(other, size).unwrap();
            Claim::Inclusion { entry: entry(other), place: other, size, root, proof }
        } else {
            let proof = tree.consistency(other, size).unwrap();
            Claim::Consistency { old: (other, tree.root(other).unwrap()), new: (size, root), proof }
        };
        assert!(right.is_accepted());
        for _ in 0..20 {
            let mut wrong = right.clone();
            mutate(&mut random, &mut wrong);
            if wrong != right {
                tried += 1;
                assert!(!wrong.is_accepted(), "seed 3, number {tried}");
            }
        }
    }
}
