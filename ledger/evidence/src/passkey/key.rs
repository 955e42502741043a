//! Public keys of passkeys: read from COSE (RFC 9052 §7, RFC 9053) or JWK (RFC 7517, RFC 7518 §6, RFC 8037).
//!
//! The list is that of the reference (`consent.md` §4.2): ES256, ES384, RS256 (Windows Hello) and Ed25519.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};

use super::cbor::Reader;
use crate::{base64url, jws::Thumbprint};

/// How a passkey may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// ECDSA over P-384 with SHA-384.
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every algorithm that is allowed.
    pub const ALL: [Self; 4] = [Self::Es256, Self::Es384, Self::Rs256, Self::EdDsa];

    /// Its number in the IANA registry “COSE Algorithms”.
    pub const fn cose(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::Es384 => -35,
            Self::Rs256 => -257,
            Self::EdDsa => -8,
        }
    }
}

/// Why a public key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a public key in the one spelling we read.
    #[error("not a public key")]
    Malformed,
    /// A key for another algorithm or curve.
    #[error("the key is of a kind that is not allowed")]
    AlgorithmNotAllowed,
}

/// The public key of a passkey.
///
/// LIMIT: that coordinates are a point of the curve is checked by `ring` when a signature is, and not before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawKey", into = "RawKey")]
pub enum CredentialKey {
    /// For [`Algorithm::Es256`].
    P256 {
        /// First coordinate, big-endian.
        x: [u8; 32],
        /// Second coordinate, big-endian.
        y: [u8; 32],
    },
    /// For [`Algorithm::Es384`].
    P384 {
        /// First coordinate, big-endian.
        x: [u8; 48],
        /// Second coordinate, big-endian.
        y: [u8; 48],
    },
    /// For [`Algorithm::Rs256`].
    Rsa(RsaKey),
    /// For [`Algorithm::EdDsa`].
    Ed25519 {
        /// The public key of RFC 8032.
        x: [u8; 32],
    },
}

/// An RSA key of 2048 to 8192 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RsaKey {
    n: Vec<u8>,
    e: Vec<u8>,
}

impl RsaKey {
    /// RFC 8230 §4, RFC 7518 §6.3.1: big-endian without leading zeros.
    fn new(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let long_enough = n.first().is_some_and(|first| n.len() > 256 || *first >= 0x80);
        let exponent = e.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        let sound = (256..=1024).contains(&n.len())
            && long_enough
            && n.first() != Some(&0)
            && (1..=4).contains(&e.len())
            && e.first() != Some(&0)
            && exponent >= 3
            && exponent % 2 == 1;
        if sound {
            Ok(Self {
                n: n.to_vec(),
                e: e.to_vec(),
            })
        } else {
            Err(KeyError::Malformed)
        }
    }
}

impl CredentialKey {
    /// Reads a COSE key: exactly the members of its kind, in CTAP2 canonical form (WebAuthn L3 §6.5.1.1: it “MUST contain
    /// the "alg" parameter and MUST NOT contain any other OPTIONAL parameters”).
    ///
    /// # Errors
    /// Any [`KeyError`].
    pub fn from_cose(bytes: &[u8]) -> Result<Self, KeyError> {
        let mut reader = Reader::new(bytes);
        let members = reader.map().ok_or(KeyError::Malformed)?;
        let kty = labelled(&mut reader, 1)?.int().ok_or(KeyError::Malformed)?;
        let alg = labelled(&mut reader, 3)?.int().ok_or(KeyError::Malformed)?;
        let key = match (kty, alg) {
            (1, -8) => {
                curve(&mut reader, 6)?;
                Self::Ed25519 {
                    x: member(&mut reader, -2)?,
                }
            }
            (2, -7) => {
                curve(&mut reader, 1)?;
                let x = member(&mut reader, -2)?;
                let y = member(&mut reader, -3)?;
                Self::P256 { x, y }
            }
            (2, -35) => {
                curve(&mut reader, 2)?;
                let x = member(&mut reader, -2)?;
                let y = member(&mut reader, -3)?;
                Self::P384 { x, y }
            }
            (3, -257) => {
                let n = labelled(&mut reader, -1)?.bytes().ok_or(KeyError::Malformed)?;
                let e = labelled(&mut reader, -2)?.bytes().ok_or(KeyError::Malformed)?;
                Self::Rsa(RsaKey::new(n, e)?)
            }
            _ => return Err(KeyError::AlgorithmNotAllowed),
        };
        reader.end().ok_or(KeyError::Malformed)?;
        if members == key.cose_members() {
            Ok(key)
        } else {
            Err(KeyError::Malformed)
        }
    }

    /// Reads a JWK: exactly the members that its kind requires.
    ///
    /// # Errors
    /// Any [`KeyError`].
    pub fn from_jwk(jwk: &serde_json::Value) -> Result<Self, KeyError> {
        RawKey::deserialize(jwk)
            .map_err(|_| KeyError::Malformed)?
            .try_into()
    }

    /// The bytes that [`Self::from_cose`] reads.
    pub fn to_cose(&self) -> Vec<u8> {
        let mut to = vec![0xa0 | u8::try_from(self.cose_members()).unwrap_or(0)];
        match self {
            Self::Ed25519 { x } => {
                to.extend([0x01, 0x01, 0x03, 0x27, 0x20, 0x06]);
                put_bytes(&mut to, 0x21, x);
            }
            Self::P256 { x, y } => {
                to.extend([0x01, 0x02, 0x03, 0x26, 0x20, 0x01]);
                put_bytes(&mut to, 0x21, x);
                put_bytes(&mut to, 0x22, y);
            }
            Self::P384 { x, y } => {
                to.extend([0x01, 0x02, 0x03, 0x38, 0x22, 0x20, 0x02]);
                put_bytes(&mut to, 0x21, x);
                put_bytes(&mut to, 0x22, y);
            }
            Self::Rsa(RsaKey { n, e }) => {
                to.extend([0x01, 0x03, 0x03, 0x39, 0x01, 0x00]);
                put_bytes(&mut to, 0x20, n);
                put_bytes(&mut to, 0x21, e);
            }
        }
        to
    }

    const fn cose_members(&self) -> u64 {
        match self {
            Self::P256 { .. } | Self::P384 { .. } => 5,
            Self::Rsa(_) | Self::Ed25519 { .. } => 4,
        }
    }

    /// The one algorithm this key is for.
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256 { .. } => Algorithm::Es256,
            Self::P384 { .. } => Algorithm::Es384,
            Self::Rsa(_) => Algorithm::Rs256,
            Self::Ed25519 { .. } => Algorithm::EdDsa,
        }
    }

    /// `base64url(SHA-256(required members in lexical order, no white space))` (RFC 7638).
    pub fn thumbprint(&self) -> Thumbprint {
        let raw = RawKey::from(self.clone());
        let member = |name: &str, value: &Option<String>| {
            let value = value.as_ref()?;
            Some(format!(r#""{name}":"{value}""#))
        };
        let members = [
            member("crv", &raw.crv),
            member("e", &raw.e),
            member("kty", &Some(raw.kty)),
            member("n", &raw.n),
            member("x", &raw.x),
            member("y", &raw.y),
        ];
        let members = members.into_iter().flatten().collect::<Vec<_>>().join(",");
        Thumbprint::of_members(&format!("{{{members}}}"))
    }

    /// Whether it signed these bytes. ECDSA signatures are in DER (WebAuthn L3 §6.5.5). Alone it proves nothing about an
    /// assertion: see [`verify`](super::verify).
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let point = |x: &[u8], y: &[u8]| [&[0x04], x, y].concat();
        let verified = match self {
            Self::P256 { x, y } => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point(x, y)).verify(message, signature)
            }
            Self::P384 { x, y } => {
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, point(x, y)).verify(message, signature)
            }
            Self::Rsa(RsaKey { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Self::Ed25519 { x } => UnparsedPublicKey::new(&ED25519, x).verify(message, signature),
        };
        verified.is_ok()
    }
}

/// The reader, past a label that must stand next. Labels in order, none left out: the canonical form has no other.
fn labelled<'r, 'a>(reader: &'r mut Reader<'a>, label: i64) -> Result<&'r mut Reader<'a>, KeyError> {
    if reader.int() == Some(label) {
        Ok(reader)
    } else {
        Err(KeyError::Malformed)
    }
}

fn curve(reader: &mut Reader<'_>, curve: i64) -> Result<(), KeyError> {
    match labelled(reader, -1)?.int() {
        Some(found) if found == curve => Ok(()),
        Some(_) => Err(KeyError::AlgorithmNotAllowed),
        None => Err(KeyError::Malformed),
    }
}

fn member<const N: usize>(reader: &mut Reader<'_>, label: i64) -> Result<[u8; N], KeyError> {
    let bytes = labelled(reader, label)?.bytes().ok_or(KeyError::Malformed)?;
    bytes.try_into().map_err(|_| KeyError::Malformed)
}

fn put_bytes(to: &mut Vec<u8>, label: u8, bytes: &[u8]) {
    // INVARIANT: no key is longer than 65535 bytes.
    let [high, low] = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
    match (high, low) {
        (0, 0..=23) => to.extend([label, 0x40 | low]),
        (0, _) => to.extend([label, 0x58, low]),
        _ => to.extend([label, 0x59, high, low]),
    }
    to.extend(bytes);
}

/// The members of a JWK, required ones only.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    kty: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<String>,
}

impl TryFrom<RawKey> for CredentialKey {
    type Error = KeyError;

    fn try_from(raw: RawKey) -> Result<Self, KeyError> {
        let RawKey { crv, e, kty, n, x, y } = &raw;
        match (kty.as_str(), crv.as_deref(), e, n, x, y) {
            ("OKP", Some("Ed25519"), None, None, Some(x), None) => Ok(Self::Ed25519 { x: fixed(x)? }),
            ("EC", Some("P-256"), None, None, Some(x), Some(y)) => Ok(Self::P256 {
                x: fixed(x)?,
                y: fixed(y)?,
            }),
            ("EC", Some("P-384"), None, None, Some(x), Some(y)) => Ok(Self::P384 {
                x: fixed(x)?,
                y: fixed(y)?,
            }),
            ("RSA", None, Some(e), Some(n), None, None) => {
                let decode = |text: &String| base64url::decode(text).ok_or(KeyError::Malformed);
                RsaKey::new(&decode(n)?, &decode(e)?).map(Self::Rsa)
            }
            ("OKP", Some("Ed25519"), ..) | ("EC", Some("P-256" | "P-384"), ..) | ("RSA", ..) => {
                Err(KeyError::Malformed)
            }
            _ => Err(KeyError::AlgorithmNotAllowed),
        }
    }
}

fn fixed<const N: usize>(text: &str) -> Result<[u8; N], KeyError> {
    base64url::decode(text)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(KeyError::Malformed)
}

impl From<CredentialKey> for RawKey {
    fn from(key: CredentialKey) -> Self {
        let kept = |bytes: &[u8]| Some(base64url::encode(bytes));
        let curve = |kty: &str, crv: &str, x: &[u8], y: Option<&[u8]>| Self {
            crv: Some(crv.to_owned()),
            kty: kty.to_owned(),
            x: kept(x),
            y: y.and_then(kept),
            ..Self::default()
        };
        match &key {
            CredentialKey::P256 { x, y } => curve("EC", "P-256", x, Some(y)),
            CredentialKey::P384 { x, y } => curve("EC", "P-384", x, Some(y)),
            CredentialKey::Ed25519 { x } => curve("OKP", "Ed25519", x, None),
            CredentialKey::Rsa(RsaKey { n, e }) => Self {
                e: kept(e),
                kty: "RSA".to_owned(),
                n: kept(n),
                ..Self::default()
            },
        }
    }
}
