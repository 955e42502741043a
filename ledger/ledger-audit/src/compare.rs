//! `compare`: a consistency proof between two checkpoints, made from the tiles and verified; and what remains of it as
//! evidence when the log signed two histories.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, anyhow};
use evidence::{
    bundle::KeySource,
    split_view::{Growth, SplitView},
};
use ledger_core::{
    checkpoint::SignedCheckpoint,
    note::Vkey,
    policy::Policy,
    tile::{FULL, Span, TileHashes, TileId, hashes_in_level, parse_tile},
    tree::{Frontier, NodeId, ProofPlan, TreeSize, verify_consistency},
};

use crate::{
    cli::{Compare, SplitView as SplitViewOptions, read_key},
    report::{Failure, Report, refused},
    source::{Source, claimed_origin, describe, fetch_checkpoint, is_place},
    witnesses::{check_if_given, read_policy},
};

pub fn run(options: &Compare) -> Result<Report, Failure> {
    let source = tiles_of(options).map(Source::new);
    let policy = options.policy.as_deref().map(read_policy).transpose()?;
    let (keys, key_source) = keys(&options.log_key, policy.as_ref(), &options.new, source.as_ref())?;
    let old = fetch_checkpoint(&options.old, &keys)?;
    let new = fetch_checkpoint(&options.new, &keys)?;
    if old.size() > new.size() {
        return Err(Failure::Refused(format!(
            "the checkpoint given as newer has {} entries, the older one {}: give the larger one second",
            new.size(),
            old.size()
        )));
    }
    if old.size() == new.size() && old.root() != new.root() {
        let reason = format!(
            "two different logs of {} entries are signed by the same log",
            old.size()
        );
        return Err(convict(options, &keys, [&old, &new], None, reason));
    }
    if old.size() < new.size() {
        let source = source.as_ref().ok_or_else(|| {
            anyhow!("checkpoints of different sizes need tiles: give the folder or URL of the log as third argument")
        })?;
        if let Some(growth) = contradiction(source, &old, &new)? {
            let reason = format!(
                "the log of {} entries does not begin with the log of {}: no proof leads from the older root",
                new.size(),
                old.size()
            );
            return Err(convict(options, &keys, [&old, &new], Some(growth), reason));
        }
    }
    let mut report = consistent(&old, &new, &keys, key_source)?;
    check_if_given(&mut report, policy.as_ref(), &new, options.max_age)?;
    Ok(report)
}

fn consistent(
    old: &SignedCheckpoint,
    new: &SignedCheckpoint,
    keys: &[Vkey],
    key_source: KeySource,
) -> Result<Report, Failure> {
    let mut report = Report {
        summary: format!(
            "The log of {} entries only adds to the log of {}.",
            new.size(),
            old.size()
        ),
        ..Report::default()
    };
    describe(&mut report, new);
    report.detail("old_size", old.size().get());
    for key in keys {
        report.key(key, key_source, "log");
    }
    report.check(if old.size() == new.size() {
        "Both checkpoints are of one size and have one root."
    } else {
        "A consistency proof made from the log's tiles leads from the older root to the newer one."
    });
    if old.size() == TreeSize::ZERO {
        report.skip("Nothing follows from an older checkpoint of 0 entries: every log begins with it.");
    }
    report.skip("The entries themselves: use `ledger-audit log`.");
    Ok(report)
}

/// Where the tiles are: what was named, or the place that the newer checkpoint comes from.
fn tiles_of(options: &Compare) -> Option<&str> {
    let named = options.source.as_deref();
    named.or_else(|| is_place(&options.new).then_some(options.new.as_str()))
}

fn keys(
    given: &[String],
    policy: Option<&Policy>,
    new: &str,
    source: Option<&Source>,
) -> Result<(Vec<Vkey>, KeySource), Failure> {
    if let Some(policy) = policy {
        let given = given
            .iter()
            .map(|key| read_key(key))
            .collect::<Result<Vec<_>, _>>()?;
        // The origin alone is read here; under which key it was signed is verified with the keys that follow from it.
        let accepted = policy.log_keys(&claimed_origin(new)?);
        if accepted.is_empty() || given.iter().any(|key| !accepted.contains(key)) {
            return Err(Failure::Refused(
                "the policy does not accept this log, or a key that you gave".to_owned(),
            ));
        }
        let keys = if given.is_empty() { accepted } else { given };
        return Ok((keys, KeySource::Pinned));
    }
    if given.is_empty() {
        let source = source.context("no --log-key was given, and no log that offers a file `log.vkey`")?;
        let (key, found) = source.key(None)?;
        return Ok((vec![key], found));
    }
    let keys = given.iter().map(|key| read_key(key)).collect::<Result<_, _>>()?;
    Ok((keys, KeySource::Pinned))
}

/// Whether the tree of `new` had another root at the size of `old`; with the proof of that, when it had.
fn contradiction(
    source: &Source,
    old: &SignedCheckpoint,
    new: &SignedCheckpoint,
) -> Result<Option<Growth>, Failure> {
    let plan = ProofPlan::consistency(old.size(), new.size()).map_err(refused)?;
    let mut tiles = TileHashes::new(new.size());
    let edges = [old, new].into_iter().flat_map(|one| Frontier::nodes(one.size()));
    let needed: BTreeSet<TileId> = plan
        .nodes()
        .chain(edges)
        .filter_map(|node| tile_of(node, new.size()))
        .collect();
    for tile in needed {
        let hashes = parse_tile(&source.tile(tile)?, tile.span().width()).map_err(refused)?;
        tiles.insert(tile, hashes);
    }
    // Never trust a tile: the root must come out before a hash is used.
    if Frontier::read(new.size(), &tiles).map_err(refused)?.root() != new.root() {
        return Err(Failure::Refused(
            "the tiles do not lead to the root of the newer checkpoint: that proves nothing against the log, only \
             against where the tiles come from"
                .to_owned(),
        ));
    }
    let root = Frontier::read(old.size(), &tiles).map_err(refused)?.root();
    let proof = plan.build(&tiles).map_err(refused)?;
    verify_consistency(old.size(), new.size(), &root, &new.root(), &proof).map_err(refused)?;
    Ok((root != old.root()).then_some(Growth { root, proof }))
}

/// The refusal of a log that signed two histories; the evidence is written first.
fn convict(
    options: &Compare,
    keys: &[Vkey],
    [older, newer]: [&SignedCheckpoint; 2],
    growth: Option<Growth>,
    reason: String,
) -> Failure {
    let signer = |one: &SignedCheckpoint| {
        let signed = one.note().verify(keys).map_err(refused)?;
        let key = signed.first().map(|one| one.key.clone());
        key.context("no key signed the checkpoint").map_err(Failure::from)
    };
    let write = || {
        let split = SplitView {
            older: older.note().to_string(),
            older_key: signer(older)?,
            newer: newer.note().to_string(),
            newer_key: signer(newer)?,
            growth,
        };
        split.verify(keys).map_err(refused)?;
        if let Some(path) = &options.evidence {
            let bytes = split.to_bytes().map_err(refused)?;
            fs::write(path, bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        Ok(())
    };
    match write() {
        Ok(()) => Failure::SplitView {
            reason,
            evidence: options.evidence.clone(),
        },
        Err(failure) => failure,
    }
}

/// `split-view`: verifies what `compare --evidence` wrote, with nothing else at hand.
pub fn verify(options: &SplitViewOptions) -> Result<Report, Failure> {
    let path: &Path = &options.evidence;
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let given = options.log_key.iter().map(|key| read_key(key));
    let given: Vec<_> = given.collect::<Result<_, _>>()?;
    let split = SplitView::parse(&bytes).map_err(refused)?;
    let proven = split.verify(&given).map_err(refused)?;
    let (older, newer) = (&proven.older, &proven.newer);
    let mut report = Report {
        summary: format!(
            "The log {} signed two histories: one of {} entries, and one of {} that does not contain it.",
            newer.checkpoint().origin(),
            older.size(),
            newer.size()
        ),
        ..Report::default()
    };
    describe(&mut report, newer);
    report.detail("split_view", true);
    report.detail("old_size", older.size().get());
    report.detail("old_root", older.root().to_base64());
    report.check(match &split.growth {
        None => "Both checkpoints are of one size, and their roots differ.".to_owned(),
        Some(growth) => format!(
            "A consistency proof shows that the newer tree had the root {} at {} entries, where {} is signed.",
            growth.root.to_base64(),
            older.size(),
            older.root().to_base64()
        ),
    });
    for key in [&split.older_key, &split.newer_key] {
        report.key(key, proven.keys, "evidence");
    }
    report.skip("Who did it: the operator, or a thief of the key. A log never signs two histories by accident of readers.");
    Ok(report)
}

/// The tile that holds the hashes a node is folded from, as wide as a tree of `size` leaves has it.
fn tile_of(node: NodeId, size: TreeSize) -> Option<TileId> {
    let level = node.level / 8;
    let full = u64::from(FULL);
    let index = node.index.checked_mul(1 << (node.level % 8))? / full;
    let width = hashes_in_level(size, level)
        .checked_sub(index.checked_mul(full)?)?
        .min(full);
    TileId::new(level, Span::new(index, u16::try_from(width).ok()?)?)
}
