//! Personal-data breaches: what the register holds (GDPR art. 33(5)), the clock towards the authority (art. 33(1)), and who
//! is concerned.

use thiserror::Error;

use crate::ids::{BreachId, ConsentId, GatewayId, OfficerId, OrganisationId};
use crate::time::Instant;

/// How long there is to tell the authority, in real hours, holidays included (GDPR art. 33(1); `gdpr-kit.md` §4).
pub const AUTHORITY_HOURS: i64 = 72;
/// Longest text of one field, in characters.
pub const MOST_WORDS: usize = 4_000;

/// What was breached (`gdpr-kit.md` §12.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nature {
    /// Somebody saw what was not theirs.
    Confidentiality,
    /// Something was changed.
    Integrity,
    /// Something was lost or out of reach.
    Availability,
}

impl Nature {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Confidentiality, Self::Integrity, Self::Availability];

    /// The code in the database and in forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Confidentiality => "confidentiality",
            Self::Integrity => "integrity",
            Self::Availability => "availability",
        }
    }

    /// The one with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|nature| nature.code() == code)
    }
}

/// How bad it is for people (`gdpr-kit.md` §12.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Hardly anything follows.
    Negligible,
    /// People get over it without much effort.
    Limited,
    /// People get over it with difficulty.
    Important,
    /// People may not get over it.
    Maximal,
}

impl Severity {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Negligible, Self::Limited, Self::Important, Self::Maximal];

    /// The code in the database and in forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Negligible => "negligible",
            Self::Limited => "limited",
            Self::Important => "important",
            Self::Maximal => "maximal",
        }
    }

    /// The one with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.code() == code)
    }
}

/// By what those concerned are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everybody.
    All,
    /// Those of whom this organisation received something.
    Recipient(OrganisationId),
    /// Whoever gave this consent.
    Consent(ConsentId),
    /// Whoever has this gateway.
    Gateway(GatewayId),
    /// One person, who was erased since.
    Erased,
}

/// What an officer writes down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachFacts {
    /// When we became aware: starts the clock.
    pub known_at: Instant,
    /// What was breached; at least one.
    pub nature: Vec<Nature>,
    /// How bad it is.
    pub severity: Severity,
    /// Who is concerned.
    pub scope: Scope,
    /// From when on data were touched.
    pub from: Option<Instant>,
    /// Until when.
    pub until: Option<Instant>,
    /// What happened.
    pub happened: String,
    /// What kinds of data.
    pub data_kinds: String,
    /// What may follow.
    pub consequences: String,
    /// What was and will be done.
    pub measures: String,
    /// Whom people turn to.
    pub contact: String,
    /// The notice to people in French, English and Dutch.
    pub texts: [String; 3],
}

/// What keeps a breach from being written down as it is.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum FactsRefusal {
    /// Nothing was breached.
    #[error("say what was breached: confidentiality, integrity or availability")]
    NoNature,
    /// It became known in the future.
    #[error("nobody knows a breach before it is known; correct the date")]
    KnownAhead,
    /// The span ends before it begins.
    #[error("the span ends before it begins")]
    SpanReversed,
    /// What happened, or whom to turn to, is not said.
    #[error("say what happened and whom to turn to")]
    WordsMissing,
    /// A text is too long.
    #[error("a text has at most {MOST_WORDS} characters")]
    TooLong,
}

impl BreachFacts {
    /// Whether it can be written down: the rest may come later (GDPR art. 33(4)).
    ///
    /// # Errors
    /// See [`FactsRefusal`].
    pub fn check(&self, now: Instant) -> Result<(), FactsRefusal> {
        if self.nature.is_empty() {
            return Err(FactsRefusal::NoNature);
        }
        if now < self.known_at {
            return Err(FactsRefusal::KnownAhead);
        }
        if self
            .from
            .zip(self.until)
            .is_some_and(|(from, until)| until <= from)
        {
            return Err(FactsRefusal::SpanReversed);
        }
        if self.happened.is_empty() || self.contact.is_empty() {
            return Err(FactsRefusal::WordsMissing);
        }
        let own = [
            &self.happened,
            &self.data_kinds,
            &self.consequences,
            &self.measures,
            &self.contact,
        ];
        let mut all = own.into_iter().chain(&self.texts);
        if all.any(|text| text.chars().count() > MOST_WORDS) {
            return Err(FactsRefusal::TooLong);
        }
        Ok(())
    }

    /// Whether people can be told: everything that art. 34(2) asks for is said, in every language.
    #[must_use]
    pub fn can_be_told(&self) -> bool {
        let own = [&self.consequences, &self.measures, &self.data_kinds];
        own.into_iter().chain(&self.texts).all(|text| !text.is_empty())
    }

    /// Until when the authority is to be told.
    #[must_use]
    pub fn authority_due(&self) -> Instant {
        self.known_at.plus_seconds(AUTHORITY_HOURS.saturating_mul(3_600))
    }
}

/// What the authority was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityTold {
    /// When.
    pub at: Instant,
    /// Under which reference of its own.
    pub reference: String,
    /// Why it was late; needed where it was.
    pub late: Option<String>,
}

/// Whether people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeopleTold {
    /// Not decided yet.
    Undecided,
    /// They are.
    Telling {
        /// Since when.
        at: Instant,
        /// Who decided it.
        by: OfficerId,
        /// How many were concerned then.
        people: u64,
        /// Why they were not told at first, where that was decided: the authority may order it since (GDPR art. 34(4)).
        despite: Option<String>,
    },
    /// They are not (GDPR art. 34(3)), unless it is decided otherwise later.
    Not {
        /// Why.
        reason: String,
    },
}

/// One breach in the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Identifier.
    pub id: BreachId,
    /// Who wrote it down.
    pub recorded_by: OfficerId,
    /// When.
    pub recorded_at: Instant,
    /// What was written.
    pub facts: BreachFacts,
    /// What the authority was told.
    pub authority: Option<AuthorityTold>,
    /// Whether people are told.
    pub people: PeopleTold,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn facts() -> BreachFacts {
        BreachFacts {
            known_at: at("2027-03-27T12:00:00Z"),
            nature: vec![Nature::Confidentiality],
            severity: Severity::Limited,
            scope: Scope::All,
            from: None,
            until: None,
            happened: "a disk was sold".into(),
            data_kinds: String::new(),
            consequences: String::new(),
            measures: String::new(),
            contact: "dpo@broker.example".into(),
            texts: Default::default(),
        }
    }

    /// 28 March 2027 has 23 hours in Paris and Brussels: the clock counts real ones.
    #[test]
    fn the_authority_is_due_after_72_real_hours_whatever_the_calendar() {
        assert_eq!(facts().authority_due(), at("2027-03-30T12:00:00Z"));
    }

    #[test]
    fn what_is_not_known_yet_may_be_missing_but_not_what_people_are_told() {
        let now = at("2027-03-27T13:00:00Z");
        assert_eq!(facts().check(now), Ok(()));
        assert!(!facts().can_be_told());
        let whole = BreachFacts {
            data_kinds: "curves".into(),
            consequences: "burglary".into(),
            measures: "keys changed".into(),
            texts: ["fr".into(), "en".into(), "nl".into()],
            ..facts()
        };
        assert!(whole.can_be_told());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let now = at("2027-03-27T13:00:00Z");
        let checked = |change: fn(&mut BreachFacts)| {
            let mut facts = facts();
            change(&mut facts);
            facts.check(now).unwrap_err()
        };
        assert_eq!(checked(|facts| facts.nature.clear()), FactsRefusal::NoNature);
        assert_eq!(
            checked(|facts| facts.known_at = facts.known_at.plus_seconds(7_200)),
            FactsRefusal::KnownAhead
        );
        assert_eq!(
            checked(|facts| {
                facts.from = Some(facts.known_at);
                facts.until = Some(facts.known_at);
            }),
            FactsRefusal::SpanReversed
        );
        assert_eq!(checked(|facts| facts.contact.clear()), FactsRefusal::WordsMissing);
        assert_eq!(
            checked(|facts| facts.texts[1] = "é".repeat(MOST_WORDS + 1)),
            FactsRefusal::TooLong
        );
    }
}
