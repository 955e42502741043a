//! Files, connection settings and pools.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool};

/// How long a statement waits for another process that holds the file. Inside this process nobody waits here: the
/// writer pool has one connection and queues in memory.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a transaction may wait for its turn before its caller hears of a fault.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// Above the number of statements in this crate, so that each is prepared once a connection.
const STATEMENTS: usize = 256;
/// Reading connections: more than the two cores of the smallest machine, few enough to keep page caches small.
const READERS: u32 = 4;
/// Rows that the driver's thread may run ahead of whoever reads them: more than the intakes of a group have, so that it
/// does not stop and start for each handful.
const ROWS_AHEAD: usize = 2_048;

/// Whether a missing file may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Create {
    /// The file must exist with the newest schema: a missing one means a wrong path or a lost disk, not a new broker.
    Never,
    /// A missing file is made and an older schema is migrated.
    IfMissing,
}

/// Settings that both kinds of connection share.
///
/// Memory maps are not used: a disk fault would then kill the process instead of being an error. That plans do not
/// depend on bound values is set where SQLite is compiled (`.cargo/config.toml`).
pub(crate) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        // The file is made by `create_private`, with mode 0600 from its first moment.
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL: the log of the database is on disk before a commit returns. NORMAL would lose acknowledged rows when
        // the power goes.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // Deleted content is overwritten with zeros, not only unlinked (GDPR art. 17).
        .pragma("secure_delete", "ON")
        // Intermediate copies of pages stay in memory: temporary files would survive an erasure.
        .pragma("temp_store", "MEMORY")
        // A file handed in by somebody else runs none of its own functions and shows broken cells as errors.
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        // In pages of 4 KiB: a page that many groups touch is written back once for all of them.
        .pragma("wal_autocheckpoint", "8192")
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENTS)
        .row_buffer_size(ROWS_AHEAD)
        .disable_statement_logging()
}

/// The pool of the one writing connection.
pub(crate) fn writer(options: SqliteConnectOptions) -> SqlitePool {
    // In KiB: the upper levels of all indexes of a city stay in memory.
    pool(1).connect_lazy_with(options.pragma("cache_size", "-65536"))
}

/// The pool of the reading connections, which refuse to write.
pub(crate) fn readers(options: SqliteConnectOptions) -> SqlitePool {
    let options = options.pragma("cache_size", "-16384").pragma("query_only", "ON");
    pool(READERS).connect_lazy_with(options)
}

fn pool(connections: u32) -> PoolOptions<Sqlite> {
    PoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(TURN_TIMEOUT)
        // Local connections do not go stale; keeping them keeps their prepared statements.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(|connection: &mut SqliteConnection, _| {
            Box::pin(async move {
                // The ping waits until a queued rollback has run. SQLite may have rolled back on its own (disk full);
                // the driver then still counts a transaction, and every later BEGIN on this connection would fail.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
}

/// Makes an empty file that only its owner can read, durably, if there is none; otherwise takes the others' rights
/// away. SQLite gives its log and index files the mode of the database file.
pub(crate) async fn create_private(path: PathBuf) -> io::Result<()> {
    blocking(move || {
        use std::os::unix::fs::OpenOptionsExt;
        let made = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        match made {
            Ok(file) => {
                file.sync_all()?;
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                std::fs::File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => make_private(&path),
            Err(error) => Err(error),
        }
    })
    .await
}

/// Takes the rights of everybody but the owner away from an existing file.
pub(crate) async fn restrict(path: PathBuf) -> io::Result<()> {
    blocking(move || make_private(&path)).await
}

fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}
