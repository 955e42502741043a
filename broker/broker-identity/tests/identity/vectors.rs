//! The test vectors of WebAuthn L3: registrations and sign-ins that others made.

use std::fs;

use broker_domain::identity::PasskeyRefusal::{self, NotProved};
use broker_domain::identity::Passkeys as _;
use broker_domain::ids::AccountId;
use broker_identity::{Site, WebauthnPasskeys};
use serde_json::{Value, json};

use crate::device::encoded;

/// Puts the vector's challenge into what is kept; nothing but a test does that.
fn with_challenge(keep: &[u8], state: &str, challenge: &str, policy: &str) -> Vec<u8> {
    let mut keep: Value = serde_json::from_slice(keep).unwrap();
    assert_eq!(keep["webauthn"][state]["policy"], "required");
    keep["webauthn"][state]["policy"] = json!(policy);
    keep["webauthn"][state]["challenge"] = json!(encoded(&hex(challenge)));
    keep.to_string().into_bytes()
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap();
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::try_from(digit(&pair[0]) * 16 + digit(&pair[1])).unwrap())
        .collect()
}

#[test]
fn the_vectors_of_the_standard_are_judged_by_their_flags() {
    let Some(path) = test_fixtures::fixtures("consent/webauthn/webauthn-l3-test-vectors.json") else {
        return;
    };
    let vectors: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let ours = WebauthnPasskeys::new(&Site {
        rp_id: vectors["rpId"].as_str().unwrap().to_owned(),
        origin: vectors["origin"].as_str().unwrap().to_owned(),
        name: "Fiducie".to_owned(),
    })
    .unwrap();
    let judged = |policy: &str| {
        let vectors = vectors["vectors"].as_array().unwrap().iter();
        let named = vectors.map(|vector| {
            let id = vector["id"].as_str().unwrap();
            (
                id.trim_start_matches("sctn-test-vectors-").to_owned(),
                judge(&ours, vector, policy),
            )
        });
        named.collect::<Vec<_>>()
    };
    // As we ask: in none of the registrations was the user verified, but for one within another page, and one whose RSA
    // key has another size than `webauthn-rs` takes.
    for (id, found) in judged("required") {
        assert_eq!(found, (Err(NotProved), None), "{id}");
    }
    // Had we asked for less in the registration: a sign-in still needs a verified user.
    let expected = [
        ("none-es256", (Ok(0xa5), Some(Err(NotProved)))),
        ("none-es256-crossOrigin", (Err(NotProved), None)),
        ("none-es256-long-credential-id", (Ok(0xa5), Some(Ok(())))),
        ("packed-es384", (Ok(0xa5), Some(Ok(())))),
        ("packed-rs256", (Err(NotProved), None)),
        ("packed-eddsa", (Err(NotProved), None)),
        ("fido-u2f-es256", (Ok(0xa5), Some(Err(NotProved)))),
    ];
    let expected = expected.map(|(id, found)| (id.to_owned(), found));
    assert_eq!(judged("preferred"), expected);
}

/// What is made of the registration (the first byte of the key), and of the sign-in after it.
fn judge(
    ours: &WebauthnPasskeys,
    vector: &Value,
    policy: &str,
) -> (Result<u8, PasskeyRefusal>, Option<Result<(), PasskeyRefusal>>) {
    let (made, used) = (&vector["registration"], &vector["authentication"]);
    let text = |value: &Value| encoded(&hex(value.as_str().unwrap()));
    let account = AccountId::from_bytes([6; 16]);
    let offer = ours.offer(account, "Anna", &[]).unwrap();
    let answer = json!({
        "id": text(&made["credential_id"]), "rawId": text(&made["credential_id"]), "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": text(&made["clientDataJSON"]), "attestationObject": text(&made["attestationObject"]),
        },
    });
    let keep = with_challenge(&offer.keep, "rs", made["challenge"].as_str().unwrap(), policy);
    let passkey = match ours.register(&keep, &answer.to_string()) {
        Ok(passkey) => passkey,
        Err(why) => return (Err(why), None),
    };
    assert_eq!(passkey.credential, hex(made["credential_id"].as_str().unwrap()));
    assert_eq!(passkey.model.to_vec(), hex(made["aaguid"].as_str().unwrap()));
    // The standard's keys are canonical: ours must be a part of what the authenticator said.
    let object = hex(made["attestationObject"].as_str().unwrap());
    assert!(
        object
            .windows(passkey.public_key.len())
            .any(|part| part == passkey.public_key)
    );
    let question = ours.ask().unwrap();
    let answer = json!({
        "id": text(&made["credential_id"]), "rawId": text(&made["credential_id"]), "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": text(&used["clientDataJSON"]), "authenticatorData": text(&used["authenticatorData"]),
            "signature": text(&used["signature"]), "userHandle": encoded(&[6; 16]),
        },
    });
    let keep = with_challenge(
        &question.keep,
        "ast",
        used["challenge"].as_str().unwrap(),
        "required",
    );
    let recognised = ours.recognise(&keep, &answer.to_string(), std::slice::from_ref(&passkey));
    (Ok(passkey.public_key[0]), Some(recognised.map(drop)))
}
