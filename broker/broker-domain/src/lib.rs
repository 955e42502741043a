//! Consent logic of the broker: who may see which reading, and the values that prove it was decided.
//!
//! What it does: identifiers, instants, readings, consents as events, the coverage check, the shape of a policy
//! question, and the three warrants without which nothing opens a reading (invariant I1).
//! What it deliberately does not: no input or output, no clock, no randomness, no serialisation, no logs. Every
//! function is `(state, request, now) -> decision`, so that an auditor can replay a decision from its inputs.

pub mod breach;
pub mod consent;
pub mod curve;
pub mod deadline;
pub mod entered;
pub mod gateway;
pub mod household;
pub mod identity;
pub mod ids;
pub mod intake;
pub mod lang;
pub mod legal;
pub mod mandate;
pub mod policy;
pub mod reading;
pub mod research;
pub mod rhythm;
pub mod rights;
pub mod telling;
pub mod time;
pub mod volume;
pub mod warrant;

pub use consent::{Consent, ConsentEvent, Covered, CoveredIntake, Refusal};
pub use policy::{Permit, PolicyEngine};
pub use time::{Clock, Entropy, Instant, Interval};
pub use warrant::{AccessWarrant, DeliveryWarrant, ReleaseWarrant, Warrant};
