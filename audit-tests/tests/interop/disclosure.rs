//! A release, from the archive to the log: npm reads its manifest, a household's row verifies with npm, with our program
//! and with the page's own script, and an erased household leaves nothing that opens its row.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use audit_tests::needles::Needles;
use audit_tests::programs::{has_tool, ledger_audit, workspace};
use audit_tests::server::Server;
use audit_tests::story::files_below;
use audit_tests::town::Town;
use broker_domain::policy::Principal;
use broker_service::Broker;
use disclosure_manifest::{Manifest, RowFile};
use serde_json::{Value, json};
use sha3::{Digest as _, Keccak256};
use tokio::runtime::Runtime;

use crate::manifest::PACKAGE;
use crate::released::{self, Delivered, HOMES, Own};

/// The file in the researcher's archive.
const MANIFEST: &str = "disclosure-manifest.json";

#[test]
fn a_release_names_its_households_and_each_verifies_its_own_row() {
    let (town, study) = released::found();
    let (stays, erased) = (&town.residents[0], &town.residents[1]);
    let runtime = Runtime::new().unwrap();
    let (first, second, of_both) = runtime.block_on(async {
        let broker = released::today(&town).await;
        released::measured(&broker, &town.residents).await;
        let first = study.release(&broker).await;
        let older = released::own(&broker, stays.participant).await;
        let second = study.release(&broker).await;
        let own = released::own(&broker, stays.participant).await;
        let gone = released::own(&broker, erased.participant).await;
        (first, second, [own, gone, older])
    });
    drop(runtime);
    let [own, gone, older] = &of_both;

    the_same_files_come_with_another_manifest(&first, &second);
    strangers_verify_against_the_tiles(&town, &second, own);
    npm_agrees(&town, &second, &first, own, older);
    the_pages_script_agrees(own, older);
    an_erased_row_is_opened_by_nothing(&town, own, gone);
}

/// What one question was answered with is given again byte for byte (`same_vintage`); the manifest is that of a delivery.
fn the_same_files_come_with_another_manifest(first: &Delivered, second: &Delivered) {
    let without = |delivered: &Delivered| {
        let mut files = delivered.files.clone();
        files.remove(MANIFEST).unwrap();
        files
    };
    assert_eq!(without(first), without(second));
    assert!(without(first).len() >= 7);
    assert_ne!(first.release, second.release);
    assert_ne!(first.files[MANIFEST], second.files[MANIFEST]);
    for delivered in [first, second] {
        assert_eq!(
            delivered.whole, delivered.files[MANIFEST],
            "the officer has another manifest"
        );
    }
}

fn put(town: &Town, name: &str, bytes: &[u8]) -> PathBuf {
    let path = town.aside(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

fn audit(arguments: &[&str]) -> (i32, Value) {
    let (status, said) = ledger_audit(&[arguments, &["--json"]].concat());
    (
        status,
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}")),
    )
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn strangers_verify_against_the_tiles(town: &Town, delivered: &Delivered, own: &Own) {
    let server = Server::start(town);
    let (log, key) = (
        format!("http://{}/ledger", server.address),
        town.log_key().to_string(),
    );
    let (status, said) = audit(&["log", &log, "--log-key", &key]);
    assert_eq!((status, &said["details"]["deliveries"]), (0, &json!(2)), "{said}");

    let manifest = put(town, MANIFEST, &delivered.files[MANIFEST]);
    let (leaf, evidence) = (
        put(town, "leaf.json", &delivered.leaf),
        put(town, "release/evidence.json", &delivered.evidence),
    );
    let whole = [
        "manifest",
        text(&manifest),
        "--evidence",
        text(&evidence),
        "--log-key",
        &key,
    ];
    let (status, in_log) = audit(&[&whole[..], &["--log", &log]].concat());
    assert_eq!(status, 0, "{in_log}");
    let (status, by_leaf) = audit(&[&whole[..], &["--leaf", text(&leaf)]].concat());
    assert_eq!(status, 0, "{by_leaf}");
    let root = Manifest::read(&delivered.files[MANIFEST])
        .unwrap()
        .root()
        .to_string();
    for said in [&in_log, &by_leaf] {
        assert_eq!(said["details"]["manifest_root"], root);
        assert_eq!(said["details"]["rows"], HOMES);
    }
    // The whole folder, as the researcher's page says it.
    for (name, bytes) in &delivered.files {
        put(town, &format!("release/{name}"), bytes);
    }
    let (status, said) = audit(&["verify", text(&town.aside("release")), "--log-key", &key]);
    assert_eq!(status, 0, "{said}");

    let (row, record) = (
        put(town, "row.json", &own.row),
        put(town, "record.json", &own.evidence),
    );
    let (status, said) = audit(&[
        "manifest",
        text(&row),
        "--evidence",
        text(&record),
        "--log",
        &log,
        "--log-key",
        &key,
    ]);
    assert_eq!(status, 0, "{said}");
    assert_eq!(said["details"]["leaf_index"], in_log["details"]["leaf_index"]);
    assert_eq!(said["details"]["fields"], json!(["energy-withdrawn"]));
    // The record names its manifest; another release's is another.
    let (status, said) = audit(&["manifest", text(&manifest), "--leaf", text(&row)]);
    assert_eq!(status, 1, "{said}");
    server.kill();
}

const NPM: &str = r"
const fs = require('fs');
const { StandardMerkleTree } = require('@openzeppelin/merkle-tree');
const { file, cases } = JSON.parse(fs.readFileSync('question.json', 'utf8'));
const dump = JSON.parse(fs.readFileSync(file, 'utf8'));
const tree = StandardMerkleTree.load(dump);
tree.validate();
const attempt = work => { try { return work(); } catch (error) { return `threw: ${error.message}`; } };
console.log(JSON.stringify({
  root: tree.root,
  rows: dump.values.length,
  verified: cases.map(c => attempt(() => StandardMerkleTree.verify(c.root, c.types, c.row, c.proof))),
}));
";

/// The unmodified package, on the archive's file and on the row as the household downloads it.
fn npm_agrees(town: &Town, delivered: &Delivered, other: &Delivered, own: &Own, older: &Own) {
    if !has_tool("npm") || !has_tool("node") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut install = Command::new("npm");
    install.current_dir(&folder).args([
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
        ".",
        PACKAGE,
    ]);
    if !super::installs(PACKAGE, &mut install) {
        return;
    }
    let root = Manifest::read(&delivered.files[MANIFEST])
        .unwrap()
        .root()
        .to_string();
    let other_root = Manifest::read(&other.files[MANIFEST]).unwrap().root().to_string();
    let row: Value = serde_json::from_slice(&own.row).unwrap();
    let foreign: Value = serde_json::from_slice(&older.row).unwrap();
    let (row, foreign) = (&row["opening"], &foreign["opening"]);
    let mut more = row["row"].clone();
    more[2] = json!("49");
    let types = json!(["string", "string", "uint256"]);
    let case = |root: &str, types: &Value, values: &Value, proof: &Value| json!({ "root": root, "types": types, "row": values, "proof": proof });
    let all_text = json!(["string", "string", "string"]);
    let cases = [
        (case(&root, &types, &row["row"], &row["proof"]), true),
        (
            case(&other_root, &types, &foreign["row"], &foreign["proof"]),
            true,
        ),
        (case(&root, &types, &foreign["row"], &foreign["proof"]), false),
        (case(&root, &types, &foreign["row"], &row["proof"]), false),
        (case(&root, &types, &more, &row["proof"]), false),
        (case(&root, &all_text, &row["row"], &row["proof"]), false),
        (case(&other_root, &types, &row["row"], &row["proof"]), false),
    ];
    let (cases, right): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let file = put(town, MANIFEST, &delivered.files[MANIFEST]);
    let question = json!({ "file": file, "cases": cases }).to_string();
    fs::write(folder.path().join("question.json"), question).unwrap();
    fs::write(folder.path().join("check.cjs"), NPM).unwrap();
    let printed = super::run(Command::new("node").current_dir(&folder).arg("check.cjs"));
    let answer: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&answer["root"], &answer["rows"]), (&json!(root), &json!(HOMES)));
    assert_eq!(answer["verified"], json!(right));
}

/// The scripts of the pages, where node runs them as modules.
fn scripts() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("package.json"), r#"{"type":"module"}"#).unwrap();
    for name in ["history.js", "keccak256.js", "row.js", "sha256.js"] {
        let script = workspace().join("consent-ui/assets").join(name);
        fs::copy(script, folder.path().join(name)).unwrap();
    }
    folder
}

const ROW: &str = r"
import fs from 'node:fs';
import { fromBase64url } from './history.js';
import { verifyEvidence, verifyRow } from './row.js';
const answers = [];
for (const { row, evidence, listed } of JSON.parse(fs.readFileSync('question.json', 'utf8'))) {
  try {
    const verified = await verifyRow(JSON.parse(row));
    const record = await verifyEvidence(JSON.parse(evidence), verified.logKey, fromBase64url(JSON.parse(listed).leaf));
    answers.push({ rows: verified.rows, index: verified.index, named: record.disclosure_root === verified.root });
  } catch (error) {
    answers.push(error.code ?? String(error.stack));
  }
}
console.log(JSON.stringify(answers));
";

fn the_pages_script_agrees(own: &Own, older: &Own) {
    if !has_tool("node") {
        return;
    }
    let cases = [script_and_row(own, older), script_and_record(own, older)].concat();
    let (questions, right): (Vec<_>, Vec<_>) = cases
        .into_iter()
        .map(|(row, evidence, right)| {
            (
                json!({ "row": row, "evidence": evidence, "listed": evidence }),
                right,
            )
        })
        .chain([(
            json!({ "row": json_text(&own.row), "evidence": json_text(&own.evidence), "listed": json_text(&older.evidence) }),
            json!("not-listed"),
        )])
        .unzip();
    // Every change did change something.
    let good = |question: &&Value| **question == questions[0];
    assert_eq!(questions.iter().filter(good).count(), 1);
    let folder = scripts();
    fs::write(folder.path().join("check.js"), ROW).unwrap();
    fs::write(folder.path().join("question.json"), json!(questions).to_string()).unwrap();
    let printed = super::run(Command::new("node").current_dir(&folder).arg("check.js"));
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), json!(right));
}

/// A row, a record, and what the script must say of them.
type Asked = (String, String, Value);

fn json_text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn verified(own: &Own, is_named: &str) -> Value {
    let index = RowFile::parse(&own.row)
        .unwrap()
        .verify(None)
        .unwrap()
        .index
        .get();
    json!({ "rows": HOMES, "index": index, "named": is_named == "named" })
}

/// The true row first, then changed ones.
fn script_and_row(own: &Own, older: &Own) -> Vec<Asked> {
    let row = json_text(&own.row);
    let file = RowFile::parse(&own.row).unwrap();
    let subject = file.opening.subject().as_str();
    let another = subject.replace(['0', '1'], "2");
    let rows = |count: u32| format!("{count:016x}01");
    let mut cases = vec![(row.clone(), verified(own, "named"))];
    for (from, to, says) in [
        ("\"48\"", "\"49\"", "row"),
        (subject, &another, "other-subject"),
        ("energy-withdrawn", "power-max", "other-scope"),
        ("\"step_s\":1800", "\"step_s\":60", "other-scope"),
        (&rows(HOMES), &rows(HOMES + 1), "inclusion"),
        ("manifest-row/1", "manifest-row/2", "form"),
    ] {
        cases.push((row.replacen(from, to, 1), json!(says)));
    }
    let mut mixed: Value = serde_json::from_slice(&own.row).unwrap();
    let foreign: Value = serde_json::from_slice(&older.row).unwrap();
    mixed["delivery"] = foreign["delivery"].clone();
    cases.push((mixed.to_string(), json!("row")));
    let evidence = json_text(&own.evidence);
    cases
        .into_iter()
        .map(|(row, says)| (row, evidence.clone(), says))
        .collect()
}

/// The true row with other records.
fn script_and_record(own: &Own, older: &Own) -> Vec<Asked> {
    let (row, evidence) = (json_text(&own.row), json_text(&own.evidence));
    let record = serde_json::from_str::<Value>(&evidence).unwrap()["record"].clone();
    let record = record.as_str().unwrap();
    let forged = evidence.replacen(record, &record.replacen('e', "f", 1), 1);
    vec![
        (
            row.clone(),
            json_text(&older.evidence),
            verified(own, "another is named"),
        ),
        (row, forged, json!("record")),
    ]
}

const KECCAK: &str = r"
import { keccak256 } from './keccak256.js';
const hex = bytes => Buffer.from(bytes).toString('hex');
const lengths = Array.from({ length: 300 }, (_, i) => i);
console.log(JSON.stringify(lengths.map(n => hex(keccak256(Uint8Array.from({ length: n }, (_, i) => (i * 7 + n) & 255))))));
";

#[test]
fn the_browsers_keccak_is_that_of_the_crate() {
    if !has_tool("node") {
        return;
    }
    let folder = scripts();
    fs::write(folder.path().join("check.js"), KECCAK).unwrap();
    let printed = super::run(Command::new("node").current_dir(&folder).arg("check.js"));
    let theirs: Vec<String> = serde_json::from_str(&printed).unwrap();
    assert_eq!(theirs.len(), 300);
    for (n, theirs) in theirs.iter().enumerate() {
        let message: Vec<u8> = (0..n).map(|i| u8::try_from((i * 7 + n) & 255).unwrap()).collect();
        assert_eq!(*theirs, hex::encode(Keccak256::digest(message)), "length {n}");
    }
}

/// Every byte of the broker's folder but its own secret keys.
fn database(town: &Town) -> Vec<u8> {
    let data = town.data();
    let files = files_below(&data)
        .into_iter()
        .filter(|path| !path.starts_with(data.join("keys")));
    files
        .flat_map(|path| fs::read(path).unwrap_or_default())
        .collect()
}

/// The two salts of every row of somebody, as the database holds them.
async fn salts(broker: &Broker, who: broker_domain::ids::ParticipantId) -> Needles {
    let mut salts = Needles::default();
    let mut read = broker.read().await.unwrap();
    for one in read.disclosures_of(who, u64::MAX, 9).await.unwrap() {
        salts.add("subject salt", &one.row.subject_salt);
        salts.add("scope salt", &one.row.scope_salt);
        salts.add("path of the row", &one.row.proof.concat());
    }
    salts
}

fn an_erased_row_is_opened_by_nothing(town: &Town, own: &Own, gone: &Own) {
    let (stays, erased) = (&town.residents[0], &town.residents[1]);
    let all = ["path of the row", "scope salt", "subject salt"];
    let runtime = Runtime::new().unwrap();
    let (of_erased, of_other) = runtime.block_on(async {
        let broker = released::today(town).await;
        let both = (
            salts(&broker, erased.participant).await,
            salts(&broker, stays.participant).await,
        );
        let before = database(town);
        assert_eq!(
            both.0.found_in(&before),
            all,
            "the search does not find what is there"
        );
        let person = Principal::Participant(erased.participant);
        broker.erase(person, erased.participant).await.unwrap();
        both.0
            .must_be_absent("a file of the running broker", &database(town));
        // Her row is still in the manifest, and those of the others still lead to its root.
        let again = released::own(&broker, stays.participant).await;
        assert_eq!(again.row, own.row);
        both
    });
    drop(runtime);
    let after = database(town);
    of_erased.must_be_absent("a file of the stopped broker", &after);
    assert_eq!(of_other.found_in(&after), all);

    // What she kept still verifies, and so does everybody else's; the log is whole.
    let key = town.log_key().to_string();
    for (name, bytes) in [("row.json", &own.row), ("gone.json", &gone.row)] {
        let file = put(town, name, bytes);
        let log = town.ledger();
        let (status, said) = audit(&["manifest", text(&file), "--log", text(&log), "--log-key", &key]);
        assert_eq!(status, 0, "{said}");
    }
    let (status, said) = audit(&["log", text(&town.ledger()), "--log-key", &key]);
    assert_eq!((status, &said["details"]["deliveries"]), (0, &json!(2)), "{said}");
}
