//! The map in memory.

use super::{MapEntry, MapProof, MapStep, MapValue, Side, empty_map_root, first_difference, inner_hash};
use crate::{leaf::Tag, tree::Hash};

/// The whole map in memory, about 120 bytes an entry.
///
/// Inserting hashes nothing; [`Self::root`] and [`Self::prove`] hash what changed since, each node once. So the root
/// after a batch costs one hash for each node on the batch's paths.
#[derive(Clone, Debug, Default)]
pub struct MapTree {
    entries: Vec<MapEntry>,
    inner: Vec<Inner>,
    root: Option<Link>,
}

/// Why a tag was not inserted; the map is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// The tag stands in the map already, be it with the same value. A log that repeats a tag is wrong.
    #[error("the tag of leaf {again} stands in the map already, with leaf {first}")]
    Repeated {
        /// Log index of the leaf that has the tag.
        first: u64,
        /// Log index of the leaf that repeats it.
        again: u64,
    },
    /// More than 2^32 entries.
    #[error("the map is full")]
    Full,
}

/// What the map says about a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapAnswer {
    /// The value of the tag; `None` when the tag does not stand in the map.
    pub value: Option<MapValue>,
    /// Proves just that.
    pub proof: MapProof,
}

/// One end of an edge: an index into one of the two arenas.
#[derive(Clone, Copy, Debug)]
enum Link {
    Entry(u32),
    Inner(u32),
}

/// Two subtrees that first differ at `bit`.
#[derive(Clone, Copy, Debug)]
struct Inner {
    /// `None` since something below it changed; then it is `None` on the whole path to the root.
    hash: Option<Hash>,
    bit: u8,
    left: Link,
    right: Link,
}

impl Inner {
    const fn child(&self, side: Side) -> Link {
        match side {
            Side::Left => self.left,
            Side::Right => self.right,
        }
    }
}

impl MapTree {
    /// Number of entries.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a tag.
    pub fn value(&self, tag: &Tag) -> Option<MapValue> {
        let nearest = self.nearest(tag)?;
        (nearest.tag == *tag).then_some(nearest.value)
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// [`MapError`]; nothing has changed then.
    pub fn insert(&mut self, entry: MapEntry) -> Result<(), MapError> {
        let place = arena_index(self.entries.len())?;
        let Some(nearest) = self.nearest(&entry.tag) else {
            self.entries.push(entry);
            self.root = Some(Link::Entry(place));
            return Ok(());
        };
        let Some(bit) = first_difference(&nearest.tag, &entry.tag) else {
            return Err(MapError::Repeated {
                first: nearest.value.index.get(),
                again: entry.value.index.get(),
            });
        };
        let fork = arena_index(self.inner.len())?;
        // INVARIANT: links lead into the arenas, so there is a subtree to hang the fork above.
        let Some(below) = self.hang(&entry.tag, bit, fork) else {
            return Err(MapError::Full);
        };
        let (left, right) = match Side::of(&entry.tag, bit) {
            Side::Left => (Link::Entry(place), below),
            Side::Right => (below, Link::Entry(place)),
        };
        self.entries.push(entry);
        self.inner.push(Inner {
            hash: None,
            bit,
            left,
            right,
        });
        Ok(())
    }

    /// The root of the map; hashes what changed since the last call.
    pub fn root(&mut self) -> Hash {
        self.root.map_or_else(empty_map_root, |root| {
            self.clean(root).unwrap_or_else(empty_map_root)
        })
    }

    /// What the map says about a tag. The proof verifies against [`Self::root`].
    pub fn prove(&mut self, tag: &Tag) -> MapAnswer {
        self.root();
        let mut steps = Vec::new();
        let mut next = self.root;
        while let Some(Link::Inner(place)) = next {
            let Some(node) = self.node(place) else { break };
            let (down, beside) = match Side::of(tag, node.bit) {
                Side::Left => (node.left, node.right),
                Side::Right => (node.right, node.left),
            };
            let Some(sibling) = self.hash(beside) else { break };
            steps.push(MapStep {
                bit: node.bit,
                sibling,
            });
            next = Some(down);
        }
        steps.reverse();
        let end = next.and_then(|link| self.entry(link));
        MapAnswer {
            value: end.filter(|end| end.tag == *tag).map(|end| end.value),
            proof: MapProof::of_walk(tag, end, steps),
        }
    }

    /// The entry at the end of the tag's path; agrees with the tag at every bit on the path.
    fn nearest(&self, tag: &Tag) -> Option<MapEntry> {
        let mut link = self.root?;
        while let Link::Inner(place) = link {
            let node = self.node(place)?;
            link = node.child(Side::of(tag, node.bit));
        }
        self.entry(link)
    }

    /// Puts `fork` above the first subtree on the tag's path that branches after `bit`, marks the path above it as
    /// changed, and returns that subtree.
    fn hang(&mut self, tag: &Tag, bit: u8, fork: u32) -> Option<Link> {
        let mut below = self.root?;
        let mut above = None;
        while let Link::Inner(place) = below {
            let Some(node) = self.node_mut(place).filter(|node| node.bit < bit) else {
                break;
            };
            node.hash = None;
            let side = Side::of(tag, node.bit);
            below = node.child(side);
            above = Some((place, side));
        }
        let Some((place, side)) = above else {
            self.root = Some(Link::Inner(fork));
            return Some(below);
        };
        let node = self.node_mut(place)?;
        match side {
            Side::Left => node.left = Link::Inner(fork),
            Side::Right => node.right = Link::Inner(fork),
        }
        Some(below)
    }

    /// Hashes what is not hashed below `link`. The depth is at most 256: bits grow on the way down.
    fn clean(&mut self, link: Link) -> Option<Hash> {
        let Link::Inner(place) = link else {
            return self.entry(link).map(|entry| entry.hash());
        };
        let node = self.node(place)?;
        if let Some(hash) = node.hash {
            return Some(hash);
        }
        let left = self.clean(node.left)?;
        let right = self.clean(node.right)?;
        let hash = inner_hash(node.bit, &left, &right);
        self.node_mut(place)?.hash = Some(hash);
        Some(hash)
    }

    /// The hash of a subtree that was hashed before.
    fn hash(&self, link: Link) -> Option<Hash> {
        match link {
            Link::Entry(_) => self.entry(link).map(|entry| entry.hash()),
            Link::Inner(place) => self.node(place)?.hash,
        }
    }

    fn node(&self, place: u32) -> Option<Inner> {
        self.inner.get(usize::try_from(place).ok()?).copied()
    }

    fn node_mut(&mut self, place: u32) -> Option<&mut Inner> {
        self.inner.get_mut(usize::try_from(place).ok()?)
    }

    fn entry(&self, link: Link) -> Option<MapEntry> {
        match link {
            Link::Entry(place) => self.entries.get(usize::try_from(place).ok()?).copied(),
            Link::Inner(_) => None,
        }
    }
}

fn arena_index(len: usize) -> Result<u32, MapError> {
    u32::try_from(len).map_err(|_| MapError::Full)
}
