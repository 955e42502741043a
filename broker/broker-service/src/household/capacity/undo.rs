//! It was a mistake: an officer says so, with the reason.

use async_trait::async_trait;
use broker_domain::ids::{OfficerId, ParticipantId, RightsRequestId};
use broker_domain::rights::{Author, WordKind};
use broker_store::RightsWordsRow;
use evidence::record::CapacityStepKind;

use super::CapacityRefusal;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::rights::MAX_RIGHTS_WORDS;

impl Broker {
    /// Records that it was a mistake, and why: she signs in again. Her sharings stay ended, because only she gives new ones.
    ///
    /// # Errors
    /// See [`CapacityRefusal`].
    pub async fn undo_capacity_end(
        &self,
        officer: OfficerId,
        who: ParticipantId,
        reason: &str,
    ) -> Result<(), Failure<CapacityRefusal>> {
        let now = self.clock.now();
        self.may_end_capacity(officer, who)?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Failure::Refused(CapacityRefusal::NoWords));
        }
        if MAX_RIGHTS_WORDS < reason.chars().count() {
            return Err(Failure::Refused(CapacityRefusal::TooLong));
        }
        let (known, request, place) = {
            let mut read = self.store.read().await?;
            let known = read.capacity_end(who).await?;
            let known = known.ok_or(Failure::Refused(CapacityRefusal::NotRecorded))?;
            let request = read.rights_request(known.case).await?;
            let request = request.ok_or(Fault::SubjectErased)?.request;
            (known, request, read.rights_words(known.case).await?.len())
        };
        let place = u32::try_from(place).map_err(|_| Fault::Corrupt { what: "words" })?;
        let why = (Author::Officer, WordKind::Message);
        let beat = UndoCapacity {
            who,
            case: known.case,
            words: self.sealed_words(&request, place, why, reason, now).await?,
            draft: self.capacity_draft(who, (CapacityStepKind::Mistaken, None), known.case, now)?,
        };
        self.commit(beat).await
    }
}

struct UndoCapacity {
    who: ParticipantId,
    case: RightsRequestId,
    words: Option<RightsWordsRow>,
    draft: Draft,
}

#[async_trait]
impl Commit for UndoCapacity {
    type Answer = ();
    type Refusal = CapacityRefusal;
    const NAME: &'static str = "undo the end of a capacity";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), CapacityRefusal>, Fault> {
        if group.tx.capacity_end(self.who).await?.is_none() {
            return Ok(Err(CapacityRefusal::NotRecorded));
        }
        let serial = group.append(&self.draft).await?;
        if let Some(words) = &self.words {
            group.tx.add_rights_words(self.case, words, serial).await?;
        }
        group.tx.undo_capacity_end(self.who, group.now).await?;
        Ok(Ok(()))
    }
}
