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
    /// When two further months were taken, if they were.
    pub extended_at: Option<Instant>,
    /// Since when the clock stands still.
    pub paused_at: Option<Instant>,
    /// On how many days it stood still before.
    pub paused_days: u16,
    /// Where it stands.
    pub state: RightsState,
}

/// Who wrote in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Author {
    /// The person.
    Person,
    /// An officer.
    Officer,
}

impl Author {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Person, Self::Officer];

    /// The code in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Officer => "officer",
        }
    }

    /// The author with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|author| author.code() == code)
    }
}

/// What was written in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WordKind {
    /// What the person asked.
    Asked,
    /// A message.
    Message,
    /// Why two further months are needed.
    Extension,
    /// Why the clock stands still: whose request it is must be shown first.
    Pause,
    /// The answer.
    Answer,
}

impl WordKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Asked,
        Self::Message,
        Self::Extension,
        Self::Pause,
        Self::Answer,
    ];

    /// The code in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Message => "message",
            Self::Extension => "extension",
            Self::Pause => "pause",
            Self::Answer => "answer",
        }
    }

    /// The kind with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
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
    /// An answer without words is none, nor is a message, a pause or an extension.
    #[error("this step needs words")]
    NoWords,
    /// Two further months were taken already.
    #[error("this request was extended already; two further months are all there are")]
    AlreadyExtended,
    /// The first month is over.
    #[error("the first month is over; an extension is told within it")]
    TooLateToExtend,
    /// The clock stands still already.
    #[error("the clock of this request stands still already")]
    AlreadyPaused,
    /// The clock runs.
    #[error("the clock of this request runs")]
    NotPaused,
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

    fn open(&self) -> Result<(), CannotAnswer> {
        match self.state {
            RightsState::Answered { .. } => Err(CannotAnswer::AlreadyAnswered),
            RightsState::Received | RightsState::InProgress { .. } => Ok(()),
        }
    }

    /// The request once somebody wrote about it.
    ///
    /// # Errors
    /// [`CannotAnswer::AlreadyAnswered`]: what comes after the answer is a request of its own.
    pub fn written(self) -> Result<Self, CannotAnswer> {
        self.open()?;
        Ok(self)
    }

    /// The request once two further months were taken (GDPR art. 12(3): "within one month of receipt of the request,
    /// together with the reasons"), due on `due_on`.
    ///
    /// # Errors
    /// See [`CannotAnswer`].
    pub fn extended(self, at: Instant, today: Date, due_on: Date) -> Result<Self, CannotAnswer> {
        self.open()?;
        if self.extended_at.is_some() {
            return Err(CannotAnswer::AlreadyExtended);
        }
        // A clock that stands still has not come to the end of its month.
        if self.paused_at.is_none() && self.due_on < today {
            return Err(CannotAnswer::TooLateToExtend);
        }
        Ok(Self {
            extended_at: Some(at),
            due_on,
            ..self
        })
    }

    /// The request while it is not clear who asks (GDPR art. 12(6)).
    ///
    /// # Errors
    /// See [`CannotAnswer`].
    pub fn paused(self, at: Instant) -> Result<Self, CannotAnswer> {
        self.open()?;
        match self.paused_at {
            Some(_) => Err(CannotAnswer::AlreadyPaused),
            None => Ok(Self {
                paused_at: Some(at),
                ..self
            }),
        }
    }

    /// The request once that is clear, having stood still on so many days in all, due on `due_on`.
    ///
    /// # Errors
    /// See [`CannotAnswer`].
    pub fn resumed(self, paused_days: u16, due_on: Date) -> Result<Self, CannotAnswer> {
        self.open()?;
        match self.paused_at {
            None => Err(CannotAnswer::NotPaused),
            Some(_) => Ok(Self {
                paused_at: None,
                paused_days,
                due_on,
                ..self
            }),
        }
    }

    /// The request once an officer has answered it.
    ///
    /// # Errors
    /// See [`CannotAnswer`].
    pub fn answered(self, by: OfficerId, at: Instant, answer: &str) -> Result<Self, CannotAnswer> {
        self.open()?;
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
            extended_at: None,
            paused_at: None,
            paused_days: 0,
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
    fn two_further_months_are_told_within_the_first_and_once() {
        let later = date(2027, 2, 22);
        let at = request().received_at;
        let extended = request().extended(at, date(2026, 12, 22), later).unwrap();
        assert_eq!(extended.due_on, later);
        let again = extended.extended(at, date(2026, 12, 23), later);
        assert_eq!(again, Err(CannotAnswer::AlreadyExtended));
        let late = request().extended(at, date(2026, 12, 23), later);
        assert_eq!(late, Err(CannotAnswer::TooLateToExtend));
    }

    #[test]
    fn a_clock_stands_still_once_at_a_time() {
        let at = request().received_at;
        assert_eq!(
            request().resumed(1, date(2026, 12, 23)),
            Err(CannotAnswer::NotPaused)
        );
        let paused = request().paused(at).unwrap();
        assert_eq!(paused.clone().paused(at), Err(CannotAnswer::AlreadyPaused));
        let resumed = paused.resumed(1, date(2026, 12, 23)).unwrap();
        assert_eq!((resumed.paused_days, resumed.due_on), (1, date(2026, 12, 23)));
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
