//! By whose hand a visitor acts about one sharing or one meter: her own, or, where she holds a contract with another, as a holder
//! of that (gdpr-kit.md P-31). Nothing of the other is found by her own hand, so that a page that does not ask here is closed.

use broker_domain::ids::{ConsentId, ParticipantId, PointId};
use broker_domain::mandate::Hand;
use broker_service::{ActingNow, Failure, OwnRefusal, Powers, Receipt, SignInRefusal};

use crate::routes::trouble::Trouble;
use crate::routes::visit::Visit;

impl Visit {
    /// For a sharing. One that is nobody's here is looked for by her own hand, and not found.
    pub(crate) async fn hand_about(&self, sharing: ConsentId) -> Result<Hand, Trouble> {
        let own = self.hand()?;
        let consent = self.broker().read().await?.consent(sharing).await?;
        match consent {
            Some(consent) => self.holding(own, consent.participant, consent.point).await,
            None => Ok(own),
        }
    }

    /// For a meter.
    pub(crate) async fn hand_at(&self, point: PointId) -> Result<Hand, Trouble> {
        let own = self.hand()?;
        let row = self.broker().read().await?.point(point).await?;
        match row {
            Some(row) => self.holding(own, row.participant, point).await,
            None => Ok(own),
        }
    }

    /// For terms that wait for her signature.
    pub(crate) async fn hand_signing(&self, nonce: [u8; 32]) -> Result<Hand, Trouble> {
        let waiting = self.broker().read().await?.consent_intent(nonce).await?;
        match waiting {
            Some(row) => self.granting_at(row.point).await,
            None => self.hand(),
        }
    }

    /// For a meter, of a session that may do more than withdraw.
    pub(crate) async fn granting_at(&self, point: PointId) -> Result<Hand, Trouble> {
        let may = self
            .session
            .as_ref()
            .is_some_and(|session| session.powers == Powers::Everything);
        match may {
            true => self.hand_at(point).await,
            false => Err(Trouble::SignIn(SignInRefusal::WithdrawingOnly)),
        }
    }

    /// The proof of one record: of her own list, or, of a contract that she holds with another, about a sharing of that.
    pub(crate) async fn own_proof(&self, leaf: u64) -> Result<Receipt, Failure<OwnRefusal>> {
        let signed_out = |_| Failure::Refused(OwnRefusal::NotYours);
        let own = self.hand().map_err(signed_out)?;
        let found = self.broker().own_receipt(own, leaf).await;
        if own.acting().is_some() || !matches!(found, Err(Failure::Refused(OwnRefusal::NotYours))) {
            return found;
        }
        for held in self.broker().holdings_of(own.person()).await? {
            let shared = self.broker().own_receipt(held.acting, leaf).await;
            if shared.is_ok() {
                return shared;
            }
        }
        found
    }

    async fn holding(&self, own: Hand, owner: ParticipantId, point: PointId) -> Result<Hand, Trouble> {
        // Whoever acts for another acts about what is that one's: holding a contract is passed on to nobody.
        if own.person() == owner || !matches!(self.acting()?, ActingNow::Herself) {
            return Ok(own);
        }
        let held = self.broker().holdings_of(own.person()).await?;
        let held = held
            .into_iter()
            .find(|one| one.acting.person() == owner && one.acting.point() == Some(point));
        Ok(held.map_or(own, |one| Hand::from(one.acting)))
    }
}
