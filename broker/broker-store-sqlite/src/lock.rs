//! The lock store: the newest signed checkpoint of each log, in a file of its own (`ledger.md` §12).
//!
//! It decides which checkpoint is the log's. A backup must never hold it: an old copy would let the log be signed
//! twice for one size (invariant I8). For the same reason it is made once, by hand, and opening never makes it.

use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use thiserror::Error;
use tokio::sync::Mutex;

use crate::connection;

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
    /// The log has a checkpoint already.
    #[error("the log is in the lock store already")]
    LogExists,
    /// The database failed; after a swap its state is unknown until it is loaded again.
    #[error("the lock store failed during `{during}`")]
    Fault {
        /// What was being done.
        during: &'static str,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
}

fn fault(during: &'static str) -> impl Fn(sqlx::Error) -> LockError {
    move |source| LockError::Fault { during, source }
}

/// One file with one row a log.
#[derive(Debug)]
pub struct SqliteLockStore {
    connection: Mutex<SqliteConnection>,
}

/// What a compare-and-swap found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Swapped {
    /// The old checkpoint was there; the new one is, durably.
    Done,
    /// Another checkpoint was there, or none; nothing changed.
    Different,
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
        let mut connection = connect(path).await?;
        // `body` is a signed checkpoint: public, not encrypted.
        sqlx::raw_sql(
            "CREATE TABLE checkpoints (
                 log_id BLOB PRIMARY KEY, -- SHA-256 of the origin
                 body   BLOB NOT NULL     -- signed checkpoint, exact bytes; public
             ) STRICT",
        )
        .execute(&mut connection)
        .await
        .map_err(fault("create"))?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
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
        let mut connection = connect(path).await?;
        sqlx::query("SELECT log_id, body FROM checkpoints LIMIT 1")
            .fetch_optional(&mut connection)
            .await
            .map_err(fault("open"))?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// The checkpoint of a log; `None` when the log was never entered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(&self, log_id: &[u8]) -> Result<Option<Vec<u8>>, LockError> {
        let row = sqlx::query("SELECT body FROM checkpoints WHERE log_id = ?1")
            .bind(log_id.to_vec())
            .fetch_optional(&mut *self.connection.lock().await)
            .await
            .map_err(fault("load"))?;
        row.map(|row| row.try_get("body"))
            .transpose()
            .map_err(fault("load"))
    }

    /// Enters a log with its first checkpoint, durably.
    ///
    /// # Errors
    /// [`LockError::LogExists`] when it has one already.
    pub async fn create_log(&self, log_id: &[u8], first: &[u8]) -> Result<(), LockError> {
        let added = sqlx::query(
            "INSERT INTO checkpoints (log_id, body) VALUES (?1, ?2) ON CONFLICT (log_id) DO NOTHING",
        )
        .bind(log_id.to_vec())
        .bind(first.to_vec())
        .execute(&mut *self.connection.lock().await)
        .await
        .map_err(fault("create log"))?;
        if added.rows_affected() == 1 {
            Ok(())
        } else {
            Err(LockError::LogExists)
        }
    }

    /// Replaces `old` by `new` if `old` is what stands there. On disk when it returns. This is the commit point of
    /// the log: an error leaves the state unknown, and the caller stops.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn swap(&self, log_id: &[u8], old: &[u8], new: &[u8]) -> Result<Swapped, LockError> {
        let done = sqlx::query("UPDATE checkpoints SET body = ?3 WHERE log_id = ?1 AND body = ?2")
            .bind(log_id.to_vec())
            .bind(old.to_vec())
            .bind(new.to_vec())
            .execute(&mut *self.connection.lock().await)
            .await
            .map_err(fault("swap"))?;
        Ok(match done.rows_affected() {
            1 => Swapped::Done,
            _ => Swapped::Different,
        })
    }

    /// Closes the file.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close(self) -> Result<(), LockError> {
        self.connection.into_inner().close().await.map_err(fault("close"))
    }
}

async fn connect(path: &Path) -> Result<SqliteConnection, LockError> {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging()
        .connect()
        .await
        .map_err(fault("open"))
}
