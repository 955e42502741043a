//! The version of a file, and the migrations that change it.
//!
//! Ours instead of sqlx's `migrate` feature: an operator must be told in words whether the file is newer, older or not
//! ours, and opening must never migrate by itself. What that needs is one table and one loop; the feature would add a
//! macro, a checksum of files that are compiled in anyway, and its own table.

use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use thiserror::Error;

use crate::connection::{self, Create};

/// The version of the schema that this program reads and writes.
pub const NEWEST_SCHEMA: u32 = 22;

/// One step of the schema.
struct Migration {
    version: u32,
    name: &'static str,
    up: &'static str,
    down: &'static str,
}

const MIGRATIONS: [Migration; 22] = [
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
    Migration {
        version: 3,
        name: "restored",
        up: include_str!("../migrations/0003_restored.up.sql"),
        down: include_str!("../migrations/0003_restored.down.sql"),
    },
    Migration {
        version: 4,
        name: "disclosure_manifest",
        up: include_str!("../migrations/0004_disclosure_manifest.up.sql"),
        down: include_str!("../migrations/0004_disclosure_manifest.down.sql"),
    },
    Migration {
        version: 5,
        name: "dutch",
        up: include_str!("../migrations/0005_dutch.up.sql"),
        down: include_str!("../migrations/0005_dutch.down.sql"),
    },
    Migration {
        version: 6,
        name: "restores",
        up: include_str!("../migrations/0006_restores.up.sql"),
        down: include_str!("../migrations/0006_restores.down.sql"),
    },
    Migration {
        version: 7,
        name: "accounts",
        up: include_str!("../migrations/0007_accounts.up.sql"),
        down: include_str!("../migrations/0007_accounts.down.sql"),
    },
    Migration {
        version: 8,
        name: "signed_terms",
        up: include_str!("../migrations/0008_signed_terms.up.sql"),
        down: include_str!("../migrations/0008_signed_terms.down.sql"),
    },
    Migration {
        version: 9,
        name: "telling",
        up: include_str!("../migrations/0009_telling.up.sql"),
        down: include_str!("../migrations/0009_telling.down.sql"),
    },
    Migration {
        version: 10,
        name: "rights",
        up: include_str!("../migrations/0010_rights.up.sql"),
        down: include_str!("../migrations/0010_rights.down.sql"),
    },
    Migration {
        version: 11,
        name: "lifecycle",
        up: include_str!("../migrations/0011_lifecycle.up.sql"),
        down: include_str!("../migrations/0011_lifecycle.down.sql"),
    },
    Migration {
        version: 12,
        name: "households",
        up: include_str!("../migrations/0012_households.up.sql"),
        down: include_str!("../migrations/0012_households.down.sql"),
    },
    Migration {
        version: 13,
        name: "told",
        up: include_str!("../migrations/0013_told.up.sql"),
        down: include_str!("../migrations/0013_told.down.sql"),
    },
    Migration {
        version: 14,
        name: "mandates",
        up: include_str!("../migrations/0014_mandates.up.sql"),
        down: include_str!("../migrations/0014_mandates.down.sql"),
    },
    Migration {
        version: 15,
        name: "homes",
        up: include_str!("../migrations/0015_homes.up.sql"),
        down: include_str!("../migrations/0015_homes.down.sql"),
    },
    Migration {
        version: 16,
        name: "entered",
        up: include_str!("../migrations/0016_entered.up.sql"),
        down: include_str!("../migrations/0016_entered.down.sql"),
    },
    Migration {
        version: 17,
        name: "watched",
        up: include_str!("../migrations/0017_watched.up.sql"),
        down: include_str!("../migrations/0017_watched.down.sql"),
    },
    Migration {
        version: 18,
        name: "attempts",
        up: include_str!("../migrations/0018_attempts.up.sql"),
        down: include_str!("../migrations/0018_attempts.down.sql"),
    },
    Migration {
        version: 19,
        name: "mended",
        up: include_str!("../migrations/0019_mended.up.sql"),
        down: include_str!("../migrations/0019_mended.down.sql"),
    },
    Migration {
        version: 20,
        name: "channels",
        up: include_str!("../migrations/0020_channels.up.sql"),
        down: include_str!("../migrations/0020_channels.down.sql"),
    },
    Migration {
        version: 21,
        name: "joint",
        up: include_str!("../migrations/0021_joint.up.sql"),
        down: include_str!("../migrations/0021_joint.down.sql"),
    },
    Migration {
        version: 22,
        name: "legal",
        up: include_str!("../migrations/0022_legal.up.sql"),
        down: include_str!("../migrations/0022_legal.down.sql"),
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
        source: sqlx::Error,
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
    let failed = |source| OpenError::Database {
        path: path.to_owned(),
        source,
    };
    let mut connection = connection::options(path).connect().await.map_err(failed)?;
    let outcome = bring_to(&mut connection, path, create, version).await;
    connection.close().await.map_err(failed)?;
    outcome
}

async fn bring_to(
    connection: &mut SqliteConnection,
    path: &Path,
    create: Create,
    version: u32,
) -> Result<(), OpenError> {
    let found = version_of(connection, path).await?;
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
    let failed = |source| OpenError::Database {
        path: path.to_owned(),
        source,
    };
    // Whole tables are made anew under the names that others refer to; `fits` looks at the references afterwards.
    sqlx::raw_sql("PRAGMA foreign_keys = OFF")
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    for step in MIGRATIONS
        .iter()
        .filter(|step| step.version > found && step.version <= version)
    {
        up(connection, step).await.map_err(failed)?;
    }
    for step in MIGRATIONS
        .iter()
        .rev()
        .filter(|step| step.version <= found && step.version > version)
    {
        down(connection, step).await.map_err(failed)?;
    }
    Ok(())
}

async fn up(connection: &mut SqliteConnection, step: &Migration) -> Result<(), sqlx::Error> {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(step.up).execute(&mut *tx).await?;
    sqlx::query("INSERT INTO schema_version (version, name) VALUES (?1, ?2)")
        .bind(i64::from(step.version))
        .bind(step.name)
        .execute(&mut *tx)
        .await?;
    fits(&mut tx).await?;
    tx.commit().await
}

async fn down(connection: &mut SqliteConnection, step: &Migration) -> Result<(), sqlx::Error> {
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    if step.version > 1 {
        // The first step drops the table itself.
        sqlx::query("DELETE FROM schema_version WHERE version = ?1")
            .bind(i64::from(step.version))
            .execute(&mut *tx)
            .await?;
    }
    sqlx::raw_sql(step.down).execute(&mut *tx).await?;
    fits(&mut tx).await?;
    tx.commit().await
}

/// Fails when a row refers to one that does not exist.
async fn fits(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let lost: i64 = sqlx::query("SELECT COUNT(*) AS lost FROM pragma_foreign_key_check")
        .fetch_one(connection)
        .await?
        .try_get("lost")?;
    match lost {
        0 => Ok(()),
        _ => Err(sqlx::Error::Protocol(format!(
            "{lost} rows refer to rows that do not exist"
        ))),
    }
}

/// The version of the file: 0 when it has no table at all.
pub(crate) async fn version_of(connection: &mut SqliteConnection, path: &Path) -> Result<u32, OpenError> {
    let failed = |source| OpenError::Database {
        path: path.to_owned(),
        source,
    };
    let tables = sqlx::query(
        "SELECT COUNT(*) AS tables, COUNT(*) FILTER (WHERE name = 'schema_version') AS ours \
         FROM sqlite_schema WHERE type = 'table'",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(failed)?;
    let (tables, ours): (i64, i64) = (
        tables.try_get("tables").map_err(failed)?,
        tables.try_get("ours").map_err(failed)?,
    );
    if tables == 0 {
        return Ok(0);
    }
    let foreign = || OpenError::Foreign {
        path: path.to_owned(),
    };
    if ours == 0 {
        return Err(foreign());
    }
    let newest: i64 = sqlx::query("SELECT MAX(version) AS newest FROM schema_version")
        .fetch_one(&mut *connection)
        .await
        .and_then(|row| row.try_get("newest"))
        .map_err(failed)?;
    u32::try_from(newest).map_err(|_| foreign())
}
