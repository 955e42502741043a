//! From a signer's certificate to a root (RFC 5280 §6.1, as far as time-stamping authorities use it).

use der::{Decode, Encode, asn1::ObjectIdentifier};
use x509_cert::{
    Certificate,
    ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages},
};

use crate::{TimestampError, malformed, signature};

const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
/// What we understand. A certificate with another critical extension is refused (RFC 5280 §4.2).
const UNDERSTOOD: [ObjectIdentifier; 3] = [KEY_USAGE, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE];
/// Most authorities between a signer and a root.
const MAX_DEPTH: u8 = 4;

/// Reads certificates in PEM.
///
/// # Errors
/// [`TimestampError::Malformed`], also when there is none.
pub fn roots_from_pem(pem: &[u8]) -> Result<Vec<Certificate>, TimestampError> {
    // x509-cert 0.2.5 subtracts from the length of what is left without line ends, and there may be nothing left.
    if pem.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
        return Err(malformed("root certificate"));
    }
    let roots = Certificate::load_pem_chain(pem).map_err(|_| malformed("root certificate"))?;
    if roots.is_empty() {
        return Err(malformed("root certificate"));
    }
    Ok(roots)
}

/// The content of an extension and whether it is critical; `None` when absent, an error when there are two.
fn extension<'a, T: Decode<'a>>(
    certificate: &'a Certificate,
    id: ObjectIdentifier,
) -> Result<Option<(T, bool)>, TimestampError> {
    let all = certificate.tbs_certificate.extensions.iter().flatten();
    let mut found = all.filter(|extension| extension.extn_id == id);
    let (first, second) = (found.next(), found.next());
    match (first, second) {
        (None, _) => Ok(None),
        (Some(one), None) => T::from_der(one.extn_value.as_bytes())
            .map(|content| Some((content, one.critical)))
            .map_err(|_| malformed("certificate")),
        (Some(_), Some(_)) => Err(malformed("certificate")),
    }
}

/// RFC 3161 §2.3: the certificate is for time-stamping, for nothing else, and says so critically.
pub fn check_signer(certificate: &Certificate) -> Result<(), TimestampError> {
    let wrong = |what| TimestampError::Signer { what };
    let usage: Option<(ExtendedKeyUsage, bool)> = extension(certificate, EXTENDED_KEY_USAGE)?;
    match usage {
        Some((usage, true)) if usage.0 == [TIME_STAMPING] => {}
        _ => return Err(wrong("is not for time-stamping alone, or not critically so")),
    }
    let key_usage: Option<(KeyUsage, bool)> = extension(certificate, KEY_USAGE)?;
    let signs = key_usage.is_none_or(|(usage, _)| {
        usage.0.contains(KeyUsages::DigitalSignature) || usage.0.contains(KeyUsages::NonRepudiation)
    });
    if signs { Ok(()) } else { Err(wrong("may not sign")) }
}

/// Whether a chain of valid certificates leads from `certificate` to one of `roots`, at this second.
pub fn leads_to_root(
    certificate: &Certificate,
    others: &[Certificate],
    roots: &[Certificate],
    at: u64,
) -> bool {
    is_usable(certificate, at) && (roots.contains(certificate) || climbs(certificate, others, roots, at, 0))
}

fn climbs(below: &Certificate, others: &[Certificate], roots: &[Certificate], at: u64, depth: u8) -> bool {
    let issued = |above: &Certificate| {
        above.tbs_certificate.subject == below.tbs_certificate.issuer
            && is_authority(above, depth)
            && is_usable(above, at)
            && is_signed_by(below, above)
    };
    roots.iter().any(issued)
        || (depth < MAX_DEPTH
            && others
                .iter()
                .any(|above| above != below && issued(above) && climbs(above, others, roots, at, depth + 1)))
}

fn is_signed_by(below: &Certificate, above: &Certificate) -> bool {
    let Ok(message) = below.tbs_certificate.to_der() else {
        return false;
    };
    let key = &above.tbs_certificate.subject_public_key_info;
    let algorithm = below.signature_algorithm.oid;
    below.signature_algorithm == below.tbs_certificate.signature
        && below
            .signature
            .as_bytes()
            .is_some_and(|signed| signature::verify(key, algorithm, None, &message, signed).is_ok())
}

/// `below` counts the authorities between this one and the signer.
fn is_authority(certificate: &Certificate, below: u8) -> bool {
    let constraints: Result<Option<(BasicConstraints, bool)>, _> = extension(certificate, BASIC_CONSTRAINTS);
    let is_ca = matches!(constraints, Ok(Some((constraints, _)))
        if constraints.ca && constraints.path_len_constraint.is_none_or(|most| below <= most));
    let usage: Result<Option<(KeyUsage, bool)>, _> = extension(certificate, KEY_USAGE);
    is_ca
        && matches!(usage, Ok(usage) if usage.as_ref().is_none_or(|(usage, _)| usage.0.contains(KeyUsages::KeyCertSign)))
}

fn is_usable(certificate: &Certificate, at: u64) -> bool {
    let validity = &certificate.tbs_certificate.validity;
    let (from, until) = (
        validity.not_before.to_unix_duration().as_secs(),
        validity.not_after.to_unix_duration().as_secs(),
    );
    let mut extensions = certificate.tbs_certificate.extensions.iter().flatten();
    (from..=until).contains(&at)
        && extensions.all(|extension| !extension.critical || UNDERSTOOD.contains(&extension.extn_id))
}
