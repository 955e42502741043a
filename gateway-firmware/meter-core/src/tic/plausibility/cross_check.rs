//! Groups of one frame against each other.

use super::Implausible;
use crate::tic::frame::Frame;
use crate::tic::label::Mode;
use crate::tic::status::Status;

/// Ranges that the number of digits does not give.
pub(super) fn ranges(frame: &Frame) -> Result<(), Implausible> {
    let within = |label: &'static str, range: core::ops::RangeInclusive<u32>| match frame.number(label) {
        Some(value) if !range.contains(&value) => Err(Implausible::Range { label }),
        _ => Ok(()),
    };
    if frame.mode() == Some(Mode::Historique) {
        return Ok(());
    }
    within("NTARF", 1..=10)?;
    within("RELAIS", 0..=255)?;
    within("NJOURF", 0..=9)?;
    within("NJOURF+1", 0..=9)
}

/// `NTARF − 1` is STGE bits 10–13; STGE bit 8 says producer, and a producer's meter sends EAIT.
pub(super) fn status(frame: &Frame) -> Result<(), Implausible> {
    let Some(status) = frame
        .group("STGE")
        .and_then(|group| Status::parse(group.data).ok())
    else {
        return Ok(());
    };
    if frame
        .number("NTARF")
        .is_some_and(|tariff| tariff != status.supplier_index())
    {
        return Err(Implausible::TariffDisagrees);
    }
    if status.is_producer() != frame.group("EAIT").is_some() {
        return Err(Implausible::ProducerDisagrees);
    }
    Ok(())
}
