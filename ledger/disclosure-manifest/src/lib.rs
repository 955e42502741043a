//! Disclosure manifests: whose data a delivery to researchers holds, one salted row a household, under one root.
//!
//! ```text
//! row        [hex subject commitment, hex scope commitment, count]        ["string", "string", "uint256"]
//! leaf       keccak256(keccak256(abi.encode(row)))                        leaves sorted
//! node       keccak256(smaller child || larger child)
//! ```
//!
//! This is OpenZeppelin's StandardMerkleTree, so the unmodified npm package `@openzeppelin/merkle-tree` loads the whole
//! manifest, and verifies one row in a browser. The root stands in the log (`ledger_core::leaf::DeliveryLeaf`) beside
//! the number of rows and the types, because the root commits to neither. A household opens its own row with its
//! [`Opening`] and learns nothing of the others; a researcher cannot claim another file later; an officer recomputes
//! the tree ([`Manifest::parse`]).
//!
//! `merkle-tree-rs` builds the tree, on our own rows only (decision 0016); everything that checks is our own code, and
//! no input makes it panic. This crate does no I/O, draws no randomness and does not log. It is deliberately not used
//! for the append-only log, which is RFC 6962's tree in `ledger-core`.

mod commitment;
mod dump;
mod manifest;
mod opening;
mod row;

pub use commitment::{
    Commitment, DeliveryId, Field, RowSalts, Scope, ScopeError, SubjectId, scope_commitment,
    subject_commitment,
};
pub use dump::DumpError;
pub use manifest::{BuildError, Household, MAX_ROWS, Manifest};
pub use opening::{Opening, OpeningError};
pub use row::{NodeHash, Row, RowError};
