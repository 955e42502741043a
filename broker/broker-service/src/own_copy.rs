//! A copy of a person's own readings, as a stream: CSV, JSON or Parquet.
//!
//! One local day is opened at a time, so the size of the copy bounds nothing in memory; what waits for a slow reader is
//! bounded too. Long format with the same columns in every form: `meter`, `start` (UTC), `quantity`, `step_s`, `value`,
//! `unit`, and `local`, the wall-clock time with its offset, in the two text forms (Parquet keeps the zone beside).

mod form;
mod table;
mod turns;

use std::sync::Arc;

use broker_domain::curve::load_curve;
use broker_domain::ids::PointId;
use broker_domain::mandate::Hand;
use broker_domain::reading::{Quantity, Reading};
use broker_domain::time::{Instant, Interval, Step};
use broker_store::OwnScope;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use thiserror::Error;
use tokio::sync::mpsc;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;
use crate::own_data::{STEP, local_day, zone};
use form::Writer;
use turns::Running;
pub(crate) use turns::Turns;

/// Pieces that wait for a slow reader.
const BUFFER: usize = 4;

/// The pieces of a copy, in order. An `Err` is the last item: the copy is incomplete.
pub type CopyPieces = mpsc::Receiver<Result<Vec<u8>, Fault>>;

/// Why no copy is made.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum CopyRefusal {
    /// No such meter, or somebody else's.
    #[error("this is not one of yours")]
    NotYours,
    /// Another copy of hers is under way.
    #[error("a copy of yours is being made; wait until it is there, or try again in a minute")]
    Running,
}

/// In which form a copy is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CopyForm {
    /// RFC 4180 with line feeds, one header line.
    Csv,
    /// One object, `fiducie-own-data/1`, its rows in an array.
    Json,
    /// Zstandard, the zone in the metadata of the file.
    Parquet,
}

/// What a copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CopyContent {
    /// Energy drawn in each half hour; an empty value where the meter was not heard.
    Curve,
    /// Every reading as it is kept: indices of the meter, mostly.
    Readings,
}

/// Which copy is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyOrder {
    /// Of which point.
    pub point: PointId,
    /// The first local day; `None` for all there are.
    pub first: Option<Date>,
    /// The last local day, included; `None` for today.
    pub last: Option<Date>,
    /// What of it.
    pub content: CopyContent,
    /// How written.
    pub form: CopyForm,
}

/// One row of a copy.
#[derive(Clone, PartialEq, Eq)]
struct Row {
    start: Instant,
    quantity: String,
    step: Option<Step>,
    value: Option<i64>,
    unit: &'static str,
}

impl Broker {
    /// A copy of the owner's readings of one point (GDPR art. 15(3) and 20). The record that she took it is public before
    /// the first byte. One copy of a person is made at a time, and none for a reader that went away.
    ///
    /// # Errors
    /// See [`CopyRefusal`]; what fails while the copy is made ends the stream.
    pub async fn own_copy(
        self: &Arc<Self>,
        who: impl Into<Hand>,
        order: CopyOrder,
    ) -> Result<CopyPieces, Failure<CopyRefusal>> {
        let hand = who.into();
        let who = hand.person();
        let point = self.store.read().await?.point(order.point).await?;
        let point = point.filter(|row| row.participant == who);
        let point = point.ok_or(Failure::Refused(CopyRefusal::NotYours))?;
        let running = self.copies.begin(who);
        let running = running.ok_or(Failure::Refused(CopyRefusal::Running))?;
        let noted = self.note_own_access(hand, OwnScope::Copy).await;
        noted.map_err(|failure| match failure {
            Failure::Refused(OwnRefusal::NotYours) => Failure::Refused(CopyRefusal::NotYours),
            Failure::Conflict => Failure::Conflict,
            Failure::Fault(fault) => Failure::Fault(fault),
        })?;
        let now = self.clock.now();
        // Nothing is kept from before the meter was enrolled, or after now.
        let (oldest, newest) = (local_day(point.created_at)?, local_day(now)?);
        let first = order.first.unwrap_or(oldest).max(oldest);
        let last = order.last.unwrap_or(newest).min(newest);
        let (pieces, copy) = mpsc::channel(BUFFER);
        let broker = Arc::clone(self);
        tokio::spawn(async move {
            let span = Span {
                hand,
                first,
                last,
                now,
            };
            let written = broker.write_copy(order, span, &running, &pieces).await;
            // Before the reader sees the end: the next copy may be asked for at once.
            drop(running);
            if let Err(fault) = written {
                tracing::error!(
                    error = &fault as &dyn std::error::Error,
                    "a copy of own readings broke off"
                );
                // A reader that went away needs no word of it.
                let _ = pieces.send(Err(fault)).await;
            }
        });
        Ok(copy)
    }

    async fn write_copy(
        &self,
        order: CopyOrder,
        span: Span,
        running: &Running,
        pieces: &mpsc::Sender<Result<Vec<u8>, Fault>>,
    ) -> Result<(), Fault> {
        let zone = zone()?;
        let mut writer = Writer::new(order.form, order.point, &zone)?;
        let mut day = span.first;
        while day <= span.last {
            let turn = running.day().await?;
            // Most days of a Parquet file send nothing, so that sending alone would notice late.
            if pieces.is_closed() {
                return Ok(());
            }
            let rows = self.rows_of(order, &span, day, &zone).await?;
            let written = tokio::task::spawn_blocking(move || {
                let piece = writer.write(rows);
                (writer, piece)
            });
            let (returned, piece) = written.await.map_err(|_| Fault::Stopped)?;
            writer = returned;
            drop(turn);
            let piece = piece?;
            if !piece.is_empty() && pieces.send(Ok(piece)).await.is_err() {
                return Ok(());
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        let written = tokio::task::spawn_blocking(move || writer.finish());
        let piece = written.await.map_err(|_| Fault::Stopped)??;
        // A reader that went away is no fault.
        let _ = pieces.send(Ok(piece)).await;
        Ok(())
    }

    /// What one local day holds: a reading view and a warrant of its own.
    async fn rows_of(
        &self,
        order: CopyOrder,
        span: &Span,
        day: Date,
        zone: &TimeZone,
    ) -> Result<Vec<Row>, Fault> {
        let Some(day) = local_span(day, zone, span.now) else {
            return Ok(Vec::new());
        };
        let hand = self.still(span.hand).await?;
        let readings = self.own_readings(hand, order.point, day).await;
        let readings = readings.map_err(|failure| match failure {
            Failure::Fault(fault) => fault,
            Failure::Conflict => Fault::Conflict { table: "batch" },
            // She was erased, or the meter went to somebody else, while the copy was made.
            Failure::Refused(OwnRefusal::NotYours) => Fault::SubjectErased,
        })?;
        Ok(match order.content {
            CopyContent::Curve => curve_rows(readings.as_slice(), &day),
            CopyContent::Readings => reading_rows(readings.as_slice(), &day),
        })
    }
}

/// Whose copy, and until when.
struct Span {
    hand: Hand,
    first: Date,
    last: Date,
    now: Instant,
}

/// A local day of 23, 24 or 25 hours, as far as it is over in whole steps. `None` when none is.
fn local_span(day: Date, zone: &TimeZone, now: Instant) -> Option<Interval> {
    let midnight = |day: Date| {
        let start = day.to_zoned(zone.clone()).ok()?;
        Instant::from_micros(start.timestamp().as_microsecond()).ok()
    };
    let (start, end) = (midnight(day)?, midnight(day.tomorrow().ok()?)?);
    let width = i64::from(STEP.seconds()) * 1_000_000;
    let over = Instant::from_micros(now.as_micros().div_euclid(width).saturating_mul(width)).ok()?;
    Interval::new(start, end.min(over)).ok()
}

fn curve_rows(readings: &[Reading], day: &Interval) -> Vec<Row> {
    let slots = load_curve(readings, day, STEP).into_iter();
    let row = |slot: broker_domain::curve::Slot| Row {
        start: slot.start,
        quantity: "energy-drawn".to_owned(),
        step: Some(STEP),
        value: slot.energy.map(|energy| energy.0),
        unit: "Wh",
    };
    slots.map(row).collect()
}

/// In order of time, then label. Gateways that heard the same meter said the same twice: told once.
fn reading_rows(readings: &[Reading], day: &Interval) -> Vec<Row> {
    // The index at the end of the day belongs to the day after.
    let own = readings.iter().filter(|reading| day.contains(reading.at));
    let row = |reading: &Reading| Row {
        start: reading.at,
        quantity: reading.label.as_str().to_owned(),
        step: None,
        value: Some(reading.value),
        unit: unit(reading.label.quantity()),
    };
    let mut rows: Vec<Row> = own.map(row).collect();
    rows.sort_by(|a, b| (a.start, &a.quantity, a.value).cmp(&(b.start, &b.quantity, b.value)));
    rows.dedup();
    rows
}

/// The unit of a label (`tic.md` §5 and §6); none where the broker does not compute with it.
const fn unit(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::EnergyDrawnTotal | Quantity::EnergyDrawnTariff | Quantity::EnergyInjected => "Wh",
        Quantity::ApparentPower => "VA",
        Quantity::Other => "",
    }
}

#[cfg(test)]
mod tests {
    use broker_domain::reading::Label;
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn day_of(month: i8, day: i8, now: &str) -> Option<Interval> {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        local_span(date(2026, month, day), &paris, at(now))
    }

    #[test]
    fn days_have_as_many_steps_as_the_wall_clock_shows() {
        let steps = |month, day| {
            let day = day_of(month, day, "2027-01-01T00:00:00Z").unwrap();
            curve_rows(&[], &day).len()
        };
        assert_eq!([steps(3, 29), steps(10, 24), steps(10, 25)], [46, 48, 50]);
    }

    #[test]
    fn what_is_not_over_is_not_in_a_copy() {
        let now = "2026-11-22T10:47:00Z";
        let today = day_of(11, 22, now).unwrap();
        assert_eq!(today.end(), at("2026-11-22T10:30:00Z"));
        assert_eq!(day_of(11, 23, now), None);
    }

    #[test]
    fn a_reading_heard_twice_is_told_once_and_the_closing_index_belongs_to_the_next_day() {
        let day = day_of(11, 20, "2026-11-22T00:00:00Z").unwrap();
        let reading = |at, value| Reading {
            at,
            label: Label::parse("east").unwrap(),
            value,
        };
        let readings = [
            reading(day.start(), 1),
            reading(day.start(), 1),
            reading(day.end(), 9),
        ];
        let rows = reading_rows(&readings, &day);
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].value, rows[0].unit), (Some(1), "Wh"));
    }
}
