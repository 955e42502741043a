//! Stores in memory, faults, and a reader of the public files that shares no code with the writer.

use std::{
    collections::HashMap,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use ledger_core::{
    checkpoint::SignedCheckpoint,
    note::{Ed25519Signer, KeyName, NoteSigner},
    tile::Resource,
    tree::{Frontier, Hash, NodeId, NodeMap, TreeSize, empty_root, leaf_hash, node_hash},
};
use ledger_log::{
    Appended, DataHead, FolderStore, LockStore, LogData, LogId, PublicFault, PublicFile, PublicStore,
    Publisher, RecoverError, Rotation, StoreFault, Stores, Swap, UnixMicros,
};
use tempfile::TempDir;

/// When a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fails {
    /// Nothing was done.
    Before,
    /// Half of it was done.
    Half,
    /// All was done, the answer was lost.
    After,
}

/// The step that fails next, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Swap(Fails),
    Write(Fails),
    Replace(Fails),
}

#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Option<Fault>>>);

impl Faults {
    pub fn set(&self, fault: Fault) {
        *self.0.lock().unwrap() = Some(fault);
    }

    fn take(&self, step: fn(Fails) -> Fault) -> Option<Fails> {
        let mut next = self.0.lock().unwrap();
        let fails = [Fails::Before, Fails::Half, Fails::After]
            .into_iter()
            .find(|fails| *next == Some(step(*fails)));
        if fails.is_some() {
            *next = None;
        }
        fails
    }
}

fn lost() -> StoreFault {
    StoreFault::new("the power went off")
}

/// A lock store in memory; clones share it, [`MemoryLock::copy`] is a backup.
#[derive(Clone, Default)]
pub struct MemoryLock {
    rows: Arc<Mutex<HashMap<LogId, Vec<u8>>>>,
    signed: Arc<Mutex<Vec<u64>>>,
    faults: Faults,
}

impl MemoryLock {
    /// Sizes of the checkpoints that were swapped in, oldest first.
    pub fn signed(&self) -> Vec<u64> {
        self.signed.lock().unwrap().clone()
    }

    pub fn copy(&self) -> Self {
        Self {
            rows: Arc::new(Mutex::new(self.rows.lock().unwrap().clone())),
            signed: Arc::default(),
            faults: self.faults.clone(),
        }
    }
}

#[async_trait]
impl LockStore for MemoryLock {
    async fn load(&self, log: LogId) -> Result<Option<Vec<u8>>, StoreFault> {
        Ok(self.rows.lock().unwrap().get(&log).cloned())
    }

    async fn create(&self, log: LogId, body: &[u8]) -> Result<Swap, StoreFault> {
        let mut rows = self.rows.lock().unwrap();
        if rows.contains_key(&log) {
            return Ok(Swap::Conflict);
        }
        rows.insert(log, body.to_vec());
        Ok(Swap::Done)
    }

    async fn swap(&self, log: LogId, old: &[u8], new: &[u8]) -> Result<Swap, StoreFault> {
        let fails = self.faults.take(Fault::Swap);
        if fails == Some(Fails::Before) {
            return Err(lost());
        }
        let mut rows = self.rows.lock().unwrap();
        let Some(body) = rows.get_mut(&log).filter(|body| *body == old) else {
            return Ok(Swap::Conflict);
        };
        *body = new.to_vec();
        let size = String::from_utf8_lossy(new).lines().nth(1).unwrap().parse();
        self.signed.lock().unwrap().push(size.unwrap());
        if fails == Some(Fails::After) {
            Err(lost())
        } else {
            Ok(Swap::Done)
        }
    }
}

/// Real files with faults in front.
pub struct FaultyFolder {
    folder: FolderStore,
    faults: Faults,
    hold: Arc<tokio::sync::Mutex<()>>,
}

#[async_trait]
impl PublicStore for FaultyFolder {
    async fn read(&self, resource: Resource) -> Result<Option<Vec<u8>>, StoreFault> {
        self.folder.read(resource).await
    }

    async fn write(&self, mut files: Vec<PublicFile>) -> Result<(), PublicFault> {
        let _held = self.hold.lock().await;
        match self.faults.take(Fault::Write) {
            None => return self.folder.write(files).await,
            Some(Fails::Before) => {}
            Some(Fails::Half) => {
                files.truncate(files.len().div_ceil(2));
                self.folder.write(files).await?;
            }
            Some(Fails::After) => self.folder.write(files).await?,
        }
        Err(lost().into())
    }

    async fn replace_checkpoint(&self, note: Vec<u8>) -> Result<(), StoreFault> {
        let fails = self.faults.take(Fault::Replace);
        if fails != Some(Fails::Before) {
            self.folder.replace_checkpoint(note).await?;
        }
        if fails.is_some() { Err(lost()) } else { Ok(()) }
    }

    async fn show(&self, files: Vec<PublicFile>, note: Vec<u8>) -> Result<(), PublicFault> {
        if self.faults.0.lock().unwrap().is_none() {
            let _held = self.hold.lock().await;
            return self.folder.show(files, note).await;
        }
        self.write(files).await?;
        Ok(self.replace_checkpoint(note).await?)
    }
}

/// The data store: what a service keeps in SQL.
#[derive(Clone, Default)]
pub struct MemoryData(Arc<Mutex<Rows>>);

#[derive(Clone, Default)]
struct Rows {
    leaves: Vec<Vec<u8>>,
    nodes: NodeMap,
    frontier: Frontier,
    heads: Vec<DataHead>,
}

impl MemoryData {
    pub fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().unwrap().clone())))
    }

    /// The transaction of step 2.
    pub fn append(&self, leaves: Vec<Vec<u8>>, at: i64) -> Appended {
        let mut rows = self.0.lock().unwrap();
        for leaf in &leaves {
            for node in rows.frontier.append(leaf_hash(leaf)).unwrap() {
                rows.nodes.insert(node.id, node.hash);
            }
            rows.leaves.push(leaf.clone());
        }
        let head = DataHead {
            size: rows.frontier.size(),
            root: rows.frontier.root(),
            at: UnixMicros(at),
        };
        rows.heads.push(head);
        Appended { head, leaves }
    }

    pub fn leaves_now(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap().leaves.clone()
    }

    pub fn change_leaf(&self, index: usize) {
        self.0.lock().unwrap().leaves[index][0] ^= 1;
    }

    pub fn change_node(&self, id: NodeId) {
        self.0.lock().unwrap().nodes.insert(id, empty_root());
    }
}

#[async_trait]
impl LogData for MemoryData {
    async fn head(&self) -> Result<Option<DataHead>, StoreFault> {
        Ok(self.0.lock().unwrap().heads.last().copied())
    }

    async fn heads_since(&self, size: TreeSize) -> Result<Vec<DataHead>, StoreFault> {
        let rows = self.0.lock().unwrap();
        let since = rows.heads.iter().filter(|head| head.size > size);
        Ok(since.copied().collect())
    }

    async fn heads_up_to(&self, size: TreeSize, most: usize) -> Result<Vec<DataHead>, StoreFault> {
        let rows = self.0.lock().unwrap();
        let mut heads = rows.heads.clone();
        heads.retain(|head| head.size <= size);
        Ok(heads.split_off(heads.len().saturating_sub(most)))
    }

    async fn nodes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, StoreFault> {
        let rows = self.0.lock().unwrap();
        nodes
            .iter()
            .map(|node| {
                rows.nodes
                    .get(*node)
                    .ok_or_else(|| StoreFault::new("no such node"))
            })
            .collect()
    }

    async fn leaves(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StoreFault> {
        let rows = self.0.lock().unwrap();
        let leaves = rows.leaves.get(range.start as usize..range.end as usize);
        leaves
            .map(<[Vec<u8>]>::to_vec)
            .ok_or_else(|| StoreFault::new("no such leaves"))
    }
}

/// A log with all its stores.
pub struct Log {
    pub folder: TempDir,
    pub lock: MemoryLock,
    pub data: MemoryData,
    pub faults: Faults,
    pub signer: Arc<Ed25519Signer>,
    pub rotation: Rotation,
    /// Whoever holds it keeps public files from being written.
    pub hold: Arc<tokio::sync::Mutex<()>>,
}

pub fn signer(seed: u8) -> Arc<Ed25519Signer> {
    Arc::new(Ed25519Signer::from_seed(KeyName::new("log.example/consent").unwrap(), &[seed; 32]).unwrap())
}

impl Log {
    /// A new log without leaves.
    pub async fn new() -> Self {
        let faults = Faults::default();
        let log = Self {
            folder: TempDir::new().unwrap(),
            lock: MemoryLock {
                faults: faults.clone(),
                ..MemoryLock::default()
            },
            data: MemoryData::default(),
            faults,
            signer: signer(1),
            rotation: Rotation::default(),
            hold: Arc::default(),
        };
        Publisher::initialise(&log.stores().await).await.unwrap();
        log
    }

    pub async fn stores(&self) -> Stores {
        let folder = FolderStore::open(self.folder.path().to_path_buf()).await.unwrap();
        Stores {
            signer: Arc::clone(&self.signer) as Arc<dyn NoteSigner>,
            rotation: self.rotation.clone(),
            lock: Arc::new(self.lock.clone()),
            public: Arc::new(FaultyFolder {
                folder,
                faults: self.faults.clone(),
                hold: Arc::clone(&self.hold),
            }),
        }
    }

    pub async fn recover(&self) -> Result<Publisher, RecoverError> {
        Publisher::recover(self.stores().await, &self.data, UnixMicros(i64::MAX)).await
    }

    /// Recovers, appends in batches, checks the files after each.
    pub async fn grow(&self, batches: &[usize]) -> Publisher {
        let mut publisher = self.recover().await.unwrap();
        for count in batches.iter().filter(|count| **count > 0) {
            publisher.publish(self.append(*count)).await.unwrap();
            self.check_files();
        }
        publisher
    }

    /// Commits `count` leaves without publishing them.
    pub fn append(&self, count: usize) -> Appended {
        let size = self.data.leaves_now().len();
        let leaves = (size..size + count)
            .map(|i| format!("entry-{i}").into_bytes())
            .collect();
        self.data.append(leaves, size as i64 + 1)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An independent reading of the public files: all that the checkpoint requires is there and right.
    pub fn check_files(&self) -> SignedCheckpoint {
        let signed = SignedCheckpoint::open(&read(&self.path("checkpoint")), self.signer.vkey()).unwrap();
        let root = self.check_files_at(signed.size().get() as usize);
        assert_eq!(root, signed.root());
        signed
    }

    /// The same for a checkpoint of that size, whether or not it is the newest; gives the root that it must have.
    pub fn check_files_at(&self, count: usize) -> Hash {
        let leaves = self.data.leaves_now();
        let hashes: Vec<_> = leaves[..count].iter().map(|leaf| leaf_hash(leaf)).collect();
        let root = naive_root(&hashes);
        let mut level = 0;
        let mut row = hashes;
        while !row.is_empty() {
            for (index, tile) in row.chunks(256).enumerate() {
                let expected: Vec<u8> = tile.iter().flat_map(|hash| *hash.as_bytes()).collect();
                assert_eq!(
                    read(&self.path(&name(&format!("tile/{level}"), index, tile.len()))),
                    expected
                );
            }
            row = row
                .as_chunks::<256>()
                .0
                .iter()
                .map(|full| naive_root(full))
                .collect();
            level += 1;
        }
        for (index, bundle) in leaves[..count].chunks(256).enumerate() {
            let expected: Vec<u8> = bundle
                .iter()
                .flat_map(|leaf| [0, leaf.len() as u8].into_iter().chain(leaf.iter().copied()))
                .collect();
            assert_eq!(
                read(&self.path(&name("tile/entries", index, bundle.len()))),
                expected
            );
        }
        root
    }
}

fn name(prefix: &str, index: usize, width: usize) -> String {
    let suffix = if width == 256 {
        String::new()
    } else {
        format!(".p/{width}")
    };
    format!("{prefix}/{index:03}{suffix}")
}

pub fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        more => {
            let (left, right) = more.split_at(1 << (more.len() - 1).ilog2());
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}
