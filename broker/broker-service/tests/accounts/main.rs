//! Sign-in against the real store, policies and ledger. The two ports are small deterministic ones: what is shown here is
//! what the broker makes of their answers, not OpenID Connect or WebAuthn.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod changes;
mod channels;
mod channels_left;
mod codes_kept_back;
mod invitations;
mod joint;
mod joint_races;
mod keys;
mod legal;
mod legal_limits;
mod mailbox;
mod mandates;
mod messages;
mod paper;
mod projects;
mod provider;
mod scene;
mod sessions;
mod takeover;
mod telling;
mod two_officers;
mod untold;
mod watched;
mod withdrawals;
