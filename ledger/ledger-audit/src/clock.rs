//! The only place that reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use ledger_core::cosignature::PosixSeconds;

/// The instant now.
pub fn now() -> anyhow::Result<PosixSeconds> {
    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.ok().and_then(|since| PosixSeconds::new(since.as_secs()));
    seconds.context("the clock of this machine stands at 1970 or before")
}
