//! The ledger's tables: leaves, tree nodes, head, checkpoints; and beside them the erasable detail of each record.

use std::fmt;

use async_trait::async_trait;
use broker_domain::ids::SubjectId;
use broker_domain::time::Instant;

use crate::StoreError;

/// A subject's key and how many records it has.
#[derive(Clone, PartialEq, Eq)]
pub struct SubjectRow {
    /// Who.
    pub id: SubjectId,
    /// k_s, `None` once erased (`ledger.md` §10).
    pub key: Option<[u8; 32]>,
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

/// A leaf as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafRow {
    /// Its index.
    pub index: u64,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// Its tag if it is a subject leaf: unique in the log.
    pub tag: Option<[u8; 32]>,
}

/// The state of the log after a batch, unsigned: Ed25519 is deterministic, so its checkpoint is signed again at need and
/// comes out the same, and no signature exists before the lock store agreed (`ledger.md` §12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadRow {
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree of that size.
    pub root: [u8; 32],
    /// When the batch was committed.
    pub at: Instant,
}

/// The erasable detail of a record: opens the commitment of its leaf.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordRow {
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
    /// Leaves `[from, to)` in order.
    async fn leaves(&mut self, from: u64, to: u64) -> Result<Vec<LeafRow>, StoreError>;
    /// A complete node of the tree: `level` 0 holds the leaf hashes.
    async fn node(&mut self, level: u8, index: u64) -> Result<Option<[u8; 32]>, StoreError>;
    /// Complete nodes `[from, to)` of one level in order; fewer when they do not exist yet.
    async fn nodes(&mut self, level: u8, from: u64, to: u64) -> Result<Vec<[u8; 32]>, StoreError>;
    /// A subject.
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
    /// The first head that includes the leaf: the one its receipt names, however often it is asked for.
    async fn head_covering(&mut self, leaf_index: u64) -> Result<Option<HeadRow>, StoreError>;
}

/// Writing the ledger.
#[async_trait]
pub trait LedgerWrites {
    /// Adds a subject with its key.
    async fn add_subject(&mut self, id: SubjectId, key: [u8; 32]) -> Result<(), StoreError>;
    /// Takes the next number of a subject and gives its key with it. `None` when unknown or erased.
    async fn next_number(&mut self, id: SubjectId) -> Result<Option<(u64, [u8; 32])>, StoreError>;
    /// Appends a leaf at exactly this index; any other than the next is a conflict, and so is a tag that exists.
    async fn add_leaf(&mut self, leaf: &LeafRow) -> Result<(), StoreError>;
    /// Adds complete nodes `(level, index, hash)`.
    async fn add_nodes(&mut self, nodes: &[(u8, u64, [u8; 32])]) -> Result<(), StoreError>;
    /// Adds the detail of a record.
    async fn add_record(&mut self, row: &RecordRow) -> Result<(), StoreError>;
    /// Adds the head after a batch. A size that exists already is a conflict.
    async fn add_head(&mut self, head: &HeadRow) -> Result<(), StoreError>;
    /// Deletes records, salts and key of a subject; gives the number of records deleted.
    async fn erase_subject(&mut self, id: SubjectId) -> Result<u64, StoreError>;
}
