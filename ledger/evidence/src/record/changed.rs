//! A consent was paused, or went on again. In the DPV a pause is no state of a consent, so there is no version of the
//! consent record for it (`consent.md` §2.2).

use serde::{Deserialize, Serialize};

use super::{Capacity, Digest, EvidenceLevel, Id, Instant, Method, RecordError, demand};

/// A consent was paused, or a pause was ended early.
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
    /// How strong the evidence is.
    pub evidence_level: EvidenceLevel,
    /// Digest of the JWS of the event before.
    pub prev_sha256: Digest,
    /// Who acted, where that was not the person herself. In `consent-changed/2` and never in `/1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<ActedFor>,
    /// When it was recorded, and takes effect.
    pub at: Instant,
}

/// Somebody who acted for the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActedFor {
    /// Who acted.
    pub delegate: Id,
    /// As what.
    pub capacity: Capacity,
    /// By which mandate.
    pub mandate: Id,
}

/// What happened to a consent that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentChange {
    /// The person stopped transfers for a while.
    Paused,
    /// The person ended a pause early.
    Resumed,
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
        )
    }
}
