//! The numbers this crate computes with, each with its own type so that none is taken for another.

use std::fmt;

use jiff::{Span, Timestamp, tz::TimeZone};

/// Energy of one slot, in watt-hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WattHours(pub i64);

/// The largest reading accepted for one household and one slot: what a 32-bit column holds, 2.1 GWh.
///
/// With at most [`HouseholdIndex::LIMIT`] households a sum of such readings stays below 2⁵⁵ and a sum of
/// their squares below 2⁸⁶, so the accumulators cannot overflow.
pub const LARGEST_READING: WattHours = WattHours(i32::MAX as i64);

/// The broker's internal number of a household: dense, never shown outside, never derived from a meter
/// number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HouseholdIndex(u32);

impl HouseholdIndex {
    /// Indices are below this number, which bounds the memory one member set can take (2 MiB).
    pub const LIMIT: u32 = 1 << 24;

    /// Accepts an index below [`Self::LIMIT`].
    #[must_use]
    pub const fn new(index: u32) -> Option<Self> {
        if index < Self::LIMIT {
            Some(Self(index))
        } else {
            None
        }
    }

    /// The number itself.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }
}

/// A number of distinct households.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HouseholdCount(pub u32);

/// Position of a slot in the period, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// A whole percentage from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u8);

impl Percent {
    /// Accepts 0 to 100.
    #[must_use]
    pub const fn new(value: u8) -> Option<Self> {
        if value <= 100 { Some(Self(value)) } else { None }
    }

    /// The number itself.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0
    }
}

/// Length of one slot in seconds, at least 1 and at most 31 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepSeconds(u32);

impl StepSeconds {
    /// Half an hour, the finest step of D. 111-63 II 1.
    pub const HALF_HOUR: Self = Self(1_800);
    /// Twenty-four hours.
    pub const DAY: Self = Self(86_400);

    /// Accepts 1 to 2,678,400 seconds.
    #[must_use]
    pub const fn new(seconds: u32) -> Option<Self> {
        if seconds >= 1 && seconds <= 31 * 86_400 {
            Some(Self(seconds))
        } else {
            None
        }
    }

    /// The number itself.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }
}

/// Whether the energy was taken from the network or given to it: the variable of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Energy drawn from the network.
    Withdrawal,
    /// Energy fed into the network.
    Injection,
}

impl Direction {
    /// The word used in files: `withdrawal` or `injection`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Withdrawal => "withdrawal",
            Self::Injection => "injection",
        }
    }
}

/// The name of a published group: 1 to 64 of `a-z 0-9 - _`, so that no file format needs to quote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(String);

/// The public number of a release: 1 to 64 of `a-z 0-9 - _`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseId(String);

fn is_plain_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

impl GroupId {
    /// Accepts a plain name.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        is_plain_name(text).then(|| Self(text.to_owned()))
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ReleaseId {
    /// Accepts a plain name.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        is_plain_name(text).then(|| Self(text.to_owned()))
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A half-open interval `[start, end)` cut into equal slots, read in a declared local zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    start: Timestamp,
    step: StepSeconds,
    slots: u32,
    zone: TimeZone,
}

/// Why an interval cannot be cut into slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// The end is not after the start.
    #[error("the period ends before it begins")]
    Empty,
    /// The length is no whole number of steps, or an instant has a fraction of a second.
    #[error("the period is not a whole number of steps")]
    NotWholeSteps,
    /// More than [`Period::MOST_SLOTS`] slots.
    #[error("the period has too many slots")]
    TooManySlots,
}

impl Period {
    /// Ten years of half hours and a little more.
    pub const MOST_SLOTS: u32 = 1 << 18;

    /// Cuts `[start, end)` into slots of `step`.
    ///
    /// A local day is passed as its two local midnights: it then has 46, 48 or 50 half hours.
    ///
    /// LIMIT: slots have equal length, so a step of one local day cannot cross a change of season.
    ///
    /// # Errors
    /// [`PeriodError`] when the interval is empty, no whole number of steps, or too long.
    pub fn new(
        start: Timestamp,
        end: Timestamp,
        step: StepSeconds,
        zone: TimeZone,
    ) -> Result<Self, PeriodError> {
        if start.subsec_nanosecond() != 0 || end.subsec_nanosecond() != 0 {
            return Err(PeriodError::NotWholeSteps);
        }
        let seconds = end.as_second() - start.as_second();
        if seconds <= 0 {
            return Err(PeriodError::Empty);
        }
        let step_seconds = i64::from(step.value());
        if seconds % step_seconds != 0 {
            return Err(PeriodError::NotWholeSteps);
        }
        match u32::try_from(seconds / step_seconds) {
            Ok(slots) if slots <= Self::MOST_SLOTS => Ok(Self {
                start,
                step,
                slots,
                zone,
            }),
            _ => Err(PeriodError::TooManySlots),
        }
    }

    /// First instant.
    #[must_use]
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// First instant after the last slot.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.slot_start(Slot(self.slots))
    }

    /// Length of one slot.
    #[must_use]
    pub const fn step(&self) -> StepSeconds {
        self.step
    }

    /// Number of slots, at least 1.
    #[must_use]
    pub const fn slots(&self) -> u32 {
        self.slots
    }

    /// The declared local zone.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The name of the zone, `UTC` when it has none.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// Start of a slot.
    ///
    /// INVARIANT: both ends were instants, so a slot between them is one too; beyond them the result
    /// saturates.
    #[must_use]
    pub fn slot_start(&self, slot: Slot) -> Timestamp {
        let offset = i64::from(slot.0) * i64::from(self.step.value());
        Timestamp::from_second(self.start.as_second().saturating_add(offset)).unwrap_or(Timestamp::MAX)
    }

    /// Elapsed seconds.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        i64::from(self.slots) * i64::from(self.step.value())
    }

    /// Whether the period lasts at most `hours` elapsed hours: a local day of 25 hours is longer than 24
    /// hours.
    #[must_use]
    pub fn lasts_at_most_hours(&self, hours: u32) -> bool {
        self.seconds() <= i64::from(hours) * 3_600
    }

    /// Whether the period lasts at most `days` local days, counted on the calendar of its zone: October in
    /// Paris is 31 days although it has 745 hours.
    #[must_use]
    pub fn lasts_at_most_days(&self, days: u32) -> bool {
        let local = self.start.to_zoned(self.zone.clone());
        Span::new()
            .try_days(i64::from(days))
            .and_then(|span| local.checked_add(span))
            .is_ok_and(|limit| self.end() <= limit.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paris_period(from: &str, to: &str) -> Period {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let at = |text: &str| {
            text.parse::<jiff::civil::Date>()
                .unwrap()
                .to_zoned(zone.clone())
                .unwrap()
                .timestamp()
        };
        Period::new(at(from), at(to), StepSeconds::HALF_HOUR, zone.clone()).unwrap()
    }

    #[test]
    fn the_spring_day_has_46_slots_and_the_autumn_day_50() {
        assert_eq!(paris_period("2026-03-29", "2026-03-30").slots(), 46);
        assert_eq!(paris_period("2026-10-25", "2026-10-26").slots(), 50);
        assert_eq!(paris_period("2026-11-22", "2026-11-23").slots(), 48);
    }

    #[test]
    fn hours_are_elapsed_and_days_are_local() {
        assert!(!paris_period("2026-10-25", "2026-10-26").lasts_at_most_hours(24));
        assert!(paris_period("2026-03-29", "2026-03-30").lasts_at_most_hours(24));
        assert!(paris_period("2026-10-01", "2026-11-01").lasts_at_most_days(31));
        assert!(!paris_period("2026-10-01", "2026-11-02").lasts_at_most_days(31));
    }

    #[test]
    fn names_that_would_need_quoting_are_refused() {
        for bad in ["", "a,b", "A", "é", "a b", "../x", &"a".repeat(65)] {
            assert!(GroupId::new(bad).is_none());
            assert!(ReleaseId::new(bad).is_none());
        }
    }
}
