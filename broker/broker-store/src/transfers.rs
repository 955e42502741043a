//! Transfers in and out, made or refused, and the sealed batches that came in.

use async_trait::async_trait;
use broker_domain::ids::{
    BatchId, ConsentId, Digest, GatewayId, OrganisationId, ParticipantId, PointId, Purpose, TransferId,
};
use broker_domain::time::{Instant, Interval, Step};

use crate::{Serial, StoreError};

/// Which way readings went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a source to the broker.
    In,
    /// From the broker to a recipient.
    Out,
}

/// How a transfer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Readings moved.
    Done,
    /// Nothing moved.
    Refused {
        /// Stable code of the reason.
        code: String,
    },
}

/// One transfer. Holds no reading: `sealed` is ciphertext for the recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRow {
    /// Identifier; for transfers out it is the caller's idempotency key.
    pub id: TransferId,
    /// Which way.
    pub direction: Direction,
    /// Whose readings.
    pub participant: ParticipantId,
    /// Of which point.
    pub point: PointId,
    /// To whom, for transfers out.
    pub recipient: Option<OrganisationId>,
    /// For what, for transfers out.
    pub purpose: Option<Purpose>,
    /// Under which consent.
    pub consent: Option<ConsentId>,
    /// How it ended.
    pub outcome: Outcome,
    /// Span actually moved, or asked when refused.
    pub span: Interval,
    /// Step actually moved, or asked.
    pub step: Option<Step>,
    /// Values actually moved.
    pub rows: u32,
    /// When.
    pub at: Instant,
    /// The participant's record.
    pub serial: Serial,
    /// The recipient's copy of it, in the recipient's own list; for transfers out.
    pub recipient_serial: Option<Serial>,
    /// Index of the participant's leaf. Follows from the record: not looked at when the row is added.
    pub leaf_index: u64,
    /// Index of the recipient's leaf, likewise.
    pub recipient_leaf: Option<u64>,
    /// What was handed over, for a repeated request; empty when refused or inbound.
    pub sealed: Vec<u8>,
}

/// A batch that came in: sealed when stored, without content when refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// Chosen by the gateway.
    pub id: BatchId,
    /// Who signed it.
    pub gateway: GatewayId,
    /// The participant's record, which is also that of the transfer.
    pub serial: Serial,
    /// The transfer of that record. Not looked at when the row is added.
    pub transfer: TransferId,
    /// Whose.
    pub participant: ParticipantId,
    /// Of which point.
    pub point: PointId,
    /// Span of its readings.
    pub span: Interval,
    /// Epoch of the data key.
    pub epoch: u32,
    /// SHA-256 of the envelope as received: a repeated id with other bytes is refused.
    pub envelope: Digest,
    /// Readings under the participant's data key; empty when the batch was refused.
    pub sealed: Vec<u8>,
    /// Index of the participant's leaf. Follows from the record: not looked at when the row is added.
    pub leaf_index: u64,
}

/// A page of a list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Only rows whose leaf index is below this one; `u64::MAX` for the first page.
    pub before_leaf: u64,
    /// At most so many.
    pub limit: u32,
}

/// Which flows an officer wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowFilter {
    /// Everything.
    All,
    /// Made, inbound.
    In,
    /// Made, outbound.
    Out,
    /// Refused, either way.
    Refused,
}

/// Reading transfers.
#[async_trait]
pub trait TransferReads {
    /// The batch a gateway sent under this id.
    async fn batch(&mut self, gateway: GatewayId, id: BatchId) -> Result<Option<BatchRow>, StoreError>;
    /// Stored batches of a point that overlap the span, in order of their start.
    async fn batches_of(&mut self, point: PointId, span: &Interval) -> Result<Vec<BatchRow>, StoreError>;
    /// One transfer.
    async fn transfer(&mut self, id: TransferId) -> Result<Option<TransferRow>, StoreError>;
    /// The transfer recorded by this leaf of a participant.
    async fn transfer_at(&mut self, leaf_index: u64) -> Result<Option<TransferRow>, StoreError>;
    /// A page of one participant's transfers.
    async fn transfers_of(&mut self, who: ParticipantId, page: Page) -> Result<Vec<TransferRow>, StoreError>;
    /// A page of everybody's transfers.
    async fn flows(&mut self, filter: FlowFilter, page: Page) -> Result<Vec<TransferRow>, StoreError>;
    /// Whether readings moved under a consent before.
    async fn was_used(&mut self, consent: ConsentId) -> Result<bool, StoreError>;
    /// How often readings moved under a consent, and when last.
    async fn uses_of(&mut self, consent: ConsentId) -> Result<(u64, Option<Instant>), StoreError>;
}

/// Writing transfers.
#[async_trait]
pub trait TransferWrites {
    /// Adds a transfer. An id that exists already is a conflict.
    async fn add_transfer(&mut self, row: &TransferRow) -> Result<(), StoreError>;
    /// Adds a batch. The same id from the same gateway twice is a conflict.
    async fn add_batch(&mut self, row: &BatchRow) -> Result<(), StoreError>;
}
