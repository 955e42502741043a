//! `manifest`: whose data a delivery holds, the whole or one row.

use std::{fs, path::Path};

use anyhow::Context;
use disclosure_manifest::{DeliveryProof, Manifest, Proven, RowFile};
use evidence::{
    bundle::{Bundle, KeySource},
    record::{Instant, Record},
};
use ledger_core::{leaf::DeliveryLeaf, note::Vkey, tree::LeafIndex};

use crate::{
    cli::{self, read_key},
    log,
    report::{Failure, Report, refused},
    source::{Source, describe},
};

pub fn run(options: &cli::Manifest) -> Result<Report, Failure> {
    let expected = options.log_key.as_deref().map(read_key).transpose()?;
    let bytes = read(&options.file)?;
    // A file without this member is a manifest, which says itself what it is when it is neither.
    let is_row =
        serde_json::from_slice::<Format>(&bytes).is_ok_and(|file| file.format == "fiducie-manifest-row/1");
    let (mut report, root) = if is_row {
        check_row(&bytes, options, expected.as_ref())?
    } else {
        check_whole(&bytes, options, expected.as_ref())?
    };
    if let Some(path) = &options.evidence {
        check_record(&mut report, path, expected.as_ref(), &root)?;
    } else {
        report
            .skip("Whether the record of the release names this manifest: give its bundle with --evidence.");
    }
    report.skip("Whether the released files were made from these households and no others: no manifest can prove that.");
    Ok(report)
}

#[derive(serde::Deserialize)]
struct Format {
    format: String,
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?)
}

fn check_row(
    bytes: &[u8],
    options: &cli::Manifest,
    expected: Option<&Vkey>,
) -> Result<(Report, [u8; 32]), Failure> {
    let file = RowFile::parse(bytes).map_err(refused)?;
    let proven = file.verify(expected).map_err(refused)?;
    let opening = &file.opening;
    let (row, scope) = (opening.row(), opening.scope());
    let fields: Vec<_> = scope.fields().iter().map(|field| field.as_str()).collect();
    let (from, until) = (instant(scope.from_us())?, instant(scope.until_us())?);
    let mut report = Report {
        summary: format!(
            "One of {} rows of the delivery {} is about {}: {} from {from} until {until} in steps of {} s, and nothing \
             else.",
            proven.leaf.rows,
            opening.delivery().as_str(),
            opening.subject().as_str(),
            fields.join(", "),
            scope.step_s(),
        ),
        ..Report::default()
    };
    report.check("Both commitments of the row open to exactly this household, these fields and this period.");
    report.check(
        "The row leads to the root of the manifest, with the types and the number of rows of the leaf.",
    );
    describe_leaf(&mut report, &proven.leaf, proven.index);
    carried(&mut report, &proven, &file.delivery.log_key, expected);
    if let Some(path) = &options.leaf {
        same_leaf(
            &DeliveryProof::parse(&read(path)?).map_err(refused)?.leaf,
            &proven.leaf,
        )?;
        report.check("The leaf is the one of the other file.");
    }
    if let Some(log) = &options.log {
        let found = find(log, options.log_key.as_deref(), &proven.leaf.root)?;
        same_leaf(&found.leaf, &proven.leaf)?;
        report.check(format!(
            "The log of {} entries holds the same leaf today.",
            found.size
        ));
    }
    report.detail("delivery", opening.delivery().as_str());
    report.detail("subject", opening.subject().as_str());
    report.detail("fields", fields);
    report.detail("from", from.to_string());
    report.detail("until", until.to_string());
    report.detail("step_s", scope.step_s());
    report.detail("count", row.count);
    report.skip(
        "Whether there is a row too many: whoever holds the whole manifest sees that (`ledger-audit manifest`).",
    );
    Ok((report, proven.leaf.root))
}

fn check_whole(
    bytes: &[u8],
    options: &cli::Manifest,
    expected: Option<&Vkey>,
) -> Result<(Report, [u8; 32]), Failure> {
    let manifest = Manifest::read(bytes).map_err(refused)?;
    let root = *manifest.root().as_bytes();
    let mut report = Report::default();
    report.check(format!(
        "Every hash of the tree was recomputed from its {} rows, with the types pinned to string, string, uint256.",
        manifest.rows().len()
    ));
    let leaf = match (&options.leaf, &options.log) {
        (Some(path), _) => {
            let proof = DeliveryProof::parse(&read(path)?).map_err(refused)?;
            let proven = proof.verify(expected).map_err(refused)?;
            describe_leaf(&mut report, &proven.leaf, proven.index);
            carried(&mut report, &proven, &proof.log_key, expected);
            proven.leaf
        }
        (None, Some(log)) => {
            let found = find(log, options.log_key.as_deref(), &root)?;
            report.key(&found.key, found.key_source, "log");
            describe_leaf(&mut report, &found.leaf, found.index);
            found.leaf
        }
        (None, None) => {
            return Err(anyhow::anyhow!(
                "a manifest alone proves nothing: give its leaf with --leaf, or the log with --log"
            )
            .into());
        }
    };
    if !manifest.is_named_by(&leaf) {
        return Err(Failure::Refused("the leaf names another manifest".to_owned()));
    }
    report.check("The leaf names this manifest: root, number of rows and types.");
    report.summary = format!(
        "The manifest of {} rows is the one that the log names.",
        leaf.rows
    );
    report.skip("Whose the rows are: each household opens its own, and nobody any other.");
    Ok((report, root))
}

/// A delivery leaf among the entries of a log that was recomputed.
struct Found {
    leaf: DeliveryLeaf,
    index: LeafIndex,
    size: u64,
    key: Vkey,
    key_source: KeySource,
}

/// Looks through all entries: which leaf names a manifest, only its root tells.
fn find(log: &str, key: Option<&str>, root: &[u8; 32]) -> Result<Found, Failure> {
    let source = Source::new(log);
    let (key, key_source) = source.key(key)?;
    let claim = source.claim(&key)?;
    let entries = log::recompute(&source, &claim, None)?;
    let (_, checkpoint) = entries.verify(&key, &claim, None)?;
    let mut named = entries.deliveries.iter().filter(|(_, leaf)| leaf.root == *root);
    let (Some((index, leaf)), None) = (named.next(), named.next()) else {
        return Err(Failure::Refused(
            "the log does not hold exactly one leaf that names this manifest".to_owned(),
        ));
    };
    Ok(Found {
        leaf: *leaf,
        index: *index,
        size: checkpoint.size().get(),
        key,
        key_source,
    })
}

/// What a file says that carries its own proof.
fn carried(report: &mut Report, proven: &Proven, key: &Vkey, expected: Option<&Vkey>) {
    let source = match expected {
        Some(_) => KeySource::Pinned,
        None => KeySource::Evidence,
    };
    report.key(key, source, "file");
    describe(report, &proven.checkpoint);
}

fn describe_leaf(report: &mut Report, leaf: &DeliveryLeaf, index: LeafIndex) {
    report.check(format!(
        "The leaf that names the manifest stands at index {index} of the log."
    ));
    report.detail("leaf_index", index.get());
    report.detail("rows", leaf.rows.get());
    report.detail("manifest_root", root_text(&leaf.root));
}

fn root_text(root: &[u8; 32]) -> String {
    evidence::record::ManifestRoot::new(*root).to_string()
}

fn same_leaf(found: &DeliveryLeaf, proven: &DeliveryLeaf) -> Result<(), Failure> {
    if found == proven {
        Ok(())
    } else {
        Err(Failure::Refused("the leaf is not the one of the row".to_owned()))
    }
}

/// The record of a release commits to the root of its manifest.
fn check_record(
    report: &mut Report,
    path: &Path,
    expected: Option<&Vkey>,
    root: &[u8; 32],
) -> Result<(), Failure> {
    let bundle = Bundle::parse(&read(path)?).map_err(refused)?;
    let verified = bundle.verify(expected, None).map_err(refused)?;
    let named = match &verified.record {
        Record::Release(release) => release.disclosure_root,
        _ => None,
    };
    if named.is_none_or(|named| named.as_bytes() != root) {
        return Err(Failure::Refused(
            "the record does not name this manifest".to_owned(),
        ));
    }
    report.check(format!(
        "The record of the release, entry {}, names this manifest inside its commitment.",
        verified.index
    ));
    report.detail("record_leaf_index", verified.index.get());
    Ok(())
}

fn instant(micros: i64) -> Result<Instant, Failure> {
    Instant::from_unix_micros(micros)
        .ok_or_else(|| Failure::Refused("the period is not one of this era".to_owned()))
}
