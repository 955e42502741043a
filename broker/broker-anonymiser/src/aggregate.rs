//! One pass over the homes: per slot the sum, the number of homes, the largest and the second largest.

use crate::{
    members::MemberSet,
    policy::{Dominance, ReleasePolicy},
    units::{HouseholdCount, HouseholdIndex, LARGEST_READING, Percent, Slot, WattHours},
};

/// A running aggregate of one group over a fixed number of slots. Feed it one household at a time, so that
/// only one household's readings need to be open at once.
#[derive(Debug)]
pub struct Aggregation {
    cells: Vec<Cell>,
    members: MemberSet,
    complete: MemberSet,
    partial: Vec<(HouseholdIndex, Vec<u64>)>,
    merged: Vec<Option<WattHours>>,
}

/// A household cannot be added. The aggregation is as it was before the call. No message says which household
/// it was or what it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AggregateError {
    /// A meter's curve has not one entry per slot.
    #[error("a curve has {found} slots instead of {expected}")]
    WrongLength {
        /// Slots of the aggregation.
        expected: usize,
        /// Slots of the curve.
        found: usize,
    },
    /// The household was added before: it would be counted twice.
    #[error("a household was added twice")]
    AddedTwice,
    /// A reading is below zero. Shares of a cell mean nothing then, so the dominance tests could be fooled.
    #[error("a reading of slot {} is negative", slot.0)]
    Negative {
        /// Where.
        slot: Slot,
    },
    /// A reading, or the sum of a household's meters, is beyond [`LARGEST_READING`].
    #[error("a reading of slot {} is too large", slot.0)]
    TooLarge {
        /// Where.
        slot: Slot,
    },
}

impl Aggregation {
    /// An aggregation of `slots` slots without any household.
    #[must_use]
    pub fn new(slots: u32) -> Self {
        let slots = usize::try_from(slots).unwrap_or(usize::MAX);
        Self {
            cells: vec![Cell::default(); slots],
            members: MemberSet::new(),
            complete: MemberSet::new(),
            partial: Vec::new(),
            merged: Vec::new(),
        }
    }

    /// Adds one household with the curves of all its meters. It counts once in a slot where at least one
    /// meter has a reading, with the sum of what its meters have there.
    ///
    /// LIMIT: in a slot where one of two meters is silent, the household counts with the other meter alone.
    ///
    /// # Errors
    /// [`AggregateError`]; nothing was added then.
    pub fn add(
        &mut self,
        household: HouseholdIndex,
        meters: &[&[Option<WattHours>]],
    ) -> Result<(), AggregateError> {
        if self.members.contains(household) {
            return Err(AggregateError::AddedTwice);
        }
        let expected = self.cells.len();
        if let Some(wrong) = meters.iter().find(|meter| meter.len() != expected) {
            return Err(AggregateError::WrongLength {
                expected,
                found: wrong.len(),
            });
        }
        let mut merged = std::mem::take(&mut self.merged);
        let row = match meters {
            [only] => Ok(*only),
            many => merge(many, expected, &mut merged).map(|()| merged.as_slice()),
        };
        let outcome = row.and_then(|row| self.add_row(household, row));
        self.merged = merged;
        outcome
    }

    fn add_row(
        &mut self,
        household: HouseholdIndex,
        row: &[Option<WattHours>],
    ) -> Result<(), AggregateError> {
        let (mut readings, mut lowest, mut highest) = (0_usize, 0, 0);
        for reading in row.iter().flatten() {
            readings += 1;
            lowest = lowest.min(reading.0);
            highest = highest.max(reading.0);
        }
        if (lowest < 0 || highest > LARGEST_READING.0)
            && let Some(error) = first_bad_reading(row)
        {
            return Err(error);
        }
        for (cell, reading) in self.cells.iter_mut().zip(row) {
            if let Some(reading) = reading {
                cell.add(*reading);
            }
        }
        self.members.insert(household);
        if readings == row.len() {
            self.complete.insert(household);
        } else if readings > 0 {
            self.partial.push((household, presence(row)));
        }
        Ok(())
    }

    /// Ends the pass.
    #[must_use]
    pub fn finish(self) -> Aggregate {
        let contributors = contributor_runs(self.cells.len(), &self.complete, &self.partial);
        Aggregate {
            cells: self.cells,
            members: self.members,
            contributors,
        }
    }
}

fn merge(
    meters: &[&[Option<WattHours>]],
    slots: usize,
    merged: &mut Vec<Option<WattHours>>,
) -> Result<(), AggregateError> {
    merged.clear();
    merged.resize(slots, None);
    for meter in meters {
        for (slot, (sum, reading)) in merged.iter_mut().zip(*meter).enumerate() {
            let Some(reading) = reading else { continue };
            let slot = Slot(u32::try_from(slot).unwrap_or(u32::MAX));
            // Checked before summing: −5 Wh on one meter and 7 on another are no 2 Wh.
            if reading.0 < 0 {
                return Err(AggregateError::Negative { slot });
            }
            let total = sum.map_or(0, |sum| sum.0).checked_add(reading.0);
            *sum = Some(WattHours(total.ok_or(AggregateError::TooLarge { slot })?));
        }
    }
    Ok(())
}

fn first_bad_reading(row: &[Option<WattHours>]) -> Option<AggregateError> {
    (0_u32..).zip(row).find_map(|(slot, reading)| match reading {
        Some(reading) if reading.0 < 0 => Some(AggregateError::Negative { slot: Slot(slot) }),
        Some(reading) if *reading > LARGEST_READING => Some(AggregateError::TooLarge { slot: Slot(slot) }),
        _ => None,
    })
}

fn presence(row: &[Option<WattHours>]) -> Vec<u64> {
    row.chunks(64)
        .map(|chunk| {
            chunk
                .iter()
                .rev()
                .fold(0, |bits, reading| bits << 1 | u64::from(reading.is_some()))
        })
        .collect()
}

/// Runs of consecutive slots with the same contributors. Differencing is a matter of cells: two releases of
/// the same group differ by one home where that home's readings came in late, so each release must remember
/// who was in each of its cells.
fn contributor_runs(
    slots: usize,
    complete: &MemberSet,
    partial: &[(HouseholdIndex, Vec<u64>)],
) -> Vec<ContributorRun> {
    let mut runs: Vec<ContributorRun> = Vec::new();
    let mut previous: Option<Vec<bool>> = None;
    for slot in 0..slots {
        let here: Vec<bool> = partial
            .iter()
            .map(|(_, bits)| {
                bits.get(slot / 64)
                    .is_some_and(|word| word >> (slot % 64) & 1 == 1)
            })
            .collect();
        if previous.as_ref() == Some(&here)
            && let Some(run) = runs.last_mut()
        {
            run.slots += 1;
            continue;
        }
        let mut set = complete.clone();
        for ((household, _), present) in partial.iter().zip(&here) {
            if *present {
                set.insert(*household);
            }
        }
        let first = Slot(u32::try_from(slot).unwrap_or(u32::MAX));
        runs.push(ContributorRun { first, slots: 1, set });
        previous = Some(here);
    }
    runs
}

/// Consecutive slots with the same contributors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContributorRun {
    pub(crate) first: Slot,
    pub(crate) slots: u32,
    pub(crate) set: MemberSet,
}

/// What one pass kept. It holds confidential numbers: only [`crate::Plan::decide`] makes something
/// publishable of it.
#[derive(Debug)]
pub struct Aggregate {
    cells: Vec<Cell>,
    members: MemberSet,
    contributors: Vec<ContributorRun>,
}

impl Aggregate {
    /// One cell per slot, in order.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Every household that was added, with or without readings.
    #[must_use]
    pub const fn members(&self) -> &MemberSet {
        &self.members
    }

    pub(crate) fn contributors(&self) -> &[ContributorRun] {
        &self.contributors
    }
}

/// The sums of one slot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    squares: u128,
    sum: i64,
    largest: i64,
    second: i64,
    count: u32,
}

impl Cell {
    /// INVARIANT: 0 ≤ reading ≤ [`LARGEST_READING`] and at most 2²⁴ homes, so no sum overflows.
    fn add(&mut self, reading: WattHours) {
        self.count += 1;
        self.sum += reading.0;
        self.squares += u128::from(reading.0.unsigned_abs().pow(2));
        self.second = self.second.max(self.largest.min(reading.0));
        self.largest = self.largest.max(reading.0);
    }

    /// Distinct homes with a reading.
    #[must_use]
    pub const fn count(&self) -> HouseholdCount {
        HouseholdCount(self.count)
    }

    /// Their total.
    #[must_use]
    pub const fn sum(&self) -> WattHours {
        WattHours(self.sum)
    }

    /// Σx²·n − (Σx)², which is n² times the variance between the homes.
    pub(crate) fn spread(&self) -> u128 {
        let square_of_sum = u128::from(self.sum.unsigned_abs()).pow(2);
        (u128::from(self.count) * self.squares).saturating_sub(square_of_sum)
    }

    /// Whether the largest home holds more than `limit` of the cell.
    #[must_use]
    pub fn largest_share_exceeds(&self, limit: Percent) -> bool {
        share_exceeds(self.largest, self.sum, limit)
    }

    /// Whether the two largest homes hold more than `limit` of the cell.
    #[must_use]
    pub fn two_largest_share_exceeds(&self, limit: Percent) -> bool {
        share_exceeds(self.largest + self.second, self.sum, limit)
    }

    /// The p % rule: whether sum − x₁ − x₂ < p % of x₁, so that the second home knows the first too well.
    #[must_use]
    pub fn remainder_below(&self, p: Percent) -> bool {
        let remainder = i128::from(self.sum - self.largest - self.second);
        remainder * 100 < i128::from(p.value()) * i128::from(self.largest)
    }

    fn is_dominated(&self, dominance: &Dominance) -> bool {
        self.largest_share_exceeds(dominance.max_share_top1)
            || self.two_largest_share_exceeds(dominance.nk_share)
            || self.remainder_below(dominance.p_percent)
    }

    /// What may be shown of this cell.
    ///
    /// A cell in which every home reads zero is shown as zero, and so tells that each of them did: the sun
    /// does not shine at night.
    #[must_use]
    pub fn judge(&self, policy: &ReleasePolicy) -> CellStatus {
        if self.count == 0 {
            CellStatus::NoData
        } else if self.count() < policy.required {
            CellStatus::Suppressed(Suppression::TooFewHouseholds)
        } else if self.is_dominated(&policy.dominance) {
            CellStatus::Suppressed(Suppression::Dominance)
        } else {
            CellStatus::Published {
                mean: self.mean(policy.round_to),
                homes: self.count(),
            }
        }
    }

    /// The mean, rounded once to a multiple of `round_to`, halves to the even multiple so that sums do not
    /// drift.
    fn mean(&self, round_to: WattHours) -> WattHours {
        let divisor = i128::from(self.count) * i128::from(round_to.0);
        let sum = i128::from(self.sum);
        let (Some(quotient), Some(remainder)) = (sum.checked_div(divisor), sum.checked_rem(divisor)) else {
            return WattHours(0);
        };
        let up = match (remainder * 2).cmp(&divisor) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => quotient % 2,
            std::cmp::Ordering::Greater => 1,
        };
        WattHours(i64::try_from((quotient + up) * i128::from(round_to.0)).unwrap_or(i64::MAX))
    }
}

fn share_exceeds(part: i64, whole: i64, limit: Percent) -> bool {
    i128::from(part) * 100 > i128::from(limit.value()) * i128::from(whole)
}

/// What is shown of one cell. Zero, nothing and hidden are three different things and never look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellStatus {
    /// Shown: the mean of one home in the slot, and how many homes it was taken over.
    Published {
        /// Rounded mean.
        mean: WattHours,
        /// Homes with a reading.
        homes: HouseholdCount,
    },
    /// Hidden: neither the mean nor the number of homes is shown.
    Suppressed(Suppression),
    /// No home has a reading.
    NoData,
}

/// Why a cell is hidden. Kept inside: a reason per cell would itself tell something about the homes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppression {
    /// Fewer homes than the rule asks for.
    TooFewHouseholds,
    /// One or two homes are too large a part.
    Dominance,
}

impl CellStatus {
    /// The word used in files: `ok`, `suppressed` or `no_data`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Published { .. } => "ok",
            Self::Suppressed(_) => "suppressed",
            Self::NoData => "no_data",
        }
    }
}
