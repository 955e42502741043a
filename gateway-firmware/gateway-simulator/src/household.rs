//! One household of the street and the meter it owns.

use std::ops::Range;

use jiff::civil::Date;

use crate::{
    calendar::Day,
    disturbance::{self, Wire},
    dwelling::{Dwelling, Trait, Wiring, stratum},
    frames::Frames,
    load::Model,
    profile::Profile,
    random::{Random, Stream},
    registers::Registers,
    tariff::{Contract, Tariff},
    tic::TicMode,
    trace::DayTrace,
    weather::Weather,
};

/// A delivery point number: fourteen digits starting with 99, which no real one does.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryPoint(String);

/// A meter address: twelve digits whose unit number starts with 9, a range kept for fakes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeterSerial(String);

impl DeliveryPoint {
    /// The fourteen digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl MeterSerial {
    /// The twelve digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// Even a fake number must not find its way into a log: the habit would then be wrong for the real ones.
impl std::fmt::Debug for DeliveryPoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("DeliveryPoint(..)")
    }
}

impl std::fmt::Debug for MeterSerial {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MeterSerial(..)")
    }
}

/// A household that does not exist. Everything about it follows from the seed of its street and its index.
#[derive(Clone, Debug)]
pub struct Household {
    pub(crate) index: u32,
    pub(crate) profile: Profile,
    pub(crate) serial: MeterSerial,
    pub(crate) delivery_point: DeliveryPoint,
    pub(crate) mode: TicMode,
    pub(crate) wire: Wire,
    pub(crate) load_curve_minutes: i64,
    pub(crate) model: Model,
    first_day: Day,
    first_registers: Registers,
}

impl Household {
    pub(crate) fn draw(street_seed: u64, index: u32, first_day: Day, weather: Weather) -> Self {
        let mut random = Random::keyed(street_seed, Stream::Household, i64::from(index));
        let seed = random.bits();
        let dwelling = Dwelling::draw(street_seed, index, &mut random);
        let contract = Contract::new(dwelling.tariff, &mut random);
        let mode = draw_mode(&dwelling, stratum(street_seed, index, Trait::Mode));
        let noisy = stratum(street_seed, index, Trait::Noise) < 35;
        Self {
            index,
            profile: Profile::draw(street_seed, index),
            serial: draw_serial(dwelling.wiring, index, &mut random),
            delivery_point: DeliveryPoint(format!("99{:07}{index:05}", street_seed % 10_000_000)),
            mode,
            wire: if noisy { Wire::Noisy } else { Wire::Clean },
            load_curve_minutes: random.pick(30, &[30, 30, 30, 30, 30, 30, 15, 10]),
            first_registers: draw_registers(&dwelling, &mut random),
            model: Model {
                seed,
                street_seed,
                dwelling,
                contract,
                weather,
            },
            first_day,
        }
    }

    /// Place in the street, from 0.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The invented label for demonstrations.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// `ADCO` or `ADSC`.
    #[must_use]
    pub fn serial(&self) -> &MeterSerial {
        &self.serial
    }

    /// `PRM`.
    #[must_use]
    pub fn delivery_point(&self) -> &DeliveryPoint {
        &self.delivery_point
    }

    /// What its customer socket speaks.
    #[must_use]
    pub fn mode(&self) -> TicMode {
        self.mode
    }

    /// The dwelling and its equipment.
    #[must_use]
    pub fn dwelling(&self) -> &Dwelling {
        &self.model.dwelling
    }

    /// True when a few frames in a hundred reach the gateway with flipped bits.
    #[must_use]
    pub fn has_noisy_wire(&self) -> bool {
        self.wire == Wire::Noisy
    }

    /// The first day the household has a meter.
    #[must_use]
    pub fn first_day(&self) -> Date {
        self.first_day.date
    }

    /// One day. Its counters are found by counting from the street's first day, about a tenth of a millisecond for
    /// each day in between; use [`Household::days`] or one long [`Household::frames`] to go through many. A date
    /// before the first day gives the first day.
    #[must_use]
    pub fn day(&self, date: Date) -> DayTrace {
        let day = self.bounded(Day::of(date));
        let mut trace = self.opening_trace();
        while trace.day.number < day.number {
            trace = self.following(&trace);
        }
        trace
    }

    /// Days from a date on, without end.
    pub fn days(&self, from: Date) -> impl Iterator<Item = DayTrace> + '_ {
        std::iter::successors(Some(self.day(from)), |trace| Some(self.following(trace)))
    }

    /// The frames a gateway receives from `from_us` (included) to `until_us` (excluded), microseconds UTC: one every
    /// `step_s` seconds, at whole multiples of the step since 1970, none in silent hours, none before the first
    /// day. A three-phase historique meter over its current gives a short frame and the long one together.
    #[must_use]
    pub fn frames(&self, from_us: i64, until_us: i64, step_s: u32) -> Frames<'_> {
        Frames::new(self, from_us, until_us, step_s)
    }

    /// When the gateway is silent on a day, if it is: microseconds UTC, half-open.
    #[must_use]
    pub fn silence(&self, date: Date) -> Option<Range<i64>> {
        disturbance::silence(self.model.seed, &Day::of(date))
    }

    pub(crate) fn bounded(&self, day: Day) -> Day {
        if day.number < self.first_day.number {
            self.first_day.clone()
        } else {
            day
        }
    }

    pub(crate) fn following(&self, trace: &DayTrace) -> DayTrace {
        DayTrace::new(&self.model, trace.day.next(), trace.closing().clone())
    }

    fn opening_trace(&self) -> DayTrace {
        DayTrace::new(&self.model, self.first_day.clone(), self.first_registers.clone())
    }
}

/// A few meters were left in historique, more of the three-phase ones. A producer's counters only exist in standard.
fn draw_mode(dwelling: &Dwelling, stratum: u32) -> TicMode {
    let left = match dwelling.wiring {
        Wiring::SinglePhase => 60,
        Wiring::ThreePhase => 350,
    };
    if stratum < left && dwelling.solar.is_none() {
        TicMode::Historique
    } else {
        TicMode::Standard
    }
}

/// EURIDIS address: maker, year, type, unit. The type tells single-phase from three-phase.
fn draw_serial(wiring: Wiring, index: u32, random: &mut Random) -> MeterSerial {
    let maker = random.pick("02", &["03", "04", "81", "85"]);
    let year = random.between(16, 22);
    let kind = match wiring {
        Wiring::SinglePhase => random.pick("61", &["62", "64", "70", "75"]),
        Wiring::ThreePhase => random.pick("63", &["71", "76"]),
    };
    MeterSerial(format!("{maker}{year:02}{kind}{:06}", 900_000 + index))
}

/// Some years of use on the indices the tariff counts on.
fn draw_registers(dwelling: &Dwelling, random: &mut Random) -> Registers {
    let mut registers = Registers::default();
    let mut add = |supplier, distributor, from, to| {
        registers.preset(supplier, distributor, random.between(from, to).unsigned_abs());
    };
    match dwelling.tariff {
        Tariff::Base => add(0, 0, 4_000_000, 38_000_000),
        Tariff::OffPeak => {
            add(0, 0, 1_500_000, 7_000_000);
            add(1, 1, 2_500_000, 11_000_000);
            add(0, 2, 900_000, 5_000_000);
            add(1, 3, 1_800_000, 8_000_000);
        }
        Tariff::Tempo => {
            for (colour, size) in [(0, 60), (2, 9), (4, 4)] {
                add(colour, 0, size * 40_000, size * 100_000);
                add(colour + 1, 1, size * 70_000, size * 160_000);
            }
            add(0, 2, 1_000_000, 4_000_000);
            add(1, 3, 2_000_000, 7_000_000);
        }
    }
    if dwelling.solar.is_some() {
        registers.injected.0 = random.between(900_000, 9_000_000).unsigned_abs();
        for reactive in &mut registers.reactive {
            reactive.0 = random.between(100_000, 2_000_000).unsigned_abs();
        }
    }
    registers
}
