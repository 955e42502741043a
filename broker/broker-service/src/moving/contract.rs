//! What the grid operator's list of contracts tells: an officer records it. The contract of a meter went to another holder, or
//! changed in a way that may be no more than another supplier: then the person is asked, and nothing is ended on first sight.

use broker_domain::consent::{Method, Occupancy};
use broker_domain::ids::{OfficerId, ParticipantId, PointId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::Instant;
use broker_store::{OccupancyRow, PointRow};
use evidence::record::OccupancyStepKind;
use ledger_core::leaf::ActorClass;

use super::{HomeLeft, MoveRefusal, Occupy, earliest, has_left, standing};
use crate::broker::Broker;
use crate::failure::Failure;
use crate::own::OwnRefusal;
use crate::receipts::Receipt;

/// How many occupancies the desk shows.
const MOST_SHOWN: u32 = 200;

/// The occupancy that a meter number leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundMeter {
    /// The point.
    pub point: PointId,
    /// Who lives there, as far as is known.
    pub participant: ParticipantId,
    /// Since when it is enrolled.
    pub since: Instant,
    /// What is known of its end.
    pub occupancy: Occupancy,
}

impl Broker {
    /// The point that a contract concerns, by the number of its meter: the one at which somebody lives; but where another
    /// contract began at `at`, one that was left later than that, since then the departure is to be moved there. `None` where
    /// there is neither.
    ///
    /// # Errors
    /// [`MoveRefusal::NotYours`] for whoever may not end it.
    pub async fn find_meter(
        &self,
        officer: OfficerId,
        number: &str,
        at: Option<Instant>,
    ) -> Result<Option<FoundMeter>, Failure<MoveRefusal>> {
        let now = self.clock.now();
        let index = self.vault.point_index(number);
        let rows = self.store.read().await?.points_of_number(index).await?;
        let left_later = |row: &&PointRow| {
            let departure = row.occupancy.departure.filter(|known| known.has_come(now));
            at.zip(departure)
                .is_some_and(|(at, departure)| earliest(row) < at && at < departure.at)
        };
        let lives = |row: &&PointRow| !has_left(row.occupancy, now);
        let Some(row) = rows.iter().find(left_later).or_else(|| rows.iter().find(lives)) else {
            return Ok(None);
        };
        self.may(Principal::Officer(officer), Action::EndOccupancy, row, now)?;
        Ok(Some(FoundMeter {
            point: row.id,
            participant: row.participant,
            since: row.created_at,
            occupancy: row.occupancy,
        }))
    }

    /// Records that the contract of a meter went to another holder at an instant: as if the person had said that she left. A
    /// departure that came is moved to earlier, never to later.
    ///
    /// # Errors
    /// See [`MoveRefusal`].
    pub async fn record_holder_change(
        &self,
        officer: OfficerId,
        point: PointId,
        at: Instant,
    ) -> Result<HomeLeft, Failure<MoveRefusal>> {
        let now = self.clock.now();
        let row = self.any_point(officer, point, now).await?;
        self.end_occupancy(row, at, (Method::Upstream, ActorClass::Dpo), now)
            .await
    }

    /// Records that the contract of a meter changed: nothing moves until the person says whether she still lives there.
    ///
    /// # Errors
    /// See [`MoveRefusal`].
    pub async fn record_contract_change(
        &self,
        officer: OfficerId,
        point: PointId,
    ) -> Result<Receipt, Failure<MoveRefusal>> {
        let now = self.clock.now();
        let row = self.any_point(officer, point, now).await?;
        let step = OccupancyStepKind::ContractChanged;
        standing(row.occupancy, step, now).map_err(Failure::Refused)?;
        let draft = self.occupancy_draft(&row, (step, None), Method::Upstream, ActorClass::Dpo, now)?;
        let leaf_index = self.commit(Occupy { point, step, draft }).await?;
        Ok(self.receipt(leaf_index).await?)
    }

    /// Homes that were left or wait for somebody's word, with what lies beyond: how much, never a value.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for anybody but an officer.
    pub async fn occupancies(&self, officer: OfficerId) -> Result<Vec<OccupancyRow>, Failure<OwnRefusal>> {
        let query = Query {
            principal: Principal::Officer(officer),
            action: Action::ReadFlows,
            resource: Resource::Flows,
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(OwnRefusal::NotYours))?;
        Ok(self.store.read().await?.occupancies(MOST_SHOWN).await?)
    }

    async fn any_point(
        &self,
        officer: OfficerId,
        point: PointId,
        now: Instant,
    ) -> Result<PointRow, Failure<MoveRefusal>> {
        let row = self.store.read().await?.point(point).await?;
        let row = row.ok_or(Failure::Refused(MoveRefusal::NotYours))?;
        self.may(Principal::Officer(officer), Action::EndOccupancy, &row, now)?;
        Ok(row)
    }
}
