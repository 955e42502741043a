//! From a trusted TIC frame to SenML records (`reference/tic.md` §10).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::{Number, Pack, Record, Value};
use crate::tic::{
    Dating, FieldSet, Form, Group, Label, LegalTime, MeterClock, Place, SeasonCheck, Status, Trusted, Unit,
};

/// `bver` of the packs we write: RFC 8428 (10) with the secondary units of RFC 8798, feature 4 of RFC 9100.
pub const BASE_VERSION: u64 = 26;

const LONGEST_LABEL: usize = 9;

/// One value of one frame, ready to be packed.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What was read.
    pub label: &'static Label,
    /// When it holds, UTC microseconds: the horodate of a dated group, else DATE, else the reception of the frame.
    /// For `CCASN` and `CCAIN` it is the end of the step.
    pub at_us: i64,
    /// The value, in the unit of the label.
    pub value: Value,
}

/// The readings of a frame that belong to `fields`, in the order of the frame. Identifiers and free texts belong to no
/// field, so they cannot be in the result. A dated group whose date cannot be trusted is left out: a mean over an
/// unknown interval means nothing.
#[must_use]
pub fn readings(trusted: &Trusted<'_>, fields: FieldSet, received_at_us: i64) -> Vec<Reading> {
    let now_us = trusted.meter_clock_us().unwrap_or(received_at_us);
    trusted
        .frame()
        .groups()
        .filter_map(|group| {
            let label = group.label?;
            if !fields.contains(label.field()?) {
                return None;
            }
            let at_us = match label.dating {
                Dating::Undated => now_us,
                Dating::Dated => instant_of(&group, trusted.legal_time())?,
                Dating::Seasonless => return None,
            };
            Some(Reading {
                label,
                at_us,
                value: value_of(&group, label)?,
            })
        })
        .collect()
}

/// Packs readings under a base name, with `bver` [`BASE_VERSION`]. Times are relative to the first.
#[must_use]
pub fn pack_of(base_name: &str, readings: &[Reading]) -> Pack {
    let base_us = readings
        .first()
        .map_or(0, |first| first.at_us.div_euclid(1_000_000) * 1_000_000);
    let mut records: Vec<_> = readings
        .iter()
        .map(|reading| Record {
            name: Some(name_of(reading.label)),
            unit: unit_of(reading.label).map(Into::into),
            value: Some(reading.value.clone()),
            time: match reading.at_us - base_us {
                0 => None,
                after => Some(Number::from_microseconds(after)),
            },
            ..Record::default()
        })
        .collect();
    if let Some(first) = records.first_mut() {
        first.base_name = Some(base_name.into());
        first.base_version = Some(BASE_VERSION);
        first.base_time = Some(Number::from_microseconds(base_us));
    }
    Pack { records }
}

/// The SenML name of a label: small letters, and `_` for the `+` that SenML does not allow (`NJOURF+1`).
#[must_use]
pub fn name_of(label: &Label) -> String {
    label
        .name
        .chars()
        .map(|c| if c == '+' { '_' } else { c.to_ascii_lowercase() })
        .collect()
}

/// The label of that SenML name.
#[must_use]
pub fn label_of(name: &str) -> Option<&'static Label> {
    let mut room = [0; LONGEST_LABEL];
    let as_sent = room.get_mut(..name.len())?;
    for (to, from) in as_sent.iter_mut().zip(name.bytes()) {
        *to = match from {
            // No SenML name of ours has them: two names for one label would be one too many.
            b'A'..=b'Z' | b'+' => return None,
            b'_' => b'+',
            other => other.to_ascii_uppercase(),
        };
    }
    Place::of(as_sent)?.label()
}

/// The SenML unit of a label (RFC 8428 and RFC 8798); `None` for words and registers.
#[must_use]
pub const fn unit_of(label: &Label) -> Option<&'static str> {
    match (label.unit, label.form) {
        (Unit::WattHour, _) => Some("Wh"),
        (Unit::VarHour, _) => Some("varh"),
        (Unit::VoltAmpere, _) => Some("VA"),
        (Unit::KiloVoltAmpere, _) => Some("kVA"),
        (Unit::Watt, _) => Some("W"),
        (Unit::Ampere, _) => Some("A"),
        (Unit::Volt, _) => Some("V"),
        (Unit::Minute, _) => Some("min"),
        (Unit::None, Form::Digits(_)) => Some("/"),
        (Unit::None | Unit::Decalitre, _) => None,
    }
}

/// `urn:uuid:…:` (RFC 9562 §4), the base name of the records of a delivery point.
#[must_use]
pub fn urn_of(point_id: &[u8; 16]) -> String {
    let mut urn = String::from("urn:uuid:");
    for (i, byte) in point_id.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            urn.push('-');
        }
        // INVARIANT: writing into a `String` cannot fail.
        let _: core::fmt::Result = write!(urn, "{byte:02x}");
    }
    urn.push(':');
    urn
}

fn instant_of(group: &Group<'_>, legal_time: LegalTime) -> Option<i64> {
    let date = group.time()?.ok()?;
    let is_good = date.clock() == MeterClock::Correct
        && (legal_time != LegalTime::Mainland || date.season_check() == SeasonCheck::Agrees);
    date.utc_seconds(legal_time)
        .filter(|_| is_good)?
        .checked_mul(1_000_000)
}

/// Calendars (profiles, mobile peak dates) are not mapped: nobody needs them to read a curve.
fn value_of(group: &Group<'_>, label: &Label) -> Option<Value> {
    match label.form {
        Form::Digits(_) => Some(Value::Number(Number::Integer(i64::from(group.number()?)))),
        Form::Hex(8) => Some(Value::Data(
            Status::parse(group.data).ok()?.bits().to_be_bytes().to_vec(),
        )),
        Form::Hex(_) => Some(Value::Data([u8::from_str_radix(group.data, 16).ok()?].to_vec())),
        Form::Word(_) | Form::TariffOption => Some(Value::Text(group.data.into())),
        Form::Empty | Form::Text(_) | Form::Profile => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::senml::resolve;
    use crate::tic::{LABELS, Mode};

    #[test]
    fn names_are_unique_and_allowed() {
        let mut names: Vec<_> = LABELS.iter().map(name_of).collect();
        for label in LABELS {
            assert_eq!(label_of(&name_of(label)), Some(label));
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), LABELS.len());
    }

    #[test]
    fn a_label_has_one_name_only() {
        for name in ["", "EAST", "njourf+1", "papp ", "smaxsn1-1x", "tension", "é"] {
            assert_eq!(label_of(name), None, "{name}");
        }
        assert_eq!(label_of("njourf_1").map(|label| label.name), Some("NJOURF+1"));
    }

    #[test]
    fn a_pack_resolves_to_its_readings() {
        let east = Label::find(Mode::Standard, "EAST").unwrap();
        let value = |n| Value::Number(Number::Integer(n));
        let readings = [
            Reading {
                label: east,
                at_us: 1_768_030_200_500_000,
                value: value(31_000_001),
            },
            Reading {
                label: east,
                at_us: 1_768_030_800_000_001,
                value: value(31_000_044),
            },
        ];
        let pack = pack_of(&urn_of(&[0xAB; 16]), &readings);
        let resolved = resolve(&pack, Number::Integer(0)).unwrap();
        assert_eq!(
            resolved[0].name,
            "urn:uuid:abababab-abab-abab-abab-abababababab:east"
        );
        assert_eq!(
            (resolved[0].unit.as_deref(), resolved[0].version),
            (Some("Wh"), 26)
        );
        for (reading, resolved) in readings.iter().zip(&resolved) {
            assert_eq!(resolved.time.unwrap().to_microseconds(), Some(reading.at_us));
            assert_eq!(resolved.value.as_ref(), Some(&reading.value));
        }
    }
}
