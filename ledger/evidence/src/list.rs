//! The proof that a list is complete, without the records: small enough to be checked whole at each visit.
//!
//! A header line of canonical JSON with its newline, then bytes, so that the file is written and read as a stream:
//!
//! ```text
//! {"checkpoint": signed note, "consistency": {"hashes": …, "size": …}, "format": "fiducie-list/1",
//!  "key_changes": [{"index": …, "leaf": base64url[118]}, …], "log_key": vkey, "map_root": base64url of its leaf,
//!  "newest": n, "restores": [{"index": …, "leaf": base64url[28]}, …], "subject_key": base64url[32]}
//! uvarint(zigzag(place - place before)) || kind u8 || actor class u8 || uvarint(zigzag(hour - hour before))
//!                                       || commitment[32]              one for each of the n records, in their order
//! uvarint(hashes of the log proof) || hashes
//! pruned map, to the end of the file
//! ```
//!
//! `place before` and `hour before` are 0 for the first record; `zigzag(d)` is `2d` for `d >= 0` and `-2d - 1` below;
//! `uvarint` is that of `ledger.md` §10, at most 2^53 - 1, in its shortest form. There is one spelling for each list.
//! The members are those of [`crate::history`], and so are the checks, but for what a commitment says: a record is
//! opened with its salt when somebody looks at it, against the commitment that stands here. A record whose detail was
//! lost in a restore has 0x80 added to its kind, so that the lost ones of the whole list are counted, and refused where
//! no restore leaf of `restores` names theirs.
//!
//! The file holds the subject's key: it is for the person concerned.

mod verify;
mod wire;

use ledger_core::{
    leaf::{ActorClass, Commitment, Hour, KeyChange, RecordNumber, RestoreLeaf, SubjectKey, SubjectKind},
    map::PrunedMap,
    note::Vkey,
    tree::{Hash, LeafIndex},
};

use crate::{
    history::{Consistency, HistoryError},
    jcs::JcsError,
};

pub use verify::{ListedRecord, VerifiedList};
pub use wire::{ItemWriter, TooLarge, is_list, log_proof_length};

/// The format of the file.
pub const FORMAT: &str = "fiducie-list/1";

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
    /// Every change of the log's key, with its place.
    pub key_changes: Vec<(LeafIndex, KeyChange)>,
    /// The restores that lost details, with their places.
    pub restores: Vec<(LeafIndex, RestoreLeaf)>,
    /// That the tree grew from the one the reader remembers.
    pub consistency: Option<Consistency>,
}

/// One record: its leaf without the tag, which the reader computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Place of its leaf.
    pub index: LeafIndex,
    /// What family of event it is.
    pub kind: SubjectKind,
    /// Who acted.
    pub actor: ActorClass,
    /// When, in whole hours.
    pub hour: Hour,
    /// Hides and binds the record.
    pub commitment: Commitment,
    /// Whether the record can be opened.
    pub detail: Detail,
}

/// What is left of a record besides its leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The record, which opens the commitment.
    Kept,
    /// Nothing: it was lost in a restore.
    Lost,
}

/// A whole file, read but not verified.
#[derive(Clone, Debug)]
pub struct List {
    /// The first line.
    pub header: Header,
    /// The records, number 1 first.
    pub items: Vec<Item>,
    /// All leaves, the map root, the key changes and the restores, in the tree of the checkpoint
    /// ([`ledger_core::tree::verify_inclusion_of_many`]).
    pub log: Vec<Hash>,
    /// All tags, and the absence of the next [`crate::history::WINDOW`], in the map.
    pub map: PrunedMap,
}

impl Header {
    /// The line, with its newline.
    ///
    /// # Errors
    /// [`JcsError`] for a number of 2^53 or more.
    pub fn to_line(&self) -> Result<Vec<u8>, JcsError> {
        crate::history::wire::line(&wire::Header::from(self))
    }
}

impl List {
    /// Reads a file strictly; nothing is verified yet.
    ///
    /// # Errors
    /// [`HistoryError::Form`], [`HistoryError::Line`] or [`HistoryError::Member`] for the first line,
    /// [`HistoryError::Leaf`] or [`HistoryError::Body`] for what follows.
    pub fn parse(bytes: &[u8]) -> Result<Self, HistoryError> {
        wire::parse(bytes)
    }

    /// The file.
    ///
    /// # Errors
    /// [`JcsError`] or [`TooLarge`] for a number of 2^53 or more.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TooLarge> {
        wire::to_bytes(self)
    }
}
