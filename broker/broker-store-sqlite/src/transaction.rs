//! One transaction, for reading or for writing, and the few ways in which it runs a statement.

use async_trait::async_trait;
use broker_store::{Read, StoreError, Tx};
use sqlx::error::ErrorKind;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Sqlite, Transaction};
use tokio::sync::OwnedRwLockReadGuard;

use crate::row::fault;

/// An open transaction. Dropped, it is rolled back by the driver before its connection is used again.
pub(crate) struct SqliteTx {
    tx: Transaction<'static, Sqlite>,
    name: &'static str,
    mark: Mark,
    // Dropped after `tx`: a scrub waits until the view is gone.
    _view: Option<OwnedRwLockReadGuard<()>>,
}

/// Whether a savepoint is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Missing,
    Set,
}

impl SqliteTx {
    pub(crate) fn reading(tx: Transaction<'static, Sqlite>, view: OwnedRwLockReadGuard<()>) -> Self {
        Self {
            tx,
            name: "read",
            mark: Mark::Missing,
            _view: Some(view),
        }
    }

    pub(crate) fn writing(tx: Transaction<'static, Sqlite>, name: &'static str) -> Self {
        Self {
            tx,
            name,
            mark: Mark::Missing,
            _view: None,
        }
    }

    /// The row that a query finds.
    pub(crate) async fn one(
        &mut self,
        query: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<Option<SqliteRow>, StoreError> {
        query
            .fetch_optional(&mut *self.tx)
            .await
            .map_err(fault(self.name))
    }

    /// The rows that a query finds, each turned into a value.
    pub(crate) async fn all<T>(
        &mut self,
        query: Query<'static, Sqlite, SqliteArguments>,
        value: impl Fn(&SqliteRow) -> Result<T, StoreError>,
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
        match query.execute(&mut *self.tx).await {
            Ok(done) => Ok(done.rows_affected()),
            Err(sqlx::Error::Database(error)) if error.kind() == ErrorKind::UniqueViolation => {
                Err(StoreError::Conflict { table })
            }
            Err(source) => Err(fault(self.name)(source)),
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

    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        sqlx::query(sql)
            .execute(&mut *self.tx)
            .await
            .map(|_| ())
            .map_err(fault(self.name))
    }
}

impl Read for SqliteTx {}

#[async_trait]
impl Tx for SqliteTx {
    async fn mark(&mut self) -> Result<(), StoreError> {
        // One call, not two: this runs for each job of a group, and each call crosses to the connection's thread.
        let sql = match self.mark {
            Mark::Set => "RELEASE mark; SAVEPOINT mark",
            Mark::Missing => "SAVEPOINT mark",
        };
        self.run(sql).await?;
        self.mark = Mark::Set;
        Ok(())
    }

    async fn back_to_mark(&mut self) -> Result<(), StoreError> {
        self.run("ROLLBACK TO mark").await
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let name = self.name;
        self.tx.commit().await.map_err(fault(name))
    }
}
