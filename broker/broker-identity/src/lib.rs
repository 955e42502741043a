//! Who somebody is, as others prove it: sign-in through OpenID Connect providers and with passkeys.
//!
//! What it does: implements the two ports of `broker_domain::identity`, with `openidconnect` ([`OidcProviders`]) and with
//! `webauthn-rs` ([`WebauthnPasskeys`]), and keeps both libraries and all that they bring out of every other crate.
//! What it deliberately does not: it keeps nothing about people, has no session, no cookie and no table, does not decide
//! what somebody may do, asks no provider for a name, an address or anything else about a person (the only scope is
//! `openid`), follows no redirect, and logs no token, code, subject or address with a query.
//!
//! LIMIT: `webauthn-rs` draws challenges from the operating system, not from the `Entropy` port, and reads the system's
//! clock when it looks at certificates of attestation, which are never asked for here.
//! LIMIT: `openidconnect` keeps its copy of a client secret and of tokens in memory that is not erased.
//! LIMIT: `webauthn-rs` writes what it reads into events of level `trace` and `debug`; production logs neither.
//! LIMIT: passkeys with Ed25519 keys cannot be registered: `webauthn-rs` refuses them.

mod passkeys;
mod providers;

pub use passkeys::{InvalidSite, Site, WebauthnPasskeys};
pub use providers::{
    AssertionSigner, ClientProof, DEFAULT_CLOCK_SKEW_S, DEFAULT_TIME_LIMIT, InvalidProviderConfig,
    OidcProviders, ProviderConfig,
};
