//! Notes and tiles: limits, grease, and content read back.
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

use ledger_core::{
    note::{Ed25519Signer, KeyName, Note, NoteError, NoteSigner, Vkey, VkeyError},
    tile::{self, TileHashes, encode_tile, parse_tile},
    tree::{Frontier, Hash, HashReader, LeafIndex, NodeId, NodeMap, ProofPlan, TreeSize, leaf_hash},
};
use proptest::prelude::*;

fn signer(name: &str, seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyName::new(name).unwrap(), &[seed; 32]).unwrap()
}

fn note_with(signers: usize) -> (Note, Vec<Ed25519Signer>) {
    let signers: Vec<_> = (0..signers)
        .map(|i| signer(&format!("key-{i}"), i as u8))
        .collect();
    let all: Vec<&dyn NoteSigner> = signers.iter().map(|one| one as &dyn NoteSigner).collect();
    (Note::sign("text\n".to_owned(), &all).unwrap(), signers)
}

#[test]
fn a_hundred_signatures_are_read_and_one_more_is_not() {
    for count in [1, 16, 100] {
        let (note, signers) = note_with(count);
        assert_eq!(Note::parse(note.to_string().as_bytes()), Ok(note.clone()));
        let known: Vec<Vkey> = signers.iter().map(|one| one.vkey().clone()).collect();
        assert_eq!(note.verify(&known).unwrap().len(), count);
    }
    assert!(Note::parse(note_with(101).0.to_string().as_bytes()).is_err());
}

#[test]
fn grease_is_ignored() {
    let (log, grease) = (signer("log.example", 1), signer("grease.example", 2));
    let note = Note::sign("text\n".to_owned(), &[&grease, &log]).unwrap();
    assert_eq!(note.verify(&[log.vkey().clone()]).unwrap().len(), 1);
    assert_eq!(
        note.verify(&[signer("other", 1).vkey().clone()]),
        Err(NoteError::NoKnownKey)
    );
}

#[test]
fn a_known_key_counts_once_and_one_wrong_line_of_it_rejects_the_note() {
    let log = signer("log.example", 1);
    let note = Note::sign("text\n".to_owned(), &[&log]).unwrap().to_string();
    let line = note.lines().last().unwrap();
    let known = [log.vkey().clone()];
    let twice = format!("{note}{line}\n");
    assert_eq!(
        Note::parse(twice.as_bytes())
            .unwrap()
            .verify(&known)
            .unwrap()
            .len(),
        1
    );
    let other = Note::sign("other\n".to_owned(), &[&log]).unwrap().to_string();
    let mixed = format!("{note}{}\n", other.lines().last().unwrap());
    let verdict = Note::parse(mixed.as_bytes()).unwrap().verify(&known);
    assert!(matches!(verdict, Err(NoteError::InvalidSignature { .. })));
}

#[test]
fn names_and_texts_are_checked() {
    for name in ["", "a b", "a+b", "a\u{a0}b", "a\tb", "a\n"] {
        assert_eq!(KeyName::new(name), None, "{name:?}");
    }
    let log = signer("log.example", 1);
    for text in ["", "no newline", "bell\u{7}\n", "tab\t\n"] {
        assert!(Note::sign(text.to_owned(), &[&log]).is_err(), "{text:?}");
    }
    assert!(Note::sign("text\n".to_owned(), &[]).is_err());
    let tricky = Note::sign("a\n\n\u{2014} not a signature\n\nb\n".to_owned(), &[&log]).unwrap();
    assert_eq!(Note::parse(tricky.to_string().as_bytes()), Ok(tricky));
}

#[test]
fn keys_of_unknown_types_are_refused() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    for kind in [0x00, 0x02, 0x05, 0x06, 0xff_u8] {
        let key: Vec<u8> = std::iter::once(kind).chain([7; 32]).collect();
        let vkey = format!("a+00000000+{}", STANDARD.encode(key));
        assert_eq!(vkey.parse::<Vkey>(), Err(VkeyError::UnknownKind { kind }));
    }
}

fn grow(count: u64) -> (Frontier, NodeMap) {
    let (mut frontier, mut nodes) = (Frontier::empty(), NodeMap::default());
    for i in 0..count {
        let complete = frontier.append(leaf_hash(&i.to_be_bytes())).unwrap();
        complete
            .into_iter()
            .for_each(|node| nodes.insert(node.id, node.hash));
    }
    (frontier, nodes)
}

fn read_tiles(size: TreeSize, nodes: &NodeMap) -> TileHashes {
    let mut tiles = TileHashes::new(size);
    for tile in tile::tiles(size) {
        let hashes: Vec<Hash> = tile.nodes().map(|node| nodes.get(node).unwrap()).collect();
        let bytes = encode_tile(&hashes);
        tiles.insert(tile, parse_tile(&bytes, tile.span().width()).unwrap());
        assert!(parse_tile(&bytes[1..], tile.span().width()).is_err());
        assert!(parse_tile(&bytes, tile.span().width() + 1).is_err());
    }
    tiles
}

#[test]
fn the_tree_reads_back_from_its_tiles() {
    for count in [1, 2, 255, 256, 257, 511, 600, 66_000] {
        let (frontier, nodes) = grow(count);
        let size = frontier.size();
        let tiles = read_tiles(size, &nodes);
        assert_eq!(Frontier::read(size, &tiles).unwrap(), frontier, "size {count}");
        for leaf in [0, count / 3, count - 1] {
            let plan = ProofPlan::inclusion(LeafIndex::new(leaf).unwrap(), size).unwrap();
            assert_eq!(plan.build(&tiles).unwrap(), plan.build(&nodes).unwrap());
        }
        assert!(
            tiles
                .read(NodeId {
                    level: 0,
                    index: count
                })
                .is_err()
        );
        assert!(
            tiles
                .read(NodeId {
                    level: 63,
                    index: u64::MAX
                })
                .is_err()
        );
    }
}

#[test]
fn the_edge_tiles_suffice_for_the_root() {
    for count in [1, 256, 257, 66_000] {
        let (frontier, nodes) = grow(count);
        let mut tiles = TileHashes::new(frontier.size());
        for tile in tiles.edge().collect::<Vec<_>>() {
            tiles.insert(tile, tile.nodes().map(|node| nodes.get(node).unwrap()).collect());
        }
        assert_eq!(
            Frontier::read(frontier.size(), &tiles).unwrap().root(),
            frontier.root()
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_as_a_note_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "(\\PC|\n|\u{2014} a AAAAAAA=\n){0,30}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(note) = Note::parse(bytes) {
                prop_assert_eq!(note.to_string().into_bytes(), bytes);
            }
        }
        let _ = text.parse::<Vkey>();
    }
}
