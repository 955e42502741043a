//! What a meter says, decoded without allocation.
//!
//! - [`tic`]: the customer output of French electricity meters, both modes, from bytes to trusted frames;
//! - [`senml`]: measurement packs in JSON and CBOR (RFC 8428), and the mapping from TIC frames;
//! - [`measurement`]: what a resolved pack says, as typed quantities;
//! - [`envelope`]: the versioned container in which a gateway signs a batch.
//!
//! The crate does no I/O, reads no clock, draws no randomness, keeps no key and logs nothing. It deliberately does
//! *not* sign or verify: callers hand in the Ed25519 operation they trust. Only `senml`, `measurement` and the
//! encoding of envelopes allocate, behind the feature `alloc`.
#![cfg_attr(not(test), no_std)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod envelope;
#[cfg(feature = "alloc")]
pub mod measurement;
#[cfg(feature = "alloc")]
pub mod senml;
pub mod tic;
