//! Warrants: the only keys to a plaintext reading (invariant I1).
//!
//! The vault opens a batch for a [`Warrant`] and for nothing else. A warrant needs a policy permit *and*, unless the
//! person looks at her own data, a coverage proof; both must speak of the same act at the same instant.

use thiserror::Error;

use crate::consent::Covered;
use crate::ids::{OrganisationId, ParticipantId, PointId, RequestId};
use crate::mandate::Power;
use crate::policy::{Action, Permit, Principal, Resource};
use crate::time::{Instant, Interval};

/// A permit and a coverage proof that do not belong together.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// The permit is for another action or resource.
    #[error("the permit is for another act")]
    OtherAct,
    /// The permit and the coverage are of different instants.
    #[error("the permit and the coverage were checked at different instants")]
    OtherInstant,
    /// The principal does not belong to the recipient of the consent.
    #[error("the consent is for another recipient")]
    OtherRecipient,
    /// A release about nobody.
    #[error("a release needs at least one covered household")]
    Nobody,
    /// Two coverages for one point, or of different periods.
    #[error("the covered households do not make one release")]
    MixedRelease,
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::DeliveryWarrant {}
    impl Sealed for super::ReleaseWarrant {}
    impl Sealed for super::AccessWarrant {}
}

/// How long a warrant opens anything, in seconds. Twice the longest request: a decision kept for later is none.
pub const MAX_AGE_SECONDS: i64 = 60;

/// The decision behind a warrant is too old, or lies ahead of a clock that went back: decide again.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("the warrant was decided more than {MAX_AGE_SECONDS} s ago, or after now; decide again")]
pub struct Stale;

/// What the vault asks before it opens a batch. Cannot be implemented outside this crate.
///
/// A warrant cannot be copied: it is made for one act, and dropped with it.
pub trait Warrant: sealed::Sealed + Send + Sync {
    /// The instant for which consent and policies were asked.
    fn decided_at(&self) -> Instant;

    /// Whether it may still be used. Consent and policies may have changed since it was decided.
    ///
    /// # Errors
    /// [`Stale`] after [`MAX_AGE_SECONDS`], and before the decision.
    fn check_fresh(&self, now: Instant) -> Result<(), Stale> {
        let decided = self.decided_at();
        if decided <= now && now <= decided.plus_seconds(MAX_AGE_SECONDS) {
            Ok(())
        } else {
            Err(Stale)
        }
    }

    /// Whether readings of this participant and point may be opened, and of which span: readings outside it must be
    /// dropped by the opener. `None` means no.
    fn span_for(&self, participant: ParticipantId, point: PointId) -> Option<Interval>;
}

/// Leave to hand one participant's readings to an application.
#[derive(Debug, PartialEq, Eq)]
pub struct DeliveryWarrant {
    covered: Covered,
    permit: Permit,
}

impl DeliveryWarrant {
    /// Joins a permit for `transfer` with the coverage it was asked about.
    ///
    /// # Errors
    /// See [`Mismatch`].
    pub fn issue(permit: Permit, covered: Covered) -> Result<Self, Mismatch> {
        let query = permit.query();
        let same_readings =
            matches!(&query.resource, Resource::Readings { covered: asked } if *asked == covered);
        if query.action != Action::Transfer || !same_readings {
            return Err(Mismatch::OtherAct);
        }
        if query.now != covered.checked_at() {
            return Err(Mismatch::OtherInstant);
        }
        match query.principal {
            Principal::Application(_, organisation) if organisation == covered.ask().recipient => {
                Ok(Self { covered, permit })
            }
            _ => Err(Mismatch::OtherRecipient),
        }
    }

    /// What is covered.
    #[must_use]
    pub const fn covered(&self) -> &Covered {
        &self.covered
    }

    /// What the policies said.
    #[must_use]
    pub const fn permit(&self) -> &Permit {
        &self.permit
    }
}

impl Warrant for DeliveryWarrant {
    fn decided_at(&self) -> Instant {
        self.permit.query().now
    }

    fn span_for(&self, participant: ParticipantId, point: PointId) -> Option<Interval> {
        let ask = self.covered.ask();
        (ask.participant == participant && ask.point == point).then_some(ask.interval)
    }
}

/// Leave to open the readings of many households for one release to researchers.
#[derive(Debug, PartialEq, Eq)]
pub struct ReleaseWarrant {
    request: RequestId,
    recipient: OrganisationId,
    covered: Vec<Covered>,
    permit: Permit,
}

impl ReleaseWarrant {
    /// Joins a permit for `release` with the coverage of each household.
    ///
    /// # Errors
    /// See [`Mismatch`].
    pub fn issue(permit: Permit, covered: Vec<Covered>) -> Result<Self, Mismatch> {
        let Resource::Request {
            request,
            organisation,
            ..
        } = permit.query().resource
        else {
            return Err(Mismatch::OtherAct);
        };
        if permit.query().action != Action::Release {
            return Err(Mismatch::OtherAct);
        }
        let first = covered.first().ok_or(Mismatch::Nobody)?;
        let recipient = first.ask().recipient;
        if recipient != organisation {
            return Err(Mismatch::OtherRecipient);
        }
        let mut points = std::collections::BTreeSet::new();
        for one in &covered {
            if one.checked_at() != permit.query().now {
                return Err(Mismatch::OtherInstant);
            }
            if one.ask().recipient != recipient {
                return Err(Mismatch::OtherRecipient);
            }
            let same_release = one.ask().interval == first.ask().interval
                && one.ask().step == first.ask().step
                && one.ask().purpose == first.ask().purpose;
            if !same_release || !points.insert(one.ask().point) {
                return Err(Mismatch::MixedRelease);
            }
        }
        Ok(Self {
            request,
            recipient,
            covered,
            permit,
        })
    }

    /// The approved request.
    #[must_use]
    pub const fn request(&self) -> RequestId {
        self.request
    }

    /// The laboratory that every consent names.
    #[must_use]
    pub const fn recipient(&self) -> OrganisationId {
        self.recipient
    }

    /// The covered households' points.
    #[must_use]
    pub fn covered(&self) -> &[Covered] {
        &self.covered
    }

    /// What the policies said.
    #[must_use]
    pub const fn permit(&self) -> &Permit {
        &self.permit
    }
}

impl Warrant for ReleaseWarrant {
    fn decided_at(&self) -> Instant {
        self.permit.query().now
    }

    fn span_for(&self, participant: ParticipantId, point: PointId) -> Option<Interval> {
        self.covered
            .iter()
            .map(Covered::ask)
            .find(|ask| ask.participant == participant && ask.point == point)
            .map(|ask| ask.interval)
    }
}

/// Leave to look at the readings of a person: her own, or of whoever may for her.
#[derive(Debug, PartialEq, Eq)]
pub struct AccessWarrant {
    owner: ParticipantId,
    interval: Interval,
    permit: Permit,
}

impl AccessWarrant {
    /// Turns a permit for `read-own` into leave for one span.
    ///
    /// # Errors
    /// [`Mismatch::OtherAct`] when the permit is neither the owner's own nor that of somebody who may look for her.
    pub fn issue(permit: Permit, interval: Interval) -> Result<Self, Mismatch> {
        let query = permit.query();
        let Resource::Person { owner } = query.resource else {
            return Err(Mismatch::OtherAct);
        };
        let may = match query.principal {
            Principal::Participant(who) => who == owner,
            Principal::Delegate(acting) => acting.person() == owner && acting.powers().include(Power::View),
            Principal::Application(..)
            | Principal::Researcher(..)
            | Principal::Officer(_)
            | Principal::Gateway(..) => false,
        };
        if !may || query.action != Action::ReadOwn {
            return Err(Mismatch::OtherAct);
        }
        Ok(Self {
            owner,
            interval,
            permit,
        })
    }

    /// What the policies said.
    #[must_use]
    pub const fn permit(&self) -> &Permit {
        &self.permit
    }
}

impl Warrant for AccessWarrant {
    fn decided_at(&self) -> Instant {
        self.permit.query().now
    }

    fn span_for(&self, participant: ParticipantId, _point: PointId) -> Option<Interval> {
        (self.owner == participant).then_some(self.interval)
    }
}

#[cfg(test)]
mod tests;
