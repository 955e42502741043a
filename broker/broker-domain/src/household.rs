//! The other people of a home, who have no account: how many, what they say, and what stands still meanwhile
//! (`consent.md` §8). Numbers only; nobody asks who they are.

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
}

impl HouseholdCaseKind {
    const ALL: [Self; 2] = [Self::Objection, Self::Question];

    /// The code in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Objection => "objection",
            Self::Question => "question",
        }
    }

    /// The kind with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
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

#[cfg(test)]
mod tests {
    use super::*;

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
