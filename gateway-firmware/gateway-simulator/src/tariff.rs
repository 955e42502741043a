//! Tariffs: off-peak hours, Tempo colours and the index each minute counts on.

use jiff::civil::Weekday;

use crate::{
    calendar::{Day, DayKind},
    random::{Random, Stream},
    tic::{DayProfile, ProfileBlock, TempoColour},
    weather::Weather,
};

/// The supply contract of a household.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tariff {
    /// One price.
    Base,
    /// Off-peak and peak hours.
    OffPeak,
    /// Three day colours with off-peak and peak hours.
    Tempo,
}

/// A tariff with the off-peak windows of the neighbourhood: wall minutes, half-open; a window may pass midnight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contract {
    pub tariff: Tariff,
    windows: &'static [(i64, i64)],
}

/// What one minute counts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    /// 1–10, as in `NTARF`.
    pub supplier: u8,
    /// 1–4.
    pub distributor: u8,
    pub hours: Hours,
    /// Colour of the running Tempo day, which lasts from 06:00 to 06:00.
    pub colour: Option<TempoColour>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hours {
    Peak,
    OffPeak,
}

/// The periods of one local day, colours already drawn.
#[derive(Clone, Debug)]
pub(crate) struct DayTariff {
    contract: Contract,
    /// Of the Tempo days that start yesterday, today and tomorrow at 06:00.
    colours: [TempoColour; 3],
    high_season: bool,
    tomorrow_high_season: bool,
}

/// Eight hours a day each. The windows around noon are those the regulator (CRE) asked for from November 2025 on.
const WINDOWS: [&[(i64, i64)]; 4] = [
    &[(22 * 60 + 30, 6 * 60 + 30)],
    &[(23 * 60, 7 * 60)],
    &[(60, 7 * 60), (12 * 60 + 30, 14 * 60 + 30)],
    &[(2 * 60, 7 * 60), (14 * 60, 17 * 60)],
];
const TEMPO_WINDOW: &[(i64, i64)] = &[(22 * 60, 6 * 60)];
const TEMPO_CHANGES: i64 = 6 * 60;

impl Contract {
    /// A contract whose windows, when the tariff has a choice, are one of the usual ones.
    pub fn new(tariff: Tariff, random: &mut Random) -> Self {
        let [first, others @ ..] = WINDOWS;
        let windows = match tariff {
            Tariff::Base => &[],
            Tariff::OffPeak => random.pick(first, &others),
            Tariff::Tempo => TEMPO_WINDOW,
        };
        Self { tariff, windows }
    }

    pub fn windows(&self) -> &'static [(i64, i64)] {
        self.windows
    }

    pub fn day(&self, seed: u64, weather: &Weather, day: &Day) -> DayTariff {
        let tomorrow = day.next();
        DayTariff {
            contract: *self,
            colours: [
                tempo_colour(seed, weather, &day.previous()),
                tempo_colour(seed, weather, day),
                tempo_colour(seed, weather, &tomorrow),
            ],
            high_season: is_high_season(day),
            tomorrow_high_season: is_high_season(&tomorrow),
        }
    }

    fn hours(&self, wall: i64) -> Hours {
        let inside = |&(from, until): &(i64, i64)| {
            if from < until {
                (from..until).contains(&wall)
            } else {
                wall >= from || wall < until
            }
        };
        if self.windows.iter().any(inside) {
            Hours::OffPeak
        } else {
            Hours::Peak
        }
    }
}

impl DayTariff {
    /// The period at a wall minute of the day.
    pub fn period(&self, wall: i64) -> Period {
        let [yesterday, today, _] = self.colours;
        self.period_of(
            wall,
            if wall < TEMPO_CHANGES { yesterday } else { today },
            self.high_season,
        )
    }

    /// Colour of the next Tempo day, known to the meter from 20:00 of the day before until it begins.
    pub fn announced(&self, wall: i64) -> Option<TempoColour> {
        let [_, today, tomorrow] = self.colours;
        match self.contract.tariff {
            Tariff::Tempo if wall < TEMPO_CHANGES => Some(today),
            Tariff::Tempo if wall >= 20 * 60 => Some(tomorrow),
            _ => None,
        }
    }

    /// `PJOURF+1`: the changes of tomorrow in order, each with its supplier index and dry contact.
    pub fn tomorrow(&self) -> DayProfile {
        let [_, today, tomorrow] = self.colours;
        let mut edges: Vec<i64> = self
            .contract
            .windows
            .iter()
            .flat_map(|&(from, until)| [from, until])
            .collect();
        edges.push(0);
        edges.sort_unstable();
        edges.dedup();
        let steps: Vec<ProfileBlock> = edges
            .into_iter()
            .map(|wall| {
                let colour = if wall < TEMPO_CHANGES { today } else { tomorrow };
                let period = self.period_of(wall, colour, self.tomorrow_high_season);
                ProfileBlock {
                    hour: small(wall / 60),
                    minute: small(wall % 60),
                    action: self.action(period),
                }
            })
            .collect();
        DayProfile::new(&steps)
    }

    /// `NGTF`, sixteen characters.
    pub fn calendar_name(&self) -> &'static str {
        match self.contract.tariff {
            Tariff::Base => "      BASE      ",
            Tariff::OffPeak => "H PLEINE/CREUSE ",
            Tariff::Tempo => "     TEMPO      ",
        }
    }

    fn action(&self, period: Period) -> u16 {
        let contact = match (self.contract.tariff, period.hours) {
            (Tariff::Tempo, _) => 0x4000,
            (_, Hours::Peak) => 0x8000,
            (_, Hours::OffPeak) => 0xC000,
        };
        contact | u16::from(period.supplier)
    }

    fn period_of(&self, wall: i64, colour: TempoColour, high_season: bool) -> Period {
        let hours = self.contract.hours(wall);
        let pair = match hours {
            Hours::OffPeak => 1,
            Hours::Peak => 2,
        };
        let seasonal = if high_season { pair } else { pair + 2 };
        match self.contract.tariff {
            Tariff::Base => Period {
                supplier: 1,
                distributor: 1,
                hours,
                colour: None,
            },
            Tariff::OffPeak => Period {
                supplier: pair,
                distributor: seasonal,
                hours,
                colour: None,
            },
            Tariff::Tempo => {
                let before = match colour {
                    TempoColour::Blue => 0,
                    TempoColour::White => 2,
                    TempoColour::Red => 4,
                };
                Period {
                    supplier: before + pair,
                    distributor: seasonal,
                    hours,
                    colour: Some(colour),
                }
            }
        }
    }
}

impl Period {
    /// `LTARF`, sixteen characters.
    pub fn name(&self) -> &'static str {
        match (self.colour, self.hours, self.supplier) {
            (None, Hours::Peak, 1) => "      BASE      ",
            (None, Hours::Peak, _) => " HEURE  PLEINE  ",
            (None, Hours::OffPeak, _) => " HEURE  CREUSE  ",
            (Some(TempoColour::Blue), Hours::Peak, _) => "    HP  BLEU    ",
            (Some(TempoColour::Blue), Hours::OffPeak, _) => "    HC  BLEU    ",
            (Some(TempoColour::White), Hours::Peak, _) => "   HP  BLANC    ",
            (Some(TempoColour::White), Hours::OffPeak, _) => "   HC  BLANC    ",
            (Some(TempoColour::Red), Hours::Peak, _) => "   HP  ROUGE    ",
            (Some(TempoColour::Red), Hours::OffPeak, _) => "   HC  ROUGE    ",
        }
    }
}

/// Red on cold working days from November to March, white on cool days but Sundays from October to May, blue
/// otherwise, as the contract says.
/// LIMIT: the numbers of red and white days (22 and 43 a year) are only approached; the real choice is an auction
/// over the whole season, which a function of one day cannot make.
fn tempo_colour(seed: u64, weather: &Weather, day: &Day) -> TempoColour {
    let month = day.date.month();
    let mean = weather.mean(day);
    let mut random = Random::keyed(seed, Stream::Colour, day.number);
    let cold = matches!(month, 11 | 12 | 1 | 2 | 3);
    let cool = !(6..=9).contains(&month);
    if cold && day.kind() == DayKind::Working && mean < 330 && random.chance(500) {
        TempoColour::Red
    } else if cool && day.date.weekday() != Weekday::Sunday && mean < 700 && random.chance(450) {
        TempoColour::White
    } else {
        TempoColour::Blue
    }
}

/// The distributor counts November to March apart (TURPE high season).
fn is_high_season(day: &Day) -> bool {
    !(4..=10).contains(&day.date.month())
}

fn small(value: i64) -> u8 {
    u8::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};

    use super::*;

    fn contract(tariff: Tariff, pick: usize) -> Contract {
        Contract {
            tariff,
            windows: if tariff == Tariff::Tempo {
                TEMPO_WINDOW
            } else {
                WINDOWS[pick]
            },
        }
    }

    #[test]
    fn every_window_choice_has_eight_hours() {
        for pick in 0..WINDOWS.len() {
            let contract = contract(Tariff::OffPeak, pick);
            let minutes = (0..1440)
                .filter(|&wall| contract.hours(wall) == Hours::OffPeak)
                .count();
            assert_eq!(minutes, 480);
        }
    }

    #[test]
    fn tempo_day_starts_at_six() {
        let day = DayTariff {
            contract: contract(Tariff::Tempo, 0),
            colours: [TempoColour::Blue, TempoColour::Red, TempoColour::White],
            high_season: true,
            tomorrow_high_season: true,
        };
        let indices = [0, 359, 360, 1319, 1320].map(|wall| day.period(wall).supplier);
        assert_eq!(indices, [1, 1, 6, 6, 5]);
        assert_eq!(day.announced(300), Some(TempoColour::Red));
        assert_eq!(day.announced(700), None);
        assert_eq!(day.announced(1250), Some(TempoColour::White));
    }

    #[test]
    fn a_year_has_about_twenty_red_and_forty_white_days() {
        let weather = Weather::new(11);
        let count = |colour| {
            (0..365)
                .map(|days| Day::of(date(2025, 9, 1).saturating_add(days.days())))
                .filter(|day| tempo_colour(11, &weather, day) == colour)
                .count()
        };
        let (red, white) = (count(TempoColour::Red), count(TempoColour::White));
        assert!((8..=38).contains(&red), "{red} red days");
        assert!((20..=75).contains(&white), "{white} white days");
    }
}
