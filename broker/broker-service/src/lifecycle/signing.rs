//! Renewals under the person's own signature (`consent.md` §4): the new terms are drafted, signed, and made again before the
//! signature counts, exactly as when she agreed first.

use broker_domain::consent::{Consent, EventKind, How};
use broker_domain::ids::{ConsentId, Digest};
use broker_domain::mandate::Hand;
use broker_domain::time::{Instant, Interval};
use evidence::consent::ConsentAct;
use evidence::passkey::{Action, Refusal as SignatureRefusal, WebauthnAct};
use ledger_core::leaf::ActorClass;

use super::{AddChange, ChangeRefusal, Demand, Renewal, RenewalShown};
use crate::broker::Broker;
use crate::consents::{Answering, AskedSignature, Asking, ChoiceRefusal, Proposal, read_answer};
use crate::failure::{Failure, Fault};
use crate::group::Draft;
use crate::receipts::Receipt;
use crate::records::consent::{self, NewAct, Told};

impl From<ChoiceRefusal> for ChangeRefusal {
    fn from(refusal: ChoiceRefusal) -> Self {
        match refusal {
            ChoiceRefusal::UnknownOffer => Self::NotAsked,
            ChoiceRefusal::NotYours => Self::NotYours,
            ChoiceRefusal::HomeLeft => Self::NotInForce,
            ChoiceRefusal::NoticeChanged => Self::NoticeChanged,
            ChoiceRefusal::Objected | ChoiceRefusal::CapacityWaits => Self::WithOfficer,
            ChoiceRefusal::AlreadyGiven | ChoiceRefusal::ChangedSince => Self::NotLater,
            ChoiceRefusal::TooWeak { needed } => Self::TooWeak { needed },
            ChoiceRefusal::NoKey => Self::NoKey,
            ChoiceRefusal::Signature(refusal) => Self::Signature(refusal),
        }
    }
}

impl Broker {
    /// Drafts the terms of a renewal and asks for a signature under them.
    ///
    /// # Errors
    /// See [`ChangeRefusal`]; [`ChangeRefusal::NoKey`] where the person has no passkey, or none can be used here.
    pub async fn ask_to_renew(
        &self,
        who: impl Into<Hand>,
        id: ConsentId,
        shown: RenewalShown,
    ) -> Result<AskedSignature, Failure<ChangeRefusal>> {
        let hand = who.into();
        let now = self.clock.now();
        let consent = self.own_consent(hand, id, Demand::Granting, now).await?;
        let renewal = self.renewal_of(&consent, now, now).await?;
        renewal.agrees_with(shown)?;
        let proposal = self
            .drafted_renewal(&consent, &renewal, shown.notice, now)
            .await?;
        let asking = Asking {
            action: Action::Renew,
            offer: renewal.offer.offer.id,
            hand,
            now,
        };
        let asked = self.ask_for(&proposal, asking).await;
        asked.map_err(|failure| failure.map_refusal(ChangeRefusal::from))
    }

    /// Records a renewal under the person's own signature. `nonce` is that of her browser's cookie, `answer` what her
    /// authenticator said.
    ///
    /// # Errors
    /// See [`ChangeRefusal`]; [`ChangeRefusal::Signature`] with what is wrong with the signature.
    pub async fn renew_signed(
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
        let consent = self
            .own_consent(hand, stored.consent, Demand::Granting, now)
            .await?;
        // A pause, or "this was not me", changes no terms: whatever was done since she was asked, she is asked again.
        if consent
            .events
            .iter()
            .any(|event| stored.drafted_at < event.recorded_at)
        {
            return Err(Failure::Refused(ChangeRefusal::Signature(
                SignatureRefusal::TermsChanged,
            )));
        }
        // Made again from what is stored now: whoever changed something meanwhile changed the terms.
        let renewal = self.renewal_of(&consent, now, stored.drafted_at).await?;
        let proposal = self
            .drafted_renewal(&consent, &renewal, stored.notice, stored.drafted_at)
            .await?;
        let answering = Answering {
            stored: &stored,
            assertion,
            action: Action::Renew,
            hand,
            now,
        };
        let signed = self.signed_act(&proposal, answering).await;
        let (act, how) = signed.map_err(|failure| failure.map_refusal(ChangeRefusal::from))?;
        if how.level < Some(renewal.needed) {
            let needed = renewal.needed;
            return Err(Failure::Refused(ChangeRefusal::TooWeak { needed }));
        }
        let leaf_index = self
            .add_renewal(&consent, proposal, (act, how), (nonce, hand), now)
            .await?;
        Ok((consent.id, self.receipt(leaf_index).await?))
    }

    /// Commits a renewal whose signature was verified; its nonce is used up in the same transaction.
    async fn add_renewal(
        &self,
        consent: &Consent,
        proposal: Proposal,
        (act, how): (WebauthnAct, How),
        (nonce, hand): ([u8; 32], Hand),
        now: Instant,
    ) -> Result<u64, Failure<ChangeRefusal>> {
        let terms = broker_domain::consent::Terms {
            digest: consent::terms_digest(&proposal.draft)?,
            ..proposal.told.terms
        };
        let kind = EventKind::Renewed(terms);
        consent
            .admits(kind, now, now)
            .map_err(|refused| Failure::Refused(refused.into()))?;
        let act = NewAct {
            webauthn: Some(act),
            until: Some(terms.data.end()),
            ..NewAct::by_hand(ConsentAct::Renewed, hand, how, now)
        };
        let signed = self.sign(consent::with_act(proposal.draft, &self.site, consent, &act)?)?;
        let event = consent.dated_event(kind, now, now, signed.digest());
        let beat = AddChange {
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
        self.commit(beat).await
    }

    /// The terms after a renewal, as they are signed.
    async fn drafted_renewal(
        &self,
        consent: &Consent,
        renewal: &Renewal,
        notice: Digest,
        drafted_at: Instant,
    ) -> Result<Proposal, Failure<ChangeRefusal>> {
        if !renewal.offer.notices().contains(&notice) {
            return Err(Failure::Refused(ChangeRefusal::NoticeChanged));
        }
        let data = Interval::new(renewal.old.data.start(), renewal.until)?;
        let told = (renewal.old.step, data, notice);
        let terms = self.other_terms(consent, told, drafted_at).await?;
        let mut told = Told::on_terms(&mut *self.store.read().await?, consent, terms).await?;
        // What a signature verifies with names a request. Of agreements from before requests were kept, the agreement is
        // the first that is known of them.
        let first = consent.events.iter().map(|event| event.effective_at).min();
        told.asked_at = told.asked_at.or(first);
        let draft = consent::draft(&self.site, &told, consent, drafted_at)?;
        Ok(Proposal {
            consent: consent.clone(),
            told,
            draft,
        })
    }
}
