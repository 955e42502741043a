//! The one error of a store.

use thiserror::Error;

/// Why a store did not answer. None of them carries a value that was stored.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Something else changed the row first, or a unique value exists already: read again and decide again.
    #[error("conflict in `{table}`: read again and retry")]
    Conflict {
        /// The table concerned.
        table: &'static str,
    },
    /// A stored value that no version of this program wrote.
    #[error(
        "column `{column}` holds a value that this program does not understand; restore from backup or migrate"
    )]
    Corrupt {
        /// `table.column`.
        column: &'static str,
    },
    /// The database itself failed.
    #[error("the database failed during `{during}`")]
    Fault {
        /// What was being done.
        during: &'static str,
        /// The driver's own error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
