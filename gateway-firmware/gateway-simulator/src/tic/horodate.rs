//! Horodates: `SAAMMJJhhmmss` in French legal time.

use jiff::{Timestamp, Zoned, civil::DateTime};

use crate::calendar::{Day, paris};

/// Whether the meter trusts its own clock; the season letter is small when it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeterClock {
    /// Set by the grid operator.
    Correct,
    /// Drifting after a power cut (STGE bit 16).
    Degraded,
}

/// Thirteen characters saying when, seconds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horodate([u8; 13]);

/// A text that is not a horodate.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a horodate is a season letter and twelve digits")]
pub struct HorodateError;

impl Horodate {
    /// The instant `at_us` (microseconds UTC) in French legal time. Two digits carry the year, so instants outside
    /// 2000–2099 come out with the year of another century.
    #[must_use]
    pub fn at(at_us: i64, clock: MeterClock) -> Self {
        let instant = Timestamp::from_microsecond(at_us).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = Zoned::new(instant, paris().clone());
        Self::spell(
            season(Offset::of(local.offset().seconds()), clock),
            local.datetime(),
        )
    }

    /// The same without a look into the time-zone rules, for a clock that is right.
    pub(crate) fn within(day: &Day, since_midnight_s: i64) -> Option<Self> {
        let (wall, offset_s) = day.wall_and_offset(since_midnight_s / 60);
        let small = |value: i64| i8::try_from(value).ok();
        let local = day.date.at(
            small(wall / 60)?,
            small(wall % 60)?,
            small(since_midnight_s % 60)?,
            0,
        );
        Some(Self::spell(
            season(Offset::of(offset_s), MeterClock::Correct),
            local,
        ))
    }

    /// A local time whose season does not apply: `DPMn` and `FPMn` only.
    #[must_use]
    pub fn without_season(local: DateTime) -> Self {
        Self::spell(b' ', local)
    }

    /// Reads the thirteen characters.
    ///
    /// # Errors
    /// Another length, letter, or anything but digits after it.
    pub fn parse(text: &str) -> Result<Self, HorodateError> {
        let bytes: [u8; 13] = text.as_bytes().try_into().map_err(|_| HorodateError)?;
        let (season, digits) = bytes.split_first().ok_or(HorodateError)?;
        if !b"HEhe ".contains(season) || !digits.iter().all(u8::is_ascii_digit) {
            return Err(HorodateError);
        }
        Ok(Self(bytes))
    }

    fn spell(season: u8, local: DateTime) -> Self {
        let parts = [
            i64::from(local.year().rem_euclid(100)),
            i64::from(local.month()),
            i64::from(local.day()),
            i64::from(local.hour()),
            i64::from(local.minute()),
            i64::from(local.second()),
        ];
        let mut bytes = [season; 13];
        let digits = parts.iter().flat_map(|part| [part / 10, part % 10]);
        for (place, digit) in bytes.iter_mut().skip(1).zip(digits) {
            *place = b'0' + u8::try_from(digit).unwrap_or(0);
        }
        Self(bytes)
    }

    /// The thirteen ASCII characters.
    #[must_use]
    pub fn bytes(self) -> [u8; 13] {
        self.0
    }
}

#[derive(Clone, Copy)]
enum Offset {
    Winter,
    Summer,
}

impl Offset {
    fn of(seconds: i32) -> Self {
        if seconds == 7200 {
            Self::Summer
        } else {
            Self::Winter
        }
    }
}

fn season(offset: Offset, clock: MeterClock) -> u8 {
    match (offset, clock) {
        (Offset::Winter, MeterClock::Correct) => b'H',
        (Offset::Summer, MeterClock::Correct) => b'E',
        (Offset::Winter, MeterClock::Degraded) => b'h',
        (Offset::Summer, MeterClock::Degraded) => b'e',
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn spelt(instant: &str, clock: MeterClock) -> String {
        let at_us = instant.parse::<Timestamp>().unwrap().as_microsecond();
        String::from_utf8(Horodate::at(at_us, clock).bytes().to_vec()).unwrap()
    }

    #[test]
    fn hour_that_comes_twice_is_told_apart_by_its_letter() {
        assert_eq!(
            spelt("2026-10-25T00:30:00Z", MeterClock::Correct),
            "E261025023000"
        );
        assert_eq!(
            spelt("2026-10-25T01:30:00Z", MeterClock::Correct),
            "H261025023000"
        );
    }

    #[test]
    fn hour_that_never_comes_is_skipped() {
        assert_eq!(
            spelt("2026-03-29T00:59:59Z", MeterClock::Correct),
            "H260329015959"
        );
        assert_eq!(
            spelt("2026-03-29T01:00:00Z", MeterClock::Correct),
            "E260329030000"
        );
    }

    #[test]
    fn degraded_clock_writes_a_small_letter() {
        assert_eq!(
            spelt("2026-07-14T07:30:15Z", MeterClock::Degraded),
            "e260714093015"
        );
    }

    #[test]
    fn both_ways_to_a_horodate_agree_all_day() {
        for date in [
            date(2026, 3, 29),
            date(2026, 7, 14),
            date(2026, 10, 25),
            date(2026, 12, 31),
        ] {
            let day = Day::of(date);
            for second in (0..day.minutes * 60).step_by(77) {
                let at_us = day.starts_at_us + second * 1_000_000;
                assert_eq!(
                    Horodate::within(&day, second),
                    Some(Horodate::at(at_us, MeterClock::Correct))
                );
            }
        }
    }

    #[test]
    fn text_with_a_wrong_letter_is_no_horodate() {
        assert_eq!(Horodate::parse("X260714093015"), Err(HorodateError));
        assert_eq!(Horodate::parse("H26071409301"), Err(HorodateError));
        assert_eq!(Horodate::parse("H26071409301a"), Err(HorodateError));
    }
}
