//! What keeps somebody from agreeing, whatever the offer says: asked when a choice is weighed, and again where it is written.

use broker_domain::consent::{Consent, EventKind, EvidenceLevel};
use broker_domain::household::StandstillCause;
use broker_domain::ids::{OrganisationId, ParticipantId, PointId, Purpose};
use broker_domain::time::Instant;
use broker_store::Read;

use super::ChoiceRefusal;
use crate::failure::Fault;
use crate::standstill::under_way;

/// What is about to be agreed to, and by whom.
pub(crate) struct Agreeing<'a> {
    pub point: PointId,
    pub recipient: OrganisationId,
    pub purpose: &'a Purpose,
    /// Whether somebody acts for the person.
    pub delegated: bool,
    /// How strong the evidence will be.
    pub level: EvidenceLevel,
}

impl Agreeing<'_> {
    /// Whether this is a consent for the same.
    fn is_of(&self, consent: &Consent) -> bool {
        consent.point == self.point && consent.recipient == self.recipient && consent.purpose == *self.purpose
    }

    /// Whether an earlier consent for the same was ended or refused from an instant on: paper signed before that is no answer
    /// any more.
    pub fn was_changed_since(&self, consents: &[Consent], signed: Instant) -> bool {
        let same = consents.iter().filter(|consent| self.is_of(consent));
        same.flat_map(|consent| &consent.events).any(|event| {
            let taken_back = matches!(
                event.kind,
                EventKind::Withdrawn | EventKind::Refused | EventKind::Revoked | EventKind::Invalidated
            );
            taken_back && signed <= event.recorded_at
        })
    }
}

/// Why she cannot agree to this now; `None` when nothing is in the way.
pub(crate) async fn barred<R: Read + ?Sized>(
    read: &mut R,
    (who, now): (ParticipantId, Instant),
    consents: &[Consent],
    agreeing: &Agreeing<'_>,
) -> Result<Option<ChoiceRefusal>, Fault> {
    // Whoever acts for her by whatever way agrees to nothing in her name.
    if read.capacity_end(who).await?.is_some() {
        return Ok(Some(ChoiceRefusal::NotYours));
    }
    // A legal person acts by whoever represents it: there is no hand of its own.
    if !agreeing.delegated && read.legal_person(who).await?.is_some() {
        return Ok(Some(ChoiceRefusal::NotYours));
    }
    // What stands still until another officer decided must not be passed by.
    if read.capacity_entered(who, now).await?.is_some() {
        return Ok(Some(ChoiceRefusal::CapacityWaits));
    }
    // Withdrawing and agreeing again would otherwise pass an objection by, or a freeze.
    for consent in consents.iter().filter(|consent| agreeing.is_of(consent)) {
        for row in under_way(read, consent.id).await? {
            let needed = EvidenceLevel::L2;
            match row.cause {
                StandstillCause::Objection => return Ok(Some(ChoiceRefusal::Objected)),
                // What she says was not her may have been whoever acts for her.
                StandstillCause::NotMe if agreeing.delegated => return Ok(Some(ChoiceRefusal::NotYours)),
                StandstillCause::NotMe if agreeing.level < needed => {
                    return Ok(Some(ChoiceRefusal::TooWeak { needed }));
                }
                StandstillCause::NotMe => {}
            }
        }
    }
    Ok(None)
}
