use std::array;

use proptest::prelude::*;

use super::*;
use crate::{
    checkpoint::Checkpoint,
    note::{Ed25519Signer, KeyName},
    tree::{Frontier, NodeMap, ProofPlan},
};

/// Verified by `scitt-cose` as well: EdDSA, seed 40 41 .. 5f, `entry-4` of 7, key id `k1`, no `typ`.
const VECTOR: &str = concat!(
    "d2845836a4012704426b310fa201736c6f672e6578616d706c652f636f6e73656e74027275726e3a636f6e73656e743a7265636f",
    "726419018b01a119018ca12081586a830704835820514158527515064c7bbd35b44c9f11addcfc38b439554fc9bb0d8b7c661c3e",
    "8f58200cfda576ff4b29ea33c3afdaeed1bd637eb654b28a04302fcab5fd7db07801cc5820256b9e8825e5d370a4ae005d0901ea",
    "291977e2927f5cf8e3e72660dd09519edbf65840e0fff228aa921365203ec7a8f24b3b2d781511491ae13cfde99913fe33e22a5c",
    "e6a3e2b6298acb2e10fc330adb24cc7e5aed95809799b83544d412a0ef4ca503",
);

const ORIGIN: &str = "log.example/consent";
const SUBJECT: &str = "urn:consent:record";

fn signer() -> Ed25519ReceiptSigner {
    let seed = array::from_fn(|i| 0x40 + u8::try_from(i).unwrap());
    Ed25519ReceiptSigner::from_seed(KeyName::new(ORIGIN).unwrap(), &seed).unwrap()
}

fn named() -> Ed25519ReceiptSigner {
    signer().named(b"k1").unwrap()
}

fn checkpoint(origin: &str, size: u64) -> (SignedCheckpoint, NodeMap) {
    let (mut frontier, mut nodes) = (Frontier::empty(), NodeMap::default());
    for i in 0..size {
        let complete = frontier
            .append(leaf_hash(format!("entry-{i}").as_bytes()))
            .unwrap();
        complete
            .into_iter()
            .for_each(|node| nodes.insert(node.id, node.hash));
    }
    let key = Ed25519Signer::from_seed(KeyName::new(origin).unwrap(), &[7; 32]).unwrap();
    let head = Checkpoint::new(origin, frontier.size(), frontier.root()).unwrap();
    (SignedCheckpoint::sign(head, &key).unwrap(), nodes)
}

fn place(index: u64, size: u64) -> (LeafIndex, Vec<Hash>, SignedCheckpoint) {
    let (head, nodes) = checkpoint(ORIGIN, size);
    let index = LeafIndex::new(index).unwrap();
    let path = ProofPlan::inclusion(index, head.size())
        .unwrap()
        .build(&nodes)
        .unwrap();
    (index, path, head)
}

fn inclusion(index: u64, size: u64) -> InclusionReceipt {
    let (index, path, head) = place(index, size);
    let entry = format!("entry-{index}");
    InclusionReceipt::sign(entry.as_bytes(), index, path, &head, SUBJECT, &named()).unwrap()
}

fn consistency(old: u64, new: u64) -> ConsistencyReceipt {
    let ((old, _), (new, nodes)) = (checkpoint(ORIGIN, old), checkpoint(ORIGIN, new));
    let path = ProofPlan::consistency(old.size(), new.size())
        .unwrap()
        .build(&nodes)
        .unwrap();
    ConsistencyReceipt::sign(&old, &new, path, SUBJECT, &named()).unwrap()
}

fn root(size: u64) -> Hash {
    checkpoint(ORIGIN, size).0.root()
}

#[test]
fn the_vector_verifies_and_is_reproduced_byte_for_byte() {
    let bytes = hex::decode(VECTOR).unwrap();
    assert_eq!(bytes.len(), 240);
    let public = "2543b92ff1095511476adc8369db6ddc933665a11978dda1404ee1066ca9559d";
    assert_eq!(hex::encode(signer().key().public()), public);
    let receipt = InclusionReceipt::parse(&bytes).unwrap();
    assert_eq!(receipt.verify(b"entry-4", named().key()), Ok(root(7)));
    assert_eq!((receipt.index().get(), receipt.size().get()), (4, 7));
    assert_eq!(receipt.subject(), SUBJECT);
    let (index, path, head) = place(4, 7);
    let again = InclusionReceipt::sign_as(None, b"entry-4", (index, path), &head, SUBJECT, &named());
    assert_eq!(again.unwrap().to_bytes(), bytes);
}

#[test]
fn our_receipts_have_the_frozen_bytes() {
    assert_eq!(
        hex::encode(inclusion(4, 7).to_bytes()),
        include_str!("inclusion.hex").replace(char::is_whitespace, "")
    );
    assert_eq!(
        hex::encode(consistency(3, 7).to_bytes()),
        include_str!("consistency.hex").replace(char::is_whitespace, "")
    );
}

#[test]
fn every_leaf_of_every_small_tree_is_proven_and_no_other() {
    for size in 1..=17 {
        for index in 0..size {
            let bytes = inclusion(index, size).to_bytes();
            let receipt = InclusionReceipt::parse(&bytes).unwrap();
            assert_eq!(receipt.to_bytes(), bytes);
            let entry = format!("entry-{index}");
            assert_eq!(receipt.verify(entry.as_bytes(), named().key()), Ok(root(size)));
            let other = receipt.verify(b"entry-x", named().key());
            assert_eq!(other, Err(ReceiptError::Signature), "{index} of {size}");
        }
    }
}

#[test]
fn every_pair_of_small_trees_is_consistent_from_the_remembered_root_alone() {
    for new in 1..=17 {
        for old in 1..=new {
            let bytes = consistency(old, new).to_bytes();
            let receipt = ConsistencyReceipt::parse(&bytes).unwrap();
            assert_eq!(receipt.to_bytes(), bytes);
            assert_eq!(receipt.verify(&root(old), named().key()), Ok(root(new)));
            assert!(
                receipt.verify(&root(18), named().key()).is_err(),
                "{old} to {new}"
            );
        }
    }
}

#[test]
fn what_is_not_so_is_not_signed() {
    let (index, path, head) = place(4, 7);
    let sign = |entry: &[u8], head: &SignedCheckpoint, subject: &str| {
        InclusionReceipt::sign(entry, index, path.clone(), head, subject, &named()).unwrap_err()
    };
    let mismatch = ReceiptError::Proof(ProofError::RootMismatch);
    assert_eq!(sign(b"entry-5", &head, SUBJECT), mismatch);
    let (other, _) = checkpoint("log.example/other", 7);
    assert_eq!(sign(b"entry-4", &other, SUBJECT), ReceiptError::OtherIssuer);
    for subject in ["", "a\nb", &"x".repeat(257)] {
        assert!(matches!(
            sign(b"entry-4", &head, subject),
            ReceiptError::Malformed { .. }
        ));
    }
    let (empty, _) = checkpoint(ORIGIN, 0);
    let from_nothing = ConsistencyReceipt::sign(&empty, &head, vec![], SUBJECT, &named());
    assert_eq!(from_nothing, Err(ReceiptError::Proof(ProofError::WrongLength)));
}

#[test]
fn another_key_id_issuer_or_key_is_refused() {
    let receipt = inclusion(4, 7);
    let verify = |key: &ReceiptKey| receipt.verify(b"entry-4", key).unwrap_err();
    let issuer = || KeyName::new(ORIGIN).unwrap();
    assert_eq!(verify(signer().key()), ReceiptError::OtherKey);
    let stranger = ReceiptKey::with_id(issuer(), b"k1", [9; 32]).unwrap();
    assert_eq!(verify(&stranger), ReceiptError::Signature);
    let other = KeyName::new("log.example/other").unwrap();
    let other = ReceiptKey::with_id(other, b"k1", *signer().key().public()).unwrap();
    assert_eq!(verify(&other), ReceiptError::OtherIssuer);
    assert_eq!(ReceiptKey::with_id(issuer(), b"", [9; 32]), None);
    assert_eq!(ReceiptKey::with_id(issuer(), &[1; 65], [9; 32]), None);
}

/// One root, one key, one issuer: only `typ` keeps the two kinds apart.
#[test]
fn no_signature_serves_for_the_other_kind() {
    let (inclusion, consistency) = (inclusion(6, 7), consistency(7, 7));
    assert_ne!(inclusion.message, consistency.message);
    let proof = encode_proof((7, 7), &[]);
    let forged = inclusion.message.encode(&proof);
    let at = forged.windows(3).position(|w| w == [0x8c, 0xa1, 0x20]).unwrap() + 2;
    let mut forged = forged;
    forged[at] = 0x21;
    assert_eq!(ConsistencyReceipt::parse(&forged), Err(ReceiptError::OtherKind));
    assert_eq!(
        InclusionReceipt::parse(&consistency.to_bytes()),
        Err(ReceiptError::OtherKind)
    );
    // Nor one without `typ`, as other issuers write them.
    let mut untyped = hex::decode(VECTOR).unwrap();
    let at = untyped.windows(3).position(|w| w == [0x8c, 0xa1, 0x20]).unwrap() + 2;
    untyped[at] = 0x21;
    assert_eq!(ConsistencyReceipt::parse(&untyped), Err(ReceiptError::OtherKind));
}

#[test]
fn a_path_of_another_length_is_refused() {
    let receipt = inclusion(4, 7);
    let with = |path: Vec<Hash>| InclusionReceipt {
        path,
        ..receipt.clone()
    };
    let wrong = Err(ReceiptError::Proof(ProofError::WrongLength));
    let longer = [receipt.path.clone(), vec![root(1)]].concat();
    for path in [vec![], receipt.path[..2].to_vec(), longer, vec![root(1); 64]] {
        let bytes = with(path).to_bytes();
        assert_eq!(
            InclusionReceipt::parse(&bytes)
                .unwrap()
                .verify(b"entry-4", named().key()),
            wrong
        );
    }
    let endless = with(vec![root(1); 65]).to_bytes();
    assert_eq!(InclusionReceipt::parse(&endless).map(|_| root(1)), wrong);
    assert!(InclusionReceipt::parse(&with(vec![root(1); 200]).to_bytes()).is_err());
}

#[test]
fn numbers_without_a_tree_are_refused() {
    let receipt = inclusion(4, 7);
    for (size, index) in [(4, 4), (0, 0), (1 << 63, 4), (u64::MAX, u64::MAX)] {
        let bytes = receipt
            .message
            .encode(&encode_proof((size, index), &receipt.path));
        assert!(InclusionReceipt::parse(&bytes).is_err(), "{index} of {size}");
    }
    let shrunk = consistency(3, 7);
    let bytes = shrunk.message.encode(&encode_proof((7, 3), &shrunk.path));
    let shrunk = ConsistencyReceipt::parse(&bytes)
        .unwrap()
        .verify(&root(7), named().key());
    assert!(matches!(
        shrunk,
        Err(ReceiptError::Proof(ProofError::Shrunk { .. }))
    ));
}

/// Replaces bytes of the vector, wherever they stand first.
fn spoiled(from: &str, to: &str) -> Result<InclusionReceipt, ReceiptError> {
    assert!(VECTOR.contains(from), "{from}");
    InclusionReceipt::parse(&hex::decode(VECTOR.replacen(from, to, 1)).unwrap())
}

fn is_malformed(result: &Result<InclusionReceipt, ReceiptError>) -> bool {
    matches!(result, Err(ReceiptError::Malformed { .. }))
}

#[test]
fn other_algorithms_and_trees_are_refused_by_name() {
    assert_eq!(
        spoiled("5836a40127", "5836a40126"),
        Err(ReceiptError::Algorithm { alg: -7 })
    );
    assert_eq!(
        spoiled("5836a40127", "5836a40101"),
        Err(ReceiptError::Algorithm { alg: 1 })
    );
    assert_eq!(
        spoiled("19018b01a1", "19018b02a1"),
        Err(ReceiptError::Structure { vds: 2 })
    );
}

#[test]
fn bytes_that_are_not_the_one_spelling_are_refused() {
    for (from, to) in [
        // Another tag, no tag at all, an array of three, of indefinite length.
        ("d284", "d184"),
        ("d284", "84"),
        ("d284", "d283"),
        ("d284", "d29f"),
        // The tag, the algorithm and the tree size in longer heads than they need.
        ("d284", "d81284"),
        ("5836a40127", "5837a4013807"),
        ("586a8307", "586b831807"),
        // A label twice, one in the place of another, one too many, one unknown.
        ("0442", "0142"),
        ("0127", "0427"),
        ("5836a4", "5836a5"),
        ("5836a4", "5836a3"),
        ("0442", "0242"),
        // The protected header with surplus bytes, and with fewer.
        ("5836a4", "5835a4"),
        ("19018b01a1", "19018b0100a1"),
        // Unprotected: two pairs, an unknown label, no pair.
        ("a119018c", "a219018c"),
        ("a119018c", "a119018d"),
        ("a119018ca12081", "a0a12081"),
        // No proof, two proofs, a proof of consistency.
        ("a12081", "a12080"),
        ("a12081", "a12082"),
        ("a12081", "a12181"),
        // An attached payload, a signature of another length.
        ("f65840", "405840"),
        ("f65840", "f6583f"),
        // A hash of 31 bytes, an empty one, a path of indefinite length, four numbers.
        ("835820", "83581f"),
        ("835820", "8340"),
        ("83070483", "8307049f"),
        ("83070483", "84070483"),
        // A negative index.
        ("83070483", "83072383"),
        // An issuer that is not UTF-8.
        ("736c6f67", "73ff6f67"),
    ] {
        assert!(
            is_malformed(&spoiled(from, to)),
            "{from} to {to}: {:?}",
            spoiled(from, to)
        );
    }
}

#[test]
fn cut_and_extended_receipts_are_refused() {
    let bytes = hex::decode(VECTOR).unwrap();
    for len in 0..bytes.len() {
        assert!(is_malformed(&InclusionReceipt::parse(&bytes[..len])), "{len}");
    }
    for surplus in [&[0][..], &[0xf6], &bytes] {
        assert!(is_malformed(&InclusionReceipt::parse(
            &[&bytes, surplus].concat()
        )));
    }
    assert!(is_malformed(&InclusionReceipt::parse(&vec![
        0xd2;
        MAX_RECEIPT_LEN + 1
    ])));
}

fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(move |bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

#[test]
fn every_flipped_bit_is_refused_or_shows_against_the_checkpoint() {
    for bytes in flipped(&inclusion(4, 7).to_bytes()) {
        let Ok(receipt) = InclusionReceipt::parse(&bytes) else {
            continue;
        };
        if let Ok(found) = receipt.verify(b"entry-4", named().key()) {
            assert_eq!(
                (found, receipt.size() == TreeSize::new(7).unwrap()),
                (root(7), false)
            );
        }
    }
    for bytes in flipped(&consistency(3, 7).to_bytes()) {
        let Ok(receipt) = ConsistencyReceipt::parse(&bytes) else {
            continue;
        };
        if let Ok(found) = receipt.verify(&root(3), named().key()) {
            let sizes = (receipt.old_size().get(), receipt.new_size().get());
            assert!(found == root(7) && sizes != (3, 7), "{sizes:?}");
        }
    }
}

/// The signature covers the root, not the numbers in the unprotected header (RFC 9942): where two sizes ask for paths
/// of one shape, the receipt verifies for both, and only the checkpoint tells which is true.
#[test]
fn sizes_are_only_as_true_as_the_checkpoint_they_are_held_against() {
    let receipt = consistency(3, 7);
    let bytes = receipt.message.encode(&encode_proof((3, 6), &receipt.path));
    let forged = ConsistencyReceipt::parse(&bytes).unwrap();
    let found = forged.verify(&root(3), named().key()).unwrap();
    assert_eq!(found, root(7));
    assert_ne!(
        (forged.new_size(), found),
        (checkpoint(ORIGIN, 6).0.size(), root(6))
    );
}

#[test]
fn a_key_reads_back_and_is_named_by_its_thumbprint() {
    let key = signer().key().clone();
    // RFC 9679 §4.1, by hand: a3 01 01 20 06 21 58 20 and the public key.
    let required = [
        &[0xa3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, 0x20][..],
        key.public(),
    ]
    .concat();
    assert_eq!(key.id(), crate::tree::digest(&[&required]).as_bytes());
    let bytes = key.to_cose_key();
    let issuer = || KeyName::new(ORIGIN).unwrap();
    assert_eq!(ReceiptKey::from_cose_key(issuer(), &bytes), Ok(key));
    for len in 0..bytes.len() {
        assert!(ReceiptKey::from_cose_key(issuer(), &bytes[..len]).is_err());
    }
    // Another curve, another algorithm.
    for (at, value) in [(bytes.len() - 36, 0x07), (2, 0x02)] {
        let mut other = bytes.clone();
        other[at] = value;
        assert!(ReceiptKey::from_cose_key(issuer(), &other).is_err(), "{at}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = InclusionReceipt::parse(&bytes);
        let _ = ConsistencyReceipt::parse(&bytes);
    }

    /// Whatever is read is what would be written: there is one spelling.
    #[test]
    fn spoiled_receipts_read_back_or_are_refused(at in 0..240_usize, value: u8, entry: Vec<u8>) {
        let mut bytes = hex::decode(VECTOR).unwrap();
        bytes[at] = value;
        if let Ok(receipt) = InclusionReceipt::parse(&bytes) {
            prop_assert_eq!(receipt.to_bytes(), bytes);
            prop_assert!(receipt.verify(&entry, named().key()).is_err());
        }
    }
}
