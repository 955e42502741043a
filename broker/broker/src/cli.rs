//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use broker_domain::ids::{OfficerId, OrganisationId, ParticipantId, ResearcherId};
use broker_domain::telling::MailAddress;
use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::ledger_command::{self, LedgerCommand};
use crate::serve::Depth;
use crate::{bench, config, demo, enrol, invite, serve};

/// What stands below the help of every command.
const AFTER: &str = "Exit status: 0 done, 1 the story of `demo --script` failed, 2 refused, failed or not understood: \
                     standard error says why.\nAnswers go to standard output, the log to standard error; RUST_LOG \
                     sets its level (default info).";

/// What stands below the help of `ledger` commands.
pub const LEDGER_AFTER: &str = "Exit status: 0 fine or done, 2 refused, or a person must look: standard output says why and \
                                what to do next.\nThe log goes to standard error.";

/// Consent and data-trust broker for energy data. Begin with `fiducie demo`.
#[derive(Debug, Parser)]
#[command(name = "fiducie", version, max_term_width = 100, after_help = AFTER)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything on one machine with nothing installed: a street of households, two applications, a researcher.
    #[command(after_help = AFTER)]
    Demo(DemoArgs),
    /// Runs the broker until Ctrl-C, SIGTERM, or its ledger stops (then exit status 2). Needs `keygen` before.
    #[command(after_help = AFTER)]
    Serve(ConfigArgs),
    /// Makes the keys, the database, the lock store and an empty ledger in the folder `data` of the configuration. Run
    /// once: nothing that exists is overwritten.
    #[command(after_help = AFTER)]
    Keygen(KeygenArgs),
    /// Brings the database to the schema of this program. Stop the broker and copy the database first.
    #[command(after_help = AFTER)]
    Migrate(ConfigArgs),
    /// Opens keys, database, lock store and ledger, finishes what a crash left of the ledger, says whether they agree,
    /// and ends.
    #[command(after_help = AFTER)]
    Check(CheckArgs),
    /// Lets somebody in: prints a code, once, with which she registers her first way to sign in. The first officer comes
    /// in this way.
    #[command(after_help = AFTER)]
    Invite(InviteArgs),
    /// Enrols a member of the federation from a file: organisation, applications, what it asks people for, datasets,
    /// researchers. Stop the broker first. docs/OPERATING.md has a file to copy.
    #[command(after_help = AFTER)]
    Enrol(EnrolArgs),
    /// The ledger for its operator: where it stands, what may be repaired, how a backup is restored.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Measures a hot path and prints its figure beside what the same machine could do at most.
    #[command(after_help = AFTER)]
    Bench(BenchArgs),
}

#[derive(Debug, Args)]
struct ConfigArgs {
    /// The configuration file, TOML; docs/OPERATING.md has one to copy.
    #[arg(long, value_name = "FILE", default_value = "fiducie.toml")]
    config: PathBuf,
}

#[derive(Debug, Args)]
struct CheckArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Recomputes everything from the database and compares every public file, instead of the newest edge only. Reads
    /// the whole log.
    #[arg(long)]
    full: bool,
}

#[derive(Debug, Args)]
struct KeygenArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Makes only the key of receipts, for an installation older than they are; everything else stays as it is.
    #[arg(long)]
    receipt_key: bool,
}

/// A member's file.
#[derive(Debug, Args)]
struct EnrolArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The member's file, TOML; the files that it names are found beside it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Who is invited. Officers, and whoever is enrolled already, are invited beside a running broker; enrolling participants
/// and researchers writes to the ledger, so the broker must be stopped for it.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("whom").required(true).args(["participant", "researcher", "officer", "again"]))]
pub struct InviteArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// A participant: a new one with --name, --address, --meter; or the enrolled one of this identifier, who never had an
    /// account.
    #[arg(long, value_name = "ID", num_args = 0..=1)]
    pub participant: Option<Option<ParticipantId>>,
    /// A researcher: a new one with --name, --organisation, --age-recipient; or the enrolled one of this identifier.
    #[arg(long, value_name = "ID", num_args = 0..=1)]
    pub researcher: Option<Option<ResearcherId>>,
    /// An officer: a new one with --name; or the one of this identifier.
    #[arg(long, value_name = "ID", num_args = 0..=1)]
    pub officer: Option<Option<OfficerId>>,
    /// Whoever has an account and lost the way in, by the identifier of her role. Make sure who she is: the code opens
    /// her account, also a frozen one.
    #[arg(long, value_name = "ID")]
    pub again: Option<String>,
    /// Name of a new one.
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// Postal address of a new participant.
    #[arg(long, value_name = "TEXT")]
    pub address: Option<String>,
    /// E-mail address of a new participant, for messages; she may give it herself later.
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<MailAddress>,
    /// Meter number of a new participant, 14 digits.
    #[arg(long, value_name = "DIGITS")]
    pub meter: Option<String>,
    /// Language of a new participant.
    #[arg(long, value_name = "LANGUAGE", default_value = "fr", value_parser = ["fr", "en", "nl"])]
    pub language: String,
    /// Laboratory of a new researcher.
    #[arg(long, value_name = "ID")]
    pub organisation: Option<OrganisationId>,
    /// `age` recipient of a new researcher, to which releases are sealed.
    #[arg(long, value_name = "RECIPIENT")]
    pub age_recipient: Option<String>,
}

/// Options of the demo.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where the pages are; only loopback addresses are accepted. Port 0 takes a free one. Not used by --script.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Runs the story without pages, prints one JSON object for each beat, keeps its folder, and ends: 0 if every beat
    /// went well, 1 if not.
    #[arg(long)]
    pub script: bool,
    /// Adds a household whose gateway reads this capture of a meter's customer output (TIC), at the pace of the
    /// capture.
    #[arg(long, value_name = "FILE")]
    pub replay: Option<PathBuf>,
    /// Households in the street, 1 to 2000. With --script at least 101, so that a release is possible.
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub households: u32,
    /// Makes the same street again: equal numbers give equal households and readings. Drawn anew when absent.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Puts the data into this folder, which must not exist yet. When absent, into a new one under the system's
    /// temporary folder. Neither is removed at the end: the proofs in it are worth keeping.
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
    /// Durable intakes per second, with p50 and p99 in ms: verified, covered, sealed, committed with fsync, receipt
    /// issued. Takes some seconds; run the release build.
    #[command(after_help = AFTER)]
    Intake(IntakeArgs),
    /// Leaves appended to a ledger per second, each durable, signed for, public and with its receipt; and how long a
    /// restart takes. Takes some seconds, with --preload 10000000 some minutes; run the release build.
    #[command(after_help = AFTER)]
    Ledger(LedgerArgs),
    /// Decisions over a city's consents: p50 and p99 in µs of consent and policies as a transfer asks them; what the next
    /// decision after a withdrawal says; the participant's home page at 200 requests a second. Takes minutes, most of
    /// them to write the city; run the release build.
    #[command(after_help = AFTER)]
    Decide(DecideArgs),
}

/// Options of the decision benchmark.
#[derive(Debug, Args)]
pub struct DecideArgs {
    /// Prints one JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Participants in the database, with a point each.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub participants: usize,
    /// Consents of all of them together.
    #[arg(long, value_name = "N", default_value_t = 500_000)]
    pub consents: usize,
    /// Decisions to measure.
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub decisions: usize,
    /// How long the home page is asked for, in seconds.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub seconds: u64,
    /// Folder on the disk to measure: a temporary one inside it is used and removed. When absent, the system's temporary
    /// folder, which may be in memory and then measures no disk.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Options of the ledger benchmark.
#[derive(Debug, Args)]
pub struct LedgerArgs {
    /// Prints one JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Leaves to append, all appenders together.
    #[arg(long, value_name = "N", default_value_t = 300_000)]
    pub appends: usize,
    /// Callers that append at the same time, each one leaf after the other.
    #[arg(long, value_name = "N", default_value_t = 1_024)]
    pub appenders: usize,
    /// Leaves that stand in the log before the clock starts.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub preload: u64,
    /// A Python that has the package `aics-tlog`, to be measured beside.
    #[arg(long, value_name = "PYTHON")]
    pub peer: Option<PathBuf>,
    /// Folder on the disk to measure: a temporary one inside it is used and removed. When absent, the system's temporary
    /// folder, which may be in memory and then measures no disk.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Options of the intake benchmark.
#[derive(Debug, Args)]
pub struct IntakeArgs {
    /// Prints one JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Batches handed in, all gateways together.
    #[arg(long, value_name = "N", default_value_t = 4_000)]
    pub batches: usize,
    /// Gateways that hand in at the same time, each one batch after the other.
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub gateways: usize,
    /// Folder on the disk to measure: a temporary one inside it is used and removed. When absent, the system's temporary
    /// folder, which may be in memory and then measures no disk.
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
            Command::Keygen(args) if args.receipt_key => {
                serve::add_receipt_key(&config::read(&args.config.config)?).map(|()| ExitCode::SUCCESS)
            }
            Command::Keygen(args) => serve::keygen(&config::read(&args.config.config)?)
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Migrate(args) => serve::migrate(&config::read(&args.config)?)
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Check(args) => {
                let depth = if args.full { Depth::Full } else { Depth::Edge };
                serve::check(&config::read(&args.config.config)?, depth)
                    .await
                    .map(|()| ExitCode::SUCCESS)
            }
            Command::Invite(args) => invite::run(&config::read(&args.config.config)?, &args)
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Enrol(args) => enrol::run(&config::read(&args.config.config)?, &args.file)
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Ledger(command) => ledger_command::run(command).await,
            Command::Bench(BenchArgs {
                what: Bench::Intake(args),
            }) => bench::intake(&args).await.map(|()| ExitCode::SUCCESS),
            Command::Bench(BenchArgs {
                what: Bench::Ledger(args),
            }) => bench::ledger::run(&args).await.map(|()| ExitCode::SUCCESS),
            Command::Bench(BenchArgs {
                what: Bench::Decide(args),
            }) => bench::decide::run(&args).await.map(|()| ExitCode::SUCCESS),
        }
    })
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
