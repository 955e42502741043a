//! The clock of duties: wakes by time, does what is due, and may be killed anywhere. Every step is found again from the
//! database, so a second run of it, or two at once, tells nothing twice that was known to be told.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use broker_domain::lang::Lang;
use broker_domain::telling::{Caller, Letter, MailAddress, Post, PostFailure};
use broker_domain::time::Instant;
use broker_domain::volume::VolumeRule;
use broker_store::{MessageEnd, MessageKind, MessageRow};
use broker_vault::SealedText;
use jiff::tz::TimeZone;
use secrecy::ExposeSecret as _;
use tokio::sync::Mutex;

use super::{days, recipients, reminders, texts};
use crate::broker::Broker;
use crate::failure::Fault;
use crate::release::ZONE;
use crate::watching::Watched;

/// How often the queue is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often ends are looked for, in seconds of the broker's clock.
const REMIND_EVERY_SECONDS: i64 = 60;
/// How long after each failed attempt the next comes, in seconds. After the last the message is given up.
const BACKOFF_SECONDS: [i64; 7] = [60, 300, 1_800, 7_200, 21_600, 86_400, 86_400];
/// How many messages one round sends.
const PAGE: u32 = 64;
/// Most ends that are announced in one round; the next goes on.
const MOST_ANNOUNCED: usize = 256;
/// How long a message that ended is remembered, in days: longer than any of its occasions can come again.
const REMEMBERED_DAYS: i64 = 400;

/// What duties stand on.
pub struct TellingParts {
    /// Where letters leave.
    pub post: Arc<dyn Post>,
    /// Calls webhooks.
    pub caller: Arc<dyn Caller>,
    /// Public address of the pages, without a slash at the end.
    pub site: String,
    /// Who runs this broker, as letters are signed.
    pub operator: String,
    /// Where our officers are told that something is due; nobody is, without it.
    pub staff: Option<MailAddress>,
    /// When use of a sharing is unusual.
    pub volume: VolumeRule,
}

fn log(fault: &Fault) {
    let error: &dyn std::error::Error = fault;
    tracing::error!(error, "a duty failed; it is tried again");
}

fn logged(outcome: Result<(), Fault>) {
    if let Err(fault) = outcome {
        log(&fault);
    }
}

/// Whether a mail server takes letters now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    /// As far as one knows.
    Open,
    /// It was not reached a moment ago, or the folder cannot be written.
    Shut,
}

impl Server {
    pub const fn after(failure: PostFailure) -> Self {
        match failure {
            PostFailure::Unreached | PostFailure::Folder => Self::Shut,
            PostFailure::Later | PostFailure::Refused => Self::Open,
        }
    }
}

/// The first fault of steps that all ran. The others are logged here.
pub(crate) fn first_fault(steps: impl IntoIterator<Item = Result<(), Fault>>) -> Result<(), Fault> {
    let mut first = Ok(());
    for step in steps {
        match (&first, step) {
            (Ok(()), step) => first = step,
            (Err(_), Err(fault)) => log(&fault),
            (Err(_), Ok(())) => {}
        }
    }
    first
}

/// The duties of one broker. Run by one task; a second one does no harm.
pub struct Duties {
    pub(super) broker: Arc<Broker>,
    pub(super) parts: TellingParts,
    watched: Mutex<Watched>,
}

impl Duties {
    /// The duties of this broker.
    #[must_use]
    pub fn new(broker: Arc<Broker>, parts: TellingParts) -> Self {
        Self {
            broker,
            parts,
            watched: Mutex::default(),
        }
    }

    /// Does what is due, for ever: ends, webhooks and letters beside each other, so that a server that hangs keeps back what
    /// goes by it and nothing else. Failures are logged and tried again: nothing that is queued is lost by one.
    pub async fn run(self) {
        tokio::join!(
            self.look_for_ends(),
            self.go_on_about_breaches(),
            self.go_on_calling(),
            self.go_on_writing()
        );
    }

    async fn look_for_ends(&self) {
        let mut reminded: Option<Instant> = None;
        loop {
            let now = self.broker.now();
            if reminded.is_none_or(|at| now < at || now >= at.plus_seconds(REMIND_EVERY_SECONDS)) {
                // Whatever failed: what is told every two seconds must not be looked for every two seconds for that.
                reminded = Some(now);
                logged(self.notice_ends(now).await);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn go_on_about_breaches(&self) {
        loop {
            logged(self.broker.tell_of_breaches().await);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn go_on_calling(&self) {
        loop {
            logged(self.call_webhooks(self.broker.now()).await);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn go_on_writing(&self) {
        loop {
            logged(self.tidy().await);
            logged(self.write(self.broker.now()).await);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// One whole round: what ends is noticed, what is due is sent. Each step runs whatever became of the others: an end that
    /// cannot be announced keeps no withdrawal from being told.
    ///
    /// # Errors
    /// The first fault, when the store or the ledger fails; further ones are logged. What was done stays done.
    pub async fn round(&self) -> Result<(), Fault> {
        let now = self.broker.now();
        let noticed = self.notice_ends(now).await;
        let tidied = self.tidy().await;
        let breaches = self.broker.tell_of_breaches().await;
        // A later now: what was just announced is due.
        let now = self.broker.now();
        let (called, written) = tokio::join!(self.call_webhooks(now), self.write(now));
        // Again: calling may have queued letters.
        first_fault([noticed, tidied, breaches, called, written, self.write(now).await])
    }

    async fn notice_ends(&self, now: Instant) -> Result<(), Fault> {
        first_fault([
            self.broker
                .announce_expired(now, MOST_ANNOUNCED)
                .await
                .map(|_| ()),
            self.broker.close_departures(now).await,
            self.broker.close_capacity_ends().await,
            self.remind(now).await,
            self.remind_staff(now).await,
            self.watch(now).await,
            self.broker.make_due_summaries(now).await,
            self.broker.seal_clear_words().await,
            self.forget(now).await,
        ])
    }

    async fn watch(&self, now: Instant) -> Result<(), Fault> {
        let mut watched = self.watched.lock().await;
        self.broker
            .watch_volume(&mut watched, &self.parts.volume, now)
            .await
    }

    async fn forget(&self, now: Instant) -> Result<(), Fault> {
        let mut tx = self.broker.store.begin("forget old messages").await?;
        tx.drop_messages(days(now, -REMEMBERED_DAYS)).await?;
        tx.drop_tellings(days(now, -REMEMBERED_DAYS)).await?;
        Ok(tx.commit().await?)
    }

    /// Writes the letters that are due. Once the mail server is not reached the rest waits for the next round: each
    /// would wait for as long, and one after the other.
    async fn write(&self, now: Instant) -> Result<(), Fault> {
        let due = self.broker.store.read().await?.messages_due(now, PAGE).await?;
        let mut first = Ok(());
        for row in due {
            match self.send(row, now).await {
                Ok(Server::Open) => {}
                Ok(Server::Shut) => return first,
                Err(fault) => first = first_fault([first, Err(fault)]),
            }
        }
        first_fault([first, self.write_letters(now).await])
    }

    /// Destroys letters in the outbox whose message or dossier is gone: their person was erased. Runs after each erasure, and once
    /// after each start, because the erasure may have been the last thing before a crash.
    async fn tidy(&self) -> Result<(), Fault> {
        if !self.broker.letters_stale.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let outcome = self.destroy_orphans().await;
        if !matches!(outcome, Ok(true)) {
            self.broker.letters_stale.store(true, Ordering::Release);
        }
        outcome.map(|_| ())
    }

    async fn destroy_orphans(&self) -> Result<bool, Fault> {
        let failed = |error: PostFailure| {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "letters of people who were erased may lie in the outbox");
        };
        let kept = match self.parts.post.kept().await {
            Ok(kept) => kept,
            Err(error) => {
                failed(error);
                return Ok(false);
            }
        };
        let mut read = self.broker.store.read().await?;
        let mut orphans = HashSet::new();
        for id in kept {
            if read.message(id).await?.is_none() {
                orphans.insert(id);
            }
        }
        recipients::spare_letters(&mut *read, &mut orphans).await?;
        drop(read);
        for id in orphans {
            if let Err(error) = self.parts.post.destroy(id).await {
                failed(error);
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn send(&self, row: MessageRow, now: Instant) -> Result<Server, Fault> {
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
        let Some(letter) = self.letter(&row, now).await? else {
            return self.end(&row, MessageEnd::Failed).await.map(|()| Server::Open);
        };
        match self.parts.post.send(&letter).await {
            Ok(()) => self.end(&row, MessageEnd::Sent).await.map(|()| Server::Open),
            Err(error) => {
                let last = error == PostFailure::Refused || again.is_none();
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    message.kind = row.kind.code(),
                    attempts = row.attempts.saturating_add(1),
                    given_up = last,
                    "a message could not be sent"
                );
                if last {
                    self.end(&row, MessageEnd::Failed).await?;
                }
                Ok(Server::after(error))
            }
        }
    }

    /// A reminder that waited until another one is due, or until the sharing was withdrawn, is not sent any more.
    async fn is_overtaken(&self, row: &MessageRow, now: Instant) -> Result<bool, Fault> {
        if matches!(
            row.kind,
            MessageKind::AddressCode | MessageKind::CodePrepared | MessageKind::CapacityEntered
        ) {
            return Ok(self.code_of(row, now).await?.is_none());
        }
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
        let consent = self.broker.store.read().await?.consent(id).await?;
        Ok(consent.is_none_or(|consent| {
            reminders::due(&consent, now) != Some(row.kind)
                || row.ends_at != Some(consent.last_terms().data.end())
        }))
    }

    /// Writes the letter; `None` when its person was erased meanwhile, or the address does not open.
    async fn letter(&self, row: &MessageRow, now: Instant) -> Result<Option<Letter>, Fault> {
        let mut read = self.broker.store.read().await?;
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
        let key = self.broker.vault.data_key(&wrapped)?;
        let address = broker_vault::open_mailbox(&key, &SealedText(row.to_sealed.clone()));
        let address = address
            .ok()
            .and_then(|text| text.expose_secret().parse::<MailAddress>().ok());
        let Some(to) = address else { return Ok(None) };
        let brought = self.code_of(row, now).await?;
        let code = match &brought {
            Some(brought) => match brought.open(&key) {
                Some(code) => code,
                None => return Ok(None),
            },
            None => String::new(),
        };
        // The last day on which it stands: its end is the first instant of the next.
        let last = consent.map(|consent| consent.last_terms().data.end().plus_seconds(-1));
        let day = last.or(brought.and_then(|brought| brought.day)).and_then(|at| {
            let zone = TimeZone::get(ZONE).ok()?;
            Some(at.to_timestamp().to_zoned(zone).date())
        });
        let facts = texts::Facts {
            recipient: recipient.as_deref().unwrap_or_default(),
            day,
            site: &self.parts.site,
            operator: &self.parts.operator,
            code: &code,
        };
        let lang = Lang::from_tag(&person.language).unwrap_or(Lang::French);
        Ok(
            texts::message(row.kind, lang, &facts).map(|(subject, body)| Letter {
                id: row.id,
                to,
                subject,
                body,
                at: now,
            }),
        )
    }

    async fn end(&self, row: &MessageRow, end: MessageEnd) -> Result<(), Fault> {
        let mut tx = self.broker.store.begin("end a message").await?;
        match row.kind {
            MessageKind::AddressCode => tx.forget_mail_code(row.id).await?,
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
