//! `verify`: one record, with the files it speaks of.

use std::{fs, path::Path};

use anyhow::Context;
use evidence::{
    bundle::{Bundle, TagCheck, Verified},
    consent,
    delivery::{self, EVIDENCE, NamedFile},
    passkey::Registered,
    record::Record,
};

use ledger_core::policy::Freshness;

use crate::{
    cli::{self, Verify, read_key},
    report::{Failure, Report, refused},
    source::describe,
    witnesses::{self, key_source, read_policy},
};

pub fn run(options: &Verify) -> Result<Report, Failure> {
    let expected = options.log_key.as_deref().map(read_key).transpose()?;
    let policy = options.policy.as_deref().map(read_policy).transpose()?;
    let subject = options
        .subject_key
        .as_ref()
        .map(cli::read_subject_key)
        .transpose()?;
    let is_folder = options.evidence.is_dir();
    let path = if is_folder {
        options.evidence.join(EVIDENCE)
    } else {
        options.evidence.clone()
    };
    let bytes = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;

    let is_receipt = consent::is_receipt(&bytes);
    let bundle = match is_receipt {
        true => consent::bundle_of(&bytes).map_err(refused)?,
        false => Bundle::parse(&bytes).map_err(refused)?,
    };
    let mut verified = bundle
        .verify(expected.as_ref(), subject.as_ref())
        .map_err(refused)?;
    verified.log_key = key_source(policy.as_ref(), &bundle.log_key, verified.log_key)?;
    let mut report = describe_record(&bundle, &verified)?;
    if is_receipt {
        report.check("What people read in the receipt is, byte for byte, the record that was signed.");
    }
    describe_signature(&mut report, &verified)?;
    if let Some(policy) = &policy {
        witnesses::check(&mut report, policy, &verified.checkpoint, Freshness::Ignored)?;
    }
    if is_folder {
        check_files(&mut report, &options.evidence, &verified)?;
    }
    Ok(report)
}

fn describe_record(bundle: &Bundle, verified: &Verified) -> Result<Report, Failure> {
    let payload = verified.record.to_jcs_bytes().map_err(refused)?;
    let record: serde_json::Value = serde_json::from_slice(&payload).context("the record cannot be shown")?;
    let (index, size) = (verified.index, verified.checkpoint.size());
    let kind = verified.record.name();
    let mut report = Report {
        summary: format!(
            "A record `{kind}` of {} is entry {index} of a log of {size}.",
            verified.record.at()
        ),
        ..Report::default()
    };
    report.check("The bundle is in its one canonical form.");
    report.check(format!(
        "Its record is signed by the key {}.",
        bundle.record_key.thumbprint().as_str()
    ));
    report.check(format!(
        "The leaf commits to exactly this record, as number {} of its subject.",
        bundle.n.get()
    ));
    report.check(format!(
        "The leaf stands at index {index} under the root of the checkpoint."
    ));
    report.key(&bundle.log_key, verified.log_key, "bundle");
    match verified.tag {
        TagCheck::Checked => report.check("The record is about the subject whose key you gave."),
        TagCheck::NotChecked => report.skip(
            "Whether the record is about a particular subject: give the subject's key with --subject-key.",
        ),
    }
    report.skip("Whether the record's signing key belongs to whom you believe: compare its thumbprint.");
    report.skip("Whether the log still holds the entry today: use `ledger-audit log`.");
    report.detail("record", record);
    report.detail("record_kid", bundle.record_key.thumbprint().as_str());
    report.detail("n", bundle.n.get());
    report.detail("leaf_index", index.get());
    report.detail("subject_checked", verified.tag == TagCheck::Checked);
    describe(&mut report, &verified.checkpoint);
    Ok(report)
}

/// The person's own signature, where there is one.
fn describe_signature(report: &mut Report, verified: &Verified) -> Result<(), Failure> {
    let Record::Consent(record) = &verified.record else {
        return Ok(());
    };
    if !record.is_signed() {
        report.skip("Who agreed or withdrew: this act was not signed with a key of the person's own.");
        return Ok(());
    }
    let act = record
        .verify_signature(Registered::NotAtHand, None)
        .map_err(refused)?;
    report.check(format!(
        "A passkey signed exactly these terms and the digest of the notice, its holder verified by her device ({:?}).",
        act.verified().answered().level()
    ));
    report.skip(
        "Whether that passkey was hers then: her list of records says when it was registered; check it with \
         `ledger-audit participant`.",
    );
    Ok(())
}

fn check_files(report: &mut Report, folder: &Path, verified: &Verified) -> Result<(), Failure> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list `{}`", folder.display()))?;
    for entry in entries {
        let path = entry
            .with_context(|| format!("cannot list `{}`", folder.display()))?
            .path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name == EVIDENCE {
            continue;
        }
        if path.is_dir() {
            return Err(Failure::Refused(format!(
                "the record does not name the folder `{name}`"
            )));
        }
        files.push((
            name,
            fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?,
        ));
    }
    let named: Vec<_> = files
        .iter()
        .map(|(name, bytes)| NamedFile { name, bytes })
        .collect();
    let checked = delivery::check(&verified.record, &named).map_err(refused)?;
    report.check(format!(
        "These files are those of the record: {}.",
        checked.matching.join(", ")
    ));
    if !checked.absent.is_empty() {
        report.skip(format!(
            "Files of the record that are not in the folder: {}.",
            checked.absent.join(", ")
        ));
    }
    report.detail("files", checked.matching);
    Ok(())
}
