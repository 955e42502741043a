//! The catalogue as everybody sees it: which datasets there are, and roughly how many households agree.

use std::collections::BTreeMap;

use broker_anonymiser as anonymiser;
use broker_domain::time::Instant;
use broker_store::DatasetRow;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::broker::Broker;
use crate::failure::Fault;
use crate::release::ZONE;

/// An entry of the catalogue with what may be told about today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// The entry.
    pub row: DatasetRow,
    /// Roughly how many households agree now; `None` when no rule of disclosure is in force.
    pub households: Option<HouseholdBand>,
    /// Households the rule asks for, for one day; `None` when the rule has no number for this step.
    pub needed: Option<u32>,
    /// The rule in words.
    pub rule: Option<anonymiser::LegalText>,
    /// Since when as many households as the rule's smallest number may have readings.
    pub first: Option<Instant>,
}

/// A number of households as the public sees it: which thresholds of the rule it reached.
///
/// The number itself would let anybody who looks twice see one household come or go.
///
/// LIMIT: who looks exactly when a threshold is crossed sees that one came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HouseholdBand {
    /// Fewer than the smallest threshold.
    Below(u32),
    /// At least this threshold, and fewer than the next.
    AtLeast(u32),
}

impl HouseholdBand {
    /// The band of a number, by thresholds in rising order; `None` without any.
    #[must_use]
    pub fn of(households: u32, thresholds: &[anonymiser::HouseholdCount]) -> Option<Self> {
        let reached = thresholds.iter().rfind(|threshold| threshold.0 <= households);
        match reached {
            Some(threshold) => Some(Self::AtLeast(threshold.0)),
            None => thresholds.first().map(|smallest| Self::Below(smallest.0)),
        }
    }

    /// The number that surely agree.
    #[must_use]
    pub const fn at_least(self) -> u32 {
        match self {
            Self::Below(_) => 0,
            Self::AtLeast(threshold) => threshold,
        }
    }
}

impl Broker {
    /// The catalogue, in order of identifier.
    ///
    /// LIMIT: the households are counted anew for each visitor.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn catalogue(&self) -> Result<Vec<CatalogueEntry>, Fault> {
        let now = self.clock.now();
        let thresholds = self.thresholds(now)?;
        let mut read = self.store.read().await?;
        let mut entries = Vec::new();
        for row in read.datasets().await? {
            let terms = &row.dataset;
            let mut since = BTreeMap::new();
            for consent in read.consents_to(terms.recipient, &terms.purpose).await? {
                let agreed = consent.terms_now(now);
                let passes = consent.state(now).is_given() && consent.pause(now).is_none();
                if agreed.step <= terms.step && passes {
                    let start = agreed.data.start();
                    let first = since.entry(consent.participant).or_insert(start);
                    *first = start.min(*first);
                }
            }
            let rule = self.rule_for_a_day(terms.step.seconds(), now)?;
            entries.push(CatalogueEntry {
                households: HouseholdBand::of(u32::try_from(since.len()).unwrap_or(u32::MAX), &thresholds),
                needed: rule.as_ref().map(|rule| rule.required.0),
                rule: rule.map(|rule| rule.legal_text),
                first: since_enough(since.into_values().collect(), thresholds.first()),
                row,
            });
        }
        Ok(entries)
    }

    /// The numbers of homes at which the rule begins to allow something, in rising order.
    pub(crate) fn thresholds(&self, now: Instant) -> Result<Vec<anonymiser::HouseholdCount>, Fault> {
        let today = local_date(now, &zone()?);
        let version = self.rules.in_force(self.rules.default_rule(), today);
        Ok(version.map_or_else(Vec::new, |version| {
            version.thresholds(anonymiser::Direction::Withdrawal)
        }))
    }

    fn rule_for_a_day(&self, step_s: u32, now: Instant) -> Result<Option<anonymiser::ReleasePolicy>, Fault> {
        let zone = zone()?;
        let day = now.plus_seconds(-86_400).day_in(&zone)?;
        let (start, end) = (day.start().to_timestamp(), day.end().to_timestamp());
        let Some(step) = anonymiser::StepSeconds::new(step_s) else {
            return Ok(None);
        };
        let Ok(period) = anonymiser::Period::new(start, end, step, zone.clone()) else {
            return Ok(None);
        };
        let version = self
            .rules
            .in_force(self.rules.default_rule(), local_date(now, &zone));
        Ok(version.and_then(|version| version.resolve(&period, anonymiser::Direction::Withdrawal)))
    }
}

fn zone() -> Result<TimeZone, Fault> {
    TimeZone::get(ZONE).map_err(|_| Fault::Corrupt { what: "zone" })
}

fn local_date(now: Instant, zone: &TimeZone) -> Date {
    now.to_timestamp().to_zoned(zone.clone()).date()
}

/// The instant since which as many households as `smallest` have agreed. Not the first one's: that would be one person's
/// own instant, and gone when she goes.
fn since_enough(mut starts: Vec<Instant>, smallest: Option<&anonymiser::HouseholdCount>) -> Option<Instant> {
    starts.sort_unstable();
    let place = usize::try_from(smallest?.0.checked_sub(1)?).ok()?;
    starts.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thresholds() -> Vec<anonymiser::HouseholdCount> {
        [100, 500, 5_000].map(anonymiser::HouseholdCount).to_vec()
    }

    #[test]
    fn one_household_more_or_less_is_not_seen_inside_a_band() {
        let band = |households| HouseholdBand::of(households, &thresholds());
        for (households, expected) in [
            (0, HouseholdBand::Below(100)),
            (1, HouseholdBand::Below(100)),
            (99, HouseholdBand::Below(100)),
            (100, HouseholdBand::AtLeast(100)),
            (499, HouseholdBand::AtLeast(100)),
            (500, HouseholdBand::AtLeast(500)),
            (u32::MAX, HouseholdBand::AtLeast(5_000)),
        ] {
            assert_eq!(band(households), Some(expected));
        }
        assert_eq!(HouseholdBand::of(7, &[]), None);
    }

    #[test]
    fn the_first_instant_is_that_of_the_hundredth_household() {
        let at = |second: i64| Instant::from_micros(second * 1_000_000).unwrap();
        let starts = |count: i64| (0..count).rev().map(at).collect::<Vec<_>>();
        let smallest = anonymiser::HouseholdCount(100);
        assert_eq!(since_enough(starts(99), Some(&smallest)), None);
        assert_eq!(since_enough(starts(150), Some(&smallest)), Some(at(99)));
        assert_eq!(since_enough(starts(150), None), None);
    }
}
