//! `--policy`: whether the log is one that the policy accepts, and whether enough witnesses vouch for its checkpoint.

use std::{fs, path::Path};

use anyhow::Context;
use evidence::{bundle::KeySource, record::Instant};
use ledger_core::{
    checkpoint::SignedCheckpoint,
    cosignature::PosixSeconds,
    note::Vkey,
    policy::{Freshness, Policy, Quorum},
};
use serde_json::json;

use crate::{
    clock,
    report::{Failure, Report, refused},
};

/// Reads a policy file.
pub fn read_policy(path: &Path) -> Result<Policy, Failure> {
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let policy = Policy::parse(&bytes);
    Ok(policy.with_context(|| format!("`{}` is not a policy", path.display()))?)
}

/// Whose word the log's key is once a policy was given: a policy that does not name it refuses the log.
pub fn key_source(policy: Option<&Policy>, key: &Vkey, source: KeySource) -> Result<KeySource, Failure> {
    match policy {
        None => Ok(source),
        Some(policy) if policy.log_keys(key.name().as_str()).contains(key) => Ok(KeySource::Pinned),
        Some(_) => Err(Failure::Refused(format!(
            "the policy does not accept the log `{}` with the key {key}",
            key.name()
        ))),
    }
}

/// Refuses a checkpoint for which too few witnesses of the policy vouch, and says who does.
///
/// The log's own signature was verified before, under a key that [`key_source`] let pass.
pub fn check(
    report: &mut Report,
    policy: &Policy,
    checkpoint: &SignedCheckpoint,
    freshness: Freshness,
) -> Result<(), Failure> {
    if let Quorum::NotMet(why) = policy.quorum(checkpoint, freshness).map_err(refused)? {
        return Err(Failure::Refused(format!("recorded, but not witnessed: {why}")));
    }
    let keys = policy.witness_keys();
    let cosigned = checkpoint.cosignatures(&keys).map_err(refused)?;
    let vouching: Vec<_> = cosigned
        .iter()
        .filter_map(|one| Some((one.key.name(), one.cosigned_at?)))
        .collect();
    report.detail(
        "witnesses",
        vouching
            .iter()
            .map(|(name, at)| json!({"name": name.as_str(), "at": at.get()}))
            .collect::<Vec<_>>(),
    );
    match policy.quorum_name() {
        None => report.skip("Whether any witness vouches for the checkpoint: the policy asks for none."),
        Some(name) => {
            let vouching = vouching
                .iter()
                .map(|(name, at)| format!("{name} at {}", time(*at)));
            report.check(format!(
                "The quorum `{name}` of the policy vouches for the checkpoint: {}.",
                vouching.collect::<Vec<_>>().join(", ")
            ));
        }
    }
    if freshness == Freshness::Ignored {
        report.skip("Whether the checkpoint is recent: what was witnessed once stays witnessed.");
    }
    Ok(())
}

/// [`check`] where a policy was given; where not, says what that leaves open.
pub fn check_if_given(
    report: &mut Report,
    policy: Option<&Policy>,
    checkpoint: &SignedCheckpoint,
    max_age: Option<u64>,
) -> Result<(), Failure> {
    let Some(policy) = policy else {
        report.skip(
            "Whether others are shown the same log: compare checkpoints with theirs, or name its witnesses with --policy.",
        );
        return Ok(());
    };
    let freshness = match max_age {
        None => Freshness::Ignored,
        Some(max_age_seconds) => Freshness::Required {
            now: clock::now()?,
            max_age_seconds,
        },
    };
    check(report, policy, checkpoint, freshness)
}

fn time(at: PosixSeconds) -> String {
    let micros = i64::try_from(at.get())
        .ok()
        .and_then(|seconds| seconds.checked_mul(1_000_000));
    let instant = micros.and_then(Instant::from_unix_micros);
    instant.map_or_else(|| format!("{at} s after 1970"), |instant| instant.to_string())
}
