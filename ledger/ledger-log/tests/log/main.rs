//! The log over in-memory stores that fail on demand, and real files in a temporary folder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "tests fail by panicking"
)]

mod crash;
mod files;
mod rotation;
mod sequencing;
mod support;
mod survey;
mod sweep;
