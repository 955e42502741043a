//! The erasure leaf (kind 0x41): proof that details were erased, and by which officer's order.

use super::{ActorClass, ErasureHandle, Header, Hour, LeafError, SystemKind};
use crate::{
    note::{KeyId, KeyKind, NoteSigner, Vkey},
    tree::Hash,
};

/// An erasure before the officer has signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsignedErasure {
    /// When, in whole hours.
    pub hour: Hour,
    /// Names what was erased for those who hold the subject's key.
    pub handle: ErasureHandle,
    /// Number of records erased.
    pub records: u32,
    /// SHA-256 of the policy that ordered it.
    pub policy: Hash,
}

/// An erasure signed by a data-protection officer.
///
/// ```text
/// header[8] || handle[32] || u32be record count || policy digest[32] || dpo key id[4] || Ed25519 signature[64]
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasureLeaf {
    erasure: UnsignedErasure,
    key: KeyId,
    signature: [u8; 64],
}

impl UnsignedErasure {
    /// What the officer signs:
    /// `"erasure-leaf/v1" || 0x00 || origin || 0x00 || 8-byte header || handle || count || policy digest`.
    pub fn message(&self, origin: &str) -> Vec<u8> {
        [
            b"erasure-leaf/v1\0",
            origin.as_bytes(),
            b"\0",
            &self.signed_part(),
        ]
        .concat()
    }

    /// Signs with the officer's key (kind [`KeyKind::Ed25519`]).
    pub fn sign(self, origin: &str, officer: &dyn NoteSigner) -> ErasureLeaf {
        let signature = officer.sign(&self.message(origin));
        ErasureLeaf {
            erasure: self,
            key: officer.vkey().id(),
            signature,
        }
    }

    fn signed_part(&self) -> Vec<u8> {
        let (kind, actor) = (SystemKind::Erasure.number(), ActorClass::Dpo.number());
        let header = Header {
            kind,
            actor,
            hour: self.hour,
        };
        [
            header.to_bytes().as_slice(),
            self.handle.as_bytes(),
            &self.records.to_be_bytes(),
            self.policy.as_bytes(),
        ]
        .concat()
    }
}

impl ErasureLeaf {
    /// The 144 bytes that stand in the log.
    pub fn to_bytes(&self) -> Vec<u8> {
        [
            self.erasure.signed_part().as_slice(),
            self.key.as_bytes(),
            &self.signature,
        ]
        .concat()
    }

    /// Reads an erasure leaf strictly; the signature is not verified.
    ///
    /// # Errors
    /// [`LeafError`]; the actor must be the officer.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let (hour, body) = Header::split_of(bytes, SystemKind::Erasure, ActorClass::Dpo.number())?;
        let wrong_length = LeafError::WrongLength { len: bytes.len() };
        let (handle, rest) = body.split_first_chunk::<32>().ok_or(wrong_length)?;
        let (records, rest) = rest.split_first_chunk::<4>().ok_or(wrong_length)?;
        let (policy, rest) = rest.split_first_chunk::<32>().ok_or(wrong_length)?;
        let (key, rest) = rest.split_first_chunk::<4>().ok_or(wrong_length)?;
        let signature: &[u8; 64] = rest.try_into().map_err(|_| wrong_length)?;
        let erasure = UnsignedErasure {
            hour,
            handle: ErasureHandle::new(*handle),
            records: u32::from_be_bytes(*records),
            policy: Hash::new(*policy),
        };
        Ok(Self {
            erasure,
            key: KeyId::new(*key),
            signature: *signature,
        })
    }

    /// What was erased, why and when.
    pub const fn erasure(&self) -> &UnsignedErasure {
        &self.erasure
    }

    /// Id of the key that the leaf says signed it.
    pub const fn key_id(&self) -> KeyId {
        self.key
    }

    /// When, in whole hours.
    pub const fn hour(&self) -> Hour {
        self.erasure.hour
    }

    /// Whether this officer's key signed the leaf for the log `origin`.
    pub fn verifies(&self, origin: &str, officer: &Vkey) -> bool {
        officer.kind() == KeyKind::Ed25519
            && officer.id() == self.key
            && officer.verifies(&self.erasure.message(origin), &self.signature)
    }
}
