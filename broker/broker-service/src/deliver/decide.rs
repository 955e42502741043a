//! The decision alone: does a live consent cover the order, and do the policies permit it?

use std::sync::Arc;

use broker_domain::consent::{Ask, Consent, Refusal, State, covers};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::Instant;
use broker_domain::warrant::DeliveryWarrant;
use broker_store::ApplicationRow;

use super::Order;
use crate::broker::Broker;
use crate::failure::Fault;

/// Longest span of one delivery, in seconds: 31 days.
const MAX_SPAN_SECONDS: i64 = 31 * 86_400;

/// What the broker would say to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weighed {
    /// A live consent covers it, and the policies permit it.
    Allowed,
    /// No such authorisation for this organisation.
    UnknownAuthorisation,
    /// The consent does not cover it, or the policies do not permit it.
    Denied {
        /// Why, for machines: as in the record that a transfer would leave.
        code: &'static str,
    },
}

/// Why an order is refused.
#[derive(Debug, Clone, Copy)]
pub(super) enum Denial {
    NotCovered(Refusal),
    NotAllowed,
    SpanTooLong,
}

impl Denial {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::NotCovered(refusal) => refusal.code(),
            Self::NotAllowed => "policy",
            Self::SpanTooLong => "span-too-long",
        }
    }
}

impl Broker {
    /// What the broker would say to an order at this instant. Nothing moves and nothing is recorded.
    ///
    /// This is the decision that [`Self::deliver`] begins with, and that is taken again inside its commit.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn weigh(&self, application: &ApplicationRow, order: &Order) -> Result<Weighed, Fault> {
        let now = self.clock.now();
        let Some(consent) = self.authorisation(application, order, now).await? else {
            return Ok(Weighed::UnknownAuthorisation);
        };
        Ok(match self.decide_delivery(application, order, &consent, now) {
            Ok(_) => Weighed::Allowed,
            Err(denial) => Weighed::Denied { code: denial.code() },
        })
    }

    /// The consent that an order names, as it stands now. A refusal is nobody's business but the person's: it reads like
    /// an authorisation that never was.
    pub(super) async fn authorisation(
        &self,
        application: &ApplicationRow,
        order: &Order,
        now: Instant,
    ) -> Result<Option<Arc<Consent>>, Fault> {
        let consent = self.store.consent_now(order.authorisation).await?;
        Ok(
            consent
                .filter(|consent| consent.recipient == application.organisation && was_given(consent, now)),
        )
    }

    pub(super) fn decide_delivery(
        &self,
        application: &ApplicationRow,
        order: &Order,
        consent: &Consent,
        now: Instant,
    ) -> Result<DeliveryWarrant, Denial> {
        if order.interval.seconds() > MAX_SPAN_SECONDS {
            return Err(Denial::SpanTooLong);
        }
        let ask = Ask {
            participant: consent.participant,
            point: consent.point,
            recipient: application.organisation,
            purpose: consent.purpose.clone(),
            step: order.step,
            interval: order.interval,
        };
        let covered = covers(std::slice::from_ref(consent), &ask, now).map_err(Denial::NotCovered)?;
        let query = Query {
            principal: Principal::Application(application.id, application.organisation),
            action: Action::Transfer,
            resource: Resource::Readings {
                covered: covered.clone(),
            },
            now,
        };
        let permit = Permit::ask(&*self.policy, query).map_err(|_| Denial::NotAllowed)?;
        DeliveryWarrant::issue(permit, covered).map_err(|_| Denial::NotAllowed)
    }
}

/// Whether the person agreed at some time.
pub(super) fn was_given(consent: &Consent, now: Instant) -> bool {
    !matches!(
        consent.state(now),
        State::Refused | State::Unknown | State::Requested | State::Deferred | State::Waiting { .. }
    )
}
