//! The tree recomputed from the entries alone.

use ledger_core::{
    tile::{self, FULL, Resource, Span, TileId, encode_entries, encode_tile},
    tree::{Frontier, FrontierError, Hash, TreeSize, leaf_hash},
};

/// All entries, and the hashes of every tile level.
#[derive(Default)]
pub struct Recomputed {
    frontier: Frontier,
    levels: Vec<Vec<Hash>>,
    entries: Vec<Vec<u8>>,
    old: Option<(TreeSize, Hash)>,
}

impl Recomputed {
    /// An empty tree that will remember its root at `old` leaves.
    pub fn remembering(old: Option<TreeSize>) -> Self {
        let mut tree = Self::default();
        tree.remember(old);
        tree
    }

    /// Appends an entry; `old` is the size whose root shall be remembered.
    pub fn push(&mut self, entry: &[u8], old: Option<TreeSize>) -> Result<(), FrontierError> {
        for node in self.frontier.append(leaf_hash(entry))? {
            if node.id.level % 8 == 0 {
                let level = usize::from(node.id.level / 8);
                if self.levels.len() == level {
                    self.levels.push(Vec::new());
                }
                self.levels
                    .iter_mut()
                    .skip(level)
                    .take(1)
                    .for_each(|hashes| hashes.push(node.hash));
            }
        }
        self.entries.push(entry.to_vec());
        self.remember(old);
        Ok(())
    }

    fn remember(&mut self, old: Option<TreeSize>) {
        if old == Some(self.frontier.size()) {
            self.old = Some((self.frontier.size(), self.frontier.root()));
        }
    }

    pub const fn size(&self) -> TreeSize {
        self.frontier.size()
    }

    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The root at the size that was to be remembered; `None` when the tree never had that size.
    pub fn old_root(&self) -> Option<Hash> {
        self.old.map(|(_, root)| root)
    }

    /// The tiles that the tree requires.
    pub fn tiles(&self) -> impl Iterator<Item = TileId> + use<> {
        tile::tiles(self.size())
    }

    /// What a file of the log must hold; `None` when the tree does not reach that far.
    pub fn content(&self, resource: Resource) -> Option<Vec<u8>> {
        match resource {
            Resource::Checkpoint => None,
            Resource::Tile(tile) => self
                .levels
                .get(usize::from(tile.level()))
                .and_then(|level| part(level, tile.span()))
                .map(encode_tile),
            Resource::Entries(span) => {
                encode_entries(part(&self.entries, span)?.iter().map(Vec::as_slice)).ok()
            }
        }
    }
}

fn part<T>(all: &[T], span: Span) -> Option<&[T]> {
    let first = usize::try_from(span.index())
        .ok()?
        .checked_mul(usize::from(FULL))?;
    all.get(first..first.checked_add(usize::from(span.width()))?)
}
