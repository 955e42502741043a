//! Messages to people who chose letters by post: an officer prints each, and notes that it was posted. Beside the letters about what
//! was entered (decision 0043), by the same rules: opening name and address is an access in the person's list.

use broker_domain::ids::{MessageId, OfficerId, ParticipantId};
use broker_domain::lang::Lang;
use broker_domain::telling::MessageChannel;
use broker_domain::time::Instant;
use broker_store::{MessageEnd, MessageRow};
use broker_vault::SealedText;
use secrecy::ExposeSecret as _;

use super::texts;
use crate::broker::Broker;
use crate::entered::EnteredRefusal;
use crate::failure::{Failure, Fault};

/// How many letters the desk lists: the oldest.
const LISTED: u32 = 200;

/// A letter that waits to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingLetter {
    /// Its message.
    pub id: MessageId,
    /// To whom.
    pub participant: ParticipantId,
    /// What it is about, in the language asked for.
    pub subject: &'static str,
    /// Since when it waits.
    pub queued_at: Instant,
}

/// What stands on every letter.
#[derive(Debug, Clone, Copy)]
pub struct LetterHead<'a> {
    /// Public address of the pages, without a slash at the end.
    pub site: &'a str,
    /// Who runs this broker.
    pub operator: &'a str,
}

/// A letter with its envelope. Has no `Debug`.
#[derive(Clone)]
pub struct PrintedLetter {
    /// Its message.
    pub id: MessageId,
    /// The person's name.
    pub name: String,
    /// Her postal address.
    pub address: String,
    /// Her language.
    pub lang: Lang,
    /// What it is about.
    pub subject: String,
    /// Its text, lines of `\n`.
    pub body: String,
}

impl Broker {
    /// The letters that wait, oldest first, for officers; subjects in this language.
    ///
    /// # Errors
    /// [`EnteredRefusal::NotAllowed`].
    pub async fn letters_to_print(
        &self,
        officer: OfficerId,
        lang: Lang,
    ) -> Result<Vec<WaitingLetter>, Failure<EnteredRefusal>> {
        self.may_see_entered(officer)?;
        let now = self.clock.now();
        let mut read = self.store.read().await?;
        let waiting = read.messages_due(MessageChannel::Post, now, LISTED).await?;
        drop(read);
        let letters = waiting.into_iter().map(|row| WaitingLetter {
            id: row.id,
            participant: row.participant,
            subject: texts::subject(row.kind, lang),
            queued_at: row.queued_at,
        });
        Ok(letters.collect())
    }

    /// Name, address and text of a letter, for the officer who prints it. That she reads them is recorded in the person's list
    /// before it returns.
    ///
    /// # Errors
    /// [`EnteredRefusal::NotAllowed`]; [`EnteredRefusal::Unknown`] when it was posted, or what it is about is over.
    pub async fn open_letter(
        &self,
        officer: OfficerId,
        id: MessageId,
        head: LetterHead<'_>,
    ) -> Result<PrintedLetter, Failure<EnteredRefusal>> {
        let row = self.waiting_letter(officer, id).await?;
        self.note_envelope(row.participant).await?;
        let about = self.about_message(&row).await?.ok_or(Fault::SubjectErased)?;
        let mut read = self.store.read().await?;
        let person = read.participant(row.participant).await?;
        let wrapped = read.newest_key(row.participant).await?;
        drop(read);
        let (person, wrapped) = person.zip(wrapped).ok_or(Fault::SubjectErased)?;
        let key = self.vault.data_key(&wrapped)?;
        let text = broker_vault::open_envelope(&key, &SealedText(person.profile_sealed));
        let text = text.map_err(|_| Fault::Crypto {
            during: "open envelope",
        })?;
        let (name, address) = text
            .expose_secret()
            .split_once('\n')
            .ok_or(Fault::Corrupt { what: "profile" })?;
        let facts = texts::Facts {
            recipient: &about.recipient,
            day: about.day,
            site: head.site,
            operator: head.operator,
            code: "",
        };
        let written = texts::message(row.kind, about.lang, &facts);
        let (subject, body) = written.ok_or(Fault::Corrupt { what: "message kind" })?;
        Ok(PrintedLetter {
            id,
            name: name.to_owned(),
            address: address.to_owned(),
            lang: about.lang,
            subject,
            body,
        })
    }

    /// Notes that a letter was posted.
    ///
    /// # Errors
    /// As [`Broker::open_letter`]; [`Failure::Conflict`] when another officer did meanwhile.
    pub async fn letter_was_posted(
        &self,
        officer: OfficerId,
        id: MessageId,
    ) -> Result<(), Failure<EnteredRefusal>> {
        let row = self.waiting_letter(officer, id).await?;
        let mut tx = self.store.begin("post letter").await?;
        tx.end_message(row.id, MessageEnd::Sent, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn waiting_letter(
        &self,
        officer: OfficerId,
        id: MessageId,
    ) -> Result<MessageRow, Failure<EnteredRefusal>> {
        let now = self.clock.now();
        let row = self.store.read().await?.letter_to_post(id).await?;
        let row = row.ok_or(Failure::Refused(EnteredRefusal::Unknown))?;
        self.may_enter(officer, row.participant, now)?;
        match self.is_overtaken_reminder(&row, now).await? {
            false => Ok(row),
            true => Err(Failure::Refused(EnteredRefusal::Unknown)),
        }
    }
}
