//! `ledger-audit verify`.

use std::fs;

use evidence::base64url;
use evidence::consent::receipt_of;
use ledger_core::note::NoteSigner;
use tempfile::TempDir;

use crate::consent_scene::{self, ACTS};
use crate::sample::{Log, audit, audit_json, log_signer, put, release, signer, subject, text, transfer};

fn written() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let bundle = Log::of_transfers(5).bundle(&transfer(3), 3);
    let path = put(folder.path(), "transfer.json", &bundle.to_bytes().unwrap());
    let path = text(&path).to_owned();
    (folder, path)
}

#[test]
fn a_bundle_verifies_and_says_whose_key_it_used() {
    let (folder, bundle) = written();
    let (status, said) = audit(&["verify", &bundle]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("VERIFIED. A record `transfer-out/1`"), "{said}");
    assert!(
        said.contains("the key was taken from the bundle itself"),
        "{said}"
    );

    let key = log_signer().vkey().to_string();
    let key_file = put(folder.path(), "key", format!("{key}\n").as_bytes());
    for key in [key.as_str(), text(&key_file)] {
        let (status, said) = audit(&["verify", &bundle, "--log-key", key]);
        assert_eq!(status, 0, "{said}");
        assert!(
            said.contains("the key you gave") && !said.contains("bundle itself"),
            "{said}"
        );
    }
    let (status, said) = audit_json(&["verify", &bundle]);
    assert_eq!((status, &said["result"]), (0, &"verified".into()));
    assert_eq!(
        (
            said["details"]["leaf_index"].as_u64(),
            said["details"]["n"].as_u64()
        ),
        (Some(2), Some(3))
    );
    assert_eq!(said["details"]["record"]["transfer"], "t-3");
    assert_eq!(said["details"]["log_key_source"], "bundle");
}

#[test]
fn the_subject_is_checked_with_its_key_only() {
    let (folder, bundle) = written();
    for key in [
        subject().expose().to_vec(),
        format!("{}\n", base64url::encode(subject().expose())).into_bytes(),
    ] {
        let key = put(folder.path(), "subject.key", &key);
        let (status, said) = audit_json(&["verify", &bundle, "--subject-key", text(&key)]);
        assert_eq!((status, &said["details"]["subject_checked"]), (0, &true.into()));
    }
    let other = put(folder.path(), "other.key", &[1; 32]);
    assert_eq!(audit(&["verify", &bundle, "--subject-key", text(&other)]).0, 1);
    let short = put(folder.path(), "short.key", &[1; 31]);
    assert_eq!(audit(&["verify", &bundle, "--subject-key", text(&short)]).0, 2);
}

#[test]
fn wrong_evidence_is_refused_and_missing_evidence_is_not_judged() {
    let (folder, bundle) = written();
    let other = signer("log.example/consent", 7).vkey().to_string();
    assert_eq!(audit(&["verify", &bundle, "--log-key", &other]).0, 1);
    let bytes = fs::read(&bundle).unwrap();
    for place in (0..bytes.len()).step_by(97) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 4;
        let flipped = put(folder.path(), "flipped.json", &flipped);
        let (status, said) = audit(&["verify", text(&flipped)]);
        assert_eq!(status, 1, "byte {place}: {said}");
        assert!(said.starts_with("REFUSED: "), "{said}");
    }
    assert_eq!(audit(&["verify", text(&folder.path().join("absent"))]).0, 2);
    assert_eq!(audit(&["verify", &bundle, "--log-key", "nonsense"]).0, 2);
    assert_eq!(audit(&["verify"]).0, 2);
    assert_eq!(audit(&["--help"]).0, 0);
    let (status, said) = audit_json(&["verify", text(&folder.path().join("absent"))]);
    assert_eq!((status, &said["result"]), (2, &"could-not-check".into()));
}

#[test]
fn a_proof_for_another_leaf_is_refused() {
    let folder = TempDir::new().unwrap();
    let log = Log::of_transfers(5);
    let mut bundle = log.bundle(&transfer(3), 3);
    bundle.proof = log.bundle(&transfer(4), 4).proof;
    let path = put(folder.path(), "wrong.json", &bundle.to_bytes().unwrap());
    let (status, said) = audit(&["verify", text(&path)]);
    assert_eq!(status, 1);
    assert!(said.contains("the proof does not lead to the root"), "{said}");
}

#[test]
fn a_folder_is_checked_with_its_files() {
    let folder = TempDir::new().unwrap();
    let mut log = Log::of_transfers(2);
    log.push_record(&release(), 3);
    put(
        folder.path(),
        "evidence.json",
        &log.bundle(&release(), 3).to_bytes().unwrap(),
    );
    assert_eq!(
        audit(&["verify", text(folder.path())]).0,
        1,
        "nothing but the evidence"
    );
    put(folder.path(), "delivery.age", b"age file");
    let (status, said) = audit(&["verify", text(folder.path())]);
    assert_eq!(status, 0, "{said}");
    assert!(
        said.contains("not in the folder: manifest.json, curve.csv"),
        "{said}"
    );
    put(folder.path(), "manifest.json", b"{}");
    assert_eq!(
        audit(&["verify", text(folder.path())]).0,
        1,
        "a manifest without its files"
    );
    put(folder.path(), "curve.csv", b"a,b\n");
    assert_eq!(audit(&["verify", text(folder.path())]).0, 0);
    for (name, right) in [
        ("delivery.age", "age file"),
        ("manifest.json", "{}"),
        ("curve.csv", "a,b\n"),
    ] {
        put(folder.path(), name, b"a,c\n");
        let (status, said) = audit(&["verify", text(folder.path())]);
        assert_eq!(status, 1, "{said}");
        assert!(said.contains(name), "{said}");
        put(folder.path(), name, right.as_bytes());
    }
    put(folder.path(), "notes.txt", b"");
    assert_eq!(
        audit(&["verify", text(folder.path())]).0,
        1,
        "a file the record does not name"
    );
}

#[test]
fn a_receipt_of_a_consent_verifies_offline_and_a_changed_one_does_not() {
    let folder = TempDir::new().unwrap();
    let mut log = Log::of_transfers(3);
    let record = consent_scene::record(ACTS[0]);
    let n = 4;
    log.push_record(&record, n);
    let receipt = receipt_of(&log.bundle(&record, n)).unwrap();
    let path = put(folder.path(), "receipt.jsonld", &receipt);
    let (status, said) = audit(&["verify", text(&path)]);
    assert_eq!(status, 0, "{said}");
    for sentence in [
        "VERIFIED. A record `consent-given/2`",
        "byte for byte, the record that was signed",
        "not signed with a key of the person's own",
    ] {
        assert!(said.contains(sentence), "{said}");
    }
    let changed = String::from_utf8(receipt).unwrap().replacen("PT30M", "PT10M", 1);
    let path = put(folder.path(), "changed.jsonld", changed.as_bytes());
    assert_eq!(audit(&["verify", text(&path)]).0, 1);
}
