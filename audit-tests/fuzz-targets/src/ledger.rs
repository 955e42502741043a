//! What a log publishes, what witnesses say, and what they are asked.

use ledger_core::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    leaf::{Leaf, SystemLeaf},
    map::{MapEntry, MapProof, MapValue, PrunedMap},
    note::{KeyName, Note, NoteSignature, Vkey},
    policy::{Freshness, Policy},
    proof::TlogProof,
    receipt::{ConsistencyReceipt, InclusionReceipt, ReceiptKey},
    tile::{FULL, Resource, encode_entries, encode_tile, parse_entries, parse_tile},
    tree::{Hash, LeafIndex},
    witness::{AddCheckpoint, Answer},
};

use crate::{Target, same, same_text};

pub const TARGETS: &[Target] = &[
    ("note", note),
    ("checkpoint", same_text::<Checkpoint>),
    ("signature-line", same_text::<NoteSignature>),
    ("vkey", same_text::<Vkey>),
    ("signed-checkpoint", signed_checkpoint),
    ("tlog-proof", same_text::<TlogProof>),
    ("path", same_text::<Resource>),
    ("bundle-of-entries", entries),
    ("tile", tile),
    ("leaf", leaf),
    ("add-checkpoint", add_checkpoint),
    ("answer-of-a-witness", answer),
    ("policy", policy),
    ("inclusion-receipt", inclusion_receipt),
    ("consistency-receipt", consistency_receipt),
    ("cose-key", cose_key),
    ("map-proof", map_proof),
    ("part-of-a-map", part_of_a_map),
];

fn note(bytes: &[u8]) {
    same(bytes, Note::parse(bytes).ok().map(|note| note.to_string()));
}

/// The first line names the key, as a verifier is given it; the rest is the note.
fn signed_checkpoint(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let key = parts
        .next()
        .and_then(|line| std::str::from_utf8(line).ok()?.parse::<Vkey>().ok());
    if let (Some(key), Some(note)) = (key, parts.next())
        && let Ok(signed) = SignedCheckpoint::open(note, &key)
    {
        same(note, Some(signed.note().to_string()));
    }
}

/// The width that the last byte of the input asks for, so that partial ones are read too.
fn width(bytes: &[u8]) -> (u16, &[u8]) {
    match bytes.split_last() {
        Some((last, rest)) => (u16::from(*last) + 1, rest),
        None => (FULL, bytes),
    }
}

fn entries(bytes: &[u8]) {
    let (width, bytes) = width(bytes);
    let read = parse_entries(bytes, width).ok();
    same(bytes, read.and_then(|entries| encode_entries(entries).ok()));
}

fn tile(bytes: &[u8]) {
    let (width, bytes) = width(bytes);
    same(
        bytes,
        parse_tile(bytes, width).ok().map(|hashes| encode_tile(&hashes)),
    );
}

fn leaf(bytes: &[u8]) {
    let written = Leaf::parse(bytes).ok().map(|leaf| match leaf {
        Leaf::Subject(leaf) => leaf.to_bytes().to_vec(),
        Leaf::Erasure(leaf) => leaf.to_bytes().to_vec(),
        Leaf::System(leaf) => leaf.to_bytes(),
    });
    same(bytes, written);
    let _ = SystemLeaf::parse(bytes).map(|leaf| leaf.map_root());
}

fn add_checkpoint(bytes: &[u8]) {
    same(
        bytes,
        AddCheckpoint::parse(bytes)
            .ok()
            .map(|request| request.to_string()),
    );
}

fn answer(bytes: &[u8]) {
    for status in [200, 400, 403, 404, 409, 422, 500] {
        let _ = Answer::read(status, bytes);
    }
}

fn policy(bytes: &[u8]) {
    let Ok(policy) = Policy::parse(bytes) else { return };
    let printed = policy.to_bytes();
    let again = Policy::parse(&printed).map(|again| again.to_bytes());
    assert!(
        again.is_ok_and(|again| again == printed),
        "printed and read again, it is another policy"
    );
    let _ = policy.for_production();
    let _ = Freshness::Ignored;
}

fn inclusion_receipt(bytes: &[u8]) {
    same(
        bytes,
        InclusionReceipt::parse(bytes)
            .ok()
            .map(|receipt| receipt.to_bytes()),
    );
}

fn consistency_receipt(bytes: &[u8]) {
    same(
        bytes,
        ConsistencyReceipt::parse(bytes)
            .ok()
            .map(|receipt| receipt.to_bytes()),
    );
}

fn cose_key(bytes: &[u8]) {
    let issuer = KeyName::new("log.example/consent");
    let key = issuer.and_then(|issuer| ReceiptKey::from_cose_key(issuer, bytes).ok());
    same(bytes, key.map(|key| key.to_cose_key()));
}

fn entry(first: u8) -> Option<MapEntry> {
    Some(MapEntry {
        tag: ledger_core::leaf::Tag::new([first; 32]),
        value: MapValue {
            index: LeafIndex::new(u64::from(first))?,
            leaf: Hash::new([first; 32]),
        },
    })
}

fn map_proof(bytes: &[u8]) {
    let root = Hash::new([1; 32]);
    let proof = MapProof::parse(bytes).ok();
    if let (Some(proof), Some(entry)) = (&proof, entry(3)) {
        let present = proof.verify_presence(&entry.tag, &entry.value, &root);
        let absent = proof.verify_absence(&entry.tag, &root);
        assert!(
            present.is_err() && absent.is_err(),
            "a proof for a root that nobody can meet"
        );
    }
    same(bytes, proof.map(|proof| proof.to_bytes()));
}

fn part_of_a_map(bytes: &[u8]) {
    let map = PrunedMap::new(bytes.to_vec());
    if let (Some(present), Some(absent)) = (entry(0x83), entry(9)) {
        let verified = map.verify(&[present], &[absent.tag], &Hash::new([1; 32]));
        assert!(verified.is_err(), "a part for a root that nobody can meet");
    }
}
