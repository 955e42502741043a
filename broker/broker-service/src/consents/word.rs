//! Whose word an agreement still waits for (gdpr-kit.md P-31): asked when it is weighed, and again where it is written.

use std::collections::BTreeSet;

use broker_domain::consent::{Consent, EventKind, State, Terms, WAIT_SECONDS};
use broker_domain::ids::ParticipantId;
use broker_domain::mandate::{Acting, Capacity, Hand};
use broker_domain::time::Instant;
use broker_store::Read;
use evidence::consent::ConsentAct;

use super::ChoiceRefusal;
use crate::failure::Fault;
use crate::mandates::Holders;

/// What somebody's agreement comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// Nobody's is missing any more.
    Last,
    /// Another's is.
    One,
    /// Another's is, and hers was given before.
    Again,
}

impl Word {
    /// What it is in a record.
    pub const fn act(self, whole: ConsentAct) -> ConsentAct {
        match self {
            Self::Last => whole,
            Self::One | Self::Again => ConsentAct::Agreed,
        }
    }

    /// The event of an agreement.
    pub fn given(self, consent: &Consent, now: Instant) -> EventKind {
        match self {
            Self::Last => EventKind::Given,
            Self::One | Self::Again => EventKind::Agreed {
                until: waits_until(consent, now),
                renewal: None,
            },
        }
    }

    /// The event of a later end.
    pub fn renewed(self, consent: &Consent, terms: Terms, now: Instant) -> EventKind {
        match self {
            Self::Last => EventKind::Renewed(terms),
            Self::One | Self::Again => EventKind::Agreed {
                until: waits_until(consent, now),
                renewal: Some(terms),
            },
        }
    }

    /// Whether an event that was decided on still is what the agreement comes to.
    pub fn is_said_by(self, kind: EventKind) -> bool {
        match kind {
            EventKind::Given | EventKind::Renewed(_) => self == Self::Last,
            EventKind::Agreed { .. } => self == Self::One,
            _ => true,
        }
    }
}

/// No longer than the consent itself would last.
fn waits_until(consent: &Consent, now: Instant) -> Instant {
    now.plus_seconds(WAIT_SECONDS)
        .min(consent.terms_now(now).data.end())
}

/// What the agreement of whoever acts comes to, about a consent that waits, or that nobody agreed to yet, or about its later end.
pub(crate) async fn word<R: Read + ?Sized>(
    read: &mut R,
    consent: &Consent,
    acting: Option<Acting>,
    now: Instant,
) -> Result<Word, Fault> {
    let of = (consent.participant, consent.point);
    let mut missing = Holders::of(read, of, now).await?.must_agree;
    let holder = acting
        .map_or(Hand::from(consent.participant), Hand::from)
        .holder();
    let before = agreed(read, consent, now).await?;
    missing.retain(|one| *one != holder && !before.contains(one));
    Ok(match missing.is_empty() {
        true => Word::Last,
        false if before.contains(&holder) => Word::Again,
        false => Word::One,
    })
}

/// Which holders agreed to what waits.
pub(crate) async fn agreed<R: Read + ?Sized>(
    read: &mut R,
    consent: &Consent,
    now: Instant,
) -> Result<BTreeSet<ParticipantId>, Fault> {
    let said = consent.agreed_so_far(now);
    if said.is_empty() {
        return Ok(BTreeSet::new());
    }
    let delegated = read.delegated_events(consent.id).await?;
    let by = |seq: &u32| {
        let row = delegated.iter().find(|row| row.seq == *seq);
        let other = row.filter(|row| row.capacity == Capacity::JointHolder);
        other.map_or(consent.participant, |row| row.delegate)
    };
    Ok(said.iter().map(by).collect())
}

/// Whether one for the same waits for somebody.
fn waits(consents: &[Consent], new: &Consent, now: Instant) -> bool {
    consents.iter().any(|old| {
        old.point == new.point
            && old.recipient == new.recipient
            && old.purpose == new.purpose
            && matches!(old.state(now), State::Waiting { .. })
    })
}

/// Whether one for the same is in force, or waits for others.
pub(super) fn standing(consents: &[Consent], new: &Consent, now: Instant) -> Result<(), ChoiceRefusal> {
    if already_given(consents, new, now) {
        return Err(ChoiceRefusal::AlreadyGiven);
    }
    match waits(consents, new, now) {
        true => Err(ChoiceRefusal::Waits),
        false => Ok(()),
    }
}

fn already_given(consents: &[Consent], new: &Consent, now: Instant) -> bool {
    consents.iter().any(|old| {
        old.point == new.point
            && old.recipient == new.recipient
            && old.purpose == new.purpose
            && matches!(old.state(now), State::Given { .. })
    })
}
