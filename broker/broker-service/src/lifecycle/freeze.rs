//! "This was not me": transfers stop before anybody looks into it (gdpr-kit.md P-19).

use broker_domain::consent::EventKind;
use broker_domain::ids::{ConsentId, ParticipantId};

use super::{ChangeRefusal, Demand, LONGEST_PAUSE_SECONDS};
use crate::broker::Broker;
use crate::failure::Failure;
use crate::receipts::Receipt;

/// A freeze that has so many seconds less than the longest is not made again: the same form sent twice is one act.
const SAME_SECONDS: i64 = 86_400;
/// How often a freeze is tried that another act of the same consent was faster than: whoever keeps changing a sharing must
/// not keep it open.
const TRIES: u32 = 8;

/// What became of the transfers of a sharing that somebody did not agree to.
#[derive(Debug, Clone)]
pub enum Frozen {
    /// They stopped just now.
    Now(Receipt),
    /// They stand still for that long already.
    Already,
    /// The sharing is not in force.
    Ended,
}

impl Broker {
    /// Stops the transfers of a sharing at once and for as long as a pause may last, whoever gave it. An act of its own in
    /// the ledger.
    ///
    /// It is a pause, so that she ends it as any other, or withdraws: nobody else does either for her.
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
        let until = now.plus_seconds(LONGEST_PAUSE_SECONDS);
        let stands = until.plus_seconds(-SAME_SECONDS);
        if !consent.state(now).is_given() {
            return Ok(Frozen::Ended);
        }
        if consent.pause(now).is_some_and(|pause| stands <= pause.until) {
            return Ok(Frozen::Already);
        }
        let frozen = self
            .change(consent, EventKind::Paused { until }, who.into(), now)
            .await;
        frozen.map(Frozen::Now)
    }
}
