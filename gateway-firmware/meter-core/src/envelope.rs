//! The signed container in which a gateway sends one batch. Version 1 is frozen byte for byte.
//!
//! ```text
//! offset  bytes  field                 all integers big-endian
//!      0      4  magic                 "FDCE"
//!      4      1  version               1
//!      5      1  algorithm             1 = Ed25519 (RFC 8032)
//!      6      1  content type          1 = SenML in CBOR (RFC 8428 §6)
//!      7      1  origin level          0, reserved
//!      8     16  gateway id            UUID
//!     24     16  delivery point id     UUID
//!     40     16  batch id              UUID, chosen once per batch: the key of idempotence
//!     56      8  sequence              unsigned, grows by at least 1 with each batch of a gateway
//!     64      8  created at            signed, microseconds since 1970-01-01T00:00:00Z
//!     72      4  payload length        at most 65 536
//!     76      n  payload
//!   76+n     64  signature
//! ```
//!
//! The signature is over `"fiducie-envelope/v1\0" || every byte before the signature`. The prefix keeps a signature
//! made for another purpose from being taken for one of ours. There is no cryptography here: callers sign and verify.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

use thiserror::Error;

/// First four bytes of every envelope.
pub const MAGIC: [u8; 4] = *b"FDCE";

/// The only version there is.
pub const VERSION: u8 = 1;

/// What the signature covers before the bytes of the envelope.
pub const SIGNATURE_CONTEXT: &[u8] = b"fiducie-envelope/v1\0";

/// Largest payload, bytes.
pub const LARGEST_PAYLOAD: usize = 65_536;

/// Bytes before the payload.
pub const HEADER_LENGTH: usize = 76;

/// Bytes after the payload.
pub const SIGNATURE_LENGTH: usize = 64;

/// Media type of an envelope over HTTP.
pub const MEDIA_TYPE: &str = "application/vnd.fiducie.envelope";

const ED25519: u8 = 1;

/// What the payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    /// A SenML pack in CBOR.
    SenmlCbor,
}

impl ContentType {
    const fn byte(self) -> u8 {
        match self {
            Self::SenmlCbor => 1,
        }
    }
}

/// Everything said about a batch outside of its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What the payload is.
    pub content: ContentType,
    /// UUID of the gateway that signs.
    pub gateway_id: [u8; 16],
    /// UUID of the delivery point measured. The number of the point (PRM) never leaves the gateway.
    pub point_id: [u8; 16],
    /// UUID of the batch; the same batch sent twice has the same one.
    pub batch_id: [u8; 16],
    /// Place of the batch among those of the gateway. Gaps are allowed, going back is not.
    pub sequence: u64,
    /// When the batch was closed, UTC microseconds by the gateway's clock.
    pub created_at_us: i64,
}

/// An envelope read in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// What is said of the payload. Nothing of it may be believed before [`Self::verify`].
    pub header: Header,
    /// The payload.
    pub payload: &'a [u8],
    signature: &'a [u8; SIGNATURE_LENGTH],
    signed: &'a [u8],
}

/// Why bytes are not an envelope, or cannot become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EnvelopeError {
    /// Fewer bytes than the header, or the header and payload length, announce.
    #[error("the envelope is cut short: {expected} bytes expected, {found} found")]
    Truncated {
        /// Bytes needed.
        expected: usize,
        /// Bytes there.
        found: usize,
    },
    /// Does not begin with `FDCE`.
    #[error("not an envelope: the first four bytes are not `FDCE`")]
    BadMagic,
    /// A version this code does not read.
    #[error("envelope version {version} is not supported")]
    UnsupportedVersion {
        /// The version found.
        version: u8,
    },
    /// A signature algorithm this code does not know.
    #[error("signature algorithm {algorithm} is not supported")]
    UnsupportedAlgorithm {
        /// The algorithm found.
        algorithm: u8,
    },
    /// A content type this code does not know.
    #[error("content type {content_type} is not supported")]
    UnsupportedContentType {
        /// The content type found.
        content_type: u8,
    },
    /// The reserved byte is not zero.
    #[error("origin level {level} is not supported")]
    UnsupportedOriginLevel {
        /// The level found.
        level: u8,
    },
    /// More than [`LARGEST_PAYLOAD`] bytes.
    #[error("the payload has {length} bytes, more than the {LARGEST_PAYLOAD} allowed")]
    Oversized {
        /// The length, or the length announced.
        length: usize,
    },
    /// Bytes after the signature.
    #[error("{count} bytes after the end of the envelope")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
}

impl<'a> Envelope<'a> {
    /// Reads an envelope without copying or allocating. The signature is not verified.
    ///
    /// # Errors
    /// Each way of not being a version 1 envelope has its own [`EnvelopeError`]; the magic is looked at first, then
    /// version, algorithm, content type, reserved byte, length, and last the end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(EnvelopeError::BadMagic);
        }
        let mut reader = Reader {
            rest: bytes,
            total: bytes.len(),
        };
        let [_, _, _, _, version, algorithm, content_type, level] = reader.take::<8>()?;
        if version != VERSION {
            return Err(EnvelopeError::UnsupportedVersion { version });
        }
        if algorithm != ED25519 {
            return Err(EnvelopeError::UnsupportedAlgorithm { algorithm });
        }
        if content_type != ContentType::SenmlCbor.byte() {
            return Err(EnvelopeError::UnsupportedContentType { content_type });
        }
        if level != 0 {
            return Err(EnvelopeError::UnsupportedOriginLevel { level });
        }
        let header = Header {
            content: ContentType::SenmlCbor,
            gateway_id: reader.take()?,
            point_id: reader.take()?,
            batch_id: reader.take()?,
            sequence: u64::from_be_bytes(reader.take()?),
            created_at_us: i64::from_be_bytes(reader.take()?),
        };
        let length = usize::try_from(u32::from_be_bytes(reader.take()?)).unwrap_or(usize::MAX);
        if length > LARGEST_PAYLOAD {
            return Err(EnvelopeError::Oversized { length });
        }
        let payload = reader.slice(length)?;
        let signed_length = HEADER_LENGTH + length;
        let signature = reader.slice(SIGNATURE_LENGTH)?;
        if !reader.rest.is_empty() {
            return Err(EnvelopeError::TrailingBytes {
                count: reader.rest.len(),
            });
        }
        let truncated = EnvelopeError::Truncated {
            expected: signed_length,
            found: bytes.len(),
        };
        let (signed, _) = bytes.split_at_checked(signed_length).ok_or(truncated)?;
        let signature = signature.try_into().map_err(|_| truncated)?;
        Ok(Self {
            header,
            payload,
            signature,
            signed,
        })
    }

    /// The signature as sent.
    #[must_use]
    pub const fn signature(&self) -> &'a [u8; SIGNATURE_LENGTH] {
        self.signature
    }

    /// The two parts whose concatenation is signed, for callers that hash as they go.
    #[must_use]
    pub const fn signed_parts(&self) -> [&'a [u8]; 2] {
        [SIGNATURE_CONTEXT, self.signed]
    }

    /// The message that is signed.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn signing_message(&self) -> Vec<u8> {
        self.signed_parts().concat()
    }

    /// Whether `verify(message, signature)`, which callers make of the gateway's registered key, holds.
    #[cfg(feature = "alloc")]
    pub fn verify(&self, verify: impl FnOnce(&[u8], &[u8; SIGNATURE_LENGTH]) -> bool) -> bool {
        verify(&self.signing_message(), self.signature)
    }
}

/// Builds an envelope; `sign` gets the message of the signature.
///
/// # Errors
/// [`EnvelopeError::Oversized`] when the payload has more than [`LARGEST_PAYLOAD`] bytes.
#[cfg(feature = "alloc")]
pub fn encode(
    header: &Header,
    payload: &[u8],
    sign: impl FnOnce(&[u8]) -> [u8; SIGNATURE_LENGTH],
) -> Result<Vec<u8>, EnvelopeError> {
    let oversized = EnvelopeError::Oversized {
        length: payload.len(),
    };
    if payload.len() > LARGEST_PAYLOAD {
        return Err(oversized);
    }
    let length = u32::try_from(payload.len()).map_err(|_| oversized)?;
    let mut bytes = Vec::with_capacity(HEADER_LENGTH + payload.len() + SIGNATURE_LENGTH);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&[VERSION, ED25519, header.content.byte(), 0]);
    bytes.extend_from_slice(&header.gateway_id);
    bytes.extend_from_slice(&header.point_id);
    bytes.extend_from_slice(&header.batch_id);
    bytes.extend_from_slice(&header.sequence.to_be_bytes());
    bytes.extend_from_slice(&header.created_at_us.to_be_bytes());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(payload);
    let signature = sign(&[SIGNATURE_CONTEXT, &bytes].concat());
    bytes.extend_from_slice(&signature);
    Ok(bytes)
}

struct Reader<'a> {
    rest: &'a [u8],
    total: usize,
}

impl<'a> Reader<'a> {
    fn slice(&mut self, length: usize) -> Result<&'a [u8], EnvelopeError> {
        let expected = self.total - self.rest.len() + length;
        let truncated = EnvelopeError::Truncated {
            expected,
            found: self.total,
        };
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], EnvelopeError> {
        let truncated = EnvelopeError::Truncated {
            expected: N,
            found: self.total,
        };
        self.slice(N)?.try_into().map_err(|_| truncated)
    }
}

#[cfg(test)]
#[cfg(feature = "alloc")]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            content: ContentType::SenmlCbor,
            gateway_id: [0x11; 16],
            point_id: [0x22; 16],
            batch_id: [0x33; 16],
            sequence: 0x0102_0304_0506_0708,
            created_at_us: 1_768_030_200_000_000,
        }
    }

    fn sample() -> Vec<u8> {
        encode(&header(), b"\x80", |_| [0x44; 64]).unwrap()
    }

    /// The bytes of version 1 are frozen: if this fails, fix the code.
    #[test]
    fn version_1_keeps_its_bytes() {
        let mut expected = b"FDCE\x01\x01\x01\x00".to_vec();
        expected.extend([0x11; 16]);
        expected.extend([0x22; 16]);
        expected.extend([0x33; 16]);
        expected.extend([0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08]);
        expected.extend([0x00, 0x06, 0x48, 0x03, 0x9C, 0x05, 0xEE, 0x00]);
        expected.extend([0x00, 0x00, 0x00, 0x01, 0x80]);
        expected.extend([0x44; 64]);
        assert_eq!(sample(), expected);
        let mut signed = b"fiducie-envelope/v1\0".to_vec();
        signed.extend(&expected[..77]);
        assert_eq!(Envelope::parse(&expected).unwrap().signing_message(), signed);
    }

    #[test]
    fn what_was_encoded_is_read_back() {
        let bytes = sample();
        let envelope = Envelope::parse(&bytes).unwrap();
        assert_eq!(envelope.header, header());
        assert_eq!(envelope.payload, b"\x80");
        assert!(envelope.verify(|_, signature| *signature == [0x44; 64]));
    }

    #[test]
    fn signer_and_verifier_see_the_same_message() {
        let mut message = Vec::new();
        let bytes = encode(&header(), b"payload", |signed| {
            message = signed.to_vec();
            [0; 64]
        });
        assert_eq!(
            Envelope::parse(&bytes.unwrap()).unwrap().signing_message(),
            message
        );
    }

    #[test]
    fn each_wrong_byte_has_its_name() {
        let with = |offset: usize, byte: u8| {
            let mut bytes = sample();
            bytes[offset] = byte;
            Envelope::parse(&bytes).map(|_| ()).unwrap_err()
        };
        assert_eq!(with(0, b'f'), EnvelopeError::BadMagic);
        assert_eq!(with(4, 2), EnvelopeError::UnsupportedVersion { version: 2 });
        assert_eq!(with(5, 7), EnvelopeError::UnsupportedAlgorithm { algorithm: 7 });
        assert_eq!(
            with(6, 0),
            EnvelopeError::UnsupportedContentType { content_type: 0 }
        );
        assert_eq!(with(7, 1), EnvelopeError::UnsupportedOriginLevel { level: 1 });
        assert_eq!(with(72, 1), EnvelopeError::Oversized { length: 0x0100_0001 });
        assert_eq!(with(75, 0), EnvelopeError::TrailingBytes { count: 1 });
        assert_eq!(
            with(75, 2),
            EnvelopeError::Truncated {
                expected: 142,
                found: 141
            }
        );
    }

    #[test]
    fn every_cut_is_refused() {
        let bytes = sample();
        for length in 0..bytes.len() {
            assert!(Envelope::parse(&bytes[..length]).is_err(), "{length}");
        }
        let mut longer = bytes;
        longer.push(0);
        assert_eq!(
            Envelope::parse(&longer),
            Err(EnvelopeError::TrailingBytes { count: 1 })
        );
    }

    #[test]
    fn a_payload_too_large_is_not_encoded() {
        let payload = vec![0; LARGEST_PAYLOAD + 1];
        let refused = encode(&header(), &payload, |_| [0; 64]);
        assert_eq!(
            refused,
            Err(EnvelopeError::Oversized {
                length: LARGEST_PAYLOAD + 1
            })
        );
        assert!(encode(&header(), &payload[1..], |_| [0; 64]).is_ok());
    }
}
