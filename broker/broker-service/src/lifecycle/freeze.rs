//! "This was not me": transfers stop before anybody looks into it (gdpr-kit.md P-19), and go on when the person, having
//! proved who she is, or an officer says so. Nothing else ends it.

use broker_domain::consent::{EventKind, EvidenceLevel};
use broker_domain::household::StandstillCause;
use broker_domain::ids::{ConsentId, ParticipantId};
use broker_domain::mandate::Hand;
use broker_domain::time::Instant;
use ledger_core::leaf::ActorClass;

use super::{ChangeRefusal, Demand, Next, click_level};
use crate::broker::Broker;
use crate::failure::Failure;
use crate::receipts::Receipt;
use crate::standstill::{Freeze, Lift, under_way};

/// How often a freeze is tried that another act of the same consent was faster than: whoever keeps changing a sharing must
/// not keep it open.
const TRIES: u32 = 8;

/// What became of the transfers of a sharing that somebody did not agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frozen {
    /// They stand still from now on.
    Now,
    /// They stand still for this reason already.
    Already,
    /// The sharing is not in force.
    Ended,
}

impl Broker {
    /// Stops the transfers of a sharing at once, whoever gave it, and for as long as it lasts: until she lifts that herself,
    /// an officer does, or either ends the sharing.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    pub async fn freeze_sharing(
        &self,
        who: ParticipantId,
        id: ConsentId,
    ) -> Result<Frozen, Failure<ChangeRefusal>> {
        for _ in 1..TRIES {
            match self.frozen(who, id).await {
                Err(Failure::Conflict) => {}
                done => return done,
            }
        }
        self.frozen(who, id).await
    }

    async fn frozen(&self, who: ParticipantId, id: ConsentId) -> Result<Frozen, Failure<ChangeRefusal>> {
        let now = self.clock.now();
        let consent = self.own_consent(who.into(), id, Demand::Leaving, now).await?;
        if !consent.state(now).is_given() {
            return Ok(Frozen::Ended);
        }
        let rows = under_way(&mut *self.store.read().await?, id).await?;
        if rows.iter().any(|row| row.cause == StandstillCause::NotMe) {
            return Ok(Frozen::Already);
        }
        let why = (StandstillCause::NotMe, None);
        let stop = self.stop(&consent, why, ActorClass::Participant, now).await?;
        self.commit(Freeze(stop)).await?;
        Ok(Frozen::Now)
    }

    /// Ends a pause. One that she asked for because it was not her ends after a fresh proof only: whoever took over her session
    /// lifts nothing. One that another adult of the home brought about is the officer's to end.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    pub async fn end_pause(
        &self,
        who: impl Into<Hand>,
        id: ConsentId,
        proved_at: Option<Instant>,
    ) -> Result<Receipt, Failure<ChangeRefusal>> {
        let hand = who.into();
        let now = self.clock.now();
        let consent = self.own_consent(hand, id, Demand::Granting, now).await?;
        if consent.state(now).is_given() && consent.pause(now).is_none() {
            return Err(Failure::Refused(ChangeRefusal::NotPaused));
        }
        let known = under_way(&mut *self.store.read().await?, id).await?;
        if known.iter().any(|row| row.cause == StandstillCause::Objection) {
            return Err(Failure::Refused(ChangeRefusal::WithOfficer));
        }
        if self
            .store
            .read()
            .await?
            .capacity_entered(hand.person(), now)
            .await?
            .is_some()
        {
            return Err(Failure::Refused(ChangeRefusal::WithOfficer));
        }
        // What she says was not her may have been whoever acts for her.
        if !known.is_empty() && hand.acting().is_some() {
            return Err(Failure::Refused(ChangeRefusal::NotYours));
        }
        let needed = EvidenceLevel::L2;
        if !known.is_empty() && click_level(proved_at, now) < needed {
            return Err(Failure::Refused(ChangeRefusal::TooWeak { needed }));
        }
        let next = Next {
            acting: hand.acting(),
            ..Next::at_once(EventKind::Resumed, now)
        };
        let change = self.drafted(&consent, next, ActorClass::Participant).await?;
        let leaf_index = self.commit(Lift { change, known }).await?;
        Ok(self.receipt(leaf_index).await?)
    }
}
