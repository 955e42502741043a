//! Verifies bundles and logs of the ledger without the broker.
//!
//! It shares with the broker only the pure crates `ledger-core`, `evidence` and `disclosure-manifest` (the checking half,
//! without `merkle-tree-rs`), needs no server of ours, and works offline on files. It says what it checked, against whose key, and what it did *not* check. It deliberately decides
//! nothing about whether an event was lawful.

mod cli;
mod clock;
mod compare;
mod joint;
mod log;
mod mandates;
mod manifest;
mod map;
mod mirror;
mod participant;
mod permissions;
mod report;
mod restores;
mod signatures;
mod source;
mod timestamp;
mod tree;
mod verify;
mod witnesses;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match &arguments.command {
        Command::Verify(options) => verify::run(options),
        Command::Log(options) => log::run(options),
        Command::Mirror(options) => mirror::run(options),
        Command::Compare(options) => compare::run(options),
        Command::SplitView(options) => compare::verify(options),
        Command::Timestamp(options) => timestamp::run(options),
        Command::Participant(options) => participant::run(options),
        Command::Manifest(options) => manifest::run(options),
    };
    report::print(outcome, arguments.json)
}
