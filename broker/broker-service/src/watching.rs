//! What is out of the ordinary and told: unusual use of a sharing, breaches; and when the next access is to be expected.

mod breaches;
mod register;
mod volume;

use broker_domain::ids::{ConsentId, OfficerId, ParticipantId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::rhythm::{NextAccess, next_access};
use broker_domain::time::Instant;
use broker_store::UnusualRow;

use crate::broker::Broker;
use crate::failure::Failure;
use crate::own::OwnRefusal;

pub use breaches::OwnBreach;
pub use register::{BreachPreview, BreachRefusal, RegisterEntry};
pub(crate) use volume::Watched;

/// How many accesses the rhythm is read from.
const ACCESSES: u32 = 200;
/// How many lines the desk shows.
const MOST_SHOWN: u32 = 200;

impl Broker {
    /// When the next access under one of a person's sharings is to be expected (P-08). Nothing, where none can come: it ended, is
    /// paused, or waits for her word about the contract.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for somebody else's.
    pub async fn next_access(
        &self,
        who: ParticipantId,
        id: ConsentId,
    ) -> Result<Option<NextAccess>, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let now = self.clock.now();
        let mut read = self.store.read().await?;
        let consent = read
            .consent(id)
            .await?
            .filter(|consent| consent.participant == who);
        let consent = consent.ok_or(Failure::Refused(OwnRefusal::NotYours))?;
        let held = consent.occupancy.held_since.is_some();
        if !consent.state(now).is_given() || consent.pause(now).is_some() || held {
            return Ok(None);
        }
        let accesses = read.accesses_of(id, ACCESSES).await?;
        Ok(Some(next_access(&accesses, now)))
    }

    /// The days on which much more was sent under one of a person's sharings than is usual for it (P-27), newest first.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for somebody else's.
    pub async fn unusual_under(
        &self,
        who: ParticipantId,
        id: ConsentId,
    ) -> Result<Vec<UnusualRow>, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let mut read = self.store.read().await?;
        let consent = read
            .consent(id)
            .await?
            .filter(|consent| consent.participant == who);
        consent.ok_or(Failure::Refused(OwnRefusal::NotYours))?;
        Ok(read.unusual_of(id).await?)
    }

    /// The same of everybody, for officers: newest first, with whose sharing it is.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for anybody but an officer.
    pub async fn unusual_everywhere(
        &self,
        officer: OfficerId,
    ) -> Result<Vec<(ParticipantId, UnusualRow)>, Failure<OwnRefusal>> {
        self.may_watch(officer, self.clock.now())?;
        Ok(self.store.read().await?.unusual(MOST_SHOWN).await?)
    }

    /// Whether an officer may see flows.
    pub(crate) fn may_watch(&self, officer: OfficerId, now: Instant) -> Result<(), Failure<OwnRefusal>> {
        let query = Query {
            principal: Principal::Officer(officer),
            action: Action::ReadFlows,
            resource: Resource::Flows,
            now,
        };
        Permit::ask(&*self.policy, query)
            .map(|_| ())
            .map_err(|_| Failure::Refused(OwnRefusal::NotYours))
    }
}
