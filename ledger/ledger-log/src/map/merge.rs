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
    bucket::Bucket,
    trunk::{self, GROUP_BITS, prefix},
};

/// The thread catches up with the writer until this few entries are left for the writer to add itself.
const FEW: usize = 2048;
/// How often it tries; each round has less to catch up with than the one before, or the writer is faster than we are.
const ROUNDS: usize = 16;

/// A merge under way. Dropping it stops the thread and waits for it.
#[derive(Debug)]
pub struct Merge {
    thread: Option<JoinHandle<Result<MapSnapshot, MapFault>>>,
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
            shared,
        })
    }

    /// Tells the thread what the writer added.
    pub fn added(&self, batch: &[MapEntry]) {
        let mut recent = self.shared.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.extend_from_slice(batch);
    }

    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the thread, and adds what it has not seen. The map has the entries of the writer's and a new base.
    pub fn finish(mut self) -> Result<MapSnapshot, MapFault> {
        let thread = self.thread.take().ok_or(MapFault::Thread)?;
        let merged = thread.join().unwrap_or(Err(MapFault::Thread))?;
        add(&merged, self.shared.take())
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
    let mut writer = BaseWriter::begin(folder, bits)?;
    trunk::for_each_group(map.trunk.as_ref(), 0, &mut |number, group| {
        if cancelled.load(Ordering::Relaxed) {
            return Err(MapFault::Cancelled);
        }
        let first = number << GROUP_BITS;
        for (number, stored) in (first..).zip(map.base.group(number)?) {
            let bucket = Bucket::merge(stored, group.newer(number, old_bits))?;
            // More bits split a bucket; what it had stored holds for its parts.
            let parts = bucket
                .slots()
                .chunk_by(|a, b| prefix(a.tag(), bits) == prefix(b.tag(), bits));
            for slots in parts {
                let Some(first) = slots.first() else { continue };
                let (bytes, root) = bucket.encode(slots);
                writer.put(prefix(first.tag(), bits), slots.len(), &bytes, root)?;
            }
        }
        Ok(())
    })?;
    let Loaded { base, trunk } = writer.finish(map.size, map.tip())?;
    Ok(MapSnapshot {
        base: Arc::new(base),
        trunk,
        size: map.size,
        entries: map.entries,
    })
}

fn catch_up(mut map: MapSnapshot, shared: &Shared) -> Result<MapSnapshot, MapFault> {
    for _ in 0..ROUNDS {
        let recent = shared.take();
        let is_last = recent.len() <= FEW;
        map = add(&map, recent)?;
        if is_last || shared.cancelled.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(map)
}

fn add(map: &MapSnapshot, mut recent: Vec<MapEntry>) -> Result<MapSnapshot, MapFault> {
    recent.sort_by_key(|entry| entry.tag);
    map.with(&recent, map.size)
}
