//! Envelopes that are not what they say.

use audit_tests::town::{half_hour, random};
use test_support::Gateway;

use super::Door;

/// Offsets in an envelope (`meter_core::envelope`).
const GATEWAY_ID: usize = 8;
const POINT_ID: usize = 24;
const PAYLOAD_LENGTH: usize = 72;

#[test]
fn an_unsigned_envelope_is_refused() {
    let door = Door::open();
    let mut envelope = door.good();
    let signature = envelope.len() - 64;
    envelope[signature..].fill(0);
    door.refuses(&envelope, 401, "signature-wrong");
    // Without the place for a signature it is no envelope.
    door.refuses(&envelope[..signature], 400, "truncated");
}

#[test]
fn a_wrongly_signed_envelope_is_refused() {
    let door = Door::open();
    let mut forged = Gateway::with_key(random());
    (forged.id, forged.point) = (door.first().gateway.id, door.first().gateway.point);
    let readings = [("east", half_hour(5).as_micros(), 4_711_042)];
    door.refuses(&forged.envelope(&readings), 401, "signature-wrong");
    // One bit of the payload, of the header, of the signature.
    let good = door.good();
    for position in [16, 40, 60, 70, PAYLOAD_LENGTH + 8, good.len() - 1] {
        let mut changed = door.good();
        changed[position] ^= 1;
        let answer = door.server.intake(&changed);
        let expected = if position == 16 {
            "gateway-unknown"
        } else {
            "signature-wrong"
        };
        door.is_problem(&answer, 401, expected);
    }
}

#[test]
fn a_signature_for_another_purpose_is_refused() {
    let door = Door::open();
    let gateway = &door.first().gateway;
    let mut envelope = door.good();
    let signed = envelope.len() - 64;
    // The envelope alone, without the context that says what is signed.
    let signature = gateway.sign(&envelope[..signed]);
    envelope[signed..].copy_from_slice(&signature);
    door.refuses(&envelope, 401, "signature-wrong");
}

#[test]
fn an_unknown_gateway_is_refused() {
    let door = Door::open();
    let stranger = Gateway::with_key(random());
    let envelope = stranger.envelope(&[("east", half_hour(5).as_micros(), 4_711_042)]);
    door.refuses(&envelope, 401, "gateway-unknown");
}

#[test]
fn a_gateway_of_another_participant_is_refused() {
    let door = Door::open();
    let readings = [("east", half_hour(5).as_micros(), 4_711_042)];
    // The second household's gateway speaks of the first household's meter, with its own good signature …
    let mut foreign = door
        .second()
        .gateway
        .envelope_of(random(), &door.first().gateway.pack(&readings).to_cbor());
    foreign[POINT_ID..POINT_ID + 16].copy_from_slice(&door.first().gateway.point);
    let signed = foreign.len() - 64;
    let message = [b"fiducie-envelope/v1\0", &foreign[..signed]].concat();
    let signature = door.second().gateway.sign(&message);
    foreign[signed..].copy_from_slice(&signature);
    door.refuses_and_records(&foreign, 403, "point-foreign");
    // … or calls itself the first household's gateway.
    let mut posing = door.second().gateway.envelope(&readings);
    posing[GATEWAY_ID..GATEWAY_ID + 16].copy_from_slice(&door.first().gateway.id);
    door.refuses(&posing, 401, "signature-wrong");
    // The header is its own, but the content is about the neighbour.
    let inside = door
        .second()
        .gateway
        .envelope_of(random(), &door.first().gateway.pack(&readings).to_cbor());
    door.refuses_and_records(&inside, 422, "content-invalid");
}

#[test]
fn an_unknown_delivery_point_is_refused() {
    let door = Door::open();
    let mut envelope = door.good();
    envelope[POINT_ID..POINT_ID + 16].copy_from_slice(&random::<16>());
    let signed = envelope.len() - 64;
    let signature = door
        .first()
        .gateway
        .sign(&[b"fiducie-envelope/v1\0", &envelope[..signed]].concat());
    envelope[signed..].copy_from_slice(&signature);
    door.refuses_and_records(&envelope, 422, "point-unknown");
}

#[test]
fn an_oversized_envelope_is_refused() {
    let door = Door::open();
    let mut announced = door.good();
    announced[PAYLOAD_LENGTH..PAYLOAD_LENGTH + 4].copy_from_slice(&65_537_u32.to_be_bytes());
    door.refuses(&announced, 413, "oversized");
    // Larger than any body the interface reads: refused before it is read to its end.
    door.refuses(&vec![b'F'; 80 * 1024], 413, "oversized");
}

#[test]
fn a_truncated_envelope_is_refused_wherever_it_was_cut() {
    let door = Door::open();
    let good = door.good();
    for length in [
        4,
        7,
        40,
        PAYLOAD_LENGTH,
        PAYLOAD_LENGTH + 4,
        good.len() - 65,
        good.len() - 1,
    ] {
        let answer = door.server.intake(&good[..length]);
        door.is_problem(&answer, 400, "truncated");
    }
    door.refuses(&good[..good.len() - 10], 400, "truncated");
}

#[test]
fn what_is_no_envelope_is_refused() {
    let door = Door::open();
    door.refuses(b"", 400, "not-an-envelope");
    door.refuses(b"{\"east\": 1}", 400, "not-an-envelope");
    let longer = [door.good(), b"x".to_vec()].concat();
    door.refuses(&longer, 400, "trailing-bytes");
    for (position, value) in [(4, 2), (5, 9), (6, 7), (7, 1)] {
        let mut unsupported = door.good();
        unsupported[position] = value;
        door.refuses(&unsupported, 400, "unsupported-envelope");
    }
}
