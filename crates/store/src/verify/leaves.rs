//! The leaves: dense places, each an event's; the subtrees over them; the roots at checkpoints.
//!
//! First all threads ask only whether everything agrees. If something does not, one walk in order
//! of place finds the first thing that is wrong: that is rare, and may take its time.

use std::{collections::BTreeMap, ops::Range};

use super::{
    Report, Stop, bad, bad_place,
    evidence::{Cell, Evidence},
    share::{First, share},
    tally::{Keyed, Tally},
};
use crate::{
    Fault, Header, Store,
    checkpoint::Checkpoint,
    event::sm3,
    tree::{Full, Growing, Node},
};

/// Leaves in a part: a multiple of 256, so that parts are joined by their full subtrees, and less
/// than 65536, so that no greater ones become full within a part.
const PART: u64 = 4096;
/// Leaves in a subtree of the first level, and their binary logarithm.
const WIDTH: u64 = 256;
const WIDTH_BITS: u32 = 8;

/// What each checkpoint says the roots are.
type Checkpoints = BTreeMap<u64, Vec<Node>>;

/// Compares the leaves with the events and everything over them with the leaves.
pub(super) fn check<E: Evidence>(
    readers: &mut [E],
    (store, kept): (&Store, Option<&Checkpoint>),
    (keyed, events): (&Keyed, &Tally),
    report: &mut Report,
) -> Result<(), Stop> {
    let Some(reader) = readers.first_mut() else { return Err(Stop::Fault(Fault::Closed)) };
    let checkpoints = checkpoints(reader, store, kept)?;
    match agree(readers, &checkpoints, (keyed, events), report) {
        Ok(true) => return Ok(()),
        Ok(false) | Err(Stop::Bad(_)) => {}
        Err(fault) => return Err(fault),
    }
    let Some(reader) = readers.first_mut() else { return Err(Stop::Fault(Fault::Closed)) };
    walk(reader, checkpoints, report)?;
    Err(bad_place("a leaf is not an event's".to_owned()))
}

/// Reads the signed checkpoints, and takes the one that was kept elsewhere with them.
fn checkpoints(
    reader: &mut impl Evidence,
    store: &Store,
    kept: Option<&Checkpoint>,
) -> Result<Checkpoints, Stop> {
    let mut checkpoints = Checkpoints::new();
    let origin = store.origin()?;
    let verifiers = store.keys().verifiers(&origin);
    reader.checkpoints(&mut |size, note| {
        let size = if let Cell::Integer(size) = size { size as u64 } else { 0 };
        match Checkpoint::open(note.raw(), &origin, &verifiers) {
            Ok((checkpoint, signed)) if checkpoint.size == size && signed.len() == 2 => {
                checkpoints.entry(size).or_default().push(checkpoint.root);
                Ok(())
            }
            _ => Err(bad_place(format!("checkpoint {size} is not what was signed"))),
        }
    })?;
    if let Some(kept) = kept {
        checkpoints.entry(kept.size).or_default().push(kept.root);
    }
    // Of nothing there is only one tree.
    checkpoints.remove(&0);
    Ok(checkpoints)
}

/// What a part of the leaves came to.
#[derive(Default)]
struct Found {
    leaves: u64,
    tally: Tally,
    agrees: bool,
    /// Its full subtrees of 256 leaves.
    full: Vec<Node>,
    /// The roots over what follows the last of those before each checkpoint.
    tails: BTreeMap<u64, Option<Node>>,
}

/// Whether leaves, subtrees and checkpoints all agree with the events.
fn agree<E: Evidence>(
    readers: &mut [E],
    checkpoints: &Checkpoints,
    (keyed, events): (&Keyed, &Tally),
    report: &mut Report,
) -> Result<bool, Stop> {
    let Some(reader) = readers.first_mut() else { return Ok(false) };
    let leaves = reader.leaves_in_all()?;
    let subtrees = reader.subtrees_in_all()?;
    let mut tally = Tally::default();
    let mut unsealed = 0;
    reader.unsealed(&mut |at, hash, _| {
        let hash = hash.bytes().and_then(|bytes| bytes.try_into().ok()).ok_or_else(unlike)?;
        tally.add(keyed, at, hash);
        unsealed += 1;
        Ok(())
    })?;
    if leaves + unsealed != report.events || checkpoints.keys().any(|size| *size > leaves) {
        return Ok(false);
    }
    let parts = usize::try_from(leaves.div_ceil(PART)).unwrap_or(usize::MAX);
    let (done, ended) = share(readers, parts, First::Early, |reader, part| {
        let start = part as u64 * PART;
        let mut found = Found::default();
        let ended =
            part_of(reader, start..leaves.min(start + PART), checkpoints, keyed, &mut found);
        // A part that does not agree ends the search, as one that cannot be read does.
        let agrees = found.agrees;
        (found, ended.and_then(|()| if agrees { Ok(()) } else { Err(unlike()) }))
    });
    ended?;
    done.iter().for_each(|found| tally.join(&found.tally));
    let Some(reader) = readers.first_mut() else { return Ok(false) };
    let full = join(reader, &done, checkpoints)?;
    let agrees = tally == *events && full == Some(subtrees);
    if agrees {
        report.unsealed = unsealed;
        report.leaves = done.iter().map(|found| found.leaves).sum();
        // A leaf is hashed with one byte before it, two nodes likewise.
        report.hashed += report.leaves * 33 + report.leaves.saturating_sub(1) * 65;
    }
    Ok(agrees)
}

fn unlike() -> Stop {
    bad_place("a part of the leaves does not agree".to_owned())
}

fn part_of(
    reader: &mut impl Evidence,
    places: Range<u64>,
    checkpoints: &Checkpoints,
    keyed: &Keyed,
    found: &mut Found,
) -> Result<(), Stop> {
    let mut tree = Growing::default();
    let mut due =
        checkpoints.range(places.start + 1..=places.end).map(|(size, _)| *size).peekable();
    reader.leaves(places.clone(), &mut |row| {
        let place = places.start + found.leaves;
        let (Cell::Integer(stream), Cell::Integer(version)) = (row.stream, row.version) else {
            return Err(unlike());
        };
        let hash = row.hash.bytes().and_then(|bytes| bytes.try_into().ok()).ok_or_else(unlike)?;
        if row.place != place as i64 {
            return Err(unlike());
        }
        found.leaves += 1;
        found.tally.add(keyed, (stream, version), hash);
        found.full.extend(tree.push(hash).first().map(|full| full.node));
        if due.next_if_eq(&(place + 1)).is_some() {
            found.tails.insert(place + 1, tree.tail());
        }
        Ok(())
    })?;
    let first = places.start / WIDTH;
    let expected = (first..).zip(&found.full);
    let expected = expected.map(|(place, node)| Full { level: 1, place, node: *node });
    let last = first + found.full.len() as u64;
    found.agrees =
        found.leaves == places.end - places.start && are_stored(reader, 1, first..last, expected)?;
    Ok(())
}

/// Whether these subtrees of one level, and no others, stand in these places.
fn are_stored(
    reader: &mut impl Evidence,
    level: u8,
    places: Range<u64>,
    mut expected: impl Iterator<Item = Full>,
) -> Result<bool, Stop> {
    let mut same = true;
    reader.subtrees(level, places, &mut |place, sha256, sm3| {
        same &= expected.next().is_some_and(|full| is_this(&full, place, sha256, sm3));
        Ok(())
    })?;
    Ok(same && expected.next().is_none())
}

fn is_this(full: &Full, place: i64, sha256: Cell<'_>, sm3: Cell<'_>) -> bool {
    place == full.place as i64
        && sha256 == Cell::Bytes(&full.node.sha256)
        && sm3 == Cell::Bytes(&full.node.sm3)
}

/// Joins the parts to one tree. Answers how many subtrees there are, if the greater ones are
/// stored as they are and each checkpoint has its roots.
fn join(
    reader: &mut impl Evidence,
    parts: &[Found],
    checkpoints: &Checkpoints,
) -> Result<Option<u64>, Stop> {
    let mut tree = Growing::default();
    let mut count = 0;
    let is_root = |tree: &Growing, size: u64, tail: Option<Node>| {
        let (root, roots) = (tree.root_before(tail), checkpoints.get(&size));
        roots.is_some_and(|roots| roots.iter().all(|expected| Some(*expected) == root))
    };
    for part in parts {
        let mut tails = part.tails.iter().peekable();
        let mut nodes = part.full.iter();
        loop {
            // Those up to the next full subtree, and what is full with the last one.
            while let Some((size, tail)) =
                tails.next_if(|(size, _)| **size / WIDTH * WIDTH == tree.size())
            {
                if !is_root(&tree, *size, *tail) {
                    return Ok(None);
                }
            }
            let Some(node) = nodes.next() else { break };
            count += 1;
            for full in tree.join(WIDTH_BITS, *node) {
                let (level, place) = (full.level, full.place);
                if !are_stored(reader, level, place..place + 1, [full].into_iter())? {
                    return Ok(None);
                }
                count += 1;
            }
        }
        if tails.next().is_some() {
            return Ok(None);
        }
    }
    Ok(Some(count))
}

/// Finds the first thing that is wrong, in order of place.
fn walk(
    reader: &mut impl Evidence,
    mut checkpoints: Checkpoints,
    report: &mut Report,
) -> Result<(), Stop> {
    let mut tree = Growing::default();
    let (mut last, mut full) = (None, 0);
    loop {
        let leaves = reader.leaves_after(last)?;
        let Some(end) = leaves.last() else { break };
        last = Some(end.place);
        for leaf in leaves {
            let place = report.leaves;
            if leaf.place != place as i64 {
                return Err(bad_place(format!("leaf {place} is missing")));
            }
            let header = leaf.header;
            let header = header.ok_or_else(|| bad_place(format!("leaf {place} has no event")))?;
            let hash = sm3(&header);
            if leaf.hash.as_deref() != Some(&hash) {
                let what = format!("leaf {place} is not this event's");
                return Err(match Header::from_bytes(&header) {
                    Some(header) => bad(&header.stream, header.version, what),
                    None => bad_place(what),
                });
            }
            report.leaves += 1;
            for one in tree.push(&hash) {
                let (level, place) = (one.level, one.place);
                if !are_stored(reader, level, place..place + 1, [one].into_iter())? {
                    let what = format!("subtree {place} of level {level} is not its leaves'");
                    return Err(bad_place(what));
                }
                full += 1;
            }
            let size = tree.size();
            if let Some(roots) = checkpoints.remove(&size)
                && roots.iter().any(|expected| *expected != tree.root())
            {
                return Err(bad_place(format!("checkpoint {size} has another root")));
            }
        }
    }
    let mut found = Ok(());
    reader.unsealed(&mut |_, hash, header| {
        report.unsealed += 1;
        if found.is_ok() {
            found = waits(hash, header);
        }
        Ok(())
    })?;
    if report.leaves + report.unsealed != report.events {
        return Err(bad_place(format!("leaf {} is missing", report.leaves)));
    }
    found?;
    // Nothing may stand beyond the leaves.
    if let Some(size) = checkpoints.keys().next() {
        let what = format!("checkpoint {size} is beyond the last leaf {}", report.leaves);
        return Err(bad_place(what));
    }
    if reader.subtrees_in_all()? != full {
        return Err(bad_place("a subtree stands beyond the leaves".to_owned()));
    }
    Ok(())
}

/// Compares a leaf that waits for its place with its event.
fn waits(hash: Cell<'_>, header: Cell<'_>) -> Result<(), Stop> {
    let header = header.bytes().unwrap_or_default();
    if hash == Cell::Bytes(&sm3(header)) {
        return Ok(());
    }
    let what = "the leaf that waits for its place is not this event's".to_owned();
    Err(match Header::from_bytes(header) {
        Some(header) => bad(&header.stream, header.version, what),
        None => bad_place(what),
    })
}
