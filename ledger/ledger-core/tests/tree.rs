//! The tree against a naive reading of RFC 6962 §2.1.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tests fail by panicking"
)]

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use ledger_core::tree::{
    Frontier, Hash, LeafIndex, NodeId, NodeMap, ProofError, ProofPlan, StoredNode, TreeSize, empty_root,
    leaf_hash, node_hash, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

fn size(leaves: usize) -> TreeSize {
    TreeSize::new(leaves as u64).unwrap()
}

fn index(leaf: usize) -> LeafIndex {
    LeafIndex::new(leaf as u64).unwrap()
}

/// The recursive definitions, word for word. Roots of ranges are remembered, only to be quick.
struct Naive<'l> {
    leaves: &'l [Hash],
    roots: HashMap<Range<usize>, Hash>,
}

fn split(range: &Range<usize>) -> (Range<usize>, Range<usize>) {
    let middle = range.start + (1 << (range.len() - 1).ilog2());
    (range.start..middle, middle..range.end)
}

impl Naive<'_> {
    fn root(&mut self, range: Range<usize>) -> Hash {
        if let Some(root) = self.roots.get(&range) {
            return *root;
        }
        let root = match range.len() {
            0 => empty_root(),
            1 => self.leaves[range.start],
            _ => {
                let (left, right) = split(&range);
                node_hash(&self.root(left), &self.root(right))
            }
        };
        self.roots.insert(range, root);
        root
    }

    fn path(&mut self, leaf: usize, range: &Range<usize>) -> Vec<Hash> {
        if range.len() == 1 {
            return vec![];
        }
        let (left, right) = split(range);
        let (inside, sibling) = if left.contains(&leaf) {
            (left, right)
        } else {
            (right, left)
        };
        let mut path = self.path(leaf, &inside);
        path.push(self.root(sibling));
        path
    }

    fn subproof(&mut self, old: usize, range: &Range<usize>, known: bool) -> Vec<Hash> {
        if old == range.end {
            return if known {
                vec![]
            } else {
                vec![self.root(range.clone())]
            };
        }
        let (left, right) = split(range);
        let (inside, sibling, known) = if old <= left.end {
            (left, right, known)
        } else {
            (right, left, false)
        };
        let mut proof = self.subproof(old, &inside, known);
        proof.push(self.root(sibling));
        proof
    }
}

struct Tree {
    leaves: Vec<Hash>,
    nodes: NodeMap,
    roots: Vec<Hash>,
}

fn grow(count: usize) -> Tree {
    let leaves: Vec<_> = (0..count)
        .map(|i| leaf_hash(format!("entry-{i}").as_bytes()))
        .collect();
    let mut frontier = Frontier::empty();
    let mut nodes = NodeMap::default();
    let mut roots = vec![frontier.root()];
    for leaf in &leaves {
        for StoredNode { id, hash } in frontier.append(*leaf).unwrap() {
            assert_eq!(nodes.get(id), None, "a node is stored once");
            nodes.insert(id, hash);
        }
        roots.push(frontier.root());
    }
    Tree { leaves, nodes, roots }
}

#[test]
fn every_leaf_of_every_small_tree_has_the_naive_proof() {
    let tree = grow(300);
    let mut naive = Naive {
        leaves: &tree.leaves,
        roots: HashMap::new(),
    };
    for n in 0..=300 {
        let root = tree.roots[n];
        assert_eq!(root, naive.root(0..n), "root of {n}");
        assert_eq!(Frontier::read(size(n), &tree.nodes).unwrap().root(), root);
        let mut shared = BTreeMap::new();
        for i in 0..n {
            let plan = ProofPlan::inclusion(index(i), size(n)).unwrap();
            let path = plan.build(&tree.nodes).unwrap();
            assert_eq!(plan.build_with(&tree.nodes, &mut shared).unwrap(), path);
            assert_eq!(path, naive.path(i, &(0..n)), "path of {i} in {n}");
            verify_inclusion(index(i), size(n), &tree.leaves[i], &path, &root).unwrap();
        }
    }
}

#[test]
fn every_pair_of_small_trees_has_the_naive_proof() {
    let tree = grow(128);
    let mut naive = Naive {
        leaves: &tree.leaves,
        roots: HashMap::new(),
    };
    for n in 0..=128 {
        for m in 0..=n {
            let plan = ProofPlan::consistency(size(m), size(n)).unwrap();
            let proof = plan.build(&tree.nodes).unwrap();
            if m > 0 {
                assert_eq!(proof, naive.subproof(m, &(0..n), true), "from {m} to {n}");
            }
            verify_consistency(size(m), size(n), &tree.roots[m], &tree.roots[n], &proof).unwrap();
            if m < n {
                assert!(
                    verify_consistency(size(n), size(m), &tree.roots[n], &tree.roots[m], &proof).is_err()
                );
            }
        }
    }
}

/// All ways to spoil a list of hashes a little.
fn spoiled(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for place in 0..proof.len() {
        for bit in 0..256 {
            let mut bytes = *proof[place].as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut one = proof.to_vec();
            one[place] = Hash::new(bytes);
            all.push(one);
        }
        let mut cut = proof.to_vec();
        cut.remove(place);
        all.push(cut);
        if place > 0 && proof[place] != proof[place - 1] {
            let mut swapped = proof.to_vec();
            swapped.swap(place, place - 1);
            all.push(swapped);
        }
    }
    for surplus in [empty_root(), proof.first().copied().unwrap_or_else(empty_root)] {
        all.push([proof, &[surplus]].concat());
        all.push([&[surplus], proof].concat());
    }
    all
}

#[test]
fn a_spoiled_inclusion_proof_is_refused() {
    let tree = grow(13);
    for n in 1..=13 {
        for i in 0..n {
            let (leaf, root) = (tree.leaves[i], tree.roots[n]);
            let path = ProofPlan::inclusion(index(i), size(n))
                .unwrap()
                .build(&tree.nodes)
                .unwrap();
            for wrong in spoiled(&path) {
                assert!(
                    verify_inclusion(index(i), size(n), &leaf, &wrong, &root).is_err(),
                    "{i} in {n}"
                );
            }
            for other in (0..40).filter(|other| *other != i) {
                assert!(
                    verify_inclusion(index(other), size(n), &leaf, &path, &root).is_err(),
                    "{i} as {other}"
                );
            }
        }
    }
}

#[test]
fn a_spoiled_consistency_proof_is_refused() {
    let tree = grow(13);
    for n in 1..=13 {
        for m in 1..=n {
            let (old, new) = (tree.roots[m], tree.roots[n]);
            let proof = ProofPlan::consistency(size(m), size(n))
                .unwrap()
                .build(&tree.nodes)
                .unwrap();
            for wrong in spoiled(&proof) {
                assert!(
                    verify_consistency(size(m), size(n), &old, &new, &wrong).is_err(),
                    "{m} to {n}"
                );
            }
            let other = leaf_hash(b"other");
            assert!(verify_consistency(size(m), size(n), &other, &new, &proof).is_err());
            assert!(verify_consistency(size(m), size(n), &old, &other, &proof).is_err());
        }
    }
}

#[test]
fn the_empty_tree_has_one_root_only() {
    let (root, other) = (leaf_hash(b"a"), leaf_hash(b"b"));
    assert_eq!(
        verify_consistency(size(0), size(0), &empty_root(), &empty_root(), &[]),
        Ok(())
    );
    assert_eq!(
        verify_consistency(size(0), size(1), &empty_root(), &root, &[]),
        Ok(())
    );
    assert_eq!(
        verify_consistency(size(0), size(1), &other, &root, &[]),
        Err(ProofError::OldRootMismatch)
    );
    assert!(verify_inclusion(index(0), size(0), &root, &[], &root).is_err());
}

#[test]
fn a_missing_node_is_named() {
    let plan = ProofPlan::inclusion(index(2), size(4)).unwrap();
    let error = plan.build(&NodeMap::default()).unwrap_err();
    assert_eq!(error.0, NodeId { level: 0, index: 3 });
    assert_eq!(
        plan.nodes().collect::<Vec<_>>(),
        [error.0, NodeId { level: 1, index: 0 }]
    );
}

fn hashes() -> impl Strategy<Value = Vec<Hash>> {
    prop::collection::vec(any::<[u8; 32]>().prop_map(Hash::new), 0..70)
}

proptest! {
    #[test]
    fn verifiers_never_panic_and_never_accept_noise(
        a in 0_u64..=i64::MAX as u64, b in 0_u64..=i64::MAX as u64, proof in hashes(),
        one in any::<[u8; 32]>(), two in any::<[u8; 32]>(),
    ) {
        prop_assume!(one != two);
        let (one, two) = (Hash::new(one), Hash::new(two));
        if let Some(i) = LeafIndex::new(a) {
            prop_assert!(verify_inclusion(i, TreeSize::new(b).unwrap(), &one, &proof, &two).is_err());
        }
        let (a, b) = (TreeSize::new(a).unwrap(), TreeSize::new(b).unwrap());
        prop_assert!(verify_consistency(a, b, &one, &two, &proof).is_err());
    }

    #[test]
    fn plans_for_the_largest_trees_stay_short(a in 0_u64..=i64::MAX as u64, b in 0_u64..=i64::MAX as u64) {
        let n = TreeSize::new(b).unwrap();
        if let Ok(plan) = LeafIndex::new(a).ok_or(()).and_then(|i| ProofPlan::inclusion(i, n).map_err(|_| ())) {
            prop_assert!(plan.nodes().count() <= 126);
        }
        if let Ok(plan) = ProofPlan::consistency(TreeSize::new(a).unwrap(), n) {
            prop_assert!(plan.nodes().count() <= 126);
        }
    }
}
