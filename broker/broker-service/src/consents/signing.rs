//! Granting with a passkey: the person signs the hash of the exact terms (`consent.md` §4).
//!
//! [`Broker::ask_for_signature`] drafts the record of the consent and keeps it with an intent: a random value, five minutes,
//! one answer. [`Broker::choose_signed`] drafts it again from what is stored by then, so that terms that changed
//! under way are refused, and has our own verifier go through the steps of §4.2. The grant and the mark that the intent was
//! used are one transaction.

mod wire;

use broker_domain::consent::{EvidenceLevel, How, Method};
use broker_domain::ids::{ConsentId, Digest, ParticipantId, PointId};
use broker_domain::mandate::Hand;
use broker_domain::time::Instant;
use broker_store::{AccountRow, IntentRow, PasskeyRow, Read, SessionRole};
use evidence::consent::ConsentAct;
use evidence::passkey::{
    self, Aaguid, Action, Assertion, Attestation, Credential, CredentialId, CredentialKey, Expected, Flags,
    Intent, Label, Locale, Nonce, Page, Refusal, RelyingParty, StoredIntent, UnixSeconds, Verified,
    WebauthnAct, Window,
};
use evidence::record::{self, Id};
use ledger_core::leaf::ActorClass;

use super::{AddConsent, Answer, Choice, ChoiceRefusal, Chosen, Proposal, next_event, standing, word};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::Draft;
use crate::records;
use crate::records::consent::{self, Actor, NewAct};

use wire::options;
pub(crate) use wire::read_answer;

/// How long terms wait for a signature, in seconds: as long as they may (`consent.md` §4.1).
const WINDOW_S: u64 = 300;
/// How long an intent is remembered after its end, in seconds: until then a second answer is told apart from a stranger's.
const REMEMBERED_S: i64 = 3_600;
/// How many wait for one person at most.
const MOST: u32 = 20;

/// Terms that wait for the person's signature.
pub struct AskedSignature {
    /// For a cookie of the browser: finds the intent again.
    pub nonce: [u8; 32],
    /// Options for `navigator.credentials.get`, as JSON.
    pub options: String,
    /// SHA-256 of the terms, for the page to show.
    pub terms: Digest,
}

/// For what a signature is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking {
    /// What the act does.
    pub action: Action,
    /// The offer that it answers.
    pub offer: broker_domain::ids::OfferId,
    /// Who is asked.
    pub hand: Hand,
    /// When the terms were drafted.
    pub now: Instant,
}

impl Asking {
    pub(super) const fn grant(offer: broker_domain::ids::OfferId, hand: Hand, now: Instant) -> Self {
        Self {
            action: Action::Grant,
            offer,
            hand,
            now,
        }
    }
}

/// An answer to what was asked.
pub(crate) struct Answering<'a> {
    /// What was asked.
    pub stored: &'a IntentRow,
    /// What the authenticator said.
    pub assertion: Assertion,
    /// What the act does.
    pub action: Action,
    /// Whose answer it is.
    pub hand: Hand,
    /// When it came.
    pub now: Instant,
}

impl Broker {
    fn party(&self) -> Result<&RelyingParty, Failure<ChoiceRefusal>> {
        let party = self.sign_in.signing.as_ref();
        party.ok_or(Failure::Refused(ChoiceRefusal::NoKey))
    }

    /// Whether whoever acts has a key here that she can sign terms with: her own, also where she acts for another.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn can_sign(&self, who: impl Into<Hand>) -> Result<bool, Fault> {
        let who = who.into().actor();
        if self.sign_in.signing.is_none() {
            return Ok(false);
        }
        Ok(!keys_of(&mut *self.store.read().await?, who).await?.is_empty())
    }

    /// Notes that a person was shown the notice of an offer: the request that her answer answers.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn notice_was_served(
        &self,
        who: ParticipantId,
        offer: broker_domain::ids::OfferId,
        notice: Digest,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let served = self.store.read().await?.notice_served(who, offer, notice).await?;
        if served.is_some_and(|row| now < row.last_at.plus_seconds(60)) {
            return Ok(());
        }
        let mut tx = self.store.begin("serve a notice").await?;
        tx.serve_notice(who, offer, notice, now).await?;
        Ok(tx.commit().await?)
    }

    /// Drafts the terms of a choice and asks for a signature under them.
    ///
    /// # Errors
    /// See [`ChoiceRefusal`]; [`ChoiceRefusal::NoKey`] where the person has no passkey, or none can be used here.
    pub async fn ask_for_signature(
        &self,
        who: impl Into<Hand>,
        choice: Choice,
    ) -> Result<AskedSignature, Failure<ChoiceRefusal>> {
        let hand = who.into();
        self.party()?;
        let now = self.clock.now();
        let (row, consents) = self.weigh_choice(hand, &choice, EvidenceLevel::L3, now).await?;
        let id = ConsentId::random(&*self.entropy)?;
        let proposal = self.propose(hand, &choice, &row, (id, None), now).await?;
        standing(&consents, &proposal.consent, now).map_err(Failure::Refused)?;
        self.ask_for(&proposal, Asking::grant(choice.offer, hand, now))
            .await
    }

    /// Asks for a signature under terms that were drafted, and keeps them for the answer.
    ///
    /// # Errors
    /// [`ChoiceRefusal::NoKey`].
    pub(crate) async fn ask_for(
        &self,
        proposal: &Proposal,
        asking: Asking,
    ) -> Result<AskedSignature, Failure<ChoiceRefusal>> {
        let terms = proposal.terms()?;
        let asked_at = proposal.asked_at(asking.now);
        self.ask_over(proposal, (proposal.consent.id, &terms, &[]), &asking, asked_at)
            .await
    }

    /// Asks for a signature under `terms`, which are those of the proposal or those of a list that begins with it. `record` is what
    /// the intent is about: the consent, or the act.
    pub(super) async fn ask_over(
        &self,
        proposal: &Proposal,
        (record, terms, list): (ConsentId, &[u8], &[(ConsentId, PointId)]),
        asking: &Asking,
        asked_at: Instant,
    ) -> Result<AskedSignature, Failure<ChoiceRefusal>> {
        let (party, now) = (self.party()?, asking.now);
        let keys = keys_of(&mut *self.store.read().await?, asking.hand.actor()).await?;
        if keys.is_empty() {
            return Err(Failure::Refused(ChoiceRefusal::NoKey));
        }
        let mut nonce = [0; 32];
        self.entropy.fill(&mut nonce)?;
        let intent = intent(proposal, (record, terms), party, nonce, asking)?;
        let challenge = intent.challenge();
        let row = IntentRow {
            nonce,
            participant: proposal.consent.participant,
            consent: record,
            offer: asking.offer,
            point: proposal.consent.point,
            notice: proposal.told.terms.notice,
            asked_at,
            drafted_at: now,
            intent: intent.to_jcs_bytes(),
            draft: terms.to_vec(),
            expires_at: now.plus_seconds(i64::try_from(WINDOW_S).unwrap_or(0)),
            used_at: None,
        };
        let mut tx = self.store.begin("ask for a signature").await?;
        tx.add_consent_intent(&row, now.plus_seconds(-REMEMBERED_S), MOST)
            .await?;
        if !list.is_empty() {
            tx.add_intent_list(nonce, list).await?;
        }
        tx.commit().await?;
        Ok(AskedSignature {
            nonce,
            options: options(party, &challenge, &keys)?,
            terms: Digest(*intent.terms_sha256.as_bytes()),
        })
    }

    /// Records an agreement under the person's own signature. `nonce` is that of her browser's cookie, `answer` what her
    /// authenticator said.
    ///
    /// # Errors
    /// See [`ChoiceRefusal`]; [`ChoiceRefusal::Signature`] with what is wrong with the signature.
    pub async fn choose_signed(
        &self,
        who: impl Into<Hand>,
        nonce: [u8; 32],
        answer: &str,
    ) -> Result<Chosen, Failure<ChoiceRefusal>> {
        let hand = who.into();
        let now = self.clock.now();
        let assertion = read_answer(answer).ok_or(refused(Refusal::Malformed))?;
        let stored = self.waiting(hand.person(), nonce).await?;
        let choice = Choice {
            offer: stored.offer,
            point: stored.point,
            notice: stored.notice,
            answer: Answer::Agree,
            proved_at: None,
        };
        let (row, consents) = self.weigh_choice(hand, &choice, EvidenceLevel::L3, now).await?;
        // Made again from what is stored now: whoever changed something meanwhile changed the terms.
        let ids = (stored.consent, Some(stored.asked_at));
        let proposal = self.propose(hand, &choice, &row, ids, stored.drafted_at).await?;
        standing(&consents, &proposal.consent, now).map_err(Failure::Refused)?;
        let answering = Answering {
            stored: &stored,
            assertion,
            action: Action::Grant,
            hand,
            now,
        };
        let (act, how) = self.signed_act(&proposal, answering).await?;
        if how.level < Some(row.evidence) {
            return Err(Failure::Refused(ChoiceRefusal::TooWeak { needed: row.evidence }));
        }
        let Proposal { consent, draft, told } = proposal;
        let said = word(&mut *self.store.read().await?, &consent, hand.acting(), now).await?;
        let act = NewAct {
            webauthn: Some(act),
            ..NewAct::by_hand(said.act(ConsentAct::Given), hand, how, now)
        };
        let signed = self.sign(consent::with_act(draft, &self.site, &consent, &act)?)?;
        let event = next_event(&consent, said.given(&consent, now), now, signed.digest())?;
        let id = consent.id;
        let draft = Draft {
            subject: hand.person().into(),
            actor: ActorClass::Participant,
            signed,
        };
        let leaf_index = self
            .commit(AddConsent {
                consent,
                asked_at: stored.asked_at,
                event,
                how: (how, hand.acting()),
                intent: Some(nonce),
                permission: told.permission,
                draft,
            })
            .await?;
        Ok(Chosen {
            consent: id,
            receipt: Some(self.receipt(leaf_index).await?),
        })
    }

    /// An answer as it goes into a record, once it verifies over the terms as they are now.
    ///
    /// # Errors
    /// [`ChoiceRefusal::Signature`].
    pub(crate) async fn signed_act(
        &self,
        proposal: &Proposal,
        answering: Answering<'_>,
    ) -> Result<(WebauthnAct, How), Failure<ChoiceRefusal>> {
        let terms = proposal.terms()?;
        self.signed_act_over(proposal, (proposal.consent.id, &terms), answering)
            .await
    }

    /// The same over the terms of a list that begins with the proposal.
    pub(super) async fn signed_act_over(
        &self,
        proposal: &Proposal,
        over: (ConsentId, &[u8]),
        answering: Answering<'_>,
    ) -> Result<(WebauthnAct, How), Failure<ChoiceRefusal>> {
        let (credential, verified) = self.verified(proposal, over, &answering).await?;
        let how = How {
            method: Method::Passkey,
            level: Some(level(verified.answered().level())),
        };
        let act = WebauthnAct::new(&verified, answering.assertion, &credential, None);
        Ok((act, how))
    }

    /// The terms that wait under this value for this person.
    pub(crate) async fn waiting(
        &self,
        who: ParticipantId,
        nonce: [u8; 32],
    ) -> Result<IntentRow, Failure<ChoiceRefusal>> {
        let stored = self.store.read().await?.consent_intent(nonce).await?;
        let stored = stored.filter(|row| row.participant == who);
        let stored = stored.ok_or(refused(Refusal::IntentUnknown))?;
        match stored.used_at {
            None => Ok(stored),
            Some(_) => Err(refused(Refusal::IntentUsed)),
        }
    }

    /// §4.2, 1 to 6.
    async fn verified(
        &self,
        proposal: &Proposal,
        (record, terms): (ConsentId, &[u8]),
        answering: &Answering<'_>,
    ) -> Result<(Credential, Verified), Failure<ChoiceRefusal>> {
        let Answering {
            stored, assertion, ..
        } = answering;
        // The key of whoever acts signs, also for another: the evidence tells whose it is.
        let who = answering.hand.actor();
        let intent = Intent::parse(&stored.intent).map_err(|_| Fault::Corrupt {
            what: "consent_intent.intent",
        })?;
        let subject = consent::iri(&self.site, Actor::Participant(who))?;
        let credential = self.credential(who, &subject, &assertion.credential_id).await?;
        let verified = passkey::verify(
            assertion,
            &Expected {
                intent: StoredIntent::Waiting(&intent),
                page: Page {
                    label: Label::ConsentIntent,
                    action: answering.action,
                    record: &records::id(&record)?,
                    locale: &locale(proposal)?,
                },
                terms,
                notice: proposal.told.notice.text.as_bytes(),
                party: self.party()?,
                subject: &subject,
                credential: credential.as_ref(),
                at: records::at(answering.now)?,
            },
        )
        .map_err(refused)?;
        let credential = credential.ok_or(refused(Refusal::CredentialUnknown))?;
        Ok((credential, verified))
    }

    /// The key of that name, whosever it is.
    async fn credential(
        &self,
        who: ParticipantId,
        subject: &Id,
        name: &CredentialId,
    ) -> Result<Option<Credential>, Failure<ChoiceRefusal>> {
        let mut read = self.store.read().await?;
        let Some(row) = read.passkey_named(name.as_bytes()).await? else {
            return Ok(None);
        };
        let account = read.account_of(SessionRole::Participant(who)).await?;
        let hers = account.is_some_and(|account| account.id == row.account);
        let subject = match hers {
            true => subject.clone(),
            false => records::id(&row.account)?,
        };
        Ok(Some(credential(&row, name.clone(), subject)?))
    }
}

fn refused(refusal: Refusal) -> Failure<ChoiceRefusal> {
    Failure::Refused(ChoiceRefusal::Signature(refusal))
}

/// The keys that a person may sign with: neither revoked nor frozen.
async fn keys_of(read: &mut (dyn Read + '_), who: ParticipantId) -> Result<Vec<PasskeyRow>, Fault> {
    let account: Option<AccountRow> = read.account_of(SessionRole::Participant(who)).await?;
    let Some(account) = account.filter(|account| account.frozen_at.is_none()) else {
        return Ok(Vec::new());
    };
    let rows = read.passkeys_of(account.id).await?;
    let usable = |row: &PasskeyRow| row.revoked_at.is_none() && row.frozen_at.is_none();
    Ok(rows.into_iter().filter(usable).collect())
}

fn intent(
    proposal: &Proposal,
    (record, terms): (ConsentId, &[u8]),
    party: &RelyingParty,
    nonce: [u8; 32],
    asking: &Asking,
) -> Result<Intent, Fault> {
    let corrupt = || Fault::Corrupt { what: "intent" };
    let iat = UnixSeconds::of(records::at(asking.now)?);
    let exp = iat.seconds().checked_add(WINDOW_S).and_then(UnixSeconds::new);
    let window = Window::new(iat, exp.ok_or_else(corrupt)?).map_err(|_| corrupt())?;
    Ok(Intent {
        label: Label::ConsentIntent,
        action: asking.action,
        record: records::id(&record)?,
        terms_sha256: record::Digest::of(terms),
        notice_sha256: record::Digest::new(proposal.told.terms.notice.0),
        locale: locale(proposal)?,
        rp_id: party.rp_id().clone(),
        nonce: Nonce::new(nonce),
        window,
    })
}

fn locale(proposal: &Proposal) -> Result<Locale, Fault> {
    Locale::try_from(proposal.told.notice.language.clone()).map_err(|_| Fault::Corrupt {
        what: "notice.language",
    })
}

/// A key as the verifier knows it. A frozen one is not hers from then on, until she opens it again.
fn credential(row: &PasskeyRow, id: CredentialId, subject: Id) -> Result<Credential, Failure<ChoiceRefusal>> {
    let key = CredentialKey::from_cose(&row.passkey.public_key).map_err(|error| refused(error.into()))?;
    let ends = [row.revoked_at, row.frozen_at].into_iter().flatten().min();
    Ok(Credential {
        id,
        subject,
        key,
        aaguid: Aaguid::new(row.passkey.model),
        // Of the flags at registration only BE is kept, and only BE must stay as it was.
        flags: Flags {
            up: true,
            uv: true,
            be: row.passkey.may_be_copied,
            bs: false,
        },
        attestation: Attestation::Unchecked,
        registered_at: records::at(row.added_at)?,
        revoked_at: ends.map(records::at).transpose()?,
    })
}

const fn level(level: record::EvidenceLevel) -> EvidenceLevel {
    match level {
        record::EvidenceLevel::L1 => EvidenceLevel::L1,
        record::EvidenceLevel::L2 => EvidenceLevel::L2,
        record::EvidenceLevel::L3 => EvidenceLevel::L3,
        record::EvidenceLevel::L4 => EvidenceLevel::L4,
        record::EvidenceLevel::L5 => EvidenceLevel::L5,
    }
}
