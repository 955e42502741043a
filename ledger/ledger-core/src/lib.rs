//! Merkle tree, tiles, signed notes, leaves and commitments: pure functions over bytes.
//!
//! The formats are public ones, so that a stranger can verify with other programs:
//!
//! - [`tree`]: the Merkle tree of RFC 6962 §2.1 (the same as RFC 9162 §2.1), its proofs and how to grow it;
//! - [`tile`]: the static files of C2SP tlog-tiles;
//! - [`note`], [`checkpoint`], [`proof`]: C2SP signed-note, tlog-checkpoint and tlog-proof;
//! - [`receipt`]: COSE receipts (RFC 9942) over the same tree;
//! - [`map`]: the map of tags, which proves that a list of records is complete;
//! - [`cosignature`], [`witness`], [`policy`]: C2SP tlog-cosignature, tlog-witness and tlog-policy, by which others
//!   vouch that everybody sees the same log;
//! - [`key_chain`]: which key of a log signs what, as the log itself tells;
//! - [`leaf`]: what *our* leaves look like: fixed-size, salted, without anything readable.
//!
//! This crate deliberately does no I/O, reads no clock, draws no randomness and does not log: salts, keys and
//! instants are arguments. It knows nothing of consents; the meaning of a record stands in crate `evidence`.

pub mod checkpoint;
pub mod cosignature;
pub mod key_chain;
pub mod leaf;
pub mod map;
pub mod note;
pub mod policy;
pub mod proof;
pub mod receipt;
pub mod tile;
pub mod tree;
pub mod witness;
