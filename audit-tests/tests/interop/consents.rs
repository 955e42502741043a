//! PyPI's `jwcrypto` verifies our consent records, and `PyLD` expands them, both as published.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use audit_tests::programs::has_tool;
use serde_json::{Value, json};

use crate::consent_scene::{ACTS, pair, record, signed};

const PACKAGES: [&str; 2] = ["jwcrypto==1.6.1", "PyLD==3.3.0"];

/// Reads `questions.json`, prints its answers. Documents bring their context, so nothing is fetched: a loader that fetches
/// would fail.
const SCRIPT: &str = r#"
import json, sys
from jwcrypto import jwk, jws
from pyld import jsonld
asked = json.load(open(sys.argv[1]))
key = jwk.JWK(**asked["key"])

def refuse(url, options):
    raise Exception("asked for " + url)
jsonld.set_document_loader(refuse)

def verified(text):
    token = jws.JWS()
    token.allowed_algs = ["EdDSA"]
    try:
        token.deserialize(text, key)
    except jws.InvalidJWSSignature:
        return None
    return token.payload.decode()

def iris(node, found):
    if isinstance(node, list):
        for one in node:
            iris(one, found)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name in ("@id", "@type"):
                found.update([value] if isinstance(value, str) else value)
            elif not name.startswith("@"):
                found.add(name)
            if not (name == "@value" and node.get("@type") == "@json"):
                iris(value, found)
    return found

answers = []
for text in asked["records"]:
    payload = verified(text)
    expanded = jsonld.expand(json.loads(payload))
    answers.append({"payload": payload, "iris": sorted(iris(expanded, set())),
                    "tampered": verified(text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:])})
print(json.dumps(answers))
"#;

fn known_terms() -> Option<BTreeSet<String>> {
    let folder = test_fixtures::fixtures("consent/dpv")?;
    let mut terms = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            let text = fs::read_to_string(path).unwrap();
            let cells = text.lines().filter_map(|line| line.split(',').nth(2));
            terms.extend(cells.map(|cell| cell.trim_matches('"').to_owned()));
        }
    }
    Some(terms)
}

#[test]
fn other_libraries_verify_and_expand_our_consent_records() {
    let Some(known) = known_terms() else { return };
    if !has_tool("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let venv = folder.path().join("venv");
    let mut make = Command::new("python3");
    if !super::installs("python3-venv", make.args(["-m", "venv"]).arg(&venv)) {
        return;
    }
    let python = venv.join("bin/python");
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet"]).args(PACKAGES);
    if !super::installs("jwcrypto, PyLD", &mut install) {
        return;
    }
    let records = ACTS.map(record);
    let questions = json!({
        "key": pair().1,
        "records": records.iter().map(|record| signed(record).as_str().to_owned()).collect::<Vec<_>>(),
    });
    let (script, asked) = (
        folder.path().join("check.py"),
        folder.path().join("questions.json"),
    );
    fs::write(&script, SCRIPT).unwrap();
    fs::write(&asked, questions.to_string()).unwrap();
    let answers: Vec<Value> =
        serde_json::from_str(&super::run(Command::new(python).arg(script).arg(asked))).unwrap();
    assert_eq!(answers.len(), records.len());
    for (record, answer) in records.iter().zip(&answers) {
        let payload = String::from_utf8(record.to_jcs_bytes().unwrap()).unwrap();
        assert_eq!(answer["payload"], payload);
        assert_eq!(answer["tampered"], Value::Null);
        let iris: Vec<&str> = answer["iris"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert!(iris.contains(&"https://w3id.org/dpv#hasConsentStatus"));
        let of_dpv = iris
            .iter()
            .filter(|iri| iri.starts_with("https://w3id.org/dpv") && iri.contains('#'));
        // The profile is no term of a vocabulary.
        let unknown: Vec<_> = of_dpv
            .filter(|iri| !iri.contains("/schema/") && !known.contains(**iri))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
