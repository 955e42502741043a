//! Frozen values: each was computed or verified by at least two unrelated programs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tests fail by panicking"
)]

use std::{array, fmt::Debug};

use ledger_core::{
    checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint},
    cosignature::PosixSeconds,
    leaf::{
        ActorClass, Commitment, ErasureHandle, Hour, Leaf, LeafError, RecordNumber, Salt, SubjectKey,
        SubjectKind, SubjectLeaf, SystemKind, UnsignedErasure,
    },
    note::{Ed25519Signer, KeyName, NoteError, NoteSigner, Vkey},
    proof::{TlogProof, TlogProofError},
    tree::{Frontier, Hash, LeafIndex, NodeMap, ProofPlan, TreeSize, leaf_hash, verify_consistency},
};
use proptest::prelude::*;

const LOG_VKEY: &str = "log.example/consent+adf0c63a+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const WITNESS_VKEY: &str = "witness.example/dpo+03cba029+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";
const PROOF: &str = "c2sp.org/tlog-proof@v1
index 4
UUFYUnUVBkx7vTW0TJ8Rrdz8OLQ5VU/Juw2LfGYcPo8=
DP2ldv9LKeozw6/a7tG9Y362VLKKBDAvyrX9fbB4Acw=
JWueiCXl03CkrgBdCQHqKRl34pJ/XPjj5yZg3QlRnts=

log.example/consent
7
kTlgHMHKirKnoMLBNMBIRfKxulSag9bIRc/NpDnMWF0=

\u{2014} log.example/consent rfDGOvz3SC8uoouEbSpZ54CU3Ep5lOWtdVSY/dUsQiQfXga5OpvPoav6cMAPTk3TsJ1Qy5JylqSo2QhVKZleoU47Mww=
\u{2014} witness.example/dpo A8ugKQAAAABpVbkA3PSpERZXd2ofdFJ8oZhuh5jqVi5TwUtQB0gKvId2F80au7LB/39YeR6oDF6m1J/uZ/YiLtbyFYwfzhegVnKWAw==
";

fn bytes<const N: usize>(first: u8) -> [u8; N] {
    array::from_fn(|i| first + i as u8)
}

fn hash(hex: &str) -> Hash {
    Hash::from_slice(&hex::decode(hex).unwrap()).unwrap()
}

fn log_signer() -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyName::new("log.example/consent").unwrap(), &bytes(0)).unwrap()
}

fn entries(count: u64) -> (Frontier, NodeMap) {
    let (mut frontier, mut nodes) = (Frontier::empty(), NodeMap::default());
    for i in 0..count {
        let complete = frontier
            .append(leaf_hash(format!("entry-{i}").as_bytes()))
            .unwrap();
        complete
            .into_iter()
            .for_each(|node| nodes.insert(node.id, node.hash));
    }
    (frontier, nodes)
}

#[test]
fn roots_and_proofs_have_the_frozen_values() {
    for (size, root) in [
        (
            0,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        (
            1,
            "40766b2033429026f53d54502679a839706b4741f8dcaf3a8bba5f41b5ffe075",
        ),
        (
            3,
            "a64bf26e09128f6fe2fe6f8b2d8c801e166b57c047a7cd9b2b809e7a96a2f1cb",
        ),
        (
            4,
            "256b9e8825e5d370a4ae005d0901ea291977e2927f5cf8e3e72660dd09519edb",
        ),
        (
            7,
            "9139601cc1ca8ab2a7a0c2c134c04845f2b1ba549a83d6c845cfcda439cc585d",
        ),
        (
            8,
            "dfcc13b9b0ca932c68de3d59eaaa8fe266a9c8091c0300e8405ebfeb0d0e5832",
        ),
    ] {
        assert_eq!(entries(size).0.root(), hash(root), "root of {size}");
    }
    assert_eq!(
        leaf_hash(b"entry-4"),
        hash("194bb5a2d5bd10e5d1aa6fd5d42980b356caf1da623cd9987c4bfa2f81771ed7")
    );
    let (frontier, nodes) = entries(7);
    let (three, seven) = (TreeSize::new(3).unwrap(), TreeSize::new(7).unwrap());
    let path = ProofPlan::inclusion(LeafIndex::new(6).unwrap(), seven)
        .unwrap()
        .build(&nodes)
        .unwrap();
    assert_eq!(
        path,
        [
            hash("4a136a70087b637e34c3d3daa6cea768b1db13ec475902d2e240b60e3d999c7a"),
            hash("256b9e8825e5d370a4ae005d0901ea291977e2927f5cf8e3e72660dd09519edb"),
        ]
    );
    let proof = ProofPlan::consistency(three, seven)
        .unwrap()
        .build(&nodes)
        .unwrap();
    assert_eq!(
        proof,
        [
            hash("049d7dcdb56bcfebd313304c9839f196a3d4b6ef3bdc0b08298f93ac8191f0a8"),
            hash("27479b6ab321d2ee477452f68ba527748e863cafe8fbd1df2bf89d1570d1b697"),
            hash("2f27a5082c1d42afa488ac350a9fc4390c084f54f71ecdff859e98db8429b479"),
            hash("e429c5b5ccaa9523c37297f1846766f903137e82195c5199e6be57130d1006c8"),
        ]
    );
    verify_consistency(three, seven, &entries(3).0.root(), &frontier.root(), &proof).unwrap();
}

#[test]
fn our_own_proof_has_the_frozen_bytes() {
    let (frontier, nodes) = entries(7);
    let checkpoint = Checkpoint::new("log.example/consent", frontier.size(), frontier.root()).unwrap();
    let signed = SignedCheckpoint::sign(checkpoint, &log_signer()).unwrap();
    let index = LeafIndex::new(4).unwrap();
    let path = ProofPlan::inclusion(index, frontier.size())
        .unwrap()
        .build(&nodes)
        .unwrap();
    let proof = TlogProof::new(index, path, &signed).to_string();
    let without_witness = PROOF
        .lines()
        .filter(|line| !line.contains("witness"))
        .map(|line| format!("{line}\n"));
    assert_eq!(proof, without_witness.collect::<String>());
    assert_eq!(log_signer().vkey().to_string(), LOG_VKEY);
}

#[test]
fn the_frozen_proof_verifies_for_its_leaf_only() {
    let proof: TlogProof = PROOF.parse().unwrap();
    let (log, witness): (Vkey, Vkey) = (LOG_VKEY.parse().unwrap(), WITNESS_VKEY.parse().unwrap());
    assert_eq!(proof.to_string(), PROOF);
    assert_eq!(proof.extra(), None);
    assert_eq!(
        proof.verify(&leaf_hash(b"entry-4"), &log).unwrap().size().get(),
        7
    );
    assert!(matches!(
        proof.verify(&leaf_hash(b"entry-5"), &log),
        Err(TlogProofError::Inclusion(_))
    ));
    let other = Ed25519Signer::from_seed(KeyName::new("log.example/consent").unwrap(), &bytes(1)).unwrap();
    assert_eq!(
        proof.verify(&leaf_hash(b"entry-4"), other.vkey()),
        Err(TlogProofError::Checkpoint(CheckpointError::Note(
            NoteError::NoKnownKey
        )))
    );
    assert_eq!(
        proof.verify(&leaf_hash(b"entry-4"), &witness),
        Err(TlogProofError::Checkpoint(CheckpointError::NotALogKey))
    );
    let keys = [log, witness];
    let verified = proof.checkpoint().verify(&keys).unwrap();
    assert_eq!(
        verified.iter().map(|one| one.cosigned_at).collect::<Vec<_>>(),
        [None, PosixSeconds::new(1_767_225_600)]
    );
}

#[test]
fn malformed_proofs_are_refused() {
    for (what, text) in [
        ("header", PROOF.replacen("@v1", "@v2", 1)),
        ("index", PROOF.replacen("index 4", "index 04", 1)),
        ("sign", PROOF.replacen("index 4", "index +4", 1)),
        (
            "index too large",
            PROOF.replacen("index 4", "index 9223372036854775807", 1),
        ),
        ("hash", PROOF.replacen("Po8=\n", "Po8\n", 1)),
        ("crlf", PROOF.replacen("index 4\n", "index 4\r\n", 1)),
        ("empty line", PROOF.replacen("index 4\n", "index 4\n\n", 1)),
        ("final newline", PROOF.trim_end().to_owned()),
        ("extra", PROOF.replacen("index", "extra !\nindex", 1)),
        (
            "path",
            PROOF.replacen(
                "DP2",
                &"DP2ldv9LKeozw6/a7tG9Y362VLKKBDAvyrX9fbB4Acw=\n".repeat(61),
                1,
            ),
        ),
    ] {
        assert!(text.parse::<TlogProof>().is_err(), "{what}");
    }
    let with_extra: TlogProof = PROOF.replacen("index", "extra aGk=\nindex", 1).parse().unwrap();
    assert_eq!(with_extra.extra(), Some(b"hi".as_slice()));
}

#[test]
fn checkpoint_texts_are_read_strictly() {
    let good = "log.example/consent\n7\nkTlgHMHKirKnoMLBNMBIRfKxulSag9bIRc/NpDnMWF0=\n";
    assert_eq!(good.parse::<Checkpoint>().unwrap().to_string(), good);
    let extended = format!("{good}something else\n");
    assert_eq!(extended.parse::<Checkpoint>().unwrap().to_string(), extended);
    for wrong in [
        "",
        "\n",
        "a\n",
        "a\n7\n",
        &good[1..].replace("og.example/consent", ""),
        &good.replace("\n7\n", "\n07\n"),
        &good.replace("\n7\n", "\n-7\n"),
        &good.replace("\n7\n", "\n9223372036854775808\n"),
        &good.replace("\n7\n", "\n0\n"),
        &good.replace("0=\n", "0\n"),
        good.trim_end(),
        &format!("{good}\n"),
    ] {
        assert!(wrong.parse::<Checkpoint>().is_err(), "{wrong:?}");
    }
}

fn frozen_leaf() -> SubjectLeaf {
    let (key, salt) = (SubjectKey::new(bytes(0x80)), Salt::new(bytes(0)));
    let n = RecordNumber::new(2).unwrap();
    let (kind, tag) = (SubjectKind::ConsentOpened, key.tag(n));
    let commitment = Commitment::of(&salt, kind, n, &tag, br#"{"grant":"g-1"}"#);
    SubjectLeaf {
        kind,
        actor: ActorClass::Participant,
        hour: Hour::new(490_896),
        tag,
        commitment,
    }
}

fn debugs_as(value: impl Debug, hex: &str) {
    assert_eq!(format!("{value:?}"), hex);
}

#[test]
fn leaf_tag_and_commitment_have_the_frozen_values() {
    let key = SubjectKey::new(bytes(0x80));
    for (n, tag) in [
        (
            1,
            "a4f3c9612542f9c4c0559dba18a3d753849bd4a18322629903436dea15459f14",
        ),
        (
            2,
            "9a0d65777fe237ed49d7c5d1df20db1a72e3c8cfc155efc2022452df449ae679",
        ),
        (
            3,
            "60a84bc86a7cb4fc42749949bfac5d8656063a59d24426ace91404c458b1bf15",
        ),
    ] {
        debugs_as(key.tag(RecordNumber::new(n).unwrap()), tag);
    }
    let leaf = frozen_leaf();
    debugs_as(
        leaf.commitment,
        "56b019449ba40907c1b560aa4a32f1f9ca07b5b74caf3ccdc84f4c2eaacb37aa",
    );
    assert_eq!(&leaf.to_bytes()[..8], hex::decode("0102010000077d90").unwrap());
    assert_eq!(
        leaf_hash(&leaf.to_bytes()),
        hash("f31d06b4609602c021d4a7a279ad22bfb20a707910cb84c3e3796895e14e38ef")
    );
    debugs_as(
        key.erasure_handle(),
        "235798d3370ca6908f3e29691ec5b02dd6214bbd012e7435131a750f130f7a4d",
    );
    assert_eq!(
        Hour::of_unix_micros(1_767_225_600_000_000),
        Some(Hour::new(490_896))
    );
    assert_eq!(
        Hour::of_unix_micros(1_767_225_599_999_999),
        Some(Hour::new(490_895))
    );
    assert_eq!(Hour::of_unix_micros(-1), None);
}

#[test]
fn a_map_root_leaf_is_recognised() {
    let leaf = hex::decode(concat!(
        "0140000000077d9000000000000000040000000000000004",
        "73a99a26a487260b16f76d784d9d002e5a7ae1739c59fa2f5ea81216d23f96c1"
    ))
    .unwrap();
    assert_eq!(
        leaf_hash(&leaf),
        hash("cdeb2048e89fbaf105b0c27261a3f00889c1cde3d5eeaed8bcc09bdc4719f458")
    );
    let Leaf::System(parsed) = Leaf::parse(&leaf).unwrap() else {
        panic!("not a system leaf")
    };
    assert_eq!((parsed.kind, parsed.actor), (SystemKind::MapRoot, None));
    assert_eq!(parsed.to_bytes(), leaf);
    assert_eq!(Leaf::parse(&leaf[..55]), Err(LeafError::WrongLength { len: 55 }));
}

#[test]
fn malformed_leaves_are_refused() {
    let good = frozen_leaf().to_bytes();
    assert_eq!(Leaf::parse(&good), Ok(Leaf::Subject(frozen_leaf())));
    let with = |place: usize, byte: u8| {
        let mut leaf = good;
        leaf[place] = byte;
        Leaf::parse(&leaf).unwrap_err()
    };
    assert_eq!(with(0, 2), LeafError::UnknownVersion { version: 2 });
    assert_eq!(with(1, 0), LeafError::UnknownKind { kind: 0 });
    assert_eq!(with(1, 0x0b), LeafError::UnknownKind { kind: 0x0b });
    assert_eq!(with(1, 0x48), LeafError::UnknownKind { kind: 0x48 });
    assert_eq!(with(2, 0), LeafError::UnknownActor { actor: 0 });
    assert_eq!(with(2, 7), LeafError::UnknownActor { actor: 7 });
    assert_eq!(with(3, 1), LeafError::ReservedNotZero);
    for len in (0..72).chain([73]) {
        let leaf: Vec<u8> = good.iter().copied().chain([0]).take(len).collect();
        assert_eq!(Leaf::parse(&leaf), Err(LeafError::WrongLength { len }));
    }
}

#[test]
fn a_commitment_opens_in_its_own_place_only() {
    let (key, salt) = (SubjectKey::new(bytes(0x80)), Salt::new(bytes(0)));
    let (two, three) = (RecordNumber::new(2).unwrap(), RecordNumber::new(3).unwrap());
    let (kind, tag) = (SubjectKind::ConsentOpened, key.tag(two));
    let record = br#"{"grant":"g-1"}"#.as_slice();
    let right = Commitment::of(&salt, kind, two, &tag, record);
    for wrong in [
        Commitment::of(&Salt::new(bytes(1)), kind, two, &tag, record),
        Commitment::of(&salt, SubjectKind::ConsentClosed, two, &tag, record),
        Commitment::of(&salt, kind, three, &tag, record),
        Commitment::of(&salt, kind, two, &key.tag(three), record),
        Commitment::of(&salt, kind, two, &tag, br#"{"grant":"g-2"}"#),
    ] {
        assert_ne!(wrong, right);
    }
    for len in [0, 32, 63, 65] {
        assert!(Salt::from_slice(&vec![0; len]).is_none(), "{len} bytes");
    }
    assert_eq!(format!("{key:?} {salt:?}"), "SubjectKey(..) Salt(..)");
}

#[test]
fn an_erasure_verifies_for_its_log_and_officer_only() {
    let officer = Ed25519Signer::from_seed(KeyName::new("broker.example/dpo").unwrap(), &bytes(7)).unwrap();
    let other = Ed25519Signer::from_seed(KeyName::new("broker.example/dpo").unwrap(), &bytes(8)).unwrap();
    let erasure = UnsignedErasure {
        hour: Hour::new(490_896),
        handle: SubjectKey::new(bytes(0x80)).erasure_handle(),
        records: 3,
        policy: leaf_hash(b"policy"),
    };
    let leaf = erasure.sign("log.example/consent", &officer);
    let bytes = leaf.to_bytes();
    assert_eq!(bytes.len(), 144);
    assert_eq!(&bytes[..8], hex::decode("0141030000077d90").unwrap());
    assert_eq!(Leaf::parse(&bytes), Ok(Leaf::Erasure(leaf)));
    assert!(leaf.verifies("log.example/consent", officer.vkey()));
    assert!(!leaf.verifies("log.example/other", officer.vkey()));
    assert!(!leaf.verifies("log.example/consent", other.vkey()));
    for place in 0..144 {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << bit;
            let still = matches!(Leaf::parse(&flipped), Ok(Leaf::Erasure(leaf)) if leaf.verifies("log.example/consent", officer.vkey()));
            assert!(!still, "bit {bit} of byte {place}");
        }
    }
    let record = SubjectKey::new([1; 32]).record_erasure_handle(RecordNumber::FIRST);
    assert_ne!(record, SubjectKey::new([1; 32]).erasure_handle());
    assert_eq!(ErasureHandle::new(*record.as_bytes()), record);
}

proptest! {
    #[test]
    fn any_bytes_are_read_as_a_leaf_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..160), kind in 0_u8..0x48) {
        let typed: Vec<u8> = [1, kind, 3, 0].into_iter().chain(bytes.iter().copied()).collect();
        for bytes in [bytes, typed] {
            match Leaf::parse(&bytes) {
                Ok(Leaf::Subject(leaf)) => prop_assert_eq!(leaf.to_bytes().to_vec(), bytes),
                Ok(Leaf::Erasure(leaf)) => prop_assert_eq!(leaf.to_bytes(), bytes),
                Ok(Leaf::System(leaf)) => prop_assert_eq!(leaf.to_bytes(), bytes),
                Err(_) => {}
            }
        }
    }

    #[test]
    fn any_text_is_read_as_a_proof_without_panic(place in 0_usize..700, insert in "\\PC{0,3}|\n{1,3}") {
        let mut text = PROOF.to_owned();
        let place = (place..).find(|at| text.is_char_boundary(*at % text.len())).unwrap() % text.len();
        text.insert_str(place, &insert);
        if let Ok(proof) = text.parse::<TlogProof>() {
            prop_assert_eq!(proof.to_string(), text);
        }
    }
}
