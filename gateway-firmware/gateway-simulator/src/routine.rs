//! When people are up, out, asleep or away.

use crate::{
    calendar::{Day, DayKind},
    random::{Random, Stream},
};

/// How a household spends its days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routine {
    /// Out on working days, at home one or two of them.
    Worker,
    /// At home most of the day.
    Retired,
    /// Up early, children back at half past four, long evenings.
    Family,
    /// Empty but for some weekends and holidays.
    SecondHome,
}

/// Where the occupants are on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attendance {
    /// Nobody came.
    Away,
    /// Wall minutes; out from `leave` to `back`, which are equal when nobody goes out.
    Home {
        wake: i64,
        leave: i64,
        back: i64,
        sleep: i64,
    },
}

impl Attendance {
    pub fn is_awake(&self, wall: i64) -> bool {
        match *self {
            Self::Away => false,
            Self::Home {
                wake,
                leave,
                back,
                sleep,
            } => (wake..sleep).contains(&wall) && !(leave..back).contains(&wall),
        }
    }

    pub fn is_out(&self, wall: i64) -> bool {
        match *self {
            Self::Away => true,
            Self::Home { leave, back, .. } => (leave..back).contains(&wall),
        }
    }
}

impl Routine {
    /// Where the household `seed` is on a day.
    pub(crate) fn attendance(self, seed: u64, day: &Day) -> Attendance {
        if self.is_away(seed, day) {
            return Attendance::Away;
        }
        let mut random = Random::keyed(seed, Stream::Routine, day.number);
        // Some are early birds all year round.
        let habit = Random::keyed(seed, Stream::Routine, -1).bell(0, 45);
        let works = day.kind() == DayKind::Working && !random.chance(self.days_at_home_per_mille());
        let (wake, leave, back, sleep) = match (self, works) {
            (Self::Worker, true) => (405, 500, random.bell(1100, 70), random.bell(1370, 50)),
            (Self::Family, true) => (395, 490, random.bell(1010, 40), random.bell(1355, 40)),
            (Self::Retired, _) => Self::outing(&mut random, 455, 420, 1350),
            (_, false) | (Self::SecondHome, _) => Self::outing(&mut random, 525, 550, 1390),
        };
        let wake = wake + habit + random.bell(0, 25);
        let leave = (leave + habit + random.bell(0, 20)).max(wake + 30);
        Attendance::Home {
            wake,
            leave,
            back: back.max(leave),
            sleep: (sleep + habit / 2).min(1439),
        }
    }

    /// A free day with a walk in the morning or the afternoon, or none.
    fn outing(random: &mut Random, wake: i64, outings_per_mille: u32, sleep: i64) -> (i64, i64, i64, i64) {
        let leave = random.pick(585, &[600, 860, 890]) + random.bell(0, 40);
        let length = if random.chance(outings_per_mille) {
            random.between(60, 200)
        } else {
            0
        };
        (wake, leave, leave + length, sleep + random.bell(0, 40))
    }

    fn days_at_home_per_mille(self) -> u32 {
        match self {
            Self::Worker => 240,
            Self::Family => 130,
            Self::Retired | Self::SecondHome => 1000,
        }
    }

    /// Whole weeks away, more in August; a second home is the other way round.
    fn is_away(self, seed: u64, day: &Day) -> bool {
        let week = (day.number + 3).div_euclid(7);
        let mut random = Random::keyed(seed, Stream::Holiday, week);
        let travels = match day.date.month() {
            8 => 320,
            7 => 200,
            12 if day.date.day() > 20 => 160,
            2 | 4 => 60,
            _ => 15,
        };
        match self {
            Self::SecondHome if day.kind() == DayKind::Working => !random.chance(travels),
            Self::SecondHome => !random.chance(travels + 180),
            Self::Retired => random.chance(travels / 2 + 10),
            Self::Worker | Self::Family => random.chance(travels),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};

    use super::*;

    fn days(count: i32) -> impl Iterator<Item = Day> {
        (0..count).map(|days| Day::of(date(2025, 11, 3).saturating_add(days.days())))
    }

    fn awake_at(routine: Routine, wall: i64) -> usize {
        days(300)
            .filter(|day| routine.attendance(day.number.unsigned_abs(), day).is_awake(wall))
            .count()
    }

    #[test]
    fn workers_are_out_at_three_in_the_afternoon_and_back_in_the_evening() {
        assert!(awake_at(Routine::Worker, 900) < 170);
        assert!(awake_at(Routine::Worker, 1230) > 250);
        assert!(awake_at(Routine::Worker, 180) == 0);
        assert!(awake_at(Routine::Retired, 900) > 180);
    }

    #[test]
    fn second_homes_are_mostly_empty() {
        let away = days(120)
            .filter(|day| Routine::SecondHome.attendance(9, day) == Attendance::Away)
            .count();
        assert!((70..120).contains(&away), "{away} of 120 days");
    }
}
