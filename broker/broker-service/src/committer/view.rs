//! What recovery and proofs read of the log.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use broker_store::{HeadRow, LedgerReads, Read, Store};
use ledger_core::tile::{FULL, Span, TileHashes, TileId, hashes_in_level};
use ledger_core::tree::{Hash, NodeId, TreeSize, leaf_hash};
use ledger_log::{DataHead, LogData, StoreFault, UnixMicros};

use crate::failure::Fault;

/// What recovery reads of a store.
pub struct DataView(pub Arc<dyn Store>);

#[async_trait]
impl LogData for DataView {
    async fn head(&self) -> Result<Option<DataHead>, StoreFault> {
        let mut read = self.0.read().await.map_err(StoreFault::new)?;
        let head = read.newest_head().await.map_err(StoreFault::new)?;
        head.as_ref().map(data_head).transpose()
    }

    async fn heads_since(&self, size: TreeSize) -> Result<Vec<DataHead>, StoreFault> {
        let mut read = self.0.read().await.map_err(StoreFault::new)?;
        let newest = read.newest_head().await.map_err(StoreFault::new)?;
        let end = newest.map_or(0, |head| head.size);
        let mut heads = Vec::new();
        let mut next = size.get();
        while next < end {
            let head = read.head_covering(next).await.map_err(StoreFault::new)?;
            let head = head.filter(|head| head.size > next);
            let head = head.ok_or_else(|| StoreFault::new("a batch is missing in the data store"))?;
            next = head.size;
            heads.push(data_head(&head)?);
        }
        Ok(heads)
    }

    async fn heads_up_to(&self, size: TreeSize, most: usize) -> Result<Vec<DataHead>, StoreFault> {
        let mut read = self.0.read().await.map_err(StoreFault::new)?;
        let mut heads = Vec::new();
        let mut end = size.get();
        while heads.len() < most
            && let Some(last) = end.checked_sub(1)
        {
            let head = read.head_covering(last).await.map_err(StoreFault::new)?;
            let head = head.filter(|head| head.size == end && head.first < end);
            let head = head.ok_or_else(|| StoreFault::new("a batch is missing in the data store"))?;
            end = head.first;
            heads.push(data_head(&head)?);
        }
        heads.reverse();
        Ok(heads)
    }

    async fn nodes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, StoreFault> {
        let mut read = self.0.read().await.map_err(StoreFault::new)?;
        let mut hashes = Vec::with_capacity(nodes.len());
        // Recovery asks for the hashes of whole tiles, side by side: one question a run.
        for run in nodes.chunk_by(|a, b| a.level == b.level && a.index.checked_add(1) == Some(b.index)) {
            let Some(first) = run.first() else { continue };
            let end = first
                .index
                .saturating_add(u64::try_from(run.len()).unwrap_or(u64::MAX));
            let level = first.level.checked_div(8).filter(|_| first.level % 8 == 0);
            let level = level.ok_or_else(|| StoreFault::new("a node between two tile levels"))?;
            let found = level_hashes(&mut *read, level, first.index, end).await;
            hashes.extend(found.map_err(StoreFault::new)?);
        }
        if hashes.len() == nodes.len() {
            Ok(hashes)
        } else {
            Err(StoreFault::new("a hash is missing in the data store"))
        }
    }

    async fn leaves(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StoreFault> {
        let wanted = range.end.saturating_sub(range.start);
        let mut read = self.0.read().await.map_err(StoreFault::new)?;
        let leaves = read
            .leaves(range.start, range.end)
            .await
            .map_err(StoreFault::new)?;
        if u64::try_from(leaves.len()) != Ok(wanted) {
            return Err(StoreFault::new("a leaf is missing in the data store"));
        }
        Ok(leaves.into_iter().map(|leaf| leaf.bytes).collect())
    }
}

fn data_head(row: &HeadRow) -> Result<DataHead, StoreFault> {
    let size = TreeSize::new(row.size).ok_or_else(|| StoreFault::new("size of the log out of range"))?;
    Ok(DataHead {
        size,
        root: Hash::new(row.root),
        at: UnixMicros(row.at.as_micros()),
    })
}

/// Hashes `[from, to)` of a tile level: hashed from the leaves for level 0, stored for those above.
async fn level_hashes<R: LedgerReads + ?Sized + Send>(
    read: &mut R,
    level: u8,
    from: u64,
    to: u64,
) -> Result<Vec<Hash>, Fault> {
    if level > 0 {
        let roots = read.tile_roots(level, from, to).await?;
        return Ok(roots.into_iter().map(Hash::new).collect());
    }
    let leaves = read.leaves(from, to).await?;
    Ok(leaves.iter().map(|leaf| leaf_hash(&leaf.bytes)).collect())
}

/// The tiles of the tree of `size` leaves that hold these nodes.
pub(crate) async fn tile_nodes(
    read: &mut (dyn Read + '_),
    size: TreeSize,
    nodes: impl Iterator<Item = NodeId>,
) -> Result<TileHashes, Fault> {
    let full = u64::from(FULL);
    let places: BTreeSet<(u8, u64)> = nodes
        .map(|node| (node.level / 8, (node.index << (node.level % 8)) / full))
        .collect();
    let mut tiles = TileHashes::new(size);
    for (level, tile) in places {
        let corrupt = || Fault::Corrupt { what: "log size" };
        let from = tile.checked_mul(full).ok_or_else(corrupt)?;
        let to = hashes_in_level(size, level).min(from.saturating_add(full));
        let hashes = level_hashes(read, level, from, to).await?;
        let width = u16::try_from(hashes.len()).map_err(|_| corrupt())?;
        let id = Span::new(tile, width).and_then(|span| TileId::new(level, span));
        tiles.insert(id.ok_or_else(corrupt)?, hashes);
    }
    Ok(tiles)
}
