//! One transaction, for reading or for writing, and the few ways in which it runs a statement.

use std::sync::Arc;

use async_trait::async_trait;
use broker_domain::ids::ConsentId;
use broker_store::{Read, StoreError, Tx};
use sqlx::error::ErrorKind;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Sqlite, Transaction, query};
use tokio::sync::OwnedRwLockReadGuard;

use crate::memory::{ConsentMemory, Touched};
use crate::row::{Cells, fault};

/// The tables that a consent is read from.
const CONSENT_TABLES: [&str; 2] = ["consent", "consent_event"];

/// An open transaction. Dropped, it is rolled back by the driver before its connection is used again.
///
/// Each statement crosses to the connection's thread and back, which costs more than most statements: what runs for
/// every job of a group is put into as few as possible.
pub(crate) struct SqliteTx {
    tx: Transaction<'static, Sqlite>,
    name: &'static str,
    mark: Mark,
    touched: Touched,
    memory: Option<Arc<ConsentMemory>>,
    // Dropped after `tx`: a scrub waits until the view is gone.
    _view: Option<OwnedRwLockReadGuard<()>>,
}

/// Where the place to come back to stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Missing,
    /// Before the next change: only that opens a savepoint.
    Wanted,
    /// Before the next change, and the savepoint of an earlier mark is still open.
    Moved,
    /// A savepoint is open.
    Set,
}

impl SqliteTx {
    pub(crate) fn reading(tx: Transaction<'static, Sqlite>, view: OwnedRwLockReadGuard<()>) -> Self {
        Self {
            tx,
            name: "read",
            mark: Mark::Missing,
            touched: Touched::default(),
            memory: None,
            _view: Some(view),
        }
    }

    /// `memory` is told before the commit which consents may change with it.
    pub(crate) fn writing(
        tx: Transaction<'static, Sqlite>,
        name: &'static str,
        memory: Option<Arc<ConsentMemory>>,
    ) -> Self {
        Self {
            tx,
            name,
            mark: Mark::Missing,
            touched: Touched::default(),
            memory,
            _view: None,
        }
    }

    /// The row that a query finds, turned into a value.
    pub(crate) async fn one<T>(
        &mut self,
        query: Query<'static, Sqlite, SqliteArguments>,
        value: impl FnOnce(&SqliteRow) -> Result<T, StoreError> + Send,
    ) -> Result<Option<T>, StoreError> {
        let row = query
            .fetch_optional(&mut *self.tx)
            .await
            .map_err(fault(self.name))?;
        row.as_ref().map(value).transpose()
    }

    /// The rows that a query finds, each turned into a value.
    pub(crate) async fn all<T>(
        &mut self,
        query: Query<'static, Sqlite, SqliteArguments>,
        value: impl Fn(&SqliteRow) -> Result<T, StoreError> + Send,
    ) -> Result<Vec<T>, StoreError> {
        let rows = query.fetch_all(&mut *self.tx).await.map_err(fault(self.name))?;
        rows.iter().map(value).collect()
    }

    /// Runs a statement and gives the number of rows it touched.
    pub(crate) async fn change(
        &mut self,
        table: &'static str,
        query: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        if CONSENT_TABLES.contains(&table) {
            // Nobody said which: all of them may have changed.
            self.touched.everything();
        }
        self.execute(table, query).await
    }

    /// The same for a statement that changes no consents but these.
    pub(crate) async fn change_consents(
        &mut self,
        ids: &[ConsentId],
        table: &'static str,
        query: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        if CONSENT_TABLES.contains(&table) {
            self.touched.these(ids);
        }
        self.execute(table, query).await
    }

    /// Runs a statement about their point that makes these consents other ones, and gives the number of rows it touched.
    pub(crate) async fn change_consents_of_point(
        &mut self,
        ids: &[ConsentId],
        query: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        self.touched.these(ids);
        self.execute("point", query).await
    }

    /// Runs a statement that touches exactly one row, of this consent; anything else is a conflict.
    pub(crate) async fn change_consent(
        &mut self,
        id: ConsentId,
        table: &'static str,
        query: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<(), StoreError> {
        match self.change_consents(&[id], table, query).await? {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { table }),
        }
    }

    async fn execute(
        &mut self,
        table: &'static str,
        query: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        match self.mark {
            Mark::Missing | Mark::Set => {}
            Mark::Wanted => self.set_mark("SAVEPOINT mark").await?,
            Mark::Moved => self.set_mark("RELEASE mark; SAVEPOINT mark").await?,
        }
        match query.execute(&mut *self.tx).await {
            Ok(done) => Ok(done.rows_affected()),
            Err(sqlx::Error::Database(error)) if error.kind() == ErrorKind::UniqueViolation => {
                Err(StoreError::Conflict { table })
            }
            Err(error) => Err(fault(self.name)(error)),
        }
    }

    /// Runs a statement that touches exactly one row; anything else is a conflict.
    pub(crate) async fn change_one(
        &mut self,
        table: &'static str,
        query: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<(), StoreError> {
        match self.change(table, query).await? {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { table }),
        }
    }

    async fn set_mark(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.run(sql).await?;
        self.mark = Mark::Set;
        Ok(())
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        query(sql)
            .execute(&mut *self.tx)
            .await
            .map(|_| ())
            .map_err(fault(self.name))
    }
}

#[async_trait]
impl Read for SqliteTx {
    async fn scrub_is_due(&mut self) -> Result<bool, StoreError> {
        let due = self.one(query("SELECT id FROM scrub_due"), |_| Ok(())).await?;
        Ok(due.is_some())
    }
}

#[async_trait]
impl Tx for SqliteTx {
    async fn mark(&mut self) -> Result<(), StoreError> {
        self.mark = match self.mark {
            Mark::Missing | Mark::Wanted => Mark::Wanted,
            Mark::Moved | Mark::Set => Mark::Moved,
        };
        Ok(())
    }

    async fn back_to_mark(&mut self) -> Result<(), StoreError> {
        match self.mark {
            // Nothing was written since.
            Mark::Wanted | Mark::Moved => Ok(()),
            Mark::Set | Mark::Missing => self.run("ROLLBACK TO mark").await,
        }
    }

    async fn forget_mark(&mut self) -> Result<(), StoreError> {
        // With a savepoint open, every page that changes is copied first.
        if matches!(self.mark, Mark::Set | Mark::Moved) {
            self.run("RELEASE mark").await?;
        }
        self.mark = Mark::Missing;
        Ok(())
    }

    async fn check(&mut self) -> Result<(), StoreError> {
        let references = query("SELECT COUNT(*) AS lost FROM pragma_foreign_key_check");
        let lost = self
            .one(references, |row| row.number::<u64>("foreign_key_check.lost"))
            .await?;
        match lost {
            Some(0) => Ok(()),
            _ => Err(StoreError::Conflict { table: "reference" }),
        }
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self {
            tx,
            name,
            touched,
            memory,
            ..
        } = *self;
        // From here on the memory answers nothing about what is changing. If this call is given up half-way, or nobody
        // knows how the commit ended, it stays so.
        let doubt = memory.and_then(|memory| memory.doubt(touched));
        let (settled, outcome) = match tx.commit().await {
            Ok(()) => (doubt, Ok(())),
            // A deferred foreign key: SQLite looks before it writes, so nothing was written.
            Err(sqlx::Error::Database(error)) if error.kind() == ErrorKind::ForeignKeyViolation => {
                (doubt, Err(StoreError::Conflict { table: "reference" }))
            }
            Err(error) => (None, Err(fault(name)(error))),
        };
        if let Some(doubt) = settled {
            doubt.settle();
        }
        outcome
    }
}
