//! Aggregate load curves that are safe to release to a researcher.
//!
//! Pure computation: `(policy, request, readings, earlier releases) → files or a refusal`. No input or
//! output, no clock, no randomness, no log. The way through:
//!
//! 1. [`plan`] decides from the number of consenting homes, before any reading is opened;
//! 2. [`Aggregation`] takes one household at a time;
//! 3. [`Plan::decide`] hides what one home dominates, checks the release against every earlier one, and yields a
//!    [`Release`] — the only value of which [`Bundle::build`] makes files.
//!
//! What it deliberately does not do: check consent (the caller adds only homes it holds a `Covered` for),
//! publish totals (so no hidden cell can be found by subtraction within one release), publish single homes,
//! add noise, or promise differential privacy. A count threshold protects nobody from an attacker who already
//! holds candidate curves: the length rule in [`risk`] says when that is so.

mod aggregate;
mod audit;
mod bundle;
mod members;
mod plan;
mod policy;
mod refusal;
pub mod risk;
mod units;

pub use aggregate::{Aggregate, AggregateError, Aggregation, Cell, CellStatus, Suppression};
pub use audit::{QueryRecord, QueryRecordError, StoredRelease};
pub use bundle::{Bundle, BundleError, BundleFile, DISCLOSURE_MANIFEST, with_disclosure_manifest};
pub use members::{MemberSet, MemberSetError};
pub use plan::{CellCounts, DecideError, Decision, Plan, Release, Request, plan, stored_vintage};
pub use policy::{
    Dominance, LegalText, PeriodLimit, PolicyBook, PolicyTextError, PolicyVersion, ReleasePolicy,
};
pub use refusal::{Language, Reason, Refusal, Remedy};
pub use units::{
    Direction, GroupId, HouseholdCount, HouseholdIndex, LARGEST_READING, Percent, Period, PeriodError,
    ReleaseId, Slot, StepSeconds, WattHours,
};
