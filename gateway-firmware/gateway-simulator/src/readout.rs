//! What a meter shows at one instant, as a frame.

use crate::{
    calendar::MINUTE_US,
    dwelling::Wiring,
    household::Household,
    load::MinuteLoad,
    registers::Registers,
    tariff::{Hours, Period, Tariff},
    tic::{
        Breaker, Currents, DryContact, Flow, HistoriqueFrame, HistoriqueTariff, Horodate, Maximum,
        MeterClock, PhaseReading, Producer, ShortFrame, StandardFrame, Stge, Supply, TempoColour, Text,
        TicMode, TicWriter,
    },
    trace::DayTrace,
};

/// One meter at one instant.
pub(crate) struct Readout<'a> {
    pub household: &'a Household,
    pub yesterday: &'a DayTrace,
    pub today: &'a DayTrace,
    pub maxima: &'a Maxima,
    pub maxima_yesterday: &'a Maxima,
    pub registers: Registers,
    pub at_us: i64,
    /// Since local midnight.
    pub seconds: i64,
}

/// Daily maxima behind the filter of the breaker, Enedis-NOI-CPT_54E: `y[n] = 0.008·x[n]² + 0.992·y[n−1]` each
/// second. Loads are constant over a minute, so sixty steps are one with `0.992⁶⁰ = 0.6177`.
#[derive(Clone, Debug)]
pub(crate) struct Maxima {
    drawn: Filtered,
    phases: [Filtered; 3],
    injected: Filtered,
}

#[derive(Clone, Copy, Debug)]
struct Filtered {
    /// VA².
    now: i64,
    /// VA², the largest since midnight.
    best: i64,
    at_us: i64,
}

impl Maxima {
    pub fn starting(at_us: i64) -> Self {
        let none = Filtered {
            now: 0,
            best: 0,
            at_us,
        };
        Self {
            drawn: none,
            phases: [none; 3],
            injected: none,
        }
    }

    /// The filter runs on over midnight; the maximum starts again from where it stands.
    pub fn next_day(&self, at_us: i64) -> Self {
        let restart = |filter: Filtered| Filtered {
            best: filter.now,
            at_us,
            ..filter
        };
        Self {
            drawn: restart(self.drawn),
            phases: self.phases.map(restart),
            injected: restart(self.injected),
        }
    }

    pub fn minute(&mut self, trace: &DayTrace, elapsed: i64) {
        let ended_at_us = trace.starts_at_us() + (elapsed + 1) * MINUTE_US;
        let apparent = trace.load(elapsed).apparent();
        let total: i64 = apparent.iter().sum();
        self.drawn.feed(total.max(0), ended_at_us);
        self.injected.feed((-total).max(0), ended_at_us);
        for (filter, phase) in self.phases.iter_mut().zip(apparent) {
            filter.feed(phase.max(0), ended_at_us);
        }
    }
}

impl Filtered {
    fn feed(&mut self, apparent: i64, at_us: i64) {
        let target = apparent * apparent;
        self.now = target + (self.now - target) * 6177 / 10_000;
        if self.now > self.best {
            self.best = self.now;
            self.at_us = at_us;
        }
    }
}

impl Readout<'_> {
    /// The bytes of the frame.
    pub fn bytes(&self) -> Vec<u8> {
        let mut writer = TicWriter::new(self.household.mode);
        match self.household.mode {
            TicMode::Standard => writer.standard(&self.standard()),
            TicMode::Historique => {
                if let Some(short) = self.short() {
                    writer.short(&short);
                }
                writer.historique(&self.historique());
            }
        }
        writer.into_bytes()
    }

    fn load(&self) -> MinuteLoad {
        self.today.load(self.seconds / 60)
    }

    fn wall(&self) -> i64 {
        self.today.day.wall(self.seconds / 60)
    }

    fn period(&self) -> Period {
        self.today.tariff.period(self.wall())
    }

    fn subscribed(&self) -> u64 {
        u64::from(self.household.model.dwelling.subscribed.0)
    }

    fn standard(&self) -> StandardFrame {
        let period = self.period();
        let apparent: i64 = self.load().apparent().iter().sum();
        StandardFrame {
            address: Text::padded(self.household.serial.as_str()),
            date: self.horodate(self.at_us),
            calendar: Some(Text::padded(self.today.tariff.calendar_name())),
            period: Some(Text::padded(period.name())),
            drawn: self.registers.drawn.0,
            supplier: self.registers.supplier.map(|index| index.0),
            distributor: self.registers.distributor.map(|index| index.0),
            producer: self
                .household
                .model
                .dwelling
                .solar
                .map(|_| self.producer(-apparent)),
            supply: self.supply(),
            reference_power: self.subscribed(),
            breaking_power: self.subscribed(),
            apparent: positive(apparent),
            maximum_today: self.filtered(self.maxima.drawn),
            maximum_yesterday: self.filtered(self.maxima_yesterday.drawn),
            load_curve: Some(self.load_curve(|load| load.net_watts().max(0))),
            status: self.status(period, apparent),
            peaks: [None; 3],
            message: Text::padded("PAS DE          MESSAGE         "),
            short_message: None,
            delivery_point: Text::padded(self.household.delivery_point.as_str()),
            relays: u8::from(self.contact(period) == DryContact::Closed),
            day_numbers: [0, 0],
            tomorrow: self.today.tariff.tomorrow(),
            peak_profile: None,
        }
    }

    fn producer(&self, injected: i64) -> Producer {
        Producer {
            injected: self.registers.injected.0,
            reactive: self.registers.reactive.map(|index| index.0),
            apparent: positive(injected),
            maximum_today: self.filtered(self.maxima.injected),
            maximum_yesterday: self.filtered(self.maxima_yesterday.injected),
            load_curve: Some(self.load_curve(|load| (-load.net_watts()).max(0))),
        }
    }

    fn supply(&self) -> Supply {
        let load = self.load();
        let (apparent, amperes) = (load.apparent(), load.amperes());
        let read = |phase: usize| {
            let of = |values: [i64; 3]| positive(values.get(phase).copied().unwrap_or(0));
            let filtered =
                |maxima: &Maxima| self.filtered(maxima.phases.get(phase).copied().unwrap_or(maxima.drawn));
            PhaseReading {
                current: of(amperes),
                voltage: of(load.volts),
                mean_voltage: self.mean_voltage(phase),
                apparent: of(apparent),
                maximum_today: filtered(self.maxima),
                maximum_yesterday: filtered(self.maxima_yesterday),
            }
        };
        match self.household.model.dwelling.wiring {
            Wiring::SinglePhase => Supply::Single(read(0)),
            Wiring::ThreePhase => Supply::Three([read(0), read(1), read(2)]),
        }
    }

    /// The last two complete points. A meter takes up to ten seconds to publish one.
    fn load_curve(&self, value: fn(&MinuteLoad) -> i64) -> [Maximum; 2] {
        let step = self.household.load_curve_minutes;
        let last = (self.seconds - 10).div_euclid(step * 60) * step;
        [last, last - step].map(|end| self.mean(end, step, value))
    }

    fn mean_voltage(&self, phase: usize) -> Maximum {
        let end = self.seconds / 600 * 10;
        self.mean(end, 10, |load| load.volts.get(phase).copied().unwrap_or(0))
    }

    /// Mean over the minutes before `end`, elapsed minutes of today, which may reach back into yesterday.
    fn mean(&self, end: i64, minutes: i64, value: impl Fn(&MinuteLoad) -> i64) -> Maximum {
        let before = self.yesterday.day.minutes;
        let load = |elapsed| {
            if elapsed < 0 {
                self.yesterday.load(before + elapsed)
            } else {
                self.today.load(elapsed)
            }
        };
        let sum: i64 = (end - minutes..end).map(|elapsed| value(&load(elapsed))).sum();
        self.maximum(
            self.today.starts_at_us() + end * MINUTE_US,
            (sum + minutes / 2) / minutes,
        )
    }

    fn filtered(&self, filter: Filtered) -> Maximum {
        self.maximum(filter.at_us, filter.best.isqrt())
    }

    fn maximum(&self, at_us: i64, value: i64) -> Maximum {
        Maximum {
            at: self.horodate(at_us),
            value: positive(value),
        }
    }

    fn horodate(&self, at_us: i64) -> Horodate {
        [self.today, self.yesterday]
            .into_iter()
            .find(|trace| (trace.starts_at_us()..trace.ends_at_us()).contains(&at_us))
            .and_then(|trace| Horodate::within(&trace.day, (at_us - trace.starts_at_us()) / 1_000_000))
            .unwrap_or_else(|| Horodate::at(at_us, MeterClock::Correct))
    }

    fn contact(&self, period: Period) -> DryContact {
        match period.hours {
            Hours::OffPeak => DryContact::Closed,
            Hours::Peak => DryContact::Open,
        }
    }

    fn status(&self, period: Period, apparent: i64) -> Stge {
        Stge {
            dry_contact: self.contact(period),
            breaker: Breaker::Closed,
            over_voltage: false,
            over_reference: positive(apparent) > self.subscribed() * 1000,
            producer: self.household.model.dwelling.solar.is_some(),
            flow: if self.load().net_watts() < 0 {
                Flow::Injecting
            } else {
                Flow::Drawing
            },
            supplier_index: period.supplier,
            distributor_index: period.distributor,
            clock_degraded: false,
            colour_today: period.colour.map_or(0, colour_code),
            colour_tomorrow: self.today.tariff.announced(self.wall()).map_or(0, colour_code),
            peak_notice: 0,
            peak_now: 0,
        }
    }

    fn historique(&self) -> HistoriqueFrame {
        let apparent: i64 = self.load().apparent().iter().sum();
        let limit = self.subscribed_current();
        let now = self.load().amperes().map(positive);
        let currents = match self.household.model.dwelling.wiring {
            Wiring::SinglePhase => Currents::Single {
                now: now[0],
                exceeding: (now[0] > limit).then_some(now[0]),
            },
            Wiring::ThreePhase => Currents::Three {
                now,
                maximum: positive(self.maxima_yesterday.drawn.best.isqrt()),
                missing: 0,
            },
        };
        HistoriqueFrame {
            address: Text::padded(self.household.serial.as_str()),
            tariff: self.historique_tariff(),
            subscribed_current: limit,
            currents,
            apparent: positive(apparent),
        }
    }

    fn short(&self) -> Option<ShortFrame> {
        if self.household.model.dwelling.wiring == Wiring::SinglePhase {
            return None;
        }
        let limit = self.subscribed_current();
        let now = self.load().amperes().map(positive);
        let exceeding = now.map(|current| (current > limit).then_some(current));
        exceeding.iter().any(Option::is_some).then(|| ShortFrame {
            exceeding,
            address: Text::padded(self.household.serial.as_str()),
            now,
        })
    }

    /// `ISOUSC`: subscribed VA / 200, per phase.
    fn subscribed_current(&self) -> u64 {
        let current = self.subscribed() * 1000 / 200;
        match self.household.model.dwelling.wiring {
            Wiring::SinglePhase => current,
            Wiring::ThreePhase => current / 3,
        }
    }

    fn historique_tariff(&self) -> HistoriqueTariff {
        let period = self.period();
        let off_peak_now = period.hours == Hours::OffPeak;
        let [first, second, third, fourth, fifth, sixth, ..] = self.registers.supplier.map(|index| index.0);
        match self.household.model.dwelling.tariff {
            Tariff::Base => HistoriqueTariff::Base {
                index: self.registers.drawn.0,
            },
            Tariff::OffPeak => HistoriqueTariff::OffPeak {
                off_peak: first,
                peak: second,
                off_peak_now,
            },
            Tariff::Tempo => HistoriqueTariff::Tempo {
                indices: [first, second, third, fourth, fifth, sixth],
                colour: period.colour.unwrap_or(TempoColour::Blue),
                off_peak_now,
                tomorrow: self.today.tariff.announced(self.wall()),
            },
        }
    }
}

fn colour_code(colour: TempoColour) -> u8 {
    match colour {
        TempoColour::Blue => 1,
        TempoColour::White => 2,
        TempoColour::Red => 3,
    }
}

fn positive(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
