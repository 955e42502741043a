//! What somebody with the broker's own keys could try: proofs exchanged, the log rewound, the log forked.

use std::fs;
use std::path::Path;

use audit_tests::programs::ledger_audit;
use audit_tests::story::Story;
use broker_keys::Keys;
use ledger_core::checkpoint::{Checkpoint, SignedCheckpoint};
use ledger_core::leaf::{Leaf, map_root_leaf};
use ledger_core::map::{MapEntry, MapTree};
use ledger_core::note::{NoteSigner, Vkey};
use ledger_core::tile::{Resource, bundles, encode_entries, encode_tile, parse_entries, tiles};
use ledger_core::tree::{Frontier, LeafIndex, NodeMap, TreeSize, leaf_hash};
use serde_json::Value;

use super::{audit_log, copy_of_ledger};

pub fn no_proof_serves_another_leaf(story: &Story) {
    let key = story.said("verify", "log_key");
    let copy = story.aside("spliced").join("evidence.json");
    let bundles: Vec<Value> = story
        .bundles()
        .iter()
        .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
        .collect();
    // What belongs to one leaf: each alone, and the leaf together with its proof, which is what a liar would take.
    for members in [
        &["proof"][..],
        &["leaf"],
        &["record"],
        &["salt"],
        &["leaf", "proof"],
        &["leaf", "proof", "n"],
    ] {
        for (to, original) in bundles.iter().enumerate() {
            for (from, other) in bundles.iter().enumerate().filter(|(from, _)| *from != to) {
                let mut spliced = original.clone();
                for member in members {
                    assert_ne!(original["proof"], other["proof"], "two bundles have one proof");
                    spliced[*member] = other[*member].clone();
                }
                fs::write(&copy, spliced.to_string()).unwrap();
                let (status, said) = ledger_audit(&["verify", copy.to_str().unwrap(), "--log-key", key]);
                assert_eq!(status, 1, "{members:?} of bundle {from} in bundle {to}: {said}");
            }
        }
    }
    // The files were written as the auditor wants them, so it was the splice that was refused.
    fs::write(&copy, bundles[0].to_string()).unwrap();
    let (status, said) = ledger_audit(&["verify", copy.to_str().unwrap(), "--log-key", key]);
    assert_eq!(status, 0, "{said}");
}

/// The checkpoint of an evidence file: older than the log's.
fn older_checkpoint(story: &Story) -> String {
    let bundle: Value =
        serde_json::from_slice(&fs::read(story.folder().join("evidence/consent.json")).unwrap()).unwrap();
    let (_, checkpoint) = bundle["proof"].as_str().unwrap().split_once("\n\n").unwrap();
    checkpoint.to_owned()
}

pub fn no_older_checkpoint_passes_for_the_newest(story: &Story) {
    let ledger = copy_of_ledger(story, "rewound");
    let newest = story.aside("checkpoints").join("newest");
    fs::copy(ledger.join("checkpoint"), &newest).unwrap();
    let older = story.aside("checkpoints").join("older");
    fs::write(&older, older_checkpoint(story)).unwrap();
    let (older, newest) = (older.to_str().unwrap(), newest.to_str().unwrap());

    // The honest direction, so that the refusals below are about the direction.
    let (status, said) = audit_log(story, &ledger, &["--old-checkpoint", older]);
    assert_eq!(status, 0, "{said}");
    assert_eq!(compare(story, older, newest, &ledger).0, 0);

    let (status, said) = compare(story, newest, older, &ledger);
    assert_eq!(
        status, 1,
        "an older checkpoint was presented as the newer: {said}"
    );
    fs::write(ledger.join("checkpoint"), older_checkpoint(story)).unwrap();
    let (status, said) = audit_log(story, &ledger, &["--old-checkpoint", newest]);
    assert_eq!(status, 1, "the log was rewound: {said}");
}

fn compare(story: &Story, old: &str, new: &str, ledger: &Path) -> (i32, String) {
    let key = story.said("verify", "log_key");
    ledger_audit(&["compare", old, new, ledger.to_str().unwrap(), "--log-key", key])
}

/// The broker's checkpoint key, as a thief would use it.
struct Thief {
    vkey: Vkey,
    keys: Keys,
}

impl NoteSigner for Thief {
    fn vkey(&self) -> &Vkey {
        &self.vkey
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.keys.checkpoint.sign(message)
    }
}

pub fn no_fork_is_consistent_with_what_was_signed(story: &Story) {
    let ledger = copy_of_ledger(story, "forked");
    let thief = Thief {
        vkey: story.said("verify", "log_key").parse().unwrap(),
        keys: Keys::load(&story.folder().join("keys")).unwrap(),
    };
    let honest = story.aside("checkpoints").join("honest");
    fs::copy(ledger.join("checkpoint"), &honest).unwrap();
    let older = story.aside("checkpoints").join("before-the-fork");
    fs::write(&older, older_checkpoint(story)).unwrap();

    let mut leaves = leaves_of(&ledger, &thief);
    let size = leaves.len();
    // Two of the earliest leaves change places: each still is a leaf, no tag is used twice, and the roots of the map are
    // made anew, as a thief would.
    let about_subjects: Vec<_> = (0..size).filter(|at| is_about_a_subject(&leaves[*at])).collect();
    leaves.swap(about_subjects[1], about_subjects[2]);
    let leaves = with_new_map_roots(&leaves);
    rewrite(&ledger, &leaves, &thief);
    let (status, said) = audit_log(story, &ledger, &[]);
    assert_eq!(
        status, 0,
        "a fork is whole in itself, or the refusals below say nothing: {said}"
    );

    for kept in [&honest, &older] {
        let (status, said) = audit_log(story, &ledger, &["--old-checkpoint", kept.to_str().unwrap()]);
        assert_eq!(status, 1, "{}: {said}", kept.display());
        let forked = ledger.join("checkpoint");
        let (status, said) = compare(story, kept.to_str().unwrap(), forked.to_str().unwrap(), &ledger);
        assert_eq!(status, 1, "{}: {said}", kept.display());
    }

    // A fork that also grew, so that sizes alone give nothing away.
    let mut leaves = leaves;
    leaves.push(leaves[size - 1].clone());
    let leaves = with_new_map_roots(&leaves);
    rewrite(&ledger, &leaves, &thief);
    let forked = ledger.join("checkpoint");
    let (status, said) = compare(story, honest.to_str().unwrap(), forked.to_str().unwrap(), &ledger);
    assert_eq!(status, 1, "{said}");
    let tiles = story.folder().join("ledger");
    let (status, said) = compare(story, honest.to_str().unwrap(), forked.to_str().unwrap(), &tiles);
    assert_eq!(status, 1, "{said}");
}

fn is_about_a_subject(leaf: &[u8]) -> bool {
    matches!(Leaf::parse(leaf), Ok(Leaf::Subject(_)))
}

/// The same leaves, with roots of the map that fit them.
fn with_new_map_roots(leaves: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut map = MapTree::default();
    let fitting = (0..).zip(leaves).map(|(index, bytes)| {
        let index = LeafIndex::new(index).unwrap();
        match (
            MapEntry::of_leaf(index, bytes).unwrap(),
            Leaf::parse(bytes).unwrap(),
        ) {
            (Some(entry), _) => map.insert(entry).unwrap(),
            (None, Leaf::System(leaf)) if leaf.map_root().is_some() => {
                let entries = u64::try_from(map.len()).unwrap();
                return map_root_leaf(leaf.hour, index, entries, map.root()).to_bytes();
            }
            _ => {}
        }
        bytes.clone()
    });
    fitting.collect()
}

fn leaves_of(ledger: &Path, thief: &Thief) -> Vec<Vec<u8>> {
    let signed = SignedCheckpoint::open(&fs::read(ledger.join("checkpoint")).unwrap(), &thief.vkey).unwrap();
    let mut leaves = Vec::new();
    for span in bundles(signed.size()) {
        let bytes = fs::read(ledger.join(Resource::Entries(span).to_string())).unwrap();
        leaves.extend(
            parse_entries(&bytes, span.width())
                .unwrap()
                .into_iter()
                .map(<[u8]>::to_vec),
        );
    }
    leaves
}

/// Writes these leaves as a log signed with the stolen key.
fn rewrite(ledger: &Path, leaves: &[Vec<u8>], thief: &Thief) {
    fs::remove_dir_all(ledger.join("tile")).unwrap();
    let (mut frontier, mut nodes) = (Frontier::empty(), NodeMap::default());
    for leaf in leaves {
        for node in frontier.append(leaf_hash(leaf)).unwrap() {
            nodes.insert(node.id, node.hash);
        }
    }
    let size = TreeSize::new(u64::try_from(leaves.len()).unwrap()).unwrap();
    let write = |resource: Resource, bytes: Vec<u8>| {
        let path = ledger.join(resource.to_string());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    for tile in tiles(size) {
        let hashes: Vec<_> = tile.nodes().map(|node| nodes.get(node).unwrap()).collect();
        write(Resource::Tile(tile), encode_tile(&hashes));
    }
    for span in bundles(size) {
        let entries = &leaves[usize::try_from(span.first()).unwrap()..usize::try_from(span.end()).unwrap()];
        write(
            Resource::Entries(span),
            encode_entries(entries.iter().map(Vec::as_slice)).unwrap(),
        );
    }
    let checkpoint = Checkpoint::new(thief.vkey.name().as_str(), size, frontier.root()).unwrap();
    let signed = SignedCheckpoint::sign(checkpoint, thief).unwrap();
    fs::write(ledger.join("checkpoint"), signed.note().to_string()).unwrap();
}
