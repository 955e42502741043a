//! The participant check of `ledger.md` §11.

use std::collections::BTreeMap;

use ledger_core::{
    checkpoint::{CheckpointError, SignedCheckpoint},
    key_chain::KeyChainError,
    leaf::{Commitment, Hour, LeafError, RecordNumber, SubjectLeaf},
    map::{MapEntry, MapValue, PrunedMapError},
    note::Vkey,
    tree::{Hash, LeafIndex, ProofError, TreeSize, leaf_hash},
};

use super::{Entry, History, LostEntry, LostRecord, VerifiedRecord, WINDOW, claim::Claim};
use crate::{
    bundle::KeySource,
    jcs::JcsError,
    jws::{Jwk, JwsError, Thumbprint},
    record::{Record, RecordError},
};

/// What a reader keeps from one check to the next: the ledger must never go back behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Size of the log.
    pub size: TreeSize,
    /// Its root.
    pub root: Hash,
    /// Number of the newest record.
    pub newest: RecordNumber,
}

/// A history that verified: these records, and no others, are in the log for this subject.
#[derive(Clone, Debug)]
pub struct VerifiedHistory {
    /// The records, in the order of their numbers.
    pub records: Vec<VerifiedRecord>,
    /// The numbers among them whose details were lost in a restore: they are in the log, and so is the restore, and nobody
    /// can open them.
    pub lost: Vec<LostRecord>,
    /// Head of the log.
    pub checkpoint: SignedCheckpoint,
    /// Whose word the log's key is.
    pub log_key: KeySource,
    /// How often the log changed its key since the one expected, each time under the key before.
    pub key_changes: usize,
    /// What to remember for the next time.
    pub remember: Remembered,
}

/// Why a history, or a list, was refused.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Not a file of this format.
    #[error("not a history: {0}")]
    Form(&'static str),
    /// The body of a list is cut off, or has another spelling than its writer's.
    #[error("record {n}: the list is cut off or malformed")]
    Body {
        /// Number of the record; that of the newest and 1 more for the proofs behind the records.
        n: u64,
    },
    /// A line is not canonical JSON of its members.
    #[error("line {line} does not have its form")]
    Line {
        /// Counted from 1.
        line: usize,
        /// Why.
        #[source]
        cause: JcsError,
    },
    /// A member does not have its form.
    #[error("line {line}: member `{member}` does not have its form")]
    Member {
        /// Counted from 1.
        line: usize,
        /// Which.
        member: &'static str,
    },
    /// A record is missing, repeated or out of order.
    #[error("the {records} records are not those numbered 1 to {newest}")]
    Numbers {
        /// Number of the newest, as stated.
        newest: u64,
        /// Records in the file.
        records: usize,
    },
    /// The reader expects another log.
    #[error("the history is of another log than the expected one, or its key changed without proof")]
    OtherLog,
    /// The changes of its key do not lead on from the expected one.
    #[error("the key of the log did not change as the file says")]
    Keys(#[source] KeyChainError),
    /// The checkpoint is malformed or not signed by the log.
    #[error("the checkpoint does not verify")]
    Checkpoint(#[from] CheckpointError),
    /// The log shows less than the reader saw before.
    #[error("the log has {size} entries, but had {remembered} at your last check: it was rewound")]
    Rewound {
        /// Entries now.
        size: TreeSize,
        /// Entries then.
        remembered: TreeSize,
    },
    /// The subject has fewer records than the reader saw before.
    #[error("{newest} records are shown, but there were {remembered} at your last check")]
    FewerRecords {
        /// Newest number now.
        newest: u64,
        /// Newest number then.
        remembered: u64,
    },
    /// No proof that the log grew from the tree the reader remembers.
    #[error("the file does not prove that the log only grew since your last check, at {size} entries")]
    NoConsistency {
        /// Size then.
        size: TreeSize,
    },
    /// The log did not grow from the tree the reader remembers.
    #[error("the log was rewritten since your last check")]
    Inconsistent(#[source] ProofError),
    /// The last leaf is not a map root that covers all leaves before it.
    #[error("the last entry of the log is not the root of its map")]
    NoMapRoot,
    /// A leaf is malformed.
    #[error("record {n}: the leaf is malformed")]
    Leaf {
        /// Number of the record.
        n: u64,
        /// Why.
        #[source]
        cause: LeafError,
    },
    /// A record is not what its leaf commits to, or has another date or kind.
    #[error("record {n} is not the one its leaf stands for")]
    OtherRecord {
        /// Number of the record.
        n: u64,
    },
    /// A record is not signed by one of the keys of the file.
    #[error("record {n}: its signature does not verify")]
    Signature {
        /// Number of the record.
        n: u64,
        /// Why.
        #[source]
        cause: JwsError,
    },
    /// A record is signed, but is not a record.
    #[error("record {n} is malformed")]
    Record {
        /// Number of the record.
        n: u64,
        /// Why.
        #[source]
        cause: RecordError,
    },
    /// A restore leaf stands before leaves that it speaks of, or before the restore that is named before it.
    #[error("the restore at entry {index} is not where it can stand")]
    Restore {
        /// Where.
        index: LeafIndex,
    },
    /// The detail of a record is left out, and no restore in the log lost it.
    #[error("record {n} is said to be lost in a restore, but no restore in the log lost it: it is withheld")]
    NotLost {
        /// Number of the record.
        n: u64,
    },
    /// Two records claim one leaf.
    #[error("two records stand for the same entry of the log")]
    SameLeaf,
    /// The leaves are not in the log.
    #[error("the entries are not all in the log")]
    Inclusion(#[source] ProofError),
    /// The tags are not as stated in the map: something is missing, or something more is there.
    #[error("the map of the log does not show exactly these records")]
    Map(#[source] PrunedMapError),
}

impl From<KeyChainError> for HistoryError {
    fn from(error: KeyChainError) -> Self {
        match error {
            KeyChainError::Checkpoint(cause) => Self::Checkpoint(cause),
            other => Self::Keys(other),
        }
    }
}

struct Opened {
    entry: MapEntry,
    record: VerifiedRecord,
}

impl History {
    /// Checks that these records, and no others, stand in the log for this subject (`ledger.md` §11).
    ///
    /// What it does not say: whether the log is shown to everybody alike (ask its witnesses), and whether something
    /// happened that was never recorded. Freshness is the caller's, who has a clock.
    ///
    /// # Errors
    /// Any [`HistoryError`].
    pub fn verify(
        &self,
        expected_log_key: Option<&Vkey>,
        remembered: Option<&Remembered>,
    ) -> Result<VerifiedHistory, HistoryError> {
        let claim = self.claim();
        let head = claim.head(expected_log_key, remembered)?;
        let keys = self
            .header
            .record_keys
            .iter()
            .map(|key| (key.thumbprint(), key))
            .collect();
        let opened = self
            .entries
            .iter()
            .map(|entry| self.open(entry, &keys))
            .collect::<Result<Vec<_>, _>>()?;

        let lost = self
            .lost
            .iter()
            .map(|entry| self.recognise(entry))
            .collect::<Result<Vec<_>, _>>()?;

        let mut present: Vec<_> = opened.iter().map(|one| one.entry).collect();
        present.extend(lost.iter().map(|(entry, _)| *entry));
        let places = self.lost.iter().map(|entry| (entry.n, entry.index));
        head.check(&present, places, &self.proofs.log, &self.proofs.map)?;
        let remember = head.remember();
        Ok(VerifiedHistory {
            records: opened.into_iter().map(|one| one.record).collect(),
            lost: lost.into_iter().map(|(_, lost)| lost).collect(),
            checkpoint: head.checkpoint,
            log_key: head.log_key,
            key_changes: head.key_changes,
            remember,
        })
    }

    fn claim(&self) -> Claim<'_> {
        Claim {
            log_key: &self.header.log_key,
            checkpoint: &self.header.checkpoint,
            map_root: &self.header.map_root,
            subject_key: &self.header.subject_key,
            newest: self.header.newest,
            key_changes: &self.proofs.key_changes,
            restores: &self.proofs.restores,
            consistency: self.proofs.consistency.as_ref(),
        }
    }

    /// The same of a record whose detail is lost: the leaf is this number of this subject.
    fn recognise(&self, entry: &LostEntry) -> Result<(MapEntry, LostRecord), HistoryError> {
        let n = entry.n.get();
        let leaf = SubjectLeaf::parse(&entry.leaf).map_err(|cause| HistoryError::Leaf { n, cause })?;
        let tag = self.header.subject_key.tag(entry.n);
        if leaf.tag != tag {
            return Err(HistoryError::OtherRecord { n });
        }
        let value = MapValue {
            index: entry.index,
            leaf: leaf_hash(&entry.leaf),
        };
        let lost = LostRecord {
            n: entry.n,
            index: entry.index,
            kind: leaf.kind,
            hour: leaf.hour,
        };
        Ok((MapEntry { tag, value }, lost))
    }

    /// The part of step 4 that needs no proof: the leaf is this number of this subject and commits to this record.
    fn open(&self, entry: &Entry, keys: &BTreeMap<Thumbprint, &Jwk>) -> Result<Opened, HistoryError> {
        let n = entry.n.get();
        let tag = self.header.subject_key.tag(entry.n);
        let bytes = [entry.header.as_slice(), tag.as_bytes(), &[0; 32]].concat();
        let unbound = SubjectLeaf::parse(&bytes).map_err(|cause| HistoryError::Leaf { n, cause })?;
        let text = entry.record.as_str().as_bytes();
        let leaf = SubjectLeaf {
            commitment: Commitment::of(&entry.salt, unbound.kind, entry.n, &tag, text),
            ..unbound
        };
        let signature = |cause| HistoryError::Signature { n, cause };
        let kid = entry.record.kid().map_err(signature)?;
        let key = keys.get(&kid).ok_or_else(|| signature(JwsError::OtherKey))?;
        let payload = entry.record.verify(key).map_err(signature)?;
        let record = Record::parse(&payload).map_err(|cause| HistoryError::Record { n, cause })?;
        if record.kind() != leaf.kind || Hour::of_unix_micros(record.at().unix_micros()) != Some(leaf.hour) {
            return Err(HistoryError::OtherRecord { n });
        }
        Ok(Opened {
            entry: MapEntry {
                tag,
                value: MapValue {
                    index: entry.index,
                    leaf: leaf_hash(&leaf.to_bytes()),
                },
            },
            record: VerifiedRecord {
                n: entry.n,
                index: entry.index,
                record,
            },
        })
    }
}

/// The numbers that must be absent.
pub(super) fn window(newest: RecordNumber) -> impl Iterator<Item = RecordNumber> {
    (1..=WINDOW).filter_map(move |step| RecordNumber::new(newest.get().checked_add(step)?))
}
