//! Makes the list of a person with many records in a log of other people's, verifies it, and prints size and times.
//!
//! ```text
//! cargo run --release -p evidence --example list_speed -- [RECORDS] [OTHERS] [FILE]
//! ```
//!
//! The leaves are made up: random-looking commitments, batches of 256 in shuffled order, each closed by its map root.
//! With FILE the bytes are written there, for the script of the page (`list_speed.mjs` beside this file times it) or
//! for `ledger-audit participant`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement on the command line"
)]

use std::{env, fs, time::Instant};

use evidence::list::{Detail, Header, Item, List};
use ledger_core::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    leaf::{ActorClass, Commitment, Hour, RecordNumber, SubjectKey, SubjectKind, SubjectLeaf, map_root_leaf},
    map::{MapEntry, MapTree, PrunedMapWriter},
    note::{Ed25519Signer, KeyName, NoteSigner},
    tree::{Frontier, LeafIndex, NodeMap, ProofPlan, leaf_hash},
};

const ORIGIN: &str = "log.example/consent";
const BATCH: u64 = 256;

struct Town {
    frontier: Frontier,
    nodes: NodeMap,
    map: MapTree,
    map_root: Vec<u8>,
    mine: SubjectKey,
    items: Vec<Item>,
}

impl Town {
    fn push(&mut self, leaf: &[u8]) -> LeafIndex {
        let index = LeafIndex::new(self.frontier.size().get()).unwrap();
        for node in self.frontier.append(leaf_hash(leaf)).unwrap() {
            self.nodes.insert(node.id, node.hash);
        }
        index
    }

    /// One batch: the numbers of my records in it are given out before the shuffle, as the broker does.
    fn batch(&mut self, of: &[(u64, Option<u64>)], hour: Hour) {
        let mut order: Vec<_> = of.to_vec();
        order.sort_by_key(|(serial, _)| leaf_hash(&serial.to_be_bytes()));
        let mut placed = Vec::new();
        for (serial, mine) in order {
            let seed = leaf_hash(&serial.to_le_bytes());
            let (key, n) = match mine {
                Some(n) => (self.mine.clone(), n),
                None => (SubjectKey::new(*seed.as_bytes()), 1),
            };
            let leaf = SubjectLeaf {
                kind: SubjectKind::from_number(4).unwrap(),
                actor: ActorClass::Gateway,
                hour,
                tag: key.tag(RecordNumber::new(n).unwrap()),
                commitment: Commitment::new(*leaf_hash(seed.as_bytes()).as_bytes()),
            };
            let bytes = leaf.to_bytes();
            let index = self.push(&bytes);
            self.map
                .insert(MapEntry::of_leaf(index, &bytes).unwrap().unwrap())
                .unwrap();
            if mine.is_some() {
                let (kind, actor, commitment) = (leaf.kind, leaf.actor, leaf.commitment);
                let item = Item {
                    index,
                    kind,
                    actor,
                    hour,
                    commitment,
                    detail: Detail::Kept,
                };
                placed.push((n, item));
            }
        }
        placed.sort_by_key(|(n, _)| *n);
        self.items.extend(placed.into_iter().map(|(_, item)| item));
        let covers = LeafIndex::new(self.frontier.size().get()).unwrap();
        let leaf = map_root_leaf(hour, covers, self.map.len() as u64, self.map.root()).to_bytes();
        self.push(&leaf);
        self.map_root = leaf;
    }

    fn list(&mut self) -> List {
        let (size, root) = (self.frontier.size(), self.frontier.root());
        let signer = Ed25519Signer::from_seed(KeyName::new(ORIGIN).unwrap(), &[1; 32]).unwrap();
        let checkpoint = Checkpoint::new(ORIGIN, size, root).unwrap();
        let newest = self.items.len() as u64;
        let tag = |n| self.mine.tag(RecordNumber::new(n).unwrap());
        let mut present: Vec<_> = (1..=newest).map(tag).collect();
        present.sort_unstable();
        let absent: Vec<_> = (newest + 1..=newest + 16).map(tag).collect();
        let mut writer = PrunedMapWriter::default();
        self.map.prune(&mut writer, &present, &absent).unwrap();
        let mut places: Vec<_> = self.items.iter().map(|item| item.index).collect();
        places.extend(size.last_index());
        places.sort_unstable();
        let plan = ProofPlan::inclusion_of_many(&places, size).unwrap();
        List {
            header: Header {
                log_key: signer.vkey().clone(),
                checkpoint: SignedCheckpoint::sign(checkpoint, &signer)
                    .unwrap()
                    .note()
                    .to_string(),
                map_root: self.map_root.clone(),
                subject_key: self.mine.clone(),
                newest: RecordNumber::new(newest).unwrap(),
                key_changes: Vec::new(),
                restores: Vec::new(),
                consistency: None,
            },
            items: self.items.clone(),
            log: plan.build(&self.nodes).unwrap(),
            map: writer.finish(),
        }
    }
}

fn main() {
    let mut arguments = env::args().skip(1);
    let mut number = |default: u64| arguments.next().map_or(default, |text| text.parse().unwrap());
    let (records, others) = (number(200_000), number(800_000));
    let mut town = Town {
        frontier: Frontier::empty(),
        nodes: NodeMap::default(),
        map: MapTree::default(),
        map_root: Vec::new(),
        mine: SubjectKey::new([0x80; 32]),
        items: Vec::new(),
    };
    let all = records + others;
    let mut waiting = Vec::new();
    for serial in 0..all {
        let mine =
            (serial * records / all != (serial + 1) * records / all).then_some((serial + 1) * records / all);
        waiting.push((serial, mine));
        if waiting.len() as u64 == BATCH || serial + 1 == all {
            let hour = Hour::new(490_896 + (serial / 10_000) as u32);
            town.batch(&waiting, hour);
            waiting.clear();
        }
    }
    let started = Instant::now();
    let list = town.list();
    let proven = started.elapsed();
    let bytes = list.to_bytes().unwrap();
    let started = Instant::now();
    let read = List::parse(&bytes).unwrap();
    let parsed = started.elapsed();
    let started = Instant::now();
    read.verify(None, None).unwrap();
    println!(
        "{records} records in a log of {}: file {:.1} MB ({} bytes a record; log proof {} B, map {} B a record), proofs \
         made in {proven:.1?}, parsed in {parsed:.1?}, verified in {:.1?}",
        town.frontier.size(),
        bytes.len() as f64 / 1e6,
        bytes.len() / read.items.len(),
        read.log.len() * 32 / read.items.len(),
        read.map.as_bytes().len() / read.items.len(),
        started.elapsed()
    );
    if let Some(path) = arguments.next() {
        fs::write(path, bytes).unwrap();
    }
}
