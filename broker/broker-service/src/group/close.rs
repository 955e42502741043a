//! The close of a group: drafts get their places, the map its root, the database its rows.

use std::sync::Arc;

use broker_store::{HeadRow, RecordRow, SegmentRow, Serial};
use ledger_core::leaf::{Hour, map_root_leaf};
use ledger_core::tree::{Frontier, Hash, LeafIndex, TreeSize, leaf_hash};
use ledger_log::{Appended, DataHead, LogMap, MapFault, StagedMap, UnixMicros};

use super::{Drafted, Group, Halt};
use crate::batch::Batch;
use crate::failure::Fault;

/// A closed group whose transaction is not committed yet.
pub(crate) struct Closed {
    /// What the log grew by.
    pub appended: Appended,
    /// Where its leaves stand.
    pub batch: Arc<Batch>,
    /// The map with it.
    pub map: StagedMap,
}

impl Group<'_> {
    /// Gives every draft its place, appends the map-root leaf, and writes records and segment. `None` when no job
    /// appended a leaf.
    ///
    /// # Errors
    /// [`Halt::Ledger`] when the tables of the ledger are not what they must be.
    pub async fn close(mut self, before: Option<&HeadRow>, map: &LogMap) -> Result<Option<Closed>, Halt> {
        if self.drafted.is_empty() {
            return Ok(None);
        }
        // The serials were drawn at random: this is the shuffle (`ledger.md` §10, map-root leaf).
        self.drafted.sort_unstable_by_key(|one| one.serial);
        let mut edge = frontier(before).map_err(Halt::Ledger)?;
        let first = edge.size().get();
        let peaks = edge.peaks().to_vec();

        let Placed {
            mut leaves,
            serials,
            details,
        } = placed(first, std::mem::take(&mut self.drafted));
        let next_serial = serials.last().map_or(Serial(0), |last| Serial(last.0 + 1));
        let place = LeafIndex::new(first).ok_or(Halt::Group(Fault::LogFull))?;
        let staged = map.stage(place, &leaves).map_err(|fault| unmapped(&fault))?;
        let root = staged.map_root();
        let hour = Hour::new(self.now.hour());
        leaves.push(map_root_leaf(hour, root.covers, root.entries, root.root).to_bytes());

        let mut nodes = Vec::with_capacity(leaves.len() * 2);
        for leaf in &leaves {
            let completed = edge.append(leaf_hash(leaf));
            nodes.extend(completed.map_err(|_| Halt::Group(Fault::LogFull))?);
        }
        let head = HeadRow {
            first,
            size: edge.size().get(),
            root: *edge.root().as_bytes(),
            peaks: edge.peaks().iter().map(|peak| *peak.as_bytes()).collect(),
            at: self.now,
            next_serial,
        };
        let tile_roots = nodes
            .iter()
            .filter(|node| node.id.level > 0 && node.id.level % 8 == 0)
            .map(|node| (node.id.level / 8, node.id.index, *node.hash.as_bytes()))
            .collect();
        self.write(details).await?;
        let segment = SegmentRow {
            head,
            leaves: leaves.clone(),
            tile_roots,
        };
        self.tx.add_segment(&segment).await?;

        let data_head = DataHead {
            size: edge.size(),
            root: edge.root(),
            at: UnixMicros(self.now.as_micros()),
        };
        let batch = Batch::new(first, data_head, &leaves, serials, peaks, nodes);
        Ok(Some(Closed {
            appended: Appended {
                head: data_head,
                leaves,
            },
            batch: Arc::new(batch),
            map: staged,
        }))
    }

    /// Writes the details, subject by subject, in the order of their numbers.
    async fn write(&mut self, mut details: Vec<RecordRow>) -> Result<(), Halt> {
        details.sort_unstable_by_key(|row| (row.subject, row.n));
        for rows in details.chunk_by(|a, b| a.subject == b.subject) {
            self.tx.add_records(rows).await?;
        }
        Ok(())
    }
}

/// Drafts in their order, taken apart.
struct Placed {
    leaves: Vec<Vec<u8>>,
    serials: Vec<Serial>,
    details: Vec<RecordRow>,
}

/// Gives the drafts the places from `first` on, in their order.
fn placed(first: u64, drafted: Vec<Drafted>) -> Placed {
    let mut placed = Placed {
        leaves: Vec::with_capacity(drafted.len() + 1),
        serials: Vec::with_capacity(drafted.len()),
        details: Vec::with_capacity(drafted.len()),
    };
    for (leaf_index, one) in (first..).zip(drafted) {
        placed.leaves.push(one.bytes);
        placed.serials.push(one.serial);
        let detail = one.detail.map(|row| RecordRow { leaf_index, ..row });
        placed.details.extend(detail);
    }
    placed
}

/// A repeated tag, a malformed leaf: what stands in the log or was about to is wrong. A file that cannot be read is
/// only that.
fn unmapped(fault: &MapFault) -> Halt {
    let io = matches!(fault, MapFault::Io(_));
    tracing::error!(error = fault as &dyn std::error::Error, "the map takes no batch");
    let fault = Fault::Corrupt { what: "map" };
    if io {
        Halt::Group(fault)
    } else {
        Halt::Ledger(fault)
    }
}

/// The growing edge of the tree after a batch.
pub(crate) fn frontier(head: Option<&HeadRow>) -> Result<Frontier, Fault> {
    let Some(head) = head else {
        return Ok(Frontier::empty());
    };
    let corrupt = Fault::Corrupt {
        what: "segment.peaks",
    };
    let size = TreeSize::new(head.size).ok_or(Fault::LogFull)?;
    let peaks = head.peaks.iter().copied().map(Hash::new).collect();
    match Frontier::new(size, peaks) {
        // Recomputed, so that a changed row is not built upon.
        Ok(frontier) if frontier.root().as_bytes() == &head.root => Ok(frontier),
        Ok(_) | Err(_) => Err(corrupt),
    }
}
