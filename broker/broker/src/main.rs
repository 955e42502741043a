//! `fiducie`: the consent and data-trust broker for energy data.
//!
//! What it does: puts the parts together, reads the configuration, runs the demo, the server and the benchmarks.
//! What it deliberately does not: decide, store or verify anything itself; those are the crates below it.

mod assemble;
mod bench;
mod cli;
mod clock_watch;
mod config;
mod connections;
mod demo;
mod enrol;
mod in_use;
mod invite;
mod key_rotation;
mod ledger_command;
mod ports;
mod serve;
mod sign_in;
mod stopped;
mod telling;
mod timestamping;
mod witness;

use std::process::ExitCode;

use clap::Parser as _;

/// Rows and records of a group are made by many threads and freed by one, which is where glibc's allocator is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match cli::run(cli) {
        Ok(code) => code,
        Err(error) => {
            report(&error);
            ExitCode::from(2)
        }
    }
}

/// Errors of the command line go to people: what failed, and each cause below it.
#[expect(
    clippy::print_stderr,
    reason = "the last word of a command goes to the terminal"
)]
fn report(error: &anyhow::Error) {
    eprintln!("fiducie: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
}
