//! The person's own signature: what verifies, and every way not to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    reason = "tests fail by panicking"
)]

mod keys;
mod mutated;
mod order;
mod own_records;
mod properties;
mod refusals;
mod scene;
mod vectors;
mod worked_record;
