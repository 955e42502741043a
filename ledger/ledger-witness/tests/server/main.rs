//! The program itself, asked over HTTP as a log and a monitor ask it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "tests fail by panicking"
)]

mod command_line;
mod crash;
mod races;
mod support;
mod table;
