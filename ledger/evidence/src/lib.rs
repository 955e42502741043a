//! Evidence that a stranger can verify: records, JWS signatures and proof bundles.
//!
//! - [`record`]: what is said about an event, as canonical JSON;
//! - [`consent`]: a consent after one of its events, as JSON-LD that others read too;
//! - [`jws`]: who said it;
//! - [`passkey`]: what the person signed with a key of her own;
//! - [`bundle`]: a record with all that proves that it stands in the log;
//! - [`history`]: everything about one subject, with the proof that nothing is left out;
//! - [`list`]: the same without the records, for a check at each visit;
//! - [`delivery`]: the files a recipient got, against the record about them;
//! - [`split_view`]: two checkpoints that convict a log.
//!
//! This crate deliberately does no I/O, reads no clock and draws no randomness. It does not decide whether an event
//! was allowed, only whether the evidence about it is whole. Records hold no readings, names or meter numbers.

pub mod base64url;
pub mod bundle;
pub mod consent;
pub mod delivery;
pub mod history;
pub mod jcs;
pub mod jws;
pub mod list;
pub mod passkey;
pub mod record;
pub mod split_view;
