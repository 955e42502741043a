//! npm's `@openzeppelin/merkle-tree`, as published, loads our manifests and verifies our rows.

use std::fs;
use std::process::Command;
use std::time::Instant;

use audit_tests::programs::has_tool;
use disclosure_manifest::{DeliveryId, Field, Household, Manifest, Opening, Row, RowSalts, Scope, SubjectId};
use ledger_core::leaf::{Hour, ManifestEncoding};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};

pub const PACKAGE: &str = "@openzeppelin/merkle-tree@1.0.8";

/// Prints, as one JSON object, what the package makes of the files beside it.
const SCRIPT: &str = r"
const fs = require('fs');
const { StandardMerkleTree } = require('@openzeppelin/merkle-tree');
const read = name => JSON.parse(fs.readFileSync(name, 'utf8'));
const attempt = work => { try { return work(); } catch (error) { return `threw: ${error.message}`; } };
const dump = read('manifest.json');
const tree = StandardMerkleTree.load(dump);
tree.validate();
const answer = {
  root: tree.root,
  same: JSON.stringify(tree.dump()) === fs.readFileSync('manifest.json', 'utf8'),
  rebuilt: StandardMerkleTree.of(dump.values.map(value => value.value), dump.leafEncoding).root,
  proofs: read('openings.json').map(o => JSON.stringify(tree.getProof(o.row)) === JSON.stringify(o.proof)),
  verified: read('cases.json').map(c => attempt(() => StandardMerkleTree.verify(c.root, c.types, c.row, c.proof))),
  loaded: read('dumps.json').map(d => attempt(() => { StandardMerkleTree.load(d).validate(); return true; })),
};
console.log(JSON.stringify(answer));
";

fn households(count: usize) -> Vec<Household> {
    let random = SystemRandom::new();
    let home = |place: usize| Household {
        subject: SubjectId::new(&format!("participant-{place}")).unwrap(),
        scope: Scope::new(
            [Field::new("energy-withdrawn").unwrap()].into(),
            0,
            1_000_000,
            1800,
        )
        .unwrap(),
        count: [0, 48, 17_520, u64::MAX][place % 4],
        salts: RowSalts::draw(|buffer| random.fill(buffer)).unwrap(),
    };
    (0..count).map(home).collect()
}

fn build(count: usize) -> (Manifest, Vec<Opening>) {
    let delivery = DeliveryId::new("release-1").unwrap();
    Manifest::build(&delivery, households(count)).unwrap()
}

fn case(root: &str, types: [&str; 3], row: &Row, proof_of: &Opening) -> Value {
    let proof: Vec<_> = proof_of.proof().iter().map(ToString::to_string).collect();
    json!({ "root": root, "types": types, "row": row.columns(), "proof": proof })
}

/// Rows with the answer that is right.
fn cases(manifest: &Manifest, openings: &[Opening]) -> Vec<(Value, bool)> {
    let root = manifest.root().to_string();
    let types = Row::types(ManifestEncoding::SubjectScopeCount);
    let foreign = build(1).1.remove(0);
    let first = &openings[0];
    let changed = |count| Row {
        count,
        ..first.row().clone()
    };
    let all_text = ["string", "string", "string"];
    let mut cases: Vec<_> = openings
        .iter()
        .map(|own| (case(&root, types, own.row(), own), true))
        .collect();
    cases.push((case(&root, types, foreign.row(), first), false));
    cases.push((case(&root, types, foreign.row(), &foreign), false));
    cases.push((case(&root, types, &changed(first.row().count + 1), first), false));
    cases.push((case(&root, all_text, first.row(), first), false));
    // These two are encoded alike, so the root cannot tell them apart: verifiers take the types from the leaf alone.
    cases.push((
        case(&root, ["string", "string", "uint128"], first.row(), first),
        true,
    ));
    cases
}

fn spoiled(dump: &Value) -> Vec<Value> {
    let change = |pointer: &str, value: Value| {
        let mut dump = dump.clone();
        *dump.pointer_mut(pointer).unwrap() = value;
        dump
    };
    vec![
        change("/values/0/value/2", json!("7")),
        change("/values/0/value/0", json!("aa".repeat(32))),
        change("/leafEncoding", json!(["string", "string", "string"])),
        change("/tree/0", dump["tree"][1].clone()),
    ]
}

#[test]
fn npm_loads_our_manifests_and_refuses_what_we_refuse() {
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
    let write = |name: &str, json: &[u8]| fs::write(folder.path().join(name), json).unwrap();
    write("check.cjs", SCRIPT.as_bytes());
    for count in [1, 2, 3, 8, 33] {
        let (manifest, openings) = build(count);
        let files: Vec<Value> = openings
            .iter()
            .map(|opening| serde_json::from_slice(&opening.to_json()).unwrap())
            .collect();
        let cases = cases(&manifest, &openings);
        let (questions, right): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
        let dump: Value = serde_json::from_slice(&manifest.dump()).unwrap();
        let spoiled = if count > 1 { spoiled(&dump) } else { Vec::new() };
        write("manifest.json", &manifest.dump());
        write("openings.json", json!(files).to_string().as_bytes());
        write("cases.json", json!(questions).to_string().as_bytes());
        write("dumps.json", json!(spoiled).to_string().as_bytes());

        let printed = super::run(Command::new("node").current_dir(&folder).arg("check.cjs"));
        let answer: Value = serde_json::from_str(&printed).unwrap();
        let root = json!(manifest.root().to_string());
        assert_eq!((&answer["root"], &answer["rebuilt"]), (&root, &root));
        assert_eq!(answer["same"], true, "npm writes another file than we do");
        assert_eq!(answer["proofs"], json!(vec![true; count]));
        assert_eq!(answer["verified"], json!(right));
        let refused = answer["loaded"].as_array().unwrap();
        assert!(
            refused.len() == spoiled.len() && refused.iter().all(Value::is_string),
            "{refused:?}"
        );
        // We refuse the same files.
        let leaf = manifest.leaf(Hour::new(0));
        for dump in spoiled {
            assert!(Manifest::parse(dump.to_string().as_bytes(), &leaf).is_err());
        }
    }
}

/// A city's delivery stays a matter of seconds, without optimisation too.
#[test]
fn ten_thousand_rows_are_built_written_and_checked() {
    let homes = households(10_000);
    let start = Instant::now();
    let (manifest, openings) = Manifest::build(&DeliveryId::new("release-1").unwrap(), homes).unwrap();
    let built = start.elapsed();
    let dump = manifest.dump();
    let start = Instant::now();
    let leaf = manifest.leaf(Hour::new(0));
    assert_eq!(Manifest::parse(&dump, &leaf).unwrap(), manifest);
    let checked = start.elapsed();
    let start = Instant::now();
    assert!(openings.iter().all(|opening| opening.verify(&leaf).is_ok()));
    eprintln!(
        "10,000 rows: built with proofs in {built:?}, recomputed in {checked:?}, all openings verified in {:?}; {} bytes",
        start.elapsed(),
        dump.len()
    );
    assert_eq!(openings.len(), 10_000);
}
