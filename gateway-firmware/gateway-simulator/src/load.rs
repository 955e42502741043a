//! Power of one household, minute by minute.

use crate::{
    appliances::{self, Plug, Run},
    calendar::Day,
    dwelling::{Dwelling, Heating, Wiring},
    heating,
    random::{Random, Stream},
    routine::Attendance,
    tariff::Contract,
    weather::Weather,
};

/// One minute behind the meter. Phases 2 and 3 are zero in a single-phase home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MinuteLoad {
    /// Active power of each phase, W; negative while the roof gives more than the phase takes.
    pub watts: [i64; 3],
    /// Reactive power over all phases, var; negative when capacitive.
    pub vars: i64,
    /// RMS voltage of each phase, V.
    pub volts: [i64; 3],
}

impl MinuteLoad {
    /// Signed sum over the phases, W: what the meter counts, drawn when ≥ 0 and injected otherwise
    /// (Enedis-NOI-CPT_54E §6.2.3).
    #[must_use]
    pub fn net_watts(&self) -> i64 {
        self.watts.iter().sum()
    }

    /// Apparent power of each phase, VA, with the sign of its active power.
    #[must_use]
    pub fn apparent(&self) -> [i64; 3] {
        if self.volts[1] == 0 {
            return [signed_root(self.watts[0], self.vars), 0, 0];
        }
        // A third of the reactive power each is near enough for whole amperes.
        self.watts.map(|watts| signed_root(watts, self.vars / 3))
    }

    /// RMS current of each phase, A, rounded.
    #[must_use]
    pub fn amperes(&self) -> [i64; 3] {
        let mut current = self.apparent().map(i64::abs);
        for (amperes, volts) in current.iter_mut().zip(self.volts) {
            *amperes = if volts == 0 {
                0
            } else {
                (*amperes + volts / 2) / volts
            };
        }
        current
    }
}

/// Everything the power of a household follows from.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub seed: u64,
    pub street_seed: u64,
    pub dwelling: Dwelling,
    pub contract: Contract,
    pub weather: Weather,
}

impl Model {
    /// The loads of each elapsed minute of a day: 1380, 1440 or 1500 of them.
    pub fn loads(&self, day: &Day) -> Vec<MinuteLoad> {
        let mut canvas = self.background(day);
        for (phases, warmth) in
            canvas
                .iter_mut()
                .zip(heating::watts(&self.dwelling, &self.weather, self.seed, day))
        {
            self.spread(phases, warmth);
        }
        // What yesterday switched on before midnight runs on.
        let yesterday = day.previous();
        self.paint(&mut canvas, &yesterday, -yesterday.minutes);
        self.paint(&mut canvas, day, 0);
        self.shed(&mut canvas);
        self.meter(day, &canvas)
    }

    /// Standby, fridge, lamps and screens.
    fn background(&self, day: &Day) -> Vec<[i64; 3]> {
        let attendance = self.dwelling.routine.attendance(self.seed, day);
        let mut home = Random::keyed(self.seed, Stream::Background, -1);
        let (period, fridge, lag) = (home.between(38, 62), home.between(80, 140), home.between(0, 59));
        let lamps = 40 + self.dwelling.occupants * 25 + self.dwelling.surface / 3;
        let mut today = Random::keyed(self.seed, Stream::Background, day.number);
        let screens = today.between(70, 210) + self.dwelling.occupants * 15;
        (0..day.minutes)
            .map(|elapsed| {
                let wall = day.wall(elapsed);
                let mut watts = self.dwelling.background;
                // The fridge does not know what day it is.
                if (day.number * 1440 + elapsed + lag) % period < period * 3 / 10 {
                    watts += fridge;
                }
                if attendance.is_awake(wall) {
                    watts += if wall >= 18 * 60 { screens } else { screens * 2 / 5 };
                    if Weather::is_dark(day, elapsed) {
                        watts += lamps;
                    }
                }
                [watts + today.between(0, 9), 0, 0]
            })
            .collect()
    }

    fn paint(&self, canvas: &mut [[i64; 3]], day: &Day, offset: i64) {
        for run in appliances::runs(&self.dwelling, &self.contract, self.seed, day) {
            let Run {
                start,
                minutes,
                watts,
                plug,
            } = run;
            let from = day.elapsed(start) + offset;
            let skipped = usize::try_from(from.max(0)).unwrap_or(usize::MAX);
            let length = usize::try_from(minutes + from.min(0)).unwrap_or(0);
            let share = match plug {
                Plug::AllPhases => [watts / 3; 3],
                Plug::Phase(phase) => [0, 1, 2].map(|place| if place == phase { watts } else { 0 }),
            };
            for phases in canvas.iter_mut().skip(skipped).take(length) {
                self.spread(phases, share);
            }
        }
    }

    fn spread(&self, phases: &mut [i64; 3], add: [i64; 3]) {
        match self.dwelling.wiring {
            Wiring::SinglePhase => phases[0] += add.iter().sum::<i64>(),
            Wiring::ThreePhase => phases
                .iter_mut()
                .zip(add)
                .for_each(|(phase, watts)| *phase += watts),
        }
    }

    /// People and load shedders react to an overload: a quarter above the contract for two minutes at most, then nine
    /// tenths of it. Averages over ten minutes stay below what the breaker lets through.
    fn shed(&self, canvas: &mut [[i64; 3]]) {
        let subscribed = i64::from(self.dwelling.subscribed.0) * 1000;
        let rated = match self.dwelling.wiring {
            Wiring::SinglePhase => subscribed,
            Wiring::ThreePhase => subscribed / 3,
        };
        let mut overloaded = [0_u8; 3];
        for phases in canvas {
            for (watts, since) in phases.iter_mut().zip(overloaded.iter_mut()) {
                if *watts <= rated * 9 / 10 {
                    *since = 0;
                    continue;
                }
                let limit = if *since < 2 { rated * 5 / 4 } else { rated * 9 / 10 };
                *since = since.saturating_add(1);
                *watts = (*watts).min(limit);
            }
        }
    }

    /// Takes the roof off, and adds what only the meter sees: reactive power and voltage.
    fn meter(&self, day: &Day, canvas: &[[i64; 3]]) -> Vec<MinuteLoad> {
        let attendance = self.dwelling.routine.attendance(self.seed, day);
        let mut voltage = Random::keyed(self.seed, Stream::Voltage, day.number);
        // Ends of a feeder see less.
        let usual = Random::keyed(self.seed, Stream::Voltage, -1).between(231, 238);
        let mut drift = 0;
        (0..day.minutes)
            .zip(canvas)
            .map(|(elapsed, drawn)| {
                if elapsed % 10 == 0 {
                    drift = (drift + voltage.between(-1, 1)).clamp(-3, 3);
                }
                let watts = self.roof(day, elapsed, *drawn);
                let volts = watts.map(|watts| usual + drift + voltage.between(-1, 1) - watts / 1800);
                let volts = match self.dwelling.wiring {
                    Wiring::SinglePhase => [volts[0], 0, 0],
                    Wiring::ThreePhase => volts,
                };
                MinuteLoad {
                    watts,
                    vars: self.vars(attendance, day.wall(elapsed), drawn),
                    volts,
                }
            })
            .collect()
    }

    fn roof(&self, day: &Day, elapsed: i64, drawn: [i64; 3]) -> [i64; 3] {
        let Some(roof) = self.dwelling.solar else {
            return drawn;
        };
        let made = roof.watts * self.weather.sun(day, elapsed) / 1000;
        match self.dwelling.wiring {
            // The inverter hangs on the second phase; the others may draw while this one injects.
            Wiring::ThreePhase => [drawn[0], drawn[1] - made, drawn[2]],
            Wiring::SinglePhase => [drawn[0] - made, 0, 0],
        }
    }

    /// Electronics alone lean to the capacitive side; motors pull to the inductive one.
    fn vars(&self, attendance: Attendance, wall: i64, drawn: &[i64; 3]) -> i64 {
        let compressor = match self.dwelling.heating {
            Heating::HeatPump => drawn[0] / 6,
            Heating::Resistive | Heating::NotElectric => 0,
        };
        let electronics = -(self.dwelling.background / 2);
        let motors = if attendance.is_awake(wall) {
            90 + self.dwelling.occupants * 20
        } else {
            20
        };
        electronics + motors + compressor
    }
}

fn signed_root(watts: i64, vars: i64) -> i64 {
    let apparent = (watts * watts + vars * vars).isqrt();
    if watts < 0 { -apparent } else { apparent }
}
