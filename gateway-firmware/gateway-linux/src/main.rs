//! `fiducie-gateway`: the gateway for a small Linux computer such as a Raspberry Pi.
//!
//! It reads the customer output of a meter (or replays a capture), keeps what the household chose, signs it in batches,
//! and delivers each batch to the broker at least once: a batch is on disk before it counts as taken and stays there
//! until the broker acknowledged it. It deliberately has no page, no listening port and no shell: everything is chosen
//! at the broker, and enforced here. Logs name batches and counts, never readings or meters.

mod answer;
mod broker;
mod cli;
mod durable;
mod enrol;
mod key;
mod ports;
mod run;
mod sender;
mod source;
mod spool;
mod state;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Arguments, Command};
use ports::System;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(arguments.log_level)
        .with_target(false)
        .with_ansi(false)
        .init();
    let system = System::new();
    let outcome = match &arguments.command {
        Command::Enrol(enrol) => enrol::enrol(enrol, &system),
        Command::Run(run) => run::run(run, &system),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
