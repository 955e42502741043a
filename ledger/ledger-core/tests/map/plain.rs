//! The map as the specification writes it down: recursion over all entries, no state.

use ledger_core::{
    leaf::Tag,
    map::{MapEntry, MapValue},
    tree::{Hash, LeafIndex, leaf_hash},
};
use ring::digest::{SHA256, digest};

pub fn entry(tag: [u8; 32], index: u64) -> MapEntry {
    MapEntry {
        tag: Tag::new(tag),
        value: MapValue {
            index: LeafIndex::new(index).unwrap(),
            leaf: leaf_hash(format!("leaf-{index}").as_bytes()),
        },
    }
}

fn bit(tag: &[u8; 32], bit: usize) -> u8 {
    tag[bit / 8] >> (7 - bit % 8) & 1
}

fn sha256(message: &[u8]) -> Hash {
    Hash::from_slice(digest(&SHA256, message).as_ref()).unwrap()
}

fn uvarint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 128 {
        bytes.push(number as u8 | 128);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

pub fn root(entries: &[MapEntry]) -> Hash {
    subtree(&entries.iter().collect::<Vec<_>>(), 0)
}

/// The entries agree on all bits before `from`.
fn subtree(entries: &[&MapEntry], from: usize) -> Hash {
    match entries {
        [] => sha256(b""),
        [entry] => {
            let mut message = vec![0x00, 0x20];
            message.extend(entry.tag.as_bytes());
            message.push(0x28);
            message.extend(entry.value.index.get().to_be_bytes());
            message.extend(entry.value.leaf.as_bytes());
            sha256(&message)
        }
        _ => {
            let sides = |at: usize| -> (Vec<_>, Vec<_>) {
                entries
                    .iter()
                    .copied()
                    .partition(|entry| bit(entry.tag.as_bytes(), at) == 0)
            };
            let at = (from..256)
                .find(|at| !sides(*at).0.is_empty() && !sides(*at).1.is_empty())
                .expect("tags differ");
            let (left, right) = sides(at);
            let mut message = vec![0x01];
            message.extend(uvarint(at));
            message.extend(subtree(&left, at + 1).as_bytes());
            message.extend(subtree(&right, at + 1).as_bytes());
            sha256(&message)
        }
    }
}
