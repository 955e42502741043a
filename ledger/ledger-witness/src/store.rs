//! What the witness vouched for, in a folder.
//!
//! ```text
//! state/lock                        locked by the process that serves
//! state/witness.vkey                whose state it is
//! state/logs/<sha256(origin)>/checkpoint          the last cosigned checkpoint: it *is* the record
//! state/logs/<sha256(origin)>/evidence/…          what the log signed and should not have
//! ```
//!
//! A record changes by temporary file, fsync, rename, fsync of the folder: after a crash it is the old one or the new
//! one, and an answer goes out only when it is the new one for good.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use ledger_core::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    cosignature::PosixSeconds,
    note::{MAX_NOTE_LEN, Note, Vkey},
    witness::{Recorded, origin_hash},
};

const LOCK: &str = "lock";
const KEY: &str = "witness.vkey";
const LOGS: &str = "logs";
const CHECKPOINT: &str = "checkpoint";
const DRAFT: &str = "checkpoint.draft";

/// The state folder, held by this process alone.
#[derive(Debug)]
pub struct StateFolder {
    root: PathBuf,
    /// Locked until it is dropped, or the process ends however it ends.
    _lock: File,
}

/// What is recorded of one log.
#[derive(Debug)]
pub struct Record {
    folder: PathBuf,
    /// The last cosigned checkpoint as it is kept and shown.
    pub kept: Option<Kept>,
}

/// A checkpoint this witness cosigned.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The note: log signatures and own cosignature.
    pub note: String,
    /// Its size and root.
    pub recorded: Recorded,
    /// When it was cosigned.
    pub at: PosixSeconds,
}

/// Makes an empty state folder for a new key.
pub fn create(root: &Path, key: &Vkey) -> Result<()> {
    let make = || {
        fs::create_dir(root)?;
        fs::create_dir(root.join(LOGS))?;
        let mut file = File::create_new(root.join(KEY))?;
        file.write_all(format!("{key}\n").as_bytes())?;
        file.sync_all()?;
        File::create_new(root.join(LOCK))?.sync_all()?;
        sync_folder(root)
    };
    make().with_context(|| format!("cannot make the state folder `{}`", root.display()))
}

impl StateFolder {
    /// Takes the folder for this process.
    pub fn open(root: &Path, key: &Vkey) -> Result<Self> {
        // It is never made here: a witness that lost its state must not begin again under the same key.
        ensure!(
            root.join(KEY).is_file() && root.join(LOGS).is_dir(),
            "`{}` is no state folder: if this witness ever cosigned, its state is lost; make a new key under a new name",
            root.display()
        );
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .open(root.join(LOCK))
            .with_context(|| format!("cannot open the lock of `{}`", root.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("another process serves from `{}`", root.display())
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock `{}`", root.display()));
            }
        }
        check_key(root, key)?;
        Ok(Self {
            root: root.to_owned(),
            _lock: lock,
        })
    }

    /// The record of a log; its folder is made when it is new.
    pub fn record(&self, origin: &str, own: &Vkey) -> Result<Record> {
        let folder = folder_of(&self.root, origin);
        let make = || {
            match fs::create_dir(&folder) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            sync_folder(&self.root.join(LOGS))
        };
        make().with_context(|| format!("cannot make `{}`", folder.display()))?;
        Ok(Record {
            kept: read_kept(&self.root, origin, own)?,
            folder,
        })
    }
}

impl Record {
    /// Size and root, or nothing.
    pub fn recorded(&self) -> Recorded {
        self.kept
            .as_ref()
            .map_or_else(Recorded::nothing, |kept| kept.recorded)
    }

    /// The folder of the log.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Replaces the record; durable when it returns. After an error either record may stand: nothing more may be
    /// decided from this value.
    pub fn replace(&mut self, cosigned: &SignedCheckpoint, at: PosixSeconds) -> io::Result<()> {
        let note = cosigned.note().to_string();
        let draft = self.folder.join(DRAFT);
        let mut file = File::create(&draft)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, self.folder.join(CHECKPOINT))?;
        sync_folder(&self.folder)?;
        self.kept = Some(Kept {
            note,
            recorded: Recorded {
                size: cosigned.size(),
                root: cosigned.root(),
            },
            at,
        });
        Ok(())
    }
}

/// Refuses the state of another key: it says nothing about what this one vouched for.
pub fn check_key(root: &Path, key: &Vkey) -> Result<()> {
    let path = root.join(KEY);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    ensure!(
        text == format!("{key}\n"),
        "the state folder `{}` belongs to another key",
        root.display()
    );
    Ok(())
}

/// The checkpoint that is kept of a log. Its proof is our own cosignature: log keys come and go.
pub fn read_kept(root: &Path, origin: &str, own: &Vkey) -> Result<Option<Kept>> {
    let path = folder_of(root, origin).join(CHECKPOINT);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    };
    ensure!(bytes.len() <= MAX_NOTE_LEN, "`{}` is too large", path.display());
    let kept = open_kept(&bytes, own, origin).with_context(|| {
        format!(
            "`{}` is not what this witness wrote: it was changed or damaged, so nothing can be vouched for any more",
            path.display()
        )
    })?;
    Ok(Some(kept))
}

fn open_kept(bytes: &[u8], own: &Vkey, origin: &str) -> Result<Kept> {
    let note = Note::parse(bytes)?;
    let verified = note.verify(std::slice::from_ref(own))?;
    let at = verified.first().and_then(|one| one.cosigned_at);
    let checkpoint: Checkpoint = note.text().parse()?;
    ensure!(
        checkpoint.origin() == origin,
        "it is of `{}`",
        checkpoint.origin()
    );
    Ok(Kept {
        at: at.context("it has no time")?,
        recorded: Recorded {
            size: checkpoint.size(),
            root: checkpoint.root(),
        },
        note: note.to_string(),
    })
}

/// The folder of a log inside the state folder.
pub fn folder_of(root: &Path, origin: &str) -> PathBuf {
    root.join(LOGS).join(origin_hash(origin).to_string())
}

/// Makes the names in a folder last.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
