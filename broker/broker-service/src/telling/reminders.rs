//! Reminders before a sharing ends, and the word that it ended (`gdpr-kit.md` §4, P-27). Which one is due is computed
//! from the consent and the clock; all that is kept is that it was said.

use broker_domain::consent::{Consent, State};
use broker_domain::ids::ConsentId;
use broker_domain::time::Instant;
use broker_store::MessageKind;

use super::queue::{Occasion, queue_counted};
use super::{Duties, days};
use crate::failure::Fault;

/// How many sharings are looked at in one transaction.
const PAGE: u32 = 128;
/// An end that is so many days past is not told any more: a broker that stood still writes no letters about last year.
const LATEST_DAYS: i64 = 30;

/// Each message about an end, and between how many days before it it is due: never two at one instant, so that a clock
/// that jumps over several sends the newest only.
const STAGES: [(MessageKind, i64, i64); 4] = [
    (MessageKind::EndsInThirty, 7, 30),
    (MessageKind::EndsInSeven, 1, 7),
    (MessageKind::EndsTomorrow, 0, 1),
    (MessageKind::Ended, -LATEST_DAYS, 0),
];

/// The message that is due about a sharing now, if any.
pub(super) fn due(consent: &Consent, now: Instant) -> Option<MessageKind> {
    let end = consent.last_terms().data.end();
    match consent.state(now) {
        State::Given { .. } | State::Expired { .. } => {}
        State::Unknown
        | State::Requested
        | State::Deferred
        | State::Waiting { .. }
        | State::Refused
        | State::Withdrawn { .. }
        | State::Revoked { .. }
        | State::Invalidated { .. }
        | State::Superseded { .. }
        | State::Suspended { .. } => return None,
    }
    STAGES.into_iter().find_map(|(kind, least, most)| {
        let (from, until) = (days(now, least), days(now, most));
        (from < end && end <= until).then_some(kind)
    })
}

impl Duties {
    /// Queues what is due about ends. Repeating it queues nothing twice.
    pub(super) async fn remind(&self, now: Instant) -> Result<(), Fault> {
        for (kind, least, most) in STAGES {
            let (from, until) = (days(now, least), days(now, most));
            loop {
                let mut read = self.broker.store.read().await?;
                let found = read.ends_untold(kind, from, until, PAGE).await?;
                drop(read);
                let queued = self.remind_of(&found, now).await?;
                // What the state of a consent forbids is found again, and would be for ever.
                if queued == 0 || found.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn remind_of(&self, found: &[ConsentId], now: Instant) -> Result<usize, Fault> {
        if found.is_empty() {
            return Ok(0);
        }
        let mut queued = 0;
        let mut tx = self.broker.store.begin("remind of an end").await?;
        for id in found {
            // Again inside the transaction: she may have withdrawn meanwhile.
            let Some(consent) = tx.consent(*id).await? else {
                continue;
            };
            if let Some(kind) = due(&consent, now) {
                let occasion = Occasion::of(kind)
                    .about(*id)
                    .ending(consent.last_terms().data.end());
                queued += queue_counted(&mut *tx, consent.participant, &occasion, now).await?;
            }
        }
        tx.commit().await?;
        Ok(queued)
    }
}
