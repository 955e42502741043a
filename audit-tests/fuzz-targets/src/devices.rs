//! What meters and gateways send.

use meter_core::{
    envelope::Envelope,
    senml::{Number, Pack, resolve},
    tic::{Decoder, Event, Parity},
};

use crate::Target;

pub const TARGETS: &[Target] = &[
    ("tic", tic),
    ("envelope", envelope),
    ("senml-cbor", senml_cbor),
    ("senml-json", senml_json),
];

/// The same bytes give the same frames, however they are cut.
fn tic(bytes: &[u8]) {
    let frames = |parts: &[&[u8]]| {
        let (mut decoder, mut frames, mut refused) = (Decoder::new(Parity::EvenInMsb), 0_u32, 0_u32);
        let mut count = |event: Event<'_>| match event {
            Event::Frame(frame) => {
                frames += 1;
                let _ = (
                    frame.is_valid(),
                    frame.mode(),
                    frame.groups().filter_map(|group| group.number()).count(),
                );
            }
            Event::Refused { .. } => refused += 1,
            Event::FrameStarted | Event::Group(_) => {}
        };
        for part in parts {
            decoder.push(part, &mut count);
        }
        decoder.finish(&mut count);
        (frames, refused)
    };
    let (head, tail) = bytes.split_at(bytes.len() / 2);
    assert_eq!(
        frames(&[bytes]),
        frames(&[head, tail]),
        "cut in two, other frames"
    );
}

fn envelope(bytes: &[u8]) {
    let _ = Envelope::parse(bytes);
}

fn senml_cbor(bytes: &[u8]) {
    if let Ok(pack) = Pack::from_cbor(bytes) {
        let _ = resolve(&pack, Number::from_microseconds(0));
    }
}

fn senml_json(bytes: &[u8]) {
    if let Ok(pack) = Pack::from_json(bytes) {
        let _ = resolve(&pack, Number::from_microseconds(0));
    }
}
