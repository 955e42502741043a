//! Well-signed readings that cannot be true, or that nobody agreed to.

use audit_tests::server::{Answer, Server};
use audit_tests::town::{RunningClock, SystemEntropy, Town, half_hour, random};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_keys::{JoseMemberCrypto, MemberCrypto as _};
use meter_core::senml::{Number, Value};
use serde_json::json;

use super::{Door, ONE_RECORD};

#[test]
fn a_future_dated_batch_is_refused() {
    let door = Door::open();
    let now = RunningClock::system();
    let gateway = &door.first().gateway;
    let ahead = |seconds| gateway.envelope(&[("east", now.plus_seconds(seconds).as_micros(), 4_711_042)]);
    door.refuses_and_records(&ahead(3_600), 422, "future-dated");
    door.refuses_and_records(&ahead(400 * 86_400), 422, "future-dated");
    // One reading too many: nothing of the batch is kept.
    let mixed = gateway.envelope(&[
        ("east", half_hour(5).as_micros(), 4_711_042),
        ("papp", now.plus_seconds(3_600).as_micros(), 471),
    ]);
    door.refuses_and_records(&mixed, 422, "future-dated");
    // A clock that drifts as meters' clocks do is believed.
    assert_eq!(door.server.intake(&ahead(120)).status, 201);
}

#[test]
fn readings_that_contradict_each_other_are_refused() {
    let door = Door::open();
    let gateway = &door.first().gateway;
    let at = |minutes: i64| half_hour(5).plus_seconds(60 * minutes).as_micros();
    let contradiction = gateway.envelope(&[("papp", at(0), 4_711), ("papp", at(0), 4_712)]);
    door.refuses_and_records(&contradiction, 422, "contradiction");
    let back = gateway.envelope(&[("east", at(0), 4_711_042), ("east", at(30), 4_711_041)]);
    door.refuses_and_records(&back, 422, "index-went-back");
    let jump = gateway.envelope(&[("east", at(0), 4_711_042), ("east", at(30), 4_811_042)]);
    door.refuses_and_records(&jump, 422, "index-jumped");
}

#[test]
fn content_that_a_meter_does_not_say_is_refused() {
    let door = Door::open();
    let gateway = &door.first().gateway;
    door.refuses_and_records(&gateway.envelope_of(random(), b""), 422, "content-invalid");
    door.refuses_and_records(
        &gateway.envelope_of(random(), b"[{\"n\":\"east\",\"v\":4711}]"),
        422,
        "content-invalid",
    );
    door.refuses_and_records(&gateway.envelope(&[]), 422, "empty");
    let readings = [("east", half_hour(5).as_micros(), 4_711_042)];
    for (member, value) in [
        ("prm", "99000000100042"),
        ("msg1", "4711 bonjour"),
        ("adsc", "031661900042"),
    ] {
        let mut pack = gateway.pack(&readings);
        let record = pack.records.first_mut().unwrap();
        (record.name, record.unit) = (Some(member.to_owned()), None);
        record.value = Some(Value::Text(value.to_owned()));
        // Whoever a meter belongs to stays at home, even when a gateway forgets it.
        door.refuses_and_records(
            &gateway.envelope_of(random(), &pack.to_cbor()),
            422,
            "content-invalid",
        );
    }
    let mut pack = gateway.pack(&readings);
    pack.records.first_mut().unwrap().unit = Some("kWh".to_owned());
    door.refuses_and_records(
        &gateway.envelope_of(random(), &pack.to_cbor()),
        422,
        "content-invalid",
    );
    let mut pack = gateway.pack(&readings);
    pack.records.first_mut().unwrap().base_time = Some(Number::Integer(i64::MAX));
    door.refuses_and_records(
        &gateway.envelope_of(random(), &pack.to_cbor()),
        422,
        "content-invalid",
    );
}

#[test]
fn readings_nobody_agreed_to_are_refused_with_a_record() {
    let door = Door::open();
    let readings = [("east", half_hour(5).as_micros(), 4_711_042)];
    let envelope = door.without_consent().gateway.envelope(&readings);
    let before = door.server.tree_size();
    let refused = door.server.intake(&envelope);
    door.is_problem(&refused, 403, "consent-missing");
    assert_eq!(refused.json()["leaf_index"], before);
    assert_eq!(door.server.tree_size(), before + ONE_RECORD);
    // Sent again it is the same refusal, and no second record.
    let again = door.server.intake(&envelope);
    door.is_problem(&again, 403, "consent-missing");
    assert_eq!(again.json()["leaf_index"], before);
    assert_eq!(door.server.tree_size(), before + ONE_RECORD);

    // Before the consent began nothing is covered either.
    let early = [("east", half_hour(24 * 10).as_micros(), 4_711_042)];
    let refused = door.server.intake(&door.first().gateway.envelope(&early));
    assert_eq!(refused.status, 403);
    assert!(refused.json()["leaf_index"].is_u64());
}

/// A gateway whose clock is ahead keeps its batch and sends it again: once time has caught up it is taken.
#[test]
fn a_batch_refused_for_its_date_keeps_its_id() {
    let door = Door::open();
    let gateway = &door.first().gateway;
    let id = random();
    let ahead = RunningClock::system().plus_seconds(3_600).as_micros();
    door.refuses_and_records(
        &gateway.envelope_with(id, &[("east", ahead, 4_711_042)]),
        422,
        "future-dated",
    );
    let mended = gateway.envelope_with(id, &[("east", half_hour(5).as_micros(), 4_711_042)]);
    assert_eq!(door.server.intake(&mended).status, 201);
}

/// Duplicates and disorder are a gateway's everyday life: they are taken, and the curve comes out right.
#[test]
fn duplicate_and_out_of_order_readings_are_accepted_and_mended() {
    let door = Door::open();
    let start = half_hour(6);
    let at = |half_hours: i64| start.plus_seconds(1_800 * half_hours).as_micros();
    let gateway = &door.first().gateway;
    let later = gateway.envelope(&[
        ("east", at(4), 4_712_000),
        ("east", at(3), 4_711_700),
        ("east", at(4), 4_712_000),
        ("east", at(2), 4_711_500),
    ]);
    let earlier = gateway.envelope(&[
        ("east", at(1), 4_711_400),
        ("east", at(1), 4_711_400),
        ("east", at(0), 4_711_042),
    ]);
    assert_eq!(door.server.intake(&later).status, 201);
    assert_eq!(door.server.intake(&earlier).status, 201);

    let answer = order(
        &door.server,
        &door.town,
        &start.to_string(),
        &start.plus_seconds(4 * 1_800).to_string(),
    );
    assert_eq!(
        answer.status,
        200,
        "{}",
        audit_tests::programs::text(&answer.body)
    );
    let delivery = answer.json();
    assert_eq!(delivery["rows"], 4);
    let curve = open(&door.town, delivery["payload"].as_str().unwrap());
    assert_eq!(curve["values"], json!([358, 100, 200, 300]), "{curve}");
}

/// Orders the first household's curve as the application.
fn order(server: &Server, town: &Town, from: &str, until: &str) -> Answer {
    let consent = town.residents[0].consent.unwrap();
    let body = json!({
        "transfer": uuid(),
        "authorisation": consent.to_string(),
        "from": from,
        "until": until,
        "step_s": 1_800,
    });
    let bearer = format!("Bearer {}", town.application.credential);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    server.ask(
        "POST",
        "/api/v1/deliveries",
        &headers,
        body.to_string().as_bytes(),
    )
}

fn uuid() -> String {
    broker_domain::ids::TransferId::random(&SystemEntropy)
        .unwrap()
        .to_string()
}

fn open(town: &Town, jwe: &str) -> serde_json::Value {
    let jws = JoseMemberCrypto::new()
        .decrypt(&town.application.key.private_jwk, jwe)
        .unwrap();
    let jws = String::from_utf8(jws.to_vec()).unwrap();
    let payload = jws.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
