//! The clock of duties: wakes by time, does what is due, and may be killed anywhere. Every step is found again from the
//! database, so a second run of it, or two at once, tells nothing twice that was known to be told.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use broker_domain::telling::{Caller, MailAddress, MessageChannel, Post, PostFailure, ShortPost};
use broker_domain::time::Instant;
use broker_domain::volume::VolumeRule;
use tokio::sync::Mutex;

use super::{days, recipients};
use crate::broker::Broker;
use crate::failure::Fault;
use crate::watching::Watched;

/// How often the queue is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often ends are looked for, in seconds of the broker's clock.
const REMIND_EVERY_SECONDS: i64 = 60;
/// How many messages of a channel one round sends.
const PAGE: u32 = 64;
/// Most ends that are announced in one round; the next goes on.
const MOST_ANNOUNCED: usize = 256;
/// How long a message that ended is remembered, in days: longer than any of its occasions can come again.
const REMEMBERED_DAYS: i64 = 400;

/// What duties stand on.
pub struct TellingParts {
    /// Where letters leave.
    pub post: Arc<dyn Post>,
    /// Where short messages leave.
    pub short: Arc<dyn ShortPost>,
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

/// Whether a mail server or a gateway takes messages now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    /// As far as one knows.
    Open,
    /// It was not reached a moment ago, it refuses us whatever we send, or the folder cannot be written.
    Shut,
}

impl Server {
    pub const fn after(failure: PostFailure) -> Self {
        match failure {
            PostFailure::Unreached | PostFailure::Barred | PostFailure::Folder => Self::Shut,
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

    /// Does what is due, for ever: ends, webhooks, letters and short messages beside each other, so that a server that hangs keeps
    /// back what goes by it and nothing else. Failures are logged and tried again: nothing that is queued is lost by one.
    pub async fn run(self) {
        tokio::join!(
            self.look_for_ends(),
            self.go_on_about_breaches(),
            self.go_on_calling(),
            self.go_on_writing(),
            self.go_on_texting()
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
            logged(self.broker.tell_of_members().await);
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

    async fn go_on_texting(&self) {
        loop {
            logged(self.leave_by(MessageChannel::Sms, self.broker.now()).await);
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
        let members = self.broker.tell_of_members().await;
        // A later now: what was just announced is due.
        let now = self.broker.now();
        let (called, written, texted) = tokio::join!(
            self.call_webhooks(now),
            self.write(now),
            self.leave_by(MessageChannel::Sms, now)
        );
        // Again: calling may have queued letters.
        let again = self.write(now).await;
        first_fault([noticed, tidied, breaches, members, called, written, texted, again])
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
            self.drop_overtaken_letters(now).await,
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

    /// Writes the letters that are due, those to people first.
    async fn write(&self, now: Instant) -> Result<(), Fault> {
        match self.leave(MessageChannel::Email, now).await {
            Ok(Server::Open) => self.write_letters(now).await,
            Ok(Server::Shut) => Ok(()),
            Err(fault) => first_fault([Err(fault), self.write_letters(now).await]),
        }
    }

    async fn leave_by(&self, channel: MessageChannel, now: Instant) -> Result<(), Fault> {
        self.leave(channel, now).await.map(|_| ())
    }

    /// Sends what is due by one channel. Once its server is not reached the rest waits for the next round: each would wait for
    /// as long, and one after the other. So it is when the server refuses us: it would refuse each.
    async fn leave(&self, channel: MessageChannel, now: Instant) -> Result<Server, Fault> {
        let mut read = self.broker.store.read().await?;
        let due = read.messages_due(channel, now, PAGE).await?;
        drop(read);
        let mut first = Ok(());
        for row in due {
            match self.send(row, now).await {
                Ok(Server::Open) => {}
                Ok(Server::Shut) => return first.map(|()| Server::Shut),
                Err(fault) => first = first_fault([first, Err(fault)]),
            }
        }
        first.map(|()| Server::Open)
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
        let (letters, shorts) = tokio::join!(self.parts.post.kept(), self.parts.short.kept());
        let kept = match letters.and_then(|letters| Ok([letters, shorts?].concat())) {
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
            // It lies in one of the two; destroying what is not there is no failure.
            let (letter, short) = tokio::join!(self.parts.post.destroy(id), self.parts.short.destroy(id));
            if let Err(error) = letter.and(short) {
                failed(error);
                return Ok(false);
            }
        }
        Ok(true)
    }
}
