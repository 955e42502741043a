//! What follows from a departure that has come: every sharing of the home ends by an event of its own, and the gateway is
//! switched off. Nothing is closed by it that the date had not closed.

use async_trait::async_trait;
use broker_domain::consent::{EventKind, How, Method};
use broker_domain::gateway::Measuring;
use broker_domain::ids::PointId;
use broker_domain::time::Instant;
use broker_store::PointRow;
use ledger_core::leaf::ActorClass;

use super::{MoveRefusal, has_left};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Group};
use crate::lifecycle::{Next, ON_A_PAGE};

/// How many departures one round looks at.
const PAGE: u32 = 64;

impl Broker {
    /// Does what follows from departures that came by `now`. To be called by a clock. One that fails is logged and tried again
    /// by the next call.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close_departures(&self, now: Instant) -> Result<(), Fault> {
        let due = self.store.read().await?.departures_due(now, PAGE).await?;
        for row in due {
            if let Err(fault) = self.close_departure(row.id).await {
                let error: &dyn std::error::Error = &fault;
                // Not which: a log outlives an erasure.
                tracing::error!(
                    error,
                    "what follows from a departure could not be done; it is tried again"
                );
            }
        }
        Ok(())
    }

    pub(crate) async fn close_departure(&self, point: PointId) -> Result<(), Fault> {
        let now = self.clock.now();
        let (row, consents, method) = {
            let mut read = self.store.read().await?;
            // Erased meanwhile.
            let Some(row) = read.point(point).await? else {
                return Ok(());
            };
            let consents = read.consents_of(row.participant).await?;
            let method = read.departure_method(point).await?;
            (row, consents, method)
        };
        if !has_left(row.occupancy, now) {
            return Ok(());
        }
        let (how, actor) = match method {
            Some(Method::Upstream) => (FROM_THE_CONTRACT, ActorClass::Broker),
            _ => (ON_A_PAGE, ActorClass::Participant),
        };
        for consent in consents.into_iter().filter(|consent| consent.point == point) {
            let Some(effective_at) = consent.unannounced_departure(now) else {
                continue;
            };
            let next = Next {
                kind: EventKind::Invalidated,
                effective_at,
                now,
                how,
                acting: None,
            };
            match self.append(consent, next, actor).await {
                Ok(_) => {}
                // Withdrawn at the last moment, or done by another call: the next round looks again.
                Err(Failure::Conflict | Failure::Refused(_)) => {
                    return Err(Fault::Conflict {
                        table: "consent_event",
                    });
                }
                Err(Failure::Fault(Fault::SubjectErased)) => return Ok(()),
                Err(Failure::Fault(fault)) => return Err(fault),
            }
        }
        match self.commit(CloseOccupancy { row }).await {
            Ok(()) | Err(Failure::Conflict | Failure::Refused(_)) => Ok(()),
            Err(Failure::Fault(fault)) => Err(fault),
        }
    }
}

/// What the grid operator's list of contracts told.
const FROM_THE_CONTRACT: How = How {
    method: Method::Upstream,
    level: None,
};

struct CloseOccupancy {
    row: PointRow,
}

#[async_trait]
impl Commit for CloseOccupancy {
    type Answer = ();
    type Refusal = MoveRefusal;
    const NAME: &'static str = "close an occupancy";

    fn leaves(&self) -> usize {
        0
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), MoveRefusal>, Fault> {
        // The contract moved the departure to earlier since it was read: its events are to be written first. The next round
        // does.
        let point = group.tx.point(self.row.id).await?;
        if point.is_none_or(|point| point.occupancy != self.row.occupancy) {
            return Ok(Err(MoveRefusal::KnownAlready));
        }
        for gateway in group.tx.gateways_of(self.row.participant).await? {
            let settings = &gateway.gateway.settings;
            if gateway.gateway.point == self.row.id && settings.measuring == Measuring::On {
                let off = settings.clone().switched(Measuring::Off);
                group.tx.set_gateway_settings(gateway.gateway.id, &off).await?;
            }
        }
        group.tx.close_occupancy(self.row.id, group.now).await?;
        Ok(Ok(()))
    }
}
