//! The street: many households under one sky.

use jiff::civil::{Date, date};

use crate::{calendar::Day, household::Household, weather::Weather};

/// The largest street: unit numbers of fake meters have four free digits.
pub const MOST_HOUSEHOLDS: u32 = 10_000;

/// The first day of a street made with [`Street::new`].
pub const FIRST_DAY: Date = date(2025, 9, 1);

/// Households that share the weather and the Tempo calendar.
#[derive(Clone, Debug)]
pub struct Street {
    households: Vec<Household>,
}

/// Why there is no such street.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum StreetError {
    /// From one to [`MOST_HOUSEHOLDS`].
    #[error("a street of {asked} households, from 1 to 10000 are possible")]
    Size {
        /// Households asked for.
        asked: u32,
    },
}

impl Street {
    /// A street whose meters start counting on [`FIRST_DAY`]. Equal arguments give equal bytes for ever. From about
    /// 120 households on every kind of equipment, tariff, wiring and mode is there.
    ///
    /// # Errors
    /// No household or more than [`MOST_HOUSEHOLDS`].
    pub fn new(seed: u64, households: u32) -> Result<Self, StreetError> {
        Self::opened_on(seed, households, FIRST_DAY)
    }

    /// The same households with meters that start counting on another day. Loads of a day do not depend on it; the
    /// indices do, because they are the sum of all days since. A demonstration that begins today opens its street a
    /// few days earlier and has nothing to catch up with.
    ///
    /// # Errors
    /// No household or more than [`MOST_HOUSEHOLDS`].
    pub fn opened_on(seed: u64, households: u32, first_day: Date) -> Result<Self, StreetError> {
        if !(1..=MOST_HOUSEHOLDS).contains(&households) {
            return Err(StreetError::Size { asked: households });
        }
        let weather = Weather::new(seed);
        let first_day = Day::of(first_day);
        let draw = |index| Household::draw(seed, index, first_day.clone(), weather);
        Ok(Self {
            households: (0..households).map(draw).collect(),
        })
    }

    /// All households, by index.
    #[must_use]
    pub fn households(&self) -> &[Household] {
        &self.households
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_oversized_streets_are_refused() {
        assert_eq!(Street::new(1, 0).unwrap_err(), StreetError::Size { asked: 0 });
        assert_eq!(
            Street::new(1, 10_001).unwrap_err(),
            StreetError::Size { asked: 10_001 }
        );
    }
}
