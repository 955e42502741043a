//! npm's `jose`, as published, verifies the signature of a downloaded receipt with the key that the site publishes.

use std::fs;
use std::path::Path;
use std::process::Command;

use audit_tests::demo::Demo;
use audit_tests::provider::Package;
use serde_json::Value;

use crate::receipt_pdf::agreed;

/// The package comes with `oidc-provider`, whose lock file names its version and digest.
const SCRIPT: &str = r#"
import { readFileSync } from 'node:fs'
import { createLocalJWKSet, compactVerify } from 'jose'
const [, , receiptFile, keysFile, attack] = process.argv
const receipt = JSON.parse(readFileSync(receiptFile))
let keys = JSON.parse(readFileSync(keysFile))
let jws = receipt['en:recordJws']
const [header, payload, signature] = jws.split('.')
const changed = { ...JSON.parse(Buffer.from(payload, 'base64url')), 'dct:created': '2020-01-01T00:00:00Z' }
const other = signature[0] === 'A' ? 'B' : 'A'
if (attack === 'payload') jws = [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.')
if (attack === 'signature') jws = [header, payload, other + signature.slice(1)].join('.')
if (attack === 'unsigned') jws = [Buffer.from('{"alg":"none"}').toString('base64url'), payload, ''].join('.')
if (attack === 'key') keys = { keys: [{ ...keys.keys[0], x: Buffer.alloc(32, 7).toString('base64url') }] }
try {
  const verified = await compactVerify(jws, createLocalJWKSet(keys), { algorithms: ['EdDSA'] })
  const record = JSON.parse(new TextDecoder().decode(verified.payload))
  console.log(JSON.stringify({ verified: true, typ: verified.protectedHeader.typ, record }))
} catch (error) {
  console.log(JSON.stringify({ verified: false, code: error.code ?? error.name }))
}
"#;

fn judged(script: &Path, receipt: &Path, keys: &Path, attack: &str) -> Value {
    let said = super::run(
        Command::new("node")
            .arg(script)
            .arg(receipt)
            .arg(keys)
            .arg(attack),
    );
    serde_json::from_str(&said).unwrap()
}

#[test]
fn a_jose_library_verifies_a_receipt_with_the_published_key_and_refuses_altered_ones() {
    let Some(package) = Package::install() else { return };
    let demo = Demo::start(&[]);
    let (mut visitor, leaf) = agreed(&demo);
    let fetched = |path: &str, name: &str, bytes: Vec<u8>| {
        let file = demo.aside(name);
        assert!(!bytes.is_empty(), "{path}");
        fs::write(&file, bytes).unwrap();
        file
    };
    let path = format!("/moi/preuves/{leaf}/jsonld");
    let receipt = fetched(&path, "receipt.jsonld", visitor.fetch(&path).body);
    // As a stranger fetches it.
    let keys = audit_tests::server::ask(demo.address, "GET", "/ledger/records.jwks", &[], b"").unwrap();
    assert_eq!(keys.header("content-type"), Some("application/jwk-set+json"));
    let keys = fetched("/ledger/records.jwks", "records.jwks", keys.body);
    // Modules are looked for beside the script.
    let script = package.folder().join(format!("receipt-{leaf}.mjs"));
    fs::write(&script, SCRIPT).unwrap();

    let verified = judged(&script, &receipt, &keys, "none");
    assert_eq!(verified["verified"], true, "{verified}");
    assert_eq!(verified["typ"], "consent-record+jws");
    let readable: Value = serde_json::from_slice(&fs::read(&receipt).unwrap()).unwrap();
    let mut copy = readable["dpv:hasRecordOfActivity"].clone();
    copy["@context"] = readable["@context"].clone();
    assert_eq!(verified["record"], copy, "what is read is what was signed");

    for attack in ["payload", "signature", "unsigned", "key"] {
        let refused = judged(&script, &receipt, &keys, attack);
        assert_eq!(refused["verified"], false, "{attack}: {refused}");
    }
}
