//! Starting with the map of a log that exists.

use std::path::PathBuf;

use ledger_core::{
    leaf::{Leaf, MapRoot},
    tree::{LeafIndex, TreeSize},
};

use super::{LogMap, MapConfig, MapFault};
use crate::ports::{LogData, StoreFault};

/// Leaves asked for at once.
const PAGE: u64 = 4096;
/// Pages fed at once: large batches share most of the hashes above the buckets.
const PAGES: u64 = 64;

impl LogMap {
    /// Opens the map, feeds it what the log has since its base, and compares the root with the last leaf of the log, if
    /// that is a map-root leaf (a log from before the map has none).
    ///
    /// A base that leads to another root is not of this log: it is left aside, said in a log line, and the map built
    /// from the first leaf on.
    ///
    /// # Errors
    /// [`MapFault::OtherRoot`] when the map built from all leaves is not what the log says (refuse to start), and
    /// [`MapFault::Repeated`] or [`MapFault::Leaf`] when the leaves are wrong themselves; [`MapFault::Store`] and
    /// [`MapFault::Io`].
    pub async fn recover(
        folder: PathBuf,
        config: MapConfig,
        data: &dyn LogData,
        log: TreeSize,
    ) -> Result<Self, MapFault> {
        let at = folder.clone();
        let map = blocking(move || Self::open(&at, config, log)).await?;
        let had_base = map.size() > TreeSize::ZERO;
        match map.caught_up(data, log).await {
            Err(
                error @ (MapFault::OtherRoot { .. } | MapFault::Repeated { .. } | MapFault::Damaged { .. }),
            ) if had_base => {
                tracing::warn!(%error, "the map's base file does not fit the log; building the map again");
                Self::empty(&folder, config, log)
                    .caught_up(data, log)
                    .await?
                    .keep()
                    .await
            }
            Ok(map) if !had_base => map.keep().await,
            done => done,
        }
    }

    /// After a rebuild of more than a few leaves: writes the base, so that the next start need not do it again.
    async fn keep(mut self) -> Result<Self, MapFault> {
        blocking(move || {
            if self.entries() > self.config.newer
                && let Err(error) = self.write_base()
            {
                self.merge_failed(&error);
            }
            Ok(self)
        })
        .await
    }

    async fn caught_up(mut self, data: &dyn LogData, log: TreeSize) -> Result<Self, MapFault> {
        let Some(last) = log.last_index() else {
            return Ok(self);
        };
        let said = data.leaves(last.get()..log.get()).await?;
        let said = said.first().and_then(|leaf| match Leaf::parse(leaf) {
            Ok(Leaf::System(leaf)) => leaf.map_root(),
            _ => None,
        });
        while self.size() < log {
            let first = self.size().get();
            let end = log.get().min(first.saturating_add(PAGE * PAGES));
            let leaves = read(data, first, end).await?;
            let first = LeafIndex::new(first).ok_or(MapFault::Full)?;
            self = blocking(move || {
                self.replay(first, &leaves)?;
                Ok(self)
            })
            .await?;
        }
        // A merge begun on the way ends here rather than beside the first batches.
        self = blocking(move || {
            self.settle();
            Ok(self)
        })
        .await?;
        match said {
            Some(said) if !self.agrees(last, &said) => Err(MapFault::OtherRoot { index: last.get() }),
            _ => Ok(self),
        }
    }

    /// Whether the last leaf of the log, at this index, says what this map is. (It adds no entry itself.)
    fn agrees(&self, last: LeafIndex, said: &MapRoot) -> bool {
        let found = MapRoot {
            covers: last,
            entries: self.entries(),
            root: self.root(),
        };
        *said == found
    }
}

async fn read(data: &dyn LogData, first: u64, end: u64) -> Result<Vec<Vec<u8>>, MapFault> {
    let mut leaves = Vec::new();
    let mut next = first;
    while next < end {
        let to = end.min(next.saturating_add(PAGE));
        let page = data.leaves(next..to).await?;
        if u64::try_from(page.len()) != Ok(to - next) {
            return Err(StoreFault::new(
                "the data store gave another number of leaves than it was asked for",
            )
            .into());
        }
        leaves.extend(page);
        next = to;
    }
    Ok(leaves)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, MapFault> + Send + 'static,
) -> Result<T, MapFault> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or(Err(MapFault::Thread))
}
