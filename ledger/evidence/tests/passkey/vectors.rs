//! The test vectors of WebAuthn L3, with the results that a verifier of consents must give.

use std::fs;

use evidence::passkey::{
    Assertion, Attestation, AttestationFormat, AttestationObject, Ceremony, Credential, Refusal,
    RelyingParty, verify_ceremony,
};
use evidence::record::EvidenceLevel;
use serde_json::Value;
use test_fixtures::fixtures;

use crate::scene::{after, id, rp};

/// Name, format of the attestation, result.
const EXPECTED: [(&str, &str, Result<EvidenceLevel, Refusal>); 7] = [
    ("none-es256", "none", Err(Refusal::NotVerified)),
    ("none-es256-crossOrigin", "none", Err(Refusal::CrossOrigin)),
    ("none-es256-long-credential-id", "none", Ok(EvidenceLevel::L3)),
    ("packed-es384", "packed", Ok(EvidenceLevel::L3)),
    ("packed-rs256", "packed", Err(Refusal::NotVerified)),
    ("packed-eddsa", "packed", Err(Refusal::NotVerified)),
    ("fido-u2f-es256", "fido-u2f", Err(Refusal::NotVerified)),
];

fn unhex(text: &Value) -> Vec<u8> {
    let digits: Vec<u8> = text
        .as_str()
        .unwrap()
        .chars()
        .map(|digit| digit.to_digit(16).unwrap() as u8)
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn vectors() -> Option<Value> {
    let path = fixtures("consent/webauthn/webauthn-l3-test-vectors.json")?;
    Some(serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
}

fn registered(object: &AttestationObject) -> Credential {
    Credential {
        id: object.credential_id.clone(),
        subject: id("urn:broker:subject:1"),
        key: object.key.clone(),
        aaguid: object.aaguid,
        flags: object.flags,
        attestation: Attestation::Unchecked,
        registered_at: after(0),
        revoked_at: None,
    }
}

#[test]
fn the_seven_vectors_have_the_results_of_the_reference() {
    let Some(all) = vectors() else { return };
    let party =
        RelyingParty::new(rp(all["rpId"].as_str().unwrap()), all["origin"].as_str().unwrap()).unwrap();
    let vectors = all["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), EXPECTED.len());
    for (vector, (name, format, result)) in vectors.iter().zip(EXPECTED) {
        assert_eq!(vector["id"], format!("sctn-test-vectors-{name}"));
        let object = AttestationObject::parse(&unhex(&vector["registration"]["attestationObject"])).unwrap();
        let named = match &object.format {
            AttestationFormat::None => "none",
            AttestationFormat::Other(name) => name,
        };
        assert_eq!(named, format);
        assert!(object.is_for(party.rp_id()));
        assert_eq!(
            object.credential_id.as_bytes(),
            unhex(&vector["registration"]["credential_id"])
        );
        assert_eq!(
            object.aaguid.as_bytes().to_vec(),
            unhex(&vector["registration"]["aaguid"])
        );
        let credential = registered(&object);
        let asked = &vector["authentication"];
        let challenge = unhex(&asked["challenge"]);
        let assertion = Assertion {
            credential_id: object.credential_id.clone(),
            client_data_json: unhex(&asked["clientDataJSON"]),
            authenticator_data: unhex(&asked["authenticatorData"]),
            signature: unhex(&asked["signature"]),
        };
        let ceremony = Ceremony {
            challenge: &challenge,
            party: &party,
            subject: &credential.subject,
            credential: Some(&credential),
            at: after(1),
        };
        let answered = verify_ceremony(&assertion, &ceremony);
        assert_eq!(answered.map(|answered| answered.level()), result, "{name}");
        assert!(
            signature_is_good(&credential, &assertion),
            "{name}: the vector's own signature"
        );
    }
}

/// The signatures of all seven are good, whatever is refused before they are looked at.
fn signature_is_good(credential: &Credential, assertion: &Assertion) -> bool {
    let mut message = assertion.authenticator_data.clone();
    message.extend(ring::digest::digest(&ring::digest::SHA256, &assertion.client_data_json).as_ref());
    credential.key.verifies(&message, &assertion.signature)
}

#[test]
fn each_byte_of_an_accepted_vector_counts() {
    let Some(all) = vectors() else { return };
    let party = RelyingParty::new(rp("example.org"), "https://example.org").unwrap();
    for vector in [&all["vectors"][2], &all["vectors"][3]] {
        let object = AttestationObject::parse(&unhex(&vector["registration"]["attestationObject"])).unwrap();
        let credential = registered(&object);
        let asked = &vector["authentication"];
        let challenge = unhex(&asked["challenge"]);
        let good = Assertion {
            credential_id: object.credential_id.clone(),
            client_data_json: unhex(&asked["clientDataJSON"]),
            authenticator_data: unhex(&asked["authenticatorData"]),
            signature: unhex(&asked["signature"]),
        };
        let judge = |assertion: &Assertion| {
            let ceremony = Ceremony {
                challenge: &challenge,
                party: &party,
                subject: &credential.subject,
                credential: Some(&credential),
                at: after(1),
            };
            verify_ceremony(assertion, &ceremony)
        };
        assert!(judge(&good).is_ok());
        let parts: [fn(&mut Assertion) -> &mut Vec<u8>; 3] = [
            |assertion| &mut assertion.client_data_json,
            |assertion| &mut assertion.authenticator_data,
            |assertion| &mut assertion.signature,
        ];
        for part in parts {
            for place in 0..part(&mut good.clone()).len() {
                for bit in 0..8 {
                    let mut flipped = good.clone();
                    part(&mut flipped)[place] ^= 1 << bit;
                    assert!(judge(&flipped).is_err(), "bit {bit} of byte {place}");
                }
            }
        }
    }
}
