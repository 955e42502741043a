//! Proof that a log signed two histories: whoever holds it needs nobody's word.
//!
//! ```text
//! JCS({"format": "fiducie-split-view/1", "older": signed note, "older_key": vkey, "newer": signed note,
//!      "newer_key": vkey, "growth": {"proof": base64url of hashes, "root": base64url[32]}})
//! ```
//!
//! `growth` is absent when both notes are of one size: two roots for one size say it all. Otherwise `proof` is a
//! consistency proof (RFC 6962 §2.1.2) that the tree of the *newer* note had the root `root` at the size of the older
//! one. Hashes cannot be made up that lead to a signed root, so a `root` other than the older note's convicts the log.
//!
//! The keys are two because a log may change its key in between; mostly they are one.

use ledger_core::{
    checkpoint::{CheckpointError, SignedCheckpoint},
    note::{Vkey, VkeyError},
    tree::{Hash, ProofError, TreeSize, verify_consistency},
};
use serde::{Deserialize, Serialize};

use crate::{
    base64url,
    bundle::KeySource,
    jcs::{self, JcsError},
};

/// The format of the file.
pub const FORMAT: &str = "fiducie-split-view/1";

/// The tree of the newer note at the size of the older one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Its root there.
    pub root: Hash,
    /// That it grew from there.
    pub proof: Vec<Hash>,
}

/// The file, read but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitView {
    /// The note of the smaller tree, verbatim.
    pub older: String,
    /// The key that signed it.
    pub older_key: Vkey,
    /// The note of the larger tree, or of another one of the same size.
    pub newer: String,
    /// The key that signed it.
    pub newer_key: Vkey,
    /// `None` when both are of one size.
    pub growth: Option<Growth>,
}

/// Two checkpoints of one log that cannot both be true.
#[derive(Clone, Debug)]
pub struct Proven {
    /// That of the smaller tree.
    pub older: SignedCheckpoint,
    /// That of the larger.
    pub newer: SignedCheckpoint,
    /// Whose word it is that the keys are the log's.
    pub keys: KeySource,
}

/// Why the file proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum SplitViewError {
    /// Not canonical JSON of the expected members.
    #[error("the evidence is not in its canonical form")]
    Json(#[from] JcsError),
    /// Another format or version.
    #[error("the format is not {FORMAT}")]
    Format,
    /// A member does not have its form.
    #[error("member `{member}` does not have its form")]
    Member {
        /// Which.
        member: &'static str,
    },
    /// A key is malformed.
    #[error("a key of the evidence is malformed")]
    Vkey(#[from] VkeyError),
    /// A note is malformed or not signed by its key.
    #[error("the {which} checkpoint is not one of the log")]
    Checkpoint {
        /// Older or newer.
        which: &'static str,
        /// Why.
        #[source]
        cause: CheckpointError,
    },
    /// Signed by a key that the verifier did not name.
    #[error("the {which} checkpoint is signed by a key that you did not give")]
    OtherKey {
        /// Older or newer.
        which: &'static str,
    },
    /// The two are of different logs.
    #[error("the checkpoints are of different logs")]
    OtherLog,
    /// They do not contradict each other, or nothing here shows that they do.
    #[error("the two checkpoints do not contradict each other")]
    NoConflict,
    /// The newer tree is not shown to have grown from the root stated.
    #[error("the newer checkpoint is not shown to have had another root at the size of the older")]
    Growth(#[source] ProofError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSplitView {
    format: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    growth: Option<RawGrowth>,
    newer: String,
    newer_key: String,
    older: String,
    older_key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGrowth {
    proof: String,
    root: String,
}

impl SplitView {
    /// The bytes of the file.
    ///
    /// # Errors
    /// [`SplitViewError::Json`], which does not happen for notes that were read.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SplitViewError> {
        let growth = self.growth.as_ref().map(|growth| {
            let proof: Vec<u8> = growth.proof.iter().flat_map(|hash| *hash.as_bytes()).collect();
            RawGrowth {
                proof: base64url::encode(&proof),
                root: base64url::encode(growth.root.as_bytes()),
            }
        });
        Ok(jcs::to_bytes(&RawSplitView {
            format: FORMAT.to_owned(),
            growth,
            newer: self.newer.clone(),
            newer_key: self.newer_key.to_string(),
            older: self.older.clone(),
            older_key: self.older_key.to_string(),
        })?)
    }

    /// Reads a file strictly; nothing is verified yet.
    ///
    /// # Errors
    /// [`SplitViewError`] for any spelling that is not the one [`Self::to_bytes`] writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, SplitViewError> {
        let raw: RawSplitView = jcs::parse(bytes)?;
        if raw.format != FORMAT {
            return Err(SplitViewError::Format);
        }
        let growth = raw
            .growth
            .map(|growth| {
                let root = base64url::decode(&growth.root).and_then(|root| Hash::from_slice(&root));
                let proof = base64url::decode(&growth.proof).and_then(|bytes| {
                    let (hashes, rest) = bytes.as_chunks::<32>();
                    rest.is_empty()
                        .then(|| hashes.iter().copied().map(Hash::new).collect())
                });
                Ok::<_, SplitViewError>(Growth {
                    root: root.ok_or(SplitViewError::Member { member: "root" })?,
                    proof: proof.ok_or(SplitViewError::Member { member: "proof" })?,
                })
            })
            .transpose()?;
        Ok(Self {
            older: raw.older,
            older_key: raw.older_key.parse()?,
            newer: raw.newer,
            newer_key: raw.newer_key.parse()?,
            growth,
        })
    }

    /// Checks that one log signed both notes and that they cannot both be true.
    ///
    /// With `expected` keys both signers must be among them; without, that these are the log's keys is only the word of
    /// whoever made the file.
    ///
    /// # Errors
    /// Any [`SplitViewError`]: nothing is proven against anybody.
    pub fn verify(&self, expected: &[Vkey]) -> Result<Proven, SplitViewError> {
        for (which, key) in [("older", &self.older_key), ("newer", &self.newer_key)] {
            if !expected.is_empty() && !expected.contains(key) {
                return Err(SplitViewError::OtherKey { which });
            }
        }
        // The name of a key is the origin of its log, and each note is checked against the name of its key.
        if self.older_key.name() != self.newer_key.name() {
            return Err(SplitViewError::OtherLog);
        }
        let open = |which, note: &str, key| {
            SignedCheckpoint::open(note.as_bytes(), key)
                .map_err(|cause| SplitViewError::Checkpoint { which, cause })
        };
        let older = open("older", &self.older, &self.older_key)?;
        let newer = open("newer", &self.newer, &self.newer_key)?;
        self.check_conflict(&older, &newer)?;
        let keys = if expected.is_empty() {
            KeySource::Evidence
        } else {
            KeySource::Pinned
        };
        Ok(Proven { older, newer, keys })
    }

    fn check_conflict(
        &self,
        older: &SignedCheckpoint,
        newer: &SignedCheckpoint,
    ) -> Result<(), SplitViewError> {
        match &self.growth {
            None if older.size() == newer.size() && older.root() != newer.root() => Ok(()),
            // A tree of no leaves contradicts nothing, and a proof from it is empty whatever root is stated.
            Some(growth) if TreeSize::ZERO < older.size() && older.size() < newer.size() => {
                verify_consistency(
                    older.size(),
                    newer.size(),
                    &growth.root,
                    &newer.root(),
                    &growth.proof,
                )
                .map_err(SplitViewError::Growth)?;
                if growth.root == older.root() {
                    return Err(SplitViewError::NoConflict);
                }
                Ok(())
            }
            _ => Err(SplitViewError::NoConflict),
        }
    }
}
