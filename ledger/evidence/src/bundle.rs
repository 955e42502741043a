//! The file a person keeps: a record and all that proves that it stands in the log.
//!
//! ```text
//! JCS({"format": "fiducie-evidence/1", "record": compact JWS, "record_key": JWK, "salt": base64url[64], "n": number,
//!      "leaf": base64url[72], "proof": text of a tlog-proof, "log_key": vkey})
//! ```
//!
//! Everything in the file is bound by something else in it, in one spelling, so that a single changed byte anywhere is
//! refused; for the same reason the proof has no `extra`. The one exception are signature lines of others behind the
//! log's own (at most [`MAX_SIGNATURE_LINES`] in all): those of witnesses are bound by the reader's policy, and whoever
//! gives none ignores them, as C2SP signed-note demands.

use ledger_core::{
    checkpoint::SignedCheckpoint,
    leaf::{ActorClass, Commitment, Hour, LeafError, RecordNumber, Salt, SubjectKey, SubjectLeaf},
    note::{Vkey, VkeyError},
    proof::{TlogProof, TlogProofError},
    tree::{LeafIndex, leaf_hash},
};
use serde::{Deserialize, Serialize};

use crate::{
    base64url,
    jcs::{self, JcsError},
    jws::{Jwk, Jws, JwsError},
    record::{Record, RecordError},
};

/// Most signature lines of the checkpoint in a bundle: what C2SP signed-note asks every reader to accept.
pub const MAX_SIGNATURE_LINES: usize = 16;

/// The format of the file.
pub const FORMAT: &str = "fiducie-evidence/1";

/// Makes the leaf of a signed record: kind and hour follow from the record, tag and commitment from the secrets.
///
/// The caller draws `salt` (64 random bytes, once) and takes the next `n` of the subject in the same transaction that
/// appends the leaf. `None` when the record is dated outside what a leaf can say (1970 to 491,000).
pub fn leaf_of(
    record: &Record,
    jws: &Jws,
    actor: ActorClass,
    subject: &SubjectKey,
    n: RecordNumber,
    salt: &Salt,
) -> Option<SubjectLeaf> {
    let (kind, tag) = (record.kind(), subject.tag(n));
    let hour = Hour::of_unix_micros(record.at().unix_micros())?;
    let commitment = Commitment::of(salt, kind, n, &tag, jws.as_str().as_bytes());
    Some(SubjectLeaf {
        kind,
        actor,
        hour,
        tag,
        commitment,
    })
}

/// A bundle, read but not verified.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The signed record.
    pub record: Jws,
    /// The key that signed it.
    pub record_key: Jwk,
    /// Opens the commitment.
    pub salt: Salt,
    /// Number of the record among those of its subject.
    pub n: RecordNumber,
    /// The leaf.
    pub leaf: SubjectLeaf,
    /// Proof that the leaf stands in the log.
    pub proof: TlogProof,
    /// The key of the log, as the maker of the bundle states it.
    pub log_key: Vkey,
}

/// Whose word the log's key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// The verifier gave the key.
    Pinned,
    /// The key came with the evidence: it only proves that the evidence agrees with itself.
    Evidence,
}

/// Whether the tag was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagCheck {
    /// With the subject's key: the record is this subject's number n.
    Checked,
    /// No subject key was given.
    NotChecked,
}

/// A bundle that verified.
#[derive(Clone, Debug)]
pub struct Verified {
    /// What was recorded.
    pub record: Record,
    /// Place of its leaf.
    pub index: LeafIndex,
    /// Head of the log that holds it.
    pub checkpoint: SignedCheckpoint,
    /// Whose word the log's key is.
    pub log_key: KeySource,
    /// Whether the tag was checked.
    pub tag: TagCheck,
}

/// Why a bundle was refused.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Not canonical JSON of the expected members.
    #[error("the bundle is not in its canonical form")]
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
    /// The leaf is not one about a subject.
    #[error("the leaf is malformed")]
    Leaf(#[from] LeafError),
    /// The log's key is malformed.
    #[error("the log key is malformed")]
    Vkey(#[from] VkeyError),
    /// The verifier expects another log.
    #[error("the bundle is of another log than the expected one")]
    OtherLog,
    /// More signature lines than we read.
    #[error("the checkpoint carries more than {MAX_SIGNATURE_LINES} signatures")]
    SignatureLines,
    /// The leaf is not proven to stand in the log.
    #[error("the leaf is not proven to stand in the log")]
    Proof(#[from] TlogProofError),
    /// The record is not the one the leaf commits to.
    #[error("the leaf does not commit to this record")]
    Commitment,
    /// The record is not signed by its key.
    #[error("the record is not signed by its key")]
    Signature(#[from] JwsError),
    /// The signed payload is not a record.
    #[error("the signed payload is not a record")]
    Record(#[from] RecordError),
    /// Kind or hour of the leaf are not those of the record.
    #[error("kind or hour of the leaf are not those of the record")]
    LeafOfAnotherEvent,
    /// The subject's key gives another tag.
    #[error("the leaf is not number {n} of this subject")]
    Tag {
        /// The number claimed.
        n: u64,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBundle {
    format: String,
    leaf: String,
    log_key: String,
    n: u64,
    proof: String,
    record: String,
    record_key: Jwk,
    salt: String,
}

impl Bundle {
    /// The bytes of the file; they hold the salt, and are for the person concerned.
    ///
    /// # Errors
    /// [`BundleError::Json`] for a record number of 2^53 or more.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BundleError> {
        Ok(jcs::to_bytes(&RawBundle {
            format: FORMAT.to_owned(),
            leaf: base64url::encode(&self.leaf.to_bytes()),
            log_key: self.log_key.to_string(),
            n: self.n.get(),
            proof: self.proof.to_string(),
            record: self.record.as_str().to_owned(),
            record_key: self.record_key.clone(),
            salt: base64url::encode(self.salt.expose()),
        })?)
    }

    /// Reads a bundle strictly; nothing is verified yet.
    ///
    /// # Errors
    /// [`BundleError`] for any spelling that is not the one [`Self::to_bytes`] writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        let raw: RawBundle = jcs::parse(bytes)?;
        if raw.format != FORMAT {
            return Err(BundleError::Format);
        }
        let decode = |text: &str, member| base64url::decode(text).ok_or(BundleError::Member { member });
        let salt =
            Salt::from_slice(&decode(&raw.salt, "salt")?).ok_or(BundleError::Member { member: "salt" })?;
        let proof: TlogProof = raw.proof.parse()?;
        if proof.extra().is_some() {
            return Err(BundleError::Member { member: "proof" });
        }
        if proof.checkpoint().signatures().len() > MAX_SIGNATURE_LINES {
            return Err(BundleError::SignatureLines);
        }
        Ok(Self {
            record: Jws::from_stored(raw.record),
            record_key: raw.record_key,
            salt,
            n: RecordNumber::new(raw.n).ok_or(BundleError::Member { member: "n" })?,
            leaf: SubjectLeaf::parse(&decode(&raw.leaf, "leaf")?)?,
            proof,
            log_key: raw.log_key.parse()?,
        })
    }

    /// Verifies that the record was signed by its key and stands in the log, as this number of its subject.
    ///
    /// What it does not say: whether the record's key is whom one believes, whether the list of records is complete,
    /// and, without `expected_log_key`, whether the log is the right one.
    ///
    /// # Errors
    /// Any [`BundleError`]: the evidence is wrong.
    pub fn verify(
        &self,
        expected_log_key: Option<&Vkey>,
        subject: Option<&SubjectKey>,
    ) -> Result<Verified, BundleError> {
        let log_key = match expected_log_key {
            None => KeySource::Evidence,
            Some(key) if *key == self.log_key => KeySource::Pinned,
            Some(_) => return Err(BundleError::OtherLog),
        };
        let checkpoint = self
            .proof
            .verify(&leaf_hash(&self.leaf.to_bytes()), &self.log_key)?;
        let leaf = &self.leaf;
        let record = self.record.as_str().as_bytes();
        if Commitment::of(&self.salt, leaf.kind, self.n, &leaf.tag, record) != leaf.commitment {
            return Err(BundleError::Commitment);
        }
        let record = Record::parse(&self.record.verify(&self.record_key)?)?;
        if record.kind() != leaf.kind || Hour::of_unix_micros(record.at().unix_micros()) != Some(leaf.hour) {
            return Err(BundleError::LeafOfAnotherEvent);
        }
        let tag = match subject {
            None => TagCheck::NotChecked,
            Some(key) if key.tag(self.n) == leaf.tag => TagCheck::Checked,
            Some(_) => return Err(BundleError::Tag { n: self.n.get() }),
        };
        Ok(Verified {
            record,
            index: self.proof.index(),
            checkpoint,
            log_key,
            tag,
        })
    }
}
