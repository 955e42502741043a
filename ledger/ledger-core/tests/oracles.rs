//! The tree and its tiles against two implementations by others: `tlog_tiles` (Go's `sumdb/tlog` in Rust) and `ct-merkle`
//! (`ledger.md` §15 items 1 and 2). They share no code with ours, or with each other.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests fail by panicking"
)]

use std::{cell::RefCell, collections::HashMap};

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ledger_core::{
    tile::{self, Resource, encode_tile},
    tree::{
        Frontier, Hash, LeafIndex, NodeMap, ProofPlan, TreeSize, leaf_hash, verify_consistency,
        verify_inclusion,
    },
};
use sha2::Sha256;
use tlog_tiles::{
    HashReader as _, Tile, TileHashReader, TileReader, check_record, check_tree, prove_record, prove_tree,
    stored_hashes_for_record_hash, tree_hash,
};

type Theirs = tlog_tiles::Hash;

/// Sizes of trees whose every leaf is proven.
const LARGEST: u64 = 1024;
/// Sizes of trees of which every pair is proven.
const LARGEST_PAIR: u64 = 256;

/// The stored hashes of `tlog_tiles`, in its own order.
#[derive(Default)]
struct Stored(RefCell<Vec<Theirs>>);

impl tlog_tiles::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Theirs>, tlog_tiles::Error> {
        let stored = self.0.borrow();
        Ok(indexes.iter().map(|index| stored[*index as usize]).collect())
    }
}

/// One tree, kept three times.
#[derive(Default)]
struct Trees {
    size: u64,
    frontier: Frontier,
    nodes: NodeMap,
    stored: Stored,
    ct: MemoryBackedTree<Sha256, Vec<u8>>,
}

impl Trees {
    fn grown_to(size: u64) -> Self {
        let mut trees = Self::default();
        while trees.size < size {
            trees.push();
        }
        trees
    }

    fn push(&mut self) {
        let leaf = entry(self.size);
        for node in self.frontier.append(leaf_hash(&leaf)).unwrap() {
            self.nodes.insert(node.id, node.hash);
        }
        let hash = tlog_tiles::record_hash(&leaf);
        let more = stored_hashes_for_record_hash(self.size, hash, &self.stored).unwrap();
        self.stored.0.borrow_mut().extend(more);
        self.ct.push(leaf);
        self.size += 1;
    }

    fn root(&self) -> Theirs {
        tree_hash(self.size, &self.stored).unwrap()
    }
}

fn entry(index: u64) -> Vec<u8> {
    // Of every small length, the empty one too.
    let mut entry = index.to_be_bytes().to_vec();
    entry.resize((index % 90) as usize, 0);
    entry
}

fn size(leaves: u64) -> TreeSize {
    TreeSize::new(leaves).unwrap()
}

fn bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

fn their_bytes(hashes: &[Theirs]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

#[test]
fn every_leaf_of_every_tree_to_1024_has_the_proof_that_others_make() {
    let mut trees = Trees::default();
    loop {
        let (n, root) = (trees.size, trees.frontier.root());
        assert_eq!(root.as_bytes(), &trees.root().0, "root of {n}");
        let ct_root = trees.ct.root();
        assert_eq!(
            root.as_bytes().as_slice(),
            ct_root.as_bytes().as_slice(),
            "root of {n}"
        );
        for i in 0..n {
            let plan = ProofPlan::inclusion(LeafIndex::new(i).unwrap(), size(n)).unwrap();
            let path = plan.build(&trees.nodes).unwrap();
            let theirs = prove_record(n, i, &trees.stored).unwrap();
            assert_eq!(bytes(&path), their_bytes(&theirs), "leaf {i} of {n}");
            let ct = trees.ct.prove_inclusion(i as usize);
            assert_eq!(bytes(&path), ct.as_bytes(), "leaf {i} of {n}");
            // Equal proofs verify equally; each verifier is asked about a good part of them all the same.
            if (i + n) % 16 == 0 {
                let leaf = entry(i);
                check_record(&theirs, n, trees.root(), i, tlog_tiles::record_hash(&leaf)).unwrap();
                ct_root.verify_inclusion(&leaf, i, &ct).unwrap();
                let index = LeafIndex::new(i).unwrap();
                verify_inclusion(index, size(n), &leaf_hash(&leaf), &path, &root).unwrap();
            }
        }
        if n == LARGEST {
            return;
        }
        trees.push();
    }
}

#[test]
fn every_pair_of_trees_to_256_has_the_consistency_proof_that_others_make() {
    let mut trees = Trees::default();
    let (mut roots, mut ct_roots) = (Vec::new(), Vec::new());
    loop {
        let n = trees.size;
        roots.push(trees.frontier.root());
        ct_roots.push(trees.ct.root());
        for m in 1..=n {
            let (old, new) = (&roots[m as usize], &roots[n as usize]);
            let plan = ProofPlan::consistency(size(m), size(n)).unwrap();
            let proof = plan.build(&trees.nodes).unwrap();
            let theirs = prove_tree(n, m, &trees.stored).unwrap();
            assert_eq!(bytes(&proof), their_bytes(&theirs), "from {m} to {n}");
            let (their_new, their_old) = (
                tlog_tiles::Hash(*new.as_bytes()),
                tlog_tiles::Hash(*old.as_bytes()),
            );
            check_tree(&theirs, n, their_new, m, their_old).unwrap();
            verify_consistency(size(m), size(n), old, new, &proof).unwrap();
            if m < n {
                let ct = trees.ct.prove_consistency((n - m) as usize);
                assert_eq!(bytes(&proof), ct.as_bytes(), "from {m} to {n}");
                ct_roots[n as usize]
                    .verify_consistency(&ct_roots[m as usize], &ct)
                    .unwrap();
            }
        }
        if n == LARGEST_PAIR {
            return;
        }
        trees.push();
    }
}

/// Our tiles, read by the others' reader, which checks each against the root.
struct OurTiles {
    by_path: HashMap<String, Vec<u8>>,
    asked: RefCell<usize>,
}

impl TileReader for OurTiles {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        *self.asked.borrow_mut() += tiles.len();
        Ok(tiles
            .iter()
            .map(|tile| self.by_path[&our_path(tile)].clone())
            .collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// The height of a tile is part of its path there, and always 8 in C2SP tlog-tiles.
fn our_path(tile: &Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1)
}

#[test]
fn tiles_of_every_width_at_the_edges_are_those_of_others() {
    for count in [1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537] {
        let trees = Trees::grown_to(count);
        let tiles: Vec<_> = tile::tiles(size(count)).collect();
        let by_path: HashMap<String, Vec<u8>> = tiles
            .iter()
            .map(|tile| {
                let hashes: Vec<Hash> = tile.nodes().map(|node| trees.nodes.get(node).unwrap()).collect();
                (Resource::Tile(*tile).to_string(), encode_tile(&hashes))
            })
            .collect();
        let theirs = Tile::new_tiles(8, 0, count);
        assert_eq!(by_path.len(), theirs.len(), "tiles of {count}");
        for tile in &theirs {
            let path = our_path(tile);
            assert_eq!(
                by_path[&path],
                tile.read_data(&trees.stored).unwrap(),
                "{path} of {count}"
            );
            assert_eq!(path.parse::<Resource>().unwrap().to_string(), path);
            assert_eq!(Tile::from_path(&tile.path()).unwrap(), *tile);
        }
        // What changed between two sizes is what others publish.
        for before in [1, 200, 255, 256, 257, 65_535, 65_536]
            .into_iter()
            .filter(|before| *before < count)
        {
            let mut ours: Vec<String> = tile::changed_tiles(size(before), size(count))
                .map(|tile| Resource::Tile(tile).to_string())
                .collect();
            let mut theirs: Vec<String> = Tile::new_tiles(8, before, count).iter().map(our_path).collect();
            ours.sort();
            theirs.sort();
            assert_eq!(ours, theirs, "from {before} to {count}");
        }
        let ours = OurTiles {
            by_path,
            asked: RefCell::default(),
        };
        let reader = TileHashReader::new(count, trees.root(), &ours);
        for leaf in [0, count / 3, count / 2, count - 1] {
            let proof = prove_record(count, leaf, &reader).unwrap();
            let plan = ProofPlan::inclusion(LeafIndex::new(leaf).unwrap(), size(count)).unwrap();
            assert_eq!(bytes(&plan.build(&trees.nodes).unwrap()), their_bytes(&proof));
        }
        reader.read_hashes(&[0]).unwrap();
        assert!(*ours.asked.borrow() > 0);
    }
}
