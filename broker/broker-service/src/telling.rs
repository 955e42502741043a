//! Telling: people about what happens to them, recipients about withdrawals.
//!
//! What is to be told is queued in the transaction of the act itself, so that there is no act without its message and no
//! message without its act. It leaves later, by the [`Duties`] clock: telling never delays a withdrawal
//! (`consent.md` §2.11). No text and no address in clear waits in the database.

mod answers;
mod attempts;
mod changes;
mod codes;
mod deletion;
mod duties;
mod leave;
mod letters;
mod mailbox;
mod phone;
mod printed;
mod queue;
mod recipients;
mod reminders;
mod staff;
mod standing;
mod texts;

use broker_domain::consent::{Consent, ConsentEvent, EventKind};
use broker_domain::entered::EnteredAct;
use broker_domain::ids::{ConsentId, MessageId, ParticipantId, PointId};
use broker_domain::time::Instant;
use broker_store::{MessageKind, SessionRole, SignInKind, SignInRow, Tx};

use crate::failure::Fault;
use crate::group::Group;
use crate::mandates::Holders;
use queue::{Occasion, queue};

pub(crate) use changes::farewell;
pub(crate) use duties::first_fault;

pub use answers::{Answered, RecipientRefusal};
pub use attempts::UntoldErasure;
pub use deletion::DeletionRefusal;
pub use duties::{Duties, TellingParts};
pub use mailbox::{Mailbox, MailboxRefusal, PendingAddress};
pub use phone::{PendingNumber, ReachRefusal, Reached, SentMessage};
pub use printed::{LetterHead, PrintedLetter, WaitingLetter};
pub use standing::{Overdue, QueueCounts, Standing, Told};
pub use texts::short_messages_fit;

/// What follows from an event of a consent, queued in its transaction.
pub(crate) async fn consent_changed(
    group: &mut Group<'_>,
    consent: ConsentId,
    event: &ConsentEvent,
) -> Result<(), Fault> {
    let now = group.now;
    let kind = match event.kind {
        EventKind::Given | EventKind::Renewed(_) => Some(MessageKind::Granted),
        EventKind::Withdrawn => Some(MessageKind::Withdrawn),
        // An end is told to the person by the reminders; the rest she did on our own pages. Of a contract that several hold all are
        // told of everything.
        EventKind::Agreed { .. }
        | EventKind::Declined
        | EventKind::Requested
        | EventKind::Deferred
        | EventKind::Refused
        | EventKind::Narrowed(_)
        | EventKind::Paused { .. }
        | EventKind::Resumed
        | EventKind::Revoked
        | EventKind::Expired
        | EventKind::Invalidated
        | EventKind::Superseded { .. }
        | EventKind::Suspended => None,
    };
    // Recipients answer to every end that somebody brought about, and are told of every other change.
    let tx = &mut *group.tx;
    let consent = tx.consent(consent).await?.ok_or(Fault::Corrupt {
        what: "event without consent",
    })?;
    changes::tell_change(tx, &consent, event, now).await?;
    tell_holders(tx, &consent, event, now).await?;
    if recipients::ends_for_its_recipient(event.kind) {
        recipients::open_dossier(tx, &consent, now).await?;
    }
    let Some(kind) = kind else { return Ok(()) };
    let occasion = Occasion::of(kind)
        .about(consent.id)
        .marked(&event.seq.to_be_bytes());
    queue(tx, consent.participant, &occasion, now).await
}

/// Tells all who hold the contract of a meter of every change of its sharings, whichever of them made it. Not about which sharing:
/// the message of one must not keep what is another's.
async fn tell_holders(
    tx: &mut dyn Tx,
    consent: &Consent,
    event: &ConsentEvent,
    now: Instant,
) -> Result<(), Fault> {
    let holders = Holders::of(&mut *tx, (consent.participant, consent.point), now).await?;
    if holders.others.is_empty() {
        return Ok(());
    }
    let kind = match event.kind {
        EventKind::Agreed { .. } => MessageKind::AgreementWaits,
        _ => MessageKind::JointChanged,
    };
    let mark = [consent.id.as_bytes().as_slice(), &event.seq.to_be_bytes()].concat();
    for who in holders.others.into_iter().chain([consent.participant]) {
        queue(tx, who, &Occasion::of(kind).marked(&mark), now).await?;
    }
    Ok(())
}

/// What follows from what became known of who lives at a point, queued in its transaction.
pub(crate) async fn occupancy_changed(
    group: &mut Group<'_>,
    who: ParticipantId,
    kind: MessageKind,
    point: PointId,
) -> Result<(), Fault> {
    let now = group.now;
    let mark = [point.as_bytes().as_slice(), &now.as_micros().to_be_bytes()].concat();
    queue(&mut *group.tx, who, &Occasion::of(kind).marked(&mark), now).await
}

/// What a person is told when data move under a sharing for the first time (P-27).
pub(crate) async fn first_transfer(
    tx: &mut dyn Tx,
    who: ParticipantId,
    consent: ConsentId,
    now: Instant,
) -> Result<(), Fault> {
    queue(
        tx,
        who,
        &Occasion::of(MessageKind::FirstTransfer).about(consent),
        now,
    )
    .await
}

/// What a person is told of one of her requests, or of herself.
pub(crate) async fn about_a_request(
    tx: &mut dyn Tx,
    who: ParticipantId,
    kind: MessageKind,
    mark: &[u8],
    now: Instant,
) -> Result<(), Fault> {
    queue(tx, who, &Occasion::of(kind).marked(mark), now).await
}

/// What a person is told about what was entered for her.
pub(crate) async fn about_an_entry(
    group: &mut Group<'_>,
    act: &EnteredAct,
    kind: MessageKind,
) -> Result<(), Fault> {
    let now = group.now;
    queue(&mut *group.tx, act.participant, &entry(act, kind), now).await
}

/// The message that says so.
pub(crate) fn message_about(act: &EnteredAct, kind: MessageKind) -> MessageId {
    entry(act, kind).message(act.participant)
}

fn entry(act: &EnteredAct, kind: MessageKind) -> Occasion {
    Occasion::of(kind).marked(act.id.as_bytes())
}

/// What a person is told of one of her sharings.
pub(crate) async fn about_a_sharing(
    tx: &mut dyn Tx,
    who: ParticipantId,
    (kind, consent): (MessageKind, ConsentId),
    mark: &[u8],
    now: Instant,
) -> Result<(), Fault> {
    queue(tx, who, &Occasion::of(kind).about(consent).marked(mark), now).await
}

/// What follows from a line in somebody's list of sign-ins: nothing on a device that was seen before.
///
/// LIMIT: researchers and officers have no mail address here, and get no messages.
pub(crate) async fn signed_in(tx: &mut dyn Tx, line: &SignInRow) -> Result<(), Fault> {
    let kind = match line.kind {
        SignInKind::SignedIn => return Ok(()),
        SignInKind::NewDevice => MessageKind::NewDevice,
        SignInKind::Recovered => MessageKind::Recovered,
        SignInKind::PasskeyAdded | SignInKind::ProviderLinked => MessageKind::WayAdded,
        SignInKind::PasskeyRevoked | SignInKind::ProviderUnlinked | SignInKind::CodesMade => {
            MessageKind::WayChanged
        }
        SignInKind::Frozen => MessageKind::Frozen,
        SignInKind::Reopened => MessageKind::Reopened,
    };
    for role in tx.roles_of(line.account).await? {
        if let SessionRole::Participant(who) = role {
            let occasion = Occasion::of(kind).marked(line.id.as_bytes());
            queue(tx, who, &occasion, line.at).await?;
        }
    }
    Ok(())
}

/// So long after an instant, in whole days of 24 hours.
fn days(from: Instant, count: i64) -> Instant {
    from.plus_seconds(count.saturating_mul(86_400))
}

#[cfg(test)]
mod tests {
    use broker_store::Store as _;
    use broker_store::contract::samples::{at, consent, furnish};
    use broker_store_sqlite::{Create, SqliteStore};

    use super::*;

    #[tokio::test]
    async fn a_consent_that_ends_twice_has_one_dossier() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("store.db"), Create::IfMissing)
            .await
            .unwrap();
        furnish(&store).await;
        let mut tx = store.begin("end").await.unwrap();
        let ended = consent(10, 1);
        tx.add_consent(&ended).await.unwrap();
        recipients::open_dossier(&mut *tx, &ended, at(5)).await.unwrap();
        let told = tx.notices_about(ended.id).await.unwrap();
        recipients::open_dossier(&mut *tx, &ended, at(9)).await.unwrap();
        assert_eq!(tx.notices_about(ended.id).await.unwrap(), told);
        assert_eq!((told.len(), told[0].dossier.withdrawn_at), (1, at(5)));
    }
}
