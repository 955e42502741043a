//! Letters to be printed and posted: for people who wrote, and may have no other address.

use broker_domain::entered::{EnteredAct, EnteredState, Entry};
use broker_domain::ids::{EnteredId, MessageId, OfficerId, TransferId};
use broker_store::{EnteredRow, MessageKind};
use broker_vault::SealedText;
use evidence::record::{Access, Actor, Record};
use ledger_core::leaf::ActorClass;
use secrecy::ExposeSecret as _;

use super::EnteredRefusal;
use crate::accounts::shown;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::readable::ReadableReceipt;
use crate::records;

/// What stands on an envelope and in its letter. Has no `Debug`.
#[derive(Clone)]
pub struct Envelope {
    /// The act that the letter is about.
    pub row: EnteredRow,
    /// The person's name.
    pub name: String,
    /// Her postal address.
    pub address: String,
    /// The language of her letters.
    pub language: String,
    /// Why the act was sent back.
    pub reason: Option<String>,
    /// The code that stops a new code for her account, unless a message brought it.
    pub stop_code: Option<String>,
}

impl Broker {
    /// Name, address and letter about an act, for the officer who prints it. That she reads them is recorded in the person's
    /// list before it returns.
    ///
    /// # Errors
    /// [`EnteredRefusal::NotAllowed`]; [`EnteredRefusal::Unknown`] when no letter about it waits.
    pub async fn open_envelope(
        &self,
        officer: OfficerId,
        id: EnteredId,
    ) -> Result<Envelope, Failure<EnteredRefusal>> {
        let now = self.clock.now();
        let row = self.letter_row(officer, id).await?;
        let who = row.act.participant;
        let record = Record::Access(Access {
            access: records::id(&TransferId::random(&*self.entropy)?)?,
            participant: records::id(&who)?,
            actor: Actor::Dpo,
            purpose: records::id("post-letter")?,
            scope: records::id("name-and-address")?,
            at: records::at(now)?,
        });
        let draft = Draft {
            subject: who.into(),
            actor: ActorClass::Dpo,
            signed: self.sign(record)?,
        };
        self.commit(NoteEnvelope { draft }).await?;
        let mut read = self.store.read().await?;
        let (person, wrapped) = (read.participant(who).await?, read.newest_key(who).await?);
        let stop = match stopping(&row.act) {
            Some(message) => read.stop_code_of(message).await?,
            None => None,
        };
        drop(read);
        let (person, wrapped) = person.zip(wrapped).ok_or(Fault::SubjectErased)?;
        let key = self.vault.data_key(&wrapped)?;
        let text = broker_vault::open_envelope(&key, &SealedText(person.profile_sealed.clone()));
        let text = text.map_err(|_| Fault::Crypto {
            during: "open envelope",
        })?;
        let (name, address) = text
            .expose_secret()
            .split_once('\n')
            .ok_or(Fault::Corrupt { what: "profile" })?;
        let stop_code = match stop.filter(|stop| !stop.sealed.is_empty() && stop.epoch == wrapped.epoch) {
            Some(stop) => {
                let code = broker_vault::open_stop_code(&key, &SealedText(stop.sealed));
                let code = code.map_err(|_| Fault::Crypto {
                    during: "open stop code",
                })?;
                Some(shown(code.expose_secret()))
            }
            None => None,
        };
        Ok(Envelope {
            reason: self.entered_reason(&row).await?,
            row,
            name: name.to_owned(),
            address: address.to_owned(),
            language: person.language,
            stop_code,
        })
    }

    /// The receipt that goes into the envelope, where what was entered has one.
    ///
    /// # Errors
    /// As [`Broker::open_envelope`].
    pub async fn entered_receipt(
        &self,
        officer: OfficerId,
        id: EnteredId,
    ) -> Result<Option<ReadableReceipt>, Failure<EnteredRefusal>> {
        self.may_see_entered(officer)?;
        let row = self.store.read().await?.entered(id).await?;
        let row = row.ok_or(Failure::Refused(EnteredRefusal::Unknown))?;
        let (Some(leaf), false) = (
            row.effect_leaf,
            matches!(row.act.entry, Entry::Ask { .. } | Entry::Capacity { .. }),
        ) else {
            return Ok(None);
        };
        let receipt = self.readable_receipt(row.act.participant, leaf).await;
        receipt.map_err(|failure| failure.map_refusal(|_| EnteredRefusal::Unknown))
    }

    /// Notes that the letter about an act was posted. `shown`: the outcome of the act on the page that the officer saw, as
    /// [`EnteredState::outcome`] has it.
    ///
    /// # Errors
    /// As [`Broker::open_envelope`]; [`Failure::Conflict`] when another officer did meanwhile, or the act was decided since: then
    /// another letter waits, and what was posted does not say what this one does.
    pub async fn mark_posted(
        &self,
        officer: OfficerId,
        id: EnteredId,
        shown: Option<&str>,
    ) -> Result<(), Failure<EnteredRefusal>> {
        let row = self.letter_row(officer, id).await?;
        if row.act.state.outcome() != shown {
            return Err(Failure::Conflict);
        }
        let mut tx = self.store.begin("post letter").await?;
        tx.post_entered(&row.act, officer, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// An act whose letter waits to be posted.
    async fn letter_row(
        &self,
        officer: OfficerId,
        id: EnteredId,
    ) -> Result<EnteredRow, Failure<EnteredRefusal>> {
        let now = self.clock.now();
        let row = self.store.read().await?.entered(id).await?;
        let row = row.ok_or(Failure::Refused(EnteredRefusal::Unknown))?;
        self.may_enter(officer, row.act.participant, now)?;
        let has_letter = row.posted.is_none()
            && match row.act.state {
                EnteredState::Waiting => row.effect_leaf.is_some(),
                EnteredState::Confirmed { .. } | EnteredState::SentBack { .. } => true,
                EnteredState::Stopped { .. } => false,
            };
        match has_letter {
            true => Ok(row),
            false => Err(Failure::Refused(EnteredRefusal::Unknown)),
        }
    }
}

/// The message that brings the code by which she stops an act; `None` where there is nothing to stop.
fn stopping(act: &EnteredAct) -> Option<MessageId> {
    let kind = match (act.entry, act.state) {
        (Entry::Code { .. }, _) => MessageKind::CodePrepared,
        (Entry::Capacity { .. }, EnteredState::Waiting) => MessageKind::CapacityEntered,
        _ => return None,
    };
    Some(crate::telling::message_about(act, kind))
}

struct NoteEnvelope {
    draft: Draft,
}

#[async_trait::async_trait]
impl Commit for NoteEnvelope {
    type Answer = ();
    type Refusal = EnteredRefusal;
    const NAME: &'static str = "open envelope";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), EnteredRefusal>, Fault> {
        group.append(&self.draft).await?;
        Ok(Ok(()))
    }
}
