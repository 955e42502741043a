//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::{bench, config, demo, serve};

/// Consent and data-trust broker for energy data.
#[derive(Debug, Parser)]
#[command(name = "fiducie", version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything on one machine with nothing installed: a street of households, two applications, a researcher.
    Demo(DemoArgs),
    /// Runs the broker from a configuration file.
    Serve(ConfigArgs),
    /// Makes the keys, the database, the lock store and an empty ledger named in a configuration file. Run once.
    Keygen(ConfigArgs),
    /// Brings the database to the schema of this program.
    Migrate(ConfigArgs),
    /// Opens everything a configuration file names, checks the ledger's edge, and stops.
    Check(ConfigArgs),
    /// Measures a hot path and prints its figure beside the ceiling of the same run.
    Bench(BenchArgs),
}

#[derive(Debug, Args)]
struct ConfigArgs {
    /// The configuration file (TOML).
    #[arg(long, default_value = "fiducie.toml")]
    config: PathBuf,
}

/// Options of the demo.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Address to listen on; only loopback addresses are accepted.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Runs the story without pages, prints one JSON object a beat, and keeps its folder.
    #[arg(long)]
    pub script: bool,
    /// Adds a household whose gateway reads this TIC capture.
    #[arg(long, value_name = "FILE")]
    pub replay: Option<PathBuf>,
    /// Households in the street.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub households: u32,
    /// Makes the same street again: equal numbers give equal households and readings. Drawn when absent.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Keeps the data in this folder instead of a temporary one; it must not exist yet.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct BenchArgs {
    #[command(subcommand)]
    what: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Durable intakes per second: verified, covered, sealed, committed with fsync, receipt issued.
    Intake(IntakeArgs),
}

/// Options of the intake benchmark.
#[derive(Debug, Args)]
pub struct IntakeArgs {
    /// Prints one JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Batches handed in.
    #[arg(long, default_value_t = 4_000)]
    pub batches: usize,
    /// Gateways that hand in at the same time.
    #[arg(long, default_value_t = 256)]
    pub gateways: usize,
    /// Folder on the disk to measure; a temporary one inside it is used and removed.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Runs a command.
///
/// # Errors
/// Whatever kept it from being done.
pub fn run(cli: Cli) -> Result<ExitCode> {
    start_log()?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
    runtime.block_on(async move {
        match cli.command {
            Command::Demo(args) if args.script => demo::script::run(&args).await,
            Command::Demo(args) => demo::run(&args).await.map(|()| ExitCode::SUCCESS),
            Command::Serve(args) => serve::run(&config::read(&args.config)?)
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Keygen(args) => serve::keygen(&config::read(&args.config)?)
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Migrate(args) => serve::migrate(&config::read(&args.config)?)
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Check(args) => serve::check(&config::read(&args.config)?)
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Bench(BenchArgs {
                what: Bench::Intake(args),
            }) => bench::intake(&args).await.map(|()| ExitCode::SUCCESS),
        }
    })
}

/// The log goes to standard error, one line an event; standard output is for answers.
fn start_log() -> Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,tower_http=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init()
        .map_err(|error| anyhow::anyhow!("the log cannot start: {error}"))
}
