//! The map at one size of the log.

use std::sync::Arc;

use ledger_core::{
    leaf::Tag,
    map::{MapAnswer, MapEntry, MapProof, MapValue, empty_map_root},
    tree::{Hash, TreeSize},
};

use super::{MapFault, base::Base, damaged, trunk::Trunk};

/// The map at one size of the log, for readers. It stays what it was while the log grows; clones are cheap and may be
/// used on any thread.
///
/// Lookups and proofs read one bucket of the base file each: call them where blocking is allowed.
#[derive(Clone, Debug)]
pub struct MapSnapshot {
    pub(super) base: Arc<Base>,
    pub(super) trunk: Arc<Trunk>,
    pub(super) size: TreeSize,
    pub(super) entries: u64,
}

impl MapSnapshot {
    /// The map is built from the leaves before this size.
    pub const fn size(&self) -> TreeSize {
        self.size
    }

    /// Number of entries.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// The root.
    pub fn root(&self) -> Hash {
        self.tip().unwrap_or_else(empty_map_root)
    }

    /// What the map says about a tag; the proof verifies against [`Self::root`].
    ///
    /// # Errors
    /// [`MapFault::Damaged`] or [`MapFault::Io`] when the base file can no longer be read.
    pub fn prove(&self, tag: &Tag) -> Result<MapAnswer, MapFault> {
        let (end, steps) = self.trunk.walk(tag, &self.base)?;
        let wrong = |_| damaged("a path does not descend");
        Ok(match end {
            None => MapAnswer {
                value: None,
                proof: MapProof::absence_in_the_empty_map(),
            },
            Some(end) if end.tag == *tag => MapAnswer {
                value: Some(end.value),
                proof: MapProof::presence(steps).map_err(wrong)?,
            },
            Some(other) => MapAnswer {
                value: None,
                proof: MapProof::absence(other, steps).map_err(wrong)?,
            },
        })
    }

    /// The value of a tag; `None` when it does not stand in the map.
    ///
    /// # Errors
    /// As [`Self::prove`].
    pub fn value(&self, tag: &Tag) -> Result<Option<MapValue>, MapFault> {
        let (end, _) = self.trunk.walk(tag, &self.base)?;
        Ok(end.filter(|end| end.tag == *tag).map(|end| end.value))
    }

    /// `None` for the empty map.
    pub(super) fn tip(&self) -> Option<Hash> {
        self.trunk.root()
    }

    /// Entries that are in memory only.
    pub(super) fn newer(&self) -> u64 {
        self.entries.saturating_sub(self.base.entries())
    }

    /// Adds entries, sorted by tag. Readers of this snapshot keep theirs; when there is an error nothing has changed.
    pub(super) fn add(&mut self, batch: &[MapEntry]) -> Result<(), MapFault> {
        let change = self.trunk.stage(batch, &self.base)?;
        self.entries = self.with(batch)?;
        Arc::make_mut(&mut self.trunk).apply(&change);
        Ok(())
    }

    /// Number of entries with this batch.
    pub(super) fn with(&self, batch: &[MapEntry]) -> Result<u64, MapFault> {
        let added = u64::try_from(batch.len()).map_err(|_| MapFault::Full)?;
        self.entries.checked_add(added).ok_or(MapFault::Full)
    }
}
