//! The store: who may read, who may write, and when.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use broker_store::{Read, Store, StoreError, Tx};
use sqlx::{Row, SqliteConnection, SqlitePool};
use tokio::sync::RwLock;
use tokio::time::timeout;

use crate::connection::{self, Create};
use crate::inspect;
use crate::row::fault;
use crate::schema::{self, NEWEST_SCHEMA, OpenError};
use crate::transaction::SqliteTx;

/// How long a scrub waits for reading views to end.
const SCRUB_PATIENCE: Duration = Duration::from_secs(10);

/// One SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Held shared by each reading view and alone by a scrub: the log of the database can only be emptied while no
    /// view needs it, and a busy broker would otherwise always have one.
    views: Arc<RwLock<()>>,
}

impl SqliteStore {
    /// Opens the file at `path`, with mode 0600.
    ///
    /// # Errors
    /// See [`OpenError`]: among others when the file is missing and `create` is [`Create::Never`], and always when a
    /// newer version of the program wrote it.
    pub async fn open(path: &Path, create: Create) -> Result<Self, OpenError> {
        schema::prepare(path, create, NEWEST_SCHEMA).await?;
        let options = connection::options(path);
        Ok(Self {
            writer: connection::writer(options.clone()),
            readers: connection::readers(options),
            views: Arc::new(RwLock::new(())),
        })
    }

    /// Opens the file to look at it: nothing is written, also not beside it, and a broker may be running on it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn inspect(path: &Path) -> Result<Self, OpenError> {
        inspect::look(path).await?;
        let options = inspect::options(path);
        Ok(Self {
            writer: connection::readers(options.clone()),
            readers: connection::readers(options),
            views: Arc::new(RwLock::new(())),
        })
    }

    /// Waits for open transactions to end, empties the log of the database and closes the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn read(&self) -> Result<Box<dyn Read + '_>, StoreError> {
        let view = Arc::clone(&self.views).read_owned().await;
        let tx = self
            .readers
            .begin_with("BEGIN DEFERRED")
            .await
            .map_err(fault("read"))?;
        Ok(Box::new(SqliteTx::reading(tx, view)))
    }

    async fn begin(&self, name: &'static str) -> Result<Box<dyn Tx + '_>, StoreError> {
        // IMMEDIATE takes the write lock at once: a deferred one would fail half-way, when its first write finds that
        // somebody else wrote since its first read.
        let tx = self
            .writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(fault(name))?;
        Ok(Box::new(SqliteTx::writing(tx, name)))
    }

    /// LIMIT: stops reading and writing for as long as the file takes to be rewritten. Blocks that the file system
    /// gave back, and what a drive keeps of overwritten sectors, are out of its reach: that is why readings and names
    /// are sealed and their keys die first.
    async fn scrub(&self) -> Result<(), StoreError> {
        let _alone = timeout(SCRUB_PATIENCE, self.views.write())
            .await
            .map_err(|source| StoreError::Fault {
                during: "scrub",
                source: Box::new(source),
            })?;
        let mut connection = self.writer.acquire().await.map_err(fault("scrub"))?;
        empty_log(&mut connection).await?;
        // VACUUM builds a copy of what is left. A copy in memory would have to fit there, so for once it is a
        // temporary file: it holds nothing that was erased.
        run(&mut connection, "PRAGMA temp_store = FILE").await?;
        let rewritten = run(&mut connection, "VACUUM").await;
        run(&mut connection, "PRAGMA temp_store = MEMORY").await?;
        rewritten?;
        run(&mut connection, "DELETE FROM scrub_due").await?;
        empty_log(&mut connection).await
    }
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::raw_sql(sql)
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(fault("scrub"))
}

/// Writes every page of the log into the database and cuts the log to zero bytes.
async fn empty_log(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let busy: i64 = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(connection)
        .await
        .and_then(|row| row.try_get("busy"))
        .map_err(fault("scrub"))?;
    if busy == 0 {
        Ok(())
    } else {
        Err(StoreError::Fault {
            during: "scrub",
            source: "another process is reading the database".into(),
        })
    }
}

#[cfg(test)]
mod tests;
