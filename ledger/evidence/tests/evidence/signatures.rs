//! JWS: what verifies, and every way not to.

use evidence::{
    jcs,
    jws::{Jwk, Jws, JwsError},
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};

use crate::samples::{all, record_pair, signed};

const PAYLOAD: &[u8] = br#"{"a":1}"#;

/// A JWS with any header and payload, honestly signed.
fn forged(header: &[u8], payload: &[u8]) -> Jws {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
    let input = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload));
    let signature = BASE64URL.encode(record_pair().0.sign(input.as_bytes()));
    Jws::from_stored(format!("{input}.{signature}"))
}

fn header() -> String {
    format!(
        r#"{{"alg":"EdDSA","kid":"{}","typ":"fiducie-record+jws"}}"#,
        record_pair().1.thumbprint().as_str()
    )
}

#[test]
fn the_header_is_canonical_and_the_payload_comes_back() {
    let key = record_pair().1;
    let jws = forged(header().as_bytes(), PAYLOAD);
    let own = Jws::sign(PAYLOAD, &key, |input| {
        record_pair().0.sign(input).as_ref().try_into().unwrap()
    });
    assert_eq!(own.unwrap(), jws);
    assert_eq!(jws.verify(&key).unwrap(), PAYLOAD);
}

#[test]
fn other_headers_are_refused() {
    let (key, good) = (record_pair().1, header());
    for header in [
        good.replace("fiducie-record+jws", "JWT"),
        good.replace("EdDSA", "none"),
        good.replace("EdDSA", "HS256"),
        good.replace("EdDSA", "Ed25519"),
        good.replacen('{', r#"{"aaa":1,"#, 1),
        good.replace(r#","kid""#, r#","crit":["exp"],"kid""#),
        good.replace(r#","kid""#, r#","jku":"https://evil.example","kid""#),
        good.replace(r#","kid""#, r#","jwk":{},"kid""#),
        good.replace(r#","kid""#, r#", "kid""#),
        r#"{"alg":"EdDSA","typ":"fiducie-record+jws"}"#.to_owned(),
        "{}".to_owned(),
    ] {
        assert!(
            matches!(
                forged(header.as_bytes(), PAYLOAD).verify(&key),
                Err(JwsError::Header)
            ),
            "{header}"
        );
    }
    let es256 = good.replace("EdDSA", "ES256");
    assert!(matches!(
        forged(es256.as_bytes(), PAYLOAD).verify(&key),
        Err(JwsError::Algorithm)
    ));
}

#[test]
fn other_keys_signatures_and_payloads_are_refused() {
    let key = record_pair().1;
    let good = forged(header().as_bytes(), PAYLOAD);
    let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    let other = Jwk::Ed25519 {
        x: other.public_key().as_ref().try_into().unwrap(),
    };
    assert!(matches!(good.verify(&other), Err(JwsError::OtherKey)));
    for payload in [
        r#"{"a": 1}"#,
        r#"{"a":1,"a":1}"#,
        r#"{"b":1,"a":1}"#,
        r#"{"a":1.5}"#,
        "nothing",
    ] {
        let jws = forged(header().as_bytes(), payload.as_bytes());
        assert!(matches!(jws.verify(&key), Err(JwsError::Payload(_))), "{payload}");
        assert!(Jws::sign(payload.as_bytes(), &key, |_| [0; 64]).is_err());
    }
    let text = good.as_str();
    for wrong in [
        "",
        ".",
        "..",
        "a.b",
        &text[1..],
        &text[..text.len() - 1],
        &format!("{text}="),
        &format!("{text}.a"),
    ] {
        assert!(Jws::from_stored(wrong).verify(&key).is_err(), "{wrong}");
    }
}

#[test]
fn one_flipped_bit_anywhere_in_a_signed_record_is_refused() {
    let (key, jws) = (record_pair().1, signed(&all()[1]));
    let bytes = jws.as_str().as_bytes();
    for place in 0..bytes.len() {
        for bit in 0..7 {
            let mut flipped = bytes.to_vec();
            flipped[place] ^= 1 << bit;
            let flipped = String::from_utf8(flipped).unwrap();
            assert!(
                Jws::from_stored(flipped).verify(&key).is_err(),
                "bit {bit} of byte {place}"
            );
        }
    }
}

#[test]
fn es256_signatures_verify() {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let key = Jwk::from_sec1(pair.public_key().as_ref()).unwrap();
    let jws = Jws::sign(PAYLOAD, &key, |input| {
        pair.sign(&random, input).unwrap().as_ref().try_into().unwrap()
    });
    let jws = jws.unwrap();
    assert_eq!(jws.verify(&key).unwrap(), PAYLOAD);
    assert!(matches!(jws.verify(&record_pair().1), Err(JwsError::Algorithm)));
    let json = jcs::to_bytes(&key).unwrap();
    assert_eq!(jcs::parse::<Jwk>(&json).unwrap(), key);
    assert!(Jwk::from_sec1(&[4; 64]).is_none());
}

#[test]
fn thumbprints_and_keys_have_one_spelling() {
    // RFC 8037 appendix A.2 and A.3.
    let json = br#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let key: Jwk = jcs::parse(json).unwrap();
    assert_eq!(
        key.thumbprint().as_str(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    let text = str::from_utf8(json).unwrap();
    for wrong in [
        text.replace("OKP", "EC"),
        text.replace("Ed25519", "X25519"),
        text.replace("HURo", "HURp"),
        text.replace("HURo", "HUR"),
        text.replace('}', r#","y":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#),
        text.replacen('{', r#"{"alg":"EdDSA","#, 1),
    ] {
        assert!(jcs::parse::<Jwk>(wrong.as_bytes()).is_err(), "{wrong}");
    }
}
