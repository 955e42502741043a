//! The anonymiser from request to files, through its public door only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod bundle;
mod cells;
mod differencing;
mod properties;
mod reference;
mod requests;
mod support;
