//! What the client of the witnesses needs from outside.

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use ledger_core::tree::{Hash, NodeMap, ProofPlan, TreeSize};

use super::WitnessStop;
use crate::ports::{LogData, StoreFault};

/// An answer as it came; nothing is read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawAnswer {
    /// HTTP status.
    pub status: u16,
    /// Body, cut at [`RawAnswer::MAX_BODY`] bytes or a little above, never longer.
    pub body: Vec<u8>,
}

impl RawAnswer {
    /// Bytes that a transport reads at most: the largest note.
    pub const MAX_BODY: usize = ledger_core::note::MAX_NOTE_LEN;
}

/// A witness could not be reached, or its answer could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the witness did not answer")]
pub struct TransportFault(#[source] Box<dyn Error + Send + Sync>);

impl TransportFault {
    /// Wraps the cause.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Carries the two calls of C2SP tlog-witness. `prefix` is a URL without a slash at the end.
///
/// Statuses are answers, not faults. Redirects are not followed: a witness has one address. An implementation ends
/// every call after a time of its own, well above the limit of a question, so that a slow witness is not lost at once.
#[async_trait]
pub trait WitnessTransport: Send + Sync {
    /// `POST <prefix>/add-checkpoint`.
    ///
    /// # Errors
    /// [`TransportFault`]; the witness may or may not have recorded the checkpoint.
    async fn add_checkpoint(&self, prefix: &str, body: String) -> Result<RawAnswer, TransportFault>;

    /// `GET <prefix>/<origin_hash in lowercase hexadecimal>/checkpoint`.
    ///
    /// # Errors
    /// [`TransportFault`].
    async fn monitoring(&self, prefix: &str, origin_hash: Hash) -> Result<RawAnswer, TransportFault>;
}

/// Keeps what a witness proved against this log, beyond the end of the process.
#[async_trait]
pub trait StopKeeper: Send + Sync {
    /// Durable when it returns. The first one stays: a later call changes nothing.
    ///
    /// # Errors
    /// [`StoreFault`]; nothing, or all of it, may stand.
    async fn keep(&self, stop: &WitnessStop) -> Result<(), StoreFault>;
}

/// Gives consistency proofs of the log.
#[async_trait]
pub trait ProofSource: Send + Sync {
    /// `PROOF(old, D[new])` of RFC 6962 §2.1.2, with `old <= new`; empty for 0 and for equal sizes.
    ///
    /// # Errors
    /// [`StoreFault`], also when the log has fewer than `new` leaves.
    async fn consistency(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, StoreFault>;
}

/// Proofs from the hashes in the data store.
pub struct DataProofs(pub Arc<dyn LogData>);

#[async_trait]
impl ProofSource for DataProofs {
    async fn consistency(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>, StoreFault> {
        let plan = ProofPlan::consistency(old, new).map_err(StoreFault::new)?;
        let ids: Vec<_> = plan.nodes().collect();
        let hashes = self.0.nodes(&ids).await?;
        let nodes: NodeMap = ids.into_iter().zip(hashes).collect();
        plan.build(&nodes).map_err(StoreFault::new)
    }
}
