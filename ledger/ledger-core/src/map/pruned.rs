//! Part of the map: the paths to some tags, everything beside them folded into hashes.
//!
//! It proves the presence of many tags and the absence of many others at once, each inner hash once. Bytes, from the
//! root, left before right:
//!
//! ```text
//! 00 || hash[32]               a subtree without any of the tags
//! 01 || B || left || right     two subtrees that first differ at bit B
//! 02                           the next of the present tags, in their order; its value is the verifier's
//! 03 || tag[32] || value[40]   another entry, at which the path of an absent tag ends
//! ```
//!
//! The empty map is no bytes at all. There is one form for each map and question: what could be folded must be.

use super::{MAP_VALUE_LEN, MapEntry, MapValue, Side, empty_map_root, inner_hash, sent};
use crate::{leaf::Tag, tree::Hash};

const FOLDED: u8 = 0x00;
const FORK: u8 = 0x01;
const PRESENT: u8 = 0x02;
const OTHER: u8 = 0x03;

/// Part of the map, not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrunedMap(Vec<u8>);

/// Why a part of the map was refused, or could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrunedMapError {
    /// The bytes end early, go on, or hold an unknown mark.
    #[error("the part of the map is malformed")]
    Malformed,
    /// Bits do not grow on the way down, or an entry does not lie where its tag leads.
    #[error("an entry of the map does not lie where its tag leads")]
    Misplaced,
    /// A subtree that may hold one of the tags is folded.
    #[error("the path to one of the tags is not shown")]
    Hidden,
    /// A subtree without any of the tags is not folded.
    #[error("a subtree that nobody asked for is shown")]
    NotFolded,
    /// A tag that should be present is not.
    #[error("one of the tags is not in the map")]
    Missing,
    /// A tag that should be absent is there: there are more records than shown.
    #[error("one of the tags that should be absent is in the map")]
    Present,
    /// Another root.
    #[error("the part of the map does not lead to its root")]
    RootMismatch,
}

impl PrunedMap {
    /// Wraps bytes; nothing is verified yet.
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Checks that all of `present` are in the map with this root, and none of `absent`.
    ///
    /// # Errors
    /// Any [`PrunedMapError`].
    pub fn verify(&self, present: &[MapEntry], absent: &[Tag], root: &Hash) -> Result<(), PrunedMapError> {
        let mut present = present.to_vec();
        present.sort_unstable_by_key(|entry| entry.tag);
        let computed = if self.0.is_empty() {
            if !present.is_empty() {
                return Err(PrunedMapError::Missing);
            }
            empty_map_root()
        } else {
            let mut walk = Walk {
                bytes: &self.0,
                path: Vec::new(),
            };
            let computed = walk.subtree(&present, absent)?;
            if !walk.bytes.is_empty() {
                return Err(PrunedMapError::Malformed);
            }
            computed
        };
        if computed == *root {
            Ok(())
        } else {
            Err(PrunedMapError::RootMismatch)
        }
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    path: Vec<(u8, Side)>,
}

impl Walk<'_> {
    /// The hash of the next subtree. The depth is at most 256: bits grow on the way down.
    fn subtree(&mut self, present: &[MapEntry], absent: &[Tag]) -> Result<Hash, PrunedMapError> {
        let [mark] = self.take()?;
        match mark {
            FOLDED if present.is_empty() && absent.is_empty() => Ok(Hash::new(self.take()?)),
            FOLDED => Err(PrunedMapError::Hidden),
            FORK => self.fork(present, absent),
            PRESENT => match present {
                [entry] => self.entry(entry, absent),
                [] => Err(PrunedMapError::NotFolded),
                _ => Err(PrunedMapError::Missing),
            },
            OTHER if !present.is_empty() => Err(PrunedMapError::Missing),
            OTHER if absent.is_empty() => Err(PrunedMapError::NotFolded),
            OTHER => {
                let tag = Tag::new(self.take()?);
                let value =
                    MapValue::from_bytes(&self.take::<MAP_VALUE_LEN>()?).ok_or(PrunedMapError::Malformed)?;
                self.entry(&MapEntry { tag, value }, absent)
            }
            _ => Err(PrunedMapError::Malformed),
        }
    }

    fn fork(&mut self, present: &[MapEntry], absent: &[Tag]) -> Result<Hash, PrunedMapError> {
        let [bit] = self.take()?;
        if self.path.last().is_some_and(|(above, _)| *above >= bit) {
            return Err(PrunedMapError::Misplaced);
        }
        if present.is_empty() && absent.is_empty() {
            return Err(PrunedMapError::NotFolded);
        }
        let left = self.side(bit, Side::Left, present, absent)?;
        let right = self.side(bit, Side::Right, present, absent)?;
        Ok(inner_hash(bit, &left, &right))
    }

    fn side(
        &mut self,
        bit: u8,
        side: Side,
        present: &[MapEntry],
        absent: &[Tag],
    ) -> Result<Hash, PrunedMapError> {
        let (present, absent) = (cut(present, bit, side), sent(absent, bit, side));
        self.path.push((bit, side));
        let hash = self.subtree(present, &absent)?;
        self.path.pop();
        Ok(hash)
    }

    /// An entry in full view: it lies where its tag leads, and is none of the absent ones.
    fn entry(&self, entry: &MapEntry, absent: &[Tag]) -> Result<Hash, PrunedMapError> {
        if self
            .path
            .iter()
            .any(|(bit, side)| Side::of(&entry.tag, *bit) != *side)
        {
            return Err(PrunedMapError::Misplaced);
        }
        if absent.contains(&entry.tag) {
            return Err(PrunedMapError::Present);
        }
        Ok(entry.hash())
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], PrunedMapError> {
        let (head, rest) = self
            .bytes
            .split_first_chunk::<N>()
            .ok_or(PrunedMapError::Malformed)?;
        self.bytes = rest;
        Ok(*head)
    }
}

/// Those of the sorted entries that go to one side. All of them share the bits before, if the map is right; if it is
/// not, they do not all lie where their tags lead.
fn cut(entries: &[MapEntry], bit: u8, side: Side) -> &[MapEntry] {
    let middle = entries.partition_point(|entry| Side::of(&entry.tag, bit) == Side::Left);
    let (left, right) = entries.split_at_checked(middle).unwrap_or((entries, &[]));
    match side {
        Side::Left => left,
        Side::Right => right,
    }
}

/// Makes a part of the map from its root downwards, left before right.
#[derive(Debug, Default)]
pub struct PrunedMapWriter(Vec<u8>);

impl PrunedMapWriter {
    /// A subtree that may be folded.
    pub fn folded(&mut self, hash: &Hash) {
        self.0.push(FOLDED);
        self.0.extend(hash.as_bytes());
    }

    /// Two subtrees that first differ at `bit`; they follow.
    pub fn fork(&mut self, bit: u8) {
        self.0.extend([FORK, bit]);
    }

    /// The entry at which a path ends, given the tags whose paths end there.
    ///
    /// # Errors
    /// [`PrunedMapError::Missing`] or [`PrunedMapError::Present`]: the map says otherwise.
    pub fn entry(&mut self, entry: &MapEntry, present: &[Tag], absent: &[Tag]) -> Result<(), PrunedMapError> {
        if absent.contains(&entry.tag) {
            return Err(PrunedMapError::Present);
        }
        match present {
            [tag] if *tag == entry.tag => self.0.push(PRESENT),
            [] => {
                self.0.push(OTHER);
                self.0.extend(entry.tag.as_bytes());
                self.0.extend(entry.value.to_bytes());
            }
            _ => return Err(PrunedMapError::Missing),
        }
        Ok(())
    }

    /// The part of the map.
    pub fn finish(self) -> PrunedMap {
        PrunedMap(self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        leaf::{RecordNumber, SubjectKey},
        map::MapTree,
        tree::{LeafIndex, leaf_hash},
    };

    /// Entries of a few subjects: `(subject, newest)`, all in one map.
    fn map(subjects: &[(u8, u64)]) -> (MapTree, Vec<Vec<MapEntry>>) {
        let (mut tree, mut entries, mut index) = (MapTree::default(), Vec::new(), 0);
        for (subject, newest) in subjects {
            let key = SubjectKey::new([*subject; 32]);
            let mut own = Vec::new();
            for n in 1..=*newest {
                let entry = MapEntry {
                    tag: key.tag(RecordNumber::new(n).unwrap()),
                    value: MapValue {
                        index: LeafIndex::new(index).unwrap(),
                        leaf: leaf_hash(&index.to_be_bytes()),
                    },
                };
                index += 1;
                tree.insert(entry).unwrap();
                own.push(entry);
            }
            entries.push(own);
        }
        (tree, entries)
    }

    fn window(subject: u8, newest: u64) -> Vec<Tag> {
        let key = SubjectKey::new([subject; 32]);
        let numbers = newest + 1..=newest + 16;
        numbers.map(|n| key.tag(RecordNumber::new(n).unwrap())).collect()
    }

    fn prune(tree: &mut MapTree, own: &[MapEntry], absent: &[Tag]) -> Result<PrunedMap, PrunedMapError> {
        let mut tags: Vec<_> = own.iter().map(|entry| entry.tag).collect();
        tags.sort_unstable();
        let mut writer = PrunedMapWriter::default();
        tree.prune(&mut writer, &tags, absent)?;
        Ok(writer.finish())
    }

    #[test]
    fn the_empty_map_is_no_bytes_and_shows_only_absence() {
        let mut tree = MapTree::default();
        let part = prune(&mut tree, &[], &window(1, 0)).unwrap();
        assert_eq!(part.as_bytes(), [] as [u8; 0]);
        let root = tree.root();
        part.verify(&[], &window(1, 0), &root).unwrap();
        let (_, entries) = map(&[(1, 1)]);
        assert_eq!(part.verify(&entries[0], &[], &root), Err(PrunedMapError::Missing));
    }

    #[test]
    fn a_hidden_record_is_seen() {
        let (mut tree, entries) = map(&[(1, 5), (2, 40)]);
        let root = tree.root();
        // The fifth record is kept back and "absent" from number 5 on.
        let shown = &entries[0][..4];
        assert_eq!(
            prune(&mut tree, shown, &window(1, 4)),
            Err(PrunedMapError::Present)
        );
        let honest = prune(&mut tree, &entries[0], &window(1, 5)).unwrap();
        assert!(honest.verify(shown, &window(1, 4), &root).is_err());
    }

    #[test]
    fn a_folded_path_is_no_proof_of_absence() {
        let (mut tree, entries) = map(&[(1, 1), (2, 40)]);
        let root = tree.root();
        let part = prune(&mut tree, &entries[0], &[]).unwrap();
        part.verify(&entries[0], &[], &root).unwrap();
        assert_eq!(
            part.verify(&entries[0], &window(1, 1), &root),
            Err(PrunedMapError::Hidden)
        );
    }

    proptest! {
        #[test]
        fn what_the_tree_prunes_verifies_and_any_change_is_refused(
            subjects in proptest::collection::btree_map(any::<u8>(), 0_u64..30, 1..8),
            byte in any::<proptest::sample::Index>(),
            bit in 0..8,
        ) {
            let subjects: Vec<_> = subjects.into_iter().collect();
            let (mut tree, entries) = map(&subjects);
            let root = tree.root();
            for ((subject, newest), own) in subjects.iter().zip(&entries) {
                let absent = window(*subject, *newest);
                let part = prune(&mut tree, own, &absent).unwrap();
                prop_assert_eq!(part.verify(own, &absent, &root), Ok(()));
                let mut bytes = part.as_bytes().to_vec();
                if bytes.is_empty() {
                    continue;
                }
                let at = byte.index(bytes.len());
                bytes[at] ^= 1_u8 << bit;
                prop_assert!(PrunedMap::new(bytes.clone()).verify(own, &absent, &root).is_err());
                bytes.truncate(at);
                prop_assert!(PrunedMap::new(bytes).verify(own, &absent, &root).is_err());
            }
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(0_u8..5, 0..300), subject in any::<u8>()) {
            let (mut tree, entries) = map(&[(subject, 3)]);
            let _ = PrunedMap::new(bytes).verify(&entries[0], &window(subject, 3), &tree.root());
        }
    }
}
