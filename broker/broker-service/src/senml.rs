//! From the payload of an envelope to readings: the labels, units and ranges are those of the meter's own table.

use broker_domain::reading::{InvalidLabel, Label, Reading};
use broker_domain::time::{Instant, InvalidTime};
use meter_core::envelope::Envelope;
use meter_core::measurement::{MeasurementError, measurements};
use meter_core::senml::{Number, Pack, SenmlError, resolve};
use thiserror::Error;

/// Why the content of a batch is not readings.
#[derive(Debug, Error)]
pub enum ContentError {
    /// Not SenML in CBOR (RFC 8428).
    #[error("not SenML in CBOR")]
    Senml(#[source] SenmlError),
    /// SenML, but not what this meter can say.
    #[error("{0}")]
    Measurement(MeasurementError),
    /// A label that must not leave the home.
    #[error(transparent)]
    Label(#[from] InvalidLabel),
    /// An instant outside the calendar.
    #[error(transparent)]
    Time(#[from] InvalidTime),
}

/// The readings of an envelope, as they arrived.
pub(crate) fn readings(envelope: &Envelope<'_>) -> Result<Vec<Reading>, ContentError> {
    let pack = Pack::from_cbor(envelope.payload).map_err(ContentError::Senml)?;
    let resolved = resolve(&pack, Number::Integer(0)).map_err(ContentError::Senml)?;
    let typed = measurements(&resolved, &envelope.header.point_id).map_err(ContentError::Measurement)?;
    typed
        .iter()
        .zip(&resolved)
        .map(|(measurement, record)| {
            // `measurements` has checked that the name is the point's URN and a label of the table.
            let name = record.name.rsplit(':').next().unwrap_or_default();
            Ok(Reading {
                at: Instant::from_micros(measurement.at_us)?,
                label: Label::parse(name)?,
                value: measurement.value,
            })
        })
        .collect()
}
