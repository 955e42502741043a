//! Taking a mandate on, with the code that the person handed over or with the account that was made with it.

use broker_domain::ids::{MandateId, ParticipantId};
use broker_domain::mandate::{Held, Mandate, MandateState};
use broker_store::{AttemptKind, MandateRow};
use evidence::record::MandateStepKind;

use super::steps::Accept;
use super::{MandateRefusal, MandateView, participant};
use crate::accounts::typed;
use crate::broker::Broker;
use crate::failure::Failure;
use crate::moving::has_left;

/// By what somebody claims a mandate.
#[derive(Clone, Copy)]
pub enum Claim<'a> {
    /// Its code, as typed.
    Code(&'a str),
    /// That she was enrolled with its code.
    Kept(MandateId),
}

impl Broker {
    /// What a mandate says, for whoever is about to accept it.
    ///
    /// # Errors
    /// [`MandateRefusal::Code`], [`MandateRefusal::Own`], [`MandateRefusal::SignIn`].
    pub async fn offered_mandate(
        &self,
        token: &[u8; 32],
        claim: Claim<'_>,
    ) -> Result<MandateView, Failure<MandateRefusal>> {
        let (_, row) = self.claimed(token, claim).await?;
        Ok(self.mandate_view(row).await?)
    }

    /// Takes a mandate on.
    ///
    /// # Errors
    /// As [`Self::offered_mandate`].
    pub async fn accept_mandate(
        &self,
        token: &[u8; 32],
        claim: Claim<'_>,
    ) -> Result<MandateId, Failure<MandateRefusal>> {
        let (who, row) = self.claimed(token, claim).await?;
        if let Some(joint) = row.mandate.joint {
            // Her word will bind another for as long as both hold the contract.
            let fresh = self.fresh(token).await;
            fresh.map_err(|failure| failure.map_refusal(MandateRefusal::SignIn))?;
            let point = self.store.read().await?.point(joint.point).await?;
            if point.is_none_or(|row| has_left(row.occupancy, self.clock.now())) {
                return Err(Failure::Refused(MandateRefusal::Code));
            }
            let held = self.holdings_of(who).await?;
            if held.iter().any(|one| one.acting.point() == Some(joint.point)) {
                return Err(Failure::Refused(MandateRefusal::Own));
            }
        }
        let now = self.clock.now();
        let profile = self.own_profile(who).await;
        let profile = profile.map_err(|failure| failure.map_refusal(|_| MandateRefusal::NotYours))?;
        let held = Held { by: who, since: now };
        let mandate = Mandate {
            held: Some(held),
            ..row.mandate
        };
        let id = mandate.id;
        let step = MandateStepKind::Accepted;
        let (replaced, mut drafts) = self.replaced(&mandate, now).await?;
        drafts.push(self.mandate_draft(&mandate, step, mandate.person, now).await?);
        drafts.push(self.mandate_draft(&mandate, step, who, now).await?);
        let beat = Accept {
            held,
            name: self.sealed_names(who, id, "", &profile.name).await?,
            drafts,
            mandate,
            replaced,
        };
        self.commit(beat).await?;
        Ok(id)
    }

    async fn claimed(
        &self,
        token: &[u8; 32],
        claim: Claim<'_>,
    ) -> Result<(ParticipantId, MandateRow), Failure<MandateRefusal>> {
        let session = self.able(token).await;
        let session = session.map_err(|failure| failure.map_refusal(MandateRefusal::SignIn))?;
        let who = participant(&session)?;
        let row = match claim {
            Claim::Code(code) => self.mandate_behind(code).await?,
            Claim::Kept(id) => {
                let row = self.store.read().await?.mandate(id).await?;
                let row = row.filter(|row| row.newcomer == Some(who));
                row.ok_or(Failure::Refused(MandateRefusal::Code))?
            }
        };
        if row.mandate.person == who {
            return Err(Failure::Refused(MandateRefusal::Own));
        }
        let open = row.mandate.state(self.clock.now()) == MandateState::Open;
        if !open || row.newcomer.is_some_and(|newcomer| newcomer != who) {
            return Err(Failure::Refused(MandateRefusal::Code));
        }
        Ok((who, row))
    }

    /// The mandate behind a code, looked up by its digest: wrong codes are counted, as those of invitations are.
    pub(super) async fn mandate_behind(&self, code: &str) -> Result<MandateRow, Failure<MandateRefusal>> {
        let kind = AttemptKind::Invitation;
        let may = self.may_try(kind, None).await;
        may.map_err(|failure| failure.map_refusal(MandateRefusal::SignIn))?;
        let hash = self.vault.mandate_code(&typed(code));
        let row = self.store.read().await?.mandate_of_code(hash).await?;
        let open = row.filter(|row| row.mandate.state(self.clock.now()) == MandateState::Open);
        match open {
            Some(row) => Ok(row),
            None => {
                self.count_failure(kind, None).await?;
                Err(Failure::Refused(MandateRefusal::Code))
            }
        }
    }
}
