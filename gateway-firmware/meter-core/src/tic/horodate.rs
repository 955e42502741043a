//! `SAAMMJJhhmmss`: a season letter and twelve digits of legal time (54E §6.2.1).

use thiserror::Error;

/// The letter before a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Season {
    /// `H`, or `h` when the meter's clock is degraded: UTC+1.
    Winter(MeterClock),
    /// `E`, or `e` when the meter's clock is degraded: UTC+2.
    Summer(MeterClock),
    /// A space: mobile peak dates have no season.
    NotApplicable,
}

/// Whether the meter itself trusts its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeterClock {
    /// Upper-case letter.
    Correct,
    /// Lower-case letter, and STGE bit 16: do not date anything with it.
    Degraded,
}

/// Which offset the digits are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegalTime {
    /// Mainland France: the letter gives the offset, so the hour that comes twice in October is not ambiguous.
    Mainland,
    /// Elsewhere: this offset east of UTC, in seconds, whatever the letter.
    Fixed(i32),
}

/// Whether the season letter agrees with the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeasonCheck {
    /// It does, or both letters are possible (the repeated hour of October).
    Agrees,
    /// It does not: report the date, do not use it silently. Seen in an edited capture.
    Contradicts,
}

/// A date as a meter writes it, every field in range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a date")]
pub struct Horodate {
    pub season: Season,
    pub year: u16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
}

/// Why thirteen characters are not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HorodateError {
    /// Not thirteen characters.
    #[error("a horodate has 13 characters")]
    Length,
    /// Not one of `E`, `H`, `e`, `h` or a space.
    #[error("the season letter is none of `EHeh` or space")]
    SeasonLetter,
    /// A character after the letter is not a decimal digit.
    #[error("a horodate has twelve digits after its letter")]
    Digits,
    /// Month, day or time of day out of range.
    #[error("the date does not exist")]
    NoSuchDate,
}

impl Horodate {
    /// Reads the 13 characters.
    ///
    /// # Errors
    /// See [`HorodateError`]; a date that is in no calendar, such as 30 February, is refused.
    pub fn parse(text: &str) -> Result<Self, HorodateError> {
        let bytes: &[u8; 13] = text.as_bytes().try_into().map_err(|_| HorodateError::Length)?;
        let [letter, y1, y2, m1, m2, d1, d2, h1, h2, n1, n2, s1, s2] = *bytes;
        let season = match letter {
            b'H' => Season::Winter(MeterClock::Correct),
            b'h' => Season::Winter(MeterClock::Degraded),
            b'E' => Season::Summer(MeterClock::Correct),
            b'e' => Season::Summer(MeterClock::Degraded),
            b' ' => Season::NotApplicable,
            _ => return Err(HorodateError::SeasonLetter),
        };
        let date = Self {
            season,
            year: 2000 + u16::from(two_digits(y1, y2)?),
            month: two_digits(m1, m2)?,
            day: two_digits(d1, d2)?,
            hour: two_digits(h1, h2)?,
            minute: two_digits(n1, n2)?,
            second: two_digits(s1, s2)?,
        };
        let day_exists = (1..=12).contains(&date.month)
            && date.day >= 1
            && date.day <= days_in_month(date.year, date.month);
        if day_exists && date.hour < 24 && date.minute < 60 && date.second < 60 {
            Ok(date)
        } else {
            Err(HorodateError::NoSuchDate)
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z. `None` when the offset cannot be known: mainland time without a season.
    #[must_use]
    pub fn utc_seconds(&self, legal_time: LegalTime) -> Option<i64> {
        let offset = match (legal_time, self.season) {
            (LegalTime::Fixed(seconds), _) => i64::from(seconds),
            (LegalTime::Mainland, Season::Winter(_)) => 3600,
            (LegalTime::Mainland, Season::Summer(_)) => 7200,
            (LegalTime::Mainland, Season::NotApplicable) => return None,
        };
        Some(self.local_seconds() - offset)
    }

    /// Whether the meter trusts this date.
    #[must_use]
    pub const fn clock(&self) -> MeterClock {
        match self.season {
            Season::Winter(clock) | Season::Summer(clock) => clock,
            Season::NotApplicable => MeterClock::Correct,
        }
    }

    /// Compares the letter with the rule of the European Union: summer time runs from the last Sunday of March to the
    /// last Sunday of October, both at 01:00 UTC (Directive 2000/84/EC art. 2 and 3).
    #[must_use]
    pub fn season_check(&self) -> SeasonCheck {
        let (offset, said_summer) = match self.season {
            Season::Winter(_) => (3600, false),
            Season::Summer(_) => (7200, true),
            Season::NotApplicable => return SeasonCheck::Agrees,
        };
        let utc = self.local_seconds() - offset;
        let is_summer = utc >= change_instant(self.year, 3) && utc < change_instant(self.year, 10);
        if is_summer == said_summer {
            SeasonCheck::Agrees
        } else {
            SeasonCheck::Contradicts
        }
    }

    fn local_seconds(&self) -> i64 {
        days_since_1970(self.year, self.month, self.day) * 86_400
            + i64::from(self.hour) * 3600
            + i64::from(self.minute) * 60
            + i64::from(self.second)
    }
}

fn two_digits(tens: u8, units: u8) -> Result<u8, HorodateError> {
    if tens.is_ascii_digit() && units.is_ascii_digit() {
        Ok((tens - b'0') * 10 + (units - b'0'))
    } else {
        Err(HorodateError::Digits)
    }
}

const fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a Gregorian date ("days from civil", H. Hinnant, 2013).
fn days_since_1970(year: u16, month: u8, day: u8) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// 01:00 UTC on the last Sunday of a month of 31 days.
fn change_instant(year: u16, month: u8) -> i64 {
    let last = days_since_1970(year, month, 31);
    // 1970-01-01 was a Thursday, so day 3 was a Sunday.
    let since_sunday = (last - 3).rem_euclid(7);
    (last - since_sunday) * 86_400 + 3600
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> i64 {
        Horodate::parse(text)
            .unwrap()
            .utc_seconds(LegalTime::Mainland)
            .unwrap()
    }

    #[test]
    fn the_letter_gives_the_offset() {
        assert_eq!(utc("H230301091834"), 1_677_658_714);
        assert_eq!(utc("E210414082625"), 1_618_381_585);
    }

    #[test]
    fn the_repeated_hour_of_october_is_two_hours() {
        assert_eq!(utc("H261025020000") - utc("E261025025959"), 1);
        for text in ["E261025025959", "H261025020000"] {
            assert_eq!(Horodate::parse(text).unwrap().season_check(), SeasonCheck::Agrees);
        }
    }

    #[test]
    fn a_letter_against_the_calendar_is_reported() {
        assert_eq!(
            Horodate::parse("H240515120000").unwrap().season_check(),
            SeasonCheck::Contradicts
        );
        assert_eq!(
            Horodate::parse("E261025083000").unwrap().season_check(),
            SeasonCheck::Contradicts
        );
    }

    #[test]
    fn small_letters_mean_a_degraded_clock() {
        assert_eq!(
            Horodate::parse("h260110083122").unwrap().clock(),
            MeterClock::Degraded
        );
    }

    #[test]
    fn a_fixed_offset_ignores_the_letter() {
        let date = Horodate::parse("E260110083122").unwrap();
        let reunion = date.utc_seconds(LegalTime::Fixed(4 * 3600)).unwrap();
        assert_eq!(date.utc_seconds(LegalTime::Mainland).unwrap() - reunion, 2 * 3600);
    }

    #[test]
    fn dates_of_no_calendar_are_refused() {
        assert_eq!(Horodate::parse("H230229000000"), Err(HorodateError::NoSuchDate));
        assert_eq!(Horodate::parse("H231301000000"), Err(HorodateError::NoSuchDate));
        assert_eq!(Horodate::parse("H230101240000"), Err(HorodateError::NoSuchDate));
        assert_eq!(Horodate::parse("H2301010000q0"), Err(HorodateError::Digits));
        assert_eq!(Horodate::parse("X230101000000"), Err(HorodateError::SeasonLetter));
        assert_eq!(Horodate::parse("H23010100000"), Err(HorodateError::Length));
        assert!(Horodate::parse("H240229235959").is_ok());
    }
}
