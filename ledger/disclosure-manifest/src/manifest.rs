//! A manifest: all rows of a delivery and their tree.

#[cfg(feature = "build")]
mod build;

use std::{fmt, num::NonZeroU64};

use ledger_core::leaf::{DeliveryLeaf, Hour, ManifestEncoding};

use crate::{
    dump::{Checked, Dump, DumpError},
    row::{NodeHash, Row},
};

#[cfg(feature = "build")]
pub use build::{BuildError, Household};

/// Most rows of a manifest we build or read.
pub const MAX_ROWS: usize = 1_000_000;

/// The one encoding there is.
const ENCODING: ManifestEncoding = ManifestEncoding::SubjectScopeCount;

/// All rows of a delivery and their tree. Private fields: every hash in it has been recomputed.
#[derive(Clone, PartialEq, Eq)]
pub struct Manifest {
    /// With the place of each in `tree`.
    rows: Vec<(Row, usize)>,
    count: NonZeroU64,
    tree: Vec<NodeHash>,
    root: NodeHash,
}

impl Manifest {
    /// Reads the file that [`Self::dump`] or npm's `dump()` wrote, recomputes every hash, and holds the result against
    /// the log's leaf.
    ///
    /// # Errors
    /// [`DumpError`].
    pub fn parse(json: &[u8], delivery: &DeliveryLeaf) -> Result<Self, DumpError> {
        let manifest = Self::from_checked(Dump::parse(json)?.check(delivery.encoding)?);
        if manifest.is_named_by(delivery) {
            Ok(manifest)
        } else {
            Err(DumpError::OtherDelivery)
        }
    }

    /// Reads the same file and recomputes every hash, when its leaf in the log is still to be found by the root. Until
    /// [`Self::is_named_by`] says so, the manifest only agrees with itself.
    ///
    /// # Errors
    /// [`DumpError`], except [`DumpError::OtherDelivery`].
    pub fn read(json: &[u8]) -> Result<Self, DumpError> {
        Ok(Self::from_checked(Dump::parse(json)?.check(ENCODING)?))
    }

    /// Whether the leaf names this manifest: root, number of rows and encoding.
    pub fn is_named_by(&self, delivery: &DeliveryLeaf) -> bool {
        self.leaf(delivery.hour) == *delivery
    }

    /// The leaf that names this manifest in the log.
    pub const fn leaf(&self, hour: Hour) -> DeliveryLeaf {
        DeliveryLeaf {
            hour,
            root: *self.root.as_bytes(),
            rows: self.count,
            encoding: ENCODING,
        }
    }

    /// The root of the tree.
    pub const fn root(&self) -> NodeHash {
        self.root
    }

    /// The rows, in the order of the file.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.rows.iter().map(|(row, _)| row)
    }

    /// The proof of a row, sibling first; `None` for a row that is not in the manifest.
    pub fn proof_of(&self, row: &Row) -> Option<Vec<NodeHash>> {
        let found = self.rows.binary_search_by(|(other, _)| other.cmp(row));
        // A file of somebody else may have another order.
        let (_, place) = match found {
            Ok(at) => self.rows.get(at)?,
            Err(_) => self.rows.iter().find(|(other, _)| other == row)?,
        };
        let (mut node, mut proof) = (*place, Vec::new());
        while node > 0 {
            let sibling = if node % 2 == 1 { node + 1 } else { node - 1 };
            proof.push(*self.tree.get(sibling)?);
            node = (node - 1) / 2;
        }
        Some(proof)
    }

    /// The file for the researcher's bundle: JSON that npm's `StandardMerkleTree.load` reads. Always the same bytes for
    /// the same manifest.
    pub fn dump(&self) -> Vec<u8> {
        // INVARIANT: a struct of texts and numbers has no key that JSON refuses, and memory does not fail to be written.
        serde_json::to_vec(&Dump::of(ENCODING, &self.rows, &self.tree)).unwrap_or_default()
    }

    fn from_checked(checked: Checked) -> Self {
        let Checked {
            rows,
            count,
            tree,
            root,
        } = checked;
        Self {
            rows,
            count,
            tree,
            root,
        }
    }
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manifest")
            .field("root", &self.root)
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
