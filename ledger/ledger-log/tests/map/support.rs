//! A small log, with the map that `ledger-core` builds from it.

use std::{ops::Range, path::Path};

use async_trait::async_trait;
use ledger_core::{
    leaf::{ActorClass, Commitment, Hour, MapRoot, SubjectKind, SubjectLeaf, Tag, map_root_leaf},
    map::{MapEntry, MapTree},
    tree::{Hash, LeafIndex, NodeId, TreeSize, leaf_hash},
};
use ledger_log::{DataHead, LogData, LogMap, MapConfig, MapFault, MapSnapshot, StoreFault};

/// Merges happen after a few entries, and there are sixteen buckets at first.
pub const SMALL: MapConfig = MapConfig {
    newer: 12,
    share: 4,
    least_bits: 4,
};

/// No merge unless it is asked for.
pub const NO_MERGES: MapConfig = MapConfig {
    newer: 1_000_000,
    share: 4,
    least_bits: 4,
};

/// All leaves of a log, and the map of its subject leaves built the other way.
#[derive(Default)]
pub struct Log {
    pub leaves: Vec<Vec<u8>>,
    pub tags: Vec<Tag>,
    pub tree: MapTree,
}

pub fn subject(tag: [u8; 32]) -> Vec<u8> {
    let leaf = SubjectLeaf {
        kind: SubjectKind::Transfer,
        actor: ActorClass::Gateway,
        hour: Hour::new(490_896),
        tag: Tag::new(tag),
        commitment: Commitment::new([0x5a; 32]),
    };
    leaf.to_bytes().to_vec()
}

/// Different and spread evenly.
pub fn tag(number: u64) -> [u8; 32] {
    *leaf_hash(&number.to_be_bytes()).as_bytes()
}

pub fn place(index: u64) -> LeafIndex {
    LeafIndex::new(index).unwrap()
}

impl Log {
    pub fn size(&self) -> TreeSize {
        TreeSize::new(self.leaves.len() as u64).unwrap()
    }

    /// Puts leaves and a map-root leaf at the end, as a committed batch does.
    pub fn commit(&mut self, batch: &[Vec<u8>]) -> MapRoot {
        for leaf in batch {
            let entry = MapEntry::of_leaf(place(self.leaves.len() as u64), leaf)
                .unwrap()
                .unwrap();
            self.tree.insert(entry).unwrap();
            self.tags.push(entry.tag);
            self.leaves.push(leaf.clone());
        }
        let root = MapRoot {
            covers: place(self.leaves.len() as u64),
            entries: self.tree.len() as u64,
            root: self.tree.root(),
        };
        let leaf = map_root_leaf(Hour::new(490_896), root.covers, root.entries, root.root);
        self.leaves.push(leaf.to_bytes());
        root
    }

    /// A batch through the map and into the log; both must agree.
    pub fn append(&mut self, map: &mut LogMap, tags: &[[u8; 32]]) {
        let batch: Vec<_> = tags.iter().copied().map(subject).collect();
        let staged = map.stage(place(self.size().get()), &batch).unwrap();
        assert_eq!(staged.map_root(), self.commit(&batch));
        map.apply(staged).unwrap();
        assert_eq!(map.size(), self.size());
    }

    /// Opens the map in the folder and feeds it what it has not seen.
    pub fn open(&self, folder: &Path, config: MapConfig) -> LogMap {
        let mut map = LogMap::open(folder, config, self.size()).unwrap();
        self.feed(&mut map);
        map
    }

    pub fn feed(&self, map: &mut LogMap) {
        let seen = map.size().get();
        map.replay(place(seen), &self.leaves[seen as usize..]).unwrap();
    }

    /// Every tag, and tags that are not there, have the proofs of the map in memory.
    pub fn check(&mut self, map: &MapSnapshot) {
        assert_eq!(map.root(), self.tree.root());
        assert_eq!(map.entries(), self.tree.len() as u64);
        let absent = (0..20).map(|i| Tag::new(tag(1_000_000 + i)));
        let near = self.tags.clone().into_iter().map(|tag| {
            let mut near = *tag.as_bytes();
            near[31] ^= 1;
            Tag::new(near)
        });
        let asked: Vec<_> = self.tags.iter().copied().chain(near).chain(absent).collect();
        for tag in asked {
            let answer = map.prove(&tag).unwrap();
            assert_eq!(answer, self.tree.prove(&tag));
            assert_eq!(map.value(&tag).unwrap(), answer.value);
            match answer.value {
                Some(value) => answer.proof.verify_presence(&tag, &value, &map.root()).unwrap(),
                None => answer.proof.verify_absence(&tag, &map.root()).unwrap(),
            }
        }
    }
}

#[async_trait]
impl LogData for Log {
    async fn head(&self) -> Result<Option<DataHead>, StoreFault> {
        Err(StoreFault::new("the map needs no head"))
    }

    async fn heads_since(&self, _: TreeSize) -> Result<Vec<DataHead>, StoreFault> {
        Err(StoreFault::new("the map needs no head"))
    }

    async fn heads_up_to(&self, _: TreeSize, _: usize) -> Result<Vec<DataHead>, StoreFault> {
        Err(StoreFault::new("the map needs no head"))
    }

    async fn nodes(&self, _: &[NodeId]) -> Result<Vec<Hash>, StoreFault> {
        Err(StoreFault::new("the map needs no nodes"))
    }

    async fn leaves(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StoreFault> {
        let range = range.start as usize..range.end as usize;
        self.leaves
            .get(range)
            .map(<[_]>::to_vec)
            .ok_or_else(|| StoreFault::new("no such leaf"))
    }
}

pub async fn recover(log: &Log, folder: &Path, config: MapConfig) -> Result<LogMap, MapFault> {
    LogMap::recover(folder.to_path_buf(), config, log, log.size()).await
}
