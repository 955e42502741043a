//! Which rule decides a release: dated, read from a text, never from code.

mod text;

use jiff::civil::Date;

use crate::refusal::Language;
use crate::units::{Direction, HouseholdCount, Percent, Period, StepSeconds, WattHours};

/// Every policy the broker knows. Selecting one yields the version in force on a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyBook {
    default: String,
    policies: Vec<(String, Vec<PolicyVersion>)>,
}

/// The text of a policy cannot be used; nothing is released under it.
#[derive(Debug, thiserror::Error)]
pub enum PolicyTextError {
    /// The text is no TOML, or has an unknown, missing or mistyped key.
    #[error("the policy text is malformed")]
    Malformed {
        /// Where and what.
        #[source]
        source: toml::de::Error,
    },
    /// The text reads well and says something impossible.
    #[error("policy `{rule_id}`: {problem}")]
    Invalid {
        /// The policy concerned, empty for the book itself.
        rule_id: String,
        /// What is impossible.
        problem: &'static str,
    },
}

impl PolicyBook {
    /// The book embedded in the program. Its default is article D. 111-63 of the French Energy Code.
    ///
    /// # Errors
    /// [`PolicyTextError`], which a test rules out for the embedded text.
    pub fn embedded() -> Result<Self, PolicyTextError> {
        Self::parse(include_str!("policy/release-policies.toml"))
    }

    /// Reads a book strictly: unknown keys, overlapping dates or impossible numbers refuse the whole text.
    ///
    /// # Errors
    /// [`PolicyTextError`].
    pub fn parse(text: &str) -> Result<Self, PolicyTextError> {
        text::parse(text)
    }

    /// The rule used when nobody chose another.
    #[must_use]
    pub fn default_rule(&self) -> &str {
        &self.default
    }

    /// The rules that can be chosen.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.policies.iter().map(|(rule_id, _)| rule_id.as_str())
    }

    /// The version of `rule_id` in force on `date`; `None` for an unknown rule or a date in a gap, and then
    /// nothing may be released.
    #[must_use]
    pub fn in_force(&self, rule_id: &str, date: Date) -> Option<&PolicyVersion> {
        let (_, versions) = self.policies.iter().find(|(known, _)| known == rule_id)?;
        versions.iter().find(|version| version.covers(date))
    }
}

/// One version of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    rule_id: String,
    valid_from: Date,
    valid_until: Option<Date>,
    source: String,
    finest_step: StepSeconds,
    dominance: Dominance,
    round_to: WattHours,
    legal_text: LegalText,
    bands: Vec<Band>,
}

/// The dominance tests of a policy, in whole percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dominance {
    /// The largest home may hold at most this share of a cell.
    pub max_share_top1: Percent,
    /// (n, k) rule: the two largest homes may hold at most this share of a cell.
    ///
    /// LIMIT: n is 2, since one pass keeps the two largest; the text of a policy must say so.
    pub nk_share: Percent,
    /// p % rule: what is left without the two largest homes is at least this percentage of the largest, so
    /// that the second largest cannot estimate the largest more closely.
    pub p_percent: Percent,
}

/// How long a period a band admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodLimit {
    /// Elapsed hours, as D. 111-63 II 3 a says "heures".
    Hours(u32),
    /// Local calendar days, as D. 111-63 II 3 b says "jours".
    Days(u32),
    /// Any length.
    Unlimited,
}

impl PeriodLimit {
    /// Whether `period` is short enough.
    #[must_use]
    pub fn admits(self, period: &Period) -> bool {
        match self {
            Self::Hours(hours) => period.lasts_at_most_hours(hours),
            Self::Days(days) => period.lasts_at_most_days(days),
            Self::Unlimited => true,
        }
    }

    /// For a total of several periods: a day is 24 hours, and one hour more is allowed for a change of
    /// season.
    fn admits_seconds(self, seconds: i64) -> bool {
        match self {
            Self::Hours(hours) => seconds <= i64::from(hours) * 3_600,
            Self::Days(days) => seconds <= i64::from(days) * 86_400 + 3_600,
            Self::Unlimited => true,
        }
    }
}

/// One line of a rule's table: for these steps and periods, so many homes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Band {
    pub(crate) step_from: StepSeconds,
    pub(crate) step_below: Option<StepSeconds>,
    pub(crate) period_max: PeriodLimit,
    pub(crate) min_units: HouseholdCount,
    pub(crate) min_units_injection: Option<HouseholdCount>,
}

impl Band {
    pub(crate) fn admits_step(&self, step: StepSeconds) -> bool {
        step >= self.step_from && self.step_below.is_none_or(|below| step < below)
    }

    pub(crate) const fn minimum(&self, direction: Direction) -> Option<HouseholdCount> {
        match direction {
            Direction::Withdrawal => Some(self.min_units),
            Direction::Injection => self.min_units_injection,
        }
    }
}

impl PolicyVersion {
    fn covers(&self, date: Date) -> bool {
        self.valid_from <= date && self.valid_until.is_none_or(|until| date < until)
    }

    /// The finest step this version allows.
    #[must_use]
    pub const fn finest_step(&self) -> StepSeconds {
        self.finest_step
    }

    /// The numbers of homes at which this version begins to allow something, in rising order, each once.
    #[must_use]
    pub fn thresholds(&self, direction: Direction) -> Vec<HouseholdCount> {
        let mut numbers: Vec<_> = self
            .bands
            .iter()
            .filter_map(|band| band.minimum(direction))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    pub(crate) fn bands(&self) -> &[Band] {
        &self.bands
    }

    /// The policy object for one step, period and direction; `None` when no band fits, and then nothing may
    /// be released.
    #[must_use]
    pub fn resolve(&self, period: &Period, direction: Direction) -> Option<ReleasePolicy> {
        self.resolve_where(period.step(), direction, |limit| limit.admits(period))
    }

    /// As [`Self::resolve`] for a given total of elapsed seconds, not all of it in one period.
    pub(crate) fn resolve_total(
        &self,
        step: StepSeconds,
        seconds: i64,
        direction: Direction,
    ) -> Option<ReleasePolicy> {
        self.resolve_where(step, direction, |limit| limit.admits_seconds(seconds))
    }

    fn resolve_where(
        &self,
        step: StepSeconds,
        direction: Direction,
        admits: impl Fn(PeriodLimit) -> bool,
    ) -> Option<ReleasePolicy> {
        if step < self.finest_step {
            return None;
        }
        let band = self
            .bands
            .iter()
            .find(|band| band.admits_step(step) && admits(band.period_max))?;
        Some(ReleasePolicy {
            min_units: band.min_units,
            min_units_injection: band.min_units_injection,
            required: band.minimum(direction)?,
            dominance: self.dominance,
            step_min: self.finest_step,
            period_max: band.period_max,
            round_to: self.round_to,
            rule_id: self.rule_id.clone(),
            valid_from: self.valid_from,
            source: self.source.clone(),
            legal_text: self.legal_text.clone(),
        })
    }
}

/// The rule as it applies to one release: the policy object of the reference, all numbers decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasePolicy {
    /// Fewest homes in a cell of energy drawn from the network.
    pub min_units: HouseholdCount,
    /// Fewest homes in a cell of energy fed into it; `None` where the rule has no number.
    pub min_units_injection: Option<HouseholdCount>,
    /// The one of the two that this release must meet in every published cell.
    pub required: HouseholdCount,
    /// The dominance tests.
    pub dominance: Dominance,
    /// The finest step.
    pub step_min: StepSeconds,
    /// The longest period for which these numbers hold.
    pub period_max: PeriodLimit,
    /// Published means are multiples of this.
    pub round_to: WattHours,
    /// The name of the rule.
    pub rule_id: String,
    /// Since when this version of the rule holds.
    pub valid_from: Date,
    /// Where the numbers were read.
    pub source: String,
    /// The rule in words.
    pub legal_text: LegalText,
}

/// A rule in the words of each language. The law itself is French or Californian: the others are translations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalText {
    /// French.
    pub french: String,
    /// English.
    pub english: String,
    /// Dutch.
    pub dutch: String,
}

impl LegalText {
    /// The words of this language.
    #[must_use]
    pub fn of(self, language: Language) -> String {
        language.pick([self.french, self.english, self.dutch])
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, ToSpan, tz::TimeZone};

    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn required(step: u32, slots: i64, direction: Direction) -> Option<u32> {
        let book = PolicyBook::embedded().unwrap();
        let version = book.in_force(book.default_rule(), date("2026-11-22")).unwrap();
        let start: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let end = start + (i64::from(step) * slots).seconds();
        let period = Period::new(start, end, StepSeconds::new(step).unwrap(), TimeZone::UTC).unwrap();
        version
            .resolve(&period, direction)
            .map(|policy| policy.required.0)
    }

    #[test]
    fn the_default_is_the_french_rule() {
        assert_eq!(PolicyBook::embedded().unwrap().default_rule(), "fr-d111-63");
    }

    #[test]
    fn the_table_of_d111_63_is_followed_at_its_edges() {
        use Direction::{Injection, Withdrawal};
        assert_eq!(required(1_800, 48, Withdrawal), Some(100));
        assert_eq!(required(1_800, 49, Withdrawal), Some(500));
        assert_eq!(required(1_800, 48 * 31, Withdrawal), Some(500));
        assert_eq!(required(1_800, 48 * 31 + 1, Withdrawal), Some(5_000));
        assert_eq!(required(86_400, 365, Withdrawal), Some(100));
        assert_eq!(required(86_399, 2, Withdrawal), Some(500));
        assert_eq!(required(1_799, 2, Withdrawal), None);
        assert_eq!(required(1_800, 48, Injection), Some(10));
        assert_eq!(required(1_800, 49, Injection), Some(50));
        assert_eq!(required(86_400, 365, Injection), Some(10));
        assert_eq!(required(1_800, 48 * 31 + 1, Injection), None);
    }

    #[test]
    fn the_thresholds_of_d_111_63_are_three() {
        let book = PolicyBook::embedded().unwrap();
        let version = book
            .in_force("fr-d111-63", "2026-11-21".parse().unwrap())
            .unwrap();
        let numbers = |direction| {
            version
                .thresholds(direction)
                .iter()
                .map(|n| n.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers(Direction::Withdrawal), [100, 500, 5_000]);
        assert_eq!(numbers(Direction::Injection), [10, 50]);
    }

    #[test]
    fn a_date_outside_every_version_has_no_policy() {
        let book = PolicyBook::embedded().unwrap();
        assert!(book.in_force("fr-d111-63", date("2025-12-31")).is_none());
        assert!(book.in_force("fr-d111-63", date("2026-01-01")).is_some());
        assert!(book.in_force("unknown", date("2026-11-22")).is_none());
    }
}
