//! Ends that came: people are told, and the ledger says so. Nothing is closed by it that was not closed before.

use broker_domain::consent::{Consent, EventKind, How};
use broker_domain::ids::{ConsentId, ParticipantId};
use broker_domain::time::Instant;
use ledger_core::leaf::ActorClass;

use super::record::Next;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};

/// How many ends are looked up at once.
const PAGE: u32 = 200;
/// How many ends in a row may fail before it is not they that fail, but the store or the ledger.
const MOST_SKIPPED: usize = 64;

/// An end that was announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// Of which consent.
    pub consent: ConsentId,
    /// Whose.
    pub participant: ParticipantId,
    /// When it ended.
    pub ended_at: Instant,
    /// The person's record of it.
    pub leaf_index: u64,
}

impl Broker {
    /// Announces the ends that came by `now`, each once, at most `most` of them. To be called by a clock, as often as one
    /// likes: expiry itself is computed at each decision and waits for nobody (`consent.md` §1, fact 10). One that cannot
    /// be announced is logged and skipped; the next call tries it again.
    ///
    /// # Errors
    /// When the store fails, or 64 ends in a row cannot be announced; what was announced until then stays so,
    /// and the next call goes on.
    pub async fn announce_expired(&self, now: Instant, most: usize) -> Result<Vec<Announced>, Fault> {
        let mut announced = Vec::new();
        let (mut after, mut skipped) = (None, 0);
        while announced.len() < most {
            let due = self
                .store
                .read()
                .await?
                .unannounced_ends(now, after, PAGE)
                .await?;
            let Some(last) = due.last() else { break };
            after = Some(last.id);
            for consent in due.into_iter().take(most.saturating_sub(announced.len())) {
                match self.announce(consent, now).await {
                    Ok(done) => {
                        announced.extend(done);
                        skipped = 0;
                    }
                    Err(fault) if skipped >= MOST_SKIPPED => return Err(fault),
                    Err(fault) => {
                        skipped += 1;
                        let error: &dyn std::error::Error = &fault;
                        // Not which: a log outlives an erasure.
                        tracing::error!(error, "an end could not be announced; it is skipped for now");
                    }
                }
            }
        }
        Ok(announced)
    }

    async fn announce(&self, consent: Consent, now: Instant) -> Result<Option<Announced>, Fault> {
        let (id, participant) = (consent.id, consent.participant);
        let ended_at = consent.terms_now(now).data.end();
        let next = Next {
            effective_at: ended_at,
            how: How::BY_CLOCK,
            ..Next::at_once(EventKind::Expired, now)
        };
        let done = self.append(consent, next, ActorClass::Broker).await;
        match done {
            Ok(leaf_index) => Ok(Some(Announced {
                consent: id,
                participant,
                ended_at,
                leaf_index,
            })),
            // Something came between: withdrawn at the last moment, announced by another call, or the person erased.
            Err(Failure::Conflict | Failure::Refused(_) | Failure::Fault(Fault::SubjectErased)) => Ok(None),
            Err(Failure::Fault(fault)) => Err(fault),
        }
    }
}
