//! Transfers in and out, done or refused.

use serde::{Deserialize, Serialize};

use super::{Digest, Id, Instant, RecordError, Seconds, demand};

/// A batch arrived from a gateway or source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferIn {
    /// This transfer.
    pub transfer: Id,
    /// Whose data.
    pub participant: Id,
    /// Which gateway signed the batch.
    pub gateway: Id,
    /// Opaque identifier of the delivery point.
    pub point: Id,
    /// The consent that covers it; always there when stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Id>,
    /// The gateway's identifier of the batch.
    pub batch: Id,
    /// Instant of the first reading; absent when the batch could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_at: Option<Instant>,
    /// Instant of the last reading, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Instant>,
    /// Number of readings.
    pub rows: u64,
    /// Digest of what was stored; always there when stored, never when refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ciphertext_sha256: Option<Digest>,
    /// Digest of the signed envelope as it arrived.
    pub envelope_sha256: Digest,
    /// What became of it.
    pub outcome: InOutcome,
    /// Why it was refused, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Id>,
    /// When it was recorded.
    pub at: Instant,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InOutcome {
    /// Sealed and stored.
    Stored,
    /// Not kept.
    Refused,
}

impl TransferIn {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        let stored = self.outcome == InOutcome::Stored;
        demand(stored != self.refusal.is_some(), "outcome and refusal")?;
        demand(
            stored == self.ciphertext_sha256.is_some(),
            "outcome and ciphertext",
        )?;
        demand(!stored || self.consent.is_some(), "stored without a consent")?;
        demand(!stored || self.first_at.is_some(), "stored without a period")?;
        demand(self.first_at.is_some() == self.last_at.is_some(), "half a period")?;
        demand(self.first_at <= self.last_at, "it ends before it begins")
    }
}

/// Data went to an application, or were refused to it. Period, step and rows are those actually sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferOut {
    /// This transfer.
    pub transfer: Id,
    /// Whose data. Absent in the recipient's copy: erasing the person must leave nothing about her with others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant: Option<Id>,
    /// The consent that covers it; always there when delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<Id>,
    /// To whom.
    pub recipient: Id,
    /// What for.
    pub purpose: Id,
    /// Step of the data.
    pub step_s: Seconds,
    /// First instant,
    pub from: Instant,
    /// last instant, exclusive.
    pub until: Instant,
    /// Number of rows.
    pub rows: u64,
    /// Digest of the file `delivery.age`; always there when delivered, never when refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ciphertext_sha256: Option<Digest>,
    /// Digest of the set of policies that decided.
    pub policy_set_sha256: Digest,
    /// The policies that determined the decision.
    pub policies: Vec<Id>,
    /// What became of it.
    pub outcome: OutOutcome,
    /// Why it was refused, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Id>,
    /// When it was recorded.
    pub at: Instant,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutOutcome {
    /// Sealed to the recipient and handed over.
    Delivered,
    /// Nothing left the broker.
    Refused,
}

impl TransferOut {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        let delivered = self.outcome == OutOutcome::Delivered;
        demand(delivered != self.refusal.is_some(), "outcome and refusal")?;
        demand(
            delivered == self.ciphertext_sha256.is_some(),
            "outcome and ciphertext",
        )?;
        demand(
            !delivered || self.consent.is_some(),
            "delivered without a consent",
        )?;
        demand(self.from <= self.until, "it ends before it begins")
    }
}
