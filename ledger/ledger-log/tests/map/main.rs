//! The map kept between batches, against the map in memory: batches, restarts, merges, and damaged files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests fail by panicking"
)]

mod damage;
mod growth;
mod recovery;
mod support;
