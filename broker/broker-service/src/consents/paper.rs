//! Agreeing on paper.

use broker_domain::consent::{Consent, EvidenceLevel, How, Method};
use broker_domain::ids::{ConsentId, ParticipantId};
use broker_domain::mandate::Hand;
use broker_domain::time::Instant;
use broker_store::PermissionRow;
use evidence::consent::{ConsentAct, ConsentDraft};
use jiff::civil::Date;
use ledger_core::leaf::ActorClass;

use super::{AddConsent, Agreeing, Choice, ChoiceRefusal, next_event, standing, word};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::Draft;
use crate::own_data::day_begins;
use crate::records::consent::{self, NewAct};

impl Broker {
    /// What a person agreed to on paper, as a beat: it goes along with the word of the second officer. Paper that two officers
    /// looked at counts as [`EvidenceLevel::L2`] (`docs/decisions/0043`).
    pub(crate) async fn paper_grant(
        &self,
        who: ParticipantId,
        choice: &Choice,
        signed_on: Option<Date>,
        now: Instant,
    ) -> Result<AddConsent, Failure<ChoiceRefusal>> {
        // By her own hand: an officer typed it, and answers for it in a record of its own.
        let hand = Hand::from(who);
        let level = EvidenceLevel::L2;
        let (row, consents) = self.weigh_choice(hand, choice, level, now).await?;
        let agreeing = Agreeing {
            point: choice.point,
            recipient: row.offer.recipient,
            purpose: &row.offer.purpose,
            delegated: false,
            level,
        };
        // A sheet that lay about must not undo what she decided meanwhile. One of the same day may be older or newer.
        if let Some(day) = signed_on
            && agreeing.was_changed_since(&consents, day_begins(day)?)
        {
            return Err(Failure::Refused(ChoiceRefusal::ChangedSince));
        }
        if level < row.evidence {
            return Err(Failure::Refused(ChoiceRefusal::TooWeak { needed: row.evidence }));
        }
        let id = ConsentId::random(&*self.entropy)?;
        let proposal = self.propose(hand, choice, &row, (id, None), now).await?;
        standing(&consents, &proposal.consent, now).map_err(Failure::Refused)?;
        let asked_at = proposal.asked_at(now);
        let how = How {
            method: Method::Paper,
            level: Some(level),
        };
        let agreed = (proposal.consent, proposal.draft, proposal.told.permission);
        Ok(self
            .agreed(hand, agreed, asked_at, (how, ActorClass::Dpo), now)
            .await?)
    }

    /// A consent given now, or one that waits for those who hold the contract too.
    pub(super) async fn agreed(
        &self,
        hand: Hand,
        (consent, draft, permission): (Consent, ConsentDraft, Option<PermissionRow>),
        asked_at: Instant,
        (how, actor): (How, ActorClass),
        now: Instant,
    ) -> Result<AddConsent, Fault> {
        let said = word(&mut *self.store.read().await?, &consent, hand.acting(), now).await?;
        let act = NewAct::by_hand(said.act(ConsentAct::Given), hand, how, now);
        let signed = self.sign(consent::with_act(draft, &self.site, &consent, &act)?)?;
        let event = next_event(&consent, said.given(&consent, now), now, signed.digest())?;
        let draft = Draft {
            subject: hand.person().into(),
            actor,
            signed,
        };
        Ok(AddConsent {
            consent,
            asked_at,
            event,
            how: (how, hand.acting()),
            intent: None,
            permission,
            draft,
        })
    }
}
