//! The folder `stopped`: what a witness proved against the ledger, for whoever must decide, beyond the end of the process.
//!
//! `stop.json` is the evidence; `ours.checkpoint` and `theirs.checkpoint` are the two notes in it, and `split-view.json`,
//! where there is one, is what `ledger-audit split-view` verifies. The folder appears whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use broker_service::{StopEvidence, StopShelf};
use broker_store::StoreFault;

const FOLDER: &str = "stopped";
const DRAFT: &str = "stopped.new";
const EVIDENCE: &str = "stop.json";

/// The shelf in a data folder.
#[derive(Debug, Clone)]
pub struct StopFolder {
    data: PathBuf,
}

impl StopFolder {
    /// That of this data folder.
    #[must_use]
    pub fn of(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
        }
    }

    /// Where the evidence stands, if any does.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.data.join(FOLDER)
    }

    /// What stands.
    ///
    /// # Errors
    /// When it cannot be read or is damaged: the ledger stays stopped.
    pub fn read(&self) -> Result<Option<StopEvidence>, StoreFault> {
        match fs::read(self.path().join(EVIDENCE)) {
            Ok(bytes) => StopEvidence::parse(&bytes).map(Some),
            // The folder without its evidence was tampered with; only an absent folder says that nothing stands.
            Err(error) if error.kind() == ErrorKind::NotFound && !self.path().exists() => Ok(None),
            Err(error) => Err(StoreFault::new(format!(
                "the evidence of a witness in `{}` cannot be read: {error}",
                self.path().display()
            ))),
        }
    }

    /// Puts it away, into `set-aside/`, and gives where it is now. Durable when it returns.
    ///
    /// # Errors
    /// Those of the file system; it stands in one of the two places.
    pub fn set_aside(&self, stamp: i64) -> io::Result<PathBuf> {
        let aside = self.data.join("set-aside").join(stamp.to_string());
        fs::create_dir_all(&aside)?;
        let kept = aside.join(FOLDER);
        fs::rename(self.path(), &kept)?;
        for folder in [aside.as_path(), &self.data.join("set-aside"), &self.data] {
            File::open(folder)?.sync_all()?;
        }
        Ok(kept)
    }

    fn write(&self, evidence: &StopEvidence) -> Result<(), StoreFault> {
        if self.path().exists() {
            return Ok(());
        }
        let bytes = evidence.to_bytes()?;
        let notes = [&evidence.ours, &evidence.theirs].map(|one| one.note().to_string().into_bytes());
        let [ours, theirs] = notes;
        let files = [
            (EVIDENCE, Some(bytes)),
            ("ours.checkpoint", Some(ours)),
            ("theirs.checkpoint", Some(theirs)),
            ("split-view.json", evidence.split_view.clone()),
        ];
        let draft = self.data.join(DRAFT);
        let write = || {
            match fs::remove_dir_all(&draft) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => fs::create_dir(&draft)?,
            }
            for (name, bytes) in files {
                let Some(bytes) = bytes else { continue };
                let mut file = File::create_new(draft.join(name))?;
                file.write_all(&bytes)?;
                file.sync_all()?;
            }
            File::open(&draft)?.sync_all()?;
            fs::rename(&draft, self.path())?;
            File::open(&self.data)?.sync_all()
        };
        write().map_err(StoreFault::new)
    }
}

#[async_trait]
impl StopShelf for StopFolder {
    async fn standing(&self) -> Result<Option<StopEvidence>, StoreFault> {
        let shelf = self.clone();
        let read = tokio::task::spawn_blocking(move || shelf.read()).await;
        read.map_err(StoreFault::new)?
    }

    async fn keep(&self, evidence: &StopEvidence) -> Result<(), StoreFault> {
        let (shelf, evidence) = (self.clone(), evidence.clone());
        let kept = tokio::task::spawn_blocking(move || shelf.write(&evidence)).await;
        kept.map_err(StoreFault::new)?
    }
}

#[cfg(test)]
mod tests {
    use broker_domain::time::Instant;
    use ledger_core::checkpoint::{Checkpoint, SignedCheckpoint};
    use ledger_core::note::{Ed25519Signer, KeyName, NoteSigner as _};
    use ledger_core::tree::{Hash, TreeSize};

    use super::*;

    fn evidence(theirs: u64) -> StopEvidence {
        let signer = Ed25519Signer::from_seed(KeyName::new("log.example").unwrap(), &[1; 32]).unwrap();
        let signed = |size, root| {
            let size = TreeSize::new(size).unwrap();
            let checkpoint = Checkpoint::new("log.example", size, Hash::new([root; 32])).unwrap();
            SignedCheckpoint::sign(checkpoint, &signer).unwrap()
        };
        StopEvidence {
            witness: "witness.example/w".to_owned(),
            found_at: Instant::from_micros(1_800_000_000_000_000).unwrap(),
            ours: signed(4, 1),
            theirs: signed(theirs, 2),
            log_key: signer.vkey().clone(),
            split_view: None,
        }
    }

    #[test]
    fn the_first_evidence_stays_until_it_is_set_aside() {
        let data = tempfile::tempdir().unwrap();
        let shelf = StopFolder::of(data.path());
        assert_eq!(shelf.read().unwrap(), None);
        // A draft that a crash left is no evidence.
        fs::create_dir(data.path().join(DRAFT)).unwrap();
        assert_eq!(shelf.read().unwrap(), None);
        shelf.write(&evidence(9)).unwrap();
        shelf.write(&evidence(12)).unwrap();
        assert_eq!(shelf.read().unwrap(), Some(evidence(9)));
        let kept = shelf.set_aside(7).unwrap();
        assert_eq!(shelf.read().unwrap(), None);
        assert!(kept.join("theirs.checkpoint").exists());
    }

    #[test]
    fn damaged_or_missing_evidence_is_no_absence() {
        let data = tempfile::tempdir().unwrap();
        let shelf = StopFolder::of(data.path());
        shelf.write(&evidence(9)).unwrap();
        let path = shelf.path().join(EVIDENCE);
        let bytes = fs::read(&path).unwrap();
        for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&path, &bytes[..cut]).unwrap();
            assert!(shelf.read().is_err(), "{cut}");
        }
        fs::remove_file(&path).unwrap();
        assert!(shelf.read().is_err());
    }
}
