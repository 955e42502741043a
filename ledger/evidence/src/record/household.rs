//! The other adults of a home, who have no account (`consent.md` §8): what they are told, and what they say.

use serde::{Deserialize, Serialize};

use super::{Id, Instant, RecordError, demand};

/// Something happened between a home and the adults in it who have no account. Stands in the list of the person whose meter it
/// is. Numbers and identifiers only: who they are is not known, and what they write is not said here, not even as a digest,
/// which would let the person whose list this is try out what another adult may have written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HouseholdStep {
    /// Whose meter it is.
    pub participant: Id,
    /// Opaque identifier of the delivery point.
    pub point: Id,
    /// What happened.
    pub step: HouseholdStepKind,
    /// How many other adults live there, where she said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adults: Option<u8>,
    /// Whether minors live there, where she said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minors: Option<bool>,
    /// Which case, for its steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<Id>,
    /// The last day of an answer in time, for those steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Id>,
    /// When it was recorded.
    pub at: Instant,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HouseholdStepKind {
    /// The person said how many others live there.
    Told,
    /// A code was made for the notice of the home; an earlier one ended.
    CodeMade,
    /// The person whose meter it is said that she is of age.
    OfAge,
    /// Another adult objected.
    Objected,
    /// Another adult asked a question.
    Asked,
    /// Somebody who acts for the person whose meter it was turned to the officer.
    Represented,
    /// An officer took the case up.
    InProgress,
    /// Somebody wrote in it.
    Message,
    /// An officer needs up to two months more.
    Extended,
    /// Its clock stands still.
    Paused,
    /// Its clock runs again.
    Resumed,
    /// An officer answered it.
    Answered,
}

impl HouseholdStepKind {
    /// Whether it is a step of a case.
    pub(super) const fn is_of_a_case(self) -> bool {
        !matches!(self, Self::Told | Self::CodeMade | Self::OfAge)
    }
}

impl HouseholdStep {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        let told = self.step == HouseholdStepKind::Told;
        demand(
            self.adults.is_some() == told && self.minors.is_some() == told,
            "who lives there is said where it was told, and nowhere else",
        )?;
        let of_a_case = self.step.is_of_a_case();
        demand(
            self.case.is_some() == of_a_case && self.due.is_some() == of_a_case,
            "the steps of a case name it and its day, and no others do",
        )
    }
}
