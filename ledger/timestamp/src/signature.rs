//! Signatures and digests by object identifier.

use der::asn1::ObjectIdentifier;
use ring::{
    digest,
    signature::{self, UnparsedPublicKey, VerificationAlgorithm},
};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::{TimestampError, malformed};

pub const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

fn unsupported(oid: ObjectIdentifier) -> TimestampError {
    TimestampError::Algorithm { oid: oid.to_string() }
}

/// The digest of `bytes` under an algorithm of the SHA-2 family.
pub fn hash(algorithm: ObjectIdentifier, bytes: &[u8]) -> Result<digest::Digest, TimestampError> {
    let algorithm = match algorithm {
        SHA256 => &digest::SHA256,
        SHA384 => &digest::SHA384,
        SHA512 => &digest::SHA512,
        other => return Err(unsupported(other)),
    };
    Ok(digest::digest(algorithm, bytes))
}

/// Verifies a signature. `digest` is the digest algorithm of a CMS signer, whose signature algorithm may be the bare
/// `rsaEncryption` (RFC 3370 §3.2); certificates name both in one.
pub fn verify(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: ObjectIdentifier,
    digest: Option<ObjectIdentifier>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), TimestampError> {
    let verifier = verifier(key, algorithm, digest)?;
    let public = key.subject_public_key.as_bytes().ok_or(malformed("public key"))?;
    UnparsedPublicKey::new(verifier, public)
        .verify(message, signature)
        .map_err(|_| TimestampError::Signature)
}

fn verifier(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: ObjectIdentifier,
    digest: Option<ObjectIdentifier>,
) -> Result<&'static dyn VerificationAlgorithm, TimestampError> {
    if key.algorithm.oid == RSA {
        return match (algorithm, digest) {
            (RSA_SHA256, None | Some(SHA256)) | (RSA, Some(SHA256)) => {
                Ok(&signature::RSA_PKCS1_2048_8192_SHA256)
            }
            (RSA_SHA384, None | Some(SHA384)) | (RSA, Some(SHA384)) => {
                Ok(&signature::RSA_PKCS1_2048_8192_SHA384)
            }
            (RSA_SHA512, None | Some(SHA512)) | (RSA, Some(SHA512)) => {
                Ok(&signature::RSA_PKCS1_2048_8192_SHA512)
            }
            _ => Err(unsupported(algorithm)),
        };
    }
    if key.algorithm.oid != EC {
        return Err(unsupported(key.algorithm.oid));
    }
    let curve = key.algorithm.parameters.as_ref();
    let curve = curve.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    match (curve, algorithm, digest) {
        (Some(P256), ECDSA_SHA256, None | Some(SHA256)) => Ok(&signature::ECDSA_P256_SHA256_ASN1),
        (Some(P256), ECDSA_SHA384, None | Some(SHA384)) => Ok(&signature::ECDSA_P256_SHA384_ASN1),
        (Some(P384), ECDSA_SHA256, None | Some(SHA256)) => Ok(&signature::ECDSA_P384_SHA256_ASN1),
        (Some(P384), ECDSA_SHA384, None | Some(SHA384)) => Ok(&signature::ECDSA_P384_SHA384_ASN1),
        _ => Err(unsupported(algorithm)),
    }
}
