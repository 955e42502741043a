//! Writing a new base in the background while the log grows.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use ledger_core::map::MapEntry;

use super::{
    MapFault, MapSnapshot,
    base::{BaseWriter, Loaded},
    bits_for,
    bucket::{Bucket, Scratch},
    trunk::{GROUP_BITS, prefix},
};

/// The thread catches up with the writer until this few entries are left for the writer to add itself.
const FEW: usize = 2048;
/// How often it tries; each round has less to catch up with than the one before, or the writer is faster than we are.
const ROUNDS: usize = 16;

/// A merge under way. Dropping it stops the thread and waits for it.
#[derive(Debug)]
pub struct Merge {
    thread: Option<JoinHandle<Result<MapSnapshot, MapFault>>>,
    /// Entries the writer has added since the start.
    added: usize,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Entries added since the snapshot that is being written, which the new map does not have yet.
    recent: Mutex<Vec<MapEntry>>,
    cancelled: AtomicBool,
}

impl Shared {
    fn take(&self) -> Vec<MapEntry> {
        std::mem::take(&mut *self.recent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Merge {
    /// Starts a thread that writes this map into a new base file.
    pub fn start(map: MapSnapshot, folder: PathBuf, least_bits: u8) -> Result<Self, MapFault> {
        let shared = Arc::new(Shared::default());
        let seen = Arc::clone(&shared);
        let work = move || {
            let merged = write_base(&map, &folder, least_bits, &seen.cancelled)?;
            catch_up(merged, &seen)
        };
        let thread = thread::Builder::new().name("map-merge".to_owned()).spawn(work)?;
        Ok(Self {
            thread: Some(thread),
            added: 0,
            shared,
        })
    }

    /// Tells the thread what the writer added; gives how much that is since the start.
    pub fn add(&mut self, batch: &[MapEntry]) -> u64 {
        self.added += batch.len();
        let mut recent = self.shared.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.extend_from_slice(batch);
        u64::try_from(self.added).unwrap_or(u64::MAX)
    }

    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the thread, and adds what it has not seen. The map has the entries of the writer's and a new base.
    pub fn finish(mut self) -> Result<MapSnapshot, MapFault> {
        let thread = self.thread.take().ok_or(MapFault::Thread)?;
        let mut merged = thread.join().unwrap_or(Err(MapFault::Thread))?;
        add(&mut merged, self.shared.take())?;
        Ok(merged)
    }
}

impl Drop for Merge {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.shared.cancelled.store(true, Ordering::Relaxed);
            // Whether it ended well matters to nobody any more: its file is complete or will be removed.
            let _ = thread.join();
        }
    }
}

/// Writes all entries of a map into a new base file and puts it in place; the map is then the same with that base.
pub fn write_base(
    map: &MapSnapshot,
    folder: &Path,
    least_bits: u8,
    cancelled: &AtomicBool,
) -> Result<MapSnapshot, MapFault> {
    let old_bits = map.base.bits();
    let bits = bits_for(map.entries, least_bits).max(old_bits);
    let (mut scratch, mut encoded) = (Scratch::default(), Vec::new());
    let mut writer = BaseWriter::begin(folder, bits)?;
    for (number, group) in map.trunk.groups() {
        if cancelled.load(Ordering::Relaxed) {
            return Err(MapFault::Cancelled);
        }
        let first = number << GROUP_BITS;
        for (number, stored) in (first..).zip(map.base.group(number, &mut scratch.bytes)?) {
            let newer = group.newer(number, old_bits);
            if newer.is_empty() && bits == old_bits && stored.len() > 0 {
                writer.put(number, stored.len(), stored.bytes(), group.bucket_root(number))?;
                continue;
            }
            let bucket = Bucket::merge(stored, newer, &mut scratch.slots)?;
            // More bits split a bucket; what it had stored holds for its parts.
            let parts = bucket
                .slots()
                .chunk_by(|a, b| prefix(a.tag(), bits) == prefix(b.tag(), bits));
            for slots in parts {
                let Some(first) = slots.first() else { continue };
                let root = bucket.encode(slots, &mut encoded);
                writer.put(prefix(first.tag(), bits), slots.len(), &encoded, root)?;
            }
        }
    }
    let Loaded { base, trunk } = writer.finish(map.size, map.tip())?;
    Ok(MapSnapshot {
        base: Arc::new(base),
        trunk: Arc::new(trunk),
        size: map.size,
        entries: map.entries,
    })
}

fn catch_up(mut map: MapSnapshot, shared: &Shared) -> Result<MapSnapshot, MapFault> {
    for _ in 0..ROUNDS {
        let recent = shared.take();
        let is_last = recent.len() <= FEW;
        add(&mut map, recent)?;
        if is_last || shared.cancelled.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(map)
}

fn add(map: &mut MapSnapshot, mut recent: Vec<MapEntry>) -> Result<(), MapFault> {
    recent.sort_by_key(|entry| entry.tag);
    map.add(&recent)
}
