//! Passkeys registered and revoked: what "this key was hers at time T" is proved with.

use serde::{Deserialize, Serialize};

use super::{Digest, Id, Instant, RecordError, Text, demand};

/// A passkey became a person's, or stopped being hers. Names the key by its digest: a record holds no key by which
/// the person could be found elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeyChange {
    /// Whose.
    pub subject: Id,
    /// What happened to it.
    pub action: PasskeyAction,
    /// SHA-256 of the public key as a COSE_Key (RFC 9052 §7), the exact bytes that were registered.
    pub key_sha256: Digest,
    /// Model of the authenticator (AAGUID, WebAuthn L3 §6.5.1) in hyphenated hexadecimal; all zero when it does not say.
    pub model: Id,
    /// Whether the key may be copied to other devices of the person (flag BE, WebAuthn L3 §6.1.3).
    pub may_be_copied: bool,
    /// How the person had proved who she is.
    pub proved_by: ProvedBy,
    /// The provider, for a proof by one: `iss`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Text>,
    /// The level of assurance that it stated: `acr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assurance: Option<Text>,
    /// When she had.
    pub proved_at: Instant,
    /// When it was recorded, and takes effect.
    pub at: Instant,
}

impl PasskeyChange {
    pub(super) fn check(&self) -> Result<(), RecordError> {
        let by_provider = self.proved_by == ProvedBy::Provider;
        demand(
            self.issuer.is_some() == by_provider,
            "a proof by a provider names it, and no other does",
        )?;
        demand(
            by_provider || self.assurance.is_none(),
            "a level of assurance without a provider",
        )?;
        demand(self.proved_at <= self.at, "it was proved afterwards")
    }
}

/// What happened to a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasskeyAction {
    /// What it signs from now on is hers.
    Registered,
    /// What it signs from now on is not hers any more. What it signed before stays.
    Revoked,
}

/// How somebody proved who she is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProvedBy {
    /// With the one-time code of an invitation, which the operator handed to her.
    Invitation,
    /// At an OpenID Connect provider.
    Provider,
    /// With a passkey registered before.
    Passkey,
    /// With a recovery code.
    Recovery,
    /// Not at all: the demonstration lets everybody in.
    Demonstration,
}
