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

use crate::ports::{PublicFault, PublicFile, PublicStore, StoreFault};

/// Files being written live here until they are complete. The name is no path of a log, so a server that parses
/// paths strictly never shows them.
const STAGING: &str = ".staging";

/// How many folders are remembered as lasting: one a full tile, so that they do not fill the memory.
const LASTING: usize = 1_024;

const KEY_FILE: &str = "log.vkey";

/// A [`PublicStore`] in a folder: temporary file, fsync, rename, fsync of the folder; files are read-only.
///
/// A batch costs one fsync per new file and per touched folder. All files of a batch are written before the first is
/// synced, so that one journal commit of the file system carries most of them.
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
            let staged = store.stage(&bytes, target)?;
            staged.sync()?;
            staged.put_in_place()?;
            sync(&store.root)
        })
        .await
        .map_err(StoreFault::new)
    }

    fn path(&self, resource: Resource) -> PathBuf {
        self.root.join(resource.to_string())
    }

    /// Writes a complete, read-only file into the staging folder; not synced yet.
    fn stage(&self, bytes: &[u8], target: PathBuf) -> io::Result<Staged> {
        let number = self.staged.fetch_add(1, Ordering::Relaxed);
        let path = self.root.join(STAGING).join(number.to_string());
        let written = File::create_new(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            make_read_only(&file)?;
            Ok(file)
        });
        let file = written.map_err(|error| named("write", &path, &error))?;
        Ok(Staged { file, path, target })
    }

    fn write_files(&self, files: &[PublicFile]) -> Result<(), WriteError> {
        let mut staged = Vec::new();
        let mut folders = BTreeSet::new();
        for file in files {
            let target = self.path(file.resource);
            self.note_folders(&target, &mut folders)?;
            match read_if_exists(&target)? {
                None => staged.push(self.stage(&file.bytes, target)?),
                // It may have been renamed but not synced when an earlier run died.
                Some(existing) if existing == file.bytes => sync(&target)?,
                Some(_) => return Err(WriteError::Different(file.resource)),
            }
        }
        for one in &staged {
            one.sync()?;
        }
        for one in &staged {
            one.put_in_place()?;
        }
        for folder in &folders {
            sync(folder)?;
        }
        let mut lasting = self.lasting.lock().unwrap_or_else(PoisonError::into_inner);
        if lasting.len() > LASTING {
            lasting.clear();
        }
        lasting.extend(folders);
        Ok(())
    }

    /// Makes the folder of a file, and notes it and those above it whose names may not last yet, up to the root.
    fn note_folders(&self, target: &Path, folders: &mut BTreeSet<PathBuf>) -> io::Result<()> {
        let Some(folder) = target.parent() else {
            return Ok(());
        };
        if folders.contains(folder) {
            return Ok(());
        }
        fs::create_dir_all(folder).map_err(|error| named("make the folder", folder, &error))?;
        let lasting = self.lasting.lock().unwrap_or_else(PoisonError::into_inner);
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
    fn delete_old_partials(&self, files: &[PublicFile]) {
        for resource in files.iter().filter_map(|file| tile_before(file.resource)) {
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
        let store = self.clone();
        let written = blocking(move || {
            let written = store.write_files(&files);
            if written.is_ok() {
                store.delete_old_partials(&files);
            }
            Ok(written)
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(WriteError::Different(resource))) => Err(PublicFault::Different { resource }),
            Ok(Err(WriteError::Io(error))) | Err(error) => Err(StoreFault::new(error).into()),
        }
    }

    async fn replace_checkpoint(&self, note: Vec<u8>) -> Result<(), StoreFault> {
        self.replace(note, self.path(Resource::Checkpoint)).await
    }
}

struct Staged {
    file: File,
    path: PathBuf,
    target: PathBuf,
}

impl Staged {
    fn sync(&self) -> io::Result<()> {
        let synced = self.file.sync_all();
        synced.map_err(|error| named("sync", &self.path, &error))
    }

    fn put_in_place(&self) -> io::Result<()> {
        let renamed = fs::rename(&self.path, &self.target);
        renamed.map_err(|error| named("put in place", &self.target, &error))
    }
}

enum WriteError {
    Different(Resource),
    Io(io::Error),
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

/// Of a file: its bytes; of a folder: the names in it.
fn sync(path: &Path) -> io::Result<()> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| named("sync", path, &error))
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
fn make_read_only(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o444))
}

#[cfg(not(unix))]
fn make_read_only(_: &File) -> io::Result<()> {
    // LIMIT: a read-only file cannot be renamed or replaced everywhere, so elsewhere files stay writable.
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}
