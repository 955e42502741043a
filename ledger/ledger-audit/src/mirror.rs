//! `mirror`: a copy of a log that never follows it backwards.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use anyhow::{Context, anyhow};
use ledger_core::{
    checkpoint::SignedCheckpoint,
    note::Vkey,
    tile::{Resource, bundles},
};

use crate::{
    cli::Mirror,
    log::{Entries, check_growth, recompute},
    report::{Failure, Report},
    source::{Claim, OFFICER_KEY_FILE, Source, describe},
    witnesses::{check_if_given, key_source, read_policy},
};

pub fn run(options: &Mirror) -> Result<Report, Failure> {
    let folder = options.folder.as_path();
    let policy = options.policy.as_deref().map(read_policy).transpose()?;
    let kept_key = folder.join("log.vkey");
    let given = match &options.log_key {
        Some(given) => Some(given.clone()),
        // What was copied once stays the same log.
        None if kept_key.exists() => Some(kept_key.to_string_lossy().into_owned()),
        None => None,
    };
    let source = Source::Mirrored {
        kept: folder.to_path_buf(),
        from: Box::new(Source::new(&options.source)),
    };
    let (key, found) = source.key(given.as_deref())?;
    let key_source = key_source(policy.as_ref(), &key, found)?;
    let kept = folder.join("checkpoint");
    let old = kept.exists().then(|| Claim::kept(&kept, &key)).transpose()?;
    let claim = source.claim(&key)?;
    check_growth(&claim, old.as_ref())?;
    let entries = recompute(&source, &claim, old.as_ref())?;
    let (chain, checkpoint) = entries.verify(&key, &claim, old.as_ref())?;

    let mut report = Report {
        summary: format!(
            "The copy holds all {} entries of the log {}.",
            checkpoint.size(),
            checkpoint.checkpoint().origin()
        ),
        ..Report::default()
    };
    describe(&mut report, &checkpoint);
    report.key(&key, key_source, "log");
    report.chain(&chain);
    report.check("The root of the checkpoint was recomputed from all entries.");
    entries
        .map
        .conclude(&mut report, checkpoint.size().last_index())?;
    match &old {
        None => report.skip("Whether the log was rewritten before today: this is the first copy."),
        Some(old) => report.check(format!(
            "The log only added to the {} entries of the copy.",
            old.checkpoint.size()
        )),
    }
    // Before anything is written: the copy follows no checkpoint that the witnesses were not shown.
    check_if_given(&mut report, policy.as_ref(), &checkpoint, options.max_age)?;
    let written = write(folder, &source, &entries, &checkpoint, &key)?;
    report.check("The log's own hash tiles are those of the entries, as far as the copy lacked them.");
    report.detail("files_written", written);
    Ok(report)
}

/// Writes what is missing, the checkpoint last: the copy is whole at every moment.
fn write(
    folder: &Path,
    source: &Source,
    entries: &Entries,
    checkpoint: &SignedCheckpoint,
    key: &Vkey,
) -> Result<u64, Failure> {
    let mut written = 0;
    let tiles = entries.tree.tiles().map(Resource::Tile);
    for resource in tiles.chain(bundles(checkpoint.size()).map(Resource::Entries)) {
        let path = folder.join(resource.to_string());
        let bytes = entries
            .tree
            .content(resource)
            .context("a tile is missing in the computed tree")?;
        match fs::read(&path) {
            Ok(there) if there == bytes => continue,
            Ok(_) => {
                return Err(Failure::Refused(format!(
                    "`{resource}` of the copy was changed: delete it and run again"
                )));
            }
            Err(_) => {
                agrees(source, resource, &bytes)?;
                put(&path, &bytes)?;
            }
        }
        written += 1;
    }
    put(&folder.join("log.vkey"), format!("{key}\n").as_bytes())?;
    if let Some(officer) = source.officer_key()? {
        put(&folder.join(OFFICER_KEY_FILE), format!("{officer}\n").as_bytes())?;
    }
    put(
        &folder.join("checkpoint"),
        checkpoint.note().to_string().as_bytes(),
    )?;
    Ok(written)
}

/// The copy is computed and needs no hash tile of the log; but proofs are made of them, and who copies a log looks at all
/// of it. Bundles were compared when the root was recomputed from them.
fn agrees(source: &Source, resource: Resource, bytes: &[u8]) -> Result<(), Failure> {
    let Resource::Tile(tile) = resource else {
        return Ok(());
    };
    if source.tile(tile)? == bytes {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "`{resource}` does not hold the hashes of the entries"
    )))
}

/// Writes a file in one step, durably.
fn put(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let parent = path
        .parent()
        .ok_or_else(|| anyhow!("`{}` has no folder", path.display()))?;
    let beside = path.with_extension("part");
    let write = || {
        fs::create_dir_all(parent)?;
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(parent)?.sync_all()
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}
