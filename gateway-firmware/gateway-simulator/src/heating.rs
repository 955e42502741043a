//! Electric heating: what the outdoor temperature asks for, emitted in the cycles of thermostats.

use crate::{
    calendar::Day,
    dwelling::{Dwelling, Heating},
    random::{Random, Stream},
    routine::{Attendance, Routine},
    weather::{SLOT_MINUTES, Weather},
};

/// Above this daily mean (hundredths of °C) the heating is off.
const HEATING_SEASON: i64 = 1450;

/// Watts of heating for each elapsed minute of the day, on three circuits.
pub(crate) fn watts(dwelling: &Dwelling, weather: &Weather, seed: u64, day: &Day) -> Vec<[i64; 3]> {
    let minutes = usize::try_from(day.minutes).unwrap_or(0);
    if weather.mean(day) > HEATING_SEASON {
        return vec![[0; 3]; minutes];
    }
    let attendance = dwelling.routine.attendance(seed, day);
    let mut circuits = circuits(dwelling, seed, day);
    let mut outside = weather.temperature(day, 0);
    let mut raised_since = SETTLED;
    let mut before = 0;
    (0..day.minutes)
        .map(|elapsed| {
            let wall = day.wall(elapsed);
            if elapsed % SLOT_MINUTES == 0 {
                outside = weather.temperature(day, elapsed);
            }
            let target = set_point(dwelling, attendance, wall);
            raised_since = if target > before && elapsed > 0 {
                0
            } else {
                raised_since + 1
            };
            before = target;
            let need = heat_needed(dwelling, attendance, wall, target - outside, raised_since);
            let electric = match dwelling.heating {
                Heating::Resistive => need,
                Heating::HeatPump => need * 100 / efficiency_percent(outside),
                Heating::NotElectric => {
                    if need > 0 {
                        55
                    } else {
                        0
                    }
                }
            };
            emit(dwelling.heating, &mut circuits, electric)
        })
        .collect()
}

const SETTLED: i64 = 1 << 20;

/// A thermostat keeps the account of heat owed between two bounds, which gives cycles of some minutes.
struct Circuit {
    watts: i64,
    share_percent: i64,
    owed: i64,
    on: bool,
}

fn circuits(dwelling: &Dwelling, seed: u64, day: &Day) -> [Circuit; 3] {
    let mut random = Random::keyed(seed, Stream::Heating, day.number);
    // Installed for 30 °C of difference, in convectors of 250 W steps.
    let installed = dwelling.heat_loss * 30;
    [50, 30, 20].map(|share_percent| {
        let watts = match dwelling.heating {
            Heating::HeatPump => installed * share_percent / 250,
            _ => installed * share_percent / 100,
        };
        let watts = (watts / 250 * 250).max(500);
        Circuit {
            watts,
            share_percent,
            owed: random.between(-watts * 4, watts * 4),
            on: random.chance(400),
        }
    })
}

fn emit(heating: Heating, circuits: &mut [Circuit; 3], electric: i64) -> [i64; 3] {
    if heating == Heating::NotElectric {
        return [electric, 0, 0];
    }
    // An inverter compressor runs through once the need is above its least speed.
    if heating == Heating::HeatPump && electric > 450 {
        return [electric, 0, 0];
    }
    let mut emitted = [0; 3];
    for (out, circuit) in emitted.iter_mut().zip(circuits.iter_mut()) {
        circuit.owed = (circuit.owed + electric * circuit.share_percent / 100)
            .clamp(-circuit.watts * 12, circuit.watts * 12);
        if circuit.owed > circuit.watts * 4 {
            circuit.on = true;
        } else if circuit.owed < -circuit.watts * 4 {
            circuit.on = false;
        }
        if circuit.on {
            circuit.owed -= circuit.watts;
            *out = circuit.watts;
        }
    }
    emitted
}

/// Hundredths of °C.
fn set_point(dwelling: &Dwelling, attendance: Attendance, wall: i64) -> i64 {
    match attendance {
        Attendance::Away if dwelling.routine == Routine::SecondHome => 900,
        Attendance::Away => 1500,
        Attendance::Home { wake, sleep, .. } if !(wake - 45..sleep - 30).contains(&wall) => {
            dwelling.comfort - 230
        }
        Attendance::Home { leave, back, .. } if (leave + 60..back - 30).contains(&wall) => {
            dwelling.comfort - 180
        }
        Attendance::Home { .. } => dwelling.comfort,
    }
}

/// Heat lost minus what people and their appliances give off, plus a push after the set-point was raised. W.
fn heat_needed(
    dwelling: &Dwelling,
    attendance: Attendance,
    wall: i64,
    difference: i64,
    raised_since: i64,
) -> i64 {
    let gains = if attendance.is_out(wall) {
        120
    } else {
        150 + dwelling.occupants * 80
    };
    let lost = dwelling.heat_loss * difference / 100;
    let push = if raised_since < 75 {
        dwelling.heat_loss * 4
    } else {
        0
    };
    (lost - gains + push).max(0)
}

/// Heat per electricity of a heat pump, in percent: 3.2 at 7 °C, 2 in deep frost (EN 14511 catalogue values).
fn efficiency_percent(outside: i64) -> i64 {
    (320 + (outside - 700) / 11).clamp(200, 450)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn daily_wh(heating: Heating, month: i8) -> i64 {
        let seed = 12;
        let mut dwelling = Dwelling::draw(seed, 3, &mut Random::from_seed(seed));
        dwelling.heating = heating;
        dwelling.heat_loss = 90;
        let day = Day::of(date(2026, month, 15));
        let weather = Weather::new(seed);
        watts(&dwelling, &weather, seed, &day)
            .iter()
            .flatten()
            .sum::<i64>()
            / 60
    }

    #[test]
    fn heat_pump_needs_less_than_convectors() {
        let (convectors, pump) = (daily_wh(Heating::Resistive, 1), daily_wh(Heating::HeatPump, 1));
        assert!((8_000..60_000).contains(&convectors), "{convectors} Wh");
        assert!(pump * 2 < convectors, "{pump} Wh");
    }

    #[test]
    fn nothing_heats_in_july() {
        assert_eq!(daily_wh(Heating::Resistive, 7), 0);
    }
}
