//! `log`: everything recomputed from the entries.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use ledger_core::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    key_chain::KeyChain,
    leaf::{DeliveryLeaf, ErasureLeaf, KeyChange, Leaf, SystemKind, TimestampLeaf},
    note::{KeyName, Vkey},
    receipt::ReceiptKey,
    tile::{Resource, bundles, parse_entries},
    tree::LeafIndex,
};

use crate::{
    cli::{Log, read_key},
    map::MapAudit,
    report::{Failure, Report, refused},
    restores::Restores,
    source::{Claim, OFFICER_KEY_FILE, Source, describe},
    tree::Recomputed,
    witnesses::{check_if_given, key_source, read_policy},
};

/// Keys that lie beside a log.
const KEYS: [&str; 2] = ["log.vkey", OFFICER_KEY_FILE];
/// The key of COSE receipts.
const RECEIPT_KEY: &str = "receipt.cose-key";

pub fn run(options: &Log) -> Result<Report, Failure> {
    let officers = options
        .dpo_key
        .iter()
        .map(|key| read_key(key))
        .collect::<Result<Vec<_>, _>>()?;
    let policy = options.policy.as_deref().map(read_policy).transpose()?;
    let source = Source::new(&options.source);
    let (key, found) = source.key(options.log_key.as_deref())?;
    let key_source = key_source(policy.as_ref(), &key, found)?;
    let old = options.old_checkpoint.as_ref();
    let old = old.map(|path| Claim::kept(path, &key)).transpose()?;
    let claim = source.claim(&key)?;
    check_growth(&claim, old.as_ref())?;
    let tree = recompute(&source, &claim, old.as_ref())?;
    let (chain, checkpoint) = tree.verify(&key, &claim, old.as_ref())?;
    let mut report = Report {
        summary: format!(
            "The log {} of {} entries is whole.",
            checkpoint.checkpoint().origin(),
            checkpoint.size()
        ),
        ..Report::default()
    };
    describe(&mut report, &checkpoint);
    report.key(&key, key_source, "log");
    report.chain(&chain);
    report.detail("timestamp_tokens", &tree.timestamps);
    report.check("The root of the checkpoint was recomputed from all entries.");
    check_if_given(&mut report, policy.as_ref(), &checkpoint, options.max_age)?;
    check_tiles(&mut report, &source, &tree)?;
    if let Some(folder) = source.folder() {
        check_other_files(&mut report, folder, &tree, checkpoint.checkpoint().origin())?;
    }
    tree.map.conclude(&mut report, checkpoint.size().last_index())?;
    let officers = officers_of(&source, &officers)?;
    check_erasures(
        &mut report,
        &tree.erasures,
        checkpoint.checkpoint().origin(),
        &officers,
    )?;
    check_deliveries(&mut report, &tree.deliveries)?;
    tree.restores.tell(&mut report);
    match old {
        None => report.skip(
            "Whether the log was rewritten since an earlier visit: keep its checkpoint and give it with \
             --old-checkpoint.",
        ),
        Some(old) => {
            report.check(format!(
                "The first {} entries are those of the older checkpoint.",
                old.checkpoint.size()
            ));
            report.detail("old_size", old.checkpoint.size().get());
        }
    }
    Ok(report)
}

/// Everything that follows from the entries of a log.
pub struct Entries {
    /// The tree and its tiles.
    pub tree: Recomputed,
    /// The map.
    pub map: MapAudit,
    erasures: Vec<(LeafIndex, ErasureLeaf)>,
    /// The leaves that name disclosure manifests.
    pub deliveries: Vec<(LeafIndex, DeliveryLeaf)>,
    key_changes: Vec<(LeafIndex, KeyChange)>,
    timestamps: Vec<String>,
    restores: Restores,
}

impl Entries {
    /// Verifies the signatures that waited for the entries, with the keys that these name.
    pub fn verify(
        &self,
        key: &Vkey,
        claim: &Claim,
        old: Option<&Claim>,
    ) -> Result<(KeyChain, SignedCheckpoint), Failure> {
        let chain = KeyChain::follow(key, &self.key_changes).map_err(refused)?;
        let checkpoint = claim.verify(&chain)?;
        if let Some(old) = old {
            old.verify(&chain)
                .map_err(|failure| failure.about("the older checkpoint"))?;
        }
        Ok((chain, checkpoint))
    }
}

/// Refuses a checkpoint that is smaller than one seen before.
pub fn check_growth(claim: &Claim, old: Option<&Claim>) -> Result<(), Failure> {
    let (checkpoint, old) = (&claim.checkpoint, old.map(|old| &old.checkpoint));
    match old.filter(|old| old.size() > checkpoint.size()) {
        None => Ok(()),
        Some(old) => Err(Failure::Refused(format!(
            "the log shows {} entries, but the older checkpoint has {}: the log was rewound or an old checkpoint is \
             presented as the newest",
            checkpoint.size(),
            old.size()
        ))),
    }
}

/// Reads all entries and compares: leaves well-formed, root that of the checkpoint, map roots those of the entries, and
/// the root of the older checkpoint, when there is one, met on the way.
///
/// Nothing is signed yet for all that is known here: [`Entries::verify`] says so.
pub fn recompute(source: &Source, claim: &Claim, old: Option<&Claim>) -> Result<Entries, Failure> {
    let (checkpoint, old) = (&claim.checkpoint, old.map(|old| &old.checkpoint));
    let old_size = old.map(Checkpoint::size);
    let mut tree = Recomputed::remembering(old_size);
    let (mut map, mut erasures, mut deliveries) = (MapAudit::default(), Vec::new(), Vec::new());
    let (mut key_changes, mut timestamps, mut restores) = (Vec::new(), Vec::new(), Restores::default());
    for span in bundles(checkpoint.size()) {
        let (bytes, width) = source.bundle(span)?;
        let wrong = |error| Failure::Refused(format!("`{}`: {error}", Resource::Entries(span)));
        let entries = parse_entries(&bytes, width).map_err(wrong)?;
        for entry in entries.into_iter().take(usize::from(span.width())) {
            let index = LeafIndex::new(tree.size().get()).context("the log is too large")?;
            let leaf = Leaf::parse(entry)
                .map_err(|error| Failure::Refused(format!("entry {index} is not a leaf: {error}")))?;
            map.take(index, &leaf, entry)?;
            match leaf {
                Leaf::Erasure(erasure) => erasures.push((index, erasure)),
                Leaf::System(system) if system.kind == SystemKind::Change => {
                    key_changes.push((index, KeyChange::try_from(&system).map_err(refused)?));
                }
                Leaf::System(system) if system.kind == SystemKind::TimestampToken => {
                    let leaf = TimestampLeaf::try_from(&system).map_err(refused)?;
                    timestamps.push(leaf.token.to_string());
                }
                Leaf::System(system) if system.kind == SystemKind::Delivery => {
                    let delivery = DeliveryLeaf::try_from(&system).map_err(|error| {
                        Failure::Refused(format!("entry {index} is not a delivery leaf: {error}"))
                    })?;
                    deliveries.push((index, delivery));
                }
                Leaf::System(system) if system.kind == SystemKind::Restore => {
                    restores.take(index, &system)?;
                }
                Leaf::System(_) | Leaf::Subject(_) => {}
            }
            tree.push(entry, old_size).map_err(refused)?;
        }
    }
    if tree.root() != checkpoint.root() || tree.size() != checkpoint.size() {
        return Err(Failure::Refused(
            "the entries do not lead to the root of the checkpoint".to_owned(),
        ));
    }
    match old {
        Some(old) if tree.old_root() != Some(old.root()) => Err(Failure::Refused(format!(
            "the log was rewritten: its first {} entries are not those of the older checkpoint",
            old.size()
        ))),
        _ => Ok(Entries {
            tree,
            map,
            erasures,
            deliveries,
            key_changes,
            timestamps,
            restores,
        }),
    }
}

fn check_tiles(report: &mut Report, source: &Source, entries: &Entries) -> Result<(), Failure> {
    let mut count: u64 = 0;
    for tile in entries.tree.tiles() {
        let resource = Resource::Tile(tile);
        if Some(source.tile(tile)?) != entries.tree.content(resource) {
            return Err(Failure::Refused(format!(
                "`{resource}` does not hold the hashes of the entries"
            )));
        }
        count += 1;
    }
    report.check(format!("All {count} hash tiles hold the hashes of the entries."));
    report.detail("tiles", count);
    Ok(())
}

/// In a folder: older partial tiles and whatever else lies there.
fn check_other_files(
    report: &mut Report,
    folder: &Path,
    entries: &Entries,
    origin: &str,
) -> Result<(), Failure> {
    let (mut ahead, mut foreign) = (0_u64, Vec::new());
    for path in files_below(folder)? {
        let name = path
            .strip_prefix(folder)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        match name.parse::<Resource>() {
            Ok(Resource::Checkpoint) => {}
            Ok(resource) => match entries.tree.content(resource) {
                None => ahead += 1,
                Some(content) => {
                    let bytes =
                        fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
                    if bytes != content {
                        return Err(Failure::Refused(format!(
                            "`{resource}` does not belong to the entries"
                        )));
                    }
                }
            },
            Err(_) if name == RECEIPT_KEY => check_receipt_key(&path, origin)?,
            Err(_) if KEYS.contains(&name.as_str()) || name.starts_with(".staging") => {}
            Err(_) if name.starts_with("timestamps/") => {}
            Err(_) => foreign.push(name),
        }
    }
    report.check("Every other tile and bundle in the folder belongs to the same entries.");
    if ahead > 0 {
        report.skip(format!(
            "{ahead} files go beyond the checkpoint: a batch was being published."
        ));
    }
    if !foreign.is_empty() {
        report.skip(format!(
            "Files that are no part of a log: {}.",
            foreign.join(", ")
        ));
    }
    Ok(())
}

/// The key of receipts is damaged if it does not name itself: its id follows from the key.
fn check_receipt_key(path: &Path, origin: &str) -> Result<(), Failure> {
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let issuer = KeyName::new(origin).context("the origin names no key")?;
    let key = ReceiptKey::from_cose_key(issuer.clone(), &bytes).map_err(refused)?;
    if ReceiptKey::new(issuer, *key.public()).to_cose_key() == bytes {
        Ok(())
    } else {
        Err(Failure::Refused(format!(
            "`{RECEIPT_KEY}` is damaged: its id is not that of the key"
        )))
    }
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let context = || format!("cannot list `{}`", folder.display());
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).with_context(context)? {
            let path = entry.with_context(context)?.path();
            if path.is_dir() { &mut folders } else { &mut files }.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The root alone tells one manifest from another, so no two leaves may name the same.
fn check_deliveries(report: &mut Report, deliveries: &[(LeafIndex, DeliveryLeaf)]) -> Result<(), Failure> {
    let roots: BTreeSet<_> = deliveries.iter().map(|(_, leaf)| leaf.root).collect();
    if roots.len() != deliveries.len() {
        return Err(Failure::Refused(
            "two deliveries name one disclosure manifest".to_owned(),
        ));
    }
    if !deliveries.is_empty() {
        report.check(format!(
            "The {} delivery leaves each name a disclosure manifest of their own.",
            deliveries.len()
        ));
    }
    report.detail("deliveries", deliveries.len());
    Ok(())
}

/// Whose signature an erasure must have.
enum Officers<'a> {
    /// Those that the auditor knows.
    Given(&'a [Vkey]),
    /// The one that lies beside the log, if one does.
    Offered(Option<Vkey>),
}

/// What lies beside the log must be one of the keys that the auditor knows, if she knows some.
fn officers_of<'a>(source: &Source, given: &'a [Vkey]) -> Result<Officers<'a>, Failure> {
    match (given, source.officer_key()?) {
        ([], offered) => Ok(Officers::Offered(offered)),
        (given, Some(offered)) if !given.contains(&offered) => Err(Failure::Refused(format!(
            "`{OFFICER_KEY_FILE}` beside the log is not an officer's key that you gave"
        ))),
        (given, _) => Ok(Officers::Given(given)),
    }
}

impl Officers<'_> {
    fn keys(&self) -> &[Vkey] {
        match self {
            Self::Given(keys) => keys,
            Self::Offered(key) => key.as_slice(),
        }
    }

    const fn words(&self) -> &'static str {
        match self {
            Self::Given(_) => "an officer whose key you gave",
            Self::Offered(_) => "the officer whose key lies beside the log",
        }
    }
}

fn check_erasures(
    report: &mut Report,
    erasures: &[(LeafIndex, ErasureLeaf)],
    origin: &str,
    officers: &Officers<'_>,
) -> Result<(), Failure> {
    let keys = officers.keys();
    report.detail("erasures", erasures.len());
    report.detail("erasures_checked", !keys.is_empty());
    if erasures.is_empty() {
        report.check("The log holds no erasure.");
        return Ok(());
    }
    if keys.is_empty() {
        report.skip(format!(
            "Who ordered the {} erasures: give the officer's key with --dpo-key.",
            erasures.len()
        ));
        return Ok(());
    }
    let unsigned = |leaf: &ErasureLeaf| !keys.iter().any(|officer| leaf.verifies(origin, officer));
    if let Some((index, leaf)) = erasures.iter().find(|(_, leaf)| unsigned(leaf)) {
        return Err(Failure::Refused(format!(
            "the erasure at entry {index}, which names the key {}, is not signed by {}",
            leaf.key_id(),
            officers.words()
        )));
    }
    report.check(format!(
        "All {} erasures are signed by {}.",
        erasures.len(),
        officers.words()
    ));
    if matches!(officers, Officers::Offered(_)) {
        report.skip("Whether that key is the officer's: ask her, and give it with --dpo-key.");
    }
    Ok(())
}
