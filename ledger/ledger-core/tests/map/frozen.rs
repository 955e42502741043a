//! Values computed by unrelated programs, and encodings that must never change.

use std::fmt::Write;

use ledger_core::{
    leaf::{Hour, Leaf, LeafError, MapRoot, RecordNumber, SubjectKey, Tag, map_root_leaf},
    map::{MapEntry, MapProof, MapTree, MapValue, empty_map_root},
    tree::{Hash, LeafIndex, leaf_hash},
};
use ring::hmac;

use super::plain;

/// The proofs of the example map in hexadecimal, one a line after its name.
const GOLDEN: &str = include_str!("proofs.golden");

const ROOT: &str = "73a99a26a487260b16f76d784d9d002e5a7ae1739c59fa2f5ea81216d23f96c1";
const ONLY_TAG_1: &str = "5313bc495655007ce3eebc58a0667b34b821521f4f645c922437f054a7e08ca8";

fn hash(hex: &str) -> Hash {
    Hash::from_slice(&hex::decode(hex).unwrap()).unwrap()
}

fn index(index: u64) -> LeafIndex {
    LeafIndex::new(index).unwrap()
}

/// Tags of the key 80 81 .. 9f.
fn tag(n: u64) -> Tag {
    let key = SubjectKey::new(std::array::from_fn(|i| 0x80 + i as u8));
    key.tag(RecordNumber::new(n).unwrap())
}

/// The tag function with an all-zero key.
fn u(n: u64) -> Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]);
    let message = [b"tag/v1\0".as_slice(), &n.to_be_bytes()].concat();
    Tag::new(hmac::sign(&key, &message).as_ref().try_into().unwrap())
}

fn example() -> [MapEntry; 4] {
    [(tag(1), 0), (u(1), 1), (tag(2), 2), (u(2), 3)].map(|(tag, i)| plain::entry(*tag.as_bytes(), i))
}

fn map(entries: &[MapEntry]) -> MapTree {
    let mut map = MapTree::default();
    entries.iter().for_each(|entry| map.insert(*entry).unwrap());
    map
}

#[test]
fn the_example_map_has_the_frozen_root() {
    assert_eq!(map(&[]).root(), empty_map_root());
    assert_eq!(map(&example()[..1]).root(), hash(ONLY_TAG_1));
    assert_eq!(map(&example()).root(), hash(ROOT));
    assert_eq!(plain::root(&example()), hash(ROOT));
}

#[test]
fn the_example_proofs_have_the_frozen_steps() {
    let mut map = map(&example());
    let present = map.prove(&tag(2));
    assert_eq!(present.value, Some(example()[2].value));
    let steps = concat!(
        "01",
        "02",
        "5313bc495655007ce3eebc58a0667b34b821521f4f645c922437f054a7e08ca8",
        "00",
        "fcc4f579e6e5a17bf1a2d099893b99c7778896f93db4c53b174229b5ec2e0849"
    );
    assert_eq!(hex::encode(present.proof.to_bytes()), steps);

    let absent = map.prove(&tag(3));
    assert_eq!(absent.value, None);
    let steps = [
        "03",
        &hex::encode(u(1).as_bytes()),
        &hex::encode(example()[1].value.to_bytes()),
        "05",
        "e6db945a1d20c25774e044e3c05c864a15bcfdde22982eb6962d402cc0aca4c9",
        "00",
        "637e174d8c0402fbe8252552fc77fe309452a02655f5c6da9e6b387b50c00880",
    ];
    assert_eq!(hex::encode(absent.proof.to_bytes()), steps.concat());
}

#[test]
fn encoded_proofs_are_frozen() {
    let (mut empty, mut single, mut example_map) = (map(&[]), map(&example()[..1]), map(&example()));
    let mut lines = String::new();
    let mut line = |name: &str, proof: &MapProof| {
        let bytes = proof.to_bytes();
        assert_eq!(MapProof::parse(&bytes).as_ref(), Ok(proof));
        writeln!(lines, "{name} {}", hex::encode(bytes)).unwrap();
    };
    line("tag(1)-absent-in-the-empty-map", &empty.prove(&tag(1)).proof);
    line("tag(1)-present-alone", &single.prove(&tag(1)).proof);
    line("tag(2)-absent-beside-tag(1)", &single.prove(&tag(2)).proof);
    for n in 1..=3 {
        line(
            &format!("tag({n})-in-the-example"),
            &example_map.prove(&tag(n)).proof,
        );
        line(&format!("u({n})-in-the-example"), &example_map.prove(&u(n)).proof);
    }
    assert_eq!(lines, GOLDEN);
}

#[test]
fn frozen_proofs_verify() {
    let proofs: Vec<_> = GOLDEN
        .lines()
        .map(|line| MapProof::parse(&hex::decode(line.split_once(' ').unwrap().1).unwrap()).unwrap())
        .collect();
    let value = |i: usize| example()[i].value;
    proofs[0].verify_absence(&tag(1), &empty_map_root()).unwrap();
    proofs[1]
        .verify_presence(&tag(1), &value(0), &hash(ONLY_TAG_1))
        .unwrap();
    proofs[2].verify_absence(&tag(2), &hash(ONLY_TAG_1)).unwrap();
    proofs[3]
        .verify_presence(&tag(1), &value(0), &hash(ROOT))
        .unwrap();
    proofs[4].verify_presence(&u(1), &value(1), &hash(ROOT)).unwrap();
    proofs[5]
        .verify_presence(&tag(2), &value(2), &hash(ROOT))
        .unwrap();
    proofs[6].verify_presence(&u(2), &value(3), &hash(ROOT)).unwrap();
    proofs[7].verify_absence(&tag(3), &hash(ROOT)).unwrap();
    proofs[8].verify_absence(&u(3), &hash(ROOT)).unwrap();
}

#[test]
fn values_are_an_index_and_a_leaf_hash() {
    let value = example()[3].value;
    let bytes = value.to_bytes();
    assert_eq!(hex::encode(&bytes[..8]), "0000000000000003");
    assert_eq!(&bytes[8..], leaf_hash(b"leaf-3").as_bytes());
    assert_eq!(MapValue::from_bytes(&bytes), Some(value));
    assert_eq!(MapValue::from_bytes(&[0xff; 40]), None);
}

#[test]
fn a_map_root_leaf_has_the_frozen_bytes() {
    let leaf = map_root_leaf(Hour::new(490_896), index(4), 4, hash(ROOT));
    let bytes = leaf.to_bytes();
    assert_eq!(
        hex::encode(&bytes),
        format!("0140000000077d9000000000000000040000000000000004{ROOT}")
    );
    assert_eq!(
        leaf_hash(&bytes),
        hash("cdeb2048e89fbaf105b0c27261a3f00889c1cde3d5eeaed8bcc09bdc4719f458")
    );
    assert_eq!(Leaf::parse(&bytes), Ok(Leaf::System(leaf.clone())));
    let said = MapRoot {
        covers: index(4),
        entries: 4,
        root: hash(ROOT),
    };
    assert_eq!(leaf.map_root(), Some(said));
}

#[test]
fn malformed_map_root_leaves_are_refused() {
    let good = map_root_leaf(Hour::new(490_896), index(4), 4, hash(ROOT)).to_bytes();
    for len in 8..56 {
        assert_eq!(Leaf::parse(&good[..len]), Err(LeafError::WrongLength { len }));
    }
    let longer = [good.as_slice(), &[0]].concat();
    assert_eq!(Leaf::parse(&longer), Err(LeafError::WrongLength { len: 57 }));
    let mut by_an_officer = good.clone();
    by_an_officer[2] = 3;
    assert_eq!(
        Leaf::parse(&by_an_officer),
        Err(LeafError::UnknownActor { actor: 3 })
    );
    let mut too_far = good;
    too_far[8] = 0x80;
    let found = LeafError::NoSuchPlace {
        index: 0x8000_0000_0000_0004,
    };
    assert_eq!(Leaf::parse(&too_far), Err(found));
}
