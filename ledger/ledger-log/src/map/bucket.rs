//! A bucket: the entries whose tags begin with the same bits, sorted, as they stand in the base file.
//!
//! ```text
//! bucket of k entries = k * (tag[32] || value[40]) || (k - 1) * inner hash[32]          nothing for k = 0
//! ```
//!
//! Between two neighbours of a sorted bucket exactly one inner node of the map branches: the one over all entries that
//! share the bits before the first in which the two differ. Its hash is stored at their place. So a new entry costs the
//! hashes of its own path, not those of the whole bucket.

use ledger_core::{
    leaf::Tag,
    map::{
        MAP_VALUE_LEN, MapEntry, MapStep, MapValue, PrunedMapWriter, Side, first_difference, inner_hash, sent,
    },
    tree::Hash,
};

use super::{MapFault, damaged};

const ENTRY_LEN: usize = 32 + MAP_VALUE_LEN;
const HASH_LEN: usize = 32;

/// A bucket read from the base.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stored<'a> {
    bytes: &'a [u8],
    entries: &'a [[u8; ENTRY_LEN]],
    inner: &'a [[u8; HASH_LEN]],
}

/// A bucket of the base and what came since, in one order.
#[derive(Clone, Copy, Debug)]
pub struct Bucket<'a> {
    slots: &'a [Slot],
    inner: &'a [[u8; HASH_LEN]],
}

/// An entry, and its place in the base if it stands there.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    entry: MapEntry,
    stored: Option<usize>,
}

/// Memory that is used again for one bucket after the other.
#[derive(Debug, Default)]
pub struct Scratch {
    pub bytes: Vec<u8>,
    pub slots: Vec<Slot>,
}

impl Slot {
    pub const fn tag(&self) -> &Tag {
        &self.entry.tag
    }
}

/// Length in bytes of a bucket of `entries` entries.
pub fn stored_len(entries: u32) -> u64 {
    // (72 + 32) for each entry, less the hash that a bucket of k entries has not.
    (u64::from(entries) * 104).saturating_sub(32)
}

impl<'a> Stored<'a> {
    /// `None` when the bytes are no bucket.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        let count = (bytes.len() + HASH_LEN) / (ENTRY_LEN + HASH_LEN);
        let (first, inner) = bytes.split_at_checked(count * ENTRY_LEN)?;
        let (entries, _) = first.as_chunks::<ENTRY_LEN>();
        let (inner, rest) = inner.as_chunks::<HASH_LEN>();
        (rest.is_empty() && inner.len() + 1 == count).then_some(Self {
            bytes,
            entries,
            inner,
        })
    }

    /// The bytes it was parsed from.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Number of entries.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// The root of the bucket, computed from the entries alone; an error when they are not in order, when one has
    /// another prefix than the bucket, or when the stored hashes are others. `None` is the empty bucket.
    pub fn rehash(
        &self,
        slots: &mut Vec<Slot>,
        is_ours: impl Fn(&Tag) -> bool,
    ) -> Result<Option<Hash>, MapFault> {
        slots.clear();
        for bytes in self.entries {
            let entry = parse_entry(bytes)?;
            let is_next = slots.last().is_none_or(|last| *last.tag() < entry.tag);
            if !is_next || !is_ours(&entry.tag) {
                return Err(damaged("an entry stands in a wrong place"));
            }
            slots.push(Slot { entry, stored: None });
        }
        let fresh = Bucket {
            slots: slots.as_slice(),
            inner: &[],
        };
        let mut inner = vec![[0; HASH_LEN]; self.inner.len()];
        let root = fresh.fill(slots, &mut inner);
        if inner != self.inner {
            return Err(damaged("a bucket has other hashes"));
        }
        Ok(root)
    }
}

impl<'a> Bucket<'a> {
    /// Puts newer entries, sorted by tag, among the stored ones.
    ///
    /// # Errors
    /// [`MapFault::Repeated`] when two entries have one tag, [`MapFault::Damaged`] when a stored one is malformed.
    pub fn merge(stored: Stored<'a>, newer: &[MapEntry], slots: &'a mut Vec<Slot>) -> Result<Self, MapFault> {
        slots.clear();
        let mut newer = newer.iter().copied().peekable();
        for (place, bytes) in stored.entries.iter().enumerate() {
            let entry = parse_entry(bytes)?;
            while let Some(entry) = newer.next_if(|newer| newer.tag < entry.tag) {
                slots.push(Slot { entry, stored: None });
            }
            slots.push(Slot {
                entry,
                stored: Some(place),
            });
        }
        slots.extend(newer.map(|entry| Slot { entry, stored: None }));
        let mut pairs = slots.iter().zip(slots.iter().skip(1));
        if let Some((a, b)) = pairs.find(|(a, b)| a.entry.tag == b.entry.tag) {
            let (a, b) = (a.entry.value.index.get(), b.entry.value.index.get());
            return Err(MapFault::Repeated {
                first: a.min(b),
                again: a.max(b),
            });
        }
        Ok(Self {
            slots,
            inner: stored.inner,
        })
    }

    pub const fn slots(&self) -> &'a [Slot] {
        self.slots
    }

    /// `None` for an empty bucket.
    pub fn root(&self) -> Option<Hash> {
        self.hash(self.slots)
    }

    /// Walks the tag's path: the forks on it from the top, and the entry at its end.
    pub fn walk(&self, tag: &Tag, steps: &mut Vec<MapStep>) -> Option<MapEntry> {
        let mut slots = self.slots;
        while let Some(fork) = Fork::of(slots) {
            let (down, beside) = match Side::of(tag, fork.bit) {
                Side::Left => (fork.left, fork.right),
                Side::Right => (fork.right, fork.left),
            };
            steps.push(MapStep {
                bit: fork.bit,
                sibling: self.hash(beside)?,
            });
            slots = down;
        }
        slots.first().map(|slot| slot.entry)
    }

    /// Writes the bytes of a bucket of these slots, which are all slots with some prefix; gives its root.
    pub fn encode(&self, slots: &[Slot], bytes: &mut Vec<u8>) -> Option<Hash> {
        bytes.clear();
        for slot in slots {
            bytes.extend_from_slice(slot.entry.tag.as_bytes());
            bytes.extend_from_slice(&slot.entry.value.index.get().to_be_bytes());
            bytes.extend_from_slice(slot.entry.value.leaf.as_bytes());
        }
        let inner_at = bytes.len();
        bytes.resize(inner_at + slots.len().saturating_sub(1) * HASH_LEN, 0);
        let (_, inner) = bytes.split_at_mut_checked(inner_at)?;
        self.fill(slots, inner.as_chunks_mut().0)
    }

    /// Writes what shows the paths to `present` (sorted) and `absent` in this bucket, all else folded.
    ///
    /// # Errors
    /// [`MapFault::Question`] when the bucket says otherwise.
    pub fn prune(
        &self,
        writer: &mut PrunedMapWriter,
        present: &[Tag],
        absent: &[Tag],
    ) -> Result<(), MapFault> {
        self.prune_slots(self.slots, writer, present, absent)
    }

    fn prune_slots(
        &self,
        slots: &[Slot],
        writer: &mut PrunedMapWriter,
        present: &[Tag],
        absent: &[Tag],
    ) -> Result<(), MapFault> {
        if present.is_empty() && absent.is_empty() {
            let hash = self.hash(slots).ok_or(damaged("a bucket has no root"))?;
            writer.folded(&hash);
            return Ok(());
        }
        let Some(fork) = Fork::of(slots) else {
            let end = slots.first().ok_or(damaged("a bucket is empty"))?;
            return Ok(writer.entry(&end.entry, present, absent)?);
        };
        writer.fork(fork.bit);
        for (side, below) in [(Side::Left, fork.left), (Side::Right, fork.right)] {
            let (present, absent) = (sent(present, fork.bit, side), sent(absent, fork.bit, side));
            self.prune_slots(below, writer, &present, &absent)?;
        }
        Ok(())
    }

    /// The root of these slots, which are all slots with some prefix. The depth is at most 256.
    fn hash(&self, slots: &[Slot]) -> Option<Hash> {
        let Some(fork) = Fork::of(slots) else {
            return slots.first().map(|slot| slot.entry.hash());
        };
        if let Some(place) = fork.stored_at() {
            return self.inner.get(place).copied().map(Hash::new);
        }
        let (left, right) = (self.hash(fork.left)?, self.hash(fork.right)?);
        Some(inner_hash(fork.bit, &left, &right))
    }

    /// As [`Self::hash`], and writes every inner hash between its two neighbours.
    fn fill(&self, slots: &[Slot], inner: &mut [[u8; HASH_LEN]]) -> Option<Hash> {
        let Some(fork) = Fork::of(slots) else {
            return slots.first().map(|slot| slot.entry.hash());
        };
        if let Some(place) = fork.stored_at() {
            let first = slots.first()?.stored?;
            let stored = self.inner.iter().skip(first);
            inner.iter_mut().zip(stored).for_each(|(to, from)| *to = *from);
            return self.inner.get(place).copied().map(Hash::new);
        }
        let (lower, rest) = inner.split_at_mut_checked(fork.left.len() - 1)?;
        let (here, upper) = rest.split_first_mut()?;
        let (left, right) = (self.fill(fork.left, lower)?, self.fill(fork.right, upper)?);
        let hash = inner_hash(fork.bit, &left, &right);
        *here = *hash.as_bytes();
        Some(hash)
    }
}

/// Where two or more slots branch.
struct Fork<'a> {
    bit: u8,
    left: &'a [Slot],
    right: &'a [Slot],
}

impl<'a> Fork<'a> {
    /// `None` for fewer than two slots.
    fn of(slots: &'a [Slot]) -> Option<Self> {
        let bit = first_difference(slots.first()?.tag(), slots.last()?.tag())?;
        let middle = slots.partition_point(|slot| Side::of(slot.tag(), bit) == Side::Left);
        let (left, right) = slots.split_at_checked(middle)?;
        Some(Self { bit, left, right })
    }

    /// Where the base has the hash of this node; `None` when there is a newer entry below it.
    ///
    /// The slots are all that share a prefix. If each of them is stored, the base had the same node.
    fn stored_at(&self) -> Option<usize> {
        let (first, last) = (self.left.first()?.stored?, self.right.last()?.stored?);
        (last - first + 1 == self.left.len() + self.right.len())
            .then(|| self.left.last()?.stored)
            .flatten()
    }
}

fn parse_entry(bytes: &[u8; ENTRY_LEN]) -> Result<MapEntry, MapFault> {
    let (tag, value) = bytes
        .split_first_chunk::<32>()
        .ok_or(damaged("an entry is cut short"))?;
    let value = value.try_into().ok().and_then(MapValue::from_bytes);
    Ok(MapEntry {
        tag: Tag::new(*tag),
        value: value.ok_or(damaged("an entry is malformed"))?,
    })
}
