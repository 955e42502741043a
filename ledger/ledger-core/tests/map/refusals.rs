//! Each way in which a proof can be wrong.

use ledger_core::{
    leaf::Tag,
    map::{MapEntry, MapProof, MapProofError, MapStep, MapTree, empty_map_root, inner_hash},
    tree::{Hash, leaf_hash},
};

use super::plain;

fn tag(first: u8) -> Tag {
    let mut bytes = [0; 32];
    bytes[0] = first;
    Tag::new(bytes)
}

fn entry(first: u8, index: u64) -> MapEntry {
    plain::entry(*tag(first).as_bytes(), index)
}

/// Tags 0000…, 0100…, 1000…: forks at bits 0 and 1.
fn three() -> (MapTree, Hash) {
    let mut map = MapTree::default();
    for (first, index) in [(0x00, 0), (0x40, 1), (0x80, 2)] {
        map.insert(entry(first, index)).unwrap();
    }
    let root = map.root();
    (map, root)
}

fn step(bit: u8) -> MapStep {
    let sibling = leaf_hash(&[bit]);
    MapStep { bit, sibling }
}

#[test]
fn bits_that_do_not_decrease_are_refused() {
    let not_decreasing = |bit, before| Err(MapProofError::NotDecreasing { bit, before });
    assert_eq!(MapProof::presence(vec![step(4), step(4)]), not_decreasing(4, 4));
    assert_eq!(
        MapProof::absence(entry(0, 0), vec![step(9), step(2), step(3)]),
        not_decreasing(3, 2)
    );
    let mut bytes = vec![1];
    for bit in [7, 8] {
        bytes.push(bit);
        bytes.extend(leaf_hash(b"").as_bytes());
    }
    assert_eq!(MapProof::parse(&bytes), not_decreasing(8, 7));
}

#[test]
fn a_path_may_have_256_steps_and_no_more() {
    let all: Vec<_> = (0..=255).rev().map(step).collect();
    let bytes = MapProof::presence(all).unwrap().to_bytes();
    assert!(MapProof::parse(&bytes).is_ok());
    let longer = [bytes.as_slice(), &[0; 33]].concat();
    assert_eq!(
        MapProof::parse(&longer),
        Err(MapProofError::NotDecreasing { bit: 0, before: 0 })
    );
    let huge = [&[1], vec![0; 33 * 10_000].as_slice()].concat();
    assert!(MapProof::parse(&huge).is_err());
}

#[test]
fn cut_and_surplus_bytes_are_refused() {
    let (mut map, _) = three();
    for asked in [0x00, 0x20, 0xc0] {
        let bytes = map.prove(&tag(asked)).proof.to_bytes();
        for len in 0..bytes.len() {
            // A cut between two steps leaves a shorter proof, which leads to another root.
            if let Ok(shorter) = MapProof::parse(&bytes[..len]) {
                let (_, root) = three();
                assert_ne!(shorter.verify_absence(&tag(asked), &root), Ok(()));
                assert_ne!(
                    shorter.verify_presence(&tag(asked), &entry(asked, 0).value, &root),
                    Ok(())
                );
            }
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(MapProof::parse(&longer), Err(MapProofError::CutShort));
    }
    assert_eq!(MapProof::parse(&[]), Err(MapProofError::CutShort));
    assert_eq!(MapProof::parse(&[2, 0]), Err(MapProofError::Surplus));
    assert_eq!(MapProof::parse(&[0]), Err(MapProofError::UnknownKind { kind: 0 }));
    assert_eq!(MapProof::parse(&[4]), Err(MapProofError::UnknownKind { kind: 4 }));
}

#[test]
fn an_index_beyond_every_log_is_refused() {
    let mut bytes = vec![3];
    bytes.extend([0; 32]);
    bytes.extend([0xff; 40]);
    assert_eq!(
        MapProof::parse(&bytes),
        Err(MapProofError::IndexTooLarge { index: u64::MAX })
    );
}

#[test]
fn the_empty_proof_holds_for_the_empty_map_alone() {
    let (_, root) = three();
    let empty = MapProof::absence_in_the_empty_map();
    assert_eq!(empty.verify_absence(&tag(1), &empty_map_root()), Ok(()));
    assert_eq!(empty.verify_absence(&tag(1), &root), Err(MapProofError::NotEmpty));
    assert_eq!(
        MapProof::presence(Vec::new())
            .unwrap()
            .verify_presence(&tag(0), &entry(0, 0).value, &root),
        Err(MapProofError::OtherRoot)
    );
}

#[test]
fn a_proof_of_one_kind_is_none_of_the_other() {
    let (mut map, root) = three();
    let (present, absent) = (map.prove(&tag(0)).proof, map.prove(&tag(1)).proof);
    assert_eq!(
        present.verify_absence(&tag(1), &root),
        Err(MapProofError::NotAbsence)
    );
    assert_eq!(
        absent.verify_presence(&tag(0), &entry(0, 0).value, &root),
        Err(MapProofError::NotPresence)
    );
}

#[test]
fn the_other_entry_must_be_another_on_the_same_path() {
    let (mut map, root) = three();
    let absent = map.prove(&tag(1)).proof;
    assert_eq!(absent.verify_absence(&tag(1), &root), Ok(()));
    assert_eq!(absent.verify_absence(&tag(0), &root), Err(MapProofError::Present));
    assert_eq!(
        absent.verify_absence(&tag(0x41), &root),
        Err(MapProofError::OtherPath { bit: 1 })
    );
    assert_eq!(
        absent.verify_absence(&tag(0x81), &root),
        Err(MapProofError::OtherPath { bit: 0 })
    );
}

#[test]
fn a_value_of_another_leaf_fails() {
    let (mut map, root) = three();
    let proof = map.prove(&tag(0)).proof;
    assert_eq!(proof.verify_presence(&tag(0), &entry(0, 0).value, &root), Ok(()));
    let mut moved = entry(0, 0).value;
    moved.index = entry(0, 1).value.index;
    assert_eq!(
        proof.verify_presence(&tag(0), &moved, &root),
        Err(MapProofError::OtherRoot)
    );
}

/// An owner who hangs an entry on the wrong side can "prove" it absent: this is why auditors build the map again.
#[test]
fn absence_rests_on_a_map_that_was_built_correctly() {
    let (left, hidden, right) = (entry(0x00, 0), entry(0x80, 1), entry(0xc0, 2));
    let left_side = inner_hash(1, &left.hash(), &hidden.hash());
    let wrong = inner_hash(0, &left_side, &right.hash());
    let step = MapStep {
        bit: 0,
        sibling: left_side,
    };
    let proof = MapProof::absence(right, vec![step]).unwrap();
    assert_eq!(proof.verify_absence(&hidden.tag, &wrong), Ok(()));

    let mut again = MapTree::default();
    for entry in [left, hidden, right] {
        again.insert(entry).unwrap();
    }
    assert_ne!(again.root(), wrong);
}
