#![cfg(feature = "build")]

use std::convert::Infallible;

use ledger_core::{
    checkpoint::Checkpoint,
    leaf::Hour,
    note::{Ed25519Signer, KeyName},
    tree::{Frontier, NodeMap, ProofPlan},
};

use test_fixtures::no_panic;

use super::*;
use crate::{DeliveryId, Field, Household, Manifest, RowError, RowSalts, Scope, SubjectId};

fn signer(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyName::new("log.example/consent").unwrap(), &[seed; 32]).unwrap()
}

/// A manifest of three rows, its openings, and its leaf as entry 1 of 3 in a log.
fn delivered(name: &str) -> (Manifest, Vec<Opening>, DeliveryProof) {
    let mut calls = 0_u8;
    let mut fill = |buffer: &mut [u8]| {
        calls += 1;
        buffer.fill(calls);
        Ok::<(), Infallible>(())
    };
    let home = |place: u8| Household {
        subject: SubjectId::new(&format!("participant-{place}")).unwrap(),
        scope: Scope::new([Field::new("energy-withdrawn").unwrap()].into(), 0, 1_000_000, 1).unwrap(),
        count: 1,
        salts: RowSalts::draw(&mut fill).unwrap(),
    };
    let homes = [0, 1, 2].map(home).into();
    let (manifest, openings) = Manifest::build(&DeliveryId::new(name).unwrap(), homes).unwrap();

    let leaf = manifest.leaf(Hour::new(490_896));
    let (mut frontier, mut nodes) = (Frontier::empty(), NodeMap::default());
    for entry in [b"before".to_vec(), leaf.to_bytes(), b"after".to_vec()] {
        for node in frontier.append(leaf_hash(&entry)).unwrap() {
            nodes.insert(node.id, node.hash);
        }
    }
    let checkpoint = Checkpoint::new("log.example/consent", frontier.size(), frontier.root()).unwrap();
    let signer = signer(1);
    let signed = SignedCheckpoint::sign(checkpoint, &signer).unwrap();
    let index = LeafIndex::new(1).unwrap();
    let path = ProofPlan::inclusion(index, frontier.size())
        .unwrap()
        .build(&nodes);
    let proof = DeliveryProof {
        leaf,
        proof: TlogProof::new(index, path.unwrap(), &signed),
        log_key: ledger_core::note::NoteSigner::vkey(&signer).clone(),
    };
    (manifest, openings, proof)
}

fn row_file(name: &str, place: usize) -> RowFile {
    let (_, openings, delivery) = delivered(name);
    RowFile {
        delivery,
        opening: openings[place].clone(),
    }
}

#[test]
fn a_row_file_reads_back_and_verifies_under_the_expected_key_only() {
    let file = row_file("release-1", 0);
    let read = RowFile::parse(&file.to_json()).unwrap();
    assert_eq!(read.to_json(), file.to_json());
    let proven = read.verify(None).unwrap();
    assert_eq!((proven.index.get(), proven.checkpoint.size().get()), (1, 3));
    assert_eq!(proven.leaf.rows.get(), 3);
    assert!(read.verify(Some(&file.delivery.log_key)).is_ok());
    let other = ledger_core::note::NoteSigner::vkey(&signer(2)).clone();
    assert!(matches!(read.verify(Some(&other)), Err(ProofError::OtherLog)));
}

#[test]
fn the_proof_of_a_delivery_names_its_manifest() {
    let (manifest, _, delivery) = delivered("release-1");
    let read = DeliveryProof::parse(&delivery.to_json()).unwrap();
    assert!(manifest.is_named_by(&read.verify(None).unwrap().leaf));
    assert_eq!(Manifest::read(&manifest.dump()).unwrap(), manifest);
    let mut more = delivery.leaf;
    more.rows = more.rows.checked_add(1).unwrap();
    assert!(!manifest.is_named_by(&more));
}

#[test]
fn a_row_under_the_leaf_of_another_delivery_is_refused() {
    let mut file = row_file("release-1", 0);
    file.delivery = delivered("release-2").2;
    let refused = file.verify(None);
    let wrong = OpeningError::Row(RowError::RootMismatch);
    assert!(matches!(refused, Err(ProofError::Opening(error)) if error == wrong));
}

#[test]
fn another_leaf_than_the_one_in_the_log_is_refused() {
    let (_, _, mut delivery) = delivered("release-1");
    delivery.leaf.rows = delivery.leaf.rows.checked_add(1).unwrap();
    assert!(matches!(delivery.verify(None), Err(ProofError::Proof(_))));
}

#[test]
fn an_opening_put_together_again_is_the_same() {
    let opening = row_file("release-1", 2).opening;
    let again = Opening::restore(
        opening.delivery().clone(),
        opening.subject().clone(),
        opening.scope().clone(),
        opening.row().count,
        opening.salts().clone(),
        opening.proof().to_vec(),
    );
    assert_eq!(again.to_json(), opening.to_json());
}

#[test]
fn other_files_are_refused() {
    let json = String::from_utf8(row_file("release-1", 0).to_json()).unwrap();
    for (from, to) in [
        ("manifest-row/1", "manifest-row/2"),
        ("delivery-leaf/1", "delivery-leaf/2"),
        ("\"leaf\":\"01", "\"leaf\":\"02"),
        ("\"leaf\":\"01", "\"leaf\":\"zz"),
        ("{", "{\"surplus\":1,"),
        ("tlog-proof@v1", "tlog-proof@v2"),
    ] {
        assert!(json.contains(from), "{from}");
        assert!(
            RowFile::parse(json.replacen(from, to, 1).as_bytes()).is_err(),
            "{to}"
        );
    }
    assert!(RowFile::parse(&vec![b' '; 70_000]).is_err());
}

/// What a stranger hands a verifier, damaged thousands of times: nothing panics, and nothing passes that says something else.
#[test]
fn damaged_row_files_and_proofs_pass_as_nothing_else() {
    let files = [row_file("release-1", 0), row_file("release-1", 2)];
    let key = files[0].delivery.log_key.clone();
    let samples = [files[0].to_json(), files[1].to_json()];
    no_panic("row file", &samples, |bytes| {
        let Ok(file) = RowFile::parse(bytes) else { return };
        let _ = file.verify(None);
        if file.verify(Some(&key)).is_ok() {
            let same = |one: &RowFile| {
                one.opening.to_json() == file.opening.to_json() && one.delivery.leaf == file.delivery.leaf
            };
            assert!(files.iter().any(same), "another row passed");
        }
    });
    let (_, openings, proof) = delivered("release-1");
    no_panic("delivery proof", &[proof.to_json()], |bytes| {
        let Ok(read) = DeliveryProof::parse(bytes) else {
            return;
        };
        let _ = read.verify(None);
        if read.verify(Some(&key)).is_ok() {
            assert_eq!(read.leaf, proof.leaf, "another leaf passed");
        }
    });
    let samples: Vec<_> = openings.iter().map(Opening::to_json).collect();
    no_panic("opening", &samples, |bytes| {
        let Ok(read) = Opening::parse(bytes) else { return };
        if read.verify(&proof.leaf).is_ok() {
            assert!(samples.contains(&read.to_json()), "another opening passed");
        }
    });
}

#[test]
fn damaged_manifests_pass_as_nothing_else() {
    let (manifest, _, proof) = delivered("release-1");
    let sample = manifest.dump();
    no_panic("manifest", std::slice::from_ref(&sample), |bytes| {
        let _ = Manifest::read(bytes);
        if let Ok(read) = Manifest::parse(bytes, &proof.leaf) {
            assert_eq!(read.dump(), sample, "another manifest passed");
        }
    });
}
