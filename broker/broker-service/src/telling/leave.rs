//! How one message leaves: counted, written, handed over, and noted. One channel knows nothing of another.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use broker_domain::lang::Lang;
use broker_domain::telling::{
    Letter, MailAddress, MessageChannel, PhoneNumber, PostFailure, ShortMessage, fits_one_sms,
};
use broker_domain::time::Instant;
use broker_store::{MessageEnd, MessageKind, MessageRow};
use broker_vault::{DataKey, SealedText};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use secrecy::ExposeSecret as _;

use super::duties::Server;
use super::{Duties, reminders, texts};
use crate::broker::Broker;
use crate::failure::Fault;
use crate::release::ZONE;

/// How long after each failed attempt the next comes, in seconds. After the last the message is given up.
const BACKOFF_SECONDS: [i64; 7] = [60, 300, 1_800, 7_200, 21_600, 86_400, 86_400];
/// How long after a server refused us a message is tried again, in seconds: somebody has to renew a token or buy credit first.
const BARRED_SECONDS: i64 = 300;
/// How many letters by post are looked at for having been overtaken.
const LETTERS: u32 = 1_000;

/// What a message is written from.
pub(super) struct About {
    /// The language of its person.
    pub lang: Lang,
    /// Her data key.
    pub key: Arc<DataKey>,
    /// The organisation's name; empty when it is about none.
    pub recipient: String,
    /// The last day of the sharing.
    pub day: Option<Date>,
}

/// What is handed over.
enum Ready {
    Letter(Letter),
    Short(ShortMessage),
}

impl Broker {
    /// What a message is written from; `None` when its person was erased meanwhile.
    pub(super) async fn about_message(&self, row: &MessageRow) -> Result<Option<About>, Fault> {
        let mut read = self.store.read().await?;
        let (person, wrapped) = (
            read.participant(row.participant).await?,
            read.key(row.participant, row.epoch).await?,
        );
        let Some((person, wrapped)) = person.zip(wrapped) else {
            return Ok(None);
        };
        let consent = match row.consent {
            Some(id) => read.consent(id).await?,
            None => None,
        };
        let recipient = match &consent {
            Some(consent) => read.organisation(consent.recipient).await?.map(|row| row.name),
            None => None,
        };
        drop(read);
        // The last day on which it stands: its end is the first instant of the next.
        let last = consent.map(|consent| consent.last_terms().data.end().plus_seconds(-1));
        Ok(Some(About {
            lang: Lang::from_tag(&person.language).unwrap_or(Lang::French),
            key: self.vault.data_key(&wrapped)?,
            recipient: recipient.unwrap_or_default(),
            day: last.and_then(local_date),
        }))
    }

    /// A reminder that waited until another one is due, or until the sharing was withdrawn, is not sent any more.
    pub(super) async fn is_overtaken_reminder(&self, row: &MessageRow, now: Instant) -> Result<bool, Fault> {
        let is_reminder = matches!(
            row.kind,
            MessageKind::EndsInThirty
                | MessageKind::EndsInSeven
                | MessageKind::EndsTomorrow
                | MessageKind::Ended
        );
        let Some(id) = row.consent.filter(|_| is_reminder) else {
            return Ok(false);
        };
        let consent = self.store.read().await?.consent(id).await?;
        Ok(consent.is_none_or(|consent| {
            reminders::due(&consent, now) != Some(row.kind)
                || row.ends_at != Some(consent.last_terms().data.end())
        }))
    }
}

fn local_date(at: Instant) -> Option<Date> {
    let zone = TimeZone::get(ZONE).ok()?;
    Some(at.to_timestamp().to_zoned(zone).date())
}

impl Duties {
    pub(super) async fn send(&self, row: MessageRow, now: Instant) -> Result<Server, Fault> {
        if self.is_overtaken(&row, now).await? {
            return self.end(&row, MessageEnd::Overtaken).await.map(|()| Server::Open);
        }
        let place = usize::try_from(row.attempts).unwrap_or(usize::MAX);
        let again = BACKOFF_SECONDS.get(place).copied();
        let mut tx = self.broker.store.begin("begin to send a message").await?;
        // Counted before it is made, and due again later: a crash from here on loses nothing, and repeats nothing at once.
        let retry_at = now.plus_seconds(again.unwrap_or(86_400));
        match tx.begin_message(row.id, retry_at).await.map_err(Fault::from) {
            Err(Fault::Conflict { .. }) => return Ok(Server::Open),
            begun => begun?,
        }
        tx.commit().await?;
        let handed = match self.ready(&row, now).await? {
            Some(Ready::Letter(letter)) => self.parts.post.send(&letter).await,
            Some(Ready::Short(message)) => self.parts.short.send(&message).await,
            None => return self.end(&row, MessageEnd::Failed).await.map(|()| Server::Open),
        };
        match handed {
            Ok(()) => self.end(&row, MessageEnd::Sent).await.map(|()| Server::Open),
            Err(error) => {
                let is_barred = error == PostFailure::Barred;
                let last = error == PostFailure::Refused || (again.is_none() && !is_barred);
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    message.kind = row.kind.code(),
                    message.channel = row.channel.code(),
                    attempts = row.attempts.saturating_add(1),
                    given_up = last,
                    "a message could not be sent"
                );
                if is_barred {
                    self.take_back(&row, now).await?;
                }
                if last {
                    self.end(&row, MessageEnd::Failed).await?;
                }
                Ok(Server::after(error))
            }
        }
    }

    /// The attempt was none of this message's. A crash before this costs it that attempt, and no more.
    async fn take_back(&self, row: &MessageRow, now: Instant) -> Result<(), Fault> {
        let mut tx = self.broker.store.begin("take an attempt back").await?;
        let taken = tx.unbegin_message(row.id, now.plus_seconds(BARRED_SECONDS)).await;
        match taken.map_err(Fault::from) {
            // Erased meanwhile, with its person.
            Err(Fault::Conflict { .. }) => Ok(()),
            taken => {
                taken?;
                Ok(tx.commit().await?)
            }
        }
    }

    async fn is_overtaken(&self, row: &MessageRow, now: Instant) -> Result<bool, Fault> {
        match (row.kind, row.channel) {
            (MessageKind::AddressCode | MessageKind::PhoneCode, _)
            | (MessageKind::CodePrepared | MessageKind::CapacityEntered, MessageChannel::Email) => {
                Ok(self.code_of(row, now).await?.is_none())
            }
            // Otherwise it is one neutral sentence without the code, or a letter of the desk of entries.
            _ => self.broker.is_overtaken_reminder(row, now).await,
        }
    }

    /// Ends letters by post that nobody printed in time.
    pub(super) async fn drop_overtaken_letters(&self, now: Instant) -> Result<(), Fault> {
        let mut read = self.broker.store.read().await?;
        let waiting = read.messages_due(MessageChannel::Post, now, LETTERS).await?;
        drop(read);
        for row in waiting {
            if self.is_overtaken(&row, now).await? {
                self.end(&row, MessageEnd::Overtaken).await?;
            }
        }
        Ok(())
    }

    /// Writes the message; `None` when its person was erased meanwhile, or the address does not open.
    async fn ready(&self, row: &MessageRow, now: Instant) -> Result<Option<Ready>, Fault> {
        let Some(about) = self.broker.about_message(row).await? else {
            return Ok(None);
        };
        let brought = self.code_of(row, now).await?;
        let code = match &brought {
            Some(brought) => match brought.open(&about.key) {
                Some(code) => code,
                None => return Ok(None),
            },
            None => String::new(),
        };
        let sealed = SealedText(row.to_sealed.clone());
        if row.channel == MessageChannel::Sms {
            let number = broker_vault::open_phone(&about.key, &sealed).ok();
            let number = number.and_then(|text| text.expose_secret().parse::<PhoneNumber>().ok());
            let text = texts::short(row.kind, about.lang, &self.parts.site, &code);
            // One that does not fit would be cut in two and cost twice: the operator's address is too long.
            return Ok(number
                .filter(|_| fits_one_sms(&text))
                .map(|to| Ready::Short(ShortMessage { id: row.id, to, text })));
        }
        let address = broker_vault::open_mailbox(&about.key, &sealed).ok();
        let Some(to) = address.and_then(|text| text.expose_secret().parse::<MailAddress>().ok()) else {
            return Ok(None);
        };
        let facts = texts::Facts {
            recipient: &about.recipient,
            day: about
                .day
                .or(brought.and_then(|brought| brought.day).and_then(local_date)),
            site: &self.parts.site,
            operator: &self.parts.operator,
            code: &code,
        };
        Ok(
            texts::message(row.kind, about.lang, &facts).map(|(subject, body)| {
                Ready::Letter(Letter {
                    id: row.id,
                    to,
                    subject,
                    body,
                    at: now,
                })
            }),
        )
    }

    async fn end(&self, row: &MessageRow, end: MessageEnd) -> Result<(), Fault> {
        let mut tx = self.broker.store.begin("end a message").await?;
        match row.kind {
            MessageKind::AddressCode => tx.forget_mail_code(row.id).await?,
            MessageKind::PhoneCode => tx.forget_phone_code(row.id).await?,
            // One that reached nobody goes into the letter.
            MessageKind::CodePrepared | MessageKind::CapacityEntered if end == MessageEnd::Sent => {
                tx.forget_stop_code(row.id).await?;
            }
            _ => {}
        }
        match tx
            .end_message(row.id, end, self.broker.now())
            .await
            .map_err(Fault::from)
        {
            // Erased meanwhile, with its person.
            Err(Fault::Conflict { .. }) => {
                self.broker.letters_stale.store(true, Ordering::Release);
                Ok(())
            }
            ended => {
                ended?;
                Ok(tx.commit().await?)
            }
        }
    }
}
