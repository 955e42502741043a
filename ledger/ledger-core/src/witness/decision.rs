//! What a witness answers: `(recorded, request) -> decision`.

use super::AddCheckpoint;
use crate::{
    checkpoint::{CheckpointError, SignedCheckpoint},
    note::{NoteError, Vkey},
    tree::{Hash, ProofError, TreeSize, empty_root, verify_consistency},
};

/// The largest tree a witness vouched for, by origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Number of leaves.
    pub size: TreeSize,
    /// Root of the tree.
    pub root: Hash,
}

impl Recorded {
    /// Of a log that the witness never vouched for.
    pub fn nothing() -> Self {
        Self {
            size: TreeSize::ZERO,
            root: empty_root(),
        }
    }
}

/// A request that passed every check. The witness now makes it durable, and only then cosigns.
///
/// Private fields: having one means that [`decide`] accepted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    checkpoint: SignedCheckpoint,
}

impl Accepted {
    /// The checkpoint to cosign, with the signatures of the log's trusted keys only.
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
}

/// Why a request is refused, in the order in which the checks are made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 403: no signature by a trusted key of that origin, or one that names a trusted key does not verify.
    #[error("the checkpoint is not signed by a trusted key of its origin")]
    Signature(#[source] CheckpointError),
    /// 400: the old size is larger than the checkpoint.
    #[error("the old size {old} is larger than the checkpoint of {new}")]
    OldTooLarge {
        /// Old size of the request.
        old: TreeSize,
        /// Size of the checkpoint.
        new: TreeSize,
    },
    /// 422: the root of an empty tree is not SHA-256("").
    #[error("the root is not that of the empty tree")]
    EmptyRoot,
    /// 409: the old size is not the recorded one.
    #[error("the recorded size is {recorded}")]
    Stale {
        /// The recorded size, 0 if none.
        recorded: TreeSize,
        /// Whether the checkpoint is as large as the recorded one and has another root: proof of two logs.
        contradicts: Contradiction,
    },
    /// 422: as large as the recorded one, with another root.
    #[error("the recorded root of that size is another")]
    OtherRoot,
    /// 422: the proof does not lead from the recorded tree to the checkpoint, or is not empty where it must be.
    #[error("the consistency proof does not verify")]
    Proof(#[source] ProofError),
}

/// Whether a checkpoint that arrived late contradicts the recorded one by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// It may well be an older or newer checkpoint of the same log.
    None,
    /// Same size, another root: no log has both.
    SameSize,
}

impl Refusal {
    /// Whether the log itself signed something that it cannot have signed honestly. Such a checkpoint is evidence.
    pub const fn is_misbehaviour(&self) -> bool {
        match self {
            Self::EmptyRoot
            | Self::OtherRoot
            | Self::Proof(_)
            | Self::Stale {
                contradicts: Contradiction::SameSize,
                ..
            } => true,
            Self::Signature(_) | Self::OldTooLarge { .. } | Self::Stale { .. } => false,
        }
    }
}

/// Decides a request whose origin is known (else 404), in this order: signature, old size against the checkpoint,
/// root of an empty tree, recorded size, root at equal size, proof. `log_keys` are the trusted keys of that origin.
///
/// Comparing with what is recorded, and recording the accepted checkpoint, must be one atomic step of the caller, or
/// two requests could interleave and roll the record back.
///
/// # Errors
/// [`Refusal`].
pub fn decide(request: &AddCheckpoint, log_keys: &[Vkey], recorded: &Recorded) -> Result<Accepted, Refusal> {
    let (old, claim) = (request.old, &request.claim);
    let refused = |cause: NoteError| Refusal::Signature(CheckpointError::Note(cause));
    request.note.verify(log_keys).map_err(refused)?;
    if old > claim.size() {
        let new = claim.size();
        return Err(Refusal::OldTooLarge { old, new });
    }
    if claim.size() == TreeSize::ZERO && claim.root() != empty_root() {
        return Err(Refusal::EmptyRoot);
    }
    if old != recorded.size {
        let contradicts = if claim.size() == recorded.size && claim.root() != recorded.root {
            Contradiction::SameSize
        } else {
            Contradiction::None
        };
        return Err(Refusal::Stale {
            recorded: recorded.size,
            contradicts,
        });
    }
    if claim.size() == recorded.size && claim.root() != recorded.root {
        return Err(Refusal::OtherRoot);
    }
    verify_consistency(
        recorded.size,
        claim.size(),
        &recorded.root,
        &claim.root(),
        &request.proof,
    )
    .map_err(Refusal::Proof)?;
    // Also refuses a key that is trusted for another origin only.
    let note = request.note.clone().only_by(log_keys);
    let checkpoint = SignedCheckpoint::verify(note, log_keys).map_err(Refusal::Signature)?;
    Ok(Accepted { checkpoint })
}
