//! The proof a person keeps: C2SP tlog-proof.
//!
//! ```text
//! c2sp.org/tlog-proof@v1\n
//! extra <base64>\n                 optional; NOT authenticated
//! index <decimal>\n
//! <base64 hash>\n ...              zero or more, leaf sibling first
//! \n
//! <checkpoint with its cosignatures, verbatim>
//! ```

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint, parse_decimal},
    note::{Note, NoteError, Vkey},
    policy::{Freshness, Judged, Policy, PolicyRefusal},
    tree::{self, Hash, LeafIndex, verify_inclusion},
};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Most hashes in a path: one per level of the largest tree.
const MAX_PATH: usize = 63;

/// A proof that a leaf stands in a log, not verified. Prints as the exact bytes it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    extra: Option<Vec<u8>>,
    index: LeafIndex,
    path: Vec<Hash>,
    checkpoint: Note,
}

/// Why a proof file was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// Not a tlog-proof.
    #[error("the proof is malformed: {what}")]
    Malformed {
        /// Which rule is broken.
        what: &'static str,
    },
    /// The note at its end is malformed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The checkpoint is wrong, or not signed by the log's key.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The policy does not accept the checkpoint, whatever the witnesses say.
    #[error(transparent)]
    Policy(#[from] PolicyRefusal),
    /// The leaf is not in the tree of the checkpoint.
    #[error(transparent)]
    Inclusion(#[from] tree::ProofError),
}

const fn malformed(what: &'static str) -> TlogProofError {
    TlogProofError::Malformed { what }
}

impl TlogProof {
    /// Puts a proof together; `path` goes from the leaf upwards.
    pub fn new(index: LeafIndex, path: Vec<Hash>, checkpoint: &SignedCheckpoint) -> Self {
        Self {
            extra: None,
            index,
            path,
            checkpoint: checkpoint.note().clone(),
        }
    }

    /// Data nobody vouches for; `None` in every proof of ours.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// Place of the leaf.
    pub const fn index(&self) -> LeafIndex {
        self.index
    }

    /// The hashes, leaf sibling first.
    pub fn path(&self) -> &[Hash] {
        &self.path
    }

    /// The checkpoint, not verified.
    pub const fn checkpoint(&self) -> &Note {
        &self.checkpoint
    }

    /// Verifies that `leaf` stands at [`Self::index`] in a tree the log signed for.
    ///
    /// Cosignatures are not looked at: see [`Self::judge`].
    ///
    /// # Errors
    /// [`TlogProofError::Checkpoint`] or [`TlogProofError::Inclusion`].
    pub fn verify(&self, leaf: &Hash, log_key: &Vkey) -> Result<SignedCheckpoint, TlogProofError> {
        let signed = SignedCheckpoint::open(self.checkpoint.to_string().as_bytes(), log_key)?;
        verify_inclusion(self.index, signed.size(), leaf, &self.path, &signed.root())?;
        Ok(signed)
    }

    /// Verifies that `leaf` stands at [`Self::index`] in a tree that a log of the policy signed for, and tells whether
    /// enough witnesses vouch for that tree ([`Judged::witnessed`] for whoever accepts nothing less).
    ///
    /// # Errors
    /// [`TlogProofError::Policy`] or [`TlogProofError::Inclusion`].
    pub fn judge(
        &self,
        leaf: &Hash,
        policy: &Policy,
        freshness: Freshness,
    ) -> Result<Judged, TlogProofError> {
        let judged = policy.judge_note(self.checkpoint.clone(), freshness)?;
        let signed = judged.checkpoint();
        verify_inclusion(self.index, signed.size(), leaf, &self.path, &signed.root())?;
        Ok(judged)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path
            .iter()
            .try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for TlogProof {
    type Err = TlogProofError;

    fn from_str(text: &str) -> Result<Self, TlogProofError> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(malformed("no empty line"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(malformed("the first line is another"));
        }
        let extra = match lines.next_if(|line| line.starts_with("extra ")) {
            None => None,
            Some(line) => {
                let base64 = line.strip_prefix("extra ").unwrap_or_default();
                Some(
                    STANDARD
                        .decode(base64)
                        .map_err(|_| malformed("the extra line is not base64"))?,
                )
            }
        };
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(parse_decimal)
            .and_then(LeafIndex::new)
            .ok_or(malformed("no index line"))?;
        let path: Vec<_> = lines
            .take(MAX_PATH + 1)
            .map(|line| Hash::from_base64(line).ok_or(malformed("a line is not a hash")))
            .collect::<Result<_, _>>()?;
        if path.len() > MAX_PATH {
            return Err(malformed("the path is too long"));
        }
        let checkpoint = Note::parse(checkpoint.as_bytes())?;
        // A second empty line would make hashes part of the signed text: such a note is no checkpoint.
        checkpoint.text().parse::<Checkpoint>()?;
        Ok(Self {
            extra,
            index,
            path,
            checkpoint,
        })
    }
}
