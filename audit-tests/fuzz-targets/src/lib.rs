//! Every parser of bytes that come from outside, as a function that may do anything with its input but panic.
//!
//! `fuzz/` makes a libFuzzer program of each; `tests/replay.rs` gives each the inputs that were found interesting, in
//! `fuzz/corpus/<name>/`, in every run of the tests. What is parsed into something that can be written again must be written
//! as it was: one thing has one spelling, or two readers could be shown different things under one hash.
//!
//! It deliberately does not judge what a parser accepts: that is for the tests of its crate.
#![allow(
    clippy::panic,
    reason = "a fuzz target says what it found by panicking; nothing else depends on this crate"
)]

mod devices;
mod evidence_files;
mod ledger;

/// A parser: its name is that of its folder of inputs.
pub type Target = (&'static str, fn(&[u8]));

/// Every one.
#[must_use]
pub fn targets() -> Vec<Target> {
    [ledger::TARGETS, evidence_files::TARGETS, devices::TARGETS].concat()
}

/// Runs the one of that name.
///
/// # Panics
/// When there is none, and when the parser does or prints other bytes than it read.
pub fn run(name: &str, bytes: &[u8]) {
    match targets().into_iter().find(|(known, _)| *known == name) {
        Some((_, target)) => target(bytes),
        None => panic!("there is no target `{name}`"),
    }
}

/// Whatever was accepted is written as it was read.
fn same(read: &[u8], written: Option<impl AsRef<[u8]>>) {
    if let Some(written) = written {
        assert!(written.as_ref() == read, "accepted, and written in another way");
    }
}

/// The same for texts.
fn same_text<T: std::str::FromStr + ToString>(bytes: &[u8]) {
    let read = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.parse::<T>().ok());
    same(bytes, read.map(|read| read.to_string()));
}
