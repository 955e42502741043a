//! Building proofs from stored nodes.
//!
//! Only *complete* subtrees are stored: they never change again. Everything else is folded from them.

use std::collections::BTreeMap;

use super::{Hash, LeafIndex, ProofError, TreeSize, node_hash};

/// Name of a complete subtree: the leaves `[index * 2^level, (index + 1) * 2^level)`. Level 0 are the leaf hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// Height above the leaves, 0 to 63.
    pub level: u8,
    /// Place among the nodes of that level, from the left.
    pub index: u64,
}

/// Gives the hashes of complete subtrees.
///
/// A reader returns what was stored under that name or an error; it never folds or invents. An asynchronous store
/// asks [`ProofPlan::nodes`] or [`super::Frontier::nodes`] which nodes are needed, fetches them in one go and
/// passes a [`NodeMap`].
pub trait HashReader {
    /// Why a hash could not be had.
    type Error;

    /// The hash of one complete subtree.
    ///
    /// # Errors
    /// When the node is absent or the store fails.
    fn read(&self, node: NodeId) -> Result<Hash, Self::Error>;
}

/// Nodes held in memory.
#[derive(Clone, Debug, Default)]
pub struct NodeMap(BTreeMap<NodeId, Hash>);

/// A node that the proof needs was not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("node {index} of level {level} is missing", level = .0.level, index = .0.index)]
pub struct MissingNode(pub NodeId);

impl NodeMap {
    /// Remembers a node, and forgets what stood there before.
    pub fn insert(&mut self, node: NodeId, hash: Hash) {
        self.0.insert(node, hash);
    }

    /// The hash of a node.
    pub fn get(&self, node: NodeId) -> Option<Hash> {
        self.0.get(&node).copied()
    }
}

impl FromIterator<(NodeId, Hash)> for NodeMap {
    fn from_iter<I: IntoIterator<Item = (NodeId, Hash)>>(nodes: I) -> Self {
        Self(nodes.into_iter().collect())
    }
}

impl HashReader for NodeMap {
    type Error = MissingNode;

    fn read(&self, node: NodeId) -> Result<Hash, MissingNode> {
        self.get(node).ok_or(MissingNode(node))
    }
}

/// Which stored nodes make up a proof, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofPlan(pub(super) Vec<Range>);

impl ProofPlan {
    /// Plans `PATH(index, D[size])` of RFC 6962 §2.1.1.
    ///
    /// # Errors
    /// [`ProofError::OutsideTree`].
    pub fn inclusion(index: LeafIndex, size: TreeSize) -> Result<Self, ProofError> {
        if index.get() < size.get() {
            Ok(Self(inclusion_ranges(index, size)))
        } else {
            Err(ProofError::OutsideTree { index, size })
        }
    }

    /// Plans `PROOF(old_size, D[new_size])` of RFC 6962 §2.1.2; empty for old size 0 and for equal sizes.
    ///
    /// # Errors
    /// [`ProofError::Shrunk`].
    pub fn consistency(old_size: TreeSize, new_size: TreeSize) -> Result<Self, ProofError> {
        if old_size <= new_size {
            Ok(Self(consistency_ranges(old_size, new_size)))
        } else {
            Err(ProofError::Shrunk {
                old: old_size,
                new: new_size,
            })
        }
    }

    /// The nodes that [`Self::build`] reads, each once.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.0.iter().flat_map(|range| range.complete_nodes())
    }

    /// How many hashes the proof has.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the proof has no hash.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same plan in pieces of at most `most` hashes, whose proofs make up the whole one after the other: for
    /// readers that must not hold all nodes at once.
    pub fn parts(self, most: usize) -> impl Iterator<Item = Self> {
        let mut ranges = self.0.into_iter().peekable();
        std::iter::from_fn(move || {
            ranges.peek()?;
            Some(Self(ranges.by_ref().take(most.max(1)).collect()))
        })
    }

    /// The proof, from the leaf upwards, by a reader that may know the roots of whole ranges `[from, to)`: the proofs of
    /// many leaves of one tree share those on its right edge.
    ///
    /// # Errors
    /// Whatever the reader cannot read.
    pub fn build_with<R: HashReader>(
        &self,
        reader: &R,
        known: &mut BTreeMap<(u64, u64), Hash>,
    ) -> Result<Vec<Hash>, R::Error> {
        let mut hashes = Vec::with_capacity(self.0.len());
        for range in &self.0 {
            let hash = match range.complete() {
                // One look-up anyway.
                Some(node) => reader.read(node)?,
                None => match known.get(&(range.from, range.to)) {
                    Some(hash) => *hash,
                    None => {
                        let hash = range.root(reader)?;
                        known.insert((range.from, range.to), hash);
                        hash
                    }
                },
            };
            hashes.push(hash);
        }
        Ok(hashes)
    }

    /// The proof, from the leaf upwards.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn build<R: HashReader>(&self, reader: &R) -> Result<Vec<Hash>, R::Error> {
        self.0.iter().map(|range| range.root(reader)).collect()
    }
}

fn inclusion_ranges(index: LeafIndex, size: TreeSize) -> Vec<Range> {
    let mut ranges = Vec::new();
    let mut whole = Range::whole(size);
    while let Some((left, right)) = whole.split() {
        let (next, sibling) = if index.get() < left.to {
            (left, right)
        } else {
            (right, left)
        };
        ranges.push(sibling);
        whole = next;
    }
    ranges.reverse();
    ranges
}

fn consistency_ranges(old_size: TreeSize, new_size: TreeSize) -> Vec<Range> {
    let mut ranges = Vec::new();
    let old = old_size.get();
    if old == 0 || old_size >= new_size {
        return ranges;
    }
    let mut whole = Range::whole(new_size);
    // The old tree ends inside `whole`; go down until it ends exactly at its right border.
    while whole.to != old {
        let Some((left, right)) = whole.split() else { break };
        let (next, sibling) = if old <= left.to {
            (left, right)
        } else {
            (right, left)
        };
        ranges.push(sibling);
        whole = next;
    }
    // SUB(m, D[m], true) = []: the verifier knows that root already. SUB(m, D[m], false) = [MTH(D[m])].
    if whole.from != 0 {
        ranges.push(whole);
    }
    ranges.reverse();
    ranges
}

/// Leaves `[from, to)`, where `from` is a multiple of the largest power of two below the length: a subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: u64,
    pub(super) to: u64,
}

impl Range {
    /// All leaves of a tree.
    pub(super) const fn whole(size: TreeSize) -> Self {
        Self {
            from: 0,
            to: size.get(),
        }
    }

    /// Cuts at the largest power of two strictly below the length; `None` for a single leaf.
    pub(super) fn split(self) -> Option<(Self, Self)> {
        let length = self.to - self.from;
        let last = length.checked_sub(1).filter(|last| *last > 0)?;
        let middle = self.from + (1 << last.ilog2());
        Some((Self { to: middle, ..self }, Self { from: middle, ..self }))
    }

    /// The complete subtrees that make up the range, largest first.
    pub(super) fn complete_nodes(self) -> impl DoubleEndedIterator<Item = NodeId> {
        let length = self.to - self.from;
        (0_u8..64)
            .rev()
            .filter(move |level| length >> level & 1 == 1)
            .map(move |level| {
                // All larger parts lie to the left of this one.
                let before = self.from + (length >> level >> 1 << 1 << level);
                NodeId {
                    level,
                    index: before >> level,
                }
            })
    }

    /// The one node that covers the range, if it is a complete subtree: most siblings of a proof are.
    fn complete(self) -> Option<NodeId> {
        let length = self.to - self.from;
        let level = length.trailing_zeros();
        (length.is_power_of_two() && self.from.trailing_zeros() >= level).then_some(NodeId {
            level: u8::try_from(level).ok()?,
            index: self.from >> level,
        })
    }

    fn root<R: HashReader>(self, reader: &R) -> Result<Hash, R::Error> {
        if let Some(node) = self.complete() {
            return reader.read(node);
        }
        let mut nodes = self.complete_nodes().rev().map(|node| reader.read(node));
        let Some(last) = nodes.next() else {
            return Ok(super::empty_root());
        };
        nodes.try_fold(last?, |right, left| Ok(node_hash(&left?, &right)))
    }
}
