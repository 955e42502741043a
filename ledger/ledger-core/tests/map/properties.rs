//! What holds for every map.

use std::collections::BTreeMap;

use ledger_core::{
    leaf::Tag,
    map::{MapEntry, MapError, MapProof, MapTree},
};
use proptest::{collection::vec, prelude::*, sample::Index};

use super::plain;

/// Random tags fork near the root only; tags of few distinct bytes share long prefixes and fork at every depth.
fn tag() -> impl Strategy<Value = [u8; 32]> {
    let crowded = (0..32_usize, 0..256_usize, any::<bool>()).prop_map(|(byte, bit, both)| {
        let mut tag = [0; 32];
        tag[bit / 8] |= 0x80 >> (bit % 8);
        if both {
            tag[byte] ^= 0x11;
        }
        tag
    });
    prop_oneof![any::<[u8; 32]>(), crowded]
}

/// Distinct tags, numbered in random order.
fn entries(most: usize) -> impl Strategy<Value = Vec<MapEntry>> {
    vec(tag(), 0..most).prop_map(|tags| {
        let unique: BTreeMap<_, _> = tags.iter().copied().zip(0_u64..).collect();
        unique.into_iter().map(|(tag, i)| plain::entry(tag, i)).collect()
    })
}

fn map(entries: &[MapEntry]) -> MapTree {
    let mut map = MapTree::default();
    entries.iter().for_each(|entry| map.insert(*entry).unwrap());
    map
}

proptest! {
    #[test]
    fn the_order_of_insertion_does_not_matter(
        (given, shuffled) in entries(60).prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle()))
    ) {
        prop_assert_eq!(map(&given).root(), map(&shuffled).root());
    }

    #[test]
    fn the_root_is_that_of_the_plain_map_after_each_batch(
        given in entries(50).prop_shuffle(),
        batch in 1_usize..20,
    ) {
        let mut grown = MapTree::default();
        let mut so_far = Vec::new();
        for batch in given.chunks(batch) {
            batch.iter().for_each(|entry| grown.insert(*entry).unwrap());
            so_far.extend_from_slice(batch);
            prop_assert_eq!(grown.root(), plain::root(&so_far));
            prop_assert_eq!(grown.len(), so_far.len());
        }
    }

    #[test]
    fn every_tag_has_its_proof_and_only_that(given in entries(40), asked in vec(tag(), 10)) {
        let mut tree = map(&given);
        let root = tree.root();
        for entry in &given {
            let answer = tree.prove(&entry.tag);
            prop_assert_eq!(answer.value, Some(entry.value));
            prop_assert_eq!(tree.value(&entry.tag), Some(entry.value));
            prop_assert_eq!(MapProof::parse(&answer.proof.to_bytes()), Ok(answer.proof.clone()));
            prop_assert_eq!(answer.proof.verify_presence(&entry.tag, &entry.value, &root), Ok(()));
            prop_assert!(answer.proof.verify_absence(&entry.tag, &root).is_err());
        }
        for tag in asked.into_iter().map(Tag::new) {
            let answer = tree.prove(&tag);
            prop_assert_eq!(MapProof::parse(&answer.proof.to_bytes()), Ok(answer.proof.clone()));
            match given.iter().find(|entry| entry.tag == tag) {
                Some(entry) => prop_assert_eq!(answer.value, Some(entry.value)),
                None => {
                    prop_assert_eq!(answer.value, None);
                    prop_assert_eq!(answer.proof.verify_absence(&tag, &root), Ok(()));
                }
            }
        }
    }

    #[test]
    fn no_proof_of_absence_fits_a_present_tag(given in entries(12)) {
        let mut tree = map(&given);
        let root = tree.root();
        let proofs: Vec<_> = given.iter().map(|entry| tree.prove(&entry.tag).proof).collect();
        for present in &given {
            for (other, proof) in given.iter().zip(&proofs) {
                // The path of every other entry, dressed up as a proof of absence.
                let steps = proof.to_bytes().split_off(1);
                let bytes = [&[3], other.tag.as_bytes().as_slice(), &other.value.to_bytes(), &steps].concat();
                let forged = MapProof::parse(&bytes).unwrap();
                prop_assert!(forged.verify_absence(&present.tag, &root).is_err());
            }
        }
    }

    #[test]
    fn a_proof_with_one_bit_changed_fails(given in entries(12), asked in tag(), which in any::<Index>()) {
        let mut tree = map(&given);
        let root = tree.root();
        let present = (!given.is_empty()).then(|| which.get(&given).tag);
        for tag in present.into_iter().chain([Tag::new(asked)]) {
            let answer = tree.prove(&tag);
            let bytes = answer.proof.to_bytes();
            for bit in 0..bytes.len() * 8 {
                let mut changed = bytes.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                if let Ok(proof) = MapProof::parse(&changed) {
                    let present = answer.value.map(|value| proof.verify_presence(&tag, &value, &root));
                    prop_assert!(!matches!(present, Some(Ok(()))));
                    prop_assert!(proof.verify_absence(&tag, &root).is_err(), "bit {bit}");
                }
            }
        }
    }

    #[test]
    fn a_repeated_tag_is_refused_and_changes_nothing(given in entries(30), which in any::<Index>()) {
        prop_assume!(!given.is_empty());
        let mut tree = map(&given);
        let root = tree.root();
        let first = *which.get(&given);
        let again = plain::entry(*first.tag.as_bytes(), 1000);
        let refused = MapError::Repeated { first: first.value.index.get(), again: 1000 };
        prop_assert_eq!(tree.insert(again), Err(refused));
        prop_assert_eq!((tree.root(), tree.len()), (root, given.len()));
    }

    #[test]
    fn parsing_never_panics_and_accepts_one_spelling(kind in 0_u8..5, rest in vec(any::<u8>(), 0..300)) {
        let bytes = [&[kind], rest.as_slice()].concat();
        if let Ok(proof) = MapProof::parse(&bytes) {
            prop_assert_eq!(proof.to_bytes(), bytes);
        }
    }
}
