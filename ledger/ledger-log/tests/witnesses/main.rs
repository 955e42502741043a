//! The log as a client of witnesses that are honest, slow, down, or lie.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "tests fail by panicking"
)]

mod faulty;
mod honest;
mod keeper;
mod support;
