//! `participant`: a person's whole list.

use std::{collections::BTreeMap, fs, io::ErrorKind, path::Path};

use anyhow::{Context, anyhow};
use evidence::{
    bundle::KeySource,
    history::{History, LostRecord, Remembered, VerifiedRecord, WINDOW},
    jcs,
    list::{Detail, List, ListedRecord, is_list},
    record::Record,
};
use ledger_core::{
    checkpoint::SignedCheckpoint,
    leaf::{RecordNumber, RestoreLeaf, SubjectKind},
    note::Vkey,
    policy::Freshness,
    tree::{Hash, LeafIndex, TreeSize},
};
use serde::{Deserialize, Serialize};

use crate::{
    cli::{Participant, read_key},
    report::{Failure, Report, refused},
    signatures,
    source::describe,
    witnesses::{self, key_source, read_policy},
};

pub fn run(options: &Participant) -> Result<Report, Failure> {
    let expected = options.log_key.as_deref().map(read_key).transpose()?;
    let policy = options.policy.as_deref().map(read_policy).transpose()?;
    let memory = options.memory.as_deref().map(recall).transpose()?.flatten();
    let path = &options.history;
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;

    let remembered = memory.as_ref().map(Memory::remembered).transpose()?;
    let pinned = match &memory {
        Some(memory) if expected.is_none() => Some(read_key(&memory.log_key)?),
        _ => expected,
    };
    let mut checked = Checked::read(&bytes, pinned.as_ref(), remembered.as_ref())?;
    checked.key_source = key_source(policy.as_ref(), &checked.log_key, checked.key_source)?;
    let mut report = checked.tell();
    if let Content::Opened { records, lost } = &checked.content {
        signatures::tell(&mut report, records, !lost.is_empty())?;
    }
    match &policy {
        Some(policy) => witnesses::check(&mut report, policy, &checked.checkpoint, Freshness::Ignored)?,
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
        report.detail("records", checked.content.list()?);
    }
    if let Some(path) = &options.memory {
        keep(path, &checked)?;
    }
    Ok(report)
}

/// What both formats say once they verified.
struct Checked {
    log_key: Vkey,
    key_source: KeySource,
    key_changes: usize,
    restores: Vec<(LeafIndex, RestoreLeaf)>,
    checkpoint: SignedCheckpoint,
    remember: Remembered,
    content: Content,
}

enum Content {
    /// `fiducie-history/1`.
    Opened {
        records: Vec<VerifiedRecord>,
        lost: Vec<LostRecord>,
    },
    /// `fiducie-list/1`.
    Listed(Vec<ListedRecord>),
}

impl Checked {
    /// The first line of a file names its format.
    fn read(bytes: &[u8], key: Option<&Vkey>, remembered: Option<&Remembered>) -> Result<Self, Failure> {
        if is_list(bytes) {
            let list = List::parse(bytes).map_err(refused)?;
            let verified = list.verify(key, remembered).map_err(refused)?;
            return Ok(Self {
                log_key: list.header.log_key,
                key_source: verified.log_key,
                key_changes: verified.key_changes,
                restores: list.header.restores,
                checkpoint: verified.checkpoint,
                remember: verified.remember,
                content: Content::Listed(verified.records),
            });
        }
        let history = History::parse(bytes).map_err(refused)?;
        let verified = history.verify(key, remembered).map_err(refused)?;
        Ok(Self {
            log_key: history.header.log_key,
            key_source: verified.log_key,
            key_changes: verified.key_changes,
            restores: history.proofs.restores,
            checkpoint: verified.checkpoint,
            remember: verified.remember,
            content: Content::Opened {
                records: verified.records,
                lost: verified.lost,
            },
        })
    }

    fn tell(&self) -> Report {
        let records = self.remember.newest.get();
        let mut report = Report {
            summary: format!(
                "The {records} records of the file are all that the log of {} entries holds about this subject.",
                self.checkpoint.size()
            ),
            ..Report::default()
        };
        describe(&mut report, &self.checkpoint);
        report.key(&self.log_key, self.key_source, "file");
        report.detail("key_changes", self.key_changes);
        if self.key_changes > 0 {
            report.check(format!(
                "The log changed its key {} times since the one you know, each time under the key before.",
                self.key_changes
            ));
        }
        report.check("The last entry of the log is the root of its map, and covers all entries before it.");
        self.content.tell(&mut report);
        self.tell_lost(&mut report);
        report.check(format!(
            "The map shows the numbers 1 to {records} of this subject, and none of the {WINDOW} after them."
        ));
        report.detail("newest", records);
        report.detail("kinds", self.content.kinds());
        report.skip("Whether the map was made from all entries: `ledger-audit log` recomputes it.");
        report.skip("Whether something happened that was never recorded: no log can prove that.");
        report
    }
}

impl Checked {
    /// A detail that is missing is believed to be lost only where the log says so.
    fn tell_lost(&self, report: &mut Report) {
        let lost = self.content.lost();
        report.detail("lost", lost.len());
        if lost.is_empty() {
            return;
        }
        report.check(format!(
            "Each of the {} records without its detail is one that a restore in the log lost (entries {}).",
            lost.len(),
            self.restores
                .iter()
                .map(|(index, _)| index.to_string())
                .collect::<Vec<_>>()
                .join(", ")
        ));
        report.skip(format!(
            "What {} of the records say, at the numbers {}: their details were lost when the broker was restored from a \
             backup. Whoever sent or received something then may have a record of it; `ledger-audit log` shows the same \
             restores to everybody.",
            lost.len(),
            numbers(&lost)
        ));
    }
}

impl Content {
    fn tell(&self, report: &mut Report) {
        match self {
            Self::Listed(_) => report.skip(
                "What the records say: this file holds none of them. The page opens them against it, and the whole file \
                 `fiducie-history/1` holds them all.",
            ),
            Self::Opened { records, .. } => {
                report.check(format!(
                    "Each of the {} records that can be read is signed by a key of the file and opens its entry in the log.",
                    records.len()
                ));
            }
        }
    }

    /// The numbers whose details were lost in a restore.
    fn lost(&self) -> Vec<u64> {
        match self {
            Self::Opened { lost, .. } => lost.iter().map(|one| one.n.get()).collect(),
            Self::Listed(records) => {
                let lost = records.iter().filter(|one| one.detail == Detail::Lost);
                lost.map(|one| one.n.get()).collect()
            }
        }
    }

    /// How many of each type; of each family where the file does not say more.
    fn kinds(&self) -> BTreeMap<String, u64> {
        let names: Vec<_> = match self {
            Self::Opened { records, .. } => records.iter().map(|one| one.record.name().to_owned()).collect(),
            Self::Listed(records) => records.iter().map(family).collect(),
        };
        let mut kinds = BTreeMap::new();
        for name in names {
            *kinds.entry(name).or_insert(0) += 1;
        }
        kinds
    }

    fn list(&self) -> Result<Vec<serde_json::Value>, Failure> {
        match self {
            Self::Opened { records, .. } => list(records),
            Self::Listed(records) => Ok(records
                .iter()
                .map(|one| {
                    serde_json::json!({
                        "n": one.n.get(),
                        "leaf_index": one.index.get(),
                        "family": family(one),
                    })
                })
                .collect()),
        }
    }
}

/// The families of events that stand open in a leaf (`ledger.md` §10).
fn family(record: &ListedRecord) -> String {
    let name = match record.leaf.kind {
        SubjectKind::Enrolment => "enrolment",
        SubjectKind::ConsentOpened => "consent-opened",
        SubjectKind::ConsentClosed => "consent-closed",
        SubjectKind::Transfer => "transfer",
        SubjectKind::Access => "access",
        SubjectKind::RightsRequest => "rights-request",
        SubjectKind::Request => "request",
        SubjectKind::Release => "release",
        SubjectKind::Document => "document",
        SubjectKind::BudgetCharge => "budget-charge",
    };
    name.to_owned()
}

/// Runs of numbers: `4-6, 9`.
fn numbers(lost: &[u64]) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for n in lost.iter().copied() {
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

fn list(records: &[VerifiedRecord]) -> Result<Vec<serde_json::Value>, Failure> {
    let line = |one: &VerifiedRecord| {
        Ok(serde_json::json!({
            "n": one.n.get(),
            "leaf_index": one.index.get(),
            "record": value(&one.record)?,
        }))
    };
    records.iter().map(line).collect()
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
fn keep(path: &Path, checked: &Checked) -> Result<(), Failure> {
    let memory = Memory {
        format: MEMORY.to_owned(),
        log_key: checked.log_key.to_string(),
        newest: checked.remember.newest.get(),
        root: checked.remember.root.to_base64(),
        size: checked.remember.size.get(),
    };
    let bytes = jcs::to_bytes(&memory).context("the memory cannot be written")?;
    let beside = path.with_extension("new");
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    Ok(written.with_context(|| format!("cannot write `{}`", path.display()))?)
}
