//! Files that stand alone: the delivery leaf with its place in the log, and a household's row with both.

use ledger_core::{
    checkpoint::SignedCheckpoint,
    leaf::{DeliveryLeaf, LeafError},
    note::{Vkey, VkeyError},
    proof::{TlogProof, TlogProofError},
    tree::{LeafIndex, leaf_hash},
};
use serde::{Deserialize, Serialize};

use crate::opening::{self, Opening, OpeningError};

const LEAF_FORMAT: &str = "fiducie-delivery-leaf/1";
const ROW_FORMAT: &str = "fiducie-manifest-row/1";
/// An opening has at most 32 KiB, a leaf's proof 63 hashes and a checkpoint.
const MAX_LEN: usize = 65_536;

/// Proof that a delivery leaf stands in the log: `fiducie-delivery-leaf/1`, nothing verified yet.
///
/// Holds no secret: whoever got the delivery may have it, and so may whoever checks it.
#[derive(Clone, Debug)]
pub struct DeliveryProof {
    /// The leaf.
    pub leaf: DeliveryLeaf,
    /// Where it stands: a C2SP tlog-proof.
    pub proof: TlogProof,
    /// The key of the log, as the maker of the file states it.
    pub log_key: Vkey,
}

/// A household's row with everything that proves it: `fiducie-manifest-row/1`, nothing verified yet.
///
/// Secret, and personal, like the [`Opening`] in it.
#[derive(Clone, Debug)]
pub struct RowFile {
    /// The leaf that names the manifest.
    pub delivery: DeliveryProof,
    /// What opens the row, and its way to the root.
    pub opening: Opening,
}

/// A delivery leaf that is proven to stand in the log.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The leaf.
    pub leaf: DeliveryLeaf,
    /// Its place.
    pub index: LeafIndex,
    /// The head of the log that holds it.
    pub checkpoint: SignedCheckpoint,
}

/// Why such a file proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// Not the file.
    #[error("the file is malformed: {what}")]
    Malformed {
        /// Which rule is broken.
        what: &'static str,
    },
    /// The bytes are no delivery leaf.
    #[error("the leaf is malformed")]
    Leaf(#[from] LeafError),
    /// The log's key is malformed.
    #[error("the log key is malformed")]
    Vkey(#[from] VkeyError),
    /// The verifier expects another log.
    #[error("the file is of another log than the expected one")]
    OtherLog,
    /// The leaf is not proven to stand in the log.
    #[error("the delivery leaf is not proven to stand in the log")]
    Proof(#[from] TlogProofError),
    /// The row is not in the delivery, or is not about what the file says.
    #[error(transparent)]
    Opening(#[from] OpeningError),
}

/// Members in this order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LeafWire {
    format: String,
    /// Hexadecimal of the 49 bytes.
    leaf: String,
    log_key: String,
    proof: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowWire {
    format: String,
    delivery: LeafWire,
    opening: opening::File,
}

impl DeliveryProof {
    /// The file: JSON.
    pub fn to_json(&self) -> Vec<u8> {
        // INVARIANT: a struct of texts always becomes JSON.
        serde_json::to_vec(&self.wire()).unwrap_or_default()
    }

    /// Reads the file strictly; nothing is verified yet.
    ///
    /// # Errors
    /// [`ProofError`], except [`ProofError::OtherLog`].
    pub fn parse(json: &[u8]) -> Result<Self, ProofError> {
        Self::from_wire(&read(json)?)
    }

    /// Verifies that the leaf stands in a log that `expected` signed for, or, without it, the key in the file, which
    /// proves only that the file agrees with itself.
    ///
    /// # Errors
    /// [`ProofError::OtherLog`] or [`ProofError::Proof`].
    pub fn verify(&self, expected: Option<&Vkey>) -> Result<Proven, ProofError> {
        if expected.is_some_and(|key| *key != self.log_key) {
            return Err(ProofError::OtherLog);
        }
        let checkpoint = self
            .proof
            .verify(&leaf_hash(&self.leaf.to_bytes()), &self.log_key)?;
        Ok(Proven {
            leaf: self.leaf,
            index: self.proof.index(),
            checkpoint,
        })
    }

    fn wire(&self) -> LeafWire {
        LeafWire {
            format: LEAF_FORMAT.to_owned(),
            leaf: hex::encode(self.leaf.to_bytes()),
            log_key: self.log_key.to_string(),
            proof: self.proof.to_string(),
        }
    }

    fn from_wire(wire: &LeafWire) -> Result<Self, ProofError> {
        if wire.format != LEAF_FORMAT {
            return Err(malformed("the format is not fiducie-delivery-leaf/1"));
        }
        let leaf = hex::decode(&wire.leaf).map_err(|_| malformed("the leaf is not hexadecimal"))?;
        Ok(Self {
            leaf: DeliveryLeaf::parse(&leaf)?,
            proof: wire.proof.parse()?,
            log_key: wire.log_key.parse()?,
        })
    }
}

impl RowFile {
    /// The file: JSON. `opening.row` and `opening.proof` have the form that npm's `StandardMerkleTree.verify` takes.
    pub fn to_json(&self) -> Vec<u8> {
        let wire = RowWire {
            format: ROW_FORMAT.to_owned(),
            delivery: self.delivery.wire(),
            opening: self.opening.file(),
        };
        // INVARIANT: a struct of texts and numbers always becomes JSON.
        serde_json::to_vec(&wire).unwrap_or_default()
    }

    /// Reads the file strictly; nothing is verified yet.
    ///
    /// # Errors
    /// [`ProofError`], except [`ProofError::OtherLog`].
    pub fn parse(json: &[u8]) -> Result<Self, ProofError> {
        let wire: RowWire = read(json)?;
        if wire.format != ROW_FORMAT {
            return Err(malformed("the format is not fiducie-manifest-row/1"));
        }
        Ok(Self {
            delivery: DeliveryProof::from_wire(&wire.delivery)?,
            opening: Opening::from_file(&wire.opening)?,
        })
    }

    /// Verifies that the delivery leaf stands in the log, that the row is under its root, and that the row says exactly
    /// what the opening says. The caller compares that with what she expects.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn verify(&self, expected: Option<&Vkey>) -> Result<Proven, ProofError> {
        let proven = self.delivery.verify(expected)?;
        self.opening.verify(&proven.leaf)?;
        Ok(proven)
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, ProofError> {
    if json.len() > MAX_LEN {
        return Err(malformed("it is too large"));
    }
    serde_json::from_slice(json).map_err(|_| malformed("it is not its JSON"))
}

const fn malformed(what: &'static str) -> ProofError {
    ProofError::Malformed { what }
}

#[cfg(test)]
mod tests;
