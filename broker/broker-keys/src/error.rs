use std::io;
use std::path::PathBuf;

use broker_domain::time::EntropyUnavailable;
use thiserror::Error;

/// Why a key file is not written or not used. Paths are named, contents never.
#[derive(Debug, Error)]
pub enum KeyError {
    /// Other users may read a secret.
    #[error("`{}` is open to other users (mode {mode:o}); run: chmod 600 {}", path.display(), path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Other users may exchange a secret.
    #[error("other users may change files in `{}` (mode {mode:o}); run: chmod 700 {}", path.display(), path.display())]
    FolderTooOpen {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// No such file.
    #[error("no key file `{}`; create the keys first, or restore the whole folder from its backup", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The key of receipts came with a later version than the others.
    #[error("no key file `{}`; folders made before there were receipts lack it: restore it from its backup or, if there never was one, run: fiducie keygen --receipt-key", path.display())]
    NoReceiptKey {
        /// The file.
        path: PathBuf,
    },
    /// A key is never overwritten.
    #[error("`{}` exists already and is not overwritten; whatever it sealed or signed would be lost", path.display())]
    AlreadyThere {
        /// The file.
        path: PathBuf,
    },
    /// Another run writes the same key, or one was interrupted before the key was in use.
    #[error("`{}` was left by an interrupted run, or another is writing it; if none runs, delete it", path.display())]
    Interrupted {
        /// The temporary file.
        path: PathBuf,
    },
    /// Not what such a file holds.
    #[error("`{}` is not a key file of this kind, or is damaged; restore it from its backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The operating system says no.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
}
