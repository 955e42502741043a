//! What the broker remembers of a release: who was in which cell, and whether the cell was shown.

use crate::{
    members::{MemberSet, MemberSetError},
    units::{Direction, HouseholdCount, Period, Slot, StepSeconds},
};

/// The exact query a release answered. Stored inside the broker only: its bytes name who took part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryRecord {
    direction: Direction,
    start_s: i64,
    step: StepSeconds,
    slots: u32,
    required: HouseholdCount,
    members: MemberSet,
    runs: Vec<QueryRun>,
}

/// Consecutive cells with the same contributors and the same outcome. Cells without any reading are in no
/// run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryRun {
    pub(crate) first: Slot,
    pub(crate) slots: u32,
    pub(crate) outcome: Outcome,
    pub(crate) contributors: MemberSet,
}

/// Whether the cells of a run were shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The mean was published.
    Published,
    /// The mean was hidden.
    Suppressed,
}

/// Stored bytes are no query record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryRecordError {
    /// The record does not begin with the mark of this version.
    #[error("the query record has an unknown version")]
    UnknownVersion,
    /// The bytes end too soon, go on too long, or hold an impossible number.
    #[error("the query record is malformed")]
    Malformed,
    /// A member set inside cannot be read.
    #[error("the query record has an unreadable member set")]
    Members {
        /// Why.
        #[from]
        source: MemberSetError,
    },
}

const MARK: [u8; 4] = *b"FQR1";

impl QueryRecord {
    pub(crate) fn new(
        direction: Direction,
        period: &Period,
        required: HouseholdCount,
        members: MemberSet,
        runs: Vec<QueryRun>,
    ) -> Self {
        let (step, slots) = (period.step(), period.slots());
        Self {
            direction,
            start_s: period.start().as_second(),
            step,
            slots,
            required,
            members,
            runs,
        }
    }

    /// Whether this record answers exactly the same question: direction, interval, step and homes.
    #[must_use]
    pub fn answers(&self, direction: Direction, period: &Period, members: &MemberSet) -> bool {
        self.direction == direction
            && self.start_s == period.start().as_second()
            && self.step == period.step()
            && self.slots == period.slots()
            && self.members == *members
    }

    pub(crate) const fn direction(&self) -> Direction {
        self.direction
    }

    pub(crate) const fn step(&self) -> StepSeconds {
        self.step
    }

    /// Fewest homes that a cell of this release had to have.
    pub(crate) const fn required(&self) -> HouseholdCount {
        self.required
    }

    pub(crate) const fn members(&self) -> &MemberSet {
        &self.members
    }

    /// `[from, until)` of the whole release in Unix seconds.
    pub(crate) fn span(&self) -> (i64, i64) {
        (
            self.start_s,
            self.start_s + i64::from(self.slots) * i64::from(self.step.value()),
        )
    }

    pub(crate) fn runs(&self) -> &[QueryRun] {
        &self.runs
    }

    /// `[from, until)` of a run in Unix seconds.
    pub(crate) fn interval(&self, run: &QueryRun) -> (i64, i64) {
        let step = i64::from(self.step.value());
        let from = self.start_s + i64::from(run.first.0) * step;
        (from, from + i64::from(run.slots) * step)
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let ((from, until), (other_from, other_until)) = (self.span(), other.span());
        self.direction == other.direction && from < other_until && other_from < until
    }

    pub(crate) fn shares_grid_with(&self, other: &Self) -> bool {
        let step = i64::from(self.step.value());
        self.step == other.step && self.start_s.rem_euclid(step) == other.start_s.rem_euclid(step)
    }

    /// Big-endian: `FQR1`, direction (0 withdrawal, 1 injection), start in Unix seconds (i64), step in
    /// seconds (u32), slots (u32), required homes (u32), members, number of runs (u32), then per run first
    /// slot (u32), slots (u32), outcome (0 shown, 1 hidden), contributors. A member set is its length in
    /// bytes (u32) and [`MemberSet::encode`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MARK.to_vec();
        bytes.push(match self.direction {
            Direction::Withdrawal => 0,
            Direction::Injection => 1,
        });
        bytes.extend(self.start_s.to_be_bytes());
        bytes.extend(self.step.value().to_be_bytes());
        bytes.extend(self.slots.to_be_bytes());
        bytes.extend(self.required.0.to_be_bytes());
        push_set(&mut bytes, &self.members);
        bytes.extend(length(self.runs.len()));
        for run in &self.runs {
            bytes.extend(run.first.0.to_be_bytes());
            bytes.extend(run.slots.to_be_bytes());
            bytes.push(match run.outcome {
                Outcome::Published => 0,
                Outcome::Suppressed => 1,
            });
            push_set(&mut bytes, &run.contributors);
        }
        bytes
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// [`QueryRecordError`] for any other bytes. A release whose stored record cannot be read must stop new
    /// releases: they could not be audited.
    pub fn decode(bytes: &[u8]) -> Result<Self, QueryRecordError> {
        let mut rest = bytes
            .strip_prefix(&MARK)
            .ok_or(QueryRecordError::UnknownVersion)?;
        let direction = match take::<1>(&mut rest)? {
            [0] => Direction::Withdrawal,
            [1] => Direction::Injection,
            _ => return Err(QueryRecordError::Malformed),
        };
        let start_s = i64::from_be_bytes(take(&mut rest)?);
        let step = StepSeconds::new(take_u32(&mut rest)?).ok_or(QueryRecordError::Malformed)?;
        let slots = take_u32(&mut rest)?;
        // Instants of year ±10,000 and counts of slots a period can have; beyond them sums could overflow.
        if start_s.unsigned_abs() > 1 << 40 || slots == 0 || slots > Period::MOST_SLOTS {
            return Err(QueryRecordError::Malformed);
        }
        let required = HouseholdCount(take_u32(&mut rest)?);
        let members = take_set(&mut rest)?;
        let mut runs = Vec::new();
        let mut next = 0;
        for _ in 0..take_u32(&mut rest)? {
            let run = take_run(&mut rest)?;
            let end = run
                .first
                .0
                .checked_add(run.slots)
                .ok_or(QueryRecordError::Malformed)?;
            if run.first.0 < next || run.slots == 0 || end > slots {
                return Err(QueryRecordError::Malformed);
            }
            next = end;
            runs.push(run);
        }
        if !rest.is_empty() {
            return Err(QueryRecordError::Malformed);
        }
        Ok(Self {
            direction,
            start_s,
            step,
            slots,
            required,
            members,
            runs,
        })
    }
}

fn length(count: usize) -> [u8; 4] {
    // INVARIANT: sets are at most 2 MiB and runs at most one per slot.
    u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes()
}

fn push_set(bytes: &mut Vec<u8>, set: &MemberSet) {
    let encoded = set.encode();
    bytes.extend(length(encoded.len()));
    bytes.extend(encoded);
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], QueryRecordError> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(QueryRecordError::Malformed)?;
    *rest = tail;
    Ok(*head)
}

fn take_u32(rest: &mut &[u8]) -> Result<u32, QueryRecordError> {
    take(rest).map(u32::from_be_bytes)
}

fn take_set(rest: &mut &[u8]) -> Result<MemberSet, QueryRecordError> {
    let length = usize::try_from(take_u32(rest)?).map_err(|_| QueryRecordError::Malformed)?;
    let (head, tail) = rest.split_at_checked(length).ok_or(QueryRecordError::Malformed)?;
    *rest = tail;
    Ok(MemberSet::decode(head)?)
}

fn take_run(rest: &mut &[u8]) -> Result<QueryRun, QueryRecordError> {
    let first = Slot(take_u32(rest)?);
    let slots = take_u32(rest)?;
    let outcome = match take::<1>(rest)? {
        [0] => Outcome::Published,
        [1] => Outcome::Suppressed,
        _ => return Err(QueryRecordError::Malformed),
    };
    Ok(QueryRun {
        first,
        slots,
        outcome,
        contributors: take_set(rest)?,
    })
}
