//! The keys of the broker: signatures, encryption to members, files with mode 0600.
//!
//! What it does: keeps each secret in its own file that only its owner reads, signs records and checkpoints with
//! Ed25519 (`ring`, RFC 8032), names keys by RFC 7638 thumbprint, and encrypts to members as JWE (`josekit`, behind one
//! trait so that OpenSSL stays in one place).
//! What it deliberately does not: no default key, no key in configuration or environment, no rotation yet, no JWS
//! (`evidence` assembles and verifies those over the bytes signed here), no logs.
//!
//! The checkpoint key lives apart from the record key, in its own file and its own type: whoever gets the one cannot
//! rewrite the log with it, nor forge receipts with the other.
//!
//! LIMIT: `ring` does not erase its expanded signing keys when dropped; seeds and files in memory are erased.
//! LIMIT: `age` and OpenSSL draw their own randomness from the operating system, not from the `Entropy` port.
//! LIMIT: file modes are those of Unix; other systems are not supported.

mod error;
mod file;
mod folder;
mod member;
mod signing;

pub use error::KeyError;
pub use file::{create_secret_file, read_secret_file};
pub use folder::Keys;
pub use member::{JoseMemberCrypto, MemberCrypto, MemberCryptoError, MemberKeyPair};
pub use signing::{CheckpointSigner, OfficerSigner, ReceiptSigner, RecordSigner, Thumbprint};
