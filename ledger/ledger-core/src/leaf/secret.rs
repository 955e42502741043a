//! Salts, subject keys and what is derived from them. All are `HMAC-SHA-256` with a labelled message.

use std::{fmt, num::NonZeroU64};

use ring::hmac;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::SubjectKind;

fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes
        .iter_mut()
        .zip(context.sign().as_ref())
        .for_each(|(to, from)| *to = *from);
    bytes
}

/// Number of a record about a subject: 1, 2, 3 … without gaps. Number 1 is the enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordNumber(NonZeroU64);

impl RecordNumber {
    /// The number of the enrolment.
    pub const FIRST: Self = Self(NonZeroU64::MIN);

    /// `None` for 0.
    pub const fn new(number: u64) -> Option<Self> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

/// The secret that opens one commitment: exactly 64 bytes from the system generator, one per record, kept beside
/// the detail and deleted with it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Salt([u8; 64]);

impl Salt {
    /// Wraps 64 random bytes.
    pub const fn new(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// `None` unless there are exactly 64 bytes. A verifier MUST refuse other lengths: a shorter HMAC key is padded
    /// with zeros and a longer one hashed, which would give a commitment two openings.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 64 bytes, for the detail row and the bundle only.
    pub const fn expose(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

/// A subject's key, which links its tags: 32 random bytes, held by the broker and on the participant's device.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SubjectKey([u8; 32]);

impl SubjectKey {
    /// Wraps 32 random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// `None` unless there are exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 32 bytes, for the table of subject keys and the person's own export only.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// `tag(s,n) = HMAC-SHA-256(k_s, "tag/v1" || 0x00 || u64be n)`.
    pub fn tag(&self, n: RecordNumber) -> Tag {
        Tag(hmac_sha256(&self.0, &[b"tag/v1\0", &n.get().to_be_bytes()]))
    }

    /// `HMAC-SHA-256(k_s, "erasure/v1" || 0x00)`: erasure of the whole subject.
    pub fn erasure_handle(&self) -> ErasureHandle {
        ErasureHandle(hmac_sha256(&self.0, &[b"erasure/v1\0"]))
    }

    /// `HMAC-SHA-256(k_s, "erase-record/v1" || 0x00 || u64be n)`: erasure of one record.
    pub fn record_erasure_handle(&self, n: RecordNumber) -> ErasureHandle {
        ErasureHandle(hmac_sha256(
            &self.0,
            &[b"erase-record/v1\0", &n.get().to_be_bytes()],
        ))
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectKey(..)")
    }
}

macro_rules! public_bytes {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps 32 bytes read from a leaf.
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    };
}

public_bytes! {
    /// Pseudonym of (subject, record number); unique in the log. Made by [`SubjectKey::tag`].
    Tag
}

public_bytes! {
    /// What the log keeps of a record: hiding as long as the salt is unknown, and for ever once it is deleted.
    Commitment
}

public_bytes! {
    /// Names an erasure without naming anyone: only who holds the subject's key recognises it.
    ErasureHandle
}

impl Commitment {
    /// `HMAC-SHA-256(key = salt[64], "commit/v1" || 0x00 || kind || u64be n || tag || record)`.
    ///
    /// `record` is the stored byte string (the ASCII bytes of its JWS), never a re-serialisation. The salt is a
    /// whole hash block and enters the HMAC unchanged.
    pub fn of(salt: &Salt, kind: SubjectKind, n: RecordNumber, tag: &Tag, record: &[u8]) -> Self {
        let number = n.get().to_be_bytes();
        Self(hmac_sha256(
            &salt.0,
            &[b"commit/v1\0", &[kind.number()], &number, tag.as_bytes(), record],
        ))
    }
}
