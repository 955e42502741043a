//! What several people must agree to (gdpr-kit.md P-31): the word of those who have not spoken yet, and a no.
//!
//! LIMIT: that a wait was over without an answer is told by no message and has no record: it is computed, and the page shows it.

use async_trait::async_trait;
use broker_domain::consent::{Consent, ConsentEvent, EventKind, EvidenceLevel, How, State};
use broker_domain::ids::{ConsentId, Digest};
use broker_domain::mandate::{Capacity, Hand};
use broker_domain::time::Instant;
use broker_store::{OfferRow, Serial};
use evidence::consent::ConsentAct;
use evidence::passkey::{Action, Refusal as SignatureRefusal};
use ledger_core::leaf::ActorClass;

use super::{AddChange, ChangeRefusal, Demand, Next, asked_again};
use crate::broker::Broker;
use crate::consents::{
    Agreeing, Answering, AskedSignature, Asking, Proposal, Word, agreed, barred, click_level, read_answer,
    word,
};
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::mandates::Holders;
use crate::moving::has_left;
use crate::receipts::Receipt;
use crate::records::consent::{self, NewAct, Told};

/// What waits, as one of those who hold the contract sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited {
    /// Whether it waits for her.
    pub her_word: HerWord,
    /// How many others it waits for.
    pub others: usize,
    /// When nothing comes of it.
    pub until: Instant,
    /// Whether it is a later end of a sharing that goes on.
    pub renewal: bool,
}

/// Whether somebody has spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HerWord {
    /// Hers is awaited.
    Missing,
    /// She agreed.
    Given,
    /// She agreed, and nobody else is waited for any more: who holds the contract changed. She says so again.
    Enough,
}

/// What somebody agrees to who holds the contract too: the terms of whoever agreed first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// The offer that it answers.
    pub offer: OfferRow,
    /// The consent that waits.
    pub consent: Consent,
}

impl Broker {
    /// What waits of a sharing, and for whom; `None` where nothing does.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn awaited(&self, who: impl Into<Hand>, consent: &Consent) -> Result<Option<Awaited>, Fault> {
        let hand = who.into();
        let now = self.clock.now();
        let (until, renewal) = match (consent.state(now), consent.proposal(now)) {
            (State::Waiting { until, .. }, _) => (until, false),
            (_, Some(proposal)) => (proposal.until, true),
            _ => return Ok(None),
        };
        let mut read = self.store.read().await?;
        let of = (consent.participant, consent.point);
        let mut missing = Holders::of(&mut *read, of, now).await?.must_agree;
        let before = agreed(&mut *read, consent, now).await?;
        missing.retain(|one| !before.contains(one));
        let awaited = missing.remove(&hand.holder());
        Ok(Some(Awaited {
            her_word: match awaited {
                true => HerWord::Missing,
                false if missing.is_empty() => HerWord::Enough,
                false => HerWord::Given,
            },
            others: missing.len(),
            until,
            renewal,
        }))
    }

    /// What whoever acts would agree to; `Err` where nothing waits for her.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    pub async fn agreement(
        &self,
        who: impl Into<Hand>,
        id: ConsentId,
    ) -> Result<Agreement, Failure<ChangeRefusal>> {
        let hand = who.into();
        let now = self.clock.now();
        let consent = self.own_consent(hand, id, Demand::Granting, now).await?;
        if !matches!(consent.state(now), State::Waiting { .. }) {
            return Err(Failure::Refused(ChangeRefusal::NothingWaits));
        }
        let mut read = self.store.read().await?;
        let offer = asked_again(read.offers().await?, &consent, consent.step);
        let offer = offer.filter(|row| row.offer.step == consent.step);
        let offer = offer.ok_or(Failure::Refused(ChangeRefusal::NotAsked))?;
        // Of another text she would agree to something else than whoever agreed first.
        if !offer.notices().contains(&consent.notice) {
            return Err(Failure::Refused(ChangeRefusal::NoticeChanged));
        }
        if word(&mut *read, &consent, hand.acting(), now).await? == Word::Again {
            return Err(Failure::Refused(ChangeRefusal::Waits));
        }
        Ok(Agreement { offer, consent })
    }

    /// Agrees by a click to what another holder of the contract agreed to. `notice` is the one that was shown.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    pub async fn agree_too(
        &self,
        who: impl Into<Hand>,
        id: ConsentId,
        (notice, proved_at): (Digest, Option<Instant>),
    ) -> Result<Receipt, Failure<ChangeRefusal>> {
        let hand = who.into();
        let now = self.clock.now();
        let Agreement { offer, consent } = self.agreement(hand, id).await?;
        if notice != consent.notice {
            return Err(Failure::Refused(ChangeRefusal::NoticeChanged));
        }
        let level = click_level(proved_at, now);
        if level < offer.evidence {
            let needed = offer.evidence;
            return Err(Failure::Refused(ChangeRefusal::TooWeak { needed }));
        }
        let said = word(&mut *self.store.read().await?, &consent, hand.acting(), now).await?;
        let next = Next {
            how: How::on_a_page(level),
            acting: hand.acting(),
            ..Next::at_once(said.given(&consent, now), now)
        };
        let change = self.drafted(&consent, next, ActorClass::Participant).await?;
        let leaf_index = self.commit(AgreeToo { change, level }).await?;
        Ok(self.receipt(leaf_index).await?)
    }

    /// Drafts the same terms anew, and asks for a signature under them.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    pub async fn ask_to_agree_too(
        &self,
        who: impl Into<Hand>,
        id: ConsentId,
        notice: Digest,
    ) -> Result<AskedSignature, Failure<ChangeRefusal>> {
        let hand = who.into();
        let now = self.clock.now();
        let Agreement { offer, consent } = self.agreement(hand, id).await?;
        if notice != consent.notice {
            return Err(Failure::Refused(ChangeRefusal::NoticeChanged));
        }
        let proposal = self.drafted_again(consent, now).await?;
        let asking = Asking {
            action: Action::Grant,
            offer: offer.offer.id,
            hand,
            now,
        };
        let asked = self.ask_for(&proposal, asking).await;
        asked.map_err(|failure| failure.map_refusal(ChangeRefusal::from))
    }

    /// Records her agreement under her own signature. `nonce` is that of her browser's cookie, `answer` what her authenticator
    /// said.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    pub async fn agree_too_signed(
        &self,
        who: impl Into<Hand>,
        nonce: [u8; 32],
        answer: &str,
    ) -> Result<(ConsentId, Receipt), Failure<ChangeRefusal>> {
        let hand = who.into();
        let now = self.clock.now();
        let malformed = Failure::Refused(ChangeRefusal::Signature(SignatureRefusal::Malformed));
        let assertion = read_answer(answer).ok_or(malformed)?;
        let stored = self.waiting(hand.person(), nonce).await;
        let stored = stored.map_err(|failure| failure.map_refusal(ChangeRefusal::from))?;
        let Agreement { offer, consent } = self.agreement(hand, stored.consent).await?;
        let proposal = self.drafted_again(consent.clone(), stored.drafted_at).await?;
        let answering = Answering {
            stored: &stored,
            assertion,
            action: Action::Grant,
            hand,
            now,
        };
        let signed = self.signed_act(&proposal, answering).await;
        let (webauthn, how) = signed.map_err(|failure| failure.map_refusal(ChangeRefusal::from))?;
        if how.level < Some(offer.evidence) {
            let needed = offer.evidence;
            return Err(Failure::Refused(ChangeRefusal::TooWeak { needed }));
        }
        let said = word(&mut *self.store.read().await?, &consent, hand.acting(), now).await?;
        let kind = said.given(&consent, now);
        consent
            .admits(kind, now, now)
            .map_err(|refused| Failure::Refused(refused.into()))?;
        let act = NewAct {
            webauthn: Some(webauthn),
            ..NewAct::by_hand(said.act(ConsentAct::Given), hand, how, now)
        };
        let signed = self.sign(consent::with_act(proposal.draft, &self.site, &consent, &act)?)?;
        let event = consent.next_event(kind, now, signed.digest());
        let change = AddChange {
            consent: consent.id,
            event: event.ok_or(Fault::Corrupt {
                what: "consent events",
            })?,
            how: (how, hand.acting()),
            intent: Some(nonce),
            draft: Draft {
                subject: consent.participant.into(),
                actor: ActorClass::Participant,
                signed,
            },
        };
        let level = how.level.unwrap_or_default();
        let leaf_index = self.commit(AgreeToo { change, level }).await?;
        Ok((consent.id, self.receipt(leaf_index).await?))
    }

    /// Says no to a later end that waits, or takes it back: any of those who hold the contract, without a reason. What waits to
    /// begin is ended as a sharing is, by withdrawing.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    pub async fn decline_renewal(
        &self,
        who: impl Into<Hand>,
        id: ConsentId,
    ) -> Result<Receipt, Failure<ChangeRefusal>> {
        let hand = who.into();
        let now = self.clock.now();
        let consent = self.own_consent(hand, id, Demand::Leaving, now).await?;
        if consent.proposal(now).is_none() {
            return Err(Failure::Refused(ChangeRefusal::NothingWaits));
        }
        self.change(consent, EventKind::Declined, hand, now).await
    }

    /// What renewing comes to, said by whoever acts.
    pub(super) async fn renewing_word(
        &self,
        consent: &Consent,
        hand: Hand,
        now: Instant,
    ) -> Result<Word, Failure<ChangeRefusal>> {
        let said = word(&mut *self.store.read().await?, consent, hand.acting(), now).await?;
        match said {
            Word::Again => Err(Failure::Refused(ChangeRefusal::Waits)),
            Word::Last | Word::One => Ok(said),
        }
    }

    /// Where all must agree to what gives, the pause of one is not ended by another, also where a later one of hers lies over it.
    /// LIMIT: of two who both paused, neither ends it before its time.
    pub(super) async fn may_resume(
        &self,
        consent: &Consent,
        hand: Hand,
        now: Instant,
    ) -> Result<(), Failure<ChangeRefusal>> {
        let mut read = self.store.read().await?;
        let of = (consent.participant, consent.point);
        let holders = Holders::of(&mut *read, of, now).await?;
        // What stops a sharing otherwise has rules of its own about who lifts it.
        let stops = read.standstills_of(consent.id).await?;
        let delegated = read.delegated_events(consent.id).await?;
        let by = |event: &ConsentEvent| {
            let row = delegated.iter().find(|row| row.seq == event.seq);
            let other = row.filter(|row| row.capacity == Capacity::JointHolder);
            other.map_or(consent.participant, |row| row.delegate)
        };
        let newest_first = consent.events.iter().rev();
        let mut since_resumed = newest_first.take_while(|event| event.kind != EventKind::Resumed);
        // Whoever paused and holds the contract no more binds nobody.
        let another = since_resumed.any(|event| {
            let ahead = matches!(event.kind, EventKind::Paused { until } if now < until);
            let stop = stops.iter().any(|stop| stop.began_at == event.effective_at);
            let by = by(event);
            ahead && !stop && by != hand.holder() && holders.must_agree.contains(&by)
        });
        match another {
            false => Ok(()),
            true => Err(Failure::Refused(ChangeRefusal::PausedByAnother)),
        }
    }

    /// The terms that wait, as the next version of their record: whatever was done since stands in it.
    async fn drafted_again(&self, consent: Consent, drafted_at: Instant) -> Result<Proposal, Fault> {
        let told = Told::of(&mut *self.store.read().await?, &consent).await?;
        let draft = consent::draft(&self.site, &told, &consent, drafted_at)?;
        Ok(Proposal { consent, told, draft })
    }
}

/// Another's agreement to what waits.
struct AgreeToo {
    change: AddChange,
    level: EvidenceLevel,
}

#[async_trait]
impl Commit for AgreeToo {
    type Answer = Serial;
    type Refusal = ChangeRefusal;
    // The way back of migration 0021 looks at the events.
    const NAME: &'static str = "agree to what waits";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, ChangeRefusal>, Fault> {
        // What keeps somebody from agreeing may have come between, also since another agreed.
        let consent = group.tx.consent(self.change.consent).await?;
        let consent = consent.ok_or(Fault::SubjectErased)?;
        let point = group.tx.point(consent.point).await?;
        if point.is_none_or(|point| has_left(point.occupancy, group.now)) {
            return Ok(Err(ChangeRefusal::NotInForce));
        }
        let agreeing = Agreeing {
            point: consent.point,
            recipient: consent.recipient,
            purpose: &consent.purpose,
            delegated: self.change.how.1.is_some(),
            level: self.level,
        };
        let who = consent.participant;
        let consents = group.tx.consents_of(who).await?;
        if let Some(refusal) = barred(&mut *group.tx, (who, group.now), &consents, &agreeing).await? {
            return Ok(Err(refusal.into()));
        }
        self.change.run(group).await
    }
}
