//! What a participant sees of her own: meters, curve, history. What an officer sees of all: flows, never a value.

use broker_domain::curve::{Slot, load_curve};
use broker_domain::ids::{OfficerId, ParticipantId, PointId};
use broker_domain::mandate::Hand;
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::{Interval, Step};
use broker_domain::warrant::AccessWarrant;
use broker_store::{FlowFilter, Page, TransferRow};
use broker_vault::OpenedReadings;
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};

/// How a person is called, for her own pages only.
#[derive(Clone)]
pub struct OwnProfile {
    /// Name.
    pub name: String,
    /// Postal address.
    pub address: String,
}

/// Why something of one's own cannot be shown or set.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum OwnRefusal {
    /// No such thing, or somebody else's.
    #[error("this is not one of yours")]
    NotYours,
}

impl Broker {
    pub(crate) fn access(
        &self,
        who: impl Into<Hand>,
        interval: Interval,
    ) -> Result<AccessWarrant, Failure<OwnRefusal>> {
        let permit = self.read_own(who)?;
        AccessWarrant::issue(permit, interval).map_err(|_| Failure::Refused(OwnRefusal::NotYours))
    }

    /// The owner's load curve of one point.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn own_curve(
        &self,
        who: impl Into<Hand>,
        point: PointId,
        interval: Interval,
        step: Step,
    ) -> Result<Vec<Slot>, Failure<OwnRefusal>> {
        Ok(load_curve(
            self.own_readings(who, point, interval).await?.as_slice(),
            &interval,
            step,
        ))
    }

    /// The owner's readings of one point as they were stored, in order.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn own_readings(
        &self,
        who: impl Into<Hand>,
        point: PointId,
        interval: Interval,
    ) -> Result<OpenedReadings, Failure<OwnRefusal>> {
        let hand = who.into();
        let who = hand.person();
        let permit = self.read_own_at(hand, point)?;
        let warrant =
            AccessWarrant::issue(permit, interval).map_err(|_| Failure::Refused(OwnRefusal::NotYours))?;
        let row = self
            .store
            .read()
            .await?
            .point(point)
            .await?
            .filter(|row| row.participant == who);
        row.ok_or(Failure::Refused(OwnRefusal::NotYours))?;
        Ok(self.open_span(&warrant, point, &interval).await?)
    }

    /// The owner's name and address.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn own_profile(&self, who: ParticipantId) -> Result<OwnProfile, Failure<OwnRefusal>> {
        let now = self.clock.now();
        let warrant = self.access(who, Interval::new(now, now.plus_seconds(1))?)?;
        let (row, wrapped) = {
            let mut read = self.store.read().await?;
            (read.participant(who).await?, read.newest_key(who).await?)
        };
        let (row, wrapped) = row.zip(wrapped).ok_or(Failure::Refused(OwnRefusal::NotYours))?;
        self.vault
            .open_profile(&warrant, self.clock.now(), &row, &wrapped)
            .map_err(Failure::from)
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
