//! Runs the transaction of a group, and gives recovery its view of the data store.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use broker_domain::time::{Clock, Entropy, Instant};
use broker_store::{HeadRow, LedgerReads, Read, Store, StoreError};
use ledger_core::tree::{Frontier, Hash, NodeId, TreeSize};
use ledger_log::{Appended, CommitFault, Committed, Committer, DataHead, LogData, StoreFault, UnixMicros};

use crate::failure::Fault;
use crate::group::{Group, Job, Verdict};

/// The writer's view: one store, one clock, one source of salts.
pub(crate) struct GroupCommitter {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl GroupCommitter {
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            store,
            clock,
            entropy,
        }
    }

    async fn run(&self, jobs: &mut [Box<dyn Job>]) -> Result<(Vec<Verdict>, Option<Appended>), CommitFault> {
        let mut tx = self.store.begin("commit group").await.map_err(not_committed)?;
        let head = tx.newest_head().await.map_err(not_committed)?;
        let now = self.present(head.as_ref())?;
        let before = head.map_or(0, |head| head.size);
        let frontier = read_frontier(&mut *tx, before).await.map_err(not_committed)?;

        let mut group = Group::new(&mut *tx, &*self.entropy, now, frontier);
        let mut verdicts = Vec::with_capacity(jobs.len());
        for job in jobs {
            verdicts.push(job.run(&mut group).await.map_err(not_committed)?);
        }
        let (frontier, nodes) = group.finish();
        if frontier.size().get() == before {
            // Jobs without leaves (an application, an offer) still wrote rows.
            tx.commit()
                .await
                .map_err(|error| CommitFault::Unknown(Box::new(error)))?;
            return Ok((verdicts, None));
        }
        let rows: Vec<_> = nodes
            .iter()
            .map(|node| (node.id.level, node.id.index, *node.hash.as_bytes()))
            .collect();
        tx.add_nodes(&rows).await.map_err(not_committed)?;
        let (size, root) = (frontier.size(), frontier.root());
        tx.add_head(&HeadRow {
            size: size.get(),
            root: *root.as_bytes(),
            at: now,
        })
        .await
        .map_err(not_committed)?;
        let leaves = tx.leaves(before, size.get()).await.map_err(not_committed)?;
        tx.commit()
            .await
            .map_err(|error| CommitFault::Unknown(Box::new(error)))?;

        let head = DataHead {
            size,
            root,
            at: UnixMicros(now.as_micros()),
        };
        let leaves = leaves.into_iter().map(|leaf| leaf.bytes).collect();
        Ok((verdicts, Some(Appended { head, leaves })))
    }

    /// The instant of a group: the clock's, or the first after the last head when two groups fall into one microsecond.
    fn present(&self, head: Option<&HeadRow>) -> Result<Instant, CommitFault> {
        let now = self.clock.now();
        let Some(head) = head else { return Ok(now) };
        if now < head.at {
            // No clock progress, no record (invariant I6).
            return Err(CommitFault::NotCommitted(
                "the clock is behind the newest record".into(),
            ));
        }
        if now > head.at {
            return Ok(now);
        }
        Instant::from_micros(now.as_micros().saturating_add(1))
            .map_err(|error| CommitFault::NotCommitted(error.into()))
    }
}

fn not_committed(error: impl Into<Fault>) -> CommitFault {
    CommitFault::NotCommitted(Box::new(error.into()))
}

#[async_trait]
impl Committer for GroupCommitter {
    type Job = Box<dyn Job>;
    type Answer = Verdict;

    fn records(job: &Self::Job) -> usize {
        job.leaves()
    }

    async fn commit(&mut self, mut jobs: Vec<Self::Job>) -> Result<Committed<Verdict>, CommitFault> {
        let (answers, appended) = self.run(&mut jobs).await?;
        Ok(Committed { answers, appended })
    }
}

async fn read_frontier<R: Read + ?Sized>(read: &mut R, size: u64) -> Result<Frontier, Fault> {
    let size = TreeSize::new(size).ok_or(Fault::LogFull)?;
    let mut peaks = Vec::new();
    for node in Frontier::nodes(size) {
        peaks.push(read_node(read, node).await?);
    }
    Frontier::new(size, peaks).map_err(|_| Fault::Corrupt { what: "frontier" })
}

/// One stored node of the tree.
pub(crate) async fn read_node<R: LedgerReads + ?Sized + Send>(
    read: &mut R,
    node: NodeId,
) -> Result<Hash, Fault> {
    let hash = read
        .node(node.level, node.index)
        .await?
        .ok_or(Fault::Corrupt { what: "log_node" })?;
    Ok(Hash::new(hash))
}

/// What recovery reads.
pub(crate) struct DataView(pub Arc<dyn Store>);

#[async_trait]
impl LogData for DataView {
    async fn head(&self) -> Result<Option<DataHead>, StoreFault> {
        let head = self
            .0
            .read()
            .await
            .map_err(StoreFault::new)?
            .newest_head()
            .await
            .map_err(StoreFault::new)?;
        head.map(|head| {
            let size =
                TreeSize::new(head.size).ok_or_else(|| StoreFault::new("size of the log out of range"))?;
            Ok(DataHead {
                size,
                root: Hash::new(head.root),
                at: UnixMicros(head.at.as_micros()),
            })
        })
        .transpose()
    }

    async fn nodes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, StoreFault> {
        let mut read = self.0.read().await.map_err(StoreFault::new)?;
        let mut hashes = Vec::with_capacity(nodes.len());
        for node in nodes {
            hashes.push(read_node(&mut *read, *node).await.map_err(StoreFault::new)?);
        }
        Ok(hashes)
    }

    async fn leaves(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StoreFault> {
        let wanted = range.end.saturating_sub(range.start);
        let mut read = self.0.read().await.map_err(StoreFault::new)?;
        let leaves: Result<Vec<_>, StoreError> = read.leaves(range.start, range.end).await;
        let leaves = leaves.map_err(StoreFault::new)?;
        if u64::try_from(leaves.len()) != Ok(wanted) {
            return Err(StoreFault::new("a leaf is missing in the data store"));
        }
        Ok(leaves.into_iter().map(|leaf| leaf.bytes).collect())
    }
}
