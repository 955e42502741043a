//! The leaves that the copy lacks, from the public files into its tables.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use broker_domain::time::Instant;
use broker_store::{HeadRow, SegmentRow, Serial, Tx};
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::leaf::Leaf;
use ledger_core::tile::{FULL, Resource, Span, parse_entries};
use ledger_core::tree::{Hash, NodeId, StoredNode, TreeSize, leaf_hash};
use ledger_log::{DataHead, LogData, PublicStore, StoreFault, UnixMicros};

use super::RestoreError;
use crate::committer::DataView;
use crate::failure::Fault;
use crate::growth::{GrowthError, frontier};

/// A batch of the log from before there were map roots has no end that can be seen: it is cut here.
const LONGEST_BATCH: usize = 4_096;
const HOUR_MICROS: i64 = 3_600_000_000;

/// Leaves `[first, end)` in the public folder.
#[derive(Clone)]
pub(super) struct MissingLeaves {
    public: Arc<dyn PublicStore>,
    first: u64,
    end: u64,
}

impl MissingLeaves {
    pub fn new(public: Arc<dyn PublicStore>, first: u64, end: u64) -> Self {
        Self { public, first, end }
    }

    /// How many.
    pub const fn count(&self) -> u64 {
        self.end.saturating_sub(self.first)
    }

    /// Those of a range, at most to the end of one bundle: the caller asks again for the rest.
    async fn some(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, RestoreError> {
        let full = u64::from(FULL);
        let bundle = range.start / full;
        let begin = bundle.saturating_mul(full);
        let width = u16::try_from(self.end.saturating_sub(begin).min(full)).unwrap_or(FULL);
        let no_span = || Fault::Corrupt { what: "log size" };
        let span = Span::new(bundle, width).ok_or_else(no_span)?;
        let (bytes, span) = self.bundle(span).await?;
        let entries = parse_entries(&bytes, span.width()).map_err(|cause| RestoreError::LeavesDamaged {
            resource: Resource::Entries(span),
            cause,
        })?;
        let wanted = (begin..).zip(entries).filter(|(index, _)| range.contains(index));
        Ok(wanted.map(|(_, entry)| entry.to_vec()).collect())
    }

    /// A bundle as wide as asked, or the full one that took its place.
    async fn bundle(&self, span: Span) -> Result<(Vec<u8>, Span), RestoreError> {
        for span in [span, span.to_full()] {
            if let Some(bytes) = self.public.read(Resource::Entries(span)).await? {
                return Ok((bytes, span));
            }
        }
        Err(RestoreError::LeavesMissing {
            resource: Resource::Entries(span),
        })
    }
}

/// The log as it was signed: the leaves of the copy, and behind them those of the public folder.
pub(super) struct WholeLog {
    copy: DataView,
    missing: MissingLeaves,
    head: DataHead,
}

impl WholeLog {
    pub fn new(copy: DataView, missing: MissingLeaves, signed: &SignedCheckpoint) -> Self {
        let head = DataHead {
            size: signed.size(),
            root: signed.root(),
            at: UnixMicros(0),
        };
        Self { copy, missing, head }
    }
}

#[async_trait]
impl LogData for WholeLog {
    async fn head(&self) -> Result<Option<DataHead>, StoreFault> {
        Ok(Some(self.head))
    }

    async fn heads_since(&self, _: TreeSize) -> Result<Vec<DataHead>, StoreFault> {
        Err(StoreFault::new("a log that is being restored is not signed for"))
    }

    async fn heads_up_to(&self, _: TreeSize, _: usize) -> Result<Vec<DataHead>, StoreFault> {
        Err(StoreFault::new("a log that is being restored is not signed for"))
    }

    async fn nodes(&self, _: &[NodeId]) -> Result<Vec<Hash>, StoreFault> {
        Err(StoreFault::new("a log that is being restored has leaves only"))
    }

    async fn leaves(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StoreFault> {
        let known = self.missing.first;
        let mut leaves = Vec::new();
        if range.start < known {
            leaves = self.copy.leaves(range.start..range.end.min(known)).await?;
        }
        let mut next = range.start.max(known);
        while next < range.end {
            let some = self
                .missing
                .some(next..range.end)
                .await
                .map_err(StoreFault::new)?;
            if some.is_empty() {
                return Err(StoreFault::new("a leaf is missing in the public folder"));
            }
            next = next.saturating_add(u64::try_from(some.len()).unwrap_or(u64::MAX));
            leaves.extend(some);
        }
        Ok(leaves)
    }
}

/// Appends the missing leaves, batch by batch as they were committed: each batch ends with its map root. Gives the head
/// after the last, which has the signed root.
pub(super) async fn import(
    tx: &mut dyn Tx,
    copy: Option<HeadRow>,
    missing: &MissingLeaves,
    signed: &SignedCheckpoint,
) -> Result<HeadRow, RestoreError> {
    let mut head = copy;
    let mut edge = frontier(head.as_ref()).map_err(|error| match error {
        GrowthError::Full => RestoreError::Fault(Fault::LogFull),
        GrowthError::Head => RestoreError::Contradiction,
        GrowthError::Map(fault) => RestoreError::Map(fault),
    })?;
    let (mut leaves, mut nodes): (Vec<Vec<u8>>, Vec<StoredNode>) = (Vec::new(), Vec::new());
    let mut next = missing.first;
    while next < missing.end {
        for bytes in missing.some(next..missing.end).await? {
            let leaf = Leaf::parse(&bytes).map_err(|_| RestoreError::Leaf { index: next })?;
            nodes.extend(edge.append(leaf_hash(&bytes)).map_err(|_| Fault::LogFull)?);
            next += 1;
            leaves.push(bytes);
            let is_map_root = matches!(&leaf, Leaf::System(leaf) if leaf.map_root().is_some());
            if !is_map_root && leaves.len() < LONGEST_BATCH && next < missing.end {
                continue;
            }
            let row = SegmentRow {
                head: HeadRow {
                    first: next.saturating_sub(u64::try_from(leaves.len()).unwrap_or(u64::MAX)),
                    size: next,
                    root: *edge.root().as_bytes(),
                    peaks: edge.peaks().iter().map(|peak| *peak.as_bytes()).collect(),
                    at: instant(head.as_ref(), &leaf)?,
                    // No row of the copy has a serial of these batches: their records are gone.
                    next_serial: head.as_ref().map_or(Serial(0), |head| head.next_serial),
                },
                leaves: std::mem::take(&mut leaves),
                tile_roots: tile_roots(&std::mem::take(&mut nodes)),
            };
            tx.add_segment(&row).await?;
            head = Some(row.head);
        }
    }
    // Read a second time: what stands in the tables now is what was signed, whatever happened to the files meanwhile.
    head.filter(|_| edge.root() == signed.root() && edge.size() == signed.size())
        .ok_or(RestoreError::OtherLog)
}

/// The roots of the tiles that became full.
fn tile_roots(nodes: &[StoredNode]) -> Vec<(u8, u64, [u8; 32])> {
    let roots = nodes
        .iter()
        .filter(|node| node.id.level > 0 && node.id.level % 8 == 0);
    roots
        .map(|node| (node.id.level / 8, node.id.index, *node.hash.as_bytes()))
        .collect()
}

/// The instant of a batch, of which the leaves keep the hour only: the start of the hour, later than the batch before.
fn instant(before: Option<&HeadRow>, leaf: &Leaf) -> Result<Instant, Fault> {
    let hour = i64::from(leaf.hour().get()).saturating_mul(HOUR_MICROS);
    let later = before.map_or(i64::MIN, |head| head.at.as_micros().saturating_add(1));
    Ok(Instant::from_micros(hour.max(later))?)
}
