//! What is told and needs no answer: recipients of every change of a sharing, and of an erasure; our officers of what is due.
//!
//! A change is queued in the transaction of its event, an erasure in its own. What is told of an erasure must outlive the
//! person: it is sealed to the broker itself under an identifier that is drawn, so that no file holds what links to
//! her, and gone once the recipient took it.

use broker_domain::consent::{Consent, ConsentEvent, EventKind};
use broker_domain::ids::{ConsentId, DossierId, NoticeId, OrganisationId, ParticipantId};
use broker_domain::time::{Entropy, Instant};
use broker_store::{Addressee, Duty, NoticeRow, TellingBody, TellingRow, Tx};
use evidence::jcs;
use serde::{Deserialize, Serialize};

use super::queue::short_hash;
use super::recipients::told_of;
use crate::failure::Fault;
use crate::vault::Keeper;

/// One change of a sharing, as its recipient is told. Members in lexical order, as canonical JSON has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    /// When it took effect; of an erasure the full hour before.
    pub at: String,
    /// The sharing, as the recipient knows it.
    pub authorisation: String,
    /// What happened.
    pub change: String,
    /// The dossier of the withdrawal, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<String>,
    /// What the recipient must do with what it received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty: Option<String>,
    /// The end from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// The number of the event: of two changes the higher one is the later one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u32>,
    /// The sharing in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// The finest step from now on, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_s: Option<u32>,
    /// When a pause ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// What our officers are told: that something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum StaffWord {
    /// A request is due within seven days.
    DueInSeven,
    /// By tomorrow.
    DueTomorrow,
    /// Its day is over.
    Late,
    /// A recipient did not acknowledge in time.
    Silent,
}

/// What waits in the queue.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Body {
    /// A change of a sharing.
    Change(Change),
    /// A withdrawal that an application did not acknowledge in time: its organisation gets a letter too.
    Overdue {
        /// The dossier.
        dossier: String,
        /// The notice in it.
        notice: String,
    },
    /// Something for our officers.
    Staff(StaffWord),
}

impl Body {
    pub fn to_bytes(&self) -> Result<Vec<u8>, Fault> {
        jcs::to_bytes(self).map_err(|_| Fault::Corrupt { what: "telling" })
    }

    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        jcs::parse(bytes).map_err(|_| Fault::Corrupt { what: "telling" })
    }
}

/// The code of a duty in a notice.
pub(super) const fn duty_code(duty: Duty) -> &'static str {
    match duty {
        Duty::Delete => "delete",
        Duty::DeleteOrState => "delete-or-state-basis",
    }
}

/// The change that an event is to its recipient; `None` where it is told otherwise, or never received anything.
fn change_of(consent: ConsentId, event: &ConsentEvent) -> Option<Change> {
    let parts = event.kind.parts();
    let change = match event.kind {
        EventKind::Narrowed(_) => "narrowed",
        EventKind::Renewed(_) => "renewed",
        EventKind::Paused { .. } => "paused",
        EventKind::Resumed => "resumed",
        EventKind::Expired => "expired",
        EventKind::Superseded { .. } => "superseded",
        // Beside the dossier, which says when it became known and wants an answer: this says since when nothing was covered.
        EventKind::Invalidated => "invalidated",
        // Suspended: the restore itself tells people and officers, and nothing is sent meanwhile.
        EventKind::Requested
        | EventKind::Deferred
        | EventKind::Given
        // Nothing moves for what waits, and its recipient does not know of it.
        | EventKind::Agreed { .. }
        | EventKind::Declined
        | EventKind::Refused
        | EventKind::Withdrawn
        | EventKind::Revoked
        | EventKind::Suspended => return None,
    };
    Some(Change {
        at: event.effective_at.to_string(),
        authorisation: consent.to_string(),
        change: change.to_owned(),
        ends_at: parts.terms.map(|terms| terms.data.end().to_string()),
        event: Some(event.seq),
        replaced_by: parts.by.map(|by| by.to_string()),
        step_s: parts.terms.map(|terms| terms.step.seconds()),
        until: parts.until.map(|until| until.to_string()),
        ..Change::default()
    })
}

/// Queues what the recipient of a sharing is told of an event.
pub(super) async fn tell_change(
    tx: &mut dyn Tx,
    consent: &Consent,
    event: &ConsentEvent,
    now: Instant,
) -> Result<(), Fault> {
    match change_of(consent.id, event) {
        Some(change) => tell(tx, consent, change, now).await,
        None => Ok(()),
    }
}

/// Queues a request to erase what was received under a sharing that was withdrawn (P-15).
pub(super) async fn tell_deletion_asked(
    tx: &mut dyn Tx,
    consent: &Consent,
    dossier: DossierId,
    now: Instant,
) -> Result<(), Fault> {
    let change = Change {
        at: now.to_string(),
        authorisation: consent.id.to_string(),
        change: "deletion-asked".to_owned(),
        dossier: Some(dossier.to_string()),
        ..Change::default()
    };
    tell(tx, consent, change, now).await
}

async fn tell(tx: &mut dyn Tx, consent: &Consent, change: Change, now: Instant) -> Result<(), Fault> {
    for (application, _) in told_of(tx, consent.recipient).await? {
        let to = addressee(consent.recipient, application);
        let body = Body::Change(change.clone()).to_bytes()?;
        let application = application.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        tx.add_telling(&TellingRow {
            id: NoticeId::from_bytes(short_hash(&[b"fiducie-change/v1", &body, &application])),
            to,
            body: TellingBody::About(consent.participant, body),
            queued_at: now,
            due_at: now,
            attempts: 0,
        })
        .await?;
    }
    Ok(())
}

fn addressee(
    organisation: OrganisationId,
    application: Option<broker_domain::ids::ApplicationId>,
) -> Addressee {
    application.map_or(Addressee::Organisation(organisation), |application| {
        Addressee::Application(organisation, application)
    })
}

/// Queues what every recipient is told of an erasure (GDPR art. 17(1), 19), in its transaction and before the rows go: of
/// each sharing that was ever given, the identifier that the recipient holds, and nothing else. Recipients that
/// attested their deletion have nothing left to erase.
pub(crate) async fn farewell(
    tx: &mut dyn Tx,
    who: ParticipantId,
    now: Instant,
    keeper: &Keeper,
    entropy: &dyn Entropy,
) -> Result<(), Fault> {
    // Coarse, as the leaf of the erasure is: two recipients must not find each other by a common microsecond.
    let hour = Instant::from_micros(i64::from(now.hour()).saturating_mul(3_600_000_000))?;
    for consent in tx.consents_of(who).await? {
        let mut events = consent.events.iter();
        if !events.any(|event| event.kind == EventKind::Given) {
            continue;
        }
        let notices = tx.notices_about(consent.id).await?;
        for (application, duty) in told_of(tx, consent.recipient).await? {
            let same = |notice: &&NoticeRow| notice.application == application;
            if notices
                .iter()
                .find(same)
                .is_some_and(|notice| notice.attested_at.is_some())
            {
                continue;
            }
            let body = Body::Change(Change {
                at: hour.to_string(),
                authorisation: consent.id.to_string(),
                change: "erased".to_owned(),
                duty: Some(duty_code(duty).to_owned()),
                ..Change::default()
            });
            tx.add_telling(&TellingRow {
                id: NoticeId::random(entropy)?,
                to: addressee(consent.recipient, application),
                body: TellingBody::Sealed(keeper.seal(&body.to_bytes()?)?),
                queued_at: hour,
                due_at: hour,
                attempts: 0,
            })
            .await?;
        }
    }
    Ok(())
}

/// Queues a word for our officers, once an occasion.
pub(super) async fn tell_staff(
    tx: &mut dyn Tx,
    about: ParticipantId,
    word: StaffWord,
    occasion: &[u8],
    now: Instant,
) -> Result<(), Fault> {
    let body = Body::Staff(word).to_bytes()?;
    let row = TellingRow {
        id: NoticeId::from_bytes(short_hash(&[b"fiducie-staff/v1", &body, occasion])),
        to: Addressee::Staff,
        body: TellingBody::About(about, body),
        queued_at: now,
        due_at: now,
        attempts: 0,
    };
    Ok(tx.add_telling(&row).await?)
}

/// Queues the letter to the organisation of an application that lets a deadline pass, one each attempt.
pub(super) async fn tell_overdue(
    tx: &mut dyn Tx,
    notice: &NoticeRow,
    attempt: u32,
    now: Instant,
) -> Result<(), Fault> {
    let body = Body::Overdue {
        dossier: notice.dossier.id.to_string(),
        notice: notice.id.to_string(),
    };
    let row = TellingRow {
        id: NoticeId::from_bytes(short_hash(&[
            b"fiducie-overdue/v1",
            notice.id.as_bytes(),
            &attempt.to_be_bytes(),
        ])),
        to: Addressee::Organisation(notice.dossier.recipient),
        body: TellingBody::About(notice.dossier.participant, body.to_bytes()?),
        queued_at: now,
        due_at: now,
        attempts: 0,
    };
    Ok(tx.add_telling(&row).await?)
}
