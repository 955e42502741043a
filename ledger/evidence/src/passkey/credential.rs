//! What is known of a key and its holder, and who asks.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Algorithm, CredentialKey, Flags, RpId};
use crate::{
    base64url,
    record::{Id, Instant},
};

/// A key as the ledger knows it: from the event that registered it, and the event that revoked it if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Its name.
    pub id: CredentialId,
    /// Whom it was registered for.
    pub subject: Id,
    /// The public key.
    pub key: CredentialKey,
    /// The model of the authenticator, often zero.
    pub aaguid: Aaguid,
    /// The flags at registration; BE must stay as it was.
    pub flags: Flags,
    /// What is known of the device it lives in.
    pub attestation: Attestation,
    /// Valid from here,
    pub registered_at: Instant,
    /// until here, exclusive.
    pub revoked_at: Option<Instant>,
}

impl Credential {
    /// Whether it was registered and not yet revoked.
    pub fn is_valid_at(&self, at: Instant) -> bool {
        self.registered_at <= at && self.revoked_at.is_none_or(|revoked| at < revoked)
    }
}

/// Whether somebody vouched for the device that holds a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attestation {
    /// No statement, or one that nobody checked. LIMIT: this crate checks none, so that it never says more.
    Unchecked,
    /// A statement of the maker was checked when the key was registered, by whoever registered it.
    Checked,
}

/// Bytes of WebAuthn do not have their form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct WireError {
    expected: &'static str,
}

/// The name an authenticator gave a key: 1 to 1023 bytes (WebAuthn L3 §4, “Credential ID”), base64url in JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CredentialId(Vec<u8>);

impl CredentialId {
    /// Checks and wraps the bytes.
    ///
    /// # Errors
    /// [`WireError`] for no bytes or more than 1023.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, WireError> {
        let bytes = bytes.into();
        if (1..=1023).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(WireError {
                expected: "a credential id of 1 to 1023 bytes",
            })
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<String> for CredentialId {
    type Error = WireError;

    fn try_from(text: String) -> Result<Self, WireError> {
        Self::new(base64url::decode(&text).unwrap_or_default())
    }
}

impl From<CredentialId> for String {
    fn from(id: CredentialId) -> Self {
        base64url::encode(&id.0)
    }
}

/// The model of an authenticator, in JSON as a UUID in lower case. All zero when the maker or the person keeps it private.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Aaguid([u8; 16]);

impl Aaguid {
    /// Wraps the bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Aaguid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(place, byte)| {
            let dash = if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")
        })
    }
}

impl fmt::Debug for Aaguid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Aaguid {
    type Error = WireError;

    fn try_from(text: String) -> Result<Self, WireError> {
        let digits = text.chars().filter_map(|c| c.to_digit(16)).collect::<Vec<_>>();
        let (pairs, _) = digits.as_chunks::<2>();
        let bytes = pairs
            .iter()
            .map(|[high, low]| u8::try_from(high << 4 | low).ok())
            .collect::<Option<Vec<u8>>>()
            .and_then(|bytes| bytes.try_into().ok());
        // Capital digits, other separators and stray characters do not print as they were written.
        let read = bytes.map(Self).filter(|aaguid| aaguid.to_string() == text);
        read.ok_or(WireError {
            expected: "a UUID in lower case",
        })
    }
}

impl From<Aaguid> for String {
    fn from(aaguid: Aaguid) -> Self {
        aaguid.to_string()
    }
}

/// Raw bytes in a record, base64url in JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Raw(pub(super) Vec<u8>);

impl TryFrom<String> for Raw {
    type Error = WireError;

    fn try_from(text: String) -> Result<Self, WireError> {
        base64url::decode(&text).map(Self).ok_or(WireError {
            expected: "base64url without padding",
        })
    }
}

impl From<Raw> for String {
    fn from(raw: Raw) -> Self {
        base64url::encode(&raw.0)
    }
}

/// The origin does not belong to the relying party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin of the relying party")]
pub struct PartyError;

/// Who asks for signatures, from which page, and what it accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    rp_id: RpId,
    origin: String,
    algorithms: Vec<Algorithm>,
}

impl RelyingParty {
    /// A relying party that accepts every [`Algorithm`]. The origin is compared byte for byte, so it must be as a
    /// browser writes it: `https://`, the host in lower case, the port if it is not 443, no slash.
    ///
    /// # Errors
    /// [`PartyError`] when the host is neither the relying party nor below it (WebAuthn L3 §4, “RP ID”), or when the
    /// scheme is not `https`; `http` is allowed for `localhost`, as browsers do.
    pub fn new(rp_id: RpId, origin: impl Into<String>) -> Result<Self, PartyError> {
        let origin = origin.into();
        let (scheme, authority) = origin.split_once("://").ok_or(PartyError)?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let below = host
            .strip_suffix(rp_id.as_str())
            .is_some_and(|labels| labels.is_empty() || labels.ends_with('.'));
        let scheme_is_safe = scheme == "https" || (scheme == "http" && rp_id.as_str() == "localhost");
        // What stands before the relying party in the host is made of labels of the same form.
        let host_is_a_domain = RpId::try_from(host.to_owned()).is_ok();
        let port_is_canonical = port.is_none_or(|port| {
            port.parse::<u16>()
                .is_ok_and(|number| number != 0 && number.to_string() == port)
        });
        if below && scheme_is_safe && host_is_a_domain && port_is_canonical {
            Ok(Self {
                rp_id,
                origin,
                algorithms: Algorithm::ALL.to_vec(),
            })
        } else {
            Err(PartyError)
        }
    }

    /// The same with a shorter list. It must hold everything that registration accepted, or people are locked out.
    #[must_use]
    pub fn accepting(self, algorithms: &[Algorithm]) -> Self {
        Self {
            algorithms: algorithms.to_vec(),
            ..self
        }
    }

    /// The domain that keys are bound to.
    pub const fn rp_id(&self) -> &RpId {
        &self.rp_id
    }

    /// The only origin whose pages may ask.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn allows(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }
}

/// A text that is checked once, where it comes in.
macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IntentError;

            fn try_from(text: String) -> Result<Self, IntentError> {
                let allowed: fn(&str) -> bool = $allowed;
                if allowed(&text) {
                    Ok(Self(text))
                } else {
                    Err(IntentError { expected: $expected })
                }
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

pub(super) use text_newtype;

#[cfg(test)]
mod tests {
    use super::*;

    fn party(rp_id: &str, origin: &str) -> Result<RelyingParty, PartyError> {
        RelyingParty::new(rp_id.to_owned().try_into().unwrap(), origin)
    }

    #[test]
    fn origins_belong_to_their_relying_party() {
        for (rp_id, origin) in [
            ("broker.example", "https://broker.example"),
            ("broker.example", "https://my.broker.example"),
            ("broker.example", "https://broker.example:8443"),
            ("localhost", "http://localhost:8080"),
            ("localhost", "https://localhost"),
        ] {
            assert_eq!(party(rp_id, origin).unwrap().origin(), origin);
        }
        for (rp_id, origin) in [
            ("broker.example", "http://broker.example"),
            ("broker.example", "https://broker.example/"),
            ("broker.example", "https://broker.example:"),
            ("broker.example", "https://broker.example:0443"),
            ("broker.example", "https://Broker.example"),
            ("broker.example", "https://evilbroker.example"),
            ("broker.example", "https://.broker.example"),
            ("broker.example", "https://a@broker.example"),
            ("broker.example", "https://broker.example.evil.example"),
            ("broker.example", "broker.example"),
            ("broker.example", ""),
        ] {
            assert_eq!(party(rp_id, origin), Err(PartyError), "{origin}");
        }
    }

    #[test]
    fn models_and_names_have_one_spelling() {
        let text = "8446ccb9-ab1d-b374-750b-2367ff6f3a1f";
        assert_eq!(Aaguid::try_from(text.to_owned()).unwrap().to_string(), text);
        for wrong in [
            "",
            "8446ccb9ab1db374750b2367ff6f3a1f",
            "8446CCB9-ab1d-b374-750b-2367ff6f3a1f",
            "8446ccb9-ab1d-b374-750b-2367ff6f3a1f-",
            "8446ccb9-ab1d-b374-750b-2367ff6f3a1f00",
            "{8446ccb9-ab1d-b374-750b-2367ff6f3a1f}",
        ] {
            assert!(Aaguid::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
        assert!(CredentialId::new([0; 1023]).is_ok());
        assert!(CredentialId::new([0; 1024]).is_err());
        for wrong in ["", "A", "AA=", "AB"] {
            assert!(CredentialId::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
