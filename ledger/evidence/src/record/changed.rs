//! What happened to a consent between its beginning and its end, and ends that nobody's withdrawal brought.

use serde::{Deserialize, Serialize};

use super::{Digest, EvidenceLevel, Id, Instant, Method, RecordError, demand};

/// A consent was paused, resumed, or ended otherwise than by withdrawal. New terms are a `consent-given` of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentChanged {
    /// Which consent.
    pub consent: Id,
    /// Whose.
    pub participant: Id,
    /// What happened.
    pub change: ConsentChange,
    /// When transfers may go on by themselves, for a pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
    /// How it came about.
    pub method: Method,
    /// How strong the evidence is; none for what nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence_level: Option<EvidenceLevel>,
    /// When it took effect, if that was before it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Instant>,
    /// Digest of the JWS of the event before.
    pub prev_sha256: Digest,
    /// When it was recorded.
    pub at: Instant,
}

/// What happened to a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentChange {
    /// The person stopped transfers for a while. The consent stands.
    Paused,
    /// The person ended a pause early.
    Resumed,
    /// Its time ran out.
    Expired,
    /// What it stood on is gone.
    Invalidated,
}

impl ConsentChange {
    /// Whether it lets transfers go on again.
    pub(super) const fn opens(self) -> bool {
        matches!(self, Self::Resumed)
    }
}

impl ConsentChanged {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        demand(
            self.until.is_some() == (self.change == ConsentChange::Paused),
            "a pause has an end, and nothing else has",
        )?;
        demand(
            self.until.is_none_or(|until| self.at < until),
            "the pause ends before it begins",
        )?;
        demand(
            self.effective_at.is_none_or(|effective| effective < self.at),
            "it takes effect after it is recorded",
        )?;
        demand(
            self.effective_at.is_none()
                || matches!(self.change, ConsentChange::Expired | ConsentChange::Invalidated),
            "only an end is dated back",
        )
    }
}
