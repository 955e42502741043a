//! Building a manifest for a delivery: the only place that calls `merkle-tree-rs`.

use std::{collections::BTreeSet, panic};

use merkle_tree_rs::standard::StandardMerkleTree;

use super::{ENCODING, MAX_ROWS, Manifest};
use crate::{
    commitment::{DeliveryId, RowSalts, Scope, SubjectId},
    dump::{Dump, DumpError},
    opening::{Opening, row_of},
    row::Row,
};

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
            .map(|one| row_of(delivery, &one.subject, &one.scope, &one.salts, one.count))
            .collect();
        let mut rows = own.clone();
        rows.sort();
        let manifest = Self::from_checked(plant(&rows)?.check(ENCODING)?);
        let openings = households
            .into_iter()
            .zip(own)
            .map(|(household, row)| {
                let proof = manifest.proof_of(&row).ok_or(BuildError::Tree)?;
                let Household {
                    subject,
                    scope,
                    salts,
                    ..
                } = household;
                Ok(Opening::new(delivery.clone(), subject, scope, salts, row, proof))
            })
            .collect::<Result<_, BuildError>>()?;
        Ok((manifest, openings))
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

/// The only call of `merkle-tree-rs`. It panics on input it does not like; ours it always likes, but a surprise must
/// fail this delivery and not the process that serves everybody else. (That holds while our profiles unwind, as they do by
/// default.) What it returns is checked like a stranger's.
pub(super) fn plant(rows: &[Row]) -> Result<Dump, BuildError> {
    let values: Vec<Vec<String>> = rows.iter().map(|row| row.columns().to_vec()).collect();
    let types = Row::types(ENCODING).map(str::to_owned);
    let dumped = panic::catch_unwind(|| {
        let tree = StandardMerkleTree::of(values, &types);
        serde_json::to_vec(&tree.dump())
    });
    let json = dumped.ok().and_then(Result::ok).ok_or(BuildError::Tree)?;
    Ok(Dump::parse(&json)?)
}
