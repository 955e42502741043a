//! Consent: events, the state they make, and the check that nothing passes without.
//!
//! One consent is one purpose × one granularity × one recipient for one point (invariant I7). Its state at an instant
//! is a pure function of its events (`consent.md` §2.2); expiry is computed at each decision, never only stored.

mod act;
mod coverage;

use thiserror::Error;

use crate::ids::{ConsentId, Digest, OfferId, OrganisationId, ParticipantId, PointId, Purpose};
use crate::time::{Instant, Interval, InvalidTime, Step};
pub use act::{EvidenceLevel, How, Method};
pub use coverage::{Ask, Covered, CoveredIntake, covers, covers_intake};

/// What happened to a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The person agreed.
    Given,
    /// The person said no.
    Refused,
    /// The person ended it. Nothing after it makes the consent valid again.
    Withdrawn,
    /// The broker was restored from a backup and has lost records of this person: a withdrawal may be among them. Ends
    /// the consent as a withdrawal does; only the person can give a new one (docs/decisions/0019).
    Suspended,
}

impl EventKind {
    /// The name used in the database and in records.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Suspended => "suspended",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Given, Self::Refused, Self::Withdrawn, Self::Suspended]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// One change of a consent; events are only ever added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsentEvent {
    /// 0, 1, 2, … without a gap.
    pub seq: u32,
    /// What happened.
    pub kind: EventKind,
    /// When it took effect.
    pub effective_at: Instant,
    /// When we knew.
    pub recorded_at: Instant,
    /// SHA-256 of the event's signed record: the link to the ledger, and to the event after it.
    pub record: Digest,
}

/// What a recipient asks people to agree to: the exact terms, shown in full before the choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its identifier.
    pub id: OfferId,
    /// Who would receive.
    pub recipient: OrganisationId,
    /// For what.
    pub purpose: Purpose,
    /// The finest step it asks for.
    pub step: Step,
    /// How long a consent lasts, in days.
    pub days: u32,
    /// SHA-256 of the reference-language notice, of the bytes rendered.
    pub notice: Digest,
}

impl Offer {
    /// The consent of a participant who was shown `notice` and answers this offer at `now`: it covers readings from then
    /// on, for as many days as the offer says. Its terms are still to be sealed with [`Consent::on_terms`], and it is
    /// nothing until its first event.
    ///
    /// # Errors
    /// [`InvalidTime`] when the end lies outside the calendar.
    pub fn answered_by(
        &self,
        participant: ParticipantId,
        point: PointId,
        notice: Digest,
        id: ConsentId,
        now: Instant,
    ) -> Result<Consent, InvalidTime> {
        let until = now.plus_seconds(i64::from(self.days) * 86_400);
        Ok(Consent {
            id,
            participant,
            point,
            recipient: self.recipient,
            purpose: self.purpose.clone(),
            step: self.step,
            data: Interval::new(now, until)?,
            terms: Digest([0; 32]),
            notice,
            events: Vec::new(),
        })
    }
}

/// A consent with its history.
///
/// Built by [`Offer::answered_by`] and by the stores that read one back, and by nobody else: `audit-tests` looks for
/// other literals, since a consent made up on the way would cover whatever it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Its identifier.
    pub id: ConsentId,
    /// Who agreed.
    pub participant: ParticipantId,
    /// For which point.
    pub point: PointId,
    /// To whom.
    pub recipient: OrganisationId,
    /// For what.
    pub purpose: Purpose,
    /// The finest step allowed.
    pub step: Step,
    /// The span of readings it covers. Its end is the end of the consent.
    pub data: Interval,
    /// SHA-256 of the terms agreed to.
    pub terms: Digest,
    /// SHA-256 of the notice shown.
    pub notice: Digest,
    /// Its events, in order of `seq`.
    pub events: Vec<ConsentEvent>,
}

/// What a consent is at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing has happened yet.
    Unknown,
    /// In force.
    Given {
        /// Since when.
        since: Instant,
    },
    /// The person said no.
    Refused,
    /// The person ended it.
    Withdrawn {
        /// When it took effect.
        at: Instant,
    },
    /// Records of the person were lost in a restore; nobody knows whether it still stood.
    Suspended {
        /// When the restore ended it.
        at: Instant,
    },
    /// Its time ran out.
    Expired {
        /// When.
        at: Instant,
    },
}

/// Why readings may not move.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No consent for this point, recipient and purpose.
    #[error(
        "no consent covers this point for this recipient and purpose; the participant must grant one first"
    )]
    NoConsent,
    /// A consent exists and was withdrawn.
    #[error("the consent was withdrawn on {at}; only the participant can give a new one")]
    Withdrawn {
        /// When.
        at: Instant,
    },
    /// A consent exists and was ended by a restore, because a withdrawal may have been lost.
    #[error(
        "the consent was suspended on {at}, when records were lost in a restore; only the participant can give a new one"
    )]
    Suspended {
        /// When.
        at: Instant,
    },
    /// A consent exists and has run out.
    #[error("the consent ended on {at}; only the participant can give a new one")]
    Expired {
        /// When.
        at: Instant,
    },
    /// Finer values asked than were agreed.
    #[error("values every {asked} s asked, at most one every {consented} s agreed")]
    TooFine {
        /// The step agreed, in seconds.
        consented: u32,
        /// The step asked, in seconds.
        asked: u32,
    },
    /// Readings outside the span agreed.
    #[error("the period asked is outside the period agreed, {from} to {until}")]
    OutsidePeriod {
        /// Start of the span agreed.
        from: Instant,
        /// End of the span agreed.
        until: Instant,
    },
    /// A period or step off the grid agreed: two curves shifted against each other would tell finer values.
    #[error("periods begin and end on whole steps of {consented} s, and the step asked is a multiple of it")]
    Misaligned {
        /// The step agreed, in seconds.
        consented: u32,
    },
    /// Nothing of what was handed in is needed for what was agreed.
    #[error(
        "nothing in the batch is needed for what was agreed; let the gateway send energy indices of the period agreed"
    )]
    NothingNeeded,
}

impl Refusal {
    /// A stable code for machines and records.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoConsent => "consent-missing",
            Self::Withdrawn { .. } => "consent-withdrawn",
            Self::Suspended { .. } => "consent-suspended",
            Self::Expired { .. } => "consent-expired",
            Self::TooFine { .. } => "granularity-too-fine",
            Self::OutsidePeriod { .. } => "outside-period",
            Self::Misaligned { .. } => "misaligned",
            Self::NothingNeeded => "nothing-needed",
        }
    }

    /// How far a consent got before it failed: the nearest miss explains best.
    const fn nearness(&self) -> u8 {
        match self {
            Self::NoConsent => 0,
            Self::Expired { .. } => 1,
            Self::Withdrawn { .. } => 2,
            Self::Suspended { .. } => 3,
            Self::OutsidePeriod { .. } | Self::NothingNeeded => 4,
            Self::TooFine { .. } => 5,
            Self::Misaligned { .. } => 6,
        }
    }
}

impl Consent {
    /// The state at `now`, from the events that had taken effect by then; a withdrawal counts as soon as it is known.
    #[must_use]
    pub fn state(&self, now: Instant) -> State {
        // Withdrawal is monotone: no later event revives the consent (consent.md §2.2), and neither does a clock that
        // went back behind it. The same holds for a suspension.
        if let Some(ended) = self.events.iter().find_map(ended_by) {
            return ended;
        }
        let newest = self.events.iter().rfind(|event| event.effective_at <= now);
        let state = match newest.map(|event| (event.kind, event.effective_at)) {
            None => State::Unknown,
            Some((EventKind::Given, since)) => State::Given { since },
            Some((EventKind::Refused, _)) => State::Refused,
            Some((EventKind::Withdrawn, at)) => State::Withdrawn { at },
            Some((EventKind::Suspended, at)) => State::Suspended { at },
        };
        match state {
            State::Given { .. } if self.data.end() <= now => State::Expired { at: self.data.end() },
            other => other,
        }
    }

    /// The same consent under the digest of its terms.
    #[must_use]
    pub fn on_terms(self, terms: Digest) -> Self {
        Self { terms, ..self }
    }

    /// The event that comes next, with the digest of its record. `None` when there are more events than numbers.
    #[must_use]
    pub fn next_event(&self, kind: EventKind, now: Instant, record: Digest) -> Option<ConsentEvent> {
        Some(ConsentEvent {
            seq: u32::try_from(self.events.len()).ok()?,
            kind,
            effective_at: now,
            recorded_at: now,
            record,
        })
    }

    /// The digest of the newest event's record: what the next event and each transfer point to.
    #[must_use]
    pub fn head(&self) -> Option<Digest> {
        self.events.last().map(|event| event.record)
    }

    fn in_force(&self, now: Instant) -> Result<(), Refusal> {
        match self.state(now) {
            State::Given { .. } => Ok(()),
            State::Withdrawn { at } => Err(Refusal::Withdrawn { at }),
            State::Suspended { at } => Err(Refusal::Suspended { at }),
            State::Expired { at } => Err(Refusal::Expired { at }),
            State::Unknown | State::Refused => Err(Refusal::NoConsent),
        }
    }
}

/// The state that an event leads to for ever.
fn ended_by(event: &ConsentEvent) -> Option<State> {
    let at = event.effective_at;
    match event.kind {
        EventKind::Withdrawn => Some(State::Withdrawn { at }),
        EventKind::Suspended => Some(State::Suspended { at }),
        EventKind::Given | EventKind::Refused => None,
    }
}

#[cfg(test)]
mod tests;
