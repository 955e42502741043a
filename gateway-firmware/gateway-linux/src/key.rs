//! The key of the gateway: Ed25519, made here, never leaves.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use meter_core::envelope::SIGNATURE_LENGTH;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use thiserror::Error;

use crate::durable;
use crate::ports::System;

const NAME: &str = "device.key";

/// Signs as this gateway.
pub(crate) struct DeviceKey(Ed25519KeyPair);

/// Why there is no key to sign with.
#[derive(Debug, Error)]
pub(crate) enum KeyError {
    #[error("there is no key in `{}`: run `fiducie-gateway enrol` first", path.display())]
    Missing { path: PathBuf },
    #[error(
        "the key `{}` can be read by others (mode {mode:04o}): run `chmod 600` on it, and enrol again if someone \
         may have copied it",
        path.display()
    )]
    ReadableByOthers { path: PathBuf, mode: u32 },
    #[error("the key `{}` is not an Ed25519 key in PKCS#8", path.display())]
    NotAKey { path: PathBuf },
    #[error("the key `{}` cannot be read or written", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the system gives no randomness for a key")]
    NoRandomness,
}

impl DeviceKey {
    /// Reads the key of a state folder.
    ///
    /// # Errors
    /// Among others [`KeyError::ReadableByOthers`]: a key that group or others can read is no proof of anything.
    pub(crate) fn load(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join(NAME);
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(KeyError::Missing { path }),
            Err(source) => return Err(KeyError::Io { path, source }),
        };
        let mode = metadata.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::ReadableByOthers { path, mode });
        }
        let pkcs8 = fs::read(&path).map_err(|source| KeyError::Io {
            path: path.clone(),
            source,
        })?;
        Ed25519KeyPair::from_pkcs8(&pkcs8)
            .map(Self)
            .map_err(|_| KeyError::NotAKey { path })
    }

    /// Reads the key, or makes one. An enrolment that failed half-way finds its key again.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub(crate) fn load_or_make(folder: &Path, system: &System) -> Result<Self, KeyError> {
        match Self::load(folder) {
            Err(KeyError::Missing { path }) => {
                let pkcs8 =
                    Ed25519KeyPair::generate_pkcs8(system.random()).map_err(|_| KeyError::NoRandomness)?;
                durable::write(folder, NAME, pkcs8.as_ref())
                    .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o600)))
                    .map_err(|source| KeyError::Io { path, source })?;
                Self::load(folder)
            }
            found => found,
        }
    }

    /// The 32 bytes of the public key.
    pub(crate) fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// Ed25519 (RFC 8032).
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LENGTH] {
        let signature = self.0.sign(message);
        // INVARIANT: an Ed25519 signature has 64 bytes (RFC 8032 §5.1.6); zeros would verify nowhere.
        signature.as_ref().try_into().unwrap_or([0; SIGNATURE_LENGTH])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_with_mode_0600() {
        let folder = tempfile::tempdir().unwrap();
        let system = System::new();
        let made = DeviceKey::load_or_make(folder.path(), &system).unwrap();
        let found = DeviceKey::load_or_make(folder.path(), &system).unwrap();
        assert_eq!(made.public_key(), found.public_key());
        let mode = fs::metadata(folder.path().join(NAME)).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        DeviceKey::load_or_make(folder.path(), &System::new()).unwrap();
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(folder.path().join(NAME), Permissions::from_mode(mode)).unwrap();
            let refused = DeviceKey::load(folder.path()).err();
            assert!(
                matches!(refused, Some(KeyError::ReadableByOthers { .. })),
                "{mode:o}"
            );
        }
    }

    #[test]
    fn no_key_and_no_key_format_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            DeviceKey::load(folder.path()).err(),
            Some(KeyError::Missing { .. })
        ));
        durable::write(folder.path(), NAME, b"not a key").unwrap();
        assert!(matches!(
            DeviceKey::load(folder.path()).err(),
            Some(KeyError::NotAKey { .. })
        ));
    }
}
