//! One transaction, for reading or for writing, and the few ways in which it runs a statement.

use async_trait::async_trait;
use broker_store::{Read, StoreError, Tx};
use rusqlite::{ErrorCode, ffi};
use tokio::sync::OwnedRwLockReadGuard;

use crate::connection::{Lease, blocking};
use crate::row::{Cells, fault};
use crate::sql::{Query, Row, query};

/// An open transaction. Dropped, it is rolled back before its connection is used again.
pub(crate) struct SqliteTx {
    lease: Lease,
    name: &'static str,
    mark: Mark,
    // Dropped after `lease`: a scrub waits until the view is gone.
    _view: Option<OwnedRwLockReadGuard<()>>,
}

/// Where the place to come back to stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Missing,
    /// Before the next change: only that opens a savepoint.
    Wanted,
    /// A savepoint is open.
    Set,
}

/// What stops a walk over rows: the driver, or a value that nobody wrote.
enum Halt {
    Driver(rusqlite::Error),
    Value(StoreError),
}

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        Self::Driver(error)
    }
}

impl SqliteTx {
    pub(crate) fn reading(lease: Lease, view: OwnedRwLockReadGuard<()>) -> Self {
        Self {
            lease,
            name: "read",
            mark: Mark::Missing,
            _view: Some(view),
        }
    }

    pub(crate) const fn writing(lease: Lease, name: &'static str) -> Self {
        Self {
            lease,
            name,
            mark: Mark::Missing,
            _view: None,
        }
    }

    /// The row that a query finds, turned into a value.
    pub(crate) fn one<T>(
        &mut self,
        query: Query<'_>,
        value: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(query, value)?.pop())
    }

    /// The rows that a query finds, each turned into a value.
    pub(crate) fn all<T>(
        &mut self,
        query: Query<'_>,
        mut value: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let connection = self.lease.connection().map_err(fault(self.name))?;
        let mut values = Vec::new();
        let walked = query.for_each(connection, |row| {
            values.push(value(row).map_err(Halt::Value)?);
            Ok(())
        });
        match walked {
            Ok(()) => Ok(values),
            Err(Halt::Value(error)) => Err(error),
            Err(Halt::Driver(error)) => Err(fault(self.name)(error)),
        }
    }

    /// Runs a statement and gives the number of rows it touched.
    pub(crate) fn change(&mut self, table: &'static str, query: Query<'_>) -> Result<u64, StoreError> {
        if self.mark == Mark::Wanted {
            self.run("SAVEPOINT mark")?;
            self.mark = Mark::Set;
        }
        let connection = self.lease.connection().map_err(fault(self.name))?;
        match query.execute(connection) {
            Ok(rows) => u64::try_from(rows).map_err(fault(self.name)),
            Err(error) if is_repeated(&error) => Err(StoreError::Conflict { table }),
            Err(error) => Err(fault(self.name)(error)),
        }
    }

    /// Runs a statement that touches exactly one row; anything else is a conflict.
    pub(crate) fn change_one(&mut self, table: &'static str, query: Query<'_>) -> Result<(), StoreError> {
        match self.change(table, query)? {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { table }),
        }
    }

    fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let connection = self.lease.connection().map_err(fault(self.name))?;
        query(sql)
            .execute(connection)
            .map(|_| ())
            .map_err(fault(self.name))
    }
}

/// Whether a value that must be unique exists already.
fn is_repeated(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| {
        matches!(
            error.extended_code,
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID
        )
    })
}

#[async_trait]
impl Read for SqliteTx {
    async fn scrub_is_due(&mut self) -> Result<bool, StoreError> {
        let due = self.one(query("SELECT id FROM scrub_due"), |_| Ok(()))?;
        Ok(due.is_some())
    }
}

#[async_trait]
impl Tx for SqliteTx {
    async fn mark(&mut self) -> Result<(), StoreError> {
        if self.mark == Mark::Set {
            self.run("RELEASE mark")?;
        }
        self.mark = Mark::Wanted;
        Ok(())
    }

    async fn back_to_mark(&mut self) -> Result<(), StoreError> {
        match self.mark {
            // Nothing was written since.
            Mark::Wanted => Ok(()),
            Mark::Set | Mark::Missing => self.run("ROLLBACK TO mark"),
        }
    }

    async fn check(&mut self) -> Result<(), StoreError> {
        let lost = self.one(
            query("SELECT COUNT(*) AS lost FROM pragma_foreign_key_check"),
            |row| row.number::<u64>("foreign_key_check.lost"),
        )?;
        match lost {
            Some(0) => Ok(()),
            _ => Err(StoreError::Conflict { table: "reference" }),
        }
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self { lease, name, .. } = *self;
        // Waits for the disk, so not here. The lease goes along: whoever drops this future cannot take it back.
        let committed = blocking(move || Ok(query("COMMIT").execute(lease.connection()?).map(|_| ())));
        match committed.await.map_err(fault(name))? {
            Ok(()) => Ok(()),
            // A deferred foreign key: SQLite looks before it writes, so nothing was written.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Err(StoreError::Conflict { table: "reference" })
            }
            Err(error) => Err(fault(name)(error)),
        }
    }
}
