//! Cosignatures, policies and the messages between a log and its witnesses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    reason = "tests fail by panicking"
)]

mod cosignatures;
mod decisions;
mod messages;
mod mutated;
mod policies;
mod support;
