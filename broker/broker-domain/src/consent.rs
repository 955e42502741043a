//! Consent: events, the state they make, and the check that nothing passes without.
//!
//! One consent is one purpose × one granularity × one recipient for one point (invariant I7). Its state at an instant
//! is a pure function of its events (`consent.md` §2.2); expiry is computed at each decision, never only stored.

mod act;
mod coverage;
mod kind;
mod lifecycle;
mod occupancy;
mod pause;
mod wait;

use thiserror::Error;

use crate::ids::{ConsentId, Digest, OfferId, OrganisationId, ParticipantId, PointId, Purpose};
use crate::time::{Instant, Interval, InvalidTime, Step};
pub use act::{EvidenceLevel, How, Method};
pub use coverage::{Ask, Covered, CoveredIntake, covers, covers_intake};
pub use kind::EventParts;
pub use lifecycle::{NotAdmitted, Terms};
pub use occupancy::{Departure, Occupancy};
pub use pause::Pause;
pub use wait::{Proposal, WAIT_SECONDS};

/// What happened to a consent. Names as in `consent.md` §2.2, where the DPV has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Somebody asked for it.
    Requested,
    /// The person will answer later.
    Deferred,
    /// The person agreed.
    Given,
    /// The person said no.
    Refused,
    /// The person left less of it: coarser, shorter, or both. A partial withdrawal.
    Narrowed(Terms),
    /// The person agreed to a later end before the old one came, having seen both.
    Renewed(Terms),
    /// The person stopped transfers for a while. The consent stands.
    Paused {
        /// When they may go on by themselves.
        until: Instant,
    },
    /// The person ended a pause early.
    Resumed,
    /// The person ended it. Nothing after it makes the consent valid again.
    Withdrawn,
    /// Somebody else ended it: a controller or an officer, not the person.
    Revoked,
    /// Its end was announced. Expiry is computed without it: it tells people, and closes nothing that was not closed.
    Expired,
    /// What it stood on is gone: the person moved out, lost the capacity, or died.
    Invalidated,
    /// The person agreed to other terms in its place.
    Superseded {
        /// The consent that took its place.
        by: ConsentId,
    },
    /// The broker was restored from a backup and has lost records of this person: a withdrawal may be among them. Ends
    /// the consent as a withdrawal does; only the person can give a new one (docs/decisions/0019).
    Suspended,
    /// One of several who must agree did, and another has not yet. Nothing moves for it.
    Agreed {
        /// Until when it waits for the others.
        until: Instant,
        /// The terms, where a later end of a consent in force is agreed to.
        renewal: Option<Terms>,
    },
    /// One of them took back what waits, or said no to it.
    Declined,
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
            occupancy: Occupancy::default(),
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
    /// The finest step allowed, as first agreed. What holds now is in [`Consent::terms_now`], here and below.
    pub step: Step,
    /// The span of readings it covers, as first agreed. Its end is the end of the consent.
    pub data: Interval,
    /// SHA-256 of the terms first agreed to.
    pub terms: Digest,
    /// SHA-256 of the notice first shown.
    pub notice: Digest,
    /// How long the person lives where the point is, as far as is known.
    pub occupancy: Occupancy,
    /// Its events, in order of `seq`.
    pub events: Vec<ConsentEvent>,
}

/// What a consent is at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing has happened yet.
    Unknown,
    /// Asked for, not answered.
    Requested,
    /// The person will answer later.
    Deferred,
    /// One of several who must agree did; it waits for the others, and nothing moves.
    Waiting {
        /// Since when.
        since: Instant,
        /// Until when: nothing came of it then.
        until: Instant,
    },
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
    /// Somebody else ended it.
    Revoked {
        /// When it took effect.
        at: Instant,
    },
    /// What it stood on is gone.
    Invalidated {
        /// Since when.
        at: Instant,
    },
    /// The person agreed to other terms in its place.
    Superseded {
        /// When.
        at: Instant,
        /// The consent that took its place.
        by: ConsentId,
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
    /// A consent exists and somebody else ended it, or what it stood on is gone.
    #[error("the consent was closed on {at}; only the participant can give a new one")]
    Closed {
        /// When.
        at: Instant,
    },
    /// A consent exists and waits for the participant's word, because the contract of the meter changed.
    // No date and no reason: the text goes to recipients, and contracts are none of their business.
    #[error("transfers are suspended for now; ask again later")]
    Held {
        /// Since when.
        since: Instant,
    },
    /// A consent exists and is paused by the participant.
    #[error("the participant paused this until {until}; ask again then")]
    Paused {
        /// When transfers may go on.
        until: Instant,
    },
    /// Readings of a time at which the consent was paused.
    #[error("the participant paused this from {from} to {until}; ask for the time before or after")]
    DuringPause {
        /// Start of the pause.
        from: Instant,
        /// Its end.
        until: Instant,
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
            Self::Closed { .. } => "consent-closed",
            Self::Held { .. } => "holder-unconfirmed",
            Self::Paused { .. } => "consent-paused",
            Self::DuringPause { .. } => "paused-period",
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
            Self::Suspended { .. } | Self::Closed { .. } => 3,
            Self::Held { .. } | Self::Paused { .. } => 4,
            Self::OutsidePeriod { .. } | Self::NothingNeeded => 5,
            Self::DuringPause { .. } => 6,
            Self::TooFine { .. } => 7,
            Self::Misaligned { .. } => 8,
        }
    }
}

impl Consent {
    /// The same consent under the digest of its terms.
    #[must_use]
    pub fn on_terms(self, terms: Digest) -> Self {
        Self { terms, ..self }
    }

    /// The event that comes next and takes effect at once, with the digest of its record. `None` when there are more
    /// events than numbers.
    #[must_use]
    pub fn next_event(&self, kind: EventKind, now: Instant, record: Digest) -> Option<ConsentEvent> {
        self.dated_event(kind, now, now, record)
    }

    /// The same for one that took effect before we knew.
    #[must_use]
    pub fn dated_event(
        &self,
        kind: EventKind,
        effective_at: Instant,
        recorded_at: Instant,
        record: Digest,
    ) -> Option<ConsentEvent> {
        Some(ConsentEvent {
            seq: u32::try_from(self.events.len()).ok()?,
            kind,
            effective_at,
            recorded_at,
            record,
        })
    }

    /// The digest of the newest event's record: what the next event and each transfer point to.
    #[must_use]
    pub fn head(&self) -> Option<Digest> {
        self.events.last().map(|event| event.record)
    }
}

#[cfg(test)]
mod tests;
