//! Instants, half-open intervals, steps, and the two ports through which time and chance come in.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use thiserror::Error;

/// An instant: microseconds since 1970-01-01T00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// An instant or interval that cannot be.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum InvalidTime {
    /// Outside the years -9999 to 9999.
    #[error("instant outside the years -9999 to 9999")]
    OutOfRange,
    /// The end is not after the start.
    #[error("interval ends at or before its start")]
    EmptyInterval,
    /// A step that is not a positive divisor of a day, or a day.
    #[error("step of {seconds} s: expected a positive divisor of 86400 s")]
    Step {
        /// The step asked for, in seconds.
        seconds: u32,
    },
    /// A text that is not an RFC 3339 instant.
    #[error("not an instant: expected RFC 3339 such as `2026-11-21T21:04:10Z`")]
    Text,
}

impl Instant {
    /// The instant that many microseconds after the epoch.
    ///
    /// # Errors
    /// When it lies outside the years that a calendar can show.
    pub fn from_micros(micros: i64) -> Result<Self, InvalidTime> {
        Timestamp::from_microsecond(micros)
            .map(|_| Self(micros))
            .map_err(|_| InvalidTime::OutOfRange)
    }

    /// Parses RFC 3339.
    ///
    /// # Errors
    /// When the text is not an instant with an offset.
    pub fn parse(text: &str) -> Result<Self, InvalidTime> {
        text.parse::<Timestamp>()
            .map(|t| Self(t.as_microsecond()))
            .map_err(|_| InvalidTime::Text)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole hours since the epoch, rounded down: the coarse time of a ledger leaf (`ledger.md` §10).
    #[must_use]
    pub fn hour(self) -> u32 {
        u32::try_from(self.0.div_euclid(3_600_000_000)).unwrap_or(0)
    }

    /// This instant moved by whole seconds, saturating at the ends of the calendar.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let moved = self.0.saturating_add(seconds.saturating_mul(1_000_000));
        Self(moved.clamp(Timestamp::MIN.as_microsecond(), Timestamp::MAX.as_microsecond()))
    }

    /// Whether a curve of this step has a boundary here: whole steps since 1970 for steps within an hour; for longer ones
    /// whole hours, since days begin at local midnight and local clocks are whole hours off UTC where we work.
    #[must_use]
    pub fn is_on_grid(self, step: Step) -> bool {
        let grid = i64::from(step.seconds()).min(3_600) * 1_000_000;
        self.0.rem_euclid(grid) == 0
    }

    /// The first boundary of a curve of this step at or after this instant.
    #[must_use]
    pub fn next_on_grid(self, step: Step) -> Self {
        let grid = i64::from(step.seconds()).min(3_600) * 1_000_000;
        let ahead = (-self.0).rem_euclid(grid);
        Self(self.0.saturating_add(ahead))
    }

    /// The calendar's view of this instant.
    #[must_use]
    pub fn to_timestamp(self) -> Timestamp {
        // `from_micros` and `plus_seconds` keep the range, so the fallback is never taken.
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The civil day in `zone` that holds this instant: 23, 24 or 25 hours long.
    ///
    /// # Errors
    /// When the day lies at the very end of the calendar.
    pub fn day_in(self, zone: &TimeZone) -> Result<Interval, InvalidTime> {
        let start = self
            .to_timestamp()
            .to_zoned(zone.clone())
            .start_of_day()
            .map_err(|_| InvalidTime::OutOfRange)?;
        let end = start
            .tomorrow()
            .and_then(|t| t.start_of_day())
            .map_err(|_| InvalidTime::OutOfRange)?;
        Interval::new(
            Self(start.timestamp().as_microsecond()),
            Self(end.timestamp().as_microsecond()),
        )
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.to_timestamp())
    }
}

/// A half-open interval `[start, end)` that is not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    start: Instant,
    end: Instant,
}

impl Interval {
    /// The interval from `start`, included, to `end`, excluded.
    ///
    /// # Errors
    /// When it would be empty.
    pub fn new(start: Instant, end: Instant) -> Result<Self, InvalidTime> {
        if start < end {
            Ok(Self { start, end })
        } else {
            Err(InvalidTime::EmptyInterval)
        }
    }

    /// First instant inside.
    #[must_use]
    pub const fn start(&self) -> Instant {
        self.start
    }

    /// First instant after.
    #[must_use]
    pub const fn end(&self) -> Instant {
        self.end
    }

    /// Whether the instant lies inside.
    #[must_use]
    pub fn contains(&self, instant: Instant) -> bool {
        self.start <= instant && instant < self.end
    }

    /// Whether the other interval lies wholly inside this one.
    #[must_use]
    pub fn encloses(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two share an instant.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Length in whole seconds, rounded down.
    #[must_use]
    pub const fn seconds(&self) -> i64 {
        (self.end.0 - self.start.0) / 1_000_000
    }

    /// Starts of the steps that fit in the interval, in order.
    pub fn steps(&self, step: Step) -> impl Iterator<Item = Instant> + use<> {
        let (end, width) = (self.end, i64::from(step.seconds()));
        std::iter::successors(Some(self.start), move |start| Some(start.plus_seconds(width)))
            .take_while(move |start| start.plus_seconds(width) <= end)
    }
}

/// The distance between two values of a curve: a divisor of a day, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(u32);

impl Step {
    /// Ten minutes.
    pub const TEN_MINUTES: Self = Self(600);
    /// Half an hour: the finest step of public curves (Code de l'énergie D. 111-63 II 1).
    pub const HALF_HOUR: Self = Self(1_800);
    /// One day.
    pub const DAY: Self = Self(86_400);

    /// A step of so many seconds.
    ///
    /// # Errors
    /// When it does not divide a day.
    pub const fn from_seconds(seconds: u32) -> Result<Self, InvalidTime> {
        if seconds == 0 || 86_400 % seconds != 0 {
            return Err(InvalidTime::Step { seconds });
        }
        Ok(Self(seconds))
    }

    /// Seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// Whether values of this step are sums of whole values of the other.
    #[must_use]
    pub const fn is_multiple_of(self, finer: Self) -> bool {
        self.0.is_multiple_of(finer.0)
    }
}

/// Where the present comes from. Passed in, so that a decision can be replayed.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Instant;

    /// How many seconds the clock was set forward while this process ran, when that is too much to be believed: then
    /// nothing is recorded until it is back, or the process was started again. `None` for a clock that cannot tell.
    fn jumped(&self) -> Option<i64> {
        None
    }
}

/// The system gave no randomness.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("the system's random generator is unavailable")]
pub struct EntropyUnavailable;

/// Where chance comes from: a cryptographic generator in production.
pub trait Entropy: Send + Sync {
    /// Fills the slice with random bytes.
    ///
    /// # Errors
    /// When the generator fails; the caller then stops instead of going on with a weak value.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn an_instant_prints_six_decimals_in_utc() {
        assert_eq!(
            at("2026-11-21T22:04:10.5+01:00").to_string(),
            "2026-11-21T21:04:10.500000Z"
        );
    }

    #[test]
    fn a_day_in_october_has_twenty_five_hours() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        assert_eq!(
            at("2026-10-25T12:00:00Z").day_in(&paris).unwrap().seconds(),
            25 * 3_600
        );
        assert_eq!(
            at("2026-03-29T12:00:00Z").day_in(&paris).unwrap().seconds(),
            23 * 3_600
        );
        assert_eq!(
            at("2026-10-25T12:00:00Z")
                .day_in(&paris)
                .unwrap()
                .steps(Step::HALF_HOUR)
                .count(),
            50
        );
    }

    #[test]
    fn an_interval_is_half_open_and_never_empty() {
        let day = Interval::new(at("2026-11-21T00:00:00Z"), at("2026-11-22T00:00:00Z")).unwrap();
        assert!(day.contains(day.start()) && !day.contains(day.end()));
        assert_eq!(
            Interval::new(day.start(), day.start()),
            Err(InvalidTime::EmptyInterval)
        );
    }

    #[test]
    fn a_step_divides_a_day() {
        assert_eq!(Step::from_seconds(1_800), Ok(Step::HALF_HOUR));
        assert_eq!(Step::from_seconds(0), Err(InvalidTime::Step { seconds: 0 }));
        assert_eq!(Step::from_seconds(7), Err(InvalidTime::Step { seconds: 7 }));
    }

    #[test]
    fn the_hour_of_a_leaf_is_the_one_of_the_reference() {
        assert_eq!(at("2026-01-01T00:59:59Z").hour(), 490_896);
    }
}
