//! The browser's script, run by Node on files of a log that changed its key.

use std::fs;
use std::process::Command;

use audit_tests::programs::{has_tool, workspace};
use evidence::history::History;
use evidence::jws::{Jwk, Jws};
use evidence::record::{Digest, Id, Instant, OutOutcome, Record, Seconds, TransferOut};
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::leaf::UnsignedKeyChange;
use ledger_core::note::{Ed25519Signer, KeyName, NoteSigner};
use ledger_core::tree::TreeSize;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::history::{Log, to_bytes};

/// Reads `asked.json`: files with what is remembered; prints what the script says of each.
const SCRIPT: &str = r#"
import { readFileSync } from "node:fs";
import { verifyHistory } from "./history.js";
const said = [];
for (const { file, remembered } of JSON.parse(readFileSync(new URL("asked.json", import.meta.url)))) {
  try {
    const lines = readFileSync(new URL(file, import.meta.url), "utf8").trimEnd().split("\n");
    said.push((await verifyHistory(lines, remembered)).remember.logKey);
  } catch (error) {
    said.push(error.code ?? `${error}`);
  }
}
console.log(JSON.stringify(said));
"#;

fn signer(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyName::new("log.example/consent").unwrap(), &[seed; 32]).unwrap()
}

fn record_pair() -> (Ed25519KeyPair, Jwk) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    let x = pair.public_key().as_ref().try_into().unwrap();
    (pair, Jwk::Ed25519 { x })
}

fn record(log: &mut Log, number: u64) {
    let id = |text: &str| Id::new(text).unwrap();
    let at = |seconds: i64| Instant::from_unix_micros((1_767_225_600 + seconds) * 1_000_000).unwrap();
    let record = Record::TransferOut(TransferOut {
        transfer: id(&format!("t-{number}")),
        participant: Some(id("p-1")),
        consent: Some(id("c-1")),
        recipient: id("org-1"),
        purpose: id("self-consumption"),
        step_s: Seconds(1800),
        from: at(0),
        until: at(3600),
        rows: 2,
        ciphertext_sha256: Some(Digest::of(b"age file")),
        policy_set_sha256: Digest::of(b"policies"),
        policies: vec![id("transfer-under-consent")],
        outcome: OutOutcome::Delivered,
        refusal: None,
        at: at(3700),
    });
    let (pair, key) = record_pair();
    let sign = |input: &[u8]| pair.sign(input).as_ref().try_into().unwrap();
    let jws = Jws::sign(&record.to_jcs_bytes().unwrap(), &key, sign).unwrap();
    log.record(0, &record, jws);
}

fn remembered(log: &Log, key: &Ed25519Signer) -> Value {
    let then = log.remember(0);
    json!({
        "logKey": key.vkey().to_string(),
        "size": then.size.get(),
        "root": hex::encode(then.root.as_bytes()),
        "newest": then.newest.get(),
    })
}

/// A thief of the first key names her own, over the head that the log really has.
fn forged(honest: &History, newest: &Ed25519Signer) -> History {
    let mut forged = honest.clone();
    let thief = signer(66);
    let (place, real) = forged.proofs.key_changes[0].clone();
    let change = UnsignedKeyChange {
        new: *thief.vkey().public(),
        ..real.change().clone()
    };
    forged.proofs.key_changes = vec![(place, change.sign(&signer(1)))];
    let head = SignedCheckpoint::open(honest.header.checkpoint.as_bytes(), newest.vkey()).unwrap();
    let signed = SignedCheckpoint::sign(head.checkpoint().clone(), &thief).unwrap();
    forged.header.checkpoint = signed.note().to_string();
    forged.header.log_key = thief.vkey().clone();
    forged
}

#[test]
fn the_browser_s_script_follows_a_changed_key_with_its_leaves_and_refuses_it_without() {
    if !has_tool("node") {
        return;
    }
    let mut log = Log::new(1, record_pair().1);
    (1..=5).for_each(|n| record(&mut log, n));
    log.close();
    let then = remembered(&log, &signer(1));
    let size = TreeSize::new(then["size"].as_u64().unwrap());
    log.change_key(signer(21));
    record(&mut log, 6);
    log.change_key(signer(22));
    log.close();
    let honest = log.history(0, size);
    let mut silent = honest.clone();
    silent.proofs.key_changes.clear();
    let mut gap = honest.clone();
    gap.proofs.key_changes.remove(0);
    let mut second = then.clone();
    second["logKey"] = json!(signer(21).vkey().to_string());
    let mut stranger = then.clone();
    stranger["logKey"] = json!(signer(5).vkey().to_string());
    let newest = signer(22).vkey().to_string();
    let cases = [
        (honest.clone(), then.clone(), newest.as_str()),
        (honest.clone(), second, &newest),
        (honest.clone(), Value::Null, &newest),
        (honest.clone(), stranger, "other-log"),
        (silent, then.clone(), "other-log"),
        (gap, then.clone(), "other-log"),
        (forged(&honest, &signer(22)), then, "inclusion"),
    ];

    let folder = tempfile::tempdir().unwrap();
    let assets = workspace().join("consent-ui/assets");
    for name in ["history.js", "sha256.js"] {
        fs::copy(assets.join(name), folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("package.json"), r#"{"type":"module"}"#).unwrap();
    fs::write(folder.path().join("check.js"), SCRIPT).unwrap();
    let mut asked = Vec::new();
    for (number, (history, remembered, _)) in cases.iter().enumerate() {
        let file = format!("{number}.ndjson");
        fs::write(folder.path().join(&file), to_bytes(history)).unwrap();
        asked.push(json!({ "file": file, "remembered": remembered }));
    }
    fs::write(folder.path().join("asked.json"), json!(asked).to_string()).unwrap();
    let said = super::run(Command::new("node").arg(folder.path().join("check.js")));
    let said: Vec<String> = serde_json::from_str(&said).unwrap();
    let expected: Vec<&str> = cases.iter().map(|(_, _, expected)| *expected).collect();
    assert_eq!(said, expected);
}
