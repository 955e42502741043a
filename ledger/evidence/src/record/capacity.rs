//! A person died, or cannot decide any more (`consent.md` §8; kit rules P-34, P-35).

use serde::{Deserialize, Serialize};

use super::{Id, Instant, RecordError, demand};

/// What became known of a person's capacity to agree. What it ends has records of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacityStep {
    /// Whose.
    pub participant: Id,
    /// What became known.
    pub step: CapacityStepKind,
    /// From when on her agreements do not hold; absent where it was recorded by mistake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// The case that stays open for her heirs or whoever represents her.
    pub case: Id,
    /// When it was recorded.
    pub at: Instant,
}

/// What became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CapacityStepKind {
    /// She died.
    Died,
    /// She cannot decide any more, by a judgment or a mandate that took effect.
    Incapable,
    /// It was recorded by mistake. Her agreements stay ended.
    Mistaken,
}

impl CapacityStepKind {
    /// Whether it gives something back.
    pub(super) const fn opens(self) -> bool {
        matches!(self, Self::Mistaken)
    }
}

impl CapacityStep {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        demand(
            self.since.is_none() == self.step.opens(),
            "an end of capacity has a date, and a mistake has none",
        )
    }
}
