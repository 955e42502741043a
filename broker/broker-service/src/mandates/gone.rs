//! Somebody who holds a contract with another died, cannot decide any more, or is erased: what made her a holder ends with that, and
//! the list of whoever enrolled the meter says so, or nobody who reads it knew why her word is missing from then on.
//!
//! It ends for good: where it was a mistake, an officer invites her anew.

use broker_domain::ids::ParticipantId;
use broker_domain::mandate::{Ended, Mandate, MandateState, Side};
use broker_domain::time::Instant;
use broker_store::{MessageKind, Read};
use evidence::record::MandateStepKind;

use crate::broker::Broker;
use crate::failure::Fault;
use crate::group::{Draft, Group};
use crate::telling;

/// In whose lists the end stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndListed {
    /// In that of either side.
    Both,
    /// Not in that of whoever held it: it is erased.
    PersonOnly,
}

/// The end of all that makes somebody a holder, for the beat that takes her away.
pub(crate) struct HoldingsEnd {
    who: ParticipantId,
    /// What was decided on.
    known: Vec<Mandate>,
    drafts: Vec<Draft>,
}

impl Broker {
    /// Drafts the end of the contracts that somebody holds with others.
    pub(crate) async fn holdings_end(
        &self,
        who: ParticipantId,
        listed: EndListed,
        now: Instant,
    ) -> Result<HoldingsEnd, Fault> {
        let known = held_of(&mut *self.store.read().await?, who, now).await?;
        let step = MandateStepKind::EndedByOfficer;
        let mut drafts = Vec::with_capacity(known.len());
        for mandate in &known {
            drafts.push(self.mandate_draft(mandate, step, mandate.person, now).await?);
            if listed == EndListed::Both {
                drafts.push(self.mandate_draft(mandate, step, who, now).await?);
            }
        }
        Ok(HoldingsEnd { who, known, drafts })
    }
}

impl HoldingsEnd {
    /// How many records it writes.
    pub(crate) const fn leaves(&self) -> usize {
        self.drafts.len()
    }

    /// Writes it, in the transaction that takes her away; each person whose meter she shared is told.
    ///
    /// # Errors
    /// [`Fault::Conflict`] when she became a holder meanwhile, left, or the rule changed.
    pub(crate) async fn write(&self, group: &mut Group<'_>) -> Result<(), Fault> {
        let now = group.now;
        if held_of(&mut *group.tx, self.who, now).await? != self.known {
            return Err(Fault::Conflict {
                table: "joint_holding",
            });
        }
        let (at, by) = (now, Side::Person);
        for mandate in &self.known {
            group.tx.end_mandate(mandate.id, Ended { at, by }).await?;
            let (mark, kind) = (mandate.id.as_bytes(), MessageKind::MandateEnded);
            telling::about_a_request(&mut *group.tx, mandate.person, kind, mark, now).await?;
        }
        for draft in &self.drafts {
            group.append(draft).await?;
        }
        Ok(())
    }
}

/// What makes somebody a holder, and is not over.
async fn held_of<R: Read + ?Sized>(
    read: &mut R,
    who: ParticipantId,
    now: Instant,
) -> Result<Vec<Mandate>, Fault> {
    // All of them: one that a page leaves out would count for ever.
    let rows = read.mandates_held(who, u32::MAX).await?;
    let mandates = rows.into_iter().map(|row| row.mandate);
    let lives = |mandate: &Mandate| {
        mandate.joint.is_some()
            && mandate.held.is_some_and(|held| held.by == who)
            && matches!(mandate.state(now), MandateState::InForce | MandateState::Ahead)
    };
    Ok(mandates.filter(lives).collect())
}
