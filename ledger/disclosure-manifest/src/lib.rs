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
//! # What the release path does
//!
//! ```
//! use disclosure_manifest::{DeliveryId, Field, Household, Manifest, Opening, RowSalts, Scope, SubjectId};
//! use ledger_core::leaf::{DeliveryLeaf, Hour};
//!
//! # fn release(mut random: impl FnMut(&mut [u8]) -> Result<(), std::io::Error>) -> Option<()> {
//! let scope = Scope::new([Field::new("energy-withdrawn")?].into(), 0, 86_400_000_000, 1800).ok()?;
//! let households = ["participant-1", "participant-2"].into_iter().map(|id| {
//!     let salts = RowSalts::draw(&mut random).ok()?;
//!     Some(Household { subject: SubjectId::new(id)?, scope: scope.clone(), count: 48, salts })
//! });
//! let households = households.collect::<Option<Vec<_>>>()?;
//! let (manifest, openings) = Manifest::build(&DeliveryId::new("release-1")?, households).ok()?;
//!
//! let leaf: DeliveryLeaf = manifest.leaf(Hour::of_unix_micros(0)?);
//! let in_the_log = leaf.to_bytes();
//! let in_the_researchers_bundle = manifest.dump();
//! let with_each_household: Vec<Vec<u8>> = openings.iter().map(Opening::to_json).collect();
//!
//! // Years later, by anybody who has the log:
//! let leaf = DeliveryLeaf::parse(&in_the_log).ok()?;
//! assert!(Opening::parse(with_each_household.first()?).ok()?.verify(&leaf).is_ok());
//! assert!(Manifest::parse(&in_the_researchers_bundle, &leaf).is_ok());
//! # Some(())
//! # }
//! # let mut calls = 0_u8;
//! # let random = |buffer: &mut [u8]| { calls += 1; buffer.fill(calls); Ok(()) };
//! # assert_eq!(release(random), Some(()));
//! ```
//!
//! What a household and a stranger get is a [`RowFile`]: the opening together with the proof that its delivery leaf stands
//! in the log ([`DeliveryProof`]).
//!
//! `merkle-tree-rs` builds the tree, on our own rows only (decision 0016), behind the feature `build`: a program that only
//! checks does not contain it. Everything that checks is our own code, and
//! no input makes it panic. This crate does no I/O, draws no randomness and does not log. It is deliberately not used
//! for the append-only log, which is RFC 6962's tree in `ledger-core`.

mod commitment;
mod dump;
mod manifest;
mod opening;
mod proof;
mod row;

pub use commitment::{
    Commitment, DeliveryId, Field, RowSalts, Scope, ScopeError, SubjectId, scope_commitment,
    subject_commitment,
};
pub use dump::DumpError;
#[cfg(feature = "build")]
pub use manifest::{BuildError, Household};
pub use manifest::{MAX_ROWS, Manifest};
pub use opening::{Opening, OpeningError};
pub use proof::{DeliveryProof, ProofError, Proven, RowFile};
pub use row::{NodeHash, Row, RowError};
