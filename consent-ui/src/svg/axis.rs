//! Where the marks of a curve stand.

use crate::format::{clock, date};
use crate::lang::Lang;
use crate::svg::Slot;

/// A mark under the curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HourMark {
    /// The slot at whose start it stands; the number of slots means the end of the curve.
    pub(super) slot: usize,
    pub(super) label: String,
}

/// Round levels between two powers, at most five of them, zero always among them.
pub(super) fn level_marks(lowest: i64, highest: i64) -> Vec<i64> {
    let range = i128::from(highest) - i128::from(lowest);
    let mut step: i128 = 1;
    // 1, 2, 5, 10, 20, 50 … until four steps span the range.
    for factor in [2_i128, 5, 10].into_iter().cycle() {
        if step * 4 >= range {
            break;
        }
        let decade = decade_of(step);
        step = decade * factor;
    }
    let first = i128::from(lowest).div_euclid(step);
    (first..=i128::from(highest).div_euclid(step))
        .map(|count| count * step)
        .filter_map(|level| i64::try_from(level).ok())
        .filter(|level| (lowest..=highest).contains(level))
        .collect()
}

/// The power of ten at or below a number of the series 1, 2, 5, 10, 20, 50 …
fn decade_of(step: i128) -> i128 {
    let mut decade = 1;
    while decade * 10 <= step {
        decade *= 10;
    }
    decade
}

/// Every six hours of wall-clock time on a single day, every midnight on a longer curve (at most eight of them).
///
/// A day has 23, 24 or 25 hours: the marks follow the wall clock of each slot and never count slots.
pub(super) fn hour_marks(lang: Lang, slots: &[Slot], step_minutes: u32) -> Vec<HourMark> {
    let Some(first) = slots.first() else {
        return Vec::new();
    };
    let Some(last) = slots.last() else {
        return Vec::new();
    };
    let span_minutes = (last.start.0.saturating_sub(first.start.0)) / 60_000_000;
    let one_day = span_minutes < 26 * 60;
    let mut marks: Vec<HourMark> = slots
        .iter()
        .enumerate()
        .filter_map(|(slot, value)| value.start.in_paris().map(|local| (slot, local)))
        .filter(|(_, local)| local.minute() == 0 && local.hour() % if one_day { 6 } else { 24 } == 0)
        .map(|(slot, local)| HourMark {
            slot,
            label: if one_day {
                clock(lang, local.hour(), 0)
            } else {
                date(lang, local.date())
            },
        })
        .collect();
    if one_day
        && last
            .start
            .plus_minutes(step_minutes)
            .in_paris()
            .is_some_and(|end| end.hour() == 0 && end.minute() == 0)
    {
        marks.push(HourMark {
            slot: slots.len(),
            label: clock(lang, 24, 0),
        });
    }
    let stride = marks.len().div_ceil(8).max(1);
    marks.into_iter().step_by(stride).collect()
}

#[cfg(test)]
mod tests {
    use super::{hour_marks, level_marks};
    use crate::format::Moment;
    use crate::lang::Lang;
    use crate::svg::Slot;

    fn day(start_us: i64, half_hours: u32) -> Vec<Slot> {
        let start = Moment(start_us);
        (0..half_hours)
            .map(|index| Slot {
                start: start.plus_minutes(index * 30),
                watt_hours: Some(1),
            })
            .collect()
    }

    fn places(slots: &[Slot]) -> Vec<usize> {
        hour_marks(Lang::English, slots, 30)
            .iter()
            .map(|mark| mark.slot)
            .collect()
    }

    #[test]
    fn levels_are_round_and_hold_zero() {
        assert_eq!(level_marks(0, 2_340), [0, 1_000, 2_000]);
        assert_eq!(level_marks(-800, 1_200), [-500, 0, 500, 1_000]);
        assert_eq!(level_marks(0, 3), [0, 1, 2, 3]);
        assert!(level_marks(i64::MIN, i64::MAX).len() <= 6);
    }

    #[test]
    fn an_ordinary_day_has_five_marks() {
        // 2026-11-13T23:00:00Z is midnight in Paris.
        assert_eq!(places(&day(1_794_610_800_000_000, 48)), [0, 12, 24, 36, 48]);
    }

    #[test]
    fn marks_follow_the_wall_clock_when_the_hour_changes() {
        // 2026-10-24T22:00:00Z: 25 hours; 2026-03-28T23:00:00Z: 23 hours.
        assert_eq!(places(&day(1_792_879_200_000_000, 50)), [0, 14, 26, 38, 50]);
        assert_eq!(places(&day(1_774_738_800_000_000, 46)), [0, 10, 22, 34, 46]);
    }

    #[test]
    fn long_curves_are_marked_by_day() {
        let labels: Vec<String> = hour_marks(Lang::English, &day(1_794_610_800_000_000, 96), 30)
            .into_iter()
            .map(|mark| mark.label)
            .collect();
        assert_eq!(labels, ["14\u{a0}November 2026", "15\u{a0}November 2026"]);
    }
}
