//! The query-set audit: no release may be subtracted from earlier ones to leave a few homes.
//!
//! LIMIT: the audit sees who was in a cell, not what each of them read. A reading corrected after a release
//! shows in the difference to a later release that covers the same slot and the same homes; the caller must
//! freeze the readings of released slots. And finding every small combination is hard in general, so groups
//! should come from a declared partition of the panel.

mod elimination;
mod record;

pub(crate) use record::{Outcome, QueryRun};
pub use record::{QueryRecord, QueryRecordError};

use crate::{
    members::MemberSet,
    refusal::{Reason, Refusal, Remedy},
    units::{HouseholdCount, ReleaseId},
};

/// An earlier release as the broker stored it. Pass every one of the same direction, of whatever group or
/// rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRelease {
    /// Its public number.
    pub id: ReleaseId,
    /// What it asked and showed.
    pub query: QueryRecord,
}

/// Checks `query` against every earlier release: first each alone, then all together.
pub(crate) fn check(query: &QueryRecord, previous: &[StoredRelease]) -> Result<(), Refusal> {
    let overlapping: Vec<&StoredRelease> = previous
        .iter()
        .filter(|stored| stored.query.overlaps(query))
        .collect();
    let mut reasons: Vec<Reason> = overlapping
        .iter()
        .filter_map(|stored| clash(query, stored))
        .collect();
    if reasons.is_empty() {
        let records: Vec<&QueryRecord> = overlapping.iter().map(|stored| &stored.query).collect();
        reasons.extend(elimination::check(query, &records).err());
    }
    if reasons.is_empty() {
        return Ok(());
    }
    Err(Refusal {
        reasons,
        remedies: vec![Remedy::SameAsBefore, Remedy::OtherPeriod],
    })
}

/// The pairwise rule: 0 < |S \ S′| < min or 0 < |S′ \ S| < min in any pair of cells that share time.
///
/// The smaller of the two minima counts: the time they share is no longer than the shorter of the two, and
/// rules ask for more homes the longer the period.
fn clash(query: &QueryRecord, stored: &StoredRelease) -> Option<Reason> {
    let required = query.required().min(stored.query.required());
    let same_grid = query.shares_grid_with(&stored.query);
    for mine in query.runs() {
        let (from, until) = query.interval(mine);
        // Runs are in order of time, so the first that can share any is found by bisection.
        let runs = stored.query.runs();
        let first = runs.partition_point(|run| stored.query.interval(run).1 <= from);
        let sharing = runs
            .iter()
            .skip(first)
            .take_while(|run| stored.query.interval(run).0 < until);
        for theirs in sharing {
            match pair(mine, theirs, same_grid, required) {
                Pair::Safe => {}
                Pair::TooClose => {
                    return Some(Reason::DiffersByTooFew {
                        release: stored.id.clone(),
                    });
                }
                Pair::Mixed => {
                    return Some(Reason::MixesSteps {
                        release: stored.id.clone(),
                    });
                }
            }
        }
    }
    None
}

enum Pair {
    Safe,
    TooClose,
    Mixed,
}

fn pair(mine: &QueryRun, theirs: &QueryRun, same_grid: bool, required: HouseholdCount) -> Pair {
    if mine.contributors.is_disjoint(&theirs.contributors) {
        return Pair::Safe;
    }
    match (mine.outcome, theirs.outcome) {
        (Outcome::Published, Outcome::Published) => {
            let close = |a: &MemberSet, b: &MemberSet| (1..required.0).contains(&a.count_without(b).0);
            let (a, b) = (&mine.contributors, &theirs.contributors);
            if close(a, b) || close(b, a) {
                Pair::TooClose
            } else if !same_grid && a != b {
                // Sums over different steps and different homes combine in ways the slot-by-slot check of the
                // elimination does not follow.
                Pair::Mixed
            } else {
                Pair::Safe
            }
        }
        // An hour minus its shown half hour is its hidden half hour.
        (Outcome::Published, Outcome::Suppressed) | (Outcome::Suppressed, Outcome::Published)
            if !same_grid =>
        {
            Pair::Mixed
        }
        // On one grid a hidden cell falls to combinations only, which the elimination checks.
        _ => Pair::Safe,
    }
}
