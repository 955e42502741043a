//! What an authenticator says about a new key and `webauthn-rs` does not tell: its model, and whether it may be copied.

use serde::Deserialize;
use webauthn_rs::prelude::{COSEAlgorithm, COSEKey, COSEKeyType, ECDSACurve};

/// Flags of authenticator data (WebAuthn L3 §6.1).
const BACKUP_ELIGIBLE: u8 = 0b0000_1000;
const ATTESTED_CREDENTIAL: u8 = 0b0100_0000;

/// The head of attested credential data (WebAuthn L3 §6.5.1). The key behind it is `webauthn-rs`'s to read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attested {
    pub(super) credential: Vec<u8>,
    pub(super) model: [u8; 16],
    pub(super) may_be_copied: bool,
}

/// As `webauthn-rs` reads it, with the same library: a member that stands twice is refused by both.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttestationObject<'a> {
    auth_data: &'a [u8],
}

impl Attested {
    /// Reads an attestation object (WebAuthn L3 §6.5.4).
    pub(super) fn read(attestation_object: &[u8]) -> Option<Self> {
        let object: AttestationObject<'_> = serde_cbor_2::from_slice(attestation_object).ok()?;
        // rpIdHash (32), flags (1), signCount (4), aaguid (16), length (2, big endian), identifier.
        let (_, rest) = object.auth_data.split_at_checked(32)?;
        let (flags, rest) = rest.split_first()?;
        let (_, rest) = rest.split_at_checked(4)?;
        let (model, rest) = rest.split_first_chunk::<16>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (credential, _) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        // WebAuthn L3 §5.8.3: identifiers have 16 to 1023 bytes.
        if flags & ATTESTED_CREDENTIAL == 0 || !(16..=1023).contains(&credential.len()) {
            return None;
        }
        Some(Self {
            credential: credential.to_vec(),
            model: *model,
            may_be_copied: flags & BACKUP_ELIGIBLE != 0,
        })
    }
}

/// The key that `webauthn-rs` has validated, as COSE_Key in the one spelling of CTAP2 canonical CBOR (WebAuthn L3 §5.8.5):
/// from here and not from the answer's bytes, so that what verifies consent is the key that was checked.
pub(super) fn cose_key(key: &COSEKey) -> Option<Vec<u8>> {
    // Labels and values of RFC 9053 §2.1 and §7.1, RFC 8812 §2. Short forms by hand: nothing here is longer than 64 KiB.
    let (type_, algorithm, rest) = match (&key.key, key.type_) {
        (COSEKeyType::EC_EC2(point), COSEAlgorithm::ES256)
            if matches!(point.curve, ECDSACurve::SECP256R1) =>
        {
            (2, [0x26].as_slice(), curve(1, &point.x, &point.y)?)
        }
        (COSEKeyType::EC_EC2(point), COSEAlgorithm::ES384)
            if matches!(point.curve, ECDSACurve::SECP384R1) =>
        {
            (2, [0x38, 34].as_slice(), curve(2, &point.x, &point.y)?)
        }
        (COSEKeyType::RSA(key), COSEAlgorithm::RS256) => {
            let parts = [[0x20].as_slice(), &bytes(&key.n)?, &[0x21], &bytes(&key.e)?];
            (3, [0x39, 0x01, 0x00].as_slice(), parts.concat())
        }
        _ => return None,
    };
    let members = if type_ == 3 { 0xa4 } else { 0xa5 };
    Some([&[members, 0x01, type_, 0x03], algorithm, &rest].concat())
}

/// crv (-1), x (-2), y (-3).
fn curve(number: u8, x: &[u8], y: &[u8]) -> Option<Vec<u8>> {
    Some([[0x20, number, 0x21].as_slice(), &bytes(x)?, &[0x22], &bytes(y)?].concat())
}

/// A byte string with the shortest length (RFC 8949 §3).
fn bytes(value: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(value.len()).ok()?;
    let [high, low] = length.to_be_bytes();
    let head: &[u8] = match length {
        0..=23 => &[0x40 | low],
        24..=255 => &[0x58, low],
        _ => &[0x59, high, low],
    };
    Some([head, value].concat())
}

#[cfg(test)]
mod tests {
    use webauthn_rs::prelude::COSERSAKey;

    use super::*;

    fn object(data: &[u8]) -> Vec<u8> {
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData".to_vec();
        object.extend(bytes(data).unwrap());
        object
    }

    fn data(flags: u8, identifier: &[u8]) -> Vec<u8> {
        let length = u16::try_from(identifier.len()).unwrap().to_be_bytes();
        [
            &[7; 32],
            [flags].as_slice(),
            &[0; 4],
            &[9; 16],
            &length,
            identifier,
            &[0xa0],
        ]
        .concat()
    }

    #[test]
    fn model_flag_and_identifier_are_read() {
        let read = Attested::read(&object(&data(0x4d, &[5; 20])));
        let expected = Attested {
            credential: vec![5; 20],
            model: [9; 16],
            may_be_copied: true,
        };
        assert_eq!(read, Some(expected));
        assert!(
            !Attested::read(&object(&data(0x45, &[5; 20])))
                .unwrap()
                .may_be_copied
        );
    }

    #[test]
    fn what_is_no_new_key_is_refused() {
        let twice = [
            &b"\xa4"[..],
            &object(&data(0x45, &[5; 20]))[1..],
            b"\x68authData\x40",
        ]
        .concat();
        for wrong in [
            object(&data(0x05, &[5; 20])),
            object(&data(0x45, &[5; 15])),
            object(&data(0x45, &[5; 1024])),
            object(&data(0x45, &[5; 20])[..70]),
            object(&[]),
            twice,
            Vec::new(),
        ] {
            assert_eq!(Attested::read(&wrong), None);
        }
    }

    #[test]
    fn damaged_objects_do_no_harm() {
        let samples = [object(&data(0x4d, &[5; 20])), object(&data(0x45, &[5; 300]))];
        test_fixtures::no_panic("attestation object", &samples, |bytes| {
            drop(Attested::read(bytes));
        });
    }

    #[test]
    fn an_rsa_key_is_spelled_as_in_rfc_8230() {
        let key = COSEKey {
            type_: COSEAlgorithm::RS256,
            key: COSEKeyType::RSA(COSERSAKey {
                n: vec![0xb5; 256],
                e: [1, 0, 1],
            }),
        };
        let head = b"\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00";
        let expected = [&head[..], &[0xb5; 256], b"\x21\x43\x01\x00\x01"].concat();
        assert_eq!(cose_key(&key), Some(expected));
        // An algorithm that does not belong to the key.
        let key = COSEKey {
            type_: COSEAlgorithm::ES256,
            ..key
        };
        assert_eq!(cose_key(&key), None);
    }

    #[test]
    fn a_length_has_its_shortest_spelling() {
        assert_eq!(bytes(&[1; 23]).unwrap()[0], 0x57);
        assert_eq!(bytes(&[1; 24]).unwrap()[..2], [0x58, 24]);
        assert_eq!(bytes(&[1; 256]).unwrap()[..3], [0x59, 1, 0]);
    }
}
