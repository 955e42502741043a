//! The map of tags: frozen values, and properties against a map built in the plainest way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests fail by panicking"
)]

mod frozen;
mod plain;
mod properties;
mod refusals;
