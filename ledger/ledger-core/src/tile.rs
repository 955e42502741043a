//! The static files of a log: C2SP tlog-tiles.
//!
//! ```text
//! checkpoint                       the signed head
//! tile/<L>/<N>[.p/<W>]             hashes of level 8 * L, 256 to a full tile, 32 bytes each
//! tile/entries/<N>[.p/<W>]         big-endian u16 length and entry, 256 to a full bundle
//! ```
//!
//! Every other spelling of a path is refused. Hash `i` of tile `n` at tile level `l` is the complete subtree
//! `NodeId { level: 8 * l, index: n * 256 + i }`.

mod bundle;
mod hashes;
mod path;

use crate::tree::{NodeId, TreeSize};

pub use bundle::{BundleError, encode_entries, parse_entries};
pub use hashes::{TileError, TileHashes, encode_tile, parse_tile};
pub use path::{PathError, Resource};

/// Hashes in a full tile, and entries in a full bundle.
pub const FULL: u16 = 256;

/// The largest entry a bundle can carry, in bytes: its length is a u16.
pub const MAX_ENTRY_LEN: usize = 65_535;

/// Which hashes or entries: tile number and how many of its 256 places are filled.
///
/// Private fields keep the width in 1 to 256 and the last place below 2^64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    index: u64,
    width: u16,
}

impl Span {
    /// `None` for a width of 0 or above 256, and for an index no tree can reach.
    pub const fn new(index: u64, width: u16) -> Option<Self> {
        if width == 0 || width > FULL || index > TreeSize::MAX.get() / FULL as u64 {
            None
        } else {
            Some(Self { index, width })
        }
    }

    /// Number of the tile or bundle, counted from 0.
    pub const fn index(self) -> u64 {
        self.index
    }

    /// Filled places, 1 to 256.
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether all 256 places are filled.
    pub const fn is_full(self) -> bool {
        self.width == FULL
    }

    /// The full tile of the same number, which a reader may fetch instead of a partial one.
    #[must_use]
    pub const fn to_full(self) -> Self {
        Self {
            index: self.index,
            width: FULL,
        }
    }

    /// The first place: index of the first entry for a bundle, of the first hash of the level for a tile.
    pub const fn first(self) -> u64 {
        self.index * FULL as u64
    }

    /// One past the last filled place.
    pub const fn end(self) -> u64 {
        self.first() + self.width as u64
    }
}

/// A hash tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    level: u8,
    span: Span,
}

impl TileId {
    /// `None` for a tile level above 63.
    pub const fn new(level: u8, span: Span) -> Option<Self> {
        if level < 64 {
            Some(Self { level, span })
        } else {
            None
        }
    }

    /// Tile level, 0 to 63. (Trees of at most 2^63 - 1 leaves only reach 7.)
    pub const fn level(self) -> u8 {
        self.level
    }

    /// Which hashes of the level.
    pub const fn span(self) -> Span {
        self.span
    }

    /// The complete subtrees whose hashes the tile holds, in order.
    pub fn nodes(self) -> impl Iterator<Item = NodeId> {
        let level = self.level.saturating_mul(8);
        (self.span.first()..self.span.end()).map(move |index| NodeId { level, index })
    }
}

/// Tile levels a tree of `size` leaves has hashes in: those with `size >= 256^level`.
pub fn levels(size: TreeSize) -> impl Iterator<Item = u8> {
    (0_u8..8).take_while(move |level| hashes_in_level(size, *level) > 0)
}

/// Number of hashes in a tile level: `floor(size / 256^level)`.
pub fn hashes_in_level(size: TreeSize, level: u8) -> u64 {
    size.get().checked_shr(u32::from(level) * 8).unwrap_or(0)
}

/// All hash tiles a checkpoint of this size requires, level by level from the left.
pub fn tiles(size: TreeSize) -> impl Iterator<Item = TileId> {
    changed_tiles(TreeSize::ZERO, size)
}

/// All bundles a checkpoint of this size requires.
pub fn bundles(size: TreeSize) -> impl Iterator<Item = Span> {
    changed_bundles(TreeSize::ZERO, size)
}

/// The hash tiles that the tree of size `to` requires and the tree of size `from` does not.
pub fn changed_tiles(from: TreeSize, to: TreeSize) -> impl Iterator<Item = TileId> {
    levels(to).flat_map(move |level| {
        spans(hashes_in_level(from, level), hashes_in_level(to, level))
            .filter_map(move |span| TileId::new(level, span))
    })
}

/// The bundles that the tree of size `to` requires and the tree of size `from` does not.
pub fn changed_bundles(from: TreeSize, to: TreeSize) -> impl Iterator<Item = Span> {
    spans(from.get(), to.get())
}

/// The last tile of each level: what an appender must hold to write the next tiles.
pub fn edge_tiles(size: TreeSize) -> impl Iterator<Item = TileId> {
    levels(size).filter_map(move |level| TileId::new(level, last_span(hashes_in_level(size, level))?))
}

/// The last bundle; `None` for an empty tree.
pub fn edge_bundle(size: TreeSize) -> Option<Span> {
    last_span(size.get())
}

fn last_span(count: u64) -> Option<Span> {
    let last = count.checked_sub(1)?;
    span_at(last / u64::from(FULL), count)
}

fn spans(from: u64, to: u64) -> impl Iterator<Item = Span> {
    let full = u64::from(FULL);
    let first = from / full;
    let end = if to > from { to.div_ceil(full) } else { first };
    (first..end).filter_map(move |index| span_at(index, to))
}

/// The tile or bundle of that number when the level has `count` hashes.
fn span_at(index: u64, count: u64) -> Option<Span> {
    let filled = count
        .checked_sub(index.checked_mul(u64::from(FULL))?)?
        .min(u64::from(FULL));
    Span::new(index, u16::try_from(filled).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(leaves: u64) -> TreeSize {
        TreeSize::new(leaves).unwrap()
    }

    fn full_and_partial(leaves: u64, level: u8) -> (usize, u16) {
        let of_level: Vec<_> = tiles(size(leaves)).filter(|tile| tile.level() == level).collect();
        let full = of_level.iter().filter(|tile| tile.span().is_full()).count();
        let partial = of_level
            .iter()
            .filter(|tile| !tile.span().is_full())
            .map(|tile| tile.span().width());
        (full, partial.sum())
    }

    #[test]
    fn widths_follow_the_size() {
        for (leaves, level, expected) in [
            (1, 0, (0, 1)),
            (255, 0, (0, 255)),
            (256, 0, (1, 0)),
            (256, 1, (0, 1)),
            (257, 0, (1, 1)),
            (600, 0, (2, 88)),
            (600, 1, (0, 2)),
            (65_535, 0, (255, 255)),
            (65_535, 1, (0, 255)),
            (65_536, 1, (1, 0)),
            (65_536, 2, (0, 1)),
            (65_537, 0, (256, 1)),
            (66_000, 0, (257, 208)),
            (66_000, 1, (1, 1)),
            (66_000, 2, (0, 1)),
        ] {
            assert_eq!(
                full_and_partial(leaves, level),
                expected,
                "{leaves} leaves, level {level}"
            );
        }
        assert_eq!(tiles(TreeSize::ZERO).count(), 0);
        assert_eq!(bundles(TreeSize::ZERO).count(), 0);
        assert_eq!(levels(TreeSize::MAX).last(), Some(7));
    }

    #[test]
    fn changed_tiles_are_the_difference_of_two_sizes() {
        for (from, to) in [
            (0, 1),
            (1, 255),
            (255, 256),
            (256, 257),
            (250, 600),
            (600, 600),
            (700, 600),
        ] {
            let before: Vec<_> = tiles(size(from)).collect();
            let expected: Vec<_> = tiles(size(to))
                .filter(|tile| from < to && !before.contains(tile))
                .collect();
            assert_eq!(
                changed_tiles(size(from), size(to)).collect::<Vec<_>>(),
                expected,
                "{from} to {to}"
            );
        }
    }
}
