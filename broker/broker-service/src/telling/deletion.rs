//! A person asks, with a withdrawal or after it, that what was received under it be deleted (GDPR art. 17; P-15).

use broker_domain::ids::ConsentId;
use broker_domain::mandate::Hand;
use broker_domain::policy::{Action, Permit, Query, Resource};
use thiserror::Error;

use super::changes::tell_deletion_asked;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};

/// Why nobody is asked.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum DeletionRefusal {
    /// No such sharing, or somebody else's.
    #[error("this sharing is not one of yours")]
    NotYours,
    /// Its recipient needs the data for what she agreed to.
    #[error("this sharing was not withdrawn; withdraw it first")]
    NotWithdrawn,
}

impl Broker {
    /// Asks everybody who received under a withdrawn sharing to delete it. Asked again, nothing more happens. What each
    /// answers is shown where she sees who was told.
    ///
    /// LIMIT: the request leaves no record in the ledger; the withdrawal before it and the answers after it do.
    ///
    /// # Errors
    /// See [`DeletionRefusal`].
    pub async fn ask_deletion(
        &self,
        who: impl Into<Hand>,
        id: ConsentId,
    ) -> Result<(), Failure<DeletionRefusal>> {
        let hand = who.into();
        let who = hand.person();
        let now = self.clock.now();
        let query = Query {
            principal: hand.principal(),
            action: Action::Withdraw,
            resource: Resource::Consent {
                consent: id,
                owner: who,
            },
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(DeletionRefusal::NotYours))?;
        let mut tx = self.store.begin("ask for deletion").await.map_err(Fault::from)?;
        let consent = tx.consent(id).await?.filter(|consent| consent.participant == who);
        let consent = consent.ok_or(Failure::Refused(DeletionRefusal::NotYours))?;
        let told = tx.notices_about(id).await?;
        let dossier = told.first().map(|row| row.dossier);
        let dossier = dossier.ok_or(Failure::Refused(DeletionRefusal::NotWithdrawn))?;
        if dossier.deletion_asked_at.is_some() {
            return Ok(());
        }
        tx.ask_deletion(dossier.id, now).await?;
        tell_deletion_asked(&mut *tx, &consent, dossier.id, now).await?;
        Ok(tx.commit().await?)
    }
}
