//! One day of one household: its loads and its counters.

use jiff::civil::Date;

use crate::{
    calendar::{Day, MINUTE_US},
    load::{MinuteLoad, Model},
    registers::{Registers, WattHours},
    tariff::DayTariff,
};

/// One local day of 23, 24 or 25 hours, minute by minute, with the counters at both ends.
#[derive(Clone, Debug)]
pub struct DayTrace {
    pub(crate) day: Day,
    pub(crate) tariff: DayTariff,
    loads: Vec<MinuteLoad>,
    opening: Registers,
    closing: Registers,
}

impl DayTrace {
    pub(crate) fn new(model: &Model, day: Day, opening: Registers) -> Self {
        let tariff = model.contract.day(model.street_seed, &model.weather, &day);
        let loads = model.loads(&day);
        let mut trace = Self {
            day,
            tariff,
            loads,
            closing: opening.clone(),
            opening,
        };
        trace.closing = trace.registers_at(trace.day.ends_at_us());
        trace
    }

    /// The date on the wall, French legal time.
    #[must_use]
    pub fn date(&self) -> Date {
        self.day.date
    }

    /// Local midnight, microseconds UTC.
    #[must_use]
    pub fn starts_at_us(&self) -> i64 {
        self.day.starts_at_us
    }

    /// The next local midnight, microseconds UTC.
    #[must_use]
    pub fn ends_at_us(&self) -> i64 {
        self.day.ends_at_us()
    }

    /// One value for each minute since midnight: 1380, 1440 or 1500.
    #[must_use]
    pub fn loads(&self) -> &[MinuteLoad] {
        &self.loads
    }

    /// The counters at the first instant of the day.
    #[must_use]
    pub fn opening(&self) -> &Registers {
        &self.opening
    }

    /// The counters at the first instant of the next day.
    #[must_use]
    pub fn closing(&self) -> &Registers {
        &self.closing
    }

    /// Energy drawn in each half hour: 46, 48 or 50 differences of the index. Their sum is the index difference of
    /// the day, to the watt-hour.
    #[must_use]
    pub fn half_hours(&self) -> Vec<WattHours> {
        let mut counting = Counting::new(self);
        (1..=self.day.minutes / 30)
            .map(|half_hour| {
                let before = counting.registers.drawn.0;
                counting.move_to(self, half_hour * 30);
                WattHours(counting.registers.drawn.0 - before)
            })
            .collect()
    }

    /// The counters at an instant (microseconds UTC), which is moved into the day when it lies outside.
    #[must_use]
    pub fn registers_at(&self, at_us: i64) -> Registers {
        let since_us = (at_us - self.day.starts_at_us).clamp(0, self.day.minutes * MINUTE_US);
        let mut counting = Counting::new(self);
        counting.move_to(self, since_us / MINUTE_US);
        counting.within_minute(self, since_us % MINUTE_US / 1_000_000)
    }

    pub(crate) fn load(&self, elapsed: i64) -> MinuteLoad {
        usize::try_from(elapsed)
            .ok()
            .and_then(|minute| self.loads.get(minute))
            .copied()
            .unwrap_or_default()
    }
}

/// Counters moving through a day.
#[derive(Clone, Debug)]
pub(crate) struct Counting {
    /// Elapsed minutes counted.
    pub elapsed: i64,
    pub registers: Registers,
}

impl Counting {
    pub fn new(trace: &DayTrace) -> Self {
        Self {
            elapsed: 0,
            registers: trace.opening.clone(),
        }
    }

    /// Counts whole minutes up to `elapsed`.
    pub fn move_to(&mut self, trace: &DayTrace, elapsed: i64) {
        while self.elapsed < elapsed {
            let period = trace.tariff.period(trace.day.wall(self.elapsed));
            self.registers.count(&trace.load(self.elapsed), period, 60);
            self.elapsed += 1;
        }
    }

    /// What the counters show some seconds (0–59) into the current minute.
    pub fn within_minute(&self, trace: &DayTrace, seconds: i64) -> Registers {
        let mut registers = self.registers.clone();
        let period = trace.tariff.period(trace.day.wall(self.elapsed));
        registers.count(&trace.load(self.elapsed), period, seconds.unsigned_abs());
        registers
    }
}
