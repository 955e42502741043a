//! What a participant sees of her own: meters, curve, history. What an officer sees of all: flows, never a value.

use broker_domain::curve::{Slot, load_curve};
use broker_domain::ids::{OfficerId, ParticipantId, PointId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::reading::Reading;
use broker_domain::time::{Interval, Step};
use broker_domain::warrant::AccessWarrant;
use broker_store::{FlowFilter, Page, ParticipantReads, TransferReads, TransferRow};
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};

/// Why something of one's own cannot be shown or set.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum OwnRefusal {
    /// No such thing, or somebody else's.
    #[error("this is not one of yours")]
    NotYours,
}

impl Broker {
    fn access(&self, who: ParticipantId, interval: Interval) -> Result<AccessWarrant, Failure<OwnRefusal>> {
        let query = Query {
            principal: Principal::Participant(who),
            action: Action::ReadOwn,
            resource: Resource::Person { owner: who },
            now: self.clock.now(),
        };
        let permit = Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(OwnRefusal::NotYours))?;
        AccessWarrant::issue(permit, interval).map_err(|_| Failure::Refused(OwnRefusal::NotYours))
    }

    /// The owner's load curve of one point.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn own_curve(
        &self,
        who: ParticipantId,
        point: PointId,
        interval: Interval,
        step: Step,
    ) -> Result<Vec<Slot>, Failure<OwnRefusal>> {
        Ok(load_curve(&self.own_readings(who, point, interval).await?, &interval, step))
    }

    /// The owner's readings of one point as they were stored, in order.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn own_readings(
        &self,
        who: ParticipantId,
        point: PointId,
        interval: Interval,
    ) -> Result<Vec<Reading>, Failure<OwnRefusal>> {
        let warrant = self.access(who, interval)?;
        let batches = {
            let mut read = self.store.read().await?;
            let row = read.point(point).await?.filter(|row| row.participant == who);
            row.ok_or(Failure::Refused(OwnRefusal::NotYours))?;
            read.batches_of(point, &interval).await?
        };
        Ok(self.open_batches(&warrant, &batches).await?)
    }

    /// A page of the owner's transfers, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn own_history(&self, who: ParticipantId, page: Page) -> Result<Vec<TransferRow>, Fault> {
        Ok(self.store.read().await?.transfers_of(who, page).await?)
    }

    /// A page of everybody's transfers, for an officer: who, what, when, never a value.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for anybody else.
    pub async fn flows(
        &self,
        who: OfficerId,
        filter: FlowFilter,
        page: Page,
    ) -> Result<Vec<TransferRow>, Failure<OwnRefusal>> {
        let query = Query {
            principal: Principal::Officer(who),
            action: Action::ReadFlows,
            resource: Resource::Flows,
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(OwnRefusal::NotYours))?;
        Ok(self.store.read().await?.flows(filter, page).await?)
    }
}
