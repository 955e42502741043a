//! The lock store: the newest signed checkpoint of each log, in a file of its own (`ledger.md` §12).
//!
//! It decides which checkpoint is the log's. A backup must never hold it: an old copy would let the log be signed
//! twice for one size (invariant I8). For the same reason it is made once, by hand, and opening never makes it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use broker_store::{LockStore, LogId, StoreFault, Swap};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use thiserror::Error;

use crate::connection::{self, BUSY_TIMEOUT, blocking};

/// Why the lock store did not answer.
#[derive(Debug, Error)]
pub enum LockError {
    /// No file at the path.
    #[error(
        "no lock store at `{}`; if this log ever signed a checkpoint, find the file: a new one may fork the log",
        path.display()
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file at the path where a new one was to be made.
    #[error("a lock store exists at `{}` already; it is never overwritten", path.display())]
    Exists {
        /// Where it stands.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot prepare the lock store `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database failed.
    #[error("the lock store failed during `{during}`")]
    Fault {
        /// What was being done.
        during: &'static str,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
}

fn fault(during: &'static str) -> impl Fn(rusqlite::Error) -> LockError {
    move |source| LockError::Fault { during, source }
}

/// One file with one row a log.
#[derive(Debug)]
pub struct SqliteLockStore {
    connection: Arc<Mutex<Connection>>,
}

impl SqliteLockStore {
    /// Makes the file, mode 0600, durably. For the one time that a log begins.
    ///
    /// # Errors
    /// [`LockError::Exists`] when anything stands at the path.
    pub async fn create(path: &Path) -> Result<Self, LockError> {
        if path.exists() {
            return Err(LockError::Exists {
                path: path.to_owned(),
            });
        }
        connection::create_private(path.to_owned())
            .await
            .map_err(|source| LockError::File {
                path: path.to_owned(),
                source,
            })?;
        // `body` is a signed checkpoint: public, not encrypted.
        Self::opened(
            path,
            "create",
            "CREATE TABLE checkpoints (
                 log_id BLOB PRIMARY KEY, -- 32 bytes that follow from the origin
                 body   BLOB NOT NULL     -- signed checkpoint, exact bytes; public
             ) STRICT",
        )
        .await
    }

    /// Opens a file that [`SqliteLockStore::create`] made.
    ///
    /// # Errors
    /// [`LockError::Missing`] when there is none; [`LockError::Fault`] when it is no lock store.
    pub async fn open_existing(path: &Path) -> Result<Self, LockError> {
        if !path.exists() {
            return Err(LockError::Missing {
                path: path.to_owned(),
            });
        }
        Self::opened(path, "open", "SELECT log_id, body FROM checkpoints LIMIT 1").await
    }

    async fn opened(path: &Path, during: &'static str, first: &'static str) -> Result<Self, LockError> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
            connection.execute_batch(first)?;
            Ok(connection)
        });
        let connection = opened
            .await
            .map_err(|_| rusqlite::Error::InvalidQuery)
            .and_then(std::convert::identity)
            .map_err(fault(during))?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
        })
    }

    /// Works with the connection where waiting for the disk is allowed. A single statement is a transaction of its
    /// own: on disk when it returns.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreFault> {
        let connection = Arc::clone(&self.connection);
        let done = blocking(move || {
            let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&connection).map_err(std::io::Error::other)
        });
        done.await.map_err(StoreFault::new)
    }

    /// Closes the file.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close(self) -> Result<(), LockError> {
        let Some(connection) = Arc::into_inner(self.connection) else {
            return Ok(());
        };
        let connection = connection.into_inner().unwrap_or_else(PoisonError::into_inner);
        tokio::task::spawn_blocking(move || connection.close().map_err(|(_, error)| error))
            .await
            .unwrap_or(Ok(()))
            .map_err(fault("close"))
    }
}

const fn swapped(rows: usize) -> Swap {
    match rows {
        1 => Swap::Done,
        _ => Swap::Conflict,
    }
}

#[async_trait]
impl LockStore for SqliteLockStore {
    async fn load(&self, log: LogId) -> Result<Option<Vec<u8>>, StoreFault> {
        self.with(move |connection| {
            connection
                .prepare_cached("SELECT body FROM checkpoints WHERE log_id = ?1")?
                .query_row(params![log.as_bytes().as_slice()], |row| row.get("body"))
                .optional()
        })
        .await
    }

    async fn create(&self, log: LogId, body: &[u8]) -> Result<Swap, StoreFault> {
        let body = body.to_vec();
        self.with(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO checkpoints (log_id, body) VALUES (?1, ?2) ON CONFLICT (log_id) DO NOTHING",
                )?
                .execute(params![log.as_bytes().as_slice(), body])
                .map(swapped)
        })
        .await
    }

    async fn swap(&self, log: LogId, old: &[u8], new: &[u8]) -> Result<Swap, StoreFault> {
        let (old, new) = (old.to_vec(), new.to_vec());
        self.with(move |connection| {
            connection
                .prepare_cached("UPDATE checkpoints SET body = ?3 WHERE log_id = ?1 AND body = ?2")?
                .execute(params![log.as_bytes().as_slice(), old, new])
                .map(swapped)
        })
        .await
    }
}
