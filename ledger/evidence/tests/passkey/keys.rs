//! Public keys in COSE and JWK, intents and registrations: one spelling each.

use evidence::jcs;
use evidence::passkey::{
    Algorithm, AttestationObject, CredentialKey, Intent, KeyError, Locale, RegistrationError, RpId,
    UnixSeconds, Window,
};
use serde_json::{Value, json};
use test_fixtures::authenticator::{Authenticator, BACKED_UP, Kind, PRESENT};

use crate::scene::{RP_ID, intent};

/// A key of 2048 bits; nothing is signed with it.
pub fn rsa(first: u8) -> CredentialKey {
    let mut n = vec![0x5a; 256];
    (n[0], n[255]) = (first, 0x5b);
    let n = evidence::base64url::encode(&n);
    CredentialKey::from_jwk(&json!({"e":"AQAB","kty":"RSA","n":n})).unwrap()
}

pub fn one_of_each() -> Vec<CredentialKey> {
    let made = |kind| CredentialKey::from_cose(&Authenticator::new(kind).cose_key()).unwrap();
    vec![made(Kind::Es256), made(Kind::Es384), made(Kind::EdDsa), rsa(0x80)]
}

#[test]
fn keys_read_back_from_both_forms() {
    let mut algorithms = Vec::new();
    for key in one_of_each() {
        assert_eq!(CredentialKey::from_cose(&key.to_cose()).unwrap(), key);
        let jwk = jcs::to_bytes(&key).unwrap();
        assert_eq!(jcs::parse::<CredentialKey>(&jwk).unwrap(), key);
        algorithms.push(key.algorithm());
    }
    assert_eq!(
        algorithms,
        [
            Algorithm::Es256,
            Algorithm::Es384,
            Algorithm::EdDsa,
            Algorithm::Rs256
        ]
    );
}

#[test]
fn thumbprints_are_those_of_the_rfcs() {
    // RFC 7638 §3.1.
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let rsa = CredentialKey::from_jwk(&json!({"kty":"RSA","n":n,"e":"AQAB"})).unwrap();
    assert_eq!(
        rsa.thumbprint().as_str(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
    // RFC 8037 appendix A.3.
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let okp = CredentialKey::from_jwk(&json!({"crv":"Ed25519","kty":"OKP","x":x})).unwrap();
    assert_eq!(
        okp.thumbprint().as_str(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn a_p256_key_has_the_same_thumbprint_as_a_key_for_records() {
    let key = CredentialKey::from_cose(&Authenticator::new(Kind::Es256).cose_key()).unwrap();
    let record_key: evidence::jws::Jwk = jcs::parse(&jcs::to_bytes(&key).unwrap()).unwrap();
    assert_eq!(record_key.thumbprint(), key.thumbprint());
}

#[test]
fn keys_off_the_list_are_told_from_bytes_that_are_no_key() {
    let cose = Authenticator::new(Kind::Es256).cose_key();
    let changed = |place: usize, byte: u8| {
        let mut changed = cose.clone();
        changed[place] = byte;
        CredentialKey::from_cose(&changed)
    };
    // kty 4 (symmetric); alg -9; curve P-384 under ES256.
    for (place, byte) in [(2, 4), (4, 0x28), (6, 2)] {
        assert_eq!(
            changed(place, byte),
            Err(KeyError::AlgorithmNotAllowed),
            "{place}"
        );
    }
    // Members counted wrongly, labels out of place, a coordinate that is not bytes.
    for (place, byte) in [
        (0, 0xa4),
        (0, 0xa6),
        (0, 0x85),
        (1, 2),
        (3, 4),
        (5, 0x21),
        (8, 0x78),
    ] {
        assert_eq!(changed(place, byte), Err(KeyError::Malformed), "{place}");
    }
    let mut longer = cose.clone();
    longer.push(0);
    assert_eq!(CredentialKey::from_cose(&longer), Err(KeyError::Malformed));
    assert_eq!(
        CredentialKey::from_cose(&cose[..cose.len() - 1]),
        Err(KeyError::Malformed)
    );
    // The compressed form: y as a sign.
    let compressed = [&cose[..cose.len() - 34], &[0xf5]].concat();
    assert_eq!(CredentialKey::from_cose(&compressed), Err(KeyError::Malformed));
}

#[test]
fn jwks_hold_the_required_members_of_one_kind() {
    let jwk = |key: &CredentialKey| serde_json::to_value(key).unwrap();
    let (p256, rsa) = (jwk(&one_of_each()[0]), jwk(&rsa(0x80)));
    let with = |base: &Value, name: &str, value: Value| {
        let mut jwk = base.clone();
        jwk[name] = value;
        CredentialKey::from_jwk(&jwk)
    };
    for (name, value) in [
        ("crv", json!("P-521")),
        ("crv", json!("secp256k1")),
        ("kty", json!("oct")),
        ("kty", json!("OKP")),
    ] {
        assert_eq!(
            with(&p256, name, value),
            Err(KeyError::AlgorithmNotAllowed),
            "{name}"
        );
    }
    for (name, value) in [
        ("crv", json!("P-384")),
        ("y", json!(null)),
        ("y", json!("AA")),
        ("y", json!("=")),
        ("n", json!("AA")),
        ("alg", json!("ES256")),
        ("d", json!("AA")),
        ("kty", json!(1)),
    ] {
        assert_eq!(with(&p256, name, value), Err(KeyError::Malformed), "{name}");
    }
    let n = |length: usize, first: u8| {
        let mut n = vec![0x5b; length];
        n[0] = first;
        json!(evidence::base64url::encode(&n))
    };
    for (name, value) in [
        ("n", n(256, 0x7f)),
        ("n", n(257, 0)),
        ("n", n(255, 0xff)),
        ("n", n(1025, 1)),
        ("e", json!("AQ")),
        ("e", json!("Ag")),
        ("e", json!("AAEAAQ")),
        ("e", json!("")),
        ("e", json!("AQAAAAE")),
    ] {
        assert_eq!(with(&rsa, name, value), Err(KeyError::Malformed), "{name}");
    }
}

#[test]
fn the_challenge_is_the_hash_under_the_label_of_the_relying_party() {
    let intent = intent();
    let jcs = jcs::to_bytes(&intent).unwrap();
    assert_eq!(intent.to_jcs_bytes(), jcs);
    let mut labelled = b"broker.example/consent-intent/1\0".to_vec();
    labelled.extend(jcs);
    let hash = ring::digest::digest(&ring::digest::SHA256, &labelled);
    assert_eq!(intent.challenge().as_bytes(), hash.as_ref());
}

#[test]
fn intents_have_one_spelling_and_their_limits() {
    let good = String::from_utf8(intent().to_jcs_bytes()).unwrap();
    assert_eq!(Intent::parse(good.as_bytes()).unwrap(), intent());
    for (from, to) in [
        ("{", "{ "),
        (r#""action":"grant","#, ""),
        (r#""action":"#, r#""aaa":1,"action":"#),
        ("consent-intent/1", "consent-intent/2"),
        ("grant", "narrow"),
        (r#""exp":1790000300"#, r#""exp":1790000301"#),
        (r#""exp":1790000300"#, r#""exp":1790000000"#),
        (r#""exp":1790000300"#, r#""exp":1790000300.0"#),
        (r#""exp":1790000300"#, r#""exp":"1790000300""#),
        ("broker.example", "Broker.example"),
        ("broker.example", "broker..example"),
        (r#""fr""#, r#""FR""#),
        (r#""nonce":"AA"#, r#""nonce":""#),
    ] {
        let wrong = good.replacen(from, to, 1);
        assert_ne!(wrong, good);
        assert!(Intent::parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
    let at = |seconds| UnixSeconds::new(seconds).unwrap();
    assert!(Window::new(at(1), at(0)).is_err());
    assert!(UnixSeconds::new(253_402_300_800).is_none());
    for wrong in ["", "f", "fr-", "fr-x", "fr_FR", "français", "fr-\u{0}"] {
        assert!(Locale::try_from(wrong.to_owned()).is_err(), "{wrong}");
    }
    for wrong in [
        "",
        ".",
        "a.",
        "-a.b",
        "a_b",
        "é.example",
        "a/b",
        "a\0b",
        &"a".repeat(64),
    ] {
        assert!(RpId::try_from(wrong.to_owned()).is_err(), "{wrong}");
    }
}

#[test]
fn registrations_hold_a_key_we_accept_and_nothing_else() {
    let authenticator = Authenticator::new(Kind::Es256);
    let good = authenticator.attestation_object(RP_ID);
    assert!(AttestationObject::parse(&good).is_ok());
    let parse = |bytes: &[u8]| AttestationObject::parse(bytes).unwrap_err();
    let replaced = |from: &[u8], to: &[u8]| {
        let at = good.windows(from.len()).position(|part| part == from).unwrap();
        [&good[..at], to, &good[at + from.len()..]].concat()
    };
    for wrong in [
        [good.clone(), vec![0]].concat(),
        good[..good.len() - 1].to_vec(),
        // A statement in the format `none`; another name; another number of members.
        replaced(b"attStmt\xa0", b"attStmt\xa1\x00\x00"),
        replaced(b"attStmt\xa0", b"attStmt\x80"),
        replaced(b"\x63fmt", b"\x63fnt"),
        replaced(b"\xa3\x63fmt", b"\xa4\x63fmt"),
        Authenticator::new(Kind::Es256)
            .with_flags(PRESENT | BACKED_UP)
            .attestation_object(RP_ID),
        Vec::new(),
    ] {
        assert_eq!(parse(&wrong), RegistrationError::Malformed);
    }
    let no_longer_es256 = replaced(&[3, 0x26], &[3, 0x28]);
    assert_eq!(
        parse(&no_longer_es256),
        RegistrationError::Key(KeyError::AlgorithmNotAllowed)
    );
    let mut nameless = Authenticator::new(Kind::Es256);
    nameless.credential_id.clear();
    let nameless = nameless.attestation_object(RP_ID);
    assert!(matches!(parse(&nameless), RegistrationError::CredentialId(_)));
    let mut keyless = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58\x25".to_vec();
    keyless.extend([0; 37]);
    assert_eq!(parse(&keyless), RegistrationError::NoKey);
}
