//! The map of tags beside the log: staged before a batch is committed, applied after.

use ledger_core::leaf::{Leaf, MapRoot};
use ledger_core::map::{MapEntry, MapTree};
use ledger_core::tree::{LeafIndex, TreeSize};
use ledger_log::{LogData, StoreFault};

use crate::failure::Fault;

/// Leaves read at once while the map is made.
const CHUNK: u64 = 16_384;

/// The map of all leaves of the log, in memory.
///
/// LIMIT: made from the whole log at each start, about 120 bytes and a few microseconds a leaf.
#[derive(Debug, Default)]
pub(crate) struct TagMap {
    tree: MapTree,
    /// Leaves that the map has seen.
    size: u64,
    /// A batch was staged and neither applied nor known to be dropped: the tree holds tags that may not be in the log.
    dirty: bool,
}

/// The map as it will be after a batch.
#[derive(Debug)]
pub(crate) struct StagedMap {
    root: MapRoot,
}

impl StagedMap {
    /// What the map-root leaf of the batch says.
    pub const fn map_root(&self) -> &MapRoot {
        &self.root
    }
}

impl TagMap {
    /// Leaves that the map has seen.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Whether the map must be made again before the next batch.
    pub const fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// The map after a batch of leaves that stand from `first` on, without the map-root leaf that follows them.
    ///
    /// # Errors
    /// [`Fault::Corrupt`] when the batch does not follow what the map has seen, or repeats a tag.
    pub fn stage(&mut self, first: u64, leaves: &[Vec<u8>]) -> Result<StagedMap, Fault> {
        if self.dirty || first != self.size {
            return Err(Fault::Corrupt { what: "map" });
        }
        self.dirty = true;
        let covers = self.insert(first, leaves)?;
        let entries = u64::try_from(self.tree.len()).map_err(|_| Fault::LogFull)?;
        Ok(StagedMap {
            root: MapRoot {
                covers: LeafIndex::new(covers).ok_or(Fault::LogFull)?,
                entries,
                root: self.tree.root(),
            },
        })
    }

    /// Makes a staged change the map. To be called once the batch and its map-root leaf are committed.
    pub fn apply(&mut self, staged: &StagedMap) {
        self.size = staged.root.covers.smallest_tree().get();
        self.dirty = false;
    }

    /// Reads the log on to `size`, from the start when the map is dirty.
    ///
    /// # Errors
    /// [`StoreFault`], also when leaves cannot be read or repeat a tag.
    pub async fn catch_up(&mut self, data: &dyn LogData, size: TreeSize) -> Result<(), StoreFault> {
        if self.dirty || self.size > size.get() {
            *self = Self::default();
        }
        self.dirty = true;
        while self.size < size.get() {
            let end = size.get().min(self.size + CHUNK);
            let leaves = data.leaves(self.size..end).await?;
            self.size = self.insert(self.size, &leaves).map_err(StoreFault::new)?;
        }
        self.dirty = false;
        Ok(())
    }

    /// Whether the map agrees with the last leaf of the log, when that is a map root.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn agrees_with_log(&self, data: &dyn LogData) -> Result<bool, StoreFault> {
        let Some(last) = self.size.checked_sub(1) else {
            return Ok(true);
        };
        let leaf = data.leaves(last..self.size).await?.pop();
        let Some(Ok(Leaf::System(leaf))) = leaf.map(|leaf| Leaf::parse(&leaf)) else {
            tracing::warn!("the log was written before it had a map; the next batch gives it one");
            return Ok(true);
        };
        let Some(said) = leaf.map_root() else {
            return Ok(true);
        };
        let mut tree = self.tree.clone();
        let entries = u64::try_from(tree.len()).ok();
        Ok(said.covers.get() == last && Some(said.entries) == entries && said.root == tree.root())
    }

    fn insert(&mut self, first: u64, leaves: &[Vec<u8>]) -> Result<u64, Fault> {
        let mut index = first;
        for leaf in leaves {
            let place = LeafIndex::new(index).ok_or(Fault::LogFull)?;
            let entry = MapEntry::of_leaf(place, leaf).map_err(|_| Fault::Corrupt { what: "leaf" })?;
            if let Some(entry) = entry {
                self.tree
                    .insert(entry)
                    .map_err(|_| Fault::Corrupt { what: "repeated tag" })?;
            }
            index += 1;
        }
        Ok(index)
    }
}
