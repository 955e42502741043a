//! The map of tags, kept between batches.
//!
//! `M_N` is a pure function of the log ([`ledger_core::map`]), so everything here is a cache of the log: lost or damaged
//! files are built again from the leaves. Opening hashes every entry again and [`LogMap::recover`] compares the root with
//! the last one the log states, so that no file leads to a wrong root.
//!
//! - A *base file* holds the entries of some earlier size, sorted, in buckets of about sixteen. It never changes.
//! - Entries since then, and one hash for each bucket and for each fork above, are in memory.
//! - When the newer entries have become many, a thread writes a new base while the log goes on.
//!
//! The order of a batch: [`LogMap::stage`] before the transaction of the batch ends, for the root stands in its last
//! leaf; [`LogMap::apply`] once it is committed. A staged change that is dropped never was.
//!
//! All calls but [`LogMap::snapshot`] may read files and hash for milliseconds: asynchronous callers go through
//! `spawn_blocking`.
//!
//! LIMIT: buckets are even because tags are outputs of HMAC. Who could choose tags could fill one bucket and slow the
//! log down; the root would still be right. Checksums find what a disk spoils while the log runs, not what somebody
//! writes into the open file on purpose: that is found at the next start, or by any auditor.

mod base;
mod bucket;
mod copies;
mod merge;
mod prune;
mod recover;
mod snapshot;
mod trunk;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use ledger_core::{
    leaf::{LeafError, MapRoot},
    map::{MapEntry, PrunedMapError, empty_map_root},
    tree::{Hash, LeafIndex, TreeSize},
};

use crate::ports::StoreFault;
use base::{Base, BaseWriter, Loaded, MOST_BITS};
use copies::Copies;
use merge::Merge;
use trunk::{Change, GROUP_BITS, Trunk};

pub use snapshot::MapSnapshot;

/// Entries of a bucket that a new base aims at; on average it has one to two times as many.
const BUCKET: u64 = 16;

/// How much of the map is kept in memory.
#[derive(Clone, Copy, Debug)]
pub struct MapConfig {
    /// Newer entries that are always kept in memory before a merge (131,072, about 15 MB).
    pub newer: u64,
    /// A merge also waits until the newer entries are one in so many of all (16).
    pub share: u64,
    /// Bits of the bucket number of a small map (15).
    pub least_bits: u8,
}

impl Default for MapConfig {
    fn default() -> Self {
        Self {
            newer: 131_072,
            share: 16,
            least_bits: 15,
        }
    }
}

/// Why the map could not answer or change.
#[derive(Debug, thiserror::Error)]
pub enum MapFault {
    /// A tag stands in the map already. Nothing has changed.
    #[error("leaf {again} repeats the tag of leaf {first}")]
    Repeated {
        /// The smaller log index.
        first: u64,
        /// The larger log index.
        again: u64,
    },
    /// The leaves do not follow those the map has seen. Nothing has changed.
    #[error("the map has seen {expected} leaves and was given leaf {found}")]
    NotNext {
        /// Size of the log so far.
        expected: u64,
        /// Index of the first leaf given.
        found: u64,
    },
    /// Bytes of the log are no leaf. Nothing has changed.
    #[error("leaf {index} is malformed")]
    Leaf {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        #[source]
        source: LeafError,
    },
    /// The map has changed since the change was staged. Nothing has changed.
    #[error("the staged change is not one of the map as it is now")]
    Stale,
    /// The log is full.
    #[error("the log is full")]
    Full,
    /// The base file is not what was written: open the map again, which rebuilds it.
    #[error("the base file of the map is damaged: {what}")]
    Damaged {
        /// In which way.
        what: &'static str,
    },
    /// The map built from the leaves has another root than the last map-root leaf says.
    #[error("the map of the log has another root than leaf {index} says")]
    OtherRoot {
        /// Index of the map-root leaf.
        index: u64,
    },
    /// The base file could not be read or written.
    #[error("the base file of the map cannot be read or written")]
    Io(#[from] io::Error),
    /// A tag that was asked for is not in the map, or one that should be absent is.
    #[error("the map does not hold exactly the tags that were asked for")]
    Question(#[from] PrunedMapError),
    /// The leaves could not be read.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// A thread of the map ended without a result.
    #[error("a thread of the map has died")]
    Thread,
    /// The merge was stopped because its owner is gone.
    #[error("the merge was cancelled")]
    Cancelled,
}

const fn damaged(what: &'static str) -> MapFault {
    MapFault::Damaged { what }
}

/// The map of a log, with the one writer that grows it.
#[derive(Debug)]
pub struct LogMap {
    now: MapSnapshot,
    copies: Copies,
    folder: PathBuf,
    config: MapConfig,
    merge: Option<Merge>,
    /// After a merge failed, the next one waits for this many newer entries.
    retry_at: u64,
}

/// The map as it will be after a batch: leaves and, as the last of the batch, the map-root leaf that covers them.
#[derive(Debug)]
pub struct StagedMap {
    /// The map it was staged on: its base, its size and its root.
    base: Arc<Base>,
    before: (TreeSize, Option<Hash>),
    change: Change,
    batch: Vec<MapEntry>,
    entries: u64,
    covers: LeafIndex,
}

impl StagedMap {
    /// What the map-root leaf of the batch says; it stands at index `covers`.
    pub fn map_root(&self) -> MapRoot {
        MapRoot {
            covers: self.covers,
            entries: self.entries,
            root: self.change.root().unwrap_or_else(empty_map_root),
        }
    }
}

impl LogMap {
    /// Opens the map kept in this folder, for a log of this size. Feed it the leaves from [`Self::size`] on with
    /// [`Self::replay`] (or let [`Self::recover`] do both).
    ///
    /// A base that is damaged, or newer than the log, is left aside with a line in the log: the map is then empty.
    ///
    /// # Errors
    /// [`MapFault::Io`] when the folder cannot be made or read.
    pub fn open(folder: &Path, config: MapConfig, log: TreeSize) -> Result<Self, MapFault> {
        fs::create_dir_all(folder)?;
        BaseWriter::clean(folder)?;
        match Base::open(&Base::path(folder)) {
            Ok(Some(Loaded { base, trunk })) if base.size() <= log => {
                let now = MapSnapshot {
                    size: base.size(),
                    entries: base.entries(),
                    base: Arc::new(base),
                    trunk: Arc::new(trunk),
                };
                return Ok(Self::new(now, folder, config));
            }
            Ok(None) => {}
            Ok(Some(Loaded { base, .. })) => tracing::warn!(
                base.size = base.size().get(),
                ledger.size = log.get(),
                "the map's base file is newer than the log; building the map again"
            ),
            Err(error @ MapFault::Damaged { .. }) => tracing::warn!(
                %error, "building the map again from the log"
            ),
            Err(error) => return Err(error),
        }
        Ok(Self::empty(folder, config, log))
    }

    /// The empty map, with buckets for a log of this size. A base file is left where it is until the next merge.
    fn empty(folder: &Path, config: MapConfig, log: TreeSize) -> Self {
        let bits = bits_for(log.get(), config.least_bits);
        let now = MapSnapshot {
            base: Arc::new(Base::none(bits)),
            trunk: Arc::new(Trunk::empty(bits)),
            size: TreeSize::ZERO,
            entries: 0,
        };
        Self::new(now, folder, config)
    }

    fn new(now: MapSnapshot, folder: &Path, config: MapConfig) -> Self {
        Self {
            now,
            copies: Copies::default(),
            folder: folder.to_path_buf(),
            config,
            merge: None,
            retry_at: 0,
        }
    }

    /// The map as it is, for readers.
    pub fn snapshot(&self) -> MapSnapshot {
        self.now.clone()
    }

    /// Number of leaves of the log that the map has seen.
    pub const fn size(&self) -> TreeSize {
        self.now.size
    }

    /// Number of entries.
    pub const fn entries(&self) -> u64 {
        self.now.entries
    }

    /// The root.
    pub fn root(&self) -> Hash {
        self.now.root()
    }

    /// The map after a batch of leaves that stand from index `first` on, in their final order and without the
    /// map-root leaf, which follows them. The map itself does not change.
    ///
    /// # Errors
    /// [`MapFault::Repeated`], [`MapFault::NotNext`], [`MapFault::Leaf`], [`MapFault::Full`]; and
    /// [`MapFault::Damaged`] or [`MapFault::Io`] of the base.
    pub fn stage<L: AsRef<[u8]>>(&self, first: LeafIndex, leaves: &[L]) -> Result<StagedMap, MapFault> {
        let (batch, covers) = self.entries_of(first, leaves)?;
        let size = LeafIndex::new(covers).ok_or(MapFault::Full)?;
        Ok(StagedMap {
            base: Arc::clone(&self.now.base),
            before: (self.now.size, self.now.tip()),
            change: self.now.trunk.stage(&batch, &self.now.base)?,
            entries: self.now.with(&batch)?,
            batch,
            covers: size,
        })
    }

    /// Makes a staged change the map. To be called once the batch *and* its map-root leaf are committed.
    ///
    /// # Errors
    /// [`MapFault::Stale`] when the map changed in between; nothing has changed then.
    pub fn apply(&mut self, staged: StagedMap) -> Result<(), MapFault> {
        let is_ours = Arc::ptr_eq(&self.now.base, &staged.base);
        if !is_ours || (self.now.size, self.now.tip()) != staged.before {
            return Err(MapFault::Stale);
        }
        self.copies.advance(&mut self.now.trunk, staged.change);
        (self.now.size, self.now.entries) = (staged.covers.smallest_tree(), staged.entries);
        self.merge_if_due(
            &staged.batch,
            self.config.newer.max(self.now.entries / self.config.share.max(1)),
        );
        Ok(())
    }

    /// Feeds leaves that are in the log already, map-root leaves among them.
    ///
    /// # Errors
    /// As [`Self::stage`]. Nothing has changed then.
    pub fn replay<L: AsRef<[u8]>>(&mut self, first: LeafIndex, leaves: &[L]) -> Result<(), MapFault> {
        let (batch, end) = self.entries_of(first, leaves)?;
        let (size, entries) = (TreeSize::new(end).ok_or(MapFault::Full)?, self.now.with(&batch)?);
        let change = self.now.trunk.stage(&batch, &self.now.base)?;
        self.copies.advance(&mut self.now.trunk, change);
        (self.now.size, self.now.entries) = (size, entries);
        // Fewer and larger merges than in normal running: a rebuild would otherwise write the base again and again.
        self.merge_if_due(&batch, (self.config.newer * 8).max(self.now.entries / 4));
        Ok(())
    }

    /// Waits for a merge under way and takes its base into use.
    pub fn settle(&mut self) {
        if let Some(merge) = self.merge.take() {
            self.take_over(merge);
        }
    }

    /// Writes everything into a new base now, so that the next start has nothing to replay.
    ///
    /// # Errors
    /// [`MapFault::Io`] or [`MapFault::Damaged`]; the map works on as before.
    pub fn write_base(&mut self) -> Result<(), MapFault> {
        self.settle();
        if self.now.size != self.now.base.size() {
            let go_on = std::sync::atomic::AtomicBool::new(false);
            let merged = merge::write_base(&self.now, &self.folder, self.config.least_bits, &go_on)?;
            self.put(merged);
        }
        Ok(())
    }

    /// The entries of the leaves, sorted by tag, and the index after the last leaf.
    fn entries_of<L: AsRef<[u8]>>(
        &self,
        first: LeafIndex,
        leaves: &[L],
    ) -> Result<(Vec<MapEntry>, u64), MapFault> {
        let (expected, found) = (self.now.size.get(), first.get());
        if expected != found {
            return Err(MapFault::NotNext { expected, found });
        }
        let (mut batch, mut index) = (Vec::with_capacity(leaves.len()), found);
        for leaf in leaves {
            let place = LeafIndex::new(index).ok_or(MapFault::Full)?;
            let malformed = |source| MapFault::Leaf { index, source };
            batch.extend(MapEntry::of_leaf(place, leaf.as_ref()).map_err(malformed)?);
            index += 1;
        }
        batch.sort_by_key(|entry| entry.tag);
        Ok((batch, index))
    }

    fn merge_if_due(&mut self, batch: &[MapEntry], limit: u64) {
        match self.merge.take() {
            Some(mut merge) => {
                let added = merge.add(batch);
                // A writer that outruns the merge waits for it: memory stays bounded.
                if merge.is_finished() || added > limit {
                    self.take_over(merge);
                } else {
                    self.merge = Some(merge);
                }
            }
            None if self.now.newer() > limit.max(self.retry_at) => {
                let started = Merge::start(self.now.clone(), self.folder.clone(), self.config.least_bits);
                match started {
                    Ok(merge) => self.merge = Some(merge),
                    Err(error) => self.merge_failed(&error),
                }
            }
            None => {}
        }
    }

    fn take_over(&mut self, merge: Merge) {
        match merge.finish() {
            Ok(merged) if merged.tip() == self.now.tip() && merged.entries == self.now.entries => {
                self.put(MapSnapshot {
                    size: self.now.size,
                    ..merged
                });
                self.retry_at = 0;
            }
            Ok(_) => self.merge_failed(&damaged("the merged map has another root")),
            Err(error) => self.merge_failed(&error),
        }
    }

    /// Takes a map with another base. Freeing the old one takes tens of milliseconds, which no batch waits for.
    fn put(&mut self, map: MapSnapshot) {
        let old = (
            std::mem::replace(&mut self.now, map),
            std::mem::take(&mut self.copies),
        );
        // Without a thread it is freed here and now.
        let _ = thread::Builder::new()
            .name("map-free".to_owned())
            .spawn(move || drop(old));
    }

    /// Nothing is lost: the entries stay in memory, and the leaves are in the log.
    fn merge_failed(&mut self, error: &MapFault) {
        tracing::error!(
            error = error as &dyn std::error::Error,
            map.newer = self.now.newer(),
            "the map could not be merged; its newer entries stay in memory"
        );
        self.retry_at = self.now.newer().saturating_add(self.config.newer / 4);
    }
}

/// Bits of the bucket number for so many entries: 16 to 32 entries in a bucket.
fn bits_for(entries: u64, least: u8) -> u8 {
    let bits = (entries / BUCKET).checked_ilog2().unwrap_or(0);
    u8::try_from(bits)
        .unwrap_or(MOST_BITS)
        .clamp(least.clamp(GROUP_BITS, MOST_BITS), MOST_BITS)
}
