//! Consent: events, the state they make, and the check that nothing passes without.
//!
//! One consent is one purpose × one granularity × one recipient for one point (invariant I7). Its state at an instant
//! is a pure function of its events (`consent.md` §2.2); expiry is computed at each decision, never only stored.

use thiserror::Error;

use crate::ids::{ConsentId, Digest, OfferId, OrganisationId, ParticipantId, PointId, Purpose};
use crate::time::{Instant, Interval, Step};

/// What happened to a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The person agreed.
    Given,
    /// The person said no.
    Refused,
    /// The person ended it. Nothing after it makes the consent valid again.
    Withdrawn,
}

impl EventKind {
    /// The name used in the database and in records.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Given, Self::Refused, Self::Withdrawn]
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

/// A consent with its history.
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
            Self::OutsidePeriod { .. } | Self::NothingNeeded => 3,
            Self::TooFine { .. } => 4,
            Self::Misaligned { .. } => 5,
        }
    }
}

impl Consent {
    /// The state at `now`, from the events that had taken effect by then.
    #[must_use]
    pub fn state(&self, now: Instant) -> State {
        let mut state = State::Unknown;
        for event in self.events.iter().filter(|event| event.effective_at <= now) {
            state = match (state, event.kind) {
                // Withdrawal is monotone: no later event revives the consent (consent.md §2.2).
                (State::Withdrawn { .. }, _) => state,
                (_, EventKind::Given) => State::Given {
                    since: event.effective_at,
                },
                (_, EventKind::Refused) => State::Refused,
                (_, EventKind::Withdrawn) => State::Withdrawn {
                    at: event.effective_at,
                },
            };
        }
        match state {
            State::Given { .. } if self.data.end() <= now => State::Expired { at: self.data.end() },
            other => other,
        }
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
            State::Expired { at } => Err(Refusal::Expired { at }),
            State::Unknown | State::Refused => Err(Refusal::NoConsent),
        }
    }
}

/// What somebody wants to receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Whose readings.
    pub participant: ParticipantId,
    /// Of which point.
    pub point: PointId,
    /// Who receives.
    pub recipient: OrganisationId,
    /// For what.
    pub purpose: Purpose,
    /// One value every so often.
    pub step: Step,
    /// Of which span.
    pub interval: Interval,
}

/// Proof that a live consent covers an ask. Only [`covers`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    ask: Ask,
    consent: ConsentId,
    consent_head: Digest,
    valid: Interval,
    consented_step: Step,
    checked_at: Instant,
}

impl Covered {
    /// What was asked, and is covered.
    #[must_use]
    pub const fn ask(&self) -> &Ask {
        &self.ask
    }

    /// The consent that covers it.
    #[must_use]
    pub const fn consent(&self) -> ConsentId {
        self.consent
    }

    /// Digest of the consent event in force.
    #[must_use]
    pub const fn consent_head(&self) -> Digest {
        self.consent_head
    }

    /// The span of readings agreed to; its end is the end of the consent.
    #[must_use]
    pub const fn valid(&self) -> Interval {
        self.valid
    }

    /// The finest step agreed to.
    #[must_use]
    pub const fn consented_step(&self) -> Step {
        self.consented_step
    }

    /// The instant of the check.
    #[must_use]
    pub const fn checked_at(&self) -> Instant {
        self.checked_at
    }
}

/// Whether a live consent covers the ask at `now`.
///
/// Looks at every consent of the participant; the first that covers wins, in order of identifier so that the answer
/// does not depend on the order of the slice.
///
/// # Errors
/// The refusal that came nearest to a yes.
pub fn covers(consents: &[Consent], ask: &Ask, now: Instant) -> Result<Covered, Refusal> {
    let mut nearest = Refusal::NoConsent;
    let mut winner: Option<Covered> = None;
    for consent in consents {
        match covered_by(consent, ask, now) {
            Ok(covered) if winner.as_ref().is_none_or(|best| covered.consent < best.consent) => {
                winner = Some(covered);
            }
            Ok(_) => {}
            Err(refusal) if refusal.nearness() > nearest.nearness() => nearest = refusal,
            Err(_) => {}
        }
    }
    winner.ok_or(nearest)
}

fn covered_by(consent: &Consent, ask: &Ask, now: Instant) -> Result<Covered, Refusal> {
    let concerns = consent.participant == ask.participant
        && consent.point == ask.point
        && consent.recipient == ask.recipient
        && consent.purpose == ask.purpose;
    if !concerns {
        return Err(Refusal::NoConsent);
    }
    consent.in_force(now)?;
    if !consent.data.encloses(&ask.interval) {
        return Err(Refusal::OutsidePeriod {
            from: consent.data.start(),
            until: consent.data.end(),
        });
    }
    if ask.step < consent.step {
        return Err(Refusal::TooFine {
            consented: consent.step.seconds(),
            asked: ask.step.seconds(),
        });
    }
    if !aligned(consent.step, ask) {
        return Err(Refusal::Misaligned {
            consented: consent.step.seconds(),
        });
    }
    Ok(Covered {
        ask: ask.clone(),
        consent: consent.id,
        consent_head: consent.head().ok_or(Refusal::NoConsent)?,
        valid: consent.data,
        consented_step: consent.step,
        checked_at: now,
    })
}

/// Whether an ask stays on the grid of the consented step. Off the grid, differences between shifted curves would give
/// away values finer than agreed, although each curve alone is coarse enough.
fn aligned(consented: Step, ask: &Ask) -> bool {
    ask.step.seconds().is_multiple_of(consented.seconds())
        && ask.interval.start().is_on_grid(consented)
        && ask.interval.end().is_on_grid(consented)
}

/// Proof that at least one live consent wants readings of this point collected. Only [`covers_intake`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveredIntake {
    participant: ParticipantId,
    point: PointId,
    consents: Vec<ConsentId>,
    finest_step: Step,
    spans: Vec<Interval>,
    checked_at: Instant,
}

impl CoveredIntake {
    /// Whose readings.
    #[must_use]
    pub const fn participant(&self) -> ParticipantId {
        self.participant
    }

    /// Of which point.
    #[must_use]
    pub const fn point(&self) -> PointId {
        self.point
    }

    /// The live consents that need them.
    #[must_use]
    pub fn consents(&self) -> &[ConsentId] {
        &self.consents
    }

    /// The finest step any of them allows: nothing finer is kept.
    #[must_use]
    pub const fn finest_step(&self) -> Step {
        self.finest_step
    }

    /// The spans agreed to: nothing outside is kept.
    #[must_use]
    pub fn spans(&self) -> &[Interval] {
        &self.spans
    }

    /// The instant of the check.
    #[must_use]
    pub const fn checked_at(&self) -> Instant {
        self.checked_at
    }

    /// Whether a later check came to the same consents, step and spans.
    #[must_use]
    pub fn same_terms(&self, other: &Self) -> bool {
        self.consents == other.consents && self.finest_step == other.finest_step && self.spans == other.spans
    }
}

/// Whether anything may be collected from this point at `now`: some live consent must need a part of `span`.
///
/// # Errors
/// The refusal that came nearest to a yes.
pub fn covers_intake(
    consents: &[Consent],
    participant: ParticipantId,
    point: PointId,
    span: &Interval,
    now: Instant,
) -> Result<CoveredIntake, Refusal> {
    let mut nearest = Refusal::NoConsent;
    let mut live: Vec<&Consent> = Vec::new();
    for consent in consents
        .iter()
        .filter(|c| c.participant == participant && c.point == point)
    {
        match consent.in_force(now) {
            Ok(()) if consent.data.overlaps(span) => live.push(consent),
            Ok(()) => {
                nearest = Refusal::OutsidePeriod {
                    from: consent.data.start(),
                    until: consent.data.end(),
                };
            }
            Err(refusal) if refusal.nearness() > nearest.nearness() => nearest = refusal,
            Err(_) => {}
        }
    }
    live.sort_by_key(|consent| consent.id);
    let finest_step = live.iter().map(|consent| consent.step).min().ok_or(nearest)?;
    Ok(CoveredIntake {
        participant,
        point,
        consents: live.iter().map(|consent| consent.id).collect(),
        finest_step,
        spans: live.iter().map(|consent| consent.data).collect(),
        checked_at: now,
    })
}

#[cfg(test)]
mod tests;
