//! The upper part of the map in memory: the hashes of all forks above the groups, and the groups of buckets.
//!
//! A batch is hashed into a [`Change`] and nothing else moves; the change is written into a trunk that nobody reads
//! (see `copies`). Hashes of neighbours stand side by side, so that a path costs few misses of the processor's cache
//! and no allocation above its group.

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
    damaged,
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

/// Everything above the buckets. A node is `None` while no entry is below it; the map's own forks are only those with
/// two sides, the others let a hash through.
#[derive(Clone, Debug)]
pub struct Trunk {
    bits: u8,
    /// As a heap: the root first, the children of `i` at `2i + 1` and `2i + 2`, the roots of the groups last.
    nodes: Vec<Option<Hash>>,
    groups: Vec<Option<Arc<Group>>>,
}

/// What a batch changes in a trunk.
#[derive(Debug, Default)]
pub struct Change {
    nodes: Vec<(usize, Option<Hash>)>,
    groups: Vec<(usize, Arc<Group>)>,
    root: Option<Hash>,
}

/// Eight neighbouring buckets.
#[derive(Debug)]
pub struct Group {
    heap: [Option<Hash>; HEAP],
    /// Entries that are not in the base, sorted by tag.
    newer: Vec<MapEntry>,
}

/// A node on the way down: its place in the heap, the levels above it, and the bits that lead to it.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub node: usize,
    pub depth: u8,
    pub number: u32,
}

impl Place {
    pub const ROOT: Self = Self {
        node: 0,
        depth: 0,
        number: 0,
    };

    pub const fn left(self) -> Self {
        Self {
            node: 2 * self.node + 1,
            depth: self.depth + 1,
            number: self.number << 1,
        }
    }

    pub const fn right(self) -> Self {
        Self {
            node: 2 * self.node + 2,
            depth: self.depth + 1,
            number: (self.number << 1) | 1,
        }
    }
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

impl Change {
    /// The root of the map with the change.
    pub const fn root(&self) -> Option<Hash> {
        self.root
    }

    fn with(mut self, mut other: Self) -> Self {
        self.nodes.append(&mut other.nodes);
        self.groups.append(&mut other.groups);
        self
    }
}

impl Trunk {
    /// The trunk of an empty map with 2^bits buckets.
    pub fn empty(bits: u8) -> Self {
        let groups = 1_usize << (bits - GROUP_BITS);
        Self {
            bits,
            nodes: vec![None; 2 * groups - 1],
            groups: vec![None; groups],
        }
    }

    /// The trunk above buckets that have nothing newer, from the roots of all 2^bits buckets.
    pub fn build(bits: u8, roots: &[Option<Hash>]) -> Self {
        let mut trunk = Self::empty(bits);
        let first = trunk.nodes.len() - trunk.groups.len();
        let leaves = trunk.nodes.iter_mut().skip(first).zip(&mut trunk.groups);
        for ((node, place), roots) in leaves.zip(roots.as_chunks::<GROUP>().0) {
            let group = Group::new(bits, roots);
            *node = group.root();
            *place = node.map(|_| Arc::new(group));
        }
        for node in (0..first).rev() {
            let depth = u8::try_from((node + 1).ilog2()).unwrap_or(0);
            let joined = join(depth, trunk.at(2 * node + 1), trunk.at(2 * node + 2));
            if let Some(hash) = trunk.nodes.get_mut(node) {
                *hash = joined;
            }
        }
        trunk
    }

    /// `None` for the empty map.
    pub fn root(&self) -> Option<Hash> {
        self.at(0)
    }

    /// The hash of a node; `None` when nothing is below it.
    pub fn at(&self, node: usize) -> Option<Hash> {
        self.nodes.get(node).copied().flatten()
    }

    /// The group that stands at this place, which [`Self::is_group`].
    pub fn group(&self, place: Place) -> Option<&Arc<Group>> {
        self.groups.get(usize::try_from(place.number).ok()?)?.as_ref()
    }

    /// Whether groups stand at this depth.
    pub const fn is_group(&self, place: Place) -> bool {
        place.depth + GROUP_BITS == self.bits
    }

    /// Every group that is not empty, in order, with its number.
    pub fn groups(&self) -> impl Iterator<Item = (u32, &Group)> {
        let numbered = (0..).zip(&self.groups);
        numbered.filter_map(|(number, group)| Some((number, group.as_deref()?)))
    }

    /// What more entries, sorted by tag, change, and the new root.
    pub fn stage(&self, batch: &[MapEntry], base: &Base) -> Result<Change, MapFault> {
        let mut change = Change::default();
        change.root = self.grow(Place::ROOT, batch, base, &mut Scratch::default(), &mut change)?;
        Ok(change)
    }

    /// Writes a change that was staged on a trunk with the contents of this one.
    pub fn apply(&mut self, change: &Change) {
        for (place, hash) in &change.nodes {
            if let Some(node) = self.nodes.get_mut(*place) {
                *node = *hash;
            }
        }
        for (number, changed) in &change.groups {
            if let Some(group) = self.groups.get_mut(*number) {
                *group = Some(Arc::clone(changed));
            }
        }
    }

    fn grow(
        &self,
        place: Place,
        batch: &[MapEntry],
        base: &Base,
        scratch: &mut Scratch,
        change: &mut Change,
    ) -> Result<Option<Hash>, MapFault> {
        if batch.is_empty() {
            return Ok(self.at(place.node));
        }
        let hash = if self.is_group(place) {
            let group = match self.group(place) {
                Some(group) => group.grow(batch, base, scratch)?,
                None => Group::new(self.bits, &[None; GROUP]).grow(batch, base, scratch)?,
            };
            let root = group.root();
            let number = usize::try_from(place.number).map_err(|_| MapFault::Full)?;
            change.groups.push((number, Arc::new(group)));
            root
        } else {
            let middle = batch.partition_point(|entry| Side::of(&entry.tag, place.depth) == Side::Left);
            let (for_left, for_right) = batch.split_at_checked(middle).unwrap_or((batch, &[]));
            let (left, right) =
                if place.depth < THREAD_DEPTH && for_left.len().min(for_right.len()) > WORTH_A_THREAD {
                    self.grow_side_by_side(place, (for_left, for_right), base, scratch, change)?
                } else {
                    let left = self.grow(place.left(), for_left, base, scratch, change)?;
                    (left, self.grow(place.right(), for_right, base, scratch, change)?)
                };
            join(place.depth, left, right)
        };
        change.nodes.push((place.node, hash));
        Ok(hash)
    }

    fn grow_side_by_side(
        &self,
        place: Place,
        (for_left, for_right): (&[MapEntry], &[MapEntry]),
        base: &Base,
        scratch: &mut Scratch,
        change: &mut Change,
    ) -> Result<(Option<Hash>, Option<Hash>), MapFault> {
        let (left, right) = thread::scope(|scope| {
            let other = scope.spawn(|| {
                let mut change = Change::default();
                let root = self.grow(place.left(), for_left, base, &mut Scratch::default(), &mut change);
                root.map(|root| (root, change))
            });
            let right = self.grow(place.right(), for_right, base, scratch, change);
            (other.join().unwrap_or(Err(MapFault::Thread)), right)
        });
        let (left, on_the_left) = left?;
        *change = std::mem::take(change).with(on_the_left);
        Ok((left, right?))
    }

    /// Walks the tag's path from the top down to a bucket and through it: the forks, and the entry at the end.
    ///
    /// Where one side is empty the map has no fork: the path goes on in the other, whatever the tag's bit.
    pub fn walk(&self, tag: &Tag, base: &Base) -> Result<(Option<MapEntry>, Vec<MapStep>), MapFault> {
        let (mut steps, mut place) = (Vec::new(), Place::ROOT);
        if self.root().is_none() {
            return Ok((None, steps));
        }
        while !self.is_group(place) {
            let (left, right) = (place.left(), place.right());
            let side = choose(
                tag,
                place.depth,
                self.at(left.node),
                self.at(right.node),
                &mut steps,
            );
            place = if side == Side::Left { left } else { right };
        }
        let group = self.group(place).ok_or(damaged("a group has no place"))?;
        let number = group.descend(place.number, tag, self.bits, &mut steps);
        let mut scratch = Scratch::default();
        let stored = base.bucket(number, &mut scratch.bytes)?;
        let newer = group.newer(number, self.bits);
        let end = Bucket::merge(stored, newer, &mut scratch.slots)?.walk(tag, &mut steps);
        steps.reverse();
        Ok((end, steps))
    }
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

    /// The root of one bucket of this group.
    pub fn bucket_root(&self, bucket: u32) -> Option<Hash> {
        self.at(heap_place(bucket))
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
