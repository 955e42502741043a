//! PyPI's `scitt-cose`, as published, verifies our receipts, and we verify its.

use std::path::Path;
use std::process::Command;
use std::{array, fs};

use audit_tests::programs::has_tool;
use ledger_core::checkpoint::{Checkpoint, SignedCheckpoint};
use ledger_core::note::{Ed25519Signer, KeyName};
use ledger_core::receipt::{ConsistencyReceipt, Ed25519ReceiptSigner, InclusionReceipt, ReceiptSigner};
use ledger_core::tree::{Frontier, LeafIndex, NodeMap, ProofPlan, leaf_hash};
use serde_json::{Value, json};

const PACKAGE: &str = "scitt-cose==0.5.0";
const ORIGIN: &str = "log.example/consent";
const SUBJECT: &str = "urn:fiducie:record";

/// Reads `questions.json`, prints its answers. Consistency has no one call in that package: signature and proof are
/// verified by two.
const SCRIPT: &str = r#"
import json, sys
import cbor2, scitt_cose
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives import serialization as s
asked = json.load(open(sys.argv[1]))
key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(asked["seed"]))
public = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
private = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())

def inclusion(question):
    return scitt_cose.verify_receipt(
        bytes.fromhex(question["receipt"]), leaf_entry_hex=question["entry"], log_public_key_pem=public)

def shown(result):
    return [result.ok, result.root, result.tree_size, result.leaf_index, result.issuer, result.subject,
            result.protected_header_ext.get(16)]

def consistency(question):
    try:
        receipt = bytes.fromhex(question["receipt"])
        scitt_cose.verify_sign1(receipt, public_key_pem=public, detached_payload=bytes.fromhex(question["new"]),
                                understood_labels=frozenset({1, 2, 15, 16, 395}))
        proof = cbor2.loads(cbor2.loads(receipt).value[1][396][-2][0])
        return scitt_cose.verify_consistency(
            question["old"], question["new"], proof[0], proof[1], [node.hex() for node in proof[2]])
    except Exception:
        return False

# `build_receipt` writes its labels in another order than RFC 8949 §4.2.1, which we refuse; its parts do not.
def minted(question):
    entries, index = question["entries"], question["index"]
    path = [bytes.fromhex(node) for node in scitt_cose.inclusion_proof(entries, index)]
    return scitt_cose.sign_sign1(
        bytes.fromhex(scitt_cose.merkle_root(entries)), alg="EdDSA", private_key_pem=private, detached=True,
        protected={1: -8, 4: bytes.fromhex(asked["kid"]), 15: {1: asked["issuer"], 2: asked["subject"]}, 395: 1},
        unprotected={396: {-1: [cbor2.dumps([len(entries), index, path])]}}).hex()

print(json.dumps({
    "included": [shown(inclusion(question)) for question in asked["inclusion"]],
    "tampered": [inclusion(question).ok for question in asked["tampered"]],
    "consistent": [consistency(question) for question in asked["consistency"]],
    "inconsistent": [consistency(question) for question in asked["inconsistency"]],
    "minted": [minted(question) for question in asked["mint"]],
}))
"#;

fn seed() -> [u8; 32] {
    array::from_fn(|i| 0x40 + u8::try_from(i).unwrap())
}

fn signer() -> Ed25519ReceiptSigner {
    Ed25519ReceiptSigner::from_seed(KeyName::new(ORIGIN).unwrap(), &seed()).unwrap()
}

fn entry(index: u64) -> Vec<u8> {
    format!("entry-{index}").into_bytes()
}

fn tree(size: u64) -> (SignedCheckpoint, NodeMap) {
    let (mut frontier, mut nodes) = (Frontier::empty(), NodeMap::default());
    for index in 0..size {
        let complete = frontier.append(leaf_hash(&entry(index))).unwrap();
        complete
            .into_iter()
            .for_each(|node| nodes.insert(node.id, node.hash));
    }
    let key = Ed25519Signer::from_seed(KeyName::new(ORIGIN).unwrap(), &[7; 32]).unwrap();
    let head = Checkpoint::new(ORIGIN, frontier.size(), frontier.root()).unwrap();
    (SignedCheckpoint::sign(head, &key).unwrap(), nodes)
}

fn root(size: u64) -> String {
    hex::encode(tree(size).0.root().as_bytes())
}

fn inclusion(index: u64, size: u64) -> Vec<u8> {
    let (head, nodes) = tree(size);
    let place = LeafIndex::new(index).unwrap();
    let path = ProofPlan::inclusion(place, head.size())
        .unwrap()
        .build(&nodes)
        .unwrap();
    InclusionReceipt::sign(&entry(index), place, path, &head, SUBJECT, &signer())
        .unwrap()
        .to_bytes()
}

fn consistency(old: u64, new: u64) -> Vec<u8> {
    let ((old, _), (new, nodes)) = (tree(old), tree(new));
    let path = ProofPlan::consistency(old.size(), new.size())
        .unwrap()
        .build(&nodes)
        .unwrap();
    ConsistencyReceipt::sign(&old, &new, path, SUBJECT, &signer())
        .unwrap()
        .to_bytes()
}

fn inclusion_question(receipt: &[u8], index: u64) -> Value {
    json!({ "receipt": hex::encode(receipt), "entry": hex::encode(entry(index)) })
}

fn consistency_question(receipt: &[u8], old: u64, new: u64) -> Value {
    json!({ "receipt": hex::encode(receipt), "old": root(old), "new": root(new) })
}

/// Another entry, another kind, another root, and every seventh byte changed.
fn tampered() -> Vec<Value> {
    let receipt = inclusion(4, 7);
    let mut tampered = vec![
        inclusion_question(&receipt, 5),
        inclusion_question(&consistency(3, 7), 4),
        inclusion_question(&[receipt.as_slice(), &[0]].concat(), 4),
    ];
    for at in (0..receipt.len()).step_by(7) {
        let mut changed = receipt.clone();
        changed[at] ^= 1;
        tampered.push(inclusion_question(&changed, 4));
    }
    tampered
}

const SIZES: [u64; 6] = [1, 2, 3, 7, 8, 13];

fn places() -> impl Iterator<Item = (u64, u64)> {
    SIZES
        .into_iter()
        .flat_map(|size| (0..size).map(move |index| (index, size)))
}

fn pairs() -> impl Iterator<Item = (u64, u64)> {
    let pairs = SIZES.into_iter().flat_map(|new| SIZES.map(|old| (old, new)));
    pairs.filter(|(old, new)| old <= new)
}

fn questions() -> Value {
    let mint = places().map(|(index, size)| {
        let entries: Vec<_> = (0..size).map(|index| hex::encode(entry(index))).collect();
        json!({ "index": index, "entries": entries })
    });
    json!({
        "seed": hex::encode(seed()),
        "issuer": ORIGIN,
        "subject": SUBJECT,
        "kid": hex::encode(signer().key().id()),
        "inclusion": places().map(|(index, size)| inclusion_question(&inclusion(index, size), index)).collect::<Vec<_>>(),
        "tampered": tampered(),
        "consistency": pairs().map(|(old, new)| consistency_question(&consistency(old, new), old, new)).collect::<Vec<_>>(),
        "inconsistency": [
            consistency_question(&consistency(3, 7), 2, 7),
            consistency_question(&consistency(3, 7), 3, 8),
            consistency_question(&inclusion(4, 7), 3, 7),
        ],
        "mint": mint.collect::<Vec<_>>(),
    })
}

fn ask(folder: &Path) -> Value {
    let (script, asked) = (folder.join("check.py"), folder.join("questions.json"));
    fs::write(&script, SCRIPT).unwrap();
    fs::write(&asked, questions().to_string()).unwrap();
    let python = folder.join("venv/bin/python");
    let printed = super::run(Command::new(python).arg(script).arg(asked));
    serde_json::from_str(&printed).unwrap()
}

#[test]
fn scitt_cose_verifies_our_receipts_and_we_verify_its() {
    if !has_tool("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let venv = folder.path().join("venv");
    if !super::installs(
        "python3-venv",
        Command::new("python3").args(["-m", "venv"]).arg(&venv),
    ) {
        return;
    }
    let mut install = Command::new(venv.join("bin/python"));
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        PACKAGE,
    ]);
    if !super::installs(PACKAGE, &mut install) {
        return;
    }
    let answer = ask(folder.path());

    let typ = "application/vnd.fiducie.inclusion-receipt+cose";
    let expected: Vec<_> = places()
        .map(|(index, size)| json!([true, root(size), size, index, ORIGIN, SUBJECT, typ]))
        .collect();
    assert_eq!(answer["included"], json!(expected));
    assert_eq!(answer["tampered"], json!(vec![false; tampered().len()]));
    assert_eq!(answer["consistent"], json!(vec![true; pairs().count()]));
    assert_eq!(answer["inconsistent"], json!([false, false, false]));

    let minted = answer["minted"].as_array().unwrap();
    assert_eq!(minted.len(), places().count());
    for ((index, size), receipt) in places().zip(minted) {
        let bytes = hex::decode(receipt.as_str().unwrap()).unwrap();
        let receipt = InclusionReceipt::parse(&bytes).unwrap();
        let found = receipt.verify(&entry(index), signer().key()).unwrap();
        assert_eq!(hex::encode(found.as_bytes()), root(size));
        assert!(receipt.verify(b"another", signer().key()).is_err());
        assert_eq!(receipt.to_bytes(), bytes);
    }
}
