//! Cosignatures: C2SP tlog-cosignature v1.0.1, type 0x04.
//!
//! ```text
//! signed message   cosignature/v1\n
//!                  time <decimal seconds, no leading zero>\n
//!                  <whole text of the checkpoint, with its final newline>
//! signature field  u64 big-endian seconds || 64-byte Ed25519 signature        (behind the key id of the note line)
//! ```
//!
//! Meaning: at that time this was the largest consistent tree that the cosigner had seen for that origin. The message
//! does not name the cosigner, so every cosigner needs a key of its own.

use std::fmt;

use crate::{
    checkpoint::SignedCheckpoint,
    note::{Ed25519Signer, KeyKind, KeyName, NoteSignature, NoteSigner, Vkey},
};

/// Whole seconds since 1970-01-01T00:00Z, 1 to 2^63 - 1: what a cosignature of a witness may state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PosixSeconds(u64);

impl PosixSeconds {
    /// The smallest.
    pub const FIRST: Self = Self(1);

    /// `None` for 0 and above 2^63 - 1 (C2SP tlog-cosignature: a witness MUST NOT state 0).
    pub const fn new(seconds: u64) -> Option<Self> {
        if seconds == 0 || seconds > i64::MAX.cast_unsigned() {
            None
        } else {
            Some(Self(seconds))
        }
    }

    /// The number of seconds.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for PosixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A witness key whose private half is in memory.
pub struct Cosigner {
    signer: Ed25519Signer,
    vkey: Vkey,
}

impl Cosigner {
    /// A cosigner from the 32-byte seed of RFC 8032; `None` if the seed is refused by the implementation.
    ///
    /// The seed must serve nothing else: a cosignature does not say who made it.
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Option<Self> {
        let signer = Ed25519Signer::from_seed(name.clone(), seed)?;
        let vkey = Vkey::new(name, KeyKind::Cosignature, *signer.vkey().public());
        Some(Self { signer, vkey })
    }

    /// The public half, of kind [`KeyKind::Cosignature`].
    pub const fn vkey(&self) -> &Vkey {
        &self.vkey
    }

    /// The line that vouches for a checkpoint at an instant.
    ///
    /// It takes a checkpoint whose log signature was verified; that it is consistent with what this cosigner vouched
    /// for before is the caller's to check ([`crate::witness::decide`]).
    pub fn cosign(&self, checkpoint: &SignedCheckpoint, at: PosixSeconds) -> NoteSignature {
        let signature = self.signer.sign(message(at, checkpoint.note().text()).as_bytes());
        let field = at.get().to_be_bytes().into_iter().chain(signature).collect();
        NoteSignature::new(&self.vkey, field)
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cosigner")
            .field("vkey", &self.vkey.to_string())
            .finish_non_exhaustive()
    }
}

/// The instant and the Ed25519 signature in a signature field; `None` when the field is malformed.
pub(crate) fn parse_field(field: &[u8]) -> Option<(PosixSeconds, &[u8])> {
    let (time, signature) = field.split_first_chunk::<8>()?;
    Some((PosixSeconds::new(u64::from_be_bytes(*time))?, signature))
}

/// What a cosigner signs.
pub(crate) fn message(at: PosixSeconds, text: &str) -> String {
    format!("cosignature/v1\ntime {at}\n{text}")
}
