//! A broker before real witnesses: what is witnessed, what waits, what is refused, and what stops the ledger.
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

#[path = "witnessed/download.rs"]
mod download;
#[path = "witnessed/front.rs"]
mod front;
#[path = "witnessed/liars.rs"]
mod liars;
#[path = "witness_interop/peer.rs"]
mod peer;
#[path = "witnessed/quorum.rs"]
mod quorum;
#[allow(
    dead_code,
    reason = "shared with the tests of manifests, which use more of it"
)]
#[path = "interop/released.rs"]
mod released;
#[path = "witnessed/scene.rs"]
mod scene;
#[path = "witnessed/theirs.rs"]
mod theirs;
#[path = "witnessed/waiting.rs"]
mod waiting;
