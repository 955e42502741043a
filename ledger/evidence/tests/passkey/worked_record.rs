//! The worked record of the reference, read from the fixtures, end to end; and everything in it changed.

use std::fs;

use evidence::passkey::{
    ActError, ActEvidence, Attestation, Credential, Holder, Intent, Refusal, Registered, RelyingParty,
    VerifiedAct, WebauthnAct, draft_of, verify_record_act,
};
use evidence::{
    base64url, jcs,
    record::{Digest, EvidenceLevel, Instant},
};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use test_fixtures::fixtures;

use crate::scene::{ORIGIN, RP_ID, id, rp};

const STATUS: &str = "dpv:hasConsentStatus";

struct Worked {
    record: Value,
    notice: Vec<u8>,
    party: RelyingParty,
    credential: Credential,
}

impl Worked {
    fn read() -> Option<Self> {
        let record: Value =
            serde_json::from_slice(&fs::read(fixtures("consent/record.json")?).unwrap()).unwrap();
        let act = &record[STATUS][1]["en:webauthn"];
        let act = WebauthnAct::parse(&jcs::to_bytes(act).unwrap()).unwrap();
        Some(Self {
            notice: fs::read(fixtures("consent/notice.fr.txt")?).unwrap(),
            party: RelyingParty::new(rp(RP_ID), ORIGIN).unwrap(),
            credential: Credential {
                id: act.assertion.credential_id.clone(),
                subject: id("urn:broker:subject:7Qk1m0c2"),
                key: act.key.clone(),
                aaguid: act.aaguid,
                flags: act.flags,
                attestation: Attestation::Unchecked,
                registered_at: instant("2026-11-01T00:00:00.000000Z"),
                revoked_at: None,
            },
            record,
        })
    }

    fn judge(&self, record: &Value, registered: Registered<'_>) -> Result<VerifiedAct, ActError> {
        verify_record_act(
            &jcs::to_bytes(record).unwrap(),
            &ActEvidence {
                notice: Some(&self.notice),
                party: &self.party,
                registered,
                receipt_at: Some(instant("2026-11-21T21:04:12.000000Z")),
            },
        )
    }

    /// With a registered key, after a change.
    fn changed(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut record = self.record.clone();
        change(&mut record);
        assert_ne!(record, self.record, "nothing was changed");
        said(self.judge(&record, Registered::Known(&self.credential)))
    }
}

fn instant(text: &str) -> Instant {
    text.to_owned().try_into().unwrap()
}

/// The variant, or `Ok`.
fn said(result: Result<VerifiedAct, ActError>) -> String {
    match result {
        Ok(_) => "Ok".to_owned(),
        Err(ActError::Refused(refusal)) => format!("{refusal:?}"),
        Err(ActError::Member { member } | ActError::Contradiction { member }) => member.to_owned(),
        Err(ActError::OutOfOrder { what }) => what.to_owned(),
        Err(other) => format!("{other:?}"),
    }
}

#[test]
fn record_signature_receipt_and_notice_verify_end_to_end() {
    let Some(worked) = Worked::read() else { return };
    let payload = jcs::to_bytes(&worked.record).unwrap();
    let jws = fs::read_to_string(fixtures("consent/record.jws").unwrap()).unwrap();
    let (input, signature) = jws.rsplit_once('.').unwrap();
    assert_eq!(
        base64url::decode(input.split_once('.').unwrap().1).unwrap(),
        payload
    );
    let broker = base64url::decode("O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik").unwrap();
    let signature = base64url::decode(signature).unwrap();
    let signed = UnparsedPublicKey::new(&ED25519, broker).verify(input.as_bytes(), &signature);
    signed.unwrap();
    let receipt: Value =
        serde_json::from_slice(&fs::read(fixtures("consent/receipt.json").unwrap()).unwrap()).unwrap();
    assert_eq!(receipt["en:recordJws"], jws);
    let mut readable = receipt["dpv:hasRecordOfActivity"].clone();
    readable["@context"] = receipt["@context"].clone();
    assert_eq!(jcs::to_bytes(&readable).unwrap(), payload);

    let draft = draft_of(&payload).unwrap();
    assert_eq!(
        Digest::of(&draft).to_string(),
        "5_NKXgnc9aPvGCI9LbRln6G9jrVpZgrKY_dyunLxHb0"
    );
    for (registered, holder) in [
        (Registered::Known(&worked.credential), Holder::Proved),
        (Registered::NotAtHand, Holder::Claimed),
    ] {
        let act = worked.judge(&worked.record, registered).unwrap();
        assert_eq!(act.holder(), holder);
        assert_eq!(act.actor(), act.data_subject());
        assert_eq!(act.given_at(), instant("2026-11-21T21:04:10.000000Z"));
        let answered = act.verified().answered();
        assert_eq!(answered.level(), EvidenceLevel::L3);
        let flags = answered.flags();
        assert!(flags.up && flags.uv && flags.be && flags.bs);
        assert_eq!(
            act.verified().intent().challenge().to_string(),
            "Xu2eyjdLFVkNSGyw1p_GK3B9hq0ldisRsfwtAbU3bY8"
        );
    }
    assert_eq!(
        said(worked.judge(&worked.record, Registered::Unknown)),
        "CredentialUnknown"
    );
}

#[test]
fn the_intent_and_the_evidence_have_the_bytes_of_the_fixture() {
    let Some(worked) = Worked::read() else { return };
    let act = &worked.record[STATUS][1]["en:webauthn"];
    let bytes = jcs::to_bytes(act).unwrap();
    assert_eq!(WebauthnAct::parse(&bytes).unwrap().to_jcs_bytes().unwrap(), bytes);
    let intent = jcs::to_bytes(&act["intent"]).unwrap();
    assert_eq!(Intent::parse(&intent).unwrap().to_jcs_bytes(), intent);
}

/// Removes and changes every leaf of the signed part, one by one.
#[test]
fn every_member_the_person_signed_for_counts() {
    let Some(worked) = Worked::read() else { return };
    let mut places = Vec::new();
    leaves(&worked.record, &mut String::new(), &mut places);
    let act = format!("/{STATUS}/1");
    let signed = places.iter().filter(|place| !place.starts_with(&act));
    let mut changed = 0;
    for place in signed {
        let said = worked.changed(|record| {
            let leaf = record.pointer_mut(place).unwrap();
            *leaf = match &*leaf {
                Value::String(text) => json!(format!("{text}x")),
                Value::Bool(truth) => json!(!truth),
                Value::Number(_) => json!(42),
                _ => json!("other"),
            };
        });
        // What a verifier reads before the terms is named by its own name.
        let own = match place.as_str() {
            "/@id" => "TermsChanged",
            "/dct:created" => "dct:created",
            "/dpv:hasNotice/en:sha256" => "NoticeChanged",
            _ => "TermsChanged",
        };
        assert_eq!(said, own, "{place}");
        changed += 1;
    }
    assert!(changed > 100, "{changed}");
    for name in ["dct:identifier", "dpv:hasProcess", "dpv:hasEntity", "@context"] {
        let said = worked.changed(|record| drop(record.as_object_mut().unwrap().remove(name)));
        assert_eq!(said, "TermsChanged", "{name}");
    }
    assert_eq!(worked.changed(|record| record["new"] = json!(1)), "TermsChanged");
}

fn leaves(value: &Value, path: &mut String, to: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, child)| (name.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(place, child)| (place.to_string(), child))
            .collect(),
        _ => return to.push(path.clone()),
    };
    for (name, child) in children {
        let length = path.len();
        path.push('/');
        path.push_str(&name);
        leaves(child, path, to);
        path.truncate(length);
    }
}

#[test]
fn every_member_of_the_evidence_counts() {
    let Some(worked) = Worked::read() else { return };
    let digest = Digest::of(b"").to_string();
    let other_key = json!({"crv":"P-256","kty":"EC",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    for (place, value, expected) in [
        ("intent/typ", json!("dua-accept/1"), "IntentUnknown"),
        ("intent/typ", json!("consent-intent/2"), "en:webauthn"),
        ("intent/action", json!("renew"), "IntentUnknown"),
        ("intent/action", json!("withdraw"), "en:webauthn"),
        (
            "intent/record",
            json!("1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f32"),
            "IntentUnknown",
        ),
        ("intent/terms_sha256", json!(digest), "TermsChanged"),
        ("intent/notice_sha256", json!(digest), "NoticeChanged"),
        ("intent/locale", json!("nl"), "IntentUnknown"),
        ("intent/rp_id", json!("broker.examplf"), "RpIdMismatch"),
        ("intent/nonce", json!(digest), "ChallengeMismatch"),
        ("intent/iat", json!(1_795_294_991), "ChallengeMismatch"),
        ("intent/iat", json!(1_795_294_989), "en:webauthn"),
        ("intent/exp", json!(1_795_295_289), "ChallengeMismatch"),
        ("intent/exp", json!(1_795_295_050), "IntentExpired"),
        ("intent/new", json!(1), "en:webauthn"),
        ("credential_id", json!("Y3JlZC0wMDAy"), "CredentialUnknown"),
        ("public_key_jwk", other_key, "public_key_jwk"),
        ("public_key_jwk/crv", json!("secp256k1"), "AlgorithmNotAllowed"),
        ("public_key_jwk/alg", json!("ES256"), "public_key_jwk"),
        ("aaguid", json!("8446ccb9-ab1d-b374-750b-2367ff6f3a1f"), "aaguid"),
        ("flags/up", json!(false), "flags"),
        ("flags/uv", json!(false), "flags"),
        ("flags/be", json!(false), "flags"),
        ("flags/bs", json!(false), "flags"),
        ("registration_sha256", json!(null), "en:webauthn"),
        ("new", json!(1), "en:webauthn"),
    ] {
        let place = format!("/{STATUS}/1/en:webauthn/{place}");
        let said = worked.changed(|record| put(record, &place, value));
        assert_eq!(said, expected, "{place}");
    }
}

fn put(record: &mut Value, place: &str, value: Value) {
    let (parent, name) = place.rsplit_once('/').unwrap();
    record.pointer_mut(parent).unwrap()[name] = value;
}

/// Each byte of the three byte strings, changed: what is read names itself, the rest is what the signature covers.
#[test]
fn every_byte_of_the_assertion_counts() {
    let Some(worked) = Worked::read() else { return };
    for (name, mut expected) in [
        (
            "client_data_json",
            vec![
                "Malformed",
                "WrongType",
                "ChallengeMismatch",
                "OriginMismatch",
                "SignatureInvalid",
            ],
        ),
        (
            "authenticator_data",
            vec!["RpIdMismatch", "NotPresent", "SignatureInvalid"],
        ),
        ("signature", vec!["SignatureInvalid"]),
    ] {
        let place = format!("/{STATUS}/1/en:webauthn/{name}");
        let good = base64url::decode(worked.record.pointer(&place).unwrap().as_str().unwrap()).unwrap();
        for at in 0..good.len() {
            let mut flipped = good.clone();
            flipped[at] ^= 1;
            let value = json!(base64url::encode(&flipped));
            let said = worked.changed(|record| put(record, &place, value));
            assert!(
                [
                    "Malformed",
                    "WrongType",
                    "ChallengeMismatch",
                    "OriginMismatch",
                    "RpIdMismatch",
                    "NotPresent",
                    "SignatureInvalid"
                ]
                .contains(&said.as_str()),
                "byte {at} of {name}: {said}"
            );
            expected.retain(|one| *one != said);
        }
        assert_eq!(expected, Vec::<&str>::new(), "{name}: never said");
    }
}

#[test]
fn who_acted_when_and_what_it_was_counts() {
    let Some(worked) = Worked::read() else { return };
    let act = |name: &str| format!("/{STATUS}/1/{name}");
    for (place, value, expected) in [
        ("@type", json!("dpv:ConsentRefused"), "NotAnAct"),
        (
            "@type",
            json!(["dpv:ConsentGiven", "dpv:RenewedConsentGiven"]),
            "NotAnAct",
        ),
        ("@type", json!("dpv:RenewedConsentGiven"), "IntentUnknown"),
        (
            "dpv:isIndicatedBy",
            json!("urn:broker:subject:other"),
            "CredentialOfAnother",
        ),
        ("dpv:isIndicatedBy", json!(7), "dpv:isIndicatedBy"),
        (
            "dpv:isIndicatedAtTime",
            json!("2026-11-21T21:03:09Z"),
            "IntentExpired",
        ),
        (
            "dpv:isIndicatedAtTime",
            json!("2026-11-21T21:08:10Z"),
            "IntentExpired",
        ),
        (
            "dpv:isIndicatedAtTime",
            json!("2026-11-21T21:04:13Z"),
            "a receipt before the act",
        ),
        (
            "dpv:isIndicatedAtTime",
            json!("2026-11-21T22:04:10+01:00"),
            "dpv:isIndicatedAtTime",
        ),
        ("en:webauthn", json!({}), "public_key_jwk"),
        // LIMIT: beside the signature, and covered by the JWS of the record alone.
        ("dpv:isIndicatedAtTime", json!("2026-11-21T21:04:09.5Z"), "Ok"),
        ("dpv:hasIndicationMethod", json!("other"), "Ok"),
        ("dpv:hasDuration", json!({}), "Ok"),
    ] {
        let said = worked.changed(|record| put(record, &act(place), value));
        assert_eq!(said, expected, "{place}");
    }
    let mut unproved = worked.record.clone();
    put(
        &mut unproved,
        &act("dpv:isIndicatedBy"),
        json!("urn:broker:subject:other"),
    );
    assert_eq!(
        said(worked.judge(&unproved, Registered::NotAtHand)),
        "CredentialOfAnother"
    );
}

#[test]
fn the_notice_and_the_state_of_the_key_count() {
    let Some(mut worked) = Worked::read() else { return };
    worked.notice.push(b'\n');
    assert_eq!(
        said(worked.judge(&worked.record, Registered::Known(&worked.credential))),
        "NoticeChanged"
    );
    worked.notice.pop();
    for (revoked_at, expected) in [
        ("2026-11-21T21:04:10.000001Z", "Ok"),
        ("2026-11-21T21:04:10.000000Z", "CredentialNotValidThen"),
    ] {
        worked.credential.revoked_at = Some(instant(revoked_at));
        let judged = worked.judge(&worked.record, Registered::Known(&worked.credential));
        assert_eq!(said(judged), expected);
    }
    let payload = jcs::to_bytes(&worked.record).unwrap();
    let evidence = ActEvidence {
        notice: Some(&worked.notice),
        party: &RelyingParty::new(rp(RP_ID), "https://my.broker.example").unwrap(),
        registered: Registered::NotAtHand,
        receipt_at: None,
    };
    let judged = verify_record_act(&payload, &evidence);
    assert!(matches!(judged, Err(ActError::Refused(Refusal::OriginMismatch))));
    let pretty = serde_json::to_vec_pretty(&worked.record).unwrap();
    assert!(matches!(
        verify_record_act(&pretty, &evidence),
        Err(ActError::Json(_))
    ));
}
