//! The form of consent records: read back, signed under their own header, refused in any other spelling.

use std::fs;

use evidence::consent::{ConsentAct, ConsentDraft, ConsentEvent, ConsentRecord, OnBehalf};
use evidence::jcs;
use evidence::jws::{Jwk, Jws, JwsError};
use evidence::passkey::draft_of;
use evidence::record::{Capacity, Digest, Record};
use ledger_core::leaf::SubjectKind;
use serde_json::{Value, json};
use test_fixtures::fixtures;

use crate::scene::{ACTS, CONSENT, at, event, id, pair, record, requested, signed, terms};

fn document(act: ConsentAct) -> Value {
    serde_json::to_value(record(act)).unwrap()
}

fn parsed(document: &Value) -> Option<ConsentRecord> {
    match Record::parse(&jcs::to_bytes(document).unwrap()) {
        Ok(Record::Consent(record)) => Some(record),
        _ => None,
    }
}

#[test]
fn each_act_reads_back_with_its_name_kind_and_version() {
    for act in ACTS {
        let record = record(act);
        let bytes = record.to_jcs_bytes().unwrap();
        assert_eq!(Record::parse(&bytes).unwrap(), record);
        let opened = matches!(
            act,
            ConsentAct::Agreed | ConsentAct::Given | ConsentAct::Renewed | ConsentAct::Narrowed
        );
        let kind = match opened {
            true => SubjectKind::ConsentOpened,
            false => SubjectKind::ConsentClosed,
        };
        assert_eq!(
            (record.kind(), record.name(), record.at()),
            (kind, act.record_name(), at(10))
        );
        let Record::Consent(read) = record else {
            panic!("another form")
        };
        let version = if act == ConsentAct::Given { 1 } else { 2 };
        assert_eq!(
            (read.act(), read.version(), read.consent().as_str()),
            (act, version, CONSENT)
        );
        assert_eq!(read.site(), Some("https://broker.example"));
    }
}

#[test]
fn the_draft_is_the_record_without_its_act() {
    let draft = ConsentDraft::new(&terms(), 1, at(10), &[requested()]).unwrap();
    let bytes = draft.to_jcs_bytes().unwrap();
    assert_eq!(ConsentDraft::parse(&bytes).unwrap(), draft);
    let record = draft.with(&event(ConsentAct::Given, 20)).unwrap();
    let record = Record::Consent(record).to_jcs_bytes().unwrap();
    assert_eq!(draft_of(&record).unwrap(), bytes);
}

#[test]
fn what_stays_outside_the_ledger_makes_no_record() {
    for act in [ConsentAct::Requested, ConsentAct::Deferred, ConsentAct::Refused] {
        let draft = ConsentDraft::new(&terms(), 1, at(10), &[requested()]).unwrap();
        assert!(draft.with(&event(act, 20)).is_err(), "{act:?}");
    }
}

#[test]
fn an_earlier_suspension_stays_in_later_versions_or_there_is_none() {
    let bare = ConsentEvent {
        lost: None,
        ..event(ConsentAct::Suspended, 5)
    };
    let named = ConsentEvent {
        record: Some(Digest::of(b"the JWS of the suspension")),
        ..bare.clone()
    };
    assert!(ConsentDraft::new(&terms(), 3, at(10), &[requested(), bare]).is_err());
    let draft = ConsentDraft::new(&terms(), 3, at(10), &[requested(), named]).unwrap();
    let record = draft.with(&event(ConsentAct::Invalidated, 10)).unwrap();
    let events = record.document()["dpv:hasConsentStatus"].as_array().unwrap();
    let states: Vec<_> = events.iter().map(|event| event["@type"].clone()).collect();
    assert_eq!(
        states,
        [
            "dpv:ConsentRequested",
            "dpv:ConsentRevoked",
            "dpv:ConsentInvalidated"
        ]
    );
}

#[test]
fn later_versions_name_the_one_before() {
    let second = document(ConsentAct::Withdrawn);
    assert_eq!(second["@id"], format!("urn:uuid:{CONSENT}#v2"));
    assert_eq!(second["dct:replaces"], format!("urn:uuid:{CONSENT}"));
    for (member, value) in [
        ("dct:replaces", json!(format!("urn:uuid:{CONSENT}#v2"))),
        ("dct:isVersionOf", Value::Null),
        ("@id", json!(format!("urn:uuid:{CONSENT}#v3"))),
        ("@id", json!(format!("urn:uuid:{CONSENT}#v1"))),
        ("@id", json!(format!("urn:uuid:{CONSENT}#v02"))),
        ("dct:identifier", json!("another")),
    ] {
        let mut wrong = second.clone();
        wrong[member] = value;
        assert!(parsed(&wrong).is_none(), "{member}");
    }
    assert!(parsed(&second).is_some());
}

#[test]
fn names_that_mean_something_else_are_refused() {
    let good = document(ConsentAct::Given);
    for change in [
        (|d| d["@context"]["dpv"] = json!("https://evil.example/dpv#")) as fn(&mut Value),
        |d| d["@context"]["dpv:ConsentGiven"] = json!("dpv:ConsentRefused"),
        |d| d["@context"]["en"] = json!("https://broker.example/other#"),
        |d| d["@context"] = json!(["https://evil.example/context"]),
        |d| d["dpv:hasProcess"][0]["@context"] = json!({}),
        |d| d["@type"] = json!("dpv:ConsentReceipt"),
        |d| d["dct:conformsTo"] = json!("https://w3id.org/dpv/schema/dpv-27560#record"),
        |d| d["dpv:hasConsentStatus"] = json!([]),
        |d| d["dpv:hasConsentStatus"][1]["@type"] = json!("dpv:ConsentMaybe"),
        |d| d["dpv:hasConsentStatus"][1]["@type"] = json!(["dpv:ConsentGiven", "dpv:ConsentWithdrawn"]),
        |d| d["dpv:hasConsentStatus"][1]["dpv:isIndicatedAtTime"] = json!("yesterday"),
        |d| d["dpv:hasDataSubject"] = json!("somebody"),
    ] {
        let mut wrong = good.clone();
        change(&mut wrong);
        assert_ne!(wrong, good);
        assert!(parsed(&wrong).is_none(), "{wrong}");
    }
}

#[test]
fn a_header_signs_for_its_own_kind_of_payload_alone() {
    let (pair, key) = pair();
    let jws = signed(&record(ConsentAct::Given));
    let payload = jws.verify(&key).unwrap();
    let header = jws.as_str().split('.').next().unwrap();
    let header = evidence::base64url::decode(header).unwrap();
    assert_eq!(
        String::from_utf8(header).unwrap(),
        format!(
            r#"{{"alg":"EdDSA","cty":"application/ld+json","kid":"{}","typ":"consent-record+jws"}}"#,
            key.thumbprint().as_str()
        )
    );
    let kid = key.thumbprint();
    let forged = |header: String, payload: &[u8]| {
        let encode = evidence::base64url::encode;
        let input = format!("{}.{}", encode(header.as_bytes()), encode(payload));
        let signature = encode(pair.sign(input.as_bytes()).as_ref());
        Jws::from_stored(format!("{input}.{signature}"))
    };
    let kid = kid.as_str();
    let plain = format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"fiducie-record+jws"}}"#);
    let linked =
        format!(r#"{{"alg":"EdDSA","cty":"application/ld+json","kid":"{kid}","typ":"consent-record+jws"}}"#);
    assert!(forged(linked.clone(), &payload).verify(&key).is_ok());
    for (header, payload) in [
        (plain, payload.as_slice()),
        (linked, br#"{"a":1}"#),
        (
            format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"consent-record+jws"}}"#),
            &payload,
        ),
    ] {
        assert!(matches!(
            forged(header, payload).verify(&key),
            Err(JwsError::Header)
        ));
    }
}

/// The worked record of the reference, made elsewhere.
#[test]
fn the_worked_record_of_the_fixtures_verifies() {
    let Some(path) = fixtures("consent/record.jws") else {
        return;
    };
    let jws = Jws::from_stored(fs::read_to_string(path).unwrap());
    let key: Jwk =
        jcs::parse(br#"{"crv":"Ed25519","kty":"OKP","x":"O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik"}"#)
            .unwrap();
    let record = Record::parse(&jws.verify(&key).unwrap()).unwrap();
    assert_eq!(
        (record.name(), record.kind()),
        ("consent-given/2", SubjectKind::ConsentOpened)
    );
}

#[test]
fn a_record_holds_no_meter_number_and_no_fraction() {
    for act in ACTS {
        let text = String::from_utf8(record(act).to_jcs_bytes().unwrap()).unwrap();
        assert!(text.contains("en:mp:hmac:"));
        let digits = |c: char| !c.is_ascii_digit();
        assert!(!text.split(digits).any(|run| matches!(run.len(), 14 | 18)));
    }
}

/// `consent.md` §2.2: `actor {id, capacity, on_behalf_of}`.
#[test]
fn an_act_for_another_names_who_acted_for_whom_and_by_which_mandate() {
    let draft = ConsentDraft::new(&terms(), 1, at(10), &[requested()]).unwrap();
    let person = terms().subject;
    let act = ConsentEvent {
        by: id("urn:uuid:aaaa6a52-7b1e-4a5e-9d54-2c1a7b0e9f31"),
        behalf: Some(OnBehalf {
            person: person.clone(),
            capacity: Capacity::Guardian,
            mandate: id("urn:uuid:bbbb6a52-7b1e-4a5e-9d54-2c1a7b0e9f31"),
        }),
        ..event(ConsentAct::Given, 20)
    };
    let record = draft.clone().with(&act).unwrap();
    let newest = record.newest().unwrap();
    assert_eq!(newest["en:onBehalfOf"]["@id"], person.as_str());
    assert_eq!(newest["en:capacity"]["@id"], "en:Guardian");
    let (by, mandate) = record.behalf().unwrap();
    assert_eq!(by.as_str(), "urn:uuid:aaaa6a52-7b1e-4a5e-9d54-2c1a7b0e9f31");
    assert_eq!(mandate.as_str(), "urn:uuid:bbbb6a52-7b1e-4a5e-9d54-2c1a7b0e9f31");
    // Who acted stands in the act and not in the draft: the terms are the same whoever agrees to them.
    let bytes = Record::Consent(record).to_jcs_bytes().unwrap();
    assert_eq!(draft_of(&bytes).unwrap(), draft.to_jcs_bytes().unwrap());
    let herself = draft.with(&event(ConsentAct::Given, 20)).unwrap();
    assert_eq!(herself.behalf(), None);
}
