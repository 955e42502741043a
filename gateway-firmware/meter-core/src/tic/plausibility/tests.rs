//! Made frames, each wrong in one way that its checksums do not show.

use super::*;
use crate::tic::{Decoder, Event, Parity, checksum_historique, checksum_standard};

fn historique(groups: &[(&str, &str)]) -> Vec<u8> {
    let mut frame = vec![0x02];
    for (label, data) in groups {
        let zone = format!("{label} {data}");
        frame.extend(format!("\n{zone} {}\r", char::from(checksum_historique(zone.as_bytes()))).bytes());
    }
    frame.push(0x03);
    frame
}

fn standard(groups: &[(&str, &str)]) -> Vec<u8> {
    let mut frame = vec![0x02];
    for (label, data) in groups {
        let zone = format!("{label}\t{data}\t");
        frame.extend(format!("\n{zone}{}\r", char::from(checksum_standard(zone.as_bytes()))).bytes());
    }
    frame.push(0x03);
    frame
}

/// Verdicts on frames received one second apart.
fn verdicts(frames: &[Vec<u8>]) -> Vec<Result<(), Implausible>> {
    let mut decoder = Decoder::new(Parity::Stripped);
    let mut judge = Plausibility::new(LegalTime::Mainland);
    let mut verdicts = Vec::new();
    for (second, frame) in (0..).zip(frames) {
        decoder.push(frame, |event| {
            if let Event::Frame(frame) = event {
                verdicts.push(judge.check(frame, second * 1_000_000).map(|_| ()));
            }
        });
    }
    verdicts
}

fn base(index: &str) -> Vec<u8> {
    historique(&[("ADCO", "021964910001"), ("ISOUSC", "30"), ("BASE", index)])
}

fn linky(date: &str, total: &str, first: &str, second: &str, status: &str) -> Vec<u8> {
    let date = format!("{date}\t");
    let groups = [
        ("ADSC", "021964910001"),
        ("DATE", &*date),
        ("EAST", total),
        ("EASF01", first),
        ("EASF02", second),
        ("PREF", "06"),
        ("STGE", status),
        ("NTARF", "01"),
    ];
    standard(&groups)
}

#[test]
fn an_index_that_moves_slowly_is_trusted() {
    assert_eq!(
        verdicts(&[base("012345678"), base("012345679"), base("012345679")]),
        [Ok(()); 3]
    );
}

#[test]
fn swapped_digits_are_a_jump_or_a_step_back() {
    let far = verdicts(&[
        base("012345678"),
        base("102345678"),
        base("012345768"),
        base("012345687"),
    ]);
    assert_eq!(far[1], Err(Implausible::Jumped { label: "BASE" }));
    assert_eq!(far[2], Err(Implausible::Jumped { label: "BASE" }));
    assert_eq!(far[3], Ok(()), "9 Wh in 10 s are within what 6 kVA allow");
    let back = verdicts(&[base("012345678"), base("012345668")]);
    assert_eq!(back[1], Err(Implausible::WentBack { label: "BASE" }));
}

#[test]
fn nine_digits_start_over() {
    assert_eq!(verdicts(&[base("999999999"), base("000000001")]), [Ok(()); 2]);
}

#[test]
fn a_wrong_first_frame_is_forgotten_once_others_agree() {
    let mut frames = vec![base("912345678")];
    frames.extend((0..5).map(|i| base(&format!("{:09}", 12_345_678 + i))));
    let verdicts = verdicts(&frames);
    assert!(verdicts[1..4].iter().all(Result::is_err));
    assert_eq!(verdicts[4..], [Ok(()); 2]);
}

#[test]
fn another_meter_is_not_believed_at_once() {
    let other = historique(&[("ADCO", "021964910010"), ("ISOUSC", "30"), ("BASE", "012345678")]);
    assert_eq!(
        verdicts(&[base("012345678"), other])[1],
        Err(Implausible::OtherMeter)
    );
}

#[test]
fn a_repeated_label_is_not_trusted() {
    let frame = historique(&[("ADCO", "021964910001"), ("PAPP", "00100"), ("PAPP", "00100")]);
    assert_eq!(verdicts(&[frame]), [Err(Implausible::RepeatedLabel)]);
    let unknown = [
        ("ADCO", "021964910001"),
        ("TENSION", "233"),
        ("PAPP", "00100"),
        ("TENSION", "234"),
    ];
    assert_eq!(
        verdicts(&[historique(&unknown)]),
        [Err(Implausible::RepeatedLabel)]
    );
    let opening = [
        ("ADCO", "021964910001"),
        ("PAPP", "00100"),
        ("ADCO", "021964910001"),
    ];
    assert_eq!(
        verdicts(&[historique(&opening)]),
        [Err(Implausible::RepeatedLabel)]
    );
}

#[test]
fn a_label_repeated_in_one_frame_is_forgotten_in_the_next() {
    let once = historique(&[("ADCO", "021964910001"), ("PAPP", "00100"), ("TENSION", "233")]);
    assert_eq!(verdicts(&[once.clone(), once]), [Ok(()); 2]);
}

#[test]
fn a_frame_without_its_identifier_is_not_trusted() {
    assert_eq!(
        verdicts(&[historique(&[("PAPP", "00100")])]),
        [Err(Implausible::NoIdentifier)]
    );
}

#[test]
fn an_unknown_label_does_not_spoil_the_frame() {
    let frame = historique(&[("ADCO", "021964910001"), ("TENSION", "233")]);
    assert_eq!(verdicts(&[frame]), [Ok(())]);
}

#[test]
fn supplier_registers_must_move_with_the_total() {
    let good = linky("H260110083000", "000000300", "000000100", "000000200", "003A0001");
    let swapped = linky("H260110083001", "000000300", "000010000", "000000200", "003A0001");
    let first = verdicts(std::slice::from_ref(&swapped));
    assert_eq!(first, [Err(Implausible::SumDisagrees)]);
    assert!(verdicts(&[good, swapped])[1].is_err());
}

#[test]
fn registers_that_never_added_up_are_believed_after_a_while() {
    let frames: Vec<_> = (0..5)
        .map(|i| {
            linky(
                &format!("H26011008300{i}"),
                "000009300",
                "000000100",
                "000000200",
                "003A0001",
            )
        })
        .collect();
    let verdicts = verdicts(&frames);
    assert!(verdicts[..3].iter().all(Result::is_err));
    assert_eq!(verdicts[3..], [Ok(()); 2]);
}

#[test]
fn tariff_and_producer_must_agree_with_the_status_register() {
    let tariff = linky("H260110083000", "000000300", "000000100", "000000200", "003A0401");
    assert_eq!(verdicts(&[tariff]), [Err(Implausible::TariffDisagrees)]);
    let producer = linky("H260110083000", "000000300", "000000100", "000000200", "003A0101");
    assert_eq!(verdicts(&[producer]), [Err(Implausible::ProducerDisagrees)]);
}

#[test]
fn a_date_moves_forward_and_not_by_years() {
    let at = |date| linky(date, "000000300", "000000100", "000000200", "003A0001");
    let back = verdicts(&[at("H260110083000"), at("H260110082959")]);
    assert_eq!(back[1], Err(Implausible::DateWentBack));
    let ahead = verdicts(&[at("H260110083000"), at("H270110083000")]);
    assert_eq!(ahead[1], Err(Implausible::DateJumped));
}

#[test]
fn a_short_frame_does_not_erase_the_registers_before() {
    let short = historique(&[("ADIR1", "016"), ("ADCO", "021964910001"), ("IINST1", "016")]);
    let verdicts = verdicts(&[base("012345678"), short, base("112345678")]);
    assert_eq!(verdicts[1], Ok(()));
    assert_eq!(verdicts[2], Err(Implausible::Jumped { label: "BASE" }));
}

#[test]
fn a_degraded_or_disputed_clock_dates_nothing() {
    let clock = |frame: Vec<u8>| {
        let mut decoder = Decoder::new(Parity::Stripped);
        let mut judge = Plausibility::new(LegalTime::Mainland);
        let mut clock = None;
        decoder.push(&frame, |event| {
            if let Event::Frame(frame) = event {
                clock = Some(judge.check(frame, 0).unwrap().meter_clock_us());
            }
        });
        clock.unwrap()
    };
    let with = |date, status| clock(linky(date, "000000300", "000000100", "000000200", status));
    assert_eq!(with("H260110083000", "003A0001"), Some(1_768_030_200_000_000));
    assert_eq!(with("h260110083000", "003A0001"), None);
    assert_eq!(with("H260110083000", "003B0001"), None);
    assert_eq!(with("H260710083000", "003A0001"), None);
}
