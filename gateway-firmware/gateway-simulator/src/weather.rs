//! Weather of the street: outdoor temperature and sun, the same for all households.

use crate::{
    calendar::Day,
    random::{Random, Stream, sine_per_mille},
};

/// Weather of a temperate French town: 3.5 °C in January, 19.5 °C in July on average.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    seed: u64,
}

/// Forty-eight values a day are enough: a building does not follow faster.
pub(crate) const SLOT_MINUTES: i64 = 30;

impl Weather {
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Mean outdoor temperature of a day, in hundredths of a degree Celsius.
    pub fn mean(&self, day: &Day) -> i64 {
        self.mean_at(day.number, day.of_year())
    }

    /// Outdoor temperature at an elapsed minute, in hundredths of a degree: lowest near 03:00, highest near 15:00
    /// of winter time, and no step at midnight.
    pub fn temperature(&self, day: &Day, elapsed: i64) -> i64 {
        let tomorrow = self.mean_at(day.number + 1, day.of_year() + 1);
        let mean = between(self.mean(day), tomorrow, elapsed, day.minutes);
        let swing = 240 + (warmth(day.of_year()) + 1000) * 180 / 1000;
        mean + swing * sine_per_mille((day.winter_time(elapsed) - 540) * 5 / 2) / 1000
    }

    /// Sun on a roof at an elapsed minute, per mille of the panels' rated power, clouds included.
    pub fn sun(&self, day: &Day, elapsed: i64) -> i64 {
        let time = day.winter_time(elapsed);
        let (sunrise, length) = daylight(day);
        let since = time - sunrise;
        if !(0..length).contains(&since) {
            return 0;
        }
        let height = 4000 * since * (length - since) / (length * length);
        let peak = 620 + solstice(day.of_year()) * 240 / 1000;
        let clear = height * (height + 600) / 1600 * peak / 1000;
        let sky = knots(self.seed, Stream::Sky, day.number, 2, 600, 580).clamp(130, 1000);
        // Broken clouds: some days flicker every few minutes, overcast and clear ones hardly do.
        let broken = (sky - 130).min(1000 - sky) / 2;
        let passing = Random::keyed(self.seed, Stream::Sky, day.number * 1440 + time / 4 + (1 << 40))
            .between(-broken, broken);
        clear * (sky + passing).clamp(80, 1000) / 1000
    }

    /// Whether lamps are needed at an elapsed minute.
    pub fn is_dark(day: &Day, elapsed: i64) -> bool {
        let (sunrise, length) = daylight(day);
        !(sunrise + 30..sunrise + length - 30).contains(&day.winter_time(elapsed))
    }

    fn mean_at(&self, number: i64, of_year: i64) -> i64 {
        let spell = knots(self.seed, Stream::Temperature, number, 6, 0, 750);
        let own = Random::keyed(self.seed, Stream::Temperature, number + (1 << 40)).bell(0, 220);
        1150 + warmth(of_year) * 8 / 10 + spell + own
    }
}

/// Sunrise in minutes of winter time, and length of the day in minutes, at 47° north and 3° east.
fn daylight(day: &Day) -> (i64, i64) {
    let length = 733 + solstice(day.of_year()) * 230 / 1000;
    (770 - length / 2, length)
}

/// −1000 in the coldest days (20 January), +1000 in the warmest.
fn warmth(of_year: i64) -> i64 {
    -sine_per_mille((of_year - 20) * 3600 / 365 + 900)
}

/// −1000 on 21 December, +1000 on 21 June.
fn solstice(of_year: i64) -> i64 {
    -sine_per_mille((of_year + 10) * 3600 / 365 + 900)
}

/// Smooth noise: a bell-shaped value every `period` days, straight lines in between.
fn knots(seed: u64, stream: Stream, number: i64, period: i64, middle: i64, reach: i64) -> i64 {
    let knot = number.div_euclid(period);
    let value = |knot| Random::keyed(seed, stream, knot).bell(middle, reach);
    between(value(knot), value(knot + 1), number.rem_euclid(period), period)
}

fn between(from: i64, to: i64, done: i64, of: i64) -> i64 {
    from + (to - from) * done / of
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};

    use super::*;

    fn month_mean(month: i8) -> i64 {
        let weather = Weather::new(3);
        let days: Vec<Day> = (0..28)
            .map(|days| Day::of(date(2026, month, 1).saturating_add(days.days())))
            .collect();
        days.iter().map(|day| weather.mean(day)).sum::<i64>() / 28
    }

    #[test]
    fn january_is_cold_and_july_warm() {
        assert!((-100..800).contains(&month_mean(1)), "{}", month_mean(1));
        assert!((1600..2400).contains(&month_mean(7)), "{}", month_mean(7));
    }

    #[test]
    fn afternoon_is_warmer_than_night() {
        let day = Day::of(date(2026, 7, 1));
        let weather = Weather::new(3);
        assert!(weather.temperature(&day, 16 * 60) > weather.temperature(&day, 4 * 60) + 500);
    }

    #[test]
    fn sun_shines_longer_and_stronger_in_june() {
        let weather = Weather::new(3);
        let yield_of = |month| -> i64 {
            (1..=28)
                .map(|number| Day::of(date(2026, month, number)))
                .map(|day| {
                    (0..day.minutes)
                        .map(|minute| weather.sun(&day, minute))
                        .sum::<i64>()
                })
                .sum::<i64>()
                / 28
                / 60
        };
        // Wh a day per kW of panels.
        assert!((300..2000).contains(&yield_of(12)), "{}", yield_of(12));
        assert!((3000..6500).contains(&yield_of(6)), "{}", yield_of(6));
        assert_eq!(weather.sun(&Day::of(date(2026, 6, 21)), 60), 0);
    }
}
