//! The lock store: the newest signed checkpoint of each log, in a file of its own (`ledger.md` §12).
//!
//! It decides which checkpoint is the log's. A backup must never hold it: an old copy would let the log be signed
//! twice for one size (invariant I8). For the same reason it is made once, by hand, and opening never makes it.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use broker_store::{LockStore, LogId, StoreFault, Swap};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, Sqlite, SqliteConnection};
use thiserror::Error;
use tokio::sync::Mutex;

use crate::connection::{self, BUSY_TIMEOUT};
use crate::inspect;

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
                 log_id BLOB PRIMARY KEY, -- 32 bytes that follow from the origin
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

    /// Opens a file that [`SqliteLockStore::create`] made, to look at it: nothing is written, also not beside it.
    ///
    /// # Errors
    /// As [`SqliteLockStore::open_existing`].
    pub async fn inspect(path: &Path) -> Result<Self, LockError> {
        if !path.exists() {
            return Err(LockError::Missing {
                path: path.to_owned(),
            });
        }
        let connection = inspect::options(path).connect().await.map_err(fault("open"))?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// Runs one statement, which is a transaction of its own: on disk when it returns.
    async fn write(&self, query: Query<'static, Sqlite, SqliteArguments>) -> Result<Swap, StoreFault> {
        let done = query
            .execute(&mut *self.connection.lock().await)
            .await
            .map_err(StoreFault::new)?;
        Ok(match done.rows_affected() {
            1 => Swap::Done,
            _ => Swap::Conflict,
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

#[async_trait]
impl LockStore for SqliteLockStore {
    async fn load(&self, log: LogId) -> Result<Option<Vec<u8>>, StoreFault> {
        let row = sqlx::query("SELECT body FROM checkpoints WHERE log_id = ?1")
            .bind(log.as_bytes().as_slice())
            .fetch_optional(&mut *self.connection.lock().await)
            .await
            .map_err(StoreFault::new)?;
        row.map(|row| row.try_get("body"))
            .transpose()
            .map_err(StoreFault::new)
    }

    async fn create(&self, log: LogId, body: &[u8]) -> Result<Swap, StoreFault> {
        let query = sqlx::query(
            "INSERT INTO checkpoints (log_id, body) VALUES (?1, ?2) ON CONFLICT (log_id) DO NOTHING",
        );
        self.write(query.bind(log.as_bytes().as_slice()).bind(body.to_vec()))
            .await
    }

    async fn swap(&self, log: LogId, old: &[u8], new: &[u8]) -> Result<Swap, StoreFault> {
        let query = sqlx::query("UPDATE checkpoints SET body = ?3 WHERE log_id = ?1 AND body = ?2");
        let query = query
            .bind(log.as_bytes().as_slice())
            .bind(old.to_vec())
            .bind(new.to_vec());
        self.write(query).await
    }
}

async fn connect(path: &Path) -> Result<SqliteConnection, LockError> {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
        .connect()
        .await
        .map_err(fault("open"))
}
