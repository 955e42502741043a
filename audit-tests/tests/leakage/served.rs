//! A broker that logs everything it can, while good and bad requests of known people come in.

use std::fs;

use audit_tests::needles::{Needles, numbers};
use audit_tests::server::Server;
use audit_tests::story::files_below;
use audit_tests::town::{Resident, Town, half_hour, random};
use meter_core::senml::Value;

/// Readings nobody would find by chance.
const READINGS: [i64; 3] = [471_104_231, 471_104_877, 471_105_990];

#[test]
fn a_broker_at_work_logs_and_answers_nothing_about_anybody() {
    let town = Town::found(2);
    let server = Server::start(&town);
    let mut secrets = Needles::default();
    for resident in &town.residents {
        for (what, secret) in ["name", "address", "delivery point"]
            .iter()
            .zip(&resident.secrets)
        {
            secrets.add(what, secret.as_bytes());
        }
    }
    secrets.add("credential", town.application.credential.as_bytes());
    let answers = storm(&town, &server);
    assert!(answers.len() > 15);
    let refused = answers.iter().filter(|(_, status, _)| *status >= 400).count();
    assert!(refused > 8, "only {refused} refusals were looked at");
    let log = server.stop();
    assert!(
        log.contains("DEBUG batch published"),
        "the log was not written in full"
    );

    let mut places: Vec<(String, Vec<u8>)> = answers
        .into_iter()
        .map(|(request, _, body)| (format!("the answer to {request}"), body))
        .collect();
    places.push(("the log".to_owned(), log.into_bytes()));
    for path in files_below(&town.ledger()) {
        places.push((path.display().to_string(), fs::read(path).unwrap()));
    }
    for (place, bytes) in &places {
        secrets.must_be_absent(place, bytes);
        let told =
            numbers(bytes, 9).find(|run| READINGS.iter().any(|value| value.to_string().as_bytes() == *run));
        assert!(told.is_none(), "{place} tells a reading");
    }
    // Readings and names are on the disk sealed, so not even the database shows them.
    for name in ["broker.db", "broker.db-wal"] {
        secrets.must_be_absent(name, &fs::read(town.data().join(name)).unwrap_or_default());
    }
}

/// Good and bad requests of every kind: what was asked, the status and the body of the answer.
fn storm(town: &Town, server: &Server) -> Vec<(String, u16, Vec<u8>)> {
    let mut answers: Vec<_> = envelopes(town)
        .into_iter()
        .map(|(request, envelope)| {
            let answer = server.intake(&envelope);
            (request.to_owned(), answer.status, answer.body)
        })
        .collect();
    let [name, _, number] = &town.residents[0].secrets;
    let json = |name: &str, value: &str| format!("{{\"{name}\":\"{value}\"}}").into_bytes();
    let bearer = format!("Bearer {}", town.application.credential);
    let known = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    for (method, path, body) in [
        ("GET", "/api/v1/authorisations", Vec::new()),
        ("POST", "/api/v1/deliveries", json("transfer", name)),
        ("POST", "/api/v1/gateways/enrol", json("code", number)),
        ("POST", "/api/v1/gateways/enrol", json(number, "code")),
        ("GET", "/api/v1/gateways/x/settings", Vec::new()),
        ("GET", "/api/v1/health", Vec::new()),
        ("GET", "/ledger/checkpoint", Vec::new()),
    ] {
        let answer = server.ask(method, path, &known, &body);
        answers.push((format!("{method} {path}"), answer.status, answer.body));
    }
    answers
}

fn envelopes(town: &Town) -> Vec<(&'static str, Vec<u8>)> {
    let [first, second, without] = &town.residents[..] else {
        panic!("three households")
    };
    let at = |half_hours: i64| half_hour(9).plus_seconds(1_800 * half_hours).as_micros();
    let [low, middle, high] = READINGS;
    let says = |readings: &[(&str, i64, i64)]| first.gateway.envelope(readings);
    let good = says(&[
        ("east", at(0), low),
        ("east", at(1), middle),
        ("east", at(2), high),
    ]);
    vec![
        ("a good batch", good.clone()),
        (
            "an index that goes back",
            says(&[("east", at(0), high), ("east", at(1), low)]),
        ),
        (
            "a contradiction",
            says(&[("east", at(0), high), ("east", at(0), low)]),
        ),
        ("a future reading", says(&[("east", at(1_000), low)])),
        (
            "a batch without consent",
            without.gateway.envelope(&[("east", at(0), low)]),
        ),
        ("a truncated batch", good[..good.len() - 70].to_vec()),
        (
            "a spoiled batch",
            [&good[..80], &[0xFF; 30], &good[110..]].concat(),
        ),
        (
            "no SenML",
            second.gateway.envelope_of(random(), first.secrets[2].as_bytes()),
        ),
        ("no envelope", first.secrets[1].clone().into_bytes()),
        ("a meter number", with_meter_number(first, at(0))),
        ("the batch again", good),
    ]
}

/// A gateway that forgot what must stay at home.
fn with_meter_number(resident: &Resident, at_us: i64) -> Vec<u8> {
    let mut pack = resident.gateway.pack(&[("east", at_us, READINGS[0])]);
    let record = pack.records.first_mut().unwrap();
    (record.name, record.unit) = (Some("prm".to_owned()), None);
    record.value = Some(Value::Text(resident.secrets[2].clone()));
    resident.gateway.envelope_of(random(), &pack.to_cbor())
}
