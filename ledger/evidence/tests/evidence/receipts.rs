//! Receipts of consents: the bundle in the form of the standard, and back.

use evidence::consent::{ReceiptError, bundle_of, is_receipt, receipt_of};
use evidence::jcs;
use serde_json::{Value, json};

use crate::consent_scene::{ACTS, record};
use crate::samples::{all, bundles};

fn receipt() -> Vec<u8> {
    receipt_of(&bundles(&ACTS.map(record))[0]).unwrap()
}

#[test]
fn a_receipt_of_each_act_gives_its_bundle_back() {
    for (bundle, act) in bundles(&ACTS.map(record)).iter().zip(ACTS) {
        let receipt = receipt_of(bundle).unwrap();
        assert!(is_receipt(&receipt) && !is_receipt(&bundle.to_bytes().unwrap()));
        let read = bundle_of(&receipt).unwrap();
        assert_eq!(read.to_bytes().unwrap(), bundle.to_bytes().unwrap());
        assert_eq!(read.verify(None, None).unwrap().record.name(), act.record_name());
        assert_eq!(
            receipt_of(&read).unwrap(),
            receipt,
            "fetched twice, it is one receipt"
        );
    }
}

#[test]
fn only_consents_have_receipts() {
    for bundle in bundles(&all()) {
        assert!(matches!(receipt_of(&bundle), Err(ReceiptError::NotConsent)));
    }
}

#[test]
fn any_other_member_or_value_is_refused() {
    let good: Value = jcs::parse(&receipt()).unwrap();
    for change in [
        (|r| r["dpv:hasRecordOfActivity"]["dct:created"] = json!("2026-01-01T00:00:00Z")) as fn(&mut Value),
        |r| r["@context"]["dpv"] = json!("https://evil.example/"),
        |r| r["en:salt"] = json!("AAAA"),
        |r| r["en:inclusionProof"]["leaf_index"] = json!(1),
        |r| r["en:inclusionProof"]["tree_size"] = json!(9),
        |r| r["en:inclusionProof"]["n"] = json!(2),
        |r| r["en:inclusionProof"]["log_id"] = json!("other.example/log"),
        |r| r["en:inclusionProof"]["extra"] = json!(1),
        |r| r["dct:created"] = json!("2026-01-01T00:00:00.000000Z"),
        |r| r["dct:audience"] = json!({"@id": "urn:uuid:other"}),
        |r| r["@id"] = json!("urn:uuid:6a1f3c1e-5c55-8f1b-9b53-0d3b7f6f2a10"),
        |r| r["more"] = json!(1),
        |r| r["en:recordJws"] = json!("a.b.c"),
    ] {
        let mut wrong = good.clone();
        change(&mut wrong);
        assert_ne!(wrong, good);
        assert!(bundle_of(&jcs::to_bytes(&wrong).unwrap()).is_err(), "{wrong}");
    }
    assert!(bundle_of(b"{}").is_err() && bundle_of(b"").is_err());
}
