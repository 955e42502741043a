//! The full check: everything recomputed from the leaves, and every public file compared.
//!
//! A start looks at the right edge, and a sweep beside the running broker at every public file. This reads the whole log, so it takes as long as reading it takes; it writes
//! nothing but the map's scratch files, in a folder that the caller gives and removes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use ledger_core::{
    leaf::Leaf,
    tile::{self, Resource, Span, encode_entries, parse_entries},
    tree::{Hash, LeafIndex, TreeSize},
};

use crate::{
    edge::{Edge, EdgeError},
    map::{LogMap, MapConfig, MapFault},
    ports::{LogData, PublicFault, PublicFile, PublicStore, StoreFault},
};

/// Leaves read at once.
const CHUNK: u64 = 4_096;
/// How many differences are named; the others are counted.
const NAMED: usize = 100;

/// One thing that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A public file holds other bytes than the leaves give.
    Altered {
        /// Which.
        resource: Resource,
    },
    /// A public file that the published checkpoint needs is not there.
    Missing {
        /// Which.
        resource: Resource,
    },
    /// The leaves do not lead to this root.
    Root {
        /// Who states it.
        place: &'static str,
        /// At which size.
        size: TreeSize,
    },
    /// A stored hash is not that of the leaves below it.
    StoredHash {
        /// The tile that holds it.
        resource: Resource,
    },
    /// Bytes of the log are no leaf.
    Leaf {
        /// Where.
        index: u64,
    },
    /// A map-root leaf does not name the map of the leaves before it.
    MapRoot {
        /// Where.
        index: u64,
    },
    /// The map cannot be made beyond this leaf: a tag repeats.
    Map {
        /// The first leaf of the part that does not fit.
        index: u64,
    },
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { resource } => {
                write!(
                    f,
                    "`{resource}` does not hold what the leaves in the database give"
                )
            }
            Self::Missing { resource } => write!(f, "`{resource}` is missing"),
            Self::Root { place, size } => {
                write!(
                    f,
                    "the leaves do not have the root that the {place} states at {size} leaves"
                )
            }
            Self::StoredHash { resource } => {
                write!(f, "a stored hash of `{resource}` is not that of its leaves")
            }
            Self::Leaf { index } => write!(f, "leaf {index} is malformed"),
            Self::MapRoot { index } => {
                write!(f, "leaf {index} does not name the map of the leaves before it")
            }
            Self::Map { index } => write!(f, "from leaf {index} on the tags do not make a map"),
        }
    }
}

/// What a full check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FullCheck {
    /// Leaves read.
    pub leaves: u64,
    /// Public files compared.
    pub files: u64,
    /// Map roots compared.
    pub map_roots: u64,
    /// What is wrong, the first hundred.
    pub wrong: Vec<Wrong>,
    /// How many more.
    pub more: u64,
}

impl FullCheck {
    /// Whether nothing is wrong.
    pub const fn is_clean(&self) -> bool {
        self.wrong.is_empty()
    }

    fn add(&mut self, wrong: Wrong) {
        if self.wrong.len() < NAMED {
            self.wrong.push(wrong);
        } else {
            self.more += 1;
        }
    }
}

/// Where the leaves lead, as somebody states it.
#[derive(Clone, Copy, Debug)]
pub struct Stated {
    /// Who.
    pub place: &'static str,
    /// Size of the tree.
    pub size: TreeSize,
    /// Its root.
    pub root: Hash,
}

/// Recomputes the log from its leaves up to the largest stated size. `published` is the size of the public checkpoint,
/// `files` what lies in the public folder (files beyond the leaves are left alone: a batch may be under way).
///
/// # Errors
/// [`StoreFault`] when a store cannot be read; what is wrong in it is no error but a [`Wrong`].
pub async fn full_check(
    data: &dyn LogData,
    public: &dyn PublicStore,
    stated: &[Stated],
    published: TreeSize,
    files: &[Resource],
    scratch: PathBuf,
) -> Result<FullCheck, StoreFault> {
    let size = stated.iter().map(|one| one.size).max().unwrap_or_default();
    let map = blocking(move || LogMap::open(&scratch, MapConfig::default(), size)).await?;
    let mut check = Check {
        data,
        public,
        found: FullCheck::default(),
        on_disk: by_tile(files),
        map: Some(map),
    };
    check.missing(published, files);
    let mut edge = Edge::load(TreeSize::ZERO, data).await.map_err(StoreFault::new)?;
    // Chunks end where somebody states a root.
    let mut stops: BTreeSet<u64> = stated.iter().map(|one| one.size.get()).collect();
    while let Some(stop) = stops.pop_first() {
        while edge.size().get() < stop {
            let first = edge.size().get();
            let leaves = data.leaves(first..stop.min(first.saturating_add(CHUNK))).await?;
            check.map(first, leaves.clone()).await?;
            for leaf in leaves {
                let full = edge.push(leaf).map_err(unfit)?;
                check.compare(full).await?;
                check.found.leaves += 1;
            }
        }
        for one in stated.iter().filter(|one| one.size == edge.size()) {
            if one.root != edge.root() {
                check.found.add(Wrong::Root {
                    place: one.place,
                    size: one.size,
                });
            }
        }
    }
    check.compare(edge.files().map_err(unfit)?).await?;
    Ok(check.found)
}

fn unfit(error: EdgeError) -> StoreFault {
    StoreFault::new(error)
}

/// Bundles stand under no level.
type Place = (Option<u8>, u64);

fn place(resource: Resource) -> Option<(Place, Span)> {
    match resource {
        Resource::Checkpoint => None,
        Resource::Tile(tile) => Some(((Some(tile.level()), tile.span().index()), tile.span())),
        Resource::Entries(span) => Some(((None, span.index()), span)),
    }
}

fn by_tile(files: &[Resource]) -> BTreeMap<Place, Vec<(Span, Resource)>> {
    let mut places: BTreeMap<Place, Vec<(Span, Resource)>> = BTreeMap::new();
    for resource in files {
        if let Some((place, span)) = place(*resource) {
            places.entry(place).or_default().push((span, *resource));
        }
    }
    places
}

struct Check<'a> {
    data: &'a dyn LogData,
    public: &'a dyn PublicStore,
    found: FullCheck,
    /// Public files that were not compared yet.
    on_disk: BTreeMap<Place, Vec<(Span, Resource)>>,
    /// `None` once the leaves no longer made a map.
    map: Option<LogMap>,
}

impl Check<'_> {
    fn missing(&mut self, published: TreeSize, files: &[Resource]) {
        let there: BTreeSet<String> = files.iter().map(Resource::to_string).collect();
        let tiles = tile::tiles(published).map(Resource::Tile);
        let needed = tiles.chain(tile::bundles(published).map(Resource::Entries));
        for resource in needed.filter(|resource| !there.contains(&resource.to_string())) {
            self.found.add(Wrong::Missing { resource });
        }
    }

    /// Compares all public files of these tiles and bundles, whatever their width, and the stored hashes.
    async fn compare(&mut self, recomputed: Vec<PublicFile>) -> Result<(), StoreFault> {
        for file in recomputed {
            self.stored(&file).await?;
            let Some((place, whole)) = place(file.resource) else {
                continue;
            };
            let mut later = Vec::new();
            for (span, resource) in self.on_disk.remove(&place).unwrap_or_default() {
                if span.width() > whole.width() {
                    later.push((span, resource));
                    continue;
                }
                // Partial files are deleted while a broker runs: one that is gone is no difference.
                let Some(bytes) = self.public.read(resource).await? else {
                    continue;
                };
                self.found.files += 1;
                if Some(bytes) != beginning(&file, whole, span) {
                    self.found.add(Wrong::Altered { resource });
                }
            }
            if !later.is_empty() {
                self.on_disk.insert(place, later);
            }
        }
        Ok(())
    }

    /// The hashes above the leaves stand in the data store too.
    async fn stored(&mut self, file: &PublicFile) -> Result<(), StoreFault> {
        let Resource::Tile(tile) = file.resource else {
            return Ok(());
        };
        if tile.level() == 0 {
            return Ok(());
        }
        let nodes: Vec<_> = tile.nodes().collect();
        let stored = self.data.nodes(&nodes).await;
        if stored.ok().map(|hashes| tile::encode_tile(&hashes)).as_ref() != Some(&file.bytes) {
            self.found.add(Wrong::StoredHash {
                resource: file.resource,
            });
        }
        Ok(())
    }

    /// Feeds the map, and holds every map-root leaf against it.
    async fn map(&mut self, first: u64, leaves: Vec<Vec<u8>>) -> Result<(), StoreFault> {
        let Some(map) = self.map.take() else { return Ok(()) };
        let fed = tokio::task::spawn_blocking(move || feed(map, first, &leaves)).await;
        let (map, roots, wrong) = fed.map_err(StoreFault::new)?.map_err(StoreFault::new)?;
        self.map = map;
        self.found.map_roots += roots;
        wrong.into_iter().for_each(|wrong| self.found.add(wrong));
        Ok(())
    }
}

/// Feeds leaves to a map, part by part: each part ends before a map-root leaf. Gives the map back unless the leaves make
/// none.
fn feed(
    mut map: LogMap,
    first: u64,
    leaves: &[Vec<u8>],
) -> Result<(Option<LogMap>, u64, Vec<Wrong>), MapFault> {
    let (mut roots, mut wrong) = (0, Vec::new());
    let mut part: Vec<&[u8]> = Vec::new();
    for (index, bytes) in (first..).zip(leaves) {
        let leaf = Leaf::parse(bytes);
        if leaf.is_err() {
            wrong.push(Wrong::Leaf { index });
            return Ok((None, roots, wrong));
        }
        if let Ok(Leaf::System(leaf)) = &leaf
            && let Some(said) = leaf.map_root()
        {
            if let Some(broken) = replay(&mut map, &mut part)? {
                wrong.push(broken);
                return Ok((None, roots, wrong));
            }
            roots += 1;
            let is_that = said.covers.get() == index && said.entries == map.entries();
            if !is_that || said.root != map.root() {
                wrong.push(Wrong::MapRoot { index });
            }
        }
        part.push(bytes);
    }
    let broken = replay(&mut map, &mut part)?;
    let map = broken.is_none().then_some(map);
    wrong.extend(broken);
    Ok((map, roots, wrong))
}

fn replay(map: &mut LogMap, part: &mut Vec<&[u8]>) -> Result<Option<Wrong>, MapFault> {
    let at = map.size().get();
    let index = LeafIndex::new(at).ok_or(MapFault::Full)?;
    let part = std::mem::take(part);
    match map.replay(index, &part) {
        Ok(()) => Ok(None),
        Err(MapFault::Repeated { .. } | MapFault::Leaf { .. }) => Ok(Some(Wrong::Map { index: at })),
        Err(fault) => Err(fault),
    }
}

/// The bytes of a file of the same tile or bundle with fewer hashes or entries.
fn beginning(file: &PublicFile, whole: Span, span: Span) -> Option<Vec<u8>> {
    if span == whole {
        return Some(file.bytes.clone());
    }
    match file.resource {
        Resource::Tile(_) => file
            .bytes
            .get(..usize::from(span.width()).checked_mul(32)?)
            .map(<[u8]>::to_vec),
        Resource::Entries(_) => {
            let entries = parse_entries(&file.bytes, whole.width()).ok()?;
            encode_entries(entries.into_iter().take(usize::from(span.width()))).ok()
        }
        Resource::Checkpoint => None,
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, MapFault> + Send + 'static,
) -> Result<T, StoreFault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(StoreFault::new)?
        .map_err(StoreFault::new)
}

/// Writes every tile and bundle that a checkpoint of this size needs and that is not there, from the leaves. To be
/// called when the leaves are known to be those that were signed for.
///
/// # Errors
/// [`PublicFault::Different`] when a file stands with other bytes: move it aside first.
pub async fn rewrite_public(
    data: &dyn LogData,
    public: &dyn PublicStore,
    size: TreeSize,
) -> Result<(), PublicFault> {
    let mut edge = Edge::load(TreeSize::ZERO, data).await.map_err(unfit)?;
    while edge.size() < size {
        let first = edge.size().get();
        let mut files = Vec::new();
        for leaf in data
            .leaves(first..size.get().min(first.saturating_add(CHUNK)))
            .await?
        {
            files.extend(edge.push(leaf).map_err(unfit)?);
        }
        public.write(files).await?;
    }
    public.write(edge.files().map_err(unfit)?).await
}
