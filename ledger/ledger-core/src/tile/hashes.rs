//! Hash tiles: content, and the tree read back from them.

use std::collections::BTreeMap;

use super::{FULL, TileId, edge_tiles};
use crate::tree::{Hash, HashReader, MissingNode, NodeId, TreeSize, node_hash};

/// Why bytes are not the content of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tile of {expected} hashes has {} bytes, not {len}", usize::from(*expected) * 32)]
pub struct TileError {
    /// Hashes the tile must hold.
    pub expected: u16,
    /// Bytes found.
    pub len: usize,
}

/// The content of a tile: its hashes, 32 bytes each.
pub fn encode_tile(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// Reads exactly `width` hashes.
///
/// # Errors
/// [`TileError`] for any other length.
pub fn parse_tile(bytes: &[u8], width: u16) -> Result<Vec<Hash>, TileError> {
    let (hashes, surplus) = bytes.as_chunks::<32>();
    if hashes.len() == usize::from(width) && surplus.is_empty() {
        Ok(hashes.iter().copied().map(Hash::new).collect())
    } else {
        Err(TileError {
            expected: width,
            len: bytes.len(),
        })
    }
}

/// A tree read from its tiles.
///
/// Never trust a tile: read the [`crate::tree::Frontier`] through this first and compare its root with a verified
/// checkpoint. That vouches for the edge tiles ([`edge_tiles`]) only; a hash of another tile is trustworthy once the
/// proof made with it verifies.
#[derive(Clone, Debug)]
pub struct TileHashes {
    size: TreeSize,
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl TileHashes {
    /// No tile yet, of a tree with `size` leaves.
    pub const fn new(size: TreeSize) -> Self {
        Self {
            size,
            tiles: BTreeMap::new(),
        }
    }

    /// The tiles that make up the right edge: all that is needed for the root.
    pub fn edge(&self) -> impl Iterator<Item = TileId> + use<> {
        edge_tiles(self.size)
    }

    /// Adds the content of a tile.
    pub fn insert(&mut self, tile: TileId, hashes: Vec<Hash>) {
        self.tiles.insert((tile.level(), tile.span().index()), hashes);
    }
}

impl HashReader for TileHashes {
    type Error = MissingNode;

    /// A node of height h, index j is folded from tile level `L = h / 8`: its hashes
    /// `[j * 2^(h - 8L), (j + 1) * 2^(h - 8L))`, all of them in one tile.
    fn read(&self, node: NodeId) -> Result<Hash, MissingNode> {
        let missing = MissingNode(node);
        let height = node.level % 8;
        let first = node.index.checked_mul(1 << height).ok_or(missing)?;
        let full = u64::from(FULL);
        let tile = self.tiles.get(&(node.level / 8, first / full)).ok_or(missing)?;
        let hashes = usize::try_from(first % full)
            .ok()
            .and_then(|start| tile.get(start..start + (1 << height)))
            .ok_or(missing)?;
        let mut row = hashes.to_vec();
        while row.len() > 1 {
            row = row
                .as_chunks::<2>()
                .0
                .iter()
                .map(|[left, right]| node_hash(left, right))
                .collect();
        }
        row.first().copied().ok_or(missing)
    }
}
