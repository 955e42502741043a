//! Where each telling stands, for the person and for the officer.

use broker_domain::ids::{ConsentId, DossierId, OfficerId, ParticipantId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::Instant;
use broker_store::{MessageCounts, NoticeRow, PastData, Read, StoreError, TellingCounts};

use crate::broker::Broker;
use crate::failure::Failure;
use crate::own::OwnRefusal;

/// How many overdue tellings the officer sees at once.
const PAGE: u32 = 200;

/// One recipient told about one withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The application that was told; `None`: the organisation, by letter.
    pub application: Option<String>,
    /// When it first reached the recipient.
    pub told_at: Option<Instant>,
    /// Until when it is to be acknowledged.
    pub acknowledge_by: Instant,
    /// When it was.
    pub acknowledged_at: Option<Instant>,
    /// When the person asked that data received before be deleted.
    pub deletion_asked_at: Option<Instant>,
    /// Where it stands now.
    pub standing: Standing,
}

/// Where a telling stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody was reached yet.
    NotReached,
    /// Told, and still in time.
    Waiting,
    /// Not acknowledged in time.
    Silent,
    /// Will delete by then.
    WillDelete {
        /// The promised date.
        by: Instant,
    },
    /// Should have deleted by then, and did not attest it.
    DeletionOverdue {
        /// The promised date.
        by: Instant,
    },
    /// Attested that it deleted.
    Deleted {
        /// When.
        at: Instant,
    },
    /// Keeps what it had received.
    Keeps {
        /// On which basis, in its words.
        basis: String,
    },
}

/// The queues of what is told, for the officer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Messages to people.
    pub people: MessageCounts,
    /// What recipients are told and need not answer: changes and erasures.
    pub changes: TellingCounts,
}

/// A telling whose time is over, for the officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// The dossier: how officer, recipient and person name the case.
    pub dossier: DossierId,
    /// The organisation.
    pub recipient: String,
    /// Where people write to it.
    pub contact: String,
    /// When the person withdrew.
    pub withdrawn_at: Instant,
    /// How often it was begun to be told.
    pub attempts: u32,
    /// The telling.
    pub told: Told,
}

pub(super) fn standing(row: &NoticeRow, now: Instant) -> Standing {
    match (&row.answer, row.attested_at) {
        (Some(_), Some(at)) => Standing::Deleted { at },
        (Some(answer), None) => match &answer.past_data {
            PastData::Keep { basis } => Standing::Keeps { basis: basis.clone() },
            PastData::Delete { by } if *by <= now => Standing::DeletionOverdue { by: *by },
            PastData::Delete { by } => Standing::WillDelete { by: *by },
        },
        (None, _) if row.acknowledge_by <= now => Standing::Silent,
        (None, _) if row.told_at.is_none() => Standing::NotReached,
        (None, _) => Standing::Waiting,
    }
}

async fn told(read: &mut (dyn Read + '_), row: &NoticeRow, now: Instant) -> Result<Told, StoreError> {
    let application = match row.application {
        Some(id) => read.application(id).await?.map(|row| row.name),
        None => None,
    };
    Ok(Told {
        application,
        told_at: row.told_at,
        acknowledge_by: row.acknowledge_by,
        acknowledged_at: row.answer.as_ref().map(|answer| answer.at),
        deletion_asked_at: row.dossier.deletion_asked_at,
        standing: standing(row, now),
    })
}

impl Broker {
    /// Who was told that a person withdrew one of her sharings, and what each answered.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for somebody else's.
    pub async fn told_about(
        &self,
        who: ParticipantId,
        consent: ConsentId,
    ) -> Result<Vec<Told>, Failure<OwnRefusal>> {
        let now = self.clock.now();
        let mut read = self.store.read().await?;
        let mut all = Vec::new();
        for row in read.notices_about(consent).await? {
            if row.dossier.participant != who {
                return Err(Failure::Refused(OwnRefusal::NotYours));
            }
            all.push(told(&mut *read, &row, now).await?);
        }
        Ok(all)
    }

    /// Tellings whose time is over, oldest first, and the state of the queues: for an officer. Not about whom.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] for anybody else.
    pub async fn overdue(&self, who: OfficerId) -> Result<(Vec<Overdue>, QueueCounts), Failure<OwnRefusal>> {
        let now = self.clock.now();
        let query = Query {
            principal: Principal::Officer(who),
            action: Action::ReadFlows,
            resource: Resource::Flows,
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(OwnRefusal::NotYours))?;
        let mut read = self.store.read().await?;
        let mut all = Vec::new();
        for row in read.notices_overdue(now, PAGE).await? {
            let organisation = read.organisation(row.dossier.recipient).await?;
            let (recipient, contact) = organisation
                .map(|row| (row.name, row.contact))
                .unwrap_or_default();
            all.push(Overdue {
                dossier: row.dossier.id,
                recipient,
                contact,
                withdrawn_at: row.dossier.withdrawn_at,
                attempts: row.attempts,
                told: told(&mut *read, &row, now).await?,
            });
        }
        let counts = QueueCounts {
            people: read.message_counts().await?,
            changes: read.telling_counts().await?,
        };
        Ok((all, counts))
    }
}
