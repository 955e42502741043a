//! One row, its leaf, and the check of one row against a root. Nothing here goes through `merkle-tree-rs`.

use std::fmt;

use ledger_core::leaf::{DeliveryLeaf, ManifestEncoding};
use sha3::{Digest, Keccak256};

use crate::commitment::Commitment;

/// A hash of the tree: of a row, of two nodes, or the root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeHash([u8; 32]);

/// A household in a delivery, as everybody who has the manifest sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Whose data.
    pub subject: Commitment,
    /// Which data.
    pub scope: Commitment,
    /// How many values of this household went into the delivery; in the clear.
    pub count: u64,
}

/// Why a row is not in a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// No tree of this many rows has a proof of this length.
    #[error("the proof has the wrong number of hashes")]
    WrongLength,
    /// Another row, or another manifest.
    #[error("the proof does not lead to the root")]
    RootMismatch,
}

impl Row {
    /// The types of the columns, pinned: the root does not commit to them.
    pub const fn types(encoding: ManifestEncoding) -> [&'static str; 3] {
        match encoding {
            ManifestEncoding::SubjectScopeCount => ["string", "string", "uint256"],
        }
    }

    /// The columns as npm takes them.
    pub fn columns(&self) -> [String; 3] {
        [self.subject.to_hex(), self.scope.to_hex(), self.count.to_string()]
    }

    /// Reads the columns in their one spelling: lowercase hexadecimal, a number without sign or leading zero.
    pub fn from_columns(columns: &[String]) -> Option<Self> {
        let [subject, scope, count] = columns else {
            return None;
        };
        let number: u64 = count.parse().ok()?;
        let row = Self {
            subject: Commitment::from_hex(subject)?,
            scope: Commitment::from_hex(scope)?,
            count: number,
        };
        (number.to_string() == *count).then_some(row)
    }

    /// `keccak256(keccak256(abi.encode(columns)))`.
    pub fn leaf_hash(&self) -> NodeHash {
        NodeHash(Keccak256::digest(Keccak256::digest(self.encode())).into())
    }

    /// Checks that this row is in the delivery, with types and number of rows as the leaf names them.
    ///
    /// `proof` goes from the row's sibling upwards. The number of rows fixes its length to within one hash; that there
    /// is no surplus row is seen from the whole manifest only ([`crate::Manifest::parse`]).
    ///
    /// # Errors
    /// [`RowError`].
    pub fn verify(&self, proof: &[NodeHash], delivery: &DeliveryLeaf) -> Result<(), RowError> {
        // Rows are the last n of 2n - 1 nodes in heap order, so they lie on two levels at most.
        let rows = delivery.rows.get();
        let (least, most) = (rows.ilog2(), rows.ilog2() + u32::from(!rows.is_power_of_two()));
        if !u32::try_from(proof.len()).is_ok_and(|length| (least..=most).contains(&length)) {
            return Err(RowError::WrongLength);
        }
        let start = match delivery.encoding {
            ManifestEncoding::SubjectScopeCount => self.leaf_hash(),
        };
        if proof.iter().fold(start, NodeHash::parent) == NodeHash(delivery.root) {
            Ok(())
        } else {
            Err(RowError::RootMismatch)
        }
    }

    /// The contract ABI of Ethereum for `(string, string, uint256)`: where the texts begin, the number, then each text
    /// behind its length. Both texts have 64 bytes, two whole words, so there is no padding.
    fn encode(&self) -> Vec<u8> {
        const WORD: u64 = 32;
        const TEXT: u64 = 64;
        let (first, second) = (3 * WORD, 3 * WORD + WORD + TEXT);
        let [subject, scope, _] = self.columns();
        let mut bytes = Vec::with_capacity(288);
        for number in [first, second, self.count, TEXT] {
            bytes.extend(word(number));
        }
        bytes.extend(subject.bytes());
        bytes.extend(word(TEXT));
        bytes.extend(scope.bytes());
        bytes
    }
}

fn word(number: u64) -> impl Iterator<Item = u8> {
    std::iter::repeat_n(0, 24).chain(number.to_be_bytes())
}

impl NodeHash {
    /// Wraps 32 bytes that are already a hash.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// `keccak256(smaller || larger)`: sides do not matter, so a proof needs none.
    pub(crate) fn parent(self, other: &Self) -> Self {
        let (smaller, larger) = if self <= *other {
            (self, *other)
        } else {
            (*other, self)
        };
        Self(
            Keccak256::new()
                .chain_update(smaller.0)
                .chain_update(larger.0)
                .finalize()
                .into(),
        )
    }

    /// Reads `0x` and 64 lowercase hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        Commitment::from_hex(text.strip_prefix("0x")?).map(|read| Self(*read.as_bytes()))
    }
}

impl fmt::Display for NodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for NodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
