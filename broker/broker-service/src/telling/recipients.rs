//! Withdrawals told to recipients: one dossier, everybody who received, each told until it answers or we give up asking.
//!
//! The notice is a compact JWS of the broker's record key over canonical JSON, posted to the application's webhook. An
//! organisation without a webhook gets a letter; one that lets its deadline pass gets letters too.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::vec;

use broker_domain::consent::Consent;
use broker_domain::ids::{ApplicationId, DossierId, MessageId, NoticeId};
use broker_domain::telling::{Letter, MailAddress};
use broker_domain::time::Instant;
use broker_store::{DossierRow, Duty, MessageKind, NoticeRow, Read, Tx};
use evidence::jcs;
use serde::Serialize;

use super::duties::first_fault;
use super::queue::{Occasion, queue, short_hash};
use super::{Duties, days, texts};
use crate::failure::Fault;

/// The media type of a notice.
const NOTICE_TYP: &str = "fiducie-withdrawal+jws";
/// How long a recipient may take to acknowledge, in days: 24 hours (`gdpr-kit.md` §4).
const ACKNOWLEDGE_DAYS: i64 = 1;
/// A recipient that was reached and is silent is asked again each day, so many times in all; then the officer alone is
/// left to ask.
const MOST_ATTEMPTS: u32 = 40;
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
    };
    tx.add_dossier(&dossier).await?;
    let routes = tx.routes_of(consent.recipient).await?;
    let mut told: Vec<_> = routes
        .into_iter()
        .map(|route| (Some(route.application), route.duty))
        .collect();
    let applications = tx.applications().await?;
    let applications = applications
        .iter()
        .filter(|application| application.organisation == consent.recipient);
    let mut unrouted =
        applications.filter(|application| !told.iter().any(|(routed, _)| *routed == Some(application.id)));
    if told.is_empty() || unrouted.next().is_some() {
        // Some application has no webhook, so a letter tells its organisation. Nobody said what it is: of a controller
        // more is asked, and less is taken for granted.
        told.push((None, Duty::DeleteOrState));
    }
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
fn letter_id(notice: NoticeId, attempt: u32) -> MessageId {
    MessageId::from_bytes(short_hash(&[
        b"fiducie-letter/v1",
        notice.as_bytes(),
        &attempt.to_be_bytes(),
    ]))
}

/// Takes the letters to organisations out of `orphans`: they have no message, but a notice, and wait for the operator to
/// send them. An attempt is counted before its letter is written, so none is missed.
pub(super) async fn spare_letters(
    read: &mut dyn Read,
    orphans: &mut HashSet<MessageId>,
) -> Result<(), Fault> {
    let mut after = None;
    while !orphans.is_empty() {
        let begun = read.notices_begun(after, BEGUN_PAGE).await?;
        let Some((last, _)) = begun.last() else { break };
        after = Some(*last);
        for (notice, attempts) in begun {
            for attempt in 1..=attempts {
                orphans.remove(&letter_id(notice, attempt));
            }
        }
    }
    Ok(())
}

impl Duties {
    /// Tells recipients that are due, four at once and each application of few withdrawals in one round: whoever answers
    /// slowly, or never, holds up nobody else.
    pub(super) async fn tell_recipients(&self, now: Instant) -> Result<(), Fault> {
        let due = self
            .broker
            .store
            .read()
            .await?
            .notices_due(now, EACH, PAGE)
            .await?;
        let due = Mutex::new(due.into_iter());
        let (one, two, three, four) = tokio::join!(
            self.tell_from(&due, now),
            self.tell_from(&due, now),
            self.tell_from(&due, now),
            self.tell_from(&due, now),
        );
        first_fault([one, two, three, four])
    }

    /// Tells one after the other until none is left.
    async fn tell_from(&self, due: &Mutex<vec::IntoIter<NoticeRow>>, now: Instant) -> Result<(), Fault> {
        let mut first = Ok(());
        loop {
            let next = due.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(notice) = next else { return first };
            first = first_fault([first, self.tell_recipient(&notice, now).await]);
        }
    }

    async fn tell_recipient(&self, notice: &NoticeRow, now: Instant) -> Result<(), Fault> {
        let overdue = notice.acknowledge_by <= now;
        let attempt = notice.attempts.saturating_add(1);
        // The attempt is counted before it is made: one that ends the process is not repeated for ever.
        let mut tx = self.broker.store.begin("begin to tell a recipient").await?;
        let retry_at = (attempt < MOST_ATTEMPTS).then(|| retry(notice.attempts, now));
        match tx.begin_notice(notice.id, retry_at).await.map_err(Fault::from) {
            // It answered meanwhile.
            Err(Fault::Conflict { .. }) => return Ok(()),
            begun => begun?,
        }
        if overdue {
            let occasion = Occasion::of(MessageKind::Unanswered)
                .about(notice.dossier.consent)
                .marked(notice.id.as_bytes());
            queue(&mut *tx, notice.dossier.participant, &occasion, now).await?;
        }
        tx.commit().await?;

        let reached = match notice.application {
            Some(application) => {
                let called = self.call(notice, application).await?;
                if overdue {
                    self.write_to(notice, attempt, now).await?;
                }
                called
            }
            None => self.write_to(notice, attempt, now).await?,
        };
        if reached {
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
        Ok(())
    }

    /// Whether the webhook took it.
    async fn call(&self, notice: &NoticeRow, application: ApplicationId) -> Result<bool, Fault> {
        let route = self.broker.store.read().await?.route(application).await?;
        let Some(route) = route else { return Ok(false) };
        let body = self.notice_jws(notice, application)?;
        match self.parts.caller.post(&route.webhook_url, &body).await {
            Ok(()) => Ok(true),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    attempts = notice.attempts.saturating_add(1),
                    "a recipient could not be told of a withdrawal by its webhook"
                );
                Ok(false)
            }
        }
    }

    fn notice_jws(&self, notice: &NoticeRow, application: ApplicationId) -> Result<String, Fault> {
        let dossier = notice.dossier.id;
        let told = Notice {
            acknowledge_at: format!("{}/api/v1/withdrawals/{dossier}/acknowledgement", self.parts.site),
            acknowledge_by: notice.acknowledge_by.to_string(),
            application: application.to_string(),
            authorisation: notice.dossier.consent.to_string(),
            dossier: dossier.to_string(),
            duty: match notice.duty {
                Duty::Delete => "delete",
                Duty::DeleteOrState => "delete-or-state-basis",
            },
            recipient: notice.dossier.recipient.to_string(),
            state: "withdrawn",
            kind: "fiducie-withdrawal/1",
            withdrawn_at: notice.dossier.withdrawn_at.to_string(),
        };
        let payload = jcs::to_bytes(&told).map_err(|_| Fault::Corrupt { what: "notice" })?;
        self.broker.sign_as(NOTICE_TYP, &payload)
    }

    /// Whether a letter to the organisation's contact left.
    async fn write_to(&self, notice: &NoticeRow, attempt: u32, now: Instant) -> Result<bool, Fault> {
        let row = self
            .broker
            .store
            .read()
            .await?
            .organisation(notice.dossier.recipient)
            .await?;
        let Some(to) = row.and_then(|row| row.contact.parse::<MailAddress>().ok()) else {
            return Ok(false);
        };
        let (subject, body) = texts::letter(&texts::LetterFacts {
            dossier: &notice.dossier.id.to_string(),
            authorisation: &notice.dossier.consent.to_string(),
            withdrawn_at: notice.dossier.withdrawn_at,
            acknowledge_by: notice.acknowledge_by,
            duty: notice.duty,
            operator: &self.parts.operator,
            site: &self.parts.site,
        });
        let letter = Letter {
            id: letter_id(notice.id, attempt),
            to,
            subject,
            body,
            at: now,
        };
        match self.parts.post.send(&letter).await {
            Ok(()) => Ok(true),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a recipient could not be told of a withdrawal by letter"
                );
                Ok(false)
            }
        }
    }
}

fn retry(attempts: u32, now: Instant) -> Instant {
    let place = usize::try_from(attempts).unwrap_or(usize::MAX);
    now.plus_seconds(BACKOFF_SECONDS.get(place).copied().unwrap_or(86_400))
}
