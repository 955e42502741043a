//! Public keys as JWK (RFC 7517, RFC 8037), with members in one spelling.

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::base64url;

/// A public key that signs records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawJwk", into = "RawJwk")]
pub enum Jwk {
    /// `{"crv":"Ed25519","kty":"OKP","x":…}`
    Ed25519 {
        /// The public key of RFC 8032.
        x: [u8; 32],
    },
    /// `{"crv":"P-256","kty":"EC","x":…,"y":…}`
    P256 {
        /// First coordinate, big-endian.
        x: [u8; 32],
        /// Second coordinate, big-endian.
        y: [u8; 32],
    },
}

/// Why a JWK was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a public key of a kind we accept")]
pub struct JwkError;

/// RFC 7638 thumbprint: base64url of SHA-256, 43 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thumbprint(String);

impl Thumbprint {
    /// `base64url(SHA-256(members))`: the required members of a key as RFC 7638 writes them.
    pub(crate) fn of_members(members: &str) -> Self {
        Self(base64url::encode(digest(&SHA256, members.as_bytes()).as_ref()))
    }

    /// The 43 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Jwk {
    /// A P-256 key from its uncompressed point `04 || x || y` (65 bytes).
    pub fn from_sec1(point: &[u8]) -> Option<Self> {
        let (0x04, coordinates) = point.split_first()? else {
            return None;
        };
        let (x, y) = coordinates.split_first_chunk::<32>()?;
        Some(Self::P256 {
            x: *x,
            y: y.try_into().ok()?,
        })
    }

    /// `base64url(SHA-256(required members in lexical order, no white space))` (RFC 7638).
    pub fn thumbprint(&self) -> Thumbprint {
        let members = match self {
            Self::Ed25519 { x } => {
                format!(
                    r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
                    base64url::encode(x)
                )
            }
            Self::P256 { x, y } => format!(
                r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
                base64url::encode(x),
                base64url::encode(y)
            ),
        };
        Thumbprint::of_members(&members)
    }

    /// `04 || x || y` for P-256, the 32 bytes for Ed25519.
    pub(super) fn to_sec1(&self) -> Vec<u8> {
        match self {
            Self::Ed25519 { x } => x.to_vec(),
            Self::P256 { x, y } => [[0x04].as_slice(), x, y].concat(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawJwk {
    crv: String,
    kty: String,
    x: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
}

impl TryFrom<RawJwk> for Jwk {
    type Error = JwkError;

    fn try_from(raw: RawJwk) -> Result<Self, JwkError> {
        let coordinate = |text: &str| -> Result<[u8; 32], JwkError> {
            base64url::decode(text)
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or(JwkError)
        };
        let x = coordinate(&raw.x)?;
        match (raw.kty.as_str(), raw.crv.as_str(), raw.y.as_deref()) {
            ("OKP", "Ed25519", None) => Ok(Self::Ed25519 { x }),
            ("EC", "P-256", Some(y)) => Ok(Self::P256 { x, y: coordinate(y)? }),
            _ => Err(JwkError),
        }
    }
}

impl From<Jwk> for RawJwk {
    fn from(key: Jwk) -> Self {
        let (kty, crv, x, y) = match key {
            Jwk::Ed25519 { x } => ("OKP", "Ed25519", x, None),
            Jwk::P256 { x, y } => ("EC", "P-256", x, Some(base64url::encode(&y))),
        };
        Self {
            crv: crv.to_owned(),
            kty: kty.to_owned(),
            x: base64url::encode(&x),
            y,
        }
    }
}
