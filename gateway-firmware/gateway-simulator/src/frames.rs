//! The frames of a meter, one after the other.

use std::ops::Range;

use crate::{
    calendar::{Day, MINUTE_US},
    disturbance,
    household::Household,
    readout::{Maxima, Readout},
    trace::{Counting, DayTrace},
};

/// Frames in the order received, each with its reception time in microseconds UTC; see [`Household::frames`].
#[derive(Clone, Debug)]
pub struct Frames<'street> {
    household: &'street Household,
    next_us: i64,
    until_us: i64,
    step_us: i64,
    cursor: Option<Cursor>,
}

/// A meter at work: it has counted up to the beginning of a minute.
#[derive(Clone, Debug)]
struct Cursor {
    yesterday: DayTrace,
    today: DayTrace,
    counting: Counting,
    maxima: Maxima,
    maxima_yesterday: Maxima,
    silence: Option<Range<i64>>,
}

impl<'street> Frames<'street> {
    pub(crate) fn new(household: &'street Household, from_us: i64, until_us: i64, step_s: u32) -> Self {
        let step_us = i64::from(step_s.max(1)) * 1_000_000;
        let born_us = Day::of(household.first_day()).starts_at_us;
        let late = from_us.max(born_us);
        let next_us = late + (-late).rem_euclid(step_us);
        Self {
            household,
            next_us,
            until_us,
            step_us,
            cursor: None,
        }
    }
}

impl Iterator for Frames<'_> {
    type Item = (i64, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        while self.next_us < self.until_us {
            let at_us = self.next_us;
            self.next_us += self.step_us;
            let household = self.household;
            let cursor = self.cursor.get_or_insert_with(|| Cursor::new(household, at_us));
            cursor.move_to(household, at_us);
            if cursor
                .silence
                .as_ref()
                .is_some_and(|hours| hours.contains(&at_us))
            {
                continue;
            }
            let mut bytes = cursor.read(household, at_us).bytes();
            household.wire.disturb(household.model.seed, at_us, &mut bytes);
            return Some((at_us, bytes));
        }
        None
    }
}

impl Cursor {
    fn new(household: &Household, at_us: i64) -> Self {
        let day = household.bounded(Day::containing(at_us));
        let before = household.bounded(day.previous());
        let (yesterday, today) = if before.number < day.number {
            let yesterday = household.day(before.date);
            let today = household.following(&yesterday);
            (yesterday, today)
        } else {
            // On the first day of the street the meter shows what it would have measured the day before.
            let today = household.day(day.date);
            (
                DayTrace::new(&household.model, day.previous(), today.opening().clone()),
                today,
            )
        };
        let mut maxima_yesterday = Maxima::starting(yesterday.starts_at_us());
        for elapsed in 0..yesterday.day.minutes {
            maxima_yesterday.minute(&yesterday, elapsed);
        }
        let maxima = maxima_yesterday.next_day(today.starts_at_us());
        let counting = Counting::new(&today);
        let silence = disturbance::silence(household.model.seed, &today.day);
        Self {
            yesterday,
            today,
            counting,
            maxima,
            maxima_yesterday,
            silence,
        }
    }

    /// Counts up to the beginning of the minute of `at_us`.
    fn move_to(&mut self, household: &Household, at_us: i64) {
        while at_us >= self.today.ends_at_us() {
            self.count_to(self.today.day.minutes);
            let tomorrow = household.following(&self.today);
            self.yesterday = std::mem::replace(&mut self.today, tomorrow);
            self.maxima_yesterday = self.maxima.clone();
            self.maxima = self.maxima_yesterday.next_day(self.today.starts_at_us());
            self.counting = Counting::new(&self.today);
            self.silence = disturbance::silence(household.model.seed, &self.today.day);
        }
        self.count_to((at_us - self.today.starts_at_us()) / MINUTE_US);
    }

    fn count_to(&mut self, elapsed: i64) {
        for minute in self.counting.elapsed..elapsed {
            self.maxima.minute(&self.today, minute);
        }
        self.counting.move_to(&self.today, elapsed);
    }

    fn read<'a>(&'a self, household: &'a Household, at_us: i64) -> Readout<'a> {
        let seconds = (at_us - self.today.starts_at_us()) / 1_000_000;
        Readout {
            household,
            yesterday: &self.yesterday,
            today: &self.today,
            maxima: &self.maxima,
            maxima_yesterday: &self.maxima_yesterday,
            registers: self.counting.within_minute(&self.today, seconds % 60),
            at_us,
            seconds,
        }
    }
}
