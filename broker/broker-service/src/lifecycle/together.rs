//! Withdrawing everything from one organisation, and everything at all: acts of their own (`consent.md` §8).

use broker_domain::consent::Consent;
use broker_domain::ids::{ConsentId, OrganisationId};
use broker_domain::mandate::Hand;

use crate::broker::Broker;
use crate::consents::WithdrawalRefusal;
use crate::failure::{Failure, Fault};

/// How often a consent that something came between is tried again.
const ATTEMPTS: usize = 3;

/// Which sharings are withdrawn together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Together {
    /// All with one organisation.
    From(OrganisationId),
    /// All there are.
    Everything,
}

impl Together {
    /// Whether a consent is among them.
    #[must_use]
    pub fn includes(&self, consent: &Consent) -> bool {
        self.is_with(consent.recipient)
    }

    /// Whether what this organisation receives is among them.
    #[must_use]
    pub fn is_with(&self, recipient: OrganisationId) -> bool {
        match self {
            Self::From(organisation) => recipient == *organisation,
            Self::Everything => true,
        }
    }
}

/// What was withdrawn together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WithdrawnTogether {
    /// The consents, each with an event and a record of its own.
    pub ended: Vec<ConsentId>,
}

impl Broker {
    /// Withdraws several consents, each as [`Self::withdraw`] does. One that fails does not keep the others from ending;
    /// calling again goes on with what is left. What she agreed to on paper and waits for another officer is stopped first, so that
    /// what is confirmed at the last moment is withdrawn with the rest.
    ///
    /// LIMIT: whoever acts for her does not stop it, because its record has no room for a mandate.
    ///
    /// # Errors
    /// The first failure, after all were tried. That nothing is left to withdraw is none.
    pub async fn withdraw_together(
        &self,
        who: impl Into<Hand>,
        which: Together,
    ) -> Result<WithdrawnTogether, Failure<WithdrawalRefusal>> {
        let hand = who.into();
        let mut first: Option<Failure<WithdrawalRefusal>> = None;
        if hand.acting().is_none() {
            let stopped = self.stop_waiting_grants(hand.person(), which).await;
            let stopped = stopped.map_err(|failure| failure.map_refusal(|_| WithdrawalRefusal::AlreadyEnded));
            first = stopped.err();
        }
        let now = self.clock.now();
        let mut consents = self.store.read().await?.consents_of(hand.person()).await?;
        consents.retain(|consent| which.includes(consent) && consent.state(now).is_given());
        let mut done = WithdrawnTogether::default();
        for consent in consents {
            match self.withdraw_surely(hand, consent.id).await {
                Ok(()) => done.ended.push(consent.id),
                Err(Failure::Refused(WithdrawalRefusal::AlreadyEnded)) => {}
                Err(failure) => first = first.or(Some(failure)),
            }
        }
        first.map_or(Ok(done), Err)
    }

    async fn withdraw_surely(&self, hand: Hand, id: ConsentId) -> Result<(), Failure<WithdrawalRefusal>> {
        for _ in 1..ATTEMPTS {
            match self.withdraw(hand, id).await {
                Err(Failure::Conflict | Failure::Fault(Fault::Conflict { .. })) => {}
                other => return other.map(|_| ()),
            }
        }
        self.withdraw(hand, id).await.map(|_| ())
    }
}
