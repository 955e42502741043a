//! All releases of one moment together: does a linear combination of the published sums isolate a few homes,
//! or a cell that was hidden?
//!
//! Homes with the same membership history form an atom. Each published cell is a 0/1 vector over atoms; the
//! reduced row echelon form of these vectors modulo 2⁶¹ − 1 is searched for rows that touch atoms of fewer
//! than `required` homes in all, and hidden cells must not lie in the row space.
//!
//! LIMIT: only the rows of the reduced form are looked at, not every vector of the row space. A prime modulus
//! could in principle miss or invent a dependency of the rationals; with 0/1 vectors and at most
//! [`MOST_SETS`] rows the chance is negligible, and an invented one refuses.

use std::collections::{BTreeMap, BTreeSet};

use super::{Outcome, QueryRecord};
use crate::{members::MemberSet, refusal::Reason, units::HouseholdCount};

const MODULUS: u64 = (1 << 61) - 1;

/// More distinct cells over one moment than this are refused rather than examined for minutes.
const MOST_SETS: usize = 128;

pub(super) fn check(query: &QueryRecord, previous: &[&QueryRecord]) -> Result<(), Reason> {
    if previous.is_empty() {
        return Ok(());
    }
    let mut edges = BTreeSet::new();
    for record in previous.iter().copied().chain([query]) {
        for run in record.runs() {
            let (from, until) = record.interval(run);
            edges.extend([from, until]);
        }
    }
    let mut examined = None;
    for moment in edges {
        let Some((mine, Outcome::Published)) = cell_at(query, moment) else {
            continue;
        };
        let (mut cells, mut required) = (vec![(mine, Outcome::Published)], query.required());
        for record in previous {
            if let Some(cell) = cell_at(record, moment) {
                cells.push(cell);
                required = required.min(record.required());
            }
        }
        if examined.as_ref() == Some(&cells) {
            continue;
        }
        examine(&cells, required)?;
        examined = Some(cells);
    }
    Ok(())
}

fn cell_at(record: &QueryRecord, moment: i64) -> Option<(&MemberSet, Outcome)> {
    let runs = record.runs();
    let after = runs.partition_point(|run| record.interval(run).0 <= moment);
    let run = runs.get(after.checked_sub(1)?)?;
    (moment < record.interval(run).1).then_some((&run.contributors, run.outcome))
}

fn examine(cells: &[(&MemberSet, Outcome)], required: HouseholdCount) -> Result<(), Reason> {
    let mut sets: Vec<(&MemberSet, Outcome)> = Vec::new();
    for cell in cells {
        if !sets.contains(cell) {
            sets.push(*cell);
        }
    }
    if sets.len() > MOST_SETS {
        return Err(Reason::TooManyReleases);
    }
    let atoms = atoms(&sets);
    let mut basis = Basis::default();
    for (row, (_, outcome)) in sets.iter().enumerate() {
        if *outcome == Outcome::Published {
            basis.insert(vector(&atoms, row));
        }
    }
    let isolates = basis.rows.iter().any(|(_, row)| {
        let homes: u64 = row
            .iter()
            .zip(&atoms)
            .filter(|(entry, _)| **entry != 0)
            .map(|(_, (_, homes))| homes)
            .sum();
        homes < u64::from(required.0)
    });
    let reveals = sets
        .iter()
        .enumerate()
        .any(|(row, (_, outcome))| *outcome == Outcome::Suppressed && basis.spans(vector(&atoms, row)));
    if isolates || reveals {
        Err(Reason::CombinesToTooFew)
    } else {
        Ok(())
    }
}

/// Membership histories (bit i: in set i) with the number of homes that have them.
fn atoms(sets: &[(&MemberSet, Outcome)]) -> Vec<(u128, u64)> {
    let words = sets.iter().map(|(set, _)| set.words().len()).max().unwrap_or(0);
    let mut atoms: BTreeMap<u128, u64> = BTreeMap::new();
    for word in 0..words {
        let column: Vec<u64> = sets
            .iter()
            .map(|(set, _)| set.words().get(word).copied().unwrap_or(0))
            .collect();
        for bit in 0..64 {
            let history = column
                .iter()
                .rev()
                .fold(0_u128, |history, word| history << 1 | u128::from(word >> bit & 1));
            if history != 0 {
                *atoms.entry(history).or_default() += 1;
            }
        }
    }
    atoms.into_iter().collect()
}

fn vector(atoms: &[(u128, u64)], row: usize) -> Vec<u64> {
    atoms
        .iter()
        .map(|(history, _)| u64::from(history >> row & 1 == 1))
        .collect()
}

/// Rows in reduced row echelon form, each with the column of its leading 1.
#[derive(Default)]
struct Basis {
    rows: Vec<(usize, Vec<u64>)>,
}

impl Basis {
    fn insert(&mut self, vector: Vec<u64>) {
        let mut vector = self.reduce(vector);
        let Some(pivot) = vector.iter().position(|entry| *entry != 0) else {
            return;
        };
        let scale = inverse(entry_at(&vector, pivot));
        for entry in &mut vector {
            *entry = multiply(*entry, scale);
        }
        for (_, row) in &mut self.rows {
            let factor = entry_at(row, pivot);
            subtract_multiple(row, &vector, factor);
        }
        self.rows.push((pivot, vector));
    }

    fn spans(&self, vector: Vec<u64>) -> bool {
        self.reduce(vector).iter().all(|entry| *entry == 0)
    }

    fn reduce(&self, mut vector: Vec<u64>) -> Vec<u64> {
        for (pivot, row) in &self.rows {
            let factor = entry_at(&vector, *pivot);
            subtract_multiple(&mut vector, row, factor);
        }
        vector
    }
}

fn entry_at(row: &[u64], column: usize) -> u64 {
    row.get(column).copied().unwrap_or(0)
}

fn subtract_multiple(row: &mut [u64], other: &[u64], factor: u64) {
    if factor == 0 {
        return;
    }
    for (entry, other) in row.iter_mut().zip(other) {
        *entry = (*entry + MODULUS - multiply(*other, factor)) % MODULUS;
    }
}

fn multiply(a: u64, b: u64) -> u64 {
    // INVARIANT: a remainder modulo 2⁶¹ − 1 fits 64 bits.
    u64::try_from(u128::from(a) * u128::from(b) % u128::from(MODULUS)).unwrap_or(0)
}

/// a⁻¹ = a^(m − 2) modulo the prime m (Fermat).
fn inverse(a: u64) -> u64 {
    let (mut result, mut square, mut exponent) = (1, a, MODULUS - 2);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = multiply(result, square);
        }
        square = multiply(square, square);
        exponent >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::HouseholdIndex;

    fn homes(range: std::ops::Range<u32>) -> MemberSet {
        range.map(|index| HouseholdIndex::new(index).unwrap()).collect()
    }

    fn examined(sets: &[(&MemberSet, Outcome)]) -> Result<(), Reason> {
        examine(sets, HouseholdCount(10))
    }

    #[test]
    fn three_sets_that_leave_one_home_are_refused() {
        let (left, right, whole) = (homes(0..20), homes(20..40), homes(0..41));
        use Outcome::Published;
        assert_eq!(examined(&[(&left, Published), (&right, Published)]), Ok(()));
        assert_eq!(examined(&[(&left, Published), (&whole, Published)]), Ok(()));
        assert_eq!(
            examined(&[(&whole, Published), (&left, Published), (&right, Published)]),
            Err(Reason::CombinesToTooFew)
        );
    }

    #[test]
    fn a_hidden_cell_must_not_be_the_difference_of_shown_ones() {
        let (left, right, whole) = (homes(0..20), homes(20..40), homes(0..40));
        use Outcome::{Published, Suppressed};
        assert_eq!(
            examined(&[(&whole, Published), (&left, Published), (&right, Suppressed)]),
            Err(Reason::CombinesToTooFew)
        );
        assert_eq!(examined(&[(&whole, Published), (&right, Suppressed)]), Ok(()));
    }

    #[test]
    fn too_many_sets_are_refused_unexamined() {
        let sets: Vec<MemberSet> = (0..=128)
            .map(|index| homes(index * 20..index * 20 + 20))
            .collect();
        let cells: Vec<_> = sets.iter().map(|set| (set, Outcome::Published)).collect();
        assert_eq!(examined(&cells), Err(Reason::TooManyReleases));
        assert_eq!(examined(&cells[1..]), Ok(()));
    }

    proptest! {
        #[test]
        fn an_inverse_inverts(a in 1..MODULUS) {
            prop_assert_eq!(multiply(a, inverse(a)), 1);
        }

        #[test]
        fn the_sum_of_two_rows_is_spanned(
            left in prop::collection::vec(0_u64..2, 12),
            right in prop::collection::vec(0_u64..2, 12),
        ) {
            let mut basis = Basis::default();
            basis.insert(left.clone());
            basis.insert(right.clone());
            let sum = left.iter().zip(&right).map(|(a, b)| a + b).collect();
            prop_assert!(basis.spans(sum));
        }
    }
}
