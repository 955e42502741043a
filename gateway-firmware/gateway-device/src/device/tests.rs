//! A device fed with made frames.

use meter_core::envelope::Envelope;
use meter_core::measurement::{Measurement, Phase, Quantity, Register, measurements_of_payload};
use meter_core::tic::{Field, FieldSet, checksum_historique, checksum_standard};
use proptest::prelude::*;

use super::*;
use crate::settings::Measuring;

const IDENTITY: Identity = Identity {
    gateway_id: [0x61; 16],
    point_id: [0x70; 16],
};
const START_US: i64 = 1_768_030_200_000_000;

fn settings(version: u64, measuring: Measuring, fields: FieldSet, step_s: u32) -> Settings {
    Settings::new(version, measuring, fields, step_s).unwrap()
}

fn measuring(step_s: u32) -> Device {
    Device::new(IDENTITY, settings(1, Measuring::On, FieldSet::all(), step_s))
}

fn historique(groups: &[(&str, String)]) -> Vec<u8> {
    let mut frame = vec![0x02];
    for (label, data) in groups {
        let zone = format!("{label} {data}");
        frame.extend(format!("\n{zone} {}\r", char::from(checksum_historique(zone.as_bytes()))).bytes());
    }
    frame.push(0x03);
    frame
}

fn base(index: u32) -> Vec<u8> {
    historique(&[
        ("ADCO", "021964910001".to_owned()),
        ("ISOUSC", "30".to_owned()),
        ("BASE", format!("{index:09}")),
        ("PAPP", "00460".to_owned()),
    ])
}

fn linky(date: &str, load_curve_date: &str, index: u32) -> Vec<u8> {
    let mut frame = vec![0x02];
    for zone in [
        "ADSC\t021964910001\t".to_owned(),
        format!("DATE\t{date}\t\t"),
        "NGTF\t      BASE      \t".to_owned(),
        format!("EAST\t{index:09}\t"),
        "IRMS1\t002\t".to_owned(),
        "URMS1\t231\t".to_owned(),
        "SINSTS\t00420\t".to_owned(),
        format!("CCASN\t{load_curve_date}\t00380\t"),
        "STGE\t003A0001\t".to_owned(),
        "MSG1\tPAS DE          MESSAGE         \t".to_owned(),
        "PRM\t99000000000101\t".to_owned(),
    ] {
        frame.extend(format!("\n{zone}{}\r", char::from(checksum_standard(zone.as_bytes()))).bytes());
    }
    frame.push(0x03);
    frame
}

fn batch(device: &mut Device) -> Option<Vec<u8>> {
    device.take_batch([0xBA; 16], START_US, |_| [1; 64]).unwrap()
}

fn measurements(device: &mut Device) -> Vec<Measurement> {
    let Some(bytes) = batch(device) else {
        return Vec::new();
    };
    let envelope = Envelope::parse(&bytes).unwrap();
    measurements_of_payload(envelope.payload, &IDENTITY.point_id).unwrap()
}

#[test]
fn historique_is_dated_by_the_reception_of_its_start() {
    let mut device = measuring(1);
    let frame = base(1000);
    let (start, end) = frame.split_at(10);
    device.push(start, START_US);
    device.push(end, START_US + 700_000);
    let measurements = measurements(&mut device);
    assert!(
        measurements
            .iter()
            .all(|measurement| measurement.at_us == START_US)
    );
    let index = Quantity::EnergyIndexWh {
        register: Register::Base,
    };
    assert!(
        measurements
            .iter()
            .any(|m| m.quantity == index && m.value == 1000)
    );
}

#[test]
fn standard_is_dated_by_its_own_clock_when_it_is_good() {
    let mut device = measuring(1);
    device.push(
        &linky("H260110083000", "H260110083000", 1000),
        START_US + 5_000_000,
    );
    let good = measurements(&mut device);
    assert!(good.iter().all(|measurement| measurement.at_us == START_US));
    device.push(
        &linky("h260110083010", "h260110083000", 1000),
        START_US + 15_000_000,
    );
    let degraded = measurements(&mut device);
    assert!(
        degraded
            .iter()
            .all(|measurement| measurement.at_us == START_US + 15_000_000)
    );
    assert!(
        !degraded
            .iter()
            .any(|m| matches!(m.quantity, Quantity::MeanPowerW { .. }))
    );
}

#[test]
fn identifiers_and_messages_never_leave() {
    let mut device = measuring(1);
    device.push(&linky("H260110083000", "H260110083000", 1000), START_US);
    device.push(&base(1000), START_US);
    let bytes = batch(&mut device).unwrap();
    for secret in [
        "021964910001",
        "99000000000101",
        "MESSAGE",
        "prm",
        "ads",
        "adco",
        "ngtf",
    ] {
        assert!(
            !bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes()),
            "{secret}"
        );
    }
}

#[test]
fn one_frame_is_kept_in_each_step() {
    let mut device = measuring(600);
    for second in 0..1300u32 {
        device.push(
            &base(1000 + second / 10),
            START_US + i64::from(second) * 1_000_000,
        );
    }
    let indices = measurements(&mut device)
        .into_iter()
        .filter(|m| matches!(m.quantity, Quantity::EnergyIndexWh { .. }))
        .map(|m| (m.at_us - START_US) / 1_000_000)
        .collect::<Vec<_>>();
    assert_eq!(indices, [0, 600, 1200]);
}

#[test]
fn a_mean_is_sent_once_however_often_the_meter_repeats_it() {
    let mut device = measuring(1);
    for second in 0..5u32 {
        let date = format!("H2601100830{second:02}");
        device.push(
            &linky(&date, "H260110083000", 1000),
            START_US + i64::from(second) * 1_000_000,
        );
    }
    let means = measurements(&mut device);
    assert_eq!(
        means
            .iter()
            .filter(|m| matches!(m.quantity, Quantity::MeanPowerW { .. }))
            .count(),
        1
    );
}

#[test]
fn a_short_frame_does_not_push_out_the_long_one() {
    let mut device = measuring(600);
    let short = historique(&[
        ("ADIR1", "016".to_owned()),
        ("ADCO", "021964910001".to_owned()),
        ("IINST1", "016".to_owned()),
    ]);
    for second in 0..20i64 {
        device.push(&short, START_US + second * 1_000_000);
    }
    device.push(&base(1000), START_US + 20_000_000);
    let quantities: Vec<_> = measurements(&mut device).iter().map(|m| m.quantity).collect();
    let current = Quantity::CurrentA { phase: Phase::One };
    assert_eq!(
        quantities.iter().filter(|quantity| **quantity == current).count(),
        1
    );
    assert!(quantities.contains(&Quantity::EnergyIndexWh {
        register: Register::Base
    }));
}

#[test]
fn nothing_is_kept_while_measuring_is_off() {
    let mut device = Device::new(IDENTITY, settings(1, Measuring::Off, FieldSet::all(), 1));
    device.push(&base(1000), START_US);
    assert!(device.is_empty());
    assert_eq!(batch(&mut device), None);
    assert_eq!(device.counters().verdicts.trusted, 1);
}

#[test]
fn switching_off_forgets_the_open_batch() {
    let mut device = measuring(1);
    device.push(&base(1000), START_US);
    assert_eq!(
        device.adopt(settings(2, Measuring::Off, FieldSet::all(), 1)),
        Adoption::Adopted
    );
    assert_eq!(batch(&mut device), None);
}

#[test]
fn narrowing_the_fields_forgets_what_they_no_longer_allow() {
    let mut device = measuring(1);
    device.push(&base(1000), START_US);
    device.adopt(settings(
        2,
        Measuring::On,
        FieldSet::EMPTY.with(Field::EnergyIndex),
        1,
    ));
    device.push(&base(1001), START_US + 1_000_000);
    let fields: Vec<_> = measurements(&mut device).iter().map(|m| m.field).collect();
    assert_eq!(fields, [Field::EnergyIndex, Field::EnergyIndex]);
}

#[test]
fn older_settings_are_ignored() {
    let mut device = measuring(1);
    device.adopt(settings(5, Measuring::Off, FieldSet::EMPTY, 1));
    assert_eq!(
        device.adopt(settings(5, Measuring::On, FieldSet::all(), 1)),
        Adoption::NotNewer
    );
    assert_eq!(
        device.adopt(settings(4, Measuring::On, FieldSet::all(), 1)),
        Adoption::NotNewer
    );
    assert_eq!(device.settings().measuring, Measuring::Off);
}

#[test]
fn a_step_of_zero_or_more_than_a_day_is_no_setting() {
    assert!(Settings::new(1, Measuring::On, FieldSet::all(), 0).is_err());
    assert!(Settings::new(1, Measuring::On, FieldSet::all(), 86_401).is_err());
}

#[test]
fn sequence_numbers_grow_by_one_and_go_on_after_a_restart() {
    let mut device = measuring(1).with_next_sequence(41);
    for i in 0..3u32 {
        device.push(&base(1000 + i), START_US + i64::from(i) * 1_000_000);
        let bytes = batch(&mut device).unwrap();
        assert_eq!(
            Envelope::parse(&bytes).unwrap().header.sequence,
            41 + u64::from(i)
        );
    }
    assert_eq!(batch(&mut device), None);
    assert_eq!(device.next_sequence(), 44);
}

#[test]
fn a_batch_nobody_takes_stays_within_an_envelope() {
    let mut device = measuring(1);
    let mut told = false;
    for second in 0..5000u32 {
        device.push(
            &base(1000 + second / 10),
            START_US + i64::from(second) * 1_000_000 + 1,
        );
        told |= device.is_full();
    }
    assert!(told);
    let bytes = batch(&mut device).unwrap();
    assert!(Envelope::parse(&bytes).unwrap().payload.len() <= 60_000);
    assert!(device.counters().readings_dropped > 0);
    assert!(!device.is_full());
}

#[test]
fn a_frame_with_flipped_bits_that_pass_the_checksum_is_not_kept() {
    let mut device = measuring(1);
    let mut frame = base(1_000_000);
    let one = frame
        .windows(9)
        .position(|window| window == b"001000000")
        .unwrap()
        + 2;
    frame[one] ^= 0x40;
    device.push(&frame, START_US);
    assert!(device.is_empty());
    assert_eq!(
        (
            device.counters().refused.checksum,
            device.counters().verdicts.form
        ),
        (0, 1)
    );
}

proptest! {
    #[test]
    fn only_chosen_fields_leave(
        chosen in proptest::collection::vec(0usize..6, 0..6),
        indices in proptest::collection::vec(0u32..100, 1..10),
    ) {
        let fields: FieldSet = chosen.iter().map(|i| Field::ALL[*i]).collect();
        let mut device = Device::new(IDENTITY, settings(1, Measuring::On, fields, 1));
        let mut total = 0;
        for (second, index) in (0..).zip(indices) {
            total += index % 5;
            device.push(&linky("h260110083000", "H260110083000", total), START_US + second * 1_000_000);
        }
        prop_assert!(measurements(&mut device).iter().all(|m| fields.contains(m.field)));
    }
}
