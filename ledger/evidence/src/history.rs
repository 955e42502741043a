//! Everything the ledger holds about one subject, with the proof that nothing was left out.
//!
//! Lines of canonical JSON, each ended by a newline, so that the file is written and read as a stream:
//!
//! ```text
//! {"checkpoint": signed note, "format": "fiducie-history/1", "log_key": vkey, "map_root": base64url of its leaf,
//!  "newest": n, "record_keys": [JWK, …], "subject_key": base64url[32]}
//! {"header": base64url[8], "index": place of the leaf, "n": 1, "record": compact JWS, "salt": base64url[64]}
//! …                                                        one line for each of the n records, in their order
//! {"consistency": {"hashes": …, "size": …}, "key_changes": [{"index": …, "leaf": base64url[118]}, …],
//!  "log": base64url of hashes, "map": base64url of a pruned map, "restores": [{"index": …, "leaf": base64url[28]}, …]}
//! ```
//!
//! A record whose detail was lost in a restore has a line of another form, which cannot be opened but is counted:
//!
//! ```text
//! {"index": place of the leaf, "leaf": base64url[72], "n": 4}
//! ```
//!
//! `restores` is there when the database behind the log was ever put back from an older copy: the restore leaves, in
//! their order, which `log` proves with the others. Each names the leaves whose details it lost, and a line without a
//! record is believed of those alone: whoever made the file cannot hide what a record says without having told
//! everybody, in the log, that it was lost.
//!
//! `header` is the first eight bytes of the leaf; its tag and its commitment are computed by the reader. `log` proves
//! all leaves and the map root at once, `map` the presence of all tags and the absence of the next ones
//! (`ledger.md` §11, participant check). `consistency` is there when the reader said which tree she remembers.
//!
//! `key_changes` is there when the log ever changed its key: all its key-change leaves, in their order, which `log`
//! proves with the others. A reader who remembers an older key follows them to the key of the file.
//!
//! The file holds the subject's key and all salts: it is for the person concerned.

pub(crate) mod claim;
pub(crate) mod restores;
mod verify;
pub(crate) mod wire;

use ledger_core::{
    leaf::{Hour, KeyChange, RecordNumber, RestoreLeaf, SUBJECT_LEAF_LEN, Salt, SubjectKey, SubjectKind},
    map::PrunedMap,
    note::Vkey,
    tree::{Hash, LeafIndex, TreeSize},
};

use crate::{
    jcs::JcsError,
    jws::{Jwk, Jws},
    record::Record,
};

pub use verify::{HistoryError, Remembered, VerifiedHistory};

/// The format of the file.
pub const FORMAT: &str = "fiducie-history/1";

/// How many numbers behind the newest must be absent: a window, so that a skipped number shows (`ledger.md` §11).
pub const WINDOW: u64 = 16;

/// The first line.
#[derive(Clone, Debug)]
pub struct Header {
    /// The log's key, as the maker of the file states it.
    pub log_key: Vkey,
    /// The signed checkpoint, with its cosignatures, as it is published.
    pub checkpoint: String,
    /// The last leaf under the checkpoint: the root of the map.
    pub map_root: Vec<u8>,
    /// Links the leaves of the subject; secret.
    pub subject_key: SubjectKey,
    /// Number of the newest record.
    pub newest: RecordNumber,
    /// The keys that signed the records.
    pub record_keys: Vec<Jwk>,
}

/// One record, opened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number.
    pub n: RecordNumber,
    /// Place of its leaf.
    pub index: LeafIndex,
    /// Version, kind, actor class, a zero, hour.
    pub header: [u8; 8],
    /// What is committed to.
    pub record: Jws,
    /// Opens the commitment.
    pub salt: Salt,
}

/// A record of which only the leaf is left: its detail was lost when an older copy of the database was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostEntry {
    /// Its number.
    pub n: RecordNumber,
    /// Place of its leaf.
    pub index: LeafIndex,
    /// The leaf: kind, class and hour can be read, the record cannot.
    pub leaf: [u8; SUBJECT_LEAF_LEN],
}

/// The last line.
#[derive(Clone, Debug)]
pub struct Proofs {
    /// All leaves, and the map root, in the tree of the checkpoint ([`ledger_core::tree::verify_inclusion_of_many`]).
    pub log: Vec<Hash>,
    /// All tags, and the absence of the next [`WINDOW`], in the map.
    pub map: PrunedMap,
    /// That the tree grew from the one the reader remembers.
    pub consistency: Option<Consistency>,
    /// Every change of the log's key, with its place.
    pub key_changes: Vec<(LeafIndex, KeyChange)>,
    /// The restores that lost details, with their places.
    pub restores: Vec<(LeafIndex, RestoreLeaf)>,
}

/// A proof of consistency with an older tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consistency {
    /// Size of the older tree.
    pub size: TreeSize,
    /// RFC 6962 §2.1.2.
    pub hashes: Vec<Hash>,
}

/// A whole file, read but not verified.
#[derive(Clone, Debug)]
pub struct History {
    /// The first line.
    pub header: Header,
    /// The records, in the order of their numbers.
    pub entries: Vec<Entry>,
    /// Those whose details are lost, in the order of their numbers.
    pub lost: Vec<LostEntry>,
    /// The last line.
    pub proofs: Proofs,
}

/// A number of a history that verified and that nobody can open any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostRecord {
    /// Its number.
    pub n: RecordNumber,
    /// Place of its leaf.
    pub index: LeafIndex,
    /// What family of event it was.
    pub kind: SubjectKind,
    /// When, in whole hours.
    pub hour: Hour,
}

/// A record of a history that verified.
#[derive(Clone, Debug)]
pub struct VerifiedRecord {
    /// Its number.
    pub n: RecordNumber,
    /// Place of its leaf.
    pub index: LeafIndex,
    /// What was recorded.
    pub record: Record,
}

impl Header {
    /// The line, with its newline.
    ///
    /// # Errors
    /// [`JcsError`] for a number of 2^53 or more.
    pub fn to_line(&self) -> Result<Vec<u8>, JcsError> {
        wire::line(&wire::Header::from(self))
    }
}

impl Entry {
    /// The line, with its newline.
    ///
    /// # Errors
    /// [`JcsError`] for a number of 2^53 or more.
    pub fn to_line(&self) -> Result<Vec<u8>, JcsError> {
        wire::line(&wire::Entry::from(self))
    }
}

impl LostEntry {
    /// The line, with its newline.
    ///
    /// # Errors
    /// [`JcsError`] for a number of 2^53 or more.
    pub fn to_line(&self) -> Result<Vec<u8>, JcsError> {
        wire::line(&wire::LostEntry::from(self))
    }
}

impl Proofs {
    /// The line, with its newline.
    ///
    /// # Errors
    /// [`JcsError`] for a number of 2^53 or more.
    pub fn to_line(&self) -> Result<Vec<u8>, JcsError> {
        wire::line(&wire::Proofs::from(self))
    }
}

impl History {
    /// Reads a file strictly; nothing is verified yet.
    ///
    /// # Errors
    /// [`HistoryError::Line`] with the number of the line for any spelling that the writer does not produce, and
    /// [`HistoryError::Numbers`] when the records are not those numbered 1 to the newest, in this order.
    pub fn parse(bytes: &[u8]) -> Result<Self, HistoryError> {
        wire::parse(bytes)
    }
}
