//! Flipped bits that the meter's 6-bit checksum does not see: the gateway does not believe them, so they never leave.

use audit_tests::town::{half_hour, random};
use gateway_device::{Device, Field, FieldSet, Identity, Measuring, Settings};
use gateway_simulator::{Household, Street};

use super::Door;

/// Seconds between two frames.
const STEP_S: u32 = 60;

#[test]
fn flipped_bits_that_pass_the_checksum_are_refused_by_the_device() {
    let door = Door::open();
    let street = Street::new(7, 40).unwrap();
    let wants = |household: &&Household| !household.has_noisy_wire();
    for (household, labels) in [
        (
            street
                .households()
                .iter()
                .filter(wants)
                .find(|h| is_standard(h))
                .unwrap(),
            &["\nEAST\t"][..],
        ),
        (
            street
                .households()
                .iter()
                .filter(wants)
                .find(|h| !is_standard(h))
                .unwrap(),
            &["\nBASE ", "\nHCHC ", "\nBBRHCJB "],
        ),
    ] {
        let from = half_hour(8).as_micros();
        let frames: Vec<_> = household.frames(from, from + 900_000_000, STEP_S).collect();
        assert!(frames.len() >= 12, "the meter is silent");
        let clean = listen(&door, &frames);
        let spoiled_at = 6;
        let mut spoiled = frames.clone();
        spoil(&mut spoiled[spoiled_at].1, labels);
        assert_ne!(spoiled, frames);

        let heard = listen(&door, &spoiled);
        assert_eq!(
            heard.counters().refused,
            clean.counters().refused,
            "{labels:?}: the checksum saw it"
        );
        let (trusted, all) = (
            heard.counters().verdicts.trusted,
            clean.counters().verdicts.trusted,
        );
        assert_eq!(trusted, all - 1, "{labels:?}: {:?}", heard.counters().verdicts);

        // What leaves is what a clean wire would have given, without that minute: the broker takes it.
        let envelope = take(&door, heard);
        assert_eq!(door.server.intake(&envelope).status, 201);
    }
}

fn is_standard(household: &Household) -> bool {
    household.mode() == gateway_simulator::tic::TicMode::Standard
}

/// Wrong bits that add up to none in the index of one of these labels.
fn spoil(frame: &mut [u8], labels: &[&str]) {
    let starts = |label: &&str| {
        let found = frame
            .windows(label.len())
            .position(|window| window == label.as_bytes());
        found.map(|at| at + label.len())
    };
    let at = labels.iter().find_map(starts).unwrap();
    let digits = frame[at..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let value = &mut frame[at..at + digits];
    // The first digit becomes larger by what another one loses: the 6-bit sum stays, the value leaps.
    let donor = (1..digits).rev().find(|index| value[*index] > b'0').unwrap();
    let given = (value[donor] - b'0').min(b'9' - value[0]);
    assert!(given > 0);
    value[donor] -= given;
    value[0] += given;
}

fn listen(door: &Door, frames: &[(i64, Vec<u8>)]) -> Device {
    let gateway = &door.first().gateway;
    let fields = FieldSet::EMPTY.with(Field::EnergyIndex).with(Field::Power);
    let settings = Settings::new(1, Measuring::On, fields, STEP_S).unwrap();
    let mut device = Device::new(
        Identity {
            gateway_id: gateway.id,
            point_id: gateway.point,
        },
        settings,
    );
    for (at_us, bytes) in frames {
        device.push(bytes, *at_us);
    }
    device
}

fn take(door: &Door, mut device: Device) -> Vec<u8> {
    let gateway = &door.first().gateway;
    device
        .take_batch(random(), half_hour(1).as_micros(), |message| {
            gateway.sign(message)
        })
        .unwrap()
        .unwrap()
}
