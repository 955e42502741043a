//! What a witness said, and what it means for us.

use ledger_core::{note::KeyName, tree::TreeSize};

/// One witness's part in a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessReport {
    /// Name of its key.
    pub witness: KeyName,
    /// What it came to.
    pub finding: Finding,
}

/// What a witness's answer came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It cosigned.
    Cosigned,
    /// It could not be reached, was overloaded, or had a fault of its own. Asked again next time.
    Unavailable {
        /// Why, for the log.
        why: String,
    },
    /// It does not know this log or its key: its operator must add us.
    NotKnown,
    /// It says that our checkpoint contradicts what it recorded (422, or 409 again after the retry). A person must
    /// compare: either it is wrong, or we are.
    Alarm {
        /// What it said.
        why: String,
    },
    /// It answered something that cannot be true, or is no answer of a witness. Going on without it.
    Faulty {
        /// What was wrong.
        why: String,
    },
    /// We were rolled back, or a second log runs with our key.
    Stop(WitnessStop),
    /// Our own store gave no proof.
    NoProof {
        /// Why, for the log.
        why: String,
    },
}

/// A witness holds a checkpoint that this log signed and that is not in its past: it was rolled back, or a second
/// log runs with its key. Stop signing; a person must decide which history is the true one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{witness}` holds a checkpoint of {theirs} leaves signed by this log, which has {ours}: rolled back or second log"
)]
pub struct WitnessStop {
    /// Name of the witness's key.
    pub witness: KeyName,
    /// Our size.
    pub ours: TreeSize,
    /// The size that stands against it: larger, or not in the past of ours.
    pub theirs: TreeSize,
    /// The newest checkpoint of ours that it was held against: a signed note.
    pub our_note: String,
    /// The note that proves it, for the person who must decide.
    pub evidence: String,
}

impl WitnessReport {
    /// Logs what a person should know.
    pub(super) fn log(&self) {
        let witness = self.witness.as_str();
        match &self.finding {
            Finding::Cosigned => tracing::info!(witness.name = witness, "a witness cosigns"),
            Finding::Unavailable { why } => {
                tracing::warn!(witness.name = witness, cause = why, "a witness is unavailable");
            }
            Finding::NotKnown => {
                tracing::warn!(
                    witness.name = witness,
                    "a witness does not know this log or its key"
                );
            }
            Finding::NoProof { why } => {
                tracing::error!(
                    witness.name = witness,
                    cause = why,
                    "no proof for a witness could be made"
                );
            }
            Finding::Faulty { why } => {
                tracing::error!(
                    witness.name = witness,
                    cause = why,
                    "a witness is faulty; going on without it"
                );
            }
            Finding::Alarm { why } => {
                tracing::error!(
                    witness.name = witness,
                    cause = why,
                    "a witness contradicts this log: compare both"
                );
            }
            Finding::Stop(stop) => {
                tracing::error!(
                    witness.name = witness,
                    evidence = stop.evidence,
                    "stop signing: {stop}"
                );
            }
        }
    }
}
