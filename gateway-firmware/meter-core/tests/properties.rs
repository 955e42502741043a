//! Properties that must hold for any bytes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use meter_core::envelope::{ContentType, Envelope, EnvelopeError, Header, encode};
use meter_core::measurement::measurements_of_payload;
use meter_core::senml::{Number, Pack, Record, Value, resolve};
use meter_core::tic::{
    Decoder, Event, Form, GROUPS_PER_FRAME, Horodate, LegalTime, Parity, Plausibility, Status,
    checksum_historique, checksum_standard,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Everything the decoder says, as text.
fn events(chunks: &[&[u8]], parity: Parity) -> Vec<String> {
    let mut decoder = Decoder::new(parity);
    let mut events = Vec::new();
    let mut on = |event: Event<'_>| {
        note(&event, &mut events);
    };
    for chunk in chunks {
        decoder.push(chunk, &mut on);
    }
    decoder.finish(&mut on);
    events.push(format!("{:?}", decoder.refused()));
    events
}

fn note(event: &Event<'_>, events: &mut Vec<String>) {
    if let Event::Frame(frame) = event {
        events.extend(frame.groups().map(|group| format!("{group:?}")));
    }
    events.push(format!("{event:?}"));
}

/// Names with the separator they come with: known, unknown, and known in the other mode.
const NAMES: &[(&str, char)] = &[
    ("EAST", '\t'),
    ("EAST", ' '),
    ("PAPP", ' '),
    ("PAPP", '\t'),
    ("TENSION", ' '),
    ("TENSION", '\t'),
    ("EASF11", '\t'),
    ("SMAXSN1-1", '\t'),
];

/// Bytes that look enough like a meter to reach every state.
fn meterlike() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(vec![0x02]),
        Just(vec![0x03]),
        Just(vec![0x04]),
        Just(vec![0x0A]),
        Just(vec![0x0D]),
        Just(vec![0x09]),
        Just(b"\nADCO 012345678901 E\r".to_vec()),
        Just(b"\nEAST\t011887649\t;\r".to_vec()),
        Just(b"\nDATE\tH230301091834\t\tC\r".to_vec()),
        vec(any::<u8>(), 0..160),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::Integer),
        any::<f64>().prop_filter_map("finite", Number::finite)
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let value = prop_oneof![
        number().prop_map(Value::Number),
        any::<String>().prop_map(Value::Text),
        any::<bool>().prop_map(Value::Boolean),
        vec(any::<u8>(), 0..40).prop_map(Value::Data),
    ];
    let text = || proptest::option::of("[ -~é]{0,20}");
    let base = (
        text(),
        proptest::option::of(number()),
        text(),
        proptest::option::of(number()),
    );
    let own = (
        text(),
        text(),
        proptest::option::of(value),
        proptest::option::of(number()),
    );
    (base, own, proptest::option::of(1u64..40)).prop_map(|(base, own, base_version)| Record {
        base_name: base.0,
        base_time: base.1,
        base_unit: base.2,
        base_value: base.3,
        base_version,
        name: own.0,
        unit: own.1,
        value: own.2,
        time: own.3,
        ..Record::default()
    })
}

fn header() -> impl Strategy<Value = Header> {
    any::<([u8; 16], [u8; 16], [u8; 16], u64, i64)>().prop_map(
        |(gateway_id, point_id, batch_id, sequence, created_at_us)| Header {
            content: ContentType::SenmlCbor,
            gateway_id,
            point_id,
            batch_id,
            sequence,
            created_at_us,
        },
    )
}

proptest! {
    #[test]
    fn the_decoder_takes_any_bytes(bytes in vec(any::<u8>(), 0..4096)) {
        events(&[&bytes], Parity::Stripped);
        events(&[&bytes], Parity::EvenInMsb);
    }

    #[test]
    fn cutting_the_stream_elsewhere_changes_nothing(bytes in meterlike(), cuts in vec(any::<prop::sample::Index>(), 0..8)) {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        places.extend([0, bytes.len()]);
        places.sort_unstable();
        let chunks: Vec<&[u8]> = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        for parity in [Parity::Stripped, Parity::EvenInMsb] {
            prop_assert_eq!(events(&chunks, parity), events(&[&bytes], parity));
        }
    }

    #[test]
    fn one_byte_at_a_time_or_all_at_once_is_the_same(bytes in meterlike()) {
        for parity in [Parity::Stripped, Parity::EvenInMsb] {
            let mut decoder = Decoder::new(parity);
            let mut slow = Vec::new();
            let mut on = |event: Event<'_>| note(&event, &mut slow);
            for byte in &bytes {
                decoder.push_byte(*byte, &mut on);
            }
            decoder.finish(&mut on);
            slow.push(format!("{:?}", decoder.refused()));
            prop_assert_eq!(slow, events(&[&bytes], parity));
        }
    }

    #[test]
    fn a_group_is_found_by_its_name_as_if_searched_for(names in vec(prop::sample::select(NAMES), 0..100)) {
        let mut stream = vec![0x02];
        for (n, (name, separator)) in (0..).zip(&names) {
            let zone = format!("{name}{separator}{n:03}");
            let sum = if *separator == '\t' {
                checksum_standard(format!("{zone}\t").as_bytes())
            } else {
                checksum_historique(zone.as_bytes())
            };
            stream.extend(format!("\n{zone}{separator}{}\r", char::from(sum)).bytes());
        }
        stream.push(0x03);
        let mut failure = None;
        Decoder::new(Parity::Stripped).push(&stream, |event| {
            let Event::Frame(frame) = event else { return };
            if frame.groups().count() != names.len().min(GROUPS_PER_FRAME) {
                failure = Some("a group is missing");
            }
            for (name, _) in NAMES {
                let searched = frame.groups().find(|group| group.name == *name);
                if frame.group(name) != searched || frame.number(name) != searched.and_then(|g| g.number()) {
                    failure = Some(name);
                }
            }
        });
        prop_assert_eq!(failure, None);
    }

    #[test]
    fn no_flipped_bit_makes_trusted_data_of_a_wrong_length(
        index in 0u32..1_000_000_000,
        flips in vec((any::<prop::sample::Index>(), 0u32..8), 1..6),
    ) {
        let mut stream = frame(index);
        for (place, bit) in flips {
            let place = place.index(stream.len());
            stream[place] ^= 1 << bit;
        }
        let mut decoder = Decoder::new(Parity::Stripped);
        let mut judge = Plausibility::new(LegalTime::Mainland);
        let mut failure = None;
        decoder.push(&stream, |event| {
            let Event::Frame(frame) = event else { return };
            let Ok(trusted) = judge.check(frame, 0) else { return };
            for group in trusted.frame().groups() {
                if let Some(Form::Digits(n)) = group.label.map(|label| label.form)
                    && (group.data.len() != n || group.number().is_none() && n < 10)
                {
                    failure = Some(group.name.to_owned());
                }
            }
        });
        prop_assert_eq!(failure, None);
    }

    #[test]
    fn horodates_and_registers_take_any_text(text in ".{0,16}") {
        if let Ok(date) = Horodate::parse(&text) {
            let _ = date.utc_seconds(LegalTime::Mainland);
            let _ = date.season_check();
        }
        let _ = Status::parse(&text);
    }

    #[test]
    fn the_senml_readers_take_any_bytes(bytes in vec(any::<u8>(), 0..512)) {
        for pack in [Pack::from_json(&bytes), Pack::from_cbor(&bytes)].into_iter().flatten() {
            let _ = resolve(&pack, Number::Integer(0));
        }
        let _ = measurements_of_payload(&bytes, &[0; 16]);
    }

    #[test]
    fn a_pack_survives_both_encodings(records in vec(record(), 0..6)) {
        let pack = Pack { records };
        prop_assert_eq!(&Pack::from_cbor(&pack.to_cbor()).unwrap(), &pack);
        prop_assert_eq!(&Pack::from_json(pack.to_json().as_bytes()).unwrap(), &pack);
    }

    #[test]
    fn an_envelope_reads_back_what_was_written(header in header(), payload in vec(any::<u8>(), 0..2048)) {
        let bytes = encode(&header, &payload, |_| [7; 64]).unwrap();
        let envelope = Envelope::parse(&bytes).unwrap();
        prop_assert_eq!(envelope.header, header);
        prop_assert_eq!(envelope.payload, &payload[..]);
        prop_assert_eq!(envelope.signature(), &[7; 64]);
    }

    #[test]
    fn a_changed_byte_changes_the_message_or_the_signature_or_is_refused(
        header in header(),
        payload in vec(any::<u8>(), 0..200),
        place in any::<prop::sample::Index>(),
        change in 1u8..,
    ) {
        let bytes = encode(&header, &payload, |_| [7; 64]).unwrap();
        let before = Envelope::parse(&bytes).unwrap();
        let mut changed = bytes.clone();
        let place = place.index(changed.len());
        changed[place] ^= change;
        if let Ok(after) = Envelope::parse(&changed) {
            prop_assert!(
                after.signing_message() != before.signing_message() || after.signature() != before.signature()
            );
        }
    }

    #[test]
    fn the_envelope_reader_takes_any_bytes(bytes in vec(any::<u8>(), 0..400)) {
        prop_assert!(Envelope::parse(&bytes).is_err());
        let mut framed = b"FDCE\x01\x01\x01\x00".to_vec();
        framed.extend(&bytes);
        if let Err(error) = Envelope::parse(&framed) {
            prop_assert!(!matches!(error, EnvelopeError::BadMagic));
        }
    }
}

fn frame(index: u32) -> Vec<u8> {
    let mut stream = vec![0x02];
    for zone in [
        "ADSC\t021964910001\t".to_owned(),
        format!("EAST\t{index:09}\t"),
        "IRMS1\t002\t".to_owned(),
    ] {
        stream.push(b'\n');
        stream.extend(zone.bytes());
        stream.push(checksum_standard(zone.as_bytes()));
        stream.push(b'\r');
    }
    stream.push(0x03);
    stream
}
