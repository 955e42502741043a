//! Named bad inputs, one file each: whatever they are, nothing comes out of them. The first word of a file name says
//! which reader it is for.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::fs;
use std::path::Path;

use meter_core::senml::{Number, Pack, resolve};
use meter_core::tic::{Decoder, Event, LegalTime, Parity, Plausibility};

fn trusted_frames(bytes: &[u8], parity: Parity) -> usize {
    let mut decoder = Decoder::new(parity);
    let mut judge = Plausibility::new(LegalTime::Mainland);
    let mut trusted = 0;
    let mut on = |event: Event<'_>| {
        if let Event::Frame(frame) = event {
            trusted += usize::from(judge.check(frame, 0).is_ok());
        }
    };
    decoder.push(bytes, &mut on);
    decoder.finish(&mut on);
    trusted
}

#[test]
fn nothing_is_trusted_in_bad_input() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-input");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        match name.split('-').next() {
            Some("tic") => {
                for parity in [Parity::Stripped, Parity::EvenInMsb] {
                    assert_eq!(trusted_frames(&bytes, parity), 0, "{name}");
                }
            }
            Some("senml") => {
                for pack in [Pack::from_json(&bytes), Pack::from_cbor(&bytes)] {
                    assert!(
                        pack.and_then(|pack| resolve(&pack, Number::Integer(0))).is_err(),
                        "{name}"
                    );
                }
            }
            _ => panic!("no reader for `{name}`"),
        }
        seen += 1;
    }
    assert!(seen >= 27, "bad inputs are missing");
}
