//! Building a manifest for a delivery, and reading one.

use std::{collections::BTreeSet, fmt, num::NonZeroU64, panic};

use ledger_core::leaf::{DeliveryLeaf, Hour, ManifestEncoding};
use merkle_tree_rs::standard::StandardMerkleTree;

use crate::{
    commitment::{DeliveryId, RowSalts, Scope, SubjectId, scope_commitment, subject_commitment},
    dump::{Checked, Dump, DumpError},
    opening::Opening,
    row::{NodeHash, Row},
};

/// Most rows of a manifest we build or read.
pub const MAX_ROWS: usize = 1_000_000;

/// The one encoding there is.
const ENCODING: ManifestEncoding = ManifestEncoding::SubjectScopeCount;

/// What a delivery holds of one household.
#[derive(Clone, Debug)]
pub struct Household {
    /// Whose data.
    pub subject: SubjectId,
    /// Which data.
    pub scope: Scope,
    /// How many values. LIMIT: everybody who gets the manifest sees it; where the count itself tells something about a
    /// household (gaps, a late enrolment), give the number of steps in the period instead.
    pub count: u64,
    /// Fresh for this row.
    pub salts: RowSalts,
}

/// All rows of a delivery and their tree. Private fields: every hash in it has been recomputed.
#[derive(Clone, PartialEq, Eq)]
pub struct Manifest {
    /// With the place of each in `tree`.
    rows: Vec<(Row, usize)>,
    count: NonZeroU64,
    tree: Vec<NodeHash>,
    root: NodeHash,
}

/// Why no manifest was built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Nobody's data, or those of more than [`MAX_ROWS`].
    #[error("a manifest has 1 to {MAX_ROWS} rows")]
    RowCount,
    /// One household, two rows: it could be shown one of them and not the other.
    #[error("a household has two rows")]
    RepeatedSubject,
    /// The generator repeats itself.
    #[error("two salts are equal")]
    RepeatedSalt,
    /// `merkle-tree-rs` panicked.
    #[error("the tree could not be built")]
    Tree,
    /// `merkle-tree-rs` built another tree than we compute.
    #[error("the tree that was built is not sound")]
    Unsound(#[from] DumpError),
}

impl Manifest {
    /// Builds the manifest of a delivery, and for each household what opens its row, in the order given.
    ///
    /// Rows stand in the order of their first column, which is random, so nothing of the order given remains.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build(
        delivery: &DeliveryId,
        households: Vec<Household>,
    ) -> Result<(Self, Vec<Opening>), BuildError> {
        check_households(&households)?;
        let own: Vec<Row> = households
            .iter()
            .map(|household| row(delivery, household))
            .collect();
        let mut rows = own.clone();
        rows.sort();
        let manifest = Self::from_checked(plant(&rows)?.check(ENCODING)?);
        let openings = households
            .into_iter()
            .zip(own)
            .map(|(household, row)| {
                let proof = manifest.proof_of(&row).ok_or(BuildError::Tree)?;
                Ok(Opening::new(delivery.clone(), household, row, proof))
            })
            .collect::<Result<_, BuildError>>()?;
        Ok((manifest, openings))
    }

    /// Reads the file that [`Self::dump`] or npm's `dump()` wrote, recomputes every hash, and holds the result against
    /// the log's leaf.
    ///
    /// # Errors
    /// [`DumpError`].
    pub fn parse(json: &[u8], delivery: &DeliveryLeaf) -> Result<Self, DumpError> {
        let manifest = Self::from_checked(Dump::parse(json)?.check(delivery.encoding)?);
        if manifest.leaf(delivery.hour) == *delivery {
            Ok(manifest)
        } else {
            Err(DumpError::OtherDelivery)
        }
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

fn check_households(households: &[Household]) -> Result<(), BuildError> {
    let count = households.len();
    if !(1..=MAX_ROWS).contains(&count) {
        return Err(BuildError::RowCount);
    }
    let subjects: BTreeSet<_> = households.iter().map(|household| &household.subject).collect();
    if subjects.len() != count {
        return Err(BuildError::RepeatedSubject);
    }
    let salts = households
        .iter()
        .flat_map(|household| [&household.salts.subject, &household.salts.scope]);
    let salts: BTreeSet<_> = salts.map(|salt| salt.expose()).collect();
    if salts.len() == 2 * count {
        Ok(())
    } else {
        Err(BuildError::RepeatedSalt)
    }
}

fn row(delivery: &DeliveryId, household: &Household) -> Row {
    Row {
        subject: subject_commitment(&household.salts.subject, delivery, &household.subject),
        scope: scope_commitment(&household.salts.scope, delivery, &household.scope),
        count: household.count,
    }
}

/// The only call of `merkle-tree-rs`. It panics on input it does not like; ours it always likes, but a surprise must
/// fail this delivery and not the process that serves everybody else. (That holds while our profiles unwind, as they do by
/// default.) What it returns is checked like a stranger's.
fn plant(rows: &[Row]) -> Result<Dump, BuildError> {
    let values: Vec<Vec<String>> = rows.iter().map(|row| row.columns().to_vec()).collect();
    let types = Row::types(ENCODING).map(str::to_owned);
    let dumped = panic::catch_unwind(|| {
        let tree = StandardMerkleTree::of(values, &types);
        serde_json::to_vec(&tree.dump())
    });
    let json = dumped.ok().and_then(Result::ok).ok_or(BuildError::Tree)?;
    Ok(Dump::parse(&json)?)
}

#[cfg(test)]
mod tests;
