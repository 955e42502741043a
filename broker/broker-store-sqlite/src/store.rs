//! The store: who may read, who may write, and when.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use broker_store::{Read, Store, StoreError, Tx};
use rusqlite::Connection;
use tokio::sync::RwLock;
use tokio::time::timeout;

use crate::connection::{Create, Pool, blocking};
use crate::row::fault;
use crate::schema::{self, NEWEST_SCHEMA, OpenError};
use crate::sql::query;
use crate::transaction::SqliteTx;

/// How long a scrub waits for reading views to end.
const SCRUB_PATIENCE: Duration = Duration::from_secs(10);

/// One SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Pool,
    readers: Pool,
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
        Ok(Self {
            writer: Pool::writer(path),
            readers: Pool::readers(path),
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
        let lease = self.readers.lease().await.map_err(fault("read"))?;
        query("BEGIN DEFERRED")
            .execute(lease.connection().map_err(fault("read"))?)
            .map_err(fault("read"))?;
        Ok(Box::new(SqliteTx::reading(lease, view)))
    }

    async fn begin(&self, name: &'static str) -> Result<Box<dyn Tx + '_>, StoreError> {
        let mut lease = self.writer.lease().await.map_err(fault(name))?;
        lease.begin_immediate().await.map_err(fault(name))?;
        Ok(Box::new(SqliteTx::writing(lease, name)))
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
        let lease = self.writer.lease().await.map_err(fault("scrub"))?;
        blocking(move || rewrite(lease.connection()?))
            .await
            .map_err(fault("scrub"))
    }
}

fn rewrite(connection: &Connection) -> io::Result<()> {
    empty_log(connection)?;
    // VACUUM builds a copy of what is left. A copy in memory would have to fit there, so for once it is a temporary
    // file: it holds nothing that was erased.
    run(connection, "PRAGMA temp_store = FILE")?;
    let rewritten = run(connection, "VACUUM");
    run(connection, "PRAGMA temp_store = MEMORY")?;
    rewritten?;
    run(connection, "DELETE FROM scrub_due")?;
    empty_log(connection)
}

fn run(connection: &Connection, sql: &'static str) -> io::Result<()> {
    connection.execute_batch(sql).map_err(io::Error::other)
}

/// Writes every page of the log into the database and cuts the log to zero bytes.
fn empty_log(connection: &Connection) -> io::Result<()> {
    let busy: i64 = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get("busy"))
        .map_err(io::Error::other)?;
    if busy == 0 {
        Ok(())
    } else {
        Err(io::Error::other("another process is reading the database"))
    }
}

#[cfg(test)]
mod tests;
