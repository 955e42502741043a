//! The member `en:webauthn` of an act in a consent record: all that an auditor needs to repeat the verification.

use serde::{Deserialize, Serialize};

use super::authenticator_data::AuthenticatorData;
use super::credential::Raw;
use super::{Aaguid, Assertion, Credential, CredentialId, CredentialKey, Flags, Intent, ListPlace, Verified};
use crate::{
    jcs::{self, JcsError},
    record::Digest,
};

/// What was signed, with what, and how (`consent.md` §2.7, §4.2, 7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "RawAct", into = "RawAct")]
pub struct WebauthnAct {
    /// What was signed.
    pub intent: Intent,
    /// The assertion over it, as the exact bytes.
    pub assertion: Assertion,
    /// The public key.
    pub key: CredentialKey,
    /// The model of the authenticator, as registered.
    pub aaguid: Aaguid,
    /// The flags, for readers; the authenticator data have the last word.
    pub flags: Flags,
    /// Digest of the JWS of the event that registered the key.
    pub registration_sha256: Option<Digest>,
    /// Where the draft stands among those that the same signature covers; `None` for a signature over one.
    pub list: Option<ListPlace>,
}

impl WebauthnAct {
    /// The act that a verified assertion makes.
    pub fn new(
        verified: &Verified,
        assertion: Assertion,
        credential: &Credential,
        registration_sha256: Option<Digest>,
    ) -> Self {
        Self {
            intent: verified.intent().clone(),
            assertion,
            key: credential.key.clone(),
            aaguid: credential.aaguid,
            flags: verified.answered().flags(),
            registration_sha256,
            list: None,
        }
    }

    /// The canonical bytes.
    ///
    /// # Errors
    /// [`JcsError`] never for an act of ours: its numbers are small.
    pub fn to_jcs_bytes(&self) -> Result<Vec<u8>, JcsError> {
        jcs::to_bytes(self)
    }

    /// Reads canonical bytes; nothing is verified.
    ///
    /// # Errors
    /// Any [`JcsError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, JcsError> {
        jcs::parse(bytes)
    }

    /// The flags the authenticator signed; `None` when its data are cut short.
    pub(super) fn signed_flags(&self) -> Option<Flags> {
        Some(AuthenticatorData::parse(&self.assertion.authenticator_data)?.flags())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAct {
    intent: Intent,
    credential_id: CredentialId,
    public_key_jwk: CredentialKey,
    aaguid: Aaguid,
    flags: Flags,
    client_data_json: Raw,
    authenticator_data: Raw,
    signature: Raw,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registration_sha256: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    list: Option<ListPlace>,
}

impl From<RawAct> for WebauthnAct {
    fn from(raw: RawAct) -> Self {
        Self {
            intent: raw.intent,
            assertion: Assertion {
                credential_id: raw.credential_id,
                client_data_json: raw.client_data_json.0,
                authenticator_data: raw.authenticator_data.0,
                signature: raw.signature.0,
            },
            key: raw.public_key_jwk,
            aaguid: raw.aaguid,
            flags: raw.flags,
            registration_sha256: raw.registration_sha256,
            list: raw.list,
        }
    }
}

impl From<WebauthnAct> for RawAct {
    fn from(act: WebauthnAct) -> Self {
        Self {
            intent: act.intent,
            credential_id: act.assertion.credential_id,
            public_key_jwk: act.key,
            aaguid: act.aaguid,
            flags: act.flags,
            client_data_json: Raw(act.assertion.client_data_json),
            authenticator_data: Raw(act.assertion.authenticator_data),
            signature: Raw(act.assertion.signature),
            registration_sha256: act.registration_sha256,
            list: act.list,
        }
    }
}
