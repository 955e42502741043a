//! Changes and erasures told, one attempt at a time. What is told of an erasure and is not taken for a day goes by letter too, and
//! what is given up stays on the desk until an officer has seen to it: nobody else knows any more of whom it is.

use std::sync::atomic::Ordering;

use broker_domain::ids::{ApplicationId, NoticeId, OfficerId, OrganisationId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::Instant;
use broker_store::{Addressee, TellingBody, TellingEnd, TellingRow, Tx};
use evidence::jcs;
use serde::Serialize;

use super::changes::{Body, Change};
use super::queue::short_hash;
use super::recipients::{MOST_ATTEMPTS, Reached, letter_id, retry};
use super::{Duties, letters};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;

/// The media type of what is told of a change.
const CHANGE_TYP: &str = "fiducie-change+jws";
/// From this attempt on, about a day and a half after the first, an erasure is told by letter too, and stands on the desk.
const LETTER_FROM: u32 = 7;
/// How many lines the desk shows.
const PAGE: u32 = 200;

/// What is told of a change. Canonical JSON orders the members.
#[derive(Serialize)]
struct ChangeNotice<'a> {
    #[serde(flatten)]
    change: &'a Change,
    application: String,
    recipient: String,
    #[serde(rename = "type")]
    kind: &'a str,
}

/// An erasure that a recipient was not told, for the officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntoldErasure {
    /// The telling.
    pub id: NoticeId,
    /// The organisation.
    pub recipient: String,
    /// Where people write to it.
    pub contact: String,
    /// Its application; `None`: the organisation, by letter.
    pub application: Option<String>,
    /// What it holds, as it knows it. Nothing here refers to it any more.
    pub authorisation: String,
    /// The hour of the erasure.
    pub erased_at: Instant,
    /// How often it was begun to be told.
    pub attempts: u32,
    /// When it was given up; `None`: it is still tried.
    pub given_up_at: Option<Instant>,
}

/// Queues the letter beside a webhook that does not take what it is told of an erasure. Its identifier follows from one that was
/// drawn: it names nobody, and is queued once.
async fn queue_letter(tx: &mut dyn Tx, telling: &TellingRow, now: Instant) -> Result<(), Fault> {
    let (TellingBody::Sealed(_), Addressee::Application(organisation, _)) = (&telling.body, telling.to)
    else {
        return Ok(());
    };
    let row = TellingRow {
        id: NoticeId::from_bytes(short_hash(&[b"fiducie-erasure-letter/v1", telling.id.as_bytes()])),
        to: Addressee::Organisation(organisation),
        body: telling.body.clone(),
        queued_at: telling.queued_at,
        due_at: now,
        attempts: 0,
    };
    Ok(tx.add_telling(&row).await?)
}

impl Duties {
    /// Tells of a change or an erasure, until it is taken.
    pub(super) async fn tell_change(&self, telling: &TellingRow, now: Instant) -> Result<Reached, Fault> {
        let attempt = telling.attempts.saturating_add(1);
        let mut tx = self.broker.store.begin("begin to tell of a change").await?;
        match tx
            .begin_telling(telling.id, retry(telling.attempts, now))
            .await
            .map_err(Fault::from)
        {
            // Erased meanwhile, with its person.
            Err(Fault::Conflict { .. }) => return Ok(Reached::Recipient),
            begun => begun?,
        }
        if attempt == LETTER_FROM {
            queue_letter(&mut *tx, telling, now).await?;
        }
        tx.commit().await?;
        let body = match &telling.body {
            TellingBody::About(_, body) => Body::parse(body)?,
            TellingBody::Sealed(sealed) => Body::parse(&self.broker.vault.kept(sealed)?)?,
        };
        let reached = self.tell_body(telling, &body, attempt, now).await?;
        let end = match reached {
            Reached::Recipient => TellingEnd::Told,
            Reached::Nobody(_) if attempt >= MOST_ATTEMPTS => TellingEnd::GivenUp,
            Reached::Nobody(_) => return Ok(reached),
        };
        let mut tx = self.broker.store.begin("end a telling").await?;
        match tx.end_telling(telling.id, end, now).await.map_err(Fault::from) {
            Err(Fault::Conflict { .. }) => self.broker.letters_stale.store(true, Ordering::Release),
            ended => {
                ended?;
                tx.commit().await?;
            }
        }
        Ok(reached)
    }

    async fn tell_body(
        &self,
        telling: &TellingRow,
        body: &Body,
        attempt: u32,
        now: Instant,
    ) -> Result<Reached, Fault> {
        let operator = &self.parts.operator;
        match (telling.to, body) {
            (Addressee::Application(recipient, application), Body::Change(change)) => {
                let jws = self.change_jws(change, recipient, application)?;
                self.call(application, &jws).await
            }
            (Addressee::Organisation(organisation), Body::Change(change)) => {
                let text = letters::change(change, operator);
                self.write_to(organisation, letter_id(telling.id, attempt), text, now)
                    .await
            }
            (Addressee::Organisation(_), Body::Overdue { dossier, notice }) => {
                let dossier = dossier.parse().map_err(|_| Fault::Corrupt { what: "telling" })?;
                let rows = self.broker.store.read().await?.notices_in(dossier).await?;
                let row = rows.into_iter().find(|row| row.id.to_string() == *notice);
                match row.filter(|row| row.answer.is_none()) {
                    Some(row) => self.write_withdrawal(&row, telling.id, attempt, now).await,
                    // It answered meanwhile.
                    None => Ok(Reached::Recipient),
                }
            }
            (_, Body::Staff(word)) => {
                let Some(to) = self.parts.staff.clone() else {
                    return Ok(Reached::Recipient);
                };
                let text = letters::staff(*word, operator, &self.parts.site);
                Ok(self.post(to, letter_id(telling.id, attempt), text, now).await)
            }
            (Addressee::Application(..) | Addressee::Staff, _) => Err(Fault::Corrupt { what: "telling" }),
        }
    }

    fn change_jws(
        &self,
        change: &Change,
        recipient: OrganisationId,
        application: ApplicationId,
    ) -> Result<String, Fault> {
        let told = ChangeNotice {
            change,
            application: application.to_string(),
            recipient: recipient.to_string(),
            kind: "fiducie-change/1",
        };
        let payload = jcs::to_bytes(&told).map_err(|_| Fault::Corrupt { what: "notice" })?;
        self.broker.sign_as(CHANGE_TYP, &payload)
    }
}

impl Broker {
    /// What recipients were not told of erasures: given up, or tried for a day and more. Kept until an officer has seen to it.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for anybody but an officer.
    pub async fn untold_erasures(&self, who: OfficerId) -> Result<Vec<UntoldErasure>, Failure<OwnRefusal>> {
        self.may_watch(who, self.clock.now())?;
        let mut read = self.store.read().await?;
        let mut all = Vec::new();
        for stuck in read.tellings_stuck(LETTER_FROM, PAGE).await? {
            let (organisation, application) = match stuck.telling.to {
                Addressee::Application(organisation, application) => (organisation, Some(application)),
                Addressee::Organisation(organisation) => (organisation, None),
                Addressee::Staff => continue,
            };
            let TellingBody::Sealed(sealed) = &stuck.telling.body else {
                continue;
            };
            let Body::Change(change) = Body::parse(&self.vault.kept(sealed)?)? else {
                continue;
            };
            let row = read.organisation(organisation).await?;
            let (recipient, contact) = row.map(|row| (row.name, row.contact)).unwrap_or_default();
            let application = match application {
                Some(id) => read.application(id).await?.map(|row| row.name),
                None => None,
            };
            all.push(UntoldErasure {
                id: stuck.telling.id,
                recipient,
                contact,
                application,
                authorisation: change.authorisation,
                erased_at: stuck.telling.queued_at,
                attempts: stuck.telling.attempts,
                given_up_at: stuck.given_up_at,
            });
        }
        Ok(all)
    }

    /// Notes that an officer has told a recipient of an erasure, or decided that nothing is left to do: it leaves the desk, and
    /// nothing of it is kept.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for anybody but an officer; [`Failure::Conflict`] when it was told or seen to meanwhile.
    pub async fn erasure_was_handled(&self, who: OfficerId, id: NoticeId) -> Result<(), Failure<OwnRefusal>> {
        let now = self.clock.now();
        let query = Query {
            principal: Principal::Officer(who),
            action: Action::AnswerRight,
            resource: Resource::Panel,
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(OwnRefusal::NotYours))?;
        let mut tx = self.store.begin("see to an erasure").await?;
        tx.handle_telling(id, who, now).await?;
        Ok(tx.commit().await?)
    }
}
