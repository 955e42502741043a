//! A broker in a folder with people in it, for the tests of several crates.
//!
//! What it does: makes and opens such a folder as `fiducie` does, with the real store, policies and ledger; lets people,
//! members and gateways join. What it deliberately does not: run programs or pages (`audit-tests` and `consent-ui` do),
//! or stand in for any part of the broker.
#![allow(
    clippy::unwrap_used,
    reason = "only tests use this crate, and a test stops at the first surprise"
)]

mod broker;
mod damage;
mod gateway;
mod joining;
mod ports;
mod witness;

pub use broker::{
    Policies, create, invited, keep_passkey, log_key, receipt_key, start, start_before, start_signing_in,
    start_under,
};
pub use damage::withhold_details;
pub use gateway::Gateway;
pub use joining::{Notices, agree, application, offer, organisation};
pub use ports::{RunningClock, SystemEntropy, random};
pub use witness::{Vouchers, WITNESSES};
