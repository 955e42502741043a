//! One look at the whole log: that it is the one that was signed, and who was erased.

use std::collections::BTreeSet;
use std::sync::Arc;

use broker_store::HeadRow;
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::leaf::{ErasureHandle, Leaf};
use ledger_core::tree::{Frontier, TreeSize, leaf_hash};
use ledger_log::LogData;

use super::RestoreError;
use super::import::WholeLog;
use crate::failure::Fault;

/// Leaves read at once.
const CHUNK: u64 = 4_096;

/// The erasures of a log.
pub(super) struct Erasures {
    handles: Arc<BTreeSet<ErasureHandle>>,
    /// How many of the imported leaves are about subjects.
    pub imported_records: u64,
    /// The hour that the last leaf states.
    pub newest_hour: u32,
}

impl Erasures {
    /// Reads every leaf, of the copy and behind it. Every erasure counts whoever signed it: it stands in the signed log,
    /// and in doubt a person stays erased.
    ///
    /// # Errors
    /// [`RestoreError::Contradiction`] when the copy does not have its own root, [`RestoreError::OtherLog`] when both
    /// together do not have the signed one.
    pub async fn of(
        log: &WholeLog,
        copy: Option<&HeadRow>,
        signed: &SignedCheckpoint,
    ) -> Result<Self, RestoreError> {
        let known = copy.map_or(0, |head| head.size);
        let mut tree = Frontier::empty();
        let mut handles = BTreeSet::new();
        let (mut imported_records, mut newest_hour) = (0_u64, 0);
        while tree.size() < signed.size() {
            let first = tree.size().get();
            // A chunk ends where the copy ends, so that its root can be seen there.
            let stop = if first < known { known } else { signed.size().get() };
            for bytes in log.leaves(first..stop.min(first.saturating_add(CHUNK))).await? {
                let index = tree.size().get();
                let leaf = Leaf::parse(&bytes).map_err(|_| RestoreError::Leaf { index })?;
                newest_hour = leaf.hour().get();
                match leaf {
                    Leaf::Erasure(leaf) => {
                        handles.insert(leaf.erasure().handle);
                    }
                    Leaf::Subject(_) if index >= known => imported_records += 1,
                    Leaf::Subject(_) | Leaf::System(_) => {}
                }
                tree.append(leaf_hash(&bytes)).map_err(|_| Fault::LogFull)?;
            }
            if tree.size() == TreeSize::new(known).unwrap_or_default()
                && copy.is_some_and(|head| tree.root().as_bytes() != &head.root)
            {
                return Err(RestoreError::Contradiction);
            }
        }
        if tree.root() != signed.root() {
            return Err(RestoreError::OtherLog);
        }
        Ok(Self {
            handles: Arc::new(handles),
            imported_records,
            newest_hour,
        })
    }

    /// Whether the log holds this erasure.
    pub fn contains(&self, handle: &ErasureHandle) -> bool {
        self.handles.contains(handle)
    }

    /// All of them.
    pub fn handles(&self) -> Arc<BTreeSet<ErasureHandle>> {
        Arc::clone(&self.handles)
    }
}
