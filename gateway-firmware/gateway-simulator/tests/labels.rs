//! Every label of the specification can be written, in the order in which a meter sends them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeSet;

use gateway_simulator::tic::{
    Currents, DayProfile, HistoriqueFrame, HistoriqueTariff, Horodate, Maximum, MobilePeak, PhaseReading,
    Producer, ProfileBlock, ShortFrame, StandardFrame, Stge, Supply, TempoColour, Text, TicMode, TicWriter,
};
use jiff::civil::datetime;
use meter_core::tic::{Decoder, Event, FrameEnd, LABELS, LegalTime, Mode, Parity, Plausibility};

const AT: &str = "H261110184015";

fn point(value: u64) -> Maximum {
    Maximum {
        at: Horodate::parse(AT).unwrap(),
        value,
    }
}

fn everything() -> StandardFrame {
    let phase = PhaseReading {
        current: 5,
        voltage: 231,
        mean_voltage: point(232),
        apparent: 1150,
        maximum_today: point(1400),
        maximum_yesterday: point(1700),
    };
    let peak = MobilePeak {
        from: Horodate::without_season(datetime(2026, 11, 11, 6, 0, 0, 0)),
        until: Horodate::without_season(datetime(2026, 11, 12, 6, 0, 0, 0)),
    };
    let profile = DayProfile::new(&[ProfileBlock {
        hour: 0,
        minute: 0,
        action: 0x4001,
    }]);
    StandardFrame {
        address: Text::padded("022163900001"),
        date: Horodate::parse(AT).unwrap(),
        calendar: Some(Text::padded("     TEMPO      ")),
        period: Some(Text::padded("    HP  BLEU    ")),
        drawn: 60,
        supplier: [10, 50, 0, 0, 0, 0, 0, 0, 0, 0],
        distributor: [10, 50, 0, 0],
        producer: Some(Producer {
            injected: 7,
            reactive: [1, 2, 3, 4],
            apparent: 0,
            maximum_today: point(10),
            maximum_yesterday: point(20),
            load_curve: Some([point(0), point(0)]),
        }),
        supply: Supply::Three([phase; 3]),
        reference_power: 18,
        breaking_power: 18,
        apparent: 3450,
        maximum_today: point(4200),
        maximum_yesterday: point(5100),
        load_curve: Some([point(380), point(410)]),
        status: Stge {
            supplier_index: 2,
            peak_notice: 1,
            colour_today: 1,
            ..Stge::quiet()
        },
        peaks: [Some(peak); 3],
        message: Text::padded("PAS DE          MESSAGE         "),
        short_message: Some(Text::padded("RESEAU COUPE")),
        delivery_point: Text::padded("99000000000101"),
        relays: 140,
        day_numbers: [0, 1],
        tomorrow: profile,
        peak_profile: Some(profile),
    }
}

fn historique(tariff: HistoriqueTariff, currents: Currents) -> HistoriqueFrame {
    HistoriqueFrame {
        address: Text::padded("022163900001"),
        tariff,
        subscribed_current: 30,
        currents,
        apparent: 5294,
    }
}

/// Labels in order of the frames that are trusted on their own.
fn labels(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut decoder = Decoder::new(Parity::Stripped);
    let mut frames = Vec::new();
    decoder.push(bytes, |event| {
        if let Event::Frame(frame) = event {
            let verdict = Plausibility::new(LegalTime::Mainland).check(frame, 0).map(|_| ());
            assert_eq!(verdict, Ok(()));
            frames.push(frame.groups().map(|group| group.name.to_owned()).collect());
        }
    });
    frames
}

#[test]
fn standard_frame_with_everything_has_every_label_in_order() {
    let mut writer = TicWriter::new(TicMode::Standard);
    writer.standard(&everything());
    let table: Vec<&str> = LABELS
        .iter()
        .filter(|label| label.mode == Mode::Standard)
        .map(|label| label.name)
        .collect();
    assert_eq!(labels(writer.as_bytes()), [table]);
    // The longest frame possible.
    assert_eq!(writer.as_bytes().len(), 1727);
}

#[test]
fn historique_frames_have_every_label_of_a_linky() {
    let mut writer = TicWriter::new(TicMode::Historique);
    let single = Currents::Single {
        now: 32,
        exceeding: Some(32),
    };
    let three = Currents::Three {
        now: [31, 4, 3],
        maximum: 7150,
        missing: 0b010,
    };
    let tempo = HistoriqueTariff::Tempo {
        indices: [1, 2, 3, 4, 5, 6],
        colour: TempoColour::White,
        off_peak_now: false,
        tomorrow: Some(TempoColour::Red),
    };
    let peak = HistoriqueTariff::MobilePeak {
        normal: 1,
        peak: 2,
        announced: true,
        peak_now: false,
    };
    writer.historique(&historique(HistoriqueTariff::Base { index: 12 }, single));
    writer.historique(&historique(
        HistoriqueTariff::OffPeak {
            off_peak: 1,
            peak: 2,
            off_peak_now: true,
        },
        three,
    ));
    writer.historique(&historique(peak, single));
    writer.historique(&historique(tempo, three));
    writer.short(&ShortFrame {
        exceeding: [Some(31), Some(32), Some(33)],
        address: Text::padded("022163900001"),
        now: [31, 32, 33],
    });
    let written: BTreeSet<String> = labels(writer.as_bytes()).into_iter().flatten().collect();
    // GAZ and AUTRE belong to telereport, which a Linky does not do.
    let missing: Vec<&str> = LABELS
        .iter()
        .filter(|label| label.mode == Mode::Historique && !["GAZ", "AUTRE"].contains(&label.name))
        .map(|label| label.name)
        .filter(|name| !written.contains(*name))
        .collect();
    assert!(missing.is_empty(), "never written: {missing:?}");
}

#[test]
fn consumer_frame_has_no_producer_label_and_says_so() {
    let mut writer = TicWriter::new(TicMode::Standard);
    let status = Stge {
        producer: true,
        ..Stge::quiet()
    };
    writer.standard(&StandardFrame {
        producer: None,
        status,
        ..everything()
    });
    let [names] = labels(writer.as_bytes())
        .try_into()
        .unwrap_or_else(|_| panic!("one frame"));
    let producer = [
        "EAIT", "ERQ1", "ERQ2", "ERQ3", "ERQ4", "SINSTI", "SMAXIN", "SMAXIN-1", "CCAIN", "CCAIN-1",
    ];
    let written: Vec<&String> = names
        .iter()
        .filter(|name| producer.contains(&name.as_str()))
        .collect();
    assert!(written.is_empty(), "{written:?}");
    assert_eq!(names.len() + producer.len(), 71);
}

#[test]
fn powers_do_not_wrap() {
    let mut writer = TicWriter::new(TicMode::Historique);
    let single = Currents::Single {
        now: 90,
        exceeding: None,
    };
    writer.historique(&HistoriqueFrame {
        apparent: 123_456,
        ..historique(HistoriqueTariff::Base { index: 1_000_000_002 }, single)
    });
    let text = String::from_utf8(writer.into_bytes()).unwrap();
    assert!(
        text.contains("PAPP 99990 ") && text.contains("BASE 000000002 "),
        "{text}"
    );
}

#[test]
fn interrupted_frame_ends_with_eot() {
    let mut writer = TicWriter::new(TicMode::Historique);
    writer.begin_frame();
    writer.group("ADCO", "022161900001").unwrap();
    writer.interrupt_frame();
    let mut ends = Vec::new();
    Decoder::new(Parity::Stripped).push(writer.as_bytes(), |event| {
        if let Event::Frame(frame) = event {
            ends.push(frame.end());
        }
    });
    assert_eq!(ends, [FrameEnd::Eot]);
}
