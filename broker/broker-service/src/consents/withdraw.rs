//! Withdrawing one sharing, and many of a legal person in one act: each has its event, its record and its receipt.

use std::collections::HashSet;

use async_trait::async_trait;
use broker_domain::consent::{Consent, ConsentEvent, EventKind, EvidenceLevel, How, State};
use broker_domain::ids::ConsentId;
use broker_domain::mandate::{Acting, Hand};
use broker_domain::policy::{Action, Permit, Query, Resource};
use broker_domain::time::Instant;
use evidence::consent::ConsentAct;
use ledger_core::leaf::ActorClass;

use super::{AddEvent, WithdrawalRefusal, add_event, next_event};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::mandates;
use crate::receipts::Receipt;
use crate::records::consent::{self, NewAct, Told};

/// How often it is begun again when something came between.
const ATTEMPTS: usize = 3;
/// After how many sharings others get their turn.
const TURN: usize = 32;

impl Broker {
    /// Ends a consent. Needs no reason, no key and no JavaScript (invariant I5, GDPR art. 7(3)).
    ///
    /// # Errors
    /// See [`WithdrawalRefusal`].
    pub async fn withdraw(
        &self,
        who: impl Into<Hand>,
        id: ConsentId,
    ) -> Result<Receipt, Failure<WithdrawalRefusal>> {
        let hand = who.into();
        let who = hand.person();
        let now = self.clock.now();
        let (consent, told) = {
            let mut read = self.store.read().await?;
            let consent = read.consent(id).await?;
            let consent = consent.filter(|consent| consent.participant == who && hand.reaches(consent.point));
            let consent = consent.ok_or(Failure::Refused(WithdrawalRefusal::NotYours))?;
            let told = Told::of(&mut *read, &consent).await?;
            (consent, told)
        };

        let resource = Resource::Consent {
            consent: id,
            owner: who,
        };
        let query = Query {
            principal: hand.principal(),
            action: Action::Withdraw,
            resource,
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(WithdrawalRefusal::NotYours))?;
        let (act, kind) = match consent.state(now) {
            State::Given { .. } => (ConsentAct::Withdrawn, EventKind::Withdrawn),
            // Nothing was in force: taking back what waits is as easy.
            State::Waiting { .. } => (ConsentAct::Declined, EventKind::Declined),
            _ => return Err(Failure::Refused(WithdrawalRefusal::AlreadyEnded)),
        };

        let how = How::on_a_page(EvidenceLevel::L1);
        let act = NewAct::by_hand(act, hand, how, now);
        let signed = self.sign(consent::record(&self.site, &told, &consent, &act)?)?;
        let event = next_event(&consent, kind, now, signed.digest())?;
        let draft = Draft {
            subject: who.into(),
            actor: ActorClass::Participant,
            signed,
        };

        // The event's number is unique: of two withdrawals at once one is kept, the other told to repeat.
        let leaf_index = self
            .commit(AddEvent {
                consent: id,
                event,
                how: (how, hand.acting()),
                draft,
            })
            .await?;
        Ok(self.receipt(leaf_index).await?)
    }

    /// Withdraws some sharings for whoever is represented. What ended before is left as it is. Gives how many ended now.
    ///
    /// # Errors
    /// [`WithdrawalRefusal::NotYours`] where one of them is somebody else's; [`WithdrawalRefusal::AlreadyEnded`] where none is left.
    pub async fn withdraw_points(
        &self,
        hand: Hand,
        which: &[ConsentId],
    ) -> Result<usize, Failure<WithdrawalRefusal>> {
        for _ in 1..ATTEMPTS {
            match self.withdraw_now(hand, which).await {
                Err(Failure::Conflict | Failure::Fault(Fault::Conflict { .. })) => {}
                other => return other,
            }
        }
        self.withdraw_now(hand, which).await
    }

    async fn withdraw_now(
        &self,
        hand: Hand,
        which: &[ConsentId],
    ) -> Result<usize, Failure<WithdrawalRefusal>> {
        let now = self.clock.now();
        let acting = hand
            .acting()
            .ok_or(Failure::Refused(WithdrawalRefusal::NotYours))?;
        let told = self.to_withdraw(hand, which, now).await?;
        let how = How::on_a_page(EvidenceLevel::L1);
        let act = NewAct::by_hand(ConsentAct::Withdrawn, hand, how, now);
        let mut ends = Vec::with_capacity(told.len());
        for (place, (consent, told)) in told.into_iter().enumerate() {
            if place % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let query = Query {
                principal: hand.principal(),
                action: Action::Withdraw,
                resource: Resource::Consent {
                    consent: consent.id,
                    owner: hand.person(),
                },
                now,
            };
            Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(WithdrawalRefusal::NotYours))?;
            let signed = self.sign(consent::record(&self.site, &told, &consent, &act)?)?;
            let event = next_event(&consent, EventKind::Withdrawn, now, signed.digest())?;
            let draft = Draft {
                subject: hand.person().into(),
                actor: ActorClass::Participant,
                signed,
            };
            ends.push((consent.id, event, draft));
        }
        let count = ends.len();
        self.commit(EndPermissions { ends, how, acting }).await?;
        Ok(count)
    }

    async fn to_withdraw(
        &self,
        hand: Hand,
        which: &[ConsentId],
        now: Instant,
    ) -> Result<Vec<(Consent, Told)>, Failure<WithdrawalRefusal>> {
        let wanted: HashSet<ConsentId> = which.iter().copied().collect();
        let mut read = self.store.read().await?;
        let mut consents = read.consents_of(hand.person()).await?;
        consents.retain(|consent| wanted.contains(&consent.id));
        if consents.len() != wanted.len() {
            return Err(Failure::Refused(WithdrawalRefusal::NotYours));
        }
        consents.retain(|consent| consent.state(now).is_given());
        if consents.is_empty() {
            return Err(Failure::Refused(WithdrawalRefusal::AlreadyEnded));
        }
        let mut told = Vec::with_capacity(consents.len());
        for consent in consents {
            let about = Told::of(&mut *read, &consent).await?;
            told.push((consent, about));
        }
        Ok(told)
    }
}

struct EndPermissions {
    ends: Vec<(ConsentId, ConsentEvent, Draft)>,
    how: How,
    acting: Acting,
}

#[async_trait]
impl Commit for EndPermissions {
    type Answer = ();
    type Refusal = WithdrawalRefusal;
    const NAME: &'static str = "withdraw consent";

    fn leaves(&self) -> usize {
        self.ends.len()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), WithdrawalRefusal>, Fault> {
        let mut done = Vec::with_capacity(self.ends.len());
        for (consent, event, draft) in &self.ends {
            // The number of an event is unique: of two withdrawals at once one is kept, and the other begun again.
            add_event(group, *consent, *event, self.how, draft).await?;
            done.push((*consent, *event));
        }
        let now = group.now;
        mandates::note_events(&mut *group.tx, self.acting, &done, now).await?;
        Ok(Ok(()))
    }
}
