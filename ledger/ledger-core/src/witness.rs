//! Witness messages: C2SP tlog-witness, with the statuses as they stand after its v1.0.0.
//!
//! ```text
//! request   old <size>\n
//!           <base64 hash>\n ...            0 to 63 lines: the consistency proof from the old size
//!           \n
//!           <signed checkpoint>
//! answer    200  — <name> <base64>\n ...   one or more cosignature lines
//!           409  <recorded size>\n
//! ```
//!
//! Here are the bytes and the decision; the server stands in `ledger-witness`, the client in `ledger-log`. The call
//! `sign-subtree` is optional and not offered.

mod answer;
mod decision;

use std::fmt;

use crate::{
    checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint, parse_decimal},
    note::{Note, NoteError, Vkey},
    tree::{Hash, TreeSize, digest},
};

pub use answer::{Answer, MalformedAnswer};
pub use decision::{Accepted, Contradiction, Recorded, Refusal, decide};

/// Most lines of a consistency proof (C2SP tlog-witness: the client MUST NOT send more than 63).
pub const MAX_PROOF: usize = 63;

/// Content type of the answer 409 (C2SP tlog-witness).
pub const SIZE_CONTENT_TYPE: &str = "text/x.tlog.size";

/// `SHA-256(origin)`: its lowercase hexadecimal form is the folder of a log under the monitoring prefix.
pub fn origin_hash(origin: &str) -> Hash {
    digest(&[origin.as_bytes()])
}

/// The body of `add-checkpoint`, not verified. Prints as the exact bytes that are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    old: TreeSize,
    proof: Vec<Hash>,
    note: Note,
    claim: Checkpoint,
}

/// Why a body is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedRequest {
    /// The lines before the checkpoint are wrong.
    #[error("the request is malformed: {what}")]
    Head {
        /// Which rule is broken.
        what: &'static str,
    },
    /// The checkpoint is no signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The signed text is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

const fn malformed(what: &'static str) -> MalformedRequest {
    MalformedRequest::Head { what }
}

impl AddCheckpoint {
    /// A request. `proof` leads from the tree of `old` leaves to that of the checkpoint (RFC 6962 §2.1.2).
    ///
    /// # Errors
    /// [`MalformedRequest::Head`] for more than [`MAX_PROOF`] hashes.
    pub fn new(
        old: TreeSize,
        proof: Vec<Hash>,
        checkpoint: &SignedCheckpoint,
    ) -> Result<Self, MalformedRequest> {
        if proof.len() > MAX_PROOF {
            return Err(malformed("the proof is too long"));
        }
        Ok(Self {
            old,
            proof,
            note: checkpoint.note().clone(),
            claim: checkpoint.checkpoint().clone(),
        })
    }

    /// Reads a body strictly; nothing is verified yet.
    ///
    /// # Errors
    /// [`MalformedRequest`]: the answer is 400.
    pub fn parse(body: &[u8]) -> Result<Self, MalformedRequest> {
        let body = str::from_utf8(body).map_err(|_| malformed("it is not UTF-8"))?;
        // No line of the head can be empty, so the first empty line ends it.
        let (head, note) = body
            .split_once("\n\n")
            .ok_or(malformed("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let old = lines
            .next()
            .and_then(|line| line.strip_prefix("old "))
            .and_then(parse_decimal)
            .and_then(TreeSize::new)
            .ok_or(malformed("the first line is not an old size"))?;
        let proof: Vec<_> = lines
            .take(MAX_PROOF + 1)
            .map(|line| Hash::from_base64(line).ok_or(malformed("a line of the proof is not a hash")))
            .collect::<Result<_, _>>()?;
        if proof.len() > MAX_PROOF {
            return Err(malformed("the proof is too long"));
        }
        let note = Note::parse(note.as_bytes())?;
        let claim = Checkpoint::parse_claim(note.text())?;
        Ok(Self {
            old,
            proof,
            note,
            claim,
        })
    }

    /// Which log the checkpoint says it is of; not verified.
    pub fn origin(&self) -> &str {
        self.claim.origin()
    }

    /// The size that the client believes to be recorded.
    pub const fn old(&self) -> TreeSize {
        self.old
    }

    /// The request with only the signatures of these keys, each line verified.
    ///
    /// # Errors
    /// As [`Note::verify`].
    pub fn only_by(&self, keys: &[Vkey]) -> Result<Self, NoteError> {
        self.note.verify(keys)?;
        Ok(Self {
            note: self.note.clone().only_by(keys),
            ..self.clone()
        })
    }

    /// The checkpoint, not verified.
    pub const fn note(&self) -> &Note {
        &self.note
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof
            .iter()
            .try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.note)
    }
}
