//! Dates, numbers and units as people of each language write them.
//!
//! Wall-clock time is that of Europe/Paris, where the meters are; `datetime` attributes hold UTC.

use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::lang::Lang;

/// Keeps a number with its unit (French typography and SI brochure §5.4.3).
pub(crate) const NO_BREAK: char = '\u{a0}';
const NARROW_NO_BREAK: char = '\u{202f}';

static PARIS: LazyLock<TimeZone> = LazyLock::new(|| {
    // INVARIANT: the zone database is bundled; were the name ever lost, times show in UTC instead of failing.
    TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC)
});

const FRENCH_MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DUTCH_MONTHS: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];

/// An instant in microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    /// The instant that many minutes later; stays at the last instant there is rather than overflow.
    pub fn plus_minutes(self, minutes: u32) -> Self {
        Self(self.0.saturating_add(i64::from(minutes) * 60_000_000))
    }

    /// The same instant for jiff; `None` outside the years -9999 to 9999.
    pub(crate) fn timestamp(self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.0).ok()
    }

    /// The wall-clock time where the meters are; `None` outside the years -9999 to 9999.
    pub(crate) fn in_paris(self) -> Option<Zoned> {
        self.timestamp().map(|instant| instant.to_zoned(PARIS.clone()))
    }
}

/// `14 novembre 2026`, `1er mars 2026`, `14 November 2026`, `14 november 2026`.
pub(crate) fn date(lang: Lang, day: Date) -> String {
    let month = month_name(lang, day);
    let number = match (lang, day.day()) {
        (Lang::French, 1) => "1er".to_owned(),
        (_, number) => number.to_string(),
    };
    format!("{number}{NO_BREAK}{month} {}", day.year())
}

/// `9 h 30` in French, `09:30` in English and Dutch, always on 24 hours.
pub(crate) fn clock(lang: Lang, hour: i8, minute: i8) -> String {
    match (lang, minute) {
        (Lang::French, 0) => format!("{hour}{NO_BREAK}h"),
        (Lang::French, _) => format!("{hour}{NO_BREAK}h{NO_BREAK}{minute:02}"),
        (Lang::English | Lang::Dutch, _) => format!("{hour:02}:{minute:02}"),
    }
}

/// The wall-clock time of an instant, without its date.
pub(crate) fn time_of_day(lang: Lang, at: Moment) -> String {
    at.in_paris().map_or_else(
        || "—".to_owned(),
        |local| clock(lang, local.hour(), local.minute()),
    )
}

/// Date and wall-clock time of an instant.
pub(crate) fn date_and_time(lang: Lang, at: Moment) -> String {
    let Some(local) = at.in_paris() else {
        return "—".to_owned();
    };
    let (day, time) = (
        date(lang, local.date()),
        clock(lang, local.hour(), local.minute()),
    );
    match lang {
        Lang::French => format!("{day} à{NO_BREAK}{time}"),
        Lang::English => format!("{day}, {time}"),
        Lang::Dutch => format!("{day} om{NO_BREAK}{time}"),
    }
}

/// Puts a separator between groups of three digits of a decimal integer, with or without a sign.
pub(crate) fn group_digits(lang: Lang, digits: &str) -> String {
    let separator = lang.pick([NARROW_NO_BREAK, ',', '.']);
    let (sign, digits) = digits
        .strip_prefix('-')
        .map_or(("", digits), |rest| ("\u{2212}", rest));
    let mut grouped = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

/// A whole number.
pub(crate) fn number(lang: Lang, value: i64) -> String {
    group_digits(lang, &value.to_string())
}

/// Watt-hours shown as kilowatt-hours with three decimals: nothing the meter said is rounded away.
pub(crate) fn energy(lang: Lang, watt_hours: i64) -> String {
    let point = lang.pick([',', '.', ',']);
    let (whole, thousandths) = (watt_hours.unsigned_abs() / 1000, watt_hours.unsigned_abs() % 1000);
    let sign = if watt_hours < 0 { "\u{2212}" } else { "" };
    let whole = group_digits(lang, &whole.to_string());
    format!("{sign}{whole}{point}{thousandths:03}{NO_BREAK}kWh")
}

/// The same for a mark on a scale: no more decimals than the mark has.
pub(crate) fn energy_mark(lang: Lang, watt_hours: i64) -> String {
    let whole = energy(lang, watt_hours);
    let Some((number, _)) = whole.split_once(NO_BREAK) else {
        return whole;
    };
    let point = lang.pick([',', '.', ',']);
    let Some((units, decimals)) = number.rsplit_once(point) else {
        return whole;
    };
    match decimals.trim_end_matches('0') {
        "" => format!("{units}{NO_BREAK}kWh"),
        decimals => format!("{units}{point}{decimals}{NO_BREAK}kWh"),
    }
}

/// `novembre 2026`.
pub(crate) fn month(lang: Lang, day: Date) -> String {
    format!("{} {}", month_name(lang, day), day.year())
}

/// `nov.`, for a mark on a scale.
pub(crate) fn short_month(lang: Lang, day: Date) -> String {
    let name = month_name(lang, day);
    let letters = match name {
        "juin" | "août" | "mars" | "juillet" | "avril" | "février" | "janvier" | "septembre" => 4,
        _ => 3,
    };
    name.chars().take(letters).collect()
}

fn month_name(lang: Lang, day: Date) -> &'static str {
    let months = lang.pick([&FRENCH_MONTHS, &ENGLISH_MONTHS, &DUTCH_MONTHS]);
    usize::try_from(day.month() - 1)
        .ok()
        .and_then(|index| months.get(index))
        .copied()
        .unwrap_or("")
}

/// Watts.
pub(crate) fn power(lang: Lang, watts: i64) -> String {
    format!("{}{NO_BREAK}W", number(lang, watts))
}

#[cfg(test)]
mod tests {
    use jiff::civil;

    use super::{Moment, date, date_and_time, energy, group_digits, time_of_day};
    use crate::lang::Lang;

    /// 2026-10-25T00:30:00Z, half an hour before summer time ends in Paris.
    const BEFORE_CHANGE: Moment = Moment(1_792_888_200_000_000);

    #[test]
    fn times_follow_the_wall_clock_of_paris() {
        assert_eq!(
            date_and_time(Lang::French, BEFORE_CHANGE),
            "25\u{a0}octobre 2026 à\u{a0}2\u{a0}h\u{a0}30"
        );
        assert_eq!(
            date_and_time(Lang::English, BEFORE_CHANGE),
            "25\u{a0}October 2026, 02:30"
        );
        assert_eq!(
            date_and_time(Lang::Dutch, BEFORE_CHANGE),
            "25\u{a0}oktober 2026 om\u{a0}02:30"
        );
        assert_eq!(
            time_of_day(Lang::English, BEFORE_CHANGE.plus_minutes(60)),
            "02:30"
        );
        assert_eq!(
            time_of_day(Lang::French, BEFORE_CHANGE.plus_minutes(90)),
            "3\u{a0}h"
        );
    }

    #[test]
    fn the_first_of_the_month_is_an_ordinal_in_french_only() {
        assert_eq!(date(Lang::French, civil::date(2026, 3, 1)), "1er\u{a0}mars 2026");
        assert_eq!(date(Lang::English, civil::date(2026, 3, 1)), "1\u{a0}March 2026");
        assert_eq!(date(Lang::Dutch, civil::date(2026, 3, 1)), "1\u{a0}maart 2026");
    }

    #[test]
    fn an_instant_outside_the_calendar_shows_as_a_dash() {
        assert_eq!(date_and_time(Lang::French, Moment(i64::MAX)), "—");
        assert_eq!(Moment(i64::MAX).plus_minutes(1), Moment(i64::MAX));
    }

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!(group_digits(Lang::English, "1"), "1");
        assert_eq!(group_digits(Lang::English, "123456"), "123,456");
        assert_eq!(group_digits(Lang::Dutch, "1234567"), "1.234.567");
        assert_eq!(
            group_digits(Lang::French, "-1234567"),
            "\u{2212}1\u{202f}234\u{202f}567"
        );
    }

    #[test]
    fn a_mark_has_no_more_decimals_than_it_needs() {
        assert_eq!(super::energy_mark(Lang::French, 1_500), "1,5\u{a0}kWh");
        assert_eq!(super::energy_mark(Lang::English, 2_000_000), "2,000\u{a0}kWh");
        assert_eq!(super::energy_mark(Lang::Dutch, 0), "0\u{a0}kWh");
    }

    #[test]
    fn months_have_names() {
        let day = civil::date(2026, 7, 1);
        assert_eq!(super::month(Lang::French, day), "juillet 2026");
        assert_eq!(super::short_month(Lang::French, day), "juil");
        assert_eq!(super::short_month(Lang::English, day), "Jul");
    }

    #[test]
    fn energy_keeps_every_watt_hour() {
        assert_eq!(energy(Lang::French, 8_042), "8,042\u{a0}kWh");
        assert_eq!(energy(Lang::English, -1_234_567), "\u{2212}1,234.567\u{a0}kWh");
        assert_eq!(energy(Lang::Dutch, 1_234_567), "1.234,567\u{a0}kWh");
        assert_eq!(
            energy(Lang::French, i64::MIN),
            "\u{2212}9\u{202f}223\u{202f}372\u{202f}036\u{202f}854\u{202f}775,808\u{a0}kWh"
        );
    }
}
