//! `fiducie ledger repair`: what may be repaired without losing anything, one thing at a time.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use broker_domain::time::Clock as _;
use broker_service::{Broker, ResumeError, log_view};
use broker_store_sqlite::SqliteStore;
use clap::{Args, ValueEnum};
use ledger_core::tile::Resource;
use ledger_log::{FolderStore, LogMap, MapConfig, PublicStore as _, State, Wrong, rewrite_public};

use super::explain::advice;
use super::survey::{Found, look};
use super::{refused, say, status};
use crate::assemble::{self, Home, Setting};
use crate::clock_watch;
use crate::config::Config;
use crate::in_use::InUse;
use crate::ports::SystemClock;
use crate::stopped::StopFolder;

/// Options of `ledger repair`.
#[derive(Debug, Args)]
pub struct RepairArgs {
    /// The configuration file, TOML; docs/OPERATING.md has one to copy.
    #[arg(long, value_name = "FILE", default_value = "fiducie.toml")]
    pub config: PathBuf,
    /// Explains every state: what happened, what may be done, what must not, the exact commands. Needs no configuration.
    #[arg(long)]
    pub explain: bool,
    /// Carries out one repair.
    #[arg(long = "do", value_name = "NAME", conflicts_with = "explain")]
    pub action: Option<Action>,
    /// A witness stopped the ledger, and what it saw was put back: goes on, and says so in the log. DIGEST names the
    /// evidence, as `ledger status` shows it; its first 16 digits are enough.
    #[arg(long, value_name = "DIGEST", conflicts_with_all = ["explain", "action"])]
    pub acknowledge_stop: Option<String>,
    /// The broker stood still for more than 7 days: confirms that the clock is right. Today's date in UTC, read from another
    /// clock.
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["explain", "action", "acknowledge_stop"])]
    pub confirm_clock: Option<String>,
}

/// What may be repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Takes the ledger up once, as a start does, and ends: signs and publishes what a crash left.
    Publish,
    /// Moves public files that differ from the database aside, into `set-aside/`, and writes all that are missing. Only
    /// when the database has the root that was signed.
    PublicFiles,
    /// Deletes the cache of the map and makes it again from the first leaf on.
    Map,
}

/// Explains every state.
///
/// # Errors
/// When standard output is closed.
pub fn explain() -> Result<ExitCode> {
    say("What each state of the ledger means. `fiducie ledger status` says which one applies.")?;
    for state in State::ALL {
        let advice = advice(state);
        say(&format!(
            "\n{state}: {}.\n  What happened: {}\n  What may be done:",
            advice.verdict, advice.happened
        ))?;
        for (number, step) in (1..).zip(advice.may) {
            say(&format!("    {number}. {step}"))?;
        }
        say(&format!("  What must not: {}", advice.must_not))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Repairs one thing, or says what could be repaired.
///
/// # Errors
/// When the repair does not apply, or fails.
pub async fn run(config: &Config, args: &RepairArgs) -> Result<ExitCode> {
    let home = Home::at(&config.data);
    let asked = (args.action, &args.acknowledge_stop, &args.confirm_clock);
    if matches!(asked, (None, None, None)) {
        return plan(&look(config, true).await?);
    }
    let in_use = InUse::take(home.folder()).await?;
    match args.action {
        Some(Action::Publish) => publish(config, &home).await?,
        Some(Action::PublicFiles) => public_files(config, &home).await?,
        Some(Action::Map) => map(&home).await?,
        None => {}
    }
    if let Some(digest) = &args.acknowledge_stop {
        acknowledge_stop(config, &home, digest).await?;
    }
    if let Some(date) = &args.confirm_clock {
        clock_watch::confirm(home.folder(), date, SystemClock.now())?;
        say(&format!("the clock was confirmed: it is {date}"))?;
    }
    drop(in_use);
    let found = look(config, true).await?;
    say(status::as_text(&found).trim_end())?;
    Ok(status::exit(&found))
}

/// What would be done.
fn plan(found: &Found) -> Result<ExitCode> {
    say(status::as_text(found).trim_end())?;
    let state = status::state(found);
    let wrong_files = found.full.as_ref().is_some_and(|full| {
        let file = |wrong: &Wrong| matches!(wrong, Wrong::Altered { .. } | Wrong::Missing { .. });
        full.log.wrong.iter().any(file)
    });
    let mut actions = Vec::new();
    if matches!(state, State::Unpublished | State::Unsigned) {
        actions.push("publish");
    }
    let changed = matches!(state, State::PublicChanged | State::ForeignPublic);
    if wrong_files || changed {
        actions.push("public-files");
    }
    if state == State::MapDiffers {
        actions.push("map");
    }
    if actions.is_empty() {
        say("\nNothing here can be repaired without a person's decision, or nothing needs to be.")?;
    }
    for action in actions {
        say(&format!(
            "\nThis would repair it: fiducie ledger repair --do {action}"
        ))?;
    }
    Ok(status::exit(found))
}

async fn publish(config: &Config, home: &Home) -> Result<()> {
    let running = assemble::take_up(Setting::of(config, home)).await?;
    drop(running.broker);
    running.writer.await.context("the ledger's writer died")??;
    Ok(())
}

/// Goes on after a stop, when what the witness saw is in the past again.
async fn acknowledge_stop(config: &Config, home: &Home, digest: &str) -> Result<()> {
    let (parts, public) = assemble::parts(Setting::of(config, home)).await?;
    let (broker, entry, writer) = Broker::resume(parts, digest).await.map_err(|error| match error {
        ResumeError::Recover(error) => refused(error),
        other => other.into(),
    })?;
    public.publish_key(broker.log_key()).await?;
    drop(broker);
    writer.await.context("the ledger's writer died")??;
    // Only now: a crash before leaves the evidence standing, and this command to be repeated.
    let stops = StopFolder::of(home.folder());
    let kept = stops
        .set_aside(SystemClock.now().as_micros())
        .context("the evidence cannot be set aside; run this command again")?;
    say(&format!(
        "the ledger goes on, and entry {entry} of the log says so. The evidence is kept in {}",
        kept.display()
    ))
}

async fn public_files(config: &Config, home: &Home) -> Result<()> {
    let found = look(config, true).await?;
    let state = status::state(&found);
    let allowed = [
        State::Ready,
        State::Unpublished,
        State::Unsigned,
        State::PublicChanged,
        State::ForeignPublic,
    ];
    if !allowed.contains(&state) {
        bail!(
            "{state}: {}; public files are not written in this state",
            advice(state).verdict
        );
    }
    let (Some(full), Some(locked)) = (&found.full, &found.survey.locked) else {
        bail!("the database cannot be read");
    };
    // Written from the database, so it must be what was signed: in every leaf, not on the edge alone.
    let data_is_wrong = |wrong: &&Wrong| !matches!(wrong, Wrong::Altered { .. } | Wrong::Missing { .. });
    if let Some(wrong) = full.log.wrong.iter().find(data_is_wrong) {
        bail!("the database itself is not what was signed: {wrong}; public files are not written from it");
    }
    if full.log.more > 0 {
        bail!("more public files differ than a repair moves aside at once; restore the folder from a mirror");
    }
    let public = FolderStore::open(home.ledger()).await?;
    let aside = home
        .folder()
        .join(format!("set-aside/{}", SystemClock.now().as_micros()));
    let altered = full.log.wrong.iter().filter_map(|wrong| match wrong {
        Wrong::Altered { resource } => Some(*resource),
        _ => None,
    });
    let checkpoint = (state == State::ForeignPublic).then_some(Resource::Checkpoint);
    for resource in altered.chain(checkpoint) {
        let kept = public.move_aside(resource, &aside).await?;
        say(&format!("kept as evidence: {}", kept.display()))?;
    }
    let store = Arc::new(SqliteStore::inspect(&home.database()).await?);
    let size = locked.size();
    rewrite_public(&*log_view(store), &public, size).await?;
    if public.read(Resource::Checkpoint).await?.as_deref() != Some(locked.note().to_string().as_bytes()) {
        publish(config, home).await?;
    }
    Ok(())
}

async fn map(home: &Home) -> Result<()> {
    let store = Arc::new(SqliteStore::inspect(&home.database()).await?);
    let data = log_view(store);
    let size = data.head().await?.map(|head| head.size).unwrap_or_default();
    match std::fs::remove_dir_all(home.map()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).context("the cache of the map cannot be removed");
        }
        _ => {}
    }
    let mut map = LogMap::recover(home.map(), MapConfig::default(), &*data, size).await?;
    let entries = tokio::task::spawn_blocking(move || map.write_base().map(|()| map.entries()))
        .await
        .context("the map's thread died")??;
    say(&format!(
        "the map was made again: {entries} entries, and it is the one that the log names"
    ))?;
    Ok(())
}
