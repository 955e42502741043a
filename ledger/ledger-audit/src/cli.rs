//! Arguments.

use std::{fs, path::PathBuf};

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use evidence::base64url;
use ledger_core::{leaf::SubjectKey, note::Vkey};

use crate::report::Failure;

/// Stands below the help of the program and of each of its commands.
const EXIT: &str = "Exit status: 0 verified, 1 refused (the evidence is wrong, or the witnesses of --policy do not vouch for it), 2 could not \
                    check (wrong usage, missing \
                    file, network).\nA key is a C2SP verifier key, name+id+base64, or a file that holds one.";

/// Verifies evidence of the ledger: bundles, delivered folders, whole logs.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = EXIT
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Print one JSON object instead of sentences.
    #[arg(long, global = true)]
    pub json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify a bundle, or a folder with `evidence.json` and the delivered files.
    #[command(after_help = EXIT)]
    Verify(Verify),
    /// Recompute a whole log from its entries and compare everything.
    #[command(after_help = EXIT)]
    Log(Log),
    /// Keep a verified copy of a log in a folder; run again to follow it.
    #[command(after_help = EXIT)]
    Mirror(Mirror),
    /// Check that a newer checkpoint only adds to an older one; keep the evidence if it does not.
    #[command(after_help = EXIT)]
    Compare(Compare),
    /// Verify evidence that a log signed two histories, as `compare --evidence` writes it. Status 0: it did.
    #[command(after_help = EXIT)]
    SplitView(SplitView),
    /// Verify a time-stamp token (RFC 3161) over a checkpoint, without a network.
    #[command(after_help = EXIT)]
    Timestamp(Timestamp),
    /// Check that a person's file holds all records about her, and no others.
    #[command(after_help = EXIT)]
    Participant(Participant),
    /// Check a disclosure manifest, or one household's row of it, against the delivery leaf in the log.
    #[command(after_help = EXIT)]
    Manifest(Manifest),
}

/// Options of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// A bundle, or a folder that holds `evidence.json`.
    pub evidence: PathBuf,
    /// The log's key; without it the one in the bundle is used, which proves less.
    #[arg(long, value_name = "VKEY|FILE")]
    pub log_key: Option<String>,
    /// Demand that enough witnesses of this policy (C2SP tlog-policy) vouch for the checkpoint, and that it names the log.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// A file with the subject's key (32 bytes, or 43 base64url characters): checks that the record is this subject's.
    #[arg(long, value_name = "FILE")]
    pub subject_key: Option<PathBuf>,
}

/// Options of `log`.
#[derive(Debug, Args)]
pub struct Log {
    /// Folder or URL prefix of the log.
    pub source: String,
    /// The log's key; without it the file `log.vkey` of the log is used, which proves less.
    #[arg(long, value_name = "VKEY|FILE")]
    pub log_key: Option<String>,
    /// Demand that enough witnesses of this policy (C2SP tlog-policy) vouch for the checkpoint, and that it names the log.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// With --policy: the newest cosignature must not be older.
    #[arg(long, value_name = "SECONDS", requires = "policy")]
    pub max_age: Option<u64>,
    /// A checkpoint kept from an earlier visit: the log must only have added to it.
    #[arg(long, value_name = "FILE")]
    pub old_checkpoint: Option<PathBuf>,
    /// Key of a data-protection officer: every erasure must be signed by one of them. May be repeated.
    #[arg(long, value_name = "VKEY|FILE")]
    pub dpo_key: Vec<String>,
}

/// Options of `participant`.
#[derive(Debug, Args)]
pub struct Participant {
    /// The file, `fiducie-history/1` or `fiducie-list/1`.
    pub history: PathBuf,
    /// The log's key; without it the one in the file is used, which proves less.
    #[arg(long, value_name = "VKEY|FILE")]
    pub log_key: Option<String>,
    /// Demand that enough witnesses of this policy (C2SP tlog-policy) vouch for the checkpoint, and that it names the log.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// What an earlier check remembered: the log and the list must only have grown. Written anew when all is well.
    #[arg(long, value_name = "FILE")]
    pub memory: Option<PathBuf>,
    /// With --json: the records themselves too.
    #[arg(long)]
    pub records: bool,
}

/// Options of `manifest`.
#[derive(Debug, Args)]
pub struct Manifest {
    /// `disclosure-manifest.json` of a release, or a household's row, `fiducie-manifest-row/1`.
    pub file: PathBuf,
    /// The proof of the delivery leaf, `fiducie-delivery-leaf/1`: a whole manifest needs it, or --log.
    #[arg(long, value_name = "FILE")]
    pub leaf: Option<PathBuf>,
    /// Folder or URL prefix of the log: looks for the leaf among its entries.
    #[arg(long, value_name = "FOLDER|URL", conflicts_with = "leaf")]
    pub log: Option<String>,
    /// The bundle of a release, `fiducie-evidence/1`: its record must name this manifest.
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<PathBuf>,
    /// The log's key; without it the one in the file or of the log is used, which proves less.
    #[arg(long, value_name = "VKEY|FILE")]
    pub log_key: Option<String>,
}

/// Options of `mirror`.
#[derive(Debug, Args)]
pub struct Mirror {
    /// Folder or URL prefix of the log.
    pub source: String,
    /// Where the copy lies, or shall lie.
    pub folder: PathBuf,
    /// The log's key; without it that of the copy, or else the file `log.vkey` of the log, which proves less.
    #[arg(long, value_name = "VKEY|FILE")]
    pub log_key: Option<String>,
    /// Follow the log only to checkpoints for which enough witnesses of this policy (C2SP tlog-policy) vouch, and that
    /// name the log: one without them is refused with status 1, and the copy stays as it was.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// With --policy: the newest cosignature must not be older.
    #[arg(long, value_name = "SECONDS", requires = "policy")]
    pub max_age: Option<u64>,
}

/// Options of `compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// The older checkpoint: a file, the folder or URL prefix of a log or mirror, or a URL that ends in `/checkpoint`.
    pub old: String,
    /// The newer checkpoint, likewise.
    pub new: String,
    /// Folder or URL prefix of the log whose tiles prove it; without it the place of the newer checkpoint. Checkpoints
    /// of one size need none.
    pub source: Option<String>,
    /// A key of the log; without any the file `log.vkey` of the source is used, which proves less. May be repeated, for
    /// a log that changed its key.
    #[arg(long, value_name = "VKEY|FILE")]
    pub log_key: Vec<String>,
    /// Demand that enough witnesses of this policy (C2SP tlog-policy) vouch for the newer checkpoint, and that it names the
    /// log; without --log-key its keys of the log are used. One without them is refused with status 1, after the
    /// comparison: two histories are told whoever vouches for them.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// With --policy: the newest cosignature must not be older.
    #[arg(long, value_name = "SECONDS", requires = "policy")]
    pub max_age: Option<u64>,
    /// If the log signed two histories, write the proof of it here: `ledger-audit split-view` verifies it.
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<PathBuf>,
}

/// Options of `split-view`.
#[derive(Debug, Args)]
pub struct SplitView {
    /// The file, `fiducie-split-view/1`.
    pub evidence: PathBuf,
    /// A key of the log; without any those of the file are used, which proves less. May be repeated.
    #[arg(long, value_name = "VKEY|FILE")]
    pub log_key: Vec<String>,
}

/// Options of `timestamp`.
#[derive(Debug, Args)]
pub struct Timestamp {
    /// The checkpoint that was stamped, byte for byte: `timestamps/<size>.checkpoint` of the log's folder.
    pub checkpoint: PathBuf,
    /// The token, in DER: `timestamps/<size>.tst`.
    pub token: PathBuf,
    /// Certificates of authorities that you believe, in PEM. May be repeated.
    #[arg(long, value_name = "FILE", required = true)]
    pub root: Vec<PathBuf>,
    /// The log's key.
    #[arg(long, value_name = "VKEY|FILE")]
    pub log_key: String,
    /// The policy that the token must be issued under, as a dotted object identifier.
    #[arg(long, value_name = "OID")]
    pub policy: Option<String>,
}

/// Reads a key that stands on the command line or in a file.
pub fn read_key(argument: &str) -> Result<Vkey, Failure> {
    if let Ok(key) = argument.parse() {
        return Ok(key);
    }
    let text = fs::read_to_string(argument)
        .with_context(|| format!("`{argument}` is neither a verifier key nor a readable file"))?;
    let key = text.strip_suffix('\n').unwrap_or(&text).parse();
    Ok(key.with_context(|| format!("`{argument}` does not hold a verifier key"))?)
}

/// Reads a subject's key.
pub fn read_subject_key(path: &PathBuf) -> Result<SubjectKey, Failure> {
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let decoded = str::from_utf8(&bytes)
        .ok()
        .and_then(|text| base64url::decode(text.trim_end()));
    let key = SubjectKey::from_slice(&bytes).or_else(|| SubjectKey::from_slice(&decoded?));
    Ok(key.with_context(|| format!("`{}` does not hold a subject key", path.display()))?)
}
