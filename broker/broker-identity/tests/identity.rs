//! Sign-in before real counterparts: npm's `oidc-provider`, a provider that lies, and an authenticator in software.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, says what it could not check, and asks the machine what it has"
)]

#[path = "identity/browser.rs"]
mod browser;
#[path = "identity/device.rs"]
mod device;
#[path = "identity/liar.rs"]
mod liar;
#[path = "identity/lies.rs"]
mod lies;
#[path = "identity/passkeys.rs"]
mod passkeys;
#[path = "identity/peer.rs"]
mod peer;
#[path = "identity/ports.rs"]
mod ports;
#[path = "identity/silent.rs"]
mod silent;
#[path = "identity/vectors.rs"]
mod vectors;
#[path = "identity/visits.rs"]
mod visits;
