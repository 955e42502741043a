//! Verifying proofs: no recursion, no allocation, no panic on any input.

use super::{Hash, LeafIndex, TreeSize, empty_root, node_hash};

/// Why a proof was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf lies behind the end of the tree.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    OutsideTree {
        /// Index asked for.
        index: LeafIndex,
        /// Size of the tree.
        size: TreeSize,
    },
    /// Places of several leaves that do not ascend.
    #[error("leaf {index} does not stand behind the one before it in the list")]
    NotAscending {
        /// The place that is out of order.
        index: LeafIndex,
    },
    /// Too few or too many hashes for this index and size.
    #[error("the proof has the wrong number of hashes")]
    WrongLength,
    /// The path from the leaf does not end in the root.
    #[error("the proof does not lead to the root")]
    RootMismatch,
    /// The path does not go through the older root.
    #[error("the proof does not go through the older root")]
    OldRootMismatch,
    /// The "older" tree is the larger one.
    #[error("the tree shrank from {old} to {new} leaves")]
    Shrunk {
        /// Size presented as older.
        old: TreeSize,
        /// Size presented as newer.
        new: TreeSize,
    },
}

/// Checks that `leaf` is leaf number `index` of the tree with `size` leaves and root `root`
/// (RFC 9162 §2.1.3.2).
///
/// `proof` goes from the leaf upwards. Its length is fixed by index and size.
///
/// # Errors
/// [`ProofError::OutsideTree`], [`ProofError::WrongLength`] or [`ProofError::RootMismatch`].
pub fn verify_inclusion(
    index: LeafIndex,
    size: TreeSize,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if inclusion_root(index, size, leaf, proof)? == *root {
        Ok(())
    } else {
        Err(ProofError::RootMismatch)
    }
}

/// The root that `proof` leads to from `leaf`, leaf number `index` of a tree with `size` leaves: what a detached
/// signature must cover.
///
/// # Errors
/// [`ProofError::OutsideTree`] or [`ProofError::WrongLength`].
pub(crate) fn inclusion_root(
    index: LeafIndex,
    size: TreeSize,
    leaf: &Hash,
    proof: &[Hash],
) -> Result<Hash, ProofError> {
    if index.get() >= size.get() {
        return Err(ProofError::OutsideTree { index, size });
    }
    let mut position = Position {
        node: index.get(),
        last: size.get() - 1,
    };
    let mut hash = *leaf;
    for sibling in proof {
        if position.last == 0 {
            return Err(ProofError::WrongLength);
        }
        if position.sibling_is_left() {
            hash = node_hash(sibling, &hash);
            position.skip_missing_siblings();
        } else {
            hash = node_hash(&hash, sibling);
        }
        position.climb();
    }
    if position.last != 0 {
        return Err(ProofError::WrongLength);
    }
    Ok(hash)
}

/// Checks that the tree (`new_size`, `new_root`) only adds leaves to the tree (`old_size`, `old_root`)
/// (RFC 9162 §2.1.4.2).
///
/// From an empty tree to any other the proof is empty and proves nothing; the root of an empty tree must still be
/// `SHA-256("")`.
///
/// # Errors
/// Any [`ProofError`] but [`ProofError::OutsideTree`] and [`ProofError::NotAscending`].
pub fn verify_consistency(
    old_size: TreeSize,
    new_size: TreeSize,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old_size == TreeSize::ZERO {
        return match (
            proof.is_empty(),
            new_size == TreeSize::ZERO && old_root != new_root,
        ) {
            _ if *old_root != empty_root() => Err(ProofError::OldRootMismatch),
            (false, _) => Err(ProofError::WrongLength),
            (true, true) => Err(ProofError::RootMismatch),
            (true, false) => Ok(()),
        };
    }
    if consistency_root(old_size, new_size, old_root, proof)? == *new_root {
        Ok(())
    } else {
        Err(ProofError::RootMismatch)
    }
}

/// The newer root that `proof` leads to from a tree that is not empty: what a detached signature must cover.
///
/// # Errors
/// Any [`ProofError`] but [`ProofError::OutsideTree`]; [`ProofError::WrongLength`] also from the empty tree, from which
/// nothing can be proven.
pub(crate) fn consistency_root(
    old_size: TreeSize,
    new_size: TreeSize,
    old_root: &Hash,
    proof: &[Hash],
) -> Result<Hash, ProofError> {
    if old_size > new_size {
        return Err(ProofError::Shrunk {
            old: old_size,
            new: new_size,
        });
    }
    if old_size == TreeSize::ZERO {
        return Err(ProofError::WrongLength);
    }
    if old_size == new_size {
        return if proof.is_empty() {
            Ok(*old_root)
        } else {
            Err(ProofError::WrongLength)
        };
    }
    // A tree whose size is a power of two is itself a node on the path, so the proof leaves it out.
    let (start, rest) = if old_size.get().is_power_of_two() {
        if proof.is_empty() {
            return Err(ProofError::WrongLength);
        }
        (old_root, proof)
    } else {
        proof.split_first().ok_or(ProofError::WrongLength)?
    };
    let mut position = Position {
        node: old_size.get() - 1,
        last: new_size.get() - 1,
    };
    while position.node & 1 == 1 {
        position.climb();
    }
    let (mut old, mut new) = (*start, *start);
    for sibling in rest {
        if position.last == 0 {
            return Err(ProofError::WrongLength);
        }
        if position.sibling_is_left() {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            position.skip_missing_siblings();
        } else {
            new = node_hash(&new, sibling);
        }
        position.climb();
    }
    if position.last != 0 {
        return Err(ProofError::WrongLength);
    }
    if old != *old_root {
        return Err(ProofError::OldRootMismatch);
    }
    Ok(new)
}

/// Where a verifier stands: a node, and the last node of the same level.
struct Position {
    node: u64,
    last: u64,
}

impl Position {
    fn sibling_is_left(&self) -> bool {
        self.node & 1 == 1 || self.node == self.last
    }

    /// The last node of a level may have no sibling on several levels: its hash rises unchanged.
    fn skip_missing_siblings(&mut self) {
        while self.node & 1 == 0 && self.node != 0 {
            self.climb();
        }
    }

    fn climb(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }
}
