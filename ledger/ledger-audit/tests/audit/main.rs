//! The program run on logs and bundles made here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests fail by panicking"
)]

mod bundles;
#[path = "../../../evidence/tests/evidence/compact.rs"]
mod compact;
mod compares;
#[allow(
    dead_code,
    reason = "shared with the tests of consent records, which sign with it too"
)]
#[path = "../../../evidence/tests/consent/scene.rs"]
mod consent_scene;
#[allow(
    dead_code,
    reason = "shared with the tests of `evidence`, which use more of it"
)]
#[path = "../../../evidence/tests/evidence/log.rs"]
mod history;
mod joint;
mod keys;
mod logs;
mod manifests;
mod participants;
mod sample;
mod witnesses;
