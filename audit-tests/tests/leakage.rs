//! Invariants I3 and I9: no personal data in the ledger, none in logs, none in what the doors say; and nothing of an
//! erased person on the disk.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test stops at the first surprise"
)]

#[path = "leakage/erased.rs"]
mod erased;
#[path = "leakage/served.rs"]
mod served;
#[path = "leakage/told.rs"]
mod told;
