//! A consent of a person who exists nowhere, from request to whatever ends it.

use evidence::consent::{
    ConsentAct, ConsentDraft, ConsentEvent, ConsentTerms, Country, Day, Frame, How, Lost, Namespace,
    Organisation, ShownNotice, Site,
};
use evidence::jws::{Jwk, Jws, Protected};
use evidence::record::{Digest, EvidenceLevel, Id, Instant, Method, Record, Seconds, Text};
use ring::signature::{Ed25519KeyPair, KeyPair};

pub const CONSENT: &str = "6a1f3c1e-5c55-4f1b-9b53-0d3b7f6f2a10";

/// Every act that the ledger holds.
pub const ACTS: [ConsentAct; 10] = [
    ConsentAct::Given,
    ConsentAct::Renewed,
    ConsentAct::Narrowed,
    ConsentAct::Withdrawn,
    ConsentAct::Revoked,
    ConsentAct::Suspended,
    ConsentAct::Expired,
    ConsentAct::Invalidated,
    ConsentAct::Agreed,
    ConsentAct::Declined,
];

pub fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

pub fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

pub fn at(seconds: i64) -> Instant {
    Instant::from_unix_micros((1_795_294_960 + seconds) * 1_000_000 + 250_000).unwrap()
}

fn body(iri: &str, name: &str, country: &str) -> Organisation {
    Organisation {
        iri: id(iri),
        name: text(name),
        contact: text("dpo@body.example"),
        country: Country::new(country),
    }
}

pub fn terms() -> ConsentTerms {
    ConsentTerms {
        site: Site {
            namespace: Namespace::of("https://broker.example").unwrap(),
            address: "https://broker.example".into(),
            operator: body("https://broker.example", "Courtier de confiance", "FR"),
        },
        frame: Frame::Consent,
        consent: id(CONSENT),
        replaces: None,
        subject: id("urn:uuid:0b3f6a52-7b1e-4a5e-9d54-2c1a7b0e9f31"),
        notice: ShownNotice {
            sha256: Digest::of(b"notice"),
            language: id("fr"),
            title: text("Étude des usages résidentiels"),
        },
        purpose: id("load-curve-research"),
        recipient: body(
            "urn:uuid:1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f31",
            "Laboratoire",
            "BE",
        ),
        point: [7; 32],
        step: Seconds(1_800),
        from: at(0),
        until: at(31_536_000),
        first_day: Day::new("2026-11-21").unwrap(),
        last_day: Day::new("2027-11-21").unwrap(),
        withdraw_at: format!("https://broker.example/moi/partages/{CONSENT}"),
        access_at: "https://broker.example/moi/inscriptions".into(),
        erase_at: "https://broker.example/moi/effacement".into(),
    }
}

pub fn event(act: ConsentAct, seconds: i64) -> ConsentEvent {
    let level = act.agrees().then_some(EvidenceLevel::L1);
    ConsentEvent {
        act,
        by: id("urn:uuid:0b3f6a52-7b1e-4a5e-9d54-2c1a7b0e9f31"),
        at: at(seconds),
        recorded_at: at(seconds),
        how: Some(How {
            method: Method::Web,
            level,
        }),
        until: act.agrees().then(|| at(31_536_000)),
        record: None,
        webauthn: None,
        lost: (act == ConsentAct::Suspended).then_some(Lost { known: 7, newest: 9 }),
        behalf: None,
    }
}

pub fn requested() -> ConsentEvent {
    ConsentEvent {
        how: None,
        ..event(ConsentAct::Requested, -60)
    }
}

/// The record that an act makes: the first for a consent given, a later one otherwise.
pub fn record(act: ConsentAct) -> Record {
    let given = ConsentEvent {
        record: Some(Digest::of(b"the JWS before")),
        ..event(ConsentAct::Given, 0)
    };
    let (version, earlier) = match act {
        ConsentAct::Given => (1, vec![requested()]),
        _ => (2, vec![requested(), given]),
    };
    let draft = ConsentDraft::new(&terms(), version, at(10), &earlier).unwrap();
    Record::Consent(draft.with(&event(act, 10)).unwrap())
}

pub fn pair() -> (Ed25519KeyPair, Jwk) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    let key = Jwk::Ed25519 {
        x: pair.public_key().as_ref().try_into().unwrap(),
    };
    (pair, key)
}

pub fn signed(record: &Record) -> Jws {
    let (pair, key) = pair();
    let sign = |input: &[u8]| pair.sign(input).as_ref().try_into().unwrap();
    record.sign(&Protected::of(&key).unwrap(), sign).unwrap()
}
