//! Everything that comes from outside, damaged thousands of times: nothing panics, and nothing has two spellings.

use std::num::NonZeroU64;

use ledger_core::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    key_chain::KeyChain,
    leaf::{
        DeliveryLeaf, ErasureHandle, Hour, KeyChange, Leaf, ManifestEncoding, RestoreLeaf, SystemLeaf,
        TimestampLeaf, UnsignedErasure, UnsignedKeyChange, map_root_leaf,
    },
    map::{MapEntry, MapProof, MapStep, MapValue, PrunedMap, PrunedMapWriter},
    note::{KeyName, Note, NoteSignature, Vkey},
    policy::{Freshness, Policy},
    proof::TlogProof,
    receipt::{ConsistencyReceipt, Ed25519ReceiptSigner, InclusionReceipt, ReceiptKey, ReceiptSigner},
    tile::{Resource, encode_entries, parse_entries, parse_tile},
    tree::{Hash, LeafIndex, leaf_hash},
    witness::{AddCheckpoint, Answer},
};
use test_fixtures::{no_panic, one_spelling};

use crate::support::{
    LOG_VKEY, ORIGIN, PROOF, Tree, WITNESS_VKEY, at, cosigner, dpo, log, log_key, signed, size,
};

fn texts<T: ToString>(all: impl IntoIterator<Item = T>) -> Vec<Vec<u8>> {
    all.into_iter().map(|one| one.to_string().into_bytes()).collect()
}

/// A parser of text, as one of bytes.
fn spelled<T: std::str::FromStr + ToString>(bytes: &[u8]) -> Option<Vec<u8>> {
    let read: T = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    Some(read.to_string().into_bytes())
}

fn notes() -> Vec<Vec<u8>> {
    let checkpoint = signed(300);
    let mut cosigned = checkpoint.note().to_string();
    let line = dpo().cosign(&checkpoint, at(1_767_225_600));
    cosigned.push_str(&format!("{line}\n"));
    texts([
        checkpoint.note().to_string(),
        signed(0).note().to_string(),
        cosigned,
    ])
}

#[test]
fn notes_checkpoints_and_signatures_have_one_spelling() {
    one_spelling("note", &notes(), |bytes| {
        Some(Note::parse(bytes).ok()?.to_string().into_bytes())
    });
    let heads = texts([1, 2, 257, 70_000].map(|leaves| {
        let text = format!("{ORIGIN}\n{leaves}\n{}\n", base64(&[7; 32]));
        text.parse::<Checkpoint>().unwrap()
    }));
    one_spelling("checkpoint", &heads, spelled::<Checkpoint>);
    let lines: Vec<_> = signed(3)
        .note()
        .signatures()
        .iter()
        .map(ToString::to_string)
        .collect();
    one_spelling("signature line", &texts(lines), spelled::<NoteSignature>);
    one_spelling("vkey", &texts([LOG_VKEY, WITNESS_VKEY]), spelled::<Vkey>);
    let key = log_key();
    let chain = KeyChain::follow(&key, &[]).unwrap();
    no_panic("signed checkpoint", &notes(), |bytes| {
        let _ = SignedCheckpoint::open(bytes, &key);
        let _ = chain.open(bytes);
    });
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}

#[test]
fn requests_to_a_witness_and_its_answers_are_read_without_a_panic() {
    let tree = Tree::of("entry", 300);
    let requests = [0, 1, 255, 300].map(|old| {
        AddCheckpoint::new(
            size(old),
            if old == 0 { vec![] } else { tree.proof_from(old) },
            &tree.signed(),
        )
        .unwrap()
    });
    one_spelling("add-checkpoint", &texts(requests), spelled_request);
    let lines = texts([format!("{}\n", dpo().cosign(&signed(3), at(1)))]);
    let answers = [lines, vec![b"300\n".to_vec()]].concat();
    no_panic("answer of a witness", &answers, |bytes| {
        for status in [200, 400, 403, 404, 409, 422, 500] {
            let _ = Answer::read(status, bytes);
        }
    });
}

fn spelled_request(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(AddCheckpoint::parse(bytes).ok()?.to_string().into_bytes())
}

#[test]
fn proofs_policies_and_paths_are_read_without_a_panic() {
    one_spelling("tlog-proof", &texts([PROOF]), spelled::<TlogProof>);
    let names = ["X1", "X2", "Y1"].map(|name| format!("witness {name} {}\n", cosigner(name).vkey()));
    let policy = format!(
        "log {LOG_VKEY} https://log.example/\n# two of three\n{}group X any X1 X2\ngroup all all X Y1\nquorum all\n",
        names.concat()
    );
    let head = signed(3);
    assert!(Policy::parse(policy.as_bytes()).is_ok());
    no_panic("policy", &texts([policy]), |bytes| {
        if let Ok(policy) = Policy::parse(bytes) {
            let _ = policy.quorum(&head, Freshness::Ignored);
            // Printed and read again, it is the same policy.
            assert_eq!(
                Policy::parse(&policy.to_bytes()).unwrap().to_bytes(),
                policy.to_bytes()
            );
            let _ = policy.for_production();
        }
    });
    let paths = [
        "checkpoint",
        "tile/0/000",
        "tile/0/x001/x234/067.p/1",
        "tile/5/000.p/255",
        "tile/entries/x001/000.p/9",
        "tile/entries/000",
    ];
    one_spelling("path", &texts(paths), spelled::<Resource>);
}

#[test]
fn leaves_of_every_kind_have_one_spelling() {
    let (hour, digest, old) = (Hour::new(490_896), leaf_hash(b"a"), log());
    let change = UnsignedKeyChange {
        hour,
        new: *dpo().vkey().public(),
        valid_from: LeafIndex::new(7).unwrap(),
    };
    let erasure = UnsignedErasure {
        hour,
        handle: ErasureHandle::new([3; 32]),
        records: 4,
        policy: digest,
    };
    let restore = RestoreLeaf {
        hour,
        known: 9,
        imported: 3,
        erasures: 1,
    };
    let delivery = DeliveryLeaf {
        hour,
        root: [5; 32],
        rows: NonZeroU64::new(12).unwrap(),
        encoding: ManifestEncoding::from_number(1).unwrap(),
    };
    let token = TimestampLeaf { hour, token: digest };
    let system = [
        change.sign(&old).to_bytes(),
        restore.to_bytes(),
        delivery.to_bytes(),
        token.to_bytes(),
        map_root_leaf(hour, LeafIndex::new(8).unwrap(), 9, digest).to_bytes(),
    ];
    let signed = erasure.sign(ORIGIN, &old).to_bytes().to_vec();
    let samples = [system.to_vec(), vec![signed]].concat();
    one_spelling("leaf", &samples, |bytes| match Leaf::parse(bytes).ok()? {
        Leaf::Subject(leaf) => Some(leaf.to_bytes().to_vec()),
        Leaf::Erasure(leaf) => Some(leaf.to_bytes().to_vec()),
        Leaf::System(leaf) => Some(leaf.to_bytes().to_vec()),
    });
    let [change, restore, delivery, token, root] = &system;
    let one = |sample: &Vec<u8>| vec![sample.clone()];
    one_spelling("key change", &one(change), |bytes| {
        Some(KeyChange::parse(bytes).ok()?.to_bytes())
    });
    one_spelling("restore", &one(restore), |bytes| {
        Some(RestoreLeaf::parse(bytes).ok()?.to_bytes())
    });
    one_spelling("delivery", &one(delivery), |bytes| {
        Some(DeliveryLeaf::parse(bytes).ok()?.to_bytes())
    });
    one_spelling("timestamp", &one(token), |bytes| {
        Some(TimestampLeaf::parse(bytes).ok()?.to_bytes())
    });
    no_panic("map root", &one(root), |bytes| {
        let _ = SystemLeaf::parse(bytes).map(|leaf| leaf.map_root());
    });
}

#[test]
fn receipts_and_their_keys_have_one_spelling() {
    let signer = Ed25519ReceiptSigner::from_seed(KeyName::new(ORIGIN).unwrap(), &[9; 32]).unwrap();
    let tree = Tree::of("entry", 300);
    let (old, new) = (signed(200), tree.signed());
    let grown =
        ConsistencyReceipt::sign(&old, &new, tree.proof_from(200), "urn:fiducie:log", &signer).unwrap();
    one_spelling("consistency receipt", &[grown.to_bytes()], |bytes| {
        let receipt = ConsistencyReceipt::parse(bytes).ok()?;
        let _ = receipt.verify(&old.root(), signer.key());
        Some(receipt.to_bytes())
    });
    let one = signed(1);
    let within = InclusionReceipt::sign(
        b"entry-0",
        LeafIndex::new(0).unwrap(),
        vec![],
        &one,
        "urn:x",
        &signer,
    )
    .unwrap();
    one_spelling("inclusion receipt", &[within.to_bytes()], |bytes| {
        let receipt = InclusionReceipt::parse(bytes).ok()?;
        let _ = receipt.verify(b"entry-0", signer.key());
        Some(receipt.to_bytes())
    });
    let issuer = KeyName::new(ORIGIN).unwrap();
    one_spelling("COSE key", &[signer.key().to_cose_key()], |bytes| {
        Some(
            ReceiptKey::from_cose_key(issuer.clone(), bytes)
                .ok()?
                .to_cose_key(),
        )
    });
}

#[test]
fn bundles_tiles_and_map_proofs_are_read_without_a_panic() {
    let entries: Vec<Vec<u8>> = (0..7).map(|len| vec![len; usize::from(len) * 9]).collect();
    let bundle = encode_entries(entries.iter().map(Vec::as_slice)).unwrap();
    one_spelling("bundle of entries", &[bundle], |bytes| {
        encode_entries(parse_entries(bytes, 7).ok()?).ok()
    });
    no_panic("tile", &[vec![7; 96]], |bytes| {
        let _ = (parse_tile(bytes, 3), parse_tile(bytes, 256));
    });
    let entry = |first: u8| MapEntry {
        tag: ledger_core::leaf::Tag::new([first; 32]),
        value: MapValue {
            index: LeafIndex::new(u64::from(first)).unwrap(),
            leaf: leaf_hash(&[first]),
        },
    };
    let steps: Vec<_> = [200, 9, 3]
        .map(|bit| MapStep {
            bit,
            sibling: leaf_hash(&[bit]),
        })
        .to_vec();
    let proofs = [
        MapProof::presence(steps.clone()),
        MapProof::absence(entry(3), steps),
        Ok(MapProof::absence_in_the_empty_map()),
    ];
    let proofs: Vec<_> = proofs
        .into_iter()
        .map(|proof| proof.unwrap().to_bytes())
        .collect();
    let root = Hash::new([1; 32]);
    one_spelling("map proof", &proofs, |bytes| {
        let proof = MapProof::parse(bytes).ok()?;
        let _ = (
            proof.verify_presence(&entry(3).tag, &entry(3).value, &root),
            proof.verify_absence(&entry(9).tag, &root),
        );
        Some(proof.to_bytes())
    });
    let mut writer = PrunedMapWriter::default();
    writer.fork(0);
    writer.folded(&root);
    writer.entry(&entry(0x83), &[entry(0x83).tag], &[]).unwrap();
    no_panic("part of a map", &[writer.finish().as_bytes().to_vec()], |bytes| {
        let map = PrunedMap::new(bytes.to_vec());
        let _ = map.verify(&[entry(0x83)], &[entry(9).tag], &root);
    });
}
