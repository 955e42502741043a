//! Granting, refusing and withdrawing.

mod barred;
mod event;
mod paper;
mod permit;
mod signing;
mod withdraw;
mod word;

pub(crate) use barred::{Agreeing, barred};
pub(crate) use event::{add_event, add_event_by};
pub use permit::{PermitOrder, Permitted};
pub use signing::AskedSignature;
pub(crate) use signing::{Answering, Asking, read_answer};
use word::standing;
pub(crate) use word::{Word, agreed, word};

use async_trait::async_trait;
use broker_domain::consent::{Consent, ConsentEvent, EventKind, EvidenceLevel, How};
use broker_domain::ids::{ConsentId, Digest, OfferId, PointId};
use broker_domain::mandate::{Acting, Capacity, Hand};
use broker_domain::policy::{Action, Permit, Query, Resource};
use broker_domain::time::Instant;
use broker_store::{OfferRow, PermissionRow, RecordedEvent, Serial};
use evidence::consent::ConsentDraft;
use evidence::passkey::Refusal as SignatureRefusal;
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use crate::accounts::FRESH_SECONDS;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::mandates;
use crate::moving::has_left;
use crate::receipts::Receipt;
use crate::records::consent::{self, Told};

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
    /// When she last proved who she is, with a passkey or at a provider: minutes later a click counts for more.
    pub proved_at: Option<Instant>,
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
    /// The person lives there no more.
    #[error("you left the home of this meter; nothing of it can be shared")]
    HomeLeft,
    /// The text changed since it was shown.
    #[error("the text of this offer changed; read the new one before you choose")]
    NoticeChanged,
    /// Another adult of the home objected to the same, and the officer has not answered yet.
    #[error(
        "another adult of this home objected to this, and the data-protection officer has not answered yet"
    )]
    Objected,
    /// An officer entered that she died or cannot decide any more, and another one has not looked at it yet.
    #[error("nothing can be agreed to until a second officer looked at an entry about this person")]
    CapacityWaits,
    /// She ended or refused the same on the day on the paper, or since.
    #[error("this was ended or refused on the day of the signature or since; ask her for a new form")]
    ChangedSince,
    /// One for the same waits for others, who must agree too.
    #[error("an agreement to this waits already; it is among your sharings")]
    Waits,
    /// A consent for the same recipient, purpose and point is in force.
    #[error("you already share this; withdraw first if you want other terms")]
    AlreadyGiven,
    /// The recipient asks for stronger evidence than this.
    #[error("this recipient asks for evidence of level {}", needed.code())]
    TooWeak {
        /// The least level.
        needed: EvidenceLevel,
    },
    /// The person has no passkey to sign with, or none can be used here.
    #[error("there is no passkey to sign with; choose another way")]
    NoKey,
    /// The signature is not one of this person over these terms.
    #[error("the signature is not accepted: {0}; try again, or choose another way")]
    Signature(SignatureRefusal),
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
    pub async fn choose(
        &self,
        who: impl Into<Hand>,
        choice: Choice,
    ) -> Result<Chosen, Failure<ChoiceRefusal>> {
        let hand = who.into();
        let now = self.clock.now();
        let level = choice.level(now);
        let (row, consents) = self.weigh_choice(hand, &choice, level, now).await?;
        let id = ConsentId::random(&*self.entropy)?;
        let proposal = self.propose(hand, &choice, &row, (id, None), now).await?;
        let asked_at = proposal.asked_at(now);
        let Proposal { consent, draft, told } = proposal;
        standing(&consents, &consent, now).map_err(Failure::Refused)?;

        match choice.answer {
            Answer::Agree => {
                if level < row.evidence {
                    return Err(Failure::Refused(ChoiceRefusal::TooWeak { needed: row.evidence }));
                }
                let by = (How::on_a_page(level), ActorClass::Participant);
                let beat = self
                    .agreed(hand, (consent, draft, told.permission), asked_at, by, now)
                    .await?;
                let leaf_index = self.commit(beat).await?;
                Ok(Chosen {
                    consent: id,
                    receipt: Some(self.receipt(leaf_index).await?),
                })
            }
            Answer::Refuse => self.refuse(hand, &consent, now).await,
        }
    }

    /// Keeps a refusal, which leaves no leaf.
    async fn refuse(
        &self,
        hand: Hand,
        consent: &Consent,
        now: Instant,
    ) -> Result<Chosen, Failure<ChoiceRefusal>> {
        let event = RecordedEvent {
            event: next_event(consent, EventKind::Refused, now, consent.terms)?,
            serial: None,
            leaf_index: None,
        };
        let mut tx = self.store.begin("refuse an offer").await?;
        tx.add_consent(consent).await?;
        tx.add_consent_event(consent.id, &event).await?;
        if let Some(acting) = hand.acting() {
            mandates::note_event(&mut *tx, acting, consent.id, &event.event, now).await?;
        }
        tx.commit().await?;
        Ok(Chosen {
            consent: consent.id,
            receipt: None,
        })
    }

    /// Reads what a choice is about, and asks the policies.
    async fn weigh_choice(
        &self,
        hand: Hand,
        choice: &Choice,
        level: EvidenceLevel,
        now: Instant,
    ) -> Result<(OfferRow, Vec<Consent>), Failure<ChoiceRefusal>> {
        let who = hand.person();
        let (row, consents) = {
            let mut read = self.store.read().await?;
            let row = read
                .offer(choice.offer)
                .await?
                .ok_or(Failure::Refused(ChoiceRefusal::UnknownOffer))?;
            let point = read
                .point(choice.point)
                .await?
                .filter(|point| point.participant == who && hand.reaches(point.id));
            let point = point.ok_or(Failure::Refused(ChoiceRefusal::NotYours))?;
            if has_left(point.occupancy, now) {
                return Err(Failure::Refused(ChoiceRefusal::HomeLeft));
            }
            let consents = read.consents_of(who).await?;
            let agreeing = Agreeing {
                point: choice.point,
                recipient: row.offer.recipient,
                purpose: &row.offer.purpose,
                delegated: hand.acting().is_some(),
                level,
            };
            if let Some(refusal) = barred(&mut *read, (who, now), &consents, &agreeing).await? {
                return Err(Failure::Refused(refusal));
            }
            (row, consents)
        };
        let resource = Resource::Point {
            point: choice.point,
            owner: who,
        };
        let query = Query {
            principal: hand.principal(),
            action: Action::Grant,
            resource,
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(ChoiceRefusal::NotYours))?;
        if !row.notices().contains(&choice.notice) {
            return Err(Failure::Refused(ChoiceRefusal::NoticeChanged));
        }
        Ok((row, consents))
    }

    /// The consent that a choice would make, drafted at an instant. `ids`: its identifier, and when it was asked for, if
    /// that is known already.
    async fn propose(
        &self,
        hand: Hand,
        choice: &Choice,
        row: &OfferRow,
        ids: (ConsentId, Option<Instant>),
        drafted_at: Instant,
    ) -> Result<Proposal, Failure<ChoiceRefusal>> {
        let (id, asked_at) = ids;
        let who = hand.person();
        let consent = row
            .offer
            .answered_by(who, choice.point, choice.notice, id, drafted_at)?;
        let mut read = self.store.read().await?;
        let mut told = Told::of(&mut *read, &consent).await?;
        // The request is what the person was shown; without a page, it is made with the answer.
        let served = read.notice_served(who, choice.offer, choice.notice).await?;
        let served = served.map_or(drafted_at, |served| served.first_at.min(drafted_at));
        told.asked_at = Some(asked_at.unwrap_or(served));
        if read.legal_person(who).await?.is_some() {
            // Only whoever represents it agrees for it, whatever other mandate there may be.
            let acting = hand.acting();
            if acting.is_none_or(|acting| acting.capacity() != Capacity::Representative) {
                return Err(Failure::Refused(ChoiceRefusal::NotYours));
            }
            told.permission = Some(permit::for_one_point(&told.point, id)?);
        }
        let draft = consent::draft(&self.site, &told, &consent, drafted_at)?;
        let terms = consent::terms_digest(&draft)?;
        Ok(Proposal {
            consent: consent.on_terms(terms),
            told,
            draft,
        })
    }
}

/// A consent that nobody has given yet, with its terms.
pub(crate) struct Proposal {
    pub(crate) consent: Consent,
    pub(crate) told: Told,
    pub(crate) draft: ConsentDraft,
}

impl Proposal {
    /// When it was asked for.
    fn asked_at(&self, now: Instant) -> Instant {
        self.told.asked_at.unwrap_or(now)
    }

    /// The canonical bytes of the terms.
    pub(crate) fn terms(&self) -> Result<Vec<u8>, Fault> {
        let bytes = self.draft.to_jcs_bytes();
        bytes.map_err(|_| Fault::Corrupt { what: "terms" })
    }
}

impl Choice {
    fn level(&self, now: Instant) -> EvidenceLevel {
        click_level(self.proved_at, now)
    }
}

/// What a click counts for, of somebody who last proved who she is then (`consent.md` §4.5).
pub(crate) fn click_level(proved_at: Option<Instant>, now: Instant) -> EvidenceLevel {
    let fresh = |proved_at: Instant| now < proved_at.plus_seconds(FRESH_SECONDS);
    match proved_at.is_some_and(fresh) {
        true => EvidenceLevel::L2,
        false => EvidenceLevel::L1,
    }
}

/// Marks the terms that were signed as answered; why not, where that cannot be: one signature is not used twice, whoever is
/// first.
pub(crate) async fn use_intent(
    group: &mut Group<'_>,
    nonce: [u8; 32],
) -> Result<Option<SignatureRefusal>, Fault> {
    match group.tx.consent_intent(nonce).await? {
        Some(row) if row.used_at.is_none() => {
            group.tx.use_consent_intent(nonce, group.now).await?;
            Ok(None)
        }
        Some(_) => Ok(Some(SignatureRefusal::IntentUsed)),
        None => Ok(Some(SignatureRefusal::IntentUnknown)),
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

/// A consent that is given, with its first record.
pub(crate) struct AddConsent {
    consent: Consent,
    asked_at: Instant,
    event: ConsentEvent,
    how: (How, Option<Acting>),
    /// The terms that were signed, to be marked as answered.
    intent: Option<[u8; 32]>,
    /// What makes it a permission.
    permission: Option<PermissionRow>,
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
        let point = group.tx.point(self.consent.point).await?;
        if point.is_none_or(|point| has_left(point.occupancy, group.now)) {
            return Ok(Err(ChoiceRefusal::HomeLeft));
        }
        let consents = group.tx.consents_of(self.consent.participant).await?;
        if let Err(refusal) = standing(&consents, &self.consent, group.now) {
            return Ok(Err(refusal));
        }
        let (how, acting) = self.how;
        // Who holds the contract, and who must agree, may have changed since.
        let said = word(&mut *group.tx, &self.consent, acting, group.now).await?;
        if !said.is_said_by(self.event.kind) {
            return Err(Fault::Conflict {
                table: "joint_holding",
            });
        }
        let agreeing = Agreeing {
            point: self.consent.point,
            recipient: self.consent.recipient,
            purpose: &self.consent.purpose,
            delegated: acting.is_some(),
            level: how.level.unwrap_or_default(),
        };
        let who = (self.consent.participant, group.now);
        if self.event.kind != EventKind::Refused
            && let Some(refusal) = barred(&mut *group.tx, who, &consents, &agreeing).await?
        {
            return Ok(Err(refusal));
        }
        if let Some(nonce) = self.intent
            && let Some(refusal) = use_intent(group, nonce).await?
        {
            return Ok(Err(ChoiceRefusal::Signature(refusal)));
        }
        group.tx.add_consent(&self.consent).await?;
        group
            .tx
            .add_consent_request(self.consent.id, self.asked_at)
            .await?;
        if let Some(permission) = self.permission {
            group.tx.add_permission(self.consent.id, permission).await?;
        }
        let serial = add_event_by(group, self.consent.id, self.event, self.how, &self.draft).await?;
        Ok(Ok(serial))
    }
}

struct AddEvent {
    consent: ConsentId,
    event: ConsentEvent,
    how: (How, Option<Acting>),
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
        let serial = add_event_by(group, self.consent, self.event, self.how, &self.draft).await?;
        Ok(Ok(serial))
    }
}
