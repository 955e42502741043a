//! COSE receipts (RFC 9942): the proofs of our tree as other people's tools read them.
//!
//! ```text
//! 18([ protected:   bstr .cbor { 1: -8, 4: kid, 15: {1: issuer, 2: subject}, 16: typ, 395: 1 },
//!      unprotected: { 396: { -1: [bstr .cbor [size, index, [path...]]] } },            inclusion
//!                   { 396: { -2: [bstr .cbor [old size, new size, [path...]]] } },     consistency
//!      payload:     null,
//!      signature:   bstr ])       over ["Signature1", protected, h'', root], Ed25519
//! ```
//!
//! The payload is detached: the verifier rebuilds the root from what it holds and the path, then verifies the signature
//! over that root. Issuer is the origin of the log. A receipt is only signed for a checkpoint that the log has signed,
//! so the key of receipts can claim nothing that the log does not.
//!
//! LIMIT: the signature covers the root and not the sizes, which stand in the unprotected header. Where two sizes ask
//! for paths of one shape, a receipt verifies for both. No two trees of different size have one root, so a verifier to
//! whom the size matters holds the returned root against a checkpoint of that size.

mod cbor;
mod key;
mod message;

use cbor::{Reader, Writer};
pub use key::{Ed25519ReceiptSigner, ReceiptKey, ReceiptSigner};
use message::{Kind, Message};

use crate::{
    checkpoint::SignedCheckpoint,
    tree::{Hash, LeafIndex, ProofError, TreeSize, consistency_root, inclusion_root, leaf_hash},
};

/// Media type of a receipt (RFC 9943, registered with IANA; its files end in `.receipt`).
pub const MEDIA_TYPE: &str = "application/scitt-receipt+cose";
/// Media type of a [`ReceiptKey`] alone (RFC 9052 §11.3.2).
pub const KEY_MEDIA_TYPE: &str = "application/cose-key";
/// Largest receipt we read, in bytes: 64 hashes of 34 bytes, and room for the header.
pub const MAX_RECEIPT_LEN: usize = 4096;
/// Longest path we read. A tree of 2^63 leaves needs 63 hashes for an inclusion, and 64 for a consistency.
const MAX_PATH_LEN: u64 = 64;

/// An entry is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionReceipt {
    message: Message,
    size: TreeSize,
    index: LeafIndex,
    path: Vec<Hash>,
}

/// A later tree holds an earlier one unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyReceipt {
    message: Message,
    old_size: TreeSize,
    new_size: TreeSize,
    path: Vec<Hash>,
}

/// Why a receipt was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not the bytes of a receipt of ours.
    #[error("the receipt is malformed: {what}")]
    Malformed {
        /// Which rule is broken.
        what: &'static str,
    },
    /// Signed with something else than EdDSA.
    #[error("the signature algorithm {alg} is not EdDSA")]
    Algorithm {
        /// Its number.
        alg: i64,
    },
    /// About another kind of tree.
    #[error("the verifiable data structure {vds} is not RFC9162_SHA256")]
    Structure {
        /// Its number.
        vds: i64,
    },
    /// Signed to prove something else.
    #[error("the receipt was signed to prove something else")]
    OtherKind,
    /// By another log.
    #[error("the receipt is by another issuer")]
    OtherIssuer,
    /// By another key.
    #[error("the receipt names another key")]
    OtherKey,
    /// The path fits neither entry nor sizes.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The signature is not by this key over this root.
    #[error("the signature of the receipt does not verify")]
    Signature,
}

const fn malformed(what: &'static str) -> ReceiptError {
    ReceiptError::Malformed { what }
}

impl InclusionReceipt {
    /// Signs that `entry` is leaf number `index` of the tree of a checkpoint.
    ///
    /// `path` is the inclusion proof, leaf sibling first. `subject` says what the receipt is about in the issuer's words
    /// (RFC 9943), for instance `urn:fiducie:record`; it must not say *whom* it is about.
    ///
    /// # Errors
    /// [`ReceiptError::Proof`] when the path does not lead to the checkpoint's root, [`ReceiptError::OtherIssuer`] when
    /// the signer speaks for another log, [`ReceiptError::Malformed`] for an unfit subject.
    pub fn sign(
        entry: &[u8],
        index: LeafIndex,
        path: Vec<Hash>,
        checkpoint: &SignedCheckpoint,
        subject: &str,
        signer: &dyn ReceiptSigner,
    ) -> Result<Self, ReceiptError> {
        let typ = Some(Kind::Inclusion);
        Self::sign_as(typ, entry, (index, path), checkpoint, subject, signer)
    }

    fn sign_as(
        typ: Option<Kind>,
        entry: &[u8],
        (index, path): (LeafIndex, Vec<Hash>),
        checkpoint: &SignedCheckpoint,
        subject: &str,
        signer: &dyn ReceiptSigner,
    ) -> Result<Self, ReceiptError> {
        let size = checkpoint.size();
        if inclusion_root(index, size, &leaf_hash(entry), &path)? != checkpoint.root() {
            return Err(ProofError::RootMismatch.into());
        }
        check_issuer(checkpoint, signer)?;
        Ok(Self {
            message: Message::sign(Kind::Inclusion, typ, subject, &checkpoint.root(), signer)?,
            size,
            index,
            path,
        })
    }

    /// Place of the entry in the log.
    pub const fn index(&self) -> LeafIndex {
        self.index
    }

    /// Number of leaves of the tree it was proven in.
    pub const fn size(&self) -> TreeSize {
        self.size
    }

    /// What the issuer says it is about.
    pub fn subject(&self) -> &str {
        self.message.subject()
    }

    /// Checks that the log which `key` speaks for has `entry` at [`Self::index`]; returns the root that was signed, to
    /// be held against a checkpoint of [`Self::size`].
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify(&self, entry: &[u8], key: &ReceiptKey) -> Result<Hash, ReceiptError> {
        let root = inclusion_root(self.index, self.size, &leaf_hash(entry), &self.path)?;
        self.message.verify(&root, key)?;
        Ok(root)
    }

    /// The receipt in deterministic CBOR, media type [`MEDIA_TYPE`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = (self.size.get(), self.index.get());
        self.message.encode(&encode_proof(numbers, &self.path))
    }

    /// Reads a receipt; nothing is verified yet.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`], [`ReceiptError::Algorithm`], [`ReceiptError::Structure`] or
    /// [`ReceiptError::OtherKind`]; [`ReceiptError::Proof`] when the index lies outside of the tree.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let (message, proof) = parse_message(Kind::Inclusion, bytes)?;
        let ((size, index), path) = parse_proof(proof)?;
        let size = TreeSize::new(size).ok_or(TOO_LARGE)?;
        let index = LeafIndex::new(index).ok_or(TOO_LARGE)?;
        if index.get() >= size.get() {
            return Err(ProofError::OutsideTree { index, size }.into());
        }
        Ok(Self {
            message,
            size,
            index,
            path,
        })
    }
}

impl ConsistencyReceipt {
    /// Signs that the tree of `new` only adds leaves to the tree of `old`.
    ///
    /// # Errors
    /// [`ReceiptError::Proof`] when the path does not lead from the one root to the other (from an empty tree nothing
    /// can be proven), [`ReceiptError::OtherIssuer`] when signer and checkpoints are not of one log,
    /// [`ReceiptError::Malformed`] for an unfit subject.
    pub fn sign(
        old: &SignedCheckpoint,
        new: &SignedCheckpoint,
        path: Vec<Hash>,
        subject: &str,
        signer: &dyn ReceiptSigner,
    ) -> Result<Self, ReceiptError> {
        if consistency_root(old.size(), new.size(), &old.root(), &path)? != new.root() {
            return Err(ProofError::RootMismatch.into());
        }
        check_issuer(old, signer)?;
        check_issuer(new, signer)?;
        let kind = Kind::Consistency;
        Ok(Self {
            message: Message::sign(kind, Some(kind), subject, &new.root(), signer)?,
            old_size: old.size(),
            new_size: new.size(),
            path,
        })
    }

    /// Number of leaves of the older tree.
    pub const fn old_size(&self) -> TreeSize {
        self.old_size
    }

    /// Number of leaves of the newer tree.
    pub const fn new_size(&self) -> TreeSize {
        self.new_size
    }

    /// What the issuer says it is about.
    pub fn subject(&self) -> &str {
        self.message.subject()
    }

    /// Checks that the log which `key` speaks for still holds the tree with `old_root`, and returns the newer root.
    ///
    /// `old_root` comes from the verifier's memory of the tree of [`Self::old_size`], never from the receipt.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify(&self, old_root: &Hash, key: &ReceiptKey) -> Result<Hash, ReceiptError> {
        let root = consistency_root(self.old_size, self.new_size, old_root, &self.path)?;
        self.message.verify(&root, key)?;
        Ok(root)
    }

    /// The receipt in deterministic CBOR, media type [`MEDIA_TYPE`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = (self.old_size.get(), self.new_size.get());
        self.message.encode(&encode_proof(numbers, &self.path))
    }

    /// Reads a receipt; nothing is verified yet.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`], [`ReceiptError::Algorithm`], [`ReceiptError::Structure`] or
    /// [`ReceiptError::OtherKind`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let (message, proof) = parse_message(Kind::Consistency, bytes)?;
        let ((old, new), path) = parse_proof(proof)?;
        Ok(Self {
            message,
            old_size: TreeSize::new(old).ok_or(TOO_LARGE)?,
            new_size: TreeSize::new(new).ok_or(TOO_LARGE)?,
            path,
        })
    }
}

const TOO_LARGE: ReceiptError = malformed("a size or an index is above 2^63 - 1");

fn check_issuer(checkpoint: &SignedCheckpoint, signer: &dyn ReceiptSigner) -> Result<(), ReceiptError> {
    if checkpoint.checkpoint().origin() == signer.key().issuer().as_str() {
        Ok(())
    } else {
        Err(ReceiptError::OtherIssuer)
    }
}

/// RFC 9942's grammar wants one element at least, but the only leaf of a tree has an empty path: we write and read an
/// empty array.
fn encode_proof((first, second): (u64, u64), path: &[Hash]) -> Vec<u8> {
    let proof = Writer::default().array(3).unsigned(first).unsigned(second);
    path.iter()
        .fold(proof.array(path.len()), |proof, hash| {
            proof.bytes(hash.as_bytes())
        })
        .finish()
}

fn parse_message(kind: Kind, bytes: &[u8]) -> Result<(Message, &[u8]), ReceiptError> {
    if bytes.len() > MAX_RECEIPT_LEN {
        return Err(malformed("it is too large"));
    }
    Message::parse(kind, bytes)
}

fn parse_proof(bytes: &[u8]) -> Result<((u64, u64), Vec<Hash>), ReceiptError> {
    let mut reader = Reader::new(bytes);
    reader.array(3)?;
    let numbers = (reader.unsigned()?, reader.unsigned()?);
    let length = reader.any_array()?;
    if length > MAX_PATH_LEN {
        return Err(ProofError::WrongLength.into());
    }
    let path = (0..length)
        .map(|_| Hash::from_slice(reader.bytes()?).ok_or(malformed("a hash does not have 32 bytes")))
        .collect::<Result<_, _>>()?;
    reader.end()?;
    Ok((numbers, path))
}

#[cfg(test)]
mod tests;
