//! The logic of a gateway: bytes of a meter go in, signed batches of chosen readings come out.
//!
//! Whoever owns the hardware hands in bytes, instants, identifiers and a signing function; the crate does no I/O,
//! reads no clock, draws no randomness and keeps no key. It deliberately does *not* store or send: a batch taken from
//! here must be made durable by the caller.
//!
//! The choice of the household is enforced here, before anything is kept: with measuring off nothing is kept at all,
//! and no setting lets an identifier or a free text through (`reference/tic.md` §9).
#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod device;
mod sampler;
mod settings;

pub use device::{Counters, Device, Identity};
pub use meter_core::tic::{Field, FieldSet, LegalTime, Parity};
pub use settings::{Adoption, Measuring, Settings, SettingsError};
