//! Sharings that stand still because the person said that it was not her, and that no case is about: her words were refused, or she
//! sent an old form again. Each gets a case, from her form or from the officer's desk.

use async_trait::async_trait;
use broker_domain::consent::Consent;
use broker_domain::household::StandstillCause;
use broker_domain::ids::{ConsentId, OfficerId, ParticipantId, RightsRequestId};
use broker_domain::rights::{Right, RightsState};
use broker_domain::time::Instant;
use broker_store::{RightsRow, StandstillRow};
use ledger_core::leaf::ActorClass;

use super::{AddRightsRequest, AnswerRefusal, AskRefusal, MOST_SHOWN};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Group};
use crate::standstill::under_way;

/// A sharing that stands still and that no case is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenWithoutCase {
    /// Which.
    pub consent: Consent,
    /// Since when.
    pub since: Instant,
}

impl Broker {
    /// Sharings that stand still without a case, the oldest first.
    ///
    /// # Errors
    /// [`AnswerRefusal::NotAllowed`] for anybody but an officer.
    pub async fn frozen_without_case(
        &self,
        officer: OfficerId,
    ) -> Result<Vec<FrozenWithoutCase>, Failure<AnswerRefusal>> {
        self.may_answer(officer, self.clock.now())?;
        let mut read = self.store.read().await?;
        let mut found = Vec::new();
        for row in read.standstills_without_case(MOST_SHOWN).await? {
            // Erased meanwhile.
            if let Some(consent) = read.consent(row.consent).await? {
                let since = row.began_at;
                found.push(FrozenWithoutCase { consent, since });
            }
        }
        Ok(found)
    }

    /// Opens the case of such a sharing in the person's stead. Its clock runs from when she stopped the sharing (GDPR art. 12(3)),
    /// and it takes none of her places.
    ///
    /// # Errors
    /// [`AnswerRefusal::NotAllowed`]; [`AnswerRefusal::Unknown`] where no such sharing stands still without a case.
    pub async fn open_frozen_case(
        &self,
        officer: OfficerId,
        consent: ConsentId,
    ) -> Result<RightsRequestId, Failure<AnswerRefusal>> {
        let now = self.clock.now();
        self.may_answer(officer, now)?;
        let (found, still) = {
            let mut read = self.store.read().await?;
            let found = read.consent(consent).await?;
            (found, under_way(&mut *read, consent).await?)
        };
        let found = found.ok_or(Failure::Refused(AnswerRefusal::Unknown))?;
        let still = still.into_iter().find(is_alone);
        let still = still.ok_or(Failure::Refused(AnswerRefusal::Unknown))?;
        let id = self.fresh_rights_request()?;
        let received = (still.began_at, ActorClass::Dpo);
        let asked = (found.participant, id);
        let beat = self
            .request_beat(asked, Right::Restriction, "", received, now)
            .await?;
        let about = Some(consent);
        let beat = AddRightsRequest { about, ..beat };
        let opened = self.commit(OpenFrozen { beat, consent }).await;
        opened.map_err(|failure| failure.map_refusal(|_| AnswerRefusal::Unknown))?;
        Ok(id)
    }

    /// The case of a form that was sent before, for a sharing that may have been stopped again since: an open case takes it in, an
    /// answered one is followed by a new one.
    pub(super) async fn case_again(
        &self,
        who: ParticipantId,
        row: RightsRow,
        words: &str,
        consent: ConsentId,
    ) -> Result<RightsRow, Failure<AskRefusal>> {
        let still = under_way(&mut *self.store.read().await?, consent).await?;
        if let Some(holding) = still.iter().find_map(not_me_case) {
            // Sent a third time: the case that holds it, whichever form it is of.
            let held = self.store.read().await?.rights_request(holding).await?;
            let held = held.and_then(|held| Self::hers(held, who));
            return match held {
                Some(held) => Ok(self.opened(held).await?.row),
                None => Ok(row),
            };
        }
        if !still.iter().any(is_alone) {
            return Ok(row);
        }
        if !matches!(row.request.state, RightsState::Answered { .. }) {
            let request = row.request.id;
            self.commit(TakeIn { consent, request }).await?;
            return Ok(row);
        }
        let id = self.fresh_rights_request()?;
        let right = row.request.right;
        self.new_case((who, id), right, (words, Some(consent))).await
    }
}

/// Whether nobody looks into why a sharing stands still.
fn is_alone(row: &StandstillRow) -> bool {
    row.cause == StandstillCause::NotMe && row.case.is_none()
}

fn not_me_case(row: &StandstillRow) -> Option<RightsRequestId> {
    row.case.filter(|_| row.cause == StandstillCause::NotMe)
}

/// An open case takes a sharing in that was stopped again.
struct TakeIn {
    consent: ConsentId,
    request: RightsRequestId,
}

#[async_trait]
impl Commit for TakeIn {
    type Answer = ();
    type Refusal = AskRefusal;
    const NAME: &'static str = "tie a standstill to its case";

    fn leaves(&self) -> usize {
        0
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), AskRefusal>, Fault> {
        let row = group.tx.rights_request(self.request).await?;
        let row = row.ok_or(Fault::SubjectErased)?;
        if matches!(row.request.state, RightsState::Answered { .. }) {
            // Answered at the last moment: the same call again opens a new case.
            return Err(Fault::Conflict { table: "standstill" });
        }
        group.tx.tie_standstills(self.consent, self.request).await?;
        Ok(Ok(()))
    }
}

/// A case that an officer opens. Beyond the places of the person: what she wrote may have been refused for want of one.
struct OpenFrozen {
    beat: AddRightsRequest,
    consent: ConsentId,
}

#[async_trait]
impl Commit for OpenFrozen {
    type Answer = ();
    type Refusal = AskRefusal;
    const NAME: &'static str = "open the case of a frozen sharing";

    fn leaves(&self) -> usize {
        self.beat.leaves()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), AskRefusal>, Fault> {
        // Two officers at once, or she herself meanwhile, open one case.
        let still = under_way(&mut *group.tx, self.consent).await?;
        if !still.iter().any(is_alone) {
            return Ok(Err(AskRefusal::Answered));
        }
        self.beat.write(group).await?;
        Ok(Ok(()))
    }
}
