use ledger_core::{
    checkpoint::{CheckpointError, SignedCheckpoint},
    cosignature::PosixSeconds,
    note::{
        Ed25519Signer, Grease, KeyKind, KeyName, MAX_SIGNATURES, Note, NoteError, NoteSigner, Vkey, VkeyError,
    },
    proof::TlogProof,
};
use proptest::prelude::*;

use super::support::{COSIGNED_AT, PROOF, WITNESS_VKEY, at, cosigner, dpo, log_key, signed};

/// The checkpoint at the end of the reference proof.
fn reference() -> &'static str {
    PROOF.split_once("\n\n").unwrap().1
}

#[test]
fn we_make_the_cosignature_of_the_reference() {
    assert_eq!(dpo().vkey().to_string(), WITNESS_VKEY);
    let checkpoint = signed(7);
    let line = dpo().cosign(&checkpoint, at(COSIGNED_AT));
    let witnesses = [dpo().vkey().clone()];
    let (cosigned, by) = checkpoint.with_cosignatures(&[line], &witnesses);
    assert_eq!(cosigned.note().to_string(), reference());
    assert_eq!((by.len(), by[0].cosigned_at), (1, Some(at(COSIGNED_AT))));
    let opened = SignedCheckpoint::open(reference().as_bytes(), &log_key()).unwrap();
    assert_eq!(opened.cosignatures(&witnesses).unwrap(), by);
}

#[test]
fn times_of_cosignatures_are_from_1_to_2_63_less_1() {
    assert_eq!(PosixSeconds::new(0), None);
    assert_eq!(PosixSeconds::new(1 << 63), None);
    let last = (1_u64 << 63) - 1;
    for seconds in [1, last] {
        let line = dpo().cosign(&signed(1), at(seconds));
        let witnesses = [dpo().vkey().clone()];
        let (cosigned, by) = signed(1).with_cosignatures(&[line], &witnesses);
        assert_eq!(by.len(), 1);
        assert!(cosigned.note().to_string().ends_with('\n'));
    }
    // A time of zero cannot be made with our types: it is put into the line by hand, with a right signature over it.
    let key = Vkey::new(
        KeyName::new("w").unwrap(),
        KeyKind::Cosignature,
        *raw().vkey().public(),
    );
    for (seconds, counts) in [(0_u64, 0), (1, 1), (1 << 63, 0)] {
        let text = signed(1).note().text().to_owned();
        let signature = raw().sign(format!("cosignature/v1\ntime {seconds}\n{text}").as_bytes());
        let field = [key.id().as_bytes().as_slice(), &seconds.to_be_bytes(), &signature].concat();
        let line = format!("\u{2014} w {}", base64(&field)).parse().unwrap();
        let (_, by) = signed(1).with_cosignatures(&[line], std::slice::from_ref(&key));
        assert_eq!(by.len(), counts, "{seconds}");
    }
}

fn raw() -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyName::new("w").unwrap(), &[9; 32]).unwrap()
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}

#[test]
fn only_lines_that_verify_under_a_configured_key_are_kept() {
    let checkpoint = signed(5);
    let (known, unknown) = (dpo(), cosigner("unknown.example/w"));
    let of_another = known.cosign(&signed(6), at(9));
    let by_unknown = unknown.cosign(&checkpoint, at(9));
    let good = known.cosign(&checkpoint, at(9));
    let log_line = checkpoint.note().signatures()[0].clone();
    let witnesses = [known.vkey().clone()];
    let lines = [of_another, by_unknown, log_line.clone(), good.clone()];
    let (cosigned, by) = checkpoint.with_cosignatures(&lines, &witnesses);
    assert_eq!(cosigned.note().signatures(), [log_line, good.clone()]);
    assert_eq!(by.len(), 1);
    // The log's key among the witnesses adds nothing either: it does not cosign.
    let log_keys = [log_key()];
    let (same, by) = checkpoint.with_cosignatures(&lines[2..3], &log_keys);
    assert_eq!((same, by.len()), (checkpoint.clone(), 0));
    // A fresh cosignature takes the place of the older one; an older one does not.
    let (fresh, _) = cosigned.with_cosignatures(&[known.cosign(&checkpoint, at(20))], &witnesses);
    assert_eq!(fresh.note().signatures().len(), 2);
    assert_eq!(
        fresh.cosignatures(&witnesses).unwrap()[0].cosigned_at,
        Some(at(20))
    );
    let both = [known.cosign(&checkpoint, at(20)), good];
    let (fresh, by) = checkpoint.with_cosignatures(&both, &witnesses);
    assert_eq!(fresh.cosignatures(&witnesses).unwrap(), by);
    assert_eq!(by[0].cosigned_at, Some(at(20)));
}

#[test]
fn a_line_that_names_a_witness_and_does_not_verify_rejects_the_checkpoint() {
    let (one, other) = (signed(5), signed(6));
    let witnesses = [dpo().vkey().clone()];
    let (cosigned, _) = other.with_cosignatures(&[dpo().cosign(&other, at(9))], &[dpo().vkey().clone()]);
    let moved = format!("{}{}\n", one.note(), cosigned.note().signatures()[1]);
    let opened = SignedCheckpoint::open(moved.as_bytes(), &log_key()).unwrap();
    // Whoever adds cosignatures drops it.
    let (clean, by) = opened.with_cosignatures(&[], &witnesses);
    assert_eq!((clean, by.len()), (one, 0));
    assert!(matches!(
        opened.cosignatures(&[dpo().vkey().clone()]),
        Err(NoteError::InvalidSignature { .. })
    ));
    assert_eq!(
        opened.cosignatures(&[cosigner("x").vkey().clone()]),
        Ok(Vec::new())
    );
}

#[test]
fn several_keys_of_a_log_open_its_checkpoint_while_one_is_rotated() {
    let name = KeyName::new(super::support::ORIGIN).unwrap();
    let next = Ed25519Signer::from_seed(name, &[7; 32]).unwrap();
    let checkpoint = signed(3);
    let both = Note::sign(
        checkpoint.note().text().to_owned(),
        &[&super::support::log(), &next],
    )
    .unwrap();
    let bytes = both.to_string().into_bytes();
    for keys in [
        vec![log_key()],
        vec![next.vkey().clone()],
        vec![log_key(), next.vkey().clone()],
    ] {
        assert!(SignedCheckpoint::open_any(&bytes, &keys).is_ok());
    }
    assert_eq!(
        SignedCheckpoint::open_any(&bytes, &[]),
        Err(CheckpointError::Note(NoteError::NoKnownKey))
    );
    let kept = SignedCheckpoint::open(&bytes, &log_key()).unwrap();
    let only = kept.only_by(&[log_key()]).unwrap();
    assert_eq!(only.note().to_string(), checkpoint.note().to_string());
}

#[test]
fn keys_under_which_anybody_can_sign_are_refused() {
    let name = KeyName::new("w").unwrap();
    let mut weak: Vec<[u8; 32]> = [0, 1]
        .map(|y| {
            let mut key = [0; 32];
            key[0] = y;
            key
        })
        .to_vec();
    // p - 1, p and p + 18: of order two, and not canonical.
    for low in [0xec, 0xed, 0xff] {
        let mut key = [0xff; 32];
        (key[0], key[31]) = (low, 0x7f);
        weak.push(key);
    }
    for mut key in weak {
        for sign in [0, 0x80] {
            key[31] |= sign;
            for kind in [KeyKind::Ed25519, KeyKind::Cosignature] {
                let vkey = Vkey::new(name.clone(), kind, key).to_string();
                assert_eq!(vkey.parse::<Vkey>(), Err(VkeyError::Weak), "{key:02x?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn grease_changes_nothing_for_our_readers(random in any::<[u8; 32]>(), more in any::<[u8; 32]>()) {
        let bytes: [u8; Grease::LEN] = [random, more, random].concat().try_into().unwrap();
        let (cosigned, _) = signed(7).with_cosignatures(
            &[dpo().cosign(&signed(7), at(COSIGNED_AT)), cosigner("b.example/w").cosign(&signed(7), at(3))],
            &[dpo().vkey().clone(), cosigner("b.example/w").vkey().clone()],
        );
        let greased = cosigned.note().clone().greased(&Grease::new(bytes));
        prop_assert_eq!(greased.signatures().len(), 4);
        let bytes = greased.to_string().into_bytes();
        prop_assert_eq!(Note::parse(&bytes), Ok(greased));
        let opened = SignedCheckpoint::open(&bytes, &log_key()).unwrap();
        prop_assert_eq!(opened.checkpoint(), cosigned.checkpoint());
        prop_assert_eq!(opened.cosignatures(&[dpo().vkey().clone()]).unwrap().len(), 1);
        let head = PROOF.split_once("\n\n").unwrap().0;
        let proof: TlogProof = format!("{head}\n\n{}", opened.note()).parse().unwrap();
        let leaf = ledger_core::tree::leaf_hash(b"entry-4");
        prop_assert!(proof.verify(&leaf, &log_key()).is_ok());
    }
}

#[test]
fn grease_comes_at_every_place_and_never_over_the_limit() {
    let mut places = std::collections::BTreeSet::new();
    for byte in 0..=u8::MAX {
        let greased = signed(7)
            .note()
            .clone()
            .greased(&Grease::new([byte; Grease::LEN]));
        let place = greased
            .signatures()
            .iter()
            .position(|one| one.name().as_str().starts_with("grease."));
        places.insert(place.unwrap());
    }
    assert_eq!(places.into_iter().collect::<Vec<_>>(), [0, 1]);
    let signers: Vec<_> = (0..MAX_SIGNATURES)
        .map(|i| Ed25519Signer::from_seed(KeyName::new(&format!("k{i}")).unwrap(), &[i as u8; 32]).unwrap())
        .collect();
    let all: Vec<&dyn NoteSigner> = signers.iter().map(|one| one as &dyn NoteSigner).collect();
    let full = Note::sign("text\n".to_owned(), &all).unwrap();
    let greased = full.clone().greased(&Grease::new([3; Grease::LEN]));
    assert_eq!(greased.signatures().len(), MAX_SIGNATURES);
    assert_eq!(Note::parse(greased.to_string().as_bytes()), Ok(greased.clone()));
    let known: Vec<_> = signers.iter().map(|one| one.vkey().clone()).collect();
    assert_eq!(greased.verify(&known).unwrap().len(), MAX_SIGNATURES);
}

#[test]
fn about_one_published_note_in_eight_is_greased_and_always_the_same_way() {
    let mut greased = 0;
    for size in 1..=800 {
        let note = signed(size).note().clone();
        let published = note.clone().sometimes_greased();
        assert_eq!(published, note.clone().sometimes_greased());
        let opened = SignedCheckpoint::open(published.to_string().as_bytes(), &log_key()).unwrap();
        assert_eq!(opened.checkpoint(), signed(size).checkpoint());
        match published.signatures().len() {
            1 => assert_eq!(published, note),
            2 => greased += 1,
            other => panic!("{other} lines"),
        }
    }
    assert!((60..=140).contains(&greased), "{greased} of 800");
}
