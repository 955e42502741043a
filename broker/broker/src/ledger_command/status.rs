//! `fiducie ledger status`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use broker_service::StopEvidence;
use clap::Args;
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_log::State;
use serde_json::{Value, json};

use super::explain::advice;
use super::say;
use super::survey::{Found, cause, look};
use crate::config::Config;

/// Options of `ledger status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The configuration file, TOML; docs/OPERATING.md has one to copy.
    #[arg(long, value_name = "FILE", default_value = "fiducie.toml")]
    pub config: PathBuf,
    /// Prints one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
    /// Recomputes everything from the database and compares every public file, instead of the newest edge only. Reads
    /// the whole log.
    #[arg(long)]
    pub full: bool,
}

/// Looks and tells. Exit status 0 when a start needs nobody, 2 when a person must look.
///
/// # Errors
/// When the key of the ledger cannot be read.
pub async fn run(config: &Config, args: &StatusArgs) -> Result<ExitCode> {
    let found = look(config, args.full).await?;
    if args.json {
        say(&as_json(&found).to_string())?;
    } else {
        say(as_text(&found).trim_end())?;
    }
    Ok(exit(&found))
}

/// The row of the table.
pub fn state(found: &Found) -> State {
    match &found.survey.verdict {
        Ok(state) => *state,
        Err(error) => error.state(),
    }
}

/// 0 when a start needs nobody, 2 when a person must look.
pub fn exit(found: &Found) -> ExitCode {
    let clean = found.full.as_ref().is_none_or(super::survey::Full::is_clean);
    if state(found).heals() && clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    }
}

/// The status as people read it.
pub fn as_text(found: &Found) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:<16}{value}");
    };
    line("origin", &found.origin);
    line("key", &found.key.to_string());
    line("database", &database(found));
    line("lock store", &checkpoint(found.survey.locked.as_ref()));
    line("public folder", &checkpoint(found.survey.public.as_ref()));
    line("map", &map(found));
    line("clock", &clock(found));
    line(
        "in use",
        if found.in_use {
            "yes: another process has the data folder"
        } else {
            "no"
        },
    );
    if let Some(stop) = &found.stop {
        line("stopped", &stopped(stop));
    }
    for left in found.leftovers.lines() {
        line("left behind", &left);
    }
    if let Some(full) = &found.full {
        line("full check", &full.summary());
        for wrong in full.lines() {
            line("", &format!("WRONG: {wrong}"));
        }
    }
    let state = state(found);
    let advice = advice(state);
    let _ = writeln!(text, "\n{state}: {}.", advice.verdict);
    if let Some(cause) = cause(&found.survey.verdict) {
        let _ = writeln!(text, "Found: {cause}.");
    }
    if let Some(beneath) = found.beneath.filter(|beneath| *beneath != State::Ready) {
        let _ = writeln!(
            text,
            "Besides, {beneath}: {}.",
            super::explain::advice(beneath).verdict
        );
    }
    if found.in_use && state != State::Ready && state.heals() {
        let _ = writeln!(
            text,
            "A broker runs: the stores were read one after the other, so a batch may lie between."
        );
    }
    let _ = writeln!(text, "{}\nNext:", advice.happened);
    for (number, step) in (1..).zip(advice.may) {
        let _ = writeln!(text, "  {number}. {step}");
    }
    let _ = writeln!(text, "{}", advice.must_not);
    text
}

fn stopped(stop: &StopEvidence) -> String {
    let digest = stop
        .digest()
        .map_or_else(|_| "unreadable".to_owned(), |digest| digest.to_string());
    let convicts = if stop.split_view.is_some() {
        "; `split-view.json` proves two histories to anybody: `ledger-audit split-view stopped/split-view.json`"
    } else {
        ""
    };
    format!(
        "on {} `{}` showed {} leaves signed by this log, which had {}; evidence {digest} in `stopped/`{convicts}",
        stop.found_at,
        stop.witness,
        stop.theirs.size(),
        stop.ours.size()
    )
}

fn database(found: &Found) -> String {
    match &found.survey.data {
        Some(head) => format!(
            "{} leaves, root {}, newest batch {}",
            head.size,
            head.root,
            instant(head.at.0)
        ),
        None => "no leaf, or not readable".to_owned(),
    }
}

fn checkpoint(found: Option<&SignedCheckpoint>) -> String {
    found.map_or_else(
        || "no checkpoint of this key".to_owned(),
        |found| format!("{} leaves, root {}", found.size(), found.root()),
    )
}

fn map(found: &Found) -> String {
    match found.map_bytes {
        Some(bytes) if bytes > 0 => format!("{bytes} bytes kept; checked against the log at each start"),
        _ => "nothing kept; made again from the log at the next start".to_owned(),
    }
}

fn clock(found: &Found) -> String {
    let now = instant(found.now.as_micros());
    match &found.survey.data {
        Some(head) if head.at.0 > found.now.as_micros() => {
            let behind = head.at.0.saturating_sub(found.now.as_micros()) / 1_000_000;
            format!("{now}, BEHIND the newest batch by {behind} s")
        }
        _ => now,
    }
}

fn instant(micros: i64) -> String {
    broker_domain::time::Instant::from_micros(micros).map_or_else(|_| micros.to_string(), |at| at.to_string())
}

/// The status as programs read it.
pub fn as_json(found: &Found) -> Value {
    let checkpoint = |found: &Option<SignedCheckpoint>| {
        found
            .as_ref()
            .map(|found| json!({ "size": found.size().get(), "root": found.root().to_base64() }))
    };
    let state = state(found);
    let advice = advice(state);
    let data = found.survey.data.map(
        |head| json!({ "size": head.size.get(), "root": head.root.to_base64(), "at": instant(head.at.0) }),
    );
    let full = found.full.as_ref().map(|full| {
        json!({
            "clean": full.is_clean(),
            "leaves": full.log.leaves,
            "files": full.log.files,
            "map_roots": full.log.map_roots,
            "records": full.details.records,
            "lost": full.details.lost,
            "missing": full.details.missing,
            "wrong": full.lines(),
        })
    });
    json!({
        "origin": found.origin,
        "key": found.key.to_string(),
        "in_use": found.in_use,
        "now": instant(found.now.as_micros()),
        "database": data,
        "lock_store": checkpoint(&found.survey.locked),
        "public_folder": checkpoint(&found.survey.public),
        "map_bytes": found.map_bytes,
        "state": state.name(),
        "beneath": found.beneath.map(State::name),
        "stopped": found.stop.as_ref().map(|stop| json!({
            "witness": stop.witness,
            "found_at": stop.found_at.to_string(),
            "ours": stop.ours.size().get(),
            "theirs": stop.theirs.size().get(),
            "split_view": stop.split_view.is_some(),
            "digest": stop.digest().ok().map(|digest| digest.to_string()),
        })),
        "left_behind": found.leftovers.lines(),
        "fine": state.heals() && found.full.as_ref().is_none_or(super::survey::Full::is_clean),
        "verdict": advice.verdict,
        "cause": cause(&found.survey.verdict),
        "next": advice.may,
        "must_not": advice.must_not,
        "full": full,
    })
}
