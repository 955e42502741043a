//! Requests of people about their rights.

use serde::{Deserialize, Serialize};

use super::{Digest, Id, Instant, RecordError, demand};

/// A request about one's rights advanced (GDPR chapter III; kit document K18).
///
/// What the person wrote and what she was answered stand here as digests only: words are hers to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RightsStep {
    /// Which request.
    pub request: Id,
    /// Whose.
    pub participant: Id,
    /// Which right.
    pub right: Right,
    /// What happened.
    pub step: RightsStepKind,
    /// The last day of an answer in time, `YYYY-MM-DD` in the controller's calendar.
    pub due: Id,
    /// SHA-256 of the words of this step, UTF-8; absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words_sha256: Option<Digest>,
    /// When it was recorded; when the request arrived, for its first step.
    pub at: Instant,
}

/// A right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// GDPR article 15.
    Access,
    /// Article 20.
    Portability,
    /// Article 16.
    Rectify,
    /// Article 17.
    Erase,
    /// Article 18.
    Restrict,
    /// Article 21.
    Object,
}

/// What happened to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RightsStepKind {
    /// It arrived, and the clock started.
    Received,
    /// An officer took it up.
    InProgress,
    /// Somebody wrote about it: the person or an officer.
    Message,
    /// An officer needs up to two months more, and says why (GDPR art. 12(3)).
    Extended,
    /// An officer asks who is asking, and the clock stops (art. 12(6)).
    Paused,
    /// The clock runs again.
    Resumed,
    /// An officer answered it.
    Answered,
}

impl RightsStep {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        demand(
            self.words_sha256.is_some()
                || matches!(
                    self.step,
                    RightsStepKind::Received | RightsStepKind::InProgress | RightsStepKind::Resumed
                ),
            "a step without its words",
        )
    }
}
