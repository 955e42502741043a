//! What must stay true of the whole: the architecture, the stories, the bad inputs, the crashes.
//!
//! What it does: the tests in `tests/` run the programs as a stranger would, and look at what they leave behind; this
//! library holds what they share. Readings and people come from `gateway-simulator`, so nobody's are real.
//! What it deliberately does not: test one crate alone (each crate does), or reach around the public doors. The one
//! exception is [`town`]: people and applications are enrolled in-process, because no door for that is open yet.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "only tests use this crate, and a test stops at the first surprise"
)]

pub mod authenticator;
pub mod axe;
pub mod browser;
pub mod demo;
pub mod keeper;
pub mod needles;
pub mod operator;
pub mod pages;
pub mod people;
pub mod process;
pub mod programs;
pub mod provider;
pub mod remains;
pub mod server;
pub mod story;
pub mod town;
