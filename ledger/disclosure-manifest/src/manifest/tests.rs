#![cfg(feature = "build")]

use std::{array, convert::Infallible};

use ledger_core::leaf::Salt;
use merkle_tree_rs::standard::{LeafType, StandardMerkleTree};
use proptest::prelude::*;

use super::{build::plant, *};
use crate::{
    commitment::{Commitment, DeliveryId, Field, RowSalts, Scope, SubjectId},
    opening::{Opening, OpeningError},
    row::RowError,
};

fn hash(hex: &str) -> NodeHash {
    NodeHash::from_hex(hex).unwrap()
}

fn reference_rows() -> [Row; 3] {
    [(0xaa, 0xbb, 17_520), (0xcc, 0xdd, 48), (0xee, 0xff, 0)].map(|(subject, scope, count)| Row {
        subject: Commitment::new([subject; 32]),
        scope: Commitment::new([scope; 32]),
        count,
    })
}

fn manifest_of(rows: &[Row]) -> Manifest {
    Manifest::from_checked(plant(rows).unwrap().check(ENCODING).unwrap())
}

/// Bytes that never repeat, so that salts differ.
fn counter() -> impl FnMut(&mut [u8]) -> Result<(), Infallible> {
    let mut calls = 0_u64;
    move |buffer| {
        calls += 1;
        let cycle = calls.to_be_bytes().into_iter().cycle();
        buffer.iter_mut().zip(cycle).for_each(|(to, from)| *to = from);
        Ok(())
    }
}

fn households(count: u64) -> Vec<Household> {
    let mut fill = counter();
    let home = |i: u64| Household {
        subject: SubjectId::new(&format!("participant-{i}")).unwrap(),
        scope: Scope::new(
            [Field::new("energy-withdrawn").unwrap()].into(),
            0,
            1_000_000,
            1800,
        )
        .unwrap(),
        count: 48 + i,
        salts: RowSalts::draw(&mut fill).unwrap(),
    };
    (0..count).map(home).collect()
}

fn delivery() -> DeliveryId {
    DeliveryId::new("release-1").unwrap()
}

fn built(count: u64) -> (Manifest, Vec<Opening>, DeliveryLeaf) {
    let (manifest, openings) = Manifest::build(&delivery(), households(count)).unwrap();
    let leaf = manifest.leaf(Hour::new(490_896));
    (manifest, openings, leaf)
}

/// Frozen: whoever kept one of these files must be able to open it for ever.
#[test]
fn the_files_have_the_frozen_bytes() {
    let (manifest, openings, _) = built(3);
    assert_eq!(
        str::from_utf8(&manifest.dump()).unwrap(),
        include_str!("dump.json").trim_end()
    );
    assert_eq!(
        str::from_utf8(&openings[0].to_json()).unwrap(),
        include_str!("opening.json").trim_end()
    );
}

/// Each value was computed with npm's package as well.
#[test]
fn the_reference_rows_have_the_reference_root_leaf_and_proof() {
    let manifest = manifest_of(&reference_rows());
    assert_eq!(
        manifest.root(),
        hash("0x314122c4470c6c353773c947bed84a419e52ab1e91d9dd06b06002099d84f0b4")
    );
    let second = &reference_rows()[1];
    assert_eq!(
        second.leaf_hash(),
        hash("0x782b9d5da298abd937e2bfa19eb4f5b6e29e7c503aec5b95b017d2d399cbc2db")
    );
    let proof = manifest.proof_of(second).unwrap();
    assert_eq!(
        proof,
        [hash(
            "0x7194f1a77a3d60e623bc0ff636c5f94f563bbbe336671a650455eca9e5ff8877"
        )]
    );
    assert_eq!(second.verify(&proof, &manifest.leaf(Hour::new(0))), Ok(()));
}

#[test]
fn our_proofs_are_those_of_merkle_tree_rs() {
    for count in (1..=17).chain([100]) {
        let (manifest, ..) = built(count);
        let rows: Vec<Vec<String>> = manifest.rows().map(|row| row.columns().to_vec()).collect();
        let theirs = StandardMerkleTree::of(rows, &Row::types(ENCODING).map(str::to_owned));
        assert_eq!(theirs.root(), manifest.root().to_string());
        for (place, row) in manifest.rows().enumerate() {
            let ours = manifest.proof_of(row).unwrap();
            let ours: Vec<_> = ours.iter().map(NodeHash::to_string).collect();
            assert_eq!(
                ours,
                theirs.get_proof(LeafType::Number(place)),
                "{place} of {count}"
            );
        }
    }
}

#[test]
fn every_household_finds_its_own_row_and_only_that() {
    for count in (1..=9).chain([33]) {
        let (manifest, openings, leaf) = built(count);
        for (place, opening) in openings.iter().enumerate() {
            assert_eq!(opening.subject().as_str(), format!("participant-{place}"));
            assert_eq!(opening.verify(&leaf), Ok(()));
            let again = Opening::parse(&opening.to_json()).unwrap();
            assert_eq!(again.verify(&leaf), Ok(()));
            assert_eq!(again.to_json(), opening.to_json());
            assert_eq!(manifest.proof_of(opening.row()).as_deref(), Some(opening.proof()));
        }
    }
}

#[test]
fn the_order_of_the_rows_says_nothing_of_the_order_given() {
    let (manifest, openings, _) = built(50);
    assert!(manifest.rows().is_sorted());
    assert!(!openings.is_sorted_by_key(|opening| opening.row().clone()));
}

#[test]
fn a_foreign_row_a_changed_count_and_another_manifest_are_refused() {
    let (_, openings, leaf) = built(5);
    let (_, others, other_leaf) = built(6);
    let mismatch = Err(RowError::RootMismatch);
    let (row, proof) = (openings[0].row(), openings[0].proof());
    assert_eq!(row.verify(proof, &leaf), Ok(()));
    assert!(row.verify(openings[1].proof(), &leaf).is_err());
    let changed = Row {
        count: row.count + 1,
        ..row.clone()
    };
    assert_eq!(changed.verify(proof, &leaf), mismatch);
    let swapped = Row {
        subject: row.scope,
        scope: row.subject,
        ..*row
    };
    assert_eq!(swapped.verify(proof, &leaf), mismatch);
    assert!(others[5].row().verify(others[5].proof(), &leaf).is_err());
    assert!(row.verify(proof, &other_leaf).is_err());
}

#[test]
fn an_opening_of_another_subject_scope_or_salt_is_refused() {
    let (_, openings, leaf) = built(3);
    let json = String::from_utf8(openings[0].to_json()).unwrap();
    let with = |from: &str, to: &str| {
        assert!(json.contains(from));
        Opening::parse(json.replacen(from, to, 1).as_bytes()).and_then(|opening| opening.verify(&leaf))
    };
    assert_eq!(with("x", "x"), Ok(()));
    assert_eq!(
        with("participant-0", "participant-1"),
        Err(OpeningError::OtherSubject)
    );
    assert_eq!(with("release-1", "release-2"), Err(OpeningError::OtherSubject));
    assert_eq!(with("1800", "60"), Err(OpeningError::OtherScope));
    assert_eq!(
        with("energy-withdrawn", "power-max"),
        Err(OpeningError::OtherScope)
    );
    assert_eq!(
        with("\"48\"", "\"49\""),
        Err(OpeningError::Row(RowError::RootMismatch))
    );
    let malformed = |from, to| {
        let refused = with(from, to);
        assert!(matches!(refused, Err(OpeningError::Malformed { .. })), "{to}");
    };
    malformed("_salt\":\"00", "_salt\":\"");
    malformed("_salt\":\"00", "_salt\":\"0000");
    malformed("opening/1", "opening/2");
    malformed("{", "{\"surplus\":1,");
    malformed("\"48\"", "\"048\"");
    malformed("\"48\"", "\"-48\"");
    malformed("\"0x", "\"0X");
    malformed("energy-withdrawn", "energy withdrawn");
    malformed("[\"energy-withdrawn\"]", "[]");
    malformed("1800", "0");
}

#[test]
fn what_makes_no_manifest_is_refused() {
    let build = |homes| Manifest::build(&delivery(), homes).map(|_| ());
    assert_eq!(build(vec![]), Err(BuildError::RowCount));
    let mut homes = households(3);
    homes[2].subject = homes[0].subject.clone();
    assert_eq!(build(homes), Err(BuildError::RepeatedSubject));
    let mut homes = households(3);
    homes[2].salts.scope = homes[0].salts.subject.clone();
    assert_eq!(build(homes), Err(BuildError::RepeatedSalt));
}

fn dumped(count: u64) -> (serde_json::Value, DeliveryLeaf) {
    let (manifest, _, leaf) = built(count);
    (serde_json::from_slice(&manifest.dump()).unwrap(), leaf)
}

fn parse(json: &serde_json::Value, leaf: &DeliveryLeaf) -> Result<Manifest, DumpError> {
    Manifest::parse(&serde_json::to_vec(json).unwrap(), leaf)
}

#[test]
fn a_dump_reads_back_as_the_same_manifest() {
    for count in 1..=17 {
        let (manifest, _, leaf) = built(count);
        let again = Manifest::parse(&manifest.dump(), &leaf).unwrap();
        assert_eq!(again, manifest);
        assert_eq!(again.dump(), manifest.dump());
    }
}

#[test]
fn a_changed_dump_is_refused() {
    let (json, leaf) = dumped(5);
    assert!(parse(&json, &leaf).is_ok());
    let changed = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = json.clone();
        change(&mut json);
        parse(&json, &leaf).unwrap_err()
    };
    assert_eq!(
        changed(&|json| json["values"][3]["value"][2] = "1".into()),
        DumpError::Mismatch { place: 3 }
    );
    assert_eq!(
        changed(&|json| json["tree"][2] = json["tree"][3].clone()),
        DumpError::Mismatch { place: 0 }
    );
    let malformed = |change: &dyn Fn(&mut serde_json::Value)| {
        assert!(matches!(changed(change), DumpError::Malformed { .. }));
    };
    malformed(&|json| json["format"] = "simple-v1".into());
    malformed(&|json| json["leafEncoding"][2] = "uint128".into());
    malformed(&|json| json["leafEncoding"] = serde_json::json!(["string", "string"]));
    malformed(&|json| json["values"][0]["treeIndex"] = json["values"][1]["treeIndex"].clone());
    malformed(&|json| json["values"][0]["value"][2] = 48.into());
    malformed(&|json| json["values"][0]["surplus"] = 1.into());
    malformed(&|json| json["tree"] = serde_json::json!([]));
    malformed(&|json| json["values"] = serde_json::json!([]));
    malformed(&|json| json["tree"][0] = "0x00".into());
    // A row that points outside of the leaves, or outside of the tree.
    for place in [0, 3, 9, u64::MAX] {
        assert_ne!(
            changed(&|json| json["values"][0]["treeIndex"] = place.into()),
            DumpError::OtherDelivery
        );
    }
}

#[test]
fn a_sound_manifest_of_another_delivery_is_refused() {
    let (json, leaf) = dumped(5);
    let (other, _) = dumped(6);
    assert_eq!(parse(&other, &leaf), Err(DumpError::OtherDelivery));
    let rows = NonZeroU64::new(6).unwrap();
    assert_eq!(
        parse(&json, &DeliveryLeaf { rows, ..leaf }),
        Err(DumpError::OtherDelivery)
    );
    let root = array::from_fn(|_| 7);
    assert_eq!(
        parse(&json, &DeliveryLeaf { root, ..leaf }),
        Err(DumpError::OtherDelivery)
    );
}

/// In another order of the rows the root would be another one, although every row is there: one manifest, one root.
#[test]
fn leaves_out_of_order_are_refused() {
    let rows = reference_rows();
    let manifest = manifest_of(&rows);
    let mut tree = manifest.tree.clone();
    tree.swap(3, 4);
    let mut placed = manifest.rows.clone();
    for (_, place) in &mut placed {
        *place = match *place {
            3 => 4,
            4 => 3,
            other => other,
        };
    }
    let checked = Dump::of(ENCODING, &placed, &tree).check(ENCODING);
    assert!(matches!(checked.err(), Some(DumpError::Malformed { .. })));
}

#[test]
fn salts_of_other_lengths_are_no_salts() {
    for length in [0, 32, 63, 65] {
        assert!(Salt::from_slice(&vec![1; length]).is_none());
    }
}

#[test]
fn a_generator_that_fails_fails_the_draw() {
    assert_eq!(
        RowSalts::draw(|_| Err("no entropy")).map(|_| ()),
        Err("no entropy")
    );
}

proptest! {
    #[test]
    fn no_proof_of_a_stranger_panics_or_passes(
        hashes in prop::collection::vec(any::<[u8; 32]>(), 0..70),
        rows in 1_u64..,
        root: [u8; 32],
        count: u64,
    ) {
        let proof: Vec<_> = hashes.into_iter().map(NodeHash::new).collect();
        let rows = NonZeroU64::new(rows).unwrap();
        let leaf = DeliveryLeaf { hour: Hour::new(0), root, rows, encoding: ENCODING };
        let row = Row { count, ..reference_rows()[0].clone() };
        prop_assert!(row.verify(&proof, &leaf).is_err());
    }

    #[test]
    fn no_file_panics(bytes: Vec<u8>, text in "[\\[\\]{}\":,0-9a-z]{0,60}") {
        let leaf = built(1).2;
        for input in [bytes.as_slice(), text.as_bytes()] {
            prop_assert!(Manifest::parse(input, &leaf).is_err());
            prop_assert!(Opening::parse(input).is_err());
        }
    }

    #[test]
    fn a_proof_of_one_row_serves_no_other(count in 2_u64..40, a: prop::sample::Index, b: prop::sample::Index) {
        let (_, openings, leaf) = built(count);
        let (a, b) = (a.get(&openings), b.get(&openings));
        let verified = a.row().verify(b.proof(), &leaf).is_ok();
        prop_assert_eq!(verified, a.row() == b.row());
    }
}
