//! Who lives behind a meter and with what: drawn once from the seed.

use crate::{
    random::{Random, Stream},
    routine::Routine,
    tariff::Tariff,
};

/// Subscribed power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kilovoltamperes(pub u8);

/// One phase or three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiring {
    /// 230 V.
    SinglePhase,
    /// 3 × 230 V.
    ThreePhase,
}

/// What keeps the dwelling warm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heating {
    /// Convectors and radiators.
    Resistive,
    /// Air to water or air to air.
    HeatPump,
    /// Gas, wood or a district network: only a pump shows.
    NotElectric,
}

/// What heats the water.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HotWater {
    /// A tank of this many watts, heated in off-peak hours if the tariff has any.
    Tank {
        /// Rated power, W.
        watts: i64,
    },
    /// Gas or district heat.
    NotElectric,
}

/// A car charged at home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElectricCar {
    /// Power of the charging point, W, over all its phases.
    pub watts: i64,
}

/// Panels whose surplus goes to the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SolarRoof {
    /// Rated power of the panels, W.
    pub watts: i64,
}

/// A dwelling and its equipment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dwelling {
    /// Living area, m².
    pub surface: i64,
    /// People living there.
    pub occupants: i64,
    /// How they spend their days.
    pub routine: Routine,
    /// What keeps it warm.
    pub heating: Heating,
    /// What heats the water.
    pub hot_water: HotWater,
    /// A car charged at home, if any.
    pub car: Option<ElectricCar>,
    /// A solar roof, if any.
    pub solar: Option<SolarRoof>,
    /// The supply contract.
    pub tariff: Tariff,
    /// One phase or three.
    pub wiring: Wiring,
    /// Subscribed power.
    pub subscribed: Kilovoltamperes,
    /// Heat lost, W per °C between inside and outside.
    pub(crate) heat_loss: i64,
    /// Day set-point of the thermostat, hundredths of °C.
    pub(crate) comfort: i64,
    /// Permanent load (box, standby, ventilation), W.
    pub(crate) background: i64,
    /// Cooks on electric plates.
    pub(crate) electric_hob: bool,
}

/// What is shared out over the street; see [`stratum`].
#[derive(Clone, Copy)]
pub(crate) enum Trait {
    House,
    Routine,
    Phases,
    Heating,
    Tank,
    Tariff,
    Car,
    Solar,
    Mode,
    Noise,
}

/// Households among which every trait is shared out exactly.
const BLOCK: u32 = 40;

/// A number in `0..1000` for one trait of one household. In each block of forty every fortieth of the range is hit
/// once, in an order of its own for each trait: the smallest street already has a few of each, and no trait follows
/// another.
pub(crate) fn stratum(seed: u64, index: u32, of: Trait) -> u32 {
    let place = i64::from(index / BLOCK) * 64 + of as i64;
    let mut random = Random::keyed(seed, Stream::Stratum, place);
    let mut ranks: Vec<u32> = (0..BLOCK).collect();
    // Fisher and Yates.
    for (end, others) in (1..BLOCK).rev().zip((1..ranks.len()).rev()) {
        let other = usize::try_from(random.below(end + 1)).unwrap_or(0);
        ranks.swap(others, other);
    }
    let rank = usize::try_from(index % BLOCK)
        .ok()
        .and_then(|place| ranks.get(place))
        .copied()
        .unwrap_or(0);
    (rank * 1000 + random.below(1000)) / BLOCK
}

impl Dwelling {
    /// Draws the dwelling at one index of the street. `random` is the household's own generator.
    pub(crate) fn draw(seed: u64, index: u32, random: &mut Random) -> Self {
        let share = |of| stratum(seed, index, of);
        let wiring = if share(Trait::Phases) < 60 {
            Wiring::ThreePhase
        } else {
            Wiring::SinglePhase
        };
        let solar_house = share(Trait::Solar) < 90;
        let house = share(Trait::House) < 520 || wiring == Wiring::ThreePhase || solar_house;
        let routine = match share(Trait::Routine) {
            0..400 => Routine::Worker,
            400..640 => Routine::Retired,
            640..930 => Routine::Family,
            _ => Routine::SecondHome,
        };
        let surface = random.bell(if house { 115 } else { 58 }, if house { 55 } else { 40 });
        let occupants = draw_occupants(routine, surface, random);
        let heating = match share(Trait::Heating) {
            0..330 => Heating::Resistive,
            330..480 if house => Heating::HeatPump,
            _ => Heating::NotElectric,
        };
        let car = (house && share(Trait::Car) < 160).then(|| draw_car(wiring, random));
        let tariff = match share(Trait::Tariff) {
            0..400 if car.is_none() => Tariff::Base,
            0..910 => Tariff::OffPeak,
            _ => Tariff::Tempo,
        };
        let tank_share = if heating == Heating::Resistive { 850 } else { 420 };
        let hot_water = if share(Trait::Tank) < tank_share {
            draw_tank(occupants, random)
        } else {
            HotWater::NotElectric
        };
        // 0.8 W/K·m² after renovation, 1.6 before; flats share walls.
        let loss_per_hundred = random.bell(if house { 125 } else { 100 }, 45);
        let dwelling = Self {
            surface,
            occupants,
            routine,
            heating,
            hot_water,
            car,
            solar: solar_house.then(|| SolarRoof {
                watts: random.pick(3000, &[3000, 4500, 6000]),
            }),
            tariff,
            wiring,
            subscribed: Kilovoltamperes(0),
            heat_loss: surface * loss_per_hundred / 100,
            comfort: random.bell(1970, 150),
            background: 25 + occupants * 15 + surface / 4 + random.between(0, 60),
            electric_hob: random.chance(720),
        };
        Self {
            subscribed: dwelling.draw_subscription(),
            ..dwelling
        }
    }

    /// The smallest usual contract under which the loads of a cold evening fit.
    fn draw_subscription(&self) -> Kilovoltamperes {
        let heating = match self.heating {
            Heating::Resistive => self.heat_loss * 22,
            Heating::HeatPump => self.heat_loss * 9,
            Heating::NotElectric => 100,
        };
        let tank = match self.hot_water {
            HotWater::Tank { watts } => watts / 2,
            HotWater::NotElectric => 0,
        };
        let cooking = if self.electric_hob { 2200 } else { 1200 };
        let car = self.car.map_or(0, |car| car.watts);
        let together = self.background + cooking + (heating + tank).max(car) + heating / 3;
        match self.wiring {
            Wiring::ThreePhase if together > 9000 => Kilovoltamperes(18),
            Wiring::ThreePhase => Kilovoltamperes(12),
            Wiring::SinglePhase => {
                let fit = [3_u8, 6, 9, 12]
                    .into_iter()
                    .find(|&size| together <= i64::from(size) * 950);
                // Tempo is not offered below 9 kVA, and nobody puts a roof behind a connection it could not use.
                let least = match (self.tariff, self.solar) {
                    (Tariff::Tempo, _) => 9,
                    (_, Some(_)) => 6,
                    _ => 3,
                };
                Kilovoltamperes(fit.unwrap_or(12).max(least))
            }
        }
    }
}

fn draw_car(wiring: Wiring, random: &mut Random) -> ElectricCar {
    let watts = match wiring {
        Wiring::ThreePhase => 11_000,
        Wiring::SinglePhase => random.pick(3700, &[3700, 7400]),
    };
    ElectricCar { watts }
}

fn draw_occupants(routine: Routine, surface: i64, random: &mut Random) -> i64 {
    match routine {
        Routine::Worker | Routine::Retired => random.between(1, 2),
        Routine::SecondHome => 2,
        Routine::Family if surface < 45 => 3,
        Routine::Family => random.between(3, 5),
    }
}

fn draw_tank(occupants: i64, random: &mut Random) -> HotWater {
    let watts = if occupants == 1 {
        1200
    } else {
        random.pick(1800, &[2200, 2400])
    };
    HotWater::Tank { watts }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn street(seed: u64) -> Vec<Dwelling> {
        (0..120)
            .map(|index| {
                Dwelling::draw(
                    seed,
                    index,
                    &mut Random::keyed(seed, Stream::Household, i64::from(index)),
                )
            })
            .collect()
    }

    #[test]
    fn smallest_street_has_some_of_everything() {
        for seed in 0..20 {
            let homes = street(seed);
            let count = |test: fn(&Dwelling) -> bool| homes.iter().filter(|home| test(home)).count();
            assert!(count(|home| home.wiring == Wiring::ThreePhase) >= 5);
            assert!(count(|home| home.solar.is_some()) >= 8);
            assert!(count(|home| home.car.is_some()) >= 4, "cars of seed {seed}");
            assert!(count(|home| home.tariff == Tariff::Tempo) >= 6);
            assert!(count(|home| home.tariff == Tariff::Base) >= 30);
            assert!(count(|home| home.heating == Heating::Resistive) >= 30);
            assert!(
                count(|home| home.heating == Heating::HeatPump) >= 4,
                "pumps of seed {seed}"
            );
            assert!(count(|home| home.routine == Routine::SecondHome) >= 5);
        }
    }

    #[test]
    fn subscriptions_are_the_usual_ones() {
        for home in street(1) {
            let usual = match home.wiring {
                Wiring::SinglePhase => [3, 6, 9, 12].contains(&home.subscribed.0),
                Wiring::ThreePhase => [12, 18].contains(&home.subscribed.0),
            };
            assert!(usual, "{:?}", home.subscribed);
        }
    }
}
