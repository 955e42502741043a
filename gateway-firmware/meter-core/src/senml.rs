//! SenML (RFC 8428) in JSON and CBOR, with the secondary units of RFC 8798 and the version numbers of RFC 9100.
//!
//! Parsing is strict where the RFC says MUST, sizes and depths are bounded, and nothing is defaulted: a missing value
//! stays missing. The two readers are written here rather than taken from a general library because they read only
//! flat records, refuse what general libraries let pass (repeated keys, unknown `…_` fields, non-finite numbers) and
//! bring no dependency to a microcontroller. XML and EXI are deliberately not here.

mod base64url;
mod cbor;
mod error;
mod from_frame;
mod json;
mod number;
mod record;
mod resolve;

pub use error::SenmlError;
pub use from_frame::{BASE_VERSION, Reading, label_of, name_of, pack_of, readings, unit_of, urn_of};
pub use number::Number;
pub use record::{Pack, Record, Value};
pub use resolve::{Resolved, resolve};

/// Largest document that is read, bytes.
pub const LARGEST_DOCUMENT: usize = 1 << 20;

/// Most records a pack may have.
pub const MOST_RECORDS: usize = 10_000;

/// Longest name, resolved or not, bytes. A base name is repeated for each record, so this bounds what a small document
/// can grow to.
pub const LONGEST_NAME: usize = 256;

/// Longest unit, bytes.
pub const LONGEST_UNIT: usize = 32;

/// How deep values of unknown fields may nest.
pub const DEEPEST_VALUE: usize = 16;
