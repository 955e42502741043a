//! The file that npm's `StandardMerkleTree.load` reads.

use std::{collections::BTreeSet, num::NonZeroU64};

use ledger_core::leaf::ManifestEncoding;
use serde::{Deserialize, Serialize};

use crate::{
    manifest::MAX_ROWS,
    row::{NodeHash, Row},
};

/// A million rows have about 360 MB.
const MAX_DUMP_LEN: usize = 400_000_000;
const FORMAT: &str = "standard-v1";

/// Why a file is not a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DumpError {
    /// Another form than npm's `dump()`, or not the one spelling we read.
    #[error("the manifest is malformed: {what}")]
    Malformed {
        /// Which rule is broken.
        what: &'static str,
    },
    /// Rows and tree do not fit.
    #[error("row or node {place} of the manifest is not what its hash says")]
    Mismatch {
        /// Place in the file, counted from 0.
        place: usize,
    },
    /// Sound, but of another delivery.
    #[error("the manifest is not the one that the log names")]
    OtherDelivery,
}

const fn malformed(what: &'static str) -> DumpError {
    DumpError::Malformed { what }
}

const EMPTY: DumpError = malformed("it has no rows");

/// The members, in npm's spelling. `merkle-tree-rs` writes `leaf_encoding` and `tree_index`, which npm does not read.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Dump {
    format: String,
    #[serde(alias = "leaf_encoding")]
    leaf_encoding: Vec<String>,
    tree: Vec<String>,
    values: Vec<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Value {
    value: Vec<String>,
    #[serde(alias = "tree_index")]
    tree_index: usize,
}

/// Rows with their places, and all nodes in heap order, every hash recomputed.
pub(crate) struct Checked {
    pub rows: Vec<(Row, usize)>,
    pub count: NonZeroU64,
    pub tree: Vec<NodeHash>,
    pub root: NodeHash,
}

impl Dump {
    pub(crate) fn of(encoding: ManifestEncoding, rows: &[(Row, usize)], tree: &[NodeHash]) -> Self {
        let values = rows.iter().map(|(row, place)| Value {
            value: row.columns().to_vec(),
            tree_index: *place,
        });
        Self {
            format: FORMAT.to_owned(),
            leaf_encoding: Row::types(encoding).map(str::to_owned).to_vec(),
            tree: tree.iter().map(NodeHash::to_string).collect(),
            values: values.collect(),
        }
    }

    pub(crate) fn parse(json: &[u8]) -> Result<Self, DumpError> {
        if json.len() > MAX_DUMP_LEN {
            return Err(malformed("it is too large"));
        }
        serde_json::from_slice(json).map_err(|_| malformed("it is not the JSON of a tree"))
    }

    /// Recomputes the whole tree. Accepts the one arrangement that OpenZeppelin's library makes: rows sorted by their
    /// hashes, the smallest last.
    pub(crate) fn check(&self, encoding: ManifestEncoding) -> Result<Checked, DumpError> {
        if self.format != FORMAT {
            return Err(malformed("the format is unknown"));
        }
        if self.leaf_encoding != Row::types(encoding) {
            return Err(malformed("the columns have other types"));
        }
        let count = self.values.len();
        if count == 0 || count > MAX_ROWS || self.tree.len() != 2 * count - 1 {
            return Err(malformed("the number of nodes does not fit the number of rows"));
        }
        let tree: Option<Vec<_>> = self.tree.iter().map(|node| NodeHash::from_hex(node)).collect();
        let tree = tree.ok_or(malformed("a node is not a hash"))?;
        let rows: Option<Vec<_>> = self.values.iter().map(Value::read).collect();
        let rows = rows.ok_or(malformed("a row is not a row"))?;

        let places: BTreeSet<_> = rows.iter().map(|(_, place)| *place).collect();
        if places.len() != count {
            return Err(malformed("two rows have one place"));
        }
        let (inner, leaves) = tree.split_at_checked(count - 1).ok_or(EMPTY)?;
        for (place, (row, index)) in rows.iter().enumerate() {
            let leaf = index.checked_sub(inner.len()).and_then(|at| leaves.get(at));
            if leaf != Some(&row.leaf_hash()) {
                return Err(DumpError::Mismatch { place });
            }
        }
        if !leaves.is_sorted_by(|left, right| left > right) {
            return Err(malformed("the rows are not in order"));
        }
        for (place, node) in inner.iter().enumerate() {
            let children = tree.get(2 * place + 1).zip(tree.get(2 * place + 2));
            if children.map(|(left, right)| left.parent(right)) != Some(*node) {
                return Err(DumpError::Mismatch { place });
            }
        }
        Ok(Checked {
            count: u64::try_from(count).ok().and_then(NonZeroU64::new).ok_or(EMPTY)?,
            root: *tree.first().ok_or(EMPTY)?,
            rows,
            tree,
        })
    }
}

impl Value {
    fn read(&self) -> Option<(Row, usize)> {
        Row::from_columns(&self.value).map(|row| (row, self.tree_index))
    }
}
