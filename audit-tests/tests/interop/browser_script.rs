//! The browser's script, run by Node on files of a log that changed its key.

use std::fs;
use std::process::Command;

use audit_tests::programs::{has_tool, workspace};
use evidence::history::History;
use evidence::jws::{Jwk, Jws};
use evidence::list::List;
use evidence::record::{Digest, Id, Instant, OutOutcome, Record, Seconds, TransferOut};
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::leaf::{Commitment, RecordNumber, UnsignedKeyChange};
use ledger_core::note::{Ed25519Signer, KeyName, NoteSigner};
use ledger_core::tree::TreeSize;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::compact::list_of;
use crate::history::{Log, lose, to_bytes};

/// Reads `asked.json`: files with what is remembered; prints what the script says of each.
const SCRIPT: &str = r#"
import { readFileSync } from "node:fs";
import { verifyHistory } from "./history.js";
import { verifyList } from "./list.js";
import { work } from "./list-tasks.js";
// In pieces of every length, as a network gives them.
function* pieces(bytes) {
  for (let at = 0, length = 1; at < bytes.length; at += length, length = (length % 97) + 1) {
    yield new Uint8Array(bytes.subarray(at, at + length));
  }
}
const said = [];
for (const { file, remembered } of JSON.parse(readFileSync(new URL("asked.json", import.meta.url)))) {
  try {
    const bytes = readFileSync(new URL(file, import.meta.url));
    const verdict = file.endsWith(".list")
      ? await verifyList(pieces(bytes), remembered, async (task) => work(task))
      : await verifyHistory(bytes.toString("utf8").trimEnd().split("\n"), remembered);
    said.push(verdict.lost > 0 ? `${verdict.lost} lost` : verdict.remember.logKey);
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

    let files = cases.iter().flat_map(|(history, remembered, expected)| {
        let lines = (to_bytes(history), "ndjson");
        let list = (list_of(history).to_bytes().unwrap(), "list");
        [lines, list].map(|(bytes, kind)| (bytes, kind, remembered.clone(), *expected))
    });
    the_script_says(&files.collect::<Vec<_>>());
}

/// A broker cannot call lost what no restore in the log lost; `evidence` refuses the same.
#[test]
fn the_browser_s_script_believes_a_lost_detail_only_where_a_restore_lost_it() {
    if !has_tool("node") {
        return;
    }
    let made = |restore: Option<(u64, u64)>| {
        let mut log = Log::new(1, record_pair().1);
        (1..=60).for_each(|n| record(&mut log, n));
        log.close();
        if let Some((known, imported)) = restore {
            log.restore(known, imported);
            log.close();
        }
        let mut history = log.history(0, None);
        // The first two stand in the leaves 0 and 1, behind the first screen of the page.
        lose(&mut history, 1);
        lose(&mut history, 2);
        history
    };
    let honest = made(Some((0, 2)));
    let changed = |change: &dyn Fn(&mut History)| {
        let mut history = honest.clone();
        change(&mut history);
        history
    };
    let forget = changed(&|history| history.proofs.restores.clear());
    let wider = changed(&|history| history.proofs.restores[0].1.imported = 60);
    let too_wide = changed(&|history| history.proofs.restores[0].1.imported = 1_000);
    let twice = changed(&|history| history.proofs.restores.push(history.proofs.restores[0]));
    let more = changed(&|history| lose(history, 3));
    let cases = [
        (honest.clone(), "2 lost"),
        (made(None), "withheld"),
        (made(Some((1, 1))), "withheld"),
        (made(Some((0, 1))), "withheld"),
        (made(Some((2, 50))), "withheld"),
        (more, "withheld"),
        (forget, "inclusion"),
        (wider, "inclusion"),
        (too_wide, "form"),
        (twice, "form"),
    ];
    let files = cases.iter().flat_map(|(history, expected)| {
        let lines = (to_bytes(history), "ndjson", Value::Null, *expected);
        let list = (
            list_of(history).to_bytes().unwrap(),
            "list",
            Value::Null,
            *expected,
        );
        [lines, list]
    });
    the_script_says(&files.collect::<Vec<_>>());
}

/// What the script says of each file is what is expected.
fn the_script_says(cases: &[(Vec<u8>, &str, Value, &str)]) {
    let folder = scripts(SCRIPT);
    let mut asked = Vec::new();
    for (number, (bytes, kind, remembered, _)) in cases.iter().enumerate() {
        let file = format!("{number}.{kind}");
        fs::write(folder.path().join(&file), bytes).unwrap();
        asked.push(json!({ "file": file, "remembered": remembered }));
    }
    fs::write(folder.path().join("asked.json"), json!(asked).to_string()).unwrap();
    let said = super::run(Command::new("node").arg(folder.path().join("check.js")));
    let said: Vec<String> = serde_json::from_str(&said).unwrap();
    let expected: Vec<&str> = cases.iter().map(|(_, _, _, expected)| *expected).collect();
    assert_eq!(said, expected);
}

/// A folder with the scripts of the page and one that uses them.
fn scripts(check: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let assets = workspace().join("consent-ui/assets");
    for name in ["history.js", "list.js", "list-tasks.js", "sha256.js"] {
        fs::copy(assets.join(name), folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("package.json"), r#"{"type":"module"}"#).unwrap();
    fs::write(folder.path().join("check.js"), check).unwrap();
    folder
}

/// A list as it was and as it is.
struct Visits {
    /// What the browser remembers of the first visit.
    then: Value,
    /// The list of the first visit.
    old: List,
    /// The list of the second.
    honest: List,
    /// The same without its newest record, with proofs that fit.
    short: Vec<u8>,
}

fn visits() -> Visits {
    let mut log = Log::new(2, record_pair().1);
    (1..=40).for_each(|n| record(&mut log, n));
    log.close();
    let then = remembered(&log, &signer(1));
    let old = list_of(&log.history(0, None));
    (41..=60).for_each(|n| record(&mut log, n));
    log.close();
    let history = log.history(0, TreeSize::new(then["size"].as_u64().unwrap()));
    let mut short = history.clone();
    short.entries.pop();
    short.header.newest = short.entries.last().unwrap().n;
    short.proofs.log = log.prove(&short.entries);
    Visits {
        then,
        old,
        honest: list_of(&history),
        short: list_of(&short).to_bytes().unwrap(),
    }
}

/// Each lie that a list can tell, and what the script says of it; `ledger-audit` is asked the same in `evidence`.
#[test]
fn the_browser_s_script_refuses_a_list_that_lies() {
    if !has_tool("node") {
        return;
    }
    let Visits {
        then,
        old,
        honest,
        short,
    } = visits();
    let key = signer(1).vkey().to_string();
    let changed = |change: &dyn Fn(&mut List)| {
        let mut list = honest.clone();
        change(&mut list);
        list.to_bytes().unwrap()
    };
    let fewer = |list: &mut List| list.header.newest = RecordNumber::new(list.items.len() as u64).unwrap();
    let remember = |member: &str, value: Value| {
        let mut memory = then.clone();
        memory[member] = value;
        memory
    };
    let whole = honest.to_bytes().unwrap();
    let swap = |list: &mut List| list.items.swap(5, 6);
    let change = |list: &mut List| list.items[7].commitment = Commitment::new([9; 32]);
    let hide = |list: &mut List| {
        list.items.remove(3);
        fewer(list);
    };
    let repeat = |list: &mut List| {
        list.items.push(list.items[8]);
        fewer(list);
    };
    let stale = |list: &mut List| list.header.map_root.clone_from(&old.header.map_root);
    let old_map = |list: &mut List| list.map = old.map.clone();
    let silent = |list: &mut List| list.header.consistency = None;
    let cases = [
        (whole.clone(), Value::Null, key.as_str()),
        (whole.clone(), then.clone(), &key),
        (whole.clone(), remember("size", json!(1_000_000)), "rewound"),
        (whole.clone(), remember("newest", json!(61)), "fewer-records"),
        (
            whole.clone(),
            remember("root", json!("00".repeat(32))),
            "rewritten",
        ),
        (changed(&silent), then.clone(), "rewritten"),
        (old.to_bytes().unwrap(), remember("size", json!(43)), "rewound"),
        (changed(&swap), Value::Null, "inclusion"),
        (changed(&change), Value::Null, "inclusion"),
        (changed(&hide), Value::Null, "inclusion"),
        (changed(&repeat), Value::Null, "same-leaf"),
        (short, Value::Null, "map"),
        (changed(&stale), Value::Null, "map-root"),
        (changed(&old_map), Value::Null, "map"),
        (whole[..whole.len() - 1].to_vec(), Value::Null, "map"),
        ([&whole[..], &[0]].concat(), Value::Null, "map"),
        (whole[..1_500].to_vec(), Value::Null, "form"),
    ];
    let cases = cases.map(|(bytes, memory, expected)| (bytes, "list", memory, expected));
    the_script_says(&cases);
}

/// Opens the records of `history.ndjson` against `history.list`, each with one thing changed.
const OPEN: &str = r#"
import { readFileSync } from "node:fs";
import { leafOf, openRecord, verifyList } from "./list.js";
import { work } from "./list-tasks.js";
const read = (name) => readFileSync(new URL(name, import.meta.url));
const { list } = await verifyList([new Uint8Array(read("history.list"))], null, async (task) => work(task));
const entries = read("history.ndjson").toString("utf8").split("\n").slice(1, 8).map((line) => JSON.parse(line));
const said = entries.map((entry, i) => openRecord(list, i + 1, entry) === entry.record);
const [one, two] = entries;
const other = (text) => text.slice(0, 5) + (text[5] === "A" ? "B" : "A") + text.slice(6);
for (const [n, entry] of [
  [1, { ...one, record: two.record }], [1, { ...one, salt: two.salt }], [1, { ...one, salt: other(one.salt) }],
  [1, { ...one, record: other(one.record) }], [1, { ...one, index: two.index }], [1, { ...one, header: other(one.header) }],
  [2, one], [1, { ...two, n: 1, index: one.index }], [1, { n: 1, index: one.index, leaf: "AAAA" }],
  [1, { n: 1, index: one.index, leaf: Buffer.from(leafOf(list, 1)).toString("base64url") }],
]) {
  try {
    openRecord(list, n, entry);
    said.push("opened");
  } catch (error) {
    said.push(["opened", "numbers", "withheld"].includes(error.code) ? false : `${error}`);
  }
}
console.log(JSON.stringify(said));
"#;

#[test]
fn the_browser_s_script_opens_a_record_only_with_what_the_list_commits_to() {
    if !has_tool("node") {
        return;
    }
    let mut log = Log::new(1, record_pair().1);
    (1..=7).for_each(|n| record(&mut log, n));
    log.close();
    let history = log.history(0, None);
    let folder = scripts(OPEN);
    fs::write(folder.path().join("history.ndjson"), to_bytes(&history)).unwrap();
    fs::write(
        folder.path().join("history.list"),
        list_of(&history).to_bytes().unwrap(),
    )
    .unwrap();
    let said = super::run(Command::new("node").arg(folder.path().join("check.js")));
    let said: Vec<Value> = serde_json::from_str(&said).unwrap();
    let expected = [vec![json!(true); 7], vec![json!(false); 10]].concat();
    assert_eq!(said, expected);
}
