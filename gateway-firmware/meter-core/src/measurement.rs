//! What a SenML pack of a gateway says, as typed quantities.
//!
//! Everything is an integer in the unit of its quantity, as on the meter. This module does no arithmetic: energy is the
//! difference of two indices, and that is the broker's to compute.

mod quantity;

use alloc::vec::Vec;

use thiserror::Error;

use crate::senml::{Number, Pack, Resolved, SenmlError, Value, label_of, resolve, unit_of, urn_of};
use crate::tic::{Field, Form, Label};
pub use quantity::{Day, Flow, Phase, Quantity, Register};

/// One number, what it measures, and when it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measurement {
    /// UTC microseconds. For a mean, the end of its interval.
    pub at_us: i64,
    /// What was measured, with its unit.
    pub quantity: Quantity,
    /// The field a participant must have chosen to share.
    pub field: Field,
    /// In the unit of the quantity, 0 to 4 294 967 295.
    pub value: i64,
}

/// Why a pack is not made of measurements of this delivery point. Values are never named.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MeasurementError {
    /// The payload is not SenML.
    #[error("the payload is not a SenML pack")]
    Senml(#[from] SenmlError),
    /// A record bears the name of something else.
    #[error("record {record} is not about this delivery point")]
    OtherPoint {
        /// Which record, from 0.
        record: usize,
    },
    /// A label no meter has, or one that must not leave a gateway.
    #[error("record {record} has an unknown or forbidden label")]
    UnknownLabel {
        /// Which record.
        record: usize,
    },
    /// The unit is not the one of the label.
    #[error("record {record} has not the unit of its label")]
    WrongUnit {
        /// Which record.
        record: usize,
    },
    /// Not the kind of value the label has: an integer, a known word or a register.
    #[error("record {record} has not the kind of value of its label")]
    WrongValue {
        /// Which record.
        record: usize,
    },
    /// A number that does not fit the digits of its label.
    #[error("record {record} has a value out of range")]
    OutOfRange {
        /// Which record.
        record: usize,
    },
    /// No time, or a time relative to an instant that is not known.
    #[error("record {record} has no absolute time")]
    NoTime {
        /// Which record.
        record: usize,
    },
}

/// RFC 8428 §4.5.3: below 2^28 seconds a time is relative.
const FIRST_ABSOLUTE_US: i64 = (1 << 28) * 1_000_000;

/// Reads the payload of an envelope whose content type is SenML CBOR, in order.
///
/// # Errors
/// See [`MeasurementError`]; one wrong record refuses the whole pack.
pub fn measurements_of_payload(
    payload: &[u8],
    point_id: &[u8; 16],
) -> Result<Vec<Measurement>, MeasurementError> {
    let pack = Pack::from_cbor(payload)?;
    measurements(&resolve(&pack, Number::Integer(0))?, point_id)
}

/// Types resolved records. All of them must be about `point_id`, under the name `urn:uuid:<point>:<label>`.
///
/// # Errors
/// See [`MeasurementError`].
pub fn measurements(records: &[Resolved], point_id: &[u8; 16]) -> Result<Vec<Measurement>, MeasurementError> {
    let urn = urn_of(point_id);
    records
        .iter()
        .enumerate()
        .map(|(index, record)| measurement(record, &urn, index))
        .collect()
}

fn measurement(resolved: &Resolved, urn: &str, record: usize) -> Result<Measurement, MeasurementError> {
    let name = resolved
        .name
        .strip_prefix(urn)
        .ok_or(MeasurementError::OtherPoint { record })?;
    let unknown = MeasurementError::UnknownLabel { record };
    let label = label_of(name).ok_or_else(|| unknown.clone())?;
    let field = label.field().ok_or_else(|| unknown.clone())?;
    let quantity = Quantity::of(label).ok_or(unknown)?;
    if resolved.unit.as_deref() != unit_of(label) {
        return Err(MeasurementError::WrongUnit { record });
    }
    if resolved.sum.is_some() {
        return Err(MeasurementError::WrongValue { record });
    }
    let at_us = resolved
        .time
        .and_then(Number::to_microseconds)
        .filter(|at_us| *at_us >= FIRST_ABSOLUTE_US);
    Ok(Measurement {
        at_us: at_us.ok_or(MeasurementError::NoTime { record })?,
        quantity,
        field,
        value: value(resolved.value.as_ref(), label, record)?,
    })
}

fn value(value: Option<&Value>, label: &Label, record: usize) -> Result<i64, MeasurementError> {
    let wrong = MeasurementError::WrongValue { record };
    match (label.form, value) {
        (Form::Digits(digits), Some(Value::Number(number))) => {
            let integer = number.to_integer().ok_or(wrong)?;
            let limit = u32::try_from(digits)
                .ok()
                .and_then(|digits| 10i64.checked_pow(digits));
            if limit.is_some_and(|limit| (0..limit).contains(&integer)) {
                Ok(integer)
            } else {
                Err(MeasurementError::OutOfRange { record })
            }
        }
        (Form::Hex(digits), Some(Value::Data(bytes))) if bytes.len() * 2 == digits => Ok(bytes
            .iter()
            .fold(0, |whole, byte| (whole << 8) | i64::from(*byte))),
        (Form::Word(words), Some(Value::Text(text))) => {
            let place = words.iter().position(|word| word == text).ok_or(wrong.clone())?;
            i64::try_from(place).map_err(|_| wrong)
        }
        (Form::TariffOption, Some(Value::Text(text))) => match text.as_str() {
            "BASE" => Ok(0),
            "HC.." => Ok(1),
            "EJP." => Ok(2),
            tempo if tempo.len() == 4 && tempo.starts_with("BBR") => Ok(3),
            _ => Err(wrong),
        },
        _ => Err(wrong),
    }
}

#[cfg(test)]
mod tests;
