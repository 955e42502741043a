//! RFC 3161 time-stamp tokens: the request, and the verification of what comes back, without a network.
//!
//! What it does: writes a request, takes the token out of a response, and verifies a token against a digest, roots of the
//! reader and, where the reader has them, nonce and policy.
//! What it deliberately does not: talk to anybody, read a clock, or decide which authority is to be believed.
//!
//! LIMIT: revocation is not looked at (no CRL, no OCSP). A token proves what its authority's key said; when that key was
//! revoked is for the reader to find out.
//! LIMIT: RSA (PKCS #1 v1.5) and ECDSA (P-256, P-384) with SHA-256, SHA-384 or SHA-512; one signer.

mod chain;
mod signature;
mod token;
mod wire;

pub use chain::roots_from_pem;
pub use token::{Expected, Stamp, verify};
pub use wire::{request, token_of_response};
pub use x509_cert::Certificate;

/// Media type of a request (RFC 3161 §3.4).
pub const QUERY_TYPE: &str = "application/timestamp-query";
/// Media type of a response.
pub const REPLY_TYPE: &str = "application/timestamp-reply";
/// Largest response or token we read, in bytes: a token with its certificates is some thousands.
pub const MAX_LEN: usize = 64 * 1024;

/// Why a time stamp was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// Not the bytes of such a thing.
    #[error("the {what} is malformed")]
    Malformed {
        /// What.
        what: &'static str,
    },
    /// The authority said no.
    #[error("the authority answered status {status}")]
    NotGranted {
        /// PKIStatus (RFC 3161 §2.4.2).
        status: u8,
    },
    /// The token stamps something else.
    #[error("the token is about other bytes")]
    OtherImprint,
    /// The token answers another request.
    #[error("the token does not carry the nonce of the request")]
    OtherNonce,
    /// Issued under another policy.
    #[error("the token was issued under the policy {policy}")]
    OtherPolicy {
        /// The policy found.
        policy: String,
    },
    /// The signed attributes are not those of this token.
    #[error("the token's attribute `{attribute}` is missing or wrong")]
    Attribute {
        /// Which.
        attribute: &'static str,
    },
    /// The certificate of the signer is not in the token, or may not stamp times.
    #[error("the signer's certificate {what}")]
    Signer {
        /// What is wrong.
        what: &'static str,
    },
    /// No way leads from the signer to a root of the reader.
    #[error("no chain leads from the signer's certificate to a root that you gave")]
    Chain,
    /// An algorithm that we do not know.
    #[error("the algorithm {oid} is not supported")]
    Algorithm {
        /// Its object identifier.
        oid: String,
    },
    /// A signature does not verify.
    #[error("the signature of the token does not verify")]
    Signature,
}

const fn malformed(what: &'static str) -> TimestampError {
    TimestampError::Malformed { what }
}
