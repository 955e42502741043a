//! Until when a request about one's rights is answered: one month, counted as European law counts.
//!
//! The calendar is the controller's. What this deliberately does not: decide whether a clock may be paused or extended.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};

/// Whose public holidays count (Regulation 1182/71 art. 2(1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Country {
    /// Code du travail L3133-1. LIMIT: without the two further days of Alsace-Moselle.
    France,
    /// Act of 4 January 1974 and royal decree of 18 April 1974.
    Belgium,
}

impl Country {
    /// Whether this day is a public holiday.
    #[must_use]
    pub fn is_holiday(self, day: Date) -> bool {
        let fixed: &[(i8, i8)] = match self {
            Self::France => &[
                (1, 1),
                (5, 1),
                (5, 8),
                (7, 14),
                (8, 15),
                (11, 1),
                (11, 11),
                (12, 25),
            ],
            Self::Belgium => &[(1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)],
        };
        // Easter Monday, Ascension, Whit Monday, in days after Easter Sunday.
        let moving = [1, 39, 50];
        fixed.contains(&(day.month(), day.day()))
            || easter(day.year()).is_some_and(|easter| {
                moving.into_iter().any(|days| {
                    easter
                        .checked_add(days.days())
                        .is_ok_and(|holiday| holiday == day)
                })
            })
    }

    fn is_working_day(self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.is_holiday(day)
    }
}

/// The last day on which an answer is in time to a request received on `received`.
///
/// GDPR art. 12(3): one month of receipt. Regulation (EEC, Euratom) 1182/71 art. 3(2)(c): the period ends with the last
/// hour of the day of the same date in the next month, or of the last day of that month if it has no such date; art.
/// 3(4): if that is a public holiday, Saturday or Sunday, with the last hour of the following working day. `None` at the
/// very end of the calendar.
#[must_use]
pub fn one_month_after(received: Date, country: Country) -> Option<Date> {
    due_after(received, 1, 0, country)
}

/// The same with `months`, and with the days on which the clock stood still: three months once an answer was extended
/// (GDPR art. 12(3): one month, "extended by two further months"); stopped while an identity is in doubt (art. 12(6)).
#[must_use]
pub fn due_after(received: Date, months: i8, paused_days: u16, country: Country) -> Option<Date> {
    // jiff keeps to the last day of a shorter month.
    let day = received.checked_add(i64::from(months).months()).ok()?;
    let mut day = day.checked_add(i64::from(paused_days).days()).ok()?;
    while !country.is_working_day(day) {
        day = day.tomorrow().ok()?;
    }
    Some(day)
}

/// Easter Sunday of the Gregorian calendar, by the method published in Nature on 20 April 1876 and known as Butcher's.
fn easter(year: i16) -> Option<Date> {
    let year_number = i32::from(year);
    let golden = year_number.rem_euclid(19);
    let (century, of_century) = (year_number.div_euclid(100), year_number.rem_euclid(100));
    let (leap_centuries, rest) = (century / 4, century % 4);
    let moon_shift = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - leap_centuries - moon_shift + 15).rem_euclid(30);
    let weekday = (32 + 2 * rest + 2 * (of_century / 4) - epact - of_century % 4).rem_euclid(7);
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let days = epact + weekday - 7 * late + 114;
    let (month, day) = (i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?);
    Date::new(year, month, day).ok()
}

/// Days from `today` until `due`: negative when it is past.
#[must_use]
pub fn days_left(today: Date, due: Date) -> i32 {
    let midnight = date(1970, 1, 1);
    let number = |day: Date| midnight.until(day).map_or(0, |span| span.get_days());
    number(due).saturating_sub(number(today))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn due(year: i16, month: i8, day: i8, country: Country) -> Date {
        one_month_after(date(year, month, day), country).unwrap()
    }

    #[test]
    fn easter_is_where_the_almanacs_have_it() {
        let known = [
            date(2024, 3, 31),
            date(2025, 4, 20),
            date(2026, 4, 5),
            date(2027, 3, 28),
            date(2028, 4, 16),
            date(2029, 4, 1),
            date(2030, 4, 21),
            date(2038, 4, 25),
        ];
        for day in known {
            assert_eq!(easter(day.year()), Some(day));
        }
    }

    #[test]
    fn a_month_ends_on_the_same_date() {
        assert_eq!(due(2026, 9, 15, Country::France), date(2026, 10, 15));
    }

    #[test]
    fn an_extension_and_a_pause_move_the_end_to_the_next_working_day() {
        let received = date(2026, 11, 22);
        // 22 February 2027 is a Monday; three days later a Thursday.
        let due = |months, paused| due_after(received, months, paused, Country::France);
        assert_eq!(due(3, 0), Some(date(2027, 2, 22)));
        assert_eq!(due(3, 3), Some(date(2027, 2, 25)));
        // Four days after 22 December 2026 is a Saturday.
        assert_eq!(due(1, 4), Some(date(2026, 12, 28)));
        // Nobody has a 30 February.
        let late = due_after(date(2026, 11, 30), 3, 0, Country::France);
        assert_eq!(late, Some(date(2027, 3, 1)));
    }

    #[test]
    fn a_month_without_that_date_ends_on_its_last_day() {
        assert_eq!(due(2026, 8, 31, Country::France), date(2026, 9, 30));
        assert_eq!(due(2028, 1, 31, Country::Belgium), date(2028, 2, 29));
        // 28 February 2027 is a Sunday.
        assert_eq!(due(2027, 1, 29, Country::Belgium), date(2027, 3, 1));
    }

    #[test]
    fn a_weekend_or_a_holiday_moves_the_end_to_the_next_working_day() {
        // Saturday.
        assert_eq!(due(2026, 11, 12, Country::France), date(2026, 12, 14));
        // Christmas on a Friday, then a weekend.
        assert_eq!(due(2026, 11, 25, Country::France), date(2026, 12, 28));
        // Easter Monday 2026, after the Saturday and Sunday before it.
        assert_eq!(due(2026, 3, 4, Country::Belgium), date(2026, 4, 7));
        // Ascension 2026.
        assert_eq!(due(2026, 4, 14, Country::France), date(2026, 5, 15));
    }

    #[test]
    fn holidays_are_those_of_the_controller_s_country() {
        assert_eq!(due(2027, 6, 14, Country::France), date(2027, 7, 15));
        assert_eq!(due(2027, 6, 14, Country::Belgium), date(2027, 7, 14));
        assert_eq!(due(2027, 6, 21, Country::France), date(2027, 7, 21));
        assert_eq!(due(2027, 6, 21, Country::Belgium), date(2027, 7, 22));
    }

    #[test]
    fn days_left_are_negative_when_it_is_late() {
        assert_eq!(days_left(date(2026, 11, 22), date(2026, 12, 22)), 30);
        assert_eq!(days_left(date(2026, 12, 23), date(2026, 12, 22)), -1);
    }
}
