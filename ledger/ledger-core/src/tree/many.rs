//! Many leaves under one root, each inner hash once: what a complete list of records is proven with.

use super::{Hash, LeafIndex, ProofError, ProofPlan, TreeSize, build::Range, node_hash};

impl ProofPlan {
    /// Plans the proof that leaves at these places are in the tree: the subtrees that hold none of them, from the left.
    ///
    /// For one leaf it has the hashes of [`ProofPlan::inclusion`] in another order; for all leaves it is empty.
    ///
    /// # Errors
    /// [`ProofError::NotAscending`] or [`ProofError::OutsideTree`].
    pub fn inclusion_of_many(indexes: &[LeafIndex], size: TreeSize) -> Result<Self, ProofError> {
        check_places(indexes.iter().copied(), size)?;
        let mut ranges = Vec::new();
        if size != TreeSize::ZERO {
            siblings(Range::whole(size), indexes, &mut ranges);
        }
        Ok(Self(ranges))
    }
}

/// Checks that each of `leaves` stands at its place in the tree with `size` leaves and root `root`.
///
/// `leaves` go from the left, each place once; `proof` holds the roots of the subtrees without any of them, from the
/// left. Its length is fixed by places and size.
///
/// # Errors
/// [`ProofError::NotAscending`], [`ProofError::OutsideTree`], [`ProofError::WrongLength`] or
/// [`ProofError::RootMismatch`].
pub fn verify_inclusion_of_many(
    leaves: &[(LeafIndex, Hash)],
    size: TreeSize,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    check_places(leaves.iter().map(|(index, _)| *index), size)?;
    let mut hashes = proof.iter();
    let computed = if size == TreeSize::ZERO {
        super::empty_root()
    } else {
        fold(Range::whole(size), leaves, &mut hashes)?
    };
    if hashes.next().is_some() {
        return Err(ProofError::WrongLength);
    }
    if computed == *root {
        Ok(())
    } else {
        Err(ProofError::RootMismatch)
    }
}

fn check_places(places: impl Iterator<Item = LeafIndex>, size: TreeSize) -> Result<(), ProofError> {
    let mut before: Option<LeafIndex> = None;
    for index in places {
        if before.is_some_and(|before| before >= index) {
            return Err(ProofError::NotAscending { index });
        }
        if index.get() >= size.get() {
            return Err(ProofError::OutsideTree { index, size });
        }
        before = Some(index);
    }
    Ok(())
}

// Both go down at most 63 levels, one for each halving of a tree of at most 2^63 - 1 leaves.

fn siblings(range: Range, indexes: &[LeafIndex], ranges: &mut Vec<Range>) {
    if indexes.is_empty() {
        ranges.push(range);
    } else if let Some((left, right)) = range.split() {
        let (before, after) = cut(indexes, |index| *index, left);
        siblings(left, before, ranges);
        siblings(right, after, ranges);
    }
}

fn fold(
    range: Range,
    leaves: &[(LeafIndex, Hash)],
    proof: &mut std::slice::Iter<'_, Hash>,
) -> Result<Hash, ProofError> {
    let Some((_, first)) = leaves.first() else {
        return proof.next().copied().ok_or(ProofError::WrongLength);
    };
    match range.split() {
        // Places ascend, so a single place holds a single leaf.
        None => Ok(*first),
        Some((left, right)) => {
            let (before, after) = cut(leaves, |(index, _)| *index, left);
            let left = fold(left, before, proof)?;
            Ok(node_hash(&left, &fold(right, after, proof)?))
        }
    }
}

fn cut<T>(items: &[T], place: impl Fn(&T) -> LeafIndex, left: Range) -> (&[T], &[T]) {
    let middle = items.partition_point(|item| place(item).get() < left.to);
    items.split_at_checked(middle).unwrap_or((items, &[]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tree::{Frontier, NodeMap, leaf_hash, verify_inclusion};

    struct Sample {
        nodes: NodeMap,
        leaves: Vec<Hash>,
        frontier: Frontier,
    }

    fn tree(size: u64) -> Sample {
        let mut sample = Sample {
            nodes: NodeMap::default(),
            leaves: Vec::new(),
            frontier: Frontier::empty(),
        };
        for index in 0..size {
            let leaf = leaf_hash(format!("entry-{index}").as_bytes());
            sample.leaves.push(leaf);
            for node in sample.frontier.append(leaf).unwrap() {
                sample.nodes.insert(node.id, node.hash);
            }
        }
        sample
    }

    fn place(index: u64) -> LeafIndex {
        LeafIndex::new(index).unwrap()
    }

    fn prove(sample: &Sample, places: &[LeafIndex]) -> (Vec<(LeafIndex, Hash)>, Vec<Hash>) {
        let plan = ProofPlan::inclusion_of_many(places, sample.frontier.size()).unwrap();
        let leaves = places.iter().map(|index| {
            let at = usize::try_from(index.get()).unwrap();
            (*index, sample.leaves[at])
        });
        (leaves.collect(), plan.build(&sample.nodes).unwrap())
    }

    #[test]
    fn every_leaf_alone_has_the_hashes_of_its_own_proof() {
        for size in 1..70 {
            let sample = tree(size);
            let root = sample.frontier.root();
            for index in 0..size {
                let (leaves, mut proof) = prove(&sample, &[place(index)]);
                verify_inclusion_of_many(&leaves, sample.frontier.size(), &proof, &root).unwrap();
                let plan = ProofPlan::inclusion(place(index), sample.frontier.size()).unwrap();
                let mut alone = plan.build(&sample.nodes).unwrap();
                verify_inclusion(place(index), sample.frontier.size(), &leaves[0].1, &alone, &root).unwrap();
                proof.sort_unstable();
                alone.sort_unstable();
                assert_eq!(proof, alone);
            }
        }
    }

    #[test]
    fn all_leaves_together_need_no_hash_and_none_needs_only_the_root() {
        let sample = tree(13);
        let all: Vec<_> = (0..13).map(place).collect();
        assert_eq!(prove(&sample, &all).1, []);
        assert_eq!(prove(&sample, &[]).1, [sample.frontier.root()]);
        verify_inclusion_of_many(&[], TreeSize::ZERO, &[], &crate::tree::empty_root()).unwrap();
    }

    #[test]
    fn places_out_of_order_repeated_or_outside_are_refused() {
        let size = TreeSize::new(5).unwrap();
        for (places, expected) in [
            (
                vec![place(2), place(1)],
                ProofError::NotAscending { index: place(1) },
            ),
            (
                vec![place(2), place(2)],
                ProofError::NotAscending { index: place(2) },
            ),
            (
                vec![place(5)],
                ProofError::OutsideTree {
                    index: place(5),
                    size,
                },
            ),
        ] {
            assert_eq!(ProofPlan::inclusion_of_many(&places, size), Err(expected));
            let leaves: Vec<_> = places.iter().map(|index| (*index, leaf_hash(b""))).collect();
            assert_eq!(
                verify_inclusion_of_many(&leaves, size, &[], &leaf_hash(b"")),
                Err(expected)
            );
        }
    }

    proptest! {
        #[test]
        fn any_set_is_proven_and_any_change_is_seen(
            size in 1_u64..200,
            picks in proptest::collection::btree_set(0_u64..200, 0..40),
            change in any::<proptest::sample::Index>(),
            bit in 0_usize..256,
        ) {
            let sample = tree(size);
            let places: Vec<_> = picks.into_iter().filter(|index| *index < size).map(place).collect();
            let (mut leaves, mut proof) = prove(&sample, &places);
            let (size, root) = (sample.frontier.size(), sample.frontier.root());
            prop_assert_eq!(verify_inclusion_of_many(&leaves, size, &proof, &root), Ok(()));

            let mut longer = proof.clone();
            longer.push(root);
            prop_assert_eq!(
                verify_inclusion_of_many(&leaves, size, &longer, &root),
                Err(ProofError::WrongLength)
            );
            if let Some((_, shorter)) = proof.split_last() {
                prop_assert_eq!(
                    verify_inclusion_of_many(&leaves, size, shorter, &root),
                    Err(ProofError::WrongLength)
                );
            }
            let at = change.index(leaves.len() + proof.len());
            let hash = if at < leaves.len() { &mut leaves[at].1 } else { &mut proof[at - leaves.len()] };
            let mut bytes = *hash.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            *hash = Hash::new(bytes);
            prop_assert_eq!(
                verify_inclusion_of_many(&leaves, size, &proof, &root),
                Err(ProofError::RootMismatch)
            );
        }
    }
}
