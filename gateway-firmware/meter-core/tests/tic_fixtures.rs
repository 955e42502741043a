//! Every captured and synthetic stream decodes to what an independent strict decoder found in it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::fs;
use std::path::{Path, PathBuf};

use meter_core::tic::{
    Cause, Decoder, Event, Frame, FrameEnd, Group, Horodate, Implausible, LegalTime, MeterClock, Mode,
    Parity, Plausibility, Refused, has_right_form,
};
use serde_json::{Value, json};

fn parity_of(path: &Path) -> Parity {
    if path.to_string_lossy().contains("8n1") {
        Parity::EvenInMsb
    } else {
        Parity::Stripped
    }
}

fn streams(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "bin"))
        .collect();
    paths.sort();
    paths
}

const fn reason(cause: Cause) -> &'static str {
    match cause {
        Cause::Parity => "parity",
        Cause::Fields => "fields",
        Cause::ChecksumLength => "checksum_len",
        Cause::Checksum => "checksum",
        Cause::NoCarriageReturn => "no_cr",
        Cause::TooLong => "too_long",
        Cause::FrameFull => "frame_full",
    }
}

fn latin1(raw: &[u8]) -> String {
    raw.iter().map(|byte| char::from(*byte)).collect()
}

fn describe(frame: &Frame, rejected: &[Value]) -> Value {
    let groups: Vec<_> = frame
        .groups()
        .map(|group| json!([group.name, group.horodate, group.data]))
        .collect();
    let end = match frame.end() {
        FrameEnd::Etx => "etx",
        FrameEnd::Eot => "eot",
        FrameEnd::Truncated => "truncated",
    };
    json!({
        "end": end,
        "valid": frame.is_valid(),
        "groups": groups,
        "starts_with_id": frame.starts_with_identifier(),
        "rejected": rejected,
    })
}

/// The frames of a stream as the expected documents describe them, and what was refused.
fn decode(bytes: &[u8], parity: Parity) -> (Vec<Value>, Refused) {
    let mut decoder = Decoder::new(parity);
    let mut frames = Vec::new();
    let mut rejected = Vec::new();
    let mut on = |event: Event<'_>| match event {
        Event::FrameStarted => rejected.clear(),
        Event::Group(_) => {}
        Event::Refused { cause, raw } => rejected.push(json!([reason(cause), latin1(raw)])),
        Event::Frame(frame) => frames.push(describe(frame, &rejected)),
    };
    decoder.push(bytes, &mut on);
    decoder.finish(&mut on);
    (frames, decoder.refused())
}

#[test]
fn every_stream_decodes_to_its_expected_document() {
    let Some(folder) = test_fixtures::fixtures("tic") else {
        return;
    };
    let mut seen = 0;
    for path in streams(&folder.join("real"))
        .into_iter()
        .chain(streams(&folder.join("synthetic")))
    {
        let expected = fs::read_to_string(path.with_extension("expected.json")).unwrap();
        let expected: Value = serde_json::from_str(&expected).unwrap();
        let bytes = fs::read(&path).unwrap();
        let (frames, _) = decode(&bytes, parity_of(&path));
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for (i, frame) in frames.iter().enumerate() {
            assert_eq!(*frame, expected["detail"][i], "{name}, frame {i}");
        }
        let count = |test: fn(&Value) -> bool| frames.iter().filter(|frame| test(frame)).count();
        let total = |key: &str| {
            frames
                .iter()
                .map(|frame| frame[key].as_array().unwrap().len())
                .sum::<usize>()
        };
        assert_eq!(json!(bytes.len()), expected["bytes"], "{name}");
        assert_eq!(json!(frames.len()), expected["frames"], "{name}");
        assert_eq!(
            json!(count(|frame| frame["end"] == "etx")),
            expected["frames_complete"],
            "{name}"
        );
        assert_eq!(
            json!(count(|frame| frame["valid"] == true)),
            expected["frames_valid"],
            "{name}"
        );
        assert_eq!(json!(total("groups")), expected["groups_ok"], "{name}");
        assert_eq!(json!(total("rejected")), expected["groups_rejected"], "{name}");
        seen += 1;
    }
    assert_eq!(seen, 25, "the fixtures have changed");
}

/// Verdicts on the frames of a stream, received at the pace of the wire.
fn verdicts(bytes: &[u8], parity: Parity) -> Vec<Result<Option<i64>, Implausible>> {
    let mut decoder = Decoder::new(parity);
    let mut judge = Plausibility::new(LegalTime::Mainland);
    let mut verdicts = Vec::new();
    let microseconds_per_byte = if bytes.contains(&b'\t') { 1_042 } else { 8_333 };
    for (at_us, byte) in (0i64..).step_by(microseconds_per_byte).zip(bytes) {
        decoder.push(&[*byte], |event| {
            if let Event::Frame(frame) = event {
                verdicts.push(judge.check(frame, at_us).map(|trusted| trusted.meter_clock_us()));
            }
        });
    }
    verdicts
}

#[test]
fn whole_frames_of_real_meters_are_plausible() {
    let Some(folder) = test_fixtures::fixtures("tic") else {
        return;
    };
    for path in streams(&folder.join("real"))
        .into_iter()
        .chain(streams(&folder.join("synthetic")))
    {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "std_checksum_blind_spots.bin" {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let parity = parity_of(&path);
        let whole = decode(&bytes, parity)
            .0
            .iter()
            .filter(|frame| {
                frame["valid"] == true && frame["starts_with_id"] == true && has_no_label_twice(frame)
            })
            .count();
        let verdicts = verdicts(&bytes, parity);
        let trusted = verdicts.iter().filter(|verdict| verdict.is_ok()).count();
        assert_eq!(trusted, whole, "{name}: {verdicts:?}");
    }
}

/// One frame of the logged capture holds the groups of two.
fn has_no_label_twice(frame: &Value) -> bool {
    let names: Vec<_> = frame["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| &group[0])
        .collect();
    (1..names.len()).all(|i| !names[..i].contains(&names[i]))
}

#[test]
fn checksum_blind_spots_are_refused_each_for_its_reason() {
    let Some(folder) = test_fixtures::fixtures("tic/synthetic") else {
        return;
    };
    let bytes = fs::read(folder.join("std_checksum_blind_spots.bin")).unwrap();
    assert_eq!(
        verdicts(&bytes, Parity::Stripped),
        [
            Err(Implausible::Form { label: "EAST" }),
            Err(Implausible::SumDisagrees),
            Err(Implausible::Form { label: "NGTF" }),
        ]
    );
}

#[test]
fn the_repeated_hour_of_october_keeps_its_order() {
    let Some(folder) = test_fixtures::fixtures("tic/synthetic") else {
        return;
    };
    let bytes = fs::read(folder.join("std_mono_dst_change.bin")).unwrap();
    let clocks: Vec<_> = verdicts(&bytes, Parity::Stripped)
        .into_iter()
        .map(|verdict| verdict.unwrap().unwrap())
        .collect();
    assert_eq!(clocks.len(), 4);
    assert!(
        clocks.windows(2).all(|pair| pair[1] - pair[0] == 1_000_000),
        "{clocks:?}"
    );
}

#[test]
fn a_degraded_clock_dates_nothing_until_it_is_set() {
    let Some(folder) = test_fixtures::fixtures("tic/synthetic") else {
        return;
    };
    let bytes = fs::read(folder.join("std_mono_clock_degraded.bin")).unwrap();
    let verdicts = verdicts(&bytes, Parity::Stripped);
    assert_eq!(verdicts[0], Ok(None));
    assert!(matches!(verdicts[1], Ok(Some(_))));
    let (frames, _) = decode(&bytes, Parity::Stripped);
    let date = frames[0]["groups"][2][1].as_str().unwrap().to_owned();
    assert_eq!(Horodate::parse(&date).unwrap().clock(), MeterClock::Degraded);
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            bytes.push(u8::try_from(character).unwrap());
            continue;
        }
        bytes.push(match characters.next().unwrap() {
            't' => b'\t',
            'r' => b'\r',
            'n' => b'\n',
            'x' => {
                let digits: String = characters.by_ref().take(2).collect();
                u8::from_str_radix(&digits, 16).unwrap()
            }
            other => panic!("unknown escape `{other}`"),
        });
    }
    bytes
}

/// Names of the groups of one broken line that a gateway would use, and how its frame ended.
fn usable(raw: &[u8]) -> (Vec<(String, Mode)>, Option<FrameEnd>) {
    let mut decoder = Decoder::new(Parity::Stripped);
    let mut names = Vec::new();
    let mut end = None;
    let mut on = |event: Event<'_>| match event {
        Event::Group(group) if has_right_form(&group) => names.push((group.name.to_owned(), group.mode)),
        Event::Frame(frame) if end.is_none() => end = Some(frame.end()),
        _ => {}
    };
    decoder.push(b"\x02\n", &mut on);
    decoder.push(raw, &mut on);
    decoder.push(b"\r\x03", &mut on);
    (names, end)
}

#[test]
fn broken_lines_from_the_field_get_the_verdict_of_a_careful_gateway() {
    let Some(folder) = test_fixtures::fixtures("tic/real") else {
        return;
    };
    let table = fs::read_to_string(folder.join("field-errors.tsv")).unwrap();
    let mut seen = 0;
    for line in table.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let [mode, raw, what, verdict, _source] = columns[..] else {
            panic!("{line}")
        };
        let raw = unescape(raw);
        let (names, end) = usable(&raw);
        let first = latin1(&raw).split(['\t', ' ']).next().unwrap().to_owned();
        if verdict.starts_with("reject second") {
            assert_eq!(names.len(), 1, "{what}");
            assert_eq!(names[0].0, first, "{what}");
        } else if verdict.starts_with("reject") {
            assert!(names.is_empty(), "{what}: {names:?}");
        } else {
            let expected = if mode == "std" {
                Mode::Standard
            } else {
                Mode::Historique
            };
            assert_eq!(names, [(first, expected)], "{what}");
        }
        if verdict.contains("frame marked incomplete") {
            assert_eq!(end, Some(FrameEnd::Eot), "{what}");
        }
        seen += 1;
    }
    assert_eq!(seen, 15);
    assert!(Group::parse(b"TENSION 233 8").is_ok_and(|group| group.label.is_none()));
}

#[test]
fn other_captures_decode_without_a_frame_too_many() {
    let Some(folder) = test_fixtures::fixtures("linky-tic") else {
        return;
    };
    for (name, frames, trusted) in [
        ("historique_tempo_BBR.bin", 10, 10),
        ("historique_triphase_2024_LFLF.bin", 5, 0),
        ("standard_monophase_13_trames.bin", 13, 12),
    ] {
        let bytes = fs::read(folder.join(name)).unwrap();
        assert_eq!(decode(&bytes, Parity::Stripped).0.len(), frames, "{name}");
        let verdicts = verdicts(&bytes, Parity::Stripped);
        assert_eq!(
            verdicts.iter().filter(|verdict| verdict.is_ok()).count(),
            trusted,
            "{name}"
        );
    }
    for name in ["enedis_historique.txt", "enedis_standard.txt"] {
        let bytes = fs::read(folder.join(name)).unwrap();
        for parity in [Parity::Stripped, Parity::EvenInMsb] {
            decode(&bytes, parity);
        }
    }
}
