//! Local days in France: their instants, length, weekday and public holidays.

use std::sync::LazyLock;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Weekday, date},
    tz::{TimeZone, TimeZoneDatabase},
};

pub(crate) const MINUTE_US: i64 = 60_000_000;

/// French legal time, from the rules compiled in: what the machine has installed does not matter.
#[expect(clippy::expect_used, reason = "the bundled database is part of the program")]
static PARIS: LazyLock<TimeZone> = LazyLock::new(|| {
    // INVARIANT: the workspace builds jiff with `tzdb-bundle-always`, and the bundle has all IANA names.
    TimeZoneDatabase::bundled()
        .get("Europe/Paris")
        .expect("bundled rules of Europe/Paris")
});

pub(crate) fn paris() -> &'static TimeZone {
    &PARIS
}

/// What kind of day it is for those who work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DayKind {
    Working,
    Saturday,
    SundayOrHoliday,
}

/// One local day of 23, 24 or 25 hours. *Elapsed* minutes count from local midnight, *wall* minutes are what a clock
/// on the wall shows (hour × 60 + minute).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    pub date: Date,
    /// Days since 1970-01-01.
    pub number: i64,
    pub starts_at_us: i64,
    /// 1380, 1440 or 1500.
    pub minutes: i64,
    /// After this many elapsed minutes the wall clock moves by that many.
    shift: (i64, i64),
    /// Hours that the wall clock is ahead of UTC at midnight.
    midnight_offset: i64,
}

impl Day {
    /// The day of a date. Dates outside 2000–2099 are moved to the nearest of these years, because TIC writes two
    /// digits of the year and means 20xx.
    pub fn of(day: Date) -> Self {
        let day = day.clamp(date(2000, 1, 2), date(2099, 12, 30));
        let starts_at_us = midnight_us(day);
        let minutes = (midnight_us(day.saturating_add(1.day())) - starts_at_us) / MINUTE_US;
        let midnight = instant(starts_at_us);
        let shift = match minutes {
            1440 => (i64::MAX, 0),
            _ => paris()
                .following(midnight)
                .next()
                .map_or((i64::MAX, 0), |change| {
                    (
                        (change.timestamp().as_microsecond() - starts_at_us) / MINUTE_US,
                        1440 - minutes,
                    )
                }),
        };
        Self {
            date: day,
            number: date(1970, 1, 1).duration_until(day).as_hours() / 24,
            starts_at_us,
            minutes,
            shift,
            midnight_offset: i64::from(paris().to_offset(midnight).seconds()) / 3600,
        }
    }

    /// The local day an instant falls in (microseconds UTC).
    pub fn containing(at_us: i64) -> Self {
        Self::of(paris().to_datetime(instant(at_us)).date())
    }

    pub fn next(&self) -> Self {
        Self::of(self.date.saturating_add(1.day()))
    }

    pub fn previous(&self) -> Self {
        Self::of(self.date.saturating_sub(1.day()))
    }

    pub fn ends_at_us(&self) -> i64 {
        self.starts_at_us + self.minutes * MINUTE_US
    }

    pub fn wall(&self, elapsed: i64) -> i64 {
        let (after, by) = self.shift;
        if elapsed >= after { elapsed + by } else { elapsed }
    }

    /// Wall minute and offset from UTC in seconds at an elapsed minute.
    pub fn wall_and_offset(&self, elapsed: i64) -> (i64, i32) {
        let wall = self.wall(elapsed);
        let hours = self.midnight_offset + (wall - elapsed) / 60;
        (wall, i32::try_from(hours * 3600).unwrap_or(3600))
    }

    /// Elapsed minutes at a wall time, which may run past midnight. The hour that never comes moves on by an hour;
    /// of the hour that comes twice the second is meant.
    pub fn elapsed(&self, wall: i64) -> i64 {
        let (after, by) = self.shift;
        if wall >= after.saturating_add(by.min(0)) && wall - by >= after {
            wall - by
        } else {
            wall
        }
    }

    /// Minutes of winter time (UTC+1) since midnight of that time: what the sun follows.
    pub fn winter_time(&self, elapsed: i64) -> i64 {
        elapsed - (self.midnight_offset - 1) * 60
    }

    pub fn of_year(&self) -> i64 {
        i64::from(self.date.day_of_year())
    }

    pub fn kind(&self) -> DayKind {
        match self.date.weekday() {
            _ if is_public_holiday(self.date) => DayKind::SundayOrHoliday,
            Weekday::Sunday => DayKind::SundayOrHoliday,
            Weekday::Saturday => DayKind::Saturday,
            _ => DayKind::Working,
        }
    }
}

fn instant(at_us: i64) -> Timestamp {
    let first = date(2000, 1, 2);
    let last = date(2099, 12, 30);
    let bounded = at_us.clamp(midnight_us(first), midnight_us(last));
    Timestamp::from_microsecond(bounded).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn midnight_us(day: Date) -> i64 {
    // Within 2000–2099 every midnight exists in France, so the default is never taken.
    paris()
        .to_timestamp(day.at(0, 0, 0, 0))
        .map_or(0, Timestamp::as_microsecond)
}

/// Code du travail L3133-1: eight fixed days, and three that follow Easter.
fn is_public_holiday(day: Date) -> bool {
    let fixed = [
        (1, 1),
        (5, 1),
        (5, 8),
        (7, 14),
        (8, 15),
        (11, 1),
        (11, 11),
        (12, 25),
    ];
    let easter = easter_sunday(day.year());
    fixed.contains(&(day.month(), day.day()))
        || [1, 39, 50]
            .iter()
            .any(|&days| easter.saturating_add(days.days()) == day)
}

/// Meeus, “Astronomical algorithms” (1991), chapter 8, Gregorian Easter.
fn easter_sunday(year: i16) -> Date {
    let full = i64::from(year);
    let (a, b, c) = (full % 19, full / 100, full % 100);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    date(year, 3, 22).saturating_add((h + l - 7 * m).days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_days_have_23_24_or_25_hours() {
        let lengths =
            [date(2026, 3, 29), date(2026, 7, 14), date(2026, 10, 25)].map(|day| Day::of(day).minutes);
        assert_eq!(lengths, [1380, 1440, 1500]);
    }

    #[test]
    fn wall_clock_jumps_in_spring_and_repeats_in_autumn() {
        let spring = Day::of(date(2026, 3, 29));
        assert_eq!(
            [spring.wall(119), spring.wall(120), spring.wall(1379)],
            [119, 180, 1439]
        );
        let autumn = Day::of(date(2026, 10, 25));
        assert_eq!(
            [autumn.wall(179), autumn.wall(180), autumn.wall(1499)],
            [179, 120, 1439]
        );
    }

    #[test]
    fn wall_times_find_their_elapsed_minute() {
        for day in [date(2026, 3, 29), date(2026, 7, 14), date(2026, 10, 25)].map(Day::of) {
            for wall in [0, 60, 200, 700, 1439] {
                assert_eq!(day.wall(day.elapsed(wall)), wall, "{} {wall}", day.date);
            }
        }
    }

    #[test]
    fn instants_fall_in_their_local_day() {
        for day in [date(2026, 3, 29), date(2026, 10, 25)].map(Day::of) {
            assert_eq!(Day::containing(day.starts_at_us), day);
            assert_eq!(Day::containing(day.ends_at_us() - 1), day);
            assert_eq!(Day::containing(day.ends_at_us()), day.next());
            assert_eq!(day.next().previous(), day);
        }
    }

    #[test]
    fn easter_monday_and_the_national_day_are_holidays() {
        assert_eq!(easter_sunday(2025), date(2025, 4, 20));
        assert_eq!(easter_sunday(2026), date(2026, 4, 5));
        assert_eq!(Day::of(date(2026, 4, 6)).kind(), DayKind::SundayOrHoliday);
        assert_eq!(Day::of(date(2026, 7, 14)).kind(), DayKind::SundayOrHoliday);
        assert_eq!(Day::of(date(2026, 7, 15)).kind(), DayKind::Working);
    }
}
