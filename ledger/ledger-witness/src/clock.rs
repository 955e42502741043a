//! The only place that reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use ledger_core::cosignature::PosixSeconds;

/// The instant now; `None` while the clock stands at 1970 or before.
pub fn now() -> Option<PosixSeconds> {
    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    let now = SystemTime::now();
    PosixSeconds::new(now.duration_since(UNIX_EPOCH).ok()?.as_secs())
}
