//! Batches just committed: where each leaf stands, and what a proof of it is made from, without asking the database.
//!
//! Nothing here is personal: leaves are public, serials say nothing. What opens a leaf is read from the database each
//! time, where an erasure takes it away.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use broker_store::Serial;
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::tree::{Frontier, Hash, LeafIndex, NodeMap, ProofPlan, StoredNode, TreeSize};
use ledger_log::{DataHead, MapSnapshot};

/// How many batches are remembered: some seconds of a busy broker, a few megabytes.
const REMEMBERED: usize = 64;

/// One committed batch.
#[derive(Debug)]
pub struct Batch {
    first: u64,
    head: DataHead,
    leaves: Vec<Vec<u8>>,
    places: HashMap<Serial, u64>,
    nodes: NodeMap,
    signed: OnceLock<Arc<SignedCheckpoint>>,
    /// Roots on the right edge of its tree, shared by the proofs of its leaves.
    edge: Mutex<BTreeMap<(u64, u64), Hash>>,
}

impl Batch {
    /// A batch whose leaf number i has serial number i; the last leaf, the map root, has none. `peaks` are those of the
    /// tree before it, `completed` the nodes that it completed: every proof of one of its leaves is made of these.
    pub fn new(
        first: u64,
        head: DataHead,
        leaves: &[Vec<u8>],
        serials: Vec<Serial>,
        peaks: Vec<Hash>,
        completed: Vec<StoredNode>,
    ) -> Self {
        let before = TreeSize::new(first).unwrap_or_default();
        let edge = Frontier::nodes(before).into_iter().zip(peaks);
        let grown = completed.into_iter().map(|node| (node.id, node.hash));
        Self {
            first,
            head,
            leaves: leaves.to_vec(),
            places: serials.into_iter().zip(first..).collect(),
            nodes: edge.chain(grown).collect(),
            signed: OnceLock::new(),
            edge: Mutex::default(),
        }
    }

    /// The head after it.
    pub const fn head(&self) -> &DataHead {
        &self.head
    }

    /// The index of the leaf of this record.
    pub fn leaf_at(&self, serial: Serial) -> Option<u64> {
        self.places.get(&serial).copied()
    }

    /// The bytes of a leaf, by its index in the log.
    pub fn leaf(&self, index: u64) -> Option<&[u8]> {
        let place = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.leaves.get(place).map(Vec::as_slice)
    }

    /// The inclusion proof of a leaf in the tree after this batch.
    pub fn path(&self, index: LeafIndex) -> Option<Vec<Hash>> {
        let plan = ProofPlan::inclusion(index, self.head.size).ok()?;
        let mut edge = self.edge.lock().unwrap_or_else(PoisonError::into_inner);
        plan.build_with(&self.nodes, &mut edge).ok()
    }

    /// The checkpoint of this batch, signed once for all its receipts.
    pub fn signed(&self) -> &OnceLock<Arc<SignedCheckpoint>> {
        &self.signed
    }
}

/// The newest batches, and the map after the last of them.
#[derive(Debug)]
pub(crate) struct Recent(Mutex<Newest>);

#[derive(Debug)]
struct Newest {
    batches: VecDeque<Arc<Batch>>,
    map: MapSnapshot,
}

impl Recent {
    /// No batch yet, and the map of the log as it was found.
    pub fn starting_with(map: MapSnapshot) -> Self {
        let batches = VecDeque::new();
        Self(Mutex::new(Newest { batches, map }))
    }

    /// Remembers a batch with the map after it, and forgets the oldest.
    pub fn push(&self, batch: Arc<Batch>, map: MapSnapshot) {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        newest.map = map;
        if newest.batches.len() >= REMEMBERED {
            newest.batches.pop_front();
        }
        newest.batches.push_back(batch);
    }

    /// The map after the last committed batch.
    pub fn map(&self) -> MapSnapshot {
        let newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        newest.map.clone()
    }

    /// The batch that holds a leaf.
    pub fn find(&self, index: u64) -> Option<Arc<Batch>> {
        let newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let batches = &newest.batches;
        let place = batches.partition_point(|batch| batch.first <= index);
        let batch = batches.get(place.checked_sub(1)?)?;
        (index < batch.head.size.get()).then(|| Arc::clone(batch))
    }
}
