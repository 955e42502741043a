//! What recipients answer when they are told of a withdrawal.

use serde::{Deserialize, Serialize};

use super::{Digest, Id, Instant, RecordError, demand};

/// A recipient acknowledged a withdrawal, or attested that it deleted what it had received (GDPR art. 7(3), 17(1)(b), 19).
///
/// Written twice: into the person's list, and without the person into the recipient's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawalAnswer {
    /// What is done about this withdrawal.
    pub dossier: Id,
    /// The consent that was withdrawn.
    pub consent: Id,
    /// Whose consent; absent in the recipient's copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant: Option<Id>,
    /// The organisation that answered.
    pub recipient: Id,
    /// Its application that answered.
    pub application: Id,
    /// Which step.
    pub step: AnswerStep,
    /// What happens to data received before.
    pub past_data: PastData,
    /// Until when it is deleted, for an acknowledgement that promises it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_by: Option<Instant>,
    /// SHA-256 of the answer: the recipient's own compact JWS, in ASCII.
    pub answer_sha256: Digest,
    /// When it was recorded.
    pub at: Instant,
}

/// Which answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerStep {
    /// It knows of the withdrawal.
    Acknowledged,
    /// It has deleted what it had received.
    Attested,
}

/// What happens to data received before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PastData {
    /// Deleted.
    Delete,
    /// Kept, on a basis that the answer states.
    Keep,
}

impl WithdrawalAnswer {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        let promises = self.step == AnswerStep::Acknowledged && self.past_data == PastData::Delete;
        demand(
            self.delete_by.is_some() == promises,
            "a promise to delete has a date, and nothing else has",
        )?;
        demand(
            self.step == AnswerStep::Acknowledged || self.past_data == PastData::Delete,
            "only a deletion is attested",
        )
    }
}
