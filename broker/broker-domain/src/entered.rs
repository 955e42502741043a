//! Acts that an officer enters for a person who wrote, called or came, and that another officer looks at.
//!
//! One enters, another confirms, never the same one (`consent.md` §5, four eyes). Nothing takes effect before that, but for what
//! takes away: withdrawing is never harder than granting (GDPR art. 7(3)), so it counts at once and is looked at afterwards.

mod window;

use jiff::civil::Date;
use thiserror::Error;

use crate::consent::Method;
use crate::household::CapacityEnd;
use crate::ids::{ConsentId, Digest, EnteredId, OfferId, OfficerId, ParticipantId, PointId, RightsRequestId};
use crate::rights::Right;
use crate::time::Instant;

pub use window::CodeWindow;

/// How long an act waits for the second officer, in seconds: 7 days (`consent.md` §5).
pub const WAITS_SECONDS: i64 = 7 * 86_400;
/// How long a new code for an account is kept back after both officers agreed, in seconds: 72 hours, in which the person can
/// stop it.
pub const CODE_WAITS_SECONDS: i64 = 72 * 3_600;
/// How long it can then be handed out, in seconds: 14 days, as long as a participant's invitation is good for.
pub const CODE_STANDS_SECONDS: i64 = 14 * 86_400;

/// What an officer enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The person agreed to an offer, on paper.
    Grant {
        /// Which offer.
        offer: OfferId,
        /// For which meter.
        point: PointId,
        /// SHA-256 of the notice printed on the form that she signed.
        notice: Digest,
    },
    /// She withdrew.
    Withdraw {
        /// Which consent.
        consent: ConsentId,
    },
    /// She stops transfers, and the sharing stands.
    Freeze {
        /// Which consent.
        consent: ConsentId,
    },
    /// She asks for one of her rights.
    Ask {
        /// The request that this opens.
        request: RightsRequestId,
        /// Which right.
        right: Right,
    },
    /// She lost the way into her account, and asks for a new code.
    Code {
        /// Whether the officer who enters it saw her.
        seen: Seen,
    },
    /// She died or cannot decide any more, as a document shows.
    Capacity {
        /// Which of both.
        end: CapacityEnd,
        /// From when on.
        since: Instant,
        /// The case for whoever acts for her.
        case: RightsRequestId,
    },
}

/// Whether somebody said, on the form or on the page, that she is of age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgeSaid {
    /// She said so.
    OfAge,
    /// She did not.
    Unsaid,
}

/// Whether an officer saw the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seen {
    /// In person, with her papers.
    InPerson,
    /// She wrote or called.
    FromAfar,
}

/// When an entered act counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counts {
    /// When it is entered; the second officer looks at it afterwards.
    AtOnce,
    /// When the second officer confirmed it.
    Confirmed,
}

impl Entry {
    /// When it counts. A request about rights does nothing by itself, and its clock runs from its arrival (GDPR art. 12(3)).
    #[must_use]
    pub const fn counts(&self) -> Counts {
        match self {
            Self::Withdraw { .. } | Self::Freeze { .. } | Self::Ask { .. } => Counts::AtOnce,
            Self::Grant { .. } | Self::Code { .. } | Self::Capacity { .. } => Counts::Confirmed,
        }
    }

    /// The code in the database and in records.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Grant { .. } => "grant",
            Self::Withdraw { .. } => "withdraw",
            Self::Freeze { .. } => "freeze",
            Self::Ask { .. } => "ask-right",
            Self::Code { .. } => "new-code",
            Self::Capacity { .. } => "end-capacity",
        }
    }

    /// Whether it may come by this way: nobody agrees by telephone, and nobody shows a document by it.
    #[must_use]
    pub const fn may_come(&self, by: Method) -> bool {
        match by {
            Method::Paper => true,
            Method::Phone => !matches!(self, Self::Grant { .. } | Self::Capacity { .. }),
            Method::Passkey | Method::Web | Method::EmailLink | Method::Upstream | Method::Clock => false,
        }
    }
}

/// What there is to look at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// The reference printed on the form.
    pub form: Option<String>,
    /// The day that stands beside the signature.
    pub signed_on: Option<Date>,
    /// The day on which it arrived, or of the call.
    pub arrived_on: Option<Date>,
    /// SHA-256 of the scan, which is kept elsewhere.
    pub scan: Option<Digest>,
}

/// An act that was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnteredAct {
    /// Identifier; of the form that was filled in, so that a form that is sent twice enters one act.
    pub id: EnteredId,
    /// For whom.
    pub participant: ParticipantId,
    /// What.
    pub entry: Entry,
    /// How it came: [`Method::Paper`] or [`Method::Phone`].
    pub method: Method,
    /// What there is to look at.
    pub sheet: Sheet,
    /// Who entered it.
    pub by: OfficerId,
    /// When.
    pub at: Instant,
    /// Where it stands.
    pub state: EnteredState,
}

/// Where an entered act stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnteredState {
    /// It waits for another officer.
    Waiting,
    /// Another officer found it right.
    Confirmed {
        /// Who.
        by: OfficerId,
        /// When.
        at: Instant,
        /// Whether that officer saw the person too.
        seen: Seen,
    },
    /// Another officer found it wrong.
    SentBack {
        /// Who.
        by: OfficerId,
        /// When.
        at: Instant,
    },
    /// The person stopped it: it was not her.
    Stopped {
        /// When.
        at: Instant,
    },
}

/// What can be done about an entered act now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Waits for another officer, without effect.
    Waiting,
    /// In effect, and waits for another officer.
    InEffect,
    /// Nobody looked at it in time, and it never took effect.
    Expired,
    /// Confirmed.
    Confirmed,
    /// Found wrong.
    SentBack,
    /// Stopped by the person.
    Stopped,
}

/// Why an entered act is not decided.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum CannotConfirm {
    /// Four eyes are two persons.
    #[error("another officer than the one who entered it must look at this")]
    SamePerson,
    /// Somebody decided before.
    #[error("this was decided before")]
    Decided,
    /// Nobody looked at it in time.
    #[error("nobody looked at this within seven days; it has to be entered again")]
    Expired,
}

impl EnteredState {
    /// The code of its outcome in the database and in forms; `None` while it waits.
    #[must_use]
    pub const fn outcome(&self) -> Option<&'static str> {
        match self {
            Self::Waiting => None,
            Self::Confirmed { .. } => Some("confirmed"),
            Self::SentBack { .. } => Some("sent-back"),
            Self::Stopped { .. } => Some("stopped"),
        }
    }
}

impl EnteredAct {
    /// Until when it waits.
    #[must_use]
    pub fn expires_at(&self) -> Instant {
        self.at.plus_seconds(WAITS_SECONDS)
    }

    /// Where it stands at an instant. That nobody looked at it in time is computed, never stored; what counts already goes on
    /// waiting to be looked at.
    #[must_use]
    pub fn standing(&self, now: Instant) -> Standing {
        match (self.state, self.entry.counts()) {
            (EnteredState::Waiting, Counts::AtOnce) => Standing::InEffect,
            (EnteredState::Waiting, Counts::Confirmed) if self.expires_at() <= now => Standing::Expired,
            (EnteredState::Waiting, Counts::Confirmed) => Standing::Waiting,
            (EnteredState::Confirmed { .. }, _) => Standing::Confirmed,
            (EnteredState::SentBack { .. }, _) => Standing::SentBack,
            (EnteredState::Stopped { .. }, _) => Standing::Stopped,
        }
    }

    /// The act once another officer found it right.
    ///
    /// # Errors
    /// See [`CannotConfirm`].
    pub fn confirmed(self, by: OfficerId, seen: Seen, now: Instant) -> Result<Self, CannotConfirm> {
        self.may_decide(by, now)?;
        Ok(Self {
            state: EnteredState::Confirmed { by, at: now, seen },
            ..self
        })
    }

    /// The act once another officer found it wrong. Nothing that it took away comes back by that.
    ///
    /// # Errors
    /// See [`CannotConfirm`].
    pub fn sent_back(self, by: OfficerId, now: Instant) -> Result<Self, CannotConfirm> {
        self.may_decide(by, now)?;
        Ok(Self {
            state: EnteredState::SentBack { by, at: now },
            ..self
        })
    }

    /// What the person stopped: a new code, before or after it was confirmed; a grant or an end of her capacity that waits;
    /// `None` for anything else.
    #[must_use]
    pub fn stopped(self, now: Instant) -> Option<Self> {
        let stoppable = matches!(
            (self.entry, self.state),
            (
                Entry::Code { .. },
                EnteredState::Waiting | EnteredState::Confirmed { .. }
            ) | (
                Entry::Grant { .. } | Entry::Capacity { .. },
                EnteredState::Waiting
            )
        );
        stoppable.then_some(Self {
            state: EnteredState::Stopped { at: now },
            ..self
        })
    }

    fn may_decide(&self, by: OfficerId, now: Instant) -> Result<(), CannotConfirm> {
        if by == self.by {
            return Err(CannotConfirm::SamePerson);
        }
        match self.standing(now) {
            Standing::Waiting | Standing::InEffect => Ok(()),
            Standing::Expired => Err(CannotConfirm::Expired),
            Standing::Confirmed | Standing::SentBack | Standing::Stopped => Err(CannotConfirm::Decided),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIRST: OfficerId = OfficerId::from_bytes([1; 16]);
    const SECOND: OfficerId = OfficerId::from_bytes([2; 16]);

    fn at(seconds: i64) -> Instant {
        Instant::parse("2026-11-20T09:00:00Z")
            .unwrap()
            .plus_seconds(seconds)
    }

    fn act(entry: Entry) -> EnteredAct {
        EnteredAct {
            id: EnteredId::from_bytes([3; 16]),
            participant: ParticipantId::from_bytes([4; 16]),
            entry,
            method: Method::Paper,
            sheet: Sheet::default(),
            by: FIRST,
            at: at(0),
            state: EnteredState::Waiting,
        }
    }

    fn code(seen: Seen) -> EnteredAct {
        act(Entry::Code { seen })
    }

    fn withdrawal() -> EnteredAct {
        let consent = ConsentId::from_bytes([5; 16]);
        act(Entry::Withdraw { consent })
    }

    #[test]
    fn two_officers_are_two_persons() {
        let same = code(Seen::InPerson).confirmed(FIRST, Seen::InPerson, at(1));
        assert_eq!(same, Err(CannotConfirm::SamePerson));
        assert_eq!(
            withdrawal().sent_back(FIRST, at(1)),
            Err(CannotConfirm::SamePerson)
        );
        assert!(
            code(Seen::InPerson)
                .confirmed(SECOND, Seen::InPerson, at(1))
                .is_ok()
        );
    }

    #[test]
    fn what_gives_expires_and_what_takes_away_stands() {
        let late = at(WAITS_SECONDS);
        assert_eq!(code(Seen::InPerson).standing(late), Standing::Expired);
        let confirmed = code(Seen::InPerson).confirmed(SECOND, Seen::InPerson, late);
        assert_eq!(confirmed, Err(CannotConfirm::Expired));
        assert_eq!(withdrawal().standing(late), Standing::InEffect);
        assert!(withdrawal().confirmed(SECOND, Seen::FromAfar, late).is_ok());
    }

    #[test]
    fn a_code_waits_unless_both_saw_the_person() {
        let from = |first, second| {
            let act = code(first).confirmed(SECOND, second, at(60)).unwrap();
            act.code_from().unwrap().0
        };
        assert_eq!(from(Seen::InPerson, Seen::InPerson), at(60));
        for (first, second) in [
            (Seen::InPerson, Seen::FromAfar),
            (Seen::FromAfar, Seen::InPerson),
            (Seen::FromAfar, Seen::FromAfar),
        ] {
            assert_eq!(from(first, second), at(60 + CODE_WAITS_SECONDS));
        }
        assert_eq!(code(Seen::InPerson).code_from(), None);
    }

    #[test]
    fn the_days_before_a_code_run_from_when_she_was_told() {
        let window = |first, second, told: Option<i64>| {
            let act = code(first).confirmed(SECOND, second, at(60)).unwrap();
            act.code_window(told.map(at)).unwrap()
        };
        let until = at(60 + CODE_WAITS_SECONDS + CODE_STANDS_SECONDS);
        let untold = window(Seen::InPerson, Seen::FromAfar, None);
        assert_eq!(untold, CodeWindow::Untold { until });
        for (told, from) in [(5, 60), (60, 60), (9_000, 9_000)] {
            let from = at(from + CODE_WAITS_SECONDS);
            let known = window(Seen::FromAfar, Seen::InPerson, Some(told));
            assert_eq!(known, CodeWindow::Known { from, until });
        }
        let both = window(Seen::InPerson, Seen::InPerson, None);
        let until = at(60 + CODE_STANDS_SECONDS);
        assert_eq!(both, CodeWindow::Known { from: at(60), until });
        assert_eq!(code(Seen::InPerson).code_window(Some(at(1))), None);
    }

    #[test]
    fn a_person_stops_a_code_and_a_grant_that_waits_and_nothing_else() {
        let confirmed = code(Seen::FromAfar).confirmed(SECOND, Seen::FromAfar, at(1));
        let stopped = confirmed.unwrap().stopped(at(2)).unwrap();
        assert_eq!(stopped.standing(at(3)), Standing::Stopped);
        assert_eq!(stopped.code_from(), None);
        assert_eq!(stopped.stopped(at(4)), None);
        assert_eq!(withdrawal().stopped(at(1)), None);
        let grant = act(Entry::Grant {
            offer: OfferId::from_bytes([1; 16]),
            point: PointId::from_bytes([1; 16]),
            notice: Digest([1; 32]),
        });
        let stopped = grant.clone().stopped(at(1)).unwrap();
        assert_eq!(stopped.standing(at(2)), Standing::Stopped);
        let given = grant.confirmed(SECOND, Seen::FromAfar, at(1)).unwrap();
        assert_eq!(given.stopped(at(2)), None, "she withdraws what is in force");
    }

    #[test]
    fn nobody_agrees_by_telephone() {
        let grant = Entry::Grant {
            offer: OfferId::from_bytes([1; 16]),
            point: PointId::from_bytes([1; 16]),
            notice: Digest([1; 32]),
        };
        assert!(!grant.may_come(Method::Phone) && grant.may_come(Method::Paper));
        assert!(withdrawal().entry.may_come(Method::Phone));
        assert!(!withdrawal().entry.may_come(Method::Web));
    }

    proptest! {
        #[test]
        fn a_decision_is_taken_once(first in 0..WAITS_SECONDS, second in 0..WAITS_SECONDS) {
            let decided = withdrawal().sent_back(SECOND, at(first)).unwrap();
            let again = decided.confirmed(OfficerId::from_bytes([9; 16]), Seen::InPerson, at(second));
            prop_assert_eq!(again, Err(CannotConfirm::Decided));
        }
    }
}
