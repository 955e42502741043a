//! The restores that lost details: a file says "lost" of those leaves alone.

use broker_store::{Store, StoreError};
use ledger_core::leaf::RestoreLeaf;
use ledger_core::tree::LeafIndex;
use ledger_log::StoreFault;

use crate::broker::Broker;
use crate::failure::Fault;

/// Reads the restore leaves of the batches that a restore kept. No broker runs while one is added, so they are read once.
pub(crate) async fn known_restores(store: &dyn Store) -> Result<Vec<(LeafIndex, RestoreLeaf)>, StoreFault> {
    restores_in(store).await.map_err(StoreFault::new)
}

/// The same for whoever tells faults of a store apart.
pub(crate) async fn restores_in(store: &dyn Store) -> Result<Vec<(LeafIndex, RestoreLeaf)>, StoreError> {
    let mut read = store.read().await?;
    let mut restores = Vec::new();
    for first in read.restores().await? {
        let head = read.head_covering(first).await?;
        let end = head.map_or(first, |head| head.size);
        let leaves = read.leaves(first, end).await?;
        let found = leaves.into_iter().filter_map(|row| {
            let leaf = RestoreLeaf::parse(&row.bytes).ok()?;
            Some((LeafIndex::new(row.index)?, leaf))
        });
        restores.extend(found);
    }
    Ok(restores)
}

impl Broker {
    /// Refuses to go on where a detail is missing that no restore lost: a damaged or a changed database must not pass for
    /// a restored one.
    pub(super) fn check_lost(&self, index: LeafIndex) -> Result<(), Fault> {
        let mut lost = self.restores.iter().filter_map(|(_, leaf)| leaf.lost());
        if lost.any(|lost| lost.contains(&index.get())) {
            return Ok(());
        }
        Err(Fault::DetailMissing {
            leaf_index: index.get(),
        })
    }
}
