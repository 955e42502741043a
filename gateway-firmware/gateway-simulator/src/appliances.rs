//! What people switch on: cooking, washing, hot water, the car.

use crate::{
    calendar::Day,
    dwelling::{Dwelling, HotWater},
    random::{Random, Stream},
    routine::{Attendance, Routine},
    tariff::Contract,
};

/// Which phases an appliance hangs on. A single-phase home has only the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plug {
    Phase(usize),
    AllPhases,
}

/// A constant load over some minutes. `start` is a wall minute of the day it belongs to and may lie beyond midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub start: i64,
    pub minutes: i64,
    pub watts: i64,
    pub plug: Plug,
}

const KITCHEN: Plug = Plug::Phase(0);
const LAUNDRY: Plug = Plug::Phase(1);
const TANK: Plug = Plug::Phase(2);

/// Everything switched on by the day's events, in no particular order.
pub(crate) fn runs(dwelling: &Dwelling, contract: &Contract, seed: u64, day: &Day) -> Vec<Run> {
    let attendance = dwelling.routine.attendance(seed, day);
    let mut random = Random::keyed(seed, Stream::Appliances, day.number);
    let mut runs = Vec::with_capacity(32);
    hot_water(&mut runs, dwelling, contract, attendance, &mut random);
    let Attendance::Home {
        wake,
        leave,
        back,
        sleep,
    } = attendance
    else {
        return runs;
    };
    breakfast(&mut runs, wake, &mut random);
    if !(leave..back).contains(&735) {
        cook(&mut runs, dwelling, random.bell(728, 75), 20, &mut random);
    }
    let dinner = (back + 35).max(if dwelling.routine == Routine::Retired {
        1130
    } else {
        1165
    });
    cook(
        &mut runs,
        dwelling,
        random.bell(dinner, 80).min(sleep - 40),
        32,
        &mut random,
    );
    washing(
        &mut runs,
        dwelling,
        contract,
        (back + 20).min(sleep - 90),
        &mut random,
    );
    charging(&mut runs, dwelling, contract, back, seed, &mut random);
    runs
}

fn breakfast(runs: &mut Vec<Run>, wake: i64, random: &mut Random) {
    let start = wake + random.between(8, 25);
    runs.push(Run {
        start,
        minutes: random.between(2, 5),
        watts: 1900,
        plug: KITCHEN,
    });
    runs.push(Run {
        start: start + 3,
        minutes: random.between(2, 5),
        watts: 850,
        plug: KITCHEN,
    });
    if random.chance(350) {
        runs.push(Run {
            start: start - 5,
            minutes: random.between(4, 9),
            watts: 1200,
            plug: LAUNDRY,
        });
    }
}

fn cook(runs: &mut Vec<Run>, dwelling: &Dwelling, start: i64, minutes: i64, random: &mut Random) {
    if dwelling.electric_hob && random.chance(820) {
        let watts = random.between(900, 1500) + dwelling.occupants * 130;
        let first = minutes / 3;
        runs.push(Run {
            start,
            minutes: first,
            watts,
            plug: KITCHEN,
        });
        runs.push(Run {
            start: start + first,
            minutes: minutes - first,
            watts: watts * 6 / 10,
            plug: KITCHEN,
        });
    }
    if random.chance(320) {
        runs.push(Run {
            start: start - 12,
            minutes: 11,
            watts: 2300,
            plug: LAUNDRY,
        });
        // The thermostat holds the oven with short pulses.
        for pulse in 0..random.between(3, 7) {
            runs.push(Run {
                start: start + 3 + pulse * 6,
                minutes: 2,
                watts: 2300,
                plug: LAUNDRY,
            });
        }
    }
    if random.chance(450) {
        runs.push(Run {
            start: start + 5,
            minutes: random.between(2, 6),
            watts: 1250,
            plug: KITCHEN,
        });
    }
}

fn washing(runs: &mut Vec<Run>, dwelling: &Dwelling, contract: &Contract, at_home: i64, random: &mut Random) {
    let people = u32::try_from(dwelling.occupants).unwrap_or(1);
    let delayed = contract
        .windows()
        .first()
        .map(|&(from, _)| from + 1440 * i64::from(from < 720));
    let when = |random: &mut Random| match delayed {
        Some(night) if random.chance(550) => night + random.between(5, 150),
        _ => at_home + random.between(0, 60),
    };
    if random.chance(140 * people + 60) {
        let start = when(random);
        runs.push(Run {
            start,
            minutes: random.between(14, 24),
            watts: 2000,
            plug: LAUNDRY,
        });
        runs.push(Run {
            start: start + 24,
            minutes: 70,
            watts: 170,
            plug: LAUNDRY,
        });
        if dwelling.routine == Routine::Family && random.chance(450) {
            runs.push(Run {
                start: start + 100,
                minutes: random.between(40, 70),
                watts: 2000,
                plug: LAUNDRY,
            });
        }
    }
    if random.chance(150 * people + 40) {
        let start = when(random);
        runs.push(Run {
            start,
            minutes: 18,
            watts: 1900,
            plug: KITCHEN,
        });
        runs.push(Run {
            start: start + 18,
            minutes: 50,
            watts: 90,
            plug: KITCHEN,
        });
        runs.push(Run {
            start: start + 68,
            minutes: 14,
            watts: 1900,
            plug: KITCHEN,
        });
    }
}

/// The tank heats what was used: in the off-peak windows, most of it at night, as the meter's contact allows; with
/// one price, whenever its thermostat asks.
fn hot_water(
    runs: &mut Vec<Run>,
    dwelling: &Dwelling,
    contract: &Contract,
    attendance: Attendance,
    random: &mut Random,
) {
    let HotWater::Tank { watts } = dwelling.hot_water else {
        return;
    };
    let standing = 650;
    let used = match (attendance, dwelling.routine) {
        (Attendance::Away, Routine::SecondHome) => return,
        (Attendance::Away, _) => 0,
        _ => dwelling.occupants * random.bell(1350, 450),
    };
    let minutes = (standing + used) * 60 / watts;
    let stagger = random.between(0, 14);
    match contract.windows() {
        [] => {
            let wake = if let Attendance::Home { wake, .. } = attendance {
                wake
            } else {
                480
            };
            runs.push(Run {
                start: wake + 25 + stagger,
                minutes: minutes / 2,
                watts,
                plug: TANK,
            });
            runs.push(Run {
                start: 1180 + stagger,
                minutes: minutes - minutes / 2,
                watts,
                plug: TANK,
            });
        }
        windows => {
            // Shortest share first: the window around noon only tops up.
            let night = if windows.len() > 1 {
                minutes * 3 / 4
            } else {
                minutes
            };
            for (&(from, until), share) in windows.iter().zip([night, minutes - night]) {
                let length = (until - from).rem_euclid(1440);
                let start = from + stagger;
                runs.push(Run {
                    start,
                    minutes: share.min(length - stagger),
                    watts,
                    plug: TANK,
                });
            }
        }
    }
}

fn charging(
    runs: &mut Vec<Run>,
    dwelling: &Dwelling,
    contract: &Contract,
    back: i64,
    seed: u64,
    random: &mut Random,
) {
    let Some(car) = dwelling.car else { return };
    // Some drive daily, some twice a week.
    let habit = u32::try_from(Random::keyed(seed, Stream::Appliances, -1).between(280, 750)).unwrap_or(500);
    if !random.chance(habit) {
        return;
    }
    let energy = random.between(4500, 17_000);
    let plug = if car.watts > 7400 {
        Plug::AllPhases
    } else {
        Plug::Phase(1)
    };
    let delay = random.between(25, 60);
    let evening = contract.windows().first().map_or(back + delay, |&(from, _)| {
        // Windows that open after midnight belong to the next calendar day.
        from + delay + 1440 * i64::from(from < 720)
    });
    runs.push(Run {
        start: evening,
        minutes: (energy * 60 / car.watts).min(420),
        watts: car.watts,
        plug,
    });
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::tariff::Tariff;

    #[test]
    fn tank_heats_within_the_window() {
        let seed = 4;
        let mut random = Random::from_seed(seed);
        let mut dwelling = Dwelling::draw(seed, 0, &mut random);
        dwelling.hot_water = HotWater::Tank { watts: 2200 };
        dwelling.routine = Routine::Retired;
        let contract = Contract::new(Tariff::Tempo, &mut random);
        let runs = runs(&dwelling, &contract, seed, &Day::of(date(2026, 11, 10)));
        let tank: Vec<&Run> = runs.iter().filter(|run| run.plug == TANK).collect();
        assert_eq!(tank.len(), 1);
        assert!(
            tank[0].start >= 22 * 60 && tank[0].start + tank[0].minutes <= 30 * 60,
            "{tank:?}"
        );
    }

    #[test]
    fn nothing_is_switched_on_in_an_empty_second_home() {
        let mut random = Random::from_seed(1);
        let mut dwelling = Dwelling::draw(1, 0, &mut random);
        dwelling.routine = Routine::SecondHome;
        let contract = Contract::new(Tariff::Base, &mut random);
        let empty = (0..30)
            .map(|day| Day::of(date(2026, 11, 1 + day % 28)))
            .find(|day| Routine::SecondHome.attendance(1, day) == Attendance::Away)
            .unwrap();
        assert!(runs(&dwelling, &contract, 1, &empty).is_empty());
    }
}
