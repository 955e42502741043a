//! The right edge of the log in memory: what the next tiles and bundles are made from.

use ledger_core::{
    tile::{self, FULL, MAX_ENTRY_LEN, Resource, Span, TileHashes, TileId, encode_entries, encode_tile},
    tree::{Frontier, Hash, LeafIndex, TreeSize, leaf_hash},
};

use crate::ports::{LogData, PublicFile, StoreFault};

/// Last tile of each level, last bundle, and the frontier above them.
#[derive(Clone)]
pub struct Edge {
    frontier: Frontier,
    /// Hashes of the last tile of each tile level: 1 to 256.
    levels: Vec<Vec<Hash>>,
    /// Entries of the last bundle: 0 (empty tree) to 256.
    entries: Vec<Vec<u8>>,
}

/// Why an edge could not be read or grown.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// The data store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// Leaves and hashes of the data store do not belong together.
    #[error("the data store contradicts itself: {what}")]
    Contradiction {
        /// Which.
        what: &'static str,
    },
    /// A leaf is too long for a bundle, or the tree is full.
    #[error("leaf {index} does not fit in the log")]
    DoesNotFit {
        /// Where the leaf would stand.
        index: u64,
    },
}

const fn contradiction(what: &'static str) -> EdgeError {
    EdgeError::Contradiction { what }
}

impl Edge {
    /// Reads the edge of the tree as it was at `size` leaves.
    pub async fn load(size: TreeSize, data: &dyn LogData) -> Result<Self, EdgeError> {
        let mut tiles = TileHashes::new(size);
        let mut levels = Vec::new();
        for tile in tile::edge_tiles(size) {
            let ids: Vec<_> = tile.nodes().collect();
            let hashes = data.nodes(&ids).await?;
            if hashes.len() != ids.len() {
                return Err(contradiction(
                    "it gave another number of hashes than it was asked for",
                ));
            }
            tiles.insert(tile, hashes.clone());
            levels.push(hashes);
        }
        let entries = match tile::edge_bundle(size) {
            None => Vec::new(),
            Some(span) => data.leaves(span.first()..span.end()).await?,
        };
        let leaf_hashes = entries.iter().map(|entry| leaf_hash(entry));
        if !leaf_hashes.eq(levels.first().into_iter().flatten().copied()) {
            return Err(contradiction("leaves do not hash to the stored hashes"));
        }
        let frontier = Frontier::read(size, &tiles).map_err(|_| contradiction("edge hashes are missing"))?;
        Ok(Self {
            frontier,
            levels,
            entries,
        })
    }

    pub const fn size(&self) -> TreeSize {
        self.frontier.size()
    }

    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The hashes of the last tile of each tile level, from the leaves up.
    pub fn levels(&self) -> &[Vec<Hash>] {
        &self.levels
    }

    /// Appends a leaf and returns the files that became full with it.
    pub fn push(&mut self, leaf: Vec<u8>) -> Result<Vec<PublicFile>, EdgeError> {
        let index = self.size().get();
        let does_not_fit = |_| EdgeError::DoesNotFit { index };
        if leaf.len() > MAX_ENTRY_LEN {
            return Err(EdgeError::DoesNotFit { index });
        }
        let mut full = Vec::new();
        for node in self.frontier.append(leaf_hash(&leaf)).map_err(does_not_fit)? {
            if node.id.level % 8 != 0 {
                continue;
            }
            let level = usize::from(node.id.level / 8);
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(hashes) = self.levels.get_mut(level) else {
                continue;
            };
            if hashes.len() == usize::from(FULL) {
                hashes.clear();
            }
            hashes.push(node.hash);
            if hashes.len() == usize::from(FULL) {
                let span = Span::new(node.id.index / u64::from(FULL), FULL);
                let tile = span.and_then(|span| TileId::new(node.id.level / 8, span));
                let resource = tile.map(Resource::Tile).ok_or(EdgeError::DoesNotFit { index })?;
                full.push(PublicFile {
                    resource,
                    bytes: encode_tile(hashes),
                });
            }
        }
        if self.entries.len() == usize::from(FULL) {
            self.entries.clear();
        }
        self.entries.push(leaf);
        if self.entries.len() == usize::from(FULL) {
            full.extend(self.bundle()?);
        }
        Ok(full)
    }

    /// The partial tiles and the partial bundle that this size requires and the size `since` did not.
    pub fn partials(&self, since: TreeSize) -> Result<Vec<PublicFile>, EdgeError> {
        let partial = |span: Span| !span.is_full();
        let mut files: Vec<_> = tile::changed_tiles(since, self.size())
            .filter(|tile| partial(tile.span()))
            .filter_map(|tile| self.tile(tile))
            .collect();
        if tile::changed_bundles(since, self.size()).any(partial) {
            files.extend(self.bundle()?);
        }
        Ok(files)
    }

    /// The last tile of each level and the last bundle, full or not.
    pub fn files(&self) -> Result<Vec<PublicFile>, EdgeError> {
        let tiles = tile::edge_tiles(self.size()).filter_map(|tile| self.tile(tile));
        Ok(tiles.chain(self.bundle()?).collect())
    }

    fn tile(&self, tile: TileId) -> Option<PublicFile> {
        let hashes = self.levels.get(usize::from(tile.level()))?;
        Some(PublicFile {
            resource: Resource::Tile(tile),
            bytes: encode_tile(hashes),
        })
    }

    fn bundle(&self) -> Result<Option<PublicFile>, EdgeError> {
        let Some(span) = tile::edge_bundle(self.size()) else {
            return Ok(None);
        };
        let bytes =
            encode_entries(self.entries.iter().map(Vec::as_slice)).map_err(|_| EdgeError::DoesNotFit {
                index: self.size().last_index().map_or(0, LeafIndex::get),
            })?;
        Ok(Some(PublicFile {
            resource: Resource::Entries(span),
            bytes,
        }))
    }
}
