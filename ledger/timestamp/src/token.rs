//! The token: a CMS message (RFC 5652) around the time.

use cms::{
    cert::CertificateChoices,
    content_info::ContentInfo,
    signed_data::{SignedData, SignerIdentifier, SignerInfo},
};
use der::{
    Any, Decode, Encode, Sequence,
    asn1::{Int, ObjectIdentifier, OctetString},
};
use x509_cert::{Certificate, attr::Attributes, spki::AlgorithmIdentifierOwned};

use crate::{
    MAX_LEN, TimestampError, chain, malformed, signature,
    wire::{TstInfo, is_imprint_of, nonce_integer},
};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// What the reader knows beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// SHA-256 of what was stamped.
    pub digest: &'a [u8; 32],
    /// The nonce of the request; `None` for whoever verifies later and did not ask.
    pub nonce: Option<[u8; 8]>,
    /// The policy that the reader accepts, as a dotted object identifier; `None` accepts any.
    pub policy: Option<&'a str>,
    /// The authorities that the reader believes.
    pub roots: &'a [Certificate],
}

/// A token that verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When, in whole seconds since 1970, by the authority's clock.
    pub seconds: u64,
    /// Under which of its policies.
    pub policy: String,
    /// Name of the authority, as its certificate has it.
    pub authority: String,
    /// Its number for the token, big-endian.
    pub serial: Vec<u8>,
}

/// RFC 5035 §4.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
    #[asn1(optional = "true")]
    policies: Option<Any>,
}

#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct EssCertIdV2 {
    /// SHA-256 when absent.
    #[asn1(optional = "true")]
    hash_algorithm: Option<AlgorithmIdentifierOwned>,
    cert_hash: OctetString,
    #[asn1(optional = "true")]
    issuer_serial: Option<Any>,
}

/// Verifies a token (RFC 3161 §2.4.2, RFC 5652 §5.4 and §5.6): what was stamped, nonce and policy, the signed attributes,
/// the signer's certificate and its purpose, the signature, and a chain to a root, all valid at the time stamped.
///
/// # Errors
/// [`TimestampError`].
pub fn verify(token: &[u8], expected: &Expected<'_>) -> Result<Stamp, TimestampError> {
    if token.len() > MAX_LEN {
        return Err(malformed("token"));
    }
    let info = ContentInfo::from_der(token).map_err(|_| malformed("token"))?;
    if info.content_type != SIGNED_DATA {
        return Err(malformed("token"));
    }
    let signed: SignedData = info.content.decode_as().map_err(|_| malformed("token"))?;
    let content = &signed.encap_content_info;
    let stated = content.econtent.as_ref().ok_or(malformed("token"))?;
    let stated: OctetString = stated.decode_as().map_err(|_| malformed("token"))?;
    if content.econtent_type != TST_INFO {
        return Err(malformed("token"));
    }
    let tst = TstInfo::from_der(stated.as_bytes()).map_err(|_| malformed("time"))?;
    let seconds = tst.seconds().ok_or(malformed("time"))?;
    check_statement(&tst, expected)?;

    let [signer] = signed.signer_infos.0.as_slice() else {
        return Err(malformed("token"));
    };
    let certificates: Vec<Certificate> = signed
        .certificates
        .iter()
        .flat_map(|set| set.0.iter())
        .filter_map(|choice| match choice {
            CertificateChoices::Certificate(certificate) => Some(certificate.clone()),
            CertificateChoices::Other(_) => None,
        })
        .collect();
    let certificate = certificates.iter().find(|one| is_of(one, &signer.sid));
    let certificate = certificate.ok_or(TimestampError::Signer {
        what: "is not in the token",
    })?;
    check_signature(signer, certificate, stated.as_bytes())?;
    chain::check_signer(certificate)?;
    if !chain::leads_to_root(certificate, &certificates, expected.roots, seconds) {
        return Err(TimestampError::Chain);
    }
    Ok(Stamp {
        seconds,
        policy: tst.policy.to_string(),
        authority: certificate.tbs_certificate.subject.to_string(),
        serial: tst.serial_number.as_bytes().to_vec(),
    })
}

fn check_statement(tst: &TstInfo, expected: &Expected<'_>) -> Result<(), TimestampError> {
    if tst.version != 1 {
        return Err(malformed("time"));
    }
    if !is_imprint_of(&tst.message_imprint, expected.digest) {
        return Err(TimestampError::OtherImprint);
    }
    let nonce: Option<Int> = expected.nonce.map(nonce_integer).transpose()?;
    if nonce.is_some() && nonce != tst.nonce {
        return Err(TimestampError::OtherNonce);
    }
    let policy = tst.policy.to_string();
    match expected.policy {
        Some(wanted) if wanted != policy => Err(TimestampError::OtherPolicy { policy }),
        _ => Ok(()),
    }
}

fn is_of(certificate: &Certificate, signer: &SignerIdentifier) -> bool {
    match signer {
        SignerIdentifier::IssuerAndSerialNumber(named) => {
            named.issuer == certificate.tbs_certificate.issuer
                && named.serial_number == certificate.tbs_certificate.serial_number
        }
        // RFC 3161 §2.4.1 binds the certificate by its hash; authorities name it by issuer and number.
        SignerIdentifier::SubjectKeyIdentifier(_) => false,
    }
}

fn check_signature(
    signer: &SignerInfo,
    certificate: &Certificate,
    content: &[u8],
) -> Result<(), TimestampError> {
    let attributes = signer.signed_attrs.as_ref();
    let attributes = attributes.ok_or(TimestampError::Attribute {
        attribute: "content-type",
    })?;
    let wrong = |attribute| TimestampError::Attribute { attribute };
    let kind: ObjectIdentifier = only(attributes, CONTENT_TYPE).ok_or(wrong("content-type"))?;
    if kind != TST_INFO {
        return Err(wrong("content-type"));
    }
    let digest: OctetString = only(attributes, MESSAGE_DIGEST).ok_or(wrong("message-digest"))?;
    if digest.as_bytes() != signature::hash(signer.digest_alg.oid, content)?.as_ref() {
        return Err(wrong("message-digest"));
    }
    // RFC 5816 §2.2.1: the attribute binds the certificate, so that another one over the same key does not pass.
    let bound: SigningCertificateV2 =
        only(attributes, SIGNING_CERTIFICATE_V2).ok_or(wrong("signing-certificate-v2"))?;
    let first = bound.certs.first().ok_or(wrong("signing-certificate-v2"))?;
    let bytes = certificate.to_der().map_err(|_| malformed("certificate"))?;
    let algorithm = first.hash_algorithm.as_ref();
    let algorithm = algorithm.map_or(signature::SHA256, |algorithm| algorithm.oid);
    if first.cert_hash.as_bytes() != signature::hash(algorithm, &bytes)?.as_ref() {
        return Err(wrong("signing-certificate-v2"));
    }
    // RFC 5652 §5.4: signed as a SET OF, whatever tag they have in the message.
    let message = attributes.to_der().map_err(|_| malformed("token"))?;
    signature::verify(
        &certificate.tbs_certificate.subject_public_key_info,
        signer.signature_algorithm.oid,
        Some(signer.digest_alg.oid),
        &message,
        signer.signature.as_bytes(),
    )
}

/// The one value of an attribute that stands there once.
fn only<T: der::DecodeOwned>(attributes: &Attributes, id: ObjectIdentifier) -> Option<T> {
    let mut found = attributes.iter().filter(|attribute| attribute.oid == id);
    let (attribute, None) = (found.next()?, found.next()) else {
        return None;
    };
    let [value] = attribute.values.as_slice() else {
        return None;
    };
    T::from_der(&value.to_der().ok()?).ok()
}
