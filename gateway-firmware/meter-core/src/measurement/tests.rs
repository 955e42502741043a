//! Typed readings of made packs.

use super::*;
use crate::senml::{Reading, pack_of};
use crate::tic::{LABELS, Mode};

const POINT: [u8; 16] = [0x5A; 16];
const AT_US: i64 = 1_768_030_200_000_000;

fn payload(json: &str) -> Vec<u8> {
    Pack::from_json(
        json.replace("POINT", urn_of(&POINT).trim_end_matches(':'))
            .as_bytes(),
    )
    .unwrap()
    .to_cbor()
}

fn refusal(json: &str) -> MeasurementError {
    measurements_of_payload(&payload(json), &POINT).unwrap_err()
}

#[test]
fn every_label_that_may_be_sent_has_a_quantity() {
    for label in LABELS {
        let is_calendar = matches!(label.form, Form::Profile | Form::Text(_));
        if label.field().is_some() && !is_calendar {
            assert!(Quantity::of(label).is_some(), "{}", label.name);
        }
    }
}

#[test]
fn a_pack_of_readings_is_read_back() {
    let label = Label::find(Mode::Standard, "SMAXSN2-1").unwrap();
    let reading = Reading {
        label,
        at_us: AT_US,
        value: Value::Number(Number::Integer(5120)),
    };
    let payload = pack_of(&urn_of(&POINT), &[reading]).to_cbor();
    let quantity = Quantity::MaximumPowerVa {
        flow: Flow::Drawn,
        phase: Phase::Two,
        day: Day::Yesterday,
    };
    assert_eq!(
        measurements_of_payload(&payload, &POINT),
        Ok([Measurement {
            at_us: AT_US,
            quantity,
            field: Field::Power,
            value: 5120
        }]
        .to_vec())
    );
}

#[test]
fn words_and_registers_become_numbers() {
    let json = r#"[{"bn":"POINT:","bt":1768030200,"n":"ptec","vs":"HP.."},{"n":"optarif","vs":"BBR("},
        {"n":"stge","vd":"ADoAAQ"},{"n":"ppot","vd":"Ag"}]"#;
    let values: Vec<_> = measurements_of_payload(&payload(json), &POINT)
        .unwrap()
        .iter()
        .map(|m| (m.quantity, m.value))
        .collect();
    assert_eq!(
        values,
        [
            (Quantity::TariffPeriod, 2),
            (Quantity::TariffOption, 3),
            (Quantity::StatusRegister, 0x003A_0001),
            (Quantity::MissingPhases, 2),
        ]
    );
}

#[test]
fn each_wrong_record_has_its_reason() {
    let with = |record: &str| refusal(&format!(r#"[{{"bt":1768030200,"bver":26,{record}}}]"#));
    let record = 0;
    assert_eq!(
        with(r#""n":"urn:dev:x:east","u":"Wh","v":1"#),
        MeasurementError::OtherPoint { record }
    );
    assert_eq!(
        with(r#""n":"POINT:prm","u":"/","v":1"#),
        MeasurementError::UnknownLabel { record }
    );
    assert_eq!(
        with(r#""n":"POINT:adco","u":"/","v":1"#),
        MeasurementError::UnknownLabel { record }
    );
    assert_eq!(
        with(r#""n":"POINT:nothing","v":1"#),
        MeasurementError::UnknownLabel { record }
    );
    assert_eq!(
        with(r#""n":"POINT:east","u":"kWh","v":1"#),
        MeasurementError::WrongUnit { record }
    );
    assert_eq!(
        with(r#""n":"POINT:east","v":1"#),
        MeasurementError::WrongUnit { record }
    );
    assert_eq!(
        with(r#""n":"POINT:east","u":"Wh","v":1.5"#),
        MeasurementError::WrongValue { record }
    );
    assert_eq!(
        with(r#""n":"POINT:east","u":"Wh","vs":"1""#),
        MeasurementError::WrongValue { record }
    );
    assert_eq!(
        with(r#""n":"POINT:east","u":"Wh","v":1,"s":1"#),
        MeasurementError::WrongValue { record }
    );
    assert_eq!(
        with(r#""n":"POINT:east","u":"Wh","v":1000000000"#),
        MeasurementError::OutOfRange { record }
    );
    assert_eq!(
        with(r#""n":"POINT:east","u":"Wh","v":-1"#),
        MeasurementError::OutOfRange { record }
    );
    assert_eq!(
        with(r#""n":"POINT:ptec","vs":"XX..""#),
        MeasurementError::WrongValue { record }
    );
}

#[test]
fn a_record_without_an_absolute_time_is_refused() {
    assert_eq!(
        refusal(r#"[{"n":"POINT:papp","u":"VA","v":1}]"#),
        MeasurementError::NoTime { record: 0 }
    );
    assert_eq!(
        refusal(r#"[{"n":"POINT:papp","u":"VA","t":-5,"v":1}]"#),
        MeasurementError::NoTime { record: 0 }
    );
}
