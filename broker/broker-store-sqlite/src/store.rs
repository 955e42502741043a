//! The store: who may read, who may write, and when.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use broker_domain::consent::Consent;
use broker_domain::ids::ConsentId;
use broker_store::{ConsentReads as _, Read, Store, StoreError, Tx};
use sqlx::{Row, SqliteConnection, SqlitePool};
use tokio::sync::RwLock;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::connection::{self, Create};
use crate::inspect;
use crate::memory::{ConsentMemory, Recall};
use crate::row::fault;
use crate::schema::{self, NEWEST_SCHEMA, OpenError};
use crate::transaction::SqliteTx;

/// Consents read at once to be remembered.
const LEARNT_TOGETHER: u32 = 1_000;
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
    remembering: Option<Remembering>,
}

/// Consents by heart, and the task that learns them.
#[derive(Debug)]
struct Remembering {
    memory: Arc<ConsentMemory>,
    learning: JoinHandle<()>,
}

impl Drop for Remembering {
    fn drop(&mut self) {
        self.learning.abort();
    }
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
            remembering: None,
        })
    }

    /// Keeps consents in memory, `most` at most, so that [`Store::consent_now`] asks the file no more once they are known
    /// (docs/decisions/0031). Learns them in a task that ends with this value; until then, and beyond `most`, the file
    /// answers.
    ///
    /// The memory hears of the commits of this value alone: only for the process that has the file to itself, like a
    /// broker that holds its folder, and for one store of it.
    #[must_use]
    pub fn remembering(self, most: usize) -> Self {
        let memory = Arc::new(ConsentMemory::of(most));
        let learning = tokio::spawn(learn(
            self.readers.clone(),
            Arc::clone(&self.views),
            Arc::clone(&memory),
        ));
        Self {
            remembering: Some(Remembering { memory, learning }),
            ..self
        }
    }

    /// Waits until every consent is known by heart that may be; the number of them. For measurements.
    pub async fn remembered(&self) -> usize {
        let Some(remembering) = &self.remembering else {
            return 0;
        };
        while !remembering.learning.is_finished() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        remembering.memory.len()
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
            remembering: None,
        })
    }

    /// Waits for open transactions to end, empties the log of the database and closes the file.
    pub async fn close(&self) {
        if let Some(remembering) = &self.remembering {
            remembering.learning.abort();
        }
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn read(&self) -> Result<Box<dyn Read + '_>, StoreError> {
        Ok(Box::new(view(&self.readers, &self.views).await?))
    }

    async fn consent_now(&self, id: ConsentId) -> Result<Option<Arc<Consent>>, StoreError> {
        let memory = self.remembering.as_ref().map(|remembering| &remembering.memory);
        // The ticket is taken before the view is opened: what is committed in between must not be remembered wrongly.
        let ticket = match memory.map(|memory| memory.recall(id)) {
            Some(Recall::Known(consent)) => return Ok(Some(consent)),
            Some(Recall::Unknown(ticket)) => Some(ticket),
            None => None,
        };
        let mut view = view(&self.readers, &self.views).await?;
        let Some(consent) = view.consent(id).await? else {
            return Ok(None);
        };
        Ok(Some(match memory.zip(ticket) {
            Some((memory, ticket)) => memory.keep(ticket, consent),
            None => Arc::new(consent),
        }))
    }

    async fn begin(&self, name: &'static str) -> Result<Box<dyn Tx + '_>, StoreError> {
        // IMMEDIATE takes the write lock at once: a deferred one would fail half-way, when its first write finds that
        // somebody else wrote since its first read.
        let tx = self
            .writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(fault(name))?;
        let memory = self
            .remembering
            .as_ref()
            .map(|remembering| Arc::clone(&remembering.memory));
        Ok(Box::new(SqliteTx::writing(tx, name, memory)))
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

/// Opens a reading view.
async fn view(readers: &SqlitePool, views: &Arc<RwLock<()>>) -> Result<SqliteTx, StoreError> {
    let view = Arc::clone(views).read_owned().await;
    let tx = readers
        .begin_with("BEGIN DEFERRED")
        .await
        .map_err(fault("read"))?;
    Ok(SqliteTx::reading(tx, view))
}

/// Reads every consent once, page by page, each in a view of its own: no scrub and no checkpoint waits for all of them.
async fn learn(readers: SqlitePool, views: Arc<RwLock<()>>, memory: Arc<ConsentMemory>) {
    let mut after = None;
    while memory.has_room() {
        let tickets = memory.tickets();
        let page = async {
            let mut view = view(&readers, &views).await?;
            view.consents_after(after, LEARNT_TOGETHER).await
        };
        // What could not be learnt is read when it is asked for, and whoever asks then hears of the fault.
        let Ok(page) = page.await else { return };
        let Some(last) = page.last() else { return };
        after = Some(last.id);
        memory.keep_all(&tickets, page);
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
