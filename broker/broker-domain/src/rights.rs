//! What a person asks under the rights that data protection gives her, and where that stands.

use jiff::civil::Date;

use crate::ids::{OfficerId, ParticipantId, RightsRequestId};
use crate::time::Instant;

/// A right that can be exercised by a form (GDPR chapter III). Withdrawing a consent needs no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Article 15.
    Access,
    /// Article 20.
    Portability,
    /// Article 16.
    Rectification,
    /// Article 17.
    Erasure,
    /// Article 18.
    Restriction,
    /// Article 21.
    Objection,
}

impl Right {
    /// Every right, in the order of the pages.
    pub const ALL: [Self; 6] = [
        Self::Access,
        Self::Portability,
        Self::Rectification,
        Self::Erasure,
        Self::Restriction,
        Self::Objection,
    ];

    /// The code in records and in the database (`gdpr-kit.md` §12.3).
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Portability => "portability",
            Self::Rectification => "rectify",
            Self::Erasure => "erase",
            Self::Restriction => "restrict",
            Self::Objection => "object",
        }
    }

    /// The right with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.code() == code)
    }

    /// Whether a request must say what it is about: nobody can rectify or stop what is not named.
    #[must_use]
    pub const fn needs_words(self) -> bool {
        matches!(self, Self::Rectification | Self::Restriction | Self::Objection)
    }
}

/// Where a request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RightsState {
    /// It was sent and waits for an officer.
    Received,
    /// An officer works on it.
    InProgress {
        /// Who took it up.
        by: OfficerId,
        /// When.
        at: Instant,
    },
    /// It was answered. A refusal is an answer with its grounds and the two remedies (GDPR art. 12(4)).
    Answered {
        /// Who answered.
        by: OfficerId,
        /// When.
        at: Instant,
        /// In the officer's words.
        answer: String,
    },
}

/// A request about one's own data (kit document K18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsRequest {
    /// Identifier.
    pub id: RightsRequestId,
    /// Who asks, about herself.
    pub participant: ParticipantId,
    /// Which right.
    pub right: Right,
    /// In her words; may be empty.
    pub words: String,
    /// When it arrived: the clock starts.
    pub received_at: Instant,
    /// The last day of an answer in time, in the controller's calendar.
    pub due_on: Date,
    /// Where it stands.
    pub state: RightsState,
}

/// Why a step cannot be taken.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum CannotAnswer {
    /// It was answered already.
    #[error("this request was answered already")]
    AlreadyAnswered,
    /// It was taken up already.
    #[error("this request was taken up already")]
    AlreadyTaken,
    /// An answer without words is none.
    #[error("an answer needs words")]
    NoWords,
}

impl RightsRequest {
    /// The request once an officer has taken it up.
    ///
    /// # Errors
    /// See [`CannotAnswer`].
    pub fn taken(self, by: OfficerId, at: Instant) -> Result<Self, CannotAnswer> {
        match self.state {
            RightsState::Received => Ok(Self {
                state: RightsState::InProgress { by, at },
                ..self
            }),
            RightsState::InProgress { .. } => Err(CannotAnswer::AlreadyTaken),
            RightsState::Answered { .. } => Err(CannotAnswer::AlreadyAnswered),
        }
    }

    /// The request once an officer has answered it.
    ///
    /// # Errors
    /// See [`CannotAnswer`].
    pub fn answered(self, by: OfficerId, at: Instant, answer: &str) -> Result<Self, CannotAnswer> {
        if matches!(self.state, RightsState::Answered { .. }) {
            return Err(CannotAnswer::AlreadyAnswered);
        }
        let answer = answer.trim().to_owned();
        if answer.is_empty() {
            return Err(CannotAnswer::NoWords);
        }
        Ok(Self {
            state: RightsState::Answered { by, at, answer },
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn request() -> RightsRequest {
        RightsRequest {
            id: RightsRequestId::from_bytes([1; 16]),
            participant: ParticipantId::from_bytes([2; 16]),
            right: Right::Access,
            words: String::new(),
            received_at: Instant::parse("2026-11-22T10:00:00Z").unwrap(),
            due_on: date(2026, 12, 22),
            state: RightsState::Received,
        }
    }

    #[test]
    fn a_request_is_taken_up_once_and_answered_once() {
        let (by, at) = (OfficerId::from_bytes([3; 16]), request().received_at);
        let taken = request().taken(by, at).unwrap();
        assert_eq!(taken.clone().taken(by, at), Err(CannotAnswer::AlreadyTaken));
        let answered = taken.answered(by, at, " Voici. ").unwrap();
        assert!(matches!(&answered.state, RightsState::Answered { answer, .. } if answer == "Voici."));
        assert_eq!(answered.clone().taken(by, at), Err(CannotAnswer::AlreadyAnswered));
        assert_eq!(
            answered.answered(by, at, "encore"),
            Err(CannotAnswer::AlreadyAnswered)
        );
    }

    #[test]
    fn an_answer_without_words_is_none() {
        let request = request();
        let (by, at) = (OfficerId::from_bytes([3; 16]), request.received_at);
        assert_eq!(request.answered(by, at, " \n"), Err(CannotAnswer::NoWords));
    }

    #[test]
    fn a_right_is_found_by_its_code() {
        for right in Right::ALL {
            assert_eq!(Right::from_code(right.code()), Some(right));
        }
        assert_eq!(Right::from_code("marry"), None);
    }
}
