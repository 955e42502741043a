//! `timestamp`: a time-stamp token over a checkpoint, verified without a network.

use std::fs;

use anyhow::Context;
use evidence::record::{Digest, Instant};
use ledger_core::{checkpoint::SignedCheckpoint, tree::Hash};
use timestamp::{Expected, roots_from_pem, verify};

use crate::{
    cli::{Timestamp, read_key},
    report::{Failure, Report, refused},
    source::describe,
};

pub fn run(options: &Timestamp) -> Result<Report, Failure> {
    let read =
        |path: &std::path::Path| fs::read(path).with_context(|| format!("cannot read `{}`", path.display()));
    let (note, token) = (read(&options.checkpoint)?, read(&options.token)?);
    let mut roots = Vec::new();
    for path in &options.root {
        let found = roots_from_pem(&read(path)?);
        roots.extend(found.with_context(|| format!("`{}` holds no certificate", path.display()))?);
    }
    let key = read_key(&options.log_key)?;
    let checkpoint = SignedCheckpoint::open(&note, &key).map_err(refused)?;
    let imprint = Digest::of(&note);
    let expected = Expected {
        digest: imprint.as_bytes(),
        nonce: None,
        policy: options.policy.as_deref(),
        roots: &roots,
    };
    let stamp = verify(&token, &expected).map_err(refused)?;
    let at = Instant::from_unix_micros(micros(stamp.seconds)?);
    let at = at.context("the time stamped is out of range")?;
    let mut report = Report {
        summary: format!(
            "The log of {} entries existed at {at}, by the clock of {}.",
            checkpoint.size(),
            stamp.authority
        ),
        ..Report::default()
    };
    describe(&mut report, &checkpoint);
    report.detail("stamped_at", at.to_string());
    report.detail("authority", &stamp.authority);
    report.detail("policy", &stamp.policy);
    // As the log's auditor prints it.
    let token = Hash::new(*Digest::of(&token).as_bytes()).to_string();
    report.detail("token_sha256", &token);
    report.check(format!("The checkpoint is signed by the key you gave, {key}."));
    report.check("The token is over exactly these bytes, and signed by an authority whose chain leads to a root you gave.");
    report.skip("Whether the authority's certificate was revoked: ask the authority.");
    report.skip(format!(
        "Whether the log holds the token's digest: `ledger-audit log --json` lists those it holds; this one is {token}."
    ));
    Ok(report)
}

fn micros(seconds: u64) -> Result<i64, Failure> {
    let micros = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| seconds.checked_mul(1_000_000));
    Ok(micros.context("the time stamped is out of range")?)
}
