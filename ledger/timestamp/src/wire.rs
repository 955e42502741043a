//! The messages of RFC 3161 §2.4, as ASN.1.

use cms::content_info::ContentInfo;
use der::{
    Any, Decode, Encode, Sequence, Tag, Tagged,
    asn1::{BitString, Int, ObjectIdentifier, OctetString},
};
use x509_cert::{ext::Extensions, spki::AlgorithmIdentifierOwned};

use crate::{MAX_LEN, TimestampError, malformed, signature::SHA256};

#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct MessageImprint {
    pub hash_algorithm: AlgorithmIdentifierOwned,
    pub hashed_message: OctetString,
}

#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct Request {
    version: u8,
    message_imprint: MessageImprint,
    #[asn1(optional = "true")]
    policy: Option<ObjectIdentifier>,
    #[asn1(optional = "true")]
    nonce: Option<Int>,
    #[asn1(default = "Default::default")]
    cert_req: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct StatusInfo {
    status: u8,
    #[asn1(optional = "true")]
    text: Option<Vec<String>>,
    #[asn1(optional = "true")]
    failure: Option<BitString>,
}

#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct Response {
    status: StatusInfo,
    #[asn1(optional = "true")]
    token: Option<ContentInfo>,
}

/// TSTInfo; `gen_time` is read by [`TstInfo::seconds`], because it may have fractions.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct TstInfo {
    pub version: u8,
    pub policy: ObjectIdentifier,
    pub message_imprint: MessageImprint,
    pub serial_number: Int,
    pub gen_time: Any,
    #[asn1(optional = "true")]
    pub accuracy: Option<Vec<Any>>,
    #[asn1(default = "Default::default")]
    pub ordering: bool,
    #[asn1(optional = "true")]
    pub nonce: Option<Int>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub tsa: Option<Any>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub extensions: Option<Extensions>,
}

impl TstInfo {
    /// The time stamped, in whole seconds since 1970; fractions are cut off. RFC 3161 §2.4.2: `YYYYMMDDhhmmss[.s…]Z`.
    pub fn seconds(&self) -> Option<u64> {
        if self.gen_time.tag() != Tag::GeneralizedTime {
            return None;
        }
        let text = std::str::from_utf8(self.gen_time.value()).ok()?;
        let text = text.strip_suffix('Z')?;
        let whole = match text.split_once('.') {
            None => text,
            Some((whole, fraction)) => {
                let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
                (digits && !fraction.is_empty() && !fraction.ends_with('0')).then_some(whole)?
            }
        };
        if whole.len() != 14 || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let part = |from: usize, to: usize| whole.get(from..to)?.parse::<u8>().ok();
        let year = whole.get(..4)?.parse().ok()?;
        let (month, day) = (part(4, 6)?, part(6, 8)?);
        let time = der::DateTime::new(year, month, day, part(8, 10)?, part(10, 12)?, part(12, 14)?);
        Some(time.ok()?.unix_duration().as_secs())
    }
}

/// A nonce as an ASN.1 integer: positive, and of full length whatever was drawn.
pub fn nonce_integer(nonce: [u8; 8]) -> Result<Int, TimestampError> {
    let [first, rest @ ..] = nonce;
    let bytes: Vec<u8> = std::iter::once((first & 0x3f) | 0x40).chain(rest).collect();
    Int::new(&bytes).map_err(|_| malformed("nonce"))
}

/// `MessageImprint` of a SHA-256 digest; RFC 5754 §2 allows the parameters to be absent or NULL, so only the rest is
/// compared.
pub fn is_imprint_of(imprint: &MessageImprint, digest: &[u8; 32]) -> bool {
    imprint.hash_algorithm.oid == SHA256 && imprint.hashed_message.as_bytes() == digest
}

/// A request for a stamp over a SHA-256 digest, with a nonce, asking for the signer's certificate; in DER.
///
/// `policy` is a dotted object identifier; without one the authority chooses.
///
/// # Errors
/// [`TimestampError::Malformed`] for a policy that is no object identifier.
pub fn request(digest: &[u8; 32], nonce: [u8; 8], policy: Option<&str>) -> Result<Vec<u8>, TimestampError> {
    let policy = policy.map(ObjectIdentifier::new).transpose();
    let request = Request {
        version: 1,
        message_imprint: MessageImprint {
            hash_algorithm: AlgorithmIdentifierOwned {
                oid: SHA256,
                parameters: Some(Any::null()),
            },
            hashed_message: OctetString::new(*digest).map_err(|_| malformed("digest"))?,
        },
        policy: policy.map_err(|_| malformed("policy"))?,
        nonce: Some(nonce_integer(nonce)?),
        cert_req: true,
    };
    request.to_der().map_err(|_| malformed("request"))
}

/// The token in a response, in DER.
///
/// # Errors
/// [`TimestampError::NotGranted`], [`TimestampError::Malformed`].
pub fn token_of_response(response: &[u8]) -> Result<Vec<u8>, TimestampError> {
    if response.len() > MAX_LEN {
        return Err(malformed("response"));
    }
    let response = Response::from_der(response).map_err(|_| malformed("response"))?;
    // 0 granted, 1 granted with modifications (which the checks of the token would show).
    match (response.status.status, response.token) {
        (0 | 1, Some(token)) => token.to_der().map_err(|_| malformed("token")),
        (0 | 1, None) => Err(malformed("response")),
        (status, _) => Err(TimestampError::NotGranted { status }),
    }
}
