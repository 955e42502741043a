//! The key that signs receipts. It is not the checkpoint key: a thief of one must not be able to do the other's work.

use std::fmt;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::{
    ReceiptError,
    cbor::{Reader, Writer},
    malformed,
};
use crate::{note::KeyName, tree::digest};

/// Longest key id we read, in bytes.
const MAX_ID_LEN: usize = 64;

// COSE_Key (RFC 9052 §7) and its parameters for octet key pairs (RFC 9053 §7.2).
const KTY: i64 = 1;
const KID: i64 = 2;
const ALG: i64 = 3;
const CRV: i64 = -1;
const X: i64 = -2;
const OKP: i64 = 1;
const ED25519_CURVE: i64 = 6;
/// EdDSA (RFC 9053 §2.2).
pub(super) const EDDSA: i64 = -8;

/// The public half: verifies the receipts of one issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptKey {
    issuer: KeyName,
    id: Vec<u8>,
    public: [u8; 32],
}

impl ReceiptKey {
    /// A key whose id is its COSE Key Thumbprint: `SHA-256({1: 1, -1: 6, -2: public key})` in deterministic CBOR
    /// (RFC 9679 §3, §4.1).
    ///
    /// `issuer` is the origin of the log.
    pub fn new(issuer: KeyName, public: [u8; 32]) -> Self {
        let required = Writer::default().map(3).int(KTY).int(OKP);
        let required = required.int(CRV).int(ED25519_CURVE).int(X).bytes(&public);
        let id = digest(&[&required.finish()]).as_bytes().to_vec();
        Self { issuer, id, public }
    }

    /// A key with an id that somebody chose; `None` unless the id has 1 to 64 bytes.
    pub fn with_id(issuer: KeyName, id: &[u8], public: [u8; 32]) -> Option<Self> {
        (1..=MAX_ID_LEN).contains(&id.len()).then(|| Self {
            issuer,
            id: id.to_vec(),
            public,
        })
    }

    /// Whose receipts it verifies: the origin of a log.
    pub const fn issuer(&self) -> &KeyName {
        &self.issuer
    }

    /// The key id (`kid`) that its receipts name.
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// The 32 bytes of the Ed25519 public key.
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// The key as others read it: `{1: 1, 2: kid, 3: -8, -1: 6, -2: public key}`, a COSE_Key in deterministic CBOR.
    pub fn to_cose_key(&self) -> Vec<u8> {
        let key = Writer::default()
            .map(5)
            .int(KTY)
            .int(OKP)
            .int(KID)
            .bytes(&self.id);
        let key = key.int(ALG).int(EDDSA).int(CRV).int(ED25519_CURVE);
        key.int(X).bytes(&self.public).finish()
    }

    /// Reads a key that [`Self::to_cose_key`] wrote; where it was found says whose it is.
    ///
    /// # Errors
    /// [`ReceiptError::Malformed`] for any other bytes.
    pub fn from_cose_key(issuer: KeyName, bytes: &[u8]) -> Result<Self, ReceiptError> {
        let mut reader = Reader::new(bytes);
        let constant = |reader: &mut Reader<'_>, label, value| {
            reader.label(label)?;
            if reader.int()? == value {
                Ok(())
            } else {
                Err(malformed("the key is not an Ed25519 key for EdDSA"))
            }
        };
        reader.map(5)?;
        constant(&mut reader, KTY, OKP)?;
        reader.label(KID)?;
        let id = reader.bytes()?;
        constant(&mut reader, ALG, EDDSA)?;
        constant(&mut reader, CRV, ED25519_CURVE)?;
        reader.label(X)?;
        let public = reader.bytes()?;
        reader.end()?;
        let public = public
            .try_into()
            .map_err(|_| malformed("the public key does not have 32 bytes"))?;
        Self::with_id(issuer, id, public).ok_or(malformed("the key id is empty or too long"))
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public)
            .verify(message, signature)
            .is_ok()
    }
}

/// Signs receipts. The private key may live elsewhere; only signatures come out.
pub trait ReceiptSigner: Send + Sync {
    /// The public half.
    fn key(&self) -> &ReceiptKey;

    /// The Ed25519 signature over `message`, 64 bytes.
    fn sign(&self, message: &[u8]) -> [u8; 64];
}

/// A signer whose private key is in memory.
pub struct Ed25519ReceiptSigner {
    pair: Ed25519KeyPair,
    key: ReceiptKey,
}

impl Ed25519ReceiptSigner {
    /// A signer from the 32-byte seed of RFC 8032, its key named by thumbprint; `None` if the seed is refused by the
    /// implementation.
    pub fn from_seed(issuer: KeyName, seed: &[u8; 32]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        Some(Self {
            key: ReceiptKey::new(issuer, public),
            pair,
        })
    }

    /// The same signer, its key named by an id of 1 to 64 bytes; `None` for other lengths.
    pub fn named(self, id: &[u8]) -> Option<Self> {
        let key = ReceiptKey::with_id(self.key.issuer, id, self.key.public)?;
        Some(Self { key, ..self })
    }
}

impl ReceiptSigner for Ed25519ReceiptSigner {
    fn key(&self) -> &ReceiptKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes
            .iter_mut()
            .zip(self.pair.sign(message).as_ref())
            .for_each(|(to, from)| *to = *from);
        bytes
    }
}

impl fmt::Debug for Ed25519ReceiptSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519ReceiptSigner")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
