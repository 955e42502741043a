//! Statements that write many rows: their text is static, so they come in a few sizes.

use broker_store::StoreError;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, query};

use crate::transaction::SqliteTx;

/// The same values eight times.
macro_rules! eight {
    ($of:expr) => {
        concat!(
            $of, ", ", $of, ", ", $of, ", ", $of, ", ", $of, ", ", $of, ", ", $of, ", ", $of
        )
    };
}

/// A statement for 64 rows, for 8 and for one. `$statement` is a macro that puts the values behind `VALUES`.
macro_rules! sizes {
    ($statement:ident, $one:literal) => {
        [
            (64, $statement!(eight!(eight!($one)))),
            (8, $statement!(eight!($one))),
            (1, $statement!($one)),
        ]
    };
}

pub(crate) use {eight, sizes};

/// A statement being bound.
pub(crate) type Statement = Query<'static, Sqlite, SqliteArguments>;

impl SqliteTx {
    /// Writes rows with the largest statements that they fill. A row that is not written is a conflict.
    pub(crate) async fn in_pieces<T: Sync>(
        &mut self,
        table: &'static str,
        sizes: &[(usize, &'static str); 3],
        mut rows: &[T],
        bind: impl Fn(Statement, &[T]) -> Result<Statement, StoreError> + Send + Sync,
    ) -> Result<(), StoreError> {
        for (size, sql) in sizes {
            while let Some((some, rest)) = rows.split_at_checked(*size) {
                let written = self.change(table, bind(query(*sql), some)?).await?;
                if !usize::try_from(written).is_ok_and(|written| written == *size) {
                    return Err(StoreError::Conflict { table });
                }
                rows = rest;
            }
        }
        Ok(())
    }
}
