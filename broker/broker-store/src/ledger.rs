//! The ledger's tables: batches with their leaves and heads, roots of full tiles; and beside them the erasable detail of
//! each record.

use std::fmt;

use async_trait::async_trait;
use broker_domain::ids::SubjectId;
use broker_domain::time::Instant;

use crate::StoreError;

/// A subject's key and how many records it has. An erased subject has no row.
#[derive(Clone, PartialEq, Eq)]
pub struct SubjectRow {
    /// Who.
    pub id: SubjectId,
    /// k_s (`ledger.md` §10).
    pub key: [u8; 32],
    /// Number of the newest record; the next takes this plus one.
    pub newest: u64,
}

impl fmt::Debug for SubjectRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubjectRow")
            .field("id", &self.id)
            .field("newest", &self.newest)
            .finish_non_exhaustive()
    }
}

/// Names a record inside the database, and orders records as their leaves stand in the log.
///
/// Rows about an event carry it from the moment they are written, before the leaf has a place. It is drawn at random
/// within its batch, so it does not tell in which order the requests of a batch were carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub u64);

/// A leaf as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafRow {
    /// Its index.
    pub index: u64,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
}

/// The state of the log after a batch, unsigned: Ed25519 is deterministic, so its checkpoint is signed again at need and
/// comes out the same, and no signature exists before the lock store agreed (`ledger.md` §12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadRow {
    /// Index of the batch's first leaf.
    pub first: u64,
    /// Number of leaves of the log with the batch.
    pub size: u64,
    /// Root of the tree of that size.
    pub root: [u8; 32],
    /// The complete subtrees on its right edge, largest first: enough to append without reading the tree.
    pub peaks: Vec<[u8; 32]>,
    /// When the batch was committed.
    pub at: Instant,
    /// The smallest serial that no batch has used.
    pub next_serial: Serial,
}

/// A batch: one row for all its leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRow {
    /// The state after it.
    pub head: HeadRow,
    /// Its leaves in order, at most 65,535 bytes each.
    pub leaves: Vec<Vec<u8>>,
    /// The roots of the tiles that became full with it: tile level (from 1), place in the level, hash.
    pub tile_roots: Vec<(u8, u64, [u8; 32])>,
}

/// The erasable detail of a record: opens the commitment of its leaf.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// Its name in the database.
    pub serial: Serial,
    /// Index of its leaf.
    pub leaf_index: u64,
    /// Whose record it is.
    pub subject: SubjectId,
    /// Its number among the subject's records: 1, 2, 3, … without a gap.
    pub n: u64,
    /// Kind of the leaf.
    pub kind: u8,
    /// The exact bytes committed to: a compact JWS.
    pub record: Vec<u8>,
    /// 64 random bytes, kept here and in receipts only.
    pub salt: [u8; 64],
    /// Name of the transaction that wrote it.
    pub written_by: String,
    /// When.
    pub recorded_at: Instant,
}

impl fmt::Debug for RecordRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordRow")
            .field("leaf_index", &self.leaf_index)
            .field("subject", &self.subject)
            .field("n", &self.n)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Reading the ledger.
#[async_trait]
pub trait LedgerReads {
    /// The newest head; `None` while the log is empty.
    async fn newest_head(&mut self) -> Result<Option<HeadRow>, StoreError>;
    /// The head of the batch that holds the leaf: the one its receipt names, however often it is asked for.
    async fn head_covering(&mut self, leaf_index: u64) -> Result<Option<HeadRow>, StoreError>;
    /// Leaves `[from, to)` in order; fewer when they do not exist yet.
    async fn leaves(&mut self, from: u64, to: u64) -> Result<Vec<LeafRow>, StoreError>;
    /// Roots of full tiles, `[from, to)` of one tile level from 1 on, in order; fewer when they do not exist yet.
    async fn tile_roots(&mut self, level: u8, from: u64, to: u64) -> Result<Vec<[u8; 32]>, StoreError>;
    /// A subject; `None` when it is unknown or erased.
    async fn subject(&mut self, id: SubjectId) -> Result<Option<SubjectRow>, StoreError>;
    /// The detail of a record by its leaf; `None` once erased.
    async fn record(&mut self, leaf_index: u64) -> Result<Option<RecordRow>, StoreError>;
    /// A page of a subject's records, newest first, with a number below `before_n`.
    async fn records_of(
        &mut self,
        subject: SubjectId,
        before_n: u64,
        limit: u32,
    ) -> Result<Vec<RecordRow>, StoreError>;
}

/// Writing the ledger.
#[async_trait]
pub trait LedgerWrites {
    /// Adds a subject with its key.
    async fn add_subject(&mut self, id: SubjectId, key: [u8; 32]) -> Result<(), StoreError>;
    /// Adds the details of records, those of one subject side by side, and takes their numbers, which must follow its
    /// newest one: 1, 2, 3, … without a gap and without reuse. Anything else is a conflict, and so is a subject without
    /// a key; some of it may be written then, and the caller goes back.
    async fn add_records(&mut self, rows: &[RecordRow]) -> Result<(), StoreError>;
    /// Appends a batch. One that does not begin where the log ends, or whose serials do, is a conflict.
    async fn add_segment(&mut self, row: &SegmentRow) -> Result<(), StoreError>;
    /// Deletes records, salts and key of a subject, and the subject itself; gives the number of records deleted.
    async fn erase_subject(&mut self, id: SubjectId) -> Result<u64, StoreError>;
}
