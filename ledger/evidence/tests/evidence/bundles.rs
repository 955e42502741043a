//! The file a person keeps, and the folders of recipients.

use evidence::{
    bundle::{Bundle, BundleError, KeySource, TagCheck, leaf_of},
    delivery::{self, DELIVERY, DeliveryError, MANIFEST, NamedFile},
    record::Record,
};
use ledger_core::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    leaf::{ActorClass, Hour, RecordNumber, Salt, SubjectKey},
    note::{Note, NoteSigner},
    proof::{TlogProof, TlogProofError},
    tree::{LeafIndex, leaf_hash},
};
use proptest::prelude::*;

use crate::samples::{all, bundles, log_signer, release, signed, subject_key, transfer_out};

#[test]
fn every_record_of_a_log_verifies_with_its_bundle() {
    let log_key = log_signer(1).vkey().clone();
    for (i, (bundle, record)) in bundles(&all()).iter().zip(all()).enumerate() {
        let read = Bundle::parse(&bundle.to_bytes().unwrap()).unwrap();
        let verified = read.verify(Some(&log_key), Some(&subject_key())).unwrap();
        assert_eq!(verified.record, record);
        assert_eq!(
            (verified.index.get(), verified.checkpoint.size().get()),
            (i as u64, all().len() as u64)
        );
        assert_eq!(
            (verified.log_key, verified.tag),
            (KeySource::Pinned, TagCheck::Checked)
        );
        let alone = read.verify(None, None).unwrap();
        assert_eq!(
            (alone.log_key, alone.tag),
            (KeySource::Evidence, TagCheck::NotChecked)
        );
    }
}

fn refuses_every_flip(bundle: &Bundle) {
    let bytes = bundle.to_bytes().unwrap();
    Bundle::parse(&bytes).unwrap().verify(None, None).unwrap();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << bit;
            let verdict = Bundle::parse(&flipped).and_then(|bundle| bundle.verify(None, None));
            assert!(verdict.is_err(), "bit {bit} of byte {place}");
        }
    }
}

#[test]
fn one_flipped_bit_anywhere_is_refused() {
    refuses_every_flip(&bundles(&all())[4]);
}

#[test]
fn one_flipped_bit_is_refused_in_a_log_of_one_leaf_too() {
    refuses_every_flip(&bundles(&all()[2..3])[0]);
}

#[test]
fn bytes_added_or_removed_are_refused() {
    let bytes = bundles(&all())[2].to_bytes().unwrap();
    for place in 0..=bytes.len() {
        for added in *b" \n0A/,\"" {
            let mut longer = bytes.clone();
            longer.insert(place, added);
            let verdict = Bundle::parse(&longer).and_then(|bundle| bundle.verify(None, None));
            assert!(verdict.is_err(), "{added} at {place}");
        }
        if place < bytes.len() {
            let mut shorter = bytes.clone();
            shorter.remove(place);
            assert!(
                Bundle::parse(&shorter)
                    .and_then(|bundle| bundle.verify(None, None))
                    .is_err(),
                "{place}"
            );
        }
    }
}

#[test]
fn parts_of_other_bundles_do_not_fit() {
    let made = bundles(&all());
    let (one, other) = (&made[3], &made[4]);
    let verify = |bundle: Bundle| bundle.verify(None, Some(&subject_key())).unwrap_err();
    let other_proof = verify(Bundle {
        proof: other.proof.clone(),
        ..one.clone()
    });
    assert!(matches!(
        other_proof,
        BundleError::Proof(TlogProofError::Inclusion(_))
    ));
    assert!(matches!(
        verify(Bundle {
            record: other.record.clone(),
            ..one.clone()
        }),
        BundleError::Commitment
    ));
    assert!(matches!(
        verify(Bundle {
            salt: other.salt.clone(),
            ..one.clone()
        }),
        BundleError::Commitment
    ));
    assert!(matches!(
        verify(Bundle {
            n: other.n,
            ..one.clone()
        }),
        BundleError::Commitment
    ));
    let wrong_leaf = verify(Bundle {
        leaf: other.leaf,
        ..one.clone()
    });
    assert!(matches!(
        wrong_leaf,
        BundleError::Proof(TlogProofError::Inclusion(_))
    ));
    let wrong_key = Bundle {
        log_key: log_signer(2).vkey().clone(),
        ..one.clone()
    };
    assert!(matches!(
        verify(wrong_key),
        BundleError::Proof(TlogProofError::Checkpoint(_))
    ));
    let verdict = one.verify(Some(log_signer(2).vkey()), None);
    assert!(matches!(verdict, Err(BundleError::OtherLog)));
    let verdict = one.verify(None, Some(&SubjectKey::new([1; 32])));
    assert!(matches!(verdict, Err(BundleError::Tag { n: 4 })));
}

/// A bundle in a log of its own, whose leaf was changed before it was logged.
fn logged(record: &Record, change: impl FnOnce(&mut ledger_core::leaf::SubjectLeaf)) -> Bundle {
    let (jws, salt, signer) = (signed(record), Salt::new([3; 64]), log_signer(1));
    let mut leaf = leaf_of(
        record,
        &jws,
        ActorClass::Broker,
        &subject_key(),
        RecordNumber::FIRST,
        &salt,
    )
    .unwrap();
    change(&mut leaf);
    let index = LeafIndex::new(0).unwrap();
    let root = leaf_hash(&leaf.to_bytes());
    let checkpoint = Checkpoint::new("log.example/consent", index.smallest_tree(), root).unwrap();
    let proof = TlogProof::new(
        index,
        vec![],
        &SignedCheckpoint::sign(checkpoint, &signer).unwrap(),
    );
    Bundle {
        record: jws,
        salt,
        leaf,
        proof,
        ..bundles(&all()[..1]).remove(0)
    }
}

#[test]
fn a_leaf_of_another_kind_or_hour_is_refused() {
    let record = Record::TransferOut(transfer_out());
    logged(&record, |_| {}).verify(None, None).unwrap();
    let other_hour = logged(&record, |leaf| leaf.hour = Hour::new(leaf.hour.get() + 1));
    assert!(matches!(
        other_hour.verify(None, None),
        Err(BundleError::LeafOfAnotherEvent)
    ));
    let other_kind = logged(&record, |leaf| leaf.kind = ledger_core::leaf::SubjectKind::Access);
    assert!(matches!(
        other_kind.verify(None, None),
        Err(BundleError::Commitment)
    ));
}

/// The bundle with these signers under its checkpoint.
fn signed_by(bundle: &Bundle, signers: &[&dyn NoteSigner]) -> Vec<u8> {
    let note = bundle.proof.checkpoint();
    let more = Note::sign(note.text().to_owned(), signers).unwrap();
    let proof = bundle
        .proof
        .to_string()
        .replace(&note.to_string(), &more.to_string());
    let bundle = Bundle {
        proof: proof.parse().unwrap(),
        ..bundle.clone()
    };
    bundle.to_bytes().unwrap()
}

#[test]
fn lines_of_unknown_keys_are_ignored_and_a_wrong_one_of_the_log_is_refused() {
    let bundle = bundles(&all()).remove(0);
    let (log, grease) = (log_signer(1), log_signer(5));
    for count in [1, 15] {
        let mut signers: Vec<&dyn NoteSigner> = vec![&grease; count];
        signers.insert(count / 2, &log);
        let read = Bundle::parse(&signed_by(&bundle, &signers)).unwrap();
        let verified = read.verify(Some(log.vkey()), None).unwrap();
        assert_eq!(verified.checkpoint.note().signatures().len(), count + 1);
    }
    let mut many: Vec<&dyn NoteSigner> = vec![&grease; 16];
    many.push(&log);
    assert!(matches!(
        Bundle::parse(&signed_by(&bundle, &many)),
        Err(BundleError::SignatureLines)
    ));
    let without_the_log = Bundle::parse(&signed_by(&bundle, &[&grease])).unwrap();
    assert!(matches!(
        without_the_log.verify(None, None),
        Err(BundleError::Proof(_))
    ));
    // A second line that names the log and is not its signature: known but invalid rejects the whole note.
    let right = String::from_utf8(signed_by(&bundle, &[&log, &grease])).unwrap();
    let own = bundle.proof.checkpoint().signatures()[0].to_string();
    let field = own.rsplit(' ').next().unwrap();
    let wrong = own.replace(field, &format!("{}AAAA{}", &field[..40], &field[44..]));
    let forged = right.replacen(&format!("{own}\\n"), &format!("{own}\\n{wrong}\\n"), 1);
    assert_ne!(right, forged);
    assert!(
        Bundle::parse(&forged.into_bytes())
            .unwrap()
            .verify(None, None)
            .is_err()
    );
}

#[test]
fn an_extra_line_is_refused() {
    let bundle = bundles(&all()).remove(0);
    let proof = bundle.proof.to_string().replacen("index", "extra aGk=\nindex", 1);
    let bytes = Bundle {
        proof: proof.parse().unwrap(),
        ..bundle
    }
    .to_bytes()
    .unwrap();
    assert!(Bundle::parse(&bytes).is_err());
}

fn named<'a>(files: &[(&'a str, &'a str)]) -> Vec<NamedFile<'a>> {
    files
        .iter()
        .map(|(name, text)| NamedFile {
            name,
            bytes: text.as_bytes(),
        })
        .collect()
}

const RELEASED: [(&str, &str); 4] = [
    (DELIVERY, "age file"),
    (MANIFEST, "{}"),
    ("curve.csv", "a,b\n"),
    ("curve.parquet", "PAR1"),
];

#[test]
fn a_release_is_checked_sealed_or_opened() {
    let record = Record::Release(release());
    assert_eq!(
        delivery::check(&record, &named(&RELEASED))
            .unwrap()
            .matching
            .len(),
        4
    );
    assert_eq!(
        delivery::check(&record, &named(&RELEASED[..1]))
            .unwrap()
            .absent
            .len(),
        3
    );
    assert_eq!(
        delivery::check(&record, &named(&RELEASED[1..])).unwrap().absent,
        [DELIVERY]
    );
    for missing in 1..4 {
        let mut files = named(&RELEASED);
        files.remove(missing);
        assert!(matches!(
            delivery::check(&record, &files),
            Err(DeliveryError::Missing { .. })
        ));
    }
    for changed in 0..4 {
        for text in ["", "other", "age filE", "a,b\r"] {
            let mut files = RELEASED;
            files[changed].1 = text;
            let verdict = delivery::check(&record, &named(&files));
            assert!(
                matches!(verdict, Err(DeliveryError::Different { .. })),
                "{changed} {text}"
            );
        }
    }
    let surplus = [RELEASED.as_slice(), &[("notes.txt", "")]].concat();
    assert!(matches!(
        delivery::check(&record, &named(&surplus)),
        Err(DeliveryError::Unnamed { .. })
    ));
    assert_eq!(delivery::check(&record, &[]), Err(DeliveryError::NothingToCheck));
}

#[test]
fn a_delivery_is_one_sealed_file() {
    let record = Record::TransferOut(transfer_out());
    assert_eq!(
        delivery::check(&record, &named(&RELEASED[..1])).unwrap().matching,
        [DELIVERY]
    );
    assert!(matches!(
        delivery::check(&record, &named(&RELEASED[..2])),
        Err(DeliveryError::Unnamed { .. })
    ));
    assert_eq!(
        delivery::check(&all()[0], &named(&RELEASED[..1])),
        Err(DeliveryError::NotADelivery)
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        prop_assert!(Bundle::parse(&bytes).is_err());
    }
}
