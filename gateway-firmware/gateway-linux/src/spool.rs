//! Batches waiting for the broker, one file each.
//!
//! A batch is durable when [`Spool::add`] returns, and is deleted only when the broker has it or has refused it. When
//! the spool is full, *new* batches are given up and counted: what was promised is kept, and as indices only count up,
//! the energy of the gap can still be told, only its shape is lost.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use uuid::Uuid;

use crate::durable::{self, UNFINISHED};

const EXTENSION: &str = "batch";

/// The spool of a state folder.
#[derive(Debug, Clone)]
pub(crate) struct Spool {
    waiting: PathBuf,
    refused: PathBuf,
    limit_bytes: u64,
}

/// A batch in the spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) batch_id: Uuid,
    name: String,
}

/// Why a batch is not in the spool.
#[derive(Debug, Error)]
pub(crate) enum SpoolError {
    #[error("the spool is full ({limit_bytes} bytes)")]
    Full { limit_bytes: u64 },
    #[error("the spool `{}` cannot be used", folder.display())]
    Io {
        folder: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl Spool {
    /// Opens the spool and clears away what a crash left unfinished: it was never promised.
    pub(crate) fn open(state: &Path, limit_bytes: u64) -> Result<Self, SpoolError> {
        let spool = Self {
            waiting: state.join("spool"),
            refused: state.join("refused"),
            limit_bytes,
        };
        for folder in [&spool.waiting, &spool.refused] {
            durable::make_folder(folder).map_err(|source| spool.fault(source))?;
        }
        for name in spool.names()?.iter().filter(|name| name.starts_with(UNFINISHED)) {
            durable::delete(&spool.waiting, name).map_err(|source| spool.fault(source))?;
        }
        Ok(spool)
    }

    /// Makes a batch durable.
    pub(crate) fn add(&self, sequence: u64, batch_id: Uuid, bytes: &[u8]) -> Result<(), SpoolError> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.size()?.saturating_add(size) > self.limit_bytes {
            return Err(SpoolError::Full {
                limit_bytes: self.limit_bytes,
            });
        }
        let name = format!("{sequence:020}-{}.{EXTENSION}", batch_id.simple());
        durable::write(&self.waiting, &name, bytes).map_err(|source| self.fault(source))
    }

    /// The batches there are, in no order.
    pub(crate) fn entries(&self) -> Result<Vec<Entry>, SpoolError> {
        Ok(self
            .names()?
            .iter()
            .filter_map(|name| Entry::parse(name))
            .collect())
    }

    /// The largest sequence number there is.
    pub(crate) fn last_sequence(&self) -> Result<Option<u64>, SpoolError> {
        Ok(self.entries()?.into_iter().map(|entry| entry.sequence).max())
    }

    pub(crate) fn read(&self, entry: &Entry) -> Result<Vec<u8>, SpoolError> {
        fs::read(self.waiting.join(&entry.name)).map_err(|source| self.fault(source))
    }

    /// The broker has it, or must not have it.
    pub(crate) fn delete(&self, entry: &Entry) -> Result<(), SpoolError> {
        durable::delete(&self.waiting, &entry.name).map_err(|source| self.fault(source))
    }

    /// The broker will never take it: its readings are deleted, a note without any reading stays.
    pub(crate) fn refuse(&self, entry: &Entry, note: &str) -> Result<(), SpoolError> {
        let name = format!("{:020}-{}.txt", entry.sequence, entry.batch_id.simple());
        durable::write(&self.refused, &name, note.as_bytes()).map_err(|source| self.fault(source))?;
        self.delete(entry)
    }

    fn size(&self) -> Result<u64, SpoolError> {
        let sizes = fs::read_dir(&self.waiting).and_then(|folder| {
            folder
                .map(|file| match file?.metadata() {
                    Ok(metadata) => Ok(metadata.len()),
                    // Sent and deleted between the listing and the question.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
                    Err(error) => Err(error),
                })
                .sum()
        });
        sizes.map_err(|source| self.fault(source))
    }

    fn names(&self) -> Result<Vec<String>, SpoolError> {
        let names: io::Result<Vec<String>> = fs::read_dir(&self.waiting).and_then(|folder| {
            folder
                .map(|file| Ok(file?.file_name().to_string_lossy().into_owned()))
                .collect()
        });
        names.map_err(|source| self.fault(source))
    }

    fn fault(&self, source: io::Error) -> SpoolError {
        SpoolError::Io {
            folder: self.waiting.clone(),
            source,
        }
    }
}

impl Entry {
    fn parse(name: &str) -> Option<Self> {
        let (sequence, batch_id) = name.strip_suffix(EXTENSION)?.strip_suffix('.')?.split_once('-')?;
        Some(Self {
            sequence: sequence.parse().ok()?,
            batch_id: Uuid::try_parse(batch_id).ok()?,
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> Uuid {
        Uuid::from_bytes([n; 16])
    }

    fn oldest(spool: &Spool) -> Option<Entry> {
        spool
            .entries()
            .unwrap()
            .into_iter()
            .min_by_key(|entry| entry.sequence)
    }

    #[test]
    fn batches_survive_reopening_with_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), 1000).unwrap();
        spool.add(11, id(2), b"second").unwrap();
        spool.add(9, id(1), b"first").unwrap();
        let spool = Spool::open(folder.path(), 1000).unwrap();
        let first = oldest(&spool).unwrap();
        assert_eq!((first.sequence, first.batch_id), (9, id(1)));
        assert_eq!(spool.read(&first).unwrap(), b"first");
        assert_eq!(spool.last_sequence().unwrap(), Some(11));
        spool.delete(&first).unwrap();
        spool.delete(&first).unwrap();
        assert_eq!(oldest(&spool).unwrap().sequence, 11);
    }

    #[test]
    fn a_full_spool_gives_up_the_new_and_keeps_the_old() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), 10).unwrap();
        spool.add(1, id(1), b"12345678").unwrap();
        assert!(matches!(
            spool.add(2, id(2), b"123"),
            Err(SpoolError::Full { .. })
        ));
        assert_eq!(oldest(&spool).unwrap().sequence, 1);
    }

    #[test]
    fn a_refused_batch_leaves_a_note_without_readings() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), 1000).unwrap();
        spool.add(1, id(1), b"readings").unwrap();
        let entry = oldest(&spool).unwrap();
        spool.refuse(&entry, "code: unknown-gateway\n").unwrap();
        assert_eq!(oldest(&spool), None);
        let notes: Vec<_> = fs::read_dir(folder.path().join("refused")).unwrap().collect();
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn what_a_crash_left_unfinished_is_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), 1000).unwrap();
        let unfinished = folder.path().join("spool").join(format!("{UNFINISHED}x.batch"));
        fs::write(&unfinished, b"half").unwrap();
        assert_eq!(oldest(&spool), None);
        Spool::open(folder.path(), 1000).unwrap();
        assert!(!unfinished.exists());
    }
}
