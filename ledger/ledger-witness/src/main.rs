//! A witness of transparency logs: C2SP tlog-witness.
//!
//! A log sends its newest checkpoint with a proof that it only grew; the witness compares it with the last one it
//! vouched for, records it durably, and answers with a cosignature. Whoever later sees the checkpoint with enough
//! cosignatures knows that everybody else is shown the same log.
//!
//! Run it on a machine, and by people, that have nothing to do with the log. It deliberately keeps no tiles, reads no
//! leaves, trusts only the log keys of its configuration, and offers no `sign-subtree`. TLS is its proxy's.

mod cli;
mod clock;
mod config;
mod evidence;
mod key;
mod server;
mod show;
mod store;
mod witness;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::run(cli::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::complain(&error);
            ExitCode::FAILURE
        }
    }
}
