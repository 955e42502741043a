//! The other people of a home, who have no account: how many, what they say, and what stands still meanwhile
//! (`consent.md` §8). Numbers only; nobody asks who they are.

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::time::Instant;

/// Most other adults that can be said to live in a home: more is a typing error or an institution, which is no household.
pub const MOST_ADULTS: u8 = 20;

/// How many other adults live in a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OtherAdults(u8);

impl OtherAdults {
    /// So many; `None` above [`MOST_ADULTS`].
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number > MOST_ADULTS {
            return None;
        }
        Some(Self(number))
    }

    /// How many.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Whether minors live in a home. They decide nothing here; the notice for the home mentions them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Minors {
    /// Some do.
    Present,
    /// None does.
    Absent,
}

/// Who else lives in a home, as the person whose meter it is says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Household {
    /// Other adults.
    pub adults: OtherAdults,
    /// Minors.
    pub minors: Minors,
}

/// What another adult of a home brings before the officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HouseholdCaseKind {
    /// She objects (GDPR art. 21).
    Objection,
    /// She asks what is done with data that tell about her, too (art. 14, 15).
    Question,
    /// Somebody who acts for a person who died or cannot decide any more: an heir, a guardian.
    Represented,
}

impl HouseholdCaseKind {
    const ALL: [Self; 3] = [Self::Objection, Self::Question, Self::Represented];

    /// The code in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Objection => "objection",
            Self::Question => "question",
            Self::Represented => "represented",
        }
    }

    /// The kind with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Why a person's agreements do not hold any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CapacityEnd {
    /// She died.
    Died,
    /// She cannot decide any more: a guardian or a mandate took her place.
    Incapable,
}

impl CapacityEnd {
    const ALL: [Self; 2] = [Self::Died, Self::Incapable];

    /// The code in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Died => "died",
            Self::Incapable => "incapable",
        }
    }

    /// The end with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.code() == code)
    }
}

/// Why a sharing stands still until an officer looked into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StandstillCause {
    /// The person said that she did not agree to it (P-19).
    NotMe,
    /// Another adult of the home objected (P-32).
    Objection,
}

impl StandstillCause {
    const ALL: [Self; 2] = [Self::NotMe, Self::Objection];

    /// The code in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotMe => "not-me",
            Self::Objection => "objection",
        }
    }

    /// The cause with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.code() == code)
    }
}

/// What an officer decides about sharings that stand still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// They end: nobody agreed, or the objection is right.
    End,
    /// They go on.
    GoOn,
}

/// From how many years on somebody holds a meter: of age in France and in Belgium. Nothing here is offered to children, so the
/// ages at which those agree to such a service themselves (France 15, Belgium 13) play no part.
pub const OF_AGE_YEARS: i16 = 18;

/// Whether somebody born then is certainly not of age. `born` is what an OpenID Connect provider calls `birthdate`: `YYYY-MM-DD`,
/// `YYYY` alone, or a day with the year 0000 where the year is not told (OpenID Connect Core §5.1). A year alone counts from its
/// first day, and what is no such date says nothing: who may be of age is not turned away.
#[must_use]
pub fn is_minor(born: &str, now: Instant) -> bool {
    let born = match born.len() {
        4 => format!("{born}-01-01"),
        _ => born.to_owned(),
    };
    let Ok(born) = born.parse::<Date>() else {
        return false;
    };
    let today = now.to_timestamp().to_zoned(TimeZone::UTC).date();
    let adult_on = born.checked_add(Span::new().years(OF_AGE_YEARS));
    0 < born.year() && adult_on.is_ok_and(|adult_on| today < adult_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_certainly_under_eighteen_is_a_minor() {
        let now = Instant::parse("2026-11-22T12:00:00Z").unwrap();
        for (born, minor) in [
            ("2008-11-22", false),
            ("2008-11-23", true),
            ("2008", false),
            ("2009", true),
            ("1950-01-01", false),
            ("0000-11-23", false),
            ("0000", false),
            ("soon", false),
            ("2008-02-29", false),
        ] {
            assert_eq!(is_minor(born, now), minor, "{born}");
        }
    }

    #[test]
    fn a_home_is_no_institution() {
        assert_eq!(OtherAdults::new(20).map(OtherAdults::number), Some(20));
        assert_eq!(OtherAdults::new(21), None);
    }

    #[test]
    fn codes_read_back() {
        for kind in HouseholdCaseKind::ALL {
            assert_eq!(HouseholdCaseKind::from_code(kind.code()), Some(kind));
        }
        for cause in StandstillCause::ALL {
            assert_eq!(StandstillCause::from_code(cause.code()), Some(cause));
        }
        assert_eq!(StandstillCause::from_code("whim"), None);
    }
}
