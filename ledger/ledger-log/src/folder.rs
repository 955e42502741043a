//! The public files in a local folder, which any web server can serve.

use std::{
    collections::{BTreeSet, HashSet},
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use ledger_core::{
    note::Vkey,
    tile::{FULL, Resource, Span, TileId},
};

use tokio::task::JoinSet;

use crate::ports::{PublicFault, PublicFile, PublicStore, StoreFault};

/// Files being written live here until they are complete. The name is no path of a log, so a server that parses
/// paths strictly never shows them.
const STAGING: &str = ".staging";

/// How many folders are remembered as lasting: one a full tile, so that they do not fill the memory.
const LASTING: usize = 1_024;

/// Syncs that run beside each other.
const SYNCS_AT_ONCE: usize = 8;

const KEY_FILE: &str = "log.vkey";

/// A [`PublicStore`] in a folder: temporary file, fsync, rename, fsync of the folder; files are read-only.
///
/// What is shown costs one fsync per new file and per touched folder, in two rounds: all files, then all folders. Those
/// of a round run beside each other, so that one journal commit of the file system, and one flush of the disk, carries
/// most of them.
///
/// Partial tiles are deleted one full tile late: a reader with a slightly old checkpoint still finds them.
#[derive(Clone, Debug)]
pub struct FolderStore {
    root: Arc<Path>,
    staged: Arc<AtomicU64>,
    /// Folders that this process has synced together with the folder that names them. What an earlier process made is
    /// not among them: it may have died before it synced.
    lasting: Arc<Mutex<HashSet<PathBuf>>>,
}

impl FolderStore {
    /// Opens the folder, makes it if it is absent, and removes unfinished files of an earlier run.
    ///
    /// # Errors
    /// [`StoreFault`] when the folder cannot be made or cleaned.
    pub async fn open(root: PathBuf) -> Result<Self, StoreFault> {
        blocking(move || {
            let staging = root.join(STAGING);
            match fs::remove_dir_all(&staging) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => fs::create_dir_all(&staging)?,
            }
            Ok(Self {
                root: root.into(),
                staged: Arc::default(),
                lasting: Arc::default(),
            })
        })
        .await
        .map_err(StoreFault::new)
    }

    /// Writes the log's public key to `log.vkey` beside `checkpoint`, for readers who have it from nowhere else.
    /// Durable when it returns. (A convenience of ours: C2SP names no such file, and a careful reader pins the key.)
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn publish_key(&self, key: &Vkey) -> Result<(), StoreFault> {
        self.replace(format!("{key}\n").into_bytes(), self.root.join(KEY_FILE))
            .await
    }

    /// The folder as it is, to look at or to repair: nothing is made, and nothing of an earlier run removed.
    pub fn existing(root: PathBuf) -> Self {
        Self {
            root: root.into(),
            staged: Arc::default(),
            lasting: Arc::default(),
        }
    }

    /// Every tile and bundle in the folder, of whatever width, in the order of their paths.
    ///
    /// # Errors
    /// [`StoreFault`] when the folder cannot be listed; a folder that is not there is empty.
    pub async fn files(&self) -> Result<Vec<Resource>, StoreFault> {
        let root = Arc::clone(&self.root);
        blocking(move || {
            let mut found = Vec::new();
            let mut folders = vec![root.join("tile")];
            while let Some(folder) = folders.pop() {
                let entries = match fs::read_dir(folder) {
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    entries => entries?,
                };
                for entry in entries {
                    let path = entry?.path();
                    if path.is_dir() {
                        folders.push(path);
                    } else if let Ok(name) = path.strip_prefix(&root) {
                        found.extend(name.to_str().and_then(|name| name.parse::<Resource>().ok()));
                    }
                }
            }
            found.sort_by_key(Resource::to_string);
            Ok(found)
        })
        .await
        .map_err(StoreFault::new)
    }

    /// Moves a file out of the folder, into `aside` (made if it is absent) under its own path, and gives where it is now.
    /// Durable when it returns.
    ///
    /// # Errors
    /// [`StoreFault`]; the file is then in one of the two places.
    pub async fn move_aside(&self, resource: Resource, aside: &Path) -> Result<PathBuf, StoreFault> {
        let (from, to) = (self.path(resource), aside.join(resource.to_string()));
        blocking(move || {
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::rename(&from, &to)?;
            for folder in to.parent().into_iter().chain(from.parent()) {
                File::open(folder)?.sync_all()?;
            }
            Ok(to)
        })
        .await
        .map_err(StoreFault::new)
    }

    /// Writes another key of the log beside `log.vkey`, under a name that is no path of a log. Durable when it returns.
    ///
    /// # Errors
    /// [`StoreFault`], also for a name that could be a tile, a bundle or the checkpoint.
    pub async fn publish_beside(&self, name: &'static str, bytes: Vec<u8>) -> Result<(), StoreFault> {
        if name.contains('/') || name.parse::<Resource>().is_ok() {
            return Err(StoreFault::new(
                "a key cannot take the place of a file of the log",
            ));
        }
        self.replace(bytes, self.root.join(name)).await
    }

    async fn replace(&self, bytes: Vec<u8>, target: PathBuf) -> Result<(), StoreFault> {
        let store = self.clone();
        blocking(move || {
            let (staged, unsynced) = store.stage(&bytes, target)?;
            unsynced.sync()?;
            staged.put_in_place()?;
            Unsynced::open(store.root.to_path_buf())?.sync()
        })
        .await
        .map_err(StoreFault::new)
    }

    fn path(&self, resource: Resource) -> PathBuf {
        self.root.join(resource.to_string())
    }

    /// Writes a complete, read-only file into the staging folder; not synced yet.
    fn stage(&self, bytes: &[u8], target: PathBuf) -> io::Result<(Staged, Unsynced)> {
        let number = self.staged.fetch_add(1, Ordering::Relaxed);
        let path = self.root.join(STAGING).join(number.to_string());
        let written = create_read_only(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            Ok(file)
        });
        let file = written.map_err(|error| named("write", &path, &error))?;
        let staged = Staged {
            path: path.clone(),
            target,
        };
        Ok((staged, Unsynced { file, path }))
    }

    /// Writes files, durable and visible, and then the checkpoint if there is one, visible only.
    async fn put(&self, files: Vec<PublicFile>, checkpoint: Option<Vec<u8>>) -> Result<(), WriteError> {
        let store = self.clone();
        let (unsynced, round) = blocking(move || Ok(store.stage_all(&files, checkpoint))).await??;
        sync_all(unsynced).await?;
        let store = self.clone();
        let (folders, round) = blocking(move || {
            round.staged.iter().try_for_each(Staged::put_in_place)?;
            let folders = round.folders.iter().map(|folder| Unsynced::open(folder.clone()));
            Ok((folders.collect::<io::Result<Vec<_>>>()?, round))
        })
        .await?;
        sync_all(folders).await?;
        blocking(move || {
            if let Some(checkpoint) = &round.checkpoint {
                checkpoint.put_in_place()?;
            }
            store.delete_old_partials(&round.written);
            let mut lasting = store.lasting.lock().unwrap_or_else(PoisonError::into_inner);
            if lasting.len() > LASTING {
                lasting.clear();
            }
            lasting.extend(round.folders);
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Writes what is to be put in place. Files that stand already may have been renamed but not synced when an earlier
    /// run died.
    fn stage_all(
        &self,
        files: &[PublicFile],
        checkpoint: Option<Vec<u8>>,
    ) -> Result<(Vec<Unsynced>, Round), WriteError> {
        let (mut unsynced, mut round) = (Vec::new(), Round::default());
        for file in files {
            let target = self.path(file.resource);
            self.note_folders(&target, &mut round.folders)?;
            match read_if_exists(&target)? {
                None => {
                    let (staged, file) = self.stage(&file.bytes, target)?;
                    round.staged.push(staged);
                    unsynced.push(file);
                }
                Some(existing) if existing == file.bytes => unsynced.push(Unsynced::open(target)?),
                Some(_) => return Err(WriteError::Different(file.resource)),
            }
            round.written.push(file.resource);
        }
        if let Some(note) = checkpoint {
            let (staged, file) = self.stage(&note, self.path(Resource::Checkpoint))?;
            round.checkpoint = Some(staged);
            unsynced.push(file);
        }
        Ok((unsynced, round))
    }

    /// Makes the folder of a file, and notes it and those above it whose names may not last yet, up to the root.
    fn note_folders(&self, target: &Path, folders: &mut BTreeSet<PathBuf>) -> io::Result<()> {
        let Some(folder) = target.parent() else {
            return Ok(());
        };
        if folders.contains(folder) {
            return Ok(());
        }
        let lasting = self.lasting.lock().unwrap_or_else(PoisonError::into_inner);
        if !lasting.contains(folder) {
            fs::create_dir_all(folder).map_err(|error| named("make the folder", folder, &error))?;
        }
        let inside = folder
            .ancestors()
            .take_while(|above| above.starts_with(&self.root));
        // The folder itself gets a new name now. One whose own name lasts needs nothing of the folder above it.
        for one in inside {
            folders.insert(one.to_path_buf());
            if lasting.contains(one) {
                break;
            }
        }
        Ok(())
    }

    /// Deletes the partial tiles of the tile before each full one. Nobody depends on it: errors are left for the
    /// next run.
    fn delete_old_partials(&self, written: &[Resource]) {
        for resource in written.iter().filter_map(|resource| tile_before(*resource)) {
            let partials = PathBuf::from(format!("{}.p", self.path(resource).display()));
            self.lasting
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&partials);
            match fs::remove_dir_all(partials) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    tracing::warn!(%error, "old partial tiles could not be deleted");
                }
                _ => {}
            }
        }
    }
}

#[async_trait]
impl PublicStore for FolderStore {
    async fn read(&self, resource: Resource) -> Result<Option<Vec<u8>>, StoreFault> {
        let path = self.path(resource);
        blocking(move || read_if_exists(&path))
            .await
            .map_err(StoreFault::new)
    }

    async fn write(&self, files: Vec<PublicFile>) -> Result<(), PublicFault> {
        if files.is_empty() {
            return Ok(());
        }
        Ok(self.put(files, None).await?)
    }

    async fn replace_checkpoint(&self, note: Vec<u8>) -> Result<(), StoreFault> {
        self.replace(note, self.path(Resource::Checkpoint)).await
    }

    async fn show(&self, files: Vec<PublicFile>, note: Vec<u8>) -> Result<(), PublicFault> {
        Ok(self.put(files, Some(note)).await?)
    }
}

/// What is written together.
#[derive(Default)]
struct Round {
    staged: Vec<Staged>,
    checkpoint: Option<Staged>,
    folders: BTreeSet<PathBuf>,
    written: Vec<Resource>,
}

/// A complete file that is not in its place yet.
struct Staged {
    path: PathBuf,
    target: PathBuf,
}

impl Staged {
    fn put_in_place(&self) -> io::Result<()> {
        let renamed = fs::rename(&self.path, &self.target);
        renamed.map_err(|error| named("put in place", &self.target, &error))
    }
}

/// Of a file: its bytes; of a folder: the names in it.
struct Unsynced {
    file: File,
    path: PathBuf,
}

impl Unsynced {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = File::open(&path).map_err(|error| named("sync", &path, &error))?;
        Ok(Self { file, path })
    }

    fn sync(&self) -> io::Result<()> {
        let synced = self.file.sync_all();
        synced.map_err(|error| named("sync", &self.path, &error))
    }
}

/// Syncs beside each other; all are over when it returns, also when one failed.
async fn sync_all(mut unsynced: Vec<Unsynced>) -> io::Result<()> {
    let share = unsynced.len().div_ceil(SYNCS_AT_ONCE).max(1);
    let mut running = JoinSet::new();
    while !unsynced.is_empty() {
        let some = unsynced.split_off(unsynced.len().saturating_sub(share));
        running.spawn_blocking(move || some.iter().try_for_each(Unsynced::sync));
    }
    let mut outcome = Ok(());
    while let Some(ended) = running.join_next().await {
        outcome = outcome.and(ended.map_err(io::Error::other).flatten());
    }
    outcome
}

enum WriteError {
    Different(Resource),
    Io(io::Error),
}

impl From<WriteError> for PublicFault {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Different(resource) => Self::Different { resource },
            WriteError::Io(error) => StoreFault::new(error).into(),
        }
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The full tile or bundle before a full one of the same level.
fn tile_before(resource: Resource) -> Option<Resource> {
    let before = |span: Span| {
        let index = span.is_full().then_some(span.index())?.checked_sub(1)?;
        Span::new(index, FULL)
    };
    match resource {
        Resource::Checkpoint => None,
        Resource::Tile(tile) => TileId::new(tile.level(), before(tile.span())?).map(Resource::Tile),
        Resource::Entries(span) => before(span).map(Resource::Entries),
    }
}

fn read_if_exists(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(named("read", path, &error)),
    }
}

/// The operating system names neither the file nor what was done with it, and the log stops on such an error: whoever
/// reads why must not have to guess.
fn named(doing: &'static str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("cannot {doing} `{}`: {error}", path.display()),
    )
}

#[cfg(unix)]
fn create_read_only(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
    const MODE: u32 = 0o444;
    let file = File::options()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path)?;
    // A strict umask must not keep a web server out.
    if file.metadata()?.mode() & 0o777 != MODE {
        file.set_permissions(fs::Permissions::from_mode(MODE))?;
    }
    Ok(file)
}

#[cfg(not(unix))]
fn create_read_only(path: &Path) -> io::Result<File> {
    // LIMIT: a read-only file cannot be renamed or replaced everywhere, so elsewhere files stay writable.
    File::create_new(path)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}
