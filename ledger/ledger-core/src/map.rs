//! The map of tags: which tags stand in the log and where, with proofs that a tag is there and that a tag is not.
//!
//! `M_N` is a path-compressed binary tree over the subject leaves of `log[0..N)`, a pure function of the log. Bit 0 of
//! a tag is the most significant bit of its byte 0.
//!
//! ```text
//! empty = SHA-256("")
//! leaf  = SHA-256(0x00 || 0x20 || tag[32] || 0x28 || value[40])       value = u64be log index || leaf hash[32]
//! inner = SHA-256(0x01 || uvarint(B) || left || right)   B = first bit where the two subtrees differ; left has bit B = 0
//! ```
//!
//! The form depends on the set of tags alone, not on the order in which they came.
//!
//! A proof says nothing about how the map was made: that every subject leaf of the log is in it, with its own place and
//! hash, is what an auditor finds out by building the map again ([`MapTree`]).

mod proof;
mod pruned;
mod tree;

pub use proof::{MapProof, MapProofError, MapStep};
pub use pruned::{PrunedMap, PrunedMapError, PrunedMapWriter};
pub use tree::{MapAnswer, MapError, MapTree};

use crate::{
    leaf::{Leaf, LeafError, Tag},
    tree::{Hash, LeafIndex, digest, empty_root, leaf_hash},
};

/// Length of a value in bytes.
pub const MAP_VALUE_LEN: usize = 40;

/// What the map keeps about a tag: the place of its leaf and the leaf's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MapValue {
    /// Where the leaf stands in the log.
    pub index: LeafIndex,
    /// `SHA-256(0x00 || leaf)` (RFC 6962 §2.1).
    pub leaf: Hash,
}

impl MapValue {
    /// `u64be log index || leaf hash`.
    pub fn to_bytes(&self) -> [u8; MAP_VALUE_LEN] {
        let mut bytes = [0; MAP_VALUE_LEN];
        if let Some((index, leaf)) = bytes.split_first_chunk_mut::<8>() {
            *index = self.index.get().to_be_bytes();
            leaf.copy_from_slice(self.leaf.as_bytes());
        }
        bytes
    }

    /// `None` for an index that no log reaches.
    pub fn from_bytes(bytes: &[u8; MAP_VALUE_LEN]) -> Option<Self> {
        let (index, leaf) = bytes.split_first_chunk::<8>()?;
        Some(Self {
            index: LeafIndex::new(u64::from_be_bytes(*index))?,
            leaf: Hash::from_slice(leaf)?,
        })
    }
}

/// A tag with its value: one leaf of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MapEntry {
    /// The key.
    pub tag: Tag,
    /// Where its leaf stands.
    pub value: MapValue,
}

impl MapEntry {
    /// The entry that a leaf of the log makes; `None` for the log's own leaves, which have no tag.
    ///
    /// # Errors
    /// [`LeafError`] when the bytes are no leaf.
    pub fn of_leaf(index: LeafIndex, leaf: &[u8]) -> Result<Option<Self>, LeafError> {
        let Leaf::Subject(subject) = Leaf::parse(leaf)? else {
            return Ok(None);
        };
        let value = MapValue {
            index,
            leaf: leaf_hash(leaf),
        };
        Ok(Some(Self {
            tag: subject.tag,
            value,
        }))
    }

    /// `SHA-256(0x00 || 0x20 || tag || 0x28 || value)`: the map with this entry alone.
    pub fn hash(&self) -> Hash {
        digest(&[
            &[0x00, 0x20],
            self.tag.as_bytes(),
            &[0x28],
            &self.value.index.get().to_be_bytes(),
            self.value.leaf.as_bytes(),
        ])
    }
}

/// Root of the map without entries: `SHA-256("")`.
pub fn empty_map_root() -> Hash {
    empty_root()
}

/// `SHA-256(0x01 || uvarint(bit) || left || right)`: two subtrees that first differ at `bit`.
///
/// uvarint: seven bits in each byte, low group first, the high bit set on all but the last (127 = `7f`, 200 = `c8 01`).
pub fn inner_hash(bit: u8, left: &Hash, right: &Hash) -> Hash {
    let (low, high) = (bit | 0x80, [0x01]);
    if bit < 0x80 {
        digest(&[&[0x01, bit], left.as_bytes(), right.as_bytes()])
    } else {
        digest(&[&[0x01, low], &high, left.as_bytes(), right.as_bytes()])
    }
}

/// Which half of the space a tag is in, at one bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The bit is 0.
    Left,
    /// The bit is 1.
    Right,
}

impl Side {
    /// Where the tag goes at this bit; bit 0 is the most significant bit of byte 0.
    pub fn of(tag: &Tag, bit: u8) -> Self {
        let byte = tag.as_bytes().get(usize::from(bit >> 3)).copied().unwrap_or(0);
        if (byte << (bit & 7)) & 0x80 == 0 {
            Self::Left
        } else {
            Self::Right
        }
    }
}

/// Those of the tags that go to one side at this bit, in their order.
pub fn sent(tags: &[Tag], bit: u8, side: Side) -> Vec<Tag> {
    tags.iter()
        .filter(|tag| Side::of(tag, bit) == side)
        .copied()
        .collect()
}

/// The first bit where two tags differ; `None` for equal tags.
pub fn first_difference(a: &Tag, b: &Tag) -> Option<u8> {
    let pairs = a.as_bytes().iter().zip(b.as_bytes());
    let (place, (x, y)) = (0_u8..).zip(pairs).find(|(_, (x, y))| x != y)?;
    u8::try_from(u32::from(place) * 8 + (x ^ y).leading_zeros()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(byte: usize, value: u8) -> Tag {
        let mut bytes = [0; 32];
        bytes[byte] = value;
        Tag::new(bytes)
    }

    #[test]
    fn bit_0_is_the_most_significant_bit_of_byte_0() {
        assert_eq!(Side::of(&tag(0, 0x80), 0), Side::Right);
        assert_eq!(Side::of(&tag(0, 0x7f), 0), Side::Left);
        assert_eq!(Side::of(&tag(31, 0x01), 255), Side::Right);
        assert_eq!(Side::of(&tag(31, 0x01), 254), Side::Left);
    }

    #[test]
    fn the_first_difference_is_counted_from_the_left() {
        assert_eq!(first_difference(&tag(0, 0), &tag(0, 0x80)), Some(0));
        assert_eq!(first_difference(&tag(0, 0), &tag(31, 1)), Some(255));
        assert_eq!(first_difference(&tag(16, 3), &tag(16, 2)), Some(135));
        assert_eq!(first_difference(&tag(5, 5), &tag(5, 5)), None);
    }

    #[test]
    fn bits_from_128_on_take_two_bytes() {
        let (left, right) = (leaf_hash(b"l"), leaf_hash(b"r"));
        for (bit, uvarint) in [
            (0, &[0x00][..]),
            (127, &[0x7f]),
            (128, &[0x80, 0x01]),
            (200, &[0xc8, 0x01]),
            (255, &[0xff, 0x01]),
        ] {
            let message = digest(&[&[0x01], uvarint, left.as_bytes(), right.as_bytes()]);
            assert_eq!(inner_hash(bit, &left, &right), message, "{bit}");
        }
    }
}
