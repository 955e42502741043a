//! `fiducie ledger restore`: an older copy of the database beside a log that went on.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use broker_domain::time::Clock as _;
use broker_service::{Broker, RestoreError, Restored, restore};
use broker_store::Store as _;
use broker_store_sqlite::{NEWEST_SCHEMA, SqliteStore, migrate};
use clap::Args;
use ledger_core::leaf::RestoreLeaf;
use serde_json::json;

use super::survey::look;
use super::{leftovers, refused, say, status};
use crate::assemble::{self, Home, Setting};
use crate::config::Config;
use crate::in_use::InUse;
use crate::ports::SystemClock;
use crate::stopped::StopFolder;

/// What SQLite keeps beside a database.
const SIDE_FILES: [&str; 3] = ["", "-wal", "-shm"];

/// Options of `ledger restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The configuration file, TOML; docs/OPERATING.md has one to copy.
    #[arg(long, value_name = "FILE", default_value = "fiducie.toml")]
    pub config: PathBuf,
    /// The backup of the database. It is copied into its place; what stood there is moved aside. When absent, the
    /// database in its place is the older copy.
    #[arg(long, value_name = "FILE")]
    pub backup: Option<PathBuf>,
    /// Prints one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Restores.
///
/// # Errors
/// When nothing is missing, or the copy cannot be replayed: nothing was signed then.
pub async fn run(config: &Config, args: &RestoreArgs) -> Result<ExitCode> {
    let home = Home::at(&config.data);
    let in_use = InUse::take(home.folder()).await?;
    let aside = match &args.backup {
        None => Vec::new(),
        Some(backup) => put_in_place(config, &home, backup).await?,
    };
    let (parts, public) = assemble::parts(Setting::of(config, &home)).await?;
    let restored = match restore(&parts).await {
        Ok(restored) => Some(restored),
        // Replayed before, and ended in the middle of what comes next.
        Err(RestoreError::NothingMissing { data, signed }) if data > signed => None,
        Err(error) => return Err(error).context("the copy was not replayed; nothing was changed or signed"),
    };
    if let Some(stop) = StopFolder::of(home.folder()).read()? {
        say("The copy was replayed. Nothing is signed for it yet, because a witness stopped this ledger:")?;
        return Err(refused(stop.refusal()));
    }
    // What a start does: signs the restore, publishes it, and scrubs the bytes of those who were erased again.
    let (broker, writer) = Broker::start(parts).await.map_err(refused)?;
    leftovers::clean(&home);
    public.publish_key(broker.log_key()).await?;
    let size = broker.latest_checkpoint().size().get();
    drop(broker);
    writer.await.context("the ledger's writer died")??;
    drop(in_use);
    tell(args, restored.as_ref(), size, &aside)
}

/// Whether a restore leaf stands among the leaves that nothing was signed for.
async fn replayed(home: &Home, signed: u64, has: u64) -> Result<bool> {
    let store = SqliteStore::inspect(&home.database()).await?;
    let leaves = store.read().await?.leaves(signed, has).await?;
    Ok(leaves.iter().any(|leaf| RestoreLeaf::parse(&leaf.bytes).is_ok()))
}

/// Copies the backup into the place of the database, and moves what stood there aside. Repeatable after a crash.
async fn put_in_place(config: &Config, home: &Home, backup: &Path) -> Result<Vec<PathBuf>> {
    let found = look(config, false).await?;
    let signed = found.survey.locked.as_ref().map(|locked| locked.size());
    let has = found.survey.data.map(|head| head.size);
    let refuses = matches!(
        found.beneath.unwrap_or_else(|| status::state(&found)),
        ledger_log::State::RootMismatch | ledger_log::State::Contradiction
    );
    match (has, signed) {
        // A restore that was committed and not finished.
        (Some(has), Some(signed)) if has > signed && !refuses => {
            if replayed(home, signed.get(), has.get()).await? {
                return Ok(Vec::new());
            }
            bail!(
                "the database in its place has leaves that a crash left unsigned, so it is newer than any backup, and was \
                 not replaced: start the broker, which signs them; move it away by hand if it must go"
            );
        }
        (Some(has), Some(signed)) if has == signed && !refuses => bail!(
            "nothing is missing: the database in its place has all {has} leaves that were signed for, so it was not \
             replaced by the backup; move it away by hand if it must go"
        ),
        _ => {}
    }
    let database = home.database();
    let draft = with_ending(&database, ".restoring");
    for ending in SIDE_FILES {
        remove(&with_ending(&draft, ending))?;
    }
    copy(backup, &draft)?;
    let log = with_ending(backup, "-wal");
    if log.exists() {
        copy(&log, &with_ending(&draft, "-wal"))?;
    }
    // Takes the log of the copy into it, and brings an older schema up; closed, it is one file.
    migrate(&draft, NEWEST_SCHEMA)
        .await
        .context("the backup cannot be opened")?;
    for ending in ["-wal", "-shm"] {
        remove(&with_ending(&draft, ending))?;
    }
    File::open(&draft)?.sync_all()?;
    let mut aside = Vec::new();
    let stamp = format!(".replaced-{}", SystemClock.now().as_micros());
    // The log first: a database that met a log of another would take its pages for its own.
    for ending in ["-wal", "-shm", ""] {
        let from = with_ending(&database, ending);
        let to = with_ending(&with_ending(&database, &stamp), ending);
        match fs::rename(&from, &to) {
            Ok(()) => aside.push(to),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).context("the database in its place cannot be moved aside"),
        }
    }
    fs::rename(&draft, &database).context("the copy cannot be put in its place")?;
    File::open(home.folder())?.sync_all()?;
    Ok(aside)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut source =
        File::open(from).with_context(|| format!("the backup `{}` cannot be read", from.display()))?;
    let target = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to);
    let mut target = target.with_context(|| format!("`{}` cannot be made", to.display()))?;
    std::io::copy(&mut source, &mut target).context("the backup cannot be copied")?;
    target.sync_all()?;
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("`{}` cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn tell(args: &RestoreArgs, restored: Option<&Restored>, size: u64, aside: &[PathBuf]) -> Result<ExitCode> {
    let aside: Vec<String> = aside.iter().map(|path| path.display().to_string()).collect();
    if args.json {
        let counts = restored.map(|done| {
            json!({
                "known": done.known,
                "imported": done.imported,
                "erased_again": done.erased,
                "subjects_with_lost_records": done.subjects,
                "lost_records": done.records,
                "records_of_nobody": done.strangers,
                "suspended_consents": done.suspended,
            })
        });
        say(&json!({ "size": size, "restored": counts, "moved_aside": aside }).to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    match restored {
        None => say("The copy had been replayed before; the restore is signed and published now.")?,
        Some(done) => say(&summary(done))?,
    }
    say(&format!(
        "The ledger has {size} leaves. Start the broker: `fiducie serve`."
    ))?;
    say("Then:")?;
    say(
        "  - tell people that records of theirs may have lost their detail, and that they must agree again and switch",
    )?;
    say("    their gateways on: nothing is taken from them or sent about them before")?;
    say("  - destroy the backup: it still holds the keys and records of everybody erased since")?;
    for path in &aside {
        say(&format!(
            "  - destroy `{path}` once nobody needs it: what stood in the place of the backup"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(done: &Restored) -> String {
    format!(
        "Restored: the copy had {} leaves, {} came back from the public files.\n\
         Erased again: {} subjects.\n\
         Lost: the details of {} records of {} subjects, whose numbers are not given again; {} more records are of people \
         who joined after the backup or were erased.\n\
         Suspended: {} consents of people who lost records. All gateways are switched off, all sessions ended.",
        done.known, done.imported, done.erased, done.records, done.subjects, done.strangers, done.suspended
    )
}
