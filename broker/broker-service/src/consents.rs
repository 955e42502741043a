//! Granting, refusing and withdrawing.

use async_trait::async_trait;
use broker_domain::consent::{Consent, ConsentEvent, EventKind, EvidenceLevel, How, State};
use broker_domain::ids::{ConsentId, Digest, OfferId, ParticipantId, PointId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::Instant;
use broker_store::{ActRow, OfferRow, RecordedEvent, Serial};
use evidence::consent::ConsentAct;
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::receipts::Receipt;
use crate::records::consent::{self, Actor, NewAct, Told};

/// What a participant chose on the page of one offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The offer shown.
    pub offer: OfferId,
    /// The point it is about.
    pub point: PointId,
    /// SHA-256 of the notice that was shown, in the language it was shown in.
    pub notice: Digest,
    /// What the person said.
    pub answer: Answer,
}

/// Agree or refuse: the same effort either way (invariant I7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Agree,
    /// No.
    Refuse,
}

/// A choice that was recorded.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The consent it made or refused.
    pub consent: ConsentId,
    /// The proof of an agreement. A refusal leaves no trace in the log, so it has none.
    pub receipt: Option<Receipt>,
}

/// Why a choice cannot be recorded.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum ChoiceRefusal {
    /// No such offer.
    #[error("this offer does not exist any more; go back to the list")]
    UnknownOffer,
    /// No such point, or somebody else's.
    #[error("this meter is not one of yours")]
    NotYours,
    /// The text changed since it was shown.
    #[error("the text of this offer changed; read the new one before you choose")]
    NoticeChanged,
    /// A consent for the same recipient, purpose and point is in force.
    #[error("you already share this; withdraw first if you want other terms")]
    AlreadyGiven,
}

/// Why a withdrawal has nothing to do.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawalRefusal {
    /// No such consent, or somebody else's.
    #[error("this sharing is not one of yours")]
    NotYours,
    /// It ended before.
    #[error("this sharing has already ended; nothing more is transferred")]
    AlreadyEnded,
}

impl Broker {
    /// Records what a participant answered to one offer for one meter.
    ///
    /// # Errors
    /// See [`ChoiceRefusal`].
    pub async fn choose(&self, who: ParticipantId, choice: Choice) -> Result<Chosen, Failure<ChoiceRefusal>> {
        let now = self.clock.now();
        let (row, consents) = {
            let mut read = self.store.read().await?;
            let row = read
                .offer(choice.offer)
                .await?
                .ok_or(Failure::Refused(ChoiceRefusal::UnknownOffer))?;
            let point = read
                .point(choice.point)
                .await?
                .filter(|point| point.participant == who);
            point.ok_or(Failure::Refused(ChoiceRefusal::NotYours))?;
            (row, read.consents_of(who).await?)
        };

        let resource = Resource::Point {
            point: choice.point,
            owner: who,
        };
        let query = Query {
            principal: Principal::Participant(who),
            action: Action::Grant,
            resource,
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(ChoiceRefusal::NotYours))?;
        if !row.notices().contains(&choice.notice) {
            return Err(Failure::Refused(ChoiceRefusal::NoticeChanged));
        }
        let (consent, told) = self.new_consent(who, &choice, &row, now).await?;
        if already_given(&consents, &consent, now) {
            return Err(Failure::Refused(ChoiceRefusal::AlreadyGiven));
        }

        let id = consent.id;
        match choice.answer {
            Answer::Agree => {
                let how = How::on_a_page(EvidenceLevel::L1);
                let act = NewAct::now(ConsentAct::Given, Actor::Participant(who), how, now);
                let signed = self.sign(consent::record(&self.site, &told, &consent, &act)?)?;
                let event = next_event(&consent, EventKind::Given, now, signed.digest())?;
                let draft = Draft {
                    subject: who.into(),
                    actor: ActorClass::Participant,
                    signed,
                };
                let leaf_index = self
                    .commit(AddConsent {
                        consent,
                        asked_at: told.asked_at.unwrap_or(now),
                        event,
                        how,
                        draft,
                    })
                    .await?;
                Ok(Chosen {
                    consent: id,
                    receipt: Some(self.receipt(leaf_index).await?),
                })
            }
            Answer::Refuse => {
                let event = RecordedEvent {
                    event: next_event(&consent, EventKind::Refused, now, consent.terms)?,
                    serial: None,
                    leaf_index: None,
                };
                let mut tx = self.store.begin("refuse an offer").await?;
                tx.add_consent(&consent).await?;
                tx.add_consent_event(id, &event).await?;
                tx.commit().await?;
                Ok(Chosen {
                    consent: id,
                    receipt: None,
                })
            }
        }
    }

    /// Ends a consent. Needs no reason, no key and no JavaScript (invariant I5, GDPR art. 7(3)).
    ///
    /// # Errors
    /// See [`WithdrawalRefusal`].
    pub async fn withdraw(
        &self,
        who: ParticipantId,
        id: ConsentId,
    ) -> Result<Receipt, Failure<WithdrawalRefusal>> {
        let now = self.clock.now();
        let (consent, told) = {
            let mut read = self.store.read().await?;
            let consent = read.consent(id).await?;
            let consent = consent.filter(|consent| consent.participant == who);
            let consent = consent.ok_or(Failure::Refused(WithdrawalRefusal::NotYours))?;
            let told = Told::of(&mut *read, &consent).await?;
            (consent, told)
        };

        let resource = Resource::Consent {
            consent: id,
            owner: who,
        };
        let query = Query {
            principal: Principal::Participant(who),
            action: Action::Withdraw,
            resource,
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(WithdrawalRefusal::NotYours))?;
        if !matches!(consent.state(now), State::Given { .. }) {
            return Err(Failure::Refused(WithdrawalRefusal::AlreadyEnded));
        }

        let how = How::on_a_page(EvidenceLevel::L1);
        let act = NewAct::now(ConsentAct::Withdrawn, Actor::Participant(who), how, now);
        let signed = self.sign(consent::record(&self.site, &told, &consent, &act)?)?;
        let event = next_event(&consent, EventKind::Withdrawn, now, signed.digest())?;
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
                how,
                draft,
            })
            .await?;
        Ok(self.receipt(leaf_index).await?)
    }

    async fn new_consent(
        &self,
        who: ParticipantId,
        choice: &Choice,
        row: &OfferRow,
        now: Instant,
    ) -> Result<(Consent, Told), Failure<ChoiceRefusal>> {
        let id = ConsentId::random(&*self.entropy)?;
        let consent = row.offer.answered_by(who, choice.point, choice.notice, id, now)?;
        let mut read = self.store.read().await?;
        let mut told = Told::of(&mut *read, &consent).await?;
        let served = read.notice_served(who, choice.offer, choice.notice).await?;
        // The request is what the person was shown; without a page, it is made with the answer.
        told.asked_at = Some(served.map_or(now, |served| served.first_at.min(now)));
        let terms = consent::terms_digest(&consent::draft(&self.site, &told, &consent, now)?)?;
        Ok((consent.on_terms(terms), told))
    }
}

fn next_event(
    consent: &Consent,
    kind: EventKind,
    now: Instant,
    record: Digest,
) -> Result<ConsentEvent, Fault> {
    consent.next_event(kind, now, record).ok_or(Fault::Corrupt {
        what: "consent events",
    })
}

fn already_given(consents: &[Consent], new: &Consent, now: Instant) -> bool {
    consents.iter().any(|old| {
        old.point == new.point
            && old.recipient == new.recipient
            && old.purpose == new.purpose
            && matches!(old.state(now), State::Given { .. })
    })
}

struct AddConsent {
    consent: Consent,
    asked_at: Instant,
    event: ConsentEvent,
    how: How,
    draft: Draft,
}

#[async_trait]
impl Commit for AddConsent {
    type Answer = Serial;
    type Refusal = ChoiceRefusal;
    const NAME: &'static str = "answer an offer";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, ChoiceRefusal>, Fault> {
        // Two clicks at once must not open two consents: look again where nobody can come between.
        let consents = group.tx.consents_of(self.consent.participant).await?;
        if already_given(&consents, &self.consent, group.now) {
            return Ok(Err(ChoiceRefusal::AlreadyGiven));
        }
        group.tx.add_consent(&self.consent).await?;
        group
            .tx
            .add_consent_request(self.consent.id, self.asked_at)
            .await?;
        let serial = add_event(group, self.consent.id, self.event, self.how, &self.draft).await?;
        Ok(Ok(serial))
    }
}

struct AddEvent {
    consent: ConsentId,
    event: ConsentEvent,
    how: How,
    draft: Draft,
}

#[async_trait]
impl Commit for AddEvent {
    type Answer = Serial;
    type Refusal = WithdrawalRefusal;
    const NAME: &'static str = "withdraw consent";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, WithdrawalRefusal>, Fault> {
        let serial = add_event(group, self.consent, self.event, self.how, &self.draft).await?;
        Ok(Ok(serial))
    }
}

/// Writes an event with its record and how it came about.
pub(crate) async fn add_event(
    group: &mut Group<'_>,
    consent: ConsentId,
    event: ConsentEvent,
    how: How,
    draft: &Draft,
) -> Result<Serial, Fault> {
    let serial = group.append(draft).await?;
    let recorded = RecordedEvent {
        event,
        serial: Some(serial),
        leaf_index: None,
    };
    group.tx.add_consent_event(consent, &recorded).await?;
    let act = ActRow { seq: event.seq, how };
    group.tx.add_consent_act(consent, act).await?;
    Ok(serial)
}
