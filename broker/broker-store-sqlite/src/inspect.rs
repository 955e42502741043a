//! Opening files only to look at them, also while a broker runs.

use std::io;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::connection::BUSY_TIMEOUT;
use crate::schema::{self, NEWEST_SCHEMA, OpenError};

/// Settings that write nothing.
///
/// A database without a log file is opened as an immutable one: SQLite then makes no side files. One with a log is read
/// together with it; SQLite then keeps its place in the `-shm` file, which is memory and no record.
///
/// LIMIT: a broker that starts in the very moment between the look for a log and the opening may make an immutable
/// reader see half of a change. It reports what it saw, and nothing is decided by it.
pub(crate) fn options(path: &Path) -> SqliteConnectOptions {
    let log = PathBuf::from(format!("{}-wal", path.display()));
    let has_log = log.exists();
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(true)
        .immutable(!has_log)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("temp_store", "MEMORY")
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
}

/// Whether there is a database of this program's schema at the path.
pub(crate) async fn look(path: &Path) -> Result<(), OpenError> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(OpenError::Missing {
                path: path.to_owned(),
            });
        }
        Err(source) => {
            return Err(OpenError::File {
                path: path.to_owned(),
                source,
            });
        }
        Ok(_) => {}
    }
    let failed = |source| OpenError::Database {
        path: path.to_owned(),
        source,
    };
    let mut connection = options(path).connect().await.map_err(failed)?;
    let found = schema::version_of(&mut connection, path).await;
    connection.close().await.map_err(failed)?;
    let path = path.to_owned();
    match found? {
        NEWEST_SCHEMA => Ok(()),
        found if found > NEWEST_SCHEMA => Err(OpenError::Newer { path, found }),
        found => Err(OpenError::Older { path, found }),
    }
}
