//! Sets of households as bitmaps of internal indices.

use crate::units::{HouseholdCount, HouseholdIndex};

/// A set of households. Two equal sets have equal bytes.
///
/// The bytes name who took part in a release: they are stored beside the release inside the broker, and never
/// leave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberSet {
    // INVARIANT: the last word is not 0, so that derived equality is equality of sets.
    words: Vec<u64>,
}

/// Stored bytes are no member set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MemberSetError {
    /// The first byte is not the version this code writes.
    #[error("the member set has an unknown version")]
    UnknownVersion,
    /// The length is no whole number of words, or beyond the largest index.
    #[error("the member set has an impossible length")]
    ImpossibleLength,
    /// The last word is zero: the same set has shorter bytes.
    #[error("the member set is not in its shortest form")]
    NotCanonical,
}

const VERSION: u8 = 1;

impl MemberSet {
    /// The empty set.
    #[must_use]
    pub const fn new() -> Self {
        Self { words: Vec::new() }
    }

    /// Adds a household; `true` when it was not there before.
    pub fn insert(&mut self, household: HouseholdIndex) -> bool {
        let word = usize::try_from(household.value() / 64).unwrap_or(usize::MAX);
        let bit = 1_u64 << (household.value() % 64);
        if self.words.len() <= word {
            self.words.resize(word.saturating_add(1), 0);
        }
        self.words.get_mut(word).is_some_and(|slot| {
            let absent = *slot & bit == 0;
            *slot |= bit;
            absent
        })
    }

    /// Whether the household is in the set.
    #[must_use]
    pub fn contains(&self, household: HouseholdIndex) -> bool {
        usize::try_from(household.value() / 64)
            .ok()
            .and_then(|word| self.words.get(word))
            .is_some_and(|word| word >> (household.value() % 64) & 1 == 1)
    }

    /// Number of households.
    #[must_use]
    pub fn count(&self) -> HouseholdCount {
        HouseholdCount(self.words.iter().map(|word| word.count_ones()).sum())
    }

    /// Whether nobody is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// |self \ other|: one AND-NOT and one population count per 64 households.
    #[must_use]
    pub fn count_without(&self, other: &Self) -> HouseholdCount {
        let others = other.words.iter().copied().chain(std::iter::repeat(0));
        HouseholdCount(
            self.words
                .iter()
                .zip(others)
                .map(|(mine, theirs)| (mine & !theirs).count_ones())
                .sum(),
        )
    }

    /// Whether nobody is in both sets.
    #[must_use]
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.words
            .iter()
            .zip(&other.words)
            .all(|(mine, theirs)| mine & theirs == 0)
    }

    /// The bitmap, 64 households a word, lowest index in the lowest bit of the first word.
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    /// One version byte (1), then the bitmap in little-endian 64-bit words without trailing zero words.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        std::iter::once(VERSION)
            .chain(self.words.iter().flat_map(|word| word.to_le_bytes()))
            .collect()
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// [`MemberSetError`] for any other bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, MemberSetError> {
        let Some((&VERSION, bitmap)) = bytes.split_first() else {
            return Err(MemberSetError::UnknownVersion);
        };
        let (words, rest) = bitmap.as_chunks::<8>();
        let most = usize::try_from(HouseholdIndex::LIMIT / 64).unwrap_or(usize::MAX);
        if !rest.is_empty() || words.len() > most {
            return Err(MemberSetError::ImpossibleLength);
        }
        let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
        if words.last() == Some(&0) {
            return Err(MemberSetError::NotCanonical);
        }
        Ok(Self { words })
    }
}

impl FromIterator<HouseholdIndex> for MemberSet {
    fn from_iter<I: IntoIterator<Item = HouseholdIndex>>(households: I) -> Self {
        let mut set = Self::new();
        for household in households {
            set.insert(household);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set(indices: &BTreeSet<u32>) -> MemberSet {
        indices
            .iter()
            .map(|&index| HouseholdIndex::new(index).unwrap())
            .collect()
    }

    #[test]
    fn only_the_shortest_bytes_are_read() {
        assert_eq!(MemberSet::decode(&[]), Err(MemberSetError::UnknownVersion));
        assert_eq!(MemberSet::decode(&[2]), Err(MemberSetError::UnknownVersion));
        assert_eq!(MemberSet::decode(&[1, 0]), Err(MemberSetError::ImpossibleLength));
        assert_eq!(
            MemberSet::decode(&[1, 0, 0, 0, 0, 0, 0, 0, 0]),
            Err(MemberSetError::NotCanonical)
        );
        assert_eq!(MemberSet::decode(&[1]), Ok(MemberSet::new()));
        assert_eq!(set(&BTreeSet::from([0, 9])).encode(), [1, 1, 2, 0, 0, 0, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn a_bitmap_behaves_as_a_set(
            left in prop::collection::btree_set(0_u32..500, 0..80),
            right in prop::collection::btree_set(0_u32..500, 0..80),
        ) {
            let (a, b) = (set(&left), set(&right));
            prop_assert_eq!(usize::try_from(a.count().0).unwrap(), left.len());
            prop_assert_eq!(usize::try_from(a.count_without(&b).0).unwrap(), left.difference(&right).count());
            prop_assert_eq!(a.is_disjoint(&b), left.is_disjoint(&right));
            prop_assert_eq!(a == b, left == right);
            prop_assert_eq!(MemberSet::decode(&a.encode()), Ok(a));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(set) = MemberSet::decode(&bytes) {
                prop_assert_eq!(set.encode(), bytes);
            }
        }
    }
}
