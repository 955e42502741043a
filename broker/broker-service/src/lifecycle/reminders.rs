//! "Decide later": nothing is kept but when the person wants to see the offer again, if she wants to (gdpr-kit.md P-24).

use broker_domain::ids::OfferId;
use broker_domain::mandate::Hand;
use broker_domain::policy::{Action, Permit, Query, Resource};
use broker_domain::time::Instant;
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::Failure;

/// How far ahead a reminder may lie, in seconds: a year.
pub const LATEST_REMINDER_SECONDS: i64 = 366 * 86_400;

/// Why an offer is not put off.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum ReminderRefusal {
    /// No such offer.
    #[error("this offer does not exist any more; go back to the list")]
    UnknownOffer,
    /// A day that is over, or more than a year away.
    #[error("choose a day after today and within a year")]
    Day,
}

impl Broker {
    /// Shows an offer again from an instant on, and not before. The recipient learns nothing; the ledger has no record.
    ///
    /// # Errors
    /// See [`ReminderRefusal`].
    pub async fn decide_later(
        &self,
        who: impl Into<Hand>,
        offer: OfferId,
        again: Instant,
    ) -> Result<(), Failure<ReminderRefusal>> {
        let hand = who.into();
        let who = hand.person();
        let now = self.clock.now();
        if again <= now || now.plus_seconds(LATEST_REMINDER_SECONDS) < again {
            return Err(Failure::Refused(ReminderRefusal::Day));
        }
        let known = self.store.read().await?.offer(offer).await?;
        known.ok_or(Failure::Refused(ReminderRefusal::UnknownOffer))?;
        let query = Query {
            principal: hand.principal(),
            action: Action::Grant,
            resource: Resource::Person { owner: who },
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(ReminderRefusal::UnknownOffer))?;
        let mut tx = self.store.begin("decide later").await?;
        tx.set_reminder(who, offer, again).await?;
        Ok(tx.commit().await?)
    }
}
