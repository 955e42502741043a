//! Suspending the consents of people who lost records: a withdrawal may be among them.

use broker_domain::consent::{ConsentEvent, EventKind, How, State};
use broker_domain::ids::{ConsentId, ParticipantId};
use broker_domain::time::Instant;
use broker_store::Tx;
use evidence::consent::{ConsentAct, Lost};
use ledger_core::leaf::ActorClass;

use super::Loser;
use crate::broker::RecordPen;
use crate::consents::add_event;
use crate::failure::Fault;
use crate::group::{Draft, Group};
use crate::records::consent::{self, Actor, NewAct, RecordSite, Told};

/// One consent to be suspended.
pub(super) struct Suspension {
    consent: ConsentId,
    event: ConsentEvent,
    draft: Draft,
}

/// Every consent that the copy shows in force of a person whose list goes on in the log. What was recorded there is
/// unreadable: it may be the withdrawal of any of them, so none may be relied on (invariant I6).
pub(super) async fn decide(
    tx: &mut dyn Tx,
    losers: &[Loser],
    pen: &RecordPen,
    site: &RecordSite,
    now: Instant,
) -> Result<Vec<Suspension>, Fault> {
    let mut suspensions = Vec::new();
    for loser in losers {
        // Nothing is found for organisations, researchers and datasets.
        let person = ParticipantId::from_bytes(*loser.id.as_bytes());
        for consent in tx.consents_of(person).await? {
            if !matches!(consent.state(now), State::Given { .. } | State::Waiting { .. }) {
                continue;
            }
            let corrupt = || Fault::Corrupt {
                what: "consent without event",
            };
            let told = Told::of(tx, &consent).await?;
            let act = NewAct {
                lost: Some(Lost {
                    known: loser.known,
                    newest: loser.newest,
                }),
                ..NewAct::now(ConsentAct::Suspended, Actor::Broker, How::BY_CLOCK, now)
            };
            let signed = pen.sign(consent::record(site, &told, &consent, &act)?)?;
            let event = consent.next_event(EventKind::Suspended, now, signed.digest());
            suspensions.push(Suspension {
                consent: consent.id,
                event: event.ok_or_else(corrupt)?,
                draft: Draft {
                    subject: loser.id,
                    actor: ActorClass::Broker,
                    signed,
                },
            });
        }
    }
    Ok(suspensions)
}

impl Suspension {
    /// Writes the event and drafts its leaf.
    pub async fn write(self, group: &mut Group<'_>) -> Result<(), Fault> {
        add_event(group, self.consent, self.event, How::BY_CLOCK, &self.draft)
            .await
            .map(|_| ())
    }
}
