//! Withdrawals told to recipients: one dossier, everybody who received, each told until it answers or we give up asking.
//!
//! The notice is a compact JWS of the broker's record key over canonical JSON, posted to the application's webhook. An
//! organisation without a webhook gets a letter; one that lets its deadline pass gets letters too. Webhooks and letters
//! have a queue each, so that neither waits for the other.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::vec;

use broker_domain::consent::{Consent, EventKind};
use broker_domain::ids::{ApplicationId, DossierId, MessageId, NoticeId, OrganisationId};
use broker_domain::telling::{Letter, MailAddress};
use broker_domain::time::Instant;
use broker_store::{Channel, DossierRow, Duty, MessageKind, NoticeRow, Read, TellingRow, Tx};
use evidence::jcs;
use serde::Serialize;

use super::changes::{self, StaffWord};
use super::duties::{Server, first_fault};
use super::queue::{Occasion, queue, short_hash};
use super::{Duties, days, letters};
use crate::failure::Fault;

/// The media type of a notice.
const NOTICE_TYP: &str = "fiducie-withdrawal+jws";
/// How long a recipient may take to acknowledge, in days: 24 hours (`gdpr-kit.md` §4).
const ACKNOWLEDGE_DAYS: i64 = 1;
/// A recipient that was reached and is silent is asked again each day, so many times in all; then the officer alone is
/// left to ask.
pub(super) const MOST_ATTEMPTS: u32 = 40;
/// How long after each attempt that reached nobody the next comes, in seconds; after the last, each day.
const BACKOFF_SECONDS: [i64; 5] = [60, 300, 1_800, 7_200, 21_600];
/// How many notices one round looks at.
const PAGE: u32 = 64;
/// How many of them are of one application, or of the letters to one organisation: fewer than are told at once.
const EACH: u32 = 3;
/// How many notices are looked up at once when letters are told from orphans.
const BEGUN_PAGE: u32 = 512;

/// What is told. Members in lexical order, as canonical JSON has them.
#[derive(Serialize)]
struct Notice<'a> {
    acknowledge_at: String,
    acknowledge_by: String,
    application: String,
    authorisation: String,
    dossier: String,
    duty: &'a str,
    recipient: String,
    state: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    withdrawn_at: String,
}

/// Whom an attempt reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// Whoever is to be told; or there is nobody to tell any more.
    Recipient,
    /// Nobody.
    Nobody(Server),
}

/// Opens the dossier of a withdrawal, in the transaction of the withdrawal. A consent has one: whoever was told that it
/// ended is not told again when it ends for another reason too.
pub(super) async fn open_dossier(tx: &mut dyn Tx, consent: &Consent, now: Instant) -> Result<(), Fault> {
    if !tx.notices_about(consent.id).await?.is_empty() {
        return Ok(());
    }
    let dossier = DossierRow {
        id: DossierId::from_bytes(short_hash(&[b"fiducie-dossier/v1", consent.id.as_bytes()])),
        consent: consent.id,
        participant: consent.participant,
        recipient: consent.recipient,
        withdrawn_at: now,
        deletion_asked_at: None,
    };
    tx.add_dossier(&dossier).await?;
    let told = told_of(tx, consent.recipient).await?;
    for (application, duty) in told {
        tx.add_notice_to(&NoticeRow {
            id: notice_id(dossier.id, application),
            dossier,
            application,
            duty,
            acknowledge_by: days(now, ACKNOWLEDGE_DAYS),
            due_at: Some(now),
            attempts: 0,
            told_at: None,
            answer: None,
            attested_at: None,
        })
        .await?;
    }
    Ok(())
}

/// Who of an organisation is told, each with its duty: every application by its webhook; the organisation by letter where
/// one has none.
pub(super) async fn told_of(
    tx: &mut dyn Tx,
    recipient: OrganisationId,
) -> Result<Vec<(Option<ApplicationId>, Duty)>, Fault> {
    let routes = tx.routes_of(recipient).await?;
    let mut told: Vec<_> = routes
        .into_iter()
        .map(|route| (Some(route.application), route.duty))
        .collect();
    let applications = tx.applications().await?;
    let applications = applications
        .iter()
        .filter(|application| application.organisation == recipient);
    let mut unrouted =
        applications.filter(|application| !told.iter().any(|(routed, _)| *routed == Some(application.id)));
    if told.is_empty() || unrouted.next().is_some() {
        // Some application has no webhook, so a letter tells its organisation. Nobody said what it is: of a controller
        // more is asked, and less is taken for granted.
        told.push((None, Duty::DeleteOrState));
    }
    Ok(told)
}

fn notice_id(dossier: DossierId, application: Option<ApplicationId>) -> NoticeId {
    let application = application
        .as_ref()
        .map_or(&[][..], |id| id.as_bytes().as_slice());
    NoticeId::from_bytes(short_hash(&[
        b"fiducie-notice/v1",
        dossier.as_bytes(),
        application,
    ]))
}

/// The letter of one attempt. Each is one of its own: a mail server would drop a second one of the same identifier.
pub(super) fn letter_id(notice: NoticeId, attempt: u32) -> MessageId {
    MessageId::from_bytes(short_hash(&[
        b"fiducie-letter/v1",
        notice.as_bytes(),
        &attempt.to_be_bytes(),
    ]))
}

/// Takes the letters to organisations and staff out of `orphans`: they have no message, but a notice or a telling, and wait
/// for the operator to send them. An attempt is counted before its letter is written, so none is missed.
pub(super) async fn spare_letters(
    read: &mut dyn Read,
    orphans: &mut HashSet<MessageId>,
) -> Result<(), Fault> {
    for of in [Begun::Notices, Begun::Tellings] {
        let mut after = None;
        while !orphans.is_empty() {
            let begun = match of {
                Begun::Notices => read.notices_begun(after, BEGUN_PAGE).await?,
                Begun::Tellings => read.tellings_begun(after, BEGUN_PAGE).await?,
            };
            let Some((last, _)) = begun.last() else { break };
            after = Some(*last);
            for (notice, attempts) in begun {
                for attempt in 1..=attempts {
                    orphans.remove(&letter_id(notice, attempt));
                }
            }
        }
    }
    Ok(())
}

/// Whose letters are looked up.
enum Begun {
    Notices,
    Tellings,
}

/// What one round of one way tells.
enum Due {
    Notice(NoticeRow),
    Telling(TellingRow),
}

impl Duties {
    async fn due(&self, channel: Channel, now: Instant) -> Result<Vec<Due>, Fault> {
        let mut read = self.broker.store.read().await?;
        let notices = read.notices_due(channel, now, EACH, PAGE).await?;
        let tellings = read.tellings_due(channel, now, EACH, PAGE).await?;
        let notices = notices.into_iter().map(Due::Notice);
        Ok(notices.chain(tellings.into_iter().map(Due::Telling)).collect())
    }

    /// Calls the webhooks that are due, four at once and each application few times in one round: whoever answers slowly, or
    /// never, holds up nobody else.
    pub(super) async fn call_webhooks(&self, now: Instant) -> Result<(), Fault> {
        let due = Mutex::new(self.due(Channel::Webhook, now).await?.into_iter());
        let (one, two, three, four) = tokio::join!(
            self.tell_from(&due, now),
            self.tell_from(&due, now),
            self.tell_from(&due, now),
            self.tell_from(&due, now),
        );
        first_fault([one, two, three, four])
    }

    /// Tells one after the other until none is left.
    async fn tell_from(&self, due: &Mutex<vec::IntoIter<Due>>, now: Instant) -> Result<(), Fault> {
        let mut first = Ok(());
        loop {
            let next = due.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(next) = next else { return first };
            first = first_fault([first, self.tell_one(&next, now).await.map(|_| ())]);
        }
    }

    /// Writes the letters to organisations and staff that are due, until the mail server is not reached.
    pub(super) async fn write_letters(&self, now: Instant) -> Result<(), Fault> {
        let mut first = Ok(());
        for due in self.due(Channel::Letter, now).await? {
            match self.tell_one(&due, now).await {
                Ok(Reached::Nobody(Server::Shut)) => break,
                Ok(Reached::Recipient | Reached::Nobody(Server::Open)) => {}
                Err(fault) => first = first_fault([first, Err(fault)]),
            }
        }
        first
    }

    async fn tell_one(&self, due: &Due, now: Instant) -> Result<Reached, Fault> {
        match due {
            Due::Notice(notice) => self.tell_recipient(notice, now).await,
            Due::Telling(telling) => self.tell_change(telling, now).await,
        }
    }

    async fn tell_recipient(&self, notice: &NoticeRow, now: Instant) -> Result<Reached, Fault> {
        let overdue = notice.acknowledge_by <= now;
        let attempt = notice.attempts.saturating_add(1);
        // The attempt is counted before it is made: one that ends the process is not repeated for ever.
        let mut tx = self.broker.store.begin("begin to tell a recipient").await?;
        let retry_at = (attempt < MOST_ATTEMPTS).then(|| retry(notice.attempts, now));
        match tx.begin_notice(notice.id, retry_at).await.map_err(Fault::from) {
            // It answered meanwhile.
            Err(Fault::Conflict { .. }) => return Ok(Reached::Recipient),
            begun => begun?,
        }
        if overdue {
            let occasion = Occasion::of(MessageKind::Unanswered)
                .about(notice.dossier.consent)
                .marked(notice.id.as_bytes());
            queue(&mut *tx, notice.dossier.participant, &occasion, now).await?;
            let mark = notice.id.as_bytes();
            changes::tell_staff(&mut *tx, notice.dossier.participant, StaffWord::Silent, mark, now).await?;
            // The letter has the queue of letters: a mail server that hangs must not hold a webhook up.
            if notice.application.is_some() {
                changes::tell_overdue(&mut *tx, notice, attempt, now).await?;
            }
        }
        tx.commit().await?;

        let reached = match notice.application {
            Some(application) => {
                let body = self.notice_jws(notice, application).await?;
                self.call(application, &body).await?
            }
            None => self.write_withdrawal(notice, notice.id, attempt, now).await?,
        };
        if matches!(reached, Reached::Recipient) {
            let next = match overdue {
                false => notice.acknowledge_by,
                true => days(now, 1),
            };
            let mut tx = self.broker.store.begin("a recipient was told").await?;
            let remind_at = (attempt < MOST_ATTEMPTS).then_some(next);
            match tx
                .notice_told(notice.id, now, remind_at)
                .await
                .map_err(Fault::from)
            {
                // Erased meanwhile, with its person.
                Err(Fault::Conflict { .. }) => self.broker.letters_stale.store(true, Ordering::Release),
                told => {
                    told?;
                    tx.commit().await?;
                }
            }
        }
        Ok(reached)
    }

    /// Whether the webhook took it.
    pub(super) async fn call(&self, application: ApplicationId, body: &str) -> Result<Reached, Fault> {
        let route = self.broker.store.read().await?.route(application).await?;
        let Some(route) = route else {
            return Ok(Reached::Nobody(Server::Open));
        };
        match self.parts.caller.post(&route.webhook_url, body).await {
            Ok(()) => Ok(Reached::Recipient),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a recipient could not be told by its webhook"
                );
                Ok(Reached::Nobody(Server::Open))
            }
        }
    }

    async fn notice_jws(&self, notice: &NoticeRow, application: ApplicationId) -> Result<String, Fault> {
        let dossier = notice.dossier.id;
        let consent = self
            .broker
            .store
            .read()
            .await?
            .consent(notice.dossier.consent)
            .await?;
        let told = Notice {
            acknowledge_at: format!("{}/api/v1/withdrawals/{dossier}/acknowledgement", self.parts.site),
            acknowledge_by: notice.acknowledge_by.to_string(),
            application: application.to_string(),
            authorisation: notice.dossier.consent.to_string(),
            dossier: dossier.to_string(),
            duty: changes::duty_code(notice.duty),
            recipient: notice.dossier.recipient.to_string(),
            state: consent.as_ref().map_or("withdrawn", end_code),
            kind: "fiducie-withdrawal/1",
            withdrawn_at: notice.dossier.withdrawn_at.to_string(),
        };
        let payload = jcs::to_bytes(&told).map_err(|_| Fault::Corrupt { what: "notice" })?;
        self.broker.sign_as(NOTICE_TYP, &payload)
    }

    pub(super) async fn write_withdrawal(
        &self,
        notice: &NoticeRow,
        telling: NoticeId,
        attempt: u32,
        now: Instant,
    ) -> Result<Reached, Fault> {
        let text = letters::withdrawal(&letters::LetterFacts {
            dossier: &notice.dossier.id.to_string(),
            authorisation: &notice.dossier.consent.to_string(),
            withdrawn_at: notice.dossier.withdrawn_at,
            acknowledge_by: notice.acknowledge_by,
            duty: notice.duty,
            operator: &self.parts.operator,
            site: &self.parts.site,
        });
        self.write_to(notice.dossier.recipient, letter_id(telling, attempt), text, now)
            .await
    }

    /// Whether a letter to the organisation's contact left.
    pub(super) async fn write_to(
        &self,
        organisation: OrganisationId,
        id: MessageId,
        text: (String, String),
        now: Instant,
    ) -> Result<Reached, Fault> {
        let row = self.broker.store.read().await?.organisation(organisation).await?;
        let Some(to) = row.and_then(|row| row.contact.parse::<MailAddress>().ok()) else {
            return Ok(Reached::Nobody(Server::Open));
        };
        Ok(self.post(to, id, text, now).await)
    }

    pub(super) async fn post(
        &self,
        to: MailAddress,
        id: MessageId,
        (subject, body): (String, String),
        now: Instant,
    ) -> Reached {
        let letter = Letter {
            id,
            to,
            subject,
            body,
            at: now,
        };
        match self.parts.post.send(&letter).await {
            Ok(()) => Reached::Recipient,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a letter to an organisation or to the officers could not be sent"
                );
                Reached::Nobody(Server::after(error))
            }
        }
    }
}

/// How a sharing ended, in a notice: by the event that opened its dossier.
fn end_code(consent: &Consent) -> &'static str {
    let mut ends = consent
        .events
        .iter()
        .filter(|event| ends_for_its_recipient(event.kind));
    ends.next().map_or("withdrawn", |event| event.kind.code())
}

/// Whether an event is an end that somebody brought about, and that its recipient answers.
pub(super) const fn ends_for_its_recipient(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Withdrawn | EventKind::Revoked | EventKind::Invalidated
    )
}

pub(super) fn retry(attempts: u32, now: Instant) -> Instant {
    let place = usize::try_from(attempts).unwrap_or(usize::MAX);
    now.plus_seconds(BACKOFF_SECONDS.get(place).copied().unwrap_or(86_400))
}
