//! Whoever holds a meter here is of age (`consent.md` §8): she says so before her first way in. No birth date is asked for.

use async_trait::async_trait;
use broker_domain::ids::ParticipantId;
use broker_domain::time::Instant;
use ledger_core::leaf::ActorClass;

use super::{HomeRefusal, Said};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};

impl Broker {
    /// Whether a person said that she is of age, or holds no meter and need not.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_of_age(&self, who: ParticipantId) -> Result<bool, Fault> {
        let mut read = self.store.read().await?;
        Ok(read.age_stated_at(who).await?.is_some() || read.points_of(who).await?.is_empty())
    }

    /// Records that a person says that she is of age. Said twice, it is recorded once. Whoever calls has her invitation.
    ///
    /// # Errors
    /// [`HomeRefusal::NotYours`] for somebody without a meter.
    pub async fn say_of_age(&self, who: ParticipantId) -> Result<(), Failure<HomeRefusal>> {
        let now = self.clock.now();
        if self.store.read().await?.age_stated_at(who).await?.is_some() {
            return Ok(());
        }
        let beat = self.age_beat(who, ActorClass::Participant, now).await?;
        let beat = beat.ok_or(Failure::Refused(HomeRefusal::NotYours))?;
        match self.commit(beat).await {
            // Two at once say the same.
            Err(Failure::Conflict) => Ok(()),
            done => done,
        }
    }

    /// What records it; `None` where she said so before, or has no meter.
    pub(crate) async fn age_beat(
        &self,
        who: ParticipantId,
        actor: ActorClass,
        now: Instant,
    ) -> Result<Option<SayOfAge>, Fault> {
        let point = {
            let mut read = self.store.read().await?;
            if read.age_stated_at(who).await?.is_some() {
                return Ok(None);
            }
            read.points_of(who).await?.into_iter().next()
        };
        let Some(point) = point else { return Ok(None) };
        let draft = self.household_draft(&point, Said::OfAge, actor, now)?;
        Ok(Some(SayOfAge { who, draft }))
    }
}

/// Somebody says that she is of age.
pub(crate) struct SayOfAge {
    who: ParticipantId,
    draft: Draft,
}

impl SayOfAge {
    /// Writes it, along with another beat or on its own.
    pub async fn write(&self, group: &mut Group<'_>) -> Result<(), Fault> {
        group.append(&self.draft).await?;
        Ok(group.tx.state_age(self.who, group.now).await?)
    }
}

#[async_trait]
impl Commit for SayOfAge {
    type Answer = ();
    type Refusal = HomeRefusal;
    // The way back of migration 0015 looks for this name.
    const NAME: &'static str = "say that one is of age";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), HomeRefusal>, Fault> {
        self.write(group).await.map(Ok)
    }
}
