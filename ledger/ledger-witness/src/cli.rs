//! The command line.

use std::{io::Write, path::PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use ledger_core::note::KeyName;
use tracing_subscriber::EnvFilter;

use crate::{config::Config, key, server, show};

/// Vouches that a transparency log shows everybody the same records (C2SP tlog-witness).
///
/// A witness remembers the newest checkpoint of each log it trusts and signs a newer one only when the log proves
/// that it has merely grown. It sees no records, only their number and one hash.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "Getting started:\n  \
                  1. ledger-witness keygen --name witness.example.org/w1 --folder my-witness\n     \
                  makes the key, the state folder and my-witness/witness.toml, and prints your verifier key.\n  \
                  2. Add the verifier key of each log to `logs` in my-witness/witness.toml.\n  \
                  3. ledger-witness serve --config my-witness/witness.toml, behind a proxy that speaks HTTPS.\n  \
                  4. Give your verifier key and your address to the operators of the logs.\n\n\
                  Never restore the state folder from a backup, and never copy it: an older state could be led to \
                  vouch for a second history. If it is lost, make a new key under a new name.\n\n\
                  Exit status: 0 done, 1 it could not be done."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a key, a state folder and a configuration file. Run once.
    Keygen(Keygen),
    /// Answers logs and monitors until it is told to stop.
    Serve(Serve),
    /// Prints the verifier key and what is recorded of each log. May run beside `serve`.
    Show(Configured),
}

#[derive(Debug, Args)]
struct Keygen {
    /// Name of the witness: usually its public address without `https://`. It cannot be changed later.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Folder that will hold `witness.toml`, `witness.key` and `state`; made if it is absent.
    #[arg(long, value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

#[derive(Debug, Args)]
struct Configured {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE", default_value = "witness.toml")]
    config: PathBuf,
}

#[derive(Debug, Args)]
struct Serve {
    #[command(flatten)]
    configured: Configured,
}

/// Runs a command.
pub fn run(arguments: Arguments) -> Result<()> {
    match arguments.command {
        Command::Keygen(options) => keygen(&options),
        Command::Serve(options) => {
            start_log()?;
            let config = Config::read(&options.configured.config)?;
            let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
            runtime.block_on(server::run(&config))
        }
        Command::Show(options) => print(&show::describe(&Config::read(&options.config)?)?),
    }
}

fn keygen(options: &Keygen) -> Result<()> {
    let name = KeyName::new(&options.name)
        .with_context(|| format!("`{}` is no key name: no spaces, no `+`", options.name))?;
    let vkey = key::make(name, &options.folder)?;
    let config = options.folder.join("witness.toml");
    print(&format!(
        "{vkey}\n\nThis is the verifier key: give it to the operators of the logs. Next: add the logs' verifier keys to \
         `{config}`, then run\n  ledger-witness serve --config {config}\n",
        config = config.display()
    ))
}

fn print(text: &str) -> Result<()> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .context("standard output is closed")
}

/// Tells the person at the terminal why it was not done.
pub fn complain(error: &anyhow::Error) {
    // Nobody is left to tell when standard error is closed too.
    let _ = writeln!(std::io::stderr(), "ledger-witness: {error:#}");
}

/// The log goes to standard error, one line an event; standard output is for answers.
fn start_log() -> Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init()
        .map_err(|error| anyhow::anyhow!("the log cannot start: {error}"))
}
