//! The key folder through its public door, and our signatures before an independent JOSE library.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::time::{Entropy, EntropyUnavailable};
use broker_keys::{CheckpointSigner, KeyError, Keys, OfficerSigner, ReceiptSigner};
use josekit::jwk::Jwk;
use josekit::jws::EdDSA;
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::ExposeSecret as _;

const FILES: [&str; 5] = [
    "checkpoint.key",
    "point-index.key",
    "receipt.key",
    "record.key",
    "vault.agekey",
];

struct System;

impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
        SystemRandom::new().fill(bytes).map_err(|_| EntropyUnavailable)
    }
}

struct Drought;

impl Entropy for Drought {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyUnavailable> {
        Err(EntropyUnavailable)
    }
}

fn keys_in(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("broker").join("keys")
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn created_keys_load_again_and_each_file_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = keys_in(&folder);
    let created = Keys::create(&path, &System).unwrap();
    let loaded = Keys::load(&path).unwrap();
    assert_eq!(created.record.public_key(), loaded.record.public_key());
    assert_eq!(created.checkpoint.public_key(), loaded.checkpoint.public_key());
    assert_eq!(
        created.vault_identity.expose_secret(),
        loaded.vault_identity.expose_secret()
    );
    assert_eq!(created.point_index, loaded.point_index);
    assert_ne!(created.record.public_key(), created.checkpoint.public_key());
    assert_eq!(names(&path), FILES);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    for name in FILES {
        assert_eq!(mode(&path.join(name)), 0o600, "{name}");
    }
}

#[test]
fn existing_keys_are_never_replaced_not_even_one_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = keys_in(&folder);
    let first = Keys::create(&path, &System).unwrap();
    for name in ["record.key", "checkpoint.key", "point-index.key", "receipt.key"] {
        std::fs::remove_file(path.join(name)).unwrap();
    }
    assert!(matches!(
        Keys::create(&path, &System),
        Err(KeyError::AlreadyThere { .. })
    ));
    assert_eq!(names(&path), ["vault.agekey"]);
    let missing = Keys::load(&path).unwrap_err();
    assert!(matches!(&missing, KeyError::Missing { path } if path.ends_with("record.key")));
    assert!(
        first
            .vault_identity
            .expose_secret()
            .starts_with("AGE-SECRET-KEY-1")
    );
}

#[test]
fn a_file_open_to_others_stops_the_start() {
    for name in FILES {
        let folder = tempfile::tempdir().unwrap();
        let path = keys_in(&folder);
        Keys::create(&path, &System).unwrap();
        set_permissions(path.join(name), Permissions::from_mode(0o644)).unwrap();
        let error = Keys::load(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600") && error.contains(name), "{error}");
    }
}

#[test]
fn exchanged_or_damaged_files_are_refused_without_showing_them() {
    for (name, other) in [
        ("record.key", "checkpoint.key"),
        ("checkpoint.key", "record.key"),
        ("receipt.key", "checkpoint.key"),
        ("point-index.key", "record.key"),
        ("vault.agekey", "record.key"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = keys_in(&folder);
        Keys::create(&path, &System).unwrap();
        let foreign = std::fs::read_to_string(path.join(other)).unwrap();
        std::fs::write(path.join(name), &foreign).unwrap();
        let error = Keys::load(&path).unwrap_err();
        assert!(
            matches!(&error, KeyError::Damaged { path } if path.ends_with(name)),
            "{error}"
        );
        assert!(!format!("{error} {error:?}").contains(foreign.split(':').nth(1).unwrap()));
    }
}

#[test]
fn without_randomness_no_file_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = keys_in(&folder);
    assert!(matches!(Keys::create(&path, &Drought), Err(KeyError::Entropy(_))));
    assert_eq!(names(&path), Vec::<String>::new());
}

#[test]
fn debug_of_all_keys_shows_names_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::create(&keys_in(&folder), &System).unwrap();
    let shown = format!("{keys:?}");
    assert!(shown.contains(keys.record.thumbprint().as_str()));
    assert!(!shown.contains("AGE-SECRET-KEY"));
}

#[test]
fn a_folder_from_before_receipts_is_told_how_to_get_their_key_and_keeps_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = keys_in(&folder);
    let created = Keys::create(&path, &System).unwrap();
    std::fs::remove_file(path.join("receipt.key")).unwrap();
    let told = Keys::load(&path).unwrap_err();
    assert!(matches!(told, KeyError::NoReceiptKey { .. }), "{told}");
    assert!(
        told.to_string().contains("fiducie keygen --receipt-key"),
        "{told}"
    );

    let added = ReceiptSigner::create(&path, &System).unwrap();
    let loaded = Keys::load(&path).unwrap();
    assert_eq!(loaded.receipt.public_key(), added.public_key());
    assert_ne!(added.public_key(), created.receipt.public_key());
    assert_eq!(loaded.checkpoint.public_key(), created.checkpoint.public_key());
    assert!(matches!(
        ReceiptSigner::create(&path, &System),
        Err(KeyError::AlreadyThere { .. })
    ));
}

#[test]
fn the_next_checkpoint_key_takes_the_place_of_the_present_one_in_one_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = keys_in(&folder);
    let before = Keys::create(&path, &System).unwrap().checkpoint.public_key();
    assert!(CheckpointSigner::load_next(&path).unwrap().is_none());
    assert!(matches!(
        CheckpointSigner::replace_with_next(&path, "old"),
        Err(KeyError::Missing { .. })
    ));
    let next = CheckpointSigner::create_next(&path, &System).unwrap();
    assert!(matches!(
        CheckpointSigner::create_next(&path, &System),
        Err(KeyError::AlreadyThere { .. })
    ));
    assert_eq!(Keys::load(&path).unwrap().checkpoint.public_key(), before);
    // Interrupted after the old key was linked: repeating it is no error.
    std::fs::hard_link(
        path.join("checkpoint.key"),
        path.join("checkpoint-retired-old.key"),
    )
    .unwrap();
    CheckpointSigner::replace_with_next(&path, "old").unwrap();
    assert_eq!(
        Keys::load(&path).unwrap().checkpoint.public_key(),
        next.public_key()
    );
    assert!(CheckpointSigner::load_next(&path).unwrap().is_none());
    assert!(path.join("checkpoint-retired-old.key").exists());
}

#[test]
fn the_demo_officer_has_a_file_of_her_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = keys_in(&folder);
    Keys::create(&path, &System).unwrap();
    let created = OfficerSigner::create(&path, &System).unwrap();
    assert_eq!(
        OfficerSigner::load(&path).unwrap().public_key(),
        created.public_key()
    );
}

#[test]
fn an_independent_library_verifies_what_the_record_key_signs() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::create(&keys_in(&folder), &System).unwrap();
    let header = format!(
        r#"{{"alg":"EdDSA","cty":"application/ld+json","kid":"{}","typ":"consent-record+jws"}}"#,
        keys.record.thumbprint()
    );
    let payload = br#"{"a":1}"#;
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let jws = |signature: [u8; 64]| format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    let verifier = EdDSA
        .verifier_from_jwk(&Jwk::from_bytes(keys.record.jwk()).unwrap())
        .unwrap();
    let verify = |text: &str| josekit::jws::deserialize_compact(text, &verifier).map(|(payload, _)| payload);
    assert_eq!(verify(&jws(keys.record.sign(input.as_bytes()))).unwrap(), payload);
    assert!(verify(&jws(keys.checkpoint.sign(input.as_bytes()))).is_err());
    let mut flipped = keys.record.sign(input.as_bytes());
    if let Some(first) = flipped.first_mut() {
        *first ^= 1;
    }
    assert!(verify(&jws(flipped)).is_err());
}
