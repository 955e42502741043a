//! The outbox: a folder of letters, for brokers without a mail server and for whoever sends them by other means.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use broker_domain::identity::Later;
use broker_domain::ids::MessageId;
use broker_domain::telling::{Letter, Post, PostFailure};

use crate::written::Sender;

/// What our files end with.
const ENDING: &str = "eml";
/// What a letter that is being written ends with.
pub(crate) const DRAFT: &str = "part";

/// A folder of letters: `<message id>.eml`, whole or not there, for nobody else's eyes.
#[derive(Debug, Clone)]
pub struct Outbox {
    folder: PathBuf,
    sender: Sender,
}

impl Outbox {
    /// Opens the folder, and makes it if it is missing. Destroys the drafts in it: a crash left them, nothing reads them,
    /// and each names whom it was for.
    ///
    /// # Errors
    /// When it cannot be made, or a draft cannot be destroyed.
    pub fn open(folder: PathBuf, sender: Sender) -> std::io::Result<Self> {
        prepare(&folder)?;
        Ok(Self { folder, sender })
    }

    fn path(&self, id: MessageId) -> PathBuf {
        self.folder.join(format!("{id}.{ENDING}"))
    }
}

/// Makes the folder if it is missing, and destroys the drafts in it.
pub(crate) fn prepare(folder: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for (_, draft) in ours(folder, DRAFT)? {
        destroy(folder, &draft)?;
    }
    Ok(())
}

/// Files block, so they are written on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, PostFailure> {
    match tokio::task::spawn_blocking(run).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) | Err(_) => Err(PostFailure::Folder),
    }
}

impl Post for Outbox {
    fn send<'a>(&'a self, letter: &'a Letter) -> Later<'a, Result<(), PostFailure>> {
        Box::pin(async move {
            let bytes = self.sender.write(letter).ok_or(PostFailure::Refused)?.formatted();
            let (folder, path) = (self.folder.clone(), self.path(letter.id));
            blocking(move || put(&folder, &path, &bytes)).await
        })
    }

    fn kept(&self) -> Later<'_, Result<Vec<MessageId>, PostFailure>> {
        let folder = self.folder.clone();
        Box::pin(blocking(move || {
            let kept = ours(&folder, ENDING)?;
            Ok(kept.into_iter().map(|(id, _)| id).collect())
        }))
    }

    fn destroy(&self, id: MessageId) -> Later<'_, Result<(), PostFailure>> {
        let (folder, path) = (self.folder.clone(), self.path(id));
        Box::pin(blocking(move || destroy(&folder, &path)))
    }
}

/// Our files of this ending, by the letter they are of.
pub(crate) fn ours(folder: &Path, ending: &str) -> std::io::Result<Vec<(MessageId, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let ours = path.extension().is_some_and(|its| its == ending);
        let name = path.file_stem().and_then(|name| name.to_str());
        if let Some(id) = name.filter(|_| ours).and_then(|name| name.parse().ok()) {
            found.push((id, path));
        }
    }
    Ok(found)
}

pub(crate) fn destroy(folder: &Path, path: &Path) -> std::io::Result<()> {
    match OpenOptions::new().write(true).open(path) {
        // Overwritten first: what a file system frees may be read again.
        Ok(mut file) => {
            let length = usize::try_from(file.metadata()?.len()).unwrap_or_default();
            file.write_all(&vec![0; length])?;
            file.sync_all()?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    fs::remove_file(path)?;
    File::open(folder)?.sync_all()
}

/// Whole under its name, or not there: written beside, synced, renamed, and the folder synced.
pub(crate) fn put(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension(DRAFT);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use broker_domain::time::Instant;

    use super::*;

    fn letter(number: u8) -> Letter {
        Letter {
            id: MessageId::from_bytes([number; 16]),
            to: "anneke@example.org".parse().unwrap(),
            subject: "Sujet".into(),
            body: "Texte\n".into(),
            at: Instant::parse("2027-03-02T18:20:00Z").unwrap(),
        }
    }

    fn outbox(folder: &Path) -> Outbox {
        let sender = Sender::parse("no-reply@broker.example").unwrap();
        Outbox::open(folder.join("outbox"), sender).unwrap()
    }

    #[tokio::test]
    async fn a_letter_sent_twice_is_one_file_and_can_be_destroyed() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = outbox(folder.path());
        outbox.send(&letter(1)).await.unwrap();
        outbox.send(&letter(1)).await.unwrap();
        outbox.send(&letter(2)).await.unwrap();
        fs::write(folder.path().join("outbox/notes.eml"), "not ours").unwrap();
        let mut kept = outbox.kept().await.unwrap();
        kept.sort();
        assert_eq!(kept, [letter(1).id, letter(2).id]);
        let path = outbox.path(letter(1).id);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
        outbox.destroy(letter(1).id).await.unwrap();
        outbox.destroy(letter(1).id).await.unwrap();
        assert_eq!(outbox.kept().await.unwrap(), [letter(2).id]);
        assert!(folder.path().join("outbox/notes.eml").exists());
    }

    #[tokio::test]
    async fn a_draft_that_a_crash_left_is_gone_once_the_outbox_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let first = outbox(folder.path());
        first.send(&letter(1)).await.unwrap();
        let draft = first.path(letter(2).id).with_extension(DRAFT);
        fs::write(&draft, "To: anneke@example.org").unwrap();
        let notes = folder.path().join("outbox/notes.part");
        fs::write(&notes, "not ours").unwrap();
        let again = outbox(folder.path());
        assert!(!draft.exists());
        assert!(notes.exists());
        assert_eq!(again.kept().await.unwrap(), [letter(1).id]);
    }

    #[tokio::test]
    async fn a_folder_that_is_gone_is_a_failure_that_names_no_address() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = outbox(folder.path());
        fs::remove_dir(folder.path().join("outbox")).unwrap();
        assert_eq!(outbox.send(&letter(1)).await, Err(PostFailure::Folder));
    }
}
