//! `fiducie ledger`: looking at the ledger, repairing what may be repaired, restoring a backup.

mod explain;
pub mod leftovers;
mod repair;
mod restore;
mod status;
mod survey;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use ledger_log::{RecoverError, SweepFault};

use crate::cli::LEDGER_AFTER as AFTER;
use crate::config::{self, Config};
use crate::key_rotation::{self, RotateKey};
use crate::timestamping::{self, Timestamp};
pub use repair::RepairArgs;
pub use restore::RestoreArgs;
pub use status::StatusArgs;

/// The commands.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Says what the database, the lock store and the public files hold, which row of the recovery table applies, and
    /// what to do next. Writes nothing, signs nothing, works while `serve` runs.
    #[command(after_help = AFTER)]
    Status(StatusArgs),
    /// Without options: says what would be repaired. With --do: repairs one thing. With --explain: explains every state.
    /// Never touches the lock store.
    #[command(after_help = AFTER)]
    Repair(RepairArgs),
    /// Replays an older copy of the database: missing leaves come back from the public files, erasures are carried out
    /// again, consents of people who lost records are suspended. Stop the broker first.
    #[command(after_help = AFTER)]
    Restore(RestoreArgs),
    /// Changes the key that signs checkpoints: once to name the next key in the log, and once more with --finish, when
    /// auditors and witnesses know it, to give the old one up. Stop the broker first.
    #[command(after_help = AFTER)]
    RotateKey(RotateKey),
    /// Has the newest checkpoint stamped by the authority of the configuration (RFC 3161), keeps the token beside the
    /// log and its digest in it. Stop the broker first.
    #[command(after_help = AFTER)]
    Timestamp(Timestamp),
}

/// Runs one of them.
///
/// # Errors
/// Whatever kept it from being done.
pub async fn run(command: LedgerCommand) -> Result<ExitCode> {
    match command {
        LedgerCommand::Status(args) => status::run(&config::read(&args.config)?, &args).await,
        LedgerCommand::Repair(args) if args.explain => repair::explain(),
        LedgerCommand::Repair(args) => repair::run(&config::read(&args.config)?, &args).await,
        LedgerCommand::Restore(args) => restore::run(&config::read(&args.config)?, &args).await,
        LedgerCommand::RotateKey(args) => key_rotation::run(&args).await,
        LedgerCommand::Timestamp(args) => timestamping::run(&args).await.map(|()| ExitCode::SUCCESS),
    }
}

/// The full check of a ledger that was just taken up.
///
/// # Errors
/// What is wrong, line by line.
pub async fn check_fully(config: &Config) -> Result<()> {
    let found = survey::look(config, true).await?;
    let full = found.full.context("the database cannot be read")?;
    if full.is_clean() {
        say(&full.summary())?;
        return Ok(());
    }
    bail!("the full check found: {}", full.lines().join("; "))
}

/// A refusal to take the ledger up, with the way out.
pub fn refused(error: RecoverError) -> anyhow::Error {
    let state = error.state();
    let advice = explain::advice(state);
    anyhow::Error::new(error).context(format!(
        "the ledger refuses to be taken up ({state}): {}. What may be done: {}. {} `fiducie ledger status` shows what was \
         found, `fiducie ledger repair --explain` explains every state; do not restart it blindly",
        advice.verdict,
        advice.steps(),
        advice.must_not
    ))
}

/// Why a broker ended whose public files were changed, with the way out.
pub fn altered(fault: SweepFault) -> anyhow::Error {
    anyhow::Error::new(fault).context(
        "the broker ended: the public files of the ledger are not what was signed for. `fiducie ledger status --full` names \
         every such file, `fiducie ledger repair --do public-files` keeps them as evidence and writes what belongs there; \
         find out who wrote them",
    )
}

/// Answers go to standard output.
fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(())
}
