//! One process, one data folder.
//!
//! The lock store already keeps two writers from signing two histories: the second to swap stops. This keeps the second
//! from starting at all, so that nobody's request meets a broker that is about to stop.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How often and how long a start tries: somebody who only asks whether the folder is in use holds it for an instant.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(50);

/// The data folder, for this process alone, until it is dropped or the process ends, however it ends.
///
/// LIMIT: an advisory lock (flock) of this machine. On a network file system without locks, or for a second machine that
/// mounts the same disk, the lock store is what is left.
#[derive(Debug)]
pub struct InUse {
    // Its lock ends with it.
    _folder: Option<File>,
}

impl InUse {
    /// Takes the folder. One that does not exist is nobody's: what is missing in it is said by whoever opens it.
    ///
    /// # Errors
    /// When another process has it.
    pub async fn take(folder: &Path) -> Result<Self> {
        let Some(file) = open(folder).context("the data folder cannot be opened")? else {
            return Ok(Self { _folder: None });
        };
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _folder: Some(file) }),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(BETWEEN).await,
                Err(TryLockError::Error(error)) => {
                    return Err(error).context("the data folder cannot be locked");
                }
            }
        }
        bail!(
            "another process uses the data folder `{0}`: one broker, one folder; stop the other one first (`fuser -v {0}` \
             names it), or give this one a folder of its own",
            folder.display()
        )
    }

    /// Whether a process has it now.
    ///
    /// # Errors
    /// When the folder cannot be opened.
    pub fn is_taken(folder: &Path) -> io::Result<bool> {
        let Some(file) = open(folder)? else {
            return Ok(false);
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn open(folder: &Path) -> io::Result<Option<File>> {
    match File::open(folder) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_is_used_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!InUse::is_taken(folder.path()).unwrap());
        let first = InUse::take(folder.path()).await.unwrap();
        assert!(InUse::is_taken(folder.path()).unwrap());
        let refused = InUse::take(folder.path()).await.unwrap_err();
        assert!(
            refused
                .to_string()
                .starts_with("another process uses the data folder")
        );
        drop(first);
        InUse::take(folder.path()).await.unwrap();
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent");
        assert!(!InUse::is_taken(&absent).unwrap());
        InUse::take(&absent).await.unwrap();
    }
}
