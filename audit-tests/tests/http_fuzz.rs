//! Whatever bytes come through the public doors, the broker answers, and never with a fault of its own.
//!
//! LIMIT: a few hundred cases over real connections, drawn anew in each run; proptest prints and shrinks what fails.
//! The parsers behind the doors have their own properties and corpora in their crates.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use audit_tests::programs::text;
use audit_tests::server::{Answer, Server};
use audit_tests::town::{Town, half_hour};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestCaseResult, TestRunner};

const CASES: u32 = 250;

fn runner() -> TestRunner {
    let persistence: Option<Box<dyn proptest::test_runner::FailurePersistence>> =
        Some(Box::new(FileFailurePersistence::Off));
    TestRunner::new(Config {
        cases: CASES,
        failure_persistence: persistence,
        ..Config::default()
    })
}

/// A refusal is a problem document; anything else is a success.
fn is_well_behaved(answer: &Answer) -> TestCaseResult {
    prop_assert!(answer.status < 500, "{} {}", answer.head, text(&answer.body));
    if answer.status >= 400 {
        prop_assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        prop_assert!(answer.json()["code"].is_string());
    }
    Ok(())
}

/// The broker lives, and said nothing that a person would have to look at.
fn ends_well(server: Server) {
    assert_eq!(server.get("/api/v1/health").status, 200);
    let log = server.stop();
    assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
}

#[test]
fn no_bytes_make_the_intake_fail() {
    let town = Town::found(1);
    let server = Server::start(&town);
    runner()
        .run(&vec(any::<u8>(), 0..600), |bytes| {
            is_well_behaved(&server.intake(&bytes))
        })
        .unwrap();
    ends_well(server);
}

#[test]
fn no_change_to_an_envelope_makes_the_intake_fail() {
    let town = Town::found(1);
    let server = Server::start(&town);
    let at = half_hour(5).as_micros();
    let good = town.residents[0]
        .gateway
        .envelope(&[("east", at, 4_711_042), ("papp", at, 640)]);
    let changes = vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    runner()
        .run(
            &(changes, any::<prop::sample::Index>(), any::<bool>()),
            |(changes, cut, is_cut)| {
                let mut envelope = good.clone();
                for (place, byte) in changes {
                    envelope[place.index(good.len())] = byte;
                }
                if is_cut {
                    envelope.truncate(cut.index(good.len()));
                }
                is_well_behaved(&server.intake(&envelope))
            },
        )
        .unwrap();
    ends_well(server);
}

/// Well-signed nonsense reaches deeper than anything a stranger can send.
#[test]
fn no_payload_of_an_honest_key_makes_the_intake_fail() {
    let town = Town::found(1);
    let server = Server::start(&town);
    let gateway = &town.residents[0].gateway;
    let pack = gateway
        .pack(&[("east", half_hour(5).as_micros(), 4_711_042)])
        .to_cbor();
    let spoiled = vec((any::<prop::sample::Index>(), any::<u8>()), 0..5).prop_map(move |changes| {
        let mut bytes = pack.clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes
    });
    let payload = prop_oneof![3 => spoiled, 1 => vec(any::<u8>(), 0..300)];
    runner()
        .run(&(payload, any::<[u8; 16]>()), |(payload, batch)| {
            is_well_behaved(&server.intake(&gateway.envelope_of(batch, &payload)))
        })
        .unwrap();
    ends_well(server);
}

/// JSON of roughly the right shape, with members of any kind.
fn json_body() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        "[ -~]{0,40}".prop_map(|text| format!("{text:?}")),
        Just("\"2026-11-21T00:00:00Z\"".to_owned()),
        Just("\"9999-12-31T23:59:59.999999Z\"".to_owned()),
        Just("\"-009999-01-01T00:00:00Z\"".to_owned()),
        Just("\"6c0f7a52-3a5e-4d0e-9a3f-000000000000\"".to_owned()),
        Just("{\"a\":[[[[]]]]}".to_owned()),
    ];
    let names = [
        "code",
        "public_key",
        "signature",
        "transfer",
        "authorisation",
        "from",
        "until",
        "step_s",
        "extra",
    ];
    let member =
        (prop::sample::select(names.to_vec()), leaf).prop_map(|(name, value)| format!("\"{name}\":{value}"));
    prop_oneof![
        4 => vec(member, 0..7).prop_map(|members| format!("{{{}}}", members.join(","))),
        1 => vec(any::<u8>(), 0..200).prop_map(|bytes| text(&bytes)),
    ]
}

#[test]
fn no_json_makes_a_door_fail() {
    let town = Town::found(1);
    let server = Server::start(&town);
    let bearer = format!("Bearer {}", town.application.credential);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let doors = ["/api/v1/deliveries", "/api/v1/gateways/enrol"];
    runner()
        .run(
            &(prop::sample::select(doors.to_vec()), json_body()),
            |(door, body)| is_well_behaved(&server.ask("POST", door, &headers, body.as_bytes())),
        )
        .unwrap();
    ends_well(server);
}

#[test]
fn no_path_and_no_header_make_a_door_fail() {
    let town = Town::found(1);
    let server = Server::start(&town);
    let prefixes = [
        "/ledger/",
        "/ledger/tile/",
        "/ledger/tile/entries/",
        "/api/v1/notices/",
        "/api/v1/gateways/",
    ];
    let path = (
        prop::sample::select(prefixes.to_vec()),
        "[a-z0-9./%x-]{1,60}",
        prop::sample::select(vec!["", "/settings"]),
    )
        .prop_map(|(prefix, middle, end)| format!("{prefix}{middle}{end}"));
    runner()
        .run(&(path, "[ -~]{0,80}"), |(path, value)| {
            let headers = [
                ("fiducie-gateway-auth", value.as_str()),
                ("authorization", value.as_str()),
            ];
            let answer = server.ask("GET", &path, &headers, b"");
            // What is no route at all is answered by the pages, in words for people.
            prop_assert!(answer.status < 500, "{path}: {}", answer.head);
            Ok(())
        })
        .unwrap();
    ends_well(server);
}
