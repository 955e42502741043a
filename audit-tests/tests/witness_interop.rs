//! Witnesses and verifiers that we did not write: `aics-witness` and `aics-tlog`, from PyPI.
//!
//! Each test installs them itself into a folder of its own. Where Python or the registry is missing it says SKIPPED,
//! and fails where everything must be (`CI`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, and look around in the environment"
)]

#[path = "witness_interop/log.rs"]
mod log;
#[path = "witness_interop/ours.rs"]
mod ours;
#[path = "witness_interop/peer.rs"]
mod peer;
#[path = "witness_interop/served.rs"]
mod served;
#[path = "witness_interop/theirs.rs"]
mod theirs;
