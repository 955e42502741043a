//! The stores a log stands on, as the writer needs them.

use std::{error::Error, fmt, ops::Range};

use async_trait::async_trait;
use ledger_core::{
    note::KeyName,
    tile::Resource,
    tree::{Hash, NodeId, TreeSize, leaf_hash},
};

/// Microseconds since 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMicros(pub i64);

/// Key of a log in the lock store: 32 bytes that follow from its origin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId([u8; 32]);

impl LogId {
    /// `SHA-256(0x00 || origin)`.
    pub fn of_origin(origin: &KeyName) -> Self {
        Self(*leaf_hash(origin.as_str().as_bytes()).as_bytes())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hash::new(self.0), f)
    }
}

/// A store failed; whether it did what it was asked is unknown.
#[derive(Debug, thiserror::Error)]
#[error("the store failed")]
pub struct StoreFault(#[source] Box<dyn Error + Send + Sync>);

impl StoreFault {
    /// Wraps the cause.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Outcome of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// Exactly one row was written, durably.
    Done,
    /// Something else stood there; nothing was written.
    Conflict,
}

/// The lock store: one row per log with the last checkpoint the log has signed. It keeps the log from being rewound.
///
/// It lives in a file or database of its own, is made by hand and opened without the create flag, and is never
/// restored from a backup:
/// `checkpoints(log_id BLOB PRIMARY KEY, body BLOB NOT NULL) STRICT`.
/// Writes are durable when they return, and visible to every process. A write is atomic with its condition.
#[async_trait]
pub trait LockStore: Send + Sync {
    /// The bytes stored for the log.
    ///
    /// # Errors
    /// [`StoreFault`] when the store cannot be read; an absent row is `Ok(None)`.
    async fn load(&self, log: LogId) -> Result<Option<Vec<u8>>, StoreFault>;

    /// Inserts the row of a new log; [`Swap::Conflict`] when there is one already.
    ///
    /// # Errors
    /// [`StoreFault`]; the row may or may not stand.
    async fn create(&self, log: LogId, body: &[u8]) -> Result<Swap, StoreFault>;

    /// `UPDATE … SET body = new WHERE log_id = log AND body = old`; [`Swap::Conflict`] unless exactly one row
    /// changed.
    ///
    /// # Errors
    /// [`StoreFault`]; either value may stand.
    async fn swap(&self, log: LogId, old: &[u8], new: &[u8]) -> Result<Swap, StoreFault>;
}

/// The head of the log in the data store: not signed yet, written in the transaction that appended the leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataHead {
    /// Number of leaves.
    pub size: TreeSize,
    /// Root of the tree.
    pub root: Hash,
    /// When the transaction was made. Strictly later than that of the head before.
    pub at: UnixMicros,
}

/// What recovery reads from the data store. All answers see every committed transaction.
#[async_trait]
pub trait LogData: Send + Sync {
    /// The last committed head; `None` before the first leaf.
    ///
    /// # Errors
    /// [`StoreFault`].
    async fn head(&self) -> Result<Option<DataHead>, StoreFault>;

    /// The head of every transaction since the tree had `size` leaves, oldest first; the last is [`Self::head`]. None when
    /// nothing was appended since.
    ///
    /// # Errors
    /// [`StoreFault`].
    async fn heads_since(&self, size: TreeSize) -> Result<Vec<DataHead>, StoreFault>;

    /// The heads of the last `most` transactions of the tree of `size` leaves, oldest first: fewer when there were no more.
    /// The last has that size.
    ///
    /// # Errors
    /// [`StoreFault`].
    async fn heads_up_to(&self, size: TreeSize, most: usize) -> Result<Vec<DataHead>, StoreFault>;

    /// The hashes of the nodes, in the order asked. At most a few thousand are asked for at once.
    ///
    /// # Errors
    /// [`StoreFault`], also when a node is absent.
    async fn nodes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, StoreFault>;

    /// The bytes of the leaves in a range of indexes, ascending. At most a few thousand are asked for at once.
    ///
    /// # Errors
    /// [`StoreFault`], also when a leaf is absent.
    async fn leaves(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StoreFault>;
}

/// One immutable file of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicFile {
    /// A tile or a bundle.
    pub resource: Resource,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Why files could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PublicFault {
    /// A file of that name stands with other bytes: someone changed it, or a second log writes here.
    #[error("`{resource}` already exists with other content")]
    Different {
        /// Which file.
        resource: Resource,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// The public files of the log, in the layout of C2SP tlog-tiles.
#[async_trait]
pub trait PublicStore: Send + Sync {
    /// A file; `Ok(None)` when there is none. Also what an HTTP server reads.
    ///
    /// # Errors
    /// [`StoreFault`].
    async fn read(&self, resource: Resource) -> Result<Option<Vec<u8>>, StoreFault>;

    /// Writes immutable files; durable and visible when it returns. Writing the same bytes again is allowed.
    ///
    /// # Errors
    /// [`PublicFault::Different`] when a file stands with other bytes; it is left as it is.
    async fn write(&self, files: Vec<PublicFile>) -> Result<(), PublicFault>;

    /// Replaces the file `checkpoint` atomically; durable when it returns. (Of the store that
    /// [`crate::Stores::hand_over`] makes: hands it to the keeper, which does so.)
    ///
    /// # Errors
    /// [`StoreFault`]; either content may stand.
    async fn replace_checkpoint(&self, note: Vec<u8>) -> Result<(), StoreFault>;

    /// Writes immutable files, and then replaces the file `checkpoint`: who sees it finds the files, and they are durable.
    /// The checkpoint itself is visible when it returns, whole at all times, and durable with the next one at the latest:
    /// the lock store has it, and a start publishes what the lock store has.
    ///
    /// # Errors
    /// As [`Self::write`] and [`Self::replace_checkpoint`].
    async fn show(&self, files: Vec<PublicFile>, note: Vec<u8>) -> Result<(), PublicFault> {
        self.write(files).await?;
        Ok(self.replace_checkpoint(note).await?)
    }
}
