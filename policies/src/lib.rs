//! The Cedar policies of the broker, strictly validated, and the engine that evaluates them.
//!
//! What it does: embeds `schema/` and `cedar/` (one policy per file, named like the file), refuses to load them with
//! any validation error or warning, turns a [`Query`](broker_domain::policy::Query) into Cedar entities and context, and
//! allows only what Cedar allows without any error.
//! What it deliberately does not: no input or output, no clock, no database, and no say over consent. The coverage
//! check of `broker-domain` is separate and both are needed: Cedar skips a policy that errs (`consent.md` §10), so a
//! `forbid` alone would protect nobody.
//!
//! The promises are tested three ways: `cases/` (one allowed or denied situation per file, in Cedar's own JSON so that
//! the public `cedar` tool can replay it), `golden/matrix.txt` (every role × action × resource) and properties.

mod acts;
mod engine;
mod facts;
mod set;

pub use engine::{CedarEngine, Prepared, Reach, Weighing};
pub use set::PolicyError;
