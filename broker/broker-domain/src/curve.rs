//! From energy indices to a load curve: watt-hours per step, missing where the meter was not heard.

use std::collections::BTreeMap;

use crate::reading::{Quantity, Reading, WattHours};
use crate::time::{Instant, Interval, Step};

/// Energy drawn in one step of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Start of the step; it lasts until the next one.
    pub start: Instant,
    /// Watt-hours drawn, or `None` where the readings do not tell. Missing is never zero.
    pub energy: Option<WattHours>,
}

/// The load curve of an interval, one slot per whole step, from indices in order of time.
///
/// The index at a slot boundary is the reading of that instant; between two readings at most one step apart it is
/// interpolated linearly, rounding to the nearest watt-hour. Wider gaps stay missing: an invented shape would look like
/// a measurement. A total index (`EAST`) is preferred; in historique mode the tariff indices of a frame are summed.
#[must_use]
pub fn load_curve(readings: &[Reading], interval: &Interval, step: Step) -> Vec<Slot> {
    let indices = total_indices(readings);
    let width = i64::from(step.seconds());
    interval
        .steps(step)
        .map(|start| {
            let end = start.plus_seconds(width);
            let energy = growth(&indices, start, end, step);
            Slot { start, energy }
        })
        .collect()
}

/// Energy drawn over a longer span, such as a local day of 23, 24 or 25 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawn {
    /// All of it: the index is known at both ends, so what was drawn during a gap in between is in it.
    Whole(WattHours),
    /// As much as was measured: an end is not known.
    Part {
        /// The sum of the steps that are known.
        energy: WattHours,
        /// How many steps those are.
        measured: u32,
        /// How many the span has.
        steps: u32,
    },
    /// Nothing is known. Never zero.
    Unknown,
}

impl Drawn {
    /// What is known of it.
    #[must_use]
    pub const fn energy(self) -> Option<WattHours> {
        match self {
            Self::Whole(energy) | Self::Part { energy, .. } => Some(energy),
            Self::Unknown => None,
        }
    }
}

/// The energy drawn in an interval, from indices in order of time; the ends as in [`load_curve`].
#[must_use]
pub fn drawn(readings: &[Reading], interval: &Interval, step: Step) -> Drawn {
    let indices = total_indices(readings);
    if let Some(energy) = growth(&indices, interval.start(), interval.end(), step) {
        return Drawn::Whole(energy);
    }
    let slots = load_curve(readings, interval, step);
    let known: Vec<i64> = slots
        .iter()
        .filter_map(|slot| slot.energy)
        .map(|energy| energy.0)
        .collect();
    if known.is_empty() {
        return Drawn::Unknown;
    }
    Drawn::Part {
        energy: WattHours(known.iter().copied().fold(0, i64::saturating_add)),
        measured: u32::try_from(known.len()).unwrap_or(u32::MAX),
        steps: u32::try_from(slots.len()).unwrap_or(u32::MAX),
    }
}

/// How much the index grew, if it is known at both ends and did grow. Registers of historique mode start anew after
/// 999 999 999 Wh (`tic.md` §5).
fn growth(indices: &BTreeMap<Instant, i64>, start: Instant, end: Instant, step: Step) -> Option<WattHours> {
    let grown = index_at(indices, end, step)?.checked_sub(index_at(indices, start, step)?)?;
    let grown = if grown < -900_000_000 {
        grown + 1_000_000_000
    } else {
        grown
    };
    (grown >= 0).then_some(WattHours(grown))
}

fn total_indices(readings: &[Reading]) -> BTreeMap<Instant, i64> {
    let mut total: BTreeMap<Instant, i64> = BTreeMap::new();
    let mut by_tariff: BTreeMap<Instant, i64> = BTreeMap::new();
    for reading in readings {
        match reading.label.quantity() {
            Quantity::EnergyDrawnTotal => {
                total.insert(reading.at, reading.value);
            }
            Quantity::EnergyDrawnTariff => {
                let sum = by_tariff.entry(reading.at).or_insert(0);
                *sum = sum.saturating_add(reading.value);
            }
            Quantity::EnergyInjected | Quantity::ApparentPower | Quantity::Other => {}
        }
    }
    if total.is_empty() { by_tariff } else { total }
}

fn index_at(indices: &BTreeMap<Instant, i64>, at: Instant, step: Step) -> Option<i64> {
    let (before_at, before) = indices.range(..=at).next_back()?;
    if *before_at == at {
        return Some(*before);
    }
    let (after_at, after) = indices.range(at..).next()?;
    let gap = after_at.as_micros() - before_at.as_micros();
    if gap > i64::from(step.seconds()) * 1_000_000 {
        return None;
    }
    let grown = i128::from(*after) - i128::from(*before);
    let part = i128::from(at.as_micros() - before_at.as_micros());
    let gap = i128::from(gap);
    let interpolated = i128::from(*before) + (grown * part + gap / 2).div_euclid(gap);
    i64::try_from(interpolated).ok()
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

    fn curve(readings: &[Reading], until: i64) -> Vec<Option<i64>> {
        let interval = Interval::new(at(0), at(until)).unwrap();
        load_curve(readings, &interval, Step::HALF_HOUR)
            .iter()
            .map(|s| s.energy.map(|e| e.0))
            .collect()
    }

    #[test]
    fn aligned_indices_give_exact_energy() {
        let readings = [
            reading(0, "east", 100),
            reading(1_800, "east", 350),
            reading(3_600, "east", 350),
        ];
        assert_eq!(curve(&readings, 3_600), [Some(250), Some(0)]);
    }

    #[test]
    fn a_gap_is_missing_not_zero() {
        let readings = [
            reading(0, "east", 100),
            reading(5_400, "east", 400),
            reading(7_200, "east", 500),
        ];
        assert_eq!(curve(&readings, 7_200), [None, None, None, Some(100)]);
    }

    #[test]
    fn readings_beside_the_boundary_are_interpolated() {
        let readings = [
            reading(-300, "east", 0),
            reading(300, "east", 100),
            reading(1_700, "east", 200),
            reading(1_900, "east", 300),
        ];
        assert_eq!(curve(&readings, 1_800), [Some(200)]);
    }

    #[test]
    fn tariff_indices_of_a_frame_add_up() {
        let readings = [
            reading(0, "hchc", 100),
            reading(0, "hchp", 1_000),
            reading(1_800, "hchc", 140),
            reading(1_800, "hchp", 1_002),
        ];
        assert_eq!(curve(&readings, 1_800), [Some(42)]);
    }

    #[test]
    fn slots_add_up_to_the_difference_of_the_index() {
        let readings: Vec<_> = (0..=48)
            .map(|i| reading(i * 1_800, "east", 1_000 + i * i))
            .collect();
        let sum: i64 = curve(&readings, 86_400).iter().flatten().sum();
        assert_eq!(sum, 48 * 48);
    }

    fn total(readings: &[Reading], until: i64) -> Drawn {
        drawn(
            readings,
            &Interval::new(at(0), at(until)).unwrap(),
            Step::HALF_HOUR,
        )
    }

    #[test]
    fn an_index_at_both_ends_tells_the_whole_whatever_is_missing_in_between() {
        let readings = [reading(0, "east", 100), reading(90_000, "east", 9_100)];
        assert_eq!(total(&readings, 90_000), Drawn::Whole(WattHours(9_000)));
    }

    #[test]
    fn a_span_with_an_unknown_end_is_told_in_part() {
        let readings = [
            reading(1_800, "east", 100),
            reading(3_600, "east", 350),
            reading(86_400, "east", 9_000),
        ];
        let part = Drawn::Part {
            energy: WattHours(250),
            measured: 1,
            steps: 48,
        };
        assert_eq!(total(&readings, 86_400), part);
        assert_eq!(total(&[], 86_400), Drawn::Unknown);
    }

    #[test]
    fn another_meter_with_a_lower_index_is_no_negative_energy() {
        let readings = [
            reading(0, "east", 50_000),
            reading(1_800, "east", 50_100),
            reading(3_600, "east", 20),
        ];
        let part = Drawn::Part {
            energy: WattHours(100),
            measured: 1,
            steps: 2,
        };
        assert_eq!(total(&readings, 3_600), part);
    }
}
