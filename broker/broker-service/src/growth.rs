//! What the log grows by with one batch: leaves in their order, the root of the map behind them, the row that stores
//! them, and what their proofs are made from.

use std::sync::Arc;

use broker_domain::time::Instant;
use broker_store::{HeadRow, SegmentRow, Serial};
use ledger_core::leaf::{Hour, map_root_leaf};
use ledger_core::tree::{Frontier, Hash, LeafIndex, TreeSize, leaf_hash};
use ledger_log::{Appended, DataHead, LogMap, MapFault, StagedMap, UnixMicros};

use crate::batch::Batch;

/// The next batch, of which nothing is stored yet.
#[derive(Debug)]
pub struct Growth {
    /// The row to store, in the transaction of everything that belongs to the leaves.
    pub segment: SegmentRow,
    /// The map with the batch; to be applied when the row is committed.
    pub map: StagedMap,
    /// Where its leaves stand, and what proves them.
    pub batch: Arc<Batch>,
}

/// Why the log takes no batch.
#[derive(Debug, thiserror::Error)]
pub enum GrowthError {
    /// It holds as many leaves as it may.
    #[error("the log is full")]
    Full,
    /// The head before is not one that this program wrote.
    #[error("the newest head does not fit its root")]
    Head,
    /// A repeated tag, a malformed leaf, or files of the map that cannot be read.
    #[error("the map takes no batch")]
    Map(#[from] MapFault),
}

impl Growth {
    /// Leaves behind `before`, with the leaf of their map root as the last. Leaf number i has the serial number i.
    ///
    /// # Errors
    /// [`GrowthError`]; nothing has changed.
    pub fn by(
        mut leaves: Vec<Vec<u8>>,
        serials: Vec<Serial>,
        before: Option<&HeadRow>,
        map: &LogMap,
        at: Instant,
    ) -> Result<Self, GrowthError> {
        let mut edge = frontier(before)?;
        let first = edge.size().get();
        let peaks = edge.peaks().to_vec();
        let place = LeafIndex::new(first).ok_or(GrowthError::Full)?;
        let staged = map.stage(place, &leaves)?;
        let root = staged.map_root();
        let hour = Hour::new(at.hour());
        leaves.push(map_root_leaf(hour, root.covers, root.entries, root.root).to_bytes());

        let mut nodes = Vec::with_capacity(leaves.len() * 2);
        for leaf in &leaves {
            let completed = edge.append(leaf_hash(leaf));
            nodes.extend(completed.map_err(|_| GrowthError::Full)?);
        }
        let tile_roots = nodes
            .iter()
            .filter(|node| node.id.level > 0 && node.id.level % 8 == 0)
            .map(|node| (node.id.level / 8, node.id.index, *node.hash.as_bytes()))
            .collect();
        let next_serial = serials.last().map_or(Serial(0), |last| Serial(last.0 + 1));
        let head = HeadRow {
            first,
            size: edge.size().get(),
            root: *edge.root().as_bytes(),
            peaks: edge.peaks().iter().map(|peak| *peak.as_bytes()).collect(),
            at,
            next_serial,
        };
        let data_head = DataHead {
            size: edge.size(),
            root: edge.root(),
            at: UnixMicros(at.as_micros()),
        };
        let batch = Batch::new(first, data_head, &leaves, serials, peaks, nodes);
        Ok(Self {
            segment: SegmentRow {
                head,
                leaves,
                tile_roots,
            },
            map: staged,
            batch: Arc::new(batch),
        })
    }

    /// What is to be published of it.
    #[must_use]
    pub fn appended(&self) -> Appended {
        Appended {
            head: *self.batch.head(),
            leaves: self.segment.leaves.clone(),
        }
    }
}

/// The growing edge of the tree after a batch.
pub(crate) fn frontier(head: Option<&HeadRow>) -> Result<Frontier, GrowthError> {
    let Some(head) = head else {
        return Ok(Frontier::empty());
    };
    let size = TreeSize::new(head.size).ok_or(GrowthError::Full)?;
    let peaks = head.peaks.iter().copied().map(Hash::new).collect();
    match Frontier::new(size, peaks) {
        // Recomputed, so that a changed row is not built upon.
        Ok(frontier) if frontier.root().as_bytes() == &head.root => Ok(frontier),
        Ok(_) | Err(_) => Err(GrowthError::Head),
    }
}
