//! How fast frames are decoded and checked on this machine, beside a ceiling measured in the same run: a pass over the
//! same bytes that finds the groups and verifies their checksums, and does nothing else.
//!
//! `cargo run --release -p meter-core --example decode_speed`
//!
//! A meter sends 960 bytes/s at most, so one gateway never needs this; a broker that replays the captures of a city, a
//! simulator and a test suite do. Each figure is the best of several rounds: the others measure the neighbours.
#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use meter_core::tic::{
    Decoder, Event, LegalTime, Parity, Plausibility, Trusted, checksum_historique, checksum_standard,
};

const FRAMES: u32 = 2_000;
const ROUNDS: usize = 15;

/// A frame every so many seconds of the meter's life: 2000 of them last less than a day.
const STEP_S: u32 = 30;

fn main() {
    println!(
        "{FRAMES} frames, best of {ROUNDS} rounds\n{:<34}{:>12}{:>10}{:>10}",
        "", "frames/s", "MB/s", "µs/frame"
    );
    for (name, frame) in [
        ("historique, single-phase", historique as fn(u32) -> Vec<u8>),
        ("standard, single-phase", standard_single_phase),
        ("standard, three-phase producer", standard_three_phase_producer),
    ] {
        let frames: Vec<Vec<u8>> = (0..FRAMES).map(frame).collect();
        let stream = frames.concat();
        println!("{name}, {} bytes a frame", stream.len() / frames.len());
        report("  ceiling: checksums only", &stream, || {
            assert_eq!(groups_with_right_checksum(&stream) % frames.len(), 0);
        });
        report("  decoded", &stream, || assert_eq!(decoded(&stream), FRAMES));
        report("  decoded and checked", &stream, || {
            assert_eq!(decoded_and_checked(&stream), FRAMES);
        });
        report_check(&frames);
    }
}

/// Runs `work` over `stream` and prints its best round.
fn report(what: &str, stream: &[u8], mut work: impl FnMut()) {
    let best = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed()
        })
        .min();
    say(what, Some(stream.len()), best.unwrap_or_default());
}

/// The check alone: the clock runs only inside [`Plausibility::check`], so its own cost (some 25 ns) is included.
fn report_check(frames: &[Vec<u8>]) {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let mut decoder = Decoder::new(Parity::Stripped);
        let mut judge = Plausibility::new(LegalTime::Mainland);
        let mut spent = Duration::ZERO;
        let mut at_us = 0;
        for bytes in frames {
            decoder.push(bytes, |event| {
                if let Event::Frame(frame) = event {
                    let began = Instant::now();
                    let trusted = black_box(judge.check(frame, at_us).is_ok());
                    spent += began.elapsed();
                    assert!(trusted);
                    at_us += i64::from(STEP_S) * 1_000_000;
                }
            });
        }
        best = best.min(spent);
    }
    say("  the check alone", None, best);
}

#[allow(clippy::cast_precision_loss, reason = "figures for a reader")]
fn say(what: &str, bytes: Option<usize>, best: Duration) {
    let seconds = best.as_secs_f64();
    let rate = bytes.map_or(String::new(), |bytes| {
        format!("{:.0}", bytes as f64 / 1e6 / seconds)
    });
    println!(
        "{what:<34}{:>12.0}{rate:>10}{:>10.2}",
        f64::from(FRAMES) / seconds,
        seconds * 1e6 / f64::from(FRAMES)
    );
}

/// How many groups have a right checksum.
fn groups_with_right_checksum(stream: &[u8]) -> usize {
    let right = |group: &&[u8]| {
        let Some((sum, zone)) = group.split_last() else {
            return false;
        };
        let computed = match zone.split_last() {
            Some((b'\t', _)) => checksum_standard(zone),
            Some((_, zone)) => checksum_historique(zone),
            None => return false,
        };
        computed == *sum
    };
    let groups = stream.split(|byte| *byte == b'\r').filter_map(|part| {
        let start = part.iter().position(|byte| *byte == b'\n')?;
        part.get(start + 1..)
    });
    black_box(groups.filter(right).count())
}

fn decoded(stream: &[u8]) -> u32 {
    let mut frames = 0;
    Decoder::new(Parity::Stripped).push(stream, |event| {
        if let Event::Frame(frame) = event {
            frames += u32::from(black_box(frame).is_valid());
        }
    });
    frames
}

fn decoded_and_checked(stream: &[u8]) -> u32 {
    let mut judge = Plausibility::new(LegalTime::Mainland);
    let (mut trusted, mut at_us) = (0, 0);
    Decoder::new(Parity::Stripped).push(stream, |event| {
        if let Event::Frame(frame) = event {
            let verdict: Option<Trusted<'_>> = judge.check(frame, at_us).ok();
            trusted += u32::from(black_box(verdict).is_some());
            at_us += i64::from(STEP_S) * 1_000_000;
        }
    });
    trusted
}

fn frame_of(groups: &[String], mut checksum: impl FnMut(&str) -> u8, after: &str) -> Vec<u8> {
    let mut frame = vec![0x02];
    for zone in groups {
        frame.push(b'\n');
        frame.extend(zone.bytes());
        frame.extend(after.bytes());
        frame.extend([checksum(zone), b'\r']);
    }
    frame.push(0x03);
    frame
}

/// The energy drawn when frame `n` is sent, Wh, at about 2 kW.
const fn energy(n: u32) -> u32 {
    31_000_000 + n * STEP_S * 2000 / 3600
}

fn historique(n: u32) -> Vec<u8> {
    let groups = [
        "ADCO 021964900001".to_owned(),
        "OPTARIF HC..".to_owned(),
        "ISOUSC 45".to_owned(),
        "HCHC 012345678".to_owned(),
        format!("HCHP {:09}", energy(n)),
        "PTEC HP..".to_owned(),
        format!("IINST {:03}", 7 + n % 3),
        "IMAX 041".to_owned(),
        format!("PAPP {:05}", 1900 + n % 200),
        "HHPHC A".to_owned(),
        "MOTDETAT 000000".to_owned(),
    ];
    frame_of(&groups, |zone| checksum_historique(zone.as_bytes()), " ")
}

fn standard_single_phase(n: u32) -> Vec<u8> {
    frame_of(
        &standard(n, "003A0401", &[]),
        |zone| checksum_standard(zone.as_bytes()),
        "",
    )
}

/// Nearly as long as a frame can be.
fn standard_three_phase_producer(n: u32) -> Vec<u8> {
    let at = date(n);
    let mut more = vec![
        "EAIT\t000512345\t".to_owned(),
        "SINSTI\t00000\t".to_owned(),
        format!("SMAXIN\t{at}\t01234\t"),
        format!("SMAXIN-1\t{at}\t02345\t"),
        format!("CCAIN\t{at}\t00120\t"),
        format!("CCAIN-1\t{at}\t00140\t"),
    ];
    more.extend((1..=4).map(|quadrant| format!("ERQ{quadrant}\t000004567\t")));
    for phase in 2..=3 {
        more.push(format!("IRMS{phase}\t003\t"));
        more.push(format!("URMS{phase}\t231\t"));
        more.push(format!("UMOY{phase}\t{at}\t230\t"));
    }
    for phase in 1..=3 {
        more.push(format!("SINSTS{phase}\t00640\t"));
        more.push(format!("SMAXSN{phase}\t{at}\t01020\t"));
        more.push(format!("SMAXSN{phase}-1\t{at}\t01150\t"));
    }
    frame_of(
        &standard(n, "003A0501", &more),
        |zone| checksum_standard(zone.as_bytes()),
        "",
    )
}

/// A winter day from midnight.
fn date(n: u32) -> String {
    let s = n * STEP_S;
    format!("H260110{:02}{:02}{:02}", s / 3600, s / 60 % 60, s % 60)
}

/// The groups up to the last separator, which belongs to the zone of the checksum.
fn standard(n: u32, status: &str, more: &[String]) -> Vec<String> {
    let at = date(n);
    let mut groups = vec![
        "ADSC\t041964900001\t".to_owned(),
        "VTIC\t02\t".to_owned(),
        format!("DATE\t{at}\t\t"),
        "NGTF\t     HC..       \t".to_owned(),
        "LTARF\t   HEURE PLEINE \t".to_owned(),
        format!("EAST\t{:09}\t", 12_345_678 + energy(n)),
        "EASF01\t012345678\t".to_owned(),
        format!("EASF02\t{:09}\t", energy(n)),
    ];
    groups.extend((3..=10).map(|index| format!("EASF{index:02}\t000000000\t")));
    groups.push(format!("EASD01\t{:09}\t", energy(n)));
    groups.extend((2..=4).map(|index| format!("EASD{index:02}\t000000000\t")));
    groups.extend([
        "IRMS1\t008\t".to_owned(),
        "URMS1\t232\t".to_owned(),
        "PREF\t09\t".to_owned(),
        "PCOUP\t09\t".to_owned(),
        format!("SINSTS\t{:05}\t", 1900 + n % 200),
        format!("SMAXSN\t{at}\t03010\t"),
        format!("SMAXSN-1\t{at}\t04210\t"),
        format!("CCASN\t{at}\t01980\t"),
        format!("CCASN-1\t{at}\t02010\t"),
        format!("UMOY1\t{at}\t231\t"),
        format!("STGE\t{status}\t"),
        "MSG1\tPAS DE          MESSAGE         \t".to_owned(),
        "PRM\t99000000000101\t".to_owned(),
        "RELAIS\t000\t".to_owned(),
        "NTARF\t02\t".to_owned(),
        "NJOURF\t00\t".to_owned(),
        "NJOURF+1\t00\t".to_owned(),
        format!(
            "PJOURF+1\t{}{}\t",
            "00004001 06004002 22004001",
            " NONUTILE".repeat(8)
        ),
    ]);
    groups.extend_from_slice(more);
    groups
}
