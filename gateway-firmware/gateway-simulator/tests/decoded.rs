//! The street speaks and meter-core believes it; noise is refused and forgotten.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeSet;

use gateway_simulator::tic::TicMode;
use gateway_simulator::{Household, Street, Wiring};
use jiff::civil::{Date, date};
use meter_core::tic::{Decoder, Event, Frame, LegalTime, Parity, Plausibility, Verdicts};

/// What a receiver makes of a household's bytes.
struct Heard {
    frames: u32,
    verdicts: Verdicts,
    /// Reception times of trusted frames, and of all.
    trusted_at: Vec<i64>,
    received_at: Vec<i64>,
}

fn listen(
    household: &Household,
    from: Date,
    days: i64,
    step_s: u32,
    mut on: impl FnMut(&Frame, i64),
) -> Heard {
    let from_us = household.day(from).starts_at_us();
    let until_us = from_us + days * 86_400_000_000;
    let mut decoder = Decoder::new(Parity::Stripped);
    let mut judge = Plausibility::new(LegalTime::Mainland);
    let mut heard = Heard {
        frames: 0,
        verdicts: judge.verdicts(),
        trusted_at: vec![],
        received_at: vec![],
    };
    for (at_us, bytes) in household.frames(from_us, until_us, step_s) {
        heard.received_at.push(at_us);
        decoder.push(&bytes, |event| {
            let Event::Frame(frame) = event else { return };
            heard.frames += 1;
            if judge.check(frame, at_us).is_ok() {
                heard.trusted_at.push(at_us);
                on(frame, at_us);
            }
        });
    }
    heard.verdicts = judge.verdicts();
    heard
}

#[test]
fn every_frame_of_a_clean_wire_is_trusted() {
    // The day with the hour that comes twice.
    let first = date(2026, 10, 25);
    let street = Street::opened_on(21, 120, first).unwrap();
    let mut modes = BTreeSet::new();
    for household in street
        .households()
        .iter()
        .filter(|household| !household.has_noisy_wire())
    {
        let heard = listen(household, first, 1, 1800, |_, _| {});
        assert!(
            heard.frames >= 29,
            "household {}: {} frames",
            household.index(),
            heard.frames
        );
        assert_eq!(
            heard.verdicts.trusted,
            heard.frames,
            "household {}: {:?}",
            household.index(),
            heard.verdicts
        );
        assert_eq!(heard.verdicts.rebased, 0);
        let standard = household.mode() == TicMode::Standard;
        modes.insert((standard, household.dwelling().wiring == Wiring::ThreePhase));
    }
    assert!(modes.len() >= 3, "kinds of meters in the street: {modes:?}");
}

#[test]
fn noise_is_refused_and_the_next_frames_are_trusted_again() {
    let first = date(2026, 11, 2);
    let street = Street::opened_on(21, 120, first).unwrap();
    let noisy: Vec<_> = street
        .households()
        .iter()
        .filter(|household| household.has_noisy_wire())
        .collect();
    assert!((3..=6).contains(&noisy.len()), "{} noisy wires", noisy.len());
    for household in noisy {
        let heard = listen(household, first, 7, 600, |_, _| {});
        let lost = heard
            .received_at
            .iter()
            .filter(|at| !heard.trusted_at.contains(at))
            .count();
        assert!(lost >= 20, "household {}: only {lost} lost", household.index());
        assert!(
            lost * 100 < heard.received_at.len() * 15,
            "{lost} of {}",
            heard.received_at.len()
        );
        // It does not stay deaf: hardly ever are more than three frames lost in a row.
        let longest = heard
            .trusted_at
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .max()
            .unwrap();
        let silent: i64 = (0..7)
            .filter_map(|day| household.silence(date(2026, 11, 2 + day)))
            .map(|hours| hours.end - hours.start)
            .sum();
        assert!(
            longest <= silent + 6 * 600_000_000,
            "deaf for {} min",
            longest / 60_000_000
        );
    }
}

#[test]
fn trusted_frames_carry_the_indices_of_the_trace() {
    let first = date(2026, 11, 10);
    let street = Street::opened_on(4, 40, first).unwrap();
    for household in street
        .households()
        .iter()
        .filter(|household| !household.has_noisy_wire())
        .take(20)
    {
        let trace = household.day(first);
        let mut compared = 0;
        listen(household, first, 1, 900, |frame, at_us| {
            let registers = trace.registers_at(at_us);
            let wrapped = |value: u64| u32::try_from(value % 1_000_000_000).unwrap();
            if let Some(drawn) = frame.number("EAST") {
                assert_eq!(drawn, wrapped(registers.drawn.0));
                assert_eq!(frame.number("EAIT").unwrap_or(0), {
                    let producer = household.dwelling().solar.is_some();
                    if producer {
                        wrapped(registers.injected.0)
                    } else {
                        0
                    }
                });
                compared += 1;
            } else if let Some(base) = frame.number("BASE") {
                assert_eq!(base, wrapped(registers.drawn.0));
                compared += 1;
            } else if let (Some(off_peak), Some(peak)) = (frame.number("HCHC"), frame.number("HCHP")) {
                assert_eq!(
                    [off_peak, peak].map(u64::from),
                    [registers.supplier[0].0, registers.supplier[1].0]
                );
                compared += 1;
            }
        });
        let tempo = household.mode() == TicMode::Historique && compared == 0;
        assert!(
            compared > 55 || tempo,
            "household {}: {compared}",
            household.index()
        );
    }
}

#[test]
fn labels_of_the_street_are_those_of_its_meters() {
    let first = date(2026, 11, 10);
    let street = Street::opened_on(2, 240, first).unwrap();
    let mut seen = BTreeSet::new();
    for household in street.households() {
        listen(household, first, 1, 28_800, |frame, _| {
            seen.extend(frame.groups().map(|group| group.name.to_owned()));
        });
    }
    for label in [
        "ADCO",
        "PAPP",
        "BASE",
        "HCHP",
        "PMAX",
        "PPOT",
        "EAIT",
        "ERQ4",
        "SINSTI",
        "SMAXSN3-1",
        "UMOY3",
        "PJOURF+1",
    ] {
        assert!(seen.contains(label), "no meter of the street sends {label}");
    }
}

/// Minutes in which one phase exceeds the subscribed current of a historique meter, with the household.
fn overloads(street: &Street, first: Date, wiring: Wiring) -> Vec<(&Household, i64)> {
    let meters = street
        .households()
        .iter()
        .filter(|household| household.mode() == TicMode::Historique && household.dwelling().wiring == wiring);
    let mut found = Vec::new();
    for household in meters.filter(|household| !household.has_noisy_wire()) {
        let phases = if wiring == Wiring::ThreePhase { 3 } else { 1 };
        let limit = i64::from(household.dwelling().subscribed.0) * 5 / phases;
        for trace in household.days(first).take(10) {
            let over = trace
                .loads()
                .iter()
                .position(|load| load.amperes().iter().any(|&amperes| amperes > limit));
            found.extend(over.map(|minute| {
                (
                    household,
                    trace.starts_at_us() + i64::try_from(minute).unwrap() * 60_000_000,
                )
            }));
        }
    }
    found
}

#[test]
fn overloaded_three_phase_meter_sends_a_short_frame_before_the_long_one() {
    let first = date(2026, 11, 2);
    let street = Street::opened_on(0, 240, first).unwrap();
    let overloads = overloads(&street, first, Wiring::ThreePhase);
    assert!(!overloads.is_empty());
    for (household, at_us) in overloads {
        for (_, bytes) in household.frames(at_us, at_us + 60_000_000, 60) {
            let mut shorts = Vec::new();
            let mut judge = Plausibility::new(LegalTime::Mainland);
            Decoder::new(Parity::Stripped).push(&bytes, |event| {
                if let Event::Frame(frame) = event {
                    assert!(judge.check(frame, at_us).is_ok());
                    shorts.push(frame.is_short());
                }
            });
            assert_eq!(shorts, [true, false]);
        }
    }
}

#[test]
fn overloaded_single_phase_meter_warns() {
    let first = date(2026, 11, 2);
    let street = Street::opened_on(0, 120, first).unwrap();
    let overloads = overloads(&street, first, Wiring::SinglePhase);
    assert!(!overloads.is_empty());
    for (household, at_us) in overloads {
        for (_, bytes) in household.frames(at_us, at_us + 60_000_000, 60) {
            assert!(bytes.windows(5).any(|window| window == b"ADPS "));
        }
    }
}
