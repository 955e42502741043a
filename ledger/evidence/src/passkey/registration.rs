//! What a new passkey says of itself: the attestation object (WebAuthn L3 §6.5).
//!
//! LIMIT: statements of makers are kept by name and not checked. A key is [`Attestation::Unchecked`] until whoever
//! registers it checks the statement and says otherwise; without that no signature reaches L4.
//!
//! [`Attestation::Unchecked`]: super::Attestation::Unchecked

use super::authenticator_data::AuthenticatorData;
use super::cbor::Reader;
use super::{Aaguid, CredentialId, CredentialKey, Flags, KeyError, RpId, WireError};

/// Why an attestation object was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Not an attestation object in CTAP2 canonical CBOR.
    #[error("not an attestation object")]
    Malformed,
    /// It registers no key.
    #[error("no key is attested")]
    NoKey,
    /// The name of the key is empty or too long.
    #[error("the credential id is not one")]
    CredentialId(#[from] WireError),
    /// The key is not one we accept.
    #[error("the key is not accepted")]
    Key(#[from] KeyError),
}

/// How the maker vouches for the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttestationFormat {
    /// `none`: not at all.
    None,
    /// A format by its name (WebAuthn L3 §8), whose statement nobody has checked yet.
    Other(String),
}

/// A new key, as its authenticator describes it. Nothing of it is signed as far as this crate knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationObject {
    /// How the maker vouches for the device.
    pub format: AttestationFormat,
    /// The name of the key.
    pub credential_id: CredentialId,
    /// The public key.
    pub key: CredentialKey,
    /// The model of the authenticator.
    pub aaguid: Aaguid,
    /// The flags at registration.
    pub flags: Flags,
    /// The counter at registration.
    pub sign_count: u32,
    rp_id_hash: [u8; 32],
}

impl AttestationObject {
    /// Reads `{"fmt": text, "attStmt": map, "authData": bytes}`.
    ///
    /// # Errors
    /// Any [`RegistrationError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RegistrationError> {
        let (format, data) = parts(bytes).ok_or(RegistrationError::Malformed)?;
        let data = AuthenticatorData::parse(data).ok_or(RegistrationError::Malformed)?;
        let tail = data.tail().ok_or(RegistrationError::Malformed)?;
        let attested = tail.attested.ok_or(RegistrationError::NoKey)?;
        if !data.flags().are_consistent() {
            return Err(RegistrationError::Malformed);
        }
        Ok(Self {
            format,
            credential_id: CredentialId::new(attested.credential_id)?,
            key: CredentialKey::from_cose(attested.cose_key)?,
            aaguid: Aaguid::new(attested.aaguid),
            flags: data.flags(),
            sign_count: data.sign_count(),
            rp_id_hash: *data.rp_id_hash(),
        })
    }

    /// Whether the key was made for this relying party.
    pub fn is_for(&self, rp_id: &RpId) -> bool {
        self.rp_id_hash == rp_id.hash()
    }
}

fn parts(bytes: &[u8]) -> Option<(AttestationFormat, &[u8])> {
    let mut reader = Reader::new(bytes);
    // The canonical order of the three keys is that of their lengths.
    (reader.map()? == 3 && reader.text()? == "fmt").then_some(())?;
    let format = reader.text()?;
    (reader.text()? == "attStmt").then_some(())?;
    let statement = reader.item()?;
    let members = Reader::new(statement).map()?;
    (reader.text()? == "authData").then_some(())?;
    let data = reader.bytes()?;
    reader.end()?;
    let format = match (format, members) {
        // §8.7: the statement of `none` is the empty map.
        ("none", 0) => AttestationFormat::None,
        ("none", _) => return None,
        (other, _) => AttestationFormat::Other(other.to_owned()),
    };
    Some((format, data))
}
