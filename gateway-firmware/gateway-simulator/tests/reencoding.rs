//! What real meters sent comes out of the writer byte for byte.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::fs;

use gateway_simulator::tic::{Horodate, TicMode, TicWriter};
use serde_json::Value;

const STX: u8 = 0x02;

/// Writes the groups of one expected frame again.
fn write_again(frame: &Value) -> Vec<u8> {
    let groups = frame["groups"].as_array().unwrap();
    let first = groups[0][0].as_str().unwrap();
    let mode = if first == "ADSC" {
        TicMode::Standard
    } else {
        TicMode::Historique
    };
    let mut writer = TicWriter::new(mode);
    writer.begin_frame();
    for group in groups {
        let (label, data) = (group[0].as_str().unwrap(), group[2].as_str().unwrap());
        match group[1].as_str() {
            Some(text) => writer
                .dated_group(label, Horodate::parse(text).unwrap(), data)
                .unwrap(),
            None => writer.group(label, data).unwrap(),
        }
    }
    // An interrupted frame is compared up to its last whole group.
    if frame["end"] == "etx" {
        writer.end_frame();
    }
    writer.into_bytes()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn whole_frames_of_all_streams_are_rewritten_byte_for_byte() {
    let Some(folder) = test_fixtures::fixtures("tic") else {
        return;
    };
    let mut rewritten = 0;
    for part in ["real", "synthetic"] {
        let mut paths: Vec<_> = fs::read_dir(folder.join(part))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "bin"));
        paths.sort();
        for path in paths {
            let mut bytes = fs::read(&path).unwrap();
            if path.to_string_lossy().contains("8n1") {
                // Read with the parity bit left in.
                bytes.iter_mut().for_each(|byte| *byte &= 0x7F);
            }
            let expected = fs::read_to_string(path.with_extension("expected.json")).unwrap();
            let expected: Value = serde_json::from_str(&expected).unwrap();
            for frame in expected["detail"].as_array().unwrap() {
                let whole = frame["end"] != "truncated" && frame["rejected"].as_array().unwrap().is_empty();
                if !whole || frame["starts_with_id"] != true {
                    continue;
                }
                let again = write_again(frame);
                assert_eq!(again[0], STX);
                let logged = path.to_string_lossy().contains("_logged");
                let found = if logged {
                    // A log with line ends of its own: what stands between them is the meter's.
                    let mut lines = again.split(|byte| b"\x02\x03\r\n".contains(byte));
                    lines.all(|line| line.is_empty() || contains(&bytes, line))
                } else {
                    contains(&bytes, &again)
                };
                assert!(found, "{}: a frame is not written as received", path.display());
                rewritten += 1;
            }
        }
    }
    // 47 valid frames in `real`, and the synthetic ones.
    assert!(rewritten > 90, "{rewritten} frames rewritten");
}
