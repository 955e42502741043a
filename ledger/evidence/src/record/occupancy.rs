//! How long a person lives where her meter is (`consent.md` §8): she leaves, or its contract changed and she is asked.

use serde::{Deserialize, Serialize};

use super::{Id, Instant, Method, RecordError, demand};

/// Something became known of who lives where a meter is. What it ends has records of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OccupancyStep {
    /// Whose.
    pub participant: Id,
    /// Opaque identifier of the delivery point: one occupancy of one meter.
    pub point: Id,
    /// What became known.
    pub step: OccupancyStepKind,
    /// From when on the person does not live there, for a departure. May lie ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaves_at: Option<Instant>,
    /// How it became known: her own word, or the contract.
    pub method: Method,
    /// When it was recorded.
    pub at: Instant,
}

/// What became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OccupancyStepKind {
    /// She leaves, or left.
    Departure,
    /// A departure to come was taken back.
    Stays,
    /// The contract changed; nothing moves until she says whether she still lives there.
    ContractChanged,
    /// She does.
    Confirmed,
}

impl OccupancyStepKind {
    /// Whether transfers may go on after it that could not before.
    pub(super) const fn opens(self) -> bool {
        matches!(self, Self::Stays | Self::Confirmed)
    }
}

impl OccupancyStep {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        demand(
            self.leaves_at.is_some() == (self.step == OccupancyStepKind::Departure),
            "a departure has a date, and nothing else has",
        )
    }
}
