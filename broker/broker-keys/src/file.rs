//! Secret files: written whole or not at all, never overwritten, read only when nobody else can read them.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::error::KeyError;

/// Keys are short; a longer file is something else.
const MOST_BYTES: usize = 4_096;

/// Writes a secret to a new file with mode 0600. Durable when it returns: the file and its folder are synced.
///
/// # Errors
/// [`KeyError::AlreadyThere`] when the file exists; [`KeyError::Interrupted`] when another run is writing it;
/// [`KeyError::FolderTooOpen`] when others may change the folder; [`KeyError::Io`].
pub fn create_secret_file(path: &Path, secret: &SecretString) -> Result<(), KeyError> {
    let folder = folder_of(path);
    check_folder(folder)?;
    let temporary = temporary_name(path);
    let fault = |action| {
        let path = temporary.clone();
        move |source| KeyError::Io { action, path, source }
    };
    // The temporary name is the lock: of two runs one fails here, and the other sees the finished file below.
    let mut file = match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
    {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(KeyError::Interrupted { path: temporary });
        }
        opened => opened.map_err(fault("create"))?,
    };
    let written = if path.symlink_metadata().is_ok() {
        Err(KeyError::AlreadyThere {
            path: path.to_owned(),
        })
    } else {
        file.write_all(secret.expose_secret().as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(fault("write"))
            .and_then(|()| std::fs::rename(&temporary, path).map_err(fault("rename")))
    };
    if written.is_err() {
        // The first error is the one to report; a file left behind is named by the next run.
        let _ = std::fs::remove_file(&temporary);
    }
    written?;
    sync_folder(folder)
}

/// Reads a secret file.
///
/// # Errors
/// [`KeyError::Missing`]; [`KeyError::TooOpen`] when group or others have any permission on it;
/// [`KeyError::FolderTooOpen`]; [`KeyError::Damaged`] when it is no short UTF-8 text; [`KeyError::Io`].
pub fn read_secret_file(path: &Path) -> Result<SecretString, KeyError> {
    check_folder(folder_of(path))?;
    let fault = |action| {
        move |source| KeyError::Io {
            action,
            path: path.to_owned(),
            source,
        }
    };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(KeyError::Missing {
                path: path.to_owned(),
            });
        }
        opened => opened.map_err(fault("open"))?,
    };
    // Asked of the open file, not of the name: nobody exchanges it in between.
    let metadata = file.metadata().map_err(fault("inspect"))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyError::TooOpen {
            path: path.to_owned(),
            mode,
        });
    }
    let damaged = || KeyError::Damaged {
        path: path.to_owned(),
    };
    if !metadata.is_file() {
        return Err(damaged());
    }
    // One allocation, so that growing leaves no copies; one byte more than allowed, to notice a longer file.
    let mut bytes = Zeroizing::new(vec![0_u8; MOST_BYTES + 1]);
    let mut length = 0;
    let mut rest = file;
    while let Some(room) = bytes.get_mut(length..).filter(|room| !room.is_empty()) {
        match rest.read(room) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(fault("read")(error)),
        }
    }
    if length > MOST_BYTES {
        return Err(damaged());
    }
    let text = bytes
        .get(..length)
        .and_then(|text| std::str::from_utf8(text).ok())
        .ok_or_else(damaged)?;
    Ok(SecretString::from(text))
}

/// Refuses a folder in which others may exchange files.
pub(crate) fn check_folder(folder: &Path) -> Result<(), KeyError> {
    let metadata = match std::fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(KeyError::Missing {
                path: folder.to_owned(),
            });
        }
        found => found.map_err(|source| KeyError::Io {
            action: "inspect",
            path: folder.to_owned(),
            source,
        })?,
    };
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(KeyError::FolderTooOpen {
            path: folder.to_owned(),
            mode,
        });
    }
    Ok(())
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), KeyError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| KeyError::Io {
            action: "sync",
            path: folder.to_owned(),
            source,
        })
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn temporary_name(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions};

    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        folder
    }

    fn secret() -> SecretString {
        SecretString::from("a secret\n")
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_secret_survives_its_file_which_only_its_owner_reads() {
        let folder = folder();
        let path = folder.path().join("a.key");
        create_secret_file(&path, &secret()).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(read_secret_file(&path).unwrap().expose_secret(), "a secret\n");
        let names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(names, ["a.key"]);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_remedy() {
        let folder = folder();
        let path = folder.path().join("a.key");
        create_secret_file(&path, &secret()).unwrap();
        for open in [0o640, 0o604, 0o660, 0o610] {
            set_permissions(&path, Permissions::from_mode(open)).unwrap();
            let error = read_secret_file(&path).unwrap_err();
            assert!(matches!(error, KeyError::TooOpen { mode, .. } if mode == open));
            assert!(
                error
                    .to_string()
                    .ends_with(&format!("chmod 600 {}", path.display()))
            );
        }
        set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(read_secret_file(&path).is_ok());
    }

    #[test]
    fn a_folder_that_others_can_change_is_refused_with_the_remedy() {
        let folder = folder();
        let path = folder.path().join("a.key");
        create_secret_file(&path, &secret()).unwrap();
        set_permissions(folder.path(), Permissions::from_mode(0o770)).unwrap();
        let error = read_secret_file(&path).unwrap_err();
        assert!(error.to_string().contains("chmod 700"));
        assert!(matches!(
            create_secret_file(&folder.path().join("b.key"), &secret()),
            Err(KeyError::FolderTooOpen { .. })
        ));
    }

    #[test]
    fn a_key_is_never_overwritten() {
        let folder = folder();
        let path = folder.path().join("a.key");
        create_secret_file(&path, &secret()).unwrap();
        let again = create_secret_file(&path, &SecretString::from("other"));
        assert!(matches!(again, Err(KeyError::AlreadyThere { .. })));
        assert_eq!(read_secret_file(&path).unwrap().expose_secret(), "a secret\n");
        assert!(!temporary_name(&path).exists());
    }

    #[test]
    fn a_run_interrupted_before_the_rename_is_named_and_not_trusted() {
        let folder = folder();
        let path = folder.path().join("a.key");
        std::fs::write(temporary_name(&path), "half").unwrap();
        assert!(matches!(
            create_secret_file(&path, &secret()),
            Err(KeyError::Interrupted { .. })
        ));
        assert!(matches!(read_secret_file(&path), Err(KeyError::Missing { .. })));
    }

    #[test]
    fn what_is_no_short_text_is_damaged() {
        let folder = folder();
        let path = folder.path().join("a.key");
        for content in [vec![0xff; 10], vec![b'x'; MOST_BYTES + 1]] {
            std::fs::write(&path, content).unwrap();
            set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(read_secret_file(&path), Err(KeyError::Damaged { .. })));
        }
    }
}
