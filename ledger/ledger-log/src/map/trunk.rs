//! The upper part of the map in memory: from the root down to buckets, shared between snapshots.
//!
//! Nodes never change. A batch makes new nodes on the paths it touches and shares all others, so a snapshot costs one
//! reference and stays what it was.

use std::{sync::Arc, thread};

use ledger_core::{
    leaf::Tag,
    map::{MapEntry, MapStep, Side, inner_hash},
    tree::Hash,
};

use super::{
    MapFault,
    base::Base,
    bucket::{Bucket, Scratch},
};

/// Depth of a group: the lowest levels above the buckets stand together, which spares pointers and memory.
pub const GROUP_BITS: u8 = 3;
/// Buckets of a group.
pub const GROUP: usize = 1 << GROUP_BITS;
/// Nodes of a group, as a heap: the root first, the children of `i` at `2i + 1` and `2i + 2`, buckets last.
pub const HEAP: usize = 2 * GROUP - 1;

/// Below this number of new entries on each side a second thread costs more than it brings. Their hashes and, in a large
/// map, their reads take about 10 us each; the thread takes about 50 us. A full batch of the sequencer has 128 on a side.
const WORTH_A_THREAD: usize = 96;
/// A large batch is spread over at most 2^3 threads.
const THREAD_DEPTH: u8 = 3;

/// A subtree that is not empty.
#[derive(Clone, Debug)]
pub enum Trunk {
    Fork(Arc<Fork>),
    Group(Arc<Group>),
}

/// One bit further down. The map's own forks are only those with two sides; the others let a hash through.
#[derive(Debug)]
pub struct Fork {
    hash: Hash,
    pub left: Option<Trunk>,
    pub right: Option<Trunk>,
}

/// Eight neighbouring buckets.
#[derive(Debug)]
pub struct Group {
    heap: [Option<Hash>; HEAP],
    /// Entries that are not in the base, sorted by tag.
    newer: Vec<MapEntry>,
}

/// The first `bits` bits of a tag, at most 32.
pub fn prefix(tag: &Tag, bits: u8) -> u32 {
    let first = tag
        .as_bytes()
        .first_chunk::<4>()
        .copied()
        .map_or(0, u32::from_be_bytes);
    first.checked_shr(32 - u32::from(bits)).unwrap_or(0)
}

fn join(bit: u8, left: Option<Hash>, right: Option<Hash>) -> Option<Hash> {
    match (left, right) {
        (Some(left), Some(right)) => Some(inner_hash(bit, &left, &right)),
        (one, other) => one.or(other),
    }
}

pub fn hash_of(trunk: Option<&Trunk>) -> Option<Hash> {
    match trunk? {
        Trunk::Fork(fork) => Some(fork.hash),
        Trunk::Group(group) => group.root(),
    }
}

/// The trunk above buckets that have nothing newer, from the roots of all 2^bits buckets.
pub fn build(bits: u8, roots: &[Option<Hash>]) -> Option<Trunk> {
    let (groups, _) = roots.as_chunks::<GROUP>();
    let groups = groups.iter().map(|roots| {
        let group = Group::new(bits, roots);
        group.root().map(|_| Trunk::Group(Arc::new(group)))
    });
    let mut level: Vec<_> = groups.collect();
    for depth in (0..bits - GROUP_BITS).rev() {
        let pairs = level.as_chunks::<2>().0.iter();
        level = pairs
            .map(|[left, right]| fork(depth, left.clone(), right.clone()))
            .collect();
    }
    level.pop().flatten()
}

fn fork(depth: u8, left: Option<Trunk>, right: Option<Trunk>) -> Option<Trunk> {
    let hash = join(depth, hash_of(left.as_ref()), hash_of(right.as_ref()))?;
    Some(Trunk::Fork(Arc::new(Fork { hash, left, right })))
}

/// Adds entries, sorted by tag; the old trunk stays as it is.
pub fn grow(
    trunk: Option<&Trunk>,
    depth: u8,
    batch: &[MapEntry],
    base: &Base,
    scratch: &mut Scratch,
) -> Result<Option<Trunk>, MapFault> {
    if batch.is_empty() {
        return Ok(trunk.cloned());
    }
    if depth + GROUP_BITS == base.bits() {
        let group = match trunk {
            Some(Trunk::Group(group)) => group.grow(batch, base, scratch)?,
            _ => Group::new(base.bits(), &[None; GROUP]).grow(batch, base, scratch)?,
        };
        return Ok(Some(Trunk::Group(Arc::new(group))));
    }
    let (left, right) = match trunk {
        Some(Trunk::Fork(fork)) => (fork.left.as_ref(), fork.right.as_ref()),
        _ => (None, None),
    };
    let middle = batch.partition_point(|entry| Side::of(&entry.tag, depth) == Side::Left);
    let (for_left, for_right) = batch.split_at_checked(middle).unwrap_or((batch, &[]));
    let (left, right) = if depth < THREAD_DEPTH && for_left.len().min(for_right.len()) > WORTH_A_THREAD {
        thread::scope(|scope| {
            let other = scope.spawn(|| grow(left, depth + 1, for_left, base, &mut Scratch::default()));
            let right = grow(right, depth + 1, for_right, base, scratch);
            (other.join().unwrap_or(Err(MapFault::Thread)), right)
        })
    } else {
        let left = grow(left, depth + 1, for_left, base, scratch);
        (left, grow(right, depth + 1, for_right, base, scratch))
    };
    Ok(fork(depth, left?, right?))
}

/// Walks the tag's path from the top down to a bucket and through it: the forks, and the entry at the end.
///
/// Where one side is empty the map has no fork: the path goes on in the other, whatever the tag's bit.
pub fn walk(
    mut trunk: Option<&Trunk>,
    tag: &Tag,
    base: &Base,
) -> Result<(Option<MapEntry>, Vec<MapStep>), MapFault> {
    let (mut steps, mut number) = (Vec::new(), 0_u32);
    let mut depth = 0;
    while let Some(node) = trunk {
        let (left, right) = match node {
            Trunk::Fork(fork) => (fork.left.as_ref(), fork.right.as_ref()),
            Trunk::Group(group) => {
                let number = group.descend(number, tag, base.bits(), &mut steps);
                let mut scratch = Scratch::default();
                let stored = base.bucket(number, &mut scratch.bytes)?;
                let newer = group.newer(number, base.bits());
                let end = Bucket::merge(stored, newer, &mut scratch.slots)?.walk(tag, &mut steps);
                steps.reverse();
                return Ok((end, steps));
            }
        };
        let side = choose(tag, depth, hash_of(left), hash_of(right), &mut steps);
        number = number << 1 | u32::from(side == Side::Right);
        trunk = match side {
            Side::Left => left,
            Side::Right => right,
        };
        depth += 1;
    }
    Ok((None, steps))
}

/// The side where the tag's path goes on; notes the other one if there is a fork.
fn choose(tag: &Tag, bit: u8, left: Option<Hash>, right: Option<Hash>, steps: &mut Vec<MapStep>) -> Side {
    let (side, sibling) = match (Side::of(tag, bit), left, right) {
        (_, Some(_), None) => return Side::Left,
        (_, None, _) => return Side::Right,
        (Side::Left, Some(_), Some(sibling)) => (Side::Left, sibling),
        (Side::Right, Some(sibling), Some(_)) => (Side::Right, sibling),
    };
    steps.push(MapStep { bit, sibling });
    side
}

/// Calls `visit` with the number of every group that is not empty, in order.
pub fn for_each_group(
    trunk: Option<&Trunk>,
    number: u32,
    visit: &mut dyn FnMut(u32, &Group) -> Result<(), MapFault>,
) -> Result<(), MapFault> {
    match trunk {
        None => Ok(()),
        Some(Trunk::Group(group)) => visit(number, group),
        Some(Trunk::Fork(fork)) => {
            for_each_group(fork.left.as_ref(), number << 1, visit)?;
            for_each_group(fork.right.as_ref(), (number << 1) | 1, visit)
        }
    }
}

impl Group {
    fn new(bits: u8, roots: &[Option<Hash>; GROUP]) -> Self {
        let mut group = Self {
            heap: [None; HEAP],
            newer: Vec::new(),
        };
        let buckets = group.heap.iter_mut().skip(HEAP - GROUP);
        buckets.zip(roots).for_each(|(to, from)| *to = *from);
        group.join_up(bits, [true; HEAP]);
        group
    }

    fn root(&self) -> Option<Hash> {
        self.heap.first().copied().flatten()
    }

    /// The hash of a node of the heap; `None` when nothing is below it.
    pub fn at(&self, node: usize) -> Option<Hash> {
        self.heap.get(node).copied().flatten()
    }

    /// Entries that are not in the base and belong to one bucket.
    pub fn newer(&self, bucket: u32, bits: u8) -> &[MapEntry] {
        let from = self
            .newer
            .partition_point(|entry| prefix(&entry.tag, bits) < bucket);
        let to = self
            .newer
            .partition_point(|entry| prefix(&entry.tag, bits) <= bucket);
        self.newer.get(from..to).unwrap_or_default()
    }

    fn grow(&self, batch: &[MapEntry], base: &Base, scratch: &mut Scratch) -> Result<Self, MapFault> {
        let mut newer = Vec::with_capacity(self.newer.len() + batch.len());
        newer.extend_from_slice(&self.newer);
        newer.extend_from_slice(batch);
        // Both halves are sorted runs, which this sort recognises.
        newer.sort_by_key(|entry| entry.tag);
        let mut group = Self {
            heap: self.heap,
            newer,
        };
        let mut touched = [false; HEAP];
        let bits = base.bits();
        for entries in batch.chunk_by(|a, b| prefix(&a.tag, bits) == prefix(&b.tag, bits)) {
            let Some(first) = entries.first() else { continue };
            let number = prefix(&first.tag, bits);
            let stored = base.bucket(number, &mut scratch.bytes)?;
            let bucket = Bucket::merge(stored, group.newer(number, bits), &mut scratch.slots)?;
            let node = heap_place(number);
            if let (Some(hash), Some(touched)) = (group.heap.get_mut(node), touched.get_mut(node)) {
                (*hash, *touched) = (bucket.root(), true);
            }
        }
        group.join_up(bits, touched);
        Ok(group)
    }

    /// Hashes the inner nodes above the touched ones.
    fn join_up(&mut self, bits: u8, mut touched: [bool; HEAP]) {
        let is_touched = |touched: &[bool; HEAP], node: usize| touched.get(node).copied().unwrap_or(false);
        for node in (0..HEAP - GROUP).rev() {
            if !is_touched(&touched, 2 * node + 1) && !is_touched(&touched, 2 * node + 2) {
                continue;
            }
            let bit = bits - GROUP_BITS + heap_level(node);
            let joined = join(bit, self.at(2 * node + 1), self.at(2 * node + 2));
            if let (Some(hash), Some(touched)) = (self.heap.get_mut(node), touched.get_mut(node)) {
                (*hash, *touched) = (joined, true);
            }
        }
    }

    /// Follows the tag's path down to a bucket of this group, whose number is `number`; gives the bucket's number.
    fn descend(&self, mut number: u32, tag: &Tag, bits: u8, steps: &mut Vec<MapStep>) -> u32 {
        let mut node = 0;
        for level in 0..GROUP_BITS {
            let (left, right) = (self.at(2 * node + 1), self.at(2 * node + 2));
            let side = choose(tag, bits - GROUP_BITS + level, left, right, steps);
            number = (number << 1) | u32::from(side == Side::Right);
            node = 2 * node + 1 + usize::from(side == Side::Right);
        }
        number
    }
}

/// Where a bucket stands in the heap of its group.
fn heap_place(bucket: u32) -> usize {
    let [.., low] = bucket.to_be_bytes();
    HEAP - GROUP + usize::from(low) % GROUP
}

/// Levels below the root of the group: 0 for node 0, 1 for 1 and 2, 2 for 3 to 6, …
fn heap_level(node: usize) -> u8 {
    u8::try_from((node + 1).ilog2()).unwrap_or(0)
}
