//! Compact JWS (RFC 7515) over canonical JSON, in the one form we emit and accept.
//!
//! ```text
//! protected = JCS({"alg": "EdDSA" | "ES256", "kid": thumbprint, "typ": "fiducie-record+jws"})
//!           | JCS({"alg": …, "cty": "application/ld+json", "kid": …, "typ": "consent-record+jws"})
//! jws       = base64url(protected) "." base64url(payload) "." base64url(signature[64])
//! ```
//!
//! The second header is that of JSON-LD (`consent.md` §3), which is known by its `@context`; neither header signs for the
//! other kind of payload.

mod jwk;

use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::{
    base64url,
    jcs::{self, JcsError},
};

pub use jwk::{Jwk, JwkError, Thumbprint};

/// The media type of our records.
pub const TYP: &str = "fiducie-record+jws";
/// The media type of consent records.
pub const CONSENT_TYP: &str = "consent-record+jws";
/// What the payload of [`CONSENT_TYP`] is.
const LINKED_DATA: &str = "application/ld+json";

/// What is signed, and under which header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A record with a `type`.
    Plain,
    /// JSON-LD.
    LinkedData,
}

impl Form {
    /// That of a payload.
    fn of(payload: &serde_json::Value) -> Self {
        match payload.get("@context") {
            None => Self::Plain,
            Some(_) => Self::LinkedData,
        }
    }

    const fn typ(self) -> &'static str {
        match self {
            Self::Plain => TYP,
            Self::LinkedData => CONSENT_TYP,
        }
    }

    fn cty(self) -> Option<String> {
        match self {
            Self::Plain => None,
            Self::LinkedData => Some(LINKED_DATA.to_owned()),
        }
    }
}

/// Why a JWS was refused.
#[derive(Debug, thiserror::Error)]
pub enum JwsError {
    /// Not three strict base64url parts.
    #[error("not a compact JWS")]
    Malformed,
    /// The header is not the canonical one: another member (`jku`, `jwk`, `x5u`, `crit` …), type or spelling.
    #[error("the header is not one of ours")]
    Header,
    /// The algorithm is not that of the key.
    #[error("the algorithm is not that of the key")]
    Algorithm,
    /// The `kid` is not the thumbprint of the key.
    #[error("the JWS names another key")]
    OtherKey,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
    /// The payload is not canonical JSON.
    #[error("the payload is not canonical")]
    Payload(#[from] JcsError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: Algorithm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cty: Option<String>,
    kid: Thumbprint,
    typ: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Algorithm {
    #[serde(rename = "EdDSA")]
    EdDsa,
    #[serde(rename = "ES256")]
    Es256,
}

impl Algorithm {
    const fn of(key: &Jwk) -> Self {
        match key {
            Jwk::Ed25519 { .. } => Self::EdDsa,
            Jwk::P256 { .. } => Self::Es256,
        }
    }
}

/// The protected headers of one key, written once for all that it signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protected {
    plain: String,
    linked_data: String,
}

impl Protected {
    /// The headers that name this key.
    ///
    /// # Errors
    /// [`JwsError::Payload`] never for a key of ours: a header has no numbers.
    pub fn of(key: &Jwk) -> Result<Self, JwsError> {
        let header = |form: Form| {
            let header = Header {
                alg: Algorithm::of(key),
                cty: form.cty(),
                kid: key.thumbprint(),
                typ: form.typ().to_owned(),
            };
            Ok::<_, JwsError>(base64url::encode(&jcs::to_bytes(&header)?))
        };
        Ok(Self {
            plain: header(Form::Plain)?,
            linked_data: header(Form::LinkedData)?,
        })
    }

    fn for_form(&self, form: Form) -> &str {
        match form {
            Form::Plain => &self.plain,
            Form::LinkedData => &self.linked_data,
        }
    }
}

/// A record with its signature, as the exact ASCII bytes that are stored and committed to. Never re-serialised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jws(String);

impl Jws {
    /// Signs canonical bytes. `sign` gets the signing input and returns the 64-byte signature of the private half of
    /// `key` (for ES256: `r || s`).
    ///
    /// # Errors
    /// [`JwsError::Payload`] when the payload is not canonical JSON.
    pub fn sign(payload: &[u8], key: &Jwk, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Result<Self, JwsError> {
        let form = Form::of(&jcs::parse(payload)?);
        Ok(Self::sign_canonical(payload, form, &Protected::of(key)?, sign))
    }

    /// Signs bytes that are known to be canonical: what [`jcs::to_bytes`] just wrote need not be read again.
    pub(crate) fn sign_canonical(
        payload: &[u8],
        form: Form,
        header: &Protected,
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Self {
        let mut text = format!("{}.{}", header.for_form(form), base64url::encode(payload));
        let signature = sign(text.as_bytes());
        text.push('.');
        text.push_str(&base64url::encode(&signature));
        Self(text)
    }

    /// Takes a stored string up; nothing is verified.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The compact string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `base64url(SHA-256(ASCII of the compact string))`: how a later record names this one.
    pub fn digest(&self) -> crate::record::Digest {
        crate::record::Digest::of(self.0.as_bytes())
    }

    /// The thumbprint of the key that the header names, to look the key up; nothing is verified.
    ///
    /// # Errors
    /// [`JwsError::Malformed`] or [`JwsError::Header`].
    pub fn kid(&self) -> Result<Thumbprint, JwsError> {
        let (protected, _) = self.0.split_once('.').ok_or(JwsError::Malformed)?;
        let protected = base64url::decode(protected).ok_or(JwsError::Malformed)?;
        let header: Header = jcs::parse(&protected).map_err(|_| JwsError::Header)?;
        Ok(header.kid)
    }

    /// Verifies header, key and signature and returns the payload. No key is taken from the header.
    ///
    /// # Errors
    /// Any [`JwsError`].
    pub fn verify(&self, key: &Jwk) -> Result<Vec<u8>, JwsError> {
        let (input, signature) = self.0.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (protected, payload) = input.split_once('.').ok_or(JwsError::Malformed)?;
        let decode = |part| base64url::decode(part).ok_or(JwsError::Malformed);
        let (protected, payload, signature) = (decode(protected)?, decode(payload)?, decode(signature)?);
        let header: Header = jcs::parse(&protected).map_err(|_| JwsError::Header)?;
        let form = [Form::Plain, Form::LinkedData]
            .into_iter()
            .find(|form| form.typ() == header.typ && form.cty() == header.cty)
            .ok_or(JwsError::Header)?;
        if header.alg != Algorithm::of(key) {
            return Err(JwsError::Algorithm);
        }
        if header.kid != key.thumbprint() {
            return Err(JwsError::OtherKey);
        }
        let verified = match key {
            Jwk::Ed25519 { x } => {
                UnparsedPublicKey::new(&ED25519, x.as_slice()).verify(input.as_bytes(), &signature)
            }
            Jwk::P256 { .. } => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.to_sec1())
                .verify(input.as_bytes(), &signature),
        };
        verified.map_err(|_| JwsError::Signature)?;
        // A signature for one kind of payload is none for the other.
        if Form::of(&jcs::parse(&payload)?) != form {
            return Err(JwsError::Header);
        }
        Ok(payload)
    }
}
