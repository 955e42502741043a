//! What the broker checks in a batch beyond its signature: time, order, plausibility, and data minimisation.

use thiserror::Error;

use crate::consent::CoveredIntake;
use crate::ids::{BatchId, GatewayId, PointId};
use crate::reading::{Quantity, Reading, ReadingBatch};
use crate::time::{Instant, Interval};

/// Most readings in one batch: 64 KiB of SenML hold fewer than this.
pub const MAX_READINGS: usize = 8_192;
/// How far ahead of us a meter's clock may be: the largest drift that Linky's own synchronisation tolerates, and slack
/// for ours.
pub const MAX_AHEAD_SECONDS: i64 = 300;
/// Largest power of a low-voltage connection at or below 36 kVA, doubled for the instants a breaker tolerates.
const MAX_PLAUSIBLE_WATTS: i64 = 72_000;

/// Why a batch with a right signature is not taken.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum Unsound {
    /// No reading at all.
    #[error("batch holds no reading")]
    Empty,
    /// More readings than a batch may hold.
    #[error("batch holds more than {MAX_READINGS} readings; split it")]
    TooMany,
    /// A reading dated after now.
    #[error(
        "a reading is dated more than {MAX_AHEAD_SECONDS} s in the future; check the clock of the gateway"
    )]
    Future,
    /// Two values for one label at one instant.
    #[error("two different values for one label at one instant")]
    Contradiction,
    /// An energy index that decreases.
    #[error("an energy index goes back; the frame was probably corrupted on the wire")]
    IndexWentBack,
    /// An energy index that grows faster than any household connection can draw.
    #[error("an energy index jumps by more than the connection can carry; the frame was probably corrupted")]
    IndexJumped,
}

impl Unsound {
    /// A stable code for machines and records.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooMany => "too-many-readings",
            Self::Future => "future-dated",
            Self::Contradiction => "contradiction",
            Self::IndexWentBack => "index-went-back",
            Self::IndexJumped => "index-jumped",
        }
    }
}

/// Checks readings as they arrived and puts them in order: exact duplicates are dropped, disorder is mended.
///
/// LIMIT: an index is compared inside the batch only. Comparing with the batch before would need its plaintext, and
/// no warrant exists for that; the gateway, which has it, makes that check (`tic.md` §3).
///
/// # Errors
/// See [`Unsound`].
pub fn check(
    id: BatchId,
    gateway: GatewayId,
    point: PointId,
    mut readings: Vec<Reading>,
    now: Instant,
) -> Result<ReadingBatch, Unsound> {
    if readings.len() > MAX_READINGS {
        return Err(Unsound::TooMany);
    }
    if readings
        .iter()
        .any(|reading| reading.at > now.plus_seconds(MAX_AHEAD_SECONDS))
    {
        return Err(Unsound::Future);
    }
    readings.sort_by(|a, b| (a.at, &a.label).cmp(&(b.at, &b.label)));
    readings.dedup();
    let neighbours = || readings.iter().zip(readings.iter().skip(1));
    if neighbours().any(|(a, b)| a.at == b.at && a.label == b.label) {
        return Err(Unsound::Contradiction);
    }
    check_indices(&readings)?;
    let span = span_of(&readings).ok_or(Unsound::Empty)?;
    Ok(ReadingBatch {
        id,
        gateway,
        point,
        readings,
        span,
    })
}

fn span_of(readings: &[Reading]) -> Option<Interval> {
    let (first, last) = (readings.first()?, readings.last()?);
    let end = Instant::from_micros(last.at.as_micros().checked_add(1)?).ok()?;
    Interval::new(first.at, end).ok()
}

fn check_indices(readings: &[Reading]) -> Result<(), Unsound> {
    let mut last: std::collections::BTreeMap<&str, &Reading> = std::collections::BTreeMap::new();
    for reading in readings {
        let is_index = matches!(
            reading.label.quantity(),
            Quantity::EnergyDrawnTotal | Quantity::EnergyDrawnTariff | Quantity::EnergyInjected
        );
        if !is_index {
            continue;
        }
        let Some(before) = last.insert(reading.label.as_str(), reading) else {
            continue;
        };
        let grown = reading
            .value
            .checked_sub(before.value)
            .ok_or(Unsound::IndexJumped)?;
        // A nine-digit index starts over after 999,999,999 Wh (tic.md §5).
        let grown = if grown < -900_000_000 {
            grown + 1_000_000_000
        } else {
            grown
        };
        if grown < 0 {
            return Err(Unsound::IndexWentBack);
        }
        let micros = reading.at.as_micros() - before.at.as_micros();
        // One watt-hour of slack: the index is a whole number of Wh.
        let most = 1 + micros.saturating_mul(MAX_PLAUSIBLE_WATTS) / 3_600_000_000;
        if grown > most {
            return Err(Unsound::IndexJumped);
        }
    }
    Ok(())
}

/// Keeps what the live consents allow and drops the rest: energy drawn, one instant per consented step, inside the
/// consented span. Power, voltage and the like may have been let out by the household, but no purpose of today needs
/// them, so they are not kept.
///
/// Minimisation (GDPR art. 5(1)(c)) happens before anything is stored, so a gateway that sends more than was agreed
/// teaches the broker nothing more. Returns `None` when nothing remains.
#[must_use]
pub fn minimise(batch: ReadingBatch, covered: &CoveredIntake) -> Option<ReadingBatch> {
    let step = i64::from(covered.finest_step().seconds()) * 1_000_000;
    let mut kept_slot = None;
    let mut kept_at = None;
    let readings: Vec<Reading> = batch
        .readings
        .into_iter()
        .filter(is_drawn_energy)
        .filter(|reading| covered.spans().iter().any(|span| span.contains(reading.at)))
        .filter(|reading| {
            let slot = reading.at.as_micros().div_euclid(step);
            if kept_slot != Some(slot) {
                kept_slot = Some(slot);
                kept_at = Some(reading.at);
            }
            kept_at == Some(reading.at)
        })
        .collect();
    let span = span_of(&readings)?;
    Some(ReadingBatch {
        readings,
        span,
        ..batch
    })
}

fn is_drawn_energy(reading: &Reading) -> bool {
    matches!(
        reading.label.quantity(),
        Quantity::EnergyDrawnTotal | Quantity::EnergyDrawnTariff
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Label;

    fn at(seconds: i64) -> Instant {
        Instant::parse("2026-11-21T00:00:00Z")
            .unwrap()
            .plus_seconds(seconds)
    }

    fn reading(seconds: i64, label: &str, value: i64) -> Reading {
        Reading {
            at: at(seconds),
            label: Label::parse(label).unwrap(),
            value,
        }
    }

    fn checked(readings: Vec<Reading>) -> Result<ReadingBatch, Unsound> {
        let (id, gateway, point) = (
            BatchId::from_bytes([1; 16]),
            GatewayId::from_bytes([2; 16]),
            PointId::from_bytes([3; 16]),
        );
        check(id, gateway, point, readings, at(86_400))
    }

    #[test]
    fn disorder_and_exact_duplicates_are_mended() {
        let batch = checked(vec![
            reading(600, "east", 20),
            reading(0, "east", 10),
            reading(600, "east", 20),
        ])
        .unwrap();
        assert_eq!(
            batch.readings.iter().map(|r| r.value).collect::<Vec<_>>(),
            [10, 20]
        );
        assert_eq!(batch.span.start(), at(0));
    }

    #[test]
    fn each_unsound_batch_is_named() {
        assert_eq!(checked(vec![]), Err(Unsound::Empty));
        assert_eq!(
            checked(vec![reading(86_400 + 301, "east", 1)]),
            Err(Unsound::Future)
        );
        assert!(checked(vec![reading(86_400 + 299, "east", 1)]).is_ok());
        assert_eq!(
            checked(vec![reading(0, "papp", 1), reading(0, "papp", 2)]),
            Err(Unsound::Contradiction)
        );
        assert_eq!(
            checked(vec![reading(0, "east", 9), reading(600, "east", 8)]),
            Err(Unsound::IndexWentBack)
        );
        assert_eq!(
            checked(vec![reading(0, "east", 0), reading(600, "east", 12_002)]),
            Err(Unsound::IndexJumped)
        );
        let many = (0..=MAX_READINGS)
            .map(|i| reading(i64::try_from(i).unwrap(), "papp", 1))
            .collect();
        assert_eq!(checked(many), Err(Unsound::TooMany));
    }

    #[test]
    fn an_index_that_starts_over_is_sound() {
        assert!(checked(vec![reading(0, "east", 999_999_990), reading(600, "east", 10)]).is_ok());
    }

    #[test]
    fn a_value_far_outside_any_index_does_not_overflow() {
        assert!(checked(vec![reading(0, "east", i64::MIN), reading(600, "east", i64::MAX)]).is_err());
    }

    fn covered(step: crate::time::Step) -> CoveredIntake {
        use crate::consent::{Consent, ConsentEvent, EventKind, covers_intake};
        use crate::ids::{ConsentId, Digest, OrganisationId, ParticipantId, Purpose};
        let event = ConsentEvent {
            seq: 0,
            kind: EventKind::Given,
            effective_at: at(0),
            recorded_at: at(0),
            record: Digest([0; 32]),
        };
        let consent = Consent {
            id: ConsentId::from_bytes([1; 16]),
            participant: ParticipantId::from_bytes([2; 16]),
            point: PointId::from_bytes([3; 16]),
            recipient: OrganisationId::from_bytes([4; 16]),
            purpose: Purpose::parse("research").unwrap(),
            step,
            data: Interval::new(at(1_800), at(7_200)).unwrap(),
            terms: Digest([0; 32]),
            notice: Digest([0; 32]),
            occupancy: crate::consent::Occupancy::default(),
            events: vec![event],
        };
        let (who, point, span) = (consent.participant, consent.point, consent.data);
        covers_intake(&[consent], who, point, &span, at(1)).unwrap()
    }

    #[test]
    fn only_energy_at_the_consented_step_and_span_is_kept() {
        let readings = (0..=16_i64)
            .flat_map(|i| [reading(i * 600, "east", i * 10), reading(i * 600, "sinsts", 500)])
            .collect();
        let kept = minimise(checked(readings).unwrap(), &covered(crate::time::Step::HALF_HOUR)).unwrap();
        let seconds: Vec<_> = kept
            .readings
            .iter()
            .map(|r| (r.at.as_micros() - at(0).as_micros()) / 1_000_000)
            .collect();
        assert_eq!(seconds, [1_800, 3_600, 5_400]);
        assert!(kept.readings.iter().all(|r| r.label.as_str() == "east"));
    }

    /// Production and consumption on one point (`consent.md` §8): permission on one says nothing on the other.
    #[test]
    fn a_consent_for_energy_drawn_keeps_nothing_that_was_fed_in() {
        let both = vec![reading(3_600, "east", 10), reading(3_600, "eait", 900)];
        let kept = minimise(checked(both).unwrap(), &covered(crate::time::Step::HALF_HOUR)).unwrap();
        let labels: Vec<_> = kept.readings.iter().map(|r| r.label.as_str()).collect();
        assert_eq!(labels, ["east"]);
        let fed_in = checked(vec![reading(3_600, "eait", 900)]).unwrap();
        assert_eq!(minimise(fed_in, &covered(crate::time::Step::HALF_HOUR)), None);
    }

    #[test]
    fn nothing_remains_of_a_batch_without_energy() {
        let batch = checked(vec![reading(3_600, "papp", 500)]).unwrap();
        assert_eq!(minimise(batch, &covered(crate::time::Step::HALF_HOUR)), None);
    }
}
