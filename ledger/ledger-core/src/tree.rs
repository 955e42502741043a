//! The Merkle tree of RFC 6962 §2.1 over SHA-256.
//!
//! ```text
//! MTH({})      = SHA-256("")
//! leaf hash    = SHA-256(0x00 || entry)
//! node hash    = SHA-256(0x01 || left || right)
//! MTH(D[0:n])  = node(MTH(D[0:k]), MTH(D[k:n]))        k = largest power of two strictly below n (n > 1)
//! ```

mod build;
mod frontier;
mod many;
mod verify;

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest::{Context, SHA256};

pub use build::{HashReader, MissingNode, NodeId, NodeMap, ProofPlan};
pub use frontier::{Frontier, FrontierError, StoredNode};
pub use many::verify_inclusion_of_many;
pub use verify::{ProofError, verify_consistency, verify_inclusion};
pub(crate) use verify::{consistency_root, inclusion_root};

/// A SHA-256 digest that stands in the tree: a leaf hash, a node hash or a root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Wraps 32 bytes that are already a digest.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Takes a hash from bytes of any length; `None` unless there are exactly 32.
    ///
    /// Elements of a proof must pass here one by one *before* anything is joined, because an empty element would
    /// vanish in a concatenation.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Standard padded base64, as in checkpoints and proofs (44 characters).
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads standard base64 strictly: padding required, no stray bits, exactly 32 bytes.
    pub fn from_base64(text: &str) -> Option<Self> {
        Self::from_slice(&STANDARD.decode(text).ok()?)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Hash {
    /// Lowercase hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Number of leaves of a tree: at most 2^63 - 1 (C2SP tlog-checkpoint; larger values are refused everywhere).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeSize(u64);

impl TreeSize {
    /// The empty tree.
    pub const ZERO: Self = Self(0);
    /// The largest size any of our formats accepts.
    pub const MAX: Self = Self(i64::MAX.cast_unsigned());

    /// `None` above 2^63 - 1.
    pub const fn new(leaves: u64) -> Option<Self> {
        if leaves <= Self::MAX.0 {
            Some(Self(leaves))
        } else {
            None
        }
    }

    /// The number of leaves.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The index of the last leaf; `None` for the empty tree.
    pub const fn last_index(self) -> Option<LeafIndex> {
        match self.0.checked_sub(1) {
            Some(index) => Some(LeafIndex(index)),
            None => None,
        }
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Place of a leaf in the log, counted from 0: at most 2^63 - 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafIndex(u64);

impl LeafIndex {
    /// `None` where no tree could hold the leaf.
    pub const fn new(index: u64) -> Option<Self> {
        if index < TreeSize::MAX.0 {
            Some(Self(index))
        } else {
            None
        }
    }

    /// The index.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The size of the smallest tree that holds this leaf: index + 1.
    pub const fn smallest_tree(self) -> TreeSize {
        TreeSize(self.0 + 1)
    }
}

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Root of the empty tree: `SHA-256("")` (RFC 6962 §2.1).
pub fn empty_root() -> Hash {
    digest(&[])
}

/// `SHA-256(0x00 || entry)` (RFC 6962 §2.1).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    digest(&[&[0x00], entry])
}

/// `SHA-256(0x01 || left || right)` (RFC 6962 §2.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    digest(&[&[0x01], &left.0, &right.0])
}

/// `SHA-256` of the parts, one after the other.
pub(crate) fn digest(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes
        .iter_mut()
        .zip(context.finish().as_ref())
        .for_each(|(to, from)| *to = *from);
    Hash(bytes)
}
