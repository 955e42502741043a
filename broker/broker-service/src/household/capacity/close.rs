//! What follows from the end of a capacity: her agreements never held from the date on, and nothing measures for her any more.

use async_trait::async_trait;
use broker_domain::consent::{EventKind, How};
use broker_domain::gateway::Measuring;
use broker_domain::ids::ParticipantId;
use ledger_core::leaf::ActorClass;

use super::{CapacityRefusal, PAGE};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Group};
use crate::lifecycle::Next;

impl Broker {
    /// Does what follows from an end that was recorded just now. Her way in is closed; the clock of duties comes back to what fails
    /// here.
    pub(crate) async fn close_capacity_soon(&self, who: ParticipantId) {
        if let Err(fault) = self.close_capacity_end(who).await {
            let error: &dyn std::error::Error = &fault;
            tracing::error!(
                error,
                "what follows from the end of a capacity is not done yet; it is tried again"
            );
        }
    }

    /// Does what follows from ends that were recorded. To be called by a clock.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close_capacity_ends(&self) -> Result<(), Fault> {
        let due = self.store.read().await?.capacity_ends_due(PAGE).await?;
        for row in due {
            if let Err(fault) = self.close_capacity_end(row.participant).await {
                let error: &dyn std::error::Error = &fault;
                // Not whose: a log outlives an erasure.
                tracing::error!(
                    error,
                    "what follows from the end of a capacity could not be done; it is tried again"
                );
            }
        }
        Ok(())
    }

    async fn close_capacity_end(&self, who: ParticipantId) -> Result<(), Fault> {
        let now = self.clock.now();
        let (row, consents) = {
            let mut read = self.store.read().await?;
            // Undone or erased meanwhile.
            let Some(row) = read.capacity_end(who).await? else {
                return Ok(());
            };
            (row, read.consents_of(who).await?)
        };
        for consent in consents {
            let mut events = consent.events.iter();
            let given = events.find(|event| event.kind == EventKind::Given);
            let Some(given_at) = given.map(|event| event.effective_at) else {
                continue;
            };
            // Also what ended otherwise since: its recipients learn from when on it held nothing.
            let ended = consent.state(now).ended_at();
            if ended.is_some_and(|ended| ended <= row.since.max(given_at)) {
                continue;
            }
            let next = Next {
                kind: EventKind::Invalidated,
                // What somebody agreed to in her name afterwards never held: it was nothing before it was given.
                effective_at: row.since.max(given_at),
                now,
                how: How::BY_CLOCK,
                acting: None,
            };
            match self.append(consent, next, ActorClass::Dpo).await {
                Ok(_) => {}
                // It ended already: that it cannot be dated back keeps no other sharing open.
                Err(Failure::Refused(_)) if ended.is_some() => {}
                // Changed at the last moment: the next round looks again.
                Err(Failure::Conflict | Failure::Refused(_)) => {
                    return Err(Fault::Conflict {
                        table: "consent_event",
                    });
                }
                Err(Failure::Fault(Fault::SubjectErased)) => return Ok(()),
                Err(Failure::Fault(fault)) => return Err(fault),
            }
        }
        match self.commit(CloseCapacity { who }).await {
            Ok(()) | Err(Failure::Conflict | Failure::Refused(_)) => Ok(()),
            Err(Failure::Fault(fault)) => Err(fault),
        }
    }
}

struct CloseCapacity {
    who: ParticipantId,
}

#[async_trait]
impl Commit for CloseCapacity {
    type Answer = ();
    type Refusal = CapacityRefusal;
    const NAME: &'static str = "close what a capacity held";

    fn leaves(&self) -> usize {
        0
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), CapacityRefusal>, Fault> {
        let consents = group.tx.consents_of(self.who).await?;
        if consents.iter().any(|consent| consent.state(group.now).is_given()) {
            return Err(Fault::Conflict {
                table: "consent_event",
            });
        }
        for gateway in group.tx.gateways_of(self.who).await? {
            let settings = &gateway.gateway.settings;
            if settings.measuring == Measuring::On {
                let off = settings.clone().switched(Measuring::Off);
                group.tx.set_gateway_settings(gateway.gateway.id, &off).await?;
            }
        }
        group.tx.close_capacity_end(self.who, group.now).await?;
        Ok(Ok(()))
    }
}
