//! Records, signatures, bundles and deliveries, with samples made here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, and draw a key where the library needs randomness"
)]

mod bundles;
mod compact;
#[allow(
    dead_code,
    reason = "shared with the tests of consent records, which sign with it too"
)]
#[path = "../consent/scene.rs"]
mod consent_scene;
mod histories;
mod lists;
mod log;
mod mutated;
mod receipts;
mod records;
mod samples;
mod signatures;
