//! Files, connection settings and pools.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use crate::sql::query;

/// How long a transaction waits for another process that holds the file. Inside this process nobody waits here: there
/// is one writing connection, and its users queue in memory.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often it looks whether the other process is done.
const BUSY_PAUSE: Duration = Duration::from_millis(5);
/// How long a transaction may wait for its turn before its caller hears of a fault.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// Above the number of statements in this crate, so that each is prepared once a connection.
const STATEMENTS: usize = 256;
/// Reading connections: more than the two cores of the smallest machine, few enough to keep page caches small.
const READERS: usize = 4;

/// Whether a missing file may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Create {
    /// The file must exist with the newest schema: a missing one means a wrong path or a lost disk, not a new broker.
    Never,
    /// A missing file is made and an older schema is migrated.
    IfMissing,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Use {
    /// The one that writes.
    Writing,
    /// One of those that refuse to.
    Reading,
}

/// Opens the file with the settings that all connections share. Blocks.
pub(crate) fn open(path: &Path, for_: Use) -> rusqlite::Result<Connection> {
    // The file is made by `create_private`, with mode 0600 from its first moment, so never here. No mutex: a connection
    // is used by one thread at a time, which the borrow checker sees to.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Plans do not depend on bound values: otherwise SQLite prepares many statements anew at each use, for statistics
    // that our files do not hold. Every list has a test of its plan.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(
        // Memory maps are not used: a disk fault would then kill the process instead of being an error.
        //
        // synchronous=FULL: the log of the database is on disk before a commit returns. NORMAL would lose acknowledged
        // rows when the power goes.
        // secure_delete: deleted content is overwritten with zeros, not only unlinked (GDPR art. 17).
        // temp_store: intermediate copies of pages stay in memory: temporary files would survive an erasure.
        // trusted_schema, cell_size_check: a file handed in by somebody else runs none of its own functions and shows
        // broken cells as errors.
        // wal_autocheckpoint, in pages of 4 KiB: a page that many groups touch is written back once for all of them.
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA wal_autocheckpoint = 8192;",
    )?;
    connection.execute_batch(match for_ {
        // In KiB: the upper levels of all indexes of a city stay in memory.
        Use::Writing => "PRAGMA cache_size = -65536;",
        Use::Reading => "PRAGMA cache_size = -16384; PRAGMA query_only = ON;",
    })?;
    Ok(connection)
}

/// Connections of one use, opened when first needed and kept with their prepared statements.
///
/// Statements run on the task that asks: on a local file they take microseconds, and a hop to another thread and back
/// for each costs ten times that. What waits for the disk (opening, committing, scrubbing) runs on the blocking pool.
#[derive(Debug, Clone)]
pub(crate) struct Pool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    use_: Use,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

/// A connection for the time of one transaction. Dropped, it rolls back what is open and returns to its pool.
#[derive(Debug)]
pub(crate) struct Lease {
    /// There until the drop.
    connection: Option<Connection>,
    shared: Arc<Shared>,
    /// Returned after the connection: fields are dropped after `drop` has run.
    _turn: OwnedSemaphorePermit,
}

impl Pool {
    pub fn writer(path: &Path) -> Self {
        Self::new(path, Use::Writing, 1)
    }

    pub fn readers(path: &Path) -> Self {
        Self::new(path, Use::Reading, READERS)
    }

    fn new(path: &Path, use_: Use, size: usize) -> Self {
        Self(Arc::new(Shared {
            path: path.to_owned(),
            use_,
            turns: Arc::new(Semaphore::new(size)),
            idle: Mutex::default(),
        }))
    }

    /// A connection, once it is its user's turn.
    pub async fn lease(&self) -> io::Result<Lease> {
        let turn = timeout(TURN_TIMEOUT, Arc::clone(&self.0.turns).acquire_owned()).await;
        let turn = turn
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no connection became free"))?
            .map_err(|_| io::Error::other("the store is closed"))?;
        let idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let shared = Arc::clone(&self.0);
                blocking(move || open(&shared.path, shared.use_).map_err(io::Error::other)).await?
            }
        };
        Ok(Lease {
            connection: Some(connection),
            shared: Arc::clone(&self.0),
            _turn: turn,
        })
    }

    /// Waits until every connection is back, and closes them. Nothing is leased afterwards.
    pub async fn close(&self) {
        let all = u32::try_from(match self.0.use_ {
            Use::Writing => 1,
            Use::Reading => READERS,
        });
        if let Ok(all) = all {
            let _back = self.0.turns.acquire_many(all).await;
            self.0.turns.close();
        }
        let idle = std::mem::take(&mut *self.0.idle.lock().unwrap_or_else(PoisonError::into_inner));
        // Closing the last connection empties the log of the database, which waits for the disk.
        let _closed = blocking(move || {
            drop(idle);
            Ok(())
        })
        .await;
    }
}

impl Lease {
    /// The connection.
    pub fn connection(&self) -> io::Result<&Connection> {
        self.connection
            .as_ref()
            .ok_or_else(|| io::Error::other("the connection is gone"))
    }

    /// Begins a transaction that takes the write lock at once. A deferred one would fail half-way, when its first
    /// write finds that somebody else wrote since its first read.
    pub async fn begin_immediate(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + BUSY_TIMEOUT;
        while !self.begun()? {
            if Instant::now() >= deadline {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "another process keeps the database locked",
                ));
            }
            sleep(BUSY_PAUSE).await;
        }
        Ok(())
    }

    /// Tries once: another process may hold the lock for long, and waiting for it in SQLite would block the task.
    fn begun(&self) -> io::Result<bool> {
        let connection = self.connection()?;
        connection
            .busy_timeout(Duration::ZERO)
            .map_err(io::Error::other)?;
        let outcome = query("BEGIN IMMEDIATE").execute(connection);
        connection.busy_timeout(BUSY_TIMEOUT).map_err(io::Error::other)?;
        match outcome {
            Ok(_) => Ok(true),
            Err(error) if is_busy(&error) => Ok(false),
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        // SQLite may have rolled back on its own (disk full); then there is nothing left to end.
        let clean = connection.is_autocommit() || query("ROLLBACK").execute(&connection).is_ok();
        if clean {
            let mut idle = self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(connection);
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
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

/// Runs what waits for the disk where waiting is allowed.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}
