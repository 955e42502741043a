//! Growing a tree: the right edge is all that is needed to append.

use super::{Hash, HashReader, LeafIndex, NodeId, TreeSize, build::Range, empty_root, node_hash};

/// The complete subtrees along the right edge of a tree, largest first: enough to append and to know the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: TreeSize,
    peaks: Vec<Hash>,
}

/// A node that became complete and must be stored; it never changes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredNode {
    /// Which node.
    pub id: NodeId,
    /// Its hash.
    pub hash: Hash,
}

/// Why a frontier could not be made or grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// A tree of this size has another number of complete subtrees on its edge.
    #[error("a tree of {size} leaves has {expected} edge nodes, {given} were given")]
    WrongNodes {
        /// Size of the tree.
        size: TreeSize,
        /// Number of one bits in the size.
        expected: u32,
        /// Number of hashes given.
        given: usize,
    },
    /// The tree has 2^63 - 1 leaves.
    #[error("the tree is full")]
    Full,
}

impl Frontier {
    /// The frontier of the empty tree.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Takes up a stored tree; `peaks` are the hashes of [`Frontier::nodes`] in that order.
    ///
    /// # Errors
    /// [`FrontierError::WrongNodes`].
    pub fn new(size: TreeSize, peaks: Vec<Hash>) -> Result<Self, FrontierError> {
        let expected = size.get().count_ones();
        if u32::try_from(peaks.len()) == Ok(expected) {
            Ok(Self { size, peaks })
        } else {
            Err(FrontierError::WrongNodes {
                size,
                expected,
                given: peaks.len(),
            })
        }
    }

    /// Reads the frontier of a stored tree.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn read<R: HashReader>(size: TreeSize, reader: &R) -> Result<Self, R::Error> {
        let peaks = Self::nodes(size)
            .into_iter()
            .map(|node| reader.read(node))
            .collect::<Result<_, _>>()?;
        Ok(Self { size, peaks })
    }

    /// The nodes on the right edge of a tree of `size` leaves, largest first (at most 63).
    pub fn nodes(size: TreeSize) -> Vec<NodeId> {
        Range::whole(size).complete_nodes().collect()
    }

    /// Number of leaves.
    pub const fn size(&self) -> TreeSize {
        self.size
    }

    /// The hashes of [`Frontier::nodes`], largest subtree first: what [`Frontier::new`] takes.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Root of the tree (RFC 6962 §2.1).
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => empty_root(),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        }
    }

    /// Appends a leaf hash and returns the nodes that became complete: the leaf itself first, then upwards.
    /// A store inserts exactly these rows.
    ///
    /// # Errors
    /// [`FrontierError::Full`]; the frontier is then unchanged.
    pub fn append(&mut self, leaf: Hash) -> Result<Vec<StoredNode>, FrontierError> {
        let index = LeafIndex::new(self.size.get()).ok_or(FrontierError::Full)?;
        let mut node = StoredNode {
            id: NodeId {
                level: 0,
                index: index.get(),
            },
            hash: leaf,
        };
        let mut complete = vec![node];
        // A node with an odd index is a right child: its parent is complete now.
        while node.id.index & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            node = StoredNode {
                id: NodeId {
                    level: node.id.level + 1,
                    index: node.id.index >> 1,
                },
                hash: node_hash(&left, &node.hash),
            };
            complete.push(node);
        }
        self.peaks.push(node.hash);
        self.size = index.smallest_tree();
        Ok(complete)
    }
}
