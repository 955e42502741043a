//! The version of a file, and the migrations that change it.
//!
//! Ours instead of a crate: an operator must be told in words whether the file is newer, older or not ours, and opening
//! must never migrate by itself. What that needs is one table and one loop.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};
use thiserror::Error;

use crate::connection::{self, Create, Use};

/// The version of the schema that this program reads and writes.
pub const NEWEST_SCHEMA: u32 = 2;

/// One step of the schema.
struct Migration {
    version: u32,
    name: &'static str,
    up: &'static str,
    down: &'static str,
}

const MIGRATIONS: [Migration; 2] = [
    Migration {
        version: 1,
        name: "first_light",
        up: include_str!("../migrations/0001_first_light.up.sql"),
        down: include_str!("../migrations/0001_first_light.down.sql"),
    },
    Migration {
        version: 2,
        name: "one_row_a_batch",
        up: include_str!("../migrations/0002_one_row_a_batch.up.sql"),
        down: include_str!("../migrations/0002_one_row_a_batch.down.sql"),
    },
];

/// Why a file cannot be opened as a store.
#[derive(Debug, Error)]
pub enum OpenError {
    /// There is no such file, and none may be made.
    #[error("no database at `{}`; check the path, or create it with `fiducie migrate`", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A newer version of the program wrote the file.
    #[error(
        "`{}` has schema {found}, this program knows schemas up to {NEWEST_SCHEMA}; install the newer version",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// An older version of the program wrote the file, and migrating was not asked for.
    #[error(
        "`{}` has schema {found}, this program needs {NEWEST_SCHEMA}; back it up, then run `fiducie migrate`",
        path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its version; 0 for a file without any table of ours.
        found: u32,
    },
    /// A database of another program.
    #[error("`{}` is a database of another program", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot prepare the file `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("cannot open the database `{}`", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
}

/// Makes the file if it is missing, and brings its schema to `version`, up or down, each step in its own transaction.
///
/// Going down deletes what the step had added; 0 leaves a file without tables.
///
/// # Errors
/// See [`OpenError`]. After an error the file has the version of the last step that succeeded.
pub async fn migrate(path: &Path, version: u32) -> Result<(), OpenError> {
    prepare(path, Create::IfMissing, version).await
}

/// Brings the file at `path` to `version` if `create` allows it, or checks that it has it.
pub(crate) async fn prepare(path: &Path, create: Create, version: u32) -> Result<(), OpenError> {
    match create {
        Create::IfMissing => connection::create_private(path.to_owned()).await,
        Create::Never if !path.exists() => {
            return Err(OpenError::Missing {
                path: path.to_owned(),
            });
        }
        Create::Never => connection::restrict(path.to_owned()).await,
    }
    .map_err(|source| OpenError::File {
        path: path.to_owned(),
        source,
    })?;
    let path = path.to_owned();
    // Migrating rewrites whole tables: that waits for the disk.
    let brought = tokio::task::spawn_blocking(move || bring_to(&path, create, version));
    brought.await.unwrap_or_else(|panicked| {
        Err(OpenError::File {
            path: PathBuf::new(),
            source: std::io::Error::other(panicked),
        })
    })
}

fn bring_to(path: &Path, create: Create, version: u32) -> Result<(), OpenError> {
    let failed = |source| OpenError::Database {
        path: path.to_owned(),
        source,
    };
    let connection = &mut connection::open(path, Use::Writing).map_err(failed)?;
    let found = version_of(connection, path)?;
    if found > NEWEST_SCHEMA {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
        });
    }
    if create == Create::Never && found < version {
        return Err(OpenError::Older {
            path: path.to_owned(),
            found,
        });
    }
    // Whole tables are made anew under the names that others refer to; `fits` looks at the references afterwards.
    connection
        .execute_batch("PRAGMA foreign_keys = OFF")
        .map_err(failed)?;
    for step in MIGRATIONS
        .iter()
        .filter(|step| step.version > found && step.version <= version)
    {
        up(connection, step).map_err(failed)?;
    }
    for step in MIGRATIONS
        .iter()
        .rev()
        .filter(|step| step.version <= found && step.version > version)
    {
        down(connection, step).map_err(failed)?;
    }
    Ok(())
}

fn up(connection: &mut Connection, step: &Migration) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(step.up)?;
    tx.execute(
        "INSERT INTO schema_version (version, name) VALUES (?1, ?2)",
        (step.version, step.name),
    )?;
    fits(&tx)?;
    tx.commit()
}

fn down(connection: &mut Connection, step: &Migration) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if step.version > 1 {
        // The first step drops the table itself.
        tx.execute("DELETE FROM schema_version WHERE version = ?1", [step.version])?;
    }
    tx.execute_batch(step.down)?;
    fits(&tx)?;
    tx.commit()
}

/// Fails when a row refers to one that does not exist.
fn fits(connection: &Connection) -> rusqlite::Result<()> {
    let lost: i64 = connection.query_row("SELECT COUNT(*) FROM pragma_foreign_key_check", [], |row| {
        row.get(0)
    })?;
    match lost {
        0 => Ok(()),
        _ => Err(rusqlite::Error::IntegralValueOutOfRange(0, lost)),
    }
}

/// The version of the file: 0 when it has no table at all.
fn version_of(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    let failed = |source| OpenError::Database {
        path: path.to_owned(),
        source,
    };
    let (tables, ours): (i64, i64) = connection
        .query_row(
            "SELECT COUNT(*) AS tables, COUNT(*) FILTER (WHERE name = 'schema_version') AS ours \
             FROM sqlite_schema WHERE type = 'table'",
            [],
            |row| Ok((row.get("tables")?, row.get("ours")?)),
        )
        .map_err(failed)?;
    if tables == 0 {
        return Ok(0);
    }
    let foreign = || OpenError::Foreign {
        path: path.to_owned(),
    };
    if ours == 0 {
        return Err(foreign());
    }
    let newest: i64 = connection
        .query_row("SELECT MAX(version) AS newest FROM schema_version", [], |row| {
            row.get("newest")
        })
        .map_err(failed)?;
    u32::try_from(newest).map_err(|_| foreign())
}
