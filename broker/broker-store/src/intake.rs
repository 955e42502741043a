//! What the intakes of a whole group read and write: many rows a statement, because a statement costs more than a row.
//!
//! Each call says the same as the calls for one row in a loop; the contract suite holds them together.

use async_trait::async_trait;
use broker_domain::consent::Consent;
use broker_domain::ids::{BatchId, GatewayId, ParticipantId, SubjectId};
use broker_domain::time::Instant;

use crate::{BatchRow, GatewayRow, StoreError, SubjectRow, TransferRow, WrappedKeyRow};

/// A batch that came in, and the transfer that says so. Both carry the same serial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundRow {
    /// The transfer; its direction is [`crate::Direction::In`].
    pub transfer: TransferRow,
    /// The batch.
    pub batch: BatchRow,
}

/// Reading for many intakes at once. What is not found is left out; the order of the answers says nothing, and whoever
/// is asked for twice may come once.
#[async_trait]
pub trait IntakeReads {
    /// Gateways by identifier.
    async fn gateways(&mut self, ids: &[GatewayId]) -> Result<Vec<GatewayRow>, StoreError>;
    /// Every consent of these participants, with its events.
    async fn consents_of_all(&mut self, participants: &[ParticipantId]) -> Result<Vec<Consent>, StoreError>;
    /// The newest data key of each of these participants.
    async fn newest_keys(&mut self, participants: &[ParticipantId])
    -> Result<Vec<WrappedKeyRow>, StoreError>;
    /// Batches by gateway and id, as [`crate::TransferReads::batch`].
    async fn batches(&mut self, names: &[(GatewayId, BatchId)]) -> Result<Vec<BatchRow>, StoreError>;
    /// Subjects with their keys; erased ones are unknown.
    async fn subjects(&mut self, ids: &[SubjectId]) -> Result<Vec<SubjectRow>, StoreError>;
}

/// Writing for many intakes at once.
#[async_trait]
pub trait IntakeWrites {
    /// Adds transfers with their batches, as [`crate::TransferWrites::add_transfer`] and
    /// [`crate::TransferWrites::add_batch`] would. All of them or, with a conflict, some: the caller then goes back.
    async fn add_inbound(&mut self, rows: &[InboundRow]) -> Result<(), StoreError>;
    /// Notes when these gateways handed in batches, as [`crate::GatewayWrites::touch_gateway`].
    async fn touch_gateways(&mut self, seen: &[(GatewayId, Instant)]) -> Result<(), StoreError>;
}
