//! "This was not me": transfers stop before anybody looks into it (gdpr-kit.md P-19).

use broker_domain::consent::EventKind;
use broker_domain::ids::{ConsentId, ParticipantId};

use super::{ChangeRefusal, Demand, LONGEST_PAUSE_SECONDS};
use crate::broker::Broker;
use crate::failure::Failure;
use crate::receipts::Receipt;

/// A freeze that has so many seconds less than the longest is not made again: the same form sent twice is one act.
const SAME_SECONDS: i64 = 86_400;

impl Broker {
    /// Stops the transfers of a sharing at once and for as long as a pause may last, whoever gave it. An act of its own in
    /// the ledger. Nothing where transfers stand still for that long already, or where it ended.
    ///
    /// It is a pause, so that she ends it as any other, or withdraws: nobody else does either for her.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    pub async fn freeze_sharing(
        &self,
        who: ParticipantId,
        id: ConsentId,
    ) -> Result<Option<Receipt>, Failure<ChangeRefusal>> {
        let now = self.clock.now();
        let consent = self.own_consent(who, id, Demand::Leaving, now).await?;
        let until = now.plus_seconds(LONGEST_PAUSE_SECONDS);
        let stands = until.plus_seconds(-SAME_SECONDS);
        if !consent.state(now).is_given() || consent.pause(now).is_some_and(|pause| stands <= pause.until) {
            return Ok(None);
        }
        let frozen = self.change(consent, EventKind::Paused { until }, now).await;
        frozen.map(Some)
    }
}
