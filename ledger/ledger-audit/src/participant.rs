//! `participant`: a person's whole list.

use std::{collections::BTreeMap, fs, io::ErrorKind, path::Path};

use anyhow::{Context, anyhow};
use evidence::{
    history::{History, LostRecord, Remembered, VerifiedHistory, WINDOW},
    jcs,
    record::Record,
};
use ledger_core::{
    leaf::RecordNumber,
    policy::Freshness,
    tree::{Hash, TreeSize},
};
use serde::{Deserialize, Serialize};

use crate::{
    cli::{Participant, read_key},
    report::{Failure, Report, refused},
    source::describe,
    witnesses::{self, key_source, read_policy},
};

pub fn run(options: &Participant) -> Result<Report, Failure> {
    let expected = options.log_key.as_deref().map(read_key).transpose()?;
    let policy = options.policy.as_deref().map(read_policy).transpose()?;
    let memory = options.memory.as_deref().map(recall).transpose()?.flatten();
    let path = &options.history;
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;

    let history = History::parse(&bytes).map_err(refused)?;
    let remembered = memory.as_ref().map(Memory::remembered).transpose()?;
    let pinned = match &memory {
        Some(memory) if expected.is_none() => Some(read_key(&memory.log_key)?),
        _ => expected,
    };
    let mut verified = history
        .verify(pinned.as_ref(), remembered.as_ref())
        .map_err(refused)?;
    verified.log_key = key_source(policy.as_ref(), &history.header.log_key, verified.log_key)?;
    let mut report = tell(&history, &verified)?;
    match &policy {
        Some(policy) => witnesses::check(&mut report, policy, &verified.checkpoint, Freshness::Ignored)?,
        None => report.skip(
            "Whether others are shown the same log: compare checkpoints with theirs, or name its witnesses with --policy.",
        ),
    }
    match remembered {
        None => report.skip(
            "Whether the log or the list went back since an earlier check: keep what this one saw with --memory.",
        ),
        Some(then) => report.check(format!(
            "Since the check at {} entries and {} records, both have only grown.",
            then.size,
            then.newest.get()
        )),
    }
    if options.records {
        report.detail("records", list(&verified)?);
    }
    if let Some(path) = &options.memory {
        keep(path, &history, &verified)?;
    }
    Ok(report)
}

fn tell(history: &History, verified: &VerifiedHistory) -> Result<Report, Failure> {
    let records = verified.records.len() + verified.lost.len();
    let mut report = Report {
        summary: format!(
            "The {records} records of the file are all that the log of {} entries holds about this subject.",
            verified.checkpoint.size()
        ),
        ..Report::default()
    };
    describe(&mut report, &verified.checkpoint);
    report.key(&history.header.log_key, verified.log_key, "file");
    report.detail("key_changes", verified.key_changes);
    if verified.key_changes > 0 {
        report.check(format!(
            "The log changed its key {} times since the one you know, each time under the key before.",
            verified.key_changes
        ));
    }
    report.check("The last entry of the log is the root of its map, and covers all entries before it.");
    report.check(format!(
        "Each of the {} records that can be read is signed by a key of the file and opens its entry in the log.",
        verified.records.len()
    ));
    report.check(format!(
        "The map shows the numbers 1 to {records} of this subject, and none of the {WINDOW} after them."
    ));
    if !verified.lost.is_empty() {
        report.skip(format!(
            "What {} of them say, at the numbers {}: their details were lost when the broker was restored from a backup.",
            verified.lost.len(),
            numbers(&verified.lost)
        ));
    }
    report.detail("lost", verified.lost.len());
    report.detail("newest", verified.remember.newest.get());
    report.detail("kinds", kinds(verified)?);
    report.skip("Whether the map was made from all entries: `ledger-audit log` recomputes it.");
    report.skip("Whether something happened that was never recorded: no log can prove that.");
    Ok(report)
}

/// Runs of numbers: `4-6, 9`.
fn numbers(lost: &[LostRecord]) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for n in lost.iter().map(|one| one.n.get()) {
        match runs.last_mut() {
            Some((_, end)) if end.checked_add(1) == Some(n) => *end = n,
            _ => runs.push((n, n)),
        }
    }
    let text = |(first, last): &(u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    runs.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn kinds(verified: &VerifiedHistory) -> Result<BTreeMap<String, u64>, Failure> {
    let mut kinds = BTreeMap::new();
    for one in &verified.records {
        let name = type_of(&one.record)?;
        *kinds.entry(name).or_insert(0) += 1;
    }
    Ok(kinds)
}

fn list(verified: &VerifiedHistory) -> Result<Vec<serde_json::Value>, Failure> {
    let line = |one: &evidence::history::VerifiedRecord| {
        Ok(serde_json::json!({
            "n": one.n.get(),
            "leaf_index": one.index.get(),
            "record": value(&one.record)?,
        }))
    };
    verified.records.iter().map(line).collect()
}

fn type_of(record: &Record) -> Result<String, Failure> {
    let value = value(record)?;
    let name = value.get("type").and_then(|name| name.as_str());
    Ok(name.unwrap_or_default().to_owned())
}

fn value(record: &Record) -> Result<serde_json::Value, Failure> {
    Ok(serde_json::to_value(record).context("the record cannot be shown")?)
}

/// What one check leaves for the next: no secret, and nothing about the records but their number.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    format: String,
    log_key: String,
    newest: u64,
    root: String,
    size: u64,
}

const MEMORY: &str = "fiducie-history-memory/1";

impl Memory {
    fn remembered(&self) -> Result<Remembered, Failure> {
        let read = || {
            Some(Remembered {
                size: TreeSize::new(self.size)?,
                root: Hash::from_base64(&self.root)?,
                newest: RecordNumber::new(self.newest)?,
            })
        };
        let remembered = read().filter(|_| self.format == MEMORY);
        Ok(remembered.ok_or_else(|| anyhow!("the memory file is not one of this program"))?)
    }
}

fn recall(path: &Path) -> Result<Option<Memory>, Failure> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(anyhow!(error)
                .context(format!("cannot read `{}`", path.display()))
                .into());
        }
    };
    let memory = jcs::parse(&bytes).with_context(|| format!("`{}` is not a memory file", path.display()))?;
    Ok(Some(memory))
}

/// Replaces the file in one step, so that an interrupted check leaves the older memory.
fn keep(path: &Path, history: &History, verified: &VerifiedHistory) -> Result<(), Failure> {
    let memory = Memory {
        format: MEMORY.to_owned(),
        log_key: history.header.log_key.to_string(),
        newest: verified.remember.newest.get(),
        root: verified.remember.root.to_base64(),
        size: verified.remember.size.get(),
    };
    let bytes = jcs::to_bytes(&memory).context("the memory cannot be written")?;
    let beside = path.with_extension("new");
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    Ok(written.with_context(|| format!("cannot write `{}`", path.display()))?)
}
