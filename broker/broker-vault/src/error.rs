use broker_domain::time::EntropyUnavailable;
use broker_domain::warrant::Stale;
use thiserror::Error;

use crate::encoding::InvalidPlaintext;

/// Why the vault does not seal or open. No variant carries a reading, a name or a key (invariant I9).
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum VaultError {
    /// Refusal: the coverage is for another participant or point, so nothing may be kept.
    #[error("the coverage is for another household or point")]
    OtherHousehold,
    /// Refusal: a reading outside every span that a live consent agreed to.
    #[error("a reading lies outside the periods agreed to; drop it before sealing")]
    OutsideConsent,
    /// Refusal: the warrant is for another participant or point.
    #[error("the warrant does not allow opening this")]
    NotWarranted,
    /// Refusal: the decision behind the warrant is no longer fresh.
    #[error(transparent)]
    StaleWarrant(#[from] Stale),
    /// Fault: the data key belongs to another participant or epoch.
    #[error("the data key belongs to another participant or epoch")]
    OtherKey,
    /// Fault: the bytes were changed, moved from elsewhere, or sealed under another key.
    #[error("sealed bytes do not open: they were changed, moved, or sealed under another key")]
    NotAuthentic,
    /// Fault: not a format that this version reads.
    #[error("sealed bytes have an unknown format")]
    UnknownFormat,
    /// Fault: what was sealed is not a batch of readings, or must not be.
    #[error("readings cannot be encoded or decoded")]
    Encoding(#[from] InvalidPlaintext),
    /// Refusal: more bytes than such a text may have.
    #[error("text longer than {most} bytes")]
    TooLong {
        /// The most allowed.
        most: usize,
    },
    /// Refusal: not an age recipient.
    #[error("not an age recipient: expected a text such as `age1…`")]
    InvalidRecipient,
    /// Fault: not an age identity.
    #[error("not an age identity: expected a text that starts with `AGE-SECRET-KEY-1`")]
    InvalidIdentity,
    /// Fault: a key must be wrapped to somebody.
    #[error("no recipient to wrap the data key to")]
    NoRecipient,
    /// Fault: age could not encrypt.
    #[error("age could not encrypt")]
    Age,
    /// Fault: no randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
}
